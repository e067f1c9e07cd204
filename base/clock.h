/* The wall clock, for costs and progress only: nothing that is computed depends on it. */
#ifndef CALI_BASE_CLOCK_H
#define CALI_BASE_CLOCK_H

#include <time.h>

/** Seconds since some fixed moment; never goes back. */
static inline double cali_wall_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
