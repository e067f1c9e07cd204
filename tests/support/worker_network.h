/* A network of a few neurons with a rate, synapses that learn, recorded voltages and weights: what fuzzers of workers build. */
#ifndef CALI_TESTS_WORKER_NETWORK_H
#define CALI_TESTS_WORKER_NETWORK_H

#include <stdio.h>
#include <stdlib.h>

#include "callosum/workers.h"

enum { WORKER_NEURONS = 4, WORKER_SAMPLES = 2, WORKER_WINDOW_NS = 1000000 };

/* Fills the definition; what it points to is static. */
static inline cal_snn_def worker_network(void)
{
    static cal_snn_population populations[1];
    static const cal_snn_port ports[] = {{.name = "drive", .kind = CAL_PORT_CURRENT, .samples = WORKER_SAMPLES},
                                         {.name = "rate", .kind = CAL_PORT_RATE, .samples = WORKER_SAMPLES}};
    static const cal_snn_sampler samplers[] = {{.population = 0, .state = "V", .every = WORKER_WINDOW_NS / 2}};
    static cal_snn_projection projections[1];
    static const cal_snn_watch watches[] = {{.choice = {.projection = 0, .fraction = 1.0}, .every = WORKER_WINDOW_NS}};
    static const cal_snn_setting settings[] = {{"w_max", {.a = 20.0}}};
    projections[0] = cal_snn_projection_default(CAL_ONE_TO_ONE);
    projections[0].receptor = "excitatory";
    projections[0].has_autapses = true;
    projections[0].weight.a = 5.0;
    projections[0].delay_ms.a = 1.0;
    projections[0].synapse = cal_snn_synapse_find("stdp");
    projections[0].settings = settings;
    projections[0].n_settings = 1;
    populations[0] = (cal_snn_population){.name = "E", .neuron = cal_snn_neuron_find("lif"), .n = WORKER_NEURONS};
    cal_snn_def def = cal_snn_def_default();
    def.name = "fuzzed";
    def.dt = WORKER_WINDOW_NS / 10;
    def.window = WORKER_WINDOW_NS;
    def.populations = populations;
    def.n_populations = 1;
    def.projections = projections;
    def.n_projections = 1;
    def.watches = watches;
    def.n_watches = 1;
    def.ports = ports;
    def.n_ports = 2;
    def.samplers = samplers;
    def.n_samplers = 1;
    return def;
}

static inline void worker_must(cal_context *ctx, cal_status status)
{
    if (status == CAL_OK)
        return;
    fprintf(stderr, "%s\n", cal_context_message(ctx));
    abort();
}

/* The bytes of an input, one after the other; zeros after its end. */
typedef struct fuzz_bytes {
    const uint8_t *data;
    size_t size, at;
} fuzz_bytes;

static inline unsigned fuzz_next(fuzz_bytes *b)
{
    return b->at < b->size ? b->data[b->at++] : 0;
}

#endif
