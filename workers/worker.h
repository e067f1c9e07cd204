/* The inside of a worker.
 *
 *   worker.c   the link to a host: HELLO, beats, silence, coming back      serve.c   what a host asks for
 *   windows.c  STEP -> sub-simulator -> OUTPUT                             states.c  snapshots in and out
 *
 * The main thread waits for messages and computes; while it computes, a second thread answers PING and lays other messages
 * aside. `lock` guards the channel, the inbox and `packer`. */
#ifndef CALI_WORKERS_WORKER_H
#define CALI_WORKERS_WORKER_H

#include <pthread.h>

#include "callosum/workers.h"
#include "workers/channel.h"

enum { CALI_INBOX = 64, CALI_KEPT_OUTPUTS = 3 };

typedef enum cali_worker_state { CALI_OFFERED, CALI_WELCOMED, CALI_READY, CALI_FAILED } cali_worker_state;

/** An answer that may be asked for again. */
typedef struct cali_answer {
    bool is_kept;
    uint64_t window, compute_ns;
    uint32_t step_digest;
    cali_kept frames;
} cali_answer;

/** What the worker serves: from CONFIGURE to BYE. */
typedef struct cali_service {
    cal_worker_sub sub;
    size_t n_ports;
    cal_port_data *data;  /* per port */
    size_t *spike_capacity; /* per port */
    cal_time window, start;
    uint64_t next; /* window that is expected; windows done */
    cali_answer answers[CALI_KEPT_OUTPUTS];
    cali_kept_pool pool; /* of answers that are no longer kept */
    uint32_t *offsets;   /* of recorded spikes */
    size_t offset_capacity;
    /* a state that is being received; state_size 0: none */
    uint64_t state_number, state_size, state_window, state_asked; /* asked: the number of RESTORE */
    size_t state_received, state_capacity;
    char state_sha256[65];
    unsigned char *state;
    cal_restore state_how;
    /* or a CONFIGURE, in the same place */
    size_t load_frames[CAL_PROTOCOL_MAX_FRAMES - 1], n_load_frames; /* 0: a state */
} cali_service;

typedef struct cali_worker {
    cal_context *ctx;
    const cal_worker_def *def;
    cal_hub *hub;
    cal_wire *wire;
    pthread_mutex_t lock;
    pthread_t beats;
    bool has_beats, is_ending; /* guarded */
    cal_wire_link link; /* of the last connection, as it ended */
    _Atomic bool is_cut;              /* the link is broken: a message was lost, or one cannot be read; guarded */
    bool is_welcome;           /* WELCOME has come over this link; guarded */
    bool is_drained;           /* the host asked this worker to leave */
    cali_channel channel;
    cal_packer *packer;
    cal_message *inbox[CALI_INBOX];
    size_t n_inbox;

    cal_packer *outputs; /* of the main thread */
    _Atomic cali_worker_state state; /* set by the main thread, seen by the beats */
    char slot[256];
    double beat_s, hold_s;
    unsigned liveness;
    cali_service service;
    bool has_service;
} cali_worker;

/** The next message other than PING and PONG, owned by the caller; NULL: none within `wait_s`, the link is cut, or the worker was
 *  stopped. `only` > 0: of this type, or ERROR or BYE; others stay in their order. */
cal_message *cali_worker_next(cali_worker *worker, double wait_s, unsigned only);
/** Makes a message the next one again. */
void cali_worker_put_back(cali_worker *worker, cal_message **message);
/** Sends under the lock; from the worker's packer where `frames` is NULL. */
void cali_worker_send(cali_worker *worker, cal_header header, const cal_frame *frames, size_t n);
void cali_worker_send_kept(cali_worker *worker, cal_header header, const cali_kept *kept);
void cali_worker_error(cali_worker *worker, const char *code, const char *severity, const char *text, uint64_t answers);
/** Turns the context's message into ERROR and forgets it; the worker waits for BYE. */
void cali_worker_fail(cali_worker *worker, uint64_t answers);
bool cali_worker_is_stopped(const cali_worker *worker);

/** serve.c: builds what CONFIGURE asks for. */
void cali_worker_configure(cali_worker *worker, const cal_message *message);
/** Bytes that a CONFIGURE may have that comes by LOAD. */
double cali_worker_load_limit(const cali_worker *worker);
/** serve.c: handles one message. False: the service is over (BYE). */
bool cali_worker_handle(cali_worker *worker, const cal_message *message);
void cali_service_end(cali_worker *worker);

void cali_worker_step(cali_worker *worker, const cal_message *message);
void cali_worker_snapshot(cali_worker *worker, const cal_message *message);
void cali_worker_restore(cali_worker *worker, const cal_message *message);
void cali_worker_load(cali_worker *worker, const cal_message *message);
void cali_worker_chunk(cali_worker *worker, const cal_message *message);
void cali_answers_free(cali_service *service);
/** Adds what is watched as the member `watched`; its arrays are lent. */
void cali_watched_pack(const cali_service *service, cal_packer *packer);

#endif
