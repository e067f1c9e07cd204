/* regions: which region is what. */
#include <stdio.h>
#include <string.h>

#include "experiment/reader.h"

static const char *mass_name_at(const void *list, size_t i)
{
    return ((const cali_mass *)list)[i].name;
}

static int look_up_mass(cali_reader *r, const cali_node *node, const char *name)
{
    const int mass = cali_find_mass(r->exp, name);
    if (mass >= 0)
        return mass;
    char what[3 * CALI_LABEL];
    const bool is_catalogue = cal_nmm_model_find(name) != NULL;
    snprintf(what, sizeof what, "no model \"%.60s\" under models%s", name,
             is_catalogue ? "\nbecause this is a name of the catalogue; regions take names of the file" : "");
    cali_refuse_word(r, cali_place_of(node), "C107", what, name, r->exp->masses, r->exp->n_masses, mass_name_at);
    return -1;
}

/* Parameters and initial states of some regions on top of those of their model. */
static void read_settings(cali_reader *r, const cali_node *node, cali_assignment *line)
{
    char label[CALI_LABEL];
    if (line->mass < 0 || r->exp->masses[line->mass].model == NULL)
        return;
    const cali_mass *mass = &r->exp->masses[line->mass];
    snprintf(label, sizeof label, "model %.100s", mass->name);
    cali_read_settings(r, cali_node_get(node, "parameters"), mass->model, false, label, &line->settings);
    cali_read_settings(r, cali_node_get(node, "initial"), mass->model, true, label, &line->settings);
}

static void parse_mapping(cali_reader *r, const cali_entry *entry, cali_assignment *line)
{
    cal_experiment *e = r->exp;
    char label[CALI_LABEL];
    snprintf(label, sizeof label, "regions.%.100s", entry->key);
    cali_region_text text = {0};
    const cali_node *node = entry->value, *spiking = cali_node_get(node, "spiking");
    const cali_node *model = cali_node_get(node, "model"), *parameters = cali_node_get(node, "parameters");
    if (!cali_read_mapping(r, &cali_keys_region, node, label, &text, NULL))
        return;
    if (text.model != NULL)
        line->mass = look_up_mass(r, model, text.model);
    if (model == NULL && spiking == NULL)
        cali_refuse(r, cali_place_of(node), "C105", "%s needs the key \"model\" or \"spiking\"", label);
    if (model == NULL && parameters != NULL)
        cali_refuse(r, cali_place_of(parameters), "C105", "%s.parameters are those of a model, and none is named\ntry "
                    "model: NAME beside it", label);
    read_settings(r, node, line);
    if (spiking != NULL) {
        line->network = (int)e->n_networks;
        cali_parse_network(r, spiking, node, &e->networks[e->n_networks++]);
    } else if (cali_node_get(node, "receives") != NULL || cali_node_get(node, "gives") != NULL) {
        cali_refuse(r, cali_place_of(node), "C105", "%s receives or gives, but is not spiking\nbecause a neural mass is "
                    "coupled by coupling alone", label);
    }
}

static void parse_assignment(cali_reader *r, const cali_entry *entry, cali_assignment *line)
{
    char buffer[CALI_LABEL];
    *line = (cali_assignment){.mass = -1, .network = -1, .place = cali_place_of_key(entry)};
    line->selector = cali_keep(r, entry->key);
    const cali_node *node = entry->value;
    if (node->kind == CALI_NODE_MAP)
        parse_mapping(r, entry, line);
    else if (node->kind == CALI_NODE_SCALAR && !cali_node_is_null(node))
        line->mass = look_up_mass(r, node, node->text);
    else
        cali_refuse(r, cali_place_of(node), "C104", "regions.%.100s needs a model's name or a mapping, got %s", entry->key,
                    cali_describe_node(node, buffer));
}

void cali_parse_regions(cali_reader *r, const cali_node *node)
{
    cal_experiment *e = r->exp;
    char buffer[CALI_LABEL];
    if (node == NULL)
        return;
    const char *some = e->n_masses > 0 ? e->masses[0].name : "NAME";
    if (node->kind != CALI_NODE_MAP) {
        cali_refuse(r, cali_place_of(node), "C104", "regions needs a mapping, got %s\ntry default: %.60s",
                    cali_describe_node(node, buffer), some);
        return;
    }
    e->assignments = cali_take(r, node->n + 1, sizeof *e->assignments);
    e->networks = cali_take(r, node->n, sizeof *e->networks);
    if (e->assignments == NULL || e->networks == NULL)
        return;
    e->n_assignments = 1; /* [0] is the default */
    e->assignments[0] = (cali_assignment){.mass = -1, .network = -1};
    bool has_default = false;
    for (size_t i = 0; i < node->n; i++) {
        const bool is_default = strcmp(node->entries[i].key, "default") == 0;
        has_default = has_default || is_default;
        parse_assignment(r, &node->entries[i], &e->assignments[is_default ? 0 : e->n_assignments++]);
    }
    if (!has_default)
        cali_refuse(r, cali_place_of(node), "C105", "regions needs the key \"default\"\ntry default: %.60s", some);
    else if (e->assignments[0].mass < 0 && cali_node_get(cali_node_get(node, "default"), "model") == NULL &&
             cali_node_get(node, "default")->kind == CALI_NODE_MAP)
        cali_refuse(r, e->assignments[0].place, "C105", "regions.default needs a model\nbecause spiking regions without "
                    "one are compared with it\ntry model: %.60s beside spiking", some);
}
