/* A Poisson neuron: no membrane, a spike in a step of length dt with probability (rate + I) dt, cut to 0 .. 1. Its mean
 * rate is exact; it spikes at most once per step, so the variance of its counts is that of a Poisson process times
 * 1 - (rate + I) dt. A drive I in Hz makes it inhomogeneous. */
#ifndef CALI_SNN_KERNELS_POISSON_H
#define CALI_SNN_KERNELS_POISSON_H

#include "snn/kernels/random.h"

#define CALI_POISSON_STATES(X) X(rate)
#define CALI_POISSON_CONSTANTS(X) X(base) X(dt_s)
#define CALI_POISSON_INPUTS(X) X(u)
CALI_KERNEL_TYPES(poisson, POISSON);

CAL_HD int cali_poisson_step(const cali_poisson_constants *k, const cali_poisson_inputs *in, float current,
                             cali_poisson_state *x)
{
    const float rate = k->base + current;
    x->rate = rate > 0.0f ? rate : 0.0f;
    return in->u <= x->rate * k->dt_s;
}

#endif
