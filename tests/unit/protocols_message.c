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

/* ---- mistakes of the writer: the first is kept and named, and clearing forgets it ------------------------------------ */

static void expect_error(const char *says)
{
    const cal_frame *frames = NULL;
    size_t n = 0;
    cr_expect(eq(int, cal_packer_get(packer, &frames, &n), CAL_ERR_ARGUMENT));
    cr_expect(strstr(cal_context_message(ctx), says) != NULL, "%s", cal_context_message(ctx));
    cal_context_clear(ctx);
    cal_packer_clear(packer);
    cr_expect(eq(int, cal_packer_get(packer, &frames, &n), CAL_OK));
    cr_expect(n == 1 && frames[0].size == 1 && ((const unsigned char *)frames[0].data)[0] == 0x80);
    cal_packer_clear(packer);
}

Test(protocols_message, what_cannot_travel_is_not_written)
{
    char *text = malloc(CAL_PROTOCOL_MAX_TEXT + 2);
    memset(text, 'a', CAL_PROTOCOL_MAX_TEXT + 1);
    text[CAL_PROTOCOL_MAX_TEXT + 1] = '\0';
    cal_pack_uint(packer, NULL, 1);
    expect_error("a member of a map has no key");
    cal_pack_open_list(packer, "list");
    cal_pack_uint(packer, "key", 1);
    cal_pack_uint(packer, NULL, 1); /* the first error stays */
    expect_error("a member of a list has the key \"key\"");
    cal_pack_open_list(packer, "list");
    expect_error("2 maps or lists are still open");
    cal_pack_close(packer);
    cal_pack_close(packer);
    expect_error("closes more maps and lists than are open");
    cal_pack_close(packer);
    cal_pack_uint(packer, "late", 1);
    expect_error("the body is closed already");
    cal_pack_text(packer, "text", text);
    expect_error("the text \"text\" of 65537 bytes");
    cal_pack_text(packer, "text", "a\x1b[2J");
    expect_error("printable UTF-8");
    cal_pack_text(packer, "text", "\xff");
    expect_error("printable UTF-8");
    text[256] = '\0';
    cal_pack_uint(packer, text, 1);
    expect_error("a key of 256 bytes");
    cal_pack_array(packer, "array", CAL_F64, 0, NULL, NULL);
    expect_error("the array \"array\" cannot travel");
    cal_pack_array(packer, "array", CAL_F64, 9, (const size_t[9]){1, 1, 1, 1, 1, 1, 1, 1, 1}, NULL);
    expect_error("cannot travel");
    cal_pack_array(packer, "array", CAL_F64, 3, (const size_t[]){SIZE_MAX / 2, 8, 8}, NULL);
    expect_error("cannot travel");
    cal_pack_array(packer, "array", CAL_U8, 1, (const size_t[]){CAL_PROTOCOL_MAX_FRAME + 1}, NULL);
    expect_error("cannot travel");
    cal_pack_array(packer, "array", (cal_dtype)11, 1, (const size_t[]){1}, "");
    expect_error("cannot travel");
    for (unsigned depth = 2; depth <= CAL_PROTOCOL_MAX_DEPTH; depth++)
        cal_pack_open_list(packer, depth == 2 ? "deep" : NULL);
    for (unsigned depth = 2; depth <= CAL_PROTOCOL_MAX_DEPTH; depth++)
        cal_pack_close(packer);
    const cal_frame *frames = NULL;
    size_t n = 0;
    cr_expect(eq(int, cal_packer_get(packer, &frames, &n), CAL_OK)); /* 16 deep is right */
    cal_packer_clear(packer);
    for (unsigned depth = 2; depth <= CAL_PROTOCOL_MAX_DEPTH + 1; depth++)
        cal_pack_open_list(packer, depth == 2 ? "deep" : NULL);
    expect_error("nested deeper than 16");
    free(text);
}

/* A zero makes an array empty, whatever the other dimensions are. */
Test(protocols_message, an_empty_array_keeps_its_dimensions)
{
    cal_pack_open_map(packer, "values");
    cal_pack_array(packer, "empty", CAL_F64, 3, (const size_t[]){UINT32_MAX, UINT32_MAX, 0}, NULL);
    cal_pack_close(packer);
    cal_problem problem;
    cal_message *message = send_body(CAL_ANSWER, &problem);
    cr_assert(message != NULL, "%s", problem.text);
    cal_reader reader = {0};
    const cal_array array = cal_read_array(&reader, cal_read_map(&reader, cal_message_body(message), "values"), "empty", CAL_F64);
    cr_expect(array.n == 0 && array.n_dims == 3 && array.dims[0] == UINT32_MAX && array.dims[2] == 0);
    cal_message_destroy(&message);
}

/* ---- the reader ------------------------------------------------------------------------------------------------------ */

Test(protocols_message, the_first_problem_of_a_reader_stays)
{
    cal_pack_open_map(packer, "values");
    cal_pack_int(packer, "minus", -1);
    cal_pack_uint(packer, "large", UINT64_MAX);
    cal_pack_real(packer, "nan", NAN);
    cal_pack_uint(packer, "two", 2);
    cal_pack_vector(packer, "array", CAL_F64, 2, (const double[]){1.0, INFINITY});
    cal_pack_vector(packer, "short", CAL_F32, 2, (const float[]){1.0f, 2.0f});
    cal_pack_close(packer);
    cal_problem problem;
    cal_message *message = send_body(CAL_ANSWER, &problem);
    cr_assert(message != NULL, "%s", problem.text);
    const cal_value *values = cal_value_find(cal_message_body(message), "values");
    double two[2] = {7.0, 7.0};
#define EXPECT(expression, says)                                                                                             \
    do {                                                                                                                     \
        cal_reader reader = {0};                                                                                             \
        cr_expect(eq(int, (expression) != 0, 0));                                                                            \
        cr_expect(strstr(reader.problem.text, says) != NULL, "%s", reader.problem.text);                                     \
        cr_expect(cal_reader_is_broken(&reader));                                                                            \
        cr_expect(cal_read_uint(&reader, values, "two", 0, 9) == 0 && cal_read_real(&reader, values, "two", true) == 0.0);    \
        cr_expect(strstr(reader.problem.text, says) != NULL, "%s", reader.problem.text);                                     \
    } while (0)
    EXPECT(cal_read_uint(&reader, values, "minus", 0, 9), "\"minus\" is -1, below 0");
    EXPECT(cal_read_uint(&reader, values, "two", 3, 9), "\"two\" is 2, outside 3 to 9");
    EXPECT(cal_read_uint(&reader, values, "two", 0, 1), "\"two\" is 2, outside 0 to 1");
    EXPECT(cal_read_int(&reader, values, "large", INT64_MIN, INT64_MAX), "\"large\" is outside");
    EXPECT(cal_read_int(&reader, values, "minus", 0, 1), "\"minus\" is outside 0 to 1");
    EXPECT(cal_read_real(&reader, values, "nan", false), "\"nan\" is not finite");
    EXPECT(cal_read_real(&reader, values, "none", true), "\"none\" is missing");
    EXPECT(cal_read_bool(&reader, values, "two"), "\"two\" is an integer instead of a truth value");
    EXPECT(cal_read_text(&reader, values, "two", true), "\"two\" is an integer instead of a text");
    EXPECT(cal_read_map(&reader, values, "array"), "\"array\" is an array instead of a map");
    EXPECT(cal_read_list(&reader, cal_read_map(&reader, values, "none"), "more"), "\"none\" is missing");
    EXPECT(cal_read_array(&reader, values, "array", CAL_F32).n, "is an array of f64 instead of f32");
    EXPECT((cal_read_vector(&reader, values, "array", CAL_F64, 3, two), two[0] != 7.0), "2 items in 1 dimensions instead of 3");
    EXPECT(cal_value_uint(&reader, cal_value_at(values, 99), 0, 1), "an integer is missing");
#undef EXPECT
    cal_reader reader = {0};
    cr_expect(eq(i64, cal_read_int(&reader, values, "minus", -1, -1), -1));
    cr_expect(eq(dbl, cal_read_real(&reader, values, "minus", false), -1.0));
    cr_expect(eq(dbl, cal_read_real(&reader, values, "large", false), 0x1p64));
    cr_expect(isnan(cal_read_real(&reader, values, "nan", true)));
    cal_read_vector(&reader, values, "array", CAL_F64, 2, two);
    cr_expect(two[0] == 1.0 && isinf(two[1]));
    const cal_array bad = cal_read_array(&reader, values, "array", CAL_F64), good = cal_read_array(&reader, values, "short", CAL_F32);
    cr_expect(eq(int, cal_array_is_finite(&bad), 0));
    cr_expect(eq(int, cal_array_is_finite(&good), 1));
    cr_expect(eq(int, cal_reader_is_broken(&reader), 0));
    cal_reader_fail(&reader, "E203", "port %d", 3);
    cr_expect(eq(str, reader.problem.code, "E203"));
    cr_expect(eq(str, reader.problem.text, "port 3"));
    cr_expect(cal_value_n(NULL) == 0 && cal_value_at(NULL, 0) == NULL && cal_value_find(NULL, "x") == NULL);
    cr_expect(cal_value_get_kind(NULL) == CAL_NIL && cal_value_key(values, 99) == NULL);
    cal_message_destroy(&message);
    cal_message_destroy(&message);
}

/* All numbers at their largest and all keys there: the header fits into its size and is read as it was written. */
Test(protocols_message, the_largest_header_fits)
{
    unsigned char bytes[CAL_HEADER_SIZE];
    const cal_header header = {.version = CAL_PROTOCOL_VERSION, .type = UINT32_MAX, .session = UINT64_MAX,
                               .incarnation = UINT32_MAX, .number = UINT64_MAX, .answers = UINT64_MAX, .window = UINT64_MAX,
                               .digest = cal_frames_digest(&(cal_frame){"\x80", 1}, 1), .has_window = true, .has_digest = true,
                               .compute_ns = UINT64_MAX};
    const size_t size = cal_header_encode(&header, bytes);
    cr_assert(size <= CAL_HEADER_SIZE);
    cal_frames frames = {.n = 2, .frames = {{bytes, size}, {"\x80", 1}}};
    cal_header read;
    cal_problem problem;
    cal_message *message = cal_message_read(&frames, &cal_limits_greeting, &read, &problem);
    cr_assert(message != NULL, "%s", problem.text);
    cr_expect(read.type == header.type && read.session == header.session && read.incarnation == header.incarnation);
    cr_expect(read.number == header.number && read.answers == header.answers && read.window == header.window);
    cr_expect(read.digest == header.digest && read.compute_ns == header.compute_ns && read.has_window && read.has_digest);
    cal_message_destroy(&message);
}
