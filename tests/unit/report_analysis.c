/* analysis/fourier.h and analysis/analysis.h against closed forms. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdlib.h>

#include "base/numeric.h"
#include "base/random.h"
#include "analysis/analysis.h"
#include "analysis/fourier.h"
#include "support/support.h"

/* Standard normal number i of a stream. */
static double normal(uint32_t stream, uint32_t i)
{
    double a, b;
    cali_normal(cali_philox(cali_key_from_seed(7), i, stream, 0, 0), &a, &b);
    return a;
}

static double *series(size_t n)
{
    double *x = calloc(n, sizeof *x);
    cr_assert(x != NULL);
    return x;
}

/* The definition, summed term by term, is the truth; n log2(n) additions of terms near 1 round to
 * 1e-16 each, so 1e-12 leaves a margin of 100 for n = 512. */
Test(report_fourier, equals_the_sum_that_defines_it)
{
    cal_context *ctx = cali_test_context(1);
    const size_t lengths[] = {4, 8, 64, 512};
    for (size_t c = 0; c < 4; c++) {
        const size_t n = lengths[c];
        cali_fourier fourier;
        cr_assert(eq(int, cali_fourier_make(ctx, n, &fourier), CAL_OK));
        double *x = series(n), *re = series(n), *im = series(n);
        for (size_t j = 0; j < n; j++)
            x[j] = normal(1, (uint32_t)j);
        cali_fourier_real(&fourier, x, re, im);
        for (size_t k = 0; k <= n / 2; k++) {
            double sum_re = 0.0, sum_im = 0.0;
            for (size_t j = 0; j < n; j++) {
                const double angle = 2.0 * CALI_PI * (double)(j * k % n) / (double)n;
                sum_re += x[j] * cos(angle);
                sum_im -= x[j] * sin(angle);
            }
            cr_expect(epsilon_eq(dbl, re[k], sum_re, 1e-12), "n %zu k %zu", n, k);
            cr_expect(epsilon_eq(dbl, im[k], sum_im, 1e-12), "n %zu k %zu", n, k);
        }
        cali_fourier_free(&fourier);
        free(x);
        free(re);
        free(im);
    }
    cal_context_destroy(&ctx);
}

Test(report_fourier, refuses_lengths_that_are_no_power_of_two)
{
    cal_context *ctx = cali_test_context(1);
    cali_fourier fourier;
    cr_expect(eq(int, cali_fourier_make(ctx, 48, &fourier), CAL_ERR_ARGUMENT));
    cal_context_clear(ctx);
    cr_expect(eq(int, cali_fourier_make(ctx, 2, &fourier), CAL_ERR_ARGUMENT));
    cal_context_destroy(&ctx);
}

/* A sine of amplitude A on bin m has X(f) = A/2 on m and, by the Hann window, A/4 on m - 1 and m + 1;
 * with sum w^2 = 3 L / 8: P_m = 2 dt/(3 L / 8) (A L / 4)^2 = A^2 / (3 df), its neighbours a quarter of it,
 * together A^2 / 2 = the variance. */
Test(report_spectrum, a_sine_has_the_power_of_its_amplitude)
{
    cal_context *ctx = cali_test_context(1);
    const size_t n = 4096, segment = 1024, m = 40;
    const double dt_ms = 1.0, amplitude = 3.0;
    double *x = series(n);
    for (size_t i = 0; i < n; i++)
        x[i] = 5.0 + amplitude * sin(2.0 * CALI_PI * (double)(i * m % segment) / (double)segment);
    cali_spectrum spectrum;
    cr_assert(eq(int, cali_welch(ctx, x, n, dt_ms, segment, &spectrum), CAL_OK));
    const double top = amplitude * amplitude / (3.0 * spectrum.df_Hz);
    cr_expect(eq(sz, spectrum.n, segment / 2 + 1));
    cr_expect(eq(sz, spectrum.n_segments, 7));
    cr_expect(epsilon_eq(dbl, spectrum.df_Hz, 1000.0 / 1024.0, 1e-14));
    cr_expect(epsilon_eq(dbl, spectrum.power[m], top, 1e-11));
    cr_expect(epsilon_eq(dbl, spectrum.power[m + 1], top / 4.0, 1e-11));
    cr_expect(epsilon_eq(dbl, spectrum.power[m + 2], 0.0, 1e-20)); /* squares of roundings */
    double area = 0.0;
    for (size_t k = 0; k < spectrum.n; k++)
        area += spectrum.power[k] * spectrum.df_Hz;
    cr_expect(epsilon_eq(dbl, area, amplitude * amplitude / 2.0, 1e-12));
    cali_spectrum_free(&spectrum);
    free(x);
    cal_context_destroy(&ctx);
}

/* White noise of variance s^2 sampled at f_s has P = 2 s^2 / f_s at all f. With K = 9/11 127
 * independent segments and 500 bins the mean over bins is known to 1/sqrt(500 K) = 0.4 %, and taking
 * the mean out of each segment costs less than 2/500 of the area; 2 % is five of these errors. A
 * single bin scatters by 1/sqrt(K) = 10 %: six of those bound all bins. */
Test(report_spectrum, white_noise_has_the_level_of_its_variance)
{
    cal_context *ctx = cali_test_context(1);
    const size_t n = 65536, segment = 1024;
    const double dt_ms = 0.5, sd = 2.0;
    double *x = series(n);
    for (size_t i = 0; i < n; i++)
        x[i] = sd * normal(2, (uint32_t)i);
    cali_spectrum spectrum;
    cr_assert(eq(int, cali_welch(ctx, x, n, dt_ms, segment, &spectrum), CAL_OK));
    cr_expect(eq(sz, spectrum.n_segments, 127));
    const double level = 2.0 * sd * sd * dt_ms / 1000.0;
    double mean = 0.0;
    for (size_t k = 2; k + 1 < spectrum.n; k++) {
        mean += spectrum.power[k] / (double)(spectrum.n - 3);
        cr_expect(lt(dbl, fabs(spectrum.power[k] / level - 1.0), 0.6));
    }
    cr_expect(epsilon_eq(dbl, mean / level, 1.0, 0.02));
    cali_spectrum_free(&spectrum);
    free(x);
    cal_context_destroy(&ctx);
}

/* The parabola through the logarithms of a Hann window's main lobe is off by at most 0.016 df
 * (Smith & Serra 1987); white noise 40 dB below adds less than that. */
Test(report_spectrum, the_peak_lies_between_the_bins_where_the_sine_is)
{
    cal_context *ctx = cali_test_context(1);
    const size_t n = 16384;
    const double dt_ms = 1.0, f_Hz = 9.873;
    double *x = series(n);
    for (size_t i = 0; i < n; i++)
        x[i] = sin(2.0 * CALI_PI * f_Hz * (double)i / 1000.0) + 0.01 * normal(3, (uint32_t)i);
    const size_t segment = cali_welch_segment(n, dt_ms);
    cr_expect(eq(sz, segment, 2048));
    cali_spectrum spectrum;
    cr_assert(eq(int, cali_welch(ctx, x, n, dt_ms, segment, &spectrum), CAL_OK));
    const cali_peak peak = cali_spectrum_peak(&spectrum, 1.0, 100.0);
    cr_expect(peak.is_found);
    cr_expect(epsilon_eq(dbl, peak.f_Hz, f_Hz, 0.02 * spectrum.df_Hz));
    cali_spectrum_free(&spectrum);
    free(x);
    cal_context_destroy(&ctx);
}

/* Noise of three colours: a = 0 white, a = 1 the walk towards the mean x' = 0.99 x + e (1/f^2 above 1.6 Hz),
 * a = 2 of corner 16 Hz. analysis.h promises less than one false peak in a hundred spectra of white noise; in
 * 100 of them more than 5 would have a probability below 1e-3. */
Test(report_spectrum, noise_has_no_peak)
{
    cal_context *ctx = cali_test_context(1);
    const size_t n = 10000;
    double *x = series(n);
    const double memory[] = {0.0, 0.99, 0.9};
    for (size_t colour = 0; colour < 3; colour++) {
        int n_found = 0;
        for (uint32_t trial = 0; trial < 100; trial++) {
            for (size_t i = 0; i < n; i++)
                x[i] = (i == 0 ? 0.0 : memory[colour] * x[i - 1]) + normal(100 + trial, (uint32_t)i);
            cali_spectrum spectrum;
            cr_assert(eq(int, cali_welch(ctx, x, n, 1.0, cali_welch_segment(n, 1.0), &spectrum), CAL_OK));
            n_found += cali_spectrum_peak(&spectrum, 1.0, 100.0).is_found;
            cali_spectrum_free(&spectrum);
        }
        cr_expect(le(int, n_found, 5), "colour %zu", colour);
    }
    free(x);
    cal_context_destroy(&ctx);
}

/* The second-order process x_t = a x_(t-1) + b x_(t-2) + e with b = -r^2, r = 0.985, and a = 2 r cos(2 pi 10 Hz
 * dt) has its largest power at cos(w) = (1 + r^2) / (2 r) cos(2 pi 10 Hz dt), 9.705 Hz, and a width of 4.8 Hz (Box
 * & Jenkins 1970, section 3.2). Over 9 s, K = 5.7 independent spectra, its peak is found every time, and
 * within a fifth of its width (root mean square; 0.7 Hz measured). */
Test(report_spectrum, a_broad_resonance_has_a_peak)
{
    cal_context *ctx = cali_test_context(1);
    const size_t n = 9000;
    double *x = series(n);
    int n_found = 0;
    double squares = 0.0;
    for (uint32_t trial = 0; trial < 50; trial++) {
        const double a = 2.0 * 0.985 * cos(2.0 * CALI_PI * 0.01), b = -0.985 * 0.985;
        for (size_t i = 2; i < n; i++)
            x[i] = a * x[i - 1] + b * x[i - 2] + normal(400 + trial, (uint32_t)i);
        cali_spectrum spectrum;
        cr_assert(eq(int, cali_welch(ctx, x, n, 1.0, cali_welch_segment(n, 1.0), &spectrum), CAL_OK));
        const cali_peak peak = cali_spectrum_peak(&spectrum, 1.0, 100.0);
        n_found += peak.is_found;
        squares += (peak.f_Hz - 9.705) * (peak.f_Hz - 9.705);
        cali_spectrum_free(&spectrum);
    }
    cr_expect(eq(int, n_found, 50));
    cr_expect(lt(dbl, sqrt(squares / 50.0), 4.8 / 5.0));
    free(x);
    cal_context_destroy(&ctx);
}

Test(report_spectrum, short_series_are_refused)
{
    cal_context *ctx = cali_test_context(1);
    double x[64] = {0.0};
    cali_spectrum spectrum;
    cr_expect(eq(sz, cali_welch_segment(20, 1.0), 0));
    cr_expect(eq(sz, cali_welch_segment(128, 1.0), 64));
    cr_expect(eq(int, cali_welch(ctx, x, 64, 1.0, 128, &spectrum), CAL_ERR_ARGUMENT));
    cal_context_destroy(&ctx);
}

Test(report_series, moments_and_quantiles_of_known_numbers)
{
    double x[] = {4.0, 1.0, 3.0, 2.0, 10.0};
    cr_expect(epsilon_eq(dbl, cali_series_mean(x, 5), 4.0, 1e-15));
    cr_expect(epsilon_eq(dbl, cali_series_sd(x, 5), sqrt(12.5), 1e-15));
    cali_series_sort(x, 5);
    cr_expect(epsilon_eq(dbl, cali_sorted_quantile(x, 5, 0.5), 3.0, 1e-15));
    cr_expect(epsilon_eq(dbl, cali_sorted_quantile(x, 5, 0.1), 1.4, 1e-15));
    cr_expect(epsilon_eq(dbl, cali_sorted_quantile(x, 5, 1.0), 10.0, 1e-15));
    cr_expect(isnan(cali_series_mean(x, 0)));
    cr_expect(isnan(cali_series_sd(x, 1)));
}

/* y = a x + b e with orthogonal x, e of equal length has r = a / sqrt(a^2 + b^2): sin and cos over
 * whole periods are such a pair. */
Test(report_series, correlation_of_a_known_mixture)
{
    const size_t n = 1000;
    double *x = series(n), *y = series(n);
    for (size_t i = 0; i < n; i++) {
        const double angle = 2.0 * CALI_PI * 7.0 * (double)i / (double)n;
        x[i] = 100.0 + sin(angle);
        y[i] = -3.0 + 0.6 * sin(angle) + 0.8 * cos(angle);
    }
    cr_expect(epsilon_eq(dbl, cali_series_correlation(x, y, n), 0.6, 1e-12));
    for (size_t i = 0; i < n; i++)
        y[i] = 0.1; /* its mean rounds: no reason for a correlation */
    cr_expect(isnan(cali_series_correlation(x, y, n)));
    free(x);
    free(y);
}

/* An AR(1) series x' = a x + e has se(mean) = sd(e) / ((1 - a) sqrt(n)) for n (1 - a) >> 1. Ten batches
 * estimate a standard error to 1/sqrt(18) = 24 %; the mean over 30 series to 4.3 %: 15 % is over three
 * of these. Independent samples would be taken to err by sqrt((1 - a) / (1 + a)) = 0.23 of it. */
Test(report_series, standard_errors_know_of_correlations)
{
    const size_t n = 20000;
    const double a = 0.9;
    double *x = series(n), total = 0.0, total_sd = 0.0;
    for (uint32_t trial = 0; trial < 30; trial++) {
        x[0] = normal(300 + trial, 0) / sqrt(1.0 - a * a);
        for (size_t i = 1; i < n; i++)
            x[i] = a * x[i - 1] + normal(300 + trial, (uint32_t)i);
        const cali_errors errors = cali_series_errors(x, n);
        total += errors.mean * errors.mean / 30.0;
        total_sd += errors.sd * errors.sd / 30.0;
    }
    const double truth = 1.0 / ((1.0 - a) * sqrt((double)n));
    cr_expect(epsilon_eq(dbl, sqrt(total) / truth, 1.0, 0.15));
    /* var(sample variance) = 2 s^4 (1 + a^2) / (1 - a^2) / n, se(sd) = its root / (2 s) */
    const double s = 1.0 / sqrt(1.0 - a * a);
    const double truth_sd = s * sqrt((1.0 + a * a) / (1.0 - a * a) / (2.0 * (double)n));
    cr_expect(epsilon_eq(dbl, sqrt(total_sd) / truth_sd, 1.0, 0.15));
    cr_expect(isnan(cali_series_errors(x, 39).mean));
    free(x);
}

Test(report_spikes, bins_are_open_on_the_left_and_counts_are_kept)
{
    /* windows are (t, t + W]: a spike at 1.0 belongs to (0, 1], one at 0 to nothing */
    const double times_ms[] = {0.0, 0.1, 1.0, 1.1, 2.9, 3.0, 3.05};
    double rate_Hz[3];
    cali_rate_histogram(times_ms, 7, 0.0, 1.0, 3, 10, rate_Hz);
    cr_expect(epsilon_eq(dbl, rate_Hz[0], 200.0, 1e-10)); /* 2 / (10 x 1 ms) */
    cr_expect(epsilon_eq(dbl, rate_Hz[1], 100.0, 1e-10));
    cr_expect(epsilon_eq(dbl, rate_Hz[2], 200.0, 1e-10));
}

/* Columns that share a source with weight a and have own noise of weight b correlate by
 * a^2 / (a^2 + b^2); the error of r from n samples is (1 - r^2) / sqrt(n). */
Test(report_connectivity, a_shared_source_gives_its_correlation_for_any_threads)
{
    enum { N_COLUMNS = 6 };
    const size_t n = 20000;
    double *x = series(N_COLUMNS * n), one[N_COLUMNS * N_COLUMNS], four[N_COLUMNS * N_COLUMNS];
    for (size_t c = 0; c < N_COLUMNS; c++)
        for (size_t i = 0; i < n; i++)
            x[c * n + i] = c == 5 ? 0.25
                                  : 0.8 * normal(50, (uint32_t)i) + 0.6 * normal(51 + (uint32_t)c, (uint32_t)i);
    cal_context *ctx = cali_test_context(1), *many = cali_test_context(4);
    cr_assert(eq(int, cali_functional_connectivity(ctx, x, N_COLUMNS, n, n, one), CAL_OK));
    cr_assert(eq(int, cali_functional_connectivity(many, x, N_COLUMNS, n, n, four), CAL_OK));
    cr_expect(epsilon_eq(dbl, one[1], 0.64, 5.0 * (1.0 - 0.64 * 0.64) / sqrt((double)n)));
    cr_expect(eq(dbl, one[0], 1.0));
    cr_expect(isnan(one[5]));
    cr_expect(isnan(one[5 * N_COLUMNS + 5]));
    for (size_t k = 0; k < 5 * N_COLUMNS; k++)
        cr_expect(isnan(one[k]) ? isnan(four[k]) : one[k] == four[k] ? 1 : 0);
    cr_expect(epsilon_eq(dbl, one[2], cali_series_correlation(x, x + 2 * n, n), 1e-13));
    cr_expect(epsilon_eq(dbl, cali_matrix_similarity(one, four, N_COLUMNS), 1.0, 1e-14));
    free(x);
    cal_context_destroy(&ctx);
    cal_context_destroy(&many);
}
