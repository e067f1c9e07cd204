/* The YAML of an own model: states, parameters, inputs, equations, outputs.
 * docs/own-models.md explains every key. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nmm/text/own.h"

enum { LABEL = 128 };

static const cali_formula_list lists[] = {
    {"states", "initial", "states: {V: {initial: -60 mV}}", CALI_FORMULA_STATE,
     {"initial", "unit", "low", "high", "scale", "meaning"}, 6, true},
    {"parameters", "value", "parameters: {tau: {value: 10 ms}}", CALI_FORMULA_PARAM, {"value", "unit", "low", "high", "meaning"}, 5,
     false},
    {"inputs", NULL, "inputs: {c: {unit: 1/ms}}", CALI_FORMULA_INPUT, {"unit", "meaning"}, 2, true},
};

/* The typical size of each state: `scale`, or the size of its initial value, or 1. */
static void read_scales(cali_formula_reader *r, const cali_node *root)
{
    cal_nmm_model *m = &cali_own_of(r)->model;
    double *scales = cali_formula_take(r, m->n_states, sizeof *scales);
    const cali_node *map = cali_node_get(root, "states");
    for (size_t i = 0; i < m->n_states && scales != NULL; i++) {
        const cali_node *node = cali_node_get(map, m->states[i].name), *scale = cali_node_get(node, "scale");
        scales[i] = m->states[i].value != 0.0 ? fabs(m->states[i].value) : 1.0;
        cali_formula_read_bound(r, node, "scale", m->states[i].name, &r->file->declared[CALI_FORMULA_STATE][i], &scales[i]);
        if (scale != NULL && !(scales[i] > 0.0))
            cali_formula_refuse(r, scale->line, scale->column, "C106", "states.%s.scale must be above 0", m->states[i].name);
    }
    m->scales = scales;
}

/* ---- expressions ----------------------------------------------------------------------------------------------- */

static void read_output(cali_formula_reader *r, const cali_entry *entry, size_t index)
{
    static const char *const known[] = {"value", "low", "high", "meaning"};
    cali_own *own = cali_own_of(r);
    char label[LABEL], unit_text[CALI_UNIT_TEXT];
    snprintf(label, sizeof label, "output %.80s", entry->key);
    cal_field *f = (cal_field *)(uintptr_t)&own->model.outputs[index];
    *f = (cal_field){.name = entry->key, .unit = "1", .low = -INFINITY, .high = INFINITY, .meaning = ""};
    const bool is_map = entry->value->kind == CALI_NODE_MAP;
    if (is_map)
        cali_formula_check_keys(r, entry->value, label, known, 4);
    const cali_node *scalar = is_map ? cali_node_get(entry->value, "value") : entry->value;
    if (scalar == NULL) {
        cali_formula_refuse(r, entry->line, entry->column, "C105", "%s needs the key \"value\"", label);
        return;
    }
    const int symbol = cali_formula_find_symbol(r->file, entry->key);
    const cali_formula_symbol *state = symbol >= 0 && r->file->symbols[symbol].kind == CALI_FORMULA_STATE ? &r->file->symbols[symbol] : NULL;
    cali_formula_expression *e = &own->outputs[index];
    f->name = cali_formula_keep(r, entry->key, strlen(entry->key));
    const char *input = NULL;
    if (!cali_formula_check_name(r, entry, "outputs") || f->name == NULL ||
        !cali_formula_read_expression(r, f->name, label, scalar, state != NULL ? &state->unit : NULL, e))
        return;
    if (cali_formula_uses_input(r->file, e->root, &input)) {
        cali_formula_refuse_at(r, scalar, 0, "C107", "%s depends on the input %s\nbecause outputs are functions of the state, which "
                           "edges carry to the inputs of others", label, input);
        return;
    }
    const cali_unit unit = cali_formula_host_unit(&e->root->unit);
    cali_formula_unit_text(&unit, unit_text);
    f->unit = cali_formula_keep(r, unit_text, strlen(unit_text));
    f->meaning = is_map ? cali_formula_read_text(r, entry->value, "meaning", label) : "";
    if (f->meaning[0] == '\0')
        f->meaning = cali_formula_keep(r, scalar->text, strlen(scalar->text));
    cali_formula_read_bound(r, entry->value, "low", label, &unit, &f->low);
    cali_formula_read_bound(r, entry->value, "high", label, &unit, &f->high);
}

static void read_outputs(cali_formula_reader *r, const cali_node *root)
{
    cali_own *own = cali_own_of(r);
    const cali_node *map = cali_formula_read_map(r, root, "outputs", "outputs: {V: V}", true);
    own->outputs = cali_formula_take(r, map == NULL ? 0 : map->n, sizeof *own->outputs);
    own->model.outputs = cali_formula_take(r, map == NULL ? 0 : map->n, sizeof *own->model.outputs);
    for (size_t i = 0; map != NULL && i < map->n && own->outputs != NULL && own->model.outputs != NULL; i++)
        read_output(r, &map->entries[i], own->model.n_outputs++);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------ */

/* Lower-case letters, digits, "-": as the built-in names are. */
static void read_name(cali_formula_reader *r, const cali_node *root)
{
    const cali_node *node = cali_node_get(root, "neural_mass");
    cali_own_of(r)->model.name = cali_formula_read_text(r, root, "neural_mass", "");
    const char *name = cali_own_of(r)->model.name;
    const size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (node == NULL)
        cali_formula_refuse(r, root->line, root->column, "C105", "the model needs a name\ntry neural_mass: my-model");
    else if (name[0] != '\0' && (name[n] != '\0' || n > 60 || name[0] == '-'))
        cali_formula_refuse(r, node->line, node->column, "C104", "neural_mass: \"%.60s\" is no name of a model\nbecause it is of "
                        "lower-case letters, digits and -", name);
    else if (cal_nmm_model_find(name) != NULL)
        cali_formula_refuse(r, node->line, node->column, "C104", "neural_mass: \"%s\" is a built-in model\ntry my-%s", name, name);
}

static void read_flags(cali_formula_reader *r, const cali_node *root)
{
    const cali_node *stiff = cali_node_get(root, "stiff");
    const char *text = cali_node_text(stiff, "false");
    cali_own_of(r)->model.is_stiff = strcmp(text, "true") == 0;
    if (stiff != NULL && !cali_own_of(r)->model.is_stiff && strcmp(text, "false") != 0)
        cali_formula_refuse_shape(r, stiff, "stiff", "true or false", "");
}

void cali_own_read(cali_formula_reader *r, const cali_node *root)
{
    static const char *const known[] = {"neural_mass", "title", "source", "states", "parameters", "inputs",
                                        "let", "equations", "outputs", "test", "stiff"};
    cal_nmm_model *m = &cali_own_of(r)->model;
    if (root->kind != CALI_NODE_MAP) {
        cali_formula_refuse_shape(r, root, "the file", "a mapping", "neural_mass: my-model");
        return;
    }
    cali_formula_check_keys(r, root, "", known, sizeof known / sizeof *known);
    r->file->symbols = cali_formula_take(r, (size_t)4 * CALI_FORMULA_MAX_FIELDS, sizeof *r->file->symbols);
    if (r->file->symbols == NULL)
        return;
    read_name(r, root);
    m->title = cali_formula_read_text(r, root, "title", "");
    m->source = cali_formula_read_text(r, root, "source", "");
    read_flags(r, root);
    m->states = cali_formula_read_fields(r, &lists[0], root, &m->n_states);
    m->params = cali_formula_read_fields(r, &lists[1], root, &m->n_params);
    m->inputs = cali_formula_read_fields(r, &lists[2], root, &m->n_inputs);
    if (r->is_out_of_memory || r->n_mistakes > 0) /* expressions would be refused for what is missing */
        return;
    read_scales(r, root);
    cali_formula_read_lets(r, root);
    if (r->is_out_of_memory || r->n_mistakes > 0)
        return;
    cali_own_of(r)->equations = cali_formula_read_equations(r, root, m->states, m->n_states);
    read_outputs(r, root);
    if (r->is_out_of_memory || r->n_mistakes > 0)
        return;
    m->equations = cali_formula_join_equations(r, cali_own_of(r)->equations, m->n_states);
    cali_own_read_test(r, root);
}
