/* Extended generalised leaky integrate-and-fire neuron (Geminiani et al. 2018, Front. Neuroinform. 12, 88) with
 * four alpha conductances: u = V - E_L,
 *     C u' = C u / tau_m - I_adap + I_dep + I + sum_r g_r (E_r - V)      (the leak drives away from E_L,
 *     I_adap' = k_adap u - k_2 I_adap,   I_dep' = -k_1 I_dep               the adaptation brings it back)
 *     g_r = e^(-s / tau_r) (g_r + s d_r),   d_r' = -d_r / tau_r;   an arriving weight w adds w e / tau_r to d_r.
 * One step of Runge-Kutta 4 over dt (order 4), conductances and I_dep exact at its three times. At V >= V_th a
 * spike: V = V_reset for t_ref, I_dep = A_1, I_adap += A_2. V is kept above V_min. `loss` = 1 - e^(-h / 2 tau);
 * rows `_c` are over C. */
#ifndef CALI_SNN_KERNELS_EGLIF_H
#define CALI_SNN_KERNELS_EGLIF_H

#include "snn/kernels/kernel.h"

#define CALI_EGLIF_STATES(X)                                                                       \
    X(u) X(i_adap) X(i_dep) X(g1) X(d1) X(g2) X(d2) X(g3) X(d3) X(g4) X(d4) X(n_refractory)
#define CALI_EGLIF_CONSTANTS(X)                                                                    \
    X(dt) X(per_c) X(away) X(k_adap) X(k_2) X(loss_dep) X(a_1) X(a_2) X(drive) X(threshold)        \
        X(reset) X(least) X(refractory) X(e1) X(e2) X(e3) X(e4) X(loss1) X(loss2) X(loss3)         \
        X(loss4) X(peak1) X(peak2) X(peak3) X(peak4)
#define CALI_EGLIF_INPUTS(X) X(receptor1) X(receptor2) X(receptor3) X(receptor4)
CALI_KERNEL_TYPES(eglif, EGLIF);

/* u' = away u - I_adap / C + a - g u at one time. */
typedef struct cali_eglif_drive {
    float a, g;
} cali_eglif_drive;

CAL_HD cali_eglif_drive cali_eglif_drive_of(const cali_eglif_constants *k, float drive,
                                            const cali_eglif_state *x)
{
    float i = cali_fma_f32(x->g1, k->e1, x->i_dep);
    i = cali_fma_f32(x->g2, k->e2, i);
    i = cali_fma_f32(x->g3, k->e3, i);
    i = cali_fma_f32(x->g4, k->e4, i);
    const cali_eglif_drive d = {cali_fma_f32(i, k->per_c, drive),
                                (x->g1 + x->g2 + (x->g3 + x->g4)) * k->per_c};
    return d;
}

/* Conductances and I_dep over half a step. */
CAL_HD void cali_eglif_relax(const cali_eglif_constants *k, cali_eglif_state *x)
{
    const float half = 0.5f * k->dt;
    x->g1 = cali_decay_f32(k->loss1, cali_fma_f32(half, x->d1, x->g1));
    x->g2 = cali_decay_f32(k->loss2, cali_fma_f32(half, x->d2, x->g2));
    x->g3 = cali_decay_f32(k->loss3, cali_fma_f32(half, x->d3, x->g3));
    x->g4 = cali_decay_f32(k->loss4, cali_fma_f32(half, x->d4, x->g4));
    x->d1 = cali_decay_f32(k->loss1, x->d1);
    x->d2 = cali_decay_f32(k->loss2, x->d2);
    x->d3 = cali_decay_f32(k->loss3, x->d3);
    x->d4 = cali_decay_f32(k->loss4, x->d4);
    x->i_dep = cali_decay_f32(k->loss_dep, x->i_dep);
}

/* Slopes; `moves` is 0 while u is held. */
CAL_HD void cali_eglif_slope(const cali_eglif_constants *k, cali_eglif_drive d, float moves, float u,
                             float i_adap, float *du, float *dw)
{
    *du = moves * cali_fma_f32(k->away - d.g, u, cali_fma_f32(-i_adap, k->per_c, d.a));
    *dw = cali_fma_f32(k->k_adap, u, -k->k_2 * i_adap);
}

/* V and I_adap at the end of the step, and all else there, without a spike. */
CAL_HD void cali_eglif_move(const cali_eglif_constants *k, const cali_eglif_inputs *in, float current,
                            cali_eglif_state *x, float *u_end, float *w_end)
{
    const float drive = cali_fma_f32(current, k->per_c, k->drive);
    const float moves = x->n_refractory > 0.0f ? 0.0f : 1.0f;
    const cali_eglif_drive begin = cali_eglif_drive_of(k, drive, x);
    cali_eglif_relax(k, x);
    const cali_eglif_drive middle = cali_eglif_drive_of(k, drive, x);
    cali_eglif_relax(k, x);
    const cali_eglif_drive end = cali_eglif_drive_of(k, drive, x);

    const float h = k->dt, half = 0.5f * h, sixth = h * (1.0f / 6.0f), u0 = x->u, w0 = x->i_adap;
    float u1, u2, u3, u4, w1, w2, w3, w4;
    cali_eglif_slope(k, begin, moves, u0, w0, &u1, &w1);
    cali_eglif_slope(k, middle, moves, cali_fma_f32(half, u1, u0), cali_fma_f32(half, w1, w0), &u2, &w2);
    cali_eglif_slope(k, middle, moves, cali_fma_f32(half, u2, u0), cali_fma_f32(half, w2, w0), &u3, &w3);
    cali_eglif_slope(k, end, moves, cali_fma_f32(h, u3, u0), cali_fma_f32(h, w3, w0), &u4, &w4);
    *u_end = cali_fma_f32(sixth, cali_fma_f32(2.0f, u2 + u3, u1 + u4), u0);
    *w_end = cali_fma_f32(sixth, cali_fma_f32(2.0f, w2 + w3, w1 + w4), w0);

    x->d1 = cali_fma_f32(in->receptor1, k->peak1, x->d1);
    x->d2 = cali_fma_f32(in->receptor2, k->peak2, x->d2);
    x->d3 = cali_fma_f32(in->receptor3, k->peak3, x->d3);
    x->d4 = cali_fma_f32(in->receptor4, k->peak4, x->d4);
}

/* What a spike does, or its absence. */
CAL_HD void cali_eglif_settle(const cali_eglif_constants *k, int has_spiked, float u, float w, cali_eglif_state *x)
{
    const float next = x->n_refractory - 1.0f, left = next > 0.0f ? next : 0.0f;
    x->u = has_spiked ? k->reset : u < k->least ? k->least : u;
    x->i_adap = has_spiked ? w + k->a_2 : w;
    x->i_dep = has_spiked ? k->a_1 : x->i_dep;
    x->n_refractory = has_spiked ? k->refractory : left;
}

CAL_HD int cali_eglif_step(const cali_eglif_constants *k, const cali_eglif_inputs *in, float current,
                           cali_eglif_state *x)
{
    const int is_refractory = x->n_refractory > 0.0f;
    float u, w;
    cali_eglif_move(k, in, current, x, &u, &w);
    const int has_spiked = (u >= k->threshold) & !is_refractory;
    cali_eglif_settle(k, has_spiked, u, w, x);
    return has_spiked;
}

#endif
