/* The sockets: ROUTER at the host, DEALER at the worker, and the doorman who answers ZeroMQ's question (ZAP, RFC 27) whether a
 * peer may come in. The only file here that knows ZeroMQ.
 *
 *      hub     one context of ZeroMQ, one doorman: a thread that looks a key up at each handshake
 *      wire    one socket, and its monitor: the socket that tells how the connection stands
 *
 * A DEALER connects once. ZeroMQ's own way to say that, ZMQ_RECONNECT_IVL -1, takes what was received but not yet read away with
 * the connection, a BYE for example; so the interval is a day, and nobody waits for it. */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <zmq.h>

#include "base/clock.h"
#include "base/memory.h"
#include "protocols/door.h"
#include "protocols/flow.h"
#include "protocols/links.h"

enum {
    HIGH_WATER = 256,        /* messages; credits are a few, beats of a long window come on top */
    HANDSHAKE_MS = 5000,     /* connections that say nothing are closed after it */
    CONNECT_MS = 10000,
    NEVER_MS = 24 * 3600 * 1000,
    LINGER_MS = 1000,
    BACKLOG = 512,           /* connections that wait to be accepted */
    MAX_FILES = 8192,        /* open files that a host asks for: also a bound on silent connections */
    MAX_DROPS = 64,          /* bad messages that one call of receive skips */
    MIN_LENT = 4 << 10,      /* bytes of a frame that is lent; a smaller one is copied sooner */
    LIST_MS = 500,           /* how often the list of allowed keys is looked at while somebody is in */
    MAX_GREETING = 4 << 20   /* bytes of a connection before its first message: the handshake and HELLO take a few thousand */
};
/* Bytes of a connection without a message: one that is under way, and one that waits to be fetched. */
static const uint64_t most_bytes = UINT64_C(9) * CAL_PROTOCOL_MAX_MESSAGE / 4;
static const double FLOW_S = 0.05, BUSY_FLOW_S = 1.0; /* how often it is looked at: with nothing to fetch, with messages waiting */
static const double LINK_S = 0.05; /* a look at the monitor is a call of the system, so sending looks that often */
static const char plain_domain[] = "plain", curve_domain[] = "curve";

struct cal_hub {
    cal_context *ctx;
    void *zmq;
    void *door_socket; /* the doorman's */
    pthread_t doorman;
    bool has_doorman;
    cali_door door;
    atomic_uint n_open, n_turns;
};

struct cal_wire {
    cal_hub *hub;
    void *socket, *monitor;
    int file, monitor_file; /* of the system, readable when there is news */
    bool is_listening, is_bound;
    cali_endpoint endpoint;
    char bound[256]; /* the endpoint as ZeroMQ names it */
    cal_wire_link link;
    double link_s; /* when it was last looked at */
    cali_flows flows; /* of a listening one */
    double flow_s; /* when they were last looked at */
    uint64_t n_dropped;
};

/* ---- keys -------------------------------------------------------------------------------------- */

bool cali_key_make(cal_key_pair *out)
{
    return zmq_curve_keypair(out->public_key, out->secret_key) == 0;
}

bool cali_key_public(const char *secret_key, char public_key[CAL_KEY_SIZE])
{
    return cal_key_is_valid(secret_key) && zmq_curve_public(public_key, secret_key) == 0;
}

/* ---- the doorman ------------------------------------------------------------------------------- */

/* One frame as text, cut to the room there is. False: the hub ends. */
static bool receive_text(void *socket, char *out, size_t room, size_t *size, bool *has_more)
{
    zmq_msg_t part;
    zmq_msg_init(&part);
    int n;
    do
        n = zmq_msg_recv(&part, socket, 0);
    while (n < 0 && zmq_errno() == EINTR);
    const size_t kept = n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
    memcpy(out, zmq_msg_data(&part), kept);
    out[kept] = '\0';
    *size = n < 0 ? 0 : (size_t)n;
    *has_more = zmq_msg_more(&part) != 0;
    zmq_msg_close(&part);
    return n >= 0;
}

/* What ZeroMQ asks: version, number, domain, address, name, mechanism, credentials. */
enum { VERSION, NUMBER, DOMAIN, ADDRESS, IDENTITY, MECHANISM, CREDENTIALS, N_REQUEST, MAX_TEXT = 256 };
typedef struct request {
    size_t n, sizes[N_REQUEST];
    char frames[N_REQUEST][MAX_TEXT];
} request;

/* False: the hub ends. Revoked keys are looked for while it waits. */
static bool receive_request(cal_hub *hub, request *out)
{
    char spare[MAX_TEXT];
    bool has_more = true;
    zmq_pollitem_t item = {.socket = hub->door_socket, .events = ZMQ_POLLIN};
    *out = (request){0};
    for (int n = 0; n == 0;) {
        n = zmq_poll(&item, 1, cali_door_has_guests(&hub->door) ? LIST_MS : -1);
        cali_door_look(&hub->door);
    }
    for (size_t i = 0; has_more; i++) {
        size_t size;
        if (!receive_text(hub->door_socket, i < N_REQUEST ? out->frames[i] : spare, MAX_TEXT, &size, &has_more))
            return false;
        if (i < N_REQUEST) {
            out->sizes[i] = size;
            out->n = i + 1;
        }
    }
    return true;
}

static void *stand_at_the_door(void *arg)
{
    cal_hub *hub = arg;
    request r;
    while (receive_request(hub, &r)) {
        char key[CAL_KEY_SIZE] = "";
        if (strcmp(r.frames[MECHANISM], "CURVE") == 0 && r.sizes[CREDENTIALS] == 32)
            zmq_z85_encode(key, (const uint8_t *)r.frames[CREDENTIALS], 32);
        const bool is_plain = strcmp(r.frames[MECHANISM], "NULL") == 0 && strcmp(r.frames[DOMAIN], plain_domain) == 0;
        const bool is_in = cali_door_admit(&hub->door, is_plain, key, r.frames[ADDRESS]);
        /* the key names the peer in each of its messages: User-Id */
        const char *const answer[] = {"1.0", r.frames[NUMBER], is_in ? "200" : "400", is_in ? "" : "key not allowed", key, ""};
        enum { N = sizeof answer / sizeof *answer };
        for (size_t i = 0; i < N; i++)
            while (zmq_send(hub->door_socket, answer[i], strlen(answer[i]), i + 1 < N ? ZMQ_SNDMORE : 0) < 0 &&
                   zmq_errno() == EINTR)
                ;
    }
    zmq_close(hub->door_socket);
    return NULL;
}

/* ---- hub --------------------------------------------------------------------------------------- */

/* A host with many peers needs many open files; the default limit of 1024 is for programs that use select. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= MAX_FILES)
        return;
    limit.rlim_cur = limit.rlim_max < MAX_FILES ? limit.rlim_max : MAX_FILES;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* Signals are for the threads of the program. */
static int start_doorman(cal_hub *hub)
{
    sigset_t all, former;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    const int cause = pthread_create(&hub->doorman, NULL, stand_at_the_door, hub);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    hub->has_doorman = cause == 0;
    return cause;
}

static cal_status init_hub(cal_hub *hub, const char *keys_folder)
{
    const int no_linger = 0;
    CAL_TRY(cali_door_init(&hub->door, hub->ctx, keys_folder));
    raise_file_limit();
    hub->zmq = zmq_ctx_new();
    if (hub->zmq == NULL)
        return CAL_FAIL(hub->ctx, CAL_ERR_MEMORY, "cannot start ZeroMQ: %s", zmq_strerror(zmq_errno()));
    hub->door_socket = zmq_socket(hub->zmq, ZMQ_REP);
    if (hub->door_socket == NULL || zmq_setsockopt(hub->door_socket, ZMQ_LINGER, &no_linger, sizeof no_linger) != 0 ||
        zmq_bind(hub->door_socket, "inproc://zeromq.zap.01") != 0)
        return CAL_FAIL(hub->ctx, CAL_ERR_IO, "cannot start the sockets: %s", zmq_strerror(zmq_errno()));
    const int cause = start_doorman(hub);
    return cause == 0 ? CAL_OK : CAL_FAIL(hub->ctx, CAL_ERR_IO, "cannot start a thread: %s", strerror(cause));
}

cal_status cal_hub_create(cal_context *ctx, const char *keys_folder, cal_hub **out)
{
    cal_hub *hub = NULL;
    *out = NULL;
    CAL_TRY(cali_alloc(ctx, 1, sizeof *hub, "a hub", &hub));
    hub->ctx = ctx;
    const cal_status status = init_hub(hub, keys_folder);
    if (status != CAL_OK)
        cal_hub_destroy(&hub);
    *out = hub;
    return status;
}

void cal_hub_destroy(cal_hub **handle)
{
    cal_hub *hub = *handle;
    if (hub == NULL)
        return;
    assert(atomic_load(&hub->n_open) == 0);
    if (hub->zmq != NULL)
        zmq_ctx_shutdown(hub->zmq); /* the doorman's call returns */
    if (hub->has_doorman)
        pthread_join(hub->doorman, NULL);
    else if (hub->door_socket != NULL)
        zmq_close(hub->door_socket);
    while (hub->zmq != NULL && zmq_ctx_term(hub->zmq) != 0 && zmq_errno() == EINTR)
        ;
    cali_door_free(&hub->door);
    free(hub);
    *handle = NULL;
}

cal_door cal_hub_get_door(cal_hub *hub)
{
    return cali_door_get(&hub->door);
}

/* ---- opening ----------------------------------------------------------------------------------- */

static cal_status check_keys(cal_context *ctx, const cal_wire_def *def)
{
    if (def->keys != NULL && !(cal_key_is_valid(def->keys->public_key) && cal_key_is_valid(def->keys->secret_key)))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s: the own pair of keys is broken. Try callosum keys new NAME.", def->endpoint);
    if (def->is_listening)
        return CAL_OK;
    if (def->host_key != NULL && !cal_key_is_valid(def->host_key))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s: \"%.64s\" is no key: the host prints its own of 40 signs when it listens.",
                        def->endpoint, def->host_key);
    if ((def->keys == NULL) != (def->host_key == NULL))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s: %s", def->endpoint,
                        def->host_key == NULL ? "an own key and no key of the host. Try --host-key, which the host prints."
                                              : "a key of the host and no own pair. Try callosum keys new NAME.");
    return CAL_OK;
}

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_text(void *socket, int option, const char *text)
{
    return zmq_setsockopt(socket, option, text, strlen(text)) == 0;
}

static bool set_options(const cal_wire *wire, const cal_wire_def *def)
{
    void *s = wire->socket;
    const int64_t max_frame = CAL_PROTOCOL_MAX_FRAME;
    bool is_good = set_int(s, ZMQ_LINGER, 0) && set_int(s, ZMQ_SNDHWM, HIGH_WATER) && set_int(s, ZMQ_RCVHWM, HIGH_WATER) &&
                   zmq_setsockopt(s, ZMQ_MAXMSGSIZE, &max_frame, sizeof max_frame) == 0 &&
                   set_int(s, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) && set_int(s, ZMQ_IPV6, wire->endpoint.is_ipv6) &&
                   set_int(s, ZMQ_TCP_KEEPALIVE, 1) && set_int(s, ZMQ_TCP_KEEPALIVE_IDLE, 30) &&
                   set_int(s, ZMQ_TCP_KEEPALIVE_INTVL, 10) && set_int(s, ZMQ_TCP_KEEPALIVE_CNT, 6);
    if (def->is_listening) /* with a domain ZeroMQ asks the doorman, and takes no peer that is too old to be asked about */
        is_good = is_good && set_int(s, ZMQ_ROUTER_MANDATORY, 1) && set_int(s, ZMQ_BACKLOG, BACKLOG) &&
                  set_text(s, ZMQ_ZAP_DOMAIN, def->keys != NULL ? curve_domain : plain_domain);
    else
        is_good = is_good && set_int(s, ZMQ_RECONNECT_IVL, NEVER_MS) && set_int(s, ZMQ_CONNECT_TIMEOUT, CONNECT_MS);
    if (def->keys != NULL)
        is_good = is_good && set_text(s, ZMQ_CURVE_SECRETKEY, def->keys->secret_key) &&
                  (def->is_listening ? set_int(s, ZMQ_CURVE_SERVER, 1)
                                     : set_text(s, ZMQ_CURVE_PUBLICKEY, def->keys->public_key) &&
                                           set_text(s, ZMQ_CURVE_SERVERKEY, def->host_key));
    return is_good;
}

static bool open_monitor(cal_wire *wire, unsigned turn)
{
    char address[64];
    const int events = wire->is_listening ? ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_CLOSED | ZMQ_EVENT_CLOSE_FAILED
                                          : ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                                                ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                                                ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    snprintf(address, sizeof address, "inproc://monitor-%u", turn);
    if (zmq_socket_monitor(wire->socket, address, events) != 0)
        return false;
    wire->monitor = zmq_socket(wire->hub->zmq, ZMQ_PAIR);
    return wire->monitor != NULL && set_int(wire->monitor, ZMQ_LINGER, 0) &&
           set_int(wire->monitor, ZMQ_RCVHWM, 0) && /* or ZeroMQ's thread waits for whoever reads */
           zmq_connect(wire->monitor, address) == 0;
}

static cal_status refuse_address(cal_context *ctx, const cal_wire_def *def, int cause)
{
    const char *hint = cause == EADDRINUSE ? " Try another port, or :* for any that is free."
                       : cause == EACCES   ? " Ports below 1024 belong to the system: try one above."
                                           : " Try an address of this machine, or tcp://*:PORT for all.";
    return CAL_FAIL(ctx, CAL_ERR_IO, "%s: cannot %s: %s.%s", def->endpoint, def->is_listening ? "listen" : "connect",
                    zmq_strerror(cause), def->is_listening ? hint : "");
}

static cal_status init_wire(cal_wire *wire, const cal_wire_def *def, unsigned turn)
{
    cal_context *ctx = wire->hub->ctx;
    CAL_TRY(check_keys(ctx, def));
    CAL_TRY(cali_endpoint_resolve(ctx, def, turn, &wire->endpoint));
    if (def->keys == NULL && !wire->endpoint.is_local && !def->is_insecure)
        return CAL_FAIL(ctx, CAL_ERR_INPUT,
                        "%s: without keys only ipc and addresses of this machine itself (tcp://127.0.0.1:...) are used: anybody "
                        "could read and change what is sent. Try %s; docs/workers.md says how.", def->endpoint,
                        def->is_listening ? "callosum keys new NAME" : "the whole command that the run prints, with its --host-key");
    wire->socket = zmq_socket(wire->hub->zmq, def->is_listening ? ZMQ_ROUTER : ZMQ_DEALER);
    if (wire->socket == NULL || !set_options(wire, def) || !open_monitor(wire, turn))
        return CAL_FAIL(ctx, CAL_ERR_IO, "%s: cannot open a socket: %s", def->endpoint, zmq_strerror(zmq_errno()));
    size_t size = sizeof wire->file;
    if (zmq_getsockopt(wire->socket, ZMQ_FD, &wire->file, &size) != 0 ||
        zmq_getsockopt(wire->monitor, ZMQ_FD, &wire->monitor_file, &size) != 0)
        return CAL_FAIL(ctx, CAL_ERR_IO, "%s: cannot open a socket: %s", def->endpoint, zmq_strerror(zmq_errno()));
    size = sizeof wire->bound;
    if (!wire->is_listening) {
        snprintf(wire->bound, sizeof wire->bound, "%s", wire->endpoint.text);
        return zmq_connect(wire->socket, wire->bound) == 0 ? CAL_OK : refuse_address(ctx, def, zmq_errno());
    }
    wire->is_bound = zmq_bind(wire->socket, wire->endpoint.text) == 0;
    if (!wire->is_bound || zmq_getsockopt(wire->socket, ZMQ_LAST_ENDPOINT, wire->bound, &size) != 0)
        return refuse_address(ctx, def, zmq_errno());
    if (wire->endpoint.path[0] != '\0' && chmod(wire->endpoint.path, 0600) != 0)
        return refuse_address(ctx, def, errno);
    return CAL_OK;
}

cal_status cal_hub_open(cal_hub *hub, const cal_wire_def *def, cal_wire **out)
{
    cal_wire *wire = NULL;
    *out = NULL;
    CAL_TRY(cali_alloc(hub->ctx, 1, sizeof *wire, "a socket", &wire));
    wire->hub = hub;
    wire->is_listening = def->is_listening;
    wire->flows = (cali_flows){.most_first = MAX_GREETING, .most = most_bytes};
    wire->link = def->is_listening ? CAL_LINK_UP : CAL_LINK_OPENING;
    atomic_fetch_add(&hub->n_open, 1);
    const unsigned turn = atomic_fetch_add(&hub->n_turns, 1);
    const cal_status status = init_wire(wire, def, turn);
    if (status != CAL_OK)
        cal_wire_close(&wire);
    *out = wire;
    return status;
}

const char *cal_wire_endpoint(const cal_wire *wire)
{
    return wire->bound;
}

uint64_t cal_wire_n_dropped(const cal_wire *wire)
{
    return wire->n_dropped;
}

/* ---- the connection ---------------------------------------------------------------------------- */

/* The next event of the monitor, or 0; `value` may be NULL. */
static int read_event(void *monitor, int *value)
{
    enum { SIZE = sizeof(uint16_t) + sizeof(int32_t) };
    int event = 0, has_more = 1;
    for (int i = 0; has_more != 0; i++) {
        zmq_msg_t part;
        zmq_msg_init(&part);
        if (zmq_msg_recv(&part, monitor, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&part);
            return 0;
        }
        uint16_t number = 0;
        int32_t what = 0;
        if (i == 0 && zmq_msg_size(&part) >= SIZE) {
            memcpy(&number, zmq_msg_data(&part), sizeof number);
            memcpy(&what, (const char *)zmq_msg_data(&part) + sizeof number, sizeof what);
            event = number;
            if (value != NULL)
                *value = what;
        }
        has_more = zmq_msg_more(&part);
        zmq_msg_close(&part);
    }
    return event;
}

cal_wire_link cal_wire_get_link(cal_wire *wire)
{
    static const struct {
        int event;
        cal_wire_link from_opening, from_up;
    } changes[] = {
        {ZMQ_EVENT_HANDSHAKE_SUCCEEDED, CAL_LINK_UP, CAL_LINK_UP},
        {ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, CAL_LINK_REFUSED, CAL_LINK_CUT},
        {ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, CAL_LINK_UNTRUSTED, CAL_LINK_CUT},
        {ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, CAL_LINK_UNTRUSTED, CAL_LINK_CUT},
        {ZMQ_EVENT_DISCONNECTED, CAL_LINK_UNTRUSTED, CAL_LINK_CUT},
        {ZMQ_EVENT_CONNECT_RETRIED, CAL_LINK_NOBODY, CAL_LINK_CUT},
    };
    if (wire->is_listening)
        return wire->link;
    wire->link_s = cali_wall_s();
    for (int event = read_event(wire->monitor, NULL); event != 0; event = read_event(wire->monitor, NULL))
        for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
            if (changes[i].event == event && wire->link <= CAL_LINK_UP) {
                wire->link = wire->link == CAL_LINK_OPENING ? changes[i].from_opening : changes[i].from_up;
                break;
            }
    return wire->link;
}

/* Until the address is free again: closing is done by ZeroMQ's own thread. */
static void stop_listening(cal_wire *wire)
{
    zmq_pollitem_t item = {.socket = wire->monitor, .events = ZMQ_POLLIN};
    if (zmq_unbind(wire->socket, wire->bound) != 0)
        return;
    for (int i = 0; i < 100; i++)
        for (int event = zmq_poll(&item, 1, 10) > 0 ? read_event(wire->monitor, NULL) : 0; event != 0;
             event = read_event(wire->monitor, NULL))
            if (event != ZMQ_EVENT_ACCEPTED)
                return;
}

void cal_wire_close(cal_wire **handle)
{
    cal_wire *wire = *handle;
    if (wire == NULL)
        return;
    if (wire->socket != NULL) {
        if (wire->monitor != NULL && cal_wire_get_link(wire) == CAL_LINK_UP)
            set_int(wire->socket, ZMQ_LINGER, LINGER_MS);
        if (wire->is_bound)
            stop_listening(wire);
        zmq_socket_monitor(wire->socket, NULL, 0);
    }
    if (wire->monitor != NULL)
        zmq_close(wire->monitor);
    if (wire->socket != NULL)
        zmq_close(wire->socket);
    if (wire->is_bound || wire->endpoint.folder[0] != '\0')
        cali_endpoint_remove(&wire->endpoint);
    atomic_fetch_sub(&wire->hub->n_open, 1);
    cali_flow_free(&wire->flows);
    free(wire);
    *handle = NULL;
}

/* ---- messages ---------------------------------------------------------------------------------- */

static bool send_part(void *socket, zmq_msg_t *part, bool has_more)
{
    for (;;) {
        if (zmq_msg_send(part, socket, ZMQ_DONTWAIT | (has_more ? ZMQ_SNDMORE : 0)) >= 0)
            return true;
        if (zmq_errno() != EINTR)
            return false;
    }
}

/* A part with a copy of the frame, or with the frame itself. */
static bool make_part(zmq_msg_t *part, const cal_frame *frame, const cal_lender *lender)
{
    if (lender != NULL && frame->size >= MIN_LENT) {
        lender->hold(lender->owner);
        if (zmq_msg_init_data(part, (void *)(uintptr_t)frame->data, frame->size, lender->give_back, lender->owner) == 0)
            return true;
        lender->give_back(NULL, lender->owner);
        return false;
    }
    if (zmq_msg_init_size(part, frame->size) != 0)
        return false;
    if (frame->size > 0)
        memcpy(zmq_msg_data(part), frame->data, frame->size);
    return true;
}

bool cal_wire_send(cal_wire *wire, const cal_peer *to, const cal_frame *frames, size_t n)
{
    return cal_wire_lend(wire, to, frames, n, NULL);
}

bool cal_wire_lend(cal_wire *wire, const cal_peer *to, const cal_frame *frames, size_t n, const cal_lender *lender)
{
    assert(n > 0 && n <= CAL_PROTOCOL_MAX_FRAMES);
    zmq_msg_t parts[1 + CAL_PROTOCOL_MAX_FRAMES];
    if (!wire->is_listening && cali_wall_s() - wire->link_s > LINK_S)
        cal_wire_get_link(wire);
    if (wire->link > CAL_LINK_UP)
        return false;
    const cal_frame address = {.data = to == NULL ? NULL : to->id, .size = to == NULL ? 0 : to->size};
    const size_t n_address = wire->is_listening;
    /* all memory first, so that no message goes out in half */
    size_t n_ready = 0, n_sent = 0;
    bool is_good = true;
    while (is_good && n_ready < n_address + n) {
        const cal_frame *frame = n_ready < n_address ? &address : &frames[n_ready - n_address];
        is_good = make_part(&parts[n_ready], frame, n_ready > n_address ? lender : NULL);
        n_ready += is_good;
    }
    while (is_good && n_sent < n_ready) {
        is_good = send_part(wire->socket, &parts[n_sent], n_sent + 1 < n_ready);
        n_sent += is_good;
    }
    for (size_t i = n_sent; i < n_ready; i++)
        zmq_msg_close(&parts[i]);
    return is_good;
}

/* Received frames stay where ZeroMQ put them. */
typedef struct parcel {
    size_t n;
    zmq_msg_t parts[];
} parcel;

static void release_parcel(void *owner)
{
    parcel *p = owner;
    for (size_t i = 0; i < p->n; i++)
        zmq_msg_close(&p->parts[i]);
    free(p);
}

/* Moves `n` parts into `frames`; false: no memory. */
static bool wrap(zmq_msg_t *parts, size_t n, cal_frames *frames)
{
    parcel *p = malloc(sizeof *p + n * sizeof p->parts[0]);
    if (p == NULL)
        return false;
    *frames = (cal_frames){.n = n, .owner = p, .release = release_parcel};
    p->n = n;
    for (size_t i = 0; i < n; i++) {
        zmq_msg_init(&p->parts[i]);
        zmq_msg_move(&p->parts[i], &parts[i]);
        frames->frames[i] = (cal_frame){zmq_msg_data(&p->parts[i]), zmq_msg_size(&p->parts[i])};
    }
    return true;
}

typedef enum arrival { ARRIVAL_NONE, ARRIVAL_GOOD, ARRIVAL_BAD } arrival;

static bool receive_part(void *socket, zmq_msg_t *part)
{
    zmq_msg_init(part);
    for (;;) {
        if (zmq_msg_recv(part, socket, ZMQ_DONTWAIT) >= 0)
            return true;
        if (zmq_errno() != EINTR)
            break;
    }
    zmq_msg_close(part);
    return false;
}

/* Takes the sender's name off a message. False: nothing there. */
static bool receive_name(void *socket, cal_peer *from, bool *is_good)
{
    zmq_msg_t part;
    if (!receive_part(socket, &part))
        return false;
    const size_t size = zmq_msg_size(&part);
    *is_good = size <= sizeof from->id && zmq_msg_more(&part);
    if (*is_good) {
        from->size = (uint8_t)size;
        memcpy(from->id, zmq_msg_data(&part), size);
    }
    const bool has_more = zmq_msg_more(&part) != 0;
    zmq_msg_close(&part);
    return has_more;
}

static arrival receive_one(cal_wire *wire, cal_peer *from, cal_frames *frames)
{
    zmq_msg_t parts[CAL_PROTOCOL_MAX_FRAMES], spare;
    size_t n = 0, n_seen = 0;
    bool is_good = true, has_more = true;
    *from = (cal_peer){0};
    if (wire->is_listening && !receive_name(wire->socket, from, &is_good))
        return ARRIVAL_NONE;
    while (has_more) {
        zmq_msg_t *part = is_good && n < CAL_PROTOCOL_MAX_FRAMES ? &parts[n] : &spare;
        if (!receive_part(wire->socket, part))
            break; /* a message comes as a whole, so this is its beginning */
        n_seen++;
        has_more = zmq_msg_more(part) != 0;
        if (part != &spare)
            n++;
        else
            zmq_msg_close(part);
    }
    if (n_seen == 0)
        return ARRIVAL_NONE;
    if (wire->is_listening && n > 0)
        cali_flow_heard(&wire->flows, zmq_msg_get(&parts[0], ZMQ_SRCFD));
    if (n > 0 && cali_door_has_revoked(&wire->hub->door)) {
        const char *key = zmq_msg_gets(&parts[0], "User-Id");
        is_good = is_good && !(key != NULL && cali_door_is_revoked(&wire->hub->door, key));
    }
    if (is_good && !has_more && n == n_seen && wrap(parts, n, frames))
        return ARRIVAL_GOOD;
    for (size_t i = 0; i < n; i++)
        zmq_msg_close(&parts[i]);
    return ARRIVAL_BAD;
}

/* Who sends without end is cut. */
static void watch_flows(cal_wire *wire, double every_s)
{
    char address[64];
    const double now = cali_wall_s();
    if (!wire->is_listening || now - wire->flow_s < every_s)
        return;
    wire->flow_s = now;
    int file = -1;
    for (int event = read_event(wire->monitor, &file); event != 0; event = read_event(wire->monitor, &file))
        if (event == ZMQ_EVENT_ACCEPTED)
            cali_flow_open(&wire->flows, file);
    const size_t n = cali_flow_look(&wire->flows, address, sizeof address);
    wire->n_dropped += n;
    if (n > 0)
        cal_context_note(wire->hub->ctx, "E106 a peer at %s sent more than a message may have, and no end of it: its connection was cut",
                         address);
}

bool cal_wire_receive(cal_wire *wire, cal_peer *from, cal_frames *frames)
{
    *frames = (cal_frames){0};
    for (int i = 0; i < MAX_DROPS; i++) {
        const arrival what = receive_one(wire, from, frames);
        watch_flows(wire, what == ARRIVAL_NONE ? FLOW_S : BUSY_FLOW_S);
        switch (what) {
        case ARRIVAL_NONE: return false;
        case ARRIVAL_GOOD: return true;
        case ARRIVAL_BAD: wire->n_dropped++; break;
        }
    }
    return false;
}

static bool has_message(const cal_wire *wire)
{
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(wire->socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

/* Sleeps until something happens at one of the sockets; false: the time is up, a signal came, or a connection has ended. ZeroMQ's
 * files wake up for anything, also for what is no message, so the caller looks again; and they wake up only for what is new, so
 * it has looked before. zmq_poll does both twice. */
static bool sleep_until_news(cal_wire *const *wires, size_t n, int timeout_ms)
{
    struct pollfd files[2 * CAL_WIRE_MAX_WAIT];
    nfds_t n_files = 0;
    for (size_t i = 0; i < n; i++) {
        files[n_files++] = (struct pollfd){.fd = wires[i]->file, .events = POLLIN};
        if (!wires[i]->is_listening)
            files[n_files++] = (struct pollfd){.fd = wires[i]->monitor_file, .events = POLLIN};
    }
    if (poll(files, n_files, timeout_ms) <= 0)
        return false;
    bool has_ended = false;
    for (size_t i = 0, k = 0; i < n; i++) {
        k++;
        if (!wires[i]->is_listening && files[k++].revents != 0)
            has_ended = cal_wire_get_link(wires[i]) > CAL_LINK_UP || has_ended;
    }
    return !has_ended;
}

bool cal_wire_wait(cal_wire *const *wires, size_t n, int timeout_ms)
{
    assert(n <= CAL_WIRE_MAX_WAIT);
    const double begin_s = timeout_ms > 0 ? cali_wall_s() : 0.0;
    for (int rest_ms = timeout_ms, is_last = 0;;) {
        for (size_t i = 0; i < n; i++)
            if (has_message(wires[i]))
                return true;
        if (is_last)
            return false;
        is_last = !sleep_until_news(wires, n, rest_ms);
        if (timeout_ms > 0) {
            const double left_ms = timeout_ms - 1e3 * (cali_wall_s() - begin_s);
            rest_ms = left_ms > 0.0 ? (int)left_ms + 1 : 0;
        }
    }
}
