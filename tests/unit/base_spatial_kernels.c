/* Functions of distance: their ranges hold, and are tight. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>

#include "callosum/base.h"

/* Two settings per kernel; the second double Gaussian turns twice, the second gamma is an exponential. */
static const struct {
    const char *name;
    double params[CAL_SPATIAL_KERNEL_MAX_PARAMS];
} cases[] = {{"gaussian", {0.7, 0.3}},    {"gaussian", {-2.0, 1.0}},   {"double-gaussian", {1.5, 0.5, 0.5, 1.0}},
             {"double-gaussian", {0.3, 0.5, 0.5, 1.0}}, {"double-gaussian", {1.0, 1.0, 0.9, 0.5}}, {"sigmoid", {1.0, 1.0, 0.1}},
             {"exponential", {0.9, 0.25}}, {"linear", {0.8, 1.5}},      {"gamma", {1.0, 3.0, 0.2}},
             {"gamma", {1.0, 1.0, 0.2}},   {"constant", {0.4}}};

Test(base_spatial_kernels, ranges_hold_and_are_tight)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const cal_spatial_kernel *k = cal_spatial_kernel_find(cases[i].name);
        cr_assert(k != NULL, "%s", cases[i].name);
        for (int a = 0; a <= 20; a++)
            for (int b = a; b <= 21; b++) {
                const double low = 0.2 * a, high = b == 21 ? INFINITY : 0.2 * b;
                double min, max, least = INFINITY, most = -INFINITY;
                k->range(cases[i].params, low, high, &min, &max);
                for (int j = 0; j <= 2000; j++) {
                    const double x = k->value(cases[i].params, low + (fmin(high, 40.0) - low) * j / 2000.0);
                    least = fmin(least, x);
                    most = fmax(most, x);
                }
                cr_assert(least >= min - 1e-15 && most <= max + 1e-15, "%s %zu: %g to %g", k->name, i, low, high);
                /* samples miss an extremum by step^2 / 8 times a curvature of up to 20 */
                const double missed = 1e-9 + 2.5 * pow((fmin(high, 40.0) - low) / 2000.0, 2.0);
                cr_expect(least - min < missed && max - most < missed, "%s %zu: %g to %g: %g %g, not %g %g", k->name, i, low, high,
                          min, max, least, most);
            }
    }
    cr_expect(cal_spatial_kernel_find("gauss") == NULL);
}

/* The peak of a gamma is 1 at (shape - 1) length; values by hand. */
Test(base_spatial_kernels, values_are_those_of_the_formulas)
{
    const double gamma[] = {2.0, 3.0, 0.5}, ramp[] = {0.5, 2.0}, decay[] = {3.0, 0.5};
    cr_expect(epsilon_eq(dbl, cal_spatial_kernel_find("gamma")->value(gamma, 1.0), 2.0, 1e-14));
    cr_expect(epsilon_eq(dbl, cal_spatial_kernel_find("gamma")->value(gamma, 0.5), 2.0 * 0.25 * exp(1.0), 1e-14));
    cr_expect(eq(dbl, cal_spatial_kernel_find("gamma")->value(gamma, 0.0), 0.0));
    cr_expect(epsilon_eq(dbl, cal_spatial_kernel_find("linear")->value(ramp, 0.5), 0.375, 1e-15));
    cr_expect(eq(dbl, cal_spatial_kernel_find("linear")->value(ramp, 2.5), 0.0));
    cr_expect(epsilon_eq(dbl, cal_spatial_kernel_find("exponential")->value(decay, 1.0), 3.0 * exp(-2.0), 1e-15));
}
