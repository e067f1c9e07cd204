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

CAL_HD int cali_adex_psc_quarter(const cali_adex_psc_constants *k, const cali_expif_constants *c, float current,
                            int is_held, cali_adex_psc_state *x, cali_expif_state *y)
{
    cali_drive d;
    cali_adex_psc_drive(k, current, x, &d);
    return cali_expif_substep(c, &d, CALI_EXPIF_ADAPTS, is_held, y);
}

CAL_HD int cali_adex_psc_step(const cali_adex_psc_constants *k, const cali_adex_psc_inputs *in, float current,
                          cali_adex_psc_state *x)
{
    cali_expif_constants c;
    cali_expif_state y;
    CALI_EXPIF_CONSTANTS(CALI_KERNEL_LOAD_CONSTANT) CALI_EXPIF_W_CONSTANTS(CALI_KERNEL_LOAD_CONSTANT)
    CALI_EXPIF_STATES(CALI_KERNEL_LOAD_STATE) CALI_EXPIF_W_STATES(CALI_KERNEL_LOAD_STATE)
    const float drive = cali_fma_f32(current, k->per_c, k->drive);
    const int is_refractory = x->n_refractory > 0.0f, holds = k->refractory > 0.0f;
    int has_spiked = cali_adex_psc_quarter(k, &c, drive, is_refractory, x, &y);
    has_spiked |= cali_adex_psc_quarter(k, &c, drive, is_refractory | (has_spiked & holds), x, &y);
    has_spiked |= cali_adex_psc_quarter(k, &c, drive, is_refractory | (has_spiked & holds), x, &y);
    has_spiked |= cali_adex_psc_quarter(k, &c, drive, is_refractory | (has_spiked & holds), x, &y);
    CALI_EXPIF_STATES(CALI_KERNEL_STORE_STATE) CALI_EXPIF_W_STATES(CALI_KERNEL_STORE_STATE)
    x->i_exc += in->excitatory;
    x->i_inh += in->inhibitory;
    x->n_refractory = cali_expif_refractory(&c, has_spiked, x->n_refractory);
    return has_spiked;
}

#endif
