/* What the two reduced sets share. Neurons whose drives are spread as a Gaussian (mu, sigma) fall into three groups,
 * those of the lowest, middle and highest drives; in each all follow one mode, constant over the group. With the nodes
 * z_1 ... z_1500 at equal steps of probability, group k the k-th 500 of them, and the trapezoidal rule in z:
 *     L_k = int_k dz,   S_k = sqrt(L_k) = int V_k,   G_k = int g V_k,   I_k = int z V_k,   V_k = 1 / S_k in group k,
 * g the density. Then int V_k^4 = 1 / L_k and int V_k^3 = 1 / S_k. (Without the grid the outer groups would be
 * infinitely wide: it belongs to the model.)
 * Source: Stefanescu & Jirsa (2008), PLoS Comput. Biol. 4, e1000219. */
#ifndef CALI_NMM_MODELS_REDUCED_SET_H
#define CALI_NMM_MODELS_REDUCED_SET_H

#include "nmm/models/model.h"

enum { N_MODES = 3, SET_NODES = 1500 };
/* derived rows, from `first` on: S_k, G_k, I_k, 1 / S_k for k = 0, 1, 2 */
enum { SET_S = 0, SET_G = N_MODES, SET_I = 2 * N_MODES, SET_Q = 3 * N_MODES, SET_N_DERIVED = 4 * N_MODES };

/* The integrals for mu = 0, sigma = 1. */
typedef struct set_integrals {
    double length[N_MODES], density[N_MODES], moment[N_MODES];
} set_integrals;

static set_integrals set_integrate(void)
{
    set_integrals s = {{0.0}, {0.0}, {0.0}};
    double z[SET_NODES];
    for (int k = 0; k < SET_NODES; k++)
        z[k] = -cali_normal_quantile((k + 1) / (SET_NODES + 1.0));
    for (int k = 0; k < SET_NODES; k++) {
        const int mode = k / (SET_NODES / N_MODES);
        const double width = 0.5 * (z[k < SET_NODES - 1 ? k + 1 : k] - z[k > 0 ? k - 1 : k]);
        s.length[mode] += width;
        s.density[mode] += width * cali_exp(-0.5 * z[k] * z[k]) * 0.39894228040143267794; /* 1 / sqrt(2 pi) */
        s.moment[mode] += width * z[k];
    }
    return s;
}

/* Fills the derived rows from `first` on, for rows `mu` and `sigma` of p. */
static void set_derive(size_t n, double *p, size_t mu, size_t sigma, size_t first)
{
    const set_integrals one = set_integrate();
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < N_MODES; k++) {
            const double m = p[mu * n + i], width = p[sigma * n + i];
            const double s = __builtin_sqrt(width * one.length[k]);
            p[(first + SET_S + k) * n + i] = s;
            p[(first + SET_G + k) * n + i] = one.density[k] / s;
            p[(first + SET_I + k) * n + i] = width * (m * one.length[k] + width * one.moment[k]) / s;
            p[(first + SET_Q + k) * n + i] = 1.0 / s;
        }
}

/* sum over the modes of rows a and b of region i */
CAL_HD double set_dot(const double *a, const double *b, size_t n, size_t i)
{
    return a[i] * b[i] + a[n + i] * b[n + i] + a[2 * n + i] * b[2 * n + i];
}

CAL_HD double set_sum(const double *a, size_t n, size_t i)
{
    return a[i] + a[n + i] + a[2 * n + i];
}

#define CALI_SET_MODES(name, unit, value, meaning)                                                                     \
    {name "1", unit, value, -INFINITY, INFINITY, meaning ", lowest drives"},                                           \
    {name "2", unit, value, -INFINITY, INFINITY, meaning ", middle drives"},                                           \
    {name "3", unit, value, -INFINITY, INFINITY, meaning ", highest drives"}

#endif
