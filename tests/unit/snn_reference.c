/* docs/neurons.md is that of the table. After a change of a neuron:
 *   CALLOSUM_WRITE_DOCS=1 build/tests/unit_snn_reference */
#include "callosum/snn.h"
#include "snn/reference.h"
#include "support/docs.h"

Test(snn_reference, the_page_is_that_of_the_table)
{
    cali_text made = {0};
    cali_snn_reference(&made);
    cr_assert(not(made.is_broken));
    cali_test_expect_page("neurons.md", &made, "unit_snn_reference");
    cali_text_free(&made);
}

/* Every neuron has its heading and a line for each parameter, state and receptor; equations end up whole. */
Test(snn_reference, each_neuron_stands_on_the_page_with_all_it_has)
{
    cali_text made = {0};
    cali_snn_reference(&made);
    for (size_t i = 0; i < cal_snn_n_neurons(); i++) {
        const cal_neuron *n = cal_snn_neuron_at(i);
        char text[256];
        snprintf(text, sizeof text, "\n## %s\n", n->name);
        const char *section = strstr(made.data, text);
        cr_assert(section != NULL, "%s", n->name);
        const char *next = strstr(section + 1, "\n## ");
        const size_t size = next != NULL ? (size_t)(next - section) : strlen(section);
        size_t n_lines = 0, n_equations = 0, n_wanted = 1;
        for (size_t at = 0; at + 5 < size; at++) {
            n_lines += strncmp(section + at, "\n| `", 4) == 0;
            n_equations += strncmp(section + at, "\n    ", 5) == 0;
        }
        for (const char *at = n->equations; (at = strstr(at, "; ")) != NULL; at += 2)
            n_wanted++;
        cr_expect(eq(sz, n_lines, n->n_params + n->n_states + n->n_receptors), "%s", n->name);
        cr_expect(eq(sz, n_equations, n_wanted), "%s", n->name);
    }
    cali_text_free(&made);
}
