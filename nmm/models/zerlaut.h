/* What the two mean fields of adaptive exponential neurons share: the transfer function F, the rate at which cells fire
 * whose synapses get Poisson input.
 *
 *     f_s         rates of input: within the region, from outside, and 1e-6 / ms of spontaneous release per synapse
 *     mu_Gs       = Q_s tau_s f_s,   mu_G = g_L + mu_Ge + mu_Gi,   T_m = C_m / mu_G
 *     mu_V        = (mu_Ge E_e + mu_Gi E_i + g_L E_L - W) / mu_G,   U_s = Q_s (E_s - mu_V) / mu_G
 *     sigma_V^2   = sum_s f_s (U_s tau_s)^2 / (2 (T_m + tau_s))
 *     T_V         = sum_s f_s (U_s tau_s)^2 / sum_s (f_s (U_s tau_s)^2 / (T_m + tau_s))
 *     F           = erfc((V_thre - mu_V) / (sqrt 2 sigma_V)) / (2 T_V)
 *     V_thre / mV = 1000 (P0 + P1 V + P2 S + P3 T + P4 V^2 + P5 S^2 + P6 T^2 + P7 V S + P8 V T + P9 S T)
 *                   V = (mu_V + 60) / 10,   S = (sigma_V - 4) / 6,   T = T_V g_L / C_m - 1/2
 *
 * The second order needs F's derivatives with respect to the two rates. They come with F itself: every quantity is a
 * Taylor polynomial of degree two. Where only values are used, the compiler drops the rest.
 * Sources: Zerlaut, Chemla, Chavane & Destexhe (2018), J. Comput. Neurosci. 44, 45-61; di Volo, Romagnoni, Capone &
 * Destexhe (2019), Neural Comput. 31, 653-680. */
#ifndef CALI_NMM_MODELS_ZERLAUT_H
#define CALI_NMM_MODELS_ZERLAUT_H

#include "nmm/models/model.h"

/* A value and its derivatives with respect to the excitatory and the inhibitory rate. */
typedef struct taylor {
    double v, e, i, ee, ei, ii;
} taylor;

CAL_HD taylor plus(taylor a, taylor b)
{
    return (taylor){a.v + b.v, a.e + b.e, a.i + b.i, a.ee + b.ee, a.ei + b.ei, a.ii + b.ii};
}

/* a x + b */
CAL_HD taylor line(double a, taylor x, double b)
{
    return (taylor){a * x.v + b, a * x.e, a * x.i, a * x.ee, a * x.ei, a * x.ii};
}

CAL_HD taylor times(taylor a, taylor b)
{
    return (taylor){a.v * b.v,
                    a.e * b.v + a.v * b.e,
                    a.i * b.v + a.v * b.i,
                    a.ee * b.v + 2.0 * a.e * b.e + a.v * b.ee,
                    a.ei * b.v + a.e * b.i + a.i * b.e + a.v * b.ei,
                    a.ii * b.v + 2.0 * a.i * b.i + a.v * b.ii};
}

/* h(x), whose value and first two derivatives at x are given */
CAL_HD taylor chain(taylor x, double h, double slope, double bend)
{
    return (taylor){h,
                    slope * x.e,
                    slope * x.i,
                    slope * x.ee + bend * x.e * x.e,
                    slope * x.ei + bend * x.e * x.i,
                    slope * x.ii + bend * x.i * x.i};
}

CAL_HD taylor inverse(taylor x)
{
    const double y = 1.0 / x.v;
    return chain(x, y, -y * y, 2.0 * y * y * y);
}

CAL_HD taylor square_root(taylor x)
{
    const double y = __builtin_sqrt(x.v), slope = 0.5 / y;
    return chain(x, y, slope, -0.5 * slope / x.v);
}

CAL_HD taylor complementary_error(taylor x)
{
    const double slope = -1.1283791670955125739 * cali_exp(-x.v * x.v); /* 2 / sqrt(pi) */
    return chain(x, cali_erfc(x.v), slope, -2.0 * x.v * slope);
}

enum {
    Z_G_L, Z_E_L_E, Z_E_L_I, Z_C_M, Z_B_E, Z_A_E, Z_B_I, Z_A_I, Z_TAU_W_E, Z_TAU_W_I, Z_E_E, Z_E_I, Z_Q_E, Z_Q_I,
    Z_TAU_E, Z_TAU_I, Z_N_TOT, Z_P_CONNECT_E, Z_P_CONNECT_I, Z_G, Z_K_EXT_E, Z_K_EXT_I, Z_T, Z_P_E, Z_P_I = Z_P_E + 10,
    Z_EX_EX = Z_P_I + 10, Z_EX_IN, Z_IN_EX, Z_IN_IN, Z_TAU_OU, Z_WEIGHT_NOISE, Z_N_PARAMS
};

#define CALI_THRESHOLD(row, name, p0, p1, p2, p3, p4, p5, p6, p7, p8, p9)                                              \
    [row] = {name "0", "V", p0, -1.0, 1.0, "threshold, constant"},                                                    \
    [row + 1] = {name "1", "V", p1, -1.0, 1.0, "threshold, coefficient of V"},                                        \
    [row + 2] = {name "2", "V", p2, -1.0, 1.0, "threshold, coefficient of S"},                                        \
    [row + 3] = {name "3", "V", p3, -1.0, 1.0, "threshold, coefficient of T"},                                        \
    [row + 4] = {name "4", "V", p4, -1.0, 1.0, "threshold, coefficient of V^2"},                                      \
    [row + 5] = {name "5", "V", p5, -1.0, 1.0, "threshold, coefficient of S^2"},                                      \
    [row + 6] = {name "6", "V", p6, -1.0, 1.0, "threshold, coefficient of T^2"},                                      \
    [row + 7] = {name "7", "V", p7, -1.0, 1.0, "threshold, coefficient of V S"},                                      \
    [row + 8] = {name "8", "V", p8, -1.0, 1.0, "threshold, coefficient of V T"},                                      \
    [row + 9] = {name "9", "V", p9, -1.0, 1.0, "threshold, coefficient of S T"}

#define CALI_ZERLAUT_PARAMS                                                                                            \
    [Z_G_L] = {"g_L", "nS", 10.0, 0.1, 1e3, "leak conductance"},                                                      \
    [Z_E_L_E] = {"E_L_e", "mV", -65.0, -150.0, 0.0, "leak reversal potential of excitatory cells"},                   \
    [Z_E_L_I] = {"E_L_i", "mV", -65.0, -150.0, 0.0, "leak reversal potential of inhibitory cells"},                   \
    [Z_C_M] = {"C_m", "pF", 200.0, 1.0, 1e4, "membrane capacitance"},                                                 \
    [Z_B_E] = {"b_e", "pA", 60.0, 0.0, 1e4, "adaptation of excitatory cells: step per spike"},                        \
    [Z_A_E] = {"a_e", "nS", 4.0, 0.0, 1e3, "adaptation of excitatory cells: conductance"},                            \
    [Z_B_I] = {"b_i", "pA", 0.0, 0.0, 1e4, "adaptation of inhibitory cells: step per spike"},                         \
    [Z_A_I] = {"a_i", "nS", 0.0, 0.0, 1e3, "adaptation of inhibitory cells: conductance"},                            \
    [Z_TAU_W_E] = {"tau_w_e", "ms", 500.0, 0.1, 1e5, "time constant of W_e"},                                         \
    [Z_TAU_W_I] = {"tau_w_i", "ms", 1.0, 0.1, 1e5, "time constant of W_i"},                                           \
    [Z_E_E] = {"E_e", "mV", 0.0, -100.0, 100.0, "reversal potential of excitatory synapses"},                         \
    [Z_E_I] = {"E_i", "mV", -80.0, -150.0, 0.0, "reversal potential of inhibitory synapses"},                         \
    [Z_Q_E] = {"Q_e", "nS", 1.5, 0.0, 100.0, "conductance of an excitatory event"},                                   \
    [Z_Q_I] = {"Q_i", "nS", 5.0, 0.0, 100.0, "conductance of an inhibitory event"},                                   \
    [Z_TAU_E] = {"tau_e", "ms", 5.0, 0.1, 100.0, "decay of excitatory synapses"},                                     \
    [Z_TAU_I] = {"tau_i", "ms", 5.0, 0.1, 100.0, "decay of inhibitory synapses"},                                     \
    [Z_N_TOT] = {"N_tot", "1", 10000.0, 1.0, 1e7, "number of cells"},                                                 \
    [Z_P_CONNECT_E] = {"p_connect_e", "1", 0.05, 0.0, 1.0, "probability of a connection from an excitatory cell"},    \
    [Z_P_CONNECT_I] = {"p_connect_i", "1", 0.05, 0.0, 1.0, "probability of a connection from an inhibitory cell"},    \
    [Z_G] = {"g", "1", 0.2, 0.001, 0.999, "share of inhibitory cells"},                                               \
    [Z_K_EXT_E] = {"K_ext_e", "1", 400.0, 0.0, 1e6, "excitatory synapses from outside per cell"},                     \
    [Z_K_EXT_I] = {"K_ext_i", "1", 0.0, 0.0, 1e6, "inhibitory synapses from outside per cell"},                       \
    [Z_T] = {"T", "ms", 20.0, 0.1, 1e3, "time scale on which the rates follow F"},                                    \
    CALI_THRESHOLD(Z_P_E, "P_e", -0.04983106, 0.005063550882777035, -0.023470121807314552, 0.0022951513725067503,     \
                   -0.0004105302652029825, 0.010547051343547399, -0.03659252821136933, 0.007437487505797858,          \
                   0.001265064721846073, -0.04072161294490446),                                                       \
    CALI_THRESHOLD(Z_P_I, "P_i", -0.05149122024209484, 0.004003689190271077, -0.008352013668528155,                   \
                   0.0002414237992765705, -0.0005070645080016026, 0.0014345394104282397, -0.014686689498949967,       \
                   0.004502706285435741, 0.0028472190352532454, -0.015357804594594548),                               \
    [Z_EX_EX] = {"external_input_ex_ex", "1/ms", 0.0, 0.0, 10.0, "constant rate, excitatory, to excitatory cells"},   \
    [Z_EX_IN] = {"external_input_ex_in", "1/ms", 0.0, 0.0, 10.0, "constant rate, inhibitory, to excitatory cells"},   \
    [Z_IN_EX] = {"external_input_in_ex", "1/ms", 0.0, 0.0, 10.0, "constant rate, excitatory, to inhibitory cells"},   \
    [Z_IN_IN] = {"external_input_in_in", "1/ms", 0.0, 0.0, 10.0, "constant rate, inhibitory, to inhibitory cells"},   \
    [Z_TAU_OU] = {"tau_OU", "ms", 5.0, 0.1, 1e3, "time constant of ou_drift"},                                        \
    [Z_WEIGHT_NOISE] = {"weight_noise", "1", 10.5, -1e3, 1e3, "weight of ou_drift in the excitatory input"}

CAL_HD double not_negative(double x)
{
    return x < 0.0 ? 0.0 : x;
}

/* What the cells of one kind do at the rates E and I. */
typedef struct zerlaut_cells {
    taylor rate;    /* F, 1/ms */
    double mu_V_mV; /* mean potential */
} zerlaut_cells;

/* Cells with leak reversal potential `rest` and the threshold in rows `threshold`, at the rates E and I of the region and
 * the rates from outside per synapse. */
CAL_HD zerlaut_cells zerlaut_transfer(size_t n, size_t k, const double *restrict p, size_t rest, size_t threshold,
                                      double rate_e, double rate_i, double outside_e, double outside_i, double w)
{
    const double tiny = 1e-60; /* keeps quotients defined where there is no input at all */
    const double g_l = p[Z_G_L * n + k], c_m = p[Z_C_M * n + k], tau_e = p[Z_TAU_E * n + k];
    const double tau_i = p[Z_TAU_I * n + k], q_e = p[Z_Q_E * n + k], q_i = p[Z_Q_I * n + k];
    const double from_e = (1.0 - p[Z_G * n + k]) * p[Z_P_CONNECT_E * n + k] * p[Z_N_TOT * n + k];
    const double from_i = p[Z_G * n + k] * p[Z_P_CONNECT_I * n + k] * p[Z_N_TOT * n + k];
    const taylor f_e = {(not_negative(rate_e) + 1e-6) * from_e + outside_e * p[Z_K_EXT_E * n + k],
                        from_e, 0.0, 0.0, 0.0, 0.0};
    const taylor f_i = {(not_negative(rate_i) + 1e-6) * from_i + outside_i * p[Z_K_EXT_I * n + k],
                        0.0, from_i, 0.0, 0.0, 0.0};
    const double e_e = p[Z_E_E * n + k], e_i = p[Z_E_I * n + k];
    const taylor mu_g = plus(line(q_e * tau_e, f_e, g_l), line(q_i * tau_i, f_i, 0.0));
    const taylor by_g = inverse(mu_g), t_m = line(c_m, by_g, 0.0);
    const taylor mu_v = times(plus(line(q_e * tau_e * e_e, f_e, g_l * p[rest * n + k] - w),
                                   line(q_i * tau_i * e_i, f_i, 0.0)), by_g);
    const taylor u_e = times(line(-q_e * tau_e, mu_v, q_e * tau_e * e_e), by_g);
    const taylor u_i = times(line(-q_i * tau_i, mu_v, q_i * tau_i * e_i), by_g);
    const taylor power_e = times(f_e, times(u_e, u_e)), power_i = times(f_i, times(u_i, u_i));
    const taylor twice_variance = line(1.0, plus(times(power_e, inverse(line(1.0, t_m, tau_e))),
                                                 times(power_i, inverse(line(1.0, t_m, tau_i)))), tiny);
    const taylor sigma = square_root(line(0.5, twice_variance, 0.0));
    const taylor t_v = times(line(1.0, plus(power_e, power_i), tiny * (tau_e + t_m.v)), inverse(twice_variance));

    const taylor v = line(0.1, mu_v, 6.0), s = line(1.0 / 6.0, sigma, -4.0 / 6.0), t = line(g_l / c_m, t_v, -0.5);
    const double *q = p + threshold * n + k;
    const taylor in_v = times(v, line(1.0, plus(line(q[4 * n], v, 0.0), line(q[7 * n], s, 0.0)), q[n]));
    const taylor in_s = times(s, line(1.0, plus(line(q[5 * n], s, 0.0), line(q[9 * n], t, 0.0)), q[2 * n]));
    const taylor in_t = times(t, line(1.0, plus(line(q[6 * n], t, 0.0), line(q[8 * n], v, 0.0)), q[3 * n]));
    const taylor v_thre = line(1e3, plus(in_v, plus(in_s, in_t)), 1e3 * q[0]);
    const taylor distance = times(plus(v_thre, line(-1.0, mu_v, 0.0)), inverse(line(1.41421356237309504880, sigma, 0.0)));
    return (zerlaut_cells){times(complementary_error(distance), inverse(line(2.0, t_v, 0.0))), mu_v.v};
}

/* W' for rows a, b, tau_w and E_L of p */
CAL_HD double zerlaut_adaptation(double w, double rate, double mu_V_mV, double a, double b, double tau_w, double e_l)
{
    return -w / tau_w + b * rate + a * (mu_V_mV - e_l) / tau_w;
}

#define CALI_ZERLAUT_EQUATIONS                                                                                         \
    "W_e' = (-W_e + a_e (mu_Ve - E_L_e)) / tau_w_e + b_e E\n"                                                         \
    "W_i' = (-W_i + a_i (mu_Vi - E_L_i)) / tau_w_i + b_i I\n"                                                         \
    "ou_drift' = -ou_drift / tau_OU\n"                                                                                \
    "F_x(E, I, ...) = erfc((V_thre - mu_V) / (sqrt(2) sigma_V)) / (2 T_V), of cells x = e, i:\n"                      \
    "  f_e = (E + 1e-6) (1 - g) p_connect_e N_tot + K_ext_e r_xe,  f_i = (I + 1e-6) g p_connect_i N_tot + K_ext_i r_xi\n" \
    "  mu_G = g_L + sum_s Q_s tau_s f_s,  T_m = C_m / mu_G\n"                                                         \
    "  mu_V = (sum_s Q_s tau_s f_s E_s + g_L E_L_x - W_x) / mu_G,  U_s = Q_s (E_s - mu_V) / mu_G\n"                   \
    "  sigma_V^2 = sum_s f_s (U_s tau_s)^2 / (2 (T_m + tau_s)),  s = e, i\n"                                          \
    "  T_V = sum_s f_s (U_s tau_s)^2 / sum_s (f_s (U_s tau_s)^2 / (T_m + tau_s))\n"                                   \
    "  V_thre = P_x0 + P_x1 V + P_x2 S + P_x3 T + P_x4 V^2 + P_x5 S^2 + P_x6 T^2 + P_x7 V S + P_x8 V T + P_x9 S T\n"  \
    "  V = (mu_V + 60 mV) / 10 mV,  S = (sigma_V - 4 mV) / 6 mV,  T = T_V g_L / C_m - 1/2\n"
#define CALI_ZERLAUT_SOURCE                                                                                            \
    "Zerlaut, Chemla, Chavane & Destexhe (2018), J. Comput. Neurosci. 44, 45-61; di Volo, Romagnoni, Capone & "       \
    "Destexhe (2019), Neural Comput. 31, 653-680"

#endif
