/* SONATA circuits: what the files of parse_sonata.c share. The way: circuit config -> paths -> nodes (sonata_nodes.c) ->
 * edges (sonata_edges.c) -> populations and lists of synapses of a cali_network. */
#ifndef CALI_EXPERIMENT_SONATA_H
#define CALI_EXPERIMENT_SONATA_H

#include "base/csv.h"
#include "callosum/sonata.h"
#include "experiment/reader.h"

/** A population of nodes: which neuron each node is. */
typedef struct cali_sonata_nodes {
    char *name;
    uint32_t n;
    uint32_t *population, *id; /* [node]: of the network, and the number within it */
} cali_sonata_nodes;

typedef struct cali_circuit {
    cali_reader *r;
    cali_place place; /* of the key that names the circuit */
    cali_network *network;
    char *folder; /* of the config that is read */
    const cali_node *root;
    char *neuron_models, *synapse_models; /* folders; NULL: that of the table */
    cali_sonata_nodes *nodes;
    size_t n_nodes;
} cali_circuit;

/** A mistake in one of the circuit's files; always false. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
bool cali_circuit_refuse(const cali_circuit *c, const char *code, const char *format, ...);
/** Takes over what a loader said; always false. */
bool cali_circuit_foreign(const cali_circuit *c);
/** A path of the config, with its variables replaced and from its folder, in the experiment's memory; NULL: refused. The file
 *  becomes an input of the run. */
char *cali_circuit_path(cali_circuit *c, const char *text, const char *folder);

/** A table of types, whose columns are divided by blanks or commas. */
bool cali_circuit_table(cali_circuit *c, const char *path, cali_csv *out);
/** The row of a type of a population, or -1 and a mistake. `id_column`: "node_type_id", "edge_type_id". */
long cali_circuit_row(const cali_circuit *c, const cali_csv *csv, const char *id_column, double id, const char *population);
/** The text of a column; "" if it is absent, empty or NULL. */
const char *cali_circuit_cell(const cali_csv *csv, size_t row, const char *column);
/** A number of the table, or `otherwise`; false: no number. */
bool cali_circuit_number(const cali_circuit *c, const cali_csv *csv, size_t row, const char *column, double otherwise,
                         double *value);

/** Parameters of a type as name and number. */
typedef struct cali_circuit_params {
    size_t n;
    char **names;
    double *values;
} cali_circuit_params;
/** From the JSON file that the column dynamics_params names; none if it names none. */
bool cali_circuit_read_params(cali_circuit *c, const cali_csv *csv, size_t row, const char *folder, cali_circuit_params *out);

/** An attribute of nodes or edges, which their groups hold; it is read one after the other. */
typedef struct cali_circuit_attribute {
    const cal_sonata_file *file;
    const char *kind, *population, *name; /* kind: "node", "edge" */
    const cal_sonata_set *group, *index; /* NULL: group 0, and the place of the node or edge */
    const cal_sonata_set *set; /* of last_group; NULL: that group lacks it */
    double last_group; /* at first below 0 */
} cali_circuit_attribute;
/** That of node or edge `k`, or `otherwise`, and then `set` is NULL. False: a place that is not there, or not finite. */
bool cali_circuit_read_attribute(const cali_circuit *c, cali_circuit_attribute *a, size_t k, double otherwise, double *value);

/** One entry of networks.nodes or networks.edges. */
bool cali_circuit_add_nodes(cali_circuit *c, const char *file, const char *types);
bool cali_circuit_add_edges(cali_circuit *c, const char *file, const char *types);
/** Names of the populations below a file's root, in the order of the file; `*at` counts them from 0. False: no more. */
bool cali_circuit_next_population(const cal_sonata_file *file, size_t *at, char *name, size_t size);
/** The name that callosum gives to what another simulator calls a parameter. */
const char *cali_circuit_rename(const char *name);

#endif
