/* What formulas call. The interpreter includes this file, and compiled models carry its text behind
 * that of base/numeric.h, so both give the same bits. Defined everywhere; loops over it become vector code. */
#ifndef CALI_BASE_FORMULA_FUNCTIONS_H
#define CALI_BASE_FORMULA_FUNCTIONS_H

#include "base/numeric.h"

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

#endif
