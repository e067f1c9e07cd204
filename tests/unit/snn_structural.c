/* Synapses that form and break: what is refused, room that never overflows, spikes along the synapses of their time, saved
 * states. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/snn.h"
#include "support/support.h"

enum { N_COUNTERS = 37, N_SOURCES = 19, N_WINDOWS = 60, MAX_EDGES = 5000, MAX_SETTINGS = 20 };

/* Sources onto leakless neurons far below threshold, to which a synapse adds 1 mV: their voltage counts what arrived. */
typedef struct bed {
    cal_context *ctx;
    cal_snn_population populations[2];
    cal_snn_setting settings[MAX_SETTINGS];
    cal_snn_projection projection;
    cal_snn_port port;
    cal_snn_def def;
    cal_snn *snn;
} bed;

static void set(bed *b, const char *name, double value)
{
    cr_assert(b->projection.n_settings < MAX_SETTINGS);
    b->settings[b->projection.n_settings++] = (cal_snn_setting){name, {CAL_CONSTANT, value, 0, 0, 0}};
}

static void lay(bed *b, const char *synapse, unsigned n_tiles)
{
    static const cal_snn_setting counter[] = {{"E_L", {CAL_CONSTANT, 0.0, 0, 0, 0}}, {"V_reset", {CAL_CONSTANT, 0.0, 0, 0, 0}},
                                              {"V_th", {CAL_CONSTANT, 1e4, 0, 0, 0}}, {"tau_m", {CAL_CONSTANT, 1e6, 0, 0, 0}}};
    *b = (bed){.ctx = cali_test_context(2)};
    b->populations[0] = (cal_snn_population){"counter", cal_snn_neuron_find("lif"), N_COUNTERS, counter, 4};
    b->populations[1] = (cal_snn_population){"source", NULL, N_SOURCES, NULL, 0};
    b->projection = cal_snn_projection_default(CAL_FIXED_IN_DEGREE);
    b->projection.from = 1;
    b->projection.receptor = "delta";
    b->projection.in_degree = 3;
    b->projection.weight.a = 1.0;
    b->projection.delay_ms = (cal_distribution){CAL_UNIFORM, 0.2, 4.0, 0, 0};
    b->projection.synapse = cal_snn_synapse_find(synapse);
    b->projection.settings = b->settings;
    set(b, "capacity", 8.0);
    set(b, "interval", 3.0);
    set(b, "tau_Ca", 100.0);
    set(b, "beta_Ca", 0.01);
    b->port = (cal_snn_port){.name = "in", .kind = CAL_PORT_SPIKES, .population = 1};
    b->def = cal_snn_def_default();
    b->def.window = 3 * CAL_NS_PER_MS;
    b->def.n_tiles = n_tiles;
    b->def.seed = 4;
    b->def.populations = b->populations;
    b->def.n_populations = 2;
    b->def.projections = &b->projection;
    b->def.n_projections = 1;
    b->def.ports = &b->port;
    b->def.n_ports = 1;
}

static void create(bed *b)
{
    cr_assert(eq(int, cal_snn_create(b->ctx, &b->def, &b->snn), CAL_OK), "%s", cal_context_message(b->ctx));
}

static void clear(bed *b)
{
    cal_snn_destroy(&b->snn);
    cal_context_destroy(&b->ctx);
}

static cal_snn_structure structure_of(const bed *b)
{
    cal_snn_structure s;
    cr_assert(eq(int, cal_snn_get_structure(b->snn, 0, &s), CAL_OK));
    return s;
}

typedef struct edge {
    uint32_t source, target;
    int64_t delay; /* steps */
} edge;

typedef struct edges {
    edge list[MAX_EDGES];
    size_t n;
} edges;

static void keep(void *arg, uint32_t source, uint32_t target, double weight, cal_time delay)
{
    edges *e = arg;
    cr_assert(e->n < MAX_EDGES);
    cr_expect(epsilon_eq(dbl, weight, 1.0, 1e-4));
    e->list[e->n++] = (edge){source, target, delay / 100000};
}

/* Spikes of one window: source k in every (k + 2)-th step. */
static uint32_t list_spikes(int64_t first, uint32_t n_steps, uint32_t *offsets, uint32_t *ids)
{
    uint32_t n = 0;
    for (uint32_t step = 1; step <= n_steps; step++)
        for (uint32_t id = 0; id < N_SOURCES; id++)
            if ((first + step) % (7 * id + 11) == 0) {
                offsets[n] = step * 100000u;
                ids[n++] = id;
            }
    return n;
}

static void advance(bed *b)
{
    uint32_t offsets[30 * N_SOURCES], ids[30 * N_SOURCES];
    const uint32_t n = list_spikes(cal_snn_time(b->snn) / 100000, 30, offsets, ids);
    cr_assert(eq(int, cal_snn_write_spikes(b->snn, 0, n, offsets, ids), CAL_OK));
    cr_assert(eq(int, cal_snn_advance(b->snn), CAL_OK), "%s", cal_context_message(b->ctx));
}

/* Updates are at the ends of windows here, so the synapses before a window are those of its spikes. */
Test(snn_structural, a_spike_goes_along_the_synapses_that_there_are_when_it_is_emitted)
{
    static edges e;
    static double arrived[N_COUNTERS][30 * (N_WINDOWS + 2)];
    for (unsigned n_tiles = 1; n_tiles <= 5; n_tiles += 4) {
        bed b;
        uint64_t n_events = 0;
        double v[N_COUNTERS];
        memset(arrived, 0, sizeof arrived);
        lay(&b, "structural-linear", n_tiles);
        set(&b, "axon_growth", 200.0);
        set(&b, "dendrite_growth", 200.0);
        set(&b, "axon_epsilon", 0.15);
        set(&b, "dendrite_epsilon", 1e9);
        create(&b);
        for (int w = 0; w < N_WINDOWS; w++) {
            uint32_t offsets[30 * N_SOURCES], ids[30 * N_SOURCES];
            const uint32_t n = list_spikes(30 * w, 30, offsets, ids);
            e.n = 0;
            cr_assert(eq(int, cal_snn_visit_synapses(b.snn, 1, 0, "delta", keep, &e), CAL_OK));
            cr_expect(eq(u64, structure_of(&b).n_synapses, e.n));
            for (uint32_t i = 0; i < n; i++)
                for (size_t k = 0; k < e.n; k++)
                    if (e.list[k].source == ids[i]) {
                        const int64_t at = 30 * w + offsets[i] / 100000 + e.list[k].delay;
                        arrived[e.list[k].target][at]++;
                        n_events++;
                    }
            advance(&b);
            cr_assert(eq(int, cal_snn_get_state(b.snn, 0, "V", v), CAL_OK));
            for (int i = 0; i < N_COUNTERS; i++) {
                double expected = 0.0;
                for (int at = 0; at <= 30 * (w + 1); at++)
                    expected += arrived[i][at];
                cr_assert(fabs(v[i] - expected) < 0.3, "window %d, counter %d: %g, not %g", w, i, v[i], expected);
            }
        }
        const cal_snn_structure s = structure_of(&b);
        cr_expect(s.n_formed > 100 && s.n_broken > 30, "%.0f, %.0f", (double)s.n_formed, (double)s.n_broken);
        cr_expect(eq(u64, cal_snn_get_counts(b.snn).n_events, n_events));
        clear(&b);
    }
}

/* Elements that grow without bounds fill the capacity, and no pair is joined twice unless that is allowed. */
Test(snn_structural, fills_its_capacity_and_never_more)
{
    for (int has_multapses = 0; has_multapses < 2; has_multapses++) {
        bed b;
        uint32_t in[N_COUNTERS];
        lay(&b, "structural-linear", 3);
        b.projection.in_degree = 0;
        b.projection.has_multapses = has_multapses;
        set(&b, "capacity", has_multapses ? 64.0 : 25.0); /* of 19 sources */
        set(&b, "axon_growth", 1e6);
        set(&b, "dendrite_growth", 1e6);
        set(&b, "axon_epsilon", 1e9);
        set(&b, "dendrite_epsilon", 1e9);
        create(&b);
        cr_expect(eq(u64, structure_of(&b).n_synapses, 0));
        for (int w = 0; w < 4; w++)
            advance(&b);
        cr_assert(eq(int, cal_snn_get_elements(b.snn, 0, CAL_TARGET_END, NULL, NULL, in), CAL_OK));
        for (int i = 0; i < N_COUNTERS; i++)
            cr_expect(eq(u32, in[i], has_multapses ? 64 : N_SOURCES));
        clear(&b);
    }
}

static void expect_refused(bed *b, const char *text)
{
    const cal_status status = cal_snn_create(b->ctx, &b->def, &b->snn);
    cr_expect(ne(int, status, CAL_OK), "accepted: %s", text);
    cr_expect(strstr(cal_context_message(b->ctx), text) != NULL, "\"%s\" lacks \"%s\"", cal_context_message(b->ctx), text);
    clear(b);
}

Test(snn_structural, refuses_what_cannot_be)
{
    bed b;
    lay(&b, "structural", 1);
    b.projection.n_settings = 0;
    expect_refused(&b, "needs capacity");
    lay(&b, "structural", 1);
    set(&b, "capacity", 2.5);
    expect_refused(&b, "whole number");
    lay(&b, "structural", 1);
    set(&b, "capacity", 2.0);
    expect_refused(&b, "in_degree 3 is more than the capacity");
    lay(&b, "structural", 1);
    set(&b, "dendrite_start", 9.0);
    expect_refused(&b, "dendrite_start 9 is more");
    lay(&b, "structural", 1);
    set(&b, "axon_eta", 0.05);
    expect_refused(&b, "axon_eta 0.05 must be below epsilon 0.05");
    lay(&b, "structural", 1);
    set(&b, "interval", 2e7);
    expect_refused(&b, "allowed are");
    lay(&b, "structural", 1);
    b.settings[b.projection.n_settings++] = (cal_snn_setting){"tau_Ca", {CAL_UNIFORM, 10.0, 20.0, 0, 0}};
    expect_refused(&b, "must be a number");
    lay(&b, "structural", 1);
    b.projection.rule = CAL_PAIRWISE_BERNOULLI;
    b.projection.probability = 1.0;
    expect_refused(&b, "has 19 synapses at the start, its capacity is 8");
    lay(&b, "structural", 1);
    b.projection.scaling.kind = CAL_SCALING_SUM;
    expect_refused(&b, "no w_max");
    lay(&b, "structural", 1);
    set(&b, "capacity", 65535.0);
    b.def.memory_budget_bytes = 2e7;
    expect_refused(&b, "E402");
    lay(&b, "structural", 1);
    set(&b, "capacity", 65535.0);
    b.projection.weight = (cal_distribution){CAL_UNIFORM, 0.0, 1.0, 0, 0};
    b.populations[0].n = 1;
    create(&b); /* the sums hold 65,535 synapses of 1 mV */
    double quantum;
    cr_assert(eq(int, cal_snn_get_quantum(b.snn, 0, "delta", &quantum), CAL_OK));
    cr_expect(quantum * 2147483647.0 > 65535.0, "%g", quantum);
    clear(&b);
}

Test(snn_structural, tells_of_structural_projections_alone)
{
    bed b;
    cal_snn_structure s;
    lay(&b, "structural", 1);
    create(&b);
    cr_expect(eq(int, cal_snn_get_structure(b.snn, 1, &s), CAL_ERR_ARGUMENT));
    clear(&b);
    lay(&b, "static", 1);
    b.projection.n_settings = 0;
    create(&b);
    cr_expect(eq(int, cal_snn_get_structure(b.snn, 0, &s), CAL_ERR_ARGUMENT));
    cr_expect(eq(int, cal_snn_get_elements(b.snn, 0, CAL_TARGET_END, NULL, NULL, NULL), CAL_ERR_ARGUMENT));
    clear(&b);
}

static void save(const bed *b, char **bytes, size_t *size)
{
    cr_assert(eq(int, cal_snn_save_state(b->snn, bytes, size), CAL_OK));
}

/* A new run begins with the synapses of a state, its own weights, and time 0; a smaller capacity refuses them. */
Test(snn_structural, a_new_run_begins_with_saved_synapses)
{
    bed b;
    char *bytes;
    size_t size;
    cal_snn_weights before, after;
    lay(&b, "structural-linear", 2);
    set(&b, "axon_growth", 60.0);
    set(&b, "dendrite_growth", 60.0);
    create(&b);
    for (int w = 0; w < 20; w++)
        advance(&b);
    save(&b, &bytes, &size);
    cr_assert(eq(int, cal_snn_get_weights(b.snn, 0, &before), CAL_OK));
    cr_expect(gt(sz, before.n, 0));
    cal_snn_destroy(&b.snn);
    b.projection.weight.a = 2.0;
    b.def.n_tiles = 3;
    create(&b);
    cr_expect(eq(int, cal_snn_restore_state(b.snn, bytes, size, CAL_RESTORE_CONTINUE), CAL_ERR_INPUT));
    cr_assert(eq(int, cal_snn_restore_state(b.snn, bytes, size, CAL_RESTORE_BEGIN), CAL_OK), "%s", cal_context_message(b.ctx));
    cr_assert(eq(int, cal_snn_get_weights(b.snn, 0, &after), CAL_OK));
    cr_assert(eq(sz, after.n, before.n));
    for (size_t k = 0; k < after.n; k++) {
        cr_expect(eq(u32, after.source[k], before.source[k]));
        cr_expect(eq(u32, after.target[k], before.target[k]));
        cr_expect(epsilon_eq(dbl, after.weight[k], 2.0 * before.weight[k], 1e-5));
    }
    cr_expect(eq(u64, structure_of(&b).n_formed, 0));
    for (int w = 0; w < 3; w++)
        advance(&b);
    cal_snn_destroy(&b.snn);
    cal_snn_weights_free(&before);
    cal_snn_weights_free(&after);
    b.projection.in_degree = 0;
    set(&b, "capacity", 1.0);
    create(&b);
    cr_expect(eq(int, cal_snn_restore_state(b.snn, bytes, size, CAL_RESTORE_BEGIN), CAL_ERR_INPUT));
    free(bytes);
    clear(&b);
}
