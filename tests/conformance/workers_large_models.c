/* A network whose lists and tables are larger than a message travels in pieces, and is the same network: run.h5 has the bytes of the
 * run in process, also when the worker is killed while it is given the pieces. A worker that takes less is refused, and says so. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "support/placed_runs.h"

/* A list of synapses one by one and a value for each neuron: 10 MB, three pieces. */
enum { N_NEURONS = 3000, N_TARGETS = 120 };

static const char brain[] =
    "callosum: 1\n"
    "run: {duration: 24 ms, seed: 5}\n"
    "connectome: {generate: {regions: 6, seed: 1}, speed: 8 mm/ms}\n"
    "coupling: {gain: 0.5, min_delay: 4 ms, a: 10 ms}\n"
    "sync: {window: 4 ms}\n"
    "models: {field: {neural_mass: mpr, parameters: {tau: 10 ms}}}\n"
    "regions:\n"
    "  default: field\n"
    "  \"#2\":\n"
    "    spiking:\n"
    "      step: 0.1 ms\n"
    "      populations: {E: {neuron: lif, count: 3000, parameters: {I_e: {file: cells.csv, column: I_e}}}}\n"
    "      connections: [{from: E, to: E, receptor: excitatory, file: synapses.csv}]\n"
    "      receives: [{by: poisson, into: E.excitatory, synapses: 100, weight: 20 pA}]\n"
    "      gives: [{by: rate, from: E}]\n"
    "record:\n"
    "  signals: [{what: rate, every: 1 ms}, {what: spikes, of: \"#2\"}]\n";

static void write_tables(const char *folder)
{
    char path[1200];
    snprintf(path, sizeof path, "%s/cells.csv", folder);
    FILE *cells = fopen(path, "w");
    snprintf(path, sizeof path, "%s/synapses.csv", folder);
    FILE *synapses = fopen(path, "w");
    cr_assert(cells != NULL && synapses != NULL);
    fprintf(cells, "I_e (pA)\n");
    fprintf(synapses, "source,target,weight (pA),delay (ms)\n");
    for (unsigned i = 0; i < N_NEURONS; i++) {
        fprintf(cells, "%g\n", 400.0 + (double)(i * 37 % 101) * 5.0);
        for (unsigned k = 0; k < N_TARGETS; k++)
            fprintf(synapses, "%u,%u,%g,%g\n", i, (i + 1 + 23 * k) % N_NEURONS, 1.0 + 0.01 * (i % 50), 1.0 + 0.1 * (k % 20));
    }
    fclose(cells);
    fclose(synapses);
}

static const char *const all_local[] = {"all=local"}, *const all_remote[] = {"all=remote"};

Test(workers_large_models, are_the_same_in_pieces, .timeout = 600)
{
    char folder[1000];
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    write_tables(folder);
    const cal_workers_def whole = cali_placed(all_local, 1);
    cal_workers_def there = whole;
    there.host.message_bytes = 1 << 20;
    cali_run_placed(brain, folder, "here", NULL, 1, NULL, NULL);
    cali_run_placed(brain, folder, "whole", NULL, 1, &whole, NULL);
    cali_expect_same_runs(folder, "here", "whole");
    cali_run_placed(brain, folder, "pieces", NULL, 2, &there, NULL);
    cali_expect_same_runs(folder, "here", "pieces");
}

/* ---- the worker dies at any moment, also while it is given the pieces ---- */

enum { N_KILLS = 4 };

static atomic_bool is_hunt_over;
static unsigned n_killed;

/* A child of this process that runs the program; 0: there is none. */
static pid_t find_worker(void)
{
    DIR *all = opendir("/proc");
    pid_t found = 0;
    for (struct dirent *entry; all != NULL && found == 0 && (entry = readdir(all)) != NULL;) {
        char path[300], name[32] = "", state;
        int pid = 0, parent = 0;
        snprintf(path, sizeof path, "/proc/%.200s/stat", entry->d_name);
        FILE *stat = fopen(path, "r");
        if (stat == NULL)
            continue;
        if (fscanf(stat, "%d (%31[^)]) %c %d", &pid, name, &state, &parent) == 4 && parent == (int)getpid() &&
            strcmp(name, "callosum") == 0 && state != 'Z')
            found = (pid_t)pid;
        fclose(stat);
    }
    if (all != NULL)
        closedir(all);
    return found;
}

/* Each process once, after pauses that grow: the first ones come while it is given its model. */
static void *hunt(void *unused)
{
    pid_t last = 0;
    (void)unused;
    for (unsigned pause_ms = 3; n_killed < N_KILLS && !atomic_load(&is_hunt_over);) {
        const struct timespec pause = {0, (long)pause_ms * 1000000};
        nanosleep(&pause, NULL);
        const pid_t worker = find_worker();
        if (worker == 0 || worker == last)
            continue;
        nanosleep(&pause, NULL);
        n_killed += kill(last = worker, SIGKILL) == 0;
        pause_ms += 20;
    }
    return NULL;
}

Test(workers_large_models, are_the_same_when_the_worker_dies, .timeout = 600)
{
    char folder[1000];
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    write_tables(folder);
    cal_workers_def there = cali_placed(all_local, 1);
    there.host.message_bytes = 1 << 20;
    there.host.snapshot_windows = 2;
    pthread_t hunter;
    cali_run_placed(brain, folder, "here", NULL, 1, NULL, NULL);
    cr_assert(pthread_create(&hunter, NULL, hunt, NULL) == 0);
    cali_run_placed(brain, folder, "killed", NULL, 1, &there, NULL);
    atomic_store(&is_hunt_over, true);
    pthread_join(hunter, NULL);
    cali_expect_same_runs(folder, "here", "killed");
    cr_expect(n_killed > 0);
}

/* ---- limits ---- */

typedef struct small_worker {
    pthread_t thread;
    bool has_thread;
    char endpoint[200], message[400];
    atomic_bool is_refused;
} small_worker;

static void *work(void *arg)
{
    small_worker *w = arg;
    cal_context *ctx = cali_test_context(1);
    const cal_worker_def def = {.endpoint = w->endpoint, .name = "small", .load_bytes = 2e6};
    cr_expect(cal_worker_run(ctx, &def) == CAL_ERR_INPUT);
    snprintf(w->message, sizeof w->message, "%s", cal_context_message(ctx));
    cal_context_destroy(&ctx);
    atomic_store(&w->is_refused, true);
    return NULL;
}

static void announce(void *user, cal_session *session)
{
    small_worker *w = user;
    snprintf(w->endpoint, sizeof w->endpoint, "%s", cal_host_endpoint(cal_session_host(session)));
    w->has_thread = pthread_create(&w->thread, NULL, work, w) == 0;
}

static bool is_refused(void *user)
{
    return atomic_load(&((small_worker *)user)->is_refused);
}

static cal_status start(cal_context *ctx, const char *folder, const cal_workers_def *workers)
{
    char path[1200];
    cal_experiment *experiment = NULL;
    cal_session *session = NULL;
    cal_session_def def = cal_session_def_default();
    def.sink = "memory";
    def.workers = workers;
    snprintf(path, sizeof path, "%s/brain.yaml", folder);
    cr_assert(cali_file_write(ctx, path, brain, strlen(brain)) == CAL_OK);
    cr_assert(cal_experiment_load(ctx, path, NULL, 0, &experiment) == CAL_OK, "%s", cal_context_message(ctx));
    const cal_status status = cal_session_create(ctx, experiment, &def, &session);
    cal_session_destroy(&session);
    cal_experiment_destroy(&experiment);
    return status;
}

/* The worker ends with the reason; the run waits for another one until somebody stops it. */
Test(workers_large_models, a_worker_that_takes_less_is_turned_away, .timeout = 600)
{
    cal_context *ctx = cali_test_context(1);
    char folder[1000];
    static small_worker w;
    cal_workers_def def = cali_placed(all_remote, 1);
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    write_tables(folder);
    def.host.message_bytes = 1 << 20;
    def.host.listen = "tcp://127.0.0.1:*";
    def.host.is_insecure = true;
    def.host.user = &w;
    def.host.is_stopped = is_refused;
    def.announce = announce;
    cr_expect(start(ctx, folder, &def) != CAL_OK);
    cr_assert(w.has_thread);
    pthread_join(w.thread, NULL);
    cr_expect(strstr(w.message, "E402") != NULL && strstr(w.message, "this worker takes up to 2 MB. Try --largest-model") != NULL, "%s",
              w.message);
    cal_context_destroy(&ctx);
}

Test(workers_large_models, one_that_is_beyond_the_hosts_limit_is_not_sent, .timeout = 600)
{
    cal_context *ctx = cali_test_context(1);
    char folder[1000];
    cal_workers_def def = cali_placed(all_local, 1);
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    write_tables(folder);
    def.host.message_bytes = 1 << 20;
    def.host.load_bytes = 3e6;
    cr_expect(start(ctx, folder, &def) != CAL_OK);
    cr_expect(strstr(cal_context_message(ctx), "E402") != NULL && strstr(cal_context_message(ctx), "--largest-model") != NULL, "%s",
              cal_context_message(ctx));
    cal_context_destroy(&ctx);
}
