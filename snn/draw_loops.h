/* Draws of one unit in vectors, compiled once per instruction-set level: the numbers are those of sampling.h. */
#ifndef CALI_SNN_DRAW_LOOPS_H
#define CALI_SNN_DRAW_LOOPS_H

#include "base/isa.h"
#include "snn/sampling.h"

typedef struct cali_draw_loops {
    /** out[i] = floor(x scale + 0.5) of draw (unit, i) of a distribution, no quantiles. */
    void (*weights)(size_t n, const cal_distribution *d, cali_key key, uint32_t unit, double scale, int32_t *out);
    /** out[i] = cali_delay_steps of draw (unit, i). */
    void (*delays)(size_t n, const cal_distribution *d, cali_key key, uint32_t unit, double dt_ms, uint32_t *out);
    /** out[i] below `limit`, from words (unit, i / 2, use). */
    void (*below)(size_t n, cali_key key, uint32_t unit, uint32_t use, uint64_t limit, uint32_t *out);
    /** out[i] below `limit` + i, from words (unit, i, use). */
    void (*below_rising)(size_t n, cali_key key, uint32_t unit, uint32_t use, uint64_t limit, uint32_t *out);
    /** out[i] = floor(log(u) factor), at most 1e15, u uniform from words (unit, first + i, 0). */
    void (*gaps)(size_t n, cali_key key, uint32_t unit, uint32_t first, double factor, double *out);
} cali_draw_loops;

const cali_draw_loops *cali_draw_loops_at(cali_isa_level level);

#endif
