/* `scale`: a network of another size whose neurons see input of the same mean and variance.
 *
 *      N' = n N,   K' = k K,   J' = J / sqrt(k),   I' = I + (1 - sqrt(k)) sum_j K_j q_j nu_j
 *
 * with the charge q_j of one spike through synapse j (J tau of an exponential current, J C_m of a jump of the voltage) and the
 * rate nu_j of its source in the full network. External trains are inputs like others. Source: van Albada, Helias &
 * Diesmann (2015), PLoS Comput. Biol. 11, e1004490.
 *
 * The numbers of the network are changed where they stand, so everything behind, and the manifest, sees the scaled one. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/numeric.h"
#include "experiment/reader.h"

typedef struct scaling {
    cali_reader *r;
    cali_network *network;
    cali_place place;
    double n, k;
    double *rates_Hz; /* per population, NaN: not given */
    double *full;     /* counts of the full network */
    double *extra_pA;
} scaling;

/* ---- charges ---- */

static double constant_of(const cali_population *p, const char *name)
{
    for (size_t i = 0; i < p->n_settings; i++)
        if (strcmp(p->settings[i].name, name) == 0)
            return p->settings[i].value.kind == CAL_CONSTANT ? p->settings[i].value.a : NAN;
    const int at = cal_field_find(p->neuron->params, p->neuron->n_params, name);
    return at < 0 ? NAN : p->neuron->params[at].value;
}

/* Charge in fC (pA ms) per unit of weight, NaN: the neuron's input is not linear in its spikes, or not known here. */
static double charge_per_weight(const cali_population *p, const char *receptor)
{
    static const struct {
        const char *receptor, *parameter;
    } charges[] = {{"excitatory", "tau_exc"}, {"inhibitory", "tau_inh"}, {"delta", "C_m"}};
    if (strcmp(p->neuron->name, "lif") != 0 && strcmp(p->neuron->name, "alif") != 0)
        return NAN;
    for (size_t i = 0; i < sizeof charges / sizeof charges[0]; i++)
        if (strcmp(charges[i].receptor, receptor) == 0)
            return constant_of(p, charges[i].parameter);
    return NAN;
}

static double mean_weight(const cal_distribution *d)
{
    switch (d->kind) {
    case CAL_LOGNORMAL: return cali_exp(d->a + 0.5 * d->b * d->b);
    case CAL_UNIFORM: return 0.5 * (d->a + d->b);
    case CAL_CONSTANT:
    case CAL_NORMAL: return d->a;
    default: return NAN; /* a Lorentzian has no mean */
    }
}

static void shrink_weight(cal_distribution *d, double factor)
{
    if (d->kind == CAL_LOGNORMAL) {
        d->a += cali_log(factor);
    } else {
        d->a *= factor;
        d->b *= factor;
    }
    d->low *= factor;
    d->high *= factor;
}

/* Adds what `inputs` synapses of mean weight J with spikes of rate_Hz lose. */
static bool make_up(scaling *s, size_t to, const char *receptor, double inputs, double weight, double rate_Hz, cali_place place)
{
    const cali_population *p = &s->network->populations[to];
    const double charge = weight * charge_per_weight(p, receptor);
    if (!isfinite(charge))
        return cali_refuse(s->r, place, "C106", "scale.synapses cannot make up for fewer synapses into %.60s.%.60s\nbecause the mean "
                           "current of a spike is not known there\ntry scale.synapses: 100 %%, or neurons lif or alif with "
                           "constant parameters", p->name, receptor);
    s->extra_pA[to] += (1.0 - sqrt(s->k)) * inputs * charge * rate_Hz * 1e-3;
    return true;
}

/* ---- connections and drive ---- */

/* Inputs per target of the full network. */
static double inputs_of(const scaling *s, const cal_snn_projection *p)
{
    switch (p->rule) {
    case CAL_FIXED_IN_DEGREE: return p->in_degree;
    case CAL_FIXED_OUT_DEGREE: return p->out_degree * s->full[p->from] / s->full[p->to];
    case CAL_FIXED_TOTAL: return (double)p->total / s->full[p->to];
    case CAL_PAIRWISE_BERNOULLI: return p->probability * s->full[p->from];
    default: return NAN;
    }
}

static uint32_t scaled_count(double count, double factor)
{
    const double scaled = rint(count * factor);
    return scaled < 1.0 ? 1 : scaled > 4294967295.0 ? UINT32_MAX : (uint32_t)scaled;
}

static bool scale_rule(scaling *s, cal_snn_projection *p, cali_place place)
{
    const bool is_scaled = s->k != 1.0 || s->n != 1.0;
    if (is_scaled && (p->kernel.kernel != NULL || p->kernel.formula != NULL || p->weight_profile.kernel != NULL ||
                      p->weight_profile.formula != NULL))
        return cali_refuse(s->r, place, "C106", "scale knows no connections by distance\ntry scale.neurons and scale.synapses: 100 %%");
    switch (p->rule) {
    case CAL_FIXED_IN_DEGREE: p->in_degree = p->in_degree == 0 ? 0 : scaled_count(p->in_degree, s->k); return true;
    case CAL_FIXED_OUT_DEGREE: p->out_degree = scaled_count(p->out_degree, s->k); return true;
    case CAL_FIXED_TOTAL: p->total = (uint64_t)rint((double)p->total * s->n * s->k); return true;
    case CAL_PAIRWISE_BERNOULLI:
        p->probability *= s->k / s->n;
        if (p->probability <= 1.0)
            return true;
        return cali_refuse(s->r, place, "C106", "the scaled probability is %g\nbecause fewer neurons have to give as many inputs\n"
                           "try scale.synapses as small as scale.neurons", p->probability);
    default:
        if (!is_scaled)
            return true;
        return cali_refuse(s->r, place, "C106", "scale knows connections with in_degree, out_degree, total and probability only");
    }
}

static void scale_projection(scaling *s, size_t i)
{
    cal_snn_projection *p = &s->network->projections[i];
    const cali_place place = s->network->projection_places[i];
    const double inputs = inputs_of(s, p);
    if (!scale_rule(s, p, place) || s->k == 1.0)
        return;
    if (p->synapse != NULL) {
        cali_refuse(s->r, place, "C106", "scale.synapses does not know what becomes of plastic synapses\ntry scale.synapses: 100 %%");
        return;
    }
    if (make_up(s, p->to, p->receptor, inputs, mean_weight(&p->weight), s->rates_Hz[p->from], place))
        shrink_weight(&p->weight, 1.0 / sqrt(s->k));
}

static void scale_drive(scaling *s)
{
    for (size_t i = 0; i < s->network->n_poissons; i++) {
        cal_snn_poisson *p = &s->network->poissons[i];
        if (p->wave.form != NULL) {
            cali_refuse(s->r, s->place, "C106", "scale.synapses does not know the mean of trains whose rate is a waveform\ntry "
                        "scale.synapses: 100 %%");
            return;
        }
        if (!make_up(s, p->to, p->receptor, p->n_trains, p->weight, p->rate_Hz, s->place))
            return;
        p->n_trains *= s->k;
        p->weight /= sqrt(s->k);
    }
    for (size_t p = 0; p < s->network->n_populations; p++) {
        if (s->extra_pA[p] == 0.0)
            continue;
        if (!cali_arena_grow(&s->r->exp->arena, &s->network->currents, s->network->n_currents, sizeof *s->network->currents))
            s->r->is_out_of_memory = true;
        else
            s->network->currents[s->network->n_currents++] = (cal_snn_current){.to = p, .amplitude = s->extra_pA[p]};
    }
}

/* ---- the key ---- */

static bool read_rates(scaling *s, const cali_node *node)
{
    char label[CALI_LABEL], buffer[CALI_LABEL];
    if (node != NULL && node->kind != CALI_NODE_MAP)
        return cali_refuse(s->r, cali_place_of(node), "C104", "scale.rates are a mapping of populations, got %s\ntry rates: {%s: 5 Hz}",
                           cali_describe_node(node, buffer), s->network->populations[0].name);
    for (size_t i = 0; node != NULL && i < node->n; i++) {
        const cali_entry *entry = &node->entries[i];
        const long p = cali_find_population(s->r, s->network, node, entry->key);
        snprintf(label, sizeof label, "scale.rates.%.100s", entry->key);
        if (p < 0 || !cali_read_quantity(s->r, entry->value, label, "Hz", &s->rates_Hz[p]))
            return false;
        if (!(s->rates_Hz[p] >= 0.0))
            return cali_refuse(s->r, cali_place_of(entry->value), "C106", "%s is %g Hz, but must be at least 0", label,
                               s->rates_Hz[p]);
    }
    for (size_t p = 0; s->k != 1.0 && p < s->network->n_populations; p++)
        if (isnan(s->rates_Hz[p]))
            return cali_refuse(s->r, node != NULL ? cali_place_of(node) : s->place, "C105", "scale needs the rate of \"%.60s\" in the "
                               "full network\nbecause a constant current makes up for its missing synapses\ntry rates: {%.60s: 5 Hz}",
                               s->network->populations[p].name, s->network->populations[p].name);
    return true;
}

void cali_parse_scale(cali_reader *r, const cali_node *node, cali_network *network)
{
    cali_scale_text text = {0};
    if (node == NULL || r->n_mistakes > 0 || !cali_read_mapping(r, &cali_keys_scale, node, "scale", &text, NULL) || r->n_mistakes > 0)
        return;
    const size_t n = network->n_populations;
    scaling s = {.r = r, .network = network, .place = cali_place_of(node), .n = text.neurons, .k = text.synapses};
    s.rates_Hz = cali_take(r, n, sizeof *s.rates_Hz);
    s.full = cali_take(r, n, sizeof *s.full);
    s.extra_pA = cali_take(r, n, sizeof *s.extra_pA);
    if (s.rates_Hz == NULL || s.full == NULL || s.extra_pA == NULL)
        return;
    for (size_t p = 0; p < n; p++) {
        if (network->populations[p].neuron == NULL) {
            cali_refuse(r, s.place, "C106", "scale does not know what becomes of the given spikes of population %.60s",
                        network->populations[p].name);
            return;
        }
        s.rates_Hz[p] = NAN;
        s.full[p] = network->populations[p].n;
    }
    if (!read_rates(&s, cali_node_get(node, "rates")))
        return;
    for (size_t p = 0; p < n; p++)
        network->populations[p].n = scaled_count(s.full[p], s.n);
    for (size_t i = 0; i < network->n_projections; i++)
        scale_projection(&s, i);
    if (s.k != 1.0)
        scale_drive(&s);
}
