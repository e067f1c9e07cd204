/* callosum/monitors.h - what an instrument sees of a brain: rows of numbers (time x region) in, rows (time x channel)
 * out. Sub-samples and averages in time and space, BOLD by a haemodynamic kernel or the balloon model, and EEG, MEG and
 * SEEG through a lead field. A monitor is one entry of a table; docs/monitors.md has formulas and sources. It knows
 * nothing of what made its rows, and its memory does not grow with the length of a run. */
#ifndef CALLOSUM_MONITORS_H
#define CALLOSUM_MONITORS_H

#include "callosum/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Which rows a monitor wants to be fed with. */
typedef enum cal_monitor_feed {
    CAL_FEED_STEPS,   /**< every step of the simulation */
    CAL_FEED_SAMPLES, /**< one row for each row out: end points or means, as the user likes */
    CAL_FEED_MEANS    /**< means over a short interval that divides `every`: cal_monitor_interim */
} cal_monitor_feed;

struct cali_monitor_ops;

/** A kind of monitor: an entry of the table. */
typedef struct cal_monitor_kind {
    const char *name;     /**< "bold" */
    const char *title;    /**< one line */
    const char *formula;  /**< of what comes out */
    const char *source;   /**< paper */
    const char *unit;     /**< of what comes out; NULL: that of the input */
    const cal_field *params;
    size_t n_params;
    cal_monitor_feed feed;
    bool has_kernel;      /**< needs `kernel`; the parameters are those of the kernel */
    bool has_groups;      /**< takes `groups` */
    bool has_lead_field;  /**< needs `lead_field` */
    const struct cali_monitor_ops *ops;
} cal_monitor_kind;

size_t cal_monitor_n_kinds(void);
const cal_monitor_kind *cal_monitor_kind_at(size_t index); /**< NULL beyond the last */
const cal_monitor_kind *cal_monitor_kind_find(const char *name);

/** A haemodynamic response h(t), t in s. */
typedef struct cal_hrf {
    const char *name;    /**< "volterra" */
    const char *title, *formula, *source;
    const cal_field *params;
    size_t n_params;
    /** h at n times of at least 0. */
    void (*fill)(const double *params, size_t n, const double *t_s, double *h);
    bool is_scaled; /**< h is scaled so that its largest sample is the last parameter */
    bool is_first_order; /**< what comes out is k_1 V_0 (convolution - 1), k_1 and V_0 the last parameters */
} cal_hrf;

size_t cal_hrf_n(void);
const cal_hrf *cal_hrf_at(size_t index);
const cal_hrf *cal_hrf_find(const char *name);

/** How a kernel meets the signal. */
typedef enum cal_bold_form {
    CAL_BOLD_INTEGRAL, /**< y(t) = integral_0^L h(s) x(t - s) ds by the midpoint rule: an error of second order in the
                            interval, amplitudes that do not depend on it */
    CAL_BOLD_TVB       /**< what The Virtual Brain 2.11 computes, for comparison with its users' results: no factor of the
                            interval, the newest average meets the kernel's last value, all others come one
                            interval late */
} cal_bold_form;
extern const char *const cal_bold_form_names[]; /**< "integral", "tvb"; n = 2 */
enum { CAL_N_BOLD_FORMS = 2 };

/** All pointers are borrowed for cal_monitor_create. */
typedef struct cal_monitor_def {
    const cal_monitor_kind *kind;
    const double *params;  /**< of the kind, or of the kernel; NULL: defaults */
    size_t n_regions;      /**< columns of the rows in */
    cal_time dt;           /**< time between the rows in */
    cal_time every;        /**< between the rows out, a multiple of dt */
    const cal_hrf *kernel; /**< bold */
    cal_bold_form form;    /**< bold */
    cal_time length;       /**< bold: of the kernel, at least two intervals; default 20 s */
    cal_time interim;      /**< bold: interval of the averages that meet the kernel, a multiple of dt; 0: dt */
    const uint32_t *groups; /**< n_regions numbers below n_groups; NULL: all in one. CAL_NO_GROUP: in none */
    size_t n_groups;
    const double *lead_field; /**< (n_sensors x n_regions) */
    size_t n_sensors;
    bool has_average_reference; /**< the mean over the sensors is taken from each */
} cal_monitor_def;
#define CAL_NO_GROUP UINT32_MAX
cal_monitor_def cal_monitor_def_default(void);

typedef struct cal_monitor cal_monitor;

/** Errors: ARGUMENT (times that do not divide, sizes, missing parts, parameters out of range or not finite), MEMORY. */
cal_status cal_monitor_create(cal_context *ctx, const cal_monitor_def *def, cal_monitor **out);
void cal_monitor_destroy(cal_monitor **monitor);

/** Columns of the rows out. */
size_t cal_monitor_n_channels(const cal_monitor *monitor);

/** Takes the next n rows in (n x n_regions); row j stands for the interval of dt that ends with it. What is not a number
 *  in a row (a region without the quantity) counts in no average and in no projection, and stays so in columns of its
 *  own. Errors: NUMERIC (the state of the balloon model left what is finite), MEMORY. */
cal_status cal_monitor_push(cal_monitor *monitor, size_t n, const double *rows);
/** The rows (n x n_channels) that the last push completed: row j of all stands at (j + 1) every. Borrowed until
 *  the next push. */
const double *cal_monitor_rows(const cal_monitor *monitor, size_t *n);

/** All that changes while rows are pushed, as n numbers: a monitor of the same definition that gets them goes on
 *  with the same bits. */
const double *cal_monitor_get_state(const cal_monitor *monitor, size_t *n);
/** Errors: ARGUMENT (another n). */
cal_status cal_monitor_set_state(cal_monitor *monitor, size_t n, const double *state);

/** The interval of means that a kernel or the balloon model is best fed with: the longest multiple of `dt` that divides
 *  `every`, and is no longer than `longest`. */
cal_time cal_monitor_interim(cal_time dt, cal_time every, cal_time longest);
/** Default of `longest`: 4 ms. */
#define CAL_MONITOR_INTERIM (4 * CAL_NS_PER_MS)

#ifdef __cplusplus
}
#endif
#endif
