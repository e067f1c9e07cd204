/* TVB's archives: read with any of their variants, written with the plain members. */
#include <zip.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "connectomes/loaders.h"
#include "connectomes/text_table.h"

enum { MOST_ENTRIES = 10000 };

static cal_status unreadable(cal_context *ctx, const char *name, const char *cause)
{
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 is no readable zip archive: %s.", name, cause);
}

/* Reads an open member; the bytes unpacked so far are what is checked, not what the header says. */
static cal_status read_entry(cal_context *ctx, const char *file, zip_file_t *entry, size_t limit,
                             char **data, size_t *size)
{
    size_t capacity = 0;
    for (;;) {
        if (*size > limit)
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 unpacks to more than %zu MB.", file, limit >> 20);
        CAL_TRY(cali_reserve(ctx, *size + 65536 + 1, 1, data, &capacity));
        const zip_int64_t n = zip_fread(entry, *data + *size, capacity - *size - 1);
        if (n < 0)
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 is broken: %s.", file,
                            zip_error_strerror(zip_file_get_error(entry)));
        *size += (size_t)n;
        (*data)[*size] = '\0';
        if (n == 0)
            return CAL_OK;
    }
}

static cal_status load_entry(cal_context *ctx, const cali_input *input, zip_t *archive,
                             const zip_stat_t *stat, cali_raw *raw)
{
    char file[512];
    cali_array_name(file, input->name, cali_path_name(stat->name));
    zip_file_t *entry = zip_fopen_index(archive, stat->index, 0);
    if (entry == NULL)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 cannot be read: %s.", file, zip_strerror(archive));
    const bool is_known = (stat->valid & ZIP_STAT_COMP_SIZE) != 0 && stat->comp_size < input->size;
    char *data = NULL;
    size_t size = 0;
    cal_status status = read_entry(ctx, file, entry,
                                   cali_unpack_limit(is_known ? (size_t)stat->comp_size : input->size),
                                   &data, &size);
    zip_fclose(entry);
    if (status == CAL_OK)
        status = cali_member_read(ctx, cali_member_find(stat->name), file, data, size, raw);
    free(data);
    return status;
}

static size_t depth_of(const char *path)
{
    size_t depth = 0;
    for (; *path != '\0'; path++)
        depth += *path == '/';
    return depth;
}

/* Of several entries for one member the one highest up counts, then the first. */
static cal_status load_entries(cal_context *ctx, const cali_input *input, zip_t *archive, cali_raw *raw)
{
    zip_stat_t chosen[16];
    bool is_there[16] = {false};
    const zip_int64_t n = zip_get_num_entries(archive, 0);
    if (n > MOST_ENTRIES)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 holds more than %d files.", input->name,
                        MOST_ENTRIES);
    for (zip_int64_t i = 0; i < n; i++) {
        zip_stat_t stat;
        if (zip_stat_index(archive, (zip_uint64_t)i, 0, &stat) != 0 || stat.name == NULL)
            continue;
        const int m = cali_member_find(stat.name);
        if (m < 0 || (is_there[m] && depth_of(chosen[m].name) <= depth_of(stat.name)))
            continue;
        chosen[m] = stat;
        is_there[m] = true;
    }
    for (size_t m = 0; m < cali_n_members; m++)
        if (is_there[m])
            CAL_TRY(load_entry(ctx, input, archive, &chosen[m], raw));
    return cali_members_check(ctx, input->name, raw);
}

static cal_status load(cal_context *ctx, const cali_input *input, const cali_input *lengths,
                       cali_raw *raw)
{
    (void)lengths;
    zip_error_t error;
    zip_error_init(&error);
    raw->is_oriented = true;
    zip_source_t *source = zip_source_buffer_create(input->data, input->size, 0, &error);
    zip_t *archive = source == NULL ? NULL : zip_open_from_source(source, ZIP_RDONLY, &error);
    cal_status status;
    if (archive == NULL) {
        status = unreadable(ctx, input->name, zip_error_strerror(&error));
        zip_source_free(source);
    } else {
        status = load_entries(ctx, input, archive, raw);
        zip_discard(archive);
    }
    zip_error_fini(&error);
    return status;
}

static bool probe(const unsigned char *head, size_t n)
{
    return n >= 4 && head[0] == 'P' && head[1] == 'K' &&
           ((head[2] == 3 && head[3] == 4) || (head[2] == 5 && head[3] == 6));
}

static const char *const suffixes[] = {".zip", NULL};
const cali_loader cali_loader_zip = {
    .name = "zip", .suffixes = suffixes, .probe = probe, .load = load};

/* ---- writing --------------------------------------------------------------------------------- */

/* Enough digits that the same double is read back; few where few do. */
static void add_exact(cali_text *text, double value)
{
    char buffer[40];
    if (value == 0.0) {
        cali_text_add(text, signbit(value) ? "-0" : "0");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        double back = 0.0;
        const int n = snprintf(buffer, sizeof buffer, "%.*g", digits, value);
        if (cali_text_number(buffer, buffer + n, &back) && back == value)
            break;
    }
    cali_text_add(text, buffer);
}

static void add_rows(cali_text *text, const double *values, size_t n_rows, size_t n_columns)
{
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < n_columns; j++) {
            add_exact(text, values[i * n_columns + j]);
            cali_text_add(text, j + 1 < n_columns ? " " : "\n");
        }
}

static void add_flags(cali_text *text, const uint8_t *flags, size_t n)
{
    for (size_t i = 0; i < n; i++)
        cali_text_add(text, flags[i] != 0 ? "1\n" : "0\n");
}

/* Quotes where the bare label would read as something else; a tab follows every label, so that
 * blanks inside are part of it. */
static void add_label(cali_text *text, const char *label)
{
    const size_t n = strlen(label);
    const bool is_plain = label[0] != '"' && label[0] != '#' && label[0] != '%' && label[0] != ' ' &&
                          label[n - 1] != ' ' && strpbrk(label, ",;") == NULL;
    if (is_plain) {
        cali_text_add(text, label);
        return;
    }
    cali_text_add(text, "\"");
    for (const char *c = label; *c != '\0'; c++)
        cali_text_add_bytes(text, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    cali_text_add(text, "\"");
}

static void add_centres(cali_text *text, const cal_connectome *self)
{
    for (size_t i = 0; i < self->n_regions; i++) {
        add_label(text, self->labels[i]);
        for (int k = 0; k < 3 && self->centres_mm != NULL; k++) {
            cali_text_add(text, "\t");
            add_exact(text, self->centres_mm[3 * i + (size_t)k]);
        }
        cali_text_add(text, self->centres_mm != NULL ? "\n" : "\t\n");
    }
}

/* Gives the text to the archive, which frees it. A fixed date makes equal files equal. */
static cal_status add_member(cal_context *ctx, zip_t *archive, const char *name, cali_text *text)
{
    if (text->is_broken) {
        cali_text_free(text);
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory to write %s", name);
    }
    zip_source_t *source = zip_source_buffer(archive, text->data, text->size, 1);
    if (source == NULL) {
        cali_text_free(text);
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory to write %s", name);
    }
    const zip_int64_t index = zip_file_add(archive, name, source, ZIP_FL_OVERWRITE);
    if (index < 0) {
        zip_source_free(source);
        return CAL_FAIL(ctx, CAL_ERR_IO, "cannot add %s: %s", name, zip_strerror(archive));
    }
    zip_file_set_dostime(archive, (zip_uint64_t)index, 0, 0x21, 0);
    return CAL_OK;
}

static cal_status add_members(cal_context *ctx, const cal_connectome *self, zip_t *archive)
{
    const size_t n = self->n_regions;
    cali_text weights = {0}, lengths = {0}, centres = {0}, info = {0};
    add_rows(&weights, self->weights, n, n);
    CAL_TRY(add_member(ctx, archive, "weights.txt", &weights));
    add_rows(&lengths, self->lengths_mm, n, n);
    CAL_TRY(add_member(ctx, archive, "tract_lengths.txt", &lengths));
    add_centres(&centres, self);
    CAL_TRY(add_member(ctx, archive, "centres.txt", &centres));
    cali_text_add(&info, "weights_unit = \"au\"\nlength_unit = \"mm\"\narea_unit = \"mm^2\"\n");
    CAL_TRY(add_member(ctx, archive, "info.txt", &info));
    const struct {
        const char *name;
        const double *values;
        size_t n_columns;
        const uint8_t *flags;
    } optional[] = {{"average_orientations.txt", self->orientations, 3, NULL},
                    {"areas.txt", self->areas_mm2, 1, NULL},
                    {"cortical.txt", NULL, 1, self->is_cortical},
                    {"hemispheres.txt", NULL, 1, self->is_right}};
    for (size_t i = 0; i < sizeof optional / sizeof optional[0]; i++) {
        cali_text text = {0};
        if (optional[i].values != NULL)
            add_rows(&text, optional[i].values, n, optional[i].n_columns);
        else if (optional[i].flags != NULL)
            add_flags(&text, optional[i].flags, n);
        else
            continue;
        CAL_TRY(add_member(ctx, archive, optional[i].name, &text));
    }
    return CAL_OK;
}

cal_status cali_connectome_write_zip(cal_context *ctx, const cal_connectome *self, const char *path)
{
    int code = 0;
    zip_t *archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code);
    if (archive == NULL) {
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        const cal_status status = CAL_FAIL(ctx, CAL_ERR_IO, "cannot write %s: %s", path,
                                           zip_error_strerror(&error));
        zip_error_fini(&error);
        return status;
    }
    cal_status status = add_members(ctx, self, archive);
    if (status == CAL_OK && zip_close(archive) == 0)
        return CAL_OK;
    if (status == CAL_OK)
        status = CAL_FAIL(ctx, CAL_ERR_IO, "cannot write %s: %s", path, zip_strerror(archive));
    zip_discard(archive);
    return status;
}
