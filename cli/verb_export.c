/* callosum export RUN: spikes and states of neurons in SONATA's layout. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "callosum/experiment.h"
#include "cli/output.h"

static const cali_option options[] = {
    {.name = "out", .kind = CALI_OPTION_TEXT, .value = "DIR", .meaning = "folder of the files; default: RUN/sonata"},
    CALI_OPTION_JSON,
};

static void print_json(const char *folder, size_t n_spikes, size_t n_reports)
{
    cali_text json = {0};
    cali_json_open(&json, NULL, "{");
    cali_json_text(&json, "written", folder);
    cali_json_number(&json, "spikes", (double)n_spikes);
    cali_json_number(&json, "reports", (double)n_reports);
    cali_json_close(&json, "}");
    cali_print_json(&json);
}

static cali_exit run(cal_context *ctx, const cali_arguments *arguments)
{
    char *recording = NULL, *own = NULL;
    size_t n_spikes = 0, n_reports = 0;
    cali_exit result = CALI_EXIT_OK;
    const char *folder = cali_get_text(arguments, "out", NULL);
    cal_status status = cali_path_join(ctx, arguments->words[0], "run.h5", &recording);
    if (status == CAL_OK && folder == NULL)
        status = cali_path_join(ctx, arguments->words[0], "sonata", &own);
    folder = folder == NULL ? own : folder;
    if (status == CAL_OK)
        status = cal_recording_export_sonata(ctx, recording, folder, &n_spikes, &n_reports);
    if (status != CAL_OK)
        result = cali_fail(ctx, CALI_EXIT_INPUT);
    else if (cali_has(arguments, "json"))
        print_json(folder, n_spikes, n_reports);
    else
        printf("written     %s (%zu spikes in spikes.h5, %zu reports)\n", folder, n_spikes, n_reports);
    free(recording);
    free(own);
    return result;
}

extern const cali_verb cali_verb_export;
const cali_verb cali_verb_export = {
    .name = "export",
    .words = "RUN",
    .summary = "writes the spikes and states of neurons of a run in the layout of SONATA",
    .details = "spikes.h5 holds a group for each population, NAME_report.h5 a state of single neurons (docs/sonata.md).",
    .min_words = 1,
    .max_words = 1,
    CALI_OPTIONS(options),
    .run = run,
};
