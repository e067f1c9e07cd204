/* Connections by distance: profiles, ways between neurons, and the search for partners.
 *
 * A search has the candidates in cells of a grid and, once for all places, the offsets of the cells around one's own in
 * classes by an upper bound of the profile: bounds of a class differ by a factor of 2 at most. A class is thinned with its
 * bound: gaps between candidates are geometric, and a candidate at distance d is taken with chance profile(d) / bound. So a
 * partner costs a few draws, far candidates cost nothing, and each pair has the chance of its own distance exactly. */
#ifndef CALI_SNN_DISTANCE_H
#define CALI_SNN_DISTANCE_H

#include "base/spatial_formula.h"
#include "base/text.h"
#include "snn/network.h"

enum { CALI_MAX_NEAREST = 1000 };

/* ---- profiles -------------------------------------------------------------------------------------- */

/** Whether a profile is anything but 1 everywhere. */
bool cali_has_profile(const cal_snn_profile *profile);
/** Whether a projection uses positions. */
bool cali_needs_positions(const cal_snn_projection *p);
/** What a saved state tells of it; nothing where positions are not used. */
void cali_distance_describe(const cal_snn_projection *p, cali_text *out);
/** Whether partners are searched for by distance. */
static inline bool cali_is_searched(const cal_snn_projection *p)
{
    return p->rule == CAL_NEAREST || cali_has_profile(&p->kernel);
}
/** Value at the end of a way; 0 where the way is too long. */
double cali_profile_at(const cal_snn_profile *profile, unsigned n_dimensions, const double way[CAL_MAX_DIMENSIONS]);
/** The profile is 0 beyond this distance. */
double cali_profile_end(const cal_snn_profile *profile, unsigned n_dimensions);
/** Bounds of the kernel's or the formula's values over ways; the limit is not asked. */
cali_range cali_profile_range(const cal_snn_profile *profile, const cali_ways *ways);
/** Whether delays grow with the way. */
static inline bool cali_has_way_delay(const cal_snn_projection *p)
{
    return p->velocity_mm_per_ms > 0.0 || p->delay_formula != NULL;
}

/** The way from neuron `i` of a space to neuron `j` of another, the shorter one where space is periodic. */
void cali_way(const cal_snn_space *from, uint32_t i, const cal_snn_space *to, uint32_t j, double way[CAL_MAX_DIMENSIONS]);
/** Where both ends of a projection lie; NULL: nowhere. */
typedef struct cali_ends {
    const cal_snn_space *from, *to;
    uint32_t n_from, n_to;
} cali_ends;
cali_ends cali_ends_of(const cal_snn_def *def, const cal_snn_projection *p);
/** The ends of a projection of a network. */
cali_ends cali_ends_in(const cal_snn *self, const cal_snn_projection *p);

/** Checks what a projection asks of space. Errors: ARGUMENT. */
cal_status cali_check_distance(cal_context *ctx, const cal_snn_def *def, const cal_snn_projection *p, const char *where);

/* ---- weights and delays ------------------------------------------------------------------------------ */

/** Weight and delay of synapse number `k` of a target: draws, times the profile of the weight, plus the time that the way
 *  takes. */
double cali_synapse_weight(const cal_snn *self, const cali_projection *p, uint32_t source, uint32_t target, uint32_t k);
double cali_synapse_delay_ms(const cal_snn *self, const cali_projection *p, uint32_t source, uint32_t target, uint32_t k);
/** Bounds of all weights and delays, and an upper bound of the mean size of a weight. */
void cali_weight_bounds(const cal_snn_projection *p, const cali_ends *ends, double *low, double *high);
double cali_weight_mean_size(const cal_snn_projection *p, const cali_ends *ends);
void cali_delay_bounds(const cal_snn_projection *p, const cali_ends *ends, double *low, double *high);

/** Keeps the bounds of the projection's formulas, in which weights and delays are held. */
void cali_distance_plan(const cal_snn *self, cali_projection *p);

/* ---- the search -------------------------------------------------------------------------------------- */

typedef struct cali_search cali_search;

/** Candidates are the neurons of one end, as they are looked for from neurons of the other: the sources of each target, or
 *  (`is_out`) the targets of each source. Spaces and profile outlive the search. `factor` times the profile is a chance
 *  (Bernoulli) or a share; profile NULL: for the nearest. Errors: MEMORY. */
cal_status cali_search_create(cal_context *ctx, const cali_ends *ends, bool is_out, const cal_snn_profile *profile, double factor,
                              cali_search **out);
void cali_search_destroy(cali_search **search);

/** Sum of the chances of all candidates of a neuron but `own`. */
double cali_search_sum(const cali_search *search, uint32_t unit, uint32_t own);
/** Whether at least `k` candidates but `own` have a chance. */
bool cali_search_has(const cali_search *search, uint32_t unit, uint32_t own, uint32_t k);
/** Takes each candidate but `own` with its chance; returns how many. */
uint32_t cali_search_thin(const cali_search *search, cali_key key, uint32_t unit, uint32_t own, uint32_t *chosen);
/** Draws `k` candidates but `own` with chances in proportion to the profile, distinct ones unless `has_repeats`; there must be
 *  enough (cali_search_has). `is_taken`: a bit per candidate, zero before and after. */
void cali_search_draw(const cali_search *search, cali_key key, uint32_t use, uint32_t unit, uint32_t own, uint32_t k,
                      bool has_repeats, uint8_t *is_taken, uint32_t *chosen);
/** Chance or share of a candidate. */
double cali_search_chance(const cali_search *search, uint32_t unit, uint32_t candidate);
/** The first three counters of a draw. */
typedef struct cali_counter {
    uint32_t c0, c1, c2;
} cali_counter;
/** Proposes candidates with chances in proportion to the profile until `accepts`, which gets a uniform number too, takes one;
 *  CALI_NO_ONE: none of the attempts was taken. */
uint32_t cali_search_try(const cali_search *search, cali_key key, uint32_t unit, uint32_t n_attempts,
                         bool (*accepts)(const void *arg, uint32_t candidate, double x), const void *arg, cali_counter counter);
double cali_search_bytes(const cali_search *search);
/** The k nearest candidates but `own` (k <= CALI_MAX_NEAREST), by distance, then by number; returns how many there are. */
uint32_t cali_search_nearest(const cali_search *search, uint32_t unit, uint32_t own, uint32_t k, uint32_t *chosen);

/** No candidate is left out. */
#define CALI_NO_ONE UINT32_MAX

#endif
