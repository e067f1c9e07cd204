/* Elementary functions that give the same bits on every machine, compiler and vector width.
 *
 * They use + - x / and sqrt (each correctly rounded by IEEE 754) and integer operations; no libm.
 * The double versions use no fma, so they vectorise at every instruction-set level. Coefficients
 * are those of the Taylor series or of a minimax fit (Remez), long enough for the reduced range; the
 * measured largest errors stand at each function (tests/unit/base_numeric.c asserts them). */
#ifndef CALI_BASE_NUMERIC_H
#define CALI_BASE_NUMERIC_H

#include "base/hd.h"

#define CALI_PI 3.14159265358979323846

/** e^x, relative error below 3e-16 for -708 < x < 709; clamped to that range outside. NaN stays NaN. */
CAL_HD double cali_exp(double x)
{
    const double magic = 6755399441055744.0; /* 1.5 2^52: the sum's low bits hold the integer */
    double y = x < -708.0 ? -708.0 : x;
    y = y > 709.0 ? 709.0 : y;
    const double t = y * 1.4426950408889634074 + magic;
    const double k = t - magic;
    const uint64_t n = cali_bits_f64(t) << 52;
    /* r = y - k ln 2 in two parts; k times the first part is exact (32 bits by 11 bits) */
    double r = y - k * 6.93147180369123816490e-01;
    r = r - k * 1.90821492927058770002e-10;
    /* (e^r - 1 - r) / r^2, minimax on |r| <= ln(2) / 2, in pairs: short chains overlap */
    const double z = r * r, zz = z * z;
    const double p0 = 0x1.000000000000bp-1 + r * 0x1.5555555555561p-3;
    const double p1 = 0x1.5555555550036p-5 + r * 0x1.111111110d671p-7;
    const double p2 = 0x1.6c16c185a60e2p-10 + r * 0x1.a01a01bace3dap-13;
    const double p3 = 0x1.a019969729b2dp-16 + r * 0x1.71dddffadaef5p-19;
    const double p4 = 0x1.28b045fe3eeb6p-22 + r * 0x1.af853a525d029p-26;
    double p = ((p0 + z * p1) + zz * (p2 + z * p3)) + (zz * zz) * p4;
    p = 1.0 + (r + z * p);
    return cali_f64_from_bits(cali_bits_f64(p) + n);
}

/** Natural logarithm of a positive normal number, relative error below 5e-16 (absolute 3e-16 near 1). */
CAL_HD double cali_log(double x)
{
    const uint64_t bits = cali_bits_f64(x);
    /* x = 2^k m with m between sqrt(1/2) and sqrt(2) */
    const uint64_t shifted = bits - UINT64_C(0x3fe6a09e667f3bcd);
    const double k = (double)(int32_t)((int64_t)shifted >> 52);
    const double m = cali_f64_from_bits(bits - (shifted & UINT64_C(0xfff0000000000000)));
    const double f = m - 1.0;
    const double s = f / (2.0 + f), z = s * s;
    double p = 2.0 / 21.0;
    p = p * z + 2.0 / 19.0;
    p = p * z + 2.0 / 17.0;
    p = p * z + 2.0 / 15.0;
    p = p * z + 2.0 / 13.0;
    p = p * z + 2.0 / 11.0;
    p = p * z + 2.0 / 9.0;
    p = p * z + 2.0 / 7.0;
    p = p * z + 2.0 / 5.0;
    p = p * z + 2.0 / 3.0;
    return k * 6.93147180369123816490e-01 + (2.0 * s + (s * z * p + k * 1.90821492927058770002e-10));
}

/** sin and cos of x, absolute error below 3e-16 for |x| < 1e5, growing with |x| beyond. */
CAL_HD void cali_sincos(double x, double *sine, double *cosine)
{
    const double magic = 6755399441055744.0;
    const double t = x * 0.63661977236758134308 + magic;
    const double k = t - magic;
    const uint64_t quadrant = cali_bits_f64(t);
    /* pi/2 in three parts of 33 bits, so that k times a part is exact for k < 2^20 */
    double r = x - k * 1.57079632673412561417e+00;
    r = r - k * 6.07710050630396597660e-11;
    r = r - k * 2.02226624879595063154e-21;
    const double z = r * r;
    double s = 1.0 / 355687428096000.0;
    s = s * z - 1.0 / 1307674368000.0;
    s = s * z + 1.0 / 6227020800.0;
    s = s * z - 1.0 / 39916800.0;
    s = s * z + 1.0 / 362880.0;
    s = s * z - 1.0 / 5040.0;
    s = s * z + 1.0 / 120.0;
    s = s * z - 1.0 / 6.0;
    s = r + r * (z * s);
    double c = 1.0 / 6402373705728000.0 * -1.0;
    c = c * z + 1.0 / 20922789888000.0;
    c = c * z - 1.0 / 87178291200.0;
    c = c * z + 1.0 / 479001600.0;
    c = c * z - 1.0 / 3628800.0;
    c = c * z + 1.0 / 40320.0;
    c = c * z - 1.0 / 720.0;
    c = c * z + 1.0 / 24.0;
    c = 1.0 - (0.5 * z - z * z * c);
    const double a = (quadrant & 1) ? c : s, b = (quadrant & 1) ? s : c;
    *sine = (quadrant & 2) ? -a : a;
    *cosine = ((quadrant + 1) & 2) ? -b : b;
}

/** Hyperbolic tangent, relative error below 1.5e-15 (largest near 0.15, where the forms meet). */
CAL_HD double cali_tanh(double x)
{
    const double a = x < 0.0 ? -x : x;
    const double big = 1.0 - 2.0 / (cali_exp(2.0 * (a > 20.0 ? 20.0 : a)) + 1.0);
    /* series for small arguments, where the difference above would cancel */
    const double z = a * a;
    double p = 929569.0 / 638512875.0 * -1.0;
    p = p * z + 21844.0 / 6081075.0;
    p = p * z - 1382.0 / 155925.0;
    p = p * z + 62.0 / 2835.0;
    p = p * z - 17.0 / 315.0;
    p = p * z + 2.0 / 15.0;
    p = p * z - 1.0 / 3.0;
    const double small = a + a * (z * p);
    const double y = a < 0.15 ? small : big;
    return x < 0.0 ? -y : y;
}

/** Single-precision e^x, within 2 units in the last place for |x| <= 87; clamped outside. Uses fma. */
CAL_HD float cali_exp_f32(float x)
{
    const float magic = 12582912.0f; /* 1.5 2^23 */
    float y = x < -87.0f ? -87.0f : x;
    y = y > 87.0f ? 87.0f : y;
    const float t = cali_fma_f32(y, 1.44269504f, magic);
    const uint32_t n = cali_bits_f32(t) << 23;
    const float k = t - magic;
    float r = cali_fma_f32(k, -0.693145752f, y);
    r = cali_fma_f32(k, -1.42860677e-6f, r);
    float p = 1.39261836e-3f; /* Chebyshev fit of (e^r - 1 - r) / r^2 on |r| <= ln(2) / 2 */
    p = cali_fma_f32(p, r, 8.36317905e-3f);
    p = cali_fma_f32(p, r, 4.16665546e-2f);
    p = cali_fma_f32(p, r, 1.66665770e-1f);
    p = cali_fma_f32(p, r, 0.5f);
    p = cali_fma_f32(p, r * r, r);
    p = p + 1.0f;
    return cali_f32_from_bits(cali_bits_f32(p) + n);
}

#endif
