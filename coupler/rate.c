/* Counts per bin as a rate, or the mean over a longer box of bins that ends with the present one. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "coupler/transducer.h"

enum { SCALE, WIDTH, INITIAL, N_PARAMS };
static const cal_field params[N_PARAMS] = {
    [SCALE] = {"scale", "1", 1.0, -INFINITY, INFINITY, "share of this population in the region's rate"},
    [WIDTH] = {"width", "ms", 0.0, 0.0, 1e4, "length of the box; 0: each bin by itself"},
    [INITIAL] = {"initial", "Hz", 0.0, -INFINITY, INFINITY, "rate before the start, for the box"},
};

static const char *const units[] = {"Hz", NULL};

typedef struct box {
    double *past; /* ring of the last n bins, Hz; none with n = 0 */
    size_t n, at;
} box;

static cal_status init(void *state, const cali_link_place *place)
{
    box *self = state;
    const double steps = place->params[WIDTH] / place->dt_ms;
    const double n = floor(steps + 0.5);
    if (fabs(steps - n) > 1e-6)
        return CAL_FAIL(place->ctx, CAL_ERR_ARGUMENT,
                        "%s: width %g ms of transducer rate is not a multiple of the host's step of %g ms",
                        place->region, place->params[WIDTH], place->dt_ms);
    if (n > 0.0 && place->port->is_points)
        return CAL_FAIL(place->ctx, CAL_ERR_ARGUMENT,
                        "%s: port %s gives points; the box of transducer rate needs means over bins",
                        place->region, place->port->name);
    self->n = (size_t)n;
    CAL_TRY(cali_alloc(place->ctx, self->n, sizeof(double), "box of a rate", &self->past));
    for (size_t i = 0; i < self->n; i++)
        self->past[i] = place->params[INITIAL];
    return CAL_OK;
}

static void destroy(void *state)
{
    free(((box *)state)->past);
}

/* The sum is taken afresh for every bin: no rounding gathers over a run. */
static double push(box *self, double x)
{
    self->past[self->at] = x;
    self->at = (self->at + 1) % self->n;
    double sum = 0.0;
    for (size_t i = 0; i < self->n; i++)
        sum += self->past[(self->at + i) % self->n];
    return sum / (double)self->n;
}

static void give(void *state, const cali_link_place *place, const double *x, double *y)
{
    box *self = state;
    const double scale = place->params[SCALE] * 1e-3; /* Hz to 1/ms */
    for (size_t n = 0; n < place->n_steps; n++)
        y[n] += scale * (self->n > 0 ? push(self, x[n]) : x[n]);
}

static size_t n_memory(const void *state)
{
    return ((const box *)state)->n;
}

static void save(const void *state, double *values) /* oldest first */
{
    const box *self = state;
    for (size_t i = 0; i < self->n; i++)
        values[i] = self->past[(self->at + i) % self->n];
}

static void restore(void *state, const double *values)
{
    box *self = state;
    for (size_t i = 0; i < self->n; i++)
        self->past[i] = values[i];
    self->at = 0;
}

const cali_transducer cali_transducer_rate = {
    .face = {.name = "rate",
             .direction = CAL_GIVES,
             .title = "spike counts as a rate",
             .formula = "y = scale / 1000 x mean of the rate over (t - width, t]; mean lag (width - dt) / 2",
             .source = "histogram estimate, variance nu / (N width); Shimazaki & Shinomoto (2007), Neural"
                       " Comput. 19, 1503-1527",
             .params = params,
             .n_params = N_PARAMS,
             .takes = "Hz",
             .gives = "1/ms"},
    .units = units,
    .state_size = sizeof(box),
    .init = init,
    .give = give,
    .destroy = destroy,
    .n_memory = n_memory,
    .save = save,
    .restore = restore,
};
