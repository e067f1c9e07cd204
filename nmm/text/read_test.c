/* The test value of an own model: at a state, parameters and inputs, the derivatives and outputs that the author
 * computed in another way. A sign that is wrong in the file is found here and not in a figure. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nmm/text/own.h"

static const char example[] = "test: {at: {V: -60 mV}, gives: {V': 1.5 mV/ms}}";

static void read_at(cali_formula_reader *r, const cali_node *map)
{
    cali_own *own = cali_own_of(r);
    double *const rows[] = {[CALI_FORMULA_STATE] = own->test_x, [CALI_FORMULA_PARAM] = own->test_p, [CALI_FORMULA_INPUT] = own->test_c};
    const char *known[3 * CALI_FORMULA_MAX_FIELDS];
    size_t n = 0;
    for (size_t i = 0; i < own->file.n_symbols; i++)
        if (own->file.symbols[i].kind != CALI_FORMULA_LET)
            known[n++] = own->file.symbols[i].name;
    for (size_t i = 0; map != NULL && i < map->n; i++) {
        const cali_entry *entry = &map->entries[i];
        const int at = cali_formula_find_symbol(&own->file, entry->key);
        char label[128];
        cali_unit ignored;
        snprintf(label, sizeof label, "test.at.%.80s", entry->key);
        if (at < 0 || own->file.symbols[at].kind == CALI_FORMULA_LET) {
            const cali_node place = {.kind = CALI_NODE_MAP, .line = entry->line, .column = entry->column};
            char what[160];
            snprintf(what, sizeof what, "test.at: no state, parameter or input \"%.60s\"", entry->key);
            cali_formula_refuse_word(r, &place, 0, what, entry->key, known, n);
            continue;
        }
        const cali_formula_symbol *s = &own->file.symbols[at];
        cali_formula_read_number(r, entry->value, label, &own->file.declared[s->kind][s->index], &ignored, &rows[s->kind][s->index]);
    }
}

/* The derivative or output that a key of `gives` names, with its unit; false: none. */
static bool find_result(const cali_own *own, const char *key, double **value, cali_unit *unit)
{
    const cal_nmm_model *m = &own->model;
    for (size_t i = 0; i < m->n_states; i++)
        if (strcmp(own->equations[i].label, key) == 0) {
            *value = &own->test_dx[i];
            *unit = cali_formula_per_ms(&own->file.declared[CALI_FORMULA_STATE][i]);
            return true;
        }
    const int at = cal_field_find(m->outputs, m->n_outputs, key);
    if (at >= 0) {
        *value = &own->test_y[at];
        cali_unit_parse(m->outputs[at].unit, unit);
    }
    return at >= 0;
}

static void read_gives(cali_formula_reader *r, const cali_node *map)
{
    cali_own *own = cali_own_of(r);
    const char *known[2 * CALI_FORMULA_MAX_FIELDS];
    size_t n = 0;
    for (size_t i = 0; i < own->model.n_states; i++)
        known[n++] = own->equations[i].label;
    for (size_t i = 0; i < own->model.n_outputs; i++)
        known[n++] = own->model.outputs[i].name;
    for (size_t i = 0; i < map->n; i++) {
        const cali_entry *entry = &map->entries[i];
        double *value = NULL;
        cali_unit unit, ignored;
        char label[128];
        snprintf(label, sizeof label, "test.gives.%.80s", entry->key);
        if (!find_result(own, entry->key, &value, &unit)) {
            const cali_node place = {.kind = CALI_NODE_MAP, .line = entry->line, .column = entry->column};
            char what[160];
            snprintf(what, sizeof what, "test.gives: no derivative or output \"%.60s\"", entry->key);
            cali_formula_refuse_word(r, &place, 0, what, entry->key, known, n);
            continue;
        }
        cali_formula_read_number(r, entry->value, label, &unit, &ignored, value);
    }
    for (size_t i = 0; i < own->model.n_states; i++)
        if (isnan(own->test_dx[i]) && r->n_mistakes == 0)
            cali_formula_refuse(r, map->line, map->column, "C105", "test.gives lacks %s\nbecause each equation is checked once",
                            own->equations[i].label);
}

static bool take_rows(cali_formula_reader *r)
{
    cali_own *own = cali_own_of(r);
    const cal_nmm_model *m = &own->model;
    own->test_x = cali_formula_take(r, m->n_states, sizeof(double));
    own->test_dx = cali_formula_take(r, m->n_states, sizeof(double));
    own->test_p = cali_formula_take(r, m->n_params + CALI_FORMULA_MAX_OPS, sizeof(double));
    own->test_c = cali_formula_take(r, m->n_inputs, sizeof(double));
    own->test_y = cali_formula_take(r, m->n_outputs, sizeof(double));
    if (r->is_out_of_memory)
        return false;
    for (size_t i = 0; i < m->n_states; i++) {
        own->test_x[i] = m->states[i].value;
        own->test_dx[i] = NAN;
    }
    for (size_t i = 0; i < m->n_params; i++)
        own->test_p[i] = m->params[i].value;
    for (size_t i = 0; i < m->n_outputs; i++)
        own->test_y[i] = NAN;
    return true;
}

void cali_own_read_test(cali_formula_reader *r, const cali_node *root)
{
    const cali_node *node = cali_node_get(root, "test");
    const cali_node *at = cali_node_get(node, "at"), *gives = cali_node_get(node, "gives");
    if (!take_rows(r))
        return;
    if (gives == NULL || gives->kind != CALI_NODE_MAP || (at != NULL && at->kind != CALI_NODE_MAP)) {
        const cali_node *place = node != NULL ? node : root;
        cali_formula_refuse(r, place->line, place->column, "C105", "the model needs a test value\nbecause a wrong sign is found "
                        "so, and not in a figure\ntry %s", example);
        return;
    }
    cali_own_of(r)->test_line = node->line;
    cali_own_of(r)->test_column = node->column;
    read_at(r, at);
    read_gives(r, gives);
}
