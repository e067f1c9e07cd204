/* `workers`: where spiking regions are computed. */
#include <stdio.h>

#include "experiment/reader.h"

void cali_parse_workers(cali_reader *r, const cali_node *node)
{
    cal_experiment *e = r->exp;
    if (node == NULL)
        return;
    if (node->kind != CALI_NODE_MAP) {
        char shown[CALI_LABEL];
        cali_refuse(r, cali_place_of(node), "C104", "workers is %s instead of a mapping of regions",
                    cali_describe_node(node, shown));
        return;
    }
    e->workers = cali_take(r, node->n, sizeof *e->workers);
    for (size_t i = 0; e->workers != NULL && i < node->n; i++) {
        char label[CALI_LABEL];
        cali_worker_wish *wish = &e->workers[e->n_workers++];
        snprintf(label, sizeof label, "workers.%.100s", node->entries[i].key);
        wish->region = cali_keep(r, node->entries[i].key);
        wish->place = cali_place_of_key(&node->entries[i]);
        cali_read_mapping(r, &cali_keys_worker, node->entries[i].value, label, wish, NULL);
    }
}
