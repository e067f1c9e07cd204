/* Two runs, quantity by quantity. Each row asks twice: is the difference larger than what matters (the
 * tolerance), and is it larger than what chance gives in runs this long (three standard errors)? Only both
 * together make two runs differ. docs/compare.md gives the reasons of the defaults. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "analysis/analysis.h"
#include "report/compare.h"
#include "report/run.h"

enum { REGIONS_MOST = 1024 };

/* One side, cut to the common time and the common interval. */
typedef struct side {
    cali_run run;
    const cali_run_signal *signal;
    double *columns; /* (n_columns x stride) of the regions for functional connectivity */
    double *trace;   /* n samples of the region, or of the mean over regions */
    size_t stride;   /* at least n */
} side;

/* What both share. */
typedef struct frame {
    cal_context *ctx;
    const cal_compare_def *def;
    side a, b;
    double from_ms, to_ms, every_ms;
    size_t n;             /* samples */
    size_t *regions;      /* numbers of the regions in `columns`, the same in both */
    size_t n_columns;
    bool has_same_regions;
} frame;

cal_compare_def cal_compare_def_default(void)
{
    return (cal_compare_def){.transient_ms = -1.0,
                             .tolerance_rate = 0.10,
                             .tolerance_peak_Hz = 0.5,
                             .tolerance_sd = 0.15,
                             .tolerance_trace = 0.8,
                             .tolerance_fc = 0.9};
}

/* ---- what is compared -------------------------------------------------------------------- */

static cal_status choose_signal(frame *f)
{
    const cali_run *a = &f->a.run, *b = &f->b.run;
    if (f->def->signal != NULL || cali_run_signal_find(a, "rate") >= 0) {
        const char *name = f->def->signal != NULL ? f->def->signal : "rate";
        const int in_a = cali_run_signal_find(a, name), in_b = cali_run_signal_find(b, name);
        if (in_a >= 0 && in_b >= 0) {
            f->a.signal = &a->signals[in_a];
            f->b.signal = &b->signals[in_b];
        } else if (f->def->signal != NULL) {
            return CAL_FAIL(f->ctx, CAL_ERR_INPUT, "%s has no signal \"%s\" of all regions",
                            in_a < 0 ? a->directory : b->directory, name);
        }
    }
    for (size_t s = 0; f->a.signal == NULL && s < a->n_signals; s++) {
        const int in_b = cali_run_signal_find(b, a->signals[s].name);
        if (in_b >= 0) {
            f->a.signal = &a->signals[s];
            f->b.signal = &b->signals[in_b];
        }
    }
    if (f->a.signal == NULL)
        return CAL_FAIL(f->ctx, CAL_ERR_INPUT, "%s and %s share no signal of all regions", a->directory,
                        b->directory);
    if (strcmp(f->a.signal->unit, f->b.signal->unit) != 0)
        return CAL_FAIL(f->ctx, CAL_ERR_INPUT, "%s is in %s in %s but in %s in %s", f->a.signal->name,
                        f->a.signal->unit, a->directory, f->b.signal->unit, b->directory);
    return CAL_OK;
}

static cal_status choose_region(frame *f, const char **region)
{
    const side *sides[] = {&f->a, &f->b};
    *region = f->def->region;
    for (size_t i = 0; *region == NULL && i < 2; i++)
        if (sides[i]->run.n_spiking > 0)
            *region = sides[i]->run.labels[sides[i]->run.spiking[0].region];
    for (size_t i = 0; *region != NULL && i < 2; i++)
        if (cali_run_find(&sides[i]->run, *region) < 0)
            return CAL_FAIL(f->ctx, CAL_ERR_INPUT, "%s has no %s \"%s\"", sides[i]->run.directory,
                            sides[i]->run.is_network ? "population" : "region", *region);
    return CAL_OK;
}

static cal_status choose_time(frame *f)
{
    const cali_run *a = &f->a.run, *b = &f->b.run;
    const double every_a = f->a.signal->every_ms, every_b = f->b.signal->every_ms;
    const double ratio = fmax(every_a, every_b) / fmin(every_a, every_b);
    f->every_ms = fmax(every_a, every_b);
    f->from_ms = fmax(a->transient_ms, b->transient_ms);
    f->to_ms = fmin(a->stop_ms, b->stop_ms);
    if (fabs(ratio - floor(ratio + 0.5)) > 1e-9 * ratio)
        return CAL_FAIL(f->ctx, CAL_ERR_INPUT, "%s every %g ms in %s is no multiple of every %g ms in the other",
                        f->a.signal->name, every_a, a->directory, every_b);
    const double samples = (f->to_ms - f->from_ms) / f->every_ms;
    if (!(samples >= 40.0))
        return CAL_FAIL(f->ctx, CAL_ERR_INPUT,
                        "the runs share %g ms after the transient of %g ms; a comparison takes at least 40 "
                        "samples of %g ms",
                        fmax(f->to_ms - f->from_ms, 0.0), f->from_ms, f->every_ms);
    f->n = (size_t)(samples + 1e-9);
    return CAL_OK;
}

/* Averages groups of samples so that sample k covers from + (k, k + 1] every; returns how many there are. */
static size_t cut(const frame *f, const cali_run_signal *signal, const double *x, double *out)
{
    const size_t group = (size_t)(f->every_ms / signal->every_ms + 0.5);
    size_t row = cali_run_row_after(signal, f->from_ms), n = 0;
    for (; n < f->n && row + group <= signal->n_rows; n++, row += group) {
        out[n] = 0.0;
        for (size_t i = 0; i < group; i++)
            out[n] += x[row + i];
        out[n] /= (double)group;
    }
    return n;
}

/* Every k-th region where there are more than REGIONS_MOST. */
static cal_status choose_columns(frame *f)
{
    const size_t n = f->a.run.n_regions, step = (n + REGIONS_MOST - 1) / REGIONS_MOST;
    f->has_same_regions = n == f->b.run.n_regions;
    for (size_t i = 0; i < n && f->has_same_regions; i++)
        f->has_same_regions = strcmp(f->a.run.labels[i], f->b.run.labels[i]) == 0;
    CAL_TRY(cali_alloc(f->ctx, n, sizeof(size_t), "regions", &f->regions));
    for (size_t i = 0; f->has_same_regions && i < n; i += step)
        f->regions[f->n_columns++] = i;
    return CAL_OK;
}

/* Leaves the mean over the columns in the first one; a column with values that are none (a network has no state of a
 * neural mass) does not count. */
static void average_columns(double *x, size_t n_columns, size_t n_rows)
{
    size_t n = 0;
    for (size_t i = 0; i < n_columns; i++) {
        const double *column = x + i * n_rows;
        if (!isfinite(cali_series_mean(column, n_rows)))
            continue;
        for (size_t r = 0; r < n_rows; r++)
            x[r] = n == 0 ? column[r] : x[r] + column[r];
        n++;
    }
    for (size_t r = 0; r < n_rows; r++)
        x[r] /= (double)n;
}

/* Reads the region's trace (region NULL: the mean over all regions) and the columns of one side. */
static cal_status load(frame *f, side *s, const char *region)
{
    double *x = NULL;
    s->stride = f->n;
    const size_t n_rows = s->signal->n_rows;
    CAL_TRY(cali_alloc(f->ctx, f->n, sizeof(double), "trace", &s->trace));
    CAL_TRY(cali_alloc(f->ctx, f->n * f->n_columns, sizeof(double), "series", &s->columns));
    if (region != NULL) {
        const size_t own = (size_t)cali_run_find(&s->run, region);
        CAL_TRY(cali_run_read(&s->run, s->signal, &own, 1, &x));
    } else {
        CAL_TRY(cali_run_read(&s->run, s->signal, NULL, 0, &x));
        average_columns(x, s->run.n_regions, n_rows);
    }
    const size_t n = cut(f, s->signal, x, s->trace);
    free(x);
    if (f->n_columns > 0) {
        CAL_TRY(cali_run_read(&s->run, s->signal, f->regions, f->n_columns, &x));
        for (size_t c = 0; c < f->n_columns; c++)
            cut(f, s->signal, x + c * n_rows, s->columns + c * s->stride);
        free(x);
    }
    if (n + 1 < f->n) /* one sample may be missing where the grids of the runs are shifted */
        return CAL_FAIL(f->ctx, CAL_ERR_INPUT, "%s: %s ends before %g ms", s->run.directory, s->signal->name,
                        f->to_ms);
    f->n = n;
    return CAL_OK;
}

/* ---- rows -------------------------------------------------------------------------------- */

static cal_comparison_row *add_row(cal_comparison *out, const char *quantity, const char *unit)
{
    assert(out->n_rows < CALI_COMPARISON_ROWS);
    cal_comparison_row *row = &out->rows[out->n_rows];
    *row = (cal_comparison_row){.quantity = quantity,
                                .unit = unit,
                                .a = NAN,
                                .b = NAN,
                                .difference = NAN,
                                .error = NAN,
                                .note = out->notes[out->n_rows]};
    out->n_rows++;
    return row;
}

static char *note_of(cal_comparison *out, const cal_comparison_row *row)
{
    return out->notes[row - out->rows];
}

static void judge(cal_comparison *out, cal_comparison_row *row)
{
    const double size = fabs(row->difference);
    if (size <= row->tolerance) {
        row->verdict = CAL_VERDICT_AGREE;
    } else if (isnan(size)) {
        row->verdict = CAL_VERDICT_OPEN;
        snprintf(note_of(out, row), CALI_COMPARISON_NOTE, "does not exist in both runs");
    } else if (!(size > 3.0 * row->error)) { /* also where the error is not known */
        row->verdict = CAL_VERDICT_OPEN;
        snprintf(note_of(out, row), CALI_COMPARISON_NOTE, "within three standard errors: take longer runs");
    } else {
        row->verdict = CAL_VERDICT_DIFFER;
    }
}

/* A mean or standard deviation. */
static void add_moment(cal_comparison *out, const char *quantity, const char *unit, double a, double b,
                       double error_a, double error_b, double tolerance)
{
    cal_comparison_row *row = add_row(out, quantity, unit);
    const double scale = a != 0.0 ? fabs(a) : b != 0.0 ? fabs(b) : 1.0;
    row->a = a;
    row->b = b;
    row->is_relative = true;
    row->difference = (b - a) / scale;
    row->error = sqrt(error_a * error_a + error_b * error_b) / scale;
    row->tolerance = tolerance;
    judge(out, row);
}

/* Standard error of the frequency of the peak: jackknife over the segments of Welch's estimate (Efron & Stein
 * 1981, Ann. Stat. 9, 586-596), each left out once. */
static cal_status peak_error(cal_context *ctx, const double *x, double dt_ms, size_t segment,
                             const cali_spectrum *whole, double *error)
{
    const size_t n_bins = whole->n, n_segments = whole->n_segments;
    cali_spectrum part = {.n = n_bins, .df_Hz = whole->df_Hz, .n_segments = n_segments - 1}, one = {0};
    *error = NAN;
    if (n_segments < 4)
        return CAL_OK;
    CAL_TRY(cali_alloc(ctx, n_bins, sizeof(double), "spectrum", &part.power));
    double sum = 0.0, squares = 0.0;
    cal_status status = CAL_OK;
    for (size_t s = 0; status == CAL_OK && s < n_segments; s++) {
        status = cali_welch(ctx, x + s * (segment / 2), segment, dt_ms, segment, &one);
        for (size_t k = 0; status == CAL_OK && k < n_bins; k++)
            part.power[k] = (whole->power[k] * (double)n_segments - one.power[k]) / (double)(n_segments - 1);
        const double f_Hz = cali_spectrum_peak(&part, 1.0, 100.0).f_Hz;
        sum += f_Hz;
        squares += f_Hz * f_Hz;
        cali_spectrum_free(&one);
    }
    const double n = (double)n_segments, variance = (squares - sum * sum / n) * (n - 1.0) / n;
    *error = sqrt(fmax(variance, 0.0));
    cali_spectrum_free(&part);
    return status;
}

static void judge_peaks(cal_comparison *out, cal_comparison_row *row, const cali_peak *a, const cali_peak *b)
{
    char *note = note_of(out, row);
    if (!a->is_found && !b->is_found) {
        row->verdict = CAL_VERDICT_AGREE;
        row->a = row->b = row->difference = row->error = NAN;
        snprintf(note, CALI_COMPARISON_NOTE, "no peak stands out in either");
        return;
    }
    judge(out, row);
    if (a->is_found && b->is_found)
        return;
    /* the other has none: that counts where this one's is clear */
    const cali_peak *found = a->is_found ? a : b;
    if (found->prominence >= 2.0 * found->threshold && row->verdict != CAL_VERDICT_AGREE)
        row->verdict = CAL_VERDICT_DIFFER;
    *(a->is_found ? &row->b : &row->a) = NAN;
    snprintf(note, CALI_COMPARISON_NOTE, "no peak stands out in %s", a->is_found ? out->name_b : out->name_a);
}

static cal_status add_peak(const frame *f, cal_comparison *out, const cali_spectrum *a, const cali_spectrum *b,
                           size_t segment)
{
    const cali_peak peak_a = cali_spectrum_peak(a, 1.0, 100.0), peak_b = cali_spectrum_peak(b, 1.0, 100.0);
    double error_a, error_b;
    CAL_TRY(peak_error(f->ctx, f->a.trace, f->every_ms, segment, a, &error_a));
    CAL_TRY(peak_error(f->ctx, f->b.trace, f->every_ms, segment, b, &error_b));
    cal_comparison_row *row = add_row(out, "peak of spectrum", "Hz");
    row->a = peak_a.f_Hz;
    row->b = peak_b.f_Hz;
    row->difference = peak_b.f_Hz - peak_a.f_Hz;
    row->error = sqrt(error_a * error_a + error_b * error_b);
    row->tolerance = fmax(f->def->tolerance_peak_Hz, a->df_Hz);
    judge_peaks(out, row, &peak_a, &peak_b);
    return CAL_OK;
}

/* Standard deviation of the correlation of two independent series with these spectra (Bartlett 1946, J. R.
 * Stat. Soc. Suppl. 8, 27-41): var r = sum_k rho_a(k) rho_b(k) / n. By Parseval's theorem the sum over lags is
 * an integral over one-sided spectra: var r = int P_a P_b df / (2 T int P_a df int P_b df). */
static double chance_correlation(const cali_spectrum *a, const cali_spectrum *b, double span_ms)
{
    double both = 0.0, area_a = 0.0, area_b = 0.0;
    for (size_t k = 0; k < a->n; k++) {
        both += a->power[k] * b->power[k] * a->df_Hz;
        area_a += a->power[k] * a->df_Hz;
        area_b += b->power[k] * a->df_Hz;
    }
    return sqrt(both / (2.0 * span_ms / 1000.0 * area_a * area_b));
}

static void add_trace(const frame *f, cal_comparison *out, const cali_spectrum *a, const cali_spectrum *b)
{
    cal_comparison_row *row = add_row(out, "correlation of traces", "");
    row->is_correlation = true;
    row->difference = cali_series_correlation(f->a.trace, f->b.trace, f->n);
    row->tolerance = f->def->tolerance_trace;
    row->error = a == NULL ? NAN : chance_correlation(a, b, (double)f->n * f->every_ms);
    if (isnan(row->difference)) {
        row->verdict = CAL_VERDICT_OPEN;
        snprintf(note_of(out, row), CALI_COMPARISON_NOTE, "a trace is constant or does not exist");
    } else if (row->difference >= row->tolerance) {
        row->verdict = CAL_VERDICT_AGREE;
    } else if (fabs(row->difference) <= 3.0 * row->error || isnan(row->error)) {
        row->verdict = CAL_VERDICT_OPEN;
        snprintf(note_of(out, row), CALI_COMPARISON_NOTE, "as between independent runs: compare the statistics");
    } else {
        row->verdict = CAL_VERDICT_DIFFER;
    }
}

/* Reliability of a run's functional connectivity: its halves correlate by r, two wholes would by 2 r / (1 + r)
 * (Spearman 1910, Brown 1910, Br. J. Psychol. 3, 271-322). `work` holds two matrices. */
static cal_status reliability(const frame *f, const side *s, double *work, double *out)
{
    const size_t half = f->n / 2, n = f->n_columns;
    CAL_TRY(cali_functional_connectivity(f->ctx, s->columns, n, half, s->stride, work));
    CAL_TRY(cali_functional_connectivity(f->ctx, s->columns + half, n, half, s->stride, work + n * n));
    const double r = cali_matrix_similarity(work, work + n * n, n);
    *out = r > 0.0 ? 2.0 * r / (1.0 + r) : 0.0; /* also NaN */
    return CAL_OK;
}

static cal_status measure_fc(const frame *f, double *work, double *similarity, double *limit)
{
    const size_t n = f->n_columns;
    double rel_a, rel_b;
    CAL_TRY(reliability(f, &f->a, work, &rel_a));
    CAL_TRY(reliability(f, &f->b, work, &rel_b));
    CAL_TRY(cali_functional_connectivity(f->ctx, f->a.columns, n, f->n, f->a.stride, work));
    CAL_TRY(cali_functional_connectivity(f->ctx, f->b.columns, n, f->n, f->b.stride, work + n * n));
    *similarity = cali_matrix_similarity(work, work + n * n, n);
    *limit = sqrt(rel_a * rel_b);
    return CAL_OK;
}

static cal_status add_fc(const frame *f, cal_comparison *out)
{
    cal_comparison_row *row = add_row(out, "functional connectivity", "");
    row->is_correlation = true;
    row->tolerance = f->def->tolerance_fc;
    row->verdict = CAL_VERDICT_OPEN;
    if (f->n_columns < 3) {
        snprintf(note_of(out, row), CALI_COMPARISON_NOTE,
                 f->has_same_regions ? "too few regions" : "the runs have different regions");
        return CAL_OK;
    }
    double *work = NULL, limit;
    CAL_TRY(cali_alloc(f->ctx, 2 * f->n_columns * f->n_columns, sizeof(double), "functional connectivity", &work));
    const cal_status status = measure_fc(f, work, &row->difference, &limit);
    free(work);
    CAL_TRY(status);
    row->tolerance *= limit;
    if (isnan(row->difference)) {
        snprintf(note_of(out, row), CALI_COMPARISON_NOTE, "the regions do not fluctuate");
    } else if (row->difference >= f->def->tolerance_fc) { /* enough, whatever the limit */
        row->verdict = CAL_VERDICT_AGREE;
    } else if (limit < 0.3) {
        snprintf(note_of(out, row), CALI_COMPARISON_NOTE, "its own halves hardly agree (limit %.2f): take longer runs", limit);
    } else {
        row->verdict = row->difference >= row->tolerance ? CAL_VERDICT_AGREE : CAL_VERDICT_DIFFER;
        snprintf(note_of(out, row), CALI_COMPARISON_NOTE, "limit by noise %.2f", limit);
    }
    return CAL_OK;
}

static cal_status add_rows(const frame *f, cal_comparison *out)
{
    const double *a = f->a.trace, *b = f->b.trace;
    const char *unit = out->unit;
    const cali_errors error_a = cali_series_errors(a, f->n), error_b = cali_series_errors(b, f->n);
    const bool is_rate = strcmp(f->a.signal->name, "rate") == 0;
    add_moment(out, is_rate ? "mean rate" : "mean", unit, cali_series_mean(a, f->n), cali_series_mean(b, f->n),
               error_a.mean, error_b.mean, f->def->tolerance_rate);
    add_moment(out, "standard deviation", unit, cali_series_sd(a, f->n), cali_series_sd(b, f->n), error_a.sd,
               error_b.sd, f->def->tolerance_sd);
    const bool exists = isfinite(cali_series_mean(a, f->n)) && isfinite(cali_series_mean(b, f->n));
    const size_t segment = exists ? cali_welch_segment(f->n, f->every_ms) : 0;
    cali_spectrum spectrum_a = {0}, spectrum_b = {0};
    cal_status status = CAL_OK;
    if (segment > 0) {
        status = cali_welch(f->ctx, a, f->n, f->every_ms, segment, &spectrum_a);
        if (status == CAL_OK)
            status = cali_welch(f->ctx, b, f->n, f->every_ms, segment, &spectrum_b);
        if (status == CAL_OK)
            status = add_peak(f, out, &spectrum_a, &spectrum_b, segment);
    }
    if (status == CAL_OK)
        add_trace(f, out, segment > 0 ? &spectrum_a : NULL, &spectrum_b);
    cali_spectrum_free(&spectrum_a);
    cali_spectrum_free(&spectrum_b);
    return status == CAL_OK && !f->a.run.is_network ? add_fc(f, out) : status;
}

/* ---- the whole --------------------------------------------------------------------------- */

static cal_status compare(frame *f, cal_comparison *out)
{
    const char *region;
    CAL_TRY(cali_run_open(f->ctx, f->def->run_a, f->def->transient_ms, &f->a.run));
    CAL_TRY(cali_run_open(f->ctx, f->def->run_b, f->def->transient_ms, &f->b.run));
    if (f->a.run.is_network != f->b.run.is_network)
        return CAL_FAIL(f->ctx, CAL_ERR_INPUT, "%s is a network of its own and %s is not: they share no signal",
                        f->a.run.is_network ? f->a.run.directory : f->b.run.directory,
                        f->a.run.is_network ? f->b.run.directory : f->a.run.directory);
    CAL_TRY(choose_signal(f));
    CAL_TRY(choose_region(f, &region));
    CAL_TRY(choose_time(f));
    CAL_TRY(choose_columns(f));
    CAL_TRY(load(f, &f->a, region));
    CAL_TRY(load(f, &f->b, region));
    const char *name_a = cali_path_name(f->def->run_a), *name_b = cali_path_name(f->def->run_b);
    const bool is_same = strcmp(name_a, name_b) == 0 || *name_a == '\0' || *name_b == '\0';
    CAL_TRY(cali_copy_text(f->ctx, region, &out->region));
    CAL_TRY(cali_copy_text(f->ctx, f->a.signal->name, &out->signal));
    CAL_TRY(cali_copy_text(f->ctx, f->a.signal->unit, &out->unit));
    CAL_TRY(cali_copy_text(f->ctx, is_same ? f->def->run_a : name_a, &out->name_a));
    CAL_TRY(cali_copy_text(f->ctx, is_same ? f->def->run_b : name_b, &out->name_b));
    out->is_network = f->a.run.is_network;
    out->from_ms = f->from_ms;
    out->to_ms = f->to_ms;
    return add_rows(f, out);
}

cal_status cal_compare(cal_context *ctx, const cal_compare_def *def, cal_comparison **out)
{
    *out = NULL;
    if (def->run_a == NULL || def->run_b == NULL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "a comparison takes two run folders");
    cal_comparison *made = NULL;
    CAL_TRY(cali_alloc(ctx, 1, sizeof *made, "comparison", &made));
    frame f = {.ctx = ctx, .def = def};
    const cal_status status = compare(&f, made);
    free(f.regions);
    free(f.a.columns);
    free(f.a.trace);
    free(f.b.columns);
    free(f.b.trace);
    cali_run_close(&f.a.run);
    cali_run_close(&f.b.run);
    if (status != CAL_OK)
        cal_comparison_destroy(&made);
    *out = made;
    return status;
}
