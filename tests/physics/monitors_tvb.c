/* Monitors against what The Virtual Brain computes: shared/reference/tvb/monitors.h5. The signal is given as a formula in the
 * file's attributes; tolerance 1e-11 relative, which its README asks for (sums of 5000 terms in another order). */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#include "base/numeric.h"
#include "callosum/monitors.h"
#include "support/h5.h"
#include "support/support.h"

enum { N_STEPS = 40000, N = 4 };

static double signal_rows[N_STEPS * N];

/* x_i(t) = offset_i + amplitude_i sin(2 pi freq_i t / 1000), and 0.5 more in region 0 for 5000 <= t < 8000 ms */
static void fill_signal(hid_t file)
{
    size_t n;
    double *offset = cali_test_h5_read(file, "offset", &n), *amplitude = cali_test_h5_read(file, "amplitude", &n);
    double *freq = cali_test_h5_read(file, "freq_Hz", &n);
    cr_assert(offset != NULL && amplitude != NULL && freq != NULL && n == N);
    for (int step = 1; step <= N_STEPS; step++)
        for (int i = 0; i < N; i++)
            signal_rows[(step - 1) * N + i] = offset[i] + amplitude[i] * sin(2.0 * CALI_PI * freq[i] * step / 1000.0) +
                                              (i == 0 && step >= 5000 && step < 8000 ? 0.5 : 0.0);
    free(offset);
    free(amplitude);
    free(freq);
}

static void expect_rows(hid_t file, const char *group, const cal_monitor_def *def)
{
    cal_context *ctx = cali_test_context(1);
    cal_monitor *monitor = NULL;
    cr_assert(cal_monitor_create(ctx, def, &monitor) == CAL_OK, "%s", cal_context_message(ctx));
    char path[128];
    snprintf(path, sizeof path, "%s/output", group);
    size_t n_expected = 0, n = 0, at = 0;
    double *expected = cali_test_h5_read(file, path, &n_expected), worst = 0.0;
    const size_t n_in = def->kind->feed == CAL_FEED_SAMPLES ? (size_t)(def->every / CAL_NS_PER_MS) : 1;
    cr_assert(expected != NULL);
    /* a monitor that is fed with samples gets every n_in-th row */
    for (size_t step = n_in; step <= N_STEPS && at < n_expected; step += n_in) {
        cr_assert(cal_monitor_push(monitor, 1, signal_rows + (step - 1) * N) == CAL_OK, "%s", cal_context_message(ctx));
        const double *rows = cal_monitor_rows(monitor, &n);
        for (size_t k = 0; k < n * cal_monitor_n_channels(monitor); k++, at++) {
            const double error = fabs(rows[k] - expected[at]) / fmax(fabs(expected[at]), 1e-3);
            worst = error > worst || isnan(error) ? error : worst;
        }
    }
    cr_expect(at == n_expected, "%s: %zu values, the reference has %zu", group, at, n_expected);
    cr_expect(worst < 1e-11, "%s: relative error %g", group, worst);
    cr_log_info("%s: %g\n", group, worst);
    free(expected);
    cal_monitor_destroy(&monitor);
    cal_context_destroy(&ctx);
}

static hid_t open_reference(void)
{
    const char *path = cali_test_shared("reference/tvb/monitors.h5");
    if (path == NULL)
        cr_skip("no reference data: set CALLOSUM_SHARED");
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    cr_assert(file >= 0);
    fill_signal(file);
    return file;
}

static cal_monitor_def define(const char *kind, cal_time every_ms)
{
    cal_monitor_def def = cal_monitor_def_default();
    def.kind = cal_monitor_kind_find(kind);
    def.n_regions = N;
    def.every = every_ms * CAL_NS_PER_MS;
    def.dt = def.kind->feed == CAL_FEED_SAMPLES ? def.every : CAL_NS_PER_MS;
    return def;
}

/* TVB stamps a temporal average at the middle of its interval, this project all rows at the end; values are compared. */
Test(monitors_tvb, samples_and_averages_are_those_of_the_reference)
{
    const hid_t file = open_reference();
    cal_monitor_def def = define("sub-sample", 7);
    expect_rows(file, "SubSample", &def);
    def = define("temporal-average", 10);
    expect_rows(file, "TemporalAverage", &def);
    def = define("global-average", 25);
    expect_rows(file, "GlobalAverage", &def);
    H5Fclose(file);
}

Test(monitors_tvb, bold_in_the_form_tvb_is_that_of_the_reference)
{
    static const struct {
        const char *group, *kernel;
        cal_time every_ms;
    } cases[] = {{"Bold_FirstOrderVolterra", "volterra", 1000},
                 {"Bold_FirstOrderVolterra_tr500", "volterra", 500},
                 {"Bold_DoubleExponential", "double-exponential", 1000},
                 {"Bold_Gamma", "gamma", 1000},
                 {"Bold_MixtureOfGammas", "mixture-of-gammas", 1000}};
    const hid_t file = open_reference();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cal_monitor_def def = define("bold", cases[i].every_ms);
        def.kernel = cal_hrf_find(cases[i].kernel);
        def.form = CAL_BOLD_TVB;
        def.interim = 4 * CAL_NS_PER_MS;
        expect_rows(file, cases[i].group, &def);
    }
    H5Fclose(file);
}
