/* From a random word of 32 bits to a float32: one word, one number, the same bits everywhere. */
#ifndef CALI_SNN_KERNELS_RANDOM_H
#define CALI_SNN_KERNELS_RANDOM_H

#include "snn/kernels/kernel.h"

/** (w + 1/2) 2^-32, rounded once: in (0, 1], with 24 bits also where it is small. An event of probability p is
 *  `cali_uniform_f32(word) <= p`: never for p = 0, always for p = 1. */
CAL_HD float cali_uniform_f32(uint32_t word)
{
    const float high = (float)(int32_t)(word >> 16), low = (float)(int32_t)(word & 0xffffu);
    return cali_fma_f32(high, 0x1p-16f, cali_fma_f32(low, 0x1p-32f, 0x1p-33f));
}

/** A standard normal number: the word's first bit is its sign, the others give the probability p of a larger modulus
 *  halved, and z = -Phi^-1(p) is a rational function of t = sqrt(-2 log p), a minimax fit over p from 2^-33 to 1/2.
 *  Symmetric, |z| < 6.3, absolute error below 3e-6 (tests/unit/snn_random.c). */
CAL_HD float cali_normal_f32(uint32_t word)
{
    const uint32_t half = word & 0x7fffffffu;
    const float high = (float)(int32_t)(half >> 16), low = (float)(int32_t)(half & 0xffffu);
    const float p = cali_fma_f32(high, 0x1p-16f, cali_fma_f32(low, 0x1p-32f, 0x1p-33f));
    const float t = __builtin_sqrtf(-2.0f * cali_log_f32(p));
    float above = 0x1.fbede4p-2f;
    above = cali_fma_f32(above, t, 0x1.0775c0p+2f);
    above = cali_fma_f32(above, t, 0x1.ada05ap+1f);
    above = cali_fma_f32(above, t, -0x1.eff41ep+2f);
    above = cali_fma_f32(above, t, -0x1.99c888p+1f);
    float below = 0x1.fb9f68p-2f;
    below = cali_fma_f32(below, t, 0x1.08db72p+2f);
    below = cali_fma_f32(below, t, 0x1.596f3cp+2f);
    below = cali_fma_f32(below, t, 1.0f);
    return cali_f32_from_bits(cali_bits_f32(above / below) ^ (word & 0x80000000u));
}

/** 1 - e^-x for x >= 0: the probability of an event of hazard x within a step. Relative error below 1e-6. */
CAL_HD float cali_chance_f32(float x)
{
    float series = cali_fma_f32(x, 1.0f / 120.0f, -1.0f / 24.0f);
    series = cali_fma_f32(series, x, 1.0f / 6.0f);
    series = cali_fma_f32(series, x, -0.5f);
    series = cali_fma_f32(series, x, 1.0f) * x;
    const float whole = 1.0f - cali_exp_f32(-x);
    return x < 0.2f ? series : whole;
}

#endif
