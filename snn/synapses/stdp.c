/* Two entries over one kernel: all pairs of spikes count, or each spike pairs with the nearest one before it. */
#include "snn/kernels/stdp.h"

#include <math.h>

#include "snn/synapse.h"

enum { TAU_PLUS, TAU_MINUS, LAMBDA, ALPHA, MU_PLUS, MU_MINUS, W_MAX };

static const cal_field params[] = {
    [TAU_PLUS] = {"tau_plus", "ms", 20.0, 1e-3, 1e9, "decay of the source's trace: potentiation"},
    [TAU_MINUS] = {"tau_minus", "ms", 20.0, 1e-3, 1e9, "decay of the target's trace: depression"},
    [LAMBDA] = {"lambda", "1", 0.01, 0.0, 1.0, "step of one pair, as a share of w_max"},
    [ALPHA] = {"alpha", "1", 1.0, 0.0, 1e6, "depression over potentiation"},
    [MU_PLUS] = {"mu_plus", "1", 0.0, 0.0, 100.0, "how potentiation depends on the weight; 0: additive"},
    [MU_MINUS] = {"mu_minus", "1", 0.0, 0.0, 100.0, "how depression depends on the weight; 0: additive"},
    [W_MAX] = {"w_max", "weight", NAN, 0.0, 1e300, "largest modulus of a weight"},
};

static void prepare(const double *p, double dt_ms, double *constants)
{
    (void)dt_ms;
    *(cali_stdp_constants *)(void *)constants = (cali_stdp_constants){
        .up = p[LAMBDA] * p[W_MAX],
        .down = p[LAMBDA] * p[ALPHA] * p[W_MAX],
        .mu_plus = p[MU_PLUS],
        .mu_minus = p[MU_MINUS],
        .per_max = p[W_MAX] > 0.0 ? 1.0 / p[W_MAX] : 0.0,
        .max = p[W_MAX],
    };
}

CALI_DECLARE_ROW_LOOPS(stdp);

const cali_synapse cali_synapse_stdp = {
    .face = {.name = "stdp",
             .alias = "stdp_synapse",
             .title = "pair rule, all pairs of spikes",
             .equations = "s = w / w_max; spike of the source: s -= lambda alpha s^mu_minus K-; spike of the target: "
                          "s += lambda (1 - s)^mu_plus K+; K+' = -K+ / tau_plus, K+ += 1 at each spike of the "
                          "source; K-' = -K- / tau_minus, K- += 1 at each spike of the target",
             .source = "Guetig, Aharonov, Rotter & Sompolinsky (2003), J. Neurosci. 23, 3697-3714; Song, Miller & "
                       "Abbott (2000), Nat. Neurosci. 3, 919-926",
             CALI_SYNAPSE_PARAMS},
    .pre = {{TAU_PLUS, false}},
    .post = {{TAU_MINUS, false}},
    .n_pre = CALI_STDP_PRE,
    .n_post = CALI_STDP_POST,
    .limit = W_MAX,
    .n_constants = CALI_N_DOUBLES(cali_stdp_constants),
    .prepare = prepare,
    .loop = CALI_ROW_LOOPS(stdp),
};

const cali_synapse cali_synapse_stdp_nearest = {
    .face = {.name = "stdp-nearest",
             .alias = "stdp_nn_symm_synapse",
             .title = "pair rule, nearest spikes, symmetric",
             .equations = "as stdp, but K+ = 1 at each spike of the source and K- = 1 at each spike of the target",
             .source = "Morrison, Diesmann & Gerstner (2008), Biol. Cybern. 98, 459-478, figure 7A",
             CALI_SYNAPSE_PARAMS},
    .pre = {{TAU_PLUS, true}},
    .post = {{TAU_MINUS, true}},
    .n_pre = CALI_STDP_PRE,
    .n_post = CALI_STDP_POST,
    .limit = W_MAX,
    .n_constants = CALI_N_DOUBLES(cali_stdp_constants),
    .prepare = prepare,
    .loop = CALI_ROW_LOOPS(stdp),
};
