/* Morris & Lecar 1981 (Biophys. J. 35, 193-213) with exponential currents, v = V - E_L:
 *     C v' = -g_L v - g_Ca m_inf(V) (V - E_Ca) - g_K w (V - E_K) + I_exc + I_inh + I
 *     w' = phi cosh((V - V3) / 2 V4) (w_inf(V) - w)
 *     m_inf = (1 + tanh((V - V1) / V2)) / 2,   w_inf = (1 + tanh((V - V3) / V4)) / 2
 * One step of Runge-Kutta 4 over dt (order 4), currents exact at its three times. With e = e^((V - V3) / 2 V4)
 * both functions of w follow: cosh = (e + 1/e) / 2, w_inf = 1 / (1 + e^-4). A spike is an upward crossing of
 * V_spike. Rows `_c` are over C. The rounding of v is carried on in v_low. */
#ifndef CALI_SNN_KERNELS_MORRIS_LECAR_H
#define CALI_SNN_KERNELS_MORRIS_LECAR_H

#include "snn/kernels/kernel.h"

#define CALI_MORRIS_LECAR_STATES(X) X(v) X(w) X(i_exc) X(i_inh) X(v_low)
#define CALI_MORRIS_LECAR_CONSTANTS(X)                                                             \
    X(dt) X(per_c) X(leak_c) X(ca_c) X(e_ca) X(k_c) X(e_k) X(v1) X(two_per_v2) X(v3) X(half_per_v4) \
        X(half_phi) X(loss_exc) X(loss_inh) X(drive) X(v_spike)
#define CALI_MORRIS_LECAR_INPUTS(X) X(excitatory) X(inhibitory)
CALI_KERNEL_TYPES(morris_lecar, MORRIS_LECAR);

CAL_HD void cali_morris_lecar_slope(const cali_morris_lecar_constants *k, float i, float v, float w,
                                    float *dv, float *dw)
{
    float x = (v - k->v3) * k->half_per_v4;
    x = x > 20.0f ? 20.0f : x; /* far outside of what the channels allow: 1 / e^4 stays a number */
    x = x < -20.0f ? -20.0f : x;
    const float e = cali_exp_f32(x), r = 1.0f / e, r2 = r * r;
    const float w_inf = 1.0f / cali_fma_f32(r2, r2, 1.0f);
    const float m_inf = 1.0f / (1.0f + cali_exp_f32((k->v1 - v) * k->two_per_v2));
    const float passive = cali_fma_f32(-k->leak_c, v, i);
    *dv = cali_fma_f32(k->ca_c * m_inf, k->e_ca - v, cali_fma_f32(k->k_c * w, k->e_k - v, passive));
    *dw = k->half_phi * (e + r) * (w_inf - w);
}

CAL_HD int cali_morris_lecar_step(const cali_morris_lecar_constants *k,
                                  const cali_morris_lecar_inputs *in, float current,
                                  cali_morris_lecar_state *x)
{
    const float drive = cali_fma_f32(current, k->per_c, k->drive);
    const float exc_mid = cali_decay_f32(k->loss_exc, x->i_exc);
    const float inh_mid = cali_decay_f32(k->loss_inh, x->i_inh);
    const float exc_end = cali_decay_f32(k->loss_exc, exc_mid);
    const float inh_end = cali_decay_f32(k->loss_inh, inh_mid);
    const float i0 = cali_fma_f32(x->i_exc + x->i_inh, k->per_c, drive);
    const float i1 = cali_fma_f32(exc_mid + inh_mid, k->per_c, drive);
    const float i2 = cali_fma_f32(exc_end + inh_end, k->per_c, drive);

    const float h = k->dt, half = 0.5f * h, sixth = h * (1.0f / 6.0f), v0 = x->v, w0 = x->w;
    float v1, v2, v3, v4, w1, w2, w3, w4;
    cali_morris_lecar_slope(k, i0, v0, w0, &v1, &w1);
    cali_morris_lecar_slope(k, i1, cali_fma_f32(half, v1, v0), cali_fma_f32(half, w1, w0), &v2, &w2);
    cali_morris_lecar_slope(k, i1, cali_fma_f32(half, v2, v0), cali_fma_f32(half, w2, w0), &v3, &w3);
    cali_morris_lecar_slope(k, i2, cali_fma_f32(h, v3, v0), cali_fma_f32(h, w3, w0), &v4, &w4);
    cali_add_f32(&x->v, &x->v_low, sixth * cali_fma_f32(2.0f, v2 + v3, v1 + v4));
    x->w = cali_fma_f32(sixth, cali_fma_f32(2.0f, w2 + w3, w1 + w4), w0);
    x->i_exc = exc_end + in->excitatory;
    x->i_inh = inh_end + in->inhibitory;
    return (v0 < k->v_spike) & (x->v >= k->v_spike);
}

#endif
