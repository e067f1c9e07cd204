/* Cost of the neural-mass host: made-up connectomes (points in an ellipsoid, lengths 1.3 x distance,
 * log-normal weights that fall with distance), Jansen-Rit and Montbrio-Pazo-Roxin, delays on, one thread.
 * Prints CSV, the minimum over repeats; `delayed-sum` is what a run with all pairs connected costs above one
 * without edges. Arguments: [repeats] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "callosum/connectomes.h"
#include "callosum/nmm.h"

typedef struct made {
    size_t n, n_edges;
    double *weights, *lengths;
    cal_nmm_region *regions;
    cal_connectome *connectome;
} made;

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

static double draw(uint32_t a, uint32_t b, uint32_t use, double *normal)
{
    const cali_random r = cali_philox(cali_key_from_seed(1234), a, b, use, 0);
    double other;
    cali_normal(r, normal, &other);
    return cali_uniform(r.word[2], r.word[3]);
}

/* Semi-axes 70, 85, 65 mm; rows of weights sum to 1; delays between 1.8 and 64 ms at 3 mm/ms. */
static made make(cal_context *ctx, uint32_t n, double density)
{
    made m = {.n = n, .weights = calloc((size_t)n * n, 8), .lengths = calloc((size_t)n * n, 8),
              .regions = calloc(n, sizeof *m.regions)};
    double *point = calloc(3 * (size_t)n, sizeof *point), g;
    for (uint32_t i = 0, try = 0; i < n; try++) {
        const double x = 2.0 * draw(try, 0, 1, &g) - 1.0, y = 2.0 * draw(try, 1, 1, &g) - 1.0;
        const double z = 2.0 * draw(try, 2, 1, &g) - 1.0;
        if (x * x + y * y + z * z > 1.0)
            continue;
        point[3 * i] = 70.0 * x;
        point[3 * i + 1] = 85.0 * y;
        point[3 * i + 2] = 65.0 * z;
        i++;
    }
    for (uint32_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (uint32_t j = 0; j < n; j++) {
            const double u = draw(i, j, 2, &g), dx = point[3 * i] - point[3 * j];
            const double dy = point[3 * i + 1] - point[3 * j + 1], dz = point[3 * i + 2] - point[3 * j + 2];
            const double length = 1.3 * sqrt(dx * dx + dy * dy + dz * dz);
            if (i == j || u > density)
                continue;
            m.lengths[(size_t)i * n + j] = fmin(fmax(length, 5.5), 192.0);
            sum += m.weights[(size_t)i * n + j] = exp(0.7 * g - length / 50.0);
            m.n_edges++;
        }
        for (uint32_t j = 0; j < n; j++)
            m.weights[(size_t)i * n + j] /= sum > 0.0 ? sum : 1.0;
    }
    free(point);
    const cal_connectome_def def = {
        .name = "bench", .n_regions = n, .weights = m.weights, .lengths_mm = m.lengths};
    if (cal_connectome_create(ctx, &def, &m.connectome) != CAL_OK)
        stop(cal_context_message(ctx));
    return m;
}

static void discard(made *m)
{
    cal_connectome_destroy(&m->connectome);
    free(m->weights);
    free(m->lengths);
    free(m->regions);
}

static cal_nmm *start(cal_context *ctx, const made *m, const char *model, cal_integrator integrator,
                      double dt_ms, double window_ms)
{
    static cal_coupling coupling;
    const bool is_jr = strcmp(model, "jansen-rit") == 0, is_mpr = strcmp(model, "mpr") == 0;
    static double params[8] = {10.0, 1.0, 0.0, 15.0, -4.8, 0.0, 1.0, 0.0};
    static const double initial[2] = {0.01, -1.0};
    for (size_t i = 0; i < m->n; i++)
        m->regions[i] = (cal_nmm_region){.model = cal_nmm_model_find(model),
                                         .params = is_mpr ? params : NULL,
                                         .initial = is_mpr ? initial : NULL};
    coupling = cal_coupling_default();
    coupling.a = is_jr ? 20.0 : is_mpr ? 10.0 : 0.2;
    cal_nmm_def def = cal_nmm_def_default();
    def.connectome = m->connectome;
    def.regions = m->regions;
    def.couplings = &coupling;
    def.n_couplings = 1;
    def.integrator = integrator;
    static const cal_nmm_stimulus drive = {.region = -1, .amplitude = 3.0, .frequency_Hz = 6.0};
    def.stimuli = &drive; /* carries the Montbrio-Pazo-Roxin regions through their bursts */
    def.n_stimuli = is_mpr ? 1 : 0;
    def.speed_mm_per_ms = is_jr || is_mpr ? 3.0 : INFINITY; /* slow dynamics: no delays */
    def.dt = (cal_time)(dt_ms * 1e6 + 0.5);
    def.window = (cal_time)(window_ms * 1e6 + 0.5);
    cal_nmm *nmm = NULL;
    if (cal_nmm_create(ctx, &def, &nmm) != CAL_OK)
        stop(cal_context_message(ctx));
    return nmm;
}

/* CPU seconds per simulated second, minimum over repeats. */
static double run(cal_context *ctx, const made *m, const char *model, cal_integrator integrator,
                  double dt_ms, double window_ms, double span_ms, int repeats, size_t *n_edges)
{
    double best = INFINITY;
    for (int r = 0; r < repeats; r++) {
        cal_nmm *nmm = start(ctx, m, model, integrator, dt_ms, window_ms);
        const double begin = cpu_s();
        while (cal_time_ms(cal_nmm_time(nmm)) < span_ms)
            if (cal_nmm_advance(nmm, cal_nmm_time(nmm) + (cal_time)(window_ms * 1e6 + 0.5)) != CAL_OK)
                stop(cal_context_message(ctx));
        best = fmin(best, (cpu_s() - begin) / cal_time_ms(cal_nmm_time(nmm)) * 1e3);
        *n_edges = cal_nmm_get_counts(nmm).n_edges;
        cal_nmm_destroy(&nmm);
    }
    return best;
}

static void bench_run(cal_context *ctx, const made *m, const char *model, cal_integrator integrator,
                      double dt_ms, double window_ms, double span_ms, int repeats)
{
    size_t n_edges;
    const double s = run(ctx, m, model, integrator, dt_ms, window_ms, span_ms, repeats, &n_edges);
    printf("%s dt %g window %g,%zu,%zu,%s,%.4g,%.3f\n", model, dt_ms, window_ms, m->n, n_edges,
           cal_integrator_names[integrator], s, s * 1e6 * dt_ms / (double)n_edges);
    fflush(stdout);
}

static void bench_sum(cal_context *ctx, const made *full, const made *empty, double window_ms,
                      double span_ms, int repeats)
{
    size_t n_edges, none;
    const double with = run(ctx, full, "mpr", CAL_RK4, 0.1, window_ms, span_ms, repeats, &n_edges);
    const double s = with - run(ctx, empty, "mpr", CAL_RK4, 0.1, window_ms, span_ms, repeats, &none);
    printf("delayed-sum window %g,%zu,%zu,rk4,%.4g,%.3f\n", window_ms, full->n, n_edges, s,
           s * 1e5 / (double)n_edges);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const struct {
        uint32_t n;
        double density, span_ms;
    } sizes[] = {{76, 0.3, 2000.0}, {379, 0.5, 200.0}, {1000, 0.3, 60.0}};
    const int repeats = argc > 1 ? atoi(argv[1]) : 3;
    cal_context_def context = cal_context_def_default();
    context.n_threads = 1;
    cal_context *ctx = NULL;
    if (cal_context_create(&context, &ctx) != CAL_OK)
        return 1;
    printf("case,regions,edges,integrator,cpu_s_per_s,ns_per_edge_step\n");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        made full = make(ctx, sizes[i].n, 1.0), m = make(ctx, sizes[i].n, sizes[i].density);
        made empty = make(ctx, sizes[i].n, 0.0);
        const double span_ms = sizes[i].span_ms / 4.0;
        bench_sum(ctx, &full, &empty, 8.0, span_ms, repeats); /* batches of 16 steps */
        bench_sum(ctx, &full, &empty, 1.0, span_ms, repeats);
        bench_sum(ctx, &full, &empty, 0.1, span_ms, repeats); /* step by step */
        bench_run(ctx, &m, "jansen-rit", CAL_RK4, 0.1, 8.0, sizes[i].span_ms, repeats);
        bench_run(ctx, &m, "jansen-rit", CAL_RK4, 0.5, 8.0, sizes[i].span_ms, repeats);
        bench_run(ctx, &m, "mpr", CAL_RK4, 0.1, 8.0, sizes[i].span_ms, repeats);
        bench_run(ctx, &m, "mpr", CAL_RK4, 0.1, 1.0, sizes[i].span_ms, repeats);
        bench_run(ctx, &m, "mpr", CAL_HEUN, 0.1, 8.0, sizes[i].span_ms, repeats);
        if (sizes[i].n < 100) {
            bench_run(ctx, &m, "jansen-rit", CAL_CVODE_ADAMS, 0.25, 8.0, sizes[i].span_ms, repeats);
            bench_run(ctx, &m, "mpr", CAL_CVODE_ADAMS, 0.25, 8.0, sizes[i].span_ms, repeats);
            bench_run(ctx, &m, "mpr", CAL_CVODE_BDF, 0.25, 8.0, sizes[i].span_ms, repeats);
            bench_run(ctx, &m, "reduced-wong-wang", CAL_RK4, 1.0, 100.0, 10000.0, repeats);
            bench_run(ctx, &m, "reduced-wong-wang", CAL_CVODE_BDF, 1.0, 100.0, 10000.0, repeats);
        }
        discard(&full);
        discard(&empty);
        discard(&m);
    }
    cal_context_destroy(&ctx);
    return 0;
}
