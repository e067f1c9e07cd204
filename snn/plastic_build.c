/* The rows of plastic projections. Each tile draws the synapses of its own targets, once to count the rows and once to
 * fill them, and sorts every row by (delay, target, number of the draw); weights and parameters are drawn by
 * (projection, target, number), so neither threads nor tiles matter. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "snn/distance.h"
#include "snn/plastic.h"
#include "snn/rules.h"

typedef struct build {
    cal_snn *self;
    cali_plastic *p;
    atomic_int status; /* of the tiles */
} build;

/* Working memory of one tile. */
typedef struct scratch {
    cali_draw draw;
    uint64_t *next;    /* [source]: place of its next synapse */
    uint64_t *synapse; /* word << 32 | number of the draw */
    double bytes;
} scratch;

static void scratch_free(scratch *s)
{
    free(s->draw.sources);
    free(s->draw.is_taken);
    free(s->next);
    free(s->synapse);
}

/* Memory of a tile is counted by the caller: tiles run at the same time. */
static cal_status take(const build *b, scratch *s, size_t n, size_t size, const char *what, void *out)
{
    s->bytes += (double)n * (double)size;
    return cali_alloc(b->self->ctx, n, size, what, out);
}

static void count_rows(const build *b, unsigned tile, scratch *s, uint64_t *begin)
{
    const cal_snn *self = b->self;
    const cali_projection *projection = &b->p->projection;
    const uint32_t n_from = self->populations[projection->def.from].n;
    for (uint32_t target = tile; target < self->populations[projection->def.to].n; target += self->n_tiles) {
        const uint32_t n = cali_draw_sources(self, projection, target, &s->draw);
        for (uint32_t k = 0; k < n; k++)
            begin[s->draw.sources[k] + 1]++;
    }
    for (uint32_t i = 0; i < n_from; i++) {
        begin[i + 1] += begin[i];
        s->next[i] = begin[i];
    }
}

static void fill_rows(const build *b, unsigned tile, scratch *s)
{
    const cal_snn *self = b->self;
    const cali_projection *projection = &b->p->projection;
    for (uint32_t target = tile; target < self->populations[projection->def.to].n; target += self->n_tiles) {
        const uint32_t n = cali_draw_sources(self, projection, target, &s->draw);
        const uint64_t place = target / self->n_tiles;
        for (uint32_t k = 0; k < n; k++) {
            const double d = cali_synapse_delay_ms(self, projection, s->draw.sources[k], target, k);
            const uint64_t word = place | (uint64_t)cali_delay_steps(d, self->dt_ms) << b->p->place_bits;
            s->synapse[s->next[s->draw.sources[k]]++] = word << 32 | k;
        }
    }
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Rows are filled by ascending (target, number): with one delay they are sorted already. */
static void sort_row(uint64_t *synapse, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (synapse[i - 1] > synapse[i]) {
            qsort(synapse, n, sizeof *synapse, compare);
            return;
        }
}

/* Parameters of one synapse into its own constants and states. */
static void draw_synapse(const build *b, unsigned tile, uint64_t at, uint32_t source, uint32_t target, uint32_t number)
{
    const cali_plastic *p = b->p;
    cali_plastic_tile *t = &p->tiles[tile];
    const cal_synapse *face = &p->synapse->face;
    double params[CALI_MAX_SYNAPSE_PARAMS] = {0}, constants[CALI_MAX_SYNAPSE_CONSTANTS], states[CALI_MAX_SYNAPSE_STATES];
    if (t->state[0] != NULL)
        t->state[0][at] =
            fabs(cali_synapse_weight(b->self, &p->projection, source, target, number));
    if (!p->has_own && (face->n_states == 0 || p->has_shared_states))
        return;
    for (size_t k = 0; k < face->n_params; k++)
        params[k] = cali_distribution_draw(&p->param[k], cali_key_derive(p->params, (uint32_t)k, 0), target, number, 0);
    p->synapse->prepare(params, b->self->dt_ms, constants);
    for (size_t c = 0; c < p->synapse->n_constants; c++)
        if (p->is_own[c])
            t->own[c][at] = constants[c];
    for (size_t i = 0; i < face->n_states; i++)
        states[i] = face->states[i].value;
    if (p->synapse->start != NULL)
        p->synapse->start(params, states);
    for (size_t i = 0; i < face->n_states && !p->has_shared_states; i++)
        t->state[1 + i][at] = states[i];
}

static cal_status create_synapses(const build *b, unsigned tile, scratch *s)
{
    const cali_plastic *p = b->p;
    cali_plastic_tile *t = &p->tiles[tile];
    const uint32_t n_from = b->self->populations[p->projection.def.from].n;
    const uint64_t n = t->begin[n_from];
    CAL_TRY(cali_alloc(b->self->ctx, n, sizeof *s->synapse, "synapses", &s->synapse));
    CAL_TRY(take(b, s, n, sizeof *t->word, "synapses", &t->word));
    if (!cali_plastic_has_one_weight(p))
        CAL_TRY(take(b, s, n, sizeof(double), "weights", &t->state[0]));
    for (size_t i = 0; i < p->synapse->face.n_states && !p->has_shared_states; i++)
        CAL_TRY(take(b, s, n, sizeof(double), "states of synapses", &t->state[1 + i]));
    for (size_t c = 0; c < p->synapse->n_constants; c++)
        if (p->is_own[c])
            CAL_TRY(take(b, s, n, sizeof(double), "constants of synapses", &t->own[c]));
    fill_rows(b, tile, s);
    const uint32_t mask = ((uint32_t)1 << p->place_bits) - 1;
    for (uint32_t i = 0; i < n_from; i++) {
        sort_row(s->synapse + t->begin[i], (size_t)(t->begin[i + 1] - t->begin[i]));
        for (uint64_t at = t->begin[i]; at < t->begin[i + 1]; at++) {
            t->word[at] = (uint32_t)(s->synapse[at] >> 32);
            draw_synapse(b, tile, at, i, (t->word[at] & mask) * b->self->n_tiles + tile, (uint32_t)s->synapse[at]);
        }
    }
    return CAL_OK;
}

static cal_status create_sources(const build *b, unsigned tile, scratch *s)
{
    const cali_plastic *p = b->p;
    cali_plastic_tile *t = &p->tiles[tile];
    const size_t n_from = b->self->populations[p->projection.def.from].n, n_states = p->synapse->face.n_states;
    double params[CALI_MAX_SYNAPSE_PARAMS] = {0}, states[CALI_MAX_SYNAPSE_STATES];
    CAL_TRY(take(b, s, n_from, sizeof *t->sources, "traces of sources", &t->sources));
    for (size_t i = 0; i < n_from; i++)
        t->sources[i].last = CALI_NEVER;
    if (!p->has_shared_states || n_states == 0)
        return CAL_OK;
    for (size_t k = 0; k < p->synapse->face.n_params; k++)
        params[k] = p->param[k].a;
    for (size_t i = 0; i < n_states; i++)
        states[i] = p->synapse->face.states[i].value;
    if (p->synapse->start != NULL)
        p->synapse->start(params, states);
    CAL_TRY(take(b, s, n_from * n_states, sizeof(double), "states of rows", &t->state[1]));
    for (size_t i = 0; i < n_from * n_states; i++)
        t->state[1][i] = states[i % n_states];
    return CAL_OK;
}

static cal_status create_tile(const build *b, unsigned tile, scratch *s)
{
    const cal_snn *self = b->self;
    const cali_projection *projection = &b->p->projection;
    const cali_population *to = &self->populations[projection->def.to];
    cali_plastic_tile *t = &b->p->tiles[tile];
    const size_t n_from = self->populations[projection->def.from].n;
    CAL_TRY(cali_alloc(self->ctx, cali_longest_list(self, projection), sizeof(uint32_t), "sources", &s->draw.sources));
    CAL_TRY(cali_alloc(self->ctx, n_from / 8 + 1, 1, "marks", &s->draw.is_taken));
    CAL_TRY(cali_alloc(self->ctx, n_from, sizeof *s->next, "rows of synapses", &s->next));
    CAL_TRY(take(b, s, n_from + 1, sizeof *t->begin, "rows of synapses", &t->begin));
    count_rows(b, tile, s, t->begin);
    CAL_TRY(create_synapses(b, tile, s));
    CAL_TRY(create_sources(b, tile, s));
    CAL_TRY(cali_scaling_create(self, b->p, tile, &s->bytes));
    CAL_TRY(cali_voltage_create(self, b->p, tile, &s->bytes));
    CAL_TRY(take(b, s, b->p->n_slots, sizeof *t->releases, "releases", &t->releases));
    if (b->p->ring_size == 0)
        return CAL_OK;
    CAL_TRY(take(b, s, to->width, sizeof *t->past, "spikes of targets", &t->past));
    return take(b, s, (size_t)to->width * b->p->ring_size, sizeof *t->spikes, "spikes of targets", &t->spikes);
}

static void run_tile(void *arg, size_t tile)
{
    build *b = arg;
    scratch s = {0};
    const cal_status status = create_tile(b, (unsigned)tile, &s);
    if (status != CAL_OK)
        atomic_store(&b->status, (int)status);
    scratch_free(&s);
    b->p->tiles[tile].bytes = s.bytes;
}

cal_status cali_plastic_create(cal_snn *self)
{
    for (size_t i = 0; i < self->n_plastics; i++) {
        build b = {.self = self, .p = &self->plastics[i]};
        const uint32_t n_from = self->populations[b.p->projection.def.from].n;
        CAL_TRY(cali_snn_alloc(self, self->n_tiles, sizeof *b.p->tiles, "tiles", &b.p->tiles));
        cali_parallel_for(cali_context_pool(self->ctx), self->n_tiles, run_tile, &b);
        CAL_TRY((cal_status)atomic_load(&b.status));
        for (unsigned tile = 0; tile < self->n_tiles; tile++) {
            self->bytes += b.p->tiles[tile].bytes;
            self->synapse_bytes += b.p->tiles[tile].bytes;
            self->n_synapses += b.p->tiles[tile].begin[n_from];
        }
    }
    return CAL_OK;
}

void cali_plastic_destroy(cal_snn *self)
{
    for (size_t i = 0; self->plastics != NULL && i < self->n_plastics; i++) {
        cali_plastic *p = &self->plastics[i];
        for (unsigned tile = 0; p->tiles != NULL && tile < self->n_tiles; tile++) {
            cali_plastic_tile *t = &p->tiles[tile];
            for (size_t k = 0; k < CALI_MAX_SYNAPSE_STATES; k++)
                free(t->state[k]);
            for (size_t k = 0; k < CALI_MAX_SYNAPSE_CONSTANTS; k++)
                free(t->own[k]);
            free(t->begin);
            free(t->word);
            free(t->sources);
            free(t->past);
            free(t->spikes);
            free(t->releases);
            free(t->rate_Hz);
            free(t->integral);
            free(t->factor);
            cali_voltage_free(&t->membranes);
        }
        free(p->tiles);
        free(p->pre_decay);
        free(p->post_decay);
    }
    free(self->plastics);
}

void cali_plastic_add_limits(const cal_snn *self, unsigned tile, int64_t *sums)
{
    for (size_t i = 0; i < self->n_plastics; i++) {
        const cali_plastic *p = &self->plastics[i];
        const cali_projection *projection = &p->projection;
        const cali_plastic_tile *t = &p->tiles[tile];
        const uint64_t n = t->begin[self->populations[projection->def.from].n];
        const uint32_t mask = ((uint32_t)1 << p->place_bits) - 1;
        const int64_t limit = (int64_t)(projection->limit * projection->scale + 0.5); /* fits int32: plastic_plan.c */
        int64_t *const at = sums + (size_t)projection->channel * self->tile_width +
                            self->populations[projection->def.to].offset;
        for (uint64_t k = 0; k < n; k++)
            at[t->word[k] & mask] += limit;
    }
}
