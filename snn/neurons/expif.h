/* What the entries of exponential integrate-and-fire neurons share: the first parameters of each, and the constants
 * of kernels/expif.h. */
#ifndef CALI_SNN_NEURONS_EXPIF_H
#define CALI_SNN_NEURONS_EXPIF_H

#include "snn/kernels/expif.h"
#include "snn/neuron.h"

/* An entry's enum begins with CALI_EXPIF_PARAMS and, if it adapts, CALI_EXPIF_W_PARAMS; so does its table. */
#define CALI_EXPIF_PARAMS C_M, G_L, E_L, V_T, DELTA_T, V_PEAK, V_RESET, T_REF
#define CALI_EXPIF_W_PARAMS A, B, TAU_W
#define CALI_EXPIF_FIELDS                                                                          \
    [C_M] = {"C_m", "pF", 281.0, 1e-6, 1e9, "membrane capacitance"},                               \
    [G_L] = {"g_L", "nS", 30.0, 1e-6, 1e9, "leak conductance"},                                    \
    [E_L] = {"E_L", "mV", -70.6, -1e4, 1e4, "resting voltage"},                                    \
    [V_T] = {"V_T", "mV", -50.4, -1e4, 1e4, "soft threshold"},                                     \
    [DELTA_T] = {"Delta_T", "mV", 2.0, 1e-2, 1e3, "slope of the spike's rise"},                    \
    [V_PEAK] = {"V_peak", "mV", 0.0, -1e4, 1e4, "voltage at which the neuron spikes"},             \
    [V_RESET] = {"V_reset", "mV", -60.0, -1e4, 1e4, "voltage after a spike"},                      \
    [T_REF] = {"t_ref", "ms", 0.0, 0.0, 1e5, "refractory time, rounded to steps"}
#define CALI_EXPIF_W_FIELDS                                                                        \
    [A] = {"a", "nS", 4.0, -1e6, 1e6, "adaptation to the voltage"},                                \
    [B] = {"b", "pA", 80.5, -1e9, 1e9, "jump of the adaptation at a spike"},                       \
    [TAU_W] = {"tau_w", "ms", 144.0, 1e-3, 1e9, "time constant of the adaptation"}
#define CALI_EXPIF_SOURCE "Brette & Gerstner (2005), J. Neurophysiol. 94, 3637-3642"

/* The order of the first parameters. */
enum {
    CALI_EXPIF_C_M, CALI_EXPIF_G_L, CALI_EXPIF_E_L, CALI_EXPIF_V_T, CALI_EXPIF_DELTA_T, CALI_EXPIF_V_PEAK,
    CALI_EXPIF_V_RESET, CALI_EXPIF_T_REF, CALI_EXPIF_A, CALI_EXPIF_B, CALI_EXPIF_TAU_W
};

/** The constants of the shared part; of a, b and tau_w only if the neuron adapts. */
cali_expif_constants cali_expif_prepare(const double *params, bool adapts, double i_e_pA, double dt_ms);
/** 1 - e^(-h / 2 tau) of a sub-step h = dt / 4. */
float cali_expif_loss(double tau_ms, double dt_ms);
/* The two members of an entry that need only the shared parameters. */
double cali_expif_min_interval_ms(const double *params);
bool cali_expif_check(const double *params, double dt_ms, double current, char *why, size_t size);

#define CALI_EXPIF_STORE(f) k->f = c.f;

#endif
