#include "analysis/spikes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

/* ---- spikes by neuron --------------------------------------------------------------------------- */

void cali_trains_free(cali_trains *t)
{
    free(t->id);
    free(t->start);
    free(t->times_ms);
    *t = (cali_trains){0};
}

/* Sorts by counting: `place[id]` is first the number of spikes, then the neuron's number among those that have any. */
static cal_status sort_spikes(cal_context *ctx, const double *times_ms, const uint32_t *ids, size_t n_spikes, size_t n_ids,
                              size_t *place, cali_trains *t)
{
    for (size_t k = 0; k < n_spikes; k++)
        if (times_ms[k] > t->t0_ms && times_ms[k] <= t->t1_ms) {
            t->n += place[ids[k]]++ == 0;
            t->n_spikes++;
        }
    CAL_TRY(cali_alloc(ctx, t->n, sizeof *t->id, "spikes", &t->id));
    CAL_TRY(cali_alloc(ctx, t->n + 1, sizeof *t->start, "spikes", &t->start));
    CAL_TRY(cali_alloc(ctx, t->n_spikes, sizeof *t->times_ms, "spikes", &t->times_ms));
    size_t at = 0, n = 0;
    for (size_t id = 0; id < n_ids; id++) {
        if (place[id] == 0)
            continue;
        const size_t count = place[id];
        t->id[n] = (uint32_t)id;
        t->start[n] = at;
        place[id] = n++;
        at += count;
    }
    for (size_t k = 0; k < n_spikes; k++)
        if (times_ms[k] > t->t0_ms && times_ms[k] <= t->t1_ms)
            t->times_ms[t->start[place[ids[k]]]++] = times_ms[k];
    for (size_t i = n; i > 0; i--) /* each start has moved to the next one's */
        t->start[i] = t->start[i - 1];
    t->start[0] = 0;
    return CAL_OK;
}

cal_status cali_trains_make(cal_context *ctx, const double *times_ms, const uint32_t *ids, size_t n_spikes, size_t n_recorded,
                            double t0_ms, double t1_ms, cali_trains *out)
{
    size_t *place = NULL, n_ids = 0;
    *out = (cali_trains){.t0_ms = t0_ms, .t1_ms = t1_ms, .n_recorded = n_recorded};
    for (size_t k = 0; k < n_spikes; k++)
        n_ids = ids[k] >= n_ids ? (size_t)ids[k] + 1 : n_ids;
    CAL_TRY(cali_alloc(ctx, n_ids, sizeof *place, "spikes", &place));
    const cal_status status = sort_spikes(ctx, times_ms, ids, n_spikes, n_ids, place, out);
    free(place);
    if (status != CAL_OK)
        cali_trains_free(out);
    else if (out->n > out->n_recorded) /* a file that says too little */
        out->n_recorded = out->n;
    return status;
}

/* ---- one neuron --------------------------------------------------------------------------------- */

/* Times are rounded: below that, intervals do not differ. */
static double exact(double relative)
{
    return fabs(relative) < 1e-9 ? 0.0 : relative;
}

cali_regularity cali_train_regularity(const cali_trains *t, size_t neuron)
{
    const double *times = t->times_ms + t->start[neuron];
    const size_t n_spikes = t->start[neuron + 1] - t->start[neuron], n = n_spikes > 0 ? n_spikes - 1 : 0;
    cali_regularity r = {.n_intervals = n, .rate_Hz = 1e3 * (double)n_spikes / (t->t1_ms - t->t0_ms), .cv = NAN, .cv2 = NAN,
                         .lv = NAN};
    if (n < CALI_FEWEST_INTERVALS)
        return r;
    const double mean = (times[n] - times[0]) / (double)n;
    double squares = 0.0, cv2 = 0.0, lv = 0.0;
    for (size_t k = 0; k < n; k++) {
        const double here = times[k + 1] - times[k];
        squares += (here - mean) * (here - mean);
        if (k + 1 == n)
            break;
        const double next = times[k + 2] - times[k + 1], ratio = exact((next - here) / (next + here));
        cv2 += 2.0 * fabs(ratio);
        lv += 3.0 * ratio * ratio;
    }
    r.cv = exact(sqrt(squares / (double)(n - 1)) / mean);
    r.cv2 = cv2 / (double)(n - 1);
    r.lv = lv / (double)(n - 1);
    return r;
}

/* Number of the bin of a time; the intervals are half-open as windows are. */
static size_t bin_of(const cali_trains *t, double time_ms, double bin_ms)
{
    const double place = ceil((time_ms - t->t0_ms) / bin_ms - 1e-9) - 1.0;
    return place < 0.0 ? 0 : (size_t)place;
}

size_t cali_trains_bins(const cali_trains *t, double bin_ms)
{
    return t->t1_ms > t->t0_ms && bin_ms > 0.0 ? (size_t)((t->t1_ms - t->t0_ms) / bin_ms + 1e-9) : 0;
}

/* Sum and sum of squares of a neuron's counts. */
static void count_one(const cali_trains *t, size_t neuron, double bin_ms, size_t n_bins, double *sum, double *squares)
{
    size_t last = SIZE_MAX;
    double here = 0.0;
    *sum = *squares = 0.0;
    for (size_t k = t->start[neuron]; k < t->start[neuron + 1]; k++) {
        const size_t bin = bin_of(t, t->times_ms[k], bin_ms);
        if (bin >= n_bins)
            break;
        here = bin == last ? here + 1.0 : 1.0;
        last = bin;
        *sum += 1.0;
        *squares += 2.0 * here - 1.0; /* h^2 - (h - 1)^2 */
    }
}

static double variance_of(double sum, double squares, double n)
{
    return (squares - sum * sum / n) / (n - 1.0);
}

double cali_train_fano(const cali_trains *t, size_t neuron, double window_ms)
{
    const size_t n = cali_trains_bins(t, window_ms);
    double sum = 0.0, squares = 0.0;
    if (n < 3)
        return NAN;
    count_one(t, neuron, window_ms, n, &sum, &squares);
    return sum > 0.0 ? variance_of(sum, squares, (double)n) / (sum / (double)n) : NAN;
}

/* ---- the population ----------------------------------------------------------------------------- */

void cali_trains_count(const cali_trains *t, double bin_ms, size_t n_bins, double *counts)
{
    memset(counts, 0, n_bins * sizeof *counts);
    for (size_t k = 0; k < t->n_spikes; k++) {
        const size_t bin = bin_of(t, t->times_ms[k], bin_ms);
        if (bin < n_bins)
            counts[bin] += 1.0;
    }
}

double cali_fano(const double *counts, size_t n)
{
    const double mean = cali_series_mean(counts, n), sd = cali_series_sd(counts, n);
    return n < 3 || !(mean > 0.0) ? NAN : sd * sd / mean;
}

cal_status cali_trains_synchrony(cal_context *ctx, const cali_trains *t, double bin_ms, double *chi)
{
    const size_t n_bins = cali_trains_bins(t, bin_ms);
    double *counts = NULL, own = 0.0;
    *chi = NAN;
    if (n_bins < 3 || t->n_recorded == 0)
        return CAL_OK;
    CAL_TRY(cali_alloc(ctx, n_bins, sizeof *counts, "counts", &counts));
    cali_trains_count(t, bin_ms, n_bins, counts);
    for (size_t i = 0; i < t->n; i++) {
        double sum, squares;
        count_one(t, i, bin_ms, n_bins, &sum, &squares);
        own += variance_of(sum, squares, (double)n_bins);
    }
    const double sd = cali_series_sd(counts, n_bins), n = (double)t->n_recorded;
    if (own > 0.0)
        *chi = fmin(1.0, sqrt(sd * sd / (n * n) / (own / n)));
    free(counts);
    return CAL_OK;
}

double cali_traces_synchrony(const double *x, size_t n_columns, size_t n_rows, size_t stride)
{
    double own = 0.0, mean_of_means = 0.0, common = 0.0;
    if (n_rows < 3 || n_columns == 0)
        return NAN;
    for (size_t c = 0; c < n_columns; c++) {
        const double sd = cali_series_sd(x + c * stride, n_rows);
        own += sd * sd / (double)n_columns;
        mean_of_means += cali_series_mean(x + c * stride, n_rows) / (double)n_columns;
    }
    for (size_t r = 0; r < n_rows; r++) {
        double mean = 0.0;
        for (size_t c = 0; c < n_columns; c++)
            mean += x[c * stride + r] / (double)n_columns;
        common += (mean - mean_of_means) * (mean - mean_of_means);
    }
    return own > 0.0 ? sqrt(common / (double)(n_rows - 1) / own) : NAN;
}

/* ---- pairs -------------------------------------------------------------------------------------- */

/* Neurons with enough spikes, drawn without replacement where there are too many: each is taken with the chance
 * (wanted left) / (left), Fan, Muller & Rezucha (1962), J. Am. Stat. Assoc. 57, 387-402. */
static size_t draw_neurons(const cali_trains *t, size_t n_least, size_t n_sample, uint64_t seed, size_t *out)
{
    size_t left = 0, n = 0;
    for (size_t i = 0; i < t->n; i++)
        left += t->start[i + 1] - t->start[i] >= n_least;
    for (size_t i = 0; i < t->n && n < n_sample; i++) {
        if (t->start[i + 1] - t->start[i] < n_least)
            continue;
        const cali_random draw = cali_philox(cali_key_from_seed(seed), t->id[i], 0, 0, 0);
        if (cali_uniform(draw.word[0], draw.word[1]) * (double)left < (double)(n_sample - n))
            out[n++] = i;
        left--;
    }
    return n;
}

/* Sums of products of counts, from neurons that have spikes in the same bin: all are whole numbers. `at` holds the next spike
 * of each neuron. */
static void multiply_counts(const cali_trains *t, double bin_ms, size_t n_bins, const size_t *neuron, size_t n, size_t *at,
                            double *here, double *sums, double *products)
{
    size_t *touched = at + n;
    for (size_t i = 0; i < n; i++)
        at[i] = t->start[neuron[i]];
    for (size_t bin = 0; bin < n_bins; bin++) {
        size_t n_touched = 0;
        for (size_t i = 0; i < n; i++) {
            const size_t first = at[i];
            while (at[i] < t->start[neuron[i] + 1] && bin_of(t, t->times_ms[at[i]], bin_ms) == bin)
                at[i]++;
            if (at[i] == first)
                continue;
            here[i] = (double)(at[i] - first);
            sums[i] += here[i];
            touched[n_touched++] = i;
        }
        for (size_t a = 0; a < n_touched; a++)
            for (size_t b = 0; b <= a; b++)
                products[touched[a] * n + touched[b]] += here[touched[a]] * here[touched[b]];
    }
}

static void correlate(size_t n, double n_bins, const double *sums, const double *products, cali_pairs *out)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            const double vi = products[i * n + i] - sums[i] * sums[i] / n_bins;
            const double vj = products[j * n + j] - sums[j] * sums[j] / n_bins;
            if (vi > 0.0 && vj > 0.0)
                out->r[out->n++] = (products[i * n + j] - sums[i] * sums[j] / n_bins) / sqrt(vi * vj);
        }
}

cal_status cali_trains_pairs(cal_context *ctx, const cali_trains *t, double bin_ms, size_t n_least, size_t n_sample,
                             uint64_t seed, cali_pairs *out)
{
    const size_t n_bins = cali_trains_bins(t, bin_ms);
    size_t *neuron = NULL;
    double *numbers = NULL;
    *out = (cali_pairs){0};
    if (n_bins < 3)
        return CAL_OK;
    CAL_TRY(cali_alloc(ctx, 3 * n_sample, sizeof *neuron, "pairs of neurons", &neuron));
    const size_t n = draw_neurons(t, n_least > 0 ? n_least : 1, n_sample, seed, neuron);
    cal_status status = cali_alloc(ctx, n * (n + 2), sizeof *numbers, "pairs of neurons", &numbers);
    if (status == CAL_OK)
        status = cali_alloc(ctx, n * (n + 1) / 2, sizeof *out->r, "pairs of neurons", &out->r);
    if (status == CAL_OK) {
        double *products = numbers + 2 * n;
        multiply_counts(t, bin_ms, n_bins, neuron, n, neuron + n_sample, numbers, numbers + n, products);
        correlate(n, (double)n_bins, numbers + n, products, out);
        out->n_neurons = n;
    }
    free(numbers);
    free(neuron);
    return status;
}

void cali_pairs_free(cali_pairs *pairs)
{
    free(pairs->r);
    *pairs = (cali_pairs){0};
}

/* ---- correlograms ------------------------------------------------------------------------------- */

double cali_trains_autocorrelogram(const cali_trains *t, size_t n_most, double bin_ms, size_t n_bins, double *rate_Hz)
{
    const size_t step = n_most > 0 && t->n > n_most ? (t->n + n_most - 1) / n_most : 1;
    size_t n_from = 0;
    double squares = 0.0, sum = 0.0;
    memset(rate_Hz, 0, n_bins * sizeof *rate_Hz);
    for (size_t i = 0; i < t->n; i += step) {
        const double own = (double)(t->start[i + 1] - t->start[i]);
        sum += own;
        squares += own * own;
        for (size_t a = t->start[i]; a < t->start[i + 1]; a++) {
            const double from = t->times_ms[a];
            if (from + bin_ms * (double)n_bins > t->t1_ms)
                break;
            n_from++;
            for (size_t b = a + 1; b < t->start[i + 1]; b++) {
                const double place = ceil((t->times_ms[b] - from) / bin_ms - 1e-9) - 1.0;
                if (!(place < (double)n_bins))
                    break;
                rate_Hz[place < 0.0 ? 0 : (size_t)place] += 1.0;
            }
        }
    }
    for (size_t j = 0; j < n_bins; j++)
        rate_Hz[j] = n_from > 0 ? rate_Hz[j] * 1e3 / (bin_ms * (double)n_from) : NAN;
    return n_from > 0 ? squares / sum * 1e3 / (t->t1_ms - t->t0_ms) : NAN;
}

void cali_series_crosscorrelation(const double *x, const double *y, size_t n, size_t n_lags, double *r)
{
    const double mx = cali_series_mean(x, n), my = cali_series_mean(y, n), sx = cali_series_sd(x, n), sy = cali_series_sd(y, n);
    const double norm = sx * sy * ((double)n - 1.0);
    for (size_t j = 0; j <= 2 * n_lags; j++) {
        const size_t behind = j < n_lags ? n_lags - j : 0, ahead = j > n_lags ? j - n_lags : 0;
        double sum = 0.0;
        for (size_t k = behind; k + ahead < n; k++)
            sum += (x[k] - mx) * (y[k + ahead - behind] - my);
        r[j] = norm > 0.0 ? sum / norm : NAN;
    }
}
