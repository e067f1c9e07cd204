/* What the entries of neurons with AMPA, NMDA, GABA-A and GABA-B receptors share: parameters, states, and the
 * constants of kernels/receptors.h. */
#ifndef CALI_SNN_NEURONS_RECEPTORS_H
#define CALI_SNN_NEURONS_RECEPTORS_H

#include "snn/kernels/receptors.h"
#include "snn/neuron.h"

/* A run of an entry's enum and of its tables. */
#define CALI_RECEPTORS_PARAMS                                                                      \
    TAU_AMPA, TAU_NMDA_RISE, TAU_NMDA_DECAY, TAU_GABA_A, BIND_GABA_B, TAU_R_GABA_B, K_S_GABA_B,    \
        TAU_S_GABA_B, G_GABA_B, E_AMPA, E_NMDA, E_GABA_A, E_GABA_B, MG
#define CALI_RECEPTORS_FIELDS                                                                      \
    [TAU_AMPA] = {"tau_AMPA", "ms", 2.0, 1e-3, 1e6, "decay time of AMPA"},                         \
    [TAU_NMDA_RISE] = {"tau_NMDA_rise", "ms", 2.0, 1e-3, 1e6, "rise time of NMDA"},                \
    [TAU_NMDA_DECAY] = {"tau_NMDA_decay", "ms", 100.0, 1e-3, 1e6, "decay time of NMDA"},           \
    [TAU_GABA_A] = {"tau_GABA_A", "ms", 5.0, 1e-3, 1e6, "decay time of GABA-A"},                   \
    [BIND_GABA_B] = {"bind_GABA_B", "1", 0.078, 0.0, 80.0,                                         \
                     "transmitter of a spike: 0.52 /(mM ms) times 0.5 mM for 0.3 ms"},             \
    [TAU_R_GABA_B] = {"tau_R_GABA_B", "ms", 769.0, 1e-3, 1e9, "unbinding time of GABA-B receptors"}, \
    [K_S_GABA_B] = {"k_s_GABA_B", "1/ms", 0.031, 0.0, 1e6,                                         \
                    "G-protein made by bound receptors, in units of K_d^(1/4)"},                   \
    [TAU_S_GABA_B] = {"tau_s_GABA_B", "ms", 30.3, 1e-3, 1e9, "decay time of the G-protein"},       \
    [G_GABA_B] = {"g_GABA_B", "nS", 10.0, 0.0, 1e9, "GABA-B conductance with all channels open"},  \
    [E_AMPA] = {"E_AMPA", "mV", 0.0, -1e4, 1e4, "reversal voltage of AMPA"},                       \
    [E_NMDA] = {"E_NMDA", "mV", 0.0, -1e4, 1e4, "reversal voltage of NMDA"},                       \
    [E_GABA_A] = {"E_GABA_A", "mV", -70.0, -1e4, 1e4, "reversal voltage of GABA-A"},               \
    [E_GABA_B] = {"E_GABA_B", "mV", -95.0, -1e4, 1e4, "reversal voltage of GABA-B (potassium)"},   \
    [MG] = {"Mg", "1", 1.0, 0.0, 100.0, "magnesium outside in mM; 0: no block"}
#define CALI_RECEPTORS_STATE_FIELDS                                                                \
    {"g_AMPA", "nS", 0.0, 0.0, INFINITY, "AMPA conductance"},                                      \
    {"g_NMDA", "nS", 0.0, 0.0, INFINITY, "NMDA conductance without its block"},                    \
    {"r_NMDA", "nS/ms", 0.0, 0.0, INFINITY, "what makes g_NMDA rise"},                             \
    {"g_GABA_A", "nS", 0.0, 0.0, INFINITY, "GABA-A conductance"},                                  \
    {"R_GABA_B", "1", 0.0, 0.0, 1.0, "share of GABA-B receptors with transmitter"},                \
    {"s_GABA_B", "1", 0.0, 0.0, INFINITY, "G-protein, in units of K_d^(1/4)"}
#define CALI_RECEPTORS_RECEPTORS                                                                   \
    {"AMPA", "nS", "jump of the AMPA conductance", true},                                          \
    {"NMDA", "nS", "peak of the NMDA conductance without its block", true},                        \
    {"GABA_A", "nS", "jump of the GABA-A conductance", true},                                      \
    {"GABA_B", "1", "transmitter, 1 for that of the published pulse", true}
#define CALI_RECEPTORS_EQUATIONS                                                                   \
    "- g_AMPA (V - E_AMPA) - g_NMDA B(V) (V - E_NMDA) - g_GABA_A (V - E_GABA_A) - g_GABA_B s^4 / (1 + s^4) " \
    "(V - E_GABA_B) + I_e + I; B(V) = 1 / (1 + Mg / 3.57 exp(-0.062 V)); g_AMPA' = -g_AMPA / tau_AMPA; "     \
    "g_NMDA' = -g_NMDA / tau_NMDA_decay + r_NMDA; r_NMDA' = -r_NMDA / tau_NMDA_rise; "                       \
    "g_GABA_A' = -g_GABA_A / tau_GABA_A; R' = -R / tau_R_GABA_B; s' = k_s_GABA_B R - s / tau_s_GABA_B; "     \
    "GABA_B weight w: R += (1 - R) (1 - exp(-bind_GABA_B w)); "
#define CALI_RECEPTORS_SOURCE                                                                      \
    "Jahr & Stevens (1990), J. Neurosci. 10, 3178-3182 (NMDA block); Destexhe, Bal, McCormick & Sejnowski " \
    "(1996), J. Neurophysiol. 76, 2049-2070 (GABA-B)"

/* The order of the run. */
enum {
    CALI_TAU_AMPA, CALI_TAU_NMDA_RISE, CALI_TAU_NMDA_DECAY, CALI_TAU_GABA_A, CALI_BIND_GABA_B, CALI_TAU_R_GABA_B,
    CALI_K_S_GABA_B, CALI_TAU_S_GABA_B, CALI_G_GABA_B, CALI_E_AMPA, CALI_E_NMDA, CALI_E_GABA_A, CALI_E_GABA_B,
    CALI_MG
};

/** Constants for Runge-Kutta steps of h; `params` points to the first parameter of the run. */
cali_receptors_constants cali_receptors_prepare(const double *params, double e_l_mV, double h_ms);

#define CALI_RECEPTORS_STORE(f) k->f = r.f;

#endif
