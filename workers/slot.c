/* The states of a slot, seen from the host.
 *
 *      EMPTY --HELLO--> CONFIGURING --READY--> RESTORING --RESTORED--> LIVE      (without a snapshot: CONFIGURING -> LIVE)
 *        ^------------------------ loss of the worker ------------------------|
 *
 * In LIVE at most `lag` STEPs are unanswered. An OUTPUT that was used already must come again with the same digest. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/memory.h"
#include "workers/host.h"

enum { MOST_DEATHS = 5, CHUNKS_IN_FLIGHT = 8, LOG_BYTES = 64 << 20, LOAD_NUMBER = 0 /* snapshots count from 1 */ };

bool cali_slot_wants_worker(const cali_slot *s)
{
    return s->phase == CALI_EMPTY || (s->phase == CALI_LIVE && s->is_suspect);
}

void cali_slot_fail(cali_slot *s, cal_status status, const char *code, const char *text)
{
    if (s->phase == CALI_SLOT_FAILED)
        return;
    s->phase = CALI_SLOT_FAILED;
    s->status = status;
    snprintf(s->failure_code, sizeof s->failure_code, "%s", code);
    /* texts of workers begin with their code */
    const bool has_code = strncmp(text, code, strlen(code)) == 0;
    snprintf(s->failure, sizeof s->failure, "%s%s%s", has_code ? "" : code, has_code ? "" : " ", text);
}

/* ---- taking and losing a worker ---- */

static void push_chunks(cali_slot *s);

/* As a message, or in pieces where it is larger than one. */
static void send_configure(cali_slot *s)
{
    cal_packer *p = s->host->packer;
    if (!s->is_large) {
        cali_channel_send_kept(&s->channel, (cal_header){.type = CAL_CONFIGURE}, &s->configure);
        return;
    }
    s->pieces_sent = s->pieces_acknowledged = 0;
    cal_packer_clear(p);
    cal_pack_uint(p, "number", LOAD_NUMBER);
    cal_pack_uint(p, "size", s->configure.size);
    cal_pack_text(p, "sha256", s->load_sha256);
    cal_pack_open_list(p, "frames");
    for (size_t i = 0; i < s->configure.n; i++)
        cal_pack_uint(p, NULL, s->configure.frames[i].size);
    cal_pack_close(p);
    cali_channel_send_packed(&s->channel, (cal_header){.type = CAL_LOAD}, p);
    push_chunks(s);
}

static void send_welcome(cali_slot *s, bool is_resumed, uint64_t done)
{
    cal_packer *p = s->host->packer;
    cal_packer_clear(p);
    cal_pack_uint(p, "v", CAL_PROTOCOL_VERSION);
    cal_pack_text(p, "slot", s->name);
    cal_pack_uint(p, "beat_ms", s->host->def.beat_ms);
    cal_pack_uint(p, "liveness", s->host->def.liveness);
    cal_pack_uint(p, "hold_s", s->host->def.hold_s);
    cal_pack_open_map(p, "limits");
    cal_pack_uint(p, "frame", CAL_PROTOCOL_MAX_FRAME);
    cal_pack_uint(p, "message", CAL_PROTOCOL_MAX_MESSAGE);
    cal_pack_uint(p, "chunk", CAL_PROTOCOL_MAX_CHUNK);
    cal_pack_close(p);
    if (is_resumed)
        cal_pack_uint(p, "resume", done);
    cali_channel_send_packed(&s->channel, (cal_header){.type = CAL_WELCOME}, p);
}

void cali_slot_take(cali_slot *s, cal_wire *wire, const cal_peer *peer, const char *worker, const char *device, bool has_snapshots,
                    bool is_resumed, uint64_t done)
{
    if (s->phase == CALI_LIVE && !is_resumed)
        cali_slot_lose(s, "its link is silent, and another worker has come");
    cali_channel_open(&s->channel, wire, peer);
    cali_channel_heard(&s->channel, &(cal_header){.number = 1}); /* HELLO */
    s->is_suspect = false;
    if (is_resumed) {
        const bool is_draining = s->is_draining;
        s->facts.n_reconnected++;
        s->to_send = s->expected; /* what was sent and not answered is sent again */
        s->is_snapshot_asked = s->is_draining = false;
        send_welcome(s, true, done);
        cali_slot_feed(s);
        s->is_draining = is_draining;
        if (is_draining)
            cali_slot_ask_snapshot(s);
        return;
    }
    s->is_process = s->pid > 0 && wire == s->host->wires[0] && strcmp(worker, s->process) == 0;
    s->incarnation++;
    s->channel.session = s->host->session;
    s->channel.incarnation = s->incarnation;
    s->has_snapshots = has_snapshots;
    snprintf(s->worker, sizeof s->worker, "%s", worker);
    snprintf(s->device, sizeof s->device, "%s", device);
    s->phase = CALI_CONFIGURING;
    s->is_snapshot_asked = s->is_draining = false;
    send_welcome(s, false, 0);
    send_configure(s);
}

void cali_slot_lose(cali_slot *s, const char *why)
{
    if (s->phase == CALI_EMPTY || s->phase == CALI_SLOT_FAILED || s->phase == CALI_DONE)
        return;
    s->channel.wire = NULL;
    if (s->is_process && s->pid > 0)
        kill(s->pid, SIGKILL); /* it hangs, or is beyond trust; its end is noticed, and another one is started */
    s->phase = CALI_EMPTY;
    s->is_suspect = s->is_snapshot_asked = false;
    s->lost_s = cali_wall_s();
    s->facts.n_lost++;
    s->incoming.size = 0;
    cal_context_note(s->host->ctx, "%s: worker %s %s in window %llu; %s", s->name, s->worker, why,
                     (unsigned long long)s->expected,
                     s->when_lost == CAL_LOST_STOP                 ? "the run stops"
                     : s->is_local && s->when_lost == CAL_LOST_RESTART ? "it is started again"
                                                                   : "the run waits for another one");
    if (s->when_lost == CAL_LOST_STOP) {
        s->host->has_lost = true;
        cali_slot_fail(s, CAL_ERR_STATE, "E103", "its worker was lost, and when_lost is stop");
    }
}

/* One more worker is gone since the last window. False: too many are, and the slot has failed. */
static bool count_death(cali_slot *s, const char *code, const char *why)
{
    if (++s->n_deaths <= MOST_DEATHS || s->phase == CALI_SLOT_FAILED)
        return s->phase != CALI_SLOT_FAILED;
    char text[500];
    snprintf(text, sizeof text, "%d workers in a row were lost before one finished window %llu; the last one: %s", MOST_DEATHS + 1,
             (unsigned long long)s->expected, why);
    cali_slot_fail(s, CAL_ERR_STATE, code, text);
    return false;
}

/* Of a process of ours the death is counted when it has ended. */
static void give_up(cali_slot *s, const char *code, const char *why)
{
    const bool is_process = s->is_process;
    cali_slot_lose(s, why);
    if (!is_process)
        count_death(s, code, why);
}

void cali_slot_expel(cali_slot *s, const char *code, const char *text, uint64_t answers)
{
    char why[320];
    cali_channel_error(&s->channel, s->host->packer, code, "fatal", text, "", answers);
    snprintf(why, sizeof why, "broke the protocol: %s %s", code, text);
    give_up(s, code, why);
}

/* The process of a local worker has ended. */
static void bury(cali_slot *s, const char *how)
{
    if (s->is_process || s->phase == CALI_EMPTY)
        cali_slot_lose(s, how);
    s->is_process = false;
    if (s->phase != CALI_EMPTY || !count_death(s, "E103", how))
        return;
    if (s->when_lost == CAL_LOST_STOP)
        cali_slot_fail(s, CAL_ERR_STATE, "E103", "its worker ended, and when_lost is stop");
    else if (s->when_lost == CAL_LOST_RESTART && cali_process_start(s) != CAL_OK)
        cali_slot_fail(s, CAL_ERR_IO, "E103", cal_context_message(s->host->ctx));
}

void cali_slot_look_after(cali_slot *s, double now)
{
    char how[80];
    const cal_host_def *def = &s->host->def;
    if (cali_process_has_ended(s, how, sizeof how))
        bury(s, how);
    if (s->phase == CALI_EMPTY || s->phase == CALI_SLOT_FAILED || s->phase == CALI_DONE)
        return;
    if (s->channel.wire != NULL && 1e3 * (now - s->channel.sent_s) > def->beat_ms)
        cali_channel_ping(&s->channel, s->host->packer);
    const double silent_ms = 1e3 * (now - s->channel.heard_s);
    const bool is_silent = silent_ms > (double)def->beat_ms * def->liveness;
    if (is_silent && s->phase != CALI_LIVE)
        cali_slot_lose(s, "fell silent");
    else if (is_silent && !s->is_suspect) {
        s->is_suspect = true;
        cal_context_note(s->host->ctx, "%s: no sign of worker %s for %.1f s; its slot is kept for %u s", s->name, s->worker,
                         1e-3 * silent_ms, def->hold_s);
    }
    if (s->is_suspect && silent_ms > 1e3 * def->hold_s)
        cali_slot_lose(s, "did not come back");
}

/* ---- windows ---- */

cali_log_entry *cali_slot_find_entry(const cali_slot *s, uint64_t window)
{
    if (s->n_log == 0 || window < s->log[0].window || window - s->log[0].window >= s->n_log)
        return NULL;
    return &s->log[window - s->log[0].window];
}

void cali_slot_feed(cali_slot *s)
{
    if (s->phase != CALI_LIVE || s->channel.wire == NULL || s->is_draining)
        return;
    while (s->to_send < s->n_begun && s->to_send - s->expected < s->lag) {
        cali_log_entry *e = cali_slot_find_entry(s, s->to_send);
        if (e == NULL ||
            !cali_channel_send_kept(&s->channel, (cal_header){.type = CAL_STEP, .window = e->window, .has_window = true,
                                                              .digest = e->step.digest, .has_digest = true}, &e->step))
            return; /* the silence that follows brings the worker back */
        e->sent_s = s->channel.sent_s;
        s->facts.n_replayed += e->has_output;
        s->to_send++;
    }
}

static void drop_log(cali_slot *s)
{
    size_t n = 0;
    while (n < s->n_log && s->log[n].window < s->saved.window && s->log[n].window < s->n_finished)
        n++;
    for (size_t i = 0; i < n; i++) {
        s->log_bytes -= s->log[i].step.size;
        cali_kept_recycle(&s->pool, &s->log[i].step);
        cal_message_destroy(&s->log[i].output);
    }
    if (n == 0) /* perhaps there is none yet */
        return;
    memmove(s->log, s->log + n, (s->n_log - n) * sizeof *s->log);
    s->n_log -= n;
}

static void take_output(cali_slot *s, const cal_header *h, cal_message **m)
{
    cali_log_entry *e = cali_slot_find_entry(s, h->window);
    if (h->window < s->expected && (e == NULL || e->output_digest == h->digest))
        return; /* came twice */
    if (h->window > s->expected || s->to_send <= h->window || e == NULL) {
        char text[160];
        snprintf(text, sizeof text, "it answers window %llu and was asked for %llu", (unsigned long long)h->window,
                 (unsigned long long)s->expected);
        cali_slot_expel(s, "E304", text, h->number);
        return;
    }
    if (e->has_output && e->output_digest != h->digest) {
        char text[320];
        snprintf(text, sizeof text, "worker %s computed window %llu again, and differently; its model is not deterministic",
                 s->worker, (unsigned long long)h->window);
        cali_slot_fail(s, CAL_ERR_STATE, "E305", text);
        return;
    }
    /* a STEP that waits behind the window before is not on its way */
    const double now = cali_wall_s(), begin_s = e->sent_s > s->answered_s ? e->sent_s : s->answered_s;
    const double away_s = now - begin_s, compute_s = 1e-9 * (double)h->compute_ns;
    s->answered_s = now;
    s->facts.compute_s += compute_s;
    s->facts.link_s += away_s > compute_s ? away_s - compute_s : 0.0;
    if (!e->has_output) {
        e->has_output = s->has_worked = true;
        e->output_digest = h->digest;
        s->n_deaths = 0;
    }
    if (e->window >= s->n_finished && e->output == NULL) {
        e->output = *m;
        *m = NULL;
    }
    s->expected++;
    cali_slot_feed(s);
}

/* ---- snapshots ---- */

void cali_slot_ask_snapshot(cali_slot *s)
{
    if (s->phase != CALI_LIVE || s->is_snapshot_asked || !s->has_snapshots || s->channel.wire == NULL)
        return;
    cal_packer *p = s->host->packer;
    cal_packer_clear(p);
    s->incoming.number = s->saved.number + 1;
    s->incoming.size = 0;
    s->incoming.window = s->to_send;
    cal_pack_uint(p, "number", s->incoming.number);
    cal_pack_text(p, "kind", "portable");
    s->is_snapshot_asked = cali_channel_send_packed(
        &s->channel, (cal_header){.type = CAL_SNAPSHOT, .window = s->to_send, .has_window = true}, p);
}

static void acknowledge(cali_slot *s, uint64_t answers)
{
    cal_packer *p = s->host->packer;
    cal_packer_clear(p);
    cal_pack_uint(p, "number", s->incoming.number);
    cal_pack_uint(p, "received", s->incoming.size);
    cali_channel_send_packed(&s->channel, (cal_header){.type = CAL_ACK, .answers = answers}, p);
}

static void take_chunk(cali_slot *s, const cal_header *h, const cal_message *m)
{
    cal_reader r = {0};
    const cal_value *body = cal_message_body(m);
    const uint64_t number = cal_read_uint(&r, body, "number", 0, UINT64_MAX);
    const uint64_t offset = cal_read_uint(&r, body, "offset", 0, UINT64_MAX);
    const cal_array data = cal_read_array(&r, body, "data", CAL_U8);
    cali_saved *in = &s->incoming;
    if (cal_reader_is_broken(&r) || !s->is_snapshot_asked || number != in->number || offset != in->size || data.n == 0) {
        cali_slot_expel(s, "E401", "a chunk that does not follow the one before", h->number);
        return;
    }
    if ((double)(in->size + data.n) > s->host->most_state) {
        cali_slot_expel(s, "E106", "a snapshot that is larger than a quarter of the host's memory", h->number);
        return;
    }
    if (cali_reserve(s->host->ctx, in->size + data.n, 1, &in->bytes, &in->capacity) != CAL_OK) {
        cali_slot_fail(s, CAL_ERR_MEMORY, "E402", "no memory for a snapshot");
        return;
    }
    memcpy(in->bytes + in->size, data.data, data.n);
    in->size += data.n;
    acknowledge(s, h->number);
}

static void drain(cali_slot *s)
{
    cali_channel_bye(&s->channel, s->host->packer, "drain");
    cali_slot_lose(s, "was let go");
    s->facts.n_lost--;
    s->is_draining = false;
}

static void take_snapshot(cali_slot *s, const cal_header *h, const cal_message *m)
{
    cal_reader r = {0};
    const cal_value *body = cal_message_body(m);
    cali_saved *in = &s->incoming, before = s->saved;
    const uint64_t size = cal_read_uint(&r, body, "size", 1, UINT64_MAX);
    const char *sha256 = cal_read_text(&r, body, "sha256", false);
    char sum[CALI_DIGEST_SIZE] = "";
    if (!cal_reader_is_broken(&r))
        cali_digest_bytes(s->host->ctx, in->bytes, in->size, sum);
    if (cal_reader_is_broken(&r) || !s->is_snapshot_asked || size != in->size || strcmp(sha256, sum) != 0 ||
        h->window != in->window) {
        cali_slot_expel(s, "E401", "a snapshot of another window, or one whose sum is wrong", h->number);
        return;
    }
    in->how = CAL_RESTORE_CONTINUE;
    snprintf(in->sha256, sizeof in->sha256, "%s", sum);
    s->saved = *in;
    *in = (cali_saved){0};
    free(before.bytes);
    s->is_snapshot_asked = false;
    drop_log(s);
    if (s->is_draining)
        drain(s);
}

/* ---- sending in pieces: a snapshot, or CONFIGURE ---- */

typedef struct source {
    const char *bytes;
    size_t size;
    uint64_t number;
} source;

static source source_of(const cali_slot *s)
{
    if (s->phase == CALI_CONFIGURING)
        return (source){(const char *)s->configure.bytes, s->is_large ? s->configure.size : 0, LOAD_NUMBER};
    return (source){s->saved.bytes, s->saved.size, s->saved.number};
}

static void push_chunks(cali_slot *s)
{
    const source from = source_of(s);
    while (s->pieces_sent < from.size &&
           s->pieces_sent - s->pieces_acknowledged < (size_t)CHUNKS_IN_FLIGHT * CAL_PROTOCOL_MAX_CHUNK) {
        const size_t left = from.size - s->pieces_sent;
        const size_t n = left < CAL_PROTOCOL_MAX_CHUNK ? left : (size_t)CAL_PROTOCOL_MAX_CHUNK;
        cal_packer *p = s->host->packer;
        const cal_frame *frames = NULL;
        size_t n_frames = 0;
        cal_packer_clear(p);
        cal_pack_uint(p, "number", from.number);
        cal_pack_uint(p, "offset", s->pieces_sent);
        cal_pack_lent_array(p, "data", CAL_U8, 1, &n, from.bytes + s->pieces_sent);
        if (cal_packer_get(p, &frames, &n_frames) != CAL_OK ||
            !cali_channel_send(&s->channel,
                               (cal_header){.type = CAL_CHUNK, .digest = cal_frames_digest(frames, n_frames), .has_digest = true},
                               frames, n_frames))
            return;
        s->pieces_sent += n;
    }
}

/* ---- restoring ---- */

void cali_slot_restore(cali_slot *s)
{
    const cali_saved *saved = &s->saved;
    cal_packer *p = s->host->packer;
    s->phase = CALI_RESTORING;
    s->pieces_sent = s->pieces_acknowledged = 0;
    cal_packer_clear(p);
    cal_pack_uint(p, "number", saved->number);
    cal_pack_uint(p, "size", saved->size);
    cal_pack_text(p, "sha256", saved->sha256);
    cal_pack_bool(p, "begin", saved->how == CAL_RESTORE_BEGIN);
    cali_channel_send_packed(&s->channel, (cal_header){.type = CAL_RESTORE_STATE, .window = saved->window, .has_window = true}, p);
    push_chunks(s);
}

static void take_ack(cali_slot *s, const cal_message *m)
{
    cal_reader r = {0};
    if (cal_read_uint(&r, cal_message_body(m), "number", 0, UINT64_MAX) != source_of(s).number)
        return;
    s->pieces_acknowledged = (size_t)cal_read_uint(&r, cal_message_body(m), "received", 0, s->pieces_sent);
    if (cal_reader_is_broken(&r))
        cali_slot_expel(s, r.problem.code, r.problem.text, cal_message_header(m)->number);
    else
        push_chunks(s);
}

static void go_live(cali_slot *s)
{
    s->phase = CALI_LIVE;
    s->to_send = s->expected = s->saved.bytes != NULL ? s->saved.window : 0;
    cali_slot_feed(s);
}

static void take_restored(cali_slot *s, const cal_message *m)
{
    cal_reader r = {0};
    if (s->is_begin_awaited)
        cali_watches_read(s, &r, cal_value_find(cal_message_body(m), "watched"), (cal_time)s->saved.window * s->window);
    if (cal_reader_is_broken(&r)) {
        cali_slot_expel(s, r.problem.code, r.problem.text, cal_message_header(m)->number);
        return;
    }
    s->is_begin_awaited = false;
    go_live(s);
}

static void take_ready(cali_slot *s, const cal_message *m)
{
    cal_reader r = {0};
    const cal_value *body = cal_message_body(m);
    const char *digest = cal_read_text(&r, body, "digest", false), *model = cal_read_text(&r, body, "model", false);
    s->bytes = (double)cal_read_uint(&r, body, "memory_bytes", 0, UINT64_MAX);
    s->n_neurons = cal_read_uint(&r, body, "neurons", 0, UINT64_MAX);
    s->n_synapses = cal_read_uint(&r, body, "synapses", 0, UINT64_MAX);
    const int64_t step = cal_read_int(&r, body, "step_ns", 1, INT64_MAX);
    char text[320] = "";
    if (cal_reader_is_broken(&r) || strcmp(digest, s->digest) != 0)
        snprintf(text, sizeof text, "worker %s answers another CONFIGURE", s->worker);
    else if (step == 0 || s->window % step != 0)
        snprintf(text, sizeof text, "worker %s takes steps of %g ms, which do not divide the window", s->worker, cal_time_ms(step));
    else if (s->has_worked && strcmp(model, s->model_digest) != 0)
        snprintf(text, sizeof text, "worker %s makes another model of it than the worker before; use the same release", s->worker);
    if (text[0] != '\0') {
        cali_slot_fail(s, CAL_ERR_INPUT, step != 0 && s->window % step != 0 ? "E210" : "E211", text);
        return;
    }
    if (cali_watches_learn(s, &r, body) != CAL_OK) {
        cali_slot_fail(s, CAL_ERR_MEMORY, "E402", "no memory for recorded weights");
        return;
    }
    if (cal_reader_is_broken(&r)) {
        snprintf(text, sizeof text, "worker %.100s: %s", s->worker, r.problem.text);
        cali_slot_fail(s, CAL_ERR_INPUT, r.problem.code, text);
        return;
    }
    snprintf(s->model_digest, sizeof s->model_digest, "%s", model);
    if (s->saved.bytes != NULL)
        cali_slot_restore(s);
    else
        go_live(s);
}

/* ---- errors ---- */

static void take_error(cali_slot *s, const cal_message *m)
{
    static const struct {
        char code[8];
        cal_status status;
    } known[] = {{"E201", CAL_ERR_INPUT}, {"E202", CAL_ERR_INPUT}, {"E203", CAL_ERR_INPUT}, {"E210", CAL_ERR_INPUT},
                 {"E302", CAL_ERR_NUMERIC}, {"E402", CAL_ERR_MEMORY}};
    cal_reader r = {0};
    const cal_value *body = cal_message_body(m);
    const char *code = cal_read_text(&r, body, "code", false), *severity = cal_read_text(&r, body, "severity", false);
    const char *text = cal_read_text(&r, body, "text", false);
    if (cal_reader_is_broken(&r)) {
        cali_slot_expel(s, r.problem.code, r.problem.text, cal_message_header(m)->number);
        return;
    }
    if (strcmp(severity, "warn") == 0) {
        cal_context_note(s->host->ctx, "%s: worker %s: %s %s", s->name, s->worker, code, text);
        return;
    }
    if (strcmp(code, "E106") == 0) { /* what we sent did not arrive as it was: a link that changes bytes */
        char why[300];
        snprintf(why, sizeof why, "could not read a message: %.200s", text);
        give_up(s, code, why);
        return;
    }
    cal_status status = CAL_ERR_STATE;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].code, code) == 0)
            status = known[i].status;
    cali_slot_fail(s, status, code, text);
}

void cali_slot_handle(cali_slot *s, const cal_header *h, cal_message **m)
{
    if (h->type == CAL_BYE)
        cali_slot_lose(s, "said goodbye");
    else if (h->type == CAL_ERROR)
        take_error(s, *m);
    else if (h->type == CAL_READY && s->phase == CALI_CONFIGURING)
        take_ready(s, *m);
    else if (h->type == CAL_OUTPUT && s->phase == CALI_LIVE)
        take_output(s, h, m);
    else if (h->type == CAL_CHUNK && s->phase == CALI_LIVE)
        take_chunk(s, h, *m);
    else if (h->type == CAL_SNAPSHOT_DONE && s->phase == CALI_LIVE)
        take_snapshot(s, h, *m);
    else if (h->type == CAL_ACK && (s->phase == CALI_RESTORING || s->phase == CALI_CONFIGURING))
        take_ack(s, *m);
    else if (h->type == CAL_RESTORED && s->phase == CALI_RESTORING)
        take_restored(s, *m);
    else
        cali_channel_error(&s->channel, s->host->packer, "E104", "warn", "this message is not allowed in the present state", "",
                           h->number);
    if (s->phase == CALI_LIVE && s->has_snapshots && !s->is_snapshot_asked &&
        (s->n_log >= s->host->def.snapshot_windows || s->log_bytes > LOG_BYTES) && s->expected > s->saved.window)
        cali_slot_ask_snapshot(s);
}

void cali_slot_free(cali_slot *s)
{
    for (size_t i = 0; i < s->n_log; i++) {
        cali_kept_free(&s->log[i].step);
        cal_message_destroy(&s->log[i].output);
    }
    for (size_t i = 0; s->texts != NULL && i < 2 * s->n_ports; i++)
        free(s->texts[i]);
    for (size_t i = 0; s->samples != NULL && i < s->n_samplers; i++)
        free(s->samples[i]);
    cali_kept_pool_free(&s->pool);
    cali_kept_free(&s->configure);
    free(s->log);
    free(s->saved.bytes);
    free(s->incoming.bytes);
    free(s->samples);
    free(s->sample_rows);
    free(s->sample_columns);
    free(s->sample_every);
    free(s->sample_capacity);
    free(s->spike_times);
    free(s->spike_populations);
    free(s->spike_ids);
    cali_watches_free(s);
    free(s->n_neurons_of);
    free(s->texts);
    free(s->ports);
    free(s->model);
    free(s->name);
    free(s);
}
