/* Rules that are made as a whole, once for each projection: fixed total number, fixed out-degree, small world, and
 * lists of the definition. The lists by target that they leave follow from the definition alone. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "snn/counts.h"
#include "snn/distance.h"
#include "snn/rules.h"
#include "snn/values.h"

/* Uses of a projection's key for sources, beside 0 for the draws of a target. */
enum { USE_TARGETS = 1, USE_REWIRE, USE_END, USE_SHARES };

/* Numbers at start[t + 1] become places. */
static cal_status sum_up(const cal_snn *self, cali_projection *p, uint32_t n_to)
{
    cali_lists *lists = &p->lists;
    uint64_t longest = 0;
    for (uint32_t t = 0; t < n_to; t++) {
        longest = lists->start[t + 1] > longest ? lists->start[t + 1] : longest;
        lists->start[t + 1] += lists->start[t];
    }
    if (longest > UINT32_MAX)
        return CAL_FAIL(self->ctx, CAL_ERR_UNSUPPORTED, "%s: a neuron of %s has more than 4,294,967,295 synapses from %s",
                        self->name, self->populations[p->def.to].name, self->populations[p->def.from].name);
    lists->longest = (uint32_t)longest;
    return CAL_OK;
}

static cal_status create_start(cal_snn *self, cali_projection *p)
{
    return cali_alloc(self->ctx, (size_t)self->populations[p->def.to].n + 1, sizeof *p->lists.start,
                      "numbers of synapses", &p->lists.start);
}

/* ---- fixed total number ------------------------------------------------------------------------ */

/* Synapses fall on the targets as balls into bins: multinomial in-degrees, or with one ball for a pair at most
 * multivariate hypergeometric ones. Given its in-degree, a target's sources are drawn on their own. No list of
 * synapses is needed, and nothing is sorted. */
cal_status cali_list_total(cal_snn *self, cali_projection *p)
{
    const uint32_t n_from = self->populations[p->def.from].n, n_to = self->populations[p->def.to].n;
    const bool has_gap = p->def.from == p->def.to && !p->def.has_autapses;
    CAL_TRY(create_start(self, p));
    const uint64_t room = p->def.has_multapses ? 0 : (uint64_t)n_from - has_gap;
    if (p->def.total > 0)
        cali_share(cali_key_derive(p->sources, USE_SHARES, 0), p->def.total, n_to, room, p->lists.start + 1);
    return sum_up(self, p, n_to);
}

/* ---- fixed out-degree -------------------------------------------------------------------------- */

/* Sources are dealt to chunks, whose number follows from nothing but this constant. Each chunk counts its synapses
 * into each target, then writes its part of each target's list. */
enum { N_CHUNKS = 8 };

typedef struct spread {
    const cal_snn *self;
    const cali_projection *p;
    uint32_t *count; /* [chunk][target]: synapses, later places before those of the chunk */
    bool has_fill;
    atomic_int status;
} spread;

static void spread_source(const spread *s, size_t chunk, uint32_t source, const uint32_t *targets, bool has_gap)
{
    const cali_lists *lists = &s->p->lists;
    uint32_t *const count = s->count + chunk * s->self->populations[s->p->def.to].n;
    for (uint32_t i = 0; i < s->p->def.out_degree; i++) {
        const uint32_t target = targets[i] + (has_gap && targets[i] >= source);
        if (s->has_fill)
            lists->sources[lists->start[target] + count[target]] = source;
        count[target]++;
    }
}

static cal_status spread_chunk(const spread *s, size_t chunk)
{
    const cal_snn *self = s->self;
    const cali_projection *p = s->p;
    const uint32_t n_from = self->populations[p->def.from].n, n_to = self->populations[p->def.to].n;
    const bool has_gap = p->def.from == p->def.to && !p->def.has_autapses;
    const uint32_t first = (uint32_t)((uint64_t)n_from * chunk / N_CHUNKS);
    const uint32_t last = (uint32_t)((uint64_t)n_from * (chunk + 1) / N_CHUNKS);
    uint32_t *targets = NULL;
    uint8_t *is_taken = NULL;
    cal_status status = cali_alloc(self->ctx, p->def.out_degree, sizeof *targets, "targets", &targets);
    if (status == CAL_OK)
        status = cali_alloc(self->ctx, n_to / 8 + 1, 1, "marks", &is_taken);
    for (uint32_t source = first; status == CAL_OK && source < last; source++) {
        if (p->search != NULL)
            cali_search_draw(p->search, p->sources, USE_TARGETS, source, has_gap ? source : CALI_NO_ONE, p->def.out_degree,
                             p->def.has_multapses, is_taken, targets);
        else
            cali_choose(s->self->draw_loops, p->sources, source, USE_TARGETS, n_to - has_gap, p->def.out_degree,
                        p->def.has_multapses, is_taken, targets);
        spread_source(s, chunk, source, targets, has_gap && p->search == NULL);
    }
    free(targets);
    free(is_taken);
    return status;
}

static void run_chunk(void *arg, size_t chunk)
{
    spread *s = arg;
    const cal_status status = spread_chunk(s, chunk);
    if (status != CAL_OK)
        atomic_store(&s->status, (int)status);
}

static cal_status make_out_degree(cal_snn *self, cali_projection *p, spread *s)
{
    const uint32_t n_to = self->populations[p->def.to].n;
    CAL_TRY(create_start(self, p));
    CAL_TRY(cali_alloc(self->ctx, (size_t)N_CHUNKS * n_to, sizeof *s->count, "numbers of synapses", &s->count));
    cali_parallel_for(cali_context_pool(self->ctx), N_CHUNKS, run_chunk, s);
    CAL_TRY((cal_status)atomic_load(&s->status));
    for (uint32_t t = 0; t < n_to; t++) {
        uint64_t before = 0;
        for (size_t chunk = 0; chunk < N_CHUNKS; chunk++) {
            uint32_t *count = &s->count[chunk * n_to + t];
            const uint32_t n = *count;
            *count = (uint32_t)before;
            before += n;
        }
        p->lists.start[t + 1] = before;
    }
    CAL_TRY(sum_up(self, p, n_to));
    CAL_TRY(cali_alloc(self->ctx, p->lists.start[n_to], sizeof *p->lists.sources, "sources", &p->lists.sources));
    s->has_fill = true;
    cali_parallel_for(cali_context_pool(self->ctx), N_CHUNKS, run_chunk, s);
    return (cal_status)atomic_load(&s->status);
}

cal_status cali_list_out_degree(cal_snn *self, cali_projection *p)
{
    spread s = {.self = self, .p = p};
    const cal_status status = make_out_degree(self, p, &s);
    free(s.count);
    return status;
}

/* ---- small world ------------------------------------------------------------------------------- */

/* end[i h + j]: the other end of the edge that neuron i holds to its (j + 1)-th neighbour clockwise, h of them. */
typedef struct ring {
    uint32_t *end, *degree, n, half;
} ring;

static bool holds(const ring *r, uint32_t i, uint32_t x)
{
    for (uint32_t j = 0; j < r->half; j++)
        if (r->end[(size_t)i * r->half + j] == x)
            return true;
    return false;
}

/* In laps, the nearest neighbours first, each edge is moved to a neuron at random with the given chance, never to
 * itself or to one that it is joined to already. A neuron that is joined to all keeps its edge. */
static void rewire(const ring *r, cali_key key, double chance)
{
    for (uint32_t j = 0; j < r->half; j++)
        for (uint32_t i = 0; i < r->n; i++) {
            const cali_random draw = cali_philox(key, i, j, USE_REWIRE, 0);
            if (!(cali_uniform(draw.word[0], draw.word[1]) < chance) || r->degree[i] >= r->n - 1)
                continue;
            uint32_t x = i;
            for (uint32_t attempt = 0; x == i || holds(r, i, x) || holds(r, x, i); attempt++) {
                const cali_random end = cali_philox(key, i, j, USE_END, attempt);
                x = cali_below(end.word[0], end.word[1], r->n);
            }
            uint32_t *edge = &r->end[(size_t)i * r->half + j];
            r->degree[*edge]--;
            r->degree[x]++;
            *edge = x;
        }
}

static cal_status make_small_world(cal_snn *self, cali_projection *p, ring *r)
{
    cali_lists *lists = &p->lists;
    const size_t n_edges = (size_t)r->n * r->half;
    CAL_TRY(create_start(self, p));
    CAL_TRY(cali_alloc(self->ctx, n_edges, sizeof *r->end, "edges", &r->end));
    CAL_TRY(cali_alloc(self->ctx, r->n, sizeof *r->degree, "numbers of edges", &r->degree));
    CAL_TRY(cali_alloc(self->ctx, 2 * n_edges, sizeof *lists->sources, "sources", &lists->sources));
    for (uint32_t i = 0; i < r->n; i++) {
        r->degree[i] = 2 * r->half;
        for (uint32_t j = 0; j < r->half; j++)
            r->end[(size_t)i * r->half + j] = (uint32_t)(((uint64_t)i + j + 1) % r->n);
    }
    rewire(r, p->sources, p->def.probability);
    for (uint32_t i = 0; i < r->n; i++)
        lists->start[i + 1] = r->degree[i];
    CAL_TRY(sum_up(self, p, r->n));
    memset(r->degree, 0, r->n * sizeof *r->degree);
    for (uint32_t i = 0; i < r->n; i++)
        for (uint32_t j = 0; j < r->half; j++) {
            const uint32_t x = r->end[(size_t)i * r->half + j];
            lists->sources[lists->start[i] + r->degree[i]++] = x;
            lists->sources[lists->start[x] + r->degree[x]++] = i;
        }
    return CAL_OK;
}

cal_status cali_list_small_world(cal_snn *self, cali_projection *p)
{
    ring r = {.n = self->populations[p->def.to].n, .half = p->def.n_neighbours / 2};
    const cal_status status = make_small_world(self, p, &r);
    free(r.end);
    free(r.degree);
    return status;
}

/* ---- synapses of the definition ------------------------------------------------------------------ */

cal_distribution cali_bounds_of(const double *values, size_t n)
{
    double low = n > 0 ? values[0] : 0.0, high = low;
    for (size_t k = 1; k < n; k++) {
        low = values[k] < low ? values[k] : low;
        high = values[k] > high ? values[k] : high;
    }
    return (cal_distribution){.kind = low == high ? CAL_CONSTANT : CAL_UNIFORM, .a = low, .b = high};
}

cal_snn_projection cali_rule_bounded(const cal_snn_projection *p)
{
    cal_snn_projection out = *p;
    if (p->rule != CAL_SYNAPSE_LIST || p->list == NULL)
        return out;
    out.total = p->list->n;
    if (p->list->weight != NULL)
        out.weight = cali_bounds_of(p->list->weight, p->list->n);
    if (p->list->delay_ms != NULL && p->list->n > 0)
        out.delay_ms = cali_bounds_of(p->list->delay_ms, p->list->n);
    return out;
}

double cali_rule_mean_weight(const cal_snn *self, const cali_projection *p)
{
    const cali_ends ends = cali_ends_in(self, &p->def);
    const cal_snn_list *list = p->def.rule == CAL_SYNAPSE_LIST ? p->def.list : NULL;
    if (list == NULL || list->weight == NULL)
        return cali_weight_mean_size(&p->def, &ends);
    double sum = 0.0;
    for (size_t k = 0; k < list->n; k++)
        sum += fabs(list->weight[k]);
    return list->n > 0 ? sum / (double)list->n : 0.0;
}

/* A list's weights in its quantum: bits of the largest, and zeros at the end of all. */
typedef struct bit_range {
    int top, zeros;
} bit_range;

static bit_range range_of(const cal_snn_list *list)
{
    double largest = 0.0;
    uint64_t all = 0;
    for (size_t k = 0; list->weight != NULL && k < list->n; k++) {
        const double quanta = fabs(list->weight[k]) / list->quantum;
        largest = quanta > largest ? quanta : largest;
        all |= quanta < 0x1p31 ? (uint64_t)quanta : 0;
    }
    bit_range r = {largest >= 1.0 && largest < 0x1p31 ? ilogb(largest) + 1 : 0, 0};
    while (r.zeros < 31 && (all >> r.zeros & 1) == 0)
        r.zeros++;
    return r;
}

static const cal_snn_list *exact_list(const cal_snn_projection *p)
{
    return p->rule == CAL_SYNAPSE_LIST && p->list != NULL && p->list->quantum > 0.0 ? p->list : NULL;
}

/* Lists between the same two populations may share rows, and then a scale. */
unsigned cali_list_weight_bits(const cal_snn_def *def, unsigned bits)
{
    for (size_t i = 0; i < def->n_projections; i++) {
        const cal_snn_projection *p = &def->projections[i];
        bit_range range = {0, 31};
        for (size_t k = 0; exact_list(p) != NULL && k < def->n_projections; k++) {
            const cal_snn_projection *other = &def->projections[k];
            if (exact_list(other) == NULL || other->from != p->from || other->to != p->to ||
                strcmp(other->receptor, p->receptor) != 0)
                continue;
            const bit_range r = range_of(other->list);
            range.top = r.top > range.top ? r.top : range.top;
            range.zeros = r.zeros < range.zeros ? r.zeros : range.zeros;
        }
        const int need = range.top - range.zeros + 1;
        bits = need > (int)bits && need <= 31 ? (unsigned)need : bits;
    }
    return bits;
}

int cali_list_exponent(const cal_snn *self, size_t to, size_t receptor, int exponent)
{
    double quantum = 0.0, largest = 0.0;
    for (size_t i = 0; i < cali_n_projections(self); i++) {
        const cali_projection *p = cali_projection_at(self, i);
        double low, high;
        if (p->def.to != to || p->receptor != receptor)
            continue;
        cali_distribution_bounds(&p->def.weight, &low, &high);
        largest = fmax(largest, fmax(fabs(low), fabs(high)));
        if (exact_list(&p->def) != NULL)
            quantum = p->def.list->quantum;
    }
    if (!(quantum > 0.0) || !isfinite(quantum) || !(largest / quantum < 0x1p30))
        return exponent;
    return -ilogb(quantum);
}

/* Each target keeps the order of the definition. */
static cal_status sort_by_target(cal_snn *self, cali_projection *p, uint64_t *next)
{
    const cal_snn_list *list = p->def.list;
    cali_lists *lists = &p->lists;
    memcpy(next, lists->start, self->populations[p->def.to].n * sizeof *next);
    CAL_TRY(cali_alloc(self->ctx, list->n, sizeof *lists->sources, "sources", &lists->sources));
    if (list->weight != NULL)
        CAL_TRY(cali_alloc(self->ctx, list->n, sizeof *lists->weights, "weights", &lists->weights));
    if (list->delay_ms != NULL)
        CAL_TRY(cali_alloc(self->ctx, list->n, sizeof *lists->delays_ms, "delays", &lists->delays_ms));
    p->list_hash = 0;
    for (size_t k = 0; k < list->n; k++) {
        const uint64_t at = next[list->target[k]]++;
        uint64_t mix = cali_mix((uint64_t)list->source[k] << 32 | list->target[k], k);
        lists->sources[at] = list->source[k];
        if (list->weight != NULL) {
            lists->weights[at] = list->weight[k];
            mix = cali_mix(mix, cali_bits_f64(list->weight[k]));
        }
        if (list->delay_ms != NULL) {
            lists->delays_ms[at] = list->delay_ms[k];
            mix = cali_mix(mix, cali_bits_f64(list->delay_ms[k]));
        }
        p->list_hash += mix;
    }
    return CAL_OK;
}

cal_status cali_list_listed(cal_snn *self, cali_projection *p)
{
    const uint32_t n_to = self->populations[p->def.to].n;
    uint64_t *next = NULL;
    CAL_TRY(create_start(self, p));
    for (size_t k = 0; k < p->def.list->n; k++)
        p->lists.start[p->def.list->target[k] + 1]++;
    CAL_TRY(sum_up(self, p, n_to));
    CAL_TRY(cali_alloc(self->ctx, n_to, sizeof *next, "numbers of synapses", &next));
    const cal_status status = sort_by_target(self, p, next);
    free(next);
    return status;
}
