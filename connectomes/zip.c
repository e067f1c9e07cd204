/* Zip archives: the members of The Virtual Brain, and for NumPy the arrays; reading and packing. */
#include <zip.h>

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "connectomes/loaders.h"
#include "connectomes/save.h"
#include "connectomes/text_table.h"

enum { MOST_ENTRIES = 10000, MOST_MEMBERS = 16 };

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

static cal_status load_entry(cal_context *ctx, const cali_input *input, zip_t *archive, const zip_stat_t *stat,
                             int member, const cali_archive_reader *reader, void *into)
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
        status = reader->read(ctx, member, file, data, size, into);
    free(data);
    return status;
}

/* Of several entries for one member the one of least rank counts, then the first. */
static cal_status load_entries(cal_context *ctx, const cali_input *input, zip_t *archive,
                               const cali_archive_reader *reader, cali_text *names, void *into)
{
    zip_stat_t chosen[MOST_MEMBERS];
    size_t ranks[MOST_MEMBERS];
    bool is_there[MOST_MEMBERS] = {false};
    const zip_int64_t n = zip_get_num_entries(archive, 0);
    if (n > MOST_ENTRIES)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 holds more than %d files.", input->name,
                        MOST_ENTRIES);
    for (zip_int64_t i = 0; i < n; i++) {
        zip_stat_t stat;
        char clean[64];
        if (zip_stat_index(archive, (zip_uint64_t)i, 0, &stat) != 0 || stat.name == NULL)
            continue;
        cali_text_clean(stat.name, stat.name + strlen(stat.name), false, clean, sizeof clean - 1);
        if (names->size < 400)
            cali_text_format(names, "%s%s", names->size == 0 ? "" : ", ", clean);
        size_t rank = 0;
        const int m = reader->find(stat.name, &rank);
        if (m < 0 || (is_there[m] && ranks[m] <= rank))
            continue;
        chosen[m] = stat;
        ranks[m] = rank;
        is_there[m] = true;
    }
    for (int m = 0; m < MOST_MEMBERS; m++)
        if (is_there[m])
            CAL_TRY(load_entry(ctx, input, archive, &chosen[m], m, reader, into));
    return reader->check(ctx, input->name, names->data == NULL ? "" : names->data, into);
}

cal_status cali_archive_load(cal_context *ctx, const cali_input *input, const cali_archive_reader *reader, void *into)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(input->data, input->size, 0, &error);
    zip_t *archive = source == NULL ? NULL : zip_open_from_source(source, ZIP_RDONLY, &error);
    cal_status status;
    if (archive == NULL) {
        status = unreadable(ctx, input->name, zip_error_strerror(&error));
        zip_source_free(source);
    } else {
        cali_text names = {0};
        status = load_entries(ctx, input, archive, reader, &names, into);
        cali_text_free(&names);
        zip_discard(archive);
    }
    zip_error_fini(&error);
    return status;
}

bool cali_archive_first_name(const unsigned char *head, size_t n, char name[CALI_HEAD_SIZE])
{
    const size_t at = 30; /* of the name in a local header; its length stands at 26 */
    if (n < at || memcmp(head, "PK\3\4", 4) != 0)
        return false;
    const size_t length = (size_t)head[26] | (size_t)head[27] << 8;
    if (length == 0 || length > n - at)
        return false;
    memcpy(name, head + at, length);
    name[length] = '\0';
    return true;
}

/* ---- TVB's members ---------------------------------------------------------------------------- */

/* The one highest up counts. */
static int find_member(const char *path, size_t *rank)
{
    *rank = 0;
    for (const char *c = path; *c != '\0'; c++)
        *rank += *c == '/';
    return cali_member_find(path);
}

static cal_status read_member(cal_context *ctx, int member, const char *file, const char *data, size_t size, void *into)
{
    return cali_member_read(ctx, member, file, data, size, into);
}

static cal_status check_members(cal_context *ctx, const char *file, const char *names, const void *into)
{
    (void)names;
    return cali_members_check(ctx, file, into);
}

static cal_status load(cal_context *ctx, const cali_input *input, const cali_input *lengths,
                       cali_raw *raw)
{
    (void)lengths;
    static const cali_archive_reader reader = {find_member, read_member, check_members};
    raw->is_oriented = true;
    return cali_archive_load(ctx, input, &reader, raw);
}

static bool probe(const unsigned char *head, size_t n)
{
    return n >= 4 && head[0] == 'P' && head[1] == 'K' &&
           ((head[2] == 3 && head[3] == 4) || (head[2] == 5 && head[3] == 6));
}

static const char *const suffixes[] = {".zip", NULL};
const cali_loader cali_loader_zip = {
    .name = "zip", .suffixes = suffixes, .probe = probe, .load = load};

/* ---- packing --------------------------------------------------------------------------------- */

/* A fixed date makes equal files equal. The archive borrows the bytes. */
static cal_status add_piece(cal_context *ctx, zip_t *archive, const cali_piece *piece, bool is_stored)
{
    zip_source_t *source = zip_source_buffer(archive, piece->text.data, piece->text.size, 0);
    if (source == NULL)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory to write %s", piece->name);
    const zip_int64_t index = zip_file_add(archive, piece->name, source, ZIP_FL_OVERWRITE);
    if (index < 0) {
        zip_source_free(source);
        return CAL_FAIL(ctx, CAL_ERR_IO, "cannot add %s: %s", piece->name, zip_strerror(archive));
    }
    zip_file_set_dostime(archive, (zip_uint64_t)index, 0, 0x21, 0);
    if (is_stored)
        zip_set_file_compression(archive, (zip_uint64_t)index, ZIP_CM_STORE, 0);
    return CAL_OK;
}

static cal_status read_back(cal_context *ctx, zip_source_t *source, cali_text *out)
{
    char buffer[65536];
    zip_int64_t n = -1;
    if (zip_source_open(source) == 0) {
        while ((n = zip_source_read(source, buffer, sizeof buffer)) > 0)
            cali_text_add_bytes(out, buffer, (size_t)n);
        zip_source_close(source);
    }
    if (n < 0)
        return CAL_FAIL(ctx, CAL_ERR_IO, "cannot pack the archive: %s", zip_error_strerror(zip_source_error(source)));
    return out->is_broken ? CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for the archive") : CAL_OK;
}

cal_status cali_archive_pack(cal_context *ctx, const cali_bundle *bundle, bool is_stored, cali_text *out)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_t *archive = source == NULL ? NULL : zip_open_from_source(source, ZIP_TRUNCATE, &error);
    cal_status status = CAL_OK;
    if (archive == NULL) {
        status = CAL_FAIL(ctx, CAL_ERR_MEMORY, "cannot pack the archive: %s", zip_error_strerror(&error));
        zip_source_free(source);
    } else {
        zip_source_keep(source); /* beyond the archive, which is closed to be written */
        for (size_t i = 0; status == CAL_OK && i < bundle->n; i++)
            status = add_piece(ctx, archive, &bundle->pieces[i], is_stored);
        if (status == CAL_OK && zip_close(archive) == 0) {
            status = read_back(ctx, source, out);
        } else {
            if (status == CAL_OK)
                status = CAL_FAIL(ctx, CAL_ERR_IO, "cannot pack the archive: %s", zip_strerror(archive));
            zip_discard(archive);
        }
        zip_source_free(source);
    }
    zip_error_fini(&error);
    return status;
}
