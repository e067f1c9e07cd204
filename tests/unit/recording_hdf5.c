/* recording/sink_hdf5.c and recording/store.c: what a run.h5 is worth when something goes wrong. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "recording/recorder.h"
#include "recording/sink_hdf5.h"
#include "recording/parts.h"
#include "support/support.h"

enum { N_REGIONS = 40, PER_WINDOW = 10, N_SPIKES = 700 };
static const cal_time window = 10 * CAL_NS_PER_MS;

static void pause_us(long us)
{
    const struct timespec t = {.tv_nsec = us * 1000};
    nanosleep(&t, NULL);
}

static char *in_scratch(const char *name)
{
    char *path = malloc(2048);
    snprintf(path, 2048, "%s/%s", cali_test_directory(), name);
    return path;
}

/* Numbers that deflate cannot make small. */
static double value(size_t row, size_t column)
{
    const uint64_t x = (row * 1000003 + column) * UINT64_C(0x9E3779B97F4A7C15);
    return (double)(int64_t)(x ^ x >> 29) * 1e-18;
}

static cal_recorder *start_with(cal_context *ctx, const char *path, double flush_ms,
                                unsigned index_k, cal_time duration)
{
    static const char *labels[N_REGIONS];
    static char label[N_REGIONS][24];
    for (int i = 0; i < N_REGIONS; i++) {
        snprintf(label[i], sizeof label[i], "r%d", i);
        labels[i] = label[i];
    }
    cal_recorder_def def = cal_recorder_def_default();
    def.path = path;
    def.flush_ms = flush_ms;
    def.duration = duration;
    cal_recorder *recorder = NULL;
    const cal_signal_def signal = {.name = "rate",
                                   .unit = "Hz",
                                   .t_first = CAL_NS_PER_MS,
                                   .every = CAL_NS_PER_MS,
                                   .axis = "region",
                                   .n_columns = N_REGIONS,
                                   .labels = labels};
    const cal_spikes_def spikes = {"a", "E", N_SPIKES, N_SPIKES, 5.0};
    if (cal_recorder_create(ctx, &def, &recorder) == CAL_OK &&
        cal_recorder_add_signal(recorder, &signal, NULL) == CAL_OK &&
        cal_recorder_add_spikes(recorder, &spikes, NULL) == CAL_OK) {
        if (index_k > 0)
            cali_sink_hdf5_set_index(cali_recorder_sink(recorder), index_k);
        if (cal_recorder_start(recorder) == CAL_OK)
            return recorder;
    }
    cr_assert(false, "%s", cal_context_message(ctx));
    return NULL;
}

static cal_recorder *start(cal_context *ctx, const char *path, double flush_ms)
{
    return start_with(ctx, path, flush_ms, 0, 1000 * window);
}

/* Window k: ten rows, and 700 spikes at one time, so that blocks of spikes fill up every 5.85
 * windows and those of the signal every 25.6. */
static cal_status add_window(cal_recorder *recorder, size_t k)
{
    static double rows[PER_WINDOW * N_REGIONS];
    static cal_time times[N_SPIKES];
    static uint32_t ids[N_SPIKES];
    for (size_t i = 0; i < PER_WINDOW * N_REGIONS; i++)
        rows[i] = value(k * PER_WINDOW + i / N_REGIONS, i % N_REGIONS);
    for (size_t i = 0; i < N_SPIKES; i++) {
        times[i] = (cal_time)k * window + 1;
        ids[i] = (uint32_t)((i * 37 + k) % N_SPIKES);
    }
    cal_status status = cal_recorder_append(recorder, 0, PER_WINDOW, rows);
    if (status == CAL_OK)
        status = cal_recorder_append_spikes(recorder, 0, N_SPIKES, times, ids);
    if (status == CAL_OK)
        status = cal_recorder_commit(recorder, (cal_time)(k + 1) * window);
    return status;
}

/* The windows that a file holds; -1 if it does not open or holds anything wrong. */
static int count_windows(cal_context *ctx, const char *path)
{
    cal_recording *recording = NULL;
    if (cali_recording_open_here(ctx, path, &recording) != CAL_OK)
        return -1;
    const size_t n = (size_t)(cal_recording_stop(recording) / window);
    bool is_right = cal_recording_stop(recording) % window == 0;
    is_right = is_right && cal_recording_get_signal(recording, 0).n_rows == n * PER_WINDOW &&
               cal_recording_get_train(recording, 0).n_spikes == n * N_SPIKES;
    double *rows = malloc(n * PER_WINDOW * N_REGIONS * sizeof *rows + 1);
    double *times = malloc(n * N_SPIKES * sizeof *times + 1);
    uint32_t *ids = malloc(n * N_SPIKES * sizeof *ids + 1);
    is_right = is_right && cal_recording_read(recording, 0, 0, n * PER_WINDOW, rows) == CAL_OK &&
               cal_recording_read_spikes(recording, 0, 0, n * N_SPIKES, times, ids) == CAL_OK;
    for (size_t i = 0; is_right && i < n * PER_WINDOW * N_REGIONS; i++)
        is_right = rows[i] == value(i / N_REGIONS, i % N_REGIONS);
    for (size_t i = 0; is_right && i < n * N_SPIKES; i++) {
        const size_t k = i / N_SPIKES;
        is_right = times[i] == cal_time_ms((cal_time)k * window + 1) &&
                   ids[i] == (i % N_SPIKES * 37 + k) % N_SPIKES;
    }
    free(rows);
    free(times);
    free(ids);
    cal_recording_close(&recording);
    return is_right ? (int)n : -1;
}

/* A process can die between any two writes to the file. Each of them is tried: whatever the last
 * write was, the file holds all windows whose commit had returned, and at most one more. Returns
 * the number of writes. */
static uint64_t try_every_prefix(cal_context *ctx, int n_windows, unsigned index_k,
                                 cal_time duration)
{
    uint64_t n_tried = 0;
    for (bool is_over = false; !is_over; n_tried++) {
        char *path = in_scratch("run.h5");
        cal_recorder *recorder = start_with(ctx, path, 0.0, index_k, duration);
        cali_store_stop_after(cali_sink_hdf5_store(cali_recorder_sink(recorder)), n_tried);
        int n_done = 0;
        while (n_done < n_windows && add_window(recorder, (size_t)n_done) == CAL_OK)
            n_done++;
        is_over = n_done == n_windows && cal_recorder_finish(recorder) == CAL_OK;
        cal_recorder_destroy(&recorder);
        cal_context_clear(ctx);
        const int n = count_windows(ctx, path);
        cr_assert(n == n_done || (n == n_done + 1 && !is_over),
                  "after %d writes: %d windows committed, %d found: %s", (int)n_tried, n_done, n,
                  cal_context_message(ctx));
        unlink(path);
        free(path);
    }
    return n_tried;
}

Test(recording_hdf5, every_prefix_of_the_writes_is_a_valid_file)
{
    cal_context *ctx = cali_test_context(1);
    cr_expect(gt(u64, try_every_prefix(ctx, 27, 0, 1000 * window), 100));
    cal_context_destroy(&ctx);
}

/* Index nodes of two children and blocks of 16 rows: nodes split every few windows, on all levels.
 */
Test(recording_hdf5, every_prefix_is_valid_while_the_index_grows)
{
    cal_context *ctx = cali_test_context(1);
    cr_expect(gt(u64, try_every_prefix(ctx, 14, 1, 0), 200));
    cal_context_destroy(&ctx);
}

static void digest_of_run(cal_context *ctx, double flush_ms, int gap_us, char *hex)
{
    char *path = in_scratch("run.h5");
    cal_recorder *recorder = start(ctx, path, flush_ms);
    for (size_t k = 0; k < 60; k++) {
        cr_assert(eq(int, add_window(recorder, k), CAL_OK));
        if (gap_us > 0)
            pause_us(gap_us);
    }
    cr_assert(eq(int, cal_recorder_finish(recorder), CAL_OK), "%s", cal_context_message(ctx));
    cal_recorder_destroy(&recorder);
    cr_expect(eq(int, count_windows(ctx, path), 60));
    cr_assert(eq(int, cali_digest_file(ctx, path, hex), CAL_OK));
    free(path);
}

Test(recording_hdf5, the_bytes_of_the_file_do_not_tell_when_flushes_happened)
{
    cal_context *ctx = cali_test_context(1);
    char at_each_commit[CALI_DIGEST_SIZE], at_times[CALI_DIGEST_SIZE], never[CALI_DIGEST_SIZE];
    digest_of_run(ctx, 0.0, 0, at_each_commit);
    digest_of_run(ctx, 3.0, 1000, at_times);
    digest_of_run(ctx, 1e6, 0, never);
    cr_expect(eq(str, at_times, at_each_commit));
    cr_expect(eq(str, never, at_each_commit));
    cal_context_destroy(&ctx);
}

/* Records until the disk is full; the message has path, bytes, cause and what is safe. */
static void fill_up(cal_context *ctx, const char *path, const char *cause)
{
    cal_recorder *recorder = start(ctx, path, 0.0);
    int n_done = 0;
    cal_status status = CAL_OK;
    while (n_done < 100000 && (status = add_window(recorder, (size_t)n_done)) == CAL_OK)
        n_done++;
    cr_assert(eq(int, status, CAL_ERR_IO));
    const char *message = cal_context_message(ctx);
    char safe[100], begin[2200];
    snprintf(begin, sizeof begin, "cannot write %s (", path);
    snprintf(safe, sizeof safe, " bytes at byte ");
    cr_expect(eq(int, strncmp(message, begin, strlen(begin)), 0), "%s", message);
    cr_expect(ne(ptr, strstr(message, safe), NULL), "%s", message);
    cr_expect(ne(ptr, strstr(message, cause), NULL), "%s", message);
    snprintf(safe, sizeof safe, "; the file holds all up to %d ms", n_done * 10);
    cr_expect(ne(ptr, strstr(message, safe), NULL), "%s", message);
    cal_context_clear(ctx);
    cr_expect(eq(int, add_window(recorder, (size_t)n_done), CAL_ERR_IO));
    cr_expect(eq(int, cal_recorder_finish(recorder), CAL_ERR_IO));
    cal_recorder_destroy(&recorder);
    cal_context_clear(ctx);
    cr_expect(eq(int, count_windows(ctx, path), n_done), "%s", cal_context_message(ctx));
    cr_expect(gt(int, n_done, 20));
}

Test(recording_hdf5, a_file_size_limit_leaves_all_completed_windows)
{
    cal_context *ctx = cali_test_context(1);
    char *path = in_scratch("run.h5");
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    const struct rlimit old = limit;
    limit.rlim_cur = 1500 * 1000 + 123;
    cr_assert(eq(int, setrlimit(RLIMIT_FSIZE, &limit), 0));
    fill_up(ctx, path, "File too large");
    setrlimit(RLIMIT_FSIZE, &old);
    free(path);
    cal_context_destroy(&ctx);
}

Test(recording_hdf5, a_full_disk_leaves_all_completed_windows)
{
    cal_context *ctx = cali_test_context(1);
    char *disk = in_scratch("disk"), path[2100];
    mkdir(disk, 0755);
    if (mount("callosum-test", disk, "tmpfs", 0, "size=1500k") != 0)
        cr_skip_test("mounting a small disk is not allowed here");
    snprintf(path, sizeof path, "%s/run.h5", disk);
    fill_up(ctx, path, "No space left on device");
    umount(disk);
    free(disk);
    cal_context_destroy(&ctx);
}

Test(recording_hdf5, a_file_that_exists_is_not_overwritten)
{
    cal_context *ctx = cali_test_context(1);
    char *path = in_scratch("run.h5"), *data = NULL;
    size_t size = 0;
    cr_assert(eq(int, cali_file_write(ctx, path, "mine", 4), CAL_OK));
    cal_recorder_def def = cal_recorder_def_default();
    cal_recorder *recorder = NULL;
    def.path = path;
    cr_expect(eq(int, cal_recorder_create(ctx, &def, &recorder), CAL_ERR_IO));
    cr_expect(ne(ptr, strstr(cal_context_message(ctx), "run.h5: File exists"), NULL));
    cr_assert(eq(int, cali_file_read(ctx, path, 100, &data, &size), CAL_OK));
    cr_expect(eq(str, data, "mine"));
    free(data);
    free(path);
    cal_context_destroy(&ctx);
}

/* Destroying without finish is what a failed run does: its committed windows stay. */
Test(recording_hdf5, a_run_that_stops_early_keeps_its_committed_windows)
{
    cal_context *ctx = cali_test_context(1);
    char *path = in_scratch("run.h5");
    cal_recorder *recorder = start(ctx, path, 1e6);
    const double rows[N_REGIONS] = {0};
    for (size_t k = 0; k < 7; k++)
        cr_assert(eq(int, add_window(recorder, k), CAL_OK));
    cr_assert(eq(int, cal_recorder_append(recorder, 0, 1, rows), CAL_OK));
    cal_recorder_destroy(&recorder);
    cr_expect(eq(int, count_windows(ctx, path), 7), "%s", cal_context_message(ctx));
    cal_recording *recording = NULL;
    cr_assert(eq(int, cal_recording_open(ctx, path, &recording), CAL_OK));
    cr_expect(not(cal_recording_is_complete(recording)));
    cal_recording_close(&recording);
    free(path);
    cal_context_destroy(&ctx);
}

Test(recording_hdf5, a_recorder_that_never_started_leaves_no_file)
{
    cal_context *ctx = cali_test_context(1);
    char *path = in_scratch("run.h5");
    cal_recorder_def def = cal_recorder_def_default();
    cal_recorder *recorder = NULL;
    def.path = path;
    cr_assert(eq(int, cal_recorder_create(ctx, &def, &recorder), CAL_OK));
    cal_recorder_destroy(&recorder);
    cr_expect(eq(int, access(path, F_OK), -1));
    free(path);
    cal_context_destroy(&ctx);
}

Test(recording_hdf5, a_running_file_is_read_up_to_the_last_flush)
{
    cal_context *ctx = cali_test_context(1);
    char *path = in_scratch("run.h5");
    cal_recorder *recorder = start(ctx, path, 20.0);
    for (size_t k = 0; k < 5; k++)
        cr_assert(eq(int, add_window(recorder, k), CAL_OK));
    /* nothing more is appended: the writer's clock alone brings the rows to the disk */
    for (int i = 0; i < 500 && cal_recorder_flushed(recorder) < 5 * window; i++)
        pause_us(10000);
    cr_expect(eq(i64, cal_recorder_flushed(recorder), 5 * window));
    cr_expect(eq(int, count_windows(ctx, path), 5));
    cr_assert(eq(int, add_window(recorder, 5), CAL_OK));
    cr_assert(eq(int, cal_recorder_finish(recorder), CAL_OK));
    cr_expect(eq(int, count_windows(ctx, path), 6));
    cal_recorder_destroy(&recorder);
    free(path);
    cal_context_destroy(&ctx);
}
