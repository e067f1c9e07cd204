/* Pair rule with eligibility: a pair of spikes marks the synapse, the neuromodulator (modulator.h) turns the mark into a
 * change of the weight. With traces K+ of the source and K- of the target,
 *     spike of the source:  c <- c - A_minus w_max K-
 *     spike of the target:  c <- c + A_plus w_max K+
 *     in between:           c' = -c / tau_c,   w' = c (n - b)
 *  Source: Izhikevich (2007), Cereb. Cortex 17, 2443-2452; Potjans, Morrison & Diesmann (2010), Front. Comput. Neurosci.
 *  4, 141. */
#ifndef CALI_SNN_KERNELS_STDP_REWARD_H
#define CALI_SNN_KERNELS_STDP_REWARD_H

#include "snn/kernels/modulator.h"

#define CALI_STDP_REWARD_STATES(X) X(weight) X(c)
#define CALI_STDP_REWARD_CONSTANTS(X) X(up) X(down) X(max)
enum { CALI_STDP_REWARD_PRE = 1, CALI_STDP_REWARD_POST = 1, CALI_STDP_REWARD_IS_PRE_ONLY = 0 };
CALI_SYNAPSE_TYPES(stdp_reward, STDP_REWARD);

CAL_HD void cali_stdp_reward_post(const cali_stdp_reward_constants *k, const double *pre, const double *post,
                                  cali_stdp_reward_state *x)
{
    (void)post;
    x->c += k->up * pre[0];
}

CAL_HD void cali_stdp_reward_pre(const cali_stdp_reward_constants *k, const double *pre, const double *post,
                                 double since_ms, cali_stdp_reward_state *x)
{
    (void)pre;
    (void)since_ms;
    x->c -= k->down * post[0];
}

CAL_HD void cali_stdp_reward_drift(const cali_stdp_reward_constants *k, const cali_drift *d, cali_stdp_reward_state *x)
{
    x->weight = cali_clip(x->weight + x->c * d->gain, 0.0, k->max);
    x->c *= d->keep;
}

CAL_HD double cali_stdp_reward_gain(const cali_stdp_reward_state *x)
{
    (void)x;
    return 1.0;
}

#endif
