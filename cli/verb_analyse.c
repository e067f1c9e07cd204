/* callosum analyse: what the spikes of a run say, population by population. */
#include <stdio.h>
#include <stdlib.h>

#include "callosum/report.h"
#include "cli/output.h"

static const cali_option options[] = {
    {.name = "transient", .kind = CALI_OPTION_QUANTITY, .value = "TIME", .unit = "ms", .low = 0.0, .high = 1e12,
     .meaning = "left out of every figure; default: the experiment's"},
    {.name = "bin", .kind = CALI_OPTION_QUANTITY, .value = "TIME", .unit = "ms", .low = 0.001, .high = 1e6,
     .meaning = "of the counts for correlations, chi and the population's Fano factor; default: 5 ms"},
    {.name = "window", .kind = CALI_OPTION_QUANTITY, .value = "TIME", .unit = "ms", .low = 0.001, .high = 1e9,
     .meaning = "of the counts for the neurons' Fano factor; default: 100 ms"},
    {.name = "neurons", .kind = CALI_OPTION_COUNT, .value = "N", .low = 2, .high = 10000,
     .meaning = "whose pairs are correlated, drawn from those with two spikes; default: 200"},
    {.name = "csv", .kind = CALI_OPTION_FLAG, .meaning = "print CSV instead of a table"},
    CALI_OPTION_JSON,
};

static cali_exit run(cal_context *ctx, const cali_arguments *arguments)
{
    cal_spike_report_def def = cal_spike_report_def_default();
    def.transient_ms = cali_get_number(arguments, "transient", def.transient_ms);
    def.bin_ms = cali_get_number(arguments, "bin", def.bin_ms);
    def.window_ms = cali_get_number(arguments, "window", def.window_ms);
    def.n_neurons = (size_t)cali_get_number(arguments, "neurons", (double)def.n_neurons);
    const cal_report_form form = cali_has(arguments, "json")  ? CAL_REPORT_JSON
                                 : cali_has(arguments, "csv") ? CAL_REPORT_CSV
                                                              : CAL_REPORT_TEXT;
    char *text = NULL;
    if (cal_report_spikes(ctx, arguments->words[0], &def, form, &text) != CAL_OK)
        return cali_fail(ctx, CALI_EXIT_INPUT);
    printf("%s%s", text, form == CAL_REPORT_JSON ? "\n" : "");
    free(text);
    return CALI_EXIT_OK;
}

const cali_verb cali_verb_analyse = {
    .name = "analyse",
    .words = "RUN",
    .summary = "what the spikes of a run say: rates, CV, correlations, synchrony",
    .details = "One row per population whose spikes were recorded: neurons recorded and active, mean and sd of their rates,\n"
               "CV, CV2 and LV of the intervals between spikes, the Fano factor of neurons and of the population, correlation\n"
               "of spike counts over pairs, synchrony chi, peak of the population's spectrum. docs/analysis.md has the formulas.",
    .min_words = 1,
    .max_words = 1,
    CALI_OPTIONS(options),
    .run = run,
};
