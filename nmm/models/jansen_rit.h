/* The column of Jansen and Rit, shared by its forms: they differ in what reaches the inhibitory filter. */
#ifndef CALI_NMM_JANSEN_RIT_H
#define CALI_NMM_JANSEN_RIT_H

#include "nmm/models/functions.h"
#include "nmm/models/model.h"

enum { A, B, A_RATE, B_RATE, V0, NU_MAX, R, J, A_1, A_2, A_3, A_4, MU, MU_INH };

/** The parameters up to MU, with the two defaults in which the forms differ. */
#define JANSEN_RIT_PARAMS(v0, mu)                                                                  \
    [A] = {"A", "mV", 3.25, 0.1, 100.0, "largest excitatory postsynaptic potential"},              \
    [B] = {"B", "mV", 22.0, 0.1, 200.0, "largest inhibitory postsynaptic potential"},              \
    [A_RATE] = {"a", "1/ms", 0.1, 1e-3, 10.0, "inverse time constant of excitation"},              \
    [B_RATE] = {"b", "1/ms", 0.05, 1e-3, 10.0, "inverse time constant of inhibition"},             \
    [V0] = {"v0", "mV", (v0), -50.0, 50.0, "potential of half the largest rate"},                  \
    [NU_MAX] = {"nu_max", "1/ms", 0.0025, 0.0, 1.0, "half of the largest rate"},                   \
    [R] = {"r", "1/mV", 0.56, 1e-3, 10.0, "steepness of the rate"},                                \
    [J] = {"J", "1", 135.0, 0.0, 1e4, "mean number of synapses between populations"},              \
    [A_1] = {"a_1", "1", 1.0, 0.0, 10.0, "share of J: pyramidal cells to excitatory cells"},       \
    [A_2] = {"a_2", "1", 0.8, 0.0, 10.0, "share of J: excitatory cells to pyramidal cells"},       \
    [A_3] = {"a_3", "1", 0.25, 0.0, 10.0, "share of J: pyramidal cells to inhibitory cells"},      \
    [A_4] = {"a_4", "1", 0.25, 0.0, 10.0, "share of J: inhibitory cells to pyramidal cells"},      \
    [MU] = {"mu", "1/ms", (mu), -10.0, 10.0, "mean input rate"}

static const cal_field states[] = {
    {"y0", "mV", 0.0, -INFINITY, INFINITY, "output of the pyramidal cells, filtered"},
    {"y1", "mV", 10.0, -INFINITY, INFINITY, "excitatory potential of the pyramidal cells"},
    {"y2", "mV", 6.0, -INFINITY, INFINITY, "inhibitory potential of the pyramidal cells"},
    {"y3", "mV/ms", 0.0, -INFINITY, INFINITY, "derivative of y0"},
    {"y4", "mV/ms", 0.0, -INFINITY, INFINITY, "derivative of y1"},
    {"y5", "mV/ms", 0.0, -INFINITY, INFINITY, "derivative of y2"},
};
static const double scales[] = {0.1, 10.0, 10.0, 0.01, 1.0, 1.0};
enum { RATE, POTENTIAL };
static const cal_field outputs[] = {
    [RATE] = {"rate", "1/ms", 0.0, 0.0, INFINITY, "rate of the pyramidal cells, S(y1 - y2)"},
    [POTENTIAL] = {"potential", "mV", 0.0, -INFINITY, INFINITY, "y1 - y2, proportional to the EEG"},
    {"y0", "mV", 0.0, -INFINITY, INFINITY, "output of the pyramidal cells, filtered"},
    {"y1", "mV", 0.0, -INFINITY, INFINITY, "excitatory potential of the pyramidal cells"},
    {"y2", "mV", 0.0, -INFINITY, INFINITY, "inhibitory potential of the pyramidal cells"},
};

/* `c` is the input of the excitatory filter, `inhibition` that of the inhibitory one beside the column's own. */
CAL_HD void column(size_t n, size_t i, const double *restrict p, const double *restrict x, double c,
                   double inhibition, double *restrict dx)
{
    const double a = p[A_RATE * n + i], b = p[B_RATE * n + i];
    const double top = 2.0 * p[NU_MAX * n + i], r = p[R * n + i], v0 = p[V0 * n + i];
    const double j = p[J * n + i], y0 = x[i], y1 = x[n + i], y2 = x[2 * n + i];
    const double y3 = x[3 * n + i], y4 = x[4 * n + i], y5 = x[5 * n + i];
    const double pyramidal = cali_sigmoid(top, r, v0, y1 - y2);
    const double excitatory = cali_sigmoid(top, r, v0, p[A_1 * n + i] * j * y0);
    const double inhibitory = cali_sigmoid(top, r, v0, p[A_3 * n + i] * j * y0);
    dx[i] = y3;
    dx[n + i] = y4;
    dx[2 * n + i] = y5;
    dx[3 * n + i] = p[A * n + i] * a * pyramidal - 2.0 * a * y3 - a * a * y0;
    dx[4 * n + i] = p[A * n + i] * a * (p[MU * n + i] + p[A_2 * n + i] * j * excitatory + c) -
                    2.0 * a * y4 - a * a * y1;
    dx[5 * n + i] = p[B * n + i] * b * (p[A_4 * n + i] * j * inhibitory + inhibition) - 2.0 * b * y5 -
                    b * b * y2;
}

static void observe(size_t n, const double *restrict p, const double *restrict x, double *restrict y)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double v = x[n + i] - x[2 * n + i];
        y[RATE * n + i] = cali_sigmoid(2.0 * p[NU_MAX * n + i], p[R * n + i], p[V0 * n + i], v);
        y[POTENTIAL * n + i] = v;
        y[2 * n + i] = x[i];
        y[3 * n + i] = x[n + i];
        y[4 * n + i] = x[2 * n + i];
    }
}

#endif
