/* Loops over neurons, compiled once per instruction-set level; the table picks one at run time. */
#ifndef CALI_SNN_LOOPS_H
#define CALI_SNN_LOOPS_H

#include "base/random.h"
#include "snn/neuron.h"

/** A Poisson distribution as integers: the count of a 32-bit word u is low + number of
 *  thresholds <= u. Exact to 2^-32, the same on every machine. */
enum { CALI_POISSON_CAPACITY = 4096 };
typedef struct cali_poisson_table {
    int32_t low;
    uint32_t n; /* thresholds; 0 and low 0: no events */
    uint32_t threshold[CALI_POISSON_CAPACITY];
} cali_poisson_table;

typedef struct cali_loops {
    /** out = (sums + everyone) quantum; the sums are cleared. */
    void (*take)(size_t n, int32_t *sums, int32_t everyone, float quantum, float *out);
    /** Philox words of neurons id, id + stride, ... for four steps: words[step mod 4][i]. */
    void (*draw)(size_t n, cali_key key, uint32_t id, uint32_t stride, uint32_t step_4,
                 uint32_t *const words[4]);
    /** out += weight count; returns the sum of the counts. */
    uint64_t (*poisson)(size_t n, const uint32_t *words, const cali_poisson_table *table,
                        float weight, float *out);
    /** Sum of the values in units of 2^-20, each limited to +- 2^20. */
    int64_t (*sum)(size_t n, const float *values);
    /** Bit k mod 64 of word k / 64: whether flag k of n is not 0. There are flags up to the next multiple of 64. */
    void (*pack)(size_t n, const int32_t *flags, uint64_t *bits);
    bool (*is_finite)(size_t n, const float *values);
} cali_loops;

const cali_loops *cali_loops_at(cali_isa_level level);

#endif
