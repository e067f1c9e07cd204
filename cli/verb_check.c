/* callosum check: everything that can be known before a run, and every mistake. */
#include <stdio.h>

#include "cli/accuracy.h"
#include "cli/output.h"
#include "cli/runner.h"
#include "experiment/accuracy.h"

static const cali_option options[] = {
    {.name = "set", .kind = CALI_OPTION_LIST, .value = "PATH=VALUE", .meaning = "overrides the file, as with run"},
    CALI_OPTION_CHECK_STEP,
    CALI_OPTION_THREADS,
    CALI_OPTION_JSON,
};

static void add_networks(cali_text *json, const cal_plan *p)
{
    cali_json_open(json, "spiking_regions", "[");
    for (size_t k = 0; k < p->n_networks; k++) {
        cali_json_open(json, NULL, "{");
        cali_json_text(json, "region", p->networks[k].region);
        cali_json_number(json, "index", (double)p->networks[k].index);
        cali_json_text(json, "neuron", p->networks[k].neuron);
        cali_json_number(json, "neurons", (double)p->networks[k].n_neurons);
        cali_json_number(json, "populations", (double)p->networks[k].n_populations);
        cali_json_number(json, "synapses", p->networks[k].n_synapses);
        cali_json_number(json, "bytes", p->networks[k].bytes);
        cali_json_number(json, "step_ms", cal_time_ms(p->networks[k].step));
        cali_json_close(json, "}");
    }
    cali_json_close(json, "]");
}

static cali_exit print_json(const cal_session *session, const cal_accuracy *accuracy)
{
    const cal_plan p = cal_session_plan(session);
    cali_text json = {0};
    cali_json_open(&json, NULL, "{");
    cali_json_bool(&json, "is_ok", true);
    cali_json_open(&json, "connectome", "{");
    cali_json_text(&json, "name", cal_connectome_name(p.connectome));
    cali_json_number(&json, "regions", (double)p.facts.n_regions);
    cali_json_number(&json, "connections", (double)p.facts.n_edges);
    cali_json_number(&json, "speed_mm_per_ms", p.speed_mm_per_ms);
    cali_json_number(&json, "delay_min_ms", p.facts.delay_ms[0]);
    cali_json_number(&json, "delay_max_ms", p.facts.delay_ms[4]);
    cali_json_number(&json, "instantaneous_connections", (double)p.n_instant);
    cali_json_number(&json, "raised_delays", (double)p.n_raised_delays);
    cali_json_close(&json, "}");
    cali_json_open(&json, "models", "[");
    for (size_t m = 0; m < p.n_masses; m++) {
        cali_json_open(&json, NULL, "{");
        cali_json_text(&json, "name", p.mass_names[m]);
        cali_json_number(&json, "regions", (double)p.mass_counts[m]);
        cali_json_close(&json, "}");
    }
    cali_json_close(&json, "]");
    add_networks(&json, &p);
    cali_json_open(&json, "host", "{");
    cali_json_text(&json, "integrator", cal_integrator_names[p.integrator]);
    cali_json_text(&json, "reason", p.integrator_reason);
    cali_json_number(&json, "step_ms", cal_time_ms(p.dt));
    cali_json_close(&json, "}");
    cali_json_open(&json, "sync", "{");
    cali_json_number(&json, "window_ms", cal_time_ms(p.window));
    cali_json_number(&json, "lag", p.lag);
    cali_json_text(&json, "reason", p.window_reason);
    cali_json_close(&json, "}");
    cali_json_open(&json, "recording", "{");
    cali_json_number(&json, "bytes", p.recording_bytes);
    cali_json_number(&json, "budget_bytes", p.budget_bytes);
    cali_json_close(&json, "}");
    if (accuracy != NULL)
        cali_accuracy_write(&json, "accuracy", accuracy);
    cali_json_close(&json, "}");
    return cali_print_json(&json);
}

static cali_exit run(cal_context *ctx, const cali_arguments *arguments)
{
    size_t n_overrides = 0;
    const char *const *overrides = cali_get_list(arguments, "set", &n_overrides);
    const char *path = arguments->n_words > 0 ? arguments->words[0] : "experiment.yaml";
    cal_experiment *experiment = NULL;
    cal_session *session = NULL;
    cal_session_def def = cal_session_def_default();
    def.is_check = true;
    cal_status status = cal_experiment_load(ctx, path, overrides, n_overrides, &experiment);
    if (status == CAL_OK)
        status = cal_session_create(ctx, experiment, &def, &session);
    cal_accuracy *accuracy = NULL;
    if (status == CAL_OK && cali_has(arguments, "check-step"))
        status = cal_accuracy_measure(ctx, experiment, false, &accuracy);
    cali_exit result = CALI_EXIT_OK;
    if (status != CAL_OK) {
        result = cali_fail(ctx, status == CAL_ERR_NUMERIC ? CALI_EXIT_FAILED : CALI_EXIT_INPUT);
    } else if (cali_has(arguments, "json")) {
        result = print_json(session, accuracy);
    } else {
        cali_print_plan(session, true);
        if (accuracy != NULL)
            cali_print_accuracy(accuracy);
        puts("0 errors");
    }
    cal_accuracy_destroy(&accuracy);
    cal_session_destroy(&session);
    cal_experiment_destroy(&experiment);
    return result;
}

const cali_verb cali_verb_check = {
    .name = "check",
    .words = "[EXPERIMENT.yaml]",
    .summary = "checks an experiment and prints its plan; nothing is written",
    .max_words = 1,
    CALI_OPTIONS(options),
    .run = run,
};
