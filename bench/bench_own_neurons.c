/* One step of a spiking neuron in three ways: built in, as an own neuron of the same equations that was compiled, and
 * interpreted. A population under a constant current without synapses, on one thread; processor time, in turns in one process,
 * minimum over repeats; `factor` is the time over that of the built-in neuron. Runs in the source folder. Arguments: [repeats] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "callosum/snn.h"

enum { N_WAYS = 3, N_UPDATES = 2000000 };

static void stop(const char *text)
{
    fprintf(stderr, "%s\n", text);
    exit(1);
}

static cal_snn *create(cal_context *ctx, const cal_neuron *neuron, uint32_t n, double current)
{
    const cal_snn_population population = {"cell", neuron, n, NULL, 0};
    const cal_snn_current drive = {.to = 0, .amplitude = current};
    cal_snn_def def = cal_snn_def_default();
    cal_snn *snn = NULL;
    def.populations = &population;
    def.n_populations = 1;
    def.currents = &drive;
    def.n_currents = 1;
    def.n_tiles = 1;
    def.window = N_UPDATES / 10 / n * CAL_NS_PER_MS;
    if (cal_snn_create(ctx, &def, &snn) != CAL_OK)
        stop(cal_context_message(ctx));
    return snn;
}

/* Nanoseconds of processor time per update, over one window. */
static double measure(cal_context *ctx, cal_snn *snn)
{
    const uint64_t before = cal_snn_get_counts(snn).n_updates;
    const clock_t begin = clock();
    if (cal_snn_advance(snn) != CAL_OK)
        stop(cal_context_message(ctx));
    return (double)(clock() - begin) / CLOCKS_PER_SEC * 1e9 / (double)(cal_snn_get_counts(snn).n_updates - before);
}

static void compare(cal_context *ctx, const char *path, const char *builtin, double current, int repeats)
{
    static const char *const names[N_WAYS] = {"built in", "compiled", "interpreted"};
    cal_neuron *compiled = NULL, *interpreted = NULL;
    unsetenv("CALLOSUM_CC");
    if (cal_snn_neuron_load(ctx, path, &compiled) != CAL_OK || setenv("CALLOSUM_CC", "none", 1) != 0 ||
        cal_snn_neuron_load(ctx, path, &interpreted) != CAL_OK)
        stop(cal_context_message(ctx));
    const cal_neuron *const neurons[N_WAYS] = {cal_snn_neuron_find(builtin), compiled, interpreted};
    for (uint32_t n = 1000; n <= 100000; n *= 100) {
        cal_snn *snn[N_WAYS];
        double best[N_WAYS] = {INFINITY, INFINITY, INFINITY};
        for (int k = 0; k < N_WAYS; k++)
            snn[k] = create(ctx, neurons[k], n, current);
        for (int r = 0; r < repeats; r++)
            for (int k = 0; k < N_WAYS; k++)
                best[k] = fmin(best[k], measure(ctx, snn[k]));
        for (int k = 0; k < N_WAYS; k++) {
            printf("%s %s,%u,0.1,%.3f,%.3f\n", builtin, names[k], n, best[k], best[k] / best[0]);
            cal_snn_destroy(&snn[k]);
        }
        fflush(stdout);
    }
    cal_snn_neuron_destroy(&compiled);
    cal_snn_neuron_destroy(&interpreted);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path, *builtin;
        double current;
    } cases[] = {
        {"tests/support/own_neurons/izhikevich.yaml", "izhikevich", 10.0},
        {"tests/support/own_neurons/lif.yaml", "lif", 200.0},
        {"tests/support/own_neurons/lif_cond.yaml", "lif-cond", 200.0},
        {"tests/support/own_neurons/adex.yaml", "adex", 800.0},
        {"tests/support/own_neurons/hindmarsh_rose.yaml", "hindmarsh-rose", 2.0},
        {"tests/support/own_neurons/morris_lecar.yaml", "morris-lecar", 100.0},
        {"tests/support/own_neurons/hh_traub.yaml", "hh-traub", 300.0},
    };
    const int repeats = argc > 1 ? atoi(argv[1]) : 7;
    cal_context_def def = cal_context_def_default();
    cal_context *ctx = NULL;
    def.n_threads = 1;
    if (cal_context_create(&def, &ctx) != CAL_OK)
        return 1;
    printf("case,neurons,step_ms,ns_per_update,factor\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        compare(ctx, cases[i].path, cases[i].builtin, cases[i].current, repeats);
    cal_context_destroy(&ctx);
    return 0;
}
