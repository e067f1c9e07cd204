/* Every sink keeps the contract of callosum/recording.h: what was recorded is read back, the same
 * from each. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/recording.h"
#include "support/support.h"

static const char *const sinks[] = {"hdf5", "memory"};
enum { N_SINKS = 2, N_REGIONS = 150, N_WINDOWS = 37, PER_WINDOW = 9 };

static const cal_time window = 3 * CAL_NS_PER_MS;

static void make_indices(struct criterion_test_params *out)
{
    static int index[N_SINKS] = {0, 1};
    *out = (struct criterion_test_params){.size = sizeof(int), .params = index, .length = N_SINKS};
}

static double rate(size_t row, size_t column)
{
    return (double)row * 0.1 + (double)column * 1e-3;
}

/* Spike k of the train: five in each window, two of them at the same time. */
static cal_time spike_time(size_t k)
{
    return (cal_time)(k / 5) * window + 1 + (cal_time)(k % 5 / 2) * 1000;
}

static uint32_t spike_id(size_t k)
{
    return (uint32_t)(k * 7919 % 1000);
}

static cal_recorder *create(cal_context *ctx, const char *sink, const char *path)
{
    cal_recorder_def def = cal_recorder_def_default();
    def.sink = sink;
    def.path = path;
    def.title = "a test \xc3\xa9";
    def.duration = N_WINDOWS * window;
    def.flush_ms = 5.0;
    cal_recorder *recorder = NULL;
    cr_assert(eq(int, cal_recorder_create(ctx, &def, &recorder), CAL_OK), "%s",
              cal_context_message(ctx));
    return recorder;
}

static void describe(cal_recorder *recorder)
{
    static char label[N_REGIONS][24];
    static const char *labels[N_REGIONS];
    for (int i = 0; i < N_REGIONS; i++) {
        snprintf(label[i], sizeof label[i], "region %03d", i);
        labels[i] = label[i];
    }
    cal_signal_def signal = {.name = "rate",
                             .unit = "Hz",
                             .long_name = "firing rate",
                             .t_first = window / PER_WINDOW,
                             .every = window / PER_WINDOW,
                             .axis = "region",
                             .n_columns = N_REGIONS,
                             .labels = labels};
    const cal_spikes_def spikes = {"CA1 left", "E", 1000, 1000, 5.0},
                         none = {"CA1 left", "I", 7, 0, 0.0};
    const double weights[6] = {1, 2, 3, 4, 5, 6};
    size_t index = 99;
    cr_assert(eq(int, cal_recorder_add_signal(recorder, &signal, &index), CAL_OK));
    cr_expect(eq(sz, index, 0));
    signal.name = "drive";
    signal.is_float32 = true;
    cr_assert(eq(int, cal_recorder_add_signal(recorder, &signal, &index), CAL_OK));
    cr_expect(eq(sz, index, 1));
    cr_assert(eq(int, cal_recorder_add_spikes(recorder, &spikes, &index), CAL_OK));
    cr_assert(eq(int, cal_recorder_add_spikes(recorder, &none, &index), CAL_OK));
    cr_assert(eq(int, cal_recorder_add_matrix(recorder, "connectome/weights", "1", 2, 3, weights),
                 CAL_OK));
    cr_assert(eq(int, cal_recorder_add_texts(recorder, "connectome/labels", 3, labels), CAL_OK));
}

static void record(cal_context *ctx, cal_recorder *recorder)
{
    static double rows[PER_WINDOW * N_REGIONS];
    for (size_t k = 0; k < N_WINDOWS; k++) {
        for (size_t i = 0; i < PER_WINDOW * N_REGIONS; i++)
            rows[i] = rate(k * PER_WINDOW + i / N_REGIONS, i % N_REGIONS);
        cal_time times[5];
        uint32_t ids[5];
        for (size_t i = 0; i < 5; i++) {
            times[i] = spike_time(5 * k + i);
            ids[i] = spike_id(5 * k + i);
        }
        cr_assert(eq(int, cal_recorder_append(recorder, 0, PER_WINDOW, rows), CAL_OK), "%s",
                  cal_context_message(ctx));
        cr_assert(eq(int, cal_recorder_append(recorder, 1, PER_WINDOW, rows), CAL_OK));
        cr_assert(eq(int, cal_recorder_append_spikes(recorder, 0, 5, times, ids), CAL_OK));
        cr_assert(eq(int, cal_recorder_commit(recorder, (cal_time)(k + 1) * window), CAL_OK), "%s",
                  cal_context_message(ctx));
    }
    cr_assert(eq(int, cal_recorder_finish(recorder), CAL_OK), "%s", cal_context_message(ctx));
}

static cal_recording *open_again(cal_context *ctx, cal_recorder **recorder, const char *sink,
                                 const char *path)
{
    cal_recording *recording = NULL;
    const cal_status status = strcmp(sink, "memory") == 0
                                  ? cal_recording_from_memory(*recorder, &recording)
                                  : cal_recording_open(ctx, path, &recording);
    cr_assert(eq(int, status, CAL_OK), "%s", cal_context_message(ctx));
    cal_recorder_destroy(recorder);
    return recording;
}

static cal_recording *make(cal_context *ctx, const char *sink)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/run.h5", cali_test_directory());
    cal_recorder *recorder = create(ctx, sink, path);
    describe(recorder);
    cr_assert(eq(int, cal_recorder_start(recorder), CAL_OK), "%s", cal_context_message(ctx));
    record(ctx, recorder);
    cr_expect(eq(int, (int)(cal_recorder_flushed(recorder) / window), N_WINDOWS));
    return open_again(ctx, &recorder, sink, path);
}

ParameterizedTestParameters(recording_sinks, rows_are_read_back_in_any_range)
{
    struct criterion_test_params params;
    make_indices(&params);
    return params;
}

ParameterizedTest(int *i, recording_sinks, rows_are_read_back_in_any_range)
{
    static double rows[N_WINDOWS * PER_WINDOW * N_REGIONS];
    static const size_t ranges[][2] = {
        {0, N_WINDOWS * PER_WINDOW}, {0, 1}, {127, 2}, {N_WINDOWS * PER_WINDOW, 0}, {332, 1}};
    cal_context *ctx = cali_test_context(1);
    cal_recording *recording = make(ctx, sinks[*i]);
    for (size_t k = 0; k < sizeof ranges / sizeof *ranges; k++) {
        const size_t first = ranges[k][0], n = ranges[k][1];
        for (size_t signal = 0; signal < 2; signal++) {
            cr_assert(eq(int, cal_recording_read(recording, signal, first, n, rows), CAL_OK), "%s",
                      cal_context_message(ctx));
            size_t n_wrong = 0;
            for (size_t j = 0; j < n * N_REGIONS; j++) {
                const double exact = rate(first + j / N_REGIONS, j % N_REGIONS);
                n_wrong += rows[j] != (signal == 0 ? exact : (double)(float)exact);
            }
            cr_expect(eq(sz, n_wrong, 0), "signal %zu, range %zu", signal, k);
        }
    }
    cr_expect(eq(int, cal_recording_read(recording, 0, 333, 1, rows), CAL_ERR_ARGUMENT));
    cr_expect(eq(str, (char *)cal_context_message(ctx),
                 "signal rate has 333 rows; asked for 1 from 333"));
    cal_recording_close(&recording);
    cal_context_destroy(&ctx);
}

ParameterizedTestParameters(recording_sinks, facts_are_those_that_were_given)
{
    struct criterion_test_params params;
    make_indices(&params);
    return params;
}

ParameterizedTest(int *i, recording_sinks, facts_are_those_that_were_given)
{
    cal_context *ctx = cali_test_context(1);
    cal_recording *recording = make(ctx, sinks[*i]);
    cr_expect(eq(str, (char *)cal_recording_title(recording), "a test \xc3\xa9"));
    cr_expect(eq(i64, cal_recording_stop(recording), N_WINDOWS * window));
    cr_expect(cal_recording_is_complete(recording));
    cr_assert(eq(sz, cal_recording_n_signals(recording), 2));
    const cal_recording_signal signal = cal_recording_get_signal(recording, 0);
    cr_expect(eq(str, (char *)signal.name, "rate"));
    cr_expect(eq(str, (char *)signal.unit, "Hz"));
    cr_expect(eq(str, (char *)signal.long_name, "firing rate"));
    cr_expect(eq(str, (char *)signal.axis, "region"));
    cr_expect(eq(i64, signal.t_first, window / PER_WINDOW));
    cr_expect(eq(i64, signal.every, window / PER_WINDOW));
    cr_expect(eq(sz, signal.n_rows, N_WINDOWS * PER_WINDOW));
    cr_assert(eq(sz, signal.n_columns, N_REGIONS));
    cr_expect(eq(str, (char *)signal.labels[0], "region 000"));
    cr_expect(eq(str, (char *)signal.labels[149], "region 149"));
    cr_expect(eq(str, (char *)cal_recording_get_signal(recording, 1).name, "drive"));
    cal_recording_close(&recording);
    cal_context_destroy(&ctx);
}

ParameterizedTestParameters(recording_sinks, spikes_and_constants_are_read_back)
{
    struct criterion_test_params params;
    make_indices(&params);
    return params;
}

ParameterizedTest(int *i, recording_sinks, spikes_and_constants_are_read_back)
{
    cal_context *ctx = cali_test_context(1);
    cal_recording *recording = make(ctx, sinks[*i]);
    cr_assert(eq(sz, cal_recording_n_trains(recording), 2));
    const cal_recording_train train = cal_recording_get_train(recording, 0);
    cr_expect(eq(str, (char *)train.region, "CA1 left"));
    cr_expect(eq(str, (char *)train.population, "E"));
    cr_expect(eq(u32, train.n_neurons, 1000));
    cr_assert(eq(sz, train.n_spikes, 5 * N_WINDOWS));
    cr_expect(eq(sz, cal_recording_get_train(recording, 1).n_spikes, 0));
    static double times_ms[5 * N_WINDOWS];
    static uint32_t ids[5 * N_WINDOWS];
    cr_assert(eq(int, cal_recording_read_spikes(recording, 0, 3, 5 * N_WINDOWS - 3, times_ms, ids),
                 CAL_OK));
    size_t n_wrong = 0;
    for (size_t k = 0; k < 5 * N_WINDOWS - 3; k++)
        n_wrong += times_ms[k] != cal_time_ms(spike_time(k + 3)) || ids[k] != spike_id(k + 3);
    cr_expect(eq(sz, n_wrong, 0));

    size_t n_rows = 9, n_columns = 9, n = 9;
    double *values = NULL;
    char **texts = NULL;
    cr_assert(
        eq(int,
           cal_recording_read_matrix(recording, "connectome/weights", &n_rows, &n_columns, &values),
           CAL_OK));
    cr_assert(eq(sz, n_rows, 2));
    cr_assert(eq(sz, n_columns, 3));
    cr_expect(eq(dbl, values[5], 6.0));
    free(values);
    cr_assert(
        eq(int, cal_recording_read_texts(recording, "connectome/labels", &n, &texts), CAL_OK));
    cr_assert(eq(sz, n, 3));
    cr_expect(eq(str, texts[2], "region 002"));
    for (size_t k = 0; k < n; k++)
        free(texts[k]);
    free(texts);
    cr_expect(eq(int, cal_recording_read_matrix(recording, "no/such", &n_rows, &n_columns, &values),
                 CAL_OK));
    cr_expect(eq(sz, n_rows, 0));
    cal_recording_close(&recording);
    cal_context_destroy(&ctx);
}

ParameterizedTestParameters(recording_sinks, calls_out_of_turn_are_refused)
{
    struct criterion_test_params params;
    make_indices(&params);
    return params;
}

ParameterizedTest(int *i, recording_sinks, calls_out_of_turn_are_refused)
{
    static const cal_time late[2] = {5, 4};
    static const uint32_t ids[2] = {0, 1000};
    cal_context *ctx = cali_test_context(1);
    char path[1024];
    snprintf(path, sizeof path, "%s/run.h5", cali_test_directory());
    cal_recorder *recorder = create(ctx, sinks[*i], path);
    describe(recorder);
    cr_expect(eq(int, cal_recorder_commit(recorder, 0), CAL_ERR_STATE));
    cr_expect(eq(int, cal_recorder_finish(recorder), CAL_ERR_STATE));
    cal_context_clear(ctx);
    cr_assert(eq(int, cal_recorder_start(recorder), CAL_OK));
    cr_expect(eq(int, cal_recorder_start(recorder), CAL_ERR_STATE));
    cr_expect(eq(int, cal_recorder_add_signal(recorder, &(cal_signal_def){.name = "late"}, NULL), CAL_ERR_STATE));
    cr_expect(eq(int, cal_recorder_append_spikes(recorder, 0, 2, late, ids), CAL_ERR_ARGUMENT));
    cr_expect(eq(int, cal_recorder_append_spikes(recorder, 0, 1, late, ids + 1), CAL_ERR_ARGUMENT));
    cr_expect(eq(int, cal_recorder_commit(recorder, 5), CAL_OK));
    cr_expect(eq(int, cal_recorder_commit(recorder, 4), CAL_ERR_ARGUMENT));
    cr_expect(eq(int, cal_recorder_add_texts(recorder, "results/names", 0, NULL), CAL_OK)); /* results come late */
    cr_expect(eq(int, cal_recorder_finish(recorder), CAL_OK));
    cr_expect(eq(int, cal_recorder_commit(recorder, 6), CAL_ERR_STATE));
    cr_expect(eq(int, cal_recorder_add_texts(recorder, "a/b", 0, NULL), CAL_ERR_STATE));
    cal_recorder_destroy(&recorder);
    cal_recorder_destroy(&recorder);
    cal_context_destroy(&ctx);
}
