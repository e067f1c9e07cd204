#include "snn/kernels/lif_cond.h"

#include <math.h>

#include "snn/neuron.h"

enum { C_M, G_L, TAU_EXC, TAU_INH, E_L, E_EXC, E_INH, V_TH, V_RESET, T_REF, I_E, N_PARAMS };

static const cal_field params[] = {
    [C_M] = {"C_m", "pF", 200.0, 1e-6, 1e9, "membrane capacitance"},
    [G_L] = {"g_L", "nS", 10.0, 0.0, 1e9, "leak conductance"},
    [TAU_EXC] = {"tau_exc", "ms", 5.0, 1e-3, 1e6, "decay time of excitatory conductances"},
    [TAU_INH] = {"tau_inh", "ms", 10.0, 1e-3, 1e6, "decay time of inhibitory conductances"},
    [E_L] = {"E_L", "mV", -60.0, -1e4, 1e4, "resting voltage"},
    [E_EXC] = {"E_exc", "mV", 0.0, -1e4, 1e4, "reversal voltage of excitation"},
    [E_INH] = {"E_inh", "mV", -80.0, -1e4, 1e4, "reversal voltage of inhibition"},
    [V_TH] = {"V_th", "mV", -50.0, -1e4, 1e4, "threshold"},
    [V_RESET] = {"V_reset", "mV", -60.0, -1e4, 1e4, "voltage after a spike"},
    [T_REF] = {"t_ref", "ms", 5.0, 0.0, 1e5, "refractory time, rounded to steps"},
    [I_E] = {"I_e", "pA", 0.0, -1e9, 1e9, "constant current"},
};

static const cal_field states[] = {
    {"V", "mV", -60.0, -INFINITY, INFINITY, "membrane voltage; starts at E_L unless set"},
    {"g_exc", "nS", 0.0, 0.0, INFINITY, "excitatory conductance"},
    {"g_inh", "nS", 0.0, 0.0, INFINITY, "inhibitory conductance"},
    {"n_refractory", "1", 0.0, 0.0, 16777216.0, "refractory steps left"},
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
    return cali_check_reset(p[V_RESET], p[V_TH], why, size);
}

static void prepare(const double *p, double dt_ms, float *constants)
{
    *(cali_lif_cond_constants *)(void *)constants = (cali_lif_cond_constants){
        .dt = (float)dt_ms,
        .per_c = (float)(1.0 / p[C_M]),
        .leak_c = (float)(p[G_L] / p[C_M]),
        .e_exc = (float)(p[E_EXC] - p[E_L]),
        .e_inh = (float)(p[E_INH] - p[E_L]),
        .half_exc = (float)cali_exp(-0.5 * dt_ms / p[TAU_EXC]),
        .half_inh = (float)cali_exp(-0.5 * dt_ms / p[TAU_INH]),
        .drive = (float)(p[I_E] / p[C_M]),
        .threshold = (float)(p[V_TH] - p[E_L]),
        .reset = (float)(p[V_RESET] - p[E_L]),
        .refractory = (float)cali_steps(p[T_REF], dt_ms),
    };
}

CALI_DECLARE_LOOPS(lif_cond);

const cali_neuron cali_neuron_lif_cond = {
    .face = {.name = "lif-cond",
             .alias = "iaf_cond_exp",
             .title = "leaky integrate-and-fire, exponential conductances",
             .equations = "C_m V' = -g_L (V - E_L) - g_exc (V - E_exc) - g_inh (V - E_inh) + I_e + I; "
                          "g_exc' = -g_exc / tau_exc; g_inh' = -g_inh / tau_inh; "
                          "V >= V_th: spike, V = V_reset for t_ref",
             .source = "Brette et al. (2007), J. Comput. Neurosci. 23, 349-398, benchmark 1",
             CALI_NEURON_TABLES,
             .current_unit = "pA"},
    .n_constants = CALI_N_FLOATS(cali_lif_cond_constants),
    .rest_param = E_L,
    .min_interval_ms = min_interval_ms,
    .prepare = prepare,
    .check = check,
    .loop = CALI_LOOPS(lif_cond),
};
