/* Hindmarsh & Rose 1984 (Proc. R. Soc. Lond. B 221, 87-102), dimensionless; tau is the unit of time:
 *     tau x' = y - a x^3 + b x^2 - z + I_exc + I_inh + I,   tau y' = c - d x^2 - y
 *     tau z' = r (s (x - x_0) - z)
 * One step of Runge-Kutta 4 over h = dt / tau (order 4), currents exact at its three times. A spike is an
 * upward crossing of x_spike. The rounding of each sum is carried on in the rows `_low`: z is slow. */
#ifndef CALI_SNN_KERNELS_HINDMARSH_ROSE_H
#define CALI_SNN_KERNELS_HINDMARSH_ROSE_H

#include "snn/kernels/kernel.h"

#define CALI_HINDMARSH_ROSE_STATES(X)                                                              \
    X(x) X(y) X(z) X(i_exc) X(i_inh) X(x_low) X(y_low) X(z_low)
#define CALI_HINDMARSH_ROSE_CONSTANTS(X)                                                           \
    X(step) X(a) X(b) X(c) X(d) X(r) X(s) X(x_0) X(loss_exc) X(loss_inh) X(drive) X(x_spike)
#define CALI_HINDMARSH_ROSE_INPUTS(X) X(excitatory) X(inhibitory)
CALI_KERNEL_TYPES(hindmarsh_rose, HINDMARSH_ROSE);

typedef struct cali_hindmarsh_rose_point {
    float x, y, z;
} cali_hindmarsh_rose_point;

CAL_HD cali_hindmarsh_rose_point cali_hindmarsh_rose_slope(const cali_hindmarsh_rose_constants *k,
                                                           float i, cali_hindmarsh_rose_point p)
{
    const float x2 = p.x * p.x;
    cali_hindmarsh_rose_point d;
    d.x = cali_fma_f32(cali_fma_f32(-k->a, p.x, k->b), x2, p.y - p.z + i);
    d.y = cali_fma_f32(-k->d, x2, k->c - p.y);
    d.z = k->r * cali_fma_f32(k->s, p.x - k->x_0, -p.z);
    return d;
}

CAL_HD cali_hindmarsh_rose_point cali_hindmarsh_rose_ahead(cali_hindmarsh_rose_point p, float h,
                                                           cali_hindmarsh_rose_point d)
{
    p.x = cali_fma_f32(h, d.x, p.x);
    p.y = cali_fma_f32(h, d.y, p.y);
    p.z = cali_fma_f32(h, d.z, p.z);
    return p;
}

CAL_HD int cali_hindmarsh_rose_step(const cali_hindmarsh_rose_constants *k,
                                    const cali_hindmarsh_rose_inputs *in, float current,
                                    cali_hindmarsh_rose_state *x)
{
    const float drive = k->drive + current;
    const float exc_mid = cali_decay_f32(k->loss_exc, x->i_exc);
    const float inh_mid = cali_decay_f32(k->loss_inh, x->i_inh);
    const float exc_end = cali_decay_f32(k->loss_exc, exc_mid);
    const float inh_end = cali_decay_f32(k->loss_inh, inh_mid);
    const float i0 = x->i_exc + x->i_inh + drive, i1 = exc_mid + inh_mid + drive;
    const float i2 = exc_end + inh_end + drive;

    const float h = k->step, half = 0.5f * h, sixth = h * (1.0f / 6.0f), before = x->x;
    const cali_hindmarsh_rose_point p = {x->x, x->y, x->z};
    const cali_hindmarsh_rose_point d1 = cali_hindmarsh_rose_slope(k, i0, p);
    const cali_hindmarsh_rose_point d2 =
        cali_hindmarsh_rose_slope(k, i1, cali_hindmarsh_rose_ahead(p, half, d1));
    const cali_hindmarsh_rose_point d3 =
        cali_hindmarsh_rose_slope(k, i1, cali_hindmarsh_rose_ahead(p, half, d2));
    const cali_hindmarsh_rose_point d4 =
        cali_hindmarsh_rose_slope(k, i2, cali_hindmarsh_rose_ahead(p, h, d3));
    cali_add_f32(&x->x, &x->x_low, sixth * cali_fma_f32(2.0f, d2.x + d3.x, d1.x + d4.x));
    cali_add_f32(&x->y, &x->y_low, sixth * cali_fma_f32(2.0f, d2.y + d3.y, d1.y + d4.y));
    cali_add_f32(&x->z, &x->z_low, sixth * cali_fma_f32(2.0f, d2.z + d3.z, d1.z + d4.z));
    x->i_exc = exc_end + in->excitatory;
    x->i_inh = inh_end + in->inhibitory;
    return (before < k->x_spike) & (x->x >= k->x_spike);
}

#endif
