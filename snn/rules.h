/* Connection rules: which sources a target has, how many at most, how many on average. */
#ifndef CALI_SNN_RULES_H
#define CALI_SNN_RULES_H

#include "snn/network.h"

/** Working memory of one thread that draws. */
typedef struct cali_draw {
    uint32_t *sources; /* room for the longest list of all projections */
    uint8_t *is_taken; /* a bit per source, zero between calls */
    const cali_draw_loops *loops;
} cali_draw;

/** Expected synapses of a projection between populations of these sizes. */
double cali_rule_synapses(const cal_snn_projection *p, uint32_t n_from, uint32_t n_to);
/** The longest list of sources that one target can get; after cali_rules_prepare. */
uint32_t cali_longest_list(const cal_snn *self, const cali_projection *p);
/** Fills draw->sources with the sources of a target, a function of seed, projection and target; returns their
 *  number. */
uint32_t cali_draw_sources(const cal_snn *self, const cali_projection *p, uint32_t target, cali_draw *draw);

/** `k` distinct numbers, or with `has_repeats` any, of 0 .. n - 1 by draws (unit, i, use) of the key. `is_taken`: a
 *  bit per number, zero before and after. */
void cali_choose(const cali_draw_loops *loops, cali_key key, uint32_t unit, uint32_t use, uint32_t n, uint32_t k,
                 bool has_repeats, uint8_t *is_taken, uint32_t *chosen);

/** What the plan has to know of a rule beforehand: how many synapses are to be expected. Errors: MEMORY. */
cal_status cali_rule_plan(cal_snn *self, cali_projection *p);
/** Weight and delay of synapse `k` of a target, in the order of cali_draw_sources. */
static inline double cali_draw_weight(const cali_projection *p, uint32_t target, uint32_t k)
{
    return p->lists.weights != NULL ? p->lists.weights[p->lists.start[target] + k]
                                    : cali_distribution_draw(&p->def.weight, p->weights, target, k, 0);
}

static inline double cali_draw_delay_ms(const cali_projection *p, uint32_t target, uint32_t k)
{
    return p->lists.delays_ms != NULL ? p->lists.delays_ms[p->lists.start[target] + k]
                                      : cali_distribution_draw(&p->def.delay_ms, p->delays, target, k, 0);
}

/** The projection as the plan sees it: a list's number of synapses as `total`, and bounds of its weights and delays in
 *  place of the distributions. Other rules are left as they are. */
cal_snn_projection cali_rule_bounded(const cal_snn_projection *p);
/** Mean of the absolute value of its weights, or an upper bound of it. */
double cali_rule_mean_weight(const cal_snn *self, const cali_projection *p);

/** Bits of a weight with its sign, `bits` or more so that the listed multiples of a given quantum are kept. */
unsigned cali_list_weight_bits(const cal_snn_def *def, unsigned bits);
/** The exponent of a receptor's quantum, where its lists give one, else `exponent`. */
int cali_list_exponent(const cal_snn *self, size_t to, size_t receptor, int exponent);

/** What one rule needs before its sources are drawn, and its release. Errors: MEMORY, UNSUPPORTED. */
cal_status cali_rule_prepare(cal_snn *self, cali_projection *p);
void cali_rule_release(cali_projection *p);

/* lists.c: rules that are made as a whole. Each fills p->lists. Errors: MEMORY, UNSUPPORTED (a list that is too long). */
cal_status cali_list_out_degree(cal_snn *self, cali_projection *p);
cal_status cali_list_total(cal_snn *self, cali_projection *p);
cal_status cali_list_small_world(cal_snn *self, cali_projection *p);
cal_status cali_list_listed(cal_snn *self, cali_projection *p);

#endif
