/* The HDF5 sink: run.h5 as docs/recording.md describes it.
 *
 * Everything that grows is a series: a chunked dataset whose first axis has no limit, and a buffer
 * of one row of chunks ("block"). A block that is full is compressed and written for good. A block
 * that is not yet full has its place in the file too, uncompressed, so that a flush can bring the
 * rows it has to the disk by writing over them; the place is given back when the block is full.
 *
 * Where things lie in the file depends on the calls of the recorder's user alone: places are
 * allocated at commits, full blocks are written when they fill up, and space is used again only
 * after a flush that such a block itself demands. Flushes at other times write over what is there.
 * Equal recordings are therefore equal files, whatever the timing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "recording/objects.h"
#include "recording/sink_hdf5.h"
#include "recording/store.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "chunks are written as they lie in memory; HDF5's native types are then big-endian: untested"
#endif

enum {
    FORMAT_VERSION = 1,
    CHUNK_VALUES = 16384, /* values in a chunk of a signal, at most: 128 KiB */
    CHUNK_COLUMNS = 128,  /* columns in a chunk, at most */
    SERIES_VALUES = 4096, /* values in a chunk of a list: times, spikes */
    INDEX_K = 48          /* half the children of an index node; a node stays below a page */
};

/* A growing dataset. */
typedef struct series {
    hid_t dataset;
    size_t n_columns, value_size;
    size_t block_rows, chunk_columns, n_chunks; /* a block is n_chunks chunks side by side */
    unsigned char *block;                       /* (block_rows x n_columns) */
    uint64_t *places;                           /* of the unfinished block's chunks; 0: none */
    size_t n_whole;                             /* rows in finished blocks */
    size_t n_filled;                            /* rows in the block */
    size_t n_committed, n_flushed;
} series;

typedef struct hdf5 {
    cal_context *ctx;
    cali_store *store;
    cali_layout *layout;
    hid_t file, committed_attribute, stop_attribute, complete_attribute;
    series *series; /* signals: 2 i values, 2 i + 1 times; then trains: times, node ids */
    size_t n_series;
    size_t n_constants; /* that are in the file */
    unsigned index_k;
    unsigned char *chunk, *shuffled, *packed; /* scratch */
    size_t packed_size;
    cal_time committed, flushed;
    bool has_whole; /* a block was finished since the last flush */
    bool is_started, is_finished;
} hdf5;

static cal_status refuse(cali_failure *failure, const char *what)
{
    return cali_failure_set(failure, CAL_ERR_IO, "HDF5 refuses %s", what);
}

/* ---- blocks -----------------------------------------------------------------------------------
 */

static size_t chunk_size(const series *s)
{
    return s->block_rows * s->chunk_columns * s->value_size;
}

/* Chunk k of the block, as HDF5 wants it: whole, with zeros beyond the last row and column. */
static void gather(const series *s, size_t k, unsigned char *chunk)
{
    const size_t first = k * s->chunk_columns;
    const size_t n =
        s->n_columns - first < s->chunk_columns ? s->n_columns - first : s->chunk_columns;
    const size_t row = s->n_columns * s->value_size, chunk_row = s->chunk_columns * s->value_size;
    memset(chunk, 0, chunk_size(s));
    for (size_t i = 0; i < s->n_filled; i++)
        memcpy(chunk + i * chunk_row, s->block + i * row + first * s->value_size,
               n * s->value_size);
}

static bool extend(const series *s, size_t n_rows)
{
    const hsize_t size[2] = {n_rows, s->n_columns};
    return H5Dset_extent(s->dataset, size) >= 0;
}

/* Writes the rows of the unfinished block to its place, uncompressed. */
static cal_status write_unfinished(hdf5 *self, series *s, cali_failure *failure)
{
    for (size_t k = 0; k < s->n_chunks; k++) {
        const hsize_t offset[2] = {s->n_whole, k * s->chunk_columns};
        gather(s, k, self->chunk);
        cali_store_reuse(self->store, true);
        const herr_t error =
            H5Dwrite_chunk(s->dataset, H5P_DEFAULT, 3, offset, chunk_size(s), self->chunk);
        cali_store_reuse(self->store, false);
        if (error < 0)
            return refuse(failure, "a chunk");
        if (s->places[k] == 0)
            s->places[k] = cali_store_last_block(self->store);
    }
    return CAL_OK;
}

/* Writes the block for good, compressed if that makes it smaller, and begins the next. */
static cal_status write_finished(hdf5 *self, series *s, cali_failure *failure)
{
    if (!extend(s, s->n_whole + s->n_filled))
        return refuse(failure, "more rows");
    const size_t size = chunk_size(s);
    for (size_t k = 0; k < s->n_chunks; k++) {
        const hsize_t offset[2] = {s->n_whole, k * s->chunk_columns};
        gather(s, k, self->chunk);
        size_t n_packed = self->packed_size;
        const bool is_smaller = cali_pack(self->chunk, size / s->value_size, s->value_size, self->shuffled, self->packed,
                                          &n_packed);
        const herr_t error =
            is_smaller ? H5Dwrite_chunk(s->dataset, H5P_DEFAULT, 0, offset, n_packed, self->packed)
                       : H5Dwrite_chunk(s->dataset, H5P_DEFAULT, 3, offset, size, self->chunk);
        if (error < 0)
            return refuse(failure, "a chunk");
        if (s->places[k] != 0 && is_smaller)
            cali_store_release(self->store, s->places[k], size);
        s->places[k] = 0;
    }
    s->n_whole += s->n_filled;
    s->n_filled = 0;
    self->has_whole = true;
    return CAL_OK;
}

/* Room for rows in the block; never 0. */
static size_t room(const series *s)
{
    return s->block_rows - s->n_filled;
}

static unsigned char *end_of(const series *s)
{
    return s->block + s->n_filled * s->n_columns * s->value_size;
}

static cal_status advance(hdf5 *self, series *s, size_t n_rows, cali_failure *failure)
{
    s->n_filled += n_rows;
    return s->n_filled == s->block_rows ? write_finished(self, s, failure) : CAL_OK;
}

/* ---- appending --------------------------------------------------------------------------------
 */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static cal_status append_values(hdf5 *self, series *s, size_t n_rows, const double *values,
                                cali_failure *failure)
{
    while (n_rows > 0) {
        const size_t n = smaller(n_rows, room(s)), n_values = n * s->n_columns;
        if (s->value_size == sizeof(double)) {
            memcpy(end_of(s), values, n_values * sizeof *values);
        } else {
            float *to = (float *)(void *)end_of(s);
            for (size_t i = 0; i < n_values; i++)
                to[i] = (float)values[i];
        }
        CAL_TRY(advance(self, s, n, failure));
        values += n_values;
        n_rows -= n;
    }
    return CAL_OK;
}

/* Times of the samples j = `first` ... of a signal. */
static cal_status append_samples(hdf5 *self, series *s, const cali_rec_signal *signal, size_t first,
                                 size_t n_rows, cali_failure *failure)
{
    while (n_rows > 0) {
        const size_t n = smaller(n_rows, room(s));
        double *to = (double *)(void *)end_of(s);
        for (size_t i = 0; i < n; i++)
            to[i] = cal_time_ms(signal->t_first + (cal_time)(first + i) * signal->every);
        CAL_TRY(advance(self, s, n, failure));
        first += n;
        n_rows -= n;
    }
    return CAL_OK;
}

static cal_status append(void *sink, size_t signal, size_t n_rows, const double *rows,
                         cali_failure *failure)
{
    hdf5 *self = sink;
    cali_rec_signal *facts = &self->layout->signals[signal];
    CAL_TRY(append_values(self, &self->series[2 * signal], n_rows, rows, failure));
    CAL_TRY(
        append_samples(self, &self->series[2 * signal + 1], facts, facts->n_rows, n_rows, failure));
    facts->n_rows += n_rows;
    return CAL_OK;
}

static cal_status append_spikes(void *sink, size_t train, size_t n_spikes, const cal_time *times,
                                const uint32_t *ids, cali_failure *failure)
{
    hdf5 *self = sink;
    series *t = &self->series[2 * (self->layout->n_signals + train)], *id = t + 1;
    self->layout->trains[train].n_spikes += n_spikes;
    while (n_spikes > 0) { /* both have blocks of the same length */
        const size_t n = smaller(n_spikes, room(t));
        double *to = (double *)(void *)end_of(t);
        uint64_t *to_id = (uint64_t *)(void *)end_of(id);
        for (size_t i = 0; i < n; i++) {
            to[i] = cal_time_ms(times[i]);
            to_id[i] = ids[i];
        }
        CAL_TRY(advance(self, t, n, failure));
        CAL_TRY(advance(self, id, n, failure));
        times += n;
        ids += n;
        n_spikes -= n;
    }
    return CAL_OK;
}

/* ---- flushing ---------------------------------------------------------------------------------
 */

static cal_status write_state(hdf5 *self, bool is_complete, cali_failure *failure)
{
    const int64_t t = self->committed;
    const double t_ms = cal_time_ms(t);
    const int32_t complete = is_complete;
    if (H5Awrite(self->committed_attribute, H5T_NATIVE_INT64, &t) < 0 ||
        H5Awrite(self->stop_attribute, H5T_NATIVE_DOUBLE, &t_ms) < 0 ||
        H5Awrite(self->complete_attribute, H5T_NATIVE_INT32, &complete) < 0 ||
        H5Fflush(self->file, H5F_SCOPE_LOCAL) < 0)
        return refuse(failure, "to flush");
    return CAL_OK;
}

/* What the user reads when the disk is full ends with what is safe. */
static cal_status add_safe_time(cal_time safe, cali_failure *failure)
{
    const size_t n = strlen(failure->text);
    snprintf(failure->text + n, sizeof failure->text - n, "; the file holds all up to %g ms",
             cal_time_ms(safe));
    return failure->status;
}

static cal_status commit_store(hdf5 *self, cali_failure *failure)
{
    const cal_status status = cali_store_commit(self->store, failure);
    if (status != CAL_OK)
        return add_safe_time(self->flushed, failure);
    self->flushed = self->committed;
    return CAL_OK;
}

static cal_status flush(void *sink, cali_failure *failure)
{
    hdf5 *self = sink;
    const cali_h5_voice voice = cali_h5_silence();
    cal_status status = CAL_OK;
    for (size_t i = 0; status == CAL_OK && i < self->n_series; i++) {
        series *s = &self->series[i];
        if (s->n_committed <= s->n_flushed)
            continue;
        if (s->n_committed > s->n_whole) {
            if (!extend(s, s->n_committed))
                status = refuse(failure, "more rows");
            else
                status = write_unfinished(self, s, failure);
        }
        s->n_flushed = s->n_committed;
    }
    if (status == CAL_OK)
        status = write_state(self, false, failure);
    if (status == CAL_OK)
        status = commit_store(self, failure);
    self->has_whole = false;
    cali_h5_restore(voice);
    return status;
}

/* Gives the unfinished blocks their places: here, and not when they are flushed, so that the file
 * does not depend on the time of flushes. */
static cal_status commit(void *sink, cal_time t, bool *is_flushed, cali_failure *failure)
{
    hdf5 *self = sink;
    self->committed = t;
    for (size_t i = 0; i < self->n_series; i++) {
        series *s = &self->series[i];
        s->n_committed = s->n_whole + s->n_filled;
        if (s->n_filled == 0 || s->places[0] != 0)
            continue;
        if (!extend(s, s->n_committed))
            return refuse(failure, "more rows");
        CAL_TRY(write_unfinished(self, s, failure));
    }
    *is_flushed = self->has_whole;
    return self->has_whole ? flush(self, failure) : CAL_OK;
}

/* ---- the layout: groups, datasets, axes --------------------------------------------------------
 */

static size_t power_of_two_above(size_t n)
{
    size_t p = 1;
    while (p < n)
        p *= 2;
    return p;
}

/* Shapes the chunks: near CHUNK_VALUES values, columns cut evenly, rows a power of two and no more
 * than the whole run has. A region's trace then needs one chunk in CHUNK_COLUMNS columns, a moment
 * of all regions one row of chunks. */
static void shape(series *s, size_t n_rows, size_t n_values)
{
    const size_t n_parts = (s->n_columns + CHUNK_COLUMNS - 1) / CHUNK_COLUMNS;
    s->chunk_columns = (s->n_columns + n_parts - 1) / n_parts;
    s->n_chunks = (s->n_columns + s->chunk_columns - 1) / s->chunk_columns;
    s->block_rows = 16;
    while (2 * s->block_rows * s->chunk_columns <= n_values)
        s->block_rows *= 2;
    const size_t enough = power_of_two_above(n_rows < 16 ? 16 : n_rows);
    s->block_rows = enough < s->block_rows ? enough : s->block_rows;
}

/* Creates the dataset of a series whose columns and value size are set. */
static bool make_series(hdf5 *self, hid_t parent, const char *name, hid_t type, series *s, int rank)
{
    const hsize_t size[2] = {0, s->n_columns}, limit[2] = {H5S_UNLIMITED, s->n_columns};
    const hsize_t chunk[2] = {s->block_rows, s->chunk_columns};
    const hid_t space = H5Screate_simple(rank, size, limit);
    const hid_t properties = cali_h5_timeless(H5P_DATASET_CREATE);
    H5Pset_chunk(properties, rank, chunk);
    H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER);
    H5Pset_shuffle(properties);
    H5Pset_deflate(properties, CALI_PACK_LEVEL);
    s->dataset = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    H5Pclose(properties);
    H5Sclose(space);
    const size_t row = s->n_columns * s->value_size;
    self->packed_size = chunk_size(s) > self->packed_size ? chunk_size(s) : self->packed_size;
    return s->dataset >= 0 &&
           cali_alloc(self->ctx, s->block_rows, row, "recorder's block", &s->block) == CAL_OK &&
           cali_alloc(self->ctx, s->n_chunks, sizeof *s->places, "recorder's block", &s->places) ==
               CAL_OK;
}

/* Those that are not in the file yet. */
static bool write_constants(hdf5 *self)
{
    for (; self->n_constants < self->layout->n_constants; self->n_constants++) {
        const cali_rec_constant *c = &self->layout->constants[self->n_constants];
        if (!cali_h5_make_groups_above(self->file, c->path))
            return false;
        const hsize_t size[2] = {c->n_rows, c->n_columns};
        hid_t id = -1;
        if (c->texts != NULL)
            id = cali_h5_write_texts(self->file, c->path, c->n_rows, c->texts);
        else
            id = cali_h5_write_constant(self->file, c->path, H5T_NATIVE_DOUBLE, 2, size, c->values);
        if (id < 0 || (c->texts == NULL && !cali_h5_add_text(id, "units", c->unit)))
            return false;
        H5Dclose(id);
    }
    return true;
}

/* The axis of a signal's columns, made with the first signal that names it. */
static bool attach_columns(hdf5 *self, const cali_rec_signal *signal, const series *s)
{
    hid_t axis = -1;
    if (H5Lexists(self->file, signal->axis, H5P_DEFAULT) > 0) {
        axis = H5Dopen2(self->file, signal->axis, H5P_DEFAULT);
    } else {
        axis = cali_h5_write_texts(self->file, signal->axis, signal->n_columns, signal->labels);
        if (axis >= 0 && H5DSset_scale(axis, signal->axis) < 0)
            return false;
    }
    const bool is_good = axis >= 0 && H5DSattach_scale(s->dataset, axis, 1) >= 0;
    if (axis >= 0)
        H5Dclose(axis);
    return is_good;
}

static bool make_signal(hdf5 *self, size_t index)
{
    const cali_rec_signal *signal = &self->layout->signals[index];
    series *s = &self->series[2 * index], *times = s + 1;
    const size_t n_rows =
        cali_layout_rows_until(signal->t_first, signal->every, self->layout->duration);
    const int64_t grid[2] = {signal->t_first, signal->every};
    const uint32_t order = (uint32_t)index;
    char name[256];
    snprintf(name, sizeof name, "time_%s", signal->name);

    s->n_columns = signal->n_columns;
    s->value_size = signal->is_float32 ? sizeof(float) : sizeof(double);
    shape(s, n_rows, CHUNK_VALUES);
    times->n_columns = 1;
    times->value_size = sizeof(double);
    shape(times, n_rows, SERIES_VALUES);
    return make_series(self, self->file, signal->name,
                       signal->is_float32 ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE, s, 2) &&
           make_series(self, self->file, name, H5T_NATIVE_DOUBLE, times, 1) &&
           cali_h5_add_text(times->dataset, "units", "ms") &&
           cali_h5_add_text(times->dataset, "long_name", "simulated time") &&
           H5DSset_scale(times->dataset, name) >= 0 &&
           cali_h5_add_text(s->dataset, "units", signal->unit) &&
           cali_h5_add_text(s->dataset, "long_name", signal->long_name) &&
           cali_h5_add_text(s->dataset, "columns", signal->axis) &&
           (signal->monitor == NULL || cali_h5_add_text(s->dataset, "monitor", signal->monitor)) &&
           cali_h5_add_attribute(s->dataset, "order", H5T_NATIVE_UINT32, &order) &&
           cali_h5_add_attribute(s->dataset, "t_first_ns", H5T_NATIVE_INT64, &grid[0]) &&
           cali_h5_add_attribute(s->dataset, "every_ns", H5T_NATIVE_INT64, &grid[1]) &&
           H5DSattach_scale(s->dataset, times->dataset, 0) >= 0 && attach_columns(self, signal, s);
}

/* SONATA: the order of the spikes is an enumeration of one byte. */
static bool add_sorting(hid_t group)
{
    static const char *const names[] = {"none", "by_id", "by_time"};
    const hid_t type = H5Tenum_create(H5T_NATIVE_UINT8);
    bool is_good = type >= 0;
    for (uint8_t i = 0; is_good && i < 3; i++)
        is_good = H5Tenum_insert(type, names[i], &i) >= 0;
    const uint8_t by_time = 2;
    is_good = is_good && cali_h5_add_attribute(group, "sorting", type, &by_time);
    H5Tclose(type);
    return is_good;
}

static bool make_train(hdf5 *self, hid_t parent, size_t index)
{
    const cali_rec_train *train = &self->layout->trains[index];
    series *t = &self->series[2 * (self->layout->n_signals + index)], *id = t + 1;
    const uint32_t order = (uint32_t)index;
    char name[512];
    snprintf(name, sizeof name, "%s.%s", train->region, train->population);
    const hid_t group = cali_h5_make_group(parent, name);
    t->n_columns = id->n_columns = 1;
    t->value_size = sizeof(double);
    id->value_size = sizeof(uint64_t);
    /* short chunks for few spikes, but never so short that a wrong guess costs much */
    const double n_expected = cali_layout_spikes(self->layout, train);
    const size_t n = n_expected < 512.0           ? 512
                     : n_expected > SERIES_VALUES ? SERIES_VALUES
                                                  : (size_t)n_expected;
    shape(t, n, SERIES_VALUES);
    shape(id, n, SERIES_VALUES);
    const bool is_good =
        group >= 0 && add_sorting(group) && cali_h5_add_text(group, "region", train->region) &&
        cali_h5_add_text(group, "population", train->population) &&
        cali_h5_add_attribute(group, "order", H5T_NATIVE_UINT32, &order) &&
        cali_h5_add_attribute(group, "n_neurons", H5T_NATIVE_UINT32, &train->n_neurons) &&
        cali_h5_add_attribute(group, "n_recorded", H5T_NATIVE_UINT32, &train->n_recorded) &&
        make_series(self, group, "timestamps", H5T_NATIVE_DOUBLE, t, 1) &&
        cali_h5_add_text(t->dataset, "units", "ms") &&
        make_series(self, group, "node_ids", H5T_NATIVE_UINT64, id, 1);
    if (group >= 0)
        H5Gclose(group);
    return is_good;
}

static bool make_state(hdf5 *self)
{
    const int32_t version = FORMAT_VERSION, no = 0;
    const int64_t none = 0;
    const double none_ms = 0.0, duration_ms = cal_time_ms(self->layout->duration);
    if (!cali_h5_add_text(self->file, "format", "callosum-run") ||
        !cali_h5_add_attribute(self->file, "format_version", H5T_NATIVE_INT32, &version) ||
        !cali_h5_add_text(self->file, "title", self->layout->title) ||
        !cali_h5_add_attribute(self->file, "duration_ms", H5T_NATIVE_DOUBLE, &duration_ms))
        return false;
    self->stop_attribute = cali_h5_make_attribute(self->file, "t_stop_ms", H5T_NATIVE_DOUBLE, &none_ms);
    self->committed_attribute = cali_h5_make_attribute(self->file, "committed_ns", H5T_NATIVE_INT64, &none);
    self->complete_attribute = cali_h5_make_attribute(self->file, "complete", H5T_NATIVE_INT32, &no);
    return self->stop_attribute >= 0 && self->committed_attribute >= 0 &&
           self->complete_attribute >= 0;
}

static hid_t make_file(hdf5 *self)
{
    const hid_t properties = cali_h5_timeless(H5P_FILE_CREATE);
    H5Pset_file_space_strategy(properties, H5F_FSPACE_STRATEGY_NONE, false, 1);
    H5Pset_istore_k(properties, self->index_k);
    const hid_t file = cali_store_create_file(self->store, properties);
    H5Pclose(properties);
    return file;
}

static bool make_layout(hdf5 *self)
{
    self->file = make_file(self);
    if (self->file < 0 || !make_state(self) || !write_constants(self))
        return false;
    for (size_t i = 0; i < self->layout->n_signals; i++)
        if (!make_signal(self, i))
            return false;
    const hid_t spikes = cali_h5_make_group(self->file, "spikes");
    bool is_good = spikes >= 0;
    for (size_t i = 0; is_good && i < self->layout->n_trains; i++)
        is_good = make_train(self, spikes, i);
    if (spikes >= 0)
        H5Gclose(spikes);
    return is_good;
}

/* ---- life -------------------------------------------------------------------------------------
 */

static cal_status create(cal_context *ctx, const cal_recorder_def *def, void **sink)
{
    hdf5 *self = NULL;
    if (def->path == NULL || def->path[0] == '\0')
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "the sink hdf5 needs the path of a file");
    CAL_TRY(cali_alloc(ctx, 1, sizeof *self, "recorder", &self));
    *sink = self;
    self->ctx = ctx;
    self->index_k = INDEX_K;
    self->file = self->committed_attribute = self->stop_attribute = self->complete_attribute = -1;
    return cali_store_create(ctx, def->path, &self->store);
}

static cal_status start(void *sink, cali_layout *layout, cali_failure *failure)
{
    hdf5 *self = sink;
    self->layout = layout;
    self->n_series = 2 * (layout->n_signals + layout->n_trains);
    if (cali_alloc(self->ctx, self->n_series, sizeof *self->series, "recorder", &self->series) !=
        CAL_OK)
        return cali_failure_set(failure, CAL_ERR_MEMORY, "no memory for the recorder");
    for (size_t i = 0; i < self->n_series; i++)
        self->series[i].dataset = -1;
    const cali_h5_voice voice = cali_h5_silence();
    cal_status status = CAL_OK;
    if (!make_layout(self))
        status = refuse(failure, "the layout of the recording");
    cali_h5_restore(voice);
    if (status == CAL_OK &&
        (cali_alloc(self->ctx, self->packed_size, 1, "recorder", &self->chunk) != CAL_OK ||
         cali_alloc(self->ctx, self->packed_size, 1, "recorder", &self->shuffled) != CAL_OK ||
         cali_alloc(self->ctx, self->packed_size, 1, "recorder", &self->packed) != CAL_OK))
        status = cali_failure_set(failure, CAL_ERR_MEMORY, "no memory for the recorder");
    if (status == CAL_OK)
        status = flush(self, failure);
    self->is_started = status == CAL_OK;
    return status;
}

static cal_status move(void *sink, const char *path)
{
    return cali_store_move(((hdf5 *)sink)->store, path);
}

static void close_file(hdf5 *self)
{
    const cali_h5_voice voice = cali_h5_silence();
    for (size_t i = 0; self->series != NULL && i < self->n_series; i++) {
        if (self->series[i].dataset >= 0)
            H5Dclose(self->series[i].dataset);
        self->series[i].dataset = -1;
    }
    if (self->committed_attribute >= 0)
        H5Aclose(self->committed_attribute);
    if (self->stop_attribute >= 0)
        H5Aclose(self->stop_attribute);
    if (self->complete_attribute >= 0)
        H5Aclose(self->complete_attribute);
    if (self->file >= 0)
        H5Fclose(self->file);
    self->file = self->committed_attribute = self->stop_attribute = self->complete_attribute = -1;
    cali_h5_restore(voice);
}

/* The unfinished blocks are compressed, too. Space that is left over is zeroed after that state is
 * in the file. */
static cal_status finish(void *sink, cali_failure *failure)
{
    hdf5 *self = sink;
    const cali_h5_voice voice = cali_h5_silence();
    cal_status status = CAL_OK;
    for (size_t i = 0; status == CAL_OK && i < self->n_series; i++)
        if (self->series[i].n_filled > 0)
            status = write_finished(self, &self->series[i], failure);
    if (status == CAL_OK && !write_constants(self))
        status = refuse(failure, "the results");
    if (status == CAL_OK)
        status = write_state(self, true, failure);
    close_file(self);
    cali_h5_restore(voice);
    if (status == CAL_OK)
        status = commit_store(self, failure);
    if (status == CAL_OK) {
        cali_store_clean(self->store);
        status = commit_store(self, failure);
    }
    if (status == CAL_OK)
        status = cali_store_seal(self->store, failure);
    self->is_finished = status == CAL_OK;
    return status;
}

/* Without finish() the file stays as the last flush left it; without a start it goes. */
static void destroy(void *sink)
{
    hdf5 *self = sink;
    close_file(self);
    cali_store_destroy(&self->store, !self->is_started);
    for (size_t i = 0; self->series != NULL && i < self->n_series; i++) {
        free(self->series[i].block);
        free(self->series[i].places);
    }
    free(self->series);
    free(self->chunk);
    free(self->shuffled);
    free(self->packed);
    free(self);
}

void cali_sink_hdf5_set_index(void *sink, unsigned k)
{
    ((hdf5 *)sink)->index_k = k;
}

cali_store *cali_sink_hdf5_store(void *sink)
{
    return ((hdf5 *)sink)->store;
}

const cali_sink cali_sink_hdf5 = {.name = "hdf5",
                                  .has_thread = true,
                                  .create = create,
                                  .start = start,
                                  .append = append,
                                  .append_spikes = append_spikes,
                                  .commit = commit,
                                  .flush = flush,
                                  .move = move,
                                  .finish = finish,
                                  .destroy = destroy};
