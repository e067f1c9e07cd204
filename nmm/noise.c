/* Noise as a function of (seed, region, state, step). White noise is a kick per step; coloured noise
 * is a path on the grid, the same for every integrator:
 *
 *     u_0 = level xi_0,   u_n+1 = exp(-dt / tau) u_n + level sqrt(1 - exp(-2 dt / tau)) xi_n+1
 *
 * exact in distribution (Gillespie 1996, Phys. Rev. E 54, 2084-2091), linear between grid points. */
#include "nmm/host.h"

static double draw_stream(const cal_nmm *nmm, uint32_t region, uint32_t stream, int64_t step)
{
    const uint64_t n = (uint64_t)step;
    double value, other;
    cali_normal(cali_philox(nmm->key, region, (uint32_t)n, stream, (uint32_t)(n >> 32)), &value, &other);
    return value;
}

static double draw(const cal_nmm *nmm, const cali_block *b, const cali_noise *noise, size_t i,
                   int64_t step)
{
    return draw_stream(nmm, b->region[i], noise->stream, step);
}

static double injected(const cal_nmm *nmm, int64_t step)
{
    return (size_t)step < nmm->n_injected ? nmm->injected[step] : 0.0;
}

void cali_block_start_paths(cal_nmm *nmm, cali_block *b)
{
    for (size_t k = 0; k < b->n_noises; k++)
        for (size_t i = 0; b->noises[k].is_coloured && i < b->n_real; i++)
            b->noises[k].path[i] = nmm->injected != NULL
                                       ? injected(nmm, 0)
                                       : b->noises[k].level * draw(nmm, b, &b->noises[k], i, 0);
}

/* Rows 1 .. n_steps of the paths; row 0 is where the last batch ended. */
void cali_block_draw_paths(cal_nmm *nmm, cali_block *b, int64_t n_steps)
{
    for (size_t k = 0; k < b->n_noises; k++) {
        cali_noise *noise = &b->noises[k];
        for (int64_t j = 1; noise->is_coloured && j <= n_steps; j++) {
            const double *old = noise->path + (size_t)(j - 1) * b->n;
            double *now = noise->path + (size_t)j * b->n;
            for (size_t i = 0; i < b->n_real; i++)
                now[i] = nmm->injected != NULL
                             ? injected(nmm, nmm->now + j)
                             : noise->decay * old[i] + noise->kick * draw(nmm, b, noise, i, nmm->now + j);
        }
    }
}

/* Adds the white kicks of the step step -> step + 1 to the state x. */
void cali_block_add_white(const cal_nmm *nmm, const cali_block *b, int64_t step, double *x)
{
    for (size_t k = 0; k < b->n_noises; k++) {
        const cali_noise *noise = &b->noises[k];
        double *row = x + noise->state * b->n;
        for (size_t i = 0; !noise->is_coloured && i < b->n_real; i++)
            row[i] += noise->kick * draw(nmm, b, noise, i, step);
    }
}

void cali_nmm_inject_path(cal_nmm *nmm, const double *values, size_t n)
{
    nmm->injected = values;
    nmm->n_injected = n;
    for (size_t i = 0; i < nmm->n_blocks; i++)
        cali_block_start_paths(nmm, &nmm->blocks[i]);
}

double cali_external_noise_at(const cal_nmm *nmm, cali_external_noise *noise, int64_t step)
{
    const size_t mask = nmm->ring_length - 1;
    for (; noise->known < step; noise->known++) {
        const int64_t next = noise->known + 1;
        const double xi = draw_stream(nmm, (uint32_t)noise->region, noise->stream, next);
        noise->values[(size_t)next & mask] =
            next == 0 ? noise->level * xi
                      : noise->decay * noise->values[(size_t)noise->known & mask] + noise->kick * xi;
    }
    return noise->values[(size_t)step & mask];
}
