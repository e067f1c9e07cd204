/* A definition of a network as bytes and back, without the rest of a message. */
#ifndef CALI_TESTS_NETWORK_WIRE_H
#define CALI_TESTS_NETWORK_WIRE_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "workers/network_model.h"
#include "protocols/value.h"
#include "support/support.h"

/** Frames of the body {model: ...}, copied; release with cali_wire_free. */
typedef struct cali_wire_copy {
    cal_frame frames[CAL_PROTOCOL_MAX_FRAMES];
    size_t n;
} cali_wire_copy;

static inline void cali_wire_free(cali_wire_copy *w)
{
    for (size_t i = 0; i < w->n; i++)
        free((void *)(uintptr_t)w->frames[i].data);
    w->n = 0;
}

static inline cali_wire_copy cali_wire_encode(cal_context *ctx, const cal_snn_def *def)
{
    cal_packer *packer = NULL;
    const cal_frame *frames = NULL;
    cali_wire_copy w = {.n = 0};
    size_t n = 0;
    cr_assert(cal_packer_create(ctx, &packer) == CAL_OK);
    cr_assert(cali_network_model_encode(ctx, def, packer, "model") == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_packer_get(packer, &frames, &n) == CAL_OK, "%s", cal_context_message(ctx));
    for (; w.n < n; w.n++) {
        char *copy = calloc(1, frames[w.n].size + 1); /* a byte to spare, for the reader */
        memcpy(copy, frames[w.n].data, frames[w.n].size);
        w.frames[w.n] = (cal_frame){copy, frames[w.n].size};
    }
    cal_packer_destroy(&packer);
    return w;
}

/** Reads the body of `w`, which is kept. */
static inline cal_status cali_wire_decode(cal_context *ctx, const cali_wire_copy *w, cali_network_model **out, cal_problem *problem)
{
    cali_nodes nodes = {0};
    size_t root = 0;
    unsigned char *bytes = malloc(w->frames[0].size + 1);
    memcpy(bytes, w->frames[0].data, w->frames[0].size);
    const cali_source source = {"body", bytes, w->frames[0].size, w->frames + 1, w->n - 1};
    *out = NULL;
    *problem = (cal_problem){"", ""};
    cal_status status = CAL_ERR_INPUT;
    if (cali_decode(&source, &nodes, &root, problem))
        status = cali_network_model_decode(ctx, cal_value_find(&nodes.nodes[root], "model"), out, problem);
    free(nodes.nodes);
    free(bytes);
    return status;
}

static inline bool cali_wire_is_same(const cali_wire_copy *a, const cali_wire_copy *b)
{
    bool is_same = a->n == b->n;
    for (size_t i = 0; is_same && i < a->n; i++)
        is_same = a->frames[i].size == b->frames[i].size && memcmp(a->frames[i].data, b->frames[i].data, a->frames[i].size) == 0;
    return is_same;
}

/** The definition through the wire; what comes out goes in again and gives the same bytes. */
static inline cali_network_model *cali_wire_round(cal_context *ctx, const cal_snn_def *def)
{
    cali_network_model *model = NULL;
    cal_problem problem;
    cali_wire_copy first = cali_wire_encode(ctx, def);
    cr_assert(cali_wire_decode(ctx, &first, &model, &problem) == CAL_OK, "%s: %s %s", def->name, problem.code, problem.text);
    cali_wire_copy second = cali_wire_encode(ctx, cali_network_model_def(model));
    cr_expect(cali_wire_is_same(&first, &second), "%s: other bytes", def->name);
    cali_wire_free(&first);
    cali_wire_free(&second);
    return model;
}

/** The hash after some windows without input. */
static inline uint64_t cali_wire_run(cal_context *ctx, const cal_snn_def *def, int n_windows, uint64_t *n_spikes)
{
    cal_snn *snn = NULL;
    cr_assert(cal_snn_create(ctx, def, &snn) == CAL_OK, "%s", cal_context_message(ctx));
    for (int i = 0; i < n_windows; i++)
        cr_assert(cal_snn_advance(snn) == CAL_OK, "%s", cal_context_message(ctx));
    const uint64_t hash = cal_snn_hash(snn);
    *n_spikes = cal_snn_get_counts(snn).n_spikes;
    cal_snn_destroy(&snn);
    return hash;
}

/** The network of the definition that has travelled is the same. Returns its spikes. */
static inline uint64_t cali_wire_expect_same(cal_context *ctx, const cal_snn_def *def, int n_windows)
{
    uint64_t here = 0, there = 0;
    cali_network_model *model = cali_wire_round(ctx, def);
    const uint64_t hash = cali_wire_run(ctx, def, n_windows, &here);
    cr_expect(hash == cali_wire_run(ctx, cali_network_model_def(model), n_windows, &there), "%s: another hash", def->name);
    cr_expect(here == there, "%s: other spikes", def->name);
    cali_network_model_destroy(&model);
    return here;
}

#endif
