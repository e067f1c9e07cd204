/* What all neuron kernels share. A kernel is written once, in the common part of C17 and CUDA C++;
 * loops over neurons belong to the backends.
 *
 * A kernel header lists its rows with three macros, CALI_<NAME>_STATES(X), _CONSTANTS(X) and
 * _INPUTS(X); each row is one float32 per neuron. CALI_KERNEL_TYPES makes the structs of one neuron
 * from them. Then
 *
 *     CAL_HD int cali_<name>_step(const cali_<name>_constants *k, const cali_<name>_inputs *in,
 *                                 float current, cali_<name>_state *x)
 *
 * moves the neuron over one step and returns 1 if it spikes. `in` is what arrives at the end of the
 * step, in the units of the receptors; `current` is constant over the step.
 *
 * The same bits on every target: + - x and explicit cali_fma_f32; division and sqrt, which IEEE 754
 * rounds correctly everywhere; comparisons; cali_exp_f32 and cali_log_f32. No libm. Both sides of
 * a choice are computed and one is selected, so that the loops vectorise. */
#ifndef CALI_SNN_KERNELS_KERNEL_H
#define CALI_SNN_KERNELS_KERNEL_H

#include "base/hd.h"
#include "base/numeric.h"

#define CALI_KERNEL_FLOAT(field) float field;
#define CALI_KERNEL_TYPES(name, NAME)                                                              \
    typedef struct cali_##name##_state {                                                           \
        CALI_##NAME##_STATES(CALI_KERNEL_FLOAT)                                                    \
    } cali_##name##_state;                                                                         \
    typedef struct cali_##name##_constants {                                                       \
        CALI_##NAME##_CONSTANTS(CALI_KERNEL_FLOAT)                                                 \
    } cali_##name##_constants;                                                                     \
    typedef struct cali_##name##_inputs {                                                          \
        CALI_##NAME##_INPUTS(CALI_KERNEL_FLOAT)                                                    \
    } cali_##name##_inputs

/** Natural logarithm of a positive normal number, absolute error below 2e-7 + 1e-7 |log x|. */
CAL_HD float cali_log_f32(float x)
{
    const uint32_t bits = cali_bits_f32(x);
    const uint32_t shifted = bits - 0x3f3504f3u; /* x = 2^e m, m between sqrt(1/2) and sqrt(2) */
    const float e = (float)((int32_t)shifted >> 23);
    const float m = cali_f32_from_bits(bits - (shifted & 0xff800000u));
    const float s = (m - 1.0f) / (m + 1.0f), z = s * s;
    float p = 2.0f / 9.0f;
    p = cali_fma_f32(p, z, 2.0f / 7.0f);
    p = cali_fma_f32(p, z, 2.0f / 5.0f);
    p = cali_fma_f32(p, z, 2.0f / 3.0f);
    p = cali_fma_f32(p, z, 2.0f);
    return cali_fma_f32(e, 0.693147181f, s * p);
}

/** x += increment; `low` keeps what the rounding lost and gives it to the next sum (Kahan 1965), so that
 *  steps much smaller than x add up. */
CAL_HD void cali_add_f32(float *x, float *low, float increment)
{
    const float y = increment + *low, sum = *x + y;
    *low = y - (sum - *x);
    *x = sum;
}

/** x e^-s with loss = 1 - e^-s: the rounding of a small loss matters far less than that of a factor near 1. */
CAL_HD float cali_decay_f32(float loss, float x)
{
    return cali_fma_f32(-loss, x, x);
}

#endif
