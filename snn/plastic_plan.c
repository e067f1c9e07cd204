/* Plastic projections before anything is built: checks, constants, sizes, memory. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "snn/distance.h"
#include "snn/plastic.h"
#include "snn/rules.h"
#include "snn/structural.h"

/* ---- checks ------------------------------------------------------------------------------------- */

/* Traces belong to neurons and bounds to the integer sums: both need one number for all synapses. */
static bool must_be_number(const cali_synapse *synapse, int param)
{
    bool must = param == synapse->limit || synapse->growth != NULL;
    for (size_t i = 0; i < synapse->n_common; i++)
        must |= synapse->common[i] == param;
    for (size_t t = 0; t < CALI_MAX_TRACES; t++)
        must |= (t < synapse->n_pre && synapse->pre[t].tau == param) ||
                (t < synapse->n_post && synapse->post[t].tau == param);
    return must;
}

static const char *unit_of(const cal_field *f)
{
    return strcmp(f->unit, "weight") == 0 || strcmp(f->unit, "1") == 0 ? "" : f->unit;
}

static bool is_bad_setting(const cali_synapse *synapse, const cal_snn_setting *s, char *why, size_t size)
{
    const cal_synapse *face = &synapse->face;
    const int at = s->name == NULL ? -1 : cal_field_find(face->params, face->n_params, s->name);
    if (at < 0) {
        snprintf(why, size, "synapse %s has no parameter \"%s\"", face->name, s->name == NULL ? "" : s->name);
        return true;
    }
    const cal_field *f = &face->params[at];
    const char *problem = cali_distribution_problem(&s->value, false);
    double low = 0.0, high = 0.0;
    if (problem == NULL)
        cali_distribution_bounds(&s->value, &low, &high);
    if (problem != NULL)
        snprintf(why, size, "%s of synapse %s %s", f->name, face->name, problem);
    else if (s->value.kind != CAL_CONSTANT && must_be_number(synapse, at))
        snprintf(why, size, "%s of synapse %s must be a number: all synapses share it", f->name, face->name);
    else if (!(low >= f->low && high <= f->high))
        snprintf(why, size, "%s of synapse %s can be %g %s, allowed are %g to %g%s", f->name, face->name,
                 low >= f->low ? high : low, unit_of(f), f->low, f->high,
                 s->value.kind == CAL_CONSTANT ? "" : "; clip it with low and high");
    else
        return false;
    return true;
}

static const cal_distribution *setting_of(const cal_snn_setting *settings, size_t n, const char *name)
{
    const cal_distribution *found = NULL; /* the last one counts */
    for (size_t i = 0; i < n; i++)
        if (strcmp(settings[i].name, name) == 0)
            found = &settings[i].value;
    return found;
}

/* Weights at the start against the limit and each other. */
static bool are_bad_weights(const cal_snn_projection *p, const cali_ends *ends, const cali_synapse *synapse, char *why,
                            size_t size)
{
    double low, high;
    cali_weight_bounds(p, ends, &low, &high);
    if (low < 0.0 && high > 0.0) {
        snprintf(why, size, "weights of plastic synapses have one sign, here they can be %g to %g; clip them with low and "
                 "high", low, high);
        return true;
    }
    if (synapse->limit < 0)
        return false;
    const char *name = synapse->face.params[synapse->limit].name;
    const double limit = setting_of(p->settings, p->n_settings, name)->a;
    if (fmax(fabs(low), fabs(high)) <= limit)
        return false;
    snprintf(why, size, "a weight can be %g at the start, beyond %s %g", low < 0.0 ? low : high, name, limit);
    return true;
}

static const double LONGEST_DELAY_MS = 1000.0;

bool cal_snn_plasticity_is_impossible(const cal_snn_projection *p, char *why, size_t size)
{
    const cali_synapse *synapse = p->synapse == NULL ? NULL : cali_synapse_of(p->synapse);
    if (synapse == NULL) {
        snprintf(why, size, p->synapse == NULL ? "a static synapse has no parameters" : "its synapse is not one of the list");
        return p->synapse != NULL || p->n_settings > 0 || p->scaling.kind != CAL_SCALING_NONE;
    }
    const cal_synapse *face = &synapse->face;
    for (size_t i = 0; i < p->n_settings; i++)
        if (is_bad_setting(synapse, &p->settings[i], why, size))
            return true;
    for (size_t i = 0; i < face->n_params; i++)
        if (isnan(face->params[i].value) && setting_of(p->settings, p->n_settings, face->params[i].name) == NULL) {
            snprintf(why, size, "synapse %s needs %s: %s", face->name, face->params[i].name, face->params[i].meaning);
            return true;
        }
    if (face->has_modulator != p->has_modulator) {
        snprintf(why, size, p->has_modulator ? "synapse %s has no modulator" : "synapse %s needs a modulator: the population "
                 "that releases it", face->name);
        return true;
    }
    if (p->has_modulator && !(p->modulator_delay_ms >= 0.0 && p->modulator_delay_ms <= LONGEST_DELAY_MS)) {
        snprintf(why, size, "modulator_delay must be 0 to %g ms, is %g ms", LONGEST_DELAY_MS, p->modulator_delay_ms);
        return true;
    }
    if (cali_scaling_is_impossible(p, synapse, why, size) || cali_structural_is_impossible(p, synapse, why, size))
        return true;
    const cal_snn_projection bounded = cali_rule_bounded(p);
    return cali_is_plastic(face) && p->weight_profile.formula == NULL && are_bad_weights(&bounded, NULL, synapse, why, size);
}

cal_status cali_plastic_check(cal_context *ctx, const cal_snn_projection *p, const cali_ends *ends, const char *where)
{
    char why[256];
    const bool is_late = cali_is_plastic(p->synapse) && p->weight_profile.formula != NULL; /* it depends on where neurons lie */
    if (cal_snn_plasticity_is_impossible(p, why, sizeof why) ||
        (is_late && are_bad_weights(p, ends, cali_synapse_of(p->synapse), why, sizeof why)))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: %s", where, why);
    return CAL_OK;
}

/* ---- plan --------------------------------------------------------------------------------------- */

cal_status cali_plastic_reserve(cal_snn *self, const cal_snn_def *def)
{
    size_t n = 0;
    for (size_t i = 0; i < def->n_projections; i++)
        n += cali_is_plastic(def->projections[i].synapse);
    return cali_alloc(self->ctx, n, sizeof *self->plastics, "plastic projections", &self->plastics);
}

cali_projection *cali_plastic_add(cal_snn *self, const cal_snn_projection *p, size_t i)
{
    cali_plastic *plastic = &self->plastics[self->n_plastics++];
    plastic->number = i;
    plastic->synapse = cali_synapse_of(p->synapse);
    const cal_synapse *face = &plastic->synapse->face;
    for (size_t k = 0; k < face->n_params; k++) {
        const cal_distribution *d = setting_of(p->settings, p->n_settings, face->params[k].name);
        plastic->param[k] = d != NULL ? *d : (cal_distribution){.kind = CAL_CONSTANT, .a = face->params[k].value};
    }
    double low, high;
    const cali_ends ends = cali_ends_in(self, p);
    cali_weight_bounds(p, &ends, &low, &high);
    const int limit = plastic->synapse->limit;
    plastic->projection.limit = limit >= 0 ? plastic->param[limit].a : fmax(fabs(low), fabs(high));
    plastic->sign = low < 0.0 ? -1 : 1;
    return &plastic->projection;
}

/* A constant that comes out different at the bounds of a distribution is each synapse's own. */
static void find_own_constants(cali_plastic *p, double dt_ms)
{
    const size_t n_params = p->synapse->face.n_params, n = p->synapse->n_constants;
    double params[CALI_MAX_SYNAPSE_PARAMS] = {0}, other[CALI_MAX_SYNAPSE_CONSTANTS];
    for (size_t k = 0; k < n_params; k++) {
        double low, high;
        cali_distribution_bounds(&p->param[k], &low, &high);
        params[k] = low == high ? low : 0.5 * low + 0.5 * high;
    }
    p->synapse->prepare(params, dt_ms, p->constant);
    for (size_t k = 0; k < n_params; k++) {
        double bound[2];
        const double middle = params[k];
        if (p->param[k].kind == CAL_CONSTANT)
            continue;
        cali_distribution_bounds(&p->param[k], &bound[0], &bound[1]);
        for (int b = 0; b < 2; b++) {
            params[k] = bound[b];
            p->synapse->prepare(params, dt_ms, other);
            for (size_t c = 0; c < n; c++)
                p->is_own[c] |= other[c] != p->constant[c];
        }
        params[k] = middle;
    }
    for (size_t c = 0; c < n; c++)
        p->has_own |= p->is_own[c];
}

static void fill_decay(cali_decay *d, double tau_ms, double dt_ms)
{
    d->rate = dt_ms / tau_ms;
    for (int64_t i = 0; i < CALI_DECAY_SIZE; i++) {
        d->fine[i] = cali_decay_exp(d->rate, i);
        d->coarse[i] = cali_decay_exp(d->rate, i * CALI_DECAY_SIZE);
    }
}

static cal_status plan_decays(cal_snn *self, const cali_plastic *p, const cali_trace *traces, size_t n,
                              cali_decay **decays)
{
    CAL_TRY(cali_snn_alloc(self, n, sizeof **decays, "decay tables", decays));
    for (size_t t = 0; t < n; t++)
        fill_decay(&(*decays)[t], p->param[traces[t].tau].a, self->dt_ms);
    return CAL_OK;
}

/* One synapse alone must fit the sums of a step, whose quanta are no coarser than 2^120. */
static cal_status check_limit(const cal_snn *self, const cali_plastic *p)
{
    const cali_projection *projection = &p->projection;
    const cal_receptor *receptor = &self->populations[projection->def.to].neuron->face.receptors[projection->receptor];
    if (projection->limit * projection->scale <= 2147483647.0)
        return CAL_OK;
    const int limit = p->synapse->limit;
    return CAL_FAIL(self->ctx, CAL_ERR_UNSUPPORTED, "E402 %s: %s of %g %s is beyond the %g %s that a step can hold",
                    self->populations[projection->def.to].name, limit >= 0 ? p->synapse->face.params[limit].name : "a weight",
                    projection->limit, receptor->unit, 2147483647.0 / projection->scale, receptor->unit);
}

cal_status cali_plastic_plan(cal_snn *self)
{
    for (size_t i = 0; i < self->n_plastics; i++) {
        cali_plastic *p = &self->plastics[i];
        cali_projection *projection = &p->projection;
        const cali_population *to = &self->populations[projection->def.to];
        double low, high;
        projection->scale = ldexp(1.0, to->exponent[projection->receptor]);
        CAL_TRY(check_limit(self, p));
        p->params = cali_key_derive(self->key, CALI_USE_SYNAPSE, (uint32_t)p->number);
        find_own_constants(p, self->dt_ms);
        p->has_shared_states = p->synapse->is_pre_only && !p->has_own;
        while (to->width > 0 && (to->width - 1) >> p->place_bits != 0)
            p->place_bits++;
        const cali_ends ends = cali_ends_in(self, &projection->def);
        cali_delay_bounds(&projection->def, &ends, &low, &high);
        p->longest_delay = cali_delay_steps(high, self->dt_ms);
        /* Spikes of the longest delay and one block must fit, with one before them; twice that makes the times
         * rare at which all rows are worked off. */
        cali_voltage_plan(self, p);
        const uint32_t interval = p->sees_voltage ? 1 : to->min_interval; /* each step may potentiate */
        const uint32_t needed = (p->longest_delay + CALI_MAX_EXCHANGE) / interval + 3;
        for (p->ring_size = 16; p->ring_size < 2 * needed;)
            p->ring_size *= 2;
        if (p->synapse->is_pre_only)
            p->ring_size = 0;
        cali_modulator_plan(self, p);
        cali_scaling_plan(self, p);
        CAL_TRY(plan_decays(self, p, p->synapse->pre, p->synapse->n_pre, &p->pre_decay));
        CAL_TRY(plan_decays(self, p, p->synapse->post, p->synapse->n_post, &p->post_decay));
    }
    return CAL_OK;
}

bool cali_plastic_has_one_weight(const cali_plastic *p)
{
    return p->synapse->limit < 0 && p->projection.def.weight.kind == CAL_CONSTANT && !p->projection.has_weight_profile;
}

double cali_plastic_bytes(const cal_snn *self, const cali_plastic *p)
{
    const double n_from = self->populations[p->projection.def.from].n;
    const double places = (double)self->n_tiles * self->populations[p->projection.def.to].width;
    const double states = (double)p->synapse->face.n_states;
    double per_synapse = sizeof(uint32_t) + (cali_plastic_has_one_weight(p) ? 0.0 : sizeof(double));
    per_synapse += p->has_shared_states ? 0.0 : sizeof(double) * states;
    for (size_t c = 0; c < p->synapse->n_constants; c++)
        per_synapse += p->is_own[c] ? sizeof(double) : 0.0;
    const double per_source = sizeof(uint64_t) + sizeof(cali_source) +
                              (p->has_shared_states ? sizeof(double) * states : 0.0);
    const double per_place = p->synapse->is_pre_only ? 0.0 : sizeof(cali_past) +
                             (double)p->ring_size * sizeof(cali_past_spike);
    return cali_expected_synapses(self, &p->projection) * per_synapse + self->n_tiles * n_from * per_source +
           places * per_place + self->n_tiles * cali_modulator_bytes(p) + cali_voltage_bytes(p, places) +
           cali_scaling_bytes(p, places) + sizeof(cali_decay) * (double)(p->synapse->n_pre + p->synapse->n_post);
}
