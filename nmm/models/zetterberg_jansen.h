/* The column of Zetterberg and of Jansen, shared by its forms: they differ in how other regions reach it. */
#ifndef CALI_NMM_ZETTERBERG_JANSEN_H
#define CALI_NMM_ZETTERBERG_JANSEN_H

#include "nmm/models/functions.h"
#include "nmm/models/model.h"

enum {
    H_E, H_I, K_E, K_I, E_0, RHO_1, RHO_2, GAMMA_1, GAMMA_2, GAMMA_3, GAMMA_4, GAMMA_5, GAMMA_1T, GAMMA_2T,
    GAMMA_3T, P_EXT, U_EXT, Q_EXT, K_5
};
enum { V1, Y1, V2, Y2, V3, Y3, V4, Y4, V5, Y5, V6, V7 };

/** The parameters up to Q_EXT. */
#define ZETTERBERG_JANSEN_PARAMS \
    [H_E] = {"He", "mV", 3.25, 0.1, 100.0, "largest excitatory postsynaptic potential"}, \
    [H_I] = {"Hi", "mV", 22.0, 0.1, 200.0, "largest inhibitory postsynaptic potential"}, \
    [K_E] = {"ke", "1/ms", 0.1, 1e-3, 10.0, "inverse time constant of excitation"}, \
    [K_I] = {"ki", "1/ms", 0.05, 1e-3, 10.0, "inverse time constant of inhibition"}, \
    [E_0] = {"e0", "1/ms", 0.0025, 0.0, 1.0, "half of the largest rate"}, \
    [RHO_1] = {"rho_1", "1/mV", 0.56, 1e-3, 10.0, "steepness of the rate"}, \
    [RHO_2] = {"rho_2", "mV", 6.0, -50.0, 50.0, "potential of half the largest rate"}, \
    [GAMMA_1] = {"gamma_1", "1", 135.0, 0.0, 1e4, "synapses from pyramidal to excitatory cells"}, \
    [GAMMA_2] = {"gamma_2", "1", 108.0, 0.0, 1e4, "synapses from excitatory to pyramidal cells"}, \
    [GAMMA_3] = {"gamma_3", "1", 33.75, 0.0, 1e4, "synapses from pyramidal to inhibitory cells"}, \
    [GAMMA_4] = {"gamma_4", "1", 33.75, 0.0, 1e4, "synapses from inhibitory to pyramidal cells"}, \
    [GAMMA_5] = {"gamma_5", "1", 15.0, 0.0, 1e4, "synapses of inhibitory cells among themselves"}, \
    [GAMMA_1T] = {"gamma_1T", "1", 1.0, 0.0, 1e4, "weight of input from outside to excitatory cells"}, \
    [GAMMA_2T] = {"gamma_2T", "1", 1.0, 0.0, 1e4, "weight of input from outside to pyramidal cells"}, \
    [GAMMA_3T] = {"gamma_3T", "1", 1.0, 0.0, 1e4, "weight of input from outside to inhibitory cells"}, \
    [P_EXT] = {"P", "1/ms", 0.12, -10.0, 10.0, "constant input rate of pyramidal cells"}, \
    [U_EXT] = {"U", "1/ms", 0.12, -10.0, 10.0, "constant input rate of excitatory cells"}, \
    [Q_EXT] = {"Q", "1/ms", 0.12, -10.0, 10.0, "constant input rate of inhibitory cells"}

static const cal_field states[] = {
    [V1] = {"v1", "mV", 0.0, -INFINITY, INFINITY, "potential of the excitatory cells"},
    [Y1] = {"y1", "mV/ms", 0.0, -INFINITY, INFINITY, "derivative of v1"},
    [V2] = {"v2", "mV", 0.0, -INFINITY, INFINITY, "excitatory potential of the pyramidal cells"},
    [Y2] = {"y2", "mV/ms", 0.0, -INFINITY, INFINITY, "derivative of v2"},
    [V3] = {"v3", "mV", 0.0, -INFINITY, INFINITY, "inhibitory potential of the pyramidal cells"},
    [Y3] = {"y3", "mV/ms", 0.0, -INFINITY, INFINITY, "derivative of v3"},
    [V4] = {"v4", "mV", 0.0, -INFINITY, INFINITY, "excitatory potential of the inhibitory cells"},
    [Y4] = {"y4", "mV/ms", 0.0, -INFINITY, INFINITY, "derivative of v4"},
    [V5] = {"v5", "mV", 0.0, -INFINITY, INFINITY, "inhibitory potential of the inhibitory cells"},
    [Y5] = {"y5", "mV/ms", 0.0, -INFINITY, INFINITY, "derivative of v5"},
    [V6] = {"v6", "mV", 0.0, -INFINITY, INFINITY, "potential of the pyramidal cells, proportional to the EEG"},
    [V7] = {"v7", "mV", 0.0, -INFINITY, INFINITY, "potential of the inhibitory cells"},
};
static const double scales[] = {10.0, 1.0, 10.0, 1.0, 10.0, 1.0, 10.0, 1.0, 10.0, 1.0, 10.0, 10.0};
enum { POTENTIAL, O_V7, RATE, O_V1, O_V2, O_V3, O_V4, O_V5, DIFFERENCE };
static const cal_field outputs[] = {
    [POTENTIAL] = {"v6", "mV", 0.0, -INFINITY, INFINITY, "potential of the pyramidal cells, proportional to the EEG"},
    [O_V7] = {"v7", "mV", 0.0, -INFINITY, INFINITY, "potential of the inhibitory cells"},
    [RATE] = {"rate", "1/ms", 0.0, 0.0, INFINITY, "rate of the pyramidal cells, S(v2 - v3)"},
    [O_V1] = {"v1", "mV", 0.0, -INFINITY, INFINITY, "potential of the excitatory cells"},
    [O_V2] = {"v2", "mV", 0.0, -INFINITY, INFINITY, "excitatory potential of the pyramidal cells"},
    [O_V3] = {"v3", "mV", 0.0, -INFINITY, INFINITY, "inhibitory potential of the pyramidal cells"},
    [O_V4] = {"v4", "mV", 0.0, -INFINITY, INFINITY, "excitatory potential of the inhibitory cells"},
    [O_V5] = {"v5", "mV", 0.0, -INFINITY, INFINITY, "inhibitory potential of the inhibitory cells"},
    [DIFFERENCE] = {"potential", "mV", 0.0, -INFINITY, INFINITY, "v2 - v3, what v6 is when it begins so"},
};

/* `outside` is the rate from other regions, `k5` the inverse time constant whose square draws v5 back. */
CAL_HD void column(size_t n, size_t i, const double *restrict p, const double *restrict x, double outside, double k5,
                   double *restrict dx)
{
    const double top = 2.0 * p[E_0 * n + i], r = p[RHO_1 * n + i], v0 = p[RHO_2 * n + i];
    const double ke = p[K_E * n + i], ki = p[K_I * n + i];
    const double excite = p[H_E * n + i] * ke, inhibit = p[H_I * n + i] * ki;
    const double pyramidal = cali_sigmoid(top, r, v0, x[V2 * n + i] - x[V3 * n + i]);
    const double excitatory = cali_sigmoid(top, r, v0, x[V1 * n + i]);
    const double inhibitory = cali_sigmoid(top, r, v0, x[V4 * n + i] - x[V5 * n + i]);
    dx[V1 * n + i] = x[Y1 * n + i];
    dx[Y1 * n + i] =
        excite * (p[GAMMA_1 * n + i] * pyramidal + p[GAMMA_1T * n + i] * (p[U_EXT * n + i] + outside)) -
        2.0 * ke * x[Y1 * n + i] - ke * ke * x[V1 * n + i];
    dx[V2 * n + i] = x[Y2 * n + i];
    dx[Y2 * n + i] =
        excite * (p[GAMMA_2 * n + i] * excitatory + p[GAMMA_2T * n + i] * (p[P_EXT * n + i] + outside)) -
        2.0 * ke * x[Y2 * n + i] - ke * ke * x[V2 * n + i];
    dx[V3 * n + i] = x[Y3 * n + i];
    dx[Y3 * n + i] = inhibit * p[GAMMA_4 * n + i] * inhibitory - 2.0 * ki * x[Y3 * n + i] - ki * ki * x[V3 * n + i];
    dx[V4 * n + i] = x[Y4 * n + i];
    dx[Y4 * n + i] =
        excite * (p[GAMMA_3 * n + i] * pyramidal + p[GAMMA_3T * n + i] * (p[Q_EXT * n + i] + outside)) -
        2.0 * ke * x[Y4 * n + i] - ke * ke * x[V4 * n + i];
    dx[V5 * n + i] = x[Y5 * n + i];
    dx[Y5 * n + i] = inhibit * p[GAMMA_5 * n + i] * inhibitory - 2.0 * ki * x[Y5 * n + i] - k5 * k5 * x[V5 * n + i];
    dx[V6 * n + i] = x[Y2 * n + i] - x[Y3 * n + i];
    dx[V7 * n + i] = x[Y4 * n + i] - x[Y5 * n + i];
}

static void observe(size_t n, const double *restrict p, const double *restrict x,
                    double *restrict y)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double v = x[V2 * n + i] - x[V3 * n + i];
        y[POTENTIAL * n + i] = x[V6 * n + i];
        y[O_V7 * n + i] = x[V7 * n + i];
        y[RATE * n + i] = cali_sigmoid(2.0 * p[E_0 * n + i], p[RHO_1 * n + i], p[RHO_2 * n + i], v);
        y[O_V1 * n + i] = x[V1 * n + i];
        y[O_V2 * n + i] = x[V2 * n + i];
        y[O_V3 * n + i] = x[V3 * n + i];
        y[O_V4 * n + i] = x[V4 * n + i];
        y[O_V5 * n + i] = x[V5 * n + i];
        y[DIFFERENCE * n + i] = v;
    }
}

#endif
