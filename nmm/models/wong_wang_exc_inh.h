/* An excitatory population of slow NMDA channels and an inhibitory one of GABA channels, balanced by J_i. Two entries
 * are made of this file: with WITH_GAIN defined, a gain M_i stretches both responses. */
#include "nmm/models/functions.h"
#include "nmm/models/model.h"

enum {
    A_E, B_E, D_E, GAMMA_E, TAU_E, W_P, J_N, W_E, A_I, B_I, D_I, GAMMA_I, TAU_I, J_I, W_I, I_O, I_EXT, G, LAMBDA, M_I
};

static const cal_field params[] = {
    [A_E] = {"a_e", "1/(ms nA)", 0.31, 1e-3, 10.0, "slope of the excitatory rate over the current"},
    [B_E] = {"b_e", "1/ms", 0.125, 0.0, 10.0, "offset of the excitatory rate"},
    [D_E] = {"d_e", "ms", 160.0, 1.0, 1e4, "curvature of the excitatory rate"},
    [GAMMA_E] = {"gamma_e", "1", 0.641, 0.0, 10.0, "NMDA channels opened per spike"},
    [TAU_E] = {"tau_e", "ms", 100.0, 0.1, 1e4, "time constant of the NMDA channels"},
    [W_P] = {"w_p", "1", 1.4, 0.0, 10.0, "weight of the excitation of the excitatory population by itself"},
    [J_N] = {"J_N", "nA", 0.15, 0.0, 10.0, "excitatory current at open channels"},
    [W_E] = {"W_e", "1", 1.0, 0.0, 10.0, "share of I_o that the excitatory population gets"},
    [A_I] = {"a_i", "1/(ms nA)", 0.615, 1e-3, 10.0, "slope of the inhibitory rate over the current"},
    [B_I] = {"b_i", "1/ms", 0.177, 0.0, 10.0, "offset of the inhibitory rate"},
    [D_I] = {"d_i", "ms", 87.0, 1.0, 1e4, "curvature of the inhibitory rate"},
    [GAMMA_I] = {"gamma_i", "1", 1.0, 0.0, 10.0, "GABA channels opened per spike"},
    [TAU_I] = {"tau_i", "ms", 10.0, 0.1, 1e4, "time constant of the GABA channels"},
    [J_I] = {"J_i", "nA", 1.0, 0.0, 10.0, "inhibitory current of the excitatory population at open channels"},
    [W_I] = {"W_i", "1", 0.7, 0.0, 10.0, "share of I_o that the inhibitory population gets"},
    [I_O] = {"I_o", "nA", 0.382, -10.0, 10.0, "constant current"},
    [I_EXT] = {"I_ext", "nA", 0.0, -10.0, 10.0, "further current of the excitatory population"},
    [G] = {"G", "1", 2.0, 0.0, 100.0, "weight of the coupling input"},
    [LAMBDA] = {"lambda", "1", 0.0, 0.0, 10.0, "share of the coupling input that the inhibitory population gets"},
#ifdef WITH_GAIN
    [M_I] = {"M_i", "1", 1.0, 0.0, 100.0, "gain of both responses, different from region to region"},
#endif
};
static const cal_field states[] = {
    {"S_e", "1", 0.1, 0.0, 1.0, "share of open NMDA channels"},
    {"S_i", "1", 0.1, 0.0, 1.0, "share of open GABA channels"},
};
static const double scales[] = {0.1, 0.1};
static const cal_field inputs[] = {
    {"c", "1", 0.0, -INFINITY, INFINITY, "open channels of other regions, multiplied by G J_N"},
};
static const cal_field outputs[] = {
    {"S_e", "1", 0.0, 0.0, 1.0, "share of open NMDA channels"},
    {"S_i", "1", 0.0, 0.0, 1.0, "share of open GABA channels"},
};

/* Reciprocals behind the parameters: divisions cost more than the rest of the right-hand side. */
enum { INV_D_E = N_ROWS(params), INV_D_I, INV_TAU_E, INV_TAU_I, N_ALL };

static void derive(size_t n, double *p)
{
    for (size_t i = 0; i < n; i++) {
        p[INV_D_E * n + i] = 1.0 / p[D_E * n + i];
        p[INV_D_I * n + i] = 1.0 / p[D_I * n + i];
        p[INV_TAU_E * n + i] = 1.0 / p[TAU_E * n + i];
        p[INV_TAU_I * n + i] = 1.0 / p[TAU_I * n + i];
    }
}

static void rhs(size_t n, const double *restrict p, const double *restrict x,
                const double *restrict c, double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double s_e = x[i], s_i = x[n + i], i_o_nA = p[I_O * n + i], j_n_nA = p[J_N * n + i];
        const double coupling_nA = p[G * n + i] * j_n_nA * c[i];
        const double e_nA = p[W_P * n + i] * j_n_nA * s_e - p[J_I * n + i] * s_i + p[W_E * n + i] * i_o_nA +
                            coupling_nA + p[I_EXT * n + i];
        const double i_nA = j_n_nA * s_e - s_i + p[W_I * n + i] * i_o_nA + p[LAMBDA * n + i] * coupling_nA;
        double x_e = p[A_E * n + i] * e_nA - p[B_E * n + i];
        double x_i = p[A_I * n + i] * i_nA - p[B_I * n + i];
#ifdef WITH_GAIN
        x_e = p[M_I * n + i] * x_e;
        x_i = p[M_I * n + i] * x_i;
#endif
        const double r_e = cali_softplus_rate(p[D_E * n + i], p[INV_D_E * n + i], x_e);
        const double r_i = cali_softplus_rate(p[D_I * n + i], p[INV_D_I * n + i], x_i);
        dx[i] = (1.0 - s_e) * p[GAMMA_E * n + i] * r_e - s_e * p[INV_TAU_E * n + i];
        dx[n + i] = p[GAMMA_I * n + i] * r_i - s_i * p[INV_TAU_I * n + i];
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
