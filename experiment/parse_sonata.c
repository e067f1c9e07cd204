/* `sonata` of a network: a circuit config, or a simulation config that names one. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "experiment/sonata.h"

enum { MOST_REPLACEMENTS = 64, LONGEST_PATH = 4096, LARGEST_TABLE = 64 << 20 };

/* ---- messages ---------------------------------------------------------------------------------- */

bool cali_circuit_refuse(const cali_circuit *c, const char *code, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return cali_refuse(c->r, c->place, code, "%s", text);
}

bool cali_circuit_foreign(const cali_circuit *c)
{
    return cali_refuse_foreign(c->r, c->place, "C301");
}

/* ---- paths ------------------------------------------------------------------------------------- */

/* How much of `at` is the variable, as "$NAME" or "${NAME}"; 0: another one. */
static size_t variable_size(const char *at, const char *name)
{
    const size_t n = strlen(name);
    if (n > 0 && at[1] == '{' && strncmp(at + 2, name, n) == 0 && at[2 + n] == '}')
        return n + 3;
    return n > 0 && strncmp(at + 1, name, n) == 0 ? n + 1 : 0;
}

/* The longest variable of the manifest that `at` begins with, and what it stands for. "configdir" is the folder of the config,
 * to which paths are relative anyway. */
static const char *find_variable(const cali_circuit *c, const char *at, size_t *size)
{
    const cali_node *manifest = cali_node_get(c->root, "manifest");
    *size = variable_size(at, "configdir");
    const char *best = *size > 0 ? "." : NULL;
    for (size_t i = 0; manifest != NULL && manifest->kind == CALI_NODE_MAP && i < manifest->n; i++) {
        const char *key = manifest->entries[i].key + (manifest->entries[i].key[0] == '$');
        const size_t length = variable_size(at, key);
        if (length > *size) {
            *size = length;
            best = cali_node_text(manifest->entries[i].value, "");
        }
    }
    return best;
}

char *cali_circuit_path(cali_circuit *c, const char *text, const char *folder)
{
    char path[LONGEST_PATH], next[LONGEST_PATH];
    snprintf(path, sizeof path, "%s", text);
    for (int k = 0; strchr(path, '$') != NULL; k++) {
        const char *at = strchr(path, '$');
        size_t size;
        const char *value = find_variable(c, at, &size);
        const int n = value == NULL ? LONGEST_PATH
                                       : snprintf(next, sizeof next, "%.*s%s%s", (int)(at - path), path,
                                                  value, at + size);
        if (n >= LONGEST_PATH || k == MOST_REPLACEMENTS) {
            cali_circuit_refuse(c, "C301", "the path \"%.200s\" of the circuit has no end\nbecause the manifest lacks its "
                                "variables, or they name each other", text);
            return NULL;
        }
        memcpy(path, next, (size_t)n + 1);
    }
    char *joined = NULL;
    if (cali_path_join(c->r->ctx, folder != NULL ? folder : c->folder, path, &joined) != CAL_OK) {
        cali_circuit_foreign(c);
        return NULL;
    }
    char *kept = cali_keep(c->r, joined);
    free(joined);
    return kept;
}

static void note_input(cali_circuit *c, char *path)
{
    cali_network *n = c->network;
    for (size_t i = 0; i < n->n_files; i++)
        if (strcmp(n->files[i], path) == 0)
            return;
    if (!cali_arena_grow(&c->r->exp->arena, &n->files, n->n_files, sizeof *n->files))
        c->r->is_out_of_memory = true;
    else
        n->files[n->n_files++] = path;
}

/* ---- tables ------------------------------------------------------------------------------------ */

/* Blanks divide the columns where the header has no other mark: they become commas. */
static void unify_marks(char *data)
{
    const char *start = data + strspn(data, "\r\n");
    const size_t header = strcspn(start, "\r\n");
    if (strcspn(start, ",;\t") < header)
        return;
    bool is_quoted = false;
    char *to = data;
    for (const char *at = data; *at != '\0'; at++) {
        const bool is_blank = *at == ' ' && !is_quoted;
        const bool is_edge = is_blank && (at == data || at[-1] == '\n' || at[1] == ' ' || at[1] == '\n' || at[1] == '\r' ||
                                          at[1] == '\0');
        is_quoted = *at == '"' ? !is_quoted : is_quoted;
        if (!is_edge)
            *to++ = is_blank ? ',' : *at;
    }
    *to = '\0';
}

bool cali_circuit_table(cali_circuit *c, const char *path, cali_csv *out)
{
    char *data = NULL;
    size_t size = 0;
    *out = (cali_csv){0};
    cal_status status = cali_file_read(c->r->ctx, path, LARGEST_TABLE, &data, &size);
    if (status == CAL_OK && memchr(data, '\0', size) == NULL)
        unify_marks(data);
    if (status == CAL_OK)
        status = cali_csv_parse(c->r->ctx, cali_path_name(path), data, strlen(data), out);
    free(data);
    return status == CAL_OK || cali_circuit_foreign(c);
}

const char *cali_circuit_cell(const cali_csv *csv, size_t row, const char *column)
{
    const int at = cali_csv_find(csv, column);
    const char *text = at < 0 ? "" : cali_csv_at(csv, row, (size_t)at)->text;
    return strcmp(text, "NULL") == 0 || strcmp(text, "null") == 0 || strcmp(text, "None") == 0 ? "" : text;
}

bool cali_circuit_number(const cali_circuit *c, const cali_csv *csv, size_t row, const char *column, double otherwise,
                         double *value)
{
    const char *text = cali_circuit_cell(csv, row, column);
    cali_quantity q;
    *value = otherwise;
    if (text[0] == '\0')
        return true;
    if (cali_quantity_parse(text, &q) != CALI_QUANTITY_OK || q.unit_text[0] != '\0') {
        const cali_cell *cell = cali_csv_at(csv, row, (size_t)cali_csv_find(csv, column));
        return cali_circuit_refuse(c, "C301", "%s:%u:%u: %s \"%.60s\" is no number", csv->name, cell->line, cell->column, column,
                                   text);
    }
    *value = q.value;
    return true;
}

long cali_circuit_row(const cali_circuit *c, const cali_csv *csv, const char *id_column, double id, const char *population)
{
    for (size_t row = 0; row < csv->n_rows; row++) {
        double of_row;
        const char *name = cali_circuit_cell(csv, row, "population");
        if (name[0] != '\0' && strcmp(name, population) != 0)
            continue;
        if (!cali_circuit_number(c, csv, row, id_column, -1.0, &of_row))
            return -1;
        if (of_row == id)
            return (long)row;
    }
    cali_circuit_refuse(c, "C301", "%s has no %s %.0f of population %.60s", csv->name, id_column, id, population);
    return -1;
}

bool cali_circuit_read_params(cali_circuit *c, const cali_csv *csv, size_t row, const char *folder, cali_circuit_params *out)
{
    const char *name = cali_circuit_cell(csv, row, "dynamics_params");
    cali_tree *tree = NULL;
    cali_node *root = NULL;
    *out = (cali_circuit_params){0};
    if (name[0] == '\0')
        return true;
    char *path = cali_circuit_path(c, name, folder);
    if (path == NULL)
        return false;
    if (cali_tree_load_json(c->r->ctx, path, &tree, &root) != CAL_OK)
        return cali_circuit_foreign(c);
    note_input(c, path);
    bool is_good = root != NULL && root->kind == CALI_NODE_MAP;
    out->names = is_good ? cali_take(c->r, root->n, sizeof *out->names) : NULL;
    out->values = is_good ? cali_take(c->r, root->n, sizeof *out->values) : NULL;
    for (size_t i = 0; is_good && out->names != NULL && out->values != NULL && i < root->n; i++) {
        cali_quantity q;
        const char *text = cali_node_text(root->entries[i].value, "");
        is_good = cali_quantity_parse(text, &q) == CALI_QUANTITY_OK && q.unit_text[0] == '\0';
        out->names[i] = cali_keep(c->r, root->entries[i].key);
        out->values[i] = q.value;
        out->n++;
    }
    cali_tree_destroy(&tree);
    return is_good || cali_circuit_refuse(c, "C301", "%s is no JSON mapping of names to numbers", cali_path_name(path));
}

/* Parameters of NEST's models. */
const char *cali_circuit_rename(const char *name)
{
    static const char *const pairs[][2] = {{"tau_syn_ex", "tau_exc"}, {"tau_syn_in", "tau_inh"}, {"E_ex", "E_exc"},
                                           {"E_in", "E_inh"}, {"V_m", "V"}, {"Wmax", "w_max"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (strcmp(name, pairs[i][0]) == 0)
            return pairs[i][1];
    return name;
}

/* ---- attributes ----------------------------------------------------------------------------------- */

bool cali_circuit_read_attribute(const cali_circuit *c, cali_circuit_attribute *a, size_t k, double otherwise, double *value)
{
    const double group = a->group != NULL ? a->group->values[k] : 0.0, at = a->index != NULL ? a->index->values[k] : (double)k;
    if (a->last_group != group) {
        a->set = cal_sonata_find(a->file, "/%ss/%s/%.0f/%s", a->kind, a->population, group, a->name);
        a->last_group = group;
    }
    *value = otherwise;
    if (a->set == NULL)
        return true;
    if (!(at >= 0.0 && at < (double)a->set->n) || at != floor(at))
        return cali_circuit_refuse(c, "C301", "%s: %s %zu has place %g in %s, which has %zu", a->file->name, a->kind, k, at,
                                   a->set->path, a->set->n);
    *value = a->set->values[(size_t)at];
    return isfinite(*value) ||
           cali_circuit_refuse(c, "C301", "%s: %s[%.0f] is not finite", a->file->name, a->set->path, at);
}

/* ---- populations of a file ---------------------------------------------------------------------- */

/* The part of a path between the second and the third slash. */
static size_t population_part(const char *path, const char **start)
{
    *start = strchr(path + 1, '/');
    *start = *start == NULL ? "" : *start + 1;
    return strcspn(*start, "/");
}

bool cali_circuit_next_population(const cal_sonata_file *file, size_t *at, char *name, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < file->n_sets; i++) {
        const char *part, *before = "";
        const size_t length = population_part(file->sets[i].path, &part);
        const size_t length_before = i > 0 ? population_part(file->sets[i - 1].path, &before) : 0;
        if (i > 0 && length == length_before && strncmp(part, before, length) == 0)
            continue;
        if (n++ == *at) {
            snprintf(name, size, "%.*s", (int)length, part);
            (*at)++;
            return true;
        }
    }
    return false;
}

/* ---- the config --------------------------------------------------------------------------------- */

typedef bool add_files(cali_circuit *c, const char *file, const char *types);

static bool add_parts(cali_circuit *c, const char *kind, const char *file_key, const char *types_key, add_files *add)
{
    const cali_node *list = cali_node_path(c->root, "networks", kind, NULL);
    for (size_t i = 0; list != NULL && list->kind == CALI_NODE_LIST && i < list->n; i++) {
        const cali_node *entry = list->entries[i].value;
        const char *file = cali_node_text(cali_node_get(entry, file_key), ""), *types = cali_node_text(cali_node_get(entry, types_key), "");
        if (file[0] == '\0')
            return cali_circuit_refuse(c, "C301", "networks.%s[%zu] of the circuit has no %s", kind, i, file_key);
        char *file_path = cali_circuit_path(c, file, NULL);
        char *types_path = file_path == NULL || types[0] == '\0' ? NULL : cali_circuit_path(c, types, NULL);
        if (file_path == NULL || (types[0] != '\0' && types_path == NULL))
            return false;
        if (!add(c, file_path, types_path))
            return false;
        note_input(c, file_path);
        if (types_path != NULL)
            note_input(c, types_path);
    }
    return true;
}

static bool read_circuit(cali_circuit *c)
{
    const char *neurons = cali_node_text(cali_node_path(c->root, "components", "point_neuron_models_dir", NULL), NULL);
    const char *synapses = cali_node_text(cali_node_path(c->root, "components", "synaptic_models_dir", NULL), NULL);
    c->neuron_models = neurons == NULL ? NULL : cali_circuit_path(c, neurons, NULL);
    c->synapse_models = synapses == NULL ? NULL : cali_circuit_path(c, synapses, NULL);
    if (!add_parts(c, "nodes", "nodes_file", "node_types_file", cali_circuit_add_nodes))
        return false;
    if (c->network->n_populations == 0)
        return cali_circuit_refuse(c, "C301", "the circuit has no nodes\nbecause networks.nodes of its config names them");
    return add_parts(c, "edges", "edges_file", "edge_types_file", cali_circuit_add_edges);
}

/* A simulation config leads to the circuit's. */
static bool read_config(cali_circuit *c, const char *path, int depth)
{
    cali_tree *tree = NULL;
    cali_node *root = NULL;
    char *folder = NULL;
    if (cali_tree_load_json(c->r->ctx, path, &tree, &root) != CAL_OK || cali_path_directory(c->r->ctx, path, &folder) != CAL_OK) {
        cali_tree_destroy(&tree);
        return cali_circuit_foreign(c);
    }
    c->folder = cali_keep(c->r, folder);
    c->root = root;
    free(folder);
    char *kept = cali_keep(c->r, path);
    if (kept != NULL)
        note_input(c, kept);
    const char *circuit = cali_node_text(cali_node_get(root, "network"), NULL);
    bool is_good;
    if (cali_node_get(root, "networks") != NULL || circuit == NULL || depth > 0) {
        is_good = read_circuit(c);
    } else {
        char *next = cali_circuit_path(c, circuit, NULL);
        is_good = next != NULL && read_config(c, next, depth + 1);
    }
    cali_tree_destroy(&tree);
    return is_good;
}

/* Spikes of a population of nodes to its virtual neurons; those of others mean nothing. */
static bool share_spikes(cali_circuit *c, const cali_sonata_nodes *nodes)
{
    cali_network *network = c->network;
    cali_spike *all = NULL, *own = NULL;
    size_t n = 0;
    if (!cali_load_spikes(c->r, c->place, network->spikes, nodes->name, nodes->n, network->step, &all, &n))
        return false;
    bool is_good = cali_alloc(c->r->ctx, n, sizeof *own, "spikes", &own) == CAL_OK || cali_circuit_foreign(c);
    for (size_t p = 0; is_good && p < network->n_populations; p++) {
        size_t n_own = 0;
        if (network->populations[p].neuron != NULL || network->populations[p].train.time != NULL)
            continue;
        for (size_t i = 0; i < n; i++)
            if (nodes->population[all[i].id] == p)
                own[n_own++] = (cali_spike){all[i].time, nodes->id[all[i].id]};
        is_good = n_own == 0 || cali_keep_spikes(c->r, &network->populations[p], own, n_own);
    }
    free(all);
    free(own);
    return is_good;
}

static bool is_virtual(const cali_circuit *c, const cali_sonata_nodes *nodes)
{
    for (uint32_t i = 0; i < nodes->n; i++)
        if (c->network->populations[nodes->population[i]].neuron == NULL)
            return true;
    return false;
}

void cali_parse_sonata(cali_reader *r, const cali_node *node, cali_network *network)
{
    if (node == NULL || network->sonata == NULL)
        return;
    cali_circuit c = {.r = r, .place = cali_place_of(node), .network = network};
    const bool is_read = read_config(&c, network->sonata, 0);
    for (size_t i = 0; is_read && network->spikes != NULL && i < c.n_nodes; i++)
        if (is_virtual(&c, &c.nodes[i]) && !share_spikes(&c, &c.nodes[i]))
            break;
    network->n_sonata_projections = network->n_projections;
}
