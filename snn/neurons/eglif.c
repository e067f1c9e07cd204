/* Two entries of one neuron: with a sharp threshold, and with the escape rate of its paper. */
#include "snn/kernels/eglif_escape.h"

#include <math.h>
#include <stdio.h>

#include "snn/neuron.h"

enum {
    C_M, TAU_M, E_L, V_TH, V_RESET, V_MIN, T_REF, K_ADAP, K_1, K_2, A_1, A_2, E_REV1, E_REV2, E_REV3, E_REV4,
    TAU_SYN1, TAU_SYN2, TAU_SYN3, TAU_SYN4, I_E, N_SHARP, LAMBDA_0 = N_SHARP, TAU_V, N_PARAMS
};

/* Defaults: stellate and basket cells of the cerebellum. */
static const cal_field params[] = {
    [C_M] = {"C_m", "pF", 14.6, 1e-6, 1e9, "membrane capacitance"},
    [TAU_M] = {"tau_m", "ms", 9.125, 1e-6, 1e9, "membrane time constant"},
    [E_L] = {"E_L", "mV", -68.0, -1e4, 1e4, "resting voltage"},
    [V_TH] = {"V_th", "mV", -53.0, -1e4, 1e4, "threshold"},
    [V_RESET] = {"V_reset", "mV", -78.0, -1e4, 1e4, "voltage after a spike"},
    [V_MIN] = {"V_min", "mV", -150.0, -1e4, 1e4, "lowest voltage"},
    [T_REF] = {"t_ref", "ms", 1.59, 0.0, 1e5, "refractory time, rounded to steps"},
    [K_ADAP] = {"k_adap", "nS/ms", 2.025, -1e6, 1e6, "adaptation to the voltage"},
    [K_1] = {"k_1", "1/ms", 1.887, 0.0, 1e3, "decay rate of the depolarising current"},
    [K_2] = {"k_2", "1/ms", 1.096, 0.0, 1e3, "decay rate of the adaptation current"},
    [A_1] = {"A_1", "pA", 5.953, -1e9, 1e9, "depolarising current after a spike"},
    [A_2] = {"A_2", "pA", 5.863, -1e9, 1e9, "jump of the adaptation current at a spike"},
    [E_REV1] = {"E_rev1", "mV", 0.0, -1e4, 1e4, "reversal voltage of receptor1"},
    [E_REV2] = {"E_rev2", "mV", -80.0, -1e4, 1e4, "reversal voltage of receptor2"},
    [E_REV3] = {"E_rev3", "mV", 0.0, -1e4, 1e4, "reversal voltage of receptor3"},
    [E_REV4] = {"E_rev4", "mV", -80.0, -1e4, 1e4, "reversal voltage of receptor4"},
    [TAU_SYN1] = {"tau_syn1", "ms", 0.2, 1e-3, 1e6, "time to the peak of receptor1"},
    [TAU_SYN2] = {"tau_syn2", "ms", 2.0, 1e-3, 1e6, "time to the peak of receptor2"},
    [TAU_SYN3] = {"tau_syn3", "ms", 2.0, 1e-3, 1e6, "time to the peak of receptor3"},
    [TAU_SYN4] = {"tau_syn4", "ms", 2.0, 1e-3, 1e6, "time to the peak of receptor4"},
    [I_E] = {"I_e", "pA", 3.711, -1e9, 1e9, "constant current, which keeps the cell near its threshold"},
    [LAMBDA_0] = {"lambda_0", "1/ms", 1.8, 0.0, 1e6, "hazard at V_th"},
    [TAU_V] = {"tau_V", "mV", 1.1, 1e-3, 1e4, "width of the soft threshold"},
};

static const cal_field states[] = {
    {"V", "mV", -68.0, -INFINITY, INFINITY, "membrane voltage; starts at E_L unless set"},
    {"I_adap", "pA", 0.0, -INFINITY, INFINITY, "adaptation current"},
    {"I_dep", "pA", 0.0, -INFINITY, INFINITY, "depolarising current after a spike"},
    {"g1", "nS", 0.0, 0.0, INFINITY, "conductance of receptor1"},
    {"d1", "nS/ms", 0.0, 0.0, INFINITY, "g1' + g1 / tau_syn1"},
    {"g2", "nS", 0.0, 0.0, INFINITY, "conductance of receptor2"},
    {"d2", "nS/ms", 0.0, 0.0, INFINITY, "g2' + g2 / tau_syn2"},
    {"g3", "nS", 0.0, 0.0, INFINITY, "conductance of receptor3"},
    {"d3", "nS/ms", 0.0, 0.0, INFINITY, "g3' + g3 / tau_syn3"},
    {"g4", "nS", 0.0, 0.0, INFINITY, "conductance of receptor4"},
    {"d4", "nS/ms", 0.0, 0.0, INFINITY, "g4' + g4 / tau_syn4"},
    {"n_refractory", "1", 0.0, 0.0, 16777216.0, "refractory steps left"},
};

static const cal_receptor receptors[] = {
    {"receptor1", "nS", "peak of an alpha conductance towards E_rev1", true},
    {"receptor2", "nS", "peak of an alpha conductance towards E_rev2", true},
    {"receptor3", "nS", "peak of an alpha conductance towards E_rev3", true},
    {"receptor4", "nS", "peak of an alpha conductance towards E_rev4", true},
};

static double min_interval_ms(const double *p)
{
    return p[T_REF];
}

static bool check(const double *p, double dt_ms, double current, char *why, size_t size)
{
    (void)dt_ms;
    (void)current;
    if (p[V_RESET] < p[V_TH] && p[V_MIN] <= p[V_RESET])
        return true;
    snprintf(why, size, "V_min %g mV, V_reset %g mV and V_th %g mV must ascend", p[V_MIN], p[V_RESET], p[V_TH]);
    return false;
}

static cali_eglif_constants constants_of(const double *p, double dt_ms)
{
    const double half = 0.5 * dt_ms, e = cali_exp(1.0);
    return (cali_eglif_constants){
        .dt = (float)dt_ms,
        .per_c = (float)(1.0 / p[C_M]),
        .away = (float)(1.0 / p[TAU_M]),
        .k_adap = (float)p[K_ADAP],
        .k_2 = (float)p[K_2],
        .loss_dep = (float)cali_loss(half * p[K_1]),
        .a_1 = (float)p[A_1],
        .a_2 = (float)p[A_2],
        .drive = (float)(p[I_E] / p[C_M]),
        .threshold = (float)(p[V_TH] - p[E_L]),
        .reset = (float)(p[V_RESET] - p[E_L]),
        .least = (float)(p[V_MIN] - p[E_L]),
        .refractory = (float)cali_steps(p[T_REF], dt_ms),
        .e1 = (float)(p[E_REV1] - p[E_L]),
        .e2 = (float)(p[E_REV2] - p[E_L]),
        .e3 = (float)(p[E_REV3] - p[E_L]),
        .e4 = (float)(p[E_REV4] - p[E_L]),
        .loss1 = (float)cali_loss(half / p[TAU_SYN1]),
        .loss2 = (float)cali_loss(half / p[TAU_SYN2]),
        .loss3 = (float)cali_loss(half / p[TAU_SYN3]),
        .loss4 = (float)cali_loss(half / p[TAU_SYN4]),
        .peak1 = (float)(e / p[TAU_SYN1]),
        .peak2 = (float)(e / p[TAU_SYN2]),
        .peak3 = (float)(e / p[TAU_SYN3]),
        .peak4 = (float)(e / p[TAU_SYN4]),
    };
}

static void prepare(const double *p, double dt_ms, float *constants)
{
    *(cali_eglif_constants *)(void *)constants = constants_of(p, dt_ms);
}

static void prepare_escape(const double *p, double dt_ms, float *constants)
{
    cali_eglif_escape_constants *const k = (void *)constants;
    const cali_eglif_constants c = constants_of(p, dt_ms);
#define STORE(f) k->f = c.f;
    CALI_EGLIF_CONSTANTS(STORE)
#undef STORE
    k->per_width = (float)(1.0 / p[TAU_V]);
    k->rate_dt = (float)(p[LAMBDA_0] * dt_ms);
}

CALI_DECLARE_LOOPS(eglif);
CALI_DECLARE_LOOPS(eglif_escape);

#define EQUATIONS                                                                                                    \
    "C_m V' = (C_m / tau_m) (V - E_L) - I_adap + I_dep - sum of g_r (V - E_rev_r) + I_e + I; "                       \
    "I_adap' = k_adap (V - E_L) - k_2 I_adap; I_dep' = -k_1 I_dep; "                                                 \
    "a weight J gives g_r = J (t / tau_syn_r) exp(1 - t / tau_syn_r); "
#define SOURCE "Geminiani et al. (2018), Front. Neuroinform. 12, 88"

const cali_neuron cali_neuron_eglif = {
    .face = {.name = "eglif",
             .alias = NULL,
             .title = "extended generalised leaky integrate-and-fire, four alpha conductances, sharp threshold",
             .equations = EQUATIONS "V >= V_th: spike, V = V_reset for t_ref, I_dep = A_1, I_adap += A_2",
             .source = SOURCE,
             .params = params,
             .n_params = N_SHARP,
             .states = states,
             .n_states = CALI_COUNT(states),
             .receptors = receptors,
             .n_receptors = CALI_COUNT(receptors),
             .current_unit = "pA"},
    .n_constants = CALI_N_FLOATS(cali_eglif_constants),
    .rest_param = E_L,
    .min_interval_ms = min_interval_ms,
    .prepare = prepare,
    .check = check,
    .loop = CALI_LOOPS(eglif),
};

const cali_neuron cali_neuron_eglif_escape = {
    .face = {.name = "eglif-escape",
             .alias = NULL,
             .title = "extended generalised leaky integrate-and-fire, four alpha conductances, escape rate",
             .equations = EQUATIONS "spike with hazard lambda_0 exp((V - V_th) / tau_V), then V = V_reset for t_ref, "
                          "I_dep = A_1, I_adap += A_2",
             .source = SOURCE,
             CALI_NEURON_TABLES,
             .current_unit = "pA"},
    .n_constants = CALI_N_FLOATS(cali_eglif_escape_constants),
    .n_uniforms = 1,
    .rest_param = E_L,
    .min_interval_ms = min_interval_ms,
    .prepare = prepare_escape,
    .check = check,
    .loop = CALI_LOOPS(eglif_escape),
};
