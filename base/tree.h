/* A YAML or JSON text as a tree of nodes that know where they stand, read under limits: a hostile file
 * costs no more than an honest one of the same size. Scalars stay texts; who reads them knows their type. */
#ifndef CALI_BASE_TREE_H
#define CALI_BASE_TREE_H

#include "callosum/base.h"

typedef enum cali_node_kind { CALI_NODE_SCALAR, CALI_NODE_LIST, CALI_NODE_MAP } cali_node_kind;

typedef struct cali_node cali_node;

/** One child. Lists have no keys. */
typedef struct cali_entry {
    const char *key;
    unsigned line, column; /**< of the key */
    cali_node *value;      /**< never NULL */
} cali_entry;

struct cali_node {
    cali_node_kind kind;
    bool is_quoted;        /**< scalar in quotes or a block: a text, never null or a number */
    bool is_flow;          /**< list or map in brackets */
    unsigned line, column; /**< from 1; columns count characters */
    unsigned origin;       /**< 0; callers may mark nodes that came from elsewhere */
    const char *text;      /**< scalar: UTF-8 without NUL */
    cali_entry *entries;   /**< map and list: n entries in the order of the file */
    size_t n;
};

enum {
    CALI_TREE_MAX_DEPTH = 64,
    CALI_TREE_MAX_NODES = 1000000, /**< aliases count as what they stand for */
    CALI_TREE_MAX_BYTES = 16000000
};

/** Owns the nodes of all texts read into it, until it is destroyed. */
typedef struct cali_tree cali_tree;
cali_tree *cali_tree_create(void); /**< NULL: no memory */
void cali_tree_destroy(cali_tree **tree);

/** Why a text was not read. `line` 0: not at a place of the text. */
typedef struct cali_tree_error {
    unsigned line, column;
    char what[256];
    char because[256]; /**< "" if there is nothing to add */
    char hint[256];    /**< what to try, or "" */
} cali_tree_error;

/** Reads one YAML 1.1 document without tags; `*root` is NULL if it holds nothing. Refused: duplicate
 *  keys, keys that are no scalars, tags, several documents, texts with NUL, what passes the limits.
 *  Errors: INPUT with `error` filled, MEMORY. */
cal_status cali_tree_read_yaml(cali_tree *tree, const char *text, size_t size, cali_node **root,
                               cali_tree_error *error);
/** Reads one JSON value (RFC 8259) under the same limits. Errors: INPUT with `error` filled, MEMORY. */
cal_status cali_tree_read_json(cali_tree *tree, const char *text, size_t size, cali_node **root,
                               cali_tree_error *error);

/** Reads a file that is JSON, a manifest for example. The message is "path:line:column what". `*root`
 *  lives as long as `*tree`. Errors: IO, INPUT, MEMORY. */
cal_status cali_tree_load_json(cal_context *ctx, const char *path, cali_tree **tree, cali_node **root);

/** Value of `key`; NULL if `map` is NULL or no map or has no such key. */
cali_node *cali_node_get(const cali_node *map, const char *key);
/** Value below several keys: cali_node_path(root, "build", "version", NULL). */
cali_node *cali_node_path(const cali_node *map, ...);
/** The scalar's text, or `otherwise` for NULL and others. */
const char *cali_node_text(const cali_node *node, const char *otherwise);
/** The scalar as a number without unit, or `otherwise`. */
double cali_node_number(const cali_node *node, double otherwise);
/** An unquoted scalar that is empty, "~" or "null". */
bool cali_node_is_null(const cali_node *node);

/** Whether a text is UTF-8 of characters that can be printed, tabs and line ends included: no control
 *  characters, no halves of characters, no byte order marks. */
bool cali_is_printable(const char *text, size_t size);

/* For those who build or change trees. NULL and false: no memory, or a limit is reached. */
cali_node *cali_tree_add_node(cali_tree *tree, cali_node_kind kind, unsigned line, unsigned column);
const char *cali_tree_add_text(cali_tree *tree, const char *text, size_t size);
/** Appends to a list (key NULL) or map; does not look for duplicates. */
bool cali_tree_add_entry(cali_tree *tree, cali_node *parent, const cali_entry *entry);
/** A deep copy. */
cali_node *cali_tree_copy(cali_tree *tree, const cali_node *node, unsigned depth);
/** Index of the first entry of a map that has the key of an earlier one (`*earlier`), or -1. */
long cali_node_find_duplicate(const cali_node *map, size_t *earlier);

#endif
