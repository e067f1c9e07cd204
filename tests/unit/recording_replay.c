/* What a former recording holds, passed through a recorder once more: the bytes that the file would have had; and what
 * cal_recording_compare says of two recordings. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "callosum/recording.h"
#include "support/support.h"

#define MUST(ctx, call) cr_assert(CAL_OK == (call), "%s", cal_context_message(ctx))
#define MS CAL_NS_PER_MS

enum { N_COLUMNS = 3, N_WIDE = 40, WINDOW_MS = 5, N_NEURONS = 50, LONG_WINDOW_ROWS = 5000 };

/* Where to change one thing: none, a value, a spike's time, one spike less. */
typedef enum change { SAME, OTHER_VALUE, OTHER_SPIKE, FEWER_SPIKES, OTHER_NAME } change;

typedef struct recording_run {
    cal_context *ctx;
    cal_recorder *recorder;
    size_t slow, fast, train;
    change change;
} recording_run;

static const char *const labels[N_WIDE] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n",
                                           "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z", "A", "B",
                                           "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N"};

/* A slow signal with a row at t = 0, as weights are recorded, a fast one, and spikes. */
static recording_run begin(const char *path, change what)
{
    recording_run r = {.ctx = cali_test_context(1), .change = what};
    cal_recorder_def def = cal_recorder_def_default();
    def.path = path;
    def.title = "replay";
    def.duration = 1000 * MS;
    const cal_signal_def slow = {.name = what == OTHER_NAME ? "low" : "slow", .unit = "1", .every = 2 * WINDOW_MS * MS,
                                 .axis = "column", .n_columns = N_COLUMNS, .labels = labels};
    const cal_signal_def fast = {.name = "fast", .unit = "mV", .t_first = MS / 10, .every = MS / 10, .axis = "cell",
                                 .n_columns = N_WIDE, .labels = labels, .is_float32 = true};
    const cal_spikes_def spikes = {"area", "E", N_NEURONS, N_NEURONS, 200.0};
    const double zeros[N_COLUMNS] = {0.5, 0.25, 0.125};
    MUST(r.ctx, cal_recorder_create(r.ctx, &def, &r.recorder));
    MUST(r.ctx, cal_recorder_add_signal(r.recorder, &slow, &r.slow));
    MUST(r.ctx, cal_recorder_add_signal(r.recorder, &fast, &r.fast));
    MUST(r.ctx, cal_recorder_add_spikes(r.recorder, &spikes, &r.train));
    MUST(r.ctx, cal_recorder_start(r.recorder));
    MUST(r.ctx, cal_recorder_append(r.recorder, r.slow, 1, zeros));
    return r;
}

static double value_at(size_t row, size_t column)
{
    return (double)((row * 2654435761u + column * 40503u) % 100003u) / 128.0;
}

/* Appends window k: fast rows, spikes, and each second window a slow row. */
static void append_window(recording_run *r, size_t k)
{
    enum { N = 10 * WINDOW_MS, N_SPIKES = 70 };
    static double rows[N * N_WIDE];
    cal_time times[N_SPIKES];
    uint32_t ids[N_SPIKES];
    for (size_t i = 0; i < N * N_WIDE; i++)
        rows[i] = (float)value_at(k * N + i / N_WIDE, i % N_WIDE);
    if (r->change == OTHER_VALUE && k == 31)
        rows[7 * N_WIDE + 2] += 1.0;
    MUST(r->ctx, cal_recorder_append(r->recorder, r->fast, N, rows));
    for (uint32_t i = 0; i < N_SPIKES; i++) {
        times[i] = (cal_time)k * WINDOW_MS * MS + (cal_time)(i + 1) * WINDOW_MS * MS / N_SPIKES;
        ids[i] = (i * 31 + (uint32_t)k) % N_NEURONS;
    }
    ids[3] = r->change == OTHER_SPIKE && k == 12 ? (ids[3] + 1) % N_NEURONS : ids[3];
    const size_t n_less = r->change == FEWER_SPIKES && k == 12 ? 1 : 0;
    MUST(r->ctx, cal_recorder_append_spikes(r->recorder, r->train, N_SPIKES - n_less, times, ids));
    const double row[N_COLUMNS] = {value_at(k, 0), value_at(k, 1), value_at(k, 2)};
    if (k % 2 == 1)
        MUST(r->ctx, cal_recorder_append(r->recorder, r->slow, 1, row));
    MUST(r->ctx, cal_recorder_commit(r->recorder, (cal_time)(k + 1) * WINDOW_MS * MS));
}

static void end(recording_run *r, bool finishes)
{
    if (finishes)
        MUST(r->ctx, cal_recorder_finish(r->recorder));
    cal_recorder_destroy(&r->recorder);
    cal_context_destroy(&r->ctx);
}

static void record(const char *path, change what, size_t n_windows, bool finishes)
{
    recording_run r = begin(path, what);
    for (size_t k = 0; k < n_windows; k++)
        append_window(&r, k);
    end(&r, finishes);
}

/* Opening looks at the file in a child process first. AddressSanitizer's allocator does not survive a fork while another
 * thread is in it, so a former recording is opened before the recorder's thread begins. */
typedef struct former_recording {
    cal_context *ctx;
    cal_recording *recording;
} former_recording;

static former_recording open_former(const char *path)
{
    former_recording former = {.ctx = cali_test_context(1)};
    MUST(former.ctx, cal_recording_open(former.ctx, path, &former.recording));
    return former;
}

static void close_former(former_recording *former)
{
    cal_recording_close(&former->recording);
    cal_context_destroy(&former->ctx);
}

static cal_status replay(recording_run *r, cal_recording *former, size_t n_windows)
{
    const cal_replay order[] = {{.index = r->fast}, {.is_train = true, .index = r->train}, {.index = r->slow}};
    return cal_recorder_replay(r->recorder, former, order, 3, WINDOW_MS * MS, (cal_time)n_windows * WINDOW_MS * MS);
}

static void go_to_scratch(void)
{
    cr_assert(chdir(cali_test_directory()) == 0);
}

static bool are_equal_files(const char *a, const char *b)
{
    cal_context *ctx = cali_test_context(1);
    char *x = NULL, *y = NULL;
    size_t n = 0, m = 0;
    MUST(ctx, cali_file_read(ctx, a, 1 << 28, &x, &n));
    MUST(ctx, cali_file_read(ctx, b, 1 << 28, &y, &m));
    const bool is_same = n == m && memcmp(x, y, n) == 0;
    free(x);
    free(y);
    cal_context_destroy(&ctx);
    return is_same;
}

/* 120 windows of 50 rows x 40 columns and 70 spikes: many chunks of each. The cuts fall within and at chunks, and
 * before the first full one. */
Test(recording_replay, a_replayed_recording_that_goes_on_has_the_bytes_of_one_in_a_piece)
{
    enum { N = 120 };
    static const size_t cuts[] = {1, 2, 7, 51, 64, 119, 120};
    go_to_scratch();
    record("whole.h5", SAME, N, true);
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        record("former.h5", SAME, cuts[i] + (i % 3 < (size_t)N - cuts[i] ? i % 3 : 0), i % 2 == 0);
        former_recording former = open_former("former.h5");
        recording_run r = begin("next.h5", SAME);
        MUST(r.ctx, replay(&r, former.recording, cuts[i]));
        close_former(&former);
        MUST(r.ctx, cal_recorder_move(r.recorder, "former.h5"));
        for (size_t k = cuts[i]; k < N; k++)
            append_window(&r, k);
        end(&r, true);
        cr_expect(are_equal_files("whole.h5", "former.h5"), "cut after %zu windows", cuts[i]);
        cr_expect(access("next.h5", F_OK) != 0);
        remove("former.h5");
    }
}

/* A window with more rows than are read ahead at once is still appended as one. */
Test(recording_replay, long_windows_keep_their_shape)
{
    const cal_time window = LONG_WINDOW_ROWS * MS / 10;
    double *rows = malloc(sizeof(double) * LONG_WINDOW_ROWS * N_WIDE);
    go_to_scratch();
    for (size_t i = 0; i < LONG_WINDOW_ROWS * N_WIDE; i++)
        rows[i] = (float)value_at(i / N_WIDE, i % N_WIDE);
    for (int k = 0; k < 2; k++) {
        former_recording former = k == 0 ? (former_recording){0} : open_former("whole.h5");
        recording_run r = begin(k == 0 ? "whole.h5" : "next.h5", SAME);
        const cal_replay order[] = {{.index = r.fast}};
        if (k == 1) {
            cr_expect(cal_recorder_replay(r.recorder, former.recording, order, 1, window, 3 * window) == CAL_OK, "%s",
                      cal_context_message(r.ctx));
            close_former(&former);
        }
        for (cal_time t = window; k == 0 && t <= 3 * window; t += window) {
            MUST(r.ctx, cal_recorder_append(r.recorder, r.fast, LONG_WINDOW_ROWS, rows));
            MUST(r.ctx, cal_recorder_commit(r.recorder, t));
        }
        end(&r, true);
    }
    cr_expect(are_equal_files("whole.h5", "next.h5"));
    free(rows);
}

Test(recording_replay, a_recording_of_another_run_or_one_that_ends_early_is_refused)
{
    go_to_scratch();
    record("other.h5", OTHER_NAME, 4, true);
    record("short.h5", SAME, 4, true);
    former_recording other = open_former("other.h5"), too_short = open_former("short.h5");
    recording_run r = begin("next.h5", SAME);
    cr_expect(replay(&r, other.recording, 3) == CAL_ERR_INPUT);
    cr_expect(strstr(cal_context_message(other.ctx), "C305 the former recording is of another run: it lacks slow") != NULL,
              "%s", cal_context_message(other.ctx));
    cr_expect(replay(&r, too_short.recording, 5) == CAL_ERR_INPUT);
    cr_expect(strstr(cal_context_message(too_short.ctx), "ends at 20 ms, before the checkpoint at 25 ms") != NULL, "%s",
              cal_context_message(too_short.ctx));
    close_former(&other);
    close_former(&too_short);
    end(&r, false);
}

/* ---- comparing -------------------------------------------------------------------------------------------- */

static cal_recording_comparison compare(const char *a, const char *b)
{
    cal_context *ctx = cali_test_context(1);
    cal_recording *x = NULL, *y = NULL;
    cal_recording_comparison c;
    MUST(ctx, cal_recording_open(ctx, a, &x));
    MUST(ctx, cal_recording_open(ctx, b, &y));
    MUST(ctx, cal_recording_compare(ctx, x, y, &c));
    cal_recording_close(&x);
    cal_recording_close(&y);
    cal_context_destroy(&ctx);
    return c;
}

Test(recording_replay, a_comparison_names_the_first_difference_with_time_column_and_both_values)
{
    go_to_scratch();
    record("a.h5", SAME, 60, true);
    record("longer.h5", SAME, 70, false);
    record("value.h5", OTHER_VALUE, 60, true);
    record("spike.h5", OTHER_SPIKE, 60, true);
    record("fewer.h5", FEWER_SPIKES, 60, true);
    record("name.h5", OTHER_NAME, 60, true);
    const cal_recording_comparison same = compare("a.h5", "longer.h5");
    cr_expect(same.is_identical && same.until == 300 * MS && same.difference[0] == '\0', "%s", same.difference);
    cr_expect(same.n_signals == 2 && same.n_trains == 1 && same.n_values == 31 * 3 + 3000 * 40 + 2 * 60 * 70);
    const cal_recording_comparison early = compare("a.h5", "value.h5");
    char expected[256];
    const double was = (float)value_at(31 * 50 + 7, 2);
    snprintf(expected, sizeof expected, "fast at 155.8 ms, column \"c\": %.17g and %.17g", was, (double)(float)(was + 1.0));
    cr_expect(eq(str, (char *)early.difference, expected));
    cr_expect(early.n_signals == 1 && !early.is_identical);
    cr_expect(eq(str, (char *)compare("a.h5", "spike.h5").difference,
                 "spike 843 of area.E: neuron 5 at 60.285714 ms and neuron 6 at 60.285714 ms"));
    cr_expect(strstr(compare("fewer.h5", "a.h5").difference, "spike 909 of area.E: neuron ") != NULL);
    cr_expect(strstr(compare("a.h5", "name.h5").difference, "the signal \"slow\" stands where \"low\" is") != NULL);
}
