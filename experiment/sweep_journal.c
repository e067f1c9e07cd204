/* sweep.part: the runs that are done, in the order in which they ended. A record is appended by one write; one that a
 * kill or a full disk left half written has a wrong sum and is cut off.
 *
 *      file   = "callosum-sweep 1 " identity "\n" { record }
 *      record = head, text, figures, sizes of the signals, signals        (native byte order: not for other machines) */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "experiment/sweep.h"

#define MAGIC UINT64_C(0x6c61632d6e757221)
#define SYNC_S 2.0 /* wall time between calls of fsync: what a power failure may cost */

typedef struct head {
    uint64_t magic, sum; /* of all that follows this member */
    uint64_t run, state, text_size, n_figures, n_signals, size; /* size: of the record without its head */
    double wall_s;
} head;

static cal_status refuse(cali_journal *j, const char *what)
{
    return CAL_FAIL(j->ctx, CAL_ERR_IO, "%s: cannot be %s: %s", j->path, what, strerror(errno));
}

/* FNV-1a by words of 64 bits, the rest by bytes. */
static uint64_t add_to_sum(uint64_t sum, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    for (; n >= 8; n -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        sum = (sum ^ word) * UINT64_C(1099511628211);
        sum ^= sum >> 29;
    }
    for (; n > 0; n--, at++)
        sum = (sum ^ *at) * UINT64_C(1099511628211);
    return sum;
}

static uint64_t sum_of(const head *h, const char *body)
{
    const size_t skipped = offsetof(head, run);
    uint64_t sum = add_to_sum(UINT64_C(14695981039346656037), (const char *)h + skipped, sizeof *h - skipped);
    return add_to_sum(sum, body, h->size);
}

static bool read_at(int file, void *to, size_t n, uint64_t offset)
{
    for (size_t done = 0; done < n;) {
        const ssize_t got = pread(file, (char *)to + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

static bool write_at(int file, const void *from, size_t n, uint64_t offset)
{
    for (size_t done = 0; done < n;) {
        const ssize_t got = pwrite(file, (const char *)from + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

/* ---- opening ---------------------------------------------------------------------------------------------- */

/* The record at the end of what is known; `*body` (or NULL) gets what follows its head. False: there is no whole one. */
static bool read_record(const cali_journal *j, uint64_t offset, uint64_t end, head *h, char **body)
{
    *body = NULL;
    if (end - offset < sizeof *h || !read_at(j->file, h, sizeof *h, offset) || h->magic != MAGIC)
        return false;
    if (h->size > end - offset - sizeof *h || h->run >= j->n_runs || (h->state != CALI_RUN_OK && h->state != CALI_RUN_FAILED))
        return false;
    char *bytes = malloc(h->size + 1);
    if (bytes == NULL || !read_at(j->file, bytes, h->size, offset + sizeof *h) || sum_of(h, bytes) != h->sum) {
        free(bytes);
        return false;
    }
    *body = bytes;
    return true;
}

static cal_status scan(cali_journal *j, uint64_t end)
{
    head h;
    char *body;
    while (read_record(j, j->size, end, &h, &body)) {
        free(body);
        j->entries[h.run] = (cali_entry_of_run){(cali_run_state)h.state, h.wall_s, j->size};
        j->size += sizeof h + h.size;
    }
    return ftruncate(j->file, (off_t)j->size) == 0 ? CAL_OK : refuse(j, "cut");
}

static cal_status open_file(cali_journal *j, const char *identity)
{
    char first[128], there[128] = "";
    struct stat info;
    j->file = open(j->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (j->file < 0 || fstat(j->file, &info) != 0)
        return refuse(j, "opened");
    if (flock(j->file, LOCK_EX | LOCK_NB) != 0)
        return CAL_FAIL(j->ctx, CAL_ERR_INPUT, "%s: another process is at work on this sweep", j->path);
    const size_t n = (size_t)snprintf(first, sizeof first, "callosum-sweep 1 %.64s\n", identity);
    const size_t size = (size_t)info.st_size < n ? (size_t)info.st_size : n;
    if (!read_at(j->file, there, size, 0))
        return refuse(j, "read");
    if (memcmp(first, there, size) != 0)
        return CAL_FAIL(j->ctx, CAL_ERR_INPUT,
                        "%s belongs to another sweep: the experiment, the rows, an option or the version of callosum "
                        "differs. Try the same command as before with --resume, or leave --resume away.", j->path);
    if (size < n && !write_at(j->file, first, n, 0))
        return refuse(j, "written");
    j->size = n;
    return scan(j, (uint64_t)info.st_size > n ? (uint64_t)info.st_size : n);
}

cal_status cali_journal_open(cal_context *ctx, const char *path, const char *identity, size_t n_runs, cali_journal *out)
{
    *out = (cali_journal){.ctx = ctx, .file = -1, .n_runs = n_runs, .synced_s = cali_wall_s()};
    cal_status status = cali_copy_text(ctx, path, &out->path);
    if (status == CAL_OK)
        status = cali_alloc(ctx, n_runs, sizeof *out->entries, "runs of the sweep", &out->entries);
    if (status == CAL_OK)
        status = open_file(out, identity);
    if (status != CAL_OK)
        cali_journal_close(out);
    return status;
}

void cali_journal_close(cali_journal *j)
{
    if (j->file >= 0)
        close(j->file);
    free(j->path);
    free(j->entries);
    *j = (cali_journal){.file = -1};
}

/* ---- records ---------------------------------------------------------------------------------------------- */

cal_status cali_journal_add(cali_journal *j, size_t run, const cali_outcome *o)
{
    cali_text record = {0};
    head h = {.magic = MAGIC, .run = run, .state = o->state, .text_size = o->text.size, .n_figures = o->n_figures,
              .n_signals = o->n_signals, .wall_s = o->wall_s};
    cali_text_add_bytes(&record, &h, sizeof h);
    cali_text_add_bytes(&record, o->text.data, o->text.size);
    cali_text_add_bytes(&record, o->figures, o->n_figures * sizeof *o->figures);
    for (size_t i = 0; i < o->n_signals; i++) {
        const uint64_t size = o->sizes[i];
        cali_text_add_bytes(&record, &size, sizeof size);
    }
    for (size_t i = 0; i < o->n_signals; i++)
        cali_text_add_bytes(&record, o->packed[i], o->sizes[i]);
    if (record.is_broken) {
        cali_text_free(&record);
        return CAL_FAIL(j->ctx, CAL_ERR_MEMORY, "no memory for the result of a run");
    }
    h.size = record.size - sizeof h;
    h.sum = sum_of(&h, record.data + sizeof h);
    memcpy(record.data, &h, sizeof h);
    cal_status status = CAL_OK;
    if (!write_at(j->file, record.data, record.size, j->size))
        status = refuse(j, "written");
    if (status == CAL_OK) {
        j->entries[run] = (cali_entry_of_run){o->state, o->wall_s, j->size};
        j->size += record.size;
    }
    cali_text_free(&record);
    const double now = cali_wall_s();
    if (status == CAL_OK && now - j->synced_s > SYNC_S) {
        j->synced_s = now;
        if (fdatasync(j->file) != 0)
            status = refuse(j, "written");
    }
    return status;
}

/* The parts of a record, copied. `at` stands behind its text. */
static cal_status take_parts(cali_journal *j, const head *h, const char *at, const char *end, cali_outcome *out)
{
    const uint64_t numbers = h->n_figures + h->n_signals;
    if (h->n_figures > h->size || h->n_signals > h->size || numbers * 8 > (uint64_t)(end - at))
        return CAL_FAIL(j->ctx, CAL_ERR_INPUT, "%s: broken record of run %llu", j->path, (unsigned long long)h->run + 1);
    CAL_TRY(cali_alloc(j->ctx, h->n_figures, sizeof *out->figures, "figures", &out->figures));
    CAL_TRY(cali_alloc(j->ctx, h->n_signals, sizeof *out->packed, "signals", &out->packed));
    CAL_TRY(cali_alloc(j->ctx, h->n_signals, sizeof *out->sizes, "signals", &out->sizes));
    out->n_figures = h->n_figures;
    memcpy(out->figures, at, h->n_figures * sizeof *out->figures);
    const char *sizes = at + h->n_figures * sizeof *out->figures;
    at = sizes + h->n_signals * sizeof(uint64_t);
    for (size_t i = 0; i < h->n_signals; i++) {
        uint64_t size;
        memcpy(&size, sizes + i * sizeof size, sizeof size);
        if (size > (uint64_t)(end - at))
            return CAL_FAIL(j->ctx, CAL_ERR_INPUT, "%s: broken record of run %llu", j->path, (unsigned long long)h->run + 1);
        CAL_TRY(cali_alloc(j->ctx, size, 1, "signals", &out->packed[i]));
        memcpy(out->packed[i], at, size);
        out->sizes[i] = size;
        out->n_signals = i + 1;
        at += size;
    }
    return CAL_OK;
}

cal_status cali_journal_read(cali_journal *j, size_t run, cali_outcome *out)
{
    head h;
    char *body = NULL;
    *out = (cali_outcome){0};
    if (!read_record(j, j->entries[run].offset, j->size, &h, &body) || h.run != run || h.text_size > h.size) {
        free(body);
        return CAL_FAIL(j->ctx, CAL_ERR_INPUT, "%s: the record of run %zu is broken", j->path, run + 1);
    }
    out->state = (cali_run_state)h.state;
    out->wall_s = h.wall_s;
    cali_text_add_bytes(&out->text, body, h.text_size);
    cal_status status = out->text.is_broken ? CAL_FAIL(j->ctx, CAL_ERR_MEMORY, "no memory for a run") : CAL_OK;
    if (status == CAL_OK)
        status = take_parts(j, &h, body + h.text_size, body + h.size, out);
    free(body);
    if (status != CAL_OK)
        cali_outcome_free(out);
    return status;
}
