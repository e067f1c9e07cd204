/* The Epileptor beside a planar oscillator, which gives the region its rhythm between seizures. */
#include "nmm/models/epileptor.h"

enum {
    TAU_RS = EPI_N_PARAMS, I_RS, A_RS, B_RS, D_RS, E_RS, F_RS, ALPHA_RS, BETA_RS, GAMMA_RS, K_RS, P
};
enum { X_RS = EPI_N_STATES, Y_RS };

static const cal_field params[] = {
    CALI_EPILEPTOR_PARAMS,
    [TAU_RS] = {"tau_rs", "1", 1.0, 1e-3, 1e3, "separation of the time scales of x_rs and y_rs"},
    [I_RS] = {"I_rs", "1", 0.0, -100.0, 100.0, "constant drive of the oscillator"},
    [A_RS] = {"a_rs", "1", -2.0, -100.0, 100.0, "offset of the nullcline of y_rs"},
    [B_RS] = {"b_rs", "1", -10.0, -100.0, 100.0, "slope of the nullcline of y_rs"},
    [D_RS] = {"d_rs", "1/ms", 0.02, 1e-5, 10.0, "rate of the oscillator"},
    [E_RS] = {"e_rs", "1", 3.0, -100.0, 100.0, "coefficient of x_rs^2"},
    [F_RS] = {"f_rs", "1", 1.0, -100.0, 100.0, "coefficient of x_rs^3"},
    [ALPHA_RS] = {"alpha_rs", "1", 1.0, -100.0, 100.0, "weight of y_rs in x_rs'"},
    [BETA_RS] = {"beta_rs", "1", 1.0, -100.0, 100.0, "decay of y_rs"},
    [GAMMA_RS] = {"gamma_rs", "1", 1.0, -100.0, 100.0, "weight of the drive and of the input"},
    [K_RS] = {"K_rs", "1", 1.0, -100.0, 100.0, "weight of the input c_x_rs"},
    [P] = {"p", "1", 0.0, 0.0, 1.0, "share of the Epileptor in the output lfp"},
};
static const cal_field states[] = {
    CALI_EPILEPTOR_STATES,
    [X_RS] = {"x_rs", "1", 0.0, -INFINITY, INFINITY, "fast variable of the oscillator"},
    [Y_RS] = {"y_rs", "1", 0.0, -INFINITY, INFINITY, "slow variable of the oscillator"},
};
static const double scales[] = {1.0, 10.0, 3.0, 1.0, 1.0, 0.1, 1.0, 1.0};
enum { C_X1, C_X2, C_X_RS };
static const cal_field inputs[] = {
    [C_X1] = {"c_x1", "1", 0.0, -INFINITY, INFINITY, "input of the fast ensemble (by Kvf) and of z (by Ks)"},
    [C_X2] = {"c_x2", "1", 0.0, -INFINITY, INFINITY, "input of the second ensemble, by Kf"},
    [C_X_RS] = {"c_x_rs", "1", 0.0, -INFINITY, INFINITY, "input of the oscillator, by gamma_rs K_rs"},
};
enum { OUT_X1, OUT_X2, OUT_X_RS, OUT_LFP, OUT_Z, OUT_Y1, OUT_Y2, OUT_G, OUT_Y_RS };
static const cal_field outputs[] = {
    [OUT_X1] = {"x1", "1", 0.0, -INFINITY, INFINITY, "fast ensemble: discharges"},
    [OUT_X2] = {"x2", "1", 0.0, -INFINITY, INFINITY, "second ensemble: spikes and waves"},
    [OUT_X_RS] = {"x_rs", "1", 0.0, -INFINITY, INFINITY, "fast variable of the oscillator"},
    [OUT_LFP] = {"lfp", "1", 0.0, -INFINITY, INFINITY, "local field potential, p (x2 - x1) + (1 - p) x_rs"},
    [OUT_Z] = {"z", "1", 0.0, -INFINITY, INFINITY, "permittivity"},
    [OUT_Y1] = {"y1", "1", 0.0, -INFINITY, INFINITY, "recovery of the fast ensemble"},
    [OUT_Y2] = {"y2", "1", 0.0, -INFINITY, INFINITY, "recovery of the second ensemble"},
    [OUT_G] = {"g", "1", 0.0, -INFINITY, INFINITY, "x1, filtered"},
    [OUT_Y_RS] = {"y_rs", "1", 0.0, -INFINITY, INFINITY, "slow variable of the oscillator"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x, const double *restrict c,
                double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double v = x[X_RS * n + i], w = x[Y_RS * n + i], d = p[D_RS * n + i], tau = p[TAU_RS * n + i];
        const double drive = p[GAMMA_RS * n + i] * (p[I_RS * n + i] + p[K_RS * n + i] * c[C_X_RS * n + i]);
        epileptor(n, i, p, x, 0.0, c[C_X1 * n + i], c[C_X2 * n + i], dx);
        dx[X_RS * n + i] =
            d * tau * (p[ALPHA_RS * n + i] * w - p[F_RS * n + i] * v * v * v + p[E_RS * n + i] * v * v + drive);
        dx[Y_RS * n + i] = d * (p[A_RS * n + i] + p[B_RS * n + i] * v - p[BETA_RS * n + i] * w) / tau;
    }
}

static void observe(size_t n, const double *restrict p, const double *restrict x, double *restrict y)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double x1 = x[EPI_X1 * n + i], x2 = x[EPI_X2 * n + i], x_rs = x[X_RS * n + i], share = p[P * n + i];
        y[OUT_X1 * n + i] = x1;
        y[OUT_X2 * n + i] = x2;
        y[OUT_X_RS * n + i] = x_rs;
        y[OUT_LFP * n + i] = share * (x2 - x1) + (1.0 - share) * x_rs;
        y[OUT_Z * n + i] = x[EPI_Z * n + i];
        y[OUT_Y1 * n + i] = x[EPI_Y1 * n + i];
        y[OUT_Y2 * n + i] = x[EPI_Y2 * n + i];
        y[OUT_G * n + i] = x[EPI_G * n + i];
        y[OUT_Y_RS * n + i] = x[Y_RS * n + i];
    }
}

extern const cal_nmm_model CALI_MODEL(epileptor_resting_state);
const cal_nmm_model CALI_MODEL(epileptor_resting_state) = {
    .name = "epileptor-resting-state",
    .alias = NULL,
    .title = "Epileptor with an oscillator: seizures, and the rhythm between them",
    .equations = CALI_EPILEPTOR_FAST
                 "z' = tt r (s (x1 - x0) - [0.1 z^7 for z < 0] - z + Ks c_x1)\n"
                 CALI_EPILEPTOR_SLOWER "\n"
                 "x_rs' = d_rs tau_rs (alpha_rs y_rs - f_rs x_rs^3 + e_rs x_rs^2 + gamma_rs (I_rs + K_rs c_x_rs))\n"
                 "y_rs' = d_rs (a_rs + b_rs x_rs - beta_rs y_rs) / tau_rs",
    .source = "Courtiol, Guye, Bartolomei, Petkoski & Jirsa (2020), J. Neurosci. 40, 5572-5588",
    CALI_MODEL_PARTS,
};
