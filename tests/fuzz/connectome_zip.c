/* libFuzzer: bytes as a TVB archive. Whatever they are, loading ends with a connectome that can be
 * described or with a message. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/connectome_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = cali_fuzz_copy(data, size);
    const cali_input input = {.name = "fuzz.zip", .data = copy, .size = size};
    cali_fuzz_load("zip", &input, NULL, NULL, 0);
    free(copy);
    return 0;
}
