/* What tests of all folders share. */
#ifndef CALI_TESTS_SUPPORT_H
#define CALI_TESTS_SUPPORT_H

#include "callosum/base.h"

/** Path of a file of the reference data, which lies beside the project (environment variable
 *  CALLOSUM_SHARED, or ../shared); NULL where it is absent: the test then skips and says so.
 *  Static buffer, valid until the next call. */
const char *cali_test_shared(const char *relative);

/** A context with `n_threads` threads that keeps the last note; never NULL. */
cal_context *cali_test_context(unsigned n_threads);
/** The last note that a test context got, "" if none. */
const char *cali_test_last_note(void);

/** A fresh empty directory below the build folder; static buffer, valid until the next call. */
const char *cali_test_directory(void);

/** A table of numbers read from a CSV file: lines that begin with '#' are skipped, the first other
 *  line names the columns. Fields that are no number read as NaN. */
typedef struct cali_test_table {
    size_t n_rows, n_columns;
    char **names;
    double *values; /* (n_rows x n_columns) */
} cali_test_table;

/** NULL if the file cannot be read. Freed with cali_test_table_free. */
cali_test_table *cali_test_read_csv(const char *path);
void cali_test_table_free(cali_test_table *table);
/** Index of a column; aborts the test if there is none. */
size_t cali_test_column(const cali_test_table *table, const char *name);
double cali_test_value(const cali_test_table *table, size_t row, const char *column);

#endif
