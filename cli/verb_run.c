/* callosum run: an experiment into a run folder. */
#include <stdio.h>
#include <stdlib.h>

#include "callosum/report.h"
#include "cli/accuracy.h"
#include "cli/output.h"
#include "cli/placement.h"
#include "cli/runner.h"
#include "cli/sweep.h"
#include "experiment/accuracy.h"

static const cali_option options[] = {
    {.name = "out", .kind = CALI_OPTION_TEXT, .value = "DIR", .meaning = "run folder; default: runs/0001, 0002, ..."},
    {.name = "set", .kind = CALI_OPTION_LIST, .value = "PATH=VALUE",
     .meaning = "overrides the file, for example --set run.duration=\"2 s\"; any number of times"},
    {.name = "mean-field", .kind = CALI_OPTION_FLAG,
     .meaning = "runs the spiking regions as the default neural mass instead"},
    {.name = "save-state", .kind = CALI_OPTION_TEXT, .value = "FILE",
     .meaning = "keeps the state at the end, for `initial: {state: FILE}` of another run"},
    CALI_OPTION_CHECK_STEP,
    {.name = "sweep", .kind = CALI_OPTION_TEXT, .value = "ROWS",
     .meaning = "one run per row of a table, whose columns are paths as for --set, or of a product "
                "\"coupling.gain=0.1,0.2 x run.seed=1..20\""},
    {.name = "table-only", .kind = CALI_OPTION_FLAG, .meaning = "sweep: keeps the figures of each run, not its signals"},
    {.name = "resume", .kind = CALI_OPTION_TEXT, .value = "DIR",
     .meaning = "sweep: goes on with one that was stopped or killed; everything else as it was"},
    CALI_OPTIONS_PLACEMENT,
    CALI_OPTION_THREADS,
    CALI_OPTION_JSON,
};

static cali_exit print_result(cal_context *ctx, const cali_run_result *result, const cal_accuracy *accuracy,
                              bool as_json)
{
    char *summary = NULL;
    if (cal_report_summary(ctx, result->directory, NULL, as_json, &summary) != CAL_OK)
        return cali_fail(ctx, CALI_EXIT_FAILED);
    if (as_json) {
        cali_text json = {0};
        cali_json_open(&json, NULL, "{");
        cali_json_text(&json, "run", result->directory);
        cali_json_number(&json, "simulated_ms", cal_time_ms(result->stopped_at));
        cali_json_bool(&json, "was_interrupted", result->was_interrupted);
        cali_json_number(&json, "wall_s", result->cost.wall_s);
        cali_json_number(&json, "build_s", result->cost.build_s);
        cali_json_number(&json, "returns", (double)result->n_returns);
        cali_json_number(&json, "real_time_factor", result->cost.real_time_factor);
        cali_text_add(&json, ", \"summary\": ");
        cali_text_add(&json, summary);
        if (accuracy != NULL)
            cali_accuracy_write(&json, "accuracy", accuracy);
        cali_json_close(&json, "}");
        free(summary);
        return cali_print_json(&json);
    }
    printf("%s", summary);
    printf("cost        %.3g s for %.3g s (%.3g x real time)", result->cost.wall_s, cal_time_ms(result->stopped_at) / 1e3,
           result->cost.wall_s > 0.0 ? cal_time_ms(result->stopped_at) / 1e3 / result->cost.wall_s : 0.0);
    if (result->share_subs > 0.0)
        printf(": host %.0f %%, spiking regions %.0f %%, exchange %.1f %%", 100.0 * result->share_host,
               100.0 * result->share_subs, 100.0 * result->share_exchange);
    printf("\n%s", result->workers != NULL ? result->workers : "");
    if (result->n_returns > 0)
        printf("returns     %zu to a checkpoint: a model is not deterministic, and the bits are this run's alone (manifest.json)\n",
               result->n_returns);
    if (accuracy != NULL)
        cali_print_accuracy(accuracy);
    printf("written     %s (run.h5, manifest.json, report.html)\n", result->directory);
    free(summary);
    return CALI_EXIT_OK;
}

cali_exit cali_fail_run(cal_context *ctx, const cali_run_result *result)
{
    return cali_fail(ctx, result->was_stopped ? (result->has_checkpoint ? CALI_EXIT_STOPPED : CALI_EXIT_FAILED)
                          : result->has_lost  ? CALI_EXIT_LOST
                          : result->has_begun ? CALI_EXIT_FAILED
                                              : CALI_EXIT_INPUT);
}

cali_exit cali_end_run(cal_context *ctx, const cali_run_result *result, const cal_accuracy *accuracy, bool as_json)
{
    const cali_exit status = print_result(ctx, result, accuracy, as_json);
    if (status != CALI_EXIT_OK || !result->was_interrupted)
        return status;
    if (result->has_checkpoint) {
        fprintf(stderr, "stopped at %g ms with a checkpoint at %g ms. To go on:\n  callosum resume %s\n",
                cal_time_ms(result->stopped_at), cal_time_ms(result->checkpoint_at), result->directory);
        return CALI_EXIT_STOPPED;
    }
    fprintf(stderr, "stopped at %g ms: everything up to there is in %s\n", cal_time_ms(result->stopped_at),
            result->directory);
    return CALI_EXIT_FAILED;
}

static cali_exit run(cal_context *ctx, const cali_arguments *arguments)
{
    size_t n_overrides = 0;
    const char *const *overrides = cali_get_list(arguments, "set", &n_overrides);
    const bool as_json = cali_has(arguments, "json");
    cal_experiment *experiment = NULL;
    if (cali_is_sweep(arguments))
        return cali_run_sweep(ctx, arguments);
    if (cal_experiment_load(ctx, arguments->words[0], overrides, n_overrides, &experiment) != CAL_OK)
        return cali_fail(ctx, CALI_EXIT_INPUT);
    const bool is_mean_field = cali_has(arguments, "mean-field");
    cal_accuracy *accuracy = NULL;
    cali_run_result result = {0};
    cali_exit status = CALI_EXIT_OK;
    cal_status measured = CAL_OK;
    if (cali_has(arguments, "check-step"))
        measured = cal_accuracy_measure(ctx, experiment, is_mean_field, &accuracy);
    if (measured != CAL_OK)
        status = cali_fail(ctx, measured == CAL_ERR_NUMERIC ? CALI_EXIT_FAILED : CALI_EXIT_INPUT);
    cali_placement placement = {0};
    if (status == CALI_EXIT_OK && cali_placement_read(ctx, arguments, NULL, &placement) != CAL_OK)
        status = cali_fail(ctx, CALI_EXIT_INPUT);
    const cali_run_def def = {.directory = cali_get_text(arguments, "out", NULL),
                              .save_state = cali_get_text(arguments, "save-state", NULL),
                              .is_mean_field = is_mean_field, .is_silent = as_json, .accuracy = accuracy,
                              .experiment_path = arguments->words[0], .overrides = overrides, .n_overrides = n_overrides,
                              .workers = &placement.workers,
                              .placement = (const char *const *)placement.options, .n_placement = placement.n_options};
    if (status == CALI_EXIT_OK && cali_run(ctx, experiment, &def, &result) != CAL_OK)
        status = cali_fail_run(ctx, &result);
    else if (status == CALI_EXIT_OK)
        status = cali_end_run(ctx, &result, accuracy, as_json);
    free(result.directory);
    free(result.workers);
    cali_placement_free(&placement);
    cal_accuracy_destroy(&accuracy);
    cal_experiment_destroy(&experiment);
    return status;
}

const cali_verb cali_verb_run = {
    .name = "run",
    .words = "EXPERIMENT.yaml",
    .summary = "simulates an experiment and writes a run folder with run.h5 and report.html",
    .min_words = 1,
    .max_words = 1,
    CALI_OPTIONS(options),
    .run = run,
};
