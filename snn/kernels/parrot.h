/* A parrot: repeats what it hears. It spikes in the step at whose end the weights that arrive sum to at least 1/2 (a spike of
 * weight 1), whatever their number: several spikes in one step become one. `heard` keeps the sum. */
#ifndef CALI_SNN_KERNELS_PARROT_H
#define CALI_SNN_KERNELS_PARROT_H

#include "snn/kernels/kernel.h"

#define CALI_PARROT_STATES(X) X(heard)
#define CALI_PARROT_CONSTANTS(X) X(threshold)
#define CALI_PARROT_INPUTS(X) X(spikes)
CALI_KERNEL_TYPES(parrot, PARROT);

CAL_HD int cali_parrot_step(const cali_parrot_constants *k, const cali_parrot_inputs *in, float current,
                            cali_parrot_state *x)
{
    x->heard = in->spikes + current;
    return x->heard >= k->threshold;
}

#endif
