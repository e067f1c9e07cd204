/* The extended generalised leaky integrate-and-fire neuron (eglif.h) with the soft threshold of its paper: outside of
 * refractoriness it spikes with the hazard
 *     lambda = lambda_0 exp((V - V_th) / tau_V),
 * taken at the end of the step and constant over it: a spike with probability 1 - exp(-lambda dt). */
#ifndef CALI_SNN_KERNELS_EGLIF_ESCAPE_H
#define CALI_SNN_KERNELS_EGLIF_ESCAPE_H

#include "snn/kernels/eglif.h"
#include "snn/kernels/random.h"

#define CALI_EGLIF_ESCAPE_STATES(X) CALI_EGLIF_STATES(X)
#define CALI_EGLIF_ESCAPE_CONSTANTS(X) CALI_EGLIF_CONSTANTS(X) X(per_width) X(rate_dt)
#define CALI_EGLIF_ESCAPE_INPUTS(X) CALI_EGLIF_INPUTS(X) X(uniform)
CALI_KERNEL_TYPES(eglif_escape, EGLIF_ESCAPE);

CAL_HD int cali_eglif_escape_step(const cali_eglif_escape_constants *k, const cali_eglif_escape_inputs *in,
                                  float current, cali_eglif_escape_state *x)
{
    const int is_free = x->n_refractory <= 0.0f;
    const cali_eglif_inputs arriving = {in->receptor1, in->receptor2, in->receptor3, in->receptor4};
    cali_eglif_constants c;
    cali_eglif_state y;
    float u, w;
    CALI_EGLIF_CONSTANTS(CALI_KERNEL_LOAD_CONSTANT) CALI_EGLIF_STATES(CALI_KERNEL_LOAD_STATE)
    cali_eglif_move(&c, &arriving, current, &y, &u, &w);
    const float chance = cali_chance_f32(k->rate_dt * cali_exp_f32((u - k->threshold) * k->per_width));
    const int has_spiked = is_free & (in->uniform <= chance);
    cali_eglif_settle(&c, has_spiked, u, w, &y);
    CALI_EGLIF_STATES(CALI_KERNEL_STORE_STATE)
    return has_spiked;
}

#endif
