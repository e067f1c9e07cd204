/* The sum over body and blobs. */
#ifndef CALI_PROTOCOLS_CRC32_H
#define CALI_PROTOCOLS_CRC32_H

#include <stddef.h>
#include <stdint.h>

/** CRC-32 (IEEE) of what `crc` is the sum of (0: of nothing), followed by `n` bytes. */
uint32_t cali_crc32(uint32_t crc, const void *bytes, size_t n);

/** The same while the bytes are copied: they are read from memory once. */
uint32_t cali_crc32_copy(uint32_t crc, void *to, const void *from, size_t n);

/** The ways to compute it; this processor has all up to the best one. */
typedef enum cali_crc32_way { CALI_CRC32_TABLES, CALI_CRC32_FOUR, CALI_CRC32_SIXTEEN, CALI_N_CRC32 } cali_crc32_way;
cali_crc32_way cali_crc32_best(void);
uint32_t cali_crc32_by(cali_crc32_way way, uint32_t crc, const void *bytes, size_t n);

#endif
