/* Leaky integrate-and-fire whose synapses move the voltage at once, exact on the grid: u = V - E_L,
 *     C u' = -C u / tau_m + I,   a weight w adds w to u.
 * Input that arrives while u is held is lost (`keeps` = 0), or waits and leaks like u (`keeps` = p_uu):
 * r steps before the end it counts with e^(-r dt / tau_m) and is added in the first free step. */
#ifndef CALI_SNN_KERNELS_LIF_DELTA_H
#define CALI_SNN_KERNELS_LIF_DELTA_H

#include "snn/kernels/kernel.h"

#define CALI_LIF_DELTA_STATES(X) X(u) X(waiting) X(n_refractory)
#define CALI_LIF_DELTA_CONSTANTS(X) X(p_uu) X(p_uc) X(drive) X(threshold) X(reset) X(refractory) X(keeps)
#define CALI_LIF_DELTA_INPUTS(X) X(delta)
CALI_KERNEL_TYPES(lif_delta, LIF_DELTA);

CAL_HD int cali_lif_delta_step(const cali_lif_delta_constants *k, const cali_lif_delta_inputs *in,
                               float current, cali_lif_delta_state *x)
{
    const int is_held = x->n_refractory > 0.0f;
    const float arrived = in->delta + x->waiting;
    const float drive = cali_fma_f32(current, k->p_uc, k->drive);
    const float free = cali_fma_f32(x->u, k->p_uu, drive) + arrived;
    const float u = is_held ? x->u : free;
    x->waiting = is_held ? arrived * k->keeps : 0.0f; /* keeps: 0, or the leak of one step */
    const int has_spiked = u >= k->threshold;
    const float next = x->n_refractory - 1.0f, left = next > 0.0f ? next : 0.0f;
    x->u = has_spiked ? k->reset : u;
    x->n_refractory = has_spiked ? k->refractory : left;
    return has_spiked;
}

#endif
