/* Scaling of the weights that end at a neuron. At multiples of the interval, after everything that happens in that step, a
 * tile works off its rows, finds one factor for each of its targets, and multiplies. The weights at a target stand in its
 * tile, in the same order whatever the tiles, so sums have the same bits. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "snn/plastic.h"

static bool is_within(double x, double low, double high)
{
    return x >= low && x <= high; /* false for NaN */
}

bool cali_scaling_is_impossible(const cal_snn_projection *p, const cali_synapse *synapse, char *why, size_t size)
{
    const cal_snn_scaling *s = &p->scaling;
    const char *name = synapse->face.name;
    const char *problem = NULL;
    if (s->kind == CAL_SCALING_NONE)
        return false;
    if (synapse->limit < 0 || p->has_modulator)
        problem = p->has_modulator ? "has a modulator, which scaling does not know" : "has no w_max, which scaling needs; take "
                                                                                     "rule scaled or one with a w_max";
    else if (!is_within(s->interval_ms, 1e-6, 1e8))
        problem = "is scaled at an interval that must be above 0 and at most 1e8 ms";
    else if (s->kind == CAL_SCALING_SUM && !(s->sum > 0.0 && isfinite(s->sum)))
        problem = "is scaled to a sum that must be above 0";
    else if (s->kind == CAL_SCALING_RATE && !is_within(s->rate_Hz, 0.0, 1e6))
        problem = "is scaled to a rate that must be 0 to 1e6 Hz";
    else if (s->kind == CAL_SCALING_RATE && !is_within(s->tau_ms, 1e-3, 1e12))
        problem = "is scaled with a tau that must be 1e-3 to 1e12 ms";
    else if (s->kind == CAL_SCALING_RATE && !(is_within(s->gain, 0.0, 1e6) && is_within(s->integral_Hz, 0.0, 1e6)))
        problem = "is scaled with a gain or integral that must be 0 to 1e6";
    else
        return false;
    snprintf(why, size, "synapse %s %s", name, problem);
    return true;
}

static double decay(const cal_snn *self, const cali_plastic *p, int64_t steps)
{
    return cali_decay_exp(self->dt_ms / p->projection.def.scaling.tau_ms, steps);
}

void cali_scaling_plan(const cal_snn *self, cali_plastic *p)
{
    if (p->projection.def.scaling.kind != CAL_SCALING_NONE)
        p->scaling_steps = cali_delay_steps(p->projection.def.scaling.interval_ms, self->dt_ms);
}

double cali_scaling_bytes(const cali_plastic *p, double places)
{
    return p->scaling_steps > 0 ? 3.0 * sizeof(double) * places : 0.0;
}

cal_status cali_scaling_create(const cal_snn *self, const cali_plastic *p, unsigned tile, double *bytes)
{
    const size_t width = self->populations[p->projection.def.to].width;
    cali_plastic_tile *t = &p->tiles[tile];
    if (p->scaling_steps == 0)
        return CAL_OK;
    CAL_TRY(cali_alloc(self->ctx, width, sizeof(double), "rates of targets", &t->rate_Hz));
    CAL_TRY(cali_alloc(self->ctx, width, sizeof(double), "rates of targets", &t->integral));
    CAL_TRY(cali_alloc(self->ctx, width, sizeof(double), "scaling", &t->factor));
    *bytes += cali_scaling_bytes(p, (double)width);
    /* Rates are kept as they will be at the next scaling without further spikes. */
    for (size_t i = 0; i < width; i++)
        t->rate_Hz[i] = p->projection.def.scaling.rate_Hz * decay(self, p, p->scaling_steps);
    return CAL_OK;
}

/* Spikes of the targets at `stamp`, as they will count at the next scaling. */
static void count_spikes(const cal_snn *self, const cali_plastic *p, unsigned tile, uint32_t k, int64_t stamp)
{
    const cali_spike_list *list = &self->tiles[tile].list[self->parity];
    const uint32_t *start = &list->start[k * self->n_populations + p->projection.def.to];
    if (start[0] == start[1])
        return;
    const int64_t steps = p->scaling_steps, left = (steps - stamp % steps) % steps;
    const double share = 1e3 / p->projection.def.scaling.tau_ms * decay(self, p, left);
    for (uint32_t i = start[0]; i < start[1]; i++)
        p->tiles[tile].rate_Hz[list->ids[i] / self->n_tiles] += share;
}

static void find_factors_by_rate(const cal_snn *self, const cali_plastic *p, unsigned tile)
{
    const cal_snn_scaling *s = &p->projection.def.scaling;
    const cali_plastic_tile *t = &p->tiles[tile];
    const double interval_s = p->scaling_steps * self->dt_ms * 1e-3, fall = decay(self, p, p->scaling_steps);
    const uint32_t n = cali_tile_count(&self->populations[p->projection.def.to], self->n_tiles, tile);
    for (uint32_t i = 0; i < n; i++) {
        const double error_Hz = s->rate_Hz - t->rate_Hz[i];
        t->integral[i] += error_Hz * interval_s;
        t->factor[i] = cali_exp(cali_clip(interval_s * (s->gain * error_Hz + s->integral_Hz * t->integral[i]), -80.0, 80.0));
        t->rate_Hz[i] *= fall;
    }
}

static void find_factors_by_sum(const cal_snn *self, const cali_plastic *p, unsigned tile)
{
    const cali_plastic_tile *t = &p->tiles[tile];
    const uint32_t mask = ((uint32_t)1 << p->place_bits) - 1, n = self->populations[p->projection.def.from].n;
    const size_t width = self->populations[p->projection.def.to].width;
    memset(t->factor, 0, width * sizeof *t->factor);
    for (uint64_t k = 0; k < t->begin[n]; k++)
        t->factor[t->word[k] & mask] += t->state[0][k];
    for (size_t i = 0; i < width; i++)
        t->factor[i] = t->factor[i] > 0.0 ? p->projection.def.scaling.sum / t->factor[i] : 1.0;
}

void cali_scaling_step(const cal_snn *self, const cali_plastic *p, unsigned tile, uint32_t k)
{
    const cali_plastic_tile *t = &p->tiles[tile];
    const int64_t stamp = self->pending_step + k + 1;
    const bool is_by_rate = p->projection.def.scaling.kind == CAL_SCALING_RATE;
    if (is_by_rate)
        count_spikes(self, p, tile, k, stamp);
    if (stamp % p->scaling_steps != 0)
        return;
    cali_plastic_work_off(self, p, tile, stamp);
    if (is_by_rate)
        find_factors_by_rate(self, p, tile);
    else
        find_factors_by_sum(self, p, tile);
    const uint32_t mask = ((uint32_t)1 << p->place_bits) - 1, n = self->populations[p->projection.def.from].n;
    for (uint64_t i = 0; i < t->begin[n]; i++)
        t->state[0][i] = cali_clip(t->state[0][i] * t->factor[t->word[i] & mask], 0.0, p->projection.limit);
}
