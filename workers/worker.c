#include "workers/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/context.h"
#include "base/memory.h"

static const double SLICE_S = 0.05;     /* between looks at what else may have happened */
static const double HELLO_WAIT_S = 3.0; /* for the answer to HELLO */

bool cali_worker_is_stopped(const cali_worker *w)
{
    if (w->def->parent != 0 && (int64_t)getppid() != w->def->parent)
        return true; /* nobody is left to work for */
    return w->def->is_stopped != NULL && w->def->is_stopped(w->def->user);
}

/* ---- receiving; with the lock held ---- */

static void take(cali_worker *w, cal_frames *frames)
{
    cal_header header = {0};
    cal_problem problem = {0};
    const cal_limits *limits = w->is_welcome ? &cal_limits_open : &cal_limits_greeting;
    cal_message *m = cal_message_read(frames, limits, &header, &problem);
    const bool is_next = cali_channel_heard(&w->channel, &header);
    /* what demands too much of this release is not done, and that is all */
    const bool is_beyond = m == NULL && is_next && strcmp(problem.code, "E105") == 0;
    if (m == NULL)
        cali_channel_error(&w->channel, w->packer, problem.code, is_beyond ? "window" : "fatal", problem.text, "", header.number);
    if (is_beyond)
        return;
    if (m == NULL || !is_next || w->n_inbox == CALI_INBOX) {
        w->is_cut = true;
        cal_message_destroy(&m);
        return;
    }
    w->is_welcome = w->is_welcome || header.type == CAL_WELCOME; /* CONFIGURE follows at once, and may be large */
    if (header.type == CAL_PING)
        cali_channel_pong(&w->channel, w->packer, m);
    if (header.type == CAL_PING || header.type == CAL_PONG)
        cal_message_destroy(&m);
    else
        w->inbox[w->n_inbox++] = m;
}

static void pump(cali_worker *w)
{
    cal_frames frames;
    cal_peer from;
    /* the link first: what came before its end is still to be read, a BYE for example */
    const bool has_ended = w->wire != NULL && cal_wire_get_link(w->wire) > CAL_LINK_UP;
    while (w->wire != NULL && !w->is_cut && cal_wire_receive(w->wire, &from, &frames))
        take(w, &frames);
    const double now = cali_wall_s();
    w->is_cut = w->is_cut || has_ended;
    if (w->state == CALI_OFFERED || w->is_cut)
        return;
    if (now - w->channel.sent_s > w->beat_s)
        cali_channel_ping(&w->channel, w->packer);
    w->is_cut = now - w->channel.heard_s > w->beat_s * w->liveness;
}

static void *beat(void *arg)
{
    cali_worker *w = arg;
    for (;;) {
        const struct timespec pause = {0, 100 * 1000 * 1000};
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&w->lock);
        const bool is_ending = w->is_ending;
        if (!is_ending)
            pump(w);
        pthread_mutex_unlock(&w->lock);
        if (is_ending)
            return NULL;
    }
}

static cal_message *pick(cali_worker *w, unsigned only)
{
    for (size_t i = 0; i < w->n_inbox; i++) {
        cal_message *m = w->inbox[i];
        const unsigned type = cal_message_header(m)->type;
        if (only != 0 && type != only && type != CAL_ERROR && type != CAL_BYE)
            continue;
        memmove(w->inbox + i, w->inbox + i + 1, (--w->n_inbox - i) * sizeof *w->inbox);
        return m;
    }
    return NULL;
}

cal_message *cali_worker_next(cali_worker *w, double wait_s, unsigned only)
{
    const double end = cali_wall_s() + wait_s;
    cal_message *m = NULL;
    for (bool is_over = false; m == NULL && !is_over;) {
        pthread_mutex_lock(&w->lock);
        m = pick(w, only);
        if (m == NULL) {
            pump(w);
            m = pick(w, only);
        }
        is_over = w->is_cut || w->wire == NULL || cali_wall_s() >= end;
        if (m == NULL && !is_over)
            cal_wire_wait(&w->wire, 1, (int)(1e3 * SLICE_S));
        pthread_mutex_unlock(&w->lock);
        is_over = is_over || cali_worker_is_stopped(w);
    }
    return m;
}

void cali_worker_put_back(cali_worker *w, cal_message **m)
{
    pthread_mutex_lock(&w->lock);
    if (w->n_inbox < CALI_INBOX) {
        memmove(w->inbox + 1, w->inbox, w->n_inbox++ * sizeof *w->inbox);
        w->inbox[0] = *m;
        *m = NULL;
    }
    pthread_mutex_unlock(&w->lock);
}

/* ---- sending ---- */

void cali_worker_send(cali_worker *w, cal_header header, const cal_frame *frames, size_t n)
{
    pthread_mutex_lock(&w->lock);
    const bool is_sent = frames == NULL ? cali_channel_send_packed(&w->channel, header, w->packer)
                                        : cali_channel_send(&w->channel, header, frames, n);
    w->is_cut = w->is_cut || !is_sent;
    pthread_mutex_unlock(&w->lock);
}

void cali_worker_send_kept(cali_worker *w, cal_header header, const cali_kept *kept)
{
    pthread_mutex_lock(&w->lock);
    const bool is_sent = cali_channel_send_kept(&w->channel, header, kept);
    w->is_cut = w->is_cut || !is_sent;
    pthread_mutex_unlock(&w->lock);
}

void cali_worker_error(cali_worker *w, const char *code, const char *severity, const char *text, uint64_t answers)
{
    pthread_mutex_lock(&w->lock);
    cali_channel_error(&w->channel, w->packer, code, severity, text, "", answers);
    pthread_mutex_unlock(&w->lock);
}

void cali_worker_fail(cali_worker *w, uint64_t answers)
{
    const char *message = cal_context_message(w->ctx);
    char code[8] = "E301";
    if (message[0] == 'E' && strlen(message) > 4 && message[4] == ' ')
        snprintf(code, sizeof code, "%.4s", message);
    w->state = CALI_FAILED;
    cali_worker_error(w, code, "fatal", message, answers);
    cal_context_clear(w->ctx);
}

/* ---- the link ---- */

static void clear_inbox(cali_worker *w)
{
    for (size_t i = 0; i < w->n_inbox; i++)
        cal_message_destroy(&w->inbox[i]);
    w->n_inbox = 0;
}

static void disconnect(cali_worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->link = w->wire != NULL ? cal_wire_get_link(w->wire) : CAL_LINK_NOBODY;
    cal_wire_close(&w->wire);
    w->channel.wire = NULL;
    clear_inbox(w);
    pthread_mutex_unlock(&w->lock);
}

static void pack_hello(cali_worker *w)
{
    cal_packer *p = w->packer;
    cal_packer_clear(p);
    cal_pack_uint(p, "min", 1);
    cal_pack_uint(p, "max", CAL_PROTOCOL_VERSION);
    cal_pack_text(p, "name", w->def->name);
    cal_pack_text(p, "version", CAL_VERSION);
    cal_pack_text(p, "language", "C");
    if (w->def->slot != NULL)
        cal_pack_text(p, "slot", w->def->slot);
    cal_pack_open_map(p, "caps");
    cal_pack_open_list(p, "models");
    for (size_t i = 0; i < w->def->n_models; i++)
        cal_pack_text(p, NULL, w->def->models[i]->name);
    cal_pack_close(p);
    cal_pack_open_list(p, "ports");
    static const char *const kinds[] = {"rate", "current", "voltage", "conductance", "spikes"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        cal_pack_text(p, NULL, kinds[i]);
    cal_pack_close(p);
    cal_pack_open_map(p, "step_ns");
    cal_pack_uint(p, "min", 1);
    cal_pack_uint(p, "max", UINT32_MAX);
    cal_pack_close(p);
    cal_pack_text(p, "snapshot", "portable");
    cal_pack_bool(p, "deterministic", true);
    cal_pack_bool(p, "async_ping", true);
    cal_pack_text(p, "device", "CPU");
    cal_pack_uint(p, "load_bytes", (uint64_t)cali_worker_load_limit(w));
    cal_pack_uint(p, "memory_bytes", (uint64_t)cali_memory_limit());
    cal_pack_close(p);
    if (w->has_service) {
        cal_pack_open_map(p, "resume");
        cal_pack_uint(p, "s", w->channel.session);
        cal_pack_uint(p, "e", w->channel.incarnation);
        cal_pack_uint(p, "k", w->service.next);
        cal_pack_text(p, "model", w->service.sub.digest);
        cal_pack_close(p);
    }
}

static cal_status connect_host(cali_worker *w)
{
    const cal_wire_def def = {.endpoint = w->def->endpoint, .keys = w->def->keys, .host_key = w->def->host_key,
                              .is_insecure = w->def->is_insecure};
    cal_wire *wire = NULL;
    CAL_TRY(cal_hub_open(w->hub, &def, &wire));
    pthread_mutex_lock(&w->lock);
    const uint64_t session = w->channel.session;
    const uint32_t incarnation = w->channel.incarnation;
    pack_hello(w);
    w->wire = wire;
    w->is_cut = w->is_welcome = false;
    w->state = CALI_OFFERED;
    cali_channel_open(&w->channel, wire, NULL);
    w->channel.session = w->channel.incarnation = 0;
    cali_channel_send_packed(&w->channel, (cal_header){.type = CAL_HELLO}, w->packer);
    w->channel.session = session;
    w->channel.incarnation = incarnation;
    pthread_mutex_unlock(&w->lock);
    return CAL_OK;
}

/* WELCOME: the worker goes on with what it has, or waits for CONFIGURE. */
static void welcome(cali_worker *w, const cal_message *m, cali_worker_state resumed)
{
    cal_reader r = {0};
    const cal_value *body = cal_message_body(m);
    const bool is_resumed = cal_value_find(body, "resume") != NULL;
    const uint64_t beat_ms = cal_read_uint(&r, body, "beat_ms", 10, 3600000);
    const uint64_t liveness = cal_read_uint(&r, body, "liveness", 1, 1000);
    const uint64_t hold_s = cal_read_uint(&r, body, "hold_s", 0, UINT32_MAX);
    const char *slot = cal_read_text(&r, body, "slot", false);
    if (cal_reader_is_broken(&r)) {
        cali_worker_error(w, r.problem.code, "fatal", r.problem.text, cal_message_header(m)->number);
        w->is_cut = true;
        return;
    }
    snprintf(w->slot, sizeof w->slot, "%s", slot);
    if (!is_resumed)
        cali_service_end(w);
    pthread_mutex_lock(&w->lock);
    w->beat_s = 1e-3 * (double)beat_ms;
    w->liveness = (unsigned)liveness;
    w->hold_s = (double)hold_s;
    w->channel.session = cal_message_header(m)->session;
    w->channel.incarnation = cal_message_header(m)->incarnation;
    w->state = is_resumed && w->has_service ? resumed : CALI_WELCOMED;
    pthread_mutex_unlock(&w->lock);
    if (!w->def->is_once || is_resumed)
        cal_context_note(w->ctx, "%s %s of the host at %s", is_resumed ? "again with" : "serves", w->slot, w->def->endpoint);
}

typedef enum greeting { GREETED, UNANSWERED, REFUSED_NOW, REFUSED_FOR_GOOD } greeting;

static greeting greet(cali_worker *w)
{
    const cali_worker_state before = w->state;
    if (connect_host(w) != CAL_OK)
        return REFUSED_FOR_GOOD;
    cal_message *m = cali_worker_next(w, HELLO_WAIT_S, 0);
    greeting result = UNANSWERED;
    if (m != NULL && cal_message_header(m)->type == CAL_WELCOME) {
        welcome(w, m, before);
        result = GREETED;
    } else if (m != NULL && cal_message_header(m)->type == CAL_REFUSE) {
        cal_reader r = {0};
        const cal_value *body = cal_message_body(m);
        const char *code = cal_read_text(&r, body, "code", false), *text = cal_read_text(&r, body, "text", false);
        const bool is_for_good = !cal_read_bool(&r, body, "retry");
        result = is_for_good && !cal_reader_is_broken(&r) ? REFUSED_FOR_GOOD : REFUSED_NOW;
        if (result == REFUSED_FOR_GOOD)
            CAL_FAIL(w->ctx, CAL_ERR_INPUT, "%s the host at %s refuses: %s", code, w->def->endpoint, text);
    }
    cal_message_destroy(&m);
    if (result != GREETED) {
        disconnect(w);
        w->state = before;
    }
    return result;
}

/* From WELCOME to BYE (true) or a cut link (false). */
static bool serve(cali_worker *w)
{
    for (;;) {
        cal_message *m = cali_worker_next(w, 3600.0, 0);
        if (m == NULL && (w->is_cut || cali_worker_is_stopped(w)))
            return false;
        const bool goes_on = m == NULL || cali_worker_handle(w, m);
        cal_message_destroy(&m);
        if (!goes_on)
            return true;
    }
}

static void rest(const cali_worker *w, double wait_s)
{
    for (const double end = cali_wall_s() + wait_s; cali_wall_s() < end && !cali_worker_is_stopped(w);) {
        const struct timespec pause = {0, 50 * 1000 * 1000};
        nanosleep(&pause, NULL);
    }
}

/* Says once why nobody answers, where that is known. */
static bool tell_why(const cali_worker *w, double silent_s)
{
    const cal_key_pair *keys = w->def->keys;
    switch (w->link) {
    case CAL_LINK_REFUSED:
        cal_context_note(w->ctx, "E102 the host at %s does not know the key of this worker. There: callosum keys allow %s '%s'",
                         w->def->endpoint, w->def->name, keys == NULL ? "" : keys->public_key);
        return true;
    case CAL_LINK_UNTRUSTED:
        cal_context_note(w->ctx, "E102 what listens at %s has not the key %s, or speaks %s", w->def->endpoint,
                         w->def->host_key == NULL ? "" : w->def->host_key, keys == NULL ? "CURVE only" : "no CURVE");
        return true;
    default:
        if (silent_s < 8.0)
            return false;
        cal_context_note(w->ctx, "no host at %s yet; trying again", w->def->endpoint);
        return true;
    }
}

/* Waits grow from half a second to thirty, with a jitter that keeps many workers from coming at once. */
static double next_wait(const cali_worker *w, double wait_s)
{
    const double most = w->def->is_once ? 2.0 : 30.0, jitter = 0.9 + 0.2 * (double)(getpid() % 17) / 16.0;
    return wait_s * 2.0 * jitter < most ? wait_s * 2.0 * jitter : most;
}

static cal_status attend(cali_worker *w)
{
    double wait_s = 0.5, answered = cali_wall_s();
    bool is_told = false;
    while (!cali_worker_is_stopped(w)) {
        const greeting g = greet(w);
        if (g == REFUSED_FOR_GOOD)
            return cal_context_status(w->ctx);
        if (g == GREETED) {
            const bool is_done = serve(w);
            disconnect(w);
            wait_s = 0.5;
            answered = cali_wall_s();
            is_told = false;
            if (is_done)
                cali_service_end(w);
            if (is_done && (w->def->is_once || w->is_drained))
                return CAL_OK;
            if (!is_done && !cali_worker_is_stopped(w))
                cal_context_note(w->ctx, "no sign of the host at %s: trying again", w->def->endpoint);
            rest(w, wait_s);
            continue;
        }
        const double silent_s = cali_wall_s() - answered;
        if (w->has_service && silent_s > w->hold_s)
            cali_service_end(w);
        if (!is_told && tell_why(w, silent_s))
            is_told = true;
        if (w->def->give_up_s > 0 && silent_s > w->def->give_up_s && !w->has_service)
            return CAL_FAIL(w->ctx, CAL_ERR_IO, "no host answered at %s for %u s", w->def->endpoint, w->def->give_up_s);
        rest(w, wait_s);
        wait_s = next_wait(w, wait_s);
    }
    return CAL_OK;
}

cal_status cal_worker_run(cal_context *ctx, const cal_worker_def *def)
{
    static const cal_worker_model *const ours[] = {&cal_worker_network};
    cal_worker_def mine = *def;
    if (mine.models == NULL) {
        mine.models = ours;
        mine.n_models = 1;
    }
    cali_worker w = {.ctx = ctx, .def = &mine, .beat_s = 1.0, .liveness = 5, .hold_s = 300.0};
    pthread_mutex_init(&w.lock, NULL);
    cal_status status = cal_hub_create(ctx, NULL, &w.hub);
    if (status == CAL_OK)
        status = cal_packer_create(ctx, &w.packer);
    if (status == CAL_OK)
        status = cal_packer_create(ctx, &w.outputs);
    if (status == CAL_OK)
        w.has_beats = pthread_create(&w.beats, NULL, beat, &w) == 0;
    if (status == CAL_OK)
        status = w.has_beats ? attend(&w) : CAL_FAIL(ctx, CAL_ERR_MEMORY, "no thread for the beats");
    pthread_mutex_lock(&w.lock);
    if (w.wire != NULL && cali_worker_is_stopped(&w))
        cali_channel_bye(&w.channel, w.packer, "user");
    w.is_ending = true;
    pthread_mutex_unlock(&w.lock);
    if (w.has_beats)
        pthread_join(w.beats, NULL);
    cali_service_end(&w);
    disconnect(&w);
    cal_packer_destroy(&w.packer);
    cal_packer_destroy(&w.outputs);
    cal_hub_destroy(&w.hub);
    pthread_mutex_destroy(&w.lock);
    return status;
}
