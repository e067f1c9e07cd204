/* Plastic synapses of one tile during a run: keeps the past of the targets, and works off the rows of the sources that
 * spiked. Nothing but the tile's own thread writes there. */
#include "snn/plastic.h"

#include <assert.h>
#include <string.h>

cali_row cali_plastic_row(const cal_snn *self, const cali_plastic *p, unsigned tile)
{
    const cali_plastic_tile *t = &p->tiles[tile];
    const cali_population *to = &self->populations[p->projection.def.to];
    cali_row row = {.place_bits = p->place_bits,
                    .one_weight = p->sign * p->projection.def.weight.a,
                    .constant = p->constant,
                    .has_own = p->has_own,
                    .past = t->past,
                    .spikes = t->spikes,
                    .ring_size = p->ring_size,
                    .modulator = p->is_modulated ? &p->modulator : NULL,
                    .releases = t->releases,
                    .n_releases = t->n_releases,
                    .n_slots = p->n_slots,
                    .depression = t->membranes.depression,
                    .depression_mask = p->n_depressions - 1,
                    .width = to->width,
                    .pre_decay = p->pre_decay,
                    .post_decay = p->post_decay,
                    .dt_ms = self->dt_ms,
                    .scale = p->projection.scale,
                    .sign = p->sign,
                    .stride = cali_ring_stride(self),
                    .slot_mask = self->slots - 1};
    row.input = cali_ring_of(self, tile) + (size_t)p->projection.channel * self->tile_width + to->offset;
    for (size_t i = 0; i < p->synapse->n_post; i++)
        row.is_nearest[i] = p->synapse->post[i].is_nearest;
    return row;
}

void cali_plastic_point(const cali_plastic *p, unsigned tile, uint32_t source, cali_row *row)
{
    const cali_plastic_tile *t = &p->tiles[tile];
    const cali_source *s = &t->sources[source];
    const uint64_t begin = t->begin[source];
    const size_t n_states = p->synapse->face.n_states;
    row->n = (size_t)(t->begin[source + 1] - begin);
    row->word = t->word + begin;
    row->state[0] = t->state[0] == NULL ? NULL : t->state[0] + begin;
    row->shared = p->has_shared_states && n_states > 0 ? t->state[1] + source * n_states : NULL;
    for (size_t i = 1; !p->has_shared_states && i <= n_states; i++)
        row->state[i] = t->state[i] + begin;
    for (size_t c = 0; p->has_own && c < p->synapse->n_constants; c++)
        row->own[c] = p->is_own[c] ? t->own[c] + begin : NULL;
    row->last = s->last;
    row->done = s->done;
    memcpy(row->pre, s->pre, sizeof row->pre);
}

void cali_plastic_work_off(const cal_snn *self, const cali_plastic *p, unsigned tile, int64_t stamp)
{
    cali_plastic_tile *t = &p->tiles[tile];
    const uint32_t n = self->populations[p->projection.def.from].n;
    cali_row row = cali_plastic_row(self, p, tile);
    row.now = stamp;
    for (uint32_t source = 0; source < n; source++) {
        cali_plastic_point(p, tile, source, &row);
        p->synapse->loop[self->isa](&row);
        t->sources[source].done = stamp;
    }
    t->worked_off = stamp;
}

/* The ring may drop its oldest entry only if every row has used the one after it. */
cali_past_spike *cali_plastic_remember(const cal_snn *self, const cali_plastic *p, unsigned tile, uint32_t place,
                                       int64_t stamp, int64_t safe)
{
    cali_plastic_tile *t = &p->tiles[tile];
    cali_past *past = &t->past[place];
    cali_past_spike *ring = &t->spikes[(size_t)place * p->ring_size];
    const uint32_t mask = p->ring_size - 1;
    const int64_t after_oldest = ring[(past->n + 1) & mask].stamp + p->longest_delay;
    if (past->n >= p->ring_size && after_oldest > t->worked_off) {
        cali_plastic_work_off(self, p, tile, safe);
        assert(after_oldest <= t->worked_off);
    }
    cali_past_spike *spike = &ring[past->n++ & mask];
    spike->stamp = past->newest = stamp;
    return spike;
}

static void keep_spike(const cal_snn *self, const cali_plastic *p, unsigned tile, uint32_t place, int64_t stamp)
{
    cali_past *past = &p->tiles[tile].past[place];
    const int64_t since = stamp - past->newest;
    cali_past_spike *spike = cali_plastic_remember(self, p, tile, place, stamp, self->pending_step);
    for (size_t i = 0; i < p->synapse->n_post; i++) {
        spike->before[i] = past->after[i] * cali_decay_at(&p->post_decay[i], since);
        past->after[i] = p->synapse->post[i].is_nearest ? 1.0 : spike->before[i] + 1.0;
    }
}

static void keep_spikes(const cal_snn *self, const cali_plastic *p, unsigned tile)
{
    const cali_spike_list *list = &self->tiles[tile].list[self->parity];
    for (uint32_t k = 0; k < self->pending_steps; k++) {
        const uint32_t *start = &list->start[k * self->n_populations + p->projection.def.to];
        for (uint32_t i = start[0]; i < start[1]; i++)
            keep_spike(self, p, tile, list->ids[i] / self->n_tiles, self->pending_step + k + 1);
    }
}

/* Spikes of sources with the row's present stamp. */
static void deliver_spikes(cal_snn *self, const cali_plastic *p, unsigned tile, cali_row *row, const uint32_t *ids,
                           uint32_t n)
{
    const cali_synapse *synapse = p->synapse;
    for (uint32_t i = 0; i < n; i++) {
        cali_source *s = &p->tiles[tile].sources[ids[i]];
        cali_plastic_point(p, tile, ids[i], row);
        synapse->loop[self->isa](row);
        for (size_t k = 0; k < synapse->n_pre; k++) {
            const double before = s->pre[k] * cali_decay_at(&p->pre_decay[k], row->now - s->last);
            s->pre[k] = synapse->pre[k].is_nearest ? 1.0 : before + 1.0;
        }
        s->last = s->done = row->now;
        self->tiles[tile].n_events += row->n;
    }
}

static void deliver_step(cal_snn *self, const cali_plastic *p, unsigned tile, cali_row *row, uint32_t k)
{
    const size_t from = p->projection.def.from;
    if (self->populations[from].neuron == NULL) {
        uint32_t n;
        const uint32_t *ids = cali_source_spikes(self, from, row->now, &n);
        deliver_spikes(self, p, tile, row, ids, n);
        return;
    }
    for (unsigned t = 0; t < self->n_tiles; t++) {
        const cali_spike_list *list = &self->tiles[t].list[self->parity];
        const uint32_t *start = &list->start[k * self->n_populations + from];
        deliver_spikes(self, p, tile, row, list->ids + start[0], start[1] - start[0]);
    }
}

void cali_plastic_deliver_tile(cal_snn *self, unsigned tile)
{
    for (size_t g = 0; g < self->n_plastics; g++) {
        const cali_plastic *p = &self->plastics[g];
        if (p->ring_size > 0 && !p->sees_voltage)
            keep_spikes(self, p, tile);
        if (p->is_modulated)
            cali_modulator_keep(self, p, tile);
        cali_row row = cali_plastic_row(self, p, tile);
        row.has_spike = true;
        for (uint32_t k = 0; k < self->pending_steps; k++) {
            row.now = self->pending_step + k + 1;
            deliver_step(self, p, tile, &row, k);
            if (p->scaling_steps > 0)
                cali_scaling_step(self, p, tile, k);
        }
    }
}
