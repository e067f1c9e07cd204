/* Connections whose synapses stand in a file, one by one. */
#include <stdio.h>
#include <string.h>

#include "callosum/connectomes.h"
#include "experiment/reader.h"

/* The numbers move into the experiment's memory. */
static void *keep(cali_reader *r, const void *items, size_t n, size_t size)
{
    if (items == NULL)
        return NULL;
    void *copy = cali_take(r, n, size);
    if (copy != NULL && n > 0)
        memcpy(copy, items, n * size);
    return copy;
}

static void keep_list(cali_reader *r, const cal_synapse_list *from, cali_list *to)
{
    to->list.n = from->n;
    to->list.source = keep(r, from->source, from->n, sizeof *from->source);
    to->list.target = keep(r, from->target, from->n, sizeof *from->target);
    to->list.weight = keep(r, from->weight, from->n, sizeof *from->weight);
    to->list.delay_ms = keep(r, from->delay_ms, from->n, sizeof *from->delay_ms);
}

/* A value that stands in the file and in the connection, or in neither. */
static bool check_value(cali_reader *r, const cali_node *node, const char *key, bool is_in_file, bool is_needed)
{
    const cali_node *value = cali_node_get(node, key);
    if (value != NULL && is_in_file)
        return cali_refuse(r, cali_place_of(value), "C104", "\"%s\" stands beside a file that has a column %s\ntry to take one of "
                           "them away", key, key);
    if (value == NULL && !is_in_file && is_needed)
        return cali_refuse(r, cali_place_of(node), "C105", "a connection needs the key \"%s\"\nbecause the file has no column %s",
                           key, key);
    return true;
}

bool cali_read_list(cali_reader *r, const cali_node *node, const char *path, cali_network *network, const char *weight_unit,
                    bool is_modulus, cal_snn_projection *p)
{
    const cali_node *file = cali_node_get(node, "file");
    const bool is_gap = cali_node_get(node, "gap_junction") != NULL;
    const cal_synapse_source source = {.path = path, .n_from = network->populations[p->from].n,
                                       .n_to = network->populations[p->to].n, .weight_unit = weight_unit,
                                       .step_ms = cal_time_ms(network->step), .is_modulus = is_modulus,
                                       .is_within = p->from == p->to, .has_autapses = p->has_autapses,
                                       .has_multapses = p->has_multapses};
    cal_synapse_list list;
    if (cal_synapse_list_load(r->ctx, &source, &list) != CAL_OK)
        return cali_refuse_foreign(r, cali_place_of(file), "C301");
    cali_list *kept = cali_take(r, 1, sizeof *kept);
    if (kept != NULL && cali_arena_grow(&r->exp->arena, &network->lists, network->n_lists, sizeof *network->lists)) {
        keep_list(r, &list, kept);
        kept->path = cali_keep(r, path);
        network->lists[network->n_lists++] = kept;
        p->list = &kept->list;
    } else {
        r->is_out_of_memory = true;
    }
    cal_synapse_list_free(&list);
    if (r->is_out_of_memory)
        return false;
    if (is_gap && p->list->weight != NULL)
        return check_value(r, node, "gap_junction", true, true);
    return is_gap || (check_value(r, node, "weight", p->list->weight != NULL, true) &&
                      check_value(r, node, "delay", p->list->delay_ms != NULL, false));
}

const char *cali_list_path(const cali_network *network, const cal_snn_list *list)
{
    for (size_t i = 0; i < network->n_lists; i++)
        if (&network->lists[i]->list == list)
            return network->lists[i]->path;
    return "";
}
