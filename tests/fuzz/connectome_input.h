/* What the fuzz targets of the loaders share. */
#ifndef CALI_TESTS_FUZZ_CONNECTOME_INPUT_H
#define CALI_TESTS_FUZZ_CONNECTOME_INPUT_H

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "connectomes/loaders.h"

/** The bytes with a NUL behind them, as every reader gets them; freed with free(). */
static inline char *cali_fuzz_copy(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1);
    assert(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    copy[size] = '\0';
    return copy;
}

/** Loads and, if that works, checks what the header promises. */
static inline void cali_fuzz_load(const char *loader, const cali_input *input, const cali_input *lengths,
                                  const cali_input *labels, uint8_t settings)
{
    static cal_context *ctx;
    const cal_context_def def = cal_context_def_default();
    if (ctx == NULL && cal_context_create(&def, &ctx) != CAL_OK)
        abort();
    cal_context_clear(ctx);
    cal_connectome_source source = cal_connectome_source_default();
    source.orientation = (cal_orientation)(settings % 3);
    source.drops_self_connections = (settings & 4) != 0;
    source.normalisation = (cal_normalisation)(settings / 8 % CAL_N_NORMALISATIONS);
    cal_connectome *brain = NULL;
    const cal_status status = cali_connectome_load_memory(ctx, &source, loader, input, lengths, labels, &brain);
    assert((status == CAL_OK) == (brain != NULL));
    if (brain == NULL) {
        assert(cal_context_message(ctx)[0] != '\0' && status != CAL_ERR_ARGUMENT);
        return;
    }
    cal_connectome_facts facts;
    const cal_status described = cal_connectome_describe(ctx, brain, 3.0, &facts);
    assert(described == CAL_OK && facts.n_regions >= 1);
    assert(facts.n_edges == 0 || (isfinite(facts.weight_max) && facts.length_min_mm >= 0.0));
    const size_t n = cal_connectome_n_regions(brain);
    for (size_t i = 0; i < n && n < 100; i++)
        assert(cal_connectome_find(brain, cal_connectome_labels(brain)[i]) == (int)i);
    cal_connectome_destroy(&brain);
    (void)described;
}

#endif
