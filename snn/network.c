/* The object: creation, ports, what is read between windows. */
#include "snn/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "snn/gap.h"
#include "snn/homeostasis.h"
#include "snn/plastic.h"
#include "snn/record.h"
#include "snn/space.h"
#include "snn/structural.h"

static void destroy_parts(cal_snn *self)
{
    cali_devices_destroy(self);
    cali_backend_destroy(self);
    cali_past_destroy(self);
    cali_rules_release(self);
    cali_plastic_destroy(self);
    cali_structural_destroy(self);
    cali_definition_free(self);
    cali_gaps_destroy(self);
    cali_homeostasis_destroy(self);
    cali_records_destroy(self);
    cali_watches_destroy(self);
    cali_spaces_destroy(self);
    for (size_t i = 0; self->populations != NULL && i < self->n_populations; i++) {
        cali_population *p = &self->populations[i];
        for (size_t k = 0; k <= CALI_MAX_CONSTANTS; k++)
            free(p->constant[k]);
        free(p->state);
        free(p->settings);
        free(p->name);
    }
    for (size_t i = 0; self->groups != NULL && i < self->n_groups; i++) {
        cali_group *g = &self->groups[i];
        for (unsigned tile = 0; g->rows != NULL && tile < self->n_tiles; tile++) {
            free(g->rows[tile].base);
            free(g->rows[tile].inner_16);
            free(g->rows[tile].inner_32);
            free(g->rows[tile].words);
        }
        free(g->rows);
    }
    for (size_t i = 0; self->poissons != NULL && i < self->n_poissons; i++) {
        free(self->poissons[i].table);
        free(self->poissons[i].means);
        free(self->poissons[i].words);
        free(self->poissons[i].drawn);
    }
    for (size_t i = 0; self->ports != NULL && i < self->n_ports; i++) {
        cali_port *p = &self->ports[i];
        free(p->name);
        free(p->values);
        free(p->counts);
        free(p->sums);
        free(p->ids);
        free(p->start);
    }
    free(self->populations);
    free(self->projections);
    free(self->values);
    free(self->groups);
    free(self->poissons);
    free(self->ports);
    free(self->name);
}

void cal_snn_destroy(cal_snn **snn)
{
    if (snn == NULL || *snn == NULL)
        return;
    destroy_parts(*snn);
    free(*snn);
    *snn = NULL;
}

double cali_memory_budget(const cal_snn *self)
{
    return self->memory_budget_bytes > 0.0 ? self->memory_budget_bytes : cali_memory_limit();
}

static cal_status check_memory(cal_snn *self)
{
    double n_synapses;
    const double bytes = cali_plan_bytes(self, &n_synapses);
    const double budget = cali_memory_budget(self);
    if (bytes <= budget)
        return CAL_OK;
    return CAL_FAIL(self->ctx, CAL_ERR_MEMORY,
                    "E402 %s needs %.3g GB (%.3g synapses); there is room for %.3g GB. Try fewer synapses.", self->name,
                    bytes * 1e-9, n_synapses, budget * 1e-9);
}

static cal_status init(cal_snn *self, const cal_snn_def *def)
{
    self->draw_loops = cali_draw_loops_at(cali_isa());
    CAL_TRY(cali_plan(self, def));
    CAL_TRY(check_memory(self));
    CAL_TRY(cali_definition_keep(self));
    CAL_TRY(cali_populations_create(self));
    CAL_TRY(cali_homeostasis_create(self));
    CAL_TRY(cali_gaps_create(self));
    CAL_TRY(cali_rules_prepare(self));
    CAL_TRY(cali_plastic_create(self));
    CAL_TRY(cali_structural_create(self));
    CAL_TRY(cali_topology_create(self));
    cali_rules_release(self);
    CAL_TRY(cali_backend_create(self));
    return cali_watches_create(self, def);
}

cal_status cal_snn_create(cal_context *ctx, const cal_snn_def *def, cal_snn **out)
{
    *out = NULL;
    cal_snn *self = NULL;
    CAL_TRY(cali_alloc(ctx, 1, sizeof *self, "network", &self));
    self->ctx = ctx;
    const cal_status status = init(self, def);
    if (status != CAL_OK) {
        cal_snn_destroy(&self);
        return status;
    }
    self->n_values = 0; /* borrowed */
    *out = self;
    return CAL_OK;
}

cal_status cal_snn_estimate(cal_context *ctx, const cal_snn_def *def, double *bytes,
                            double *n_synapses)
{
    cal_snn self = {.ctx = ctx};
    const cal_status status = cali_plan(&self, def);
    *bytes = *n_synapses = 0.0;
    if (status == CAL_OK)
        *bytes = cali_plan_bytes(&self, n_synapses);
    destroy_parts(&self);
    return status;
}

static cal_status bad_port(const cal_snn *self, size_t port, const char *why)
{
    return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s: port %zu (%s) %s", self->name, port,
                    port < self->n_ports ? self->ports[port].name : "none", why);
}

cal_status cal_snn_write(cal_snn *self, size_t port, const double *values)
{
    if (self->is_broken)
        return CAL_FAIL(self->ctx, CAL_ERR_STATE, "%s: stopped by an error before", self->name);
    if (port >= self->n_ports || self->ports[port].values == NULL)
        return bad_port(self, port, "takes no values");
    cali_port *p = &self->ports[port];
    for (uint32_t i = 0; i < p->def.samples; i++) {
        if (!isfinite(values[i]))
            return bad_port(self, port, "was given a value that is not finite");
        if (p->def.kind == CAL_PORT_POISSON &&
            (values[i] < 0.0 || values[i] * p->def.n_trains * self->dt_ms * 1e-3 > CALI_POISSON_MAX))
            return bad_port(self, port, values[i] < 0.0 ? "was given a negative rate"
                                                        : "was given a rate beyond 1e5 per step");
    }
    memcpy(p->values, values, p->def.samples * sizeof *values);
    p->is_written = true;
    return CAL_OK;
}

/* Room for the arrivals of all spikes of this window's ports and of one block of neurons. */
static cal_status reserve_arrivals(cal_snn *self, size_t port, size_t n)
{
    size_t n_written = n;
    for (size_t i = 0; i < self->n_ports; i++)
        if (i != port && self->ports[i].def.kind == CAL_PORT_SPIKES)
            n_written += self->ports[i].start[self->window_steps];
    return cali_reserve(self->ctx, cali_max_arrivals(self) + n_written * self->n_groups, sizeof *self->arrivals,
                        &self->arrivals, &self->arrival_capacity);
}

cal_status cal_snn_write_spikes(cal_snn *self, size_t port, size_t n, const uint32_t *offset_ns,
                                const uint32_t *id)
{
    if (self->is_broken)
        return CAL_FAIL(self->ctx, CAL_ERR_STATE, "%s: stopped by an error before", self->name);
    if (port >= self->n_ports || self->ports[port].def.kind != CAL_PORT_SPIKES)
        return bad_port(self, port, "takes no spikes");
    cali_port *p = &self->ports[port];
    const uint32_t n_ids = self->populations[p->def.population].n;
    if (n > UINT32_MAX)
        return bad_port(self, port, "was given more than 4,294,967,295 spikes");
    for (size_t i = 0; i < n; i++) {
        if (offset_ns[i] == 0 || offset_ns[i] > self->window || offset_ns[i] % self->dt != 0)
            return bad_port(self, port, "was given an offset that is no step of the window");
        if (id[i] >= n_ids)
            return bad_port(self, port, "was given a neuron that does not exist");
        if (i > 0 && (offset_ns[i] < offset_ns[i - 1] ||
                      (offset_ns[i] == offset_ns[i - 1] && id[i] < id[i - 1])))
            return bad_port(self, port, "was given spikes out of order");
    }
    CAL_TRY(cali_reserve(self->ctx, n, sizeof *p->ids, &p->ids, &p->capacity));
    CAL_TRY(reserve_arrivals(self, port, n));
    if (n > 0)
        memcpy(p->ids, id, n * sizeof *id);
    size_t i = 0;
    for (uint32_t step = 0; step < self->window_steps; step++) {
        p->start[step] = (uint32_t)i;
        while (i < n && offset_ns[i] / self->dt == (cal_time)step + 1)
            i++;
    }
    p->start[self->window_steps] = (uint32_t)i;
    p->is_written = true;
    self->n_port_spikes_in += n;
    return CAL_OK;
}

cal_status cal_snn_read(const cal_snn *self, size_t port, double *values)
{
    if (port >= self->n_ports ||
        (self->ports[port].counts == NULL && self->ports[port].sums == NULL))
        return bad_port(self, port, "gives no values");
    const cali_port *p = &self->ports[port];
    const cali_population *population = &self->populations[p->def.population];
    const uint32_t samples = p->def.samples, steps = self->window_steps / samples;
    const double n = population->n;
    for (uint32_t i = 0; i < samples; i++) {
        values[i] = 0.0;
        if (population->n == 0)
            continue;
        if (p->def.kind == CAL_PORT_RATE) {
            values[i] = (double)p->counts[i] / (n * ((double)steps * self->dt_ms * 1e-3));
            continue;
        }
        int64_t sum = 0;
        for (unsigned tile = 0; tile < self->n_tiles; tile++)
            sum += p->sums[(size_t)tile * samples + i];
        values[i] = (double)sum / 1048576.0 / (n * steps);
        if (p->state == 0 && population->neuron->rest_param >= 0) {
            double rest = 0.0; /* voltages are stored relative to rest */
            const size_t k = population->neuron->n_constants;
            for (uint32_t id = 0; !population->is_shared[k] && id < population->n; id++)
                rest += population->constant[k][(size_t)(id % self->n_tiles) * population->width +
                                                id / self->n_tiles];
            values[i] += population->is_shared[k] ? population->constant[k][0] : rest / n;
        }
    }
    return CAL_OK;
}

cal_snn_spikes cal_snn_get_spikes(const cal_snn *self)
{
    return (cal_snn_spikes){.n = self->n_recorded,
                            .time = self->spike_time,
                            .population = self->spike_population,
                            .id = self->spike_id};
}

cal_time cal_snn_time(const cal_snn *self)
{
    return self->step * self->dt;
}

size_t cal_snn_n_populations(const cal_snn *self)
{
    return self->n_populations;
}

cal_status cal_snn_get_state(const cal_snn *self, size_t population, const char *state,
                             double *values)
{
    if (population >= self->n_populations || self->populations[population].neuron == NULL)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s: population %zu has no states", self->name,
                        population);
    const cali_population *p = &self->populations[population];
    const cal_neuron *face = &p->neuron->face;
    if (cali_homeostasis_read(self, p, state, values))
        return CAL_OK;
    const int s = state == NULL ? -1 : cal_field_find(face->states, face->n_states, state);
    if (s < 0)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s: no state \"%s\"", p->name,
                        state == NULL ? "" : state);
    const size_t k = p->neuron->n_constants;
    for (uint32_t id = 0; id < p->n; id++) {
        const size_t tile = id % self->n_tiles, place = id / self->n_tiles;
        const float *row = p->state + (tile * face->n_states + (size_t)s) * p->width;
        const float rest = p->constant[k][p->is_shared[k] ? 0 : tile * p->width + place];
        values[id] = s == 0 ? (double)row[place] + (double)rest : (double)row[place];
    }
    return CAL_OK;
}

cal_snn_counts cal_snn_get_counts(const cal_snn *self)
{
    cal_snn_counts c = {.n_neurons = self->n_neurons,
                        .n_synapses = self->n_synapses + cali_structural_count(self),
                        .n_gap_junctions = self->n_gap_junctions,
                        .n_updates = self->n_updates,
                        .n_spikes = self->n_spikes,
                        .n_events = self->n_broadcast_events + cali_unpulled_events(self),
                        .n_port_spikes_in = self->n_port_spikes_in,
                        .bytes = self->bytes,
                        .n_tiles = self->n_tiles};
    c.bytes_per_synapse =
        c.n_synapses > 0 ? self->synapse_bytes / (double)c.n_synapses : 0.0;
    for (unsigned i = 0; i < self->n_tiles; i++) {
        c.n_events += self->tiles[i].n_events;
        c.n_port_events += self->tiles[i].n_port_events;
    }
    return c;
}

static uint64_t hash_pending(const cal_snn *self, uint32_t ahead)
{
    uint64_t hash = 0;
    const int32_t *const sums = cali_pending_input(self, ahead);
    for (size_t i = 0; i < self->n_populations; i++) {
        const cali_population *p = &self->populations[i];
        for (uint32_t id = 0; p->neuron != NULL && id < p->n; id++)
            for (size_t channel = 0; channel < self->n_channels; channel++) {
                const size_t tile = id % self->n_tiles, place = p->offset + id / self->n_tiles;
                const int32_t sum = sums[tile * cali_ring_stride(self) + channel * self->tile_width + place];
                if (sum != 0)
                    hash += cali_mix((uint64_t)(uint32_t)sum, ((uint64_t)(i + 1) << 32 | id) * 4096 + ahead * 8 + channel);
            }
    }
    return hash;
}

/* Spikes, states, and what is on its way, each by (population, neuron, ...): no tile enters. */
uint64_t cal_snn_hash(const cal_snn *self)
{
    uint64_t hash = cali_mix((uint64_t)self->step, 0) + cali_devices_hash(self);
    for (unsigned tile = 0; tile < self->n_tiles; tile++)
        hash += self->tiles[tile].hash;
    for (size_t i = 0; i < self->n_populations; i++) {
        const cali_population *p = &self->populations[i];
        for (uint32_t id = 0; p->neuron != NULL && id < p->n; id++) {
            const size_t tile = id % self->n_tiles, place = id / self->n_tiles;
            const uint64_t unit = (uint64_t)(i + 1) << 32 | id;
            const size_t n_states = p->neuron->face.n_states;
            for (size_t s = 0; s < n_states; s++)
                hash += cali_mix(cali_bits_f32(p->state[(tile * n_states + s) * p->width + place]),
                                 unit * 64 + s);
        }
    }
    for (uint32_t ahead = 0; ahead < self->longest_delay; ahead++)
        hash += hash_pending(self, ahead);
    return hash + cali_plastic_hash(self) + cali_structural_hash(self) + cali_homeostasis_hash(self);
}
