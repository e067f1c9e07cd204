/* Connection rules: which sources a target has. The sources of a target are drawn by (projection, target), so
 * neither threads nor tiles matter. */
#include <math.h>

#include "base/numeric.h"
#include "snn/rules.h"

/* K sources out of n without repetition: Floyd's algorithm (Bentley & Floyd 1987, CACM 30, 754). */
static uint32_t draw_distinct(const cali_projection *p, uint32_t target, uint32_t n, uint32_t k,
                              cali_draw *s)
{
    for (uint32_t i = 0; i < k; i++) {
        const uint32_t top = n - k + i;
        const cali_random r = cali_philox(p->sources, target, i, 0, 0);
        uint32_t x = cali_below(r.word[0], r.word[1], (uint64_t)top + 1);
        if (s->is_taken[x / 8] >> (x % 8) & 1)
            x = top;
        s->is_taken[x / 8] = (uint8_t)(s->is_taken[x / 8] | 1u << (x % 8));
        s->sources[i] = x;
    }
    for (uint32_t i = 0; i < k; i++)
        s->is_taken[s->sources[i] / 8] = 0;
    return k;
}

static uint32_t draw_in_degree(const cali_projection *p, uint32_t target, uint32_t n, uint32_t k,
                               cali_draw *s)
{
    if (!p->def.has_multapses)
        return draw_distinct(p, target, n, k, s);
    for (uint32_t i = 0; i < k; i += 2) {
        const cali_random r = cali_philox(p->sources, target, i / 2, 0, 0);
        s->sources[i] = cali_below(r.word[0], r.word[1], n);
        if (i + 1 < k)
            s->sources[i + 1] = cali_below(r.word[2], r.word[3], n);
    }
    return k;
}

/* Gaps between chosen sources are geometric. */
static uint32_t draw_bernoulli(const cali_projection *p, uint32_t target, uint32_t n, cali_draw *s)
{
    const double probability = p->def.probability;
    uint32_t count = 0;
    if (probability <= 0.0)
        return 0;
    if (probability >= 1.0) {
        for (uint32_t i = 0; i < n; i++)
            s->sources[i] = i;
        return n;
    }
    const double per_log = 1.0 / cali_log(1.0 - probability);
    double at = -1.0;
    for (uint32_t i = 0;; i++) {
        const cali_random r = cali_philox(p->sources, target, i, 0, 0);
        const double gap = cali_log(cali_uniform(r.word[0], r.word[1])) * per_log;
        at += 1.0 + floor(gap < 1e15 ? gap : 1e15);
        if (at >= (double)n)
            return count;
        s->sources[count++] = (uint32_t)at;
    }
}

uint32_t cali_longest_list(const cal_snn *self, const cali_projection *p)
{
    switch (p->def.rule) {
    case CAL_FIXED_IN_DEGREE: return p->def.in_degree;
    case CAL_ONE_TO_ONE: return 1;
    default: return self->populations[p->def.from].n;
    }
}

double cali_expected_synapses(const cal_snn *self, const cali_projection *p)
{
    const double n_from = self->populations[p->def.from].n, n_to = self->populations[p->def.to].n;
    const double own = p->def.from == p->def.to && !p->def.has_autapses ? n_to : 0.0;
    switch (p->def.rule) {
    case CAL_ALL_TO_ALL: return n_from * n_to - own;
    case CAL_ONE_TO_ONE: return n_to;
    case CAL_FIXED_IN_DEGREE: return p->def.in_degree * n_to;
    case CAL_PAIRWISE_BERNOULLI: return p->def.probability * (n_from * n_to - own);
    }
    return 0.0;
}

uint32_t cali_draw_sources(const cal_snn *self, const cali_projection *p, uint32_t target, cali_draw *s)
{
    const uint32_t n_from = self->populations[p->def.from].n;
    const bool has_gap = p->def.from == p->def.to && !p->def.has_autapses; /* not itself */
    const uint32_t n = has_gap ? n_from - 1 : n_from;
    uint32_t count = 0;
    switch (p->def.rule) {
    case CAL_ALL_TO_ALL:
        for (; count < n; count++)
            s->sources[count] = count;
        break;
    case CAL_ONE_TO_ONE:
        s->sources[0] = target;
        return has_gap ? 0 : 1;
    case CAL_FIXED_IN_DEGREE:
        count = draw_in_degree(p, target, n, p->def.in_degree, s);
        break;
    case CAL_PAIRWISE_BERNOULLI:
        count = draw_bernoulli(p, target, n, s);
        break;
    }
    for (uint32_t i = 0; has_gap && i < count; i++)
        s->sources[i] += s->sources[i] >= target;
    return count;
}
