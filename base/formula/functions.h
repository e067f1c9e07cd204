/* What formulas call. The interpreter includes this file, and compiled models carry its text behind
 * that of base/numeric.h, so both give the same bits. Defined everywhere; loops over it become vector code. */
#ifndef CALI_BASE_FORMULA_FUNCTIONS_H
#define CALI_BASE_FORMULA_FUNCTIONS_H

#include "base/numeric_f32.h"

CAL_HD double cali_formula_exp(double x)
{
    return cali_exp(x);
}

/* cali_log takes positive normal numbers only */
CAL_HD double cali_formula_log(double x)
{
    const double tiny = 2.2250738585072014e-308;
    const double y = cali_log(x > tiny ? x : tiny);
    return x > 0.0 ? (x < __builtin_inf() ? y : x) : x == 0.0 ? -__builtin_inf() : __builtin_nan("");
}

CAL_HD double cali_formula_sqrt(double x)
{
    return __builtin_sqrt(x);
}

CAL_HD double cali_formula_sin(double x)
{
    double s, c;
    cali_sincos(x, &s, &c);
    return s;
}

CAL_HD double cali_formula_cos(double x)
{
    double s, c;
    cali_sincos(x, &s, &c);
    return c;
}

CAL_HD double cali_formula_tan(double x)
{
    double s, c;
    cali_sincos(x, &s, &c);
    return s / c;
}

CAL_HD double cali_formula_tanh(double x)
{
    return cali_tanh(x);
}

CAL_HD double cali_formula_erf(double x)
{
    return 1.0 - cali_erfc(x);
}

CAL_HD double cali_formula_erfc(double x)
{
    return cali_erfc(x);
}

CAL_HD double cali_formula_sigmoid(double x)
{
    return 1.0 / (1.0 + cali_exp(-x));
}

/* (e^x - 1) / x */
CAL_HD double cali_formula_exprel(double x)
{
    double p = 1.0; /* 1 + x/2 (1 + x/3 (1 + ...)): within half a rounding for |x| <= 1/2 */
    for (int n = 16; n >= 2; n--)
        p = 1.0 + x * p * (1.0 / n);
    const double y = x > 0.5 || x < -0.5 ? x : 1.0;
    const double big = (cali_exp(y) - 1.0) / y;
    return x > 0.5 || x < -0.5 ? big : p;
}

CAL_HD double cali_formula_abs(double x)
{
    return __builtin_fabs(x);
}

CAL_HD double cali_formula_min(double x, double y)
{
    return x < y ? x : y;
}

CAL_HD double cali_formula_max(double x, double y)
{
    return x > y ? x : y;
}

CAL_HD double cali_formula_heaviside(double x)
{
    return x > 0.0 ? 1.0 : 0.0;
}

CAL_HD double cali_formula_sign(double x)
{
    return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : 0.0;
}

/* x^y where y is no small integer; 0 at x = 0, for y > 0 is what a model means there */
CAL_HD double cali_formula_power(double x, double y)
{
    const double z = cali_exp(y * cali_formula_log(x));
    return x == 0.0 && y > 0.0 ? 0.0 : z;
}

/* ---- the same in single precision --------------------------------------------------------------- */

CAL_HD float cali_formula_exp_f32(float x)
{
    return cali_exp_f32(x);
}

/* cali_log_f32 takes positive normal numbers only */
CAL_HD float cali_formula_log_f32(float x)
{
    const float tiny = 1.17549435e-38f;
    const float y = cali_log_f32(x > tiny ? x : tiny);
    return x > 0.0f ? (x < __builtin_inff() ? y : x) : x == 0.0f ? -__builtin_inff() : __builtin_nanf("");
}

CAL_HD float cali_formula_sqrt_f32(float x)
{
#ifdef __CUDA_ARCH__
    return __fsqrt_rn(x);
#else
    return __builtin_sqrtf(x);
#endif
}

CAL_HD float cali_formula_sin_f32(float x)
{
    float s, c;
    cali_sincos_f32(x, &s, &c);
    return s;
}

CAL_HD float cali_formula_cos_f32(float x)
{
    float s, c;
    cali_sincos_f32(x, &s, &c);
    return c;
}

CAL_HD float cali_formula_tan_f32(float x)
{
    float s, c;
    cali_sincos_f32(x, &s, &c);
    return s / c;
}

CAL_HD float cali_formula_tanh_f32(float x)
{
    return cali_tanh_f32(x);
}

CAL_HD float cali_formula_erf_f32(float x)
{
    return (float)cali_formula_erf((double)x);
}

CAL_HD float cali_formula_erfc_f32(float x)
{
    return (float)cali_formula_erfc((double)x);
}

CAL_HD float cali_formula_sigmoid_f32(float x)
{
    return 1.0f / (1.0f + cali_exp_f32(-x));
}

CAL_HD float cali_formula_exprel_f32(float x)
{
    return cali_exprel_f32(x);
}

CAL_HD float cali_formula_abs_f32(float x)
{
    return __builtin_fabsf(x);
}

CAL_HD float cali_formula_min_f32(float x, float y)
{
    return x < y ? x : y;
}

CAL_HD float cali_formula_max_f32(float x, float y)
{
    return x > y ? x : y;
}

CAL_HD float cali_formula_heaviside_f32(float x)
{
    return x > 0.0f ? 1.0f : 0.0f;
}

CAL_HD float cali_formula_sign_f32(float x)
{
    return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f;
}

/* through double: the error of y log x would grow with its size */
CAL_HD float cali_formula_power_f32(float x, float y)
{
    return (float)cali_formula_power((double)x, (double)y);
}

#endif
