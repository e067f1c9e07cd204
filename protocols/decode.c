/* Reads MessagePack into nodes. Hostile bytes are the usual case here: every length is compared with what is left before it is
 * used, without recursion. What the protocol does not use (raw bytes, other extensions) is refused. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/tree.h"
#include "protocols/value.h"

enum { N_FIRST_NODES = 64, N_COMPARED = 12 /* keys of a map; more are sorted */ };

/* A map or list whose members are being read. */
typedef struct level {
    size_t node;
    uint32_t n_read;
} level;

typedef struct decoder {
    const cali_source *source;
    unsigned char *at, *end;
    size_t n_owed; /* bytes that keys and values announced so far need at least; never more than are left */
    uint64_t seen; /* blobs, one bit each */
    cali_nodes *nodes;
    level levels[CAL_PROTOCOL_MAX_DEPTH];
    unsigned depth;
    cal_problem *problem;
} decoder;

bool cali_problem_set(cal_problem *problem, const char *code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem->text, sizeof problem->text, format, arguments);
    va_end(arguments);
    snprintf(problem->code, sizeof problem->code, "%s", code);
    return false;
}

#define FAIL_AT(d, format, ...)                                                                                             \
    cali_problem_set((d)->problem, "E106", "%s, byte %zu: " format, (d)->source->name,                                      \
                     (size_t)((d)->at - (d)->source->bytes), __VA_ARGS__)

/* Bytes that the value at hand may use. */
static size_t left(const decoder *d)
{
    return (size_t)(d->end - d->at) - d->n_owed;
}

static bool need(decoder *d, uint64_t n)
{
    return n <= left(d) || FAIL_AT(d, "%llu bytes are announced and %zu are there", (unsigned long long)n, left(d));
}

/* An owed byte: the type of a key or value. It becomes the NUL of the text before it. */
static unsigned take_type(decoder *d)
{
    const unsigned type = *d->at;
    *d->at++ = 0;
    d->n_owed--;
    return type;
}

/* `width` bytes, most significant first. */
static bool take_number(decoder *d, unsigned width, uint64_t *out)
{
    if (!need(d, width))
        return false;
    *out = 0;
    for (unsigned i = 0; i < width; i++)
        *out = *out << 8 | *d->at++;
    return true;
}

static bool take_text(decoder *d, unsigned type, size_t limit, const char **out, uint32_t *size)
{
    uint64_t n = type & 0x1f;
    if (type >= 0xd9 && !take_number(d, 1u << (type - 0xd9), &n))
        return false;
    if (n > limit)
        return FAIL_AT(d, "a text of %llu bytes, of at most %zu", (unsigned long long)n, limit);
    if (!need(d, n))
        return false;
    *out = (const char *)d->at;
    *size = (uint32_t)n;
    if (!cali_is_printable(*out, n))
        return FAIL_AT(d, "a text that is no printable UTF-8%s", "");
    d->at += n;
    return true;
}

/* Room for `n` nodes more, zeroed. */
static bool reserve(decoder *d, size_t n)
{
    cali_nodes *all = d->nodes;
    if (n > CAL_PROTOCOL_MAX_VALUES - all->n)
        return FAIL_AT(d, "more than %d values", CAL_PROTOCOL_MAX_VALUES);
    if (all->n + n > all->capacity) {
        size_t capacity = all->capacity > 0 ? all->capacity : N_FIRST_NODES;
        while (capacity < all->n + n)
            capacity *= 2;
        cal_value *grown = realloc(all->nodes, capacity * sizeof *grown);
        if (grown == NULL)
            return cali_problem_set(d->problem, "E402", "no memory for a message of %zu values", capacity);
        all->nodes = grown;
        all->capacity = capacity;
    }
    memset(all->nodes + all->n, 0, n * sizeof *all->nodes);
    return true;
}

/* Makes room for `n` members of the node, each of which owes `n_bytes`. */
static bool open_level(decoder *d, size_t node, cal_value_kind kind, uint64_t n, size_t n_bytes)
{
    cali_nodes *all = d->nodes;
    if (n > left(d) / n_bytes)
        return FAIL_AT(d, "%llu members are announced and %zu bytes are there", (unsigned long long)n, left(d));
    if (d->depth == CAL_PROTOCOL_MAX_DEPTH)
        return FAIL_AT(d, "nested deeper than %d", CAL_PROTOCOL_MAX_DEPTH);
    if (!reserve(d, (size_t)n))
        return false;
    d->n_owed += (size_t)n * n_bytes;
    d->levels[d->depth++] = (level){node, 0};
    all->nodes[node].kind = (uint8_t)kind;
    all->nodes[node].n = (uint32_t)n;
    all->nodes[node].first = (uint32_t)(all->n - node);
    all->n += (size_t)n;
    return true;
}

static void set_integer(cal_value *value, uint64_t bits, bool is_negative)
{
    value->kind = CAL_INT;
    value->as.u = bits;
    value->is_negative = is_negative;
}

/* ca to d3: reals of 4 and 8 bytes, then integers of 1, 2, 4 and 8, unsigned and signed. */
static bool take_scalar(decoder *d, unsigned type, cal_value *value)
{
    const bool is_real = type <= 0xcb;
    const unsigned width = is_real ? 4u << (type - 0xca) : 1u << ((type - 0xcc) & 3);
    uint64_t bits = 0;
    if (!take_number(d, width, &bits))
        return false;
    if (is_real) {
        const uint32_t short_bits = (uint32_t)bits;
        float narrow = 0.0f;
        value->kind = CAL_REAL;
        memcpy(&narrow, &short_bits, sizeof narrow);
        memcpy(&value->as.real, &bits, sizeof bits);
        if (width == 4)
            value->as.real = (double)narrow;
        return true;
    }
    const bool is_negative = type >= 0xd0 && bits >> (8 * width - 1) != 0;
    if (is_negative && width < 8)
        bits |= UINT64_MAX << 8 * width;
    set_integer(value, bits, is_negative);
    return true;
}

/* Items of the array; UINT64_MAX: more than a value counts. */
static uint64_t count_items(const cal_value *value)
{
    uint64_t n = 1;
    for (unsigned i = 0; i < value->n_dims; i++) {
        uint32_t dim = 0;
        memcpy(&dim, value->as.dims + 4 * i, sizeof dim);
        if (dim == 0)
            return 0;
        if (n <= UINT32_MAX)
            n *= dim;
    }
    return n <= UINT32_MAX ? n : UINT64_MAX;
}

static bool find_blob(decoder *d, unsigned number, cal_frame *out)
{
    if (number >= d->source->n_blobs)
        return FAIL_AT(d, "an array in blob %u of %zu", number, d->source->n_blobs);
    if ((d->seen >> number & 1) != 0)
        return FAIL_AT(d, "two arrays in blob %u", number);
    d->seen |= UINT64_C(1) << number;
    *out = d->source->blobs[number];
    return true;
}

/* The array in the `size` bytes of an extension; they are there. */
static bool take_array(decoder *d, size_t size, int ext, cal_value *value)
{
    const unsigned char *head = d->at;
    const size_t item = size >= CALI_ARRAY_HEAD ? cal_dtype_size((cal_dtype)head[0]) : 0;
    if ((ext != CALI_EXT_INLINE && ext != CALI_EXT_BLOB) || item == 0)
        return FAIL_AT(d, "an extension of type %d that is no array", ext);
    value->kind = CAL_ARRAY;
    value->dtype = head[0];
    value->n_dims = head[1];
    value->as.dims = head + CALI_ARRAY_HEAD;
    const size_t head_size = CALI_ARRAY_HEAD + 4 * (size_t)value->n_dims;
    if (value->n_dims < 1 || value->n_dims > CAL_PROTOCOL_MAX_DIMS || size < head_size)
        return FAIL_AT(d, "an array of %u dimensions in %zu bytes", value->n_dims, size);
    const unsigned number = head[2] | (unsigned)head[3] << 8;
    cal_frame data = {head + head_size, size - head_size};
    if (ext == CALI_EXT_INLINE && number != 0)
        return FAIL_AT(d, "an inline array with the blob %u", number);
    if (ext == CALI_EXT_BLOB && data.size != 0)
        return FAIL_AT(d, "an array in a blob with %zu bytes behind its dimensions", data.size);
    if (ext == CALI_EXT_BLOB && !find_blob(d, number, &data))
        return false;
    const uint64_t n = count_items(value);
    if (n == UINT64_MAX || n * item != data.size)
        return FAIL_AT(d, "the dimensions of an array do not give its %zu bytes", data.size);
    value->n = (uint32_t)n;
    value->data = data.data;
    d->at += size;
    return true;
}

/* d4 to d8 have 1, 2, 4, 8 and 16 bytes; c7 to c9 a length of 1, 2 and 4 bytes. */
static bool take_extension(decoder *d, unsigned type, cal_value *value)
{
    uint64_t n = type >= 0xd4 ? UINT64_C(1) << (type - 0xd4) : 0, ext = 0;
    if (type <= 0xc9 && !take_number(d, 1u << (type - 0xc7), &n))
        return false;
    return take_number(d, 1, &ext) && need(d, n) && take_array(d, (size_t)n, (int8_t)ext, value);
}

static bool take_container(decoder *d, unsigned type, size_t node)
{
    const bool is_map = type <= 0x8f || type >= 0xde;
    uint64_t n = type & 0x0f;
    if (type >= 0xdc && !take_number(d, 2u << (type & 1), &n))
        return false;
    return open_level(d, node, is_map ? CAL_MAP : CAL_LIST, n, is_map ? 2 : 1);
}

static bool take_value(decoder *d, size_t node)
{
    const unsigned type = take_type(d);
    cal_value *value = &d->nodes->nodes[node];
    if (type <= 0x7f || type >= 0xe0) {
        set_integer(value, (uint64_t)(int64_t)(int8_t)type, type >= 0xe0);
        return true;
    }
    if (type <= 0x9f || type >= 0xdc)
        return take_container(d, type, node);
    if (type <= 0xbf || type >= 0xd9) {
        value->kind = CAL_TEXT;
        return take_text(d, type, CAL_PROTOCOL_MAX_TEXT, &value->as.text, &value->n);
    }
    if (type == 0xc0)
        return true;
    if (type == 0xc2 || type == 0xc3) {
        value->kind = CAL_BOOL;
        value->as.u = type & 1;
        return true;
    }
    if (type >= 0xca && type <= 0xd3)
        return take_scalar(d, type, value);
    if (type >= 0xc7)
        return take_extension(d, type, value);
    return FAIL_AT(d, "the type %02x is not used", type);
}

static bool take_key(decoder *d, size_t node)
{
    const unsigned type = take_type(d);
    const bool is_text = (type >= 0xa0 && type <= 0xbf) || (type >= 0xd9 && type <= 0xdb);
    if (!is_text)
        return FAIL_AT(d, "a key of the type %02x; keys are texts", type);
    const char *key = NULL;
    uint32_t size = 0;
    if (!take_text(d, type, CAL_PROTOCOL_MAX_KEY, &key, &size))
        return false;
    d->nodes->nodes[node].key = key;
    return true;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *find_duplicate(const char **keys, size_t n)
{
    if (n > N_COMPARED) {
        qsort(keys, n, sizeof *keys, compare_keys);
        for (size_t i = 1; i < n; i++)
            if (strcmp(keys[i - 1], keys[i]) == 0)
                return keys[i];
        return NULL;
    }
    for (size_t i = 1; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (keys[i][0] == keys[j][0] && strcmp(keys[i], keys[j]) == 0)
                return keys[i];
    return NULL;
}

/* After a byte behind its last value was read or is NUL, so that all keys are ended. */
static bool check_keys(decoder *d, const cal_value *map)
{
    const char *few[N_COMPARED];
    const char **keys = map->n > N_COMPARED ? malloc(map->n * sizeof *keys) : few;
    if (keys == NULL)
        return cali_problem_set(d->problem, "E402", "no memory for a map of %u members", map->n);
    for (uint32_t i = 0; i < map->n; i++)
        keys[i] = map[map->first + i].key;
    const char *twice = find_duplicate(keys, map->n);
    if (keys != few)
        free(keys);
    return twice == NULL || FAIL_AT(d, "the key \"%.40s\" stands twice in a map", twice);
}

static bool take_all(decoder *d)
{
    while (d->depth > 0) {
        level *inner = &d->levels[d->depth - 1];
        const cal_value *parent = &d->nodes->nodes[inner->node];
        if (inner->n_read == parent->n) {
            if (parent->kind == CAL_MAP && !check_keys(d, parent))
                return false;
            d->depth--;
            continue;
        }
        const size_t node = inner->node + parent->first + inner->n_read++;
        if (parent->kind == CAL_MAP && !take_key(d, node))
            return false;
        if (!take_value(d, node))
            return false;
    }
    return true;
}

bool cali_decode(const cali_source *source, cali_nodes *nodes, size_t *root, cal_problem *problem)
{
    decoder state = {.source = source, .at = source->bytes, .end = source->bytes + source->size, .nodes = nodes,
                     .problem = problem};
    decoder *d = &state;
    if (source->size == 0)
        return FAIL_AT(d, "it is empty%s", "");
    source->bytes[source->size] = 0;
    const unsigned type = *d->at;
    if (!((type >= 0x80 && type <= 0x8f) || type == 0xde || type == 0xdf))
        return FAIL_AT(d, "the type %02x instead of a map", type);
    *root = nodes->n;
    if (!reserve(d, 1))
        return false;
    nodes->n++;
    d->n_owed = 1;
    if (!take_value(d, *root) || !take_all(d))
        return false;
    if (d->at != d->end)
        return FAIL_AT(d, "%zu bytes behind its end", (size_t)(d->end - d->at));
    /* at most 62 blobs */
    return d->seen == (UINT64_C(1) << source->n_blobs) - 1 || FAIL_AT(d, "of %zu blobs not all belong to an array", source->n_blobs);
}
