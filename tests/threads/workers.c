/* A host and its workers in one program, each with its threads (who waits for a window, the beats, the doorman), over ipc and over tcp
 * with CURVE: workers that come before the host and after it, one too many, one that is let go, one that leaves, a window that takes
 * longer than the beats, windows begun ahead, snapshots all the while, a second host that goes on from the first one's states, and
 * somebody who asks for the counts meanwhile. The windows are those of the same networks in this thread. A plain program, so that
 * ThreadSanitizer can run it. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/support.h"
#include "support/worker_network.h"

enum {
    N_SLOTS = 2, MAX_WORKERS = 5, N_PORTS = 2, LAG = 2, N_WINDOWS = 24,
    DRAINED_WINDOW = 4, /* after it a worker is let go */
    SLOW_WINDOW = 7,    /* it takes several beats */
    SAVED_WINDOW = 12,  /* before it both slots are saved */
    LEFT_WINDOW = 16    /* before it the first workers leave */
};

static const char *const names[N_SLOTS] = {"left", "right"};

static void pause_ms(long ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

static void must(bool is_good, const char *what)
{
    if (is_good)
        return;
    fprintf(stderr, "%s\n", what);
    exit(EXIT_FAILURE);
}

/* ---- windows ----------------------------------------------------------------------------------- */

/* What one slot is fed and what came back. */
typedef struct traffic {
    double drive[WORKER_SAMPLES], rate[WORKER_SAMPLES];
    cal_port_data data[N_PORTS];
} traffic;

static void fill(traffic *t, size_t slot, uint64_t window)
{
    for (size_t i = 0; i < WORKER_SAMPLES; i++)
        t->drive[i] = 400.0 + 100.0 * (double)slot + 25.0 * (double)((window + i) % 5);
    t->data[0] = (cal_port_data){.values = t->drive};
    t->data[1] = (cal_port_data){.values = t->rate};
}

static uint64_t add_bytes(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ at[i]) * 1099511628211u;
    return hash;
}

/* Of all that a window gives. */
static uint64_t window_hash(const cal_sub_ops *ops, const void *self, const traffic *t)
{
    const cal_sub_spikes spikes = ops->spikes(self);
    const cal_sub_samples samples = ops->samples(self, 0);
    uint64_t hash = add_bytes(14695981039346656037u, t->rate, sizeof t->rate);
    hash = add_bytes(hash, spikes.time, spikes.n * sizeof *spikes.time);
    hash = add_bytes(hash, spikes.id, spikes.n * sizeof *spikes.id);
    return add_bytes(hash, samples.rows, samples.n_rows * samples.n_columns * sizeof *samples.rows);
}

/* The networks in this thread; also how many spikes there were. */
static size_t compute_here(cal_context *ctx, uint64_t hashes[N_SLOTS][N_WINDOWS])
{
    size_t n_spikes = 0;
    for (size_t i = 0; i < N_SLOTS; i++) {
        const cal_snn_def def = worker_network();
        cal_snn *snn = NULL;
        void *self = NULL;
        worker_must(ctx, cal_snn_create(ctx, &def, &snn));
        worker_must(ctx, cal_sub_snn_create(ctx, &snn, &self));
        for (uint64_t k = 0; k < N_WINDOWS; k++) {
            traffic t;
            fill(&t, i, k);
            worker_must(ctx, cal_sub_snn.advance(self, (cal_time)k * WORKER_WINDOW_NS, t.data));
            hashes[i][k] = window_hash(&cal_sub_snn, self, &t);
            n_spikes += cal_sub_snn.spikes(self).n;
        }
        cal_sub_snn.destroy(self);
    }
    return n_spikes;
}

/* ---- workers ----------------------------------------------------------------------------------- */

typedef struct crew {
    pthread_t threads[MAX_WORKERS];
    unsigned n;
    atomic_bool is_leaving[MAX_WORKERS];
    char endpoint[256];
    const cal_key_pair *keys; /* NULL: plaintext */
    char host_key[CAL_KEY_SIZE];
} crew;

typedef struct worker {
    crew *crew;
    unsigned number;
} worker;

static bool is_leaving(void *user)
{
    const worker *w = user;
    return atomic_load(&w->crew->is_leaving[w->number]);
}

/* The engine's networks, with one window that takes its time. */
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER; /* of the two */
static const cal_sub_ops *engine_ops;
static cal_sub_ops slow_ops;

static cal_status advance_slowly(void *self, cal_time t0, cal_port_data *data)
{
    if (t0 / WORKER_WINDOW_NS == SLOW_WINDOW)
        pause_ms(700);
    return engine_ops->advance(self, t0, data);
}

static cal_status build_slowly(cal_context *ctx, const cal_value *configure, cal_worker_sub *out, cal_problem *problem)
{
    const cal_status status = cal_worker_network.build(ctx, configure, out, problem);
    if (status != CAL_OK || out->ops == NULL)
        return status;
    pthread_mutex_lock(&table_lock);
    if (engine_ops == NULL) {
        engine_ops = out->ops;
        slow_ops = *engine_ops;
        slow_ops.advance = advance_slowly;
    }
    pthread_mutex_unlock(&table_lock);
    out->ops = &slow_ops;
    return CAL_OK;
}

static void *work(void *arg)
{
    worker *w = arg;
    static const cal_worker_model model = {.name = "callosum-network", .build = build_slowly};
    const cal_worker_model *const models[] = {&model};
    cal_context *ctx = cali_test_context(1);
    char name[20];
    snprintf(name, sizeof name, "worker-%u", w->number);
    const cal_worker_def def = {.endpoint = w->crew->endpoint, .name = name, .keys = w->crew->keys,
                                .host_key = w->crew->keys != NULL ? w->crew->host_key : NULL, .is_once = true,
                                .models = models, .n_models = 1, .is_stopped = is_leaving, .user = w};
    worker_must(ctx, cal_worker_run(ctx, &def));
    cal_context_destroy(&ctx);
    free(w);
    return NULL;
}

static void hire(crew *c)
{
    worker *w = malloc(sizeof *w);
    must(w != NULL && c->n < MAX_WORKERS, "no worker more");
    *w = (worker){c, c->n};
    must(pthread_create(&c->threads[c->n++], NULL, work, w) == 0, "no thread");
}

static void part(crew *c)
{
    for (unsigned i = 0; i < c->n; i++)
        atomic_store(&c->is_leaving[i], true);
    for (unsigned i = 0; i < c->n; i++)
        pthread_join(c->threads[i], NULL);
    c->n = 0;
    for (unsigned i = 0; i < MAX_WORKERS; i++)
        atomic_store(&c->is_leaving[i], false);
}

/* ---- the host ---------------------------------------------------------------------------------- */

/* Somebody beside the run, who asks and lets a worker go. */
typedef struct watch {
    cal_host *host;
    atomic_bool is_over;
    size_t n_asked;
} watch;

static void *look(void *arg)
{
    watch *w = arg;
    for (bool is_drained = false; !atomic_load(&w->is_over); pause_ms(5))
        for (size_t i = 0; i < cal_host_n_slots(w->host); i++) {
            const cal_slot_info info = cal_host_slot(w->host, i);
            w->n_asked += strlen(info.worker) + (info.state == CAL_SLOT_LIVE) + info.n_replayed;
            if (!is_drained && i == 0 && info.n_windows >= DRAINED_WINDOW)
                is_drained = cal_host_drain(w->host, info.name);
        }
    return NULL;
}

typedef struct run {
    cal_context *ctx;
    cal_host *host;
    void *slots[N_SLOTS];
    const uint64_t (*hashes)[N_WINDOWS];
} run;

static void open_run(run *r, const char *listen, const char *keys, const char *status)
{
    const cal_snn_def network = worker_network();
    cal_host_def def = cal_host_def_default();
    def.listen = listen;
    def.keys_folder = keys;
    def.beat_ms = 100;
    def.liveness = 50; /* a loaded machine may be late */
    def.snapshot_windows = 3;
    def.status = status;
    worker_must(r->ctx, cal_host_create(r->ctx, &def, &r->host));
    for (size_t i = 0; i < N_SLOTS; i++) {
        const cal_slot_def slot = {.name = names[i], .network = &network, .window = WORKER_WINDOW_NS, .lag = LAG,
                                   .when_lost = CAL_LOST_WAIT};
        worker_must(r->ctx, cal_host_add(r->host, &slot, &r->slots[i]));
    }
}

static void finish_window(run *r, uint64_t window)
{
    for (size_t i = 0; i < N_SLOTS; i++) {
        traffic t;
        fill(&t, i, window);
        worker_must(r->ctx, cal_sub_remote.finish(r->slots[i], (cal_time)window * WORKER_WINDOW_NS, t.data));
        must(window_hash(&cal_sub_remote, r->slots[i], &t) == r->hashes[i][window], "a window differs");
    }
}

/* Windows from `first` to before `end`, one of them begun ahead. */
static void advance(run *r, uint64_t first, uint64_t end)
{
    for (uint64_t k = first; k < end; k++) {
        for (size_t i = 0; i < N_SLOTS; i++) {
            traffic t;
            fill(&t, i, k);
            worker_must(r->ctx, cal_sub_remote.begin(r->slots[i], (cal_time)k * WORKER_WINDOW_NS, t.data));
        }
        if (k >= first + LAG - 1)
            finish_window(r, k - (LAG - 1));
    }
    finish_window(r, end - 1);
}

static void take_address(crew *c, const cal_host *host)
{
    if (c->n > 0)
        return; /* somebody has it already */
    snprintf(c->endpoint, sizeof c->endpoint, "%s", cal_host_endpoint(host));
    snprintf(c->host_key, sizeof c->host_key, "%s", cal_host_key(host));
}

typedef struct saved {
    char *bytes[N_SLOTS];
    size_t sizes[N_SLOTS];
} saved;

/* All windows, with a snapshot in between; three workers and two slots. */
static void run_all(run *r, crew *c, const char *listen, const char *keys, const char *status, saved *out)
{
    pthread_t watcher;
    open_run(r, listen, keys, status);
    take_address(c, r->host);
    while (c->n < N_SLOTS + 1)
        hire(c);
    worker_must(r->ctx, cal_host_start(r->host));
    watch w = {.host = r->host};
    must(pthread_create(&watcher, NULL, look, &w) == 0, "no thread");
    advance(r, 0, SAVED_WINDOW);
    for (size_t i = 0; i < N_SLOTS; i++)
        worker_must(r->ctx, cal_sub_remote.save_state(r->slots[i], &out->bytes[i], &out->sizes[i]));
    advance(r, SAVED_WINDOW, LEFT_WINDOW);
    for (unsigned i = 0; i < N_SLOTS; i++) /* one of them was let go already; another one comes for each */
        atomic_store(&c->is_leaving[i], true);
    hire(c);
    hire(c);
    advance(r, LEFT_WINDOW, N_WINDOWS);
    atomic_store(&w.is_over, true);
    pthread_join(watcher, NULL);
    must(w.n_asked > 0, "nobody was asked");
    cal_host_destroy(&r->host);
    part(c);
}

static void run_rest(run *r, crew *c, const char *listen, const char *keys, const saved *from)
{
    open_run(r, listen, keys, NULL);
    take_address(c, r->host);
    while (c->n < N_SLOTS)
        hire(c);
    for (size_t i = 0; i < N_SLOTS; i++)
        worker_must(r->ctx, cal_sub_remote.restore_state(r->slots[i], (cal_time)SAVED_WINDOW * WORKER_WINDOW_NS, from->bytes[i],
                                                         from->sizes[i], CAL_RESTORE_CONTINUE));
    worker_must(r->ctx, cal_host_start(r->host));
    advance(r, SAVED_WINDOW, N_WINDOWS);
    cal_host_destroy(&r->host);
    part(c);
}

int main(void)
{
    static uint64_t hashes[N_SLOTS][N_WINDOWS];
    static crew c;
    char folder[900], listen[200], keys[1000], status[1000], *keys_folder = NULL;
    cal_key_pair worker_keys;
    cal_context *ctx = cali_test_context(1);
    run r = {.ctx = ctx, .hashes = (const uint64_t (*)[N_WINDOWS])hashes};
    must(compute_here(ctx, hashes) > 0, "no neuron fires");
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    snprintf(keys, sizeof keys, "%s/keys", folder);
    snprintf(status, sizeof status, "%s/workers.json", folder);
    worker_must(ctx, cal_keys_folder(ctx, keys, &keys_folder));
    worker_must(ctx, cal_keys_pair(ctx, keys_folder, "worker", true, &worker_keys));
    worker_must(ctx, cal_keys_allow(ctx, keys_folder, "worker", worker_keys.public_key, NULL));
    char socket_folder[] = "/tmp/callosum-threads-XXXXXX"; /* paths of sockets are short */
    must(mkdtemp(socket_folder) != NULL, "no folder");
    snprintf(listen, sizeof listen, "ipc://%s/socket", socket_folder);
    for (int is_tcp = 0; is_tcp < 2; is_tcp++) {
        saved at = {{NULL}, {0}};
        const char *address = is_tcp ? "tcp://127.0.0.1:*" : listen;
        c.keys = is_tcp ? &worker_keys : NULL;
        if (!is_tcp) { /* before there is a host */
            snprintf(c.endpoint, sizeof c.endpoint, "%s", listen);
            hire(&c);
            pause_ms(50);
        }
        run_all(&r, &c, address, keys, status, &at);
        run_rest(&r, &c, address, keys, &at);
        for (size_t i = 0; i < N_SLOTS; i++)
            free(at.bytes[i]);
    }
    must(remove(socket_folder) == 0, "the socket's folder is not empty");
    free(keys_folder);
    cal_context_destroy(&ctx);
    puts("ok");
    return EXIT_SUCCESS;
}
