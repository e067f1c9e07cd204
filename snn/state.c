/* The state of a network as bytes.
 *
 *     magic, version, byte order | digests: layout, definition | step, number of parts
 *     each part: name, size, bytes                             | digest of all before
 *
 * Layout: step, populations, neurons, states: must be equal to restore at all. Definition: parameters, synapses, inputs,
 * seed: must be equal to go on as if the run had not been interrupted. state_parts.c has the parts. */
#include "snn/state.h"

#include <string.h>

#include "base/digest.h"
#include "snn/distance.h"
#include "snn/space.h"
#include "base/memory.h"
#include "base/snapshot.h"
#include "snn/gap.h"
#include "snn/homeostasis.h"
#include "snn/plastic.h"
#include "snn/structural.h"

#define REFUSE(...) return CAL_FAIL(self->ctx, CAL_ERR_INPUT, "C305 " __VA_ARGS__)

static const char MAGIC[16] = "callosum snn\n";
enum { VERSION = 1, HEX = CALI_DIGEST_SIZE - 1, MAX_PARTS = 16 };

extern const cali_state_part cali_state_neurons, cali_state_inputs, cali_state_history, cali_state_counts,
    cali_state_devices, cali_state_plastic, cali_state_gaps, cali_state_homeostasis, cali_state_structural;
static const cali_state_part *const parts[] = {&cali_state_neurons, &cali_state_inputs,  &cali_state_history,
                                               &cali_state_devices, &cali_state_counts,  &cali_state_plastic,
                                               &cali_state_gaps,    &cali_state_homeostasis, &cali_state_structural};
enum { N_PARTS = sizeof parts / sizeof *parts };

typedef struct header {
    char magic[16];
    uint64_t version, byte_order;
    char layout[HEX], definition[HEX];
    int64_t step;
    uint64_t n_parts;
} header;

typedef struct part_header {
    char name[CALI_STATE_NAME_SIZE];
    uint64_t size;
} part_header;

/* ---- digests ------------------------------------------------------------------------------------ */

static cal_status close_digest(const cal_snn *self, cali_text *text, char hex[CALI_DIGEST_SIZE])
{
    const cal_status status = text->is_broken
                                  ? CAL_FAIL(self->ctx, CAL_ERR_MEMORY, "no memory for the state of %s", self->name)
                                  : cali_digest_bytes(self->ctx, text->data, text->size, hex);
    cali_text_free(text);
    return status;
}

static cal_status digest_layout(const cal_snn *self, char hex[CALI_DIGEST_SIZE])
{
    cali_text text = {0};
    cali_text_format(&text, "step %lld ns\n", (long long)self->dt);
    for (size_t i = 0; i < self->n_populations; i++) {
        const cali_population *p = &self->populations[i];
        cali_text_format(&text, "%s %u %s", p->name, p->n, p->neuron == NULL ? "source" : p->neuron->face.name);
        for (size_t s = 0; p->neuron != NULL && s < p->neuron->face.n_states; s++)
            cali_text_format(&text, " %s", p->neuron->face.states[s].name);
        cali_text_add(&text, "\n");
    }
    return close_digest(self, &text, hex);
}

/* A hash over all constants of a population, by neuron. */
static uint64_t hash_constants(const cal_snn *self, const cali_population *p)
{
    uint64_t hash = 0;
    for (size_t k = 0; p->neuron != NULL && p->n > 0 && k <= p->neuron->n_constants; k++) {
        const uint32_t n = p->is_shared[k] ? 1 : p->n;
        for (uint32_t id = 0; id < n; id++) {
            const size_t at = (size_t)(id % self->n_tiles) * p->width + id / self->n_tiles;
            hash += cali_mix(cali_bits_f32(cali_constant_base(p, k)[p->is_shared[k] ? 0 : at]), (uint64_t)k << 32 | id);
        }
    }
    return hash;
}

static void describe_distribution(cali_text *text, const cal_distribution *d)
{
    cali_text_format(text, " %d %.17g %.17g %.17g %.17g", (int)d->kind, d->a, d->b, d->low, d->high);
}

void cali_state_describe(const cal_snn *self, cali_text *text)
{
    cali_text_format(text, "key %08x %08x synapses %llu\n", self->key.word[0], self->key.word[1],
                     (unsigned long long)self->n_synapses);
    for (size_t i = 0; i < self->n_populations; i++) {
        const cali_population *p = &self->populations[i];
        cali_text_format(text, "constants %016llx\n", (unsigned long long)hash_constants(self, p));
        if (p->neuron != NULL && p->neuron->digest != NULL)
            cali_text_format(text, "neuron %s\n", p->neuron->digest);
    }
    for (size_t i = 0; i < cali_n_projections(self); i++) {
        const cal_snn_projection *p = &cali_projection_at(self, i)->def;
        cali_text_format(text, "projection %zu %zu %zu %d %u %u %u %llu %.17g %d %d", p->from, p->to,
                         cali_projection_at(self, i)->receptor, (int)p->rule, p->in_degree, p->out_degree, p->n_neighbours,
                         (unsigned long long)p->total, p->probability, (int)p->has_autapses, (int)p->has_multapses);
        describe_distribution(text, &p->weight);
        describe_distribution(text, &p->delay_ms);
        cali_distance_describe(p, text);
        if (p->rule == CAL_SYNAPSE_LIST)
            cali_text_format(text, " list %016llx", (unsigned long long)cali_projection_at(self, i)->list_hash);
        cali_text_add(text, "\n");
    }
    for (size_t i = 0; i < self->n_plastics; i++) {
        const cali_plastic *p = &self->plastics[i];
        cali_text_format(text, "synapse %zu %s", p->number, p->synapse->face.name);
        for (size_t k = 0; k < p->synapse->face.n_params; k++)
            describe_distribution(text, &p->param[k]);
        if (p->is_modulated)
            cali_text_format(text, " modulator %zu %u", p->projection.def.modulator, p->modulator_delay);
        const cal_snn_scaling *s = &p->projection.def.scaling;
        if (p->scaling_steps > 0)
            cali_text_format(text, " scaling %d %u %.17g %.17g %.17g %.17g %.17g", (int)s->kind, p->scaling_steps, s->rate_Hz,
                             s->tau_ms, s->gain, s->integral_Hz, s->sum);
        cali_text_add(text, "\n");
    }
    cali_structural_describe(self, text);
    cali_spaces_describe(self, text);
    cali_gaps_describe(self, text);
    cali_homeostasis_describe(self, text);
    for (size_t i = 0; i < self->n_poissons; i++) {
        const cali_poisson *p = &self->poissons[i];
        cali_text_format(text, "poisson %zu %zu %.17g %.17g %.17g\n", p->to, p->receptor, p->n_trains,
                         (double)p->weight, p->is_port || p->course.form != NULL ? 0.0 : p->mean);
    }
    cali_devices_describe(self, text);
    for (size_t i = 0; i < self->n_ports; i++)
        cali_text_format(text, "port %d %zu %zu\n", (int)self->ports[i].def.kind, self->ports[i].def.population,
                         self->ports[i].state);
}

static cal_status make_header(const cal_snn *self, header *h)
{
    char hex[CALI_DIGEST_SIZE];
    cali_text text = {0};
    *h = (header){.version = VERSION, .byte_order = CALI_BYTE_ORDER_MARK, .step = self->step, .n_parts = N_PARTS};
    memcpy(h->magic, MAGIC, sizeof h->magic);
    CAL_TRY(digest_layout(self, hex));
    memcpy(h->layout, hex, HEX);
    cali_state_describe(self, &text);
    CAL_TRY(close_digest(self, &text, hex));
    memcpy(h->definition, hex, HEX);
    return CAL_OK;
}

/* ---- saving ----------------------------------------------------------------------------------------- */

cal_status cal_snn_save_state(const cal_snn *self, char **bytes, size_t *size)
{
    *bytes = NULL;
    *size = 0;
    if (self->is_broken)
        return CAL_FAIL(self->ctx, CAL_ERR_STATE, "%s: stopped by an error before", self->name);
    header h;
    CAL_TRY(make_header(self, &h));
    cali_text out = {0};
    cali_text_add_bytes(&out, &h, sizeof h);
    for (size_t k = 0; k < N_PARTS; k++) {
        part_header part = {0};
        strcpy(part.name, parts[k]->name);
        const size_t at = out.size;
        cali_text_add_bytes(&out, &part, sizeof part);
        parts[k]->save(self, &out);
        if (out.is_broken)
            break;
        part.size = out.size - at - sizeof part;
        memcpy(out.data + at, &part, sizeof part);
    }
    return cali_snapshot_seal(self->ctx, &out, self->name, bytes, size);
}

/* ---- restoring: everything is checked before anything changes ------------------------------------------ */

static cal_status check_header(const cal_snn *self, const header *h, const header *own, cal_restore how)
{
    if (memcmp(h->magic, MAGIC, sizeof h->magic) != 0)
        REFUSE("%s: this is no saved state of a spiking network", self->name);
    if (h->version != VERSION || h->byte_order != CALI_BYTE_ORDER_MARK || h->n_parts != N_PARTS)
        REFUSE("%s: the state is of version %llu, this program reads %d of its own byte order", self->name,
               (unsigned long long)h->version, VERSION);
    if (memcmp(h->layout, own->layout, HEX) != 0)
        REFUSE("%s: the state is of other populations, neurons or another step than this network's", self->name);
    if (h->step < 0 || h->step > INT64_MAX / 4 / self->dt)
        REFUSE("%s: the state is broken: step %lld", self->name, (long long)h->step);
    if (how == CAL_RESTORE_BEGIN)
        return CAL_OK;
    if (memcmp(h->definition, own->definition, HEX) != 0)
        REFUSE("%s: the state is of other parameters, synapses, inputs or another seed: no run goes on from it. Try to "
               "begin a new one there.", self->name);
    if (h->step % self->window_steps != 0)
        REFUSE("%s: the state is of %g ms, which is no whole number of windows of %g ms", self->name,
               cal_time_ms(h->step * self->dt), cal_time_ms(self->window));
    return CAL_OK;
}

/* Finds the parts, which stand in the order of the table. */
static cal_status find_parts(const cal_snn *self, const char *bytes, size_t size, const char *at[N_PARTS],
                             size_t sizes[N_PARTS])
{
    size_t done = sizeof(header);
    for (size_t k = 0; k < N_PARTS; k++) {
        part_header part;
        if (size - done < sizeof part)
            REFUSE("%s: the state is cut short: %zu bytes", self->name, size);
        memcpy(&part, bytes + done, sizeof part);
        done += sizeof part;
        if (strncmp(part.name, parts[k]->name, sizeof part.name) != 0 || part.size > size - done)
            REFUSE("%s: the state is broken where its %s should stand", self->name, parts[k]->name);
        at[k] = bytes + done;
        sizes[k] = (size_t)part.size;
        done += sizes[k];
    }
    if (done != size)
        REFUSE("%s: the state is broken: %zu bytes too many", self->name, size - done);
    return CAL_OK;
}

cal_status cal_snn_restore_state(cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    header h, own;
    const char *at[N_PARTS];
    size_t sizes[N_PARTS];
    char where[128] = "";
    strncpy(where, self->name, sizeof where - 3);
    strcat(where, ": ");
    if (bytes == NULL || size < sizeof h + CALI_SEAL_SIZE)
        REFUSE("%sthe state is cut short: %zu bytes", where, size);
    memcpy(&h, bytes, sizeof h);
    CAL_TRY(make_header(self, &own));
    CAL_TRY(check_header(self, &h, &own, how));
    CAL_TRY(cali_snapshot_check(self->ctx, where, bytes, size));
    CAL_TRY(find_parts(self, bytes, size - CALI_SEAL_SIZE, at, sizes));
    for (size_t k = 0; k < N_PARTS; k++)
        CAL_TRY(parts[k]->check(self, at[k], sizes[k], how));
    CAL_TRY(cali_ring_widen(self));
    cali_backend_forget(self);
    self->step = how == CAL_RESTORE_CONTINUE ? h.step : 0;
    self->is_broken = false;
    self->ring_due = self->step + self->longest_delay;
    for (size_t k = 0; k < N_PARTS; k++)
        parts[k]->restore(self, at[k], sizes[k], how);
    return CAL_OK;
}
