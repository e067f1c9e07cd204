/* BOLD as a convolution against closed forms, and the balloon model against an independent solver. */
#include <criterion/criterion.h>
#include <math.h>

#include "base/numeric.h"
#include "callosum/monitors.h"
#include "support/support.h"

static cal_monitor *make(cal_context *ctx, const cal_monitor_def *def)
{
    cal_monitor *monitor = NULL;
    cr_assert(cal_monitor_create(ctx, def, &monitor) == CAL_OK, "%s", cal_context_message(ctx));
    return monitor;
}

/* int_0^T exp(-b s) sin(w s) / (3 w) ds = (1 - exp(-b T) (cos w T + b / w sin w T)) / (3 (b^2 + w^2)), and b^2 + w^2 is
 * 1 / tau_f. A unit step that begins 5 s before the sample therefore gives this with T = 5 s. */
static double volterra_step(double T)
{
    const double b = 0.5 / 0.8, w = sqrt(1.0 / 0.4 - b * b);
    const double h = 0.4 / 3.0 * (1.0 - exp(-b * T) * (cos(w * T) + b / w * sin(w * T)));
    return (h - 1.0) * 5.6 * 0.02;
}

static double volterra_error(cal_context *ctx, cal_time interim, cal_bold_form form)
{
    cal_monitor_def def = cal_monitor_def_default();
    def.kind = cal_monitor_kind_find("bold");
    def.kernel = cal_hrf_find("volterra");
    def.form = form;
    def.n_regions = 1;
    def.dt = interim;
    def.every = 1000 * CAL_NS_PER_MS;
    cal_monitor *monitor = make(ctx, &def);
    const double off = 0.0, on = 1.0;
    const int64_t n = def.every / interim;
    double worst = 0.0;
    for (int64_t k = 0; k < 10 * n; k++) {
        size_t n_rows = 0;
        cr_assert(cal_monitor_push(monitor, 1, k < 2 * n ? &off : &on) == CAL_OK);
        const double *row = cal_monitor_rows(monitor, &n_rows);
        const double t_s = (double)(k + 1) / (double)n;
        if (n_rows == 1)
            worst = fmax(worst, fabs(row[0] - volterra_step(t_s > 2.0 ? t_s - 2.0 : 0.0)));
    }
    cal_monitor_destroy(&monitor);
    return worst;
}

/* The midpoint rule is of second order; at 4 ms the error is below 1e-6 of a signal of 0.11. */
Test(monitors_bold, the_integral_form_is_the_convolution_and_of_second_order)
{
    cal_context *ctx = cali_test_context(1);
    const double e40 = volterra_error(ctx, 40 * CAL_NS_PER_MS, CAL_BOLD_INTEGRAL);
    const double e20 = volterra_error(ctx, 20 * CAL_NS_PER_MS, CAL_BOLD_INTEGRAL);
    const double e4 = volterra_error(ctx, 4 * CAL_NS_PER_MS, CAL_BOLD_INTEGRAL);
    cr_expect(e40 / e20 > 3.9 && e40 / e20 < 4.1, "ratio %g", e40 / e20);
    cr_expect(e4 < 1e-6, "error %g at 4 ms", e4);
    cal_context_destroy(&ctx);
}

/* Without the factor of the interval the amplitude is 1 / (0.004 s) = 250 times that of the convolution. */
Test(monitors_bold, the_form_tvb_depends_on_its_sampling)
{
    cal_context *ctx = cali_test_context(1);
    cr_expect(volterra_error(ctx, 4 * CAL_NS_PER_MS, CAL_BOLD_TVB) > 3.0);
    cal_context_destroy(&ctx);
}

/* ---- kernels ----------------------------------------------------------------------------------------------- */

/* A gamma density integrates to 1: the sum over 60 s of midpoints is the peak-scaled density's area
 * a / max h; for n = 3, max of (t/tau)^2 exp(-t/tau) / (2 tau) is 2 exp(-2) / tau. */
Test(monitors_bold, a_constant_through_the_gamma_kernel_gives_its_area)
{
    cal_context *ctx = cali_test_context(1);
    cal_monitor_def def = cal_monitor_def_default();
    def.kind = cal_monitor_kind_find("bold");
    def.kernel = cal_hrf_find("gamma");
    def.n_regions = 1;
    def.dt = 4 * CAL_NS_PER_MS;
    def.every = 40000 * CAL_NS_PER_MS;
    def.length = 40000 * CAL_NS_PER_MS;
    cal_monitor *monitor = make(ctx, &def);
    const double one = 1.0;
    for (int k = 0; k < 10000; k++)
        cr_assert(cal_monitor_push(monitor, 1, &one) == CAL_OK);
    size_t n = 0;
    const double *row = cal_monitor_rows(monitor, &n);
    const double area = 0.1 * 1.08 / (2.0 * exp(-2.0));
    cr_assert(n == 1);
    cr_expect(fabs(row[0] / area - 1.0) < 1e-6, "%g of %g", row[0], area);
    cal_monitor_destroy(&monitor);
    cal_context_destroy(&ctx);
}

/* With tau_f > 4 tau_s^2 the oscillation is overdamped: h = (exp(-a t) - exp(-b t)) / (3 (b - a)), a and b the roots of
 * r^2 - r / tau_s + 1 / tau_f. At the border, tau_f = 4 tau_s^2, h = t exp(-t / (2 tau_s)) / 3. */
Test(monitors_bold, the_volterra_kernel_goes_on_where_it_does_not_oscillate)
{
    const cal_hrf *kernel = cal_hrf_find("volterra");
    const double t[] = {0.0, 0.3, 2.0, 7.0};
    double h[4];
    const double over[] = {0.2, 0.5, 5.6, 0.02}, border[] = {0.5, 1.0, 5.6, 0.02};
    const double mean = 0.5 / 0.2, w = sqrt(mean * mean - 1.0 / 0.5);
    kernel->fill(over, 4, t, h);
    for (int i = 0; i < 4; i++)
        cr_expect(fabs(h[i] - (exp(-(mean - w) * t[i]) - exp(-(mean + w) * t[i])) / (6.0 * w)) < 1e-15);
    kernel->fill(border, 4, t, h);
    for (int i = 0; i < 4; i++)
        cr_expect(fabs(h[i] - t[i] * exp(-t[i]) / 3.0) < 1e-15);
}

/* ---- balloon ------------------------------------------------------------------------------------------------ */

/* At 1, 2, ..., 20 s, made by monitors_balloon.py beside this file (another form of the equations, another solver). */
static const double friston[] = {
    1.8165045518782e-03, 1.2433661395953e-02, 2.5789501522555e-02, 3.2424309560673e-02, 3.2376814025162e-02,
    2.9835421927452e-02, 3.1100777765307e-02, 3.9136254929190e-02, 4.5406345922478e-02, 4.7139702086246e-02,
    4.4925009021588e-02, 4.1339736430419e-02, 3.7955596020946e-02, 3.3837837895858e-02, 2.7752572078208e-02,
    2.2170915354378e-02, 2.2624458197914e-02, 2.8114360078617e-02, 3.1593061714344e-02, 3.0602245190439e-02};
static const double stephan[] = {
    3.5680924948008e-04, 6.2168099366640e-03, 2.0811500371626e-02, 3.5277780091202e-02, 4.2596769573200e-02,
    4.4262996884429e-02, 4.5813109165545e-02, 5.3510051142688e-02, 6.3480049104214e-02, 6.9378153575054e-02,
    6.9571173520906e-02, 6.6813002080910e-02, 6.3326973948389e-02, 5.8970368314232e-02, 5.2790221352385e-02,
    4.5664948102905e-02, 4.0978706471002e-02, 4.1391283502627e-02, 4.4105523714077e-02, 4.4758219474591e-02};

/* Mean over (t - d, t] of 0.4 + 0.3 sin(2 pi 0.2 t), and 0.8 more from 6 to 9 s. */
static double mean_input(double t, double d)
{
    const double w = 2.0 * CALI_PI * 0.2;
    return 0.4 + 0.3 * (cos(w * (t - d)) - cos(w * t)) / (w * d) + (t > 6.0 + 1e-9 && t < 9.0 + 1e-9 ? 0.8 : 0.0);
}

static double balloon_error(cal_context *ctx, const char *kind, const double *expected, int step_ms)
{
    cal_monitor_def def = cal_monitor_def_default();
    def.kind = cal_monitor_kind_find(kind);
    def.n_regions = 1;
    def.dt = step_ms * CAL_NS_PER_MS;
    def.every = 1000 * CAL_NS_PER_MS;
    cal_monitor *monitor = make(ctx, &def);
    double worst = 0.0;
    for (int k = 1; k <= 20000 / step_ms; k++) {
        const double x = mean_input(k * step_ms * 1e-3, step_ms * 1e-3);
        size_t n = 0;
        cr_assert(cal_monitor_push(monitor, 1, &x) == CAL_OK, "%s", cal_context_message(ctx));
        const double *row = cal_monitor_rows(monitor, &n);
        if (n == 1)
            worst = fmax(worst, fabs(row[0] - expected[k * step_ms / 1000 - 1]));
    }
    cal_monitor_destroy(&monitor);
    return worst;
}

static void expect_balloon(const char *kind, const double *expected)
{
    cal_context *ctx = cali_test_context(1);
    const double e50 = balloon_error(ctx, kind, expected, 50), e25 = balloon_error(ctx, kind, expected, 25);
    const double e4 = balloon_error(ctx, kind, expected, 4);
    cr_expect(e50 / e25 > 3.8 && e50 / e25 < 4.2, "%s: ratio %g", kind, e50 / e25);
    cr_expect(e4 < 1e-7, "%s: error %g at 4 ms", kind, e4); /* of a signal of 0.05: second order, 2e-5 at 50 ms */
    cr_log_info("%s: %g at 50 ms, %g at 25 ms, %g at 4 ms\n", kind, e50, e25, e4);
    cal_context_destroy(&ctx);
}

Test(monitors_bold, the_balloon_model_is_that_of_an_independent_solver_2003)
{
    expect_balloon("balloon", friston);
}

Test(monitors_bold, the_balloon_model_is_that_of_an_independent_solver_2007)
{
    expect_balloon("balloon-2007", stephan);
}

/* Strong inhibition empties the vessels, but none of flow, volume and content becomes negative; at constant excitation x
 * the model rests at f = 1 + epsilon x / gamma, v = f^alpha, q = v (1 - (1 - rho)^(1/f)) / rho. */
Test(monitors_bold, the_balloon_survives_extreme_input)
{
    cal_context *ctx = cali_test_context(1);
    cal_monitor_def def = cal_monitor_def_default();
    def.kind = cal_monitor_kind_find("balloon");
    def.n_regions = 3;
    def.dt = 4 * CAL_NS_PER_MS;
    def.every = 1000 * CAL_NS_PER_MS;
    cal_monitor *monitor = make(ctx, &def);
    const double x[] = {-0.5, 100.0, NAN};
    double last = 0.0;
    for (int k = 0; k < 20000; k++) {
        size_t n = 0;
        cr_assert(cal_monitor_push(monitor, 1, x) == CAL_OK, "%s", cal_context_message(ctx));
        const double *row = cal_monitor_rows(monitor, &n);
        for (int i = 0; n == 1 && i < 2; i++)
            cr_expect(isfinite(row[i]));
        if (n == 1)
            last = row[1];
        if (n == 1)
            cr_expect(isnan(row[2])); /* a region without the quantity */
    }
    const double f = 1.0 + 100.0 / 0.41, v = pow(f, 0.32), q = v * (1.0 - pow(0.66, 1.0 / f)) / 0.34;
    const double rest = 0.02 * (2.38 * (1.0 - q) + 2.0 * (1.0 - q / v) + 0.48 * (1.0 - v));
    cr_expect(fabs(last - rest) < 1e-9, "%g, not %g", last, rest); /* 80 s: exp(-26) of the way is left */
    cal_monitor_destroy(&monitor);
    cal_context_destroy(&ctx);
}
