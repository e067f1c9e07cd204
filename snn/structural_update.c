/* Structural projections in a run: growth of elements by calcium, and at each update, in this order, broken synapses of axons
 * that lost elements, then of dendrites; new synapses between vacant elements; decay of what stays vacant.
 *
 * Vacant axonal elements find partners one after another: an element is drawn among all, then one of a dendrite with
 * chances in proportion to the kernel. Drawing rejects what does not fit, and after some attempts goes through all neurons
 * with vacant elements: the chances are the same. Draws are functions of (projection, update, number), and one thread does
 * it all: nothing depends on tiles. */
#include "snn/structural.h"

#include <string.h>

/* ---- growth --------------------------------------------------------------------------------------- */

/* Integral of the speed over a time without spikes: three points of Gauss & Legendre on parts that are short against the
 * decay of calcium and its change against the curve's width. Beyond 40 time constants there is no calcium. */
static double integrate(const cali_growth_curve *curve, const double *side, double calcium, double duration_ms, double tau_ms)
{
    static const double node[] = {0.5 - 0.38729833462074168852, 0.5, 0.5 + 0.38729833462074168852};
    static const double share[] = {5.0 / 18.0, 8.0 / 18.0, 5.0 / 18.0};
    const double falling_ms = duration_ms < 40.0 * tau_ms ? duration_ms : 40.0 * tau_ms;
    const double fall = calcium * (1.0 - cali_exp(-falling_ms / tau_ms));
    const double n_wanted = 1.0 + 4.0 * falling_ms / tau_ms + 4.0 * fall / curve->width(side);
    const int n = n_wanted < 2000.0 ? (int)n_wanted : 2000;
    const double part_ms = falling_ms / n, at_end = cali_exp(-part_ms / tau_ms);
    double decay[3], sum = 0.0;
    for (int q = 0; q < 3; q++)
        decay[q] = cali_exp(-part_ms * node[q] / tau_ms);
    for (int i = 0; i < n; i++, calcium *= at_end)
        for (int q = 0; q < 3; q++)
            sum += share[q] * curve->speed(side, calcium * decay[q]);
    return sum * part_ms + (duration_ms - falling_ms) * curve->speed(side, 0.0);
}

void cali_element_advance(const cal_snn *self, const cali_structural *p, const cali_side *side, cali_element *e, int64_t stamp)
{
    const double duration_ms = (double)(stamp - e->stamp) * self->dt_ms, tau_ms = p->param[CALI_TAU_CA];
    if (stamp == e->stamp)
        return;
    const double grown = side->param[CALI_SIDE_GROWTH] * integrate(p->synapse->growth, side->param, e->calcium, duration_ms, tau_ms);
    e->z = cali_clip(e->z + grown, 0.0, side->most);
    e->calcium *= cali_decay_exp(self->dt_ms / tau_ms, stamp - e->stamp);
    e->stamp = stamp;
}

static void count_spikes(const cal_snn *self, const cali_structural *p, const cali_side *side, unsigned tile, int64_t stamp,
                         const uint32_t *ids, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (ids[i] % self->n_tiles != tile)
            continue;
        cali_element *e = cali_element_of(self, side, ids[i]);
        cali_element_advance(self, p, side, e, stamp);
        e->calcium += p->param[CALI_BETA_CA];
    }
}

static void grow_side(const cal_snn *self, const cali_structural *p, const cali_side *side, unsigned tile)
{
    const cali_spike_list *list = &self->tiles[tile].list[self->parity];
    const int64_t end = self->block_step + self->block_steps;
    for (uint32_t k = 0; k < self->block_steps; k++) {
        const int64_t stamp = self->block_step + k + 1;
        const uint32_t *start = &list->start[k * self->n_populations + side->population];
        uint32_t n = start[1] - start[0];
        const uint32_t *ids = list->ids + start[0];
        if (self->populations[side->population].neuron == NULL)
            ids = cali_source_spikes(self, side->population, stamp, &n);
        count_spikes(self, p, side, tile, stamp, ids, n);
    }
    for (uint32_t id = tile; end % p->interval == 0 && id < side->n; id += self->n_tiles)
        cali_element_advance(self, p, side, cali_element_of(self, side, id), end);
}

void cali_structural_grow_tile(cal_snn *self, unsigned tile)
{
    for (size_t i = 0; i < self->n_structurals; i++)
        for (size_t s = 0; s < CALI_N_SIDES; s++)
            grow_side(self, &self->structurals[i], &self->structurals[i].sides[s], tile);
}

uint32_t cali_structural_left(const cal_snn *self)
{
    uint32_t left = UINT32_MAX;
    for (size_t i = 0; i < self->n_structurals; i++) {
        const int64_t interval = self->structurals[i].interval, rest = interval - self->step % interval;
        left = rest < left ? (uint32_t)rest : left;
    }
    return left;
}

/* ---- random numbers of an update ------------------------------------------------------------------- */

enum { LOSE_AXONS, LOSE_DENDRITES, DRAW_AXON, DRAW_DENDRITE };
enum { MAX_ATTEMPTS = 64 };

typedef struct update {
    const cal_snn *self;
    cali_structural *p;
    uint32_t number;          /* of the update */
    uint32_t n_drawn, source; /* of the vacant element that looks for a partner */
} update;

static double draw_uniform(const update *u, uint32_t unit, uint32_t use, uint32_t k)
{
    const cali_random r = cali_philox(u->p->key, unit, u->number, use, k);
    return cali_uniform(r.word[0], r.word[1]);
}

static uint32_t n_elements(const update *u, size_t s, uint32_t id)
{
    return (uint32_t)cali_element_of(u->self, &u->p->sides[s], id)->z;
}

/* ---- loss ----------------------------------------------------------------------------------------- */

/* Of `n_left` synapses, this one included, `n_lost` go, each alike. */
static bool is_lost(const update *u, uint32_t unit, uint32_t use, uint32_t n_lost, uint32_t n_left)
{
    return n_lost > 0 && draw_uniform(u, unit, use, n_left) * n_left < n_lost;
}

/* Keeps the order of the others. */
static void break_synapse(const update *u, uint32_t target, uint32_t k)
{
    cali_structural *p = u->p;
    cali_contact *const list = cali_contacts_of(p, target);
    const uint32_t n = --p->sides[CALI_DENDRITES].connected[target];
    p->sides[CALI_AXONS].connected[list[k].neuron]--;
    memmove(&list[k], &list[k + 1], (n - k) * sizeof *list);
    p->n_synapses--;
    p->n_broken++;
    p->version++;
}

static void lose_axons(const update *u)
{
    cali_structural *p = u->p;
    const cali_side *axons = &p->sides[CALI_AXONS], *dendrites = &p->sides[CALI_DENDRITES];
    uint64_t total = 0;
    for (uint32_t i = 0; i < axons->n; i++) {
        const uint32_t n = n_elements(u, CALI_AXONS, i);
        p->n_left[i] = axons->connected[i];
        p->n_lost[i] = p->n_left[i] > n ? p->n_left[i] - n : 0;
        total += p->n_lost[i];
    }
    for (uint32_t target = 0; total > 0 && target < dendrites->n; target++)
        for (uint32_t k = 0; k < dendrites->connected[target];) {
            const uint32_t i = cali_contacts_of(p, target)[k].neuron, n_left = p->n_left[i]--;
            if (!is_lost(u, i, LOSE_AXONS, p->n_lost[i], n_left)) {
                k++;
                continue;
            }
            p->n_lost[i]--;
            total--;
            break_synapse(u, target, k);
        }
}

static void lose_dendrites(const update *u)
{
    const cali_side *dendrites = &u->p->sides[CALI_DENDRITES];
    for (uint32_t target = 0; target < dendrites->n; target++) {
        const uint32_t n = n_elements(u, CALI_DENDRITES, target);
        uint32_t n_left = dendrites->connected[target], n_lost = n_left > n ? n_left - n : 0;
        for (uint32_t k = 0; n_lost > 0; n_left--) {
            if (!is_lost(u, target, LOSE_DENDRITES, n_lost, n_left)) {
                k++;
                continue;
            }
            n_lost--;
            break_synapse(u, target, k);
        }
    }
}

/* ---- vacant elements ------------------------------------------------------------------------------- */

static void find_vacant(const update *u, size_t s)
{
    cali_vacant *v = &u->p->sides[s].vacant;
    v->n = v->most = 0;
    for (uint32_t id = 0; id < u->p->sides[s].n; id++) {
        const uint32_t n = n_elements(u, s, id), connected = u->p->sides[s].connected[id];
        v->n_of[id] = n > connected ? n - connected : 0;
        v->most = v->n_of[id] > v->most ? v->n_of[id] : v->most;
        if (v->n_of[id] == 0)
            continue;
        v->at[id] = v->n;
        v->member[v->n++] = id;
    }
}

static void take_vacant(cali_vacant *v, uint32_t id, uint32_t n)
{
    v->n_of[id] -= n;
    if (v->n_of[id] > 0)
        return;
    const uint32_t last = v->member[--v->n];
    v->member[v->at[id]] = last;
    v->at[last] = v->at[id];
}

/* A neuron by its vacant elements. */
static uint32_t draw_axon(const update *u)
{
    const cali_vacant *v = &u->p->sides[CALI_AXONS].vacant;
    for (uint32_t attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const cali_random r = cali_philox(u->p->key, u->n_drawn, u->number, DRAW_AXON, attempt);
        const uint32_t id = v->member[cali_below(r.word[0], r.word[1], v->n)];
        if (cali_uniform(r.word[2], r.word[3]) * v->most < v->n_of[id])
            return id;
    }
    uint64_t total = 0;
    for (uint32_t i = 0; i < v->n; i++)
        total += v->n_of[v->member[i]];
    double rest = draw_uniform(u, u->n_drawn, DRAW_AXON, MAX_ATTEMPTS) * (double)total;
    uint32_t i = 0;
    for (; i + 1 < v->n && rest >= v->n_of[v->member[i]]; i++)
        rest -= v->n_of[v->member[i]];
    return v->member[i];
}

/* ---- partners -------------------------------------------------------------------------------------- */

/* A pair is looked for among the synapses of the target last: that takes longest. */
static bool may_join(const update *u, uint32_t target)
{
    const cal_snn_projection *def = &u->p->projection.def;
    const cali_contact *list = cali_contacts_of(u->p, target);
    const uint32_t n = def->has_multapses ? 0 : u->p->sides[CALI_DENDRITES].connected[target];
    bool may = def->from != def->to || def->has_autapses || target != u->source;
    for (uint32_t k = 0; may && k < n; k++)
        may = list[k].neuron != u->source;
    return may;
}

static bool accepts(const void *arg, uint32_t target, double x)
{
    const update *u = arg;
    const cali_vacant *v = &u->p->sides[CALI_DENDRITES].vacant;
    return x * v->most < v->n_of[target] && may_join(u, target);
}

static uint32_t try_uniform(const update *u)
{
    const cali_vacant *v = &u->p->sides[CALI_DENDRITES].vacant;
    for (uint32_t attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const cali_random r = cali_philox(u->p->key, u->n_drawn, u->number, DRAW_DENDRITE, attempt);
        const uint32_t id = v->member[cali_below(r.word[0], r.word[1], v->n)];
        if (accepts(u, id, cali_uniform(r.word[2], r.word[3])))
            return id;
    }
    return CALI_NO_ONE;
}

/* Among all neurons with vacant elements, by the sum of their chances up to each, until one may be joined. */
static uint32_t draw_among_all(const update *u)
{
    const cali_structural *p = u->p;
    const cali_vacant *v = &p->sides[CALI_DENDRITES].vacant;
    double total = 0.0;
    for (uint32_t i = 0; i < v->n; i++) {
        const double kernel = p->search == NULL ? 1.0 : cali_search_chance(p->search, u->source, v->member[i]);
        total += p->chances[i] = kernel > 0.0 ? v->n_of[v->member[i]] * kernel : 0.0;
    }
    for (uint32_t k = MAX_ATTEMPTS; total > 0.0; k++) {
        const double wanted = draw_uniform(u, u->n_drawn, DRAW_DENDRITE, 2 * k) * total;
        uint32_t last = 0;
        double sum = 0.0;
        for (uint32_t i = 0; i < v->n && sum <= wanted; i++) {
            sum += p->chances[i];
            last = p->chances[i] > 0.0 ? i : last;
        }
        if (may_join(u, v->member[last]))
            return v->member[last];
        p->chances[last] = total = 0.0;
        for (uint32_t i = 0; i < v->n; i++)
            total += p->chances[i];
    }
    return CALI_NO_ONE;
}

static uint32_t draw_dendrite(const update *u)
{
    const cali_structural *p = u->p;
    uint32_t target = CALI_NO_ONE;
    if (p->sides[CALI_DENDRITES].vacant.n > MAX_ATTEMPTS)
        target = p->search == NULL ? try_uniform(u)
                                   : cali_search_try(p->search, p->key, u->source, MAX_ATTEMPTS, accepts, u,
                                                     (cali_counter){u->n_drawn, u->number, DRAW_DENDRITE});
    return target != CALI_NO_ONE ? target : draw_among_all(u);
}

static void join(const update *u, uint32_t target)
{
    cali_structural *p = u->p;
    cali_contacts_of(p, target)[p->sides[CALI_DENDRITES].connected[target]++] =
        cali_contact_between(u->self, p, u->source, target, u->source);
    p->sides[CALI_AXONS].connected[u->source]++;
    take_vacant(&p->sides[CALI_AXONS].vacant, u->source, 1);
    take_vacant(&p->sides[CALI_DENDRITES].vacant, target, 1);
    p->n_synapses++;
    p->n_formed++;
    p->version++;
}

static void form_synapses(update *u)
{
    cali_vacant *axons = &u->p->sides[CALI_AXONS].vacant, *dendrites = &u->p->sides[CALI_DENDRITES].vacant;
    find_vacant(u, CALI_AXONS);
    find_vacant(u, CALI_DENDRITES);
    for (u->n_drawn = 0; axons->n > 0 && dendrites->n > 0; u->n_drawn++) {
        u->source = draw_axon(u);
        const uint32_t target = draw_dendrite(u);
        if (target != CALI_NO_ONE)
            join(u, target);
        else /* nobody for any of its elements */
            take_vacant(axons, u->source, axons->n_of[u->source]);
    }
}

static void decay_vacant(const update *u)
{
    for (size_t s = 0; s < CALI_N_SIDES; s++)
        for (uint32_t id = 0; id < u->p->sides[s].n; id++) {
            const uint32_t n = n_elements(u, s, id), connected = u->p->sides[s].connected[id];
            if (n > connected)
                cali_element_of(u->self, &u->p->sides[s], id)->z -= u->p->param[CALI_DECAY] * (n - connected);
        }
}

/* ---- an update -------------------------------------------------------------------------------------- */

/* Spikes up to this moment go along the synapses that there were until now. */
void cali_structural_update(cal_snn *self)
{
    for (size_t i = 0; i < self->n_structurals; i++) {
        cali_structural *p = &self->structurals[i];
        if (self->step % p->interval != 0)
            continue;
        for (unsigned tile = 0; tile < self->n_tiles; tile++)
            cali_structural_deliver(self, p, tile);
        p->delivered = self->step;
        update u = {.self = self, .p = p, .number = (uint32_t)(self->step / p->interval)};
        lose_axons(&u);
        lose_dendrites(&u);
        form_synapses(&u);
        decay_vacant(&u);
    }
}
