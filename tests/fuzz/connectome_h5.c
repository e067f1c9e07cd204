/* libFuzzer: bytes as TVB's HDF5 layout, opened as an image in memory. libhdf5 1.10 itself has
 * findings here (reads beyond its buffers); that is why files are read by a child process
 * (connectomes/guard.c). Run it with allocator_may_return_null=1: the library asks for what a broken
 * header says and handles the refusal. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/connectome_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = cali_fuzz_copy(data, size);
    const cali_input input = {.name = "fuzz.h5", .data = copy, .size = size};
    cali_fuzz_load("hdf5", &input, NULL, NULL, 0);
    free(copy);
    return 0;
}
