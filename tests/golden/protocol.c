/* Bytes of the wire protocol that never change: the step of section 17 of protocols/PROTOCOL.md, and protocol.txt, a run of which
 * protocol.py made the bytes with an encoder of its own. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#include "callosum/protocols.h"
#include "support/messages.h"
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

/* There is a message of each type; what was read is written with the same bytes. */
Test(protocol, each_message_is_read_and_written_as_it_was)
{
    static cali_parcel parcels[CALI_MAX_PARCELS];
    const size_t n_parcels = cali_test_load_parcels(parcels);
    uint64_t seen = 0;
    cal_context *ctx = cali_test_context(1);
    cal_packer *packer = NULL;
    cr_assert(cal_packer_create(ctx, &packer) == CAL_OK);
    for (size_t i = 0; i < n_parcels; i++) {
        const cali_parcel *p = &parcels[i];
        cal_header header;
        cal_problem problem;
        cal_message *message = cali_test_read_parcel(p, &header, &problem);
        cr_assert(message != NULL, "%s: %s %s", p->name, problem.code, problem.text);
        cr_expect(eq(str, (char *)cal_message_name(header.type), (char *)p->name));
        seen |= UINT64_C(1) << header.type;
        unsigned char bytes[CAL_HEADER_SIZE];
        const size_t size = cal_header_encode(&header, bytes);
        cr_expect(size == p->sizes[0] && memcmp(bytes, p->frames[0], size) == 0, "%s: header", p->name);
        cal_packer_clear(packer);
        cali_test_copy_members(packer, cal_message_body(message));
        const cal_frame *frames = NULL;
        size_t n = 0;
        cr_assert(cal_packer_get(packer, &frames, &n) == CAL_OK, "%s", cal_context_message(ctx));
        if (p->n == 2) /* a small array in a blob is right, though our writer has it in the body */
            cr_expect(n == 1 && frames[0].size == p->sizes[1] && memcmp(frames[0].data, p->frames[1], p->sizes[1]) == 0, "%s: body",
                      p->name);
        cal_message_destroy(&message);
    }
    for (unsigned type = 0; type < 64; type++)
        cr_expect(cal_message_name(type) == NULL || (seen >> type & 1) != 0, "no %s in protocol.txt", cal_message_name(type));
    cal_packer_destroy(&packer);
    cal_context_destroy(&ctx);
    cali_test_free_parcels(parcels, n_parcels);
}

/* A message that ends anywhere before its end is refused; so is one with a digest in which a bit is turned. */
Test(protocol, a_cut_or_damaged_message_is_refused)
{
    static cali_parcel parcels[CALI_MAX_PARCELS];
    const size_t n_parcels = cali_test_load_parcels(parcels);
    for (size_t i = 0; i < n_parcels; i++) {
        for (size_t k = 0; k < parcels[i].n; k++) {
            for (size_t size = 0; size < parcels[i].sizes[k]; size++) {
                cali_parcel cut = parcels[i];
                unsigned char *exact = malloc(size + (size == 0));
                memcpy(exact, cut.frames[k], size);
                cut.frames[k] = exact;
                cut.sizes[k] = size;
                cal_header header;
                cal_problem problem;
                cr_expect(cali_test_read_parcel(&cut, &header, &problem) == NULL, "%s, frame %zu: %zu bytes", cut.name, k, size);
                cr_expect(strcmp(problem.code, "E106") == 0 && problem.text[0] != '\0');
                free(exact);
            }
        }
        cal_header header;
        cal_problem problem;
        cal_message *message = cali_test_read_parcel(&parcels[i], &header, &problem);
        cal_message_destroy(&message);
        for (size_t k = 1; header.has_digest && k < parcels[i].n; k++) {
            for (size_t bit = 0; bit < 8 * parcels[i].sizes[k]; bit++) {
                parcels[i].frames[k][bit / 8] ^= (unsigned char)(1u << bit % 8);
                cr_expect(cali_test_read_parcel(&parcels[i], &header, &problem) == NULL);
                parcels[i].frames[k][bit / 8] ^= (unsigned char)(1u << bit % 8);
            }
        }
    }
    cali_test_free_parcels(parcels, n_parcels);
}
