/* Elementary functions in single precision that give the same bits on every machine, beside cali_exp_f32 of base/numeric.h.
 * They use + - x /, sqrt, explicit fma and integer operations, no libm and no branches: loops over them become vector code.
 * The measured largest errors stand at each function (tests/unit/base_numeric_f32.c asserts them). */
#ifndef CALI_BASE_NUMERIC_F32_H
#define CALI_BASE_NUMERIC_F32_H

#include "base/numeric.h"

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

/** sin and cos of x, absolute error below 1e-7 for |x| < 1e4, growing with |x| beyond. */
CAL_HD void cali_sincos_f32(float x, float *sine, float *cosine)
{
    const float magic = 12582912.0f; /* 1.5 2^23: the sum's low bits hold the integer */
    const float t = cali_fma_f32(x, 0.636619772f, magic);
    const uint32_t quadrant = cali_bits_f32(t);
    const float k = t - magic;
    float r = cali_fma_f32(k, -1.57079637f, x); /* pi / 2 in three parts */
    r = cali_fma_f32(k, 4.37113883e-8f, r);
    r = cali_fma_f32(k, 1.71512451e-15f, r);
    const float z = r * r; /* Chebyshev fits of (sin(r) / r - 1) / r^2 and (cos(r) - 1 + r^2 / 2) / r^4 on |r| <= pi / 4 */
    float s = 2.724382e-6f;
    s = cali_fma_f32(s, z, -1.9840039e-4f);
    s = cali_fma_f32(s, z, 8.333332e-3f);
    s = cali_fma_f32(s, z, -1.6666667e-1f);
    s = cali_fma_f32(r * z, s, r);
    float c = -2.7295857e-7f;
    c = cali_fma_f32(c, z, 2.480056e-5f);
    c = cali_fma_f32(c, z, -1.3888888e-3f);
    c = cali_fma_f32(c, z, 4.1666668e-2f);
    c = cali_fma_f32(z * z, c, cali_fma_f32(z, -0.5f, 1.0f));
    const float a = (quadrant & 1) ? c : s, b = (quadrant & 1) ? s : c;
    *sine = (quadrant & 2) ? -a : a;
    *cosine = ((quadrant + 1) & 2) ? -b : b;
}

/** Hyperbolic tangent, relative error below 2.5e-7. */
CAL_HD float cali_tanh_f32(float x)
{
    const float a = x < 0.0f ? -x : x;
    const float big = 1.0f - 2.0f / (cali_exp_f32(2.0f * (a > 10.0f ? 10.0f : a)) + 1.0f);
    const float z = a * a; /* Chebyshev fit of (tanh(a) / a - 1) / a^2 on a^2 <= 0.3 */
    float p = 2.5355266e-3f;
    p = cali_fma_f32(p, z, -8.5326955e-3f);
    p = cali_fma_f32(p, z, 2.181999e-2f);
    p = cali_fma_f32(p, z, -5.3964853e-2f);
    p = cali_fma_f32(p, z, 1.3333325e-1f);
    p = cali_fma_f32(p, z, -3.3333334e-1f);
    const float small = cali_fma_f32(a * z, p, a);
    const float y = a < 0.54f ? small : big;
    return x < 0.0f ? -y : y;
}

/** (e^x - 1) / x, 1 at 0, relative error below 6e-7; e^x is clamped as in cali_exp_f32. */
CAL_HD float cali_exprel_f32(float x)
{
    const float y = x > 0.5f || x < -0.5f ? x : 1.0f;
    const float big = (cali_exp_f32(y) - 1.0f) / y;
    float p = 1.9962186e-4f; /* Chebyshev fit of (exprel(x) - 1) / x on |x| <= 1 / 2 */
    p = cali_fma_f32(p, x, 1.3982197e-3f);
    p = cali_fma_f32(p, x, 8.333182e-3f);
    p = cali_fma_f32(p, x, 4.1665792e-2f);
    p = cali_fma_f32(p, x, 1.6666667e-1f);
    p = cali_fma_f32(p, x, 0.5f);
    const float small = cali_fma_f32(p, x, 1.0f);
    return x > 0.5f || x < -0.5f ? big : small;
}

/** Angle of the point (x, y) with the x axis, from -pi to pi, absolute error below 4e-7, relative error of angles
 *  within 1 below 3e-7; 0 for (0, 0). */
CAL_HD float cali_atan2_f32(float y, float x)
{
    const float ax = x < 0.0f ? -x : x, ay = y < 0.0f ? -y : y;
    const float low = ax < ay ? ax : ay, high = ax < ay ? ay : ax;
    const float is_turned = low > 0.414213562f * high ? 1.0f : 0.0f; /* as in cali_atan2 */
    const float above = is_turned > 0.0f ? low - high : low;
    const float below = is_turned > 0.0f ? low + high : high;
    const float u = above / (below > 0.0f ? below : 1.0f), z = u * u;
    float p = -6.45937622e-2f; /* Chebyshev fit on |u| <= tan(pi / 8) */
    p = cali_fma_f32(p, z, 1.07462987e-1f);
    p = cali_fma_f32(p, z, -1.42642319e-1f);
    p = cali_fma_f32(p, z, 1.99995503e-1f);
    p = cali_fma_f32(p, z, -3.33333313e-1f);
    const float reduced = cali_fma_f32(p * z, u, u);
    float angle = is_turned > 0.0f ? 0.785398163f + reduced : reduced;
    angle = ay > ax ? 1.57079633f - angle : angle;
    angle = x < 0.0f ? 3.14159265f - angle : angle;
    return y < 0.0f ? -angle : angle;
}

#endif
