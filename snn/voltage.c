/* Voltages of targets as plastic synapses see them. After each step the tile moves what is seen of its neurons on, notes how
 * much a spike of a source would depress now, and enters the steps that potentiate into the past of the target, where
 * the rows find them as they find spikes. Populations without such a rule pay one test per block. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "snn/gap.h"
#include "snn/plastic.h"

bool cal_snn_synapse_fits(const cal_synapse *synapse, const cal_neuron *neuron)
{
    return synapse == NULL || !synapse->sees_voltage ||
           (cali_has_voltage(neuron) && strcmp(neuron->states[0].unit, "mV") == 0);
}

static uint32_t power_of_two(uint32_t least)
{
    uint32_t n = 1;
    while (n < least)
        n *= 2;
    return n;
}

void cali_voltage_plan(cal_snn *self, cali_plastic *p)
{
    double params[CALI_MAX_SYNAPSE_PARAMS] = {0};
    p->sees_voltage = p->synapse->prepare_voltage != NULL;
    if (!p->sees_voltage)
        return;
    for (size_t k = 0; k < p->synapse->face.n_params; k++)
        params[k] = p->param[k].a;
    p->synapse->prepare_voltage(params, self->dt_ms, &p->voltage);
    p->n_late = power_of_two(p->voltage.delay + 1);
    p->n_depressions = power_of_two(p->longest_delay + CALI_MAX_EXCHANGE + 1); /* of a block that waits for delivery */
    self->populations[p->projection.def.to].is_seen = true;
}

double cali_voltage_bytes(const cali_plastic *p, double places)
{
    return p->sees_voltage ? places * ((double)sizeof(cali_seen) + (double)sizeof(double) * (2.0 * p->n_late + p->n_depressions))
                           : 0.0;
}

cal_status cali_voltage_create(const cal_snn *self, const cali_plastic *p, unsigned tile, double *bytes)
{
    const size_t to = p->projection.def.to, width = self->populations[to].width;
    cali_membranes *m = &p->tiles[tile].membranes;
    if (!p->sees_voltage)
        return CAL_OK;
    CAL_TRY(cali_alloc(self->ctx, width, sizeof *m->seen, "voltages", &m->seen));
    for (int k = 0; k < 2; k++)
        CAL_TRY(cali_alloc(self->ctx, width * p->n_late, sizeof(double), "voltages", &m->late[k]));
    CAL_TRY(cali_alloc(self->ctx, width * p->n_depressions, sizeof(double), "voltages", &m->depression));
    *bytes += cali_voltage_bytes(p, (double)width);
    for (uint32_t place = 0; place < cali_tile_count(&self->populations[to], self->n_tiles, tile); place++) {
        const double u = cali_gap_voltage(self, to, tile, place); /* as if it had been there for ever */
        m->seen[place] = (cali_seen){u, u, u, u - p->voltage.u_rest, 0};
        for (size_t at = place; at < width * p->n_late; at += width)
            m->late[0][at] = m->late[1][at] = u;
    }
    return CAL_OK;
}

void cali_voltage_free(cali_membranes *m)
{
    free(m->seen);
    free(m->late[0]);
    free(m->late[1]);
    free(m->depression);
}

static void see_block(cal_snn *self, const cali_plastic *p, unsigned tile, int64_t stamp, uint32_t first, uint32_t n,
                      const double *v_mV, const int32_t *spiked)
{
    const cali_membranes *m = &p->tiles[tile].membranes;
    const cali_voltage_rule *k = &p->voltage;
    const size_t width = self->populations[p->projection.def.to].width;
    const size_t now = ((uint64_t)stamp & (p->n_late - 1)) * width + first;
    const size_t then = ((uint64_t)(stamp - k->delay) & (p->n_late - 1)) * width + first;
    double *const depression = m->depression + ((uint64_t)stamp & (p->n_depressions - 1)) * width + first;
    double up[CALI_BLOCK];
    for (uint32_t i = 0; i < n; i++) {
        cali_seen *x = &m->seen[first + i];
        cali_see(k, v_mV[i], spiked[i], x);
        m->late[0][now + i] = x->plus;
        m->late[1][now + i] = x->minus;
        up[i] = cali_potentiation(k, x->u, m->late[0][then + i]);
        depression[i] = cali_depression(k, x->mean, m->late[1][then + i]);
    }
    for (uint32_t i = 0; i < n; i++)
        if (up[i] > 0.0)
            cali_plastic_remember(self, p, tile, first + i, stamp, self->block_step)->before[0] = up[i];
}

void cali_voltage_after(cal_snn *self, unsigned tile, size_t population, int64_t step, uint32_t first, uint32_t n,
                        const cali_block *b)
{
    double v_mV[CALI_BLOCK];
    for (uint32_t i = 0; i < n; i++)
        v_mV[i] = cali_gap_voltage(self, population, tile, first + i);
    for (size_t g = 0; g < self->n_plastics; g++)
        if (self->plastics[g].sees_voltage && self->plastics[g].projection.def.to == population)
            see_block(self, &self->plastics[g], tile, step + 1, first, n, v_mV, b->spiked);
}
