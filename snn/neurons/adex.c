#include "snn/kernels/adex.h"

#include <math.h>
#include <stdio.h>

#include "snn/neuron.h"

enum {
    C_M, G_L, E_L, V_T, DELTA_T, V_PEAK, V_RESET, T_REF, A, B, TAU_W, TAU_EXC, TAU_INH, E_EXC, E_INH, I_E,
    N_PARAMS
};

static const cal_field params[] = {
    [C_M] = {"C_m", "pF", 281.0, 1e-6, 1e9, "membrane capacitance"},
    [G_L] = {"g_L", "nS", 30.0, 1e-6, 1e9, "leak conductance"},
    [E_L] = {"E_L", "mV", -70.6, -1e4, 1e4, "resting voltage"},
    [V_T] = {"V_T", "mV", -50.4, -1e4, 1e4, "soft threshold"},
    [DELTA_T] = {"Delta_T", "mV", 2.0, 1e-2, 1e3, "slope of the spike's rise"},
    [V_PEAK] = {"V_peak", "mV", 0.0, -1e4, 1e4, "voltage at which the neuron spikes"},
    [V_RESET] = {"V_reset", "mV", -60.0, -1e4, 1e4, "voltage after a spike"},
    [T_REF] = {"t_ref", "ms", 0.0, 0.0, 1e5, "refractory time, rounded to steps"},
    [A] = {"a", "nS", 4.0, -1e6, 1e6, "adaptation to the voltage"},
    [B] = {"b", "pA", 80.5, -1e9, 1e9, "jump of the adaptation at a spike"},
    [TAU_W] = {"tau_w", "ms", 144.0, 1e-3, 1e9, "time constant of the adaptation"},
    [TAU_EXC] = {"tau_exc", "ms", 5.0, 1e-3, 1e6, "decay time of excitatory conductances"},
    [TAU_INH] = {"tau_inh", "ms", 5.0, 1e-3, 1e6, "decay time of inhibitory conductances"},
    [E_EXC] = {"E_exc", "mV", 0.0, -1e4, 1e4, "reversal voltage of excitation"},
    [E_INH] = {"E_inh", "mV", -80.0, -1e4, 1e4, "reversal voltage of inhibition"},
    [I_E] = {"I_e", "pA", 0.0, -1e9, 1e9, "constant current"},
};

static const cal_field states[] = {
    {"V", "mV", -70.6, -INFINITY, INFINITY, "membrane voltage; starts at E_L unless set"},
    {"w", "pA", 0.0, -INFINITY, INFINITY, "adaptation current"},
    {"g_exc", "nS", 0.0, 0.0, INFINITY, "excitatory conductance"},
    {"g_inh", "nS", 0.0, 0.0, INFINITY, "inhibitory conductance"},
    {"n_refractory", "1", 0.0, 0.0, 16777216.0, "refractory steps left"},
    {"u_low", "mV", 0.0, -1.0, 1.0, "rounding of V, carried to the next step"},
    {"w_low", "pA", 0.0, -1.0, 1.0, "rounding of w, carried to the next step"},
};

static const cal_receptor receptors[] = {
    {"excitatory", "nS", "jump of the excitatory conductance", true},
    {"inhibitory", "nS", "jump of the inhibitory conductance", true},
};

static double min_interval_ms(const double *p)
{
    return p[T_REF];
}

static bool check(const double *p, double dt_ms, double current, char *why, size_t size)
{
    (void)dt_ms;
    (void)current;
    if (p[V_PEAK] > p[V_RESET] && p[V_PEAK] > p[V_T])
        return true;
    snprintf(why, size, "V_peak %g mV must be above V_reset %g mV and V_T %g mV", p[V_PEAK],
             p[V_RESET], p[V_T]);
    return false;
}

static void prepare(const double *p, double dt_ms, float *constants)
{
    const double h = 0.25 * dt_ms, leak = p[G_L] / p[C_M];
    const double top = (p[V_PEAK] - p[V_T]) / p[DELTA_T]; /* x at the peak */
    double x_switch = cali_log(0.4 / (leak * h)); /* e^x g_L / C h = 0.4 */
    x_switch = x_switch < top - 1.5 ? x_switch : top - 1.5;
    *(cali_adex_constants *)(void *)constants = (cali_adex_constants){
        .h = (float)h,
        .per_c = (float)(1.0 / p[C_M]),
        .leak_c = (float)leak,
        .exp_c = (float)(leak * p[DELTA_T]),
        .u_t = (float)(p[V_T] - p[E_L]),
        .delta = (float)p[DELTA_T],
        .per_delta = (float)(1.0 / p[DELTA_T]),
        .e_exc = (float)(p[E_EXC] - p[E_L]),
        .e_inh = (float)(p[E_INH] - p[E_L]),
        .loss_exc = (float)cali_loss(0.5 * h / p[TAU_EXC]),
        .loss_inh = (float)cali_loss(0.5 * h / p[TAU_INH]),
        .a_w = (float)(p[A] / p[TAU_W]),
        .per_w = (float)(1.0 / p[TAU_W]),
        .drive = (float)(p[I_E] / p[C_M]),
        .u_switch = (float)(p[V_T] + x_switch * p[DELTA_T] - p[E_L]),
        .z_peak = (float)cali_exp(-(top < 80.0 ? top : 80.0)),
        .reset = (float)(p[V_RESET] - p[E_L]),
        .b = (float)p[B],
        .refractory = (float)cali_steps(p[T_REF], dt_ms),
    };
}

CALI_DECLARE_LOOPS(adex);

const cali_neuron cali_neuron_adex = {
    .face = {.name = "adex",
             .alias = "aeif_cond_exp",
             .title = "adaptive exponential integrate-and-fire, exponential conductances",
             .equations = "C_m V' = -g_L (V - E_L) + g_L Delta_T exp((V - V_T) / Delta_T) - w "
                          "- g_exc (V - E_exc) - g_inh (V - E_inh) + I_e + I; "
                          "tau_w w' = a (V - E_L) - w; V >= V_peak: spike, V = V_reset, w += b",
             .source = "Brette & Gerstner (2005), J. Neurophysiol. 94, 3637-3642",
             CALI_NEURON_TABLES,
             .current_unit = "pA"},
    .n_constants = CALI_N_FLOATS(cali_adex_constants),
    .rest_param = E_L,
    .min_interval_ms = min_interval_ms,
    .prepare = prepare,
    .check = check,
    .loop = CALI_LOOPS(adex),
};
