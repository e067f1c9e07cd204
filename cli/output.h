/* What the verbs print: aligned tables, JSON, failures. */
#ifndef CALI_CLI_OUTPUT_H
#define CALI_CLI_OUTPUT_H

#include <stdio.h>

#include "base/json.h"
#include "cli/options.h"

/** Prints the context's message to standard error and returns `exit_status`. */
cali_exit cali_fail(const cal_context *ctx, cali_exit exit_status);

/** Prints a finished JSON text with a newline to standard output and frees it. */
cali_exit cali_print_json(cali_text *json);

enum { CALI_TABLE_MAX_COLUMNS = 12 };

/** A table of texts; widths follow the contents (counted in characters). A heading that begins with ">" sets its
 *  column flush right. Zero-initialise, begin, add cells row by row, print (which frees). */
typedef struct cali_table {
    size_t n_columns, n_cells, capacity;
    const char *headings[CALI_TABLE_MAX_COLUMNS];
    char **cells;
    bool is_broken;
} cali_table;

/** `headings` are borrowed; all empty: no line of headings. */
void cali_table_begin(cali_table *table, size_t n_columns, const char *const *headings);
/** Adds the next cell, row by row; copied. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void cali_table_add(cali_table *table, const char *format, ...);
/** Adds a number in its shortest form, as it stands in a table of parameters; infinite ends print as "inf". */
void cali_table_add_number(cali_table *table, double value);
/** Prints with `indent` blanks before each row, then frees. */
void cali_table_print(cali_table *table, FILE *file, int indent);

#endif
