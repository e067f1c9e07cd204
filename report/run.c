#include "report/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/results.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/units.h"

int cali_run_find(const cali_run *run, const char *label)
{
    for (size_t i = 0; i < run->n_regions; i++)
        if (strcmp(run->labels[i], label) == 0)
            return (int)i;
    return -1;
}

bool cali_run_is_spiking(const cali_run *run, size_t region)
{
    for (size_t s = 0; s < run->n_spiking; s++)
        if (run->spiking[s].region == region)
            return true;
    return false;
}

int cali_run_signal_find(const cali_run *run, const char *name)
{
    for (size_t s = 0; s < run->n_signals; s++)
        if (name == NULL ? (int)run->signals[s].index == cali_results_spectrum_signal(run->recording)
                         : strcmp(run->signals[s].name, name) == 0)
            return (int)s;
    return name == NULL && run->n_signals > 0 ? 0 : -1;
}

int cali_run_fc_signal(const cali_run *run)
{
    for (size_t s = 0; s < run->n_signals; s++)
        if ((int)run->signals[s].index == cali_results_fc_signal(run->recording))
            return (int)s;
    return cali_run_signal_find(run, NULL);
}

/* The regions are those of connectome/labels; a recording without them takes the columns of its
 * first signal over regions. */
static cal_status read_labels(cali_run *run)
{
    CAL_TRY(cal_recording_read_texts(run->recording, "connectome/labels", &run->n_regions, &run->labels));
    if (run->n_regions > 0)
        return CAL_OK;
    CAL_TRY(cal_recording_read_texts(run->recording, "network/populations", &run->n_regions, &run->labels));
    run->is_network = run->n_regions > 0;
    if (run->is_network)
        return CAL_OK;
    for (size_t s = 0; s < cal_recording_n_signals(run->recording); s++) {
        const cal_recording_signal signal = cal_recording_get_signal(run->recording, s);
        if (strcmp(signal.axis, "region") != 0)
            continue;
        CAL_TRY(cali_alloc(run->ctx, signal.n_columns, sizeof(char *), "labels", &run->labels));
        run->n_regions = signal.n_columns;
        for (size_t i = 0; i < signal.n_columns; i++)
            CAL_TRY(cali_copy_text(run->ctx, signal.labels[i], &run->labels[i]));
        return CAL_OK;
    }
    return CAL_FAIL(run->ctx, CAL_ERR_INPUT, "%s/run.h5: no region signals and no connectome", run->directory);
}

static cal_status read_matrix(cali_run *run, const char *path, size_t n_columns, double **out)
{
    size_t rows = 0, columns = 0;
    CAL_TRY(cal_recording_read_matrix(run->recording, path, &rows, &columns, out));
    if (rows == 0 || (rows == run->n_regions && columns == n_columns))
        return CAL_OK;
    return CAL_FAIL(run->ctx, CAL_ERR_INPUT, "%s/run.h5: %s is %zu x %zu, expected %zu x %zu",
                    run->directory, path, rows, columns, run->n_regions, n_columns);
}

static cal_status list_signals(cali_run *run)
{
    const size_t n = cal_recording_n_signals(run->recording);
    CAL_TRY(cali_alloc(run->ctx, n, sizeof *run->signals, "signals", &run->signals));
    for (size_t s = 0; s < n; s++) {
        const cal_recording_signal signal = cal_recording_get_signal(run->recording, s);
        if (!cali_signal_is_whole(&signal) || signal.n_columns != run->n_regions || signal.every <= 0)
            continue;
        run->signals[run->n_signals++] =
            (cali_run_signal){.index = s,
                              .name = signal.name,
                              .unit = signal.unit,
                              .long_name = signal.long_name,
                              .t_first_ms = cal_time_ms(signal.t_first),
                              .every_ms = cal_time_ms(signal.every),
                              .n_rows = signal.n_rows};
    }
    return CAL_OK;
}

static void add_spiking(cali_run *run, int region, double n_neurons, double n_synapses)
{
    if (region < 0 || cali_run_is_spiking(run, (size_t)region))
        return;
    run->spiking[run->n_spiking++] = (cali_run_spiking){(size_t)region, n_neurons, n_synapses};
}

/* First those that the manifest lists, then regions that only have spikes. */
static cal_status list_spiking(cali_run *run)
{
    const size_t n_trains = cal_recording_n_trains(run->recording);
    CAL_TRY(cali_alloc(run->ctx, run->n_regions, sizeof *run->spiking, "spiking regions", &run->spiking));
    const cali_node *list = cali_node_get(run->manifest, "spiking_regions");
    for (size_t i = 0; list != NULL && list->kind == CALI_NODE_LIST && i < list->n; i++) {
        const cali_node *item = list->entries[i].value;
        add_spiking(run, cali_run_find(run, cali_node_text(cali_node_get(item, "region"), "")),
                    cali_node_number(cali_node_get(item, "neurons"), NAN),
                    cali_node_number(cali_node_get(item, "synapses"), NAN));
    }
    for (size_t t = 0; t < n_trains; t++) {
        const cal_recording_train train = cal_recording_get_train(run->recording, t);
        double n_neurons = 0.0;
        for (size_t other = 0; other < n_trains; other++) {
            const cal_recording_train same = cal_recording_get_train(run->recording, other);
            if (strcmp(same.region, train.region) == 0)
                n_neurons += same.n_neurons;
        }
        add_spiking(run, cali_run_find(run, train.region), n_neurons, NAN);
    }
    return CAL_OK;
}

/* The manifest is a help, not a need: what cannot be read is noted and left out. */
static cal_status read_manifest(cali_run *run)
{
    char *path = NULL;
    size_t size;
    CAL_TRY(cali_path_join(run->ctx, run->directory, "manifest.json", &path));
    cal_status status = CAL_OK;
    if (access(path, F_OK) == 0) {
        status = cali_file_read(run->ctx, path, CALI_TREE_MAX_BYTES, &run->manifest_text, &size);
        cali_tree_error error = {0};
        run->tree = cali_tree_create();
        if (status == CAL_OK && run->tree == NULL)
            status = CAL_ERR_MEMORY;
        if (status == CAL_OK)
            status = cali_tree_read_json(run->tree, run->manifest_text, size, &run->manifest, &error);
        if (status == CAL_ERR_INPUT)
            cal_context_note(run->ctx, "%s:%u:%u: %s; going on without it", path, error.line, error.column,
                             error.what);
    }
    free(path);
    if (status == CAL_OK || status == CAL_ERR_MEMORY)
        return status == CAL_OK ? CAL_OK : CAL_FAIL(run->ctx, status, "no memory for the manifest");
    cal_context_clear(run->ctx);
    free(run->manifest_text);
    run->manifest_text = NULL;
    run->manifest = NULL;
    return CAL_OK;
}

/* A duration of the manifest in ms: "1 s", or a bare number of seconds (SI); NaN if it is none. */
static double duration_ms(const cali_node *node)
{
    cali_quantity quantity;
    cali_unit ms, none;
    const char *text = cali_node_text(node, "");
    if (cali_quantity_parse(text, &quantity) != CALI_QUANTITY_OK || !cali_unit_parse("ms", &ms) ||
        !cali_unit_parse("", &none))
        return NAN;
    if (cali_unit_is_same_dimension(&quantity.unit, &none))
        return 1000.0 * quantity.value;
    return cali_unit_is_same_dimension(&quantity.unit, &ms) ? cali_unit_convert(quantity.value, &quantity.unit, &ms)
                                                            : NAN;
}

static cal_status open_parts(cali_run *run, double transient_ms)
{
    char *path = NULL;
    CAL_TRY(cali_path_join(run->ctx, run->directory, "run.h5", &path));
    cal_status status = cal_recording_open(run->ctx, path, &run->recording);
    free(path);
    CAL_TRY(status);
    CAL_TRY(read_labels(run));
    CAL_TRY(read_matrix(run, "connectome/weights", run->n_regions, &run->weights));
    CAL_TRY(read_matrix(run, "connectome/lengths_mm", run->n_regions, &run->lengths_mm));
    CAL_TRY(read_matrix(run, "connectome/centres_mm", 3, &run->centres_mm));
    CAL_TRY(read_manifest(run));
    CAL_TRY(list_signals(run));
    CAL_TRY(list_spiking(run));
    run->stop_ms = cal_time_ms(cal_recording_stop(run->recording));
    run->transient_ms = transient_ms;
    if (!(run->transient_ms >= 0.0))
        run->transient_ms = cali_node_number(cali_node_get(run->manifest, "transient_ms"), NAN);
    if (!(run->transient_ms >= 0.0))
        run->transient_ms = duration_ms(cali_node_path(run->manifest, "experiment", "run", "transient", NULL));
    if (!(run->transient_ms >= 0.0))
        run->transient_ms = 0.0;
    if (run->transient_ms > 0.9 * run->stop_ms)
        run->transient_ms = 0.9 * run->stop_ms;
    run->fcd_window_ms = duration_ms(cali_node_path(run->manifest, "experiment", "analysis", "window", NULL));
    run->fcd_overlap_ms = duration_ms(cali_node_path(run->manifest, "experiment", "analysis", "overlap", NULL));
    if (!(run->fcd_window_ms > 0.0) || !(run->fcd_overlap_ms >= 0.0)) {
        run->fcd_window_ms = 60e3; /* as in experiment/keys.c */
        run->fcd_overlap_ms = 40e3;
    }
    return CAL_OK;
}

cal_status cali_run_open(cal_context *ctx, const char *directory, double transient_ms, cali_run *out)
{
    *out = (cali_run){.ctx = ctx};
    cal_status status = cali_copy_text(ctx, directory, &out->directory);
    if (status == CAL_OK)
        status = open_parts(out, transient_ms);
    if (status != CAL_OK)
        cali_run_close(out);
    return status;
}

void cali_run_close(cali_run *run)
{
    for (size_t i = 0; run->labels != NULL && i < run->n_regions; i++)
        free(run->labels[i]);
    free(run->labels);
    free(run->directory);
    free(run->manifest_text);
    cali_tree_destroy(&run->tree);
    free(run->weights);
    free(run->lengths_mm);
    free(run->centres_mm);
    free(run->signals);
    free(run->spiking);
    cal_recording_close(&run->recording);
    *run = (cali_run){0};
}

cal_status cali_run_read(cali_run *run, const cali_run_signal *signal, const size_t *columns,
                         size_t n_columns, double **out)
{
    enum { ROWS_AT_ONCE = 256 };
    const size_t n_all = run->n_regions, n_rows = signal->n_rows;
    *out = NULL;
    if (columns == NULL)
        n_columns = n_all;
    if (n_rows != 0 && n_columns > SIZE_MAX / sizeof(double) / n_rows)
        return CAL_FAIL(run->ctx, CAL_ERR_MEMORY, "%s is too large to be read at once", signal->name);
    double *rows = NULL, *series = NULL;
    cal_status status = cali_alloc(run->ctx, ROWS_AT_ONCE * n_all, sizeof(double), "signal", &rows);
    if (status == CAL_OK)
        status = cali_alloc(run->ctx, n_rows * n_columns, sizeof(double), "signal", &series);
    for (size_t first = 0; status == CAL_OK && first < n_rows; first += ROWS_AT_ONCE) {
        const size_t n = n_rows - first < ROWS_AT_ONCE ? n_rows - first : ROWS_AT_ONCE;
        status = cal_recording_read(run->recording, signal->index, first, n, rows);
        for (size_t c = 0; status == CAL_OK && c < n_columns; c++)
            for (size_t r = 0; r < n; r++)
                series[c * n_rows + first + r] = rows[r * n_all + (columns == NULL ? c : columns[c])];
    }
    free(rows);
    if (status != CAL_OK) {
        free(series);
        return status;
    }
    *out = series;
    return CAL_OK;
}

size_t cali_run_row_after(const cali_run_signal *signal, double t_ms)
{
    const double row = floor((t_ms - signal->t_first_ms) / signal->every_ms + 1e-9) + 1.0;
    return row <= 0.0 ? 0 : row >= (double)signal->n_rows ? signal->n_rows : (size_t)row;
}

cal_status cali_run_read_train(cali_run *run, size_t train, double **times_ms, uint32_t **ids)
{
    const size_t n = cal_recording_get_train(run->recording, train).n_spikes;
    *times_ms = NULL;
    *ids = NULL;
    cal_status status = cali_alloc(run->ctx, n, sizeof **times_ms, "spikes", times_ms);
    if (status == CAL_OK)
        status = cali_alloc(run->ctx, n, sizeof **ids, "spikes", ids);
    if (status == CAL_OK && n > 0)
        status = cal_recording_read_spikes(run->recording, train, 0, n, *times_ms, *ids);
    if (status != CAL_OK) {
        free(*times_ms);
        free(*ids);
        *times_ms = NULL;
        *ids = NULL;
    }
    return status;
}
