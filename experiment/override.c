/* --set path=value: finds or makes the place in the tree and puts the value there.
 *
 *     path = key { "." key | "[" number "]" }        a key with dots or blanks stands in "quotes" */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/reader.h"

typedef struct step {
    char key[256];
    bool is_index;
    size_t index;
} step;

/* One key of the path; false at what is none. */
static bool read_key(const char **at, step *out)
{
    *out = (step){0};
    const bool is_quoted = **at == '"' || **at == '\'';
    const char quote = **at;
    size_t n = 0;
    const char *c = *at + is_quoted;
    for (; *c != '\0' && (is_quoted ? *c != quote : strchr(".[=", *c) == NULL); c++) {
        if (n == sizeof out->key - 1)
            return false;
        out->key[n++] = *c;
    }
    if (is_quoted && *c++ != quote)
        return false;
    *at = c;
    return n > 0;
}

static bool read_index(const char **at, step *out)
{
    *out = (step){.is_index = true};
    const char *c = *at + 1;
    size_t n_digits = 0;
    for (; *c >= '0' && *c <= '9' && n_digits < 9; c++, n_digits++)
        out->index = out->index * 10 + (size_t)(*c - '0');
    if (n_digits == 0 || *c != ']')
        return false;
    *at = c + 1;
    return true;
}

/* Marks what was read as coming from --set. */
static void mark(cali_node *node, unsigned number)
{
    node->origin = number;
    for (size_t i = 0; i < node->n; i++) {
        node->entries[i].line = 0;
        mark(node->entries[i].value, number);
    }
}

static cali_node *find_child(cali_node *parent, const step *s)
{
    if (s->is_index)
        return s->index < parent->n ? parent->entries[s->index].value : NULL;
    return cali_node_get(parent, s->key);
}

static bool add_child(cali_reader *r, cali_node *parent, const step *s, cali_node *child)
{
    cali_entry entry = {.value = child};
    if (!s->is_index) {
        entry.key = cali_tree_add_text(r->tree, s->key, strlen(s->key));
        if (entry.key == NULL)
            return false;
    }
    return cali_tree_add_entry(r->tree, parent, &entry);
}

/* `node` becomes what the step needs, if it is nothing yet. */
static bool fits(cali_reader *r, cali_node *node, const step *s, cali_place place)
{
    const cali_node_kind wanted = s->is_index ? CALI_NODE_LIST : CALI_NODE_MAP;
    if (cali_node_is_null(node)) {
        node->kind = wanted;
        node->text = NULL;
    }
    char buffer[CALI_LABEL];
    if (node->kind != wanted)
        return cali_refuse(r, place, "C109", "%s%.60s%s does not lead anywhere: there is %s", s->is_index ? "[" : "\"",
                           s->is_index ? "number" : s->key, s->is_index ? "]" : "\"", cali_describe_node(node, buffer));
    if (s->is_index && s->index > node->n)
        return cali_refuse(r, place, "C109", "the list has %zu entries, so [%zu] is none of them\ntry [0] to [%zu]",
                           node->n, s->index, node->n);
    return true;
}

static cali_node *read_right_side(cali_reader *r, const char *text, unsigned number)
{
    cali_node *value = NULL;
    cali_tree_error error;
    const cali_place place = {0, 0, number};
    const cal_status status = cali_tree_read_yaml(r->tree, text, strlen(text), &value, &error);
    if (status == CAL_ERR_MEMORY)
        r->is_out_of_memory = true;
    else if (status != CAL_OK)
        cali_refuse(r, place, "C100", "%s%s%s", error.what, error.hint[0] != '\0' ? "\ntry " : "", error.hint);
    else if (value == NULL)
        cali_refuse(r, place, "C109", "nothing stands behind the =\ntry path=value, for example run.duration=2 s");
    if (value != NULL)
        mark(value, number);
    return value;
}

void cali_apply_override(cali_reader *r, cali_node **root, const char *text, unsigned number)
{
    const cali_place place = {0, 0, number};
    cali_node *node = *root, *value = NULL;
    const char *at = text;
    step s;
    if (!cali_is_printable(text, strlen(text))) {
        cali_refuse(r, place, "C109", "this holds characters that cannot be printed");
        return;
    }
    bool is_good = node != NULL && node->kind == CALI_NODE_MAP && read_key(&at, &s);
    for (unsigned depth = 0; is_good && depth < CALI_TREE_MAX_DEPTH; depth++) {
        if (!fits(r, node, &s, place))
            return;
        cali_node *child = find_child(node, &s);
        if (*at == '=') {
            value = read_right_side(r, at + 1, number);
            if (value == NULL)
                return;
            if (child != NULL)
                *child = *value;
            else if (!add_child(r, node, &s, value))
                r->is_out_of_memory = true;
            return;
        }
        if (child == NULL) {
            child = cali_tree_add_node(r->tree, CALI_NODE_SCALAR, 0, 0);
            if (child == NULL || !add_child(r, node, &s, child)) {
                r->is_out_of_memory = true;
                return;
            }
            child->text = "";
            child->origin = number;
        }
        node = child;
        if (*at == '[')
            is_good = read_index(&at, &s);
        else
            is_good = *at++ == '.' && read_key(&at, &s);
    }
    cali_refuse(r, place, "C109", "this is no path=value\ntry run.duration=2 s, record.signals[0].every=1 ms or "
                "regions.\"most connected\".model=field");
}
