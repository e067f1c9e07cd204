/* Structural projections between two windows: what can be read of them, and their part of a saved state, for each
 *
 *     head | sources, then targets: calcium, elements, age of both | targets: number of synapses, then source, delay, quanta of
 *     each, in the order in which they formed
 *
 * A run that goes on takes all as it was; a new one that begins there gives the same pairs its own weights and delays. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "snn/state.h"
#include "snn/structural.h"

#define REFUSE(...) return CAL_FAIL(self->ctx, CAL_ERR_INPUT, "C305 " __VA_ARGS__)
static const int64_t LONGEST_AGE = INT64_MAX / 8; /* steps */

/* ---- reading -------------------------------------------------------------------------------------- */

const cali_structural *cali_structural_find(const cal_snn *self, size_t projection)
{
    for (size_t i = 0; i < self->n_structurals; i++)
        if (self->structurals[i].number == projection)
            return &self->structurals[i];
    return NULL;
}

uint64_t cali_structural_count(const cal_snn *self)
{
    uint64_t n = 0;
    for (size_t i = 0; i < self->n_structurals; i++)
        n += self->structurals[i].n_synapses;
    return n;
}

uint64_t cali_structural_hash(const cal_snn *self)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < self->n_structurals; i++) {
        const cali_structural *p = &self->structurals[i];
        for (size_t s = 0; s < CALI_N_SIDES; s++)
            for (uint32_t id = 0; id < p->sides[s].n; id++) {
                const cali_element *e = cali_element_of(self, &p->sides[s], id);
                uint64_t own = cali_mix((uint64_t)(2 * i + s + 1) << 32 | id, (uint64_t)e->stamp);
                own = cali_mix(cali_mix(own, cali_bits_f64(e->calcium)), cali_bits_f64(e->z));
                const uint32_t n = s == CALI_DENDRITES ? p->sides[s].connected[id] : 0;
                for (uint32_t k = 0; k < n; k++) {
                    const cali_contact c = cali_contacts_of(p, id)[k];
                    own = cali_mix(own, cali_mix((uint64_t)c.neuron << 32 | c.delay, (uint64_t)(uint32_t)c.quanta));
                }
                hash += own;
            }
    }
    return hash;
}

void cali_structural_describe(const cal_snn *self, cali_text *text)
{
    for (size_t i = 0; i < self->n_structurals; i++) {
        const cali_structural *p = &self->structurals[i];
        cali_text_format(text, "structural %zu %s", p->number, p->synapse->face.name);
        for (size_t k = 0; k < p->synapse->face.n_params; k++)
            cali_text_format(text, " %.17g", p->param[k]);
        cali_text_add(text, "\n");
    }
}

static int compare(const void *a, const void *b)
{
    const cali_contact *x = a, *y = b;
    return x->neuron != y->neuron ? (x->neuron > y->neuron) - (x->neuron < y->neuron) : (x->delay > y->delay) - (x->delay < y->delay);
}

static double weight_of(const cal_snn *self, const cali_structural *p, const cali_contact *c)
{
    return (double)c->quanta * (double)self->populations[p->projection.def.to].quantum[p->projection.receptor];
}

void cali_structural_visit(const cal_snn *self, size_t from, size_t to, size_t receptor, cal_snn_visit *visit, void *arg)
{
    for (size_t i = 0; i < self->n_structurals; i++) {
        const cali_structural *p = &self->structurals[i];
        if (p->projection.def.from != from || p->projection.def.to != to || p->projection.receptor != receptor)
            continue;
        for (uint32_t source = 0; source < p->sides[CALI_AXONS].n; source++)
            for (unsigned tile = 0; tile < self->n_tiles; tile++) {
                size_t n;
                const cali_contact *row = cali_structural_row(self, p, tile, source, &n);
                for (size_t k = 0; k < n; k++)
                    visit(arg, source, row[k].neuron * self->n_tiles + tile, weight_of(self, p, &row[k]), row[k].delay * self->dt);
            }
    }
}

cal_status cali_structural_weights(const cal_snn *self, const cali_structural *p, cal_snn_weights *out)
{
    const cali_side *dendrites = &p->sides[CALI_DENDRITES];
    cali_contact *sorted = NULL;
    out->n = (size_t)p->n_synapses;
    cal_status status = cali_alloc(self->ctx, p->capacity, sizeof *sorted, "weights", &sorted);
    if (status == CAL_OK)
        status = cali_alloc(self->ctx, out->n, sizeof *out->source, "weights", &out->source);
    if (status == CAL_OK)
        status = cali_alloc(self->ctx, out->n, sizeof *out->target, "weights", &out->target);
    if (status == CAL_OK)
        status = cali_alloc(self->ctx, out->n, sizeof(double), "weights", &out->delay_ms);
    if (status == CAL_OK)
        status = cali_alloc(self->ctx, out->n, sizeof(double), "weights", &out->weight);
    if (status == CAL_OK)
        status = cali_alloc(self->ctx, 0, sizeof(double), "weights", &out->states);
    for (uint32_t target = 0, at = 0; status == CAL_OK && target < dendrites->n; target++) {
        const uint32_t n = dendrites->connected[target];
        if (n > 0)
            memcpy(sorted, cali_contacts_of(p, target), n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, compare);
        for (uint32_t k = 0; k < n; k++, at++) {
            out->source[at] = sorted[k].neuron;
            out->target[at] = target;
            out->delay_ms[at] = sorted[k].delay * self->dt_ms;
            out->weight[at] = weight_of(self, p, &sorted[k]);
        }
    }
    free(sorted);
    if (status != CAL_OK)
        cal_snn_weights_free(out);
    return status;
}

static cal_status find(const cal_snn *self, size_t projection, const cali_structural **out)
{
    *out = cali_structural_find(self, projection);
    return *out != NULL ? CAL_OK : CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s: the synapses of projection %zu neither form nor "
                                            "break", self->name, projection);
}

cal_status cal_snn_get_elements(const cal_snn *self, size_t projection, cal_snn_end end, double *calcium, double *elements,
                                uint32_t *in_synapses)
{
    const cali_structural *p;
    CAL_TRY(find(self, projection, &p));
    const cali_side *side = &p->sides[end == CAL_SOURCE_END ? CALI_AXONS : CALI_DENDRITES];
    for (uint32_t id = 0; id < side->n; id++) {
        cali_element e = *cali_element_of(self, side, id);
        cali_element_advance(self, p, side, &e, self->step);
        if (calcium != NULL)
            calcium[id] = e.calcium;
        if (elements != NULL)
            elements[id] = e.z;
        if (in_synapses != NULL)
            in_synapses[id] = side->connected[id];
    }
    return CAL_OK;
}

cal_status cal_snn_get_structure(const cal_snn *self, size_t projection, cal_snn_structure *out)
{
    const cali_structural *p;
    CAL_TRY(find(self, projection, &p));
    *out = (cal_snn_structure){.n_synapses = p->n_synapses, .n_formed = p->n_formed, .n_broken = p->n_broken};
    for (size_t s = 0; s < CALI_N_SIDES; s++) {
        const cali_side *side = &p->sides[s];
        double calcium = 0.0, elements = 0.0;
        for (uint32_t id = 0; id < side->n; id++) {
            cali_element e = *cali_element_of(self, side, id);
            cali_element_advance(self, p, side, &e, self->step);
            calcium += e.calcium;
            elements += e.z;
        }
        const double n = side->n > 0 ? side->n : 1.0;
        *(s == CALI_AXONS ? &out->axonal : &out->dendritic) = elements / n;
        if (s == CALI_DENDRITES)
            out->calcium = calcium / n;
    }
    return CAL_OK;
}

/* ---- saving --------------------------------------------------------------------------------------- */

typedef struct structural_head {
    char synapse[32];
    uint64_t n_formed, n_broken;
} structural_head;

typedef struct saved_element {
    double calcium, z;
    int64_t age;
} saved_element;

static void save(const cal_snn *self, cali_text *out)
{
    for (size_t i = 0; i < self->n_structurals; i++) {
        const cali_structural *p = &self->structurals[i];
        structural_head head = {.n_formed = p->n_formed, .n_broken = p->n_broken};
        strncpy(head.synapse, p->synapse->face.name, sizeof head.synapse - 1);
        cali_text_add_bytes(out, &head, sizeof head);
        for (size_t s = 0; s < CALI_N_SIDES; s++)
            for (uint32_t id = 0; id < p->sides[s].n; id++) {
                const cali_element *e = cali_element_of(self, &p->sides[s], id);
                const saved_element saved = {e->calcium, e->z, self->step - e->stamp};
                cali_text_add_bytes(out, &saved, sizeof saved);
            }
        for (uint32_t target = 0; target < p->sides[CALI_DENDRITES].n; target++) {
            const uint32_t n = p->sides[CALI_DENDRITES].connected[target];
            cali_text_add_bytes(out, &n, sizeof n);
            cali_text_add_bytes(out, cali_contacts_of(p, target), n * sizeof(cali_contact));
        }
    }
}

/* ---- restoring ------------------------------------------------------------------------------------ */

/* What is left of the bytes; takes fail once they are too short. */
typedef struct bytes_left {
    const char *at;
    size_t size;
} bytes_left;

static bool take(bytes_left *b, void *out, size_t size)
{
    if (size > b->size)
        return false;
    if (size > 0)
        memcpy(out, b->at, size);
    b->at += size;
    b->size -= size;
    return true;
}

static bool are_good_elements(const cali_structural *p, bytes_left *b)
{
    for (size_t s = 0; s < CALI_N_SIDES; s++)
        for (uint32_t id = 0; id < p->sides[s].n; id++) {
            saved_element e;
            if (!take(b, &e, sizeof e) || !(e.calcium >= 0.0 && e.calcium <= 1e30) || !(e.z >= 0.0 && e.z <= 1e9) ||
                e.age < 0 || e.age > LONGEST_AGE)
                return false;
        }
    return true;
}

static bool are_good_contacts(const cali_structural *p, uint32_t n, bytes_left *b, cal_restore how)
{
    const int64_t limit = (int64_t)(p->projection.limit * p->projection.scale + 0.5);
    for (uint32_t k = 0; k < n; k++) {
        cali_contact c;
        if (!take(b, &c, sizeof c) || c.neuron >= p->sides[CALI_AXONS].n)
            return false;
        const int64_t size = c.quanta < 0 ? -(int64_t)c.quanta : c.quanta;
        if (how == CAL_RESTORE_CONTINUE && (c.delay < 1 || c.delay > p->longest_delay || size > limit))
            return false;
    }
    return true;
}

static cal_status check_one(const cal_snn *self, const cali_structural *p, bytes_left *b, cal_restore how)
{
    const char *from = self->populations[p->projection.def.from].name, *to = self->populations[p->projection.def.to].name;
    structural_head head;
    if (!take(b, &head, sizeof head) || strncmp(head.synapse, p->synapse->face.name, sizeof head.synapse) != 0)
        REFUSE("%s: the state holds other structural synapses than those from %s to %s here", self->name, from, to);
    bool is_good = are_good_elements(p, b);
    for (uint32_t target = 0; is_good && target < p->sides[CALI_DENDRITES].n; target++) {
        uint32_t n = 0;
        is_good = take(b, &n, sizeof n);
        if (n > p->capacity)
            REFUSE("%s: the state holds %u synapses at neuron %u from %s to %s, the capacity here is %u", self->name, n, target,
                   from, to, p->capacity);
        is_good = is_good && are_good_contacts(p, n, b, how);
    }
    if (!is_good)
        REFUSE("%s: the state is broken: structural synapses", self->name);
    return CAL_OK;
}

static cal_status check(const cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    bytes_left b = {bytes, size};
    for (size_t i = 0; i < self->n_structurals; i++)
        CAL_TRY(check_one(self, &self->structurals[i], &b, how));
    if (b.size > 0)
        REFUSE("%s: the state holds structural synapses, which this network has not", self->name);
    return CAL_OK;
}

static void restore_contacts(const cal_snn *self, cali_structural *p, uint32_t target, bytes_left *b, cal_restore how)
{
    uint32_t n = 0;
    take(b, &n, sizeof n);
    for (uint32_t k = 0; k < n; k++) {
        cali_contact *c = &cali_contacts_of(p, target)[k];
        take(b, c, sizeof *c);
        if (how == CAL_RESTORE_BEGIN)
            *c = cali_contact_between(self, p, c->neuron, target, c->neuron);
        p->sides[CALI_AXONS].connected[c->neuron]++;
    }
    p->sides[CALI_DENDRITES].connected[target] = n;
    p->n_synapses += n;
}

static void restore(cal_snn *self, const char *bytes, size_t size, cal_restore how)
{
    bytes_left b = {bytes, size};
    for (size_t i = 0; i < self->n_structurals; i++) {
        cali_structural *p = &self->structurals[i];
        structural_head head = {.n_formed = 0};
        take(&b, &head, sizeof head);
        for (size_t s = 0; s < CALI_N_SIDES; s++)
            for (uint32_t id = 0; id < p->sides[s].n; id++) {
                saved_element e = {.age = 0};
                take(&b, &e, sizeof e);
                *cali_element_of(self, &p->sides[s], id) =
                    (cali_element){e.calcium, fmin(e.z, p->sides[s].most), self->step - e.age};
            }
        memset(p->sides[CALI_AXONS].connected, 0, p->sides[CALI_AXONS].n * sizeof *p->sides[CALI_AXONS].connected);
        p->n_synapses = 0;
        for (uint32_t target = 0; target < p->sides[CALI_DENDRITES].n; target++)
            restore_contacts(self, p, target, &b, how);
        p->n_formed = how == CAL_RESTORE_CONTINUE ? head.n_formed : 0;
        p->n_broken = how == CAL_RESTORE_CONTINUE ? head.n_broken : 0;
        p->delivered = -1;
        p->version++;
    }
}

const cali_state_part cali_state_structural = {"structure", save, check, restore};
