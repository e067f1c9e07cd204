/* Mean field of adaptive exponential neurons: mean rates of the two populations and their covariances, for finite
 * numbers of cells. The Virtual Brain takes F's derivatives per Hz while rates are in 1/ms, so that they are 1000 times
 * too small, and its equation of C_ei has the factors of a transposed Jacobian; both are kept as its convention. */
#include "nmm/models/zerlaut.h"

enum { S_I = Z_N_PARAMS, MOMENTS };
enum { E, I, C_EE, C_EI, C_II, W_E, W_I, OU };

static const cal_field params[] = {
    CALI_ZERLAUT_PARAMS,
    [S_I] = {"S_i", "1", 1.0, 0.0, 100.0, "weight of the coupling input to inhibitory cells, over that to excitatory"},
    [MOMENTS] = {"moments", "1", 0.0, 0.0, 1.0,
                 "0: covariances as The Virtual Brain computes them; 1: by the equations of the moments, near rest"},
};
static const cal_field states[] = {
    [E] = {"E", "1/ms", 0.01, 0.0, INFINITY, "rate of the excitatory cells"},
    [I] = {"I", "1/ms", 0.01, 0.0, INFINITY, "rate of the inhibitory cells"},
    [C_EE] = {"C_ee", "1/ms^2", 0.0, -INFINITY, INFINITY, "variance of the excitatory rate"},
    [C_EI] = {"C_ei", "1/ms^2", 0.0, -INFINITY, INFINITY, "covariance of the two rates"},
    [C_II] = {"C_ii", "1/ms^2", 0.0, -INFINITY, INFINITY, "variance of the inhibitory rate"},
    [W_E] = {"W_e", "pA", 100.0, -INFINITY, INFINITY, "adaptation of the excitatory cells"},
    [W_I] = {"W_i", "pA", 0.0, -INFINITY, INFINITY, "adaptation of the inhibitory cells"},
    [OU] = {"ou_drift", "1/ms", 0.0, -INFINITY, INFINITY, "fluctuating input: decays, driven by noise on it"},
};
static const double scales[] = {0.01, 0.01, 1e-4, 1e-4, 1e-4, 100.0, 100.0, 0.001};
static const cal_field inputs[] = {
    {"c", "1/ms", 0.0, -INFINITY, INFINITY, "rate of other regions' excitatory cells, per synapse from outside"},
};
static const cal_field outputs[] = {
    [E] = {"E", "1/ms", 0.0, 0.0, INFINITY, "rate of the excitatory cells"},
    [I] = {"I", "1/ms", 0.0, 0.0, INFINITY, "rate of the inhibitory cells"},
    [C_EE] = {"C_ee", "1/ms^2", 0.0, -INFINITY, INFINITY, "variance of the excitatory rate"},
    [C_EI] = {"C_ei", "1/ms^2", 0.0, -INFINITY, INFINITY, "covariance of the two rates"},
    [C_II] = {"C_ii", "1/ms^2", 0.0, -INFINITY, INFINITY, "variance of the inhibitory rate"},
    [W_E] = {"W_e", "pA", 0.0, -INFINITY, INFINITY, "adaptation of the excitatory cells"},
    [W_I] = {"W_i", "pA", 0.0, -INFINITY, INFINITY, "adaptation of the inhibitory cells"},
    [OU] = {"ou_drift", "1/ms", 0.0, -INFINITY, INFINITY, "fluctuating input"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x, const double *restrict c,
                double *restrict dx)
{
    EACH_REGION
    for (size_t k = 0; k < n; k++) {
        const double e = x[E * n + k], i = x[I * n + k], c_ee = x[C_EE * n + k], c_ei = x[C_EI * n + k];
        const double c_ii = x[C_II * n + k], w_e = x[W_E * n + k], w_i = x[W_I * n + k];
        const double fluctuation = p[Z_WEIGHT_NOISE * n + k] * x[OU * n + k];
        const double to_e = not_negative(c[k] + p[Z_EX_EX * n + k] + fluctuation);
        const double to_i = not_negative(p[S_I * n + k] * c[k] + p[Z_IN_EX * n + k] + fluctuation);
        const zerlaut_cells exc = zerlaut_transfer(n, k, p, Z_E_L_E, Z_P_E, e, i, to_e, p[Z_EX_IN * n + k], w_e);
        const zerlaut_cells inh = zerlaut_transfer(n, k, p, Z_E_L_I, Z_P_I, e, i, to_i, p[Z_IN_IN * n + k], w_i);
        const taylor f_e = exc.rate, f_i = inh.rate;
        const double mixed = c_ee * f_i.e + c_ei * (f_e.e + f_i.i) + c_ii * f_e.i;
        const double mixed_tvb = c_ee * f_e.e + c_ei * (f_i.e + f_e.i) + c_ii * f_i.i;
        const double moments = p[MOMENTS * n + k];
        const double s = moments >= 0.5 ? 1.0 : 1e-3, by_t = 1.0 / p[Z_T * n + k];
        const double n_i = p[Z_N_TOT * n + k] * p[Z_G * n + k], n_e = p[Z_N_TOT * n + k] - n_i;
        dx[E * n + k] =
            by_t * (f_e.v - e + s * s * (0.5 * c_ee * f_e.ee + c_ei * f_e.ei + 0.5 * c_ii * f_e.ii));
        dx[I * n + k] =
            by_t * (f_i.v - i + s * s * (0.5 * c_ee * f_i.ee + c_ei * f_i.ei + 0.5 * c_ii * f_i.ii));
        dx[C_EE * n + k] = by_t * (f_e.v * (by_t - f_e.v) / n_e + (f_e.v - e) * (f_e.v - e) +
                                   2.0 * s * (c_ee * f_e.e + c_ei * f_e.i) - 2.0 * c_ee);
        dx[C_EI * n + k] =
            by_t * ((f_e.v - e) * (f_i.v - i) +
                    s * (moments >= 0.5 ? mixed : mixed_tvb) - 2.0 * c_ei);
        dx[C_II * n + k] = by_t * (f_i.v * (by_t - f_i.v) / n_i + (f_i.v - i) * (f_i.v - i) +
                                   2.0 * s * (c_ii * f_i.i + c_ei * f_i.e) - 2.0 * c_ii);
        dx[W_E * n + k] = zerlaut_adaptation(w_e, e, exc.mu_V_mV, p[Z_A_E * n + k], p[Z_B_E * n + k],
                                             p[Z_TAU_W_E * n + k], p[Z_E_L_E * n + k]);
        dx[W_I * n + k] = zerlaut_adaptation(w_i, i, inh.mu_V_mV, p[Z_A_I * n + k], p[Z_B_I * n + k],
                                             p[Z_TAU_W_I * n + k], p[Z_E_L_I * n + k]);
        dx[OU * n + k] = -x[OU * n + k] / p[Z_TAU_OU * n + k];
    }
}

static void observe(size_t n, const double *restrict p, const double *restrict x, double *restrict y)
{
    (void)p;
    EACH_REGION
    for (size_t k = 0; k < N_ROWS(states) * n; k++)
        y[k] = x[k];
}

extern const cal_nmm_model CALI_MODEL(zerlaut_adaptation_second_order);
const cal_nmm_model CALI_MODEL(zerlaut_adaptation_second_order) = {
    .name = "zerlaut-adaptation-second-order",
    .alias = "zerlaut-second-order",
    .title = "Mean field of adaptive exponential neurons, rates and covariances (Zerlaut, di Volo)",
    .equations =
    "T E' = F_e - E + s^2 (C_ee F_e,ee / 2 + C_ei F_e,ei + C_ii F_e,ii / 2),  I likewise\n"
        "T C_ee' = F_e (1/T - F_e) / N_e + (F_e - E)^2 + 2 s (C_ee F_e,e + C_ei F_e,i) - 2 C_ee\n"
        "T C_ii' = F_i (1/T - F_i) / N_i + (F_i - I)^2 + 2 s (C_ii F_i,i + C_ei F_i,e) - 2 C_ii\n"
        "T C_ei' = (F_e - E) (F_i - I) + s mixed - 2 C_ei\n"
        "moments 1: s = 1,     mixed = C_ee F_i,e + C_ei (F_e,e + F_i,i) + C_ii F_e,i\n"
        "moments 0: s = 0.001, mixed = C_ee F_e,e + C_ei (F_i,e + F_e,i) + C_ii F_i,i\n"
        "N_e = (1 - g) N_tot,  N_i = g N_tot;  F,e and F,i: derivatives with respect to E and I\n" CALI_ZERLAUT_EQUATIONS
        "r_ee = [c + external_input_ex_ex + weight_noise ou_drift]_+,  r_ei = external_input_ex_in\n"
        "r_ie = [S_i c + external_input_in_ex + weight_noise ou_drift]_+,  r_ii = external_input_in_in",
    .source = CALI_ZERLAUT_SOURCE,
    .is_stiff = true,
    CALI_MODEL_PARTS,
};
