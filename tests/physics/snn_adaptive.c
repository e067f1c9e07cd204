/* Theta neuron, adaptive QIF and E-GLIF against each other, theory and the published equations in double. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/snn_single.h"

#define NO_TRAIN NULL, NULL, 0, 0, 0, false

static void run_until(cali_single_run *run, double until_ms)
{
    while (cal_time_ms(cal_snn_time(run->snn)) < until_ms - 1e-9)
        cali_single_step(run);
}

/* v = tan(theta / 2) turns one neuron into the other, delta input and spikes included. */
Test(snn_adaptive, theta_is_the_phase_of_qif)
{
    if (cali_test_shared("reference/spiking/train_A.csv") == NULL)
        cr_skip_test("no reference data");
    const cali_single qif = {"qif", {"eta", "v"}, {-0.2, -0.4}, 0.1, "input", "input", 0.3, -0.2, 1, false};
    const cali_single theta = {"theta", {"eta", "theta"}, {-0.2, 2.0 * atan(-0.4)}, 0.1, "input", "input", 0.3, -0.2, 1, false};
    cali_single_run a, b;
    cali_single_start(&qif, 0.1, &a);
    cali_single_start(&theta, 0.1, &b);
    double worst = 0.0;
    for (int i = 0; i < 3000; i++) {
        cali_single_step(&a);
        cali_single_step(&b);
        const double off = 2.0 * atan(cali_single_state(&a, "v")) - cali_single_state(&b, "theta");
        worst = fmax(worst, fabs(remainder(off, 2.0 * 3.14159265358979)));
    }
    cr_log_info("%zu spikes, %.2g rad apart", a.n_spikes, worst);
    cr_expect(gt(sz, a.n_spikes, 3));
    cr_expect(eq(sz, a.n_spikes, b.n_spikes));
    for (size_t i = 0; i < a.n_spikes && i < b.n_spikes; i++)
        cr_expect(epsilon_eq(dbl, a.spikes_ms[i], b.spikes_ms[i], 1e-9));
    cr_expect(lt(dbl, worst, 1e-4)); /* roundings of 3000 steps, grown on the way to each spike */
    cali_single_stop(&a);
    cali_single_stop(&b);
}

/* Adaptation much slower than the intervals rests at A = alpha r, where r = sqrt(eta - A) / (pi tau). With
 * eta = 5, tau = 10 ms, alpha = 40 ms: r = x / (31.4159 ms), x^2 + 40 / 31.4159 x - 5 = 0. */
Test(snn_adaptive, aqif_fires_at_the_rate_that_its_adaptation_leaves)
{
    const double per_tau = 10.0 * 3.14159265358979, b = 40.0 / per_tau;
    const double x = 0.5 * (-b + sqrt(b * b + 20.0)), rate = x / per_tau;
    const cali_single s = {"aqif", {"eta", "tau_A", "alpha"}, {5, 300, 40}, 0.1, NO_TRAIN};
    cali_single_run run;
    cali_single_start(&s, 1.0, &run);
    run_until(&run, 4000.0);
    const size_t before = run.n_spikes;
    const double first_ms = run.spikes_ms[before - 1];
    run_until(&run, 8000.0);
    const double measured = (double)(run.n_spikes - before) / (run.spikes_ms[run.n_spikes - 1] - first_ms);
    cr_log_info("%.5g spikes / ms, theory %.5g, at first %.5g", measured, rate,
                1.0 / (run.spikes_ms[1] - run.spikes_ms[0]));
    cr_expect(epsilon_eq(dbl, measured / rate, 1.0, 2e-3)); /* A ripples by a few in a thousand around its mean */
    cr_expect(gt(dbl, cali_single_state(&run, "A"), 0.9 * 40.0 * rate));
    cali_single_stop(&run);
}

/* The published equations with the same grid of spikes, by 20 steps of Runge-Kutta 4 per step, in double. */
typedef struct eglif {
    double u, adap, dep;
    int refractory;
} eglif;

static void eglif_slope(const double *x, bool is_held, double i_pA, double *dx)
{
    dx[0] = is_held ? 0.0 : x[0] / 9.125 + (-x[1] + x[2] + i_pA) / 14.6;
    dx[1] = 2.025 * x[0] - 1.096 * x[1];
    dx[2] = -1.887 * x[2];
}

static bool eglif_step(eglif *n, double dt_ms, double i_pA)
{
    const double h = dt_ms / 20.0;
    double x[3] = {n->u, n->adap, n->dep}, at[3], d[4][3];
    const bool is_held = n->refractory > 0;
    for (int s = 0; s < 20; s++) {
        eglif_slope(x, is_held, i_pA, d[0]);
        for (int k = 1; k < 4; k++) {
            for (int j = 0; j < 3; j++)
                at[j] = x[j] + (k == 3 ? h : 0.5 * h) * d[k - 1][j];
            eglif_slope(at, is_held, i_pA, d[k]);
        }
        for (int j = 0; j < 3; j++)
            x[j] += h / 6.0 * (d[0][j] + 2.0 * d[1][j] + 2.0 * d[2][j] + d[3][j]);
    }
    const bool has_spiked = !is_held && x[0] >= 15.0;
    *n = (eglif){has_spiked ? -10.0 : x[0], x[1] + (has_spiked ? 5.863 : 0.0), has_spiked ? 5.953 : x[2],
                 has_spiked ? (int)(1.59 / dt_ms + 0.5) : is_held ? n->refractory - 1 : 0};
    return has_spiked;
}

Test(snn_adaptive, eglif_follows_its_linear_equations_and_spikes_in_the_same_steps)
{
    static const double dts_ms[] = {0.1, 0.05};
    for (int k = 0; k < 2; k++) {
        const cali_single s = {"eglif", {"I_e"}, {12.0}, dts_ms[k], NO_TRAIN};
        cali_single_run run;
        cali_single_start(&s, dts_ms[k], &run);
        eglif n = {0};
        size_t n_spikes = 0, n_apart = 0;
        double worst = 0.0;
        for (int i = 0; i < (int)(500.0 / dts_ms[k] + 0.5); i++) {
            cali_single_step(&run);
            const bool has_spiked = eglif_step(&n, dts_ms[k], 12.0);
            n_spikes += has_spiked;
            n_apart += n_spikes != run.n_spikes;
            worst = fmax(worst, fabs(cali_single_state(&run, "V") + 68.0 - n.u));
        }
        cr_log_info("dt %g: %zu spikes, %.2g mV apart", dts_ms[k], n_spikes, worst);
        cr_expect(gt(sz, n_spikes, 10));
        cr_expect(eq(sz, n_apart, 0));
        cr_expect(lt(dbl, worst, 5e-5)); /* a dozen roundings at 78 mV: a spike forgets those before it */
        cali_single_stop(&run);
    }
}

/* The narrower the soft threshold, the more the escape rate is a sharp one: at 1 uV, with a hazard of 1000 / ms there, all
 * spikes fall into the same steps. */
Test(snn_adaptive, eglif_with_a_narrow_escape_rate_is_the_one_with_a_sharp_threshold)
{
    const cali_single sharp = {"eglif", {"I_e"}, {20.0}, 0.1, NO_TRAIN};
    const cali_single soft = {"eglif-escape", {"I_e", "lambda_0", "tau_V"}, {20.0, 1e3, 1e-3}, 0.1, NO_TRAIN};
    static cali_single_run runs[2];
    cali_single_start(&sharp, 0.1, &runs[0]);
    cali_single_start(&soft, 0.1, &runs[1]);
    for (int i = 0; i < 5000; i++) {
        cali_single_step(&runs[0]);
        cali_single_step(&runs[1]);
        cr_assert(eq(sz, runs[1].n_spikes, runs[0].n_spikes));
        cr_assert(eq(dbl, cali_single_state(&runs[1], "V"), cali_single_state(&runs[0], "V")));
    }
    cr_expect(gt(sz, runs[0].n_spikes, 10));
    cali_single_stop(&runs[0]);
    cali_single_stop(&runs[1]);
}

/* With a huge capacity V stays at E_L, one tau_V below V_th: the hazard is lambda_0 / e, and of n neurons n exp(-t lambda_0 / e)
 * have not spiked by t. 4.5 standard deviations of a binomial number. */
Test(snn_adaptive, eglif_escapes_with_the_hazard_of_its_voltage)
{
    enum { N = 20000 };
    static const cal_snn_setting settings[] = {{"C_m", {CAL_CONSTANT, 1e9, 0, 0, 0}}, {"E_L", {CAL_CONSTANT, -54.1, 0, 0, 0}},
                                               {"t_ref", {CAL_CONSTANT, 1e3, 0, 0, 0}}};
    const cal_snn_population population = {"cell", cal_snn_neuron_find("eglif-escape"), N, settings, 3};
    cal_context *ctx = cali_test_context(2);
    cal_snn_def def = cal_snn_def_default();
    cal_snn *snn = NULL;
    def.populations = &population;
    def.n_populations = 1;
    cr_assert(eq(int, cal_snn_create(ctx, &def, &snn), CAL_OK), "%s", cal_context_message(ctx));
    for (int t = 1; t <= 3; t++) {
        cr_assert(eq(int, cal_snn_advance(snn), CAL_OK));
        const double p = exp(-t * 1.8 / exp(1.0)), waiting = N - (double)cal_snn_get_counts(snn).n_spikes;
        cr_expect(lt(dbl, fabs(waiting - N * p), 4.5 * sqrt(N * p * (1.0 - p))), "%g after %d ms, not %g", waiting, t, N * p);
    }
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
}
