/* Writing: a body and its blobs, and the header. The one file of this folder that knows MessagePack-c.
 *
 * The length of a map or list is known when it is closed: one byte stands in its place until then, and where the length needs
 * more, what was written inside moves up by two or four bytes. */
#include <msgpack/pack.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/tree.h"
#include "protocols/value.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "numbers of arrays are little-endian on the wire and are copied as they lie in memory"
#endif

enum { MAX_BLOBS = CAL_PROTOCOL_MAX_FRAMES - 2 };

typedef struct level {
    size_t at; /* of its length in the body */
    size_t n;
    bool is_map;
} level;

struct cal_packer {
    cal_context *ctx;
    msgpack_packer writer;
    cali_text body, blobs; /* all blobs, one behind the other */
    size_t blob_sizes[MAX_BLOBS], n_blobs;
    size_t n_bytes;              /* of all blobs */
    const void *lent[MAX_BLOBS]; /* NULL: in `blobs` */
    level levels[CAL_PROTOCOL_MAX_DEPTH];
    unsigned depth; /* open maps and lists; the first is the body */
    cal_limits limits;
    cal_frame frames[1 + MAX_BLOBS];
    char error[200]; /* "": none */
};

static int write_bytes(void *to, const char *bytes, size_t n)
{
    cali_text_add_bytes(to, bytes, n);
    return 0; /* the text's own error is sticky */
}

cal_status cal_packer_create(cal_context *ctx, cal_packer **out)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for a message");
    (*out)->ctx = ctx;
    (*out)->limits = cal_limits_open;
    msgpack_packer_init(&(*out)->writer, &(*out)->body, write_bytes);
    cal_packer_clear(*out);
    return CAL_OK;
}

void cal_packer_destroy(cal_packer **packer)
{
    if (packer == NULL || *packer == NULL)
        return;
    cali_text_free(&(*packer)->body);
    cali_text_free(&(*packer)->blobs);
    free(*packer);
    *packer = NULL;
}

void cal_packer_set_limits(cal_packer *packer, const cal_limits *limits)
{
    packer->limits = *limits;
}

static void open_level(cal_packer *packer, bool is_map)
{
    packer->levels[packer->depth++] = (level){packer->body.size, 0, is_map};
    cali_text_add_bytes(&packer->body, "", 1);
}

void cal_packer_clear(cal_packer *packer)
{
    packer->body.size = packer->blobs.size = 0;
    packer->body.is_broken = packer->blobs.is_broken = false;
    packer->n_blobs = packer->n_bytes = packer->depth = 0;
    packer->error[0] = '\0';
    open_level(packer, true);
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void break_packer(cal_packer *packer, const char *format, ...)
{
    if (packer->error[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(packer->error, sizeof packer->error, format, arguments);
    va_end(arguments);
}

static void pack_text(cal_packer *packer, const char *text, size_t size)
{
    msgpack_pack_str(&packer->writer, size);
    msgpack_pack_str_body(&packer->writer, text, size);
}

/* Counts a member of the innermost map or list and writes its key. False: the packer is broken. */
static bool begin(cal_packer *packer, const char *key)
{
    if (packer->error[0] != '\0')
        return false;
    if (packer->depth == 0) {
        break_packer(packer, "the body is closed already");
        return false;
    }
    level *inner = &packer->levels[packer->depth - 1];
    if (inner->is_map != (key != NULL)) {
        break_packer(packer, key != NULL ? "a member of a list has the key \"%s\"" : "a member of a map has no key%s",
                     key != NULL ? key : "");
        return false;
    }
    inner->n++;
    if (key == NULL)
        return true;
    const size_t size = strlen(key);
    if (size > CAL_PROTOCOL_MAX_KEY || !cali_is_printable(key, size)) {
        break_packer(packer, "a key of %zu bytes cannot travel (at most %d bytes of printable UTF-8): \"%.40s\"", size,
                     CAL_PROTOCOL_MAX_KEY, key);
        return false;
    }
    pack_text(packer, key, size);
    return true;
}

static void open_member(cal_packer *packer, const char *key, bool is_map)
{
    if (!begin(packer, key))
        return;
    if (packer->depth == CAL_PROTOCOL_MAX_DEPTH)
        break_packer(packer, "maps and lists are nested deeper than %d", CAL_PROTOCOL_MAX_DEPTH);
    else
        open_level(packer, is_map);
}

void cal_pack_open_map(cal_packer *packer, const char *key)
{
    open_member(packer, key, true);
}

void cal_pack_open_list(cal_packer *packer, const char *key)
{
    open_member(packer, key, false);
}

void cal_pack_close(cal_packer *packer)
{
    if (packer->error[0] != '\0')
        return;
    if (packer->depth == 0) {
        break_packer(packer, "closes more maps and lists than are open");
        return;
    }
    const level inner = packer->levels[--packer->depth];
    char bytes[8];
    cali_text length = {bytes, 0, sizeof bytes, false};
    msgpack_packer writer;
    msgpack_packer_init(&writer, &length, write_bytes);
    if (inner.is_map)
        msgpack_pack_map(&writer, inner.n);
    else
        msgpack_pack_array(&writer, inner.n);
    const size_t content = packer->body.size - inner.at - 1;
    cali_text_add_bytes(&packer->body, bytes, length.size - 1); /* room; the bytes are overwritten */
    if (packer->body.is_broken)
        return;
    char *at = packer->body.data + inner.at;
    if (length.size > 1)
        memmove(at + length.size, at + 1, content);
    memcpy(at, bytes, length.size);
}

void cal_pack_uint(cal_packer *packer, const char *key, uint64_t value)
{
    if (begin(packer, key))
        msgpack_pack_uint64(&packer->writer, value);
}

void cal_pack_int(cal_packer *packer, const char *key, int64_t value)
{
    if (begin(packer, key))
        msgpack_pack_int64(&packer->writer, value);
}

void cal_pack_real(cal_packer *packer, const char *key, double value)
{
    if (begin(packer, key))
        msgpack_pack_double(&packer->writer, value);
}

void cal_pack_bool(cal_packer *packer, const char *key, bool value)
{
    if (!begin(packer, key))
        return;
    if (value)
        msgpack_pack_true(&packer->writer);
    else
        msgpack_pack_false(&packer->writer);
}

void cal_pack_text(cal_packer *packer, const char *key, const char *value)
{
    if (!begin(packer, key))
        return;
    if (value == NULL) {
        msgpack_pack_nil(&packer->writer);
        return;
    }
    const size_t size = strlen(value);
    if (size > CAL_PROTOCOL_MAX_TEXT || !cali_is_printable(value, size))
        break_packer(packer, "the text \"%s\" of %zu bytes cannot travel (at most %d bytes of printable UTF-8)", key != NULL ? key : "[]",
                     size, CAL_PROTOCOL_MAX_TEXT);
    else
        pack_text(packer, value, size);
}

/* Bytes of the array's data; SIZE_MAX: it cannot travel. */
static size_t array_size(cal_packer *packer, const char *key, cal_dtype dtype, unsigned n_dims, const size_t *dims)
{
    const size_t item = cal_dtype_size(dtype);
    size_t n = item;
    bool fits = n > 0 && n_dims >= 1 && n_dims <= CAL_PROTOCOL_MAX_DIMS, is_empty = false;
    for (unsigned i = 0; fits && i < n_dims; i++) {
        fits = dims[i] <= UINT32_MAX;
        is_empty = is_empty || dims[i] == 0;
    }
    for (unsigned i = 0; fits && !is_empty && i < n_dims; i++) {
        fits = n <= packer->limits.frame / dims[i] && n / item <= UINT32_MAX / dims[i];
        n *= dims[i];
    }
    if (fits)
        return is_empty ? 0 : n;
    break_packer(packer, "the array \"%s\" cannot travel: 1 to %d dimensions, at most %zu bytes and %llu items", key != NULL ? key : "[]",
                 CAL_PROTOCOL_MAX_DIMS, packer->limits.frame, (unsigned long long)UINT32_MAX);
    return SIZE_MAX;
}

static void pack_array(cal_packer *packer, const char *key, cal_dtype dtype, unsigned n_dims, const size_t *dims,
                       const void *data, bool is_lent)
{
    if (!begin(packer, key))
        return;
    const size_t size = array_size(packer, key, dtype, n_dims, dims);
    if (size == SIZE_MAX)
        return;
    const bool is_inline = size <= CAL_PROTOCOL_MAX_INLINE || packer->n_blobs == MAX_BLOBS;
    if (is_inline && size > UINT32_MAX - 64) { /* what MessagePack can count */
        break_packer(packer, "the array \"%s\" of %zu bytes comes behind %d others", key != NULL ? key : "[]", size, MAX_BLOBS);
        return;
    }
    unsigned char head[CALI_ARRAY_HEAD + 4 * CAL_PROTOCOL_MAX_DIMS] = {(unsigned char)dtype, (unsigned char)n_dims};
    size_t n = CALI_ARRAY_HEAD;
    if (!is_inline)
        head[2] = (unsigned char)packer->n_blobs; /* its high byte stays 0: there are fewer than 256 */
    for (unsigned i = 0; i < n_dims; i++)
        for (unsigned shift = 0; shift < 32; shift += 8)
            head[n++] = (unsigned char)(dims[i] >> shift);
    msgpack_pack_ext(&packer->writer, n + (is_inline ? size : 0), is_inline ? CALI_EXT_INLINE : CALI_EXT_BLOB);
    msgpack_pack_ext_body(&packer->writer, head, n);
    if (is_inline || !is_lent)
        cali_text_add_bytes(is_inline ? &packer->body : &packer->blobs, data, size);
    if (!is_inline) {
        packer->lent[packer->n_blobs] = is_lent ? data : NULL;
        packer->blob_sizes[packer->n_blobs++] = size;
        packer->n_bytes += size;
    }
}

void cal_pack_array(cal_packer *packer, const char *key, cal_dtype dtype, unsigned n_dims, const size_t *dims,
                    const void *data)
{
    pack_array(packer, key, dtype, n_dims, dims, data, false);
}

void cal_pack_lent_array(cal_packer *packer, const char *key, cal_dtype dtype, unsigned n_dims, const size_t *dims,
                         const void *data)
{
    pack_array(packer, key, dtype, n_dims, dims, data, true);
}

void cal_pack_vector(cal_packer *packer, const char *key, cal_dtype dtype, size_t n, const void *data)
{
    cal_pack_array(packer, key, dtype, 1, &n, data);
}

static cal_status check(cal_packer *packer)
{
    if (packer->body.is_broken || packer->blobs.is_broken)
        return CAL_FAIL(packer->ctx, CAL_ERR_MEMORY, "no memory for a message");
    if (packer->error[0] == '\0' && packer->depth > 0)
        break_packer(packer, "%u maps or lists are still open", packer->depth);
    if (packer->error[0] == '\0' && packer->body.size > packer->limits.frame)
        break_packer(packer, "its body has %zu bytes, of at most %zu", packer->body.size, packer->limits.frame);
    if (packer->error[0] == '\0' && packer->body.size + packer->n_bytes > packer->limits.message - CAL_HEADER_SIZE)
        break_packer(packer, "it has %zu bytes, of at most %zu", packer->body.size + packer->n_bytes,
                     packer->limits.message - CAL_HEADER_SIZE);
    if (packer->error[0] != '\0')
        return CAL_FAIL(packer->ctx, CAL_ERR_ARGUMENT, "a message cannot be written: %s", packer->error);
    return CAL_OK;
}

cal_status cal_packer_get(cal_packer *packer, const cal_frame **frames, size_t *n)
{
    if (packer->error[0] == '\0' && packer->depth == 1)
        cal_pack_close(packer);
    CAL_TRY(check(packer));
    packer->frames[0] = (cal_frame){packer->body.data, packer->body.size};
    for (size_t i = 0, begin_of = 0; i < packer->n_blobs; i++) {
        const bool is_lent = packer->lent[i] != NULL;
        packer->frames[1 + i] = (cal_frame){is_lent ? packer->lent[i] : packer->blobs.data + begin_of, packer->blob_sizes[i]};
        begin_of += is_lent ? 0 : packer->blob_sizes[i];
    }
    *frames = packer->frames;
    *n = 1 + packer->n_blobs;
    return CAL_OK;
}

/* ---- the header ---------------------------------------------------------------------------------- */

static int write_header_bytes(void *to, const char *bytes, size_t n)
{
    unsigned char **at = to;
    memcpy(*at, bytes, n);
    *at += n;
    return 0;
}

size_t cal_header_encode(const cal_header *header, unsigned char bytes[CAL_HEADER_SIZE])
{
    const struct {
        char key;
        bool is_there;
        uint64_t value;
    } members[] = {
        {'v', true, header->version != 0 ? header->version : CAL_PROTOCOL_VERSION},
        {'t', true, header->type},
        {'s', true, header->session},
        {'e', true, header->incarnation},
        {'n', true, header->number},
        {'r', header->answers != 0, header->answers},
        {'k', header->has_window, header->window},
        {'d', header->has_digest, header->digest},
    };
    enum { N = sizeof members / sizeof members[0] };
    unsigned char *at = bytes;
    msgpack_packer writer;
    msgpack_packer_init(&writer, &at, write_header_bytes);
    size_t n = header->compute_ns != 0;
    for (size_t i = 0; i < N; i++)
        n += members[i].is_there;
    msgpack_pack_map(&writer, n);
    for (size_t i = 0; i < N; i++) {
        if (!members[i].is_there)
            continue;
        msgpack_pack_str(&writer, 1);
        msgpack_pack_str_body(&writer, &members[i].key, 1);
        msgpack_pack_uint64(&writer, members[i].value);
    }
    if (header->compute_ns != 0) {
        msgpack_pack_str(&writer, 1);
        msgpack_pack_str_body(&writer, "x", 1);
        msgpack_pack_map(&writer, 1);
        msgpack_pack_str(&writer, 10);
        msgpack_pack_str_body(&writer, "compute_ns", 10);
        msgpack_pack_uint64(&writer, header->compute_ns);
    }
    return (size_t)(at - bytes);
}
