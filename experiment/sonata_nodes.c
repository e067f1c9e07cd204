/* Nodes of a SONATA circuit: each type of a population of nodes becomes a population of neurons. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/sonata.h"

enum { MAX_NAME = 100, MAX_TYPES = 1000 };

/* ---- models of other simulators ------------------------------------------------------------------ */

/* Where the defaults of NEST's models (version 3) differ from those of the neuron of the same name. */
static const struct {
    const char *model, *name;
    double value;
} nest_defaults[] = {
    {"iaf_psc_exp", "E_L", -70.0},     {"iaf_psc_exp", "V_th", -55.0},    {"iaf_psc_exp", "V_reset", -70.0},
    {"iaf_psc_alpha", "E_L", -70.0},   {"iaf_psc_alpha", "V_th", -55.0},  {"iaf_psc_alpha", "V_reset", -70.0},
    {"iaf_psc_delta", "E_L", -70.0},   {"iaf_psc_delta", "V_th", -55.0},  {"iaf_psc_delta", "V_reset", -70.0},
    {"iaf_cond_exp", "C_m", 250.0},    {"iaf_cond_exp", "g_L", 16.6667},  {"iaf_cond_exp", "E_L", -70.0},
    {"iaf_cond_exp", "V_th", -55.0},   {"iaf_cond_exp", "V_reset", -60.0}, {"iaf_cond_exp", "t_ref", 2.0},
    {"iaf_cond_exp", "E_inh", -85.0},  {"iaf_cond_exp", "tau_exc", 0.2},  {"iaf_cond_exp", "tau_inh", 2.0},
    {"iaf_cond_alpha", "C_m", 250.0},  {"iaf_cond_alpha", "g_L", 16.6667}, {"iaf_cond_alpha", "E_L", -70.0},
    {"iaf_cond_alpha", "V_th", -55.0}, {"iaf_cond_alpha", "V_reset", -60.0}, {"iaf_cond_alpha", "t_ref", 2.0},
    {"iaf_cond_alpha", "E_inh", -85.0}, {"iaf_cond_alpha", "tau_exc", 0.2}, {"iaf_cond_alpha", "tau_inh", 2.0},
    {"aeif_cond_exp", "tau_exc", 0.2}, {"aeif_cond_exp", "tau_inh", 2.0}, {"aeif_cond_exp", "E_inh", -85.0},
    {"aeif_cond_alpha", "tau_exc", 0.2}, {"aeif_cond_alpha", "tau_inh", 2.0}, {"aeif_cond_alpha", "E_inh", -85.0},
};
static const char *const nest_models[] = {"iaf_psc_exp", "iaf_psc_alpha", "iaf_psc_delta", "iaf_cond_exp", "iaf_cond_alpha",
                                          "aeif_cond_exp", "aeif_cond_alpha"};
/* Parameters of NEST that say nothing about the neuron's equations. */
static const char *const ignored[] = {"tau_minus", "refractory_input", "V_min", "gsl_error_tol"};

/* The name of a parameter or state here; aeif calls the soft threshold V_th. */
static const char *name_of(const cal_neuron *neuron, const char *name)
{
    const bool has_soft = cal_field_find(neuron->params, neuron->n_params, "V_T") >= 0 &&
                          cal_field_find(neuron->params, neuron->n_params, "V_th") < 0;
    return strcmp(name, "V_th") == 0 && has_soft ? "V_T" : cali_circuit_rename(name);
}

/* ---- one type ------------------------------------------------------------------------------------ */

/* A type of a population while its nodes are gathered. */
typedef struct node_type {
    double id;
    const cal_neuron *neuron; /* NULL: virtual */
    bool is_nest;
    cali_circuit_params params;
    size_t population; /* of the network */
} node_type;

static bool find_model(cali_circuit *c, const cali_csv *csv, size_t row, node_type *type)
{
    const char *kind = cali_circuit_cell(csv, row, "model_type"), *model = cali_circuit_cell(csv, row, "model_template");
    if (strcmp(kind, "virtual") == 0)
        return true;
    const unsigned line = cali_csv_at(csv, row, 0)->line;
    if (strcmp(kind, "point_neuron") != 0 && strcmp(kind, "point_process") != 0)
        return cali_circuit_refuse(c, "C301", "%s:%u: model_type \"%.60s\" is not simulated\nknown point_neuron, virtual",
                                   csv->name, line, kind);
    const char *colon = strchr(model, ':'), *name = colon == NULL ? model : colon + 1;
    type->is_nest = strncmp(model, "nest:", 5) == 0;
    bool is_known = !type->is_nest;
    for (size_t i = 0; i < sizeof nest_models / sizeof *nest_models; i++)
        is_known = is_known || strcmp(name, nest_models[i]) == 0;
    type->neuron = is_known && (type->is_nest || strncmp(model, "callosum:", 9) == 0) ? cal_snn_neuron_find(name) : NULL;
    return type->neuron != NULL ||
           cali_circuit_refuse(c, "C301", "%s:%u: no neuron for model_template \"%.60s\"\nknown nest:iaf_psc_exp, iaf_psc_alpha, "
                               "iaf_psc_delta, iaf_cond_exp, iaf_cond_alpha, aeif_cond_exp, aeif_cond_alpha, and callosum:NAME of any neuron",
                               csv->name, line, model);
}

static void add_setting(cali_circuit *c, cali_population *p, const char *name, double value)
{
    if (!cali_arena_grow(&c->r->exp->arena, &p->settings, p->n_settings, sizeof *p->settings))
        c->r->is_out_of_memory = true;
    else
        p->settings[p->n_settings++] = (cal_snn_setting){.name = name, .value = {.kind = CAL_CONSTANT, .a = value}};
}

/* The field of a neuron that a name of the file means; NULL: none. */
static const cal_field *find_field(const cal_neuron *neuron, const char *name)
{
    const char *own = name_of(neuron, name);
    const int param = cal_field_find(neuron->params, neuron->n_params, own);
    const int state = cal_field_find(neuron->states, neuron->n_states, own);
    return param >= 0 ? &neuron->params[param] : state >= 0 ? &neuron->states[state] : NULL;
}

static bool is_ignored(const char *name)
{
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        if (strcmp(name, ignored[i]) == 0)
            return true;
    return false;
}

static bool unknown_name(cali_circuit *c, const cal_neuron *neuron, const char *name)
{
    char what[2 * CALI_LABEL];
    snprintf(what, sizeof what, "unknown parameter \"%.60s\" of neuron %s in the circuit", name, neuron->name);
    return cali_refuse_word(c->r, c->place, "C101", what, name, neuron->params, neuron->n_params, cali_word_in_fields);
}

static bool apply_params(cali_circuit *c, const node_type *type, cali_population *p)
{
    const char *model = type->neuron->alias;
    for (size_t i = 0; type->is_nest && i < sizeof nest_defaults / sizeof *nest_defaults; i++)
        if (model != NULL && strcmp(nest_defaults[i].model, model) == 0)
            add_setting(c, p, nest_defaults[i].name, nest_defaults[i].value);
    for (size_t i = 0; i < type->params.n; i++) {
        const cal_field *field = find_field(type->neuron, type->params.names[i]);
        if (field != NULL)
            add_setting(c, p, field->name, type->params.values[i]);
        else if (!is_ignored(type->params.names[i]))
            return unknown_name(c, type->neuron, type->params.names[i]);
    }
    return true;
}

/* ---- values of single nodes ---------------------------------------------------------------------- */

typedef struct columns {
    const cal_sonata_set *type, *group, *index, *id;
} columns;

static double value_of(const cali_population *p, const cal_field *field)
{
    double value = field->value;
    for (size_t i = 0; i < p->n_settings; i++)
        if (strcmp(p->settings[i].name, field->name) == 0)
            value = p->settings[i].value.a;
    return value;
}

/* The list of a parameter of a population of the network, made with the type's value. */
static double *find_values(cali_circuit *c, size_t population, const cal_field *field)
{
    cali_network *n = c->network;
    const cali_population *p = &n->populations[population];
    for (size_t i = 0; i < n->n_values; i++)
        if (n->values[i].population == population && n->values[i].name == field->name)
            return (double *)(uintptr_t)n->values[i].values;
    double *values = cali_take(c->r, p->n, sizeof *values);
    if (values == NULL || !cali_arena_grow(&c->r->exp->arena, &n->values, n->n_values, sizeof *n->values)) {
        c->r->is_out_of_memory = true;
        return NULL;
    }
    const double value = value_of(p, field);
    for (uint32_t i = 0; i < p->n; i++)
        values[i] = value;
    n->values[n->n_values++] = (cal_snn_values){population, field->name, values};
    return values;
}

/* A data set of a group: dynamics_params/NAME, or initial_STATE beside it. `group` is its number. */
static bool apply_set(cali_circuit *c, const cal_sonata_file *file, const cal_sonata_set *set, const char *name, double group,
                      const cali_sonata_nodes *nodes, const columns *col)
{
    for (uint32_t i = 0; i < nodes->n; i++) {
        const cali_population *p = &c->network->populations[nodes->population[i]];
        if (p->neuron == NULL || (col->group != NULL && col->group->values[i] != group))
            continue;
        const double at = col->index != NULL ? col->index->values[i] : (double)i;
        if (!(at >= 0.0 && at < (double)set->n))
            return cali_circuit_refuse(c, "C301", "%s: node %u has place %g in %s, which has %zu", file->name, i, at, set->path,
                                       set->n);
        const cal_field *field = find_field(p->neuron, name);
        if (field == NULL)
            return is_ignored(name) || unknown_name(c, p->neuron, name);
        double *values = find_values(c, nodes->population[i], field);
        if (values == NULL)
            return false;
        values[nodes->id[i]] = set->values[(size_t)at];
        if (!isfinite(set->values[(size_t)at]))
            return cali_circuit_refuse(c, "C301", "%s: %s[%.0f] is not finite", file->name, set->path, at);
    }
    return true;
}

static bool apply_groups(cali_circuit *c, const cal_sonata_file *file, const cali_sonata_nodes *nodes, const columns *col)
{
    char prefix[512];
    const int n = snprintf(prefix, sizeof prefix, "/nodes/%s/", nodes->name);
    for (size_t k = 0; k < file->n_sets; k++) {
        const cal_sonata_set *set = &file->sets[k];
        char *rest = NULL;
        if (strncmp(set->path, prefix, (size_t)n) != 0)
            continue;
        const long group = strtol(set->path + n, &rest, 10);
        if (rest == set->path + n || *rest != '/')
            continue;
        const bool is_param = strncmp(rest, "/dynamics_params/", 17) == 0, is_state = strncmp(rest, "/initial_", 9) == 0;
        if ((is_param || is_state) && !apply_set(c, file, set, rest + (is_param ? 17 : 9), (double)group, nodes, col))
            return false;
    }
    return true;
}

/* ---- columns -------------------------------------------------------------------------------------- */

static bool find_columns(cali_circuit *c, const cal_sonata_file *file, const char *name, columns *col)
{
    *col = (columns){.type = cal_sonata_find(file, "/nodes/%s/node_type_id", name),
                     .group = cal_sonata_find(file, "/nodes/%s/node_group_id", name),
                     .index = cal_sonata_find(file, "/nodes/%s/node_group_index", name),
                     .id = cal_sonata_find(file, "/nodes/%s/node_id", name)};
    if (col->type == NULL)
        return cali_circuit_refuse(c, "C301", "%s has no /nodes/%.100s/node_type_id", file->name, name);
    const cal_sonata_set *const others[] = {col->group, col->index, col->id};
    for (int i = 0; i < 3; i++)
        if (others[i] != NULL && others[i]->n != col->type->n)
            return cali_circuit_refuse(c, "C301", "%s: %s has %zu items, but node_type_id has %zu", file->name, others[i]->path,
                                       others[i]->n, col->type->n);
    for (size_t i = 0; col->id != NULL && i < col->id->n; i++)
        if (col->id->values[i] != (double)i)
            return cali_circuit_refuse(c, "C301", "%s: %s[%zu] is %g\nbecause nodes are read in the order 0, 1, 2, ...", file->name,
                                       col->id->path, i, col->id->values[i]);
    return true;
}

/* ---- positions ------------------------------------------------------------------------------------ */

/* The coordinate of node `i` in mm, from the unit that its data set names, else from um. NAN: it has none. */
static bool read_coordinate(const cali_circuit *c, cali_circuit_attribute *a, size_t i, double *x_mm)
{
    cali_unit from, mm;
    if (!cali_circuit_read_attribute(c, a, i, (double)NAN, x_mm))
        return false;
    if (a->set == NULL)
        return true;
    if (!cali_unit_parse("mm", &mm) || !cali_unit_parse(a->set->unit[0] != '\0' ? a->set->unit : "um", &from) ||
        !cali_unit_is_same_dimension(&from, &mm))
        return cali_circuit_refuse(c, "C103", "%s: the unit of %s is \"%.60s\", no length", a->file->name, a->set->path,
                                   a->set->unit);
    *x_mm = cali_unit_convert(*x_mm, &from, &mm);
    return true;
}

/* Axis `axis` of the populations of `nodes`, each of which has a list of 3 coordinates per neuron. */
static bool read_axis(const cali_circuit *c, const cal_sonata_file *file, const cali_sonata_nodes *nodes, const columns *col,
                      unsigned axis, double *const *lists)
{
    static const char *const names[CAL_MAX_DIMENSIONS] = {"x", "y", "z"};
    cali_circuit_attribute a = {.file = file, .kind = "node", .population = nodes->name, .name = names[axis], .group = col->group,
                                .index = col->index, .last_group = -1.0};
    for (uint32_t i = 0; i < nodes->n; i++)
        if (!read_coordinate(c, &a, i, &lists[nodes->population[i]][(size_t)nodes->id[i] * CAL_MAX_DIMENSIONS + axis]))
            return false;
    return true;
}

/* A population has as many dimensions as all of its neurons have coordinates of x, y and z, in that order. */
static bool give_space(cali_circuit *c, cali_population *p, double *list)
{
    unsigned d = CAL_MAX_DIMENSIONS;
    char why[256];
    for (size_t k = 0; k < (size_t)p->n * CAL_MAX_DIMENSIONS; k++)
        if (isnan(list[k]) && k % CAL_MAX_DIMENSIONS < d)
            d = (unsigned)(k % CAL_MAX_DIMENSIONS);
    if (d == 0 || p->n == 0)
        return true;
    for (size_t k = 0; k < (size_t)p->n * d; k++)
        list[k] = list[k / d * CAL_MAX_DIMENSIONS + k % d];
    p->space = cali_take(c->r, 1, sizeof *p->space);
    if (p->space == NULL)
        return false;
    *p->space = (cal_snn_space){.arrangement = CAL_LISTED, .n_dimensions = d, .positions_mm = list};
    p->positions_place = c->place;
    return !cal_snn_space_is_impossible(p->space, p->n, why, sizeof why) ||
           cali_circuit_refuse(c, "C106", "%s: %s", p->name, why);
}

/* Populations `first` and up are those of the nodes. */
static bool read_positions(cali_circuit *c, const cal_sonata_file *file, const cali_sonata_nodes *nodes, const columns *col,
                           size_t first)
{
    const cali_network *network = c->network;
    bool is_good = true;
    double **lists = cali_take(c->r, network->n_populations, sizeof *lists);
    for (size_t p = first; lists != NULL && p < network->n_populations; p++)
        lists[p] = cali_take(c->r, (size_t)network->populations[p].n * CAL_MAX_DIMENSIONS, sizeof **lists);
    if (c->r->is_out_of_memory)
        return false;
    for (unsigned axis = 0; is_good && axis < CAL_MAX_DIMENSIONS; axis++)
        is_good = read_axis(c, file, nodes, col, axis, lists);
    for (size_t p = first; is_good && p < network->n_populations; p++)
        is_good = give_space(c, &network->populations[p], lists[p]);
    return is_good;
}

/* ---- a population of nodes ------------------------------------------------------------------------ */

/* A name that is free: that of the population, or with several types the type's own or its number. */
static void name_population(const cali_circuit *c, const char *nodes, const char *own, double type, bool is_only, char name[MAX_NAME])
{
    if (is_only)
        snprintf(name, MAX_NAME, "%.99s", nodes);
    else if (own[0] != '\0')
        snprintf(name, MAX_NAME, "%.99s", own);
    else
        snprintf(name, MAX_NAME, "%.70s-%.0f", nodes, type);
    for (char *at = name; *at != '\0'; at++)
        *at = strchr("., ", *at) != NULL ? '_' : *at;
    for (size_t i = 0; i < c->network->n_populations; i++)
        if (strcmp(c->network->populations[i].name, name) == 0)
            snprintf(name, MAX_NAME, "%.60s-%.0f-%zu", nodes, type, c->network->n_populations);
}

/* Types in the order in which they come along. */
static bool find_types(cali_circuit *c, const cal_sonata_file *file, const columns *col, node_type *types, size_t *n_types,
                       uint32_t *of_node, uint32_t *counts)
{
    size_t last = 0;
    *n_types = 0;
    for (size_t i = 0; i < col->type->n; i++) {
        const double id = col->type->values[i];
        size_t t = last < *n_types && types[last].id == id ? last : 0;
        while (t < *n_types && types[t].id != id)
            t++;
        if (t == MAX_TYPES)
            return cali_circuit_refuse(c, "C301", "%s: more than %d types of nodes", file->name, MAX_TYPES);
        if (t == *n_types) {
            types[(*n_types)++] = (node_type){.id = id};
            counts[t] = 0;
        }
        of_node[i] = (uint32_t)t;
        counts[t]++;
        last = t;
    }
    return true;
}

static bool add_population(cali_circuit *c, const cali_csv *csv, const char *nodes, node_type *type, bool is_only, uint32_t n)
{
    char name[MAX_NAME];
    cali_network *network = c->network;
    const long row = cali_circuit_row(c, csv, "node_type_id", type->id, nodes);
    if (row < 0 || !find_model(c, csv, (size_t)row, type))
        return false;
    if (type->neuron != NULL && !cali_circuit_read_params(c, csv, (size_t)row, c->neuron_models, &type->params))
        return false;
    name_population(c, nodes, cali_circuit_cell(csv, (size_t)row, "pop_name"), type->id, is_only, name);
    if (!cali_arena_grow(&c->r->exp->arena, &network->populations, network->n_populations, sizeof *network->populations)) {
        c->r->is_out_of_memory = true;
        return false;
    }
    type->population = network->n_populations;
    cali_population *p = &network->populations[network->n_populations++];
    *p = (cali_population){.name = cali_keep(c->r, name), .neuron = type->neuron, .n = n, .place = c->place};
    return type->neuron == NULL || apply_params(c, type, p);
}

static bool add_nodes(cali_circuit *c, const cal_sonata_file *file, const cali_csv *csv, const char *name, node_type *types)
{
    columns col;
    size_t n_types = 0;
    const size_t first = c->network->n_populations;
    if (!find_columns(c, file, name, &col))
        return false;
    uint32_t *counts = cali_take(c->r, MAX_TYPES, sizeof *counts);
    cali_sonata_nodes nodes = {.name = cali_keep(c->r, name), .n = (uint32_t)col.type->n,
                               .population = cali_take(c->r, col.type->n, sizeof *nodes.population),
                               .id = cali_take(c->r, col.type->n, sizeof *nodes.id)};
    if (c->r->is_out_of_memory || !cali_arena_grow(&c->r->exp->arena, &c->nodes, c->n_nodes, sizeof *c->nodes)) {
        c->r->is_out_of_memory = true;
        return false;
    }
    if (!find_types(c, file, &col, types, &n_types, nodes.population, counts))
        return false;
    for (size_t t = 0; t < n_types; t++) {
        if (!add_population(c, csv, name, &types[t], n_types == 1, counts[t]))
            return false;
        counts[t] = 0;
    }
    for (uint32_t i = 0; i < nodes.n; i++) {
        const uint32_t t = nodes.population[i];
        nodes.id[i] = counts[t]++;
        nodes.population[i] = (uint32_t)types[t].population;
    }
    c->nodes[c->n_nodes++] = nodes;
    return apply_groups(c, file, &nodes, &col) && read_positions(c, file, &nodes, &col, first);
}

bool cali_circuit_add_nodes(cali_circuit *c, const char *path, const char *types_path)
{
    cal_sonata_file file;
    cali_csv csv = {0};
    if (types_path == NULL)
        return cali_circuit_refuse(c, "C301", "the nodes %.200s have no node_types_file", path);
    if (cal_sonata_load(c->r->ctx, path, "nodes", &file) != CAL_OK)
        return cali_circuit_foreign(c);
    node_type *types = cali_take(c->r, MAX_TYPES, sizeof *types);
    bool is_good = types != NULL && cali_circuit_table(c, types_path, &csv);
    char name[CALI_LABEL];
    for (size_t at = 0; is_good && cali_circuit_next_population(&file, &at, name, sizeof name);)
        is_good = add_nodes(c, &file, &csv, name, types);
    cali_csv_free(&csv);
    cal_sonata_free(&file);
    return is_good;
}
