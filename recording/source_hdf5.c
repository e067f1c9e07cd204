/* Reads a run.h5: a finished one, one that a killed run left, or one that is being written. Nothing
 * in the file is believed: links lead nowhere else, types, shapes, filters and sizes are checked
 * before anything is allocated, and rows behind the last committed window are not shown. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "recording/hdf5.h"
#include "recording/parts.h"

enum {
    LONGEST_TEXT = 4096,
    MOST_PARTS = 100000,      /* signals, trains */
    LARGEST_CHUNK = 64 << 20, /* bytes */
    PAGE = 4096,
    MOST_TRIES = 40 /* to see a file that is being written between two commits */
};

/* Deflate packs at most 1032 to 1. What claims to be larger than that is not in the file. */
#define LARGEST_RATIO 1100.0

typedef struct source {
    cal_context *ctx;
    char *path;
    double file_size;
    struct timespec changed; /* when the file was, as it was opened */
    hid_t file;
    hid_t *signals;     /* dataset per signal */
    hid_t *times, *ids; /* datasets per train */
    size_t n_signals, n_trains;
    bool is_complete;
    haddr_t root; /* address of the root group's header, which each commit writes last */
    unsigned char root_page[PAGE];
} source;

static cal_status broken(const source *self, const char *what, const char *name)
{
    return CAL_FAIL(self->ctx, CAL_ERR_INPUT, "%s is no run of callosum, or broken: %s%s%s",
                    self->path, name, name[0] == '\0' ? "" : " ", what);
}

/* ---- attributes -------------------------------------------------------------------------------
 */

/* Opens a scalar attribute whose type is of the class and at most `size` bytes; negative if not. */
static hid_t open_attribute(hid_t object, const char *name, H5T_class_t class, size_t size)
{
    if (H5Aexists(object, name) <= 0)
        return -1;
    const hid_t id = H5Aopen(object, name, H5P_DEFAULT);
    if (id < 0)
        return -1;
    const hid_t space = H5Aget_space(id), type = H5Aget_type(id);
    const bool is_good = space >= 0 && type >= 0 && H5Sget_simple_extent_npoints(space) == 1 &&
                         H5Tget_class(type) == class && H5Tget_size(type) <= size &&
                         (class != H5T_STRING || H5Tis_variable_str(type) == 0);
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    if (!is_good) {
        H5Aclose(id);
        return -1;
    }
    return id;
}

static bool get_integer(hid_t object, const char *name, int64_t *value)
{
    const hid_t id = open_attribute(object, name, H5T_INTEGER, 8);
    if (id < 0)
        return false;
    const bool is_good = H5Aread(id, H5T_NATIVE_INT64, value) >= 0;
    H5Aclose(id);
    return is_good;
}

/* The text behind an attribute; `*text` is released with free(). */
static bool get_text(const source *self, hid_t object, const char *name, char **text)
{
    *text = NULL;
    const hid_t id = open_attribute(object, name, H5T_STRING, LONGEST_TEXT);
    if (id < 0)
        return false;
    const hid_t type = H5Aget_type(id);
    bool is_good = type >= 0 &&
                   cali_alloc(self->ctx, H5Tget_size(type) + 1, 1, "text", text) == CAL_OK &&
                   H5Aread(id, type, *text) >= 0;
    if (type >= 0)
        H5Tclose(type);
    H5Aclose(id);
    if (!is_good) {
        free(*text);
        *text = NULL;
    }
    return is_good;
}

/* ---- objects ----------------------------------------------------------------------------------
 */

/* Whether each part of the path is a hard link, so that it leads to this file and has an end. */
static bool is_hard(hid_t at, const char *path)
{
    char part[512];
    for (const char *end = path; *end != '\0';) {
        end += strcspn(end, "/");
        const size_t n = (size_t)(end - path);
        if (n == 0 || n >= sizeof part)
            return false;
        memcpy(part, path, n);
        part[n] = '\0';
        H5L_info_t info;
        if (H5Lexists(at, part, H5P_DEFAULT) <= 0 ||
            H5Lget_info(at, part, &info, H5P_DEFAULT) < 0 || info.type != H5L_TYPE_HARD)
            return false;
        end += *end == '/';
    }
    return path[0] != '\0';
}

/* Storage inside this file, chunks of sane size, and no filters but our own. */
static bool has_plain_storage(hid_t dataset, int rank)
{
    const hid_t p = H5Dget_create_plist(dataset);
    if (p < 0)
        return false;
    const H5D_layout_t layout = H5Pget_layout(p);
    bool is_good = H5Pget_external_count(p) == 0 && layout != H5D_VIRTUAL && layout >= 0;
    const int n_filters = layout == H5D_CHUNKED ? H5Pget_nfilters(p) : 0;
    is_good = is_good && n_filters >= 0 && n_filters <= 4;
    for (int i = 0; is_good && i < n_filters; i++) {
        unsigned flags = 0, config = 0;
        size_t n_values = 0;
        const H5Z_filter_t filter =
            H5Pget_filter2(p, (unsigned)i, &flags, &n_values, NULL, 0, NULL, &config);
        is_good = filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE ||
                  filter == H5Z_FILTER_FLETCHER32;
    }
    if (is_good && layout == H5D_CHUNKED) {
        hsize_t chunk[2] = {0, 1};
        double bytes = 8.0;
        is_good = H5Pget_chunk(p, rank, chunk) == rank;
        for (int i = 0; i < rank; i++)
            bytes *= (double)chunk[i];
        is_good = is_good && bytes > 0.0 && bytes <= LARGEST_CHUNK;
    }
    H5Pclose(p);
    return is_good;
}

/* What is known of a dataset before it is read. */
typedef struct facts {
    int rank;
    hsize_t size[2];
    H5T_class_t class;
    size_t value_size;
    bool is_variable;
} facts;

static bool get_facts(hid_t dataset, facts *out)
{
    const hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    *out = (facts){.size = {0, 1}};
    bool is_good = space >= 0 && type >= 0 && H5Sis_simple(space) > 0;
    out->rank = is_good ? H5Sget_simple_extent_ndims(space) : -1;
    is_good = is_good && (out->rank == 1 || out->rank == 2) &&
              H5Sget_simple_extent_dims(space, out->size, NULL) == out->rank;
    if (is_good) {
        out->class = H5Tget_class(type);
        out->value_size = H5Tget_size(type);
        out->is_variable = out->class == H5T_STRING && H5Tis_variable_str(type) != 0;
    }
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    return is_good;
}

/* Opens a dataset that may be read; negative if it is absent or not to be trusted. */
static hid_t open_dataset(const source *self, hid_t at, const char *path, facts *out)
{
    if (!is_hard(at, path))
        return -1;
    H5O_info_t info;
    if (H5Oget_info_by_name(at, path, &info, H5P_DEFAULT) < 0 || info.type != H5O_TYPE_DATASET)
        return -1;
    const hid_t id = H5Dopen2(at, path, H5P_DEFAULT);
    if (id < 0)
        return -1;
    const bool is_number = get_facts(id, out) && out->value_size <= 8 &&
                           (out->class == H5T_FLOAT || out->class == H5T_INTEGER);
    const bool is_text = out->class == H5T_STRING && out->is_variable && out->rank == 1;
    const double bytes = (double)out->size[0] * (double)out->size[1] * (double)out->value_size;
    const double limit = (is_text ? 1.0 : LARGEST_RATIO) * self->file_size;
    if ((!is_number && !is_text) || out->rank < 1 || bytes > limit ||
        !has_plain_storage(id, out->rank)) {
        H5Dclose(id);
        return -1;
    }
    return id;
}

/* ---- texts --------------------------------------------------------------------------------------
 */

/* A list of texts is a block of references of 16 bytes (length, address, index) to objects of heap
 * collections: "GCOL", version, size, then objects (index, references, reserved, size, bytes). They
 * are read here and not by the library, whose loop over a broken collection never ends. See "HDF5
 * File Format Specification", version 3.0, III.E "Disk Format: Level 1E - Global Heap". */
enum { REFERENCE_SIZE = 16, HEAP_HEAD = 16, OBJECT_HEAD = 16, LARGEST_HEAP = 1 << 20 };

typedef struct heap {
    int file;
    uint64_t address; /* of the collection in `bytes`; 0: none */
    size_t size;
    unsigned char *bytes; /* LARGEST_HEAP */
} heap;

static uint64_t little_endian(const unsigned char *bytes, size_t n)
{
    uint64_t x = 0;
    for (size_t i = n; i > 0; i--)
        x = x << 8 | bytes[i - 1];
    return x;
}

static bool read_at(int file, uint64_t at, size_t size, unsigned char *bytes)
{
    return at <= INT64_MAX - size && pread(file, bytes, size, (off_t)at) == (ssize_t)size;
}

static bool load_heap(heap *h, uint64_t address)
{
    if (address == h->address && address != 0)
        return true;
    h->address = 0;
    if (!read_at(h->file, address, HEAP_HEAD, h->bytes) || memcmp(h->bytes, "GCOL\1", 5) != 0)
        return false;
    const uint64_t size = little_endian(h->bytes + 8, 8);
    if (size < HEAP_HEAD || size > LARGEST_HEAP ||
        !read_at(h->file, address, (size_t)size, h->bytes))
        return false;
    h->address = address;
    h->size = (size_t)size;
    return true;
}

/* The object of a collection, or NULL. */
static const unsigned char *find_object(const heap *h, uint64_t index, size_t *size)
{
    for (size_t at = HEAP_HEAD; at + OBJECT_HEAD <= h->size;) {
        const uint64_t found = little_endian(h->bytes + at, 2);
        const uint64_t n = little_endian(h->bytes + at + 8, 8);
        if (found == 0 || n > h->size - at - OBJECT_HEAD)
            return NULL; /* the free rest, or nonsense */
        *size = (size_t)n;
        if (found == index)
            return h->bytes + at + OBJECT_HEAD;
        at += OBJECT_HEAD + (size_t)(n + 7) / 8 * 8;
    }
    return NULL;
}

static cal_status read_text(const source *self, heap *h, const unsigned char *reference,
                            char **text)
{
    const uint64_t length = little_endian(reference, 4), address = little_endian(reference + 4, 8);
    size_t size = 0;
    const unsigned char *bytes = NULL;
    if (length > 0) {
        bytes =
            load_heap(h, address) ? find_object(h, little_endian(reference + 12, 4), &size) : NULL;
        if (bytes == NULL || length > size || length > LONGEST_TEXT)
            return broken(self, "cannot be read", "a list of texts");
    }
    CAL_TRY(cali_alloc(self->ctx, (size_t)length + 1, 1, "text", text));
    if (length > 0)
        memcpy(*text, bytes, (size_t)length);
    return CAL_OK;
}

/* Reads the texts that `references` lead to. */
static cal_status follow(const source *self, heap *h, const unsigned char *references, size_t n,
                         char **texts)
{
    double n_bytes = 0.0;
    for (size_t i = 0; i < n; i++) {
        CAL_TRY(read_text(self, h, references + i * REFERENCE_SIZE, &texts[i]));
        n_bytes += (double)strlen(texts[i]);
        /* many may lead to one text, but no honest list is larger than this */
        if (n_bytes > 1e6 + 100.0 * self->file_size)
            return broken(self, "cannot be read", "a list of texts");
    }
    return CAL_OK;
}

static cal_status read_references(const source *self, hid_t dataset, size_t n, heap *h,
                                  unsigned char *references, char **texts)
{
    const haddr_t offset = n == 0 ? 0 : H5Dget_offset(dataset);
    if (n > 0 && (offset == HADDR_UNDEF || H5Dget_storage_size(dataset) != n * REFERENCE_SIZE ||
                  !read_at(h->file, offset, n * REFERENCE_SIZE, references)))
        return broken(self, "cannot be read", "a list of texts");
    return follow(self, h, references, n, texts);
}

static cal_status read_text_list(const source *self, hid_t dataset, const facts *f, char ***texts)
{
    const size_t n = (size_t)f->size[0];
    unsigned char *references = NULL;
    heap h = {.file = open(self->path, O_RDONLY | O_CLOEXEC)};
    cal_status status = CAL_OK;
    if (h.file < 0)
        status = CAL_FAIL(self->ctx, CAL_ERR_IO, "cannot open %s: %s", self->path, strerror(errno));
    if (status == CAL_OK)
        status = cali_alloc(self->ctx, n, REFERENCE_SIZE, "texts", &references);
    if (status == CAL_OK)
        status = cali_alloc(self->ctx, LARGEST_HEAP, 1, "texts", &h.bytes);
    if (status == CAL_OK)
        status = cali_alloc(self->ctx, n, sizeof **texts, "texts", texts);
    if (status == CAL_OK)
        status = read_references(self, dataset, n, &h, references, *texts);
    if (status != CAL_OK) {
        cali_texts_free(n, *texts);
        *texts = NULL;
    }
    free(references);
    free(h.bytes);
    if (h.file >= 0)
        close(h.file);
    return status;
}

/* Rows first .. first + n - 1 as numbers of the given type. */
static cal_status read_rows(const source *self, hid_t dataset, hid_t type, size_t first, size_t n,
                            size_t n_columns, int rank, void *values)
{
    const hsize_t start[2] = {first, 0}, size[2] = {n, n_columns};
    const cali_h5_voice voice = cali_h5_silence();
    const hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(rank, size, NULL);
    const bool is_good = space >= 0 && memory >= 0 &&
                         H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, size, NULL) >= 0 &&
                         H5Dread(dataset, type, memory, space, H5P_DEFAULT, values) >= 0;
    if (space >= 0)
        H5Sclose(space);
    if (memory >= 0)
        H5Sclose(memory);
    cali_h5_restore(voice);
    if (!is_good)
        return CAL_FAIL(self->ctx, CAL_ERR_INPUT,
                        "cannot read rows %zu to %zu of %s: broken chunks", first, first + n - 1,
                        self->path);
    return CAL_OK;
}

/* ---- finding the parts ------------------------------------------------------------------------
 */

/* Names of the links of a group, and where each stands among its like. */
typedef struct names {
    const source *self;
    char **items;
    int64_t *orders;
    size_t n, capacity, order_capacity;
    bool is_hard;
} names;

static herr_t add_name(hid_t group, const char *name, const H5L_info_t *info, void *user)
{
    (void)group;
    names *list = user;
    if (info->type != H5L_TYPE_HARD) {
        list->is_hard = false;
        return 1;
    }
    if (list->n >= MOST_PARTS || strlen(name) > LONGEST_TEXT ||
        cali_reserve(list->self->ctx, list->n + 1, sizeof *list->items, &list->items,
                     &list->capacity) != CAL_OK ||
        cali_reserve(list->self->ctx, list->n + 1, sizeof *list->orders, &list->orders,
                     &list->order_capacity) != CAL_OK ||
        cali_copy_text(list->self->ctx, name, &list->items[list->n]) != CAL_OK)
        return -1;
    list->orders[list->n++] = 0;
    return 0;
}

static void free_names(names *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i]);
    free(list->items);
    free(list->orders);
}

/* Keeps the names whose object has the attributes of a part, in the order of recording. */
static void keep_parts(hid_t group, names *list, const char *mark)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        const hid_t object = H5Oopen(group, list->items[i], H5P_DEFAULT);
        int64_t order = 0, value = 0;
        const bool is_part = object >= 0 && get_integer(object, mark, &value) &&
                             get_integer(object, "order", &order);
        if (object >= 0)
            H5Oclose(object);
        if (!is_part) {
            free(list->items[i]);
            continue;
        }
        char *name = list->items[i];
        size_t k = n++;
        for (; k > 0 && list->orders[k - 1] > order; k--) {
            list->items[k] = list->items[k - 1];
            list->orders[k] = list->orders[k - 1];
        }
        list->items[k] = name;
        list->orders[k] = order;
    }
    list->n = n;
}

static cal_status list_parts(const source *self, hid_t group, const char *mark, names *list)
{
    *list = (names){.self = self, .is_hard = true};
    if (H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, add_name, list) < 0)
        return broken(self, "cannot be listed", "a group");
    if (!list->is_hard)
        return broken(self, "leads elsewhere", "a link");
    keep_parts(group, list, mark);
    return CAL_OK;
}

/* ---- signals ----------------------------------------------------------------------------------
 */

static cal_status open_labels(const source *self, cali_rec_signal *signal)
{
    facts f;
    const hid_t id = open_dataset(self, self->file, signal->axis, &f);
    if (id < 0 || f.class != H5T_STRING || f.size[0] != signal->n_columns) {
        if (id >= 0)
            H5Dclose(id);
        return broken(self, "does not fit its signal", signal->axis);
    }
    const cal_status status = read_text_list(self, id, &f, &signal->labels);
    H5Dclose(id);
    return status;
}

static cal_status open_signal(source *self, const char *name, cal_time committed,
                              cali_rec_signal *signal)
{
    facts f;
    const hid_t id = open_dataset(self, self->file, name, &f);
    if (id < 0 || f.rank != 2 || f.class != H5T_FLOAT || f.size[1] == 0) {
        if (id >= 0)
            H5Dclose(id);
        return broken(self, "is no signal", name);
    }
    self->signals[self->n_signals++] = id;
    CAL_TRY(cali_copy_text(self->ctx, name, &signal->name));
    if (!get_text(self, id, "units", &signal->unit) ||
        !get_text(self, id, "long_name", &signal->long_name) ||
        !get_text(self, id, "columns", &signal->axis) ||
        !get_integer(id, "t_first_ns", &signal->t_first) ||
        !get_integer(id, "every_ns", &signal->every) || signal->t_first < 0 || signal->every <= 0)
        return broken(self, "lacks attributes", name);
    get_text(self, id, "monitor", &signal->monitor); /* only what a monitor made has it */
    const size_t n_visible = cali_layout_rows_until(signal->t_first, signal->every, committed);
    signal->n_rows = f.size[0] < n_visible ? (size_t)f.size[0] : n_visible;
    signal->is_float32 = f.value_size == sizeof(float);
    /* the labels are freed by their number: it is set once they are there */
    signal->n_columns = (size_t)f.size[1];
    const cal_status status = open_labels(self, signal);
    if (status != CAL_OK)
        signal->n_columns = 0;
    return status;
}

static cal_status open_signals(source *self, cal_recording *out)
{
    names list;
    cali_layout *layout = &out->layout;
    cal_status status = list_parts(self, self->file, "every_ns", &list);
    if (status == CAL_OK)
        status =
            cali_alloc(self->ctx, list.n, sizeof *layout->signals, "signals", &layout->signals);
    if (status == CAL_OK)
        status = cali_alloc(self->ctx, list.n, sizeof *self->signals, "signals", &self->signals);
    for (size_t i = 0; status == CAL_OK && i < list.n; i++) {
        layout->n_signals = i + 1;
        status = open_signal(self, list.items[i], out->stop, &layout->signals[i]);
    }
    free_names(&list);
    return status;
}

/* ---- spikes -----------------------------------------------------------------------------------
 */

/* Spikes up to the last commit: the list is sorted, so those behind it are at its end. */
static cal_status count_committed(const source *self, hid_t times, cal_time committed, size_t *n)
{
    double last[256];
    while (*n > 0) {
        const size_t n_read = *n < 256 ? *n : 256;
        CAL_TRY(read_rows(self, times, H5T_NATIVE_DOUBLE, *n - n_read, n_read, 1, 1, last));
        for (size_t i = n_read; i > 0; i--) {
            if (last[i - 1] <= cal_time_ms(committed))
                return CAL_OK;
            --*n;
        }
    }
    return CAL_OK;
}

static cal_status fill_train(source *self, hid_t group, const char *name, cal_time committed,
                             cali_rec_train *train)
{
    facts times, ids;
    int64_t n_neurons = -1, n_recorded = -1;
    const hid_t t = open_dataset(self, group, "timestamps", &times);
    const hid_t id = open_dataset(self, group, "node_ids", &ids);
    self->times[self->n_trains] = t;
    self->ids[self->n_trains] = id;
    self->n_trains++;
    if (t < 0 || id < 0 || times.rank != 1 || ids.rank != 1 || times.class != H5T_FLOAT ||
        ids.class != H5T_INTEGER || !get_text(self, group, "region", &train->region) ||
        !get_text(self, group, "population", &train->population) ||
        !get_integer(group, "n_neurons", &n_neurons) ||
        !get_integer(group, "n_recorded", &n_recorded) || n_neurons < 0 || n_recorded < 0 ||
        n_neurons > UINT32_MAX || n_recorded > n_neurons)
        return broken(self, "is no group of spikes", name);
    train->n_neurons = (uint32_t)n_neurons;
    train->n_recorded = (uint32_t)n_recorded;
    train->n_spikes = (size_t)(times.size[0] < ids.size[0] ? times.size[0] : ids.size[0]);
    return count_committed(self, t, committed, &train->n_spikes);
}

static cal_status open_train(source *self, hid_t spikes, const char *name, cal_time committed,
                             cali_rec_train *train)
{
    const hid_t group = H5Gopen2(spikes, name, H5P_DEFAULT);
    if (group < 0)
        return broken(self, "is no group of spikes", name);
    const cal_status status = fill_train(self, group, name, committed, train);
    H5Gclose(group);
    return status;
}

static cal_status open_trains(source *self, cal_recording *out)
{
    if (!is_hard(self->file, "spikes"))
        return broken(self, "is missing", "spikes");
    const hid_t spikes = H5Gopen2(self->file, "spikes", H5P_DEFAULT);
    if (spikes < 0)
        return broken(self, "is no group", "spikes");
    names list;
    cali_layout *layout = &out->layout;
    cal_status status = list_parts(self, spikes, "n_neurons", &list);
    if (status == CAL_OK)
        status = cali_alloc(self->ctx, list.n, sizeof *layout->trains, "spikes", &layout->trains);
    if (status == CAL_OK)
        status = cali_alloc(self->ctx, list.n, sizeof *self->times, "spikes", &self->times);
    if (status == CAL_OK)
        status = cali_alloc(self->ctx, list.n, sizeof *self->ids, "spikes", &self->ids);
    for (size_t i = 0; status == CAL_OK && i < list.n; i++) {
        layout->n_trains = i + 1;
        status = open_train(self, spikes, list.items[i], out->stop, &layout->trains[i]);
    }
    free_names(&list);
    H5Gclose(spikes);
    return status;
}

static void close_all(hid_t *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] >= 0)
            H5Dclose(ids[i]);
    free(ids);
}

/* Closes everything and forgets it; the source can be closed or filled again. */
static void close_handles(source *self)
{
    const cali_h5_voice voice = cali_h5_silence();
    close_all(self->signals, self->n_signals);
    close_all(self->times, self->n_trains);
    close_all(self->ids, self->n_trains);
    if (self->file >= 0)
        H5Fclose(self->file);
    cali_h5_restore(voice);
    self->signals = self->times = self->ids = NULL;
    self->n_signals = self->n_trains = 0;
    self->file = -1;
}

/* ---- files that are being written ---------------------------------------------------------------
 */

/* The library reads a file piece by piece, and a commit may come in between. What it has read is
 * one state if the page with the root group's header, the last that a commit writes, is the same
 * before and after. Otherwise, or when it stumbles, the file is opened again. */
static void read_root_page(const source *self, unsigned char *page)
{
    memset(page, 0, PAGE);
    const int file = open(self->path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    ssize_t n = pread(file, page, PAGE, (off_t)(self->root / PAGE * PAGE));
    (void)n; /* what is not there is zero */
    close(file);
}

static bool has_changed(const source *self)
{
    unsigned char page[PAGE];
    read_root_page(self, page);
    return memcmp(page, self->root_page, PAGE) != 0;
}

static void wait_a_little(int n_tries)
{
    const struct timespec t = {.tv_nsec = 200000L * (n_tries + 1)};
    nanosleep(&t, NULL);
}

/* Exchanges the handles for those of the file as it is now. The old ones go first: the library
 * gives a file that it has open already as it has it in memory. */
static cal_status open_again(source *self)
{
    cal_recording now = {.ctx = self->ctx};
    const size_t n_signals = self->n_signals, n_trains = self->n_trains;
    close_handles(self);
    cal_status status = cali_hdf5_open(self->ctx, self->path, &now);
    source *other = now.self;
    if (status == CAL_OK && (other->n_signals != n_signals || other->n_trains != n_trains))
        status = broken(self, "it has become another", "");
    if (status == CAL_OK) {
        const source old = *self;
        *self = *other;
        *other = old;
    }
    if (other != NULL)
        now.source->close(other);
    cali_layout_clear(&now.layout);
    return status;
}

/* Whether what was read just now must be read again. Forgets the failure then. */
static bool must_repeat(source *self, bool was_clean, int n_tries, cal_status *status)
{
    if (self->is_complete || n_tries >= MOST_TRIES || (*status == CAL_OK && !has_changed(self)))
        return false;
    if (was_clean)
        cal_context_clear(self->ctx);
    wait_a_little(n_tries);
    *status = open_again(self);
    return *status == CAL_OK; /* else there are no handles: later reads say so */
}

/* ---- operations -------------------------------------------------------------------------------
 */

static cal_status source_read(void *object, size_t signal, size_t first, size_t n, double *rows)
{
    source *self = object;
    const bool was_clean = cal_context_status(self->ctx) == CAL_OK;
    cal_status status = CAL_OK;
    int n_tries = 0;
    do {
        facts f;
        if (signal >= self->n_signals || !get_facts(self->signals[signal], &f))
            return broken(self, "cannot be read", "a signal");
        status = read_rows(self, self->signals[signal], H5T_NATIVE_DOUBLE, first, n,
                           (size_t)f.size[1], 2, rows);
    } while (must_repeat(self, was_clean, n_tries++, &status));
    return status;
}

static cal_status source_read_spikes(void *object, size_t train, size_t first, size_t n,
                                     double *times_ms, uint32_t *ids)
{
    source *self = object;
    const bool was_clean = cal_context_status(self->ctx) == CAL_OK;
    cal_status status = CAL_OK;
    int n_tries = 0;
    do {
        if (train >= self->n_trains)
            return broken(self, "cannot be read", "a train of spikes");
        status = read_rows(self, self->times[train], H5T_NATIVE_DOUBLE, first, n, 1, 1, times_ms);
        if (status == CAL_OK)
            status = read_rows(self, self->ids[train], H5T_NATIVE_UINT32, first, n, 1, 1, ids);
    } while (must_repeat(self, was_clean, n_tries++, &status));
    return status;
}

static cal_status read_values(const source *self, hid_t id, const facts *f, const char *path,
                              double **values)
{
    const size_t n = (size_t)(f->size[0] * f->size[1]);
    CAL_TRY(cali_alloc(self->ctx, n, sizeof **values, path, values));
    if (n == 0)
        return CAL_OK;
    const cal_status status = read_rows(self, id, H5T_NATIVE_DOUBLE, 0, (size_t)f->size[0],
                                        (size_t)f->size[1], f->rank, *values);
    if (status != CAL_OK) {
        free(*values);
        *values = NULL;
    }
    return status;
}

static cal_status source_read_matrix(void *object, const char *path, size_t *n_rows,
                                     size_t *n_columns, double **values)
{
    const source *self = object;
    const cali_h5_voice voice = cali_h5_silence();
    cal_status status = CAL_OK;
    if (is_hard(self->file, path)) {
        facts f;
        const hid_t id = open_dataset(self, self->file, path, &f);
        if (id < 0 || f.class == H5T_STRING)
            status = broken(self, "is no matrix", path);
        else
            status = read_values(self, id, &f, path, values);
        if (id >= 0)
            H5Dclose(id);
        if (status == CAL_OK) {
            *n_rows = (size_t)f.size[0];
            *n_columns = (size_t)f.size[1];
        }
    }
    cali_h5_restore(voice);
    return status;
}

static cal_status source_read_texts(void *object, const char *path, size_t *n, char ***texts)
{
    const source *self = object;
    const cali_h5_voice voice = cali_h5_silence();
    cal_status status = CAL_OK;
    if (is_hard(self->file, path)) {
        facts f;
        const hid_t id = open_dataset(self, self->file, path, &f);
        if (id < 0 || f.class != H5T_STRING)
            status = broken(self, "is no list of texts", path);
        else
            status = read_text_list(self, id, &f, texts);
        if (id >= 0)
            H5Dclose(id);
        if (status == CAL_OK)
            *n = (size_t)f.size[0];
    }
    cali_h5_restore(voice);
    return status;
}

static void source_close(void *object)
{
    source *self = object;
    close_handles(self);
    free(self->path);
    free(self);
}

static const cali_source hdf5_source = {.read = source_read,
                                        .read_spikes = source_read_spikes,
                                        .read_matrix = source_read_matrix,
                                        .read_texts = source_read_texts,
                                        .close = source_close};

/* ---- opening ----------------------------------------------------------------------------------
 */

static cal_status look_at_file(source *self)
{
    const int file = open(self->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return CAL_FAIL(self->ctx, CAL_ERR_IO, "cannot open %s: %s", self->path, strerror(errno));
    struct stat s;
    const bool is_regular = fstat(file, &s) == 0 && S_ISREG(s.st_mode);
    close(file);
    if (!is_regular)
        return CAL_FAIL(self->ctx, CAL_ERR_IO, "cannot open %s: not a file", self->path);
    self->file_size = (double)s.st_size;
    self->changed = s.st_mtim;
    return CAL_OK;
}

/* Opens the file after the root page that it is compared with has been read: opening twice gives
 * the page's address. */
static cal_status open_file(source *self)
{
    for (int i = 0; i < 2; i++) {
        H5O_info_t info;
        self->file = H5Fopen(self->path, H5F_ACC_RDONLY, H5P_DEFAULT);
        if (self->file < 0 || H5Oget_info(self->file, &info) < 0)
            return broken(self, "HDF5 cannot open it", "");
        if (i == 1)
            break;
        H5Fclose(self->file);
        self->root = info.addr;
        read_root_page(self, self->root_page);
    }
    return CAL_OK;
}

static cal_status open_parts(source *self, cal_recording *out)
{
    char *format = NULL;
    CAL_TRY(open_file(self));
    const bool is_run =
        get_text(self, self->file, "format", &format) && strcmp(format, "callosum-run") == 0;
    free(format);
    int64_t version = 0, complete = 0;
    if (!is_run || !get_integer(self->file, "format_version", &version) ||
        !get_integer(self->file, "committed_ns", &out->stop) || out->stop < 0 ||
        !get_integer(self->file, "complete", &complete))
        return broken(self, "attributes are missing", "");
    if (version != 1)
        return CAL_FAIL(self->ctx, CAL_ERR_INPUT,
                        "%s has format version %lld; this program reads 1", self->path,
                        (long long)version);
    out->is_complete = self->is_complete = complete != 0;
    get_text(self, self->file, "title", &out->layout.title);
    CAL_TRY(open_signals(self, out));
    return open_trains(self, out);
}

static cal_status open_once(cal_context *ctx, const char *path, cal_recording *out)
{
    source *self = NULL;
    CAL_TRY(cali_alloc(ctx, 1, sizeof *self, "recording", &self));
    self->ctx = ctx;
    self->file = -1;
    out->source = &hdf5_source; /* closes whatever is open */
    out->self = self;
    CAL_TRY(cali_copy_text(ctx, path, &self->path));
    CAL_TRY(look_at_file(self));
    const cali_h5_voice voice = cali_h5_silence();
    const cal_status status = open_parts(self, out);
    cali_h5_restore(voice);
    return status;
}

/* Whether the file was written to since it was opened. */
static bool has_been_written(const source *self)
{
    struct stat s;
    return stat(self->path, &s) == 0 &&
           ((double)s.st_size != self->file_size || s.st_mtim.tv_sec != self->changed.tv_sec ||
            s.st_mtim.tv_nsec != self->changed.tv_nsec);
}

/* Whether another try may see more: a state between two commits, or a whole file at all. */
static bool is_worth_a_try(const source *self, cal_status status, int n_tries)
{
    if (self == NULL || self->path == NULL || n_tries >= MOST_TRIES)
        return false;
    if (status == CAL_OK)
        return !self->is_complete && has_changed(self);
    return status == CAL_ERR_INPUT && (n_tries < 2 || has_been_written(self));
}

cal_status cali_hdf5_open(cal_context *ctx, const char *path, cal_recording *out)
{
    const bool was_clean = cal_context_status(ctx) == CAL_OK;
    for (int n_tries = 0;; n_tries++) {
        const cal_status status = open_once(ctx, path, out);
        if (!is_worth_a_try(out->self, status, n_tries))
            return status;
        out->source->close(out->self);
        cali_layout_clear(&out->layout);
        out->source = NULL;
        out->self = NULL;
        if (was_clean)
            cal_context_clear(ctx);
        wait_a_little(n_tries);
    }
}
