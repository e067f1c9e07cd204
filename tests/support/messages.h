/* For tests of the wire protocol: the messages of tests/golden/protocol.txt, and the copy of a value that was read. */
#ifndef CALI_TESTS_MESSAGES_H
#define CALI_TESTS_MESSAGES_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "callosum/protocols.h"
#include "support/support.h"

typedef struct cali_parcel {
    char sender, name[32];
    size_t n, sizes[4];
    unsigned char *frames[4];
} cali_parcel;

enum { CALI_MAX_PARCELS = 64 };

/** Fills `parcels`; their number. Released with cali_test_free_parcels. */
static inline size_t cali_test_load_parcels(cali_parcel parcels[CALI_MAX_PARCELS])
{
    cal_context *ctx = cali_test_context(1);
    char *text = NULL, *rest = NULL;
    size_t size = 0, n = 0;
    const cal_status status = cali_file_read(ctx, CALLOSUM_SOURCE_DIR "/tests/golden/protocol.txt", 1 << 20, &text, &size);
    assert(status == CAL_OK);
    for (char *line = strtok_r(text, "\n", &rest); status == CAL_OK && line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        if (line[0] == '#')
            continue;
        if (line[0] != ' ') {
            assert(n < CALI_MAX_PARCELS);
            parcels[n] = (cali_parcel){.sender = line[0]};
            snprintf(parcels[n++].name, sizeof parcels->name, "%s", line + 2);
            continue;
        }
        cali_parcel *last = &parcels[n - 1];
        const char *hex = strchr(line + 2, ' ') + 1;
        unsigned char *bytes = malloc(strlen(hex) / 2 + 1);
        unsigned byte = 0;
        size_t k = 0;
        for (; sscanf(hex + 2 * k, "%2x", &byte) == 1; k++)
            bytes[k] = (unsigned char)byte;
        last->frames[last->n] = bytes;
        last->sizes[last->n++] = k;
    }
    free(text);
    cal_context_destroy(&ctx);
    return n;
}

static inline void cali_test_free_parcels(cali_parcel *parcels, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < parcels[i].n; k++)
            free(parcels[i].frames[k]);
}

static inline cal_message *cali_test_read_parcel(const cali_parcel *p, cal_header *header, cal_problem *problem)
{
    cal_frames frames = {.n = p->n};
    for (size_t i = 0; i < p->n; i++)
        frames.frames[i] = (cal_frame){p->frames[i], p->sizes[i]};
    return cal_message_read(&frames, &cal_limits_open, header, problem);
}

static inline void cali_test_copy_value(cal_packer *packer, const cal_value *value, const char *key);

static inline void cali_test_copy_members(cal_packer *packer, const cal_value *value)
{
    for (size_t i = 0; i < cal_value_n(value); i++)
        cali_test_copy_value(packer, cal_value_at(value, i), cal_value_key(value, i));
}

static inline void cali_test_copy_array(cal_packer *packer, const cal_value *value, const char *key)
{
    for (cal_dtype dtype = CAL_I8; dtype <= CAL_F64; dtype++) {
        cal_reader reader = {0};
        const cal_array array = cal_value_array(&reader, value, dtype);
        if (!cal_reader_is_broken(&reader))
            cal_pack_array(packer, key, dtype, array.n_dims, array.dims, array.data);
    }
}

static inline void cali_test_copy_integer(cal_packer *packer, const cal_value *value, const char *key)
{
    cal_reader reader = {0};
    const int64_t negative = cal_value_int(&reader, value, INT64_MIN, -1);
    const bool is_negative = !cal_reader_is_broken(&reader);
    reader = (cal_reader){0};
    if (is_negative)
        cal_pack_int(packer, key, negative);
    else
        cal_pack_uint(packer, key, cal_value_uint(&reader, value, 0, UINT64_MAX));
    assert(!cal_reader_is_broken(&reader));
}

/** Writes what was read. */
static inline void cali_test_copy_value(cal_packer *packer, const cal_value *value, const char *key)
{
    cal_reader reader = {0};
    const cal_value_kind kind = cal_value_get_kind(value);
    if (kind == CAL_NIL) {
        cal_pack_text(packer, key, NULL);
    } else if (kind == CAL_BOOL) {
        cal_pack_bool(packer, key, cal_value_bool(&reader, value));
    } else if (kind == CAL_INT) {
        cali_test_copy_integer(packer, value, key);
    } else if (kind == CAL_REAL) {
        cal_pack_real(packer, key, cal_value_real(&reader, value, true));
    } else if (kind == CAL_TEXT) {
        cal_pack_text(packer, key, cal_value_text(&reader, value, false));
    } else if (kind == CAL_ARRAY) {
        cali_test_copy_array(packer, value, key);
    } else {
        if (kind == CAL_LIST)
            cal_pack_open_list(packer, key);
        else
            cal_pack_open_map(packer, key);
        cali_test_copy_members(packer, value);
        cal_pack_close(packer);
    }
    assert(!cal_reader_is_broken(&reader));
}

#endif
