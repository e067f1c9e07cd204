/* Messages that only the connectome can raise, word by word, and what a session leaves: experiment/plan.c,
 * experiment/session.c. The experiments are variations of one that is right. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "callosum/experiment.h"
#include "support/support.h"

static const char *const good =
    "callosum: 1\n"
    "run: {duration: 20 ms}\n"
    "connectome: {file: weights.csv, speed: 2 mm/ms}\n"
    "coupling: {a: 10 ms}\n"
    "integrator: {method: rk4, step: 0.1 ms}\n"
    "models:\n"
    "  field: {neural_mass: mpr, parameters: {tau: 10 ms}}\n"
    "regions:\n"
    "  default: field\n"
    "  \"b left\":\n"
    "    spiking:\n"
    "      step: 0.1 ms\n"
    "      populations: {Q: {neuron: qif, count: 10}}\n"
    "      receives: [{by: current, into: Q}]\n"
    "      gives: [{by: rate, from: Q}]\n"
    "record: {signals: [{what: rate}]}\n";

static const char *const weights = "0,1,0\n1,0,2\n0,2,0\n", *const lengths = "0,4,0\n4,0,9\n0,9,0\n";
static const char *const labels = "label,x,y,z\na left,1,0,0\nb left,2,0,0\nc left,3,0,0\n";

static void write_in(cal_context *ctx, const char *directory, const char *name, const char *text)
{
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    cr_assert(cali_file_write(ctx, path, text, strlen(text)) == CAL_OK);
}

/* Loads and plans the experiment with overrides in a folder of its own, and gives the message. */
static const char *message_of(const char *text, const char *w, const char *l, const char *const *set, size_t n_set)
{
    static char message[4096];
    cal_context *ctx = cali_test_context(1);
    const char *directory = cali_test_directory();
    write_in(ctx, directory, "weights.csv", w);
    write_in(ctx, directory, "lengths.csv", l);
    write_in(ctx, directory, "weights_labels.csv", labels);
    write_in(ctx, directory, "e.yaml", text);
    cr_assert(chdir(directory) == 0);
    const char *all[8] = {"connectome.labels=weights_labels.csv"};
    for (size_t i = 0; i < n_set; i++)
        all[i + 1] = set[i];
    cal_experiment *experiment = NULL;
    cal_session *session = NULL;
    cal_session_def def = cal_session_def_default();
    def.is_check = true;
    cal_status status = cal_experiment_load(ctx, "e.yaml", all, n_set + 1, &experiment);
    if (status == CAL_OK)
        status = cal_session_create(ctx, experiment, &def, &session);
    snprintf(message, sizeof message, "%s", cal_context_message(ctx));
    cr_expect(eq(int, status == CAL_OK, message[0] == 0));
    cal_session_destroy(&session);
    cal_experiment_destroy(&experiment);
    cal_context_destroy(&ctx);
    return message;
}

static void expect_message(const char *const *set, size_t n_set, const char *text)
{
    cr_expect(eq(str, (char *)message_of(good, weights, lengths, set, n_set), (char *)text));
}

Test(experiment_session, the_right_experiment_raises_nothing)
{
    expect_message(NULL, 0, "");
}

Test(experiment_session, a_window_above_the_smallest_delay_names_the_edge_and_the_longest_legal_one)
{
    const char *set[] = {"sync.window=4 ms"};
    expect_message(set, 1,
                   "--set sync.window=4 ms  C201  window 4 ms is longer than the smallest delay 2 ms (b left -> a left, "
                   "4 mm at 2 mm/ms).\n"
                   "  try      2 ms, the longest legal window here");
}

Test(experiment_session, lag_two_halves_the_longest_window)
{
    const char *set[] = {"sync.window=2 ms", "sync.lag=2"};
    expect_message(set, 2,
                   "--set sync.window=2 ms  C201  window 2 ms times the lag 2 is longer than the smallest delay 2 ms (b "
                   "left -> a left, 4 mm at 2 mm/ms).\n"
                   "  try      1 ms, the longest legal window here");
}

Test(experiment_session, a_step_that_does_not_divide_the_window_gets_two_that_do)
{
    const char *set[] = {"sync.window=1 ms", "regions.\"b left\".spiking.step=0.3 ms"};
    expect_message(set, 2,
                   "--set regions.\"b left\".spiking.step=0.3 ms  C202  step 0.3 ms does not divide the window 1 ms\n"
                   "  try      0.25 ms, 0.2 ms");
}

Test(experiment_session, a_window_that_does_not_divide_the_run_is_refused)
{
    const char *set[] = {"sync.window=1.5 ms"};
    expect_message(set, 1,
                   "--set sync.window=1.5 ms  C204  run.duration 20 ms is no whole number of windows of 1.5 ms.\n"
                   "  try      sync.window: auto");
}

/* Without networks the window follows the step, so it is the step that has to change. */
Test(experiment_session, a_step_that_does_not_divide_the_run_gets_two_that_do)
{
    const char *set[] = {"regions.\"b left\"=field", "integrator.step=0.3 ms"};
    expect_message(set, 2,
                   "e.yaml  C204  run.duration 20 ms is no whole number of steps of 0.3 ms\n"
                   "  try      integrator.step: 0.25 ms, 0.2 ms");
}

Test(experiment_session, a_term_into_inputs_of_two_units_is_shown_in_the_file)
{
    const char *set[] = {"models.column.neural_mass=jr", "regions.\"b left\"=column", "coupling.from=rate"};
    expect_message(set, 3,
                   "e.yaml:4:11  C103  a coupling term acts in one unit, but c_r of montbrio-pazo-roxin is in 1 and c of "
                   "jansen-rit in 1/ms\n"
                   "    4 | coupling: {a: 10 ms}\n"
                   "      |           ^\n"
                   "  try      one term for each, with to");
}

Test(experiment_session, an_unknown_region_gets_the_nearest_labels)
{
    char text[2048];
    snprintf(text, sizeof text, "%s", good);
    memcpy(strstr(text, "b left"), "b lwft", 6);
    cr_expect(eq(str, (char *)message_of(text, weights, lengths, NULL, 0),
                 "e.yaml:10:3  C303  no region \"b lwft\".\n"
                 "   10 |   \"b lwft\":\n"
                 "      |   ^\n"
                 "  try      \"b left\", \"a left\", \"c left\""));
    memcpy(strstr(text, "b lwft"), "#3    ", 6);
    cr_expect(eq(str, (char *)message_of(text, weights, lengths, NULL, 0),
                 "e.yaml:10:3  C303  no region number #3.\n"
                 "   10 |   \"#3    \":\n"
                 "      |   ^\n"
                 "  known    #0 to #2"));
}

Test(experiment_session, a_broken_pair_of_matrices_is_named_with_both_shapes)
{
    cr_expect(eq(str, (char *)message_of(good, weights, "0,1\n1,0\n", NULL, 0),
                 "weights.csv C301 weights is 3 x 3 but lengths is 2 x 2."));
    cr_expect(eq(str, (char *)message_of(good, "0,1,0\n1,0,nan\n0,2,0\n", lengths, NULL, 0),
                 "weights.csv:2:5 C301 weights: 1 entry is not finite, at [1][2]."));
}

Test(experiment_session, lengths_in_metres_are_noticed)
{
    cr_expect(eq(str, (char *)message_of(good, weights, "0,0.04,0\n0.04,0,0.09\n0,0.09,0\n", NULL, 0),
                 "weights.csv C302 lengths go up to 0.09. With length_unit mm all delays are below 0.03 ms at 3 mm/ms; did "
                 "you mean m?"));
}

Test(experiment_session, open_orientation_is_asked_for)
{
    cr_expect(eq(str, (char *)message_of(good, "0,1,0\n1.5,0,2\n0,2,0\n", lengths, NULL, 0),
                 "weights.csv C304 weights are not symmetric (max difference 0.5) and orientation is not given. Try to-from "
                 "or from-to."));
}

Test(experiment_session, a_delay_of_zero_at_the_border_says_what_to_do)
{
    cr_expect(eq(str, (char *)message_of(good, weights, "0,0,0\n0,0,9\n0,9,0\n", NULL, 0),
                 "e.yaml:10:3  C203  \"b left\" is connected to \"a left\" with delay 0, so no window exists.\n"
                 "   10 |   \"b left\":\n"
                 "      |   ^\n"
                 "  try      a length for it, or coupling.min_delay"));
    cr_expect(eq(str, (char *)message_of(good, "0,1,0\n1,1,2\n0,2,0\n", lengths, NULL, 0),
                 "e.yaml:10:3  C203  \"b left\" is connected to \"b left\" with delay 0, so no window exists.\n"
                 "   10 |   \"b left\":\n"
                 "      |   ^\n"
                 "  try      a length for it, or coupling.min_delay, or connectome.self_connections: drop"));
}

/* 10^6 rows of three regions and the time are 32 MB; constants: two (3 x 3) and one (3 x 3) of doubles, 18 letters. */
Test(experiment_session, a_recording_above_its_budget_is_refused_before_the_run)
{
    const char *set[] = {"run.duration=1000 s", "record.budget=10 MB"};
    expect_message(set, 2,
                   "--set record.budget=10 MB  C501  recording would take 32.0 MB: rate 32.0 MB, constants 234 B. Try "
                   "every: 5 ms or budget: 40 MB.");
}

/* J = 900 makes the membrane of a mass at rest run away within a few steps of 1 ms. The message names region, state and
 * time, and the states before the window stand in crash.h5, all finite. */
Test(experiment_session, a_run_that_blows_up_names_the_region_and_keeps_the_last_finite_state)
{
    cal_context *ctx = cali_test_context(2);
    const char *directory = cali_test_directory();
    write_in(ctx, directory, "weights.csv", weights);
    write_in(ctx, directory, "lengths.csv", lengths);
    write_in(ctx, directory, "e.yaml", good);
    cr_assert(chdir(directory) == 0);
    const char *const only_default[] = {"regions={default: field}", "models.field.parameters.J=900", "integrator.step=1 ms"};
    cal_experiment *experiment = NULL;
    cal_session *session = NULL;
    cr_assert(cal_experiment_load(ctx, "e.yaml", only_default, 3, &experiment) == CAL_OK, "%s",
              cal_context_message(ctx));
    cal_session_def def = cal_session_def_default();
    def.path = "run.h5";
    cr_assert(cal_session_create(ctx, experiment, &def, &session) == CAL_OK, "%s", cal_context_message(ctx));
    cal_status status = CAL_OK;
    while (status == CAL_OK && !cal_session_is_done(session))
        status = cal_session_advance(session);
    cr_expect(eq(int, status, CAL_ERR_NUMERIC));
    cr_expect(strncmp(cal_context_message(ctx), "E302 region_000: ", 17) == 0, "%s", cal_context_message(ctx));
    cr_expect(strstr(cal_context_message(ctx), "is not finite at ") != NULL);
    cal_context_clear(ctx);
    cr_assert(cal_session_save_crash(session, "crash.h5") == CAL_OK, "%s", cal_context_message(ctx));
    cal_recording *crash = NULL;
    cr_assert(cal_recording_open(ctx, "crash.h5", &crash) == CAL_OK, "%s", cal_context_message(ctx));
    size_t n_rows = 0, n_columns = 0;
    double *values = NULL;
    cr_assert(cal_recording_read_matrix(crash, "last_finite_state/field/values", &n_rows, &n_columns, &values) ==
              CAL_OK);
    cr_assert(eq(sz, n_rows, 2));
    cr_assert(eq(sz, n_columns, 3));
    for (size_t i = 0; i < 6; i++)
        cr_expect(values[i] - values[i] == 0.0);
    free(values);
    cal_recording_close(&crash);
    cal_session_destroy(&session);
    cal_experiment_destroy(&experiment);
    cal_context_destroy(&ctx);
}
