#include "snn/kernels/stdp_power.h"

#include <math.h>

#include "snn/synapse.h"

enum { TAU_PLUS, TAU_MINUS, LAMBDA, ALPHA, MU, W_0, W_MAX };

static const cal_field params[] = {
    [TAU_PLUS] = {"tau_plus", "ms", 20.0, 1e-3, 1e9, "decay of the source's trace: potentiation"},
    [TAU_MINUS] = {"tau_minus", "ms", 20.0, 1e-3, 1e9, "decay of the target's trace: depression"},
    [LAMBDA] = {"lambda", "1", 0.1, 0.0, 1e6, "step of one pair"},
    [ALPHA] = {"alpha", "1", 0.11, 0.0, 1e6, "depression over potentiation at w = w_0"},
    [MU] = {"mu", "1", 0.4, 0.0, 100.0, "exponent of potentiation"},
    [W_0] = {"w_0", "weight", 1.0, 1e-300, 1e300, "weight at which the powers meet"},
    [W_MAX] = {"w_max", "weight", NAN, 0.0, 1e300, "largest modulus of a weight; the rule itself has none"},
};

static void prepare(const double *p, double dt_ms, double *constants)
{
    (void)dt_ms;
    *(cali_stdp_power_constants *)(void *)constants = (cali_stdp_power_constants){
        .up = p[LAMBDA] * p[W_0] / cali_power(p[W_0], p[MU]),
        .mu = p[MU],
        .down = p[LAMBDA] * p[ALPHA],
        .max = p[W_MAX],
    };
}

CALI_DECLARE_ROW_LOOPS(stdp_power);

const cali_synapse cali_synapse_stdp_power = {
    .face = {.name = "stdp-power",
             .alias = "stdp_pl_synapse_hom",
             .title = "pair rule, power law of the weight",
             .equations = "spike of the source: w -= lambda alpha w K-; spike of the target: w += lambda w_0^(1 - mu) "
                          "w^mu K+; K+' = -K+ / tau_plus, K+ += 1 at each spike of the source; K-' = -K- / tau_minus, "
                          "K- += 1 at each spike of the target",
             .source = "Morrison, Aertsen & Diesmann (2007), Neural Comput. 19, 1437-1467",
             CALI_SYNAPSE_PARAMS},
    .pre = {{TAU_PLUS, false}},
    .post = {{TAU_MINUS, false}},
    .n_pre = CALI_STDP_POWER_PRE,
    .n_post = CALI_STDP_POWER_POST,
    .limit = W_MAX,
    .n_constants = CALI_N_DOUBLES(cali_stdp_power_constants),
    .prepare = prepare,
    .loop = CALI_ROW_LOOPS(stdp_power),
};
