/* Exponential integrate-and-fire (expif.h without adaptation) with exponential currents:
 *     C u' = -g_L u + g_L Delta_T e^x + I_exc + I_inh + I,   I_s' = -I_s / tau_s. */
#ifndef CALI_SNN_KERNELS_EIF_H
#define CALI_SNN_KERNELS_EIF_H

#include "snn/kernels/expif.h"

#define CALI_EIF_STATES(X) X(u) X(i_exc) X(i_inh) X(n_refractory) X(u_low)
#define CALI_EIF_CONSTANTS(X)                                                                     \
    CALI_EXPIF_CONSTANTS(X) X(loss_exc) X(loss_inh)
#define CALI_EIF_INPUTS(X) X(excitatory) X(inhibitory)
CALI_KERNEL_TYPES(eif, EIF);

/* The drive of a sub-step; the currents move on to its end. loss = 1 - e^(-h / 2 tau). */
CAL_HD void cali_eif_drive(const cali_eif_constants *k, float current, cali_eif_state *x,
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

CAL_HD int cali_eif_quarter(const cali_eif_constants *k, const cali_expif_constants *c, float current,
                            int is_held, cali_eif_state *x, cali_expif_state *y)
{
    cali_drive d;
    cali_eif_drive(k, current, x, &d);
    return cali_expif_substep(c, &d, 0, is_held, y);
}

CAL_HD int cali_eif_step(const cali_eif_constants *k, const cali_eif_inputs *in, float current,
                          cali_eif_state *x)
{
    cali_expif_constants c;
    cali_expif_state y;
    CALI_EXPIF_CONSTANTS(CALI_KERNEL_LOAD_CONSTANT)
    CALI_EXPIF_STATES(CALI_KERNEL_LOAD_STATE)
    y.w = y.w_low = 0.0f;
    const float drive = cali_fma_f32(current, k->per_c, k->drive);
    const int is_refractory = x->n_refractory > 0.0f, holds = k->refractory > 0.0f;
    int has_spiked = cali_eif_quarter(k, &c, drive, is_refractory, x, &y);
    has_spiked |= cali_eif_quarter(k, &c, drive, is_refractory | (has_spiked & holds), x, &y);
    has_spiked |= cali_eif_quarter(k, &c, drive, is_refractory | (has_spiked & holds), x, &y);
    has_spiked |= cali_eif_quarter(k, &c, drive, is_refractory | (has_spiked & holds), x, &y);
    CALI_EXPIF_STATES(CALI_KERNEL_STORE_STATE)
    x->i_exc += in->excitatory;
    x->i_inh += in->inhibitory;
    x->n_refractory = cali_expif_refractory(&c, has_spiked, x->n_refractory);
    return has_spiked;
}

#endif
