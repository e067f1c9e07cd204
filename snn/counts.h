/* Counts that share a whole: binomial and hypergeometric numbers, exact up to rounding, and their division of a
 * total over many. Each is a function of its arguments alone. */
#ifndef CALI_SNN_COUNTS_H
#define CALI_SNN_COUNTS_H

#include "base/random.h"

/** The number of successes among `n` trials of chance a / (a + b) whose distribution function reaches `u`, 0 < u < 1
 *  (counted outwards from the most likely one). n, a, b: whole numbers up to 2^53. */
double cali_binomial(double u, double n, double a, double b);
/** The same for `n` drawn without replacement out of `a` successes and `b` failures; n <= a + b. */
double cali_hypergeometric(double u, double n, double a, double b);

/** Throws `total` balls into `n` bins, each ball into any bin alike; or, with `room` > 0, without replacement into
 *  bins with that much room each (total <= n room). count[i]: balls in bin i. */
void cali_share(cali_key key, uint64_t total, uint32_t n, uint64_t room, uint64_t *count);

#endif
