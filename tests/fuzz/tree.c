/* base/tree.h on hostile texts: the first byte chooses YAML or JSON. A text is read or refused with a message; a
 * second reading of the same text has the same outcome. */
#include <assert.h>
#include <stdint.h>

#include "base/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count(const cali_node *node)
{
    size_t n = 1;
    for (size_t i = 0; i < node->n; i++)
        n += count(node->entries[i].value);
    return n;
}

static size_t read_once(const char *text, size_t size, bool is_json)
{
    cali_tree *tree = cali_tree_create();
    assert(tree != NULL);
    cali_node *root = NULL;
    cali_tree_error error = {0};
    const cal_status status = is_json ? cali_tree_read_json(tree, text, size, &root, &error)
                                      : cali_tree_read_yaml(tree, text, size, &root, &error);
    assert(status == CAL_OK || error.what[0] != '\0');
    const size_t n = status == CAL_OK && root != NULL ? count(root) : 0;
    cali_tree_destroy(&tree);
    assert(tree == NULL);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const bool is_json = (data[0] & 1u) != 0;
    const size_t first = read_once((const char *)data + 1, size - 1, is_json);
    const size_t second = read_once((const char *)data + 1, size - 1, is_json);
    assert(first == second);
    return 0;
}
