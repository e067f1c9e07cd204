#include "report/page_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "analysis/results.h"
#include "report/page_encode.h"
#include "report/page_parts.h"
#include "report/spikes.h"
#include "report/summary.h"

enum {
    REGIONS_MOST = 1024,      /* drawn one by one; of more, every k-th and the spiking ones */
    TRACE_VALUES = 1800000,   /* of all signals: 3.6 MB, 4.8 MB in base64 */
    TRACE_LEAST = 256         /* values of one trace, however many there are */
};

/* ---- regions and connectome -------------------------------------------------------------- */

static cal_status choose_regions(const cali_run *run, size_t **out, size_t *n_out)
{
    size_t *shown = NULL, n = 0;
    CAL_TRY(cali_alloc(run->ctx, run->n_regions, sizeof *shown, "regions", &shown));
    const size_t step = (run->n_regions + REGIONS_MOST - 1) / REGIONS_MOST;
    for (size_t i = 0; i < run->n_regions; i++)
        if (step <= 1 || i % step == 0 || cali_run_is_spiking(run, i))
            shown[n++] = i;
    *out = shown;
    *n_out = n;
    return CAL_OK;
}

static void add_regions(const cali_run *run, const size_t *shown, size_t n, cali_text *json)
{
    const size_t n_all = run->n_regions;
    cali_page_key(json, "regions");
    cali_text_format(json, "{\"total\":%zu,\"labels\":[", n_all);
    for (size_t i = 0; i < n; i++) {
        cali_text_add(json, i == 0 ? "" : ",");
        cali_text_add_json(json, run->labels[shown[i]]);
    }
    cali_text_add(json, "],\"spiking\":[");
    for (size_t i = 0, n_listed = 0; i < n; i++)
        if (cali_run_is_spiking(run, shown[i]))
            cali_text_format(json, "%s%zu", n_listed++ == 0 ? "" : ",", i);
    cali_text_add(json, "],\"neurons\":[");
    for (size_t s = 0; s < run->n_spiking; s++) {
        cali_text_add(json, s == 0 ? "[" : ",[");
        cali_text_add_json(json, run->labels[run->spiking[s].region]);
        cali_text_add(json, ",");
        cali_text_add_number(json, run->spiking[s].n_neurons);
        cali_text_add(json, ",");
        cali_text_add_number(json, run->spiking[s].n_synapses);
        cali_text_add(json, "]");
    }
    cali_text_add(json, "]");
    if (run->centres_mm != NULL) {
        cali_page_key(json, "centres_mm");
        cali_text_add(json, "[");
        for (size_t i = 0; i < n; i++) {
            const double *c = run->centres_mm + 3 * shown[i];
            cali_text_format(json, "%s[%.6g,%.6g,%.6g]", i == 0 ? "" : ",", c[0], c[1], c[2]);
        }
        cali_text_add(json, "]");
    }
    cali_text_add(json, "}");
}

/* Lengths as codes from 0 to the longest one. */
static cal_status add_lengths(cal_context *ctx, cali_text *json, const char *key, const double *x, size_t n)
{
    double longest = 0.0;
    for (size_t i = 0; i < n; i++)
        longest = x[i] > longest ? x[i] : longest;
    cali_page_number(json, "longest_mm", longest);
    return cali_page_codes(ctx, json, key, x, n, 0.0, longest);
}

typedef cal_status write_numbers(cal_context *ctx, cali_text *json, const char *key, const double *x, size_t n);

static cal_status add_sub_matrix(const cali_run *run, const char *key, const double *matrix, const size_t *shown, size_t n,
                                 write_numbers *write, cali_text *json)
{
    double *part = NULL;
    CAL_TRY(cali_alloc(run->ctx, n * n, sizeof(double), "matrix", &part));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            part[i * n + j] = matrix[shown[i] * run->n_regions + shown[j]];
    const cal_status status = write(run->ctx, json, key, part, n * n);
    free(part);
    return status;
}

static cal_status add_connectome(const cali_run *run, const size_t *shown, size_t n, cali_text *json)
{
    if (run->weights == NULL)
        return CAL_OK;
    const size_t n_all = run->n_regions;
    size_t n_edges = 0;
    for (size_t k = 0; k < n_all * n_all; k++)
        n_edges += run->weights[k] != 0.0;
    double *strength = NULL;
    CAL_TRY(cali_alloc(run->ctx, n, sizeof(double), "strengths", &strength));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n_all; j++)
            strength[i] += j == shown[i] ? 0.0 : run->weights[shown[i] * n_all + j];
    cali_page_key(json, "connectome");
    cali_text_format(json, "{\"connections\":%zu", n_edges);
    cali_page_numbers(json, "strength", strength, n);
    free(strength);
    CAL_TRY(add_sub_matrix(run, "weights", run->weights, shown, n, cali_page_logarithms, json));
    if (run->lengths_mm != NULL)
        CAL_TRY(add_sub_matrix(run, "lengths_mm", run->lengths_mm, shown, n, add_lengths, json));
    cali_text_add(json, "}");
    return CAL_OK;
}

/* ---- region signals ---------------------------------------------------------------------- */

/* Correlation over the connected pairs between the logarithm of the mean weight of both directions and the functional
 * connectivity. */
static double likeness_to_log_weights(cal_context *ctx, const double *w, const double *fc, size_t n, size_t *n_pairs)
{
    double *x = NULL, likeness = NAN;
    *n_pairs = 0;
    if (cali_alloc(ctx, n * n, sizeof *x, "pairs", &x) != CAL_OK)
        return NAN;
    double *y = x + n * n / 2;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            const double weight = 0.5 * (w[i * n + j] + w[j * n + i]);
            if (!(weight > 0.0) || !isfinite(fc[i * n + j]))
                continue;
            x[*n_pairs] = log(weight);
            y[(*n_pairs)++] = fc[i * n + j];
        }
    }
    likeness = cali_series_correlation(x, y, *n_pairs);
    free(x);
    return likeness;
}

/* How functional connectivity follows the weights between the regions that are drawn. */
static cal_status add_likeness(const cali_run *run, const size_t *shown, size_t n, const double *fc, cali_text *json)
{
    double *w = NULL;
    size_t n_pairs = 0;
    if (run->weights == NULL)
        return CAL_OK;
    CAL_TRY(cali_alloc(run->ctx, n * n, sizeof *w, "weights", &w));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            w[i * n + j] = run->weights[shown[i] * run->n_regions + shown[j]];
    cali_page_number(json, "sc_fc", cali_structure_function(run->ctx, w, fc, n));
    cali_page_number(json, "sc_fc_log", likeness_to_log_weights(run->ctx, w, fc, n, &n_pairs));
    cali_page_number(json, "sc_fc_pairs", (double)n_pairs);
    free(w);
    return CAL_OK;
}

static cal_status add_fc(const cali_run *run, const cali_run_signal *signal, const double *x, const size_t *shown,
                         size_t n_columns, size_t first, cali_text *json)
{
    double *fc = NULL;
    CAL_TRY(cali_alloc(run->ctx, n_columns * n_columns, sizeof(double), "functional connectivity", &fc));
    cal_status status = cali_functional_connectivity(run->ctx, x + first, n_columns, signal->n_rows - first,
                                                     signal->n_rows, fc);
    if (status == CAL_OK)
        status = cali_page_correlations(run->ctx, json, "fc", fc, n_columns);
    if (status == CAL_OK)
        status = add_likeness(run, shown, n_columns, fc, json);
    free(fc);
    return status;
}

static cal_status add_fcd(const cali_run *run, const cali_run_signal *signal, const double *x, size_t n_columns, size_t first,
                          cali_text *json)
{
    cali_fcd fcd = {0};
    const size_t window = (size_t)(run->fcd_window_ms / signal->every_ms);
    const size_t step = (size_t)fmax(1.0, (run->fcd_window_ms - run->fcd_overlap_ms) / signal->every_ms);
    CAL_TRY(cali_fc_dynamics(run->ctx, x + first, n_columns, signal->n_rows - first, signal->n_rows, window, step, &fcd));
    cal_status status = CAL_OK;
    if (fcd.n > 0) {
        cali_text_format(json, ",\"fcd\":{\"n\":%zu", fcd.n);
        cali_page_number(json, "window_ms", (double)fcd.window * signal->every_ms);
        cali_page_number(json, "step_ms", (double)fcd.step * signal->every_ms);
        cali_page_number(json, "first_ms", signal->t_first_ms +
                                         ((double)first + 0.5 * (double)(fcd.window - 1)) * signal->every_ms);
        status = cali_page_correlations(run->ctx, json, "values", fcd.values, fcd.n);
        cali_text_add(json, "}");
    }
    cali_fcd_free(&fcd);
    return status;
}

static cal_status add_signal(cali_run *run, size_t s, const size_t *shown, size_t n, size_t n_wanted, cali_text *json)
{
    const cali_run_signal *signal = &run->signals[s];
    const bool is_main = (int)s == cali_run_signal_find(run, NULL), is_fc = (int)s == cali_run_fc_signal(run);
    double *x = NULL;
    CAL_TRY(cali_run_read(run, signal, shown, n, &x));
    cali_text_add(json, s == 0 ? "{" : ",{");
    cali_page_text(json, "name", signal->name);
    cali_page_text(json, "unit", signal->unit);
    cali_page_text(json, "long_name", signal->long_name);
    cali_page_number(json, "t_first_ms", signal->t_first_ms);
    cali_page_number(json, "every_ms", signal->every_ms);
    cali_text_format(json, ",\"rows\":%zu", signal->n_rows);
    cal_status status = cali_page_traces(run->ctx, json, x, n, signal->n_rows, n_wanted);
    const size_t first = cali_run_row_after(signal, run->transient_ms);
    const cal_recording_signal facts = cal_recording_get_signal(run->recording, signal->index);
    if (is_main)
        cali_text_add(json, ",\"main\":true");
    if (cali_signal_is_bold(&facts))
        cali_text_add(json, ",\"bold\":true");
    if (status == CAL_OK && is_main && signal->n_rows >= first + 2)
        status = cali_page_spectra(run->ctx, json, x, n, signal->n_rows, first, signal->every_ms);
    if (status == CAL_OK && is_fc && !run->is_network && signal->n_rows >= first + 2) {
        status = add_fc(run, signal, x, shown, n, first, json);
        if (status == CAL_OK)
            status = add_fcd(run, signal, x, n, first, json);
    }
    cali_text_add(json, "}");
    free(x);
    return status;
}

/* ---- the whole --------------------------------------------------------------------------- */

/* Present for a network of its own: its size. */
static void add_network(const cali_run *run, cali_text *json)
{
    double *sizes = NULL, n_neurons = 0.0;
    size_t n_rows = 0, n_columns = 0;
    if (!run->is_network ||
        cal_recording_read_matrix(run->recording, "network/neurons", &n_rows, &n_columns, &sizes) != CAL_OK)
        return;
    for (size_t i = 0; i < n_rows * n_columns; i++)
        n_neurons += sizes[i];
    free(sizes);
    cali_page_key(json, "network");
    cali_text_format(json, "{\"populations\":%zu", run->n_regions);
    cali_page_number(json, "neurons", n_neurons);
    cali_page_number(json, "synapses", cali_node_number(cali_node_path(run->manifest, "network", "synapses", NULL), NAN));
    cali_text_add(json, "}");
}

static cal_status add_lists(cali_run *run, const size_t *shown, size_t n, cali_text *json)
{
    add_regions(run, shown, n, json);
    CAL_TRY(add_connectome(run, shown, n, json));
    const size_t n_series = run->n_signals * n + cali_page_n_channels(run);
    size_t n_wanted = n_series == 0 ? TRACE_VALUES : TRACE_VALUES / n_series;
    n_wanted = n_wanted < TRACE_LEAST ? TRACE_LEAST : n_wanted;
    cali_text_add(json, ",\"signals\":[");
    for (size_t s = 0; s < run->n_signals; s++)
        CAL_TRY(add_signal(run, s, shown, n, n_wanted, json));
    cali_text_add(json, "]");
    CAL_TRY(cali_page_channels(run, n_wanted, json));
    CAL_TRY(cali_page_weights(run, json));
    cali_page_models(run, json);
    CAL_TRY(cali_page_spikes(run, json));
    cali_text_add(json, ",\"summary\":");
    return cali_summary_json(run, json);
}

cal_status cali_page_data(cali_run *run, cali_text *json)
{
    size_t *shown = NULL, n = 0;
    CAL_TRY(choose_regions(run, &shown, &n));
    cali_text_add(json, "{");
    cali_page_text(json, "version", CAL_VERSION);
    cali_page_text(json, "title", cal_recording_title(run->recording));
    cali_page_text(json, "run", cali_path_name(run->directory));
    cali_page_key(json, "complete");
    cali_text_add(json, cal_recording_is_complete(run->recording) ? "true" : "false");
    cali_page_number(json, "t_stop_ms", run->stop_ms);
    cali_page_number(json, "transient_ms", run->transient_ms);
    add_network(run, json);
    const cal_status status = add_lists(run, shown, n, json);
    cali_text_add(json, "}");
    free(shown);
    CAL_TRY(status);
    return json->is_broken ? CAL_FAIL(run->ctx, CAL_ERR_MEMORY, "no memory for the page") : CAL_OK;
}
