/* callosum check: everything that can be known before a run, and every mistake. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/accuracy.h"
#include "cli/output.h"
#include "cli/runner.h"
#include "experiment/accuracy.h"
#include "experiment/experiment.h"

static const cali_option options[] = {
    {.name = "set", .kind = CALI_OPTION_LIST, .value = "PATH=VALUE", .meaning = "overrides the file, as with run"},
    CALI_OPTION_CHECK_STEP,
    CALI_OPTION_THREADS,
    CALI_OPTION_JSON,
};

static void add_network(cali_text *json, const cal_plan_network *network)
{
    cali_json_text(json, "neuron", network->neuron);
    cali_json_number(json, "neurons", (double)network->n_neurons);
    cali_json_number(json, "populations", (double)network->n_populations);
    cali_json_number(json, "synapses", network->n_synapses);
    cali_json_number(json, "bytes", network->bytes);
    cali_json_number(json, "step_ms", cal_time_ms(network->step));
}

static void add_networks(cali_text *json, const cal_plan *p)
{
    cali_json_open(json, "spiking_regions", "[");
    for (size_t k = 0; k < p->n_networks; k++) {
        cali_json_open(json, NULL, "{");
        cali_json_text(json, "region", p->networks[k].region);
        cali_json_number(json, "index", (double)p->networks[k].index);
        add_network(json, &p->networks[k]);
        cali_json_close(json, "}");
    }
    cali_json_close(json, "]");
}

static void add_feature(void *user, const cali_feature *f)
{
    cali_text *json = user;
    const char *const keys[] = {"part", "kind", "from", "to", "of", "formula", "remark"};
    const char *const values[] = {f->part, f->kind, f->from, f->to, f->of, f->formula, f->remark};
    cali_json_open(json, NULL, "{");
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
        if (values[k] != NULL && values[k][0] != '\0')
            cali_json_text(json, keys[k], values[k]);
    cali_json_open(json, "numbers", "[");
    for (size_t k = 0; k < f->n_numbers; k++) {
        cali_json_open(json, NULL, "{");
        cali_json_text(json, "name", f->numbers[k].name);
        cali_json_number(json, "value", f->numbers[k].value);
        cali_json_text(json, "unit", f->numbers[k].unit);
        cali_json_close(json, "}");
    }
    cali_json_close(json, "]");
    cali_json_close(json, "}");
}

static void say_numbers(const cali_feature *f, cali_text *text)
{
    for (size_t k = 0; k < f->n_numbers; k++) {
        const cali_feature_number *n = &f->numbers[k];
        const bool is_plain = strcmp(n->unit, "1") == 0;
        char value[32] = "infinite";
        if (isfinite(n->value))
            cali_format_number(n->value, value);
        cali_text_format(text, "%s%s = %s%s%s", k > 0 ? ", " : "", n->name, value, is_plain ? "" : " ",
                         is_plain ? "" : n->unit);
    }
}

/* "S of all -> bold", "V of all": what is not said is left away. */
static void say_where(const cali_feature *f, cali_text *text)
{
    const char *first = f->from != NULL ? f->from : f->to, *of = f->of;
    const bool has_both = f->from != NULL && f->to != NULL;
    cali_text_format(text, "%s%s%s%s%s", first != NULL ? first : "", of != NULL ? " of " : "", of != NULL ? of : "",
                     has_both ? " -> " : "", has_both ? f->to : "");
}

/* Formulas of several lines stand in docs/monitors.md and in the JSON. */
static void add_row(void *user, const cali_feature *f)
{
    cali_table *table = user;
    cali_text where = {0}, what = {0};
    say_where(f, &where);
    const char *const phrases[] = {f->formula, f->remark};
    for (int k = 0; k < 2; k++)
        if (phrases[k] != NULL && phrases[k][0] != '\0' && strchr(phrases[k], '\n') == NULL)
            cali_text_format(&what, "%s%s", what.size > 0 ? ", " : "", phrases[k]);
    if (what.size > 0 && f->n_numbers > 0)
        cali_text_add(&what, "; ");
    say_numbers(f, &what);
    cali_table_add(table, "%-10s", f->part);
    cali_table_add(table, "%s", f->kind);
    cali_table_add(table, "%s", where.data != NULL ? where.data : "");
    cali_table_add(table, "%s", what.data != NULL ? what.data : "");
    table->is_broken = table->is_broken || where.is_broken || what.is_broken;
    cali_text_free(&where);
    cali_text_free(&what);
}

static void print_features(const cal_experiment *experiment)
{
    static const char *const headings[] = {"", "", "", ""};
    cali_table table;
    cali_table_begin(&table, 4, headings);
    cali_list_features(experiment, add_row, &table);
    cali_table_print(&table, stdout, 0);
}

static void add_brain(cali_text *json, const cal_plan *plan, const cal_experiment *experiment)
{
    const cal_plan p = *plan;
    cali_json_open(json, "connectome", "{");
    cali_json_text(json, "name", cal_connectome_name(p.connectome));
    cali_json_number(json, "regions", (double)p.facts.n_regions);
    cali_json_number(json, "connections", (double)p.facts.n_edges);
    cali_json_number(json, "speed_mm_per_ms", p.speed_mm_per_ms);
    cali_json_number(json, "delay_min_ms", p.facts.delay_ms[0]);
    cali_json_number(json, "delay_max_ms", p.facts.delay_ms[4]);
    cali_json_number(json, "instantaneous_connections", (double)p.n_instant);
    cali_json_number(json, "raised_delays", (double)p.n_raised_delays);
    cali_json_close(json, "}");
    cali_json_open(json, "models", "[");
    for (size_t m = 0; m < p.n_masses; m++) {
        cali_json_open(json, NULL, "{");
        cali_json_text(json, "name", p.mass_names[m]);
        cali_json_number(json, "regions", (double)p.mass_counts[m]);
        cali_json_close(json, "}");
    }
    cali_json_close(json, "]");
    add_networks(json, &p);
    cali_json_open(json, "features", "[");
    cali_list_features(experiment, add_feature, json);
    cali_json_close(json, "]");
    cali_json_open(json, "host", "{");
    cali_json_text(json, "integrator", cal_integrator_names[p.integrator]);
    cali_json_text(json, "reason", p.integrator_reason);
    cali_json_number(json, "step_ms", cal_time_ms(p.dt));
    cali_json_close(json, "}");
}

static cali_exit print_json(const cal_session *session, const cal_experiment *experiment,
                            const cal_accuracy *accuracy)
{
    const cal_plan p = cal_session_plan(session);
    cali_text json = {0};
    cali_json_open(&json, NULL, "{");
    cali_json_bool(&json, "is_ok", true);
    if (p.connectome != NULL) {
        add_brain(&json, &p, experiment);
    } else {
        cali_json_open(&json, "network", "{");
        add_network(&json, &p.networks[0]);
        cali_json_close(&json, "}");
    }
    cali_json_open(&json, "sync", "{");
    cali_json_number(&json, "window_ms", cal_time_ms(p.window));
    if (p.connectome != NULL)
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
        result = print_json(session, experiment, accuracy);
    } else {
        cali_print_plan(session, true);
        print_features(experiment);
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
