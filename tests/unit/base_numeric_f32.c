/* The functions in single precision against those in double, over the ranges that their headers name; and the formulas'
 * functions that stand for them at the ends of the numbers. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "base/formula/functions.h"

/* Largest error of f over n numbers from low to high, relative to the size of the result or, below `floor`, to that. */
static double largest(float (*f)(float), double (*exact)(double), double low, double high, double floor)
{
    double worst = 0.0;
    for (int i = 0; i <= 400000; i++) {
        const float x = (float)(low + (high - low) * i / 400000);
        const double y = exact((double)x), size = fabs(y) > floor ? fabs(y) : floor;
        const double error = (double)f(x) == y ? 0.0 : fabs((double)f(x) - y) / size;
        worst = error > worst || isnan(error) ? error : worst;
    }
    return worst;
}

#define WRAP(name)                                                                                                     \
    static float f_##name(float x)                                                                                     \
    {                                                                                                                  \
        return cali_formula_##name##_f32(x);                                                                           \
    }
WRAP(exp)
WRAP(log)
WRAP(sqrt)
WRAP(sin)
WRAP(cos)
WRAP(tanh)
WRAP(erf)
WRAP(erfc)
WRAP(sigmoid)
WRAP(exprel)

static double exact_exprel(double x)
{
    return x == 0.0 ? 1.0 : expm1(x) / x;
}

static double exact_sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

/* The bounds of base/numeric_f32.h; one unit in the last place is 1.2e-7. */
Test(base_numeric_f32, errors_keep_within_the_bounds_of_the_header)
{
    cr_expect(lt(dbl, largest(f_exp, exp, -87.0, 87.0, 0.0), 2.4e-7));
    cr_expect(lt(dbl, largest(f_log, log, 1e-3, 30.0, 1.0), 3e-7));
    cr_expect(lt(dbl, largest(f_sqrt, sqrt, 0.0, 1e4, 0.0), 6.1e-8));
    cr_expect(lt(dbl, largest(f_sin, sin, -1e4, 1e4, 1.0), 1e-7));
    cr_expect(lt(dbl, largest(f_cos, cos, -1e4, 1e4, 1.0), 1e-7));
    cr_expect(lt(dbl, largest(f_sin, sin, -0.7, 0.7, 0.0), 1.2e-7)); /* relative: small angles keep their digits */
    cr_expect(lt(dbl, largest(f_tanh, tanh, -20.0, 20.0, 0.0), 2.5e-7));
    cr_expect(lt(dbl, largest(f_exprel, exact_exprel, -20.0, 20.0, 0.0), 6e-7));
    cr_expect(lt(dbl, largest(f_erf, erf, -4.0, 4.0, 1.0), 6.1e-8));
    cr_expect(lt(dbl, largest(f_erfc, erfc, -4.0, 4.0, 0.0), 6.1e-8));
    cr_expect(lt(dbl, largest(f_sigmoid, exact_sigmoid, -80.0, 80.0, 0.0), 4e-7));
}

Test(base_numeric_f32, angles_of_vectors_of_any_length_keep_within_their_bounds)
{
    double absolute = 0.0, relative = 0.0;
    for (int i = -80000; i <= 80000; i++) {
        const float size = 1.0f + 1e-3f * (float)((long long)i * i % 1000), turn = (float)i * 4e-5f;
        const float x = size * (float)cos((double)turn), y = size * (float)sin((double)turn);
        const double exact = atan2((double)y, (double)x), off = fabs((double)cali_atan2_f32(y, x) - exact);
        absolute = fmax(absolute, off);
        if (exact != 0.0 && fabs(exact) < 1.0)
            relative = fmax(relative, off / fabs(exact));
    }
    cr_expect(lt(dbl, absolute, 4e-7));
    cr_expect(lt(dbl, relative, 3e-7));
    cr_expect(cali_atan2_f32(0.0f, 0.0f) == 0.0f);
}

Test(base_numeric_f32, ends_of_the_numbers_are_what_formulas_say)
{
    const float inf = INFINITY;
    cr_expect(cali_formula_log_f32(0.0f) == -inf && cali_formula_log_f32(inf) == inf && isnan(cali_formula_log_f32(-1.0f)));
    cr_expect(cali_formula_tanh_f32(inf) == 1.0f && cali_formula_tanh_f32(-inf) == -1.0f && cali_formula_tanh_f32(0.0f) == 0.0f);
    cr_expect(cali_formula_exprel_f32(0.0f) == 1.0f);
    cr_expect(cali_formula_power_f32(0.0f, 1.5f) == 0.0f && cali_formula_power_f32(2.0f, 0.5f) == sqrtf(2.0f));
    cr_expect(cali_formula_exprel(0.0) == 1.0);
    /* the two forms of the double function meet at 1/2 */
    for (double x = -0.6; x < 0.6; x += 1e-4)
        cr_expect(epsilon_eq(dbl, cali_formula_exprel(x), exact_exprel(x), 6e-16 * 2.0));
}
