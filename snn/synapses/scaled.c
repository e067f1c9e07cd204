#include "snn/kernels/scaled.h"

#include <math.h>

#include "snn/synapse.h"

enum { W_MAX };

static const cal_field params[] = {
    [W_MAX] = {"w_max", "weight", NAN, 0.0, 1e300, "largest modulus of a weight"},
};

static void prepare(const double *p, double dt_ms, double *constants)
{
    (void)dt_ms;
    *(cali_scaled_constants *)(void *)constants = (cali_scaled_constants){.max = p[W_MAX]};
}

CALI_DECLARE_ROW_LOOPS(scaled);

const cali_synapse cali_synapse_scaled = {
    .face = {.name = "scaled",
             .title = "constant weight, but for scaling",
             .equations = "each spike of the source delivers the weight one delay later; scaling multiplies all weights at a "
                          "target by one factor",
             .source = "van Rossum, Bi & Turrigiano (2000), J. Neurosci. 20, 8812-8821",
             CALI_SYNAPSE_PARAMS},
    .is_pre_only = true,
    .limit = W_MAX,
    .n_constants = CALI_N_DOUBLES(cali_scaled_constants),
    .prepare = prepare,
    .loop = CALI_ROW_LOOPS(scaled),
};
