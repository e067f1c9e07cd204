/* manifest.json: everything that a run depended on, and what depended on this machine. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/isa.h"
#include "base/json.h"
#include "experiment/accuracy.h"
#include "experiment/session.h"

#ifdef __clang__
#define COMPILER __VERSION__ /* begins with its name */
#else
#define COMPILER "gcc " __VERSION__
#endif

static cal_status add_input(cal_context *ctx, cali_text *t, const char *role, const char *path)
{
    if (path == NULL)
        return CAL_OK;
    struct stat info;
    char digest[CALI_DIGEST_SIZE];
    const bool is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    if (!is_folder)
        CAL_TRY(cali_digest_file(ctx, path, digest));
    cali_json_open(t, NULL, "{");
    cali_json_text(t, "role", role);
    cali_json_text(t, "path", path);
    cali_json_text(t, "sha256", is_folder ? NULL : digest);
    cali_json_close(t, "}");
    return CAL_OK;
}

/* Tables of parameters, each once. */
static cal_status add_tables(cal_context *ctx, cali_text *t, const cali_settings *settings)
{
    for (size_t i = 0; i < settings->n; i++) {
        bool is_new = true;
        for (size_t j = 0; j < i; j++)
            is_new = is_new && (settings->items[j].path == NULL || settings->items[i].path == NULL ||
                                strcmp(settings->items[j].path, settings->items[i].path) != 0);
        if (is_new)
            CAL_TRY(add_input(ctx, t, "parameters", settings->items[i].path));
    }
    return CAL_OK;
}

/* Parameters of own models and neurons, which readers of the run cannot look up. */
static void add_own(cali_text *t, const cal_experiment *e)
{
    if (e->n_own_models == 0)
        return;
    cali_json_open(t, "own", "{");
    for (size_t i = 0; i < e->n_own_models; i++) {
        const cali_own_file *own = &e->own_models[i];
        const cal_field *params = own->neuron != NULL ? own->neuron->params : own->model->params;
        const size_t n = own->neuron != NULL ? own->neuron->n_params : own->model->n_params;
        cali_json_open(t, own->path, "[");
        for (size_t k = 0; k < n; k++) {
            cali_json_open(t, NULL, "{");
            cali_json_text(t, "name", params[k].name);
            cali_json_text(t, "unit", params[k].unit);
            if (isfinite(params[k].value))
                cali_json_number(t, "default", params[k].value);
            cali_json_text(t, "meaning", params[k].meaning);
            cali_json_close(t, "}");
        }
        cali_json_close(t, "]");
    }
    cali_json_close(t, "}");
}

static cal_status add_columns(cal_context *ctx, cali_text *t, const cali_network *network)
{
    for (size_t i = 0; network->columns != NULL && i < network->n_values; i++) {
        bool is_new = true;
        for (size_t j = 0; j < i; j++)
            is_new = is_new && strcmp(network->columns[j].path, network->columns[i].path) != 0;
        if (is_new)
            CAL_TRY(add_input(ctx, t, "parameters", network->columns[i].path));
    }
    return CAL_OK;
}

/* Correlations, samples, lead fields and groups. */
static cal_status add_numbers(cal_context *ctx, cali_text *t, const cal_experiment *e)
{
    for (size_t i = 0; i < e->n_noises; i++)
        CAL_TRY(add_input(ctx, t, "correlations", e->noise_more[i].correlations));
    for (size_t i = 0; i < e->n_stimuli; i++)
        CAL_TRY(add_input(ctx, t, "stimulus", e->stimulus_more[i].path));
    for (size_t i = 0; i < e->n_signals; i++) {
        CAL_TRY(add_input(ctx, t, "lead field", e->signals[i].monitor.lead_field));
        CAL_TRY(add_input(ctx, t, "groups", e->signals[i].monitor.table));
    }
    return CAL_OK;
}

static cal_status add_past(cal_context *ctx, cali_text *t, const cali_past *past)
{
    char *path = NULL;
    CAL_TRY(cali_past_path(ctx, past, &path));
    const cal_status status = add_input(ctx, t, "history", path);
    free(path);
    return status;
}

cal_status cali_manifest_inputs(cal_context *ctx, const cal_experiment *e, cali_text *t)
{
    char digest[CALI_DIGEST_SIZE];
    cali_json_open(t, NULL, "[");
    cali_json_open(t, NULL, "{");
    cali_json_text(t, "role", "experiment");
    cali_json_text(t, "path", e->path);
    CAL_TRY(cali_digest_bytes(ctx, e->text, strlen(e->text), digest));
    cali_json_text(t, "sha256", digest);
    cali_json_close(t, "}");
    for (size_t i = 0; i < e->n_own_models; i++)
        CAL_TRY(add_input(ctx, t, e->own_models[i].neuron != NULL ? "neuron" : "model", e->own_models[i].path));
    if (!e->is_generated && !e->is_alone) {
        CAL_TRY(add_input(ctx, t, "connectome", e->source.path));
        CAL_TRY(add_input(ctx, t, "lengths", e->source.lengths_path));
        CAL_TRY(add_input(ctx, t, "labels", e->source.labels_path));
    }
    CAL_TRY(add_input(ctx, t, "delays", e->delays_path));
    CAL_TRY(add_input(ctx, t, "speeds", e->speeds_path));
    for (size_t i = 0; i < e->n_coupling_matrices; i++)
        CAL_TRY(add_input(ctx, t, "weights", e->coupling_matrices[i]));
    CAL_TRY(add_input(ctx, t, "state", e->initial_state));
    for (size_t i = 0; i < e->n_pasts; i++)
        CAL_TRY(add_past(ctx, t, &e->pasts[i]));
    CAL_TRY(add_numbers(ctx, t, e));
    for (size_t i = 0; i < e->n_networks; i++)
        for (size_t k = 0; k < e->networks[i].n_lists; k++)
            CAL_TRY(add_input(ctx, t, "synapses", e->networks[i].lists[k]->path));
    for (size_t i = 0; i < e->n_networks; i++)
        for (size_t k = 0; k < e->networks[i].n_files; k++)
            CAL_TRY(add_input(ctx, t, "circuit", e->networks[i].files[k]));
    for (size_t i = 0; i < e->n_networks; i++) {
        CAL_TRY(add_input(ctx, t, "spikes", e->networks[i].spikes));
        for (size_t k = 0; k < e->networks[i].n_populations; k++)
            CAL_TRY(add_input(ctx, t, "spikes", e->networks[i].populations[k].spikes));
        for (size_t k = 0; k < e->networks[i].n_populations; k++)
            CAL_TRY(add_input(ctx, t, "positions", e->networks[i].populations[k].positions_path));
        for (size_t k = 0; k < e->networks[i].n_samples; k++)
            CAL_TRY(add_input(ctx, t, "samples", e->networks[i].samples[k].column.path));
        CAL_TRY(add_columns(ctx, t, &e->networks[i]));
    }
    for (size_t i = 0; i < e->n_masses; i++)
        CAL_TRY(add_tables(ctx, t, &e->masses[i].settings));
    for (size_t i = 0; i < e->n_assignments; i++)
        CAL_TRY(add_tables(ctx, t, &e->assignments[i].settings));
    cali_json_close(t, "]");
    return CAL_OK;
}

static void add_network(cali_text *t, const cal_plan_network *network)
{
    cali_json_number(t, "neurons", (double)network->n_neurons);
    cali_json_number(t, "synapses", network->n_synapses);
}

static void add_plan(const cal_session *s, cali_text *t)
{
    const cal_plan *p = &s->plan;
    const size_t n = s->n_regions;
    char digest[CALI_DIGEST_SIZE];
    cali_json_number(t, "window_ms", cal_time_ms(p->window));
    if (s->experiment->is_alone) {
        cali_json_number(t, "dt_ms", cal_time_ms(p->dt));
        cali_json_open(t, "network", "{");
        cali_json_number(t, "populations", (double)p->networks[0].n_populations);
        add_network(t, &p->networks[0]);
        cali_json_close(t, "}");
        return;
    }
    cali_json_number(t, "lag", p->lag);
    cali_json_text(t, "integrator", cal_integrator_names[p->integrator]);
    cali_json_text(t, "integrator_reason", p->integrator_reason == NULL ? "" : p->integrator_reason);
    cali_json_number(t, "dt_ms", cal_time_ms(p->dt));
    cali_json_open(t, "connectome", "{");
    cali_json_text(t, "name", cal_connectome_name(s->connectome));
    cali_json_number(t, "regions", (double)n);
    cali_json_number(t, "connections", (double)p->facts.n_edges);
    cali_json_number(t, "speed_mm_per_ms", p->speed_mm_per_ms);
    if (cali_digest_bytes(s->ctx, cal_connectome_weights(s->connectome), n * n * sizeof(double), digest) == CAL_OK)
        cali_json_text(t, "weights_sha256", digest);
    if (cali_digest_bytes(s->ctx, cal_connectome_lengths_mm(s->connectome), n * n * sizeof(double), digest) == CAL_OK)
        cali_json_text(t, "lengths_sha256", digest);
    cali_json_close(t, "}");
    cali_json_open(t, "spiking_regions", "[");
    for (size_t k = 0; k < p->n_networks; k++) {
        cali_json_open(t, NULL, "{");
        cali_json_text(t, "region", p->networks[k].region);
        cali_json_number(t, "index", (double)p->networks[k].index);
        add_network(t, &p->networks[k]);
        cali_json_close(t, "}");
    }
    cali_json_close(t, "]");
}

static void add_cost(const cal_session *s, cali_text *t)
{
    const cal_cost cost = cal_session_cost(s);
    cali_json_open(t, "cost", "{");
    cali_json_number(t, "wall_s", cost.wall_s);
    cali_json_number(t, "build_s", cost.build_s);
    cali_json_number(t, "real_time_factor", cost.real_time_factor);
    cali_json_number(t, "host_s", cost.coupler.host_s);
    cali_json_number(t, "exchange_s", cost.coupler.exchange_s);
    cali_json_number(t, "recording_s", cost.recording_s);
    cali_json_number(t, "windows", (double)cost.coupler.n_windows);
    cali_json_open(t, "subs", "[");
    for (size_t k = 0; k < s->plan.n_networks; k++) {
        cali_json_open(t, NULL, "{");
        cali_json_text(t, "name", s->plan.networks[k].region);
        cali_json_number(t, "seconds", cost.coupler.sub_s[k]);
        cali_json_close(t, "}");
    }
    cali_json_close(t, "]");
    cali_json_close(t, "}");
}

/* Once: a run depends on its inputs as they were when it began. */
static cal_status digest_inputs(cal_session *s)
{
    cali_text t = {0};
    if (s->inputs != NULL)
        return CAL_OK;
    cal_status status = cali_manifest_inputs(s->ctx, s->experiment, &t);
    if (status == CAL_OK && t.is_broken)
        status = CAL_FAIL(s->ctx, CAL_ERR_MEMORY, "manifest: no memory");
    if (status == CAL_OK)
        s->inputs = t.data;
    else
        cali_text_free(&t);
    return status;
}

static void add_texts(cali_text *t, const char *key, const char *const *texts, size_t n)
{
    cali_json_open(t, key, "[");
    for (size_t i = 0; i < n; i++)
        cali_json_text(t, NULL, texts[i]);
    cali_json_close(t, "]");
}

static void add_command(cali_text *t, const cal_command *c)
{
    cali_json_open(t, "command", "{");
    cali_json_text(t, "folder", c->folder);
    cali_json_text(t, "experiment", c->experiment);
    add_texts(t, "overrides", c->overrides, c->n_overrides);
    add_texts(t, "placement", c->placement, c->n_placement);
    cali_json_bool(t, "mean_field", c->is_mean_field);
    cali_json_bool(t, "check_step", c->checks_step);
    cali_json_text(t, "save_state", c->save_state);
    cali_json_close(t, "}");
    add_texts(t, "returns", c->returns, c->n_returns);
}

static cal_status close_manifest(cal_context *ctx, cal_status status, cali_text *t, char **text)
{
    cali_json_close(t, "}");
    cali_text_add(t, "\n");
    if (status == CAL_OK && t->is_broken)
        status = CAL_FAIL(ctx, CAL_ERR_MEMORY, "manifest: no memory");
    if (status == CAL_OK)
        *text = t->data;
    else
        cali_text_free(t);
    return status;
}

cal_status cal_command_manifest(cal_context *ctx, const cal_command *command, char **text)
{
    cali_text t = {0};
    cali_json_open(&t, NULL, "{");
    cali_json_text(&t, "callosum", CAL_VERSION);
    cali_json_text(&t, "state", "building");
    add_command(&t, command);
    return close_manifest(ctx, CAL_OK, &t, text);
}

static const char *state_of(const cal_session *s)
{
    return cal_session_is_done(s) ? "complete" : cal_session_time(s) == 0 ? "running" : "stopped";
}

cal_status cal_session_manifest(cal_session *s, char **text)
{
    const cal_experiment *e = s->experiment;
    cali_text t = {0};
    cali_json_open(&t, NULL, "{");
    cali_json_text(&t, "callosum", CAL_VERSION);
    cali_json_text(&t, "title", e->title == NULL ? "" : e->title);
    cali_json_text(&t, "state", state_of(s));
    if (s->def.command != NULL)
        add_command(&t, s->def.command);
    if (s->host != NULL && cal_host_endpoint(s->host) != NULL)
        cali_json_text(&t, "endpoint", cal_host_endpoint(s->host));
    cali_json_open(&t, "build", "{");
    cali_json_text(&t, "compiler", COMPILER);
    cali_json_text(&t, "isa", cali_isa_name(cali_isa()));
    cali_json_close(&t, "}");
    cali_json_number(&t, "threads", cal_context_n_threads(s->ctx));
    cali_text_format(&t, ", \"seed\": %llu", (unsigned long long)e->seed);
    cali_json_bool(&t, "mean_field_only", s->def.is_mean_field);
    cali_json_number(&t, "duration_ms", cal_time_ms(e->duration));
    cali_json_number(&t, "transient_ms", cal_time_ms(e->transient));
    cali_json_number(&t, "simulated_ms", cal_time_ms(cal_session_time(s)));
    add_plan(s, &t);
    add_cost(s, &t);
    if (s->def.accuracy != NULL)
        cali_accuracy_write(&t, "accuracy", s->def.accuracy);
    cal_status status = digest_inputs(s);
    if (status == CAL_OK) {
        cali_text_add(&t, ", \"inputs\": ");
        cali_text_add(&t, s->inputs);
        add_own(&t, e);
        cali_text_add(&t, ", \"experiment\": ");
        status = cali_experiment_echo(s->ctx, e, &t);
    }
    return close_manifest(s->ctx, status, &t, text);
}
