/* Hodgkin-Huxley neuron of the squid's axon (1952) with alpha currents,
 *     I_s'' = -2 I_s' / tau - I_s / tau^2:   d = I_s' + I_s / tau,   I_s' = d - I_s / tau,   d' = -d / tau;
 * an arriving weight w adds w e / tau to d, so that the current peaks at w. Four sub-steps of h = dt / 4 of
 * Runge-Kutta 4 (hodgkin_huxley.h), currents exact at their three times: order 4. `loss` is
 * 1 - e^(-h / 2 tau). */
#ifndef CALI_SNN_KERNELS_HH_SQUID_H
#define CALI_SNN_KERNELS_HH_SQUID_H

#include "snn/kernels/hodgkin_huxley.h"

#define CALI_HH_SQUID_STATES(X)                                                                    \
    X(v) X(m) X(h) X(n) X(i_exc) X(d_exc) X(i_inh) X(d_inh) X(n_refractory) X(v_low)
#define CALI_HH_SQUID_CONSTANTS(X)                                                                 \
    X(h) X(per_c) X(g_na) X(e_na) X(g_k) X(e_k) X(g_l) X(loss_exc) X(loss_inh) X(peak_exc)         \
        X(peak_inh) X(drive) X(v_spike) X(at_crossing) X(refractory)
#define CALI_HH_SQUID_INPUTS(X) X(excitatory) X(inhibitory)
CALI_KERNEL_TYPES(hh_squid, HH_SQUID);

/* An alpha function over half a sub-step: i = e^(-s / tau) (i + s d), d = e^(-s / tau) d. */
CAL_HD void cali_hh_squid_relax(float half, float loss, float *i, float *d)
{
    *i = cali_decay_f32(loss, cali_fma_f32(half, *d, *i));
    *d = cali_decay_f32(loss, *d);
}

CAL_HD void cali_hh_squid_substep(const cali_hh_squid_constants *k, float drive,
                                  cali_hh_squid_state *x)
{
    const cali_hh_cell cell = {k->g_na, k->e_na, k->g_k, k->e_k, k->g_l, 0.0f};
    const float none[3] = {0.0f, 0.0f, 0.0f}, half = 0.5f * k->h;
    const float i_begin = cali_fma_f32(x->i_exc + x->i_inh, k->per_c, drive);
    cali_hh_squid_relax(half, k->loss_exc, &x->i_exc, &x->d_exc);
    cali_hh_squid_relax(half, k->loss_inh, &x->i_inh, &x->d_inh);
    const float i_mid = cali_fma_f32(x->i_exc + x->i_inh, k->per_c, drive);
    cali_hh_squid_relax(half, k->loss_exc, &x->i_exc, &x->d_exc);
    cali_hh_squid_relax(half, k->loss_inh, &x->i_inh, &x->d_inh);
    const float i[3] = {i_begin, i_mid, cali_fma_f32(x->i_exc + x->i_inh, k->per_c, drive)};
    cali_hh_point p = {x->v, x->m, x->h, x->n};
    cali_hh_advance(CALI_HH_SQUID, &cell, k->h, none, i, &p, &x->v_low);
    x->v = p.v;
    x->m = p.m;
    x->h = p.h;
    x->n = p.n;
}

CAL_HD int cali_hh_squid_step(const cali_hh_squid_constants *k, const cali_hh_squid_inputs *in,
                              float current, cali_hh_squid_state *x)
{
    const float drive = cali_fma_f32(current, k->per_c, k->drive), before = x->v;
    cali_hh_squid_substep(k, drive, x);
    cali_hh_squid_substep(k, drive, x);
    cali_hh_squid_substep(k, drive, x);
    cali_hh_squid_substep(k, drive, x);
    x->d_exc = cali_fma_f32(in->excitatory, k->peak_exc, x->d_exc);
    x->d_inh = cali_fma_f32(in->inhibitory, k->peak_inh, x->d_inh);
    return cali_hh_spike(before, x->v, k->v_spike, k->at_crossing, k->refractory, &x->n_refractory);
}

#endif
