/* Elementary functions that give the same bits on every machine, compiler and vector width.
 *
 * They use + - x / and sqrt (each correctly rounded by IEEE 754) and integer operations; no libm.
 * The double versions use no fma, so they vectorise at every instruction-set level. Coefficients
 * are those of the Taylor series, of a minimax fit (Remez) or a Chebyshev fit, long enough for the reduced range; the
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

/** e^x - 1, relative error below 1e-15, near 0 too. */
CAL_HD double cali_expm1(double x)
{
    if (x > 0.35 || x < -0.35)
        return cali_exp(x) - 1.0;
    double p = 1.0 / 87178291200.0; /* x + x^2/2! + ... + x^14/14!; the next term is below a rounding */
    p = 1.0 / 6227020800.0 + x * p;
    p = 1.0 / 479001600.0 + x * p;
    p = 1.0 / 39916800.0 + x * p;
    p = 1.0 / 3628800.0 + x * p;
    p = 1.0 / 362880.0 + x * p;
    p = 1.0 / 40320.0 + x * p;
    p = 1.0 / 5040.0 + x * p;
    p = 1.0 / 720.0 + x * p;
    p = 1.0 / 120.0 + x * p;
    p = 1.0 / 24.0 + x * p;
    p = 1.0 / 6.0 + x * p;
    p = 0.5 + x * p;
    return x + x * (x * p);
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

/** Complementary error function, relative error below 1e-15 (measured 6e-16) for x < 26; beyond, the clamp of
 *  cali_exp keeps the result a positive number near 1e-309. */
CAL_HD double cali_erfc(double x)
{
    const double a = x < 0.0 ? -x : x;
    /* Chebyshev fit of (1 + 2 a) e^(a^2) erfc(a), smooth from 1 to 2 / sqrt(pi), in t = (a - 4) / (a + 4) */
    const double t = (a - 4.0) / (a + 4.0);
    double p = -2.659599690242689e-10;
    p = p * t + 9.311744978232572e-10;
    p = p * t + 3.1695881915648173e-09;
    p = p * t - 1.234686604382353e-08;
    p = p * t - 2.05606492756992e-08;
    p = p * t + 1.0633855618594884e-07;
    p = p * t + 7.746992727017941e-08;
    p = p * t - 8.210939042560568e-07;
    p = p * t + 2.919733377963012e-07;
    p = p * t + 5.706604414895734e-06;
    p = p * t - 1.1221287012353486e-05;
    p = p * t - 2.4397746422436416e-05;
    p = p * t + 0.0001506214900124047;
    p = p * t - 0.00019925714661091188;
    p = p * t - 0.0007577732613730956;
    p = p * t + 0.005031970067657489;
    p = p * t - 0.016197734059799265;
    p = p * t + 0.03716751552655567;
    p = p * t - 0.06633036581218697;
    p = p * t + 0.0937328349990944;
    p = p * t - 0.10103906603630056;
    p = p * t + 0.06809705425466908;
    p = p * t + 0.015379652102619604;
    p = p * t - 0.1396211168405623;
    p = p * t + 1.2329951186255526;
    /* e^(-a^2): what the square loses to rounding is given back, since a^2 may be large */
    const double high = cali_f64_from_bits(cali_bits_f64(a) & ~UINT64_C(0x7ffffff)), low = a - high;
    const double square = a * a;
    const double rest = ((high * high - square) + 2.0 * high * low) + low * low;
    const double y = p / (1.0 + 2.0 * a) * (cali_exp(-square) * (1.0 - (a < 26.6 ? rest : 0.0)));
    return x < 0.0 ? 2.0 - y : y;
}

/** Angle of the point (x, y) with the x axis, from -pi to pi, absolute error below 5e-16; 0 for (0, 0). */
CAL_HD double cali_atan2(double y, double x)
{
    const double ax = x < 0.0 ? -x : x, ay = y < 0.0 ? -y : y;
    const double low = ax < ay ? ax : ay, high = ax < ay ? ay : ax;
    /* atan(t) = pi / 4 + atan((t - 1) / (t + 1)) brings t = low / high within tan(pi / 8) */
    const double is_turned = low > 0.41421356237309503 * high ? 1.0 : 0.0;
    const double above = is_turned > 0.0 ? low - high : low;
    const double below = is_turned > 0.0 ? low + high : high;
    const double u = above / (below > 0.0 ? below : 1.0), z = u * u;
    double p = 1.0 / 41.0;
    p = p * z - 1.0 / 39.0;
    p = p * z + 1.0 / 37.0;
    p = p * z - 1.0 / 35.0;
    p = p * z + 1.0 / 33.0;
    p = p * z - 1.0 / 31.0;
    p = p * z + 1.0 / 29.0;
    p = p * z - 1.0 / 27.0;
    p = p * z + 1.0 / 25.0;
    p = p * z - 1.0 / 23.0;
    p = p * z + 1.0 / 21.0;
    p = p * z - 1.0 / 19.0;
    p = p * z + 1.0 / 17.0;
    p = p * z - 1.0 / 15.0;
    p = p * z + 1.0 / 13.0;
    p = p * z - 1.0 / 11.0;
    p = p * z + 1.0 / 9.0;
    p = p * z - 1.0 / 7.0;
    p = p * z + 1.0 / 5.0;
    p = p * z - 1.0 / 3.0;
    double angle = is_turned * (0.25 * CALI_PI) + (u + u * (z * p));
    angle = ay > ax ? 0.5 * CALI_PI - angle : angle;
    angle = x < 0.0 ? CALI_PI - angle : angle;
    return y < 0.0 ? -angle : angle;
}

/** Cube root of x >= 0, relative error below 7e-16; 0 below 1e-300. */
CAL_HD double cali_cbrt(double x)
{
    const double y = cali_exp(cali_log(x > 1e-300 ? x : 1.0) * (1.0 / 3.0));
    const double root = y - (y - x / (y * y)) * (1.0 / 3.0); /* one step of Newton's rule */
    return x > 1e-300 ? root : 0.0;
}

/** The z that a standard normal number exceeds with probability p, 0 < p < 1: relative error below 1e-14 for p from
 *  1e-12 to 1 - 1e-12 (near p = 1/2 absolute, 1e-15). Not for inner loops. */
CAL_HD double cali_normal_quantile(double p)
{
    const double tail = p < 0.5 ? p : 1.0 - p;
    /* start: Abramowitz & Stegun 26.2.22, within 3e-3; each of Halley's steps cubes the error */
    const double t = __builtin_sqrt(-2.0 * cali_log(tail));
    double z = t - (2.30753 + 0.27061 * t) / (1.0 + t * (0.99229 + t * 0.04481));
    for (int i = 0; i < 3; i++) {
        const double excess = 0.5 * cali_erfc(z * 0.70710678118654752440) - tail;
        const double u = excess * 2.50662827463100050242 * cali_exp(0.5 * z * z);
        z = z + u / (1.0 - 0.5 * z * u);
    }
    return p < 0.5 ? z : -z;
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
