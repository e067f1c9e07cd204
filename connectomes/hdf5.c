/* TVB's HDF5 layout, read and written: data sets at the root. Sizes are checked against the stored bytes before
 * anything is allocated; links that leave the file, and data stored outside of it, are refused. */
#include <hdf5.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "connectomes/guard.h"
#include "connectomes/save.h"
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

/* The set of the first name that is there; -1 if none is. */
static cal_status find_set(cal_context *ctx, const char *file, hid_t h5, cali_named which, const char **name, hid_t *set)
{
    *set = -1;
    for (size_t k = 0; *set < 0 && (*name = cali_named_name(which, k)) != NULL; k++)
        CAL_TRY(open_set(ctx, file, h5, *name, set));
    return CAL_OK;
}

static cal_status load_sets(cal_context *ctx, const char *file, hid_t h5, cali_raw *raw)
{
    for (int i = 0; i <= CALI_NAMED_LABELS; i++) {
        hid_t set;
        const char *name;
        CAL_TRY(find_set(ctx, file, h5, (cali_named)i, &name, &set));
        if (set < 0)
            continue;
        cali_array *array = cali_named_array(raw, (cali_named)i);
        const cal_status status = array == NULL ? read_labels(ctx, file, name, set, raw)
                                                : read_numbers(ctx, file, name, set, array);
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

/* ---- writing --------------------------------------------------------------------------------- */

/* The type of numpy's booleans, as h5py stores them. */
static hid_t boolean_type(void)
{
    static const char *const names[] = {"FALSE", "TRUE"};
    const hid_t type = H5Tenum_create(H5T_STD_I8LE);
    for (int8_t value = 0; type >= 0 && value < 2; value++)
        H5Tenum_insert(type, names[value], &value);
    return type;
}

/* Without the times of its making, so that equal sets give equal bytes. */
static bool add_set(hid_t h5, const char *name, hid_t stored, hid_t memory, int rank, const hsize_t *extent,
                    const void *items)
{
    const hid_t space = H5Screate_simple(rank, extent, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(list, 0);
    const hid_t set = H5Dcreate2(h5, name, stored, space, H5P_DEFAULT, list, H5P_DEFAULT);
    const bool is_good = set >= 0 && H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, items) >= 0;
    if (set >= 0)
        H5Dclose(set);
    H5Pclose(list);
    H5Sclose(space);
    return is_good;
}

static bool add_part(hid_t h5, const cali_part *part)
{
    const hsize_t extent[2] = {part->n_rows, part->n_columns};
    const int rank = part->n_columns == 1 ? 1 : 2;
    if (part->flags == NULL)
        return add_set(h5, part->name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, rank, extent, part->values);
    const hid_t type = boolean_type();
    const bool is_good = add_set(h5, part->name, type, type, rank, extent, part->flags);
    H5Tclose(type);
    return is_good;
}

/* Texts of one length, filled with NULs, as h5py writes numpy's bytes. */
static cal_status add_labels(cal_context *ctx, hid_t h5, const cal_connectome *self, bool *is_good)
{
    size_t longest = 1;
    bool is_ascii = true;
    for (size_t i = 0; i < self->n_regions; i++) {
        const size_t n = strlen(self->labels[i]);
        longest = n > longest ? n : longest;
        for (size_t k = 0; k < n; k++)
            is_ascii = is_ascii && (unsigned char)self->labels[i][k] < 0x80;
    }
    char *items = NULL;
    CAL_TRY(cali_alloc(ctx, self->n_regions, longest, "labels", &items));
    for (size_t i = 0; i < self->n_regions; i++)
        memcpy(items + i * longest, self->labels[i], strlen(self->labels[i]));
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, longest);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    H5Tset_cset(type, is_ascii ? H5T_CSET_ASCII : H5T_CSET_UTF8);
    const hsize_t extent[1] = {self->n_regions};
    *is_good = add_set(h5, cali_named_name(CALI_NAMED_LABELS, 0), type, type, 1, extent, items);
    H5Tclose(type);
    free(items);
    return CAL_OK;
}

static cal_status take_image(cal_context *ctx, hid_t h5, cali_text *out)
{
    char *image = NULL;
    const ssize_t n = H5Fflush(h5, H5F_SCOPE_GLOBAL) < 0 ? -1 : H5Fget_file_image(h5, NULL, 0);
    if (n <= 0)
        return CAL_FAIL(ctx, CAL_ERR_IO, "the HDF5 file cannot be made");
    CAL_TRY(cali_alloc(ctx, (size_t)n, 1, "an HDF5 file", &image));
    const bool is_good = H5Fget_file_image(h5, image, (size_t)n) == n;
    if (is_good)
        cali_text_add_bytes(out, image, (size_t)n);
    free(image);
    return is_good ? CAL_OK : CAL_FAIL(ctx, CAL_ERR_IO, "the HDF5 file cannot be made");
}

/* The file is made in memory: what is written to the disk is written as a whole. */
static cal_status collect(cal_context *ctx, const cal_connectome *self, cali_bundle *out)
{
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, 1 << 20, 0);
    const hid_t h5 = H5Fcreate("image", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
    if (h5 < 0)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for an HDF5 file");
    cali_part parts[CALI_N_PARTS];
    const size_t n = cali_parts(self, parts);
    bool is_good = true, has_labels = false;
    for (size_t i = 0; i < n; i++)
        is_good = is_good && add_part(h5, &parts[i]);
    cal_status status = add_labels(ctx, h5, self, &has_labels);
    if (status == CAL_OK && !(is_good && has_labels))
        status = CAL_FAIL(ctx, CAL_ERR_IO, "the HDF5 file cannot be made");
    if (status == CAL_OK)
        status = take_image(ctx, h5, cali_bundle_add(out, ""));
    H5Fclose(h5);
    if (status == CAL_OK && self->centres_mm == NULL)
        cal_context_note(ctx, "there are no centres: callosum reads the file, but The Virtual Brain asks for them.");
    return status;
}

const cali_saver cali_saver_h5 = {.name = "h5",
                                  .endings = suffixes,
                                  .meaning = "HDF5 in the layout of The Virtual Brain",
                                  .container = CALI_ONE_FILE,
                                  .holds = CALI_HAS_ALL,
                                  .collect = collect};
