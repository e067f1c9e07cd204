#include "snn/kernels/vogels.h"

#include <math.h>

#include "snn/synapse.h"

enum { TAU, ETA, ALPHA, W_MAX };

static const cal_field params[] = {
    [TAU] = {"tau", "ms", 20.0, 1e-3, 1e9, "decay of both traces"},
    [ETA] = {"eta", "weight", 1e-3, 0.0, 1e300, "step of one pair"},
    [ALPHA] = {"alpha", "1", 0.12, 0.0, 1e6, "loss at each spike of the source: 2 tau times the rate aimed at"},
    [W_MAX] = {"w_max", "weight", NAN, 0.0, 1e300, "largest modulus of a weight"},
};

static void prepare(const double *p, double dt_ms, double *constants)
{
    (void)dt_ms;
    *(cali_vogels_constants *)(void *)constants =
        (cali_vogels_constants){.eta = p[ETA], .alpha = p[ALPHA], .max = p[W_MAX]};
}

CALI_DECLARE_ROW_LOOPS(vogels);

const cali_synapse cali_synapse_vogels = {
    .face = {.name = "vogels",
             .alias = "vogels_sprekeler_synapse",
             .title = "inhibitory plasticity that balances excitation",
             .equations = "spike of the source: w += eta (K- - alpha); spike of the target: w += eta K+; K+ and K- "
                          "decay with tau and grow by 1 at each spike of the source and of the target",
             .source = "Vogels, Sprekeler, Zenke, Clopath & Gerstner (2011), Science 334, 1569-1573",
             CALI_SYNAPSE_PARAMS},
    .pre = {{TAU, false}},
    .post = {{TAU, false}},
    .n_pre = CALI_VOGELS_PRE,
    .n_post = CALI_VOGELS_POST,
    .limit = W_MAX,
    .n_constants = CALI_N_DOUBLES(cali_vogels_constants),
    .prepare = prepare,
    .loop = CALI_ROW_LOOPS(vogels),
};
