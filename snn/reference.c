#include "snn/reference.h"

#include <string.h>

#include "base/markdown.h"
#include "callosum/snn.h"

/* One line per equation; four blanks make a block of code. */
static void add_equations(cali_text *out, const char *equations)
{
    for (const char *at = equations; *at != '\0';) {
        const char *end = strstr(at, "; ");
        const size_t n = end != NULL ? (size_t)(end - at) : strlen(at);
        cali_text_add(out, "    ");
        cali_text_add_bytes(out, at, n);
        cali_text_add(out, "\n");
        at += n + (end != NULL ? 2 : 0);
    }
}

static void add_neuron(cali_text *out, const cal_neuron *n)
{
    cali_text_format(out, "\n## %s\n\n%s.", n->name, n->title);
    if (n->alias != NULL)
        cali_text_format(out, " Also `%s`.", n->alias);
    cali_text_format(out, " Currents are in %s.\n\n", n->current_unit);
    add_equations(out, n->equations);
    cali_text_format(out, "\nSource: %s.\n", n->source);
    cali_markdown_fields(out, "parameter", "default", n->params, n->n_params);
    cali_markdown_fields(out, "state", "initial", n->states, n->n_states);
    if (n->n_receptors == 0)
        return;
    cali_text_add(out, "\n| receptor | weight | meaning |\n|---|---|---|\n");
    for (size_t i = 0; i < n->n_receptors; i++) {
        const cal_receptor *r = &n->receptors[i];
        cali_text_format(out, "| `%s` | %s%s |", r->name, r->unit, r->is_modulus ? ", not negative" : "");
        cali_markdown_cell(out, r->meaning);
        cali_text_add(out, "\n");
    }
}

void cali_snn_reference(cali_text *out)
{
    cali_text_format(
        out,
        "# The neurons\n\n"
        "The %zu neurons that a population of an experiment file may name (`populations: {E: {neuron: lif, count: 800}}`). This\n"
        "page is made from their table entries (`snn/neurons/`), and so is what `callosum models NAME` prints. A prime is a\n"
        "derivative by time, in ms; I is the current of stimuli and ports. Parameters and initial states are set by name, as\n"
        "numbers or distributions; a connection ends at a receptor, whose unit its weight has. Schemes and their orders:\n"
        "[spiking-engine.md](spiking-engine.md). Neurons of one's own: [adding-a-neuron.md](adding-a-neuron.md).\n\n"
        "| name | also | states | receptors | what it is |\n|---|---|---:|---:|---|\n",
        cal_snn_n_neurons());
    for (size_t i = 0; i < cal_snn_n_neurons(); i++) {
        const cal_neuron *n = cal_snn_neuron_at(i);
        cali_text_format(out, "| [%s](#%s) | %s | %zu | %zu |", n->name, n->name, n->alias != NULL ? n->alias : "",
                         n->n_states, n->n_receptors);
        cali_markdown_cell(out, n->title);
        cali_text_add(out, "\n");
    }
    for (size_t i = 0; i < cal_snn_n_neurons(); i++)
        add_neuron(out, cal_snn_neuron_at(i));
}
