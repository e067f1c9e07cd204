/* libFuzzer: bytes as an archive of NumPy; or, where the first byte is odd, the rest as a single array, read as numbers and as
 * texts. */
#include <stdlib.h>
#include <string.h>

#include "connectomes/npy.h"
#include "fuzz/connectome_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const bool is_array = size > 0 && (data[0] & 1) != 0 && data[0] != 'P';
    char *copy = cali_fuzz_copy(data + is_array, size - is_array);
    const cali_input input = {.name = "fuzz", .data = copy, .size = size - is_array};
    if (is_array) {
        cal_context *ctx = NULL;
        const cal_context_def def = cal_context_def_default();
        if (cal_context_create(&def, &ctx) != CAL_OK)
            abort();
        char **texts = NULL;
        size_t n = 0;
        (void)cali_npy_read_texts(ctx, "fuzz", "x", copy, input.size, &texts, &n);
        cali_labels_free(texts, n);
        cal_context_destroy(&ctx);
        cali_fuzz_load("npy", &input, &input, NULL, 0);
    } else {
        cali_fuzz_load("npz", &input, NULL, NULL, 0);
    }
    free(copy);
    return 0;
}
