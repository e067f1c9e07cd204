/* What the exchange between host and spiking region costs: 76 regions, one of them 10,000 QIF neurons with 100
 * synapses each, windows of 1 ms. Usage: bench_coupling [simulated ms, default 1000] [threads ...; default 1 2].
 * Prints CSV; per case the fastest of three stretches of one run. With more than one thread the parts overlap; the
 * share of the exchange is to be read from the rows with one thread. */
#include <stdio.h>
#include <stdlib.h>

#include "callosum/coupler.h"

enum { N_REGIONS = 76, SPIKING = 10, N_NEURONS = 10000, IN_DEGREE = 100, N_TRAINS = 1000, N_REPEATS = 3 };

static void must(cal_context *ctx, cal_status status)
{
    if (status == CAL_OK)
        return;
    fprintf(stderr, "%s\n", cal_context_message(ctx));
    exit(EXIT_FAILURE);
}

/* 75 Montbrio-Pazo-Roxin regions at rest near 1 Hz and one external region; generated connectome at 3 mm/ms. */
static cal_nmm *make_host(cal_context *ctx, const cal_connectome *connectome, cal_time window)
{
    static double params[16];
    cal_nmm_region regions[N_REGIONS] = {0};
    const cal_nmm_model *mpr = cal_nmm_model_find("mpr");
    for (size_t i = 0; i < mpr->n_params; i++)
        params[i] = mpr->params[i].value;
    params[cal_field_find(mpr->params, mpr->n_params, "tau")] = 10.0;
    const double initial[] = {0.01, -2.0};
    for (int i = 0; i < N_REGIONS; i++)
        regions[i] = (cal_nmm_region){.model = i == SPIKING ? NULL : mpr, .params = params, .initial = initial};
    regions[SPIKING].external_initial = 0.01;
    const cal_coupling coupling = cal_coupling_default();
    cal_nmm_def def = cal_nmm_def_default();
    def.connectome = connectome;
    def.regions = regions;
    def.couplings = &coupling;
    def.n_couplings = 1;
    def.gain = 5.0;
    def.min_delay_ms = cal_time_ms(window);
    def.integrator = CAL_RK4;
    def.dt = CAL_NS_PER_MS / 10;
    def.window = window;
    cal_nmm *nmm = NULL;
    must(ctx, cal_nmm_create(ctx, &def, &nmm));
    return nmm;
}

static void *make_network(cal_context *ctx, cal_time window, bool has_shared)
{
    const cal_snn_setting settings[] = {{"eta", {.kind = CAL_LORENTZIAN_QUANTILES, .a = -5.0, .b = 1.0}}};
    const cal_snn_population populations[] = {
        {.name = "E", .neuron = cal_snn_neuron_find("qif"), .n = N_NEURONS, .settings = settings, .n_settings = 1},
        {.name = "shared", .n = N_TRAINS}};
    cal_snn_projection projections[2];
    projections[0] = cal_snn_projection_default(CAL_FIXED_IN_DEGREE);
    projections[0].in_degree = IN_DEGREE;
    projections[0].weight = (cal_distribution){.kind = CAL_CONSTANT, .a = 15.0 / IN_DEGREE};
    projections[1] = cal_snn_projection_default(CAL_FIXED_IN_DEGREE);
    projections[1].in_degree = IN_DEGREE;
    projections[1].from = 1;
    projections[1].weight = (cal_distribution){.kind = CAL_CONSTANT, .a = 0.01};
    for (int i = 0; i < 2; i++) {
        projections[i].receptor = "input";
        projections[i].delay_ms = (cal_distribution){.kind = CAL_CONSTANT, .a = 1.0};
    }
    const cal_snn_port ports[] = {{.name = "drive", .kind = CAL_PORT_CURRENT, .samples = 10},
                                  {.name = "rate", .kind = CAL_PORT_RATE, .samples = 10},
                                  {.name = "shared", .kind = CAL_PORT_SPIKES, .population = 1}};
    cal_snn_def def = cal_snn_def_default();
    def.name = "spiking";
    def.dt = CAL_NS_PER_MS / 10;
    def.window = window;
    def.seed = 1;
    def.populations = populations;
    def.n_populations = has_shared ? 2 : 1;
    def.projections = projections;
    def.n_projections = has_shared ? 2 : 1;
    def.ports = ports;
    def.n_ports = has_shared ? 3 : 2;
    cal_snn *snn = NULL;
    void *self = NULL;
    must(ctx, cal_snn_create(ctx, &def, &snn));
    must(ctx, cal_sub_snn_create(ctx, &snn, &self));
    return self;
}

static void run_case(unsigned n_threads, bool has_shared, int simulated_ms)
{
    cal_context_def context = cal_context_def_default();
    context.n_threads = n_threads;
    cal_context *ctx = NULL;
    if (cal_context_create(&context, &ctx) != CAL_OK)
        exit(EXIT_FAILURE);
    cal_generate_def generate = cal_generate_def_default();
    generate.n_regions = N_REGIONS;
    cal_connectome *connectome = NULL;
    must(ctx, cal_connectome_generate(ctx, &generate, &connectome));
    cal_coupler_def def = cal_coupler_def_default();
    cal_nmm *nmm = make_host(ctx, connectome, def.window);
    cal_coupler *coupler = NULL;
    must(ctx, cal_coupler_create(ctx, &def, &nmm, &coupler));
    const double shared[] = {1.0, 5.0, 200.0};
    const cal_link links[] = {
        {.transducer = cal_transducer_find("current"), .port = 0},
        {.transducer = cal_transducer_find("rate-exp"), .port = 1},
        {.transducer = cal_transducer_find("shared-poisson"), .port = 2, .params = shared}};
    must(ctx, cal_coupler_add(coupler, "spiking", SPIKING, &cal_sub_snn, make_network(ctx, def.window, has_shared),
                              links, has_shared ? 3 : 2));
    double best[4] = {1e30, 0.0, 0.0, 0.0};
    const int n_windows = (int)(simulated_ms * CAL_NS_PER_MS / def.window);
    for (int repeat = 0; repeat <= N_REPEATS; repeat++) { /* the first one warms up */
        const cal_coupler_cost a = cal_coupler_get_cost(coupler);
        const double before = a.sub_s[0];
        for (int k = 0; k < n_windows; k++)
            must(ctx, cal_coupler_advance(coupler));
        const cal_coupler_cost b = cal_coupler_get_cost(coupler);
        if (repeat == 0 || b.total_s - a.total_s >= best[0])
            continue;
        best[0] = b.total_s - a.total_s;
        best[1] = b.host_s - a.host_s;
        best[2] = b.sub_s[0] - before;
        best[3] = b.exchange_s - a.exchange_s;
    }
    const double per_s = 1000.0 / simulated_ms;
    printf("%s,%d,%d,%d,%g,%u,%.4f,%.4f,%.4f,%.5f,%.3f\n", has_shared ? "current+shared-poisson" : "current",
           N_REGIONS, N_NEURONS, IN_DEGREE, cal_time_ms(def.window), n_threads, best[0] * per_s, best[1] * per_s,
           best[2] * per_s, best[3] * per_s, 100.0 * best[3] / best[0]);
    fflush(stdout);
    cal_coupler_destroy(&coupler);
    cal_connectome_destroy(&connectome);
    cal_context_destroy(&ctx);
}

int main(int argc, char **argv)
{
    const int simulated_ms = argc > 1 ? atoi(argv[1]) : 1000;
    if (simulated_ms < 1) {
        fprintf(stderr, "usage: %s [simulated ms] [threads ...]\n", argv[0]);
        return EXIT_FAILURE;
    }
    printf("case,regions,neurons,synapses_per_neuron,window_ms,threads,wall_s_per_s,host_s_per_s,spiking_s_per_s,"
           "exchange_s_per_s,exchange_percent\n");
    for (int i = 2; i < (argc > 2 ? argc : 4); i++)
        for (int has_shared = 0; has_shared < 2; has_shared++)
            run_case(argc > 2 ? (unsigned)atoi(argv[i]) : (unsigned)i - 1, has_shared, simulated_ms);
    return 0;
}
