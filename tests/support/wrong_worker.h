/* A worker of few lines, in a thread: what it computes is a sum of its inputs, and with a switch it does one thing wrong. */
#ifndef CALI_TESTS_WRONG_WORKER_H
#define CALI_TESTS_WRONG_WORKER_H

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/digest.h"
#include "workers/channel.h"

typedef enum cali_wrong {
    WRONG_NOTHING,
    WRONG_ANSWERS_ANEW,   /* a window that comes again is computed again */
    WRONG_TAKES_OTHER,    /* the same window with other content gets the kept answer */
    WRONG_IGNORES_SKIP,   /* any window is taken for the next */
    WRONG_TAKES_NAN,
    WRONG_READY_DIGEST,
    WRONG_OUTPUT_DIGEST,
    WRONG_NO_PONG,
    WRONG_LOSES_STATE,    /* RESTORED, and the state is as it was */
    WRONG_TAKES_BROKEN,   /* snapshots are not checked */
    WRONG_FORGETS_LINK,   /* HELLO never has `resume` */
    WRONG_TAKES_UNIT,
    WRONG_IS_RANDOM,
    WRONG_DIES            /* the first window ends it; it comes again as another process would */
} cali_wrong;

typedef struct cali_wrong_worker {
    cal_context *ctx;
    const char *endpoint;
    cali_wrong wrong;
    atomic_bool is_stopped;
    pthread_t thread;

    cal_hub *hub;
    cal_wire *wire;
    cal_packer *packer;
    cali_channel channel;
    bool is_open, is_cut, is_done, has_service;
    double beat_s, silence_s;
    uint64_t n_draws;

    double sum; /* the whole state */
    uint64_t next;
    cal_time window;
    uint32_t steps[3]; /* digests of the kept ones */
    cali_kept kept[3];
    double state; /* that is being received */
    uint64_t state_number, state_asked, state_window;
    char state_sha256[80];
} cali_wrong_worker;

static inline void cali_wrong_error(cali_wrong_worker *w, const char *code, const char *severity, uint64_t answers)
{
    cali_channel_error(&w->channel, w->packer, code, severity, "no", "", answers);
}

static inline void cali_wrong_hello(cali_wrong_worker *w)
{
    cal_packer *p = w->packer;
    cal_packer_clear(p);
    cal_pack_uint(p, "min", 1);
    cal_pack_uint(p, "max", 1);
    cal_pack_text(p, "name", "wrong");
    cal_pack_text(p, "version", "1");
    cal_pack_text(p, "language", "C");
    cal_pack_open_map(p, "caps");
    cal_pack_open_list(p, "models");
    cal_pack_text(p, NULL, "sum");
    cal_pack_close(p);
    cal_pack_open_list(p, "ports");
    cal_pack_text(p, NULL, "rate");
    cal_pack_close(p);
    cal_pack_open_map(p, "step_ns");
    cal_pack_uint(p, "min", 1);
    cal_pack_uint(p, "max", 1000000);
    cal_pack_close(p);
    cal_pack_text(p, "snapshot", "portable");
    cal_pack_bool(p, "deterministic", true);
    cal_pack_bool(p, "async_ping", false);
    cal_pack_text(p, "device", "cpu");
    cal_pack_close(p);
    if (w->has_service && w->wrong != WRONG_FORGETS_LINK) {
        cal_pack_open_map(p, "resume");
        cal_pack_uint(p, "s", w->channel.session);
        cal_pack_uint(p, "e", w->channel.incarnation);
        cal_pack_uint(p, "k", w->next);
        cal_pack_text(p, "model", "sum 1");
        cal_pack_close(p);
    }
    const uint64_t session = w->channel.session;
    const uint32_t incarnation = w->channel.incarnation;
    cali_channel_open(&w->channel, w->wire, NULL);
    w->channel.session = w->channel.incarnation = 0;
    cali_channel_send_packed(&w->channel, (cal_header){.type = CAL_HELLO}, p);
    w->channel.session = session;
    w->channel.incarnation = incarnation;
}

static inline void cali_wrong_welcome(cali_wrong_worker *w, const cal_header *h, const cal_value *body)
{
    cal_reader r = {0};
    w->channel.session = h->session;
    w->channel.incarnation = h->incarnation;
    w->beat_s = 1e-3 * (double)cal_read_uint(&r, body, "beat_ms", 1, UINT32_MAX);
    w->silence_s = w->beat_s * (double)cal_read_uint(&r, body, "liveness", 1, 1000);
    if (cal_value_find(body, "resume") == NULL)
        w->has_service = false;
    w->is_open = true;
}

static inline const char *cali_wrong_refusal(const cali_wrong_worker *w, const cal_value *body)
{
    cal_reader r = {0};
    const cal_value *model = cal_value_find(body, "model"), *network = cal_value_find(model, "network");
    if (strcmp(cal_read_text(&r, model, "name", false), "sum") != 0)
        return "E201";
    if (cal_value_n(model) != 3)
        return "E203";
    if (w->wrong != WRONG_TAKES_UNIT &&
        strcmp(cal_read_text(&r, cal_value_at(cal_value_find(body, "ports"), 0), "unit", false), "Hz") != 0)
        return "E202";
    return w->window % cal_read_int(&r, network, "dt_ns", 1, INT64_MAX) != 0 ? "E210" : NULL;
}

static inline void cali_wrong_configure(cali_wrong_worker *w, const cal_header *h, const cal_value *body)
{
    cal_reader r = {0};
    w->window = cal_read_int(&r, body, "window_ns", 1, INT64_MAX);
    const char *code = cali_wrong_refusal(w, body);
    if (code != NULL) {
        cali_wrong_error(w, code, "window", h->number);
        return;
    }
    cal_packer_clear(w->packer);
    cal_pack_text(w->packer, "digest", w->wrong == WRONG_READY_DIGEST ? "?" : cal_read_text(&r, body, "digest", false));
    cal_pack_uint(w->packer, "step_ns", 100000);
    cal_pack_uint(w->packer, "memory_bytes", 0);
    cal_pack_uint(w->packer, "neurons", 0);
    cal_pack_uint(w->packer, "synapses", 0);
    cal_pack_text(w->packer, "model", "sum 1");
    cali_channel_send_packed(&w->channel, (cal_header){.type = CAL_READY, .answers = h->number}, w->packer);
    w->has_service = true;
    w->sum = 0.0;
    w->next = 0;
}

static inline void cali_wrong_answer(cali_wrong_worker *w, const cal_header *h)
{
    const cali_kept *k = &w->kept[h->window % 3];
    const uint32_t damage = w->wrong == WRONG_OUTPUT_DIGEST;
    cali_channel_send(&w->channel, (cal_header){.type = CAL_OUTPUT, .answers = h->number, .window = h->window, .has_window = true,
                                                .digest = cal_frames_digest(k->frames, k->n) ^ damage, .has_digest = true},
                      k->frames, k->n);
}

static inline void cali_wrong_compute(cali_wrong_worker *w, const cal_header *h, const cal_value *body)
{
    cal_reader r = {0};
    double in[2], out[5];
    const size_t dims[] = {1, 5};
    const cal_array a = cal_read_array(&r, cal_value_find(body, "in"), "poisson.E", CAL_F64);
    memcpy(in, a.data, sizeof in);
    if (w->wrong != WRONG_TAKES_NAN && !(isfinite(in[0]) && isfinite(in[1]))) {
        cali_wrong_error(w, "E302", "window", h->number);
        return;
    }
    w->sum += isfinite(in[0]) ? in[0] + 2.0 * in[1] : 0.0;
    if (w->wrong == WRONG_IS_RANDOM)
        w->sum += (double)++w->n_draws;
    for (int i = 0; i < 5; i++)
        out[i] = w->sum + i;
    cal_packer_clear(w->packer);
    cal_pack_int(w->packer, "t0_ns", cal_read_int(&r, body, "t0_ns", 0, INT64_MAX));
    cal_pack_int(w->packer, "t1_ns", cal_read_int(&r, body, "t1_ns", 0, INT64_MAX));
    cal_pack_open_map(w->packer, "out");
    cal_pack_array(w->packer, "rate.E", CAL_F64, 2, dims, out);
    cal_pack_close(w->packer);
    cali_kept_free(&w->kept[h->window % 3]);
    cali_kept_take(w->ctx, w->packer, NULL, &w->kept[h->window % 3]);
    w->steps[h->window % 3] = h->digest;
    w->next = h->window < w->next ? w->next : h->window + 1;
    cali_wrong_answer(w, h);
}

static inline void cali_wrong_step(cali_wrong_worker *w, const cal_header *h, const cal_value *body)
{
    const bool is_kept = h->window < w->next && w->next - h->window <= 3;
    if (w->wrong == WRONG_DIES) {
        w->has_service = false;
        w->is_cut = true;
    } else if (h->window == w->next || (is_kept && w->wrong == WRONG_ANSWERS_ANEW && w->steps[h->window % 3] == h->digest) ||
               (h->window > w->next && w->wrong == WRONG_IGNORES_SKIP)) {
        cali_wrong_compute(w, h, body);
    } else if (is_kept && w->steps[h->window % 3] != h->digest && w->wrong != WRONG_TAKES_OTHER) {
        cali_wrong_error(w, "E303", "window", h->number);
    } else if (is_kept) {
        cali_wrong_answer(w, h);
    } else {
        cali_wrong_error(w, "E304", "window", h->number);
    }
}

static inline void cali_wrong_snapshot(cali_wrong_worker *w, const cal_header *h, const cal_value *body)
{
    cal_reader r = {0};
    const cal_frame *frames = NULL;
    size_t n = 0;
    char sha256[CALI_DIGEST_SIZE];
    const uint64_t number = cal_read_uint(&r, body, "number", 0, UINT64_MAX);
    cal_packer_clear(w->packer);
    cal_pack_uint(w->packer, "number", number);
    cal_pack_uint(w->packer, "offset", 0);
    cal_pack_vector(w->packer, "data", CAL_U8, sizeof w->sum, &w->sum);
    cal_packer_get(w->packer, &frames, &n);
    cali_channel_send(&w->channel, (cal_header){.type = CAL_CHUNK, .answers = h->number, .digest = cal_frames_digest(frames, n),
                                                .has_digest = true}, frames, n);
    cali_digest_bytes(w->ctx, &w->sum, sizeof w->sum, sha256);
    cal_packer_clear(w->packer);
    cal_pack_uint(w->packer, "number", number);
    cal_pack_uint(w->packer, "size", sizeof w->sum);
    cal_pack_text(w->packer, "sha256", sha256);
    cal_pack_text(w->packer, "model", "sum 1");
    cali_channel_send_packed(&w->channel, (cal_header){.type = CAL_SNAPSHOT_DONE, .answers = h->number, .window = w->next,
                                                       .has_window = true}, w->packer);
}

static inline void cali_wrong_chunk(cali_wrong_worker *w, const cal_header *h, const cal_value *body)
{
    cal_reader r = {0};
    char sha256[CALI_DIGEST_SIZE];
    cal_read_vector(&r, body, "data", CAL_U8, sizeof w->state, &w->state);
    cal_packer_clear(w->packer);
    cal_pack_uint(w->packer, "number", w->state_number);
    cal_pack_uint(w->packer, "received", sizeof w->state);
    cali_channel_send_packed(&w->channel, (cal_header){.type = CAL_ACK, .answers = h->number}, w->packer);
    cali_digest_bytes(w->ctx, &w->state, sizeof w->state, sha256);
    if (strcmp(sha256, w->state_sha256) != 0 && w->wrong != WRONG_TAKES_BROKEN) {
        cali_wrong_error(w, "E401", "window", w->state_asked);
        return;
    }
    if (w->wrong != WRONG_LOSES_STATE)
        w->sum = w->state;
    w->next = w->state_window;
    cal_packer_clear(w->packer);
    cal_pack_uint(w->packer, "number", w->state_number);
    cali_channel_send_packed(&w->channel, (cal_header){.type = CAL_RESTORED, .answers = w->state_asked, .window = w->next,
                                                       .has_window = true}, w->packer);
}

static inline void cali_wrong_query(cali_wrong_worker *w, const cal_header *h)
{
    cal_packer_clear(w->packer);
    cal_pack_open_map(w->packer, "values");
    cal_pack_uint(w->packer, "windows", w->next);
    cal_pack_close(w->packer);
    cali_channel_send_packed(&w->channel, (cal_header){.type = CAL_ANSWER, .answers = h->number}, w->packer);
}

static inline void cali_wrong_handle(cali_wrong_worker *w, const cal_message *m)
{
    cal_reader r = {0};
    const cal_header *h = cal_message_header(m);
    const cal_value *body = cal_message_body(m);
    const bool is_ours = h->session == w->channel.session && h->incarnation == w->channel.incarnation;
    if (h->type == CAL_WELCOME) {
        cali_wrong_welcome(w, h, body);
    } else if (h->type == CAL_REFUSE) {
        w->is_cut = true;
        w->is_done = !cal_read_bool(&r, body, "retry");
    } else if (!is_ours || cal_message_name(h->type) == NULL || h->type == CAL_PONG) {
        return;
    } else if (h->type == CAL_PING) {
        if (w->wrong != WRONG_NO_PONG)
            cali_channel_pong(&w->channel, w->packer, m);
    } else if (h->type == CAL_BYE) {
        w->is_cut = true;
        w->has_service = false;
    } else if (h->type == CAL_CONFIGURE && !w->has_service) {
        cali_wrong_configure(w, h, body);
    } else if (!w->has_service) {
        cali_wrong_error(w, "E104", "warn", h->number);
    } else if (h->type == CAL_STEP) {
        cali_wrong_step(w, h, body);
    } else if (h->type == CAL_SNAPSHOT) {
        cali_wrong_snapshot(w, h, body);
    } else if (h->type == CAL_RESTORE_STATE) {
        w->state_number = cal_read_uint(&r, body, "number", 0, UINT64_MAX);
        w->state_asked = h->number;
        w->state_window = h->window;
        snprintf(w->state_sha256, sizeof w->state_sha256, "%s", cal_read_text(&r, body, "sha256", false));
    } else if (h->type == CAL_CHUNK) {
        cali_wrong_chunk(w, h, body);
    } else if (h->type == CAL_QUERY) {
        cali_wrong_query(w, h);
    }
}

static inline void cali_wrong_take(cali_wrong_worker *w, cal_frames *frames)
{
    cal_header h;
    cal_problem problem;
    cal_message *m = cal_message_read(frames, &cal_limits_open, &h, &problem);
    const bool is_next = cali_channel_heard(&w->channel, &h), is_beyond = m == NULL && strcmp(problem.code, "E105") == 0;
    if (m == NULL)
        cali_wrong_error(w, problem.code, is_beyond ? "window" : "fatal", h.number);
    w->is_cut = (m == NULL && !is_beyond) || !is_next;
    if (m != NULL && is_next)
        cali_wrong_handle(w, m);
    cal_message_destroy(&m);
}

/* One connection, from HELLO to its end. */
static inline void cali_wrong_serve(cali_wrong_worker *w)
{
    const cal_wire_def def = {.endpoint = w->endpoint};
    w->is_open = w->is_cut = false;
    w->silence_s = 2.0;
    if (cal_hub_open(w->hub, &def, &w->wire) != CAL_OK) {
        cal_context_clear(w->ctx);
        return;
    }
    cali_wrong_hello(w);
    while (!w->is_cut && !atomic_load(&w->is_stopped)) {
        cal_frames frames;
        cal_peer from;
        cal_wire_wait(&w->wire, 1, 20);
        while (!w->is_cut && cal_wire_receive(w->wire, &from, &frames))
            cali_wrong_take(w, &frames);
        if (w->is_open && cali_wall_s() - w->channel.sent_s > w->beat_s)
            cali_channel_ping(&w->channel, w->packer);
        w->is_cut = w->is_cut || cali_wall_s() - w->channel.heard_s > w->silence_s || cal_wire_get_link(w->wire) > CAL_LINK_UP;
    }
    w->channel.wire = NULL;
    cal_wire_close(&w->wire);
}

static inline void *cali_wrong_run(void *arg)
{
    cali_wrong_worker *w = arg;
    while (!w->is_done && !atomic_load(&w->is_stopped)) {
        cali_wrong_serve(w);
        const struct timespec pause = {0, 100 * 1000 * 1000};
        nanosleep(&pause, NULL);
    }
    return NULL;
}

/** `endpoint` must outlive the worker. */
static inline bool cali_wrong_start(cali_wrong_worker *w, const char *endpoint, cali_wrong wrong)
{
    cal_context_def def = cal_context_def_default();
    def.n_threads = 1;
    *w = (cali_wrong_worker){.endpoint = endpoint, .wrong = wrong, .beat_s = 1.0};
    return cal_context_create(&def, &w->ctx) == CAL_OK && cal_hub_create(w->ctx, NULL, &w->hub) == CAL_OK &&
           cal_packer_create(w->ctx, &w->packer) == CAL_OK && pthread_create(&w->thread, NULL, cali_wrong_run, w) == 0;
}

static inline void cali_wrong_stop(cali_wrong_worker *w)
{
    atomic_store(&w->is_stopped, true);
    pthread_join(w->thread, NULL);
    for (int i = 0; i < 3; i++)
        cali_kept_free(&w->kept[i]);
    cal_packer_destroy(&w->packer);
    cal_hub_destroy(&w->hub);
    cal_context_destroy(&w->ctx);
}

#endif
