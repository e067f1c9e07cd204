/* Leaky integrate-and-fire with exponential currents, exact on the grid (Rotter & Diesmann 1999, Biol.
 * Cybern. 81, 381-402): u = V - E_L,
 *     C u' = -C u / tau_m + I_exc + I_inh + I,   I_s' = -I_s / tau_s.
 * u moves with the currents of the step's start, then they decay, then arrivals are added. */
#ifndef CALI_SNN_KERNELS_LIF_H
#define CALI_SNN_KERNELS_LIF_H

#include "snn/kernels/kernel.h"

#define CALI_LIF_STATES(X) X(u) X(i_exc) X(i_inh) X(n_refractory)
#define CALI_LIF_CONSTANTS(X)                                                                      \
    X(p_uu) X(p_ue) X(p_ui) X(p_uc) X(p_ee) X(p_ii) X(drive) X(threshold) X(reset) X(refractory)
#define CALI_LIF_INPUTS(X) X(excitatory) X(inhibitory) X(delta)
CALI_KERNEL_TYPES(lif, LIF);

CAL_HD int cali_lif_step(const cali_lif_constants *k, const cali_lif_inputs *in, float current,
                         cali_lif_state *x)
{
    const float drive = cali_fma_f32(current, k->p_uc, k->drive);
    float u = cali_fma_f32(x->i_exc, k->p_ue, cali_fma_f32(x->i_inh, k->p_ui, drive));
    u = cali_fma_f32(x->u, k->p_uu, u) + in->delta; /* delta input is lost while refractory */
    u = x->n_refractory > 0.0f ? x->u : u;
    x->i_exc = cali_fma_f32(x->i_exc, k->p_ee, in->excitatory);
    x->i_inh = cali_fma_f32(x->i_inh, k->p_ii, in->inhibitory);
    const int has_spiked = u >= k->threshold;
    const float next = x->n_refractory - 1.0f, left = next > 0.0f ? next : 0.0f;
    x->u = has_spiked ? k->reset : u;
    x->n_refractory = has_spiked ? k->refractory : left;
    return has_spiked;
}

#endif
