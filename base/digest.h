/* SHA-256 of bytes and of files (FIPS 180-4), as 64 lower-case hexadecimal letters. */
#ifndef CALI_BASE_DIGEST_H
#define CALI_BASE_DIGEST_H

#include "callosum/base.h"

enum { CALI_DIGEST_SIZE = 65 }; /**< letters of a digest and the ending NUL */

/** Digest of `n` bytes; `bytes` may be NULL if n is 0. Errors: MEMORY (the library's). */
cal_status cali_digest_bytes(cal_context *ctx, const void *bytes, size_t n,
                             char hex[CALI_DIGEST_SIZE]);

/** Digest of a file's content, read in pieces. Errors: IO, MEMORY. */
cal_status cali_digest_file(cal_context *ctx, const char *path, char hex[CALI_DIGEST_SIZE]);

#endif
