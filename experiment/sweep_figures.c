/* What a run of a sweep leaves: figures for the table, and its signals, packed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/results.h"
#include "base/json.h"
#include "base/memory.h"
#include "experiment/sweep.h"

typedef struct figures {
    cal_context *ctx;
    cali_text *shape;
    cali_outcome *out;
    size_t capacity;
} figures;

static cal_status add_figure(figures *f, const char *name, const char *unit, const char *meaning, double value)
{
    cali_outcome *out = f->out;
    CAL_TRY(cali_reserve(f->ctx, out->n_figures + 1, sizeof *out->figures, &out->figures, &f->capacity));
    out->figures[out->n_figures++] = value;
    cali_json_open(f->shape, NULL, "{");
    cali_json_text(f->shape, "name", name);
    cali_json_text(f->shape, "unit", unit);
    cali_json_text(f->shape, "meaning", meaning);
    cali_json_close(f->shape, "}");
    return CAL_OK;
}

/* ---- signals ---------------------------------------------------------------------------------------------- */

/* Over all rows after the transient and all columns; columns without values (NaN) are passed over. Two passes, in the
 * order of the rows. */
static cal_status summarise(figures *f, const cal_recording_signal *s, const double *rows, cal_time transient)
{
    char name[200];
    double sum = 0.0, squares = 0.0, low = INFINITY, high = -INFINITY, n = 0.0;
    size_t first = 0;
    while (first < s->n_rows && s->t_first + (cal_time)first * s->every <= transient)
        first++;
    const double *begin = rows + first * s->n_columns, *end = rows + s->n_rows * s->n_columns;
    for (const double *x = begin; x < end; x++) {
        if (isnan(*x))
            continue;
        sum += *x;
        n += 1.0;
        low = *x < low ? *x : low;
        high = *x > high ? *x : high;
    }
    const double mean = n > 0.0 ? sum / n : NAN;
    for (const double *x = begin; x < end; x++)
        squares += isnan(*x) ? 0.0 : (*x - mean) * (*x - mean);
    const struct {
        const char *name, *meaning;
        double value;
    } list[] = {{"mean", "mean over time and columns", mean},
                {"sd", "standard deviation over time and columns", n > 0.0 ? sqrt(squares / n) : NAN},
                {"min", "smallest value", n > 0.0 ? low : NAN},
                {"max", "largest value", n > 0.0 ? high : NAN}};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        snprintf(name, sizeof name, "%.180s.%s", s->name, list[i].name);
        CAL_TRY(add_figure(f, name, s->unit, list[i].meaning, list[i].value));
    }
    return CAL_OK;
}

static void describe_signal(cali_text *shape, const cal_recording_signal *s)
{
    cali_json_open(shape, NULL, "{");
    cali_json_text(shape, "name", s->name);
    cali_json_text(shape, "unit", s->unit);
    cali_json_text(shape, "long_name", s->long_name);
    cali_json_text(shape, "axis", s->axis);
    cali_json_text(shape, "monitor", s->monitor);
    cali_json_number(shape, "t_first", (double)s->t_first);
    cali_json_number(shape, "every", (double)s->every);
    cali_json_number(shape, "rows", (double)s->n_rows);
    cali_json_open(shape, "labels", "[");
    for (size_t c = 0; c < s->n_columns; c++)
        cali_json_text(shape, NULL, s->labels[c]);
    cali_json_close(shape, "]");
    cali_json_close(shape, "}");
}

/* Figures of every signal, and the signals themselves. */
static cal_status take_signals(figures *f, cal_recording *recording, cal_time transient, bool is_table_only,
                               cali_text *signals)
{
    const size_t n = cal_recording_n_signals(recording);
    cali_outcome *out = f->out;
    CAL_TRY(cali_alloc(f->ctx, n, sizeof *out->packed, "signals", &out->packed));
    CAL_TRY(cali_alloc(f->ctx, n, sizeof *out->sizes, "signals", &out->sizes));
    for (size_t i = 0; i < n; i++) {
        const cal_recording_signal s = cal_recording_get_signal(recording, i);
        if (s.n_rows == 0)
            continue;
        double *rows = NULL;
        CAL_TRY(cali_alloc(f->ctx, s.n_rows * s.n_columns, sizeof *rows, "rows", &rows));
        cal_status status = cal_recording_read(recording, i, 0, s.n_rows, rows);
        if (status == CAL_OK)
            status = summarise(f, &s, rows, transient);
        if (status == CAL_OK && !is_table_only) {
            describe_signal(signals, &s);
            status = cal_stack_pack(f->ctx, s.n_rows, s.n_columns, false, rows, &out->packed[out->n_signals],
                                    &out->sizes[out->n_signals]);
            out->n_signals += status == CAL_OK;
        }
        free(rows);
        CAL_TRY(status);
    }
    return CAL_OK;
}

/* ---- results ---------------------------------------------------------------------------------------------- */

static double mean_of(const double *x, size_t n)
{
    double sum = 0.0, count = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += isnan(x[i]) ? 0.0 : x[i];
        count += isnan(x[i]) ? 0.0 : 1.0;
    }
    return count > 0.0 ? sum / count : NAN;
}

/* Mean over the pairs of different regions. */
static double mean_of_pairs(const double *fc, size_t n)
{
    double sum = 0.0, count = 0.0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            sum += isnan(fc[i * n + j]) ? 0.0 : fc[i * n + j];
            count += isnan(fc[i * n + j]) ? 0.0 : 1.0;
        }
    return count > 0.0 ? sum / count : NAN;
}

/* Variance of the entries above the diagonal: how much functional connectivity switches. */
static double variance_of_pairs(const double *x, size_t n)
{
    const double mean = mean_of_pairs(x, n);
    double sum = 0.0, count = 0.0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            sum += isnan(x[i * n + j]) ? 0.0 : (x[i * n + j] - mean) * (x[i * n + j] - mean);
            count += isnan(x[i * n + j]) ? 0.0 : 1.0;
        }
    return count > 0.0 ? sum / count : NAN;
}

/* Where the spectrum averaged over the regions peaks. */
static double peak_of(cal_context *ctx, const cali_results *r)
{
    double *mean = NULL;
    if (cali_alloc(ctx, r->n_frequencies, sizeof *mean, "spectrum", &mean) != CAL_OK)
        return NAN;
    for (size_t k = 0; k < r->n_frequencies; k++)
        mean[k] = mean_of(r->power + k * r->n_regions, r->n_regions);
    const cali_spectrum spectrum = {.n = r->n_frequencies, .df_Hz = r->df_Hz, .n_segments = 1, .power = mean};
    const cali_peak peak = cali_spectrum_peak(&spectrum, 0.0, r->df_Hz * (double)(r->n_frequencies - 1));
    free(mean);
    return peak.is_found ? peak.f_Hz : NAN;
}

static cal_status add_results(figures *f, cal_recording *recording, const cali_results *r)
{
    char name[64], unit[96];
    if (r->spectrum_signal >= 0) {
        const cal_recording_signal s = cal_recording_get_signal(recording, (size_t)r->spectrum_signal);
        const bool is_plain = strcmp(s.unit, "1") == 0, is_word = strpbrk(s.unit, "/ ^") == NULL;
        snprintf(unit, sizeof unit, is_plain ? "%s" : is_word ? "%s^2" : "(%s)^2", s.unit);
        CAL_TRY(add_figure(f, "peak_frequency", "Hz", "peak of the spectrum averaged over regions",
                           r->power != NULL ? peak_of(f->ctx, r) : NAN));
        for (size_t b = 0; b < CALI_N_BANDS; b++) {
            snprintf(name, sizeof name, "%s_power", cali_bands[b].name);
            CAL_TRY(add_figure(f, name, unit, "power in the band, mean over regions",
                               r->bands != NULL ? mean_of(r->bands + b * r->n_regions, r->n_regions) : NAN));
        }
    }
    if (r->fc_signal < 0 || r->n_regions < 2)
        return CAL_OK;
    CAL_TRY(add_figure(f, "fc_mean", "1", "functional connectivity, mean over pairs of regions",
                       r->fc != NULL ? mean_of_pairs(r->fc, r->n_regions) : NAN));
    CAL_TRY(add_figure(f, "sc_fc", "1", "correlation of functional connectivity and wiring", r->sc_fc));
    return add_figure(f, "fcd_variance", "1", "variance of the dynamics of functional connectivity",
                      r->fcd.n > 0 ? variance_of_pairs(r->fcd.values, r->fcd.n) : NAN);
}

cal_status cali_outcome_take(cal_context *ctx, const cal_experiment *e, cal_recording *recording, bool is_table_only,
                             cali_outcome *out)
{
    const cali_results_def def = {.transient = e->transient, .window = e->fcd_window, .overlap = e->fcd_overlap};
    cali_text signals = {0};
    cali_results results = {0};
    figures f = {.ctx = ctx, .shape = &out->text, .out = out};
    out->state = CALI_RUN_OK;
    cali_json_open(&out->text, NULL, "{");
    cali_json_open(&out->text, "figures", "[");
    cali_json_open(&signals, "signals", "[");
    cal_status status = take_signals(&f, recording, e->transient, is_table_only, &signals);
    if (status == CAL_OK && e->has_results)
        status = cali_results_compute(ctx, recording, &def, &results);
    if (status == CAL_OK && e->has_results)
        status = add_results(&f, recording, &results);
    cali_results_free(&results);
    cali_json_close(&signals, "]");
    cali_json_close(&out->text, "]");
    cali_text_add(&out->text, ", ");
    cali_text_add(&out->text, signals.data == NULL ? "" : signals.data);
    cali_json_close(&out->text, "}");
    if (status == CAL_OK && (out->text.is_broken || signals.is_broken))
        status = CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for the figures of a run");
    cali_text_free(&signals);
    return status;
}

void cali_outcome_free(cali_outcome *o)
{
    for (size_t i = 0; i < o->n_signals; i++)
        free(o->packed[i]);
    free(o->packed);
    free(o->sizes);
    free(o->figures);
    cali_text_free(&o->text);
    *o = (cali_outcome){0};
}
