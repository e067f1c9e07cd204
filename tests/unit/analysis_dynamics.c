/* Dynamics of functional connectivity, power in bands, likeness to the wiring: analysis/dynamics.c, analysis/results.c. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/results.h"
#include "base/file.h"
#include "base/numeric.h"
#include "callosum/experiment.h"
#include "support/support.h"

enum { N = 5, N_ROWS = 400 };

/* x_c(j) = sin(0.05 (c + 1) j + c) + 0.5 sin(0.013 j (c mod 3 + 1)) cos(0.002 j c), one series per column */
static void fill(double *x)
{
    for (int c = 0; c < N; c++)
        for (int j = 0; j < N_ROWS; j++)
            x[c * N_ROWS + j] = sin(0.05 * (c + 1) * j + c) + 0.5 * sin(0.013 * j * (c % 3 + 1)) * cos(0.002 * j * c);
}

/* Truth: analysis_dynamics.py beside this file. 1e-12: sums of 60 products near 1 in another order. */
Test(analysis_dynamics, the_correlation_of_windows_is_that_of_numpy)
{
    cal_context *ctx = cali_test_context(2);
    static double x[N * N_ROWS];
    cali_fcd fcd;
    fill(x);
    cr_assert(cali_fc_dynamics(ctx, x, N, N_ROWS, N_ROWS, 60, 20, &fcd) == CAL_OK);
    cr_assert(fcd.n == 18 && fcd.window == 60 && fcd.step == 20);
    cr_expect(epsilon_eq(dbl, fcd.values[1], 8.829318854509949e-01, 1e-12));
    cr_expect(epsilon_eq(dbl, fcd.values[2], 3.490966417569801e-01, 1e-12));
    cr_expect(epsilon_eq(dbl, fcd.values[9], -8.006879046273541e-01, 1e-12));
    cr_expect(epsilon_eq(dbl, fcd.values[17], -7.800063352403184e-01, 1e-12));
    cr_expect(epsilon_eq(dbl, fcd.values[4 * 18 + 11], 5.973982317697792e-01, 1e-12));
    cr_expect(fcd.values[11 * 18 + 4] == fcd.values[4 * 18 + 11] && fcd.values[0] == 1.0);
    cali_fcd_free(&fcd);
    cal_context_destroy(&ctx);
}

Test(analysis_dynamics, likeness_to_the_wiring_is_that_of_numpy)
{
    cal_context *ctx = cali_test_context(1);
    static double x[N * N_ROWS];
    const double weights[N * N] = {0, 3, 1, 0, 2, 1, 0, 4, 2, 0, 1, 2, 0, 5, 1, 0, 2, 3, 0, 6, 2, 0, 1, 2, 0};
    double fc[N * N];
    fill(x);
    cr_assert(cali_functional_connectivity(ctx, x, N, N_ROWS, N_ROWS, fc) == CAL_OK);
    cr_expect(epsilon_eq(dbl, cali_structure_function(ctx, weights, fc, N), 2.477658501884202e-02, 1e-12));
    cal_context_destroy(&ctx);
}

/* A region that is constant in one window leaves its pairs out of all; the rest is as without it. */
Test(analysis_dynamics, a_region_that_rests_in_one_window_spoils_no_other)
{
    cal_context *ctx = cali_test_context(1);
    static double x[N * N_ROWS];
    cali_fcd all, four;
    fill(x);
    for (int j = 100; j < 160; j++)
        x[4 * N_ROWS + j] = 1.0;
    cr_assert(cali_fc_dynamics(ctx, x, N, N_ROWS, N_ROWS, 60, 20, &all) == CAL_OK);
    cr_assert(cali_fc_dynamics(ctx, x, N - 1, N_ROWS, N_ROWS, 60, 20, &four) == CAL_OK);
    cr_assert(all.n == four.n);
    for (size_t k = 0; k < all.n * all.n; k++)
        cr_expect(all.values[k] == four.values[k]);
    cali_fcd_free(&all);
    cali_fcd_free(&four);
    cal_context_destroy(&ctx);
}

Test(analysis_dynamics, too_short_a_run_has_no_dynamics_and_a_long_one_longer_steps)
{
    cal_context *ctx = cali_test_context(1);
    static double x[N * N_ROWS];
    cali_fcd fcd;
    fill(x);
    cr_assert(cali_fc_dynamics(ctx, x, N, N_ROWS, N_ROWS, 380, 20, &fcd) == CAL_OK);
    cr_expect(fcd.n == 0 && fcd.values == NULL); /* two windows */
    double *longer = calloc(3 * 2000, sizeof *longer);
    for (int j = 0; j < 6000; j++)
        longer[j] = sin(0.1 * j * (1 + j / 2000));
    cr_assert(cali_fc_dynamics(ctx, longer, 3, 2000, 2000, 50, 1, &fcd) == CAL_OK);
    cr_expect(fcd.step == 4 && fcd.n == 488); /* (2000 - 50) / 3 + 1 would be 651 */
    cali_fcd_free(&fcd);
    free(longer);
    cal_context_destroy(&ctx);
}

/* Sines on frequencies of the grid: a^2 / 2 each, in the band that holds them. The Hann window spreads a line over its
 * neighbours only, so nothing is lost; 1e-9: roundings of the transform. */
Test(analysis_dynamics, the_power_in_a_band_is_that_of_its_sines)
{
    enum { LENGTH = 4096, SEGMENT = 1024 };
    static const double f_Hz[] = {2.0, 6.0, 10.0, 20.0, 50.0}, a[] = {1.0, 0.5, 2.0, 0.1, 0.3};
    cal_context *ctx = cali_test_context(1);
    double *x = calloc(LENGTH, sizeof *x);
    cali_spectrum spectrum = {0};
    for (int j = 0; j < LENGTH; j++)
        for (int k = 0; k < 5; k++)
            x[j] += a[k] * sin(2.0 * CALI_PI * f_Hz[k] * j / 256.0 + k); /* 256 Hz, 4 bins per Hz */
    cr_assert(cali_welch(ctx, x, LENGTH, 1000.0 / 256.0, SEGMENT, &spectrum) == CAL_OK);
    for (int k = 0; k < 5; k++)
        cr_expect(epsilon_eq(dbl, cali_band_power(&spectrum, &cali_bands[k]), 0.5 * a[k] * a[k], 1e-9), "%s",
                  cali_bands[k].name);
    spectrum.n = 300; /* ends at 75 Hz */
    cr_expect(isnan(cali_band_power(&spectrum, &cali_bands[4])) && !isnan(cali_band_power(&spectrum, &cali_bands[3])));
    cali_spectrum_free(&spectrum);
    free(x);
    cal_context_destroy(&ctx);
}

/* ---- in run.h5 ------------------------------------------------------------------------------------------------ */

static const char *const experiment =
    "callosum: 1\n"
    "run: {duration: 4 s, transient: 500 ms, seed: 3}\n"
    "connectome: {generate: {regions: 8}, speed: 4 mm/ms}\n"
    "coupling: {gain: 0.2, weights: mean-row-one}\n"
    "integrator: {method: heun, step: 1 ms}\n"
    "noise: [{state: S, level: 0.01 1/sqrt(ms)}]\n"
    "models: {column: {neural_mass: reduced-wong-wang}}\n"
    "regions: {default: column}\n"
    "record: {signals: [{every: 5 ms}, {every: 20 ms, monitor: balloon}]}\n"
    "analysis: {window: 1 s, overlap: 0.9 s}\n";

static void expect_matrix(cal_recording *recording, const char *path, size_t n_rows, size_t n_columns, const double *expected)
{
    double *values = NULL;
    size_t rows = 0, columns = 0;
    cr_assert(cal_recording_read_matrix(recording, path, &rows, &columns, &values) == CAL_OK);
    cr_assert(rows == n_rows && columns == n_columns, "%s: %zu x %zu", path, rows, columns);
    cr_expect(memcmp(values, expected, rows * columns * sizeof *values) == 0, "%s", path);
    free(values);
}

/* What stands in /analysis is what is computed from the finished file again, bit for bit; functional connectivity is that of
 * BOLD: (4 s - 0.5 s) / 20 ms = 175 rows, windows of 50 every 5. */
Test(analysis_dynamics, results_are_in_the_file_of_the_run)
{
    cal_context *ctx = cali_test_context(2);
    cal_experiment *e = NULL;
    cal_session *session = NULL;
    cal_recording *recording = NULL;
    cr_assert(chdir(cali_test_directory()) == 0);
    cr_assert(cali_file_write(ctx, "e.yaml", experiment, strlen(experiment)) == CAL_OK);
    cal_session_def def = cal_session_def_default();
    def.path = "run.h5";
    cr_assert(cal_experiment_load(ctx, "e.yaml", NULL, 0, &e) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_create(ctx, e, &def, &session) == CAL_OK, "%s", cal_context_message(ctx));
    while (!cal_session_is_done(session))
        cr_assert(cal_session_advance(session) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_finish(session) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_recording_open(ctx, "run.h5", &recording) == CAL_OK, "%s", cal_context_message(ctx));
    cr_expect(cal_recording_is_complete(recording));
    const cali_results_def what = {.transient = 500 * CAL_NS_PER_MS, .window = 1000 * CAL_NS_PER_MS,
                                   .overlap = 900 * CAL_NS_PER_MS};
    cali_results r;
    cr_assert(cali_results_compute(ctx, recording, &what, &r) == CAL_OK);
    cr_expect(strcmp(cal_recording_get_signal(recording, (size_t)r.fc_signal).name, "balloon") == 0);
    cr_expect(strcmp(cal_recording_get_signal(recording, (size_t)r.spectrum_signal).name, "S") == 0);
    cr_assert(r.fcd.n == 26 && r.fcd.window == 50 && r.fcd.step == 5);
    cr_expect(epsilon_eq(dbl, r.fcd_times_ms[1], 520.0 + 100.0 + 490.0, 1e-9));
    expect_matrix(recording, "analysis/fc", 8, 8, r.fc);
    expect_matrix(recording, "analysis/sc_fc", 1, 1, &r.sc_fc);
    expect_matrix(recording, "analysis/fcd", 26, 26, r.fcd.values);
    expect_matrix(recording, "analysis/fcd_time", 26, 1, r.fcd_times_ms);
    expect_matrix(recording, "analysis/spectrum", r.n_frequencies, 8, r.power);
    expect_matrix(recording, "analysis/band_power", CALI_N_BANDS, 8, r.bands);
    cali_results_free(&r);
    cal_recording_close(&recording);
    cal_session_destroy(&session);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}
