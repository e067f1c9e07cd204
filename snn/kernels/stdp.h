/* Pair rule: each pair of spikes changes the weight by an amount that falls exponentially with their interval. With
 * w in 0 .. w_max, s = w / w_max, and traces K+ of the source and K- of the target,
 *     spike of the source:  s <- s - lambda alpha s^mu_minus K-
 *     spike of the target:  s <- s + lambda (1 - s)^mu_plus K+
 *  mu = 0 is the additive rule, mu = 1 the multiplicative one.
 *  Source: Guetig, Aharonov, Rotter & Sompolinsky (2003), J. Neurosci. 23, 3697-3714; Song, Miller & Abbott (2000),
 *  Nat. Neurosci. 3, 919-926 (additive); van Rossum, Bi & Turrigiano (2000), J. Neurosci. 20, 8812-8821. */
#ifndef CALI_SNN_KERNELS_STDP_H
#define CALI_SNN_KERNELS_STDP_H

#include "snn/kernels/synapse.h"

#define CALI_STDP_STATES(X) X(weight)
#define CALI_STDP_CONSTANTS(X) X(up) X(down) X(mu_plus) X(mu_minus) X(per_max) X(max)
enum { CALI_STDP_PRE = 1, CALI_STDP_POST = 1, CALI_STDP_IS_PRE_ONLY = 0 };
CALI_SYNAPSE_TYPES(stdp, STDP);

CAL_HD void cali_stdp_post(const cali_stdp_constants *k, const double *pre, const double *post, cali_stdp_state *x)
{
    (void)post;
    const double room = cali_power(1.0 - x->weight * k->per_max, k->mu_plus);
    x->weight = cali_clip(x->weight + k->up * room * pre[0], 0.0, k->max);
}

CAL_HD void cali_stdp_pre(const cali_stdp_constants *k, const double *pre, const double *post, double since_ms,
                          cali_stdp_state *x)
{
    (void)pre;
    (void)since_ms;
    const double room = cali_power(x->weight * k->per_max, k->mu_minus);
    x->weight = cali_clip(x->weight - k->down * room * post[0], 0.0, k->max);
}

CAL_HD double cali_stdp_gain(const cali_stdp_state *x)
{
    (void)x;
    return 1.0;
}

#endif
