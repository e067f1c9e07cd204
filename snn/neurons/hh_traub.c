#include "snn/kernels/hh_traub.h"

#include <math.h>
#include <stdio.h>

#include "snn/neuron.h"

enum {
    C_M, G_L, E_L, G_NA, E_NA, G_K, E_K, V_T, TAU_EXC, TAU_INH, E_EXC, E_INH, V_SPIKE, T_REF, AT_CROSSING, I_E,
    N_PARAMS
};

static const cal_field params[] = {
    [C_M] = {"C_m", "pF", 200.0, 1e-6, 1e9, "membrane capacitance"},
    [G_L] = {"g_L", "nS", 10.0, 0.0, 1e9, "leak conductance"},
    [E_L] = {"E_L", "mV", -60.0, -1e4, 1e4, "reversal voltage of the leak"},
    [G_NA] = {"g_Na", "nS", 20000.0, 0.0, 1e9, "peak conductance of sodium"},
    [E_NA] = {"E_Na", "mV", 50.0, -1e4, 1e4, "reversal voltage of sodium"},
    [G_K] = {"g_K", "nS", 6000.0, 0.0, 1e9, "peak conductance of potassium"},
    [E_K] = {"E_K", "mV", -90.0, -1e4, 1e4, "reversal voltage of potassium"},
    [V_T] = {"V_T", "mV", -63.0, -1e4, 1e4, "shifts all rates; the threshold is some 10 mV above it"},
    [TAU_EXC] = {"tau_exc", "ms", 5.0, 1e-3, 1e6, "decay time of excitatory conductances"},
    [TAU_INH] = {"tau_inh", "ms", 10.0, 1e-3, 1e6, "decay time of inhibitory conductances"},
    [E_EXC] = {"E_exc", "mV", 0.0, -1e4, 1e4, "reversal voltage of excitation"},
    [E_INH] = {"E_inh", "mV", -80.0, -1e4, 1e4, "reversal voltage of inhibition"},
    [V_SPIKE] = {"V_spike", "mV", -33.0, -1e4, 1e4, "voltage above which a maximum is a spike"},
    [T_REF] = {"t_ref", "ms", 2.0, 0.0, 1e5, "no second spike within this time, rounded to steps"},
    [AT_CROSSING] = {"at_crossing", "1", 0.0, 0.0, 1.0,
                     "0: a spike is stamped one step after its maximum; 1: when V rises through V_spike"},
    [I_E] = {"I_e", "pA", 0.0, -1e9, 1e9, "constant current"},
};

/* The gates rest at V = -60 mV. */
static const cal_field states[] = {
    {"V", "mV", -60.0, -INFINITY, INFINITY, "membrane voltage; starts at E_L unless set"},
    {"m", "1", 0.026863330, 0.0, 1.0, "activation of sodium"},
    {"h", "1", 0.991305822, 0.0, 1.0, "inactivation of sodium; 1: none"},
    {"n", "1", 0.060434035, 0.0, 1.0, "activation of potassium"},
    {"g_exc", "nS", 0.0, 0.0, INFINITY, "excitatory conductance"},
    {"g_inh", "nS", 0.0, 0.0, INFINITY, "inhibitory conductance"},
    {"n_refractory", "1", 0.0, 0.0, 16777216.0, "steps left without a spike"},
    {"V_low", "mV", 0.0, -1.0, 1.0, "rounding of V, carried to the next step"},
};

static const cal_receptor receptors[] = {
    {"excitatory", "nS", "jump of the excitatory conductance", true},
    {"inhibitory", "nS", "jump of the inhibitory conductance", true},
};

static double min_interval_ms(const double *p)
{
    return p[T_REF];
}

/* The fastest rate of its gates, 35 / ms, needs h < 2.78 / 35 ms. */
static bool check(const double *p, double dt_ms, double current, char *why, size_t size)
{
    (void)p;
    (void)current;
    if (dt_ms <= 0.2)
        return true;
    snprintf(why, size, "its sodium channels are too fast for dt %g ms, at most 0.2 ms", dt_ms);
    return false;
}

static void prepare(const double *p, double dt_ms, float *constants)
{
    const double h = 0.25 * dt_ms;
    *(cali_hh_traub_constants *)(void *)constants = (cali_hh_traub_constants){
        .h = (float)h,
        .per_c = (float)(1.0 / p[C_M]),
        .g_na = (float)(p[G_NA] / p[C_M]),
        .e_na = (float)(p[E_NA] - p[E_L]),
        .g_k = (float)(p[G_K] / p[C_M]),
        .e_k = (float)(p[E_K] - p[E_L]),
        .g_l = (float)(p[G_L] / p[C_M]),
        .v_t = (float)(p[V_T] - p[E_L]),
        .e_exc = (float)(p[E_EXC] - p[E_L]),
        .e_inh = (float)(p[E_INH] - p[E_L]),
        .loss_exc = (float)cali_loss(0.5 * h / p[TAU_EXC]),
        .loss_inh = (float)cali_loss(0.5 * h / p[TAU_INH]),
        .drive = (float)(p[I_E] / p[C_M]),
        .v_spike = (float)(p[V_SPIKE] - p[E_L]),
        .at_crossing = p[AT_CROSSING] > 0.5 ? 1.0f : 0.0f,
        .refractory = (float)cali_steps(p[T_REF], dt_ms),
    };
}

CALI_DECLARE_LOOPS(hh_traub);

const cali_neuron cali_neuron_hh_traub = {
    .face = {.name = "hh-traub",
             .alias = "hh_cond_exp_traub",
             .title = "Hodgkin-Huxley after Traub and Miles, exponential conductances",
             .equations = "C_m V' = -g_L (V - E_L) - g_Na m^3 h (V - E_Na) - g_K n^4 (V - E_K) "
                          "- g_exc (V - E_exc) - g_inh (V - E_inh) + I_e + I; x' = a_x (1 - x) - b_x x "
                          "for m, h, n with u = V - V_T; a_m = 0.32 (13 - u) / (exp((13 - u) / 4) - 1); "
                          "b_m = 0.28 (u - 40) / (exp((u - 40) / 5) - 1); a_h = 0.128 exp((17 - u) / 18); "
                          "b_h = 4 / (1 + exp((40 - u) / 5)); a_n = 0.032 (15 - u) / (exp((15 - u) / 5) - 1); "
                          "b_n = 0.5 exp((10 - u) / 40); a maximum of V above V_spike: spike",
             .source = "Traub & Miles (1991), Neuronal Networks of the Hippocampus, Cambridge University Press; "
                       "Brette et al. (2007), J. Comput. Neurosci. 23, 349-398, benchmark 3",
             CALI_NEURON_TABLES,
             .current_unit = "pA"},
    .n_constants = CALI_N_FLOATS(cali_hh_traub_constants),
    .rest_param = E_L,
    .min_interval_ms = min_interval_ms,
    .prepare = prepare,
    .check = check,
    .loop = CALI_LOOPS(hh_traub),
};
