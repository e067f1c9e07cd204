/* Adaptive exponential integrate-and-fire (Brette & Gerstner 2005, J. Neurophysiol. 94, 3637-3642) with
 * exponential conductances: u = V - E_L, x = (V - V_T) / Delta_T,
 *     C u' = -g_L u + g_L Delta_T e^x - w + g_exc (E_exc - V) + g_inh (E_inh - V) + I
 *     tau_w w' = a u - w;   at V_peak: V = V_reset, w += b.
 * Four sub-steps of h = dt / 4. Below V_switch one Runge-Kutta step of order 4. Above, where e^x blows
 * up, z = e^-x is followed instead, which reaches the peak almost along a line:
 *     z' = -g_L / C - z beta,   beta = (u' without the exponential) / Delta_T, constant over h,
 * so that the time of the peak is known inside the sub-step (error of order h^2) and the rest of the
 * sub-step starts from the reset. V_switch is where e^x moves V by 0.4 Delta_T within h, at most
 * 1.5 Delta_T below V_peak. Several peaks within one step count as one spike. Rows `_c` are over C. The
 * rounding of u and w is carried on in u_low and w_low. */
#ifndef CALI_SNN_KERNELS_ADEX_H
#define CALI_SNN_KERNELS_ADEX_H

#include "snn/kernels/kernel.h"

#define CALI_ADEX_STATES(X) X(u) X(w) X(g_exc) X(g_inh) X(n_refractory) X(u_low) X(w_low)
#define CALI_ADEX_CONSTANTS(X)                                                                     \
    X(h) X(per_c) X(leak_c) X(exp_c) X(u_t) X(delta) X(per_delta) X(e_exc) X(e_inh) X(loss_exc)    \
        X(loss_inh) X(a_w) X(per_w) X(drive) X(u_switch) X(z_peak) X(reset) X(b) X(refractory)
#define CALI_ADEX_INPUTS(X) X(excitatory) X(inhibitory)
CALI_KERNEL_TYPES(adex, ADEX);

CAL_HD float cali_adex_exp(const cali_adex_constants *k, float u)
{
    const float x = (u - k->u_t) * k->per_delta;
    return cali_exp_f32(x > 20.0f ? 20.0f : x);
}

/* u' without the exponential. */
CAL_HD float cali_adex_rest(const cali_adex_constants *k, float u, float w, float g_exc,
                            float g_inh, float drive)
{
    const float i = cali_fma_f32(g_exc, k->e_exc - u, cali_fma_f32(g_inh, k->e_inh - u, -w));
    return cali_fma_f32(i, k->per_c, cali_fma_f32(-k->leak_c, u, drive));
}

CAL_HD float cali_adex_slope_w(const cali_adex_constants *k, float u, float w)
{
    return cali_fma_f32(k->a_w, u, -w * k->per_w);
}

CAL_HD float cali_adex_slope(const cali_adex_constants *k, float u, float w, float g_exc,
                             float g_inh, float drive)
{
    return cali_fma_f32(k->exp_c, cali_adex_exp(k, u),
                        cali_adex_rest(k, u, w, g_exc, g_inh, drive));
}

/* The increments of a step of Runge-Kutta 4 in (u, w); `moves` is 0 while u is held. */
CAL_HD void cali_adex_rk4(const cali_adex_constants *k, const float *g_exc, const float *g_inh,
                          float drive, float moves, float u0, float w0, float *du, float *dw)
{
    const float h = k->h, half = 0.5f * h;
    const float u1 = moves * cali_adex_slope(k, u0, w0, g_exc[0], g_inh[0], drive);
    const float w1 = cali_adex_slope_w(k, u0, w0);
    const float ua = cali_fma_f32(half, u1, u0), wa = cali_fma_f32(half, w1, w0);
    const float u2 = moves * cali_adex_slope(k, ua, wa, g_exc[1], g_inh[1], drive);
    const float w2 = cali_adex_slope_w(k, ua, wa);
    const float ub = cali_fma_f32(half, u2, u0), wb = cali_fma_f32(half, w2, w0);
    const float u3 = moves * cali_adex_slope(k, ub, wb, g_exc[1], g_inh[1], drive);
    const float w3 = cali_adex_slope_w(k, ub, wb);
    const float uc = cali_fma_f32(h, u3, u0), wc = cali_fma_f32(h, w3, w0);
    const float u4 = moves * cali_adex_slope(k, uc, wc, g_exc[2], g_inh[2], drive);
    const float w4 = cali_adex_slope_w(k, uc, wc);
    *du = h * (1.0f / 6.0f) * cali_fma_f32(2.0f, u2 + u3, u1 + u4);
    *dw = h * (1.0f / 6.0f) * cali_fma_f32(2.0f, w2 + w3, w1 + w4);
}

/* One sub-step; returns 1 at a peak. */
CAL_HD int cali_adex_substep(const cali_adex_constants *k, float drive, int is_held,
                             cali_adex_state *x)
{
    /* loss = 1 - e^(-h / 2 tau): its rounding matters far less than that of a factor near 1 */
    const float exc_mid = cali_fma_f32(-k->loss_exc, x->g_exc, x->g_exc);
    const float inh_mid = cali_fma_f32(-k->loss_inh, x->g_inh, x->g_inh);
    const float g_exc[3] = {x->g_exc, exc_mid, cali_fma_f32(-k->loss_exc, exc_mid, exc_mid)};
    const float g_inh[3] = {x->g_inh, inh_mid, cali_fma_f32(-k->loss_inh, inh_mid, inh_mid)};
    const float h = k->h, u0 = x->u, w0 = x->w;
    float du, dw;
    cali_adex_rk4(k, g_exc, g_inh, drive, is_held ? 0.0f : 1.0f, u0, w0, &du, &dw);
    float u_flat = u0, u_flat_low = x->u_low; /* below V_switch, and w wherever no peak is */
    cali_add_f32(&u_flat, &u_flat_low, du);

    /* near the peak: z, its end, the time of the crossing */
    const float z0 = cali_exp_f32((k->u_t - u0) * k->per_delta);
    const float beta = cali_adex_rest(k, u0, w0, g_exc[0], g_inh[0], drive) * k->per_delta;
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
    const float slope_w = cali_adex_slope_w(k, u0, w0);
    float w_flat = w0, w_flat_low = x->w_low;
    cali_add_f32(&w_flat, &w_flat_low, is_high ? h * slope_w : dw);

    /* what is left of the sub-step, from the reset, by the midpoint rule */
    const float left = h - s, half = 0.5f * left;
    const float moves = k->refractory > 0.0f ? 0.0f : 1.0f;
    const float wr = cali_fma_f32(s, slope_w, w0) + k->b;
    const float ur = moves * cali_adex_slope(k, k->reset, wr, g_exc[1], g_inh[1], drive);
    const float um = cali_fma_f32(half, ur, k->reset);
    const float wm = cali_fma_f32(half, cali_adex_slope_w(k, k->reset, wr), wr);
    const float ue = moves * cali_adex_slope(k, um, wm, g_exc[1], g_inh[1], drive);
    const float u_reset = cali_fma_f32(left, ue, k->reset);
    const float w_reset = cali_fma_f32(left, cali_adex_slope_w(k, um, wm), wr);

    x->u = has_peaked ? u_reset : is_high ? u_high : u_flat;
    x->u_low = is_high ? 0.0f : u_flat_low;
    x->w = has_peaked ? w_reset : w_flat;
    x->w_low = has_peaked ? 0.0f : w_flat_low;
    x->g_exc = g_exc[2];
    x->g_inh = g_inh[2];
    return has_peaked;
}

CAL_HD int cali_adex_step(const cali_adex_constants *k, const cali_adex_inputs *in, float current,
                          cali_adex_state *x)
{
    const float drive = cali_fma_f32(current, k->per_c, k->drive);
    const int is_refractory = x->n_refractory > 0.0f, holds = k->refractory > 0.0f;
    int has_spiked = cali_adex_substep(k, drive, is_refractory, x);
    has_spiked |= cali_adex_substep(k, drive, is_refractory | (has_spiked & holds), x);
    has_spiked |= cali_adex_substep(k, drive, is_refractory | (has_spiked & holds), x);
    has_spiked |= cali_adex_substep(k, drive, is_refractory | (has_spiked & holds), x);
    x->g_exc += in->excitatory;
    x->g_inh += in->inhibitory;
    const float left = is_refractory ? x->n_refractory - 1.0f : 0.0f;
    x->n_refractory = has_spiked ? k->refractory : left;
    return has_spiked;
}

#endif
