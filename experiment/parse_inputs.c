/* noise and stimuli: what enters the neural masses beside their coupling. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "experiment/reader.h"

static char *selector(char *of)
{
    return of == NULL || strcmp(of, "all") == 0 ? NULL : of;
}

/* ---- noise --------------------------------------------------------------------------------------------------- */

void cali_noise_unit(const cal_field *state, bool is_white, char unit[CALI_UNIT_TEXT])
{
    const size_t size = strlen(state->unit);
    const bool is_rate = !is_white && size >= 3 && strcmp(state->unit + size - 3, "/ms") == 0;
    snprintf(unit, CALI_UNIT_TEXT, "%.60s%s", state->unit, is_rate ? "^2" : is_white ? "/sqrt(ms)" : "/ms");
}

/* The state or input that a noise acts on; NULL and a mistake if there is none. */
static const cal_field *find_noise_target(cali_reader *r, const cali_node *item, const char *label,
                                          const cal_nmm_noise *noise)
{
    const bool is_on_input = noise->input != NULL;
    if (is_on_input == (noise->state != NULL)) {
        cali_refuse(r, cali_place_of(item), "C106", "%s needs either a state or an input\ntry input: c_r", label);
        return NULL;
    }
    const cal_field *target =
        is_on_input ? cali_find_field(r, CALI_INPUTS, noise->input, cali_place_of(cali_node_get(item, "input")))
                    : cali_find_field(r, CALI_STATES, noise->state, cali_place_of(cali_node_get(item, "state")));
    if (target != NULL && is_on_input && noise->tau_ms == 0.0)
        cali_refuse(r, cali_place_of(item), "C106", "%s: noise on an input needs a correlation time\ntry tau: 5 ms",
                    label);
    return target;
}

/* Square of the state's unit per ms. */
static void diffusion_unit(const char *unit, char out[CALI_UNIT_TEXT])
{
    char inverse[CALI_UNIT_TEXT];
    if (strpbrk(unit, "/ ^") == NULL) {
        snprintf(out, CALI_UNIT_TEXT, "%.60s%s/ms", unit, strcmp(unit, "1") == 0 ? "" : "^2");
        return;
    }
    cali_divide_units("ms", unit, inverse);
    cali_divide_units(unit, inverse, out);
}

/* Either `level` or, for white noise, `D` = level^2 / 2. */
static void read_level(cali_reader *r, const cali_node *item, const char *label, const cal_field *target,
                       cal_nmm_noise *noise)
{
    const cali_node *level = cali_node_get(item, "level"), *d = cali_node_get(item, "D");
    char unit[CALI_UNIT_TEXT], name[2 * CALI_LABEL];
    if ((level == NULL) == (d == NULL)) {
        cali_refuse(r, cali_place_of(item), "C105", "%s needs %s \"level\" %s \"D\"", label,
                    level == NULL ? "the key" : "one of", level == NULL ? "or" : "and");
        return;
    }
    if (d != NULL && noise->tau_ms > 0.0) {
        cali_refuse(r, cali_place_of(d), "C106", "%s.D belongs to white noise, but tau is %g ms\ntry level", label,
                    noise->tau_ms);
        return;
    }
    if (d != NULL)
        diffusion_unit(target->unit, unit);
    else if (noise->input != NULL)
        snprintf(unit, sizeof unit, "%s", target->unit);
    else
        cali_noise_unit(target, noise->tau_ms == 0.0, unit);
    snprintf(name, sizeof name, "%.100s.%s", label, d != NULL ? "D" : "level");
    const cali_node *given = d != NULL ? d : level;
    double value;
    if (!cali_read_quantity(r, given, name, unit, &value))
        return;
    if (value < 0.0)
        cali_refuse(r, cali_place_of(given), "C106", "%s is negative", name);
    else
        noise->level = d != NULL ? sqrt(2.0 * value) : value;
}

static void read_form(cali_reader *r, const cali_node *item, const char *label, const cal_field *target,
                      cal_nmm_noise *noise)
{
    static const char *const keys[] = {"a", "b"};
    char unit[CALI_UNIT_TEXT];
    if (noise->form != CAL_NOISE_ADDITIVE && noise->tau_ms > 0.0)
        cali_refuse(r, cali_place_of(cali_node_get(item, "form")), "C106", "%s: %s noise must be white\ntry tau: 0 ms",
                    label, cal_noise_form_names[noise->form]);
    for (int k = 0; k < 2 && noise->form == CAL_NOISE_ADDITIVE; k++)
        if (cali_node_get(item, keys[k]) != NULL)
            cali_refuse(r, cali_place_of(cali_node_get(item, keys[k])), "C106",
                        "%s.%s means nothing to additive noise\ntry form: affine", label, keys[k]);
    noise->b = noise->form == CAL_NOISE_ADDITIVE ? 0.0 : 1.0;
    cali_divide_units("1", target->unit, unit);
    cali_read_own(r, item, label, "a", "1", &noise->a);
    cali_read_own(r, item, label, "b", unit, &noise->b);
}

static void parse_noise(cali_reader *r, const cali_node *item, const char *label, cal_nmm_noise *noise,
                        cali_noise_more *more)
{
    cali_noise_text text = {0};
    more->place = cali_place_of(item);
    if (!cali_read_mapping(r, &cali_keys_noise, item, label, &text, NULL))
        return;
    *noise = (cal_nmm_noise){.state = text.state, .input = text.input, .tau_ms = text.tau_ms,
                             .form = (cal_noise_form)text.form, .correlation = text.correlation};
    more->of = selector(text.of);
    more->correlations = text.correlations;
    if (text.correlations != NULL && text.correlation > 0.0)
        cali_refuse(r, cali_place_of(cali_node_get(item, "correlations")), "C104",
                    "%s has both a correlation and a table of correlations", label);
    const cal_field *target = find_noise_target(r, item, label, noise);
    if (target == NULL)
        return;
    read_level(r, item, label, target, noise);
    read_form(r, item, label, target, noise);
}

void cali_parse_noises(cali_reader *r, const cali_node *node)
{
    cal_experiment *e = r->exp;
    const size_t n = cali_list_size(r, node, "noise");
    e->noises = cali_take(r, n, sizeof *e->noises);
    e->noise_more = cali_take(r, n, sizeof *e->noise_more);
    for (size_t i = 0; !r->is_out_of_memory && i < n; i++) {
        char label[CALI_LABEL];
        snprintf(label, sizeof label, "noise[%zu]", i);
        parse_noise(r, cali_list_at(node, i), label, &e->noises[i], &e->noise_more[i]);
        e->n_noises++;
    }
}

/* ---- stimuli ------------------------------------------------------------------------------------------------- */

static const char *waveform_at(const void *list, size_t i)
{
    (void)list;
    return cal_waveforms[i].name;
}

const cal_waveform *cali_find_waveform(cali_reader *r, const cali_node *node)
{
    char what[2 * CALI_LABEL];
    const char *name = node == NULL ? cal_waveforms[0].name : cali_node_text(node, "");
    const cal_waveform *wave = cal_waveform_find(name);
    if (wave != NULL)
        return wave;
    snprintf(what, sizeof what, "unknown waveform \"%.60s\"", name);
    cali_refuse_word(r, cali_place_of(node), "C101", what, name, NULL, CAL_N_WAVEFORMS, waveform_at);
    return NULL;
}

/* The unit of what a stimulus acts on: of an input, or of the derivative of a state; NULL and a mistake if there is none. */
static const char *find_stimulus_unit(cali_reader *r, const cali_node *item, const char *label)
{
    const cali_node *input = cali_node_get(item, "input"), *state = cali_node_get(item, "state");
    if (input != NULL && state != NULL) {
        cali_refuse(r, cali_place_of(state), "C104", "%s has both an input and a state", label);
        return NULL;
    }
    const cali_node *word = state != NULL ? state : input;
    const cal_field *field =
        cali_find_field(r, state != NULL ? CALI_STATES : CALI_INPUTS, word != NULL ? cali_node_text(word, NULL) : NULL,
                        cali_place_of(word != NULL ? word : item));
    if (field == NULL || state == NULL)
        return field != NULL ? field->unit : NULL;
    char *unit = cali_take(r, CALI_UNIT_TEXT, 1);
    if (unit != NULL)
        cali_noise_unit(field, false, unit);
    return unit;
}

cal_field *cali_waveform_fields(cali_reader *r, const cal_waveform *wave, const char *unit, double *params)
{
    cal_field *fields = cali_take(r, wave->n_params, sizeof *fields);
    for (size_t k = 0; fields != NULL && k < wave->n_params; k++) {
        fields[k] = wave->params[k];
        params[k] = fields[k].value;
        if (strcmp(fields[k].unit, "input") == 0)
            fields[k].unit = unit;
    }
    return fields;
}

static const char *kernel_at(const void *list, size_t i)
{
    (void)list;
    return cal_spatial_kernels[i].name;
}

static void read_kernel(cali_reader *r, const cali_node *node, const char *label, cali_stimulus_more *more)
{
    char name[2 * CALI_LABEL], owner[CALI_LABEL];
    const cali_node *word = cali_node_get(node, "kernel");
    const char *text = word == NULL ? "" : cali_node_text(word, "");
    cali_weights_text values = {0};
    more->kernel = cal_spatial_kernel_find(text);
    if (word != NULL && more->kernel == NULL) {
        snprintf(name, sizeof name, "unknown kernel \"%.60s\"", text);
        cali_refuse_word(r, cali_place_of(word), "C101", name, text, NULL, CAL_N_SPATIAL_KERNELS, kernel_at);
        return;
    }
    snprintf(name, sizeof name, "%.100s.weights", label);
    snprintf(owner, sizeof owner, "kernel %.60s", text);
    cali_extra extra = {.values = more->kernel_params, .owner = owner};
    if (more->kernel != NULL) {
        extra.fields = more->kernel->params;
        extra.n_fields = more->kernel->n_params;
        for (size_t k = 0; k < extra.n_fields; k++)
            more->kernel_params[k] = extra.fields[k].value;
    }
    cali_read_mapping(r, &cali_keys_weights, node, name, &values, more->kernel != NULL ? &extra : NULL);
    more->focus = values.focus;
}

static void read_weights(cali_reader *r, const cali_node *node, const char *label, cali_stimulus_more *more)
{
    if (node == NULL)
        return;
    more->weights_place = cali_place_of(node);
    if (node->kind == CALI_NODE_MAP) {
        read_kernel(r, node, label, more);
        return;
    }
    more->n_weights = node->kind == CALI_NODE_LIST ? node->n : 1;
    more->weights = cali_take(r, more->n_weights, sizeof *more->weights);
    for (size_t i = 0; more->weights != NULL && i < more->n_weights; i++) {
        char name[2 * CALI_LABEL];
        snprintf(name, sizeof name, node->kind == CALI_NODE_LIST ? "%.100s.weights[%zu]" : "%.100s.weights", label, i);
        cali_read_quantity(r, node->kind == CALI_NODE_LIST ? node->entries[i].value : node, name, "1",
                           &more->weights[i]);
    }
}

static void check_stimulus(cali_reader *r, const cali_node *item, const char *label, const cali_stimulus_text *text,
                           const cal_nmm_stimulus *s)
{
    const cali_node *file = cali_node_get(item, "file");
    const bool has_samples = s->wave->source == CAL_WAVEFORM_SAMPLES;
    if (has_samples && text->file == NULL && file == NULL)
        cali_refuse(r, cali_place_of(item), "C105", "%s needs the key \"file\": table with a column `time`", label);
    if (!has_samples && file != NULL)
        cali_refuse(r, cali_place_of(file), "C104", "%s.file means nothing to the waveform %s\ntry wave: file", label,
                    s->wave->name);
    const char *wrong = s->wave->check != NULL ? s->wave->check(s->params) : NULL;
    if (wrong != NULL)
        cali_refuse(r, cali_place_of(item), "C106", "%s cannot be\nbecause %s", label, wrong);
    if (text->stop != 0 && text->stop <= text->start)
        cali_refuse(r, cali_place_of(cali_node_get(item, "stop")), "C106", "%s.stop is not after its start", label);
}

static void parse_stimulus(cali_reader *r, const cali_node *item, const char *label, cal_nmm_stimulus *s,
                           cali_stimulus_more *more)
{
    cali_stimulus_text text = {0};
    char owner[CALI_LABEL];
    const cali_node *file = cali_node_get(item, "file");
    s->region = -1;
    more->place = cali_place_of(item);
    more->file_place = file != NULL ? cali_place_of(file) : more->place;
    s->wave = cali_find_waveform(r, cali_node_get(item, "wave"));
    more->unit = find_stimulus_unit(r, item, label);
    more->params = cali_take(r, CAL_WAVEFORM_MAX_PARAMS, sizeof *more->params);
    if (s->wave == NULL || more->unit == NULL || more->params == NULL)
        return;
    s->params = more->params;
    snprintf(owner, sizeof owner, "waveform %s", s->wave->name);
    const cali_extra extra = {cali_waveform_fields(r, s->wave, more->unit, more->params), s->wave->n_params, more->params, owner};
    if (extra.fields == NULL || !cali_read_mapping(r, &cali_keys_stimulus, item, label, &text, &extra))
        return;
    s->input = text.input;
    s->state = text.state;
    s->start = text.start;
    s->stop = text.stop;
    more->of = selector(text.of);
    more->path = text.file;
    more->column = text.column;
    read_weights(r, cali_node_get(item, "weights"), label, more);
    check_stimulus(r, item, label, &text, s);
}

void cali_parse_stimuli(cali_reader *r, const cali_node *node)
{
    cal_experiment *e = r->exp;
    const size_t n = cali_list_size(r, node, "stimuli");
    e->stimuli = cali_take(r, n, sizeof *e->stimuli);
    e->stimulus_more = cali_take(r, n, sizeof *e->stimulus_more);
    for (size_t i = 0; !r->is_out_of_memory && i < n; i++) {
        char label[CALI_LABEL];
        snprintf(label, sizeof label, "stimuli[%zu]", i);
        parse_stimulus(r, cali_list_at(node, i), label, &e->stimuli[i], &e->stimulus_more[i]);
        e->n_stimuli++;
    }
}
