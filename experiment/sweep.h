/* Inside a sweep: what its files share.
 *
 *      table or product  --sweep_rows-->  rows of overrides  --sweep-->  a session per run, on all threads
 *      rows of a session --sweep_figures--> figures and packed signals --sweep_journal--> sweep.part
 *      sweep.part        --sweep_output-->  sweep.h5, table.csv, in the order of the rows */
#ifndef CALI_EXPERIMENT_SWEEP_H
#define CALI_EXPERIMENT_SWEEP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/csv.h"
#include "experiment/session.h"

/* ---- rows ------------------------------------------------------------------------------------------------ */

typedef struct cali_sweep_rows {
    char *source;   /* path of the table, or the product */
    bool is_product;
    cali_csv csv;   /* a product is written out as a table */
    bool *is_label; /* per column: goes to the table and changes nothing */
} cali_sweep_rows;

/** Errors: IO, INPUT (C301 no rows; C101 a column that is neither label nor path; C109 no product), MEMORY. */
cal_status cali_sweep_rows_load(cal_context *ctx, const char *text, cali_sweep_rows *out);
void cali_sweep_rows_free(cali_sweep_rows *rows);
/** Where row `row` stands, for messages: "table.csv:3", or the row's values of a product. */
void cali_sweep_row_name(const cali_sweep_rows *rows, size_t row, cali_text *out);

/** Overrides of one row with their places; zero-initialise. */
typedef struct cali_row_overrides {
    cali_text texts;
    const char **overrides, **heads;
    size_t n;
} cali_row_overrides;
/** `first` texts come before those of the row. Errors: MEMORY. */
cal_status cali_row_overrides_make(cal_context *ctx, const cali_sweep_rows *rows, size_t row, const char *const *first,
                                   size_t n_first, cali_row_overrides *out);
void cali_row_overrides_free(cali_row_overrides *overrides);

/** sweep_product.c: writes a product out as a table. Errors: INPUT C109, MEMORY. */
cal_status cali_sweep_expand(cal_context *ctx, const char *text, cali_text *csv);
enum { CALI_SWEEP_MOST_ROWS = 1000000 };

/* ---- what a run leaves ------------------------------------------------------------------------------------ */

typedef enum cali_run_state { CALI_RUN_OPEN, CALI_RUN_OK, CALI_RUN_FAILED } cali_run_state;

/** A finished run. `shape` is JSON: {"figures": [{name, unit, meaning}], "signals": [{...}]}; runs of equal shapes go
 *  together. */
typedef struct cali_outcome {
    cali_run_state state;
    double wall_s;
    cali_text text;   /* OK: the shape; FAILED: the message */
    double *figures;  /* n_figures */
    size_t n_figures;
    void **packed;    /* n_signals, as cal_stack_pack gives them */
    size_t *sizes;
    size_t n_signals;
} cali_outcome;
void cali_outcome_free(cali_outcome *outcome);

/** sweep_figures.c: fills shape, figures and, unless the table alone is kept, signals. */
cal_status cali_outcome_take(cal_context *ctx, const cal_experiment *experiment, cal_recording *recording,
                             bool is_table_only, cali_outcome *out);

/* ---- journal ---------------------------------------------------------------------------------------------- */

/** What is known of a run whose outcome is in the journal. */
typedef struct cali_entry_of_run {
    cali_run_state state;
    double wall_s;
    uint64_t offset; /* of the record */
} cali_entry_of_run;

typedef struct cali_journal {
    cal_context *ctx;
    char *path;
    int file;
    uint64_t size;      /* of what is whole */
    double synced_s;
    cali_entry_of_run *entries; /* n_runs */
    size_t n_runs;
} cali_journal;

/** Opens or creates the journal and finds the runs that it holds; what a kill left half written is cut off. Errors: IO,
 *  INPUT (of another sweep), MEMORY. */
cal_status cali_journal_open(cal_context *ctx, const char *path, const char *identity, size_t n_runs, cali_journal *out);
void cali_journal_close(cali_journal *journal);
/** One caller at a time. Errors: IO (the journal is as before). */
cal_status cali_journal_add(cali_journal *journal, size_t run, const cali_outcome *outcome);
/** Errors: IO, INPUT (broken), MEMORY. */
cal_status cali_journal_read(cali_journal *journal, size_t run, cali_outcome *out);

/* ---- the whole --------------------------------------------------------------------------------------------- */

typedef struct cali_cached_connectome {
    cal_connectome *connectome;
    char *key;
} cali_cached_connectome;

struct cal_sweep {
    cal_context *ctx;
    char *path, *text; /* of the experiment */
    size_t text_size;
    char **overrides;
    size_t n_overrides;
    bool is_mean_field, is_table_only;
    cali_sweep_rows rows;
    char *title;
    double budget_bytes, bytes;

    pthread_mutex_t lock; /* guards the cache, and HDF5 below the loaders */
    cali_cached_connectome *cached;
    size_t n_cached, cached_capacity;
    double cached_bytes;
};

/** sweep_output.c: the files of a folder from its journal. Errors: IO, INPUT, MEMORY. */
cal_status cali_sweep_write(cal_sweep *sweep, const char *directory, cali_journal *journal, const cal_sweep_state *state);

#endif
