/* The CPU backend. A window is cut into blocks of at most the shortest delay (and 16 steps, and never
 * across a bin of a Poisson port). Per block each tile, on some thread, first adds the spikes of the
 * block before to its own ring, then steps its own neurons and lists their spikes; between two blocks
 * one thread counts and records. No atomics: a tile writes only its own ring, state and lists. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "snn/network.h"

extern const cali_loops cali_loops_base;
#if defined(__x86_64__)
extern const cali_loops cali_loops_v3, cali_loops_v4;
#endif

const cali_loops *cali_loops_at(cali_isa_level level)
{
#if defined(__x86_64__)
    if (level != CALI_ISA_BASE)
        return level == CALI_ISA_V3 ? &cali_loops_v3 : &cali_loops_v4;
#endif
    (void)level;
    return &cali_loops_base;
}

/* ---- stepping ---------------------------------------------------------------------------------- */

/** The current into a population during the step that begins at step `step`. */
static float current_at(const cal_snn *self, size_t population, int64_t step)
{
    const cal_time start = step * self->dt, stop = start + self->dt;
    double sum = 0.0;
    for (size_t i = 0; i < self->n_currents; i++) {
        const cal_snn_current *c = &self->currents[i];
        if (c->to == population && start >= c->start && (c->stop == 0 || stop <= c->stop))
            sum += c->amplitude;
    }
    for (size_t i = 0; i < self->n_ports; i++) {
        const cali_port *port = &self->ports[i];
        if (port->def.kind == CAL_PORT_CURRENT && port->def.population == population)
            sum += port->values[step % self->window_steps / (self->window_steps / port->def.samples)];
    }
    return (float)sum;
}

/** What arrives at every neuron by broadcast at the end of the step, in quanta. */
static int32_t broadcast_at(const cal_snn *self, size_t population, int channel, int64_t step)
{
    int32_t sum = 0;
    for (size_t i = 0; i < self->n_projections; i++) {
        const cali_projection *p = &self->projections[i];
        if (!p->is_broadcast || p->def.to != population || p->channel != channel)
            continue;
        const size_t slot = (size_t)(step + 1 - p->delay) & (self->history_slots - 1);
        sum += self->history[p->def.from * self->history_slots + slot] * p->quanta;
    }
    return sum;
}

/* One population of one tile during one step. */
typedef struct step_of {
    cal_snn *self;
    cali_tile *tile;
    unsigned tile_index;
    size_t population;
    int64_t step;
    uint32_t n;        /* neurons of the population in the tile */
    int32_t *sums;     /* ring slot, channel 0, first place of the population */
    int32_t everyone[CALI_MAX_RECEPTORS];
    cali_block block;
} step_of;

static void draw_if_due(const cal_snn *self, unsigned tile, cali_poisson *p, uint32_t n,
                        int64_t step)
{
    if (p->drawn[tile] == step / 4)
        return;
    const uint32_t width = self->populations[p->to].width;
    uint32_t *const words = p->words + (size_t)tile * 4 * width;
    uint32_t *const parts[4] = {words, words + width, words + 2 * width, words + 3 * width};
    self->loops->draw(n, p->key, tile, self->n_tiles, (uint32_t)(step / 4), parts);
    p->drawn[tile] = step / 4;
}

/* Fills the inputs of the neurons from `first` on; receptors without any input get zeros. */
static void take_inputs(step_of *s, uint32_t first, uint32_t n_real)
{
    cal_snn *self = s->self;
    const cali_population *p = &self->populations[s->population];
    const size_t n = s->block.n;
    for (size_t r = 0; r < p->neuron->face.n_receptors; r++) {
        float *const out = s->tile->input + r * CALI_BLOCK;
        bool is_used = p->channel[r] >= 0;
        if (is_used)
            self->loops->take(n, s->sums + (size_t)p->channel[r] * self->tile_width + first,
                              s->everyone[r], p->quantum[r], out);
        for (size_t i = 0; i < self->n_poissons; i++) {
            cali_poisson *poisson = &self->poissons[i];
            if (poisson->to != s->population || poisson->receptor != r || !(poisson->mean > 0.0))
                continue;
            if (!is_used)
                memset(out, 0, n * sizeof *out);
            is_used = true;
            draw_if_due(self, s->tile_index, poisson, p->width, s->step);
            const uint32_t *words = poisson->words + first +
                                    ((size_t)s->tile_index * 4 + (size_t)(s->step & 3)) * p->width;
            const uint64_t events = self->loops->poisson(n_real, words, poisson->table,
                                                         poisson->weight, out);
            s->tile->n_port_events += poisson->is_port ? events : 0;
        }
        s->block.input[r] = is_used ? out : self->zeros;
    }
}

static void add_means(const step_of *s, uint32_t n_real)
{
    const cal_snn *self = s->self;
    for (size_t i = 0; i < self->n_ports; i++) {
        const cali_port *port = &self->ports[i];
        if (port->def.kind != CAL_PORT_MEAN || port->def.population != s->population)
            continue;
        const uint32_t samples = port->def.samples;
        const size_t bin = (size_t)(s->step % self->window_steps) / (self->window_steps / samples);
        port->sums[(size_t)s->tile_index * samples + bin] +=
            self->loops->sum(n_real, s->block.state[port->state]);
    }
}

/* Appends the ids of the neurons that spiked; the flags are looked at eight at a time. */
static uint32_t collect(const step_of *s, uint32_t first, uint32_t n_real, uint32_t *ids)
{
    const cal_snn *self = s->self;
    const uint8_t *spiked = s->tile->spiked;
    uint32_t n = 0;
    for (uint32_t i = 0; i < n_real; i += 8) {
        uint64_t eight;
        memcpy(&eight, spiked + i, 8);
        if (eight == 0)
            continue;
        for (uint32_t k = i; k < i + 8 && k < n_real; k++) {
            if (!spiked[k])
                continue;
            const uint32_t id = (first + k) * self->n_tiles + s->tile_index;
            ids[n++] = id;
            s->tile->hash += cali_mix((uint64_t)s->population << 32 | id, (uint64_t)s->step + 1);
        }
    }
    return n;
}

static uint32_t step_population(step_of *s, uint32_t *ids)
{
    cal_snn *self = s->self;
    const cali_population *p = &self->populations[s->population];
    const cali_neuron *neuron = p->neuron;
    cali_block *b = &s->block;
    uint32_t n_spikes = 0;
    b->current = current_at(self, s->population, s->step);
    b->spiked = s->tile->spiked;
    for (size_t r = 0; r < neuron->face.n_receptors; r++)
        s->everyone[r] =
            p->channel[r] < 0 ? 0 : broadcast_at(self, s->population, p->channel[r], s->step);
    for (uint32_t first = 0; first < s->n; first += CALI_BLOCK) {
        const uint32_t n_real = s->n - first < CALI_BLOCK ? s->n - first : CALI_BLOCK;
        b->n = (n_real + 15) / 16 * 16; /* whole vectors: there are places up to `width` */
        for (size_t i = 0; i < neuron->face.n_states; i++)
            b->state[i] =
                p->state + ((size_t)s->tile_index * neuron->face.n_states + i) * p->width + first;
        for (size_t i = 0; i < neuron->n_constants; i++)
            b->constant[i] = p->is_shared[i]
                                 ? p->constant[i]
                                 : p->constant[i] + (size_t)s->tile_index * p->width + first;
        take_inputs(s, first, n_real);
        neuron->loop[self->isa](b);
        add_means(s, n_real);
        n_spikes += collect(s, first, n_real, ids + n_spikes);
    }
    return n_spikes;
}

static size_t ring_stride(const cal_snn *self)
{
    return (size_t)self->n_channels * self->tile_width;
}

static int32_t *ring_of(const cal_snn *self, unsigned tile)
{
    return self->ring + (size_t)tile * self->slots * ring_stride(self);
}

static void update_tile(cal_snn *self, unsigned tile_index)
{
    cali_tile *tile = &self->tiles[tile_index];
    cali_spike_list *list = &tile->list[self->parity];
    uint32_t n = 0;
    size_t at = 0;
    for (uint32_t k = 0; k < self->block_steps; k++) {
        const int64_t step = self->block_step + k;
        int32_t *const slot = ring_of(self, tile_index) +
                              ((size_t)(step + 1) & (self->slots - 1)) * ring_stride(self);
        for (size_t i = 0; i < self->n_populations; i++) {
            const cali_population *p = &self->populations[i];
            list->start[at++] = n;
            if (p->neuron == NULL)
                continue;
            step_of s = {.self = self,
                         .tile = tile,
                         .tile_index = tile_index,
                         .population = i,
                         .step = step,
                         .n = cali_tile_count(p, self->n_tiles, tile_index),
                         .sums = slot + p->offset};
            if (s.n > 0)
                n += step_population(&s, list->ids + n);
        }
    }
    list->start[at] = n;
}

/* ---- delivery ---------------------------------------------------------------------------------- */

/* Where the synapses of one group go in one tile. */
typedef struct delivery {
    const cal_snn *self;
    const cali_group *group;
    unsigned tile;
    int32_t *ring; /* of the tile, at the group's channel */
    size_t stride;
    uint32_t stamp;
    uint64_t n_events;
} delivery;

static inline void row_part(const delivery *d, uint32_t source, uint64_t *begin, uint32_t *n)
{
    const size_t at = (size_t)source * (d->self->n_tiles + 1) + d->tile;
    const cali_group *g = d->group;
    const uint32_t first = g->offset_16 != NULL ? g->offset_16[at] : g->offset_32[at];
    const uint32_t end = g->offset_16 != NULL ? g->offset_16[at + 1] : g->offset_32[at + 1];
    *begin = g->base[source] + first;
    *n = end - first;
}

/* Rows are sorted by delay: with one delay only, all events go to one slot. */
static void deliver_4(const delivery *d, const uint32_t *words, uint32_t n)
{
    const cal_snn *self = d->self;
    const unsigned target_bits = self->target_bits, shift = target_bits + self->delay_bits;
    const uint32_t target_mask = (1u << target_bits) - 1;
    const uint32_t delay_mask = (1u << self->delay_bits) - 1, slot_mask = self->slots - 1;
    const int32_t factor = 1 << d->group->shift;
    const uint32_t first = words[0] >> target_bits & delay_mask;
    if (first == (words[n - 1] >> target_bits & delay_mask)) {
        int32_t *const slot = d->ring + (size_t)((d->stamp + first) & slot_mask) * d->stride;
        const int32_t weight = d->group->one_weight;
        if (d->group->has_one_weight) {
            for (uint32_t k = 0; k < n; k++)
                slot[words[k] & target_mask] += weight;
            return;
        }
        for (uint32_t k = 0; k < n; k++)
            slot[words[k] & target_mask] += ((int32_t)words[k] >> shift) * factor;
        return;
    }
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

static inline void prefetch(const void *at)
{
#if defined(__GNUC__)
    __builtin_prefetch(at);
#else
    (void)at;
#endif
}

/* Two looks ahead: where a row begins, then the row itself. */
static void prefetch_offsets(const delivery *d, uint32_t source)
{
    const size_t at = (size_t)source * (d->self->n_tiles + 1) + d->tile;
    prefetch(&d->group->base[source]);
    if (d->group->offset_16 != NULL)
        prefetch(&d->group->offset_16[at]);
    else
        prefetch(&d->group->offset_32[at]);
}

static void prefetch_row(const delivery *d, uint32_t source)
{
    uint64_t begin;
    uint32_t n;
    row_part(d, source, &begin, &n);
    const char *row = d->self->has_8_byte_words ? (const char *)(d->group->word_8 + begin)
                                                : (const char *)(d->group->word_4 + begin);
    const size_t bytes = (size_t)n * (d->self->has_8_byte_words ? 8 : 4);
    for (size_t i = 0; i < bytes && i < 512; i += 64)
        prefetch(row + i);
}

static void deliver_spikes(delivery *d, const uint32_t *ids, uint32_t n_spikes)
{
    for (uint32_t i = 0; i < n_spikes; i++) {
        if (i + 8 < n_spikes)
            prefetch_offsets(d, ids[i + 8]);
        if (i + 3 < n_spikes)
            prefetch_row(d, ids[i + 3]);
        uint64_t begin;
        uint32_t n;
        row_part(d, ids[i], &begin, &n);
        if (n == 0)
            continue;
        if (d->self->has_8_byte_words)
            deliver_8(d, d->group->word_8 + begin, n);
        else
            deliver_4(d, d->group->word_4 + begin, n);
        d->n_events += n;
    }
}

/** Spikes of a source population with the given stamp: ids and their number. */
static const uint32_t *source_spikes(const cal_snn *self, size_t population, int64_t stamp,
                                     uint32_t *n)
{
    *n = 0;
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
            int32_t *const sums = ring_of(self, tile) + slot * ring_stride(self) + channel +
                                  self->populations[p->def.to].offset;
            const uint32_t *start = &list->start[k * self->n_populations + p->def.from];
            for (uint32_t s = start[0]; s < start[1]; s++)
                sums[list->ids[s] / self->n_tiles] -= p->quanta;
        }
    }
}

static void deliver_tile(cal_snn *self, unsigned tile)
{
    for (size_t g = 0; g < self->n_groups; g++) {
        const cali_group *group = &self->groups[g];
        delivery d = {.self = self, .group = group, .tile = tile, .stride = ring_stride(self)};
        d.ring = ring_of(self, tile) + (size_t)group->channel * self->tile_width;
        for (uint32_t k = 0; k < self->pending_steps; k++) {
            const int64_t stamp = self->pending_step + k + 1;
            d.stamp = (uint32_t)stamp & (self->slots - 1);
            if (self->populations[group->from].neuron == NULL) {
                uint32_t n;
                const uint32_t *ids = source_spikes(self, group->from, stamp, &n);
                deliver_spikes(&d, ids, n);
                continue;
            }
            for (unsigned t = 0; t < self->n_tiles; t++) {
                const cali_spike_list *list = &self->tiles[t].list[self->parity];
                const uint32_t *start = &list->start[k * self->n_populations + group->from];
                deliver_spikes(&d, list->ids + start[0], start[1] - start[0]);
            }
        }
        self->tiles[tile].n_events += d.n_events;
    }
    subtract_autapses(self, tile);
}

/* ---- blocks and windows ------------------------------------------------------------------------- */

static void run_deliver(void *arg, size_t tile)
{
    deliver_tile(arg, (unsigned)tile);
}

static void sort_ids(uint32_t *ids, uint32_t n)
{
    static const uint32_t gaps[] = {9841, 3280, 1093, 364, 121, 40, 13, 4, 1};
    for (size_t g = 0; g < CALI_COUNT(gaps); g++)
        for (uint32_t i = gaps[g]; i < n; i++) {
            const uint32_t x = ids[i];
            uint32_t k = i;
            for (; k >= gaps[g] && ids[k - gaps[g]] > x; k -= gaps[g])
                ids[k] = ids[k - gaps[g]];
            ids[k] = x;
        }
}

static void record(cal_snn *self, uint32_t k, size_t population, int64_t stamp)
{
    const uint32_t limit = self->populations[population].n_recorded;
    uint32_t n = 0;
    for (unsigned t = 0; limit > 0 && t < self->n_tiles; t++) {
        const cali_spike_list *list = &self->tiles[t].list[self->parity];
        const uint32_t *start = &list->start[k * self->n_populations + population];
        for (uint32_t i = start[0]; i < start[1]; i++)
            if (list->ids[i] < limit)
                self->merge[n++] = list->ids[i];
    }
    if (self->n_tiles > 1)
        sort_ids(self->merge, n);
    assert(self->n_recorded + n <= self->spike_capacity);
    for (uint32_t i = 0; i < n; i++) {
        self->spike_time[self->n_recorded] = stamp * self->dt;
        self->spike_population[self->n_recorded] = (uint32_t)population;
        self->spike_id[self->n_recorded++] = self->merge[i];
    }
}

static void count_spikes(cal_snn *self, size_t population, int64_t stamp, uint32_t n)
{
    for (size_t i = 0; i < self->n_ports; i++) {
        cali_port *port = &self->ports[i];
        if (port->def.kind == CAL_PORT_RATE && port->def.population == population)
            port->counts[(size_t)((stamp - 1) % self->window_steps) /
                         (self->window_steps / port->def.samples)] += n;
    }
    for (size_t i = 0; n > 0 && i < self->n_projections; i++) {
        const cali_projection *p = &self->projections[i];
        const uint32_t own = p->def.from == p->def.to && !p->def.has_autapses;
        if (p->is_broadcast && p->def.from == population && self->populations[p->def.to].n > 0)
            self->n_broadcast_events += (uint64_t)n * (self->populations[p->def.to].n - own);
    }
}

/* Counts and records the block just done. */
static void finish_block(cal_snn *self)
{
    for (uint32_t k = 0; k < self->block_steps; k++) {
        const int64_t stamp = self->block_step + k + 1;
        for (size_t i = 0; i < self->n_populations; i++) {
            uint32_t n = 0;
            if (self->populations[i].neuron == NULL) {
                source_spikes(self, i, stamp, &n);
            } else {
                for (unsigned t = 0; t < self->n_tiles; t++) {
                    const uint32_t *start =
                        &self->tiles[t].list[self->parity].start[k * self->n_populations + i];
                    n += start[1] - start[0];
                }
                self->n_spikes += n;
            }
            self->history[i * self->history_slots + ((size_t)stamp & (self->history_slots - 1))] =
                (int32_t)n;
            count_spikes(self, i, stamp, n);
            if (n > 0)
                record(self, k, i, stamp);
        }
    }
    self->n_updates += self->n_neurons * self->block_steps;
    self->pending_step = self->block_step;
    self->pending_steps = self->block_steps;
    self->step += self->block_steps;
}

static void run_block(void *arg, size_t tile)
{
    cal_snn *self = arg;
    /* the lists of the block before have the other parity */
    if (self->pending_steps > 0) {
        cal_snn before = *self;
        before.parity ^= 1u;
        deliver_tile(&before, (unsigned)tile);
    }
    update_tile(self, (unsigned)tile);
}

/** Sets the Poisson tables of the bin that begins or goes on now; returns the steps left in it. */
static uint32_t enter_bins(cal_snn *self, uint32_t done)
{
    uint32_t left = self->window_steps - done;
    for (size_t i = 0; i < self->n_ports; i++) {
        const cali_port *port = &self->ports[i];
        if (port->def.kind != CAL_PORT_POISSON)
            continue;
        const uint32_t steps = self->window_steps / port->def.samples, bin = done / steps;
        cali_poisson *p = &self->poissons[port->poisson];
        const double mean = port->values[bin] * p->n_trains * self->dt_ms * 1e-3;
        if (mean != p->mean)
            cali_poisson_fill(p->table, mean);
        p->mean = mean;
        const uint32_t rest = (bin + 1) * steps - done;
        left = rest < left ? rest : left;
    }
    return left;
}

static cal_status check_finite(cal_snn *self)
{
    for (size_t i = 0; i < self->n_populations; i++) {
        const cali_population *p = &self->populations[i];
        const size_t n_states = p->neuron == NULL ? 0 : p->neuron->face.n_states;
        for (size_t at = 0; p->n > 0 && at < self->n_tiles * n_states; at++) {
            const float *row = p->state + at * p->width;
            const uint32_t n = cali_tile_count(p, self->n_tiles, (unsigned)(at / n_states));
            float bad = 0.0f; /* 0 x becomes NaN for an infinite x or NaN */
            for (uint32_t k = 0; k < n; k++)
                bad += row[k] * 0.0f;
            for (uint32_t k = 0; !(bad == 0.0f) && k < n; k++)
                if (!isfinite(row[k]))
                    return CAL_FAIL(self->ctx, CAL_ERR_NUMERIC,
                                    "E302 %s: %s of neuron %u is not finite at %.9g s", p->name,
                                    p->neuron->face.states[at % n_states].name,
                                    k * self->n_tiles + (unsigned)(at / n_states),
                                    (double)(self->step * self->dt) * 1e-9);
        }
    }
    return CAL_OK;
}

static void begin_window(cal_snn *self)
{
    self->n_recorded = 0;
    for (size_t i = 0; i < self->n_ports; i++) {
        cali_port *port = &self->ports[i];
        if (port->def.kind == CAL_PORT_RATE)
            memset(port->counts, 0, port->def.samples * sizeof *port->counts);
        if (port->def.kind == CAL_PORT_MEAN)
            memset(port->sums, 0, (size_t)self->n_tiles * port->def.samples * sizeof *port->sums);
    }
}

/* Inputs hold for one window: ports that nobody writes carry zeros. */
static void end_window(cal_snn *self)
{
    for (size_t i = 0; i < self->n_ports; i++) {
        cali_port *port = &self->ports[i];
        if (!port->is_written)
            continue;
        port->is_written = false;
        if (port->def.kind == CAL_PORT_SPIKES)
            memset(port->start, 0, ((size_t)self->window_steps + 1) * sizeof *port->start);
        else
            memset(port->values, 0, port->def.samples * sizeof *port->values);
    }
}

cal_status cal_snn_advance(cal_snn *self)
{
    if (self->is_broken)
        return CAL_FAIL(self->ctx, CAL_ERR_STATE, "%s: stopped by an error before", self->name);
    cali_pool *pool = cali_context_pool(self->ctx);
    begin_window(self);
    for (uint32_t done = 0; done < self->window_steps; done += self->block_steps) {
        const uint32_t left = enter_bins(self, done);
        self->block_step = self->step;
        self->block_steps = left < self->exchange_steps ? left : self->exchange_steps;
        self->parity ^= 1u;
        cali_parallel_for(pool, self->n_tiles, run_block, self);
        finish_block(self);
    }
    cali_parallel_for(pool, self->n_tiles, run_deliver, self);
    self->pending_steps = 0;
    end_window(self);
    const cal_status status = check_finite(self);
    self->is_broken = status != CAL_OK;
    return status;
}

/* ---- memory -------------------------------------------------------------------------------------- */

static cal_status create_tile(cal_snn *self, unsigned index)
{
    cali_tile *tile = &self->tiles[index];
    size_t n = 0;
    for (size_t i = 0; i < self->n_populations; i++)
        if (self->populations[i].neuron != NULL)
            n += self->populations[i].width;
    for (int k = 0; k < 2; k++) {
        CAL_TRY(cali_snn_alloc(self, n * self->exchange_steps, sizeof(uint32_t), "spike lists",
                               &tile->list[k].ids));
        CAL_TRY(cali_snn_alloc(self, self->exchange_steps * self->n_populations + 1,
                               sizeof(uint32_t), "spike lists", &tile->list[k].start));
    }
    CAL_TRY(cali_snn_alloc(self, (size_t)CALI_MAX_RECEPTORS * CALI_BLOCK, sizeof(float), "inputs",
                           &tile->input));
    return cali_snn_alloc(self, CALI_BLOCK, 1, "spike flags", &tile->spiked);
}

static cal_status create_inputs(cal_snn *self)
{
    for (size_t i = 0; i < self->n_poissons; i++) {
        cali_poisson *p = &self->poissons[i];
        const size_t width = self->populations[p->to].width;
        CAL_TRY(cali_snn_alloc(self, 1, sizeof *p->table, "Poisson table", &p->table));
        CAL_TRY(cali_snn_alloc(self, self->n_tiles * 4 * width, sizeof(uint32_t), "Poisson draws",
                               &p->words));
        CAL_TRY(cali_snn_alloc(self, self->n_tiles, sizeof *p->drawn, "Poisson draws", &p->drawn));
        for (unsigned tile = 0; tile < self->n_tiles; tile++)
            p->drawn[tile] = -1;
        cali_poisson_fill(p->table, p->mean);
    }
    for (size_t i = 0; i < self->n_ports; i++) {
        cali_port *port = &self->ports[i];
        const size_t samples = port->def.samples;
        if (port->def.kind == CAL_PORT_POISSON || port->def.kind == CAL_PORT_CURRENT)
            CAL_TRY(cali_snn_alloc(self, samples, sizeof(double), "port", &port->values));
        if (port->def.kind == CAL_PORT_RATE)
            CAL_TRY(cali_snn_alloc(self, samples, sizeof(uint64_t), "port", &port->counts));
        if (port->def.kind == CAL_PORT_MEAN)
            CAL_TRY(cali_snn_alloc(self, self->n_tiles * samples, sizeof(int64_t), "port",
                                   &port->sums));
        if (port->def.kind == CAL_PORT_SPIKES)
            CAL_TRY(cali_snn_alloc(self, (size_t)self->window_steps + 1, sizeof(uint32_t), "port",
                                   &port->start));
    }
    return CAL_OK;
}

static cal_status create_records(cal_snn *self)
{
    uint32_t largest = 0;
    for (size_t i = 0; i < self->n_populations; i++) {
        const cali_population *p = &self->populations[i];
        largest = p->n_recorded > largest ? p->n_recorded : largest;
        self->spike_capacity +=
            (size_t)p->n_recorded * ((self->window_steps - 1) / p->min_interval + 1);
    }
    CAL_TRY(cali_snn_alloc(self, largest, sizeof(uint32_t), "spikes", &self->merge));
    CAL_TRY(cali_snn_alloc(self, self->spike_capacity, sizeof(cal_time), "spikes",
                           &self->spike_time));
    CAL_TRY(cali_snn_alloc(self, self->spike_capacity, sizeof(uint32_t), "spikes",
                           &self->spike_population));
    return cali_snn_alloc(self, self->spike_capacity, sizeof(uint32_t), "spikes", &self->spike_id);
}

cal_status cali_backend_create(cal_snn *self)
{
    self->isa = cali_isa();
    self->loops = cali_loops_at(self->isa);
    CAL_TRY(cali_snn_alloc(self, self->slots * ring_stride(self) * self->n_tiles, sizeof(int32_t),
                           "input ring", &self->ring));
    CAL_TRY(cali_snn_alloc(self, self->n_populations * self->history_slots, sizeof(int32_t),
                           "spike counts", &self->history));
    CAL_TRY(cali_snn_alloc(self, CALI_BLOCK, sizeof(float), "zeros", &self->zeros));
    CAL_TRY(cali_snn_alloc(self, self->n_tiles, sizeof *self->tiles, "tiles", &self->tiles));
    for (unsigned tile = 0; tile < self->n_tiles; tile++)
        CAL_TRY(create_tile(self, tile));
    CAL_TRY(create_inputs(self));
    return create_records(self);
}

void cali_backend_destroy(cal_snn *self)
{
    for (unsigned i = 0; self->tiles != NULL && i < self->n_tiles; i++) {
        for (int k = 0; k < 2; k++) {
            free(self->tiles[i].list[k].ids);
            free(self->tiles[i].list[k].start);
        }
        free(self->tiles[i].input);
        free(self->tiles[i].spiked);
    }
    free(self->tiles);
    free(self->ring);
    free(self->history);
    free(self->zeros);
    free(self->merge);
    free(self->spike_time);
    free(self->spike_population);
    free(self->spike_id);
}
