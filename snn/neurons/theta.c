#include "snn/kernels/theta.h"

#include <math.h>

#include "snn/neurons/qif.h"

enum { TAU, ETA, TAU_SYN, N_PARAMS };

static const cal_field params[] = {
    [TAU] = {"tau", "ms", 10.0, 1e-6, 1e9, "membrane time constant"},
    [ETA] = {"eta", "1", -5.0, -1e12, 1e12, "constant drive"},
    [TAU_SYN] = {"tau_syn", "ms", 5.0, 1e-3, 1e6, "decay time of exponential input"},
};

static const cal_field states[] = {
    {"theta", "rad", -2.2142974, -CALI_PI, CALI_PI, "phase; v = tan(theta / 2) starts at -2"},
    {"i_syn", "1", 0.0, -INFINITY, INFINITY, "synaptic drive during the coming step"},
    {"i_exp", "1", 0.0, -INFINITY, INFINITY, "drive that decays with tau_syn"},
    {"theta_low", "rad", 0.0, -1.0, 1.0, "rounding of theta, carried to the next step"},
};

static const cal_receptor receptors[] = {
    {"input", "1", "a spike adds weight tau / dt to the drive during one step: weight tau s(t)", false},
    {"exponential", "1", "jump of i_exp", false},
};

static bool check(const double *p, double dt_ms, double current, char *why, size_t size)
{
    return cali_qif_can_follow(p[ETA] + current, p[TAU], dt_ms, why, size);
}

static void prepare(const double *p, double dt_ms, float *constants)
{
    const double h = dt_ms / p[TAU];
    *(cali_theta_constants *)(void *)constants = (cali_theta_constants){
        .eta = (float)p[ETA],
        .h = (float)h,
        .per_h = (float)(1.0 / h),
        .limit = (float)(2.4 / (h * h)),
        .mean = (float)cali_phi(-dt_ms / p[TAU_SYN]),
        .loss = (float)cali_loss(dt_ms / p[TAU_SYN]),
    };
}

CALI_DECLARE_LOOPS(theta);

const cali_neuron cali_neuron_theta = {
    .face = {.name = "theta",
             .alias = NULL,
             .title = "theta neuron: the phase of a quadratic integrate-and-fire neuron, exact flow",
             .equations = "tau theta' = (1 - cos theta) + (1 + cos theta) (eta + i_exp + I + J tau s(t)); "
                          "tau_syn i_exp' = -i_exp; theta passes pi: spike",
             .source = "Ermentrout & Kopell (1986), SIAM J. Appl. Math. 46, 233-253",
             CALI_NEURON_TABLES,
             .current_unit = "1"},
    .n_constants = CALI_N_FLOATS(cali_theta_constants),
    .rest_param = -1,
    .prepare = prepare,
    .check = check,
    .loop = CALI_LOOPS(theta),
};
