/* `initial.history`: the past from tables and recordings (experiment/parse_initial.c, experiment/past.c). A run that is
 * cut in two and goes on from what was recorded is the run in one piece. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "callosum/experiment.h"
#include "callosum/recording.h"
#include "support/support.h"

/* Three regions, delays of 2, 3 and 4 ms; far from rest, so that a wrong past shows. */
static const struct {
    const char *name, *text;
} files[] = {
    {"weights.csv", "0,1,2\n1,0,1\n2,1,1\n"},
    {"lengths.csv", "0,10,20\n10,0,15\n20,15,0\n"},
    {"labels.csv", "label\nleft\nmiddle\nright\n"},
    {"short.csv", "time (ms),left,middle,right\n-3,0.1,0.1,0.1\n-2,0.1,0.1,0.1\n-1,0.1,0.1,0.1\n0,0.1,0.1,0.1\n"},
    {"back.csv", "time (ms),left,middle,right\n-5,0.1,0.1,0.1\n-6,0.1,0.1,0.1\n0,0.1,0.1,0.1\n"},
    {"bare.csv", "time,left,middle,right\n-5,0.1,0.1,0.1\n0,0.1,0.1,0.1\n"},
    {"other.csv", "time (ms),left,midle,right\n-5,0.1,0.1,0.1\n0,0.1,0.1,0.1\n"},
    {"two.csv", "time (ms),left,right\n-5,0.1,0.1\n0,0.1,0.1\n"},
    {"nan.csv", "time (ms),left,middle,right\n-5,0.1,nan,0.1\n0,0.1,0.1,0.1\n"},
    {"negative.csv", "time (ms),left,middle,right\n-5,0.1,-2,0.1\n0,0.1,0.1,0.1\n"},
    {"metres.csv", "time (ms),left (mm),middle,right\n-5,0.1,0.1,0.1\n0,0.1,0.1,0.1\n"},
    {"clock.csv", "t (ms),left,middle,right\n-5,0.1,0.1,0.1\n0,0.1,0.1,0.1\n"},
    {"empty.csv", "time (ms),left,middle,right\n"},
    {"e.yaml", "callosum: 1\nrun: {duration: 30 ms}\n"
               "connectome: {file: weights.csv, labels: labels.csv, speed: 5 mm/ms, orientation: to-from}\n"
               "coupling: {gain: 0.6}\nmodels: {field: {neural_mass: mpr, initial: {r: 0.1 1/ms, V: -1}}}\n"
               "regions: {default: field, middle: {model: field, initial: {r: 0.3 1/ms}}}\n"
               "integrator: {method: rk4, step: 0.1 ms}\nsync: {window: 10 ms}\n"
               "record: {signals: [{what: r, every: 0.1 ms}, {what: V, every: 0.1 ms}, {what: r, every: 0.5 ms, name: r_coarse},\n"
               "                   {what: V, every: 0.5 ms, name: V_coarse}]}\n"},
};

static cal_context *enter(void)
{
    cal_context *ctx = cali_test_context(1);
    cr_assert(chdir(cali_test_directory()) == 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        cr_assert(cali_file_write(ctx, files[i].name, files[i].text, strlen(files[i].text)) == CAL_OK);
    return ctx;
}

/* Runs e.yaml with one override (NULL: none) for `duration` into `path`. */
static cal_status run(cal_context *ctx, const char *path, const char *duration, const char *set, char **manifest)
{
    const char *sets[] = {duration, set};
    cal_experiment *experiment = NULL;
    cal_session *session = NULL;
    cal_session_def def = cal_session_def_default();
    def.path = path;
    cal_context_clear(ctx);
    cal_status status = cal_experiment_load(ctx, "e.yaml", sets, set == NULL ? 1 : 2, &experiment);
    if (status == CAL_OK)
        status = cal_session_create(ctx, experiment, &def, &session);
    while (status == CAL_OK && !cal_session_is_done(session))
        status = cal_session_advance(session);
    if (status == CAL_OK)
        status = cal_session_finish(session);
    if (status == CAL_OK && manifest != NULL)
        status = cal_session_manifest(session, manifest);
    cal_session_destroy(&session);
    cal_experiment_destroy(&experiment);
    return status;
}

static void run_well(cal_context *ctx, const char *path, const char *duration, const char *set)
{
    cr_assert(run(ctx, path, duration, set, NULL) == CAL_OK, "%s: %s", path, cal_context_message(ctx));
}

enum { N_REGIONS = 3, N_STEPS = 300 };

/* The first `n` rows of the signals r (per ms) and V, from row `first` on. */
static void read_rows(cal_context *ctx, const char *path, size_t first, size_t n, double rows[2][N_STEPS * N_REGIONS])
{
    cal_recording *recording = NULL;
    cr_assert(cal_recording_open(ctx, path, &recording) == CAL_OK, "%s", cal_context_message(ctx));
    for (size_t i = 0; i < cal_recording_n_signals(recording); i++) {
        const char *name = cal_recording_get_signal(recording, i).name;
        if (strlen(name) == 1)
            cr_assert(cal_recording_read(recording, i, first, n, rows[name[0] == 'r' ? 0 : 1]) == CAL_OK);
    }
    cal_recording_close(&recording);
}

/* Largest difference between a run over 30 ms and the 20 ms that follow its first 10 ms. */
static double largest_difference(cal_context *ctx, const char *second)
{
    static double whole[2][N_STEPS * N_REGIONS], part[2][N_STEPS * N_REGIONS];
    read_rows(ctx, "whole.h5", 100, 200, whole);
    read_rows(ctx, second, 0, 200, part);
    double largest = 0.0;
    for (size_t k = 0; k < 2; k++)
        for (size_t j = 0; j < 200 * N_REGIONS; j++)
            largest = fmax(largest, fabs(whole[k][j] - part[k][j]) / (k == 0 ? 1000.0 : 1.0));
    return largest;
}

/* Recorded each step, the past stands on the grid: what is left is the rounding of 1/ms to Hz and back, which the
 * dynamics carry on. Recorded every 0.5 ms the cubic errs by 3/128 h^4 f'''' and less; without a past the run is another
 * one. */
Test(experiment_history, a_run_goes_on_from_its_recording)
{
    cal_context *ctx = enter();
    run_well(ctx, "whole.h5", "run.duration=30 ms", NULL);
    cr_assert(mkdir("first", 0755) == 0);
    run_well(ctx, "first/run.h5", "run.duration=10 ms", NULL);
    run_well(ctx, "fine.h5", "run.duration=20 ms", "initial.history=[{what: r, run: first}, {what: V, run: first/run.h5}]");
    run_well(ctx, "coarse.h5", "run.duration=20 ms",
             "initial.history=[{what: r, run: first, signal: r_coarse}, {what: V, run: first, signal: V_coarse}]");
    run_well(ctx, "half.h5", "run.duration=20 ms", "initial.history={what: r, run: first}");
    run_well(ctx, "none.h5", "run.duration=20 ms", NULL);
    const double fine = largest_difference(ctx, "fine.h5"), coarse = largest_difference(ctx, "coarse.h5");
    cr_log_info("differences: each step %.2g, every 0.5 ms %.2g, r alone %.2g, none %.2g", fine, coarse,
                largest_difference(ctx, "half.h5"), largest_difference(ctx, "none.h5"));
    cr_expect(fine < 1e-12);
    cr_expect(coarse < 1e-6 && coarse > fine);
    cr_expect(largest_difference(ctx, "half.h5") > 1e-2);
    cr_expect(largest_difference(ctx, "none.h5") > 1e-2);
    cal_context_destroy(&ctx);
}

/* A table in another order of the columns, another unit and with times after 0 says the same. */
Test(experiment_history, tables_name_their_regions_and_units)
{
    cal_context *ctx = enter();
    static const char plain[] = "time (ms),left,middle,right\n-5,0.1,0.3,0.2\n-2,0.2,0.3,0.2\n-1,0.3,0.4,0.1\n0,0.1,0.2,0.3\n";
    static const char other[] = "right (Hz),time (s),left (1/ms),middle (Hz)\n200,0.010,0.1,300\n200,0.013,0.2,300\n"
                                "100,0.014,0.3,400\n300,0.015,0.1,200\n";
    static double a[2][N_STEPS * N_REGIONS], b[2][N_STEPS * N_REGIONS];
    char *manifest = NULL;
    cr_assert(cali_file_write(ctx, "plain.csv", plain, strlen(plain)) == CAL_OK);
    cr_assert(cali_file_write(ctx, "other.csv", other, strlen(other)) == CAL_OK);
    run_well(ctx, "a.h5", "run.duration=20 ms", "initial.history={what: r, file: plain.csv, unit: 1/ms}");
    cr_assert(run(ctx, "b.h5", "run.duration=20 ms", "initial.history={what: r, file: other.csv}", &manifest) == CAL_OK, "%s",
              cal_context_message(ctx));
    read_rows(ctx, "a.h5", 0, 200, a);
    read_rows(ctx, "b.h5", 0, 200, b);
    for (size_t j = 0; j < 200 * N_REGIONS; j++)
        cr_assert(epsilon_eq(dbl, a[0][j], b[0][j], 1e-6), "row %zu", j / N_REGIONS); /* Hz; a time of 0.01 s is rounded */
    cr_expect(strstr(manifest, "\"role\": \"history\"") != NULL);
    cr_expect(strstr(manifest, "\"what\": \"r\"") != NULL);
    free(manifest);
    cal_context_destroy(&ctx);
}

Test(experiment_history, wrong_pasts_are_refused)
{
    static const char *const wrong[][2] = {
        {"{what: r, file: short.csv, unit: 1/ms}", "begins at -3 ms, the longest delay reaches back to -4 ms"},
        {"{what: r, file: back.csv, unit: 1/ms}", "back.csv:3:1  C106  the time -6 ms is not after"},
        {"{what: r, file: bare.csv, unit: 1/ms}", "bare.csv:2:1  C102  time needs a unit"},
        {"{what: r, file: other.csv, unit: 1/ms}", "other.csv:1:16  C303  no region is called \"midle\"\n  try  middle"},
        {"{what: r, file: two.csv, unit: 1/ms}", "has no column for the region \"middle\""},
        {"{what: r, file: nan.csv, unit: 1/ms}", "nan.csv:2:8  C301  \"nan\" is no finite number"},
        {"{what: r, file: negative.csv, unit: 1/ms}", "C106  the history of r in middle is -2 at -5 ms"},
        {"{what: r, file: plain.csv}", "C102  left needs a unit"},
        {"{what: r, file: metres.csv, unit: 1/ms}", "metres.csv:2:4  C103  left is"},
        {"{what: r, file: clock.csv, unit: 1/ms}", "C107  no column \"time\" in"},
        {"{what: r, file: empty.csv, unit: 1/ms}", "empty.csv:1:1  C301  no samples"},
        {"{what: r, file: nowhere.csv, unit: 1/ms}", "nowhere.csv"},
        {"{what: r, file: plain.csv, unit: parsec}", "unknown unit \"parsec\""},
        {"{what: q, file: plain.csv}", "no model here has the state or output \"q\""},
        {"{what: r}", "C105  initial.history[0] needs the key \"file\" or \"run\""},
        {"{what: r, file: plain.csv, run: first}", "has both a file and a run"},
        {"{what: r, file: plain.csv, signal: r}", "signal belongs to \"run\""},
        {"{what: r, run: first.h5, unit: Hz}", "unit belongs to \"file\""},
        {"[{what: r, run: first.h5}, {what: r, run: first.h5}]", "the history of r is given twice"},
        {"{what: r, run: first.h5, signal: x}", "  r, V, r_coarse, V_coarse"},
        {"{what: r, run: first.h5, signal: V}", "C103  r is in 1/ms, but the signal \"V\" of first.h5 in 1"},
        {"{what: r, run: nowhere}", "nowhere"},
        {"{what: r, run: brief.h5}", "C106  the history of r begins at -0.9 ms, the longest delay reaches back to -4 ms"},
    };
    cal_context *ctx = enter();
    static const char plain[] = "time (ms),left,middle,right\n-5,0.1,0.3,0.2\n0,0.1,0.2,0.3\n";
    cr_assert(cali_file_write(ctx, "plain.csv", plain, strlen(plain)) == CAL_OK);
    run_well(ctx, "first.h5", "run.duration=10 ms", NULL);
    cr_assert(run(ctx, "brief.h5", "run.duration=1 ms", "sync.window=1 ms", NULL) == CAL_OK);
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        char set[200];
        snprintf(set, sizeof set, "initial.history=%s", wrong[k][0]);
        const cal_status status = run(ctx, "never.h5", "run.duration=10 ms", set, NULL);
        cr_expect(status == CAL_ERR_INPUT || status == CAL_ERR_IO, "%s", wrong[k][0]);
        cr_expect(strstr(cal_context_message(ctx), wrong[k][1]) != NULL, "%s: %s", wrong[k][0], cal_context_message(ctx));
    }
    cr_expect(run(ctx, "never.h5", "run.duration=10 ms", "initial={state: x, history: {what: r, run: first.h5}}", NULL) ==
              CAL_ERR_INPUT);
    cr_expect(strstr(cal_context_message(ctx), "initial.history stands beside initial.state") != NULL);
    cal_context_destroy(&ctx);
}
