/* Structural projections before a run, and the delivery of spikes along the synapses that there are at the time. */
#include "snn/structural.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "snn/rules.h"

/* ---- checks --------------------------------------------------------------------------------------- */

static void read_params(const cal_synapse *face, const cal_snn_projection *p, double *out)
{
    for (size_t k = 0; k < face->n_params; k++) {
        out[k] = face->params[k].value;
        for (size_t i = 0; i < p->n_settings; i++)
            if (strcmp(p->settings[i].name, face->params[k].name) == 0)
                out[k] = p->settings[i].value.a;
    }
}

bool cali_structural_is_impossible(const cal_snn_projection *p, const cali_synapse *synapse, char *why, size_t size)
{
    static const char *const names[] = {"axon", "dendrite"};
    double params[CALI_MAX_SYNAPSE_PARAMS];
    char problem[128];
    if (synapse->growth == NULL)
        return false;
    read_params(&synapse->face, p, params);
    const double capacity = params[CALI_CAPACITY];
    for (size_t s = 0; s < CALI_N_SIDES; s++) {
        const double *side = params + CALI_FIRST_SIDE + s * synapse->growth->n_params;
        if (synapse->growth->is_bad == NULL || !synapse->growth->is_bad(side, problem, sizeof problem))
            continue;
        snprintf(why, size, "of synapse %s, %s_%s", synapse->face.name, names[s], problem);
        return true;
    }
    const double start = params[CALI_FIRST_SIDE + synapse->growth->n_params + CALI_SIDE_START];
    if (capacity != floor(capacity))
        snprintf(why, size, "capacity of synapse %s must be a whole number, is %g", synapse->face.name, capacity);
    else if (p->rule == CAL_FIXED_IN_DEGREE && p->in_degree > capacity)
        snprintf(why, size, "in_degree %u is more than the capacity of %g synapses", p->in_degree, capacity);
    else if (start > capacity)
        snprintf(why, size, "dendrite_start %g is more than the capacity of %g synapses", start, capacity);
    else
        return false;
    return true;
}

/* ---- plan ----------------------------------------------------------------------------------------- */

cal_status cali_structural_reserve(cal_snn *self, const cal_snn_def *def)
{
    size_t n = 0;
    for (size_t i = 0; i < def->n_projections; i++)
        n += cali_is_structural(def->projections[i].synapse);
    return cali_alloc(self->ctx, n, sizeof *self->structurals, "structural projections", &self->structurals);
}

cali_projection *cali_structural_add(cal_snn *self, const cal_snn_projection *def, size_t i)
{
    cali_structural *p = &self->structurals[self->n_structurals++];
    double low, high;
    p->number = i;
    p->synapse = cali_synapse_of(def->synapse);
    read_params(&p->synapse->face, def, p->param);
    p->capacity = (uint32_t)p->param[CALI_CAPACITY];
    const cali_ends ends = cali_ends_in(self, def);
    cali_weight_bounds(def, &ends, &low, &high);
    p->projection.limit = fmax(fabs(low), fabs(high));
    p->projection.capacity = p->capacity;
    return &p->projection;
}

cali_projection *cali_structural_projection(const cal_snn *self, size_t i)
{
    return &self->structurals[i].projection;
}

uint32_t cali_structural_longest_delay(const cal_snn *self)
{
    uint32_t longest = 0;
    for (size_t i = 0; i < self->n_structurals; i++)
        longest = self->structurals[i].longest_delay > longest ? self->structurals[i].longest_delay : longest;
    return longest;
}

static void plan_side(const cal_snn *self, cali_structural *p, size_t s, size_t population, double most)
{
    cali_side *side = &p->sides[s];
    const size_t n_params = p->synapse->growth->n_params;
    side->population = population;
    side->n = self->populations[population].n;
    side->width = (side->n + self->n_tiles - 1) / self->n_tiles;
    side->most = most;
    memcpy(side->param, p->param + CALI_FIRST_SIDE + s * n_params, n_params * sizeof *side->param);
    side->param[CALI_SIDE_GROWTH] *= 1e-3; /* per ms */
}

static cal_status plan_one(cal_snn *self, cali_structural *p)
{
    static const double many = 1e9; /* elements of an axon */
    cali_projection *projection = &p->projection;
    const cali_population *to = &self->populations[projection->def.to];
    const cal_receptor *receptor = &to->neuron->face.receptors[projection->receptor];
    const double steps = floor(p->param[CALI_INTERVAL] / self->dt_ms * (1.0 + 1e-12) + 0.5);
    double low, high;
    projection->scale = ldexp(1.0, to->exponent[projection->receptor]);
    if (projection->limit * projection->scale > 2147483647.0)
        return CAL_FAIL(self->ctx, CAL_ERR_UNSUPPORTED, "E402 %s: a weight of %g %s is beyond the %g %s that a step can hold",
                        to->name, projection->limit, receptor->unit, 2147483647.0 / projection->scale, receptor->unit);
    const cali_ends ends = cali_ends_in(self, &projection->def);
    cali_delay_bounds(&projection->def, &ends, &low, &high);
    p->longest_delay = cali_delay_steps(high, self->dt_ms);
    p->interval = steps < 1.0 ? 1 : (int64_t)steps;
    p->key = cali_key_derive(self->key, CALI_USE_STRUCTURE, (uint32_t)p->number);
    p->delivered = -1;
    plan_side(self, p, CALI_AXONS, projection->def.from, many);
    plan_side(self, p, CALI_DENDRITES, projection->def.to, p->capacity);
    if (!cali_has_profile(&projection->def.kernel))
        return CAL_OK;
    return cali_search_create(self->ctx, &ends, true, &projection->def.kernel, 1.0, &p->search);
}

cal_status cali_structural_plan(cal_snn *self)
{
    for (size_t i = 0; i < self->n_structurals; i++)
        CAL_TRY(plan_one(self, &self->structurals[i]));
    return CAL_OK;
}

double cali_structural_bytes(const cal_snn *self)
{
    double bytes = 0.0;
    for (size_t i = 0; i < self->n_structurals; i++) {
        const cali_structural *p = &self->structurals[i];
        const double n_from = p->sides[CALI_AXONS].n, n_to = p->sides[CALI_DENDRITES].n, tiles = self->n_tiles;
        bytes += 2.0 * sizeof(cali_contact) * n_to * p->capacity + 8.0 * tiles * (n_from + 1.0) + 8.0 * (n_from + n_to);
        for (size_t s = 0; s < CALI_N_SIDES; s++)
            bytes += sizeof(cali_element) * tiles * p->sides[s].width + 16.0 * p->sides[s].n;
        bytes += p->search == NULL ? 0.0 : cali_search_bytes(p->search);
    }
    return bytes;
}

/* ---- making --------------------------------------------------------------------------------------- */

cali_contact cali_contact_between(const cal_snn *self, const cali_structural *p, uint32_t source, uint32_t target, uint32_t k)
{
    const double weight = cali_synapse_weight(self, &p->projection, source, target, k);
    return (cali_contact){.neuron = source,
                          .delay = cali_delay_steps(cali_synapse_delay_ms(self, &p->projection, source, target, k), self->dt_ms),
                          .quanta = (int32_t)floor(weight * p->projection.scale + 0.5)};
}

/* The synapses at the start: those of the connection's rule. */
static cal_status draw_start(cal_snn *self, cali_structural *p, cali_draw *draw)
{
    const bool is_list = p->projection.def.rule == CAL_SYNAPSE_LIST; /* which may tell weights and delays */
    const char *from = self->populations[p->projection.def.from].name, *to = self->populations[p->projection.def.to].name;
    for (uint32_t target = 0; target < p->sides[CALI_DENDRITES].n; target++) {
        const uint32_t n = cali_draw_sources(self, &p->projection, target, draw);
        if (n > p->capacity)
            return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s to %s: neuron %u has %u synapses at the start, its capacity is %u",
                            from, to, target, n, p->capacity);
        for (uint32_t k = 0; k < n; k++) {
            const uint32_t source = draw->sources[k];
            cali_contacts_of(p, target)[k] = cali_contact_between(self, p, source, target, is_list ? k : source);
            p->sides[CALI_AXONS].connected[source]++;
        }
        p->sides[CALI_DENDRITES].connected[target] = n;
        p->n_synapses += n;
    }
    p->version = 1;
    return CAL_OK;
}

static cal_status create_side(cal_snn *self, cali_side *side)
{
    CAL_TRY(cali_snn_alloc(self, (size_t)self->n_tiles * side->width, sizeof *side->elements, "elements", &side->elements));
    CAL_TRY(cali_snn_alloc(self, side->n, sizeof *side->connected, "elements", &side->connected));
    CAL_TRY(cali_snn_alloc(self, side->n, sizeof *side->vacant.n_of, "vacant elements", &side->vacant.n_of));
    CAL_TRY(cali_snn_alloc(self, side->n, sizeof *side->vacant.member, "vacant elements", &side->vacant.member));
    return cali_snn_alloc(self, side->n, sizeof *side->vacant.at, "vacant elements", &side->vacant.at);
}

static cal_status create_one(cal_snn *self, cali_structural *p)
{
    const uint32_t n_from = p->sides[CALI_AXONS].n, n_to = p->sides[CALI_DENDRITES].n;
    cali_draw draw = {0};
    for (size_t s = 0; s < CALI_N_SIDES; s++)
        CAL_TRY(create_side(self, &p->sides[s]));
    CAL_TRY(cali_snn_alloc(self, n_from, sizeof *p->n_lost, "elements", &p->n_lost));
    CAL_TRY(cali_snn_alloc(self, n_from, sizeof *p->n_left, "elements", &p->n_left));
    CAL_TRY(cali_snn_alloc(self, n_to, sizeof *p->chances, "elements", &p->chances));
    CAL_TRY(cali_snn_alloc(self, (size_t)n_to * p->capacity, sizeof *p->contacts, "synapses", &p->contacts));
    CAL_TRY(cali_snn_alloc(self, self->n_tiles, sizeof *p->tiles, "tiles", &p->tiles));
    for (unsigned tile = 0; tile < self->n_tiles; tile++) {
        const size_t n = cali_tile_count(&self->populations[p->projection.def.to], self->n_tiles, tile);
        CAL_TRY(cali_snn_alloc(self, (size_t)n_from + 1, sizeof(uint64_t), "rows of synapses", &p->tiles[tile].begin));
        CAL_TRY(cali_snn_alloc(self, n * p->capacity, sizeof(cali_contact), "synapses", &p->tiles[tile].contacts));
    }
    self->bytes += p->search == NULL ? 0.0 : cali_search_bytes(p->search);
    cal_status status = cali_alloc(self->ctx, cali_longest_list(self, &p->projection), sizeof(uint32_t), "sources", &draw.sources);
    if (status == CAL_OK)
        status = cali_alloc(self->ctx, (n_from > n_to ? n_from : n_to) / 8 + 1, 1, "marks", &draw.is_taken);
    if (status == CAL_OK)
        status = draw_start(self, p, &draw);
    free(draw.sources);
    free(draw.is_taken);
    for (size_t s = 0; s < CALI_N_SIDES; s++)
        for (uint32_t id = 0; status == CAL_OK && id < p->sides[s].n; id++)
            cali_element_of(self, &p->sides[s], id)->z =
                fmin(p->sides[s].connected[id] + p->sides[s].param[CALI_SIDE_START], p->sides[s].most);
    return status;
}

cal_status cali_structural_create(cal_snn *self)
{
    const double before = self->bytes;
    for (size_t i = 0; i < self->n_structurals; i++)
        CAL_TRY(create_one(self, &self->structurals[i]));
    self->synapse_bytes += self->bytes - before;
    return CAL_OK;
}

void cali_structural_destroy(cal_snn *self)
{
    for (size_t i = 0; self->structurals != NULL && i < self->n_structurals; i++) {
        cali_structural *p = &self->structurals[i];
        for (size_t s = 0; s < CALI_N_SIDES; s++) {
            free(p->sides[s].elements);
            free(p->sides[s].connected);
            free(p->sides[s].vacant.n_of);
            free(p->sides[s].vacant.member);
            free(p->sides[s].vacant.at);
        }
        for (unsigned tile = 0; p->tiles != NULL && tile < self->n_tiles; tile++) {
            free(p->tiles[tile].begin);
            free(p->tiles[tile].contacts);
        }
        free(p->tiles);
        free(p->contacts);
        free(p->n_lost);
        free(p->n_left);
        free(p->chances);
        cali_search_destroy(&p->search);
    }
    free(self->structurals);
}

void cali_structural_add_limits(const cal_snn *self, unsigned tile, int64_t *sums)
{
    for (size_t i = 0; i < self->n_structurals; i++) {
        const cali_projection *p = &self->structurals[i].projection;
        const cali_population *to = &self->populations[p->def.to];
        const int64_t limit = (int64_t)(p->limit * p->scale + 0.5); /* fits int32: plan_one */
        int64_t *const at = sums + (size_t)p->channel * self->tile_width + to->offset;
        for (uint32_t k = 0; k < cali_tile_count(to, self->n_tiles, tile); k++)
            at[k] += p->capacity * limit;
    }
}

/* ---- delivery ------------------------------------------------------------------------------------- */

/* Rows by source from the lists of the tile's targets: sizes, ends, and from there downwards the synapses. */
static void make_rows(const cal_snn *self, const cali_structural *p, unsigned tile)
{
    cali_structural_tile *t = &p->tiles[tile];
    const uint32_t n_from = p->sides[CALI_AXONS].n, n_to = p->sides[CALI_DENDRITES].n;
    const uint32_t *const n_of = p->sides[CALI_DENDRITES].connected;
    memset(t->begin, 0, ((size_t)n_from + 1) * sizeof *t->begin);
    for (uint32_t target = tile; target < n_to; target += self->n_tiles)
        for (uint32_t k = 0; k < n_of[target]; k++)
            t->begin[cali_contacts_of(p, target)[k].neuron]++;
    for (uint32_t i = 1; i <= n_from; i++)
        t->begin[i] += t->begin[i - 1];
    for (uint32_t target = tile; target < n_to; target += self->n_tiles)
        for (uint32_t k = 0; k < n_of[target]; k++) {
            const cali_contact c = cali_contacts_of(p, target)[k];
            t->contacts[--t->begin[c.neuron]] = (cali_contact){target / self->n_tiles, c.delay, c.quanta};
        }
    t->version = p->version;
}

const cali_contact *cali_structural_row(const cal_snn *self, const cali_structural *p, unsigned tile, uint32_t source, size_t *n)
{
    const cali_structural_tile *t = &p->tiles[tile];
    if (t->version != p->version)
        make_rows(self, p, tile);
    *n = (size_t)(t->begin[source + 1] - t->begin[source]);
    return t->contacts + t->begin[source];
}

static void deliver_spikes(cal_snn *self, const cali_structural *p, unsigned tile, int64_t stamp, const uint32_t *ids, uint32_t n)
{
    const cali_population *to = &self->populations[p->projection.def.to];
    const size_t stride = cali_ring_stride(self), first = (size_t)stamp & (self->slots - 1), mask = self->slots - 1;
    int32_t *const ring = cali_ring_of(self, tile) + (size_t)p->projection.channel * self->tile_width + to->offset;
    for (uint32_t i = 0; i < n; i++) {
        size_t n_row;
        const cali_contact *row = cali_structural_row(self, p, tile, ids[i], &n_row);
        for (size_t k = 0; k < n_row; k++)
            ring[((first + row[k].delay) & mask) * stride + row[k].neuron] += row[k].quanta;
        self->tiles[tile].n_events += n_row;
    }
}

void cali_structural_deliver(cal_snn *self, cali_structural *p, unsigned tile)
{
    const size_t from = p->projection.def.from;
    if (self->pending_step < p->delivered)
        return;
    for (uint32_t k = 0; k < self->pending_steps; k++) {
        const int64_t stamp = self->pending_step + k + 1;
        if (self->populations[from].neuron == NULL) {
            uint32_t n;
            const uint32_t *ids = cali_source_spikes(self, from, stamp, &n);
            deliver_spikes(self, p, tile, stamp, ids, n);
            continue;
        }
        for (unsigned t = 0; t < self->n_tiles; t++) {
            const cali_spike_list *list = &self->tiles[t].list[self->parity];
            const uint32_t *start = &list->start[k * self->n_populations + from];
            deliver_spikes(self, p, tile, stamp, list->ids + start[0], start[1] - start[0]);
        }
    }
}

void cali_structural_deliver_tile(cal_snn *self, unsigned tile)
{
    for (size_t i = 0; i < self->n_structurals; i++)
        cali_structural_deliver(self, &self->structurals[i], tile);
}
