#include "snn/kernels/lif_delta.h"

#include <math.h>
#include <stdio.h>

#include "snn/neuron.h"

enum { C_M, TAU_M, E_L, V_TH, V_RESET, T_REF, I_E, REFRACTORY_INPUT, N_PARAMS };

static const cal_field params[] = {
    [C_M] = {"C_m", "pF", 250.0, 1e-6, 1e9, "membrane capacitance"},
    [TAU_M] = {"tau_m", "ms", 10.0, 1e-3, 1e6, "membrane time constant"},
    [E_L] = {"E_L", "mV", -65.0, -1e4, 1e4, "resting voltage"},
    [V_TH] = {"V_th", "mV", -50.0, -1e4, 1e4, "threshold"},
    [V_RESET] = {"V_reset", "mV", -65.0, -1e4, 1e4, "voltage after a spike"},
    [T_REF] = {"t_ref", "ms", 2.0, 0.0, 1e5, "refractory time, rounded to steps"},
    [I_E] = {"I_e", "pA", 0.0, -1e9, 1e9, "constant current"},
    [REFRACTORY_INPUT] = {"refractory_input", "1", 0.0, 0.0, 1.0,
                          "1: input of the refractory time leaks and counts at its end; 0: it is lost"},
};

static const cal_field states[] = {
    {"V", "mV", -65.0, -INFINITY, INFINITY, "membrane voltage; starts at E_L unless set"},
    {"V_waiting", "mV", 0.0, -INFINITY, INFINITY, "input of the refractory time"},
    {"n_refractory", "1", 0.0, 0.0, 16777216.0, "refractory steps left"},
};

static const cal_receptor receptors[] = {
    {"delta", "mV", "jump of the voltage", false},
};

static double min_interval_ms(const double *p)
{
    return p[T_REF];
}

static bool check(const double *p, double dt_ms, double current, char *why, size_t size)
{
    (void)dt_ms;
    (void)current;
    if (p[REFRACTORY_INPUT] == 0.0 || p[REFRACTORY_INPUT] == 1.0)
        return cali_check_reset(p[V_RESET], p[V_TH], why, size);
    snprintf(why, size, "refractory_input is 0 or 1, not %g", p[REFRACTORY_INPUT]);
    return false;
}

static void prepare(const double *p, double dt_ms, float *constants)
{
    const double per_current = dt_ms / p[C_M] * cali_phi(-dt_ms / p[TAU_M]);
    const double decay = cali_exp(-dt_ms / p[TAU_M]);
    *(cali_lif_delta_constants *)(void *)constants = (cali_lif_delta_constants){
        .p_uu = (float)decay,
        .p_uc = (float)per_current,
        .drive = (float)(p[I_E] * per_current),
        .threshold = (float)(p[V_TH] - p[E_L]),
        .reset = (float)(p[V_RESET] - p[E_L]),
        .refractory = (float)cali_steps(p[T_REF], dt_ms),
        .keeps = (float)(p[REFRACTORY_INPUT] * decay),
    };
}

CALI_DECLARE_LOOPS(lif_delta);

const cali_neuron cali_neuron_lif_delta = {
    .face = {.name = "lif-delta",
             .alias = "iaf_psc_delta",
             .title = "leaky integrate-and-fire, delta synapses",
             .equations = "C_m V' = -C_m (V - E_L) / tau_m + I_e + I; a weight w adds w to V; "
                          "V >= V_th: spike, V = V_reset for t_ref; with refractory_input = 1 a weight that "
                          "arrives r before the end of t_ref adds w exp(-r / tau_m) at that end",
             .source = "Brunel (2000), J. Comput. Neurosci. 8, 183-208",
             CALI_NEURON_TABLES,
             .current_unit = "pA"},
    .n_constants = CALI_N_FLOATS(cali_lif_delta_constants),
    .rest_param = E_L,
    .min_interval_ms = min_interval_ms,
    .prepare = prepare,
    .check = check,
    .loop = CALI_LOOPS(lif_delta),
};
