#include "snn/kernels/triplet.h"

#include <math.h>

#include "snn/synapse.h"

enum { TAU_PLUS, TAU_X, TAU_MINUS, TAU_Y, A2_PLUS, A3_PLUS, A2_MINUS, A3_MINUS, W_MAX };

/* Defaults: the all-to-all fit to the visual cortex, table 3 of the source. */
static const cal_field params[] = {
    [TAU_PLUS] = {"tau_plus", "ms", 16.8, 1e-3, 1e9, "decay of r1, the source's fast trace"},
    [TAU_X] = {"tau_x", "ms", 101.0, 1e-3, 1e9, "decay of r2, the source's slow trace"},
    [TAU_MINUS] = {"tau_minus", "ms", 33.7, 1e-3, 1e9, "decay of o1, the target's fast trace"},
    [TAU_Y] = {"tau_y", "ms", 125.0, 1e-3, 1e9, "decay of o2, the target's slow trace"},
    [A2_PLUS] = {"A2_plus", "1", 5e-10, 0.0, 1e6, "potentiation by a pair, as a share of w_max"},
    [A3_PLUS] = {"A3_plus", "1", 6.2e-3, 0.0, 1e6, "potentiation by a triplet, as a share of w_max"},
    [A2_MINUS] = {"A2_minus", "1", 7e-3, 0.0, 1e6, "depression by a pair, as a share of w_max"},
    [A3_MINUS] = {"A3_minus", "1", 2.3e-4, 0.0, 1e6, "depression by a triplet, as a share of w_max"},
    [W_MAX] = {"w_max", "weight", NAN, 0.0, 1e300, "largest modulus of a weight"},
};

static void prepare(const double *p, double dt_ms, double *constants)
{
    (void)dt_ms;
    *(cali_triplet_constants *)(void *)constants = (cali_triplet_constants){
        .a2_plus = p[A2_PLUS] * p[W_MAX],
        .a3_plus = p[A3_PLUS] * p[W_MAX],
        .a2_minus = p[A2_MINUS] * p[W_MAX],
        .a3_minus = p[A3_MINUS] * p[W_MAX],
        .max = p[W_MAX],
    };
}

CALI_DECLARE_ROW_LOOPS(triplet);

const cali_synapse cali_synapse_triplet = {
    .face = {.name = "triplet",
             .alias = "stdp_triplet_synapse",
             .title = "triplet rule, all pairs and triplets of spikes",
             .equations = "spike of the source: w -= w_max o1 (A2_minus + A3_minus r2); spike of the target: w += "
                          "w_max r1 (A2_plus + A3_plus o2); r1, r2 decay with tau_plus, tau_x and grow by 1 at each "
                          "spike of the source; o1, o2 with tau_minus, tau_y at each of the target",
             .source = "Pfister & Gerstner (2006), J. Neurosci. 26, 9673-9682",
             CALI_SYNAPSE_PARAMS},
    .pre = {{TAU_PLUS, false}, {TAU_X, false}},
    .post = {{TAU_MINUS, false}, {TAU_Y, false}},
    .n_pre = CALI_TRIPLET_PRE,
    .n_post = CALI_TRIPLET_POST,
    .limit = W_MAX,
    .n_constants = CALI_N_DOUBLES(cali_triplet_constants),
    .prepare = prepare,
    .loop = CALI_ROW_LOOPS(triplet),
};
