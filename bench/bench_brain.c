/* The whole way, as `callosum run` goes it: the example experiment (one region of 10,000 QIF neurons with 100 synapses
 * each, all others Montbrio-Pazo-Roxin) on connectivity_76, host on CVODE and on RK4, one thread and two. Recording into
 * memory. Usage: bench_brain [simulated seconds, default 5] [connectome file].
 *
 * The connectome is connectivity_76.zip of CALLOSUM_SHARED or ../shared (data/connectomes/tvb); where it is absent a
 * generated one of 76 regions takes its place, and the first column says so. Prints CSV: wall and CPU time per simulated
 * second (fastest of three runs by wall time) and the share of each participant in the time that they took. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "callosum/experiment.h"

enum { N_REPEATS = 3 };

typedef struct outcome {
    double wall_s, cpu_s, host, spiking, exchange, recording;
    size_t n_regions, n_connections;
} outcome;

static void must(cal_context *ctx, cal_status status)
{
    if (status == CAL_OK)
        return;
    fprintf(stderr, "%s\n", cal_context_message(ctx));
    exit(EXIT_FAILURE);
}

static double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static outcome run_once(cal_context *ctx, const cal_experiment *experiment)
{
    cal_session_def def = cal_session_def_default();
    def.sink = "memory";
    cal_session *session = NULL;
    must(ctx, cal_session_create(ctx, experiment, &def, &session));
    const double before = cpu_now();
    while (!cal_session_is_done(session))
        must(ctx, cal_session_advance(session));
    outcome o = {.cpu_s = cpu_now() - before};
    const cal_cost cost = cal_session_cost(session);
    const cal_plan plan = cal_session_plan(session);
    double subs = 0.0;
    for (size_t k = 0; k < plan.n_networks; k++)
        subs += cost.coupler.sub_s[k];
    const double all = cost.coupler.host_s + subs + cost.coupler.exchange_s + cost.recording_s;
    o.wall_s = cost.wall_s;
    o.host = cost.coupler.host_s / all;
    o.spiking = subs / all;
    o.exchange = cost.coupler.exchange_s / all;
    o.recording = cost.recording_s / all;
    o.n_regions = plan.facts.n_regions;
    o.n_connections = plan.facts.n_edges;
    must(ctx, cal_session_finish(session));
    cal_session_destroy(&session);
    return o;
}

static void run_case(const char *example, const char *file, double seconds, bool is_rk4, unsigned n_threads)
{
    cal_context_def def = cal_context_def_default();
    def.n_threads = n_threads;
    cal_context *ctx = NULL;
    if (cal_context_create(&def, &ctx) != CAL_OK)
        exit(EXIT_FAILURE);
    char connectome[2100], duration[64], method[96];
    snprintf(connectome, sizeof connectome, file != NULL ? "connectome.file=%s" : "connectome.generate.regions=76", file);
    snprintf(duration, sizeof duration, "run.duration=%g s", seconds);
    snprintf(method, sizeof method, "integrator={%s}",
             is_rk4 ? "method: rk4, step: 0.1 ms" : "method: cvode-adams, step: 1 ms, tolerance: 1e-5");
    const char *const set[] = {connectome, duration, method, "run.transient=0 ms", "sync.window=1 ms"};
    cal_experiment *experiment = NULL;
    must(ctx, cal_experiment_load(ctx, example, set, 5, &experiment));
    outcome best = {.wall_s = 1e300};
    for (int i = 0; i < N_REPEATS; i++) {
        const outcome o = run_once(ctx, experiment);
        best = o.wall_s < best.wall_s ? o : best;
    }
    printf("%s,%zu,%zu,10000,%s,%u,%.4f,%.4f,%.3f,%.3f,%.4f,%.4f\n", file != NULL ? "connectivity_76" : "generated_76",
           best.n_regions, best.n_connections, is_rk4 ? "rk4" : "cvode-adams", n_threads, best.wall_s / seconds, best.cpu_s / seconds, best.host, best.spiking, best.exchange, best.recording);
    fflush(stdout);
    cal_experiment_destroy(&experiment);
    cal_context_destroy(&ctx);
}

int main(int argc, char **argv)
{
    const char *root = getenv("CALLOSUM_SHARED"), *example = "examples/one-spiking-region/experiment.yaml";
    char here[1024] = ".", path[2048];
    const double seconds = argc > 1 ? atof(argv[1]) : 5.0;
    if (getcwd(here, sizeof here) == NULL) /* a relative path would begin at the experiment's folder */
        return EXIT_FAILURE;
    snprintf(path, sizeof path, "%s%s/data/connectomes/tvb/connectivity_76.zip", root != NULL ? "" : here,
             root != NULL ? root : "/../shared");
    if (argc > 2)
        snprintf(path, sizeof path, "%s", argv[2]);
    const char *file = access(path, R_OK) == 0 ? path : NULL;
    puts("connectome,regions,connections,neurons,integrator,threads,wall_s_per_s,cpu_s_per_s,host,spiking,exchange,recording");
    for (unsigned n_threads = 1; n_threads <= 2; n_threads++) {
        run_case(example, file, seconds, false, n_threads);
        run_case(example, file, seconds, true, n_threads);
    }
    return EXIT_SUCCESS;
}
