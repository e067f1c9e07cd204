/* Every neuron of the list, some that are texts, and a network of several kinds of neurons give the same bits for any threads, tiles,
 * instruction set and window length, and after a state was saved and restored into a network that is laid out in another way:
 * hashes over the recorded spikes, the outputs of ports, the final states and the input on its way. Neurons with a voltage do so
 * with gap junctions too. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <stdlib.h>
#include <string.h>

#include "base/isa.h"
#include "snn/gap.h"
#include "support/own_neurons.h"

enum { MAX_NEURONS = 128, N_A = 61, N_B = 23, N_SOURCES = 12 };
static const cal_time END = 40 * CAL_NS_PER_MS, BIN = CAL_NS_PER_MS / 2;

typedef struct layout {
    unsigned n_threads, n_tiles;
    const char *isa;
    double window_ms;
} layout;

/* A run in `first`; from `save_ms` on, if that is not 0, in `then`. */
typedef struct variant {
    layout first, then;
    double save_ms;
} variant;

static const variant variants[] = {
    {{1, 1, "base", 1.0}, {0}, 0.0},
    {{2, 3, "v3", 2.0}, {0}, 0.0},
    {{3, 2, "v4", 0.5}, {0}, 0.0},
    {{7, 7, "v4", 8.0}, {0}, 0.0},
    {{2, 7, "base", 20.0}, {0}, 0.0},
    {{1, 5, "v3", 40.0}, {0}, 0.0},
    {{1, 1, "base", 1.0}, {1, 1, "base", 1.0}, 17.0},
    {{1, 1, "base", 1.0}, {3, 7, "v4", 0.5}, 16.5},
    {{7, 3, "v3", 8.0}, {1, 1, "base", 4.0}, 24.0},
    {{2, 7, "v4", 0.5}, {2, 2, "v3", 1.0}, 0.5 + 20.5},
};
enum { N_VARIANTS = sizeof variants / sizeof variants[0] };

typedef struct outcome {
    uint64_t spikes, outputs, state, n_recorded, n_spikes, n_events, n_port_events, n_updates;
} outcome;

/* One step of a hash that depends on the order. */
static uint64_t chain(uint64_t hash, const void *value, size_t size)
{
    uint64_t word = 0;
    memcpy(&word, value, size);
    return (hash ^ word) * UINT64_C(0x100000001B3) + 1;
}

static double weight_of(const cal_receptor *r)
{
    return strcmp(r->unit, "pA") == 0 ? 150.0 : strcmp(r->unit, "nS") == 0 ? 4.0 : strcmp(r->unit, "mV") == 0 ? 0.8 : 0.5;
}

/* What is run: a network of one kind of neuron, or NULL: of five. */
typedef struct subject {
    const cal_neuron *neuron;
    bool has_gaps;
    uint64_t seed;
} subject;

typedef struct network {
    cal_snn_population populations[6];
    cal_snn_projection projections[4 * CALI_MAX_RECEPTORS + 8];
    cal_snn_poisson poissons[CALI_MAX_RECEPTORS];
    cal_snn_port ports[5];
    cal_snn_projection gaps[2];
    cal_snn_current current;
    cal_snn_def def;
} network;

static void project(network *w, cal_rule rule, size_t from, size_t to, const cal_receptor *receptor, double share,
                    cal_distribution delay_ms)
{
    cal_snn_projection *p = &w->projections[w->def.n_projections++];
    *p = cal_snn_projection_default(rule);
    p->from = from;
    p->to = to;
    p->receptor = receptor->name;
    p->weight.a = share * weight_of(receptor);
    if (rule == CAL_PAIRWISE_BERNOULLI)
        p->weight = (cal_distribution){CAL_UNIFORM, p->weight.a, 3.0 * p->weight.a, 0, 0};
    p->delay_ms = delay_ms;
    p->in_degree = 4;
    p->probability = 0.2;
    p->has_autapses = false;
}

/* A tenth of all pairs of A, and some between A and B. */
static void join(network *w, const cal_neuron *neuron)
{
    const double g = strcmp(neuron->current_unit, "pA") == 0 ? 1.0 : 0.002;
    w->gaps[0] = cal_snn_projection_default(CAL_PAIRWISE_BERNOULLI);
    w->gaps[0].probability = 0.1;
    w->gaps[0].weight = (cal_distribution){CAL_UNIFORM, 0.0, g, 0, 0};
    w->gaps[1] = cal_snn_projection_default(CAL_FIXED_IN_DEGREE);
    w->gaps[1].to = 1;
    w->gaps[1].in_degree = 3;
    w->gaps[1].has_multapses = true;
    w->gaps[1].weight.a = 0.7 * g;
    w->def.gap_junctions = w->gaps;
    w->def.n_gap_junctions = 2;
}

/* Rows, broadcasts, sources, distributions; Poisson input, a current, ports of every kind. */
static void describe_one_kind(network *w, const cal_neuron *neuron, bool has_gaps)
{
    static const cal_distribution short_ms = {CAL_CONSTANT, 0.3, 0, 0, 0}, some_ms = {CAL_UNIFORM, 0.2, 2.3, 0, 0},
                                  long_ms = {CAL_CONSTANT, 4.1, 0, 0, 0};
    w->populations[0] = (cal_snn_population){"A", neuron, N_A, NULL, 0};
    w->populations[1] = (cal_snn_population){"B", neuron, N_B, NULL, 0};
    w->populations[2] = (cal_snn_population){"S", NULL, N_SOURCES, NULL, 0};
    for (size_t r = 0; r < neuron->n_receptors; r++) {
        const cal_receptor *receptor = &neuron->receptors[r];
        project(w, CAL_FIXED_IN_DEGREE, 0, 0, receptor, 0.3, some_ms);
        project(w, CAL_PAIRWISE_BERNOULLI, 1, 0, receptor, 0.2, some_ms);
        project(w, CAL_ALL_TO_ALL, 0, 0, receptor, 0.02, long_ms);
        project(w, r == 0 ? CAL_FIXED_IN_DEGREE : CAL_ALL_TO_ALL, 2, 1, receptor, 0.1, short_ms);
        w->poissons[w->def.n_poissons++] =
            (cal_snn_poisson){.to = r % 2, .receptor = receptor->name, .rate_Hz = 400.0, .n_trains = 2.0,
                              .weight = 0.5 * weight_of(receptor)};
    }
    const uint32_t samples = (uint32_t)(w->def.window / BIN);
    cal_snn_port *ports = w->ports;
    ports[0] = (cal_snn_port){.name = "current", .kind = CAL_PORT_CURRENT, .samples = samples};
    ports[1] = (cal_snn_port){.name = "spikes", .kind = CAL_PORT_SPIKES, .population = 2};
    ports[2] = (cal_snn_port){.name = "rate", .kind = CAL_PORT_RATE, .population = 0, .samples = samples};
    ports[3] = (cal_snn_port){.name = "mean", .kind = CAL_PORT_MEAN, .population = 1, .state = neuron->states[0].name,
                              .samples = samples};
    w->def.n_ports = 4;
    if (neuron->n_receptors > 0)
        ports[w->def.n_ports++] = (cal_snn_port){.name = "Poisson", .kind = CAL_PORT_POISSON, .population = 1,
                                                 .receptor = neuron->receptors[0].name, .n_trains = 3.0,
                                                 .weight = 0.5 * weight_of(&neuron->receptors[0]), .samples = samples};
    w->current = (cal_snn_current){.to = 1, .amplitude = strcmp(neuron->current_unit, "pA") == 0 ? 400.0 : 6.0,
                                   .start = 5 * CAL_NS_PER_MS, .stop = 30 * CAL_NS_PER_MS};
    w->def.n_populations = 3;
    if (has_gaps)
        join(w, neuron);
}

static const cal_snn_setting eta[] = {{"eta", {CAL_LORENTZIAN_QUANTILES, 1.0, 1.0, 0, 0}}, {"v", {CAL_NORMAL, -1.0, 0.5, 0, 0}}};
static const cal_snn_setting lif[] = {{"I_e", {CAL_UNIFORM, 300.0, 450.0, 0, 0}}, {"V", {CAL_UNIFORM, -65.0, -50.0, 0, 0}}};
static const cal_snn_setting cond[] = {{"I_e", {CAL_CONSTANT, 150.0, 0, 0, 0}}};
static const cal_snn_setting adex[] = {{"I_e", {CAL_NORMAL, 800.0, 50.0, 0, 0}}};
static const cal_snn_setting izh[] = {{"d", {CAL_LOGNORMAL, 1.5, 0.2, 0, 0}}, {"I_e", {CAL_CONSTANT, 8.0, 0, 0, 0}}};

/* Five kinds of neurons with parameters, weights and delays from every distribution, over the simple rules. */
static void describe_five_kinds(network *w)
{
    static const struct {
        const char *name, *neuron;
        uint32_t n;
        const cal_snn_setting *settings;
        size_t n_settings;
    } kinds[] = {{"qif", "qif", 301, eta, 2}, {"lif", "lif", 120, lif, 2}, {"source", NULL, N_SOURCES, NULL, 0},
                 {"cond", "lif-cond", 77, cond, 1}, {"adex", "adex", 60, adex, 1}, {"izh", "izhikevich", 60, izh, 2}};
    static const struct {
        cal_rule rule;
        size_t from, to;
        const char *receptor;
        cal_distribution weight, delay_ms;
    } rows[] = {
        {CAL_ALL_TO_ALL, 0, 0, "input", {CAL_CONSTANT, 0.02, 0, 0, 0}, {CAL_CONSTANT, 1.0, 0, 0, 0}},
        {CAL_FIXED_IN_DEGREE, 1, 1, "inhibitory", {CAL_NORMAL, -40, 10, 0, 0}, {CAL_NORMAL, 1.5, 0.75, 0.4, 6.0}},
        {CAL_PAIRWISE_BERNOULLI, 0, 1, "excitatory", {CAL_LOGNORMAL, 3, 0.5, 0, 0}, {CAL_UNIFORM, 0.3, 2.5, 0, 0}},
        {CAL_FIXED_IN_DEGREE, 2, 1, "delta", {CAL_UNIFORM, 0.1, 0.6, 0, 0}, {CAL_CONSTANT, 1.0, 0, 0, 0}},
        {CAL_PAIRWISE_BERNOULLI, 1, 3, "excitatory", {CAL_CONSTANT, 3.0, 0, 0, 0}, {CAL_UNIFORM, 0.3, 2.5, 0, 0}},
        {CAL_FIXED_IN_DEGREE, 3, 4, "inhibitory", {CAL_CONSTANT, 5.0, 0, 0, 0}, {CAL_NORMAL, 1.5, 0.75, 0.4, 6.0}},
        {CAL_ONE_TO_ONE, 4, 5, "input", {CAL_CONSTANT, 2.0, 0, 0, 0}, {CAL_UNIFORM, 0.3, 2.5, 0, 0}},
        {CAL_ALL_TO_ALL, 5, 0, "input", {CAL_NORMAL, 0.01, 0.01, 0, 0}, {CAL_NORMAL, 1.5, 0.75, 0.4, 6.0}}};
    w->def.n_populations = sizeof kinds / sizeof *kinds;
    for (size_t i = 0; i < w->def.n_populations; i++)
        w->populations[i] = (cal_snn_population){kinds[i].name, kinds[i].neuron == NULL ? NULL : cal_snn_neuron_find(kinds[i].neuron),
                                                 kinds[i].n, kinds[i].settings, kinds[i].n_settings};
    w->def.n_projections = sizeof rows / sizeof *rows;
    for (size_t i = 0; i < w->def.n_projections; i++) {
        cal_snn_projection *p = &w->projections[i];
        *p = cal_snn_projection_default(rows[i].rule);
        p->from = rows[i].from;
        p->to = rows[i].to;
        p->receptor = rows[i].receptor;
        p->weight = rows[i].weight;
        p->delay_ms = rows[i].delay_ms;
        p->in_degree = 9;
        p->probability = 0.11;
        p->has_autapses = i > 0;
    }
    const uint32_t samples = (uint32_t)(w->def.window / BIN);
    w->poissons[w->def.n_poissons++] = (cal_snn_poisson){.to = 3, .receptor = "excitatory", .rate_Hz = 20.0, .n_trains = 100.0, .weight = 2.0};
    w->ports[0] = (cal_snn_port){.name = "current", .kind = CAL_PORT_CURRENT, .samples = samples};
    w->ports[1] = (cal_snn_port){.name = "spikes", .kind = CAL_PORT_SPIKES, .population = 2};
    w->ports[2] = (cal_snn_port){.name = "rate", .kind = CAL_PORT_RATE, .population = 0, .samples = samples};
    w->ports[3] = (cal_snn_port){.name = "mean", .kind = CAL_PORT_MEAN, .population = 1, .state = "V", .samples = samples};
    w->ports[4] = (cal_snn_port){.name = "Poisson", .kind = CAL_PORT_POISSON, .population = 1, .receptor = "excitatory", .n_trains = 3,
                                 .weight = 50.0, .samples = samples};
    w->def.n_ports = 5;
    w->current = (cal_snn_current){.to = 4, .amplitude = 100.0, .start = 10 * CAL_NS_PER_MS, .stop = 20 * CAL_NS_PER_MS};
}

static void describe(network *w, const subject *s, const layout *l)
{
    memset(w, 0, sizeof *w);
    w->def = cal_snn_def_default();
    w->def.window = (cal_time)(l->window_ms * 1e6 + 0.5);
    w->def.n_tiles = l->n_tiles;
    w->def.seed = s->seed;
    setenv("CALLOSUM_ISA", l->isa, 1);
    if (s->neuron != NULL)
        describe_one_kind(w, cali_test_on_isa(l->isa, s->neuron), s->has_gaps);
    else
        describe_five_kinds(w);
    w->def.populations = w->populations;
    w->def.projections = w->projections;
    w->def.poissons = w->poissons;
    w->def.currents = &w->current;
    w->def.n_currents = 1;
    w->def.ports = w->ports;
}

static cal_snn *build(const subject *s, const layout *l, cal_context **ctx)
{
    network w;
    cal_snn *snn = NULL;
    describe(&w, s, l);
    *ctx = cali_test_context(l->n_threads);
    cr_assert(eq(int, cal_snn_create(*ctx, &w.def, &snn), CAL_OK), "%s", cal_context_message(*ctx));
    return snn;
}

static const char *name_of(const subject *s)
{
    return s->neuron == NULL ? "five kinds" : s->neuron->name;
}

/* Inputs are functions of the time. */
static void write_inputs(cal_snn *snn, const subject *s, double window_ms)
{
    double currents[80], rates[80];
    uint32_t offsets[1024], ids[1024], n = 0;
    const double drive = s->neuron == NULL ? 0.5 : strcmp(s->neuron->current_unit, "pA") == 0 ? 1500.0 : 20.0;
    const unsigned samples = (unsigned)(window_ms * 2.0 + 0.5);
    for (unsigned i = 0; i < samples; i++) {
        const unsigned bin = (unsigned)(cal_snn_time(snn) / BIN) + i;
        currents[i] = bin % 6 == 5 ? 0.0 : drive;
        rates[i] = bin % 4 == 0 ? 0.0 : 300.0 * (bin % 5);
        for (uint32_t id = bin % 3; id < N_SOURCES; id += 5) {
            offsets[n] = (i * 5 + 1 + bin % 5) * 100000u;
            ids[n++] = id;
        }
    }
    cr_assert(eq(int, cal_snn_write(snn, 0, currents), CAL_OK));
    cr_assert(eq(int, cal_snn_write_spikes(snn, 1, n, offsets, ids), CAL_OK));
    if (s->neuron == NULL || s->neuron->n_receptors > 0)
        cr_assert(eq(int, cal_snn_write(snn, 4, rates), CAL_OK));
}

static void advance_to(cal_snn *snn, const subject *subject, double window_ms, cal_time end, outcome *o)
{
    double values[80];
    while (cal_snn_time(snn) < end) {
        write_inputs(snn, subject, window_ms);
        cr_assert(eq(int, cal_snn_advance(snn), CAL_OK), "%s", name_of(subject));
        const cal_snn_spikes s = cal_snn_get_spikes(snn);
        o->n_recorded += s.n;
        for (size_t i = 0; i < s.n; i++) {
            o->spikes = chain(o->spikes, &s.time[i], sizeof s.time[i]);
            o->spikes = chain(o->spikes, &s.population[i], sizeof s.population[i]);
            o->spikes = chain(o->spikes, &s.id[i], sizeof s.id[i]);
        }
        for (size_t port = 2; port < 4; port++) {
            cr_assert(eq(int, cal_snn_read(snn, port, values), CAL_OK));
            for (unsigned i = 0; i < (unsigned)(window_ms * 2.0 + 0.5); i++) /* whatever the window: by port and time */
                o->outputs += cali_mix(chain(port, &values[i], sizeof *values),
                                       (uint64_t)(cal_snn_time(snn) / BIN) - (uint64_t)(window_ms * 2.0 + 0.5) + i);
        }
    }
}

static cal_snn *restore_into(const subject *s, const layout *l, cal_snn *from, cal_context **ctx)
{
    char *bytes = NULL;
    size_t size = 0;
    cr_assert(eq(int, cal_snn_save_state(from, &bytes, &size), CAL_OK));
    cal_snn_destroy(&from);
    cal_context_destroy(ctx);
    cal_snn *snn = build(s, l, ctx);
    cr_assert(eq(int, cal_snn_restore_state(snn, bytes, size, CAL_RESTORE_CONTINUE), CAL_OK), "%s",
              cal_context_message(*ctx));
    free(bytes);
    return snn;
}

static outcome run(const subject *s, const variant *v)
{
    outcome o = {0};
    cal_context *ctx = NULL;
    cal_snn *snn = build(s, &v->first, &ctx);
    if (v->save_ms > 0.0) {
        advance_to(snn, s, v->first.window_ms, (cal_time)(v->save_ms * 1e6 + 0.5), &o);
        const uint64_t hash = cal_snn_hash(snn);
        snn = restore_into(s, &v->then, snn, &ctx);
        cr_expect(eq(u64, cal_snn_hash(snn), hash), "%s: right after restoring", name_of(s));
    }
    advance_to(snn, s, v->save_ms > 0.0 ? v->then.window_ms : v->first.window_ms, END, &o);
    const cal_snn_counts c = cal_snn_get_counts(snn);
    o.state = cal_snn_hash(snn);
    o.n_spikes = c.n_spikes;
    o.n_events = c.n_events;
    o.n_port_events = c.n_port_events;
    o.n_updates = c.n_updates;
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
    return o;
}

static outcome compare(const subject *s)
{
    const char *what = s->has_gaps ? "gap junctions, " : "", *name = name_of(s);
    const outcome whole = run(s, &variants[0]);
    for (int i = 1; i < N_VARIANTS; i++) {
        const outcome o = run(s, &variants[i]);
        cr_expect(eq(u64, o.spikes, whole.spikes), "%s, %svariant %d: spikes", name, what, i);
        cr_expect(eq(u64, o.outputs, whole.outputs), "%s, %svariant %d: outputs", name, what, i);
        cr_expect(eq(u64, o.state, whole.state), "%s, %svariant %d: state", name, what, i);
        cr_expect(o.n_spikes == whole.n_spikes && o.n_events == whole.n_events && o.n_updates == whole.n_updates &&
                      o.n_port_events == whole.n_port_events, "%s, %svariant %d: counts", name, what, i);
    }
    return whole;
}

ParameterizedTestParameters(snn_same_bits, of_every_neuron_in_every_layout)
{
    static int index[MAX_NEURONS];
    const size_t n = cali_test_n_neurons();
    for (size_t i = 0; i < n; i++)
        index[i] = (int)i;
    return cr_make_param_array(int, index, n);
}
ParameterizedTest(int *index, snn_same_bits, of_every_neuron_in_every_layout)
{
    const cal_neuron *neuron = cali_test_neuron_at((size_t)*index);
    const outcome without = compare(&(subject){neuron, false, 11});
    cr_expect(without.n_updates == (N_A + N_B) * 400 && (without.n_spikes > 0 || neuron->n_receptors == 0), "%s: %.0f spikes",
              neuron->name, (double)without.n_spikes);
    if (cali_has_voltage(neuron))
        cr_expect(ne(u64, compare(&(subject){neuron, true, 11}).state, without.state), "%s: gap junctions without effect", neuron->name);
}

Test(snn_same_bits, of_five_kinds_of_neurons_in_one_network)
{
    const subject five = {NULL, false, 42}, other = {NULL, false, 43};
    const outcome o = compare(&five);
    cr_expect(o.n_updates == (301 + 120 + 77 + 60 + 60) * 400 && o.n_spikes > 500 && o.n_port_events > 100, "%.0f spikes, %.0f port events",
              (double)o.n_spikes, (double)o.n_port_events);
    cr_expect(eq(u64, o.n_recorded, o.n_spikes));
    cr_expect(ne(u64, run(&other, &variants[0]).state, o.state)); /* the hash is no constant: another seed changes it */
}
