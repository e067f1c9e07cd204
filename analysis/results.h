/* What is computed from a recording at the end of a run: functional connectivity, its dynamics and its likeness to the
 * wiring, spectra and the power in bands. */
#ifndef CALI_ANALYSIS_RESULTS_H
#define CALI_ANALYSIS_RESULTS_H

#include "analysis/analysis.h"
#include "callosum/recording.h"

typedef struct cali_results_def {
    cal_time transient;       /* what lies before is left out */
    cal_time window, overlap; /* of the dynamics of functional connectivity */
} cali_results_def;

typedef struct cali_results {
    size_t n_regions; /* 0: nothing could be computed */
    int fc_signal, spectrum_signal; /* numbers in the recording, -1: none */
    double *fc;   /* (n_regions x n_regions) */
    double sc_fc; /* correlation of the weights' and the functional connectivity's upper triangles; NaN: none */
    cali_fcd fcd;
    double *fcd_times_ms; /* centres of its windows */
    size_t n_frequencies;
    double df_Hz;
    double *power; /* (n_frequencies x n_regions) */
    double *bands; /* (CALI_N_BANDS x n_regions) */
} cali_results;

/** Whether a signal has a column per region or, of a network of its own, per population. */
bool cali_signal_is_whole(const cal_recording_signal *signal);
/** Whether a signal is a haemodynamic one. */
bool cali_signal_is_bold(const cal_recording_signal *signal);
/** The signal over regions whose functional connectivity counts: the first haemodynamic one, else that of the spectra. */
int cali_results_fc_signal(const cal_recording *recording);
/** The signal over regions whose spectra count: "rate", else the first that is not haemodynamic, else the first. */
int cali_results_spectrum_signal(const cal_recording *recording);

/** Correlation of the upper triangles of fc and of (w + w^T) / 2. */
double cali_structure_function(cal_context *ctx, const double *weights, const double *fc, size_t n);

/** Signals above 1 GiB are left out, with a note. Errors: IO, INPUT, MEMORY. Freed with cali_results_free. */
cal_status cali_results_compute(cal_context *ctx, cal_recording *recording, const cali_results_def *def, cali_results *out);
void cali_results_free(cali_results *results);

#endif
