/* Matrices of one dense block per region, for Newton's method: the past is known, so regions do not meet
 * in the Jacobian (instantaneous edges are left out of it). */
#ifndef CALI_NMM_NEWTON_H
#define CALI_NMM_NEWTON_H

#include "nmm/host.h"

/** Entry (r, c) of region i of a block with rows of length n stands at block + (r n_states + c) n + i. */
typedef struct cali_newton {
    cal_nmm *nmm; /* borrowed */
    size_t n;
    double *values;
    size_t *pivot; /* by state value */
} cali_newton;

/** NULL: no memory, and the context says so. */
cali_newton *cali_newton_create(cal_nmm *nmm);
void cali_newton_destroy(cali_newton *m);
/** A = c A + I. */
void cali_newton_scale_add(cali_newton *m, double c);
/** z: x with state `column` of all regions moved a little; false if no model has that many states. */
bool cali_newton_move(const cal_nmm *nmm, size_t column, const double *x, double *z);
/** Column of the Jacobian from the derivatives f at x and g at z. */
void cali_newton_set_column(cali_newton *m, size_t column, const double *x, const double *z, const double *f,
                            const double *g);
/** A becomes its triangular factors; false: it is singular. */
bool cali_newton_factor(cali_newton *m);
/** x = A^-1 x with A factored. */
void cali_newton_solve(const cali_newton *m, double *x);

#endif
