/* What the exponential integrate-and-fire neurons share (Brette & Gerstner 2005, J. Neurophysiol. 94,
 * 3637-3642): u = V - E_L, x = (V - V_T) / Delta_T,
 *     C u' = -g_L u + g_L Delta_T e^x - w + synapses + I,   tau_w w' = a u - w;
 *     at V_peak: V = V_reset, w += b.
 * A step is four sub-steps of h = dt / 4. Below V_switch one Runge-Kutta step of order 4. Above, where
 * e^x blows up, z = e^-x is followed instead, which reaches the peak almost along a line:
 *     z' = -g_L / C - z beta,   beta = (u' without the exponential) / Delta_T, constant over h,
 * so that the time of the peak is known inside the sub-step (error of order h^2) and the rest of the
 * sub-step starts from the reset. V_switch is where e^x moves V by 0.4 Delta_T within h, at most
 * 1.5 Delta_T below V_peak. Several peaks within one step count as one spike. The rounding of u and w is
 * carried on in u_low and w_low.
 *
 * The kernel of a neuron fills a drive for each sub-step from its synapses. `parts` is a literal:
 * what a neuron lacks costs nothing. */
#ifndef CALI_SNN_KERNELS_EXPIF_H
#define CALI_SNN_KERNELS_EXPIF_H

#include "snn/kernels/kernel.h"
#include "snn/kernels/drive.h"

enum { CALI_EXPIF_ADAPTS = 1, CALI_EXPIF_HAS_NMDA = 2 };

/* Rows `_c` are over C. */
#define CALI_EXPIF_STATES(X) X(u) X(u_low)
#define CALI_EXPIF_CONSTANTS(X)                                                                    \
    X(h) X(per_c) X(leak_c) X(exp_c) X(u_t) X(delta) X(per_delta) X(drive) X(u_switch) X(z_peak)   \
        X(reset) X(exp_reset) X(refractory)
#define CALI_EXPIF_W_STATES(X) X(w) X(w_low)
#define CALI_EXPIF_W_CONSTANTS(X) X(a_w) X(per_w) X(b)

typedef struct cali_expif_constants {
    CALI_EXPIF_CONSTANTS(CALI_KERNEL_FLOAT)
    CALI_EXPIF_W_CONSTANTS(CALI_KERNEL_FLOAT)
} cali_expif_constants;

typedef struct cali_expif_state {
    CALI_EXPIF_STATES(CALI_KERNEL_FLOAT)
    CALI_EXPIF_W_STATES(CALI_KERNEL_FLOAT)
} cali_expif_state;

/* u' without the exponential. */
CAL_HD float cali_expif_rest(const cali_expif_constants *k, const cali_drive *d, int at, int parts,
                             float u, float w)
{
    const float sum = cali_drive_slope(d, at, parts & CALI_EXPIF_HAS_NMDA, u);
    return parts & CALI_EXPIF_ADAPTS ? cali_fma_f32(-w, k->per_c, sum) : sum;
}

/* e^x, held below e^20: only stages that are not used lie above. */
CAL_HD float cali_expif_exp(const cali_expif_constants *k, float u)
{
    const float x = (u - k->u_t) * k->per_delta;
    return cali_exp_f32(x > 20.0f ? 20.0f : x);
}

/* u' where e^x is known. */
CAL_HD float cali_expif_slope(const cali_expif_constants *k, const cali_drive *d, int at, int parts,
                              float u, float w, float exp_x)
{
    return cali_fma_f32(k->exp_c, exp_x, cali_expif_rest(k, d, at, parts, u, w));
}

CAL_HD float cali_expif_slope_w(const cali_expif_constants *k, int parts, float u, float w)
{
    return parts & CALI_EXPIF_ADAPTS ? cali_fma_f32(k->a_w, u, -w * k->per_w) : 0.0f;
}

/* The increments of a step of Runge-Kutta 4 in (u, w) from where e^x = exp_0; `moves` is 0 while u is held. */
CAL_HD void cali_expif_rk4(const cali_expif_constants *k, const cali_drive *d, int parts, float moves,
                           float u0, float w0, float exp_0, float *du, float *dw)
{
    const float h = k->h, half = 0.5f * h;
    const float u1 = moves * cali_expif_slope(k, d, 0, parts, u0, w0, exp_0);
    const float w1 = cali_expif_slope_w(k, parts, u0, w0);
    const float ua = cali_fma_f32(half, u1, u0), wa = cali_fma_f32(half, w1, w0);
    const float u2 = moves * cali_expif_slope(k, d, 1, parts, ua, wa, cali_expif_exp(k, ua));
    const float w2 = cali_expif_slope_w(k, parts, ua, wa);
    const float ub = cali_fma_f32(half, u2, u0), wb = cali_fma_f32(half, w2, w0);
    const float u3 = moves * cali_expif_slope(k, d, 1, parts, ub, wb, cali_expif_exp(k, ub));
    const float w3 = cali_expif_slope_w(k, parts, ub, wb);
    const float uc = cali_fma_f32(h, u3, u0), wc = cali_fma_f32(h, w3, w0);
    const float u4 = moves * cali_expif_slope(k, d, 2, parts, uc, wc, cali_expif_exp(k, uc));
    const float w4 = cali_expif_slope_w(k, parts, uc, wc);
    *du = h * (1.0f / 6.0f) * cali_fma_f32(2.0f, u2 + u3, u1 + u4);
    *dw = h * (1.0f / 6.0f) * cali_fma_f32(2.0f, w2 + w3, w1 + w4);
}

/* One sub-step; returns 1 at a peak. */
CAL_HD int cali_expif_substep(const cali_expif_constants *k, const cali_drive *d, int parts,
                              int is_held, cali_expif_state *x)
{
    const float h = k->h, u0 = x->u, w0 = x->w;
    const float exp_0 = cali_exp_f32((u0 - k->u_t) * k->per_delta);
    float du, dw;
    cali_expif_rk4(k, d, parts, is_held ? 0.0f : 1.0f, u0, w0, exp_0 < 4.9e8f ? exp_0 : 4.9e8f, &du, &dw);
    float u_flat = u0, u_flat_low = x->u_low; /* below V_switch, and w wherever no peak is */
    cali_add_f32(&u_flat, &u_flat_low, du);

    /* near the peak: z, its end, the time of the crossing */
    const float z0 = 1.0f / exp_0;
    const float beta = cali_expif_rest(k, d, 0, parts, u0, w0) * k->per_delta;
    const float fall = cali_fma_f32(beta, z0, k->leak_c), bh = beta * h;
    const float series = cali_fma_f32(bh, cali_fma_f32(bh, 1.0f / 6.0f, -0.5f), 1.0f);
    const float z1 = cali_fma_f32(-fall * h, series, z0);
    const int is_high = (u0 >= k->u_switch) & !is_held;
    const int has_peaked = is_high & (z1 <= k->z_peak);
    const float u_high = cali_fma_f32(-k->delta, cali_log_f32(z1 > 1e-30f ? z1 : 1e-30f), k->u_t);
    const float first = (z0 - k->z_peak) / fall, bs = beta * first;
    float s = first * cali_fma_f32(bs, cali_fma_f32(bs, 1.0f / 3.0f, 0.5f), 1.0f);
    s = s > 0.0f ? s : 0.0f;
    s = s < h ? s : h;
    const float slope_w = cali_expif_slope_w(k, parts, u0, w0);

    /* what is left of the sub-step, from the reset, by the midpoint rule */
    const float left = h - s, half = 0.5f * left;
    const float moves = k->refractory > 0.0f ? 0.0f : 1.0f;
    const float wr = parts & CALI_EXPIF_ADAPTS ? cali_fma_f32(s, slope_w, w0) + k->b : 0.0f;
    const float ur = moves * cali_expif_slope(k, d, 1, parts, k->reset, wr, k->exp_reset);
    const float um = cali_fma_f32(half, ur, k->reset);
    const float wm = cali_fma_f32(half, cali_expif_slope_w(k, parts, k->reset, wr), wr);
    const float ue = moves * cali_expif_slope(k, d, 1, parts, um, wm, cali_expif_exp(k, um));

    x->u = has_peaked ? cali_fma_f32(left, ue, k->reset) : is_high ? u_high : u_flat;
    x->u_low = is_high ? 0.0f : u_flat_low;
    if (parts & CALI_EXPIF_ADAPTS) {
        float w_flat = w0, w_flat_low = x->w_low;
        cali_add_f32(&w_flat, &w_flat_low, is_high ? h * slope_w : dw);
        x->w = has_peaked ? cali_fma_f32(left, cali_expif_slope_w(k, parts, um, wm), wr) : w_flat;
        x->w_low = has_peaked ? 0.0f : w_flat_low;
    }
    return has_peaked;
}

/* Refractory steps left after a step. */
CAL_HD float cali_expif_refractory(const cali_expif_constants *k, int has_spiked, float n_refractory)
{
    const float left = n_refractory > 0.0f ? n_refractory - 1.0f : 0.0f;
    return has_spiked ? k->refractory : left;
}

/* The membrane over dt of a neuron that adapts and has no NMDA: cali_<name>_quarters, from cali_<name>_drive of its kernel. */
#define CALI_EXPIF_QUARTERS(name)                                                                                        \
    CAL_HD int cali_##name##_quarter(const cali_##name##_constants *k, const cali_expif_constants *c, float drive,       \
                                     int is_held, cali_##name##_state *x, cali_expif_state *y)                           \
    {                                                                                                                    \
        cali_drive d;                                                                                                    \
        cali_##name##_drive(k, drive, x, &d);                                                                            \
        return cali_expif_substep(c, &d, CALI_EXPIF_ADAPTS, is_held, y);                                                 \
    }                                                                                                                    \
    CAL_HD int cali_##name##_quarters(const cali_##name##_constants *k, float current, cali_##name##_state *x)           \
    {                                                                                                                    \
        cali_expif_constants c;                                                                                          \
        cali_expif_state y;                                                                                              \
        CALI_EXPIF_CONSTANTS(CALI_KERNEL_LOAD_CONSTANT) CALI_EXPIF_W_CONSTANTS(CALI_KERNEL_LOAD_CONSTANT)                \
        CALI_EXPIF_STATES(CALI_KERNEL_LOAD_STATE) CALI_EXPIF_W_STATES(CALI_KERNEL_LOAD_STATE)                            \
        const float drive = cali_fma_f32(current, k->per_c, k->drive);                                                   \
        const int is_refractory = x->n_refractory > 0.0f, holds = k->refractory > 0.0f;                                  \
        int has_spiked = cali_##name##_quarter(k, &c, drive, is_refractory, x, &y);                                      \
        has_spiked |= cali_##name##_quarter(k, &c, drive, is_refractory | (has_spiked & holds), x, &y);                  \
        has_spiked |= cali_##name##_quarter(k, &c, drive, is_refractory | (has_spiked & holds), x, &y);                  \
        has_spiked |= cali_##name##_quarter(k, &c, drive, is_refractory | (has_spiked & holds), x, &y);                  \
        CALI_EXPIF_STATES(CALI_KERNEL_STORE_STATE) CALI_EXPIF_W_STATES(CALI_KERNEL_STORE_STATE)                          \
        x->n_refractory = cali_expif_refractory(&c, has_spiked, x->n_refractory);                                        \
        return has_spiked;                                                                                               \
    }

#endif
