/* What the files of this folder share: the layout of a recording, and the two tables behind the
 * public face.
 *
 *      cal_recorder  ->  queue  ->  writer thread  ->  cali_sink   (hdf5, memory)
 *      cal_recording ------------------------------->  cali_source (hdf5, memory) */
#ifndef CALI_RECORDING_PARTS_H
#define CALI_RECORDING_PARTS_H

#include "callosum/recording.h"

/* ---- layout: what is recorded, frozen by cal_recorder_start -----------------------------------
 */

/** A signal; texts owned. `n_rows` counts rows that the sink holds. */
typedef struct cali_rec_signal {
    char *name, *unit, *long_name, *axis, *monitor; /* monitor: NULL if there is none */
    cal_time t_first, every;
    size_t n_columns, n_rows;
    char **labels;
    bool is_float32;
} cali_rec_signal;

/** The spikes of a population; texts owned. */
typedef struct cali_rec_train {
    char *region, *population;
    uint32_t n_neurons, n_recorded;
    double expected_rate_Hz;
    size_t n_spikes;
} cali_rec_train;

/** A constant: a matrix (values), or a list of texts (texts, n_columns = 1). Owned. */
typedef struct cali_rec_constant {
    char *path, *unit;
    size_t n_rows, n_columns;
    double *values;
    char **texts;
} cali_rec_constant;

typedef struct cali_layout {
    char *title;
    cal_time duration;
    cali_rec_signal *signals;
    cali_rec_train *trains;
    cali_rec_constant *constants;
    size_t n_signals, n_trains, n_constants;
    size_t signal_capacity, train_capacity, constant_capacity;
} cali_layout;

/* Each copies what it is given and refuses with ARGUMENT what no file could hold. */
cal_status cali_layout_add_signal(cal_context *ctx, cali_layout *layout, const cal_signal_def *def);
cal_status cali_layout_add_spikes(cal_context *ctx, cali_layout *layout, const cal_spikes_def *def);
cal_status cali_layout_add_matrix(cal_context *ctx, cali_layout *layout, const char *path,
                                  const char *unit, size_t n_rows, size_t n_columns,
                                  const double *values);
cal_status cali_layout_add_texts(cal_context *ctx, cali_layout *layout, const char *path, size_t n,
                                 const char *const *texts);
void cali_layout_clear(cali_layout *layout);
const cali_rec_constant *cali_layout_find_constant(const cali_layout *layout, const char *path);

/** Samples of a signal in (or at the borders of) [0, t]. */
size_t cali_layout_rows_until(cal_time t_first, cal_time every, cal_time t);
/** Spikes that a train is expected to have. */
double cali_layout_spikes(const cali_layout *layout, const cali_rec_train *train);
double cali_layout_estimate(const cali_layout *layout);
/** Refuses a recording above the budget: INPUT with message C501. */
cal_status cali_layout_check_budget(cal_context *ctx, const cali_layout *layout,
                                    double budget_bytes);

/** A list of n copied texts. Errors: MEMORY. */
cal_status cali_texts_copy(cal_context *ctx, size_t n, const char *const *texts, char ***out);
void cali_texts_free(size_t n, char **texts);

/* ---- sinks ------------------------------------------------------------------------------------
 */

/** The first failure of a sink. Kept here and not with the context, because it arises on the
 *  writer's thread and is told to the caller at the next call. */
typedef struct cali_failure {
    cal_status status;
    char text[1024];
} cali_failure;

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
cal_status
cali_failure_set(cali_failure *failure, cal_status status, const char *format, ...);

typedef struct cali_source cali_source;

/** Operations of a sink. Required unless marked optional. Calls never overlap; `append`,
 *  `append_spikes`, `commit` and `flush` come from the writer's thread if `has_thread`. */
typedef struct cali_sink {
    const char *name;
    bool has_thread; /**< data go through the queue to a thread of the recorder */
    cal_status (*create)(cal_context *ctx, const cal_recorder_def *def, void **self);
    /** `layout` is borrowed and outlives the sink. */
    cal_status (*start)(void *self, cali_layout *layout, cali_failure *failure);
    cal_status (*append)(void *self, size_t signal, size_t n_rows, const double *rows,
                         cali_failure *failure);
    cal_status (*append_spikes)(void *self, size_t train, size_t n, const cal_time *times,
                                const uint32_t *ids, cali_failure *failure);
    /** Sets `*is_flushed` if everything up to `t` is on the disk already. */
    cal_status (*commit)(void *self, cal_time t, bool *is_flushed, cali_failure *failure);
    /** Optional: gives the file another name. Called like `flush`, with nothing left to flush. */
    cal_status (*move)(void *self, const char *path);
    /** Brings everything committed to the disk; only called between a commit and the next append.
     */
    cal_status (*flush)(void *self, cali_failure *failure);
    cal_status (*finish)(void *self, cali_failure *failure);
    void (*destroy)(void *self);
    const cali_source *source; /**< optional: reads the finished sink itself */
} cali_sink;

#define CALI_SINK(entry) extern const cali_sink entry;
#include "recording/sinks.def"
#undef CALI_SINK

const cali_sink *cali_sink_find(const char *name);

/* ---- sources ----------------------------------------------------------------------------------
 */

/** Operations that read back. Indices and ranges have been checked. */
struct cali_source {
    cal_status (*read)(void *self, size_t signal, size_t first, size_t n, double *rows);
    cal_status (*read_spikes)(void *self, size_t train, size_t first, size_t n, double *times_ms,
                              uint32_t *ids);
    cal_status (*read_matrix)(void *self, const char *path, size_t *n_rows, size_t *n_columns,
                              double **values);
    cal_status (*read_texts)(void *self, const char *path, size_t *n, char ***texts);
    void (*close)(void *self);
};

/** An opened recording: `layout` holds its facts (constants only for the memory source). */
struct cal_recording {
    cal_context *ctx;
    cali_layout layout;
    cal_time stop;
    bool is_complete;
    const cali_source *source;
    void *self;
};

/** Opens a file: fills layout, stop, is_complete, source and self. */
cal_status cali_hdf5_open(cal_context *ctx, const char *path, cal_recording *out);
/** cal_recording_open without the child process that opens the file first: for files of our own making. */
cal_status cali_recording_open_here(cal_context *ctx, const char *path, cal_recording **out);

#endif
