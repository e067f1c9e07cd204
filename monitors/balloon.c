/* The balloon model of a region's blood flow, driven by means of its activity x over intervals d (s):
 *
 *     s' = epsilon x - kappa s - gamma (f - 1)                     vasodilatory signal
 *     f' = s                                                       inflow
 *     tau v' = f - v^(1/alpha)                                     volume
 *     tau q' = f (1 - (1 - rho)^(1/f)) / rho - q v^(1/alpha - 1)   deoxyhaemoglobin
 *     y = V_0 (k_1 (1 - q) + k_2 (1 - q/v) + k_3 (1 - v))
 *
 * f, v and q are kept as logarithms F, V and Q, so that none leaves the positive numbers:
 *     F' = s / f,   V' = (f - v^(1/alpha)) / (tau v),   Q' = (f E / rho - q v^(1/alpha) / v) / (tau q)
 * RK4 with step d and x constant over it: of order 4 where x is, of order 2 in d where x varies (x enters by its means).
 * Rest, at t = 0: s = 0, f = v = q = 1. */
#include <math.h>

#include "base/numeric.h"
#include "monitors/monitor.h"

enum { EPSILON, KAPPA, GAMMA, TAU, ALPHA, RHO, V_0, K_1, K_2, K_3 };
enum { S, F, V, Q, N_STATES };

#define COMMON(kappa, gamma, tau, rho) \
    {"epsilon", "1", 1.0, -1e6, 1e6, "signal per activity and second"}, \
    {"kappa", "1/s", kappa, 1e-3, 100.0, "decay of the signal"}, \
    {"gamma", "1/s^2", gamma, 1e-3, 100.0, "feedback of the flow"}, \
    {"tau", "s", tau, 0.05, 100.0, "transit time"}, \
    {"alpha", "1", 0.32, 0.05, 1.0, "Grubb's exponent: stiffness of the vessels"}, \
    {"rho", "1", rho, 0.01, 0.99, "oxygen extracted at rest"}

/* k_1 = 7 rho, k_2 = 2, k_3 = 2 rho - 0.2 */
const cal_field cali_balloon_friston[CALI_N_BALLOON_PARAMS] = {
    COMMON(0.65, 0.41, 0.98, 0.34),
    {"V_0", "1", 0.02, 1e-6, 1.0, "resting blood volume"},
    {"k_1", "1", 2.38, -100.0, 100.0, "weight of the deoxyhaemoglobin"},
    {"k_2", "1", 2.0, -100.0, 100.0, "weight of its concentration"},
    {"k_3", "1", 0.48, -100.0, 100.0, "weight of the volume"},
};

/* k_1 = 4.3 theta_0 rho TE, k_2 = e r_0 rho TE, k_3 = 1 - e; theta_0 = 40.3 Hz, r_0 = 25 Hz, TE = 40 ms, e = 1 */
const cal_field cali_balloon_stephan[CALI_N_BALLOON_PARAMS] = {
    COMMON(0.64, 0.32, 2.0, 0.4),
    {"V_0", "1", 0.04, 1e-6, 1.0, "resting blood volume"},
    {"k_1", "1", 2.77264, -100.0, 100.0, "weight of the deoxyhaemoglobin"},
    {"k_2", "1", 0.4, -100.0, 100.0, "weight of its concentration"},
    {"k_3", "1", 0.0, -100.0, 100.0, "weight of the volume"},
};

static void derivative(const double *p, double log_left, double x, const double *z, double *dz)
{
    const double f = cali_exp(z[F]), v = cali_exp(z[V]), q = cali_exp(z[Q]), outflow = cali_exp(z[V] / p[ALPHA]);
    const double extracted = 1.0 - cali_exp(log_left / f); /* (1 - rho)^(1/f) */
    dz[S] = p[EPSILON] * x - p[KAPPA] * z[S] - p[GAMMA] * (f - 1.0);
    dz[F] = z[S] / f;
    dz[V] = (f - outflow) / (p[TAU] * v);
    dz[Q] = (f * extracted / p[RHO] - q * outflow / v) / (p[TAU] * q);
}

/* One step of length h (s) of a region. */
static void advance(const double *p, double log_left, double x, double h, double *z)
{
    double k[4][N_STATES], stage[N_STATES];
    derivative(p, log_left, x, z, k[0]);
    for (int j = 1; j < 4; j++) {
        const double share = j < 3 ? 0.5 * h : h;
        for (int s = 0; s < N_STATES; s++)
            stage[s] = z[s] + share * k[j - 1][s];
        derivative(p, log_left, x, stage, k[j]);
    }
    for (int s = 0; s < N_STATES; s++)
        z[s] += h / 6.0 * (k[0][s] + 2.0 * k[1][s] + 2.0 * k[2][s] + k[3][s]);
}

static cal_status prepare(cal_monitor *m, const cal_monitor_def *def)
{
    (void)def;
    if (m->dt_ms > 100.0)
        return CAL_FAIL(m->ctx, CAL_ERR_ARGUMENT, "%s steps with its input's interval, at most 100 ms, is %g ms",
                        m->kind->name, m->dt_ms);
    m->n_state = N_STATES * m->n_regions; /* zeros: rest */
    return CAL_OK;
}

static void take(cal_monitor *m, const double *row)
{
    const double log_left = cali_log(1.0 - m->params[RHO]), h = m->dt_ms * 1e-3;
    for (size_t i = 0; i < m->n_regions; i++)
        advance(m->params, log_left, row[i], h, m->own + N_STATES * i);
}

static void give(cal_monitor *m, double *out)
{
    const double *p = m->params;
    for (size_t i = 0; i < m->n_regions; i++) {
        const double *z = m->own + N_STATES * i;
        const double v = cali_exp(z[V]), q = cali_exp(z[Q]);
        out[i] = p[V_0] * (p[K_1] * (1.0 - q) + p[K_2] * (1.0 - q / v) + p[K_3] * (1.0 - v));
    }
}

const cali_monitor_ops cali_ops_balloon = {prepare, NULL, take, give};
