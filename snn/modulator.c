/* The neuromodulator of a plastic projection: each tile keeps a ring of the steps at which it reaches the synapses, with
 * the concentration after each. Like the spikes of targets, a release is only lost once all rows have used it. */
#include <assert.h>

#include "snn/plastic.h"

enum { FEWEST_SLOTS = 512 };

void cali_modulator_plan(const cal_snn *self, cali_plastic *p)
{
    double params[CALI_MAX_SYNAPSE_PARAMS] = {0};
    p->is_modulated = p->synapse->prepare_modulator != NULL;
    if (!p->is_modulated)
        return;
    for (size_t k = 0; k < p->synapse->face.n_params; k++)
        params[k] = p->param[k].a;
    p->synapse->prepare_modulator(params, self->dt_ms, &p->modulator);
    p->modulator_delay = cali_delay_steps(p->projection.def.modulator_delay_ms, self->dt_ms);
    /* At most one release per step: those on their way and of one block, with one before them. */
    const uint32_t needed = p->modulator_delay + CALI_MAX_EXCHANGE + 3;
    for (p->n_slots = FEWEST_SLOTS; p->n_slots < 2 * needed;)
        p->n_slots *= 2;
}

double cali_modulator_bytes(const cali_plastic *p)
{
    return p->is_modulated ? (double)p->n_slots * sizeof(cali_release) : 0.0;
}

void cali_modulator_push(const cali_plastic *p, unsigned tile, int64_t stamp, double level)
{
    cali_plastic_tile *t = &p->tiles[tile];
    cali_release release = {.stamp = stamp, .level = level};
    if (t->n_releases > 0) {
        const cali_release *last = &t->releases[(t->n_releases - 1) & (p->n_slots - 1)];
        release.drift = cali_drift_over(&p->modulator, last->level, 0, stamp - last->stamp);
    }
    t->releases[t->n_releases++ & (p->n_slots - 1)] = release;
}

static void keep_release(const cal_snn *self, const cali_plastic *p, unsigned tile, int64_t stamp, uint32_t n_spikes)
{
    const cali_plastic_tile *t = &p->tiles[tile];
    const uint32_t mask = p->n_slots - 1;
    const int64_t after_oldest = t->releases[(t->n_releases + 1) & mask].stamp;
    if (t->n_releases >= p->n_slots && after_oldest > t->worked_off) {
        cali_plastic_work_off(self, p, tile, self->pending_step);
        assert(after_oldest <= t->worked_off);
    }
    double level = 0.0;
    if (t->n_releases > 0) {
        const cali_release *last = &t->releases[(t->n_releases - 1) & mask];
        level = last->level * cali_decay_exp(p->modulator.n_rate, stamp - last->stamp);
    }
    cali_modulator_push(p, tile, stamp, level + n_spikes * p->modulator.kick);
}

void cali_modulator_keep(const cal_snn *self, const cali_plastic *p, unsigned tile)
{
    const size_t from = p->projection.def.modulator;
    for (uint32_t k = 0; k < self->pending_steps; k++) {
        const int64_t stamp = self->pending_step + k + 1;
        uint32_t n = 0;
        if (self->populations[from].neuron == NULL)
            cali_source_spikes(self, from, stamp, &n);
        for (unsigned t = 0; self->populations[from].neuron != NULL && t < self->n_tiles; t++) {
            const uint32_t *start = &self->tiles[t].list[self->parity].start[k * self->n_populations + from];
            n += start[1] - start[0];
        }
        if (n > 0)
            keep_release(self, p, tile, stamp + p->modulator_delay, n);
    }
}
