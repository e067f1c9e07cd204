/* Cost of each model: its right-hand side, and which integrator suits it where there are no delays. Prints CSV.
 *
 *   rhs          ns per region of 64 regions at the default states, the minimum over repeats
 *   integrators  CPU seconds of one second of 1 and of 64 regions without connections and their error: the largest difference
 *                of a state at the end from RK4 at 0.01 ms, in scales of the state. Regions begin apart from each other, so
 *                that no two are at the same point of a cycle.
 * Arguments: [rhs | integrators] [name of a model] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "callosum/connectomes.h"
#include "callosum/nmm.h"

enum { N = 64, DURATION_MS = 1000, WINDOW_MS = 8 };

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

static void *take(size_t n)
{
    double *values = calloc(n + 1, sizeof *values);
    if (values == NULL)
        stop("no memory");
    return values;
}

/* ---- right-hand sides -------------------------------------------------------------------------- */

static void fill(const cal_field *fields, size_t n, double *rows)
{
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < N; i++)
            rows[k * N + i] = fields[k].value;
}

typedef struct arrays {
    double *p, *x, *c, *dx, *y;
} arrays;

static double time_one(const cal_nmm_model *m, const arrays *a, bool is_rhs)
{
    double best = INFINITY;
    for (int repeat = 0; repeat < 15; repeat++) {
        const int n = 400;
        const double start = cpu_s();
        for (int k = 0; k < n; k++)
            if (is_rhs)
                cal_nmm_model_rhs(m, N, a->p, a->x, a->c, a->dx);
            else
                cal_nmm_model_observe(m, N, a->p, a->x, a->y);
        best = fmin(best, 1e9 * (cpu_s() - start) / n / N);
    }
    return best;
}

static void time_rhs(const cal_nmm_model *m)
{
    arrays a = {take((m->n_params + m->n_derived) * N), take(m->n_states * N), take(m->n_inputs * N),
                take(m->n_states * N), take(m->n_outputs * N)};
    fill(m->params, m->n_params, a.p);
    fill(m->states, m->n_states, a.x);
    cal_nmm_model_derive(m, N, a.p);
    printf("rhs,%s,%zu,%.2f,%.2f\n", m->name, m->n_states, time_one(m, &a, true), time_one(m, &a, false));
    free(a.p);
    free(a.x);
    free(a.c);
    free(a.dx);
    free(a.y);
}

/* ---- integrators ------------------------------------------------------------------------------- */

/* Up to half a scale from the default, within the bounds. */
static double begin_at(const cal_nmm_model *m, size_t state, uint32_t region)
{
    const cal_field *f = &m->states[state];
    const cali_random r = cali_philox(cali_key_from_seed(3), region, (uint32_t)state, 1, 0);
    const double x = f->value + m->scales[state] * (cali_uniform(r.word[0], r.word[1]) - 0.5);
    return fmin(fmax(x, f->low), f->high);
}

/* CPU seconds; infinite where the run fails. */
static double run(cal_context *ctx, const cal_nmm_model *m, size_t n, cal_integrator method, cal_time dt, double *end)
{
    double *zeros = take(n * n), *initial = take(n * m->n_states);
    cal_nmm_region regions[N];
    for (size_t i = 0; i < n; i++) {
        regions[i] = (cal_nmm_region){.model = m, .initial = initial + i * m->n_states};
        for (size_t s = 0; s < m->n_states; s++)
            initial[i * m->n_states + s] = begin_at(m, s, (uint32_t)i);
    }
    const cal_connectome_def def = {.name = "apart", .n_regions = n, .weights = zeros, .lengths_mm = zeros};
    cal_connectome *connectome = NULL;
    if (cal_connectome_create(ctx, &def, &connectome) != CAL_OK)
        stop(cal_context_message(ctx));
    cal_nmm_def host = cal_nmm_def_default();
    host.connectome = connectome;
    host.regions = regions;
    host.integrator = method;
    host.dt = dt;
    host.window = WINDOW_MS * CAL_NS_PER_MS;
    cal_nmm *nmm = NULL;
    if (cal_nmm_create(ctx, &host, &nmm) != CAL_OK)
        stop(cal_context_message(ctx));
    const double start = cpu_s();
    cal_status status = CAL_OK;
    for (int t = WINDOW_MS; t <= DURATION_MS && status == CAL_OK; t += WINDOW_MS)
        status = cal_nmm_advance(nmm, t * CAL_NS_PER_MS);
    const double seconds = status == CAL_OK ? cpu_s() - start : INFINITY;
    for (size_t i = 0; i < n && status == CAL_OK; i++)
        cal_nmm_get_state(nmm, i, end + i * m->n_states);
    cal_nmm_destroy(&nmm);
    cal_connectome_destroy(&connectome);
    free(zeros);
    free(initial);
    return seconds;
}

static double difference(const cal_nmm_model *m, size_t n, const double *a, const double *b)
{
    double worst = 0.0;
    for (size_t i = 0; i < n * m->n_states; i++)
        worst = fmax(worst, fabs(a[i] - b[i]) / m->scales[i % m->n_states]);
    return worst;
}

static void time_integrators(const cal_nmm_model *m)
{
    static const cal_integrator methods[] = {CAL_CVODE_ADAMS, CAL_CVODE_BDF, CAL_ERK, CAL_RK4};
    double *truth = take(N * m->n_states), *end = take(N * m->n_states);
    for (size_t n = 1; n <= N && m->n_own_delays == 0; n += N - 1) {
        cal_context *ctx = NULL;
        const cal_context_def plain = cal_context_def_default();
        if (cal_context_create(&plain, &ctx) != CAL_OK)
            stop("no memory");
        run(ctx, m, n, CAL_RK4, CAL_NS_PER_MS / 100, truth);
        printf("integrators,%s,%zu", m->name, n);
        for (size_t k = 0; k < sizeof methods / sizeof methods[0]; k++) {
            const double seconds = run(ctx, m, n, methods[k], 0, end);
            printf(",%.4g,%.1e", seconds, difference(m, n, end, truth));
            fflush(stdout);
        }
        printf("\n");
        cal_context_destroy(&ctx);
    }
    free(truth);
    free(end);
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "", *name = argc > 2 ? argv[2] : "";
    const bool has_rhs = strcmp(only, "integrators") != 0, has_integrators = strcmp(only, "rhs") != 0;
    if (has_rhs)
        printf("case,model,states,rhs_ns,observe_ns\n");
    for (size_t i = 0; i < cal_nmm_n_models() && has_rhs; i++)
        if (strstr(cal_nmm_model_at(i)->name, name) != NULL)
            time_rhs(cal_nmm_model_at(i));
    if (has_integrators)
        printf("case,model,regions,adams_s,adams_error,bdf_s,bdf_error,erk_s,erk_error,rk4_s,rk4_error\n");
    for (size_t i = 0; i < cal_nmm_n_models() && has_integrators; i++)
        if (strstr(cal_nmm_model_at(i)->name, name) != NULL)
            time_integrators(cal_nmm_model_at(i));
    return 0;
}
