/* Signals whose columns are no regions: what sensors see (eeg, meg, seeg), averages over groups of regions, states of single
 * neurons, rates and means of populations of spiking regions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report/page_encode.h"
#include "report/page_parts.h"

enum { NEURONS_MOST = 12 };

static bool is_channels(const cali_run *run, const cal_recording_signal *signal)
{
    for (size_t s = 0; s < run->n_signals; s++)
        if (strcmp(run->signals[s].name, signal->name) == 0)
            return false;
    return !cali_page_is_weights(signal) && signal->n_columns > 0 && signal->every > 0;
}

/* States of single neurons, whose columns may be very many. */
static bool is_neurons(const cal_recording_signal *signal)
{
    return strncmp(signal->axis, "neuron_", 7) == 0;
}

static bool is_population(const cal_recording_signal *signal)
{
    return strncmp(signal->axis, "population_", 11) == 0;
}

/* Columns that are drawn: all, of neurons at most NEURONS_MOST, evenly taken. */
static size_t count_shown(const cal_recording_signal *signal)
{
    return is_neurons(signal) && signal->n_columns > NEURONS_MOST ? NEURONS_MOST : signal->n_columns;
}

static size_t shown_column(const cal_recording_signal *signal, size_t c)
{
    const size_t n = count_shown(signal);
    return n == signal->n_columns ? c : (size_t)(((double)c + 0.5) / (double)n * (double)signal->n_columns);
}

size_t cali_page_n_channels(const cali_run *run)
{
    size_t n = 0;
    for (size_t s = 0; s < cal_recording_n_signals(run->recording); s++) {
        const cal_recording_signal signal = cal_recording_get_signal(run->recording, s);
        n += is_channels(run, &signal) ? count_shown(&signal) : 0;
    }
    return n;
}

/* One contiguous series per column that is drawn, (n_shown x n_rows). */
static cal_status read_turned(const cali_run *run, size_t index, const cal_recording_signal *signal, double **out)
{
    const size_t n_columns = signal->n_columns, n_rows = signal->n_rows, n_shown = count_shown(signal);
    const size_t at_once = n_columns > 65536 ? 1 : 65536 / n_columns; /* rows */
    double *rows = NULL, *series = NULL;
    if (n_rows != 0 && n_shown > SIZE_MAX / sizeof(double) / n_rows)
        return CAL_FAIL(run->ctx, CAL_ERR_MEMORY, "%s is too large to be read at once", signal->name);
    CAL_TRY(cali_alloc(run->ctx, at_once * n_columns, sizeof(double), "channels", &rows));
    cal_status status = cali_alloc(run->ctx, n_rows * n_shown, sizeof(double), "channels", &series);
    for (size_t first = 0; status == CAL_OK && first < n_rows; first += at_once) {
        const size_t n = n_rows - first < at_once ? n_rows - first : at_once;
        status = cal_recording_read(run->recording, index, first, n, rows);
        for (size_t c = 0; status == CAL_OK && c < n_shown; c++)
            for (size_t r = 0; r < n; r++)
                series[c * n_rows + first + r] = rows[r * n_columns + shown_column(signal, c)];
    }
    free(rows);
    if (status != CAL_OK)
        free(series);
    else
        *out = series;
    return status;
}

static void add_labels(const cal_recording_signal *signal, cali_text *json)
{
    cali_page_key(json, "labels");
    cali_text_add(json, "[");
    for (size_t c = 0; c < count_shown(signal); c++) {
        const char *label = signal->labels == NULL ? NULL : signal->labels[shown_column(signal, c)];
        cali_text_add(json, c == 0 ? "" : ",");
        cali_text_add_json(json, label == NULL ? "" : label);
    }
    cali_text_add(json, "]");
}

static cal_status add_one(const cali_run *run, size_t index, const cal_recording_signal *signal, size_t n_wanted,
                          cali_text *json)
{
    const cali_run_signal times = {.t_first_ms = cal_time_ms(signal->t_first),
                                   .every_ms = cal_time_ms(signal->every),
                                   .n_rows = signal->n_rows};
    const size_t first = cali_run_row_after(&times, run->transient_ms), n = count_shown(signal);
    double *x = NULL;
    CAL_TRY(read_turned(run, index, signal, &x));
    cali_page_text(json, "name", signal->name);
    cali_page_text(json, "unit", signal->unit);
    cali_page_text(json, "long_name", signal->long_name);
    cali_page_text(json, "monitor", signal->monitor);
    if (is_neurons(signal) || is_population(signal))
        cali_page_text(json, "of", is_neurons(signal) ? "neurons" : "population");
    cali_text_format(json, ",\"columns\":%zu", signal->n_columns);
    add_labels(signal, json);
    cali_page_number(json, "t_first_ms", times.t_first_ms);
    cali_page_number(json, "every_ms", times.every_ms);
    cali_text_format(json, ",\"rows\":%zu", signal->n_rows);
    cal_status status = cali_page_traces(run->ctx, json, x, n, signal->n_rows, n_wanted);
    if (status == CAL_OK && !is_neurons(signal) && signal->n_rows >= first + 2)
        status = cali_page_spectra(run->ctx, json, x, n, signal->n_rows, first, times.every_ms);
    free(x);
    return status;
}

cal_status cali_page_channels(cali_run *run, size_t n_wanted, cali_text *json)
{
    bool is_first = true;
    cali_page_key(json, "channels");
    cali_text_add(json, "[");
    for (size_t s = 0; s < cal_recording_n_signals(run->recording); s++) {
        const cal_recording_signal signal = cal_recording_get_signal(run->recording, s);
        if (!is_channels(run, &signal))
            continue;
        cali_text_add(json, is_first ? "{" : ",{");
        CAL_TRY(add_one(run, s, &signal, n_wanted, json));
        cali_text_add(json, "}");
        is_first = false;
    }
    cali_text_add(json, "]");
    return CAL_OK;
}
