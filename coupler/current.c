/* The coupling term as an input of the network, unchanged but for gain and offset: with gain 1 a
 * dimensionless network of QIF neurons gets what its mean field would have got. */
#include <math.h>

#include "coupler/transducer.h"

enum { GAIN, OFFSET, N_PARAMS };
static const cal_field params[N_PARAMS] = {
    [GAIN] = {"gain", "port/coupling", 1.0, -INFINITY, INFINITY, "input per unit of the coupling term"},
    [OFFSET] = {"offset", "port", 0.0, -INFINITY, INFINITY, "input without coupling"},
};

static const char *const units[] = {"pA", "nA", "nS", "mV", "1", NULL};

static cal_status receive(void *state, const cali_link_place *place, cal_time t0, const double *c,
                          cal_port_data *data, cal_link_counts *counts)
{
    (void)state, (void)t0, (void)counts;
    const double gain = place->params[GAIN], offset = place->params[OFFSET];
    const size_t n = place->port->samples;
    for (size_t i = 0; i < place->port->channels; i++)
        for (size_t j = 0; j < n; j++)
            data->values[i * n + j] = gain * c[j] + offset;
    return CAL_OK;
}

const cali_transducer cali_transducer_current = {
    .face = {.name = "current",
             .direction = CAL_RECEIVES,
             .title = "coupling term as an input current",
             .formula = "I = gain c + offset",
             .source = "affine map; exact for QIF networks, whose mean field is exact: Montbrio, Pazo &"
                       " Roxin (2015), Phys. Rev. X 5, 021028",
             .params = params,
             .n_params = N_PARAMS,
             .takes = "coupling",
             .gives = "port"},
    .units = units,
    .receive = receive,
};
