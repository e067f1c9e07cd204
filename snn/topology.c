/* Synapses. The sources of a target are drawn by (projection, target) in rules.c, their weights and delays by
 * (projection, target, number), so neither threads nor tiles matter. Each tile draws the synapses of
 * its own targets twice: first it counts them per cell of each row, then it writes each word to its place, so nothing
 * is sorted; targets ascend in a cell of one projection. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "snn/distance.h"
#include "snn/plastic.h"
#include "snn/rules.h"
#include "snn/structural.h"

typedef struct build {
    cal_snn *self;
    uint32_t longest_list; /* sources of one target and projection, at most */
    uint32_t largest_from;
    size_t most_cells; /* of a group */
    int64_t *worst;    /* [tile]: largest sum of a neuron */
    size_t *worst_at;  /* its place, and channel times tile_width */
    atomic_int status; /* of the tiles */
} build;

/* Working memory of one tile. */
typedef struct scratch {
    cali_draw draw;
    uint32_t *delay;  /* of the sources, steps */
    int32_t *weight;  /* of the sources, before the group's shift */
    uint32_t *place;  /* of the sources' words */
    uint32_t *next;   /* [row][cell]: count, then the next place */
    int64_t *sum;     /* [channel][place]: sum of absolute weights in quanta */
} scratch;

static void scratch_free(scratch *s)
{
    free(s->draw.sources);
    free(s->draw.is_taken);
    free(s->delay);
    free(s->weight);
    free(s->place);
    free(s->next);
    free(s->sum);
}

static cal_status scratch_create(const build *b, scratch *s)
{
    cal_context *ctx = b->self->ctx;
    CAL_TRY(cali_alloc(ctx, b->longest_list, sizeof(uint32_t), "sources", &s->draw.sources));
    CAL_TRY(cali_alloc(ctx, b->largest_from / 8 + 1, 1, "marks", &s->draw.is_taken));
    CAL_TRY(cali_alloc(ctx, b->longest_list, sizeof *s->delay, "delays", &s->delay));
    CAL_TRY(cali_alloc(ctx, b->longest_list, sizeof *s->weight, "weights", &s->weight));
    CAL_TRY(cali_alloc(ctx, b->longest_list, sizeof *s->place, "places", &s->place));
    CAL_TRY(cali_alloc(ctx, b->most_cells, sizeof *s->next, "cells of rows", &s->next));
    return cali_alloc(ctx, cali_ring_stride(b->self), sizeof(int64_t), "sums of weights", &s->sum);
}

/* Steps and weights of a target's synapses: drawn, or those of a list. */
static void draw_delays(const cal_snn *self, const cali_projection *p, uint32_t target, uint32_t n, uint32_t *out)
{
    if (p->lists.delays_ms == NULL) {
        self->draw_loops->delays(n, &p->def.delay_ms, p->delays, target, self->dt_ms, out);
        return;
    }
    for (uint32_t k = 0; k < n; k++)
        out[k] = cali_delay_steps(cali_draw_delay_ms(p, target, k), self->dt_ms);
}

static void draw_weights(const cal_snn *self, const cali_projection *p, uint32_t target, uint32_t n, int32_t *out)
{
    if (p->lists.weights == NULL) {
        self->draw_loops->weights(n, &p->def.weight, p->weights, target, p->scale, out);
        return;
    }
    for (uint32_t k = 0; k < n; k++)
        out[k] = (int32_t)floor(cali_draw_weight(p, target, k) * p->scale + 0.5);
}

/* Sources of a target and the cells of their synapses, [row][cell]; delays where the group needs them. */
static uint32_t draw_cells(const cal_snn *self, const cali_projection *p, uint32_t target, scratch *s)
{
    const cali_group *g = &self->groups[p->group];
    const uint32_t n = cali_draw_sources(self, p, target, &s->draw), *const sources = s->draw.sources;
    if (cali_has_way_delay(&p->def))
        for (uint32_t k = 0; k < n; k++)
            s->delay[k] = cali_delay_steps(cali_synapse_delay_ms(self, p, sources[k], target, k), self->dt_ms);
    else if (g->shortest < g->longest)
        draw_delays(self, p, target, n, s->delay);
    if (g->n_cells == 1)
        return n;
    for (uint32_t k = 0; k < n; k++)
        s->place[k] = sources[k] * g->n_cells + s->delay[k] - g->shortest;
    return n;
}

static void count_projection(const cal_snn *self, unsigned tile, const cali_projection *p, scratch *s)
{
    const uint32_t *const cells = self->groups[p->group].n_cells == 1 ? s->draw.sources : s->place;
    for (uint32_t target = tile; target < self->populations[p->def.to].n; target += self->n_tiles) {
        const uint32_t n = draw_cells(self, p, target, s);
        for (uint32_t k = 0; k < n; k++)
            s->next[cells[k]]++;
    }
}

/* The words of one target's synapses, after all their places: the rows are all over memory. */
static void write_target(const cal_snn *self, const cali_group *g, cali_rows *rows, uint32_t place, uint32_t n,
                         const scratch *s)
{
    if (g->word_bytes == 2) {
        for (uint32_t k = 0; k < n; k++)
            ((uint16_t *)rows->words)[s->place[k]] = (uint16_t)place;
    } else if (g->word_bytes == 4) {
        for (uint32_t k = 0; k < n; k++)
            ((uint32_t *)rows->words)[s->place[k]] =
                place | (g->is_pulled ? 0 : s->delay[k] << self->target_bits) | (uint32_t)s->weight[k] << g->weight_shift;
    } else {
        for (uint32_t k = 0; k < n; k++)
            ((uint64_t *)rows->words)[s->place[k]] =
                place | (g->is_pulled ? 0 : (uint64_t)s->delay[k] << self->target_bits) |
                (uint64_t)(uint32_t)s->weight[k] << 32;
    }
}

static void write_projection(const cal_snn *self, unsigned tile, const cali_projection *p, scratch *s)
{
    const cali_population *to = &self->populations[p->def.to];
    const cali_group *g = &self->groups[p->group];
    cali_rows *rows = &g->rows[tile];
    const uint32_t *const cells = g->n_cells == 1 ? s->draw.sources : s->place;
    for (uint32_t target = tile; target < to->n; target += self->n_tiles) {
        const uint32_t n = draw_cells(self, p, target, s), place = to->offset + target / self->n_tiles;
        int64_t sum = 0;
        for (uint32_t k = 0; k < n; k++) {
            s->place[k] = s->next[cells[k]]++;
            cali_prefetch_to_write((const char *)rows->words + (size_t)s->place[k] * g->word_bytes);
        }
        if (p->has_weight_profile)
            for (uint32_t k = 0; k < n; k++)
                s->weight[k] = (int32_t)floor(cali_synapse_weight(self, p, s->draw.sources[k], target, k) * p->scale + 0.5);
        else
            draw_weights(self, p, target, n, s->weight);
        write_target(self, g, rows, place, n, s);
        for (uint32_t k = 0; k < n; k++)
            sum += s->weight[k] < 0 ? -(int64_t)s->weight[k] : s->weight[k];
        s->sum[(size_t)p->channel * self->tile_width + place] += sum << g->shift;
    }
}

/* Counts become places. */
static cal_status place_rows(const build *b, const cali_group *g, cali_rows *rows, uint32_t *next)
{
    const cal_snn *self = b->self;
    const uint32_t n = self->populations[g->from].n;
    uint64_t at = 0, longest = 0;
    CAL_TRY(cali_alloc(self->ctx, (size_t)n + 1, sizeof *rows->base, "rows of synapses", &rows->base));
    for (uint32_t r = 0; r < n; r++) {
        const uint64_t begin = at;
        rows->base[r] = (uint32_t)at;
        for (uint32_t cell = 0; cell < g->n_cells; cell++) {
            const uint32_t count = next[(size_t)r * g->n_cells + cell];
            next[(size_t)r * g->n_cells + cell] = (uint32_t)at;
            at += count;
        }
        longest = at - begin > longest ? at - begin : longest;
        if (at > UINT32_MAX)
            return CAL_FAIL(self->ctx, CAL_ERR_UNSUPPORTED,
                            "%s: more than 4,294,967,295 synapses from %s into one tile; use more tiles", self->name,
                            self->populations[g->from].name);
    }
    rows->base[n] = (uint32_t)at;
    const size_t n_inner = (size_t)n * (g->n_cells - 1);
    const bool is_long = longest > 65535;
    if (n_inner > 0 && is_long)
        CAL_TRY(cali_alloc(self->ctx, n_inner, sizeof *rows->inner_32, "cells of rows", &rows->inner_32));
    else if (n_inner > 0)
        CAL_TRY(cali_alloc(self->ctx, n_inner, sizeof *rows->inner_16, "cells of rows", &rows->inner_16));
    rows->bytes = 4.0 * n + (is_long ? 4.0 : 2.0) * (double)n_inner + (double)at * g->word_bytes;
    return cali_alloc(self->ctx, at, g->word_bytes, "synapses", &rows->words);
}

/* After writing, the next place of a cell is where the cell after it begins. */
static void keep_cells(const cal_snn *self, const cali_group *g, cali_rows *rows, const uint32_t *next)
{
    const uint32_t n_inner = g->n_cells - 1;
    for (uint32_t r = 0; r < self->populations[g->from].n; r++)
        for (uint32_t cell = 0; cell < n_inner; cell++) {
            const uint32_t begin = next[(size_t)r * g->n_cells + cell] - rows->base[r];
            if (rows->inner_16 != NULL)
                rows->inner_16[(size_t)r * n_inner + cell] = (uint16_t)begin;
            else
                rows->inner_32[(size_t)r * n_inner + cell] = begin;
        }
}

/* Adds the broadcasts and keeps the neuron with the largest sum of absolute weights. */
static void find_worst(const build *b, unsigned tile, scratch *s)
{
    const cal_snn *self = b->self;
    for (size_t i = 0; i < self->n_projections; i++) {
        const cali_projection *p = &self->projections[i];
        const cali_population *to = &self->populations[p->def.to];
        const uint32_t own = p->def.from == p->def.to && !p->def.has_autapses;
        if (!p->is_broadcast || self->populations[p->def.from].n < 1)
            continue;
        const int64_t n = self->populations[p->def.from].n - own;
        const int64_t size = p->quanta < 0 ? -(int64_t)p->quanta : p->quanta;
        for (uint32_t k = 0; k < cali_tile_count(to, self->n_tiles, tile); k++)
            s->sum[(size_t)p->channel * self->tile_width + to->offset + k] += n * size;
    }
    cali_plastic_add_limits(self, tile, s->sum);
    cali_structural_add_limits(self, tile, s->sum);
    for (unsigned c = 0; c < self->n_channels; c++)
        for (uint32_t place = 0; place < self->tile_width; place++)
            if (s->sum[(size_t)c * self->tile_width + place] > b->worst[tile]) {
                b->worst[tile] = s->sum[(size_t)c * self->tile_width + place];
                b->worst_at[tile] = (size_t)c * self->tile_width + place;
            }
}

static cal_status create_group(const build *b, unsigned tile, size_t group, scratch *s)
{
    const cal_snn *self = b->self;
    const cali_group *g = &self->groups[group];
    cali_rows *rows = &g->rows[tile];
    memset(s->next, 0, (size_t)self->populations[g->from].n * g->n_cells * sizeof *s->next);
    for (size_t i = 0; i < self->n_projections; i++)
        if (!self->projections[i].is_broadcast && self->projections[i].group == group)
            count_projection(self, tile, &self->projections[i], s);
    CAL_TRY(place_rows(b, g, rows, s->next));
    for (size_t i = 0; i < self->n_projections; i++)
        if (!self->projections[i].is_broadcast && self->projections[i].group == group)
            write_projection(self, tile, &self->projections[i], s);
    keep_cells(self, g, rows, s->next);
    return CAL_OK;
}

static void create_tile(void *arg, size_t tile)
{
    build *b = arg;
    scratch s = {0};
    cal_status status = scratch_create(b, &s);
    for (size_t g = 0; status == CAL_OK && g < b->self->n_groups; g++)
        status = create_group(b, (unsigned)tile, g, &s);
    if (status == CAL_OK)
        find_worst(b, (unsigned)tile, &s);
    else
        atomic_store(&b->status, (int)status);
    scratch_free(&s);
}

/* The sums of a step must fit int32 whatever spikes: |w| of a neuron and receptor below 2^31 quanta. */
static cal_status exclude_overflow(const build *b)
{
    const cal_snn *self = b->self;
    unsigned tile = 0;
    for (unsigned t = 1; t < self->n_tiles; t++)
        if (b->worst[t] > b->worst[tile])
            tile = t;
    if (b->worst[tile] <= INT32_MAX)
        return CAL_OK;
    const int channel = (int)(b->worst_at[tile] / self->tile_width);
    const uint32_t place = (uint32_t)(b->worst_at[tile] % self->tile_width);
    size_t i = 0;
    while (place < self->populations[i].offset ||
           place >= self->populations[i].offset + self->populations[i].width)
        i++;
    const cali_population *p = &self->populations[i];
    size_t r = 0;
    while (p->channel[r] != channel)
        r++;
    const cal_receptor *receptor = &p->neuron->face.receptors[r];
    return CAL_FAIL(self->ctx, CAL_ERR_UNSUPPORTED,
                    "E402 %s: the weights into neuron %u, receptor %s, add up to %g %s; sums in steps "
                    "of %g %s hold at most %g %s. Try smaller weights or fewer synapses",
                    p->name, (place - p->offset) * self->n_tiles + tile, receptor->name,
                    (double)b->worst[tile] * p->quantum[r], receptor->unit, (double)p->quantum[r],
                    receptor->unit, 2147483647.0 * p->quantum[r], receptor->unit);
}

static void find_sizes(build *b)
{
    const cal_snn *self = b->self;
    for (size_t i = 0; i < self->n_projections; i++) {
        const cali_projection *p = &self->projections[i];
        const uint32_t n = self->populations[p->def.from].n;
        if (p->is_broadcast)
            continue;
        const uint32_t list = cali_longest_list(self, p);
        const size_t n_cells = (size_t)n * self->groups[p->group].n_cells;
        b->longest_list = list > b->longest_list ? list : b->longest_list;
        b->largest_from = n > b->largest_from ? n : b->largest_from;
        b->most_cells = n_cells > b->most_cells ? n_cells : b->most_cells;
    }
}

static cal_status create(build *b)
{
    cal_snn *self = b->self;
    find_sizes(b);
    CAL_TRY(cali_alloc(self->ctx, self->n_tiles, sizeof *b->worst, "sums", &b->worst));
    CAL_TRY(cali_alloc(self->ctx, self->n_tiles, sizeof *b->worst_at, "sums", &b->worst_at));
    const double before = self->bytes;
    for (size_t g = 0; g < self->n_groups; g++)
        CAL_TRY(cali_snn_alloc(self, self->n_tiles, sizeof *self->groups[g].rows, "rows of synapses",
                               &self->groups[g].rows));
    cali_parallel_for(cali_context_pool(self->ctx), self->n_tiles, create_tile, b);
    CAL_TRY((cal_status)atomic_load(&b->status));
    CAL_TRY(exclude_overflow(b));
    for (size_t g = 0; g < self->n_groups; g++)
        for (unsigned tile = 0; tile < self->n_tiles; tile++) {
            const cali_rows *rows = &self->groups[g].rows[tile];
            self->bytes += rows->bytes;
            self->n_synapses += rows->base[self->populations[self->groups[g].from].n];
        }
    self->synapse_bytes += self->bytes - before;
    for (size_t i = 0; i < self->n_projections; i++) {
        const cali_projection *p = &self->projections[i];
        if (p->is_broadcast)
            self->n_synapses += (uint64_t)cali_expected_synapses(self, p);
    }
    return CAL_OK;
}

cal_status cali_topology_create(cal_snn *self)
{
    build b = {.self = self};
    const cal_status status = create(&b);
    free(b.worst);
    free(b.worst_at);
    return status;
}
