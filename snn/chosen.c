/* Plastic synapses whose weights are watched. Candidates are counted per source; which of them are chosen is said by
 * their ranks in the order (source, delay, target), which knows no tiles: the first images of a random permutation. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "snn/plastic.h"
#include "snn/sampling.h"

typedef struct choosing {
    const cal_snn *self;
    const cali_plastic *p;
    const cal_snn_choice *choice;
    uint8_t *is_target; /* [target]; NULL: any */
    uint64_t *n_of;     /* [source]: its candidates */
    uint64_t n_candidates;
    uint32_t *rank; /* of those chosen, ascending; NULL: all are */
} choosing;

static bool is_ascending_below(const uint32_t *ids, size_t n, uint32_t limit)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] >= limit || (i > 0 && ids[i] <= ids[i - 1]))
            return false;
    return true;
}

static cal_status check(const choosing *c)
{
    const cal_snn_choice *choice = c->choice;
    const cali_population *from = &c->self->populations[c->p->projection.def.from];
    const cali_population *to = &c->self->populations[c->p->projection.def.to];
    if ((choice->sources != NULL && !is_ascending_below(choice->sources, choice->n_sources, from->n)) ||
        (choice->targets != NULL && !is_ascending_below(choice->targets, choice->n_targets, to->n)))
        return CAL_FAIL(c->self->ctx, CAL_ERR_ARGUMENT, "%s: neurons whose synapses are watched must ascend and be below %u in "
                        "%s, %u in %s", c->self->name, from->n, from->name, to->n, to->name);
    if (!(choice->fraction >= 0.0 && choice->fraction <= 1.0))
        return CAL_FAIL(c->self->ctx, CAL_ERR_ARGUMENT, "%s: the fraction of watched synapses must be within 0 and 1, is %g",
                        c->self->name, choice->fraction);
    return CAL_OK;
}

static void count_source(choosing *c, uint32_t source)
{
    const uint32_t mask = ((uint32_t)1 << c->p->place_bits) - 1;
    for (unsigned tile = 0; tile < c->self->n_tiles; tile++) {
        const cali_plastic_tile *t = &c->p->tiles[tile];
        const uint64_t begin = t->begin[source], end = t->begin[source + 1];
        if (c->is_target == NULL)
            c->n_of[source] += end - begin;
        for (uint64_t k = begin; c->is_target != NULL && k < end; k++)
            c->n_of[source] += c->is_target[(t->word[k] & mask) * c->self->n_tiles + tile];
    }
    c->n_candidates += c->n_of[source];
}

static cal_status count_candidates(choosing *c)
{
    const cal_snn_choice *choice = c->choice;
    const cal_snn_projection *def = &c->p->projection.def;
    const uint32_t n_from = c->self->populations[def->from].n;
    CAL_TRY(cali_alloc(c->self->ctx, n_from, sizeof *c->n_of, "watched synapses", &c->n_of));
    if (choice->targets != NULL)
        CAL_TRY(cali_alloc(c->self->ctx, c->self->populations[def->to].n, 1, "watched synapses", &c->is_target));
    for (size_t i = 0; choice->targets != NULL && i < choice->n_targets; i++)
        c->is_target[choice->targets[i]] = 1;
    for (uint32_t i = 0; i < (choice->sources != NULL ? (uint32_t)choice->n_sources : n_from); i++)
        count_source(c, choice->sources != NULL ? choice->sources[i] : i);
    return CAL_OK;
}

static int compare(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static cal_status draw_ranks(choosing *c, cal_snn_chosen *out)
{
    const uint64_t part = (uint64_t)(c->choice->fraction * (double)c->n_candidates + 0.5), most = c->choice->most;
    const uint64_t n = most > 0 && most < part ? most : part;
    const cali_key key = cali_key_derive(c->self->key, CALI_USE_CHOICE, (uint32_t)c->p->number);
    out->n = (size_t)(n < c->n_candidates ? n : c->n_candidates);
    if (out->n == c->n_candidates)
        return CAL_OK;
    if (c->n_candidates > UINT32_MAX)
        return CAL_FAIL(c->self->ctx, CAL_ERR_UNSUPPORTED, "%s: a part of %.0f synapses cannot be chosen; name sources or "
                        "targets", c->self->name, (double)c->n_candidates);
    CAL_TRY(cali_alloc(c->self->ctx, out->n, sizeof *c->rank, "watched synapses", &c->rank));
    for (uint32_t i = 0; i < out->n; i++)
        c->rank[i] = cali_permute(key, i, (uint32_t)c->n_candidates);
    qsort(c->rank, out->n, sizeof *c->rank, compare);
    return CAL_OK;
}

/* The chosen ones among the synapses of one source, whose first candidate has rank `rank`. */
static size_t take_source(const choosing *c, uint32_t source, uint64_t rank, size_t n, cal_snn_chosen *out)
{
    cali_walk w = cali_walk_start(c->self, c->p);
    cali_walk_enter(&w, source);
    while (n < out->n && cali_walk_next(&w) && w.source == source) {
        if (c->is_target != NULL && !c->is_target[w.target])
            continue;
        if (c->rank == NULL || c->rank[n] == rank) {
            out->source[n] = source;
            out->target[n] = w.target;
            out->delay_ms[n] = w.delay * c->self->dt_ms;
            out->place[n++] = w.index * CALI_MAX_TILES + w.tile;
        }
        rank++;
    }
    return n;
}

static cal_status choose(choosing *c, cal_snn_chosen *out)
{
    CAL_TRY(check(c));
    CAL_TRY(count_candidates(c));
    CAL_TRY(draw_ranks(c, out));
    CAL_TRY(cali_alloc(c->self->ctx, out->n, sizeof *out->source, "watched synapses", &out->source));
    CAL_TRY(cali_alloc(c->self->ctx, out->n, sizeof *out->target, "watched synapses", &out->target));
    CAL_TRY(cali_alloc(c->self->ctx, out->n, sizeof *out->delay_ms, "watched synapses", &out->delay_ms));
    CAL_TRY(cali_alloc(c->self->ctx, out->n, sizeof *out->place, "watched synapses", &out->place));
    uint64_t rank = 0;
    size_t n = 0;
    const uint32_t n_from = c->self->populations[c->p->projection.def.from].n;
    for (uint32_t source = 0; source < n_from && n < out->n; source++) {
        const uint64_t end = rank + c->n_of[source];
        if (end > rank && (c->rank == NULL || c->rank[n] < end))
            n = take_source(c, source, rank, n, out);
        rank = end;
    }
    return CAL_OK;
}

cal_status cal_snn_choose(const cal_snn *self, const cal_snn_choice *choice, cal_snn_chosen *out)
{
    *out = (cal_snn_chosen){.projection = choice->projection};
    choosing c = {.self = self, .p = cali_plastic_find(self, choice->projection), .choice = choice};
    if (c.p == NULL)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s: projection %zu has no plastic synapses", self->name,
                        choice->projection);
    const cal_status status = choose(&c, out);
    free(c.is_target);
    free(c.n_of);
    free(c.rank);
    if (status != CAL_OK)
        cal_snn_chosen_free(out);
    return status;
}

void cal_snn_chosen_free(cal_snn_chosen *chosen)
{
    free(chosen->source);
    free(chosen->target);
    free(chosen->delay_ms);
    free(chosen->place);
    *chosen = (cal_snn_chosen){0};
}

typedef struct reading {
    const cal_snn *self;
    const cali_plastic *p;
    const cal_snn_chosen *chosen;
    double *weights;
} reading;

static void read_tile(void *arg, size_t tile)
{
    const reading *r = arg;
    const cal_snn_chosen *chosen = r->chosen;
    cali_synapse_reader one = cali_synapse_reader_start(r->self, r->p, (unsigned)tile);
    uint32_t pointed = UINT32_MAX;
    for (size_t i = 0; i < chosen->n; i++) {
        const uint32_t source = chosen->source[i];
        if (chosen->place[i] % CALI_MAX_TILES != tile)
            continue;
        if (source != pointed)
            cali_plastic_point(r->p, (unsigned)tile, source, &one.row);
        pointed = source;
        cali_synapse_reader_read(&one, (size_t)(chosen->place[i] / CALI_MAX_TILES - r->p->tiles[tile].begin[source]));
        r->weights[i] = one.state[0];
    }
}

void cal_snn_read_chosen(const cal_snn *self, const cal_snn_chosen *chosen, double *weights)
{
    reading r = {self, cali_plastic_find(self, chosen->projection), chosen, weights};
    if (chosen->n > 0)
        cali_parallel_for(cali_context_pool(self->ctx), self->n_tiles, read_tile, &r);
}
