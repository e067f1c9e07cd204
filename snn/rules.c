/* Connection rules, one entry each: what they need, how many synapses they make, which sources a target has. The
 * sources of a target are drawn by (projection, target), or read from lists that are made as a whole (lists.c), so
 * neither threads nor tiles matter. */
#include "snn/rules.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numeric.h"
#include "base/parallel.h"
#include "snn/distance.h"

const char *const cal_rule_names[] = {"all-to-all",       "one-to-one",  "fixed-in-degree", "pairwise-bernoulli",
                                      "fixed-out-degree", "fixed-total", "small-world", "nearest",     "listed"};

cal_snn_projection cal_snn_projection_default(cal_rule rule)
{
    return (cal_snn_projection){.rule = rule,
                                .has_autapses = rule == CAL_ALL_TO_ALL || rule == CAL_SYNAPSE_LIST,
                                .has_multapses = rule == CAL_SYNAPSE_LIST,
                                .delay_ms = {.kind = CAL_CONSTANT, .a = 1.0},
                                .modulator_delay_ms = 1.0,
                                .scaling = {.interval_ms = 1000.0, .tau_ms = 1e5, .gain = 4e-5}};
}

/* Where a rule finds its two ends. `own`: 1 if a neuron must not connect to itself. */
typedef struct ends {
    double n_from, n_to, own;
} ends;

typedef struct rule_entry {
    /* NULL: always possible. Texts go to `why`. */
    bool (*is_impossible)(const cal_snn_projection *p, const ends *e, char *why, size_t size);
    double (*n_synapses)(const cal_snn_projection *p, const ends *e);
    /* Sources of a target among 0 .. n - 1, the target itself left out where it must not be chosen. */
    uint32_t (*draw)(const cali_projection *p, uint32_t target, uint32_t n, cali_draw *s);
    /* NULL: nothing is made beforehand */
    cal_status (*prepare)(cal_snn *self, cali_projection *p);
    double bytes_per_synapse, bytes_per_target; /* held while the network is built */
    bool is_listed; /* sources are numbers of neurons already */
} rule_entry;

/* ---- drawing ---------------------------------------------------------------------------------- */

/* Without repetition: Floyd's algorithm (Bentley & Floyd 1987, CACM 30, 754). */
static void choose_distinct(uint32_t n, uint32_t k, uint8_t *is_taken, uint32_t *chosen)
{
    for (uint32_t i = 0; i < k; i++) { /* chosen[i] is a draw below n - k + i + 1 */
        const uint32_t x = is_taken[chosen[i] / 8] >> (chosen[i] % 8) & 1 ? n - k + i : chosen[i];
        is_taken[x / 8] = (uint8_t)(is_taken[x / 8] | 1u << (x % 8));
        chosen[i] = x;
    }
    for (uint32_t i = 0; i < k; i++)
        is_taken[chosen[i] / 8] = 0;
}

void cali_choose(const cali_draw_loops *loops, cali_key key, uint32_t unit, uint32_t use, uint32_t n, uint32_t k,
                 bool has_repeats, uint8_t *is_taken, uint32_t *chosen)
{
    if (has_repeats) {
        loops->below(k, key, unit, use, n, chosen);
        return;
    }
    loops->below_rising(k, key, unit, use, (uint64_t)n - k + 1, chosen);
    choose_distinct(n, k, is_taken, chosen);
}

static uint32_t draw_all(const cali_projection *p, uint32_t target, uint32_t n, cali_draw *s)
{
    (void)p;
    (void)target;
    for (uint32_t i = 0; i < n; i++)
        s->sources[i] = i;
    return n;
}

static uint32_t draw_same(const cali_projection *p, uint32_t target, uint32_t n, cali_draw *s)
{
    (void)n;
    s->sources[0] = target;
    return p->def.from == p->def.to && !p->def.has_autapses ? 0 : 1;
}

/* The target where it must not be chosen. */
static uint32_t own_of(const cali_projection *p, uint32_t target)
{
    return p->def.from == p->def.to && !p->def.has_autapses ? target : CALI_NO_ONE;
}

static uint32_t draw_in_degree(const cali_projection *p, uint32_t target, uint32_t n, cali_draw *s)
{
    if (p->search != NULL) {
        cali_search_draw(p->search, p->sources, 0, target, own_of(p, target), p->def.in_degree, p->def.has_multapses,
                         s->is_taken, s->sources);
        return p->def.in_degree;
    }
    cali_choose(s->loops, p->sources, target, 0, n, p->def.in_degree, p->def.has_multapses, s->is_taken, s->sources);
    return p->def.in_degree;
}

/* Gaps between chosen sources are geometric. */
static uint32_t draw_bernoulli(const cali_projection *p, uint32_t target, uint32_t n, cali_draw *s)
{
    const double probability = p->def.probability;
    uint32_t count = 0;
    if (p->search != NULL)
        return cali_search_thin(p->search, p->sources, target, own_of(p, target), s->sources);
    if (probability <= 0.0)
        return 0;
    if (probability >= 1.0)
        return draw_all(p, target, n, s);
    const double per_log = cali_per_log(probability);
    double at = -1.0, gap[64];
    for (uint32_t i = 0;; i++) {
        if (i % CALI_COUNT(gap) == 0)
            s->loops->gaps(CALI_COUNT(gap), p->sources, target, i, per_log, gap);
        at += 1.0 + gap[i % CALI_COUNT(gap)];
        if (at >= (double)n)
            return count;
        s->sources[count++] = (uint32_t)at;
    }
}

static uint32_t draw_nearest(const cali_projection *p, uint32_t target, uint32_t n, cali_draw *s)
{
    (void)n;
    return cali_search_nearest(p->search, target, own_of(p, target), p->def.n_nearest, s->sources);
}

/* The number of synapses into a target is fixed beforehand, its sources are drawn here. */
static uint32_t draw_counted(const cali_projection *p, uint32_t target, uint32_t n, cali_draw *s)
{
    const uint32_t k = (uint32_t)(p->lists.start[target + 1] - p->lists.start[target]);
    cali_choose(s->loops, p->sources, target, 0, n, k, p->def.has_multapses, s->is_taken, s->sources);
    return k;
}

static uint32_t draw_listed(const cali_projection *p, uint32_t target, uint32_t n, cali_draw *s)
{
    (void)n;
    const uint64_t first = p->lists.start[target];
    const uint32_t k = (uint32_t)(p->lists.start[target + 1] - first);
    memcpy(s->sources, p->lists.sources + first, k * sizeof *s->sources);
    return k;
}

/* ---- what a rule needs ------------------------------------------------------------------------- */

static bool unequal_sizes(const cal_snn_projection *p, const ends *e, char *why, size_t size)
{
    (void)p;
    if (e->n_from != e->n_to)
        snprintf(why, size, "one-to-one between populations of %.0f and %.0f neurons", e->n_from, e->n_to);
    return e->n_from != e->n_to;
}

static bool bad_chance(const cal_snn_projection *p, const ends *e, char *why, size_t size)
{
    (void)e;
    const bool is_bad = !(p->probability >= 0.0 && p->probability <= 1.0);
    if (is_bad)
        snprintf(why, size, "probability must be 0 to 1, is %g", p->probability);
    return is_bad;
}

/* `wanted` ends for each of `n_units` neurons out of `available`. */
static bool too_few(const char *key, double wanted, double n_units, double available, bool has_multapses,
                    const char *what, char *why, size_t size)
{
    if (n_units <= 0.0 || wanted == 0.0 || (available >= 1.0 && (has_multapses || wanted <= available)))
        return false;
    snprintf(why, size, "%s %.0f%s, but there are only %.0f %s", key, wanted,
             has_multapses ? "" : " without multapses", available > 0.0 ? available : 0.0, what);
    return true;
}

static bool too_few_sources(const cal_snn_projection *p, const ends *e, char *why, size_t size)
{
    return too_few("in_degree", p->in_degree, e->n_to, e->n_from - e->own, p->has_multapses, "sources", why, size);
}

static bool too_few_near(const cal_snn_projection *p, const ends *e, char *why, size_t size)
{
    if (p->n_nearest > CALI_MAX_NEAREST)
        snprintf(why, size, "nearest %u is above %d", p->n_nearest, CALI_MAX_NEAREST);
    return p->n_nearest > CALI_MAX_NEAREST ||
           too_few("nearest", p->n_nearest, e->n_to, e->n_from - e->own, false, "sources", why, size);
}

static bool too_few_targets(const cal_snn_projection *p, const ends *e, char *why, size_t size)
{
    return too_few("out_degree", p->out_degree, e->n_from, e->n_to - e->own, p->has_multapses, "targets", why, size);
}

static bool too_few_pairs(const cal_snn_projection *p, const ends *e, char *why, size_t size)
{
    if (p->total > UINT64_C(9007199254740992)) {
        snprintf(why, size, "total %.0f is above 2^53", (double)p->total);
        return true;
    }
    return too_few("total", (double)p->total, 1.0, (e->n_from - e->own) * e->n_to, p->has_multapses, "pairs", why, size);
}

static bool bad_ring(const cal_snn_projection *p, const ends *e, char *why, size_t size)
{
    const char *problem = p->from != p->to ? "a small world lies within one population"
                          : p->n_neighbours % 2 != 0
                              ? "neighbours must be even: half of them on each side"
                          : e->n_to > 0.0 && p->n_neighbours >= e->n_to ? "neighbours must be fewer than neurons" : NULL;
    if (problem != NULL)
        snprintf(why, size, "%s, is %u among %.0f", problem, p->n_neighbours, e->n_to);
    return problem != NULL || bad_chance(p, e, why, size);
}

/* The first synapse of the list that cannot be. */
static bool bad_list(const cal_snn_projection *p, const ends *e, char *why, size_t size)
{
    const cal_snn_list *list = p->list;
    if (list == NULL || (list->n > 0 && (list->source == NULL || list->target == NULL))) {
        snprintf(why, size, "there is no list of synapses");
        return true;
    }
    for (size_t k = 0; k < list->n; k++) {
        const double weight = list->weight == NULL ? 0.0 : list->weight[k];
        const double delay_ms = list->delay_ms == NULL ? 1.0 : list->delay_ms[k];
        const bool is_source = list->source[k] < e->n_from, is_target = list->target[k] < e->n_to;
        if (!is_source || !is_target)
            snprintf(why, size, "%s %u of synapse %zu of the list: the population has %.0f neurons, counted from 0",
                     is_source ? "target" : "source", is_source ? list->target[k] : list->source[k], k,
                     is_source ? e->n_to : e->n_from);
        else if (!isfinite(weight) || !(delay_ms > 0.0) || !isfinite(delay_ms))
            snprintf(why, size, "synapse %zu of the list has weight %g and delay %g ms", k, weight, delay_ms);
        else if (e->own > 0.0 && list->source[k] == list->target[k])
            snprintf(why, size, "synapse %zu of the list joins neuron %u to itself, without autapses", k, list->source[k]);
        else
            continue;
        return true;
    }
    return false;
}

/* ---- how many synapses ------------------------------------------------------------------------- */

static double count_all(const cal_snn_projection *p, const ends *e)
{
    (void)p;
    return (e->n_from - e->own) * e->n_to;
}

static double count_same(const cal_snn_projection *p, const ends *e)
{
    (void)p;
    return e->own > 0.0 ? 0.0 : e->n_to;
}

static double count_in(const cal_snn_projection *p, const ends *e)
{
    return p->in_degree * e->n_to;
}

static double count_near(const cal_snn_projection *p, const ends *e)
{
    return p->n_nearest * e->n_to;
}

static double count_out(const cal_snn_projection *p, const ends *e)
{
    return p->out_degree * e->n_from;
}

static double count_chance(const cal_snn_projection *p, const ends *e)
{
    return p->probability * count_all(p, e);
}

static double count_total(const cal_snn_projection *p, const ends *e)
{
    (void)e;
    return (double)p->total;
}

static double count_ring(const cal_snn_projection *p, const ends *e)
{
    return p->n_neighbours * e->n_to;
}

/* ---- the table --------------------------------------------------------------------------------- */

static const rule_entry rules[CAL_N_RULES] = {
    [CAL_ALL_TO_ALL] = {.n_synapses = count_all, .draw = draw_all},
    [CAL_ONE_TO_ONE] = {.is_impossible = unequal_sizes, .n_synapses = count_same, .draw = draw_same, .is_listed = true},
    [CAL_FIXED_IN_DEGREE] = {.is_impossible = too_few_sources, .n_synapses = count_in, .draw = draw_in_degree},
    [CAL_PAIRWISE_BERNOULLI] = {.is_impossible = bad_chance, .n_synapses = count_chance, .draw = draw_bernoulli},
    [CAL_FIXED_OUT_DEGREE] = {.is_impossible = too_few_targets, .n_synapses = count_out, .draw = draw_listed,
                              .prepare = cali_list_out_degree, .bytes_per_synapse = 4.0, .bytes_per_target = 40.0,
                              .is_listed = true},
    [CAL_FIXED_TOTAL] = {.is_impossible = too_few_pairs, .n_synapses = count_total, .draw = draw_counted,
                         .prepare = cali_list_total, .bytes_per_target = 8.0},
    [CAL_SMALL_WORLD] = {.is_impossible = bad_ring, .n_synapses = count_ring, .draw = draw_listed,
                         .prepare = cali_list_small_world, .bytes_per_synapse = 6.0, .bytes_per_target = 12.0,
                         .is_listed = true},
    [CAL_NEAREST] = {.is_impossible = too_few_near, .n_synapses = count_near, .draw = draw_nearest},
    [CAL_SYNAPSE_LIST] = {.is_impossible = bad_list, .n_synapses = count_total, .draw = draw_listed,
                    .prepare = cali_list_listed, .bytes_per_synapse = 20.0, .bytes_per_target = 8.0,
                    .is_listed = true},
};

static ends ends_of(const cal_snn_projection *p, uint32_t n_from, uint32_t n_to)
{
    const double own = p->from == p->to && !p->has_autapses ? 1.0 : 0.0;
    return (ends){.n_from = n_from, .n_to = n_to, .own = n_from > 0 ? own : 0.0};
}

bool cal_snn_projection_is_impossible(const cal_snn_projection *p, uint32_t n_from, uint32_t n_to, char *why, size_t size)
{
    if ((int)p->rule < 0 || (int)p->rule >= CAL_N_RULES) {
        snprintf(why, size, "no such rule");
        return true;
    }
    const ends e = ends_of(p, n_from, n_to);
    const rule_entry *rule = &rules[p->rule];
    return rule->is_impossible != NULL && rule->is_impossible(p, &e, why, size);
}

double cali_rule_synapses(const cal_snn_projection *p, uint32_t n_from, uint32_t n_to)
{
    const ends e = ends_of(p, n_from, n_to);
    return rules[p->rule].n_synapses(p, &e);
}

double cali_expected_synapses(const cal_snn *self, const cali_projection *p)
{
    const uint32_t n_from = self->populations[p->def.from].n, n_to = self->populations[p->def.to].n;
    if (p->def.rule == CAL_PAIRWISE_BERNOULLI && cali_has_profile(&p->def.kernel))
        return p->chances * n_to;
    return cali_rule_synapses(&p->def, n_from, n_to);
}

uint32_t cali_longest_list(const cal_snn *self, const cali_projection *p)
{
    if (p->lists.start != NULL)
        return p->lists.longest;
    if (p->def.rule == CAL_NEAREST)
        return p->def.n_nearest;
    return p->def.rule == CAL_FIXED_IN_DEGREE ? p->def.in_degree : self->populations[p->def.from].n;
}

double cali_rules_bytes(const cal_snn *self)
{
    double bytes = 0.0;
    for (size_t i = 0; i < cali_n_projections(self); i++) {
        const cali_projection *p = cali_projection_at(self, i);
        const rule_entry *rule = &rules[p->def.rule];
        bytes += rule->bytes_per_synapse * cali_expected_synapses(self, p) +
                 rule->bytes_per_target * self->populations[p->def.to].n;
    }
    return bytes;
}

/* ---- searches ----------------------------------------------------------------------------------- */

static cal_status create_search(const cal_snn *self, cali_projection *p)
{
    const bool is_out = p->def.rule == CAL_FIXED_OUT_DEGREE;
    const cali_ends where = cali_ends_in(self, &p->def);
    if (p->search != NULL || !cali_is_searched(&p->def))
        return CAL_OK;
    return cali_search_create(self->ctx, &where, is_out, p->def.rule == CAL_NEAREST ? NULL : &p->def.kernel,
                              p->def.rule == CAL_PAIRWISE_BERNOULLI ? p->def.probability : 1.0, &p->search);
}

/* The estimate of a searched Bernoulli rule looks at the candidates of some of the targets. */
cal_status cali_rule_plan(cal_snn *self, cali_projection *p)
{
    enum { N_LOOKED_AT = 200 };
    p->has_weight_profile = cali_has_profile(&p->def.weight_profile);
    cali_distance_plan(self, p);
    if (p->def.rule != CAL_PAIRWISE_BERNOULLI || !cali_has_profile(&p->def.kernel))
        return CAL_OK;
    CAL_TRY(create_search(self, p));
    const uint32_t n = self->populations[p->def.to].n, n_looked_at = n < N_LOOKED_AT ? n : N_LOOKED_AT;
    for (uint32_t i = 0; i < n_looked_at; i++) {
        const uint32_t target = (uint32_t)((uint64_t)n * i / n_looked_at);
        p->chances += cali_search_sum(p->search, target, own_of(p, target)) / n_looked_at;
    }
    return CAL_OK;
}

typedef struct supply {
    const cal_snn *self;
    const cali_projection *p;
    uint32_t n, needed;
    atomic_uint first; /* neuron without enough partners */
} supply;

enum { SUPPLY_BLOCK = 1024 };

static void check_block(void *arg, size_t block)
{
    supply *s = arg;
    const uint32_t last = s->n - block * SUPPLY_BLOCK < SUPPLY_BLOCK ? s->n : (uint32_t)(block + 1) * SUPPLY_BLOCK;
    for (uint32_t i = (uint32_t)block * SUPPLY_BLOCK; i < last; i++)
        if (!cali_search_has(s->p->search, i, own_of(s->p, i), s->needed)) {
            unsigned first = atomic_load(&s->first);
            while (i < first && !atomic_compare_exchange_weak(&s->first, &first, i))
                continue;
            return;
        }
}

/* Each neuron that draws a number of partners finds enough of them within reach. */
static cal_status check_supply(const cal_snn *self, const cali_projection *p)
{
    const bool is_out = p->def.rule == CAL_FIXED_OUT_DEGREE;
    const uint32_t degree = is_out ? p->def.out_degree : p->def.in_degree;
    if (p->search == NULL || degree == 0 || (!is_out && p->def.rule != CAL_FIXED_IN_DEGREE))
        return CAL_OK;
    const cali_population *from = &self->populations[p->def.from], *to = &self->populations[p->def.to];
    supply s = {.self = self, .p = p, .n = is_out ? from->n : to->n, .needed = p->def.has_multapses ? 1 : degree};
    atomic_init(&s.first, UINT32_MAX);
    cali_parallel_for(cali_context_pool(self->ctx), (s.n + SUPPLY_BLOCK - 1) / SUPPLY_BLOCK, check_block, &s);
    const unsigned first = atomic_load(&s.first);
    if (first == UINT32_MAX)
        return CAL_OK;
    return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s to %s: %s %u%s, but the kernel reaches fewer %s from neuron %u of %s",
                    from->name, to->name, is_out ? "out_degree" : "in_degree", degree,
                    p->def.has_multapses ? "" : " without multapses", is_out ? "targets" : "sources", first,
                    is_out ? from->name : to->name);
}

cal_status cali_rule_prepare(cal_snn *self, cali_projection *p)
{
    CAL_TRY(create_search(self, p));
    CAL_TRY(check_supply(self, p));
    return rules[p->def.rule].prepare == NULL ? CAL_OK : rules[p->def.rule].prepare(self, p);
}

cal_status cali_rules_prepare(cal_snn *self)
{
    for (size_t i = 0; i < cali_n_projections(self); i++)
        CAL_TRY(cali_rule_prepare(self, cali_projection_at(self, i)));
    return CAL_OK;
}

void cali_rule_release(cali_projection *p)
{
    free(p->lists.start);
    free(p->lists.sources);
    free(p->lists.weights);
    free(p->lists.delays_ms);
    p->lists = (cali_lists){0};
    cali_search_destroy(&p->search);
}

void cali_rules_release(cal_snn *self)
{
    for (size_t i = 0; i < cali_n_projections(self); i++)
        cali_rule_release(cali_projection_at(self, i));
    for (size_t i = 0; i < cali_n_projections(self); i++)
        cali_projection_at(self, i)->def.list = NULL; /* borrowed */
}

uint32_t cali_draw_sources(const cal_snn *self, const cali_projection *p, uint32_t target, cali_draw *s)
{
    const rule_entry *rule = &rules[p->def.rule];
    const uint32_t n_from = self->populations[p->def.from].n;
    const bool has_gap = p->def.from == p->def.to && !p->def.has_autapses && p->search == NULL; /* not itself */
    s->loops = self->draw_loops;
    const uint32_t count = rule->draw(p, target, has_gap ? n_from - 1 : n_from, s);
    for (uint32_t i = 0; has_gap && !rule->is_listed && i < count; i++)
        s->sources[i] += s->sources[i] >= target;
    return count;
}
