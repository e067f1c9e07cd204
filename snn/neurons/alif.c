#include "snn/kernels/alif.h"

#include <math.h>

#include "snn/neuron.h"

enum { C_M, TAU_M, TAU_EXC, TAU_INH, E_L, V_TH, V_RESET, T_REF, B, TAU_W, Q, TAU_THETA, I_E, N_PARAMS };

static const cal_field params[] = {
    [C_M] = {"C_m", "pF", 250.0, 1e-6, 1e9, "membrane capacitance"},
    [TAU_M] = {"tau_m", "ms", 10.0, 1e-3, 1e6, "membrane time constant"},
    [TAU_EXC] = {"tau_exc", "ms", 2.0, 1e-3, 1e6, "decay time of excitatory currents"},
    [TAU_INH] = {"tau_inh", "ms", 2.0, 1e-3, 1e6, "decay time of inhibitory currents"},
    [E_L] = {"E_L", "mV", -65.0, -1e4, 1e4, "resting voltage"},
    [V_TH] = {"V_th", "mV", -50.0, -1e4, 1e4, "threshold"},
    [V_RESET] = {"V_reset", "mV", -65.0, -1e4, 1e4, "voltage after a spike"},
    [T_REF] = {"t_ref", "ms", 2.0, 0.0, 1e5, "refractory time, rounded to steps"},
    [B] = {"b", "pA", 40.0, -1e9, 1e9, "jump of the adaptation current at a spike"},
    [TAU_W] = {"tau_w", "ms", 100.0, 1e-3, 1e9, "decay time of the adaptation current"},
    [Q] = {"q", "mV", 2.0, 0.0, 1e4, "jump of the threshold at a spike"},
    [TAU_THETA] = {"tau_theta", "ms", 50.0, 1e-3, 1e9, "decay time of the threshold"},
    [I_E] = {"I_e", "pA", 0.0, -1e9, 1e9, "constant current"},
};

static const cal_field states[] = {
    {"V", "mV", -65.0, -INFINITY, INFINITY, "membrane voltage; starts at E_L unless set"},
    {"I_exc", "pA", 0.0, -INFINITY, INFINITY, "excitatory current"},
    {"I_inh", "pA", 0.0, -INFINITY, INFINITY, "inhibitory current"},
    {"w", "pA", 0.0, -INFINITY, INFINITY, "adaptation current"},
    {"theta", "mV", 0.0, 0.0, INFINITY, "rise of the threshold above V_th"},
    {"n_refractory", "1", 0.0, 0.0, 16777216.0, "refractory steps left"},
};

static const cal_receptor receptors[] = {
    {"excitatory", "pA", "jump of the excitatory current", false},
    {"inhibitory", "pA", "jump of the inhibitory current; inhibits when negative", false},
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
    const double per_current = dt_ms / p[C_M] * cali_phi(-dt_ms / p[TAU_M]);
    *(cali_alif_constants *)(void *)constants = (cali_alif_constants){
        .p_uu = (float)cali_exp(-dt_ms / p[TAU_M]),
        .p_ue = (float)cali_propagator(dt_ms, p[TAU_M], p[TAU_EXC], p[C_M]),
        .p_ui = (float)cali_propagator(dt_ms, p[TAU_M], p[TAU_INH], p[C_M]),
        .p_uw = (float)cali_propagator(dt_ms, p[TAU_M], p[TAU_W], p[C_M]),
        .p_uc = (float)per_current,
        .p_ee = (float)cali_exp(-dt_ms / p[TAU_EXC]),
        .p_ii = (float)cali_exp(-dt_ms / p[TAU_INH]),
        .p_ww = (float)cali_exp(-dt_ms / p[TAU_W]),
        .p_tt = (float)cali_exp(-dt_ms / p[TAU_THETA]),
        .b = (float)p[B],
        .q = (float)p[Q],
        .drive = (float)(p[I_E] * per_current),
        .threshold = (float)(p[V_TH] - p[E_L]),
        .reset = (float)(p[V_RESET] - p[E_L]),
        .refractory = (float)cali_steps(p[T_REF], dt_ms),
    };
}

CALI_DECLARE_LOOPS(alif);

const cali_neuron cali_neuron_alif = {
    .face = {.name = "alif",
             .title = "adaptive leaky integrate-and-fire: adaptation current and moving threshold",
             .equations = "C_m V' = -C_m (V - E_L) / tau_m + I_exc + I_inh - w + I_e + I; "
                          "I_exc' = -I_exc / tau_exc; I_inh' = -I_inh / tau_inh; "
                          "w' = -w / tau_w; theta' = -theta / tau_theta; "
                          "V >= V_th + theta: spike, w += b, theta += q, V = V_reset for t_ref",
             .source = "Liu & Wang (2001), J. Comput. Neurosci. 10, 25-45",
             CALI_NEURON_TABLES,
             .current_unit = "pA"},
    .n_constants = CALI_N_FLOATS(cali_alif_constants),
    .rest_param = E_L,
    .min_interval_ms = min_interval_ms,
    .prepare = prepare,
    .check = check,
    .loop = CALI_LOOPS(alif),
};
