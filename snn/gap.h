/* Gap junctions: currents g (V_j - V_i) into both partners. Networks without any pay one test per population and step.
 *
 * Over a step every neuron gets a constant current from what the neurons showed at its start: not the voltage there but
 * that of the middle of the step, on the line through the last two,
 *
 *     shown = V(t) + (V(t) - V(t - dt)) / 2,      without the second part after a spike and at the start,
 *
 * which makes the current its mean over the step to second order (Adams and Bashforth). A neuron's partners are summed in
 * double precision in the order of (population, neuron), so no bit depends on tiles; the two arrays of what is shown
 * change places at each step, which is why such a network exchanges at every step. */
#ifndef CALI_SNN_GAP_H
#define CALI_SNN_GAP_H

#include "base/text.h"
#include "snn/network.h"

typedef struct cali_gaps {
    cali_projection *rules; /* of the definition; weights are conductances */
    size_t n;
    size_t *first_shown; /* per population: of its first place, SIZE_MAX: it has no junctions */
    size_t n_shown;      /* places: [population][tile][width] */
    double *shown[2];    /* by parity of the step, mV or 1 */
    uint64_t *first;     /* per place: its first partner, one more at the end */
    uint32_t *partner;   /* place */
    float *g;
    double *before;      /* [tile][CALI_BLOCK]: voltages before the step */
    float *currents;     /* [tile][CALI_BLOCK] */
} cali_gaps;

/** Whether states[0] is a voltage, which an injected current moves. */
bool cali_has_voltage(const cal_neuron *neuron);
/** Checks. Errors: ARGUMENT. */
cal_status cali_check_gaps(cal_context *ctx, const cal_snn_def *def);
/** Fixes places and the exchange; after the projections are planned. Errors: MEMORY, UNSUPPORTED. */
cal_status cali_gaps_plan(cal_snn *self, const cal_snn_def *def);
double cali_gaps_bytes(const cal_snn *self);
/** Draws the pairs; after the populations are made. Errors: ARGUMENT (C202, a step too long), MEMORY. */
cal_status cali_gaps_create(cal_snn *self);
void cali_gaps_destroy(cal_snn *self);
void cali_gaps_describe(const cal_snn *self, cali_text *text);

static inline bool cali_has_gaps(const cal_snn *self, size_t population)
{
    return self->gaps != NULL && self->gaps->first_shown[population] != SIZE_MAX;
}

/** Voltage of a place; rest included. */
double cali_gap_voltage(const cal_snn *self, size_t population, unsigned tile, uint32_t place);

/** Around the loop of a block of a population that has gaps: currents, then what is shown next. */
void cali_gap_before(cal_snn *self, unsigned tile, size_t population, int64_t step, uint32_t first, uint32_t n,
                     cali_block *block);
void cali_gap_after(cal_snn *self, unsigned tile, size_t population, int64_t step, uint32_t first, uint32_t n,
                    const cali_block *block);

#endif
