/* How weights are scaled. The list is cal_normalisation; formulas and meanings stand beside the names. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/numeric.h"
#include "connectomes/connectome.h"

const char *const cal_normalisation_names[CAL_N_NORMALISATIONS] = {
    [CAL_WEIGHTS_AS_THEY_ARE] = "none",           [CAL_WEIGHTS_MAX_ONE] = "max-one",
    [CAL_WEIGHTS_ROW_SUM_ONE] = "row-sum-one",    [CAL_WEIGHTS_MEAN_ROW_ONE] = "mean-row-one",
    [CAL_WEIGHTS_LOG] = "log-max-one",            [CAL_WEIGHTS_MAX_ROW_ONE] = "max-row-one",
    [CAL_WEIGHTS_TOTAL_ONE] = "total-one",        [CAL_WEIGHTS_RADIUS_ONE] = "spectral-radius-one",
    [CAL_WEIGHTS_BINARY] = "binary"};

static const cal_normalisation_entry entries[CAL_N_NORMALISATIONS] = {
    [CAL_WEIGHTS_AS_THEY_ARE] = {"w' = w", "as they are"},
    [CAL_WEIGHTS_MAX_ONE] = {"w' = w / max(w)", "the strongest connection is 1 (TVB: tract)"},
    [CAL_WEIGHTS_ROW_SUM_ONE] = {"w'_ij = w_ij / sum_j w_ij", "every region gets the same total input; without input it keeps 0"},
    [CAL_WEIGHTS_MEAN_ROW_ONE] = {"w' = w / mean_i sum_j w_ij", "the mean total input of a region is 1"},
    [CAL_WEIGHTS_LOG] = {"w' = log(1 + w) / max log(1 + w)", "counts of streamlines over many decades"},
    [CAL_WEIGHTS_MAX_ROW_ONE] = {"w' = w / max_i sum_j w_ij", "the largest total input of a region is 1 (TVB: region)"},
    [CAL_WEIGHTS_TOTAL_ONE] = {"w' = w / sum_ij w_ij", "all weights together are 1"},
    [CAL_WEIGHTS_RADIUS_ONE] = {"w' = w / max |eigenvalue of w|", "a linear network of gain 1 is at the edge of stability"},
    [CAL_WEIGHTS_BINARY] = {"w'_ij = 1 where w_ij > 0", "who is connected, not how strongly"}};

const cal_normalisation_entry *cal_normalisation_get(cal_normalisation kind)
{
    return (unsigned)kind < CAL_N_NORMALISATIONS ? &entries[kind] : NULL;
}

/* log(1 + w) for w >= 0 without losing small w: the rounding of 1 + w cancels in the quotient. */
static double log_one_plus(double w)
{
    const double u = 1.0 + w;
    return u == 1.0 ? w : cali_log(u) * (w / (u - 1.0));
}

static double largest_of(size_t n, const double *w)
{
    double largest = 0.0;
    for (size_t i = 0; i < n; i++)
        largest = w[i] > largest ? w[i] : largest;
    return largest;
}

static void divide_all(size_t n, double *w, double by)
{
    for (size_t i = 0; by > 0.0 && i < n; i++)
        w[i] /= by;
}

/* ---- spectral radius ------------------------------------------------------------------------- */

/* The parts of the graph within which every region reaches every other: the spectral radius of a matrix without negative
 * entries is the largest of theirs. Tarjan (1972), SIAM J. Comput. 1, 146-160, with its own stack. */
typedef struct search {
    const double *w;
    size_t n, n_seen, n_stack, n_calls;
    size_t *order, *low, *next, *stack, *calls; /* order 0: not seen */
    bool *is_stacked;
    size_t *part; /* of each region, from 0 */
    size_t n_parts;
} search;

static void close_part(search *s, size_t i)
{
    size_t j;
    do {
        j = s->stack[--s->n_stack];
        s->is_stacked[j] = false;
        s->part[j] = s->n_parts;
    } while (j != i);
    s->n_parts++;
}

static void enter(search *s, size_t i)
{
    s->order[i] = s->low[i] = ++s->n_seen;
    s->stack[s->n_stack++] = i;
    s->is_stacked[i] = true;
    s->calls[s->n_calls++] = i;
}

static void search_from(search *s, size_t start)
{
    enter(s, start);
    while (s->n_calls > 0) {
        const size_t i = s->calls[s->n_calls - 1];
        if (s->next[i] < s->n) {
            const size_t j = s->next[i]++;
            if (s->w[i * s->n + j] == 0.0)
                continue;
            if (s->order[j] == 0)
                enter(s, j);
            else if (s->is_stacked[j] && s->order[j] < s->low[i])
                s->low[i] = s->order[j];
            continue;
        }
        s->n_calls--;
        if (s->low[i] == s->order[i])
            close_part(s, i);
        if (s->n_calls > 0) {
            const size_t above = s->calls[s->n_calls - 1];
            s->low[above] = s->low[i] < s->low[above] ? s->low[i] : s->low[above];
        }
    }
}

/* Power iteration on w + d within one part, d a quarter of its largest row sum so that no eigenvalue is as large as the wanted one.
 * (w x)_i / x_i bounds the radius from both sides (Collatz 1942, Math. Z. 48, 221-226; Wielandt 1950, Math. Z. 52, 642-648). */
static bool radius_of_part(const double *w, size_t n, const size_t *members, size_t m, double *x, double *y, double *out)
{
    const double most_work = 2e10; /* half a minute at most, whatever the matrix */
    const size_t n_steps = m < 1000 ? 20000 : (size_t)(most_work / ((double)m * (double)m)) + 1;
    double shift = 0.0;
    for (size_t a = 0; a < m; a++) {
        double sum = 0.0;
        for (size_t b = 0; b < m; b++)
            sum += w[members[a] * n + members[b]];
        shift = 0.25 * sum > shift ? 0.25 * sum : shift;
        x[a] = 1.0;
    }
    *out = 0.0;
    if (shift == 0.0)
        return true; /* a region alone, without a connection to itself */
    for (size_t step = 0; step < n_steps; step++) {
        double low = (double)INFINITY, high = 0.0, largest = 0.0;
        for (size_t a = 0; a < m; a++) {
            double sum = shift * x[a];
            for (size_t b = 0; b < m; b++)
                sum += w[members[a] * n + members[b]] * x[b];
            y[a] = sum;
            const double ratio = sum / x[a];
            low = ratio < low ? ratio : low;
            high = ratio > high ? ratio : high;
            largest = sum > largest ? sum : largest;
        }
        *out = 0.5 * (low + high) - shift;
        if (high - low <= 1e-13 * high)
            return true;
        for (size_t a = 0; a < m; a++)
            x[a] = y[a] / largest;
    }
    return false;
}

static bool radius_of_parts(const double *w, search *s, double *x, double *y, size_t *members, double *radius)
{
    *radius = 0.0;
    for (size_t p = 0; p < s->n_parts; p++) {
        size_t m = 0;
        double own = 0.0;
        for (size_t i = 0; i < s->n; i++)
            if (s->part[i] == p)
                members[m++] = i;
        if (!radius_of_part(w, s->n, members, m, x, y, &own))
            return false;
        *radius = own > *radius ? own : *radius;
    }
    return true;
}

static cal_status spectral_radius(cal_context *ctx, const char *file, size_t n, const double *w, double *radius)
{
    size_t *places = NULL;
    double *vectors = NULL;
    bool *flags = NULL;
    cal_status status = cali_alloc(ctx, 7 * n, sizeof *places, "normalisation", &places);
    if (status == CAL_OK)
        status = cali_alloc(ctx, 2 * n, sizeof *vectors, "normalisation", &vectors);
    if (status == CAL_OK)
        status = cali_alloc(ctx, n, sizeof *flags, "normalisation", &flags);
    if (status == CAL_OK) {
        search s = {.w = w, .n = n, .order = places, .low = places + n, .next = places + 2 * n, .stack = places + 3 * n,
                    .calls = places + 4 * n, .part = places + 5 * n, .is_stacked = flags};
        for (size_t i = 0; i < n; i++)
            if (s.order[i] == 0)
                search_from(&s, i);
        if (!radius_of_parts(w, &s, vectors, vectors + n, places + 6 * n, radius) || !isfinite(*radius))
            status = CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 the largest eigenvalue of the weights is not found to 13 digits.\n"
                              "  try another normalisation, such as max-row-one.", file);
    }
    free(places);
    free(vectors);
    free(flags);
    return status;
}

/* ---- the list -------------------------------------------------------------------------------- */

/* Largest, total and mean of the sums of rows, in a fixed order. */
static cal_status sum_rows(cal_context *ctx, const char *file, size_t n, const double *w, double *largest, double *total)
{
    *largest = *total = 0.0;
    for (size_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < n; j++)
            sum += w[i * n + j];
        *total += sum;
        *largest = sum > *largest ? sum : *largest;
    }
    return isfinite(*total) ? CAL_OK
                            : CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 the sum of weights is not finite.", file);
}

static void divide_rows(size_t n, double *w)
{
    for (size_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < n; j++)
            sum += w[i * n + j];
        divide_all(n, w + i * n, sum);
    }
}

static cal_status scale(cal_context *ctx, const char *file, cal_normalisation kind, size_t n, double *w)
{
    double largest, total, radius = 0.0;
    switch (kind) {
    case CAL_WEIGHTS_BINARY:
        for (size_t i = 0; i < n * n; i++)
            w[i] = w[i] > 0.0 ? 1.0 : 0.0;
        return CAL_OK;
    case CAL_WEIGHTS_LOG:
        for (size_t i = 0; i < n * n; i++)
            w[i] = log_one_plus(w[i]);
        divide_all(n * n, w, largest_of(n * n, w));
        return CAL_OK;
    case CAL_WEIGHTS_MAX_ONE:
        divide_all(n * n, w, largest_of(n * n, w));
        return CAL_OK;
    case CAL_WEIGHTS_RADIUS_ONE:
        CAL_TRY(spectral_radius(ctx, file, n, w, &radius));
        if (radius == 0.0)
            cal_context_note(ctx, "%s: no loop of connections, so all eigenvalues are 0; the weights stay as they are.", file);
        divide_all(n * n, w, radius);
        return CAL_OK;
    default:
        break;
    }
    CAL_TRY(sum_rows(ctx, file, n, w, &largest, &total));
    if (kind == CAL_WEIGHTS_ROW_SUM_ONE)
        divide_rows(n, w);
    else
        divide_all(n * n, w, kind == CAL_WEIGHTS_MAX_ROW_ONE ? largest
                             : kind == CAL_WEIGHTS_TOTAL_ONE ? total : total / (double)n);
    return CAL_OK;
}

cal_status cali_weights_normalise(cal_context *ctx, const char *file, cal_normalisation kind, size_t n, double *w)
{
    if (kind == CAL_WEIGHTS_AS_THEY_ARE)
        return CAL_OK;
    for (size_t i = 0; i < n * n; i++)
        if (w[i] < 0.0)
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 weights[%zu][%zu] is %g, but normalisation %s needs "
                            "weights >= 0.", file, i / n, i % n, w[i], cal_normalisation_names[kind]);
    return scale(ctx, file, kind, n, w);
}
