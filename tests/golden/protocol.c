/* Bytes of the wire protocol that never change: what section 16 of protocols/PROTOCOL.md shows. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "callosum/protocols.h"
#include "support/support.h"

static void expect_bytes(const char *what, const void *bytes, size_t n, const char *hex)
{
    char made[4096] = "";
    for (size_t i = 0; i < n; i++)
        snprintf(made + 2 * i, sizeof made - 2 * i, "%02x", ((const unsigned char *)bytes)[i]);
    cr_expect(eq(str, made, (char *)hex), "%s", what);
}

/* STEP 3 of 1 ms in session 66051, incarnation 1, message 7: 1.5 and -2 on a port of two channels */
Test(protocol, a_step_has_the_bytes_of_the_text)
{
    cal_context *ctx = cali_test_context(1);
    cal_packer *packer = NULL;
    cr_assert(cal_packer_create(ctx, &packer) == CAL_OK);
    cal_pack_int(packer, "t0_ns", 3000000);
    cal_pack_int(packer, "t1_ns", 4000000);
    cal_pack_open_map(packer, "in");
    cal_pack_array(packer, "drive", CAL_F64, 2, (const size_t[]){2, 1}, (const double[]){1.5, -2.0});
    cal_pack_close(packer);
    const cal_frame *frames = NULL;
    size_t n = 0;
    cr_assert(cal_packer_get(packer, &frames, &n) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(n == 1);
    expect_bytes("body", frames[0].data, frames[0].size,
                 "83a574305f6e73ce002dc6c0a574315f6e73ce003d0900a2696e81a56472697665"
                 "c71c010a0200000200000001000000000000000000f83f00000000000000c0");
    const cal_header header = {.type = CAL_STEP, .session = 66051, .incarnation = 1, .number = 7, .window = 3,
                               .digest = cal_frames_digest(frames, n), .has_window = true, .has_digest = true};
    unsigned char bytes[CAL_HEADER_SIZE];
    expect_bytes("header", bytes, cal_header_encode(&header, bytes), "87a17601a1740aa173ce00010203a16501a16e07a16b03a164ce45162f81");

    cal_frames received = {.n = 2, .frames = {{bytes, cal_header_encode(&header, bytes)}, frames[0]}};
    cal_header read = {0};
    cal_problem problem = {0};
    cal_message *message = cal_message_read(&received, &cal_limits_open, &read, &problem);
    cr_assert(message != NULL, "%s %s", problem.code, problem.text);
    cr_expect(read.window == 3 && read.has_window && read.session == 66051 && read.number == 7 && read.answers == 0);
    cal_reader reader = {0};
    const cal_value *body = cal_message_body(message);
    cr_expect(eq(i64, cal_read_int(&reader, body, "t1_ns", 0, INT64_MAX), 4000000));
    const cal_array drive = cal_read_array(&reader, cal_read_map(&reader, body, "in"), "drive", CAL_F64);
    cr_assert(cal_reader_is_broken(&reader) == false, "%s", reader.problem.text);
    double values[2];
    cr_assert(drive.n_dims == 2 && drive.dims[0] == 2 && drive.dims[1] == 1 && drive.n == 2);
    memcpy(values, drive.data, sizeof values);
    cr_expect(values[0] == 1.5 && values[1] == -2.0);
    cr_expect(cal_array_is_finite(&drive));
    cal_message_destroy(&message);
    cal_packer_destroy(&packer);
    cal_context_destroy(&ctx);
}
