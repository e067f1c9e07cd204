#include "snn/kernels/stdp_reward.h"

#include <math.h>

#include "snn/synapse.h"

enum { TAU_PLUS, TAU_MINUS, TAU_C, TAU_N, A_PLUS, A_MINUS, B, RELEASE, W_MAX };

static const cal_field params[] = {
    [TAU_PLUS] = {"tau_plus", "ms", 20.0, 1e-3, 1e9, "decay of the source's trace"},
    [TAU_MINUS] = {"tau_minus", "ms", 20.0, 1e-3, 1e9, "decay of the target's trace"},
    [TAU_C] = {"tau_c", "ms", 1000.0, 1e-3, 1e9, "decay of the eligibility"},
    [TAU_N] = {"tau_n", "ms", 200.0, 1e-3, 1e9, "decay of the concentration"},
    [A_PLUS] = {"A_plus", "1", 0.01, 0.0, 1e6, "eligibility by a source-target pair, as a share of w_max"},
    [A_MINUS] = {"A_minus", "1", 0.015, 0.0, 1e6, "loss of eligibility by a target-source pair, as a share of w_max"},
    [B] = {"b", "1/ms", 0.0, -1e6, 1e6, "concentration at which weights stay"},
    [RELEASE] = {"release", "1", 1.0, -1e6, 1e6, "integral of the concentration that one spike releases"},
    [W_MAX] = {"w_max", "weight", NAN, 0.0, 1e300, "largest modulus of a weight"},
};

static const cal_field states[] = {
    {"c", "weight", 0.0, -INFINITY, INFINITY, "eligibility: the change of the weight by one spike of the modulator, if c "
                                              "did not decay"},
};

static void prepare(const double *p, double dt_ms, double *constants)
{
    (void)dt_ms;
    *(cali_stdp_reward_constants *)(void *)constants = (cali_stdp_reward_constants){
        .up = p[A_PLUS] * p[W_MAX],
        .down = p[A_MINUS] * p[W_MAX],
        .max = p[W_MAX],
    };
}

static void prepare_modulator(const double *p, double dt_ms, cali_modulator *m)
{
    const double per_tau_s = 1.0 / p[TAU_C] + 1.0 / p[TAU_N];
    *m = (cali_modulator){
        .c_rate = dt_ms / p[TAU_C],
        .n_rate = dt_ms / p[TAU_N],
        .s_rate = dt_ms * per_tau_s,
        .tau_c_ms = p[TAU_C],
        .tau_s_ms = 1.0 / per_tau_s,
        .baseline = p[B],
        .kick = p[RELEASE] / p[TAU_N],
    };
}

CALI_DECLARE_ROW_LOOPS(stdp_reward);

const cali_synapse cali_synapse_stdp_reward = {
    .face = {.name = "stdp-reward",
             .alias = "stdp_dopamine_synapse",
             .title = "pair rule with eligibility and a neuromodulator",
             .equations = "spike of the target: c += A_plus w_max K+; spike of the source: c -= A_minus w_max K-; c' = -c / "
                          "tau_c; w' = c (n - b); n' = -n / tau_n, n += release / tau_n when a spike of the modulator "
                          "arrives; K+' = -K+ / tau_plus, K+ += 1 at each spike of the source; K-' = -K- / tau_minus, K- "
                          "+= 1 at each spike of the target",
             .source = "Izhikevich (2007), Cereb. Cortex 17, 2443-2452; Potjans, Morrison & Diesmann (2010), Front. "
                       "Comput. Neurosci. 4, 141",
             CALI_SYNAPSE_PARAMS,
             .states = states,
             .n_states = 1,
             .has_modulator = true},
    .pre = {{TAU_PLUS, false}},
    .post = {{TAU_MINUS, false}},
    .n_pre = CALI_STDP_REWARD_PRE,
    .n_post = CALI_STDP_REWARD_POST,
    .common = {TAU_C, TAU_N, B, RELEASE},
    .n_common = 4,
    .limit = W_MAX,
    .n_constants = CALI_N_DOUBLES(cali_stdp_reward_constants),
    .prepare = prepare,
    .prepare_modulator = prepare_modulator,
    .loop = CALI_ROW_LOOPS(stdp_reward),
};
