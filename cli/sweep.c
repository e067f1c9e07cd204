#include "cli/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "callosum/experiment.h"
#include "cli/output.h"
#include "cli/runner.h"

#define REDRAW_S 0.1
#define LOG_S 10.0

bool cali_is_sweep(const cali_arguments *arguments)
{
    return cali_has(arguments, "sweep") || cali_has(arguments, "resume") || cali_has(arguments, "table-only");
}

/* ---- progress ------------------------------------------------------------------------------------------- */

typedef struct progress {
    bool is_terminal, is_silent;
    double last_s;
} progress;

static void show(void *user, const cal_sweep_state *s)
{
    progress *p = user;
    const double now = cali_wall_s();
    const bool is_end = s->n_done == s->n_runs;
    if (p->is_silent || (!is_end && now - p->last_s < (p->is_terminal ? REDRAW_S : LOG_S)))
        return;
    p->last_s = now;
    const double rate = s->wall_s > 0.0 ? (double)(s->n_done - s->n_before) / s->wall_s : 0.0;
    fprintf(stderr, "%s%zu of %zu runs   %.3g runs/s   left %.0f s", p->is_terminal ? "\r\033[K" : "", s->n_done,
            s->n_runs, rate, rate > 0.0 ? (double)(s->n_runs - s->n_done) / rate : 0.0);
    if (s->n_failed > 0)
        fprintf(stderr, "   %zu failed", s->n_failed);
    fprintf(stderr, "%s", p->is_terminal && !is_end ? "" : "\n");
    fflush(stderr);
}

static bool is_stopped(void *user)
{
    (void)user;
    return cali_is_stop_asked();
}

/* ---- the folder ------------------------------------------------------------------------------------------- */

static bool has_file(cal_context *ctx, const char *directory, const char *name)
{
    struct stat info;
    char *path = NULL;
    const bool is_there = cali_path_join(ctx, directory, name, &path) == CAL_OK && stat(path, &info) == 0;
    free(path);
    return is_there;
}

static cal_status find_folder(cal_context *ctx, const cali_arguments *arguments, char **directory, bool *is_complete)
{
    const char *resumed = cali_get_text(arguments, "resume", NULL);
    *is_complete = false;
    if (resumed == NULL)
        return cali_make_run_folder(ctx, cali_get_text(arguments, "out", NULL), directory);
    if (cali_has(arguments, "out"))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum run: --resume goes on in its own folder. Leave --out away.");
    *is_complete = !has_file(ctx, resumed, "sweep.part") && has_file(ctx, resumed, "manifest.json") &&
                   has_file(ctx, resumed, "table.csv");
    if (!*is_complete && !has_file(ctx, resumed, "sweep.part"))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s holds no sweep. Leave --resume away to begin one, with --out %s if it shall "
                        "be there.", resumed, resumed);
    return cali_copy_text(ctx, resumed, directory);
}

/* ---- results ----------------------------------------------------------------------------------------------- */

static cali_exit print_json(const char *directory, const cal_sweep_state *s)
{
    cali_text json = {0};
    cali_json_open(&json, NULL, "{");
    cali_json_text(&json, "sweep", directory);
    cali_json_number(&json, "runs", (double)s->n_runs);
    cali_json_number(&json, "done", (double)s->n_done);
    cali_json_number(&json, "failed", (double)s->n_failed);
    cali_json_bool(&json, "is_complete", s->is_complete);
    cali_json_number(&json, "wall_s", s->wall_s);
    cali_json_number(&json, "work_s", s->work_s);
    cali_json_close(&json, "}");
    return cali_print_json(&json);
}

static cali_exit report(const cali_arguments *arguments, const char *directory, const cal_sweep_state *s)
{
    cali_exit status = CALI_EXIT_OK;
    if (cali_has(arguments, "json"))
        status = print_json(directory, s);
    else if (s->is_complete)
        printf("cost        %.2f s for %zu runs: %.1f ms of one thread each\n"
               "written     %s (table.csv, %smanifest.json)\n",
               s->wall_s, s->n_runs - s->n_before, s->n_done > 0 ? 1e3 * s->work_s / (double)s->n_done : 0.0, directory,
               cali_has(arguments, "table-only") ? "" : "sweep.h5, ");
    if (!s->is_complete)
        fprintf(stderr, "stopped after %zu of %zu runs: the same command with --resume %s in the place of --out goes on\n",
                s->n_done, s->n_runs, directory);
    else if (s->n_failed > 0)
        fprintf(stderr, "%zu of %zu runs failed: the column message of %s/table.csv says why\n", s->n_failed, s->n_runs,
                directory);
    return !s->is_complete || s->n_failed > 0 ? CALI_EXIT_FAILED : status;
}

static cali_exit run_in(cal_context *ctx, const cali_arguments *arguments, cal_sweep *sweep)
{
    char *directory = NULL;
    bool is_complete;
    cal_sweep_state state = {0};
    if (find_folder(ctx, arguments, &directory, &is_complete) != CAL_OK)
        return cali_fail(ctx, CALI_EXIT_INPUT);
    if (is_complete) {
        fprintf(stderr, "%s is complete: nothing is left to do\n", directory);
        free(directory);
        return CALI_EXIT_OK;
    }
    progress p = {.is_terminal = isatty(STDERR_FILENO) == 1, .is_silent = cali_has(arguments, "json"), .last_s = cali_wall_s()};
    const cal_sweep_watch watch = {.show = show, .is_stopped = is_stopped, .user = &p};
    if (!p.is_silent) {
        printf("sweep       %zu runs on %u threads, into %s\n", cal_sweep_n_runs(sweep), cal_context_n_threads(ctx), directory);
        if (cal_sweep_bytes(sweep) > 0.0)
            printf("recording   %.3g MB before compression\n", cal_sweep_bytes(sweep) / 1e6);
        fflush(stdout);
    }
    cali_catch_stop();
    const cal_status status = cal_sweep_run(sweep, directory, &watch, &state);
    cali_release_stop();
    const cali_exit exit_status = status == CAL_OK ? report(arguments, directory, &state)
                                                   : cali_fail(ctx, status == CAL_ERR_INPUT ? CALI_EXIT_INPUT : CALI_EXIT_FAILED);
    free(directory);
    return exit_status;
}

cali_exit cali_run_sweep(cal_context *ctx, const cali_arguments *arguments)
{
    const char *rows = cali_get_text(arguments, "sweep", NULL);
    if (rows == NULL) {
        CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum run: --%s belongs to a sweep: --sweep table.csv says which runs.",
                 cali_has(arguments, "resume") ? "resume" : "table-only");
        return cali_fail(ctx, CALI_EXIT_INPUT);
    }
    if (cali_has(arguments, "save-state") || cali_has(arguments, "check-step")) {
        CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum run: --%s belongs to a single run: leave it or --sweep away.",
                 cali_has(arguments, "save-state") ? "save-state" : "check-step");
        return cali_fail(ctx, CALI_EXIT_INPUT);
    }
    cal_sweep_def def = {.experiment = arguments->words[0], .rows = rows, .is_mean_field = cali_has(arguments, "mean-field"),
                         .is_table_only = cali_has(arguments, "table-only")};
    def.overrides = cali_get_list(arguments, "set", &def.n_overrides);
    cal_sweep *sweep = NULL;
    if (cal_sweep_create(ctx, &def, &sweep) != CAL_OK)
        return cali_fail(ctx, CALI_EXIT_INPUT);
    const cali_exit status = run_in(ctx, arguments, sweep);
    cal_sweep_destroy(&sweep);
    return status;
}
