/* `record.weights`: which synapses that learn are watched. */
#include <stdio.h>
#include <string.h>

#include "experiment/reader.h"

bool cali_is_learning(const cal_synapse *synapse)
{
    return cal_snn_changes_weights(synapse) || cal_snn_forms_synapses(synapse);
}

bool cali_is_connection(const cali_network *network, size_t i, const char *wish)
{
    char populations[512];
    const cal_snn_projection *p = &network->projections[i];
    if (wish == NULL)
        return cali_is_learning(p->synapse);
    if (network->projection_names[i] != NULL && strcmp(network->projection_names[i], wish) == 0)
        return true;
    snprintf(populations, sizeof populations, "%s to %s", network->populations[p->from].name,
             network->populations[p->to].name);
    return strcmp(populations, wish) == 0;
}

/* "all", "random 1000", "random 10 %". */
static void read_synapses(cali_reader *r, const cali_node *node, cali_weight_wish *wish)
{
    const char *text = wish->synapses, *end;
    char buffer[CALI_LABEL];
    double value;
    wish->fraction = 1.0;
    wish->most = 0;
    if (strcmp(text, "all") == 0)
        return;
    if (strncmp(text, "random ", 7) == 0 && cali_parse_number(text + 7, &value, &end)) {
        const char *unit = end + strspn(end, " ");
        if (strcmp(unit, "%") == 0 && value > 0.0 && value <= 100.0) {
            wish->fraction = value / 100.0;
            return;
        }
        if (*unit == '\0' && value >= 1.0 && value <= 9007199254740992.0 && value == (double)(uint64_t)value) {
            wish->most = (uint64_t)value;
            return;
        }
    }
    cali_refuse(r, cali_place_of(node), "C104", "synapses needs all, random and a number, or random and a share above 0 %%, got "
                "%s\ntry synapses: random 1000, or random 10 %%", cali_describe_node(node, buffer));
}

/* A connection that exists but does not learn is told apart from one that does not exist. */
static void check_connection(cali_reader *r, cali_place place, const cali_weight_wish *wish)
{
    const cal_experiment *e = r->exp;
    bool is_found = false;
    cali_text known = {0};
    for (size_t k = 0; k < e->n_networks; k++)
        for (size_t i = 0; i < e->networks[k].n_projections; i++) {
            const cali_network *network = &e->networks[k];
            const cal_snn_projection *p = &network->projections[i];
            const bool is_one = cali_is_connection(network, i, wish->connection), learns = cali_is_learning(p->synapse);
            is_found = is_found || is_one;
            const bool is_part = wish->fraction < 1.0 || wish->most > 0 || wish->sources.kind != CALI_CHOICE_NONE ||
                                 wish->targets.kind != CALI_CHOICE_NONE;
            if (is_one && is_part && wish->connection != NULL && cal_snn_forms_synapses(p->synapse))
                cali_refuse(r, place, "C106", "no part of \"%.60s\" can be chosen\nbecause its synapses form and break: how many there "
                            "are is recorded\ntry {connection: %.60s}", wish->connection, wish->connection);
            if (is_one && learns) {
                cali_text_free(&known);
                return;
            }
            if (learns && network->projection_names[i] != NULL)
                cali_text_format(&known, "%s%s", known.size > 0 ? ", " : "", network->projection_names[i]);
            else if (learns)
                cali_text_format(&known, "%s%s to %s", known.size > 0 ? ", " : "", network->populations[p->from].name,
                                 network->populations[p->to].name);
        }
    const char *list = known.size > 0 && !known.is_broken ? known.data : "none";
    if (wish->connection == NULL)
        cali_refuse(r, place, "C107", "no weights to record\nbecause no connection has plasticity that changes them");
    else if (is_found)
        cali_refuse(r, place, "C107", "the weights of \"%.60s\" stay what they are\nbecause it has no plasticity that changes "
                    "them\nknown %s", wish->connection, list);
    else
        cali_refuse(r, place, "C107", "no connection \"%.60s\"\nknown %s", wish->connection, list);
    cali_text_free(&known);
}

void cali_parse_weights(cali_reader *r, const cali_node *node)
{
    cal_experiment *e = r->exp;
    const size_t n = cali_list_size(r, node, "record.weights");
    e->weights = cali_take(r, n, sizeof *e->weights);
    for (size_t i = 0; e->weights != NULL && i < n; i++) {
        char label[CALI_LABEL];
        const cali_node *item = cali_list_at(node, i), *connection = cali_node_get(item, "connection");
        const cali_node *synapses = cali_node_get(item, "synapses"), *of = cali_node_get(item, "of");
        cali_weight_wish *wish = &e->weights[e->n_weights++];
        snprintf(label, sizeof label, "record.weights[%zu]", i);
        wish->place = cali_place_of(item);
        if (!cali_read_mapping(r, &cali_keys_weight_wish, item, label, wish, NULL))
            continue;
        cali_read_neurons(r, cali_node_get(item, "sources"), &wish->sources);
        cali_read_neurons(r, cali_node_get(item, "targets"), &wish->targets);
        read_synapses(r, synapses != NULL ? synapses : item, wish);
        check_connection(r, cali_place_of(connection != NULL ? connection : item), wish);
        if (of != NULL && e->is_alone)
            cali_refuse(r, cali_place_of(of), "C104", "a network of its own has no regions to choose from\ntry connection: "
                        "I to E");
    }
}
