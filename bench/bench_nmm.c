/* Cost of the neural-mass host on measured connectomes, one thread, double precision, delays on, 1 ms output:
 * CPU seconds per simulated second, nanoseconds per connection and step, and what the arithmetic and the bytes allow.
 *
 *   floor     the delayed sum alone on a history that stays in the first-level cache: the same instructions, no misses
 *   run       models x methods x steps
 *   threads   wall time of the largest with 1, 2, ... threads
 *   accuracy  cost and error after a second of methods x steps, against a converged run
 *
 * Connectomes: connectivity_76, Fast_TVB's group average of 379 regions, Hagmann's 998, Schaefer-1000, at 3 mm/ms, from
 * $CALLOSUM_SHARED or ../shared; where they are not, made-up ones of the same size and density.
 * Prints CSV, the minimum over repeats. Arguments: [repeats [words that a case's name must contain]] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "callosum/connectomes.h"
#include "callosum/nmm.h"
#include "nmm/kernels.h"

static const struct source {
    const char *name, *path, *lengths;
    size_t regions; /* of the made-up one */
    double density;
    double span_ms; /* per timing */
} sources[] = {
    {"76", "tvb/connectivity_76.zip", NULL, 76, 0.27, 2000.0},
    {"379", "fast_tvb/gavg_SC_weights.txt.gz", "fast_tvb/gavg_SC_distances.txt.gz", 380, 0.40, 400.0},
    {"998", "tvb/connectivity_998.zip", NULL, 998, 0.036, 400.0},
    {"1000", "tvbo/schaefer1000_MghUscHcp32_weights.csv.gz", "tvbo/schaefer1000_MghUscHcp32_lengths.csv.gz", 1000, 0.096,
     200.0},
};
enum { N_SOURCES = sizeof sources / sizeof sources[0] };

/* Regions differ in one parameter, spread evenly, and a drive of 7 Hz keeps them moving, so that errors of delays and
 * steps are seen. Jansen-Rit and Montbrio-Pazo-Roxin stand where they oscillate (the networks of docs/numerics.md). */
static const struct network {
    const char *model, *coupling, *from, *to;
    double gain; /* on weights whose rows sum to 1 in the mean */
    double drive; /* amplitude on the first input */
    struct {
        const char *name;
        double low, high;
    } params[4];
} networks[] = {
    {"reduced-wong-wang-exc-inh", "linear", NULL, NULL, 0.1, 0.1, {{"I_o", 0.37, 0.39}}},
    {"jansen-rit", "sigmoidal-jansen-rit", "potential", NULL, 20.0, 0.02, {{"mu", 0.1, 0.2}}},
    {"mpr", "linear", NULL, NULL, 10.0, 3.0,
     {{"tau", 10.0, 10.0}, {"eta", -5.25, -4.75}, {"Delta", 1.0, 1.0}, {"J", 15.0, 15.0}}},
    {"generic-2d-oscillator", "linear", NULL, NULL, 0.05, 0.5, {{"I", -0.1, 0.1}}},
};
enum { N_NETWORKS = sizeof networks / sizeof networks[0] };

static const struct method {
    const char *integrator;
    double dt_ms;
} methods[] = {
    {"euler-held", 0.1}, {"heun-held", 0.1}, {"heun", 0.1}, {"rk4", 0.1}, {"rk4", 0.5}, {"rk4", 1.0},
};
enum { N_METHODS = sizeof methods / sizeof methods[0] };

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void stop(const char *text)
{
    fprintf(stderr, "%s\n", text);
    exit(1);
}

static const char *data_path(const char *relative)
{
    static char path[2][1024];
    static int turn;
    char *at = path[turn ^= 1];
    const char *root = getenv("CALLOSUM_SHARED");
    snprintf(at, sizeof path[0], "%s/data/connectomes/%s", root != NULL ? root : "../shared", relative);
    return access(at, R_OK) == 0 ? at : NULL;
}

static cal_connectome *load(cal_context *ctx, const struct source *s)
{
    cal_connectome *connectome = NULL, *raw = NULL;
    cal_connectome_source source = cal_connectome_source_default();
    source.path = data_path(s->path);
    source.lengths_path = s->lengths == NULL ? NULL : data_path(s->lengths);
    source.normalisation = CAL_WEIGHTS_MEAN_ROW_ONE;
    source.orientation = CAL_TO_FROM;
    if (source.path != NULL) {
        if (cal_connectome_load(ctx, &source, &connectome) != CAL_OK)
            stop(cal_context_message(ctx));
        return connectome;
    }
    cal_generate_def def = cal_generate_def_default();
    def.n_regions = s->regions;
    def.density = s->density;
    if (cal_connectome_generate(ctx, &def, &raw) != CAL_OK ||
        cal_connectome_scale(ctx, raw, CAL_WEIGHTS_MEAN_ROW_ONE, false, &connectome) != CAL_OK)
        stop(cal_context_message(ctx));
    cal_connectome_destroy(&raw);
    return connectome;
}

static int word_index(const char *const *words, int n, const char *word)
{
    for (int i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

static cal_nmm *start(cal_context *ctx, const cal_connectome *brain, const struct network *net, const char *integrator,
                      double dt_ms, size_t *probe)
{
    const cal_nmm_model *model = cal_nmm_model_find(net->model);
    const size_t n = cal_connectome_n_regions(brain);
    double *params = calloc(n * model->n_params, sizeof *params);
    cal_nmm_region *regions = calloc(n, sizeof *regions);
    for (size_t i = 0; i < n; i++) {
        double *own = params + i * model->n_params;
        const double share = fmod((double)i * 0.61803398874989484820, 1.0);
        for (size_t k = 0; k < model->n_params; k++)
            own[k] = model->params[k].value;
        for (int j = 0; j < 4 && net->params[j].name != NULL; j++)
            own[cal_field_find(model->params, model->n_params, net->params[j].name)] =
                net->params[j].low + share * (net->params[j].high - net->params[j].low);
        regions[i] = (cal_nmm_region){.model = model, .params = own};
    }
    cal_coupling coupling = cal_coupling_default();
    coupling.kind = (cal_coupling_kind)word_index(cal_coupling_names, CAL_N_COUPLINGS, net->coupling);
    if (strcmp(net->coupling, "sigmoidal-jansen-rit") == 0) { /* TVB's rate of a Jansen-Rit region */
        coupling.cmin = 0.0;
        coupling.cmax = 0.005;
        coupling.midpoint = 6.0;
        coupling.sigma = 1.0 / 0.56;
    }
    coupling.from = net->from;
    const cal_nmm_stimulus drive = {.region = -1, .amplitude = net->drive, .frequency_Hz = 7.0};
    cal_nmm_def def = cal_nmm_def_default();
    def.connectome = brain;
    def.regions = regions;
    def.couplings = &coupling;
    def.n_couplings = 1;
    def.gain = net->gain;
    def.integrator = (cal_integrator)word_index(cal_integrator_names, CAL_N_INTEGRATORS, integrator);
    def.stimuli = &drive;
    def.n_stimuli = 1;
    def.dt = (cal_time)(dt_ms * 1e6 + 0.5);
    def.window = 100 * CAL_NS_PER_MS;
    cal_nmm *nmm = NULL;
    const cal_probe_def output = {.every = dt_ms > 1.0 ? def.dt : CAL_NS_PER_MS};
    if (cal_nmm_create(ctx, &def, &nmm) != CAL_OK || cal_nmm_add_probe(nmm, &output, probe, NULL) != CAL_OK)
        stop(cal_context_message(ctx));
    free(regions);
    free(params);
    return nmm;
}

/* Runs for `span_ms`; the CPU seconds of the advances, NAN where they fail. `last` (n_regions, or NULL) gets the last
 * output. */
static double run_timed(cal_context *ctx, const cal_connectome *brain, const struct network *net, const char *integrator,
                        double dt_ms, double span_ms, double *last, double *wall_s)
{
    size_t probe, n_samples = 0;
    cal_nmm *nmm = start(ctx, brain, net, integrator, dt_ms, &probe);
    const double begin = cpu_s(), wall_begin = cali_wall_s();
    while (cal_time_ms(cal_nmm_time(nmm)) < span_ms)
        if (cal_nmm_advance(nmm, cal_nmm_time(nmm) + 100 * CAL_NS_PER_MS) != CAL_OK) { /* the step is too long */
            cal_context_clear(ctx);
            cal_nmm_destroy(&nmm);
            return NAN;
        }
    const double s = cpu_s() - begin;
    *wall_s = cali_wall_s() - wall_begin;
    const double *rows = cal_nmm_probe_rows(nmm, probe, &n_samples);
    const size_t n = cal_nmm_n_regions(nmm);
    if (last != NULL)
        memcpy(last, rows + (n_samples - 1) * n, n * sizeof *last);
    cal_nmm_destroy(&nmm);
    return s;
}

static double run(cal_context *ctx, const cal_connectome *brain, const struct network *net, const char *integrator,
                  double dt_ms, double span_ms, double *last)
{
    double wall_s;
    return run_timed(ctx, brain, net, integrator, dt_ms, span_ms, last, &wall_s);
}

static bool is_wanted(const char *name, int n_words, char **words)
{
    for (int i = 0; i < n_words; i++)
        if (strstr(name, words[i]) == NULL)
            return false;
    return true;
}

static void bench_run(cal_context *ctx, const struct source *s, const cal_connectome *brain, size_t n_edges,
                      const struct network *net, const struct method *m, int repeats)
{
    double best = INFINITY;
    for (int r = 0; r < repeats; r++)
        best = fmin(best, run(ctx, brain, net, m->integrator, m->dt_ms, s->span_ms, NULL) / s->span_ms * 1e3);
    printf("run,%s,%zu,%zu,%s,%s,%g,%.4g,%.3f,,\n", s->name, cal_connectome_n_regions(brain), n_edges, net->model,
           m->integrator, m->dt_ms, best, best * 1e6 * m->dt_ms / (double)n_edges);
    fflush(stdout);
}

/* Root mean square over regions of the difference to the converged run after a second, over the spread of its regions'
 * last 200 ms. */
static double error_of(size_t n, const double *a, const double *b, double deviation)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum / (double)n) / deviation;
}

static double deviation_of(cal_context *ctx, const cal_connectome *brain, const struct network *net)
{
    size_t probe, n_samples, count = 0;
    double sum = 0.0, squares = 0.0;
    cal_nmm *nmm = start(ctx, brain, net, "rk4", 0.1, &probe);
    while (cal_time_ms(cal_nmm_time(nmm)) < 1000.0) {
        if (cal_nmm_advance(nmm, cal_nmm_time(nmm) + 100 * CAL_NS_PER_MS) != CAL_OK)
            stop(cal_context_message(ctx));
        const double *rows = cal_nmm_probe_rows(nmm, probe, &n_samples);
        for (size_t i = 0; i < n_samples * cal_nmm_n_regions(nmm) && cal_time_ms(cal_nmm_time(nmm)) > 800.0; i++) {
            sum += rows[i];
            squares += rows[i] * rows[i];
            count++;
        }
    }
    cal_nmm_destroy(&nmm);
    const double mean = sum / (double)count;
    return sqrt(squares / (double)count - mean * mean);
}

static void bench_accuracy(cal_context *ctx, const struct source *s, const cal_connectome *brain, size_t n_edges,
                           const struct network *net)
{
    static const struct method tried[] = {{"rk4", 1.0}, {"rk4", 0.5}, {"rk4", 0.2}, {"rk4", 0.1},
                                          {"heun", 0.1}, {"heun-held", 0.1}, {"heun-held", 0.05}, {"heun-held", 0.02},
                                          {"heun-held", 0.01}};
    const size_t n = cal_connectome_n_regions(brain);
    double *truth = calloc(n, sizeof *truth), *x = calloc(n, sizeof *x);
    const double deviation = deviation_of(ctx, brain, net);
    run(ctx, brain, net, "rk4", 0.02, 1000.0, truth);
    for (size_t i = 0; i < sizeof tried / sizeof tried[0]; i++) {
        const double cost = run(ctx, brain, net, tried[i].integrator, tried[i].dt_ms, 1000.0, x);
        if (isnan(cost))
            continue;
        printf("accuracy,%s,%zu,%zu,%s,%s,%g,%.4g,%.3f,%.2e,\n", s->name, n, n_edges, net->model, tried[i].integrator,
               tried[i].dt_ms, cost, cost * 1e6 * tried[i].dt_ms / (double)n_edges, error_of(n, x, truth, deviation));
        fflush(stdout);
    }
    free(truth);
    free(x);
}

/* The delayed sum of `n_points` weights per edge, 64 edges into one target, 32 steps: all of it fits into the
 * first-level cache, so this is what the arithmetic and the loads cost. Flops: a product and a sum per weight and step;
 * bytes: what an edge reads of history and of itself, over its 32 steps. */
static void bench_floor(size_t n_points)
{
    enum { EDGES = 64, TIMES = 20000 };
    static double ring[512], sums[CALI_NMM_BATCH], w[4 * EDGES];
    static int32_t offset[EDGES + 16];
    static size_t first[2] = {0, EDGES};
    for (size_t e = 0; e < EDGES; e++) {
        offset[e] = (int32_t)(e * 29 % 400);
        for (size_t q = 0; q < n_points; q++)
            w[n_points * e + q] = 1e-3 * (double)(e + q);
    }
    const cali_edges edges = {.n_targets = 1, .n = EDGES, .n_points = n_points, .first = first, .offset = offset, .w = w};
    const cali_kernels *kernels = cali_kernels_get();
    double best = INFINITY;
    for (int r = 0; r < 7; r++) {
        const double begin = cpu_s();
        for (int i = 0; i < TIMES; i++)
            kernels->gather(&edges, 0, 1, CALI_NMM_BATCH, ring, 1, false, sums);
        best = fmin(best, cpu_s() - begin);
    }
    const double ns = best * 1e9 / ((double)TIMES * EDGES * CALI_NMM_BATCH);
    const double bytes = (8.0 * (double)(CALI_NMM_BATCH + n_points - 1) + 4.0 + 8.0 * (double)n_points) / CALI_NMM_BATCH;
    printf("floor,cache,1,%d,%s,,,,%.3f,,%zu flops and %.1f bytes per edge and step\n", EDGES,
           n_points == 1 ? "rounded delays" : "cubic delays", ns, 2 * n_points, bytes);
}

/* Wall seconds per simulated second with 1, 2, ... threads, and the gain over one. */
static void bench_threads(const struct source *s, const struct network *net, int repeats)
{
    double one = 0.0;
    for (unsigned n_threads = 1; n_threads <= 4 && n_threads <= (unsigned)sysconf(_SC_NPROCESSORS_ONLN); n_threads++) {
        cal_context_def def = cal_context_def_default();
        def.n_threads = n_threads;
        cal_context *ctx = NULL;
        if (cal_context_create(&def, &ctx) != CAL_OK)
            stop("no context");
        cal_connectome *brain = load(ctx, s);
        cal_connectome_facts facts;
        if (cal_connectome_describe(ctx, brain, 3.0, &facts) != CAL_OK)
            stop(cal_context_message(ctx));
        double best = INFINITY;
        for (int r = 0; r < repeats; r++) {
            double wall_s = 0.0;
            run_timed(ctx, brain, net, "rk4", 0.1, s->span_ms, NULL, &wall_s);
            best = fmin(best, wall_s / s->span_ms * 1e3);
        }
        one = n_threads == 1 ? best : one;
        printf("threads %u,%s,%zu,%zu,%s,rk4,0.1,%.4g,%.3f,,%.2f x in wall time\n", n_threads, s->name, facts.n_regions,
               facts.n_edges, net->model, best, best * 1e5 / (double)facts.n_edges, one / best);
        fflush(stdout);
        cal_connectome_destroy(&brain);
        cal_context_destroy(&ctx);
    }
}

static void bench_source(cal_context *ctx, const struct source *s, int repeats, int n_words, char **words)
{
    cal_connectome *brain = load(ctx, s);
    cal_connectome_facts facts;
    if (cal_connectome_describe(ctx, brain, 3.0, &facts) != CAL_OK)
        stop(cal_context_message(ctx));
    for (int k = 0; k < N_NETWORKS; k++) {
        char name[160];
        for (int m = 0; m < N_METHODS; m++) {
            snprintf(name, sizeof name, "run %s %s %s %g", s->name, networks[k].model, methods[m].integrator,
                     methods[m].dt_ms);
            if (cal_nmm_model_find(networks[k].model) != NULL && is_wanted(name, n_words, words))
                bench_run(ctx, s, brain, facts.n_edges, &networks[k], &methods[m], repeats);
        }
        snprintf(name, sizeof name, "threads %s %s", s->name, networks[k].model);
        if (s->regions >= 998 && is_wanted(name, n_words, words))
            bench_threads(s, &networks[k], repeats);
        snprintf(name, sizeof name, "accuracy %s %s", s->name, networks[k].model);
        if (is_wanted(name, n_words, words))
            bench_accuracy(ctx, s, brain, facts.n_edges, &networks[k]);
    }
    cal_connectome_destroy(&brain);
}

int main(int argc, char **argv)
{
    const int repeats = argc > 1 ? atoi(argv[1]) : 3;
    cal_context_def context = cal_context_def_default();
    context.n_threads = 1;
    cal_context *ctx = NULL;
    if (cal_context_create(&context, &ctx) != CAL_OK)
        return 1;
    printf("case,connectome,regions,edges,model,integrator,dt_ms,cpu_s_per_s,ns_per_edge_step,error_at_1_s,note\n");
    if (is_wanted("floor", argc > 2 ? argc - 2 : 0, argv + 2)) {
        bench_floor(1);
        bench_floor(4);
    }
    for (int i = 0; i < N_SOURCES; i++)
        bench_source(ctx, &sources[i], repeats, argc > 2 ? argc - 2 : 0, argv + 2);
    cal_context_destroy(&ctx);
    return 0;
}
