/* libFuzzer: bytes as a list of synapses in any of its forms; what is taken keeps what the header promises. */
#include "connectomes/synapses.h"
#include "fuzz/connectome_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static cal_context *ctx;
    const cal_context_def def = cal_context_def_default();
    if (ctx == NULL && cal_context_create(&def, &ctx) != CAL_OK)
        abort();
    cal_context_clear(ctx);
    char *copy = cali_fuzz_copy(data, size);
    const cali_input input = {.name = "fuzz", .data = copy, .size = size};
    const cal_synapse_source source = {.path = "fuzz", .n_from = 3, .n_to = 4, .weight_unit = "pA", .step_ms = 0.1,
                                       .has_autapses = true, .has_multapses = size % 2 == 0};
    cal_synapse_list list;
    const cal_status status = cali_synapses_load_memory(ctx, &source, &input, &list);
    assert(status == CAL_OK || cal_context_message(ctx)[0] != '\0');
    for (size_t k = 0; status == CAL_OK && k < list.n; k++) {
        assert(list.source[k] < 3 && list.target[k] < 4);
        assert(list.weight == NULL || isfinite(list.weight[k]));
        assert(list.delay_ms == NULL || (list.delay_ms[k] > 0.0999 && isfinite(list.delay_ms[k])));
    }
    cal_synapse_list_free(&list);
    free(copy);
    return 0;
}
