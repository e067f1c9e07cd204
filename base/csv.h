/* Tables of text with a header row: parameters by region, sweeps, test points. */
#ifndef CALI_BASE_CSV_H
#define CALI_BASE_CSV_H

#include "callosum/base.h"

/** Where a cell stands counts from 1. A cell that a short row lacks is "" at the row's end. */
typedef struct cali_cell {
    const char *text; /**< without quotes and the blanks around it */
    unsigned line, column;
} cali_cell;

typedef struct cali_csv {
    char *name; /**< file's name in messages */
    char *data; /**< what the cells point into */
    size_t n_columns, n_rows;
    cali_cell *names; /**< n_columns: "tau" of the header "tau (ms)" or "tau [ms]" */
    const char **units; /**< n_columns: "ms"; NULL: the header names no unit */
    cali_cell *cells; /**< (n_rows x n_columns) */
} cali_csv;

/** Reads a table. Fields are divided by commas, semicolons or tabs, told from the header; quotes as in RFC 4180,
 *  inside one line; lines that begin with # and empty ones are left out; at most 64 MiB. The path
 *  stands in messages. Errors: IO, INPUT (file:line:column C301 no header, a column twice or without a name,
 *  a row with too many cells, a quote that is not closed), MEMORY. */
cal_status cali_csv_load(cal_context *ctx, const char *path, cali_csv *out);
/** The same from memory; `data` is copied. */
cal_status cali_csv_parse(cal_context *ctx, const char *name, const char *data, size_t size, cali_csv *out);
void cali_csv_free(cali_csv *csv);

/** Index of a column, or -1. */
int cali_csv_find(const cali_csv *csv, const char *name);
static inline const cali_cell *cali_csv_at(const cali_csv *csv, size_t row, size_t column)
{
    return &csv->cells[row * csv->n_columns + column];
}
/** The number of a cell, with its own unit, else with the unit of the header, in `unit`. A cell or header without
 *  a unit counts in `unit` if that has no dimension. Errors: INPUT (file:line:column, code C102 no unit, C103
 *  another dimension, C301 no finite number). */
cal_status cali_csv_number(cal_context *ctx, const cali_csv *csv, size_t row, size_t column, const char *unit,
                           double *value);
/** A column of times in ms, each after the one before it. Errors: as cali_csv_number, and INPUT (C106 they do not rise,
 *  C301 there are none). */
cal_status cali_csv_times(cal_context *ctx, const cali_csv *csv, size_t column, double *times_ms);

#endif
