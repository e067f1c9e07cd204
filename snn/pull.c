/* Pulled rows. The spikes of the longest delay are kept by stamp; the step that ends at t adds, for each delay d of a
 * group, the cells d of the rows of the spikes of t - d to its sums, which fit a second-level cache. Integers: no order
 * of adding enters. Two looks ahead: where a cell lies, then its words. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "snn/network.h"

/* ---- kept spikes --------------------------------------------------------------------------------------- */

static bool has_past(const cal_snn *self, size_t population)
{
    bool is_pulled = false;
    for (size_t g = 0; g < self->n_groups; g++)
        is_pulled |= self->groups[g].is_pulled && self->groups[g].from == population;
    return is_pulled;
}

static cali_past_step *past_at(const cal_snn *self, size_t population, int64_t stamp)
{
    return &self->past[population * self->history_slots + ((size_t)stamp & (self->history_slots - 1))];
}

static cal_status keep(cal_snn *self, cali_past_step *past, const uint32_t *ids, uint32_t n)
{
    CAL_TRY(cali_reserve(self->ctx, (size_t)past->n + n, sizeof *past->ids, &past->ids, &past->capacity));
    if (n > 0)
        memcpy(past->ids + past->n, ids, n * sizeof *ids);
    past->n += n;
    return CAL_OK;
}

static cal_status keep_step(cal_snn *self, size_t population, uint32_t k)
{
    cali_past_step *past = past_at(self, population, self->block_step + k + 1);
    uint32_t n;
    past->n = 0;
    if (self->populations[population].neuron == NULL) {
        const uint32_t *ids = cali_source_spikes(self, population, self->block_step + k + 1, &n);
        return keep(self, past, ids, n);
    }
    for (unsigned t = 0; t < self->n_tiles; t++) {
        const cali_spike_list *list = &self->tiles[t].list[self->parity];
        const uint32_t *start = &list->start[k * self->n_populations + population];
        CAL_TRY(keep(self, past, list->ids + start[0], start[1] - start[0]));
    }
    return CAL_OK;
}

cal_status cali_past_keep(cal_snn *self)
{
    for (size_t i = 0; i < self->n_populations; i++)
        for (uint32_t k = 0; self->populations[i].is_kept && k < self->block_steps; k++)
            CAL_TRY(keep_step(self, i, k));
    return CAL_OK;
}

cal_status cali_past_create(cal_snn *self)
{
    for (size_t i = 0; i < self->n_populations; i++)
        self->populations[i].is_kept = has_past(self, i);
    CAL_TRY(cali_snn_alloc(self, self->n_populations * self->history_slots, sizeof *self->past, "kept spikes",
                           &self->past));
    return cali_snn_alloc(self, self->n_tiles * cali_ring_stride(self), sizeof *self->pending, "pending input",
                          &self->pending);
}

void cali_past_forget(cal_snn *self)
{
    for (size_t i = 0; i < self->n_populations * self->history_slots; i++)
        self->past[i].n = 0;
}

void cali_past_destroy(cal_snn *self)
{
    for (size_t i = 0; self->past != NULL && i < self->n_populations * self->history_slots; i++)
        free(self->past[i].ids);
    free(self->past);
    free(self->pending);
}

/* ---- pulling --------------------------------------------------------------------------------------------- */

/* One cell of one row on its way through the queue. */
typedef struct part {
    const cali_group *group;
    const cali_rows *rows;
    uint32_t source, cell;
    uint32_t begin, n; /* once it is found */
} part;

enum { QUEUE = 64, FIND_AFTER = 24, ADD_AFTER = 24, PREFETCH_BYTES = 1024 };

typedef struct puller {
    part queue[QUEUE];
    size_t n_listed, n_found, n_added;
    uint64_t n_events;
    int32_t *sums;
    size_t tile_width;
} puller;

static void find(puller *q)
{
    part *p = &q->queue[q->n_found++ % QUEUE];
    p->begin = cali_cell_begin(p->group, p->rows, p->source, p->cell);
    p->n = cali_cell_begin(p->group, p->rows, p->source, p->cell + 1) - p->begin;
    if (p->cell == 0) /* the first cell of each spike comes once */
        q->n_events += p->rows->base[p->source + 1] - p->begin;
    const char *const words = (const char *)p->rows->words + (size_t)p->begin * p->group->word_bytes;
    const size_t bytes = (size_t)p->n * p->group->word_bytes;
    for (size_t i = 0; i < bytes && i < PREFETCH_BYTES; i += 64)
        cali_prefetch(words + i);
    if (bytes > 0 && bytes <= PREFETCH_BYTES) /* the last line, where words begin within a line */
        cali_prefetch(words + bytes - 1);
}

/* Four words at a time: the sums of one are seldom those of the next. */
#if defined(__clang__)
#define FOUR_AT_A_TIME _Pragma("clang loop unroll_count(4)")
#else
#define FOUR_AT_A_TIME _Pragma("GCC unroll 4")
#endif

static void add_2(const uint16_t *words, uint32_t n, int32_t weight, int32_t *restrict sums)
{
    FOUR_AT_A_TIME for (uint32_t k = 0; k < n; k++)
        sums[words[k]] += weight;
}

static void add_4(const uint32_t *words, uint32_t n, unsigned place_bits, unsigned shift, int32_t *restrict sums)
{
    const uint32_t places = (1u << place_bits) - 1, weights = ~places;
    if (shift <= place_bits) { /* the weight stands place_bits up: one shift brings it down */
        const unsigned down = place_bits - shift;
        FOUR_AT_A_TIME for (uint32_t k = 0; k < n; k++)
            sums[words[k] & places] += (int32_t)(words[k] & weights) >> down;
    } else {
        const int32_t factor = 1 << (shift - place_bits);
        for (uint32_t k = 0; k < n; k++)
            sums[words[k] & places] += (int32_t)(words[k] & weights) * factor;
    }
}

static void add(puller *q)
{
    const part *p = &q->queue[q->n_added++ % QUEUE];
    const cali_group *g = p->group;
    int32_t *const restrict sums = q->sums + (size_t)g->channel * q->tile_width;
    const uint32_t n = p->n;
    if (g->word_bytes == 2) {
        add_2((const uint16_t *)p->rows->words + p->begin, n, g->one_weight, sums);
    } else if (g->word_bytes == 4) {
        add_4((const uint32_t *)p->rows->words + p->begin, n, g->weight_shift, g->shift, sums);
    } else {
        const uint64_t *const words = (const uint64_t *)p->rows->words + p->begin;
        const int32_t factor = 1 << g->shift;
        for (uint32_t k = 0; k < n; k++)
            sums[(uint32_t)words[k]] += (int32_t)(words[k] >> 32) * factor;
    }
}

static inline void list(puller *q, const cali_group *g, const cali_rows *rows, uint32_t source, uint32_t cell)
{
    q->queue[q->n_listed++ % QUEUE] = (part){.group = g, .rows = rows, .source = source, .cell = cell};
    cali_prefetch(&rows->base[source]);
    const size_t at = (size_t)source * (g->n_cells - 1) + cell;
    if (rows->inner_16 != NULL)
        cali_prefetch(&rows->inner_16[at]);
    else if (rows->inner_32 != NULL)
        cali_prefetch(&rows->inner_32[at]);
    if (q->n_listed - q->n_found > FIND_AFTER)
        find(q);
    if (q->n_found - q->n_added > ADD_AFTER)
        add(q);
}

uint64_t cali_pull(const cal_snn *self, unsigned tile, int64_t step, int64_t newest, int32_t *sums)
{
    puller q;
    q.n_listed = q.n_found = q.n_added = 0;
    q.n_events = 0;
    q.sums = sums;
    q.tile_width = self->tile_width;
    for (size_t i = 0; i < self->n_groups; i++) {
        const cali_group *g = &self->groups[i];
        for (uint32_t cell = 0; g->is_pulled && cell < g->n_cells; cell++) {
            const int64_t stamp = step + 1 - g->shortest - cell;
            if (stamp > newest)
                continue;
            if (stamp < 1)
                break;
            const cali_past_step *past = past_at(self, g->from, stamp);
            for (uint32_t k = 0; k < past->n; k++)
                list(&q, g, &g->rows[tile], past->ids[k], cell);
        }
    }
    while (q.n_found < q.n_listed)
        find(&q);
    while (q.n_added < q.n_found)
        add(&q);
    return q.n_events;
}

uint64_t cali_unpulled_events(const cal_snn *self)
{
    uint64_t n = 0;
    for (size_t i = 0; i < self->n_groups; i++) {
        const cali_group *g = &self->groups[i];
        for (uint32_t age = 0; g->is_pulled && age < g->shortest && age < self->step; age++) {
            const cali_past_step *past = past_at(self, g->from, self->step - age);
            for (uint32_t k = 0; k < past->n; k++)
                for (unsigned tile = 0; tile < self->n_tiles; tile++)
                    n += g->rows[tile].base[past->ids[k] + 1] - g->rows[tile].base[past->ids[k]];
        }
    }
    return n;
}

const int32_t *cali_pending_input(const cal_snn *self, uint32_t ahead)
{
    const size_t stride = cali_ring_stride(self);
    for (unsigned tile = 0; tile < self->n_tiles; tile++) {
        int32_t *const sums = self->pending + tile * stride;
        const size_t slot = (size_t)(self->step + 1 + ahead) & (self->slots - 1);
        if (ahead < self->slots)
            memcpy(sums, cali_ring_of(self, tile) + slot * stride, stride * sizeof *sums);
        else
            memset(sums, 0, stride * sizeof *sums);
        cali_pull(self, tile, self->step + ahead, self->step, sums);
    }
    return self->pending;
}
