/* Synapses. The sources of a target are drawn by (projection, target) in rules.c, their weights and delays by
 * (projection, target, number), so neither threads nor tiles matter. Each tile draws the synapses of
 * its own targets twice: first it counts them per source, then it writes the words of its part of each
 * row and sorts them by (delay, target). */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "snn/plastic.h"
#include "snn/rules.h"

typedef struct build {
    cal_snn *self;
    uint32_t **count;     /* [group][row (n_tiles + 1) + tile]: synapses, later offsets */
    uint32_t longest_list; /* sources of one target and projection, at most */
    uint32_t largest_from;
    int64_t *worst;       /* [tile][3]: largest sum of a neuron, its population and id */
    size_t *worst_at;
    atomic_int status; /* of the tiles */
} build;

/* Working memory of one tile. */
typedef struct scratch {
    cali_draw draw;
    uint32_t **row;    /* [group][row]: count or next place within the row */
    int64_t *sum;      /* [channel][place]: sum of absolute weights in quanta */
} scratch;

static void scratch_free(const cal_snn *self, scratch *s)
{
    for (size_t g = 0; s->row != NULL && g < self->n_groups; g++)
        free(s->row[g]);
    free(s->row);
    free(s->draw.sources);
    free(s->draw.is_taken);
    free(s->sum);
}

static cal_status scratch_create(const build *b, scratch *s)
{
    const cal_snn *self = b->self;
    CAL_TRY(cali_alloc(self->ctx, b->longest_list, sizeof(uint32_t), "sources", &s->draw.sources));
    CAL_TRY(cali_alloc(self->ctx, b->largest_from / 8 + 1, 1, "marks", &s->draw.is_taken));
    CAL_TRY(cali_alloc(self->ctx, (size_t)self->n_channels * self->tile_width, sizeof(int64_t),
                       "sums of weights", &s->sum));
    CAL_TRY(cali_alloc(self->ctx, self->n_groups, sizeof *s->row, "rows", &s->row));
    for (size_t g = 0; g < self->n_groups; g++)
        CAL_TRY(cali_alloc(self->ctx, self->populations[self->groups[g].from].n, sizeof(uint32_t),
                           "counts of rows", &s->row[g]));
    return CAL_OK;
}

static void count_tile(const build *b, unsigned tile, scratch *s)
{
    const cal_snn *self = b->self;
    for (size_t i = 0; i < self->n_projections; i++) {
        const cali_projection *p = &self->projections[i];
        if (p->is_broadcast)
            continue;
        uint32_t *const row = s->row[p->group];
        for (uint32_t target = tile; target < self->populations[p->def.to].n; target += self->n_tiles) {
            const uint32_t n = cali_draw_sources(self, p, target, &s->draw);
            for (uint32_t k = 0; k < n; k++)
                row[s->draw.sources[k]]++;
        }
    }
    for (size_t g = 0; g < self->n_groups; g++)
        for (uint32_t r = 0; r < self->populations[self->groups[g].from].n; r++)
            b->count[g][(size_t)r * (self->n_tiles + 1) + tile + 1] = s->row[g][r];
}

/* One synapse into its row: a word of the layout in network.h. */
static void put(const cal_snn *self, cali_group *group, uint64_t at, uint32_t target, uint32_t delay,
                int32_t weight)
{
    const uint32_t low = target | delay << self->target_bits;
    if (self->has_8_byte_words)
        group->word_8[at] = (uint64_t)(uint32_t)weight << 32 | low;
    else
        group->word_4[at] = low | (uint32_t)weight << (self->target_bits + self->delay_bits);
}

static void write_projection(const build *b, unsigned tile, const cali_projection *p, scratch *s)
{
    cal_snn *self = b->self;
    const cali_population *to = &self->populations[p->def.to];
    cali_group *group = &self->groups[p->group];
    const uint32_t *offset = b->count[p->group];
    uint32_t *const row = s->row[p->group];
    for (uint32_t target = tile; target < to->n; target += self->n_tiles) {
        const uint32_t n = cali_draw_sources(self, p, target, &s->draw);
        const uint32_t place = to->offset + target / self->n_tiles;
        int64_t sum = 0;
        for (uint32_t k = 0; k < n; k++) {
            const uint32_t source = s->draw.sources[k];
            const double w = cali_distribution_draw(&p->def.weight, p->weights, target, k, 0);
            const double d = cali_distribution_draw(&p->def.delay_ms, p->delays, target, k, 0);
            const int32_t weight = (int32_t)floor(w * p->scale + 0.5);
            sum += (int64_t)(weight < 0 ? -(int64_t)weight : weight) << group->shift;
            const uint64_t at = group->base[source] +
                                offset[(size_t)source * (self->n_tiles + 1) + tile] + row[source]++;
            put(self, group, at, place, cali_delay_steps(d, self->dt_ms), weight);
        }
        s->sum[(size_t)p->channel * self->tile_width + place] += sum;
    }
}

/* Shell sort by the key bits; parts that are sorted already cost one look. */
static void sort_4(uint32_t *w, size_t n, uint32_t key)
{
    static const size_t gaps[] = {9841, 3280, 1093, 364, 121, 40, 13, 4, 1};
    size_t i = 1;
    while (i < n && (w[i - 1] & key) <= (w[i] & key))
        i++;
    if (i >= n)
        return;
    for (size_t g = 0; g < CALI_COUNT(gaps); g++)
        for (i = gaps[g]; i < n; i++) {
            const uint32_t x = w[i];
            size_t k = i;
            for (; k >= gaps[g] && (w[k - gaps[g]] & key) > (x & key); k -= gaps[g])
                w[k] = w[k - gaps[g]];
            w[k] = x;
        }
}

static void sort_8(uint64_t *w, size_t n)
{
    static const size_t gaps[] = {9841, 3280, 1093, 364, 121, 40, 13, 4, 1};
    for (size_t g = 0; g < CALI_COUNT(gaps); g++)
        for (size_t i = gaps[g]; i < n; i++) {
            const uint64_t x = w[i];
            size_t k = i;
            for (; k >= gaps[g] && (uint32_t)w[k - gaps[g]] > (uint32_t)x; k -= gaps[g])
                w[k] = w[k - gaps[g]];
            w[k] = x;
        }
}

static void sort_rows(const build *b, unsigned tile)
{
    cal_snn *self = b->self;
    const unsigned bits = self->target_bits + self->delay_bits;
    const uint32_t key = bits >= 32 ? UINT32_MAX : (1u << bits) - 1;
    for (size_t g = 0; g < self->n_groups; g++) {
        cali_group *group = &self->groups[g];
        for (uint32_t r = 0; r < self->populations[group->from].n; r++) {
            const uint32_t *offset = &b->count[g][(size_t)r * (self->n_tiles + 1) + tile];
            if (self->has_8_byte_words)
                sort_8(group->word_8 + group->base[r] + offset[0], offset[1] - offset[0]);
            else
                sort_4(group->word_4 + group->base[r] + offset[0], offset[1] - offset[0], key);
        }
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
    for (unsigned c = 0; c < self->n_channels; c++)
        for (uint32_t place = 0; place < self->tile_width; place++)
            if (s->sum[(size_t)c * self->tile_width + place] > b->worst[tile]) {
                b->worst[tile] = s->sum[(size_t)c * self->tile_width + place];
                b->worst_at[tile] = (size_t)c * self->tile_width + place;
            }
}

static void run_count(void *arg, size_t tile)
{
    build *b = arg;
    scratch s = {0};
    const cal_status status = scratch_create(b, &s);
    if (status == CAL_OK)
        count_tile(b, (unsigned)tile, &s);
    else
        atomic_store(&b->status, (int)status);
    scratch_free(b->self, &s);
}

static void run_write(void *arg, size_t tile)
{
    build *b = arg;
    scratch s = {0};
    const cal_status status = scratch_create(b, &s);
    if (status != CAL_OK) {
        atomic_store(&b->status, (int)status);
    } else {
        for (size_t i = 0; i < b->self->n_projections; i++)
            if (!b->self->projections[i].is_broadcast)
                write_projection(b, (unsigned)tile, &b->self->projections[i], &s);
        sort_rows(b, (unsigned)tile);
        find_worst(b, (unsigned)tile, &s);
    }
    scratch_free(b->self, &s);
}

/* Counts become offsets within the row; rows begin at multiples of 16 bytes. */
static cal_status place_rows(build *b, size_t g, bool *is_long)
{
    cal_snn *self = b->self;
    cali_group *group = &self->groups[g];
    const uint32_t n = self->populations[group->from].n, per_row = self->has_8_byte_words ? 2 : 4;
    CAL_TRY(cali_snn_alloc(self, n, sizeof *group->base, "rows of synapses", &group->base));
    uint64_t at = 0;
    *is_long = false;
    for (uint32_t r = 0; r < n; r++) {
        uint32_t *offset = &b->count[g][(size_t)r * (self->n_tiles + 1)];
        uint64_t length = 0;
        for (unsigned tile = 0; tile < self->n_tiles; tile++) {
            length += offset[tile + 1];
            offset[tile + 1] = (uint32_t)length;
        }
        if (length > UINT32_MAX)
            return CAL_FAIL(self->ctx, CAL_ERR_UNSUPPORTED,
                            "%s: neuron %u has more than 4,294,967,295 synapses",
                            self->populations[group->from].name, r);
        group->base[r] = at;
        *is_long |= length > 65535;
        at += (length + per_row - 1) / per_row * per_row;
        self->n_synapses += length;
    }
    group->n_words = at;
    if (self->has_8_byte_words)
        return cali_snn_alloc(self, at, 8, "synapses", &group->word_8);
    return cali_snn_alloc(self, at, 4, "synapses", &group->word_4);
}

static cal_status shorten_offsets(build *b, size_t g, bool is_long)
{
    cal_snn *self = b->self;
    cali_group *group = &self->groups[g];
    const size_t n = (size_t)self->populations[group->from].n * (self->n_tiles + 1);
    if (is_long) {
        group->offset_32 = b->count[g];
        b->count[g] = NULL;
        self->bytes += 4.0 * (double)n;
        return CAL_OK;
    }
    CAL_TRY(cali_snn_alloc(self, n, sizeof *group->offset_16, "offsets of rows", &group->offset_16));
    for (size_t i = 0; i < n; i++)
        group->offset_16[i] = (uint16_t)b->count[g][i];
    free(b->count[g]);
    b->count[g] = NULL;
    return CAL_OK;
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
                    "of %g %s hold at most %g %s",
                    p->name, (place - p->offset) * self->n_tiles + tile, receptor->name,
                    (double)b->worst[tile] * p->quantum[r], receptor->unit, (double)p->quantum[r],
                    receptor->unit, 2147483647.0 * p->quantum[r], receptor->unit);
}

static void find_list_sizes(build *b)
{
    const cal_snn *self = b->self;
    for (size_t i = 0; i < self->n_projections; i++) {
        const cali_projection *p = &self->projections[i];
        const uint32_t n = self->populations[p->def.from].n;
        if (p->is_broadcast)
            continue;
        const uint32_t list = cali_longest_list(self, p);
        b->longest_list = list > b->longest_list ? list : b->longest_list;
        b->largest_from = n > b->largest_from ? n : b->largest_from;
    }
}

static cal_status create(build *b)
{
    cal_snn *self = b->self;
    find_list_sizes(b);
    CAL_TRY(cali_alloc(self->ctx, self->n_groups, sizeof *b->count, "offsets", &b->count));
    CAL_TRY(cali_alloc(self->ctx, self->n_tiles, sizeof *b->worst, "sums", &b->worst));
    CAL_TRY(cali_alloc(self->ctx, self->n_tiles, sizeof *b->worst_at, "sums", &b->worst_at));
    for (size_t g = 0; g < self->n_groups; g++) {
        const size_t n = self->populations[self->groups[g].from].n;
        CAL_TRY(cali_alloc(self->ctx, n * (self->n_tiles + 1), sizeof(uint32_t), "offsets of rows",
                           &b->count[g]));
    }
    cali_parallel_for(cali_context_pool(self->ctx), self->n_tiles, run_count, b);
    CAL_TRY((cal_status)atomic_load(&b->status));
    const double before = self->bytes;
    bool is_long[2] = {false, false};
    for (size_t g = 0; g < self->n_groups; g++) {
        CAL_TRY(place_rows(b, g, &is_long[0]));
        is_long[1] |= is_long[0];
    }
    cali_parallel_for(cali_context_pool(self->ctx), self->n_tiles, run_write, b);
    CAL_TRY((cal_status)atomic_load(&b->status));
    CAL_TRY(exclude_overflow(b));
    for (size_t g = 0; g < self->n_groups; g++)
        CAL_TRY(shorten_offsets(b, g, is_long[1]));
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
    for (size_t g = 0; b.count != NULL && g < self->n_groups; g++)
        free(b.count[g]);
    free(b.count);
    free(b.worst);
    free(b.worst_at);
    return status;
}
