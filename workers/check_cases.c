/* What a worker must do, check by check, in the order of the table at the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "workers/check.h"
#include "workers/network_model.h"

/* ---- coming ---- */

static void check_list(cal_reader *r, const cal_value *caps, const char *key, const char *const *known, size_t n_known)
{
    const cal_value *list = cal_read_list(r, caps, key);
    if (!cal_reader_is_broken(r) && cal_value_n(list) == 0)
        cal_reader_fail(r, "E106", "`caps.%s` is empty", key);
    for (size_t i = 0; i < cal_value_n(list) && !cal_reader_is_broken(r); i++) {
        const char *name = cal_value_text(r, cal_value_at(list, i), false);
        bool is_known = n_known == 0;
        for (size_t k = 0; name != NULL && k < n_known; k++)
            is_known = is_known || strcmp(name, known[k]) == 0;
        if (name != NULL && !is_known)
            cal_reader_fail(r, "E202", "`caps.%s` names \"%.40s\", which is none", key, name);
    }
}

static void hello(cali_check *c)
{
    static const char *const kinds[] = {"rate", "current", "conductance", "voltage", "spikes"};
    const cal_header *h = cal_message_header(c->hello);
    const cal_value *body = cal_message_body(c->hello), *caps = cal_value_find(body, "caps");
    cal_reader r = {0};
    if (h->session != 0 || h->incarnation != 0 || h->number != 1)
        cali_check_fail(c, "expected `s` 0, `e` 0 and `n` 1 in the header of HELLO; %llu, %u and %llu came",
                        (unsigned long long)h->session, h->incarnation, (unsigned long long)h->number);
    const uint64_t min = cal_read_uint(&r, body, "min", 1, 65535), max = cal_read_uint(&r, body, "max", 1, 65535);
    if (min > CAL_PROTOCOL_VERSION || max < CAL_PROTOCOL_VERSION)
        cali_check_fail(c, "E101 it speaks the versions %llu to %llu; this host speaks %d", (unsigned long long)min,
                        (unsigned long long)max, CAL_PROTOCOL_VERSION);
    check_list(&r, caps, "models", NULL, 0);
    check_list(&r, caps, "ports", kinds, sizeof kinds / sizeof *kinds);
    const cal_value *step = cal_read_map(&r, caps, "step_ns");
    if (cal_read_uint(&r, step, "min", 1, INT64_MAX) > cal_read_uint(&r, step, "max", 1, INT64_MAX))
        cal_reader_fail(&r, "E106", "`caps.step_ns`: min is above max");
    if (cal_reader_is_broken(&r))
        cali_check_fail(c, "HELLO: %s %s", r.problem.code, r.problem.text);
}

static void send_refuse(cali_check *c, const char *code, const char *text, bool may_retry)
{
    cali_check_await_hello(c, c->def->return_s);
    if (cali_check_is_over(c))
        return;
    cali_channel stranger = {0};
    cali_channel_open(&stranger, c->wire, &c->peer);
    cal_packer_clear(c->packer);
    cal_pack_text(c->packer, "code", code);
    cal_pack_text(c->packer, "text", text);
    cal_pack_text(c->packer, "hint", "");
    cal_pack_bool(c->packer, "retry", may_retry);
    cali_channel_send_packed(&stranger, (cal_header){.type = CAL_REFUSE, .answers = 1}, c->packer);
    c->is_waiting = false;
}

static void leave(cali_check *c)
{
    if (c->channel.wire != NULL)
        cali_channel_bye(&c->channel, c->packer, "done");
    cali_check_unlink(c);
}

static void refused_for_now(cali_check *c)
{
    send_refuse(c, "E103", "the slot is taken", true);
    cali_check_await_hello(c, c->def->return_s);
}

/* A version that both sides speak may come with a later release of the host: until then the worker ends. */
static void refused_for_good(cali_check *c)
{
    const double quiet_s = 3.0, end = cali_wall_s() + 3.0;
    leave(c);
    send_refuse(c, "E101", "this host speaks version 7 only", false);
    while (!cali_check_is_over(c) && !c->is_waiting && cali_wall_s() < end)
        cali_check_poll(c);
    if (c->is_waiting)
        cali_check_fail(c, "expected that the worker ends after REFUSE without `retry`; it came again within %.0f s", quiet_s);
    c->is_lost = !c->is_waiting;
}

/* ---- CONFIGURE ---- */

static void before_configure(cali_check *c)
{
    cali_check_take_in(c);
    const uint64_t number = cali_check_send_step(c, 0, CALI_STEP_RIGHT);
    const char *severity = cali_check_expect_error(c, "E104", number, "to a STEP before CONFIGURE");
    if (!cali_check_is_over(c) && strcmp(severity, "warn") != 0)
        cali_check_fail(c, "expected the severity warn; %s came", severity);
    cali_check_ready(c, cali_check_configure(c, NULL, 0));
}

/* CONFIGURE with a mistake is refused by this code; where the worker did not end the connection, the right one is taken next. */
static void refuse_configure(cali_check *c, cali_edit mistake, const char *code, const char *what)
{
    char text[80];
    snprintf(text, sizeof text, "to CONFIGURE with %s", what);
    cali_check_take_in(c);
    const uint64_t number = cali_check_configure(c, &mistake, 1);
    const char *severity = cali_check_expect_error(c, code, number, text);
    if (!cali_check_is_over(c) && strcmp(severity, "fatal") != 0)
        cali_check_ready(c, cali_check_configure(c, NULL, 0));
}

static void wrong_unit(cali_check *c)
{
    cal_reader r = {0};
    const cal_value *port = cal_value_at(cal_value_find(cal_message_body(c->configure), "ports"), 0);
    const bool is_voltage = port != NULL && strcmp(cal_read_text(&r, port, "unit", false), "mV") == 0;
    if (port == NULL)
        cali_check_skip(c, "the region has no ports");
    refuse_configure(c, (cali_edit){.path = "ports[0].unit", .text = is_voltage ? "Hz" : "mV"}, "E202", "a port in another unit");
}

static void wrong_model(cali_check *c)
{
    refuse_configure(c, (cali_edit){.path = "model.name", .text = "no-such-model"}, "E201", "a model that it does not announce");
}

static void wrong_parameter(cali_check *c)
{
    refuse_configure(c, (cali_edit){.path = "model", .adds = "no_such_parameter", .number = 1}, "E203", "an unknown parameter");
}

/* A worker that keeps to a step of its own may be ready all the same, if that divides the window. */
static void wrong_step(cali_check *c)
{
    const cal_value *model = cal_value_find(cal_message_body(c->configure), "model");
    const cali_edit mistake = {.path = cal_value_find(model, "dt_ns") != NULL ? "model.dt_ns" : "model.network.dt_ns",
                               .number = c->window / 3 + 1};
    cali_check_take_in(c);
    const uint64_t number = cali_check_configure(c, &mistake, 1);
    const cal_message *m = cali_check_is_over(c) ? NULL : cali_check_next(c, c->def->answer_s);
    cal_reader r = {0};
    if (cali_check_is_over(c))
        return;
    if (m != NULL && cal_message_header(m)->type == CAL_READY) {
        const uint64_t step = cal_read_uint(&r, cal_message_body(m), "step_ns", 1, INT64_MAX);
        if (cal_reader_is_broken(&r) || (uint64_t)c->window % step != 0)
            cali_check_fail(c, "expected ERROR E210 to a step of %lld ns, which does not divide the window; READY came with the step %llu",
                            (long long)mistake.number, (unsigned long long)step);
        return;
    }
    const char *code = m != NULL && cal_message_header(m)->type == CAL_ERROR ? cal_read_text(&r, cal_message_body(m), "code", false) : NULL;
    if (code == NULL || strcmp(code, "E210") != 0 || cal_message_header(m)->answers != number)
        cali_check_fail(c, "expected ERROR E210, or READY with another step, to a step of %lld ns, which does not divide the window; %s came: %s",
                        (long long)mistake.number, code == NULL ? "something else" : code,
                        code == NULL ? "" : cal_read_text(&r, cal_message_body(m), "text", false));
}

static void ready(cali_check *c)
{
    char digest[sizeof c->digest];
    cali_check_fresh(c);
    memcpy(digest, c->digest, sizeof digest);
    cali_check_fresh(c);
    if (strcmp(digest, c->digest) != 0)
        cali_check_fail(c, "READY: the same CONFIGURE gave two model digests, %.80s and %.80s", digest, c->digest);
}

/* ---- windows ---- */

static void windows(cali_check *c)
{
    cali_check_begin(c);
    for (int i = 0; i < 5; i++)
        cali_check_step(c, c->next);
}

static void ahead(cali_check *c)
{
    cali_check_begin(c);
    const uint64_t k = c->next;
    const uint64_t first = cali_check_send_step(c, k, CALI_STEP_RIGHT), second = cali_check_send_step(c, k + 1, CALI_STEP_RIGHT);
    cali_check_output(c, k, first);
    cali_check_output(c, k + 1, second);
    c->next = k + 2;
}

static void duplicate(cali_check *c)
{
    cali_check_begin(c);
    const cali_sum before = cali_check_step(c, c->next), first = cali_check_step(c, c->next);
    const cali_sum again = cali_check_step(c, c->next - 1), older = cali_check_step(c, c->next - 2);
    cali_check_same(c, &first, &again, "the last STEP again");
    cali_check_same(c, &before, &older, "the STEP before the last again");
    cali_check_step(c, c->next);
}

/* The STEP is refused, and the right one is answered as if nothing had been. */
static void refuse_step(cali_check *c, uint64_t window, cali_step_twist twist, const char *code, const char *what)
{
    const uint64_t number = cali_check_send_step(c, window, twist);
    const char *severity = cali_check_expect_error(c, code, number, what);
    if (!cali_check_is_over(c) && strcmp(severity, "window") != 0)
        cali_check_fail(c, "%s %s: expected the severity window, for the worker goes on; %s came", code, what, severity);
    cali_check_step(c, c->next);
}

static void other_content(cali_check *c)
{
    cali_check_begin(c);
    cali_check_step(c, c->next);
    refuse_step(c, c->next - 1, CALI_STEP_OTHER, "E303", "to the same window with other input");
}

static void skipped(cali_check *c)
{
    cali_check_begin(c);
    cali_check_step(c, c->next);
    refuse_step(c, c->next + 1, CALI_STEP_RIGHT, "E304", "to a STEP that skips a window");
}

static void forgotten(cali_check *c)
{
    cali_check_begin(c);
    const uint64_t first = c->next;
    for (int i = 0; i < 8; i++)
        cali_check_step(c, c->next);
    const uint64_t number = cali_check_send_step(c, first, CALI_STEP_OTHER);
    const cal_message *m = cali_check_is_over(c) ? NULL : cali_check_next(c, c->def->answer_s);
    if (!cali_check_is_over(c) && (m == NULL || cal_message_header(m)->type != CAL_ERROR || cal_message_header(m)->answers != number))
        cali_check_fail(c, "expected ERROR E304 (or E303) to a STEP of long ago with other input; it was answered otherwise");
    cali_check_step(c, c->next);
}

static void not_finite(cali_check *c)
{
    cali_check_begin(c);
    refuse_step(c, c->next, CALI_STEP_NAN, "E302", "to a NaN in the input");
}

static void same_twice(cali_check *c)
{
    enum { N = 8 };
    cali_sum first[N], second[N];
    cali_check_fresh(c);
    for (uint64_t k = 0; k < N; k++)
        first[k] = cali_check_step(c, k);
    cali_check_fresh(c);
    for (uint64_t k = 0; k < N; k++) {
        char what[60];
        second[k] = cali_check_step(c, k);
        snprintf(what, sizeof what, "window %llu of a second run with the same key and input", (unsigned long long)k);
        cali_check_same(c, &first[k], &second[k], what);
    }
}

/* ---- what a later release may send ---- */

static void unknown_key(cali_check *c)
{
    cali_check_begin(c);
    const uint64_t number = cali_check_send_step(c, c->next, CALI_STEP_UNKNOWN_KEY);
    cali_check_output(c, c->next, number);
    c->next++;
}

/* `m` of the header names a key of the body that nobody knows. */
static void must_understand(cali_check *c)
{
    static const unsigned char demand[] = "\xa1m\x91\xb2of_a_later_release";
    unsigned char head[CAL_HEADER_SIZE + sizeof demand];
    const cal_frame *body = NULL;
    size_t n = 0;
    cali_check_begin(c);
    if (cali_check_is_over(c))
        return;
    cali_check_pack_step(c, c->next, CALI_STEP_UNKNOWN_KEY);
    if (cal_packer_get(c->packer, &body, &n) != CAL_OK || n + 1 > CAL_PROTOCOL_MAX_FRAMES) {
        cali_check_fail(c, "a STEP of this region cannot be packed");
        return;
    }
    const size_t size = cali_check_header(c, (cal_header){.type = CAL_STEP, .window = c->next, .has_window = true,
                                                          .digest = cal_frames_digest(body, n), .has_digest = true}, head);
    head[0]++; /* one member more of a small map */
    memcpy(head + size, demand, sizeof demand - 1);
    cal_frame frames[CAL_PROTOCOL_MAX_FRAMES] = {{head, size + sizeof demand - 1}};
    memcpy(frames + 1, body, n * sizeof *body);
    cali_check_send_raw(c, frames, n + 1);
    cali_check_expect_error(c, "E105", c->channel.n_sent, "to a STEP with a key that must be understood");
    cali_check_step(c, c->next);
}

static void unknown_type(cali_check *c)
{
    cali_check_begin(c);
    cal_packer_clear(c->packer);
    cali_check_send(c, (cal_header){.type = 4242});
    cali_check_step(c, c->next);
}

static void other_session(cali_check *c)
{
    cali_check_begin(c);
    const uint64_t session = c->channel.session;
    c->channel.session ^= 2;
    cali_check_send_step(c, c->next, CALI_STEP_OTHER);
    c->channel.session = session;
    cali_check_step(c, c->next);
}

/* ---- beats and questions ---- */

static void ping(cali_check *c)
{
    const uint64_t clock = 0x0123456789abcdefu;
    cali_check_begin(c);
    const uint64_t before = c->n_pongs;
    cal_packer_clear(c->packer);
    cal_pack_uint(c->packer, "clock", clock);
    const uint64_t number = cali_check_send(c, (cal_header){.type = CAL_PING});
    const double end = cali_wall_s() + c->def->answer_s;
    while (!cali_check_is_over(c) && c->n_pongs == before && c->channel.wire != NULL && cali_wall_s() < end)
        cali_check_poll(c);
    if (cali_check_is_over(c))
        return;
    if (c->n_pongs == before)
        cali_check_fail(c, "expected PONG to PING; none came");
    else if (c->pong_clock != clock || c->pong_answers != number)
        cali_check_fail(c, "PONG: expected the `clock` of PING and its `n` as `r`; others came");
}

static void query(cali_check *c)
{
    cal_reader r = {0};
    cali_check_begin(c);
    cali_check_step(c, c->next);
    cal_packer_clear(c->packer);
    cal_pack_open_list(c->packer, "names");
    cal_pack_text(c->packer, NULL, "windows");
    cal_pack_text(c->packer, NULL, "no_such_value");
    cal_pack_close(c->packer);
    const uint64_t number = cali_check_send(c, (cal_header){.type = CAL_QUERY});
    const cal_message *m = cali_check_expect(c, CAL_ANSWER, number, "to QUERY");
    if (m == NULL)
        return;
    const cal_value *values = cal_value_find(cal_message_body(m), "values");
    if (cal_value_find(values, "no_such_value") != NULL)
        cali_check_fail(c, "ANSWER has the value no_such_value, which there is not");
    else if (cal_read_uint(&r, values, "windows", 0, UINT64_MAX) != c->next || cal_reader_is_broken(&r))
        cali_check_fail(c, "ANSWER: expected `windows` %llu; %s", (unsigned long long)c->next,
                        cal_reader_is_broken(&r) ? r.problem.text : "another number came");
}

/* ---- snapshots ---- */

enum { SAVED_AT = 4, GO_ON = 4 };

/* Runs, saves, goes on; what is left is the state and what followed it. */
static void save_and_go_on(cali_check *c, unsigned char **bytes, size_t *size, cali_sum after[GO_ON])
{
    *bytes = NULL;
    cali_check_fresh(c);
    for (int k = 0; k < SAVED_AT; k++)
        cali_check_step(c, c->next);
    cali_check_save(c, 1, bytes, size);
    for (int i = 0; i < GO_ON; i++)
        after[i] = cali_check_step(c, c->next);
}

/* The windows behind the snapshot, as they were; of a worker that is not deterministic only that they come. */
static void go_on_as(cali_check *c, const cali_sum after[GO_ON], const char *when)
{
    cal_reader r = {0};
    const bool is_deterministic = cal_read_bool(&r, cal_read_map(&r, cal_message_body(c->hello), "caps"), "deterministic");
    for (int i = 0; i < GO_ON; i++) {
        char what[80];
        const cali_sum again = cali_check_step(c, c->next);
        snprintf(what, sizeof what, "window %d %s", SAVED_AT + i, when);
        if (is_deterministic)
            cali_check_same(c, &after[i], &again, what);
    }
}

static void bring_back(cali_check *c, const unsigned char *bytes, size_t size, const cali_sum after[GO_ON])
{
    char sha256[CALI_DIGEST_SIZE];
    if (cali_check_is_over(c) || cali_digest_bytes(c->ctx, bytes, size, sha256) != CAL_OK)
        return;
    cali_check_restore(c, 1, SAVED_AT, bytes, size, sha256, NULL);
    go_on_as(c, after, "after the restored snapshot");
}

static void snapshot(cali_check *c)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    cali_sum after[GO_ON];
    save_and_go_on(c, &bytes, &size, after);
    bring_back(c, bytes, size, after);
    free(bytes);
}

static void snapshot_elsewhere(cali_check *c)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    cali_sum after[GO_ON];
    char digest[sizeof c->digest];
    save_and_go_on(c, &bytes, &size, after);
    memcpy(digest, c->digest, sizeof digest);
    if (!cali_check_is_over(c) && size == 0)
        cali_check_fail(c, "a portable snapshot has at least one byte; none came");
    cali_check_fresh(c); /* what was built before is gone, or another process serves */
    bring_back(c, bytes, size, after);
    free(bytes);
}

/* The same run twice; in the second one a damaged snapshot comes in between. */
static void broken_snapshot(cali_check *c)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    cali_sum after[GO_ON];
    char sha256[CALI_DIGEST_SIZE];
    save_and_go_on(c, &bytes, &size, after);
    cali_check_fresh(c);
    for (int k = 0; k < SAVED_AT; k++)
        cali_check_step(c, c->next);
    if (!cali_check_is_over(c) && cali_digest_bytes(c->ctx, bytes, size, sha256) == CAL_OK) {
        bytes[size / 2] ^= 1;
        cali_check_restore(c, 2, SAVED_AT, bytes, size, sha256, "E401");
    }
    go_on_as(c, after, "after a snapshot that was refused");
    free(bytes);
}

static void bye(cali_check *c)
{
    cali_check_begin(c);
    cali_check_step(c, c->next);
    leave(c);
    cali_check_await_hello(c, c->def->return_s);
    if (!cali_check_is_over(c) && cal_value_find(cal_message_body(c->hello), "resume") != NULL)
        cali_check_fail(c, "expected HELLO without `resume` after BYE; it came with");
}

/* ---- the table ---- */

const cali_check_case cali_check_cases[] = {
    {"hello", "13, 5", "HELLO names versions, models, ports and steps", CALI_NEEDS_NOTHING, false, hello},
    {"refused-for-now", "10", "after REFUSE with retry it comes again", CALI_NEEDS_NOTHING, false, refused_for_now},
    {"order", "4", "a STEP before CONFIGURE is refused and changes nothing", CALI_NEEDS_NOTHING, false, before_configure},
    {"unit", "6", "a port in a wrong unit is refused", CALI_NEEDS_NOTHING, false, wrong_unit},
    {"model", "6", "a model that it does not announce is refused", CALI_NEEDS_NOTHING, false, wrong_model},
    {"parameter", "6", "an unknown parameter is refused", CALI_NEEDS_NOTHING, false, wrong_parameter},
    {"step", "7", "a step that does not divide the window is refused", CALI_NEEDS_NOTHING, false, wrong_step},
    {"ready", "5", "READY echoes the digest; the same CONFIGURE has the same model digest", CALI_NEEDS_NOTHING, false, ready},
    {"windows", "7", "each STEP is answered with all ports of its window", CALI_NEEDS_NOTHING, false, windows},
    {"ahead", "9", "a STEP may come before the OUTPUT of the one before", CALI_NEEDS_NOTHING, false, ahead},
    {"duplicate", "8", "a STEP again has the same OUTPUT, byte for byte", CALI_NEEDS_NOTHING, false, duplicate},
    {"content", "8", "the same window with other input is refused", CALI_NEEDS_INPUT, false, other_content},
    {"skipped", "8", "a STEP that skips a window is refused", CALI_NEEDS_NOTHING, false, skipped},
    {"forgotten", "8", "a window of long ago with other input is refused", CALI_NEEDS_INPUT, false, forgotten},
    {"not-finite", "3", "NaN in the input is refused and changes nothing", CALI_NEEDS_INPUT, false, not_finite},
    {"unknown-key", "13", "an unknown key is ignored", CALI_NEEDS_NOTHING, false, unknown_key},
    {"demanded-key", "2", "an unknown key that must be understood is refused", CALI_NEEDS_NOTHING, false, must_understand},
    {"unknown-type", "13", "a message of an unknown type is ignored", CALI_NEEDS_NOTHING, false, unknown_type},
    {"session", "2", "a message of another session is ignored", CALI_NEEDS_NOTHING, false, other_session},
    {"ping", "10", "PING is answered", CALI_NEEDS_NOTHING, false, ping},
    {"busy-ping", "10", "PING is answered while a window is computed", CALI_NEEDS_ASYNC_PING, false, cali_check_busy_ping},
    {"query", "5", "QUERY is answered, with `windows`", CALI_NEEDS_NOTHING, true, query},
    {"deterministic", "6", "equal key and input have equal output", CALI_NEEDS_DETERMINISTIC, false, same_twice},
    {"snapshot", "11", "a restored snapshot goes on as before", CALI_NEEDS_SNAPSHOT, false, snapshot},
    {"snapshot-elsewhere", "11", "a network that is built anew takes the snapshot and goes on", CALI_NEEDS_PORTABLE, false, snapshot_elsewhere},
    {"snapshot-broken", "11", "a damaged snapshot is refused, and its own state stays", CALI_NEEDS_PORTABLE, false, broken_snapshot},
    {"lost-message", "2", "a gap in `n` ends the connection; it comes back and goes on", CALI_NEEDS_NOTHING, false, cali_check_lost_message},
    {"silent-host", "10", "when the host is silent it comes back and goes on", CALI_NEEDS_NOTHING, false, cali_check_silent_host},
    {"cut", "10", "when the link is cut in a window it comes back and goes on", CALI_NEEDS_NOTHING, false, cali_check_cut},
    {"malformed", "12", "what is malformed or lies about lengths is refused", CALI_NEEDS_NOTHING, false, cali_check_malformed},
    {"fuzz", "12", "damaged frames do no harm", CALI_NEEDS_NOTHING, false, cali_check_fuzz},
    {"bye", "4", "BYE ends the run, and its state", CALI_NEEDS_NOTHING, false, bye},
    {"refused-for-good", "10", "after REFUSE without retry it comes no more", CALI_NEEDS_NOTHING, false, refused_for_good},
};
const size_t cali_check_n_cases = sizeof cali_check_cases / sizeof *cali_check_cases;
