/* Random rows of kernels, currents with a course in time or per neuron, noise, and Poisson trains whose rate changes.
 * The plain path (no such thing in a population) costs one test per block. */
#ifndef CALI_SNN_DEVICES_H
#define CALI_SNN_DEVICES_H

#include "base/text.h"
#include "base/waveforms.h"
#include "snn/random_loops.h"
#include "snn/sampling.h"

struct cal_snn;
struct cali_population;

/** Philox words of the neurons of a population for four numbers of a sequence (steps): word = number mod 4. */
typedef struct cali_words {
    cali_key key;
    uint32_t *words; /* [tile][4][width] */
    int64_t *drawn;  /* [tile]: which four, -1 none */
} cali_words;

/** A cal_snn_wave of our own. */
typedef struct cali_course {
    const cal_waveform *form; /* NULL: constant */
    double p[CAL_WAVEFORM_MAX_PARAMS];
    double *times_ms, *values;
    size_t n_samples;
} cali_course;

typedef struct cali_current {
    cal_snn_current def; /* its wave is not kept */
    cali_course course;
    float *factor; /* [tile][width], NULL: 1 for all */
} cali_current;

typedef struct cali_noise {
    cal_snn_noise def;
    int64_t hold; /* steps that a value lasts */
    cali_words words; /* of each neuron; common noise draws its one number where it needs it */
    float decay, kick, *x; /* process: x of each neuron, [tile][width], or of all, [tile] */
} cali_noise;

/** Checks waves, noises and spike trains of a definition. Errors: ARGUMENT. */
cal_status cali_check_devices(cal_context *ctx, const cal_snn_def *def);
/** Copies them. After the populations are planned. */
cal_status cali_devices_plan(struct cal_snn *self, const cal_snn_def *def);
/** Their arrays: words, factors, processes at their stationary distribution. */
cal_status cali_devices_create(struct cal_snn *self);
/** A process at a draw from its stationary distribution. */
void cali_noise_begin(const struct cal_snn *self, const cali_noise *noise);
double cali_devices_bytes(const struct cal_snn *self);
void cali_devices_destroy(struct cal_snn *self);
/** Adds to the text whose digest tells equal definitions from others. */
void cali_devices_describe(const struct cal_snn *self, cali_text *text);
/** The processes' state, free of tiles. */
uint64_t cali_devices_hash(const struct cal_snn *self);

/** Bound of the currents that may flow into a population at the same time. */
double cali_largest_current(const struct cal_snn *self, size_t population);
/** A current that is the same for all neurons, in the step that begins at `step`; 0 for others. */
double cali_common_current(const struct cal_snn *self, const cali_current *c, int64_t step);

/** Poisson tables of the steps of the block that begins. Errors: NUMERIC (E302, a rate beyond what a table takes). */
cal_status cali_devices_enter_block(struct cal_snn *self);

/** Rows of one block of a population, from its neuron `first` in the tile on: random numbers into block->input behind
 *  the receptors, and block->currents where a neuron has currents of its own. */
void cali_take_devices(struct cal_snn *self, unsigned tile, size_t population, int64_t step, uint32_t first,
                       cali_block *block);

/** Spikes of a train at a time: ids and their number. */
const uint32_t *cali_train_spikes(const cal_snn_train *train, cal_time time, uint32_t *n);

/** Mean of a course over the step from t_ms, in which it began at start_ms. */
double cali_course_mean(const cali_course *course, double t_ms, double start_ms, double dt_ms);

#endif
