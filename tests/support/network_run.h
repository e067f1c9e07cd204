/* Runs of an experiment with a network of its own, and what its spikes say neuron by neuron. */
#ifndef CALI_TESTS_NETWORK_RUN_H
#define CALI_TESTS_NETWORK_RUN_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/experiment.h"
#include "experiment/session.h"
#include "support/support.h"

/** Runs examples/NAME/experiment.yaml with overrides; the spikes stay in memory. */
static inline cal_recording *cali_run_example(cal_context *ctx, const char *name, const char *const *set, size_t n_set)
{
    char path[1024];
    cal_experiment *e = NULL;
    cal_session *s = NULL;
    cal_recording *recording = NULL;
    cal_session_def def = cal_session_def_default();
    snprintf(path, sizeof path, CALLOSUM_SOURCE_DIR "/examples/%s/experiment.yaml", name);
    cr_assert(cal_experiment_load(ctx, path, set, n_set, &e) == CAL_OK, "%s", cal_context_message(ctx));
    def.sink = "memory";
    cr_assert(cal_session_create(ctx, e, &def, &s) == CAL_OK, "%s", cal_context_message(ctx));
    while (!cal_session_is_done(s))
        cr_assert(cal_session_advance(s) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_finish(s) == CAL_OK);
    cr_assert(cal_recording_from_memory(s->recorder, &recording) == CAL_OK);
    cal_session_destroy(&s);
    cal_experiment_destroy(&e);
    return recording;
}

/** A population after `from_ms`: rates of its neurons, coefficients of variation of the intervals of those with at least six
 *  spikes, and the Fano factor of the population's counts in bins of 5 ms. */
typedef struct cali_cells {
    size_t n, n_cv;
    double *rate_Hz, *cv;
    double fano, last_ms;
} cali_cells;

static inline void cali_cells_free(cali_cells *c)
{
    free(c->rate_Hz);
    free(c->cv);
    *c = (cali_cells){0};
}

static inline cali_cells cali_cells_of(cal_recording *recording, size_t train, double from_ms, double to_ms)
{
    const cal_recording_train t = cal_recording_get_train(recording, train);
    const size_t n_bins = (size_t)((to_ms - from_ms) / 5.0 + 1e-6);
    double *times = malloc((t.n_spikes + 1) * sizeof *times), *sums = calloc(4 * (size_t)t.n_recorded, sizeof *sums);
    double *bins = calloc(n_bins, sizeof *bins), sum = 0.0, squares = 0.0;
    uint32_t *ids = malloc((t.n_spikes + 1) * sizeof *ids);
    cr_assert(cal_recording_read_spikes(recording, train, 0, t.n_spikes, times, ids) == CAL_OK);
    cali_cells c = {.n = t.n_recorded, .rate_Hz = malloc(t.n_recorded * sizeof(double)), .cv = malloc(t.n_recorded * sizeof(double))};
    for (size_t k = 0; k < t.n_spikes; k++) {
        double *own = sums + 4 * (size_t)ids[k]; /* count, last time, sum and sum of squares of intervals */
        c.last_ms = times[k];
        if (times[k] <= from_ms || times[k] > to_ms)
            continue;
        const double interval = times[k] - own[1];
        own[2] += own[0] > 0.0 ? interval : 0.0;
        own[3] += own[0] > 0.0 ? interval * interval : 0.0;
        own[0] += 1.0;
        own[1] = times[k];
        const size_t bin = (size_t)((times[k] - from_ms) / 5.0 - 1e-9);
        bins[bin < n_bins ? bin : n_bins - 1] += 1.0;
    }
    for (size_t i = 0; i < c.n; i++) {
        const double *own = sums + 4 * i, n = own[0] - 1.0;
        c.rate_Hz[i] = own[0] * 1e3 / (to_ms - from_ms);
        if (own[0] >= 6.0)
            c.cv[c.n_cv++] = sqrt(fmax(own[3] / n - own[2] * own[2] / (n * n), 0.0)) / (own[2] / n);
    }
    for (size_t b = 0; b < n_bins; b++) {
        sum += bins[b];
        squares += bins[b] * bins[b];
    }
    const double mean = sum / (double)n_bins;
    c.fano = mean > 0.0 ? (squares / (double)n_bins - mean * mean) / mean : NAN;
    free(times);
    free(sums);
    free(bins);
    free(ids);
    return c;
}

static inline double cali_mean_of(const double *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

static inline double cali_sd_of(const double *x, size_t n)
{
    const double mean = cali_mean_of(x, n);
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sqrt(sum / (double)n);
}

static inline int cali_compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/** Largest distance between the distribution of x (sorted here) and that of 101 quantiles, beyond what their hundredths leave
 *  open. */
static inline double cali_distance_to_quantiles(double *x, size_t n, const cali_test_table *table, const char *column)
{
    const size_t k = cali_test_column(table, column);
    double worst = 0.0;
    qsort(x, n, sizeof *x, cali_compare_doubles);
    for (size_t r = 0; r < table->n_rows; r++) {
        const double q = table->values[r * table->n_columns + k];
        size_t last = r, first = r, at = 0;
        while (last + 1 < table->n_rows && table->values[(last + 1) * table->n_columns + k] <= q)
            last++;
        while (first > 0 && table->values[(first - 1) * table->n_columns + k] >= q)
            first--;
        while (at < n && x[at] < q * (1.0 - 1e-6)) /* quantiles are printed with six digits */
            at++;
        const double below = (double)at / (double)n;
        while (at < n && x[at] <= q * (1.0 + 1e-6))
            at++;
        const double upto = (double)at / (double)n;
        /* the reference has last / 100 to (last + 1) / 100 of its values up to q, and below it first / 100 at most */
        worst = fmax(worst, fmax((double)last / 100.0 - upto, upto - (double)(last + 1) / 100.0));
        worst = fmax(worst, fmax(below - (double)first / 100.0, (double)first / 100.0 - 0.01 - below));
    }
    return worst;
}

#endif
