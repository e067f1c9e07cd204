/* What a worker does when messages are lost, late, damaged or made to do harm. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "workers/check.h"

/* ---- links that break ---- */

/* The worker comes back with all that it had; the last window again and the next one are answered. */
static void go_on(cali_check *c, const cali_sum *last)
{
    const uint64_t next = c->next, k = cali_check_take_back(c);
    if (!cali_check_is_over(c) && k != next)
        cali_check_fail(c, "expected `resume` with `k` %llu; %llu came", (unsigned long long)next, (unsigned long long)k);
    const cali_sum again = cali_check_step(c, next - 1);
    cali_check_same(c, last, &again, "the last STEP again, on the new connection");
    cali_check_step(c, c->next);
}

void cali_check_lost_message(cali_check *c)
{
    cali_check_begin(c);
    const cali_sum last = cali_check_step(c, c->next);
    c->channel.n_sent++; /* as if a message had been lost */
    cali_check_send_step(c, c->next, CALI_STEP_OTHER);
    go_on(c, &last);
}

/* Takes what comes and sends nothing, until the worker has said HELLO again. */
void cali_check_silent_host(cali_check *c)
{
    cali_check_begin(c);
    const cali_sum last = cali_check_step(c, c->next);
    c->is_silent = true;
    const double most_s = 1e-3 * c->def->beat_ms * c->def->liveness;
    cali_check_await_hello(c, most_s + c->def->return_s);
    c->is_silent = false;
    go_on(c, &last);
}

/* The socket goes away while a window is computed, and is there again. */
void cali_check_cut(cali_check *c)
{
    cali_check_begin(c);
    cali_check_step(c, c->next);
    cali_check_send_step(c, c->next, CALI_STEP_RIGHT);
    if (cali_check_is_over(c))
        return;
    if (!cali_check_open_again(c)) {
        cali_check_fail(c, "the socket cannot be opened again");
        return;
    }
    const uint64_t k = cali_check_take_back(c);
    if (!cali_check_is_over(c) && k != c->next && k != c->next + 1)
        cali_check_fail(c, "expected `resume` with `k` %llu, or one more; %llu came", (unsigned long long)c->next, (unsigned long long)k);
    cali_check_step(c, c->next);
    cali_check_step(c, c->next);
}

/* ---- malformed messages ---- */

/* Sends a body as STEP; `digest` as it must be, or not. */
static void send_body(cali_check *c, const cal_frame *body, size_t n, uint32_t damage)
{
    unsigned char head[CAL_HEADER_SIZE];
    cal_frame frames[CAL_PROTOCOL_MAX_FRAMES];
    if (n + 1 > CAL_PROTOCOL_MAX_FRAMES)
        n = CAL_PROTOCOL_MAX_FRAMES - 1;
    const cal_header header = {.type = CAL_STEP, .window = c->next, .has_window = true,
                               .digest = cal_frames_digest(body, n) ^ damage, .has_digest = true};
    frames[0] = (cal_frame){head, cali_check_header(c, header, head)};
    memcpy(frames + 1, body, n * sizeof *body);
    cali_check_send_raw(c, frames, n + 1);
}

static void send_packed(cali_check *c, cali_step_twist twist, uint32_t damage)
{
    const cal_frame *body = NULL;
    size_t n = 0;
    cali_check_pack_step(c, c->next, twist);
    if (cal_packer_get(c->packer, &body, &n) == CAL_OK)
        send_body(c, body, n, damage);
}

static void send_wrong_digest(cali_check *c)
{
    send_packed(c, CALI_STEP_RIGHT, 1);
}

static void send_no_input(cali_check *c)
{
    send_packed(c, CALI_STEP_NO_INPUT, 0);
}

static void send_bytes(cali_check *c, const void *bytes, size_t size)
{
    const cal_frame body = {bytes, size};
    send_body(c, &body, 1, 0);
}

static void send_no_map(cali_check *c)
{
    send_bytes(c, "\xc1", 1);
}

/* {"x": [[[[ ... */
static void send_deep(cali_check *c)
{
    unsigned char bytes[64] = "\x81\xa1x";
    memset(bytes + 3, 0x91, 40);
    bytes[43] = 0xc0;
    send_bytes(c, bytes, 44);
}

/* {"in": {"x": f64 [2^31, 2^31]}} with eight bytes of data. */
static void send_liar(cali_check *c)
{
    static const char bytes[] = "\x81\xa2in\x81\xa1x\xc7\x14\x01\x0a\x02\x00\x00\x00\x00\x00\x80\x00\x00\x00\x80\0\0\0\0\0\0\0\0";
    send_bytes(c, bytes, sizeof bytes - 1);
}

/* A text that says it has 4 GiB. */
static void send_long_text(cali_check *c)
{
    send_bytes(c, "\x81\xa1x\xdb\xff\xff\xff\xff" "abc", 11);
}

static void send_twice(cali_check *c)
{
    send_bytes(c, "\x82\xa1x\x01\xa1x\x02", 7);
}

static const struct {
    const char *what;
    void (*send)(cali_check *check);
} malformed[] = {
    {"to a STEP whose `d` is wrong", send_wrong_digest},
    {"to a STEP without `in`", send_no_input},
    {"to a body that is no MessagePack", send_no_map},
    {"to a body that is nested too deeply", send_deep},
    {"to an array whose dims claim more than is there", send_liar},
    {"to a text whose length claims more than is there", send_long_text},
    {"to a map with a key twice", send_twice},
};

/* E106, then the connection is over; the worker comes back. */
void cali_check_malformed(cali_check *c)
{
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed && !cali_check_is_over(c); i++) {
        cali_check_begin(c);
        const cali_sum last = cali_check_step(c, c->next);
        if (cali_check_is_over(c))
            return;
        malformed[i].send(c);
        const char *severity = cali_check_expect_error(c, "E106", c->channel.n_sent, malformed[i].what);
        if (!cali_check_is_over(c) && strcmp(severity, "fatal") != 0)
            cali_check_fail(c, "%s: expected the severity fatal; %s came", malformed[i].what, severity);
        go_on(c, &last);
    }
}

/* ---- damaged frames ---- */

enum { FUZZ_ROUNDS = 16, FUZZ_MOST = 4 };
static const cali_key FUZZ_KEY = {{0x66757a7a, 0x1}};

/* Copies the frames of a STEP and damages up to four places in them; round 0 and 1 send noise, and frames of zero bytes. */
static void send_damaged(cali_check *c, uint32_t round)
{
    const cal_frame *body = NULL;
    size_t n = 0;
    unsigned char head[CAL_HEADER_SIZE], copy[2][256];
    cal_frame frames[2];
    cali_check_pack_step(c, c->next, CALI_STEP_RIGHT);
    if (cal_packer_get(c->packer, &body, &n) != CAL_OK)
        return;
    const size_t n_head = cali_check_header(c, (cal_header){.type = CAL_STEP, .window = c->next, .has_window = true,
                                                            .digest = cal_frames_digest(body, n), .has_digest = true}, head);
    frames[0] = (cal_frame){copy[0], n_head};
    frames[1] = (cal_frame){copy[1], body[0].size < sizeof copy[1] ? body[0].size : sizeof copy[1]};
    memcpy(copy[0], head, n_head);
    memcpy(copy[1], body[0].data, frames[1].size);
    for (uint32_t i = 0; i < 1 + round % FUZZ_MOST; i++) {
        const cali_random r = cali_philox(FUZZ_KEY, round, i, 0, 0);
        const size_t f = r.word[0] % 3 == 0 ? 0 : 1;
        if (frames[f].size == 0)
            continue;
        copy[f][r.word[1] % frames[f].size] = (unsigned char)r.word[2];
        if (r.word[3] % 5 == 0)
            frames[f].size = r.word[3] / 5 % (frames[f].size + 1);
    }
    if (round == 1)
        frames[0].size = frames[1].size = 0;
    cali_check_send_raw(c, frames, 2);
}

/* Whatever came of it, within the time of silence or a wait between two tries there is a sign of life: an answer, or HELLO. */
static void await_life(cali_check *c)
{
    const double end = cali_wall_s() + c->def->return_s;
    const uint64_t before = c->n_pongs;
    cali_channel_ping(&c->channel, c->packer);
    while (!cali_check_is_over(c) && c->n_pongs == before && !c->is_waiting && cali_wall_s() < end)
        cali_check_poll(c);
    if (c->n_pongs == before && !c->is_waiting) {
        c->is_lost = true;
        cali_check_fail(c, "expected an ERROR, an answer to PING or a new HELLO after damaged frames; nothing came within %u s", c->def->return_s);
    }
}

void cali_check_fuzz(cali_check *c)
{
    for (uint32_t round = 0; round < FUZZ_ROUNDS && !cali_check_is_over(c); round++) {
        cali_check_begin(c);
        if (cali_check_is_over(c))
            return;
        send_damaged(c, round);
        await_life(c);
        cali_check_poll(c);
        c->is_ready = false; /* what the damage did to the windows is open */
    }
    cali_check_fresh(c);
    cali_check_step(c, c->next);
}

/* ---- a long window ---- */

/* Windows grow until one takes more than a second; a PONG that comes before its OUTPUT ends the search. */
void cali_check_busy_ping(cali_check *c)
{
    const cal_value *model = cal_value_find(cal_message_body(c->configure), "model");
    const bool is_plain = cal_value_find(model, "populations") != NULL;
    const cal_time window = c->window;
    int64_t n = 100;
    double took_s = 0.0;
    bool has_pong = false;
    if (c->def->host != NULL) {
        cali_check_skip(c, "the windows of an experiment's region are what they are");
        return;
    }
    for (int i = 0; i < 6 && took_s < 1.0 && !has_pong && !cali_check_is_over(c); i++) {
        c->window = i == 0 ? 1000 * window : 4000 * window;
        n = i < 2 ? 100 : 10 * n;
        const cali_edit edits[] = {{.path = "window_ns", .number = c->window},
                                   {.path = is_plain ? "model.window_ns" : "model.network.window_ns", .number = c->window},
                                   {.path = is_plain ? "model.populations[0].n" : "model.network.populations[0].n", .number = n}};
        cali_check_take_in(c);
        cali_check_ready(c, cali_check_configure(c, edits, sizeof edits / sizeof *edits));
        const double begin = cali_wall_s();
        const uint64_t number = cali_check_send_step(c, 0, CALI_STEP_SILENT), before = c->n_pongs;
        if (!cali_check_is_over(c))
            cali_channel_ping(&c->channel, c->packer);
        cali_check_output(c, 0, number);
        has_pong = c->n_pongs > before;
        took_s = cali_wall_s() - begin;
    }
    c->window = window;
    c->is_ready = false;
    if (!has_pong && took_s < 1.0)
        cali_check_skip(c, "its windows are computed too fast: %.2f s for %lld neurons and 4 s", took_s, (long long)n);
    else if (!has_pong)
        cali_check_fail(c, "expected PONG to a PING in the window; it came after OUTPUT, %.1f s later, and HELLO says async_ping", took_s);
}
