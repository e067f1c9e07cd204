/* The recorder: what is appended goes through a bounded queue to a writer thread, which feeds the
 * sink and flushes it.
 *
 * The queue is two buffers of bytes. The caller fills the front one; the writer, when it has
 * nothing left, swaps them and works through the back one without the lock. A full front buffer
 * stalls the caller until the next swap: nothing is dropped. Records in a buffer:
 *
 *      header | payload | header | payload | ...        each padded to 8 bytes
 *
 * Everything in a record was handed over before the next one, so the order in which the sink sees
 * data depends on the caller alone, and never on the writer's timing. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/fork_gate.h"
#include "base/memory.h"
#include "recording/parts.h"
#include "recording/recorder.h"

typedef enum record_kind { RECORD_ROWS, RECORD_SPIKES, RECORD_COMMIT } record_kind;

typedef struct record {
    uint32_t kind;
    uint32_t padding;
    uint64_t index; /* signal or train */
    uint64_t n;     /* rows or spikes */
    int64_t time;   /* commit */
} record;

typedef struct buffer {
    char *data;
    size_t size;
} buffer;

struct cal_recorder {
    cal_context *ctx;
    const cali_sink *sink;
    void *self; /* of the sink */
    cali_layout layout;
    double budget_bytes;
    int64_t flush_ns; /* wall time between flushes */
    char *path; /* of the file, NULL: none */
    bool is_started, is_finished, has_thread;
    bool is_direct; /* the caller feeds the sink itself, while the thread has nothing to do */
    size_t *n_rows;      /* per signal: appended by the caller */
    cal_time *last_time; /* per train: of the last spike appended */
    cal_time committed;

    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t filled, emptied;
    buffer front, back;
    size_t capacity;
    bool is_busy, is_closing, wants_flush;
    cal_time flushed;     /* simulated time up to which everything is on the disk */
    cali_failure failure; /* of the sink */
    double bytes, stall_s;
};

static const cali_sink *const sinks[] = {
#define CALI_SINK(entry) &entry,
#include "recording/sinks.def"
#undef CALI_SINK
};

const cali_sink *cali_sink_find(const char *name)
{
    for (size_t i = 0; i < sizeof sinks / sizeof *sinks; i++)
        if (strcmp(sinks[i]->name, name) == 0)
            return sinks[i];
    return NULL;
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- writer's side ----------------------------------------------------------------------------
 */

/* Waits for the condition until `deadline_ns` of the monotonic clock; 0: for ever. */
static void wait_until(cal_recorder *self, int64_t deadline_ns)
{
    if (deadline_ns == 0) {
        pthread_cond_wait(&self->filled, &self->lock);
        return;
    }
    const struct timespec t = {.tv_sec = (time_t)(deadline_ns / 1000000000),
                               .tv_nsec = (long)(deadline_ns % 1000000000)};
    pthread_cond_timedwait(&self->filled, &self->lock, &t);
}

/* What the writer knows between two records. */
typedef struct writer {
    cal_time committed; /* by the sink */
    cal_time flushed;
    bool is_clean;       /* nothing was appended since the last commit */
    int64_t deadline_ns; /* of the next flush */
    cali_failure failure;
} writer;

static cal_status flush(cal_recorder *self, writer *w)
{
    CAL_TRY(self->sink->flush(self->self, &w->failure));
    w->flushed = w->committed;
    w->deadline_ns = now_ns() + self->flush_ns;
    return CAL_OK;
}

static cal_status commit(cal_recorder *self, writer *w, cal_time t)
{
    bool is_flushed = false;
    CAL_TRY(self->sink->commit(self->self, t, &is_flushed, &w->failure));
    w->committed = t;
    w->is_clean = true;
    if (is_flushed) {
        w->flushed = t;
        w->deadline_ns = now_ns() + self->flush_ns;
        return CAL_OK;
    }
    return now_ns() >= w->deadline_ns ? flush(self, w) : CAL_OK;
}

static size_t payload_size(const cal_recorder *self, const record *r)
{
    if (r->kind == RECORD_ROWS)
        return (size_t)r->n * self->layout.signals[r->index].n_columns * sizeof(double);
    if (r->kind == RECORD_SPIKES)
        return ((size_t)r->n * (sizeof(cal_time) + sizeof(uint32_t)) + 7) / 8 * 8;
    return 0;
}

static cal_status feed(cal_recorder *self, writer *w, const record *r, const void *payload)
{
    if (r->kind == RECORD_COMMIT)
        return commit(self, w, r->time);
    w->is_clean = false;
    if (r->kind == RECORD_ROWS)
        return self->sink->append(self->self, (size_t)r->index, (size_t)r->n, payload, &w->failure);
    const cal_time *times = payload;
    return self->sink->append_spikes(self->self, (size_t)r->index, (size_t)r->n, times,
                                     (const uint32_t *)(times + r->n), &w->failure);
}

/* Works through a buffer; after a failure the rest is dropped, for the run is about to stop. */
static void drain(cal_recorder *self, writer *w, const buffer *b)
{
    for (size_t at = 0; at < b->size && w->failure.status == CAL_OK;) {
        record r;
        memcpy(&r, b->data + at, sizeof r);
        feed(self, w, &r, b->data + at + sizeof r);
        at += sizeof r + payload_size(self, &r);
    }
}

/* The thread: swap, drain, report; when idle flush at the deadline. Ends when closing and empty. */
static void *run_writer(void *arg)
{
    cal_recorder *self = arg;
    writer w = {.is_clean = true, .deadline_ns = now_ns() + self->flush_ns};
    pthread_mutex_lock(&self->lock);
    for (;;) {
        const bool is_pending = (w.is_clean || self->is_closing) && w.committed > w.flushed &&
                                w.failure.status == CAL_OK;
        const bool is_due = is_pending && (self->is_closing || self->wants_flush || now_ns() >= w.deadline_ns);
        if (self->front.size == 0 && self->is_closing && !is_pending)
            break;
        if (self->front.size == 0 && !is_due) {
            wait_until(self, is_pending ? w.deadline_ns : 0);
            continue;
        }
        const buffer work = self->front;
        self->front = self->back;
        self->front.size = 0;
        self->back = work;
        self->is_busy = true;
        pthread_cond_broadcast(&self->emptied);
        pthread_mutex_unlock(&self->lock);
        cali_fork_gate_enter();
        drain(self, &w, &work);
        if (is_due && work.size == 0)
            flush(self, &w);
        cali_fork_gate_leave();
        pthread_mutex_lock(&self->lock);
        self->is_busy = false;
        self->flushed = w.flushed;
        self->failure = w.failure;
        pthread_cond_broadcast(&self->emptied);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

/* ---- caller's side ----------------------------------------------------------------------------
 */

/* Tells the context what the sink failed with, each time somebody asks. */
static cal_status report(cal_recorder *self)
{
    pthread_mutex_lock(&self->lock);
    const cali_failure failure = self->failure;
    pthread_mutex_unlock(&self->lock);
    if (failure.status == CAL_OK)
        return CAL_OK;
    return CAL_FAIL(self->ctx, failure.status, "%s", failure.text);
}

/* Waits until the front buffer takes `size` more bytes. The lock is held. */
static void wait_for_room(cal_recorder *self, size_t size)
{
    if (self->front.size + size <= self->capacity)
        return;
    const int64_t start = now_ns();
    while (self->front.size + size > self->capacity)
        pthread_cond_wait(&self->emptied, &self->lock);
    self->stall_s += (double)(now_ns() - start) * 1e-9;
}

static void feed_directly(cal_recorder *self, const record *r, const void *first, const void *second)
{
    bool is_flushed = false;
    if (self->failure.status != CAL_OK)
        return;
    cali_fork_gate_enter();
    if (r->kind == RECORD_COMMIT)
        self->sink->commit(self->self, r->time, &is_flushed, &self->failure);
    else if (r->kind == RECORD_ROWS)
        self->sink->append(self->self, (size_t)r->index, (size_t)r->n, first, &self->failure);
    else
        self->sink->append_spikes(self->self, (size_t)r->index, (size_t)r->n, first, second, &self->failure);
    cali_fork_gate_leave();
}

/* Puts a record into the queue; the payload is in up to two pieces. */
static void enqueue(cal_recorder *self, const record *r, const void *first, size_t n_first,
                    const void *second, size_t n_second)
{
    const size_t size = sizeof *r + payload_size(self, r);
    if (self->is_direct) {
        feed_directly(self, r, first, second);
        return;
    }
    pthread_mutex_lock(&self->lock);
    wait_for_room(self, size);
    char *at = self->front.data + self->front.size;
    memcpy(at, r, sizeof *r);
    if (n_first > 0)
        memcpy(at + sizeof *r, first, n_first);
    if (n_second > 0)
        memcpy(at + sizeof *r + n_first, second, n_second);
    self->front.size += size;
    self->bytes += (double)(n_first + n_second);
    pthread_cond_signal(&self->filled);
    pthread_mutex_unlock(&self->lock);
}

/* Waits until the writer has nothing left to do. */
static void wait_until_drained(cal_recorder *self)
{
    const int64_t start = now_ns();
    pthread_mutex_lock(&self->lock);
    while (self->front.size > 0 || self->is_busy)
        pthread_cond_wait(&self->emptied, &self->lock);
    self->stall_s += (double)(now_ns() - start) * 1e-9;
    pthread_mutex_unlock(&self->lock);
}

static cal_status check_running(cal_recorder *self, const char *what)
{
    if (!self->is_started || self->is_finished)
        return CAL_FAIL(self->ctx, CAL_ERR_STATE, "%s: the recording %s", what,
                        self->is_finished ? "is finished" : "has not started");
    return self->has_thread ? report(self) : CAL_OK;
}

cal_status cal_recorder_append(cal_recorder *self, size_t signal, size_t n_rows, const double *rows)
{
    assert(signal < self->layout.n_signals);
    CAL_TRY(check_running(self, "append"));
    const size_t n_columns = self->layout.signals[signal].n_columns;
    self->n_rows[signal] += n_rows;
    if (!self->has_thread) {
        self->bytes += (double)(n_rows * n_columns * sizeof *rows);
        CAL_TRY(self->sink->append(self->self, signal, n_rows, rows, &self->failure));
        return report(self);
    }
    /* pieces of at most half a buffer, so that filling and draining overlap */
    const size_t row_bytes = n_columns * sizeof *rows;
    size_t n_piece = self->capacity / 2 / row_bytes;
    n_piece = n_piece == 0 ? 1 : n_piece;
    for (size_t done = 0; done < n_rows;) {
        const size_t n = n_rows - done < n_piece ? n_rows - done : n_piece;
        const record r = {.kind = RECORD_ROWS, .index = signal, .n = n};
        enqueue(self, &r, rows + done * n_columns, n * row_bytes, NULL, 0);
        done += n;
    }
    return CAL_OK;
}

static cal_status check_spikes(cal_recorder *self, size_t train, size_t n, const cal_time *times,
                               const uint32_t *ids)
{
    const cali_rec_train *t = &self->layout.trains[train];
    cal_time last = self->last_time[train];
    for (size_t i = 0; i < n; i++) {
        if (times[i] < last)
            return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT,
                            "spikes of %s.%s are not sorted: %g ms after %g ms", t->region,
                            t->population, cal_time_ms(times[i]), cal_time_ms(last));
        if (ids[i] >= t->n_neurons)
            return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT,
                            "spikes of %s.%s: there is no neuron %u of %u", t->region,
                            t->population, ids[i], t->n_neurons);
        last = times[i];
    }
    self->last_time[train] = last;
    return CAL_OK;
}

cal_status cal_recorder_append_spikes(cal_recorder *self, size_t train, size_t n,
                                      const cal_time *times, const uint32_t *ids)
{
    assert(train < self->layout.n_trains);
    CAL_TRY(check_running(self, "append spikes"));
    CAL_TRY(check_spikes(self, train, n, times, ids));
    if (!self->has_thread) {
        self->bytes += (double)(n * (sizeof *times + sizeof *ids));
        CAL_TRY(self->sink->append_spikes(self->self, train, n, times, ids, &self->failure));
        return report(self);
    }
    const size_t n_piece = self->capacity / 2 / (sizeof *times + sizeof *ids);
    for (size_t done = 0; done < n;) {
        const size_t n_now = n - done < n_piece ? n - done : n_piece;
        const record r = {.kind = RECORD_SPIKES, .index = train, .n = n_now};
        enqueue(self, &r, times + done, n_now * sizeof *times, ids + done, n_now * sizeof *ids);
        done += n_now;
    }
    return CAL_OK;
}

cal_status cal_recorder_commit(cal_recorder *self, cal_time t)
{
    CAL_TRY(check_running(self, "commit"));
    if (t < self->committed)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "commit: %g ms is before %g ms",
                        cal_time_ms(t), cal_time_ms(self->committed));
    self->committed = t;
    if (!self->has_thread) {
        bool is_flushed = false;
        self->sink->commit(self->self, t, &is_flushed, &self->failure);
        return report(self);
    }
    const record r = {.kind = RECORD_COMMIT, .time = t};
    enqueue(self, &r, NULL, 0, NULL, 0);
    if (self->flush_ns == 0)
        wait_until_drained(self);
    return report(self);
}

/* Waits until everything committed is in the file. */
static void wait_until_flushed(cal_recorder *self)
{
    const int64_t start = now_ns();
    pthread_mutex_lock(&self->lock);
    self->wants_flush = true;
    pthread_cond_signal(&self->filled);
    while ((self->flushed < self->committed || self->front.size > 0 || self->is_busy) && self->failure.status == CAL_OK)
        pthread_cond_wait(&self->emptied, &self->lock);
    self->wants_flush = false;
    self->stall_s += (double)(now_ns() - start) * 1e-9;
    pthread_mutex_unlock(&self->lock);
}

cal_status cal_recorder_read_back(cal_recorder *self, cal_recording **out)
{
    *out = NULL;
    CAL_TRY(check_running(self, "read back"));
    if (self->path == NULL)
        return CAL_FAIL(self->ctx, CAL_ERR_UNSUPPORTED, "the sink %s is read after its end", self->sink->name);
    if (self->has_thread)
        wait_until_flushed(self);
    CAL_TRY(report(self));
    return cali_recording_open_here(self->ctx, self->path, out);
}

cal_status cal_recorder_sync(cal_recorder *self)
{
    CAL_TRY(check_running(self, "sync"));
    if (!self->has_thread)
        return CAL_OK;
    wait_until_flushed(self);
    CAL_TRY(report(self));
    return cali_file_sync(self->ctx, self->path);
}

cal_status cal_recorder_move(cal_recorder *self, const char *path)
{
    char *copy = NULL;
    CAL_TRY(cal_recorder_sync(self));
    if (self->sink->move == NULL)
        return CAL_FAIL(self->ctx, CAL_ERR_UNSUPPORTED, "the sink %s has no file", self->sink->name);
    CAL_TRY(cali_copy_text(self->ctx, path, &copy));
    cali_fork_gate_enter();
    const cal_status status = self->sink->move(self->self, path);
    cali_fork_gate_leave();
    free(status == CAL_OK ? self->path : copy);
    if (status == CAL_OK)
        self->path = copy;
    return status;
}

void cali_recorder_set_direct(cal_recorder *self, bool is_direct)
{
    if (is_direct && self->has_thread)
        wait_until_flushed(self);
    self->is_direct = is_direct && self->has_thread;
}

const cali_layout *cali_recorder_layout(const cal_recorder *self)
{
    return &self->layout;
}

size_t cal_recorder_n_rows(const cal_recorder *self, size_t signal)
{
    return self->n_rows[signal];
}

static void stop_thread(cal_recorder *self)
{
    if (!self->has_thread)
        return;
    pthread_mutex_lock(&self->lock);
    self->is_closing = true;
    pthread_cond_signal(&self->filled);
    pthread_mutex_unlock(&self->lock);
    const int64_t start = now_ns();
    pthread_join(self->thread, NULL);
    self->stall_s += (double)(now_ns() - start) * 1e-9;
    self->has_thread = false;
}

cal_status cal_recorder_finish(cal_recorder *self)
{
    if (!self->is_started || self->is_finished)
        return CAL_FAIL(self->ctx, CAL_ERR_STATE, "finish: the recording %s",
                        self->is_finished ? "is finished" : "has not started");
    stop_thread(self);
    self->is_finished = true;
    cali_fork_gate_enter();
    if (self->failure.status == CAL_OK)
        self->sink->finish(self->self, &self->failure);
    cali_fork_gate_leave();
    if (self->failure.status == CAL_OK)
        self->flushed = self->committed;
    return report(self);
}

/* ---- life -------------------------------------------------------------------------------------
 */

cal_recorder_def cal_recorder_def_default(void)
{
    return (cal_recorder_def){.sink = "hdf5", .title = "", .flush_ms = 1000.0};
}

static cal_status init(cal_recorder *self, const cal_recorder_def *def)
{
    if (!(def->flush_ms >= 0.0) || def->flush_ms > 1e9)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "flush_ms must be 0 to 1e9, is %g",
                        def->flush_ms);
    if (!(def->budget_bytes >= 0.0) || def->duration < 0)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "budget and duration must not be negative");
    const cali_sink *sink = cali_sink_find(def->sink == NULL ? "hdf5" : def->sink);
    if (sink == NULL)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "no sink \"%s\"; there are hdf5 and memory",
                        def->sink);
    self->sink = sink;
    self->budget_bytes = def->budget_bytes;
    self->flush_ns = (int64_t)(def->flush_ms * 1e6);
    self->layout.duration = def->duration;
    CAL_TRY(cali_copy_text(self->ctx, def->title == NULL ? "" : def->title, &self->layout.title));
    if (sink->source == NULL)
        CAL_TRY(cali_copy_text(self->ctx, def->path, &self->path));
    return sink->create(self->ctx, def, &self->self);
}

cal_status cal_recorder_create(cal_context *ctx, const cal_recorder_def *def, cal_recorder **out)
{
    *out = NULL;
    cal_recorder *self = NULL;
    CAL_TRY(cali_alloc(ctx, 1, sizeof *self, "recorder", &self));
    self->ctx = ctx;
    pthread_mutex_init(&self->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&self->filled, &monotonic);
    pthread_cond_init(&self->emptied, &monotonic);
    pthread_condattr_destroy(&monotonic);
    const cal_status status = init(self, def);
    if (status != CAL_OK) {
        cal_recorder_destroy(&self);
        return status;
    }
    *out = self;
    return CAL_OK;
}

void cal_recorder_destroy(cal_recorder **recorder)
{
    if (recorder == NULL || *recorder == NULL)
        return;
    cal_recorder *self = *recorder;
    stop_thread(self);
    cali_fork_gate_enter();
    if (self->sink != NULL && self->self != NULL)
        self->sink->destroy(self->self);
    cali_fork_gate_leave();
    cali_layout_clear(&self->layout);
    pthread_cond_destroy(&self->filled);
    pthread_cond_destroy(&self->emptied);
    pthread_mutex_destroy(&self->lock);
    free(self->path);
    free(self->n_rows);
    free(self->last_time);
    free(self->front.data);
    free(self->back.data);
    free(self);
    *recorder = NULL;
}

static cal_status check_open(cal_recorder *self)
{
    if (self->is_started)
        return CAL_FAIL(self->ctx, CAL_ERR_STATE,
                        "the layout is frozen: the recording has started");
    return CAL_OK;
}

cal_status cal_recorder_add_signal(cal_recorder *self, const cal_signal_def *def, size_t *signal)
{
    CAL_TRY(check_open(self));
    CAL_TRY(cali_layout_add_signal(self->ctx, &self->layout, def));
    if (signal != NULL)
        *signal = self->layout.n_signals - 1;
    return CAL_OK;
}

cal_status cal_recorder_add_spikes(cal_recorder *self, const cal_spikes_def *def, size_t *train)
{
    CAL_TRY(check_open(self));
    CAL_TRY(cali_layout_add_spikes(self->ctx, &self->layout, def));
    if (train != NULL)
        *train = self->layout.n_trains - 1;
    return CAL_OK;
}

static cal_status check_unfinished(cal_recorder *self)
{
    if (self->is_finished)
        return CAL_FAIL(self->ctx, CAL_ERR_STATE, "the recording is finished");
    return CAL_OK;
}

cal_status cal_recorder_add_matrix(cal_recorder *self, const char *path, const char *unit,
                                   size_t n_rows, size_t n_columns, const double *values)
{
    CAL_TRY(check_unfinished(self));
    return cali_layout_add_matrix(self->ctx, &self->layout, path, unit, n_rows, n_columns, values);
}

cal_status cal_recorder_add_texts(cal_recorder *self, const char *path, size_t n,
                                  const char *const *texts)
{
    CAL_TRY(check_unfinished(self));
    return cali_layout_add_texts(self->ctx, &self->layout, path, n, texts);
}

double cal_recorder_estimate(const cal_recorder *self)
{
    return cali_layout_estimate(&self->layout);
}

/* Two buffers of 8 MB, or of two of the widest rows. */
static cal_status start_thread(cal_recorder *self)
{
    self->capacity = 8 << 20;
    for (size_t i = 0; i < self->layout.n_signals; i++) {
        const size_t row = self->layout.signals[i].n_columns * sizeof(double) + sizeof(record);
        self->capacity = 2 * row > self->capacity ? 2 * row : self->capacity;
    }
    CAL_TRY(cali_alloc(self->ctx, self->capacity, 1, "recorder's queue", &self->front.data));
    CAL_TRY(cali_alloc(self->ctx, self->capacity, 1, "recorder's queue", &self->back.data));
    const int cause = pthread_create(&self->thread, NULL, run_writer, self);
    if (cause != 0)
        return CAL_FAIL(self->ctx, CAL_ERR_MEMORY, "no thread for the recorder: %s",
                        strerror(cause));
    self->has_thread = true;
    return CAL_OK;
}

cal_status cal_recorder_start(cal_recorder *self)
{
    CAL_TRY(check_open(self));
    CAL_TRY(cali_layout_check_budget(self->ctx, &self->layout, self->budget_bytes));
    CAL_TRY(cali_alloc(self->ctx, self->layout.n_signals, sizeof *self->n_rows, "recorder",
                       &self->n_rows));
    CAL_TRY(cali_alloc(self->ctx, self->layout.n_trains, sizeof *self->last_time, "recorder",
                       &self->last_time));
    cali_fork_gate_enter();
    const cal_status status = self->sink->start(self->self, &self->layout, &self->failure);
    cali_fork_gate_leave();
    if (status != CAL_OK)
        return report(self);
    self->is_started = true;
    return self->sink->has_thread ? start_thread(self) : CAL_OK;
}

double cal_recorder_bytes(const cal_recorder *self)
{
    return self->bytes;
}

double cal_recorder_stall_s(const cal_recorder *self)
{
    return self->stall_s;
}

cal_time cal_recorder_flushed(cal_recorder *self)
{
    pthread_mutex_lock(&self->lock);
    const cal_time t = self->flushed;
    pthread_mutex_unlock(&self->lock);
    return t;
}

void *cali_recorder_sink(cal_recorder *self)
{
    return self->self;
}

cal_status cal_recording_from_memory(cal_recorder *self, cal_recording **out)
{
    *out = NULL;
    if (self->sink->source == NULL)
        return CAL_FAIL(self->ctx, CAL_ERR_UNSUPPORTED, "the sink %s is read by opening its file",
                        self->sink->name);
    if (!self->is_finished || self->self == NULL)
        return CAL_FAIL(self->ctx, CAL_ERR_STATE, "the recording is %s",
                        self->is_finished ? "given away already" : "not finished");
    cal_recording *recording = NULL;
    CAL_TRY(cali_alloc(self->ctx, 1, sizeof *recording, "recording", &recording));
    *recording = (cal_recording){.ctx = self->ctx,
                                 .layout = self->layout,
                                 .stop = self->committed,
                                 .is_complete = true,
                                 .source = self->sink->source,
                                 .self = self->self};
    self->layout = (cali_layout){0};
    self->self = NULL;
    *out = recording;
    return CAL_OK;
}
