/* The YAML of an own model: fields with units, names, expressions; then every expression is checked for its unit.
 * docs/own-models.md explains every key. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nmm/text/own.h"

enum { LABEL = 128 };

/* ---- scalars and mappings ---------------------------------------------------------------------------- */

static bool refuse_shape(cali_own_reader *r, const cali_node *node, const char *label, const char *wanted, const char *try)
{
    char text[64];
    if (node->kind == CALI_NODE_SCALAR && !cali_node_is_null(node))
        snprintf(text, sizeof text, "\"%.50s\"", node->text);
    const char *got = node->kind == CALI_NODE_LIST  ? "a list"
                      : node->kind == CALI_NODE_MAP ? "a mapping"
                      : cali_node_is_null(node)     ? "nothing"
                                                    : text;
    return cali_own_refuse(r, node->line, node->column, "C104", "%s needs %s, got %s%s%s", label, wanted, got,
                           try[0] != '\0' ? "\ntry " : "", try);
}

static const char *read_text(cali_own_reader *r, const cali_node *map, const char *key, const char *label)
{
    const cali_node *node = cali_node_get(map, key);
    if (node == NULL)
        return "";
    char full[LABEL];
    snprintf(full, sizeof full, "%s%s%s", label, label[0] != '\0' ? "." : "", key);
    if (node->kind != CALI_NODE_SCALAR || cali_node_is_null(node)) {
        refuse_shape(r, node, full, "a text", "");
        return "";
    }
    const char *text = cali_own_keep(r, node->text, strlen(node->text));
    return text == NULL ? "" : text;
}

/* Keys that a mapping may have; everything else is refused with the nearest. */
static void check_keys(cali_own_reader *r, const cali_node *map, const char *label, const char *const *known, size_t n)
{
    for (size_t i = 0; i < map->n; i++) {
        bool is_known = false;
        for (size_t k = 0; k < n; k++)
            is_known = is_known || strcmp(known[k], map->entries[i].key) == 0;
        if (is_known)
            continue;
        char what[256];
        const cali_node place = {.kind = CALI_NODE_MAP, .line = map->entries[i].line, .column = map->entries[i].column};
        snprintf(what, sizeof what, "unknown key \"%.60s\"%s%.100s", map->entries[i].key, label[0] != '\0' ? " in " : "",
                 label);
        cali_own_refuse_word(r, &place, 0, what, map->entries[i].key, known, n);
    }
}

/* The mapping under a key of the top; NULL with a mistake if it is none or too long. `try` is an example. */
static const cali_node *read_map(cali_own_reader *r, const cali_node *root, const char *key, const char *try,
                                 bool is_required)
{
    const cali_node *node = cali_node_get(root, key);
    if (node == NULL || (node->kind == CALI_NODE_MAP && node->n == 0)) {
        if (is_required)
            cali_own_refuse(r, node == NULL ? root->line : node->line, node == NULL ? root->column : node->column, "C105",
                            "the model needs %s\ntry %s", key, try);
        return NULL;
    }
    if (node->kind != CALI_NODE_MAP) {
        refuse_shape(r, node, key, "a mapping of names", try);
        return NULL;
    }
    if (node->n > CALI_OWN_MAX_FIELDS) {
        cali_own_refuse(r, node->line, node->column, "C106", "%s has %zu names, but may have %d", key, node->n,
                        CALI_OWN_MAX_FIELDS);
        return NULL;
    }
    return node;
}

bool cali_own_read_number(cali_own_reader *r, const cali_node *node, const char *label, const cali_unit *declared,
                          cali_unit *unit, double *out)
{
    cali_quantity q;
    if (node->kind != CALI_NODE_SCALAR || cali_node_is_null(node))
        return refuse_shape(r, node, label, "a number", "");
    const cali_quantity_result result = cali_quantity_parse(node->text, &q);
    if (result == CALI_QUANTITY_NO_NUMBER)
        return refuse_shape(r, node, label, "a number", "");
    if (result == CALI_QUANTITY_UNKNOWN_UNIT) {
        const char *meant = cali_unit_suggest(q.unit_text);
        return cali_own_refuse_at(r, node, (size_t)(q.unit_text - node->text), "C102", "%s: unknown unit \"%.40s\"%s%s",
                                  label, q.unit_text, meant != NULL ? "\ntry " : "", meant != NULL ? meant : "");
    }
    if (q.unit_text[0] == '\0' && declared != NULL)
        q.unit = *declared;
    if (declared == NULL)
        *unit = q.unit;
    else if (!cali_unit_is_same_dimension(&q.unit, declared)) {
        char want[CALI_UNIT_TEXT], got[CALI_UNIT_TEXT], text[CALI_UNIT_TEXT];
        cali_unit_describe(declared, want);
        cali_unit_describe(&q.unit, got);
        cali_own_unit_text(declared, text);
        return cali_own_refuse(r, node->line, node->column, "C103", "%s is %s (%s), got \"%.60s\", which is %s", label, want,
                               text, node->text, got);
    }
    const cali_unit host = cali_own_host_unit(&q.unit);
    *out = cali_quantity_in(&q, &host);
    if (!isfinite(*out))
        return cali_own_refuse(r, node->line, node->column, "C106", "%s is beyond all numbers: \"%.60s\"", label, node->text);
    return true;
}

/* ---- fields ---------------------------------------------------------------------------------------------- */

static bool check_name(cali_own_reader *r, const cali_entry *entry, const char *list)
{
    if (!cali_own_is_name(entry->key))
        return cali_own_refuse(r, entry->line, entry->column, "C104", "%s: \"%.60s\" is no name\nbecause names are of the "
                               "letters a to z and A to Z, digits and _", list, entry->key);
    if (cali_own_is_reserved(entry->key))
        return cali_own_refuse(r, entry->line, entry->column, "C104", "%s: \"%s\" is a word of the expressions\ntry %s_0",
                               list, entry->key, entry->key);
    return true;
}

static bool add_symbol(cali_own_reader *r, const cali_entry *entry, const char *list, cali_own_symbol_kind kind, size_t index,
                       const cali_unit *unit)
{
    cali_own *own = r->own;
    if (!check_name(r, entry, list))
        return false;
    if (cali_own_find_symbol(own, entry->key) >= 0)
        return cali_own_refuse(r, entry->line, entry->column, "C104", "%s: the name \"%s\" is taken already\nbecause states, "
                               "parameters, inputs and let share their names", list, entry->key);
    const char *name = cali_own_keep(r, entry->key, strlen(entry->key));
    if (name != NULL)
        own->symbols[own->n_symbols++] = (cali_own_symbol){name, kind, (int)index, *unit, false};
    return name != NULL;
}

/* `unit:` of a field, or the unit of the number under `value_key`. */
static bool read_unit(cali_own_reader *r, const cali_entry *entry, const char *label, const char *value_key, cali_unit *unit)
{
    const cali_node *map = entry->value;
    const cali_node *node = cali_node_get(map, "unit");
    *unit = (cali_unit){1.0, 0, {0}};
    if (node != NULL) {
        if (cali_node_text(node, NULL) != NULL && cali_unit_parse(node->text, unit))
            return true;
        const char *meant = cali_unit_suggest(cali_node_text(node, ""));
        return cali_own_refuse(r, node->line, node->column, "C102", "%s: unknown unit \"%.40s\"%s%s", label,
                               cali_node_text(node, ""), meant != NULL ? "\ntry " : "", meant != NULL ? meant : "");
    }
    const cali_node *value = map->kind == CALI_NODE_SCALAR ? map : value_key != NULL ? cali_node_get(map, value_key) : NULL;
    double ignored;
    return value == NULL || cali_own_read_number(r, value, label, NULL, unit, &ignored);
}

/* Infinite bounds are left out, not written. */
static void read_bound(cali_own_reader *r, const cali_node *map, const char *key, const char *label, const cali_unit *declared,
                       double *out)
{
    char full[LABEL];
    cali_unit ignored;
    const cali_node *node = cali_node_get(map, key);
    snprintf(full, sizeof full, "%.100s.%s", label, key);
    if (node != NULL)
        cali_own_read_number(r, node, full, declared, &ignored, out);
}

static void check_range(cali_own_reader *r, const cali_entry *entry, const char *label, const cal_field *f)
{
    if (!(f->low < f->high))
        cali_own_refuse(r, entry->line, entry->column, "C106", "%s: low %g %s is not below high %g %s", label, f->low, f->unit,
                        f->high, f->unit);
    else if (f->value < f->low || f->value > f->high)
        cali_own_refuse(r, entry->line, entry->column, "C106", "%s is %g %s, but must be from %g to %g %s", label, f->value,
                        f->unit, f->low, f->high, f->unit);
}

/* What the three lists of fields differ in. */
typedef struct field_list {
    const char *key, *value_key, *example;
    cali_own_symbol_kind kind;
    const char *known[6];
    size_t n_known;
    bool is_required;
} field_list;

static const field_list lists[] = {
    {"states", "initial", "states: {V: {initial: -60 mV}}", CALI_OWN_STATE,
     {"initial", "unit", "low", "high", "scale", "meaning"}, 6, true},
    {"parameters", "value", "parameters: {tau: {value: 10 ms}}", CALI_OWN_PARAM, {"value", "unit", "low", "high", "meaning"}, 5,
     false},
    {"inputs", NULL, "inputs: {c: {unit: 1/ms}}", CALI_OWN_INPUT, {"unit", "meaning"}, 2, true},
};

static bool read_field(cali_own_reader *r, const field_list *list, const cali_entry *entry, size_t index, cal_field *f,
                       cali_unit *declared)
{
    char label[LABEL];
    snprintf(label, sizeof label, "%s.%.80s", list->key, entry->key);
    const bool is_map = entry->value->kind == CALI_NODE_MAP;
    if (entry->value->kind == CALI_NODE_LIST || (!is_map && list->value_key == NULL))
        return refuse_shape(r, entry->value, label, "a mapping", list->example);
    if (is_map)
        check_keys(r, entry->value, label, list->known, list->n_known);
    if (!read_unit(r, entry, label, list->value_key, declared))
        return false;
    const cali_unit host = cali_own_host_unit(declared);
    char unit_text[CALI_UNIT_TEXT];
    cali_own_unit_text(&host, unit_text);
    *f = (cal_field){.low = -INFINITY, .high = INFINITY};
    if (!add_symbol(r, entry, list->key, list->kind, index, &host))
        return false;
    f->name = r->own->symbols[r->own->n_symbols - 1].name;
    f->unit = cali_own_keep(r, unit_text, strlen(unit_text));
    f->meaning = is_map ? read_text(r, entry->value, "meaning", label) : "";
    if (f->unit == NULL || list->value_key == NULL)
        return f->unit != NULL;
    const cali_node *value = is_map ? cali_node_get(entry->value, list->value_key) : entry->value;
    cali_unit ignored;
    if (value == NULL)
        return cali_own_refuse(r, entry->line, entry->column, "C105", "%s needs the key \"%s\"", label, list->value_key);
    if (!cali_own_read_number(r, value, label, declared, &ignored, &f->value))
        return false;
    read_bound(r, entry->value, "low", label, declared, &f->low);
    read_bound(r, entry->value, "high", label, declared, &f->high);
    check_range(r, entry, label, f);
    return true;
}

static cal_field *read_fields(cali_own_reader *r, const field_list *list, const cali_node *root, size_t *n)
{
    const cali_node *map = read_map(r, root, list->key, list->example, list->is_required);
    *n = 0;
    const size_t n_entries = map == NULL ? 0 : map->n;
    cal_field *fields = cali_own_take(r, n_entries, sizeof *fields);
    cali_unit *declared = cali_own_take(r, n_entries, sizeof *declared);
    r->own->declared[list->kind] = declared;
    for (size_t i = 0; i < n_entries && fields != NULL && declared != NULL; i++)
        if (read_field(r, list, &map->entries[i], *n, &fields[*n], &declared[*n]))
            ++*n;
    return fields;
}

/* The typical size of each state: `scale`, or the size of its initial value, or 1. */
static void read_scales(cali_own_reader *r, const cali_node *root)
{
    cal_nmm_model *m = &r->own->model;
    double *scales = cali_own_take(r, m->n_states, sizeof *scales);
    const cali_node *map = cali_node_get(root, "states");
    for (size_t i = 0; i < m->n_states && scales != NULL; i++) {
        const cali_node *node = cali_node_get(map, m->states[i].name), *scale = cali_node_get(node, "scale");
        scales[i] = m->states[i].value != 0.0 ? fabs(m->states[i].value) : 1.0;
        read_bound(r, node, "scale", m->states[i].name, &r->own->declared[CALI_OWN_STATE][i], &scales[i]);
        if (scale != NULL && !(scales[i] > 0.0))
            cali_own_refuse(r, scale->line, scale->column, "C106", "states.%s.scale must be above 0", m->states[i].name);
    }
    m->scales = scales;
}

/* ---- expressions ----------------------------------------------------------------------------------------------- */

static bool uses_input(const cali_own *own, const cali_own_node *node, const char **name)
{
    if (node == NULL)
        return false;
    const cali_own_symbol *s = node->kind == CALI_OWN_NAME ? &own->symbols[node->symbol] : NULL;
    if (s != NULL && (s->kind == CALI_OWN_INPUT || s->needs_input)) {
        *name = s->name;
        return true;
    }
    return uses_input(own, node->args[0], name) || uses_input(own, node->args[1], name) || uses_input(own, node->args[2], name);
}

static bool read_expression(cali_own_reader *r, const char *name, const char *label, const cali_node *scalar,
                            const cali_unit *wanted, cali_own_expression *e)
{
    e->name = name;
    e->label = cali_own_keep(r, label, strlen(label));
    e->yaml = scalar;
    if (e->label == NULL)
        return false;
    e->root = cali_own_parse(r, scalar, e->label);
    return e->root != NULL && cali_own_check(r, e, wanted);
}

/* Named parts, in order: each may use those before it. One that cannot be read still gets its name, so that it is
 * not missed again everywhere. */
static void read_lets(cali_own_reader *r, const cali_node *root)
{
    cali_own *own = r->own;
    const cali_node *map = read_map(r, root, "let", "let: {rate: tau * r}", false);
    own->lets = cali_own_take(r, map == NULL ? 0 : map->n, sizeof *own->lets);
    for (size_t i = 0; map != NULL && i < map->n && own->lets != NULL; i++) {
        const cali_entry *entry = &map->entries[i];
        char label[LABEL];
        const char *ignored;
        snprintf(label, sizeof label, "let %.80s", entry->key);
        cali_own_expression *e = &own->lets[own->n_lets];
        const bool is_read = read_expression(r, entry->key, label, entry->value, NULL, e);
        const cali_unit unit = is_read ? e->root->unit : (cali_unit){1.0, 0, {0}};
        if (!add_symbol(r, entry, "let", CALI_OWN_LET, own->n_lets, &unit))
            continue;
        own->symbols[own->n_symbols - 1].needs_input = is_read && uses_input(own, e->root, &ignored);
        own->n_lets++;
        if (!is_read) /* what uses it would be refused for the wrong reason */
            return;
    }
}

/* The unit of a state's derivative. */
static cali_unit per_ms(const cali_unit *unit)
{
    cali_unit ms;
    cali_unit_parse("ms", &ms);
    return cali_unit_divide(unit, &ms);
}

static void read_equations(cali_own_reader *r, const cali_node *root)
{
    cali_own *own = r->own;
    const cal_nmm_model *m = &own->model;
    const cali_node *map = read_map(r, root, "equations", "equations: {V': -V / tau}", true);
    const char *known[CALI_OWN_MAX_FIELDS];
    own->equations = cali_own_take(r, m->n_states, sizeof *own->equations);
    if (map == NULL || own->equations == NULL)
        return;
    for (size_t i = 0; i < m->n_states; i++) {
        char label[LABEL];
        snprintf(label, sizeof label, "%.100s'", m->states[i].name);
        known[i] = cali_own_keep(r, label, strlen(label));
        if (known[i] == NULL)
            return;
    }
    check_keys(r, map, "equations", known, m->n_states);
    for (size_t i = 0; i < m->n_states; i++) {
        const cali_node *scalar = cali_node_get(map, known[i]);
        const cali_unit wanted = per_ms(&own->symbols[cali_own_find_symbol(own, m->states[i].name)].unit);
        if (scalar == NULL)
            cali_own_refuse(r, map->line, map->column, "C105", "equations lack %s, the derivative of the state %s", known[i],
                            m->states[i].name);
        else
            read_expression(r, m->states[i].name, known[i], scalar, &wanted, &own->equations[i]);
    }
}

static void read_output(cali_own_reader *r, const cali_entry *entry, size_t index)
{
    static const char *const known[] = {"value", "low", "high", "meaning"};
    cali_own *own = r->own;
    char label[LABEL], unit_text[CALI_UNIT_TEXT];
    snprintf(label, sizeof label, "output %.80s", entry->key);
    cal_field *f = (cal_field *)(uintptr_t)&own->model.outputs[index];
    *f = (cal_field){.name = entry->key, .unit = "1", .low = -INFINITY, .high = INFINITY, .meaning = ""};
    const bool is_map = entry->value->kind == CALI_NODE_MAP;
    if (is_map)
        check_keys(r, entry->value, label, known, 4);
    const cali_node *scalar = is_map ? cali_node_get(entry->value, "value") : entry->value;
    if (scalar == NULL) {
        cali_own_refuse(r, entry->line, entry->column, "C105", "%s needs the key \"value\"", label);
        return;
    }
    const int symbol = cali_own_find_symbol(own, entry->key);
    const cali_own_symbol *state = symbol >= 0 && own->symbols[symbol].kind == CALI_OWN_STATE ? &own->symbols[symbol] : NULL;
    cali_own_expression *e = &own->outputs[index];
    f->name = cali_own_keep(r, entry->key, strlen(entry->key));
    const char *input = NULL;
    if (!check_name(r, entry, "outputs") || f->name == NULL ||
        !read_expression(r, f->name, label, scalar, state != NULL ? &state->unit : NULL, e))
        return;
    if (uses_input(own, e->root, &input)) {
        cali_own_refuse_at(r, scalar, 0, "C107", "%s depends on the input %s\nbecause outputs are functions of the state, which "
                           "edges carry to the inputs of others", label, input);
        return;
    }
    const cali_unit unit = cali_own_host_unit(&e->root->unit);
    cali_own_unit_text(&unit, unit_text);
    f->unit = cali_own_keep(r, unit_text, strlen(unit_text));
    f->meaning = is_map ? read_text(r, entry->value, "meaning", label) : "";
    if (f->meaning[0] == '\0')
        f->meaning = cali_own_keep(r, scalar->text, strlen(scalar->text));
    read_bound(r, entry->value, "low", label, &unit, &f->low);
    read_bound(r, entry->value, "high", label, &unit, &f->high);
}

static void read_outputs(cali_own_reader *r, const cali_node *root)
{
    cali_own *own = r->own;
    const cali_node *map = read_map(r, root, "outputs", "outputs: {V: V}", true);
    own->outputs = cali_own_take(r, map == NULL ? 0 : map->n, sizeof *own->outputs);
    own->model.outputs = cali_own_take(r, map == NULL ? 0 : map->n, sizeof *own->model.outputs);
    for (size_t i = 0; map != NULL && i < map->n && own->outputs != NULL && own->model.outputs != NULL; i++)
        read_output(r, &map->entries[i], own->model.n_outputs++);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------ */

/* Lower-case letters, digits, "-": as the built-in names are. */
static void read_name(cali_own_reader *r, const cali_node *root)
{
    const cali_node *node = cali_node_get(root, "neural_mass");
    r->own->model.name = read_text(r, root, "neural_mass", "");
    const char *name = r->own->model.name;
    const size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (node == NULL)
        cali_own_refuse(r, root->line, root->column, "C105", "the model needs a name\ntry neural_mass: my-model");
    else if (name[0] != '\0' && (name[n] != '\0' || n > 60 || name[0] == '-'))
        cali_own_refuse(r, node->line, node->column, "C104", "neural_mass: \"%.60s\" is no name of a model\nbecause it is of "
                        "lower-case letters, digits and -", name);
    else if (cal_nmm_model_find(name) != NULL)
        cali_own_refuse(r, node->line, node->column, "C104", "neural_mass: \"%s\" is a built-in model\ntry my-%s", name, name);
}

/* "r' = ..." line by line, as the file has them but for line ends. */
static void join_equations(cali_own_reader *r)
{
    cali_own *own = r->own;
    cali_text text = {0};
    for (size_t i = 0; i < own->n_lets + own->model.n_states; i++) {
        const bool is_let = i >= own->model.n_states;
        const cali_own_expression *e = is_let ? &own->lets[i - own->model.n_states] : &own->equations[i];
        cali_text_format(&text, "%s%s%s = ", i > 0 ? "\n" : "", e->name, is_let ? "" : "'");
        for (const char *c = e->yaml->text; *c != '\0'; c++)
            if (*c != '\n' || c[1] != '\0')
                cali_text_add_bytes(&text, *c == '\n' ? " " : c, 1);
    }
    own->model.equations = text.is_broken || text.size == 0 ? "" : cali_own_keep(r, text.data, text.size);
    cali_text_free(&text);
}

static void read_flags(cali_own_reader *r, const cali_node *root)
{
    const cali_node *stiff = cali_node_get(root, "stiff");
    const char *text = cali_node_text(stiff, "false");
    r->own->model.is_stiff = strcmp(text, "true") == 0;
    if (stiff != NULL && !r->own->model.is_stiff && strcmp(text, "false") != 0)
        refuse_shape(r, stiff, "stiff", "true or false", "");
}

void cali_own_read(cali_own_reader *r, const cali_node *root)
{
    static const char *const known[] = {"neural_mass", "title", "source", "states", "parameters", "inputs",
                                        "let", "equations", "outputs", "test", "stiff"};
    cal_nmm_model *m = &r->own->model;
    if (root->kind != CALI_NODE_MAP) {
        refuse_shape(r, root, "the file", "a mapping", "neural_mass: my-model");
        return;
    }
    check_keys(r, root, "", known, sizeof known / sizeof *known);
    r->own->symbols = cali_own_take(r, (size_t)4 * CALI_OWN_MAX_FIELDS, sizeof *r->own->symbols);
    if (r->own->symbols == NULL)
        return;
    read_name(r, root);
    m->title = read_text(r, root, "title", "");
    m->source = read_text(r, root, "source", "");
    read_flags(r, root);
    m->states = read_fields(r, &lists[0], root, &m->n_states);
    m->params = read_fields(r, &lists[1], root, &m->n_params);
    m->inputs = read_fields(r, &lists[2], root, &m->n_inputs);
    if (r->is_out_of_memory || r->n_mistakes > 0) /* expressions would be refused for what is missing */
        return;
    read_scales(r, root);
    read_lets(r, root);
    if (r->is_out_of_memory || r->n_mistakes > 0)
        return;
    read_equations(r, root);
    read_outputs(r, root);
    if (r->is_out_of_memory || r->n_mistakes > 0)
        return;
    join_equations(r);
    cali_own_read_test(r, root);
}
