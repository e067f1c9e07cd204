/* Mappings: keys known and unknown, required and left out. */
#include <stdio.h>
#include <string.h>

#include "experiment/reader.h"

/* Known words of a mapping: its keys, then the extra fields. */
typedef struct known_keys {
    const cali_mapping *mapping;
    const cali_extra *extra;
} known_keys;

static const char *known_key_at(const void *list, size_t i)
{
    const known_keys *known = list;
    return i < known->mapping->n_keys ? known->mapping->keys[i].name
                                      : known->extra->fields[i - known->mapping->n_keys].name;
}

static void refuse_key(cali_reader *r, const cali_mapping *mapping, const cali_entry *entry, const char *label,
                       const cali_extra *extra, bool is_flow)
{
    const known_keys known = {mapping, extra};
    const size_t n = mapping->n_keys + (extra != NULL ? extra->n_fields : 0);
    char what[3 * CALI_LABEL];
    if (is_flow && cali_node_is_null(entry->value)) {
        cali_refuse(r, cali_place_of_key(entry), "C101",
                    "\"%.60s\" is no key of %s\nbecause a comma ends a value inside of braces\ntry quotes around the "
                    "text before it and this", entry->key, label[0] == '\0' ? "the experiment" : label);
        return;
    }
    snprintf(what, sizeof what, "unknown key \"%.60s\"%s%.100s%s%.100s", entry->key, label[0] == '\0' ? "" : " of ",
             label, extra != NULL ? " by " : "", extra != NULL ? extra->owner : "");
    cali_refuse_word(r, cali_place_of_key(entry), "C101", what, entry->key, &known, n, known_key_at);
}

static void read_extra(cali_reader *r, const cali_entry *entry, const cali_extra *extra, size_t i)
{
    const cal_field *field = &extra->fields[i];
    char name[CALI_LABEL];
    double value;
    snprintf(name, sizeof name, "%.60s of %.80s", field->name, extra->owner);
    if (cali_read_field(r, entry->value, name, field, &value))
        extra->values[i] = value;
}

static void read_entry(cali_reader *r, const cali_mapping *mapping, const cali_node *node, const cali_entry *entry,
                       const char *label, void *target, const cali_extra *extra)
{
    char name[2 * CALI_LABEL];
    const int field = extra == NULL ? -1 : cal_field_find(extra->fields, extra->n_fields, entry->key);
    if (field >= 0) { /* a parameter wins over a key of the same name */
        read_extra(r, entry, extra, (size_t)field);
        return;
    }
    for (size_t i = 0; i < mapping->n_keys; i++) {
        const cali_key *key = &mapping->keys[i];
        if (strcmp(key->name, entry->key) != 0)
            continue;
        snprintf(name, sizeof name, "%.100s%s%.60s", label, label[0] == '\0' ? "" : ".", key->name);
        if (key->place_offset > 0) {
            const cali_place place = cali_place_of(entry->value);
            memcpy((char *)target + key->place_offset, &place, sizeof place);
        }
        if (key->not_beside != NULL && cali_node_get(node, key->not_beside) != NULL)
            cali_refuse(r, cali_place_of_key(entry), "C104", "\"%s\" stands beside \"%s\"\nbecause one excludes the other"
                        "\ntry to take one of them away", key->name, key->not_beside);
        else if (key->size > 0)
            cali_read_value(r, entry->value, name, key, target);
        return;
    }
    refuse_key(r, mapping, entry, label, extra, node->is_flow);
}

/* A key that is missing because of a typing error is one mistake, not two. */
static bool is_mistyped(const cali_mapping *mapping, const cali_node *node, const char *name)
{
    for (size_t i = 0; i < node->n; i++) {
        bool is_known = false;
        for (size_t k = 0; k < mapping->n_keys; k++)
            is_known = is_known || strcmp(mapping->keys[k].name, node->entries[i].key) == 0;
        if (!is_known && cali_nearest_word(node->entries[i].key, &name, 1) == 0)
            return true;
    }
    return false;
}

bool cali_read_mapping(cali_reader *r, const cali_mapping *mapping, const cali_node *node, const char *label,
                       void *target, const cali_extra *extra)
{
    char buffer[CALI_LABEL];
    cali_fill_defaults(r, mapping, target);
    const bool is_nothing = cali_node_is_null(node);
    if (node->kind != CALI_NODE_MAP && !is_nothing)
        return cali_refuse(r, cali_place_of(node), "C104", "%s needs a mapping of keys, got %s",
                           label[0] == '\0' ? "an experiment" : label, cali_describe_node(node, buffer));
    for (size_t i = 0; i < node->n; i++)
        read_entry(r, mapping, node, &node->entries[i], label, target, extra);
    for (size_t i = 0; i < mapping->n_keys; i++) {
        const cali_key *key = &mapping->keys[i];
        const bool is_needed = key->is_required && (key->not_beside == NULL || cali_node_get(node, key->not_beside) == NULL);
        if (is_needed && cali_node_get(node, key->name) == NULL && !is_mistyped(mapping, node, key->name))
            cali_refuse(r, cali_place_of(node), "C105", "%s needs the key \"%s\": %s",
                        label[0] == '\0' ? "an experiment" : label, key->name, key->meaning);
    }
    return true;
}

size_t cali_list_size(cali_reader *r, const cali_node *node, const char *label)
{
    char buffer[CALI_LABEL];
    if (node == NULL || cali_node_is_null(node))
        return 0;
    if (node->kind == CALI_NODE_SCALAR) {
        cali_refuse(r, cali_place_of(node), "C104", "%s needs a list, got %s", label, cali_describe_node(node, buffer));
        return 0;
    }
    return node->kind == CALI_NODE_LIST ? node->n : 1;
}

const cali_node *cali_list_at(const cali_node *node, size_t i)
{
    return node->kind == CALI_NODE_LIST ? node->entries[i].value : node;
}
