/* A small brain at two scales: three modelled regions, and two spiking ones. "cortex" is a QIF network with a current;
 * "relay" holds LIF neurons with private Poisson input, a recurrent projection, and a source population of shared
 * trains. Used by tests of the coupler. */
#ifndef CALI_TESTS_TWO_SCALES_H
#define CALI_TESTS_TWO_SCALES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/coupler.h"
#include "support/support.h"

enum { TWO_REGIONS = 5, TWO_CORTEX = 3, TWO_RELAY = 4, TWO_SHARED = 40, TWO_IN_DEGREE = 10 };

/* Every call must succeed. */
#define TWO_MUST(ctx, call)                                                                                          \
    do {                                                                                                             \
        if ((call) != CAL_OK) {                                                                                      \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cal_context_message(ctx));                           \
            abort();                                                                                                 \
        }                                                                                                            \
    } while (0)

typedef struct two_scales {
    cal_context *ctx;
    cal_connectome *connectome;
    cal_coupler *coupler;
    cal_snn *relay, *cortex; /* borrowed: the coupler owns them */
    size_t probe;
} two_scales;

/* What stands between the coupler and the networks: nothing, unless a test puts something there. */
static const cal_sub_ops *two_ops = &cal_sub_snn;
static void *(*two_wrap)(void *self);

static inline void *two_place(void *self)
{
    return two_wrap == NULL ? self : two_wrap(self);
}

static inline void *two_cortex(two_scales *two, uint32_t n, cal_time window)
{
    const cal_snn_setting settings[] = {{"eta", {.kind = CAL_LORENTZIAN_QUANTILES, .a = -1.0, .b = 1.0}}};
    const cal_snn_population population = {
        .name = "E", .neuron = cal_snn_neuron_find("qif"), .n = n, .settings = settings, .n_settings = 1};
    cal_snn_projection recurrent = cal_snn_projection_default(CAL_ALL_TO_ALL);
    recurrent.receptor = "input";
    recurrent.weight = (cal_distribution){.kind = CAL_CONSTANT, .a = 6.0 / n};
    recurrent.delay_ms = (cal_distribution){.kind = CAL_CONSTANT, .a = 0.1};
    const cal_snn_port ports[] = {{.name = "drive", .kind = CAL_PORT_CURRENT, .samples = 10},
                                  {.name = "rate", .kind = CAL_PORT_RATE, .samples = 10}};
    cal_snn_def def = cal_snn_def_default();
    def.name = "cortex";
    def.dt = CAL_NS_PER_MS / 50;
    def.window = window;
    def.seed = 3;
    def.stream = 1;
    def.populations = &population;
    def.n_populations = 1;
    def.projections = &recurrent;
    def.n_projections = 1;
    def.ports = ports;
    def.n_ports = 2;
    cal_snn *snn = NULL;
    void *self = NULL;
    TWO_MUST(two->ctx, cal_snn_create(two->ctx, &def, &snn));
    two->cortex = snn;
    TWO_MUST(two->ctx, cal_sub_snn_create(two->ctx, &snn, &self));
    return self;
}

/* The source population has out-degree exactly `n` targets times in-degree over all; every shared spike reaches n
 * targets: all to all. */
static inline void *two_relay(two_scales *two, uint32_t n, cal_time window)
{
    const cal_snn_population populations[] = {{.name = "E", .neuron = cal_snn_neuron_find("lif"), .n = n},
                                              {.name = "shared", .n = TWO_SHARED}};
    cal_snn_projection projections[2];
    projections[0] = cal_snn_projection_default(CAL_FIXED_IN_DEGREE);
    projections[0].in_degree = TWO_IN_DEGREE;
    projections[1] = cal_snn_projection_default(CAL_ALL_TO_ALL);
    projections[1].from = 1;
    const char *excitatory = populations[0].neuron->receptors[0].name;
    for (int i = 0; i < 2; i++) {
        projections[i].receptor = excitatory;
        projections[i].weight = (cal_distribution){.kind = CAL_CONSTANT, .a = 20.0};
        projections[i].delay_ms = (cal_distribution){.kind = CAL_CONSTANT, .a = 1.0};
    }
    const cal_snn_port ports[] = {
        {.name = "private", .kind = CAL_PORT_POISSON, .receptor = excitatory, .weight = 60.0, .n_trains = 800.0,
         .samples = 5},
        {.name = "shared", .kind = CAL_PORT_SPIKES, .population = 1},
        {.name = "rate", .kind = CAL_PORT_RATE, .samples = 10},
        {.name = "potential", .kind = CAL_PORT_MEAN, .state = populations[0].neuron->states[0].name, .samples = 1}};
    cal_snn_def def = cal_snn_def_default();
    def.name = "relay";
    def.dt = CAL_NS_PER_MS / 10;
    def.window = window;
    def.seed = 3;
    def.stream = 2;
    def.populations = populations;
    def.n_populations = 2;
    def.projections = projections;
    def.n_projections = 2;
    def.ports = ports;
    def.n_ports = 4;
    cal_snn *snn = NULL;
    void *self = NULL;
    TWO_MUST(two->ctx, cal_snn_create(two->ctx, &def, &snn));
    two->relay = snn;
    TWO_MUST(two->ctx, cal_sub_snn_create(two->ctx, &snn, &self));
    return self;
}

static inline cal_nmm *two_host(two_scales *two, cal_time window, unsigned lag)
{
    static const char *const labels[TWO_REGIONS] = {"A", "B", "C", "cortex", "relay"};
    static double weights[TWO_REGIONS * TWO_REGIONS], lengths[TWO_REGIONS * TWO_REGIONS];
    for (size_t i = 0; i < TWO_REGIONS; i++)
        for (size_t j = 0; j < TWO_REGIONS; j++) {
            weights[i * TWO_REGIONS + j] = i == j ? 0.0 : 2.0 + (double)((i * 3 + j) % 4);
            lengths[i * TWO_REGIONS + j] = i == j ? 0.0 : 9.0 + 1.7 * (double)((i + j) % 5);
        }
    const cal_connectome_def made = {.name = "two", .n_regions = TWO_REGIONS, .weights = weights,
                                     .lengths_mm = lengths, .labels = labels};
    TWO_MUST(two->ctx, cal_connectome_create(two->ctx, &made, &two->connectome));
    const cal_nmm_model *mpr = cal_nmm_model_find("mpr");
    double params[8];
    for (size_t i = 0; i < mpr->n_params; i++)
        params[i] = mpr->params[i].value;
    params[cal_field_find(mpr->params, mpr->n_params, "tau")] = 10.0;
    params[cal_field_find(mpr->params, mpr->n_params, "J")] = 6.0;
    params[cal_field_find(mpr->params, mpr->n_params, "eta")] = -1.0;
    const double initial[] = {0.05, -0.5};
    cal_nmm_region regions[TWO_REGIONS] = {0};
    for (int i = 0; i < TWO_CORTEX; i++)
        regions[i] = (cal_nmm_region){.model = mpr, .params = params, .initial = initial};
    for (int i = TWO_CORTEX; i < TWO_REGIONS; i++)
        regions[i].external_initial = 0.02;
    const cal_coupling coupling = cal_coupling_default();
    const cal_nmm_stimulus stimulus = {.region = 0, .amplitude = 1.0, .frequency_Hz = 20.0};
    cal_nmm_def def = cal_nmm_def_default();
    def.connectome = two->connectome;
    def.regions = regions;
    def.couplings = &coupling;
    def.n_couplings = 1;
    def.integrator = CAL_RK4;
    def.dt = CAL_NS_PER_MS / 10;
    def.window = window;
    def.lag = lag * window;
    def.stimuli = &stimulus;
    def.n_stimuli = 1;
    cal_nmm *nmm = NULL;
    TWO_MUST(two->ctx, cal_nmm_create(two->ctx, &def, &nmm));
    return nmm;
}

/* Both regions give rates; the relay's mean potential is recorded only. Relay links: 0 private, 1 shared, 2 rate. */
static inline two_scales two_make(unsigned n_threads, uint32_t n_cortex, uint32_t n_relay, unsigned lag)
{
    two_scales two = {.ctx = cali_test_context(n_threads)};
    const cal_time window = CAL_NS_PER_MS;
    cal_nmm *nmm = two_host(&two, window, lag);
    const cal_probe_def probe = {.every = CAL_NS_PER_MS};
    TWO_MUST(two.ctx, cal_nmm_add_probe(nmm, &probe, &two.probe, NULL));
    cal_coupler_def def = cal_coupler_def_default();
    def.window = window;
    def.lag = lag;
    def.seed = 17;
    TWO_MUST(two.ctx, cal_coupler_create(two.ctx, &def, &nmm, &two.coupler));
    const double scale[] = {0.02, 2.0}, shared[] = {0.05, 5.0, 200.0};
    const cal_link cortex[] = {{.transducer = cal_transducer_find("current"), .port = 0},
                               {.transducer = cal_transducer_find("rate-exp"), .port = 1}};
    const cal_link relay[] = {
        {.transducer = cal_transducer_find("poisson"), .port = 0, .params = scale},
        {.transducer = cal_transducer_find("shared-poisson"), .port = 1, .params = shared},
        {.transducer = cal_transducer_find("rate"), .port = 2}};
    TWO_MUST(two.ctx, cal_coupler_add(two.coupler, "cortex", TWO_CORTEX, two_ops,
                                      two_place(two_cortex(&two, n_cortex, window)), cortex, 2));
    TWO_MUST(two.ctx, cal_coupler_add(two.coupler, "relay", TWO_RELAY, two_ops,
                                      two_place(two_relay(&two, n_relay, window)), relay, 3));
    return two;
}

/* A hash over the bits of everything that a window produced. */
static inline uint64_t two_hash(two_scales *two, uint64_t hash)
{
    size_t n;
    const double *rows = cal_nmm_probe_rows(cal_coupler_nmm(two->coupler), two->probe, &n);
    for (size_t i = 0; i < n * TWO_REGIONS; i++) {
        uint64_t bits;
        memcpy(&bits, &rows[i], sizeof bits);
        if (rows[i] == rows[i]) /* columns of external regions hold no number */
            hash = (hash ^ bits) * UINT64_C(0x9E3779B97F4A7C15) + (hash >> 29);
    }
    for (size_t s = 0; s < cal_coupler_n_subs(two->coupler); s++) {
        const double *y = cal_coupler_output(two->coupler, s, &n);
        for (size_t i = 0; i < n; i++) {
            uint64_t bits;
            memcpy(&bits, &y[i], sizeof bits);
            hash = (hash ^ bits) * UINT64_C(0x9E3779B97F4A7C15) + (hash >> 29);
        }
    }
    return hash;
}

static inline void two_free(two_scales *two)
{
    cal_coupler_destroy(&two->coupler);
    cal_connectome_destroy(&two->connectome);
    cal_context_destroy(&two->ctx);
}

#endif
