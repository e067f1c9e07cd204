/* A planar oscillator with a cubic and a quadratic nullcline; FitzHugh-Nagumo is a special case. */
#include "nmm/models/model.h"

enum { TAU, I_EXT, A, B, C, D, E, F, G, ALPHA, BETA, GAMMA };

static const cal_field params[] = {
    [TAU] = {"tau", "1", 1.0, 1e-3, 1e3, "separation of the time scales of V and W"},
    [I_EXT] = {"I", "1", 0.0, -100.0, 100.0, "constant drive"},
    [A] = {"a", "1", -2.0, -100.0, 100.0, "offset of the nullcline of W"},
    [B] = {"b", "1", -10.0, -100.0, 100.0, "slope of the nullcline of W"},
    [C] = {"c", "1", 0.0, -100.0, 100.0, "curvature of the nullcline of W"},
    [D] = {"d", "1/ms", 0.02, 1e-5, 10.0, "rate of the whole system"},
    [E] = {"e", "1", 3.0, -100.0, 100.0, "coefficient of V^2"},
    [F] = {"f", "1", 1.0, -100.0, 100.0, "coefficient of V^3"},
    [G] = {"g", "1", 0.0, -100.0, 100.0, "coefficient of V"},
    [ALPHA] = {"alpha", "1", 1.0, -100.0, 100.0, "weight of W in V'"},
    [BETA] = {"beta", "1", 1.0, -100.0, 100.0, "decay of W"},
    [GAMMA] = {"gamma", "1", 1.0, -100.0, 100.0, "weight of the drive and of the input"},
};
static const cal_field states[] = {
    {"V", "1", 0.0, -INFINITY, INFINITY, "fast variable"},
    {"W", "1", 0.0, -INFINITY, INFINITY, "slow variable"},
};
static const double scales[] = {1.0, 1.0};
static const cal_field inputs[] = {
    {"c", "1", 0.0, -INFINITY, INFINITY, "input of V, multiplied by gamma"},
};
static const cal_field outputs[] = {
    {"V", "1", 0.0, -INFINITY, INFINITY, "fast variable"},
    {"W", "1", 0.0, -INFINITY, INFINITY, "slow variable"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x,
                const double *restrict c, double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double v = x[i], w = x[n + i], d = p[D * n + i], tau = p[TAU * n + i];
        dx[i] = d * tau *
                (p[ALPHA * n + i] * w - p[F * n + i] * v * v * v + p[E * n + i] * v * v +
                 p[G * n + i] * v + p[GAMMA * n + i] * (p[I_EXT * n + i] + c[i]));
        dx[n + i] = d *
                    (p[A * n + i] + p[B * n + i] * v + p[C * n + i] * v * v - p[BETA * n + i] * w) /
                    tau;
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

extern const cal_nmm_model CALI_MODEL(generic_2d_oscillator);
const cal_nmm_model CALI_MODEL(generic_2d_oscillator) = {
    .name = "generic-2d-oscillator",
    .alias = "g2d",
    .title = "Generic 2-D oscillator: fixed point, limit cycle or bistable in the plane",
    .equations = "V' = d tau (alpha W - f V^3 + e V^2 + g V + gamma (I + c))\n"
                 "W' = d (a + b V + c V^2 - beta W) / tau",
    .source = "Sanz-Leon, Knock, Spiegler & Jirsa (2015), NeuroImage 111, 385-430",
    CALI_MODEL_PARTS,
};
