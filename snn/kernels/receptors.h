/* The four receptors of cortical synapses, pooled over the synapses of a neuron.
 *   AMPA, GABA-A   g' = -g / tau; a weight w adds w to g.
 *   NMDA           g' = -g / tau_decay + r, r' = -r / tau_rise, times the magnesium block of drive.h; a weight w
 *                  lets g peak with w. Linear: the gating of one synapse does not saturate (in Wang 1999,
 *                  J. Neurosci. 19, 9587-9603, it does).
 *   GABA-B         (Destexhe, Bal, McCormick & Sejnowski 1996, J. Neurophysiol. 76, 2049-2070) receptors R
 *                  bind transmitter and drive a G-protein s, four of which open a channel:
 *                  R' = -R / tau_R, s' = k_s R - s / tau_s, g = g_max s^4 / (1 + s^4); a spike with weight w
 *                  binds the share 1 - e^(-bind w) of the free receptors: their kinetics under a pulse of
 *                  transmitter that is much shorter than tau_R. s is in units of K_d^(1/4).
 * Between arrivals all are linear, so their values at any time are exact. Constants move them over half a
 * Runge-Kutta step; loss = 1 - e^(-h / 2 tau). */
#ifndef CALI_SNN_KERNELS_RECEPTORS_H
#define CALI_SNN_KERNELS_RECEPTORS_H

#include "snn/kernels/drive.h"

#define CALI_RECEPTORS_STATES(X) X(g_ampa) X(g_nmda) X(r_nmda) X(g_gaba_a) X(r_gaba_b) X(s_gaba_b)
#define CALI_RECEPTORS_CONSTANTS(X)                                                                \
    X(loss_ampa) X(loss_nmda) X(loss_rise) X(rise_nmda) X(loss_gaba_a) X(loss_r) X(loss_s)         \
        X(r_to_s) X(e_ampa) X(e_nmda) X(e_gaba_a) X(e_gaba_b) X(g_gaba_b) X(mg_scale)              \
            X(jump_nmda) X(bind)
#define CALI_RECEPTORS_INPUTS(X) X(ampa) X(nmda) X(gaba_a) X(gaba_b)

typedef struct cali_receptors_constants {
    CALI_RECEPTORS_CONSTANTS(CALI_KERNEL_FLOAT)
} cali_receptors_constants;

typedef struct cali_receptors_state {
    CALI_RECEPTORS_STATES(CALI_KERNEL_FLOAT)
} cali_receptors_state;

CAL_HD void cali_receptors_move(const cali_receptors_constants *k, cali_receptors_state *x)
{
    x->g_ampa = cali_decay_f32(k->loss_ampa, x->g_ampa);
    x->g_gaba_a = cali_decay_f32(k->loss_gaba_a, x->g_gaba_a);
    x->g_nmda = cali_fma_f32(k->rise_nmda, x->r_nmda, cali_decay_f32(k->loss_nmda, x->g_nmda));
    x->r_nmda = cali_decay_f32(k->loss_rise, x->r_nmda);
    x->s_gaba_b = cali_fma_f32(k->r_to_s, x->r_gaba_b, cali_decay_f32(k->loss_s, x->s_gaba_b));
    x->r_gaba_b = cali_decay_f32(k->loss_r, x->r_gaba_b);
}

/* What the receptors do now, at time `at` of the drive; `leak_c` and `current` over C. */
CAL_HD void cali_receptors_drive(const cali_receptors_constants *k, const cali_receptors_state *x,
                                 float per_c, float leak_c, float current, int at, cali_drive *d)
{
    const float square = x->s_gaba_b * x->s_gaba_b, fourth = square * square;
    const float gaba_b = k->g_gaba_b * (fourth / (1.0f + fourth));
    d->g[at] = cali_fma_f32(x->g_ampa + x->g_gaba_a + gaba_b, per_c, leak_c);
    float i = cali_fma_f32(x->g_gaba_a, k->e_gaba_a, gaba_b * k->e_gaba_b);
    i = cali_fma_f32(x->g_ampa, k->e_ampa, i);
    d->a[at] = cali_fma_f32(i, per_c, current);
    d->n[at] = x->g_nmda * per_c;
}

/* The drive of a Runge-Kutta step from voltage u on; the receptors move on to its end. */
CAL_HD void cali_receptors_step(const cali_receptors_constants *k, float per_c, float leak_c,
                                float current, float u, cali_receptors_state *x, cali_drive *d)
{
    d->e_nmda = k->e_nmda;
    d->block = cali_magnesium_about(k->mg_scale, u);
    cali_receptors_drive(k, x, per_c, leak_c, current, 0, d);
    cali_receptors_move(k, x);
    cali_receptors_drive(k, x, per_c, leak_c, current, 1, d);
    cali_receptors_move(k, x);
    cali_receptors_drive(k, x, per_c, leak_c, current, 2, d);
}

CAL_HD void cali_receptors_arrive(const cali_receptors_constants *k, float ampa, float nmda, float gaba_a,
                                  float gaba_b, cali_receptors_state *x)
{
    x->g_ampa += ampa;
    x->r_nmda = cali_fma_f32(nmda, k->jump_nmda, x->r_nmda);
    x->g_gaba_a += gaba_a;
    const float bound = 1.0f - cali_exp_f32(-k->bind * gaba_b);
    x->r_gaba_b = cali_fma_f32(bound, 1.0f - x->r_gaba_b, x->r_gaba_b);
}

#endif
