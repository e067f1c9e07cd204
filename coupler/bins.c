#include "coupler/bins.h"

#include <stdlib.h>

#include "base/memory.h"

/* Lagrange polynomial `q` of the nodes -2, -1, 0, 1 as coefficients of 1, u, u^2, u^3. */
static const double lagrange[4][4] = {
    {0.0, 1.0 / 6.0, 0.0, -1.0 / 6.0},
    {0.0, -1.0, 0.5, 0.5},
    {1.0, 0.5, -1.0, -0.5},
    {0.0, 1.0 / 3.0, 0.5, 1.0 / 6.0},
};

static double value_at(const double *p, double u)
{
    return p[0] + u * (p[1] + u * (p[2] + u * p[3]));
}

static double integral_to(const double *p, double u)
{
    return u * (p[0] + u * (p[1] / 2.0 + u * (p[2] / 3.0 + u * (p[3] / 4.0))));
}

/* The rule above, exactly rounded, where a bin is a step or longer. */
static const double whole_step[4] = {1.0 / 24.0, -5.0 / 24.0, 19.0 / 24.0, 9.0 / 24.0};

cal_status cali_bins_create(cal_context *ctx, size_t n_steps, size_t samples, bool is_points,
                            cali_bins *bins)
{
    if (samples == 0 || (samples % n_steps != 0 && n_steps % samples != 0))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT,
                        "%zu samples per window do not fit the host's %zu steps: one number must"
                        " divide the other",
                        samples, n_steps);
    *bins = (cali_bins){.n_steps = n_steps, .samples = samples, .is_points = is_points};
    bins->per_step = samples > n_steps ? samples / n_steps : 1;
    const size_t n = bins->per_step;
    CAL_TRY(cali_alloc(ctx, n * 4, sizeof(double), "weights of a port's bins", &bins->weights));
    for (size_t j = 0; j < n; j++)
        for (size_t q = 0; q < 4; q++) {
            const double u0 = (double)j / (double)n, u1 = (double)(j + 1) / (double)n;
            double *w = &bins->weights[j * 4 + q];
            if (is_points) /* at a grid point: that point alone, without rounding */
                *w = j + 1 == n ? (q == 3 ? 1.0 : 0.0) : value_at(lagrange[q], u1);
            else if (n == 1)
                *w = whole_step[q];
            else
                *w = (integral_to(lagrange[q], u1) - integral_to(lagrange[q], u0)) * (double)n;
        }
    return CAL_OK;
}

void cali_bins_free(cali_bins *bins)
{
    free(bins->weights);
    bins->weights = NULL;
}

static double weigh(const double *w, const double *c)
{
    return w[0] * c[0] + w[1] * c[1] + w[2] * c[2] + w[3] * c[3];
}

void cali_bins_from_grid(const cali_bins *bins, const double *drive, double *values)
{
    if (bins->per_step > 1) {
        for (size_t j = 0; j < bins->samples; j++)
            values[j] = weigh(&bins->weights[j % bins->per_step * 4], drive + j / bins->per_step);
        return;
    }
    const size_t steps = bins->n_steps / bins->samples;
    for (size_t j = 0; j < bins->samples; j++) {
        const double *c = drive + j * steps;
        if (bins->is_points) {
            values[j] = c[steps + CALI_BINS_PAST];
            continue;
        }
        double sum = 0.0;
        for (size_t i = 0; i < steps; i++)
            sum += weigh(bins->weights, c + i);
        values[j] = sum / (double)steps;
    }
}

static double host_bin(const cali_bins *bins, const double *values, size_t n)
{
    if (bins->samples < bins->n_steps)
        return values[n / (bins->n_steps / bins->samples)];
    const size_t m = bins->per_step;
    if (bins->is_points || m == 1)
        return values[n * m + m - 1];
    double sum = 0.0;
    for (size_t i = 0; i < m; i++)
        sum += values[n * m + i];
    return sum / (double)m;
}

void cali_bins_to_host(const cali_bins *bins, size_t channels, const double *values, double *x)
{
    for (size_t n = 0; n < bins->n_steps; n++) {
        double sum = 0.0;
        for (size_t i = 0; i < channels; i++)
            sum += host_bin(bins, values + i * bins->samples, n);
        x[n] = channels == 1 ? sum : sum / (double)channels;
    }
}
