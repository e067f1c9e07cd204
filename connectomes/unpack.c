/* gzip and bzip2 in memory, with a limit that is checked while unpacking. */
#include <bzlib.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/memory.h"
#include "connectomes/text_table.h"

typedef struct buffer {
    char *data;
    size_t size, capacity, limit;
} buffer;

size_t cali_unpack_limit(size_t packed)
{
    const size_t base = (size_t)64 << 20, ratio = 1100;
    return packed > (CALI_MAX_BYTES - base) / ratio ? CALI_MAX_BYTES : base + ratio * packed;
}

/* Room for one more piece and the ending NUL; fails at the limit. */
static cal_status grow(cal_context *ctx, const char *file, buffer *out)
{
    if (out->size >= out->limit)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 unpacks to more than %zu MB.", file,
                        out->limit >> 20);
    return cali_reserve(ctx, out->size + 65536 + 1, 1, &out->data, &out->capacity);
}

static unsigned room(const buffer *out)
{
    const size_t free_bytes = out->capacity - out->size - 1;
    return (unsigned)(free_bytes < ((size_t)1 << 30) ? free_bytes : (size_t)1 << 30);
}

static cal_status broken(cal_context *ctx, const char *file, const char *kind, bool is_cut)
{
    return CAL_FAIL(ctx, CAL_ERR_INPUT, is_cut ? "%s C301 the %s data is cut off."
                                               : "%s C301 the %s data is broken.", file, kind);
}

static cal_status run_inflate(cal_context *ctx, const char *file, z_stream *z, buffer *out)
{
    for (;;) {
        CAL_TRY(grow(ctx, file, out));
        const unsigned n = room(out);
        z->next_out = (unsigned char *)out->data + out->size;
        z->avail_out = n;
        const int result = inflate(z, Z_NO_FLUSH);
        out->size += n - z->avail_out;
        if (result == Z_STREAM_END) {
            /* a further part may follow; anything else behind the end is padding */
            if (z->avail_in < 2 || z->next_in[0] != 0x1f || z->next_in[1] != 0x8b)
                return CAL_OK;
            if (inflateReset(z) != Z_OK)
                return broken(ctx, file, "gzip", false);
        } else if (result == Z_MEM_ERROR) {
            return CAL_FAIL(ctx, CAL_ERR_MEMORY, "%s: no memory to unpack", file);
        } else if (result != Z_OK) {
            return broken(ctx, file, "gzip", result == Z_BUF_ERROR && z->avail_in == 0);
        }
    }
}

static cal_status unpack_gzip(cal_context *ctx, const char *file, const char *data, size_t size,
                              buffer *out)
{
    z_stream z = {0};
    if (inflateInit2(&z, 15 + 16) != Z_OK)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "%s: no memory to unpack", file);
    z.next_in = (unsigned char *)(uintptr_t)data;
    z.avail_in = (unsigned)size;
    const cal_status status = run_inflate(ctx, file, &z, out);
    inflateEnd(&z);
    return status;
}

static cal_status run_bzip2(cal_context *ctx, const char *file, bz_stream *z, buffer *out)
{
    for (;;) {
        CAL_TRY(grow(ctx, file, out));
        const unsigned n = room(out), n_in = z->avail_in;
        z->next_out = out->data + out->size;
        z->avail_out = n;
        const int result = BZ2_bzDecompress(z);
        out->size += n - z->avail_out;
        if (result == BZ_STREAM_END)
            return CAL_OK;
        if (result == BZ_MEM_ERROR)
            return CAL_FAIL(ctx, CAL_ERR_MEMORY, "%s: no memory to unpack", file);
        if (result != BZ_OK)
            return broken(ctx, file, "bzip2", false);
        if (z->avail_in == n_in && z->avail_out == n)
            return broken(ctx, file, "bzip2", true);
    }
}

static cal_status unpack_bzip2(cal_context *ctx, const char *file, const char *data, size_t size,
                               buffer *out)
{
    bz_stream z = {0};
    if (BZ2_bzDecompressInit(&z, 0, 0) != BZ_OK)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "%s: no memory to unpack", file);
    z.next_in = (char *)(uintptr_t)data;
    z.avail_in = (unsigned)size;
    const cal_status status = run_bzip2(ctx, file, &z, out);
    BZ2_bzDecompressEnd(&z);
    return status;
}

cal_status cali_unpack(cal_context *ctx, const char *file, const char *data, size_t size,
                       char **out, size_t *out_size)
{
    *out = NULL;
    *out_size = 0;
    const unsigned char *head = (const unsigned char *)data;
    const bool is_gzip = size >= 2 && head[0] == 0x1f && head[1] == 0x8b;
    const bool is_bzip2 = size >= 4 && head[0] == 'B' && head[1] == 'Z' && head[2] == 'h';
    if (!is_gzip && !is_bzip2)
        return CAL_OK;
    buffer unpacked = {.limit = cali_unpack_limit(size)};
    const cal_status status = (is_gzip ? unpack_gzip : unpack_bzip2)(ctx, file, data, size, &unpacked);
    if (status != CAL_OK) {
        free(unpacked.data);
        return status;
    }
    unpacked.data[unpacked.size] = '\0';
    *out = unpacked.data;
    *out_size = unpacked.size;
    return CAL_OK;
}
