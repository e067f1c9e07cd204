/* Which neurons of a population a choice means. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "experiment/session.h"

/* Apart from the keys that the engine derives of the same seed. */
#define USE_CHOICE 0x63686f69u

static uint32_t share_of(double share, uint32_t n)
{
    return (uint32_t)(share * n + 0.5);
}

/* Selection sampling: neuron i is taken with the chance (wanted left) / (neurons left). Fan, Muller & Rezucha (1962), J. Am.
 * Stat. Assoc. 57, 387-402. */
static void mark_random(const cal_session *s, uint32_t stream, uint32_t wanted, uint32_t n, uint32_t *bits)
{
    const cali_key key = cali_key_derive(cali_key_from_seed(s->experiment->seed), USE_CHOICE, stream);
    for (uint32_t i = 0; i < n && wanted > 0; i++) {
        const cali_random draw = cali_philox(key, i, 0, 0, 0);
        if (cali_uniform(draw.word[0], draw.word[1]) * (n - i) >= wanted)
            continue;
        bits[i >> 5] |= 1u << (i & 31);
        wanted--;
    }
}

cal_status cali_choice_mark(const cal_session *s, const cali_choice *c, uint32_t stream, const char *population, uint32_t n,
                            uint32_t *bits)
{
    const cali_choice_range all = {0, n > 0 ? n - 1 : 0, c->kind == CALI_CHOICE_EVERY ? c->n : 1},
                            first = {0, c->n < n ? c->n - 1 : all.last, 1};
    const bool is_list = c->kind == CALI_CHOICE_LIST, is_first = c->kind == CALI_CHOICE_FIRST;
    if (c->kind == CALI_CHOICE_RANDOM || c->kind == CALI_CHOICE_SHARE) {
        mark_random(s, stream, c->kind == CALI_CHOICE_SHARE ? share_of(c->share, n) : c->n < n ? c->n : n, n, bits);
        return CAL_OK;
    }
    if (!is_list && (n == 0 || (is_first && c->n == 0)))
        return CAL_OK;
    for (size_t k = 0; k < (is_list ? c->n_ranges : 1); k++) {
        const cali_choice_range r = is_list ? c->ranges[k] : is_first ? first : all;
        if (r.last >= n)
            return cali_experiment_fail(s->ctx, s->experiment, c->place, "C106", "neuron %u is to be recorded, but %s has %u, "
                                        "from 0 on\ntry of: another population, or \"every K\"", r.last, population, n);
        for (uint64_t i = r.first; i <= r.last; i += r.step)
            bits[i >> 5] |= 1u << (i & 31);
    }
    return CAL_OK;
}

uint32_t cali_choice_most(const cali_choice *c, uint32_t n)
{
    const bool has_number = c->kind == CALI_CHOICE_FIRST || c->kind == CALI_CHOICE_RANDOM;
    if (c->kind == CALI_CHOICE_LIST) {
        uint64_t sum = 0;
        for (size_t k = 0; k < c->n_ranges; k++)
            sum += (c->ranges[k].last - c->ranges[k].first) / c->ranges[k].step + 1;
        return sum < n ? (uint32_t)sum : n;
    }
    return has_number ? (c->n < n ? c->n : n) : c->kind == CALI_CHOICE_EVERY ? n / c->n + 1
           : c->kind == CALI_CHOICE_SHARE ? share_of(c->share, n) : n;
}

cal_status cali_bits_list(cal_context *ctx, const uint32_t *bits, uint32_t n, uint32_t **ids, uint32_t *n_ids)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++)
        count += bits[i >> 5] >> (i & 31) & 1u;
    CAL_TRY(cali_alloc(ctx, count, sizeof **ids, "recorded neurons", ids));
    *n_ids = 0;
    for (uint32_t i = 0; i < n; i++)
        if ((bits[i >> 5] >> (i & 31) & 1u) != 0)
            (*ids)[(*n_ids)++] = i;
    return CAL_OK;
}
