/* See nmm/paths.h. */
#include "nmm/paths.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const cal_time LONGEST_ROOT = (cal_time)1 << 30;

/* Level and index of a draw as counter words 1 and 3: one number for each interval of the tree. */
static void draw(const cali_paths *p, int level, int64_t index, double *a, double *b)
{
    const uint64_t i = (uint64_t)index;
    p->kernels->normals(p->n, p->key, p->unit, (uint32_t)i, p->stream, (uint32_t)(i >> 32) ^ (uint32_t)level << 26, a,
                        b);
}

static double *row(const cali_paths *p, int level, int which)
{
    return p->rows + ((size_t)level * 4 + (size_t)which) * p->n;
}

cal_status cali_paths_create(cal_context *ctx, cali_key key, uint32_t stream, cal_time dt, double tau_ms, size_t n,
                             const uint32_t *units, cali_paths *p)
{
    *p = (cali_paths){.kernels = cali_kernels_get(), .key = key, .stream = stream, .n = n,
                      .is_coloured = tau_ms > 0.0};
    cal_time root = dt;
    for (; root <= LONGEST_ROOT / 2; root *= 2)
        p->n_levels++;
    for (int l = 0; l <= p->n_levels; l++) {
        p->loaded[l] = -1;
        if (!p->is_coloured)
            continue;
        /* at level 0 the step is a whole interval, at the others half of the interval above */
        const double e = cali_exp(-cal_time_ms(root >> l) / tau_ms), e2 = e * e;
        p->mean[l] = l == 0 ? e : e / (1.0 + e2);
        p->spread[l] = sqrt(l == 0 ? 1.0 - e2 : (1.0 - e2) / (1.0 + e2));
    }
    CAL_TRY(cali_alloc(ctx, n, sizeof *p->unit, "random paths", &p->unit));
    memcpy(p->unit, units, n * sizeof *units);
    return cali_alloc(ctx, (size_t)(p->n_levels + 1) * 4 * n, sizeof *p->rows, "random paths", &p->rows);
}

void cali_paths_destroy(cali_paths *p)
{
    free(p->unit);
    free(p->rows);
    p->unit = NULL;
    p->rows = NULL;
}

void cali_paths_step(cali_paths *p, int64_t step, const double **x, const double **y)
{
    const int64_t root = step >> p->n_levels;
    if (p->loaded[0] != root) {
        draw(p, 0, root, row(p, 0, 0), row(p, 0, 1));
        p->loaded[0] = root;
        for (int l = 1; l <= p->n_levels; l++)
            p->loaded[l] = -1;
    }
    int half = 0;
    for (int l = 1; l <= p->n_levels; l++) {
        const int64_t parent = step >> (p->n_levels - l + 1);
        if (p->loaded[l] != parent) {
            draw(p, l, parent, row(p, l, 2), row(p, l, 3));
            p->kernels->halve(p->n, row(p, l - 1, 2 * half), row(p, l - 1, 2 * half + 1), row(p, l, 0), row(p, l, 1),
                              row(p, l, 2), row(p, l, 3));
            p->loaded[l] = parent;
        }
        half = (int)(step >> (p->n_levels - l) & 1);
    }
    *x = row(p, p->n_levels, 2 * half);
    *y = row(p, p->n_levels, 2 * half + 1);
}

/* Ends of the root interval: the stationary start, then the exact step of the process. Rows 0 and 1 of level 0 hold
 * the ends of even and odd number, row 2 is scratch. */
static void load_root(cali_paths *p, int64_t root)
{
    if (p->loaded[0] == root)
        return;
    if (p->loaded[0] < 0 || p->loaded[0] > root) {
        draw(p, 0, 0, row(p, 0, 0), row(p, 0, 3));
        p->loaded[0] = -1;
    }
    for (int64_t k = p->loaded[0] + 1; k <= root; k++) {
        const double *old = row(p, 0, (int)(k & 1));
        double *now = row(p, 0, (int)((k + 1) & 1));
        draw(p, 0, k + 1, row(p, 0, 2), row(p, 0, 3));
        for (size_t i = 0; i < p->n; i++)
            now[i] = p->mean[0] * old[i] + p->spread[0] * row(p, 0, 2)[i];
    }
    p->loaded[0] = root;
    for (int l = 1; l <= p->n_levels; l++)
        p->loaded[l] = -1;
}

const double *cali_paths_point(cali_paths *p, int64_t point)
{
    const int64_t root = point >> p->n_levels;
    load_root(p, root);
    const double *left = row(p, 0, (int)(root & 1)), *right = row(p, 0, (int)((root + 1) & 1));
    for (int l = 1; l <= p->n_levels; l++) {
        const int64_t parent = point >> (p->n_levels - l + 1);
        double *middle = row(p, l, 0);
        if (parent << (p->n_levels - l + 1) == point)
            return left; /* the left end of this interval and of all its first halves */
        if (p->loaded[l] != parent) {
            draw(p, l, parent, row(p, l, 1), row(p, l, 2));
            for (size_t i = 0; i < p->n; i++)
                middle[i] = p->mean[l] * (left[i] + right[i]) + p->spread[l] * row(p, l, 1)[i];
            p->loaded[l] = parent;
        }
        if (point >> (p->n_levels - l) & 1)
            left = middle;
        else
            right = middle;
    }
    return left;
}
