/* The experiment as it is run: every value with defaults filled in, SI base units, keys in the order of the
 * tables. The text is JSON and an experiment file at once: reading it gives the same experiment. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numeric.h"
#include "experiment/echo.h"
#include "experiment/reader.h"

/* ---- JSON ------------------------------------------------------------------------------------------------ */

/* Begins an item on a line of its own. `key` NULL: of a list. */
void cali_echo_key(cali_echo *e, const char *key)
{
    cali_text_format(e->out, "%s\n%*s", e->has_items ? "," : "", (int)(2 * e->depth), "");
    e->has_items = true;
    if (key != NULL) {
        cali_text_add_json(e->out, key);
        cali_text_add(e->out, ": ");
    }
}

void cali_echo_open(cali_echo *e, const char *key, const char *bracket)
{
    if (e->depth > 0)
        cali_echo_key(e, key);
    cali_text_add(e->out, bracket);
    e->depth++;
    e->has_items = false;
}

void cali_echo_close(cali_echo *e, const char *bracket)
{
    e->depth--;
    if (e->has_items)
        cali_text_format(e->out, "\n%*s", (int)(2 * e->depth), "");
    cali_text_add(e->out, bracket);
    e->has_items = true;
}

void cali_echo_text(cali_echo *e, const char *key, const char *text)
{
    if (text == NULL)
        return;
    cali_echo_key(e, key);
    cali_text_add_json(e->out, text);
}

void cali_echo_integer(cali_echo *e, const char *key, uint64_t value)
{
    cali_echo_key(e, key);
    cali_text_format(e->out, "%llu", (unsigned long long)value);
}

void cali_echo_quantity(cali_echo *e, const char *key, double value, const char *unit_text)
{
    cali_unit unit;
    cali_text text = {0};
    cali_unit_parse(unit_text, &unit);
    cali_echo_key(e, key);
    cali_quantity_add_si(&text, value, unit_text);
    const bool is_number = cali_unit_is_plain(&unit) && isfinite(value);
    if (text.is_broken)
        e->out->is_broken = true;
    else if (is_number)
        cali_text_add(e->out, text.data);
    else
        cali_text_add_json(e->out, text.data);
    cali_text_free(&text);
}

/* Integer nanoseconds as decimal seconds, without rounding. */
void cali_echo_time(cali_echo *e, const char *key, cal_time t)
{
    char digits[32];
    const long long whole = t / INT64_C(1000000000), rest = t % INT64_C(1000000000);
    snprintf(digits, sizeof digits, "%lld.%09lld", whole, rest);
    size_t n = strlen(digits);
    while (digits[n - 1] == '0')
        n--;
    n -= digits[n - 1] == '.';
    cali_echo_key(e, key);
    cali_text_format(e->out, "\"%.*s s\"", (int)n, digits);
}

/* ---- values by the tables ---------------------------------------------------------------------------------- */

static uint64_t load_integer(const cali_key *key, const void *target)
{
    const char *at = (const char *)target + key->offset;
    uint8_t small;
    uint32_t middle;
    uint64_t large = 0;
    if (key->size == 1) {
        memcpy(&small, at, 1);
        return small;
    }
    if (key->size == 4) {
        memcpy(&middle, at, 4);
        return middle;
    }
    memcpy(&large, at, 8);
    return large;
}

static void add_member(cali_echo *e, const cali_key *key, const void *target)
{
    const char *at = (const char *)target + key->offset;
    const char *text = NULL;
    double number;
    cal_time time;
    bool flag;
    switch (key->type) {
    case CALI_KEY_TEXT:
    case CALI_KEY_PATH:
        memcpy(&text, at, sizeof text);
        cali_echo_text(e, key->name, text);
        break;
    case CALI_KEY_WORD:
        cali_echo_text(e, key->name, key->words[load_integer(key, target)]);
        break;
    case CALI_KEY_COUNT:
        cali_echo_integer(e, key->name, load_integer(key, target));
        break;
    case CALI_KEY_FLAG:
        memcpy(&flag, at, sizeof flag);
        cali_echo_key(e, key->name);
        cali_text_add(e->out, flag ? "true" : "false");
        break;
    case CALI_KEY_NUMBER:
        memcpy(&number, at, sizeof number);
        if (number == key->special_value && key->special != NULL)
            cali_echo_text(e, key->name, key->special);
        else
            cali_echo_quantity(e, key->name, number, key->unit);
        break;
    case CALI_KEY_TIME:
        memcpy(&time, at, sizeof time);
        if (time == 0 && key->special != NULL)
            cali_echo_text(e, key->name, key->special);
        else
            cali_echo_time(e, key->name, time);
        break;
    default:
        break;
    }
}

static void add_members(cali_echo *e, const cali_mapping *mapping, const void *target)
{
    for (size_t i = 0; i < mapping->n_keys; i++)
        if (mapping->keys[i].size > 0)
            add_member(e, &mapping->keys[i], target);
}

void cali_echo_distribution(cali_echo *e, const char *key, const cal_distribution *d, const char *unit)
{
    const cali_distribution_word *word = NULL;
    for (size_t i = 0; i < CALI_N_DISTRIBUTION_WORDS; i++)
        if (cali_distribution_words[i].kind == d->kind)
            word = &cali_distribution_words[i];
    if (word == NULL) {
        cali_echo_quantity(e, key, d->a, unit);
        return;
    }
    const bool is_log = d->kind == CAL_LOGNORMAL, is_clipped = d->low != 0.0 || d->high != 0.0;
    char median[32];
    snprintf(median, sizeof median, "%.14g", cali_exp(d->a)); /* a is a logarithm, rounded: 14 digits are its own */
    const double values[] = {is_log ? strtod(median, NULL) : d->a, d->b, d->low, d->high};
    cali_text text = {0};
    cali_text_format(&text, "%s(", word->name);
    for (int i = 0; i < (is_clipped ? 4 : 2); i++) {
        cali_text_add(&text, i > 0 ? ", " : "");
        cali_quantity_add_si(&text, values[i], is_log && i == 1 ? "1" : unit);
    }
    cali_text_add(&text, ")");
    if (text.is_broken)
        e->out->is_broken = true;
    else
        cali_echo_text(e, key, text.data);
    cali_text_free(&text);
}

/* ---- the parts ----------------------------------------------------------------------------------------------- */

static int default_mass(const cali_echo *e)
{
    return e->exp->n_assignments > 0 ? e->exp->assignments[0].mass : -1;
}

static const cal_field *field_of(const cali_echo *e, cali_field_kind kind, const char *name)
{
    return cali_look_up_field(e->exp, default_mass(e), kind, name);
}

static void add_connectome(cali_echo *e)
{
    const cal_experiment *x = e->exp;
    cali_echo_open(e, "connectome", "{");
    for (size_t i = 0; i < cali_keys_connectome.n_keys; i++) {
        const cali_key *key = &cali_keys_connectome.keys[i];
        if (strcmp(key->name, "length_unit") == 0)
            cali_echo_quantity(e, key->name, x->source.length_unit_mm, "mm");
        else if (key->size > 0)
            add_member(e, key, x);
    }
    if (x->is_generated) {
        cali_echo_open(e, "generate", "{");
        add_members(e, &cali_keys_generate, x);
        cali_echo_close(e, "}");
    }
    cali_echo_close(e, "}");
}

static void add_coupling(cali_echo *e)
{
    const cal_experiment *x = e->exp;
    cali_echo_open(e, "coupling", "{");
    add_members(e, &cali_keys_coupling, x);
    cali_echo_open(e, "terms", "[");
    for (size_t i = 0; i < x->n_couplings; i++) {
        const cal_coupling *t = &x->couplings[i];
        const cal_field *from = field_of(e, CALI_OUTPUTS, cali_term_source(x, default_mass(e), t));
        const cal_field *to = field_of(e, CALI_INPUTS, t->to);
        const cal_coupling_info *info = cal_coupling_info_of(t->kind);
        cal_coupling numbers = *t;
        if (t->to != NULL && t->to[0] == '\0')
            continue; /* acts on no mass; what reads it asks for it by itself */
        cali_echo_open(e, NULL, "{");
        add_members(e, &cali_keys_term, t);
        cali_echo_text(e, "from", t->from);
        cali_echo_text(e, "to", t->to);
        cali_echo_text(e, "threshold", t->threshold);
        cali_echo_text(e, "matrix", i < x->n_coupling_matrices ? x->coupling_matrices[i] : NULL);
        for (size_t k = 0; from != NULL && to != NULL && k < info->n_params; k++) {
            char unit[CALI_UNIT_TEXT];
            cali_term_unit(&info->params[k], from, to, unit);
            cali_echo_quantity(e, info->params[k].name, *cal_coupling_number(&numbers, info->params[k].name), unit);
        }
        cali_echo_close(e, "}");
    }
    cali_echo_close(e, "]");
    cali_echo_close(e, "}");
}

static void add_noise(cali_echo *e, const cal_nmm_noise *noise, const cali_noise_more *more)
{
    const bool is_on_input = noise->input != NULL;
    const char *name = is_on_input ? noise->input : noise->state;
    const cal_field *target = field_of(e, is_on_input ? CALI_INPUTS : CALI_STATES, name);
    char unit[CALI_UNIT_TEXT] = "1", inverse[CALI_UNIT_TEXT];
    if (target != NULL && is_on_input)
        snprintf(unit, sizeof unit, "%s", target->unit);
    else if (target != NULL)
        cali_noise_unit(target, noise->tau_ms == 0.0, unit);
    const cali_noise_text text = {.state = (char *)(uintptr_t)noise->state, .input = (char *)(uintptr_t)noise->input,
                                  .of = more->of, .correlations = more->correlations, .tau_ms = noise->tau_ms,
                                  .correlation = noise->correlation, .form = (int)noise->form};
    cali_echo_open(e, NULL, "{");
    add_members(e, &cali_keys_noise, &text);
    cali_echo_quantity(e, "level", noise->level, unit);
    if (noise->form != CAL_NOISE_ADDITIVE && target != NULL) {
        cali_divide_units("1", target->unit, inverse);
        cali_echo_quantity(e, "a", noise->a, "1");
        cali_echo_quantity(e, "b", noise->b, inverse);
    }
    cali_echo_close(e, "}");
}

static void add_noises(cali_echo *e)
{
    cali_echo_open(e, "noise", "[");
    for (size_t i = 0; i < e->exp->n_noises; i++)
        add_noise(e, &e->exp->noises[i], &e->exp->noise_more[i]);
    cali_echo_close(e, "]");
}

static void add_weights(cali_echo *e, const cali_stimulus_more *more)
{
    if (more->kernel != NULL) {
        cali_echo_open(e, "weights", "{");
        cali_echo_text(e, "kernel", more->kernel->name);
        cali_echo_text(e, "focus", more->focus);
        for (size_t k = 0; k < more->kernel->n_params; k++)
            cali_echo_quantity(e, more->kernel->params[k].name, more->kernel_params[k], more->kernel->params[k].unit);
        cali_echo_close(e, "}");
    } else if (more->n_weights == 1) {
        cali_echo_quantity(e, "weights", more->weights[0], "1");
    } else if (more->weights != NULL) {
        cali_echo_open(e, "weights", "[");
        for (size_t k = 0; k < more->n_weights; k++)
            cali_echo_quantity(e, NULL, more->weights[k], "1");
        cali_echo_close(e, "]");
    }
}

static void add_stimulus(cali_echo *e, const cal_nmm_stimulus *s, const cali_stimulus_more *more)
{
    const cali_stimulus_text text = {.wave = (char *)(uintptr_t)s->wave->name, .input = (char *)(uintptr_t)s->input,
                                     .state = (char *)(uintptr_t)s->state, .of = more->of, .file = more->path,
                                     .column = more->path != NULL ? more->column : NULL,
                                     .start = s->start, .stop = s->stop};
    cali_echo_open(e, NULL, "{");
    add_members(e, &cali_keys_stimulus, &text);
    add_weights(e, more);
    for (size_t k = 0; k < s->wave->n_params; k++) {
        const cal_field *f = &s->wave->params[k];
        cali_echo_quantity(e, f->name, s->params[k], strcmp(f->unit, "input") == 0 ? more->unit : f->unit);
    }
    cali_echo_close(e, "}");
}

static void add_stimuli(cali_echo *e)
{
    cali_echo_open(e, "stimuli", "[");
    for (size_t i = 0; i < e->exp->n_stimuli; i++)
        add_stimulus(e, &e->exp->stimuli[i], &e->exp->stimulus_more[i]);
    cali_echo_close(e, "]");
}

static void add_setting(cali_echo *e, const cal_field *field, const cali_setting *s)
{
    if (s->path == NULL) {
        cali_echo_distribution(e, field->name, &s->value, field->unit);
        return;
    }
    cali_echo_open(e, field->name, "{");
    cali_echo_text(e, "file", s->path);
    cali_echo_text(e, "column", s->column);
    cali_echo_close(e, "}");
}

/* Parameters or states: what the file gives, and with `values` the rest of them too. */
static void add_settings(cali_echo *e, const cal_nmm_model *model, bool is_state, const cali_settings *settings,
                         const double *values)
{
    const cal_field *fields = is_state ? model->states : model->params;
    const size_t n = is_state ? model->n_states : model->n_params;
    bool is_open = false;
    for (size_t row = 0; row < n; row++) {
        const cali_setting *last = NULL;
        for (size_t i = 0; i < settings->n; i++)
            if (settings->items[i].row == row && settings->items[i].is_state == is_state)
                last = &settings->items[i];
        if (last == NULL && values == NULL)
            continue;
        if (!is_open)
            cali_echo_open(e, is_state ? "initial" : "parameters", "{");
        is_open = true;
        if (last != NULL)
            add_setting(e, &fields[row], last);
        else
            cali_echo_quantity(e, fields[row].name, values[row], fields[row].unit);
    }
    if (is_open)
        cali_echo_close(e, "}");
}

static void add_models(cali_echo *e)
{
    cali_echo_open(e, "models", "{");
    for (size_t i = 0; i < e->exp->n_masses; i++) {
        const cali_mass *mass = &e->exp->masses[i];
        cali_echo_open(e, mass->name, "{");
        const char *path = cali_own_model_path(e->exp, mass->model);
        cali_echo_text(e, "neural_mass", path != NULL ? path : mass->model->name);
        add_settings(e, mass->model, false, &mass->settings, mass->params);
        add_settings(e, mass->model, true, &mass->settings, mass->initial);
        cali_echo_close(e, "}");
    }
    cali_echo_close(e, "}");
}

/* ---- regions and recording ------------------------------------------------------------------------------------- */

static void add_regions(cali_echo *e)
{
    const cal_experiment *x = e->exp;
    cali_echo_open(e, "regions", "{");
    for (size_t i = 0; i < x->n_assignments; i++) {
        const cali_assignment *line = &x->assignments[i];
        cali_echo_open(e, line->selector, "{");
        if (line->mass >= 0)
            cali_echo_text(e, "model", x->masses[line->mass].name);
        if (line->mass >= 0) {
            add_settings(e, x->masses[line->mass].model, false, &line->settings, NULL);
            add_settings(e, x->masses[line->mass].model, true, &line->settings, NULL);
        }
        if (line->network >= 0)
            cali_echo_network(e, &x->networks[line->network]);
        cali_echo_close(e, "}");
    }
    cali_echo_close(e, "}");
}

static void add_monitor(cali_echo *e, const cali_monitor_wish *m)
{
    cali_echo_open(e, "monitor", "{");
    cali_echo_text(e, "kind", m->kind->name);
    if (m->kind->has_kernel) {
        cali_echo_text(e, "kernel", m->kernel->name);
        cali_echo_text(e, "form", cal_bold_form_names[m->form]);
        cali_echo_time(e, "length", m->length);
    }
    cali_echo_text(e, "groups", m->groups);
    cali_echo_text(e, "table", m->table);
    if (m->kind->has_lead_field) {
        cali_echo_text(e, "lead_field", m->lead_field);
        cali_echo_text(e, "unit", m->unit);
        cali_echo_key(e, "average_reference");
        cali_text_add(e->out, m->has_average_reference ? "true" : "false");
    }
    const cal_field *fields = m->kernel != NULL ? m->kernel->params : m->kind->params;
    for (size_t i = 0; i < (m->kernel != NULL ? m->kernel->n_params : m->kind->n_params); i++)
        cali_echo_quantity(e, fields[i].name, m->params[i], fields[i].unit);
    cali_echo_close(e, "}");
}

static void add_workers(cali_echo *e)
{
    static const char *const lost[] = {"auto", "wait", "restart", "stop"};
    const cal_experiment *x = e->exp;
    if (x->n_workers == 0)
        return;
    cali_echo_open(e, "workers", "{");
    for (size_t i = 0; i < x->n_workers; i++) {
        cali_echo_open(e, x->workers[i].region, "{");
        cali_echo_text(e, "on", cal_place_names[x->workers[i].on]);
        cali_echo_text(e, "when_lost", lost[x->workers[i].when_lost]);
        cali_echo_close(e, "}");
    }
    cali_echo_close(e, "}");
}

static void add_record(cali_echo *e)
{
    const cal_experiment *x = e->exp;
    cali_echo_open(e, "record", "{");
    add_members(e, &cali_keys_record, x);
    cali_echo_open(e, "signals", "[");
    for (size_t i = 0; i < x->n_signals; i++) {
        cali_echo_open(e, NULL, "{");
        add_members(e, &cali_keys_signal, &x->signals[i]);
        if (x->signals[i].monitor.kind != NULL)
            add_monitor(e, &x->signals[i].monitor);
        cali_echo_text(e, "neurons", x->signals[i].neurons.text);
        cali_echo_close(e, "}");
    }
    cali_echo_close(e, "]");
    cali_echo_open(e, "weights", "[");
    for (size_t i = 0; i < x->n_weights; i++) {
        cali_echo_open(e, NULL, "{");
        add_members(e, &cali_keys_weight_wish, &x->weights[i]);
        cali_echo_text(e, "sources", x->weights[i].sources.text);
        cali_echo_text(e, "targets", x->weights[i].targets.text);
        cali_echo_close(e, "}");
    }
    cali_echo_close(e, "]");
    cali_echo_close(e, "}");
}

static void add_plain(cali_echo *e, const char *key, const cali_mapping *mapping)
{
    cali_echo_open(e, key, "{");
    add_members(e, mapping, e->exp);
    cali_echo_close(e, "}");
}

static void add_initial(cali_echo *e)
{
    const cal_experiment *x = e->exp;
    if (x->initial_state == NULL && x->n_pasts == 0)
        return;
    cali_echo_open(e, "initial", "{");
    add_members(e, &cali_keys_initial, x);
    if (x->n_pasts > 0) {
        cali_echo_open(e, "history", "[");
        for (size_t i = 0; i < x->n_pasts; i++) {
            cali_echo_open(e, NULL, "{");
            add_members(e, &cali_keys_history, &x->pasts[i]);
            cali_echo_close(e, "}");
        }
        cali_echo_close(e, "]");
    }
    cali_echo_close(e, "}");
}

static void add_brain(cali_echo *e)
{
    add_connectome(e);
    add_coupling(e);
    add_initial(e);
    add_plain(e, "integrator", &cali_keys_integrator);
    add_noises(e);
    add_stimuli(e);
    add_models(e);
    add_regions(e);
}

cal_status cali_experiment_echo(cal_context *ctx, const cal_experiment *experiment, cali_text *out)
{
    cali_echo e = {.out = out, .exp = experiment};
    cali_echo_open(&e, NULL, "{");
    cali_echo_integer(&e, "callosum", 1);
    cali_echo_text(&e, "title", experiment->title);
    add_plain(&e, "run", &cali_keys_run);
    if (experiment->is_alone) {
        cali_echo_network(&e, &experiment->networks[0]);
        add_initial(&e);
    } else
        add_brain(&e);
    add_plain(&e, "sync", &cali_keys_sync);
    add_record(&e);
    if (experiment->checkpoint_every > 0)
        add_plain(&e, "checkpoint", &cali_keys_checkpoint);
    add_workers(&e);
    add_plain(&e, "analysis", &cali_keys_analysis);
    cali_echo_close(&e, "}");
    return out->is_broken ? CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for the manifest") : CAL_OK;
}
