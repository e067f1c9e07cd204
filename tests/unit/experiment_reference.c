/* The reference and the schema that are in docs/ are those of the tables. After a change of the tables:
 *   CALLOSUM_WRITE_DOCS=1 build/tests/unit_experiment_reference */
#include "base/tree.h"
#include "base/units.h"
#include "experiment/keys.h"
#include "support/docs.h"

static void expect_file(const char *name, const cali_text *made)
{
    cali_test_expect_page(name, made, "unit_experiment_reference");
}

Test(experiment_reference, the_reference_is_that_of_the_tables)
{
    cali_text made = {0};
    cali_experiment_reference(&made);
    expect_file("experiment-file.md", &made);
    cali_text_free(&made);
}

Test(experiment_reference, the_schema_is_that_of_the_tables_and_valid_json)
{
    cali_text made = {0};
    cali_experiment_schema(&made);
    expect_file("experiment.schema.json", &made);
    cali_tree *tree = cali_tree_create();
    cali_node *root;
    cali_tree_error error;
    cr_assert(eq(int, cali_tree_read_json(tree, made.data, made.size, &root, &error), CAL_OK), "%u:%u %s", error.line,
              error.column, error.what);
    /* every reference leads to a definition */
    for (const char *at = made.data; (at = strstr(at, "\"$ref\": \"#/$defs/")) != NULL; at++) {
        char name[128];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 17, "\""), at + 17);
        cr_expect(cali_node_path(root, "$defs", name, NULL) != NULL, "%s", name);
    }
    cali_tree_destroy(&tree);
    cali_text_free(&made);
}

/* Each key says what it means, and each that stores a value fits its member. */
Test(experiment_reference, every_key_is_described)
{
    for (size_t i = 0; cali_all_mappings[i] != NULL; i++)
        for (size_t k = 0; k < cali_all_mappings[i]->n_keys; k++) {
            const cali_key *key = &cali_all_mappings[i]->keys[k];
            cr_expect(key->meaning != NULL && key->meaning[0] != '\0', "%s", key->name);
            const bool is_eight = key->type == CALI_KEY_TEXT || key->type == CALI_KEY_PATH ||
                                  key->type == CALI_KEY_NUMBER || key->type == CALI_KEY_TIME;
            const bool fits = !is_eight || key->size == 8;
            cr_expect(fits, "%s", key->name);
            const bool has_shape = key->type != CALI_KEY_OWN || key->shape != NULL;
            cr_expect(has_shape, "%s", key->name);
            cali_unit unit;
            const bool parses = key->unit == NULL || cali_unit_parse(key->unit, &unit);
            cr_expect(parses, "%s", key->name);
        }
}
