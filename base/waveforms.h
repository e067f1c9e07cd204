/* Samples in time, for waveforms that have no formula. */
#ifndef CALI_BASE_WAVEFORMS_H
#define CALI_BASE_WAVEFORMS_H

#include "callosum/base.h"

typedef struct cali_samples {
    const double *times_ms, *values; /* n of each, times rising; n > 0 */
    size_t n;
} cali_samples;

/** Straight lines between the samples; the first and the last value outside. */
double cali_samples_at(const cali_samples *samples, double t_ms);
/** Each value holds until the next time (the first one also before): the mean from `a` to `b`; a = b: the value. */
double cali_samples_held(const cali_samples *samples, double a_ms, double b_ms);

#endif
