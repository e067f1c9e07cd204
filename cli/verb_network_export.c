/* callosum network export EXPERIMENT: the built network as a SONATA circuit. */
#include <stdio.h>

#include "callosum/experiment.h"
#include "cli/output.h"

static const cali_option options[] = {
    {.name = "out", .kind = CALI_OPTION_TEXT, .value = "DIR", .meaning = "folder of the circuit; default: circuit"},
    {.name = "set", .kind = CALI_OPTION_LIST, .value = "PATH=VALUE", .meaning = "overrides the file, as with run"},
    {.name = "force", .kind = CALI_OPTION_FLAG, .meaning = "replaces the files of a circuit that is there already"},
    CALI_OPTION_JSON,
};

static cali_exit run(cal_context *ctx, const cali_arguments *arguments)
{
    size_t n_overrides = 0;
    const char *const *overrides = cali_get_list(arguments, "set", &n_overrides);
    const char *folder = cali_get_text(arguments, "out", "circuit");
    cal_experiment *experiment = NULL;
    cali_exit result = CALI_EXIT_OK;
    if (cal_experiment_load(ctx, arguments->words[0], overrides, n_overrides, &experiment) != CAL_OK ||
        cal_experiment_export_sonata(ctx, experiment, folder, cali_has(arguments, "force")) != CAL_OK) {
        result = cali_fail(ctx, CALI_EXIT_INPUT);
    } else if (cali_has(arguments, "json")) {
        cali_text json = {0};
        cali_json_open(&json, NULL, "{");
        cali_json_text(&json, "read", arguments->words[0]);
        cali_json_text(&json, "written", folder);
        cali_json_close(&json, "}");
        result = cali_print_json(&json);
    } else {
        printf("written     %s/circuit_config.json\nto run it   network: {sonata: %s/circuit_config.json}\n", folder, folder);
    }
    cal_experiment_destroy(&experiment);
    return result;
}

extern const cali_verb cali_verb_network_export;
const cali_verb cali_verb_network_export = {
    .name = "network export",
    .words = "EXPERIMENT.yaml",
    .summary = "writes the network of an experiment as a SONATA circuit",
    .details = "Builds the network and writes its neurons as nodes and its synapses as edges (docs/sonata.md): what was drawn stands\n"
               "there neuron by neuron and synapse by synapse. Drive and recording are no part of a circuit. An experiment with\n"
               "network: {sonata: DIR/circuit_config.json} and the same seed, step and drive gives the same spikes.",
    .min_words = 1,
    .max_words = 1,
    CALI_OPTIONS(options),
    .run = run,
};
