/* docs/models.md is that of the tables. After a change of a model:
 *   CALLOSUM_WRITE_DOCS=1 build/tests/unit_nmm_reference */
#include "callosum/nmm.h"
#include "nmm/reference.h"
#include "support/docs.h"

Test(nmm_reference, the_page_is_that_of_the_tables)
{
    cali_text made = {0};
    cali_nmm_reference(&made);
    cr_assert(not(made.is_broken));
    cali_test_expect_page("models.md", &made, "unit_nmm_reference");
    cali_text_free(&made);
}

Test(nmm_reference, the_page_of_stimuli_is_that_of_the_tables)
{
    cali_text made = {0};
    cali_nmm_stimuli_reference(&made);
    cr_assert(not(made.is_broken));
    cali_test_expect_page("stimuli.md", &made, "unit_nmm_reference");
    cali_text_free(&made);
}

/* Every mass has its heading and a line for each of its quantities, a bar in a text ends no cell. */
Test(nmm_reference, each_mass_stands_on_the_page_with_all_its_quantities)
{
    cali_text made = {0};
    cali_nmm_reference(&made);
    for (size_t i = 0; i < cal_nmm_n_models(); i++) {
        const cal_nmm_model *m = cal_nmm_model_at(i);
        char text[256];
        snprintf(text, sizeof text, "\n## %s\n", m->name);
        const char *section = strstr(made.data, text);
        cr_assert(section != NULL, "%s", m->name);
        const char *next = strstr(section + 1, "\n## ");
        const size_t size = next != NULL ? (size_t)(next - section) : strlen(section);
        size_t n_lines = 0;
        for (size_t at = 0; at + 4 < size; at++)
            n_lines += strncmp(section + at, "\n| `", 4) == 0;
        cr_expect(eq(sz, n_lines, m->n_params + m->n_states + m->n_inputs + m->n_outputs), "%s", m->name);
        const char *source = strstr(section, m->source);
        cr_expect(source != NULL && source < section + size, "%s: source", m->name);
    }
    cali_text_free(&made);
}
