#include "recording/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

enum { PAGE = 4096, BATCH = 64 }; /* pages that one write of raw data joins */

/* A page that differs from the file. */
typedef struct page {
    uint64_t number;
    int kind;        /* H5FD_mem_t of what it holds */
    bool is_dropped; /* nothing refers to it any more: not written */
    unsigned char *bytes;
} page;

typedef struct range {
    uint64_t address, size;
} range;

typedef struct ranges {
    range *items;
    size_t n, capacity;
} ranges;

/* Metadata of one kind is allocated from its own pages. */
typedef struct stream {
    uint64_t next, end;
} stream;
enum { STREAM_SUPER, STREAM_INDEX, STREAM_OTHER, N_STREAMS };

struct cali_store {
    cal_context *ctx;
    char *path;
    int file;
    uint64_t file_size;     /* bytes that the file has */
    uint64_t committed_end; /* end of the last valid state */
    uint64_t end;           /* end of allocated space */
    stream streams[N_STREAMS];
    ranges free, released;
    uint64_t last_block;
    bool reuses;    /* raw blocks may go into free space */
    bool is_broken; /* memory ran out inside a callback */
    bool is_failed; /* a commit has failed */
    page **table;   /* open addressing by page number; capacity is a power of two */
    size_t n_pages, table_capacity;
    page **list; /* the same pages, to be sorted */
    size_t list_capacity;
    page **spare; /* for use again */
    size_t n_spare, spare_capacity;
    unsigned char *batch;
    uint64_t n_writes, write_limit;
};

/* The library's handle of an open file begins with its own part. */
typedef struct handle {
    H5FD_t public;
    cali_store *store;
} handle;

static cali_store *store_of(const H5FD_t *file)
{
    return ((const handle *)file)->store;
}

static uint64_t round_up(uint64_t x, uint64_t unit)
{
    return (x + unit - 1) / unit * unit;
}

/* ---- pages ------------------------------------------------------------------------------------
 */

static size_t slot_of(const cali_store *store, uint64_t number)
{
    size_t i =
        (size_t)((number * UINT64_C(0x9E3779B97F4A7C15)) >> 20) & (store->table_capacity - 1);
    while (store->table[i] != NULL && store->table[i]->number != number)
        i = (i + 1) & (store->table_capacity - 1);
    return i;
}

static page *find_page(const cali_store *store, uint64_t number)
{
    return store->table_capacity == 0 ? NULL : store->table[slot_of(store, number)];
}

static bool grow_table(cali_store *store)
{
    if ((store->n_pages + 1) * 2 <= store->table_capacity)
        return true;
    const size_t n_old = store->table_capacity, n_new = n_old == 0 ? 1024 : 2 * n_old;
    page **old = store->table, **table = calloc(n_new, sizeof *table);
    if (table == NULL)
        return false;
    store->table = table;
    store->table_capacity = n_new;
    for (size_t i = 0; i < n_old; i++)
        if (old[i] != NULL)
            table[slot_of(store, old[i]->number)] = old[i];
    free(old);
    return true;
}

static page *take_page(cali_store *store)
{
    if (store->n_spare > 0)
        return store->spare[--store->n_spare];
    page *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->bytes = malloc(PAGE);
    if (p->bytes == NULL) {
        free(p);
        return NULL;
    }
    return p;
}

/* Reads from the file itself; zeros beyond its end. */
static bool read_file(const cali_store *store, uint64_t at, size_t size, unsigned char *bytes)
{
    memset(bytes, 0, size);
    while (size > 0 && at < store->file_size) {
        const ssize_t n = pread(store->file, bytes, size, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        at += (uint64_t)n;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

/* The page with its present content, made if it is not in memory. */
static page *touch_page(cali_store *store, uint64_t number)
{
    page *p = find_page(store, number);
    if (p != NULL || !grow_table(store))
        return p;
    if (cali_reserve(store->ctx, store->n_pages + 1, sizeof *store->list, &store->list,
                     &store->list_capacity) != CAL_OK)
        return NULL;
    p = take_page(store);
    if (p == NULL)
        return NULL;
    p->number = number;
    p->is_dropped = false;
    /* in the table from here on, so that it is freed with the others */
    store->table[slot_of(store, number)] = p;
    store->n_pages++;
    return read_file(store, number * PAGE, PAGE, p->bytes) ? p : NULL;
}

static bool write_pages(cali_store *store, int kind, uint64_t at, size_t size,
                        const unsigned char *bytes)
{
    while (size > 0) {
        const size_t offset = (size_t)(at % PAGE);
        const size_t n = size < PAGE - offset ? size : PAGE - offset;
        page *p = touch_page(store, at / PAGE);
        if (p == NULL)
            return false;
        if (bytes == NULL)
            memset(p->bytes + offset, 0, n);
        else
            memcpy(p->bytes + offset, bytes, n);
        p->kind = kind;
        p->is_dropped = false;
        at += n;
        size -= n;
        bytes = bytes == NULL ? NULL : bytes + n;
    }
    return true;
}

/* ---- space ------------------------------------------------------------------------------------
 */

/* Inserts a range in order of address and joins it with its neighbours. */
static void add_range(cali_store *store, ranges *list, range r)
{
    if (r.size == 0)
        return;
    if (cali_reserve(store->ctx, list->n + 1, sizeof *list->items, &list->items, &list->capacity) !=
        CAL_OK) {
        store->is_broken = true;
        return;
    }
    size_t i = list->n;
    for (; i > 0 && list->items[i - 1].address > r.address; i--)
        list->items[i] = list->items[i - 1];
    list->items[i] = r;
    list->n++;
    for (size_t k = i == 0 ? 0 : i - 1; k + 1 < list->n && k <= i;) {
        if (list->items[k].address + list->items[k].size != list->items[k + 1].address) {
            k++;
            continue;
        }
        list->items[k].size += list->items[k + 1].size;
        memmove(&list->items[k + 1], &list->items[k + 2], (list->n - k - 2) * sizeof *list->items);
        list->n--;
    }
}

/* Raw data: the smallest free range that holds it if that is wanted, else the end of the file. */
static uint64_t allocate_raw(cali_store *store, uint64_t size)
{
    size = round_up(size, 8);
    range *best = NULL;
    for (size_t i = 0; store->reuses && i < store->free.n; i++) {
        range *r = &store->free.items[i];
        if (r->size >= size && (best == NULL || r->size < best->size))
            best = r;
    }
    if (best == NULL) {
        store->last_block = round_up(store->end, 8);
        store->end = store->last_block + size;
        return store->last_block;
    }
    store->last_block = best->address;
    best->address += size;
    best->size -= size;
    if (best->size == 0) {
        const size_t i = (size_t)(best - store->free.items);
        memmove(best, best + 1, (store->free.n - i - 1) * sizeof *best);
        store->free.n--;
    }
    return store->last_block;
}

/* Metadata: from a page of its kind; what does not fit begins a page. A node of an index has its
 * page for itself, so that pages can be written parents first. */
static uint64_t allocate_metadata(cali_store *store, stream *s, uint64_t size)
{
    size = round_up(size, 8);
    if (s->end - s->next < size) {
        const uint64_t start = round_up(store->end, PAGE);
        add_range(store, &store->free, (range){store->end, start - store->end});
        s->next = start;
        s->end = start + round_up(size, PAGE);
        store->end = s->end;
    }
    const uint64_t address = s->next;
    s->next = s == &store->streams[STREAM_INDEX] ? s->end : s->next + size;
    return address;
}

void cali_store_reuse(cali_store *store, bool reuses)
{
    store->reuses = reuses;
}

uint64_t cali_store_last_block(const cali_store *store)
{
    return store->last_block;
}

void cali_store_release(cali_store *store, uint64_t address, uint64_t size)
{
    size = round_up(size, 8);
    add_range(store, &store->released, (range){address, size});
    for (uint64_t k = round_up(address, PAGE) / PAGE; (k + 1) * PAGE <= address + size; k++) {
        page *p = find_page(store, k);
        if (p != NULL)
            p->is_dropped = true;
    }
}

bool cali_store_has_released(const cali_store *store)
{
    return store->released.n > 0;
}

void cali_store_clean(cali_store *store)
{
    for (size_t i = 0; i < store->free.n; i++)
        if (!write_pages(store, H5FD_MEM_DRAW, store->free.items[i].address,
                         (size_t)store->free.items[i].size, NULL))
            store->is_broken = true;
}

/* ---- driver: the functions that the library calls
 * ------------------------------------------------ */

static H5FD_t *driver_open(const char *name, unsigned flags, hid_t fapl, haddr_t maxaddr)
{
    (void)name, (void)flags, (void)maxaddr;
    cali_store *const *info = H5Pget_driver_info(fapl);
    handle *h = info == NULL ? NULL : calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    h->store = *info;
    return &h->public;
}

static herr_t driver_close(H5FD_t *file)
{
    free(file);
    return 0;
}

/* No features: no accumulator, no sieve, no aggregation, so that writes come as they are meant. */
static herr_t driver_query(const H5FD_t *file, unsigned long *flags)
{
    (void)file;
    *flags = 0;
    return 0;
}

static haddr_t driver_alloc(H5FD_t *file, H5FD_mem_t type, hid_t dxpl, hsize_t size)
{
    (void)dxpl;
    cali_store *store = store_of(file);
    if (type == H5FD_MEM_DRAW)
        return allocate_raw(store, size);
    const int kind = type == H5FD_MEM_SUPER   ? STREAM_SUPER
                     : type == H5FD_MEM_BTREE ? STREAM_INDEX
                                              : STREAM_OTHER;
    return allocate_metadata(store, &store->streams[kind], size);
}

/* The library gives space back only where it could shrink the file; the writer releases raw blocks
 * itself, and metadata are never given back after the start. */
static herr_t driver_free(H5FD_t *file, H5FD_mem_t type, hid_t dxpl, haddr_t address, hsize_t size)
{
    (void)file, (void)type, (void)dxpl, (void)address, (void)size;
    return 0;
}

static haddr_t driver_get_eoa(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return store_of(file)->end;
}

static herr_t driver_set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t address)
{
    (void)type;
    store_of(file)->end = address;
    return 0;
}

static haddr_t driver_get_eof(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    const cali_store *store = store_of(file);
    return store->n_pages > 0 || store->file_size > 0 ? store->end : 0;
}

static herr_t driver_read(H5FD_t *file, H5FD_mem_t type, hid_t dxpl, haddr_t at, size_t size,
                          void *buffer)
{
    (void)type, (void)dxpl;
    const cali_store *store = store_of(file);
    unsigned char *bytes = buffer;
    while (size > 0) {
        const size_t offset = (size_t)(at % PAGE);
        const size_t n = size < PAGE - offset ? size : PAGE - offset;
        const page *p = find_page(store, at / PAGE);
        if (p != NULL)
            memcpy(bytes, p->bytes + offset, n);
        else if (!read_file(store, at, n, bytes))
            return -1;
        at += n;
        bytes += n;
        size -= n;
    }
    return 0;
}

static herr_t driver_write(H5FD_t *file, H5FD_mem_t type, hid_t dxpl, haddr_t at, size_t size,
                           const void *buffer)
{
    (void)dxpl;
    cali_store *store = store_of(file);
    if (!write_pages(store, (int)type, at, size, buffer)) {
        store->is_broken = true;
        return -1;
    }
    return 0;
}

/* Registered anew for each file, so that nothing here is global. */
hid_t cali_store_create_file(cali_store *store, hid_t fcpl)
{
    const H5FD_class_t driver = {
        .name = "callosum",
        .maxaddr = (haddr_t)INT64_MAX,
        .fc_degree = H5F_CLOSE_STRONG,
        .fapl_size = sizeof store,
        .open = driver_open,
        .close = driver_close,
        .query = driver_query,
        .alloc = driver_alloc,
        .free = driver_free,
        .get_eoa = driver_get_eoa,
        .set_eoa = driver_set_eoa,
        .get_eof = driver_get_eof,
        .read = driver_read,
        .write = driver_write,
        .fl_map = H5FD_FLMAP_SINGLE,
    };
    const hid_t id = H5FDregister(&driver), fapl = H5Pcreate(H5P_FILE_ACCESS);
    hid_t file = -1;
    if (id >= 0 && fapl >= 0 && H5Pset_driver(fapl, id, &store) >= 0)
        file = H5Fcreate(store->path, H5F_ACC_TRUNC, fcpl, fapl);
    if (fapl >= 0)
        H5Pclose(fapl);
    if (id >= 0)
        H5FDunregister(id);
    return file;
}

/* ---- commit -----------------------------------------------------------------------------------
 */

/* The step of the commit in which a page is written. */
static int step_of(const cali_store *store, const page *p)
{
    if (p->kind == H5FD_MEM_DRAW || p->number * PAGE >= store->committed_end)
        return 1;
    return p->kind == H5FD_MEM_SUPER ? 2 : p->kind == H5FD_MEM_BTREE ? 3 : 4;
}

/* Height of an index node above the chunks: "TREE", type, level. */
static int level_of(const page *p)
{
    return memcmp(p->bytes, "TREE", 4) == 0 ? p->bytes[5] : 0;
}

static bool is_before(const cali_store *store, const page *a, const page *b)
{
    const int step = step_of(store, a), other = step_of(store, b);
    if (step != other)
        return step < other;
    if (step == 3 && level_of(a) != level_of(b))
        return level_of(a) > level_of(b);
    return step == 4 ? a->number > b->number : a->number < b->number;
}

/* Heap sort: no memory, and the state it needs is a parameter. */
static void sift(const cali_store *store, page **list, size_t i, size_t n)
{
    for (size_t child = 2 * i + 1; child < n; child = 2 * i + 1) {
        if (child + 1 < n && is_before(store, list[child], list[child + 1]))
            child++;
        if (!is_before(store, list[i], list[child]))
            return;
        page *p = list[i];
        list[i] = list[child];
        list[child] = p;
        i = child;
    }
}

static void sort(const cali_store *store, page **list, size_t n)
{
    for (size_t i = n / 2; i > 0; i--)
        sift(store, list, i - 1, n);
    for (size_t i = n; i > 1; i--) {
        page *p = list[0];
        list[0] = list[i - 1];
        list[i - 1] = p;
        sift(store, list, 0, i - 1);
    }
}

static cal_status fail(cali_store *store, size_t size, uint64_t at, int cause,
                       cali_failure *failure)
{
    store->is_failed = true;
    return cali_failure_set(failure, CAL_ERR_IO, "cannot write %s (%zu bytes at byte %llu): %s",
                            store->path, size, (unsigned long long)at, strerror(cause));
}

static cal_status write_bytes(cali_store *store, const unsigned char *bytes, size_t size,
                              uint64_t at, cali_failure *failure)
{
    if (store->n_writes >= store->write_limit)
        return fail(store, size, at, EINTR, failure);
    for (size_t done = 0; done < size;) {
        const ssize_t n = pwrite(store->file, bytes + done, size - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail(store, size - done, at + done, n == 0 ? ENOSPC : errno, failure);
        done += (size_t)n;
    }
    store->n_writes++;
    store->file_size = at + size > store->file_size ? at + size : store->file_size;
    return CAL_OK;
}

/* Step 1: neighbouring pages go in one write; then the file is as long as its superblock will say.
 */
static cal_status write_raw(cali_store *store, page **list, size_t n, cali_failure *failure)
{
    for (size_t i = 0; i < n;) {
        size_t n_joined = 0;
        do {
            memcpy(store->batch + n_joined * PAGE, list[i + n_joined]->bytes, PAGE);
            n_joined++;
        } while (n_joined < BATCH && i + n_joined < n &&
                 list[i + n_joined]->number == list[i]->number + n_joined);
        CAL_TRY(write_bytes(store, store->batch, n_joined * PAGE, list[i]->number * PAGE, failure));
        i += n_joined;
    }
    const uint64_t size = round_up(store->end, PAGE);
    if (store->file_size < size) {
        if (ftruncate(store->file, (off_t)size) != 0)
            return fail(store, (size_t)(size - store->file_size), store->file_size, errno, failure);
        store->file_size = size;
    }
    return CAL_OK;
}

static cal_status write_all(cali_store *store, page **list, size_t n, cali_failure *failure)
{
    size_t n_raw = 0;
    while (n_raw < n && step_of(store, list[n_raw]) == 1)
        n_raw++;
    const cal_status status = write_raw(store, list, n_raw, failure);
    if (status != CAL_OK) {
        /* nothing refers to what was added; if it cannot be cut off, it does no harm either */
        if (store->write_limit == UINT64_MAX &&
            ftruncate(store->file, (off_t)round_up(store->committed_end, PAGE)) == 0)
            store->file_size = round_up(store->committed_end, PAGE);
        return status;
    }
    for (size_t i = n_raw; i < n; i++)
        CAL_TRY(write_bytes(store, list[i]->bytes, PAGE, list[i]->number * PAGE, failure));
    return CAL_OK;
}

/* All pages that are to be written go to the list; returns how many. */
static size_t collect(cali_store *store)
{
    size_t n = 0;
    for (size_t i = 0; i < store->table_capacity; i++)
        if (store->table[i] != NULL && !store->table[i]->is_dropped)
            store->list[n++] = store->table[i];
    return n;
}

static void forget_pages(cali_store *store)
{
    for (size_t i = 0; i < store->table_capacity; i++) {
        page *p = store->table[i];
        if (p == NULL)
            continue;
        store->table[i] = NULL;
        if (store->n_spare < 4096 &&
            cali_reserve(store->ctx, store->n_spare + 1, sizeof *store->spare, &store->spare,
                         &store->spare_capacity) == CAL_OK) {
            store->spare[store->n_spare++] = p;
            continue;
        }
        free(p->bytes);
        free(p);
    }
    store->n_pages = 0;
}

cal_status cali_store_commit(cali_store *store, cali_failure *failure)
{
    if (store->is_broken)
        return cali_failure_set(failure, CAL_ERR_MEMORY, "%s: no memory for its pages",
                                store->path);
    if (store->is_failed)
        return cali_failure_set(failure, CAL_ERR_IO, "cannot write %s", store->path);
    const size_t n = collect(store);
    sort(store, store->list, n);
    CAL_TRY(write_all(store, store->list, n, failure));
    forget_pages(store);
    store->committed_end = store->end;
    for (size_t i = 0; i < store->released.n; i++)
        add_range(store, &store->free, store->released.items[i]);
    store->released.n = 0;
    return CAL_OK;
}

cal_status cali_store_seal(cali_store *store, cali_failure *failure)
{
    const bool is_cut = ftruncate(store->file, (off_t)store->end) == 0;
    if (!is_cut || (fsync(store->file) != 0 && errno != EINVAL)) /* no fsync on this file system */
        return cali_failure_set(failure, CAL_ERR_IO, "cannot write %s: %s", store->path,
                                strerror(errno));
    return CAL_OK;
}

/* ---- life -------------------------------------------------------------------------------------
 */

cal_status cali_store_move(cali_store *store, const char *path)
{
    char *copy = NULL;
    CAL_TRY(cali_copy_text(store->ctx, path, &copy));
    const cal_status status = cali_file_move(store->ctx, store->path, path);
    free(status == CAL_OK ? store->path : copy);
    if (status == CAL_OK)
        store->path = copy;
    return status;
}

cal_status cali_store_create(cal_context *ctx, const char *path, cali_store **out)
{
    *out = NULL;
    cali_store *store = NULL;
    CAL_TRY(cali_alloc(ctx, 1, sizeof *store, "file", &store));
    store->ctx = ctx;
    store->file = -1;
    store->write_limit = UINT64_MAX;
    cal_status status = cali_copy_text(ctx, path, &store->path);
    if (status == CAL_OK)
        status = cali_alloc(ctx, BATCH, PAGE, "file", &store->batch);
    if (status == CAL_OK) {
        store->file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (store->file < 0)
            status = CAL_FAIL(ctx, CAL_ERR_IO, "cannot create %s: %s", path, strerror(errno));
    }
    if (status != CAL_OK)
        cali_store_destroy(&store, false);
    *out = store;
    return status;
}

void cali_store_destroy(cali_store **store, bool removes)
{
    if (store == NULL || *store == NULL)
        return;
    cali_store *self = *store;
    forget_pages(self);
    for (size_t i = 0; i < self->n_spare; i++) {
        free(self->spare[i]->bytes);
        free(self->spare[i]);
    }
    if (self->file >= 0) {
        if (removes)
            unlink(self->path);
        close(self->file);
    }
    free(self->spare);
    free(self->table);
    free(self->list);
    free(self->free.items);
    free(self->released.items);
    free(self->batch);
    free(self->path);
    free(self);
    *store = NULL;
}

void cali_store_stop_after(cali_store *store, uint64_t n)
{
    store->write_limit = store->n_writes + n;
}

uint64_t cali_store_n_writes(const cali_store *store)
{
    return store->n_writes;
}
