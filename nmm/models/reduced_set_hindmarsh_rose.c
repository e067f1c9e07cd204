/* Excitatory and inhibitory Hindmarsh-Rose neurons with spread drives, each reduced to three modes. */
#include "nmm/models/reduced_set.h"

enum { R, A, B, C, D, S, XO, K11, K12, K21, SIGMA, MU, N_PARAMS };
enum {
    XI = 0, ETA = N_MODES, TAU = 2 * N_MODES, ALPHA = 3 * N_MODES, BETA = 4 * N_MODES, GAMMA = 5 * N_MODES,
    N_STATES = 6 * N_MODES
};

static const cal_field params[] = {
    [R] = {"r", "1/ms", 0.006, 0.0, 1.0, "rate of the adaptation"},
    [A] = {"a", "1", 1.0, -100.0, 100.0, "coefficient of the cube of the potential"},
    [B] = {"b", "1", 3.0, -100.0, 100.0, "coefficient of the square of the potential"},
    [C] = {"c", "1", 1.0, -100.0, 100.0, "constant of the recovery"},
    [D] = {"d", "1", 5.0, -100.0, 100.0, "coefficient of the square of the potential in the recovery"},
    [S] = {"s", "1", 4.0, -100.0, 100.0, "weight of the potential in the adaptation"},
    [XO] = {"xo", "1", -1.6, -100.0, 100.0, "potential without adaptation: leftmost equilibrium"},
    [K11] = {"K11", "1", 0.5, -10.0, 10.0, "coupling of excitatory cells with each other"},
    [K12] = {"K12", "1", 0.1, -10.0, 10.0, "coupling of inhibitory to excitatory cells"},
    [K21] = {"K21", "1", 0.15, -10.0, 10.0, "coupling of excitatory to inhibitory cells"},
    [SIGMA] = {"sigma", "1", 0.3, 1e-3, 10.0, "standard deviation of the drives"},
    [MU] = {"mu", "1", 3.3, -10.0, 10.0, "mean of the drives"},
};
#define STATES                                                                                                         \
    CALI_SET_MODES("xi", "1", -1.0, "excitatory potential"), CALI_SET_MODES("eta", "1", -5.0, "excitatory recovery"), \
        CALI_SET_MODES("tau", "1", 3.0, "excitatory adaptation"),                                                     \
        CALI_SET_MODES("alpha", "1", -1.0, "inhibitory potential"),                                                   \
        CALI_SET_MODES("beta", "1", -5.0, "inhibitory recovery"),                                                     \
        CALI_SET_MODES("gamma", "1", 3.0, "inhibitory adaptation")
static const cal_field states[] = {STATES};
static const double scales[] = {1.0, 1.0, 1.0, 10.0, 10.0, 10.0, 3.0, 3.0, 3.0,
                                1.0, 1.0, 1.0, 10.0, 10.0, 10.0, 3.0, 3.0, 3.0};
static const cal_field inputs[] = {
    {"c", "1", 0.0, -INFINITY, INFINITY, "drive of all excitatory and inhibitory modes"},
};
enum { OUT_XI, OUT_ALPHA, OUT_STATES };
static const cal_field outputs[] = {
    [OUT_XI] = {"xi", "1", 0.0, -INFINITY, INFINITY, "excitatory potential, sum over the modes"},
    [OUT_ALPHA] = {"alpha", "1", 0.0, -INFINITY, INFINITY, "inhibitory potential, sum over the modes"},
    STATES,
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
        const double r = p[R * n + i], rs = r * p[S * n + i], k11 = p[K11 * n + i], k12 = p[K12 * n + i];
        const double k21 = p[K21 * n + i], rest = rs * p[XO * n + i];
        const double excitation = set_dot(d + SET_G * n, x + XI * n, n, i);
        const double inhibition = set_dot(d + SET_S * n, x + ALPHA * n, n, i);
#pragma GCC unroll 3
        for (size_t k = 0; k < N_MODES; k++) {
            const double s = d[(SET_S + k) * n + i], g = d[(SET_G + k) * n + i], q = d[(SET_Q + k) * n + i];
            const double drive = d[(SET_I + k) * n + i] + c[i];
            const double cube = p[A * n + i] * q * q, square = p[B * n + i] * q, dip = p[D * n + i] * q;
            const double xi = x[(XI + k) * n + i], eta = x[(ETA + k) * n + i], tau = x[(TAU + k) * n + i];
            const double alpha = x[(ALPHA + k) * n + i], beta = x[(BETA + k) * n + i];
            const double gamma = x[(GAMMA + k) * n + i];
            dx[(XI + k) * n + i] = eta - cube * (xi * xi * xi) + square * (xi * xi) - tau +
                                   k11 * (s * excitation - xi) - k12 * (g * inhibition - xi) + drive;
            dx[(ETA + k) * n + i] = p[C * n + i] * s - dip * (xi * xi) - eta;
            dx[(TAU + k) * n + i] = rs * xi - r * tau - rest * s;
            dx[(ALPHA + k) * n + i] = beta - cube * (alpha * alpha * alpha) + square * (alpha * alpha) - gamma +
                                      k21 * (s * excitation - alpha) + drive;
            dx[(BETA + k) * n + i] = p[C * n + i] * s - dip * (alpha * alpha) - beta;
            dx[(GAMMA + k) * n + i] = rs * alpha - r * gamma - rest * s;
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

extern const cal_nmm_model CALI_MODEL(reduced_set_hindmarsh_rose);
const cal_nmm_model CALI_MODEL(reduced_set_hindmarsh_rose) = {
    .name = "reduced-set-hindmarsh-rose",
    .alias = "stefanescu-jirsa-3d",
    .title = "Reduced set of Hindmarsh-Rose neurons: three excitatory and three inhibitory modes",
    .equations = "xi_k' = eta_k - a xi_k^3 / S_k^2 + b xi_k^2 / S_k - tau_k + K11 (S_k sum_j G_j xi_j - xi_k)\n"
                 "        - K12 (G_k sum_j S_j alpha_j - xi_k) + I_k + c_in\n"
                 "eta_k' = c S_k - d xi_k^2 / S_k - eta_k\n"
                 "tau_k' = r (s xi_k - tau_k - s xo S_k)\n"
                 "alpha_k' = beta_k - a alpha_k^3 / S_k^2 + b alpha_k^2 / S_k - gamma_k\n"
                 "        + K21 (S_k sum_j G_j xi_j - alpha_k) + I_k + c_in\n"
                 "beta_k' = c S_k - d alpha_k^2 / S_k - beta_k\n"
                 "gamma_k' = r (s alpha_k - gamma_k - s xo S_k),  k = 1, 2, 3;  c_in: the input c\n"
                 "S_k, G_k, I_k: integrals over third k of the drives, Gaussian (mu, sigma)",
    .source = "Stefanescu & Jirsa (2008), PLoS Comput. Biol. 4, e1000219",
    .n_derived = SET_N_DERIVED,
    .derive = derive,
    CALI_MODEL_PARTS,
};
