#include "workers/check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

enum { SLICE_MS = 20, HOLD_S = 300 };
static const double MOST_S = 600.0; /* for an answer, however much PROGRESS there is */

const char *const cal_outcome_names[] = {"ok", "FAILED", "skipped"};

cal_worker_check_def cal_worker_check_def_default(void)
{
    return (cal_worker_check_def){.beat_ms = 500, .liveness = 4, .wait_s = 600, .return_s = 60, .answer_s = 30};
}

/* ---- verdicts ---- */

static void judge(cali_check *c, cal_outcome outcome, const char *format, va_list arguments)
{
    if (cali_check_is_over(c))
        return;
    c->result->outcome = outcome;
    vsnprintf(c->result->text, sizeof c->result->text, format, arguments);
}

void cali_check_fail(cali_check *c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    judge(c, CAL_OUTCOME_FAILED, format, arguments);
    va_end(arguments);
}

void cali_check_skip(cali_check *c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    judge(c, CAL_OUTCOME_SKIPPED, format, arguments);
    va_end(arguments);
}

bool cali_check_is_over(const cali_check *c)
{
    return c->result->outcome != CAL_OUTCOME_OK;
}

static bool is_stopped(const cali_check *c)
{
    return c->def->is_stopped != NULL && c->def->is_stopped(c->def->user);
}

/* ---- receiving ---- */

void cali_check_unlink(cali_check *c)
{
    c->channel.wire = NULL;
    c->is_ready = false;
}

static bool is_peer(const cali_check *c, const cal_peer *peer)
{
    return c->channel.wire != NULL && peer->size == c->channel.peer.size &&
           memcmp(peer->id, c->channel.peer.id, peer->size) == 0;
}

/* Somebody new: a worker that comes, or comes back. */
static void take_stranger(cali_check *c, const cal_peer *peer, cal_frames *frames)
{
    cal_header header;
    cal_problem problem;
    cal_message *m = cal_message_read(frames, &cal_limits_greeting, &header, &problem);
    if (m == NULL || header.type != CAL_HELLO) {
        if (m == NULL && header.type == CAL_HELLO)
            cali_check_fail(c, "expected a HELLO; one came that cannot be read: %s %s", problem.code, problem.text);
        cal_message_destroy(&m);
        return;
    }
    cal_message_destroy(&c->hello);
    c->hello = m;
    c->peer = *peer;
    c->is_waiting = true;
    cali_check_unlink(c);
}

static void digest_frames(cali_check *c, const cal_frames *frames)
{
    cali_text bytes = {0};
    for (size_t i = 1; i < frames->n; i++)
        cali_text_add_bytes(&bytes, frames->frames[i].data, frames->frames[i].size);
    if (bytes.is_broken || cali_digest_bytes(c->ctx, bytes.data, bytes.size, c->sum) != CAL_OK)
        cali_check_fail(c, "no memory");
    cali_text_free(&bytes);
}

/* True: a message for the check, in c->last. */
static bool take(cali_check *c, const cal_peer *peer, cal_frames *frames)
{
    if (!is_peer(c, peer)) {
        take_stranger(c, peer, frames);
        return false;
    }
    cal_header h;
    cal_problem problem;
    cal_message_destroy(&c->last);
    digest_frames(c, frames);
    c->last = cal_message_read(frames, &cal_limits_open, &h, &problem);
    const bool is_next = cali_channel_heard(&c->channel, &h);
    if (c->last == NULL) {
        cali_check_fail(c, "a message came that cannot be read: %s %s", problem.code, problem.text);
        cali_check_unlink(c);
        return false;
    }
    if (!is_next)
        cali_check_fail(c, "the `n` of messages counts 1, 2, 3 ...; %s has %llu out of turn", cal_message_name(h.type),
                        (unsigned long long)h.number);
    if (h.session != c->channel.session || h.incarnation != c->channel.incarnation)
        cali_check_fail(c, "%s has `s` %llu and `e` %u, not those of WELCOME", cal_message_name(h.type),
                        (unsigned long long)h.session, h.incarnation);
    if (h.type == CAL_PING && !c->is_silent)
        cali_channel_pong(&c->channel, c->packer, c->last);
    if (h.type == CAL_PONG) {
        cal_reader r = {0};
        c->pong_clock = cal_read_uint(&r, cal_message_body(c->last), "clock", 0, UINT64_MAX);
        c->pong_answers = h.answers;
        c->n_pongs++;
    }
    return h.type != CAL_PING && h.type != CAL_PONG && h.type != CAL_TELEMETRY;
}

/* Looks after the beats and takes what has come. True: a message for the check. */
static bool pump(cali_check *c)
{
    cal_frames frames;
    cal_peer peer;
    if (c->channel.wire != NULL && !c->is_silent && 1e3 * (cali_wall_s() - c->channel.sent_s) > c->def->beat_ms)
        cali_channel_ping(&c->channel, c->packer);
    if (cal_wire_receive(c->wire, &peer, &frames))
        return take(c, &peer, &frames);
    cal_wire_wait(&c->wire, 1, SLICE_MS);
    return false;
}

void cali_check_poll(cali_check *c)
{
    pump(c);
}

const cal_message *cali_check_next(cali_check *c, double wait_s)
{
    const double begin = cali_wall_s();
    double end = begin + wait_s;
    while (!cali_check_is_over(c) && c->channel.wire != NULL && cali_wall_s() < end && !is_stopped(c)) {
        if (!pump(c))
            continue;
        if (cal_message_header(c->last)->type != CAL_PROGRESS)
            return c->last;
        end = cali_wall_s() + wait_s < begin + MOST_S ? cali_wall_s() + wait_s : begin + MOST_S;
    }
    return NULL;
}

/* What came in the place of what was expected. */
static void fail_with(cali_check *c, const char *expected, const char *what, const cal_message *m)
{
    cal_reader r = {0};
    const char *name = m == NULL ? NULL : cal_message_name(cal_message_header(m)->type);
    if (m == NULL && c->channel.wire == NULL)
        cali_check_fail(c, "expected %s %s; the worker closed the connection and came again", expected, what);
    else if (m == NULL)
        cali_check_fail(c, "expected %s %s; nothing came within %u s", expected, what, c->def->answer_s);
    else if (cal_message_header(m)->type == CAL_ERROR)
        cali_check_fail(c, "expected %s %s; ERROR %s (%s) came: %s", expected, what,
                        cal_read_text(&r, cal_message_body(m), "code", false),
                        cal_read_text(&r, cal_message_body(m), "severity", false),
                        cal_read_text(&r, cal_message_body(m), "text", false));
    else
        cali_check_fail(c, "expected %s %s; %s came", expected, what, name == NULL ? "a message of an unknown type" : name);
}

static const cal_message *check_answers(cali_check *c, const cal_message *m, uint64_t answers, const char *expected, const char *what)
{
    if (m != NULL && answers != 0 && cal_message_header(m)->answers != answers)
        cali_check_fail(c, "%s %s: `r` is %llu, and the message has `n` %llu", expected, what,
                        (unsigned long long)cal_message_header(m)->answers, (unsigned long long)answers);
    return cali_check_is_over(c) ? NULL : m;
}

const cal_message *cali_check_expect(cali_check *c, unsigned type, uint64_t answers, const char *what)
{
    if (cali_check_is_over(c))
        return NULL;
    const cal_message *m = cali_check_next(c, c->def->answer_s);
    if (m == NULL || cal_message_header(m)->type != type) {
        fail_with(c, cal_message_name(type), what, m);
        return NULL;
    }
    return check_answers(c, m, answers, cal_message_name(type), what);
}

const char *cali_check_expect_error(cali_check *c, const char *code, uint64_t answers, const char *what)
{
    char expected[32];
    cal_reader r = {0};
    if (cali_check_is_over(c))
        return "";
    snprintf(expected, sizeof expected, "ERROR %s", code);
    const cal_message *m = cali_check_next(c, c->def->answer_s);
    const bool is_error = m != NULL && cal_message_header(m)->type == CAL_ERROR;
    const char *came = is_error ? cal_read_text(&r, cal_message_body(m), "code", false) : NULL;
    if (came == NULL || strcmp(came, code) != 0) {
        fail_with(c, expected, what, m);
        return "";
    }
    return check_answers(c, m, answers, expected, what) == NULL ? "" : cal_read_text(&r, cal_message_body(m), "severity", false);
}

/* ---- sending ---- */

uint64_t cali_check_send(cali_check *c, cal_header header)
{
    if (cali_check_is_over(c)) {
        cal_packer_clear(c->packer);
        return 0;
    }
    if (!cali_channel_send_packed(&c->channel, header, c->packer))
        cali_check_fail(c, "%s could not be sent: the worker is gone", cal_message_name(header.type));
    return c->channel.n_sent;
}

size_t cali_check_header(const cali_check *c, cal_header header, unsigned char bytes[CAL_HEADER_SIZE])
{
    header.session = c->channel.session;
    header.incarnation = c->channel.incarnation;
    header.number = c->channel.n_sent + 1;
    return cal_header_encode(&header, bytes);
}

void cali_check_send_raw(cali_check *c, const cal_frame *frames, size_t n)
{
    if (cali_check_is_over(c) || c->channel.wire == NULL)
        return;
    cal_wire_send(c->channel.wire, &c->channel.peer, frames, n);
    c->channel.n_sent++;
    c->channel.sent_s = cali_wall_s();
}

/* ---- a worker comes ---- */

void cali_check_await_hello(cali_check *c, double wait_s)
{
    const double begin = cali_wall_s(), told_s = begin + (wait_s > 6.0 ? 3.0 : wait_s);
    bool is_told = false;
    while (!cali_check_is_over(c) && !c->is_waiting && cali_wall_s() < begin + wait_s && !is_stopped(c)) {
        pump(c);
        if (!is_told && !c->is_waiting && cali_wall_s() > told_s && c->def->wait != NULL && c->hello != NULL) {
            c->def->wait(c->def->user, (unsigned)wait_s);
            is_told = true;
        }
    }
    if (!c->is_waiting) {
        c->is_lost = !is_stopped(c);
        cali_check_fail(c, "expected HELLO; the worker did not come within %.0f s", wait_s);
    }
}

void cali_check_welcome(cali_check *c, int64_t resume)
{
    if (cali_check_is_over(c))
        return;
    cal_packer *p = c->packer;
    cali_channel_open(&c->channel, c->wire, &c->peer);
    cali_channel_heard(&c->channel, cal_message_header(c->hello));
    c->is_waiting = false;
    if (resume < 0)
        c->channel.incarnation++;
    cal_packer_clear(p);
    cal_pack_uint(p, "v", CAL_PROTOCOL_VERSION);
    cal_pack_text(p, "slot", "check");
    cal_pack_uint(p, "beat_ms", c->def->beat_ms);
    cal_pack_uint(p, "liveness", c->def->liveness);
    cal_pack_uint(p, "hold_s", HOLD_S);
    cal_pack_open_map(p, "limits");
    cal_pack_uint(p, "frame", CAL_PROTOCOL_MAX_FRAME);
    cal_pack_uint(p, "message", CAL_PROTOCOL_MAX_MESSAGE);
    cal_pack_uint(p, "chunk", CAL_PROTOCOL_MAX_CHUNK);
    cal_pack_close(p);
    if (resume >= 0)
        cal_pack_int(p, "resume", resume);
    cali_check_send(c, (cal_header){.type = CAL_WELCOME, .answers = 1});
    c->is_ready = resume >= 0;
}

void cali_check_take_in(cali_check *c)
{
    if (c->channel.wire != NULL && !c->is_waiting)
        cali_channel_bye(&c->channel, c->packer, "done");
    cali_check_unlink(c);
    cali_check_await_hello(c, c->def->return_s);
    cali_check_welcome(c, -1);
}

void cali_check_fresh(cali_check *c)
{
    cali_check_take_in(c);
    cali_check_ready(c, cali_check_configure(c, NULL, 0));
}

void cali_check_begin(cali_check *c)
{
    if (!c->is_ready || c->channel.wire == NULL)
        cali_check_fresh(c);
}

uint64_t cali_check_take_back(cali_check *c)
{
    cal_reader r = {0};
    const uint64_t session = c->channel.session;
    const uint32_t incarnation = c->channel.incarnation;
    cali_check_await_hello(c, c->def->return_s);
    if (cali_check_is_over(c))
        return 0;
    const cal_value *resume = cal_value_find(cal_message_body(c->hello), "resume");
    if (resume == NULL) {
        cali_check_fail(c, "expected HELLO with `resume`; it came without: the worker has dropped its state, or was started again");
        return 0;
    }
    const uint64_t s = cal_read_uint(&r, resume, "s", 0, UINT64_MAX), e = cal_read_uint(&r, resume, "e", 0, UINT32_MAX);
    const uint64_t k = cal_read_uint(&r, resume, "k", 0, INT64_MAX);
    const char *model = cal_read_text(&r, resume, "model", false);
    if (cal_reader_is_broken(&r) || s != session || e != incarnation || strcmp(model, c->digest) != 0)
        cali_check_fail(c, "expected `resume` with `s` %llu, `e` %u and the model digest of READY; other ones came",
                        (unsigned long long)session, incarnation);
    cali_check_welcome(c, (int64_t)k);
    return k;
}

/* ---- windows ---- */

/* Numbers that differ between windows, channels and bins, and let the small network fire. */
static double input(uint64_t window, size_t item, cali_step_twist twist)
{
    const double value = 100.0 + 50.0 * (double)((3 * window + item) % 5);
    return twist == CALI_STEP_SILENT ? 0.0 : twist == CALI_STEP_NAN ? (double)NAN : twist == CALI_STEP_OTHER ? value + 7.0 : value;
}

static void pack_values(cali_check *c, const char *name, size_t channels, size_t samples, uint64_t window, cali_step_twist twist)
{
    const size_t dims[] = {channels, samples};
    double *values = NULL;
    if (cali_alloc(c->ctx, channels * samples, sizeof *values, "an input", &values) != CAL_OK) {
        cali_check_fail(c, "no memory for the input of port %s", name);
        return;
    }
    for (size_t i = 0; i < channels * samples; i++)
        values[i] = input(window, i, twist);
    cal_pack_array(c->packer, name, CAL_F64, 2, dims, values);
    free(values);
}

static void pack_inputs(cali_check *c, uint64_t window, cali_step_twist twist)
{
    cal_reader r = {0};
    const cal_value *ports = cal_value_find(cal_message_body(c->configure), "ports");
    for (size_t i = 0; i < cal_value_n(ports); i++) {
        const cal_value *port = cal_value_at(ports, i);
        const char *name = cal_read_text(&r, port, "name", false);
        if (strcmp(cal_read_text(&r, port, "dir", false), "in") != 0)
            continue;
        if (strcmp(cal_read_text(&r, port, "kind", false), "spikes") != 0) {
            pack_values(c, name, (size_t)cal_read_uint(&r, port, "channels", 0, UINT32_MAX),
                        (size_t)cal_read_uint(&r, port, "samples", 0, UINT32_MAX), window, twist);
            continue;
        }
        const uint32_t times[] = {1, 1 + (uint32_t)(window % 2), 3}, ids[] = {0, 0, 0};
        cal_pack_open_map(c->packer, name);
        cal_pack_vector(c->packer, "dt_ns", CAL_U32, twist == CALI_STEP_SILENT ? 0 : twist == CALI_STEP_OTHER ? 2 : 3, times);
        cal_pack_vector(c->packer, "id", CAL_U32, twist == CALI_STEP_SILENT ? 0 : twist == CALI_STEP_OTHER ? 2 : 3, ids);
        cal_pack_close(c->packer);
    }
}

void cali_check_pack_step(cali_check *c, uint64_t window, cali_step_twist twist)
{
    cal_packer_clear(c->packer);
    cal_pack_int(c->packer, "t0_ns", (int64_t)window * c->window);
    cal_pack_int(c->packer, "t1_ns", (int64_t)(window + 1) * c->window);
    if (twist == CALI_STEP_UNKNOWN_KEY)
        cal_pack_text(c->packer, "of_a_later_release", "ignore me");
    if (twist == CALI_STEP_NO_INPUT)
        return;
    cal_pack_open_map(c->packer, "in");
    pack_inputs(c, window, twist);
    cal_pack_close(c->packer);
}

uint64_t cali_check_send_step(cali_check *c, uint64_t window, cali_step_twist twist)
{
    const cal_frame *frames = NULL;
    size_t n = 0;
    if (cali_check_is_over(c))
        return 0;
    cali_check_pack_step(c, window, twist);
    if (cal_packer_get(c->packer, &frames, &n) != CAL_OK ||
        !cali_channel_send(&c->channel, (cal_header){.type = CAL_STEP, .window = window, .has_window = true,
                                                     .digest = cal_frames_digest(frames, n), .has_digest = true}, frames, n))
        cali_check_fail(c, "STEP %llu could not be sent: the worker is gone", (unsigned long long)window);
    return c->channel.n_sent;
}

/* A port of `out` is as CONFIGURE says. */
static void check_port(cal_reader *r, const cal_value *out, const cal_value *port)
{
    const char *name = cal_read_text(r, port, "name", false);
    if (strcmp(cal_read_text(r, port, "kind", false), "spikes") == 0) {
        const cal_value *map = cal_read_map(r, out, name);
        const cal_array times = cal_read_array(r, map, "dt_ns", CAL_U32), ids = cal_read_array(r, map, "id", CAL_U32);
        if (!cal_reader_is_broken(r) && times.n != ids.n)
            cal_reader_fail(r, "E106", "port %s has %zu times and %zu ids", name, times.n, ids.n);
        return;
    }
    const cal_array a = cal_read_array(r, out, name, CAL_F64);
    const uint64_t channels = cal_read_uint(r, port, "channels", 0, UINT32_MAX), samples = cal_read_uint(r, port, "samples", 0, UINT32_MAX);
    if (cal_reader_is_broken(r))
        return;
    if (a.n_dims != 2 || a.dims[0] != channels || a.dims[1] != samples)
        cal_reader_fail(r, "E202", "port %s has not %llu x %llu values", name, (unsigned long long)channels, (unsigned long long)samples);
    else if (!cal_array_is_finite(&a))
        cal_reader_fail(r, "E302", "port %s has a value that is not finite", name);
}

static void check_output(cali_check *c, const cal_message *m, uint64_t window)
{
    cal_reader r = {0};
    const cal_value *body = cal_message_body(m), *out = cal_read_map(&r, body, "out");
    const cal_value *ports = cal_value_find(cal_message_body(c->configure), "ports");
    const int64_t t0 = (int64_t)window * c->window;
    size_t n = 0;
    if (cal_read_int(&r, body, "t0_ns", INT64_MIN, INT64_MAX) != t0 || cal_read_int(&r, body, "t1_ns", INT64_MIN, INT64_MAX) != t0 + c->window)
        cal_reader_fail(&r, "E304", "t0_ns and t1_ns are not those of the STEP");
    for (size_t i = 0; i < cal_value_n(ports) && !cal_reader_is_broken(&r); i++)
        if (strcmp(cal_read_text(&r, cal_value_at(ports, i), "dir", false), "out") == 0) {
            check_port(&r, out, cal_value_at(ports, i));
            n++;
        }
    if (!cal_reader_is_broken(&r) && cal_value_n(out) != n)
        cal_reader_fail(&r, "E202", "`out` has %zu ports, of %zu", cal_value_n(out), n);
    if (cal_message_header(m)->window != window)
        cal_reader_fail(&r, "E304", "`k` is %llu", (unsigned long long)cal_message_header(m)->window);
    if (cal_reader_is_broken(&r))
        cali_check_fail(c, "OUTPUT %llu: %s", (unsigned long long)window, r.problem.text);
}

cali_sum cali_check_output(cali_check *c, uint64_t window, uint64_t answers)
{
    cali_sum sum = {""};
    char what[40];
    snprintf(what, sizeof what, "to STEP %llu", (unsigned long long)window);
    const cal_message *m = cali_check_expect(c, CAL_OUTPUT, answers, what);
    if (m == NULL)
        return sum;
    check_output(c, m, window);
    memcpy(sum.hex, c->sum, sizeof sum.hex);
    return sum;
}

cali_sum cali_check_step(cali_check *c, uint64_t window)
{
    const uint64_t number = cali_check_send_step(c, window, CALI_STEP_RIGHT);
    const cali_sum sum = cali_check_output(c, window, number);
    if (!cali_check_is_over(c) && window == c->next)
        c->next++;
    return sum;
}

void cali_check_same(cali_check *c, const cali_sum *a, const cali_sum *b, const char *what)
{
    if (strcmp(a->hex, b->hex) != 0)
        cali_check_fail(c, "%s: the body of the OUTPUT differs", what);
}

/* ---- snapshots ---- */

static size_t take_chunk(cali_check *c, uint64_t number, unsigned char **bytes, size_t size)
{
    cal_reader r = {0};
    const cal_value *body = cal_message_body(c->last);
    const uint64_t answers = cal_message_header(c->last)->number;
    const cal_array data = cal_read_array(&r, body, "data", CAL_U8);
    if (cal_read_uint(&r, body, "number", 0, UINT64_MAX) != number || cal_read_uint(&r, body, "offset", 0, UINT64_MAX) != size ||
        cal_reader_is_broken(&r) || data.n == 0 || data.n > CAL_PROTOCOL_MAX_CHUNK) {
        cali_check_fail(c, "a CHUNK of snapshot %llu that does not follow the one before, or is too large", (unsigned long long)number);
        return size;
    }
    unsigned char *grown = realloc(*bytes, size + data.n);
    if (grown == NULL) {
        cali_check_fail(c, "no memory for a snapshot");
        return size;
    }
    *bytes = grown;
    memcpy(grown + size, data.data, data.n);
    cal_packer_clear(c->packer);
    cal_pack_uint(c->packer, "number", number);
    cal_pack_uint(c->packer, "received", size + data.n);
    cali_check_send(c, (cal_header){.type = CAL_ACK, .answers = answers});
    return size + data.n;
}

void cali_check_save(cali_check *c, uint64_t number, unsigned char **bytes, size_t *size)
{
    cal_reader hello = {0}, r = {0};
    char sum[CALI_DIGEST_SIZE];
    *bytes = NULL;
    *size = 0;
    if (cali_check_is_over(c))
        return;
    cal_packer_clear(c->packer);
    cal_pack_uint(c->packer, "number", number);
    cal_pack_text(c->packer, "kind", cal_read_text(&hello, cal_read_map(&hello, cal_message_body(c->hello), "caps"), "snapshot", false));
    const uint64_t asked = cali_check_send(c, (cal_header){.type = CAL_SNAPSHOT, .window = c->next, .has_window = true});
    const cal_message *m = cali_check_next(c, c->def->answer_s);
    while (check_answers(c, m, asked, "CHUNK or SNAPSHOT_DONE", "to SNAPSHOT") != NULL && cal_message_header(m)->type == CAL_CHUNK) {
        *size = take_chunk(c, number, bytes, *size);
        m = cali_check_next(c, c->def->answer_s);
    }
    if (m == NULL || cal_message_header(m)->type != CAL_SNAPSHOT_DONE) {
        fail_with(c, "CHUNK or SNAPSHOT_DONE", "to SNAPSHOT", m);
        return;
    }
    const cal_value *body = cal_message_body(m);
    const uint64_t announced = cal_read_uint(&r, body, "size", 0, UINT64_MAX);
    const char *sha256 = cal_read_text(&r, body, "sha256", false), *model = cal_read_text(&r, body, "model", false);
    if (cal_reader_is_broken(&r) || cali_digest_bytes(c->ctx, *bytes, *size, sum) != CAL_OK)
        cali_check_fail(c, "SNAPSHOT_DONE: %s", r.problem.text);
    else if (announced != *size || strcmp(sum, sha256) != 0)
        cali_check_fail(c, "SNAPSHOT_DONE says %llu bytes of SHA-256 %s; %zu came, of %s", (unsigned long long)announced, sha256, *size, sum);
    else if (strcmp(model, c->digest) != 0)
        cali_check_fail(c, "SNAPSHOT_DONE has another model digest than READY");
}

static void send_chunk(cali_check *c, uint64_t number, const unsigned char *bytes, size_t offset, size_t n)
{
    const cal_frame *frames = NULL;
    size_t n_frames = 0;
    cal_packer_clear(c->packer);
    cal_pack_uint(c->packer, "number", number);
    cal_pack_uint(c->packer, "offset", offset);
    cal_pack_vector(c->packer, "data", CAL_U8, n, bytes + offset);
    if (cal_packer_get(c->packer, &frames, &n_frames) == CAL_OK)
        cali_channel_send(&c->channel, (cal_header){.type = CAL_CHUNK, .digest = cal_frames_digest(frames, n_frames), .has_digest = true},
                          frames, n_frames);
}

void cali_check_restore(cali_check *c, uint64_t number, uint64_t window, const unsigned char *bytes, size_t size, const char *sha256,
                        const char *code)
{
    enum { CHUNK = 64 << 10 };
    if (cali_check_is_over(c))
        return;
    cal_packer_clear(c->packer);
    cal_pack_uint(c->packer, "number", number);
    cal_pack_uint(c->packer, "size", size);
    cal_pack_text(c->packer, "sha256", sha256);
    const uint64_t asked = cali_check_send(c, (cal_header){.type = CAL_RESTORE_STATE, .window = window, .has_window = true});
    for (size_t at = 0; at < size && !cali_check_is_over(c); at += CHUNK) {
        send_chunk(c, number, bytes, at, size - at < CHUNK ? size - at : (size_t)CHUNK);
        const cal_message *m = cali_check_expect(c, CAL_ACK, c->channel.n_sent, "to a CHUNK");
        cal_reader r = {0};
        const size_t received = at + CHUNK < size ? at + CHUNK : size;
        if (m != NULL && cal_read_uint(&r, cal_message_body(m), "received", 0, UINT64_MAX) != received)
            cali_check_fail(c, "expected ACK with `received` %zu; another number came", received);
    }
    if (code != NULL) {
        cali_check_expect_error(c, code, 0, "to a snapshot whose SHA-256 is wrong");
        return;
    }
    const cal_message *m = cali_check_expect(c, CAL_RESTORED, asked, "to RESTORE");
    if (m != NULL && cal_message_header(m)->window != window)
        cali_check_fail(c, "RESTORED has `k` %llu, not %llu", (unsigned long long)cal_message_header(m)->window, (unsigned long long)window);
    c->next = window;
}

/* ---- the whole ---- */

/* Why a check does not apply to this worker; NULL: it does. */
static const char *find_obstacle(const cali_check *c, cali_check_need need)
{
    cal_reader r = {0};
    const cal_value *caps = cal_read_map(&r, cal_message_body(c->hello), "caps");
    const char *snapshot = cal_read_text(&r, caps, "snapshot", false);
    switch (need) {
    case CALI_NEEDS_SNAPSHOT:
        return strcmp(snapshot, "none") == 0 ? "it says snapshot: none" : NULL;
    case CALI_NEEDS_PORTABLE:
        return strcmp(snapshot, "portable") != 0 ? "it does not say snapshot: portable" : NULL;
    case CALI_NEEDS_DETERMINISTIC:
        return !cal_read_bool(&r, caps, "deterministic") ? "it says deterministic: false" : NULL;
    case CALI_NEEDS_ASYNC_PING:
        return !cal_read_bool(&r, caps, "async_ping") ? "it says async_ping: false" : NULL;
    case CALI_NEEDS_INPUT: {
        const cal_value *ports = cal_value_find(cal_message_body(c->configure), "ports");
        for (size_t i = 0; i < cal_value_n(ports); i++)
            if (strcmp(cal_read_text(&r, cal_value_at(ports, i), "dir", false), "in") == 0 &&
                strcmp(cal_read_text(&r, cal_value_at(ports, i), "kind", false), "spikes") != 0)
                return NULL;
        return "the region takes no numbers";
    }
    case CALI_NEEDS_NOTHING:
        break;
    }
    return NULL;
}

static bool is_wanted(const cal_worker_check_def *def, const char *name)
{
    bool is_named = def->n_only == 0;
    for (size_t i = 0; i < def->n_only; i++)
        is_named = is_named || strcmp(def->only[i], name) == 0;
    return is_named;
}

static cal_status run_one(cali_check *c, const cali_check_case *entry, size_t *n_failed)
{
    const double begin = cali_wall_s();
    const char *obstacle = find_obstacle(c, entry->need);
    cal_check_result result = {.name = entry->name, .section = entry->section, .meaning = entry->meaning,
                               .is_required = !entry->is_optional};
    c->result = &result;
    if (obstacle != NULL)
        cali_check_skip(c, "%s", obstacle);
    else if (c->is_lost)
        cali_check_fail(c, "the worker is gone");
    else
        entry->run(c);
    if (is_stopped(c))
        return CAL_FAIL(c->ctx, CAL_ERR_STATE, "stopped before all checks were done");
    if (result.outcome == CAL_OUTCOME_FAILED)
        c->is_ready = false; /* the next check begins with a worker that is configured anew */
    result.seconds = cali_wall_s() - begin;
    *n_failed += result.outcome == CAL_OUTCOME_FAILED && result.is_required;
    if (c->def->report != NULL)
        c->def->report(c->def->user, &result);
    return CAL_OK;
}

static cal_status open_at(cali_check *c, const char *endpoint)
{
    const cal_wire_def def = {.endpoint = endpoint, .is_listening = true, .is_insecure = c->def->is_insecure,
                              .keys = c->has_keys ? &c->keys : NULL};
    return cal_hub_open(c->hub, &def, &c->wire);
}

bool cali_check_open_again(cali_check *c)
{
    cali_check_unlink(c);
    cal_wire_close(&c->wire);
    for (int tries = 0; tries < 50; tries++) { /* the system may need a moment to let go of a port */
        if (open_at(c, c->endpoint) == CAL_OK)
            return true;
        cal_context_clear(c->ctx);
        const struct timespec pause = {0, 100 * 1000 * 1000};
        nanosleep(&pause, NULL);
    }
    return false;
}

static cal_status open_wire(cali_check *c)
{
    CAL_TRY(cal_keys_folder(c->ctx, c->def->keys_folder, &c->folder));
    CAL_TRY(cal_hub_create(c->ctx, c->folder, &c->hub));
    c->has_keys = !c->def->is_insecure && strncmp(c->def->listen, "ipc:", 4) != 0;
    if (c->has_keys)
        CAL_TRY(cal_keys_pair(c->ctx, c->folder, "host", true, &c->keys));
    CAL_TRY(open_at(c, c->def->listen));
    return cali_copy_text(c->ctx, cal_wire_endpoint(c->wire), &c->endpoint);
}

static cal_status await_first(cali_check *c)
{
    cal_check_result none = {.outcome = CAL_OUTCOME_OK};
    c->result = &none;
    if (c->def->announce != NULL)
        c->def->announce(c->def->user, c->endpoint, c->keys.public_key);
    cali_check_await_hello(c, c->def->wait_s);
    if (is_stopped(c))
        return CAL_FAIL(c->ctx, CAL_ERR_STATE, "stopped before a worker came");
    if (c->hello == NULL)
        return CAL_FAIL(c->ctx, CAL_ERR_IO, "no worker came to %s within %u s. Try the line above on its machine, or --wait 3600 here",
                        c->endpoint, c->def->wait_s);
    if (cali_check_is_over(c))
        return CAL_FAIL(c->ctx, CAL_ERR_IO, "%s", none.text);
    CAL_TRY(cali_check_make_configure(c));
    cal_reader r = {0};
    const cal_value *body = cal_message_body(c->hello);
    if (c->def->greet != NULL)
        c->def->greet(c->def->user, cal_read_text(&r, body, "name", false), cal_read_text(&r, body, "version", false), c->model);
    return CAL_OK;
}

static cal_status refuse_name(const cali_check *c, const char *name)
{
    cali_text known = {0};
    for (size_t k = 0; k < cali_check_n_cases; k++)
        cali_text_format(&known, "%s%s", k > 0 ? ", " : "", cali_check_cases[k].name);
    const cal_status status = CAL_FAIL(c->ctx, CAL_ERR_INPUT, "there is no check \"%s\". Known: %s", name,
                                       known.data != NULL ? known.data : "");
    cali_text_free(&known);
    return status;
}

static cal_status init(cali_check *c)
{
    for (size_t i = 0; i < c->def->n_only; i++) {
        bool is_known = false;
        for (size_t k = 0; k < cali_check_n_cases; k++)
            is_known = is_known || strcmp(cali_check_cases[k].name, c->def->only[i]) == 0;
        if (!is_known)
            return refuse_name(c, c->def->only[i]);
    }
    if (getrandom(&c->channel.session, sizeof c->channel.session, 0) != (ssize_t)sizeof c->channel.session)
        return CAL_FAIL(c->ctx, CAL_ERR_IO, "the system gives no random number for the session");
    c->channel.session |= 1; /* 0 is no session */
    CAL_TRY(cal_packer_create(c->ctx, &c->packer));
    CAL_TRY(open_wire(c));
    return await_first(c);
}

cal_status cal_worker_check(cal_context *ctx, const cal_worker_check_def *def, size_t *n_failed)
{
    cali_check check = {.ctx = ctx, .def = def};
    *n_failed = 0;
    cal_status status = init(&check);
    for (size_t i = 0; i < cali_check_n_cases && status == CAL_OK; i++)
        if (is_wanted(def, cali_check_cases[i].name))
            status = run_one(&check, &cali_check_cases[i], n_failed);
    if (check.channel.wire != NULL)
        cali_channel_bye(&check.channel, check.packer, status == CAL_OK ? "done" : "user");
    cal_message_destroy(&check.hello);
    cal_message_destroy(&check.last);
    cal_message_destroy(&check.configure);
    cal_packer_destroy(&check.packer);
    cal_wire_close(&check.wire);
    cal_hub_destroy(&check.hub);
    free(check.endpoint);
    free(check.folder);
    return status;
}
