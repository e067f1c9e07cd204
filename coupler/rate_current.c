/* A rate as the mean current of the synapses that it drives. */
#include <math.h>
#include <string.h>

#include "coupler/transducer.h"

enum { SYNAPSES, CHARGE, OFFSET, N_PARAMS };
static const cal_field params[N_PARAMS] = {
    [SYNAPSES] = {"synapses", "1", 100.0, 0.0, 1e9, "synapses per neuron, K"},
    [CHARGE] = {"charge", "pA ms", 1.0, -INFINITY, INFINITY,
                "charge of one spike at one synapse, q: peak x time constant for exponential currents"},
    [OFFSET] = {"offset", "pA", 0.0, -INFINITY, INFINITY, "current without coupling"},
};

static const char *const units[] = {"pA", "nA", NULL};

static cal_status receive(void *state, const cali_link_place *place, cal_time t0, const double *c,
                          cal_port_data *data, cal_link_counts *counts)
{
    (void)state, (void)t0, (void)counts;
    const double per_port_unit = strcmp(place->port->unit, "nA") == 0 ? 1000.0 : 1.0;
    const double charge = place->params[SYNAPSES] * place->params[CHARGE];
    const size_t n = place->port->samples;
    for (size_t i = 0; i < place->port->channels; i++)
        for (size_t j = 0; j < n; j++)
            data->values[i * n + j] = (charge * c[j] + place->params[OFFSET]) / per_port_unit;
    return CAL_OK;
}

const cali_transducer cali_transducer_rate_current = {
    .face = {.name = "rate-current",
             .direction = CAL_RECEIVES,
             .title = "rate as the mean current of its synapses",
             .formula = "I = synapses charge c + offset",
             .source = "Campbell's theorem: mean of shot noise of rate K nu and charge q; Papoulis &"
                       " Pillai (2002), Probability, Random Variables and Stochastic Processes",
             .params = params,
             .n_params = N_PARAMS,
             .takes = "1/ms",
             .gives = "pA"},
    .units = units,
    .receive = receive,
};
