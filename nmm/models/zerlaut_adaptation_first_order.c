/* Mean field of adaptive exponential neurons: the mean rates of the two populations follow the transfer function. */
#include "nmm/models/zerlaut.h"

enum { E, I, W_E, W_I, OU };

static const cal_field params[] = {CALI_ZERLAUT_PARAMS};
static const cal_field states[] = {
    [E] = {"E", "1/ms", 0.01, 0.0, INFINITY, "rate of the excitatory cells"},
    [I] = {"I", "1/ms", 0.01, 0.0, INFINITY, "rate of the inhibitory cells"},
    [W_E] = {"W_e", "pA", 100.0, -INFINITY, INFINITY, "adaptation of the excitatory cells"},
    [W_I] = {"W_i", "pA", 0.0, -INFINITY, INFINITY, "adaptation of the inhibitory cells"},
    [OU] = {"ou_drift", "1/ms", 0.0, -INFINITY, INFINITY, "fluctuating input: decays, driven by noise on it"},
};
static const double scales[] = {0.01, 0.01, 100.0, 100.0, 0.001};
static const cal_field inputs[] = {
    {"c", "1/ms", 0.0, -INFINITY, INFINITY, "rate of other regions' excitatory cells, per synapse from outside"},
};
static const cal_field outputs[] = {
    [E] = {"E", "1/ms", 0.0, 0.0, INFINITY, "rate of the excitatory cells"},
    [I] = {"I", "1/ms", 0.0, 0.0, INFINITY, "rate of the inhibitory cells"},
    [W_E] = {"W_e", "pA", 0.0, -INFINITY, INFINITY, "adaptation of the excitatory cells"},
    [W_I] = {"W_i", "pA", 0.0, -INFINITY, INFINITY, "adaptation of the inhibitory cells"},
    [OU] = {"ou_drift", "1/ms", 0.0, -INFINITY, INFINITY, "fluctuating input"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x, const double *restrict c,
                double *restrict dx)
{
    EACH_REGION
    for (size_t k = 0; k < n; k++) {
        const double e = x[E * n + k], i = x[I * n + k], w_e = x[W_E * n + k], w_i = x[W_I * n + k];
        const double from_outside = not_negative(c[k] + p[Z_WEIGHT_NOISE * n + k] * x[OU * n + k]);
        const zerlaut_cells exc = zerlaut_transfer(n, k, p, Z_E_L_E, Z_P_E, e, i, from_outside + p[Z_EX_EX * n + k],
                                                   p[Z_EX_IN * n + k], w_e);
        const zerlaut_cells inh = zerlaut_transfer(n, k, p, Z_E_L_I, Z_P_I, e, i, from_outside + p[Z_IN_EX * n + k],
                                                   p[Z_IN_IN * n + k], w_i);
        dx[E * n + k] = (exc.rate.v - e) / p[Z_T * n + k];
        dx[I * n + k] = (inh.rate.v - i) / p[Z_T * n + k];
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

extern const cal_nmm_model CALI_MODEL(zerlaut_adaptation_first_order);
const cal_nmm_model CALI_MODEL(zerlaut_adaptation_first_order) = {
    .name = "zerlaut-adaptation-first-order",
    .alias = "zerlaut",
    .title = "Mean field of adaptive exponential neurons, mean rates (Zerlaut, di Volo)",
    .equations = "T E' = F_e - E,  T I' = F_i - I\n" CALI_ZERLAUT_EQUATIONS
                 "r_ee = [c + weight_noise ou_drift]_+ + external_input_ex_ex,  r_ei = external_input_ex_in\n"
                 "r_ie = [c + weight_noise ou_drift]_+ + external_input_in_ex,  r_ii = external_input_in_in",
    .source = CALI_ZERLAUT_SOURCE,
    .is_stiff = true,
    CALI_MODEL_PARTS,
};
