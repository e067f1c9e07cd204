#include "snn/kernels/hh_squid.h"

#include <math.h>
#include <stdio.h>

#include "snn/neuron.h"

enum {
    C_M, G_L, E_L, G_NA, E_NA, G_K, E_K, TAU_EXC, TAU_INH, V_SPIKE, T_REF, AT_CROSSING, I_E, N_PARAMS
};

static const cal_field params[] = {
    [C_M] = {"C_m", "pF", 100.0, 1e-6, 1e9, "membrane capacitance"},
    [G_L] = {"g_L", "nS", 30.0, 0.0, 1e9, "leak conductance"},
    [E_L] = {"E_L", "mV", -54.402, -1e4, 1e4, "reversal voltage of the leak"},
    [G_NA] = {"g_Na", "nS", 12000.0, 0.0, 1e9, "peak conductance of sodium"},
    [E_NA] = {"E_Na", "mV", 50.0, -1e4, 1e4, "reversal voltage of sodium"},
    [G_K] = {"g_K", "nS", 3600.0, 0.0, 1e9, "peak conductance of potassium"},
    [E_K] = {"E_K", "mV", -77.0, -1e4, 1e4, "reversal voltage of potassium"},
    [TAU_EXC] = {"tau_exc", "ms", 0.2, 1e-3, 1e6, "time to the peak of excitatory currents"},
    [TAU_INH] = {"tau_inh", "ms", 2.0, 1e-3, 1e6, "time to the peak of inhibitory currents"},
    [V_SPIKE] = {"V_spike", "mV", 0.0, -1e4, 1e4, "voltage above which a maximum is a spike"},
    [T_REF] = {"t_ref", "ms", 2.0, 0.0, 1e5, "no second spike within this time, rounded to steps"},
    [AT_CROSSING] = {"at_crossing", "1", 0.0, 0.0, 1.0,
                     "0: a spike is stamped one step after its maximum; 1: when V rises through V_spike"},
    [I_E] = {"I_e", "pA", 0.0, -1e9, 1e9, "constant current"},
};

/* The gates rest at V = -65 mV. */
static const cal_field states[] = {
    {"V", "mV", -65.0, -INFINITY, INFINITY, "membrane voltage"},
    {"m", "1", 0.052932485, 0.0, 1.0, "activation of sodium"},
    {"h", "1", 0.596120754, 0.0, 1.0, "inactivation of sodium; 1: none"},
    {"n", "1", 0.317676914, 0.0, 1.0, "activation of potassium"},
    {"I_exc", "pA", 0.0, -INFINITY, INFINITY, "excitatory current"},
    {"d_exc", "pA/ms", 0.0, -INFINITY, INFINITY, "I_exc' + I_exc / tau_exc"},
    {"I_inh", "pA", 0.0, -INFINITY, INFINITY, "inhibitory current"},
    {"d_inh", "pA/ms", 0.0, -INFINITY, INFINITY, "I_inh' + I_inh / tau_inh"},
    {"n_refractory", "1", 0.0, 0.0, 16777216.0, "steps left without a spike"},
    {"V_low", "mV", 0.0, -1.0, 1.0, "rounding of V, carried to the next step"},
};

static const cal_receptor receptors[] = {
    {"excitatory", "pA", "peak of an alpha current with tau_exc; the weight may be negative", false},
    {"inhibitory", "pA", "peak of an alpha current with tau_inh; inhibits where the weight is negative", false},
};

static double min_interval_ms(const double *p)
{
    return p[T_REF];
}

/* b_m at the lowest voltages is its fastest rate: 11 / ms at -83 mV, 44 / ms at -108 mV. */
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
    const double h = 0.25 * dt_ms, e = cali_exp(1.0);
    *(cali_hh_squid_constants *)(void *)constants = (cali_hh_squid_constants){
        .h = (float)h,
        .per_c = (float)(1.0 / p[C_M]),
        .g_na = (float)(p[G_NA] / p[C_M]),
        .e_na = (float)p[E_NA],
        .g_k = (float)(p[G_K] / p[C_M]),
        .e_k = (float)p[E_K],
        .g_l = (float)(p[G_L] / p[C_M]),
        .loss_exc = (float)cali_loss(0.5 * h / p[TAU_EXC]),
        .loss_inh = (float)cali_loss(0.5 * h / p[TAU_INH]),
        .peak_exc = (float)(e / p[TAU_EXC]),
        .peak_inh = (float)(e / p[TAU_INH]),
        .drive = (float)((p[I_E] + p[G_L] * p[E_L]) / p[C_M]),
        .v_spike = (float)p[V_SPIKE],
        .at_crossing = p[AT_CROSSING] > 0.5 ? 1.0f : 0.0f,
        .refractory = (float)cali_steps(p[T_REF], dt_ms),
    };
}

CALI_DECLARE_LOOPS(hh_squid);

const cali_neuron cali_neuron_hh_squid = {
    .face = {.name = "hh-squid",
             .alias = "hh_psc_alpha",
             .title = "Hodgkin-Huxley, the squid's axon, alpha currents",
             .equations = "C_m V' = -g_L (V - E_L) - g_Na m^3 h (V - E_Na) - g_K n^4 (V - E_K) + I_exc + I_inh "
                          "+ I_e + I; x' = a_x (1 - x) - b_x x for m, h, n; "
                          "a_m = 0.1 (V + 40) / (1 - exp(-(V + 40) / 10)); b_m = 4 exp(-(V + 65) / 18); "
                          "a_h = 0.07 exp(-(V + 65) / 20); b_h = 1 / (1 + exp(-(V + 35) / 10)); "
                          "a_n = 0.01 (V + 55) / (1 - exp(-(V + 55) / 10)); b_n = 0.125 exp(-(V + 65) / 80); "
                          "a weight J gives J (t / tau) exp(1 - t / tau); a maximum of V above V_spike: spike",
             .source = "Hodgkin & Huxley (1952), J. Physiol. 117, 500-544, rates shifted to a rest of -65 mV",
             CALI_NEURON_TABLES,
             .current_unit = "pA"},
    .n_constants = CALI_N_FLOATS(cali_hh_squid_constants),
    .rest_param = -1,
    .min_interval_ms = min_interval_ms,
    .prepare = prepare,
    .check = check,
    .loop = CALI_LOOPS(hh_squid),
};
