/* callosum report: writes the page of a run again, and prints its summary. */
#include <stdio.h>
#include <stdlib.h>

#include "callosum/report.h"
#include "cli/output.h"

static const cali_option options[] = {
    {.name = "transient", .kind = CALI_OPTION_QUANTITY, .value = "TIME", .unit = "ms", .low = 0.0, .high = 1e12,
     .meaning = "left out of every statistic; default: the experiment's"},
    CALI_OPTION_JSON,
};

static cali_exit run(cal_context *ctx, const cali_arguments *arguments)
{
    cal_report_def def = cal_report_def_default();
    def.transient_ms = cali_get_number(arguments, "transient", def.transient_ms);
    const char *directory = arguments->words[0];
    const bool as_json = cali_has(arguments, "json");
    char *summary = NULL;
    if (cal_report_write(ctx, directory, &def) != CAL_OK ||
        cal_report_summary(ctx, directory, &def, as_json, &summary) != CAL_OK)
        return cali_fail(ctx, CALI_EXIT_INPUT);
    printf("%s%s", summary, as_json ? "\n" : "");
    if (!as_json)
        printf("written     %s/report.html\n", directory);
    free(summary);
    return CALI_EXIT_OK;
}

const cali_verb cali_verb_report = {
    .name = "report",
    .words = "RUN",
    .summary = "writes RUN/report.html again and prints the summary",
    .min_words = 1,
    .max_words = 1,
    CALI_OPTIONS(options),
    .run = run,
};
