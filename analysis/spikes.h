/* What the spikes of a population say: rates, regularity, variability of counts, correlations, synchrony, spectra.
 *
 * Times are in ms, an interval of observation is (t0, t1] as windows are. Bins are (t0 + b bin, t0 + (b + 1) bin]; what is left
 * at the end is no bin. Every figure but the correlation, of a drawn sample, is over all recorded neurons; sums run in a fixed
 * order. Figures without enough data are NaN. */
#ifndef CALI_ANALYSIS_SPIKES_H
#define CALI_ANALYSIS_SPIKES_H

#include "analysis/analysis.h"

/** Spikes sorted by neuron. Neurons that are recorded but silent have no place here; they count in `n_recorded`. */
typedef struct cali_trains {
    double t0_ms, t1_ms;
    size_t n_recorded;
    size_t n;         /* neurons with a spike in the interval */
    size_t n_spikes;  /* in the interval */
    uint32_t *id;     /* n, ascending */
    size_t *start;    /* n + 1: spikes of neuron i are times_ms[start[i]] .. times_ms[start[i + 1]] */
    double *times_ms; /* rising for each neuron */
} cali_trains;
/** From spikes sorted by time. Errors: MEMORY. Freed with cali_trains_free. */
cal_status cali_trains_make(cal_context *ctx, const double *times_ms, const uint32_t *ids, size_t n_spikes, size_t n_recorded,
                            double t0_ms, double t1_ms, cali_trains *out);
void cali_trains_free(cali_trains *trains);

/** One neuron. With intervals I_1 .. I_n between successive spikes:
 *      CV  = sd(I) / mean(I), sd over n - 1                  Softky & Koch (1993), J. Neurosci. 13, 334-350
 *      CV2 = mean 2 |I_k+1 - I_k| / (I_k+1 + I_k)            Holt, Softky, Koch & Douglas (1996), J. Neurophysiol. 75, 1806-1814
 *      LV  = mean 3 ((I_k+1 - I_k) / (I_k+1 + I_k))^2        Shinomoto, Shima & Tanji (2003), Neural Comput. 15, 2823-2842
 *  All three are 1 for a Poisson process and 0 for a clock; the last two see neighbours alone, so a slow change of the rate
 *  does not raise them. A gamma process of shape k has CV = k^-1/2 and LV = 3 / (2 k + 1). NaN below CALI_FEWEST_INTERVALS. */
enum { CALI_FEWEST_INTERVALS = 5 };
typedef struct cali_regularity {
    size_t n_intervals;
    double rate_Hz, cv, cv2, lv;
} cali_regularity;
cali_regularity cali_train_regularity(const cali_trains *trains, size_t neuron);

/** Fano factor of one neuron, variance over mean of its counts in windows; 1 for a Poisson process, below with regular
 *  intervals, above with slow changes of the rate. NaN below three windows.
 *  Source: Fano (1947), Phys. Rev. 72, 26-29; Shadlen & Newsome (1998), J. Neurosci. 18, 3870-3896. */
double cali_train_fano(const cali_trains *trains, size_t neuron, double window_ms);

/** Number of whole bins. */
size_t cali_trains_bins(const cali_trains *trains, double bin_ms);
/** Spikes of the population in each bin. */
void cali_trains_count(const cali_trains *trains, double bin_ms, size_t n_bins, double *counts);
/** Variance over mean of counts; NaN without spikes or below three bins. Of N independent Poisson neurons 1; correlations
 *  raise it: 1 + (N - 1) r for a mean correlation r of counts of equal variance, times the Fano factor of a neuron. */
double cali_fano(const double *counts, size_t n);

/** Synchrony in counts: chi^2 = Var(mean over neurons of n_i) / mean over neurons of Var(n_i), given as chi. 1 where all fire
 *  alike; N^-1/2 for N independent neurons. NaN without spikes.
 *  Source: Golomb & Rinzel (1994), Physica D 72, 259-282; Golomb (2007), Scholarpedia 2(1), 1347. Errors: MEMORY. */
cal_status cali_trains_synchrony(cal_context *ctx, const cali_trains *trains, double bin_ms, double *chi);
/** The same of traces, (n_columns x n_rows), each a contiguous series at x + column stride. */
double cali_traces_synchrony(const double *x, size_t n_columns, size_t n_rows, size_t stride);

/** Pearson's correlation of the counts of pairs, of all pairs among at most `n_sample` neurons that are drawn by `seed` from
 *  those with `n_least` spikes. */
typedef struct cali_pairs {
    size_t n_neurons, n;
    double *r; /* n: those of neurons whose counts vary */
} cali_pairs;
/** Source: Bair, Zohary & Newsome (2001), J. Neurosci. 21, 1676-1697 (spike counts); de la Rocha et al. (2007), Nature 448,
 *  802-806. Errors: MEMORY. Freed with cali_pairs_free. */
cal_status cali_trains_pairs(cal_context *ctx, const cali_trains *trains, double bin_ms, size_t n_least, size_t n_sample,
                             uint64_t seed, cali_pairs *out);
void cali_pairs_free(cali_pairs *pairs);

/** Autocorrelogram: the rate of a neuron at the lags (j bin, (j + 1) bin], j < n_bins, after a spike of its own, mean over all
 *  spikes that are followed by n_bins bins of observation, of at most `n_most` neurons, evenly taken; Hz. Returns what it is
 *  where the spikes of a neuron do not know of each other, sum n_i r_i / sum n_i over neurons with n_i spikes and rate r_i:
 *  refractoriness is a dip below, bursts and rhythms are peaks. NaN without such spikes.
 *  Source: Perkel, Gerstein & Moore (1967), Biophys. J. 7, 391-418. */
double cali_trains_autocorrelogram(const cali_trains *trains, size_t n_most, double bin_ms, size_t n_bins, double *rate_Hz);

/** Cross-correlation of two series of counts at the lags k = -n_lags .. n_lags (y later than x for k > 0), 2 n_lags + 1
 *  numbers: sum_t (x_t - mx) (y_t+k - my) / sqrt(sum (x - mx)^2 sum (y - my)^2). NaN where one of them is constant. */
void cali_series_crosscorrelation(const double *x, const double *y, size_t n, size_t n_lags, double *r);

/** The figures of a population in one place. */
typedef struct cali_train_figures {
    size_t n_recorded, n_active, n_spikes, n_cv, n_pairs;
    double rate_Hz, rate_sd_Hz;         /* over all recorded neurons */
    double rate_low_Hz, rate_median_Hz, rate_high_Hz; /* 5 %, 50 %, 95 % */
    double cv, cv2, lv;                 /* means over the n_cv neurons that have enough intervals */
    double fano;                        /* of neurons, mean over the active ones */
    double population_fano;             /* of the population's count */
    double correlation, correlation_sd; /* of pairs */
    double chi;
    double peak_Hz;                     /* of the spectrum of the population's rate; NaN: none stands out */
} cali_train_figures;
typedef struct cali_train_options {
    double bin_ms;        /* of counts, 5 */
    double window_ms;     /* of the neurons' Fano factor, 100 */
    size_t n_sample;      /* neurons of the correlation, 200 */
    size_t n_least;       /* spikes that such a neuron has, 2 */
    uint64_t seed;        /* that draws them */
} cali_train_options;
cali_train_options cali_train_options_default(void);

/** What the figures are made of, for drawing. */
typedef struct cali_train_details {
    double *rate_Hz;  /* n_recorded, sorted */
    double *cv;       /* n_cv, sorted */
    cali_pairs pairs; /* sorted */
    double spectrum_bin_ms;
    cali_spectrum spectrum; /* of the rate per neuron, Hz^2/Hz; n 0: too short */
} cali_train_details;
/** `details` may be NULL. Errors: MEMORY. */
cal_status cali_train_describe(cal_context *ctx, const cali_trains *trains, const cali_train_options *options,
                               cali_train_figures *out, cali_train_details *details);
void cali_train_details_free(cali_train_details *details);

#endif
