/* Quadratic integrate-and-fire, tau v' = v^2 + I. While I is constant the flow over h = dt / tau is the
 * Moebius map
 *     v -> (v + I t) / (1 - v t),   t = tan(sqrt(I) h) / sqrt(I)   (tanh for I < 0),
 * exact through infinity, where a neuron with infinite v_peak and v_reset spikes and starts anew.
 * With z = I h^2 the fraction
 *     t = h (1 - z/9 + z^2/945) / (1 - 4z/9 + z^2/63)
 * agrees with the tangent within 2e-8 for |z| < 0.4 and 6e-6 at z = 2; both parts enter one division.
 *
 * A finite v_peak with reset v_reset: the maps commute, so the map M that takes v_peak to v_reset takes
 * the v that is reached without a reset to the v that is reached with one: the rest of the step after
 * the crossing is exact too. M: v -> (v q + I p) / (q - v p), p = (v_peak - v_reset) s,
 * q = -v_peak v_reset s - I s, for any scale s; p = s = 0 for two infinite ends.
 *
 * At most one spike per step: z is held below 2.4, just under (pi/2)^2. */
#ifndef CALI_SNN_KERNELS_QIF_H
#define CALI_SNN_KERNELS_QIF_H

#include "snn/kernels/kernel.h"

#define CALI_QIF_STATES(X) X(v) X(i_syn)
#define CALI_QIF_CONSTANTS(X)                                                                      \
    X(eta) X(h) X(per_h) X(v_peak) X(reset_p) X(reset_q) X(reset_s) X(limit)
#define CALI_QIF_INPUTS(X) X(input)
CALI_KERNEL_TYPES(qif, QIF);

/** The fraction t = h top / bottom, where z = I h^2. */
CAL_HD void cali_qif_tangent(float z, float *top, float *bottom)
{
    *top = cali_fma_f32(z, cali_fma_f32(z, 1.0f / 945.0f, -1.0f / 9.0f), 1.0f);
    *bottom = cali_fma_f32(z, cali_fma_f32(z, 1.0f / 63.0f, -4.0f / 9.0f), 1.0f);
}

/** A spike's map M and where it applies. */
typedef struct cali_qif_reset {
    float v_peak, p, q, s;
} cali_qif_reset;

/** Moves *v over h under the drive i, at most 2.4 / h^2; returns 1 for a spike. */
CAL_HD int cali_qif_flow(const cali_qif_reset *reset, float h, float i, float *v)
{
    const float ih = i * h;
    float top, bottom;
    cali_qif_tangent(ih * h, &top, &bottom);
    float q = cali_fma_f32(-*v * h, top, bottom);
    const int has_passed = q <= 0.0f; /* through infinity */
    q = ((q > -1e-12f) & (q < 1e-12f)) ? (has_passed ? -1e-12f : 1e-12f) : q;
    const float moved = cali_fma_f32(ih, top, *v * bottom) / q;

    const int has_spiked = has_passed | (moved >= reset->v_peak);
    const float rq = cali_fma_f32(-i, reset->s, reset->q);
    float r = cali_fma_f32(-moved, reset->p, rq);
    r = ((r > -1e-12f) & (r < 1e-12f)) ? 1e-12f : r;
    const float after = cali_fma_f32(i, reset->p, moved * rq) / r;
    *v = has_spiked ? after : moved;
    return has_spiked;
}

CAL_HD int cali_qif_step(const cali_qif_constants *k, const cali_qif_inputs *in, float current,
                         cali_qif_state *x)
{
    const cali_qif_reset reset = {k->v_peak, k->reset_p, k->reset_q, k->reset_s};
    const float i = (k->eta + current) + x->i_syn;
    const int has_spiked = cali_qif_flow(&reset, k->h, i > k->limit ? k->limit : i, &x->v);
    x->i_syn = in->input * k->per_h; /* acts during the next step: weight tau / dt */
    return has_spiked;
}

#endif
