/* Every number of every entry - neurons, synapses, rules, devices, gap junctions - and of the definition is given what
 * nobody should give: no number, infinities, zero, the wrong sign, the ends of its range and just beyond them, far too
 * small and far too large. It is refused with a message that names it, or the network runs and all its states are
 * finite; a run that cannot be followed ends with E302 and the names. Run under the sanitizers, nothing overflows. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snn/gap.h"
#include "snn/synapse.h"
#include "support/support.h"

enum { MAX_ENTRIES = 128, N_CELLS = 5, N_SOURCES = 3, MAX_VALUES = 24, N_WINDOWS = 12 };

/* ---- a network in which all is used ------------------------------------------------------------------- */

typedef struct bed {
    cal_context *ctx;
    cal_snn_population populations[2];
    cal_snn_setting settings[2];
    cal_snn_setting synapse_settings[CALI_MAX_SYNAPSE_PARAMS + 1];
    cal_snn_projection projections[CALI_MAX_RECEPTORS + 1];
    cal_snn_space spaces[2];
    cal_snn_projection gap;
    cal_snn_poisson poisson;
    cal_snn_current current;
    cal_snn_noise noise;
    cal_snn_train train;
    cal_time time[3];
    uint32_t id[3];
    double record[2], wave[CAL_WAVEFORM_MAX_PARAMS];
    cal_snn_port port;
    cal_snn_def def;
} bed;

static double weight_of(const cal_receptor *r)
{
    return strcmp(r->unit, "pA") == 0 ? 150.0 : strcmp(r->unit, "nS") == 0 ? 4.0 : strcmp(r->unit, "mV") == 0 ? 0.8 : 0.5;
}

/* Sources and cells onto cells at every receptor, a current that makes them spike, windows of 1 ms. */
static bed *lay(const char *neuron_name)
{
    bed *b = calloc(1, sizeof *b);
    cr_assert(b != NULL);
    const cal_neuron *neuron = cal_snn_neuron_find(neuron_name);
    b->ctx = cali_test_context(1);
    b->def = cal_snn_def_default();
    b->def.n_tiles = 2;
    b->def.seed = 5;
    b->def.memory_budget_bytes = 2e7; /* what is too large must be refused before it is allocated */
    b->populations[0] = (cal_snn_population){"cell", neuron, N_CELLS, b->settings, 0};
    b->populations[1] = (cal_snn_population){"source", NULL, N_SOURCES, NULL, 0};
    b->def.populations = b->populations;
    b->def.n_populations = 2;
    for (size_t r = 0; r < neuron->n_receptors; r++) {
        cal_snn_projection *p = &b->projections[b->def.n_projections++];
        *p = cal_snn_projection_default(r % 2 == 0 ? CAL_PAIRWISE_BERNOULLI : CAL_ALL_TO_ALL);
        p->from = r % 2;
        p->receptor = neuron->receptors[r].name;
        p->probability = 0.8;
        p->weight.a = weight_of(&neuron->receptors[r]);
        p->delay_ms.a = 0.3;
    }
    b->def.projections = b->projections;
    const bool is_strong = strcmp(neuron->current_unit, "pA") == 0 && strcmp(neuron_name, "morris-lecar") != 0;
    b->current = (cal_snn_current){.amplitude = is_strong ? 1500.0 : 20.0};
    b->def.currents = &b->current;
    b->def.n_currents = 1;
    for (size_t i = 0; i < 3; i++)
        b->time[i] = (cal_time)(i + 1) * 300000;
    b->train = (cal_snn_train){1, 3, b->time, b->id};
    b->def.trains = &b->train;
    b->def.n_trains = 1;
    return b;
}

static void clear(bed *b)
{
    cal_context_destroy(&b->ctx);
    free(b);
}

typedef enum result { REFUSED, RAN, ENDED } result;

static bool is_all_finite(const cal_snn *snn, const cal_snn_def *def)
{
    for (size_t i = 0; i < def->n_populations; i++) {
        const cal_snn_population *p = &def->populations[i];
        double *x = calloc(p->n + 1, sizeof *x);
        bool is_finite = true;
        for (size_t s = 0; p->neuron != NULL && s < p->neuron->n_states; s++) {
            cr_assert(eq(int, cal_snn_get_state(snn, i, p->neuron->states[s].name, x), CAL_OK));
            for (uint32_t k = 0; k < p->n; k++)
                is_finite = is_finite && isfinite(x[k]);
        }
        free(x);
        if (!is_finite)
            return false;
    }
    return true;
}

/* `names`: words one of which a refusal has to say. `hash` gets that of the end of the run. */
static result attempt(bed *b, const char *const names[3], const char *what, double value, uint64_t *hash)
{
    cal_snn *snn = NULL;
    cal_context_clear(b->ctx);
    const cal_status made = cal_snn_create(b->ctx, &b->def, &snn);
    const char *message = cal_context_message(b->ctx);
    if (made != CAL_OK) {
        cr_expect(made == CAL_ERR_ARGUMENT || made == CAL_ERR_UNSUPPORTED || made == CAL_ERR_MEMORY, "%s %g: %s", what, value,
                  message);
        bool is_named = false;
        for (int i = 0; i < 3; i++)
            is_named = is_named || (names[i] != NULL && strstr(message, names[i]) != NULL);
        cr_expect(is_named, "%s %g: \"%s\" does not name it", what, value, message);
        cr_expect(snn == NULL);
        return REFUSED;
    }
    cal_status status = CAL_OK;
    const cal_time n_steps = b->def.window / b->def.dt; /* a window of minutes is not waited for */
    for (int w = 0; w < (n_steps > 10000 ? 0 : N_WINDOWS) && status == CAL_OK; w++)
        status = cal_snn_advance(snn);
    cr_expect(status == CAL_OK || (status == CAL_ERR_NUMERIC && strstr(message, "E302") != NULL), "%s %g: %s", what, value,
              cal_context_message(b->ctx));
    cr_expect(status != CAL_OK || is_all_finite(snn, &b->def), "%s %g: states are not finite", what, value);
    *hash = cal_snn_hash(snn);
    cal_snn_destroy(&snn);
    return status == CAL_OK ? RAN : ENDED;
}

/* ---- the values ------------------------------------------------------------------------------------------ */

static size_t values_for(const cal_field *f, double values[MAX_VALUES])
{
    const double all[] = {NAN, INFINITY, -INFINITY, 0.0, -0.0, 1.0, -1.0, 5e-324, -1e-30, 1e-30, 1e30, -1e30, DBL_MAX,
                          -DBL_MAX, f->low, f->high, nextafter(f->low, -INFINITY), nextafter(f->high, INFINITY),
                          -f->value, 1e-3 * f->value, 1e3 * f->value};
    memcpy(values, all, sizeof all);
    return sizeof all / sizeof all[0];
}

#define FOR_EACH(entry, count)                                                                                         \
    ParameterizedTestParameters(snn_hostile, every_number_of_##entry)                                                  \
    {                                                                                                                  \
        static int index[MAX_ENTRIES];                                                                                 \
        const size_t n = count;                                                                                        \
        for (size_t i = 0; i < n; i++)                                                                                 \
            index[i] = (int)i;                                                                                         \
        return cr_make_param_array(int, index, n);                                                                     \
    }                                                                                                                  \
    ParameterizedTest(int *index, snn_hostile, every_number_of_##entry)

/* ---- neurons: parameters and initial states ------------------------------------------------------------- */

static void try_field(const cal_neuron *neuron, const cal_field *f, int counts[3])
{
    double values[MAX_VALUES];
    uint64_t hash;
    char what[128];
    const size_t n = values_for(f, values);
    const char *const names[3] = {f->name, "C202 cell"};
    for (size_t i = 0; i < n; i++) {
        bed *b = lay(neuron->name);
        snprintf(what, sizeof what, "%s: %s", neuron->name, f->name);
        b->settings[0] = (cal_snn_setting){f->name, {CAL_CONSTANT, values[i], 0, 0, 0}};
        b->populations[0].n_settings = 1;
        const result r = attempt(b, names, what, values[i], &hash);
        const bool is_within = values[i] >= f->low && values[i] <= f->high;
        cr_expect(is_within || r == REFUSED, "%s %g is out of its range, but accepted", what, values[i]);
        cr_expect(values[i] != 0.0 || r != ENDED, "%s is 0: %s", what, cal_context_message(b->ctx));
        counts[r]++;
        clear(b);
    }
}

FOR_EACH(neurons, cal_snn_n_neurons())
{
    const cal_neuron *neuron = cal_snn_neuron_at((size_t)*index);
    int counts[3] = {0};
    for (size_t i = 0; i < neuron->n_params; i++)
        try_field(neuron, &neuron->params[i], counts);
    for (size_t i = 0; i < neuron->n_states; i++)
        try_field(neuron, &neuron->states[i], counts);
    cr_expect(counts[REFUSED] > 0 && counts[RAN] > 0);
}

/* ---- fields of structs: where a number is, and what a refusal calls it ---------------------------------- */

typedef enum type { REAL, TIME, COUNT_32, COUNT_64 } type;

typedef struct number {
    const char *name;
    size_t offset; /* in the bed */
    type type;
    const char *say[3];
} number;

static void set(bed *b, const number *n, double value)
{
    char *const at = (char *)b + n->offset;
    const double limit = n->type == COUNT_32 ? 4294967295.0 : 9e18;
    const double whole = isnan(value) ? 0.0 : fmin(fmax(rint(value), n->type == TIME ? -limit : 0.0), limit);
    if (n->type == REAL)
        memcpy(at, &value, sizeof value);
    else if (n->type == TIME)
        memcpy(at, &(cal_time){(cal_time)whole}, sizeof(cal_time));
    else if (n->type == COUNT_32)
        memcpy(at, &(uint32_t){(uint32_t)whole}, sizeof(uint32_t));
    else
        memcpy(at, &(uint64_t){(uint64_t)whole}, sizeof(uint64_t));
}

/* Counts get values, times in ns; reals also what no count can be. */
static void try_number(bed *(*make)(int), int variant, const number *n, int counts[3])
{
    static const double reals[] = {NAN, INFINITY, -INFINITY, 0.0, -0.0, 1.0, -1.0, 5e-324, -1e-30, 1e-30, 0.099, 1e5, -1e5,
                                   1e15, -1e15, 1e30, -1e30, 1e300, DBL_MAX, -DBL_MAX, 0.5, 100.0};
    static const double wholes[] = {0, 1, -1, 2, 3, 4, 5, 6, 99999, 100000, 100001, -100000, 1e6, 65536, 2147483647, 2147483648.0,
                                    4294967295.0, 1e12, 1e15, 9e18, -9e18};
    const size_t n_values = n->type == REAL ? sizeof reals / sizeof *reals : sizeof wholes / sizeof *wholes;
    for (size_t i = 0; i < n_values; i++) {
        const double value = n->type == REAL ? reals[i] : wholes[i];
        bed *b = make(variant);
        uint64_t hash = 0, untouched = 0;
        if (!isfinite(value))
            cr_assert(eq(int, attempt(b, n->say, "untouched", 0.0, &untouched), RAN));
        set(b, n, value);
        const result r = attempt(b, n->say, n->name, value, &hash);
        counts[r]++;
        const bool is_open_end = !isnan(value) && strstr(n->name, "clip") != NULL; /* clipped on one side */
        cr_expect(isfinite(value) || is_open_end || r == REFUSED || hash == untouched, "%s %g is accepted, and has an effect", n->name, value);
        cr_expect(r != ENDED || n->type == REAL, "%s %g: %s", n->name, value, cal_context_message(b->ctx));
        clear(b);
    }
}

#define AT(member) offsetof(bed, member)
#define TRY_ALL(table, make, variant)                                                                                  \
    do {                                                                                                               \
        int counts[3] = {0};                                                                                           \
        for (size_t k_ = 0; k_ < sizeof(table) / sizeof(table)[0]; k_++)                                               \
            try_number(make, variant, &(table)[k_], counts);                                                           \
        cr_expect(counts[REFUSED] > 0 && counts[RAN] > 0);                                                             \
    } while (0)

/* ---- synapses ---------------------------------------------------------------------------------------------- */

static bed *lay_synapse(int index)
{
    const cal_synapse *s = cal_snn_synapse_at((size_t)index);
    bed *b = lay("lif");
    b->def.n_projections = 1;
    cal_snn_projection *p = &b->projections[0];
    p->from = 1;
    p->rule = CAL_ALL_TO_ALL;
    p->synapse = s;
    p->settings = b->synapse_settings;
    p->weight = (cal_distribution){CAL_UNIFORM, 5.0, 10.0, 0, 0};
    p->has_modulator = s->has_modulator;
    p->modulator = 1;
    p->modulator_delay_ms = 0.3;
    for (size_t i = 0; i < s->n_params; i++)
        if (isnan(s->params[i].value))
            b->synapse_settings[p->n_settings++] = (cal_snn_setting){s->params[i].name, {CAL_CONSTANT, 12.0, 0, 0, 0}};
    return b;
}

FOR_EACH(synapses, cal_snn_n_synapse_models())
{
    const cal_synapse *s = cal_snn_synapse_at((size_t)*index);
    for (size_t k = 0; k < s->n_params; k++) {
        cal_field f = s->params[k];
        double values[MAX_VALUES];
        uint64_t hash;
        char what[128];
        f.value = isnan(f.value) ? 12.0 : f.value;
        const char *const names[3] = {f.name};
        const size_t n = values_for(&f, values);
        for (size_t i = 0; i < n; i++) {
            bed *b = lay_synapse(*index);
            snprintf(what, sizeof what, "%s: %s", s->name, f.name);
            b->synapse_settings[b->projections[0].n_settings++] = (cal_snn_setting){f.name, {CAL_CONSTANT, values[i], 0, 0, 0}};
            const result r = attempt(b, names, what, values[i], &hash);
            const bool is_within = values[i] >= f.low && values[i] <= f.high;
            cr_expect(is_within || r == REFUSED, "%s %g is out of its range, but accepted", what, values[i]);
            cr_expect(r != ENDED, "%s %g: %s", what, values[i], cal_context_message(b->ctx));
            clear(b);
        }
    }
}

/* ---- rules, weights, delays ---------------------------------------------------------------------------------- */

/* One projection of the rule onto a current, another distribution for each `variant / CAL_N_RULES`. */
static bed *lay_rule(int variant)
{
    bed *b = lay("lif");
    const cal_rule rule = (cal_rule)(variant % CAL_N_RULES);
    const cal_distribution_kind kind = (cal_distribution_kind)(variant / CAL_N_RULES);
    cal_snn_projection *p = &b->projections[0];
    *p = cal_snn_projection_default(rule);
    static const uint32_t ends[] = {0, 0};
    static const cal_snn_list list = {.n = 2, .source = ends, .target = ends};
    p->list = &list;
    p->from = rule == CAL_SMALL_WORLD ? 0 : 1;
    b->populations[1].n = rule == CAL_ONE_TO_ONE ? N_CELLS : N_SOURCES;
    b->spaces[0] = b->spaces[1] = (cal_snn_space){.arrangement = CAL_BOX, .n_dimensions = 1, .extent_mm = {1.0}};
    b->def.spaces = rule == CAL_NEAREST ? b->spaces : NULL;
    p->n_nearest = 2;
    p->receptor = "excitatory";
    p->in_degree = p->out_degree = p->n_neighbours = 2;
    p->total = 4;
    p->probability = 0.5;
    p->has_multapses = variant % 2 == 0;
    p->weight = (cal_distribution){kind, kind == CAL_UNIFORM ? 1.0 : 2.0, kind == CAL_CONSTANT ? 0.0 : 2.5, 0, 0};
    p->delay_ms = (cal_distribution){kind, 0.3, kind == CAL_CONSTANT ? 0.0 : 0.4, 0, 0};
    if (kind >= CAL_LORENTZIAN || kind == CAL_LOGNORMAL)
        p->weight.high = p->delay_ms.high = 9.0;
    p->delay_ms.low = p->delay_ms.high > 0.0 ? 0.1 : 0.0;
    b->def.n_projections = 1;
    return b;
}

FOR_EACH(rules, CAL_N_RULES * (CAL_LORENTZIAN + 1))
{
    static const number numbers[] = {
        {"in_degree", AT(projections[0].in_degree), COUNT_32, {"in_degree", "E402"}},
        {"out_degree", AT(projections[0].out_degree), COUNT_32, {"out_degree", "E402"}},
        {"n_neighbours", AT(projections[0].n_neighbours), COUNT_32, {"neighbours"}},
        {"total", AT(projections[0].total), COUNT_64, {"total", "E402"}},
        {"probability", AT(projections[0].probability), REAL, {"probability"}},
        {"weight a", AT(projections[0].weight.a), REAL, {"weight"}},
        {"weight b", AT(projections[0].weight.b), REAL, {"weight"}},
        {"weight clip low", AT(projections[0].weight.low), REAL, {"weight"}},
        {"weight clip high", AT(projections[0].weight.high), REAL, {"weight"}},
        {"delay a", AT(projections[0].delay_ms.a), REAL, {"delay", "E402"}},
        {"delay b", AT(projections[0].delay_ms.b), REAL, {"delay", "E402"}},
        {"delay clip low", AT(projections[0].delay_ms.low), REAL, {"delay", "E402"}},
        {"delay clip high", AT(projections[0].delay_ms.high), REAL, {"delay", "E402"}},
    };
    TRY_ALL(numbers, lay_rule, *index);
}

/* ---- devices -------------------------------------------------------------------------------------------------- */

static bed *lay_devices(int variant)
{
    bed *b = lay("lif");
    (void)variant;
    b->poisson = (cal_snn_poisson){.receptor = "excitatory", .rate_Hz = 100.0, .n_trains = 3.0, .weight = 5.0};
    b->current = (cal_snn_current){.amplitude = 500.0, .start = 200000, .stop = 2000000, .has_factor = true,
                                   .factor = {CAL_UNIFORM, 0.5, 1.5, 0, 0}};
    b->noise = (cal_snn_noise){.mean = 100.0, .sd = 50.0, .tau_ms = variant == 0 ? 0.0 : 2.0};
    b->gap = cal_snn_projection_default(CAL_PAIRWISE_BERNOULLI);
    b->gap.probability = 0.5;
    b->gap.weight = (cal_distribution){CAL_UNIFORM, 0.5, 1.0, 0, 0};
    b->port = (cal_snn_port){.name = "port", .kind = CAL_PORT_POISSON, .receptor = "inhibitory", .n_trains = 2.0,
                             .weight = -3.0, .samples = 2};
    b->record[0] = b->record[1] = 1.0;
    b->def.record_fraction = b->record;
    b->def.poissons = &b->poisson;
    b->def.noises = &b->noise;
    b->def.gap_junctions = &b->gap;
    b->def.ports = &b->port;
    b->def.n_poissons = b->def.n_noises = b->def.n_gap_junctions = b->def.n_ports = 1;
    return b;
}

Test(snn_hostile, every_number_of_devices)
{
    static const number numbers[] = {
        {"Poisson rate", AT(poisson.rate_Hz), REAL, {"Poisson rate"}},
        {"Poisson trains", AT(poisson.n_trains), REAL, {"trains"}},
        {"Poisson weight", AT(poisson.weight), REAL, {"Poisson weight"}},
        {"amplitude", AT(current.amplitude), REAL, {"current"}},
        {"start", AT(current.start), TIME, {"current"}},
        {"stop", AT(current.stop), TIME, {"current"}},
        {"factor a", AT(current.factor.a), REAL, {"factor"}},
        {"factor b", AT(current.factor.b), REAL, {"factor"}},
        {"factor clip low", AT(current.factor.low), REAL, {"factor"}},
        {"factor clip high", AT(current.factor.high), REAL, {"factor"}},
        {"noise mean", AT(noise.mean), REAL, {"noise"}},
        {"noise sd", AT(noise.sd), REAL, {"noise"}},
        {"noise tau", AT(noise.tau_ms), REAL, {"noise"}},
        {"noise hold", AT(noise.hold), TIME, {"noise"}},
        {"noise start", AT(noise.start), TIME, {"noise"}},
        {"noise stop", AT(noise.stop), TIME, {"noise"}},
        {"train time", AT(time[1]), TIME, {"source: "}},
        {"train id", AT(id[1]), COUNT_32, {"source: "}},
        {"gap probability", AT(gap.probability), REAL, {"gap junctions: probability"}},
        {"gap a", AT(gap.weight.a), REAL, {"conductance", "the gap junctions of neuron"}},
        {"gap b", AT(gap.weight.b), REAL, {"conductance", "the gap junctions of neuron"}},
        {"gap clip low", AT(gap.weight.low), REAL, {"conductance", "the gap junctions of neuron"}},
        {"gap clip high", AT(gap.weight.high), REAL, {"conductance", "the gap junctions of neuron"}},
        {"port trains", AT(port.n_trains), REAL, {"port"}},
        {"port weight", AT(port.weight), REAL, {"port"}},
        {"port samples", AT(port.samples), COUNT_32, {"port"}},
    };
    TRY_ALL(numbers, lay_devices, 0);
    TRY_ALL(numbers, lay_devices, 1);
}

/* Every parameter of every waveform, as a current and as a Poisson rate. */
FOR_EACH(waveforms, 2 * CAL_N_WAVEFORMS)
{
    static const double times_ms[] = {0.0, 0.5, 2.0}, values[] = {1.0, -3.0, 2.0};
    const cal_waveform *form = &cal_waveforms[*index / 2];
    const cal_snn_wave wave = {.form = form, .times_ms = times_ms, .values = values, .n_samples = 3};
    for (size_t k = 0; k < form->n_params; k++) {
        double bad[MAX_VALUES];
        uint64_t hash;
        char what[128];
        const char *const names[3] = {form->name, *index % 2 == 0 ? NULL : "Poisson"};
        const size_t n = values_for(&form->params[k], bad);
        for (size_t i = 0; i < n; i++) {
            bed *b = lay("lif");
            snprintf(what, sizeof what, "%s: %s", form->name, form->params[k].name);
            for (size_t j = 0; j < form->n_params; j++)
                b->wave[j] = form->params[j].value;
            b->wave[k] = bad[i];
            b->poisson = (cal_snn_poisson){.receptor = "excitatory", .n_trains = 1.0, .weight = 1.0};
            b->def.poissons = &b->poisson;
            b->def.n_poissons = (size_t)*index % 2;
            cal_snn_wave *to = *index % 2 == 0 ? &b->current.wave : &b->poisson.wave;
            *to = wave;
            to->params = b->wave;
            attempt(b, names, what, bad[i], &hash);
            clear(b);
        }
    }
}

/* ---- the definition itself --------------------------------------------------------------------------------- */

Test(snn_hostile, every_number_of_the_definition)
{
    static const number numbers[] = {
        {"dt", AT(def.dt), TIME, {"dt", "step", "E402"}},
        {"window", AT(def.window), TIME, {"window", "E402"}},
        {"n_tiles", AT(def.n_tiles), COUNT_32, {"n_tiles"}},
        {"memory_budget_bytes", AT(def.memory_budget_bytes), REAL, {"memory_budget_bytes", "E402"}},
        {"record_fraction", AT(record[0]), REAL, {"record_fraction"}},
        {"count", AT(populations[0].n), COUNT_32, {"neurons", "E402"}},
        {"sources", AT(populations[1].n), COUNT_32, {"neurons", "E402", "a spike of neuron"}},
        {"from", AT(projections[0].from), COUNT_64, {"population"}},
        {"to", AT(projections[0].to), COUNT_64, {"population"}},
    };
    TRY_ALL(numbers, lay_devices, 0);
}
