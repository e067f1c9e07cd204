/* Checks of a definition: everything that can be said before anything is built. */
#include "snn/check.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "snn/distance.h"
#include "snn/gap.h"
#include "snn/plastic.h"
#include "snn/record.h"
#include "snn/space.h"
#include "snn/rules.h"
#include "snn/values.h"

/* Weights and currents are float32 or integers of a quantum; no model has larger ones in its units. */
static const double largest = 1e30;

static const char *text(const char *name)
{
    return name == NULL ? "(no name)" : name;
}

/* Fails with the nearest known word. */
static cal_status unknown(cal_context *ctx, const char *where, const char *what, const char *name,
                          const char *const *words, size_t n_words)
{
    const int nearest = name == NULL ? -1 : cali_nearest_word(name, words, n_words);
    if (nearest >= 0)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: unknown %s \"%s\". Try %s.", where, what, name,
                        words[nearest]);
    cali_text known = {0};
    for (size_t i = 0; i < n_words; i++)
        cali_text_format(&known, "%s%s", i > 0 ? ", " : "", words[i]);
    const cal_status status =
        CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: unknown %s \"%s\". Known: %s.", where, what, text(name),
                 known.data == NULL ? "none" : known.data);
    cali_text_free(&known);
    return status;
}

static cal_status find_receptor(cal_context *ctx, const char *where, const cal_neuron *neuron,
                                const char *name)
{
    const char *words[CALI_MAX_RECEPTORS];
    for (size_t i = 0; i < neuron->n_receptors; i++) {
        words[i] = neuron->receptors[i].name;
        if (name != NULL && strcmp(words[i], name) == 0)
            return CAL_OK;
    }
    return unknown(ctx, where, "receptor", name, words, neuron->n_receptors);
}

size_t cali_receptor_index(const cal_neuron *neuron, const char *name)
{
    for (size_t i = 0; i < neuron->n_receptors; i++)
        if (strcmp(neuron->receptors[i].name, name) == 0)
            return i;
    return neuron->n_receptors;
}

static cal_status check_times(cal_context *ctx, const cal_snn_def *def)
{
    if (def->dt <= 0)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: dt must be > 0, is %g ms", text(def->name),
                        cal_time_ms(def->dt));
    if (def->window <= 0 || def->window % def->dt != 0) {
        const cal_time n = def->window > 0 ? def->window / def->dt : 0;
        cali_text near = {0};
        for (cal_time m = n < 1 ? 1 : n; def->window > 0 && m <= n + 3; m++)
            if (def->window % m == 0)
                cali_text_format(&near, "%s%g ms", near.size > 0 ? ", " : " Steps near by that do: ",
                                 cal_time_ms(def->window / m));
        const cal_status status = CAL_FAIL(
            ctx, CAL_ERR_ARGUMENT, "C202 %s: step %g ms does not divide the window %g ms.%s%s",
            text(def->name), cal_time_ms(def->dt), cal_time_ms(def->window),
            near.data == NULL ? "" : near.data, near.data == NULL ? "" : ".");
        cali_text_free(&near);
        return status;
    }
    if (def->window / def->dt > 100000000)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: more than 100,000,000 steps per window",
                        text(def->name));
    if (def->n_tiles > CALI_MAX_TILES)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: n_tiles is %u, at most %d", text(def->name),
                        def->n_tiles, CALI_MAX_TILES);
    if (!(def->memory_budget_bytes >= 0.0))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: memory_budget_bytes must be >= 0",
                        text(def->name));
    return CAL_OK;
}

static cal_status check_setting(cal_context *ctx, const char *where, const cal_neuron *neuron,
                                const cal_snn_setting *s)
{
    if (s->name == NULL || (cal_field_find(neuron->params, neuron->n_params, s->name) < 0 &&
                            cal_field_find(neuron->states, neuron->n_states, s->name) < 0)) {
        const char *words[64];
        size_t n = 0;
        for (size_t i = 0; i < neuron->n_params && n < 64; i++)
            words[n++] = neuron->params[i].name;
        for (size_t i = 0; i < neuron->n_states && n < 64; i++)
            words[n++] = neuron->states[i].name;
        return unknown(ctx, where, "parameter", s->name, words, n);
    }
    const char *problem = cali_distribution_problem(&s->value, true);
    if (problem != NULL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: %s %s", where, s->name, problem);
    return CAL_OK;
}

static cal_status check_populations(cal_context *ctx, const cal_snn_def *def)
{
    uint64_t total = 0;
    for (size_t i = 0; i < def->n_populations; i++) {
        const cal_snn_population *p = &def->populations[i];
        const char *where = text(p->name);
        total += p->n;
        if (p->neuron == NULL && p->n_settings > 0)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: a source population has no parameters",
                            where);
        CAL_TRY(cali_check_space(ctx, def, i));
        if (p->neuron != NULL && cali_neuron_of(p->neuron) == NULL)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: its neuron is not one of the list", where);
        for (size_t k = 0; k < p->n_settings; k++)
            CAL_TRY(check_setting(ctx, where, p->neuron, &p->settings[k]));
        const double share = def->record_fraction == NULL ? 1.0 : def->record_fraction[i];
        if (!(share >= 0.0 && share <= 1.0))
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: record_fraction must be 0 to 1, is %g", where,
                            share);
    }
    if (total > INT32_MAX)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: %.0f neurons are more than 2,147,483,647",
                        text(def->name), (double)total);
    return CAL_OK;
}

static cal_status check_target(cal_context *ctx, const cal_snn_def *def, const char *what, size_t i,
                               size_t to, const char *receptor)
{
    if (to >= def->n_populations)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: %s %zu: there is no population %zu",
                        text(def->name), what, i, to);
    const cal_snn_population *p = &def->populations[to];
    if (p->neuron == NULL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: %s %zu ends at \"%s\", a source population",
                        text(def->name), what, i, text(p->name));
    return receptor == NULL && strcmp(what, "current") == 0
               ? CAL_OK
               : find_receptor(ctx, text(p->name), p->neuron, receptor);
}

static cal_status check_rule(cal_context *ctx, const char *where, const cal_snn_projection *p,
                             uint32_t n_from, uint32_t n_to)
{
    char why[256];
    if (cal_snn_projection_is_impossible(p, n_from, n_to, why, sizeof why))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: %s", where, why);
    return CAL_OK;
}

static cal_status check_projection(cal_context *ctx, const cal_snn_def *def, size_t i)
{
    const cal_snn_projection *p = &def->projections[i];
    if (p->from >= def->n_populations)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: projection %zu: there is no population %zu",
                        text(def->name), i, p->from);
    CAL_TRY(check_target(ctx, def, "projection", i, p->to, p->receptor));
    const cal_snn_population *from = &def->populations[p->from], *to = &def->populations[p->to];
    char where[256];
    cali_text name = {0};
    cali_text_format(&name, "%s to %s", text(from->name), text(to->name));
    strncpy(where, name.data == NULL ? "projection" : name.data, sizeof where - 1);
    where[sizeof where - 1] = '\0';
    cali_text_free(&name);
    CAL_TRY(check_rule(ctx, where, p, from->n, to->n));
    CAL_TRY(cali_check_distance(ctx, def, p, where));
    const cal_snn_projection bounded = cali_rule_bounded(p);
    p = &bounded;

    double low, high;
    const char *problem = cali_distribution_problem(&p->weight, false);
    if (problem != NULL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: weight %s", where, problem);
    const cali_ends ends = cali_ends_of(def, p);
    cali_weight_bounds(p, &ends, &low, &high);
    if (!isfinite(low) || !isfinite(high))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: weight is not bounded; clip it with low and high",
                        where);
    if (!(fmax(fabs(low), fabs(high)) <= largest))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: weight can be %g, at most %g in size", where,
                        fabs(low) > fabs(high) ? low : high, largest);
    const cal_receptor *receptor = &to->neuron->receptors[cali_receptor_index(to->neuron, p->receptor)];
    if (receptor->is_modulus && low < 0.0)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT,
                        "%s: a weight of %s can be %g %s, but is a modulus and must be >= 0", where,
                        receptor->name, low, receptor->unit);

    problem = cali_distribution_problem(&p->delay_ms, false);
    if (problem != NULL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: delay %s", where, problem);
    cali_delay_bounds(p, &ends, &low, &high);
    const double dt_ms = cal_time_ms(def->dt);
    if (!isfinite(high) || !(high / dt_ms < 1048575.0))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT,
                        "%s: delay can be %g ms; at most 1,048,575 steps, clip it with low and high",
                        where, high);
    if (cali_has_way_delay(p) && low < 0.0 && p->delay_ms.kind != CAL_NORMAL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: delay %g ms is negative", where, low);
    const double least = dt_ms * (1.0 - 1e-9);
    if (!cali_has_way_delay(p) && (high < least || (p->delay_ms.kind != CAL_NORMAL && low < least)))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: delay %g ms is below the step %g ms", where,
                        low, dt_ms);
    if (!cal_snn_synapse_fits(p->synapse, to->neuron))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: synapse %s needs a target with a voltage in mV, which %s has not", where,
                        p->synapse->name, to->neuron->name);
    if (p->has_modulator && p->modulator >= def->n_populations)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: its modulator is population %zu, which there is not", where, p->modulator);
    return cali_plastic_check(ctx, p, &ends, where);
}

static cal_status check_poisson(cal_context *ctx, const cal_snn_def *def, const char *where,
                                size_t to, const char *receptor_name, double rate_Hz,
                                double n_trains, double weight)
{
    const cal_neuron *neuron = def->populations[to].neuron;
    const cal_receptor *receptor = &neuron->receptors[cali_receptor_index(neuron, receptor_name)];
    const double mean = rate_Hz * n_trains * cal_time_ms(def->dt) * 1e-3;
    if (!(rate_Hz >= 0.0) || !(n_trains >= 0.0) || !(mean <= CALI_POISSON_MAX))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT,
                        "%s: Poisson rate %g Hz of %g trains: both must be >= 0 and their events per "
                        "step at most %g",
                        where, rate_Hz, n_trains, CALI_POISSON_MAX);
    if (!(fabs(weight) <= largest) || (receptor->is_modulus && weight < 0.0))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: Poisson weight %g %s of %s must be %s", where,
                        weight, receptor->unit, receptor->name,
                        fabs(weight) <= largest ? "a modulus >= 0" : "a number of at most 1e30 in size");
    return CAL_OK;
}

static cal_status check_inputs(cal_context *ctx, const cal_snn_def *def)
{
    for (size_t i = 0; i < def->n_poissons; i++) {
        const cal_snn_poisson *p = &def->poissons[i];
        CAL_TRY(check_target(ctx, def, "poisson", i, p->to, p->receptor));
        CAL_TRY(check_poisson(ctx, def, text(def->populations[p->to].name), p->to, p->receptor,
                              p->rate_Hz, p->n_trains, p->weight));
    }
    for (size_t i = 0; i < def->n_currents; i++) {
        const cal_snn_current *c = &def->currents[i];
        CAL_TRY(check_target(ctx, def, "current", i, c->to, NULL));
        if (!(fabs(c->amplitude) <= largest))
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: current %zu is %g, must be a number of at most %g in size",
                            text(def->name), i, c->amplitude, largest);
        if (c->start < 0 || c->stop < 0 || c->start % def->dt != 0 || c->stop % def->dt != 0)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT,
                            "%s: current %zu: start %g ms and stop %g ms must be multiples of dt %g ms",
                            text(def->name), i, cal_time_ms(c->start), cal_time_ms(c->stop),
                            cal_time_ms(def->dt));
    }
    return cali_check_devices(ctx, def);
}

static cal_status check_port(cal_context *ctx, const cal_snn_def *def, size_t i)
{
    const cal_snn_port *p = &def->ports[i];
    const char *where = text(p->name);
    if (p->population >= def->n_populations)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: there is no population %zu", where, p->population);
    const cal_neuron *neuron = def->populations[p->population].neuron;
    if ((int)p->kind < 0 || p->kind > CAL_PORT_MEAN)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: no such kind of port", where);
    if (p->kind == CAL_PORT_SPIKES && neuron != NULL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: a spikes port needs a source population", where);
    if (p->kind != CAL_PORT_SPIKES && p->kind != CAL_PORT_RATE && neuron == NULL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: \"%s\" is a source population", where,
                        text(def->populations[p->population].name));
    const uint64_t steps = (uint64_t)(def->window / def->dt);
    if (p->kind != CAL_PORT_SPIKES && (p->samples == 0 || steps % p->samples != 0))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT,
                        "C202 %s: %u samples do not divide the %.0f steps of a window", where,
                        p->samples, (double)steps);
    if (p->kind == CAL_PORT_POISSON) {
        CAL_TRY(find_receptor(ctx, where, neuron, p->receptor));
        return check_poisson(ctx, def, where, p->population, p->receptor, 0.0, p->n_trains,
                             p->weight);
    }
    if (p->kind == CAL_PORT_MEAN &&
        (p->state == NULL || cal_field_find(neuron->states, neuron->n_states, p->state) < 0)) {
        const char *words[CALI_MAX_STATES];
        for (size_t k = 0; k < neuron->n_states; k++)
            words[k] = neuron->states[k].name;
        return unknown(ctx, where, "state", p->state, words, neuron->n_states);
    }
    for (size_t k = 0; k < i && p->kind == CAL_PORT_SPIKES; k++)
        if (def->ports[k].kind == CAL_PORT_SPIKES && def->ports[k].population == p->population)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: \"%s\" has a spikes port already", where,
                            text(def->populations[p->population].name));
    return CAL_OK;
}

cal_status cali_check(cal_context *ctx, const cal_snn_def *def)
{
    CAL_TRY(check_times(ctx, def));
    CAL_TRY(check_populations(ctx, def));
    CAL_TRY(cali_check_values(ctx, def));
    for (size_t i = 0; i < def->n_projections; i++)
        CAL_TRY(check_projection(ctx, def, i));
    CAL_TRY(check_inputs(ctx, def));
    CAL_TRY(cali_check_gaps(ctx, def));
    CAL_TRY(cali_check_records(ctx, def));
    CAL_TRY(cali_check_watches(ctx, def));
    for (size_t i = 0; i < def->n_ports; i++)
        CAL_TRY(check_port(ctx, def, i));
    return CAL_OK;
}
