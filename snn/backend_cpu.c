/* The CPU backend. A window is cut into blocks of at most the shortest delay (and 16 steps, and never
 * across a bin of a Poisson port). Per block each tile, on some thread, first adds the spikes of the
 * block before to its own ring, then steps its own neurons and lists their spikes; between two blocks
 * one thread counts and records. A tile writes only its own ring, state and lists. */
#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "snn/record.h"
#include "snn/structural.h"

CALI_ISA_OBJECTS(cali_loops, cali_loops)
CALI_ISA_OBJECTS(cali_draw_loops, cali_draw_loops)

/* ---- blocks and windows ------------------------------------------------------------------------- */

static void run_deliver(void *arg, size_t tile)
{
    cali_deliver_tile(arg, (unsigned)tile);
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
    const cali_population *p = &self->populations[population];
    uint32_t n = 0;
    for (unsigned t = 0; p->n_recorded > 0 && t < self->n_tiles; t++) {
        const cali_spike_list *list = &self->tiles[t].list[self->parity];
        const uint32_t *start = &list->start[k * self->n_populations + population];
        for (uint32_t i = start[0]; i < start[1]; i++)
            if (cali_is_recorded(p, list->ids[i]))
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
                cali_source_spikes(self, i, stamp, &n);
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
    if (cali_has_pushes(self))
        cali_list_arrivals(self);
    self->n_updates += self->n_neurons * self->block_steps;
    self->pending_step = self->block_step;
    self->pending_steps = self->block_steps;
    self->step += self->block_steps;
}

static void run_tile(cal_snn *self, unsigned tile)
{
    /* the lists of the block before have the other parity */
    if (self->pending_steps > 0 && cali_has_pushes(self)) {
        cal_snn before = *self;
        before.parity ^= 1u;
        cali_deliver_tile(&before, tile);
    }
    cali_update_tile(self, tile);
    if (self->n_structurals > 0)
        cali_structural_grow_tile(self, tile);
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

/* The first neuron with a state that is not finite, whatever the tiles, and how many have one. */
static cal_status say_not_finite(cal_snn *self, const cali_population *p)
{
    const cal_neuron *face = &p->neuron->face;
    uint32_t first = UINT32_MAX, n_bad = 0;
    size_t state = 0;
    for (unsigned tile = 0; tile < self->n_tiles; tile++) {
        const float *rows = p->state + (size_t)tile * face->n_states * p->width;
        for (uint32_t k = 0; k < cali_tile_count(p, self->n_tiles, tile); k++) {
            size_t s = 0;
            while (s < face->n_states && isfinite(rows[s * p->width + k]))
                s++;
            const uint32_t id = k * self->n_tiles + tile;
            n_bad += s < face->n_states;
            if (s < face->n_states && id < first) {
                first = id;
                state = s;
            }
        }
    }
    const int64_t end = (int64_t)self->step * self->dt, begin = end - (int64_t)self->window_steps * self->dt;
    return CAL_FAIL(self->ctx, CAL_ERR_NUMERIC,
                    "E302 %s: %s of neuron %u (%s) is not finite at %.9g s (%u of %u neurons); at %.9g s it was. Try a step "
                    "below %g ms, smaller weights and currents, or other parameters of %s.",
                    p->name, face->states[state].name, first, face->name, (double)end * 1e-9, n_bad, p->n, (double)begin * 1e-9,
                    self->dt_ms, p->name);
}

static cal_status check_finite(cal_snn *self)
{
    for (size_t i = 0; i < self->n_populations; i++) {
        const cali_population *p = &self->populations[i];
        const size_t n_states = p->neuron == NULL ? 0 : p->neuron->face.n_states;
        for (size_t at = 0; p->n > 0 && at < self->n_tiles * n_states; at++) {
            const float *row = p->state + at * p->width;
            const uint32_t n = cali_tile_count(p, self->n_tiles, (unsigned)(at / n_states));
            if (!self->loops->is_finite(n, row))
                return say_not_finite(self, p);
        }
    }
    return CAL_OK;
}

static void begin_window(cal_snn *self)
{
    self->n_recorded = 0;
    cali_samplers_begin(self);
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

void cali_backend_forget(cal_snn *self)
{
    begin_window(self);
    cali_samplers_forget(self);
    end_window(self);
    for (size_t i = 0; i < self->n_poissons; i++)
        for (unsigned tile = 0; tile < self->n_tiles; tile++)
            self->poissons[i].drawn[tile] = -1;
    self->pending_steps = 0;
    cali_past_forget(self);
}

cal_status cali_ring_widen(cal_snn *self)
{
    uint32_t slots = 1;
    int32_t *ring = NULL;
    while (slots < self->longest_delay + 1)
        slots *= 2;
    if (slots <= self->slots)
        return CAL_OK;
    CAL_TRY(cali_alloc(self->ctx, slots * cali_ring_stride(self) * self->n_tiles, sizeof *ring, "input ring", &ring));
    free(self->ring);
    self->ring = ring;
    self->slots = slots;
    return CAL_OK;
}

/* What a network was restored with has arrived: one slot is in the cache again. Nothing is pushed, so all is zero. */
static void shrink_ring(cal_snn *self)
{
    if (self->planned_slots == 1 && self->step >= self->ring_due)
        self->slots = 1;
}

/* All threads walk through the blocks of a window together. A block is open until all its tiles are done; whoever does the
 * last of them closes it and opens the next. A thread begins with its own tiles; while others have not come yet, it goes on
 * with theirs. So it never waits for a tile that nobody will see to: any number of threads will do, also of late ones. */
typedef struct window {
    cal_snn *self;
    unsigned n_workers;
    uint32_t steps_done;
    cal_status status;
    _Alignas(64) atomic_uint open; /* number of the block, from 1, or FINISHED */
    _Alignas(64) atomic_uint n_done; /* tiles of the block */
    atomic_uint n_present;           /* threads that are walking */
} window;

enum { FINISHED = INT32_MAX, SPINS_BEFORE_YIELD = 2000 };

/* One thread at a time. */
static void open_block(window *w)
{
    cal_snn *self = w->self;
    uint32_t left = enter_bins(self, w->steps_done);
    if (self->n_structurals > 0 && cali_structural_left(self) < left)
        left = cali_structural_left(self);
    self->block_step = self->step;
    self->block_steps = left < self->exchange_steps ? left : self->exchange_steps;
    self->parity ^= 1u;
    shrink_ring(self);
    if (cali_devices_enter_block(self) != CAL_OK)
        w->status = CAL_ERR_NUMERIC;
    const unsigned next = atomic_load_explicit(&w->open, memory_order_relaxed) + 1;
    atomic_store_explicit(&w->open, w->status == CAL_OK ? next : FINISHED, memory_order_release);
}

static void close_block(window *w)
{
    cal_snn *self = w->self;
    w->status = cali_past_keep(self);
    finish_block(self);
    if (self->n_structurals > 0)
        cali_structural_update(self);
    w->steps_done += self->block_steps;
    if (w->status == CAL_OK && w->steps_done < self->window_steps)
        open_block(w);
    else
        atomic_store_explicit(&w->open, FINISHED, memory_order_release);
}

static void try_tile(window *w, unsigned block, unsigned tile)
{
    unsigned before = block - 1;
    if (!atomic_compare_exchange_strong(&w->self->tiles[tile].begun, &before, block))
        return;
    run_tile(w->self, tile);
    const unsigned n_tiles = w->self->n_tiles;
    if (atomic_fetch_add_explicit(&w->n_done, 1, memory_order_acq_rel) + 1 < n_tiles)
        return;
    atomic_store_explicit(&w->n_done, 0, memory_order_relaxed);
    close_block(w);
}

static unsigned wait_for_block(window *w, unsigned after)
{
    unsigned block;
    for (unsigned spins = 0; (block = atomic_load_explicit(&w->open, memory_order_acquire)) == after; spins++)
        cali_pause(spins >= SPINS_BEFORE_YIELD);
    return block;
}

static void walk(void *arg, size_t worker)
{
    window *w = arg;
    const unsigned n_tiles = w->self->n_tiles;
    unsigned block = 0;
    atomic_fetch_add(&w->n_present, 1);
    while ((block = wait_for_block(w, block)) != FINISHED)
        for (unsigned k = 0; k < w->n_workers; k++) {
            if (k == 1 && atomic_load_explicit(&w->n_present, memory_order_relaxed) == w->n_workers)
                break; /* all are here and see to their own */
            for (unsigned tile = ((unsigned)worker + k) % w->n_workers; tile < n_tiles; tile += w->n_workers)
                try_tile(w, block, tile);
        }
}

cal_status cal_snn_advance(cal_snn *self)
{
    if (self->is_broken)
        return CAL_FAIL(self->ctx, CAL_ERR_STATE, "%s: stopped by an error before", self->name);
    cali_pool *pool = cali_context_pool(self->ctx);
    const unsigned n_threads = cali_pool_size(pool);
    window w = {.self = self, .n_workers = n_threads < self->n_tiles ? n_threads : self->n_tiles};
    begin_window(self);
    for (unsigned tile = 0; tile < self->n_tiles; tile++)
        atomic_store_explicit(&self->tiles[tile].begun, 0, memory_order_relaxed);
    open_block(&w);
    cali_parallel_for(pool, w.n_workers, walk, &w);
    if (w.status == CAL_OK && cali_has_pushes(self))
        cali_parallel_for(pool, self->n_tiles, run_deliver, self);
    self->pending_steps = 0;
    end_window(self);
    if (w.status == CAL_OK)
        w.status = check_finite(self);
    self->is_broken = w.status != CAL_OK;
    return w.status;
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
    CAL_TRY(cali_snn_alloc(self, CALI_BLOCK, sizeof(int32_t), "unused sums", &tile->unused));
    return cali_snn_alloc(self, CALI_BLOCK, sizeof(int32_t), "spike flags", &tile->spiked);
}

static cal_status create_inputs(cal_snn *self)
{
    for (size_t i = 0; i < self->n_poissons; i++) {
        cali_poisson *p = &self->poissons[i];
        const size_t width = self->populations[p->to].width;
        const size_t n_tables = p->course.form == NULL ? 1 : self->exchange_steps;
        CAL_TRY(cali_snn_alloc(self, n_tables, sizeof *p->table, "Poisson table", &p->table));
        if (p->course.form != NULL)
            CAL_TRY(cali_snn_alloc(self, n_tables, sizeof *p->means, "Poisson table", &p->means));
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
    CAL_TRY(cali_snn_alloc(self, self->slots * cali_ring_stride(self) * self->n_tiles, sizeof(int32_t),
                           "input ring", &self->ring));
    CAL_TRY(cali_snn_alloc(self, self->n_populations * self->history_slots, sizeof(int32_t),
                           "spike counts", &self->history));
    CAL_TRY(cali_snn_alloc(self, CALI_BLOCK, sizeof(float), "zeros", &self->zeros));
    CAL_TRY(cali_snn_alloc(self, self->n_tiles, sizeof *self->tiles, "tiles", &self->tiles));
    for (unsigned tile = 0; tile < self->n_tiles; tile++)
        CAL_TRY(create_tile(self, tile));
    CAL_TRY(create_inputs(self));
    self->arrival_capacity = cali_max_arrivals(self);
    CAL_TRY(cali_snn_alloc(self, self->arrival_capacity, sizeof *self->arrivals, "arrivals", &self->arrivals));
    CAL_TRY(cali_devices_create(self));
    CAL_TRY(cali_past_create(self));
    CAL_TRY(cali_samplers_create(self));
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
        free(self->tiles[i].unused);
        free(self->tiles[i].spiked);
    }
    free(self->tiles);
    free(self->ring);
    free(self->history);
    free(self->zeros);
    free(self->arrivals);
    free(self->merge);
    free(self->spike_time);
    free(self->spike_population);
    free(self->spike_id);
}
