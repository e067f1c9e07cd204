/* The sum over body and blobs. */
#ifndef CALI_PROTOCOLS_CRC32_H
#define CALI_PROTOCOLS_CRC32_H

#include <stddef.h>
#include <stdint.h>

/** CRC-32 (IEEE) of what `crc` is the sum of (0: of nothing), followed by `n` bytes. */
uint32_t cali_crc32(uint32_t crc, const void *bytes, size_t n);

#endif
