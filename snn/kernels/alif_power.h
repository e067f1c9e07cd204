/* Leaky integrate-and-fire whose adaptation decays as a power of time (Pozzorini, Naud, Mensi & Gerstner 2013,
 * Nat. Neurosci. 16, 942-948), exponential synaptic currents, exact on the grid: u = V - E_L,
 *     C u' = -C u / tau_m + I_exc + I_inh - b z + I;   at u >= V_th - E_L + q z: reset, every z_k += a_k;
 *     z = z_1 + ... + z_8,   z_k' = -z_k / tau_k.
 * The eight exponentials stand for (1 + t / t_0)^-beta after each spike:
 *     (1 + t / t_0)^-beta = 1 / Gamma(beta) times the integral over y of e^(beta y - e^y) e^(-e^y t / t_0),
 * by the trapezoidal rule, which converges exponentially: tau_k = t_0 4.5^(k - 1) / 5, a_k = e^(beta y - e^y)
 * at e^y = t_0 / tau_k; the slowest one also carries the rest of the sum; then the a_k are scaled to add up to 1.
 * Relative error up to t = 1000 t_0: below 1.5 % for beta = 0.8, 3.5 % between 0.5 and 1. Constants pull_k:
 * what z_k takes from u in one step. */
#ifndef CALI_SNN_KERNELS_ALIF_POWER_H
#define CALI_SNN_KERNELS_ALIF_POWER_H

#include "snn/kernels/kernel.h"

enum { CALI_POWER_TRACES = 8 };

#define CALI_ALIF_POWER_STATES(X)                                                                  \
    X(u) X(i_exc) X(i_inh) X(z1) X(z2) X(z3) X(z4) X(z5) X(z6) X(z7) X(z8) X(n_refractory)
#define CALI_ALIF_POWER_CONSTANTS(X)                                                               \
    X(p_uu) X(p_ue) X(p_ui) X(p_uc) X(p_ee) X(p_ii) X(q) X(drive) X(threshold) X(reset)            \
        X(refractory) X(decay1) X(decay2) X(decay3) X(decay4) X(decay5) X(decay6) X(decay7) X(decay8)    \
            X(pull1) X(pull2) X(pull3) X(pull4) X(pull5) X(pull6) X(pull7) X(pull8)                        \
                X(jump1) X(jump2) X(jump3) X(jump4) X(jump5) X(jump6) X(jump7) X(jump8)
#define CALI_ALIF_POWER_INPUTS(X) X(excitatory) X(inhibitory)
CALI_KERNEL_TYPES(alif_power, ALIF_POWER);

CAL_HD int cali_alif_power_step(const cali_alif_power_constants *k, const cali_alif_power_inputs *in,
                                float current, cali_alif_power_state *x)
{
    const float drive = cali_fma_f32(current, k->p_uc, k->drive);
    float u = cali_fma_f32(x->i_exc, k->p_ue, cali_fma_f32(x->i_inh, k->p_ui, drive));
    float z = 0.0f;
#define CALI_TRACE(n)                                                                              \
    u = cali_fma_f32(-x->z##n, k->pull##n, u);                                                     \
    x->z##n *= k->decay##n;                                                                        \
    z += x->z##n;
    CALI_TRACE(1) CALI_TRACE(2) CALI_TRACE(3) CALI_TRACE(4)
    CALI_TRACE(5) CALI_TRACE(6) CALI_TRACE(7) CALI_TRACE(8)
#undef CALI_TRACE
    u = cali_fma_f32(x->u, k->p_uu, u);
    u = x->n_refractory > 0.0f ? x->u : u;
    x->i_exc = cali_fma_f32(x->i_exc, k->p_ee, in->excitatory);
    x->i_inh = cali_fma_f32(x->i_inh, k->p_ii, in->inhibitory);
    const int is_free = x->n_refractory <= 0.0f;
    const int has_spiked = is_free & (u >= cali_fma_f32(k->q, z, k->threshold));
    const float next = x->n_refractory - 1.0f, left = next > 0.0f ? next : 0.0f;
#define CALI_TRACE(n) x->z##n += has_spiked ? k->jump##n : 0.0f;
    CALI_TRACE(1) CALI_TRACE(2) CALI_TRACE(3) CALI_TRACE(4)
    CALI_TRACE(5) CALI_TRACE(6) CALI_TRACE(7) CALI_TRACE(8)
#undef CALI_TRACE
    x->u = has_spiked ? k->reset : u;
    x->n_refractory = has_spiked ? k->refractory : left;
    return has_spiked;
}

#endif
