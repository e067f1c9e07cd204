/* A mean state of the network, a potential for example, as the output of the region. */
#include <math.h>

#include "coupler/transducer.h"

enum { SCALE, OFFSET, N_PARAMS };
static const cal_field params[N_PARAMS] = {
    [SCALE] = {"scale", "output/port", 1.0, -INFINITY, INFINITY, "output per unit of the port"},
    [OFFSET] = {"offset", "output", 0.0, -INFINITY, INFINITY, "output where the port gives 0"},
};

static void give(void *state, const cali_link_place *place, const double *x, double *y)
{
    (void)state;
    for (size_t n = 0; n < place->n_steps; n++)
        y[n] += place->params[SCALE] * x[n] + place->params[OFFSET];
}

const cali_transducer cali_transducer_mean = {
    .face = {.name = "mean",
             .direction = CAL_GIVES,
             .title = "mean state as the region's output",
             .formula = "y = scale x + offset",
             .source = "affine map to the unit of the output that the region replaces",
             .params = params,
             .n_params = N_PARAMS,
             .takes = "port",
             .gives = "output"},
    .give = give,
};
