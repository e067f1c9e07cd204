/* Recorded weights: of each signal the quantiles and the mean over its synapses at up to ROWS_MOST times, and histograms at
 * the beginning, in the middle and at the end. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report/page_encode.h"
#include "report/page_parts.h"

enum { ROWS_MOST = 240, N_QUANTILES = 5, N_CURVES = N_QUANTILES + 1, N_BINS = 60, N_HISTOGRAMS = 3 };
static const double quantiles[N_QUANTILES] = {0.05, 0.25, 0.5, 0.75, 0.95};

bool cali_page_is_weights(const cal_recording_signal *signal)
{
    return signal->monitor != NULL && strcmp(signal->monitor, "weights") == 0;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Between the two nearest of sorted values. */
static double quantile_of(const double *sorted, size_t n, double share)
{
    const double at = share * (double)(n - 1);
    const size_t below = (size_t)at, above = below + 1 < n ? below + 1 : below;
    return sorted[below] + (at - (double)below) * (sorted[above] - sorted[below]);
}

typedef struct curves {
    cal_recording_signal signal;
    size_t n;      /* times */
    double *row;   /* (n_columns) */
    double *times_ms;
    double *values; /* (N_CURVES x n): quantiles, then the mean */
    double low, high;
} curves;

static size_t row_at(const curves *c, size_t i)
{
    return c->n < 2 ? 0 : i * (c->signal.n_rows - 1) / (c->n - 1);
}

static cal_status read_curves(const cali_run *run, size_t index, curves *c)
{
    const size_t n = c->signal.n_columns;
    for (size_t i = 0; i < c->n; i++) {
        const size_t row = row_at(c, i);
        double sum = 0.0;
        CAL_TRY(cal_recording_read(run->recording, index, row, 1, c->row));
        qsort(c->row, n, sizeof *c->row, compare);
        for (size_t k = 0; k < n; k++)
            sum += c->row[k];
        for (size_t q = 0; q < N_QUANTILES; q++)
            c->values[q * c->n + i] = quantile_of(c->row, n, quantiles[q]);
        c->values[N_QUANTILES * c->n + i] = sum / (double)n;
        c->times_ms[i] = cal_time_ms(c->signal.t_first + (cal_time)row * c->signal.every);
        c->low = i == 0 || c->row[0] < c->low ? c->row[0] : c->low;
        c->high = i == 0 || c->row[n - 1] > c->high ? c->row[n - 1] : c->high;
    }
    return CAL_OK;
}

/* Shares of the synapses in percent between the least and the largest weight of all times that are drawn. */
static cal_status add_histograms(const cali_run *run, size_t index, const curves *c, cali_text *json)
{
    const double width = (c->high - c->low) / N_BINS;
    cali_page_number(json, "low", c->low);
    cali_page_number(json, "high", c->high);
    cali_page_key(json, "histograms");
    cali_text_add(json, "[");
    for (size_t h = 0; width > 0.0 && h < N_HISTOGRAMS; h++) {
        const size_t i = h * (c->n - 1) / (N_HISTOGRAMS - 1);
        double bars[N_BINS] = {0};
        CAL_TRY(cal_recording_read(run->recording, index, row_at(c, i), 1, c->row));
        for (size_t k = 0; k < c->signal.n_columns; k++) {
            const double at = (c->row[k] - c->low) / width;
            bars[at < N_BINS - 1 ? (size_t)at : N_BINS - 1] += 100.0 / (double)c->signal.n_columns;
        }
        cali_text_add(json, h == 0 ? "{" : ",{");
        cali_page_number(json, "t_ms", c->times_ms[i]);
        cali_page_numbers(json, "percent", bars, N_BINS);
        cali_text_add(json, "}");
    }
    cali_text_add(json, "]");
    return CAL_OK;
}

static cal_status add_floats(const cali_run *run, cali_text *json, const char *key, const double *x, size_t n)
{
    cali_page_key(json, key);
    return cali_page_float32(run->ctx, json, x, n);
}

static cal_status add_one(const cali_run *run, size_t index, curves *c, cali_text *json)
{
    cali_page_text(json, "name", c->signal.name);
    cali_page_text(json, "unit", c->signal.unit);
    cali_page_text(json, "long_name", c->signal.long_name);
    cali_page_number(json, "every_ms", cal_time_ms(c->signal.every));
    cali_text_format(json, ",\"synapses\":%zu,\"rows\":%zu,\"n\":%zu", c->signal.n_columns, c->signal.n_rows, c->n);
    CAL_TRY(cali_alloc(run->ctx, c->signal.n_columns, sizeof *c->row, "weights", &c->row));
    CAL_TRY(cali_alloc(run->ctx, c->n, sizeof *c->times_ms, "weights", &c->times_ms));
    CAL_TRY(cali_alloc(run->ctx, N_CURVES * c->n, sizeof *c->values, "weights", &c->values));
    CAL_TRY(read_curves(run, index, c));
    CAL_TRY(add_floats(run, json, "times_ms", c->times_ms, c->n));
    CAL_TRY(add_floats(run, json, "curves", c->values, N_CURVES * c->n));
    return add_histograms(run, index, c, json);
}

cal_status cali_page_weights(cali_run *run, cali_text *json)
{
    cal_status status = CAL_OK;
    bool is_first = true;
    cali_page_key(json, "weights");
    cali_text_add(json, "[");
    for (size_t s = 0; status == CAL_OK && s < cal_recording_n_signals(run->recording); s++) {
        curves c = {.signal = cal_recording_get_signal(run->recording, s)};
        if (!cali_page_is_weights(&c.signal) || c.signal.n_columns == 0 || c.signal.n_rows == 0)
            continue;
        c.n = c.signal.n_rows < ROWS_MOST ? c.signal.n_rows : ROWS_MOST;
        cali_text_add(json, is_first ? "{" : ",{");
        status = add_one(run, s, &c, json);
        cali_text_add(json, "}");
        free(c.row);
        free(c.times_ms);
        free(c.values);
        is_first = false;
    }
    cali_text_add(json, "]");
    return status;
}
