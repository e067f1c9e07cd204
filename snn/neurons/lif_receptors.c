#include "snn/kernels/lif_receptors.h"

#include <math.h>

#include "snn/neurons/receptors.h"

enum { C_M, G_L, E_L, V_TH, V_RESET, T_REF, CALI_RECEPTORS_PARAMS, I_E, N_PARAMS };

/* The membrane is that of pyramidal cells in Brunel & Wang 2001. */
static const cal_field params[] = {
    [C_M] = {"C_m", "pF", 500.0, 1e-6, 1e9, "membrane capacitance"},
    [G_L] = {"g_L", "nS", 25.0, 0.0, 1e9, "leak conductance"},
    [E_L] = {"E_L", "mV", -70.0, -1e3, 1e3, "resting voltage"},
    [V_TH] = {"V_th", "mV", -50.0, -1e4, 1e4, "threshold"},
    [V_RESET] = {"V_reset", "mV", -55.0, -1e4, 1e4, "voltage after a spike"},
    [T_REF] = {"t_ref", "ms", 2.0, 0.0, 1e5, "refractory time, rounded to steps"},
    CALI_RECEPTORS_FIELDS,
    [I_E] = {"I_e", "pA", 0.0, -1e9, 1e9, "constant current"},
};

static const cal_field states[] = {
    {"V", "mV", -70.0, -INFINITY, INFINITY, "membrane voltage; starts at E_L unless set"},
    CALI_RECEPTORS_STATE_FIELDS,
    {"n_refractory", "1", 0.0, 0.0, 16777216.0, "refractory steps left"},
};

static const cal_receptor receptors[] = {CALI_RECEPTORS_RECEPTORS};

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

static void prepare(const double *p, double dt_ms, float *constants)
{
    cali_lif_receptors_constants *const k = (void *)constants;
    const cali_receptors_constants r = cali_receptors_prepare(p + TAU_AMPA, p[E_L], dt_ms);
    CALI_RECEPTORS_CONSTANTS(CALI_RECEPTORS_STORE)
    k->dt = (float)dt_ms;
    k->per_c = (float)(1.0 / p[C_M]);
    k->leak_c = (float)(p[G_L] / p[C_M]);
    k->drive = (float)(p[I_E] / p[C_M]);
    k->threshold = (float)(p[V_TH] - p[E_L]);
    k->reset = (float)(p[V_RESET] - p[E_L]);
    k->refractory = (float)cali_steps(p[T_REF], dt_ms);
}

CALI_DECLARE_LOOPS(lif_receptors);

const cali_neuron cali_neuron_lif_receptors = {
    .face = {.name = "lif-receptors",
             .title = "leaky integrate-and-fire with AMPA, NMDA, GABA-A and GABA-B receptors",
             .equations = "C_m V' = -g_L (V - E_L) " CALI_RECEPTORS_EQUATIONS "V >= V_th: spike, V = V_reset for t_ref",
             .source = "Brunel & Wang (2001), J. Comput. Neurosci. 11, 63-85 (cells); " CALI_RECEPTORS_SOURCE,
             CALI_NEURON_TABLES,
             .current_unit = "pA"},
    .n_constants = CALI_N_FLOATS(cali_lif_receptors_constants),
    .rest_param = E_L,
    .min_interval_ms = min_interval_ms,
    .prepare = prepare,
    .check = check,
    .loop = CALI_LOOPS(lif_receptors),
};
