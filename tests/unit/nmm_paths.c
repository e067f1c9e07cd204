/* Random paths: nmm/paths.c. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>

#include "nmm/paths.h"
#include "support/support.h"

enum { N = 50 };
static const cali_key key = {{17, 4}};

static cali_paths make(cal_context *ctx, cal_time dt, double tau_ms)
{
    uint32_t units[N];
    for (uint32_t i = 0; i < N; i++)
        units[i] = i;
    cali_paths p;
    cr_assert(cali_paths_create(ctx, key, 7, dt, tau_ms, N, units, &p) == CAL_OK);
    return p;
}

/* dW and dZ of unit i in a step of length h (ms), from the normals: dZ = h^(3/2) (X/2 + Y / sqrt(12)). */
static void increment(cali_paths *p, int64_t step, double h, size_t i, double *dw, double *dz)
{
    const double *x, *y;
    cali_paths_step(p, step, &x, &y);
    *dw = sqrt(h) * x[i];
    *dz = h * sqrt(h) * (0.5 * x[i] + y[i] / sqrt(12.0));
}

/* A step of 0.8 ms is eight of 0.1 ms on the same path: dW adds, and dZ = sum (dZ_j + h (W_j - W_0)). Roundings: 3
 * levels of terms near 1. */
Test(nmm_paths, finer_steps_see_the_same_brownian_path)
{
    cal_context *ctx = cali_test_context(1);
    for (int halvings = 1; halvings <= 6; halvings++) {
        const int64_t parts = (int64_t)1 << halvings;
        const double h = 0.8 / (double)parts;
        cali_paths coarse = make(ctx, 800000, 0.0), fine = make(ctx, 800000 / parts, 0.0);
        for (int64_t step = 0; step < 3000; step += 61) /* crosses roots of 1.05 s at step 1310 */
            for (size_t i = 0; i < N; i += 7) {
                double dw, dz, w = 0.0, z = 0.0;
                for (int64_t j = 0; j < parts; j++) {
                    increment(&fine, step * parts + j, h, i, &dw, &dz);
                    z += dz + h * w;
                    w += dw;
                }
                increment(&coarse, step, 0.8, i, &dw, &dz);
                cr_assert(epsilon_eq(dbl, w, dw, 1e-13), "step %ld unit %zu", (long)step, i);
                cr_assert(epsilon_eq(dbl, z, dz, 1e-13));
            }
        cali_paths_destroy(&coarse);
        cali_paths_destroy(&fine);
    }
    cal_context_destroy(&ctx);
}

/* X and Y of M steps and N units are standard normals, uncorrelated with each other, with those one step later (a
 * sibling or a neighbour in another branch) and with those of the next unit. A mean square of n has variance 2/n, a
 * mean product 1/n; bounds at 5 standard deviations, one failure in 10^6 and the seed is fixed. */
Test(nmm_paths, normals_have_unit_variance_and_no_correlation)
{
    enum { M = 4000 };
    cal_context *ctx = cali_test_context(1);
    cali_paths p = make(ctx, 100000, 0.0);
    static double x[M][N], y[M][N];
    for (int64_t k = 0; k < M; k++) {
        const double *px, *py;
        cali_paths_step(&p, 9000 + k, &px, &py); /* across a root at 10485.76 */
        for (size_t i = 0; i < N; i++)
            x[k][i] = px[i], y[k][i] = py[i];
    }
    double xx = 0, yy = 0, xy = 0, next = 0, across = 0, both = 0, unit = 0, mean = 0, fourth = 0;
    for (int k = 0; k + 2 < M; k++)
        for (int i = 0; i + 1 < N; i++) {
            mean += x[k][i];
            fourth += x[k][i] * x[k][i] * x[k][i] * x[k][i];
            xx += x[k][i] * x[k][i];
            yy += y[k][i] * y[k][i];
            xy += x[k][i] * y[k][i];
            next += x[k][i] * x[k + 1][i];
            across += y[k][i] * x[k + 1][i];
            both += y[k][i] * y[k + 1][i];
            unit += x[k][i] * x[k][i + 1];
        }
    const double n = (double)(M - 2) * (N - 1), bound = 5.0 / sqrt(n);
    cr_expect(lt(dbl, fabs(xx / n - 1.0), bound * sqrt(2.0)));
    cr_expect(lt(dbl, fabs(yy / n - 1.0), bound * sqrt(2.0)));
    cr_expect(lt(dbl, fabs(fourth / n - 3.0), bound * sqrt(96.0))); /* variance of x^4: 105 - 9 */
    cr_expect(lt(dbl, fabs(mean / n), bound));
    cr_expect(lt(dbl, fabs(xy / n), bound));
    cr_expect(lt(dbl, fabs(next / n), bound));
    cr_expect(lt(dbl, fabs(across / n), bound));
    cr_expect(lt(dbl, fabs(both / n), bound));
    cr_expect(lt(dbl, fabs(unit / n), bound));
    cali_paths_destroy(&p);
    cal_context_destroy(&ctx);
}

/* A path is a function of the step: the order of reading does not matter, to the bit. */
Test(nmm_paths, steps_may_be_read_in_any_order)
{
    cal_context *ctx = cali_test_context(1);
    for (int is_coloured = 0; is_coloured < 2; is_coloured++) {
        cali_paths rising = make(ctx, 100000, is_coloured ? 5.0 : 0.0), any = make(ctx, 100000, is_coloured ? 5.0 : 0.0);
        static double first[25000];
        const double *x, *y;
        for (int64_t k = 0; k < 25000; k++) {
            if (is_coloured)
                x = cali_paths_point(&rising, k);
            else
                cali_paths_step(&rising, k, &x, &y);
            first[k] = x[3];
        }
        for (int64_t k = 0; k < 25000; k += 7) {
            const int64_t at = k * 1237 % 25000;
            if (is_coloured)
                x = cali_paths_point(&any, at);
            else
                cali_paths_step(&any, at, &x, &y);
            cr_assert(x[3] == first[at], "step %ld", (long)at);
        }
        cali_paths_destroy(&rising);
        cali_paths_destroy(&any);
    }
    cal_context_destroy(&ctx);
}

/* Grid points that two grids share have the same value: dt, dt/2, ... dt/64. Exactly: the tree above is the same. */
Test(nmm_paths, finer_grids_see_the_same_coloured_path)
{
    cal_context *ctx = cali_test_context(1);
    for (int halvings = 1; halvings <= 6; halvings++) {
        cali_paths coarse = make(ctx, 800000, 5.0), fine = make(ctx, 800000 >> halvings, 5.0);
        for (int64_t k = 0; k < 3000; k += 13) {
            const double value = cali_paths_point(&coarse, k)[5];
            cr_assert(cali_paths_point(&fine, k << halvings)[5] == value, "point %ld", (long)k);
        }
        cali_paths_destroy(&coarse);
        cali_paths_destroy(&fine);
    }
    cal_context_destroy(&ctx);
}

/* The covariance of a coloured path at a lag of k steps is exp(-k dt / tau), wherever in the tree the points stand;
 * a path of T = 40 s and correlation time 5 ms holds about T / tau independent values per unit, and the variance of
 * the estimate is at most (2 tau / T) (1 + rho^2) / units: bounds at 5 standard deviations. */
Test(nmm_paths, coloured_paths_have_an_exponential_covariance)
{
    enum { M = 80000 };
    cal_context *ctx = cali_test_context(1);
    const double dt = 0.5, tau = 5.0;
    cali_paths p = make(ctx, 500000, tau);
    double *u = calloc((size_t)M * N, sizeof *u);
    for (size_t k = 0; k < M; k++) {
        const double *x = cali_paths_point(&p, (int64_t)k);
        for (size_t i = 0; i < N; i++)
            u[k * N + i] = x[i];
    }
    static const size_t lags[] = {0, 1, 2, 3, 5, 8, 16, 40};
    for (size_t l = 0; l < sizeof lags / sizeof lags[0]; l++) {
        double sum = 0.0;
        for (size_t k = 0; k + lags[l] < M; k++)
            for (size_t i = 0; i < N; i++)
                sum += u[k * N + i] * u[(k + lags[l]) * N + i];
        const double rho = exp(-(double)lags[l] * dt / tau), estimate = sum / ((double)(M - lags[l]) * N);
        const double spread = sqrt(2.0 * (tau / (M * dt)) * 2.0 / N);
        cr_expect(lt(dbl, fabs(estimate - rho), 5.0 * spread), "lag %zu: %g instead of %g", lags[l], estimate, rho);
    }
    free(u);
    cali_paths_destroy(&p);
    cal_context_destroy(&ctx);
}
