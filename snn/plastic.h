/* Plastic projections. Each has rows of its own, so that static synapses know nothing of them. A tile owns the
 * synapses of its targets: words, weights and states, the traces of the sources as far as its rows need them, and the
 * past of its targets.
 *
 * A row is worked off when its source spikes: for each synapse first the spikes of the target since the last time,
 * from the archive of the tile, then the spike of the source. The archive is a ring per target. Before it would lose
 * a spike that a row still needs, all rows of the tile are worked off up to the present, so it never grows. */
#ifndef CALI_SNN_PLASTIC_H
#define CALI_SNN_PLASTIC_H

#include "snn/distance.h"
#include "snn/network.h"
#include "snn/synapse.h"

/** A source as the rows of one tile see it. */
typedef struct cali_source {
    int64_t last, done; /* stamps as in cali_row */
    double pre[CALI_MAX_TRACES];
} cali_source;

/** Targets of a tile as a rule sees their voltage. */
typedef struct cali_membranes {
    cali_seen *seen;    /* [place] */
    double *late[2];    /* u_plus and u_minus of past steps, [slot][place] */
    double *depression; /* [slot][place] */
} cali_membranes;

typedef struct cali_plastic_tile {
    uint64_t *begin; /* [source]: first synapse of its row, one more at the end */
    uint32_t *word;  /* place within the population | delay << place_bits, sorted by (delay, target) */
    double *state[CALI_MAX_SYNAPSE_STATES]; /* [0]: weights, NULL if all are equal; others [synapse], or [source] if
                                               they are shared by the row, then all in state[1] */
    double *own[CALI_MAX_SYNAPSE_CONSTANTS];
    cali_source *sources;
    cali_past *past; /* [place] */
    cali_past_spike *spikes; /* [place][slot] */
    cali_membranes membranes;
    double *rate_Hz, *integral, *factor; /* scaling: [place] */
    cali_release *releases; /* [slot] */
    uint64_t n_releases;
    int64_t worked_off; /* stamp up to which all rows are */
    double bytes;
} cali_plastic_tile;

typedef struct cali_plastic {
    size_t number; /* of the projection in the definition */
    cali_projection projection; /* `scale` turns the modulus of a weight into quanta */
    const cali_synapse *synapse;
    cal_distribution param[CALI_MAX_SYNAPSE_PARAMS];
    cali_key params; /* of their draws */
    double constant[CALI_MAX_SYNAPSE_CONSTANTS];
    bool is_own[CALI_MAX_SYNAPSE_CONSTANTS], has_own;
    bool has_shared_states;
    int32_t sign; /* of the weights; the rules work on their moduli */
    unsigned place_bits;
    uint32_t longest_delay, ring_size;
    cali_decay *pre_decay, *post_decay; /* [trace] */
    bool sees_voltage;
    cali_voltage_rule voltage;
    uint32_t n_late, n_depressions; /* slots, powers of two */
    uint32_t scaling_steps; /* between two scalings; 0: none */
    bool is_modulated;
    cali_modulator modulator;
    uint32_t modulator_delay, n_slots; /* of the releases */
    cali_plastic_tile *tiles;
} cali_plastic;

/** Checks synapse and settings of a projection whose other parts are right; `where` names it. */
cal_status cali_plastic_check(cal_context *ctx, const cal_snn_projection *p, const cali_ends *ends, const char *where);
/** Room for the plastic projections of a definition. */
cal_status cali_plastic_reserve(cal_snn *self, const cal_snn_def *def);
/** The place for projection `i` of the definition, which is plastic. */
cali_projection *cali_plastic_add(cal_snn *self, const cal_snn_projection *p, size_t i);
/** Constants and sizes, once delays and quanta are known. */
cal_status cali_plastic_plan(cal_snn *self);
/** Whether all synapses weigh the same for ever. */
bool cali_plastic_has_one_weight(const cali_plastic *p);
/** Memory of one plastic projection, expected. */
double cali_plastic_bytes(const cal_snn *self, const cali_plastic *p);
/** Draws and lays out the synapses. */
cal_status cali_plastic_create(cal_snn *self);
void cali_plastic_destroy(cal_snn *self);
/** Adds the largest modulus of each synapse, in quanta, to sums[channel][place] of a tile. */
void cali_plastic_add_limits(const cal_snn *self, unsigned tile, int64_t *sums);
/** Adds the spikes of the pending block, as cali_deliver_tile does for static synapses. */
void cali_plastic_deliver_tile(cal_snn *self, unsigned tile);
/** Everything that has reached a synapse of the tile up to `stamp` acts, `stamp` being no later than the first spike of a
 *  source that waits for delivery. */
void cali_plastic_work_off(const cal_snn *self, const cali_plastic *p, unsigned tile, int64_t stamp);

/** modulator.c: constants and sizes; memory of one tile; the releases by spikes of the pending block. */
void cali_modulator_plan(const cal_snn *self, cali_plastic *p);
double cali_modulator_bytes(const cali_plastic *p);
void cali_modulator_keep(const cal_snn *self, const cali_plastic *p, unsigned tile);
/** One release; `drift` is that since the one before. */
void cali_modulator_push(const cali_plastic *p, unsigned tile, int64_t stamp, double level);

/** voltage.c: constants and sizes; memory of one tile, counted in `bytes`; a block of a step, after its neurons moved. */
void cali_voltage_plan(cal_snn *self, cali_plastic *p);
double cali_voltage_bytes(const cali_plastic *p, double places);
cal_status cali_voltage_create(const cal_snn *self, const cali_plastic *p, unsigned tile, double *bytes);
void cali_voltage_free(cali_membranes *m);
void cali_voltage_after(cal_snn *self, unsigned tile, size_t population, int64_t step, uint32_t first, uint32_t n,
                        const cali_block *block);
/** scaling.c: checks; constants; memory of one tile, counted in `bytes`; what is due once all that happens at step `k` of the
 *  pending block has acted. */
bool cali_scaling_is_impossible(const cal_snn_projection *p, const cali_synapse *synapse, char *why, size_t size);
void cali_scaling_plan(const cal_snn *self, cali_plastic *p);
double cali_scaling_bytes(const cali_plastic *p, double places);
cal_status cali_scaling_create(const cal_snn *self, const cali_plastic *p, unsigned tile, double *bytes);
void cali_scaling_step(const cal_snn *self, const cali_plastic *p, unsigned tile, uint32_t k);

/** Room for one more entry in the past of a target; the caller fills it. All rows can be worked off up to `safe`. */
cali_past_spike *cali_plastic_remember(const cal_snn *self, const cali_plastic *p, unsigned tile, uint32_t place,
                                       int64_t stamp, int64_t safe);

/** A hash over weights, states and traces as they are at the present step. */
uint64_t cali_plastic_hash(const cal_snn *self);

/** As cal_snn_visit_synapses, with the present weights. */
void cali_plastic_visit(const cal_snn *self, size_t from, size_t to, size_t receptor, cal_snn_visit *visit, void *arg);

/** Reads one synapse after another: a row of one synapse that points into `state`. */
typedef struct cali_synapse_reader {
    const cal_snn *self;
    const cali_plastic *p;
    cali_row row, one;
    double state[CALI_MAX_SYNAPSE_STATES];
} cali_synapse_reader;
/** For the rows of a tile; cali_plastic_point chooses one in `row`. */
cali_synapse_reader cali_synapse_reader_start(const cal_snn *self, const cali_plastic *p, unsigned tile);
/** Weight, with its sign, and states of synapse `j` of the row as they are now, into `state`. */
void cali_synapse_reader_read(cali_synapse_reader *reader, size_t j);
/** The plastic projection of this number in the definition, or NULL. */
const cali_plastic *cali_plastic_find(const cal_snn *self, size_t projection);

/** All synapses of a projection by (source, delay, target, number), whatever the tiles; each as it is now. */
typedef struct cali_walk {
    const cal_snn *self;
    const cali_plastic *p;
    uint32_t source;
    uint64_t at[CALI_MAX_TILES]; /* next synapse of the source in each tile */
    unsigned tile;               /* of the present synapse */
    uint64_t index;              /* in its tile */
    uint32_t target, delay;
} cali_walk;
cali_walk cali_walk_start(const cal_snn *self, const cali_plastic *p);
/** Goes to the beginning of a source's synapses. */
void cali_walk_enter(cali_walk *walk, uint32_t source);
/** Goes to the next synapse; false after the last one. */
bool cali_walk_next(cali_walk *walk);
/** Weight, without sign, and states of the present synapse as its last event left them. */
void cali_walk_read(const cali_walk *walk, double state[CALI_MAX_SYNAPSE_STATES]);

/** What is common to all rows of a tile; the caller adds the row. */
cali_row cali_plastic_row(const cal_snn *self, const cali_plastic *p, unsigned tile);
/** Points the row at one source. */
void cali_plastic_point(const cali_plastic *p, unsigned tile, uint32_t source, cali_row *row);

#endif
