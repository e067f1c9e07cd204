/* The seal of a saved state: its bytes end with the digest of all before, so that what is cut short or broken is
 * found before anything changes. */
#ifndef CALI_BASE_SNAPSHOT_H
#define CALI_BASE_SNAPSHOT_H

#include "base/text.h"

/** Letters of the digest at the end. */
enum { CALI_SEAL_SIZE = 64 };
/** Written in the byte order of the machine. */
#define CALI_BYTE_ORDER_MARK UINT64_C(0x0102030405060708)

/** Adds the digest and hands the bytes over, released with free(); `text` is empty afterwards, also on failure. `what`
 *  ends the message "no memory for the state of". Errors: MEMORY. */
cal_status cali_snapshot_seal(cal_context *ctx, cali_text *text, const char *what, char **bytes, size_t *size);

/** Errors: INPUT (C305: cut short or broken; begins with `where`, "" for nothing), MEMORY. */
cal_status cali_snapshot_check(cal_context *ctx, const char *where, const char *bytes, size_t size);

#endif
