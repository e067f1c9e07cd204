/* What is kept of a simulation: spikes of chosen neurons and samples of states. The truth are the states and spikes that the
 * same network shows with windows of one step and everything kept. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/snn.h"
#include "support/support.h"

enum { N_LIF = 120, N_QIF = 77, N_STEPS = 240 };
#define DT (CAL_NS_PER_MS / 10)

static const cal_snn_setting lif[] = {{"I_e", {CAL_UNIFORM, 600.0, 900.0, 0, 0}},
                                      {"E_L", {CAL_NORMAL, -70.0, 1.0, 0, 0}},
                                      {"V", {CAL_UNIFORM, -65.0, -50.0, 0, 0}}};
static const cal_snn_setting eta[] = {{"eta", {CAL_LORENTZIAN_QUANTILES, 1.0, 1.0, 0, 0}}};

/* lif -> qif -> lif, with gap junctions among lif: these change V behind the kernel. */
static void network(cal_snn_def *def)
{
    static cal_snn_population populations[2];
    static cal_snn_projection projections[2], gap;
    populations[0] = (cal_snn_population){"lif", cal_snn_neuron_find("lif"), N_LIF, lif, 3};
    populations[1] = (cal_snn_population){"qif", cal_snn_neuron_find("qif"), N_QIF, eta, 1};
    for (size_t i = 0; i < 2; i++) {
        projections[i] = cal_snn_projection_default(CAL_FIXED_IN_DEGREE);
        projections[i].from = i;
        projections[i].to = 1 - i;
        projections[i].in_degree = 9;
        projections[i].receptor = i == 0 ? "input" : "excitatory";
        projections[i].weight.a = i == 0 ? 0.1 : 40.0;
        projections[i].delay_ms.a = 0.7;
    }
    gap = cal_snn_projection_default(CAL_PAIRWISE_BERNOULLI);
    gap.probability = 0.02;
    gap.weight.a = 1.0;
    *def = cal_snn_def_default();
    def->dt = def->window = DT;
    def->seed = 5;
    def->populations = populations;
    def->n_populations = 2;
    def->projections = projections;
    def->n_projections = 2;
    def->gap_junctions = &gap;
    def->n_gap_junctions = 1;
}

static cal_snn *build(cal_context *ctx, const cal_snn_def *def)
{
    cal_snn *snn = NULL;
    cr_assert(cal_snn_create(ctx, def, &snn) == CAL_OK, "%s", cal_context_message(ctx));
    return snn;
}

/* Every state at every step, and every spike. */
typedef struct truth {
    double v[N_STEPS][N_LIF], i_ex[N_STEPS][N_LIF], q[N_STEPS][N_QIF];
    unsigned char lif[N_STEPS][N_LIF];
    size_t n_spikes;
    uint64_t hash;
} truth;

static truth *find_truth(void)
{
    cal_context *ctx = cali_test_context(1);
    cal_snn_def def;
    network(&def);
    def.n_tiles = 1;
    cal_snn *snn = build(ctx, &def);
    truth *t = calloc(1, sizeof *t);
    for (size_t k = 0; k < N_STEPS; k++) {
        cr_assert(cal_snn_advance(snn) == CAL_OK);
        cr_assert(cal_snn_get_state(snn, 0, "V", t->v[k]) == CAL_OK);
        cr_assert(cal_snn_get_state(snn, 0, "I_exc", t->i_ex[k]) == CAL_OK);
        cr_assert(cal_snn_get_state(snn, 1, "v", t->q[k]) == CAL_OK);
        const cal_snn_spikes s = cal_snn_get_spikes(snn);
        for (size_t i = 0; i < s.n; i++)
            if (s.population[i] == 0)
                t->lif[k][s.id[i]] = 1;
        t->n_spikes += s.n;
    }
    t->hash = cal_snn_hash(snn);
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
    return t;
}

/* Window and interval in steps: dividing each other, with a common part, prime to each other, interval longer than window. */
static const struct variant {
    unsigned n_threads, n_tiles, window, every;
} variants[] = {{1, 1, 1, 1}, {1, 1, 24, 1}, {2, 3, 24, 6}, {3, 7, 12, 8}, {7, 2, 16, 5}, {2, 5, 6, 40}, {1, 0, 240, 7}};

ParameterizedTestParameters(snn_record, samples_are_the_states_at_their_times)
{
    static int index[sizeof variants / sizeof *variants];
    for (size_t i = 0; i < sizeof index / sizeof *index; i++)
        index[i] = (int)i;
    return cr_make_param_array(int, index, sizeof index / sizeof *index);
}

ParameterizedTest(int *at, snn_record, samples_are_the_states_at_their_times)
{
    const struct variant *v = &variants[*at];
    static const uint32_t some[] = {0, 3, 50, 51, 118, 119};
    const cal_snn_subset subset = {6, some};
    const cal_snn_sampler samplers[] = {{0, "V", v->every * DT, NULL}, {1, "v", v->every * DT, NULL},
                                        {0, "I_exc", v->every * DT, &subset}, {0, "V", 3 * DT, &subset}};
    truth *t = find_truth();
    cal_context *ctx = cali_test_context(v->n_threads);
    cal_snn_def def;
    network(&def);
    def.n_tiles = v->n_tiles;
    def.window = v->window * DT;
    def.samplers = samplers;
    def.n_samplers = 4;
    cal_snn *snn = build(ctx, &def);
    size_t n_taken[4] = {0}, n_wrong = 0;
    while (cal_snn_time(snn) < N_STEPS * DT) {
        cr_assert(cal_snn_advance(snn) == CAL_OK);
        for (size_t s = 0; s < 4; s++) {
            const cal_snn_samples x = cal_snn_get_samples(snn, s);
            cr_assert(eq(sz, x.n_columns, s == 0 ? N_LIF : s == 1 ? N_QIF : 6));
            for (size_t r = 0; r < x.n_rows; r++, n_taken[s]++)
                for (size_t c = 0; c < x.n_columns; c++) {
                    const size_t k = (n_taken[s] + 1) * (s == 3 ? 3 : v->every) - 1;
                    const double is = s == 0 ? t->v[k][c] : s == 1 ? t->q[k][c] : s == 2 ? t->i_ex[k][some[c]] : t->v[k][some[c]];
                    n_wrong += x.rows[r * x.n_columns + c] != (float)is;
                }
        }
    }
    cr_expect(eq(sz, n_wrong, 0));
    for (size_t s = 0; s < 3; s++)
        cr_expect(eq(sz, n_taken[s], N_STEPS / v->every));
    cr_expect(eq(sz, n_taken[3], N_STEPS / 3));
    cr_expect(eq(u64, cal_snn_hash(snn), t->hash), "recording changes the run");
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
    free(t);
}

Test(snn_record, spikes_of_a_subset_are_those_of_its_neurons)
{
    static const uint32_t some[] = {2, 31, 32, 64, 119};
    const cal_snn_subset subsets[] = {{5, some}, {0, some}}; /* of the second population none */
    truth *t = find_truth();
    cal_context *ctx = cali_test_context(2);
    cal_snn_def def;
    network(&def);
    def.n_tiles = 3;
    def.window = 24 * DT;
    def.record_subset = subsets;
    cal_snn *snn = build(ctx, &def);
    size_t n = 0, n_true = 0;
    while (cal_snn_time(snn) < N_STEPS * DT) {
        cr_assert(cal_snn_advance(snn) == CAL_OK);
        const cal_snn_spikes s = cal_snn_get_spikes(snn);
        for (size_t i = 0; i < s.n; i++) {
            cr_assert(eq(u32, s.population[i], 0));
            cr_assert(t->lif[s.time[i] / DT - 1][s.id[i]] == 1);
        }
        n += s.n;
    }
    for (size_t k = 0; k < N_STEPS; k++)
        for (size_t i = 0; i < 5; i++)
            n_true += t->lif[k][some[i]];
    cr_expect(n_true > 3, "%zu spikes are no test", n_true);
    cr_expect(eq(sz, n, n_true));
    cr_expect(eq(u64, cal_snn_hash(snn), t->hash));
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
    free(t);
}

Test(snn_record, mistakes_are_refused_with_their_name)
{
    static const uint32_t beyond[] = {0, N_LIF}, twice[] = {4, 4};
    const cal_snn_subset bad[] = {{2, beyond}, {2, twice}};
    const struct {
        cal_snn_sampler sampler;
        const char *says;
    } cases[] = {{{2, "V", DT, NULL}, "no population 2"},
                 {{0, "W", DT, NULL}, "lif has no state \"W\""},
                 {{0, NULL, DT, NULL}, "no state"},
                 {{0, "V", 0, NULL}, "whole number of steps"},
                 {{0, "V", DT / 2 * 3, NULL}, "whole number of steps"},
                 {{0, "V", DT, &bad[0]}, "neuron 120"},
                 {{0, "V", DT, &bad[1]}, "must ascend"}};
    cal_context *ctx = cali_test_context(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cal_snn_def def;
        cal_snn *snn = NULL;
        network(&def);
        def.samplers = &cases[i].sampler;
        def.n_samplers = 1;
        cal_context_clear(ctx);
        cr_expect(cal_snn_create(ctx, &def, &snn) == CAL_ERR_ARGUMENT);
        cr_expect(strstr(cal_context_message(ctx), cases[i].says) != NULL, "%s", cal_context_message(ctx));
    }
    cal_context_destroy(&ctx);
}

/* All neurons at every step of a long window: the estimate has to see it. */
Test(snn_record, the_estimate_counts_the_samples)
{
    cal_context *ctx = cali_test_context(1);
    const cal_snn_sampler sampler = {0, "V", DT, NULL};
    double without, with, n_synapses;
    cal_snn_def def;
    network(&def);
    def.window = 10000 * DT;
    cr_assert(cal_snn_estimate(ctx, &def, &without, &n_synapses) == CAL_OK);
    def.samplers = &sampler;
    def.n_samplers = 1;
    cr_assert(cal_snn_estimate(ctx, &def, &with, &n_synapses) == CAL_OK);
    cr_expect(epsilon_eq(dbl, with - without, (4.0 * 10000.0 + 8.0) * N_LIF, 1.0));
    cal_context_destroy(&ctx);
}
