/* Leaky integrate-and-fire above threshold as a phase (Mirollo & Strogatz 1990, SIAM J. Appl. Math. 50, 1645-1662). The
 * neuron tau V' = -V + I_0 + I with threshold 1, reset 0 and I_0 > 1 fires with period T = tau log(I_0 / (I_0 - 1));
 * its phase moves with phi' = 1 / T from 0 to 1, and V = I_0 (1 - exp(-phi T / tau)). In z = exp(-phi T / tau)
 *     tau z' = -z - I / I_0 (exact for constant I),   a pulse of V by w: z -= w / I_0.
 * Without input the period is T for any dt: what is left of a step after phase 1 is kept. A pulse that lifts phi to
 * 1 resets to 0. Pulses arrive at the end of the step; phases stay above -8 (V far below reset). */
#ifndef CALI_SNN_KERNELS_LIF_PHASE_H
#define CALI_SNN_KERNELS_LIF_PHASE_H

#include "snn/kernels/kernel.h"

#define CALI_LIF_PHASE_STATES(X) X(phase) X(phase_low)
#define CALI_LIF_PHASE_CONSTANTS(X) X(advance) X(decay) X(turn) X(per_turn) X(per_drive) X(top)
#define CALI_LIF_PHASE_INPUTS(X) X(pulse)
CALI_KERNEL_TYPES(lif_phase, LIF_PHASE);

/* The phase after V moved by `jump` (in units of I_0). */
CAL_HD float cali_lif_phase_shift(const cali_lif_phase_constants *k, float phase, float jump)
{
    const float z = cali_exp_f32(-phase * k->turn) - jump;
    const float low = 1e-30f, high = k->top;
    const float inside = z > low ? (z < high ? z : high) : low;
    return -cali_log_f32(inside) * k->per_turn;
}

CAL_HD int cali_lif_phase_step(const cali_lif_phase_constants *k, const cali_lif_phase_inputs *in, float current,
                               cali_lif_phase_state *x)
{
    const float i = current * k->per_drive;
    float phase = x->phase, low = x->phase_low;
    cali_add_f32(&phase, &low, k->advance);
    /* V gains I (1 - e^(-dt / tau)) on the free flow */
    const float driven = cali_lif_phase_shift(k, phase, i * (1.0f - k->decay));
    phase = i == 0.0f ? phase : driven;
    low = i == 0.0f ? low : 0.0f;
    const int has_passed = phase >= 1.0f;
    phase = has_passed ? phase - 1.0f : phase;
    const float pushed = cali_lif_phase_shift(k, phase, in->pulse * k->per_drive);
    const float moved = in->pulse == 0.0f ? phase : pushed;
    const int is_pushed = moved >= 1.0f;
    x->phase = is_pushed ? 0.0f : moved;
    x->phase_low = in->pulse == 0.0f ? low : 0.0f;
    return has_passed | is_pushed;
}

#endif
