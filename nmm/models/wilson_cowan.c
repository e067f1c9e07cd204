/* Shares of active cells in an excitatory and an inhibitory population. */
#include "nmm/models/model.h"

enum {
    C_EE, C_EI, C_IE, C_II, TAU_E, TAU_I, A_E, B_E, C_E, THETA_E, A_I, B_I, C_I, THETA_I,
    R_E, R_I, K_E, K_I, P_EXT, Q_EXT, ALPHA_E, ALPHA_I, SHIFT
};

static const cal_field params[] = {
    [C_EE] = {"c_ee", "1", 12.0, 0.0, 100.0, "coupling from E to E"},
    [C_EI] = {"c_ei", "1", 4.0, 0.0, 100.0, "coupling from I to E"},
    [C_IE] = {"c_ie", "1", 13.0, 0.0, 100.0, "coupling from E to I"},
    [C_II] = {"c_ii", "1", 11.0, 0.0, 100.0, "coupling from I to I"},
    [TAU_E] = {"tau_e", "ms", 10.0, 1e-2, 1e4, "time constant of E"},
    [TAU_I] = {"tau_i", "ms", 10.0, 1e-2, 1e4, "time constant of I"},
    [A_E] = {"a_e", "1", 1.2, 0.0, 50.0, "steepness of the response of E"},
    [B_E] = {"b_e", "1", 2.8, -50.0, 50.0, "position of the steepest point of E"},
    [C_E] = {"c_e", "1", 1.0, 0.0, 50.0, "amplitude of the response of E"},
    [THETA_E] = {"theta_e", "1", 0.0, -50.0, 50.0, "threshold of E"},
    [A_I] = {"a_i", "1", 1.0, 0.0, 50.0, "steepness of the response of I"},
    [B_I] = {"b_i", "1", 4.0, -50.0, 50.0, "position of the steepest point of I"},
    [C_I] = {"c_i", "1", 1.0, 0.0, 50.0, "amplitude of the response of I"},
    [THETA_I] = {"theta_i", "1", 0.0, -50.0, 50.0, "threshold of I"},
    [R_E] = {"r_e", "1", 1.0, 0.0, 10.0, "refractoriness of E"},
    [R_I] = {"r_i", "1", 1.0, 0.0, 10.0, "refractoriness of I"},
    [K_E] = {"k_e", "1", 1.0, 0.0, 10.0, "largest share of E"},
    [K_I] = {"k_i", "1", 1.0, 0.0, 10.0, "largest share of I"},
    [P_EXT] = {"P", "1", 0.0, -50.0, 50.0, "constant drive of E"},
    [Q_EXT] = {"Q", "1", 0.0, -50.0, 50.0, "constant drive of I"},
    [ALPHA_E] = {"alpha_e", "1", 1.0, -50.0, 50.0, "weight of the input of E"},
    [ALPHA_I] = {"alpha_i", "1", 1.0, -50.0, 50.0, "weight of the input of I"},
    [SHIFT] = {"shift_sigmoid", "1", 1.0, 0.0, 1.0, "1: responses are 0 at input 0; 0: not"},
};
static const cal_field states[] = {
    {"E", "1", 0.1, -INFINITY, INFINITY, "share of active excitatory cells"},
    {"I", "1", 0.05, -INFINITY, INFINITY, "share of active inhibitory cells"},
};
static const double scales[] = {0.1, 0.1};
static const cal_field inputs[] = {
    {"c_E", "1", 0.0, -INFINITY, INFINITY, "drive of E"},
    {"c_I", "1", 0.0, -INFINITY, INFINITY, "drive of I"},
};
static const cal_field outputs[] = {
    {"E", "1", 0.0, -INFINITY, INFINITY, "share of active excitatory cells"},
    {"I", "1", 0.0, -INFINITY, INFINITY, "share of active inhibitory cells"},
};

/* Response to the drive x, moved to 0 at x = 0 in the share `shift`. */
CAL_HD double response(double a, double b, double c, double shift, double x)
{
    return c * (1.0 / (1.0 + cali_exp(-a * (x - b))) - shift / (1.0 + cali_exp(a * b)));
}

static void rhs(size_t n, const double *restrict p, const double *restrict x,
                const double *restrict c, double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double e = x[i], h = x[n + i], shift = p[SHIFT * n + i];
        const double x_e = p[ALPHA_E * n + i] * (p[C_EE * n + i] * e - p[C_EI * n + i] * h +
                                                 p[P_EXT * n + i] - p[THETA_E * n + i] + c[i]);
        const double x_i = p[ALPHA_I * n + i] * (p[C_IE * n + i] * e - p[C_II * n + i] * h +
                                                 p[Q_EXT * n + i] - p[THETA_I * n + i] + c[n + i]);
        const double s_e = response(p[A_E * n + i], p[B_E * n + i], p[C_E * n + i], shift, x_e);
        const double s_i = response(p[A_I * n + i], p[B_I * n + i], p[C_I * n + i], shift, x_i);
        dx[i] = ((p[K_E * n + i] - p[R_E * n + i] * e) * s_e - e) / p[TAU_E * n + i];
        dx[n + i] = ((p[K_I * n + i] - p[R_I * n + i] * h) * s_i - h) / p[TAU_I * n + i];
    }
}

static void observe(size_t n, const double *restrict p, const double *restrict x,
                    double *restrict y)
{
    (void)p;
    EACH_REGION
    for (size_t i = 0; i < 2 * n; i++)
        y[i] = x[i];
}

extern const cal_nmm_model CALI_MODEL(wilson_cowan);
const cal_nmm_model CALI_MODEL(wilson_cowan) = {
    .name = "wilson-cowan",
    .alias = "wc",
    .title = "Wilson-Cowan: shares of active excitatory and inhibitory cells",
    .equations = "tau_e E' = -E + (k_e - r_e E) S_e(alpha_e (c_ee E - c_ei I + P - theta_e + c_E))\n"
                 "tau_i I' = -I + (k_i - r_i I) S_i(alpha_i (c_ie E - c_ii I + Q - theta_i + c_I))\n"
                 "S(x) = c (1 / (1 + exp(-a (x - b))) - shift_sigmoid / (1 + exp(a b)))",
    .source = "Wilson & Cowan (1972), Biophys. J. 12, 1-24",
    .is_stiff = true,
    CALI_MODEL_PARTS,
};
