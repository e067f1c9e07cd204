/* Triplet rule: potentiation grows with the rate of the target, depression with that of the source. With traces r1
 * (tau_plus), r2 (tau_x) of the source and o1 (tau_minus), o2 (tau_y) of the target,
 *     spike of the source:  w <- w - w_max o1 (A2_minus + A3_minus r2)
 *     spike of the target:  w <- w + w_max r1 (A2_plus + A3_plus o2)
 *  Source: Pfister & Gerstner (2006), J. Neurosci. 26, 9673-9682, equations 3 and 4. */
#ifndef CALI_SNN_KERNELS_TRIPLET_H
#define CALI_SNN_KERNELS_TRIPLET_H

#include "snn/kernels/synapse.h"

#define CALI_TRIPLET_STATES(X) X(weight)
#define CALI_TRIPLET_CONSTANTS(X) X(a2_plus) X(a3_plus) X(a2_minus) X(a3_minus) X(max)
enum { CALI_TRIPLET_PRE = 2, CALI_TRIPLET_POST = 2, CALI_TRIPLET_IS_PRE_ONLY = 0 };
CALI_SYNAPSE_TYPES(triplet, TRIPLET);

CAL_HD void cali_triplet_post(const cali_triplet_constants *k, const double *pre, const double *post,
                              cali_triplet_state *x)
{
    x->weight = cali_clip(x->weight + pre[0] * (k->a2_plus + k->a3_plus * post[1]), 0.0, k->max);
}

CAL_HD void cali_triplet_pre(const cali_triplet_constants *k, const double *pre, const double *post, double since_ms,
                             cali_triplet_state *x)
{
    (void)since_ms;
    x->weight = cali_clip(x->weight - post[0] * (k->a2_minus + k->a3_minus * pre[1]), 0.0, k->max);
}

CAL_HD double cali_triplet_gain(const cali_triplet_state *x)
{
    (void)x;
    return 1.0;
}

#endif
