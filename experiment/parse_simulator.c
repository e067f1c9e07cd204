/* `simulator`: the model of a foreign worker that computes a region, and what it is told. */
#include <stdio.h>
#include <string.h>

#include "experiment/reader.h"

void cali_parse_simulator(cali_reader *r, const cali_node *node, cali_network *network)
{
    char label[CALI_LABEL];
    const cali_node *parameters = cali_node_get(node, "parameters");
    if (node == NULL || !cali_read_mapping(r, &cali_keys_simulator, node, "simulator", &network->simulator, NULL) ||
        parameters == NULL)
        return;
    cali_simulator *s = &network->simulator;
    if (parameters->kind != CALI_NODE_MAP) {
        cali_refuse(r, cali_place_of(parameters), "C104", "simulator.parameters is %s instead of a mapping of names to values",
                    cali_describe_node(parameters, label));
        return;
    }
    s->names = cali_take(r, parameters->n, sizeof *s->names);
    s->values = cali_take(r, parameters->n, sizeof *s->values);
    for (size_t i = 0; s->names != NULL && s->values != NULL && i < parameters->n; i++) {
        const cali_entry *e = &parameters->entries[i];
        if (e->value->kind != CALI_NODE_SCALAR) {
            snprintf(label, sizeof label, "simulator.parameters.%.80s", e->key);
            cali_refuse(r, cali_place_of(e->value), "C104", "%s is no number and no text", label);
            return;
        }
        s->names[i] = cali_keep(r, e->key);
        s->values[i] = cali_keep(r, e->value->text);
        s->n = i + 1;
    }
}
