/* Whether two recordings hold the same numbers, bit by bit, and where they first differ. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "recording/parts.h"

enum { PIECE_VALUES = 65536 };

/* Constants that tell something of the run; those of the second list exist at its end only. */
static const char *const wiring[] = {"connectome/weights", "connectome/lengths_mm", "connectome/centres_mm", "network/neurons"};
static const char *const results[] = {"analysis/fc", "analysis/sc_fc", "analysis/fcd", "analysis/fcd_time",
                                      "analysis/frequency", "analysis/spectrum", "analysis/band_power"};
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

typedef struct pair {
    cal_context *ctx;
    cal_recording *a, *b;
    cal_recording_comparison *out;
} pair;

#define DIFFERS(p, ...) snprintf((p)->out->difference, sizeof (p)->out->difference, __VA_ARGS__)

static bool is_done(const pair *p)
{
    return p->out->difference[0] != '\0';
}

/* Any two that are not numbers are equal: their bits tell nothing. */
static bool is_same(double x, double y)
{
    return memcmp(&x, &y, sizeof x) == 0 || (isnan(x) && isnan(y));
}

/* ---- signals ------------------------------------------------------------------------------------------ */

static bool has_same_shape(const pair *p, const cal_recording_signal *a, const cal_recording_signal *b)
{
    if (strcmp(a->name, b->name) != 0)
        DIFFERS(p, "the signal \"%.200s\" stands where \"%.200s\" is in the other", a->name, b->name);
    else if (a->n_columns != b->n_columns)
        DIFFERS(p, "%.200s has %zu and %zu columns", a->name, a->n_columns, b->n_columns);
    else if (a->t_first != b->t_first || a->every != b->every)
        DIFFERS(p, "%.200s is sampled every %g and %g ms", a->name, cal_time_ms(a->every), cal_time_ms(b->every));
    for (size_t i = 0; !is_done(p) && i < a->n_columns; i++)
        if (strcmp(a->labels[i], b->labels[i]) != 0)
            DIFFERS(p, "column %zu of %.200s is \"%.200s\" and \"%.200s\"", i, a->name, a->labels[i], b->labels[i]);
    return !is_done(p);
}

static void compare_rows(pair *p, const cal_recording_signal *signal, size_t first, size_t n, const double *x, const double *y)
{
    for (size_t i = 0; i < n * signal->n_columns; i++) {
        if (is_same(x[i], y[i]))
            continue;
        const cal_time t = signal->t_first + (cal_time)(first + i / signal->n_columns) * signal->every;
        DIFFERS(p, "%.200s at %.15g ms, column \"%.200s\": %.17g and %.17g", signal->name, cal_time_ms(t),
                signal->labels[i % signal->n_columns], x[i], y[i]);
        return;
    }
    p->out->n_values += (double)(n * signal->n_columns);
}

static cal_status compare_signal(pair *p, size_t index)
{
    const cal_recording_signal a = cal_recording_get_signal(p->a, index), b = cal_recording_get_signal(p->b, index);
    if (!has_same_shape(p, &a, &b))
        return CAL_OK;
    const size_t until = cali_layout_rows_until(a.t_first, a.every, p->out->until);
    if (a.n_rows < until || b.n_rows < until) {
        DIFFERS(p, "%.200s has %zu and %zu of %zu rows", a.name, a.n_rows, b.n_rows, until);
        return CAL_OK;
    }
    const size_t n_piece = PIECE_VALUES / a.n_columns + 1;
    double *rows = NULL;
    CAL_TRY(cali_alloc(p->ctx, 2 * n_piece * a.n_columns, sizeof *rows, "rows", &rows));
    cal_status status = CAL_OK;
    for (size_t first = 0; first < until && status == CAL_OK && !is_done(p); first += n_piece) {
        const size_t n = until - first < n_piece ? until - first : n_piece;
        double *other = rows + n_piece * a.n_columns;
        status = cal_recording_read(p->a, index, first, n, rows);
        if (status == CAL_OK)
            status = cal_recording_read(p->b, index, first, n, other);
        if (status == CAL_OK)
            compare_rows(p, &a, first, n, rows, other);
    }
    free(rows);
    p->out->n_signals += !is_done(p);
    return status;
}

/* ---- spikes ------------------------------------------------------------------------------------------- */

/* One spike of each; an index beyond the end, or a time after the common one, is none. */
typedef struct spikes {
    size_t n; /* in all */
    double *times_ms;
    uint32_t *ids;
} spikes;

static bool is_spike(const spikes *s, size_t first, size_t i, cal_time until)
{
    return first + i < s->n && s->times_ms[i] <= cal_time_ms(until);
}

static void describe(const spikes *s, size_t first, size_t i, cal_time until, char *text, size_t size)
{
    if (is_spike(s, first, i, until))
        snprintf(text, size, "neuron %u at %.15g ms", s->ids[i], s->times_ms[i]);
    else
        snprintf(text, size, "none");
}

/* Whether all spikes up to the common time were seen. */
static bool compare_spikes(pair *p, const char *name, size_t first, size_t n, const spikes *a, const spikes *b)
{
    for (size_t i = 0; i < n; i++) {
        const bool is_a = is_spike(a, first, i, p->out->until), is_b = is_spike(b, first, i, p->out->until);
        if (!is_a && !is_b)
            return true;
        if (is_a && is_b && is_same(a->times_ms[i], b->times_ms[i]) && a->ids[i] == b->ids[i]) {
            p->out->n_values += 2.0;
            continue;
        }
        char one[80], other[80];
        describe(a, first, i, p->out->until, one, sizeof one);
        describe(b, first, i, p->out->until, other, sizeof other);
        DIFFERS(p, "spike %zu of %.400s: %s and %s", first + i, name, one, other);
        return true;
    }
    return first + n >= a->n && first + n >= b->n;
}

static cal_status read_spikes(cal_recording *from, size_t train, size_t first, size_t n_piece, spikes *s)
{
    const size_t left = first < s->n ? s->n - first : 0;
    return cal_recording_read_spikes(from, train, first < s->n ? first : s->n, left < n_piece ? left : n_piece, s->times_ms,
                                     s->ids);
}

static cal_status compare_train(pair *p, size_t index)
{
    const cal_recording_train a = cal_recording_get_train(p->a, index), b = cal_recording_get_train(p->b, index);
    char name[512];
    snprintf(name, sizeof name, "%.200s.%.200s", a.region, a.population);
    if (strcmp(a.region, b.region) != 0 || strcmp(a.population, b.population) != 0 || a.n_recorded != b.n_recorded) {
        DIFFERS(p, "the spikes of %.400s are of other neurons in the other", name);
        return CAL_OK;
    }
    double *times = NULL;
    uint32_t *ids = NULL;
    cal_status status = cali_alloc(p->ctx, 2 * PIECE_VALUES, sizeof *times, "spikes", &times);
    if (status == CAL_OK)
        status = cali_alloc(p->ctx, 2 * PIECE_VALUES, sizeof *ids, "spikes", &ids);
    spikes x = {a.n_spikes, times, ids}, y = {b.n_spikes, NULL, NULL};
    bool is_end = false;
    for (size_t first = 0; status == CAL_OK && !is_end; first += PIECE_VALUES) {
        y.times_ms = times + PIECE_VALUES;
        y.ids = ids + PIECE_VALUES;
        status = read_spikes(p->a, index, first, PIECE_VALUES, &x);
        if (status == CAL_OK)
            status = read_spikes(p->b, index, first, PIECE_VALUES, &y);
        if (status == CAL_OK)
            is_end = compare_spikes(p, name, first, PIECE_VALUES, &x, &y);
    }
    free(times);
    free(ids);
    p->out->n_trains += !is_done(p);
    return status;
}

/* ---- matrices ----------------------------------------------------------------------------------------- */

static cal_status compare_matrix(pair *p, const char *path)
{
    size_t rows[2] = {0}, columns[2] = {0};
    double *x = NULL, *y = NULL;
    cal_status status = cal_recording_read_matrix(p->a, path, &rows[0], &columns[0], &x);
    if (status == CAL_OK)
        status = cal_recording_read_matrix(p->b, path, &rows[1], &columns[1], &y);
    if (status == CAL_OK && (rows[0] != rows[1] || columns[0] != columns[1]))
        DIFFERS(p, "%s has %zu x %zu and %zu x %zu values", path, rows[0], columns[0], rows[1], columns[1]);
    for (size_t i = 0; status == CAL_OK && !is_done(p) && i < rows[0] * columns[0]; i++)
        if (!is_same(x[i], y[i]))
            DIFFERS(p, "%s at [%zu][%zu]: %.17g and %.17g", path, i / columns[0], i % columns[0], x[i], y[i]);
    if (status == CAL_OK && !is_done(p) && rows[0] > 0) {
        p->out->n_matrices++;
        p->out->n_values += (double)(rows[0] * columns[0]);
    }
    free(x);
    free(y);
    return status;
}

cal_status cal_recording_compare(cal_context *ctx, cal_recording *a, cal_recording *b, cal_recording_comparison *out)
{
    const cal_time end_a = cal_recording_stop(a), end_b = cal_recording_stop(b);
    const size_t n_signals = cal_recording_n_signals(a), n_trains = cal_recording_n_trains(a);
    pair p = {ctx, a, b, out};
    *out = (cal_recording_comparison){.until = end_a < end_b ? end_a : end_b};
    if (n_signals != cal_recording_n_signals(b) || n_trains != cal_recording_n_trains(b))
        DIFFERS(&p, "there are %zu signals and %zu populations with spikes in the one, %zu and %zu in the other", n_signals,
                n_trains, cal_recording_n_signals(b), cal_recording_n_trains(b));
    for (size_t i = 0; i < COUNT_OF(wiring) && !is_done(&p); i++)
        CAL_TRY(compare_matrix(&p, wiring[i]));
    for (size_t i = 0; i < n_signals && !is_done(&p); i++)
        CAL_TRY(compare_signal(&p, i));
    for (size_t i = 0; i < n_trains && !is_done(&p); i++)
        CAL_TRY(compare_train(&p, i));
    for (size_t i = 0; i < COUNT_OF(results) && !is_done(&p) && end_a == end_b; i++)
        CAL_TRY(compare_matrix(&p, results[i]));
    out->is_identical = !is_done(&p);
    return CAL_OK;
}
