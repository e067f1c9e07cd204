#include "snn/record.h"

#include <stdlib.h>

#include <string.h>

#include "base/memory.h"
#include "snn/homeostasis.h"

/* In the place of a state: the shift of homeostasis. */
#define SHIFT SIZE_MAX

/* ---- checks ------------------------------------------------------------------------------------- */

static cal_status check_subset(cal_context *ctx, const cal_snn_population *p, const cal_snn_subset *subset)
{
    for (uint32_t i = 0; i < subset->n; i++) {
        if (subset->ids[i] >= p->n)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: neuron %u is to be recorded, but there are only %u, from 0 on", p->name,
                            subset->ids[i], p->n);
        if (i > 0 && subset->ids[i] <= subset->ids[i - 1])
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: neurons to be recorded must ascend: %u stands behind %u", p->name,
                            subset->ids[i], subset->ids[i - 1]);
    }
    return CAL_OK;
}

static bool is_shift(const cal_snn_def *def, const cal_snn_sampler *s)
{
    for (size_t i = 0; s->state != NULL && i < def->n_homeostases; i++)
        if (def->homeostases[i].population == s->population && strcmp(s->state, "homeostasis") == 0)
            return true;
    return false;
}

static cal_status check_sampler(cal_context *ctx, const cal_snn_def *def, size_t i)
{
    const cal_snn_sampler *s = &def->samplers[i];
    if (s->population >= def->n_populations || def->populations[s->population].neuron == NULL)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: sampler %zu: there is no population %zu of neurons",
                        def->name == NULL ? "network" : def->name, i, s->population);
    const cal_snn_population *p = &def->populations[s->population];
    if (s->state == NULL || (cal_field_find(p->neuron->states, p->neuron->n_states, s->state) < 0 && !is_shift(def, s)))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: %s has no state \"%s\"", p->name, p->neuron->name,
                        s->state == NULL ? "" : s->state);
    if (s->every <= 0 || s->every % def->dt != 0 || s->every / def->dt > UINT32_MAX)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: samples of %s every %g ms: must be a whole number of steps of %g ms", p->name,
                        s->state, cal_time_ms(s->every), cal_time_ms(def->dt));
    return s->neurons == NULL ? CAL_OK : check_subset(ctx, p, s->neurons);
}

cal_status cali_check_records(cal_context *ctx, const cal_snn_def *def)
{
    for (size_t i = 0; def->record_subset != NULL && i < def->n_populations; i++)
        if (def->record_subset[i].ids != NULL)
            CAL_TRY(check_subset(ctx, &def->populations[i], &def->record_subset[i]));
    for (size_t i = 0; i < def->n_samplers; i++)
        CAL_TRY(check_sampler(ctx, def, i));
    return CAL_OK;
}

/* ---- plan --------------------------------------------------------------------------------------- */

static cal_status plan_subset(cal_snn *self, cali_population *p, const cal_snn_subset *subset)
{
    CAL_TRY(cali_alloc(self->ctx, ((size_t)p->n + 31) / 32, sizeof *p->recorded, "recorded neurons", &p->recorded));
    for (uint32_t i = 0; i < subset->n; i++)
        p->recorded[subset->ids[i] >> 5] |= 1u << (subset->ids[i] & 31);
    p->n_recorded = subset->n;
    return CAL_OK;
}

/* Entries by tile; within a tile by neuron. */
static cal_status plan_sampler(cal_snn *self, cali_sampler *s, const cal_snn_sampler *def)
{
    const cali_population *p = &self->populations[def->population];
    *s = (cali_sampler){.population = def->population, .every = (uint32_t)(def->every / self->dt)};
    const int state = cal_field_find(p->neuron->face.states, p->neuron->face.n_states, def->state);
    s->state = state < 0 ? SHIFT : (size_t)state;
    s->n = def->neurons == NULL ? p->n : def->neurons->n;
    CAL_TRY(cali_alloc(self->ctx, self->n_tiles + 1, sizeof *s->start, "samples", &s->start));
    CAL_TRY(cali_alloc(self->ctx, s->n, sizeof *s->place, "samples", &s->place));
    CAL_TRY(cali_alloc(self->ctx, s->n, sizeof *s->column, "samples", &s->column));
    for (uint32_t i = 0; i < s->n; i++)
        s->start[(def->neurons == NULL ? i : def->neurons->ids[i]) % self->n_tiles + 1]++;
    for (unsigned tile = 0; tile < self->n_tiles; tile++)
        s->start[tile + 1] += s->start[tile];
    for (uint32_t i = 0; i < s->n; i++) {
        const uint32_t id = def->neurons == NULL ? i : def->neurons->ids[i];
        const uint32_t at = s->start[id % self->n_tiles]++; /* afterwards a tile's start is the next one's */
        s->place[at] = id / self->n_tiles;
        s->column[at] = i;
    }
    for (unsigned tile = self->n_tiles; tile > 0; tile--)
        s->start[tile] = s->start[tile - 1];
    s->start[0] = 0;
    return CAL_OK;
}

/* Samplers are planned before the estimate of the network: 8 bytes for each neuron of each. */
static cal_status check_memory(cal_snn *self, const cal_snn_def *def)
{
    double bytes = 0.0;
    for (size_t i = 0; i < def->n_samplers; i++) {
        const cal_snn_sampler *s = &def->samplers[i];
        bytes += 8.0 * (s->neurons == NULL ? def->populations[s->population].n : s->neurons->n);
    }
    return bytes <= cali_memory_budget(self) ? CAL_OK
                                             : CAL_FAIL(self->ctx, CAL_ERR_MEMORY, "E402 %s needs %.3g GB for its samplers; there is "
                                                        "room for %.3g GB.", self->name, bytes * 1e-9,
                                                        cali_memory_budget(self) * 1e-9);
}

cal_status cali_records_plan(cal_snn *self, const cal_snn_def *def)
{
    CAL_TRY(check_memory(self, def));
    for (size_t i = 0; def->record_subset != NULL && i < def->n_populations; i++)
        if (def->record_subset[i].ids != NULL && self->populations[i].neuron != NULL)
            CAL_TRY(plan_subset(self, &self->populations[i], &def->record_subset[i]));
    CAL_TRY(cali_alloc(self->ctx, def->n_samplers, sizeof *self->samplers, "samples", &self->samplers));
    self->n_samplers = def->n_samplers;
    for (size_t i = 0; i < def->n_samplers; i++) {
        CAL_TRY(plan_sampler(self, &self->samplers[i], &def->samplers[i]));
        self->populations[def->samplers[i].population].is_sampled = true;
    }
    return CAL_OK;
}

/* Rows in the longest window. */
static size_t most_rows(const cal_snn *self, const cali_sampler *s)
{
    return (self->window_steps - 1) / s->every + 1;
}

double cali_records_bytes(const cal_snn *self)
{
    double bytes = 0.0;
    for (size_t i = 0; i < self->n_samplers; i++) {
        const cali_sampler *s = &self->samplers[i];
        bytes += (8.0 + 4.0 * (double)most_rows(self, s)) * s->n;
    }
    return bytes;
}

cal_status cali_samplers_create(cal_snn *self)
{
    for (size_t i = 0; i < self->n_samplers; i++) {
        cali_sampler *s = &self->samplers[i];
        CAL_TRY(cali_snn_alloc(self, most_rows(self, s) * s->n, sizeof *s->rows, "samples", &s->rows));
    }
    return CAL_OK;
}

void cali_records_destroy(cal_snn *self)
{
    for (size_t i = 0; self->populations != NULL && i < self->n_populations; i++)
        free(self->populations[i].recorded);
    for (size_t i = 0; self->samplers != NULL && i < self->n_samplers; i++) {
        free(self->samplers[i].start);
        free(self->samplers[i].place);
        free(self->samplers[i].column);
        free(self->samplers[i].rows);
    }
    free(self->samplers);
}

/* ---- samples ------------------------------------------------------------------------------------ */

void cali_samplers_begin(cal_snn *self)
{
    for (size_t i = 0; i < self->n_samplers; i++) {
        cali_sampler *s = &self->samplers[i];
        s->n_rows = (size_t)((self->step + self->window_steps) / s->every - self->step / s->every);
    }
}

void cali_samplers_forget(cal_snn *self)
{
    for (size_t i = 0; i < self->n_samplers; i++)
        self->samplers[i].n_rows = 0;
}

static void take_row(const cal_snn *self, unsigned tile, const cali_sampler *s, int64_t stamp)
{
    const cali_population *p = &self->populations[s->population];
    const int64_t begin = (stamp - 1) / self->window_steps * self->window_steps;
    float *const row = s->rows + (size_t)(stamp / s->every - begin / s->every - 1) * s->n;
    if (s->state == SHIFT) {
        for (uint32_t i = s->start[tile]; i < s->start[tile + 1]; i++)
            row[s->column[i]] = (float)p->homeostasis->shift[(size_t)tile * p->width + s->place[i]];
        return;
    }
    const float *const state = p->state + (tile * p->neuron->face.n_states + s->state) * (size_t)p->width;
    const size_t k = p->neuron->n_constants;
    for (uint32_t i = s->start[tile]; i < s->start[tile + 1]; i++) {
        const uint32_t place = s->place[i];
        const float rest = s->state > 0 ? 0.0f : p->constant[k][p->is_shared[k] ? 0 : (size_t)tile * p->width + place];
        row[s->column[i]] = state[place] + rest;
    }
}

void cali_sample(cal_snn *self, unsigned tile, size_t population, int64_t step)
{
    for (size_t i = 0; i < self->n_samplers; i++)
        if (self->samplers[i].population == population && (step + 1) % self->samplers[i].every == 0)
            take_row(self, tile, &self->samplers[i], step + 1);
}

cal_snn_samples cal_snn_get_samples(const cal_snn *self, size_t sampler)
{
    if (sampler >= self->n_samplers)
        return (cal_snn_samples){0};
    const cali_sampler *s = &self->samplers[sampler];
    return (cal_snn_samples){.n_rows = s->n_rows, .n_columns = s->n, .rows = s->rows};
}
