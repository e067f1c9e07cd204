/* Izhikevich 2003 (IEEE Trans. Neural Netw. 14, 1569-1572): v' = 0.04 v^2 + 5 v + 140 - u + I,
 * u' = a (b v - u); at v >= V_peak: v = c, u += d.
 * Forward Euler (order 1), arrivals added to v; or, with `published` = 1, the form of the paper: two
 * half steps for v with the arrivals as a current in both, then u with the new v. */
#ifndef CALI_SNN_KERNELS_IZHIKEVICH_H
#define CALI_SNN_KERNELS_IZHIKEVICH_H

#include "snn/kernels/kernel.h"

#define CALI_IZHIKEVICH_STATES(X) X(v) X(u)
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
    const float euler = cali_fma_f32(k->dt, cali_izhikevich_slope(x->v, rest), x->v) + in->input;
    const float pushed = rest + in->input;
    float half = cali_fma_f32(k->half, cali_izhikevich_slope(x->v, pushed), x->v);
    half = cali_fma_f32(k->half, cali_izhikevich_slope(half, pushed), half);

    const int is_published = k->published > 0.0f;
    const float v = is_published ? half : euler;
    const float v_for_u = is_published ? half : x->v;
    const float u = cali_fma_f32(k->a_dt, cali_fma_f32(k->b, v_for_u, -x->u), x->u);
    const int has_spiked = v >= k->v_peak;
    x->v = has_spiked ? k->c : v;
    x->u = has_spiked ? u + k->d : u;
    return has_spiked;
}

#endif
