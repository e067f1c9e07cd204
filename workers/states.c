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

double cali_worker_load_limit(const cali_worker *w)
{
    return cali_load_limit(w->def->load_bytes);
}

/* Forgets what was being received. */
static void give_up(cali_service *s)
{
    free(s->state);
    s->state = NULL;
    s->state_size = s->state_capacity = s->n_load_frames = 0;
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

static void release_bytes(void *bytes)
{
    free(bytes);
}

/* The CONFIGURE whose frames are here, read as if it had come as a message. */
static void finish_load(cali_worker *w, uint64_t answers)
{
    cali_service *s = &w->service;
    unsigned char head[CAL_HEADER_SIZE];
    cal_header header = {.type = CAL_CONFIGURE, .session = w->channel.session, .incarnation = w->channel.incarnation, .number = answers};
    cal_frames frames = {.n = s->n_load_frames + 1, .owner = s->state, .release = release_bytes};
    cal_problem problem;
    frames.frames[0] = (cal_frame){head, cal_header_encode(&header, head)};
    const unsigned char *at = s->state;
    for (size_t i = 0; i < s->n_load_frames; i++, at += s->load_frames[i - 1])
        frames.frames[i + 1] = (cal_frame){at, s->load_frames[i]};
    s->state = NULL; /* it is the message's */
    give_up(s);
    cal_message *m = cal_message_read(&frames, &cal_limits_loaded, &header, &problem);
    if (m != NULL)
        cali_worker_configure(w, m);
    else
        cali_worker_error(w, problem.code, "fatal", problem.text, answers);
    cal_message_destroy(&m);
}

/* All bytes are here. */
static void finish(cali_worker *w, uint64_t answers)
{
    cali_service *s = &w->service;
    const bool is_load = s->n_load_frames > 0;
    char sha256[CALI_DIGEST_SIZE];
    cal_status status = cali_digest_bytes(w->ctx, s->state, s->state_size, sha256);
    if (status == CAL_OK && strcmp(sha256, s->state_sha256) != 0) {
        give_up(s);
        cali_worker_error(w, is_load ? "E106" : "E401", "window", is_load ? "the sum of what was loaded is wrong"
                                                                         : "the sum of the snapshot is wrong", answers);
        return;
    }
    if (status == CAL_OK && is_load) {
        finish_load(w, answers);
        return;
    }
    if (status == CAL_OK)
        status = s->sub.ops->restore_state(s->sub.self, (cal_time)s->state_window * s->window, (const char *)s->state, s->state_size, s->state_how);
    give_up(s);
    if (status != CAL_OK) {
        cali_worker_fail(w, answers);
        return;
    }
    s->next = s->state_window;
    cali_answers_free(s);
    send_received(w, CAL_RESTORED, answers);
}

/* The lengths of the frames add up to what is announced, which is no more than this worker takes. */
void cali_worker_load(cali_worker *w, const cal_message *m)
{
    cali_service *s = &w->service;
    const cal_value *body = cal_message_body(m), *list = cal_value_find(body, "frames");
    const uint64_t asked = cal_message_header(m)->number;
    cal_reader r = {0};
    uint64_t sum = 0;
    cali_service_end(w);
    const uint64_t number = cal_read_uint(&r, body, "number", 0, UINT64_MAX), size = cal_read_uint(&r, body, "size", 1, INT64_MAX);
    const char *sha256 = cal_read_text(&r, body, "sha256", false);
    const size_t n = cal_value_n(list);
    if (n < 1 || n > CAL_PROTOCOL_MAX_FRAMES - 1)
        cal_reader_fail(&r, "E106", "%zu frames, of 1 to %d", n, CAL_PROTOCOL_MAX_FRAMES - 1);
    if (!cal_reader_is_broken(&r) && (double)size > cali_worker_load_limit(w))
        cal_reader_fail(&r, "E402", "a model of %.3g MB; this worker takes up to %.3g MB (--largest-model)", (double)size * 1e-6,
                        cali_worker_load_limit(w) * 1e-6);
    for (size_t i = 0; i < n && !cal_reader_is_broken(&r); i++) {
        s->load_frames[i] = (size_t)cal_value_uint(&r, cal_value_at(list, i), 0, size - sum);
        sum += s->load_frames[i];
    }
    if (!cal_reader_is_broken(&r) && (sum != size || strlen(sha256) != CALI_DIGEST_SIZE - 1))
        cal_reader_fail(&r, "E106", "frames of %llu bytes instead of %llu, or a sum that is none", (unsigned long long)sum,
                        (unsigned long long)size);
    if (cal_reader_is_broken(&r)) {
        cali_worker_error(w, r.problem.code, "window", r.problem.text, asked);
        return;
    }
    s->state_number = number;
    s->state_size = size;
    s->state_asked = asked;
    s->state_received = 0;
    s->n_load_frames = n;
    memcpy(s->state_sha256, sha256, CALI_DIGEST_SIZE);
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
        cal_reader_fail(&r, w->has_service ? "E401" : "E106", "a chunk that does not follow the one before");
    if (cal_reader_is_broken(&r)) {
        give_up(s);
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
        finish(w, s->state_asked);
}
