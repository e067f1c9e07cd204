/* What a built network is made of, synapse by synapse: rows of words and broadcasts turned back into pairs. */
#include "snn/check.h"
#include "snn/plastic.h"

typedef struct walk {
    const cal_snn *self;
    size_t from, to;
    int channel;
    cal_snn_visit *visit;
    void *arg;
} walk;

static void visit_word(const walk *w, const cali_group *group, uint32_t source, unsigned tile, uint64_t at)
{
    const cal_snn *self = w->self;
    const cali_population *to = &self->populations[w->to];
    const uint64_t word = self->has_8_byte_words ? group->word_8[at] : group->word_4[at];
    const uint32_t place = (uint32_t)word & ((1u << self->target_bits) - 1);
    if (place < to->offset || place >= to->offset + to->width)
        return;
    const uint32_t delay = (uint32_t)(word >> self->target_bits) & ((1u << self->delay_bits) - 1);
    /* signed: the bits above those of target and delay */
    const int32_t weight = self->has_8_byte_words
                               ? (int32_t)(uint32_t)(word >> 32)
                               : (int32_t)(uint32_t)word >> (self->target_bits + self->delay_bits);
    size_t receptor = 0;
    while (to->channel[receptor] != w->channel)
        receptor++;
    w->visit(w->arg, source, (place - to->offset) * self->n_tiles + tile,
             (double)weight * (double)(1u << group->shift) * (double)to->quantum[receptor], delay * self->dt);
}

static void visit_group(const walk *w, const cali_group *group)
{
    const cal_snn *self = w->self;
    for (uint32_t source = 0; source < self->populations[w->from].n; source++)
        for (unsigned tile = 0; tile < self->n_tiles; tile++) {
            const size_t at = (size_t)source * (self->n_tiles + 1) + tile;
            const uint64_t first = group->offset_16 != NULL ? group->offset_16[at] : group->offset_32[at];
            const uint64_t last = group->offset_16 != NULL ? group->offset_16[at + 1] : group->offset_32[at + 1];
            for (uint64_t k = first; k < last; k++)
                visit_word(w, group, source, tile, group->base[source] + k);
        }
}

static void visit_broadcast(const walk *w, const cali_projection *p)
{
    const cal_snn *self = w->self;
    const cali_population *to = &self->populations[w->to];
    const double weight = (double)p->quanta * (double)to->quantum[p->receptor];
    for (uint32_t source = 0; source < self->populations[w->from].n; source++)
        for (uint32_t target = 0; target < to->n; target++)
            if (w->from != w->to || p->def.has_autapses || source != target)
                w->visit(w->arg, source, target, weight, p->delay * self->dt);
}

cal_status cal_snn_visit_synapses(const cal_snn *self, size_t from, size_t to, const char *receptor,
                                  cal_snn_visit *visit, void *arg)
{
    if (from >= self->n_populations || to >= self->n_populations || self->populations[to].neuron == NULL)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s: no synapses from population %zu to %zu", self->name, from, to);
    const cali_population *p = &self->populations[to];
    const size_t index = receptor == NULL ? SIZE_MAX : cali_receptor_index(&p->neuron->face, receptor);
    if (index >= p->neuron->face.n_receptors)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s: no receptor \"%s\" at %s", self->name,
                        receptor == NULL ? "" : receptor, p->name);
    const walk w = {self, from, to, p->channel[index], visit, arg};
    for (size_t g = 0; w.channel >= 0 && g < self->n_groups; g++)
        if (self->groups[g].from == from && self->groups[g].channel == w.channel)
            visit_group(&w, &self->groups[g]);
    for (size_t i = 0; i < self->n_projections; i++) {
        const cali_projection *projection = &self->projections[i];
        if (projection->is_broadcast && projection->def.from == from && projection->def.to == to &&
            projection->receptor == index)
            visit_broadcast(&w, projection);
    }
    cali_plastic_visit(self, from, to, index, visit, arg);
    return CAL_OK;
}
