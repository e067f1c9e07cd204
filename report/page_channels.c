/* Signals whose columns are no regions: what sensors see (eeg, meg, seeg) and averages over groups of regions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report/page_encode.h"
#include "report/page_parts.h"

static bool is_channels(const cali_run *run, const cal_recording_signal *signal)
{
    for (size_t s = 0; s < run->n_signals; s++)
        if (strcmp(run->signals[s].name, signal->name) == 0)
            return false;
    return !cali_page_is_weights(signal) && signal->n_columns > 0 && signal->every > 0;
}

size_t cali_page_n_channels(const cali_run *run)
{
    size_t n = 0;
    for (size_t s = 0; s < cal_recording_n_signals(run->recording); s++) {
        const cal_recording_signal signal = cal_recording_get_signal(run->recording, s);
        n += is_channels(run, &signal) ? signal.n_columns : 0;
    }
    return n;
}

/* One contiguous series per column, (n_columns x n_rows). */
static cal_status read_turned(const cali_run *run, size_t index, const cal_recording_signal *signal, double **out)
{
    enum { ROWS_AT_ONCE = 256 };
    const size_t n_columns = signal->n_columns, n_rows = signal->n_rows;
    double *rows = NULL, *series = NULL;
    if (n_rows != 0 && n_columns > SIZE_MAX / sizeof(double) / n_rows)
        return CAL_FAIL(run->ctx, CAL_ERR_MEMORY, "%s is too large to be read at once", signal->name);
    CAL_TRY(cali_alloc(run->ctx, ROWS_AT_ONCE * n_columns, sizeof(double), "channels", &rows));
    cal_status status = cali_alloc(run->ctx, n_rows * n_columns, sizeof(double), "channels", &series);
    for (size_t first = 0; status == CAL_OK && first < n_rows; first += ROWS_AT_ONCE) {
        const size_t n = n_rows - first < ROWS_AT_ONCE ? n_rows - first : ROWS_AT_ONCE;
        status = cal_recording_read(run->recording, index, first, n, rows);
        for (size_t c = 0; status == CAL_OK && c < n_columns; c++)
            for (size_t r = 0; r < n; r++)
                series[c * n_rows + first + r] = rows[r * n_columns + c];
    }
    free(rows);
    if (status != CAL_OK)
        free(series);
    else
        *out = series;
    return status;
}

static cal_status add_one(const cali_run *run, size_t index, const cal_recording_signal *signal, size_t n_wanted,
                          cali_text *json)
{
    const cali_run_signal times = {.t_first_ms = cal_time_ms(signal->t_first),
                                   .every_ms = cal_time_ms(signal->every),
                                   .n_rows = signal->n_rows};
    const size_t first = cali_run_row_after(&times, run->transient_ms);
    double *x = NULL;
    CAL_TRY(read_turned(run, index, signal, &x));
    cali_page_text(json, "name", signal->name);
    cali_page_text(json, "unit", signal->unit);
    cali_page_text(json, "long_name", signal->long_name);
    cali_page_text(json, "monitor", signal->monitor);
    cali_page_key(json, "labels");
    cali_text_add(json, "[");
    for (size_t c = 0; c < signal->n_columns; c++) {
        cali_text_add(json, c == 0 ? "" : ",");
        cali_text_add_json(json, signal->labels == NULL || signal->labels[c] == NULL ? "" : signal->labels[c]);
    }
    cali_text_add(json, "]");
    cali_page_number(json, "t_first_ms", times.t_first_ms);
    cali_page_number(json, "every_ms", times.every_ms);
    cali_text_format(json, ",\"rows\":%zu", signal->n_rows);
    cal_status status = cali_page_traces(run->ctx, json, x, signal->n_columns, signal->n_rows, n_wanted);
    if (status == CAL_OK && signal->n_rows >= first + 2)
        status = cali_page_spectra(run->ctx, json, x, signal->n_columns, signal->n_rows, first, times.every_ms);
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
