/* callosum/connectomes.h - the measured wiring of a brain: weights, tract lengths, region names,
 * centres. One object, constant once it is made. Files of TVB (.zip, .h5), matrix pairs in text
 * (.csv, .tsv, .txt, each also .gz), and a generator. */
#ifndef CALLOSUM_CONNECTOMES_H
#define CALLOSUM_CONNECTOMES_H

#include "callosum/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cal_connectome cal_connectome;

/** Which way an entry of the weights matrix points. Inside callosum it is always TO_FROM:
 *  weights[i n + j] is the connection from j to i. */
typedef enum cal_orientation {
    CAL_ORIENTATION_UNSTATED, /**< as the format says (TVB's zip, h5, folder: to-from); text matrices:
                                   only if symmetric (to 1e-9 of the largest entry) */
    CAL_TO_FROM,
    CAL_FROM_TO
} cal_orientation;

/** How weights are scaled after loading. w' is the new weight, sums run over j. All but "none" need
 *  weights >= 0 (INPUT, C301). */
typedef enum cal_normalisation {
    CAL_WEIGHTS_AS_THEY_ARE,  /**< "none": w' = w */
    CAL_WEIGHTS_MAX_ONE,      /**< "max-one": w' = w / max(w) */
    CAL_WEIGHTS_ROW_SUM_ONE,  /**< "row-sum-one": w'_ij = w_ij / sum_j w_ij; regions without input keep 0 */
    CAL_WEIGHTS_MEAN_ROW_ONE, /**< "mean-row-one": w' = w / mean_i sum_j w_ij */
    CAL_WEIGHTS_LOG,          /**< "log-max-one": w' = log(1 + w) / max log(1 + w) */
    CAL_WEIGHTS_MAX_ROW_ONE,  /**< "max-row-one": w' = w / max_i sum_j w_ij */
    CAL_WEIGHTS_TOTAL_ONE,    /**< "total-one": w' = w / sum_ij w_ij */
    CAL_WEIGHTS_RADIUS_ONE,   /**< "spectral-radius-one": w' = w / max |eigenvalue of w|, which is found to 13 digits */
    CAL_WEIGHTS_BINARY        /**< "binary": w'_ij = 1 where w_ij > 0 */
} cal_normalisation;
enum { CAL_N_NORMALISATIONS = 9 };
/** Names as in the experiment file, in the order of the enum. */
extern const char *const cal_normalisation_names[CAL_N_NORMALISATIONS];

typedef struct cal_normalisation_entry {
    const char *formula, *meaning;
} cal_normalisation_entry;
/** Formula and meaning; NULL: there is no such kind. */
const cal_normalisation_entry *cal_normalisation_get(cal_normalisation kind);

/** Where a connectome comes from. All pointers are borrowed for the call. */
typedef struct cal_connectome_source {
    const char *path; /**< .zip, .h5, .npz, .mat, or the weights as .csv/.tsv/.txt, optionally .gz, or .npy;
                           or a folder that holds the members of a TVB zip, or tables of BIDS
                           (docs/connectomes.md) */
    const char *lengths_path; /**< tract lengths for text matrices; NULL: looked for beside `path`
                                   (weights -> lengths, tract_lengths, distances; strength -> length) */
    const char *labels_path;  /**< table with one row per region: label[, x, y, z]; may have a header
                                   (name, label or region; x, y, z; index); its labels and centres
                                   take the place of the format's own. NULL: the format's own labels
                                   (text matrices: names of rows or columns), or region_000,
                                   region_001, ... Labels that occur several times become "a.1",
                                   "a.2", ..., with a note. */
    cal_orientation orientation;
    double length_unit_mm;       /**< millimetres per unit of the lengths; default 1 */
    bool drops_self_connections; /**< sets the diagonal of the weights to 0 */
    cal_normalisation normalisation;
} cal_connectome_source;

cal_connectome_source cal_connectome_source_default(void);

/** Loads a connectome. The format is told from the first bytes, then from the ending of the name.
 *  Errors: ARGUMENT (the definition), IO (cannot be read), INPUT (C301 broken, non-square, not
 *  finite, negative length; C302 implausible length unit: all edges below 1 mm or one beyond 5 m, or
 *  info.txt names another unit; C304 orientation open), MEMORY. Messages begin with the file's base
 *  name, in text with line and column, and the code. Sizes found in headers are checked against
 *  100,000 regions and against the file before anything is allocated; unpacked bytes are limited to
 *  64 MiB and 1100 per packed byte, and to 2 GiB. HDF5: links and data in other files are refused. */
cal_status cal_connectome_load(cal_context *ctx, const cal_connectome_source *source,
                               cal_connectome **out);

/** A further matrix between the regions of a connectome: delays, speeds, weights of one coupling, correlations. Text as
 *  for weights (.csv, .tsv, .txt, also packed), region by region; where the file names rows or columns, each finds its region
 *  by name, else they stand in the connectome's order. `orientation` FROM_TO is transposed, everything else is taken as
 *  to-from. `what` names the matrix in messages. `*out` (n x n, to-from) is released with free(). Errors: IO, INPUT (C301
 *  with line and column, C303 names), MEMORY. */
cal_status cal_connectome_load_matrix(cal_context *ctx, const cal_connectome *connectome, const char *path,
                                      const char *what, cal_orientation orientation, double **out);

/** Arrays from memory; copied. */
typedef struct cal_connectome_def {
    const char *name;
    size_t n_regions;
    const double *weights;       /**< (n x n), to-from, finite */
    const double *lengths_mm;    /**< (n x n), to-from, finite, >= 0 */
    const char *const *labels;   /**< n distinct names, or NULL */
    const double *centres_mm;    /**< (n x 3), or NULL */
    const double *orientations;  /**< (n x 3), or NULL */
    const double *areas_mm2;     /**< n, or NULL */
    const uint8_t *is_cortical;  /**< n, or NULL */
    const uint8_t *is_right;     /**< n, right hemisphere, or NULL */
} cal_connectome_def;

/** Errors: ARGUMENT (sizes, missing arrays), INPUT (C301: not finite, negative length, label empty,
 *  with control characters or twice), MEMORY. */
cal_status cal_connectome_create(cal_context *ctx, const cal_connectome_def *def,
                                 cal_connectome **out);
void cal_connectome_destroy(cal_connectome **connectome);

/** A made-up connectome of realistic statistics: two hemispheres of points on half ellipsoids of the
 *  size of a human cortex (left first, x < 0), lengths proportional to distance (between the
 *  hemispheres by way of the callosum), weights log-normal about an exponential fall with distance,
 *  pairs drawn by the same exponential distance rule (Ercsey-Ravasz et al. 2013, Neuron 80,
 *  184-197), symmetric, homotopic callosal connections, connected as a whole, largest weight 1. With
 *  68 regions the labels are those of the Desikan-Killiany atlas ("L.precuneus"), otherwise
 *  "L.region_00", ..., "R.region_00", ... */
typedef struct cal_generate_def {
    size_t n_regions;     /**< 4 to 20,000, even; default 68 */
    uint64_t seed;        /**< default 1 */
    double density;       /**< share of region pairs that are connected, 0.02 to 1; default 0.3; never
                               fewer pairs than connect the whole (1.5 n - 2) */
    double decay_mm;      /**< length constant of the distance rule, 1 to 10,000; default 40 mm */
    double log_sd;        /**< standard deviation of log weight about the rule, 0 to 5; default 1 */
    double tract_factor;  /**< tract length over straight distance, 1 to 5; default 1.3 */
} cal_generate_def;

cal_generate_def cal_generate_def_default(void);
/** Errors: ARGUMENT, MEMORY. The same definition gives the same bits on every machine. */
cal_status cal_connectome_generate(cal_context *ctx, const cal_generate_def *def,
                                   cal_connectome **out);

/** A copy with scaled weights, and without self-connections if `drops_self_connections`. Errors: INPUT (C301: a
 *  normalisation that needs weights >= 0), MEMORY. */
cal_status cal_connectome_scale(cal_context *ctx, const cal_connectome *connectome, cal_normalisation normalisation,
                                bool drops_self_connections, cal_connectome **out);

/** A format that connectomes are written in. Strings are constant. */
typedef struct cal_connectome_format {
    const char *name;           /**< "zip", "h5", "csv", "tsv", "npz", "mat", "bids" */
    const char *const *endings; /**< of paths that get this format, ended by NULL */
    const char *meaning;
    bool is_folder;
} cal_connectome_format;
size_t cal_connectome_n_formats(void);
cal_connectome_format cal_connectome_get_format(size_t index);

/** Writes a connectome. `format` NULL: by the ending of `path`; a path that ends with "/" is a folder of tables with
 *  commas. Numbers and labels read back the same, and equal connectomes give equal bytes; a note says what the format
 *  has no place for. A file is replaced whole or not at all, and only if `replaces`; a folder is made whole, or its
 *  files are replaced one by one, and it must hold no others. Errors: ARGUMENT (no path), INPUT (C306: no such format,
 *  exists already, a folder with other files), IO, MEMORY. */
cal_status cal_connectome_save(cal_context *ctx, const cal_connectome *connectome, const char *path,
                               const char *format, bool replaces);
/** The same in the format "zip", the members of The Virtual Brain; what was there is replaced. */
cal_status cal_connectome_save_zip(cal_context *ctx, const cal_connectome *connectome,
                                   const char *path);

/* Accessors; pointers are borrowed and live as long as the connectome. */
const char *cal_connectome_name(const cal_connectome *connectome);
size_t cal_connectome_n_regions(const cal_connectome *connectome);
const double *cal_connectome_weights(const cal_connectome *connectome);    /**< (n x n) */
const double *cal_connectome_lengths_mm(const cal_connectome *connectome); /**< (n x n) */
const char *const *cal_connectome_labels(const cal_connectome *connectome);
const double *cal_connectome_centres_mm(const cal_connectome *connectome);   /**< (n x 3) or NULL */
const double *cal_connectome_orientations(const cal_connectome *connectome); /**< (n x 3) or NULL */
const double *cal_connectome_areas_mm2(const cal_connectome *connectome);    /**< n or NULL */
const uint8_t *cal_connectome_is_cortical(const cal_connectome *connectome); /**< n or NULL */
const uint8_t *cal_connectome_is_right(const cal_connectome *connectome);    /**< n or NULL */
/** Index of the region called `label`, or -1. */
int cal_connectome_find(const cal_connectome *connectome, const char *label);

/** What is worth knowing before a run. */
typedef struct cal_connectome_facts {
    size_t n_regions, n_edges; /**< non-zero weights, self-connections included */
    double weight_min, weight_max; /**< over edges */
    double length_min_mm, length_max_mm; /**< over edges */
    double asymmetry;          /**< max |w_ij - w_ji|; 0: symmetric */
    size_t n_self_connections;
    size_t n_zero_lengths;     /**< edges of length 0 */
    size_t n_without_input, n_without_output, n_isolated;
    double delay_ms[5];        /**< 0, 25, 50, 75 and 100 % quantiles of length / speed over edges */
    bool has_centres, has_areas, has_orientations, has_cortical, has_hemispheres;
} cal_connectome_facts;

/** `speed_mm_per_ms` > 0 turns lengths into delays, an infinite one into 0. Errors: ARGUMENT, MEMORY. */
cal_status cal_connectome_describe(cal_context *ctx, const cal_connectome *connectome,
                                   double speed_mm_per_ms, cal_connectome_facts *out);

typedef enum cal_check_verdict {
    CAL_CHECK_GOOD,
    CAL_CHECK_NOTE, /**< worth knowing, and often meant so */
    CAL_CHECK_DOUBT /**< look before a run */
} cal_check_verdict;
extern const char *const cal_check_verdict_names[]; /**< "good", "note", "doubt" */

typedef struct cal_connectome_check_row {
    const char *name;
    cal_check_verdict verdict;
    const char *found; /**< a phrase with numbers and names */
} cal_connectome_check_row;

typedef struct cal_connectome_checks cal_connectome_checks;
/** The list of docs/connectomes.md: shape, symmetry, unit of length, isolated regions, regions without input or output,
 *  self-connections, one network, lengths of 0, smallest delays, spread of weights, labels, hemispheres, lengths and
 *  distances. Errors: ARGUMENT (speed), MEMORY. */
cal_status cal_connectome_check(cal_context *ctx, const cal_connectome *connectome, double speed_mm_per_ms,
                                cal_connectome_checks **out);
void cal_connectome_checks_destroy(cal_connectome_checks **checks);
size_t cal_connectome_checks_n(const cal_connectome_checks *checks);
/** Strings are borrowed from the list. */
cal_connectome_check_row cal_connectome_checks_get(const cal_connectome_checks *checks, size_t index);

/* ---- lists of synapses between neurons ----------------------------------------------------------- */

/** Synapses one by one, owned; freed with cal_synapse_list_free. */
typedef struct cal_synapse_list {
    size_t n;
    uint32_t *source, *target; /**< neurons, from 0 */
    double *weight;            /**< in the unit that was asked for; NULL: the file has none */
    double *delay_ms;          /**< NULL: the file has none */
} cal_synapse_list;

/** Where a list of synapses comes from and what it must fit. Pointers are borrowed for the call. */
typedef struct cal_synapse_source {
    const char *path;        /**< .csv, .tsv; .npz, .npy of NumPy; .npz of scipy.sparse (docs/topologies.md) */
    uint32_t n_from, n_to;   /**< neurons at either end */
    const char *weight_unit; /**< in which weights are wanted, and which those without unit have: "pA"; "1": no unit */
    double step_ms;          /**< no delay is shorter */
    bool is_modulus;         /**< negative weights are refused */
    bool is_within;          /**< both ends lie in one population */
    bool has_autapses, has_multapses; /**< whether neurons may connect to themselves, and pairs several times */
} cal_synapse_source;

/** Loads a list; the format is told from the first bytes, then from the ending of the name. Errors: IO, INPUT (C301 with
 *  line and column, or the name of the array: not finite, an index out of range, a pair twice, a delay shorter than the
 *  step, arrays of unequal length, broken; C102 and C103 units), MEMORY. */
cal_status cal_synapse_list_load(cal_context *ctx, const cal_synapse_source *source, cal_synapse_list *out);
void cal_synapse_list_free(cal_synapse_list *list);

#ifdef __cplusplus
}
#endif
#endif
