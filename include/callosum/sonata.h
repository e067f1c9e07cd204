/* callosum/sonata.h - the HDF5 files of SONATA (https://github.com/AllenInstitute/sonata: nodes, edges, spikes, reports)
 * as data sets that are found by their paths. What they mean to a network: docs/sonata.md. */
#ifndef CALLOSUM_SONATA_H
#define CALLOSUM_SONATA_H

#include "callosum/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A vector of numbers. */
typedef struct cal_sonata_set {
    char *path;       /**< "/edges/a_to_b/source_node_id" */
    char *population; /**< its attribute node_population; "": it has none */
    char *unit;       /**< its attribute units; "": it has none */
    size_t n;
    double *values;
} cal_sonata_set;

typedef struct cal_sonata_file {
    char *name; /**< in messages */
    size_t n_sets;
    cal_sonata_set *sets; /**< in the order of their paths */
} cal_sonata_file;

/** Loads all vectors of numbers below the group `root` ("nodes", "edges", "spikes"), without indices and libraries of texts.
 *  A child process reads the file, because some broken ones crash the library. Links are not followed, sizes are held
 *  against the stored bytes. Errors: IO, INPUT (C301 with the path of the data set), MEMORY. */
cal_status cal_sonata_load(cal_context *ctx, const char *path, const char *root, cal_sonata_file *out);
void cal_sonata_free(cal_sonata_file *file);
/** The set of this path, which is a format; NULL: there is none. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
const cal_sonata_set *cal_sonata_find(const cal_sonata_file *file, const char *format, ...);

typedef enum cal_sonata_type {
    CAL_SONATA_F64,
    CAL_SONATA_F32,
    CAL_SONATA_U64,
    CAL_SONATA_U32,
    CAL_SONATA_U8,
    CAL_SONATA_TEXT,   /**< attributes: values is the text */
    CAL_SONATA_BY_TIME /**< attributes: the word by_time of SONATA's sorting */
} cal_sonata_type;

/** A data set or an attribute that is written. Pointers are borrowed for the call. */
typedef struct cal_sonata_item {
    const char *path;      /**< "/spikes/E/timestamps"; missing groups above it are made */
    const char *attribute; /**< NULL: a data set; else an attribute of it, or of a group, which is made */
    cal_sonata_type type;
    size_t n, n_columns;   /**< rows; columns of a matrix, 0: a vector; attributes: n numbers, 0: a single one */
    const void *values;
} cal_sonata_item;

/** Writes a file whole or not at all, with the format's magic number and version; equal items give equal bytes. Errors: IO. */
cal_status cal_sonata_save(cal_context *ctx, const char *path, const cal_sonata_item *items, size_t n_items);

#ifdef __cplusplus
}
#endif
#endif
