/* The worker's side (workers/serve.c, windows.c, states.c) on what hosts may send: each byte of an input chooses the next message,
 * right or wrong in one of its fields. The worker computes, answers with an error, or leaves; it never computes a window twice. */
#include <assert.h>
#include <math.h>
#include <stdint.h>

#include "base/digest.h"
#include "support/fake_wire.h"
#include "support/worker_network.h"
#include "workers/host.h"
#include "workers/worker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cal_context *ctx; /* made once: threads are dear */
static cal_packer *packer;
static cali_kept configuration;
static fuzz_bytes *bytes;

/* The snapshot that the worker sent last, from its CHUNKs. */
static unsigned char state[1 << 16];
static size_t state_size;
static uint64_t state_number, n_outputs;

static void make_configuration(void)
{
    void *self = NULL;
    const cal_snn_def network = worker_network();
    const cal_slot_def def = {.name = "region", .network = &network, .window = WORKER_WINDOW_NS, .lag = 1};
    cal_host host = {.ctx = ctx};
    pthread_mutex_init(&host.lock, NULL);
    worker_must(ctx, cal_packer_create(ctx, &host.packer));
    worker_must(ctx, cal_host_add(&host, &def, &self));
    cali_slot *slot = self;
    configuration = slot->configure;
    slot->configure = (cali_kept){0};
    cali_slot_free(slot);
    cal_packer_destroy(&host.packer);
    pthread_mutex_destroy(&host.lock);
    free(host.slots);
}

/* A message as it comes out of the reader; NULL: it was refused there. */
static cal_message *read_back(cal_header header, const cal_frame *frames, size_t n)
{
    unsigned char head[CAL_HEADER_SIZE];
    cal_frame all[CAL_PROTOCOL_MAX_FRAMES];
    cal_problem problem;
    header.number = 2;
    all[0] = (cal_frame){head, cal_header_encode(&header, head)};
    memcpy(all + 1, frames, n * sizeof *frames);
    cal_frames received = fake_copy(all, n + 1);
    return cal_message_read(&received, &cal_limits_open, &header, &problem);
}

static cal_message *packed(cal_header header)
{
    const unsigned evil = fuzz_next(bytes);
    const cal_frame *frames = NULL;
    size_t n = 0;
    if (cal_packer_get(packer, &frames, &n) != CAL_OK) {
        cal_packer_clear(packer);
        return NULL;
    }
    header.session = 7 + (evil == 1);
    header.incarnation = 3 - (evil == 2);
    if (header.has_digest)
        header.digest = cal_frames_digest(frames, n);
    cal_message *message = read_back(header, frames, n);
    cal_packer_clear(packer);
    return message;
}

/* The worker sends CHUNKs: they are kept, and answered as the input says, or not at all. */
static void take_sent(const cal_frame *frames, size_t n)
{
    cal_header header = {0};
    cal_problem problem;
    cal_frames copy = fake_copy(frames, n);
    cal_message *m = cal_message_read(&copy, &cal_limits_open, &header, &problem);
    assert(m != NULL); /* what a worker sends can be read */
    n_outputs += header.type == CAL_OUTPUT;
    if (header.type == CAL_CHUNK) {
        cal_reader r = {0};
        const cal_value *body = cal_message_body(m);
        state_number = cal_read_uint(&r, body, "number", 0, UINT64_MAX);
        const size_t offset = (size_t)cal_read_uint(&r, body, "offset", 0, sizeof state);
        const cal_array a = cal_read_array(&r, body, "data", CAL_U8);
        assert(!cal_reader_is_broken(&r) && offset + a.n <= sizeof state);
        memcpy(state + offset, a.data, a.n);
        state_size = offset + a.n;
    }
    cal_message_destroy(&m);
}

static void post(unsigned type, uint64_t received, unsigned how)
{
    static uint64_t number;
    const cal_frame *frames = NULL;
    size_t n = 0;
    cal_packer *p = NULL;
    worker_must(ctx, cal_packer_create(ctx, &p));
    if (type == CAL_ACK) {
        cal_pack_uint(p, "number", state_number);
        cal_pack_uint(p, "received", received);
    } else {
        cal_pack_text(p, "reason", "done");
    }
    worker_must(ctx, cal_packer_get(p, &frames, &n));
    number++;
    fake_post(0, &(cal_header){.type = type, .session = 7, .incarnation = 3, .number = number + (how == 3)}, frames, n);
    cal_packer_destroy(&p);
}

/* ---- messages ---- */

static cal_message *make_step(const cali_worker *w)
{
    const uint64_t window = w->service.next + fuzz_next(bytes) % 4 - 1;
    const unsigned how = fuzz_next(bytes);
    const double drive[WORKER_SAMPLES + 1] = {how == 1 ? NAN : 0.1 * how, 0.0, 0.0};
    const size_t dims[] = {1, how == 2 ? WORKER_SAMPLES + 1 : WORKER_SAMPLES};
    const int64_t t0 = (int64_t)(window % 1000000) * WORKER_WINDOW_NS;
    cal_pack_int(packer, "t0_ns", how == 3 ? 1 : t0);
    cal_pack_int(packer, "t1_ns", t0 + WORKER_WINDOW_NS);
    cal_pack_open_map(packer, "in");
    if (how != 4)
        cal_pack_array(packer, how == 5 ? "other" : "drive", CAL_F64, 2, dims, drive);
    cal_pack_close(packer);
    return packed((cal_header){.type = CAL_STEP, .window = window, .has_window = true, .has_digest = true});
}

static cal_message *make_restore(void)
{
    char sum[CALI_DIGEST_SIZE] = "";
    const unsigned how = fuzz_next(bytes);
    cali_digest_bytes(ctx, state, state_size, sum);
    cal_pack_uint(packer, "number", state_number);
    cal_pack_uint(packer, "size", how == 1 ? UINT64_MAX / 4 : state_size > 0 ? state_size : 1);
    cal_pack_text(packer, "sha256", how == 2 ? "0" : sum);
    if (how == 3)
        cal_pack_bool(packer, "begin", true);
    return packed((cal_header){.type = CAL_RESTORE_STATE, .window = how == 4 ? UINT64_MAX : how % 8, .has_window = true});
}

static cal_message *make_chunk(const cali_worker *w)
{
    const unsigned how = fuzz_next(bytes);
    const size_t at = w->service.state_received < state_size ? w->service.state_received : 0;
    const size_t n = how == 1 ? 1 : state_size - at;
    cal_pack_uint(packer, "number", state_number + (how == 2));
    cal_pack_uint(packer, "offset", at + (how == 3));
    state[0] = (unsigned char)(state[0] ^ (how == 4));
    cal_pack_vector(packer, "data", CAL_U8, n, state + at);
    return packed((cal_header){.type = CAL_CHUNK, .has_digest = true});
}

enum { LOAD_NUMBER = 5 };

/* The configuration in pieces: what it announces, and a piece. */
static cal_message *make_load(void)
{
    char sum[CALI_DIGEST_SIZE] = "";
    const unsigned how = fuzz_next(bytes);
    cali_digest_bytes(ctx, configuration.bytes, configuration.size, sum);
    cal_pack_uint(packer, "number", LOAD_NUMBER);
    cal_pack_uint(packer, "size", how == 1 ? INT64_MAX : configuration.size + (how == 2));
    cal_pack_text(packer, "sha256", how == 3 ? "0" : how == 4 ? "0000000000000000000000000000000000000000000000000000000000000000" : sum);
    cal_pack_open_list(packer, "frames");
    for (unsigned k = 0; k < (how == 5 ? CAL_PROTOCOL_MAX_FRAMES : 1u); k++)
        for (size_t i = 0; i < configuration.n && how != 6; i++)
            cal_pack_uint(packer, NULL, configuration.frames[i].size - (how == 7 && i == 0));
    cal_pack_close(packer);
    return packed((cal_header){.type = CAL_LOAD});
}

static cal_message *make_load_chunk(const cali_worker *w)
{
    const unsigned how = fuzz_next(bytes);
    const size_t at = w->service.state_received < configuration.size ? w->service.state_received : 0;
    const size_t left = configuration.size - at;
    cal_pack_uint(packer, "number", LOAD_NUMBER + (how == 2));
    cal_pack_uint(packer, "offset", at + (how == 3));
    cal_pack_vector(packer, "data", CAL_U8, how == 1 ? left / 2 : left, configuration.bytes + at);
    return packed((cal_header){.type = CAL_CHUNK, .has_digest = true});
}

static cal_message *make_message(const cali_worker *w, unsigned what)
{
    cal_packer_clear(packer);
    switch (what) {
    case 0:
        return read_back((cal_header){.type = CAL_CONFIGURE, .session = 7, .incarnation = 3}, configuration.frames, configuration.n);
    case 1: return make_step(w);
    case 2: {
        const unsigned how = fuzz_next(bytes);
        cal_pack_uint(packer, "number", how);
        cal_pack_text(packer, "kind", "portable");
        if (how % 4 != 1)
            post(how % 4 == 2 ? CAL_BYE : CAL_ACK, sizeof state * (how % 4 == 0), how);
        return packed((cal_header){.type = CAL_SNAPSHOT, .window = w->service.next + (how == 9), .has_window = true});
    }
    case 3: return make_restore();
    case 4: return make_chunk(w);
    case 5:
        cal_pack_open_list(packer, "names");
        cal_pack_text(packer, NULL, "windows");
        cal_pack_text(packer, NULL, "nothing");
        cal_pack_close(packer);
        return packed((cal_header){.type = CAL_QUERY});
    case 6:
        cal_pack_text(packer, "code", "E106");
        cal_pack_text(packer, "severity", fuzz_next(bytes) % 2 ? "warn" : "fatal");
        cal_pack_text(packer, "text", "something");
        cal_pack_text(packer, "hint", "");
        return packed((cal_header){.type = CAL_ERROR});
    case 8: return make_load();
    case 9: return make_load_chunk(w);
    default:
        cal_pack_text(packer, "reason", fuzz_next(bytes) % 2 ? "drain" : "done");
        return packed((cal_header){.type = CAL_BYE});
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const cal_worker_model *const models[] = {&cal_worker_network};
    const cal_context_def context = {.n_threads = 1};
    if (ctx == NULL) {
        if (cal_context_create(&context, &ctx) != CAL_OK || cal_packer_create(ctx, &packer) != CAL_OK)
            abort();
        make_configuration();
    }
    const cal_worker_def def = {.endpoint = "ipc:///fake", .name = "fuzzed", .models = models, .n_models = 1};
    cali_worker w = {.ctx = ctx, .def = &def, .wire = &fake_wire, .state = CALI_WELCOMED, .beat_s = 1e6, .liveness = 5, .is_welcome = true};
    fuzz_bytes b = {data, size, 0};
    bytes = &b;
    state_size = 0;
    n_outputs = 0;
    fake_sent = take_sent;
    pthread_mutex_init(&w.lock, NULL);
    worker_must(ctx, cal_packer_create(ctx, &w.packer));
    worker_must(ctx, cal_packer_create(ctx, &w.outputs));
    cali_channel_open(&w.channel, &fake_wire, NULL);
    w.channel.session = 7;
    w.channel.incarnation = 3;
    for (bool goes_on = true; goes_on && b.at < b.size;) {
        const unsigned choice = fuzz_next(&b);
        cal_message *m = make_message(&w, choice >= 250 ? 8 + choice % 2 : choice % 8);
        const uint64_t before = w.service.next, sent = n_outputs;
        goes_on = m == NULL || cali_worker_handle(&w, m);
        assert(w.service.next <= before + 1 || m == NULL || cal_message_header(m)->type == CAL_CHUNK);
        assert(m == NULL || cal_message_header(m)->type == CAL_STEP || n_outputs == sent);
        cal_message_destroy(&m);
        for (cal_message *left; (left = cali_worker_next(&w, 0.0, 0)) != NULL;)
            cal_message_destroy(&left);
        w.is_cut = false;
        fake_is_cut = false;
        w.channel.n_received = 0;
    }
    cali_service_end(&w);
    fake_reset();
    cal_packer_destroy(&w.packer);
    cal_packer_destroy(&w.outputs);
    pthread_mutex_destroy(&w.lock);
    cal_context_clear(ctx);
    return 0;
}
