/* Loops over random words and over currents that differ between neurons, compiled once per instruction-set level. */
#ifndef CALI_SNN_RANDOM_LOOPS_H
#define CALI_SNN_RANDOM_LOOPS_H

#include <stddef.h>
#include <stdint.h>

#include "base/isa.h"

typedef struct cali_random_loops {
    /** Numbers in (0, 1]. */
    void (*uniform)(size_t n, const uint32_t *words, float *out);
    /** Standard normal numbers. */
    void (*normal)(size_t n, const uint32_t *words, float *out);
    /** current += mean + sd z. */
    void (*add_white)(size_t n, const uint32_t *words, float mean, float sd, float *current);
    /** current += mean + x; then x = decay x + kick z: the step of an Ornstein-Uhlenbeck process. */
    void (*add_process)(size_t n, const uint32_t *words, float mean, float decay, float kick, float *x, float *current);
    /** current += value factor. */
    void (*add_scaled)(size_t n, float value, const float *factor, float *current);
} cali_random_loops;

const cali_random_loops *cali_random_loops_at(cali_isa_level level);

#endif
