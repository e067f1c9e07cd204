/* What a run gave, in one table: collected as rows, then printed as text or JSON. */
#include "report/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "analysis/spikes.h"

typedef struct row {
    const char *region, *unit; /* borrowed from the run */
    char *quantity, *note;
    double mean, sd;
} row;

typedef struct rows {
    cal_context *ctx;
    row *items;
    size_t n, capacity;
} rows;

static void rows_free(rows *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->items[i].quantity);
        free(list->items[i].note);
    }
    free(list->items);
}

/* Takes the texts `quantity` and `note` over. */
static cal_status add_row(rows *list, const char *region, cali_text *quantity, double mean, double sd,
                          const char *unit, cali_text *note)
{
    cali_text_add(note, "");
    cal_status status = quantity->is_broken || note->is_broken
                            ? CAL_FAIL(list->ctx, CAL_ERR_MEMORY, "no memory for the summary")
                            : cali_reserve(list->ctx, list->n + 1, sizeof(row), &list->items, &list->capacity);
    if (status != CAL_OK) {
        cali_text_free(quantity);
        cali_text_free(note);
        return status;
    }
    list->items[list->n++] = (row){region, unit, quantity->data, note->data, mean, sd};
    return CAL_OK;
}

/* Where the spectrum of a trace peaks, as a phrase of a note. */
static cal_status note_peak(cal_context *ctx, const double *x, size_t n, double every_ms, cali_text *note)
{
    const size_t segment = cali_welch_segment(n, every_ms);
    cali_spectrum spectrum;
    if (segment == 0)
        return CAL_OK;
    CAL_TRY(cali_welch(ctx, x, n, every_ms, segment, &spectrum));
    const cali_peak peak = cali_spectrum_peak(&spectrum, 1.0, 100.0);
    const char *comma = note->size > 0 ? "; " : "";
    if (peak.is_found)
        cali_text_format(note, "%speak of spectrum %.1f Hz", comma, peak.f_Hz);
    else
        cali_text_format(note, "%sno peak in the spectrum", comma);
    cali_spectrum_free(&spectrum);
    return CAL_OK;
}

/* The rate of one population from its spikes. */
static cal_status add_train(cali_run *run, size_t t, rows *list)
{
    const double bin_ms = 10.0;
    const cal_recording_train train = cal_recording_get_train(run->recording, t);
    const double span_ms = run->stop_ms - run->transient_ms;
    const size_t n_bins = span_ms >= bin_ms ? (size_t)(span_ms / bin_ms + 1e-9) : 0;
    double *times_ms = NULL, *rate_Hz = NULL;
    uint32_t *ids = NULL;
    cali_trains trains = {0};
    double cv = 0.0;
    size_t n_cv = 0;
    CAL_TRY(cali_run_read_train(run, t, &times_ms, &ids));
    cal_status status = cali_alloc(run->ctx, n_bins, sizeof(double), "rate", &rate_Hz);
    if (status == CAL_OK)
        status = cali_trains_make(run->ctx, times_ms, ids, train.n_spikes, train.n_recorded, run->transient_ms, run->stop_ms,
                                  &trains);
    for (size_t i = 0; i < trains.n; i++) {
        const double own = cali_train_regularity(&trains, i).cv;
        cv += isnan(own) ? 0.0 : own;
        n_cv += isnan(own) ? 0 : 1;
    }
    if (status == CAL_OK) {
        cali_rate_histogram(times_ms, train.n_spikes, run->transient_ms, bin_ms, n_bins, train.n_recorded,
                            rate_Hz);
        cali_text quantity = {0}, note = {0};
        cali_text_format(&quantity, run->is_network ? "rate" : "rate %s", train.population);
        cali_text_add(&note, "spikes of ");
        cali_text_add_readable(&note, train.n_recorded, 1);
        cali_text_add(&note, train.n_recorded == 1 ? " neuron" : " neurons");
        if (train.n_recorded < train.n_neurons) {
            cali_text_add(&note, " of ");
            cali_text_add_readable(&note, train.n_neurons, 1);
        }
        if (n_cv > 0)
            cali_text_format(&note, "; CV of intervals %.2f", cv / (double)n_cv);
        if (trains.n < trains.n_recorded)
            cali_text_format(&note, "; %.3g %% silent",
                             100.0 * (double)(trains.n_recorded - trains.n) / (double)trains.n_recorded);
        status = add_row(list, run->is_network ? train.population : train.region, &quantity, cali_series_mean(rate_Hz, n_bins),
                         cali_series_sd(rate_Hz, n_bins), "Hz", &note);
    }
    cali_trains_free(&trains);
    free(times_ms);
    free(ids);
    free(rate_Hz);
    return status;
}

/* What the others see of a spiking region, or what a population does. */
static cal_status add_one_column(cali_run *run, const cali_run_signal *signal, size_t region, rows *list)
{
    double *x = NULL;
    CAL_TRY(cali_run_read(run, signal, &region, 1, &x));
    const size_t first = cali_run_row_after(signal, run->transient_ms), n = signal->n_rows - first;
    cali_text quantity = {0}, note = {0};
    if (run->is_network)
        cali_text_format(&quantity, "%s, every %g ms", signal->name, signal->every_ms);
    else
        cali_text_format(&quantity, "%s to the host", signal->name);
    const cal_status status = note_peak(run->ctx, x + first, n, signal->every_ms, &note);
    const double mean = cali_series_mean(x + first, n), sd = cali_series_sd(x + first, n);
    free(x);
    if (status == CAL_OK)
        return add_row(list, run->labels[region], &quantity, mean, sd, signal->unit, &note);
    cali_text_free(&quantity);
    cali_text_free(&note);
    return status;
}

static cal_status add_all_regions(cali_run *run, const cali_run_signal *signal, rows *list)
{
    double *x = NULL, mean = 0.0, sd = 0.0, low = INFINITY, high = -INFINITY;
    size_t lowest = 0, highest = 0, n_regions = 0;
    CAL_TRY(cali_run_read(run, signal, NULL, 0, &x));
    const size_t first = cali_run_row_after(signal, run->transient_ms), n = signal->n_rows - first;
    for (size_t i = 0; i < run->n_regions; i++) {
        const double *series = x + i * signal->n_rows + first;
        const double own = cali_series_mean(series, n);
        if (!isfinite(own)) /* a network has no state of a neural mass */
            continue;
        n_regions++;
        mean += own;
        sd += cali_series_sd(series, n);
        lowest = own < low ? i : lowest;
        low = own < low ? own : low;
        highest = own > high ? i : highest;
        high = own > high ? own : high;
    }
    free(x);
    mean = n_regions == 0 ? NAN : mean / (double)n_regions;
    sd = n_regions == 0 ? NAN : sd / (double)n_regions;
    cali_text quantity = {0}, note = {0};
    cali_text_add(&quantity, signal->name);
    if (isfinite(low) && isfinite(high)) {
        cali_text_add(&note, "from ");
        cali_text_add_readable(&note, low, 3);
        cali_text_format(&note, " (%s) to ", run->labels[lowest]);
        cali_text_add_readable(&note, high, 3);
        cali_text_format(&note, " (%s)", run->labels[highest]);
        if (n_regions < run->n_regions)
            cali_text_format(&note, "; %zu of %zu regions", n_regions, run->n_regions);
    }
    return add_row(list, "all regions", &quantity, mean, sd, signal->unit, &note);
}

/* Of a network of its own, population by population: the rate from the spikes where they were kept, and the signals. */
static cal_status collect_populations(cali_run *run, rows *list)
{
    cal_status status = CAL_OK;
    for (size_t p = 0; status == CAL_OK && p < run->n_regions; p++) {
        for (size_t t = 0; status == CAL_OK && t < cal_recording_n_trains(run->recording); t++)
            if (strcmp(cal_recording_get_train(run->recording, t).population, run->labels[p]) == 0)
                status = add_train(run, t, list);
        for (size_t s = 0; status == CAL_OK && s < run->n_signals; s++)
            status = add_one_column(run, &run->signals[s], p, list);
    }
    return status;
}

static cal_status collect(cali_run *run, rows *list)
{
    *list = (rows){.ctx = run->ctx};
    if (run->is_network) {
        const cal_status listed = collect_populations(run, list);
        if (listed != CAL_OK)
            rows_free(list);
        return listed;
    }
    cal_status status = CAL_OK;
    for (size_t s = 0; status == CAL_OK && s < run->n_spiking; s++) {
        const size_t region = run->spiking[s].region;
        for (size_t t = 0; status == CAL_OK && t < cal_recording_n_trains(run->recording); t++)
            if (strcmp(cal_recording_get_train(run->recording, t).region, run->labels[region]) == 0)
                status = add_train(run, t, list);
        const int signal = cali_run_signal_find(run, NULL);
        if (status == CAL_OK && signal >= 0)
            status = add_one_column(run, &run->signals[signal], region, list);
    }
    for (size_t s = 0; status == CAL_OK && s < run->n_signals; s++)
        status = add_all_regions(run, &run->signals[s], list);
    if (status != CAL_OK)
        rows_free(list);
    return status;
}

cal_status cali_summary_json(cali_run *run, cali_text *json)
{
    rows list;
    CAL_TRY(collect(run, &list));
    cali_text_add(json, "{\"rows\":[");
    for (size_t i = 0; i < list.n; i++) {
        cali_text_add(json, i == 0 ? "{\"region\":" : ",{\"region\":");
        cali_text_add_json(json, list.items[i].region);
        cali_text_add(json, ",\"quantity\":");
        cali_text_add_json(json, list.items[i].quantity);
        cali_text_add(json, ",\"mean\":");
        cali_text_add_number(json, list.items[i].mean);
        cali_text_add(json, ",\"sd\":");
        cali_text_add_number(json, list.items[i].sd);
        cali_text_add(json, ",\"unit\":");
        cali_text_add_json(json, list.items[i].unit);
        cali_text_add(json, ",\"note\":");
        cali_text_add_json(json, list.items[i].note);
        cali_text_add(json, "}");
    }
    cali_text_add(json, "],\"t_stop_ms\":");
    cali_text_add_number(json, run->stop_ms);
    cali_text_add(json, ",\"transient_ms\":");
    cali_text_add_number(json, run->transient_ms);
    cali_text_add(json, "}");
    rows_free(&list);
    return CAL_OK;
}

static cal_status summary_text(cali_run *run, cali_text *text)
{
    enum { COLUMNS = 6 };
    static const char *const head[COLUMNS] = {"region", "quantity", "mean", "sd", "unit", "note"};
    static const bool is_right[COLUMNS] = {[2] = true, [3] = true};
    rows list;
    CAL_TRY(collect(run, &list));
    const char **cells = NULL;
    cali_text *numbers = NULL;
    cal_status status = cali_alloc(run->ctx, (list.n + 1) * COLUMNS, sizeof *cells, "summary", &cells);
    if (status == CAL_OK)
        status = cali_alloc(run->ctx, 2 * list.n, sizeof *numbers, "summary", &numbers);
    if (status == CAL_OK) {
        memcpy(cells, head, sizeof head);
        cells[0] = run->is_network ? "population" : head[0];
        for (size_t i = 0; i < list.n; i++) {
            const row *r = &list.items[i];
            const char **cell = cells + (i + 1) * COLUMNS;
            cali_text_add_readable(&numbers[2 * i], r->mean, 3);
            cali_text_add_readable(&numbers[2 * i + 1], r->sd, 3);
            text->is_broken |= numbers[2 * i].is_broken || numbers[2 * i + 1].is_broken;
            cell[0] = r->region;
            cell[1] = r->quantity;
            cell[2] = text->is_broken ? "" : numbers[2 * i].data;
            cell[3] = text->is_broken ? "" : numbers[2 * i + 1].data;
            cell[4] = r->unit;
            cell[5] = r->note;
        }
        cali_text_add_table(text, cells, list.n + 1, COLUMNS, is_right);
    }
    for (size_t i = 0; numbers != NULL && i < 2 * list.n; i++)
        cali_text_free(&numbers[i]);
    free(numbers);
    free(cells);
    rows_free(&list);
    return status;
}

cal_report_def cal_report_def_default(void)
{
    return (cal_report_def){.transient_ms = -1.0};
}

cal_status cal_report_summary(cal_context *ctx, const char *run_dir, const cal_report_def *def, bool as_json,
                              char **out)
{
    *out = NULL;
    cali_run run;
    CAL_TRY(cali_run_open(ctx, run_dir, def == NULL ? -1.0 : def->transient_ms, &run));
    cali_text text = {0};
    cal_status status = as_json ? cali_summary_json(&run, &text) : summary_text(&run, &text);
    cali_run_close(&run);
    if (status == CAL_OK && text.is_broken)
        status = CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for the summary");
    if (status != CAL_OK) {
        cali_text_free(&text);
        return status;
    }
    *out = text.data;
    return CAL_OK;
}
