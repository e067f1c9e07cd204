/* callosum/report.h - what is made of a finished run: the summary table, the HTML page, and the comparison of
 * two runs. All of it reads RUN/run.h5 and RUN/manifest.json; a missing or incomplete manifest only
 * leaves gaps (no cost, no spiking regions by name), a missing or broken run.h5 is an error. */
#ifndef CALLOSUM_REPORT_H
#define CALLOSUM_REPORT_H

#include "callosum/base.h"
#include "callosum/connectomes.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What all readings of a run share. */
typedef struct cal_report_def {
    /** What lies before is left out of every statistic, spectrum and correlation (traces and raster show
     *  it, shaded). Negative (default): run.transient of the manifest, 0 without one. At most nine tenths
     *  of the run. */
    double transient_ms;
} cal_report_def;
cal_report_def cal_report_def_default(void);

/* ---- summary ------------------------------------------------------------------------------------- */

/** The table printed after a run, as aligned text or as JSON:
 *      region         quantity          mean      sd        unit   note
 *  One row per spiking region and population (rate of its recorded neurons, in bins of 10 ms; note: CV of the
 *  inter-spike intervals, share of silent neurons), one per spiking region for what the host sees of it
 *  (note: peak of the spectrum), and one per region signal over all regions (mean of the means, mean of
 *  the sds; note: lowest and highest region, and how many have it: a network has no state of a neural mass). `*out` is released with free(). `def` NULL: defaults.
 *  JSON: {"rows": [{"region", "quantity", "mean", "sd", "unit", "note"}, ...], "t_stop_ms", "transient_ms"}, without
 *  a newline at the end.
 *  Errors: IO, INPUT, MEMORY. */
cal_status cal_report_summary(cal_context *ctx, const char *run_dir, const cal_report_def *def, bool as_json,
                              char **out);

/* ---- spikes -------------------------------------------------------------------------------------- */

typedef enum cal_report_form { CAL_REPORT_TEXT, CAL_REPORT_CSV, CAL_REPORT_JSON } cal_report_form;

typedef struct cal_spike_report_def {
    double transient_ms; /**< as in cal_report_def */
    double bin_ms;       /**< of counts for correlations, chi and the Fano factor of the population; default 5 */
    double window_ms;    /**< of counts for the Fano factor of neurons; default 100 */
    size_t n_neurons;    /**< whose pairs are correlated; default 200 */
} cal_spike_report_def;
cal_spike_report_def cal_spike_report_def_default(void);

/** What the spikes of a run say, a row per population whose spikes were recorded: neurons recorded and active, rates, CV, CV2
 *  and LV of intervals, Fano factors, correlations, synchrony, peak of the spectrum; formulas and sources: docs/analysis.md.
 *  `*out` is released with free(). `def` NULL: defaults. Errors: ARGUMENT, IO, INPUT (no spikes), MEMORY. */
cal_status cal_report_spikes(cal_context *ctx, const char *run_dir, const cal_spike_report_def *def, cal_report_form form,
                             char **out);

/* ---- page ---------------------------------------------------------------------------------------- */

/** Writes RUN/report.html: one file that opens from disk, without server or outside resources. An existing
 *  file is replaced whole or not at all. What is drawn from fewer samples than were recorded says so on the
 *  page. Errors: IO, INPUT, MEMORY. */
cal_status cal_report_write(cal_context *ctx, const char *run_dir, const cal_report_def *def);

/** Writes the page of a connectome's checks: the list, matrices, distributions, degrees and, with centres, the regions in
 *  space. One file without outside resources, replaced whole or not at all. Errors: IO, MEMORY. */
cal_status cal_report_connectome(cal_context *ctx, const cal_connectome *connectome, const cal_connectome_checks *checks,
                                 double speed_mm_per_ms, const char *path);

/* ---- comparison ---------------------------------------------------------------------------------- */

typedef enum cal_verdict {
    CAL_VERDICT_AGREE,  /**< the difference is within the tolerance */
    CAL_VERDICT_DIFFER, /**< it exceeds the tolerance, and three standard errors of the difference */
    CAL_VERDICT_OPEN    /**< it exceeds the tolerance but not three standard errors (the runs are too short to
                             tell), or the quantity does not exist in them */
} cal_verdict;
extern const char *const cal_verdict_names[]; /**< "agree", "differ", "open" */

/** One line of the comparison. */
typedef struct cal_comparison_row {
    const char *quantity; /**< "mean rate", "peak of spectrum", ... */
    const char *unit;     /**< of a and b; "" where they are pure numbers */
    double a, b;          /**< NaN: does not exist */
    double difference;    /**< b - a, or (b - a) / a where is_relative; correlations: the coefficient itself */
    double tolerance;     /**< in the unit of the difference; correlations: the smallest that agrees */
    double error;         /**< one standard error of the difference, NaN where not estimated */
    bool is_relative;     /**< difference, tolerance and error are fractions of a */
    bool is_correlation;  /**< a and b are not used */
    cal_verdict verdict;
    const char *note; /**< "" or the reason in a phrase */
} cal_comparison_row;

typedef struct cal_comparison cal_comparison;

/** Definition of a comparison; strings are borrowed for the call. */
typedef struct cal_compare_def {
    const char *run_a, *run_b;   /**< run folders */
    const char *region;          /**< NULL: the first spiking region of either run, and without one the mean
                                      over all regions */
    const char *signal;          /**< NULL: "rate", or else the first region signal that both have */
    double transient_ms;         /**< as in cal_report_def, negative: the longer of the two manifests' */
    double tolerance_rate;       /**< default 0.10: relative difference of the means that does not matter */
    double tolerance_peak_Hz;    /**< default 0.5, but never below the resolution of the spectra */
    double tolerance_sd;         /**< default 0.15, relative */
    double tolerance_trace;      /**< default 0.8: smallest correlation of the traces that agrees */
    double tolerance_fc;         /**< default 0.9: the same for functional connectivity, times the
                                      correlation that its own noise allows (docs/compare.md) */
} cal_compare_def;
cal_compare_def cal_compare_def_default(void);

/** Compares the time after the transient that both runs have. The finer-sampled signal is averaged over
 *  the coarser one's interval. Rows:
 *  - mean rate, sd: of the region's trace; standard errors by batch means (ten batches).
 *  - peak of spectrum: Welch spectra of both, between 1 Hz (at least 4 bins) and 100 Hz; a peak stands out of its
 *    surroundings. None in both agrees, one in one of them differs.
 *  - correlation of traces: zero lag. Open where it is not distinguishable from that of independent series of
 *    this length and autocorrelation (Bartlett 1946): then the runs had different noise, and only the
 *    statistics above can be compared.
 *  - functional connectivity: correlation of the upper triangles. Even the same brain gives no 1 from
 *    finite data: the limit is sqrt(rel_a rel_b), with the reliability rel of each from its two halves
 *    (Spearman 1904, Brown 1910); open where that limit is below 0.3.
 *  With deterministic runs all this is the same bits, so equal runs agree in every row.
 *  Errors: IO, INPUT (no common signal, region or time), MEMORY. */
cal_status cal_compare(cal_context *ctx, const cal_compare_def *def, cal_comparison **out);
void cal_comparison_destroy(cal_comparison **comparison);

size_t cal_comparison_n_rows(const cal_comparison *comparison);
/** Strings are borrowed from the comparison. */
cal_comparison_row cal_comparison_get_row(const cal_comparison *comparison, size_t index);
/** Number of rows with that verdict. */
size_t cal_comparison_count(const cal_comparison *comparison, cal_verdict verdict);
/** The table as text (quantity, both runs, difference, tolerance, verdict) or as JSON:
 *  {"region", "signal", "time_ms": [from, to], "rows": [...], "verdict": "agree" | "differ" | "open"}.
 *  without a newline at the end. `*out` is released with free(). Errors: MEMORY. */
cal_status cal_comparison_print(cal_context *ctx, const cal_comparison *comparison, bool as_json, char **out);

#ifdef __cplusplus
}
#endif
#endif
