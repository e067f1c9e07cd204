/* Leaky integrate-and-fire with alpha-shaped currents, exact on the grid (Rotter & Diesmann 1999, Biol.
 * Cybern. 81, 381-402): u = V - E_L,
 *     C u' = -C u / tau_m + I_exc + I_inh + I,   I_s' = -I_s / tau_s + d_s,   d_s' = -d_s / tau_s.
 * A weight w adds w e / tau_s to d_s, so that the current peaks with w after tau_s. u moves with the
 * currents of the step's start, then they move on, then arrivals are added. */
#ifndef CALI_SNN_KERNELS_LIF_ALPHA_H
#define CALI_SNN_KERNELS_LIF_ALPHA_H

#include "snn/kernels/kernel.h"

#define CALI_LIF_ALPHA_STATES(X) X(u) X(i_exc) X(d_exc) X(i_inh) X(d_inh) X(n_refractory)
#define CALI_LIF_ALPHA_CONSTANTS(X)                                                                \
    X(p_uu) X(p_ue) X(p_ude) X(p_ui) X(p_udi) X(p_uc) X(p_ee) X(p_ede) X(p_ii) X(p_idi)            \
        X(jump_exc) X(jump_inh) X(drive) X(threshold) X(reset) X(refractory)
#define CALI_LIF_ALPHA_INPUTS(X) X(excitatory) X(inhibitory)
CALI_KERNEL_TYPES(lif_alpha, LIF_ALPHA);

CAL_HD int cali_lif_alpha_step(const cali_lif_alpha_constants *k, const cali_lif_alpha_inputs *in,
                               float current, cali_lif_alpha_state *x)
{
    float u = cali_fma_f32(current, k->p_uc, k->drive);
    u = cali_fma_f32(x->d_exc, k->p_ude, cali_fma_f32(x->d_inh, k->p_udi, u));
    u = cali_fma_f32(x->i_exc, k->p_ue, cali_fma_f32(x->i_inh, k->p_ui, u));
    u = cali_fma_f32(x->u, k->p_uu, u);
    u = x->n_refractory > 0.0f ? x->u : u;
    x->i_exc = cali_fma_f32(x->i_exc, k->p_ee, x->d_exc * k->p_ede);
    x->i_inh = cali_fma_f32(x->i_inh, k->p_ii, x->d_inh * k->p_idi);
    x->d_exc = cali_fma_f32(x->d_exc, k->p_ee, in->excitatory * k->jump_exc);
    x->d_inh = cali_fma_f32(x->d_inh, k->p_ii, in->inhibitory * k->jump_inh);
    const int has_spiked = u >= k->threshold;
    const float next = x->n_refractory - 1.0f, left = next > 0.0f ? next : 0.0f;
    x->u = has_spiked ? k->reset : u;
    x->n_refractory = has_spiked ? k->refractory : left;
    return has_spiked;
}

#endif
