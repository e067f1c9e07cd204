/* Statistics of series and spikes. Sums run in a fixed order; no libm but sqrt. */
#include "analysis/analysis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/memory.h"
#include "base/numeric.h"
#include "analysis/fourier.h"

double cali_series_mean(const double *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return n == 0 ? NAN : sum / (double)n;
}

double cali_series_sd(const double *x, size_t n)
{
    const double mean = cali_series_mean(x, n);
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return n < 2 ? NAN : sqrt(sum / (double)(n - 1));
}

/* Fixed number of partial sums: vectorises without reordering at run time. */
static double dot(const double *x, const double *y, size_t n)
{
    double part[8] = {0.0};
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t j = 0; j < 8; j++)
            part[j] += x[i + j] * y[i + j];
    for (; i < n; i++)
        part[0] += x[i] * y[i];
    return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}

/* z = (x - mean) / sqrt(sum (x - mean)^2): the correlation is then a dot product. */
static bool standardise(const double *x, size_t n, double *z)
{
    const double mean = cali_series_mean(x, n);
    for (size_t i = 0; i < n; i++)
        z[i] = x[i] - mean;
    const double norm = sqrt(dot(z, z, n));
    /* below that, only roundings of the mean are left */
    const bool varies = n >= 2 && isfinite(norm) && norm > 1e-12 * fabs(mean) * sqrt((double)n);
    for (size_t i = 0; i < n; i++)
        z[i] = varies ? z[i] / norm : NAN;
    return varies;
}

static double clip_correlation(double r)
{
    return r > 1.0 ? 1.0 : r < -1.0 ? -1.0 : r;
}

double cali_series_correlation(const double *x, const double *y, size_t n)
{
    const double mean_x = cali_series_mean(x, n), mean_y = cali_series_mean(y, n);
    double xx = 0.0, yy = 0.0, xy = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double dx = x[i] - mean_x, dy = y[i] - mean_y;
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    const double root = sqrt((double)n), norm_x = sqrt(xx), norm_y = sqrt(yy);
    if (n < 2 || !(norm_x > 1e-12 * fabs(mean_x) * root) || !(norm_y > 1e-12 * fabs(mean_y) * root) ||
        !isfinite(norm_x) || !isfinite(norm_y))
        return NAN;
    return clip_correlation(xy / (norm_x * norm_y));
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void cali_series_sort(double *x, size_t n)
{
    if (n > 1)
        qsort(x, n, sizeof *x, compare_doubles);
}

double cali_sorted_quantile(const double *sorted, size_t n, double q)
{
    if (n == 0)
        return NAN;
    const double place = q * (double)(n - 1);
    const size_t below = (size_t)place;
    if (below + 1 >= n)
        return sorted[n - 1];
    return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

cali_errors cali_series_errors(const double *x, size_t n)
{
    const size_t length = n / CALI_N_BATCHES;
    cali_errors errors = {NAN, NAN};
    if (length < 4)
        return errors;
    const double mean = cali_series_mean(x, n), sd = cali_series_sd(x, n);
    double means[CALI_N_BATCHES], variances[CALI_N_BATCHES];
    for (size_t b = 0; b < CALI_N_BATCHES; b++) {
        const double *batch = x + b * length;
        double sum = 0.0;
        for (size_t i = 0; i < length; i++)
            sum += (batch[i] - mean) * (batch[i] - mean);
        means[b] = cali_series_mean(batch, length);
        variances[b] = sum / (double)length;
    }
    const double root = sqrt((double)CALI_N_BATCHES);
    errors.mean = cali_series_sd(means, CALI_N_BATCHES) / root;
    errors.sd = sd > 0.0 ? cali_series_sd(variances, CALI_N_BATCHES) / root / (2.0 * sd) : 0.0;
    return errors;
}

/* ---- spectra ----------------------------------------------------------------------------- */

size_t cali_welch_segment(size_t n, double dt_ms)
{
    if (!(dt_ms > 0.0) || n < 32)
        return 0;
    size_t length = 4;
    while ((double)(2 * length) * dt_ms <= 2100.0 && length < (size_t)1 << 25)
        length *= 2;
    while (length >= 32 && 2 * length > n) /* three half-overlapping segments take two lengths */
        length /= 2;
    return length < 32 ? 0 : length;
}

void cali_spectrum_free(cali_spectrum *spectrum)
{
    free(spectrum->power);
    *spectrum = (cali_spectrum){0};
}

/* Adds |transform of the windowed segment|^2 to `power`. `work` holds 2 L + 2 numbers. */
static void add_segment(const cali_fourier *fourier, const double *window, const double *x,
                        double *work, double *power)
{
    const size_t length = fourier->n;
    double *re = work + length, *im = re + length / 2 + 1;
    const double mean = cali_series_mean(x, length);
    for (size_t i = 0; i < length; i++)
        work[i] = window[i] * (x[i] - mean);
    cali_fourier_real(fourier, work, re, im);
    for (size_t k = 0; k <= length / 2; k++)
        power[k] += re[k] * re[k] + im[k] * im[k];
}

static cal_status welch(cal_context *ctx, const double *x, size_t n, double dt_ms,
                        const cali_fourier *fourier, double *scratch, cali_spectrum *spectrum)
{
    const size_t length = fourier->n, half = length / 2;
    double *window = scratch, *work = scratch + length, squares = 0.0;
    CAL_TRY(cali_alloc(ctx, half + 1, sizeof(double), "spectrum", &spectrum->power));
    for (size_t i = 0; i < length; i++) { /* periodic Hann window */
        const double cosine = i < half ? fourier->cosine[i] : -fourier->cosine[i - half];
        window[i] = 0.5 - 0.5 * cosine;
        squares += window[i] * window[i];
    }
    spectrum->n = half + 1;
    spectrum->df_Hz = 1000.0 / (dt_ms * (double)length);
    for (size_t first = 0; first + length <= n; first += half, spectrum->n_segments++)
        add_segment(fourier, window, x + first, work, spectrum->power);
    const double scale = 2.0 * dt_ms / 1000.0 / squares / (double)spectrum->n_segments;
    for (size_t k = 0; k <= half; k++)
        spectrum->power[k] *= k == 0 || k == half ? 0.5 * scale : scale;
    return CAL_OK;
}

cal_status cali_welch(cal_context *ctx, const double *x, size_t n, double dt_ms, size_t segment,
                      cali_spectrum *out)
{
    *out = (cali_spectrum){0};
    if (segment > n || !(dt_ms > 0.0))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "no spectrum of %zu samples every %g ms in segments of %zu",
                        n, dt_ms, segment);
    cali_fourier fourier;
    double *scratch = NULL;
    CAL_TRY(cali_fourier_make(ctx, segment, &fourier));
    cal_status status = cali_alloc(ctx, 3 * segment + 2, sizeof(double), "spectrum", &scratch);
    if (status == CAL_OK)
        status = welch(ctx, x, n, dt_ms, &fourier, scratch, out);
    free(scratch);
    cali_fourier_free(&fourier);
    if (status != CAL_OK)
        cali_spectrum_free(out);
    return status;
}

/* Median of the power of bins first .. last; at most 4096 of them, evenly taken. NaN if there are none. */
static double median_power(const cali_spectrum *spectrum, size_t first, size_t last)
{
    double values[4096];
    size_t n = 0;
    first = first < 1 ? 1 : first;
    last = last >= spectrum->n ? spectrum->n - 1 : last;
    const size_t step = last > first ? (last - first) / 4096 + 1 : 1;
    for (size_t i = first; i <= last && n < 4096; i += step)
        values[n++] = spectrum->power[i];
    cali_series_sort(values, n);
    return cali_sorted_quantile(values, n, 0.5);
}

/* What a power law through both flanks of bin k gives at k. */
static double background(const cali_spectrum *spectrum, size_t k)
{
    const double left = median_power(spectrum, k / 3, 2 * k / 3);
    const double right = median_power(spectrum, 3 * k / 2, 3 * k);
    return isnan(right) ? left : sqrt(left * right);
}

/* Half width of the smoothing around bin k. */
static size_t smoothing(size_t k)
{
    return k / 6 < 1 ? 1 : k / 6;
}

/* Triangular average over 2 m + 1 bins. */
static double smoothed(const cali_spectrum *spectrum, size_t k)
{
    const size_t m = smoothing(k);
    double sum = 0.0, weights = 0.0;
    for (size_t i = k - m; i <= k + m && i < spectrum->n; i++) {
        const double weight = (double)(m + 1 - (i < k ? k - i : i - k));
        sum += weight * spectrum->power[i];
        weights += weight;
    }
    return sum / weights;
}

/* Vertex of the parabola through the logarithms of bins k - 1, k, k + 1. */
static void refine(const cali_spectrum *spectrum, size_t k, cali_peak *peak)
{
    const double floor_power = 1e-300; /* a true zero has no logarithm */
    const double *p = spectrum->power;
    const double a = cali_log(fmax(p[k - 1], floor_power)), b = cali_log(fmax(p[k], floor_power)),
                 c = cali_log(fmax(p[k + 1], floor_power));
    const double bend = a - 2.0 * b + c;
    const double shift = bend < 0.0 ? fmax(-0.5, fmin(0.5, 0.5 * (a - c) / bend)) : 0.0;
    peak->f_Hz = ((double)k + shift) * spectrum->df_Hz;
    peak->power = cali_exp(b - 0.25 * (a - c) * shift);
}

/* Whether the smoothed spectrum falls by a third on both sides of its maximum at k: a shoulder does not. */
static bool stands_free(const cali_spectrum *spectrum, size_t k)
{
    const double enough = smoothed(spectrum, k) / 1.5;
    size_t left = k, right = k;
    while (left > 2 && smoothed(spectrum, left) > enough)
        left--;
    while (right + 2 < spectrum->n && smoothed(spectrum, right) > enough)
        right++;
    return smoothed(spectrum, left) <= enough && smoothed(spectrum, right) <= enough;
}

cali_peak cali_spectrum_peak(const cali_spectrum *spectrum, double low_Hz, double high_Hz)
{
    cali_peak peak = {false, NAN, NAN, NAN, NAN};
    const double *p = spectrum->power;
    size_t best = 0;
    double top = 0.0;
    for (size_t k = 4; k + 1 < spectrum->n && (double)k * spectrum->df_Hz <= high_Hz; k++) {
        const double here = smoothed(spectrum, k);
        if ((double)k * spectrum->df_Hz >= low_Hz && here > top && here > smoothed(spectrum, k - 1) &&
            here >= smoothed(spectrum, k + 1)) {
            best = k;
            top = here;
        }
    }
    if (best == 0)
        return peak;
    size_t first = best, last = best, highest = best;
    while (first > 2 && smoothed(spectrum, first - 1) > 0.5 * top)
        first--;
    while (last + 2 < spectrum->n && smoothed(spectrum, last + 1) > 0.5 * top)
        last++;
    double sum = 0.0, moment = 0.0;
    for (size_t k = first; k <= last; k++) {
        highest = p[k] > p[highest] ? k : highest;
        sum += p[k];
        moment += p[k] * (double)k;
    }
    refine(spectrum, highest, &peak);
    if (last - first > 2 * smoothing(best) + 3) /* broader than the smoothing: a resonance, no line */
        peak.f_Hz = moment / sum * spectrum->df_Hz;
    const double independent = 9.0 / 11.0 * (double)spectrum->n_segments;
    peak.prominence = p[highest] / fmax(background(spectrum, highest), 1e-300);
    peak.threshold = fmax(2.0, 1.0 + 6.0 / sqrt(fmax(independent, 1.0)));
    peak.is_found = peak.prominence >= peak.threshold && stands_free(spectrum, best);
    return peak;
}

/* ---- spikes ------------------------------------------------------------------------------ */

void cali_rate_histogram(const double *times_ms, size_t n_spikes, double t0_ms, double bin_ms,
                         size_t n_bins, size_t n_neurons, double *rate_Hz)
{
    for (size_t b = 0; b < n_bins; b++)
        rate_Hz[b] = 0.0;
    for (size_t k = 0; k < n_spikes; k++) {
        const double place = ceil((times_ms[k] - t0_ms) / bin_ms - 1e-9) - 1.0; /* (.., ..] */
        if (place >= 0.0 && place < (double)n_bins)
            rate_Hz[(size_t)place] += 1.0;
    }
    const double per_count = n_neurons == 0 ? 0.0 : 1000.0 / (bin_ms * (double)n_neurons);
    for (size_t b = 0; b < n_bins; b++)
        rate_Hz[b] *= per_count;
}

/* ---- many regions ------------------------------------------------------------------------ */

typedef struct fc_work {
    const double *x;
    size_t n_columns, n_rows, stride;
    double *z, *out;
} fc_work;

static void fc_standardise(void *arg, size_t column)
{
    fc_work *work = arg;
    standardise(work->x + column * work->stride, work->n_rows, work->z + column * work->n_rows);
}

static void fc_row(void *arg, size_t i)
{
    fc_work *work = arg;
    const size_t n = work->n_columns;
    const double *z = work->z + i * work->n_rows;
    work->out[i * n + i] = work->n_rows > 0 && isnan(z[0]) ? NAN : 1.0;
    for (size_t j = i + 1; j < n; j++) {
        const double r = clip_correlation(dot(z, work->z + j * work->n_rows, work->n_rows));
        work->out[i * n + j] = r;
        work->out[j * n + i] = r;
    }
}

cal_status cali_functional_connectivity(cal_context *ctx, const double *x, size_t n_columns,
                                        size_t n_rows, size_t stride, double *out)
{
    fc_work work = {x, n_columns, n_rows, stride, NULL, out};
    if (n_rows != 0 && n_columns > SIZE_MAX / n_rows)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "%zu x %zu samples are too many", n_columns, n_rows);
    CAL_TRY(cali_alloc(ctx, n_columns * n_rows, sizeof(double), "functional connectivity", &work.z));
    cali_pool *pool = cali_context_pool(ctx);
    cali_parallel_for(pool, n_columns, fc_standardise, &work);
    cali_parallel_for(pool, n_columns, fc_row, &work);
    free(work.z);
    return CAL_OK;
}

double cali_matrix_similarity(const double *a, const double *b, size_t n)
{
    double mean_a = 0.0, mean_b = 0.0, aa = 0.0, bb = 0.0, ab = 0.0;
    size_t n_pairs = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < n; i++) {
            for (size_t j = i + 1; j < n; j++) {
                const double x = a[i * n + j], y = b[i * n + j];
                if (isnan(x) || isnan(y))
                    continue;
                if (pass == 0) {
                    mean_a += x;
                    mean_b += y;
                    n_pairs++;
                } else {
                    aa += (x - mean_a) * (x - mean_a);
                    bb += (y - mean_b) * (y - mean_b);
                    ab += (x - mean_a) * (y - mean_b);
                }
            }
        }
        if (pass == 0 && n_pairs > 0) {
            mean_a /= (double)n_pairs;
            mean_b /= (double)n_pairs;
        }
    }
    return n_pairs < 3 || !(aa > 0.0) || !(bb > 0.0) ? NAN : clip_correlation(ab / sqrt(aa * bb));
}
