/* Text into numbers: matrices and label tables with any usual delimiter, and their packings. */
#ifndef CALI_CONNECTOMES_TEXT_TABLE_H
#define CALI_CONNECTOMES_TEXT_TABLE_H

#include "connectomes/connectome.h"

/** Most bytes that `packed` bytes may become: 64 MiB and 1100 per byte (deflate reaches 1032), at
 *  most CALI_MAX_BYTES. */
size_t cali_unpack_limit(size_t packed);
/** Unpacks gzip (also several in a row) or bzip2 into `*out`, which is NUL-terminated and released
 *  with free(); `*out` stays NULL if the bytes are neither. Errors: INPUT (C301 broken, too large),
 *  MEMORY. */
cal_status cali_unpack(cal_context *ctx, const char *file, const char *data, size_t size,
                       char **out, size_t *out_size);

/** Reads a matrix of numbers. Delimiter: comma, semicolon, tab or blanks, told from the first line;
 *  lines that begin with # or % are comments. A row of column names and a column of row names may
 *  be there; the names then go to `*labels` (NULL is accepted; NULL comes back if there are none).
 *  `is_square` lets counting numbers stand for names. `what` names the matrix in messages.
 *  `data` is NUL-terminated behind `size`. Errors: INPUT (C301 with line and column), MEMORY. */
cal_status cali_text_matrix(cal_context *ctx, const char *file, const char *what, bool is_square,
                            const char *data, size_t size, cali_array *out, char ***labels);

/** Reads a table with a row per region: label and, if there, x, y, z. A first row of words names
 *  the columns (name, label, region; x, y, z; index); without one the label is the first word of a
 *  row and the centre follows. `centres` stays empty if there are none. Errors: INPUT, MEMORY. */
cal_status cali_text_labels(cal_context *ctx, const char *file, const char *data, size_t size,
                            char ***labels, size_t *n_labels, cali_array *centres);

/** Copies the text between `at` and `stop` to at most `limit` bytes and a NUL: control characters and
 *  broken UTF-8 become '?'; with `is_quoted` doubled quotes become one. */
void cali_text_clean(const char *at, const char *stop, bool is_quoted, char *to, size_t limit);

/** The number between `at` and `stop`, all of it; never looks at the locale. */
bool cali_text_number(const char *at, const char *stop, double *value);

#endif
