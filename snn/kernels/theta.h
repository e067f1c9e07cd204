/* Theta neuron (Ermentrout & Kopell 1986, SIAM J. Appl. Math. 46, 233-253):
 *     tau theta' = (1 - cos theta) + (1 + cos theta) I;   a spike where theta passes pi.
 * With v = tan(theta / 2) it is the quadratic integrate-and-fire neuron with infinite v_peak and v_reset.
 * While I is constant the flow over h = dt / tau turns by
 *     2 atan2(t / 2 ((1 - cos theta) + (1 + cos theta) I),  1 + (I - 1) t / 2 sin theta),
 * with the t of kernels/qif.h: exact. Exponential input acts by its mean over the step: order 2. The
 * rounding of theta is carried on in theta_low. */
#ifndef CALI_SNN_KERNELS_THETA_H
#define CALI_SNN_KERNELS_THETA_H

#include "snn/kernels/qif.h"

#define CALI_THETA_STATES(X) X(theta) X(i_syn) X(i_exp) X(theta_low)
#define CALI_THETA_CONSTANTS(X) X(eta) X(h) X(per_h) X(limit) X(mean) X(loss)
#define CALI_THETA_INPUTS(X) X(input) X(exponential)
CALI_KERNEL_TYPES(theta, THETA);

CAL_HD int cali_theta_step(const cali_theta_constants *k, const cali_theta_inputs *in, float current,
                           cali_theta_state *x)
{
    float i = cali_fma_f32(x->i_exp, k->mean, (k->eta + current) + x->i_syn);
    i = i > k->limit ? k->limit : i;
    float top, bottom, s, c;
    cali_qif_tangent(i * k->h * k->h, &top, &bottom);
    cali_sincos_f32(x->theta, &s, &c);
    const float half = 0.5f * k->h * top;
    const float speed = cali_fma_f32(1.0f + c, i, 1.0f - c);
    const float turn = cali_atan2_f32(half * speed, cali_fma_f32((i - 1.0f) * half, s, bottom));
    float theta = x->theta, low = x->theta_low;
    cali_add_f32(&theta, &low, 2.0f * turn);
    const int has_spiked = theta >= 3.14159265f;
    x->theta = has_spiked ? theta - 6.28318531f : theta;
    x->theta_low = has_spiked ? low + 1.7484555e-7f : low; /* what 2 pi as a float is too large */
    x->i_syn = in->input * k->per_h; /* as in qif: weight tau / dt during the next step */
    x->i_exp = cali_decay_f32(k->loss, x->i_exp) + in->exponential;
    return has_spiked;
}

#endif
