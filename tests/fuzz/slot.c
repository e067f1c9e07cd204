/* The host's side of a slot (workers/slot.c, host.c, remote.c) on what workers may send: each byte of an input chooses what happens
 * next, a message of one of three peers, a window, a silence. The slot takes it, loses the worker, or fails with a cause; what it
 * keeps stays consistent. */
#include <assert.h>
#include <math.h>
#include <stdint.h>

#include "base/digest.h"
#include "support/fake_wire.h"
#include "support/worker_network.h"
#include "workers/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cal_context *ctx; /* made once: threads are dear */
static cal_packer *packer;
static uint64_t counts[3]; /* messages of each peer */

static bool is_stopped(void *user)
{
    (void)user;
    return false;
}

static cali_slot *make_host(cal_host *host, bool is_large)
{
    void *self = NULL;
    const cal_snn_def network = worker_network();
    const cal_slot_def def = {.name = "region", .network = &network, .window = WORKER_WINDOW_NS, .lag = 2,
                              .when_lost = CAL_LOST_WAIT};
    *host = (cal_host){.ctx = ctx, .def = cal_host_def_default(), .session = 7, .most_state = 1e6, .hub = &fake_hub, .n_wires = 1,
                       .wires = {&fake_wire}};
    host->def.is_stopped = is_stopped;
    host->def.snapshot_windows = 3;
    host->def.message_bytes = is_large;
    pthread_mutex_init(&host->lock, NULL);
    worker_must(ctx, cal_packer_create(ctx, &host->packer));
    worker_must(ctx, cal_host_add(host, &def, &self));
    return self;
}

static void free_host(cal_host *host)
{
    for (size_t i = 0; i < host->n_slots; i++)
        cali_slot_free(host->slots[i]);
    cal_packer_destroy(&host->packer);
    pthread_mutex_destroy(&host->lock);
    free(host->slots);
}

/* ---- messages ---- */

/* Sends what the packer holds as the peer would; now and then with another session, number or digest. */
static void post(const cali_slot *s, fuzz_bytes *b, unsigned peer, cal_header header)
{
    const unsigned evil = fuzz_next(b);
    const cal_frame *frames = NULL;
    size_t n = 0;
    if (cal_packer_get(packer, &frames, &n) != CAL_OK) {
        cal_packer_clear(packer);
        return;
    }
    header.session = header.type == CAL_HELLO ? 0 : evil == 1 ? 8 : 7;
    header.incarnation = header.type == CAL_HELLO ? 0 : s->incarnation - (evil == 2);
    if (header.type == CAL_HELLO)
        counts[peer] = 0;
    header.number = ++counts[peer] + (evil == 3);
    if (header.has_digest)
        header.digest = cal_frames_digest(frames, n) + (evil == 4);
    fake_post((uint8_t)peer, &header, frames, n);
    cal_packer_clear(packer);
}

static void pack_hello(const cali_slot *s, fuzz_bytes *b)
{
    const unsigned how = fuzz_next(b);
    cal_pack_uint(packer, "min", how == 1 ? 2 : 1);
    cal_pack_uint(packer, "max", how == 1 ? 3 : 1);
    cal_pack_text(packer, "name", "worker");
    cal_pack_text(packer, "version", "1");
    cal_pack_text(packer, "language", "C");
    if (how & 2)
        cal_pack_text(packer, "slot", how & 4 ? "region" : "nowhere");
    cal_pack_open_map(packer, "caps");
    cal_pack_open_list(packer, "models");
    cal_pack_text(packer, NULL, how == 8 ? "other" : "callosum-network");
    cal_pack_close(packer);
    cal_pack_open_list(packer, "ports");
    cal_pack_close(packer);
    cal_pack_open_map(packer, "step_ns");
    cal_pack_uint(packer, "min", 1);
    cal_pack_uint(packer, "max", 9);
    cal_pack_close(packer);
    cal_pack_text(packer, "snapshot", how & 16 ? "none" : "portable");
    cal_pack_bool(packer, "deterministic", true);
    cal_pack_bool(packer, "async_ping", true);
    cal_pack_text(packer, "device", "");
    if (how & 64)
        cal_pack_uint(packer, "load_bytes", how & 128 ? 1 : 1 << 20);
    cal_pack_close(packer);
    if (how & 32) {
        cal_pack_open_map(packer, "resume");
        cal_pack_uint(packer, "s", 7);
        cal_pack_uint(packer, "e", s->incarnation);
        cal_pack_uint(packer, "k", s->expected + fuzz_next(b) % 4);
        cal_pack_text(packer, "model", "model");
        cal_pack_close(packer);
    }
}

/* What is watched of the network, or something else. */
static void pack_watch(unsigned how)
{
    const uint32_t ids[WORKER_NEURONS] = {0, 1, 2, how == 4 ? WORKER_NEURONS : 3};
    const double delays[WORKER_NEURONS] = {1.0, 1.0, 1.0, how == 5 ? 2.0 : 1.0};
    const double values[WORKER_NEURONS] = {5.0, 5.0, 5.0, how == 6 ? NAN : 5.0};
    if (how == 7)
        return;
    cal_pack_open_list(packer, "watched");
    for (unsigned i = 0; i < (how == 8 ? 2u : 1u); i++) {
        cal_pack_open_map(packer, NULL);
        cal_pack_vector(packer, "source", CAL_U32, how == 9 ? 2 : WORKER_NEURONS, ids);
        if (how != 10)
            cal_pack_vector(packer, "target", CAL_U32, WORKER_NEURONS, ids);
        cal_pack_vector(packer, "delay_ms", CAL_F64, WORKER_NEURONS, delays);
        cal_pack_vector(packer, "values", CAL_F64, how == 11 ? 0 : WORKER_NEURONS, values);
        cal_pack_close(packer);
    }
    cal_pack_close(packer);
}

static void pack_watched(unsigned how)
{
    const double values[WORKER_NEURONS] = {5.0, how == 12 ? NAN : 6.0};
    if (how == 13)
        return;
    cal_pack_open_list(packer, "watched");
    for (unsigned i = 0; i < (how == 14 ? 2u : 1u); i++)
        cal_pack_vector(packer, NULL, CAL_F64, how == 15 ? 0 : WORKER_NEURONS, values);
    cal_pack_close(packer);
}

static void pack_ready(const cali_slot *s, fuzz_bytes *b)
{
    const unsigned how = fuzz_next(b);
    cal_pack_text(packer, "digest", how == 1 ? "other" : s->digest);
    cal_pack_int(packer, "step_ns", how == 2 ? 7 : 100000);
    cal_pack_uint(packer, "memory_bytes", 1);
    cal_pack_uint(packer, "neurons", 4);
    cal_pack_uint(packer, "synapses", 0);
    cal_pack_text(packer, "model", how == 3 ? "other" : "model");
    pack_watch(how);
}

static void pack_output(fuzz_bytes *b, uint64_t window)
{
    const unsigned how = fuzz_next(b);
    double rate[WORKER_SAMPLES + 1] = {1.0, 2.0, 3.0};
    float v[8] = {0};
    const uint32_t spikes[2] = {1, how == 5 ? 0 : 5}, ids[2] = {0, how == 6 ? WORKER_NEURONS : 1}, zeros[2] = {0};
    const size_t dims[] = {1, how == 1 ? WORKER_SAMPLES + 1 : WORKER_SAMPLES}, rows[] = {how == 2 ? 1 : 2, how == 3 ? 2 : 4};
    if (how == 4)
        rate[1] = NAN;
    if (how >= 128)
        rate[0] = how;
    const int64_t t0 = (int64_t)(window % 1000000) * WORKER_WINDOW_NS;
    cal_pack_int(packer, "t0_ns", how == 7 ? 3 : t0);
    cal_pack_int(packer, "t1_ns", t0 + WORKER_WINDOW_NS);
    cal_pack_open_map(packer, "out");
    if (how != 8)
        cal_pack_array(packer, "rate", CAL_F64, 2, dims, rate);
    cal_pack_close(packer);
    if (how == 9)
        return;
    cal_pack_open_map(packer, "rec");
    cal_pack_open_map(packer, "spikes");
    cal_pack_vector(packer, "dt_ns", CAL_U32, 2, spikes);
    cal_pack_vector(packer, "population", CAL_U32, 2, how == 10 ? ids : zeros);
    cal_pack_vector(packer, "id", CAL_U32, 2, ids);
    cal_pack_close(packer);
    cal_pack_open_list(packer, "samples");
    if (how != 11)
        cal_pack_array(packer, NULL, CAL_F32, 2, rows, v);
    cal_pack_close(packer);
    pack_watched(how);
    cal_pack_close(packer);
}

static void pack_state(const cali_slot *s, fuzz_bytes *b, bool is_done)
{
    char sum[CALI_DIGEST_SIZE] = "";
    const unsigned how = fuzz_next(b);
    cal_pack_uint(packer, "number", s->incoming.number + (how == 1));
    if (!is_done) {
        cal_pack_uint(packer, "offset", s->incoming.size + (how == 2));
        cal_pack_vector(packer, "data", CAL_U8, how % 9, "state of a network");
        return;
    }
    cali_digest_bytes(ctx, s->incoming.bytes == NULL ? "" : s->incoming.bytes, s->incoming.size, sum);
    cal_pack_uint(packer, "size", s->incoming.size + (how == 3));
    cal_pack_text(packer, "sha256", how == 4 ? "0" : sum);
    cal_pack_text(packer, "model", "model");
}

static void send_message(cali_slot *s, fuzz_bytes *b, unsigned kind)
{
    const unsigned peer = fuzz_next(b) % 3;
    cal_header h = {0};
    cal_packer_clear(packer);
    h.has_window = h.has_digest = false;
    switch (kind) {
    case 0: h.type = CAL_HELLO; pack_hello(s, b); break;
    case 1: h.type = CAL_READY; pack_ready(s, b); break;
    case 2:
        h = (cal_header){.type = CAL_OUTPUT, .has_window = true, .has_digest = true};
        h.window = s->expected + fuzz_next(b) % 4 - 1;
        pack_output(b, h.window);
        break;
    case 3: h = (cal_header){.type = CAL_CHUNK, .has_digest = true}; pack_state(s, b, false); break;
    case 4:
        h = (cal_header){.type = CAL_SNAPSHOT_DONE, .has_window = true, .window = s->incoming.window + (fuzz_next(b) == 1)};
        pack_state(s, b, true);
        break;
    case 5:
        h.type = CAL_ACK;
        cal_pack_uint(packer, "number", s->phase == CALI_CONFIGURING ? 0 : s->saved.number);
        cal_pack_uint(packer, "received", fuzz_next(b) == 1 ? 99 : s->pieces_sent);
        break;
    case 6:
        h = (cal_header){.type = CAL_RESTORED, .has_window = true, .window = s->saved.window};
        cal_pack_uint(packer, "number", s->saved.number);
        pack_watched(0);
        break;
    case 7:
        h.type = CAL_ERROR;
        cal_pack_text(packer, "code", fuzz_next(b) % 2 ? "E106" : "E301");
        cal_pack_text(packer, "severity", fuzz_next(b) % 2 ? "warn" : "fatal");
        cal_pack_text(packer, "text", "something");
        cal_pack_text(packer, "hint", "");
        break;
    case 8: h.type = CAL_BYE; cal_pack_text(packer, "reason", "user"); break;
    default: h.type = CAL_PING; cal_pack_uint(packer, "clock", 1); break;
    }
    post(s, b, peer, h);
}

/* ---- what else happens ---- */

static bool has_output(const cali_slot *s)
{
    return s->n_finished < s->n_begun && s->n_log > 0 && s->log[s->n_finished - s->log[0].window].output != NULL;
}

static void happen(cal_host *host, cali_slot *s, unsigned what)
{
    double drive[WORKER_SAMPLES] = {0}, rate[WORKER_SAMPLES];
    cal_port_data ports[2] = {{.values = drive}, {.values = rate}};
    if (what == 0 && s->n_begun - s->n_finished < 2) {
        drive[0] = (double)s->n_begun;
        worker_must(ctx, cal_sub_remote.begin(s, (cal_time)s->n_begun * WORKER_WINDOW_NS, ports));
    } else if (what == 1 && has_output(s)) {
        if (cal_sub_remote.finish(s, (cal_time)s->n_finished * WORKER_WINDOW_NS, ports) != CAL_OK)
            cal_context_clear(ctx);
    } else if (what == 2) {
        cali_slot_ask_snapshot(s);
    } else if (what == 3) {
        cal_host_drain(host, "region");
    } else if (what == 4) {
        cali_slot_look_after(s, s->channel.heard_s + 6.0);
    } else if (what == 5) {
        cali_slot_look_after(s, s->channel.heard_s + 400.0);
    }
}

static void check(const cali_slot *s)
{
    size_t bytes = 0;
    for (size_t i = 0; i < s->n_log; i++) {
        assert(s->log[i].window == s->log[0].window + i);
        bytes += s->log[i].step.size;
    }
    assert(bytes == s->log_bytes);
    assert(s->n_finished <= s->n_begun);
    assert(s->n_log == 0 || s->log[s->n_log - 1].window + 1 == s->n_begun);
    assert(s->n_begun == s->n_finished || (s->n_log > 0 && s->log[0].window <= s->n_finished));
    assert(s->phase != CALI_LIVE || (s->expected <= s->to_send && s->to_send <= s->n_begun && s->to_send - s->expected <= s->lag));
    assert(s->saved.bytes == NULL || s->saved.window <= s->n_begun);
    assert(s->phase != CALI_SLOT_FAILED || s->failure[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const cal_context_def def = {.n_threads = 1};
    if (ctx == NULL && (cal_context_create(&def, &ctx) != CAL_OK || cal_packer_create(ctx, &packer) != CAL_OK))
        abort();
    cal_host host;
    cali_slot *s = make_host(&host, size > 0 && data[size - 1] == 0xff); /* its model comes in pieces */
    fuzz_bytes b = {data, size, 0};
    memset(counts, 0, sizeof counts);
    while (b.at < b.size) {
        const unsigned what = fuzz_next(&b) % 16;
        if (what < 10)
            send_message(s, &b, what);
        else
            happen(&host, s, what - 10);
        cali_host_pump(&host, 0);
        check(s);
    }
    fake_reset();
    free_host(&host);
    cal_context_clear(ctx);
    return 0;
}
