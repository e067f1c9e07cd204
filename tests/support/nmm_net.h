/* Small networks for tests of the host: a connectome from arrays, regions, one definition. */
#ifndef CALI_TESTS_NMM_NET_H
#define CALI_TESTS_NMM_NET_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/connectomes.h"
#include "callosum/nmm.h"
#include "support/support.h"

enum { NET_MAX_ROWS = 64 };

/** A network under test. Fill, then net_create. Arrays are owned by the struct (net_free). */
typedef struct net {
    cal_context *ctx;
    size_t n;
    double *weights, *delays_ms; /* (n x n), to-from */
    cal_nmm_region *regions;
    double *params, *initial; /* (n x NET_MAX_ROWS) */
    cal_connectome *connectome;
    cal_coupling coupling[4];
    cal_nmm_def def;
    cal_nmm *nmm;
} net;

static inline net net_make(size_t n, const char *model, unsigned n_threads)
{
    net a = {.ctx = cali_test_context(n_threads), .n = n};
    const cal_nmm_model *m = model == NULL ? NULL : cal_nmm_model_find(model);
    a.weights = calloc(n * n, sizeof(double));
    a.delays_ms = calloc(n * n, sizeof(double));
    a.regions = calloc(n, sizeof *a.regions);
    a.params = calloc(n * NET_MAX_ROWS, sizeof(double));
    a.initial = calloc(n * NET_MAX_ROWS, sizeof(double));
    for (size_t i = 0; i < n; i++) {
        a.regions[i] = (cal_nmm_region){.model = m, .params = a.params + i * NET_MAX_ROWS,
                                        .initial = a.initial + i * NET_MAX_ROWS};
        for (size_t k = 0; m != NULL && k < m->n_params; k++)
            a.params[i * NET_MAX_ROWS + k] = m->params[k].value;
        for (size_t k = 0; m != NULL && k < m->n_states; k++)
            a.initial[i * NET_MAX_ROWS + k] = m->states[k].value;
    }
    a.coupling[0] = cal_coupling_default();
    a.def = cal_nmm_def_default();
    a.def.n_couplings = 1;
    a.def.integrator = CAL_RK4;
    return a;
}

static inline void net_set(net *a, size_t region, const char *param, double value)
{
    const cal_nmm_model *m = a->regions[region].model;
    const int k = cal_field_find(m->params, m->n_params, param);
    cr_assert(k >= 0, "no parameter %s", param);
    a->params[region * NET_MAX_ROWS + (size_t)k] = value;
}

static inline void net_edge(net *a, size_t to, size_t from, double weight, double delay_ms)
{
    a->weights[to * a->n + from] = weight;
    a->delays_ms[to * a->n + from] = delay_ms;
}

static inline cal_status net_try(net *a)
{
    cal_connectome_destroy(&a->connectome);
    const cal_connectome_def made = {
        .name = "net", .n_regions = a->n, .weights = a->weights, .lengths_mm = a->delays_ms};
    cr_assert(cal_connectome_create(a->ctx, &made, &a->connectome) == CAL_OK, "%s",
              cal_context_message(a->ctx));
    a->def.connectome = a->connectome;
    a->def.regions = a->regions;
    a->def.couplings = a->coupling;
    if (a->def.delays_ms == NULL)
        a->def.delays_ms = a->delays_ms;
    return cal_nmm_create(a->ctx, &a->def, &a->nmm);
}

static inline void net_create(net *a)
{
    cr_assert(net_try(a) == CAL_OK, "%s", cal_context_message(a->ctx));
}

/** Advances to `t`, window by window. */
static inline cal_status net_run(net *a, cal_time t)
{
    while (cal_nmm_time(a->nmm) < t) {
        cal_time next = cal_nmm_time(a->nmm) + a->def.window;
        CAL_TRY(cal_nmm_advance(a->nmm, next < t ? next : t));
    }
    return CAL_OK;
}

static inline double net_state(const net *a, size_t region, size_t state)
{
    double x[NET_MAX_ROWS];
    cr_assert(cal_nmm_get_state(a->nmm, region, x) == CAL_OK);
    return x[state];
}

static inline void net_restart(net *a)
{
    cal_nmm_destroy(&a->nmm);
    cal_context_clear(a->ctx);
}

static inline void net_free(net *a)
{
    cal_nmm_destroy(&a->nmm);
    cal_connectome_destroy(&a->connectome);
    cal_context_destroy(&a->ctx);
    free(a->weights);
    free(a->delays_ms);
    free(a->regions);
    free(a->params);
    free(a->initial);
}

#endif
