/* The small mathematics behind the constants of neurons, against integrals by Simpson's rule. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <string.h>

#include "snn/neuron.h"
#include "support/support.h"

enum { N_PANELS = 20000 };

/* 1 / C times the integral over t from 0 to h of e^(-(h - t) / tau_m) t^power e^(-t / tau_s). */
static double integral(double h, double tau_m, double tau_s, double c, int power)
{
    double sum = 0.0;
    for (int i = 0; i <= N_PANELS; i++) {
        const double t = h * i / N_PANELS, weight = i == 0 || i == N_PANELS ? 1.0 : i % 2 ? 4.0 : 2.0;
        sum += weight * pow(t, power) * exp(-(h - t) / tau_m - t / tau_s);
    }
    return sum * h / (3.0 * N_PANELS) / c;
}

static const struct {
    double h, tau_m, tau_s;
} cases[] = {{0.1, 10, 2}, {0.1, 10, 10},  {0.1, 2, 10},   {1, 10, 0.1},    {1, 0.1, 10},  {0.01, 10, 10.0001},
             {2, 20, 0.5}, {0.1, 20, 100}, {1, 3, 3.0001}, {0.1, 0.2, 0.3}, {4, 0.5, 0.49}};
enum { N_CASES = sizeof cases / sizeof cases[0] };

Test(snn_propagators, are_the_integrals_that_they_stand_for)
{
    for (int i = 0; i < N_CASES; i++) {
        const double h = cases[i].h, m = cases[i].tau_m, s = cases[i].tau_s;
        const double p = cali_propagator(h, m, s, 250.0) / integral(h, m, s, 250.0, 0);
        const double a = cali_alpha_propagator(h, m, s, 250.0) / integral(h, m, s, 250.0, 1);
        cr_expect(epsilon_eq(dbl, p, 1.0, 1e-11), "case %d: %.3g", i, p - 1.0); /* Simpson's error and cancellation */
        cr_expect(epsilon_eq(dbl, a, 1.0, 1e-11), "case %d: %.3g", i, a - 1.0);
    }
}

/* Time constants far below the step: no overflow of e^(h / tau). */
Test(snn_propagators, stay_finite_for_time_constants_far_below_the_step)
{
    const double m = cali_propagator(1.0, 1e-3, 1e6, 1.0), s = cali_propagator(1.0, 1e6, 1e-3, 1.0);
    cr_expect(epsilon_eq(dbl, m, 1e-3, 1e-8)); /* u follows the current: tau_m / C */
    cr_expect(epsilon_eq(dbl, s, 1e-3, 1e-8)); /* the charge of the current: tau_s / C */
    cr_expect(epsilon_eq(dbl, cali_alpha_propagator(1.0, 1e-3, 1e6, 1.0), 1e-3, 2e-6));
    cr_expect(epsilon_eq(dbl, cali_alpha_propagator(1.0, 1e6, 1e-3, 1.0), 1e-6, 1e-11));
}

/* g = jump (e^(-t / decay) - e^(-t / rise)) / (1 / rise - 1 / decay), or jump t e^(-t / tau), has the maximum 1. */
Test(snn_propagators, a_unit_weight_peaks_with_one)
{
    static const double pairs[][2] = {{0.5, 5}, {5, 0.5}, {2, 2}, {2, 2.0001}, {2, 2.01}, {1e-3, 100}, {2, 100}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const double rise = pairs[i][0], decay = pairs[i][1], jump = cali_peak_jump(rise, decay);
        double peak = 0.0;
        for (int k = 1; k < 400000; k++) {
            const double t = fmin(rise, decay) * 20.0 * k / 400000.0;
            peak = fmax(peak, jump * cali_propagator(t, decay, rise, 1.0));
        }
        cr_expect(epsilon_eq(dbl, peak, 1.0, 1e-8), "%g, %g: %.10g", rise, decay, peak);
    }
    cr_expect(epsilon_eq(dbl, cali_peak_jump(2.0, 2.0), exp(1.0) / 2.0, 1e-14));
}

/* A reset at or above the threshold would be a spike at every step, whatever t_ref says. */
Test(snn_propagators, a_reset_above_the_threshold_is_refused)
{
    static const char *const names[] = {"lif", "lif-alpha", "lif-delta", "lif-cond", "lif-cond-alpha",
                                        "lif-cond-beta", "alif"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cal_context *ctx = cali_test_context(1);
        const cal_snn_setting reset = {"V_reset", {CAL_CONSTANT, -50.0, 0, 0, 0}};
        const cal_snn_population p = {"cell", cal_snn_neuron_find(names[i]), 1, &reset, 1};
        cal_snn_def def = cal_snn_def_default();
        def.populations = &p;
        def.n_populations = 1;
        cal_snn *snn = NULL;
        cr_expect(eq(int, cal_snn_create(ctx, &def, &snn), CAL_ERR_ARGUMENT), "%s", names[i]);
        cr_expect(strstr(cal_context_message(ctx), "V_reset -50 mV must be below V_th -50 mV") != NULL, "%s",
                  cal_context_message(ctx));
        cal_snn_destroy(&snn);
        cal_context_destroy(&ctx);
    }
}
