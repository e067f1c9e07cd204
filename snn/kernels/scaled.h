/* A weight that spikes do not change; scaling may (scaling.c). */
#ifndef CALI_SNN_KERNELS_SCALED_H
#define CALI_SNN_KERNELS_SCALED_H

#include "snn/kernels/synapse.h"

#define CALI_SCALED_STATES(X) X(weight)
#define CALI_SCALED_CONSTANTS(X) X(max)
enum { CALI_SCALED_PRE = 0, CALI_SCALED_POST = 0, CALI_SCALED_IS_PRE_ONLY = 1 };
CALI_SYNAPSE_TYPES(scaled, SCALED);

CAL_HD void cali_scaled_post(const cali_scaled_constants *k, const double *pre, const double *post, cali_scaled_state *x)
{
    (void)k;
    (void)pre;
    (void)post;
    (void)x;
}

CAL_HD void cali_scaled_pre(const cali_scaled_constants *k, const double *pre, const double *post, double since_ms,
                            cali_scaled_state *x)
{
    (void)k;
    (void)pre;
    (void)post;
    (void)since_ms;
    (void)x;
}

CAL_HD double cali_scaled_gain(const cali_scaled_state *x)
{
    (void)x;
    return 1.0;
}

#endif
