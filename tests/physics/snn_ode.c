/* Single neurons against accurate solutions in continuous time (reference/spiking/ode), and the order
 * of convergence of each fixed-step scheme. A spike is stamped with the end of its step. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include "support/snn_single.h"

#define NO_TRAIN NULL, NULL, 0, 0, 0, false
#define ADEX_NAMES {"C_m", "g_L", "E_L", "V_T", "Delta_T", "a", "tau_w", "b", "V_reset", "V_peak", "I_e"}
#define IZH_NAMES {"a", "b", "c", "d", "I_e", "u"}
#define IZH7_NAMES {"C_m", "k", "v_r", "v_t", "a", "b", "b_3", "v_peak", "c", "d", "I_e"}
/* v_r, v_t = (-5 -+ sqrt(2.6)) / 0.08; b v_r moves from u to the current */
#define IZH3_V_R (-82.65564357)
#define IZH3_AS_7 {"C_m", "k", "v_r", "v_t", "a", "b", "v_peak", "c", "d", "I_e", "v", "u"}
#define IZH3_VALUES(a, c, d, i) {1, 0.04, IZH3_V_R, -42.34435643, a, 0.2, 30, c, d, i - 0.2 * IZH3_V_R, -65, -13 - 0.2 * IZH3_V_R}
#define HALF_PI 1.57079632679489662
#define LIF_NAMES {"C_m", "tau_m", "E_L", "V_th", "V_reset", "t_ref", "I_e", "tau_exc", "tau_inh"}
#define COND_NAMES {"C_m", "g_L", "E_L", "E_exc", "E_inh", "tau_exc", "tau_inh", "V_th", "V_reset", "t_ref", "I_e"}

/* The stamp of spike i lies in [-early_ms, dt + late_ms + i per_spike_ms] after the true time. */
typedef struct ode_case {
    const char *file;
    cali_single single;
    double early_ms, late_ms, per_spike_ms;
    size_t n_spikes; /* compared; 0: all */
} ode_case;

static const ode_case cases[] = {
    /* exact flow, also through v_peak to v_reset inside a step: nothing accumulates but rounding */
    {"qif_e1_dc", {"qif", {"tau", "eta", "v_peak", "v_reset", "v"}, {10, 1, 100, -100, -1}, 0.1, NO_TRAIN}, 1e-3, 1e-3, 0, 0},
    {"qif_e0p04_dc", {"qif", {"tau", "eta", "v_peak", "v_reset", "v"}, {10, 0.04, 100, -100, -1}, 0.1, NO_TRAIN}, 1e-3, 1e-3, 0, 0},
    {"theta_e1_dc", {"theta", {"tau", "eta", "theta"}, {10, 1, -HALF_PI}, 0.1, NO_TRAIN}, 1e-3, 1e-3, 0, 0},
    {"theta_e0p04_dc", {"theta", {"tau", "eta", "theta"}, {10, 0.04, -HALF_PI}, 0.1, NO_TRAIN}, 1e-3, 1e-3, 0, 0},
    {"theta_e0p04_dc", {"theta", {"tau", "eta", "theta"}, {10, 0.04, -HALF_PI}, 0.01, NO_TRAIN}, 1e-3, 1e-3, 0, 0},
    /* exponential input by its mean over the step: order 2 */
    {"theta_train", {"theta", {"tau", "eta", "theta"}, {10, -0.2, -0.7610127542}, 0.1, "exponential", "exponential", 0.5, -0.4, 1, false}, 2e-3, 2e-3, 0, 0},
    {"qif_train", {"aqif", {"tau", "eta", "v_peak", "v_reset", "v", "alpha"}, {10, -0.2, 100, -100, -0.4, 0}, 0.1, "exponential", "exponential", 0.5, -0.4, 1, false}, 2e-3, 2e-3, 0, 0},
    /* the time of the peak is found inside the sub-step: errors of order h^2, h = dt / 4 */
    {"adex_tonic_dc", {"adex", ADEX_NAMES, {200, 10, -70, -50, 2, 2, 30, 0, -58, 0, 500}, 0.1, NO_TRAIN}, 2e-3, 2e-3, 1e-3, 0},
    {"adex_adapting_dc", {"adex", ADEX_NAMES, {200, 12, -70, -50, 2, 2, 300, 60, -58, 0, 500}, 0.1, NO_TRAIN}, 2e-3, 2e-3, 5e-3, 0},
    {"adex_bursting_dc", {"adex", ADEX_NAMES, {200, 10, -58, -50, 2, 2, 120, 100, -46, 0, 210}, 0.1, NO_TRAIN}, 2e-2, 2e-2, 2e-2, 0},
    {"adex_delayed_reg_dc", {"adex", ADEX_NAMES, {100, 10, -65, -50, 2, -10, 90, 30, -47, 0, 110}, 0.1, NO_TRAIN}, 2e-2, 2e-2, 2e-2, 0},
    {"adex_BG2005_dc", {"adex", ADEX_NAMES, {281, 30, -70.6, -50.4, 2, 4, 144, 80.5, -70.6, 0, 800}, 0.1, NO_TRAIN}, 2e-3, 2e-3, 5e-3, 0},
    /* t_ref is whole steps from the step of the spike on: late by up to dt */
    {"adex_cond_train", {"adex", {"V_reset", "t_ref", "E_inh", "tau_exc", "tau_inh", "I_e"}, {-70.6, 2, -85, 0.5, 2, 400}, 0.1, "excitatory", "inhibitory", 40, 20, 1, false}, 0.1, 2e-3, 0.1, 0},
    {"adex_cond_train", {"adex", {"V_reset", "t_ref", "E_inh", "tau_exc", "tau_inh", "I_e"}, {-70.6, 2, -85, 0.5, 2, 400}, 0.01, "excitatory", "inhibitory", 40, 20, 1, false}, 0.01, 2e-3, 0.01, 0},
    {"eif_dc", {"eif", {"C_m", "g_L", "E_L", "V_T", "Delta_T", "V_reset", "V_peak", "t_ref", "I_e"}, {200, 10, -65, -55, 2, -65, -20, 2, 120}, 0.1, NO_TRAIN}, 2e-3, 2e-3, 0.1, 0},
    {"eif_dc", {"eif", {"C_m", "g_L", "E_L", "V_T", "Delta_T", "V_reset", "V_peak", "t_ref", "I_e"}, {200, 10, -65, -55, 2, -65, -20, 2, 120}, 0.01, NO_TRAIN}, 2e-3, 2e-3, 0.01, 0},
    /* spikes on the grid: each reset is late by up to dt, which accumulates */
    {"lif_exact_dc", {"lif", LIF_NAMES, {200, 20, -65, -50, -65, 2, 180, 2, 8}, 0.1, NO_TRAIN}, 1e-3, 1e-3, 0.1, 0},
    {"lif_expcur_exact_train", {"lif", LIF_NAMES, {200, 20, -65, -50, -65, 2, 80, 2, 8}, 0.1, "excitatory", "inhibitory", 150, -60, 1, false}, 1e-3, 1e-3, 0.1, 0},
    {"lif_cond_exact_train", {"lif-cond", COND_NAMES, {200, 10, -60, 0, -80, 5, 10, -50, -60, 5, 20}, 0.1, "excitatory", "inhibitory", 6, 20, 1, false}, 0.1, 1e-3, 0.1, 0},
    {"lif_cond_exact_train", {"lif-cond", COND_NAMES, {200, 10, -60, 0, -80, 5, 10, -50, -60, 5, 20}, 0.01, "excitatory", "inhibitory", 6, 20, 1, false}, 0.01, 1e-3, 0.01, 0},
    /* forward Euler at 0.01 ms, and spikes on the grid */
    {"izh2003_RS_dc", {"izhikevich", IZH_NAMES, {0.02, 0.2, -65, 8, 10, -13}, 0.01, NO_TRAIN}, 0.01, 0.05, 0.05, 0},
    {"izh2003_FS_dc", {"izhikevich", IZH_NAMES, {0.1, 0.2, -65, 2, 10, -13}, 0.01, NO_TRAIN}, 0.01, 0.05, 0.05, 0},
    {"izh2003_CH_dc", {"izhikevich", IZH_NAMES, {0.02, 0.2, -50, 2, 10, -13}, 0.01, NO_TRAIN}, 0.01, 0.05, 0.05, 0},
    {"izh2003_IB_dc", {"izhikevich", IZH_NAMES, {0.02, 0.2, -55, 4, 10, -13}, 0.01, NO_TRAIN}, 0.01, 0.05, 0.05, 0},
    {"izh2003_LTS_dc", {"izhikevich", IZH_NAMES, {0.02, 0.25, -65, 2, 10, -16.25}, 0.01, NO_TRAIN}, 0.01, 0.05, 0.05, 0},
    /* the crossing is found inside the step and the rest starts from the reset: order 4 */
    {"izh2007_RS_dc", {"izhikevich-2007", IZH7_NAMES, {100, 0.7, -60, -40, 0.03, -2, 0, 35, -50, 100, 100}, 0.1, NO_TRAIN}, 1e-3, 1e-3, 0, 0},
    {"izh2007_IB_dc", {"izhikevich-2007", IZH7_NAMES, {150, 1.2, -75, -45, 0.01, 5, 0, 50, -56, 130, 500}, 0.1, NO_TRAIN}, 1e-3, 1e-3, 0, 0},
    {"izh2007_CH_dc", {"izhikevich-2007", IZH7_NAMES, {50, 1.5, -60, -40, 0.03, 1, 0, 25, -40, 150, 300}, 0.1, NO_TRAIN}, 1e-3, 1e-3, 0, 0},
    {"izh2007_FS_dc", {"izhikevich-2007", IZH7_NAMES, {20, 1, -55, -40, 0.2, 0, 0.025, 25, -45, 0, 125}, 0.1, NO_TRAIN}, 1e-3, 1e-3, 5e-3, 0}, /* u moves by 10 nA / ms at the peak */
    {"izh2007_FS_dc", {"izhikevich-2007", IZH7_NAMES, {20, 1, -55, -40, 0.2, 0, 0.025, 25, -45, 0, 125}, 0.01, NO_TRAIN}, 1e-3, 1e-3, 0, 0},
    {"izh2007_RS_train", {"izhikevich-2007", IZH7_NAMES, {100, 0.7, -60, -40, 0.03, -2, 0, 35, -50, 100, 60}, 0.1, "excitatory", "inhibitory", 60, -50, 1, false}, 1e-3, 1e-3, 0, 0},
    {"izh2007_RS_train", {"izhikevich-2007", IZH7_NAMES, {100, 0.7, -60, -40, 0.03, -2, 0, 35, -50, 100, 60}, 0.01, "excitatory", "inhibitory", 60, -50, 1, false}, 1e-3, 1e-3, 0, 0},
    /* Izhikevich 2003 is the same with 0.04 (v - v_r) (v - v_t) = 0.04 v^2 + 5 v + 140, u less b v_r */
    {"izh2003_RS_dc", {"izhikevich-2007", IZH3_AS_7, IZH3_VALUES(0.02, -65, 8, 10), 0.1, NO_TRAIN}, 1e-3, 1e-3, 0, 0},
    {"izh2003_FS_dc", {"izhikevich-2007", IZH3_AS_7, IZH3_VALUES(0.1, -65, 2, 10), 0.1, NO_TRAIN}, 1e-3, 1e-3, 1e-3, 0},
    {"izh2003_CH_dc", {"izhikevich-2007", IZH3_AS_7, IZH3_VALUES(0.02, -50, 2, 10), 0.1, NO_TRAIN}, 1e-3, 1e-3, 1e-3, 0},
    {"izh2003_RS_train", {"izhikevich-2007", IZH3_AS_7, IZH3_VALUES(0.02, -65, 8, 2), 0.1, "excitatory", "inhibitory", 3, -4, 1, false}, 1e-3, 1e-3, 0, 0},
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

ParameterizedTestParameters(snn_ode, spikes_at_the_times_of_an_accurate_solver)
{
    static int index[N_CASES];
    for (int i = 0; i < N_CASES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_CASES);
}

ParameterizedTest(int *index, snn_ode, spikes_at_the_times_of_an_accurate_solver)
{
    const ode_case *c = &cases[*index];
    char name[256];
    snprintf(name, sizeof name, "reference/spiking/ode/%s_spikes.csv", c->file);
    const char *path = cali_test_shared(name);
    if (path == NULL)
        cr_skip_test("no reference data");
    cali_test_table *spikes = cali_test_read_csv(path);
    cali_single_run run;
    cali_single_start(&c->single, 1.0, &run);
    const double last_ms = spikes->values[(spikes->n_rows - 1) * spikes->n_columns];
    while (cal_time_ms(cal_snn_time(run.snn)) < last_ms + 1.0)
        cali_single_step(&run);
    double worst = 0.0, best = 0.0;
    cr_expect(run.n_spikes >= spikes->n_rows - 1 && run.n_spikes <= spikes->n_rows + 1, "%s: %zu spikes, not %zu",
              c->file, run.n_spikes, spikes->n_rows);
    for (size_t i = 0; i < run.n_spikes && i < spikes->n_rows; i++) {
        const double late = run.spikes_ms[i] - spikes->values[i * spikes->n_columns];
        cr_expect(late >= -c->early_ms - (double)i * c->per_spike_ms &&
                      late <= c->single.dt_ms + c->late_ms + (double)i * c->per_spike_ms,
                  "%s: spike %zu is %.4f ms late", c->file, i, late);
        worst = late > worst ? late : worst;
        best = late < best ? late : best;
    }
    cr_log_info("%s dt %g: %.4f to %.4f ms late", c->file, c->single.dt_ms, best, worst);
    cali_single_stop(&run);
    cali_test_table_free(spikes);
}

/* ---- order of convergence ------------------------------------------------------------------------ */

/* C u' = -g_L u + g(t) (60 - u), g = 20 e^(-t/5): u(8 ms) from u(0) = 0, by 80,000 steps of RK4 in double. */
static double conductance_reference(void)
{
    double u = 0.0, t = 0.0;
    const double h = 1e-4;
    for (int i = 0; i < 80000; i++, t += h) {
        double k[4], at = u;
        for (int s = 0; s < 4; s++) {
            const double g = 20.0 * exp(-(t + (s == 0 ? 0.0 : s == 3 ? h : 0.5 * h)) / 5.0);
            k[s] = (-10.0 * at + g * (60.0 - at)) / 200.0;
            at = u + k[s] * (s == 2 ? h : 0.5 * h);
        }
        u += h / 6.0 * (k[0] + 2.0 * k[1] + 2.0 * k[2] + k[3]);
    }
    return u;
}

static double final_state(const cali_single *s, double until_ms, const char *state)
{
    cali_single_run run;
    cali_single_start(s, s->dt_ms, &run);
    while (cal_time_ms(cal_snn_time(run.snn)) < until_ms - 1e-9)
        cali_single_step(&run);
    const double value = cali_single_state(&run, state);
    cali_single_stop(&run);
    return value;
}

Test(snn_ode, conductance_neuron_converges_with_order_four)
{
    cali_single s = {"lif-cond", {"E_L", "E_exc", "V_th", "V_reset", "g_exc"}, {-60, 0, 1e3, -60, 20}, 4.0, NO_TRAIN};
    const double exact = conductance_reference() - 60.0;
    const double coarse = fabs(final_state(&s, 8.0, "V") - exact);
    s.dt_ms = 2.0;
    const double fine = fabs(final_state(&s, 8.0, "V") - exact);
    cr_log_info("errors %.3g and %.3g mV, order %.2f", coarse, fine, log2(coarse / fine));
    cr_expect(coarse / fine > 16.0 * 0.8 && fine < 0.01);
}

/* Before the first spike (3.127 ms): v(2.5 ms) of the accurate solution is in the trace. */
Test(snn_ode, izhikevich_converges_with_order_one)
{
    const char *path = cali_test_shared("reference/spiking/ode/izh2003_RS_dc.csv");
    if (path == NULL)
        cr_skip_test("no reference data");
    cali_test_table *trace = cali_test_read_csv(path);
    double exact = NAN, error[2];
    for (size_t i = 0; i < trace->n_rows; i++)
        if (fabs(cali_test_value(trace, i, "t_ms") - 2.0) < 1e-6)
            exact = cali_test_value(trace, i, "v_mV");
    cali_single s = {"izhikevich", {"I_e"}, {10}, 0.02, NO_TRAIN};
    for (int i = 0; i < 2; i++) {
        s.dt_ms = i == 0 ? 0.02 : 0.01;
        error[i] = fabs(final_state(&s, 2.0, "v") - exact);
    }
    cr_log_info("errors %.3g and %.3g mV", error[0], error[1]);
    cr_expect(epsilon_eq(dbl, error[0] / error[1], 2.0, 0.4)); /* 20 % of 2^1 */
    cali_test_table_free(trace);
}

/* The closed form v = sqrt(eta) tan(sqrt(eta) t / tau + atan(v0 / sqrt(eta))): exact at every dt. */
Test(snn_ode, qif_is_exact_at_every_step)
{
    static const double dts_ms[] = {0.05, 0.5, 2.5};
    for (int i = 0; i < 3; i++) {
        const cali_single s = {"qif", {"tau", "eta", "v"}, {10, 2.0, -3.0}, dts_ms[i], NO_TRAIN};
        const double root = sqrt(2.0), exact = root * tan(root * 2.0 + atan(-3.0 / root));
        const double v = final_state(&s, 20.0, "v"); /* passes infinity on the way */
        cr_expect(fabs(v / exact - 1.0) < 2e-5, "dt %g: %.7g, exact %.7g", dts_ms[i], v, exact);
    }
    const cali_single s = {"qif", {"tau", "eta", "v"}, {10, -4.0, 1.0}, 0.5, NO_TRAIN};
    /* eta < 0: v = 2 (v0 - 2 tanh x) / (2 - v0 tanh x), x = 2 t / tau */
    const double th = tanh(2.0), exact = 2.0 * (1.0 - 2.0 * th) / (2.0 - th);
    cr_expect(fabs(final_state(&s, 10.0, "v") / exact - 1.0) < 2e-5);
}

/* ---- AdEx with alpha conductances: there is no file, so the accurate solution is made here ------------ */

#define ALPHA_TAU_EXC 1.5
#define ALPHA_TAU_INH 4.0
#define ALPHA_I_E 400.0

/* V, w, g_exc, r_exc, g_inh, r_inh with the membrane of Brette & Gerstner (2005). */
static void alpha_slopes(const double *x, double *dx)
{
    dx[0] = (-30.0 * (x[0] + 70.6) + 60.0 * exp((x[0] + 50.4) / 2.0) - x[1] - x[2] * x[0] - x[4] * (x[0] + 85.0) + ALPHA_I_E) / 281.0;
    dx[1] = (4.0 * (x[0] + 70.6) - x[1]) / 144.0;
    dx[2] = x[3] - x[2] / ALPHA_TAU_EXC;
    dx[3] = -x[3] / ALPHA_TAU_EXC;
    dx[4] = x[5] - x[4] / ALPHA_TAU_INH;
    dx[5] = -x[5] / ALPHA_TAU_INH;
}

static void alpha_rk4(double h, double *x)
{
    double k[4][6], y[6];
    for (int s = 0; s < 4; s++) {
        for (int i = 0; i < 6; i++)
            y[i] = s == 0 ? x[i] : x[i] + (s == 3 ? h : 0.5 * h) * k[s - 1][i];
        alpha_slopes(y, k[s]);
    }
    for (int i = 0; i < 6; i++)
        x[i] += h / 6.0 * (k[0][i] + 2.0 * k[1][i] + 2.0 * k[2][i] + k[3][i]);
}

/* Runge-Kutta 4 in double, steps of at most 1 us in which V moves by 20 uV at most: peaks are right to 1e-5 ms. */
static size_t alpha_spikes(const cali_single *s, const cali_single_run *run, double until_ms, double *spikes_ms)
{
    const double jump[2] = {s->weight_e * exp(1.0) / ALPHA_TAU_EXC, s->weight_i * exp(1.0) / ALPHA_TAU_INH};
    double x[6] = {-70.6}, t = 0.0, dx[6];
    size_t n = 0, at[2] = {0, 0};
    while (t < until_ms) {
        alpha_slopes(x, dx);
        double h = fmin(1e-3, 0.02 / fabs(dx[0]));
        for (int k = 0; k < 2; k++)
            if (at[k] < run->n_train[k])
                h = fmin(h, run->train_ms[k][at[k]] + s->delay_ms - t);
        alpha_rk4(h, x);
        t += h;
        if (x[0] >= 0.0) {
            spikes_ms[n++] = t;
            x[0] = -60.0;
            x[1] += 80.5;
        }
        for (int k = 0; k < 2; k++)
            for (; at[k] < run->n_train[k] && run->train_ms[k][at[k]] + s->delay_ms - t < 1e-9; at[k]++)
                x[3 + 2 * k] += jump[k];
    }
    return n;
}

/* The bounds are those of `adex`: the peak is found inside the sub-step with errors of order h^2. */
Test(snn_ode, adex_with_alpha_conductances_spikes_at_the_times_of_an_accurate_solution)
{
    static const double dts_ms[] = {0.1, 0.025};
    if (cali_test_shared("reference/spiking/train_A.csv") == NULL)
        cr_skip_test("no reference data");
    for (int i = 0; i < 2; i++) {
        const cali_single s = {"adex-cond-alpha", {"tau_exc", "tau_inh", "E_inh", "I_e"},
                               {ALPHA_TAU_EXC, ALPHA_TAU_INH, -85, ALPHA_I_E}, dts_ms[i], "excitatory", "inhibitory", 14, 6, 1, false};
        cali_single_run run;
        double spikes_ms[256], worst = 0.0, best = 0.0;
        cali_single_start(&s, 1.0, &run);
        const size_t n = alpha_spikes(&s, &run, 300.0, spikes_ms);
        while (cal_time_ms(cal_snn_time(run.snn)) < 300.0)
            cali_single_step(&run);
        cr_assert(eq(sz, run.n_spikes, n));
        cr_assert(n >= 8, "%zu spikes say little", n);
        for (size_t k = 0; k < n; k++) {
            worst = fmax(worst, run.spikes_ms[k] - spikes_ms[k]);
            best = fmin(best, run.spikes_ms[k] - spikes_ms[k]);
        }
        cr_log_info("dt %g: %zu spikes, %.5f to %.5f ms late", dts_ms[i], n, best, worst);
        cr_expect(best >= -2e-3 && worst <= dts_ms[i] + 2e-3, "dt %g: %.4f to %.4f ms late", dts_ms[i], best, worst);
        cali_single_stop(&run);
    }
}
