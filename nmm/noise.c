/* Noise of the blocks, read from the paths of nmm/paths.h. White noise is an increment per step; coloured noise is a
 * path on the grid, the same for every integrator, linear between grid points. */
#include <string.h>

#include "nmm/host.h"

/* Row of mixed values from a row of units'. Sums run in the order of the units. */
static void mix(const cali_mixed_paths *s, const double *units, double *out)
{
    for (size_t i = 0; i < s->n; i++) {
        double value = 0.0;
        if (s->mix != NULL)
            for (size_t k = 0; k < s->n_mixed[i]; k++)
                value += s->mix[i * s->units.n + k] * units[k];
        else
            value = s->is_common ? s->own * units[i] + s->common * units[s->units.n - 1] : units[i];
        out[i] = value;
    }
}

static double injected(const cal_nmm *nmm, int64_t step)
{
    return (size_t)step < nmm->n_injected ? nmm->injected[step] : 0.0;
}

/* Normals of a step from the test hook. */
static void replay_row(const cal_nmm *nmm, const cali_block *b, const cali_noise *noise, const double *values,
                       double *out)
{
    for (size_t i = 0; i < b->n_real; i++)
        out[i] = values == NULL ? 0.0 : values[noise->state * nmm->n_regions + b->region[i]];
}

static const double *replayed(const cal_nmm *nmm, int64_t step)
{
    const cali_replay *r = &nmm->replay;
    return (size_t)step < r->n_steps ? r->z + (size_t)step * r->n_states * nmm->n_regions : NULL;
}

/* Value of a path at a grid point into `now`; `old` is the grid point before, for the hooks. */
static void coloured_row(cal_nmm *nmm, cali_block *b, cali_noise *noise, int64_t point, const double *old, double *now)
{
    if (nmm->injected != NULL) {
        for (size_t i = 0; i < b->n_real; i++)
            now[i] = injected(nmm, point);
        return;
    }
    if (nmm->replay.z == NULL) {
        mix(&noise->source, cali_paths_point(&noise->source.units, point), now);
        for (size_t i = 0; i < b->n_real; i++)
            now[i] *= noise->level[i];
        return;
    }
    replay_row(nmm, b, noise, point == 0 ? nmm->replay.start : replayed(nmm, point - 1), now);
    const double decay = cali_exp(-nmm->dt_ms / noise->tau_ms), kick = sqrt(1.0 - decay * decay);
    for (size_t i = 0; i < b->n_real; i++)
        now[i] = point == 0 ? noise->level[i] * now[i] : decay * old[i] + noise->level[i] * kick * now[i];
}

void cali_block_start_paths(cal_nmm *nmm, cali_block *b)
{
    for (size_t k = 0; k < b->n_noises; k++)
        if (b->noises[k].is_coloured)
            coloured_row(nmm, b, &b->noises[k], nmm->now, NULL, b->noises[k].path);
}

/* Coloured: rows 1 .. n_steps of the path; row 0 is where the last batch ended. */
void cali_block_draw_paths(cal_nmm *nmm, cali_block *b, int64_t n_steps)
{
    for (size_t k = 0; k < b->n_noises; k++) {
        cali_noise *noise = &b->noises[k];
        for (int64_t j = 0; noise->is_coloured && j < n_steps; j++)
            coloured_row(nmm, b, noise, nmm->now + j + 1, noise->path + (size_t)j * b->n,
                         noise->path + (size_t)(j + 1) * b->n);
        for (int64_t j = 0; !noise->is_coloured && j < n_steps; j++) {
            double *x = noise->normals + (size_t)(2 * j) * b->n;
            if (nmm->replay.z != NULL) {
                replay_row(nmm, b, noise, replayed(nmm, nmm->now + j), x);
                continue;
            }
            const double *unit_x, *unit_y;
            cali_paths_step(&noise->source.units, nmm->now + j, &unit_x, &unit_y);
            mix(&noise->source, unit_x, x);
            mix(&noise->source, unit_y, x + b->n);
        }
    }
}

void cali_noise_increment(const cal_nmm *nmm, const cali_block *b, const cali_noise *noise, int64_t step, double *dw,
                          double *dz)
{
    const double *x = noise->normals + (size_t)(2 * (step - nmm->now)) * b->n, *y = x + b->n;
    const double root = sqrt(nmm->dt_ms), third = 1.0 / sqrt(3.0);
    for (size_t i = 0; i < b->n; i++)
        dw[i] = root * x[i];
    for (size_t i = 0; dz != NULL && i < b->n; i++)
        dz[i] = 0.5 * nmm->dt_ms * (root * (x[i] + third * y[i]));
}

void cali_noise_strength(const cali_block *b, const cali_noise *noise, const double *x, double *g)
{
    const double slope = noise->form == CAL_NOISE_ADDITIVE ? 0.0 : noise->b;
    const double base = noise->form == CAL_NOISE_ADDITIVE ? 1.0 : noise->a;
    for (size_t i = 0; i < b->n; i++) {
        double h = base + slope * x[i];
        if (noise->form == CAL_NOISE_ABSOLUTE || noise->form == CAL_NOISE_ROOT)
            h = fabs(h);
        if (noise->form == CAL_NOISE_ROOT)
            h = sqrt(h);
        g[i] = noise->level[i] * h;
    }
}

void cali_block_add_white(const cal_nmm *nmm, const cali_block *b, int64_t step, const double *at, const double *to,
                          double *x)
{
    const double root = sqrt(nmm->dt_ms);
    for (size_t k = 0; k < b->n_noises; k++) {
        const cali_noise *noise = &b->noises[k];
        if (noise->is_coloured)
            continue;
        const double *z = noise->normals + (size_t)(2 * (step - nmm->now)) * b->n;
        const size_t from = noise->state * b->n;
        if (noise->form == CAL_NOISE_ADDITIVE) {
            for (size_t i = 0; i < b->n; i++)
                x[from + i] += noise->level[i] * root * z[i];
            continue;
        }
        double *g = noise->strength, *g_to = g + b->n;
        cali_noise_strength(b, noise, at + from, g);
        cali_noise_strength(b, noise, (to != NULL ? to : at) + from, g_to);
        for (size_t i = 0; i < b->n; i++)
            x[from + i] += 0.5 * (g[i] + g_to[i]) * root * z[i];
    }
}

void cali_block_add_mean_white(const cal_nmm *nmm, const cali_block *b, int64_t step, double factor, double *x)
{
    for (size_t k = 0; k < b->n_noises; k++) {
        const cali_noise *noise = &b->noises[k];
        if (noise->is_coloured)
            continue;
        double *dw = noise->strength, *dz = dw + b->n, *row = x + noise->state * b->n;
        cali_noise_increment(nmm, b, noise, step, dw, dz);
        for (size_t i = 0; i < b->n; i++)
            row[i] += factor * noise->level[i] * (dz[i] / nmm->dt_ms);
    }
}

void cali_nmm_inject_path(cal_nmm *nmm, const double *values, size_t n)
{
    nmm->injected = values;
    nmm->n_injected = n;
    for (size_t i = 0; i < nmm->n_blocks; i++)
        cali_block_start_paths(nmm, &nmm->blocks[i]);
}

void cali_nmm_replay_normals(cal_nmm *nmm, const cali_replay *replay)
{
    nmm->replay = *replay;
    for (size_t i = 0; i < nmm->n_blocks; i++)
        cali_block_start_paths(nmm, &nmm->blocks[i]);
}

double cali_external_noise_at(const cal_nmm *nmm, cali_external_noise *noise, int64_t step)
{
    const size_t mask = nmm->ring_length - 1;
    for (; noise->known < step; noise->known++) {
        double value;
        mix(&noise->source, cali_paths_point(&noise->source.units, noise->known + 1), &value);
        noise->values[(size_t)(noise->known + 1) & mask] = noise->level * value;
    }
    return noise->values[(size_t)step & mask];
}
