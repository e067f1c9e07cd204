/* Snapshots: out as CHUNKs, at most eight of them unacknowledged, then their sum; in the same way. */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "workers/worker.h"

enum { CHUNKS_IN_FLIGHT = 8 };
static const double ACK_WAIT_S = 600.0;

static void send_chunk(cali_worker *w, uint64_t number, uint64_t answers, const char *bytes, size_t offset, size_t n)
{
    pthread_mutex_lock(&w->lock);
    cal_packer_clear(w->packer);
    cal_pack_uint(w->packer, "number", number);
    cal_pack_uint(w->packer, "offset", offset);
    cal_pack_vector(w->packer, "data", CAL_U8, n, bytes + offset);
    const cal_frame *frames = NULL;
    size_t n_frames = 0;
    if (cal_packer_get(w->packer, &frames, &n_frames) == CAL_OK)
        cali_channel_send(&w->channel,
                          (cal_header){.type = CAL_CHUNK, .answers = answers, .digest = cal_frames_digest(frames, n_frames), .has_digest = true},
                          frames, n_frames);
    pthread_mutex_unlock(&w->lock);
}

/* False: the link is cut. */
static bool await_ack(cali_worker *w, uint64_t number, size_t *acknowledged)
{
    cal_message *m = cali_worker_next(w, ACK_WAIT_S, CAL_ACK);
    const bool is_ack = m != NULL && cal_message_header(m)->type == CAL_ACK;
    cal_reader r = {0};
    if (is_ack && cal_read_uint(&r, cal_message_body(m), "number", 0, UINT64_MAX) == number)
        *acknowledged = (size_t)cal_read_uint(&r, cal_message_body(m), "received", 0, SIZE_MAX);
    if (m != NULL && !is_ack)
        cali_worker_put_back(w, &m); /* BYE and ERROR end more than this snapshot */
    cal_message_destroy(&m);
    return is_ack && !cal_reader_is_broken(&r);
}

void cali_worker_snapshot(cali_worker *w, const cal_message *m)
{
    cali_service *s = &w->service;
    const cal_header *h = cal_message_header(m);
    cal_reader r = {0};
    const uint64_t number = cal_read_uint(&r, cal_message_body(m), "number", 0, UINT64_MAX);
    if (h->window != s->next) {
        cali_worker_error(w, "E304", "window", "a snapshot of another window was asked for", h->number);
        return;
    }
    if (s->sub.ops->save_state == NULL) {
        cali_worker_error(w, "E401", "window", "this model has no snapshots", h->number);
        return;
    }
    char *bytes = NULL, sha256[CALI_DIGEST_SIZE];
    size_t size = 0, acknowledged = 0;
    cal_status status = s->sub.ops->save_state(s->sub.self, &bytes, &size);
    if (status == CAL_OK)
        status = cali_digest_bytes(w->ctx, bytes, size, sha256);
    if (status != CAL_OK) {
        free(bytes);
        cali_worker_fail(w, h->number);
        return;
    }
    bool is_linked = true;
    for (size_t at = 0; at < size && is_linked; at += CAL_PROTOCOL_MAX_CHUNK) {
        const size_t n = size - at < CAL_PROTOCOL_MAX_CHUNK ? size - at : (size_t)CAL_PROTOCOL_MAX_CHUNK;
        while (is_linked && at - acknowledged >= (size_t)CHUNKS_IN_FLIGHT * CAL_PROTOCOL_MAX_CHUNK)
            is_linked = await_ack(w, number, &acknowledged);
        send_chunk(w, number, h->number, bytes, at, n);
    }
    while (is_linked && acknowledged < size)
        is_linked = await_ack(w, number, &acknowledged);
    free(bytes);
    if (!is_linked)
        return;
    pthread_mutex_lock(&w->lock);
    cal_packer_clear(w->packer);
    cal_pack_uint(w->packer, "number", number);
    cal_pack_uint(w->packer, "size", size);
    cal_pack_text(w->packer, "sha256", sha256);
    cal_pack_text(w->packer, "model", s->sub.digest);
    cali_channel_send_packed(&w->channel,
                             (cal_header){.type = CAL_SNAPSHOT_DONE, .answers = h->number, .window = s->next, .has_window = true},
                             w->packer);
    pthread_mutex_unlock(&w->lock);
}

static void send_received(cali_worker *w, unsigned type, uint64_t answers)
{
    const cali_service *s = &w->service;
    pthread_mutex_lock(&w->lock);
    cal_packer_clear(w->packer);
    cal_pack_uint(w->packer, "number", s->state_number);
    if (type == CAL_ACK)
        cal_pack_uint(w->packer, "received", s->state_received);
    else
        cali_watched_pack(s, w->packer);
    cali_channel_send_packed(&w->channel, (cal_header){.type = type, .answers = answers, .window = s->state_window,
                                                       .has_window = type == CAL_RESTORED}, w->packer);
    pthread_mutex_unlock(&w->lock);
}

/* All bytes are here. */
static void finish_restore(cali_worker *w, uint64_t answers)
{
    cali_service *s = &w->service;
    char sha256[CALI_DIGEST_SIZE];
    cal_status status = cali_digest_bytes(w->ctx, s->state, s->state_size, sha256);
    if (status == CAL_OK && strcmp(sha256, s->state_sha256) != 0) {
        s->state_size = 0;
        cali_worker_error(w, "E401", "window", "the sum of the snapshot is wrong", answers);
        return;
    }
    if (status == CAL_OK)
        status = s->sub.ops->restore_state(s->sub.self, (cal_time)s->state_window * s->window, (const char *)s->state, s->state_size, s->state_how);
    free(s->state);
    s->state = NULL;
    s->state_capacity = 0;
    if (status != CAL_OK) {
        cali_worker_fail(w, answers);
        return;
    }
    s->next = s->state_window;
    cali_answers_free(s);
    send_received(w, CAL_RESTORED, answers);
    s->state_size = 0;
}

void cali_worker_restore(cali_worker *w, const cal_message *m)
{
    cali_service *s = &w->service;
    const cal_value *body = cal_message_body(m);
    const cal_header *h = cal_message_header(m);
    cal_reader r = {0};
    s->state_number = cal_read_uint(&r, body, "number", 0, UINT64_MAX);
    s->state_size = cal_read_uint(&r, body, "size", 1, UINT64_MAX / 2);
    s->state_window = h->window;
    s->state_asked = h->number;
    s->state_received = 0;
    if (h->window > (uint64_t)((INT64_MAX / 2 - s->start) / s->window))
        cal_reader_fail(&r, "E304", "a window after the end of time");
    const char *sha256 = cal_read_text(&r, body, "sha256", false);
    const cal_value *how = cal_value_find(body, "begin");
    s->state_how = how != NULL && cal_read_bool(&r, body, "begin") ? CAL_RESTORE_BEGIN : CAL_RESTORE_CONTINUE;
    if (!cal_reader_is_broken(&r) && strlen(sha256) != CALI_DIGEST_SIZE - 1)
        cal_reader_fail(&r, "E401", "sha256 has %zu letters", strlen(sha256));
    if (!cal_reader_is_broken(&r) && s->sub.ops->restore_state == NULL)
        cal_reader_fail(&r, "E401", "this model has no snapshots");
    if (cal_reader_is_broken(&r)) {
        s->state_size = 0;
        cali_worker_error(w, r.problem.code, "window", r.problem.text, h->number);
        return;
    }
    memcpy(s->state_sha256, sha256, CALI_DIGEST_SIZE);
}

void cali_worker_chunk(cali_worker *w, const cal_message *m)
{
    cali_service *s = &w->service;
    const cal_header *h = cal_message_header(m);
    cal_reader r = {0};
    const uint64_t number = cal_read_uint(&r, cal_message_body(m), "number", 0, UINT64_MAX);
    const uint64_t offset = cal_read_uint(&r, cal_message_body(m), "offset", 0, UINT64_MAX);
    const cal_array data = cal_read_array(&r, cal_message_body(m), "data", CAL_U8);
    if (!cal_reader_is_broken(&r) && (s->state_size == 0 || number != s->state_number || offset != s->state_received ||
                                      data.n == 0 || data.n > s->state_size - s->state_received))
        cal_reader_fail(&r, "E401", "a chunk that does not follow the one before");
    if (cal_reader_is_broken(&r)) {
        s->state_size = 0;
        cali_worker_error(w, r.problem.code, "window", r.problem.text, h->number);
        return;
    }
    /* grown by what has come, whatever the size that was announced */
    if (cali_reserve(w->ctx, s->state_received + data.n, 1, &s->state, &s->state_capacity) != CAL_OK) {
        cali_worker_fail(w, h->number);
        return;
    }
    memcpy(s->state + s->state_received, data.data, data.n);
    s->state_received += data.n;
    send_received(w, CAL_ACK, h->number);
    if (s->state_received == s->state_size)
        finish_restore(w, s->state_asked);
}
