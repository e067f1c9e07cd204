/* cal_recording_open and all readers on arbitrary bytes: a message or data, never a crash, a hang or
 * much memory. The bytes go through a real file: HDF5 wants a path that leads somewhere. */
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "support/read_recording.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const bool has_memory = access("/dev/shm", W_OK) == 0;
    char path[64];
    snprintf(path, sizeof path, "%s/callosum-fuzz-XXXXXX", has_memory ? "/dev/shm" : "/tmp");
    const int file = mkstemp(path);
    if (file < 0 || write(file, data, size) != (ssize_t)size)
        abort();
    close(file);
    cal_context *ctx = cali_test_context(1);
    if (cali_test_read_recording(ctx, path) != CAL_OK && cal_context_message(ctx)[0] == '\0')
        abort();
    cal_context_destroy(&ctx);
    unlink(path);
    return 0;
}
