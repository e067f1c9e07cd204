/* What is computed from recorded series and spikes. Series are doubles at equal intervals; the
 * units of results follow those of the series. Everything but cali_welch and
 * cali_functional_connectivity is a plain function of its arguments without memory of its own. */
#ifndef CALI_REPORT_ANALYSIS_H
#define CALI_REPORT_ANALYSIS_H

#include "callosum/base.h"

/** Arithmetic mean; NaN for n = 0. */
double cali_series_mean(const double *x, size_t n);

/** sqrt(sum (x - mean)^2 / (n - 1)), in two passes; NaN for n < 2. */
double cali_series_sd(const double *x, size_t n);

/** Pearson's r = sum (x - mx) (y - my) / sqrt(sum (x - mx)^2 sum (y - my)^2), -1 .. 1; NaN where one
 *  of them is constant (spread below 1e-12 of its size), not finite, or n < 2. */
double cali_series_correlation(const double *x, const double *y, size_t n);

/** Linear interpolation between the order statistics of a sorted array, 0 <= q <= 1 (definition 7
 *  of Hyndman & Fan 1996, Am. Stat. 50, 361-365); NaN for n = 0. */
double cali_sorted_quantile(const double *sorted, size_t n, double q);
void cali_series_sort(double *x, size_t n);

/** Standard errors of mean and standard deviation of a correlated stationary series, from the
 *  spread over CALI_N_BATCHES batches: se(mean) = sd(batch means) / sqrt(n), se(sd) =
 *  sd(batch variances) / sqrt(n) / (2 sd). Right where a batch is longer than the correlation time
 *  (Schmeiser 1982, Oper. Res. 30, 556-568, recommends 10 to 30 batches); NaN below 40 samples. */
enum { CALI_N_BATCHES = 10 };
typedef struct cali_errors {
    double mean, sd;
} cali_errors;
cali_errors cali_series_errors(const double *x, size_t n);

/* ---- spectra ----------------------------------------------------------------------------- */

/** One-sided power spectral density: power[k] at k df_Hz, k = 0 .. n - 1, in unit^2/Hz. */
typedef struct cali_spectrum {
    size_t n;
    double df_Hz;
    size_t n_segments;
    double *power;
} cali_spectrum;

/** Length of the segments for a series: the power of two nearest below 2 s, shortened until at least
 *  three half-overlapping segments fit; 0 if fewer than 32 samples remain. */
size_t cali_welch_segment(size_t n, double dt_ms);

/** Welch's estimate: half-overlapping segments, each without its mean, Hann window w,
 *      P(f_k) = 2 / (f_s sum_j w_j^2)  mean over segments |sum_j w_j x_j exp(-2 pi i j k / L)|^2
 *  (without the 2 at 0 and at f_s / 2), so that sum_k P(f_k) df is the variance. `segment` is a power
 *  of two, 4 to n. Source: Welch (1967), IEEE Trans. Audio Electroacoust. 15, 70-73.
 *  Errors: ARGUMENT, MEMORY. Freed with cali_spectrum_free. */
cal_status cali_welch(cal_context *ctx, const double *x, size_t n, double dt_ms, size_t segment,
                      cali_spectrum *out);
void cali_spectrum_free(cali_spectrum *spectrum);

/** The highest peak between low_Hz and high_Hz. */
typedef struct cali_peak {
    bool is_found;
    double f_Hz;
    double power;      /* of the highest bin, refined as a line; unit^2/Hz */
    double prominence; /* power over the background */
    double threshold;  /* of the prominence, from which a peak counts */
} cali_peak;

/** The largest local maximum, from 4 df upwards, of the spectrum averaged by a triangle of +- f / 6. Where the
 *  band above half of it is no wider than that average makes a line, the frequency is that of the highest
 *  bin, refined by the parabola of Smith & Serra (1987, PARSHL, ICMC; for a Hann window right within 0.02 df);
 *  of a broader resonance it is the power-weighted mean over that band, which scatters far less than the
 *  highest bin.
 *  The background at f is the geometric mean of the medians over [f / 3, 2 f / 3] and [3 f / 2, 3 f], which a
 *  power law f^-a passes through; so neither 1/f noise nor the flanks of a broad resonance hide or make a peak.
 *  A shoulder is no peak: the average has to fall by a third on both sides.
 *  Everything but is_found is set wherever there is a local maximum. It counts as a peak where it exceeds the
 *  background by the factor 1 + 6 / sqrt(K), at least 2, K = 9 n_segments / 11 being the number of independent
 *  segments (half-overlapping Hann windows, Welch 1967): for white noise P / background has mean 1 and standard
 *  deviation 1 / sqrt(K), and six of those are reached by less than one in a hundred spectra of 200 bins. */
cali_peak cali_spectrum_peak(const cali_spectrum *spectrum, double low_Hz, double high_Hz);

/** A band of frequencies, low_Hz <= f < high_Hz. */
typedef struct cali_band {
    const char *name;
    double low_Hz, high_Hz;
} cali_band;
enum { CALI_N_BANDS = 5 };
extern const cali_band cali_bands[CALI_N_BANDS]; /**< delta 0.5-4, theta 4-8, alpha 8-13, beta 13-30, gamma 30-100 Hz */

/** Power in a band, sum P(f_k) df over its frequencies, in unit^2; NaN where the spectrum ends before the band does or
 *  has no frequency in it. */
double cali_band_power(const cali_spectrum *spectrum, const cali_band *band);

/* ---- spikes ------------------------------------------------------------------------------ */

/** Rate of a population: spikes in (t0 + b bin, t0 + (b + 1) bin] / (n_neurons bin), b < n_bins, in
 *  Hz. Intervals are half-open as windows are. */
void cali_rate_histogram(const double *times_ms, size_t n_spikes, double t0_ms, double bin_ms,
                         size_t n_bins, size_t n_neurons, double *rate_Hz);

/* ---- many regions ------------------------------------------------------------------------ */

/** Pearson's correlation of all pairs of columns, each a contiguous series of n_rows at
 *  x + column stride. `out` is (n_columns x n_columns), symmetric, 1 on the diagonal; NaN in rows and
 *  columns of constant series. On the context's threads, the same bits for any number.
 *  Source: Biswal et al. (1995), Magn. Reson. Med. 34, 537-541. Errors: MEMORY. */
cal_status cali_functional_connectivity(cal_context *ctx, const double *x, size_t n_columns,
                                        size_t n_rows, size_t stride, double *out);

/** Dynamics of functional connectivity: the correlation (n x n) between the upper triangles of the functional connectivity
 *  in windows of `window` rows, window w from row w step on. Pairs that are no number in some window are left
 *  out. Source: Hansen, Battaglia, Spiegler, Deco & Jirsa (2015), NeuroImage 105, 525-535. */
typedef struct cali_fcd {
    size_t n, window, step; /* n 0: fewer than three windows */
    double *values;
} cali_fcd;
enum { CALI_FCD_MOST_WINDOWS = 512 };
#define CALI_FCD_MOST_VALUES 6.4e7 /* windows times pairs: 512 MB */
/** The step is lengthened where there would be more windows or values than that. Errors: MEMORY. Freed with
 *  cali_fcd_free. */
cal_status cali_fc_dynamics(cal_context *ctx, const double *x, size_t n_columns, size_t n_rows, size_t stride, size_t window,
                            size_t step, cali_fcd *out);
void cali_fcd_free(cali_fcd *fcd);

/** Correlation of the entries above the diagonals of two (n x n) matrices, pairs with NaN left out. */
double cali_matrix_similarity(const double *a, const double *b, size_t n);

#endif
