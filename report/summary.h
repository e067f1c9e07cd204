/* The summary table; the public face is cal_report_summary. */
#ifndef CALI_REPORT_SUMMARY_H
#define CALI_REPORT_SUMMARY_H

#include "base/text.h"
#include "report/run.h"

/** Adds {"rows": [...], "t_stop_ms", "transient_ms"}. Errors: IO, MEMORY. */
cal_status cali_summary_json(cali_run *run, cali_text *json);

/** A number with at least `digits` significant digits (1: whole numbers), thousands with commas, no
 *  exponent between 1e-4 and 1e15; "-" if not finite. */
void cali_text_add_readable(cali_text *text, double value, int digits);

/** Adds a table of cells as aligned text: columns of `is_right` to the right, two blanks between, no
 *  blanks at line ends. `cells` is (n_rows x n_columns), the first row is the head. Width counts
 *  UTF-8 characters. */
void cali_text_add_table(cali_text *text, const char *const *cells, size_t n_rows, size_t n_columns,
                         const bool *is_right);

#endif
