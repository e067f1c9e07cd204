/* The numbers behind the page, as one JSON text. Everything is computed here; the scripts of the page
 * only draw. docs/report.md describes the fields. */
#ifndef CALI_REPORT_PAGE_DATA_H
#define CALI_REPORT_PAGE_DATA_H

#include "base/text.h"
#include "report/run.h"

/** Adds the JSON object of a run. Errors: IO, MEMORY. */
cal_status cali_page_data(cali_run *run, cali_text *json);

/** Reduces a series to at most about `n_wanted` values (at least 16): all of them, or the smallest and
 *  the largest of every `*bucket` samples in the order in which they came, so that no excursion is
 *  lost and none is moved by more than a bucket. Returns the number of values; `out` holds
 *  cali_decimated(n, n_wanted, &bucket) of them. */
size_t cali_decimated(size_t n, size_t n_wanted, size_t *bucket);
void cali_decimate(const double *x, size_t n, size_t bucket, double *out);

/** Adds the bytes in base64 (RFC 4648). */
void cali_text_add_base64(cali_text *text, const void *bytes, size_t n);

#endif
