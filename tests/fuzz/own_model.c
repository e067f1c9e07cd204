/* A text as an own model: it is refused with a message that has a code, or read, checked and run on its test value by
 * the interpreter; then its C can be written. No compiler is started. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nmm/text/own.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static cal_context *ctx; /* threads are not started anew for every input */
    cal_context_def def = cal_context_def_default();
    def.n_threads = 1;
    if (ctx == NULL && cal_context_create(&def, &ctx) != CAL_OK)
        abort();
    cal_context_clear(ctx);
    cal_nmm_model *model = NULL;
    const cal_status status = cali_own_load_text(ctx, "model.yaml", (const char *)data, size, true, &model);
    assert((status == CAL_OK) == (model != NULL));
    assert(status == CAL_OK || status == CAL_ERR_INPUT);
    assert(status == CAL_OK || strstr(cal_context_message(ctx), "  C1") != NULL);
    if (model != NULL) {
        const cali_own *own = (const cali_own *)(const void *)model;
        cali_text source = {0};
        const bool is_written = cali_own_emit(own, &source);
        assert(is_written && source.size > 1000);
        cali_text_free(&source);
        for (size_t i = 0; i < model->n_states; i++) {
            cali_unit unit;
            assert(cali_unit_parse(model->states[i].unit, &unit)); /* what it shows can be read again */
            assert(model->states[i].value >= model->states[i].low && isfinite(model->scales[i]));
        }
        for (size_t i = 0; i < model->n_outputs; i++) {
            cali_unit unit;
            assert(cali_unit_parse(model->outputs[i].unit, &unit));
        }
    }
    cal_nmm_model_destroy(&model);
    return 0;
}
