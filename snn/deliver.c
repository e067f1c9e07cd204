/* What is pushed: spikes of the block before, added to the ring of one tile. Nothing but the tile's own thread writes
 * there. */
#include <string.h>

#include "base/memory.h"
#include "snn/network.h"
#include "snn/plastic.h"
#include "snn/structural.h"

/* Where the synapses of one group go in one tile. */
typedef struct delivery {
    const cal_snn *self;
    const cali_group *group;
    int32_t *ring; /* of the tile, at the group's channel */
    size_t stride;
    uint32_t stamp;
} delivery;

static inline const void *row_part(const cali_group *g, uint32_t source, unsigned tile, uint32_t *n)
{
    const cali_rows *rows = &g->rows[tile];
    *n = rows->base[source + 1] - rows->base[source];
    return (const char *)rows->words + (size_t)rows->base[source] * g->word_bytes;
}

static void deliver_4(const delivery *d, const uint32_t *words, uint32_t n)
{
    const cal_snn *self = d->self;
    const unsigned target_bits = self->target_bits, shift = d->group->weight_shift;
    const uint32_t target_mask = (1u << target_bits) - 1;
    const uint32_t delay_mask = (1u << self->delay_bits) - 1, slot_mask = self->slots - 1;
    const int32_t factor = 1 << d->group->shift;
    for (uint32_t k = 0; k < n; k++) {
        const uint32_t slot = (d->stamp + (words[k] >> target_bits & delay_mask)) & slot_mask;
        d->ring[slot * d->stride + (words[k] & target_mask)] += ((int32_t)words[k] >> shift) * factor;
    }
}

static void deliver_8(const delivery *d, const uint64_t *words, uint32_t n)
{
    const cal_snn *self = d->self;
    const uint32_t target_mask = (1u << self->target_bits) - 1, slot_mask = self->slots - 1;
    const int32_t factor = 1 << d->group->shift;
    for (uint32_t k = 0; k < n; k++) {
        const uint32_t low = (uint32_t)words[k];
        const uint32_t delay = self->target_bits == 0 ? low : low >> self->target_bits;
        const size_t slot = (d->stamp + delay) & slot_mask;
        d->ring[slot * d->stride + (low & target_mask)] += (int32_t)(words[k] >> 32) * factor;
    }
}

/* Two looks ahead, over the rows of all groups: where a row begins, then the row itself. */
enum { BASES_AHEAD = 20, ROW_AHEAD = 10, ROW_BYTES = 1024 };

static void prefetch_row(const cal_snn *self, const cali_arrival *arrival, unsigned tile)
{
    const cali_group *g = &self->groups[arrival->group];
    uint32_t n;
    const char *row = row_part(g, arrival->source, tile, &n);
    const size_t bytes = (size_t)n * g->word_bytes;
    for (size_t i = 0; i < bytes && i < ROW_BYTES; i += 64)
        cali_prefetch(row + i);
}

static void deliver_arrivals(cal_snn *self, unsigned tile)
{
    const size_t n = self->n_arrivals;
    const cali_arrival *const arrivals = self->arrivals;
    int32_t *const ring = cali_ring_of(self, tile);
    delivery d = {.self = self, .stride = cali_ring_stride(self)};
    for (size_t i = 0; i < n; i++) {
        if (i + BASES_AHEAD < n)
            cali_prefetch(&self->groups[arrivals[i + BASES_AHEAD].group].rows[tile].base[arrivals[i + BASES_AHEAD].source]);
        if (i + ROW_AHEAD < n)
            prefetch_row(self, &arrivals[i + ROW_AHEAD], tile);
        uint32_t n_words;
        d.group = &self->groups[arrivals[i].group];
        const void *words = row_part(d.group, arrivals[i].source, tile, &n_words);
        d.ring = ring + (size_t)d.group->channel * self->tile_width;
        d.stamp = (uint32_t)(self->pending_step + arrivals[i].step + 1) & (self->slots - 1);
        if (d.group->word_bytes == 8)
            deliver_8(&d, words, n_words);
        else
            deliver_4(&d, words, n_words);
        self->tiles[tile].n_events += n_words;
    }
}

const uint32_t *cali_source_spikes(const cal_snn *self, size_t population, int64_t stamp, uint32_t *n)
{
    *n = 0;
    if (self->populations[population].train != NULL)
        return cali_train_spikes(self->populations[population].train, stamp * self->dt, n);
    for (size_t i = 0; i < self->n_ports; i++) {
        const cali_port *port = &self->ports[i];
        if (port->def.kind != CAL_PORT_SPIKES || port->def.population != population)
            continue;
        const size_t k = (size_t)((stamp - 1) % self->window_steps);
        *n = port->start[k + 1] - port->start[k];
        return port->ids + port->start[k];
    }
    return NULL;
}

/* An all-to-all projection without autapses counted the neuron's own spike too: take it back. */
static void subtract_autapses(cal_snn *self, unsigned tile)
{
    for (size_t i = 0; i < self->n_projections; i++) {
        const cali_projection *p = &self->projections[i];
        if (!p->is_broadcast || p->def.from != p->def.to || p->def.has_autapses)
            continue;
        const cali_spike_list *list = &self->tiles[tile].list[self->parity];
        const size_t channel = (size_t)p->channel * self->tile_width;
        for (uint32_t k = 0; k < self->pending_steps; k++) {
            const int64_t stamp = self->pending_step + k + 1;
            const size_t slot = (size_t)(stamp + p->delay) & (self->slots - 1);
            int32_t *const sums = cali_ring_of(self, tile) + slot * cali_ring_stride(self) + channel +
                                  self->populations[p->def.to].offset;
            const uint32_t *start = &list->start[k * self->n_populations + p->def.from];
            for (uint32_t s = start[0]; s < start[1]; s++)
                sums[list->ids[s] / self->n_tiles] -= p->quanta;
        }
    }
}

static void list_arrivals_of(cal_snn *self, uint16_t group, uint16_t step, const uint32_t *sources, uint32_t n)
{
    cali_arrival *out = self->arrivals + self->n_arrivals;
    for (uint32_t i = 0; i < n; i++)
        out[i] = (cali_arrival){sources[i], group, step};
    self->n_arrivals += n;
}

/* By group and step. */
void cali_list_arrivals(cal_snn *self)
{
    self->n_arrivals = 0;
    for (size_t g = 0; g < self->n_groups; g++) {
        const size_t from = self->groups[g].from;
        for (uint32_t k = 0; !self->groups[g].is_pulled && k < self->block_steps; k++) {
            if (self->populations[from].neuron == NULL) {
                uint32_t n;
                const uint32_t *ids = cali_source_spikes(self, from, self->block_step + k + 1, &n);
                list_arrivals_of(self, (uint16_t)g, (uint16_t)k, ids, n);
                continue;
            }
            for (unsigned t = 0; t < self->n_tiles; t++) {
                const cali_spike_list *list = &self->tiles[t].list[self->parity];
                const uint32_t *start = &list->start[k * self->n_populations + from];
                list_arrivals_of(self, (uint16_t)g, (uint16_t)k, list->ids + start[0], start[1] - start[0]);
            }
        }
    }
}

/* Most spikes of a train in one block. */
static size_t most_in_block(const cal_snn *self, size_t population)
{
    size_t most = 0;
    for (size_t i = 0; i < self->n_trains; i++) {
        const cal_snn_train *t = &self->trains[i];
        for (size_t first = 0, k = 0; t->population == population && k < t->n; k++) {
            while (t->time[k] - t->time[first] >= (cal_time)self->exchange_steps * self->dt)
                first++;
            most = k - first + 1 > most ? k - first + 1 : most;
        }
    }
    return most;
}

/* Arrivals of neurons and trains in one block at most; those of other source populations come on top with what is written. */
size_t cali_max_arrivals(const cal_snn *self)
{
    size_t n = 0;
    for (size_t g = 0; g < self->n_groups; g++) {
        const cali_population *p = &self->populations[self->groups[g].from];
        if (!self->groups[g].is_pulled)
            n += p->neuron == NULL ? most_in_block(self, self->groups[g].from)
                                   : (size_t)p->n * ((self->exchange_steps - 1) / p->min_interval + 1);
    }
    return n;
}

bool cali_has_pushes(const cal_snn *self)
{
    return self->planned_slots > 1 || self->n_plastics > 0 || self->n_structurals > 0;
}

void cali_deliver_tile(cal_snn *self, unsigned tile)
{
    deliver_arrivals(self, tile);
    subtract_autapses(self, tile);
    cali_plastic_deliver_tile(self, tile);
    cali_structural_deliver_tile(self, tile);
}
