/* Philox for many units at once: row k of the output holds word k of cali_philox(key, first + i stride, c1, c2, c3)
 * for i = 0, 1, ... The same words as one by one; compilers make poor code of the widening products, so
 * x86 vectors are spelt out. Included by files that are compiled once per instruction set (cali_isa). */
#ifndef CALI_BASE_PHILOX_ROWS_H
#define CALI_BASE_PHILOX_ROWS_H

#include "base/random.h"

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

/* A counter is four vectors of 64-bit lanes of which the low half counts; what stands in the high half never
 * reaches a low one. One round: h = high, l = low half of a product,
 *     c0' = h(c2) ^ c1 ^ k0,  c1' = l(c2),  c2' = h(c0) ^ c3 ^ k1,  c3' = l(c0). */
#if defined(__AVX512F__)
enum { CALI_PHILOX_LANES = 8 };
typedef __m512i cali_philox_vector;
#define CALI_PHILOX_SET(x) _mm512_set1_epi64((long long)(x))
#define CALI_PHILOX_PRODUCT(a, b) _mm512_mul_epu32(a, b)
#define CALI_PHILOX_HIGH(a) _mm512_srli_epi64(a, 32)
#define CALI_PHILOX_XOR(a, b, c) _mm512_ternarylogic_epi64(a, b, c, 0x96)
static inline cali_philox_vector cali_philox_units(uint32_t first, uint32_t stride)
{
    const __m512i i = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    return _mm512_add_epi64(_mm512_set1_epi64(first), _mm512_mul_epu32(i, _mm512_set1_epi64(stride)));
}
static inline void cali_philox_store(uint32_t *out, cali_philox_vector c)
{
    _mm256_storeu_si256((__m256i *)(void *)out, _mm512_cvtepi64_epi32(c));
}
#elif defined(__AVX2__)
enum { CALI_PHILOX_LANES = 4 };
typedef __m256i cali_philox_vector;
#define CALI_PHILOX_SET(x) _mm256_set1_epi64x((long long)(x))
#define CALI_PHILOX_PRODUCT(a, b) _mm256_mul_epu32(a, b)
#define CALI_PHILOX_HIGH(a) _mm256_srli_epi64(a, 32)
#define CALI_PHILOX_XOR(a, b, c) _mm256_xor_si256(_mm256_xor_si256(a, b), c)
static inline cali_philox_vector cali_philox_units(uint32_t first, uint32_t stride)
{
    const __m256i i = _mm256_set_epi64x(3, 2, 1, 0);
    return _mm256_add_epi64(_mm256_set1_epi64x(first), _mm256_mul_epu32(i, _mm256_set1_epi64x(stride)));
}
static inline void cali_philox_store(uint32_t *out, cali_philox_vector c)
{
    const __m256i low = _mm256_permutevar8x32_epi32(c, _mm256_set_epi32(7, 5, 3, 1, 6, 4, 2, 0));
    _mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(low));
}
#endif

#if defined(__AVX512F__) || defined(__AVX2__)
enum { CALI_PHILOX_GROUPS = 4 }; /* independent chains: a round waits for its products */

/* Ten rounds on the counters; four words of each into the rows. */
static inline void cali_philox_rounds(cali_key key, cali_philox_vector c[CALI_PHILOX_GROUPS][4], uint32_t *const rows[4],
                                      size_t at)
{
    const cali_philox_vector m0 = CALI_PHILOX_SET(0xD2511F53u), m1 = CALI_PHILOX_SET(0xCD9E8D57u);
    uint32_t k0 = key.word[0], k1 = key.word[1];
    for (int round = 0; round < 10; round++) {
        const cali_philox_vector key0 = CALI_PHILOX_SET(k0), key1 = CALI_PHILOX_SET(k1);
        for (int g = 0; g < CALI_PHILOX_GROUPS; g++) {
            const cali_philox_vector p0 = CALI_PHILOX_PRODUCT(c[g][0], m0), p1 = CALI_PHILOX_PRODUCT(c[g][2], m1);
            c[g][0] = CALI_PHILOX_XOR(CALI_PHILOX_HIGH(p1), c[g][1], key0);
            c[g][2] = CALI_PHILOX_XOR(CALI_PHILOX_HIGH(p0), c[g][3], key1);
            c[g][1] = p1;
            c[g][3] = p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (size_t g = 0; g < CALI_PHILOX_GROUPS; g++)
        for (int k = 0; k < 4; k++)
            cali_philox_store(rows[k] + at + g * CALI_PHILOX_LANES, c[g][k]);
}

/* Counter number `running` begins at first and goes on by stride; the others are those of `counter`. */
static inline void cali_philox_block(cali_key key, const uint32_t counter[4], int running, uint32_t first,
                                     uint32_t stride, uint32_t *const rows[4], size_t at)
{
    cali_philox_vector c[CALI_PHILOX_GROUPS][4];
    for (uint32_t g = 0; g < CALI_PHILOX_GROUPS; g++)
        for (int k = 0; k < 4; k++)
            c[g][k] = k == running ? cali_philox_units(first + g * CALI_PHILOX_LANES * stride, stride)
                                   : CALI_PHILOX_SET(counter[k]);
    cali_philox_rounds(key, c, rows, at);
}
#endif

static inline void cali_philox_run(size_t n, cali_key key, const uint32_t counter[4], int running, uint32_t first,
                                   uint32_t stride, uint32_t *const rows[4])
{
    size_t i = 0;
#if defined(__AVX512F__) || defined(__AVX2__)
    for (; i + CALI_PHILOX_GROUPS * CALI_PHILOX_LANES <= n; i += CALI_PHILOX_GROUPS * CALI_PHILOX_LANES)
        cali_philox_block(key, counter, running, first + (uint32_t)i * stride, stride, rows, i);
#endif
    for (; i < n; i++) {
        uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]};
        c[running] = first + (uint32_t)i * stride;
        const cali_random r = cali_philox(key, c[0], c[1], c[2], c[3]);
        for (int k = 0; k < 4; k++)
            rows[k][i] = r.word[k];
    }
}

/** Fills n places of each of the four rows. */
static inline void cali_philox_rows(size_t n, cali_key key, uint32_t first, uint32_t stride, uint32_t c1, uint32_t c2,
                                    uint32_t c3, uint32_t *const rows[4])
{
    const uint32_t counter[4] = {0, c1, c2, c3};
    cali_philox_run(n, key, counter, 0, first, stride, rows);
}

/** The words of one unit c0: row k holds word k of cali_philox(key, c0, first + i, c2, 0). */
static inline void cali_philox_unit(size_t n, cali_key key, uint32_t c0, uint32_t first, uint32_t c2,
                                    uint32_t *const rows[4])
{
    const uint32_t counter[4] = {c0, 0, c2, 0};
    cali_philox_run(n, key, counter, 1, first, 1, rows);
}

#endif
