/* Every injected and every emitted spike is accounted for: spikes counted by hand from the list of synapses and the list of
 * spikes are those that have arrived, synapse by synapse at its own delay, and all others are still on their way.
 *
 * Counters: leakless neurons far below threshold, to which every synapse adds 1 mV, so that the voltage is the number of
 * spikes that arrived; after 60 ms the leak of tau_m = 1e6 ms has taken 6e-5 of it. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/snn.h"
#include "support/support.h"

enum { N_COUNTERS = 37, N_CELLS = 23, N_SOURCES = 19, MAX_EDGES = 60000, MAX_LOG = 60000, COUNTERS = 0, CELLS = 1, SOURCES = 2 };

typedef struct edge {
    size_t from;
    uint32_t source, target;
    int64_t delay; /* steps */
} edge;

typedef struct emitted {
    size_t population;
    uint32_t id;
    int64_t step;
} emitted;

typedef struct ledger {
    size_t from; /* of the visit under way */
    edge edges[MAX_EDGES];
    size_t n_edges;
    emitted log[MAX_LOG];
    size_t n_log, n_written;
} ledger;

typedef struct way {
    cal_rule rule;
    const char *synapse; /* "static", or a rule that is told not to learn */
    double longest_ms;   /* of the delays */
    uint32_t steps;      /* of a window */
    unsigned n_tiles;
} way;

static const way ways[] = {
    {CAL_ALL_TO_ALL, "static", 0.0, 10, 1},        {CAL_ALL_TO_ALL, "static", 4.0, 1, 3},
    {CAL_ONE_TO_ONE, "static", 1.2, 7, 2},         {CAL_FIXED_IN_DEGREE, "static", 12.7, 1, 3},
    {CAL_FIXED_OUT_DEGREE, "static", 2.0, 7, 1},   {CAL_FIXED_TOTAL, "static", 3.0, 25, 5},
    {CAL_PAIRWISE_BERNOULLI, "static", 45.0, 7, 2}, {CAL_ALL_TO_ALL, "stdp", 2.0, 7, 3},
    {CAL_FIXED_IN_DEGREE, "stdp", 12.7, 1, 2},     {CAL_PAIRWISE_BERNOULLI, "stdp-power", 3.0, 25, 1},
    {CAL_FIXED_TOTAL, "stdp-nearest", 5.0, 7, 7},  {CAL_FIXED_OUT_DEGREE, "tsodyks-markram", 2.0, 10, 2},
    {CAL_FIXED_TOTAL, "structural", 12.7, 1, 3},   {CAL_PAIRWISE_BERNOULLI, "structural-linear", 3.0, 7, 2},
};
enum { N_WAYS = sizeof ways / sizeof ways[0] };

static void enter(void *arg, uint32_t source, uint32_t target, double weight, cal_time delay)
{
    ledger *l = arg;
    cr_assert(l->n_edges < MAX_EDGES);
    cr_expect(epsilon_eq(dbl, weight, 1.0, 1e-4));
    l->edges[l->n_edges++] = (edge){l->from, source, target, delay / 100000};
}

static cal_snn_projection project(const way *w, size_t from)
{
    static const cal_snn_setting still[] = {{"lambda", {CAL_CONSTANT, 0.0, 0, 0, 0}}, {"w_max", {CAL_CONSTANT, 2.0, 0, 0, 0}}};
    static const cal_snn_setting fresh[] = {{"U", {CAL_CONSTANT, 1.0, 0, 0, 0}}, {"tau_rec", {CAL_CONSTANT, 1e-3, 0, 0, 0}}};
    static const cal_snn_setting frozen[] = {{"axon_growth", {CAL_CONSTANT, 0.0, 0, 0, 0}},
                                             {"dendrite_growth", {CAL_CONSTANT, 0.0, 0, 0, 0}},
                                             {"capacity", {CAL_CONSTANT, 64.0, 0, 0, 0}}};
    const bool is_short_term = strcmp(w->synapse, "tsodyks-markram") == 0;
    const bool is_structural = strncmp(w->synapse, "structural", 10) == 0;
    cal_snn_projection p = cal_snn_projection_default(w->rule);
    p.from = from;
    p.to = COUNTERS;
    p.receptor = "delta";
    p.in_degree = p.out_degree = 11;
    p.total = 400;
    p.probability = 0.4;
    p.has_multapses = p.rule != CAL_FIXED_IN_DEGREE;
    p.weight.a = 1.0;
    p.delay_ms = (cal_distribution){CAL_UNIFORM, 0.1, w->longest_ms, 0, 0};
    if (w->longest_ms == 0.0)
        p.delay_ms = (cal_distribution){CAL_CONSTANT, 0.6, 0, 0, 0}; /* broadcast */
    p.synapse = cal_snn_synapse_find(w->synapse);
    p.settings = is_structural ? frozen : is_short_term ? fresh : still;
    p.n_settings = strcmp(w->synapse, "static") == 0 ? 0 : is_structural ? 3 : 2;
    return p;
}

static cal_snn *create(const way *w, cal_context *ctx)
{
    static const cal_snn_setting counter[] = {{"E_L", {CAL_CONSTANT, 0.0, 0, 0, 0}}, {"V_reset", {CAL_CONSTANT, 0.0, 0, 0, 0}},
                                              {"V_th", {CAL_CONSTANT, 1e4, 0, 0, 0}}, {"tau_m", {CAL_CONSTANT, 1e6, 0, 0, 0}}};
    static const cal_snn_setting cell[] = {{"I_e", {CAL_UNIFORM, 400.0, 2500.0, 0, 0}}, {"t_ref", {CAL_CONSTANT, 0.3, 0, 0, 0}}};
    const cal_neuron *lif = cal_snn_neuron_find("lif");
    const bool is_paired = w->rule == CAL_ONE_TO_ONE;
    const cal_snn_population populations[] = {{"counter", lif, N_COUNTERS, counter, 4},
                                              {"cell", lif, is_paired ? N_COUNTERS : N_CELLS, cell, 2},
                                              {"source", NULL, is_paired ? N_COUNTERS : N_SOURCES, NULL, 0}};
    const cal_snn_projection projections[] = {project(w, CELLS), project(w, SOURCES)};
    const cal_snn_port port = {.name = "in", .kind = CAL_PORT_SPIKES, .population = SOURCES};
    cal_snn_def def = cal_snn_def_default();
    def.window = w->steps * def.dt;
    def.n_tiles = w->n_tiles;
    def.seed = 9;
    def.populations = populations;
    def.n_populations = 3;
    def.projections = projections;
    def.n_projections = 2;
    def.ports = &port;
    def.n_ports = 1;
    cal_snn *snn = NULL;
    cr_assert(eq(int, cal_snn_create(ctx, &def, &snn), CAL_OK), "%s", cal_context_message(ctx));
    return snn;
}

static void keep(ledger *l, size_t population, uint32_t id, int64_t step)
{
    cr_assert(l->n_log < MAX_LOG);
    l->log[l->n_log++] = (emitted){population, id, step};
}

/* Source 0 spikes in every step, others now and then, some twice in one step - which takes twice the resources of a synapse
 * with short-term plasticity, so not there. */
static void write(cal_snn *snn, ledger *l, const way *w)
{
    uint32_t offsets[2048], ids[2048], n = 0;
    const int64_t first = cal_snn_time(snn) / 100000;
    const bool has_twins = strcmp(w->synapse, "tsodyks-markram") != 0;
    for (uint32_t k = 1; k <= w->steps; k++)
        for (uint32_t id = 0; id < N_SOURCES; id++)
            for (int twice = 0; twice < (has_twins && id % 5 == 3 ? 2 : 1); twice++)
                if (id == 0 || (first + k) % (7 * id) == 0) {
                    offsets[n] = k * 100000u;
                    ids[n++] = id;
                    keep(l, SOURCES, id, first + k);
                }
    cr_assert(eq(int, cal_snn_write_spikes(snn, 0, n, offsets, ids), CAL_OK));
    l->n_written += n;
}

/* Spikes that have reached each counter by `now`, and those that are under way. */
static size_t count(const ledger *l, int64_t now, double arrived[N_COUNTERS])
{
    size_t n_pending = 0;
    memset(arrived, 0, N_COUNTERS * sizeof *arrived);
    for (size_t i = 0; i < l->n_log; i++)
        for (size_t k = 0; k < l->n_edges; k++) {
            const edge *e = &l->edges[k];
            if (e->from != l->log[i].population || e->source != l->log[i].id)
                continue;
            const bool has_arrived = l->log[i].step + e->delay <= now;
            arrived[e->target] += has_arrived;
            n_pending += !has_arrived;
        }
    return n_pending;
}

ParameterizedTestParameters(snn_accounting, every_spike_arrives_once_at_its_time_or_is_on_its_way)
{
    static int index[N_WAYS];
    for (int i = 0; i < N_WAYS; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_WAYS);
}

ParameterizedTest(int *index, snn_accounting, every_spike_arrives_once_at_its_time_or_is_on_its_way)
{
    static ledger l;
    const way *w = &ways[*index];
    cal_context *ctx = cali_test_context(2);
    cal_snn *snn = create(w, ctx);
    double v[N_COUNTERS], expected[N_COUNTERS];
    for (l.from = CELLS; l.from <= SOURCES; l.from++)
        cr_assert(eq(int, cal_snn_visit_synapses(snn, l.from, COUNTERS, "delta", enter, &l), CAL_OK));
    cr_expect(eq(u64, cal_snn_get_counts(snn).n_synapses, l.n_edges));
    size_t n_pending = 0, n_checks = 0, n_arrived = 0;
    while (cal_snn_time(snn) < 60 * CAL_NS_PER_MS) {
        write(snn, &l, w);
        cr_assert(eq(int, cal_snn_advance(snn), CAL_OK));
        const cal_snn_spikes s = cal_snn_get_spikes(snn);
        for (size_t i = 0; i < s.n; i++)
            keep(&l, s.population[i], s.id[i], s.time[i] / 100000);
        const int64_t now = cal_snn_time(snn) / 100000;
        if (now < 590 && now / (int64_t)w->steps % (1 + 97 / (int64_t)w->steps) != 0)
            continue;
        n_pending = count(&l, now, expected);
        cr_assert(eq(int, cal_snn_get_state(snn, COUNTERS, "V", v), CAL_OK));
        n_arrived = 0;
        for (int i = 0; i < N_COUNTERS; i++) {
            cr_assert(fabs(v[i] - expected[i]) < 0.3, "step %d, counter %d: %g arrived, not %g", (int)now, i, v[i], expected[i]);
            n_arrived += (size_t)expected[i];
        }
        n_checks++;
    }
    const cal_snn_counts c = cal_snn_get_counts(snn);
    cr_expect(eq(u64, c.n_port_spikes_in, l.n_written));
    cr_expect(eq(u64, c.n_spikes, l.n_log - l.n_written));
    cr_expect(eq(u64, c.n_events, n_arrived + n_pending), "emitted times out-degree is what arrived and what is on its way");
    cr_expect(n_checks >= 5 && n_arrived > 1000 && n_pending > 10, "%zu checks, %zu arrived, %zu pending", n_checks, n_arrived,
              n_pending);
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
}
