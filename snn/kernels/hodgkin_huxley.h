/* What the Hodgkin-Huxley neurons share: four variables and their fixed-step integrator.
 *     C V' = -g_L (V - E_L) - g_Na m^3 h (V - E_Na) - g_K n^4 (V - E_K) - g_syn (V - E_syn) + I
 *     m' = a_m (1 - m) - b_m m,   the same for h and n;   a and b depend on V.
 * One step of the classical Runge-Kutta method of order 4. At 0.025 ms, a quarter of the usual step, the
 * fastest rate (35 / ms) is well inside its region of stability (2.78 / h), and fourteen spikes of the
 * squid's axon in 200 ms come within 1e-4 ms of their times, where splitting schemes of order 2 are off
 * by 0.03 ms. The exponentials of the six rates are powers of two of them. */
#ifndef CALI_SNN_KERNELS_HODGKIN_HUXLEY_H
#define CALI_SNN_KERNELS_HODGKIN_HUXLEY_H

#include "snn/kernels/kernel.h"

typedef struct cali_hh_point {
    float v, m, h, n;
} cali_hh_point;

typedef struct cali_hh_rates {
    float a_m, b_m, a_h, b_h, a_n, b_n;
} cali_hh_rates;

/* Conductances over C; voltages relative to that in which v counts. */
typedef struct cali_hh_cell {
    float g_na, e_na, g_k, e_k, g_l;
    float v_t; /* Traub-Miles only */
} cali_hh_cell;

enum { CALI_HH_SQUID, CALI_HH_TRAUB };

/** x / (e^x - 1) with e = e^x given: the series within |x| < 1, where the difference would cancel (the
 *  first neglected term is below 3e-8). */
CAL_HD float cali_linexp_f32(float x, float e)
{
    const float z = x * x;
    float p = -1.0f / 1209600.0f;
    p = cali_fma_f32(p, z, 1.0f / 30240.0f);
    p = cali_fma_f32(p, z, -1.0f / 720.0f);
    p = cali_fma_f32(p, z, 1.0f / 12.0f);
    const float near = cali_fma_f32(p, z, cali_fma_f32(-0.5f, x, 1.0f));
    const float far = x / (e - 1.0f);
    return z < 1.0f ? near : far;
}

/** Hodgkin & Huxley 1952 with the rest at -65 mV and the sign of today:
 *    a_m = 0.1 (V + 40) / (1 - e^(-(V + 40) / 10)),   b_m = 4 e^(-(V + 65) / 18)
 *    a_h = 0.07 e^(-(V + 65) / 20),                   b_h = 1 / (1 + e^(-(V + 35) / 10))
 *    a_n = 0.01 (V + 55) / (1 - e^(-(V + 55) / 10)),  b_n = 0.125 e^(-(V + 65) / 80) */
CAL_HD cali_hh_rates cali_hh_squid_rates(float v)
{
    const float rise = v + 65.0f;
    const float g = cali_exp_f32(-0.0125f * rise), g2 = g * g, g4 = g2 * g2, g8 = g4 * g4;
    cali_hh_rates r;
    r.a_m = cali_linexp_f32(-0.1f * (v + 40.0f), g8 * 12.1824940f);        /* e^2.5 */
    r.b_m = 4.0f * cali_exp_f32(rise * (-1.0f / 18.0f));
    r.a_h = 0.07f * g4;
    r.b_h = 1.0f / cali_fma_f32(g8, 20.0855369f, 1.0f);                     /* e^3 */
    r.a_n = 0.1f * cali_linexp_f32(-0.1f * (v + 55.0f), g8 * 2.71828183f);
    r.b_n = 0.125f * g;
    return r;
}

/** Traub & Miles 1991, u = V - V_T:
 *    a_m = 0.32 (13 - u) / (e^((13 - u) / 4) - 1),   b_m = 0.28 (u - 40) / (e^((u - 40) / 5) - 1)
 *    a_h = 0.128 e^((17 - u) / 18),                  b_h = 4 / (1 + e^((40 - u) / 5))
 *    a_n = 0.032 (15 - u) / (e^((15 - u) / 5) - 1),  b_n = 0.5 e^((10 - u) / 40) */
CAL_HD cali_hh_rates cali_hh_traub_rates(float u)
{
    const float f = cali_exp_f32(0.025f * (10.0f - u)), f2 = f * f, f4 = f2 * f2, f8 = f4 * f4;
    const float e = f8 * 403.428793f; /* e^((40 - u) / 5) = f^8 e^6 */
    const float y = 0.2f * (40.0f - u);
    cali_hh_rates r;
    r.a_m = 1.28f * cali_linexp_f32(0.25f * (13.0f - u), f8 * f2 * 2.11700002f); /* e^0.75 */
    r.b_m = 1.4f * (cali_linexp_f32(y, e) + y);              /* -y / (e^-y - 1) = y / (e^y - 1) + y */
    r.a_h = 0.128f * cali_exp_f32((17.0f - u) * (1.0f / 18.0f));
    r.b_h = 4.0f / (1.0f + e);
    r.a_n = 0.16f * cali_linexp_f32(0.2f * (15.0f - u), f8 * 2.71828183f);
    r.b_n = 0.5f * f;
    return r;
}

/** Slopes with the synaptic conductance g and the current i, both over C. `kind` is known when this is
 *  compiled: nothing is chosen at run time. */
CAL_HD cali_hh_point cali_hh_slope(int kind, const cali_hh_cell *c, float g, float i,
                                   cali_hh_point x)
{
    const cali_hh_rates r =
        kind == CALI_HH_SQUID ? cali_hh_squid_rates(x.v) : cali_hh_traub_rates(x.v - c->v_t);
    const float n2 = x.n * x.n, sodium = c->g_na * (x.m * x.m) * (x.m * x.h);
    const float potassium = c->g_k * (n2 * n2);
    const float inward = cali_fma_f32(sodium, c->e_na - x.v, i);
    cali_hh_point d;
    d.v = cali_fma_f32(potassium, c->e_k - x.v, cali_fma_f32(-(c->g_l + g), x.v, inward));
    d.m = cali_fma_f32(-(r.a_m + r.b_m), x.m, r.a_m);
    d.h = cali_fma_f32(-(r.a_h + r.b_h), x.h, r.a_h);
    d.n = cali_fma_f32(-(r.a_n + r.b_n), x.n, r.a_n);
    return d;
}

CAL_HD cali_hh_point cali_hh_ahead(cali_hh_point x, float h, cali_hh_point d)
{
    x.v = cali_fma_f32(h, d.v, x.v);
    x.m = cali_fma_f32(h, d.m, x.m);
    x.h = cali_fma_f32(h, d.h, x.h);
    x.n = cali_fma_f32(h, d.n, x.n);
    return x;
}

/** One step of h; g and i at its begin, middle and end. The rounding of v is carried on in *v_low. */
CAL_HD void cali_hh_advance(int kind, const cali_hh_cell *c, float h, const float *g, const float *i,
                            cali_hh_point *x, float *v_low)
{
    const float half = 0.5f * h, sixth = h * (1.0f / 6.0f);
    const cali_hh_point d1 = cali_hh_slope(kind, c, g[0], i[0], *x);
    const cali_hh_point d2 = cali_hh_slope(kind, c, g[1], i[1], cali_hh_ahead(*x, half, d1));
    const cali_hh_point d3 = cali_hh_slope(kind, c, g[1], i[1], cali_hh_ahead(*x, half, d2));
    const cali_hh_point d4 = cali_hh_slope(kind, c, g[2], i[2], cali_hh_ahead(*x, h, d3));
    cali_add_f32(&x->v, v_low, sixth * cali_fma_f32(2.0f, d2.v + d3.v, d1.v + d4.v));
    x->m = cali_fma_f32(sixth, cali_fma_f32(2.0f, d2.m + d3.m, d1.m + d4.m), x->m);
    x->h = cali_fma_f32(sixth, cali_fma_f32(2.0f, d2.h + d3.h, d1.h + d4.h), x->h);
    x->n = cali_fma_f32(sixth, cali_fma_f32(2.0f, d2.n + d3.n, d1.n + d4.n), x->n);
}

/** Whether a step from v0 to v1 is a spike: the first in which v falls from above v_spike, one step after
 *  the maximum; or, with at_crossing > 0, the one in which v rises through v_spike. Never while
 *  n_refractory > 0, which this counts down. */
CAL_HD int cali_hh_spike(float v0, float v1, float v_spike, float at_crossing, float refractory,
                         float *n_refractory)
{
    const int is_above = v1 >= v_spike, is_falling = v0 > v1, was_below = v0 < v_spike;
    const int is_due = at_crossing > 0.0f ? was_below : is_falling;
    const int is_refractory = *n_refractory > 0.0f;
    const int has_spiked = is_above & is_due & !is_refractory;
    const float left = is_refractory ? *n_refractory - 1.0f : 0.0f;
    *n_refractory = has_spiked ? refractory : left;
    return has_spiked;
}

#endif
