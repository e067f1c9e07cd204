/* base/numeric.h and base/random.h. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "base/numeric.h"
#include "base/random.h"

/* Largest relative error of f against libm over an even grid. */
static double worst(double (*f)(double), double (*truth)(double), double low, double high)
{
    double error = 0.0;
    for (int i = 0; i <= 200000; i++) {
        const double x = low + (high - low) * i / 200000.0;
        const double t = truth(x), e = fabs(f(x) - t) / fmax(fabs(t), 1e-300);
        error = e > error ? e : error;
    }
    return error;
}

static double my_exp(double x) { return cali_exp(x); }
static double my_log(double x) { return cali_log(x); }
static double my_expm1(double x) { return cali_expm1(x); }
static double my_tanh(double x) { return cali_tanh(x); }

Test(base_numeric, elementary_functions_keep_their_stated_accuracy)
{
    /* The bounds are those of the header; glibc's own error is below 1 unit in the last place. */
    cr_expect(lt(dbl, worst(my_exp, exp, -700.0, 700.0), 4e-16));
    cr_expect(lt(dbl, worst(my_exp, exp, -1.0, 1.0), 4e-16));
    cr_expect(lt(dbl, worst(my_expm1, expm1, -40.0, -1e-6), 1e-15));
    cr_expect(lt(dbl, worst(my_expm1, expm1, 1e-6, 40.0), 1e-15));
    cr_expect(lt(dbl, worst(my_expm1, expm1, -1e-6, 1e-6), 1e-15));
    cr_expect(lt(dbl, worst(my_log, log, 1.5, 1e6), 5e-16));
    cr_expect(lt(dbl, worst(my_log, log, 1e-12, 0.7), 5e-16));
    cr_expect(lt(dbl, worst(my_tanh, tanh, 1e-9, 3.0), 1.5e-15));
    cr_expect(lt(dbl, worst(my_tanh, tanh, -30.0, -1e-3), 1.5e-15));
}

static double my_erfc(double x) { return cali_erfc(x); }
static double my_cbrt(double x) { return cali_cbrt(x); }

Test(base_numeric, error_function_and_cube_root_keep_their_stated_accuracy)
{
    cr_expect(lt(dbl, worst(my_erfc, erfc, -7.0, 0.0), 1e-15));
    cr_expect(lt(dbl, worst(my_erfc, erfc, 0.0, 2.0), 1e-15));
    cr_expect(lt(dbl, worst(my_erfc, erfc, 2.0, 26.0), 1e-15));
    cr_expect(eq(dbl, cali_erfc(0.0), 1.0));
    cr_expect(cali_erfc(1e30) >= 0.0 && cali_erfc(1e30) < 1e-300 && cali_erfc(-1e30) == 2.0);
    cr_expect(lt(dbl, worst(my_cbrt, cbrt, 1e-12, 1e-3), 7e-16));
    cr_expect(lt(dbl, worst(my_cbrt, cbrt, 1e-3, 1e9), 7e-16));
    cr_expect(eq(dbl, cali_cbrt(0.0), 0.0));
}

Test(base_numeric, angles_agree_with_libm_all_round)
{
    double error = 0.0;
    for (int i = -20000; i <= 20000; i++) {
        const double angle = i * (CALI_PI / 20000.0), r = 1.0 + (i & 7);
        const double y = r * sin(angle), x = r * cos(angle);
        error = fmax(error, fabs(cali_atan2(y, x) - atan2(y, x)));
    }
    cr_expect(lt(dbl, error, 5e-16));
    cr_expect(eq(dbl, cali_atan2(0.0, 0.0), 0.0));
    cr_expect(eq(dbl, cali_atan2(0.0, -2.0), CALI_PI));
    cr_expect(eq(dbl, cali_atan2(3.0, 0.0), 0.5 * CALI_PI));
}

/* Its inverse is erfc of libm: p = erfc(z / sqrt 2) / 2, whose relative slope in z is -z - 1/z and less. */
Test(base_numeric, normal_quantiles_invert_the_error_function)
{
    double error = 0.0;
    for (int i = 1; i < 4000; i++) {
        const double z = i * 0.00175, p = 0.5 * erfc(z / sqrt(2.0));
        error = fmax(error, fabs(cali_normal_quantile(p) - z) / fmax(z, 0.1));
    }
    cr_expect(lt(dbl, error, 1e-14));
    cr_expect(lt(dbl, fabs(cali_normal_quantile(0.5)), 1e-15));
    cr_expect(eq(dbl, cali_normal_quantile(0.25), -cali_normal_quantile(0.75)));
}

Test(base_numeric, sine_and_cosine_agree_with_libm)
{
    double error = 0.0;
    for (int i = -300000; i <= 300000; i++) {
        const double x = i * 0.3217;
        double s, c;
        cali_sincos(x, &s, &c);
        error = fmax(error, fmax(fabs(s - sin(x)), fabs(c - cos(x))));
    }
    cr_expect(lt(dbl, error, 4e-16));
}

Test(base_numeric, single_precision_exponential_is_within_two_units)
{
    double error = 0.0;
    for (double x = -86.0; x < 86.0; x += 0.00137) {
        const double truth = exp((double)(float)x);
        error = fmax(error, fabs((double)cali_exp_f32((float)x) - truth) / truth);
    }
    cr_expect(lt(dbl, error, 2.0 * 5.97e-8));
}

/* Known answers of Philox4x32-10: file kat_vectors of Random123 (counters and keys all zeros, all
 * ones, and the digits of pi). */
Test(base_random, philox_gives_the_published_known_answers)
{
    cali_random r = cali_philox((cali_key){{0, 0}}, 0, 0, 0, 0);
    cr_expect(eq(u32, r.word[0], 0x6627e8d5u));
    cr_expect(eq(u32, r.word[3], 0x9b00dbd8u));
    r = cali_philox((cali_key){{~0u, ~0u}}, ~0u, ~0u, ~0u, ~0u);
    cr_expect(eq(u32, r.word[0], 0x408f276du));
    cr_expect(eq(u32, r.word[1], 0x41c83b0eu));
    r = cali_philox((cali_key){{0xa4093822u, 0x299f31d0u}}, 0x243f6a88u, 0x85a308d3u, 0x13198a2eu,
                    0x03707344u);
    cr_expect(eq(u32, r.word[0], 0xd16cfe09u));
    cr_expect(eq(u32, r.word[3], 0x24126ea1u));
}

/* Mean of n standard normals has standard deviation 1/sqrt(n), their variance sqrt(2/n): five
 * standard deviations each. */
Test(base_random, normal_numbers_have_unit_variance)
{
    const int n = 200000;
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < n / 2; i++) {
        double a, b;
        cali_normal(cali_philox((cali_key){{7, 9}}, (uint32_t)i, 0, 0, 0), &a, &b);
        sum += a + b;
        squares += a * a + b * b;
    }
    cr_expect(lt(dbl, fabs(sum / n), 5.0 / sqrt(n)));
    cr_expect(lt(dbl, fabs(squares / n - 1.0), 5.0 * sqrt(2.0 / n)));
}
