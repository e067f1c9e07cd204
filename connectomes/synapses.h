/* Lists of synapses as columns of numbers, from whatever file. */
#ifndef CALI_CONNECTOMES_SYNAPSES_H
#define CALI_CONNECTOMES_SYNAPSES_H

#include "base/csv.h"
#include "connectomes/loaders.h"

typedef enum cali_synapse_column {
    CALI_SYNAPSE_SOURCE,
    CALI_SYNAPSE_TARGET,
    CALI_SYNAPSE_WEIGHT,
    CALI_SYNAPSE_DELAY,
    CALI_N_SYNAPSE_COLUMNS
} cali_synapse_column;

/** Columns of equal length as a file gave them, weights and delays in the units that the list has. */
typedef struct cali_synapse_columns {
    size_t n;
    double *values[CALI_N_SYNAPSE_COLUMNS]; /* NULL: absent */
    char file[512];                         /* begins messages */
    const char *names[CALI_N_SYNAPSE_COLUMNS]; /* in messages */
    const cali_csv *csv; /* or NULL; then these are its columns, -1: absent */
    int csv_column[CALI_N_SYNAPSE_COLUMNS];
} cali_synapse_columns;

/** "source", "target", "weight", "delay". */
extern const char *const cali_synapse_names[CALI_N_SYNAPSE_COLUMNS];

void cali_synapse_columns_free(cali_synapse_columns *columns);
/** Checks the columns and makes the list. Errors: INPUT, MEMORY. */
cal_status cali_synapses_finish(cal_context *ctx, const cal_synapse_source *source, const cali_synapse_columns *columns,
                                cal_synapse_list *out);
/** Weights or delays from `unit` into that of the list. Errors: INPUT (C102, C103). */
cal_status cali_synapses_convert(cal_context *ctx, const cal_synapse_source *source, cali_synapse_columns *columns,
                                 cali_synapse_column which, const char *unit);

/** Archives and arrays of NumPy. */
cal_status cali_synapses_read_npz(cal_context *ctx, const cal_synapse_source *source, const cali_input *input,
                                  cali_synapse_columns *out);
cal_status cali_synapses_read_npy(cal_context *ctx, const cal_synapse_source *source, const cali_input *input,
                                  cali_synapse_columns *out);

/** Loads from memory, for tests and fuzzing. */
cal_status cali_synapses_load_memory(cal_context *ctx, const cal_synapse_source *source, const cali_input *input,
                                     cal_synapse_list *out);

#endif
