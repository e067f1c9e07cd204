/* The recorder's queue and writer thread, with a reader beside them: a plain program, so that
 * ThreadSanitizer can run it. With arguments PATH FLUSH_MS it records until it is killed and prints
 * after each window the last one that is safe: tests/rules/recording_kill.py uses that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "callosum/recording.h"
#include "recording/parts.h"
#include "support/support.h"

enum { N_REGIONS = 64, PER_WINDOW = 25, N_SPIKES = 300 };
static const cal_time window = 5 * CAL_NS_PER_MS;

static void stop(cal_context *ctx, const char *what)
{
    fprintf(stderr, "%s: %s\n", what, cal_context_message(ctx));
    exit(EXIT_FAILURE);
}

static cal_recorder *start(cal_context *ctx, const char *path, double flush_ms)
{
    static const char *labels[N_REGIONS];
    static char label[N_REGIONS][24];
    for (int i = 0; i < N_REGIONS; i++) {
        snprintf(label[i], sizeof label[i], "region %d", i);
        labels[i] = label[i];
    }
    cal_recorder_def def = cal_recorder_def_default();
    def.path = path;
    def.flush_ms = flush_ms;
    cal_recorder *recorder = NULL;
    const cal_signal_def signal = {.name = "rate",
                                   .unit = "Hz",
                                   .long_name = "firing rate",
                                   .t_first = window / PER_WINDOW,
                                   .every = window / PER_WINDOW,
                                   .axis = "region",
                                   .n_columns = N_REGIONS,
                                   .labels = labels};
    const cal_spikes_def spikes = {"CA1 left", "E", N_SPIKES, N_SPIKES, 5.0};
    const cal_spikes_def empty = {"CA1 left", "I", 10, 10, 0.0};
    if (cal_recorder_create(ctx, &def, &recorder) != CAL_OK ||
        cal_recorder_add_signal(recorder, &signal, NULL) != CAL_OK ||
        cal_recorder_add_spikes(recorder, &spikes, NULL) != CAL_OK ||
        cal_recorder_add_spikes(recorder, &empty, NULL) != CAL_OK ||
        cal_recorder_add_texts(recorder, "connectome/labels", N_REGIONS, labels) != CAL_OK ||
        cal_recorder_start(recorder) != CAL_OK)
        stop(ctx, "start");
    return recorder;
}

/* Row r holds r + c / 64 in column c; the spikes of window k are at k windows + 1000 i ns. */
static void add_window(cal_context *ctx, cal_recorder *recorder, size_t k)
{
    static double rows[PER_WINDOW * N_REGIONS];
    cal_time times[N_SPIKES];
    uint32_t ids[N_SPIKES];
    for (size_t i = 0; i < PER_WINDOW * N_REGIONS; i++)
        rows[i] = (double)(k * PER_WINDOW + i / N_REGIONS) + (double)(i % N_REGIONS) / 64.0;
    for (size_t i = 0; i < N_SPIKES; i++) {
        times[i] = (cal_time)k * window + 1000 * (cal_time)(i + 1);
        ids[i] = (uint32_t)((i + k) % N_SPIKES);
    }
    if (cal_recorder_append(recorder, 0, PER_WINDOW, rows) != CAL_OK ||
        cal_recorder_append_spikes(recorder, 0, N_SPIKES, times, ids) != CAL_OK ||
        cal_recorder_commit(recorder, (cal_time)(k + 1) * window) != CAL_OK)
        stop(ctx, "window");
}

static int record_until_killed(cal_context *ctx, const char *path, double flush_ms)
{
    cal_recorder *recorder = start(ctx, path, flush_ms);
    for (size_t k = 0;; k++) {
        add_window(ctx, recorder, k);
        char line[32];
        const int n = snprintf(line, sizeof line, "%lld\n",
                               (long long)(cal_recorder_flushed(recorder) / window));
        if (write(STDOUT_FILENO, line, (size_t)n) != n)
            return EXIT_FAILURE;
    }
}

/* Opens the growing file; what it shows is whole windows of right numbers. */
static void check_file(cal_context *ctx, const char *path, size_t n_least)
{
    static double rows[PER_WINDOW * N_REGIONS];
    cal_recording *recording = NULL;
    if (cali_recording_open_here(ctx, path, &recording) != CAL_OK)
        stop(ctx, "open");
    const size_t n = (size_t)(cal_recording_stop(recording) / window);
    if (n < n_least || cal_recording_get_signal(recording, 0).n_rows != n * PER_WINDOW ||
        cal_recording_get_train(recording, 0).n_spikes != n * N_SPIKES)
        stop(ctx, "rows are missing");
    if (n > 0 &&
        (cal_recording_read(recording, 0, (n - 1) * PER_WINDOW, PER_WINDOW, rows) != CAL_OK ||
         rows[0] != (double)((n - 1) * PER_WINDOW)))
        stop(ctx, "read");
    cal_recording_close(&recording);
}

int main(int argc, char **argv)
{
    cal_context *ctx = cali_test_context(1);
    if (argc == 3)
        return record_until_killed(ctx, argv[1], strtod(argv[2], NULL));
    static const double flush_ms[] = {0.0, 1.0, 1e6};
    for (int i = 0; i < 3; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/run.h5", cali_test_directory());
        cal_recorder *recorder = start(ctx, path, flush_ms[i]);
        for (size_t k = 0; k < 200; k++) {
            add_window(ctx, recorder, k);
            if (k % 20 == 19)
                check_file(ctx, path, (size_t)(cal_recorder_flushed(recorder) / window));
        }
        if (cal_recorder_finish(recorder) != CAL_OK)
            stop(ctx, "finish");
        cal_recorder_destroy(&recorder);
        check_file(ctx, path, 200);
        /* a recorder that is destroyed in the middle joins its thread */
        snprintf(path, sizeof path, "%s/run.h5", cali_test_directory());
        recorder = start(ctx, path, flush_ms[i]);
        add_window(ctx, recorder, 0);
        cal_recorder_destroy(&recorder);
        check_file(ctx, path, 1);
    }
    cal_context_destroy(&ctx);
    puts("1 passed, 0 failed");
    return EXIT_SUCCESS;
}
