/* Counter-based random numbers: a draw is a function of (key, counter), never of what was drawn
 * before, so any thread may draw any number. Philox4x32-10: Salmon, Moraes, Dror & Shaw (2011),
 * Parallel random numbers: as easy as 1, 2, 3, SC'11. */
#ifndef CALI_BASE_RANDOM_H
#define CALI_BASE_RANDOM_H

#include <math.h>

#include "base/hd.h"
#include "base/numeric.h"

typedef struct cali_random {
    uint32_t word[4];
} cali_random;

/** The two words of a key. Streams of different use get different keys (cali_key_derive). */
typedef struct cali_key {
    uint32_t word[2];
} cali_key;

CAL_HD uint32_t cali_mulhi_u32(uint32_t a, uint32_t b)
{
#ifdef __CUDA_ARCH__
    return __umulhi(a, b);
#else
    return (uint32_t)(((uint64_t)a * b) >> 32);
#endif
}

/** Four independent uniform 32-bit words for the counter (c0, c1, c2, c3). By convention c0 is the
 *  unit (neuron, region, synapse), c1 the step or block of steps, c2 the use, c3 what is left. */
CAL_HD cali_random cali_philox(cali_key key, uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3)
{
    uint32_t k0 = key.word[0], k1 = key.word[1];
    for (int i = 0; i < 10; i++) {
        const uint32_t h0 = cali_mulhi_u32(0xD2511F53u, c0), l0 = 0xD2511F53u * c0;
        const uint32_t h1 = cali_mulhi_u32(0xCD9E8D57u, c2), l1 = 0xCD9E8D57u * c2;
        c0 = h1 ^ c1 ^ k0;
        c1 = l1;
        c2 = h0 ^ c3 ^ k1;
        c3 = l0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    cali_random r;
    r.word[0] = c0;
    r.word[1] = c1;
    r.word[2] = c2;
    r.word[3] = c3;
    return r;
}

/** The key of the experiment's seed. */
CAL_HD cali_key cali_key_from_seed(uint64_t seed)
{
    cali_key key;
    key.word[0] = (uint32_t)seed;
    key.word[1] = (uint32_t)(seed >> 32);
    return key;
}

/** A key for one use: the parent key applied to the use's number. Different numbers give
 *  independent streams. */
CAL_HD cali_key cali_key_derive(cali_key parent, uint32_t use, uint32_t index)
{
    const cali_random r = cali_philox(parent, use, index, 0x6b657973u, 0);
    cali_key key;
    key.word[0] = r.word[0];
    key.word[1] = r.word[1];
    return key;
}

/** A double in (0, 1), never 0 or 1, from two words: 53 bits, centred in its interval. */
CAL_HD double cali_uniform(uint32_t high, uint32_t low)
{
    const uint64_t bits = ((uint64_t)high << 32 | low) >> 12;
    /* the integer as the low bits of 2^52: exact, and plain integer operations in vectors */
    const double whole = cali_f64_from_bits(bits | UINT64_C(0x4330000000000000)) - 4503599627370496.0;
    return (whole + 0.5) * (1.0 / 4503599627370496.0);
}

/** Two independent standard normal numbers (Box & Muller 1958). */
CAL_HD void cali_normal(cali_random r, double *a, double *b)
{
    const double u = cali_uniform(r.word[0], r.word[1]), v = cali_uniform(r.word[2], r.word[3]);
    const double radius = sqrt(-2.0 * cali_log(u));
    double s, c;
    cali_sincos(2.0 * CALI_PI * v, &s, &c);
    *a = radius * c;
    *b = radius * s;
}

#endif
