/* Hodgkin-Huxley neuron of the hippocampus (Traub & Miles 1991) in the form of Brette et al. 2007,
 * benchmark 3, with exponential conductances; v = V - E_L. Four sub-steps of h = dt / 4 of Runge-Kutta 4
 * (hodgkin_huxley.h), conductances exact at their three times: order 4. `loss` = 1 - e^(-h / 2 tau). */
#ifndef CALI_SNN_KERNELS_HH_TRAUB_H
#define CALI_SNN_KERNELS_HH_TRAUB_H

#include "snn/kernels/hodgkin_huxley.h"

#define CALI_HH_TRAUB_STATES(X)                                                                    \
    X(v) X(m) X(h) X(n) X(g_exc) X(g_inh) X(n_refractory) X(v_low)
#define CALI_HH_TRAUB_CONSTANTS(X)                                                                 \
    X(h) X(per_c) X(g_na) X(e_na) X(g_k) X(e_k) X(g_l) X(v_t) X(e_exc) X(e_inh) X(loss_exc)        \
        X(loss_inh) X(drive) X(v_spike) X(at_crossing) X(refractory)
#define CALI_HH_TRAUB_INPUTS(X) X(excitatory) X(inhibitory)
CALI_KERNEL_TYPES(hh_traub, HH_TRAUB);

CAL_HD void cali_hh_traub_substep(const cali_hh_traub_constants *k, float drive,
                                  cali_hh_traub_state *x)
{
    const cali_hh_cell cell = {k->g_na, k->e_na, k->g_k, k->e_k, k->g_l, k->v_t};
    const float exc_mid = cali_decay_f32(k->loss_exc, x->g_exc);
    const float inh_mid = cali_decay_f32(k->loss_inh, x->g_inh);
    const float exc_end = cali_decay_f32(k->loss_exc, exc_mid);
    const float inh_end = cali_decay_f32(k->loss_inh, inh_mid);
    const float g[3] = {(x->g_exc + x->g_inh) * k->per_c, (exc_mid + inh_mid) * k->per_c,
                        (exc_end + inh_end) * k->per_c};
    const float i[3] = {
        cali_fma_f32(cali_fma_f32(x->g_exc, k->e_exc, x->g_inh * k->e_inh), k->per_c, drive),
        cali_fma_f32(cali_fma_f32(exc_mid, k->e_exc, inh_mid * k->e_inh), k->per_c, drive),
        cali_fma_f32(cali_fma_f32(exc_end, k->e_exc, inh_end * k->e_inh), k->per_c, drive)};
    cali_hh_point p = {x->v, x->m, x->h, x->n};
    cali_hh_advance(CALI_HH_TRAUB, &cell, k->h, g, i, &p, &x->v_low);
    x->v = p.v;
    x->m = p.m;
    x->h = p.h;
    x->n = p.n;
    x->g_exc = exc_end;
    x->g_inh = inh_end;
}

CAL_HD int cali_hh_traub_step(const cali_hh_traub_constants *k, const cali_hh_traub_inputs *in,
                              float current, cali_hh_traub_state *x)
{
    const float drive = cali_fma_f32(current, k->per_c, k->drive), before = x->v;
    cali_hh_traub_substep(k, drive, x);
    cali_hh_traub_substep(k, drive, x);
    cali_hh_traub_substep(k, drive, x);
    cali_hh_traub_substep(k, drive, x);
    x->g_exc += in->excitatory;
    x->g_inh += in->inhibitory;
    return cali_hh_spike(before, x->v, k->v_spike, k->at_crossing, k->refractory, &x->n_refractory);
}

#endif
