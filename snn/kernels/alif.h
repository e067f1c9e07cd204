/* Leaky integrate-and-fire with an adaptation current and a moving threshold, exponential synaptic
 * currents, exact on the grid: u = V - E_L,
 *     C u' = -C u / tau_m + I_exc + I_inh - w + I,   w' = -w / tau_w,   theta' = -theta / tau_theta;
 * at u >= V_th - E_L + theta: reset, w += b, theta += q.
 * All equations are linear between spikes, so w acts like one more synaptic current. Order of a step as
 * in lif.h; the threshold is compared with theta of the step's end. */
#ifndef CALI_SNN_KERNELS_ALIF_H
#define CALI_SNN_KERNELS_ALIF_H

#include "snn/kernels/kernel.h"

#define CALI_ALIF_STATES(X) X(u) X(i_exc) X(i_inh) X(w) X(theta) X(n_refractory)
#define CALI_ALIF_CONSTANTS(X)                                                                     \
    X(p_uu) X(p_ue) X(p_ui) X(p_uw) X(p_uc) X(p_ee) X(p_ii) X(p_ww) X(p_tt) X(b) X(q) X(drive)     \
        X(threshold) X(reset) X(refractory)
#define CALI_ALIF_INPUTS(X) X(excitatory) X(inhibitory)
CALI_KERNEL_TYPES(alif, ALIF);

CAL_HD int cali_alif_step(const cali_alif_constants *k, const cali_alif_inputs *in, float current,
                          cali_alif_state *x)
{
    const float drive = cali_fma_f32(current, k->p_uc, k->drive);
    float u = cali_fma_f32(x->i_exc, k->p_ue, cali_fma_f32(x->i_inh, k->p_ui, drive));
    u = cali_fma_f32(x->u, k->p_uu, cali_fma_f32(-x->w, k->p_uw, u));
    u = x->n_refractory > 0.0f ? x->u : u;
    x->i_exc = cali_fma_f32(x->i_exc, k->p_ee, in->excitatory);
    x->i_inh = cali_fma_f32(x->i_inh, k->p_ii, in->inhibitory);
    const float theta = x->theta * k->p_tt;
    const int is_free = x->n_refractory <= 0.0f; /* theta may fall below a held u */
    const int has_spiked = is_free & (u >= k->threshold + theta);
    const float next = x->n_refractory - 1.0f, left = next > 0.0f ? next : 0.0f;
    x->w = cali_fma_f32(x->w, k->p_ww, has_spiked ? k->b : 0.0f);
    x->theta = theta + (has_spiked ? k->q : 0.0f);
    x->u = has_spiked ? k->reset : u;
    x->n_refractory = has_spiked ? k->refractory : left;
    return has_spiked;
}

#endif
