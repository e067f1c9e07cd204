/* A thalamic nucleus as two populations: thalamocortical relay cells (t) and reticular cells (r), with the T-type
 * calcium current of both and the h-current of the relay cells. It sleeps: spindles wax and wane with the calcium
 * that holds the h-current open, and deeper hyperpolarisation gives delta waves. */
#include "nmm/models/model.h"

enum {
    TAU, Q_MAX, C1, THETA, SIGMA, G_L, E_L, G_AMPA, G_GABA, E_AMPA, E_GABA, G_LK, E_K, G_T_T, G_T_R, E_CA, G_H,
    G_INC, E_H, C_M, ALPHA_CA, CA_0, TAU_CA, K1, K2, K3, K4, N_P, GAMMA_E, GAMMA_R, N_RT, N_TR, N_RR, EXT_T, EXT_R
};
static const cal_field params[] = {
    [TAU] = {"tau", "ms", 20.0, 0.1, 1e3, "time constant of leak and synapses"},
    [Q_MAX] = {"Q_max", "1/ms", 0.4, 0.0, 10.0, "largest rate"},
    [C1] = {"C1", "1", 1.8137993642, 0.1, 10.0, "pi / sqrt(3): sigma is a standard deviation"},
    [THETA] = {"theta", "mV", -58.5, -100.0, 0.0, "potential of half the largest rate"},
    [SIGMA] = {"sigma", "mV", 6.0, 0.1, 100.0, "spread of the thresholds"},
    [G_L] = {"g_L", "1", 1.0, 0.0, 100.0, "leak"},
    [E_L] = {"E_L", "mV", -70.0, -150.0, 50.0, "reversal of the leak"},
    [G_AMPA] = {"g_AMPA", "ms", 1.0, 0.0, 100.0, "weight of excitatory synapses"},
    [G_GABA] = {"g_GABA", "ms", 1.0, 0.0, 100.0, "weight of inhibitory synapses"},
    [E_AMPA] = {"E_AMPA", "mV", 0.0, -100.0, 100.0, "reversal of excitation"},
    [E_GABA] = {"E_GABA", "mV", -70.0, -150.0, 50.0, "reversal of inhibition"},
    [G_LK] = {"g_LK", "mS/cm^2", 0.018, 0.0, 10.0, "potassium leak: more of it is deeper sleep"},
    [E_K] = {"E_K", "mV", -100.0, -150.0, 50.0, "reversal of potassium"},
    [G_T_T] = {"g_T_t", "mS/cm^2", 3.0, 0.0, 100.0, "T-type calcium conductance of the relay cells"},
    [G_T_R] = {"g_T_r", "mS/cm^2", 2.3, 0.0, 100.0, "T-type calcium conductance of the reticular cells"},
    [E_CA] = {"E_Ca", "mV", 120.0, 0.0, 300.0, "reversal of calcium"},
    [G_H] = {"g_h", "mS/cm^2", 0.062, 0.0, 10.0, "conductance of the h-current"},
    [G_INC] = {"g_inc", "1", 2.0, 0.0, 100.0, "conductance of bound h-channels, relative"},
    [E_H] = {"E_h", "mV", -40.0, -150.0, 100.0, "reversal of the h-current"},
    [C_M] = {"C_m", "uF/cm^2", 1.0, 0.01, 100.0, "membrane capacitance"},
    [ALPHA_CA] = {"alpha_Ca", "1", -51.8e-6, -1.0, 1.0, "calcium (mM) per charge (uA ms/cm^2) of the T-current"},
    [CA_0] = {"Ca_0", "1", 2.4e-4, 0.0, 1.0, "resting calcium (mM)"},
    [TAU_CA] = {"tau_Ca", "ms", 10.0, 0.1, 1e4, "decay of calcium"},
    [K1] = {"k1", "1", 2.5e7, 0.0, 1e12, "binding rate of calcium (1/(mM^n_P ms))"},
    [K2] = {"k2", "1/ms", 4e-4, 1e-9, 10.0, "unbinding rate of calcium"},
    [K3] = {"k3", "1/ms", 0.1, 0.0, 10.0, "binding rate of h-channels"},
    [K4] = {"k4", "1/ms", 1e-3, 0.0, 10.0, "unbinding rate of h-channels"},
    [N_P] = {"n_P", "1", 4.0, 1.0, 8.0, "calcium ions per binding protein"},
    [GAMMA_E] = {"gamma_e", "1/ms", 0.07, 1e-3, 10.0, "inverse time constant of excitation"},
    [GAMMA_R] = {"gamma_r", "1/ms", 0.1, 1e-3, 10.0, "inverse time constant of inhibition"},
    [N_RT] = {"N_rt", "1", 3.0, 0.0, 1e3, "synapses of relay cells on a reticular cell"},
    [N_TR] = {"N_tr", "1", 5.0, 0.0, 1e3, "synapses of reticular cells on a relay cell"},
    [N_RR] = {"N_rr", "1", 25.0, 0.0, 1e3, "synapses of reticular cells on a reticular cell"},
    [EXT_T] = {"ext_current_t", "mV", 0.0, -1e3, 1e3, "outward (hyperpolarising) current into the relay cells"},
    [EXT_R] = {"ext_current_r", "mV", 0.0, -1e3, 1e3, "outward (hyperpolarising) current into the reticular cells"},
};

enum { V_T, V_R, CA, H_T_T, H_T_R, M_H1, M_H2, S_ET, S_GT, S_ER, S_GR, DS_ET, DS_GT, DS_ER, DS_GR };
static const cal_field states[] = {
    [V_T] = {"V_t", "mV", -70.0, -INFINITY, INFINITY, "potential of the relay cells"},
    [V_R] = {"V_r", "mV", -70.0, -INFINITY, INFINITY, "potential of the reticular cells"},
    [CA] = {"Ca", "1", 2.4e-4, 0.0, INFINITY, "calcium in the relay cells (mM)"},
    [H_T_T] = {"h_T_t", "1", 0.0, 0.0, 1.0, "inactivation of the T-current, relay cells"},
    [H_T_R] = {"h_T_r", "1", 0.0, 0.0, 1.0, "inactivation of the T-current, reticular cells"},
    [M_H1] = {"m_h1", "1", 0.0, 0.0, 1.0, "open h-channels"},
    [M_H2] = {"m_h2", "1", 0.0, 0.0, 1.0, "open and bound h-channels"},
    [S_ET] = {"s_et", "1/ms", 0.0, -INFINITY, INFINITY, "excitation of the relay cells, filtered rate"},
    [S_GT] = {"s_gt", "1/ms", 0.0, -INFINITY, INFINITY, "inhibition of the relay cells"},
    [S_ER] = {"s_er", "1/ms", 0.0, -INFINITY, INFINITY, "excitation of the reticular cells"},
    [S_GR] = {"s_gr", "1/ms", 0.0, -INFINITY, INFINITY, "inhibition of the reticular cells"},
    [DS_ET] = {"ds_et", "1/ms^2", 0.0, -INFINITY, INFINITY, "derivative of s_et"},
    [DS_GT] = {"ds_gt", "1/ms^2", 0.0, -INFINITY, INFINITY, "derivative of s_gt"},
    [DS_ER] = {"ds_er", "1/ms^2", 0.0, -INFINITY, INFINITY, "derivative of s_er"},
    [DS_GR] = {"ds_gr", "1/ms^2", 0.0, -INFINITY, INFINITY, "derivative of s_gr"},
};
static const double scales[] = {10.0, 10.0, 1e-3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01};
enum { TO_T, TO_R };
static const cal_field inputs[] = {
    [TO_T] = {"c_t", "1/ms", 0.0, -INFINITY, INFINITY, "rate of excitatory input to the relay cells, all synapses"},
    [TO_R] = {"c_r", "1/ms", 0.0, -INFINITY, INFINITY, "rate of excitatory input to the reticular cells"},
};
enum { RATE_T, RATE_R, OUT_V_T, OUT_V_R };
static const cal_field outputs[] = {
    [RATE_T] = {"rate_t", "1/ms", 0.0, 0.0, INFINITY, "rate of the relay cells"},
    [RATE_R] = {"rate_r", "1/ms", 0.0, 0.0, INFINITY, "rate of the reticular cells"},
    [OUT_V_T] = {"V_t", "mV", 0.0, -INFINITY, INFINITY, "potential of the relay cells"},
    [OUT_V_R] = {"V_r", "mV", 0.0, -INFINITY, INFINITY, "potential of the reticular cells"},
};

/* 1 / (1 + exp(-(v - half) / width)) */
CAL_HD double gate(double v, double half, double width)
{
    return 1.0 / (1.0 + cali_exp((half - v) / width));
}

CAL_HD double rate(size_t n, size_t i, const double *restrict p, double v)
{
    return p[Q_MAX * n + i] / (1.0 + cali_exp(p[C1 * n + i] * (p[THETA * n + i] - v) / p[SIGMA * n + i]));
}

/* Leak and synapses, mV. */
CAL_HD double slow_current(size_t n, size_t i, const double *restrict p, double v, double s_e, double s_g, double ext)
{
    return p[G_L * n + i] * (v - p[E_L * n + i]) + p[G_AMPA * n + i] * s_e * (v - p[E_AMPA * n + i]) +
           p[G_GABA * n + i] * s_g * (v - p[E_GABA * n + i]) + ext;
}

/* The time constants at 36 degrees: those at 24 degrees by 3^1.2. */
#define WARMER 3.7371928

CAL_HD double tau_h_relay(double v)
{
    return (30.8 + (211.4 + cali_exp((v + 115.2) / 5.0)) / (1.0 + cali_exp((v + 86.0) / 3.2))) / WARMER;
}

CAL_HD double tau_h_reticular(double v)
{
    return (85.0 + 1.0 / (cali_exp((v + 48.0) / 4.0) + cali_exp(-(v + 407.0) / 50.0))) / WARMER;
}

/* Share of the binding protein that holds calcium. */
CAL_HD double bound_share(double ca, double k1, double k2, double n_p)
{
    const double some = ca > 1e-30 ? ca : 1e-30; /* of a logarithm */
    const double on = k1 * cali_exp(n_p * cali_log(some));
    return on / (on + k2);
}

static void rhs(size_t n, const double *restrict p, const double *restrict x, const double *restrict c,
                double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double v_t = x[V_T * n + i], v_r = x[V_R * n + i], ca = x[CA * n + i];
        const double m_h1 = x[M_H1 * n + i], m_h2 = x[M_H2 * n + i];
        const double m_t = gate(v_t, -59.0, 6.2), m_r = gate(v_r, -52.0, 7.4);
        const double i_t_t = p[G_T_T * n + i] * m_t * m_t * x[H_T_T * n + i] * (v_t - p[E_CA * n + i]);
        const double i_t_r = p[G_T_R * n + i] * m_r * m_r * x[H_T_R * n + i] * (v_r - p[E_CA * n + i]);
        const double i_h = p[G_H * n + i] * (m_h1 + p[G_INC * n + i] * m_h2) * (v_t - p[E_H * n + i]);
        const double leak_t = p[G_LK * n + i] * (v_t - p[E_K * n + i]);
        const double leak_r = p[G_LK * n + i] * (v_r - p[E_K * n + i]);
        dx[V_T * n + i] =
            -slow_current(n, i, p, v_t, x[S_ET * n + i], x[S_GT * n + i], p[EXT_T * n + i]) / p[TAU * n + i] -
            (leak_t + i_t_t + i_h) / p[C_M * n + i];
        dx[V_R * n + i] =
            -slow_current(n, i, p, v_r, x[S_ER * n + i], x[S_GR * n + i], p[EXT_R * n + i]) / p[TAU * n + i] -
            (leak_r + i_t_r) / p[C_M * n + i];
        dx[CA * n + i] = p[ALPHA_CA * n + i] * i_t_t - (ca - p[CA_0 * n + i]) / p[TAU_CA * n + i];
        dx[H_T_T * n + i] = (gate(v_t, -81.0, -4.0) - x[H_T_T * n + i]) / tau_h_relay(v_t);
        dx[H_T_R * n + i] = (gate(v_r, -80.0, -5.0) - x[H_T_R * n + i]) / tau_h_reticular(v_r);
        const double tau_h = 20.0 + 1000.0 / (cali_exp((v_t + 71.5) / 14.2) + cali_exp(-(v_t + 89.0) / 11.6));
        const double share = bound_share(ca, p[K1 * n + i], p[K2 * n + i], p[N_P * n + i]);
        const double binding = p[K3 * n + i] * share * m_h1 - p[K4 * n + i] * m_h2;
        dx[M_H1 * n + i] = (gate(v_t, -75.0, -5.5) * (1.0 - m_h2) - m_h1) / tau_h - binding;
        dx[M_H2 * n + i] = binding;
        const double rate_t = rate(n, i, p, v_t), rate_r = rate(n, i, p, v_r);
        const double e = p[GAMMA_E * n + i], g = p[GAMMA_R * n + i];
        const double ds_et = x[DS_ET * n + i], ds_gt = x[DS_GT * n + i];
        const double ds_er = x[DS_ER * n + i], ds_gr = x[DS_GR * n + i];
        dx[S_ET * n + i] = ds_et;
        dx[S_GT * n + i] = ds_gt;
        dx[S_ER * n + i] = ds_er;
        dx[S_GR * n + i] = ds_gr;
        dx[DS_ET * n + i] = e * e * (c[TO_T * n + i] - x[S_ET * n + i]) - 2.0 * e * ds_et;
        dx[DS_GT * n + i] = g * g * (p[N_TR * n + i] * rate_r - x[S_GT * n + i]) - 2.0 * g * ds_gt;
        dx[DS_ER * n + i] =
            e * e * (p[N_RT * n + i] * rate_t + c[TO_R * n + i] - x[S_ER * n + i]) - 2.0 * e * ds_er;
        dx[DS_GR * n + i] = g * g * (p[N_RR * n + i] * rate_r - x[S_GR * n + i]) - 2.0 * g * ds_gr;
    }
}

static void observe(size_t n, const double *restrict p, const double *restrict x, double *restrict y)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        y[RATE_T * n + i] = rate(n, i, p, x[V_T * n + i]);
        y[RATE_R * n + i] = rate(n, i, p, x[V_R * n + i]);
        y[OUT_V_T * n + i] = x[V_T * n + i];
        y[OUT_V_R * n + i] = x[V_R * n + i];
    }
}

extern const cal_nmm_model CALI_MODEL(thalamus);
const cal_nmm_model CALI_MODEL(thalamus) = {
    .name = "thalamus",
    .title = "Thalamus of sleep: relay and reticular cells, spindles and delta waves",
    .equations =
        "V_t' = -(g_L (V_t - E_L) + g_AMPA s_et (V_t - E_AMPA) + g_GABA s_gt (V_t - E_GABA) + ext_current_t) / tau\n"
        "       - (g_LK (V_t - E_K) + I_T(V_t, h_T_t, g_T_t) + I_h) / C_m\n"
        "V_r' = -(g_L (V_r - E_L) + g_AMPA s_er (V_r - E_AMPA) + g_GABA s_gr (V_r - E_GABA) + ext_current_r) / tau\n"
        "       - (g_LK (V_r - E_K) + I_T(V_r, h_T_r, g_T_r)) / C_m\n"
        "I_T = g_T m_T(V)^2 h_T (V - E_Ca),  I_h = g_h (m_h1 + g_inc m_h2) (V_t - E_h)\n"
        "Ca' = alpha_Ca I_T(V_t) - (Ca - Ca_0) / tau_Ca,  h_T' = (h_inf(V) - h_T) / tau_h(V)\n"
        "m_h1' = (m_inf(V_t) (1 - m_h2) - m_h1) / tau_m(V_t) - k3 P m_h1 + k4 m_h2\n"
        "m_h2' = k3 P m_h1 - k4 m_h2,  P = k1 Ca^n_P / (k1 Ca^n_P + k2)\n"
        "s_et'' = gamma_e^2 (c_t - s_et) - 2 gamma_e s_et'\n"
        "s_gt'' = gamma_r^2 (N_tr Q(V_r) - s_gt) - 2 gamma_r s_gt'\n"
        "s_er'' = gamma_e^2 (N_rt Q(V_t) + c_r - s_er) - 2 gamma_e s_er'\n"
        "s_gr'' = gamma_r^2 (N_rr Q(V_r) - s_gr) - 2 gamma_r s_gr'\n"
        "Q(V) = Q_max / (1 + exp(-C1 (V - theta) / sigma))",
    .source = "Costa et al. (2016), PLoS Comput. Biol. 12, e1005022; currents: Destexhe et al. (1996), "
              "J. Neurophysiol. 76, 2049-2070",
    CALI_MODEL_PARTS,
};
