#include "snn/kernels/aqif.h"

#include <math.h>

#include "snn/neurons/qif.h"

enum { TAU, ETA, TAU_A, ALPHA, TAU_SYN, V_PEAK, V_RESET, N_PARAMS };

static const cal_field params[] = {
    [TAU] = {"tau", "ms", 10.0, 1e-6, 1e9, "membrane time constant"},
    [ETA] = {"eta", "1", -5.0, -1e12, 1e12, "constant drive"},
    [TAU_A] = {"tau_A", "ms", 100.0, 1e-2, 1e6, "time constant of the adaptation"},
    [ALPHA] = {"alpha", "ms", 50.0, 0.0, 1e9, "adaptation per rate"},
    [TAU_SYN] = {"tau_syn", "ms", 5.0, 1e-3, 1e6, "decay time of exponential input"},
    [V_PEAK] = {"v_peak", "1", INFINITY, -1e6, INFINITY, "v at which the neuron spikes"},
    [V_RESET] = {"v_reset", "1", -INFINITY, -INFINITY, 1e6, "v after a spike"},
};

static const cal_field states[] = {
    {"v", "1", -2.0, -INFINITY, INFINITY, "membrane voltage"},
    {"i_syn", "1", 0.0, -INFINITY, INFINITY, "synaptic drive during the coming step"},
    {"i_exp", "1", 0.0, -INFINITY, INFINITY, "drive that decays with tau_syn"},
    {"A", "1", 0.0, -INFINITY, INFINITY, "adaptation"},
    {"D", "1", 0.0, -INFINITY, INFINITY, "A + tau_A A'"},
};

static const cal_receptor receptors[] = {
    {"input", "1", "a spike adds weight tau / dt to the drive during one step: weight tau s(t)", false},
    {"exponential", "1", "jump of i_exp", false},
};

static bool check(const double *p, double dt_ms, double current, char *why, size_t size)
{
    return cali_qif_has_order(p[V_PEAK], p[V_RESET], why, size) &&
           cali_qif_can_follow(p[ETA] + current, p[TAU], dt_ms, why, size);
}

static void prepare(const double *p, double dt_ms, float *constants)
{
    const double h = dt_ms / p[TAU], s = dt_ms / p[TAU_A];
    const cali_qif_reset reset = cali_qif_reset_of(p[V_PEAK], p[V_RESET]);
    *(cali_aqif_constants *)(void *)constants = (cali_aqif_constants){
        .eta = (float)p[ETA],
        .h = (float)h,
        .per_h = (float)(1.0 / h),
        .v_peak = reset.v_peak,
        .reset_p = reset.p,
        .reset_q = reset.q,
        .reset_s = reset.s,
        .limit = (float)(2.4 / (h * h)),
        .mean = (float)cali_phi(-dt_ms / p[TAU_SYN]),
        .loss = (float)cali_loss(dt_ms / p[TAU_SYN]),
        /* means of e^-r and of r e^-r for r from 0 to s */
        .mean_a = (float)cali_phi(-s),
        .mean_d = (float)(cali_phi(-s) - cali_exp(-s)),
        .loss_a = (float)cali_loss(s),
        .gain_d = (float)(s * cali_exp(-s)),
        .jump = (float)(p[ALPHA] / p[TAU_A]),
    };
}

CALI_DECLARE_LOOPS(aqif);

const cali_neuron cali_neuron_aqif = {
    .face = {.name = "aqif",
             .alias = NULL,
             .title = "adaptive quadratic integrate-and-fire, spike-frequency adaptation",
             .equations = "tau v' = v^2 + eta - A + i_exp + I + J tau s(t); tau_A A' = D - A; tau_A D' = -D; "
                          "tau_syn i_exp' = -i_exp; v >= v_peak: spike, v = v_reset, D += alpha / tau_A",
             .source = "Gast, Schmidt & Knosche (2020), Neural Comput. 32, 1615-1634",
             CALI_NEURON_TABLES,
             .current_unit = "1"},
    .n_constants = CALI_N_FLOATS(cali_aqif_constants),
    .rest_param = -1,
    .prepare = prepare,
    .check = check,
    .loop = CALI_LOOPS(aqif),
};
