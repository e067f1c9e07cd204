/* The YAML of formulas: fields with units, names, expressions; every expression is checked for its unit. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/formula/formula.h"

enum { LABEL = 128 };

/* ---- scalars and mappings ---------------------------------------------------------------------------- */

bool cali_formula_refuse_shape(cali_formula_reader *r, const cali_node *node, const char *label, const char *wanted, const char *try)
{
    char text[64];
    if (node->kind == CALI_NODE_SCALAR && !cali_node_is_null(node))
        snprintf(text, sizeof text, "\"%.50s\"", node->text);
    const char *got = node->kind == CALI_NODE_LIST  ? "a list"
                      : node->kind == CALI_NODE_MAP ? "a mapping"
                      : cali_node_is_null(node)     ? "nothing"
                                                    : text;
    return cali_formula_refuse(r, node->line, node->column, "C104", "%s needs %s, got %s%s%s", label, wanted, got,
                           try[0] != '\0' ? "\ntry " : "", try);
}

const char *cali_formula_read_text(cali_formula_reader *r, const cali_node *map, const char *key, const char *label)
{
    const cali_node *node = cali_node_get(map, key);
    if (node == NULL)
        return "";
    char full[LABEL];
    snprintf(full, sizeof full, "%s%s%s", label, label[0] != '\0' ? "." : "", key);
    if (node->kind != CALI_NODE_SCALAR || cali_node_is_null(node)) {
        cali_formula_refuse_shape(r, node, full, "a text", "");
        return "";
    }
    const char *text = cali_formula_keep(r, node->text, strlen(node->text));
    return text == NULL ? "" : text;
}

/* Keys that a mapping may have; everything else is refused with the nearest. */
void cali_formula_check_keys(cali_formula_reader *r, const cali_node *map, const char *label, const char *const *known, size_t n)
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
        cali_formula_refuse_word(r, &place, 0, what, map->entries[i].key, known, n);
    }
}

/* The mapping under a key of the top; NULL with a mistake if it is none or too long. `try` is an example. */
const cali_node *cali_formula_read_map(cali_formula_reader *r, const cali_node *root, const char *key, const char *try,
                                 bool is_required)
{
    const cali_node *node = cali_node_get(root, key);
    if (node == NULL || (node->kind == CALI_NODE_MAP && node->n == 0)) {
        if (is_required)
            cali_formula_refuse(r, node == NULL ? root->line : node->line, node == NULL ? root->column : node->column, "C105",
                            "the %s needs %s\ntry %s", r->what, key, try);
        return NULL;
    }
    if (node->kind != CALI_NODE_MAP) {
        cali_formula_refuse_shape(r, node, key, "a mapping of names", try);
        return NULL;
    }
    if (node->n > CALI_FORMULA_MAX_FIELDS) {
        cali_formula_refuse(r, node->line, node->column, "C106", "%s has %zu names, but may have %d", key, node->n,
                        CALI_FORMULA_MAX_FIELDS);
        return NULL;
    }
    return node;
}

bool cali_formula_read_number(cali_formula_reader *r, const cali_node *node, const char *label, const cali_unit *declared,
                          cali_unit *unit, double *out)
{
    cali_quantity q;
    if (node->kind != CALI_NODE_SCALAR || cali_node_is_null(node))
        return cali_formula_refuse_shape(r, node, label, "a number", "");
    const cali_quantity_result result = cali_quantity_parse(node->text, &q);
    if (result == CALI_QUANTITY_NO_NUMBER)
        return cali_formula_refuse_shape(r, node, label, "a number", "");
    if (result == CALI_QUANTITY_UNKNOWN_UNIT) {
        const char *meant = cali_unit_suggest(q.unit_text);
        return cali_formula_refuse_at(r, node, (size_t)(q.unit_text - node->text), "C102", "%s: unknown unit \"%.40s\"%s%s",
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
        cali_formula_unit_text(declared, text);
        return cali_formula_refuse(r, node->line, node->column, "C103", "%s is %s (%s), got \"%.60s\", which is %s", label, want,
                               text, node->text, got);
    }
    const cali_unit host = cali_formula_host_unit(&q.unit);
    *out = cali_quantity_in(&q, &host);
    if (!isfinite(*out))
        return cali_formula_refuse(r, node->line, node->column, "C106", "%s is beyond all numbers: \"%.60s\"", label, node->text);
    return true;
}

/* ---- fields ---------------------------------------------------------------------------------------------- */

bool cali_formula_check_name(cali_formula_reader *r, const cali_entry *entry, const char *list)
{
    if (!cali_formula_is_name(entry->key))
        return cali_formula_refuse(r, entry->line, entry->column, "C104", "%s: \"%.60s\" is no name\nbecause names are of the "
                               "letters a to z and A to Z, digits and _", list, entry->key);
    if (cali_formula_is_reserved(entry->key))
        return cali_formula_refuse(r, entry->line, entry->column, "C104", "%s: \"%s\" is a word of the expressions\ntry %s_0",
                               list, entry->key, entry->key);
    return true;
}

bool cali_formula_add_symbol(cali_formula_reader *r, const cali_entry *entry, const char *list, cali_formula_symbol_kind kind, size_t index,
                       const cali_unit *unit)
{
    cali_formula_file *file = r->file;
    if (!cali_formula_check_name(r, entry, list))
        return false;
    if (cali_formula_find_symbol(file, entry->key) >= 0)
        return cali_formula_refuse(r, entry->line, entry->column, "C104", "%s: the name \"%s\" is taken already\nbecause states, "
                               "parameters, inputs and let share their names", list, entry->key);
    const char *name = cali_formula_keep(r, entry->key, strlen(entry->key));
    if (name != NULL)
        file->symbols[file->n_symbols++] = (cali_formula_symbol){name, kind, (int)index, *unit, false};
    return name != NULL;
}

/* `unit:` of a field, or the unit of the number under `value_key`. */
static bool read_unit(cali_formula_reader *r, const cali_entry *entry, const char *label, const char *value_key, cali_unit *unit)
{
    const cali_node *map = entry->value;
    const cali_node *node = cali_node_get(map, "unit");
    *unit = (cali_unit){1.0, 0, {0}};
    if (node != NULL) {
        if (cali_node_text(node, NULL) != NULL && cali_unit_parse(node->text, unit))
            return true;
        const char *meant = cali_unit_suggest(cali_node_text(node, ""));
        return cali_formula_refuse(r, node->line, node->column, "C102", "%s: unknown unit \"%.40s\"%s%s", label,
                               cali_node_text(node, ""), meant != NULL ? "\ntry " : "", meant != NULL ? meant : "");
    }
    const cali_node *value = map->kind == CALI_NODE_SCALAR ? map : value_key != NULL ? cali_node_get(map, value_key) : NULL;
    double ignored;
    return value == NULL || cali_formula_read_number(r, value, label, NULL, unit, &ignored);
}

/* Infinite bounds are left out, not written. */
void cali_formula_read_bound(cali_formula_reader *r, const cali_node *map, const char *key, const char *label, const cali_unit *declared,
                       double *out)
{
    char full[LABEL];
    cali_unit ignored;
    const cali_node *node = cali_node_get(map, key);
    snprintf(full, sizeof full, "%.100s.%s", label, key);
    if (node != NULL)
        cali_formula_read_number(r, node, full, declared, &ignored, out);
}

static void check_range(cali_formula_reader *r, const cali_entry *entry, const char *label, const cal_field *f)
{
    if (!(f->low < f->high))
        cali_formula_refuse(r, entry->line, entry->column, "C106", "%s: low %g %s is not below high %g %s", label, f->low, f->unit,
                        f->high, f->unit);
    else if (f->value < f->low || f->value > f->high)
        cali_formula_refuse(r, entry->line, entry->column, "C106", "%s is %g %s, but must be from %g to %g %s", label, f->value,
                        f->unit, f->low, f->high, f->unit);
}

static bool read_field(cali_formula_reader *r, const cali_formula_list *list, const cali_entry *entry, size_t index, cal_field *f,
                       cali_unit *declared)
{
    char label[LABEL];
    snprintf(label, sizeof label, "%s.%.80s", list->key, entry->key);
    const bool is_map = entry->value->kind == CALI_NODE_MAP;
    if (entry->value->kind == CALI_NODE_LIST || (!is_map && list->value_key == NULL))
        return cali_formula_refuse_shape(r, entry->value, label, "a mapping", list->example);
    if (is_map)
        cali_formula_check_keys(r, entry->value, label, list->known, list->n_known);
    if (!read_unit(r, entry, label, list->value_key, declared))
        return false;
    const cali_unit host = cali_formula_host_unit(declared);
    char unit_text[CALI_UNIT_TEXT];
    cali_formula_unit_text(&host, unit_text);
    *f = (cal_field){.low = -INFINITY, .high = INFINITY};
    if (!cali_formula_add_symbol(r, entry, list->key, list->kind, index, &host))
        return false;
    f->name = r->file->symbols[r->file->n_symbols - 1].name;
    f->unit = cali_formula_keep(r, unit_text, strlen(unit_text));
    f->meaning = is_map ? cali_formula_read_text(r, entry->value, "meaning", label) : "";
    if (f->unit == NULL || list->value_key == NULL)
        return f->unit != NULL;
    const cali_node *value = is_map ? cali_node_get(entry->value, list->value_key) : entry->value;
    cali_unit ignored;
    if (value == NULL)
        return cali_formula_refuse(r, entry->line, entry->column, "C105", "%s needs the key \"%s\"", label, list->value_key);
    if (!cali_formula_read_number(r, value, label, declared, &ignored, &f->value))
        return false;
    cali_formula_read_bound(r, entry->value, "low", label, declared, &f->low);
    cali_formula_read_bound(r, entry->value, "high", label, declared, &f->high);
    check_range(r, entry, label, f);
    return true;
}

cal_field *cali_formula_read_fields(cali_formula_reader *r, const cali_formula_list *list, const cali_node *root, size_t *n)
{
    const cali_node *map = cali_formula_read_map(r, root, list->key, list->example, list->is_required);
    *n = 0;
    const size_t n_entries = map == NULL ? 0 : map->n;
    cal_field *fields = cali_formula_take(r, n_entries, sizeof *fields);
    cali_unit *declared = cali_formula_take(r, n_entries, sizeof *declared);
    r->file->declared[list->kind] = declared;
    for (size_t i = 0; i < n_entries && fields != NULL && declared != NULL; i++)
        if (read_field(r, list, &map->entries[i], *n, &fields[*n], &declared[*n]))
            ++*n;
    return fields;
}

/* ---- expressions ------------------------------------------------------------------------------------------------ */

bool cali_formula_uses_input(const cali_formula_file *file, const cali_formula_node *node, const char **name)
{
    if (node == NULL)
        return false;
    const cali_formula_symbol *s = node->kind == CALI_FORMULA_NAME ? &file->symbols[node->symbol] : NULL;
    if (s != NULL && (s->kind == CALI_FORMULA_INPUT || s->needs_input)) {
        *name = s->name;
        return true;
    }
    return cali_formula_uses_input(file, node->args[0], name) || cali_formula_uses_input(file, node->args[1], name) || cali_formula_uses_input(file, node->args[2], name);
}

bool cali_formula_read_expression(cali_formula_reader *r, const char *name, const char *label, const cali_node *scalar,
                            const cali_unit *wanted, cali_formula_expression *e)
{
    *e = (cali_formula_expression){.name = name, .label = cali_formula_keep(r, label, strlen(label)), .yaml = scalar};
    if (e->label == NULL)
        return false;
    e->root = cali_formula_parse(r, scalar, e->label);
    return e->root != NULL && cali_formula_check(r, e, wanted);
}

/* Named parts, in order: each may use those before it. One that cannot be read still gets its name, so that it is
 * not missed again everywhere. */
void cali_formula_read_lets(cali_formula_reader *r, const cali_node *root)
{
    cali_formula_file *file = r->file;
    const cali_node *map = cali_formula_read_map(r, root, "let", "let: {rate: tau * r}", false);
    file->lets = cali_formula_take(r, map == NULL ? 0 : map->n, sizeof *file->lets);
    for (size_t i = 0; map != NULL && i < map->n && file->lets != NULL; i++) {
        const cali_entry *entry = &map->entries[i];
        char label[LABEL];
        const char *ignored;
        snprintf(label, sizeof label, "let %.80s", entry->key);
        cali_formula_expression *e = &file->lets[file->n_lets];
        const bool is_read = cali_formula_read_expression(r, entry->key, label, entry->value, NULL, e);
        const cali_unit unit = is_read ? e->root->unit : (cali_unit){1.0, 0, {0}};
        if (!cali_formula_add_symbol(r, entry, "let", CALI_FORMULA_LET, file->n_lets, &unit))
            continue;
        file->symbols[file->n_symbols - 1].needs_input = is_read && cali_formula_uses_input(file, e->root, &ignored);
        file->n_lets++;
        if (!is_read) /* what uses it would be refused for the wrong reason */
            return;
    }
}

/* The unit of a state's derivative. */
cali_unit cali_formula_per_ms(const cali_unit *unit)
{
    cali_unit ms;
    cali_unit_parse("ms", &ms);
    return cali_unit_divide(unit, &ms);
}

cali_formula_expression *cali_formula_read_equations(cali_formula_reader *r, const cali_node *root, const cal_field *states,
                                                     size_t n)
{
    const cali_node *map = cali_formula_read_map(r, root, "equations", "equations: {V': -V / tau}", true);
    const char *known[CALI_FORMULA_MAX_FIELDS];
    cali_formula_expression *equations = cali_formula_take(r, n, sizeof *equations);
    if (map == NULL || equations == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        char label[LABEL];
        snprintf(label, sizeof label, "%.100s'", states[i].name);
        known[i] = cali_formula_keep(r, label, strlen(label));
        if (known[i] == NULL)
            return NULL;
    }
    cali_formula_check_keys(r, map, "equations", known, n);
    for (size_t i = 0; i < n; i++) {
        const cali_node *scalar = cali_node_get(map, known[i]);
        const cali_unit wanted = cali_formula_per_ms(&r->file->symbols[cali_formula_find_symbol(r->file, states[i].name)].unit);
        if (scalar == NULL)
            cali_formula_refuse(r, map->line, map->column, "C105", "equations lack %s, the derivative of the state %s", known[i],
                                states[i].name);
        else
            cali_formula_read_expression(r, states[i].name, known[i], scalar, &wanted, &equations[i]);
    }
    return equations;
}

const char *cali_formula_join_equations(cali_formula_reader *r, const cali_formula_expression *equations, size_t n)
{
    cali_text text = {0};
    for (size_t i = 0; i < r->file->n_lets + n; i++) {
        const bool is_let = i >= n;
        const cali_formula_expression *e = is_let ? &r->file->lets[i - n] : &equations[i];
        cali_text_format(&text, "%s%s%s = ", i > 0 ? "\n" : "", e->name, is_let ? "" : "'");
        for (const char *c = e->yaml->text; *c != '\0'; c++)
            if (*c != '\n' || c[1] != '\0')
                cali_text_add_bytes(&text, *c == '\n' ? " " : c, 1);
    }
    const char *out = text.is_broken || text.size == 0 ? "" : cali_formula_keep(r, text.data, text.size);
    cali_text_free(&text);
    return out;
}
