/* Adaptive exponential integrate-and-fire (expif.h) with exponential currents:
 *     C u' = -g_L u + g_L Delta_T e^x - w + I_exc + I_inh + I,   I_s' = -I_s / tau_s. */
#ifndef CALI_SNN_KERNELS_ADEX_PSC_H
#define CALI_SNN_KERNELS_ADEX_PSC_H

#include "snn/kernels/expif.h"

#define CALI_ADEX_PSC_STATES(X) X(u) X(w) X(i_exc) X(i_inh) X(n_refractory) X(u_low) X(w_low)
#define CALI_ADEX_PSC_CONSTANTS(X)                                                                     \
    CALI_EXPIF_CONSTANTS(X) CALI_EXPIF_W_CONSTANTS(X) X(loss_exc) X(loss_inh)
#define CALI_ADEX_PSC_INPUTS(X) X(excitatory) X(inhibitory)
CALI_KERNEL_TYPES(adex_psc, ADEX_PSC);

/* The drive of a sub-step; the currents move on to its end. loss = 1 - e^(-h / 2 tau). */
CAL_HD void cali_adex_psc_drive(const cali_adex_psc_constants *k, float current, cali_adex_psc_state *x,
                            cali_drive *d)
{
    for (int i = 0; i < 3; i++) {
        if (i > 0) {
            x->i_exc = cali_decay_f32(k->loss_exc, x->i_exc);
            x->i_inh = cali_decay_f32(k->loss_inh, x->i_inh);
        }
        d->g[i] = k->leak_c;
        d->a[i] = cali_fma_f32(x->i_exc + x->i_inh, k->per_c, current);
    }
}

CALI_EXPIF_QUARTERS(adex_psc)

CAL_HD int cali_adex_psc_step(const cali_adex_psc_constants *k, const cali_adex_psc_inputs *in, float current,
                              cali_adex_psc_state *x)
{
    const int has_spiked = cali_adex_psc_quarters(k, current, x);
    x->i_exc += in->excitatory;
    x->i_inh += in->inhibitory;
    return has_spiked;
}

#endif
