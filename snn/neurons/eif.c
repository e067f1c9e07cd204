#include "snn/kernels/eif.h"

#include <math.h>

#include "snn/neurons/expif.h"

enum { CALI_EXPIF_PARAMS, TAU_EXC, TAU_INH, I_E, N_PARAMS };

static const cal_field params[] = {
    CALI_EXPIF_FIELDS,
    [TAU_EXC] = {"tau_exc", "ms", 2.0, 1e-3, 1e6, "decay time of excitatory currents"},
    [TAU_INH] = {"tau_inh", "ms", 5.0, 1e-3, 1e6, "decay time of inhibitory currents"},
    [I_E] = {"I_e", "pA", 0.0, -1e9, 1e9, "constant current"},
};

static const cal_field states[] = {
    {"V", "mV", -70.6, -INFINITY, INFINITY, "membrane voltage; starts at E_L unless set"},
    {"I_exc", "pA", 0.0, -INFINITY, INFINITY, "excitatory current"},
    {"I_inh", "pA", 0.0, -INFINITY, INFINITY, "inhibitory current"},
    {"n_refractory", "1", 0.0, 0.0, 16777216.0, "refractory steps left"},
    {"u_low", "mV", 0.0, -1.0, 1.0, "rounding of V, carried to the next step"},
};

static const cal_receptor receptors[] = {
    {"excitatory", "pA", "jump of the excitatory current", false},
    {"inhibitory", "pA", "jump of the inhibitory current; inhibits when negative", false},
};

static void prepare(const double *p, double dt_ms, float *constants)
{
    cali_eif_constants *const k = (void *)constants;
    const cali_expif_constants c = cali_expif_prepare(p, false, p[I_E], dt_ms);
    CALI_EXPIF_CONSTANTS(CALI_EXPIF_STORE)
    k->loss_exc = cali_expif_loss(p[TAU_EXC], dt_ms);
    k->loss_inh = cali_expif_loss(p[TAU_INH], dt_ms);
}

CALI_DECLARE_LOOPS(eif);

const cali_neuron cali_neuron_eif = {
    .face = {.name = "eif",
             .title = "exponential integrate-and-fire, exponential currents",
             .equations = "C_m V' = -g_L (V - E_L) + g_L Delta_T exp((V - V_T) / Delta_T) + I_exc + I_inh + I_e + I; "
                          "I_exc' = -I_exc / tau_exc; I_inh' = -I_inh / tau_inh; "
                          "V >= V_peak: spike, V = V_reset for t_ref",
             .source = "Fourcaud-Trocme, Hansel, van Vreeswijk & Brunel (2003), J. Neurosci. 23, 11628-11640",
             CALI_NEURON_TABLES,
             .current_unit = "pA"},
    .n_constants = CALI_N_FLOATS(cali_eif_constants),
    .rest_param = E_L,
    .min_interval_ms = cali_expif_min_interval_ms,
    .prepare = prepare,
    .check = cali_expif_check,
    .loop = CALI_LOOPS(eif),
};
