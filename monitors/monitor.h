/* Inside a monitor: what the entries of the table share.
 *
 *     rows in --push--> [take: each row] -> state -> [give: every n_per_sample rows] -> rows out
 *
 * The state is one list of numbers, the count of rows first; entries ask for the rest of it in `prepare`. */
#ifndef CALI_MONITORS_MONITOR_H
#define CALI_MONITORS_MONITOR_H

#include "callosum/monitors.h"

typedef struct cali_monitor_ops {
    /** Checks the definition; sets n_channels, n_state and what is constant. May stop half-way. */
    cal_status (*prepare)(cal_monitor *m, const cal_monitor_def *def);
    /** Sets the state before the first row; NULL: zeros. */
    void (*begin)(cal_monitor *m);
    void (*take)(cal_monitor *m, const double *row);
    void (*give)(cal_monitor *m, double *out);
} cali_monitor_ops;

struct cal_monitor {
    cal_context *ctx;
    const cal_monitor_kind *kind;
    size_t n_regions, n_channels, n_params;
    double dt_ms;
    int64_t n_per_sample; /* rows in for one row out */
    double *params;

    double *state; /* [0]: rows taken since the begin; then what the entry keeps */
    size_t n_state;
    double *own;   /* state + 1 */

    /* bold */
    const cal_hrf *kernel;
    cal_bold_form form;
    double *weights;      /* of the averages, the newest first */
    size_t n_weights;
    int64_t n_per_interim; /* rows in for one average */
    /* space */
    uint32_t *groups;
    double *matrix; /* (n_channels x n_regions) */
    bool has_average_reference;

    double *rows; /* completed by the last push */
    size_t n_rows, row_capacity;
};

/** Number of the row under way, from 1. */
static inline int64_t cali_monitor_row(const cal_monitor *m)
{
    return (int64_t)m->state[0];
}

extern const cali_monitor_ops cali_ops_last, cali_ops_mean, cali_ops_groups, cali_ops_projection, cali_ops_bold,
    cali_ops_balloon;

/* balloon.c: parameters of the two entries */
enum { CALI_N_BALLOON_PARAMS = 10 };
extern const cal_field cali_balloon_friston[CALI_N_BALLOON_PARAMS], cali_balloon_stephan[CALI_N_BALLOON_PARAMS];

#endif
