/* Loaders as a table: one const entry each, listed in loaders.def. */
#ifndef CALI_CONNECTOMES_LOADERS_H
#define CALI_CONNECTOMES_LOADERS_H

#include <locale.h>

#include "connectomes/connectome.h"

/** Bytes to read. `path` is NULL when they come from memory; `data` is NULL when the loader opens
 *  the path itself. `data` is NUL-terminated behind its `size` bytes. */
typedef struct cali_input {
    const char *name; /* base name as given by the user */
    const char *path;
    const char *data;
    size_t size;
} cali_input;

/** Most of a file's first bytes that a probe sees. */
enum { CALI_HEAD_SIZE = 128 };

typedef struct cali_loader {
    const char *name;
    const char *const *suffixes; /* lower case, ended by NULL */
    bool is_for_directories;
    bool opens_path;    /* does not want the bytes */
    bool needs_lengths; /* reads a second file of tract lengths */
    /** Whether the first bytes are of this format; NULL: cannot be told from them. */
    bool (*probe)(const unsigned char *head, size_t n);
    /** Whether a folder is of this format; NULL: any folder. */
    bool (*probe_folder)(const char *path);
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

/** Numbers are read and written in the C locale, whatever the program around has set. */
typedef struct cali_plain_locale {
    locale_t own, before;
} cali_plain_locale;
cali_plain_locale cali_plain_locale_enter(void);
void cali_plain_locale_leave(cali_plain_locale locale);

/* ---- archives (zip.c) ------------------------------------------------------------------------ */

/** What is looked for in a zip, and who reads it. */
typedef struct cali_archive_reader {
    /** Which member (0 to 15) a path stands for, -1: none. Of several the one of least `rank` is read. */
    int (*find)(const char *path, size_t *rank);
    cal_status (*read)(cal_context *ctx, int member, const char *file, const char *data, size_t size, void *into);
    /** Refuses when something is missing; `names` lists what the archive has. */
    cal_status (*check)(cal_context *ctx, const char *file, const char *names, const void *into);
} cali_archive_reader;
/** `into` is the reader's own: a cali_raw for connectomes. */
cal_status cali_archive_load(cal_context *ctx, const cali_input *input, const cali_archive_reader *reader, void *into);
/** The name of the first member of a zip, from the file's first bytes; false: it is none, or the name is cut. */
bool cali_archive_first_name(const unsigned char *head, size_t n, char name[CALI_HEAD_SIZE]);

/* ---- arrays that have names (named.c): NumPy, MATLAB, HDF5 ------------------------------------- */

typedef enum cali_named {
    CALI_NAMED_WEIGHTS,
    CALI_NAMED_LENGTHS,
    CALI_NAMED_CENTRES,
    CALI_NAMED_ORIENTATIONS,
    CALI_NAMED_AREAS,
    CALI_NAMED_CORTICAL,
    CALI_NAMED_HEMISPHERES,
    CALI_NAMED_LABELS,
    CALI_NAMED_DIRECTION,   /* "to-from" or "from-to" */
    CALI_NAMED_LENGTH_UNIT,
    CALI_N_NAMED
} cali_named;

/** Which array a name stands for (letters in any case, an ending .npy left out), -1: none. `rank`: its place among the names
 *  of that array. */
int cali_named_find(const char *name, size_t *rank);
/** The k-th name of an array, the usual one first; NULL: there are no more. */
const char *cali_named_name(cali_named which, size_t k);
/** The array of `raw`; NULL for texts. */
cali_array *cali_named_array(cali_raw *raw, cali_named which);
/** Takes a text that states the direction or the unit. */
void cali_named_state(cali_raw *raw, cali_named which, const char *text);
/** Refuses when weights or lengths are missing; `names` is what the file has. */
cal_status cali_named_check(cal_context *ctx, const char *file, const char *names, const cali_raw *raw);

/** The word that follows `key` in a text of the form key = "word" or "key": "word"; "" if there is none. */
void cali_find_word(const char *text, const char *key, char *word, size_t size);

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
