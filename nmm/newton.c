/* See nmm/newton.h. */
#include "nmm/newton.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const double SMALL_STEP = 1.5e-8; /* of a difference: the root of the unit roundoff */

static double *block_values(const cali_newton *m, size_t block)
{
    size_t at = 0;
    for (size_t i = 0; i < block; i++) {
        const cali_block *b = &m->nmm->blocks[i];
        at += b->model->n_states * b->model->n_states * b->n;
    }
    return m->values + at;
}

cali_newton *cali_newton_create(cal_nmm *nmm)
{
    cali_newton *m = NULL;
    if (cali_alloc(nmm->ctx, 1, sizeof *m, "the Jacobian", &m) != CAL_OK)
        return NULL;
    m->nmm = nmm;
    for (size_t k = 0; k < nmm->n_blocks; k++)
        m->n += nmm->blocks[k].model->n_states * nmm->blocks[k].model->n_states * nmm->blocks[k].n;
    if (cali_alloc(nmm->ctx, m->n, sizeof(double), "the Jacobian", &m->values) == CAL_OK &&
        cali_alloc(nmm->ctx, nmm->n_state_values, sizeof(size_t), "pivots", &m->pivot) == CAL_OK)
        return m;
    cali_newton_destroy(m);
    return NULL;
}

void cali_newton_destroy(cali_newton *m)
{
    if (m == NULL)
        return;
    free(m->values);
    free(m->pivot);
    free(m);
}

void cali_newton_scale_add(cali_newton *m, double c)
{
    for (size_t i = 0; i < m->n; i++)
        m->values[i] *= c;
    for (size_t k = 0; k < m->nmm->n_blocks; k++) {
        const cali_block *b = &m->nmm->blocks[k];
        double *values = block_values(m, k);
        for (size_t s = 0; s < b->model->n_states; s++)
            for (size_t i = 0; i < b->n; i++)
                values[(s * b->model->n_states + s) * b->n + i] += 1.0;
    }
}

bool cali_newton_move(const cal_nmm *nmm, size_t column, const double *x, double *z)
{
    bool is_moved = false;
    memcpy(z, x, nmm->n_state_values * sizeof *z);
    for (size_t k = 0; k < nmm->n_blocks; k++) {
        const cali_block *b = &nmm->blocks[k];
        for (size_t i = 0; column < b->model->n_states && i < b->n; i++) {
            double *at = z + b->first_state + column * b->n + i;
            *at += SMALL_STEP * fmax(fabs(*at), b->model->scales[column]);
            is_moved = true;
        }
    }
    return is_moved;
}

void cali_newton_set_column(cali_newton *m, size_t column, const double *x, const double *z, const double *f,
                            const double *g)
{
    for (size_t k = 0; k < m->nmm->n_blocks; k++) {
        const cali_block *b = &m->nmm->blocks[k];
        const size_t n_s = b->model->n_states, first = b->first_state;
        double *values = block_values(m, k);
        for (size_t r = 0; column < n_s && r < n_s; r++)
            for (size_t i = 0; i < b->n; i++)
                values[(r * n_s + column) * b->n + i] =
                    (g[first + r * b->n + i] - f[first + r * b->n + i]) /
                    (z[first + column * b->n + i] - x[first + column * b->n + i]);
    }
}

#define AT(r, c) values[((r) * n_s + (c)) * n + i]

/* Gaussian elimination with row pivots, one region's block after the other. */
static bool factor_region(const cali_block *b, double *values, size_t *pivot, size_t i)
{
    const size_t n_s = b->model->n_states, n = b->n;
    for (size_t c = 0; c < n_s; c++) {
        size_t best = c;
        for (size_t r = c + 1; r < n_s; r++)
            if (fabs(AT(r, c)) > fabs(AT(best, c)))
                best = r;
        pivot[c * n + i] = best;
        if (!(fabs(AT(best, c)) > 0.0))
            return false;
        for (size_t q = 0; q < n_s && best != c; q++) {
            const double swap = AT(c, q);
            AT(c, q) = AT(best, q);
            AT(best, q) = swap;
        }
        for (size_t r = c + 1; r < n_s; r++) {
            AT(r, c) /= AT(c, c);
            for (size_t q = c + 1; q < n_s; q++)
                AT(r, q) -= AT(r, c) * AT(c, q);
        }
    }
    return true;
}

bool cali_newton_factor(cali_newton *m)
{
    for (size_t k = 0; k < m->nmm->n_blocks; k++) {
        const cali_block *b = &m->nmm->blocks[k];
        for (size_t i = 0; i < b->n; i++)
            if (!factor_region(b, block_values(m, k), m->pivot + b->first_state, i))
                return false;
    }
    return true;
}

static void solve_region(const cali_block *b, const double *values, const size_t *pivot, double *x,
                         size_t i)
{
    const size_t n_s = b->model->n_states, n = b->n;
    for (size_t c = 0; c < n_s; c++) {
        const size_t p = pivot[c * n + i];
        const double swap = x[c * n + i];
        x[c * n + i] = x[p * n + i];
        x[p * n + i] = swap;
    }
    for (size_t r = 1; r < n_s; r++)
        for (size_t c = 0; c < r; c++)
            x[r * n + i] -= AT(r, c) * x[c * n + i];
    for (size_t r = n_s; r-- > 0;) {
        for (size_t c = r + 1; c < n_s; c++)
            x[r * n + i] -= AT(r, c) * x[c * n + i];
        x[r * n + i] /= AT(r, r);
    }
}

void cali_newton_solve(const cali_newton *m, double *x)
{
    for (size_t k = 0; k < m->nmm->n_blocks; k++) {
        const cali_block *b = &m->nmm->blocks[k];
        for (size_t i = 0; i < b->n; i++)
            solve_region(b, block_values(m, k), m->pivot + b->first_state, x + b->first_state, i);
    }
}
