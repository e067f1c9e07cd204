/* cal_recording_open and all readers on arbitrary bytes: a message or data, never a crash, a hang
 * or much memory. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/read_recording.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    const int file = memfd_create("recording", 0);
    if (file < 0 || write(file, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    cal_context *ctx = cali_test_context(1);
    if (cali_test_read_recording(ctx, path) != CAL_OK && cal_context_message(ctx)[0] == '\0')
        abort();
    cal_context_destroy(&ctx);
    close(file);
    return 0;
}
