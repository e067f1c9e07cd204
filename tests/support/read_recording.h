/* Opens a recording that may be broken and reads all it shows: for hostile files and fuzzing. */
#ifndef CALI_TESTS_READ_RECORDING_H
#define CALI_TESTS_READ_RECORDING_H

#include <stdlib.h>

#include "callosum/recording.h"

/* HDF5 1.10.8 itself forgets some memory (a few hundred bytes) when it meets a broken header. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libhdf5_serial\n";
}

/* Reads rows in pieces of at most 1 MB, whatever the file claims to have. */
static void cali_test_read_signal(cal_recording *recording, size_t index)
{
    const cal_recording_signal signal = cal_recording_get_signal(recording, index);
    const size_t n_piece = 131072 / signal.n_columns + 1;
    double *rows = malloc(n_piece * signal.n_columns * sizeof *rows);
    for (size_t first = 0, k = 0; rows != NULL && first < signal.n_rows && k < 16; k++) {
        const size_t left = signal.n_rows - first, n = left < n_piece ? left : n_piece;
        if (cal_recording_read(recording, index, first, n, rows) != CAL_OK)
            break;
        first += n;
    }
    free(rows);
}

static void cali_test_read_train(cal_recording *recording, size_t index)
{
    static double times[8192];
    static uint32_t ids[8192];
    const cal_recording_train train = cal_recording_get_train(recording, index);
    for (size_t first = 0, k = 0; first < train.n_spikes && k < 16; k++) {
        const size_t left = train.n_spikes - first, n = left < 8192 ? left : 8192;
        if (cal_recording_read_spikes(recording, index, first, n, times, ids) != CAL_OK)
            break;
        first += n;
    }
}

/** CAL_OK if it opens; reading may fail nevertheless. */
static inline cal_status cali_test_read_recording(cal_context *ctx, const char *path)
{
    cal_recording *recording = NULL;
    CAL_TRY(cal_recording_open(ctx, path, &recording));
    for (size_t i = 0; i < cal_recording_n_signals(recording); i++)
        cali_test_read_signal(recording, i);
    for (size_t i = 0; i < cal_recording_n_trains(recording); i++)
        cali_test_read_train(recording, i);
    size_t n_rows = 0, n_columns = 0, n = 0;
    double *values = NULL;
    char **texts = NULL;
    cal_recording_read_matrix(recording, "connectome/weights", &n_rows, &n_columns, &values);
    cal_recording_read_texts(recording, "connectome/labels", &n, &texts);
    for (size_t i = 0; i < n; i++)
        free(texts[i]);
    free(texts);
    free(values);
    cal_recording_close(&recording);
    return CAL_OK;
}

#endif
