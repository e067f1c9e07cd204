/* Gap junctions in a step, and their part of a saved state. */
#include "snn/gap.h"

#include <math.h>
#include <string.h>

#include "snn/state.h"

double cali_gap_voltage(const cal_snn *self, size_t population, unsigned tile, uint32_t place)
{
    const cali_population *p = &self->populations[population];
    const size_t k = p->neuron->n_constants, at = (size_t)tile * p->width + place;
    const float u = p->state[(size_t)tile * p->neuron->face.n_states * p->width + place];
    return (double)u + (double)p->constant[k][p->is_shared[k] ? 0 : at];
}

static size_t place_of(const cal_snn *self, size_t population, unsigned tile, uint32_t place)
{
    return self->gaps->first_shown[population] + (size_t)tile * self->populations[population].width + place;
}

void cali_gap_before(cal_snn *self, unsigned tile, size_t population, int64_t step, uint32_t first, uint32_t n,
                     cali_block *b)
{
    const cali_gaps *gaps = self->gaps;
    const double *shown = gaps->shown[step & 1];
    double *const before = gaps->before + (size_t)tile * CALI_BLOCK;
    float *const currents = gaps->currents + (size_t)tile * CALI_BLOCK;
    for (uint32_t i = 0; i < n; i++) {
        const size_t at = place_of(self, population, tile, first + i);
        double sum = 0.0;
        for (uint64_t k = gaps->first[at]; k < gaps->first[at + 1]; k++)
            sum += (double)gaps->g[k] * (shown[gaps->partner[k]] - shown[at]);
        before[i] = cali_gap_voltage(self, population, tile, first + i);
        currents[i] = (float)sum + (b->currents != NULL ? b->currents[i] : b->current);
    }
    for (size_t i = n; i < b->n; i++) /* padding */
        currents[i] = b->current;
    b->currents = currents;
}

void cali_gap_after(cal_snn *self, unsigned tile, size_t population, int64_t step, uint32_t first, uint32_t n,
                    const cali_block *b)
{
    double *const shown = self->gaps->shown[(step + 1) & 1];
    const double *before = self->gaps->before + (size_t)tile * CALI_BLOCK;
    for (uint32_t i = 0; i < n; i++) {
        const double v = cali_gap_voltage(self, population, tile, first + i);
        shown[place_of(self, population, tile, first + i)] = b->spiked[i] ? v : v + 0.5 * (v - before[i]);
    }
}

/* ---- saved states: what is shown, by population and neuron ------------------------------------------------- */

#define REFUSE(...) return CAL_FAIL(self->ctx, CAL_ERR_INPUT, "C305 " __VA_ARGS__)

static double *shown_by(const cal_snn *self, size_t population, uint32_t id)
{
    return &self->gaps->shown[self->step & 1][place_of(self, population, id % self->n_tiles, id / self->n_tiles)];
}

static void save(const cal_snn *self, cali_text *out)
{
    for (size_t i = 0; i < self->n_populations; i++)
        for (uint32_t id = 0; cali_has_gaps(self, i) && id < self->populations[i].n; id++)
            cali_text_add_bytes(out, shown_by(self, i, id), sizeof(double));
}

static size_t size_of(const cal_snn *self)
{
    size_t n = 0;
    for (size_t i = 0; i < self->n_populations; i++)
        n += cali_has_gaps(self, i) ? self->populations[i].n : 0;
    return n * sizeof(double);
}

static cal_status check(const cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    if (how == CAL_RESTORE_CONTINUE && size != size_of(self))
        REFUSE("%s: the state is broken: %zu bytes of gap junctions", self->name, size);
    for (size_t i = 0; i < size / sizeof(double); i++) {
        double value;
        memcpy(&value, bytes + i * sizeof value, sizeof value);
        if (!isfinite(value))
            REFUSE("%s: the state holds a number that is not finite", self->name);
    }
    return CAL_OK;
}

/* A state of other gap junctions begins with the voltages alone. */
static void restore(cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    (void)how;
    const bool is_same = size == size_of(self);
    size_t at = 0;
    for (size_t i = 0; i < self->n_populations; i++)
        for (uint32_t id = 0; cali_has_gaps(self, i) && id < self->populations[i].n; id++, at += sizeof(double)) {
            if (is_same)
                memcpy(shown_by(self, i, id), bytes + at, sizeof(double));
            else
                *shown_by(self, i, id) = cali_gap_voltage(self, i, id % self->n_tiles, id / self->n_tiles);
        }
}

const cali_state_part cali_state_gaps = {"gap junctions", save, check, restore};
