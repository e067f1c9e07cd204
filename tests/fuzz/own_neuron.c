/* A text as an own neuron: it is refused with a message that has a code, or read, checked and run on its test values by the
 * interpreter; then its C and CUDA can be written and it takes a few steps. No compiler is started. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snn/text/own.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_source(cal_context *ctx, const cal_neuron *neuron, const char *language)
{
    char *source = NULL;
    const cal_status status = cal_snn_neuron_source(ctx, neuron, language, &source);
    assert(status == CAL_OK && strlen(source) > 1000);
    (void)status;
    free(source);
}

static void check_entry(const cal_neuron *neuron)
{
    cali_unit unit;
    (void)unit;
    assert(neuron->n_states >= 1 && neuron->n_states <= CALI_MAX_STATES && neuron->n_receptors <= CALI_MAX_RECEPTORS);
    for (size_t i = 0; i < neuron->n_states; i++) {
        assert(cali_unit_parse(neuron->states[i].unit, &unit)); /* what it shows can be read again */
        assert(neuron->states[i].value >= neuron->states[i].low && neuron->states[i].value <= neuron->states[i].high);
    }
    for (size_t i = 0; i < neuron->n_receptors; i++)
        assert(cali_unit_parse(neuron->receptors[i].unit, &unit) && neuron->receptors[i].meaning != NULL);
    assert(cali_unit_parse(neuron->current_unit, &unit));
}

/* A network of three, over a few steps: it runs, or is refused or ended with a message. */
static void run(cal_context *ctx, const cal_neuron *neuron)
{
    const cal_snn_population population = {"cell", neuron, 3, NULL, 0};
    cal_snn_def def = cal_snn_def_default();
    cal_snn *snn = NULL;
    def.populations = &population;
    def.n_populations = 1;
    cal_status status = cal_snn_create(ctx, &def, &snn);
    if (status == CAL_OK)
        status = cal_snn_advance(snn);
    assert(status == CAL_OK || cal_context_message(ctx)[0] != '\0');
    cal_snn_destroy(&snn);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static cal_context *ctx; /* threads are not started anew for every input */
    cal_context_def def = cal_context_def_default();
    def.n_threads = 1;
    if (ctx == NULL && cal_context_create(&def, &ctx) != CAL_OK)
        abort();
    cal_context_clear(ctx);
    cal_neuron *neuron = NULL;
    const cal_status status = cali_own_neuron_load_text(ctx, "neuron.yaml", (const char *)data, size, true, &neuron);
    assert((status == CAL_OK) == (neuron != NULL));
    assert(status == CAL_OK || status == CAL_ERR_INPUT);
    assert(status == CAL_OK || strstr(cal_context_message(ctx), "  C1") != NULL);
    if (neuron != NULL) {
        check_source(ctx, neuron, "c");
        check_source(ctx, neuron, "cuda");
        check_entry(neuron);
        run(ctx, neuron);
    }
    cal_snn_neuron_destroy(&neuron);
    return 0;
}
