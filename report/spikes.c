#include "report/spikes.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/memory.h"
#include "report/summary.h"

void cali_run_spikes_free(cali_run_spikes *s)
{
    free(s->times_ms);
    free(s->ids);
    cali_trains_free(&s->trains);
    cali_train_details_free(&s->details);
    *s = (cali_run_spikes){0};
}

cal_status cali_run_spikes_load(cali_run *run, size_t train, const cali_train_options *options, cali_run_spikes *out)
{
    *out = (cali_run_spikes){.facts = cal_recording_get_train(run->recording, train)};
    CAL_TRY(cali_run_read_train(run, train, &out->times_ms, &out->ids));
    cal_status status = cali_trains_make(run->ctx, out->times_ms, out->ids, out->facts.n_spikes, out->facts.n_recorded,
                                         run->transient_ms, run->stop_ms, &out->trains);
    if (status == CAL_OK)
        status = cali_train_describe(run->ctx, &out->trains, options, &out->figures, &out->details);
    if (status != CAL_OK)
        cali_run_spikes_free(out);
    return status;
}

/* ---- the table: one row here is one column of it ------------------------------------------------- */

static const struct figure {
    const char *head, *name; /* of the table; of CSV and JSON */
    size_t offset;
    bool is_count;
} figures[] = {
#define FIGURE(head, member) {head, #member, offsetof(cali_train_figures, member), false}
#define COUNT(head, member) {head, #member, offsetof(cali_train_figures, member), true}
    COUNT("neurons", n_recorded),
    COUNT("active", n_active),
    COUNT("spikes", n_spikes),
    FIGURE("rate (Hz)", rate_Hz),
    FIGURE("sd", rate_sd_Hz),
    FIGURE("CV", cv),
    FIGURE("CV2", cv2),
    FIGURE("LV", lv),
    FIGURE("Fano", fano),
    FIGURE("pop. Fano", population_fano),
    FIGURE("corr.", correlation),
    FIGURE("sd", correlation_sd),
    FIGURE("chi", chi),
    FIGURE("peak (Hz)", peak_Hz),
#undef FIGURE
#undef COUNT
};
enum { N_FIGURES = sizeof figures / sizeof figures[0] };

static double value_of(const cali_train_figures *f, size_t k)
{
    const char *at = (const char *)f + figures[k].offset;
    return figures[k].is_count ? (double)*(const size_t *)(const void *)at : *(const double *)(const void *)at;
}

void cali_spike_figures_json(const cali_train_figures *f, cali_text *json)
{
    for (size_t k = 0; k < N_FIGURES; k++) {
        cali_text_format(json, "%s\"%s\":", k == 0 ? "{" : ",", figures[k].name);
        if (isfinite(value_of(f, k)))
            cali_text_add_number(json, value_of(f, k));
        else
            cali_text_add(json, "null");
    }
    cali_text_add(json, "}");
}

/* A name in CSV: quotes where it holds what divides. RFC 4180. */
static void add_csv_name(cali_text *out, const char *name)
{
    cali_text_add(out, "\"");
    for (; *name != '\0'; name++)
        cali_text_format(out, *name == '"' ? "\"%c" : "%c", *name);
    cali_text_add(out, "\"");
}

static void add_csv(const cali_run *run, const cali_run_spikes *s, bool is_first, cali_text *out)
{
    if (is_first) {
        cali_text_add(out, run->is_network ? "population" : "region,population");
        for (size_t k = 0; k < N_FIGURES; k++)
            cali_text_format(out, ",%s", figures[k].name);
        cali_text_add(out, "\n");
    }
    if (!run->is_network) {
        add_csv_name(out, s->facts.region);
        cali_text_add(out, ",");
    }
    add_csv_name(out, s->facts.population);
    for (size_t k = 0; k < N_FIGURES; k++) {
        cali_text_add(out, ",");
        if (isfinite(value_of(&s->figures, k)))
            cali_text_add_number(out, value_of(&s->figures, k));
    }
    cali_text_add(out, "\n");
}

static void add_json(const cali_run *run, const cali_run_spikes *s, bool is_first, cali_text *out)
{
    cali_text_add(out, is_first ? "" : ",");
    if (run->is_network) {
        cali_text_add(out, "{\"population\":");
    } else {
        cali_text_add(out, "{\"region\":");
        cali_text_add_json(out, s->facts.region);
        cali_text_add(out, ",\"population\":");
    }
    cali_text_add_json(out, s->facts.population);
    cali_text_add(out, ",\"figures\":");
    cali_spike_figures_json(&s->figures, out);
    cali_text_add(out, "}");
}

/* Cells of one row of the aligned table, appended to `cells`, which own their texts. */
static void add_cells(const cali_run *run, const cali_run_spikes *s, cali_text *cells)
{
    if (run->is_network)
        cali_text_add(&cells[0], s->facts.population);
    else
        cali_text_format(&cells[0], "%s %s", s->facts.region, s->facts.population);
    for (size_t k = 0; k < N_FIGURES; k++)
        cali_text_add_readable(&cells[k + 1], value_of(&s->figures, k), figures[k].is_count ? 1 : 3);
}

static cal_status print_table(cal_context *ctx, const cali_text *cells, size_t n_rows, cali_text *out)
{
    enum { COLUMNS = N_FIGURES + 1 };
    bool is_right[COLUMNS];
    const char **texts = NULL;
    CAL_TRY(cali_alloc(ctx, (n_rows + 1) * COLUMNS, sizeof *texts, "table", &texts));
    for (size_t c = 0; c < COLUMNS; c++) {
        is_right[c] = c > 0;
        texts[c] = c == 0 ? "population" : figures[c - 1].head;
        for (size_t r = 0; r < n_rows; r++) {
            const cali_text *cell = &cells[r * COLUMNS + c];
            out->is_broken |= cell->is_broken;
            texts[(r + 1) * COLUMNS + c] = cell->data == NULL ? "" : cell->data;
        }
    }
    cali_text_add_table(out, texts, n_rows + 1, COLUMNS, is_right);
    free(texts);
    return CAL_OK;
}

static cal_status collect(cali_run *run, const cali_train_options *options, cal_report_form form, cali_text *out)
{
    const size_t n = cal_recording_n_trains(run->recording);
    cali_text *cells = NULL;
    cal_status status = cali_alloc(run->ctx, n * (N_FIGURES + 1), sizeof *cells, "table", &cells);
    cali_text_add(out, form == CAL_REPORT_JSON ? "[" : "");
    for (size_t t = 0; status == CAL_OK && t < n; t++) {
        cali_run_spikes spikes;
        status = cali_run_spikes_load(run, t, options, &spikes);
        if (status != CAL_OK)
            break;
        if (form == CAL_REPORT_CSV)
            add_csv(run, &spikes, t == 0, out);
        else if (form == CAL_REPORT_JSON)
            add_json(run, &spikes, t == 0, out);
        else
            add_cells(run, &spikes, cells + t * (N_FIGURES + 1));
        cali_run_spikes_free(&spikes);
    }
    cali_text_add(out, form == CAL_REPORT_JSON ? "]" : "");
    if (status == CAL_OK && form == CAL_REPORT_TEXT)
        status = print_table(run->ctx, cells, n, out);
    for (size_t i = 0; cells != NULL && i < n * (N_FIGURES + 1); i++)
        cali_text_free(&cells[i]);
    free(cells);
    return status;
}

cal_spike_report_def cal_spike_report_def_default(void)
{
    const cali_train_options o = cali_train_options_default();
    return (cal_spike_report_def){.transient_ms = -1.0, .bin_ms = o.bin_ms, .window_ms = o.window_ms, .n_neurons = o.n_sample};
}

cal_status cal_report_spikes(cal_context *ctx, const char *run_dir, const cal_spike_report_def *def, cal_report_form form,
                             char **out)
{
    const cal_spike_report_def d = def == NULL ? cal_spike_report_def_default() : *def;
    *out = NULL;
    if (!(d.bin_ms > 0.0) || !(d.window_ms > 0.0) || d.n_neurons > 10000)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "bins and windows must be above 0, pairs be of at most 10,000 neurons");
    cali_run run;
    CAL_TRY(cali_run_open(ctx, run_dir, d.transient_ms, &run));
    cali_train_options options = cali_train_options_default();
    options.bin_ms = d.bin_ms;
    options.window_ms = d.window_ms;
    options.n_sample = d.n_neurons;
    cali_text text = {0};
    cal_status status = CAL_OK;
    if (cal_recording_n_trains(run.recording) == 0)
        status = CAL_FAIL(ctx, CAL_ERR_INPUT, "%s holds no spikes\ntry record.signals: [{what: spikes}]", run_dir);
    if (status == CAL_OK)
        status = collect(&run, &options, form, &text);
    cali_run_close(&run);
    if (status == CAL_OK && text.is_broken)
        status = CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for the figures");
    if (status != CAL_OK) {
        cali_text_free(&text);
        return status;
    }
    *out = text.data;
    return CAL_OK;
}
