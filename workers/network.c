/* The model "callosum-network": a network of this program's engine, from its map. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "workers/network_model.h"
#include "callosum/workers.h"

/* The in-process sub-simulator, and the definition that its own neurons live in. */
typedef struct network {
    void *sub;
    cali_network_model *model;
} network;

static void *inner(const void *self)
{
    return ((const network *)self)->sub;
}

static size_t n_ports(const void *self)
{
    return cal_sub_snn.n_ports(inner(self));
}

static const cal_port *port(const void *self, size_t index)
{
    return cal_sub_snn.port(inner(self), index);
}

static cal_status advance(void *self, cal_time t0, cal_port_data *data)
{
    return cal_sub_snn.advance(inner(self), t0, data);
}

static cal_sub_spikes spikes(const void *self)
{
    return cal_sub_snn.spikes(inner(self));
}

static cal_sub_samples samples(const void *self, size_t sampler)
{
    return cal_sub_snn.samples(inner(self), sampler);
}

static cal_sub_watched watched(const void *self, size_t watch)
{
    return cal_sub_snn.watched(inner(self), watch);
}

static cal_time window(const void *self)
{
    return cal_sub_snn.window(inner(self));
}

static cal_status save_state(const void *self, char **bytes, size_t *size)
{
    return cal_sub_snn.save_state(inner(self), bytes, size);
}

static cal_status restore_state(void *self, cal_time time, const char *bytes, size_t size, cal_restore how)
{
    return cal_sub_snn.restore_state(inner(self), time, bytes, size, how);
}

static void destroy(void *self)
{
    network *n = self;
    if (n->sub != NULL)
        cal_sub_snn.destroy(n->sub);
    cali_network_model_destroy(&n->model);
    free(n);
}

static const cal_sub_ops ops = {.kind = "worker", .state_kind = "network", .n_ports = n_ports, .port = port,
                                .advance = advance, .spikes = spikes, .samples = samples, .watched = watched, .destroy = destroy,
                                .window = window, .save_state = save_state, .restore_state = restore_state};

static cal_status fill(cal_context *ctx, const cal_value *map, network *n, cal_worker_sub *out, cal_problem *problem)
{
    cal_snn *snn = NULL;
    CAL_TRY(cali_network_model_decode(ctx, map, &n->model, problem));
    const cal_snn_def *def = cali_network_model_def(n->model);
    if (def->dt > 0 && def->window % def->dt != 0)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "E210 a step of %g ms does not divide the window of %g ms", cal_time_ms(def->dt),
                        cal_time_ms(def->window));
    CAL_TRY(cali_network_model_digest(ctx, def, out->digest));
    CAL_TRY(cal_snn_create(ctx, def, &snn));
    const cal_snn_counts counts = cal_snn_get_counts(snn);
    out->n_samplers = def->n_samplers;
    out->n_watches = def->n_watches;
    out->step = def->dt;
    out->n_neurons = counts.n_neurons;
    out->n_synapses = counts.n_synapses;
    out->bytes = counts.bytes;
    cali_network_model_shrink(n->model); /* the network has its own of all that it needs */
    return cal_sub_snn_create(ctx, &snn, &n->sub);
}

static cal_status build(cal_context *ctx, const cal_value *configure, cal_worker_sub *out, cal_problem *problem)
{
    network *n = NULL;
    CAL_TRY(cali_alloc(ctx, 1, sizeof *n, "a network", &n));
    const cal_status status = fill(ctx, cal_value_find(configure, "model"), n, out, problem);
    if (status != CAL_OK) {
        destroy(n);
        return status;
    }
    out->ops = &ops;
    out->self = n;
    return CAL_OK;
}

const cal_worker_model cal_worker_network = {.name = "callosum-network", .build = build};
