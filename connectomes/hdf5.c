/* TVB's HDF5 layout: data sets at the root. Sizes are checked against the stored bytes before
 * anything is allocated; links that leave the file, and data stored outside of it, are refused. */
#include <hdf5.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "connectomes/guard.h"
#include "connectomes/text_table.h"

typedef struct shape {
    hsize_t n_rows, n_columns;
    size_t item_size;
} shape;

static cal_status refuse(cal_context *ctx, const char *file, const char *set, const char *what)
{
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s %s.", file, set, what);
}

/* Rank 1 or 2 and every extent within 1 to 100,000. */
static cal_status check_extent(cal_context *ctx, const char *file, const char *name, hid_t set,
                               shape *out)
{
    hsize_t extent[2] = {0, 1};
    const hid_t space = H5Dget_space(set);
    const int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    const bool is_known = (rank == 1 || rank == 2) &&
                          H5Sget_simple_extent_dims(space, extent, NULL) == rank;
    if (space >= 0)
        H5Sclose(space);
    if (!is_known)
        return refuse(ctx, file, name, "is neither a vector nor a matrix");
    if (extent[0] == 0 || extent[1] == 0)
        return refuse(ctx, file, name, "is empty");
    if (extent[0] > CALI_MAX_REGIONS || extent[1] > CALI_MAX_REGIONS)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s is %llu x %llu, at most %zu regions are possible.",
                        file, name, (unsigned long long)extent[0], (unsigned long long)extent[1],
                        CALI_MAX_REGIONS);
    out->n_rows = extent[0];
    out->n_columns = extent[1];
    return CAL_OK;
}

/* Chunks are allocated whole by the library, so their size is a claim to be checked too. */
static bool are_chunks_plausible(hid_t list, size_t item_size, size_t limit)
{
    hsize_t chunk[2] = {1, 1};
    if (H5Pget_layout(list) != H5D_CHUNKED)
        return true;
    const int rank = H5Pget_chunk(list, 2, chunk);
    if (rank < 1 || rank > 2 || chunk[0] == 0 || chunk[1] == 0)
        return false;
    return chunk[0] <= limit / item_size && chunk[1] <= limit / item_size / chunk[0];
}

static cal_status check_storage(cal_context *ctx, const char *file, const char *name, hid_t set,
                                const shape *s)
{
    const hid_t list = H5Dget_create_plist(set);
    if (list < 0)
        return refuse(ctx, file, name, "cannot be read");
    const H5D_layout_t layout = H5Pget_layout(list);
    const int n_external = H5Pget_external_count(list);
    const hsize_t stored = H5Dget_storage_size(set);
    const size_t limit = cali_unpack_limit(stored > CALI_MAX_BYTES ? CALI_MAX_BYTES : (size_t)stored);
    const bool has_plain_chunks = are_chunks_plausible(list, s->item_size, limit);
    H5Pclose(list);
    if (n_external != 0 || layout == H5D_VIRTUAL)
        return refuse(ctx, file, name, "is stored in another file, which is not followed");
    const hsize_t bytes = s->n_rows * s->n_columns * s->item_size;
    if (!has_plain_chunks || (layout != H5D_CHUNKED && stored < bytes) ||
        (layout == H5D_CHUNKED && (stored == 0 || bytes > limit)))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s is %llu x %llu, but the file holds only %llu bytes of "
                        "it.", file, name, (unsigned long long)s->n_rows, (unsigned long long)s->n_columns,
                        (unsigned long long)stored);
    return CAL_OK;
}

/* Opens a data set that lies in this very file. `*out` is -1 if there is none of that name. */
static cal_status open_set(cal_context *ctx, const char *file, hid_t h5, const char *name, hid_t *out)
{
    *out = -1;
    if (H5Lexists(h5, name, H5P_DEFAULT) <= 0)
        return CAL_OK;
    H5L_info_t link;
    if (H5Lget_info(h5, name, &link, H5P_DEFAULT) < 0)
        return refuse(ctx, file, name, "cannot be read");
    if (link.type != H5L_TYPE_HARD)
        return refuse(ctx, file, name, link.type == H5L_TYPE_EXTERNAL
                                           ? "is a link to another file, which is not followed"
                                           : "is a soft link, which is not followed");
    *out = H5Dopen2(h5, name, H5P_DEFAULT);
    return *out < 0 ? refuse(ctx, file, name, "is no data set") : CAL_OK;
}

static cal_status read_numbers(cal_context *ctx, const char *file, const char *name, hid_t set,
                               cali_array *out)
{
    shape s = {0};
    const hid_t type = H5Dget_type(set);
    const H5T_class_t kind = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    s.item_size = type < 0 ? 0 : H5Tget_size(type);
    if (type >= 0)
        H5Tclose(type);
    if ((kind != H5T_INTEGER && kind != H5T_FLOAT && kind != H5T_ENUM) || s.item_size == 0 ||
        s.item_size > 16)
        return refuse(ctx, file, name, "holds no numbers");
    CAL_TRY(check_extent(ctx, file, name, set, &s));
    CAL_TRY(check_storage(ctx, file, name, set, &s));
    CAL_TRY(cali_alloc(ctx, (size_t)(s.n_rows * s.n_columns), sizeof(double), name, &out->values));
    out->n_rows = (size_t)s.n_rows;
    out->n_columns = (size_t)s.n_columns;
    cali_array_name(out->file, file, NULL);
    if (H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, out->values) < 0)
        return refuse(ctx, file, name, "cannot be read");
    return CAL_OK;
}

/* ---- labels ---------------------------------------------------------------------------------- */

static cal_status clean_label(cal_context *ctx, const char *text, size_t n, char **out)
{
    char clean[256];
    n = strnlen(text, n);
    while (n > 0 && text[n - 1] == ' ')
        n--;
    cali_text_clean(text, text + n, false, clean, sizeof clean - 1);
    return cali_copy_text(ctx, clean, out);
}

static cal_status read_fixed(cal_context *ctx, const char *file, const char *name, hid_t set, hid_t memory,
                             size_t size, cali_raw *raw)
{
    char *buffer = NULL;
    CAL_TRY(cali_alloc(ctx, raw->n_labels, size, name, &buffer));
    cal_status status = CAL_OK;
    if (H5Dread(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer) < 0)
        status = refuse(ctx, file, name, "cannot be read");
    for (size_t i = 0; status == CAL_OK && i < raw->n_labels; i++)
        status = clean_label(ctx, buffer + i * size, size, &raw->labels[i]);
    free(buffer);
    return status;
}

static cal_status read_variable(cal_context *ctx, const char *file, const char *name, hid_t set,
                                hid_t memory, cali_raw *raw)
{
    char **texts = NULL;
    CAL_TRY(cali_alloc(ctx, raw->n_labels, sizeof *texts, name, &texts));
    cal_status status = CAL_OK;
    if (H5Dread(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts) < 0)
        status = refuse(ctx, file, name, "cannot be read");
    for (size_t i = 0; status == CAL_OK && i < raw->n_labels; i++) {
        const char *text = texts[i] == NULL ? "" : texts[i];
        status = clean_label(ctx, text, strnlen(text, 255), &raw->labels[i]);
    }
    const hid_t space = H5Dget_space(set);
    if (space >= 0) {
        H5Dvlen_reclaim(memory, space, H5P_DEFAULT, texts);
        H5Sclose(space);
    }
    free(texts);
    return status;
}

static cal_status read_labels(cal_context *ctx, const char *file, const char *name, hid_t set,
                              cali_raw *raw)
{
    enum { LONGEST = 4096 };
    shape s = {0};
    const hid_t type = H5Dget_type(set);
    const bool is_text = type >= 0 && H5Tget_class(type) == H5T_STRING;
    const bool is_variable = is_text && H5Tis_variable_str(type) > 0;
    s.item_size = is_text ? H5Tget_size(type) : 0;
    const H5T_cset_t letters = is_text ? H5Tget_cset(type) : H5T_CSET_ASCII;
    if (type >= 0)
        H5Tclose(type);
    if (!is_text || s.item_size == 0 || s.item_size > LONGEST)
        return refuse(ctx, file, name, "holds no texts");
    CAL_TRY(check_extent(ctx, file, name, set, &s));
    CAL_TRY(check_storage(ctx, file, name, set, &s));
    raw->n_labels = (size_t)(s.n_rows * s.n_columns);
    if (raw->n_labels > CALI_MAX_REGIONS)
        return refuse(ctx, file, name, "is too long");
    CAL_TRY(cali_alloc(ctx, raw->n_labels, sizeof *raw->labels, name, &raw->labels));
    cali_array_name(raw->labels_file, file, NULL);
    const hid_t memory = H5Tcopy(H5T_C_S1);
    H5Tset_size(memory, is_variable ? H5T_VARIABLE : s.item_size + 1);
    H5Tset_cset(memory, letters);
    const cal_status status = is_variable
                                  ? read_variable(ctx, file, name, set, memory, raw)
                                  : read_fixed(ctx, file, name, set, memory, s.item_size + 1, raw);
    H5Tclose(memory);
    return status;
}

/* ---- the file -------------------------------------------------------------------------------- */

static cal_status load_sets(cal_context *ctx, const char *file, hid_t h5, cali_raw *raw)
{
    const struct {
        const char *name;
        cali_array *array; /* NULL: the labels */
    } sets[] = {{"weights", &raw->weights},           {"tract_lengths", &raw->lengths},
                {"centres", &raw->centres},           {"orientations", &raw->orientations},
                {"areas", &raw->areas},               {"cortical", &raw->cortical},
                {"hemispheres", &raw->hemispheres},   {"region_labels", NULL}};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        hid_t set;
        CAL_TRY(open_set(ctx, file, h5, sets[i].name, &set));
        if (set < 0)
            continue;
        const cal_status status = sets[i].array == NULL
                                      ? read_labels(ctx, file, sets[i].name, set, raw)
                                      : read_numbers(ctx, file, sets[i].name, set, sets[i].array);
        H5Dclose(set);
        CAL_TRY(status);
    }
    if (raw->weights.values != NULL && raw->lengths.values != NULL)
        return CAL_OK;
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 has no data set %s.", file,
                    raw->weights.values == NULL ? "weights" : "tract_lengths");
}

static hid_t open_file(const cali_input *input)
{
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access < 0)
        return -1;
    hid_t h5 = -1;
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    H5Pset_file_locking(access, 0, 1); /* a file that is only read needs no lock */
    if (input->data == NULL)
        h5 = H5Fopen(input->path, H5F_ACC_RDONLY, access);
    else if (H5Pset_fapl_core(access, 1 << 16, 0) >= 0 &&
             H5Pset_file_image(access, (void *)(uintptr_t)input->data, input->size) >= 0)
        h5 = H5Fopen("image", H5F_ACC_RDONLY, access);
    H5Pclose(access);
    return h5;
}

static cal_status read_file(cal_context *ctx, const cali_input *input, cali_raw *raw)
{
    H5E_auto2_t print = NULL;
    void *print_data = NULL;
    H5Eget_auto2(H5E_DEFAULT, &print, &print_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    raw->is_oriented = true;
    const hid_t h5 = open_file(input);
    cal_status status;
    if (h5 < 0) {
        status = CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 is no readable HDF5 file.", input->name);
    } else {
        status = load_sets(ctx, input->name, h5, raw);
        H5Fclose(h5);
    }
    H5Eset_auto2(H5E_DEFAULT, print, print_data);
    return status;
}

/* Files are read by a child process, because some broken ones crash the library; bytes in memory
 * (tests, fuzzing) are read here. */
static cal_status load(cal_context *ctx, const cali_input *input, const cali_input *lengths, cali_raw *raw)
{
    (void)lengths;
    if (input->data != NULL)
        return read_file(ctx, input, raw);
    return cali_guarded_load(ctx, input, "the HDF5 library", read_file, raw);
}

static bool probe(const unsigned char *head, size_t n)
{
    return n >= 8 && memcmp(head, "\x89HDF\r\n\x1a\n", 8) == 0;
}

static const char *const suffixes[] = {".h5", ".hdf5", NULL};
const cali_loader cali_loader_hdf5 = {
    .name = "hdf5", .suffixes = suffixes, .opens_path = true, .probe = probe, .load = load};
