/* An excitatory and an inhibitory population of quadratic integrate-and-fire neurons, with one synaptic
 * current for each of the four connections. */
#include "nmm/models/functions.h"
#include "nmm/models/model.h"

enum { I_E, DELTA_E, ETA_E, TAU_E, I_I, DELTA_I, ETA_I, TAU_I, TAU_S, J_EE, J_EI, J_IE, J_II, GAMMA };
enum { R_E, V_E, S_EE, S_EI, R_I, V_I, S_IE, S_II };

static const cal_field params[] = {
    [I_E] = {"I_e", "1", 0.0, -1e3, 1e3, "constant drive of E"},
    [DELTA_E] = {"Delta_e", "1", 1.0, 0.0, 1e3, "half width of the spread of the drives of E"},
    [ETA_E] = {"eta_e", "1", -5.0, -1e3, 1e3, "centre of the drives of E"},
    [TAU_E] = {"tau_e", "ms", 10.0, 1e-3, 1e4, "membrane time constant of E"},
    [I_I] = {"I_i", "1", 0.0, -1e3, 1e3, "constant drive of I"},
    [DELTA_I] = {"Delta_i", "1", 1.0, 0.0, 1e3, "half width of the spread of the drives of I"},
    [ETA_I] = {"eta_i", "1", -5.0, -1e3, 1e3, "centre of the drives of I"},
    [TAU_I] = {"tau_i", "ms", 10.0, 1e-3, 1e4, "membrane time constant of I"},
    [TAU_S] = {"tau_s", "ms", 1.0, 1e-3, 1e4, "time constant of the synapses"},
    [J_EE] = {"J_ee", "1", 0.0, -1e3, 1e3, "weight from E to E"},
    [J_EI] = {"J_ei", "1", 10.0, -1e3, 1e3, "weight from I to E"},
    [J_IE] = {"J_ie", "1", 0.0, -1e3, 1e3, "weight from E to I"},
    [J_II] = {"J_ii", "1", 15.0, -1e3, 1e3, "weight from I to I"},
    [GAMMA] = {"Gamma", "1", 5.0, 0.0, 1e3, "weight of the coupling input on I over that on E"},
};
static const cal_field states[] = {
    [R_E] = {"r_e", "1/ms", 0.01, 0.0, INFINITY, "firing rate of E"},
    [V_E] = {"V_e", "1", -2.0, -INFINITY, INFINITY, "mean membrane potential of E"},
    [S_EE] = {"s_ee", "1/ms", 0.0, -INFINITY, INFINITY, "synaptic current from E to E, with the input"},
    [S_EI] = {"s_ei", "1/ms", 0.0, -INFINITY, INFINITY, "synaptic current from I to E"},
    [R_I] = {"r_i", "1/ms", 0.01, 0.0, INFINITY, "firing rate of I"},
    [V_I] = {"V_i", "1", -2.0, -INFINITY, INFINITY, "mean membrane potential of I"},
    [S_IE] = {"s_ie", "1/ms", 0.0, -INFINITY, INFINITY, "synaptic current from E to I, with the input"},
    [S_II] = {"s_ii", "1/ms", 0.0, -INFINITY, INFINITY, "synaptic current from I to I"},
};
static const double scales[] = {0.01, 1.0, 0.1, 0.1, 0.01, 1.0, 0.1, 0.1};
static const cal_field inputs[] = {
    {"c", "1/ms", 0.0, -INFINITY, INFINITY, "rate of excitatory input of E; I gets it Gamma times"},
};
static const cal_field outputs[] = {
    [R_E] = {"r_e", "1/ms", 0.0, 0.0, INFINITY, "firing rate of E"},
    [V_E] = {"V_e", "1", 0.0, -INFINITY, INFINITY, "mean membrane potential of E"},
    [S_EE] = {"s_ee", "1/ms", 0.0, -INFINITY, INFINITY, "synaptic current from E to E, with the input"},
    [S_EI] = {"s_ei", "1/ms", 0.0, -INFINITY, INFINITY, "synaptic current from I to E"},
    [R_I] = {"r_i", "1/ms", 0.0, 0.0, INFINITY, "firing rate of I"},
    [V_I] = {"V_i", "1", 0.0, -INFINITY, INFINITY, "mean membrane potential of I"},
    [S_IE] = {"s_ie", "1/ms", 0.0, -INFINITY, INFINITY, "synaptic current from E to I, with the input"},
    [S_II] = {"s_ii", "1/ms", 0.0, -INFINITY, INFINITY, "synaptic current from I to I"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x,
                const double *restrict c, double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double tau_e = p[TAU_E * n + i], tau_i = p[TAU_I * n + i], tau_s = p[TAU_S * n + i];
        const double r_e = x[R_E * n + i], v_e = x[V_E * n + i], r_i = x[R_I * n + i], v_i = x[V_I * n + i];
        const double drive_e = p[ETA_E * n + i] + p[I_E * n + i] + tau_e * (x[S_EE * n + i] - x[S_EI * n + i]);
        const double drive_i = p[ETA_I * n + i] + p[I_I * n + i] + tau_i * (x[S_IE * n + i] - x[S_II * n + i]);
        dx[R_E * n + i] = cali_qif_rate_slope(tau_e, p[DELTA_E * n + i], r_e, v_e);
        dx[V_E * n + i] = (cali_qif_own_drive(tau_e * r_e, v_e) + drive_e) / tau_e;
        dx[S_EE * n + i] = (p[J_EE * n + i] * r_e + c[i] - x[S_EE * n + i]) / tau_s;
        dx[S_EI * n + i] = (p[J_EI * n + i] * r_i - x[S_EI * n + i]) / tau_s;
        dx[R_I * n + i] = cali_qif_rate_slope(tau_i, p[DELTA_I * n + i], r_i, v_i);
        dx[V_I * n + i] = (cali_qif_own_drive(tau_i * r_i, v_i) + drive_i) / tau_i;
        dx[S_IE * n + i] = (p[J_IE * n + i] * r_e + p[GAMMA * n + i] * c[i] - x[S_IE * n + i]) / tau_s;
        dx[S_II * n + i] = (p[J_II * n + i] * r_i - x[S_II * n + i]) / tau_s;
    }
}

static void observe(size_t n, const double *restrict p, const double *restrict x,
                    double *restrict y)
{
    (void)p;
    EACH_REGION
    for (size_t i = 0; i < 8 * n; i++)
        y[i] = x[i];
}

extern const cal_nmm_model CALI_MODEL(dumont_gutkin);
const cal_nmm_model CALI_MODEL(dumont_gutkin) = {
    .name = "dumont-gutkin",
    .alias = "dg",
    .title = "Dumont-Gutkin: exact mean fields of excitatory and inhibitory QIF neurons with synapses",
    .equations = "tau_e r_e' = Delta_e / (pi tau_e) + 2 r_e V_e\n"
                 "tau_e V_e' = V_e^2 - (pi tau_e r_e)^2 + eta_e + I_e + tau_e (s_ee - s_ei)\n"
                 "tau_s s_ee' = -s_ee + J_ee r_e + c,  tau_s s_ei' = -s_ei + J_ei r_i\n"
                 "tau_i r_i' = Delta_i / (pi tau_i) + 2 r_i V_i\n"
                 "tau_i V_i' = V_i^2 - (pi tau_i r_i)^2 + eta_i + I_i + tau_i (s_ie - s_ii)\n"
                 "tau_s s_ie' = -s_ie + J_ie r_e + Gamma c,  tau_s s_ii' = -s_ii + J_ii r_i",
    .source = "Dumont & Gutkin (2019), PLoS Comput. Biol. 15, e1007019",
    CALI_MODEL_PARTS,
};
