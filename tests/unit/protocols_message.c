/* What the packer writes the reader reads; what the wire may not carry is refused with its code and its place. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/protocols.h"
#include "support/support.h"

static cal_context *ctx;
static cal_packer *packer;

static void set_up(void)
{
    ctx = cali_test_context(1);
    cr_assert(cal_packer_create(ctx, &packer) == CAL_OK);
}

static void tear_down(void)
{
    cal_packer_destroy(&packer);
    cal_context_destroy(&ctx);
}

TestSuite(protocols_message, .init = set_up, .fini = tear_down);

/* The packer's body as a message that has no fields of its own to check (ANSWER has but `values`). */
static cal_message *send_body(unsigned type, cal_problem *problem)
{
    static unsigned char head[CAL_HEADER_SIZE];
    const cal_frame *frames = NULL;
    size_t n = 0;
    cr_assert(cal_packer_get(packer, &frames, &n) == CAL_OK, "%s", cal_context_message(ctx));
    const cal_header header = {.type = type, .session = UINT64_MAX, .incarnation = UINT32_MAX, .number = 1,
                               .digest = cal_frames_digest(frames, n), .has_digest = true, .window = 5, .has_window = true};
    cal_frames received = {.n = n + 1, .frames = {{head, cal_header_encode(&header, head)}}};
    memcpy(received.frames + 1, frames, n * sizeof *frames);
    cal_header read;
    cal_message *message = cal_message_read(&received, &cal_limits_open, &read, problem);
    cr_expect(read.type == type && read.session == UINT64_MAX && read.incarnation == UINT32_MAX);
    return message;
}

Test(protocols_message, what_is_written_is_read)
{
    static const uint64_t uints[] = {0, 127, 128, 255, 256, 65535, 65536, UINT32_MAX, UINT64_C(1) << 32, UINT64_MAX};
    static const int64_t ints[] = {0, -1, -32, -33, -128, -129, -32768, -32769, INT32_MIN, INT64_C(-2147483649), INT64_MIN, INT64_MAX};
    static const double reals[] = {0.0, -0.0, 1.5, DBL_MAX, DBL_TRUE_MIN, -DBL_MIN};
    cal_pack_open_map(packer, "values");
    cal_pack_open_list(packer, "uints");
    for (size_t i = 0; i < 10; i++)
        cal_pack_uint(packer, NULL, uints[i]);
    cal_pack_close(packer);
    cal_pack_open_list(packer, "ints");
    for (size_t i = 0; i < 12; i++)
        cal_pack_int(packer, NULL, ints[i]);
    cal_pack_close(packer);
    cal_pack_open_list(packer, "reals");
    for (size_t i = 0; i < 6; i++)
        cal_pack_real(packer, NULL, reals[i]);
    cal_pack_close(packer);
    cal_pack_text(packer, "text", "\xce\xb1 \xf0\x9f\xa7\xa0");
    cal_pack_text(packer, "nothing", NULL);
    cal_pack_bool(packer, "yes", true);
    cal_pack_bool(packer, "no", false);
    cal_pack_vector(packer, "small", CAL_U8, 3, "abc");
    cal_pack_vector(packer, "empty", CAL_F64, 0, NULL);
    cal_pack_close(packer);
    cal_problem problem;
    cal_message *message = send_body(CAL_ANSWER, &problem);
    cr_assert(message != NULL, "%s", problem.text);

    cal_reader reader = {0};
    const cal_value *values = cal_read_map(&reader, cal_message_body(message), "values");
    cr_expect(eq(sz, cal_value_n(values), 9));
    const cal_value *list = cal_read_list(&reader, values, "uints");
    for (size_t i = 0; i < 10; i++)
        cr_expect(eq(u64, cal_value_uint(&reader, cal_value_at(list, i), 0, UINT64_MAX), uints[i]));
    list = cal_read_list(&reader, values, "ints");
    for (size_t i = 0; i < 12; i++)
        cr_expect(eq(i64, cal_value_int(&reader, cal_value_at(list, i), INT64_MIN, INT64_MAX), ints[i]));
    list = cal_read_list(&reader, values, "reals");
    for (size_t i = 0; i < 6; i++) {
        const double read = cal_value_real(&reader, cal_value_at(list, i), false);
        cr_expect(memcmp(&read, &reals[i], sizeof read) == 0);
    }
    cr_expect(eq(str, (char *)cal_read_text(&reader, values, "text", false), "\xce\xb1 \xf0\x9f\xa7\xa0"));
    cr_expect(cal_read_text(&reader, values, "nothing", true) == NULL);
    cr_expect(cal_read_bool(&reader, values, "yes") && !cal_read_bool(&reader, values, "no"));
    char letters[3];
    cal_read_vector(&reader, values, "small", CAL_U8, 3, letters);
    cr_expect(memcmp(letters, "abc", 3) == 0);
    cr_expect(eq(sz, cal_read_array(&reader, values, "empty", CAL_F64).n, 0));
    cr_expect(cal_reader_is_broken(&reader) == false, "%s", reader.problem.text);
    cal_read_text(&reader, values, "nothing", false);
    cr_expect(eq(str, reader.problem.text, "\"nothing\" is nil instead of a text"));
    cal_message_destroy(&message);
}

/* 4096 bytes stand in the body, one more in a blob; 62 blobs fit, what follows stands in the body. */
Test(protocols_message, large_arrays_travel_as_blobs)
{
    enum { N = 64 };
    unsigned char *data = malloc(4097);
    for (size_t i = 0; i < 4097; i++)
        data[i] = (unsigned char)(i * 7);
    cal_pack_open_map(packer, "values");
    cal_pack_vector(packer, "edge", CAL_U8, 4096, data);
    cal_pack_open_list(packer, "list");
    for (size_t i = 0; i < N; i++)
        cal_pack_vector(packer, NULL, CAL_U8, 4097, data);
    cal_pack_close(packer);
    cal_pack_close(packer);
    const cal_frame *frames = NULL;
    size_t n = 0;
    cr_assert(cal_packer_get(packer, &frames, &n) == CAL_OK);
    cr_expect(eq(sz, n, 63));
    cr_expect(frames[1].size == 4097 && memcmp(frames[62].data, data, 4097) == 0);
    cal_problem problem;
    cal_message *message = send_body(CAL_ANSWER, &problem);
    cr_assert(message != NULL, "%s", problem.text);
    cal_reader reader = {0};
    const cal_value *values = cal_read_map(&reader, cal_message_body(message), "values");
    const cal_value *list = cal_read_list(&reader, values, "list");
    for (size_t i = 0; i < N; i++) {
        const cal_array array = cal_value_array(&reader, cal_value_at(list, i), CAL_U8);
        cr_assert(array.n == 4097 && memcmp(array.data, data, 4097) == 0);
    }
    cr_expect(cal_reader_is_broken(&reader) == false, "%s", reader.problem.text);
    cal_message_destroy(&message);
    free(data);
}

/* Maps and lists of 15, 16, 65535 and 65536 members have lengths of 1, 3 and 5 bytes. */
Test(protocols_message, long_lists_are_counted)
{
    static const size_t lengths[] = {0, 15, 16, 65535, 65536};
    for (size_t i = 0; i < 5; i++) {
        cal_packer_clear(packer);
        cal_pack_open_map(packer, "values");
        cal_pack_open_list(packer, "list");
        for (size_t k = 0; k < lengths[i]; k++)
            cal_pack_uint(packer, NULL, k);
        cal_pack_close(packer);
        cal_pack_text(packer, "behind", "here");
        cal_pack_close(packer);
        cal_problem problem;
        cal_message *message = send_body(CAL_ANSWER, &problem);
        cr_assert(message != NULL, "%s", problem.text);
        cal_reader reader = {0};
        const cal_value *values = cal_read_map(&reader, cal_message_body(message), "values");
        const cal_value *list = cal_read_list(&reader, values, "list");
        cr_expect(eq(sz, cal_value_n(list), lengths[i]));
        for (size_t k = 0; k < lengths[i]; k++)
            if (cal_value_uint(&reader, cal_value_at(list, k), 0, UINT64_MAX) != k)
                cr_fail("member %zu", k);
        cr_expect(eq(str, (char *)cal_read_text(&reader, values, "behind", false), "here"));
        cal_message_destroy(&message);
    }
}
