/* recording/layout.c: the estimate, message C501, and definitions that are refused. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/recording.h"
#include "support/support.h"

static const char *labels[1000];

static cal_recorder *create(cal_context *ctx, double budget_bytes, cal_time duration)
{
    for (int i = 0; i < 1000; i++)
        labels[i] = "r";
    cal_recorder_def def = cal_recorder_def_default();
    def.sink = "memory";
    def.budget_bytes = budget_bytes;
    def.duration = duration;
    cal_recorder *recorder = NULL;
    cr_assert(eq(int, cal_recorder_create(ctx, &def, &recorder), CAL_OK));
    return recorder;
}

static void add_signal(cal_recorder *recorder, const char *name, const char *axis, size_t n_columns,
                       cal_time every, bool is_float32)
{
    const cal_signal_def signal = {.name = name,
                                   .unit = "mV",
                                   .t_first = every,
                                   .every = every,
                                   .axis = axis,
                                   .n_columns = n_columns,
                                   .labels = labels,
                                   .is_float32 = is_float32};
    cr_assert(eq(int, cal_recorder_add_signal(recorder, &signal, NULL), CAL_OK));
}

/* 10 s: 10,000 rows of 76 doubles and a time, 1000 rows of 76 floats and a time, 500 neurons at
 * 8 Hz with 16 bytes a spike, a matrix of 76 x 76. */
Test(recording_budget, the_estimate_counts_values_times_and_spikes)
{
    cal_context *ctx = cali_test_context(1);
    cal_recorder *recorder = create(ctx, 0.0, INT64_C(10000) * CAL_NS_PER_MS);
    const cal_spikes_def spikes = {"a", "E", 1000, 500, 8.0};
    double *weights = calloc(76 * 76, sizeof *weights);
    add_signal(recorder, "rate", "region", 76, CAL_NS_PER_MS, false);
    add_signal(recorder, "slow", "region", 76, 10 * CAL_NS_PER_MS, true);
    cr_assert(eq(int, cal_recorder_add_spikes(recorder, &spikes, NULL), CAL_OK));
    cr_assert(eq(int, cal_recorder_add_matrix(recorder, "connectome/weights", "1", 76, 76, weights),
                 CAL_OK));
    const double expected = 10000.0 * (76 * 8 + 8) + 1000.0 * (76 * 4 + 8) +
                            500.0 * 8.0 * 10.0 * 16.0 + 76.0 * 76.0 * 8.0;
    cr_expect(eq(dbl, cal_recorder_estimate(recorder), expected));
    cr_expect(eq(int, cal_recorder_start(recorder), CAL_OK));
    free(weights);
    cal_recorder_destroy(&recorder);
    cal_context_destroy(&ctx);
}

/* Voltages of 1000 neurons every 0.1 ms for 5000 s: 50 million rows of 8008 bytes are 400.4 GB; the
 * rates of 76 regions every 1 ms are 5 million rows of 616 bytes, 3.08 GB. 20 GB are left for the
 * voltages if 16.92 are taken: 23.7 times fewer rows, so every 2.37 ms at least, rounded to 5 ms.
 */
Test(recording_budget, C501_names_the_largest_signal_and_a_step_that_fits)
{
    cal_context *ctx = cali_test_context(1);
    cal_recorder *recorder = create(ctx, 20e9, INT64_C(5000000) * CAL_NS_PER_MS);
    add_signal(recorder, "rate", "region", 76, CAL_NS_PER_MS, false);
    add_signal(recorder, "V_E", "neuron", 1000, CAL_NS_PER_MS / 10, false);
    cr_expect(eq(int, cal_recorder_start(recorder), CAL_ERR_INPUT));
    cr_expect(eq(str, (char *)cal_context_message(ctx),
                 "C501 recording would take 403 GB: V_E 400 GB, rate 3.08 GB. "
                 "Try every: 5 ms or budget: 500 GB."));
    cal_recorder_destroy(&recorder);
    /* and the advice helps */
    cal_context_clear(ctx);
    recorder = create(ctx, 20e9, INT64_C(5000000) * CAL_NS_PER_MS);
    add_signal(recorder, "rate", "region", 76, CAL_NS_PER_MS, false);
    add_signal(recorder, "V_E", "neuron", 1000, 5 * CAL_NS_PER_MS, false);
    cr_expect(eq(int, cal_recorder_start(recorder), CAL_OK));
    cal_recorder_destroy(&recorder);
    cal_context_destroy(&ctx);
}

/* 10,000 neurons at 20 Hz for 1000 s: 200 million spikes of 16 bytes are 3.2 GB; rates of 76
 * regions every 0.1 ms are 10 million rows of 616 bytes, 6.16 GB. Of 7 GB, spikes may have 0.84: 26
 * % of the neurons, rounded to 20 %; rates may have 3.8: 0.162 ms, rounded to 0.2 ms. */
Test(recording_budget, C501_offers_each_way_that_is_enough)
{
    cal_context *ctx = cali_test_context(1);
    cal_recorder *recorder = create(ctx, 7e9, INT64_C(1000000) * CAL_NS_PER_MS);
    const cal_spikes_def spikes = {"CA1 left", "E", 10000, 10000, 20.0};
    add_signal(recorder, "rate", "region", 76, CAL_NS_PER_MS / 10, false);
    cr_assert(eq(int, cal_recorder_add_spikes(recorder, &spikes, NULL), CAL_OK));
    cr_expect(eq(int, cal_recorder_start(recorder), CAL_ERR_INPUT));
    cr_expect(eq(str, (char *)cal_context_message(ctx),
                 "C501 recording would take 9.36 GB: rate 6.16 GB, spikes of CA1 left.E 3.20 GB. "
                 "Try every: 200 us, fraction: 20 %, or budget: 10 GB."));
    cal_recorder_destroy(&recorder);
    cal_context_destroy(&ctx);
}

Test(recording_budget, C501_lists_four_and_counts_the_rest)
{
    cal_context *ctx = cali_test_context(1);
    cal_recorder *recorder = create(ctx, 1e6, INT64_C(1000) * CAL_NS_PER_MS);
    char name[8];
    for (size_t i = 1; i <= 6; i++) {
        snprintf(name, sizeof name, "s%zu", i);
        char axis[8];
        snprintf(axis, sizeof axis, "a%zu", i);
        add_signal(recorder, name, axis, 100 * i - 1, CAL_NS_PER_MS, false);
    }
    cr_expect(eq(int, cal_recorder_start(recorder), CAL_ERR_INPUT));
    cr_expect(eq(str, (char *)cal_context_message(ctx),
                 "C501 recording would take 16.8 MB: s6 4.80 MB, s5 4.00 MB, s4 3.20 MB, "
                 "s3 2.40 MB, 2 more 2.40 MB. Try every: 20 ms or budget: 20 MB."));
    cal_recorder_destroy(&recorder);
    cal_context_destroy(&ctx);
}

static void expect_refused(cal_context *ctx, cal_recorder *recorder, const cal_signal_def *def,
                           const char *message)
{
    cal_context_clear(ctx);
    cr_expect(eq(int, cal_recorder_add_signal(recorder, def, NULL), CAL_ERR_ARGUMENT));
    cr_expect(eq(str, (char *)cal_context_message(ctx), (char *)message));
}

Test(recording_budget, names_that_no_file_could_hold_are_refused)
{
    cal_context *ctx = cali_test_context(1);
    cal_recorder *recorder = create(ctx, 0.0, CAL_NS_PER_MS);
    static const char *const names[] = {"left", "right"}, *const others[] = {"left", "wrong"};
    cal_signal_def def = {.name = "rate",
                          .unit = "Hz",
                          .every = 1,
                          .axis = "region",
                          .n_columns = 2,
                          .labels = names};
    cr_assert(eq(int, cal_recorder_add_signal(recorder, &def, NULL), CAL_OK));
    expect_refused(ctx, recorder, &def, "the name rate is used already");
    def.name = "a/b";
    expect_refused(ctx, recorder, &def,
                   "\"a/b\" is no name of a signal: letters, digits, _ and . are");
    def.name = "spikes";
    expect_refused(ctx, recorder, &def, "the name spikes is used already");
    def.name = "drive";
    def.labels = others;
    expect_refused(ctx, recorder, &def,
                   "signals rate and drive share the axis region but not its labels");
    def.axis = "rate";
    expect_refused(ctx, recorder, &def, "axis rate of signal drive is the name of a signal");
    def.axis = "other";
    def.every = 0;
    expect_refused(ctx, recorder, &def, "signal drive: every must be > 0 and t_first >= 0");
    cal_context_clear(ctx);
    const double x = 1.0;
    const cal_spikes_def spikes = {"a/b", "E", 1, 1, 1.0}, many = {"a", "E", 1, 2, 1.0};
    cr_expect(eq(int, cal_recorder_add_spikes(recorder, &spikes, NULL), CAL_ERR_ARGUMENT));
    cr_expect(eq(int, cal_recorder_add_spikes(recorder, &many, NULL), CAL_ERR_ARGUMENT));
    cr_expect(
        eq(int, cal_recorder_add_matrix(recorder, "rate/x", "1", 1, 1, &x), CAL_ERR_ARGUMENT));
    cr_expect(eq(int, cal_recorder_add_matrix(recorder, "a//x", "1", 1, 1, &x), CAL_ERR_ARGUMENT));
    cr_expect(eq(int, cal_recorder_add_matrix(recorder, "x", "1", 1, 1, &x), CAL_ERR_ARGUMENT));
    cr_expect(eq(int, cal_recorder_add_matrix(recorder, "a/x", "1", 1, 1, &x), CAL_OK));
    cr_expect(eq(int, cal_recorder_add_matrix(recorder, "a/x", "1", 1, 1, &x), CAL_ERR_ARGUMENT));
    cal_recorder_destroy(&recorder);
    cal_context_destroy(&ctx);
}

Test(recording_budget, an_unknown_sink_is_named)
{
    cal_context *ctx = cali_test_context(1);
    cal_recorder_def def = cal_recorder_def_default();
    cal_recorder *recorder = NULL;
    def.sink = "tape";
    cr_expect(eq(int, cal_recorder_create(ctx, &def, &recorder), CAL_ERR_ARGUMENT));
    cr_expect(
        eq(str, (char *)cal_context_message(ctx), "no sink \"tape\"; there are hdf5 and memory"));
    cal_context_destroy(&ctx);
}
