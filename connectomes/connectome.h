/* What the files of this folder share: the body of a connectome, what a loader hands over, and the
 * steps from one to the other:
 *
 *   bytes --(unpack)--> text --(matrix, table)--> cali_raw --(finish: checks, units)--> connectome
 */
#ifndef CALI_CONNECTOMES_CONNECTOME_H
#define CALI_CONNECTOMES_CONNECTOME_H

#include "callosum/connectomes.h"

#define CALI_MAX_REGIONS ((size_t)100000)
/** Most bytes of a file, and of anything that is unpacked from one. */
#define CALI_MAX_BYTES ((size_t)1 << 31)

struct cal_connectome {
    char *name;
    size_t n_regions;
    double *weights, *lengths_mm;
    char **labels;
    double *centres_mm, *orientations, *areas_mm2;
    uint8_t *is_cortical, *is_right;
};

/** Numbers as a file gave them. `file` begins messages: "a.csv", "a.zip/weights.txt", "a.h5".
 *  Lines and columns count from 1; 0: there is none, or the file is no text. */
typedef struct cali_array {
    double *values; /* (n_rows x n_columns), owned */
    size_t n_rows, n_columns;
    bool is_flags; /* .npy: booleans */
    char file[512];
    size_t line_not_finite, column_not_finite;
    size_t line_negative, column_negative;
} cali_array;

/** What a loader found; all owned. Absent arrays have no values. */
typedef struct cali_raw {
    cali_array weights, lengths, centres, orientations, areas, cortical, hemispheres;
    char **labels; /* NULL: none */
    size_t n_labels;
    char labels_file[512];
    char length_unit[8]; /* as stated by the file, "": not stated */
    bool is_oriented;    /* the format says that weights point to-from */
    bool is_from_to;     /* the file says that they point from-to */
} cali_raw;

void cali_raw_free(cali_raw *raw);
void cali_array_free(cali_array *array);
void cali_labels_free(char **labels, size_t n);
/** The prefix "name/member", or "name" if there is no member. */
void cali_array_name(char file[512], const char *name, const char *member);

/** Checks shapes and values, scales, orients and normalises, and moves the arrays out of `raw`.
 *  `file` begins messages, `name` is copied. */
cal_status cali_connectome_finish(cal_context *ctx, const cal_connectome_source *source,
                                  const char *file, const char *name, cali_raw *raw,
                                  cal_connectome **out);
/** Scales the weights in place. Errors: INPUT. */
cal_status cali_weights_normalise(cal_context *ctx, const char *file, cal_normalisation kind,
                                  size_t n, double *w);

/** Gives regions without label a name, and numbers labels that occur several times. */
cal_status cali_labels_finish(cal_context *ctx, const char *file, size_t n, char **labels);
/** n names "region_000", ... with equal numbers of digits. */
cal_status cali_labels_default(cal_context *ctx, size_t n, char ***out);
/** Index of the first label that is empty, has control characters or occurs before; -1: none. */
int cali_labels_check(cal_context *ctx, size_t n, char *const *labels, int *index);

/** The 34 regions of one hemisphere in the Desikan-Killiany atlas, with rounded centres. */
typedef struct cali_atlas_region {
    const char *name;
    double x_mm, y_mm, z_mm; /* of the left one */
} cali_atlas_region;
enum { CALI_N_ATLAS = 34 };
extern const cali_atlas_region cali_desikan_killiany[CALI_N_ATLAS];

#endif
