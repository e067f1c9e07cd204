/* Quadratic integrate-and-fire with spike-frequency adaptation (Gast, Schmidt & Knosche 2020, Neural Comput. 32,
 * 1615-1634): each spike of the neuron is followed by an alpha function of A that works against the drive,
 *     tau v' = v^2 + I - A,   tau_A A' = D - A,   tau_A D' = -D;   at a spike D += alpha / tau_A.
 * A and D are exact; A and exponential input act by their means over the step, the flow of v is that of
 * kernels/qif.h: order 2. An own spike acts from the end of its step on. */
#ifndef CALI_SNN_KERNELS_AQIF_H
#define CALI_SNN_KERNELS_AQIF_H

#include "snn/kernels/qif.h"

#define CALI_AQIF_STATES(X) X(v) X(i_syn) X(i_exp) X(a) X(d)
#define CALI_AQIF_CONSTANTS(X)                                                                     \
    X(eta) X(h) X(per_h) X(v_peak) X(reset_p) X(reset_q) X(reset_s) X(limit) X(mean) X(loss)       \
        X(mean_a) X(mean_d) X(loss_a) X(gain_d) X(jump)
#define CALI_AQIF_INPUTS(X) X(input) X(exponential)
CALI_KERNEL_TYPES(aqif, AQIF);

CAL_HD int cali_aqif_step(const cali_aqif_constants *k, const cali_aqif_inputs *in, float current,
                          cali_aqif_state *x)
{
    const cali_qif_reset reset = {k->v_peak, k->reset_p, k->reset_q, k->reset_s};
    const float against = cali_fma_f32(x->a, k->mean_a, x->d * k->mean_d);
    const float i = cali_fma_f32(x->i_exp, k->mean, (k->eta + current) + x->i_syn) - against;
    const int has_spiked = cali_qif_flow(&reset, k->h, i > k->limit ? k->limit : i, &x->v);
    x->a = cali_fma_f32(x->d, k->gain_d, cali_decay_f32(k->loss_a, x->a));
    x->d = cali_decay_f32(k->loss_a, x->d) + (has_spiked ? k->jump : 0.0f);
    x->i_syn = in->input * k->per_h; /* as in qif: weight tau / dt during the next step */
    x->i_exp = cali_decay_f32(k->loss, x->i_exp) + in->exponential;
    return has_spiked;
}

#endif
