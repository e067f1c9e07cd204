/* NumPy's .npy: one array with a header (NEP 1, versions 1 to 3 of the format). */
#ifndef CALI_CONNECTOMES_NPY_H
#define CALI_CONNECTOMES_NPY_H

#include "base/text.h"
#include "connectomes/save.h"

/** Reads numbers: booleans, integers and floats of any size up to 8 bytes, both orders of bytes and of the matrix; a vector
 *  is a column. Objects (pickles), complex numbers and records are refused. `what` names the array in messages. Errors:
 *  INPUT (C301), MEMORY. */
cal_status cali_npy_read(cal_context *ctx, const char *file, const char *what, const char *data, size_t size,
                         cali_array *out);
/** The same for up to 2^31 rows instead of as many as there may be regions; none are allowed too. */
cal_status cali_npy_read_long(cal_context *ctx, const char *file, const char *what, const char *data, size_t size,
                              cali_array *out);
/** Reads texts: unicode or bytes; a single text is a list of one. */
cal_status cali_npy_read_texts(cal_context *ctx, const char *file, const char *what, const char *data, size_t size,
                               char ***texts, size_t *n);

/** Writes doubles or booleans, in C order, little-endian; one column is written as a vector. */
void cali_npy_add(cali_text *out, const cali_part *part);
/** Writes unicode texts; `is_single` gives an array without dimension. */
void cali_npy_add_texts(cali_text *out, const char *const *texts, size_t n, bool is_single);

#endif
