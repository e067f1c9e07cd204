#include "snn/kernels/adex_receptors.h"

#include <math.h>

#include "snn/neurons/expif.h"
#include "snn/neurons/receptors.h"

enum { CALI_EXPIF_PARAMS, CALI_EXPIF_W_PARAMS, CALI_RECEPTORS_PARAMS, I_E, N_PARAMS };

static const cal_field params[] = {
    CALI_EXPIF_FIELDS,
    CALI_EXPIF_W_FIELDS,
    CALI_RECEPTORS_FIELDS,
    [I_E] = {"I_e", "pA", 0.0, -1e9, 1e9, "constant current"},
};

static const cal_field states[] = {
    {"V", "mV", -70.6, -INFINITY, INFINITY, "membrane voltage; starts at E_L unless set"},
    {"w", "pA", 0.0, -INFINITY, INFINITY, "adaptation current"},
    CALI_RECEPTORS_STATE_FIELDS,
    {"n_refractory", "1", 0.0, 0.0, 16777216.0, "refractory steps left"},
    {"u_low", "mV", 0.0, -1.0, 1.0, "rounding of V, carried to the next step"},
    {"w_low", "pA", 0.0, -1.0, 1.0, "rounding of w, carried to the next step"},
};

static const cal_receptor receptors[] = {CALI_RECEPTORS_RECEPTORS};

static void prepare(const double *p, double dt_ms, float *constants)
{
    cali_adex_receptors_constants *const k = (void *)constants;
    const cali_expif_constants c = cali_expif_prepare(p, true, p[I_E], dt_ms);
    const cali_receptors_constants r = cali_receptors_prepare(p + TAU_AMPA, p[E_L], 0.25 * dt_ms);
    CALI_EXPIF_CONSTANTS(CALI_EXPIF_STORE)
    CALI_EXPIF_W_CONSTANTS(CALI_EXPIF_STORE)
    CALI_RECEPTORS_CONSTANTS(CALI_RECEPTORS_STORE)
}

CALI_DECLARE_LOOPS(adex_receptors);

const cali_neuron cali_neuron_adex_receptors = {
    .face = {.name = "adex-receptors",
             .title = "adaptive exponential integrate-and-fire with AMPA, NMDA, GABA-A and GABA-B receptors",
             .equations = "C_m V' = -g_L (V - E_L) + g_L Delta_T exp((V - V_T) / Delta_T) - w " CALI_RECEPTORS_EQUATIONS
                          "tau_w w' = a (V - E_L) - w; V >= V_peak: spike, V = V_reset, w += b",
             .source = CALI_EXPIF_SOURCE "; " CALI_RECEPTORS_SOURCE,
             CALI_NEURON_TABLES,
             .current_unit = "pA"},
    .n_constants = CALI_N_FLOATS(cali_adex_receptors_constants),
    .rest_param = E_L,
    .min_interval_ms = cali_expif_min_interval_ms,
    .prepare = prepare,
    .check = cali_expif_check,
    .loop = CALI_LOOPS(adex_receptors),
};
