/* The derivative of a neural mass in three ways: built in, as an own model that was compiled, and
 * interpreted. Pairwise in one process, in turns, minimum over repeats; `factor` is the time over that of the built-in
 * model. Runs in the source folder. Arguments: [repeats] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "callosum/nmm.h"

enum { N_WAYS = 3, BLOCK = 32, MAX_REGIONS = 1024, MAX_ROWS = 64 };

static void stop(const char *text)
{
    fprintf(stderr, "%s\n", text);
    exit(1);
}

/* Nanoseconds per region of one evaluation. */
static double measure(const cal_nmm_model *m, size_t n, size_t block)
{
    const size_t n_rows = m->n_params + m->n_derived;
    static double p[MAX_ROWS * MAX_REGIONS], x[MAX_ROWS * MAX_REGIONS], c[MAX_ROWS * MAX_REGIONS], dx[MAX_ROWS * MAX_REGIONS];
    for (size_t first = 0; first < n; first += block) { /* the host's way: blocks of regions, each with its own rows */
        for (size_t k = 0; k < m->n_params; k++)
            for (size_t i = 0; i < block; i++)
                p[n_rows * first + k * block + i] = m->params[k].value;
        cal_nmm_model_derive(m, block, p + n_rows * first);
    }
    for (size_t k = 0; k < m->n_states; k++)
        for (size_t i = 0; i < n; i++)
            x[k * n + i] = m->states[k].value * (1.0 + 1e-3 * (double)i);
    const int rounds = 400000 / (int)n;
    const double begin = cali_wall_s();
    for (int r = 0; r < rounds; r++)
        for (size_t first = 0; first < n; first += block)
            cal_nmm_model_rhs(m, block, p + n_rows * first, x + m->n_states * first, c, dx);
    return (cali_wall_s() - begin) * 1e9 / ((double)rounds * (double)n);
}

static void compare(cal_context *ctx, const char *path, const char *builtin, int repeats)
{
    static const char *const names[N_WAYS] = {"built in", "compiled", "interpreted"};
    cal_nmm_model *compiled = NULL, *interpreted = NULL;
    unsetenv("CALLOSUM_CC");
    if (cal_nmm_model_load(ctx, path, &compiled) != CAL_OK || setenv("CALLOSUM_CC", "none", 1) != 0 ||
        cal_nmm_model_load(ctx, path, &interpreted) != CAL_OK)
        stop(cal_context_message(ctx));
    const cal_nmm_model *const models[N_WAYS] = {cal_nmm_model_find(builtin), compiled, interpreted};
    for (size_t n = 32; n <= MAX_REGIONS; n *= 32) {
        double best[N_WAYS] = {INFINITY, INFINITY, INFINITY};
        for (int r = 0; r < repeats; r++)
            for (int k = 0; k < N_WAYS; k++)
                best[k] = fmin(best[k], measure(models[k], n, BLOCK));
        for (int k = 0; k < N_WAYS; k++)
            printf("%s %s,%zu,%d,%.3f,%.3f\n", builtin, names[k], n, BLOCK, best[k], best[k] / best[0]);
    }
    fflush(stdout);
    cal_nmm_model_destroy(&compiled);
    cal_nmm_model_destroy(&interpreted);
}

int main(int argc, char **argv)
{
    static const char *const cases[][2] = {
        {"tests/support/own_models/montbrio_pazo_roxin.yaml", "montbrio-pazo-roxin"},
        {"tests/support/own_models/jansen_rit.yaml", "jansen-rit"},
        {"tests/support/own_models/wilson_cowan.yaml", "wilson-cowan"},
        {"tests/support/own_models/reduced_wong_wang.yaml", "reduced-wong-wang"},
        {"tests/support/own_models/epileptor.yaml", "epileptor"},
    };
    const int repeats = argc > 1 ? atoi(argv[1]) : 15;
    const cal_context_def def = cal_context_def_default();
    cal_context *ctx = NULL;
    if (cal_context_create(&def, &ctx) != CAL_OK)
        return 1;
    printf("case,regions,block,ns_per_region,factor\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        compare(ctx, cases[i][0], cases[i][1], repeats);
    cal_context_destroy(&ctx);
    return 0;
}
