/* A run that was interrupted and goes on from its checkpoint leaves the file of one that was not, byte for byte: every
 * kind of run, and examples, wherever they are cut, with any number of threads on each side, also several times in a row. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "callosum/experiment.h"
#include "support/checkpoint_runs.h"
#include "support/support.h"

#define MUST(ctx, call) cr_assert(CAL_OK == (call), "%s", cal_context_message(ctx))

static char folder[1024];

static void begin(void)
{
    cal_context *ctx = cali_test_context(1);
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    cr_assert(chdir(folder) == 0);
    MUST(ctx, cali_file_write(ctx, "eeg.csv", checkpoint_lead_field, strlen(checkpoint_lead_field)));
    cal_context_destroy(&ctx);
}

/* A session of the experiment that records into `path`. */
typedef struct running {
    cal_context *ctx;
    cal_experiment *experiment;
    cal_session *session;
} running;

enum { MOST_OVERRIDES = 4 };

/* What is run: a text of the table, or a file with overrides. */
typedef struct subject {
    const char *name, *text;
    const char *path; /* of an example */
    const char *overrides[MOST_OVERRIDES];
    size_t n_overrides;
} subject;

static running start(const subject *which, unsigned n_threads, const char *path)
{
    running r = {.ctx = cali_test_context(n_threads)};
    if (which->text != NULL)
        MUST(r.ctx, cali_file_write(r.ctx, "e.yaml", which->text, strlen(which->text)));
    MUST(r.ctx, cal_experiment_load(r.ctx, which->text != NULL ? "e.yaml" : which->path, which->overrides,
                                    which->n_overrides, &r.experiment));
    cal_session_def def = cal_session_def_default();
    def.path = path;
    MUST(r.ctx, cal_session_create(r.ctx, r.experiment, &def, &r.session));
    return r;
}

static void end(running *r)
{
    cal_session_destroy(&r->session);
    cal_experiment_destroy(&r->experiment);
    cal_context_destroy(&r->ctx);
}

/* Advances `n_windows` (0: to the end), with checkpoints where they are due. */
static void advance(running *r, size_t n_windows, bool keeps_checkpoints)
{
    for (size_t k = 0; !cal_session_is_done(r->session) && (n_windows == 0 || k < n_windows); k++) {
        bool is_written = false;
        MUST(r->ctx, cal_session_advance(r->session));
        if (keeps_checkpoints && cal_session_is_checkpoint_due(r->session)) {
            MUST(r->ctx, cal_session_write_checkpoint(r->session, "checkpoints", &is_written));
            cr_assert(is_written, "%s", cali_test_last_note());
        }
    }
}

static void run_whole(const subject *which, const char *path)
{
    running r = start(which, 2, path);
    advance(&r, 0, false);
    MUST(r.ctx, cal_session_finish(r.session));
    end(&r);
}

/* Runs from the newest checkpoint, or from the begin, for so many windows. */
static void go_on(const subject *which, unsigned n_threads, size_t n_windows)
{
    char **paths = NULL, *bytes = NULL;
    size_t n = 0, size = 0;
    cal_time time = 0;
    cal_recording *former = NULL;
    cal_context *ctx = cali_test_context(1);
    MUST(ctx, cal_recording_open(ctx, "run.h5", &former)); /* while no recorder writes, as `resume` does */
    running r = start(which, n_threads, "run.h5.part");
    MUST(r.ctx, cal_checkpoints_list(r.ctx, "checkpoints", &n, &paths));
    cr_assert(n > 0 && n <= 2, "%zu checkpoints", n);
    MUST(r.ctx, cal_checkpoint_load(r.ctx, paths[0], &bytes, &size, &time));
    MUST(r.ctx, cal_session_continue(r.session, bytes, size, former));
    cr_expect(cal_session_time(r.session) == time && time > 0);
    cal_recording_close(&former);
    cal_context_destroy(&ctx);
    MUST(r.ctx, cal_session_move(r.session, "run.h5"));
    advance(&r, n_windows, true);
    if (cal_session_is_done(r.session))
        MUST(r.ctx, cal_session_finish(r.session));
    end(&r);
    for (size_t i = 0; i < n; i++)
        free(paths[i]);
    free(paths);
    free(bytes);
}

static void expect_same(const char *a, const char *b, const char *name)
{
    cal_context *ctx = cali_test_context(1);
    char *x = NULL, *y = NULL;
    size_t n = 0, m = 0;
    MUST(ctx, cali_file_read(ctx, a, 1 << 28, &x, &n));
    MUST(ctx, cali_file_read(ctx, b, 1 << 28, &y, &m));
    cr_expect(m == n && memcmp(x, y, n) == 0, "%s: %s and %s differ (%zu and %zu bytes)", name, a, b, n, m);
    free(x);
    free(y);
    cal_context_destroy(&ctx);
}

static size_t n_windows(const subject *which)
{
    running r = start(which, 1, "plan.h5");
    const size_t n = (size_t)(cal_experiment_duration(r.experiment) / cal_session_plan(r.session).window);
    end(&r);
    remove("plan.h5");
    return n;
}

/* Cut after a quarter, again after half, and in the window before the end; 1, 2 and 3 threads. Rows that a part recorded
 * behind its last checkpoint are computed once more. */
static void cut_and_compare(const subject *which)
{
    begin();
    run_whole(which, "whole.h5");
    const size_t n = n_windows(which);
    running r = start(which, 1, "run.h5");
    advance(&r, n / 4 + 1, true);
    end(&r); /* without a finish: as far as the recorder's thread came */
    go_on(which, 3, n / 4 + 1);
    go_on(which, 2, n - n / 4);
    go_on(which, 1, 0);
    expect_same("whole.h5", "run.h5", which->name);
}

ParameterizedTestParameters(experiment_checkpoints, an_interrupted_run_leaves_the_bytes_of_one_that_was_not)
{
    static int i[N_CHECKPOINT_RUNS];
    for (int k = 0; k < N_CHECKPOINT_RUNS; k++)
        i[k] = k;
    return cr_make_param_array(int, i, N_CHECKPOINT_RUNS);
}

ParameterizedTest(int *i, experiment_checkpoints, an_interrupted_run_leaves_the_bytes_of_one_that_was_not)
{
    cut_and_compare(&(subject){.name = checkpoint_runs[*i].name, .text = checkpoint_runs[*i].text});
}

/* The examples that are small enough, for a few windows. */
static const subject examples[] = {
    {.name = "mean-field", .overrides = {"run.duration=200 ms"}},
    {.name = "alpha-rhythm", .overrides = {"run.duration=200 ms"}},
    {.name = "resting-state", .overrides = {"run.duration=4 s"}},
    {.name = "own-model", .overrides = {"run.duration=200 ms"}},
    {.name = "own-neuron", .overrides = {"run.duration=200 ms"}},
    {.name = "one-spiking-region", .overrides = {"run.duration=100 ms"}},
    {.name = "balanced-region", .overrides = {"run.duration=100 ms"}},
    {.name = "coba", .overrides = {"run.duration=100 ms"}},
    {.name = "hodgkin-huxley", .overrides = {"run.duration=100 ms"}},
    {.name = "gap-junctions", .overrides = {"run.duration=100 ms"}},
    {.name = "izhikevich-2003", .overrides = {"run.duration=100 ms"}},
    {.name = "stdp-network", .overrides = {"run.duration=100 ms"}},
};
enum { N_EXAMPLES = sizeof examples / sizeof *examples };

ParameterizedTestParameters(experiment_checkpoints, examples_too)
{
    static int i[N_EXAMPLES];
    for (int k = 0; k < N_EXAMPLES; k++)
        i[k] = k;
    return cr_make_param_array(int, i, N_EXAMPLES);
}

ParameterizedTest(int *i, experiment_checkpoints, examples_too)
{
    char path[1200], every[64];
    subject which = examples[*i];
    double duration = 0.0;
    sscanf(which.overrides[0], "run.duration=%lf", &duration);
    snprintf(path, sizeof path, "%s/examples/%s/experiment.yaml", CALLOSUM_SOURCE_DIR, which.name);
    snprintf(every, sizeof every, "checkpoint={every: %g %s}", duration / 9.0, strrchr(which.overrides[0], ' '));
    which.path = path;
    which.overrides[1] = "run.transient=0 s";
    which.overrides[2] = every;
    which.n_overrides = 3;
    cut_and_compare(&which);
}

/* Stopped by a signal: a checkpoint at any window, and a file that was finished there. */
Test(experiment_checkpoints, a_run_that_was_stopped_anywhere_goes_on)
{
    static const int kinds[] = {1, 7, 9};
    begin();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const subject which = {.name = checkpoint_runs[kinds[i]].name, .text = checkpoint_runs[kinds[i]].text};
        char whole[32];
        snprintf(whole, sizeof whole, "whole_%zu.h5", i);
        run_whole(&which, whole);
        const size_t n = n_windows(&which);
        for (size_t cut = 1; cut < n; cut += 1 + n / 5) {
            bool is_written = false;
            remove("run.h5");
            running r = start(&which, 1, "run.h5");
            cal_checkpoints_remove(r.ctx, "checkpoints", -1);
            advance(&r, cut, false);
            cr_assert(cal_session_can_checkpoint(r.session));
            MUST(r.ctx, cal_session_write_checkpoint(r.session, "checkpoints", &is_written));
            MUST(r.ctx, cal_session_finish(r.session));
            end(&r);
            go_on(&which, 2, 0);
            expect_same(whole, "run.h5", which.name);
            remove("run.h5");
        }
    }
}
