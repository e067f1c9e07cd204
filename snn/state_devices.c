/* What noise, waveforms and trains add to a saved state, to its digest of the definition, and to the hash. Only
 * Ornstein-Uhlenbeck processes have a state: by noise, then by neuron (one value for common noise). A run that goes on
 * continues them; a new one that begins at a saved state begins them anew. */
#include <math.h>
#include <string.h>

#include "snn/state.h"

#define REFUSE(...) return CAL_FAIL(self->ctx, CAL_ERR_INPUT, "C305 " __VA_ARGS__)

/* Values of a noise, and where value k is. */
static uint32_t n_values(const cal_snn *self, const cali_noise *n)
{
    const uint32_t count = self->populations[n->def.to].n;
    return n->x == NULL || count == 0 ? 0 : n->def.is_common ? 1 : count;
}

static float *value_at(const cal_snn *self, const cali_noise *n, unsigned tile, uint32_t id)
{
    const uint32_t width = self->populations[n->def.to].width;
    return n->def.is_common ? &n->x[tile] : &n->x[(size_t)(id % self->n_tiles) * width + id / self->n_tiles];
}

uint64_t cali_devices_hash(const cal_snn *self)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < self->n_noises; i++)
        for (uint32_t id = 0; id < n_values(self, &self->noises[i]); id++)
            hash += cali_mix(cali_bits_f32(*value_at(self, &self->noises[i], 0, id)), (uint64_t)(i + 1) << 40 | id);
    return hash;
}

static void describe_course(cali_text *text, const cali_course *c)
{
    if (c->form == NULL)
        return;
    cali_text_format(text, " %s", c->form->name);
    for (size_t k = 0; k < c->form->n_params; k++)
        cali_text_format(text, " %.17g", c->p[k]);
    for (size_t k = 0; k < c->n_samples; k++)
        cali_text_format(text, " %.17g:%.17g", c->times_ms[k], c->values[k]);
}

void cali_devices_describe(const cal_snn *self, cali_text *text)
{
    for (size_t i = 0; i < self->n_poissons; i++)
        describe_course(text, &self->poissons[i].course);
    for (size_t i = 0; i < self->n_currents; i++) {
        const cal_snn_current *c = &self->currents[i].def;
        cali_text_format(text, "current %zu %.17g %lld %lld", c->to, c->amplitude, (long long)c->start, (long long)c->stop);
        describe_course(text, &self->currents[i].course);
        if (c->has_factor)
            cali_text_format(text, " factor %d %.17g %.17g %.17g %.17g", (int)c->factor.kind, c->factor.a, c->factor.b,
                             c->factor.low, c->factor.high);
        cali_text_add(text, "\n");
    }
    for (size_t i = 0; i < self->n_noises; i++) {
        const cal_snn_noise *n = &self->noises[i].def;
        cali_text_format(text, "noise %zu %.17g %.17g %.17g %lld %d %lld %lld\n", n->to, n->mean, n->sd, n->tau_ms,
                         (long long)n->hold, (int)n->is_common, (long long)n->start, (long long)n->stop);
    }
    for (size_t i = 0; i < self->n_trains; i++) {
        const cal_snn_train *t = &self->trains[i];
        uint64_t hash = 0;
        for (size_t k = 0; k < t->n; k++)
            hash = cali_mix(hash, cali_mix((uint64_t)t->time[k], t->id[k]));
        cali_text_format(text, "train %zu %zu %016llx\n", t->population, t->n, (unsigned long long)hash);
    }
}

static void save(const cal_snn *self, cali_text *out)
{
    for (size_t i = 0; i < self->n_noises; i++)
        for (uint32_t id = 0; id < n_values(self, &self->noises[i]); id++)
            cali_text_add_bytes(out, value_at(self, &self->noises[i], 0, id), sizeof(float));
}

static cal_status check(const cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    size_t n = 0;
    for (size_t i = 0; i < self->n_noises; i++)
        n += n_values(self, &self->noises[i]);
    if (how == CAL_RESTORE_BEGIN)
        return CAL_OK;
    if (size != n * sizeof(float))
        REFUSE("%s: the state is broken: %zu bytes of noise", self->name, size);
    for (size_t i = 0; i < n; i++) {
        float value;
        memcpy(&value, bytes + i * sizeof value, sizeof value);
        if (!isfinite(value))
            REFUSE("%s: the state holds noise that is not finite", self->name);
    }
    return CAL_OK;
}

static void restore(cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    (void)size;
    for (size_t i = 0; i < self->n_noises; i++) {
        const cali_noise *n = &self->noises[i];
        if (how == CAL_RESTORE_BEGIN) {
            cali_noise_begin(self, n);
            continue;
        }
        for (uint32_t id = 0; id < n_values(self, n); id++, bytes += sizeof(float))
            for (unsigned tile = 0; tile < (n->def.is_common ? self->n_tiles : 1); tile++)
                memcpy(value_at(self, n, tile, id), bytes, sizeof(float));
    }
}

const cali_state_part cali_state_devices = {"devices", save, check, restore};
