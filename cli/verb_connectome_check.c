/* callosum connectome check FILE: findings with verdicts, and a page with pictures. */
#include "callosum/report.h"
#include "cli/connectome_source.h"
#include "cli/output.h"

static const cali_option options[] = {
    {.name = "speed", .kind = CALI_OPTION_QUANTITY, .value = "V", .unit = "mm/ms", .low = 1e-3, .high = 1e6,
     .meaning = "conduction speed with unit, for the delays; default \"3 mm/ms\""},
    {.name = "out", .kind = CALI_OPTION_TEXT, .value = "PAGE.html", .meaning = "also writes a page with pictures; replaced if it exists"},
    CALI_SOURCE_OPTIONS,
    CALI_OPTION_JSON,
};

static void print_checks(const cal_connectome_checks *checks)
{
    static const char *const headings[] = {"verdict", "check", "found"};
    cali_table t;
    cali_table_begin(&t, 3, headings);
    for (size_t i = 0; i < cal_connectome_checks_n(checks); i++) {
        const cal_connectome_check_row row = cal_connectome_checks_get(checks, i);
        cali_table_add(&t, "%s", cal_check_verdict_names[row.verdict]);
        cali_table_add(&t, "%s", row.name);
        cali_table_add(&t, "%s", row.found);
    }
    cali_table_print(&t, stdout, 0);
}

static cali_exit print_json(const cal_connectome_checks *checks, const char *page)
{
    cali_text json = {0};
    cali_json_open(&json, NULL, "{");
    cali_json_text(&json, "page", page);
    cali_json_open(&json, "checks", "[");
    for (size_t i = 0; i < cal_connectome_checks_n(checks); i++) {
        const cal_connectome_check_row row = cal_connectome_checks_get(checks, i);
        cali_json_open(&json, NULL, "{");
        cali_json_text(&json, "name", row.name);
        cali_json_text(&json, "verdict", cal_check_verdict_names[row.verdict]);
        cali_json_text(&json, "found", row.found);
        cali_json_close(&json, "}");
    }
    cali_json_close(&json, "]");
    cali_json_close(&json, "}");
    return cali_print_json(&json);
}

static cali_exit run(cal_context *ctx, const cali_arguments *arguments)
{
    const double speed = cali_get_number(arguments, "speed", 3.0);
    const char *page = cali_get_text(arguments, "out", NULL);
    cal_connectome_source source;
    cal_connectome *brain = NULL;
    cal_connectome_checks *checks = NULL;
    cali_exit result = CALI_EXIT_OK;
    if (cali_read_source(ctx, arguments, &source) != CAL_OK || cal_connectome_load(ctx, &source, &brain) != CAL_OK ||
        cal_connectome_check(ctx, brain, speed, &checks) != CAL_OK)
        result = cali_fail(ctx, CALI_EXIT_INPUT);
    else if (page != NULL && cal_report_connectome(ctx, brain, checks, speed, page) != CAL_OK)
        result = cali_fail(ctx, CALI_EXIT_FAILED);
    else if (cali_has(arguments, "json"))
        result = print_json(checks, page);
    else {
        print_checks(checks);
        if (page != NULL)
            printf("written  %s\n", page);
    }
    cal_connectome_checks_destroy(&checks);
    cal_connectome_destroy(&brain);
    return result;
}

extern const cali_verb cali_verb_connectome_check;
const cali_verb cali_verb_connectome_check = {
    .name = "connectome check",
    .words = "FILE",
    .summary = "a list of checks with verdicts, and a page with pictures",
    .details = "good: as it should be. note: worth knowing, and often meant so. doubt: look before you run. FILE is anything that\n"
               "connectome info reads. What is broken (sizes, numbers that are not finite, units) is refused when it is read.",
    .min_words = 1,
    .max_words = 1,
    CALI_OPTIONS(options),
    .run = run,
};
