/* What a window's exchange costs: STEP with an array of rates there, OUTPUT with one of the same size back, packed, kept as slots
 * and workers keep it, sent, received, checked and copied out, beside a bare echo of one frame of the array's bytes over ROUTER and
 * DEALER, which also copies them in and out. Two processes, each with
 * contexts of its own; one bare round and one of ours take turns, so that both see the same machine.
 * Usage: bench_wire [rounds, default 2000]. Prints CSV. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "base/clock.h"
#include "callosum/protocols.h"

enum { N_WARM = 100, N_CHANNELS = 16, MAX_ROUNDS = 100000 };

static const struct {
    const char *name, *endpoint;
    bool has_curve;
} transports[] = {{"ipc", "ipc://*", false}, {"tcp", "tcp://127.0.0.1:*", false}, {"tcp + CURVE", "tcp://127.0.0.1:*", true}};
static const size_t sizes[] = {1 << 10, 16 << 10, 256 << 10};

/* What the other process must know. */
typedef struct setup {
    char bare[256], ours[256];
    bool has_curve;
    cal_key_pair host, worker;
    size_t n_bytes;
    int n_rounds;
} setup;

static void must(bool is_good, const char *what)
{
    if (is_good)
        return;
    fprintf(stderr, "bench_wire: %s\n", what);
    exit(EXIT_FAILURE);
}

/* ---- the bare echo ----------------------------------------------------------------------------- */

static void *open_bare(void *zmq, const setup *s, bool is_host, char *bound)
{
    const int yes = 1;
    void *socket = zmq_socket(zmq, is_host ? ZMQ_ROUTER : ZMQ_DEALER);
    must(socket != NULL, "no socket");
    if (s->has_curve) {
        const cal_key_pair *own = is_host ? &s->host : &s->worker;
        must(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, own->secret_key, 40) == 0, "secret key");
        must(is_host ? zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &yes, sizeof yes) == 0
                     : zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, own->public_key, 40) == 0 &&
                           zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, s->host.public_key, 40) == 0,
             "keys");
    }
    size_t size = sizeof s->bare;
    if (is_host)
        must(zmq_bind(socket, bound) == 0 && zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, bound, &size) == 0, "bind");
    else
        must(zmq_connect(socket, bound) == 0, "connect");
    return socket;
}

static double ask_bare(void *socket, const void *address, size_t n_address, const void *payload, size_t n, void *back)
{
    char from[64];
    zmq_msg_t part;
    const double begin_s = cali_wall_s();
    must(zmq_send(socket, address, n_address, ZMQ_SNDMORE) >= 0 && zmq_send(socket, payload, n, 0) >= 0, "bare send");
    must(zmq_recv(socket, from, sizeof from, 0) >= 0, "bare receive");
    zmq_msg_init(&part);
    must(zmq_msg_recv(&part, socket, 0) == (int)n, "bare receive");
    memcpy(back, zmq_msg_data(&part), n);
    zmq_msg_close(&part);
    return cali_wall_s() - begin_s;
}

static void answer_bare(void *socket, void *room, size_t n)
{
    must(zmq_recv(socket, room, n, 0) == (int)n && zmq_send(socket, room, n, 0) >= 0, "bare echo");
}

/* ---- ours -------------------------------------------------------------------------------------- */

typedef struct side {
    cal_wire *wire;
    cal_packer *packer;
    cal_peer peer;
    uint64_t n_sent;
} side;

/* A message that is kept, as slots and workers do, until the socket has sent it too. */
typedef struct kept {
    atomic_uint n_holders;
    unsigned char bytes[];
} kept;

static void hold(void *owner)
{
    atomic_fetch_add(&((kept *)owner)->n_holders, 1);
}

static void give_back(void *bytes, void *owner)
{
    (void)bytes;
    if (atomic_fetch_sub(&((kept *)owner)->n_holders, 1) == 1)
        free(owner);
}

static void send_window(side *self, uint32_t type, uint64_t window, const double *values, size_t n_bytes)
{
    const bool is_step = type == CAL_STEP;
    const size_t dims[] = {N_CHANNELS, n_bytes / sizeof *values / N_CHANNELS};
    const cal_frame *body;
    cal_frame frames[CAL_PROTOCOL_MAX_FRAMES];
    unsigned char bytes[CAL_HEADER_SIZE];
    size_t n, size = 0;
    uint32_t digest = 0;
    cal_packer_clear(self->packer);
    cal_pack_int(self->packer, "t0_ns", (int64_t)window * CAL_NS_PER_MS);
    cal_pack_int(self->packer, "t1_ns", (int64_t)(window + 1) * CAL_NS_PER_MS);
    cal_pack_open_map(self->packer, is_step ? "in" : "out");
    cal_pack_lent_array(self->packer, is_step ? "drive" : "rate", CAL_F64, 2, dims, values);
    cal_pack_close(self->packer);
    must(cal_packer_get(self->packer, &body, &n) == CAL_OK, "pack");
    for (size_t i = 0; i < n; i++)
        size += body[i].size;
    kept *copy = malloc(sizeof *copy + size);
    must(copy != NULL, "memory");
    atomic_init(&copy->n_holders, 1);
    size = 0;
    for (size_t i = 0; i < n; i++, size += body[i - 1].size) {
        digest = cal_digest_copy(digest, copy->bytes + size, body[i].data, body[i].size);
        frames[1 + i] = (cal_frame){copy->bytes + size, body[i].size};
    }
    const cal_header header = {.type = type, .session = 66051, .incarnation = 1, .number = ++self->n_sent, .window = window,
                               .has_window = true, .has_digest = true, .digest = digest};
    frames[0] = (cal_frame){bytes, cal_header_encode(&header, bytes)};
    must(cal_wire_lend(self->wire, &self->peer, frames, 1 + n, &(cal_lender){copy, hold, give_back}), "send");
    give_back(NULL, copy);
}

static void receive_window(side *self, uint32_t type, uint64_t window, double *values, size_t n_bytes)
{
    cal_frames frames;
    cal_header header;
    cal_problem problem;
    cal_reader reader = {0};
    while (!cal_wire_wait(&self->wire, 1, -1) || !cal_wire_receive(self->wire, &self->peer, &frames))
        ;
    cal_message *message = cal_message_read(&frames, &cal_limits_open, &header, &problem);
    must(message != NULL, problem.text);
    const cal_value *body = cal_message_body(message);
    const cal_array array = type == CAL_STEP ? cal_read_array(&reader, cal_read_map(&reader, body, "in"), "drive", CAL_F64)
                                             : cal_read_array(&reader, cal_read_map(&reader, body, "out"), "rate", CAL_F64);
    must(!cal_reader_is_broken(&reader), reader.problem.text);
    must(header.type == type && header.window == window && array.n == n_bytes / sizeof *values, "not the message expected");
    memcpy(values, array.data, n_bytes);
    cal_message_destroy(&message);
}

/* ---- the two processes ------------------------------------------------------------------------- */

static double *make_values(size_t n_bytes)
{
    double *values = malloc(n_bytes);
    must(values != NULL, "memory");
    for (size_t i = 0; i < n_bytes / sizeof *values; i++)
        values[i] = 1e-3 * (double)(i * i % 9973);
    return values;
}

/* Which of the two comes first changes from round to round. */
static bool is_bare(int round, int k)
{
    return (round + k) % 2 == 0;
}

static int work(int pipe)
{
    setup s;
    cal_context *ctx = NULL;
    cal_hub *hub = NULL;
    side ours = {0};
    must(read(pipe, &s, sizeof s) == (ssize_t)sizeof s, "setup");
    must(cal_context_create(&(cal_context_def){.n_threads = 1}, &ctx) == CAL_OK, "context");
    const cal_wire_def def = {.endpoint = s.ours, .keys = s.has_curve ? &s.worker : NULL,
                              .host_key = s.has_curve ? s.host.public_key : NULL};
    must(cal_hub_create(ctx, NULL, &hub) == CAL_OK && cal_hub_open(hub, &def, &ours.wire) == CAL_OK &&
             cal_packer_create(ctx, &ours.packer) == CAL_OK, cal_context_message(ctx));
    void *zmq = zmq_ctx_new(), *bare = open_bare(zmq, &s, false, s.bare);
    must(zmq_send(bare, "hello", 5, 0) == 5 && cal_wire_send(ours.wire, NULL, &(cal_frame){"hello", 5}, 1), "hello");
    double *values = make_values(s.n_bytes);
    for (int i = 0; i < s.n_rounds; i++)
        for (int k = 0; k < 2; k++) {
            if (is_bare(i, k)) {
                answer_bare(bare, values, s.n_bytes);
                continue;
            }
            receive_window(&ours, CAL_STEP, (uint64_t)i, values, s.n_bytes);
            send_window(&ours, CAL_OUTPUT, (uint64_t)i, values, s.n_bytes);
        }
    zmq_close(bare);
    zmq_ctx_term(zmq);
    cal_packer_destroy(&ours.packer);
    cal_wire_close(&ours.wire);
    cal_hub_destroy(&hub);
    cal_context_destroy(&ctx);
    return EXIT_SUCCESS;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_row(const char *transport, size_t n_bytes, double *bare_s, double *ours_s, int n)
{
    qsort(bare_s, (size_t)n, sizeof *bare_s, compare);
    qsort(ours_s, (size_t)n, sizeof *ours_s, compare);
    printf("%s,%zu,%d,%.1f,%.1f,%.1f,%.1f,%.2f,%.2f\n", transport, n_bytes >> 10, n, 1e6 * bare_s[0], 1e6 * bare_s[n / 2],
           1e6 * ours_s[0], 1e6 * ours_s[n / 2], ours_s[0] / bare_s[0], ours_s[n / 2] / bare_s[n / 2]);
    fflush(stdout);
}

static void measure(setup *s, int pipe, const char *transport, const char *endpoint, const char *keys)
{
    static double bare_s[MAX_ROUNDS], ours_s[MAX_ROUNDS];
    cal_context *ctx = NULL;
    cal_hub *hub = NULL;
    side ours = {0};
    char address[64];
    must(cal_context_create(&(cal_context_def){.n_threads = 1}, &ctx) == CAL_OK, "context");
    must(cal_keys_new_pair(ctx, keys, "host", &s->host) == CAL_OK && cal_keys_new_pair(ctx, keys, "worker", &s->worker) == CAL_OK &&
             cal_keys_allow(ctx, keys, "worker", s->worker.public_key, "bench") == CAL_OK, cal_context_message(ctx));
    const cal_wire_def def = {.endpoint = endpoint, .is_listening = true, .keys = s->has_curve ? &s->host : NULL};
    must(cal_hub_create(ctx, keys, &hub) == CAL_OK && cal_hub_open(hub, &def, &ours.wire) == CAL_OK &&
             cal_packer_create(ctx, &ours.packer) == CAL_OK, cal_context_message(ctx));
    snprintf(s->ours, sizeof s->ours, "%s", cal_wire_endpoint(ours.wire));
    snprintf(s->bare, sizeof s->bare, "%s", endpoint);
    void *zmq = zmq_ctx_new(), *bare = open_bare(zmq, s, true, s->bare);
    must(write(pipe, s, sizeof *s) == (ssize_t)sizeof *s, "setup");
    const int n_address = zmq_recv(bare, address, sizeof address, 0);
    char hello[8];
    must(n_address > 0 && zmq_recv(bare, hello, sizeof hello, 0) == 5, "hello");
    cal_frames frames;
    must(cal_wire_wait(&ours.wire, 1, 10000) && cal_wire_receive(ours.wire, &ours.peer, &frames), "hello");
    cal_frames_release(&frames);
    double *values = make_values(s->n_bytes), *back = malloc(s->n_bytes);
    must(back != NULL, "memory");
    for (int i = 0; i < s->n_rounds; i++)
        for (int k = 0; k < 2; k++) {
            if (is_bare(i, k)) {
                bare_s[i] = ask_bare(bare, address, (size_t)n_address, values, s->n_bytes, back);
                continue;
            }
            const double begin_s = cali_wall_s();
            send_window(&ours, CAL_STEP, (uint64_t)i, values, s->n_bytes);
            receive_window(&ours, CAL_OUTPUT, (uint64_t)i, back, s->n_bytes);
            ours_s[i] = cali_wall_s() - begin_s;
            must(memcmp(values, back, s->n_bytes) == 0, "the bytes came back changed");
        }
    print_row(transport, s->n_bytes, bare_s + N_WARM, ours_s + N_WARM, s->n_rounds - N_WARM);
    free(values);
    free(back);
    zmq_close(bare);
    zmq_ctx_term(zmq);
    cal_packer_destroy(&ours.packer);
    cal_wire_close(&ours.wire);
    cal_hub_destroy(&hub);
    cal_context_destroy(&ctx);
}

int main(int argc, char **argv)
{
    const long wish = argc > 1 ? strtol(argv[1], NULL, 10) : 2000;
    must(wish > 0 && wish + N_WARM <= MAX_ROUNDS, "rounds: 1 to 99900");
    puts("transport,kib,rounds,bare_min_us,bare_median_us,ours_min_us,ours_median_us,ratio_min,ratio_median");
    fflush(stdout);
    for (size_t i = 0; i < sizeof transports / sizeof *transports; i++)
        for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
            setup s = {.has_curve = transports[i].has_curve, .n_bytes = sizes[j], .n_rounds = (int)wish + N_WARM};
            char keys[] = "/tmp/callosum-bench-XXXXXX", command[64];
            int ends[2], status = 0;
            must(mkdtemp(keys) != NULL && pipe(ends) == 0, "scratch");
            const pid_t worker = fork(); /* no thread runs now */
            must(worker >= 0, "fork");
            if (worker == 0)
                return work(ends[0]);
            measure(&s, ends[1], transports[i].name, transports[i].endpoint, keys);
            must(waitpid(worker, &status, 0) == worker && status == 0, "the other process failed");
            close(ends[0]);
            close(ends[1]);
            snprintf(command, sizeof command, "rm -rf %s", keys);
            must(system(command) == 0, "scratch");
        }
    return EXIT_SUCCESS;
}
