#include "snn/kernels/lif_escape.h"

#include <math.h>

#include "snn/neuron.h"

enum { C_M, TAU_M, TAU_EXC, TAU_INH, E_L, V_TH, DELTA_V, RATE_0, V_RESET, T_REF, I_E, N_PARAMS };

static const cal_field params[] = {
    [C_M] = {"C_m", "pF", 250.0, 1e-6, 1e9, "membrane capacitance"},
    [TAU_M] = {"tau_m", "ms", 10.0, 1e-3, 1e6, "membrane time constant"},
    [TAU_EXC] = {"tau_exc", "ms", 2.0, 1e-3, 1e6, "decay time of excitatory currents"},
    [TAU_INH] = {"tau_inh", "ms", 2.0, 1e-3, 1e6, "decay time of inhibitory currents"},
    [E_L] = {"E_L", "mV", -65.0, -1e4, 1e4, "resting voltage"},
    [V_TH] = {"V_th", "mV", -50.0, -1e4, 1e4, "voltage at which the hazard is rate_0"},
    [DELTA_V] = {"Delta_V", "mV", 4.0, 1e-3, 1e4, "width of the soft threshold"},
    [RATE_0] = {"rate_0", "1/ms", 0.1, 0.0, 1e6, "hazard at V_th"},
    [V_RESET] = {"V_reset", "mV", -65.0, -1e4, 1e4, "voltage after a spike"},
    [T_REF] = {"t_ref", "ms", 2.0, 0.0, 1e5, "refractory time, rounded to steps"},
    [I_E] = {"I_e", "pA", 0.0, -1e9, 1e9, "constant current"},
};

static const cal_field states[] = {
    {"V", "mV", -65.0, -INFINITY, INFINITY, "membrane voltage; starts at E_L unless set"},
    {"I_exc", "pA", 0.0, -INFINITY, INFINITY, "excitatory current"},
    {"I_inh", "pA", 0.0, -INFINITY, INFINITY, "inhibitory current"},
    {"n_refractory", "1", 0.0, 0.0, 16777216.0, "refractory steps left"},
};

static const cal_receptor receptors[] = {
    {"excitatory", "pA", "jump of the excitatory current", false},
    {"inhibitory", "pA", "jump of the inhibitory current; inhibits when negative", false},
    {"delta", "mV", "jump of the voltage; lost while refractory", false},
};

static double min_interval_ms(const double *p)
{
    return p[T_REF];
}

static void prepare(const double *p, double dt_ms, float *constants)
{
    const double per_current = dt_ms / p[C_M] * cali_phi(-dt_ms / p[TAU_M]);
    *(cali_lif_escape_constants *)(void *)constants = (cali_lif_escape_constants){
        .p_uu = (float)cali_exp(-dt_ms / p[TAU_M]),
        .p_ue = (float)cali_propagator(dt_ms, p[TAU_M], p[TAU_EXC], p[C_M]),
        .p_ui = (float)cali_propagator(dt_ms, p[TAU_M], p[TAU_INH], p[C_M]),
        .p_uc = (float)per_current,
        .p_ee = (float)cali_exp(-dt_ms / p[TAU_EXC]),
        .p_ii = (float)cali_exp(-dt_ms / p[TAU_INH]),
        .drive = (float)(p[I_E] * per_current),
        .threshold = (float)(p[V_TH] - p[E_L]),
        .per_delta = (float)(1.0 / p[DELTA_V]),
        .rate_dt = (float)(p[RATE_0] * dt_ms),
        .reset = (float)(p[V_RESET] - p[E_L]),
        .refractory = (float)cali_steps(p[T_REF], dt_ms),
    };
}

CALI_DECLARE_LOOPS(lif_escape);

const cali_neuron cali_neuron_lif_escape = {
    .face = {.name = "lif-escape",
             .alias = NULL,
             .title = "stochastic leaky integrate-and-fire: escape noise, exponential currents",
             .equations = "C_m V' = -C_m (V - E_L) / tau_m + I_exc + I_inh + I_e + I; "
                          "I_exc' = -I_exc / tau_exc; I_inh' = -I_inh / tau_inh; "
                          "spike with hazard rate_0 exp((V - V_th) / Delta_V), then V = V_reset for t_ref",
             .source = "Gerstner, Kistler, Naud & Paninski (2014), Neuronal Dynamics, section 9.1",
             CALI_NEURON_TABLES,
             .current_unit = "pA"},
    .n_constants = CALI_N_FLOATS(cali_lif_escape_constants),
    .n_uniforms = 1,
    .rest_param = E_L,
    .min_interval_ms = min_interval_ms,
    .prepare = prepare,
    .loop = CALI_LOOPS(lif_escape),
};
