/* Structural plasticity: projections whose synapses form and break. Sources have axonal elements, targets dendritic ones;
 * both grow and shrink with the calcium of their neuron. At multiples of an interval, where all tiles meet, one thread breaks
 * the synapses that have lost an element and joins vacant elements. Nothing is allocated in a run: each target has room for
 * `capacity` synapses, in the order in which they formed. From these lists each tile makes, when they have changed, rows by
 * source of the synapses that end in it; its spikes are pushed along them.
 *
 * Source: Butz & van Ooyen (2013), PLoS Comput. Biol. 9, e1003259. */
#ifndef CALI_SNN_STRUCTURAL_H
#define CALI_SNN_STRUCTURAL_H

#include "base/text.h"
#include "snn/distance.h"
#include "snn/synapse.h"

/** Parameters of every structural synapse; then those of the axons' growth and, in the same order, of the dendrites'. */
enum { CALI_TAU_CA, CALI_BETA_CA, CALI_INTERVAL, CALI_CAPACITY, CALI_DECAY, CALI_FIRST_SIDE };
enum { CALI_SIDE_GROWTH, CALI_SIDE_START, CALI_SIDE_EPSILON, CALI_SIDE_SHAPE, CALI_MAX_SIDE_PARAMS };
enum { CALI_AXONS, CALI_DENDRITES, CALI_N_SIDES };

/** How fast elements grow at a concentration of calcium, relative to the parameter `growth`. */
typedef struct cali_growth_curve {
    size_t n_params; /* of a side */
    double (*speed)(const double *side, double calcium);
    double (*width)(const double *side); /* of calcium, within which it changes little */
    bool (*is_bad)(const double *side, char *why, size_t size); /* NULL: never */
} cali_growth_curve;

/** Calcium of a neuron and its elements of one side, as they were at the stamp. */
typedef struct cali_element {
    double calcium, z;
    int64_t stamp;
} cali_element;

/** Neurons with vacant elements. */
typedef struct cali_vacant {
    uint32_t *n_of;   /* [neuron] */
    uint32_t *member; /* the neurons that have some, in no particular but a defined order */
    uint32_t *at;     /* [neuron]: where it stands there */
    uint32_t n, most; /* members; no neuron has more */
} cali_vacant;

typedef struct cali_side {
    size_t population;
    uint32_t n, width; /* neurons, places in a tile */
    double param[CALI_MAX_SIDE_PARAMS];
    double most;            /* elements of a neuron */
    cali_element *elements; /* [tile][width] */
    uint32_t *connected;    /* [neuron]: elements in synapses */
    cali_vacant vacant;
} cali_side;

/** A synapse, in the list of a target or in a row of a tile. */
typedef struct cali_contact {
    uint32_t neuron; /* list: the source; row: the target's place in the tile */
    uint32_t delay;
    int32_t quanta;
} cali_contact;

typedef struct cali_structural_tile {
    uint64_t *begin;        /* [source], one more at the end */
    cali_contact *contacts; /* by source */
    uint64_t version;       /* of the lists from which they were made */
} cali_structural_tile;

typedef struct cali_structural {
    size_t number; /* of the projection in the definition */
    cali_projection projection;
    const cali_synapse *synapse;
    double param[CALI_MAX_SYNAPSE_PARAMS];
    cali_key key;
    int64_t interval; /* steps between two updates */
    uint32_t capacity, longest_delay;
    cali_side sides[CALI_N_SIDES];
    cali_contact *contacts; /* [target][capacity], of which the target's `connected` ones are in use */
    uint32_t *n_lost, *n_left; /* [source]: working memory of an update */
    double *chances; /* of targets with vacant elements: too */
    uint64_t version, n_synapses, n_formed, n_broken;
    int64_t delivered; /* spikes up to this stamp are on their way already */
    cali_search *search; /* NULL: partners do not depend on the distance */
    cali_structural_tile *tiles;
} cali_structural;

/** The element of one neuron. */
static inline cali_element *cali_element_of(const cal_snn *self, const cali_side *side, uint32_t id)
{
    return &side->elements[(size_t)(id % self->n_tiles) * side->width + id / self->n_tiles];
}

/** Synapses of a target, in the order in which they formed. */
static inline cali_contact *cali_contacts_of(const cali_structural *p, uint32_t target)
{
    return &p->contacts[(size_t)target * p->capacity];
}

/* structural.c: before and while the network is built; delivery. */
bool cali_structural_is_impossible(const cal_snn_projection *p, const cali_synapse *synapse, char *why, size_t size);
cal_status cali_structural_reserve(cal_snn *self, const cal_snn_def *def);
/** The place for projection `i` of the definition. */
cali_projection *cali_structural_add(cal_snn *self, const cal_snn_projection *p, size_t i);
/** The projection of structural synapses number `i`. */
cali_projection *cali_structural_projection(const cal_snn *self, size_t i);
/** Once delays and quanta are known. */
cal_status cali_structural_plan(cal_snn *self);
double cali_structural_bytes(const cal_snn *self);
/** Longest delay of all of them, steps; 0: there are none. */
uint32_t cali_structural_longest_delay(const cal_snn *self);
cal_status cali_structural_create(cal_snn *self);
void cali_structural_destroy(cal_snn *self);
/** Adds what all synapses that a target may have can weigh, in quanta, to sums[channel][place] of a tile. */
void cali_structural_add_limits(const cal_snn *self, unsigned tile, int64_t *sums);
/** Adds the spikes of the pending block, as cali_deliver_tile does for static synapses. */
void cali_structural_deliver_tile(cal_snn *self, unsigned tile);
void cali_structural_deliver(cal_snn *self, cali_structural *p, unsigned tile);
/** What a source has in a tile: synapses with the target's place. Only the tile's thread may ask. */
const cali_contact *cali_structural_row(const cal_snn *self, const cali_structural *p, unsigned tile, uint32_t source, size_t *n);
/** Weight and delay of a synapse: `k` is its number in a list of synapses, or the source. */
cali_contact cali_contact_between(const cal_snn *self, const cali_structural *p, uint32_t source, uint32_t target, uint32_t k);

/* structural_update.c: growth, loss and new synapses. */
/** Steps up to the next update of any projection. */
uint32_t cali_structural_left(const cal_snn *self);
/** The spikes of the block just done raise the calcium of the tile's neurons; at an update their elements grow up to it. */
void cali_structural_grow_tile(cal_snn *self, unsigned tile);
/** What is due at the present step, after the spikes of all tiles; one thread. */
void cali_structural_update(cal_snn *self);
/** Brings an element to a later stamp. */
void cali_element_advance(const cal_snn *self, const cali_structural *p, const cali_side *side, cali_element *e, int64_t stamp);

/* state_structural.c: what is read between windows; state.h has its part. */
const cali_structural *cali_structural_find(const cal_snn *self, size_t projection);
uint64_t cali_structural_count(const cal_snn *self);
uint64_t cali_structural_hash(const cal_snn *self);
void cali_structural_describe(const cal_snn *self, cali_text *text);
void cali_structural_visit(const cal_snn *self, size_t from, size_t to, size_t receptor, cal_snn_visit *visit, void *arg);
cal_status cali_structural_weights(const cal_snn *self, const cali_structural *p, cal_snn_weights *out);

#endif
