/* Sweeps as `callosum run --sweep` goes them: runs of 1 s of reduced Wong-Wang masses with noise (Heun, 1 ms; row-sum-one,
 * 4 mm/ms), one seed per run, signal every 10 ms, with all figures. Usage: bench_sweep [runs of 76 regions, default 1000]
 * [threads, default one per processor]. Prints CSV: wall time from the check of the rows to the last file, runs per second,
 * the share of the processors that worked (CPU time over wall time and threads: falls where others use them, too), and the
 * share of the wall time after the check in which threads were busy with runs (does not). Few regions say how much a run
 * costs beside its integration. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "callosum/experiment.h"

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

static void write_text(const char *folder, const char *name, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
        exit(EXIT_FAILURE);
}

static void write_experiment(const char *folder, unsigned n_regions)
{
    char text[1500], wiring[200] = "file: weights.csv, lengths: lengths.csv";
    if (n_regions > 1)
        snprintf(wiring, sizeof wiring, "generate: {regions: %u, seed: 1}", n_regions);
    snprintf(text, sizeof text,
             "callosum: 1\nrun: {duration: 1 s, seed: 1}\n"
             "connectome: {%s, speed: 4 mm/ms, self_connections: drop}\n"
             "coupling: {gain: 0.7, weights: %s}\n"
             "integrator: {method: heun, step: 1 ms}\n"
             "noise: [{state: S, level: 0.001 1/sqrt(ms)}]\n"
             "models: {column: {neural_mass: reduced-wong-wang, parameters: {w: 0.9, I_o: 0.3 nA}}}\n"
             "regions: {default: column}\n"
             "record: {signals: [{what: S, every: 10 ms}]}\n",
             wiring, n_regions > 1 ? "row-sum-one" : "none");
    write_text(folder, "experiment.yaml", text);
    write_text(folder, "weights.csv", "0\n");
    write_text(folder, "lengths.csv", "0\n");
}

static void measure(cal_context *ctx, const char *folder, unsigned n_regions, unsigned n_runs, bool is_table_only)
{
    static const char *const files[] = {"sweep.h5", "table.csv", "rows.csv", "cost.csv", "manifest.json", "experiment.yaml"};
    char path[700], out[600], rows[64];
    write_experiment(folder, n_regions);
    snprintf(path, sizeof path, "%s/experiment.yaml", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    snprintf(rows, sizeof rows, "run.seed=1..%u", n_runs);
    const cal_sweep_def def = {.experiment = path, .rows = rows, .is_table_only = is_table_only};
    cal_sweep *sweep = NULL;
    cal_sweep_state state;
    const double wall = cali_wall_s(), cpu = cpu_now();
    must(ctx, cal_sweep_create(ctx, &def, &sweep));
    const double checked = cali_wall_s();
    must(ctx, cal_sweep_run(sweep, out, NULL, &state));
    const double end = cali_wall_s(), wall_s = end - wall, run_s = end - checked, cpu_s = cpu_now() - cpu;
    const unsigned n_threads = cal_context_n_threads(ctx);
    printf("%u,%u,%u,%s,%.3f,%.3f,%.0f,%.3f,%.3f,%.3f\n", n_regions, n_runs, n_threads, is_table_only ? "table" : "signals",
           wall_s, checked - wall, n_runs / wall_s, cpu_s / (wall_s * n_threads), state.work_s / (run_s * n_threads),
           1e3 * cpu_s / n_runs);
    fflush(stdout);
    cal_sweep_destroy(&sweep);
    for (size_t k = 0; k < sizeof files / sizeof files[0]; k++) {
        snprintf(path, sizeof path, "%s/%s", out, files[k]);
        remove(path);
    }
    rmdir(out);
}

int main(int argc, char **argv)
{
    const unsigned n_runs = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000;
    cal_context_def def = cal_context_def_default();
    def.n_threads = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    cal_context *ctx = NULL;
    char folder[] = "/tmp/bench_sweep.XXXXXX", path[64];
    if (mkdtemp(folder) == NULL || cal_context_create(&def, &ctx) != CAL_OK)
        return EXIT_FAILURE;
    printf("regions,runs,threads,kept,wall_s,check_s,runs_per_s,processors,threads_busy,cpu_ms_per_run\n");
    measure(ctx, folder, 1, 10 * n_runs, true);
    measure(ctx, folder, 4, 5 * n_runs, true);
    measure(ctx, folder, 16, 2 * n_runs, true);
    measure(ctx, folder, 76, n_runs, true);
    measure(ctx, folder, 76, n_runs, false);
    static const char *const files[] = {"experiment.yaml", "weights.csv", "lengths.csv"};
    for (int k = 0; k < 3; k++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[k]);
        remove(path);
    }
    rmdir(folder);
    cal_context_destroy(&ctx);
    return EXIT_SUCCESS;
}
