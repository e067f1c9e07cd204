/* Every synapse of the list gives the same bits for any threads, tiles and instruction set, for windows of 1 step, 3 steps, the
 * shortest delay, 7 steps and the whole run, and after a state was saved and restored on the way: hashes over spikes, states,
 * weights and what is on its way. The network has static rows, a broadcast, gap junctions, noise and a train too. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <math.h>
#include <stdlib.h>

#include "snn/synapse.h"
#include "support/snn_quick.h"
#include "support/support.h"

enum { MAX_SYNAPSES = 64, N_STEPS = 630, N_TRAIN = 400 };

/* The state goes through a file of bytes at `save_step`, a multiple of both windows; 0: it does not. */
typedef struct layout {
    unsigned n_threads, n_tiles;
    const char *isa;
    int window, save_step;
} layout;

static const layout layouts[] = {
    {1, 1, "base", 630, 0}, {1, 1, "v3", 1, 0},   {1, 2, "v4", 3, 0},    {2, 3, "base", 5, 0},  {3, 7, "v4", 7, 0},
    {7, 5, "v3", 630, 0},   {2, 2, "v4", 1, 311}, {1, 3, "base", 3, 303}, {3, 4, "v3", 7, 210}, {7, 1, "v4", 5, 315},
};
enum { N_LAYOUTS = sizeof layouts / sizeof layouts[0] };

static cal_snn *create(const cal_synapse *synapse, const layout *l, unsigned n_tiles, cal_context *ctx)
{
    static const cal_snn_setting cell[] = {{"I_e", {CAL_UNIFORM, 350.0, 1500.0, 0, 0}}};
    static cal_time time[N_TRAIN];
    static uint32_t id[N_TRAIN];
    for (uint32_t i = 0; i < N_TRAIN; i++) {
        time[i] = (cal_time)(1 + i * 3 / 2) * 100000;
        id[i] = i % 2 == 0 ? 0 : i % 3 == 0 ? 5 : 8;
    }
    const cal_neuron *lif = cal_snn_neuron_find("lif");
    const cal_snn_population populations[] = {{"A", lif, 31, cell, 1}, {"B", lif, 17, cell, 1}, {"S", NULL, 9, NULL, 0}};
    cal_snn_setting settings[2 * CALI_MAX_SYNAPSE_PARAMS];
    size_t n_settings = 0;
    for (size_t i = 0; i < synapse->n_params; i++)
        if (isnan(synapse->params[i].value))
            settings[n_settings++] = (cal_snn_setting){synapse->params[i].name, {CAL_CONSTANT, 60.0, 0, 0, 0}};
    n_settings = cali_quick_settings(synapse, settings, n_settings);
    cal_snn_projection p[5];
    for (size_t i = 0; i < 5; i++) {
        p[i] = cal_snn_projection_default(i == 4 ? CAL_ALL_TO_ALL : i == 1 ? CAL_FIXED_IN_DEGREE : CAL_PAIRWISE_BERNOULLI);
        p[i].from = i == 0 ? 2 : i % 2;
        p[i].to = i == 2;
        p[i].receptor = "excitatory";
        p[i].in_degree = 4;
        p[i].has_multapses = true;
        p[i].probability = 0.4;
        p[i].weight = (cal_distribution){CAL_UNIFORM, 20.0, 40.0, 0, 0};
        p[i].delay_ms = (cal_distribution){CAL_UNIFORM, 0.5, 3.0, 0, 0};
        if (i < 3) { /* from the train, from B, within A to B */
            p[i].synapse = synapse;
            p[i].settings = settings;
            p[i].n_settings = n_settings;
            p[i].has_modulator = synapse->has_modulator;
            p[i].modulator = 2;
            p[i].modulator_delay_ms = 0.7;
        }
    }
    p[4].weight = (cal_distribution){CAL_CONSTANT, -5.0, 0, 0, 0};
    p[4].delay_ms = (cal_distribution){CAL_CONSTANT, 0.5, 0, 0, 0};
    cal_snn_projection gap = cal_snn_projection_default(CAL_PAIRWISE_BERNOULLI);
    gap.probability = 0.2;
    gap.weight.a = 0.5;
    const cal_snn_noise noise = {.sd = 100.0, .tau_ms = 3.0};
    const cal_snn_train train = {2, N_TRAIN, time, id};
    cal_snn_def def = cal_snn_def_default();
    def.window = l->window * def.dt;
    def.n_tiles = n_tiles;
    def.seed = 77;
    def.populations = populations;
    def.n_populations = 3;
    def.projections = p;
    def.n_projections = 5;
    def.gap_junctions = &gap;
    def.n_gap_junctions = 1;
    def.noises = &noise;
    def.n_noises = 1;
    def.trains = &train;
    def.n_trains = 1;
    cal_snn *snn = NULL;
    cr_assert(eq(int, cal_snn_create(ctx, &def, &snn), CAL_OK), "%s", cal_context_message(ctx));
    return snn;
}

static cal_snn *pass_on(const cal_synapse *synapse, const layout *l, cal_snn *from, cal_context *ctx)
{
    char *bytes;
    size_t size;
    cr_assert(eq(int, cal_snn_save_state(from, &bytes, &size), CAL_OK));
    cal_snn_destroy(&from);
    cal_snn *snn = create(synapse, l, 7 - l->n_tiles, ctx);
    cr_assert(eq(int, cal_snn_restore_state(snn, bytes, size, CAL_RESTORE_CONTINUE), CAL_OK), "%s", cal_context_message(ctx));
    free(bytes);
    return snn;
}

static uint64_t run(const cal_synapse *synapse, const layout *l, uint64_t *n_spikes)
{
    setenv("CALLOSUM_ISA", l->isa, 1);
    cal_context *ctx = cali_test_context(l->n_threads);
    cal_snn *snn = create(synapse, l, l->n_tiles, ctx);
    for (int step = 0; step < N_STEPS; step += l->window) {
        if (step == l->save_step && step > 0)
            snn = pass_on(synapse, l, snn, ctx);
        cr_assert(eq(int, cal_snn_advance(snn), CAL_OK), "%s", cal_context_message(ctx));
    }
    const uint64_t hash = cal_snn_hash(snn);
    *n_spikes = cal_snn_get_counts(snn).n_spikes;
    for (size_t i = 0; i < 3 && cali_is_structural(synapse); i++) {
        cal_snn_structure s;
        cr_assert(eq(int, cal_snn_get_structure(snn, i, &s), CAL_OK));
        cr_expect(s.n_formed > 0 && s.n_broken > 0, "projection %zu: %.0f formed, %.0f broken", i, (double)s.n_formed,
                  (double)s.n_broken);
    }
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
    return hash;
}

ParameterizedTestParameters(snn_same_bits_synapses, of_every_synapse_in_every_layout)
{
    static int index[MAX_SYNAPSES];
    const size_t n = cal_snn_n_synapse_models();
    for (size_t i = 0; i < n; i++)
        index[i] = (int)i;
    return cr_make_param_array(int, index, n);
}

ParameterizedTest(int *index, snn_same_bits_synapses, of_every_synapse_in_every_layout)
{
    const cal_synapse *synapse = cal_snn_synapse_at((size_t)*index);
    uint64_t n_spikes, n;
    const uint64_t hash = run(synapse, &layouts[0], &n_spikes);
    cr_expect(gt(u64, n_spikes, 100));
    for (int i = 1; i < N_LAYOUTS; i++) {
        cr_expect(eq(u64, run(synapse, &layouts[i], &n), hash), "%s, layout %d", synapse->name, i);
        cr_expect(eq(u64, n, n_spikes), "%s, layout %d", synapse->name, i);
    }
    if (cali_is_plastic(synapse)) /* it is no static network by mistake */
        cr_expect(ne(u64, run(cal_snn_synapse_find("static"), &layouts[0], &n), hash), "%s", synapse->name);
}
