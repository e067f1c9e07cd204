/* What is kept of a simulation beside the ports: spikes of some neurons, and samples of states.
 *
 * A sample is a value at the end of a step whose time is a multiple of the interval since the run began, so no window moves
 * it. A tile writes the columns of its own neurons; a population without samplers pays one test per step, one whose spikes are
 * kept in full none at all. */
#ifndef CALI_SNN_RECORD_H
#define CALI_SNN_RECORD_H

#include "snn/network.h"

typedef struct cali_sampler {
    size_t population, state;
    uint32_t every;  /* steps */
    uint32_t n;      /* neurons */
    uint32_t *start; /* [n_tiles + 1]: the neurons of each tile are entries start[tile] .. start[tile + 1] */
    uint32_t *place, *column;
    size_t n_rows; /* of the window under way or just done */
    float *rows;   /* (most rows of a window) x n */
} cali_sampler;

/** Errors: ARGUMENT. */
cal_status cali_check_records(cal_context *ctx, const cal_snn_def *def);
/** Which spikes are kept, and which neurons are sampled; after the populations. Errors: MEMORY. */
cal_status cali_records_plan(cal_snn *self, const cal_snn_def *def);
double cali_records_bytes(const cal_snn *self);
cal_status cali_samplers_create(cal_snn *self);
void cali_records_destroy(cal_snn *self);

/* watch.c: plastic synapses that are looked at between windows */
/** Errors: ARGUMENT. */
cal_status cali_check_watches(cal_context *ctx, const cal_snn_def *def);
/** Once all synapses are there. Errors: ARGUMENT (neurons that there are not), UNSUPPORTED, MEMORY. */
cal_status cali_watches_create(cal_snn *self, const cal_snn_def *def);
void cali_watches_destroy(cal_snn *self);
/** At the begin of a window. */
void cali_samplers_begin(cal_snn *self);
/** Nothing is left of the last window. */
void cali_samplers_forget(cal_snn *self);
/** After a step of a population in a tile, the step that began at `step`. */
void cali_sample(cal_snn *self, unsigned tile, size_t population, int64_t step);

static inline bool cali_is_recorded(const cali_population *p, uint32_t id)
{
    return p->recorded == NULL ? id < p->n_recorded : (p->recorded[id >> 5] >> (id & 31) & 1u) != 0;
}

#endif
