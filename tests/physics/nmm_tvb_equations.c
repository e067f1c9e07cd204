/* Waveforms and spatial kernels against the equations of The Virtual Brain (shared/reference/tvb/equations.h5), with the
 * parameters that stand there. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/numeric.h"
#include "callosum/nmm.h"
#include "support/h5.h"
#include "support/support.h"

typedef double (*formula)(const double *p, double x);

/* Largest |ours - theirs| / max(1, |theirs|); -1: no file. */
static double worst_difference(const char *group, formula value, const double *p)
{
    const char *path = cali_test_shared("reference/tvb/equations.h5");
    const hid_t file = path == NULL ? -1 : H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0)
        return -1.0;
    char name[64];
    size_t n, m;
    snprintf(name, sizeof name, "%s/var", group);
    double *x = cali_test_h5_read(file, name, &n);
    snprintf(name, sizeof name, "%s/value", group);
    double *y = cali_test_h5_read(file, name, &m);
    cr_assert(x != NULL && y != NULL && n == m && n > 100);
    double worst = 0.0;
    for (size_t i = 0; i < n; i++)
        worst = fmax(worst, fabs(value(p, x[i]) - y[i]) / fmax(1.0, fabs(y[i])));
    free(x);
    free(y);
    H5Fclose(file);
    return worst;
}

static void expect_equal(const char *group, formula value, const double *p)
{
    const double worst = worst_difference(group, value, p);
    if (worst < 0.0)
        cr_skip_test("the reference data are not here");
    fprintf(stderr, "%s: %.2g\n", group, worst);
    cr_expect(lt(dbl, worst, 1e-13), "%s", group); /* the tolerance of the reference */
}

static formula wave(const char *name)
{
    return cal_waveform_find(name)->value;
}

Test(nmm_tvb_equations, pulse_train)
{
    expect_equal("PulseTrain", wave("pulse-train"), (const double[]){1.5, 25.0, 4.0, 10.0});
}

/* frequency 0.01 in their time unit, ms: 10 Hz */
Test(nmm_tvb_equations, sinusoid)
{
    expect_equal("Sinusoid", wave("sine"), (const double[]){0.0, 1.0, 10.0, 0.0});
}

Test(nmm_tvb_equations, cosine)
{
    expect_equal("Cosine", wave("sine"), (const double[]){0.0, 1.0, 10.0, 0.5 * CALI_PI});
}

/* Theirs is (alpha beta / (beta - alpha)) (exp(-alpha s) - exp(-beta s)): ours with time constants 1/beta and 1/alpha and the
 * height that theirs has at its peak, s = ln(beta / alpha) / (beta - alpha). */
Test(nmm_tvb_equations, alpha_with_two_rates)
{
    const double a = 13.0, b = 42.0, peak = log(b / a) / (b - a);
    const double height = a * b / (b - a) * (exp(-a * peak) - exp(-b * peak));
    expect_equal("Alpha", wave("double-exponential"), (const double[]){height, 1.0 / b, 1.0 / a, 0.5});
}

Test(nmm_tvb_equations, generalised_sigmoid)
{
    expect_equal("GeneralizedSigmoid", wave("sigmoid"), (const double[]){0.0, 1.0, 1.0, 0.3});
}

/* The straight line x over the 100 ms of the reference. */
Test(nmm_tvb_equations, linear)
{
    expect_equal("Linear", wave("ramp"), (const double[]){0.0, 1000.0, 1000.0});
}

Test(nmm_tvb_equations, gaussian_in_time)
{
    expect_equal("Gaussian", wave("gaussian"), (const double[]){0.0, 1.0, 0.0, 1.0});
}

Test(nmm_tvb_equations, gaussian_in_space)
{
    expect_equal("Gaussian", cal_spatial_kernels[0].value, (const double[]){1.0, 1.0});
}

/* Theirs takes the second one, of amplitude 1, away from the first one. */
Test(nmm_tvb_equations, double_gaussian_in_space)
{
    expect_equal("DoubleGaussian", cal_spatial_kernels[1].value, (const double[]){0.5, 20.0, 1.0, 10.0});
}

Test(nmm_tvb_equations, sigmoid_in_space)
{
    expect_equal("Sigmoid", cal_spatial_kernels[2].value, (const double[]){1.0, 5.0, 1.0});
}
