/* The layout of .npy: "\x93NUMPY", two bytes of version, the length of the header (2 bytes in version 1, else 4), the header
 * as the text of a Python dictionary with descr, fortran_order and shape, then the items. What the header says is held
 * against the size of the file before anything is allocated. */
#include "connectomes/npy.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "connectomes/text_table.h"

enum { LONGEST_HEADER = 16384, LONGEST_TEXT = 4096, MOST_DIMENSIONS = 2 };

typedef struct header {
    char kind[8];  /* "f", "i", "u", "b", "U", "S" or what is refused */
    size_t item_size;
    bool is_big_endian, is_fortran;
    size_t n_dimensions, extent[MOST_DIMENSIONS];
    const unsigned char *items;
} header;

static cal_status refuse(cal_context *ctx, const char *file, const char *what, const char *cause)
{
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s %s.", file, what, cause);
}

/* What follows 'key': in the dictionary, blanks left out; NULL: it is not there. */
static const char *find_key(const char *text, const char *key)
{
    char quoted[32];
    snprintf(quoted, sizeof quoted, "'%s'", key);
    const char *at = strstr(text, quoted);
    if (at == NULL)
        return NULL;
    at += strlen(quoted);
    while (*at == ' ' || *at == ':')
        at++;
    return at;
}

static bool read_type(const char *text, header *h)
{
    const char *at = find_key(text, "descr");
    if (at == NULL)
        return false;
    if (*at != '\'') { /* a list: records */
        snprintf(h->kind, sizeof h->kind, "V");
        return true;
    }
    at++;
    h->is_big_endian = *at == '>';
    at += strchr("<>|=", *at) != NULL && *at != '\0';
    h->kind[0] = *at;
    if (*at == '\0')
        return false;
    for (at++; isdigit((unsigned char)*at) && h->item_size < 1000000; at++)
        h->item_size = 10 * h->item_size + (size_t)(*at - '0');
    return true;
}

static bool read_shape(const char *text, header *h)
{
    const char *at = find_key(text, "shape"), *order = find_key(text, "fortran_order");
    if (at == NULL || *at != '(' || order == NULL)
        return false;
    h->is_fortran = strncmp(order, "True", 4) == 0;
    h->extent[0] = h->extent[1] = 1;
    for (at++; *at != ')' && *at != '\0';) {
        if (!isdigit((unsigned char)*at)) {
            at++;
            continue;
        }
        size_t extent = 0;
        for (; isdigit((unsigned char)*at); at++)
            extent = extent > ((size_t)1 << 40) ? extent : 10 * extent + (size_t)(*at - '0');
        if (h->n_dimensions < MOST_DIMENSIONS)
            h->extent[h->n_dimensions] = extent;
        h->n_dimensions++;
    }
    return *at == ')';
}

static cal_status check_extent(cal_context *ctx, const char *file, const char *what, const header *h, size_t n_left,
                               bool is_long)
{
    if (h->n_dimensions > MOST_DIMENSIONS)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s has %zu dimensions, not 1 or 2.", file, what, h->n_dimensions);
    if (is_long && h->extent[0] == 0)
        return CAL_OK;
    if (h->extent[0] == 0 || h->extent[1] == 0)
        return refuse(ctx, file, what, "is empty");
    if (is_long && (h->extent[0] > INT32_MAX || h->extent[1] > INT32_MAX))
        return refuse(ctx, file, what, "has more than 2147483647 rows or columns");
    if (!is_long && (h->extent[0] > CALI_MAX_REGIONS || h->extent[1] > CALI_MAX_REGIONS))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s is %zu x %zu, at most %zu regions are possible.", file, what,
                        h->extent[0], h->extent[1], CALI_MAX_REGIONS);
    if (h->item_size == 0 || h->item_size > 4 * LONGEST_TEXT || n_left / h->item_size / h->extent[0] < h->extent[1])
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s is %zu x %zu, but the file holds only %zu bytes of it.", file, what,
                        h->extent[0], h->extent[1], n_left);
    return CAL_OK;
}

static cal_status read_header(cal_context *ctx, const char *file, const char *what, const char *data, size_t size, bool is_long,
                              header *h)
{
    const unsigned char *b = (const unsigned char *)data;
    *h = (header){.item_size = 0};
    if (size < 12 || memcmp(b, "\x93NUMPY", 6) != 0)
        return refuse(ctx, file, what, "is no array of NumPy");
    const size_t start = b[6] == 1 ? 10 : 12;
    const size_t length = (size_t)b[8] | (size_t)b[9] << 8 | (start == 12 ? (size_t)b[10] << 16 | (size_t)b[11] << 24 : 0);
    if (b[6] < 1 || b[6] > 3)
        return refuse(ctx, file, what, "is of an unknown version of NumPy's format");
    if (length > LONGEST_HEADER || length > size - start)
        return refuse(ctx, file, what, "is cut off within its header");
    char *text = NULL;
    CAL_TRY(cali_alloc(ctx, length + 1, 1, "a header", &text));
    memcpy(text, data + start, length);
    const bool is_read = read_type(text, h) && read_shape(text, h);
    free(text);
    if (!is_read)
        return refuse(ctx, file, what, "has a header that cannot be read");
    h->items = b + start + length;
    if (h->kind[0] == 'O')
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s holds Python objects, which are never read.\n  because a pickle "
                        "can run any program.\n  try saving it as numpy.array(x, dtype=str) or dtype=float.", file, what);
    if (h->kind[0] == 'U')
        h->item_size *= 4;
    return strchr("fiubUS", h->kind[0]) == NULL ? refuse(ctx, file, what, "holds neither real numbers nor texts")
                                                : check_extent(ctx, file, what, h, size - start - length, is_long);
}

/* ---- items ----------------------------------------------------------------------------------- */

static uint64_t bits_of(const unsigned char *item, size_t n, bool is_big_endian)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < n; i++)
        bits |= (uint64_t)item[is_big_endian ? n - 1 - i : i] << 8 * i;
    return bits;
}

/* IEEE 754 binary16. */
static double half_float(uint64_t bits)
{
    const int exponent = (int)(bits >> 10 & 31);
    const double part = (double)(bits & 1023), sign = (bits & 0x8000) != 0 ? -1.0 : 1.0;
    if (exponent == 31)
        return part == 0.0 ? sign * (double)INFINITY : (double)NAN;
    return sign * (exponent == 0 ? ldexp(part, -24) : ldexp(1024.0 + part, exponent - 25));
}

static double number_of(const header *h, const unsigned char *item)
{
    const uint64_t bits = bits_of(item, h->item_size, h->is_big_endian);
    if (h->kind[0] == 'b')
        return bits != 0 ? 1.0 : 0.0;
    if (h->kind[0] == 'u')
        return (double)bits;
    if (h->kind[0] == 'i') {
        const uint64_t sign = (uint64_t)1 << (8 * h->item_size - 1);
        return (bits & sign) != 0 ? -(double)((~bits + 1) & (sign | (sign - 1))) : (double)bits;
    }
    if (h->item_size == 2)
        return half_float(bits);
    if (h->item_size == 4) {
        const uint32_t narrow = (uint32_t)bits;
        float value;
        memcpy(&value, &narrow, sizeof value);
        return (double)value;
    }
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static bool is_size_known(const header *h)
{
    const size_t n = h->item_size;
    return h->kind[0] == 'b' ? n == 1 : n == 2 || n == 4 || n == 8 || (n == 1 && h->kind[0] != 'f');
}

static cal_status read_array(cal_context *ctx, const char *file, const char *what, const char *data, size_t size, bool is_long,
                             cali_array *out)
{
    header h;
    CAL_TRY(read_header(ctx, file, what, data, size, is_long, &h));
    if (strchr("fiub", h.kind[0]) == NULL || !is_size_known(&h))
        return refuse(ctx, file, what, "holds no numbers of a size that is known");
    cali_array_free(out);
    const size_t n_rows = h.extent[0], n_columns = h.extent[1];
    CAL_TRY(cali_alloc(ctx, n_rows * n_columns, sizeof(double), what, &out->values));
    out->n_rows = n_rows;
    out->n_columns = n_columns;
    out->is_flags = h.kind[0] == 'b';
    cali_array_name(out->file, file, NULL);
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < n_columns; j++)
            out->values[i * n_columns + j] =
                number_of(&h, h.items + h.item_size * (h.is_fortran ? j * n_rows + i : i * n_columns + j));
    return CAL_OK;
}

cal_status cali_npy_read(cal_context *ctx, const char *file, const char *what, const char *data, size_t size, cali_array *out)
{
    return read_array(ctx, file, what, data, size, false, out);
}

cal_status cali_npy_read_long(cal_context *ctx, const char *file, const char *what, const char *data, size_t size,
                              cali_array *out)
{
    return read_array(ctx, file, what, data, size, true, out);
}

static cal_status text_of(cal_context *ctx, const header *h, const unsigned char *item, char **out)
{
    char clean[256];
    cali_text text = {0};
    if (h->kind[0] == 'S')
        cali_text_add_bytes(&text, item, strnlen((const char *)item, h->item_size));
    for (size_t i = 0; h->kind[0] == 'U' && i < h->item_size; i += 4) {
        const uint32_t c = (uint32_t)bits_of(item + i, 4, h->is_big_endian);
        if (c == 0)
            break;
        cali_text_add_character(&text, c);
    }
    if (text.is_broken)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for labels");
    const char *data = text.data == NULL ? "" : text.data;
    cali_text_clean(data, data + text.size, false, clean, sizeof clean - 1);
    cali_text_free(&text);
    return cali_copy_text(ctx, clean, out);
}

cal_status cali_npy_read_texts(cal_context *ctx, const char *file, const char *what, const char *data, size_t size,
                               char ***texts, size_t *n)
{
    header h;
    CAL_TRY(read_header(ctx, file, what, data, size, false, &h));
    if (h.kind[0] != 'U' && h.kind[0] != 'S')
        return refuse(ctx, file, what, "holds no texts");
    const size_t n_texts = h.extent[0] * h.extent[1];
    if (n_texts > CALI_MAX_REGIONS)
        return refuse(ctx, file, what, "is too long");
    CAL_TRY(cali_alloc(ctx, n_texts, sizeof **texts, what, texts));
    *n = n_texts;
    for (size_t i = 0; i < n_texts; i++)
        CAL_TRY(text_of(ctx, &h, h.items + i * h.item_size, &(*texts)[i]));
    return CAL_OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void add_little_endian(cali_text *out, uint64_t bits, size_t n)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(bits >> 8 * i);
    cali_text_add_bytes(out, bytes, n);
}

/* Blanks fill the header up to a multiple of 64 bytes, and a newline ends it. */
static void add_header(cali_text *out, const char *type, const char *shape)
{
    char text[256];
    int n = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type, shape);
    for (; (n + 11) % 64 != 0; n++)
        text[n] = ' ';
    text[n++] = '\n';
    cali_text_add_bytes(out, "\x93NUMPY\x01\x00", 8);
    add_little_endian(out, (uint64_t)n, 2);
    cali_text_add_bytes(out, text, (size_t)n);
}

void cali_npy_add(cali_text *out, const cali_part *part)
{
    char shape[64];
    const size_t n = part->n_rows * part->n_columns;
    if (part->n_columns == 1)
        snprintf(shape, sizeof shape, "%zu,", part->n_rows);
    else
        snprintf(shape, sizeof shape, "%zu, %zu", part->n_rows, part->n_columns);
    add_header(out, part->flags != NULL ? "|b1" : "<f8", shape);
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = part->flags != NULL ? part->flags[i] != 0 : 0;
        if (part->values != NULL)
            memcpy(&bits, &part->values[i], sizeof bits);
        add_little_endian(out, bits, part->flags != NULL ? 1 : 8);
    }
}

void cali_npy_add_texts(cali_text *out, const char *const *texts, size_t n, bool is_single)
{
    char type[32], shape[32] = "";
    size_t longest = 1;
    for (size_t i = 0; i < n; i++) {
        size_t length = 0;
        for (const char *at = texts[i]; cali_text_next_character(&at) != 0;)
            length++;
        longest = length > longest ? length : longest;
    }
    snprintf(type, sizeof type, "<U%zu", longest);
    if (!is_single)
        snprintf(shape, sizeof shape, "%zu,", n);
    add_header(out, type, shape);
    for (size_t i = 0; i < n; i++) {
        const char *at = texts[i];
        for (size_t k = 0; k < longest; k++)
            add_little_endian(out, cali_text_next_character(&at), 4); /* 0 at the end, and then for ever */
    }
}
