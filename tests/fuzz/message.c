/* Messages of the wire protocol on hostile bytes. The first byte of an input chooses what is hostile: a whole message (each frame
 * behind its length of two bytes), the header, the body (of the type that the second byte gives), or the extension of an array. A
 * message is taken or refused with a code; what was taken is read to its last byte and written again, and is then taken as well. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/protocols.h"
#include "support/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned char ping_body[] = {0x81, 0xa5, 'c', 'l', 'o', 'c', 'k', 7};
static const unsigned char types[] = {1, 2, 3, 4, 5, 6, 10, 11, 20, 21, 22, 23, 24, 25, 30, 31, 40, 41, 42, 50, 51, 99, 7};

static unsigned sum; /* keeps reads alive */

/* Reads each byte, and finds each member by its name. */
static void look_at(const cal_value *value)
{
    for (cal_dtype dtype = CAL_I8; cal_value_get_kind(value) == CAL_ARRAY && dtype <= CAL_F64; dtype++) {
        cal_reader reader = {0};
        const cal_array array = cal_value_array(&reader, value, dtype);
        const unsigned char *bytes = array.data;
        for (size_t i = 0; i < array.n * cal_dtype_size(dtype); i++)
            sum += bytes[i];
        sum += cal_array_is_finite(&array);
    }
    for (size_t i = 0; i < cal_value_n(value); i++) {
        const char *key = cal_value_key(value, i);
        assert(key == NULL || cal_value_find(value, key) == cal_value_at(value, i));
        look_at(cal_value_at(value, i));
    }
}

static void read_message(cal_frames *frames, int is_again);

static void write_again(const cal_message *message)
{
    static cal_context *ctx; /* made once: threads are dear */
    static cal_packer *packer;
    cal_context_def def = cal_context_def_default();
    def.n_threads = 1;
    if (ctx == NULL && (cal_context_create(&def, &ctx) != CAL_OK || cal_packer_create(ctx, &packer) != CAL_OK))
        abort();
    cal_packer_clear(packer);
    cali_test_copy_members(packer, cal_message_body(message));
    const cal_frame *frames = NULL;
    size_t n = 0;
    const cal_status status = cal_packer_get(packer, &frames, &n);
    assert(status == CAL_OK);
    cal_header header = *cal_message_header(message);
    if (header.has_digest)
        header.digest = cal_frames_digest(frames, n);
    unsigned char head[CAL_HEADER_SIZE];
    cal_frames again = {.n = n + 1, .frames = {{head, cal_header_encode(&header, head)}}};
    memcpy(again.frames + 1, frames, n * sizeof *frames);
    read_message(&again, 1);
}

static void read_message(cal_frames *frames, int is_again)
{
    cal_header header;
    cal_problem problem;
    cal_message *message = cal_message_read(frames, &cal_limits_open, &header, &problem);
    assert((message == NULL) == (problem.code[0] != '\0') && (message == NULL) == (problem.text[0] != '\0'));
    assert(message != NULL || !is_again);
    if (message != NULL && !is_again) {
        look_at(cal_message_body(message));
        write_again(message);
    }
    cal_message_destroy(&message);
    assert(frames->n == 0);
}

/* Frames of exactly their size, so that a byte too far is seen. */
static void read_frames(size_t n, const cal_frame *parts)
{
    cal_frames frames = {.n = n};
    for (size_t i = 0; i < n && i < CAL_PROTOCOL_MAX_FRAMES; i++) {
        unsigned char *copy = malloc(parts[i].size + (parts[i].size == 0));
        if (copy == NULL)
            abort();
        memcpy(copy, parts[i].data, parts[i].size);
        frames.frames[i] = (cal_frame){copy, parts[i].size};
    }
    cal_frames given = frames;
    read_message(&given, 0);
    for (size_t i = 0; i < n && i < CAL_PROTOCOL_MAX_FRAMES; i++)
        free((void *)(uintptr_t)frames.frames[i].data);
}

static void read_whole(const uint8_t *data, size_t size)
{
    cal_frame parts[CAL_PROTOCOL_MAX_FRAMES + 1];
    size_t n = 0;
    while (size >= 2 && n <= CAL_PROTOCOL_MAX_FRAMES) {
        size_t length = data[0] | (size_t)data[1] << 8;
        data += 2;
        size -= 2;
        length = length < size ? length : size;
        parts[n++] = (cal_frame){data, length};
        data += length;
        size -= length;
    }
    read_frames(n < CAL_PROTOCOL_MAX_FRAMES ? n : CAL_PROTOCOL_MAX_FRAMES, parts);
}

static void read_body(const uint8_t *data, size_t size)
{
    if (size == 0)
        return;
    unsigned char head[CAL_HEADER_SIZE];
    cal_header header = {.type = types[data[0] % sizeof types], .session = 1, .incarnation = 1, .number = 1, .has_window = true};
    const cal_frame body = {data + 1, size - 1};
    header.has_digest = header.type == CAL_STEP || header.type == CAL_OUTPUT || header.type == CAL_CHUNK;
    header.digest = cal_frames_digest(&body, 1);
    read_frames(2, (const cal_frame[]){{head, cal_header_encode(&header, head)}, body});
}

/* An ANSWER whose one value is an extension of 5 to 255 bytes, with a blob that holds as much again. */
static void read_array(const uint8_t *data, size_t size)
{
    static const unsigned char start[] = {0x81, 0xa6, 'v', 'a', 'l', 'u', 'e', 's', 0x81, 0xa1, 'x', 0xc7};
    unsigned char head[CAL_HEADER_SIZE], body[sizeof start + 1 + 256];
    const cal_header header = {.type = CAL_ANSWER, .session = 1, .incarnation = 1, .number = 1};
    if (size < 1 || size > 256)
        return;
    memcpy(body, start, sizeof start);
    body[sizeof start] = (unsigned char)(size - 1);
    memcpy(body + sizeof start + 1, data, size);
    const size_t n = data[0] == 2 ? 3 : 2;
    read_frames(n, (const cal_frame[]){{head, cal_header_encode(&header, head)}, {body, sizeof start + 1 + size}, {body, size}});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    switch (data[0]) {
    case 'h':
        read_frames(2, (const cal_frame[]){{data + 1, size - 1}, {ping_body, sizeof ping_body}});
        break;
    case 'b':
        read_body(data + 1, size - 1);
        break;
    case 'a':
        read_array(data + 1, size - 1);
        break;
    default:
        read_whole(data + 1, size - 1);
    }
    return 0;
}
