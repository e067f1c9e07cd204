/* A rate for private Poisson trains: every neuron of the population draws its own events, in the
 * sub-simulator. */
#include <math.h>

#include "coupler/transducer.h"

enum { SCALE, OFFSET, N_PARAMS };
static const cal_field params[N_PARAMS] = {
    [SCALE] = {"scale", "1", 1.0, -INFINITY, INFINITY, "rate of a train over the coupling term's rate"},
    [OFFSET] = {"offset", "Hz", 0.0, -INFINITY, INFINITY, "rate of a train without coupling"},
};

static const char *const units[] = {"Hz", NULL};

static cal_status receive(void *state, const cali_link_place *place, cal_time t0, const double *c,
                          cal_port_data *data, cal_link_counts *counts)
{
    (void)state;
    const double scale = 1000.0 * place->params[SCALE], offset = place->params[OFFSET];
    const size_t n = place->port->samples;
    for (size_t j = 0; j < n; j++)
        data->values[j] =
            cali_link_rate_Hz(place, t0, j, scale * c[j] + offset, INFINITY, counts);
    for (size_t i = 1; i < place->port->channels; i++)
        for (size_t j = 0; j < n; j++)
            data->values[i * n + j] = data->values[j];
    return CAL_OK;
}

const cali_transducer cali_transducer_poisson = {
    .face = {.name = "poisson",
             .direction = CAL_RECEIVES,
             .title = "private Poisson trains for every neuron",
             .formula = "rate = max(0, 1000 scale c + offset), mean over each bin",
             .source = "inhomogeneous Poisson process by the integral of its rate; Cox & Lewis (1966),"
                       " The Statistical Analysis of Series of Events",
             .params = params,
             .n_params = N_PARAMS,
             .takes = "1/ms",
             .gives = "Hz"},
    .units = units,
    .needs_means = true,
    .receive = receive,
};
