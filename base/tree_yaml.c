/* YAML by libyaml's event interface. Its document loader is quadratic and expands aliases without bound;
 * the events are taken one by one and counted against the limits of tree.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/tree.h"

typedef struct anchor {
    const char *name;
    cali_node *node;
    bool is_complete;
} anchor;

typedef struct reader {
    cali_tree *tree;
    const char *text;
    size_t size;
    yaml_parser_t parser;
    cali_tree_error *error;
    cal_status status;
    anchor anchors[256];
    size_t n_anchors;
} reader;

/* What libyaml says, and what helps the one who reads it. */
static const struct {
    const char *problem, *hint;
} hints[] = {
    {"found character that cannot start any token",
     "blanks instead of tabs, and quotes around a text that begins with one of @ ` % & * ! |"},
    {"mapping values are not allowed in this context",
     "the same indentation as the line above, or quotes around a text that holds \": \""},
    {"did not find expected ',' or '}'", "a comma between two keys, and } at the end of the mapping"},
    {"did not find expected ',' or ']'", "a comma between two values, and ] at the end of the list"},
    {"did not find expected key", "the same indentation for all keys of one mapping"},
    {"did not find expected '-' indicator", "the same indentation for all \"-\" of one list"},
    {"could not find expected ':'", "\"key: value\", with a blank behind the colon"},
    {"found unexpected end of stream", "the missing closing quote or bracket"},
    {"control characters are not allowed", "plain text in UTF-8"},
    {"invalid leading UTF-8 octet", "saving the file as UTF-8"},
    {"invalid trailing UTF-8 octet", "saving the file as UTF-8"},
};

static void *refuse(reader *self, yaml_mark_t mark, const char *what, const char *hint)
{
    if (self->status != CAL_OK)
        return NULL;
    self->status = CAL_ERR_INPUT;
    self->error->line = (unsigned)mark.line + 1;
    self->error->column = (unsigned)mark.column + 1;
    snprintf(self->error->what, sizeof self->error->what, "%s", what);
    snprintf(self->error->hint, sizeof self->error->hint, "%s", hint);
    return NULL;
}

/* libyaml gives no line for a broken byte, only its number. */
static yaml_mark_t mark_of_byte(const reader *self, size_t offset)
{
    yaml_mark_t mark = {0, 0, 0};
    for (size_t i = 0; i < offset && i < self->size; i++) {
        const unsigned char c = (unsigned char)self->text[i];
        if (c == '\n') {
            mark.line++;
            mark.column = 0;
        } else if ((c & 0xc0) != 0x80)
            mark.column++;
    }
    return mark;
}

static void refuse_syntax(reader *self)
{
    const yaml_parser_t *p = &self->parser;
    if (p->error == YAML_MEMORY_ERROR) {
        self->status = CAL_ERR_MEMORY;
        return;
    }
    const char *problem = p->problem == NULL ? "broken text" : p->problem;
    char what[256];
    snprintf(what, sizeof what, "not valid YAML: %s", problem);
    const char *hint = "";
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (strcmp(problem, hints[i].problem) == 0)
            hint = hints[i].hint;
    refuse(self, p->error == YAML_READER_ERROR ? mark_of_byte(self, p->problem_offset) : p->problem_mark, what,
           hint);
    if (p->error != YAML_READER_ERROR && p->context != NULL)
        snprintf(self->error->because, sizeof self->error->because, "found %s that began at %zu:%zu", p->context,
                 p->context_mark.line + 1, p->context_mark.column + 1);
}

static bool next_event(reader *self, yaml_event_t *event)
{
    if (self->status != CAL_OK)
        return false;
    if (!yaml_parser_parse(&self->parser, event)) {
        refuse_syntax(self);
        return false;
    }
    return true;
}

/* A node could not be made: the limit, or memory. */
static void *refuse_node(reader *self, yaml_mark_t mark)
{
    char what[128];
    snprintf(what, sizeof what, "more than %d values, or no memory for them", CALI_TREE_MAX_NODES);
    return refuse(self, mark, what, "");
}

static bool is_fit_scalar(reader *self, const yaml_event_t *event)
{
    if (strlen((const char *)event->data.scalar.value) != event->data.scalar.length) {
        refuse(self, event->start_mark, "a text that holds the character NUL", "");
        return false;
    }
    if (!cali_is_printable((const char *)event->data.scalar.value, event->data.scalar.length)) {
        refuse(self, event->start_mark, "a text that holds a control character", "");
        return false;
    }
    return true;
}

static bool add_anchor(reader *self, const yaml_event_t *event, const yaml_char_t *name, cali_node *node)
{
    if (name == NULL)
        return true;
    const size_t size = strlen((const char *)name);
    if (self->n_anchors == sizeof self->anchors / sizeof *self->anchors) {
        refuse(self, event->start_mark, "more than 256 anchors", "");
        return false;
    }
    const char *copy = cali_tree_add_text(self->tree, (const char *)name, size);
    if (copy == NULL) {
        self->status = CAL_ERR_MEMORY;
        return false;
    }
    self->anchors[self->n_anchors++] = (anchor){copy, node, node->kind == CALI_NODE_SCALAR};
    return true;
}

static cali_node *read_alias(reader *self, const yaml_event_t *event, unsigned depth)
{
    const char *name = (const char *)event->data.alias.anchor;
    for (size_t i = self->n_anchors; i-- > 0;) {
        if (strcmp(self->anchors[i].name, name) != 0)
            continue;
        if (!self->anchors[i].is_complete)
            return refuse(self, event->start_mark, "an alias inside of what it stands for", "");
        cali_node *copy = cali_tree_copy(self->tree, self->anchors[i].node, depth);
        return copy != NULL ? copy : refuse(self, event->start_mark, "aliases that stand for too much",
                                            "writing out what they stand for");
    }
    char what[256];
    snprintf(what, sizeof what, "unknown alias *%.100s", name);
    return refuse(self, event->start_mark, what, "quotes around a text that begins with *");
}

static cali_node *read_node(reader *self, const yaml_event_t *event, unsigned depth);

static void refuse_duplicate(reader *self, const cali_node *map)
{
    size_t earlier = 0;
    const long found = cali_node_find_duplicate(map, &earlier);
    if (found < 0)
        return;
    const cali_entry *again = &map->entries[found], *first = &map->entries[earlier];
    char what[256];
    snprintf(what, sizeof what, "the key \"%.100s\" stands here a second time", again->key);
    refuse(self, (yaml_mark_t){0, again->line - 1, again->column - 1}, what, "");
    snprintf(self->error->because, sizeof self->error->because, "its first place is %u:%u", first->line,
             first->column);
}

static bool read_key(reader *self, const yaml_event_t *event, cali_entry *entry)
{
    if (event->type != YAML_SCALAR_EVENT || event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL) {
        refuse(self, event->start_mark, "a key that is no plain text", "");
        return false;
    }
    if (!is_fit_scalar(self, event))
        return false;
    *entry = (cali_entry){.line = (unsigned)event->start_mark.line + 1,
                          .column = (unsigned)event->start_mark.column + 1};
    entry->key = cali_tree_add_text(self->tree, (const char *)event->data.scalar.value,
                                    event->data.scalar.length);
    if (entry->key == NULL)
        self->status = CAL_ERR_MEMORY;
    return entry->key != NULL;
}

static cali_node *read_children(reader *self, const yaml_event_t *start, cali_node *parent, unsigned depth)
{
    const yaml_event_type_t end =
        parent->kind == CALI_NODE_MAP ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    const size_t anchor_index = self->n_anchors;
    const yaml_char_t *name = parent->kind == CALI_NODE_MAP ? start->data.mapping_start.anchor
                                                            : start->data.sequence_start.anchor;
    if (!add_anchor(self, start, name, parent))
        return NULL;
    for (;;) {
        yaml_event_t event;
        if (!next_event(self, &event))
            return NULL;
        if (event.type == end) {
            yaml_event_delete(&event);
            break;
        }
        cali_entry entry = {0};
        bool is_good = parent->kind != CALI_NODE_MAP || read_key(self, &event, &entry);
        if (is_good && parent->kind == CALI_NODE_MAP) {
            yaml_event_delete(&event);
            if (!next_event(self, &event))
                return NULL;
        }
        if (is_good)
            entry.value = read_node(self, &event, depth + 1);
        is_good = is_good && entry.value != NULL;
        if (is_good && !cali_tree_add_entry(self->tree, parent, &entry)) {
            refuse_node(self, event.start_mark);
            is_good = false;
        }
        yaml_event_delete(&event);
        if (!is_good)
            return NULL;
    }
    if (name != NULL)
        self->anchors[anchor_index].is_complete = true;
    if (parent->kind == CALI_NODE_MAP)
        refuse_duplicate(self, parent);
    return self->status == CAL_OK ? parent : NULL;
}

static cali_node *read_scalar(reader *self, const yaml_event_t *event)
{
    if (!is_fit_scalar(self, event))
        return NULL;
    cali_node *node = cali_tree_add_node(self->tree, CALI_NODE_SCALAR, (unsigned)event->start_mark.line + 1,
                                         (unsigned)event->start_mark.column + 1);
    if (node == NULL)
        return refuse_node(self, event->start_mark);
    node->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->text = cali_tree_add_text(self->tree, (const char *)event->data.scalar.value,
                                    event->data.scalar.length);
    if (node->text == NULL) {
        self->status = CAL_ERR_MEMORY;
        return NULL;
    }
    return add_anchor(self, event, event->data.scalar.anchor, node) ? node : NULL;
}

static cali_node *read_node(reader *self, const yaml_event_t *event, unsigned depth)
{
    char what[128];
    if (depth > CALI_TREE_MAX_DEPTH) {
        snprintf(what, sizeof what, "nested deeper than %d levels", CALI_TREE_MAX_DEPTH);
        return refuse(self, event->start_mark, what, "");
    }
    const bool has_tag = (event->type == YAML_SCALAR_EVENT && event->data.scalar.tag != NULL) ||
                         (event->type == YAML_SEQUENCE_START_EVENT && event->data.sequence_start.tag != NULL) ||
                         (event->type == YAML_MAPPING_START_EVENT && event->data.mapping_start.tag != NULL);
    if (has_tag)
        return refuse(self, event->start_mark, "tags (!...) are not used here",
                      "quotes around a text that begins with !");
    if (event->type == YAML_SCALAR_EVENT)
        return read_scalar(self, event);
    if (event->type == YAML_ALIAS_EVENT)
        return read_alias(self, event, depth);
    const bool is_map = event->type == YAML_MAPPING_START_EVENT;
    cali_node *node = cali_tree_add_node(self->tree, is_map ? CALI_NODE_MAP : CALI_NODE_LIST,
                                         (unsigned)event->start_mark.line + 1,
                                         (unsigned)event->start_mark.column + 1);
    if (node == NULL)
        return refuse_node(self, event->start_mark);
    node->is_flow = is_map ? event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
                           : event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    return read_children(self, event, node, depth);
}

static void read_stream(reader *self, cali_node **root)
{
    yaml_event_t event;
    unsigned n_documents = 0;
    bool is_done = false;
    while (!is_done && next_event(self, &event)) {
        is_done = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT && ++n_documents > 1)
            refuse(self, event.start_mark, "a second document begins here", "one document in one file");
        else if (event.type == YAML_SCALAR_EVENT || event.type == YAML_ALIAS_EVENT ||
                 event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_MAPPING_START_EVENT)
            *root = read_node(self, &event, 1);
        yaml_event_delete(&event);
    }
}

cal_status cali_tree_read_yaml(cali_tree *tree, const char *text, size_t size, cali_node **root,
                               cali_tree_error *error)
{
    *root = NULL;
    *error = (cali_tree_error){0};
    if (size > CALI_TREE_MAX_BYTES) {
        snprintf(error->what, sizeof error->what, "larger than %d MB", CALI_TREE_MAX_BYTES / 1000000);
        return CAL_ERR_INPUT;
    }
    reader *self = calloc(1, sizeof *self);
    if (self == NULL)
        return CAL_ERR_MEMORY;
    self->tree = tree;
    self->text = text;
    self->size = size;
    self->error = error;
    if (!yaml_parser_initialize(&self->parser)) {
        free(self);
        return CAL_ERR_MEMORY;
    }
    yaml_parser_set_encoding(&self->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&self->parser, (const unsigned char *)text, size);
    read_stream(self, root);
    yaml_parser_delete(&self->parser);
    const cal_status status = self->status;
    free(self);
    if (status != CAL_OK)
        *root = NULL;
    else if (*root != NULL && cali_node_is_null(*root))
        *root = NULL;
    return status;
}
