/* Adaptive exponential integrate-and-fire (expif.h) with exponential conductances:
 *     C u' = -g_L u + g_L Delta_T e^x - w + g_exc (E_exc - V) + g_inh (E_inh - V) + I. */
#ifndef CALI_SNN_KERNELS_ADEX_H
#define CALI_SNN_KERNELS_ADEX_H

#include "snn/kernels/expif.h"

#define CALI_ADEX_STATES(X) X(u) X(w) X(g_exc) X(g_inh) X(n_refractory) X(u_low) X(w_low)
#define CALI_ADEX_CONSTANTS(X)                                                                     \
    CALI_EXPIF_CONSTANTS(X) CALI_EXPIF_W_CONSTANTS(X) X(e_exc) X(e_inh) X(loss_exc) X(loss_inh)
#define CALI_ADEX_INPUTS(X) X(excitatory) X(inhibitory)
CALI_KERNEL_TYPES(adex, ADEX);

/* The drive of a sub-step; the conductances move on to its end. loss = 1 - e^(-h / 2 tau). */
CAL_HD void cali_adex_drive(const cali_adex_constants *k, float current, cali_adex_state *x,
                            cali_drive *d)
{
    for (int i = 0; i < 3; i++) {
        if (i > 0) {
            x->g_exc = cali_decay_f32(k->loss_exc, x->g_exc);
            x->g_inh = cali_decay_f32(k->loss_inh, x->g_inh);
        }
        d->g[i] = cali_fma_f32(x->g_exc + x->g_inh, k->per_c, k->leak_c);
        d->a[i] = cali_fma_f32(cali_fma_f32(x->g_exc, k->e_exc, x->g_inh * k->e_inh), k->per_c, current);
    }
}

CALI_EXPIF_QUARTERS(adex)

CAL_HD int cali_adex_step(const cali_adex_constants *k, const cali_adex_inputs *in, float current,
                          cali_adex_state *x)
{
    const int has_spiked = cali_adex_quarters(k, current, x);
    x->g_exc += in->excitatory;
    x->g_inh += in->inhibitory;
    return has_spiked;
}

#endif
