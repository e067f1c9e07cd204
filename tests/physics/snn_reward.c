/* Reward-modulated pairs under known spikes of source, target and modulator. Eligibility, concentration and weight obey a
 * linear equation, so without bounds the weight is a double sum: with eligibility a_j from pairs at t_j, releases at r_i
 * and 1 / tau_s = 1 / tau_c + 1 / tau_n,
 *
 *     w(t) = w_0 + sum_j a_j ( sum_i e^(-(m - t_j) / tau_c - (m - r_i) / tau_n) tau_s (1 - e^(-(t - m) / tau_s)) / tau_n
 *                              - b tau_c (1 - e^(-(t - t_j) / tau_c)) ),      m = max(t_j, r_i).
 *
 * Nothing of the engine's order of events enters. Source: Izhikevich (2007); Potjans et al. (2010), equations 7 to 11. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>

#include "callosum/snn.h"
#include "support/support.h"

enum { PRE, POST, DOPAMINE, N_TRAINS, MAX_SPIKES = 4000 };

typedef struct trains {
    size_t n[N_TRAINS];
    cal_time time[N_TRAINS][MAX_SPIKES];
    uint32_t id[N_TRAINS][MAX_SPIKES];
} trains;

static const double TAU_PLUS = 17.0, TAU_MINUS = 34.0, TAU_C = 400.0, TAU_N = 90.0, A_PLUS = 0.006, A_MINUS = 0.004;
static const double W_MAX = 1000.0, W_0 = 500.0, DELAY_MS = 1.5, RELEASE = 0.7;

/* A spike every `step_ms` with a jitter that repeats late; one of every train falls together now and then. */
static void add_train(trains *t, int which, double step_ms, uint32_t multiplier, double end_ms)
{
    int64_t at = 0;
    for (uint32_t k = 1; t->n[which] < MAX_SPIKES; k++) {
        at += (int64_t)(10.0 * step_ms * (0.2 + 1.6 * ((k * multiplier) % 101) / 101.0)) + 20;
        if ((double)at * 0.1 >= end_ms)
            break;
        t->time[which][t->n[which]++] = at * 100000;
    }
}

typedef struct bed {
    cal_context *ctx;
    cal_snn *snn;
} bed;

static bed lay(const trains *t, double baseline, double modulator_delay_ms, double w_max)
{
    static const cal_snn_setting cell[] = {{"V_th", {CAL_CONSTANT, 5000, 0, 0, 0}}, {"t_ref", {CAL_CONSTANT, 0, 0, 0, 0}}};
    const cal_snn_population populations[] = {{"cell", cal_snn_neuron_find("lif"), 1, cell, 2},
                                              {"pre", NULL, 1, NULL, 0},
                                              {"teacher", NULL, 1, NULL, 0},
                                              {"dopamine", NULL, 1, NULL, 0}};
    const cal_snn_setting settings[] = {
        {"tau_plus", {CAL_CONSTANT, TAU_PLUS, 0, 0, 0}}, {"tau_minus", {CAL_CONSTANT, TAU_MINUS, 0, 0, 0}},
        {"tau_c", {CAL_CONSTANT, TAU_C, 0, 0, 0}},       {"tau_n", {CAL_CONSTANT, TAU_N, 0, 0, 0}},
        {"A_plus", {CAL_CONSTANT, A_PLUS, 0, 0, 0}},     {"A_minus", {CAL_CONSTANT, A_MINUS, 0, 0, 0}},
        {"b", {CAL_CONSTANT, baseline, 0, 0, 0}},        {"release", {CAL_CONSTANT, RELEASE, 0, 0, 0}},
        {"w_max", {CAL_CONSTANT, w_max, 0, 0, 0}}};
    cal_snn_projection p[] = {cal_snn_projection_default(CAL_ALL_TO_ALL), cal_snn_projection_default(CAL_ONE_TO_ONE)};
    p[0].from = 1;
    p[0].receptor = "excitatory";
    p[0].weight.a = W_0;
    p[0].delay_ms.a = DELAY_MS;
    p[0].synapse = cal_snn_synapse_find("stdp_dopamine_synapse");
    p[0].settings = settings;
    p[0].n_settings = sizeof settings / sizeof settings[0];
    p[0].has_modulator = true;
    p[0].modulator = 3;
    p[0].modulator_delay_ms = modulator_delay_ms;
    p[1].from = 2;
    p[1].receptor = "delta";
    p[1].weight.a = 20000.0;
    p[1].delay_ms.a = 0.1;
    cal_snn_train listed[N_TRAINS];
    for (size_t k = 0; k < N_TRAINS; k++)
        listed[k] = (cal_snn_train){k + 1, t->n[k], t->time[k], t->id[k]};
    cal_snn_def def = cal_snn_def_default();
    def.populations = populations;
    def.n_populations = 4;
    def.projections = p;
    def.n_projections = 2;
    def.trains = listed;
    def.n_trains = N_TRAINS;
    bed b = {.ctx = cali_test_context(1)};
    cr_assert(eq(int, cal_snn_create(b.ctx, &def, &b.snn), CAL_OK), "%s", cal_context_message(b.ctx));
    return b;
}

static double ms(cal_time t)
{
    return (double)t * 1e-6;
}

/* Sum of e^(-(now - t) / tau) over the spikes before now, each moved by `delay_ms`. */
static double trace(const trains *t, int which, double delay_ms, double now_ms, double tau_ms)
{
    double sum = 0.0;
    for (size_t i = 0; i < t->n[which]; i++)
        if (ms(t->time[which][i]) + delay_ms < now_ms - 1e-6)
            sum += exp(-(now_ms - ms(t->time[which][i]) - delay_ms) / tau_ms);
    return sum;
}

/* What eligibility 1 at t_j has added to the weight at t. */
static double gained(const trains *t, double t_j, double now_ms, double baseline, double modulator_delay_ms)
{
    const double tau_s = TAU_C * TAU_N / (TAU_C + TAU_N);
    double sum = baseline * TAU_C * expm1(-(now_ms - t_j) / TAU_C);
    for (size_t i = 0; i < t->n[DOPAMINE]; i++) {
        const double r = ms(t->time[DOPAMINE][i]) + modulator_delay_ms, m = fmax(t_j, r);
        if (m < now_ms)
            sum -= RELEASE * exp(-(m - t_j) / TAU_C - (m - r) / TAU_N) * tau_s / TAU_N * expm1(-(now_ms - m) / tau_s);
    }
    return sum;
}

static double expected_weight(const trains *t, double now_ms, double baseline, double modulator_delay_ms)
{
    const double post_delay = 0.1 + DELAY_MS; /* the teacher is obeyed one step later */
    double w = W_0;
    for (size_t j = 0; j < t->n[PRE]; j++) {
        const double at = ms(t->time[PRE][j]);
        if (at < now_ms)
            w -= W_MAX * A_MINUS * trace(t, POST, post_delay, at, TAU_MINUS) *
                 gained(t, at, now_ms, baseline, modulator_delay_ms);
    }
    for (size_t j = 0; j < t->n[POST]; j++) {
        const double at = ms(t->time[POST][j]) + post_delay;
        if (at < now_ms)
            w += W_MAX * A_PLUS * trace(t, PRE, 0.0, at, TAU_PLUS) * gained(t, at, now_ms, baseline, modulator_delay_ms);
    }
    return w;
}

static void compare(trains *t, double baseline, double modulator_delay_ms, double end_ms)
{
    bed b = lay(t, baseline, modulator_delay_ms, W_MAX);
    double worst = 0.0, furthest = 0.0;
    for (double now_ms = 1.0; now_ms < end_ms; now_ms += 1.0) {
        cr_assert(eq(int, cal_snn_advance(b.snn), CAL_OK), "%s", cal_context_message(b.ctx));
        if ((int)now_ms % 23 != 0 && (int)now_ms % 100 != 1)
            continue;
        cal_snn_weights w;
        cr_assert(eq(int, cal_snn_get_weights(b.snn, 0, &w), CAL_OK));
        const double expected = expected_weight(t, now_ms, baseline, modulator_delay_ms);
        cr_assert(expected > 0.0 && expected < W_MAX, "bounds would act: %g", expected);
        worst = fmax(worst, fabs(w.weight[0] - expected));
        furthest = fmax(furthest, fabs(expected - W_0));
        cal_snn_weights_free(&w);
    }
    cr_expect(eq(u64, cal_snn_get_counts(b.snn).n_spikes, t->n[POST]), "the teacher is obeyed");
    cr_expect(furthest > 10.0, "the weight moves by %g", furthest);
    /* some hundred roundings of numbers near 500 */
    cr_expect(worst < 1e-10, "error %.3g pA", worst);
    cal_snn_destroy(&b.snn);
    cal_context_destroy(&b.ctx);
}

Test(snn_reward, weight_is_the_double_sum_over_pairs_and_releases)
{
    static trains t;
    add_train(&t, PRE, 31.0, 17, 3000.0);
    add_train(&t, POST, 43.0, 29, 3000.0);
    add_train(&t, DOPAMINE, 137.0, 7, 3000.0);
    compare(&t, 0.0, 1.0, 3000.0);
    compare(&t, 0.004, 20.0, 3000.0);
}

/* More releases than the ring holds, while the source is silent: then all rows are worked off. */
Test(snn_reward, a_silent_source_misses_no_release)
{
    static trains t;
    add_train(&t, PRE, 20.0, 17, 300.0);
    add_train(&t, POST, 27.0, 29, 300.0);
    add_train(&t, DOPAMINE, 0.0, 7, 5900.0);
    cr_assert(t.n[DOPAMINE] > 2000);
    t.time[PRE][t.n[PRE]++] = 5800 * CAL_NS_PER_MS;
    compare(&t, 0.5 * RELEASE, 0.3, 6000.0);
}

/* The weight stays within 0 and w_max, whatever is released. */
Test(snn_reward, bounds_hold_between_spikes)
{
    static trains t;
    add_train(&t, PRE, 31.0, 17, 1000.0);
    add_train(&t, POST, 33.0, 29, 1000.0);
    add_train(&t, DOPAMINE, 1.0, 7, 1000.0);
    bed b = lay(&t, 0.0, 1.0, 520.0);
    bool is_reached = false;
    for (int i = 0; i < 1000; i++) {
        cal_snn_weights w;
        cr_assert(eq(int, cal_snn_advance(b.snn), CAL_OK));
        cr_assert(eq(int, cal_snn_get_weights(b.snn, 0, &w), CAL_OK));
        cr_assert(w.weight[0] >= 0.0 && w.weight[0] <= 520.0, "%g", w.weight[0]);
        is_reached |= w.weight[0] == 520.0 || w.weight[0] == 0.0;
        cal_snn_weights_free(&w);
    }
    cr_expect(is_reached);
    cal_snn_destroy(&b.snn);
    cal_context_destroy(&b.ctx);
}
