/* Weights and states of plastic synapses as they are now: what has reached a synapse since its row was worked off is
 * added on a copy, so reading changes nothing. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "snn/plastic.h"
#include "snn/structural.h"

cali_synapse_reader cali_synapse_reader_start(const cal_snn *self, const cali_plastic *p, unsigned tile)
{
    cali_synapse_reader r = {.self = self, .p = p, .row = cali_plastic_row(self, p, tile)};
    r.row.now = self->step;
    r.row.is_read = true;
    return r;
}

void cali_synapse_reader_read(cali_synapse_reader *r, size_t j)
{
    const size_t n_states = r->p->synapse->face.n_states;
    r->one = r->row;
    r->one.n = 1;
    r->one.word += j;
    r->state[0] = r->row.state[0] != NULL ? r->row.state[0][j] : r->row.one_weight;
    r->one.state[0] = &r->state[0];
    for (size_t i = 1; i <= n_states; i++) {
        r->state[i] = r->row.shared != NULL ? r->row.shared[i - 1] : r->row.state[i][j];
        r->one.state[i] = &r->state[i];
    }
    for (size_t c = 0; r->row.has_own && c < r->p->synapse->n_constants; c++)
        r->one.own[c] = r->row.own[c] != NULL ? r->row.own[c] + j : NULL;
    if (r->row.shared == NULL)
        r->p->synapse->loop[r->self->isa](&r->one);
    r->state[0] *= r->p->sign;
}

uint64_t cali_plastic_hash(const cal_snn *self)
{
    uint64_t hash = 0;
    for (size_t g = 0; g < self->n_plastics; g++) {
        const cali_plastic *p = &self->plastics[g];
        const uint32_t mask = ((uint32_t)1 << p->place_bits) - 1, n = self->populations[p->projection.def.from].n;
        for (unsigned tile = 0; tile < self->n_tiles; tile++) {
            cali_synapse_reader r = cali_synapse_reader_start(self, p, tile);
            r.row.is_read = false;
            for (uint32_t source = 0; source < n; source++) {
                cali_plastic_point(p, tile, source, &r.row);
                const uint64_t from = cali_mix((uint64_t)(g + 1) << 32 | source, (uint64_t)r.row.last);
                for (size_t k = 0; tile == 0 && k < p->synapse->n_pre; k++)
                    hash += cali_mix(cali_bits_f64(r.row.pre[k]), from + k);
                uint64_t number = 0; /* of synapses with the same delay between the same neurons */
                for (size_t j = 0; j < r.row.n; j++) {
                    const uint64_t target = (uint64_t)(r.row.word[j] & mask) * self->n_tiles + tile;
                    number = j > 0 && r.row.word[j] == r.row.word[j - 1] ? number + 1 : 0;
                    const uint64_t pair =
                        cali_mix(from, target << 32 | r.row.word[j] >> p->place_bits) + number;
                    cali_synapse_reader_read(&r, j);
                    for (size_t i = 0; i <= p->synapse->face.n_states; i++)
                        hash += cali_mix(cali_bits_f64(r.state[i]), pair + (i << 32));
                }
            }
        }
    }
    return hash;
}

void cali_plastic_visit(const cal_snn *self, size_t from, size_t to, size_t receptor, cal_snn_visit *visit, void *arg)
{
    for (size_t g = 0; g < self->n_plastics; g++) {
        const cali_plastic *p = &self->plastics[g];
        const uint32_t mask = ((uint32_t)1 << p->place_bits) - 1;
        if (p->projection.def.from != from || p->projection.def.to != to || p->projection.receptor != receptor)
            continue;
        for (uint32_t source = 0; source < self->populations[from].n; source++)
            for (unsigned tile = 0; tile < self->n_tiles; tile++) {
                cali_synapse_reader r = cali_synapse_reader_start(self, p, tile);
                cali_plastic_point(p, tile, source, &r.row);
                for (size_t j = 0; j < r.row.n; j++) {
                    cali_synapse_reader_read(&r, j);
                    visit(arg, source, (r.row.word[j] & mask) * self->n_tiles + tile, r.state[0],
                          (r.row.word[j] >> p->place_bits) * self->dt);
                }
            }
    }
}

/* ---- walks ----------------------------------------------------------------------------------------- */

void cali_walk_enter(cali_walk *w, uint32_t source)
{
    w->source = source;
    for (unsigned tile = 0; tile < w->self->n_tiles; tile++)
        w->at[tile] = w->p->tiles[tile].begin[w->source];
}

cali_walk cali_walk_start(const cal_snn *self, const cali_plastic *p)
{
    cali_walk w = {.self = self, .p = p};
    if (self->populations[p->projection.def.from].n > 0)
        cali_walk_enter(&w, 0);
    return w;
}

/* The parts of a row are sorted by (delay, target) in each tile: the least of their next ones is next. */
static bool next_of_source(cali_walk *w)
{
    const cali_plastic *p = w->p;
    const uint32_t mask = ((uint32_t)1 << p->place_bits) - 1;
    uint64_t least = UINT64_MAX;
    for (unsigned tile = 0; tile < w->self->n_tiles; tile++) {
        const cali_plastic_tile *t = &p->tiles[tile];
        if (w->at[tile] == t->begin[w->source + 1])
            continue;
        const uint32_t word = t->word[w->at[tile]];
        const uint64_t key =
            (uint64_t)(word >> p->place_bits) << 32 | ((word & mask) * w->self->n_tiles + tile);
        if (key < least) {
            least = key;
            w->tile = tile;
        }
    }
    if (least == UINT64_MAX)
        return false;
    w->index = w->at[w->tile]++;
    w->delay = (uint32_t)(least >> 32);
    w->target = (uint32_t)least;
    return true;
}

bool cali_walk_next(cali_walk *w)
{
    const uint32_t n = w->self->populations[w->p->projection.def.from].n;
    while (w->source < n) {
        if (next_of_source(w))
            return true;
        if (++w->source < n)
            cali_walk_enter(w, w->source);
    }
    return false;
}

void cali_walk_read(const cali_walk *w, double state[CALI_MAX_SYNAPSE_STATES])
{
    cali_synapse_reader r = cali_synapse_reader_start(w->self, w->p, w->tile);
    r.row.is_read = false;
    cali_plastic_point(w->p, w->tile, w->source, &r.row);
    cali_synapse_reader_read(&r, (size_t)(w->index - w->p->tiles[w->tile].begin[w->source]));
    memcpy(state, r.state, sizeof r.state);
    state[0] *= w->p->sign;
}

/* ---- all synapses of a projection ------------------------------------------------------------------ */

const cali_plastic *cali_plastic_find(const cal_snn *self, size_t projection)
{
    for (size_t i = 0; i < self->n_plastics; i++)
        if (self->plastics[i].number == projection)
            return &self->plastics[i];
    return NULL;
}

static uint64_t count(const cal_snn *self, const cali_plastic *p)
{
    uint64_t n = 0;
    for (unsigned tile = 0; tile < self->n_tiles; tile++)
        n += p->tiles[tile].begin[self->populations[p->projection.def.from].n];
    return n;
}

/* Sources ascend while each target's synapses are appended to its own range: the order is (target, source, delay). */
static void fill(const cal_snn *self, const cali_plastic *p, uint64_t *next, cal_snn_weights *out)
{
    const uint32_t mask = ((uint32_t)1 << p->place_bits) - 1, n = self->populations[p->projection.def.from].n;
    for (unsigned tile = 0; tile < self->n_tiles; tile++) {
        cali_synapse_reader r = cali_synapse_reader_start(self, p, tile);
        for (uint32_t source = 0; source < n; source++) {
            cali_plastic_point(p, tile, source, &r.row);
            for (size_t j = 0; j < r.row.n; j++) {
                const uint32_t target = (r.row.word[j] & mask) * self->n_tiles + tile;
                const uint64_t at = next[target]++;
                cali_synapse_reader_read(&r, j);
                out->source[at] = source;
                out->target[at] = target;
                out->delay_ms[at] = (r.row.word[j] >> p->place_bits) * self->dt_ms;
                out->weight[at] = r.state[0];
                for (size_t i = 0; i < out->n_states; i++)
                    out->states[i * out->n + at] = r.state[i + 1];
            }
        }
    }
}

static cal_status collect(const cal_snn *self, const cali_plastic *p, uint64_t **next, cal_snn_weights *out)
{
    const uint32_t mask = ((uint32_t)1 << p->place_bits) - 1;
    const uint32_t n_from = self->populations[p->projection.def.from].n;
    const uint32_t n_to = self->populations[p->projection.def.to].n;
    out->n = count(self, p);
    out->n_states = p->synapse->face.n_states;
    CAL_TRY(cali_alloc(self->ctx, out->n, sizeof *out->source, "weights", &out->source));
    CAL_TRY(cali_alloc(self->ctx, out->n, sizeof *out->target, "weights", &out->target));
    CAL_TRY(cali_alloc(self->ctx, out->n, sizeof(double), "weights", &out->delay_ms));
    CAL_TRY(cali_alloc(self->ctx, out->n, sizeof(double), "weights", &out->weight));
    CAL_TRY(cali_alloc(self->ctx, out->n * out->n_states, sizeof(double), "weights", &out->states));
    CAL_TRY(cali_alloc(self->ctx, (size_t)n_to + 1, sizeof **next, "weights", next));
    for (unsigned tile = 0; tile < self->n_tiles; tile++) {
        const cali_plastic_tile *t = &p->tiles[tile];
        for (uint64_t k = 0; k < t->begin[n_from]; k++)
            (*next)[(t->word[k] & mask) * self->n_tiles + tile + 1]++;
    }
    for (uint32_t i = 0; i < n_to; i++)
        (*next)[i + 1] += (*next)[i];
    fill(self, p, *next, out);
    return CAL_OK;
}

cal_status cal_snn_get_weights(const cal_snn *self, size_t projection, cal_snn_weights *out)
{
    *out = (cal_snn_weights){0};
    const cali_plastic *p = cali_plastic_find(self, projection);
    if (cali_structural_find(self, projection) != NULL)
        return cali_structural_weights(self, cali_structural_find(self, projection), out);
    if (p == NULL)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s: projection %zu has no plastic synapses", self->name,
                        projection);
    uint64_t *next = NULL;
    const cal_status status = collect(self, p, &next, out);
    free(next);
    if (status != CAL_OK)
        cal_snn_weights_free(out);
    return status;
}

void cal_snn_weights_free(cal_snn_weights *w)
{
    free(w->source);
    free(w->target);
    free(w->delay_ms);
    free(w->weight);
    free(w->states);
    *w = (cal_snn_weights){0};
}
