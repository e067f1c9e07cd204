/* Reading: every vector of numbers below a group, in a child process. What a file says of its sizes is held against its
 * stored bytes before anything is allocated. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/child.h"
#include "base/context.h"
#include "base/file.h"
#include "base/memory.h"
#include "callosum/sonata.h"
#include "sonata/hdf5.h"

enum { MOST_SETS = 20000, DEEPEST = 8, LONGEST_PATH = 512, LONGEST_TEXT = 256 };

#define LONGEST_SET 2147483647.0
/* Unpacked bytes per stored one, beside 64 MiB: deflate reaches 1032. */
enum { UNPACKED = 1100 };

void cal_sonata_free(cal_sonata_file *file)
{
    for (size_t i = 0; i < file->n_sets; i++) {
        free(file->sets[i].path);
        free(file->sets[i].population);
        free(file->sets[i].unit);
        free(file->sets[i].values);
    }
    free(file->sets);
    free(file->name);
    *file = (cal_sonata_file){0};
}

const cal_sonata_set *cal_sonata_find(const cal_sonata_file *file, const char *format, ...)
{
    char path[LONGEST_PATH];
    va_list args;
    va_start(args, format);
    vsnprintf(path, sizeof path, format, args);
    va_end(args);
    for (size_t i = 0; i < file->n_sets; i++)
        if (strcmp(file->sets[i].path, path) == 0)
            return &file->sets[i];
    return NULL;
}

/* ---- one data set ------------------------------------------------------------------------------ */

typedef struct walk {
    cal_context *ctx;
    cal_sonata_file *file;
    size_t capacity;
    cal_status status;
    const char *parent;
    int depth;
} walk;

static cal_status refuse(const walk *w, const char *path, const char *what)
{
    return CAL_FAIL(w->ctx, CAL_ERR_INPUT, "%s C301 %s %s", w->file->name, path, what);
}

/* Length of a vector; 0 in `*is_vector` for everything else. */
static hsize_t length_of(hid_t set, bool *is_vector)
{
    hsize_t extent = 0;
    const hid_t space = H5Dget_space(set);
    *is_vector = space >= 0 && H5Sget_simple_extent_type(space) == H5S_SIMPLE && H5Sget_simple_extent_ndims(space) == 1 &&
                 H5Sget_simple_extent_dims(space, &extent, NULL) == 1;
    if (space >= 0)
        H5Sclose(space);
    return extent;
}

static cal_status check_storage(const walk *w, const char *path, hid_t set, double n, double item_size)
{
    const hid_t list = H5Dget_create_plist(set);
    if (list < 0)
        return refuse(w, path, "cannot be read");
    const H5D_layout_t layout = H5Pget_layout(list);
    const bool is_elsewhere = H5Pget_external_count(list) != 0 || layout == H5D_VIRTUAL;
    const double stored = (double)H5Dget_storage_size(set), limit = 67108864.0 + UNPACKED * stored, bytes = n * item_size;
    hsize_t chunk = 1;
    const bool has_chunk = layout != H5D_CHUNKED || (H5Pget_chunk(list, 1, &chunk) == 1 && chunk > 0);
    H5Pclose(list);
    if (is_elsewhere)
        return refuse(w, path, "is stored in another file, which is not followed");
    if (n > LONGEST_SET)
        return refuse(w, path, "has more than 2147483647 items");
    if (n > 0.0 && (!has_chunk || (double)chunk * item_size > limit || (layout != H5D_CHUNKED && stored < bytes) ||
                    (layout == H5D_CHUNKED && (stored == 0.0 || bytes > limit))))
        return CAL_FAIL(w->ctx, CAL_ERR_INPUT, "%s C301 %s has %.0f items, but the file holds only %.0f bytes of it",
                        w->file->name, path, n, stored);
    return CAL_OK;
}

/* A text attribute; "" if there is none. */
static void read_text(hid_t object, const char *name, char text[LONGEST_TEXT])
{
    text[0] = '\0';
    const hid_t id = H5Aexists(object, name) > 0 ? H5Aopen(object, name, H5P_DEFAULT) : -1;
    if (id < 0)
        return;
    const hid_t type = H5Aget_type(id), space = H5Aget_space(id);
    if (H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_npoints(space) == 1) {
        char *value = NULL;
        const hid_t memory = H5Tcopy(H5T_C_S1);
        const bool is_variable = H5Tis_variable_str(type) > 0;
        H5Tset_size(memory, is_variable ? H5T_VARIABLE : LONGEST_TEXT);
        H5Tset_cset(memory, H5Tget_cset(type));
        if (!is_variable && H5Aread(id, memory, text) < 0)
            text[0] = '\0';
        if (is_variable && H5Aread(id, memory, &value) >= 0 && value != NULL) {
            snprintf(text, LONGEST_TEXT, "%s", value);
            H5Dvlen_reclaim(memory, space, H5P_DEFAULT, &value);
        }
        text[LONGEST_TEXT - 1] = '\0';
        H5Tclose(memory);
    }
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(id);
}

static cal_status take_numbers(walk *w, const char *path, hid_t set, size_t n)
{
    char population[LONGEST_TEXT], unit[LONGEST_TEXT];
    if (w->file->n_sets == MOST_SETS)
        return refuse(w, path, "is one data set too many");
    CAL_TRY(cali_reserve(w->ctx, w->file->n_sets + 1, sizeof *w->file->sets, &w->file->sets, &w->capacity));
    cal_sonata_set *s = &w->file->sets[w->file->n_sets++];
    *s = (cal_sonata_set){.n = n};
    read_text(set, "node_population", population);
    read_text(set, "units", unit);
    CAL_TRY(cali_copy_text(w->ctx, path, &s->path));
    CAL_TRY(cali_copy_text(w->ctx, population, &s->population));
    CAL_TRY(cali_copy_text(w->ctx, unit, &s->unit));
    CAL_TRY(cali_alloc(w->ctx, n, sizeof(double), path, &s->values));
    if (n > 0 && H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, s->values) < 0)
        return refuse(w, path, "cannot be read");
    return CAL_OK;
}

static cal_status read_set(walk *w, const char *path, hid_t set)
{
    bool is_vector;
    const hsize_t n = length_of(set, &is_vector);
    const hid_t type = H5Dget_type(set);
    const H5T_class_t kind = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    const size_t item_size = type < 0 ? 0 : H5Tget_size(type);
    if (type >= 0)
        H5Tclose(type);
    if (!is_vector || (kind != H5T_INTEGER && kind != H5T_FLOAT) || item_size == 0 || item_size > 16)
        return CAL_OK; /* texts and matrices mean nothing to a network of points */
    CAL_TRY(check_storage(w, path, set, (double)n, (double)item_size));
    return take_numbers(w, path, set, (size_t)n);
}

/* ---- the tree ---------------------------------------------------------------------------------- */

static herr_t visit(hid_t group, const char *name, const H5L_info_t *link, void *arg)
{
    walk *w = arg;
    char path[LONGEST_PATH];
    if (link->type != H5L_TYPE_HARD || strcmp(name, "indices") == 0 || strcmp(name, "@library") == 0)
        return 0;
    if (snprintf(path, sizeof path, "%s/%s", w->parent, name) >= (int)sizeof path || w->depth == DEEPEST) {
        w->status = refuse(w, w->parent, "holds names that are too long or groups that are too deep");
        return -1;
    }
    const hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    const H5I_type_t kind = object < 0 ? H5I_BADID : H5Iget_type(object);
    if (kind == H5I_GROUP) {
        walk below = *w;
        below.parent = path;
        below.depth++;
        if (H5Literate(object, H5_INDEX_NAME, H5_ITER_INC, NULL, visit, &below) < 0 && below.status == CAL_OK)
            below.status = refuse(w, path, "cannot be read");
        w->status = below.status;
        w->capacity = below.capacity;
    } else if (kind == H5I_DATASET) {
        w->status = read_set(w, path, object);
    } else {
        w->status = kind == H5I_BADID ? refuse(w, path, "cannot be read") : CAL_OK;
    }
    if (object >= 0)
        H5Oclose(object);
    return w->status == CAL_OK ? 0 : -1;
}

static cal_status read_tree(cal_context *ctx, const char *path, const char *root, cal_sonata_file *file)
{
    const cali_sonata_voice voice = cali_sonata_silence();
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    H5Pset_file_locking(access, 0, 1);
    const hid_t h5 = H5Fopen(path, H5F_ACC_RDONLY, access);
    H5Pclose(access);
    walk w = {.ctx = ctx, .file = file, .parent = ""};
    const hid_t group = h5 >= 0 && H5Lexists(h5, root, H5P_DEFAULT) > 0 ? H5Gopen2(h5, root, H5P_DEFAULT) : -1;
    char parent[LONGEST_TEXT];
    snprintf(parent, sizeof parent, "/%.200s", root);
    w.parent = parent;
    if (h5 < 0)
        w.status = CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 is no readable HDF5 file", file->name);
    else if (group < 0)
        w.status = CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 has no group /%s", file->name, root);
    else if (H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, visit, &w) < 0 && w.status == CAL_OK)
        w.status = refuse(&w, parent, "cannot be read");
    if (group >= 0)
        H5Gclose(group);
    if (h5 >= 0)
        H5Fclose(h5);
    cali_sonata_restore(voice);
    return w.status;
}

/* ---- the child --------------------------------------------------------------------------------- */

typedef struct job {
    const char *path, *root;
    cal_sonata_file *file;
} job;

typedef struct head {
    int status;
    char message[2048];
    size_t n_sets;
} head;

typedef struct set_head {
    char path[LONGEST_PATH], population[LONGEST_TEXT], unit[LONGEST_TEXT];
    size_t n;
} set_head;

static cal_status do_job(cal_context *ctx, void *arg)
{
    const job *j = arg;
    return read_tree(ctx, j->path, j->root, j->file);
}

static bool send_job(cal_context *ctx, void *arg, int fd)
{
    const job *j = arg;
    head h = {.status = (int)do_job(ctx, arg), .n_sets = j->file->n_sets};
    snprintf(h.message, sizeof h.message, "%s", cal_context_message(ctx));
    bool is_good = cali_child_put(fd, &h, sizeof h);
    for (size_t i = 0; is_good && h.status == (int)CAL_OK && i < h.n_sets; i++) {
        const cal_sonata_set *s = &j->file->sets[i];
        set_head t = {.n = s->n};
        snprintf(t.path, sizeof t.path, "%s", s->path);
        snprintf(t.population, sizeof t.population, "%s", s->population);
        snprintf(t.unit, sizeof t.unit, "%s", s->unit);
        is_good = cali_child_put(fd, &t, sizeof t) && cali_child_put(fd, s->values, s->n * sizeof(double));
    }
    return is_good;
}

static cal_status receive_set(cal_context *ctx, int fd, cal_sonata_set *s, bool *is_whole)
{
    set_head t;
    if (!cali_child_get(fd, &t, sizeof t) || (double)t.n > LONGEST_SET)
        return CAL_OK;
    t.path[LONGEST_PATH - 1] = t.population[LONGEST_TEXT - 1] = t.unit[LONGEST_TEXT - 1] = '\0';
    s->n = t.n;
    CAL_TRY(cali_copy_text(ctx, t.path, &s->path));
    CAL_TRY(cali_copy_text(ctx, t.population, &s->population));
    CAL_TRY(cali_copy_text(ctx, t.unit, &s->unit));
    CAL_TRY(cali_alloc(ctx, t.n, sizeof(double), t.path, &s->values));
    *is_whole = cali_child_get(fd, s->values, t.n * sizeof(double));
    return CAL_OK;
}

static cal_status receive_job(cal_context *ctx, void *arg, int fd, bool *is_whole)
{
    const job *j = arg;
    head h;
    *is_whole = false;
    if (!cali_child_get(fd, &h, sizeof h) || h.n_sets > MOST_SETS)
        return CAL_OK;
    h.message[sizeof h.message - 1] = '\0';
    if (h.status != (int)CAL_OK) {
        *is_whole = true;
        return CAL_FAIL(ctx, (cal_status)h.status, "%s", h.message);
    }
    CAL_TRY(cali_alloc(ctx, h.n_sets, sizeof *j->file->sets, "data sets", &j->file->sets));
    for (bool is_good = true; is_good && j->file->n_sets < h.n_sets;) {
        is_good = false;
        CAL_TRY(receive_set(ctx, fd, &j->file->sets[j->file->n_sets++], &is_good));
        *is_whole = is_good && j->file->n_sets == h.n_sets;
    }
    *is_whole = *is_whole || h.n_sets == 0;
    return CAL_OK;
}

cal_status cal_sonata_load(cal_context *ctx, const char *path, const char *root, cal_sonata_file *out)
{
    static const cali_child child = {send_job, receive_job, do_job};
    struct stat info;
    *out = (cal_sonata_file){0};
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return CAL_FAIL(ctx, CAL_ERR_IO, "%s is not there, or no file", path);
    CAL_TRY(cali_copy_text(ctx, cali_path_name(path), &out->name));
    job j = {path, root, out};
    const cal_status status = cali_child_run(ctx, out->name, "the HDF5 library", &child, &j);
    if (status != CAL_OK)
        cal_sonata_free(out);
    return status;
}
