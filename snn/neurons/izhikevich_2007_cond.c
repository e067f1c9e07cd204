#include "snn/kernels/izhikevich_2007_cond.h"

#include <math.h>
#include <stdio.h>

#include "snn/neuron.h"

enum { C_M, K, V_R, V_T, A, B, B_3, B_3_BELOW, V_B, V_PEAK, C, D, TAU_EXC, TAU_INH, E_EXC, E_INH, I_E, N_PARAMS };

/* Defaults: the regular spiking neuron of the neocortex. */
static const cal_field params[] = {
    [C_M] = {"C_m", "pF", 100.0, 1e-6, 1e9, "membrane capacitance"},
    [K] = {"k", "nS/mV", 0.7, 1e-9, 1e6, "steepness of the current around v_t"},
    [V_R] = {"v_r", "mV", -60.0, -1e4, 1e4, "resting voltage"},
    [V_T] = {"v_t", "mV", -40.0, -1e4, 1e4, "instantaneous threshold"},
    [A] = {"a", "1/ms", 0.03, -1e3, 1e3, "rate of the recovery"},
    [B] = {"b", "nS", -2.0, -1e6, 1e6, "sensitivity of the recovery to v"},
    [B_3] = {"b_3", "pA/mV^3", 0.0, -1e6, 1e6, "cubic sensitivity above v_b: 0.025 for fast spiking neurons"},
    [B_3_BELOW] = {"b_3_below", "pA/mV^3", 0.0, -1e6, 1e6, "cubic sensitivity below v_b"},
    [V_B] = {"v_b", "mV", -55.0, -1e4, 1e4, "where the cubic sensitivities begin"},
    [V_PEAK] = {"v_peak", "mV", 35.0, -1e4, 1e4, "voltage at which the neuron spikes"},
    [C] = {"c", "mV", -50.0, -1e4, 1e4, "voltage after a spike"},
    [D] = {"d", "pA", 100.0, -1e9, 1e9, "jump of u at a spike"},
    [TAU_EXC] = {"tau_exc", "ms", 5.0, 1e-3, 1e6, "decay time of excitatory conductances"},
    [TAU_INH] = {"tau_inh", "ms", 5.0, 1e-3, 1e6, "decay time of inhibitory conductances"},
    [E_EXC] = {"E_exc", "mV", 0.0, -1e4, 1e4, "reversal voltage of excitation"},
    [E_INH] = {"E_inh", "mV", -80.0, -1e4, 1e4, "reversal voltage of inhibition"},
    [I_E] = {"I_e", "pA", 0.0, -1e9, 1e9, "constant current"},
};

static const cal_field states[] = {
    {"v", "mV", -60.0, -INFINITY, INFINITY, "membrane voltage; starts at v_r unless set"},
    {"u", "pA", 0.0, -INFINITY, INFINITY, "recovery"},
    {"g_exc", "nS", 0.0, 0.0, INFINITY, "excitatory conductance"},
    {"g_inh", "nS", 0.0, 0.0, INFINITY, "inhibitory conductance"},
    {"v_low", "mV", 0.0, -1.0, 1.0, "rounding of v, carried to the next step"},
    {"u_low", "pA", 0.0, -1.0, 1.0, "rounding of u, carried to the next step"},
};

static const cal_receptor receptors[] = {
    {"excitatory", "nS", "jump of the excitatory conductance", true},
    {"inhibitory", "nS", "jump of the inhibitory conductance", true},
};

static bool check(const double *p, double dt_ms, double current, char *why, size_t size)
{
    (void)dt_ms;
    (void)current;
    if (p[V_PEAK] > p[C])
        return true;
    snprintf(why, size, "v_peak %g mV must be above c %g mV", p[V_PEAK], p[C]);
    return false;
}

static void prepare(const double *p, double dt_ms, float *constants)
{
    *(cali_izhikevich_2007_cond_constants *)(void *)constants = (cali_izhikevich_2007_cond_constants){
        .dt = (float)dt_ms,
        .per_c = (float)(1.0 / p[C_M]),
        .k_c = (float)(p[K] / p[C_M]),
        .x_t = (float)(p[V_T] - p[V_R]),
        .a = (float)p[A],
        .b = (float)p[B],
        .b_3 = (float)p[B_3],
        .b_3_below = (float)p[B_3_BELOW],
        .x_b = (float)(p[V_B] - p[V_R]),
        .x_peak = (float)(p[V_PEAK] - p[V_R]),
        .reset = (float)(p[C] - p[V_R]),
        .d = (float)p[D],
        .loss_exc = (float)cali_loss(0.5 * dt_ms / p[TAU_EXC]),
        .loss_inh = (float)cali_loss(0.5 * dt_ms / p[TAU_INH]),
        .e_exc = (float)(p[E_EXC] - p[V_R]),
        .e_inh = (float)(p[E_INH] - p[V_R]),
        .drive = (float)(p[I_E] / p[C_M]),
    };
}

CALI_DECLARE_LOOPS(izhikevich_2007_cond);

const cali_neuron cali_neuron_izhikevich_2007_cond = {
    .face = {.name = "izhikevich-2007-cond",
             .alias = NULL,
             .title = "Izhikevich 2007, in physical units, exponential conductances",
             .equations = "C_m v' = k (v - v_r) (v - v_t) - u - g_exc (v - E_exc) - g_inh (v - E_inh) + I_e + I; "
                          "u' = a (b (v - v_r) + b_3 max(v - v_b, 0)^3 + b_3_below min(v - v_b, 0)^3 - u); "
                          "g_exc' = -g_exc / tau_exc; g_inh' = -g_inh / tau_inh; v >= v_peak: spike, v = c, u += d",
             .source = "Izhikevich (2007), Dynamical Systems in Neuroscience, MIT Press, chapter 8",
             CALI_NEURON_TABLES,
             .current_unit = "pA"},
    .n_constants = CALI_N_FLOATS(cali_izhikevich_2007_cond_constants),
    .rest_param = V_R,
    .prepare = prepare,
    .check = check,
    .loop = CALI_LOOPS(izhikevich_2007_cond),
};
