/* Savers as a table: each turns a connectome into named pieces of bytes, and the container says where these go.
 * Nothing is written before all of them are made. */
#ifndef CALI_CONNECTOMES_SAVE_H
#define CALI_CONNECTOMES_SAVE_H

#include "base/text.h"
#include "connectomes/connectome.h"

enum { CALI_MOST_PIECES = 16, CALI_N_PARTS = 7 };

typedef struct cali_piece {
    char name[640]; /* file name, with folders in BIDS; "" in a container of one file */
    cali_text text;
} cali_piece;

typedef struct cali_bundle {
    cali_piece pieces[CALI_MOST_PIECES];
    size_t n;
} cali_bundle;

/** A further piece to be filled; its text stays in the bundle. */
cali_text *cali_bundle_add(cali_bundle *bundle, const char *name);
void cali_bundle_free(cali_bundle *bundle);

typedef enum cali_container {
    CALI_ONE_FILE,
    CALI_ARCHIVE,        /* a zip, deflated */
    CALI_STORED_ARCHIVE, /* a zip without packing, as numpy.savez makes it */
    CALI_FOLDER
} cali_container;

/** What a connectome may have beside weights, lengths and labels. */
typedef enum cali_extra {
    CALI_HAS_CENTRES = 1,
    CALI_HAS_ORIENTATIONS = 2,
    CALI_HAS_AREAS = 4,
    CALI_HAS_CORTICAL = 8,
    CALI_HAS_HEMISPHERES = 16,
    CALI_HAS_ALL = 31
} cali_extra;

typedef struct cali_saver {
    const char *name;           /* of --format */
    const char *const *endings; /* lower case, ended by NULL; a path that ends so gets this format */
    const char *meaning;        /* one phrase for the help */
    cali_container container;
    unsigned holds;             /* of cali_extra */
    cal_status (*collect)(cal_context *ctx, const cal_connectome *self, cali_bundle *out);
} cali_saver;

extern const cali_saver *const cali_savers[];
extern const size_t cali_n_savers;

/** One array of a connectome; either values or flags. */
typedef struct cali_part {
    const char *name, *file; /* "orientations", and "average_orientations" as TVB calls the file */
    const double *values;
    const uint8_t *flags;
    size_t n_rows, n_columns;
    unsigned extra; /* of cali_extra; 0: weights and lengths */
} cali_part;
/** The arrays that are there, weights and lengths first; returns how many. */
size_t cali_parts(const cal_connectome *self, cali_part parts[CALI_N_PARTS]);

/** Rows of numbers that read back as the same doubles. */
void cali_text_add_rows(cali_text *text, const cali_part *part, char delimiter);
/** A label, in quotes where it would read as something else. */
void cali_text_add_label(cali_text *text, const char *label);
/** A table with a header: index, name and, if there are centres, x, y, z. */
void cali_text_add_regions(cali_text *text, const cal_connectome *self, char delimiter);

/** Packs the pieces into a zip; equal pieces give equal bytes. In zip.c. Errors: IO, MEMORY. */
cal_status cali_archive_pack(cal_context *ctx, const cali_bundle *bundle, bool is_stored, cali_text *out);

#endif
