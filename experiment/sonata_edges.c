/* Edges of a SONATA circuit: those of one type between two populations of neurons become a list of synapses. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "experiment/sonata.h"

enum { MAX_LISTS = 100000 };

/* Data sets of a population of edges. */
typedef struct edge_sets {
    const cal_sonata_file *file;
    char name[CALI_LABEL];
    const cal_sonata_set *source, *target, *type, *group, *index;
    const cali_sonata_nodes *from, *to;
    size_t n;
} edge_sets;

/* Edges of one type between two populations: a connection. */
typedef struct bundle {
    double type;
    uint32_t from, to;
    bool is_negative; /* where the sign chooses the receptor */
    long row;         /* of the table of types */
    double weight, delay_ms, quantum; /* of the type */
    size_t n, at;
    uint32_t *source, *target;
    double *weights, *delays;
} bundle;

typedef struct bundles {
    bundle *items;
    size_t n, capacity;
    uint32_t *of_edge; /* [edge] */
} bundles;

/* ---- reading ------------------------------------------------------------------------------------- */

static const cali_sonata_nodes *find_nodes(const cali_circuit *c, const cal_sonata_set *set, const edge_sets *e)
{
    for (size_t i = 0; i < c->n_nodes; i++)
        if (strcmp(c->nodes[i].name, set->population) == 0)
            return &c->nodes[i];
    cali_circuit_refuse(c, "C301", "%s: %s counts the nodes of population \"%.60s\", which the circuit does not have", e->file->name,
                        set->path, set->population);
    return NULL;
}

static bool find_sets(const cali_circuit *c, edge_sets *e)
{
    struct {
        const char *name;
        const cal_sonata_set **set;
        bool is_needed;
    } sets[] = {{"source_node_id", &e->source, true}, {"target_node_id", &e->target, true}, {"edge_type_id", &e->type, true},
                {"edge_group_id", &e->group, false}, {"edge_group_index", &e->index, false}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        *sets[i].set = cal_sonata_find(e->file, "/edges/%s/%s", e->name, sets[i].name);
        if (*sets[i].set == NULL && sets[i].is_needed)
            return cali_circuit_refuse(c, "C301", "%s has no /edges/%.100s/%s", e->file->name, e->name, sets[i].name);
        if (*sets[i].set != NULL && (*sets[i].set)->n != e->source->n)
            return cali_circuit_refuse(c, "C301", "%s: %s has %zu items, but source_node_id has %zu", e->file->name,
                                       (*sets[i].set)->path, (*sets[i].set)->n, e->source->n);
    }
    e->n = e->source->n;
    e->from = find_nodes(c, e->source, e);
    e->to = e->from == NULL ? NULL : find_nodes(c, e->target, e);
    return e->to != NULL;
}

static bool check_node(const cali_circuit *c, const edge_sets *e, const cal_sonata_set *set, const cali_sonata_nodes *nodes,
                       size_t k)
{
    const double x = set->values[k];
    if (x >= 0.0 && x < nodes->n && x == floor(x))
        return true;
    return cali_circuit_refuse(c, "C301", "%s: %s[%zu] is %g, but population %.60s has %u nodes, counted from 0", e->file->name,
                               set->path, k, x, nodes->name, nodes->n);
}

/* What is read of edges. */
typedef struct attributes {
    cali_circuit_attribute weight, delay, number;
} attributes;

static attributes begin_attributes(const edge_sets *e)
{
    cali_circuit_attribute a = {.file = e->file, .kind = "edge", .population = e->name, .group = e->group, .index = e->index,
                                .last_group = -1.0};
    attributes all = {a, a, a};
    all.weight.name = "syn_weight";
    all.delay.name = "delay";
    all.number.name = "nsyns";
    return all;
}

/* Weight and delay of edge `k`; several synapses of one edge (nsyns) act as one of the sum of their weights. */
static bool read_edge(const cali_circuit *c, const edge_sets *e, const bundle *b, size_t k, attributes *a, double *weight,
                      double *delay_ms)
{
    double number = 1.0;
    if (!cali_circuit_read_attribute(c, &a->weight, k, b->weight, weight) ||
        !cali_circuit_read_attribute(c, &a->delay, k, b->delay_ms, delay_ms) ||
        !cali_circuit_read_attribute(c, &a->number, k, 1.0, &number))
        return false;
    *weight *= number;
    const double step_ms = cal_time_ms(c->network->step);
    if (*delay_ms < step_ms * (1.0 - 1e-9))
        return cali_circuit_refuse(c, "C301", "%s: edge %zu of %s has the delay %g ms, shorter than the step %g ms", e->file->name, k,
                                   e->name, *delay_ms, step_ms);
    return true;
}

/* ---- receptors ------------------------------------------------------------------------------------- */

static const cal_receptor *receptor_named(const cal_neuron *neuron, const char *name)
{
    for (size_t i = 0; i < neuron->n_receptors; i++)
        if (strcmp(neuron->receptors[i].name, name) == 0)
            return &neuron->receptors[i];
    return NULL;
}

/* By its column, else by the sign of the weight; a neuron with one receptor has no choice. */
static const cal_receptor *find_receptor(const cali_circuit *c, const cali_csv *csv, const bundle *b)
{
    const cal_neuron *neuron = c->network->populations[b->to].neuron;
    const char *name = cali_circuit_cell(csv, (size_t)b->row, "receptor");
    const cal_receptor *found = receptor_named(neuron, name[0] != '\0' ? name : b->is_negative ? "inhibitory" : "excitatory");
    if (found != NULL || (name[0] == '\0' && neuron->n_receptors == 1))
        return found != NULL ? found : &neuron->receptors[0];
    char what[2 * CALI_LABEL];
    snprintf(what, sizeof what, "%.60s: no receptor \"%.60s\" at neuron %s; the column receptor names one", csv->name, name,
             neuron->name);
    cali_circuit_refuse(c, "C107", "%s", what);
    return NULL;
}

/* ---- plasticity ------------------------------------------------------------------------------------ */

static bool read_synapse(cali_circuit *c, const cali_csv *csv, const bundle *b, cal_snn_projection *p)
{
    const char *model = cali_circuit_cell(csv, (size_t)b->row, "model_template");
    const char *colon = strchr(model, ':'), *name = colon == NULL ? model : colon + 1;
    cali_circuit_params params;
    char why[256];
    if (name[0] == '\0' || strcmp(name, "static_synapse") == 0 || strcmp(name, "static") == 0)
        return true;
    p->synapse = cal_snn_synapse_find(name);
    if (p->synapse == NULL)
        return cali_circuit_refuse(c, "C301", "%s: no synapse for model_template \"%.60s\"\ntry static_synapse, or callosum:NAME of "
                                   "docs/plasticity.md", csv->name, model);
    if (!cali_circuit_read_params(c, csv, (size_t)b->row, c->synapse_models, &params))
        return false;
    cal_snn_setting *settings = cali_take(c->r, params.n, sizeof *settings);
    for (size_t i = 0; settings != NULL && i < params.n; i++) {
        const int at = cal_field_find(p->synapse->params, p->synapse->n_params, cali_circuit_rename(params.names[i]));
        if (at < 0)
            return cali_circuit_refuse(c, "C101", "unknown parameter \"%.60s\" of rule %s in the circuit", params.names[i],
                                       p->synapse->name);
        settings[p->n_settings++] = (cal_snn_setting){p->synapse->params[at].name, {.kind = CAL_CONSTANT, .a = params.values[i]}};
    }
    p->settings = settings;
    return !cal_snn_plasticity_is_impossible(p, why, sizeof why) || cali_circuit_refuse(c, "C106", "%s: %s", csv->name, why);
}

/* ---- bundles --------------------------------------------------------------------------------------- */

/* The bundle of an edge, made if it is the first of its kind. */
static bool find_bundle(cali_circuit *c, const cali_csv *csv, const edge_sets *e, size_t k, bool is_negative, bundles *all,
                        size_t *at)
{
    const bundle key = {.type = e->type->values[k], .from = e->from->population[(size_t)e->source->values[k]],
                        .to = e->to->population[(size_t)e->target->values[k]], .is_negative = is_negative};
    for (size_t i = 0; i < all->n; i++) {
        const size_t tried = (*at + i) % all->n; /* the last one first */
        const bundle *b = &all->items[tried];
        if (b->type == key.type && b->from == key.from && b->to == key.to && b->is_negative == key.is_negative) {
            *at = tried;
            return true;
        }
    }
    if (all->n == MAX_LISTS)
        return cali_circuit_refuse(c, "C301", "%s: more than %d kinds of edges", e->file->name, MAX_LISTS);
    if (c->network->populations[key.to].neuron == NULL)
        return cali_circuit_refuse(c, "C301", "%s: edge %zu of %s ends at a virtual node", e->file->name, k, e->name);
    if (cali_reserve(c->r->ctx, all->n + 1, sizeof *all->items, &all->items, &all->capacity) != CAL_OK)
        return cali_circuit_foreign(c);
    *at = all->n++;
    bundle *b = &all->items[*at];
    *b = key;
    b->row = cali_circuit_row(c, csv, "edge_type_id", key.type, e->name);
    return b->row >= 0 && cali_circuit_number(c, csv, (size_t)b->row, "syn_weight", 1.0, &b->weight) &&
           cali_circuit_number(c, csv, (size_t)b->row, "delay", cal_time_ms(c->network->step), &b->delay_ms) &&
           cali_circuit_number(c, csv, (size_t)b->row, "quantum", 0.0, &b->quantum);
}

/* Signs matter where no column names the receptor. */
static bool sort_edges(cali_circuit *c, const cali_csv *csv, const edge_sets *e, bundles *all)
{
    const bool has_receptors = cali_csv_find(csv, "receptor") >= 0;
    attributes a = begin_attributes(e);
    size_t at = 0;
    for (size_t k = 0; k < e->n; k++) {
        double weight, delay_ms;
        if (!check_node(c, e, e->source, e->from, k) || !check_node(c, e, e->target, e->to, k))
            return false;
        /* the table's weight is not known before the bundle is: its sign is taken from the one that is found */
        if (!find_bundle(c, csv, e, k, false, all, &at) || !read_edge(c, e, &all->items[at], k, &a, &weight, &delay_ms))
            return false;
        if (weight < 0.0 && !has_receptors && !find_bundle(c, csv, e, k, true, all, &at))
            return false;
        all->of_edge[k] = (uint32_t)at;
        all->items[at].n++;
    }
    return true;
}

static bool fill_bundles(cali_circuit *c, const edge_sets *e, bundles *all)
{
    for (size_t i = 0; i < all->n; i++) {
        bundle *b = &all->items[i];
        b->source = cali_take(c->r, b->n, sizeof *b->source);
        b->target = cali_take(c->r, b->n, sizeof *b->target);
        b->weights = cali_take(c->r, b->n, sizeof *b->weights);
        b->delays = cali_take(c->r, b->n, sizeof *b->delays);
    }
    if (c->r->is_out_of_memory)
        return false;
    attributes a = begin_attributes(e);
    for (size_t k = 0; k < e->n; k++) {
        bundle *b = &all->items[all->of_edge[k]];
        if (!read_edge(c, e, b, k, &a, &b->weights[b->at], &b->delays[b->at]))
            return false;
        b->source[b->at] = e->from->id[(size_t)e->source->values[k]];
        b->target[b->at] = e->to->id[(size_t)e->target->values[k]];
        b->at++;
    }
    return true;
}

static bool add_projection(cali_circuit *c, const cali_csv *csv, const edge_sets *e, bundle *b)
{
    cali_network *network = c->network;
    cal_snn_projection p = cal_snn_projection_default(CAL_SYNAPSE_LIST);
    const cal_receptor *receptor = find_receptor(c, csv, b);
    cal_snn_list *list = cali_take(c->r, 1, sizeof *list);
    if (receptor == NULL || list == NULL)
        return false;
    for (size_t k = 0; receptor->is_modulus && k < b->n; k++) {
        if (b->weights[k] < 0.0 && strcmp(receptor->name, "inhibitory") != 0)
            return cali_circuit_refuse(c, "C301", "%s: a weight of %s is %g\nbecause a conductance is 0 or more: its receptor says "
                                       "which way it pulls", e->file->name, e->name, b->weights[k]);
        b->weights[k] = fabs(b->weights[k]);
    }
    *list = (cal_snn_list){.n = b->n, .source = b->source, .target = b->target, .weight = b->weights, .delay_ms = b->delays,
                           .quantum = b->quantum > 0.0 && isfinite(b->quantum) ? b->quantum : 0.0};
    p.from = b->from;
    p.to = b->to;
    p.receptor = receptor->name;
    p.list = list;
    const size_t n = network->n_projections;
    if (!read_synapse(c, csv, b, &p))
        return false;
    if (!cali_arena_grow(&c->r->exp->arena, &network->projections, n, sizeof *network->projections) ||
        !cali_arena_grow(&c->r->exp->arena, &network->projection_names, n, sizeof *network->projection_names) ||
        !cali_arena_grow(&c->r->exp->arena, &network->projection_places, n, sizeof *network->projection_places)) {
        c->r->is_out_of_memory = true;
        return false;
    }
    network->projections[n] = p;
    network->projection_places[n] = c->place;
    network->projection_names[n] = NULL;
    network->n_projections++;
    return true;
}

static bool add_edges(cali_circuit *c, const cali_csv *csv, edge_sets *e, bundles *all)
{
    if (!find_sets(c, e))
        return false;
    if (cali_alloc(c->r->ctx, e->n, sizeof *all->of_edge, "edges", &all->of_edge) != CAL_OK)
        return cali_circuit_foreign(c);
    if (!sort_edges(c, csv, e, all) || !fill_bundles(c, e, all))
        return false;
    for (size_t i = 0; i < all->n; i++)
        if (all->items[i].n > 0 && !add_projection(c, csv, e, &all->items[i]))
            return false;
    return true;
}

bool cali_circuit_add_edges(cali_circuit *c, const char *path, const char *types_path)
{
    cal_sonata_file file;
    cali_csv csv = {0};
    edge_sets e = {.file = &file};
    if (types_path == NULL)
        return cali_circuit_refuse(c, "C301", "the edges %.200s have no edge_types_file", path);
    if (cal_sonata_load(c->r->ctx, path, "edges", &file) != CAL_OK)
        return cali_circuit_foreign(c);
    bool is_good = cali_circuit_table(c, types_path, &csv);
    for (size_t at = 0; is_good && cali_circuit_next_population(&file, &at, e.name, sizeof e.name);) {
        bundles all = {0};
        is_good = add_edges(c, &csv, &e, &all);
        free(all.of_edge);
        free(all.items);
    }
    cali_csv_free(&csv);
    cal_sonata_free(&file);
    return is_good;
}
