/* Constants that the neurons with the kernel lif_cond_beta share. */
#ifndef CALI_SNN_NEURONS_LIF_COND_BETA_H
#define CALI_SNN_NEURONS_LIF_COND_BETA_H

#include "snn/kernels/lif_cond_beta.h"
#include "snn/neuron.h"

typedef struct cali_rise_decay {
    double rise_ms, decay_ms;
} cali_rise_decay;

/** All constants of the conductances and of time; those of the membrane are left zero. */
static inline cali_lif_cond_beta_constants cali_lif_cond_beta_prepare(const cali_rise_decay *exc,
                                                                      const cali_rise_decay *inh,
                                                                      double c_pF, double dt_ms)
{
    const double half_ms = 0.5 * dt_ms;
    return (cali_lif_cond_beta_constants){
        .dt = (float)dt_ms,
        .per_c = (float)(1.0 / c_pF),
        .half_gg_exc = (float)cali_exp(-half_ms / exc->decay_ms),
        .half_gr_exc = (float)cali_propagator(half_ms, exc->decay_ms, exc->rise_ms, 1.0),
        .half_rr_exc = (float)cali_exp(-half_ms / exc->rise_ms),
        .half_gg_inh = (float)cali_exp(-half_ms / inh->decay_ms),
        .half_gr_inh = (float)cali_propagator(half_ms, inh->decay_ms, inh->rise_ms, 1.0),
        .half_rr_inh = (float)cali_exp(-half_ms / inh->rise_ms),
        .jump_exc = (float)cali_peak_jump(exc->rise_ms, exc->decay_ms),
        .jump_inh = (float)cali_peak_jump(inh->rise_ms, inh->decay_ms),
    };
}

#endif
