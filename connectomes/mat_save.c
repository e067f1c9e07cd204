/* MATLAB's level 5 format, written: a header of 128 bytes, then one element per variable. An element is its type, its size
 * and its bytes, filled to 8; a matrix holds elements for its class, its extents, its name and its numbers, column by
 * column. Source: MathWorks, "MAT-File Format", level 5. Reading is in mat.c. */
#include <stdio.h>
#include <string.h>

#include "connectomes/loaders.h"
#include "connectomes/save.h"

enum { MI_INT8 = 1, MI_UINT8 = 2, MI_INT32 = 5, MI_UINT32 = 6, MI_DOUBLE = 9, MI_MATRIX = 14, MI_UTF16 = 17 };
enum { MX_CELL = 1, MX_CHAR = 4, MX_DOUBLE = 6, MX_UINT8 = 9, IS_LOGICAL = 0x200 };

static void add_word(cali_text *out, uint64_t bits, size_t n)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(bits >> 8 * i);
    cali_text_add_bytes(out, bytes, n);
}

/* Begins an element; returns where its size is to be written once it is known. */
static size_t open_element(cali_text *out, unsigned type)
{
    add_word(out, type, 4);
    add_word(out, 0, 4);
    return out->size;
}

static void close_element(cali_text *out, size_t start)
{
    if (out->is_broken)
        return;
    const size_t n = out->size - start;
    for (size_t i = 0; i < 4; i++)
        out->data[start - 4 + i] = (char)(n >> 8 * i & 0xff);
    while ((out->size - start) % 8 != 0 && !out->is_broken)
        cali_text_add_bytes(out, "", 1);
}

static size_t open_matrix(cali_text *out, unsigned class_and_flags, const char *name, size_t n_rows, size_t n_columns)
{
    const size_t start = open_element(out, MI_MATRIX);
    size_t part = open_element(out, MI_UINT32);
    add_word(out, class_and_flags, 8);
    close_element(out, part);
    part = open_element(out, MI_INT32);
    add_word(out, n_rows, 4);
    add_word(out, n_columns, 4);
    close_element(out, part);
    part = open_element(out, MI_INT8);
    cali_text_add(out, name);
    close_element(out, part);
    return start;
}

static void add_part(cali_text *out, const cali_part *part)
{
    const size_t n_rows = part->n_rows, n_columns = part->n_columns;
    const bool is_logical = part->flags != NULL;
    const size_t start = open_matrix(out, is_logical ? MX_UINT8 | IS_LOGICAL : MX_DOUBLE, part->name, n_rows, n_columns);
    const size_t numbers = open_element(out, is_logical ? MI_UINT8 : MI_DOUBLE);
    for (size_t j = 0; j < n_columns; j++)
        for (size_t i = 0; i < n_rows; i++) {
            uint64_t bits = is_logical ? part->flags[i * n_columns + j] != 0 : 0;
            if (!is_logical)
                memcpy(&bits, &part->values[i * n_columns + j], sizeof bits);
            add_word(out, bits, is_logical ? 1 : 8);
        }
    close_element(out, numbers);
    close_element(out, start);
}

/* A row of characters, in UTF-16. */
static void add_characters(cali_text *out, const char *name, const char *text)
{
    cali_text units = {0};
    for (const char *at = text; *at != '\0';) {
        const uint32_t c = cali_text_next_character(&at);
        if (c >= 0x10000)
            add_word(&units, 0xd800 + ((c - 0x10000) >> 10), 2);
        add_word(&units, c >= 0x10000 ? 0xdc00 + ((c - 0x10000) & 0x3ff) : c, 2);
    }
    const size_t start = open_matrix(out, MX_CHAR, name, units.size == 0 ? 0 : 1, units.size / 2);
    const size_t letters = open_element(out, MI_UTF16);
    cali_text_add_bytes(out, units.data, units.size);
    close_element(out, letters);
    close_element(out, start);
    out->is_broken = out->is_broken || units.is_broken;
    cali_text_free(&units);
}

static cal_status collect(cal_context *ctx, const cal_connectome *self, cali_bundle *bundle)
{
    (void)ctx;
    cali_text *out = cali_bundle_add(bundle, "");
    char text[125];
    snprintf(text, sizeof text, "%-124s", "MATLAB 5.0 MAT-file, made by callosum");
    cali_text_add_bytes(out, text, 116);
    add_word(out, 0, 8); /* no data of subsystems */
    add_word(out, 0x0100, 2);
    cali_text_add(out, "IM"); /* bytes are little-endian */
    cali_part parts[CALI_N_PARTS];
    const size_t n = cali_parts(self, parts);
    for (size_t i = 0; i < n; i++)
        add_part(out, &parts[i]);
    const size_t start = open_matrix(out, MX_CELL, cali_named_name(CALI_NAMED_LABELS, 0), self->n_regions, 1);
    for (size_t i = 0; i < self->n_regions; i++)
        add_characters(out, "", self->labels[i]);
    close_element(out, start);
    add_characters(out, cali_named_name(CALI_NAMED_DIRECTION, 0), "to-from");
    add_characters(out, cali_named_name(CALI_NAMED_LENGTH_UNIT, 0), "mm");
    if (out->size >= (size_t)1 << 31)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "C306 a connectome of %zu regions is too large for MATLAB's level 5 format.\n"
                        "  try .h5 or .npz.", self->n_regions);
    return CAL_OK;
}

static const char *const endings[] = {".mat", NULL};
const cali_saver cali_saver_mat = {.name = "mat",
                                   .endings = endings,
                                   .meaning = "MATLAB, level 5",
                                   .container = CALI_ONE_FILE,
                                   .holds = CALI_HAS_ALL,
                                   .collect = collect};
