/* callosum/workers.h - spiking regions in other processes, on this machine or another. The host side puts a slot in the place of
 * each such region, behind the operation table of sub-simulators; the worker side serves one slot at a time.
 *
 *      coupler  ->  slot  ->  host's socket  =====  worker's socket  ->  worker  ->  sub-simulator
 *
 * A worker may die, hang, or lose its link at any moment: the host keeps the last snapshot and the inputs since, gives both to the
 * next worker, and goes on with the same bits. protocols/PROTOCOL.md says what travels. */
#ifndef CALLOSUM_WORKERS_H
#define CALLOSUM_WORKERS_H

#include "callosum/coupler.h"
#include "callosum/protocols.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the host side ------------------------------------------------------------------------------- */

/** What happens when the worker of a slot is lost. */
typedef enum cal_when_lost {
    CAL_LOST_WAIT,    /**< the run waits for another worker */
    CAL_LOST_RESTART, /**< a local worker is started again; after five deaths without a window the run stops */
    CAL_LOST_STOP     /**< the run stops, with its last checkpoint */
} cal_when_lost;
extern const char *const cal_when_lost_names[]; /**< "wait", "restart", "stop"; n = 3 */
enum { CAL_N_WHEN_LOST = 3 };

typedef struct cal_host cal_host;

typedef struct cal_host_def {
    const char *listen;      /**< "tcp://0.0.0.0:7711": where workers of other machines come to; NULL: local workers only */
    const char *keys_folder; /**< see cal_keys_folder; NULL: the user's */
    bool is_insecure;        /**< plaintext on any address */
    const char *program;     /**< that local workers are: `PROGRAM worker attach ...`; NULL: this one */
    unsigned beat_ms;        /**< 100 to 60,000; default 1000 */
    unsigned liveness;       /**< beats of silence after which a link is taken for broken; 2 to 100, default 5 */
    unsigned hold_s;         /**< how long a slot is kept for a silent worker; default 300 */
    unsigned snapshot_windows; /**< a snapshot is asked for at least every so many windows; default 4096 */
    double load_bytes;       /**< largest model that is sent in pieces; 0: a quarter of the memory */
    size_t message_bytes;    /**< a larger model is sent in pieces; 0: one that is larger than a message */
    const char *status;      /**< file that tells of the workers, replaced every second: JSON; NULL: none. Beside it `STATUS.drain`
                                  may name a worker to let go */
    bool (*is_stopped)(void *user); /**< asked while the host waits; true: it gives up. NULL: never */
    void *user;
} cal_host_def;
cal_host_def cal_host_def_default(void);

/** Opens the sockets. Texts are copied. Errors: INPUT (endpoint), IO, MEMORY. */
cal_status cal_host_create(cal_context *ctx, const cal_host_def *def, cal_host **out);
/** After the coupler that its slots are in. Says BYE, ends local workers. NULL accepted. */
void cal_host_destroy(cal_host **host);
/** The bound address for workers of other machines, NULL without `listen`; and the host's public key, "" without CURVE. */
const char *cal_host_endpoint(const cal_host *host);
const char *cal_host_key(const cal_host *host);

typedef struct cal_slot_def {
    const char *name;       /**< the region's */
    bool is_local;          /**< a worker process is started for it */
    unsigned n_threads;     /**< of a local worker; 0: one */
    cal_when_lost when_lost;
    const cal_snn_def *network; /**< what the region is; borrowed for the call. Names of ports differ */
    const char *model;      /**< of a foreign worker, which is told of the network and given n_parameters; NULL: this engine */
    const char *const *parameters, *const *values; /**< names and values; those that are numbers travel as numbers */
    size_t n_parameters;
    cal_time window;
    unsigned lag;
    uint64_t key[2];        /**< of its random numbers */
} cal_slot_def;

/** Adds a slot; `*self` goes to cal_coupler_add with cal_sub_remote, which gives it back; the host keeps what it needs. Errors:
 *  INPUT (a model too large to travel), ARGUMENT, MEMORY. */
cal_status cal_host_add(cal_host *host, const cal_slot_def *def, void **self);
extern const cal_sub_ops cal_sub_remote;

/** Starts local workers and waits until all slots have one that is ready. Errors: INPUT (a worker refused the model), IO (a local
 *  worker cannot be started), STATE (stopped), MEMORY (E402 of a worker). */
cal_status cal_host_start(cal_host *host);

typedef enum cal_slot_state {
    CAL_SLOT_EMPTY, CAL_SLOT_FILLING, CAL_SLOT_LIVE, CAL_SLOT_SUSPECT, CAL_SLOT_FAILED, CAL_SLOT_DONE
} cal_slot_state;
extern const char *const cal_slot_state_names[]; /**< "empty", "filling", "live", "suspect", "failed", "done" */

/** A slot as it is now. */
typedef struct cal_slot_info {
    const char *name;          /**< the host's, as `model` */
    const char *model;         /**< of a foreign worker; "": this engine */
    char worker[128], device[64]; /**< "" where there is none */
    cal_slot_state state;
    bool is_local;
    int64_t pid;               /**< of a local worker, else 0 */
    uint32_t incarnation;
    uint64_t n_windows;        /**< finished */
    uint64_t n_lost, n_reconnected, n_replayed; /**< workers lost, links mended, windows computed again */
    uint64_t n_neurons, n_synapses;
    double bytes;              /**< of the worker */
    double compute_s, link_s;  /**< where the windows' time went; link: between sending and receiving, less the computation */
    uint64_t n_sent_bytes, n_received_bytes;
} cal_slot_info;
size_t cal_host_n_slots(const cal_host *host);
cal_slot_info cal_host_slot(cal_host *host, size_t index);
/** Lets the worker of a slot go after the present window: its state is taken, it hears BYE, another one goes on. False: no such
 *  worker. Any thread. */
bool cal_host_drain(cal_host *host, const char *worker_or_slot);
/** Whether the run stopped because a worker was lost under `stop`. */
bool cal_host_has_lost(const cal_host *host);
/** The workers will hear no BYE at the end: those that are not local come back to the next host at the same endpoint, also where
 *  they serve one run only. */
void cal_host_hand_over(cal_host *host);

/* ---- the worker side ------------------------------------------------------------------------------ */

/** What a model becomes on a worker. */
typedef struct cal_worker_sub {
    const cal_sub_ops *ops;
    void *self;           /**< given away */
    size_t n_samplers, n_watches; /**< that ops->samples and ops->watched can be asked for */
    cal_time step;
    uint64_t n_neurons, n_synapses;
    double bytes;
    char digest[65];      /**< of the model: equal ones continue each other's states */
} cal_worker_sub;

/** A model that a worker announces and builds. */
typedef struct cal_worker_model {
    const char *name;
    /** `configure`: the body of CONFIGURE, whose `model` has this name. What cannot be built sets `problem` (E201, E203, E402) or
     *  fails with a message. */
    cal_status (*build)(cal_context *ctx, const cal_value *configure, cal_worker_sub *out, cal_problem *problem);
} cal_worker_model;
/** Networks of this program's engine: "callosum-network". */
extern const cal_worker_model cal_worker_network;

typedef struct cal_worker_def {
    const char *endpoint;    /**< of the host */
    const char *name;        /**< for people */
    const char *slot;        /**< wanted; NULL: any */
    const char *host_key;    /**< CURVE: the host's public key; NULL: plaintext */
    const cal_key_pair *keys; /**< CURVE */
    bool is_insecure;         /**< plaintext to any address, by the user's wish */
    bool is_once;            /**< ends after one run */
    int64_t parent;          /**< the process that started this one: the worker ends with it; 0: it lives on */
    double load_bytes;       /**< largest model that is taken in pieces; 0: a quarter of the memory */
    unsigned give_up_s;      /**< without an answer of any host for so long it ends; 0: never */
    const cal_worker_model *const *models; /**< n_models; NULL: cal_worker_network */
    size_t n_models;
    bool (*is_stopped)(void *user); /**< asked several times per second; NULL: never */
    void *user;
} cal_worker_def;

/** Serves hosts until it is stopped, or once. Errors: INPUT (refused for good), IO (no host for give_up_s), MEMORY. What happens to
 *  a run goes to the host; notes tell what happens here. */
cal_status cal_worker_run(cal_context *ctx, const cal_worker_def *def);

/* ---- checking a worker ----------------------------------------------------------------------------- */

typedef enum cal_outcome { CAL_OUTCOME_OK, CAL_OUTCOME_FAILED, CAL_OUTCOME_SKIPPED } cal_outcome;
extern const char *const cal_outcome_names[]; /**< "ok", "FAILED", "skipped" */

/** What became of one check; texts are borrowed. */
typedef struct cal_check_result {
    const char *name, *meaning;
    const char *section; /**< of protocols/PROTOCOL.md */
    bool is_required;    /**< else the protocol advises it */
    cal_outcome outcome;
    char text[600];      /**< what was expected and what came, or why it was skipped; "" */
    double seconds;
} cal_check_result;

typedef struct cal_worker_check_def {
    const char *listen;      /**< where the worker comes to, as of cal_host_def */
    const char *keys_folder;
    bool is_insecure;
    unsigned beat_ms, liveness; /**< of the link; default 500, 4 */
    unsigned wait_s;         /**< for the worker to come at first; default 600 */
    unsigned return_s;       /**< to come back after a check, default 60; then the remaining checks fail */
    unsigned answer_s;       /**< for an answer; default 30 */
    const char *const *only; /**< n_only names of checks; NULL: all */
    size_t n_only;
    cal_host *host;          /**< the region that is asked for is slot `slot` of it; NULL: a small network of one population */
    size_t slot;
    void (*announce)(void *user, const char *endpoint, const char *host_key); /**< it listens; host_key "" without CURVE */
    void (*greet)(void *user, const char *name, const char *version, const char *model); /**< the first worker has come */
    void (*report)(void *user, const cal_check_result *result);
    void (*wait)(void *user, unsigned seconds); /**< the worker has to be started again */
    bool (*is_stopped)(void *user);
    void *user; /**< functions may be NULL */
} cal_worker_check_def;
cal_worker_check_def cal_worker_check_def_default(void);

/** Drives the worker that comes through the protocol, check by check. `*n_failed`: required checks that failed. Errors: INPUT (endpoint;
 *  no such check; it cannot have the region), IO (no worker came), STATE (stopped), MEMORY. */
cal_status cal_worker_check(cal_context *ctx, const cal_worker_check_def *def, size_t *n_failed);

#ifdef __cplusplus
}
#endif
#endif
