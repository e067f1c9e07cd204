/* A plastic synapse inside the engine: the public entry, which traces it reads, how its constants are made and its
 * row loop called. */
#ifndef CALI_SNN_SYNAPSE_H
#define CALI_SNN_SYNAPSE_H

#include <stdbool.h>

#include "base/isa.h"
#include "callosum/snn.h"
#include "snn/kernels/modulator.h"
#include "snn/kernels/voltage.h"

enum {
    CALI_MAX_TRACES = 2,
    CALI_MAX_SYNAPSE_PARAMS = 24,
    CALI_MAX_COMMON = 12,
    CALI_MAX_SYNAPSE_CONSTANTS = 16,
    CALI_MAX_SYNAPSE_STATES = 6 /* with the weight */
};

/** The stamp of a spike that has not been; others may be negative after a state was restored at a new time. */
#define CALI_NEVER (INT64_MIN / 4)

/** A trace of the spikes of one neuron: it decays with the time constant of a parameter and, at a spike, grows by 1
 *  or, if only the nearest spike counts, becomes 1. */
typedef struct cali_trace {
    int tau; /* number of the parameter */
    bool is_nearest;
} cali_trace;

/** What of a target's past the synapses still need: its last spikes with the traces just before each. Of a rule that sees
 *  the voltage: the steps that potentiate, with how much. */
typedef struct cali_past_spike {
    int64_t stamp;
    double before[CALI_MAX_TRACES];
} cali_past_spike;

typedef struct cali_past {
    int64_t newest; /* stamp of the last spike */
    uint64_t n;     /* spikes so far; the last ones stand in the ring */
    double after[CALI_MAX_TRACES]; /* traces just after the last spike */
} cali_past;

/** One step at which the neuromodulator reaches the synapses. */
typedef struct cali_release {
    int64_t stamp;
    double level;     /* concentration just after, 1/ms */
    cali_drift drift; /* over the time since the release before */
} cali_release;

/** One row of synapses of a tile, and where its spike goes. */
typedef struct cali_row {
    size_t n;
    const uint32_t *word; /* place of the target | delay << place_bits */
    unsigned place_bits;
    double *state[CALI_MAX_SYNAPSE_STATES]; /* of each synapse; [0] NULL: all weigh `one_weight` */
    double one_weight;
    double *shared; /* or NULL; states after the weight when all synapses of the row have the same */
    const double *constant; /* of all synapses */
    const double *own[CALI_MAX_SYNAPSE_CONSTANTS]; /* constants that each synapse has for itself, or NULL */
    bool has_own;
    const cali_past *past; /* [place] */
    const cali_past_spike *spikes; /* [place][slot] */
    uint32_t ring_size; /* slots, a power of two */
    bool is_nearest[CALI_MAX_TRACES];
    const cali_decay *pre_decay, *post_decay; /* [trace] */
    const cali_modulator *modulator; /* NULL: none */
    const cali_release *releases; /* ring of `n_slots`, a power of two; `n_releases` so far */
    uint64_t n_releases;
    uint32_t n_slots;
    const double *depression; /* of targets, [slot][place]: rules that see the voltage */
    uint64_t depression_mask;
    size_t width;
    double pre[CALI_MAX_TRACES]; /* traces of the source just after its last spike */
    int64_t last, done, now; /* stamps: last spike of the source or CALI_NEVER; targets' spikes that acted; the present */
    double dt_ms;
    bool has_spike; /* the source spikes now; otherwise the past alone is worked off */
    bool is_read;   /* modulated: go on from the last event to now, on a copy */
    double scale;   /* from the modulus of the weight to quanta */
    int32_t sign;
    int32_t *input; /* ring of the tile at the first place of the population */
    size_t stride;
    uint32_t slot_mask;
} cali_row;

typedef void cali_row_loop(const cali_row *row);

typedef struct cali_synapse {
    cal_synapse face;
    cali_trace pre[CALI_MAX_TRACES], post[CALI_MAX_TRACES];
    size_t n_pre, n_post;
    bool is_pre_only; /* spikes of the target and the weight do not matter to the states */
    int limit;        /* parameter that the modulus of a weight never exceeds, or -1: it stays what it is */
    const struct cali_growth_curve *growth; /* structural.h: synapses form and break, all parameters are numbers; else NULL */
    int common[CALI_MAX_COMMON]; /* further parameters that are numbers, equal for all synapses */
    size_t n_common, n_constants;
    /** The constants of one synapse, in the order of its kernel. */
    void (*prepare)(const double *params, double dt_ms, double *constants);
    /** The states after the weight before the first spike; NULL: those of the table. */
    void (*start)(const double *params, double *states);
    void (*prepare_modulator)(const double *params, double dt_ms, cali_modulator *m); /* NULL: not modulated */
    void (*prepare_voltage)(const double *params, double dt_ms, cali_voltage_rule *k); /* NULL: voltages do not matter */
    cali_row_loop *loop[CALI_N_ISA]; /* of "static" and structural ones: NULL */
} cali_synapse;

/** The entry behind a public pointer, or NULL if it is none of ours. */
const cali_synapse *cali_synapse_of(const cal_synapse *face);
/** Whether the synapses of a projection change, and whether they form and break. */
bool cali_is_plastic(const cal_synapse *face);
bool cali_is_structural(const cal_synapse *face);

#define CALI_N_DOUBLES(type) (sizeof(type) / sizeof(double))
#define CALI_SYNAPSE_PARAMS .params = params, .n_params = sizeof params / sizeof params[0]
#if defined(__x86_64__)
#define CALI_ROW_LOOPS(name) {cali_##name##_row_base, cali_##name##_row_v3, cali_##name##_row_v4}
#define CALI_DECLARE_ROW_LOOPS(name)                                                               \
    cali_row_loop cali_##name##_row_base, cali_##name##_row_v3, cali_##name##_row_v4
#else
#define CALI_ROW_LOOPS(name) {cali_##name##_row_base, cali_##name##_row_base, cali_##name##_row_base}
#define CALI_DECLARE_ROW_LOOPS(name) cali_row_loop cali_##name##_row_base
#endif

#endif
