/* CRC-32 (IEEE 802.3, reflected) of long texts by carry-less multiplication: Gopal et al. (2009), "Fast CRC computation for
 * generic polynomials using PCLMULQDQ instruction", Intel. A text is a polynomial over GF(2), and only its remainder by P counts;
 * 16 bytes that are d bits away from the text's end may therefore be replaced by their product with x^d mod P. Four lanes of 16
 * bytes hop over 64 bytes at a time; at the end one lane of 16 bytes is left that has the same remainder as all that was read,
 * and zlib goes on from there. One pass costs about as much as copying the text; zlib's tables cost ten times that. */
#include "protocols/crc32.h"

#include <zlib.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

enum { LANE = 16, HOP = 4 * LANE };

/* `lane` moved over the bytes to `next`. The two halves have factors of their own, x^(d + 32) and x^(d - 32). */
__attribute__((target("pclmul,sse4.1"))) static __m128i fold(__m128i lane, __m128i factors, __m128i next)
{
    const __m128i low = _mm_clmulepi64_si128(lane, factors, 0x00), high = _mm_clmulepi64_si128(lane, factors, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/* Reads whole lanes, at least one hop, and leaves one lane in `rest`. Returns the bytes read. */
__attribute__((target("pclmul,sse4.1"))) static size_t fold_all(uint32_t state, const unsigned char *at, size_t n,
                                                                unsigned char rest[LANE])
{
    const __m128i hop = _mm_set_epi64x(0x1c6e41596, 0x154442bd4), step = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    const __m128i *block = (const __m128i *)(const void *)at;
    __m128i lanes[4];
    for (int i = 0; i < 4; i++)
        lanes[i] = _mm_loadu_si128(block + i);
    lanes[0] = _mm_xor_si128(lanes[0], _mm_cvtsi32_si128((int)state));
    size_t n_read = HOP;
    for (; n - n_read >= HOP; n_read += HOP) {
        block += 4;
        for (int i = 0; i < 4; i++)
            lanes[i] = fold(lanes[i], hop, _mm_loadu_si128(block + i));
    }
    __m128i lane = lanes[0];
    for (int i = 1; i < 4; i++)
        lane = fold(lane, step, lanes[i]);
    for (block += 4; n - n_read >= LANE; n_read += LANE)
        lane = fold(lane, step, _mm_loadu_si128(block++));
    _mm_storeu_si128((__m128i *)(void *)rest, lane);
    return n_read;
}

uint32_t cali_crc32(uint32_t crc, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    unsigned char rest[LANE];
    if (n < 4 * HOP || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1"))
        return (uint32_t)crc32_z(crc, at, n);
    const size_t n_read = fold_all(~crc, at, n, rest);
    /* the state is in the lane now: on from an empty one, which zlib writes as its complement */
    return (uint32_t)crc32_z(crc32_z(0xffffffff, rest, LANE), at + n_read, n - n_read);
}
#else
uint32_t cali_crc32(uint32_t crc, const void *bytes, size_t n)
{
    return (uint32_t)crc32_z(crc, bytes, n);
}
#endif
