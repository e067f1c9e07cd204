/* callosum/protocols.h - the wire protocol between a host and its workers: messages as bytes, and the sockets that carry
 * them. protocols/PROTOCOL.md says what they mean; protocols/messages.def is the one list of messages and fields.
 *
 *      a program  <->  body: map of names  <->  MessagePack and blobs  <->  frames  <->  ZeroMQ, CURVE  <->  the peer
 *
 * What comes from a peer is hostile until it is read: lengths, depths, types and ranges are checked before use, and
 * nothing is allocated that the received bytes do not pay for. */
#ifndef CALLOSUM_PROTOCOLS_H
#define CALLOSUM_PROTOCOLS_H

#include "callosum/base.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    CAL_PROTOCOL_VERSION = 1,
    CAL_PROTOCOL_MAX_DIMS = 8,
    CAL_PROTOCOL_MAX_DEPTH = 16,
    CAL_PROTOCOL_MAX_FRAMES = 64,      /**< of a message, header and body included */
    CAL_PROTOCOL_MAX_VALUES = 1 << 20, /**< of a message; an array is one */
    CAL_PROTOCOL_MAX_KEY = 255,        /**< bytes of a key */
    CAL_PROTOCOL_MAX_TEXT = 64 << 10,  /**< bytes of a text */
    CAL_PROTOCOL_MAX_INLINE = 4 << 10, /**< bytes of an array that stands in the body */
    CAL_PROTOCOL_MAX_HEADER = 4 << 10, /**< bytes of the header frame */
    CAL_PROTOCOL_MAX_FRAME = 64 << 20, /**< bytes */
    CAL_PROTOCOL_MAX_MESSAGE = 256 << 20,
    CAL_PROTOCOL_MAX_GREETING = 64 << 10, /**< bytes of a message before WELCOME */
    CAL_PROTOCOL_MAX_CHUNK = 4 << 20
};

/* ---- frames ------------------------------------------------------------------------------------ */

typedef struct cal_frame {
    const void *data;
    size_t size;
} cal_frame;

/** Frames that were received, with what has to be released. Zero-initialise. */
typedef struct cal_frames {
    size_t n;
    cal_frame frames[CAL_PROTOCOL_MAX_FRAMES];
    void *owner;
    void (*release)(void *owner); /**< NULL: nothing to release */
} cal_frames;
/** Idempotent. */
void cal_frames_release(cal_frames *frames);

/* ---- writing a body: MessagePack and blobs ------------------------------------------------------ */

typedef enum cal_dtype {
    CAL_I8 = 1, CAL_U8, CAL_I16, CAL_U16, CAL_I32, CAL_U32, CAL_I64, CAL_U64, CAL_F32, CAL_F64
} cal_dtype;
/** Bytes of an item; 0: no such type. */
size_t cal_dtype_size(cal_dtype dtype);

/** A body under construction. Its error is sticky: write all, then ask cal_packer_get. */
typedef struct cal_packer cal_packer;
/** Errors: MEMORY. */
cal_status cal_packer_create(cal_context *ctx, cal_packer **out);
void cal_packer_destroy(cal_packer **packer);
/** Begins a new body: an open map, closed by cal_packer_get. Keeps the memory. */
void cal_packer_clear(cal_packer *packer);
/** Other limits than cal_limits_open, from the next body on. */
typedef struct cal_limits cal_limits;
void cal_packer_set_limits(cal_packer *packer, const cal_limits *limits);

/* Each writes one member. `key` is its name inside a map and NULL inside a list. Maps and lists are opened and closed; their
 * lengths are counted. Integers take the shortest form. */
void cal_pack_open_map(cal_packer *packer, const char *key);
void cal_pack_open_list(cal_packer *packer, const char *key);
void cal_pack_close(cal_packer *packer); /**< the innermost map or list */
void cal_pack_uint(cal_packer *packer, const char *key, uint64_t value);
void cal_pack_int(cal_packer *packer, const char *key, int64_t value);
void cal_pack_real(cal_packer *packer, const char *key, double value);
void cal_pack_bool(cal_packer *packer, const char *key, bool value);
void cal_pack_text(cal_packer *packer, const char *key, const char *value); /**< NULL: nil */
/** An array in C order; `data` is copied. Up to 4 KiB it stands in the body, a larger one in a blob. */
void cal_pack_array(cal_packer *packer, const char *key, cal_dtype dtype, unsigned n_dims, const size_t *dims,
                    const void *data);
/** The same, but a blob is borrowed: `data` stays as it is until the frames are sent. For what is large and travels each window. */
void cal_pack_lent_array(cal_packer *packer, const char *key, cal_dtype dtype, unsigned n_dims, const size_t *dims,
                         const void *data);
/** One dimension of `n` items. */
void cal_pack_vector(cal_packer *packer, const char *key, cal_dtype dtype, size_t n, const void *data);

/** Closes the body and gives its frames: the body, then the blobs; borrowed until the packer changes. Errors: ARGUMENT (open
 *  lists, limits passed: a mistake of the caller or data that cannot travel; named), MEMORY. */
cal_status cal_packer_get(cal_packer *packer, const cal_frame **frames, size_t *n);

/* ---- messages ---------------------------------------------------------------------------------- */

/** Numbers on the wire, from messages.def; never reused. */
typedef enum cal_message_type {
    CAL_HELLO = 1, CAL_WELCOME = 2, CAL_REFUSE = 3, CAL_CONFIGURE = 4, CAL_PROGRESS = 5, CAL_READY = 6,
    CAL_LOAD = 7, CAL_STEP = 10, CAL_OUTPUT = 11,
    CAL_SNAPSHOT = 20, CAL_CHUNK = 21, CAL_ACK = 22, CAL_SNAPSHOT_DONE = 23, CAL_RESTORE_STATE = 24, CAL_RESTORED = 25,
    CAL_QUERY = 30, CAL_ANSWER = 31,
    CAL_PING = 40, CAL_PONG = 41, CAL_TELEMETRY = 42,
    CAL_ERROR = 50, CAL_BYE = 51
} cal_message_type;
/** "STEP"; NULL: no such message. */
const char *cal_message_name(unsigned type);

/** What a worker is doing; section 4. */
typedef enum cal_worker_state {
    CAL_WORKER_CONNECTING,  /**< has a socket and has not said HELLO */
    CAL_WORKER_OFFERED,     /**< waits for WELCOME or REFUSE */
    CAL_WORKER_CONFIGURING, /**< waits for CONFIGURE, or builds */
    CAL_WORKER_READY,       /**< waits for work */
    CAL_WORKER_STEPPING,    /**< computes a window */
    CAL_WORKER_SAVING,      /**< sends a snapshot */
    CAL_WORKER_RESTORING,   /**< receives one */
    CAL_WORKER_CLOSED
} cal_worker_state;
/** Whether a worker in this state handles such a message of the host; if not, E104. Messages wait until the one before them is
 *  done, except PING, PONG, ACK and CHUNK. */
bool cal_message_is_handled(unsigned type, cal_worker_state state);

/** Codes of ERROR and REFUSE, section 14. */
const char *cal_protocol_code_meaning(const char *code); /**< NULL: no such code */

typedef struct cal_header {
    uint32_t version;     /**< 0: CAL_PROTOCOL_VERSION */
    uint32_t type;
    uint64_t session;
    uint32_t incarnation;
    uint64_t number;      /**< of this message on its connection, from 1 */
    uint64_t answers;     /**< 0: no answer */
    uint64_t window;
    uint32_t digest;
    bool has_window, has_digest;
    uint64_t compute_ns;  /**< OUTPUT: wall time of the computation, a remark (`x: {compute_ns}`) outside of the digest; 0: not said */
} cal_header;

enum { CAL_HEADER_SIZE = 128 }; /**< at most, without remarks */
/** The header frame. Returns its bytes. */
size_t cal_header_encode(const cal_header *header, unsigned char bytes[CAL_HEADER_SIZE]);
/** CRC-32 (IEEE) of body and blobs. */
uint32_t cal_frames_digest(const cal_frame *frames, size_t n);
/** The digest of what `digest` is that of (0: of nothing), followed by `n` bytes, which are copied meanwhile. */
uint32_t cal_digest_copy(uint32_t digest, void *to, const void *from, size_t n);

typedef struct cal_value cal_value;     /**< a node of a received body, borrowed from its message */
typedef struct cal_message cal_message; /**< a received message, checked in form */

struct cal_limits {
    size_t message, frame, n_frames; /**< bytes, bytes, frames */
};
extern const cal_limits cal_limits_greeting, cal_limits_open; /**< before and after WELCOME */
extern const cal_limits cal_limits_loaded; /**< of a CONFIGURE that came by LOAD, whose bytes are bounded before they are taken */

/** What is wrong with a message: a code of section 13 (E104 to E106, E302, ...) and one sentence; code "" if nothing is. */
typedef struct cal_problem {
    char code[8];
    char text[200];
} cal_problem;

/** Reads frames: header, body, blobs; lengths, depth, UTF-8, duplicate keys, array extensions, the fields that messages.def demands
 *  of this type and their types, the digest where there is one, and keys that `m` demands and we do not know (E105). The frames are
 *  given away, also on failure. On failure NULL, with the header as far as it was read in `header`. */
cal_message *cal_message_read(cal_frames *frames, const cal_limits *limits, cal_header *header, cal_problem *problem);
void cal_message_destroy(cal_message **message);
const cal_header *cal_message_header(const cal_message *message);
const cal_value *cal_message_body(const cal_message *message);

/* ---- reading a body ----------------------------------------------------------------------------- */

typedef enum cal_value_kind { CAL_NIL, CAL_BOOL, CAL_INT, CAL_REAL, CAL_TEXT, CAL_LIST, CAL_MAP, CAL_ARRAY } cal_value_kind;
cal_value_kind cal_value_get_kind(const cal_value *value);
/** Members of a list or map; 0 for others and NULL. */
size_t cal_value_n(const cal_value *value);
const cal_value *cal_value_at(const cal_value *value, size_t index);
const char *cal_value_key(const cal_value *map, size_t index);
/** NULL: not there, or no map. */
const cal_value *cal_value_find(const cal_value *map, const char *key);

/** Reads with a sticky error: what is missing, of another type or out of range sets `problem` once and gives 0 or NULL from
 *  then on. Zero-initialise; check `problem.code[0]` once at the end. */
typedef struct cal_reader {
    cal_problem problem;
} cal_reader;
bool cal_reader_is_broken(const cal_reader *reader);
/** The first problem stays. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void cal_reader_fail(cal_reader *reader, const char *code, const char *format, ...);

/* Members of a map, required; `map` may be NULL once the reader is broken. Optional ones: cal_value_find first. */
const cal_value *cal_read_map(cal_reader *reader, const cal_value *map, const char *key);
const cal_value *cal_read_list(cal_reader *reader, const cal_value *map, const char *key);
uint64_t cal_read_uint(cal_reader *reader, const cal_value *map, const char *key, uint64_t low, uint64_t high);
int64_t cal_read_int(cal_reader *reader, const cal_value *map, const char *key, int64_t low, int64_t high);
/** Integers are taken too. Infinite and NaN only where `may_be_any`. */
double cal_read_real(cal_reader *reader, const cal_value *map, const char *key, bool may_be_any);
bool cal_read_bool(cal_reader *reader, const cal_value *map, const char *key);
/** NUL-terminated, without NUL inside. nil gives NULL without an error where `may_be_nil`. */
const char *cal_read_text(cal_reader *reader, const cal_value *map, const char *key, bool may_be_nil);

/** An array that was received: `data` is little-endian and not aligned; copy it out with memcpy. */
typedef struct cal_array {
    cal_dtype dtype;
    unsigned n_dims;
    size_t dims[CAL_PROTOCOL_MAX_DIMS];
    size_t n; /**< items */
    const void *data;
} cal_array;
cal_array cal_read_array(cal_reader *reader, const cal_value *map, const char *key, cal_dtype dtype);
/** One dimension of exactly `n` items, copied to `out`. */
void cal_read_vector(cal_reader *reader, const cal_value *map, const char *key, cal_dtype dtype, size_t n, void *out);

/** Whether no item is infinite or NaN; true for integers. */
bool cal_array_is_finite(const cal_array *array);

/* Of a value itself, for members of lists. */
uint64_t cal_value_uint(cal_reader *reader, const cal_value *value, uint64_t low, uint64_t high);
int64_t cal_value_int(cal_reader *reader, const cal_value *value, int64_t low, int64_t high);
double cal_value_real(cal_reader *reader, const cal_value *value, bool may_be_any);
bool cal_value_bool(cal_reader *reader, const cal_value *value);
const char *cal_value_text(cal_reader *reader, const cal_value *value, bool may_be_nil);
cal_array cal_value_array(cal_reader *reader, const cal_value *value, cal_dtype dtype);

/* ---- keys --------------------------------------------------------------------------------------- */

enum { CAL_KEY_SIZE = 41 }; /**< Z85 letters of a CURVE key and the NUL */
typedef struct cal_key_pair {
    char public_key[CAL_KEY_SIZE], secret_key[CAL_KEY_SIZE];
} cal_key_pair;

/** Whether `text` can be a key: 40 letters of Z85 that stand for 32 bytes. */
bool cal_key_is_valid(const char *text);

/** The folder of keys: `wish`, else $CALLOSUM_KEYS, else $XDG_CONFIG_HOME/callosum/keys, else ~/.config/callosum/keys. Made
 *  with mode 0700 if it is missing; one that others may read is refused. Released with free(). Errors: IO, INPUT, MEMORY. */
cal_status cal_keys_folder(cal_context *ctx, const char *wish, char **out);
/** Makes the pair `name` (letters, digits, _ . -). Errors: INPUT (there is one of that name), IO, MEMORY. */
cal_status cal_keys_new_pair(cal_context *ctx, const char *folder, const char *name, cal_key_pair *out);
/** The pair called `name`; made if it is missing and `makes`. Its file `pairs/NAME` has mode 0600.
 *  Errors: IO, INPUT (none of that name, broken, readable by others). */
cal_status cal_keys_pair(cal_context *ctx, const char *folder, const char *name, bool makes, cal_key_pair *out);

/** Lets the owner of `public_key` in, as `allowed/NAME`; `remark` (NULL: who and when) is one line that lists show. It is no
 *  error if exactly that is allowed already. Errors: INPUT (no such key or name; the name has another key, the key another
 *  name), IO, MEMORY. */
cal_status cal_keys_allow(cal_context *ctx, const char *folder, const char *name, const char *public_key, const char *remark);
/** Takes `name`, and each other name of the same key, off the list. Errors: INPUT (not allowed anyway), IO, MEMORY. */
cal_status cal_keys_revoke(cal_context *ctx, const char *folder, const char *name);

enum { CAL_KEY_MAX_NAME = 64 };
typedef struct cal_key_entry {
    char name[CAL_KEY_MAX_NAME + 1];
    bool is_pair; /**< an own pair; else a key of others that is allowed */
    char public_key[CAL_KEY_SIZE], remark[128];
    char problem[200]; /**< why the file is of no use, "" if it is good; nobody gets in by it */
} cal_key_entry;
/** All of the folder: pairs, then allowed keys, by name. `*out` is released with free(). Errors: IO, MEMORY. */
cal_status cal_keys_list(cal_context *ctx, const char *folder, cal_key_entry **out, size_t *n);

/* ---- sockets: ZeroMQ ------------------------------------------------------------------------------ */

/** The sockets of one host or worker, and the doorman that lets allowed keys in. A hub's sockets may be used by any thread, one
 *  at a time. */
typedef struct cal_hub cal_hub;
/** `keys_folder`: whose allowed keys are let in at CURVE sockets, looked up at each handshake; NULL: nobody. A revoked key is refused
 *  at once, and what its owner still sends over an open connection is dropped within a second. Errors: IO, MEMORY. */
cal_status cal_hub_create(cal_context *ctx, const char *keys_folder, cal_hub **out);
/** After its wires. Waits at most a second for what BYE and ERROR still have to say. */
void cal_hub_destroy(cal_hub **hub);

/** Who was turned away at the door. */
typedef struct cal_door {
    uint64_t n_admitted, n_refused;
    char last_key[CAL_KEY_SIZE], last_address[64]; /**< of the last refused one, "" if none */
} cal_door;
cal_door cal_hub_get_door(cal_hub *hub);

/** A peer of a listening socket; of a connected one it is ignored. */
typedef struct cal_peer {
    uint8_t size, id[32];
} cal_peer;

typedef struct cal_wire cal_wire; /**< one socket */
typedef struct cal_wire_def {
    /** "ipc:///path" or "tcp://ADDRESS:PORT", IPv6 in brackets. Where it listens a star may stand for the port (any that is
     *  free), for the address (all of this machine), and for the path (a file in a new private folder, removed at close). */
    const char *endpoint;
    bool is_listening;    /**< ROUTER that binds; else DEALER that connects once: one that was cut stays cut */
    const cal_key_pair *keys; /**< CURVE; NULL: plaintext, allowed on ipc and loopback */
    const char *host_key; /**< connecting with CURVE: the public key that the host must prove */
    bool is_insecure;     /**< plaintext on any address, by the user's wish */
} cal_wire_def;
/** A plaintext socket of ipc that listens lies in a folder that is nobody else's (mode 0700; made if it is missing). A name with
 *  several addresses is tried at one after the other by one call each. Errors: INPUT (endpoint; keys; plaintext beyond loopback;
 *  a path of ipc above 100 bytes, or in a folder of others), IO (address in use, no such address), MEMORY. */
cal_status cal_hub_open(cal_hub *hub, const cal_wire_def *def, cal_wire **out);
/** Closes at once: the address and the file are free again. What is queued still goes out until the hub is destroyed. NULL
 *  accepted. */
void cal_wire_close(cal_wire **wire);
/** As bound: with the port that was free. Borrowed. */
const char *cal_wire_endpoint(const cal_wire *wire);
/** Queues a message; the bytes are copied. False: the peer is gone, or its queue is full. */
bool cal_wire_send(cal_wire *wire, const cal_peer *to, const cal_frame *frames, size_t n);

/** Who lends bytes that do not change any more. Both functions are called on any thread. */
typedef struct cal_lender {
    void *owner;
    void (*hold)(void *owner);
    void (*give_back)(void *bytes, void *owner); /**< once for each time that it was held */
} cal_lender;
/** The same, but large frames after the first one are not copied: their owner is held until they are sent. */
bool cal_wire_lend(cal_wire *wire, const cal_peer *to, const cal_frame *frames, size_t n, const cal_lender *lender);
/** The next message that is there, without waiting. Messages of more than CAL_PROTOCOL_MAX_FRAMES frames, of senders with a name
 *  of more than 32 bytes and of revoked keys are dropped and counted, and so are connections of tcp that send on and on without
 *  the end of a message: they are cut, with a note. False: none. */
bool cal_wire_receive(cal_wire *wire, cal_peer *from, cal_frames *frames);
uint64_t cal_wire_n_dropped(const cal_wire *wire);
/** Waits until one of the sockets has a message, or `timeout_ms` (negative: for ever; signals and the end of a connection end
 *  it). True: one has. At most CAL_WIRE_MAX_WAIT sockets. */
enum { CAL_WIRE_MAX_WAIT = 16 };
bool cal_wire_wait(cal_wire *const *wires, size_t n, int timeout_ms);

/** How the connection of a connecting socket stands; of a listening one it is CAL_LINK_UP. All but the first two are final. */
typedef enum cal_wire_link {
    CAL_LINK_OPENING,
    CAL_LINK_UP,
    CAL_LINK_NOBODY,    /**< nobody listens there, or no way leads there */
    CAL_LINK_REFUSED,   /**< E102: the host does not know our key */
    CAL_LINK_UNTRUSTED, /**< the other side is no host, has not the key that it must prove, or one side only uses CURVE */
    CAL_LINK_CUT        /**< was up */
} cal_wire_link;
cal_wire_link cal_wire_get_link(cal_wire *wire);

#ifdef __cplusplus
}
#endif
#endif
