#include "snn/kernels/adex_cond_alpha.h"

#include <math.h>

#include "snn/neurons/expif.h"

enum { CALI_EXPIF_PARAMS, CALI_EXPIF_W_PARAMS, TAU_EXC, TAU_INH, E_EXC, E_INH, I_E, N_PARAMS };

static const cal_field params[] = {
    CALI_EXPIF_FIELDS,
    CALI_EXPIF_W_FIELDS,
    [TAU_EXC] = {"tau_exc", "ms", 2.0, 1e-3, 1e6, "time to the peak of excitatory conductances"},
    [TAU_INH] = {"tau_inh", "ms", 5.0, 1e-3, 1e6, "time to the peak of inhibitory conductances"},
    [E_EXC] = {"E_exc", "mV", 0.0, -1e4, 1e4, "reversal voltage of excitation"},
    [E_INH] = {"E_inh", "mV", -80.0, -1e4, 1e4, "reversal voltage of inhibition"},
    [I_E] = {"I_e", "pA", 0.0, -1e9, 1e9, "constant current"},
};

static const cal_field states[] = {
    {"V", "mV", -70.6, -INFINITY, INFINITY, "membrane voltage; starts at E_L unless set"},
    {"w", "pA", 0.0, -INFINITY, INFINITY, "adaptation current"},
    {"g_exc", "nS", 0.0, 0.0, INFINITY, "excitatory conductance"},
    {"r_exc", "nS/ms", 0.0, 0.0, INFINITY, "what makes g_exc rise"},
    {"g_inh", "nS", 0.0, 0.0, INFINITY, "inhibitory conductance"},
    {"r_inh", "nS/ms", 0.0, 0.0, INFINITY, "what makes g_inh rise"},
    {"n_refractory", "1", 0.0, 0.0, 16777216.0, "refractory steps left"},
    {"u_low", "mV", 0.0, -1.0, 1.0, "rounding of V, carried to the next step"},
    {"w_low", "pA", 0.0, -1.0, 1.0, "rounding of w, carried to the next step"},
};

static const cal_receptor receptors[] = {
    {"excitatory", "nS", "peak of the excitatory conductance", true},
    {"inhibitory", "nS", "peak of the inhibitory conductance", true},
};

static void prepare(const double *p, double dt_ms, float *constants)
{
    cali_adex_cond_alpha_constants *const k = (void *)constants;
    const cali_expif_constants c = cali_expif_prepare(p, true, p[I_E], dt_ms);
    CALI_EXPIF_CONSTANTS(CALI_EXPIF_STORE) CALI_EXPIF_W_CONSTANTS(CALI_EXPIF_STORE)
    k->e_exc = (float)(p[E_EXC] - p[E_L]);
    k->e_inh = (float)(p[E_INH] - p[E_L]);
    k->loss_exc = cali_expif_loss(p[TAU_EXC], dt_ms);
    k->loss_inh = cali_expif_loss(p[TAU_INH], dt_ms);
    k->jump_exc = (float)cali_peak_jump(p[TAU_EXC], p[TAU_EXC]);
    k->jump_inh = (float)cali_peak_jump(p[TAU_INH], p[TAU_INH]);
}

CALI_DECLARE_LOOPS(adex_cond_alpha);

const cali_neuron cali_neuron_adex_cond_alpha = {
    .face = {.name = "adex-cond-alpha",
             .alias = "aeif_cond_alpha",
             .title = "adaptive exponential integrate-and-fire, alpha conductances",
             .equations = "C_m V' = -g_L (V - E_L) + g_L Delta_T exp((V - V_T) / Delta_T) - w "
                          "- g_exc (V - E_exc) - g_inh (V - E_inh) + I_e + I; "
                          "g_s' = -g_s / tau_s + r_s; r_s' = -r_s / tau_s for s = exc, inh; a weight w adds w e / tau_s to r_s; "
                          "tau_w w' = a (V - E_L) - w; V >= V_peak: spike, V = V_reset, w += b",
             .source = CALI_EXPIF_SOURCE "; Rall (1967), J. Neurophysiol. 30, 1138-1168 (alpha function)",
             CALI_NEURON_TABLES,
             .current_unit = "pA"},
    .n_constants = CALI_N_FLOATS(cali_adex_cond_alpha_constants),
    .rest_param = E_L,
    .min_interval_ms = cali_expif_min_interval_ms,
    .prepare = prepare,
    .check = cali_expif_check,
    .loop = CALI_LOOPS(adex_cond_alpha),
};
