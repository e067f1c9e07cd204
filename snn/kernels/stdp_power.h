/* Power-law rule: relative potentiation falls with the weight, relative depression does not. With traces K+ of the
 * source and K- of the target,
 *     spike of the source:  w <- w - lambda alpha w K-
 *     spike of the target:  w <- w + lambda w_0^(1 - mu) w^mu K+
 *  Source: Morrison, Aertsen & Diesmann (2007), Neural Comput. 19, 1437-1467. */
#ifndef CALI_SNN_KERNELS_STDP_POWER_H
#define CALI_SNN_KERNELS_STDP_POWER_H

#include "snn/kernels/synapse.h"

#define CALI_STDP_POWER_STATES(X) X(weight)
#define CALI_STDP_POWER_CONSTANTS(X) X(up) X(mu) X(down) X(max)
enum { CALI_STDP_POWER_PRE = 1, CALI_STDP_POWER_POST = 1, CALI_STDP_POWER_IS_PRE_ONLY = 0 };
CALI_SYNAPSE_TYPES(stdp_power, STDP_POWER);

CAL_HD void cali_stdp_power_post(const cali_stdp_power_constants *k, const double *pre, const double *post,
                                 cali_stdp_power_state *x)
{
    (void)post;
    x->weight = cali_clip(x->weight + k->up * cali_power(x->weight, k->mu) * pre[0], 0.0, k->max);
}

CAL_HD void cali_stdp_power_pre(const cali_stdp_power_constants *k, const double *pre, const double *post,
                                double since_ms, cali_stdp_power_state *x)
{
    (void)pre;
    (void)since_ms;
    x->weight = cali_clip(x->weight - k->down * x->weight * post[0], 0.0, k->max);
}

CAL_HD double cali_stdp_power_gain(const cali_stdp_power_state *x)
{
    (void)x;
    return 1.0;
}

#endif
