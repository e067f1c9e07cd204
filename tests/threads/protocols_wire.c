/* Sockets that go from thread to thread, the doorman's thread beside them, and keys that are allowed and revoked meanwhile: a
 * plain program, so that ThreadSanitizer can run it. ZeroMQ itself is not compiled with it: what is checked is this project's side,
 * the mutex of the callers, the doorman's book and the release of received frames by another thread than the one that received. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/protocols.h"
#include "support/support.h"

enum { N_WORKERS = 4, N_ROUNDS = 300, N_SERVERS = 2 };

static cal_context *ctx;
static cal_hub *hub;
static cal_wire *host;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of `host` */
static atomic_bool is_over;
static cal_key_pair host_keys, worker_keys;
static char *keys;

static void must(bool is_good, const char *what)
{
    if (is_good)
        return;
    fprintf(stderr, "%s: %s\n", what, cal_context_message(ctx));
    exit(EXIT_FAILURE);
}

/* Both threads of the host answer what comes, one at a time at the socket, and give the frames back outside of the lock. */
static void *serve(void *arg)
{
    (void)arg;
    while (!atomic_load(&is_over)) {
        cal_frames got;
        cal_peer from;
        pthread_mutex_lock(&lock);
        const bool has_one = cal_wire_wait(&host, 1, 5) && cal_wire_receive(host, &from, &got);
        if (has_one)
            cal_wire_send(host, &from, got.frames, got.n);
        pthread_mutex_unlock(&lock);
        if (has_one)
            cal_frames_release(&got);
    }
    return NULL;
}

static void *work(void *arg)
{
    const uint64_t id = (uint64_t)(size_t)arg;
    cal_hub *own = NULL;
    cal_wire *wire = NULL;
    const cal_wire_def def = {.endpoint = cal_wire_endpoint(host), .keys = &worker_keys, .host_key = host_keys.public_key};
    must(cal_hub_create(ctx, NULL, &own) == CAL_OK && cal_hub_open(own, &def, &wire) == CAL_OK, "worker");
    for (uint64_t round = 0; round < N_ROUNDS; round++) {
        const uint64_t sent[] = {id, round};
        cal_frames got;
        cal_peer from;
        must(cal_wire_send(wire, NULL, &(cal_frame){sent, sizeof sent}, 1), "send");
        must(cal_wire_wait(&wire, 1, 20000) && cal_wire_receive(wire, &from, &got), "no answer");
        must(got.n == 1 && got.frames[0].size == sizeof sent && memcmp(got.frames[0].data, sent, sizeof sent) == 0, "another answer");
        cal_frames_release(&got);
    }
    cal_wire_close(&wire);
    cal_hub_destroy(&own);
    return NULL;
}

/* Somebody else's key comes and goes, and the counts are asked for. */
static void *keep_keys(void *arg)
{
    (void)arg;
    cal_key_pair other;
    must(cal_keys_pair(ctx, keys, "other", true, &other) == CAL_OK, "pair");
    while (!atomic_load(&is_over)) {
        must(cal_keys_allow(ctx, keys, "other", other.public_key, "comes") == CAL_OK, "allow");
        must(cal_keys_revoke(ctx, keys, "other") == CAL_OK, "revoke");
        must(cal_hub_get_door(hub).n_refused == 0, "somebody was refused");
    }
    return NULL;
}

int main(void)
{
    char path[1024];
    pthread_t servers[N_SERVERS], workers[N_WORKERS], keeper;
    ctx = cali_test_context(1);
    snprintf(path, sizeof path, "%s/keys", cali_test_directory());
    must(cal_keys_folder(ctx, path, &keys) == CAL_OK && cal_keys_pair(ctx, keys, "host", true, &host_keys) == CAL_OK &&
             cal_keys_pair(ctx, keys, "worker", true, &worker_keys) == CAL_OK &&
             cal_keys_allow(ctx, keys, "worker", worker_keys.public_key, NULL) == CAL_OK, "keys");
    const cal_wire_def def = {.endpoint = "tcp://127.0.0.1:*", .is_listening = true, .keys = &host_keys};
    must(cal_hub_create(ctx, keys, &hub) == CAL_OK && cal_hub_open(hub, &def, &host) == CAL_OK, "host");
    for (int i = 0; i < N_SERVERS; i++)
        must(pthread_create(&servers[i], NULL, serve, NULL) == 0, "thread");
    must(pthread_create(&keeper, NULL, keep_keys, NULL) == 0, "thread");
    for (size_t i = 0; i < N_WORKERS; i++)
        must(pthread_create(&workers[i], NULL, work, (void *)i) == 0, "thread");
    for (int i = 0; i < N_WORKERS; i++)
        pthread_join(workers[i], NULL);
    atomic_store(&is_over, true);
    pthread_join(keeper, NULL);
    for (int i = 0; i < N_SERVERS; i++)
        pthread_join(servers[i], NULL);
    must(cal_hub_get_door(hub).n_admitted == N_WORKERS, "not all were admitted");
    cal_wire_close(&host);
    cal_hub_destroy(&hub);
    free(keys);
    cal_context_destroy(&ctx);
    puts("ok");
    return EXIT_SUCCESS;
}
