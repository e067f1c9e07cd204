/* homeostasis of a population: which parameter its neurons move, and towards which rate. */
#include <stdio.h>
#include <string.h>

#include "experiment/reader.h"

/* The parameter that `homeostasis` names, V_th unless it names one. */
static const cal_field *find_parameter(cali_reader *r, const cali_node *node, const cal_neuron *neuron)
{
    char label[2 * CALI_LABEL];
    const cali_node *named = cali_node_get(node, "parameter");
    const char *name = named == NULL ? "V_th" : cali_node_text(named, "");
    const int at = cal_field_find(neuron->params, neuron->n_params, name);
    if (at >= 0)
        return &neuron->params[at];
    snprintf(label, sizeof label, "homeostasis of \"%.60s\", which is no parameter of neuron %s", name, neuron->name);
    cali_refuse_word(r, cali_place_of(named != NULL ? named : node), "C101", label, name, neuron->params, neuron->n_params,
                     cali_word_in_fields);
    return NULL;
}

static bool read_homeostasis(cali_reader *r, const cali_node *node, const cal_neuron *neuron, cal_snn_homeostasis *out)
{
    char buffer[CALI_LABEL], label[CALI_LABEL];
    if (node->kind != CALI_NODE_MAP)
        return cali_refuse(r, cali_place_of(node), "C104", "homeostasis is a mapping, got %s\ntry homeostasis: {parameter: "
                           "V_th, rate: 5 Hz, step: 0.1 mV, range: 10 mV}", cali_describe_node(node, buffer));
    const cal_field *parameter = find_parameter(r, node, neuron);
    if (parameter == NULL)
        return false;
    out->parameter = parameter->name;
    const cal_field fields[] = {{.name = "rate", .unit = "Hz"},
                                {.name = "step", .unit = parameter->unit},
                                {.name = "range", .unit = parameter->unit},
                                {.name = "parameter"}};
    double *const values[] = {&out->rate_Hz, &out->step, &out->range};
    for (size_t i = 0; i < node->n; i++) {
        const cali_entry *entry = &node->entries[i];
        const int k = cal_field_find(fields, 4, entry->key);
        snprintf(label, sizeof label, k < 0 ? "unknown key \"%.60s\" of homeostasis" : "%.60s of homeostasis", entry->key);
        if (k < 0)
            return cali_refuse_word(r, cali_place_of_key(entry), "C101", label, entry->key, fields, 4, cali_word_in_fields);
        if (k < 3 && !cali_read_quantity(r, entry->value, label, fields[k].unit, values[k]))
            return false;
    }
    for (size_t k = 0; k < 3; k++)
        if (cali_node_get(node, fields[k].name) == NULL)
            return cali_refuse(r, cali_place_of(node), "C105", "homeostasis needs the key \"%s\"", fields[k].name);
    if (out->rate_Hz >= 0.0 && out->step != 0.0 && out->range > 0.0)
        return true;
    return cali_refuse(r, cali_place_of(node), "C106", "homeostasis needs a rate of 0 or more, a step that is not 0 and a range "
                       "above 0");
}

void cali_parse_homeostasis(cali_reader *r, const cali_node *node, size_t population, cali_network *network)
{
    cal_snn_homeostasis h = {.population = population};
    if (node == NULL || cali_node_is_null(node) || network->populations[population].neuron == NULL ||
        !read_homeostasis(r, node, network->populations[population].neuron, &h))
        return;
    if (!cali_arena_grow(&r->exp->arena, &network->homeostases, network->n_homeostases, sizeof *network->homeostases))
        r->is_out_of_memory = true;
    else
        network->homeostases[network->n_homeostases++] = h;
    const cal_neuron *neuron = network->populations[population].neuron;
    const int at = cal_field_find(neuron->params, neuron->n_params, h.parameter);
    network->populations[population].homeostasis_unit = at < 0 ? NULL : neuron->params[at].unit;
}
