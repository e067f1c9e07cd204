/* CRC-32 (IEEE 802.3, reflected) of long texts by carry-less multiplication: Gopal et al. (2009), "Fast CRC computation for
 * generic polynomials using PCLMULQDQ instruction", Intel. A text is a polynomial over GF(2), and only its remainder by P counts;
 * 16 bytes that are d bits away from the text's end may therefore be replaced by their product with x^d mod P. Lanes of 16 bytes
 * hop over the text side by side, four or, with AVX-512, sixteen; at the end one lane is left that has the same remainder as all
 * that was read. It is folded to 8 and 4 bytes more than the remainder has, and Barrett's division takes these off; zlib's tables do
 * what is left, less than 16 bytes. A pass costs little more than reading the text; zlib's tables cost ten times that.
 *
 * The halves of a lane that hops d bits have the factors x^(d + 32) and x^(d - 32) mod P, reflected and shifted by one. */
#include "protocols/crc32.h"

#include <assert.h>
#include <string.h>
#include <zlib.h>

static uint32_t by_tables(uint32_t crc, const unsigned char *at, size_t n)
{
    return (uint32_t)crc32_z(crc, at, n);
}

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

enum { LANE = 16, HOP = 4 * LANE, WIDE_HOP = 4 * HOP };
#define NARROW __attribute__((target("pclmul,sse4.1")))
#define WIDE __attribute__((target("pclmul,sse4.1,avx512f,vpclmulqdq")))
#define FACTORS_2048 0x1322d1430LL, 0x11542778aLL
#define FACTORS_512 0x1c6e41596LL, 0x154442bd4LL
#define FACTORS_128 0xccaa009eLL, 0x1751997d0LL
#define FACTOR_64 0x163cd6124LL
#define BARRETT 0x1f7011641LL, 0x1db710641LL /* floor(x^64 / P), P */

NARROW static __m128i fold(__m128i lane, __m128i factors, __m128i next)
{
    const __m128i low = _mm_clmulepi64_si128(lane, factors, 0x00), high = _mm_clmulepi64_si128(lane, factors, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/* The remainder of a lane. */
NARROW static uint32_t divide(__m128i lane)
{
    const __m128i low_words = _mm_set_epi32(0, -1, 0, -1), barrett = _mm_set_epi64x(BARRETT);
    lane = _mm_xor_si128(_mm_srli_si128(lane, 8), _mm_clmulepi64_si128(lane, _mm_set_epi64x(FACTORS_128), 0x10));
    lane = _mm_xor_si128(_mm_srli_si128(lane, 4),
                         _mm_clmulepi64_si128(_mm_and_si128(lane, low_words), _mm_set_epi64x(0, FACTOR_64), 0x00));
    const __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(lane, low_words), barrett, 0x10);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(lane, _mm_clmulepi64_si128(_mm_and_si128(quotient, low_words), barrett, 0x00)), 1);
}

/* A lane, and what follows it in the text. */
NARROW static uint32_t finish(__m128i lane, const unsigned char *at, size_t n)
{
    const __m128i step = _mm_set_epi64x(FACTORS_128);
    for (; n >= LANE; n -= LANE, at += LANE)
        lane = fold(lane, step, _mm_loadu_si128((const __m128i *)(const void *)at));
    return n > 0 ? by_tables(~divide(lane), at, n) : ~divide(lane);
}

/* Four lanes, one after the other in the text, become one. */
NARROW static __m128i join(const __m128i lanes[4])
{
    const __m128i step = _mm_set_epi64x(FACTORS_128);
    __m128i lane = lanes[0];
    for (int i = 1; i < 4; i++)
        lane = fold(lane, step, lanes[i]);
    return lane;
}

/* The state that `crc` stands for goes into the text's first bytes. */
NARROW static __m128i begin(uint32_t crc, const unsigned char *at)
{
    return _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)at), _mm_cvtsi32_si128((int)~crc));
}

NARROW static uint32_t by_four_lanes(uint32_t crc, const unsigned char *at, size_t n)
{
    if (n < LANE)
        return by_tables(crc, at, n);
    if (n < HOP)
        return finish(begin(crc, at), at + LANE, n - LANE);
    const __m128i hop = _mm_set_epi64x(FACTORS_512);
    __m128i lanes[4];
    lanes[0] = begin(crc, at);
    for (int i = 1; i < 4; i++)
        lanes[i] = _mm_loadu_si128((const __m128i *)(const void *)at + i);
    for (at += HOP, n -= HOP; n >= HOP; at += HOP, n -= HOP)
        for (int i = 0; i < 4; i++)
            lanes[i] = fold(lanes[i], hop, _mm_loadu_si128((const __m128i *)(const void *)at + i));
    return finish(join(lanes), at, n);
}

WIDE static __m512i fold_four(__m512i lanes, __m512i factors, __m512i next)
{
    const __m512i low = _mm512_clmulepi64_epi128(lanes, factors, 0x00), high = _mm512_clmulepi64_epi128(lanes, factors, 0x11);
    return _mm512_ternarylogic_epi64(low, high, next, 0x96); /* exclusive or of three */
}

WIDE static uint32_t by_sixteen_lanes(uint32_t crc, const unsigned char *at, size_t n)
{
    if (n < WIDE_HOP)
        return by_four_lanes(crc, at, n);
    const __m512i hop = _mm512_broadcast_i32x4(_mm_set_epi64x(FACTORS_2048)),
                  step = _mm512_broadcast_i32x4(_mm_set_epi64x(FACTORS_512));
    __m512i lanes[4];
    for (int i = 0; i < 4; i++)
        lanes[i] = _mm512_loadu_si512(at + i * HOP);
    lanes[0] = _mm512_xor_si512(lanes[0], _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)~crc)));
    for (at += WIDE_HOP, n -= WIDE_HOP; n >= WIDE_HOP; at += WIDE_HOP, n -= WIDE_HOP)
        for (int i = 0; i < 4; i++)
            lanes[i] = fold_four(lanes[i], hop, _mm512_loadu_si512(at + i * HOP));
    for (int i = 1; i < 4; i++)
        lanes[0] = fold_four(lanes[0], step, lanes[i]);
    for (; n >= HOP; at += HOP, n -= HOP)
        lanes[0] = fold_four(lanes[0], step, _mm512_loadu_si512(at));
    __m128i four[4];
    _mm512_storeu_si512(four, lanes[0]);
    return finish(join(four), at, n);
}

cali_crc32_way cali_crc32_best(void)
{
    if (!__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1"))
        return CALI_CRC32_TABLES;
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq") ? CALI_CRC32_SIXTEEN : CALI_CRC32_FOUR;
}

static uint32_t (*const ways[CALI_N_CRC32])(uint32_t, const unsigned char *, size_t) = {by_tables, by_four_lanes, by_sixteen_lanes};
#else
cali_crc32_way cali_crc32_best(void)
{
    return CALI_CRC32_TABLES;
}

static uint32_t (*const ways[CALI_N_CRC32])(uint32_t, const unsigned char *, size_t) = {by_tables, by_tables, by_tables};
#endif

uint32_t cali_crc32_by(cali_crc32_way way, uint32_t crc, const void *bytes, size_t n)
{
    assert(way <= cali_crc32_best());
    return ways[way](crc, bytes, n);
}

uint32_t cali_crc32(uint32_t crc, const void *bytes, size_t n)
{
    return ways[cali_crc32_best()](crc, bytes, n);
}

uint32_t cali_crc32_copy(uint32_t crc, void *to, const void *from, size_t n)
{
    enum { PIECE = 8 << 10 }; /* it and its copy stay in the first-level cache */
    unsigned char *out = to;
    const unsigned char *in = from;
    for (size_t size = n < PIECE ? n : PIECE; n > 0; out += size, in += size, n -= size, size = n < PIECE ? n : PIECE) {
        memcpy(out, in, size);
        crc = cali_crc32(crc, out, size);
    }
    return crc;
}
