/* coupler/bins.h. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "coupler/bins.h"
#include "support/support.h"

enum { N_STEPS = 12, PAST = CALI_BINS_PAST };

/* grid points -2 .. 12 of a cubic, dt = 1 */
static double cubic(double t)
{
    return 0.7 - 0.3 * t + 0.05 * t * t - 0.004 * t * t * t;
}

static double cubic_integral(double t)
{
    return t * (0.7 + t * (-0.15 + t * (0.05 / 3.0 - 0.001 * t)));
}

static void fill(double *drive, double (*f)(double), double t0, double dt)
{
    for (int i = 0; i < PAST + N_STEPS + 1; i++)
        drive[i] = f(t0 + (i - PAST) * dt);
}

static const size_t all_samples[] = {1, 3, 12, 24, 36, 120};

/* The interpolant of a cubic is the cubic itself, so every mean is exact to rounding. */
Test(coupler_bins, means_of_a_cubic_are_exact_for_bins_of_any_length)
{
    cal_context *ctx = cali_test_context(1);
    double drive[PAST + N_STEPS + 1], values[120];
    fill(drive, cubic, 0.0, 1.0);
    for (size_t s = 0; s < 6; s++) {
        const size_t n = all_samples[s];
        const double width = (double)N_STEPS / (double)n;
        cali_bins bins;
        cr_assert(eq(int, cali_bins_create(ctx, N_STEPS, n, false, &bins), CAL_OK));
        cali_bins_from_grid(&bins, drive, values);
        for (size_t j = 0; j < n; j++) {
            const double truth = (cubic_integral((double)(j + 1) * width) - cubic_integral((double)j * width)) / width;
            cr_expect(epsilon_eq(dbl, values[j], truth, 1e-13));
        }
        cali_bins_free(&bins);
    }
    cal_context_destroy(&ctx);
}

Test(coupler_bins, points_of_a_cubic_are_exact_and_grid_points_pass_bit_by_bit)
{
    cal_context *ctx = cali_test_context(1);
    double drive[PAST + N_STEPS + 1], values[120];
    fill(drive, cubic, 0.0, 1.0);
    for (size_t s = 0; s < 6; s++) {
        const size_t n = all_samples[s];
        cali_bins bins;
        cr_assert(eq(int, cali_bins_create(ctx, N_STEPS, n, true, &bins), CAL_OK));
        cali_bins_from_grid(&bins, drive, values);
        for (size_t j = 0; j < n; j++) {
            const double t = (double)((j + 1) * N_STEPS) / (double)n;
            cr_expect(epsilon_eq(dbl, values[j], cubic(t), 1e-13));
            if (t == floor(t))
                cr_expect(eq(dbl, values[j], drive[PAST + (size_t)t]));
        }
        cali_bins_free(&bins);
    }
    cal_context_destroy(&ctx);
}

/* Sum of mean x width is the integral of one and the same interpolant, whatever the bins. */
Test(coupler_bins, the_integral_does_not_depend_on_the_bins)
{
    cal_context *ctx = cali_test_context(1);
    double drive[PAST + N_STEPS + 1], values[120], integral = 0.0;
    for (int i = 0; i < PAST + N_STEPS + 1; i++)
        drive[i] = (double)((i * 7919) % 101) / 50.0 - 1.0; /* rough: nothing to resolve */
    for (int i = 0; i < N_STEPS; i++) /* Adams-Moulton by hand */
        integral += (drive[i] - 5.0 * drive[i + 1] + 19.0 * drive[i + 2] + 9.0 * drive[i + 3]) / 24.0;
    for (size_t s = 0; s < 6; s++) {
        const size_t n = all_samples[s];
        cali_bins bins;
        double sum = 0.0;
        cr_assert(eq(int, cali_bins_create(ctx, N_STEPS, n, false, &bins), CAL_OK));
        cali_bins_from_grid(&bins, drive, values);
        for (size_t j = 0; j < n; j++)
            sum += values[j] * N_STEPS / (double)n;
        cr_expect(epsilon_eq(dbl, sum, integral, 1e-12));
        cali_bins_free(&bins);
    }
    cal_context_destroy(&ctx);
}

static double wave(double t)
{
    return sin(t);
}

/* Halving dt divides the error of the means by 16. */
Test(coupler_bins, means_have_order_four)
{
    cal_context *ctx = cali_test_context(1);
    double error[3];
    for (int level = 0; level < 3; level++) {
        const double dt = 0.2 / (1 << level);
        double drive[PAST + N_STEPS + 1], values[N_STEPS];
        cali_bins bins;
        fill(drive, wave, 0.3, dt);
        cr_assert(eq(int, cali_bins_create(ctx, N_STEPS, N_STEPS, false, &bins), CAL_OK));
        cali_bins_from_grid(&bins, drive, values);
        error[level] = fabs(values[0] - (cos(0.3) - cos(0.3 + dt)) / dt);
        cali_bins_free(&bins);
    }
    for (int i = 0; i < 2; i++)
        cr_expect(epsilon_eq(dbl, log2(error[i] / error[i + 1]), 4.0, 0.25));
    cal_context_destroy(&ctx);
}

Test(coupler_bins, bins_of_a_port_reach_the_host_with_their_integral)
{
    cal_context *ctx = cali_test_context(1);
    double values[2 * 120], x[N_STEPS];
    for (size_t s = 0; s < 6; s++) {
        const size_t n = all_samples[s];
        double sum = 0.0, sum_x = 0.0;
        for (size_t i = 0; i < 2 * n; i++) {
            values[i] = (double)((i * 31) % 17);
            sum += values[i] / 2.0; /* two channels are averaged */
        }
        cali_bins bins;
        cr_assert(eq(int, cali_bins_create(ctx, N_STEPS, n, false, &bins), CAL_OK));
        cali_bins_to_host(&bins, 2, values, x);
        for (size_t i = 0; i < N_STEPS; i++)
            sum_x += x[i];
        cr_expect(epsilon_eq(dbl, sum_x / N_STEPS, sum / (double)n, 1e-13));
        cr_expect(ieee_ulp_eq(dbl, x[0], n <= N_STEPS ? (values[0] + values[n]) / 2.0 : x[0], 1));
        cali_bins_free(&bins);
    }
    cal_context_destroy(&ctx);
}

Test(coupler_bins, samples_that_fit_no_step_are_refused)
{
    cal_context *ctx = cali_test_context(1);
    cali_bins bins = {0};
    cr_expect(eq(int, cali_bins_create(ctx, 10, 3, false, &bins), CAL_ERR_ARGUMENT));
    cr_expect(eq(str, (char *)cal_context_message(ctx),
                 "3 samples per window do not fit the host's 10 steps: one number must divide the other"));
    cal_context_clear(ctx);
    cr_expect(eq(int, cali_bins_create(ctx, 10, 0, false, &bins), CAL_ERR_ARGUMENT));
    cal_context_destroy(&ctx);
}
