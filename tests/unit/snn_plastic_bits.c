/* Plastic networks: one seed gives one result for any threads, tiles, instruction set and window length, and whenever
 * weights are read. Each variant is compared with one thread, one tile, windows of 20 ms. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/snn.h"
#include "support/support.h"

typedef struct variant {
    unsigned n_threads, n_tiles;
    const char *isa;
    double window_ms;
    bool reads_weights; /* after every window */
} variant;

static const variant variants[] = {
    {1, 1, "v4", 20.0, false}, {1, 1, "v3", 20.0, false},  {1, 1, "base", 20.0, false}, {2, 2, "v4", 20.0, false},
    {3, 3, "v4", 5.0, false},  {7, 7, "base", 1.0, false}, {1, 1, "v4", 1.0, true},     {2, 0, "v3", 5.0, true},
};
enum { N_VARIANTS = sizeof variants / sizeof variants[0], N_PLASTIC = 10, N_E = 120, N_I = 30, N_SILENT = 11 };

typedef struct outcome {
    uint64_t hash, n_spikes, n_events;
    cal_snn_weights weights[N_PLASTIC];
} outcome;

static const cal_snn_setting cell[] = {{"I_e", {CAL_UNIFORM, 350.0, 1500.0, 0, 0}},
                                       {"V", {CAL_UNIFORM, -65.0, -50.0, 0, 0}}};
static const cal_snn_setting w_max[] = {{"w_max", {CAL_CONSTANT, 80.0, 0, 0, 0}},
                                        {"lambda", {CAL_UNIFORM, 0.01, 0.03, 0, 0}},
                                        {"mu_plus", {CAL_CONSTANT, 0.4, 0, 0, 0}}};
static const cal_snn_setting balance[] = {{"w_max", {CAL_CONSTANT, 200.0, 0, 0, 0}},
                                          {"eta", {CAL_CONSTANT, 2.0, 0, 0, 0}}};
static const cal_snn_setting reward[] = {{"w_max", {CAL_CONSTANT, 80.0, 0, 0, 0}},
                                         {"A_plus", {CAL_UNIFORM, 0.01, 0.03, 0, 0}},
                                         {"b", {CAL_CONSTANT, 0.6, 0, 0, 0}},
                                         {"tau_n", {CAL_CONSTANT, 50.0, 0, 0, 0}}};
static const cal_snn_setting seen[] = {{"w_max", {CAL_CONSTANT, 80.0, 0, 0, 0}},
                                       {"A_LTP", {CAL_UNIFORM, 1e-5, 3e-5, 0, 0}},
                                       {"u_ref", {CAL_CONSTANT, 6.0, 0, 0, 0}},
                                       {"delay_u", {CAL_CONSTANT, 3.0, 0, 0, 0}}};
static const cal_snn_setting used[] = {{"U", {CAL_UNIFORM, 0.2, 0.6, 0, 0}}, {"tau_fac", {CAL_CONSTANT, 90.0, 0, 0, 0}}};

static cal_snn_projection project(cal_rule rule, size_t from, size_t to, double weight, double delay_ms,
                                  const char *synapse, const cal_snn_setting *settings, size_t n_settings)
{
    cal_snn_projection p = cal_snn_projection_default(rule);
    p.from = from;
    p.to = to;
    p.receptor = weight < 0.0 ? "inhibitory" : "excitatory";
    p.in_degree = 12;
    p.probability = 0.2;
    p.has_multapses = rule == CAL_FIXED_IN_DEGREE;
    p.weight = (cal_distribution){CAL_UNIFORM, weight < 0.0 ? 1.2 * weight : 0.8 * weight,
                                  weight < 0.0 ? 0.8 * weight : 1.2 * weight, 0, 0};
    p.delay_ms = (cal_distribution){CAL_UNIFORM, delay_ms, 3.0 * delay_ms, 0, 0};
    p.synapse = cal_snn_synapse_find(synapse);
    p.settings = settings;
    p.n_settings = n_settings;
    return p;
}

static void write_spikes(cal_snn *snn, double window_ms)
{
    uint32_t offsets[512], ids[512], n = 0;
    const unsigned n_ms = (unsigned)(window_ms + 0.5), start_ms = (unsigned)(cal_time_ms(cal_snn_time(snn)) + 0.5);
    for (unsigned i = 0; i < n_ms; i++) /* source 0 is silent for ever, 1 spikes once, the others often */
        for (uint32_t id = 1; id < N_SILENT; id++)
            if (id == 1 ? start_ms + i == 150 : (start_ms + i) % (3 * id) == 0) {
                offsets[n] = i * 1000000u + 300000u;
                ids[n++] = id;
            }
    cr_assert(eq(int, cal_snn_write_spikes(snn, 0, n, offsets, ids), CAL_OK));
}

static cal_snn *create(const variant *v, cal_context *ctx, uint64_t seed)
{
    const cal_neuron *lif = cal_snn_neuron_find("lif");
    const cal_snn_population populations[] = {
        {"E", lif, N_E, cell, 2}, {"I", lif, N_I, cell, 2}, {"S", NULL, N_SILENT, NULL, 0}};
    cal_snn_projection p[] = {
        project(CAL_FIXED_IN_DEGREE, 0, 0, 40.0, 0.5, "stdp", w_max, 3),
        project(CAL_PAIRWISE_BERNOULLI, 0, 1, 30.0, 1.5, "stdp-nearest", w_max, 1),
        project(CAL_PAIRWISE_BERNOULLI, 1, 0, -60.0, 0.7, "vogels", balance, 2),
        project(CAL_ALL_TO_ALL, 2, 0, 20.0, 2.0, "triplet", w_max, 1),
        project(CAL_PAIRWISE_BERNOULLI, 0, 0, 25.0, 0.5, "stdp-power", w_max, 1),
        project(CAL_FIXED_OUT_DEGREE, 0, 1, 50.0, 0.5, "tsodyks-markram", used, 2),
        project(CAL_PAIRWISE_BERNOULLI, 1, 1, -50.0, 0.5, "tsodyks-markram", NULL, 0),
        project(CAL_PAIRWISE_BERNOULLI, 0, 0, 30.0, 0.5, "stdp-reward", reward, 4),
        project(CAL_PAIRWISE_BERNOULLI, 0, 1, 40.0, 0.5, "clopath", seen, 4),
        project(CAL_PAIRWISE_BERNOULLI, 1, 0, -30.0, 0.5, "scaled", w_max, 1),
        project(CAL_PAIRWISE_BERNOULLI, 1, 1, -20.0, 0.5, "static", NULL, 0)};
    p[9].scaling.kind = CAL_SCALING_SUM;
    p[9].scaling.sum = 150.0;
    p[9].scaling.interval_ms = 13.7;
    p[0].scaling = (cal_snn_scaling){CAL_SCALING_RATE, 7.3, 20.0, 100.0, 0.02, 0.01, 0.0};
    p[7].has_modulator = true;
    p[7].modulator = 1;
    p[7].modulator_delay_ms = 2.5;
    p[5].out_degree = 7;
    p[6].weight = (cal_distribution){CAL_CONSTANT, -50.0, 0, 0, 0};
    const cal_snn_port ports[] = {{.name = "s", .kind = CAL_PORT_SPIKES, .population = 2}};
    cal_snn_def def = cal_snn_def_default();
    def.window = (cal_time)(v->window_ms * 1e6 + 0.5);
    def.seed = seed;
    def.populations = populations;
    def.n_populations = 3;
    def.projections = p;
    def.n_projections = sizeof p / sizeof p[0];
    def.ports = ports;
    def.n_ports = 1;
    const cal_snn_homeostasis homeostasis = {1, "V_th", 25.0, 0.05, 8.0};
    def.homeostases = &homeostasis;
    def.n_homeostases = 1;
    def.n_tiles = v->n_tiles;
    cal_snn *snn = NULL;
    cr_assert(eq(int, cal_snn_create(ctx, &def, &snn), CAL_OK), "%s", cal_context_message(ctx));
    return snn;
}

static outcome run(const variant *v, uint64_t seed)
{
    setenv("CALLOSUM_ISA", v->isa, 1);
    cal_context *ctx = cali_test_context(v->n_threads);
    cal_snn *snn = create(v, ctx, seed);
    outcome o = {0};
    while (cal_snn_time(snn) < 400 * CAL_NS_PER_MS) {
        write_spikes(snn, v->window_ms);
        cr_assert(eq(int, cal_snn_advance(snn), CAL_OK), "%s", cal_context_message(ctx));
        for (size_t i = 0; v->reads_weights && i < N_PLASTIC; i++) {
            cr_assert(eq(int, cal_snn_get_weights(snn, i, &o.weights[i]), CAL_OK));
            cal_snn_weights_free(&o.weights[i]);
        }
    }
    o.hash = cal_snn_hash(snn);
    o.n_spikes = cal_snn_get_counts(snn).n_spikes;
    o.n_events = cal_snn_get_counts(snn).n_events;
    for (size_t i = 0; i < N_PLASTIC; i++)
        cr_assert(eq(int, cal_snn_get_weights(snn, i, &o.weights[i]), CAL_OK));
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
    return o;
}

static void release(outcome *o)
{
    for (size_t i = 0; i < N_PLASTIC; i++)
        cal_snn_weights_free(&o->weights[i]);
}

ParameterizedTestParameters(snn_plastic_bits, do_not_depend_on_threads_tiles_isa_windows_or_reading)
{
    static int index[N_VARIANTS - 1];
    for (int i = 1; i < N_VARIANTS; i++)
        index[i - 1] = i;
    return cr_make_param_array(int, index, N_VARIANTS - 1);
}

ParameterizedTest(int *index, snn_plastic_bits, do_not_depend_on_threads_tiles_isa_windows_or_reading)
{
    outcome a = run(&variants[0], 42), b = run(&variants[*index], 42);
    cr_expect(a.n_spikes > 3000, "%.0f spikes", (double)a.n_spikes);
    cr_expect(eq(u64, a.hash, b.hash), "variant %d", *index);
    cr_expect(eq(u64, a.n_events, b.n_events));
    for (size_t i = 0; i < N_PLASTIC; i++) {
        const cal_snn_weights *x = &a.weights[i], *y = &b.weights[i];
        cr_assert(eq(sz, x->n, y->n));
        cr_assert(x->n > 100);
        cr_expect(memcmp(x->source, y->source, x->n * sizeof *x->source) == 0);
        cr_expect(memcmp(x->target, y->target, x->n * sizeof *x->target) == 0);
        cr_expect(memcmp(x->weight, y->weight, x->n * sizeof *x->weight) == 0, "weights of %zu", i);
        cr_expect(memcmp(x->delay_ms, y->delay_ms, x->n * sizeof *x->delay_ms) == 0);
        cr_expect(memcmp(x->states, y->states, x->n * x->n_states * sizeof *x->states) == 0);
        for (size_t k = 1; k < x->n; k++)
            cr_assert(x->target[k] > x->target[k - 1] ||
                      (x->target[k] == x->target[k - 1] && x->source[k] >= x->source[k - 1]));
    }
    release(&a);
    release(&b);
}

/* The hash is no constant. */
Test(snn_plastic_bits, another_seed_gives_another_hash)
{
    outcome a = run(&variants[0], 42), b = run(&variants[0], 43);
    cr_expect(ne(u64, a.hash, b.hash));
    release(&a);
    release(&b);
}

/* ---- against the rules, spike by spike -------------------------------------------------------------- */

enum { MAX_LOG = 200000 };
typedef struct spike_log {
    size_t n;
    struct {
        uint32_t population, id;
        int64_t step;
    } spike[MAX_LOG];
} spike_log;

static void log_spikes(spike_log *log, const cal_snn *snn, double window_ms)
{
    const cal_snn_spikes s = cal_snn_get_spikes(snn);
    const int64_t start_ms = (int64_t)(cal_time_ms(cal_snn_time(snn)) - window_ms + 0.5);
    for (int64_t ms = start_ms; ms < start_ms + (int64_t)window_ms; ms++) /* as write_spikes */
        for (uint32_t id = 1; id < N_SILENT; id++)
            if (id == 1 ? ms == 150 : ms % (3 * id) == 0) {
                log->spike[log->n].population = 2;
                log->spike[log->n].id = id;
                log->spike[log->n++].step = ms * 10 + 3;
            }
    for (size_t i = 0; i < s.n; i++) {
        cr_assert(log->n < MAX_LOG);
        log->spike[log->n].population = s.population[i];
        log->spike[log->n].id = s.id[i];
        log->spike[log->n++].step = s.time[i] / 100000;
    }
}

/* Steps at which the spikes of one neuron reach a synapse. */
static size_t arrivals(const spike_log *log, uint32_t population, uint32_t id, int64_t delay, int64_t end, int64_t *at)
{
    size_t n = 0;
    for (size_t i = 0; i < log->n; i++)
        if (log->spike[i].population == population && log->spike[i].id == id && log->spike[i].step + delay <= end)
            at[n++] = log->spike[i].step + delay;
    return n;
}

/* A trace as the sum over all spikes before `now`, or over the last of them. */
static double trace(const int64_t *at, size_t n, int64_t now, double tau_ms, bool is_nearest)
{
    double sum = 0.0;
    for (size_t i = n; i > 0; i--)
        if (at[i - 1] < now) {
            sum += exp(-(double)(now - at[i - 1]) * 0.1 / tau_ms);
            if (is_nearest)
                break;
        }
    return sum;
}

/* Projections 1 (nearest pairs), 3 (triplets) and 4 (power law), with the defaults of their entries. */
static double replay(size_t projection, double w, const int64_t *pre, size_t n_pre, const int64_t *post, size_t n_post)
{
    for (size_t i = 0, j = 0; i < n_pre || j < n_post;) {
        const bool is_pre = j == n_post || (i < n_pre && pre[i] < post[j]);
        const int64_t now = is_pre ? pre[i++] : post[j++];
        const double r1 = trace(pre, n_pre, now, projection == 3 ? 16.8 : 20.0, projection == 1);
        const double o1 = trace(post, n_post, now, projection == 3 ? 33.7 : 20.0, projection == 1);
        if (projection == 1)
            w += is_pre ? -0.01 * 80.0 * o1 : 0.01 * 80.0 * r1;
        else if (projection == 3)
            w += is_pre ? -80.0 * o1 * (7e-3 + 2.3e-4 * trace(pre, n_pre, now, 101.0, false))
                        : 80.0 * r1 * (5e-10 + 6.2e-3 * trace(post, n_post, now, 125.0, false));
        else
            w += is_pre ? -0.1 * 0.11 * w * o1 : 0.1 * pow(w, 0.4) * r1;
        w = w < 0.0 ? 0.0 : w > 80.0 ? 80.0 : w;
    }
    return w;
}

/* Every weight is what its rule makes of all spikes of its two neurons, rows of silent sources included. The targets
 * spike more often than the archive holds. */
Test(snn_plastic_bits, weights_are_those_of_all_spikes)
{
    static spike_log log;
    static int64_t pre[MAX_LOG], post[MAX_LOG];
    static const size_t from[] = {0, 0, 0, 2, 0}, to[] = {0, 1, 0, 0, 0}, which[] = {1, 3, 4};
    const variant v = {2, 3, "v4", 20.0, false};
    setenv("CALLOSUM_ISA", v.isa, 1);
    cal_context *ctx = cali_test_context(v.n_threads);
    cal_snn *snn = create(&v, ctx, 42);
    cal_snn_weights first[5], last;
    for (size_t i = 0; i < 3; i++)
        cr_assert(eq(int, cal_snn_get_weights(snn, which[i], &first[which[i]]), CAL_OK));
    while (cal_snn_time(snn) < 400 * CAL_NS_PER_MS) {
        write_spikes(snn, v.window_ms);
        cr_assert(eq(int, cal_snn_advance(snn), CAL_OK));
        log_spikes(&log, snn, v.window_ms);
    }
    for (size_t i = 0; i < 3; i++) {
        const size_t p = which[i];
        double worst = 0.0;
        size_t n_moved = 0, most = 0;
        cr_assert(eq(int, cal_snn_get_weights(snn, p, &last), CAL_OK));
        for (size_t k = 0; k < last.n; k++) {
            const int64_t delay = (int64_t)(last.delay_ms[k] * 10.0 + 0.5);
            const size_t n_pre = arrivals(&log, (uint32_t)from[p], last.source[k], 0, 4000, pre);
            const size_t n_post = arrivals(&log, (uint32_t)to[p], last.target[k], delay, 4000, post);
            const double expected = replay(p, first[p].weight[k], pre, n_pre, post, n_post);
            worst = fmax(worst, fabs(last.weight[k] - expected));
            n_moved += fabs(last.weight[k] - first[p].weight[k]) > 1e-3;
            most = n_post > most ? n_post : most;
        }
        cr_expect(worst < 1e-9, "projection %zu: %.3g", p, worst);
        cr_expect(2 * n_moved > last.n, "projection %zu: %zu of %zu moved", p, n_moved, last.n);
        cr_expect(most > 32, "projection %zu: %zu spikes of a target", p, most);
        cal_snn_weights_free(&last);
        cal_snn_weights_free(&first[p]);
    }
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
}

/* ---- saved states -------------------------------------------------------------------------------------- */

static void go_on(cal_snn *snn, const variant *v, int64_t until_ms)
{
    while (cal_snn_time(snn) < until_ms * CAL_NS_PER_MS) {
        write_spikes(snn, v->window_ms);
        cr_assert(eq(int, cal_snn_advance(snn), CAL_OK));
    }
}

/* Saved with one tile, restored with three, also over a network that has run: the bits of the uninterrupted run. */
Test(snn_plastic_bits, a_restored_network_goes_on)
{
    const variant one = {1, 1, "v4", 20.0, false}, three = {2, 3, "v4", 20.0, false};
    cal_context *ctx = cali_test_context(2);
    cal_snn *a = create(&one, ctx, 42), *b = create(&three, ctx, 42);
    char *bytes, *again;
    size_t size, size_again;
    go_on(a, &one, 200);
    cr_assert(eq(int, cal_snn_save_state(a, &bytes, &size), CAL_OK));
    const uint64_t hash = cal_snn_hash(a);
    go_on(a, &one, 400);
    go_on(b, &three, 60);
    cr_assert(eq(int, cal_snn_restore_state(b, bytes, size, CAL_RESTORE_CONTINUE), CAL_OK), "%s", cal_context_message(ctx));
    cr_expect(eq(u64, cal_snn_hash(b), hash));
    cr_assert(eq(int, cal_snn_save_state(b, &again, &size_again), CAL_OK));
    cr_expect(size == size_again && memcmp(bytes, again, size) == 0, "what is restored saves as the same bytes");
    go_on(b, &three, 400);
    cr_expect(eq(u64, cal_snn_hash(b), cal_snn_hash(a)));
    free(bytes);
    free(again);
    cal_snn_destroy(&a);
    cal_snn_destroy(&b);
    cal_context_destroy(&ctx);
}

/* A new run begins with the weights that were learnt; a network of other pairs cannot take them. */
Test(snn_plastic_bits, a_run_begins_at_learnt_weights)
{
    const variant v = {1, 2, "v4", 20.0, false};
    cal_context *ctx = cali_test_context(1);
    cal_snn *a = create(&v, ctx, 42), *b = create(&v, ctx, 42), *other = create(&v, ctx, 43);
    cal_snn_weights x, y;
    char *bytes;
    size_t size;
    go_on(a, &v, 200);
    cr_assert(eq(int, cal_snn_save_state(a, &bytes, &size), CAL_OK));
    cr_assert(eq(int, cal_snn_restore_state(b, bytes, size, CAL_RESTORE_BEGIN), CAL_OK), "%s", cal_context_message(ctx));
    cr_expect(eq(i64, cal_snn_time(b), 0));
    for (size_t i = 0; i < N_PLASTIC; i++) {
        cr_assert(eq(int, cal_snn_get_weights(a, i, &x), CAL_OK));
        cr_assert(eq(int, cal_snn_get_weights(b, i, &y), CAL_OK));
        cr_expect(x.n == y.n && memcmp(x.weight, y.weight, x.n * sizeof *x.weight) == 0);
        cal_snn_weights_free(&x);
        cal_snn_weights_free(&y);
    }
    go_on(b, &v, 100);
    cr_expect(eq(int, cal_snn_restore_state(other, bytes, size, CAL_RESTORE_BEGIN), CAL_ERR_INPUT));
    cr_expect(strstr(cal_context_message(ctx), "other plastic synapses") != NULL, "%s", cal_context_message(ctx));
    free(bytes);
    cal_snn_destroy(&a);
    cal_snn_destroy(&b);
    cal_snn_destroy(&other);
    cal_context_destroy(&ctx);
}

/* ---- watched synapses ------------------------------------------------------------------------------- */

static void advance_to(cal_snn *snn, cal_context *ctx, double window_ms, cal_time end)
{
    while (cal_snn_time(snn) < end) {
        write_spikes(snn, window_ms);
        cr_assert(eq(int, cal_snn_advance(snn), CAL_OK), "%s", cal_context_message(ctx));
    }
}

static cal_snn_chosen choose(const cal_snn *snn, cal_context *ctx, cal_snn_choice choice)
{
    cal_snn_chosen chosen;
    cr_assert(eq(int, cal_snn_choose(snn, &choice, &chosen), CAL_OK), "%s", cal_context_message(ctx));
    return chosen;
}

/* Each watched synapse is found among all with the same weight: once, since pairs of the Bernoulli rule are unique. */
static void expect_among(const cal_snn *snn, const cal_snn_chosen *chosen, const double *weights)
{
    cal_snn_weights all;
    cr_assert(eq(int, cal_snn_get_weights(snn, chosen->projection, &all), CAL_OK));
    for (size_t i = 0; i < chosen->n; i++) {
        size_t n_found = 0;
        for (size_t k = 0; k < all.n; k++)
            n_found += all.source[k] == chosen->source[i] && all.target[k] == chosen->target[i] &&
                       all.delay_ms[k] == chosen->delay_ms[i] && all.weight[k] == weights[i];
        cr_assert(eq(sz, n_found, 1), "synapse %zu", i);
    }
    cal_snn_weights_free(&all);
}

/* The choice is a function of the seed: the same synapses with the same weights for other threads and tiles, also in a
 * network that was restored half-way; and another seed chooses others. */
Test(snn_plastic_bits, watched_synapses_do_not_depend_on_threads_and_tiles_and_survive_a_restore)
{
    const cal_snn_choice choice = {.projection = 2, .fraction = 1.0, .most = 40};
    double weights[3][40];
    uint32_t sources[3][40], targets[3][40];
    for (int i = 0; i < 3; i++) {
        const variant *v = &variants[i == 1 ? 5 : 0];
        cal_context *ctx = cali_test_context(v->n_threads);
        cal_snn *snn = create(v, ctx, i == 2 ? 43 : 42);
        cal_snn_chosen chosen = choose(snn, ctx, choice);
        cr_assert(eq(sz, chosen.n, 40));
        advance_to(snn, ctx, v->window_ms, 100 * CAL_NS_PER_MS);
        if (i == 1) {
            char *bytes = NULL;
            size_t size = 0;
            cr_assert(eq(int, cal_snn_save_state(snn, &bytes, &size), CAL_OK));
            cal_snn_destroy(&snn);
            snn = create(v, ctx, 42);
            cr_assert(eq(int, cal_snn_restore_state(snn, bytes, size, CAL_RESTORE_CONTINUE), CAL_OK), "%s",
                      cal_context_message(ctx));
            free(bytes);
        }
        advance_to(snn, ctx, v->window_ms, 200 * CAL_NS_PER_MS);
        cal_snn_read_chosen(snn, &chosen, weights[i]);
        expect_among(snn, &chosen, weights[i]);
        memcpy(sources[i], chosen.source, sizeof sources[i]);
        memcpy(targets[i], chosen.target, sizeof targets[i]);
        cal_snn_chosen_free(&chosen);
        cal_snn_destroy(&snn);
        cal_context_destroy(&ctx);
    }
    cr_expect(memcmp(sources[0], sources[1], sizeof sources[0]) == 0);
    cr_expect(memcmp(targets[0], targets[1], sizeof targets[0]) == 0);
    cr_expect(memcmp(weights[0], weights[1], sizeof weights[0]) == 0);
    cr_expect(memcmp(targets[0], targets[2], sizeof targets[0]) != 0);
}

/* All; a fraction; those of named neurons; and fewer are among more. */
Test(snn_plastic_bits, synapses_are_watched_by_fraction_number_sources_and_targets)
{
    static const uint32_t some_sources[] = {3, 4, 29}, some_targets[] = {0, 7, 50, 119};
    cal_context *ctx = cali_test_context(2);
    cal_snn *snn = create(&variants[4], ctx, 42);
    cal_snn_weights every;
    cr_assert(eq(int, cal_snn_get_weights(snn, 2, &every), CAL_OK));
    cal_snn_chosen all = choose(snn, ctx, (cal_snn_choice){.projection = 2, .fraction = 1.0});
    cr_expect(eq(sz, all.n, every.n));
    for (size_t i = 1; i < all.n; i++)
        cr_assert(all.source[i] > all.source[i - 1] ||
                  (all.source[i] == all.source[i - 1] && all.delay_ms[i] >= all.delay_ms[i - 1]));
    cal_snn_chosen half = choose(snn, ctx, (cal_snn_choice){.projection = 2, .fraction = 0.5});
    cr_expect(eq(sz, half.n, (all.n + 1) / 2));
    cal_snn_chosen few = choose(snn, ctx, (cal_snn_choice){.projection = 2, .fraction = 0.5, .most = 9});
    cr_expect(eq(sz, few.n, 9));
    for (size_t i = 0, k = 0; i < few.n; i++, k++) {
        while (k < half.n && half.place[k] != few.place[i])
            k++;
        cr_assert(k < half.n, "the few are among the many");
    }
    cal_snn_chosen named = choose(snn, ctx, (cal_snn_choice){.projection = 2, .fraction = 1.0, .sources = some_sources,
                                                             .n_sources = 3, .targets = some_targets, .n_targets = 4});
    size_t n_expected = 0;
    for (size_t i = 0; i < every.n; i++)
        for (int s = 0; s < 3; s++)
            for (int t = 0; t < 4; t++)
                n_expected += every.source[i] == some_sources[s] && every.target[i] == some_targets[t];
    cr_expect(eq(sz, named.n, n_expected));
    cr_expect(n_expected > 0);
    static const uint32_t far[] = {5, 120};
    cal_snn_chosen none;
    cr_expect(eq(int, cal_snn_choose(snn, &(cal_snn_choice){.projection = 2, .fraction = 1.0, .targets = far, .n_targets = 2},
                                     &none), CAL_ERR_ARGUMENT));
    cr_expect(eq(int, cal_snn_choose(snn, &(cal_snn_choice){.projection = N_PLASTIC, .fraction = 1.0}, &none), CAL_ERR_ARGUMENT));
    cal_snn_chosen_free(&all);
    cal_snn_chosen_free(&half);
    cal_snn_chosen_free(&few);
    cal_snn_chosen_free(&named);
    cal_snn_weights_free(&every);
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
}
