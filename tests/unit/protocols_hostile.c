/* Bytes of a peer that means harm, or does not know better: each is refused with its code and its place, whatever is announced;
 * no memory is taken that the bytes do not pay for; each limit holds exactly. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/text.h"
#include "callosum/protocols.h"
#include "support/support.h"

typedef struct bytes {
    unsigned char *data;
    size_t n;
} bytes;

static unsigned digit(char letter)
{
    return (unsigned)(letter <= '9' ? letter - '0' : letter - 'a' + 10);
}

/* Letters of hexadecimal numbers; "41*300" repeats a byte. */
static bytes from_hex(const char *hex)
{
    cali_text text = {0};
    while (*hex != '\0') {
        if (*hex == ' ') {
            hex++;
            continue;
        }
        const char byte = (char)(digit(hex[0]) << 4 | digit(hex[1]));
        hex += 2;
        long n = 1;
        if (*hex == '*') {
            char *end = NULL;
            n = strtol(hex + 1, &end, 10);
            hex = end;
        }
        for (long i = 0; i < n; i++)
            cali_text_add_bytes(&text, &byte, 1);
    }
    cali_text_add_bytes(&text, "", 0);
    return (bytes){(unsigned char *)text.data, text.size};
}

static const char head_of_answer[] = "85 a176 01 a174 1f a173 01 a165 01 a16e 01";
static const char head_of_ping[] = "85 a176 01 a174 28 a173 01 a165 01 a16e 01";

/* Reads header, body and up to 62 blobs of `blob_size` bytes; the code, or "" when it is taken. Copies of the exact size let the
 * address sanitizer see a byte too far. */
static cal_problem read_with(const char *head, const char *body, size_t n_blobs, size_t blob_size, const cal_limits *limits)
{
    const bytes header = from_hex(head), content = from_hex(body);
    unsigned char *blob = calloc(1, blob_size + 1);
    unsigned char *exact = malloc(content.n > 0 ? content.n : 1);
    memcpy(exact, content.data, content.n);
    cal_frames frames = {.n = 2 + n_blobs, .frames = {{header.data, header.n}, {exact, content.n}}};
    for (size_t i = 0; i < n_blobs && i + 2 < CAL_PROTOCOL_MAX_FRAMES; i++)
        frames.frames[2 + i] = (cal_frame){blob, blob_size};
    cal_header read;
    cal_problem problem;
    cal_message *message = cal_message_read(&frames, limits, &read, &problem);
    const bool is_taken = message != NULL;
    cr_expect(is_taken == (problem.code[0] == '\0'));
    cal_message_destroy(&message);
    free(header.data);
    free(content.data);
    free(blob);
    free(exact);
    return problem;
}

static cal_problem read_value(const char *value, size_t n_blobs, size_t blob_size)
{
    cali_text body = {0};
    cali_text_add(&body, "81 a676616c756573 81 a178 "); /* {"values": {"x": ...}} */
    cali_text_add(&body, value);
    const cal_problem problem = read_with(head_of_answer, body.data, n_blobs, blob_size, &cal_limits_open);
    cali_text_free(&body);
    return problem;
}

/* ---- values: each limit at its edge --------------------------------------------------------------------- */

static const struct {
    const char *hex, *says; /* NULL: it is taken */
    size_t n_blobs, blob_size;
} values[] = {
    {"00", NULL, 0, 0},
    {"cf ffffffffffffffff", NULL, 0, 0},
    {"d3 8000000000000000", NULL, 0, 0},
    {"cd 0001", NULL, 0, 0}, /* longer than need be: taken */
    {"ca 3fc00000", NULL, 0, 0},
    {"cb 7ff8000000000000", NULL, 0, 0},
    {"c0", NULL, 0, 0},
    {"", "announced", 0, 0},
    {"c1", "type c1", 0, 0},
    {"c4 01 00", "type c4", 0, 0}, /* raw bytes */
    {"c5 0001 00", "type c5", 0, 0},
    {"c6 00000001 00", "type c6", 0, 0},
    {"00 00", "behind its end", 0, 0},
    {"cf ffffffff", "announced", 0, 0},
    {"cd 00", "announced", 0, 0},
    {"cb 00", "announced", 0, 0},
    /* texts */
    {"a0", NULL, 0, 0},
    {"a1", "announced", 0, 0},
    {"da ffff 41*65535", NULL, 0, 0},
    {"db 00010000 41*65536", NULL, 0, 0},
    {"db 00010001 41*65537", "65537 bytes, of at most 65536", 0, 0},
    {"db ffffffff", "of at most 65536", 0, 0},
    {"d9 05 41*4", "announced", 0, 0},
    {"a1 00", "UTF-8", 0, 0},
    {"a1 1b", "UTF-8", 0, 0}, /* escape: terminals obey it */
    {"a1 80", "UTF-8", 0, 0},
    {"a2 c3a9", NULL, 0, 0},
    {"a2 c080", "UTF-8", 0, 0}, /* NUL in two bytes */
    {"a3 eda080", "UTF-8", 0, 0}, /* half of a pair */
    {"a4 f4908080", "UTF-8", 0, 0}, /* beyond the last character */
    {"a1 c3", "UTF-8", 0, 0},
    /* maps and lists */
    {"80", NULL, 0, 0},
    {"81 a161 00", NULL, 0, 0},
    {"81 00 00", "keys are texts", 0, 0},
    {"81 c0 00", "keys are texts", 0, 0},
    {"81 a161", "announced", 0, 0},
    {"82 a161 00 a161 01", "\"a\" stands twice", 0, 0},
    {"82 a161 00 d90161 01", "\"a\" stands twice", 0, 0}, /* spelled in another way */
    {"81 d9ff 61*255 00", NULL, 0, 0},
    {"81 da0100 61*256 00", "256 bytes, of at most 255", 0, 0},
    {"91*13 90", NULL, 0, 0}, /* with body and values 16 levels */
    {"91*14 90", "nested deeper than 16", 0, 0},
    {"91*100000 90", "nested deeper than 16", 0, 0},
    {"dd ffffffff", "announced", 0, 0},
    {"df ffffffff", "announced", 0, 0},
    {"df 7fffffff 00*1000", "announced", 0, 0},
    {"dc 0003 00*2", "announced", 0, 0},
    {"de 0002 a161 00 a1", "announced", 0, 0},
    {"92 dd 00000002 00 00", "announced", 0, 0}, /* the outer list owns the last byte */
    {"dd 000ffff7 c0*1048567", NULL, 0, 0}, /* with 6 of the header and 3 around them 2^20 */
    {"dd 000ffff8 c0*1048568", "more than 1048576 values", 0, 0},
    /* arrays in the body */
    {"c7 09 01 0201 0000 01000000 41", NULL, 0, 0},
    {"d7 01 0201 0000 00000000", NULL, 0, 0},
    {"c7 24 01 0208 0000 01000000 01000000 01000000 01000000 01000000 01000000 01000000 00000000", NULL, 0, 0},
    {"c7 28 01 0209 0000 00*36", "9 dimensions", 0, 0},
    {"d6 01 0200 0000", "0 dimensions", 0, 0},
    {"d6 01 0201 0000", "1 dimensions in 4 bytes", 0, 0},
    {"d5 01 0201", "no array", 0, 0},
    {"d4 01 02", "no array", 0, 0},
    {"d7 01 0001 0000 00000000", "no array", 0, 0},
    {"d7 01 0b01 0000 00000000", "no array", 0, 0},
    {"d7 ff 0201 0000 00000000", "type -1 that is no array", 0, 0}, /* a time stamp */
    {"d7 03 0201 0000 00000000", "type 3 that is no array", 0, 0},
    {"d7 01 0201 0000 01000000", "do not give its 0 bytes", 0, 0},
    {"c7 09 01 0201 0000 00000000 41", "do not give its 1 bytes", 0, 0},
    {"d7 01 0201 0100 00000000", "inline array with the blob 1", 0, 0},
    {"c7 0c 01 0202 0000 00000100 00000100", "do not give", 0, 0},               /* 2^32 */
    {"c7 14 01 0a04 0000 00000100 00000100 00000100 00000100", "do not give", 0, 0}, /* 2^64 */
    {"c7 24 01 0208 0000 ff*32", "do not give", 0, 0},
    {"c7 10 01 0203 0000 ffffffff ffffffff 00000000", NULL, 0, 0}, /* a zero makes it empty */
    {"c9 ffffffff 01 0201 0000", "announced", 0, 0},
    {"c8 0010 01 0201 0000 00000000", "announced", 0, 0},
    /* and in blobs */
    {"d7 02 0201 0000 05000000", NULL, 1, 5},
    {"d7 02 0201 0000 05000000", "do not give its 4 bytes", 1, 4},
    {"d7 02 0201 0000 05000000", "blob 0 of 0", 0, 0},
    {"d7 02 0201 0100 05000000", "blob 1 of 1", 1, 5},
    {"d7 02 0201 ffff 05000000", "blob 65535 of 1", 1, 5},
    {"c7 09 02 0201 0000 05000000 00", "1 bytes behind its dimensions", 1, 5},
    {"92 d7 02 0201 0000 05000000 d7 02 0201 0000 05000000", "two arrays in blob 0", 1, 5},
    {"d7 02 0201 0000 05000000", "not all belong", 2, 5},
    {"00", "not all belong", 1, 0},
    {"d7 02 0a01 0000 00000020", "do not give", 1, 0}, /* 2^29 doubles */
};

Test(protocols_hostile, each_value_is_taken_or_refused)
{
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const cal_problem problem = read_value(values[i].hex, values[i].n_blobs, values[i].blob_size);
        if (values[i].says == NULL)
            cr_expect(problem.code[0] == '\0', "%.60s: %s", values[i].hex, problem.text);
        else
            cr_expect(strcmp(problem.code, "E106") == 0 && strstr(problem.text, values[i].says) != NULL, "%.60s: %s %s",
                      values[i].hex, problem.code, problem.text);
    }
}

/* 13 members and more are sorted to find the same key twice. */
Test(protocols_hostile, a_duplicate_is_found_among_many_keys)
{
    for (size_t n = 2; n < 40; n++) {
        for (int is_double = 0; is_double < 2; is_double++) {
            cali_text hex = {0};
            cali_text_format(&hex, "de %04zx", n);
            for (size_t i = 0; i < n; i++)
                cali_text_format(&hex, "a2 61%02zx 00", 0x30 + (is_double && i == n - 1 ? n / 3 : i * 7 % 41));
            if (is_double) /* the last one is one of the others */
                snprintf(hex.data + hex.size - 5, 6, "%02zx 00", 0x30 + (n / 3) * 7 % 41);
            const cal_problem problem = read_value(hex.data, 0, 0);
            cr_expect(is_double ? strstr(problem.text, "stands twice") != NULL : problem.code[0] == '\0', "%zu %d: %s", n, is_double,
                      problem.text);
            cali_text_free(&hex);
        }
    }
}

/* ---- headers ------------------------------------------------------------------------------------------------ */

static const struct {
    const char *hex, *code, *says;
} headers[] = {
    {"85 a176 01 a174 28 a173 01 a165 01 a16e 01", "", ""},
    {"86 a176 01 a174 28 a173 01 a165 01 a16e 01 a17a c0", "", ""}, /* unknown keys are ignored */
    {"86 a176 01 a174 28 a173 01 a165 01 a16e 01 a178 81 a161 a162", "", ""}, /* remarks */
    {"86 a176 01 a174 28 a173 01 a165 01 a16e 01 a16d 90", "", ""},
    {"86 a176 01 a174 28 a173 01 a165 01 a16e 01 a16d 91 a5636c6f636b", "", ""},
    {"86 a176 01 a174 28 a173 01 a165 01 a16e 01 a16d 91 a161", "E105", "\"a\" is not known here"},
    {"86 a176 01 a174 63 a173 01 a165 01 a16e 01 a16d 91 a161", "E105", "\"a\" is not known here"},
    {"85 a176 01 a174 63 a173 01 a165 01 a16e 01", "", ""}, /* a message of the future */
    {"86 a176 01 a174 28 a173 01 a165 01 a16e 01 a16d 91 01", "E106", "\"m\" has an integer instead of a text"},
    {"86 a176 01 a174 28 a173 01 a165 01 a16e 01 a16d a161", "E106", "\"m\" is a text instead of a list"},
    {"84 a174 28 a173 01 a165 01 a16e 01", "E106", "\"v\" is missing"},
    {"84 a176 01 a173 01 a165 01 a16e 01", "E106", "\"t\" is missing"},
    {"84 a176 01 a174 28 a165 01 a16e 01", "E106", "\"s\" is missing"},
    {"84 a176 01 a174 28 a173 01 a16e 01", "E106", "\"e\" is missing"},
    {"84 a176 01 a174 28 a173 01 a165 01", "E106", "\"n\" is missing"},
    {"85 a176 02 a174 28 a173 01 a165 01 a16e 01", "E101", "version 2; this side speaks 1"},
    {"85 a176 00 a174 28 a173 01 a165 01 a16e 01", "E101", "version 0"},
    {"85 a176 01 a174 28 a173 01 a165 01 a16e 00", "E106", "counts from 1"},
    {"85 a176 01 a174 28 a173 ff a165 01 a16e 01", "E106", "\"s\" is no integer"},
    {"85 a176 01 a174 28 a173 01 a165 cf 0000000100000000 a16e 01", "E106", "\"e\" is no integer from 0 to 4294967295"},
    {"85 a176 01 a174 a150 a173 01 a165 01 a16e 01", "E106", "\"t\" is no integer"},
    {"86 a176 01 a174 28 a173 01 a165 01 a16e 01 a164 00", "E106", "\"d\" says 00000000"},
    {"86 a176 01 a174 28 a173 01 a165 01 a16e 01 a176 01", "E106", "stands twice"},
    {"86 a176 01 a174 28 a173 01 a165 01 a16e 01", "E106", "header, byte"},
    {"90", "E106", "instead of a map"},
    {"", "E106", "empty"},
    {"00", "E106", "instead of a map"},
};

Test(protocols_hostile, each_header_is_taken_or_refused)
{
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        const cal_problem problem = read_with(headers[i].hex, "81 a5636c6f636b 01", 0, 0, &cal_limits_open);
        cr_expect(strcmp(problem.code, headers[i].code) == 0 && strstr(problem.text, headers[i].says) != NULL, "%s: %s %s",
                  headers[i].hex, problem.code, problem.text);
    }
}

/* What could be read of a header is there for the answer. */
Test(protocols_hostile, the_header_of_a_broken_message_is_known)
{
    const bytes head = from_hex(head_of_ping);
    cal_frames frames = {.n = 2, .frames = {{head.data, head.n}, {"\x90", 1}}};
    cal_header read;
    cal_problem problem;
    cr_assert(cal_message_read(&frames, &cal_limits_open, &read, &problem) == NULL);
    cr_expect(read.type == CAL_PING && read.session == 1 && read.number == 1 && read.version == 1);
    free(head.data);
}

/* ---- frames ---------------------------------------------------------------------------------------------------- */

static void count_release(void *owner)
{
    ++*(int *)owner;
}

Test(protocols_hostile, frames_are_released_once_whatever_happens)
{
    static const size_t ns[] = {0, 1, 2, 3};
    for (size_t i = 0; i < 4; i++) {
        const bytes head = from_hex(head_of_ping), body = from_hex("81 a5636c6f636b 01");
        int n_released = 0;
        cal_frames frames = {.n = ns[i], .frames = {{head.data, head.n}, {body.data, body.n}, {"", 0}}, .owner = &n_released,
                             .release = count_release};
        cal_header read;
        cal_problem problem;
        cal_message *message = cal_message_read(&frames, &cal_limits_open, &read, &problem);
        const bool is_taken = message != NULL;
        cr_expect(is_taken == (ns[i] == 2), "%s", problem.text);
        cr_expect(eq(int, n_released, ns[i] != 2));
        cal_message_destroy(&message);
        cr_expect(eq(int, n_released, 1));
        cal_frames_release(&frames);
        cr_expect(eq(int, n_released, 1));
        free(head.data);
        free(body.data);
    }
}

/* Exactly at a limit and one above. */
Test(protocols_hostile, sizes_are_limited)
{
    static const char blob_of_60[] = "81 a676616c756573 81 a178 d7 02 0201 0000 3c000000";
    const size_t body = 21, head = 16;
    cal_limits limits = {head + body + 60, 60, 3};
    cr_expect(eq(str, read_with(head_of_answer, blob_of_60, 1, 60, &limits).code, ""));
    limits.message--;
    cr_expect(eq(str, read_with(head_of_answer, blob_of_60, 1, 60, &limits).text, "97 bytes, of at most 96"));
    limits = (cal_limits){1000, 59, 3};
    cr_expect(eq(str, read_with(head_of_answer, blob_of_60, 1, 60, &limits).text, "frame 2 has 60 bytes, of at most 59"));
    limits = (cal_limits){1000, 60, 2};
    cr_expect(eq(str, read_with(head_of_answer, blob_of_60, 1, 60, &limits).text, "3 frames, of 2 to 2"));
    /* remarks fill the header */
    cali_text hex = {0};
    cali_text_format(&hex, "86 a176 01 a174 28 a173 01 a165 01 a16e 01 a178 81 a161 da %04x 41*%d", 4096 - 24, 4096 - 24);
    const char *ping = "81 a5636c6f636b 01";
    cr_expect(eq(str, read_with(hex.data, ping, 0, 0, &cal_limits_open).text, ""));
    hex.size = 0;
    cali_text_format(&hex, "86 a176 01 a174 28 a173 01 a165 01 a16e 01 a178 81 a161 da %04x 41*%d", 4097 - 24, 4097 - 24);
    cr_expect(eq(str, read_with(hex.data, ping, 0, 0, &cal_limits_open).text, "frame 0 has 4097 bytes, of at most 4096"));
    cali_text_free(&hex);
}

/* ANSWER {"values": {"x": a list that says it has `n_announced` members}} of `size` bytes; 0xc0 is nil. */
static unsigned char *make_list(size_t size, uint32_t n_announced)
{
    static const unsigned char start[] = {0x81, 0xa6, 'v', 'a', 'l', 'u', 'e', 's', 0x81, 0xa1, 'x', 0xdd};
    unsigned char *body = malloc(size);
    memset(body, 0xc0, size);
    memcpy(body, start, sizeof start);
    for (unsigned i = 0; i < 4; i++)
        body[sizeof start + i] = (unsigned char)(n_announced >> (24 - 8 * i));
    return body;
}

/* Reads it; the KiB by which the largest memory of this process grew. */
static long grown_by(const unsigned char *body, size_t size, const cal_limits *limits, cal_problem *problem)
{
    struct rusage before, after;
    const bytes head = from_hex(head_of_answer);
    getrusage(RUSAGE_SELF, &before);
    cal_frames frames = {.n = 2, .frames = {{head.data, head.n}, {body, size}}};
    cal_header read;
    cal_message *message = cal_message_read(&frames, limits, &read, problem);
    getrusage(RUSAGE_SELF, &after);
    cal_message_destroy(&message);
    free(head.data);
    return after.ru_maxrss - before.ru_maxrss;
}

/* 64 MiB of values cost their copy and no more; five bytes that announce 2^32 values cost nothing; the most values that are
 * allowed cost 48 bytes each at most, and twice that while their block grows. */
Test(protocols_hostile, memory_is_bounded)
{
    cal_problem problem;
    unsigned char *body = make_list(16, UINT32_MAX);
    cr_expect(grown_by(body, 16, &cal_limits_open, &problem) < 1 << 10);
    cr_expect(strstr(problem.text, "4294967295 members are announced") != NULL, "%s", problem.text);
    free(body);

    const size_t n_most = CAL_PROTOCOL_MAX_VALUES - 9; /* 6 in the header, 3 around the list */
    body = make_list(16 + n_most, (uint32_t)n_most);
    const long for_values = grown_by(body, 16 + n_most, &cal_limits_open, &problem);
    cr_expect(eq(str, problem.text, ""));
    cr_expect(for_values < (96 + 16) << 10, "%ld KiB", for_values);
    free(body);

    const size_t size = CAL_PROTOCOL_MAX_FRAME;
    body = make_list(size, (uint32_t)(size - 16));
    const long for_bytes = grown_by(body, size, &cal_limits_open, &problem);
    cr_expect(strstr(problem.text, "more than 1048576 values") != NULL, "%s", problem.text);
    cr_expect(for_bytes < (64 + 32) << 10, "%ld KiB", for_bytes);
    /* before WELCOME such a message is not even looked at */
    cr_expect(grown_by(body, size, &cal_limits_greeting, &problem) < 1 << 10);
    cr_expect(eq(str, problem.text, "frame 1 has 67108864 bytes, of at most 65536"));
    free(body);
}

/* A careless limit does not read beyond the frames that there are. */
Test(protocols_hostile, there_are_never_more_than_64_frames)
{
    const cal_limits careless = {SIZE_MAX, SIZE_MAX, SIZE_MAX};
    cal_frames frames = {.n = CAL_PROTOCOL_MAX_FRAMES + 1};
    cal_header read;
    cal_problem problem;
    cr_expect(cal_message_read(&frames, &careless, &read, &problem) == NULL);
    cr_expect(eq(str, problem.code, "E106"));
}

/* ---- fields ----------------------------------------------------------------------------------------------------- */

static cal_packer *packer;
static cal_context *ctx;

static cal_problem read_packed(unsigned type)
{
    static unsigned char head[CAL_HEADER_SIZE];
    const cal_frame *frames = NULL;
    size_t n = 0;
    cr_assert(cal_packer_get(packer, &frames, &n) == CAL_OK, "%s", cal_context_message(ctx));
    const cal_header header = {.type = type, .session = 1, .incarnation = 1, .number = 1, .has_window = true, .has_digest = true,
                               .digest = cal_frames_digest(frames, n)};
    cal_frames received = {.n = n + 1, .frames = {{head, cal_header_encode(&header, head)}}};
    memcpy(received.frames + 1, frames, n * sizeof *frames);
    cal_header read;
    cal_problem problem;
    cal_message *message = cal_message_read(&received, &cal_limits_open, &read, &problem);
    cal_message_destroy(&message);
    cal_packer_clear(packer);
    return problem;
}

static void expect(unsigned type, const char *text)
{
    const cal_problem problem = read_packed(type);
    cr_expect(eq(str, (char *)problem.text, (char *)text));
    cr_expect(eq(str, (char *)problem.code, text[0] != '\0' ? "E106" : ""));
}

static void begin_step(void)
{
    cal_pack_int(packer, "t0_ns", -5);
    cal_pack_int(packer, "t1_ns", 5);
    cal_pack_open_map(packer, "in");
}

Test(protocols_hostile, fields_are_checked_by_the_list_of_messages)
{
    ctx = cali_test_context(1);
    cr_assert(cal_packer_create(ctx, &packer) == CAL_OK);

    expect(CAL_STEP, "STEP: \"t0_ns\" is missing");
    begin_step();
    cal_pack_close(packer);
    expect(CAL_STEP, "");
    begin_step();
    cal_pack_vector(packer, "drive", CAL_F64, 1, &(double){0});
    cal_pack_close(packer);
    expect(CAL_STEP, "STEP: \"in.drive\" has 1 dimensions instead of [channels, samples]");
    begin_step();
    cal_pack_array(packer, "drive", CAL_F32, 2, (const size_t[]){1, 1}, &(float){0});
    cal_pack_close(packer);
    expect(CAL_STEP, "STEP: \"in.drive\" is an array of f32 instead of f64");
    begin_step();
    cal_pack_uint(packer, "drive", 1);
    cal_pack_close(packer);
    expect(CAL_STEP, "STEP: \"in.drive\" is an integer instead of an array");
    begin_step();
    cal_pack_open_map(packer, "events");
    cal_pack_vector(packer, "dt_ns", CAL_U32, 1, &(uint32_t){1});
    cal_pack_close(packer);
    cal_pack_close(packer);
    expect(CAL_STEP, "STEP: \"in.events.id\" is nothing instead of an array");
    begin_step();
    cal_pack_open_map(packer, "events");
    cal_pack_vector(packer, "dt_ns", CAL_U32, 1, &(uint32_t){1});
    cal_pack_vector(packer, "id", CAL_U32, 2, (const uint32_t[]){1, 2});
    cal_pack_close(packer);
    cal_pack_close(packer);
    expect(CAL_STEP, "STEP: \"in.events\" has 1 times and 2 ids");
    begin_step();
    cal_pack_close(packer);
    cal_pack_open_list(packer, "set");
    cal_pack_text(packer, NULL, "path");
    cal_pack_close(packer);
    expect(CAL_STEP, "STEP: \"set[]\" is no list of a path, a value and a unit");
    cal_pack_text(packer, "clock", "now");
    expect(CAL_PING, "PING: \"clock\" is a text instead of an integer");
    cal_pack_int(packer, "clock", -1);
    expect(CAL_PING, "PING: \"clock\" is no integer from 0 to 18446744073709551615");
    cal_pack_text(packer, "reason", "bored");
    expect(CAL_BYE, "BYE: \"reason\" is \"bored\", none of done|user|drain|idle|fatal");
    cal_pack_text(packer, "reason", "don");
    expect(CAL_BYE, "BYE: \"reason\" is \"don\", none of done|user|drain|idle|fatal");
    cal_packer_destroy(&packer);
    cal_context_destroy(&ctx);
}
