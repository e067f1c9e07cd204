/* Connection rules: which sources a target has, how many at most, how many on average. */
#ifndef CALI_SNN_RULES_H
#define CALI_SNN_RULES_H

#include "snn/network.h"

/** Working memory of one thread that draws. */
typedef struct cali_draw {
    uint32_t *sources; /* room for the longest list of all projections */
    uint8_t *is_taken; /* a bit per source, zero between calls */
} cali_draw;

/** The longest list of sources that one target can get. */
uint32_t cali_longest_list(const cal_snn *self, const cali_projection *p);
/** Fills draw->sources with the sources of a target, a function of seed, projection and target; returns their
 *  number. */
uint32_t cali_draw_sources(const cal_snn *self, const cali_projection *p, uint32_t target, cali_draw *draw);

#endif
