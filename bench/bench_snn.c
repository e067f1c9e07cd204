/* Spiking networks: time per simulated second, per neuron update and per synaptic event.
 * Usage: bench_snn [--one-thread] [case ...]; without a case all of them. Prints CSV, with one thread and with two: the least of
 * `repeats` runs of one network, which goes on simulating from run to run after a first one that is not counted.
 *
 * ns_per_update is processor time of the same network without synapses and with the same external input;
 * ns_per_event is the rest of the processor time over the events (both count waiting threads too, so take them
 * from one thread). In the cases plastic-* as many spikes of targets act on synapses as events arrive at them; an event
 * there is both. The floor of an event is its bytes over the bandwidth of one core (stream_GB_per_s, measured
 * in the same process by adding up a large array). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/context.h"
#include "tests/support/snn_networks.h"

static double now_s(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- cases -------------------------------------------------------------------------------------- */

static void qif(cali_network *n)
{
    cali_network_qif(n, 10000, 10.0, 0.05, 1.0, 1);
}

static void qif_sparse(cali_network *n)
{
    cali_network_qif(n, 10000, 10.0, 0.05, 1.0, 1);
    n->projections[0] = cal_snn_projection_default(CAL_FIXED_IN_DEGREE);
    n->projections[0].receptor = "input";
    n->projections[0].in_degree = 100;
    n->projections[0].weight.a = 0.15;
}

static void coba(cali_network *n)
{
    cali_network_cobab(n, 10.0);
}

static void cuba(cali_network *n)
{
    cali_network_cuba(n, 10.0);
}

static void brunel(cali_network *n)
{
    cali_network_brunel_at(n, 5.0, 20000.0, 10.5); /* about 32 Hz */
}

static void izhikevich_100(cali_network *n)
{
    cali_network_izhikevich(n, 10000, 100, 1.0, 10.0);
}

static void izhikevich_1000(cali_network *n)
{
    cali_network_izhikevich(n, 10000, 1000, 0.1, 10.0);
}

static void izhikevich_large(cali_network *n)
{
    cali_network_izhikevich(n, 100000, 100, 1.0, 10.0);
}

static void microcircuit(cali_network *n)
{
    cali_network_microcircuit(n, 10.0);
}

#define PLASTIC(function, rule)                                                                                               \
    static void function(cali_network *n)                                                                                     \
    {                                                                                                                         \
        cali_network_plastic(n, rule, 10.0);                                                                                  \
    }
PLASTIC(plastic_static, "static")
PLASTIC(plastic_stdp, "stdp")
PLASTIC(plastic_nearest, "stdp-nearest")
PLASTIC(plastic_power, "stdp-power")
PLASTIC(plastic_triplet, "triplet")
PLASTIC(plastic_vogels, "vogels")
PLASTIC(plastic_depression, "tsodyks-markram")

static const struct {
    const char *name;
    void (*fill)(cali_network *n);
    double simulated_ms; /* of one run */
    int repeats;
} cases[] = {
    {"qif-all-to-all", qif, 500, 5},
    {"qif-100", qif_sparse, 500, 5},
    {"coba", coba, 1000, 5},
    {"cuba", cuba, 1000, 5},
    {"brunel", brunel, 500.0 / 10.0 * 10.5, 4},
    {"izhikevich-10k-100", izhikevich_100, 2000, 5},
    {"izhikevich-10k-1000", izhikevich_1000, 500, 4},
    {"izhikevich-100k-100", izhikevich_large, 500, 4},
    {"microcircuit", microcircuit, 500, 2},
    {"plastic-static", plastic_static, 500, 4},
    {"plastic-stdp", plastic_stdp, 500, 4},
    {"plastic-stdp-nearest", plastic_nearest, 500, 4},
    {"plastic-stdp-power", plastic_power, 500, 4},
    {"plastic-triplet", plastic_triplet, 500, 4},
    {"plastic-vogels", plastic_vogels, 500, 4},
    {"plastic-tsodyks-markram", plastic_depression, 500, 4},
};

/* ---- measuring ---------------------------------------------------------------------------------- */

typedef struct measured {
    double wall_s, cpu_s;             /* least of the repeats, each by itself; per simulated second */
    double build_wall_s, build_cpu_s;
    cal_snn_counts counts; /* of the fastest run, per simulated second */
} measured;

static void fail(cal_context *ctx)
{
    fprintf(stderr, "%s\n", cal_context_message(ctx));
    exit(EXIT_FAILURE);
}

static void run_once(cal_context *ctx, cal_snn *snn, int n_windows, double simulated_s, bool is_counted, measured *m)
{
    const cal_snn_counts before = cal_snn_get_counts(snn);
    const double start = now_s(CLOCK_MONOTONIC), cpu_start = now_s(CLOCK_PROCESS_CPUTIME_ID);
    for (int w = 0; w < n_windows; w++)
        if (cal_snn_advance(snn) != CAL_OK)
            fail(ctx);
    const double wall_s = (now_s(CLOCK_MONOTONIC) - start) / simulated_s;
    const double cpu_s = (now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_start) / simulated_s;
    if (!is_counted)
        return;
    m->wall_s = wall_s < m->wall_s ? wall_s : m->wall_s;
    if (cpu_s >= m->cpu_s)
        return;
    m->cpu_s = cpu_s;
    m->counts = cal_snn_get_counts(snn);
    m->counts.n_updates -= before.n_updates;
    m->counts.n_spikes -= before.n_spikes;
    m->counts.n_events -= before.n_events;
}

static measured measure(const cal_snn_def *def, unsigned n_threads, double simulated_ms, int repeats)
{
    cal_context_def context = cal_context_def_default();
    context.n_threads = n_threads;
    cal_context *ctx = NULL;
    if (cal_context_create(&context, &ctx) != CAL_OK)
        exit(EXIT_FAILURE);
    cal_snn *snn = NULL;
    measured m = {.wall_s = 1e30, .cpu_s = 1e30};
    const double start = now_s(CLOCK_MONOTONIC), cpu_start = now_s(CLOCK_PROCESS_CPUTIME_ID);
    if (cal_snn_create(ctx, def, &snn) != CAL_OK)
        fail(ctx);
    m.build_wall_s = now_s(CLOCK_MONOTONIC) - start;
    m.build_cpu_s = now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
    const int n_windows = (int)(simulated_ms / cal_time_ms(def->window) + 0.5);
    for (int repeat = 0; repeat <= repeats; repeat++)
        run_once(ctx, snn, n_windows, n_windows * cal_time_ms(def->window) * 1e-3, repeat > 0, &m);
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
    return m;
}

/* Bytes per second of one core that adds up an array larger than any cache. */
static double stream_GB_per_s(void)
{
    const size_t n = (size_t)64 << 20; /* 512 MB */
    uint64_t *x = malloc(n * sizeof *x), sum = 0;
    double best = 1e30;
    if (x == NULL)
        exit(EXIT_FAILURE);
    memset(x, 1, n * sizeof *x);
    for (int repeat = 0; repeat < 3; repeat++) {
        const double start = now_s(CLOCK_PROCESS_CPUTIME_ID);
        for (size_t i = 0; i < n; i++)
            sum += x[i];
        const double s = now_s(CLOCK_PROCESS_CPUTIME_ID) - start;
        best = s < best ? s : best;
    }
    free(x);
    return sum == 0 ? 0.0 : (double)(n * sizeof *x) * 1e-9 / best;
}

static void run_case(size_t i, unsigned n_threads, double GB_per_s)
{
    static cali_network n;
    cases[i].fill(&n);
    const measured full = measure(&n.def, n_threads, cases[i].simulated_ms, cases[i].repeats);
    cal_snn_def bare = n.def;
    bare.n_projections = 0;
    const measured updates = measure(&bare, n_threads, cases[i].simulated_ms, cases[i].repeats);
    const double simulated_s = cases[i].simulated_ms * 1e-3;
    const double update_ns = updates.cpu_s * simulated_s * 1e9 / (double)updates.counts.n_updates;
    const double rest_s = (full.cpu_s - updates.cpu_s) * simulated_s;
    const double per_synapse = full.counts.bytes_per_synapse;
    printf("%s,%llu,%llu,%u,%.4f,%.4f,%.3f,", cases[i].name, (unsigned long long)full.counts.n_neurons,
           (unsigned long long)full.counts.n_synapses, n_threads, full.wall_s, full.cpu_s, update_ns);
    if (per_synapse > 0.1)
        printf("%.3f,%.3f,%.2f,", rest_s * 1e9 / (double)full.counts.n_events, per_synapse / GB_per_s, per_synapse);
    else
        printf(",,0,");
    printf("%.1f,%.2f,%.2f,%.2f\n", full.counts.bytes * 1e-6, full.build_wall_s, full.build_cpu_s,
           (double)full.counts.n_spikes / (double)full.counts.n_neurons / simulated_s);
    fflush(stdout);
}

static bool is_named(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    const unsigned most_threads = is_named("--one-thread", argc, argv) ? 1 : 2;
    const bool has_cases = argc - (most_threads == 1) > 1;
    const double GB_per_s = stream_GB_per_s();
    printf("# one core reads %.1f GB/s\n", GB_per_s);
    printf("case,neurons,synapses,threads,wall_s_per_s,cpu_s_per_s,ns_per_update,ns_per_event,floor_ns_per_event,"
           "bytes_per_synapse,MB,build_wall_s,build_cpu_s,rate_Hz\n");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (unsigned n_threads = 1; n_threads <= most_threads; n_threads++)
            if (!has_cases || is_named(cases[i].name, argc, argv))
                run_case(i, n_threads, GB_per_s);
    return EXIT_SUCCESS;
}
