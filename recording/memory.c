/* The memory sink: keeps all rows and spikes, and is its own source. For tests and for programs
 * that look at a run without a file. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "recording/parts.h"

typedef struct rows {
    double *values; /* (n_rows x n_columns) */
    size_t n_columns, capacity;
    bool is_float32;
} rows;

typedef struct spikes {
    double *times_ms;
    uint32_t *ids;
    size_t time_capacity, id_capacity;
} spikes;

typedef struct memory {
    cal_context *ctx;
    cali_layout *layout; /* while recording; the counts of rows are kept there */
    rows *rows;
    spikes *spikes;
    cali_rec_constant *constants; /* taken over from the layout at the end */
    size_t n_signals, n_trains, n_constants;
} memory;

static cal_status create(cal_context *ctx, const cal_recorder_def *def, void **self)
{
    (void)def;
    memory *m = NULL;
    CAL_TRY(cali_alloc(ctx, 1, sizeof *m, "memory sink", &m));
    m->ctx = ctx;
    *self = m;
    return CAL_OK;
}

static cal_status start(void *self, cali_layout *layout, cali_failure *failure)
{
    memory *m = self;
    m->layout = layout;
    m->n_signals = layout->n_signals;
    m->n_trains = layout->n_trains;
    if (cali_alloc(m->ctx, m->n_signals, sizeof *m->rows, "memory sink", &m->rows) != CAL_OK ||
        cali_alloc(m->ctx, m->n_trains, sizeof *m->spikes, "memory sink", &m->spikes) != CAL_OK)
        return cali_failure_set(failure, CAL_ERR_MEMORY, "no memory for the memory sink");
    for (size_t i = 0; i < m->n_signals; i++) {
        m->rows[i].n_columns = layout->signals[i].n_columns;
        m->rows[i].is_float32 = layout->signals[i].is_float32;
    }
    return CAL_OK;
}

static cal_status append(void *self, size_t signal, size_t n_rows, const double *values,
                         cali_failure *failure)
{
    memory *m = self;
    rows *r = &m->rows[signal];
    size_t *n_done = &m->layout->signals[signal].n_rows;
    const size_t n = n_rows * r->n_columns, n_before = *n_done * r->n_columns;
    if (cali_reserve(m->ctx, n_before + n, sizeof *r->values, &r->values, &r->capacity) != CAL_OK)
        return cali_failure_set(failure, CAL_ERR_MEMORY, "memory sink: no memory for %s",
                                m->layout->signals[signal].name);
    for (size_t i = 0; i < n; i++)
        r->values[n_before + i] = r->is_float32 ? (double)(float)values[i] : values[i];
    *n_done += n_rows;
    return CAL_OK;
}

static cal_status append_spikes(void *self, size_t train, size_t n, const cal_time *times,
                                const uint32_t *ids, cali_failure *failure)
{
    memory *m = self;
    spikes *s = &m->spikes[train];
    size_t *n_done = &m->layout->trains[train].n_spikes;
    if (cali_reserve(m->ctx, *n_done + n, sizeof *s->times_ms, &s->times_ms, &s->time_capacity) !=
            CAL_OK ||
        cali_reserve(m->ctx, *n_done + n, sizeof *s->ids, &s->ids, &s->id_capacity) != CAL_OK)
        return cali_failure_set(failure, CAL_ERR_MEMORY, "memory sink: no memory for spikes");
    for (size_t i = 0; i < n; i++) {
        s->times_ms[*n_done + i] = cal_time_ms(times[i]);
        s->ids[*n_done + i] = ids[i];
    }
    *n_done += n;
    return CAL_OK;
}

static cal_status commit(void *self, cal_time t, bool *is_flushed, cali_failure *failure)
{
    (void)self, (void)t, (void)failure;
    *is_flushed = true;
    return CAL_OK;
}

static cal_status flush(void *self, cali_failure *failure)
{
    (void)self, (void)failure;
    return CAL_OK;
}

/* The recording takes the layout over; the constants are found through the copy of their list. */
static cal_status finish(void *self, cali_failure *failure)
{
    (void)failure;
    memory *m = self;
    m->constants = m->layout->constants;
    m->n_constants = m->layout->n_constants;
    m->layout = NULL;
    return CAL_OK;
}

static void destroy(void *self)
{
    memory *m = self;
    for (size_t i = 0; m->rows != NULL && i < m->n_signals; i++)
        free(m->rows[i].values);
    for (size_t i = 0; m->spikes != NULL && i < m->n_trains; i++) {
        free(m->spikes[i].times_ms);
        free(m->spikes[i].ids);
    }
    free(m->rows);
    free(m->spikes);
    free(m);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static cal_status read_rows(void *self, size_t signal, size_t first, size_t n, double *values)
{
    const rows *r = &((memory *)self)->rows[signal];
    memcpy(values, r->values + first * r->n_columns, n * r->n_columns * sizeof *values);
    return CAL_OK;
}

static cal_status read_spikes(void *self, size_t train, size_t first, size_t n, double *times_ms,
                              uint32_t *ids)
{
    const spikes *s = &((memory *)self)->spikes[train];
    memcpy(times_ms, s->times_ms + first, n * sizeof *times_ms);
    memcpy(ids, s->ids + first, n * sizeof *ids);
    return CAL_OK;
}

static const cali_rec_constant *find(const memory *m, const char *path)
{
    const cali_layout layout = {.constants = m->constants, .n_constants = m->n_constants};
    return cali_layout_find_constant(&layout, path);
}

static cal_status read_matrix(void *self, const char *path, size_t *n_rows, size_t *n_columns,
                              double **values)
{
    const memory *m = self;
    const cali_rec_constant *constant = find(m, path);
    if (constant == NULL || constant->values == NULL)
        return CAL_OK;
    const size_t n = constant->n_rows * constant->n_columns;
    CAL_TRY(cali_alloc(m->ctx, n, sizeof **values, path, values));
    memcpy(*values, constant->values, n * sizeof **values);
    *n_rows = constant->n_rows;
    *n_columns = constant->n_columns;
    return CAL_OK;
}

static cal_status read_texts(void *self, const char *path, size_t *n, char ***texts)
{
    const memory *m = self;
    const cali_rec_constant *constant = find(m, path);
    if (constant == NULL || constant->texts == NULL)
        return CAL_OK;
    CAL_TRY(cali_texts_copy(m->ctx, constant->n_rows, (const char *const *)constant->texts, texts));
    *n = constant->n_rows;
    return CAL_OK;
}

static const cali_source source = {.read = read_rows,
                                   .read_spikes = read_spikes,
                                   .read_matrix = read_matrix,
                                   .read_texts = read_texts,
                                   .close = destroy};

const cali_sink cali_sink_memory = {.name = "memory",
                                    .create = create,
                                    .start = start,
                                    .append = append,
                                    .append_spikes = append_spikes,
                                    .commit = commit,
                                    .flush = flush,
                                    .finish = finish,
                                    .destroy = destroy,
                                    .source = &source};
