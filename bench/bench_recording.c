/* What recording costs: bytes per second through the HDF5 sink, the time that the run waits for it,
 * and CPU time of both threads; rows are appended as fast as they are taken. CSV; minimum wall time
 * over repeats. Argument: the folder for the files (default: the current one). */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "callosum/recording.h"

enum { N_REPEATS = 3, PER_WINDOW = 10, N_POOL = 64 }; /* different windows, used in turn */

static const struct {
    const char *name;
    size_t n_regions, n_windows;
    bool is_noise; /* white noise, or smooth values */
} cases[] = {
    {"smooth", 76, 4000, false},
    {"noise", 76, 4000, true},
    {"smooth", 998, 300, false},
    {"noise", 998, 300, true},
};

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void check(cal_context *ctx, cal_status status)
{
    if (status == CAL_OK)
        return;
    fprintf(stderr, "%s\n", cal_context_message(ctx));
    exit(EXIT_FAILURE);
}

typedef struct cost {
    double wall_s, cpu_s, stall_s, megabytes, file_megabytes;
} cost;

static void fill(double *rows, size_t n, bool is_noise)
{
    const cali_key key = cali_key_from_seed(1);
    for (size_t i = 0; i < n; i++) {
        const cali_random r = cali_philox(key, (uint32_t)i, 0, 0, 0);
        rows[i] = is_noise ? cali_uniform(r.word[0], r.word[1]) : (double)(i / 64) * 0.125;
    }
}

static cost record(cal_context *ctx, const char *path, size_t k, const double *rows,
                   const char *const *labels)
{
    cal_recorder_def def = cal_recorder_def_default();
    def.path = path;
    def.duration = (cal_time)cases[k].n_windows * PER_WINDOW * CAL_NS_PER_MS;
    cal_recorder *recorder = NULL;
    const cal_signal_def signal = {.name = "rate",
                                   .unit = "Hz",
                                   .t_first = CAL_NS_PER_MS,
                                   .every = CAL_NS_PER_MS,
                                   .axis = "region",
                                   .n_columns = cases[k].n_regions,
                                   .labels = labels};
    const double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    check(ctx, cal_recorder_create(ctx, &def, &recorder));
    check(ctx, cal_recorder_add_signal(recorder, &signal, NULL));
    check(ctx, cal_recorder_start(recorder));
    for (size_t i = 0; i < cases[k].n_windows; i++) {
        check(ctx, cal_recorder_append(recorder, 0, PER_WINDOW,
                                       rows + i % N_POOL * cases[k].n_regions * PER_WINDOW));
        check(ctx, cal_recorder_commit(recorder, (cal_time)(i + 1) * PER_WINDOW * CAL_NS_PER_MS));
    }
    check(ctx, cal_recorder_finish(recorder));
    cost c = {.wall_s = seconds(CLOCK_MONOTONIC) - wall,
              .cpu_s = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu,
              .stall_s = cal_recorder_stall_s(recorder),
              .megabytes = cal_recorder_bytes(recorder) * 1e-6};
    cal_recorder_destroy(&recorder);
    FILE *file = fopen(path, "rb");
    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
        c.file_megabytes = (double)ftell(file) * 1e-6;
    if (file != NULL)
        fclose(file);
    unlink(path);
    return c;
}

int main(int argc, char **argv)
{
    const cal_context_def def = cal_context_def_default();
    cal_context *ctx = NULL;
    static const char *labels[1000];
    static double rows[1000 * PER_WINDOW * N_POOL];
    char path[1024];
    snprintf(path, sizeof path, "%s/bench-recording-%ld.h5", argc > 1 ? argv[1] : ".",
             (long)getpid());
    check(ctx, cal_context_create(&def, &ctx));
    for (size_t i = 0; i < 1000; i++)
        labels[i] = "region";
    puts("case,regions,rows,megabytes,file_megabytes,wall_s,cpu_s,stall_s,megabytes_per_s");
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        fill(rows, cases[k].n_regions * PER_WINDOW * N_POOL, cases[k].is_noise);
        cost best = {.wall_s = 1e9};
        for (int i = 0; i < N_REPEATS; i++) {
            const cost c = record(ctx, path, k, rows, labels);
            best = c.wall_s < best.wall_s ? c : best;
        }
        printf("%s,%zu,%zu,%.1f,%.1f,%.4f,%.4f,%.4f,%.0f\n", cases[k].name, cases[k].n_regions,
               cases[k].n_windows * PER_WINDOW, best.megabytes, best.file_megabytes, best.wall_s,
               best.cpu_s, best.stall_s, best.megabytes / best.wall_s);
    }
    cal_context_destroy(&ctx);
    return EXIT_SUCCESS;
}
