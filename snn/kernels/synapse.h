/* What all synapse kernels share. A kernel is written once, in the common part of C17 and CUDA C++; the walk along
 * rows and past spikes belongs to the backends.
 *
 * A kernel header lists what a synapse has, double each: CALI_<NAME>_STATES(X), the modulus of the weight first, and
 * CALI_<NAME>_CONSTANTS(X); and three numbers: CALI_<NAME>_PRE and _POST, the traces that it reads of source and
 * target, and _IS_PRE_ONLY, 1 if neither the target's spikes nor the weight change the states. Then
 *
 *     CAL_HD void cali_<name>_post(const cali_<name>_constants *k, const double *pre, const double *post,
 *                                  cali_<name>_state *x)
 *     CAL_HD void cali_<name>_pre(const cali_<name>_constants *k, const double *pre, const double *post,
 *                                 double since_ms, cali_<name>_state *x)
 *     CAL_HD double cali_<name>_gain(const cali_<name>_state *x)
 *
 * change the synapse at a spike of the target and at one of the source, and tell the factor of the weight that the
 * spike of the source delivers. `pre` and `post` are the traces of the two neurons at that moment, without the
 * spikes of that moment; `since_ms` is the time since the last spike of the source, infinite if there was none.
 *
 * Double, because the changes of slow learning are smaller than a rounding of single precision. The same bits on
 * every target: + - x / and the functions of base/numeric.h. */
#ifndef CALI_SNN_KERNELS_SYNAPSE_H
#define CALI_SNN_KERNELS_SYNAPSE_H

#include "base/hd.h"
#include "base/numeric.h"

#define CALI_SYNAPSE_DOUBLE(field) double field;
#define CALI_SYNAPSE_TYPES(name, NAME)                                                             \
    typedef struct cali_##name##_state {                                                           \
        CALI_##NAME##_STATES(CALI_SYNAPSE_DOUBLE)                                                  \
    } cali_##name##_state;                                                                         \
    typedef struct cali_##name##_constants {                                                       \
        CALI_##NAME##_CONSTANTS(CALI_SYNAPSE_DOUBLE)                                               \
    } cali_##name##_constants

/** x^y for x >= 0; 0^y is 0 for y > 0 and 1 for y = 0. Relative error below 1e-15 |y log x| + 1e-15; exact for
 *  y = 0 and y = 1. */
CAL_HD double cali_power(double x, double y)
{
    if (y == 0.0)
        return 1.0;
    if (y == 1.0)
        return x;
    return x > 1e-300 ? cali_exp(y * cali_log(x)) : 0.0;
}

CAL_HD double cali_clip(double x, double low, double high)
{
    const double y = x < low ? low : x;
    return y > high ? high : y;
}

/** A decaying exponential at whole steps, by two tables: e^(-n rate) = fine[n mod 256] coarse[n / 256]. Zero below
 *  e^-80, so that no product becomes subnormal. */
enum { CALI_DECAY_SIZE = 256 };
typedef struct cali_decay {
    double rate; /* dt / tau */
    double fine[CALI_DECAY_SIZE], coarse[CALI_DECAY_SIZE];
} cali_decay;

CAL_HD double cali_decay_exp(double rate, int64_t steps)
{
    const double x = (double)steps * rate;
    return x < 80.0 ? cali_exp(-x) : 0.0;
}

CAL_HD double cali_decay_at(const cali_decay *d, int64_t steps)
{
    if (steps >= (int64_t)CALI_DECAY_SIZE * CALI_DECAY_SIZE)
        return cali_decay_exp(d->rate, steps);
    return d->fine[steps % CALI_DECAY_SIZE] * d->coarse[steps / CALI_DECAY_SIZE];
}

#endif
