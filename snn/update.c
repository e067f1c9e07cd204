/* One block of steps of one tile: takes what is due, draws external input, steps the neurons
 * and lists their spikes. */
#include <string.h>

#include "base/memory.h"
#include "snn/gap.h"
#include "snn/homeostasis.h"
#include "snn/plastic.h"
#include "snn/record.h"

/** The current into a population during the step that begins at step `step`. */
static float current_at(const cal_snn *self, size_t population, int64_t step)
{
    double sum = 0.0;
    for (size_t i = 0; i < self->n_currents; i++)
        if (self->currents[i].def.to == population)
            sum += cali_common_current(self, &self->currents[i], step);
    for (size_t i = 0; i < self->n_ports; i++) {
        const cali_port *port = &self->ports[i];
        if (port->def.kind == CAL_PORT_CURRENT && port->def.population == population)
            sum += port->values[step % self->window_steps / (self->window_steps / port->def.samples)];
    }
    return (float)sum;
}

/** What arrives at every neuron by broadcast at the end of the step, in quanta. */
static int32_t broadcast_at(const cal_snn *self, size_t population, int channel, int64_t step)
{
    int32_t sum = 0;
    for (size_t i = 0; i < self->n_projections; i++) {
        const cali_projection *p = &self->projections[i];
        if (!p->is_broadcast || p->def.to != population || p->channel != channel)
            continue;
        const size_t slot = (size_t)(step + 1 - p->delay) & (self->history_slots - 1);
        sum += self->history[p->def.from * self->history_slots + slot] * p->quanta;
    }
    return sum;
}

/* One population of one tile during one step. */
typedef struct step_of {
    cal_snn *self;
    cali_tile *tile;
    unsigned tile_index;
    size_t population;
    int64_t step;
    uint32_t n;        /* neurons of the population in the tile */
    int32_t *sums;     /* ring slot, channel 0, first place of the population */
    int32_t everyone[CALI_MAX_RECEPTORS];
    cali_block block;
} step_of;

static void draw_if_due(const cal_snn *self, unsigned tile, cali_poisson *p, uint32_t n,
                        int64_t step)
{
    if (p->drawn[tile] == step / 4)
        return;
    const uint32_t width = self->populations[p->to].width;
    uint32_t *const words = p->words + (size_t)tile * 4 * width;
    uint32_t *const parts[4] = {words, words + width, words + 2 * width, words + 3 * width};
    self->loops->draw(n, p->key, tile, self->n_tiles, (uint32_t)(step / 4), parts);
    p->drawn[tile] = step / 4;
}

/* Fills the inputs of the neurons from `first` on; receptors without any input get zeros. */
static void take_inputs(step_of *s, uint32_t first, uint32_t n_real)
{
    cal_snn *self = s->self;
    const cali_population *p = &self->populations[s->population];
    const size_t n = s->block.n;
    for (size_t r = 0; r < p->neuron->face.n_receptors; r++) {
        float *const out = s->tile->input + r * CALI_BLOCK;
        bool is_used = p->channel[r] >= 0;
        if (is_used)
            self->loops->take(n, s->sums + (size_t)p->channel[r] * self->tile_width + first,
                              s->everyone[r], p->quantum[r], out);
        for (size_t i = 0; i < self->n_poissons; i++) {
            cali_poisson *poisson = &self->poissons[i];
            if (poisson->to != s->population || poisson->receptor != r || !(poisson->mean > 0.0))
                continue;
            if (!is_used)
                memset(out, 0, n * sizeof *out);
            is_used = true;
            draw_if_due(self, s->tile_index, poisson, p->width, s->step);
            const uint32_t *words = poisson->words + first +
                                    ((size_t)s->tile_index * 4 + (size_t)(s->step & 3)) * p->width;
            const cali_poisson_table *table =
                poisson->table + (poisson->course.form == NULL ? 0 : s->step - self->block_step);
            const uint64_t events = self->loops->poisson(n_real, words, table,
                                                         poisson->weight, out);
            s->tile->n_port_events += poisson->is_port ? events : 0;
        }
        s->block.input[r] = is_used ? out : self->zeros;
    }
}

static void add_means(const step_of *s, uint32_t n_real)
{
    const cal_snn *self = s->self;
    for (size_t i = 0; i < self->n_ports; i++) {
        const cali_port *port = &self->ports[i];
        if (port->def.kind != CAL_PORT_MEAN || port->def.population != s->population)
            continue;
        const uint32_t samples = port->def.samples;
        const size_t bin = (size_t)(s->step % self->window_steps) / (self->window_steps / samples);
        port->sums[(size_t)s->tile_index * samples + bin] +=
            self->loops->sum(n_real, s->block.state[port->state]);
    }
}

/* Appends the ids of the neurons that spiked. */
static uint32_t collect(const step_of *s, uint32_t first, uint32_t n_real, uint32_t *ids)
{
    const cal_snn *self = s->self;
    uint64_t bits[CALI_BLOCK / 64];
    uint32_t n = 0;
    self->loops->pack(n_real, s->tile->spiked, bits);
    for (uint32_t i = 0; i < n_real; i += 64)
        for (uint64_t left = bits[i / 64]; left != 0; left &= left - 1) {
            const uint32_t place = first + i + (uint32_t)__builtin_ctzll(left);
            ids[n] = place * self->n_tiles + s->tile_index;
            s->tile->hash += cali_mix((uint64_t)s->population << 32 | ids[n++], (uint64_t)s->step + 1);
        }
    return n;
}

/* Whether the neurons' loop may take the sums itself: nothing else comes in, no random number is drawn. */
static bool takes_sums(const step_of *s, bool has_gaps)
{
    const cal_snn *self = s->self;
    const cali_population *p = &self->populations[s->population];
    bool is_plain = p->is_uniform && !p->has_currents && !has_gaps && p->neuron->own == NULL &&
                    p->neuron->n_uniforms + p->neuron->n_normals == 0;
    for (size_t r = 0; r < p->neuron->face.n_receptors; r++)
        is_plain &= s->everyone[r] == 0;
    for (size_t i = 0; i < self->n_poissons; i++)
        is_plain &= self->poissons[i].to != s->population;
    return is_plain;
}

static void point_at_sums(step_of *s, uint32_t first)
{
    const cali_population *p = &s->self->populations[s->population];
    for (size_t r = 0; r < p->neuron->face.n_receptors; r++) {
        s->block.sums[r] = p->channel[r] < 0 ? s->tile->unused
                                             : s->sums + (size_t)p->channel[r] * s->self->tile_width + first;
        s->block.quantum[r] = p->quantum[r];
    }
}

static uint32_t step_population(step_of *s, uint32_t *ids)
{
    cal_snn *self = s->self;
    const cali_population *p = &self->populations[s->population];
    const cali_neuron *neuron = p->neuron;
    cali_block *b = &s->block;
    uint32_t n_spikes = 0;
    const bool has_gaps = cali_has_gaps(self, s->population);
    b->current = current_at(self, s->population, s->step);
    b->spiked = s->tile->spiked;
    b->is_uniform = p->is_uniform;
    b->neuron = neuron;
    for (size_t r = 0; r < neuron->face.n_receptors; r++)
        s->everyone[r] =
            p->channel[r] < 0 ? 0 : broadcast_at(self, s->population, p->channel[r], s->step);
    b->takes_sums = takes_sums(s, has_gaps);
    for (uint32_t first = 0; first < s->n; first += CALI_BLOCK) {
        const uint32_t n_real = s->n - first < CALI_BLOCK ? s->n - first : CALI_BLOCK;
        b->n = (n_real + 15) / 16 * 16; /* whole vectors: there are places up to `width` */
        for (size_t i = 0; i < neuron->face.n_states; i++)
            b->state[i] =
                p->state + ((size_t)s->tile_index * neuron->face.n_states + i) * p->width + first;
        for (size_t i = 0; i < neuron->n_constants; i++)
            b->constant[i] = p->is_shared[i]
                                 ? p->constant[i]
                                 : p->constant[i] + (size_t)s->tile_index * p->width + first;
        if (b->takes_sums)
            point_at_sums(s, first);
        else
            take_inputs(s, first, n_real);
        cali_take_devices(self, s->tile_index, s->population, s->step, first, b);
        if (has_gaps)
            cali_gap_before(self, s->tile_index, s->population, s->step, first, n_real, b);
        neuron->loop[self->isa](b);
        if (has_gaps)
            cali_gap_after(self, s->tile_index, s->population, s->step, first, n_real, b);
        if (p->is_seen)
            cali_voltage_after(self, s->tile_index, s->population, s->step, first, n_real, b);
        if (p->homeostasis != NULL)
            cali_homeostasis_after(p, s->tile_index, first, n_real, b->spiked);
        add_means(s, n_real);
        n_spikes += collect(s, first, n_real, ids + n_spikes);
    }
    if (p->is_sampled)
        cali_sample(self, s->tile_index, s->population, s->step);
    return n_spikes;
}

void cali_update_tile(cal_snn *self, unsigned tile_index)
{
    cali_tile *tile = &self->tiles[tile_index];
    cali_spike_list *list = &tile->list[self->parity];
    uint32_t n = 0;
    size_t at = 0;
    for (uint32_t k = 0; k < self->block_steps; k++) {
        const int64_t step = self->block_step + k;
        int32_t *const slot = cali_ring_of(self, tile_index) +
                              ((size_t)(step + 1) & (self->slots - 1)) * cali_ring_stride(self);
        tile->n_events += cali_pull(self, tile_index, step, self->block_step, slot);
        for (size_t i = 0; i < self->n_populations; i++) {
            const cali_population *p = &self->populations[i];
            list->start[at++] = n;
            if (p->neuron == NULL)
                continue;
            step_of s = {.self = self,
                         .tile = tile,
                         .tile_index = tile_index,
                         .population = i,
                         .step = step,
                         .n = cali_tile_count(p, self->n_tiles, tile_index),
                         .sums = slot + p->offset};
            if (s.n > 0)
                n += step_population(&s, list->ids + n);
        }
    }
    list->start[at] = n;
}
