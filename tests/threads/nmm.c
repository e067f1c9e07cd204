/* The host on several threads, for ThreadSanitizer: a network large enough for blocks to run in parallel,
 * with near edges, far edges only, and an undelayed edge. The bits must not depend on the threads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/nmm.h"
#include "support/support.h"

enum { N = 160 };

static int run(unsigned n_threads, double shortest_ms, cal_integrator integrator, double *state)
{
    cal_context *ctx = cali_test_context(n_threads);
    double *weights = calloc(N * N, 8), *delays = calloc(N * N, 8);
    cal_nmm_region regions[N];
    for (size_t i = 0; i < N; i++) {
        regions[i] = (cal_nmm_region){.model = cal_nmm_model_find(i % 2 ? "mpr" : "jansen-rit")};
        for (size_t k = 1; k < 12; k++) {
            const size_t j = (i * 7 + k * 13) % N;
            weights[i * N + j] = 0.01 * (double)k;
            delays[i * N + j] = j == i ? 0.0 : shortest_ms + 0.31 * (double)k;
        }
    }
    const cal_connectome_def made = {
        .name = "threads", .n_regions = N, .weights = weights, .lengths_mm = delays};
    cal_connectome *connectome = NULL;
    cal_nmm *nmm = NULL;
    cal_coupling couplings[2] = {cal_coupling_default(), cal_coupling_default()};
    couplings[0].from = couplings[1].from = "rate"; /* two kinds of masses */
    couplings[0].to = "c";
    couplings[1].to = "c_r";
    cal_nmm_def def = cal_nmm_def_default();
    int failed = cal_connectome_create(ctx, &made, &connectome) != CAL_OK;
    def.connectome = connectome;
    def.regions = regions;
    def.couplings = couplings;
    def.n_couplings = 2;
    def.delays_ms = delays;
    def.integrator = integrator;
    failed = failed || cal_nmm_create(ctx, &def, &nmm) != CAL_OK;
    for (int k = 1; k <= 4 && !failed; k++)
        failed = cal_nmm_advance(nmm, k * def.window) != CAL_OK;
    for (size_t i = 0; i < N && !failed; i++)
        failed = cal_nmm_get_state(nmm, i, state + 6 * i) != CAL_OK;
    if (failed)
        fprintf(stderr, "%s\n", cal_context_message(ctx));
    cal_nmm_destroy(&nmm);
    cal_connectome_destroy(&connectome);
    cal_context_destroy(&ctx);
    free(weights);
    free(delays);
    return failed;
}

int main(void)
{
    static double one[6 * N], many[6 * N];
    static const struct {
        double shortest_ms;
        cal_integrator integrator;
    } cases[] = {{5.0, CAL_RK4}, {0.2, CAL_RK4}, {0.2, CAL_HEUN},
                 {0.2, CAL_HEUN_HELD}, {3.0, CAL_CVODE_ADAMS}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        memset(one, 0, sizeof one);
        memset(many, 0, sizeof many);
        if (run(1, cases[k].shortest_ms, cases[k].integrator, one) ||
            run(4, cases[k].shortest_ms, cases[k].integrator, many))
            return 1;
        if (memcmp(one, many, sizeof one) != 0) {
            fprintf(stderr, "case %zu: 4 threads give other bits\n", k);
            return 1;
        }
    }
    return 0;
}
