/* Excitatory and inhibitory FitzHugh-Nagumo neurons with spread drives, each reduced to three modes. */
#include "nmm/models/reduced_set.h"

enum { TAU, A, B, K11, K12, K21, SIGMA, MU, N_PARAMS };
enum { XI = 0, ETA = N_MODES, ALPHA = 2 * N_MODES, BETA = 3 * N_MODES, N_STATES = 4 * N_MODES };

static const cal_field params[] = {
    [TAU] = {"tau", "1", 3.0, 0.1, 100.0, "separation of the time scales"},
    [A] = {"a", "1", 0.45, -10.0, 10.0, "constant of the recovery"},
    [B] = {"b", "1", 0.9, -10.0, 10.0, "decay of the recovery"},
    [K11] = {"K11", "1", 0.5, -10.0, 10.0, "coupling of excitatory cells with each other"},
    [K12] = {"K12", "1", 0.15, -10.0, 10.0, "coupling of inhibitory to excitatory cells"},
    [K21] = {"K21", "1", 0.15, -10.0, 10.0, "coupling of excitatory to inhibitory cells"},
    [SIGMA] = {"sigma", "1", 0.35, 1e-3, 10.0, "standard deviation of the drives"},
    [MU] = {"mu", "1", 0.0, -10.0, 10.0, "mean of the drives"},
};
static const cal_field states[] = {
    CALI_SET_MODES("xi", "1", 0.0, "excitatory activity"),
    CALI_SET_MODES("eta", "1", 0.0, "excitatory recovery"),
    CALI_SET_MODES("alpha", "1", 0.0, "inhibitory activity"),
    CALI_SET_MODES("beta", "1", 0.0, "inhibitory recovery"),
};
static const double scales[] = {1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0};
static const cal_field inputs[] = {
    {"c", "1", 0.0, -INFINITY, INFINITY, "drive of all excitatory and inhibitory modes"},
};
enum { OUT_XI, OUT_ALPHA, OUT_STATES };
static const cal_field outputs[] = {
    [OUT_XI] = {"xi", "1", 0.0, -INFINITY, INFINITY, "excitatory activity, sum over the modes"},
    [OUT_ALPHA] = {"alpha", "1", 0.0, -INFINITY, INFINITY, "inhibitory activity, sum over the modes"},
    CALI_SET_MODES("xi", "1", 0.0, "excitatory activity"),
    CALI_SET_MODES("eta", "1", 0.0, "excitatory recovery"),
    CALI_SET_MODES("alpha", "1", 0.0, "inhibitory activity"),
    CALI_SET_MODES("beta", "1", 0.0, "inhibitory recovery"),
};

static void derive(size_t n, double *p)
{
    set_derive(n, p, MU, SIGMA, N_PARAMS);
}

static void rhs(size_t n, const double *restrict p, const double *restrict x, const double *restrict c,
                double *restrict dx)
{
    const double *d = p + N_PARAMS * n;
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double tau = p[TAU * n + i], a = p[A * n + i], b = p[B * n + i];
        const double k11 = p[K11 * n + i], k12 = p[K12 * n + i], k21 = p[K21 * n + i];
        const double excitation = set_dot(d + SET_G * n, x + XI * n, n, i);
        const double inhibition = set_dot(d + SET_S * n, x + ALPHA * n, n, i);
#pragma GCC unroll 3
        for (size_t k = 0; k < N_MODES; k++) {
            const double s = d[(SET_S + k) * n + i], g = d[(SET_G + k) * n + i], q = d[(SET_Q + k) * n + i];
            const double drive = d[(SET_I + k) * n + i] + c[i], cubic = q * q * (1.0 / 3.0);
            const double xi = x[(XI + k) * n + i], eta = x[(ETA + k) * n + i];
            const double alpha = x[(ALPHA + k) * n + i], beta = x[(BETA + k) * n + i];
            dx[(XI + k) * n + i] = tau * (xi - cubic * (xi * xi * xi) - eta + drive) + k11 * (s * excitation - xi) -
                                   k12 * (g * inhibition - xi);
            dx[(ETA + k) * n + i] = (xi - b * eta + a * s) / tau;
            dx[(ALPHA + k) * n + i] =
                tau * (alpha - cubic * (alpha * alpha * alpha) - beta + drive) + k21 * (s * excitation - alpha);
            dx[(BETA + k) * n + i] = (alpha - b * beta + a * s) / tau;
        }
    }
}

static void observe(size_t n, const double *restrict p, const double *restrict x, double *restrict y)
{
    (void)p;
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        y[OUT_XI * n + i] = set_sum(x + XI * n, n, i);
        y[OUT_ALPHA * n + i] = set_sum(x + ALPHA * n, n, i);
    }
    EACH_REGION
    for (size_t i = 0; i < N_STATES * n; i++)
        y[OUT_STATES * n + i] = x[i];
}

extern const cal_nmm_model CALI_MODEL(reduced_set_fitzhugh_nagumo);
const cal_nmm_model CALI_MODEL(reduced_set_fitzhugh_nagumo) = {
    .name = "reduced-set-fitzhugh-nagumo",
    .alias = "stefanescu-jirsa-2d",
    .title = "Reduced set of FitzHugh-Nagumo neurons: three excitatory and three inhibitory modes",
    .equations = "xi_k' = tau (xi_k - e_k xi_k^3 / 3 - eta_k + I_k + c) + K11 (S_k sum_j G_j xi_j - xi_k)\n"
                 "        - K12 (G_k sum_j S_j alpha_j - xi_k)\n"
                 "eta_k' = (xi_k - b eta_k + a S_k) / tau\n"
                 "alpha_k' = tau (alpha_k - e_k alpha_k^3 / 3 - beta_k + I_k + c) + K21 (S_k sum_j G_j xi_j - alpha_k)\n"
                 "beta_k' = (alpha_k - b beta_k + a S_k) / tau,  k = 1, 2, 3\n"
                 "S_k, G_k, I_k, e_k = 1 / S_k^2: integrals over third k of the drives, Gaussian (mu, sigma)",
    .source = "Stefanescu & Jirsa (2008), PLoS Comput. Biol. 4, e1000219",
    .n_derived = SET_N_DERIVED,
    .derive = derive,
    CALI_MODEL_PARTS,
};
