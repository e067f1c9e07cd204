/* How numbers travel to the page: JSON, and little-endian bytes in base64 where there are many. */
#ifndef CALI_REPORT_PAGE_ENCODE_H
#define CALI_REPORT_PAGE_ENCODE_H

#include "base/text.h"
#include "report/run.h"

/** Adds the bytes in base64 (RFC 4648). */
void cali_text_add_base64(cali_text *text, const void *bytes, size_t n);

/** Reduces a series to at most about `n_wanted` values (at least 16): all of them, or the smallest and
 *  the largest of every `*bucket` samples in the order in which they came, so that no excursion is
 *  lost and none is moved by more than a bucket. Returns the number of values; `out` holds
 *  cali_decimated(n, n_wanted, &bucket) of them. */
size_t cali_decimated(size_t n, size_t n_wanted, size_t *bucket);
void cali_decimate(const double *x, size_t n, size_t bucket, double *out);

/* Members of an object of which the last one, or the opening bracket, stands at the end of `json`. */
void cali_page_key(cali_text *json, const char *key);
void cali_page_number(cali_text *json, const char *key, double value); /**< null where not finite */
void cali_page_text(cali_text *json, const char *key, const char *value);
void cali_page_numbers(cali_text *json, const char *key, const double *x, size_t n); /**< six digits */

/** Little-endian bytes, whatever the machine. */
void cali_page_put_bits(unsigned char *at, uint32_t bits, size_t n);
/** A text of float32. Errors: MEMORY. */
cal_status cali_page_float32(cal_context *ctx, cali_text *json, const double *x, size_t n);
/** Codes 0 .. 65534 from low to high, 65535 for what is not finite; two bytes each. */
void cali_page_quantise(const double *x, size_t n, double low, double high, unsigned char *bytes);
/** A member with `x` as codes from low to high. Errors: MEMORY. */
cal_status cali_page_codes(cal_context *ctx, cali_text *json, const char *key, const double *x, size_t n, double low,
                           double high);
/** A member with the upper triangle, diagonal included, of a symmetric matrix of correlations, rows one after
 *  the other, as codes from -1 to 1. Errors: MEMORY. */
cal_status cali_page_correlations(cal_context *ctx, cali_text *json, const char *key, const double *values, size_t n);
/** A member {"low", "high", "codes"} with the natural logarithms of `x` as codes; what is not above 0 has the code
 *  65535. Over twelve decades a code is right within 0.02 %. Errors: MEMORY. */
cal_status cali_page_logarithms(cal_context *ctx, cali_text *json, const char *key, const double *x, size_t n);

/** The members n, bucket, low, high and codes of `n_columns` series of `n_rows`, 16 bits for the range of each.
 *  Errors: MEMORY. */
cal_status cali_page_traces(cal_context *ctx, cali_text *json, const double *x, size_t n_columns, size_t n_rows,
                            size_t n_wanted);
/** The member "spectrum": Welch's estimate of each series from row `first` on; nothing if it is too short.
 *  Errors: MEMORY. */
cal_status cali_page_spectra(cal_context *ctx, cali_text *json, const double *x, size_t n_columns, size_t n_rows,
                             size_t first, double every_ms);

#endif
