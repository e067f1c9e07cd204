/* Inhibitory plasticity that balances excitation: near pairs in either order strengthen the synapse, each spike of the
 * source alone weakens it. With traces K+ of the source and K- of the target, both of time constant tau,
 *     spike of the source:  w <- w + eta (K- - alpha)
 *     spike of the target:  w <- w + eta K+
 *  The target is driven towards the rate alpha / (2 tau).
 *  Source: Vogels, Sprekeler, Zenke, Clopath & Gerstner (2011), Science 334, 1569-1573. */
#ifndef CALI_SNN_KERNELS_VOGELS_H
#define CALI_SNN_KERNELS_VOGELS_H

#include "snn/kernels/synapse.h"

#define CALI_VOGELS_STATES(X) X(weight)
#define CALI_VOGELS_CONSTANTS(X) X(eta) X(alpha) X(max)
enum { CALI_VOGELS_PRE = 1, CALI_VOGELS_POST = 1, CALI_VOGELS_IS_PRE_ONLY = 0 };
CALI_SYNAPSE_TYPES(vogels, VOGELS);

CAL_HD void cali_vogels_post(const cali_vogels_constants *k, const double *pre, const double *post,
                             cali_vogels_state *x)
{
    (void)post;
    x->weight = cali_clip(x->weight + k->eta * pre[0], 0.0, k->max);
}

CAL_HD void cali_vogels_pre(const cali_vogels_constants *k, const double *pre, const double *post, double since_ms,
                            cali_vogels_state *x)
{
    (void)pre;
    (void)since_ms;
    x->weight = cali_clip(x->weight + k->eta * (post[0] - k->alpha), 0.0, k->max);
}

CAL_HD double cali_vogels_gain(const cali_vogels_state *x)
{
    (void)x;
    return 1.0;
}

#endif
