/* Connections by distance: `kernel`, `weight_kernel`, `velocity`. */
#include <stdio.h>
#include <string.h>

#include "experiment/reader.h"

static const char *kernel_at(const void *list, size_t i)
{
    (void)list;
    return cal_spatial_kernels[i].name;
}

/* Defaults of lengths are those of a brain, so the file must say them. */
static bool has_lengths(cali_reader *r, const cali_node *node, const char *label, const cal_spatial_kernel *kernel)
{
    for (size_t k = 0; k < kernel->n_params; k++)
        if (strcmp(kernel->params[k].unit, "mm") == 0 && cali_node_get(node, kernel->params[k].name) == NULL)
            return cali_refuse(r, cali_place_of(node), "C105", "%s %s needs %s: %s\ntry %s: 100 um", label, kernel->name,
                               kernel->params[k].name, kernel->params[k].meaning, kernel->params[k].name);
    return true;
}

static bool read_profile(cali_reader *r, const cali_node *node, const char *label, cal_snn_profile *out)
{
    char owner[CALI_LABEL], what[2 * CALI_LABEL];
    cali_kernel_text text = {0};
    if (node == NULL)
        return true;
    const cali_node *word = cali_node_get(node, "kind");
    const char *name = word == NULL ? "constant" : cali_node_text(word, "");
    const cal_spatial_kernel *kernel = cal_spatial_kernel_find(name);
    if (node->kind == CALI_NODE_MAP && kernel == NULL) {
        snprintf(what, sizeof what, "unknown kernel \"%.60s\"", name);
        return cali_refuse_word(r, cali_place_of(word), "C101", what, name, NULL, CAL_N_SPATIAL_KERNELS, kernel_at);
    }
    snprintf(owner, sizeof owner, "kernel %.60s", name);
    cali_extra extra = {.values = out->params, .owner = owner};
    if (kernel != NULL) {
        extra.fields = kernel->params;
        extra.n_fields = kernel->n_params;
        for (size_t k = 0; k < kernel->n_params; k++)
            out->params[k] = kernel->params[k].value;
    }
    const size_t before = r->n_mistakes;
    if (!cali_read_mapping(r, &cali_keys_kernel, node, label, &text, &extra) || r->n_mistakes > before)
        return false;
    out->kernel = kernel;
    out->within_mm = text.within_mm;
    out->metric = (cal_metric)text.metric;
    return has_lengths(r, node, label, kernel);
}

bool cali_read_distance(cali_reader *r, const cali_node *node, const cali_connection_text *text, cal_snn_projection *out)
{
    out->n_nearest = text->nearest;
    out->velocity_mm_per_ms = text->velocity_mm_per_ms;
    return read_profile(r, cali_node_get(node, "kernel"), "kernel", &out->kernel) &&
           read_profile(r, cali_node_get(node, "weight_kernel"), "weight_kernel", &out->weight_profile);
}

bool cali_check_distances(cali_reader *r, const cali_node *node, const cali_network *network, const cal_snn_projection *p)
{
    char why[256];
    const cali_population *from = &network->populations[p->from], *to = &network->populations[p->to];
    const bool is_listed = from->positions_path != NULL || to->positions_path != NULL; /* what lies where is not read yet */
    if ((is_listed && from->space != NULL && to->space != NULL) ||
        !cal_snn_distance_is_impossible(p, from->space, to->space, why, sizeof why))
        return true;
    return cali_refuse(r, cali_place_of(node), "C106", "%.60s to %.60s: %s", from->name, to->name, why);
}
