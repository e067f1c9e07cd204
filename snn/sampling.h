/* Random numbers of the builder: each is a function of a key and two counters. */
#ifndef CALI_SNN_SAMPLING_H
#define CALI_SNN_SAMPLING_H

#include "base/random.h"
#include "snn/loops.h"

/** What a key is for; the second argument of cali_key_derive. */
enum cali_use {
    CALI_USE_NETWORK = 1, /* index: stream of the definition */
    CALI_USE_PARAM,       /* index: population and parameter or state */
    CALI_USE_SOURCES,     /* index: projection */
    CALI_USE_WEIGHT,
    CALI_USE_DELAY,
    CALI_USE_POISSON, /* index: Poisson input */
    CALI_USE_DRAW,    /* index: stream of cal_distribution_draw */
    CALI_USE_SYNAPSE, /* index: projection; parameters of plastic synapses */
    CALI_USE_KERNEL = 32, /* index: population and random row of its kernel */
    CALI_USE_NOISE,       /* index: noise */
    CALI_USE_FACTOR,      /* index: current */
    CALI_USE_GAP_PAIRS = 64, /* index: gap junctions of the definition */
    CALI_USE_GAP_CONDUCTANCE,
    CALI_USE_CHOICE = 80, /* index: projection; synapses that are watched */
    CALI_USE_POSITION = 96, /* index: population */
    CALI_USE_STRUCTURE    /* index: projection; synapses that form and break */
};

/** Normal and log-normal draws are cut at this many standard deviations, so that bounds are known
 *  before anything is drawn (chance 2e-9 per draw). */
#define CALI_MAX_SD 6.0

/** NULL, or why the distribution is not usable. Quantiles need a number of neurons: refused unless
 *  `has_quantiles`. */
const char *cali_distribution_problem(const cal_distribution *d, bool has_quantiles);
/** Draw (c0, c1); for quantiles c0 counts the neurons, 0 .. n - 1. */
double cali_distribution_draw(const cal_distribution *d, cali_key key, uint32_t c0, uint32_t c1,
                              uint32_t n);
/** Bounds that hold for all draws; infinite for a Lorentzian that is not clipped. */
void cali_distribution_bounds(const cal_distribution *d, double *low, double *high);
/** Mean of the absolute value, or an upper bound of it. */
double cali_distribution_mean_size(const cal_distribution *d);

/** A number in 0 .. n - 1 from 64 random bits; n <= 2^32. */
static inline uint32_t cali_below(uint32_t high, uint32_t low, uint64_t n)
{
    /* high part of (64 bits x n) without 128-bit integers */
    const uint64_t a = (uint64_t)high * n, b = (uint64_t)low * n;
    return (uint32_t)((a + (b >> 32)) >> 32);
}
/** tan(pi / 2 x) for x in (-1, 1). */
static inline double cali_half_tangent(double x)
{
    double s, c;
    cali_sincos(0.5 * CALI_PI * x, &s, &c);
    return s / c;
}
/** 1 / log(1 - p), by which the logarithm of a uniform number becomes a gap between chosen ones; 0 < p < 1. */
double cali_per_log(double probability);
/** Image of i under a random permutation of 0 .. n - 1. */
uint32_t cali_permute(cali_key key, uint32_t i, uint32_t n);

/** Largest mean that a table takes. */
#define CALI_POISSON_MAX 1e5
/** Thresholds for mean `mean` in 0 .. CALI_POISSON_MAX. */
void cali_poisson_fill(cali_poisson_table *table, double mean);

#endif
