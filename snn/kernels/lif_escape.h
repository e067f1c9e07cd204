/* Leaky integrate-and-fire with exponential currents, as kernels/lif.h, and a soft threshold: outside of refractoriness the
 * neuron spikes with the hazard
 *     h = rate_0 exp((V - V_th) / Delta_V)
 * (Gerstner et al. 2014, Neuronal Dynamics, section 9.1), taken at the end of the step and constant over it: a spike
 * with probability 1 - exp(-h dt). Order 1 in dt for the hazard, exact for V. */
#ifndef CALI_SNN_KERNELS_LIF_ESCAPE_H
#define CALI_SNN_KERNELS_LIF_ESCAPE_H

#include "snn/kernels/random.h"

#define CALI_LIF_ESCAPE_STATES(X) X(u) X(i_exc) X(i_inh) X(n_refractory)
#define CALI_LIF_ESCAPE_CONSTANTS(X)                                                               \
    X(p_uu) X(p_ue) X(p_ui) X(p_uc) X(p_ee) X(p_ii) X(drive) X(threshold) X(per_delta) X(rate_dt)  \
        X(reset) X(refractory)
#define CALI_LIF_ESCAPE_INPUTS(X) X(excitatory) X(inhibitory) X(delta) X(u)
CALI_KERNEL_TYPES(lif_escape, LIF_ESCAPE);

CAL_HD int cali_lif_escape_step(const cali_lif_escape_constants *k, const cali_lif_escape_inputs *in,
                                float current, cali_lif_escape_state *x)
{
    const float drive = cali_fma_f32(current, k->p_uc, k->drive);
    const float flow = cali_fma_f32(x->i_exc, k->p_ue, cali_fma_f32(x->i_inh, k->p_ui, drive));
    const float moved = cali_fma_f32(x->u, k->p_uu, flow) + in->delta; /* delta input is lost while refractory */
    const int is_free = x->n_refractory <= 0.0f;
    const float u = is_free ? moved : x->u;
    x->i_exc = cali_fma_f32(x->i_exc, k->p_ee, in->excitatory);
    x->i_inh = cali_fma_f32(x->i_inh, k->p_ii, in->inhibitory);
    const float chance = cali_chance_f32(k->rate_dt * cali_exp_f32((u - k->threshold) * k->per_delta));
    const int has_spiked = is_free & (in->u <= chance);
    const float next = x->n_refractory - 1.0f, left = next > 0.0f ? next : 0.0f;
    x->u = has_spiked ? k->reset : u;
    x->n_refractory = has_spiked ? k->refractory : left;
    return has_spiked;
}

#endif
