/* A built network, its state, and the plan that both follow from. Filled in this order: plan.c checks
 * the definition and fixes the layout, populations.c makes constants and initial states, rules.c draws
 * sources, topology.c lays out the synapses; backend_cpu.c advances with update.c and deliver.c; network.c reads
 * and writes. Projections whose synapses change are apart from the others: plastic.h. What is kept beside the ports: record.h.
 *
 * Tiles. Neuron j of a population belongs to tile j mod n_tiles, where it has place j / n_tiles behind
 * the population's offset. A tile owns state, input ring and its part of every row of synapses, and
 * only its own thread touches them.
 *
 * Input. A channel is a receptor that synapses use; each population maps its receptors to channels. The input of a
 * step is int32 sums [channel][place] per tile, taken by the step that ends at t. Most rows are pulled: the spikes of
 * the longest delay are kept, and the step that ends at t adds what the spikes of t - d send with delay d. Rows that
 * have few synapses of each delay are pushed, into a ring of such sums, one slot per step. */
#ifndef CALI_SNN_NETWORK_H
#define CALI_SNN_NETWORK_H

#include <stdatomic.h>

#include "base/context.h"
#include "snn/devices.h"
#include "snn/draw_loops.h"

/* Longest time between exchanges, in steps: bounds the spike lists. */
enum { CALI_MAX_EXCHANGE = 16, CALI_MAX_TILES = 1024 };

typedef struct cali_population {
    char *name;
    const cali_neuron *neuron; /* NULL: source population */
    uint32_t n;
    uint32_t width;  /* places per tile, a multiple of 16 */
    uint32_t offset; /* first place in a tile */
    float *state;    /* [tile][row][width] */
    /* Constants of the kernel and, last, the rest value of states[0]: [tile][width] each, or
     * CALI_BLOCK equal values. */
    float *constant[CALI_MAX_CONSTANTS + 1];
    bool is_shared[CALI_MAX_CONSTANTS + 1];
    bool is_uniform; /* all constants of the kernel are shared */
    int channel[CALI_MAX_RECEPTORS]; /* -1: no synapse ends there */
    int exponent[CALI_MAX_RECEPTORS]; /* quantum = 2^-exponent */
    float quantum[CALI_MAX_RECEPTORS];
    uint32_t n_recorded;
    uint32_t *recorded; /* bit set of those; NULL: the first ones by number */
    bool is_sampled;
    uint32_t min_interval; /* steps between two spikes of a neuron, at least */
    cal_snn_setting *settings;
    size_t n_settings;
    cali_words random[CALI_MAX_RANDOMS]; /* of the kernel */
    bool has_currents; /* that differ between its neurons */
    bool is_kept;      /* its spikes are, for pulled rows */
    bool is_seen;      /* by a plastic synapse that sees the voltage */
    struct cali_homeostasis *homeostasis; /* homeostasis.h; NULL: none */
    const cal_snn_train *train; /* source population; NULL: none */
    cal_snn_space space; /* positions of all neurons, owned; 0 dimensions: none */
} cali_population;

/** Synapses of one group into one tile. The row of source i is words base[i] to base[i + 1]. In a pulled group a row
 *  has a cell for each delay, in ascending order: cell k > 0 begins at base[i] + inner[i (n_cells - 1) + k - 1]. */
typedef struct cali_rows {
    uint32_t *base;     /* [source], one more at the end */
    uint16_t *inner_16; /* one of the two: 32 bits if a row has more than 65,535 synapses; NULL with one cell */
    uint32_t *inner_32;
    void *words;        /* of the group's size */
    double bytes;
} cali_rows;

/** Rows of synapses from one population to one channel, of those targets that share a shift. A word of a pulled group is the target's place and, above
 *  `weight_shift`, the weight; with one weight for all the place alone. A word of a pushed group has the delay between
 *  them. */
typedef struct cali_group {
    size_t from;
    int channel;
    unsigned shift; /* left shift of the weights */
    bool has_one_weight; /* all synapses weigh the same: no need to unpack it */
    int32_t one_weight;  /* in quanta */
    size_t n_projections; /* that share the rows */
    double n_expected;    /* synapses */
    bool is_pulled;
    uint32_t shortest, longest; /* delay, steps */
    uint32_t n_cells;           /* of a row: 1 in a pushed group */
    unsigned word_bytes;        /* 2 (pulled, one weight), 4 or 8 */
    unsigned weight_shift;
    cali_rows *rows; /* [tile] */
} cali_group;

/** The spikes of a population that has pulled rows, of the last `history_slots` steps, by stamp. */
typedef struct cali_past_step {
    uint32_t *ids;
    uint32_t n;
    size_t capacity;
} cali_past_step;

/** What a rule that is not drawn target by target holds while the network is built: start[t] .. start[t + 1] are the
 *  synapses of target t. */
typedef struct cali_lists {
    uint64_t *start;   /* [n_to + 1] */
    uint32_t *sources; /* NULL: the numbers alone are fixed, the sources are drawn */
    double *weights, *delays_ms; /* in the same order; NULL: drawn */
    uint32_t longest;
} cali_lists;

typedef struct cali_projection {
    cal_snn_projection def; /* the receptor's name is not kept */
    size_t receptor;
    int channel;
    cali_key sources, weights, delays;
    bool is_broadcast; /* all to all with constant weight and delay: no rows */
    double scale;      /* weight to the integer in a word (rows) or to quanta (broadcast) */
    int32_t quanta;    /* broadcast */
    uint32_t delay;    /* broadcast, steps */
    size_t group;      /* rows */
    cali_lists lists;  /* empty before cali_rules_prepare and after cali_rules_release */
    uint64_t list_hash; /* of a definition's list of synapses */
    bool is_plastic;   /* kept in cal_snn.plastics, with rows of its own */
    bool has_weight_profile;
    double weight_factor[2], way_delay[2]; /* bounds of the formulas */
    struct cali_search *search; /* partners by distance (distance.h), until the network is built; NULL: none */
    double chances;             /* searched Bernoulli: mean sum of a target's chances */
    double limit;      /* plastic, structural: no modulus of a weight exceeds it */
    uint32_t capacity; /* structural: synapses of a target at most, kept in cal_snn.structurals; else 0 */
} cali_projection;

typedef struct cali_plastic cali_plastic; /* plastic.h */

typedef struct cali_poisson {
    size_t to, receptor;
    cali_course course; /* of the rate of one train; form NULL: constant, or a port's */
    double n_trains;
    float weight;
    cali_key key;
    cali_poisson_table *table; /* for the present rate; with a course one for each step of a block */
    double *means;             /* with a course: per step, what each table is for */
    double mean;               /* per step, what the table is for */
    uint32_t *words;           /* [tile][4][width]: draws of four steps */
    int64_t *drawn;            /* [tile]: which four, -1 none */
    bool is_port;
    size_t port;
} cali_poisson;

typedef struct cali_port {
    cal_snn_port def; /* names are not kept, except `name` */
    char *name;
    size_t state, poisson;
    double *values;     /* Poisson and current: bins of the coming window */
    uint64_t *counts;   /* rate: spikes per bin */
    int64_t *sums;      /* mean: [tile][bin], units of 2^-20 */
    uint32_t *ids;      /* spikes: ids sorted by step */
    uint32_t *start;    /* spikes: first id of each step of the window, one more at the end */
    size_t capacity;
    bool is_written;
} cali_port;

/** Spikes of one exchange interval of one tile: ids within the populations, ascending in each
 *  (step, population). */
typedef struct cali_spike_list {
    uint32_t *ids;
    uint32_t *start; /* [step][population], one more at the end */
} cali_spike_list;

/** A spike of the block before and a group of rows that begin at its neuron. */
typedef struct cali_arrival {
    uint32_t source;
    uint16_t group, step; /* of the block */
} cali_arrival;

typedef struct cali_tile {
    /* what its thread writes, apart from what others read */
    _Alignas(64) atomic_uint begun; /* block of the window that a thread took last */
    uint64_t hash, n_events, n_port_events, n_spikes;
    _Alignas(64) cali_spike_list list[2]; /* one is read while the other is written */
    float *input;      /* [receptor][CALI_BLOCK] */
    int32_t *unused;   /* [CALI_BLOCK]: sums of a receptor without synapses, zeros */
    int32_t *spiked;   /* [CALI_BLOCK] */
    float *device;     /* [1 + CALI_MAX_RANDOMS][CALI_BLOCK]: currents, random numbers; NULL: none needed */
} cali_tile;

struct cal_snn {
    cal_context *ctx;
    char *name;
    cal_time dt, window;
    double dt_ms;
    uint32_t window_steps;
    cali_key key;
    cali_population *populations;
    size_t n_populations;
    cal_snn_values *values; /* of the definition, while the network is built */
    size_t n_values;
    cali_projection *projections;
    size_t n_projections;
    cali_plastic *plastics; /* projections whose synapses change */
    size_t n_plastics;
    struct cali_structural *structurals; /* projections whose synapses form and break: structural.h */
    size_t n_structurals;
    cali_group *groups;
    size_t n_groups;
    cali_poisson *poissons;
    size_t n_poissons;
    cali_current *currents;
    size_t n_currents;
    cali_noise *noises;
    size_t n_noises;
    cal_snn_train *trains;
    size_t n_trains;
    struct cali_homeostasis *homeostases;
    size_t n_homeostases;
    cali_port *ports;
    size_t n_ports;
    unsigned n_tiles;
    uint32_t tile_width; /* places */
    unsigned n_channels, target_bits, delay_bits, weight_bits;
    uint32_t longest_delay;
    /* Powers of two: of the history, and of the ring as planned and as it is. One slot if nothing is pushed; a restored
     * network has more, until what it was restored with has arrived. */
    uint32_t history_slots, planned_slots, slots;
    int64_t ring_due; /* step at which the ring is as planned again */
    uint32_t exchange_steps;
    double memory_budget_bytes;
    struct cali_gaps *gaps; /* gap.h; NULL: no gap junctions */
    struct cali_sampler *samplers; /* record.h */
    size_t n_samplers;
    struct cali_watch *watches; /* watch.c */
    size_t n_watches;

    const cali_draw_loops *draw_loops;
    const cali_loops *loops;
    const cali_random_loops *random_loops;
    cali_isa_level isa;
    cali_tile *tiles;
    int32_t *ring;     /* [tile][slot][channel][tile_width] */
    int32_t *history;  /* [population][history_slots]: spikes per step, by stamp */
    cali_past_step *past; /* [population][history_slots] */
    int32_t *pending;  /* [tile][channel][place]: room for cali_pending_input */
    float *zeros;
    cali_arrival *arrivals; /* of the block before, the same for all tiles */
    size_t arrival_capacity;

    /* What changes with every block, by itself. */
    _Alignas(64) int64_t step;
    int64_t block_step; /* first step of the block under way */
    int64_t pending_step;
    uint32_t block_steps, pending_steps; /* steps to do; steps whose spikes wait for delivery */
    size_t n_arrivals;
    unsigned parity; /* of the spike list that was written last */

    _Alignas(64) size_t n_recorded;
    size_t spike_capacity;
    cal_time *spike_time;
    uint32_t *spike_population, *spike_id, *merge;

    uint64_t n_neurons, n_synapses, n_gap_junctions, n_updates, n_spikes, n_broadcast_events, n_port_spikes_in;
    double bytes, synapse_bytes;
    bool is_broken;
    cal_snn_def kept; /* for cal_snn_get_def: its populations and ports are owned, names borrowed from above */
};

/** Checks the definition and fixes everything but the arrays. Errors: as cal_snn_create. */
cal_status cali_plan(cal_snn *self, const cal_snn_def *def);
/** Memory of the planned network; the number of synapses is exact except for Bernoulli. */
double cali_plan_bytes(const cal_snn *self, double *n_synapses);
/** Bytes that the network may take. */
double cali_memory_budget(const cal_snn *self);
/** All projections: the static ones, then the plastic ones, then the structural ones. */
size_t cali_n_projections(const cal_snn *self);
cali_projection *cali_projection_at(const cal_snn *self, size_t i);
/** Expected synapses of one projection. */
double cali_expected_synapses(const cal_snn *self, const cali_projection *p);
/** Memory that the rules of all projections hold while the network is built. */
double cali_rules_bytes(const cal_snn *self);
/** Makes and frees the lists of rules that are not drawn target by target: a function of the definition alone. */
cal_status cali_rules_prepare(cal_snn *self);
void cali_rules_release(cal_snn *self);

/** Keeps what cal_snn_get_def tells. */
cal_status cali_definition_keep(cal_snn *self);
void cali_definition_free(cal_snn *self);
cal_status cali_populations_create(cal_snn *self);
cal_status cali_topology_create(cal_snn *self);
cal_status cali_backend_create(cal_snn *self);
void cali_backend_destroy(cal_snn *self);
/** Gives the ring room for all input on its way, for a while. Errors: MEMORY, nothing has changed then. */
cal_status cali_ring_widen(cal_snn *self);
/** Between windows: forgets outputs of the last window, inputs written for the next, and random numbers drawn ahead. */
void cali_backend_forget(cal_snn *self);

/** Backend: what one tile does in a block, on its own thread. update.c steps `block_steps` steps from `block_step`
 *  on; deliver.c pushes the spikes of the `pending_steps` steps from `pending_step` on. */
void cali_update_tile(cal_snn *self, unsigned tile);
void cali_deliver_tile(cal_snn *self, unsigned tile);
/** Whether cali_deliver_tile does anything. */
bool cali_has_pushes(const cal_snn *self);
/** Makes the list of arrivals of the block just done; one thread. */
void cali_list_arrivals(cal_snn *self);
size_t cali_max_arrivals(const cal_snn *self);

/** pull.c: keeps the spikes of the block just done; one thread. Errors: MEMORY. */
cal_status cali_past_keep(cal_snn *self);
cal_status cali_past_create(cal_snn *self);
void cali_past_forget(cal_snn *self);
void cali_past_destroy(cal_snn *self);
/** Adds what arrives at a tile at the end of step `step`, of spikes up to the stamp `newest`, to sums[channel][place].
 *  Returns the synapses of the spikes that arrive first here: each spike's are counted once. */
uint64_t cali_pull(const cal_snn *self, unsigned tile, int64_t step, int64_t newest, int32_t *sums);
/** Synapses of the spikes that no step has pulled yet. */
uint64_t cali_unpulled_events(const cal_snn *self);
/** What the step `ahead` steps after the coming one gets by synapses, as far as it is known now: [tile][channel][place],
 *  valid until the next call. */
const int32_t *cali_pending_input(const cal_snn *self, uint32_t ahead);
/** Spikes of a source population with the given stamp: ids and their number. */
const uint32_t *cali_source_spikes(const cal_snn *self, size_t population, int64_t stamp, uint32_t *n);

/** Sums in one slot of a tile's ring, and the ring of a tile. */
static inline size_t cali_ring_stride(const cal_snn *self)
{
    return (size_t)self->n_channels * self->tile_width;
}

static inline int32_t *cali_ring_of(const cal_snn *self, unsigned tile)
{
    return self->ring + (size_t)tile * self->slots * cali_ring_stride(self);
}

/** Asks for a line of memory before its turn. */
static inline void cali_prefetch(const void *at)
{
#if defined(__GNUC__)
    __builtin_prefetch(at);
#else
    (void)at;
#endif
}

static inline void cali_prefetch_to_write(const void *at)
{
#if defined(__GNUC__)
    __builtin_prefetch(at, 1);
#else
    (void)at;
#endif
}

/** First word of a cell of a row; of cell n_cells: the end of the row. */
static inline uint32_t cali_cell_begin(const cali_group *g, const cali_rows *rows, uint32_t source, uint32_t cell)
{
    const uint32_t base = rows->base[source];
    if (cell == 0)
        return base;
    if (cell == g->n_cells)
        return rows->base[source + 1];
    const size_t at = (size_t)source * (g->n_cells - 1) + cell - 1;
    return base + (rows->inner_16 != NULL ? rows->inner_16[at] : rows->inner_32[at]);
}

/** The key of all random numbers of a network. */
static inline cali_key cali_network_key(const cal_snn_def *def)
{
    return cali_key_derive(cali_key_from_seed(def->seed), CALI_USE_NETWORK, def->stream);
}

/** Zeroed memory that counts towards `bytes`. */
cal_status cali_snn_alloc(cal_snn *self, size_t n, size_t size, const char *what, void *out);

/** Whole steps of a delay, at least one. */
static inline uint32_t cali_delay_steps(double delay_ms, double dt_ms)
{
    const double steps = delay_ms / dt_ms * (1.0 + 1e-12) + 0.5; /* 0.15 / 0.1 is below 1.5 */
    return steps < 2.0 ? 1 : (uint32_t)steps;
}

/** Neurons of a population in a tile. */
static inline uint32_t cali_tile_count(const cali_population *p, unsigned n_tiles, unsigned tile)
{
    return p->n > tile ? (p->n - tile - 1) / n_tiles + 1 : 0;
}

static inline uint64_t cali_mix(uint64_t a, uint64_t b)
{
    uint64_t x = (a ^ b * UINT64_C(0xD6E8FEB86659FD93)) * UINT64_C(0x9E3779B97F4A7C15);
    x ^= x >> 31;
    x *= UINT64_C(0xBF58476D1CE4E5B9);
    return x ^ (x >> 29);
}

#endif
