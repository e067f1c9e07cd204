/* Leaky integrate-and-fire with conductances that rise and decay: u = V - E_L,
 *     C u' = -g_L u + g_exc (E_exc - E_L - u) + g_inh (E_inh - E_L - u) + I
 *     g_s' = -g_s / tau_decay + r_s,   r_s' = -r_s / tau_rise.
 * A weight w adds w `jump_s` to r_s, so that the conductance peaks with w; equal time constants give the
 * alpha function. One classical Runge-Kutta step of order 4 over dt, with the conductances exact at its
 * three times; stable while dt (g_L + g_exc + g_inh) < 2.78 C. Constants `half_` move a conductance over
 * dt / 2: decay of g, of r, and of r into g. */
#ifndef CALI_SNN_KERNELS_LIF_COND_BETA_H
#define CALI_SNN_KERNELS_LIF_COND_BETA_H

#include "snn/kernels/kernel.h"

#define CALI_LIF_COND_BETA_STATES(X) X(u) X(g_exc) X(r_exc) X(g_inh) X(r_inh) X(n_refractory)
#define CALI_LIF_COND_BETA_CONSTANTS(X)                                                            \
    X(dt) X(per_c) X(leak_c) X(e_exc) X(e_inh) X(half_gg_exc) X(half_gr_exc) X(half_rr_exc)        \
        X(half_gg_inh) X(half_gr_inh) X(half_rr_inh) X(jump_exc) X(jump_inh) X(drive) X(threshold) \
        X(reset) X(refractory)
#define CALI_LIF_COND_BETA_INPUTS(X) X(excitatory) X(inhibitory)
CALI_KERNEL_TYPES(lif_cond_beta, LIF_COND_BETA);

/* u' = a - g u at one time: the sum of drives a and of conductances g, both over C. */
CAL_HD void cali_lif_cond_beta_sums(const cali_lif_cond_beta_constants *k, float g_exc, float g_inh,
                                    float drive, float *a, float *g)
{
    *g = cali_fma_f32(g_exc + g_inh, k->per_c, k->leak_c);
    *a = cali_fma_f32(cali_fma_f32(g_exc, k->e_exc, g_inh * k->e_inh), k->per_c, drive);
}

CAL_HD int cali_lif_cond_beta_step(const cali_lif_cond_beta_constants *k,
                                   const cali_lif_cond_beta_inputs *in, float current,
                                   cali_lif_cond_beta_state *x)
{
    const float drive = cali_fma_f32(current, k->per_c, k->drive);
    const float exc_mid = cali_fma_f32(x->g_exc, k->half_gg_exc, x->r_exc * k->half_gr_exc);
    const float inh_mid = cali_fma_f32(x->g_inh, k->half_gg_inh, x->r_inh * k->half_gr_inh);
    const float rise_exc = x->r_exc * k->half_rr_exc, rise_inh = x->r_inh * k->half_rr_inh;
    const float exc_end = cali_fma_f32(exc_mid, k->half_gg_exc, rise_exc * k->half_gr_exc);
    const float inh_end = cali_fma_f32(inh_mid, k->half_gg_inh, rise_inh * k->half_gr_inh);
    float a0, g0, a1, g1, a2, g2;
    cali_lif_cond_beta_sums(k, x->g_exc, x->g_inh, drive, &a0, &g0);
    cali_lif_cond_beta_sums(k, exc_mid, inh_mid, drive, &a1, &g1);
    cali_lif_cond_beta_sums(k, exc_end, inh_end, drive, &a2, &g2);

    const float h = k->dt, half = 0.5f * h, u0 = x->u;
    const float k1 = cali_fma_f32(-g0, u0, a0);
    const float k2 = cali_fma_f32(-g1, cali_fma_f32(half, k1, u0), a1);
    const float k3 = cali_fma_f32(-g1, cali_fma_f32(half, k2, u0), a1);
    const float k4 = cali_fma_f32(-g2, cali_fma_f32(h, k3, u0), a2);
    const float slope = cali_fma_f32(2.0f, k2 + k3, k1 + k4);
    const float u = x->n_refractory > 0.0f ? u0 : cali_fma_f32(h * (1.0f / 6.0f), slope, u0);

    x->g_exc = exc_end;
    x->g_inh = inh_end;
    x->r_exc = cali_fma_f32(rise_exc, k->half_rr_exc, in->excitatory * k->jump_exc);
    x->r_inh = cali_fma_f32(rise_inh, k->half_rr_inh, in->inhibitory * k->jump_inh);
    const int has_spiked = u >= k->threshold;
    const float next = x->n_refractory - 1.0f, left = next > 0.0f ? next : 0.0f;
    x->u = has_spiked ? k->reset : u;
    x->n_refractory = has_spiked ? k->refractory : left;
    return has_spiked;
}

#endif
