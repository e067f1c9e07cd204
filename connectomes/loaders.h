/* Loaders as a table: one const entry each, listed in loaders.def. */
#ifndef CALI_CONNECTOMES_LOADERS_H
#define CALI_CONNECTOMES_LOADERS_H

#include "connectomes/connectome.h"

/** Bytes to read. `path` is NULL when they come from memory; `data` is NULL when the loader opens
 *  the path itself. `data` is NUL-terminated behind its `size` bytes. */
typedef struct cali_input {
    const char *name; /* base name as given by the user */
    const char *path;
    const char *data;
    size_t size;
} cali_input;

typedef struct cali_loader {
    const char *name;
    const char *const *suffixes; /* lower case, ended by NULL */
    bool is_for_directories;
    bool opens_path;    /* does not want the bytes */
    bool needs_lengths; /* reads a second file of tract lengths */
    /** Whether the first bytes are of this format; NULL: cannot be told from them. */
    bool (*probe)(const unsigned char *head, size_t n);
    /** `lengths` is NULL unless needs_lengths. Errors: IO, INPUT, MEMORY. */
    cal_status (*load)(cal_context *ctx, const cali_input *input, const cali_input *lengths,
                       cali_raw *raw);
} cali_loader;

extern const cali_loader *const cali_loaders[];
extern const size_t cali_n_loaders;

const cali_loader *cali_loader_find(const char *name);

/** Loads from memory with the loader called `loader`; for tests and fuzzing. `lengths` and `labels`
 *  may be NULL. Errors as cal_connectome_load. */
cal_status cali_connectome_load_memory(cal_context *ctx, const cal_connectome_source *source,
                                       const char *loader, const cali_input *input,
                                       const cali_input *lengths, const cali_input *labels,
                                       cal_connectome **out);

/* ---- members of a TVB folder or archive ------------------------------------------------------ */

/** Which member a file name stands for, -1: none. Folders, ".txt", ".csv", ".tsv" and the packings
 *  ".gz", ".bz2" are stripped; "centers" is "centres". */
int cali_member_find(const char *path);
extern const size_t cali_n_members;
/** Reads a member's bytes (packed or not) into `raw`; `prefix` begins messages. */
cal_status cali_member_read(cal_context *ctx, int member, const char *prefix, const char *data,
                            size_t size, cali_raw *raw);
/** Refuses when weights or tract lengths are missing. */
cal_status cali_members_check(cal_context *ctx, const char *name, const cali_raw *raw);

#endif
