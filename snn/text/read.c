/* The YAML of an own neuron: states, parameters, current, equations, receptors, threshold, reset, refractoriness, scheme.
 * docs/own-neurons.md explains every key. */
#include <stdio.h>
#include <string.h>

#include "snn/text/own.h"

enum { LABEL = 128 };

const char *const cali_own_schemes[CALI_OWN_N_SCHEMES] = {
    [CALI_OWN_EULER] = "euler", [CALI_OWN_HEUN] = "heun", [CALI_OWN_RK4] = "rk4",
    [CALI_OWN_EXPONENTIAL_EULER] = "exponential-euler", [CALI_OWN_EXACT] = "exact"};

static const cali_formula_list lists[] = {
    {"states", "initial", "states: {V: {initial: -60 mV}}", CALI_FORMULA_STATE,
     {"initial", "unit", "low", "high", "meaning"}, 5, true},
    {"parameters", "value", "parameters: {tau: {value: 10 ms}}", CALI_FORMULA_PARAM,
     {"value", "unit", "low", "high", "meaning"}, 5, false},
    {"current", NULL, "current: {I: {unit: pA}}", CALI_FORMULA_INPUT, {"unit", "meaning"}, 2, true},
};

/* Lower-case letters, digits, "-": as the built-in names are. */
static void read_name(cali_formula_reader *r, const cali_node *root)
{
    const cali_node *node = cali_node_get(root, "neuron");
    const char *name = cali_formula_read_text(r, root, "neuron", "");
    const size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    cali_own_neuron_of(r)->neuron.face.name = name;
    if (node == NULL)
        cali_formula_refuse(r, root->line, root->column, "C105", "the neuron needs a name\ntry neuron: my-neuron");
    else if (name[0] != '\0' && (name[n] != '\0' || n > 60 || name[0] == '-'))
        cali_formula_refuse(r, node->line, node->column, "C104", "neuron: \"%.60s\" is no name of a neuron\nbecause it is "
                            "of lower-case letters, digits and -", name);
    else if (cal_snn_neuron_find(name) != NULL)
        cali_formula_refuse(r, node->line, node->column, "C104", "neuron: \"%s\" is a built-in neuron\ntry my-%s", name, name);
}

/* ---- symbols that every neuron has ------------------------------------------------------------------- */

static void add_symbol(cali_formula_file *file, const char *name, cali_formula_symbol_kind kind, size_t index,
                       const cali_unit *unit)
{
    file->symbols[file->n_symbols++] = (cali_formula_symbol){name, kind, (int)index, *unit, false};
}

static cali_unit unit_of(const char *text)
{
    cali_unit unit;
    cali_unit_parse(text, &unit);
    return cali_formula_host_unit(&unit);
}

/* `dt` stands behind the parameters. */
static void add_dt(cali_formula_reader *r, const cali_node *root)
{
    const cali_unit ms = unit_of("ms");
    if (cali_formula_find_symbol(r->file, "dt") >= 0 || cali_formula_find_symbol(r->file, "weight") >= 0)
        cali_formula_refuse(r, root->line, root->column, "C104", "no quantity of a neuron is called dt or weight\nbecause dt is "
                            "the step of the run, and weight what arrives at a receptor");
    else
        add_symbol(r->file, "dt", CALI_FORMULA_PARAM, cali_own_neuron_of(r)->neuron.face.n_params, &ms);
}

/* ---- statements ------------------------------------------------------------------------------------------ */

/* "reset: V" of "reset": what messages call the value of a statement. */
static const char *name_value(cali_formula_reader *r, const char *label, int symbol)
{
    char text[2 * LABEL];
    const int n = snprintf(text, sizeof text, "%s: %.80s", label, r->file->symbols[symbol].name);
    return cali_formula_keep(r, text, (size_t)n);
}

static bool read_scalar(cali_formula_reader *r, const cali_node *node, const char *label, cali_own_statements *out)
{
    if (node->kind != CALI_NODE_SCALAR || cali_node_is_null(node))
        return cali_formula_refuse_shape(r, node, label, "a statement", "V = V_reset; w += b");
    for (size_t at = 0; at == 0 || node->text[at] != '\0';) {
        cali_formula_statement s;
        if (!cali_formula_parse_statement(r, node, &at, label, &s) ||
            (s.value.label = name_value(r, label, s.symbol)) == NULL ||
            !cali_formula_check(r, &s.value, &r->file->symbols[s.symbol].unit))
            return false;
        if (out->n == CALI_OWN_MAX_STATEMENTS)
            return cali_formula_refuse(r, node->line, node->column, "C106", "%s: more than %d statements", label,
                                       CALI_OWN_MAX_STATEMENTS);
        if (!cali_arena_grow(&r->file->arena, &out->list, out->n, sizeof *out->list)) {
            r->is_out_of_memory = true;
            return false;
        }
        out->list[out->n++] = s;
    }
    return true;
}

/* One text with ";" between statements, or a list of texts. */
static bool read_statements(cali_formula_reader *r, const cali_node *node, const char *label, cali_own_statements *out)
{
    const char *kept = cali_formula_keep(r, label, strlen(label));
    if (kept == NULL)
        return false;
    if (node->kind != CALI_NODE_LIST)
        return read_scalar(r, node, kept, out);
    for (size_t i = 0; i < node->n; i++)
        if (!read_scalar(r, node->entries[i].value, kept, out))
            return false;
    return true;
}

static bool depends_on(const cali_formula_node *node, int symbol)
{
    if (node == NULL)
        return false;
    return (node->kind == CALI_FORMULA_NAME && node->symbol == symbol) || depends_on(node->args[0], symbol) ||
           depends_on(node->args[1], symbol) || depends_on(node->args[2], symbol);
}

/* ---- receptors ----------------------------------------------------------------------------------------- */

/* Without `unit`, a weight has that of the first state that it changes. */
static bool read_weight_unit(cali_formula_reader *r, const cali_node *map, const cali_node *does, const char *label,
                             cali_unit *unit)
{
    const cali_node *node = cali_node_get(map, "unit");
    char name[64] = "";
    if (node != NULL) {
        cali_unit parsed;
        const char *text = cali_node_text(node, "");
        if (!cali_unit_parse(text, &parsed)) {
            const char *meant = cali_unit_suggest(text);
            return cali_formula_refuse(r, node->line, node->column, "C102", "%s: unknown unit \"%.40s\"%s%s", label, text,
                                       meant != NULL ? "\ntry " : "", meant != NULL ? meant : "");
        }
        *unit = cali_formula_host_unit(&parsed);
        return true;
    }
    const cali_node *first = does->kind == CALI_NODE_LIST && does->n > 0 ? does->entries[0].value : does;
    sscanf(cali_node_text(first, ""), " %63[A-Za-z0-9_]", name);
    const int symbol = cali_formula_find_symbol(r->file, name);
    *unit = symbol >= 0 ? r->file->symbols[symbol].unit : unit_of("1");
    return true;
}

static bool read_receptor(cali_formula_reader *r, const cali_entry *entry, cal_receptor *face, cali_own_statements *out)
{
    static const char *const known[] = {"does", "unit", "meaning"};
    char label[LABEL], unit_text[CALI_UNIT_TEXT];
    const cali_node *map = entry->value, *does = map;
    snprintf(label, sizeof label, "receptors.%.80s", entry->key);
    if (map->kind == CALI_NODE_MAP) {
        cali_formula_check_keys(r, map, label, known, 3);
        does = cali_node_get(map, "does");
    }
    if (does == NULL)
        return cali_formula_refuse(r, entry->line, entry->column, "C105", "%s needs the key \"does\"\ntry does: g += weight",
                                   label);
    if (!cali_formula_check_name(r, entry, "receptors"))
        return false;
    cali_unit unit, conductance = unit_of("nS");
    if (!read_weight_unit(r, map, does, label, &unit))
        return false;
    /* the name exists while this receptor is read, with its unit */
    const int weight = (int)r->file->n_symbols;
    add_symbol(r->file, "weight", CALI_FORMULA_INPUT, 0, &unit);
    const bool is_read = read_statements(r, does, label, out);
    r->file->n_symbols--;
    if (!is_read)
        return false;
    bool has_effect = false;
    for (size_t i = 0; i < out->n; i++)
        has_effect = has_effect || depends_on(out->list[i].value.root, weight);
    if (!has_effect)
        return cali_formula_refuse(r, does->line, does->column, "C107", "%s does nothing with the weight that arrives\ntry "
                                   "does: g += weight", label);
    cali_formula_unit_text(&unit, unit_text);
    *face = (cal_receptor){.name = cali_formula_keep(r, entry->key, strlen(entry->key)),
                           .unit = cali_formula_keep(r, unit_text, strlen(unit_text)),
                           .meaning = map->kind == CALI_NODE_MAP ? cali_formula_read_text(r, map, "meaning", label) : "",
                           .is_modulus = cali_unit_is_same_dimension(&unit, &conductance)};
    if (face->meaning[0] == '\0' && does->kind == CALI_NODE_SCALAR)
        face->meaning = cali_formula_keep(r, does->text, strlen(does->text));
    return !r->is_out_of_memory;
}

static void read_receptors(cali_formula_reader *r, const cali_node *root)
{
    cali_own_neuron *own = cali_own_neuron_of(r);
    const cali_node *map = cali_formula_read_map(r, root, "receptors", "receptors: {excitatory: g += weight}", false);
    const size_t n = map == NULL ? 0 : map->n;
    if (n > CALI_MAX_RECEPTORS) {
        cali_formula_refuse(r, map->line, map->column, "C106", "%zu receptors; at most %d", n, CALI_MAX_RECEPTORS);
        return;
    }
    cal_receptor *faces = cali_formula_take(r, n, sizeof *faces);
    own->receptors = cali_formula_take(r, n, sizeof *own->receptors);
    for (size_t i = 0; i < n && faces != NULL && own->receptors != NULL; i++)
        read_receptor(r, &map->entries[i], &faces[i], &own->receptors[i]);
    own->neuron.face.receptors = faces;
    own->neuron.face.n_receptors = n;
}

/* ---- spikes ------------------------------------------------------------------------------------------------ */

static void read_threshold(cali_formula_reader *r, const cali_node *root)
{
    cali_own_neuron *own = cali_own_neuron_of(r);
    const cali_node *node = cali_node_get(root, "threshold"), *reset = cali_node_get(root, "reset");
    if (node == NULL) {
        cali_formula_refuse(r, root->line, root->column, "C105", "the neuron needs a threshold\nbecause without one it never "
                            "spikes\ntry threshold: V >= V_th");
        return;
    }
    own->threshold = (cali_formula_expression){.name = "threshold", .label = "threshold", .yaml = node};
    own->threshold.root = cali_formula_parse(r, node, "threshold");
    if (own->threshold.root != NULL)
        cali_formula_check_condition(r, &own->threshold);
    if (reset != NULL)
        read_statements(r, reset, "reset", &own->reset);
}

static bool hold(cali_formula_reader *r, const cali_node *node, const char *name)
{
    cali_own_neuron *own = cali_own_neuron_of(r);
    const cal_neuron *face = &own->neuron.face;
    const int at = cal_field_find(face->states, own->n_states, name);
    if (at >= 0) {
        own->is_held[at] = true;
        return true;
    }
    const char *known[CALI_MAX_STATES];
    char what[160];
    for (size_t i = 0; i < own->n_states; i++)
        known[i] = face->states[i].name;
    snprintf(what, sizeof what, "refractory.hold: \"%.60s\" is no state", name);
    return cali_formula_refuse_word(r, node, 0, what, name, known, own->n_states);
}

static void read_refractory(cali_formula_reader *r, const cali_node *root)
{
    static const char *const known[] = {"time", "hold"};
    cali_own_neuron *own = cali_own_neuron_of(r);
    const cali_node *node = cali_node_get(root, "refractory"), *time = node;
    const cali_unit ms = unit_of("ms");
    if (node == NULL)
        return;
    if (node->kind == CALI_NODE_MAP) {
        cali_formula_check_keys(r, node, "refractory", known, 2);
        time = cali_node_get(node, "time");
        const cali_node *held = cali_node_get(node, "hold");
        for (size_t i = 0; held != NULL && held->kind == CALI_NODE_LIST && i < held->n; i++)
            hold(r, held->entries[i].value, cali_node_text(held->entries[i].value, ""));
        if (held != NULL && held->kind != CALI_NODE_LIST)
            hold(r, held, cali_node_text(held, ""));
    }
    if (time == NULL) {
        cali_formula_refuse(r, node->line, node->column, "C105", "refractory needs the key \"time\"\ntry refractory: {time: "
                            "2 ms, hold: V}");
        return;
    }
    cali_formula_read_expression(r, "refractory", "refractory.time", time, &ms, &own->refractory);
}

/* ---- the scheme ------------------------------------------------------------------------------------------------ */

static bool read_flag(cali_formula_reader *r, const cali_node *root, const char *key, bool otherwise)
{
    const cali_node *node = cali_node_get(root, key);
    const char *text = cali_node_text(node, otherwise ? "true" : "false");
    const bool is_true = strcmp(text, "true") == 0;
    if (node != NULL && !is_true && strcmp(text, "false") != 0)
        cali_formula_refuse_shape(r, node, key, "true or false", "");
    return is_true;
}

static void read_scheme(cali_formula_reader *r, const cali_node *root)
{
    cali_own_neuron *own = cali_own_neuron_of(r);
    const cali_node *scheme = cali_node_get(root, "scheme"), *steps = cali_node_get(root, "sub_steps");
    own->scheme = CALI_OWN_RK4;
    own->n_sub_steps = 1;
    own->carries_rounding = read_flag(r, root, "carry_rounding", true);
    if (scheme != NULL) {
        const char *word = cali_node_text(scheme, "");
        int at = 0;
        while (at < CALI_OWN_N_SCHEMES && strcmp(word, cali_own_schemes[at]) != 0)
            at++;
        if (at < CALI_OWN_N_SCHEMES) {
            own->scheme = (cali_own_scheme)at;
        } else {
            char what[128];
            snprintf(what, sizeof what, "unknown scheme \"%.60s\"", word);
            cali_formula_refuse_word(r, scheme, 0, what, word, cali_own_schemes, CALI_OWN_N_SCHEMES);
        }
    }
    if (steps != NULL) {
        cali_unit plain = unit_of("1"), ignored;
        double n = 0.0;
        if (cali_formula_read_number(r, steps, "sub_steps", &plain, &ignored, &n)) {
            if (n >= 1.0 && n <= CALI_OWN_MAX_SUB_STEPS && n == (double)(unsigned)n)
                own->n_sub_steps = (unsigned)n;
            else
                cali_formula_refuse(r, steps->line, steps->column, "C106", "sub_steps is a whole number from 1 to %d",
                                    CALI_OWN_MAX_SUB_STEPS);
        }
    }
}

/* ---- rows that the file does not name ---------------------------------------------------------------------- */

static int add_row(cali_formula_reader *r, cal_field *rows, const char *name, const char *unit, double high,
                   const char *meaning)
{
    cali_own_neuron *own = cali_own_neuron_of(r);
    cal_neuron *face = &own->neuron.face;
    if (cali_formula_find_symbol(r->file, name) >= 0)
        cali_formula_refuse(r, 0, 0, "C104", "the name \"%s\" is kept for the %s\ntry another name", name, meaning);
    rows[face->n_states] = (cal_field){.name = cali_formula_keep(r, name, strlen(name)), .unit = unit, .low = -high,
                                       .high = high, .meaning = meaning};
    return (int)face->n_states++;
}

void cali_own_neuron_add_rows(cali_formula_reader *r)
{
    cali_own_neuron *own = cali_own_neuron_of(r);
    cal_neuron *face = &own->neuron.face;
    const bool carries = own->carries_rounding;
    size_t n = own->n_states + (own->refractory.root != NULL ? 1 : 0);
    for (size_t i = 0; carries && i < own->n_states; i++)
        n += own->is_alone[i] ? 0 : 1;
    cal_field *rows = n > CALI_MAX_STATES ? NULL : cali_formula_take(r, n, sizeof *rows);
    if (n > CALI_MAX_STATES)
        cali_formula_refuse(r, 0, 0, "C106", "the neuron needs %zu rows of state, but may have %d%s", n,
                            CALI_MAX_STATES, carries ? "\ntry carry_rounding: false" : "");
    if (rows == NULL)
        return;
    memcpy(rows, face->states, own->n_states * sizeof *rows);
    face->states = rows;
    face->n_states = own->n_states;
    own->refractory_row = -1;
    for (size_t i = 0; i < own->n_states; i++) {
        char name[80];
        snprintf(name, sizeof name, "%.70s_low", rows[i].name);
        own->low[i] = carries && !own->is_alone[i] ? add_row(r, rows, name, rows[i].unit, 1e30, "rounding, carried to the next step") : -1;
    }
    if (own->refractory.root != NULL) {
        own->refractory_row = add_row(r, rows, "n_refractory", "1", 16777216.0, "refractory steps left");
        rows[own->refractory_row].low = 0.0;
    }
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static bool read_current(cali_formula_reader *r, const cali_node *root)
{
    size_t n;
    const cal_field *fields = cali_formula_read_fields(r, &lists[2], root, &n);
    const cali_node *map = cali_node_get(root, "current");
    if (r->n_mistakes > 0 || r->is_out_of_memory)
        return false;
    if (n != 1)
        return cali_formula_refuse(r, map->line, map->column, "C104", "current has %zu names, but a neuron has one current", n);
    cali_own_neuron_of(r)->neuron.face.current_unit = fields[0].unit;
    return true;
}

static bool uses_current(const cali_own_neuron *own)
{
    const char *ignored;
    for (size_t i = 0; i < own->n_states; i++)
        if (cali_formula_uses_input(&own->file, own->equations[i].root, &ignored))
            return true;
    return false;
}

/* The equations, then "V >= V_th: spike, V = V_reset". */
static const char *describe(cali_formula_reader *r, const cali_node *root)
{
    const cali_own_neuron *own = cali_own_neuron_of(r);
    cali_text text = {0};
    cali_text_format(&text, "%s\n%s: spike", cali_formula_join_equations(r, own->equations, own->n_states),
                     own->threshold.yaml->text);
    const cali_node *reset = cali_node_get(root, "reset");
    const size_t n = reset == NULL ? 0 : reset->kind == CALI_NODE_LIST ? reset->n : 1;
    for (size_t i = 0; i < n; i++) {
        cali_text_add(&text, ", ");
        for (const char *c = cali_node_text(n > 1 || reset->kind == CALI_NODE_LIST ? reset->entries[i].value : reset, ""); *c != '\0'; c++)
            cali_text_add_bytes(&text, *c == ';' || *c == '\n' ? "," : c, 1);
    }
    const char *out = text.is_broken ? "" : cali_formula_keep(r, text.data, text.size);
    cali_text_free(&text);
    return out == NULL ? "" : out;
}

void cali_own_neuron_read(cali_formula_reader *r, const cali_node *root)
{
    static const char *const known[] = {"neuron",    "title", "source",     "states",  "parameters", "current",
                                        "let",       "equations", "receptors", "threshold", "reset", "refractory",
                                        "scheme",    "sub_steps", "carry_rounding", "test"};
    cali_own_neuron *own = cali_own_neuron_of(r);
    cal_neuron *face = &own->neuron.face;
    if (root->kind != CALI_NODE_MAP) {
        cali_formula_refuse_shape(r, root, "the file", "a mapping", "neuron: my-neuron");
        return;
    }
    cali_formula_check_keys(r, root, "", known, sizeof known / sizeof *known);
    r->file->symbols = cali_formula_take(r, (size_t)4 * CALI_FORMULA_MAX_FIELDS + 8, sizeof *r->file->symbols);
    if (r->file->symbols == NULL)
        return;
    read_name(r, root);
    face->title = cali_formula_read_text(r, root, "title", "");
    face->source = cali_formula_read_text(r, root, "source", "");
    read_scheme(r, root);
    face->states = cali_formula_read_fields(r, &lists[0], root, &face->n_states);
    face->params = cali_formula_read_fields(r, &lists[1], root, &face->n_params);
    if (face->n_params > CALI_OWN_MAX_PARAMS || face->n_states > CALI_MAX_STATES)
        cali_formula_refuse(r, root->line, root->column, "C106", "a neuron has at most %d states and %d parameters",
                            CALI_MAX_STATES, CALI_OWN_MAX_PARAMS);
    if (!read_current(r, root)) /* expressions would be refused for what is missing */
        return;
    own->n_states = face->n_states;
    add_dt(r, root);
    cali_formula_read_lets(r, root);
    if (r->is_out_of_memory || r->n_mistakes > 0)
        return;
    own->equations = cali_formula_read_equations(r, root, face->states, face->n_states);
    read_receptors(r, root);
    read_threshold(r, root);
    read_refractory(r, root);
    if (r->is_out_of_memory || r->n_mistakes > 0)
        return;
    const cali_node *current = cali_node_get(root, "current");
    if (!uses_current(own))
        cali_formula_refuse(r, current->line, current->column, "C107", "the current %s is in no equation\nbecause a current "
                            "into this neuron would do nothing", current->entries[0].key);
    face->equations = describe(r, root);
    if (r->n_mistakes == 0)
        cali_own_neuron_read_test(r, root);
}
