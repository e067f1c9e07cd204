/* Adaptive exponential integrate-and-fire (expif.h) with conductances that are alpha functions:
 *     C u' = -g_L u + g_L Delta_T e^x - w + g_exc (E_exc - V) + g_inh (E_inh - V) + I
 *     g_s' = -g_s / tau_s + r_s,   r_s' = -r_s / tau_s.
 * A weight w adds w `jump_s` = w e / tau_s to r_s, so that the conductance peaks with w after tau_s. */
#ifndef CALI_SNN_KERNELS_ADEX_COND_ALPHA_H
#define CALI_SNN_KERNELS_ADEX_COND_ALPHA_H

#include "snn/kernels/expif.h"

#define CALI_ADEX_COND_ALPHA_STATES(X) \
    X(u) X(w) X(g_exc) X(r_exc) X(g_inh) X(r_inh) X(n_refractory) X(u_low) X(w_low)
#define CALI_ADEX_COND_ALPHA_CONSTANTS(X)                                                          \
    CALI_EXPIF_CONSTANTS(X) CALI_EXPIF_W_CONSTANTS(X) X(e_exc) X(e_inh) X(loss_exc) X(loss_inh)    \
        X(jump_exc) X(jump_inh)
#define CALI_ADEX_COND_ALPHA_INPUTS(X) X(excitatory) X(inhibitory)
CALI_KERNEL_TYPES(adex_cond_alpha, ADEX_COND_ALPHA);

/* The drive at one time of a sub-step. */
CAL_HD void cali_adex_cond_alpha_at(const cali_adex_cond_alpha_constants *k, float current,
                                    const cali_adex_cond_alpha_state *x, float *a, float *g)
{
    *g = cali_fma_f32(x->g_exc + x->g_inh, k->per_c, k->leak_c);
    *a = cali_fma_f32(cali_fma_f32(x->g_exc, k->e_exc, x->g_inh * k->e_inh), k->per_c, current);
}

/* Half a sub-step s on: g becomes (g + r s) e^(-s / tau). loss = 1 - e^(-s / tau). */
CAL_HD void cali_adex_cond_alpha_move(const cali_adex_cond_alpha_constants *k, cali_adex_cond_alpha_state *x)
{
    const float half = 0.5f * k->h;
    x->g_exc = cali_decay_f32(k->loss_exc, cali_fma_f32(half, x->r_exc, x->g_exc));
    x->g_inh = cali_decay_f32(k->loss_inh, cali_fma_f32(half, x->r_inh, x->g_inh));
    x->r_exc = cali_decay_f32(k->loss_exc, x->r_exc);
    x->r_inh = cali_decay_f32(k->loss_inh, x->r_inh);
}

/* The drive of a sub-step, without a loop: one of this size would not be unrolled, nor the neurons' loop vectorise. */
CAL_HD void cali_adex_cond_alpha_drive(const cali_adex_cond_alpha_constants *k, float current,
                                       cali_adex_cond_alpha_state *x, cali_drive *d)
{
    cali_adex_cond_alpha_at(k, current, x, &d->a[0], &d->g[0]);
    cali_adex_cond_alpha_move(k, x);
    cali_adex_cond_alpha_at(k, current, x, &d->a[1], &d->g[1]);
    cali_adex_cond_alpha_move(k, x);
    cali_adex_cond_alpha_at(k, current, x, &d->a[2], &d->g[2]);
}

CALI_EXPIF_QUARTERS(adex_cond_alpha)

CAL_HD int cali_adex_cond_alpha_step(const cali_adex_cond_alpha_constants *k,
                                     const cali_adex_cond_alpha_inputs *in, float current,
                                     cali_adex_cond_alpha_state *x)
{
    const int has_spiked = cali_adex_cond_alpha_quarters(k, current, x);
    x->r_exc = cali_fma_f32(in->excitatory, k->jump_exc, x->r_exc);
    x->r_inh = cali_fma_f32(in->inhibitory, k->jump_inh, x->r_inh);
    return has_spiked;
}

#endif
