/* What a built network is made of, synapse by synapse: rows of words and broadcasts turned back into pairs. */
#include "snn/check.h"
#include "snn/plastic.h"
#include "snn/structural.h"

/* One word, unpacked. */
typedef struct synapse_word {
    uint32_t place, delay; /* delay: of a pushed word */
    int32_t quanta;
} synapse_word;

static synapse_word read_word(const cal_snn *self, const cali_group *g, unsigned tile, uint32_t at)
{
    const void *words = g->rows[tile].words;
    if (g->word_bytes == 2)
        return (synapse_word){((const uint16_t *)words)[at], 0, g->one_weight};
    const uint64_t word = g->word_bytes == 8 ? ((const uint64_t *)words)[at] : ((const uint32_t *)words)[at];
    /* signed: the bits above those of target and delay */
    const int32_t weight = g->word_bytes == 8 ? (int32_t)(uint32_t)(word >> 32) : (int32_t)(uint32_t)word >> g->weight_shift;
    return (synapse_word){(uint32_t)word & ((1u << self->target_bits) - 1),
                               (uint32_t)(word >> self->target_bits) & ((1u << self->delay_bits) - 1),
                               weight * (1 << g->shift)};
}

typedef struct walk {
    const cal_snn *self;
    size_t from, to;
    int channel;
    cal_snn_visit *visit;
    void *arg;
} walk;

/* The words of one cell, or of a whole row that is pushed. */
static void visit_cell(const walk *w, const cali_group *g, uint32_t source, unsigned tile, uint32_t cell)
{
    const cal_snn *self = w->self;
    const cali_population *to = &self->populations[w->to];
    const uint32_t end = cali_cell_begin(g, &g->rows[tile], source, cell + 1);
    size_t receptor = 0;
    while (to->channel[receptor] != w->channel)
        receptor++;
    for (uint32_t at = cali_cell_begin(g, &g->rows[tile], source, cell); at < end; at++) {
        const synapse_word s = read_word(self, g, tile, at);
        if (s.place >= to->offset && s.place < to->offset + to->width)
            w->visit(w->arg, source, (s.place - to->offset) * self->n_tiles + tile,
                     (double)s.quanta * (double)to->quantum[receptor],
                     (g->is_pulled ? g->shortest + cell : s.delay) * self->dt);
    }
}

static void visit_group(const walk *w, const cali_group *g)
{
    const cal_snn *self = w->self;
    for (uint32_t source = 0; source < self->populations[w->from].n; source++)
        for (unsigned tile = 0; tile < self->n_tiles; tile++)
            for (uint32_t cell = 0; cell < g->n_cells; cell++)
                visit_cell(w, g, source, tile, cell);
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
    cali_structural_visit(self, from, to, index, visit, arg);
    cali_plastic_visit(self, from, to, index, visit, arg);
    return CAL_OK;
}

cal_status cal_snn_get_quantum(const cal_snn *self, size_t population, const char *receptor, double *quantum)
{
    const cali_population *p = population < self->n_populations ? &self->populations[population] : NULL;
    const size_t index = p == NULL || p->neuron == NULL || receptor == NULL ? SIZE_MAX
                                                                           : cali_receptor_index(&p->neuron->face, receptor);
    if (index == SIZE_MAX || index >= p->neuron->face.n_receptors)
        return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "%s: no receptor \"%s\" at population %zu", self->name,
                        receptor == NULL ? "" : receptor, population);
    *quantum = p->channel[index] >= 0 ? (double)p->quantum[index] : 0.0;
    return CAL_OK;
}
