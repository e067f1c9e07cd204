/* Spiking networks: time per simulated second, per neuron update and per synaptic event.
 * Usage: bench_snn [simulated ms, default 1000] [threads ...; default 1 2]. Prints CSV; per case the least
 * of five runs of one network. ns_per_update is processor time of the same network without synapses and with
 * the same external input; ns_per_event is the rest of the processor time over the events (both count
 * waiting threads too, so take them from one thread). build_s is processor time. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/context.h"
#include "tests/support/snn_networks.h"

static double now_s(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct measured {
    double wall_s, cpu_s, build_s; /* least of the repeats, each by itself */
    cal_snn_counts counts; /* of the fastest run */
} measured;

static void fail(cal_context *ctx)
{
    fprintf(stderr, "%s\n", cal_context_message(ctx));
    exit(EXIT_FAILURE);
}

static measured measure(const cal_snn_def *def, unsigned n_threads, double simulated_ms)
{
    cal_context_def context = cal_context_def_default();
    context.n_threads = n_threads;
    cal_context *ctx = NULL;
    if (cal_context_create(&context, &ctx) != CAL_OK)
        exit(EXIT_FAILURE);
    cal_snn *snn = NULL;
    measured m = {.wall_s = 1e30, .cpu_s = 1e30, .build_s = now_s(CLOCK_PROCESS_CPUTIME_ID)};
    if (cal_snn_create(ctx, def, &snn) != CAL_OK)
        fail(ctx);
    m.build_s = now_s(CLOCK_PROCESS_CPUTIME_ID) - m.build_s;
    const int n_windows = (int)(simulated_ms / cal_time_ms(def->window));
    for (int repeat = 0; repeat < 6; repeat++) { /* the first one warms up */
        const cal_snn_counts before = cal_snn_get_counts(snn);
        const double start = now_s(CLOCK_MONOTONIC), cpu_start = now_s(CLOCK_PROCESS_CPUTIME_ID);
        for (int w = 0; w < n_windows; w++)
            if (cal_snn_advance(snn) != CAL_OK)
                fail(ctx);
        const double wall_s = now_s(CLOCK_MONOTONIC) - start;
        const double cpu_s = now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
        cal_snn_counts counts = cal_snn_get_counts(snn);
        counts.n_updates -= before.n_updates;
        counts.n_spikes -= before.n_spikes;
        counts.n_events -= before.n_events;
        if (repeat > 0 && wall_s < m.wall_s)
            m.wall_s = wall_s;
        if (repeat > 0 && cpu_s < m.cpu_s) {
            m.cpu_s = cpu_s;
            m.counts = counts;
        }
    }
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
    return m;
}

static void run_case(const char *name, cali_network *n, unsigned n_threads, double simulated_ms)
{
    const measured full = measure(&n->def, n_threads, simulated_ms);
    cal_snn_def bare = n->def;
    bare.n_projections = 0;
    const measured updates = measure(&bare, n_threads, simulated_ms);
    const double update_ns = updates.cpu_s * 1e9 / (double)updates.counts.n_updates;
    const double rest_s = full.cpu_s - updates.cpu_s;
    const bool has_rows = full.counts.bytes_per_synapse > 0.1;
    printf("%s,%llu,%llu,%u,%.4f,%.3f,", name, (unsigned long long)full.counts.n_neurons,
           (unsigned long long)full.counts.n_synapses, n_threads,
           full.wall_s * 1e3 / simulated_ms, update_ns);
    if (has_rows)
        printf("%.3f,%.2f", rest_s * 1e9 / (double)full.counts.n_events,
               full.counts.bytes_per_synapse);
    else
        printf(",0");
    printf(",%.4f,%.2f,%.2f\n", full.cpu_s * 1e3 / simulated_ms, full.build_s,
           (double)full.counts.n_spikes / (double)full.counts.n_neurons * 1e3 / simulated_ms);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const double simulated_ms = argc > 1 ? atof(argv[1]) : 1000.0;
    static const char *const two[] = {"1", "2"};
    const int n_choices = argc > 2 ? argc - 2 : 2;
    printf("case,neurons,synapses,threads,wall_s_per_s,ns_per_update,ns_per_event,bytes_per_synapse,"
           "cpu_s_per_s,build_s,rate_Hz\n");
    for (int i = 0; i < n_choices; i++) {
        const unsigned n_threads = (unsigned)atoi(argc > 2 ? argv[i + 2] : two[i]);
        cali_network n;
        cali_network_qif(&n, 10000, 10.0, 0.05, 1.0, 1);
        run_case("qif all-to-all", &n, n_threads, simulated_ms);
        cali_network_qif(&n, 10000, 10.0, 0.05, 1.0, 1);
        n.projections[0] = cal_snn_projection_default(CAL_FIXED_IN_DEGREE);
        n.projections[0].receptor = "input";
        n.projections[0].in_degree = 100;
        n.projections[0].weight.a = 0.15;
        run_case("qif 100 per neuron", &n, n_threads, simulated_ms);
        cali_network_cobab(&n, 1.0);
        run_case("coba 4000", &n, n_threads, simulated_ms);
        cali_network_brunel(&n, 3.0);
        run_case("brunel 12500", &n, n_threads, simulated_ms);
    }
    return EXIT_SUCCESS;
}
