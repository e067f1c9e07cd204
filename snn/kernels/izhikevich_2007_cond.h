/* Izhikevich 2007 with exponential conductances, x = v - v_r:
 *     C x' = k x (x - x_t) - u - g_exc (x - e_exc) - g_inh (x - e_inh) + I,   g_s' = -g_s / tau_s
 *     u' = a (b x + b_3 max(x - x_b, 0)^3 + b_3_below min(x - x_b, 0)^3 - u);   at v >= v_peak: v = c, u += d.
 * The scheme of kernels/izhikevich_2007.h, order 4 also through spikes: conductances are exact at the three times of a step
 * and lie on the parabola through them after a spike. Rows `_c` are over C. */
#ifndef CALI_SNN_KERNELS_IZHIKEVICH_2007_COND_H
#define CALI_SNN_KERNELS_IZHIKEVICH_2007_COND_H

#include "snn/kernels/izhikevich_2007.h"

#define CALI_IZHIKEVICH_2007_COND_STATES(X) X(x) X(u) X(g_exc) X(g_inh) X(x_low) X(u_low)
#define CALI_IZHIKEVICH_2007_COND_CONSTANTS(X)                                                     \
    X(dt) X(per_c) X(k_c) X(x_t) X(a) X(b) X(b_3) X(b_3_below) X(x_b) X(x_peak) X(reset) X(d)      \
        X(loss_exc) X(loss_inh) X(e_exc) X(e_inh) X(drive)
#define CALI_IZHIKEVICH_2007_COND_INPUTS(X) X(excitatory) X(inhibitory)
CALI_KERNEL_TYPES(izhikevich_2007_cond, IZHIKEVICH_2007_COND);

/* What acts on x at one time: a current and a conductance, both over C. */
typedef struct cali_izhikevich_2007_drive {
    float i, g;
} cali_izhikevich_2007_drive;

CAL_HD cali_izhikevich_2007_drive cali_izhikevich_2007_cond_drive(const cali_izhikevich_2007_cond_constants *k, float g_exc,
                                                                  float g_inh, float drive)
{
    const float current = cali_fma_f32(g_exc, k->e_exc, g_inh * k->e_inh);
    const cali_izhikevich_2007_drive y = {cali_fma_f32(current, k->per_c, drive), (g_exc + g_inh) * k->per_c};
    return y;
}

CAL_HD void cali_izhikevich_2007_cond_slope(const cali_izhikevich_2007_cond_constants *k, cali_izhikevich_2007_drive y, float x,
                                            float u, float *dx, float *du)
{
    const float beyond = x - k->x_b, p = beyond > 0.0f ? beyond : 0.0f, q = beyond - p;
    *dx = cali_fma_f32(x, cali_fma_f32(k->k_c, x - k->x_t, -y.g), cali_fma_f32(-u, k->per_c, y.i));
    *du = k->a * cali_fma_f32(k->b_3_below * q, q * q, cali_fma_f32(k->b_3 * p, p * p, cali_fma_f32(k->b, x, -u)));
}

/* The increments of one step of h from (x, u) with y at its begin, middle and end. */
CAL_HD void cali_izhikevich_2007_cond_rk4(const cali_izhikevich_2007_cond_constants *k, float h, cali_izhikevich_2007_drive y_0,
                                          cali_izhikevich_2007_drive y_1, cali_izhikevich_2007_drive y_2, float x, float u,
                                          float *dx, float *du)
{
    const float half = 0.5f * h, sixth = h * (1.0f / 6.0f);
    float x1, x2, x3, x4, u1, u2, u3, u4;
    cali_izhikevich_2007_cond_slope(k, y_0, x, u, &x1, &u1);
    cali_izhikevich_2007_cond_slope(k, y_1, cali_fma_f32(half, x1, x), cali_fma_f32(half, u1, u), &x2, &u2);
    cali_izhikevich_2007_cond_slope(k, y_1, cali_fma_f32(half, x2, x), cali_fma_f32(half, u2, u), &x3, &u3);
    cali_izhikevich_2007_cond_slope(k, y_2, cali_fma_f32(h, x3, x), cali_fma_f32(h, u3, u), &x4, &u4);
    *dx = sixth * cali_fma_f32(2.0f, x2 + x3, x1 + x4);
    *du = sixth * cali_fma_f32(2.0f, u2 + u3, u1 + u4);
}

/* The parabola through three values at 0, 1/2 and 1. */
CAL_HD float cali_izhikevich_2007_between(float y_0, float y_1, float y_2, float s)
{
    const float q_2 = 2.0f * (y_0 + y_2) - 4.0f * y_1, q_1 = y_2 - y_0 - q_2;
    return cali_fma_f32(s, cali_fma_f32(s, q_2, q_1), y_0);
}

CAL_HD int cali_izhikevich_2007_cond_step(const cali_izhikevich_2007_cond_constants *k,
                                          const cali_izhikevich_2007_cond_inputs *in, float current,
                                          cali_izhikevich_2007_cond_state *x)
{
    const float drive = cali_fma_f32(current, k->per_c, k->drive);
    const float exc_mid = cali_decay_f32(k->loss_exc, x->g_exc), exc_end = cali_decay_f32(k->loss_exc, exc_mid);
    const float inh_mid = cali_decay_f32(k->loss_inh, x->g_inh), inh_end = cali_decay_f32(k->loss_inh, inh_mid);
    const cali_izhikevich_2007_drive y_0 = cali_izhikevich_2007_cond_drive(k, x->g_exc, x->g_inh, drive);
    const cali_izhikevich_2007_drive y_1 = cali_izhikevich_2007_cond_drive(k, exc_mid, inh_mid, drive);
    const cali_izhikevich_2007_drive y_2 = cali_izhikevich_2007_cond_drive(k, exc_end, inh_end, drive);

    const float h = k->dt, x0 = x->x, u0 = x->u;
    float rise, change, x1 = x0, x1_low = x->x_low, u1 = u0, u1_low = x->u_low;
    cali_izhikevich_2007_cond_rk4(k, h, y_0, y_1, y_2, x0, u0, &rise, &change);
    cali_add_f32(&x1, &x1_low, rise);
    cali_add_f32(&u1, &u1_low, change);
    const int has_spiked = x1 >= k->x_peak;

    /* when the peak was crossed, as a share of the step, and u there */
    float dx0, du0, dx1, du1;
    cali_izhikevich_2007_cond_slope(k, y_0, x0, u0, &dx0, &du0);
    cali_izhikevich_2007_cond_slope(k, y_2, x0 + rise, u0 + change, &dx1, &du1);
    const cali_izhikevich_2007_cubic px = cali_izhikevich_2007_fit(rise, h * dx0, h * dx1);
    const cali_izhikevich_2007_cubic pu = cali_izhikevich_2007_fit(change, h * du0, h * du1);
    const float level = k->x_peak - x0;
    float s = has_spiked ? level / rise : 1.0f;
    s = cali_izhikevich_2007_newton(px, level, s);
    s = cali_izhikevich_2007_newton(px, level, s);
    s = cali_izhikevich_2007_newton(px, level, s);
    const float at_peak = u0 + cali_izhikevich_2007_at(pu, s) + k->d, middle = 0.5f + 0.5f * s;

    /* the rest of the step */
    const cali_izhikevich_2007_drive y_s = {cali_izhikevich_2007_between(y_0.i, y_1.i, y_2.i, s),
                                            cali_izhikevich_2007_between(y_0.g, y_1.g, y_2.g, s)};
    const cali_izhikevich_2007_drive y_m = {cali_izhikevich_2007_between(y_0.i, y_1.i, y_2.i, middle),
                                            cali_izhikevich_2007_between(y_0.g, y_1.g, y_2.g, middle)};
    float back_x, back_u;
    cali_izhikevich_2007_cond_rk4(k, (1.0f - s) * h, y_s, y_m, y_2, k->reset, at_peak, &back_x, &back_u);

    x->x = has_spiked ? k->reset + back_x : x1;
    x->x_low = has_spiked ? 0.0f : x1_low;
    x->u = has_spiked ? at_peak + back_u : u1;
    x->u_low = has_spiked ? 0.0f : u1_low;
    x->g_exc = exc_end + in->excitatory;
    x->g_inh = inh_end + in->inhibitory;
    return has_spiked;
}

#endif
