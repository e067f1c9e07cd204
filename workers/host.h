/* The inside of the host side.
 *
 *   host.c      sockets, the thread that keeps the beats, who is let into which slot     process.c  local worker processes
 *   slot.c      the states of a slot: configure, restore, steps and outputs, loss         remote.c   the operation table
 *   watches.c   recorded weights
 *
 * One lock guards everything. Who waits for a window moves the messages himself; while nobody waits, the thread does, ten times per
 * second. A slot keeps the STEPs since its last snapshot: whoever takes the slot after a loss is given the snapshot and them. */
#ifndef CALI_WORKERS_HOST_H
#define CALI_WORKERS_HOST_H

#include <pthread.h>
#include <sys/types.h>

#include "callosum/workers.h"
#include "workers/channel.h"

/** A window that was begun. */
typedef struct cali_entry {
    uint64_t window;
    cali_kept step;
    uint32_t output_digest;
    bool has_output;        /* it was answered at least once */
    cal_message *output;    /* until the coupler has it */
    double sent_s;
} cali_log_entry;

typedef struct cali_saved {
    char *bytes; /* NULL: none */
    size_t size, capacity;
    uint64_t window; /* windows done */
    uint64_t number;
    cal_restore how;
    char sha256[65];
} cali_saved;

/** What is watched: as the network asks for it, as the first worker says it, and its values where they are known. */
typedef struct cali_watch {
    cal_time every;
    bool is_structure, is_due;  /* due: `values` are of the present time */
    uint32_t n_sources, n_targets; /* neurons that there are */
    size_t n;
    uint32_t *source, *target;
    double *delay_ms, *values;
} cali_watch;

typedef enum cali_phase {
    CALI_EMPTY,       /* nobody */
    CALI_CONFIGURING, /* WELCOME and CONFIGURE are out */
    CALI_RESTORING,   /* the snapshot goes out */
    CALI_LIVE,
    CALI_SLOT_FAILED, /* `status` and `failure` say why */
    CALI_DONE
} cali_phase;

typedef struct cali_slot {
    struct cal_host *host;
    char *name;
    bool is_local, is_draining, is_suspect;
    unsigned n_threads, lag;
    cal_when_lost when_lost;
    cal_time window;
    cal_port *ports;
    char **texts; /* names and units of the ports */
    size_t n_ports, n_samplers, n_populations;
    uint32_t *n_neurons_of; /* per population, for recorded spikes */
    bool wants_spikes;      /* some are recorded, and nothing was said of a worker that gives none */
    char *model;
    cali_kept configure;
    bool is_large;       /* it travels in pieces, by LOAD */
    char load_sha256[65];
    char digest[65];     /* of CONFIGURE */
    char model_digest[65]; /* of READY; a later worker's must be the same */
    bool has_worked;       /* a window was computed by that model */

    cali_phase phase;
    cal_status status;
    char failure[700], failure_code[8];
    cali_channel channel;
    bool has_snapshots;  /* the present worker's */
    char worker[128], device[64];
    uint32_t incarnation;
    uint64_t n_neurons, n_synapses;
    double bytes;

    cali_log_entry *log; /* n_log entries, windows ascending */
    size_t n_log, log_capacity, log_bytes;
    cali_kept_pool pool;          /* of STEPs that left the log */
    uint64_t n_begun, n_finished; /* windows, by the coupler */
    uint64_t to_send, expected;   /* next STEP out, next OUTPUT in */
    cali_saved saved, incoming;
    bool is_snapshot_asked;
    size_t pieces_sent, pieces_acknowledged; /* bytes of the snapshot, or of CONFIGURE */

    /* what the last finished window recorded */
    cal_time *spike_times;
    uint32_t *spike_populations, *spike_ids;
    size_t n_spikes, spike_capacity, spike_capacities[3];
    float **samples;
    size_t *sample_rows, *sample_columns, *sample_capacity; /* columns: those of the network */
    cal_time *sample_every;
    cali_watch *watches;
    size_t n_watches;
    bool has_watches;      /* a worker has said what they are */
    bool is_begin_awaited; /* the next RESTORED gives their values */

    pid_t pid;
    unsigned n_processes;
    char process[32];    /* what the local process calls itself */
    bool is_process;     /* the present worker is that process */
    unsigned n_deaths;   /* since the last window */
    double answered_s;   /* when the last OUTPUT came */
    double lost_s;       /* when the slot became empty */
    cal_slot_info facts; /* counters */
} cali_slot;

struct cal_host {
    cal_context *ctx;
    cal_host_def def;
    char *listen, *program, *keys_folder;
    cal_hub *hub;
    cal_wire *wires[2]; /* local (ipc), remote */
    size_t n_wires;
    cal_key_pair keys;
    pthread_mutex_t lock;
    pthread_t thread;
    bool has_thread, is_ending, has_lost, is_handed_over;
    cal_packer *packer;
    uint64_t session;
    uint64_t n_ignored; /* messages of nobody */
    uint64_t n_refused_told;
    double refused_told_s;
    double most_state;  /* bytes that a worker's snapshot may take here */
    cali_slot **slots;
    size_t n_slots, capacity;
    char *status_path, *drain_path; /* NULL: nothing is told */
    double told_s;
    double asked_s;      /* when the user was last told that a slot waits */
    char offered[256];   /* the last worker that fitted no slot */
} ;

/** With the lock: takes what has come, sends what is due, looks after the clocks. Waits up to `wait_ms` for a message. */
void cali_host_pump(cal_host *host, int wait_ms);
bool cali_host_is_stopped(const cal_host *host);
/** cal_host_drain, with the lock. */
bool cali_host_drain(cal_host *host, const char *worker_or_slot);
cal_slot_info cali_slot_info(const cali_slot *slot);
/** status.c: with the lock, once per second. */
void cali_host_tell(cal_host *host, double now, bool is_last);

/* slot.c, with the lock */
bool cali_slot_wants_worker(const cali_slot *slot);
/** A worker takes the slot: WELCOME, then CONFIGURE or, with `resumed`, what it still lacks. */
void cali_slot_take(cali_slot *slot, cal_wire *wire, const cal_peer *peer, const char *worker, const char *device,
                    bool has_snapshots, bool is_resumed, uint64_t windows_done);
void cali_slot_handle(cali_slot *slot, const cal_header *header, cal_message **message);
/** The worker is gone. */
void cali_slot_lose(cali_slot *slot, const char *why);
/** The worker broke the protocol: it hears ERROR and is gone; too many in a row fail the slot. */
void cali_slot_expel(cali_slot *slot, const char *code, const char *text, uint64_t answers);
/** A silence longer than this is taken for a broken link. */
void cali_slot_look_after(cali_slot *slot, double now);
void cali_slot_feed(cali_slot *slot);
/** The entry of a window in the log; NULL: none. */
cali_log_entry *cali_slot_find_entry(const cali_slot *slot, uint64_t window);
void cali_slot_ask_snapshot(cali_slot *slot);
/** Sends the saved state to the worker. */
void cali_slot_restore(cali_slot *slot);
void cali_slot_fail(cali_slot *slot, cal_status status, const char *code, const char *text);
void cali_slot_free(cali_slot *slot);

/* watches.c, with the lock. What the worker says of them; the reader says what is wrong with it */
cal_status cali_watches_take(cali_slot *slot, const cal_snn_def *network);
/** READY: the first worker's synapses are kept, those of later ones must be the same. */
cal_status cali_watches_learn(cali_slot *slot, cal_reader *reader, const cal_value *ready);
/** A list of their values at `time`, of RESTORED or OUTPUT. */
void cali_watches_read(cali_slot *slot, cal_reader *reader, const cal_value *list, cal_time time);
void cali_watches_free(cali_slot *slot);

/* process.c */
cal_status cali_process_start(cali_slot *slot);
/** Whether the local worker has ended, and how: "was killed by signal 9", "ended with status 1". */
bool cali_process_has_ended(cali_slot *slot, char *how, size_t size);
void cali_process_end(cali_slot *slot);

#endif
