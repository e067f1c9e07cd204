/* A finished run as the rest of this folder reads it: run.h5 through callosum/recording.h, and of the
 * manifest what is needed in numbers. */
#ifndef CALI_REPORT_RUN_H
#define CALI_REPORT_RUN_H

#include "base/tree.h"
#include "callosum/recording.h"
#include "callosum/report.h"

/** A signal (time x region). */
typedef struct cali_run_signal {
    size_t index; /* in the recording */
    const char *name, *unit, *long_name;
    double t_first_ms, every_ms;
    size_t n_rows;
} cali_run_signal;

/** A region that was a spiking network. */
typedef struct cali_run_spiking {
    size_t region;     /* number of the region */
    double n_neurons;  /* NaN where neither manifest nor trains tell */
    double n_synapses; /* NaN where the manifest does not tell */
} cali_run_spiking;

typedef struct cali_run {
    cal_context *ctx;
    cal_recording *recording;
    char *directory;
    char *manifest_text; /* NULL if there is none that can be read */
    cali_tree *tree;     /* of the manifest */
    cali_node *manifest; /* NULL as above */
    bool is_network;  /* a network of its own: its populations stand in the place of regions */
    size_t n_regions;
    char **labels;
    double *weights, *lengths_mm, *centres_mm; /* NULL where absent; (n x n), (n x n), (n x 3) */
    cali_run_signal *signals; /* those with one column per region, in the order of the file */
    size_t n_signals;
    cali_run_spiking *spiking;
    size_t n_spiking;
    double stop_ms, transient_ms;
    double fcd_window_ms, fcd_overlap_ms; /* of the manifest, or the defaults */
} cali_run;

/** Opens a run folder. `transient_ms` < 0: from the manifest. Errors: IO, INPUT, MEMORY; `*out` is
 *  empty then. Freed with cali_run_close. */
cal_status cali_run_open(cal_context *ctx, const char *directory, double transient_ms, cali_run *out);
void cali_run_close(cali_run *run);

/** Number of a region, or -1. */
int cali_run_find(const cali_run *run, const char *label);
bool cali_run_is_spiking(const cali_run *run, size_t region);
/** Index into `signals` of the one called `name`; with NULL that of "rate", else the first that is not haemodynamic, else
 *  the first; or -1. */
int cali_run_signal_find(const cali_run *run, const char *name);
/** Index of the signal whose functional connectivity counts: the first haemodynamic one, else as above with NULL. */
int cali_run_fc_signal(const cali_run *run);

/** Reads a signal turned round, one contiguous series per listed column (`columns` NULL: all):
 *  (n_columns x n_rows). `*out` is released with free(). Errors: IO, MEMORY. */
cal_status cali_run_read(cali_run *run, const cali_run_signal *signal, const size_t *columns,
                         size_t n_columns, double **out);
/** First row of a signal later than `t_ms`. */
size_t cali_run_row_after(const cali_run_signal *signal, double t_ms);

/** All spikes of a train; released with free(). Errors: IO, MEMORY. */
cal_status cali_run_read_train(cali_run *run, size_t train, double **times_ms, uint32_t **ids);

#endif
