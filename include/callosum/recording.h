/* callosum/recording.h - what a run leaves behind: region signals, spikes and matrices in run.h5.
 *
 * Layout of run.h5 (docs/recording.md has it in full):
 *   /                      attributes format = "callosum-run", format_version, title, t_stop_ms
 *   /<signal>              (time x region) float64 or float32, chunked, compressed, attribute units;
 *                          dimension scales /time_<signal> [ms] and /region (names): the root group opens with
 *                          xarray.open_dataset(path) as it is
 *   /connectome/...        weights, lengths_mm, centres_mm, labels
 *   /spikes/<region>.<population>/{timestamps [ms], node_ids}   SONATA spike layout, sorting by_time
 *   nothing that depends on wall time, host or threads
 * Rows are appended window by window; after a kill or a full disk every committed window is there. */
#ifndef CALLOSUM_RECORDING_H
#define CALLOSUM_RECORDING_H

#include "callosum/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cal_recorder cal_recorder;

typedef struct cal_recorder_def {
    const char *sink;  /**< "hdf5" or "memory" */
    const char *path;  /**< hdf5: file to create; refused if it exists */
    const char *title;
    double budget_bytes; /**< cal_recorder_start refuses more (C501), with the estimate by signal; 0: none */
    cal_time duration;   /**< of the run, for the estimate */
    double flush_ms;     /**< wall time between flushes to the disk, default 1000; 0: cal_recorder_commit returns
                              when the window is in the file */
} cal_recorder_def;
cal_recorder_def cal_recorder_def_default(void);

/** Errors: IO, ARGUMENT (no such sink), MEMORY. */
cal_status cal_recorder_create(cal_context *ctx, const cal_recorder_def *def, cal_recorder **out);
/** Closes; commits nothing more. NULL accepted. */
void cal_recorder_destroy(cal_recorder **recorder);

/** A signal (time x column). Sample j is at t_first + j every. */
typedef struct cal_signal_def {
    const char *name;        /**< dataset name: letters, digits, _ and . */
    const char *unit;        /**< "Hz", "mV", "1", ... */
    const char *long_name;
    cal_time t_first, every;
    const char *axis;            /**< name of the column axis: "region"; signals that share the axis share its
                                      labels */
    size_t n_columns;
    const char *const *labels;   /**< n_columns names; copied */
    bool is_float32;
    const char *monitor;         /**< what made it: "bold", "eeg", ...; NULL: sampled as it is */
} cal_signal_def;
/** Before the start. Errors: ARGUMENT. */
cal_status cal_recorder_add_signal(cal_recorder *recorder, const cal_signal_def *def, size_t *signal);

/** Spikes of one population. `expected_rate_Hz` is for the estimate. */
typedef struct cal_spikes_def {
    const char *region, *population;
    uint32_t n_neurons;       /**< all of them */
    uint32_t n_recorded;
    double expected_rate_Hz;
} cal_spikes_def;
cal_status cal_recorder_add_spikes(cal_recorder *recorder, const cal_spikes_def *def, size_t *train);

/** A constant array below a group: "connectome/weights". Before the start, or between the last commit and the finish,
 *  which then writes it. */
cal_status cal_recorder_add_matrix(cal_recorder *recorder, const char *path, const char *unit, size_t n_rows,
                                   size_t n_columns, const double *values);
/** A constant list of texts, for example "connectome/labels". When: as a matrix. */
cal_status cal_recorder_add_texts(cal_recorder *recorder, const char *path, size_t n,
                                  const char *const *texts);

/** Estimated bytes of the whole recording, before compression. */
double cal_recorder_estimate(const cal_recorder *recorder);

/** Freezes the layout and writes it. Errors: INPUT (C501 above the budget: each signal with its share and
 *  ways to reduce it), IO. */
cal_status cal_recorder_start(cal_recorder *recorder);

/** Appends rows (n_rows x n_columns); copied; written by the recorder's own thread. Thread-safe against the
 *  writer, not against other callers. A failure of the disk is reported here or at commit. Errors: IO, STATE. */
cal_status cal_recorder_append(cal_recorder *recorder, size_t signal, size_t n_rows, const double *rows);
/** Appends spikes sorted by time. */
cal_status cal_recorder_append_spikes(cal_recorder *recorder, size_t train, size_t n, const cal_time *times,
                                      const uint32_t *ids);
/** All data up to simulated time `t` have been appended: the end of a window. Rows of a window become
 *  visible in the file together. */
cal_status cal_recorder_commit(cal_recorder *recorder, cal_time t);
/** Waits until everything committed is on the disk, marks the file complete, closes it. Errors: IO. */
cal_status cal_recorder_finish(cal_recorder *recorder);
/** Bytes handed to the sink so far. */
double cal_recorder_bytes(const cal_recorder *recorder);
/** Seconds that the caller waited for the sink: for room in the queue, at commits with flush_ms = 0, and at the
 *  end. */
double cal_recorder_stall_s(const cal_recorder *recorder);
/** Simulated time up to which everything has reached the file and survives the end of this process. */
cal_time cal_recorder_flushed(cal_recorder *recorder);

/** Rows of a signal that were appended so far. */
size_t cal_recorder_n_rows(const cal_recorder *recorder, size_t signal);
/** Waits until everything committed is in the file and on the disk. Errors: IO, STATE. */
cal_status cal_recorder_sync(cal_recorder *recorder);
/** The same, then gives the file another name, in the place of one that is there. Errors: IO, STATE, UNSUPPORTED. */
cal_status cal_recorder_move(cal_recorder *recorder, const char *path);

/* ---- reading back: the memory sink, and files ---------------------------------------------------- */

typedef struct cal_recording cal_recording;

/** Opens a run.h5, also one left by a killed run or one that another process or a recorder of this one writes. The file is
 *  looked at in a child process first. Errors: IO, INPUT (no callosum run; broken). Hostile files give a message, never a
 *  crash: sizes are checked before allocation. */
cal_status cal_recording_open(cal_context *ctx, const char *path, cal_recording **out);
/** What a memory recorder holds after cal_recorder_finish; the recorder may be destroyed before it. */
cal_status cal_recording_from_memory(cal_recorder *recorder, cal_recording **out);
void cal_recording_close(cal_recording **recording);

/** Opens what was committed so far, before the finish; close it before anything else is appended. Errors: STATE,
 *  UNSUPPORTED (the memory sink), IO, INPUT, MEMORY. */
cal_status cal_recorder_read_back(cal_recorder *recorder, cal_recording **out);

/** One signal or train as it is appended in each window, in pieces of at most `n_piece` rows (0: as a whole). */
typedef struct cal_replay {
    bool is_train;
    size_t index; /**< of the signal or train */
    size_t n_piece;
} cal_replay;
/** Appends what `former`, a recording of the same layout, holds up to simulated time `until`, window by window and in
 *  the given order, with a commit after each: the file then has the bytes that it would have if the run had come here by
 *  itself. Rows that were appended already are left out. The recorder has started; `until` is a whole number of
 *  windows. Errors: INPUT (another layout; `former` ends before), those of reading and appending. */
cal_status cal_recorder_replay(cal_recorder *recorder, cal_recording *former, const cal_replay *order, size_t n,
                               cal_time window, cal_time until);

const char *cal_recording_title(const cal_recording *recording);
/** End of the last committed window. */
cal_time cal_recording_stop(const cal_recording *recording);
bool cal_recording_is_complete(const cal_recording *recording);

typedef struct cal_recording_signal {
    const char *name, *unit, *long_name, *axis;
    const char *monitor; /**< or NULL */
    cal_time t_first, every;
    size_t n_rows, n_columns;
    const char *const *labels;
} cal_recording_signal; /* pointers borrowed from the recording */
size_t cal_recording_n_signals(const cal_recording *recording);
cal_recording_signal cal_recording_get_signal(const cal_recording *recording, size_t index);
/** Rows first .. first + n - 1 into `rows` (n x n_columns). Errors: ARGUMENT, INPUT (broken chunks). */
cal_status cal_recording_read(cal_recording *recording, size_t signal, size_t first, size_t n, double *rows);

typedef struct cal_recording_train {
    const char *region, *population;
    uint32_t n_neurons, n_recorded;
    size_t n_spikes;
} cal_recording_train;
size_t cal_recording_n_trains(const cal_recording *recording);
cal_recording_train cal_recording_get_train(const cal_recording *recording, size_t index);
cal_status cal_recording_read_spikes(cal_recording *recording, size_t train, size_t first, size_t n,
                                     double *times_ms, uint32_t *ids);

/** A matrix by its path; `*values` is released with free(). `*n_rows` 0 and no error if it is absent. */
cal_status cal_recording_read_matrix(cal_recording *recording, const char *path, size_t *n_rows,
                                     size_t *n_columns, double **values);
cal_status cal_recording_read_texts(cal_recording *recording, const char *path, size_t *n, char ***texts);

/** What cal_recording_compare finds. */
typedef struct cal_recording_comparison {
    bool is_identical;
    cal_time until;      /**< compared up to here: the end of the shorter recording */
    size_t n_signals, n_trains, n_matrices; /**< compared before a difference was found */
    double n_values;     /**< of these, one by one */
    char difference[768]; /**< the first one: dataset, time, column, both values; "" if there is none */
} cal_recording_comparison;
/** Compares two recordings dataset by dataset, bit by bit, as far as both reach; results at the end (/analysis) only where
 *  both end at the same time. Errors: those of reading. */
cal_status cal_recording_compare(cal_context *ctx, cal_recording *a, cal_recording *b, cal_recording_comparison *out);

/* ---- many runs in one file ----------------------------------------------------------------------- */

/** A file that is written once, at the end of many runs: /<signal> (run x time x column), and what is one number or one
 *  text per run as variables along the axis /run. Opens with xarray.open_dataset. Runs of different shapes go to groups
 *  of their own. Equal contents are equal bytes. Not thread-safe, and only one thread at a time may use HDF5. */
typedef struct cal_stack cal_stack;

/** Begins `path`.part, which takes the place of `path` at the finish. Errors: IO, MEMORY. */
cal_status cal_stack_create(cal_context *ctx, const char *path, const char *title, cal_stack **out);
/** Closes; without a finish nothing is left. NULL accepted. */
void cal_stack_destroy(cal_stack **stack);
/** What follows goes to `group` ("": the root) with `n_runs` runs of these numbers. Errors: IO. */
cal_status cal_stack_begin(cal_stack *stack, const char *group, size_t n_runs, const uint64_t *numbers);
/** A number of each run; NaN: none. A name that is taken gets a "_" behind it. Errors: IO. */
cal_status cal_stack_add_numbers(cal_stack *stack, const char *name, const char *unit, const char *long_name,
                                 const double *values);
/** A text of each run. */
cal_status cal_stack_add_texts(cal_stack *stack, const char *name, const char *const *texts);
/** A signal with `n_rows` rows in each run. Runs that are not written are NaN. Errors: IO, MEMORY. */
cal_status cal_stack_add_signal(cal_stack *stack, const cal_signal_def *def, size_t n_rows, size_t *signal);
/** Run `run` (from 0) of the signal as cal_stack_pack gave it. Errors: IO, INPUT (another size). */
cal_status cal_stack_write(cal_stack *stack, size_t signal, size_t run, const void *bytes, size_t size);
/** Writes all to the disk and gives the file its name. Errors: IO. */
cal_status cal_stack_finish(cal_stack *stack);

/** Compresses the rows (n_rows x n_columns) of one run. Needs no stack: any thread may do it. `*bytes` is released with
 *  free(). Errors: MEMORY. */
cal_status cal_stack_pack(cal_context *ctx, size_t n_rows, size_t n_columns, bool is_float32, const double *rows,
                          void **bytes, size_t *size);

#ifdef __cplusplus
}
#endif
#endif
