/* libFuzzer: text matrices. The first byte sets orientation, unit and normalisation; the rest is
 * weights, lengths and labels, parted by bytes of 0 (the labels are left out if there is no second
 * one). Packed bytes are text too: a gzip head is enough to reach the unpacking. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/connectome_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cali_input next_part(char **rest, size_t *left, const char *name)
{
    char *mark = memchr(*rest, '\0', *left);
    const size_t n = mark == NULL ? *left : (size_t)(mark - *rest);
    const cali_input part = {.name = name, .data = *rest, .size = n};
    const size_t used = mark == NULL ? n : n + 1;
    *rest += used;
    *left -= used;
    return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    char *copy = cali_fuzz_copy(data + 1, size - 1), *rest = copy;
    size_t left = size - 1;
    const cali_input weights = next_part(&rest, &left, "fuzz_weights.csv");
    const cali_input lengths = next_part(&rest, &left, "fuzz_lengths.csv");
    const cali_input labels = next_part(&rest, &left, "fuzz_labels.csv");
    cali_fuzz_load("text", &weights, &lengths, labels.size > 0 ? &labels : NULL, data[0]);
    free(copy);
    return 0;
}
