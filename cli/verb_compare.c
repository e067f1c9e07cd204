/* callosum compare: two runs, or one experiment with its regions as neural masses and as spiking networks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/report.h"
#include "cli/output.h"
#include "cli/runner.h"

static const cali_option options[] = {
    {.name = "region", .kind = CALI_OPTION_TEXT, .value = "NAME", .meaning = "default: the first spiking region"},
    {.name = "signal", .kind = CALI_OPTION_TEXT, .value = "NAME", .meaning = "default: rate"},
    {.name = "set", .kind = CALI_OPTION_LIST, .value = "PATH=VALUE",
     .meaning = "with an experiment: overrides the file, as with run"},
    CALI_OPTION_THREADS,
    CALI_OPTION_JSON,
};

static bool is_experiment(const char *word)
{
    const size_t n = strlen(word);
    return (n > 5 && strcmp(word + n - 5, ".yaml") == 0) || (n > 4 && strcmp(word + n - 4, ".yml") == 0);
}

/* Runs the experiment twice: [0] as mean field, [1] spiking. */
static cali_exit run_both(cal_context *ctx, const cali_arguments *arguments, char *directories[2])
{
    size_t n_overrides = 0;
    const char *const *overrides = cali_get_list(arguments, "set", &n_overrides);
    cal_experiment *experiment = NULL;
    if (cal_experiment_load(ctx, arguments->words[0], overrides, n_overrides, &experiment) != CAL_OK)
        return cali_fail(ctx, CALI_EXIT_INPUT);
    cali_exit status = CALI_EXIT_OK;
    for (int i = 0; i < 2 && status == CALI_EXIT_OK; i++) {
        const cali_run_def def = {.is_mean_field = i == 0, .is_silent = cali_has(arguments, "json"),
                                  .experiment_path = arguments->words[0], .overrides = overrides, .n_overrides = n_overrides};
        cali_run_result result;
        if (cali_run(ctx, experiment, &def, &result) != CAL_OK)
            status = cali_fail(ctx, result.has_begun ? CALI_EXIT_FAILED : CALI_EXIT_INPUT);
        directories[i] = result.directory;
        if (status == CALI_EXIT_OK && result.was_interrupted)
            status = CALI_EXIT_FAILED;
    }
    cal_experiment_destroy(&experiment);
    return status;
}

static cali_exit compare(cal_context *ctx, const cali_arguments *arguments, const char *a, const char *b)
{
    cal_compare_def def = cal_compare_def_default();
    def.run_a = a;
    def.run_b = b;
    def.region = cali_get_text(arguments, "region", NULL);
    def.signal = cali_get_text(arguments, "signal", NULL);
    cal_comparison *comparison = NULL;
    char *text = NULL;
    if (cal_compare(ctx, &def, &comparison) != CAL_OK)
        return cali_fail(ctx, CALI_EXIT_INPUT);
    cali_exit status = CALI_EXIT_OK;
    if (cal_comparison_print(ctx, comparison, cali_has(arguments, "json"), &text) != CAL_OK)
        status = cali_fail(ctx, CALI_EXIT_FAILED);
    else
        printf("%s%s", text, cali_has(arguments, "json") ? "\n" : "");
    free(text);
    cal_comparison_destroy(&comparison);
    return status;
}

static cali_exit run(cal_context *ctx, const cali_arguments *arguments)
{
    if (arguments->n_words == 2)
        return compare(ctx, arguments, arguments->words[0], arguments->words[1]);
    if (!is_experiment(arguments->words[0])) {
        fprintf(stderr, "compare needs two runs, or one experiment (.yaml) to run both ways; got \"%s\".\n",
                arguments->words[0]);
        return CALI_EXIT_INPUT;
    }
    char *directories[2] = {NULL, NULL};
    cali_exit status = run_both(ctx, arguments, directories);
    if (status == CALI_EXIT_OK) {
        if (!cali_has(arguments, "json"))
            printf("\nmean field %s against spiking %s\n", directories[0], directories[1]);
        status = compare(ctx, arguments, directories[0], directories[1]);
    }
    free(directories[0]);
    free(directories[1]);
    return status;
}

const cali_verb cali_verb_compare = {
    .name = "compare",
    .words = "RUN_A RUN_B | EXPERIMENT.yaml",
    .summary = "compares two runs, or a region as mean field and as spiking network: a verdict table",
    .details = "With an experiment, runs it twice: with its spiking regions as the default neural mass, and spiking;\n"
               "then compares the two. Correlations, spectra and means are taken after the transient.",
    .min_words = 1,
    .max_words = 2,
    CALI_OPTIONS(options),
    .run = run,
};
