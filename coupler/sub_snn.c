/* The in-process spiking network behind the operation table of sub-simulators. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "callosum/coupler.h"

typedef struct sub_snn {
    cal_context *ctx;
    cal_snn *snn;
    cal_port *ports;
    size_t n_ports;
} sub_snn;

static const char *state_unit(const cal_neuron *neuron, const char *state)
{
    const int i = cal_field_find(neuron->states, neuron->n_states, state);
    return i < 0 ? "1" : neuron->states[i].unit;
}

cal_port cal_sub_snn_describe(const cal_snn_def *def, size_t index)
{
    const cal_snn_port *from = &def->ports[index];
    const cal_snn_population *population = &def->populations[from->population];
    cal_port port = {.name = from->name, .channels = 1, .samples = from->samples};
    switch (from->kind) {
    case CAL_PORT_POISSON:
        port.unit = "Hz";
        port.is_input = true;
        break;
    case CAL_PORT_CURRENT:
        port.unit = population->neuron->current_unit;
        port.is_input = true;
        break;
    case CAL_PORT_SPIKES:
        port.unit = "event";
        port.is_input = port.is_spikes = true;
        port.channels = population->n;
        port.samples = (uint32_t)(def->window / def->dt);
        break;
    case CAL_PORT_RATE:
        port.unit = "Hz";
        break;
    case CAL_PORT_MEAN:
        port.unit = state_unit(population->neuron, from->state);
        break;
    }
    return port;
}

static size_t n_ports(const void *self)
{
    return ((const sub_snn *)self)->n_ports;
}

static const cal_port *get_port(const void *self, size_t index)
{
    return &((const sub_snn *)self)->ports[index];
}

static cal_time window(const void *self)
{
    return cal_snn_get_def(((const sub_snn *)self)->snn)->window;
}

static cal_status advance(void *self, cal_time t0, cal_port_data *data)
{
    sub_snn *sub = self;
    if (cal_snn_time(sub->snn) != t0)
        return CAL_FAIL(sub->ctx, CAL_ERR_STATE, "the network is at %g ms, the window begins at %g ms",
                        cal_time_ms(cal_snn_time(sub->snn)), cal_time_ms(t0));
    for (size_t i = 0; i < sub->n_ports; i++) {
        const cal_port *port = &sub->ports[i];
        const cal_port_spikes *spikes = &data[i].spikes;
        if (port->is_spikes)
            CAL_TRY(cal_snn_write_spikes(sub->snn, i, spikes->n, spikes->offset_ns, spikes->id));
        else if (port->is_input)
            CAL_TRY(cal_snn_write(sub->snn, i, data[i].values));
    }
    CAL_TRY(cal_snn_advance(sub->snn));
    for (size_t i = 0; i < sub->n_ports; i++)
        if (!sub->ports[i].is_input)
            CAL_TRY(cal_snn_read(sub->snn, i, data[i].values));
    return CAL_OK;
}

static cal_sub_spikes spikes(const void *self)
{
    return cal_snn_get_spikes(((const sub_snn *)self)->snn);
}

static cal_sub_samples samples(const void *self, size_t sampler)
{
    return cal_snn_get_samples(((const sub_snn *)self)->snn, sampler);
}

static cal_sub_watched watched(const void *self, size_t watch)
{
    return cal_snn_get_watched(((const sub_snn *)self)->snn, watch);
}

static cal_status save_state(const void *self, char **bytes, size_t *size)
{
    return cal_snn_save_state(((const sub_snn *)self)->snn, bytes, size);
}

static cal_status restore_state(void *self, cal_time time, const char *bytes, size_t size, cal_restore how)
{
    (void)time; /* the bytes know it */
    return cal_snn_restore_state(((sub_snn *)self)->snn, bytes, size, how);
}

static void destroy(void *self)
{
    sub_snn *sub = self;
    if (sub == NULL)
        return;
    cal_snn_destroy(&sub->snn);
    free(sub->ports);
    free(sub);
}

const cal_sub_ops cal_sub_snn = {
    .kind = "in-process",
    .state_kind = "network",
    .n_ports = n_ports,
    .port = get_port,
    .advance = advance,
    .spikes = spikes,
    .samples = samples,
    .watched = watched,
    .destroy = destroy,
    .window = window,
    .save_state = save_state,
    .restore_state = restore_state,
};

static cal_status init(sub_snn *sub)
{
    const cal_snn_def *def = cal_snn_get_def(sub->snn);
    CAL_TRY(cali_alloc(sub->ctx, def->n_ports, sizeof *sub->ports, "ports of a network", &sub->ports));
    sub->n_ports = def->n_ports;
    for (size_t i = 0; i < def->n_ports; i++)
        sub->ports[i] = cal_sub_snn_describe(def, i);
    return CAL_OK;
}

cal_status cal_sub_snn_create(cal_context *ctx, cal_snn **snn, void **self)
{
    sub_snn *sub = NULL;
    *self = NULL;
    const cal_status status = cali_alloc(ctx, 1, sizeof *sub, "sub-simulator", &sub);
    if (status != CAL_OK) {
        cal_snn_destroy(snn);
        return status;
    }
    sub->ctx = ctx;
    sub->snn = *snn;
    *snn = NULL;
    const cal_status made = init(sub);
    if (made != CAL_OK)
        destroy(sub);
    else
        *self = sub;
    return made;
}
