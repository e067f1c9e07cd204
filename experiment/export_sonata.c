/* A built network of its own as a SONATA circuit: a file of nodes for each population, a file of edges for each pair of
 * populations and receptor, and for each plastic connection. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "callosum/sonata.h"
#include "experiment/session.h"

#define NEURONS_FOLDER "components/point_neuron_models"
#define SYNAPSES_FOLDER "components/synaptic_models"
#define NETWORK_FOLDER "network"

enum { MAX_ITEMS = 64, PATH = 1024 };

typedef struct exporter {
    cal_context *ctx;
    const cal_snn *snn;
    const cal_snn_def *def;
    const char *folder;
    cali_text nodes, edges; /* lists of the circuit config */
    size_t n_edge_types;
} exporter;

/* ---- files --------------------------------------------------------------------------------------- */

static cal_status write_text(const exporter *x, const char *name, cali_text *text)
{
    char *path = NULL;
    cal_status status = text->is_broken ? CAL_FAIL(x->ctx, CAL_ERR_MEMORY, "no memory for %s", name)
                                        : cali_path_join(x->ctx, x->folder, name, &path);
    if (status == CAL_OK)
        status = cali_file_write(x->ctx, path, text->data, text->size);
    free(path);
    cali_text_free(text);
    return status;
}

static cal_status write_items(const exporter *x, const char *name, const cal_sonata_item *items, size_t n)
{
    char *path = NULL;
    CAL_TRY(cali_path_join(x->ctx, x->folder, name, &path));
    const cal_status status = cal_sonata_save(x->ctx, path, items, n);
    free(path);
    return status;
}

/* An entry of networks.nodes or networks.edges. */
static void list_files(cali_text *list, const char *kind, const char *name)
{
    char key[32], path[PATH];
    cali_json_open(list, NULL, "{");
    snprintf(key, sizeof key, "%ss_file", kind);
    snprintf(path, sizeof path, "$NETWORK_DIR/%s_%ss.h5", name, kind);
    cali_json_text(list, key, path);
    snprintf(key, sizeof key, "%s_types_file", kind);
    snprintf(path, sizeof path, "$NETWORK_DIR/%s_%s_types.csv", name, kind);
    cali_json_text(list, key, path);
    cali_json_close(list, "}");
}

/* ---- nodes --------------------------------------------------------------------------------------- */

/* A parameter or initial state of a population: one number, or one for each neuron. */
static cal_status find_values(const exporter *x, size_t population, const char *name, double *constant, bool *is_set,
                              double **values)
{
    const cal_snn_population *p = &x->def->populations[population];
    const cal_snn_setting *found = NULL;
    const double *given = NULL;
    for (size_t i = 0; i < p->n_settings; i++)
        if (strcmp(p->settings[i].name, name) == 0)
            found = &p->settings[i];
    for (size_t i = 0; i < x->def->n_values; i++)
        if (x->def->values[i].population == population && strcmp(x->def->values[i].name, name) == 0)
            given = x->def->values[i].values;
    *is_set = found != NULL || given != NULL;
    *values = NULL;
    if (given == NULL && (found == NULL || found->value.kind == CAL_CONSTANT)) {
        *constant = found != NULL ? found->value.a : *constant;
        return CAL_OK;
    }
    CAL_TRY(cali_alloc(x->ctx, p->n, sizeof **values, "values", values));
    if (given == NULL)
        return cal_snn_draw_setting(x->snn, population, found, *values);
    memcpy(*values, given, p->n * sizeof **values);
    return CAL_OK;
}

typedef struct node_file {
    cal_sonata_item items[MAX_ITEMS + 16];
    char paths[MAX_ITEMS + 16][256];
    double *owned[MAX_ITEMS + CAL_MAX_DIMENSIONS];
    size_t n, n_owned;
} node_file;

static void add_item(node_file *f, cal_sonata_type type, size_t n, const void *values, const char *population, const char *name)
{
    snprintf(f->paths[f->n], sizeof f->paths[f->n], "/nodes/%.100s/%.100s", population, name);
    f->items[f->n] = (cal_sonata_item){.path = f->paths[f->n], .type = type, .n = n, .values = values};
    f->n++;
}

/* All parameters into the JSON file, those that differ between neurons and states that are set into the HDF5 file. */
static cal_status add_fields(const exporter *x, size_t i, node_file *f, cali_text *json)
{
    const cal_snn_population *p = &x->def->populations[i];
    const cal_neuron *neuron = p->neuron;
    for (size_t k = 0; neuron != NULL && k < neuron->n_params + neuron->n_states; k++) {
        const bool is_param = k < neuron->n_params;
        const cal_field *field = is_param ? &neuron->params[k] : &neuron->states[k - neuron->n_params];
        char name[128];
        double constant = field->value, *values;
        bool is_set;
        CAL_TRY(find_values(x, i, field->name, &constant, &is_set, &values));
        if (values == NULL && !is_param && is_set) {
            CAL_TRY(cali_alloc(x->ctx, p->n, sizeof *values, "values", &values));
            for (uint32_t id = 0; id < p->n; id++)
                values[id] = constant;
        }
        if (values == NULL && is_param)
            cali_json_number(json, field->name, constant);
        if (values == NULL)
            continue;
        if (f->n_owned == MAX_ITEMS) {
            free(values);
            return CAL_FAIL(x->ctx, CAL_ERR_UNSUPPORTED, "%s: more than %d quantities differ between neurons", p->name, MAX_ITEMS);
        }
        f->owned[f->n_owned++] = values;
        snprintf(name, sizeof name, is_param ? "0/dynamics_params/%s" : "0/initial_%s", field->name);
        add_item(f, CAL_SONATA_F64, p->n, values, p->name, name);
    }
    return CAL_OK;
}

/* x, y and z in um, as far as there are dimensions. */
static cal_status add_positions(const exporter *x, size_t i, node_file *f)
{
    static const char *const names[CAL_MAX_DIMENSIONS] = {"0/x", "0/y", "0/z"};
    const cal_snn_population *p = &x->def->populations[i];
    unsigned d = 0;
    const double *positions_mm = cal_snn_get_positions(x->snn, i, &d);
    for (unsigned k = 0; positions_mm != NULL && k < d; k++) {
        double *values;
        CAL_TRY(cali_alloc(x->ctx, p->n, sizeof *values, "positions", &values));
        for (size_t id = 0; id < p->n; id++)
            values[id] = positions_mm[id * d + k] * 1e3;
        f->owned[f->n_owned++] = values;
        add_item(f, CAL_SONATA_F64, p->n, values, p->name, names[k]);
        f->items[f->n] = (cal_sonata_item){.path = f->items[f->n - 1].path, .attribute = "units", .type = CAL_SONATA_TEXT,
                                           .values = "um"};
        f->n++;
    }
    return CAL_OK;
}

static cal_status write_nodes(exporter *x, size_t i, node_file *f)
{
    const cal_snn_population *p = &x->def->populations[i];
    char name[PATH], json_name[PATH] = "NULL", group[160];
    cali_text json = {0}, types = {0};
    uint64_t *ids = NULL;
    uint32_t *type_ids = NULL, *groups = NULL;
    cali_json_open(&json, NULL, "{");
    cal_status status = add_fields(x, i, f, &json);
    cali_json_close(&json, "}");
    cali_text_add(&json, "\n");
    if (status == CAL_OK)
        status = add_positions(x, i, f);
    if (status == CAL_OK)
        status = cali_alloc(x->ctx, p->n, sizeof *ids, "nodes", &ids);
    if (status == CAL_OK)
        status = cali_alloc(x->ctx, p->n, sizeof *type_ids, "nodes", &type_ids);
    if (status == CAL_OK)
        status = cali_alloc(x->ctx, p->n, sizeof *groups, "nodes", &groups);
    for (uint32_t id = 0; status == CAL_OK && id < p->n; id++) {
        ids[id] = id;
        type_ids[id] = (uint32_t)i; /* one type; BMTK wants other numbers for other populations */
    }
    add_item(f, CAL_SONATA_U64, p->n, ids, p->name, "node_id");
    add_item(f, CAL_SONATA_U64, p->n, ids, p->name, "node_group_index");
    add_item(f, CAL_SONATA_U32, p->n, type_ids, p->name, "node_type_id");
    add_item(f, CAL_SONATA_U32, p->n, groups, p->name, "node_group_id");
    snprintf(group, sizeof group, "/nodes/%.100s/0", p->name); /* there, also where nothing differs between neurons */
    f->items[f->n++] = (cal_sonata_item){.path = group, .attribute = "callosum", .type = CAL_SONATA_TEXT, .values = CAL_VERSION};
    snprintf(name, sizeof name, NETWORK_FOLDER "/%s_nodes.h5", p->name);
    if (status == CAL_OK)
        status = write_items(x, name, f->items, f->n);
    if (status == CAL_OK && p->neuron != NULL) {
        snprintf(json_name, sizeof json_name, "%s.json", p->name);
        snprintf(name, sizeof name, NEURONS_FOLDER "/%s.json", p->name);
        status = write_text(x, name, &json);
    }
    cali_text_format(&types, "node_type_id population model_type model_template dynamics_params\n%zu %s %s %s%s %s\n", i, p->name,
                     p->neuron == NULL ? "virtual" : "point_neuron", p->neuron == NULL ? "" : "callosum:",
                     p->neuron == NULL ? "NULL" : p->neuron->name, json_name);
    snprintf(name, sizeof name, NETWORK_FOLDER "/%s_node_types.csv", p->name);
    if (status == CAL_OK)
        status = write_text(x, name, &types);
    list_files(&x->nodes, "node", p->name);
    cali_text_free(&json);
    cali_text_free(&types);
    free(ids);
    free(type_ids);
    free(groups);
    return status;
}

static cal_status export_nodes(exporter *x, size_t i)
{
    const cal_snn_population *p = &x->def->populations[i];
    node_file *f = NULL;
    if (strchr(p->name, '/') != NULL || strchr(p->name, '"') != NULL)
        return CAL_FAIL(x->ctx, CAL_ERR_INPUT, "population \"%s\" cannot be the name of a group of HDF5 and of a file", p->name);
    if (p->neuron != NULL && cal_snn_neuron_find(p->neuron->name) != p->neuron)
        return CAL_FAIL(x->ctx, CAL_ERR_UNSUPPORTED, "population %s: its neuron %s is not in the catalogue, and SONATA has no "
                        "place for equations", p->name, p->neuron->name);
    CAL_TRY(cali_alloc(x->ctx, 1, sizeof *f, "nodes", &f));
    const cal_status status = write_nodes(x, i, f);
    for (size_t k = 0; k < f->n_owned; k++)
        free(f->owned[k]);
    free(f);
    return status;
}

/* ---- edges --------------------------------------------------------------------------------------- */

/* Synapses sorted by target, then by source. */
typedef struct edge_list {
    cal_context *ctx;
    cal_status status;
    size_t n, capacity, most; /* most: of what is visited, the first ones */
    uint32_t *source, *target;
    double *weight, *delay_ms;
} edge_list;

static void edge_list_free(edge_list *e)
{
    free(e->source);
    free(e->target);
    free(e->weight);
    free(e->delay_ms);
}

static void count_edge(void *arg, uint32_t source, uint32_t target, double weight, cal_time delay)
{
    (void)source;
    (void)target;
    (void)weight;
    (void)delay;
    (*(size_t *)arg)++;
}

static void take_edge(void *arg, uint32_t source, uint32_t target, double weight, cal_time delay)
{
    edge_list *e = arg;
    if (e->n == e->most)
        return;
    e->source[e->n] = source;
    e->target[e->n] = target;
    e->weight[e->n] = weight;
    e->delay_ms[e->n++] = cal_time_ms(delay);
}

static cal_status reserve(edge_list *e, size_t n)
{
    e->most = n;
    CAL_TRY(cali_alloc(e->ctx, n, sizeof *e->source, "edges", &e->source));
    CAL_TRY(cali_alloc(e->ctx, n, sizeof *e->target, "edges", &e->target));
    CAL_TRY(cali_alloc(e->ctx, n, sizeof *e->weight, "edges", &e->weight));
    return cali_alloc(e->ctx, n, sizeof *e->delay_ms, "edges", &e->delay_ms);
}

/* What is visited comes by source: a stable sort by target is enough. */
static cal_status sort_by_target(edge_list *e, uint32_t n_targets)
{
    edge_list s = {.ctx = e->ctx};
    size_t *start = NULL;
    cal_status status = reserve(&s, e->n);
    if (status == CAL_OK)
        status = cali_alloc(e->ctx, (size_t)n_targets + 1, sizeof *start, "edges", &start);
    for (size_t k = 0; status == CAL_OK && k < e->n; k++)
        start[e->target[k] + 1]++;
    for (uint32_t t = 0; status == CAL_OK && t < n_targets; t++)
        start[t + 1] += start[t];
    for (size_t k = 0; status == CAL_OK && k < e->n; k++) {
        const size_t at = start[e->target[k]]++;
        s.source[at] = e->source[k];
        s.target[at] = e->target[k];
        s.weight[at] = e->weight[k];
        s.delay_ms[at] = e->delay_ms[k];
    }
    s.n = e->n;
    free(start);
    edge_list *const keep = status == CAL_OK ? &s : e, *const drop = status == CAL_OK ? e : &s;
    edge_list_free(drop);
    *e = *keep;
    return status;
}

/* Runs of edges with one node: of each node its first run and the one behind its last, of each run its edges. */
typedef struct ranges {
    uint64_t *of_node, *of_run; /* (n_nodes x 2), (n_runs x 2) */
    size_t n_runs;
} ranges;

static cal_status make_ranges(cal_context *ctx, const edge_list *e, bool is_by_target, uint32_t n_nodes, ranges *out)
{
    const uint32_t *ids = is_by_target ? e->target : e->source;
    uint64_t *next = NULL;
    out->n_runs = 0;
    for (size_t k = 0; k < e->n; k++)
        out->n_runs += k == 0 || ids[k] != ids[k - 1];
    CAL_TRY(cali_alloc(ctx, 2 * (size_t)n_nodes, sizeof *out->of_node, "indices", &out->of_node));
    CAL_TRY(cali_alloc(ctx, 2 * out->n_runs, sizeof *out->of_run, "indices", &out->of_run));
    CAL_TRY(cali_alloc(ctx, (size_t)n_nodes + 1, sizeof *next, "indices", &next));
    for (size_t k = 0; k < e->n; k++)
        next[ids[k] + 1] += k == 0 || ids[k] != ids[k - 1];
    for (uint32_t i = 0; i < n_nodes; i++) {
        next[i + 1] += next[i];
        out->of_node[2 * i] = next[i];
        out->of_node[2 * i + 1] = next[i + 1];
    }
    for (size_t k = 0, end; k < e->n; k = end) {
        for (end = k + 1; end < e->n && ids[end] == ids[k];)
            end++;
        const uint64_t run = next[ids[k]]++;
        out->of_run[2 * run] = k;
        out->of_run[2 * run + 1] = end;
    }
    free(next);
    return CAL_OK;
}

typedef struct edge_columns {
    uint64_t *source, *target, *index;
    uint32_t *type, *group;
    ranges by_source, by_target;
} edge_columns;

static void edge_columns_free(edge_columns *c)
{
    free(c->source);
    free(c->target);
    free(c->index);
    free(c->type);
    free(c->group);
    free(c->by_source.of_node);
    free(c->by_source.of_run);
    free(c->by_target.of_node);
    free(c->by_target.of_run);
}

static cal_status fill_columns(const exporter *x, const edge_list *e, const cal_snn_projection *p, edge_columns *c)
{
    CAL_TRY(cali_alloc(x->ctx, e->n, sizeof *c->source, "edges", &c->source));
    CAL_TRY(cali_alloc(x->ctx, e->n, sizeof *c->target, "edges", &c->target));
    CAL_TRY(cali_alloc(x->ctx, e->n, sizeof *c->index, "edges", &c->index));
    CAL_TRY(cali_alloc(x->ctx, e->n, sizeof *c->type, "edges", &c->type));
    CAL_TRY(cali_alloc(x->ctx, e->n, sizeof *c->group, "edges", &c->group));
    for (size_t k = 0; k < e->n; k++) {
        c->source[k] = e->source[k];
        c->target[k] = e->target[k];
        c->index[k] = k;
        c->type[k] = (uint32_t)x->n_edge_types;
    }
    CAL_TRY(make_ranges(x->ctx, e, false, x->def->populations[p->from].n, &c->by_source));
    return make_ranges(x->ctx, e, true, x->def->populations[p->to].n, &c->by_target);
}

static cal_status write_edges(const exporter *x, const char *name, const edge_list *e, const cal_snn_projection *p,
                              const edge_columns *c)
{
    const cal_snn_population *from = &x->def->populations[p->from], *to = &x->def->populations[p->to];
    const struct {
        const char *name, *attribute;
        cal_sonata_type type;
        size_t n, n_columns;
        const void *values;
    } sets[] = {
        {"source_node_id", NULL, CAL_SONATA_U64, e->n, 0, c->source},
        {"source_node_id", "node_population", CAL_SONATA_TEXT, 0, 0, from->name},
        {"target_node_id", NULL, CAL_SONATA_U64, e->n, 0, c->target},
        {"target_node_id", "node_population", CAL_SONATA_TEXT, 0, 0, to->name},
        {"edge_type_id", NULL, CAL_SONATA_U32, e->n, 0, c->type},
        {"edge_group_id", NULL, CAL_SONATA_U32, e->n, 0, c->group},
        {"edge_group_index", NULL, CAL_SONATA_U64, e->n, 0, c->index},
        {"0/syn_weight", NULL, CAL_SONATA_F64, e->n, 0, e->weight},
        {"0/delay", NULL, CAL_SONATA_F64, e->n, 0, e->delay_ms},
        {"indices/source_to_target/node_id_to_ranges", NULL, CAL_SONATA_U64, from->n, 2, c->by_source.of_node},
        {"indices/source_to_target/range_to_edge_id", NULL, CAL_SONATA_U64, c->by_source.n_runs, 2, c->by_source.of_run},
        {"indices/source_to_target/node_id_to_range", NULL, CAL_SONATA_U64, from->n, 2, c->by_source.of_node}, /* as pysonata, */
        {"indices/target_to_source/node_id_to_range", NULL, CAL_SONATA_U64, to->n, 2, c->by_target.of_node},   /* BMTK call it */
        {"indices/target_to_source/node_id_to_ranges", NULL, CAL_SONATA_U64, to->n, 2, c->by_target.of_node},
        {"indices/target_to_source/range_to_edge_id", NULL, CAL_SONATA_U64, c->by_target.n_runs, 2, c->by_target.of_run},
    };
    enum { N = sizeof sets / sizeof *sets };
    cal_sonata_item items[N];
    char paths[N][512], path[PATH];
    for (size_t i = 0; i < N; i++) {
        snprintf(paths[i], sizeof paths[i], "/edges/%.300s/%s", name, sets[i].name);
        items[i] = (cal_sonata_item){paths[i], sets[i].attribute, sets[i].type, sets[i].n, sets[i].n_columns, sets[i].values};
    }
    snprintf(path, sizeof path, NETWORK_FOLDER "/%s_edges.h5", name);
    return write_items(x, path, items, N);
}

/* Parameters of a plastic connection, where they are numbers. */
static cal_status write_synapse(const exporter *x, const char *name, const cal_snn_projection *p)
{
    cali_text json = {0};
    char path[PATH];
    cali_json_open(&json, NULL, "{");
    for (size_t k = 0; k < p->synapse->n_params; k++) {
        cal_distribution value = {.kind = CAL_CONSTANT, .a = p->synapse->params[k].value};
        for (size_t i = 0; i < p->n_settings; i++)
            if (strcmp(p->settings[i].name, p->synapse->params[k].name) == 0)
                value = p->settings[i].value;
        if (value.kind != CAL_CONSTANT) {
            cali_text_free(&json);
            return CAL_FAIL(x->ctx, CAL_ERR_UNSUPPORTED, "%s of the plastic synapses from %s to %s is a distribution\n  because the "
                            "values of single synapses are not kept", p->synapse->params[k].name,
                            x->def->populations[p->from].name, x->def->populations[p->to].name);
        }
        cali_json_number(&json, p->synapse->params[k].name, value.a);
    }
    cali_json_close(&json, "}");
    cali_text_add(&json, "\n");
    snprintf(path, sizeof path, SYNAPSES_FOLDER "/%s.json", name);
    return write_text(x, path, &json);
}

static cal_status export_list(exporter *x, const char *name, const edge_list *e, const cal_snn_projection *p, bool is_plastic)
{
    edge_columns columns = {0};
    cali_text types = {0};
    char path[PATH], json[PATH] = "NULL";
    double quantum = 0.0;
    cal_status status = fill_columns(x, e, p, &columns);
    if (status == CAL_OK)
        status = write_edges(x, name, e, p, &columns);
    if (status == CAL_OK)
        status = cal_snn_get_quantum(x->snn, p->to, p->receptor, &quantum);
    if (status == CAL_OK && is_plastic) {
        snprintf(json, sizeof json, "%s.json", name);
        status = write_synapse(x, name, p);
    }
    cali_text_format(&types, "edge_type_id population model_template dynamics_params receptor quantum\n%zu %s %s %s %s %.17g\n",
                     x->n_edge_types, name, is_plastic ? p->synapse->name : "static_synapse", json, p->receptor, quantum);
    snprintf(path, sizeof path, NETWORK_FOLDER "/%s_edge_types.csv", name);
    if (status == CAL_OK)
        status = write_text(x, path, &types);
    cali_text_free(&types);
    list_files(&x->edges, "edge", name);
    edge_columns_free(&columns);
    x->n_edge_types++;
    return status;
}

static bool is_plastic(const cal_snn_projection *p)
{
    return p->synapse != NULL && strcmp(p->synapse->name, "static") != 0 && !cal_snn_forms_synapses(p->synapse);
}

static bool share_ends(const cal_snn_projection *a, const cal_snn_projection *b)
{
    return a->from == b->from && a->to == b->to && strcmp(a->receptor, b->receptor) == 0;
}

/* Static synapses between two populations into one receptor, and those that form and break, are visited together, before the
 * plastic ones. */
static cal_status export_static(exporter *x, size_t i)
{
    const cal_snn_projection *all = x->def->projections, *p = &all[i];
    edge_list e = {.ctx = x->ctx};
    char name[512];
    size_t n = 0, n_plastic = 0;
    for (size_t k = 0; k < i; k++)
        if (!is_plastic(&all[k]) && share_ends(&all[k], p))
            return CAL_OK;
    for (size_t k = 0; k < x->def->n_projections; k++)
        if (is_plastic(&all[k]) && share_ends(&all[k], p)) {
            cal_snn_weights w;
            CAL_TRY(cal_snn_get_weights(x->snn, k, &w));
            n_plastic += w.n;
            cal_snn_weights_free(&w);
        }
    CAL_TRY(cal_snn_visit_synapses(x->snn, p->from, p->to, p->receptor, count_edge, &n));
    if (n == n_plastic)
        return CAL_OK;
    snprintf(name, sizeof name, "%s_to_%s_%s", x->def->populations[p->from].name, x->def->populations[p->to].name, p->receptor);
    cal_status status = reserve(&e, n - n_plastic);
    if (status == CAL_OK)
        status = cal_snn_visit_synapses(x->snn, p->from, p->to, p->receptor, take_edge, &e);
    if (status == CAL_OK)
        status = sort_by_target(&e, x->def->populations[p->to].n);
    if (status == CAL_OK)
        status = export_list(x, name, &e, p, false);
    edge_list_free(&e);
    return status;
}

static cal_status export_plastic(exporter *x, size_t i)
{
    const cal_snn_projection *p = &x->def->projections[i];
    cal_snn_weights w;
    char name[512];
    CAL_TRY(cal_snn_get_weights(x->snn, i, &w));
    const edge_list e = {.n = w.n, .source = w.source, .target = w.target, .weight = w.weight, .delay_ms = w.delay_ms};
    snprintf(name, sizeof name, "%s_to_%s_%s_%zu", x->def->populations[p->from].name, x->def->populations[p->to].name,
             p->receptor, i);
    const cal_status status = w.n == 0 ? CAL_OK : export_list(x, name, &e, p, true);
    cal_snn_weights_free(&w);
    return status;
}

/* ---- the circuit ----------------------------------------------------------------------------------- */

static cal_status write_configs(exporter *x, const cal_experiment *experiment)
{
    cali_text circuit = {0}, simulation = {0};
    cali_json_open(&circuit, NULL, "{");
    cali_json_text(&circuit, "target_simulator", "callosum");
    cali_json_open(&circuit, "manifest", "{");
    cali_json_text(&circuit, "$BASE_DIR", ".");
    cali_json_text(&circuit, "$NETWORK_DIR", "$BASE_DIR/" NETWORK_FOLDER);
    cali_json_close(&circuit, "}");
    cali_json_open(&circuit, "components", "{");
    cali_json_text(&circuit, "point_neuron_models_dir", "$BASE_DIR/" NEURONS_FOLDER);
    cali_json_text(&circuit, "synaptic_models_dir", "$BASE_DIR/" SYNAPSES_FOLDER);
    cali_json_close(&circuit, "}");
    cali_text_format(&circuit, ", \"networks\": {\"nodes\": [%s], \"edges\": [%s]}", x->nodes.data == NULL ? "" : x->nodes.data,
                     x->edges.data == NULL ? "" : x->edges.data);
    cali_json_close(&circuit, "}");
    cali_text_add(&circuit, "\n");
    cali_json_open(&simulation, NULL, "{");
    cali_json_text(&simulation, "network", "circuit_config.json");
    cali_json_open(&simulation, "run", "{");
    cali_json_number(&simulation, "tstop", cal_time_ms(experiment->duration));
    cali_json_number(&simulation, "dt", cal_time_ms(x->def->dt));
    cali_json_close(&simulation, "}");
    cali_json_close(&simulation, "}");
    cali_text_add(&simulation, "\n");
    const cal_status status = write_text(x, "circuit_config.json", &circuit);
    if (status == CAL_OK)
        return write_text(x, "simulation_config.json", &simulation);
    cali_text_free(&simulation);
    return status;
}

static cal_status make_folders(const exporter *x, bool replaces)
{
    static const char *const names[] = {NETWORK_FOLDER, NEURONS_FOLDER, SYNAPSES_FOLDER};
    struct stat info;
    char *path = NULL;
    CAL_TRY(cali_path_join(x->ctx, x->folder, "circuit_config.json", &path));
    const bool is_there = stat(path, &info) == 0;
    free(path);
    if (is_there && !replaces)
        return CAL_FAIL(x->ctx, CAL_ERR_INPUT, "%s C306 holds a circuit already.\n  try --force, or another folder", x->folder);
    for (size_t i = 0; i < 3; i++) {
        CAL_TRY(cali_path_join(x->ctx, x->folder, names[i], &path));
        const cal_status status = cali_directory_make(x->ctx, path);
        free(path);
        CAL_TRY(status);
    }
    return CAL_OK;
}

static cal_status export_all(exporter *x, const cal_experiment *experiment, bool replaces)
{
    if (x->def->n_gap_junctions > 0)
        return CAL_FAIL(x->ctx, CAL_ERR_UNSUPPORTED, "the network has gap junctions, for which SONATA has no place");
    for (size_t i = 0; i < x->def->n_projections; i++) {
        if (cal_snn_forms_synapses(x->def->projections[i].synapse))
            cal_context_note(x->ctx, "synapses from %s to %s form and break here; in the circuit those that there are now are static",
                             x->def->populations[x->def->projections[i].from].name,
                             x->def->populations[x->def->projections[i].to].name);
        if (x->def->projections[i].has_modulator)
            return CAL_FAIL(x->ctx, CAL_ERR_UNSUPPORTED, "a neuromodulator has no place in SONATA");
        if (x->def->projections[i].scaling.kind != CAL_SCALING_NONE)
            return CAL_FAIL(x->ctx, CAL_ERR_UNSUPPORTED, "scaling of weights has no place in SONATA");
    }
    if (x->def->n_homeostases > 0)
        return CAL_FAIL(x->ctx, CAL_ERR_UNSUPPORTED, "homeostasis of neurons has no place in SONATA");
    CAL_TRY(make_folders(x, replaces));
    for (size_t i = 0; i < x->def->n_populations; i++)
        CAL_TRY(export_nodes(x, i));
    for (size_t i = 0; i < x->def->n_projections; i++)
        CAL_TRY(is_plastic(&x->def->projections[i]) ? export_plastic(x, i) : export_static(x, i));
    return write_configs(x, experiment);
}

cal_status cal_experiment_export_sonata(cal_context *ctx, const cal_experiment *experiment, const char *folder, bool replaces)
{
    cal_session *s = NULL;
    cal_session_def def = cal_session_def_default();
    def.sink = "memory";
    if (!experiment->is_alone)
        return CAL_FAIL(ctx, CAL_ERR_UNSUPPORTED, "%s: a brain of regions is no circuit of SONATA\n  because its neural masses are no "
                        "nodes\n  try an experiment with the key network", experiment->path);
    cal_status status = cal_session_create(ctx, experiment, &def, &s);
    if (status == CAL_OK) {
        exporter x = {.ctx = ctx, .snn = s->builds[0].snn, .def = &s->builds[0].def, .folder = folder};
        status = export_all(&x, experiment, replaces);
        cali_text_free(&x.nodes);
        cali_text_free(&x.edges);
    }
    cal_session_destroy(&s);
    return status;
}
