#include "workers/channel.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

/* Frames that are kept: how many there are that hold them, where each lies, the bytes. */
struct cali_kept_block {
    atomic_uint n_holders;
    size_t capacity; /* bytes of frames and what follows them */
    struct cali_kept_block *next; /* in a pool */
    cal_frame frames[];
};

void cali_channel_open(cali_channel *channel, cal_wire *wire, const cal_peer *peer)
{
    channel->wire = wire;
    channel->peer = peer == NULL ? (cal_peer){0} : *peer;
    channel->n_sent = channel->n_received = 0;
    channel->sent_s = channel->heard_s = cali_wall_s();
}

static bool send_frames(cali_channel *channel, cal_header header, const cal_frame *frames, size_t n, const cal_lender *lender)
{
    if (channel->wire == NULL || n + 1 > CAL_PROTOCOL_MAX_FRAMES)
        return false;
    unsigned char bytes[CAL_HEADER_SIZE];
    cal_frame all[CAL_PROTOCOL_MAX_FRAMES];
    header.session = channel->session;
    header.incarnation = channel->incarnation;
    header.number = channel->n_sent + 1;
    all[0] = (cal_frame){bytes, cal_header_encode(&header, bytes)};
    memcpy(all + 1, frames, n * sizeof *frames);
    if (!cal_wire_lend(channel->wire, &channel->peer, all, n + 1, lender))
        return false;
    channel->n_sent++;
    channel->sent_s = cali_wall_s();
    for (size_t i = 0; i <= n; i++)
        channel->sent_bytes += all[i].size;
    return true;
}

bool cali_channel_send(cali_channel *channel, cal_header header, const cal_frame *frames, size_t n)
{
    return send_frames(channel, header, frames, n, NULL);
}

static void hold_block(void *owner)
{
    atomic_fetch_add(&((struct cali_kept_block *)owner)->n_holders, 1);
}

static void give_back_block(void *bytes, void *owner)
{
    struct cali_kept_block *block = owner;
    (void)bytes;
    if (atomic_fetch_sub(&block->n_holders, 1) == 1)
        free(block);
}

bool cali_channel_send_kept(cali_channel *channel, cal_header header, const cali_kept *kept)
{
    const cal_lender lender = {kept->block, hold_block, give_back_block};
    return send_frames(channel, header, kept->frames, kept->n, &lender);
}

bool cali_channel_send_packed(cali_channel *channel, cal_header header, cal_packer *packer)
{
    const cal_frame *frames = NULL;
    size_t n = 0;
    const bool is_sent = cal_packer_get(packer, &frames, &n) == CAL_OK && cali_channel_send(channel, header, frames, n);
    cal_packer_clear(packer);
    return is_sent;
}

bool cali_channel_heard(cali_channel *channel, const cal_header *header)
{
    const bool is_next = header->number == channel->n_received + 1;
    channel->n_received = header->number;
    channel->heard_s = cali_wall_s();
    return is_next;
}

void cali_channel_ping(cali_channel *channel, cal_packer *packer)
{
    cal_packer_clear(packer);
    cal_pack_uint(packer, "clock", (uint64_t)(cali_wall_s() * 1e9));
    cali_channel_send_packed(channel, (cal_header){.type = CAL_PING}, packer);
}

void cali_channel_pong(cali_channel *channel, cal_packer *packer, const cal_message *ping)
{
    cal_reader reader = {0};
    cal_packer_clear(packer);
    cal_pack_uint(packer, "clock", cal_read_uint(&reader, cal_message_body(ping), "clock", 0, UINT64_MAX));
    cali_channel_send_packed(channel, (cal_header){.type = CAL_PONG, .answers = cal_message_header(ping)->number}, packer);
}

void cali_channel_error(cali_channel *channel, cal_packer *packer, const char *code, const char *severity, const char *text,
                        const char *hint, uint64_t answers)
{
    cal_packer_clear(packer);
    cal_pack_text(packer, "code", code);
    cal_pack_text(packer, "severity", severity);
    cal_pack_text(packer, "text", text);
    cal_pack_text(packer, "hint", hint);
    cali_channel_send_packed(channel, (cal_header){.type = CAL_ERROR, .answers = answers}, packer);
}

void cali_channel_bye(cali_channel *channel, cal_packer *packer, const char *reason)
{
    cal_packer_clear(packer);
    cal_pack_text(packer, "reason", reason);
    cali_channel_send_packed(channel, (cal_header){.type = CAL_BYE}, packer);
}

/* NULL: no memory. A block of the pool that is too small has had its time. */
static struct cali_kept_block *take_block(cali_kept_pool *pool, size_t size)
{
    struct cali_kept_block *block = pool == NULL ? NULL : pool->first;
    if (block != NULL)
        pool->first = block->next;
    if (block != NULL && block->capacity < size) {
        free(block);
        block = NULL;
    }
    if (block == NULL) {
        const size_t capacity = pool == NULL ? size : size + size / 8; /* spikes are now more, now fewer */
        block = malloc(sizeof *block + capacity);
        if (block == NULL)
            return NULL;
        block->capacity = capacity;
    }
    atomic_init(&block->n_holders, 1);
    return block;
}

void cali_kept_recycle(cali_kept_pool *pool, cali_kept *kept)
{
    struct cali_kept_block *block = kept->block;
    if (block != NULL && atomic_load(&block->n_holders) == 1) {
        block->next = pool->first;
        pool->first = block;
        kept->block = NULL;
    }
    cali_kept_free(kept);
}

void cali_kept_pool_free(cali_kept_pool *pool)
{
    while (pool->first != NULL) {
        struct cali_kept_block *block = pool->first;
        pool->first = block->next;
        free(block);
    }
}

cal_status cali_kept_take(cal_context *ctx, cal_packer *packer, cali_kept_pool *pool, cali_kept *out)
{
    const cal_frame *frames = NULL;
    size_t n = 0, size = 0;
    *out = (cali_kept){0};
    CAL_TRY(cal_packer_get(packer, &frames, &n));
    for (size_t i = 0; i < n; i++)
        size += frames[i].size;
    struct cali_kept_block *block = take_block(pool, n * sizeof *frames + size);
    if (block == NULL)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for a message of %zu bytes", size);
    *out = (cali_kept){.block = block, .bytes = (unsigned char *)(block->frames + n), .frames = block->frames, .n = n, .size = size};
    unsigned char *at = out->bytes;
    for (size_t i = 0; i < n; i++) {
        out->digest = cal_digest_copy(out->digest, at, frames[i].data, frames[i].size);
        block->frames[i] = (cal_frame){at, frames[i].size};
        at += frames[i].size;
    }
    cal_packer_clear(packer);
    return CAL_OK;
}

void cali_kept_free(cali_kept *kept)
{
    if (kept->block != NULL)
        give_back_block(NULL, kept->block);
    *kept = (cali_kept){0};
}

double cali_load_limit(double wish)
{
    const double memory = cali_memory_limit();
    return wish <= 0.0 ? 0.25 * memory : wish < memory ? wish : memory;
}

cal_status cali_frames_sha256(cal_context *ctx, const char *text, const cal_frame *frames, size_t n, char hex[CALI_DIGEST_SIZE])
{
    cali_text all = {0};
    cal_status status = CAL_OK;
    cali_text_add(&all, text);
    for (size_t i = 0; i < n && status == CAL_OK; i++) {
        status = cali_digest_bytes(ctx, frames[i].data, frames[i].size, hex);
        cali_text_format(&all, " %s", hex);
    }
    if (status == CAL_OK && all.is_broken)
        status = CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for a digest");
    if (status == CAL_OK)
        status = cali_digest_bytes(ctx, all.data, all.size, hex);
    cali_text_free(&all);
    return status;
}
