/* The inside of `callosum worker check`: a host that is played by hand, one check after another.
 *
 *   check.c         the link: a worker comes, is configured, is asked, answers; verdicts
 *   check_configure.c   CONFIGURE with single members changed
 *   check_cases.c   the table of checks: what a worker does        check_faults.c   what it does when things go wrong
 *
 * The first failure of a check stays; what is called afterwards does nothing, so that a check reads from top to bottom. Every wait has
 * an end. */
#ifndef CALI_WORKERS_CHECK_H
#define CALI_WORKERS_CHECK_H

#include "base/digest.h"
#include "callosum/workers.h"
#include "workers/channel.h"

typedef enum cali_check_need {
    CALI_NEEDS_NOTHING,
    CALI_NEEDS_INPUT, /* a port that takes numbers */
    CALI_NEEDS_SNAPSHOT,
    CALI_NEEDS_PORTABLE,
    CALI_NEEDS_DETERMINISTIC,
    CALI_NEEDS_ASYNC_PING
} cali_check_need;

typedef struct cali_check {
    cal_context *ctx;
    const cal_worker_check_def *def;
    cal_hub *hub;
    cal_wire *wire;
    char *endpoint, *folder; /* as bound; of the keys */
    cal_key_pair keys;
    bool has_keys;
    cal_packer *packer;
    cal_check_result *result;
    bool is_lost; /* the worker has not come back in time */

    /* what the worker is given */
    cal_message *configure;
    char model[CAL_PROTOCOL_MAX_KEY + 1];
    cal_time window;

    /* the worker */
    cal_message *hello; /* not yet answered, or the last one */
    cal_peer peer;      /* that said it */
    bool is_waiting;    /* for the answer to HELLO */
    cali_channel channel; /* wire NULL: not linked */
    bool is_ready;      /* is configured, and expects window `next` */
    bool is_silent;     /* nothing is sent, not even beats */
    uint64_t next;
    char digest[CAL_PROTOCOL_MAX_KEY + 1]; /* of the model, as READY says */

    cal_message *last;  /* that came */
    char sum[CALI_DIGEST_SIZE]; /* SHA-256 over its body and blobs */
    uint64_t n_pongs, pong_clock, pong_answers;
} cali_check;

typedef struct cali_check_case {
    const char *name, *section, *meaning;
    cali_check_need need;
    bool is_optional;
    void (*run)(cali_check *check);
} cali_check_case;
extern const cali_check_case cali_check_cases[];
extern const size_t cali_check_n_cases;

/* ---- check.c: verdicts ---- */

/** Only the first one stays. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void cali_check_fail(cali_check *check, const char *format, ...);
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void cali_check_skip(cali_check *check, const char *format, ...);
/** Failed, or skipped: nothing more is to be done. */
bool cali_check_is_over(const cali_check *check);

/* ---- the link ---- */

/** Waits for a HELLO that is not answered yet. */
void cali_check_await_hello(cali_check *check, double wait_s);
/** Answers it; with `resume` >= 0 the worker goes on with that window. */
void cali_check_welcome(cali_check *check, int64_t resume);
/** Says BYE if there is a link, takes the worker in anew, up to WELCOME. */
void cali_check_take_in(cali_check *check);
/** The same up to READY. */
void cali_check_fresh(cali_check *check);
/** A worker that is ready, with whatever windows are done. */
void cali_check_begin(cali_check *check);
/** The worker says HELLO again with `resume`: takes it in with the state that it kept. Returns its windows done. */
uint64_t cali_check_take_back(cali_check *check);
/** Closes the socket and opens it again at the same place. */
bool cali_check_open_again(cali_check *check);
/** The link is taken for over on this side. */
void cali_check_unlink(cali_check *check);

/* ---- messages ---- */

/** Sends the packer's body. Returns the number of the message. */
uint64_t cali_check_send(cali_check *check, cal_header header);
/** Sends frames as they stand, header included; they count as one message. */
void cali_check_send_raw(cali_check *check, const cal_frame *frames, size_t n);
/** The header that would be sent next. */
size_t cali_check_header(const cali_check *check, cal_header header, unsigned char bytes[CAL_HEADER_SIZE]);
/** The next message but PING, PONG, PROGRESS and TELEMETRY, in check->last; NULL: none came, or the link is over. */
const cal_message *cali_check_next(cali_check *check, double wait_s);
/** Takes what has come within a moment. */
void cali_check_poll(cali_check *check);
/** The next message is of this type and answers number `answers` (0: whatever). `what`: that was asked, for the verdict. NULL: failed. */
const cal_message *cali_check_expect(cali_check *check, unsigned type, uint64_t answers, const char *what);
/** The next message is ERROR with this code. Returns its severity, "" if it is not. */
const char *cali_check_expect_error(cali_check *check, const char *code, uint64_t answers, const char *what);

/* ---- windows ---- */

typedef struct cali_sum {
    char hex[CALI_DIGEST_SIZE];
} cali_sum;

/** How a STEP differs from the right one. */
typedef enum cali_step_twist {
    CALI_STEP_RIGHT,
    CALI_STEP_OTHER,    /* other numbers */
    CALI_STEP_NAN,
    CALI_STEP_UNKNOWN_KEY,
    CALI_STEP_NO_INPUT,
    CALI_STEP_SILENT    /* zeros */
} cali_step_twist;
/** Leaves the body of STEP `window` in the packer. */
void cali_check_pack_step(cali_check *check, uint64_t window, cali_step_twist twist);
/** Sends STEP `window`. Returns the number of the message. */
uint64_t cali_check_send_step(cali_check *check, uint64_t window, cali_step_twist twist);
/** OUTPUT `window` comes, with all ports as they must be; its body and blobs. */
cali_sum cali_check_output(cali_check *check, uint64_t window, uint64_t answers);
/** Both; advances `next` if it is that window. */
cali_sum cali_check_step(cali_check *check, uint64_t window);
/** Both are equal, byte for byte. */
void cali_check_same(cali_check *check, const cali_sum *a, const cali_sum *b, const char *what);

/** Asks for a snapshot of kind "portable" or "memory" and takes it; `bytes` is released with free(). */
void cali_check_save(cali_check *check, uint64_t number, unsigned char **bytes, size_t *size);
/** Brings it back; `window` windows are done then. `code`: of the ERROR that has to come instead of RESTORED, or NULL. */
void cali_check_restore(cali_check *check, uint64_t number, uint64_t window, const unsigned char *bytes, size_t size,
                        const char *sha256, const char *code);

/* ---- check_configure.c ---- */

/** A member of CONFIGURE that is written differently. */
typedef struct cali_edit {
    const char *path; /* "ports[0].unit" */
    const char *text; /* NULL: `number` */
    int64_t number;
    const char *adds; /* the name of a new member of the map `path`; NULL: none */
} cali_edit;
/** Makes check->configure for the model that the worker announces, or the experiment's. */
cal_status cali_check_make_configure(cali_check *check);
/** Leaves the body in the packer. */
void cali_check_pack_configure(cali_check *check, const cali_edit *edits, size_t n);
/** Sends it. Returns the number of the message. */
uint64_t cali_check_configure(cali_check *check, const cali_edit *edits, size_t n);
/** Awaits READY and checks it. */
void cali_check_ready(cali_check *check, uint64_t answers);

/* check_faults.c */
void cali_check_lost_message(cali_check *check);
void cali_check_silent_host(cali_check *check);
void cali_check_cut(cali_check *check);
void cali_check_malformed(cali_check *check);
void cali_check_fuzz(cali_check *check);
void cali_check_busy_ping(cali_check *check);

#endif
