/* Random paths as trees of halved intervals, so that a path does not depend on the step it is read at.
 *
 * Times are cut at multiples of a root interval, the largest dt 2^L of at most 2^30 ns, which is the same for
 * dt, dt/2, dt/4, ... Each halving of an interval takes one draw, a function of (key, unit, stream, level, index).
 * Every leaf costs one draw when leaves are read in rising order, as a draw per step would.
 *
 *     level 0   |-------------------------------|      root
 *     level 1   |---------------|---------------|
 *     level 2   |-------|-------|-------|-------|      leaves: the steps of the grid
 *
 * White: an interval of length h carries two standard normals, X = dW / sqrt(h) and the slope-free part Y of the
 * integral of W, dZ = h^(3/2) (X/2 + Y / sqrt(12)). Halving is the orthogonal map, e1 = X, e2 = Y, e3, e4 new:
 *     X1,2 = e1 / sqrt 2 +- (sqrt 6 e2 + e3) / 4 ... (paths.c), so that sums over halves give dW and dZ of the whole.
 * After Levy; Kloeden & Platen (1992), Numerical solution of stochastic differential equations, sections 5.8, 10.4.
 *
 * Coloured: the value at a midpoint given both ends of an Ornstein-Uhlenbeck path of unit variance,
 *     u_mid = (u_left + u_right) / (2 cosh(h/tau)) + sqrt(tanh(h/tau)) xi,   h: half the interval. */
#ifndef CALI_NMM_PATHS_H
#define CALI_NMM_PATHS_H

#include "base/random.h"
#include "callosum/base.h"
#include "nmm/kernels.h"

enum { CALI_PATH_LEVELS = 31 };

/** The paths of n units (regions, or a source that regions share). */
typedef struct cali_paths {
    const cali_kernels *kernels;
    cali_key key;
    uint32_t stream;
    size_t n;
    uint32_t *unit; /* n */
    int n_levels;   /* L */
    int64_t loaded[CALI_PATH_LEVELS]; /* per level: the parent whose children stand in the rows, -1: none */
    double *rows; /* per level 4 rows of n: white X1, Y1, X2, Y2; coloured: the midpoint (level 0: both ends) */
    bool is_coloured;
    double mean[CALI_PATH_LEVELS], spread[CALI_PATH_LEVELS]; /* coloured: of a midpoint; level 0: of the next end */
} cali_paths;

/** `tau_ms` 0: white. `units` (n) is copied. Errors: MEMORY. */
cal_status cali_paths_create(cal_context *ctx, cali_key key, uint32_t stream, cal_time dt, double tau_ms, size_t n,
                             const uint32_t *units, cali_paths *paths);
void cali_paths_destroy(cali_paths *paths);
/** White: the rows X and Y (n each) of the step from `step` to step + 1, valid until the next call. */
void cali_paths_step(cali_paths *paths, int64_t step, const double **x, const double **y);
/** Coloured: the row of values (n, unit variance) at grid point `point`, valid until the next call. Cheap in
 *  rising order; going back below the present root interval begins anew at 0. */
const double *cali_paths_point(cali_paths *paths, int64_t point);

#endif
