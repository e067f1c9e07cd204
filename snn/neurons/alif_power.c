#include "snn/kernels/alif_power.h"

#include <math.h>
#include <stddef.h>

#include "snn/neuron.h"

enum { C_M, TAU_M, TAU_EXC, TAU_INH, E_L, V_TH, V_RESET, T_REF, B, Q, BETA, T_0, I_E, N_PARAMS };

static const cal_field params[] = {
    [C_M] = {"C_m", "pF", 250.0, 1e-6, 1e9, "membrane capacitance"},
    [TAU_M] = {"tau_m", "ms", 10.0, 1e-3, 1e6, "membrane time constant"},
    [TAU_EXC] = {"tau_exc", "ms", 2.0, 1e-3, 1e6, "decay time of excitatory currents"},
    [TAU_INH] = {"tau_inh", "ms", 2.0, 1e-3, 1e6, "decay time of inhibitory currents"},
    [E_L] = {"E_L", "mV", -65.0, -1e4, 1e4, "resting voltage"},
    [V_TH] = {"V_th", "mV", -50.0, -1e4, 1e4, "threshold"},
    [V_RESET] = {"V_reset", "mV", -65.0, -1e4, 1e4, "voltage after a spike"},
    [T_REF] = {"t_ref", "ms", 2.0, 0.0, 1e5, "refractory time, rounded to steps"},
    [B] = {"b", "pA", 60.0, -1e9, 1e9, "adaptation current just after a spike"},
    [Q] = {"q", "mV", 2.0, 0.0, 1e4, "rise of the threshold just after a spike"},
    [BETA] = {"beta", "1", 0.8, 0.1, 2.0, "exponent of the decay"},
    [T_0] = {"t_0", "ms", 8.0, 1e-3, 1e6, "time after which the power law begins"},
    [I_E] = {"I_e", "pA", 0.0, -1e9, 1e9, "constant current"},
};

static const cal_field states[] = {
    {"V", "mV", -65.0, -INFINITY, INFINITY, "membrane voltage; starts at E_L unless set"},
    {"I_exc", "pA", 0.0, -INFINITY, INFINITY, "excitatory current"},
    {"I_inh", "pA", 0.0, -INFINITY, INFINITY, "inhibitory current"},
    {"z_1", "1", 0.0, 0.0, INFINITY, "adaptation with the time constant t_0 / 5"},
    {"z_2", "1", 0.0, 0.0, INFINITY, "adaptation with the time constant t_0 0.9"},
    {"z_3", "1", 0.0, 0.0, INFINITY, "adaptation with the time constant t_0 4.05"},
    {"z_4", "1", 0.0, 0.0, INFINITY, "adaptation with the time constant t_0 18.23"},
    {"z_5", "1", 0.0, 0.0, INFINITY, "adaptation with the time constant t_0 82.01"},
    {"z_6", "1", 0.0, 0.0, INFINITY, "adaptation with the time constant t_0 369.1"},
    {"z_7", "1", 0.0, 0.0, INFINITY, "adaptation with the time constant t_0 1661"},
    {"z_8", "1", 0.0, 0.0, INFINITY, "adaptation with the time constant t_0 7473"},
    {"n_refractory", "1", 0.0, 0.0, 16777216.0, "refractory steps left"},
};

static const cal_receptor receptors[] = {
    {"excitatory", "pA", "jump of the excitatory current", false},
    {"inhibitory", "pA", "jump of the inhibitory current; inhibits when negative", false},
};

static double min_interval_ms(const double *p)
{
    return p[T_REF];
}

static bool check(const double *p, double dt_ms, double current, char *why, size_t size)
{
    (void)dt_ms;
    (void)current;
    return cali_check_reset(p[V_RESET], p[V_TH], why, size);
}

/* Decays, pulls and jumps of the traces: a row each, in the order of the kernel. */
static void prepare_traces(const double *p, double dt_ms, float *decay, float *pull, float *jump)
{
    const double spacing = cali_log(4.5);
    double weight[CALI_POWER_TRACES], sum = 0.0, y = cali_log(5.0);
    for (int i = 0; i < CALI_POWER_TRACES; i++, y -= spacing) {
        const double rate = cali_exp(y), tau_ms = p[T_0] / rate;
        weight[i] = cali_exp(p[BETA] * y - rate);
        if (i == CALI_POWER_TRACES - 1) /* slower ones: a geometric series, as e^-rate is nearly 1 */
            weight[i] += cali_exp(p[BETA] * y) / (cali_exp(p[BETA] * spacing) - 1.0);
        sum += weight[i];
        decay[i] = (float)cali_exp(-dt_ms / tau_ms);
        pull[i] = (float)(p[B] * cali_propagator(dt_ms, p[TAU_M], tau_ms, p[C_M]));
    }
    for (int i = 0; i < CALI_POWER_TRACES; i++)
        jump[i] = (float)(weight[i] / sum);
}

static void prepare(const double *p, double dt_ms, float *constants)
{
    cali_alif_power_constants *const k = (void *)constants;
    const double per_current = dt_ms / p[C_M] * cali_phi(-dt_ms / p[TAU_M]);
    k->p_uu = (float)cali_exp(-dt_ms / p[TAU_M]);
    k->p_ue = (float)cali_propagator(dt_ms, p[TAU_M], p[TAU_EXC], p[C_M]);
    k->p_ui = (float)cali_propagator(dt_ms, p[TAU_M], p[TAU_INH], p[C_M]);
    k->p_uc = (float)per_current;
    k->p_ee = (float)cali_exp(-dt_ms / p[TAU_EXC]);
    k->p_ii = (float)cali_exp(-dt_ms / p[TAU_INH]);
    k->q = (float)p[Q];
    k->drive = (float)(p[I_E] * per_current);
    k->threshold = (float)(p[V_TH] - p[E_L]);
    k->reset = (float)(p[V_RESET] - p[E_L]);
    k->refractory = (float)cali_steps(p[T_REF], dt_ms);
    const size_t decay1 = offsetof(cali_alif_power_constants, decay1) / sizeof(float);
    const size_t pull1 = offsetof(cali_alif_power_constants, pull1) / sizeof(float);
    const size_t jump1 = offsetof(cali_alif_power_constants, jump1) / sizeof(float);
    prepare_traces(p, dt_ms, constants + decay1, constants + pull1, constants + jump1);
}

CALI_DECLARE_LOOPS(alif_power);

const cali_neuron cali_neuron_alif_power = {
    .face = {.name = "alif-power",
             .title = "adaptive leaky integrate-and-fire: power-law adaptation",
             .equations = "C_m V' = -C_m (V - E_L) / tau_m + I_exc + I_inh - b z + I_e + I; "
                          "I_exc' = -I_exc / tau_exc; I_inh' = -I_inh / tau_inh; "
                          "z = sum over past spikes of (1 + t / t_0)^-beta as z_1 + ... + z_8, z_k' = -z_k / tau_k, "
                          "tau_k = t_0 4.5^(k - 1) / 5; V >= V_th + q z: spike, V = V_reset for t_ref",
             .source = "Pozzorini, Naud, Mensi & Gerstner (2013), Nat. Neurosci. 16, 942-948",
             CALI_NEURON_TABLES,
             .current_unit = "pA"},
    .n_constants = CALI_N_FLOATS(cali_alif_power_constants),
    .rest_param = E_L,
    .min_interval_ms = min_interval_ms,
    .prepare = prepare,
    .check = check,
    .loop = CALI_LOOPS(alif_power),
};
