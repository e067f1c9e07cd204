/* One end of a link between host and worker: numbers the messages, counts the silence. */
#ifndef CALI_WORKERS_CHANNEL_H
#define CALI_WORKERS_CHANNEL_H

#include "base/digest.h"
#include "callosum/protocols.h"

/** A copy of frames that is kept, and never changes. */
typedef struct cali_kept {
    struct cali_kept_block *block; /* counts who holds it: this one, and the socket that sends it */
    unsigned char *bytes;
    cal_frame *frames; /* into bytes */
    size_t n, size;
    uint32_t digest;   /* of all frames */
} cali_kept;

typedef struct cali_channel {
    cal_wire *wire; /* borrowed; NULL: no peer */
    cal_peer peer;
    uint64_t session;
    uint32_t incarnation;
    uint64_t n_sent, n_received; /* messages */
    uint64_t sent_bytes, received_bytes;
    double sent_s, heard_s; /* wall time of the last ones */
} cali_channel;

/** A new peer: counts begin anew. */
void cali_channel_open(cali_channel *channel, cal_wire *wire, const cal_peer *peer);
/** Sends; session, incarnation and number are filled in. False: the peer is gone. */
bool cali_channel_send(cali_channel *channel, cal_header header, const cal_frame *frames, size_t n);
/** The same with frames that are kept: large ones are not copied. */
bool cali_channel_send_kept(cali_channel *channel, cal_header header, const cali_kept *kept);
/** Sends what a packer holds, which is begun anew; a packer that failed sends nothing. */
bool cali_channel_send_packed(cali_channel *channel, cal_header header, cal_packer *packer);
/** Takes note of a message that came; false: one was lost before it. */
bool cali_channel_heard(cali_channel *channel, const cal_header *header);
/** PING with the time in `clock`. */
void cali_channel_ping(cali_channel *channel, cal_packer *packer);
void cali_channel_pong(cali_channel *channel, cal_packer *packer, const cal_message *ping);
/** ERROR about what came with number `answers`. */
void cali_channel_error(cali_channel *channel, cal_packer *packer, const char *code, const char *severity, const char *text,
                        const char *hint, uint64_t answers);
void cali_channel_bye(cali_channel *channel, cal_packer *packer, const char *reason);

/** Blocks that nobody needs any more, to be filled again. Thousands that are freed at once go back to the system, and come
 *  again page by page. */
typedef struct cali_kept_pool {
    struct cali_kept_block *first;
} cali_kept_pool;
void cali_kept_pool_free(cali_kept_pool *pool);
/** Copies what a packer holds, into a block of the pool if there is one (NULL: no pool); the packer is begun anew. Errors: those of
 *  cal_packer_get, MEMORY. */
cal_status cali_kept_take(cal_context *ctx, cal_packer *packer, cali_kept_pool *pool, cali_kept *out);
/** As cali_kept_free, but a block that no socket holds either goes to the pool. */
void cali_kept_recycle(cali_kept_pool *pool, cali_kept *kept);
void cali_kept_free(cali_kept *kept);

/** Bytes that a model may have that travels in pieces: `wish`, at most the memory; 0: a quarter of it. */
double cali_load_limit(double wish);

/** SHA-256 over a text and the digests of frames, whatever their sizes. Errors: MEMORY. */
cal_status cali_frames_sha256(cal_context *ctx, const char *text, const cal_frame *frames, size_t n, char hex[CALI_DIGEST_SIZE]);

#endif
