/* Voltage rule: the voltage of the target decides how a synapse changes. With the trace K+ of the source and what
 * voltage.h makes of the target's voltage,
 *     w' = w_max A_LTP K+ up(t) / tau_x,   spike of the source:  w <- w - w_max A_LTD down(t)
 *  A target's history reaches the synapse one delay later, as spikes do; the integral is the sum over steps.
 *  Source: Clopath, Buesing, Vasilaki & Gerstner (2010), Nat. Neurosci. 13, 344-352, equations 1 to 3. */
#ifndef CALI_SNN_KERNELS_CLOPATH_H
#define CALI_SNN_KERNELS_CLOPATH_H

#include "snn/kernels/synapse.h"

#define CALI_CLOPATH_STATES(X) X(weight)
#define CALI_CLOPATH_CONSTANTS(X) X(up) X(down) X(max)
enum { CALI_CLOPATH_PRE = 1, CALI_CLOPATH_POST = 1, CALI_CLOPATH_IS_PRE_ONLY = 0 };
CALI_SYNAPSE_TYPES(clopath, CLOPATH);

/* A step of the target in which it potentiates; post[0] is up(t). */
CAL_HD void cali_clopath_post(const cali_clopath_constants *k, const double *pre, const double *post,
                              cali_clopath_state *x)
{
    x->weight = cali_clip(x->weight + k->up * pre[0] * post[0], 0.0, k->max);
}

/* post[0] is down(t). */
CAL_HD void cali_clopath_pre(const cali_clopath_constants *k, const double *pre, const double *post, double since_ms,
                             cali_clopath_state *x)
{
    (void)pre;
    (void)since_ms;
    x->weight = cali_clip(x->weight - k->down * post[0], 0.0, k->max);
}

CAL_HD double cali_clopath_gain(const cali_clopath_state *x)
{
    (void)x;
    return 1.0;
}

#endif
