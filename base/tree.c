/* Nodes, their arena, and reading them. The two languages are in tree_yaml.c and tree_json.c. */
#include "base/tree.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/text.h"

struct cali_tree {
    cali_arena arena;
    size_t n_nodes;
};

cali_tree *cali_tree_create(void)
{
    return calloc(1, sizeof(cali_tree));
}

void cali_tree_destroy(cali_tree **tree)
{
    if (tree == NULL || *tree == NULL)
        return;
    cali_arena_free(&(*tree)->arena);
    free(*tree);
    *tree = NULL;
}

cali_node *cali_tree_add_node(cali_tree *tree, cali_node_kind kind, unsigned line, unsigned column)
{
    if (tree->n_nodes >= CALI_TREE_MAX_NODES)
        return NULL;
    cali_node *node = cali_arena_take(&tree->arena, sizeof *node);
    if (node == NULL)
        return NULL;
    tree->n_nodes++;
    node->kind = kind;
    node->line = line;
    node->column = column;
    return node;
}

const char *cali_tree_add_text(cali_tree *tree, const char *text, size_t size)
{
    return cali_arena_copy(&tree->arena, text, size);
}

bool cali_tree_add_entry(cali_tree *tree, cali_node *parent, const cali_entry *entry)
{
    if (!cali_arena_grow(&tree->arena, &parent->entries, parent->n, sizeof *parent->entries))
        return false;
    parent->entries[parent->n++] = *entry;
    return true;
}

cali_node *cali_tree_copy(cali_tree *tree, const cali_node *node, unsigned depth)
{
    if (depth > CALI_TREE_MAX_DEPTH)
        return NULL;
    cali_node *copy = cali_tree_add_node(tree, node->kind, node->line, node->column);
    if (copy == NULL)
        return NULL;
    copy->is_quoted = node->is_quoted;
    copy->is_flow = node->is_flow;
    copy->origin = node->origin;
    copy->text = node->text;
    for (size_t i = 0; i < node->n; i++) {
        cali_entry entry = node->entries[i];
        entry.value = cali_tree_copy(tree, entry.value, depth + 1);
        if (entry.value == NULL || !cali_tree_add_entry(tree, copy, &entry))
            return NULL;
    }
    return copy;
}

static int compare_keys(const void *a, const void *b)
{
    const cali_entry *const *x = a, *const *y = b;
    const int order = strcmp((*x)->key, (*y)->key);
    return order != 0 ? order : (*x > *y) - (*x < *y);
}

long cali_node_find_duplicate(const cali_node *map, size_t *earlier)
{
    if (map->n < 2)
        return -1;
    const cali_entry **sorted = malloc(map->n * sizeof *sorted);
    if (sorted == NULL)
        return -1;
    for (size_t i = 0; i < map->n; i++)
        sorted[i] = &map->entries[i];
    qsort(sorted, map->n, sizeof *sorted, compare_keys);
    long found = -1;
    for (size_t i = 1; i < map->n; i++) {
        const long index = sorted[i] - map->entries;
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0 && (found < 0 || index < found)) {
            found = index;
            *earlier = (size_t)(sorted[i - 1] - map->entries);
        }
    }
    free(sorted);
    return found;
}

/* ---- reading nodes ------------------------------------------------------------------------------ */

cali_node *cali_node_get(const cali_node *map, const char *key)
{
    if (map == NULL || map->kind != CALI_NODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->entries[i].key, key) == 0)
            return map->entries[i].value;
    return NULL;
}

cali_node *cali_node_path(const cali_node *map, ...)
{
    va_list keys;
    va_start(keys, map);
    cali_node *found = NULL;
    for (const char *key = va_arg(keys, const char *); key != NULL; key = va_arg(keys, const char *)) {
        found = cali_node_get(map, key);
        map = found;
    }
    va_end(keys);
    return found;
}

const char *cali_node_text(const cali_node *node, const char *otherwise)
{
    return node != NULL && node->kind == CALI_NODE_SCALAR ? node->text : otherwise;
}

double cali_node_number(const cali_node *node, double otherwise)
{
    double value;
    const char *end;
    if (node == NULL || node->kind != CALI_NODE_SCALAR || !cali_parse_number(node->text, &value, &end))
        return otherwise;
    return *end == '\0' && isfinite(value) ? value : otherwise;
}

bool cali_node_is_null(const cali_node *node)
{
    return node->kind == CALI_NODE_SCALAR && !node->is_quoted &&
           (node->text[0] == '\0' || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

/* Length of the character at `at` and its number; 0: none. */
static size_t read_character(const unsigned char *at, size_t left, uint32_t *code)
{
    const size_t n = at[0] < 0x80 ? 1 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc2 ? 2 : 0;
    if (n == 0 || n > left)
        return 0;
    *code = n == 1 ? at[0] : at[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (at[i] & 0x3f);
    }
    const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    return *code < least[n] ? 0 : n;
}

bool cali_is_printable(const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    for (size_t i = 0, n; i < size; i += n) {
        uint32_t c = 0;
        n = read_character(at + i, size - i, &c);
        const bool is_blank = c == '\t' || c == '\n' || c == '\r' || c == 0x85;
        if (n == 0 || (!is_blank && (c < 0x20 || (c >= 0x7f && c < 0xa0))) || (c >= 0xd800 && c < 0xe000) ||
            c == 0xfeff || c == 0xfffe || c == 0xffff || c > 0x10ffff)
            return false;
    }
    return true;
}

cal_status cali_tree_load_json(cal_context *ctx, const char *path, cali_tree **tree, cali_node **root)
{
    *tree = NULL;
    *root = NULL;
    char *text = NULL;
    size_t size = 0;
    CAL_TRY(cali_file_read(ctx, path, CALI_TREE_MAX_BYTES, &text, &size));
    cali_tree_error error = {0};
    *tree = cali_tree_create();
    cal_status status = *tree == NULL ? CAL_ERR_MEMORY
                                      : cali_tree_read_json(*tree, text, size, root, &error);
    free(text);
    if (status == CAL_ERR_INPUT)
        status = CAL_FAIL(ctx, status, "%s:%u:%u %s", path, error.line, error.column, error.what);
    else if (status != CAL_OK)
        status = CAL_FAIL(ctx, status, "%s: no memory", path);
    if (status != CAL_OK)
        cali_tree_destroy(tree);
    return status;
}
