/* parameters and initial of a neural mass: numbers, distributions over the regions, columns of tables. */
#include <stdio.h>
#include <string.h>

#include "experiment/reader.h"

typedef struct column_text {
    char *path, *column;
} column_text;

static const cali_key column_keys[] = {
    {"file", CALI_KEY_PATH, .is_required = true, .offset = offsetof(column_text, path),
     .size = sizeof(char *), .meaning = "table with a header and one row per region or neuron"},
    {"column", CALI_KEY_TEXT, .offset = offsetof(column_text, column), .size = sizeof(char *),
     .meaning = "its name in the header; left out: the name of the parameter"},
};
static const cali_mapping column_mapping = {"models.NAME.parameters.PARAMETER", "A column of a table.", column_keys,
                                            sizeof column_keys / sizeof column_keys[0], NULL, NULL};

bool cali_read_column(cali_reader *r, const cali_node *node, const char *label, const char *name, char **path, char **column)
{
    column_text text = {0};
    if (!cali_read_mapping(r, &column_mapping, node, label, &text, NULL) || text.path == NULL)
        return false;
    *path = text.path;
    *column = text.column != NULL ? text.column : cali_keep(r, name);
    return *column != NULL;
}

static bool read_value(cali_reader *r, const cali_node *node, const char *label, const cal_field *field,
                       cali_setting *out)
{
    out->value = (cal_distribution){.kind = CAL_CONSTANT};
    if (node->kind != CALI_NODE_MAP)
        return cali_read_distribution(r, node, label, field->unit, field, &out->value);
    return cali_read_column(r, node, label, field->name, &out->path, &out->column);
}

static void read_one(cali_reader *r, const cali_entry *entry, const cal_nmm_model *model, bool is_state,
                     const char *owner, cali_settings *out)
{
    const cal_field *fields = is_state ? model->states : model->params;
    const size_t n_fields = is_state ? model->n_states : model->n_params;
    const int row = cal_field_find(fields, n_fields, entry->key);
    char label[3 * CALI_LABEL];
    if (row < 0) {
        snprintf(label, sizeof label, "unknown %s \"%.60s\" of %.100s", is_state ? "state" : "parameter", entry->key,
                 owner);
        cali_refuse_word(r, cali_place_of_key(entry), "C101", label, entry->key, fields, n_fields,
                         cali_word_in_fields);
        return;
    }
    snprintf(label, sizeof label, "%.60s of %.100s", entry->key, owner);
    cali_setting setting = {.row = (size_t)row, .is_state = is_state, .place = cali_place_of(entry->value)};
    if (!read_value(r, entry->value, label, &fields[row], &setting))
        return;
    if (!cali_arena_grow(&r->exp->arena, &out->items, out->n, sizeof *out->items))
        r->is_out_of_memory = true;
    else
        out->items[out->n++] = setting;
}

void cali_read_settings(cali_reader *r, const cali_node *node, const cal_nmm_model *model, bool is_state,
                        const char *owner, cali_settings *out)
{
    char buffer[CALI_LABEL];
    if (node == NULL || cali_node_is_null(node))
        return;
    if (node->kind != CALI_NODE_MAP) {
        cali_refuse(r, cali_place_of(node), "C104", "%ss of %s are a mapping, got %s",
                    is_state ? "state" : "parameter", owner, cali_describe_node(node, buffer));
        return;
    }
    for (size_t i = 0; i < node->n; i++)
        read_one(r, &node->entries[i], model, is_state, owner, out);
}
