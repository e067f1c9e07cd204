/* Many runs in one file. A run's rows are cut into chunks that hold nothing of another run: whoever computed the run
 * compresses them, and what is left for the one writer is to put them into the file.
 *
 *      packed run:  for each chunk a header of 8 bytes (bytes that follow, 1 if compressed), then its bytes */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "recording/objects.h"

enum { CHUNK_VALUES = 65536, CHUNK_COLUMNS = 128, FORMAT_VERSION = 1 };

/* How the rows of a run are cut. */
typedef struct cut {
    size_t n_rows, n_columns, value_size;
    size_t chunk_rows, chunk_columns;
    size_t n_down, n_across; /* chunks */
} cut;

typedef struct stacked {
    hid_t dataset;
    cut cut;
} stacked;

struct cal_stack {
    cal_context *ctx;
    char *path, *part;
    hid_t file, group, runs;
    size_t n_runs;
    stacked *signals;
    size_t n_signals, capacity;
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static cut cut_rows(size_t n_rows, size_t n_columns, bool is_float32)
{
    cut c = {.n_rows = n_rows, .n_columns = n_columns, .value_size = is_float32 ? sizeof(float) : sizeof(double)};
    c.n_across = (n_columns + CHUNK_COLUMNS - 1) / CHUNK_COLUMNS;
    c.chunk_columns = (n_columns + c.n_across - 1) / c.n_across;
    c.chunk_rows = smaller(n_rows, CHUNK_VALUES / c.chunk_columns);
    c.n_down = (n_rows + c.chunk_rows - 1) / c.chunk_rows;
    c.n_across = (n_columns + c.chunk_columns - 1) / c.chunk_columns;
    return c;
}

/* ---- packing ------------------------------------------------------------------------------------------- */

/* Chunk (i, j) of the rows, whole, zeros where it reaches beyond them. */
static void gather(const cut *c, const double *rows, size_t i, size_t j, unsigned char *chunk)
{
    const size_t first = j * c->chunk_columns, n = smaller(c->n_columns - first, c->chunk_columns);
    memset(chunk, 0, c->chunk_rows * c->chunk_columns * c->value_size);
    for (size_t r = 0; r < c->chunk_rows && i * c->chunk_rows + r < c->n_rows; r++) {
        const double *from = rows + (i * c->chunk_rows + r) * c->n_columns + first;
        unsigned char *to = chunk + r * c->chunk_columns * c->value_size;
        if (c->value_size == sizeof(double))
            memcpy(to, from, n * sizeof *from);
        else
            for (size_t k = 0; k < n; k++)
                ((float *)(void *)to)[k] = (float)from[k];
    }
}

cal_status cal_stack_pack(cal_context *ctx, size_t n_rows, size_t n_columns, bool is_float32, const double *rows,
                          void **bytes, size_t *size)
{
    *bytes = NULL;
    *size = 0;
    if (n_rows == 0 || n_columns == 0)
        return cali_alloc(ctx, 1, 1, "packed rows", bytes);
    const cut c = cut_rows(n_rows, n_columns, is_float32);
    const size_t n_values = c.chunk_rows * c.chunk_columns, chunk_size = n_values * c.value_size;
    unsigned char *chunk = NULL, *shuffled = NULL;
    cali_text out = {0};
    cal_status status = cali_alloc(ctx, 2 * chunk_size, 1, "packed rows", &chunk);
    if (status == CAL_OK)
        status = cali_alloc(ctx, chunk_size, 1, "packed rows", &shuffled);
    for (size_t k = 0; k < c.n_down * c.n_across && status == CAL_OK; k++) {
        size_t n_packed = chunk_size;
        gather(&c, rows, k / c.n_across, k % c.n_across, chunk);
        const bool is_packed = cali_pack(chunk, n_values, c.value_size, shuffled, chunk + chunk_size, &n_packed);
        const uint32_t head[2] = {(uint32_t)(is_packed ? n_packed : chunk_size), is_packed};
        cali_text_add_bytes(&out, head, sizeof head);
        cali_text_add_bytes(&out, is_packed ? chunk + chunk_size : chunk, head[0]);
        if (out.is_broken)
            status = CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for the rows of a run");
    }
    free(shuffled);
    free(chunk);
    if (status != CAL_OK) {
        cali_text_free(&out);
        return status;
    }
    *bytes = out.data;
    *size = out.size;
    return CAL_OK;
}

/* ---- the file -------------------------------------------------------------------------------------------- */

static cal_status refuse(cal_stack *self, const char *what)
{
    return CAL_FAIL(self->ctx, CAL_ERR_IO, "%s: HDF5 cannot write %s: is the disk full?", self->path, what);
}

static bool make_file(cal_stack *self, const char *title)
{
    const int32_t version = FORMAT_VERSION;
    const hid_t properties = cali_h5_timeless(H5P_FILE_CREATE);
    self->file = H5Fcreate(self->part, H5F_ACC_TRUNC, properties, H5P_DEFAULT);
    H5Pclose(properties);
    return self->file >= 0 && cali_h5_add_text(self->file, "format", "callosum-sweep") &&
           cali_h5_add_attribute(self->file, "format_version", H5T_NATIVE_INT32, &version) &&
           cali_h5_add_text(self->file, "title", title);
}

cal_status cal_stack_create(cal_context *ctx, const char *path, const char *title, cal_stack **out)
{
    cal_stack *self = NULL;
    cali_text part = {0};
    CAL_TRY(cali_alloc(ctx, 1, sizeof *self, "stack", &self));
    self->ctx = ctx;
    self->file = self->group = self->runs = -1;
    cali_text_format(&part, "%s.part", path);
    self->part = part.data;
    cal_status status = cali_copy_text(ctx, path, &self->path);
    if (status == CAL_OK && part.is_broken)
        status = CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for a path");
    const cali_h5_voice voice = cali_h5_silence();
    if (status == CAL_OK && !make_file(self, title == NULL ? "" : title))
        status = CAL_FAIL(ctx, CAL_ERR_IO, "%s: cannot be written: %s", self->part, strerror(errno));
    cali_h5_restore(voice);
    if (status == CAL_OK)
        *out = self;
    else
        cal_stack_destroy(&self);
    return status;
}

static void close_group(cal_stack *self)
{
    for (size_t i = 0; i < self->n_signals; i++)
        if (self->signals[i].dataset >= 0)
            H5Dclose(self->signals[i].dataset);
    self->n_signals = 0;
    if (self->runs >= 0)
        H5Dclose(self->runs);
    if (self->group >= 0)
        H5Gclose(self->group);
    self->group = self->runs = -1;
}

static bool close_file(cal_stack *self)
{
    const cali_h5_voice voice = cali_h5_silence();
    close_group(self);
    const bool is_good = self->file < 0 || H5Fclose(self->file) >= 0;
    self->file = -1;
    cali_h5_restore(voice);
    return is_good;
}

void cal_stack_destroy(cal_stack **stack)
{
    if (stack == NULL || *stack == NULL)
        return;
    cal_stack *self = *stack;
    const bool is_unfinished = self->file >= 0;
    close_file(self);
    if (is_unfinished)
        remove(self->part);
    free(self->signals);
    free(self->path);
    free(self->part);
    free(self);
    *stack = NULL;
}

static bool begin(cal_stack *self, const char *group, size_t n_runs, const uint64_t *numbers)
{
    const hsize_t size[1] = {n_runs};
    close_group(self);
    self->n_runs = n_runs;
    self->group = group[0] == '\0' ? H5Gopen2(self->file, "/", H5P_DEFAULT) : cali_h5_make_group(self->file, group);
    if (self->group < 0)
        return false;
    self->runs = cali_h5_write_constant(self->group, "run", H5T_NATIVE_UINT64, 1, size, numbers);
    return self->runs >= 0 && cali_h5_add_text(self->runs, "long_name", "row of the sweep") &&
           H5DSset_scale(self->runs, "run") >= 0;
}

cal_status cal_stack_begin(cal_stack *self, const char *group, size_t n_runs, const uint64_t *numbers)
{
    const cali_h5_voice voice = cali_h5_silence();
    const bool is_good = begin(self, group, n_runs, numbers);
    cali_h5_restore(voice);
    return is_good ? CAL_OK : refuse(self, "the axis of the runs");
}

/* A name that HDF5 and netCDF take and that is free in the group. */
static void free_name(const cal_stack *self, const char *wish, char *name, size_t size)
{
    snprintf(name, size - 8, "%s", wish);
    for (char *c = name; *c != '\0'; c++)
        *c = *c == '/' ? '_' : *c;
    while (strlen(name) < size - 2 && H5Lexists(self->group, name, H5P_DEFAULT) > 0)
        strcat(name, "_");
}

cal_status cal_stack_add_numbers(cal_stack *self, const char *wish, const char *unit, const char *long_name,
                                 const double *values)
{
    char name[256];
    const hsize_t size[1] = {self->n_runs};
    const cali_h5_voice voice = cali_h5_silence();
    free_name(self, wish, name, sizeof name);
    const hid_t id = cali_h5_write_constant(self->group, name, H5T_NATIVE_DOUBLE, 1, size, values);
    const bool is_good = id >= 0 && cali_h5_add_text(id, "units", unit) &&
                         (long_name == NULL || cali_h5_add_text(id, "long_name", long_name)) &&
                         H5DSattach_scale(id, self->runs, 0) >= 0;
    if (id >= 0)
        H5Dclose(id);
    cali_h5_restore(voice);
    return is_good ? CAL_OK : refuse(self, wish);
}

cal_status cal_stack_add_texts(cal_stack *self, const char *wish, const char *const *texts)
{
    char name[256];
    const cali_h5_voice voice = cali_h5_silence();
    free_name(self, wish, name, sizeof name);
    const hid_t id = cali_h5_write_texts(self->group, name, self->n_runs, (char *const *)texts);
    const bool is_good = id >= 0 && H5DSattach_scale(id, self->runs, 0) >= 0;
    if (id >= 0)
        H5Dclose(id);
    cali_h5_restore(voice);
    return is_good ? CAL_OK : refuse(self, wish);
}

/* ---- signals -------------------------------------------------------------------------------------------- */

static bool make_dataset(cal_stack *self, const cal_signal_def *def, stacked *s)
{
    const double nothing = NAN;
    const hsize_t size[3] = {self->n_runs, s->cut.n_rows, s->cut.n_columns};
    const hsize_t chunk[3] = {1, s->cut.chunk_rows, s->cut.chunk_columns};
    const hid_t space = H5Screate_simple(3, size, NULL), properties = cali_h5_timeless(H5P_DATASET_CREATE);
    H5Pset_chunk(properties, 3, chunk);
    H5Pset_fill_value(properties, H5T_NATIVE_DOUBLE, &nothing);
    H5Pset_shuffle(properties);
    H5Pset_deflate(properties, CALI_PACK_LEVEL);
    s->dataset = H5Dcreate2(self->group, def->name, def->is_float32 ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE, space,
                            H5P_DEFAULT, properties, H5P_DEFAULT);
    H5Pclose(properties);
    H5Sclose(space);
    return s->dataset >= 0 && cali_h5_add_text(s->dataset, "units", def->unit) &&
           cali_h5_add_text(s->dataset, "long_name", def->long_name == NULL ? def->name : def->long_name) &&
           (def->monitor == NULL || cali_h5_add_text(s->dataset, "monitor", def->monitor)) &&
           H5DSattach_scale(s->dataset, self->runs, 0) >= 0;
}

static bool attach_times(cal_stack *self, const cal_signal_def *def, const stacked *s, double *times_ms)
{
    char name[300];
    const hsize_t size[1] = {s->cut.n_rows};
    for (size_t j = 0; j < s->cut.n_rows; j++)
        times_ms[j] = cal_time_ms(def->t_first + (cal_time)j * def->every);
    snprintf(name, sizeof name, "time_%.250s", def->name);
    const hid_t id = cali_h5_write_constant(self->group, name, H5T_NATIVE_DOUBLE, 1, size, times_ms);
    const bool is_good = id >= 0 && cali_h5_add_text(id, "units", "ms") &&
                         cali_h5_add_text(id, "long_name", "simulated time") && H5DSset_scale(id, name) >= 0 &&
                         H5DSattach_scale(s->dataset, id, 1) >= 0;
    if (id >= 0)
        H5Dclose(id);
    return is_good;
}

/* The axis of the columns, made with the first signal that names it. */
static bool attach_columns(cal_stack *self, const cal_signal_def *def, const stacked *s)
{
    const bool is_there = H5Lexists(self->group, def->axis, H5P_DEFAULT) > 0;
    const hid_t id = is_there ? H5Dopen2(self->group, def->axis, H5P_DEFAULT)
                              : cali_h5_write_texts(self->group, def->axis, def->n_columns, (char *const *)def->labels);
    const bool is_good = id >= 0 && (is_there || H5DSset_scale(id, def->axis) >= 0) &&
                         H5DSattach_scale(s->dataset, id, 2) >= 0;
    if (id >= 0)
        H5Dclose(id);
    return is_good;
}

cal_status cal_stack_add_signal(cal_stack *self, const cal_signal_def *def, size_t n_rows, size_t *signal)
{
    if (n_rows == 0 || def->n_columns == 0)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "the signal %s of a stack has no rows or no columns", def->name);
    double *times_ms = NULL;
    CAL_TRY(cali_reserve(self->ctx, self->n_signals + 1, sizeof *self->signals, &self->signals, &self->capacity));
    CAL_TRY(cali_alloc(self->ctx, n_rows, sizeof *times_ms, "times", &times_ms));
    stacked *s = &self->signals[self->n_signals++];
    *s = (stacked){-1, cut_rows(n_rows, def->n_columns, def->is_float32)};
    const cali_h5_voice voice = cali_h5_silence();
    const bool is_good =
        make_dataset(self, def, s) && attach_times(self, def, s, times_ms) && attach_columns(self, def, s);
    cali_h5_restore(voice);
    free(times_ms);
    *signal = self->n_signals - 1;
    return is_good ? CAL_OK : refuse(self, def->name);
}

cal_status cal_stack_write(cal_stack *self, size_t signal, size_t run, const void *bytes, size_t size)
{
    const stacked *s = &self->signals[signal];
    const unsigned char *at = bytes, *end = at + size;
    bool is_good = true;
    const cali_h5_voice voice = cali_h5_silence();
    size_t k = 0;
    for (; is_good && k < s->cut.n_down * s->cut.n_across; k++) {
        uint32_t head[2];
        if ((size_t)(end - at) < sizeof head)
            break;
        memcpy(head, at, sizeof head);
        at += sizeof head;
        if (head[0] > (size_t)(end - at))
            break;
        const hsize_t offset[3] = {run, k / s->cut.n_across * s->cut.chunk_rows, k % s->cut.n_across * s->cut.chunk_columns};
        is_good = H5Dwrite_chunk(s->dataset, H5P_DEFAULT, head[1] ? 0 : 3, offset, head[0], at) >= 0;
        at += head[0];
    }
    cali_h5_restore(voice);
    if (!is_good)
        return refuse(self, "the rows of a run");
    if (k < s->cut.n_down * s->cut.n_across || at != end)
        return CAL_FAIL(self->ctx, CAL_ERR_INPUT, "%s: the rows of run %zu have another size", self->path, run + 1);
    return CAL_OK;
}

cal_status cal_stack_finish(cal_stack *self)
{
    if (!close_file(self)) {
        remove(self->part);
        return refuse(self, "the end of the file");
    }
    const int file = open(self->part, O_RDONLY | O_CLOEXEC);
    const bool is_safe = file >= 0 && fsync(file) == 0;
    if (file >= 0)
        close(file);
    if (!is_safe || rename(self->part, self->path) != 0) {
        const int cause = errno;
        remove(self->part);
        return CAL_FAIL(self->ctx, CAL_ERR_IO, "%s: cannot be written: %s", self->path, strerror(cause));
    }
    return CAL_OK;
}
