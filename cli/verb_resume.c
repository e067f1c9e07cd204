/* callosum resume: goes on with a run that was stopped, killed or failed. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/output.h"
#include "cli/placement.h"
#include "cli/runner.h"

static const cali_option options[] = {
    {.name = "force", .kind = CALI_OPTION_FLAG,
     .meaning = "goes on although an input file or the version of the program has changed; a note says which"},
    CALI_OPTIONS_PLACEMENT,
    CALI_OPTION_THREADS,
    CALI_OPTION_JSON,
};

static cali_exit tell_complete(const char *directory, bool as_json)
{
    cali_text json = {0};
    if (!as_json) {
        printf("%s is complete: nothing is left to do\n", directory);
        return CALI_EXIT_OK;
    }
    cali_json_open(&json, NULL, "{");
    cali_json_text(&json, "run", directory);
    cali_json_bool(&json, "was_complete", true);
    cali_json_close(&json, "}");
    return cali_print_json(&json);
}

static cali_exit run(cal_context *ctx, const cali_arguments *arguments)
{
    const bool as_json = cali_has(arguments, "json");
    cali_run_result result = {0};
    cali_exit status = CALI_EXIT_OK;
    if (cali_resume(ctx, arguments, &result) != CAL_OK)
        status = cali_fail_run(ctx, &result);
    else if (result.was_complete)
        status = tell_complete(result.directory, as_json);
    else
        status = cali_end_run(ctx, &result, NULL, as_json);
    free(result.directory);
    free(result.workers);
    return status;
}

const cali_verb cali_verb_resume = {
    .name = "resume",
    .words = "RUN",
    .summary = "goes on with a run that was stopped or killed, from its last checkpoint",
    .details = "  The result is what the run would have given without the interruption, bit for bit. The experiment says\n"
               "  `checkpoint: {every: 10 s}`; without a checkpoint the run begins anew. Regions are computed where they were,\n"
               "  unless the options say otherwise: --slot all=inproc brings all into this process.",
    .min_words = 1,
    .max_words = 1,
    CALI_OPTIONS(options),
    .run = run,
};
