/* Leaky integrate-and-fire with AMPA, NMDA, GABA-A and GABA-B receptors (receptors.h): u = V - E_L,
 *     C u' = -g_L u + receptors + I.
 * One classical Runge-Kutta step of order 4 over dt; stable while dt (g_L + all g) < 2.78 C. */
#ifndef CALI_SNN_KERNELS_LIF_RECEPTORS_H
#define CALI_SNN_KERNELS_LIF_RECEPTORS_H

#include "snn/kernels/receptors.h"

#define CALI_LIF_RECEPTORS_STATES(X) X(u) CALI_RECEPTORS_STATES(X) X(n_refractory)
#define CALI_LIF_RECEPTORS_CONSTANTS(X)                                                            \
    X(dt) X(per_c) X(leak_c) X(drive) X(threshold) X(reset) X(refractory) CALI_RECEPTORS_CONSTANTS(X)
#define CALI_LIF_RECEPTORS_INPUTS(X) CALI_RECEPTORS_INPUTS(X)
CALI_KERNEL_TYPES(lif_receptors, LIF_RECEPTORS);

CAL_HD int cali_lif_receptors_step(const cali_lif_receptors_constants *k,
                                   const cali_lif_receptors_inputs *in, float current,
                                   cali_lif_receptors_state *x)
{
    cali_receptors_constants c;
    cali_receptors_state y;
    cali_drive d;
    CALI_RECEPTORS_CONSTANTS(CALI_KERNEL_LOAD_CONSTANT)
    CALI_RECEPTORS_STATES(CALI_KERNEL_LOAD_STATE)
    const float h = k->dt, half = 0.5f * h, u0 = x->u;
    cali_receptors_step(&c, k->per_c, k->leak_c, cali_fma_f32(current, k->per_c, k->drive), u0, &y, &d);
    const float k1 = cali_drive_slope(&d, 0, 1, u0);
    const float k2 = cali_drive_slope(&d, 1, 1, cali_fma_f32(half, k1, u0));
    const float k3 = cali_drive_slope(&d, 1, 1, cali_fma_f32(half, k2, u0));
    const float k4 = cali_drive_slope(&d, 2, 1, cali_fma_f32(h, k3, u0));
    const float slope = cali_fma_f32(2.0f, k2 + k3, k1 + k4);
    const float u = x->n_refractory > 0.0f ? u0 : cali_fma_f32(h * (1.0f / 6.0f), slope, u0);

    cali_receptors_arrive(&c, in->ampa, in->nmda, in->gaba_a, in->gaba_b, &y);
    CALI_RECEPTORS_STATES(CALI_KERNEL_STORE_STATE)
    const int has_spiked = u >= k->threshold;
    const float next = x->n_refractory - 1.0f, left = next > 0.0f ? next : 0.0f;
    x->u = has_spiked ? k->reset : u;
    x->n_refractory = has_spiked ? k->refractory : left;
    return has_spiked;
}

#endif
