/* From the host's grid to the bins of a port, and back.
 *
 * The drive c is known at grid points. On each step (t_n, t_n+1] it is read as the cubic through
 * c_n-2, c_n-1, c_n, c_n+1: the interpolant of the host's own integrator, which never looks beyond the
 * present window. Its integral over the step is the rule of Adams and Moulton,
 *
 *     dt (c_n-2 - 5 c_n-1 + 19 c_n + 9 c_n+1) / 24,
 *
 * of order 4 and the same for any window. A mean over a longer bin is the mean of such steps, over a
 * shorter one the integral of the same cubic: sum of mean x width = integral of the interpolant. */
#ifndef CALI_COUPLER_BINS_H
#define CALI_COUPLER_BINS_H

#include "callosum/coupler.h"

enum { CALI_BINS_PAST = 2 }; /* grid points before the window that the cubic needs */

/** Weights of the four points for every bin within a step (bins no longer than a step). */
typedef struct cali_bins {
    size_t n_steps, samples, per_step; /* per_step: bins per step, at least 1 */
    bool is_points;
    double *weights; /* (per_step x 4) */
} cali_bins;

/** Errors: ARGUMENT unless one of n_steps and samples divides the other; MEMORY. */
cal_status cali_bins_create(cal_context *ctx, size_t n_steps, size_t samples, bool is_points,
                            cali_bins *bins);
void cali_bins_free(cali_bins *bins);

/** `samples` values from `drive`: CALI_BINS_PAST + n_steps + 1 grid points, the window's start at
 *  [CALI_BINS_PAST]. */
void cali_bins_from_grid(const cali_bins *bins, const double *drive, double *values);

/** The host's n_steps bins from the values (channels x samples) of an output port, averaged over the
 *  channels: bins are repeated or averaged, which keeps their integral; points are picked. */
void cali_bins_to_host(const cali_bins *bins, size_t channels, const double *values, double *x);

#endif
