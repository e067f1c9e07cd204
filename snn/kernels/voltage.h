/* What a rule sees of the voltage of its target: u, which is the voltage, or u_spike for t_spike after a spike (neurons
 * that are reset have no spike of their own), and low-pass copies of u,
 *
 *     u_plus' = (u - u_plus) / tau_plus,   u_minus' = (u - u_minus) / tau_minus,   mean' = (u_minus - u_rest - mean) / tau_mean,
 *
 * solved exactly for a u that goes in a straight line from step to step. Potentiation takes u now and u_plus of delay_u
 * ago, depression u_minus of delay_u ago, so that a spike does not meet its own trace:
 *
 *     up(t) = (u - theta_plus)+ (u_plus(t - delay_u) - theta_minus)+
 *     down(t) = (u_minus(t - delay_u) - theta_minus)+, times mean^2 / u_ref^2 unless u_ref is 0
 *
 *  Source: Clopath, Buesing, Vasilaki & Gerstner (2010), Nat. Neurosci. 13, 344-352. */
#ifndef CALI_SNN_KERNELS_VOLTAGE_H
#define CALI_SNN_KERNELS_VOLTAGE_H

#include "snn/kernels/synapse.h"

/** y(t + dt) = keep y(t) + before x(t) + now x(t + dt) */
typedef struct cali_low_pass {
    double keep, before, now;
} cali_low_pass;

typedef struct cali_voltage_rule {
    cali_low_pass plus, minus, mean;
    double theta_plus, theta_minus, u_rest, u_spike;
    double per_u_ref_2; /* 0: depression does not depend on the mean */
    int32_t spike_steps;
    uint32_t delay; /* of the copies, steps */
} cali_voltage_rule;

/** One neuron as the rule sees it at the end of a step. */
typedef struct cali_seen {
    double u, plus, minus, mean;
    int32_t spike_left;
} cali_seen;

CAL_HD double cali_low_pass_step(const cali_low_pass *f, double y, double before, double now)
{
    return f->keep * y + (f->before * before + f->now * now);
}

CAL_HD void cali_see(const cali_voltage_rule *k, double v_mV, int has_spiked, cali_seen *x)
{
    const int32_t left = has_spiked ? k->spike_steps : x->spike_left;
    const double u = left > 0 ? k->u_spike : v_mV, minus = x->minus;
    x->plus = cali_low_pass_step(&k->plus, x->plus, x->u, u);
    x->minus = cali_low_pass_step(&k->minus, x->minus, x->u, u);
    x->mean = cali_low_pass_step(&k->mean, x->mean, minus - k->u_rest, x->minus - k->u_rest);
    x->u = u;
    x->spike_left = left > 0 ? left - 1 : 0;
}

CAL_HD double cali_above(double x, double threshold)
{
    return x > threshold ? x - threshold : 0.0;
}

CAL_HD double cali_potentiation(const cali_voltage_rule *k, double u, double late_plus)
{
    return cali_above(u, k->theta_plus) * cali_above(late_plus, k->theta_minus);
}

CAL_HD double cali_depression(const cali_voltage_rule *k, double mean, double late_minus)
{
    const double factor = k->per_u_ref_2 > 0.0 ? mean * mean * k->per_u_ref_2 : 1.0;
    return factor * cali_above(late_minus, k->theta_minus);
}

#endif
