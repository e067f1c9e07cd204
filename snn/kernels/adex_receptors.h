/* Adaptive exponential integrate-and-fire (expif.h) with AMPA, NMDA, GABA-A and GABA-B receptors
 * (receptors.h): C u' = -g_L u + g_L Delta_T e^x - w + receptors + I. */
#ifndef CALI_SNN_KERNELS_ADEX_RECEPTORS_H
#define CALI_SNN_KERNELS_ADEX_RECEPTORS_H

#include "snn/kernels/expif.h"
#include "snn/kernels/receptors.h"

#define CALI_ADEX_RECEPTORS_STATES(X)                                                              \
    X(u) X(w) CALI_RECEPTORS_STATES(X) X(n_refractory) X(u_low) X(w_low)
#define CALI_ADEX_RECEPTORS_CONSTANTS(X)                                                           \
    CALI_EXPIF_CONSTANTS(X) CALI_EXPIF_W_CONSTANTS(X) CALI_RECEPTORS_CONSTANTS(X)
#define CALI_ADEX_RECEPTORS_INPUTS(X) CALI_RECEPTORS_INPUTS(X)
CALI_KERNEL_TYPES(adex_receptors, ADEX_RECEPTORS);

CAL_HD int cali_adex_receptors_quarter(const cali_expif_constants *c, const cali_receptors_constants *r,
                                       float current, int is_held, cali_receptors_state *g,
                                       cali_expif_state *y)
{
    cali_drive d;
    cali_receptors_step(r, c->per_c, c->leak_c, current, y->u, g, &d);
    return cali_expif_substep(c, &d, CALI_EXPIF_ADAPTS | CALI_EXPIF_HAS_NMDA, is_held, y);
}

#define CALI_ADEX_RECEPTORS_TO_R(f) r.f = k->f;
#define CALI_ADEX_RECEPTORS_TO_G(f) g.f = x->f;
#define CALI_ADEX_RECEPTORS_FROM_G(f) x->f = g.f;

CAL_HD int cali_adex_receptors_step(const cali_adex_receptors_constants *k,
                                    const cali_adex_receptors_inputs *in, float current,
                                    cali_adex_receptors_state *x)
{
    cali_expif_constants c;
    cali_expif_state y;
    cali_receptors_constants r;
    cali_receptors_state g;
    CALI_EXPIF_CONSTANTS(CALI_KERNEL_LOAD_CONSTANT) CALI_EXPIF_W_CONSTANTS(CALI_KERNEL_LOAD_CONSTANT)
    CALI_EXPIF_STATES(CALI_KERNEL_LOAD_STATE) CALI_EXPIF_W_STATES(CALI_KERNEL_LOAD_STATE)
    CALI_RECEPTORS_CONSTANTS(CALI_ADEX_RECEPTORS_TO_R)
    CALI_RECEPTORS_STATES(CALI_ADEX_RECEPTORS_TO_G)
    const float drive = cali_fma_f32(current, k->per_c, k->drive);
    const int is_refractory = x->n_refractory > 0.0f, holds = k->refractory > 0.0f;
    int has_spiked = cali_adex_receptors_quarter(&c, &r, drive, is_refractory, &g, &y);
    has_spiked |= cali_adex_receptors_quarter(&c, &r, drive, is_refractory | (has_spiked & holds), &g, &y);
    has_spiked |= cali_adex_receptors_quarter(&c, &r, drive, is_refractory | (has_spiked & holds), &g, &y);
    has_spiked |= cali_adex_receptors_quarter(&c, &r, drive, is_refractory | (has_spiked & holds), &g, &y);
    cali_receptors_arrive(&r, in->ampa, in->nmda, in->gaba_a, in->gaba_b, &g);
    CALI_EXPIF_STATES(CALI_KERNEL_STORE_STATE) CALI_EXPIF_W_STATES(CALI_KERNEL_STORE_STATE)
    CALI_RECEPTORS_STATES(CALI_ADEX_RECEPTORS_FROM_G)
    x->n_refractory = cali_expif_refractory(&c, has_spiked, x->n_refractory);
    return has_spiked;
}

#endif
