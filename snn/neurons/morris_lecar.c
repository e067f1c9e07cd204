#include "snn/kernels/morris_lecar.h"

#include <math.h>

#include "snn/neuron.h"

enum {
    C_M, G_L, E_L, G_CA, E_CA, G_K, E_K, V1, V2, V3, V4, PHI, TAU_EXC, TAU_INH, V_SPIKE, I_E, N_PARAMS
};

/* Defaults: the saddle-node on an invariant circle of Rinzel & Ermentrout, near I_e = 40 pA. */
static const cal_field params[] = {
    [C_M] = {"C_m", "pF", 20.0, 1e-6, 1e9, "membrane capacitance; densities per cm2 are totals of 100 um2"},
    [G_L] = {"g_L", "nS", 2.0, 0.0, 1e9, "leak conductance"},
    [E_L] = {"E_L", "mV", -60.0, -1e4, 1e4, "reversal voltage of the leak"},
    [G_CA] = {"g_Ca", "nS", 4.0, 0.0, 1e9, "peak conductance of calcium"},
    [E_CA] = {"E_Ca", "mV", 120.0, -1e4, 1e4, "reversal voltage of calcium"},
    [G_K] = {"g_K", "nS", 8.0, 0.0, 1e9, "peak conductance of potassium"},
    [E_K] = {"E_K", "mV", -84.0, -1e4, 1e4, "reversal voltage of potassium"},
    [V1] = {"V1", "mV", -1.2, -1e4, 1e4, "half activation of calcium"},
    [V2] = {"V2", "mV", 18.0, 1e-2, 1e4, "width of the activation of calcium"},
    [V3] = {"V3", "mV", 12.0, -1e4, 1e4, "half activation of potassium"},
    [V4] = {"V4", "mV", 17.4, 1e-2, 1e4, "width of the activation of potassium"},
    [PHI] = {"phi", "1/ms", 1.0 / 15.0, 0.0, 1e3, "rate of potassium at V3"},
    [TAU_EXC] = {"tau_exc", "ms", 5.0, 1e-3, 1e6, "decay time of excitatory currents"},
    [TAU_INH] = {"tau_inh", "ms", 5.0, 1e-3, 1e6, "decay time of inhibitory currents"},
    [V_SPIKE] = {"V_spike", "mV", 0.0, -1e4, 1e4, "a spike is an upward crossing of this voltage"},
    [I_E] = {"I_e", "pA", 0.0, -1e9, 1e9, "constant current"},
};

static const cal_field states[] = {
    {"V", "mV", -60.0, -INFINITY, INFINITY, "membrane voltage; starts at E_L unless set"},
    {"w", "1", 2.55e-4, 0.0, 1.0, "activation of potassium"},
    {"I_exc", "pA", 0.0, -INFINITY, INFINITY, "excitatory current"},
    {"I_inh", "pA", 0.0, -INFINITY, INFINITY, "inhibitory current"},
    {"V_low", "mV", 0.0, -1.0, 1.0, "rounding of V, carried to the next step"},
};

static const cal_receptor receptors[] = {
    {"excitatory", "pA", "jump of the excitatory current; the weight may be negative", false},
    {"inhibitory", "pA", "jump of the inhibitory current; inhibits where the weight is negative", false},
};

static void prepare(const double *p, double dt_ms, float *constants)
{
    *(cali_morris_lecar_constants *)(void *)constants = (cali_morris_lecar_constants){
        .dt = (float)dt_ms,
        .per_c = (float)(1.0 / p[C_M]),
        .leak_c = (float)(p[G_L] / p[C_M]),
        .ca_c = (float)(p[G_CA] / p[C_M]),
        .e_ca = (float)(p[E_CA] - p[E_L]),
        .k_c = (float)(p[G_K] / p[C_M]),
        .e_k = (float)(p[E_K] - p[E_L]),
        .v1 = (float)(p[V1] - p[E_L]),
        .two_per_v2 = (float)(2.0 / p[V2]),
        .v3 = (float)(p[V3] - p[E_L]),
        .half_per_v4 = (float)(0.5 / p[V4]),
        .half_phi = (float)(0.5 * p[PHI]),
        .loss_exc = (float)cali_loss(0.5 * dt_ms / p[TAU_EXC]),
        .loss_inh = (float)cali_loss(0.5 * dt_ms / p[TAU_INH]),
        .drive = (float)(p[I_E] / p[C_M]),
        .v_spike = (float)(p[V_SPIKE] - p[E_L]),
    };
}

CALI_DECLARE_LOOPS(morris_lecar);

const cali_neuron cali_neuron_morris_lecar = {
    .face = {.name = "morris-lecar",
             .alias = NULL,
             .title = "Morris-Lecar: calcium and potassium, exponential currents",
             .equations = "C_m V' = -g_L (V - E_L) - g_Ca m_inf (V - E_Ca) - g_K w (V - E_K) + I_exc + I_inh + I_e + I; "
                          "w' = phi cosh((V - V3) / (2 V4)) (w_inf - w); m_inf = (1 + tanh((V - V1) / V2)) / 2; "
                          "w_inf = (1 + tanh((V - V3) / V4)) / 2; V rises through V_spike: spike",
             .source = "Morris & Lecar (1981), Biophys. J. 35, 193-213; parameters: Rinzel & Ermentrout (1998), "
                       "in Methods in Neuronal Modeling, 2nd ed., MIT Press",
             CALI_NEURON_TABLES,
             .current_unit = "pA"},
    .n_constants = CALI_N_FLOATS(cali_morris_lecar_constants),
    .rest_param = E_L,
    .prepare = prepare,
    .loop = CALI_LOOPS(morris_lecar),
};
