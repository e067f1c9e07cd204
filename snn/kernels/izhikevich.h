/* Izhikevich 2003 (IEEE Trans. Neural Netw. 14, 1569-1572): v' = 0.04 v^2 + 5 v + 140 - u + I,
 * u' = a (b v - u); at v >= V_peak: v = c, u += d.
 * Forward Euler (order 1), arrivals added to v; or, with `published` = 1, the form of the paper: two
 * half steps for v with the arrivals as a current in both, then u with the new v. The rounding of each
 * sum is carried on in v_low and u_low: at dt = 0.01 ms it would shift spikes. */
#ifndef CALI_SNN_KERNELS_IZHIKEVICH_H
#define CALI_SNN_KERNELS_IZHIKEVICH_H

#include "snn/kernels/kernel.h"

#define CALI_IZHIKEVICH_STATES(X) X(v) X(u) X(v_low) X(u_low)
#define CALI_IZHIKEVICH_CONSTANTS(X)                                                               \
    X(dt) X(half) X(a_dt) X(b) X(c) X(d) X(v_peak) X(drive) X(published)
#define CALI_IZHIKEVICH_INPUTS(X) X(input)
CALI_KERNEL_TYPES(izhikevich, IZHIKEVICH);

CAL_HD float cali_izhikevich_slope(float v, float rest)
{
    return cali_fma_f32(cali_fma_f32(0.04f, v, 5.0f), v, rest);
}

CAL_HD int cali_izhikevich_step(const cali_izhikevich_constants *k,
                                const cali_izhikevich_inputs *in, float current,
                                cali_izhikevich_state *x)
{
    const float rest = 140.0f - x->u + (k->drive + current);
    const float pushed = rest + in->input;
    float euler = x->v, euler_low = x->v_low;
    cali_add_f32(&euler, &euler_low, cali_fma_f32(k->dt, cali_izhikevich_slope(x->v, rest), in->input));
    float half = x->v, half_low = x->v_low;
    cali_add_f32(&half, &half_low, k->half * cali_izhikevich_slope(half, pushed));
    cali_add_f32(&half, &half_low, k->half * cali_izhikevich_slope(half, pushed));

    const int is_published = k->published > 0.0f;
    const float v = is_published ? half : euler;
    const float v_for_u = is_published ? half : x->v;
    float u = x->u, u_low = x->u_low;
    cali_add_f32(&u, &u_low, k->a_dt * cali_fma_f32(k->b, v_for_u, -x->u));
    const int has_spiked = v >= k->v_peak;
    x->v = has_spiked ? k->c : v;
    x->v_low = has_spiked ? 0.0f : is_published ? half_low : euler_low;
    x->u = has_spiked ? u + k->d : u;
    x->u_low = u_low;
    return has_spiked;
}

#endif
