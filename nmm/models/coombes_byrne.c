/* Quadratic integrate-and-fire neurons with a spread of drives and synapses that open a conductance. */
#include "nmm/models/coombes_byrne.h"

enum { DELTA, ALPHA, V_SYN, K, ETA };
enum { R, V, G, Q, SYNCHRONY };

static const cal_field params[] = {
    [DELTA] = {"Delta", "1", 0.5, 0.0, 1e3, "half width of the spread of the drives"},
    [ALPHA] = {"alpha", "1/ms", 0.95, 0.0, 100.0, "inverse time constant of the synapses"},
    [V_SYN] = {"v_syn", "1", -10.0, -1e3, 1e3, "reversal potential of the synapses"},
    [K] = {"k", "1", 1.0, 0.0, 1e3, "strength of the synapses within the region"},
    [ETA] = {"eta", "1", 20.0, -1e3, 1e3, "centre of the drives"},
};
static const cal_field states[] = {
    [R] = {"r", "1/ms", 0.5, 0.0, INFINITY, "firing rate"},
    [V] = {"V", "1", 0.0, -INFINITY, INFINITY, "mean membrane potential"},
    [G] = {"g", "1", 1.0, -INFINITY, INFINITY, "conductance of the synapses"},
    [Q] = {"q", "1", 0.0, -INFINITY, INFINITY, "derivative of g over alpha"},
};
static const double scales[] = {0.1, 1.0, 1.0, 1.0};
static const cal_field inputs[] = {
    {"c", "1", 0.0, -INFINITY, INFINITY, "drive"},
};
static const cal_field outputs[] = {
    [R] = {"r", "1/ms", 0.0, 0.0, INFINITY, "firing rate"},
    [V] = {"V", "1", 0.0, -INFINITY, INFINITY, "mean membrane potential"},
    [G] = {"g", "1", 0.0, -INFINITY, INFINITY, "conductance of the synapses"},
    [Q] = {"q", "1", 0.0, -INFINITY, INFINITY, "derivative of g over alpha"},
    [SYNCHRONY] = {"synchrony", "1", 0.0, 0.0, 1.0, "Kuramoto's order parameter of the phases within the region"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x,
                const double *restrict c, double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double alpha = p[ALPHA * n + i];
        const double r = x[R * n + i], v = x[V * n + i], g = x[G * n + i], q = x[Q * n + i];
        dx[R * n + i] = rate_slope(p[DELTA * n + i], r, v, g);
        dx[V * n + i] = potential_slope(p[ETA * n + i] + c[i], p[V_SYN * n + i], r, v, g);
        dx[G * n + i] = alpha * q;
        dx[Q * n + i] = alpha * (p[K * n + i] * CALI_PI * r - g - 2.0 * q);
    }
}

static void observe(size_t n, const double *restrict p, const double *restrict x,
                    double *restrict y)
{
    (void)p;
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        y[R * n + i] = x[R * n + i];
        y[V * n + i] = x[V * n + i];
        y[G * n + i] = x[G * n + i];
        y[Q * n + i] = x[Q * n + i];
        y[SYNCHRONY * n + i] = synchrony(x[R * n + i], x[V * n + i]);
    }
}

extern const cal_nmm_model CALI_MODEL(coombes_byrne);
const cal_nmm_model CALI_MODEL(coombes_byrne) = {
    .name = "coombes-byrne",
    .alias = "cb",
    .title = "Coombes-Byrne: next-generation neural mass with synaptic conductance",
    .equations = "r' = Delta / pi + 2 r V - g r\n"
                 "V' = V^2 - (pi r)^2 + eta + (v_syn - V) g + c\n"
                 "g' = alpha q\n"
                 "q' = alpha (k pi r - g - 2 q)\n"
                 "time in units of the membrane time constant, taken as 1 ms",
    .source = "Coombes & Byrne (2019), in: Nonlinear Dynamics in Computational Neuroscience, Springer, 1-16",
    .is_stiff = true,
    CALI_MODEL_PARTS,
};
