/* A rate smoothed by a causal exponential kernel.
 *
 *      tau u' = x - u,   x constant over each bin of width dt:
 *      u(t + dt) = x + (u(t) - x) d,   d = exp(-dt / tau),
 *      mean over the bin = x + (u(t) - x) (1 - d) tau / dt,
 *
 * exact; the integral is kept up to what u still holds. Mean lag tau. */
#include <math.h>

#include "coupler/transducer.h"

enum { SCALE, TAU, INITIAL, N_PARAMS };
static const cal_field params[N_PARAMS] = {
    [SCALE] = {"scale", "1", 1.0, -INFINITY, INFINITY, "share of this population in the region's rate"},
    [TAU] = {"tau", "ms", 5.0, 1e-3, 1e4, "time constant of the kernel"},
    [INITIAL] = {"initial", "Hz", 0.0, -INFINITY, INFINITY, "smoothed rate at the start"},
};

static const char *const units[] = {"Hz", NULL};

typedef struct kernel {
    double u_Hz, decay, mean_weight;
} kernel;

static cal_status init(void *state, const cali_link_place *place)
{
    kernel *self = state;
    const double a = place->dt_ms / place->params[TAU];
    self->u_Hz = place->params[INITIAL];
    self->decay = cali_exp(-a);
    /* (1 - e^-a) / a cancels for small a; there its series is exact to rounding */
    self->mean_weight = a > 1e-3 ? (1.0 - self->decay) / a
                                 : 1.0 - a / 2.0 * (1.0 - a / 3.0 * (1.0 - a / 4.0 * (1.0 - a / 5.0)));
    return CAL_OK;
}

static void give(void *state, const cali_link_place *place, const double *x, double *y)
{
    kernel *self = state;
    const double scale = place->params[SCALE] * 1e-3; /* Hz to 1/ms */
    for (size_t n = 0; n < place->n_steps; n++) {
        y[n] += scale * (x[n] + (self->u_Hz - x[n]) * self->mean_weight);
        self->u_Hz = x[n] + (self->u_Hz - x[n]) * self->decay;
    }
}

static size_t n_memory(const void *state)
{
    (void)state;
    return 1;
}

static void save(const void *state, double *values)
{
    values[0] = ((const kernel *)state)->u_Hz;
}

static void restore(void *state, const double *values)
{
    ((kernel *)state)->u_Hz = values[0];
}

const cali_transducer cali_transducer_rate_exp = {
    .face = {.name = "rate-exp",
             .direction = CAL_GIVES,
             .title = "spike counts as a rate, smoothed exponentially",
             .formula = "tau u' = rate - u; y = scale / 1000 x mean of u over the bin; mean lag tau",
             .source = "causal kernel estimate, variance nu / (2 N tau); Nawrot, Aertsen & Rotter (1999), J."
                       " Neurosci. Methods 94, 81-92",
             .params = params,
             .n_params = N_PARAMS,
             .takes = "Hz",
             .gives = "1/ms"},
    .units = units,
    .needs_means = true,
    .state_size = sizeof(kernel),
    .init = init,
    .give = give,
    .n_memory = n_memory,
    .save = save,
    .restore = restore,
};
