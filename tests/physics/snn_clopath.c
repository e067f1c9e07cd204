/* The voltage rule against its equations, evaluated anew from the recorded voltage, and against the weights that NEST
 * publishes for the pairing experiment of Clopath et al. (2010): pairs of -10 ms (first three) and +10 ms at 10, 30 and
 * 50 Hz (testsuite/pytests/test_clopath_synapse.py of NEST 3, model hh_psc_alpha_clopath). */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <math.h>

#include "callosum/snn.h"
#include "support/support.h"

enum { MAX_STEPS = 8000, MAX_SPIKES = 6 };
static const double DT_MS = 0.1;

typedef struct protocol {
    size_t n_pre, n_post;
    double pre_ms[MAX_SPIKES], post_ms[MAX_SPIKES], nest_percent;
} protocol;

static const protocol protocols[] = {
    {5, 5, {29, 129, 229, 329, 429}, {19, 119, 219, 319, 419}, 70.14343863},
    {5, 5, {29, 62.3, 95.7, 129, 162.3}, {19, 52.3, 85.7, 119, 152.3}, 99.49206222},
    {5, 5, {29, 49, 69, 89, 109}, {19, 39, 59, 79, 99}, 178.1028757},
    {6, 6, {129, 229, 329, 429, 529, 629}, {139, 239, 339, 439, 539, 639}, 119.63314118},
    {6, 6, {62.3, 95.6, 129, 162.3, 195.6, 229}, {72.3, 105.6, 139, 172.3, 205.6, 239}, 167.37750688},
    {6, 6, {49, 69, 89, 109, 129, 149}, {59, 79, 99, 119, 139, 159}, 178.83111685},
};
enum { N_PROTOCOLS = sizeof protocols / sizeof protocols[0] };

typedef struct rule {
    double tau_x, tau_plus, tau_minus, tau_mean, a_ltp, a_ltd, theta_plus, theta_minus, u_rest, u_ref, u_spike, t_spike,
        delay_u, w_0, w_max, delay_ms;
} rule;

typedef struct recording {
    size_t n_steps;
    double v_mV[MAX_STEPS + 1]; /* at the ends of the steps, [0]: at the start */
    bool has_spiked[MAX_STEPS + 1];
    double weight; /* at the end, from the engine */
} recording;

static double positive(double x)
{
    return x > 0.0 ? x : 0.0;
}

static long double follow(long double y, long double before, long double now, double tau)
{
    const long double a = DT_MS / tau, loss = -expm1l(-a);
    return y * (1.0L - loss) + before * (loss / a - (1.0L - loss)) + now * (1.0L - loss / a);
}

/* The equations, step by step for the voltage and as sums over spikes of the source for the weight. `begin`: of the
 * low-passed voltages; NEST begins them at 0 mV, with a past of 0 mV. */
static double evaluate(const recording *r, const rule *k, const protocol *p, double begin)
{
    static double plus[MAX_STEPS + 1], minus[MAX_STEPS + 1], mean[MAX_STEPS + 1], u[MAX_STEPS + 1];
    long double y[3] = {begin, begin, begin - k->u_rest};
    int hold = 0;
    u[0] = r->v_mV[0];
    plus[0] = minus[0] = begin;
    for (size_t i = 1; i <= r->n_steps; i++) {
        hold = r->has_spiked[i] ? (int)(k->t_spike / DT_MS + 0.5) : hold;
        u[i] = hold > 0 ? k->u_spike : r->v_mV[i];
        hold -= hold > 0;
        y[0] = follow(y[0], u[i - 1], u[i], k->tau_plus);
        const long double before = y[1];
        y[1] = follow(y[1], u[i - 1], u[i], k->tau_minus);
        y[2] = follow(y[2], before - k->u_rest, y[1] - k->u_rest, k->tau_mean);
        plus[i] = (double)y[0];
        minus[i] = (double)y[1];
        mean[i] = (double)y[2];
    }
    const size_t age = (size_t)(k->delay_u / DT_MS + 0.5), delay = (size_t)(k->delay_ms / DT_MS + 0.5);
    double w = k->w_0;
    for (size_t j = 0; j < p->n_pre; j++) {
        const size_t at = (size_t)(p->pre_ms[j] / DT_MS + 0.5) - delay;
        const double late = at >= age ? minus[at - age] : begin, homeostasis = pow(mean[at] / k->u_ref, 2.0);
        w -= k->w_max * k->a_ltd * (k->u_ref > 0.0 ? homeostasis : 1.0) * positive(late - k->theta_minus);
    }
    for (size_t i = 1; i + delay <= r->n_steps; i++) {
        const double late = i >= age ? plus[i - age] : begin;
        const double up = positive(u[i] - k->theta_plus) * positive(late - k->theta_minus);
        double x = 0.0;
        for (size_t j = 0; up > 0.0 && j < p->n_pre; j++) {
            const double since_ms = DT_MS * (double)(i + delay) - p->pre_ms[j];
            x += since_ms > 1e-6 ? exp(-since_ms / k->tau_x) : 0.0;
        }
        w += k->w_max * k->a_ltp * up * x * DT_MS / k->tau_x;
    }
    return w;
}

/* One neuron, driven by `drive` at the times of the protocol. */
static void record(recording *r, const rule *k, const protocol *p, const char *neuron, const cal_snn_setting *cell,
                   size_t n_cell, const char *receptor, double drive)
{
    static const uint32_t zeros[MAX_SPIKES];
    cal_time pre[MAX_SPIKES], post[MAX_SPIKES];
    for (size_t j = 0; j < p->n_pre; j++)
        pre[j] = (cal_time)(p->pre_ms[j] * 10.0 + 0.5) * 100000;
    for (size_t j = 0; j < p->n_post; j++)
        post[j] = (cal_time)(p->post_ms[j] * 10.0 + 0.5) * 100000;
    const cal_snn_population populations[] = {
        {"cell", cal_snn_neuron_find(neuron), 1, cell, n_cell}, {"pre", NULL, 1, NULL, 0}, {"drive", NULL, 1, NULL, 0}};
    const cal_snn_train trains[] = {{1, p->n_pre, pre, zeros}, {2, p->n_post, post, zeros}};
    const cal_snn_setting settings[] = {
        {"tau_x", {.a = k->tau_x}},           {"tau_plus", {.a = k->tau_plus}},       {"tau_minus", {.a = k->tau_minus}},
        {"tau_mean", {.a = k->tau_mean}},     {"A_LTP", {.a = k->a_ltp}},             {"A_LTD", {.a = k->a_ltd}},
        {"theta_plus", {.a = k->theta_plus}}, {"theta_minus", {.a = k->theta_minus}}, {"u_rest", {.a = k->u_rest}},
        {"u_ref", {.a = k->u_ref}},           {"u_spike", {.a = k->u_spike}},         {"t_spike", {.a = k->t_spike}},
        {"delay_u", {.a = k->delay_u}},       {"w_max", {.a = k->w_max}}};
    cal_snn_projection projections[] = {cal_snn_projection_default(CAL_ONE_TO_ONE),
                                        cal_snn_projection_default(CAL_ONE_TO_ONE)};
    projections[0].from = 1;
    projections[0].receptor = receptor;
    projections[0].weight.a = k->w_0;
    projections[0].delay_ms.a = k->delay_ms;
    projections[0].synapse = cal_snn_synapse_find("clopath");
    projections[0].settings = settings;
    projections[0].n_settings = sizeof settings / sizeof settings[0];
    projections[1].from = 2;
    projections[1].receptor = receptor;
    projections[1].weight.a = drive;
    projections[1].delay_ms.a = DT_MS;
    cal_snn_def def = cal_snn_def_default();
    def.window = def.dt;
    def.populations = populations;
    def.n_populations = 3;
    def.projections = projections;
    def.n_projections = 2;
    def.trains = trains;
    def.n_trains = 2;
    cal_context *ctx = cali_test_context(1);
    cal_snn *snn = NULL;
    cr_assert(eq(int, cal_snn_create(ctx, &def, &snn), CAL_OK), "%s", cal_context_message(ctx));
    cr_assert(eq(int, cal_snn_get_state(snn, 0, "V", &r->v_mV[0]), CAL_OK));
    size_t n_spikes = 0;
    for (size_t i = 1; i <= r->n_steps; i++) {
        cr_assert(eq(int, cal_snn_advance(snn), CAL_OK), "%s", cal_context_message(ctx));
        cr_assert(eq(int, cal_snn_get_state(snn, 0, "V", &r->v_mV[i]), CAL_OK));
        r->has_spiked[i] = cal_snn_get_spikes(snn).n > 0;
        n_spikes += r->has_spiked[i];
    }
    cr_expect(n_spikes + 1 >= p->n_post, "%zu spikes", n_spikes);
    cal_snn_weights w;
    cr_assert(eq(int, cal_snn_get_weights(snn, 0, &w), CAL_OK));
    r->weight = w.weight[0];
    cal_snn_weights_free(&w);
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
}

ParameterizedTestParameters(snn_clopath, pairings_give_the_weights_of_nest)
{
    static int index[N_PROTOCOLS];
    for (int i = 0; i < N_PROTOCOLS; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_PROTOCOLS);
}

ParameterizedTest(int *index, snn_clopath, pairings_give_the_weights_of_nest)
{
    static recording r;
    static const cal_snn_setting cell[] = {{"V", {.a = -64.9}}};
    static const rule k = {15.0, 114.0, 10.0, 500.0, 8e-7, 14e-7, -35.0, -64.9, 0.0, 0.0, 0.0, 0.0, 5.0, 0.5, 100.0, 0.1};
    protocol p = protocols[*index];
    for (size_t j = 0; j < p.n_pre; j++)
        p.pre_ms[j] += 0.1; /* NEST's parrot */
    r.n_steps = (size_t)(p.pre_ms[p.n_pre - 1] / DT_MS + 0.5); /* NEST reports the weight at the last spike */
    record(&r, &k, &p, "hh_psc_alpha", cell, 1, "excitatory", 2000.0);
    const double percent = 1500.0 * (evaluate(&r, &k, &p, 0.0) / 0.5 - 1.0) + 100.0;
    /* NEST solves its equations to 1e-3; our steps differ from it by less than 0.0025 */
    cr_expect(fabs(percent - p.nest_percent) < 0.01, "%.4f %%, NEST %.4f %%", percent, p.nest_percent);
    /* the engine's low-passed voltages begin at the voltage */
    cr_expect(fabs(r.weight - evaluate(&r, &k, &p, r.v_mV[0])) < 1e-12, "error %.3g",
              r.weight - evaluate(&r, &k, &p, r.v_mV[0]));
}

/* A neuron that is reset shows u_spike; depression by the mean; a delay of many steps. */
ParameterizedTestParameters(snn_clopath, reset_neurons_show_a_spike)
{
    static int index[N_PROTOCOLS];
    for (int i = 0; i < N_PROTOCOLS; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_PROTOCOLS);
}

ParameterizedTest(int *index, snn_clopath, reset_neurons_show_a_spike)
{
    static recording r;
    static const cal_snn_setting cell[] = {{"V_reset", {.a = -49.6}}, {"t_ref", {.a = 2.0}}, {"tau_exc", {.a = 1.0}}};
    static const rule k = {15.0, 7.0,   10.0, 500.0, 8e-5, 14e-5, -45.3, -70.6, -70.6, 5.0,
                           33.0, 2.0,   4.0,  5.0,   10.0, 1.7};
    const protocol *p = &protocols[*index];
    r.n_steps = (size_t)((p->pre_ms[p->n_pre - 1] + 15.0) / DT_MS + 0.5);
    record(&r, &k, p, "aeif_psc_exp", cell, 3, "excitatory", 20000.0);
    const double expected = evaluate(&r, &k, p, r.v_mV[0]);
    cr_assert(expected > 0.0 && expected < k.w_max, "bounds would act");
    cr_expect(fabs(expected - k.w_0) > 1e-5, "the weight moves by %g", expected - k.w_0);
    cr_expect(fabs(r.weight - expected) < 1e-10, "error %.3g", r.weight - expected);
}
