/* Izhikevich 2007 (Dynamical Systems in Neuroscience, ch. 8) with exponential currents, x = v - v_r:
 *     C x' = k x (x - x_t) - u + I_exc + I_inh + I
 *     u' = a (b x + b_3 max(x - x_b, 0)^3 - u);   at v >= v_peak: v = c, u += d.
 * One step of Runge-Kutta 4 over dt, currents exact at its three times. Where v ends above v_peak, the time
 * of the crossing is that of the cubic with the values and slopes of both ends (three steps of Newton's
 * rule); the rest of the step starts from the reset by Runge-Kutta 4 again, with currents on the parabola
 * through the three times. Order 4, also through spikes; at most one spike per step. Rows `_c` are over C;
 * the rounding of x and u is carried on in x_low and u_low. */
#ifndef CALI_SNN_KERNELS_IZHIKEVICH_2007_H
#define CALI_SNN_KERNELS_IZHIKEVICH_2007_H

#include "snn/kernels/kernel.h"

#define CALI_IZHIKEVICH_2007_STATES(X) X(x) X(u) X(i_exc) X(i_inh) X(x_low) X(u_low)
#define CALI_IZHIKEVICH_2007_CONSTANTS(X)                                                          \
    X(dt) X(per_c) X(k_c) X(x_t) X(a) X(b) X(b_3) X(x_b) X(x_peak) X(reset) X(d) X(loss_exc)       \
        X(loss_inh) X(drive)
#define CALI_IZHIKEVICH_2007_INPUTS(X) X(excitatory) X(inhibitory)
CALI_KERNEL_TYPES(izhikevich_2007, IZHIKEVICH_2007);

CAL_HD void cali_izhikevich_2007_slope(const cali_izhikevich_2007_constants *k, float i, float x, float u,
                                       float *dx, float *du)
{
    const float beyond = x - k->x_b, p = beyond > 0.0f ? beyond : 0.0f;
    *dx = cali_fma_f32(k->k_c * x, x - k->x_t, cali_fma_f32(-u, k->per_c, i));
    *du = k->a * (cali_fma_f32(k->b, x, -u) + k->b_3 * p * (p * p));
}

/* The increments of one step of h from (x, u) with the currents i at its begin, middle and end. */
CAL_HD void cali_izhikevich_2007_rk4(const cali_izhikevich_2007_constants *k, float h, float i_0, float i_1,
                                     float i_2, float x, float u, float *dx, float *du)
{
    const float half = 0.5f * h, sixth = h * (1.0f / 6.0f);
    float x1, x2, x3, x4, u1, u2, u3, u4;
    cali_izhikevich_2007_slope(k, i_0, x, u, &x1, &u1);
    cali_izhikevich_2007_slope(k, i_1, cali_fma_f32(half, x1, x), cali_fma_f32(half, u1, u), &x2, &u2);
    cali_izhikevich_2007_slope(k, i_1, cali_fma_f32(half, x2, x), cali_fma_f32(half, u2, u), &x3, &u3);
    cali_izhikevich_2007_slope(k, i_2, cali_fma_f32(h, x3, x), cali_fma_f32(h, u3, u), &x4, &u4);
    *dx = sixth * cali_fma_f32(2.0f, x2 + x3, x1 + x4);
    *du = sixth * cali_fma_f32(2.0f, u2 + u3, u1 + u4);
}

/* The cubic p on 0 to 1 with p(0) = 0, p'(0) = d0, p(1) = rise, p'(1) = d1: its coefficients. */
typedef struct cali_izhikevich_2007_cubic {
    float c1, c2, c3;
} cali_izhikevich_2007_cubic;

CAL_HD cali_izhikevich_2007_cubic cali_izhikevich_2007_fit(float rise, float d0, float d1)
{
    const cali_izhikevich_2007_cubic p = {d0, cali_fma_f32(3.0f, rise, -cali_fma_f32(2.0f, d0, d1)),
                                          cali_fma_f32(-2.0f, rise, d0 + d1)};
    return p;
}

CAL_HD float cali_izhikevich_2007_at(cali_izhikevich_2007_cubic p, float s)
{
    return s * cali_fma_f32(s, cali_fma_f32(s, p.c3, p.c2), p.c1);
}

/* A step of Newton's rule towards p(s) = level, within 0 and 1. */
CAL_HD float cali_izhikevich_2007_newton(cali_izhikevich_2007_cubic p, float level, float s)
{
    const float slope = cali_fma_f32(s, cali_fma_f32(3.0f * s, p.c3, 2.0f * p.c2), p.c1);
    const float safe = slope > 1e-6f ? slope : 1e-6f;
    const float next = s - (cali_izhikevich_2007_at(p, s) - level) / safe;
    const float low = next > 0.0f ? next : 0.0f;
    return low < 1.0f ? low : 1.0f;
}

CAL_HD int cali_izhikevich_2007_step(const cali_izhikevich_2007_constants *k,
                                     const cali_izhikevich_2007_inputs *in, float current,
                                     cali_izhikevich_2007_state *x)
{
    const float drive = cali_fma_f32(current, k->per_c, k->drive);
    const float exc_mid = cali_decay_f32(k->loss_exc, x->i_exc);
    const float inh_mid = cali_decay_f32(k->loss_inh, x->i_inh);
    const float exc_end = cali_decay_f32(k->loss_exc, exc_mid);
    const float inh_end = cali_decay_f32(k->loss_inh, inh_mid);
    const float i_0 = cali_fma_f32(x->i_exc + x->i_inh, k->per_c, drive);
    const float i_1 = cali_fma_f32(exc_mid + inh_mid, k->per_c, drive);
    const float i_2 = cali_fma_f32(exc_end + inh_end, k->per_c, drive);

    const float h = k->dt, x0 = x->x, u0 = x->u;
    float rise, change, x1 = x0, x1_low = x->x_low, u1 = u0, u1_low = x->u_low;
    cali_izhikevich_2007_rk4(k, h, i_0, i_1, i_2, x0, u0, &rise, &change);
    cali_add_f32(&x1, &x1_low, rise);
    cali_add_f32(&u1, &u1_low, change);
    const int has_spiked = x1 >= k->x_peak;

    /* when the peak was crossed, as a share of the step, and u there */
    float dx0, du0, dx1, du1;
    cali_izhikevich_2007_slope(k, i_0, x0, u0, &dx0, &du0);
    cali_izhikevich_2007_slope(k, i_2, x0 + rise, u0 + change, &dx1, &du1);
    const cali_izhikevich_2007_cubic px = cali_izhikevich_2007_fit(rise, h * dx0, h * dx1);
    const cali_izhikevich_2007_cubic pu = cali_izhikevich_2007_fit(change, h * du0, h * du1);
    const float level = k->x_peak - x0;
    float s = has_spiked ? level / rise : 1.0f;
    s = cali_izhikevich_2007_newton(px, level, s);
    s = cali_izhikevich_2007_newton(px, level, s);
    s = cali_izhikevich_2007_newton(px, level, s);
    const float at_peak = u0 + cali_izhikevich_2007_at(pu, s) + k->d;

    /* the rest of the step; i(s) = i_0 + s (q_1 + s q_2) */
    const float q_2 = 2.0f * (i_0 + i_2) - 4.0f * i_1, q_1 = i_2 - i_0 - q_2, middle = 0.5f + 0.5f * s;
    const float i_s = cali_fma_f32(s, cali_fma_f32(s, q_2, q_1), i_0);
    const float i_m = cali_fma_f32(middle, cali_fma_f32(middle, q_2, q_1), i_0);
    float back_x, back_u;
    cali_izhikevich_2007_rk4(k, (1.0f - s) * h, i_s, i_m, i_2, k->reset, at_peak, &back_x, &back_u);

    x->x = has_spiked ? k->reset + back_x : x1;
    x->x_low = has_spiked ? 0.0f : x1_low;
    x->u = has_spiked ? at_peak + back_u : u1;
    x->u_low = has_spiked ? 0.0f : u1_low;
    x->i_exc = exc_end + in->excitatory;
    x->i_inh = inh_end + in->inhibitory;
    return has_spiked;
}

#endif
