/* models and coupling: what speaks in the quantities of the neural masses. */
#include <stdio.h>
#include <string.h>

#include "experiment/reader.h"

int cali_find_mass(const cal_experiment *exp, const char *name)
{
    for (size_t i = 0; i < exp->n_masses; i++)
        if (strcmp(exp->masses[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* Names and short names, in turn. */
static const char *model_name_at(const void *list, size_t i)
{
    (void)list;
    const cal_nmm_model *model = cal_nmm_model_at(i / 2);
    return i % 2 == 0 || model->alias == NULL ? model->name : model->alias;
}

static const cal_nmm_model *find_model(cali_reader *r, const cali_node *node, const char *name)
{
    if (cali_is_own_model(name))
        return cali_load_own_model(r, node);
    const cal_nmm_model *model = cal_nmm_model_find(name);
    if (model != NULL)
        return model;
    char what[2 * CALI_LABEL];
    const bool is_neuron = cal_snn_neuron_find(name) != NULL;
    if (is_neuron)
        snprintf(what, sizeof what, "\"%.60s\" is a neuron, not a neural mass", name);
    else
        snprintf(what, sizeof what, "unknown neural mass \"%.60s\"", name);
    /* the catalogue is too long for a message */
    const char *nearest = is_neuron ? NULL : cali_nearest_of(name, NULL, 2 * cal_nmm_n_models(), model_name_at);
    cali_refuse(r, cali_place_of(node), "C101", "%s\ntry %s", what,
                nearest != NULL ? nearest : "one of the names that callosum models lists");
    return NULL;
}

static void parse_mass(cali_reader *r, const cali_entry *entry, cali_mass *mass)
{
    char label[CALI_LABEL];
    snprintf(label, sizeof label, "models.%.100s", entry->key);
    cali_model_text text = {0};
    mass->name = cali_keep(r, entry->key);
    mass->place = cali_place_of_key(entry);
    if (!cali_read_mapping(r, &cali_keys_model, entry->value, label, &text, NULL) || text.neural_mass == NULL)
        return;
    const cal_nmm_model *model = find_model(r, cali_node_get(entry->value, "neural_mass"), text.neural_mass);
    if (model == NULL)
        return;
    mass->params = cali_take(r, model->n_params, sizeof *mass->params);
    mass->initial = cali_take(r, model->n_states, sizeof *mass->initial);
    if (mass->params == NULL || mass->initial == NULL)
        return;
    mass->model = model;
    for (size_t i = 0; i < model->n_params; i++)
        mass->params[i] = model->params[i].value;
    for (size_t i = 0; i < model->n_states; i++)
        mass->initial[i] = model->states[i].value;
    snprintf(label, sizeof label, "model %.100s", text.neural_mass);
    cali_read_settings(r, cali_node_get(entry->value, "parameters"), model, false, label, &mass->settings);
    cali_read_settings(r, cali_node_get(entry->value, "initial"), model, true, label, &mass->settings);
    for (size_t i = 0; i < mass->settings.n; i++) {
        const cali_setting *setting = &mass->settings.items[i];
        if (setting->path == NULL && setting->value.kind == CAL_CONSTANT)
            (setting->is_state ? mass->initial : mass->params)[setting->row] = setting->value.a;
    }
}

void cali_parse_models(cali_reader *r, const cali_node *node)
{
    char buffer[CALI_LABEL];
    if (node == NULL)
        return;
    if (node->kind != CALI_NODE_MAP) {
        cali_refuse(r, cali_place_of(node), "C104", "models needs a mapping of names, got %s\ntry field: {neural_mass: mpr}",
                    cali_describe_node(node, buffer));
        return;
    }
    r->exp->masses = cali_take(r, node->n, sizeof *r->exp->masses);
    for (size_t i = 0; r->exp->masses != NULL && i < node->n; i++)
        parse_mass(r, &node->entries[i], &r->exp->masses[r->exp->n_masses++]);
}

/* ---- fields of the models in use ------------------------------------------------------------------------ */

static const char *const field_kind_names[] = {"state", "input", "output"};

static const cal_field *fields_of(const cal_nmm_model *model, cali_field_kind kind, size_t *n)
{
    *n = kind == CALI_STATES ? model->n_states : kind == CALI_INPUTS ? model->n_inputs : model->n_outputs;
    return kind == CALI_STATES ? model->states : kind == CALI_INPUTS ? model->inputs : model->outputs;
}

const cal_field *cali_look_up_field(const cal_experiment *exp, int first, cali_field_kind kind, const char *name)
{
    for (int i = first >= 0 ? -1 : 0; i < (int)exp->n_masses; i++) {
        const cal_nmm_model *model = exp->masses[i < 0 ? first : i].model;
        size_t n;
        if (model == NULL)
            continue;
        const cal_field *fields = fields_of(model, kind, &n);
        const int found = name == NULL             ? (n > 0 ? 0 : -1)
                          : kind == CALI_OUTPUTS ? cal_nmm_model_output(model, name)
                                                 : cal_field_find(fields, n, name);
        if (found >= 0)
            return &fields[found];
        if (name == NULL)
            return NULL;
    }
    return NULL;
}

/* The mass of `regions.default` as it stands in the file: assignments come later. */
static int default_mass(const cali_reader *r)
{
    const cali_node *line = cali_node_get(r->regions, "default");
    return cali_find_mass(r->exp, cali_node_text(line, cali_node_text(cali_node_get(line, "model"), "")));
}

enum { MAX_KNOWN = 128 };

/* Names of the fields of one kind, each once, behind the n that are there. */
static size_t list_fields(const cali_reader *r, cali_field_kind kind, const char **known, size_t n_known)
{
    size_t n;
    for (size_t i = 0; i < r->exp->n_masses; i++) {
        if (r->exp->masses[i].model == NULL)
            continue;
        const cal_field *fields = fields_of(r->exp->masses[i].model, kind, &n);
        for (size_t k = 0; k < n && n_known < MAX_KNOWN; k++) {
            bool is_new = true;
            for (size_t j = 0; j < n_known; j++)
                is_new = is_new && strcmp(known[j], fields[k].name) != 0;
            if (is_new)
                known[n_known++] = fields[k].name;
        }
    }
    return n_known;
}

static void refuse_field(cali_reader *r, const char *kind, const char *name, cali_place place, const char **known,
                         size_t n_known)
{
    char what[2 * CALI_LABEL];
    if (n_known == 0) /* no model could be read: that mistake is enough */
        return;
    snprintf(what, sizeof what, "no model here has the %s \"%.60s\"", kind, name);
    cali_refuse_word(r, place, "C107", what, name, known, n_known, cali_word_in_array);
}

const char *cali_term_source(const cal_experiment *exp, int first, const cal_coupling *term)
{
    const char *usual = term->kind == CAL_COUPLING_SIGMOIDAL_JANSEN_RIT ? "potential" : NULL;
    return term->from != NULL || usual == NULL || cali_look_up_field(exp, first, CALI_OUTPUTS, usual) == NULL ? term->from
                                                                                                              : usual;
}

const cal_field *cali_find_field(cali_reader *r, cali_field_kind kind, const char *name, cali_place place)
{
    const cal_field *field = cali_look_up_field(r->exp, default_mass(r), kind, name);
    if (field != NULL || name == NULL)
        return field;
    const char *known[MAX_KNOWN];
    refuse_field(r, field_kind_names[kind], name, place, known, list_fields(r, kind, known, 0));
    return NULL;
}

const cal_field *cali_find_row(cali_reader *r, const char *name, cali_place place)
{
    const cal_field *field = cali_look_up_field(r->exp, default_mass(r), CALI_STATES, name);
    if (field == NULL)
        field = cali_look_up_field(r->exp, default_mass(r), CALI_OUTPUTS, name);
    if (field != NULL)
        return field;
    const char *known[MAX_KNOWN];
    const size_t n = list_fields(r, CALI_STATES, known, 0);
    refuse_field(r, "state or output", name, place, known, list_fields(r, CALI_OUTPUTS, known, n));
    return NULL;
}

/* ---- coupling ---------------------------------------------------------------------------------------------- */

/* "ms" from "1" over "1/ms": the text of a quotient that a user would write. */
void cali_divide_units(const char *above, const char *below, char out[CALI_UNIT_TEXT])
{
    if (strcmp(above, below) == 0)
        snprintf(out, CALI_UNIT_TEXT, "1");
    else if (strcmp(below, "1") == 0)
        snprintf(out, CALI_UNIT_TEXT, "%s", above);
    else if (strcmp(above, "1") == 0 && strncmp(below, "1/", 2) == 0 && strpbrk(below + 2, "/ *^(") == NULL)
        snprintf(out, CALI_UNIT_TEXT, "%s", below + 2);
    else
        snprintf(out, CALI_UNIT_TEXT, "%.40s/(%.40s)", above, below);
}

void cali_term_unit(const cal_field *number, const cal_field *from, const cal_field *to, char unit[CALI_UNIT_TEXT])
{
    if (strcmp(number->unit, "to/from") == 0)
        cali_divide_units(to->unit, from->unit, unit);
    else
        snprintf(unit, CALI_UNIT_TEXT, "%.90s", strcmp(number->unit, "to") == 0     ? to->unit
                                               : strcmp(number->unit, "from") == 0 ? from->unit
                                                                                   : number->unit);
}

void cali_read_own(cali_reader *r, const cali_node *node, const char *label, const char *key, const char *unit,
                   double *out)
{
    char name[2 * CALI_LABEL];
    const cali_node *value = cali_node_get(node, key);
    snprintf(name, sizeof name, "%.100s.%s", label, key);
    if (value != NULL)
        cali_read_quantity(r, value, name, unit, out);
}

static bool has_number(const cal_coupling_info *info, const char *name)
{
    for (size_t i = 0; i < info->n_params; i++)
        if (strcmp(info->params[i].name, name) == 0)
            return true;
    return false;
}

/* Numbers that another kind of coupling has. */
static void refuse_strangers(cali_reader *r, const cali_node *node, const char *label, const cal_coupling_info *info)
{
    cal_coupling any = cal_coupling_default();
    for (size_t i = 0; i < node->n; i++) {
        const char *key = node->entries[i].key;
        if (cal_coupling_number(&any, key) == NULL || has_number(info, key))
            continue;
        cali_text names = {0};
        for (size_t k = 0; k < info->n_params; k++)
            cali_text_format(&names, "%s%s", k > 0 ? ", " : "", info->params[k].name);
        cali_refuse(r, cali_place_of(node->entries[i].value), "C106",
                    "%s.%s means nothing to %s coupling\nbecause that is %s\ntry %s", label, key, info->name,
                    info->formula, names.is_broken ? "another kind" : names.data);
        cali_text_free(&names);
    }
}

static void parse_term(cali_reader *r, const cali_node *node, const char *label, cal_coupling *term)
{
    const cali_node *from_node = cali_node_get(node, "from"), *to_node = cali_node_get(node, "to");
    char *text = NULL;
    if (from_node != NULL && cali_read_text(r, from_node, "coupling.from", &text))
        term->from = text;
    if (to_node != NULL && cali_read_text(r, to_node, "coupling.to", &text))
        term->to = text;
    const cali_node *threshold = cali_node_get(node, "threshold");
    if (threshold != NULL && cali_read_text(r, threshold, "coupling.threshold", &text) &&
        cali_find_field(r, CALI_OUTPUTS, text, cali_place_of(threshold)) != NULL)
        term->threshold = text;
    const cali_place place = cali_place_of(node);
    const cal_field *from = cali_find_field(r, CALI_OUTPUTS, cali_term_source(r->exp, default_mass(r), term),
                                            from_node ? cali_place_of(from_node) : place);
    const cal_field *to = cali_find_field(r, CALI_INPUTS, term->to, to_node ? cali_place_of(to_node) : place);
    if (from == NULL || to == NULL)
        return;
    const cal_coupling_info *info = cal_coupling_info_of(term->kind);
    for (size_t i = 0; i < info->n_params; i++) {
        char unit[CALI_UNIT_TEXT];
        const cal_field *number = &info->params[i];
        double *value = cal_coupling_number(term, number->name);
        cali_term_unit(number, from, to, unit);
        cali_read_own(r, node, label, number->name, unit, value);
        const cali_node *given = cali_node_get(node, number->name);
        if (given != NULL && number->low == 0.0 && !(*value > 0.0))
            cali_refuse(r, cali_place_of(given), "C106", "%s.%s is %g, but must be above 0", label, number->name, *value);
    }
    refuse_strangers(r, node, label, info);
}

/* The keys of `coupling` that belong to a term, as a mapping of their own. */
static cali_node *split_term(cali_reader *r, const cali_node *node, cali_node *rest)
{
    cali_node *term = cali_tree_add_node(r->tree, CALI_NODE_MAP, node->line, node->column);
    if (term == NULL)
        return NULL;
    term->origin = node->origin;
    *rest = *node;
    rest->entries = NULL;
    rest->n = 0;
    for (size_t i = 0; i < node->n; i++) {
        bool is_term = false;
        for (size_t k = 0; k < cali_keys_term.n_keys; k++)
            is_term = is_term || strcmp(cali_keys_term.keys[k].name, node->entries[i].key) == 0;
        if (!cali_tree_add_entry(r->tree, is_term ? term : rest, &node->entries[i]))
            return NULL;
    }
    return term;
}

static void add_term(cali_reader *r, const cali_node *node, const char *label)
{
    cal_experiment *e = r->exp;
    cal_coupling *term = &e->couplings[e->n_couplings++];
    *term = cal_coupling_default();
    /* only `kind` and `local` are read by the table: defaults of the rest are those of the kind */
    cal_coupling scratch = *term;
    if (!cali_read_mapping(r, &cali_keys_term, node, label, &scratch, NULL))
        return;
    term->kind = scratch.kind;
    term->is_local = scratch.is_local;
    cal_coupling_complete(term);
    const cali_node *matrix = cali_node_get(node, "matrix");
    e->coupling_matrices[e->n_coupling_matrices++] = NULL;
    if (matrix != NULL)
        cali_read_path(r, matrix, "coupling.matrix", &e->coupling_matrices[e->n_coupling_matrices - 1]);
    parse_term(r, node, label, term);
}

void cali_parse_couplings(cali_reader *r, const cali_node *node)
{
    cal_experiment *e = r->exp;
    const cali_node nothing = {.kind = CALI_NODE_MAP};
    cali_fill_defaults(r, &cali_keys_coupling, e);
    e->coupling_place = node == NULL ? (cali_place){0} : cali_place_of(node);
    if (node == NULL || cali_node_is_null(node))
        node = &nothing;
    cali_node rest = *node, *term = NULL;
    if (node->kind == CALI_NODE_MAP)
        term = split_term(r, node, &rest);
    if (!cali_read_mapping(r, &cali_keys_coupling, &rest, "coupling", e, NULL))
        return;
    const cali_node *terms = cali_node_get(node, "terms");
    const size_t n = cali_list_size(r, terms, "coupling.terms");
    e->couplings = cali_take(r, n + 1, sizeof *e->couplings);
    e->coupling_matrices = cali_take(r, n + 1, sizeof *e->coupling_matrices);
    if (e->couplings == NULL || e->coupling_matrices == NULL || term == NULL) {
        r->is_out_of_memory = true;
        return;
    }
    if (n > 0 && term->n > 0)
        cali_refuse(r, cali_place_of_key(&term->entries[0]), "C104",
                    "\"%.60s\" stands beside \"terms\"\ntry moving it into one of the terms", term->entries[0].key);
    if (n == 0)
        add_term(r, term, "coupling");
    for (size_t i = 0; i < n; i++) {
        char label[CALI_LABEL];
        snprintf(label, sizeof label, "coupling.terms[%zu]", i);
        add_term(r, cali_list_at(terms, i), label);
    }
}
