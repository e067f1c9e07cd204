/* Gap junctions from the definition: checks, places, pairs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "snn/check.h"
#include "snn/distance.h"
#include "snn/gap.h"
#include "snn/rules.h"

/* dt G / C of a neuron with conductance G to all partners: an explicit step of a faster exchange would not be stable. */
#define LARGEST_RATE 0.5

static const char *text(const char *name)
{
    return name == NULL ? "(no name)" : name;
}

/* ---- checks ------------------------------------------------------------------------------------- */

bool cali_has_voltage(const cal_neuron *neuron)
{
    static const char *const names[] = {"V", "v", "x"};
    for (size_t i = 0; i < CALI_COUNT(names); i++)
        if (strcmp(neuron->states[0].name, names[i]) == 0)
            return strcmp(neuron->current_unit, "pA") != 0 || strcmp(neuron->states[0].unit, "mV") == 0;
    return false;
}

static cal_status check_ends(cal_context *ctx, const cal_snn_def *def, const cal_snn_projection *p, size_t i)
{
    const size_t end[2] = {p->from, p->to};
    for (int k = 0; k < 2; k++) {
        if (end[k] >= def->n_populations)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: gap junction %zu: there is no population %zu", text(def->name), i,
                            end[k]);
        const cal_snn_population *population = &def->populations[end[k]];
        if (population->neuron == NULL || !cali_has_voltage(population->neuron))
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: gap junctions need a voltage, which %s has not",
                            text(population->name),
                            population->neuron == NULL ? "a source population" : population->neuron->name);
    }
    const cal_snn_population *from = &def->populations[p->from], *to = &def->populations[p->to];
    if (strcmp(from->neuron->current_unit, to->neuron->current_unit) != 0)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s to %s: gap junctions between neurons %s and %s, whose currents have "
                        "other units", text(from->name), text(to->name), from->neuron->name, to->neuron->name);
    if (p->from == p->to && p->rule == CAL_ONE_TO_ONE)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s: one-to-one would join each neuron with itself; no current flows there",
                        text(from->name));
    return CAL_OK;
}

cal_status cali_check_gaps(cal_context *ctx, const cal_snn_def *def)
{
    for (size_t i = 0; i < def->n_gap_junctions; i++) {
        cal_snn_projection p = cali_rule_bounded(&def->gap_junctions[i]);
        p.has_autapses = false;
        CAL_TRY(check_ends(ctx, def, &p, i));
        const cal_snn_population *from = &def->populations[p.from], *to = &def->populations[p.to];
        char why[256];
        if (cal_snn_projection_is_impossible(&p, from->n, to->n, why, sizeof why))
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s to %s: gap junctions: %s", text(from->name), text(to->name), why);
        CAL_TRY(cali_check_distance(ctx, def, &p, "gap junctions"));
        double low = 0.0, high = 0.0;
        const char *problem = cali_distribution_problem(&p.weight, false);
        const cali_ends ends = cali_ends_of(def, &p);
        if (problem == NULL)
            cali_weight_bounds(&p, &ends, &low, &high);
        if (problem == NULL && !(low >= 0.0 && isfinite(high)))
            problem = "must be >= 0 and bounded; clip it with low and high";
        if (problem != NULL)
            return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "%s to %s: conductance of gap junctions %s", text(from->name),
                            text(to->name), problem);
    }
    return CAL_OK;
}

/* ---- plan ----------------------------------------------------------------------------------------- */

cal_status cali_gaps_plan(cal_snn *self, const cal_snn_def *def)
{
    if (def->n_gap_junctions == 0)
        return CAL_OK;
    CAL_TRY(cali_alloc(self->ctx, 1, sizeof *self->gaps, "gap junctions", &self->gaps));
    cali_gaps *gaps = self->gaps;
    CAL_TRY(cali_alloc(self->ctx, def->n_gap_junctions, sizeof *gaps->rules, "gap junctions", &gaps->rules));
    CAL_TRY(cali_alloc(self->ctx, self->n_populations, sizeof *gaps->first_shown, "gap junctions", &gaps->first_shown));
    for (size_t i = 0; i < self->n_populations; i++)
        gaps->first_shown[i] = SIZE_MAX;
    gaps->n = def->n_gap_junctions;
    for (size_t i = 0; i < gaps->n; i++) {
        cali_projection *p = &gaps->rules[i];
        p->def = cali_rule_bounded(&def->gap_junctions[i]);
        p->def.receptor = NULL;
        p->def.has_autapses = false;
        p->sources = cali_key_derive(self->key, CALI_USE_GAP_PAIRS, (uint32_t)i);
        p->weights = cali_key_derive(self->key, CALI_USE_GAP_CONDUCTANCE, (uint32_t)i);
        CAL_TRY(cali_rule_plan(self, p));
        gaps->first_shown[p->def.from] = gaps->first_shown[p->def.to] = 0;
    }
    for (size_t i = 0; i < self->n_populations; i++)
        if (gaps->first_shown[i] != SIZE_MAX) {
            gaps->first_shown[i] = gaps->n_shown;
            gaps->n_shown += (size_t)self->n_tiles * self->populations[i].width;
        }
    if (gaps->n_shown > UINT32_MAX)
        return CAL_FAIL(self->ctx, CAL_ERR_UNSUPPORTED, "%s: more than 4,294,967,295 neurons with gap junctions", self->name);
    self->exchange_steps = 1; /* the others' voltages are needed at every step */
    return CAL_OK;
}

/* Rules that give each pair twice, once from either side: within a population one of them counts. */
static bool takes_one_side(const cali_projection *p)
{
    return p->def.from == p->def.to && (p->def.rule == CAL_ALL_TO_ALL || p->def.rule == CAL_PAIRWISE_BERNOULLI ||
                                        p->def.rule == CAL_SMALL_WORLD);
}

double cali_gaps_bytes(const cal_snn *self)
{
    if (self->gaps == NULL)
        return 0.0;
    double n_ends = 0.0;
    for (size_t i = 0; i < self->gaps->n; i++)
        n_ends += (takes_one_side(&self->gaps->rules[i]) ? 1.0 : 2.0) *
                  cali_expected_synapses(self, &self->gaps->rules[i]);
    return 24.0 * (double)self->gaps->n_shown + 8.0 * n_ends + 12.0 * CALI_BLOCK * self->n_tiles;
}

/* ---- pairs ---------------------------------------------------------------------------------------- */

/* One end of a junction, in a place's row. */
typedef struct gap_end {
    uint64_t partner; /* population and neuron: the order of the sum */
    float g;
} gap_end;

typedef struct gap_build {
    cal_snn *self;
    cali_draw draw;
    gap_end *ends;  /* second pass: rows of the places */
    uint64_t *next; /* per place: ends counted, then the next free one */
} gap_build;

static size_t place_of(const cal_snn *self, size_t population, uint32_t id)
{
    return self->gaps->first_shown[population] + (size_t)(id % self->n_tiles) * self->populations[population].width +
           id / self->n_tiles;
}

static void put(gap_build *b, size_t population, uint32_t id, size_t other, uint32_t other_id, float g)
{
    uint64_t *next = &b->next[place_of(b->self, population, id)];
    if (b->ends != NULL)
        b->ends[*next] = (gap_end){(uint64_t)other << 32 | other_id, g};
    (*next)++;
}

static void visit_pairs(gap_build *b, const cali_projection *p)
{
    const cal_snn *self = b->self;
    const bool is_within = p->def.from == p->def.to, is_one_sided = takes_one_side(p);
    for (uint32_t target = 0; target < self->populations[p->def.to].n; target++) {
        const uint32_t n = cali_draw_sources(self, p, target, &b->draw);
        for (uint32_t k = 0; k < n; k++) {
            const uint32_t source = b->draw.sources[k];
            if (is_within && (source == target || (is_one_sided && source > target)))
                continue;
            const float g = (float)cali_synapse_weight(self, p, source, target, k);
            put(b, p->def.to, target, p->def.from, source, g);
            put(b, p->def.from, source, p->def.to, target, g);
        }
    }
}

static cal_status visit_rule(gap_build *b, cali_projection *p)
{
    cal_snn *self = b->self;
    cal_status status = cali_rule_prepare(self, p);
    if (status == CAL_OK)
        status = cali_alloc(self->ctx, cali_longest_list(self, p), sizeof(uint32_t), "sources", &b->draw.sources);
    if (status == CAL_OK)
        status = cali_alloc(self->ctx, self->populations[p->def.from].n / 8 + 1, 1, "marks", &b->draw.is_taken);
    if (status == CAL_OK)
        visit_pairs(b, p);
    free(b->draw.sources);
    free(b->draw.is_taken);
    b->draw = (cali_draw){0};
    cali_rule_release(p);
    return status;
}

static cal_status visit_rules(gap_build *b)
{
    for (size_t i = 0; i < b->self->gaps->n; i++)
        CAL_TRY(visit_rule(b, &b->self->gaps->rules[i]));
    return CAL_OK;
}

static int by_partner(const void *a, const void *b)
{
    const gap_end *x = a, *y = b;
    if (x->partner != y->partner)
        return x->partner < y->partner ? -1 : 1;
    return (x->g > y->g) - (x->g < y->g); /* of a pair that was drawn several times */
}

/* The smallest time in which a current moves the voltage by as much as the conductance to it would: C / G, or tau / G. */
static double smallest_capacity(const cali_population *p, const char **name)
{
    static const char *const names[] = {"C_m", "C", "tau", "tau_m"};
    const cal_neuron *face = &p->neuron->face;
    *name = NULL;
    for (size_t i = 0; i < CALI_COUNT(names); i++) {
        const int at = cal_field_find(face->params, face->n_params, names[i]);
        if (at < 0)
            continue;
        double low = face->params[at].value, high;
        for (size_t k = 0; k < p->n_settings; k++)
            if (strcmp(p->settings[k].name, names[i]) == 0)
                cali_distribution_bounds(&p->settings[k].value, &low, &high);
        *name = names[i];
        return fmax(low, face->params[at].low);
    }
    return 1.0;
}

static cal_status check_rates(const cal_snn *self)
{
    for (size_t i = 0; i < self->n_populations; i++) {
        const cali_population *p = &self->populations[i];
        const char *name = NULL;
        const double capacity = cali_has_gaps(self, i) && p->n > 0 ? smallest_capacity(p, &name) : 1.0;
        for (uint32_t id = 0; cali_has_gaps(self, i) && id < p->n; id++) {
            const size_t at = place_of(self, i, id);
            double sum = 0.0;
            for (uint64_t k = self->gaps->first[at]; k < self->gaps->first[at + 1]; k++)
                sum += (double)self->gaps->g[k];
            if (!(sum * self->dt_ms <= LARGEST_RATE * capacity))
                return CAL_FAIL(self->ctx, CAL_ERR_ARGUMENT, "C202 %s: the gap junctions of neuron %u add up to %g, too much "
                                "for a step of %g ms%s%s%s. Try a step of %.3g ms.", p->name, id, sum, self->dt_ms,
                                name != NULL ? " with the smallest " : "", name != NULL ? name : "",
                                name != NULL ? " there" : "", LARGEST_RATE * capacity / sum);
        }
    }
    return CAL_OK;
}

static cal_status make_rows(gap_build *b)
{
    cal_snn *self = b->self;
    cali_gaps *gaps = self->gaps;
    CAL_TRY(cali_alloc(self->ctx, gaps->n_shown, sizeof *b->next, "gap junctions", &b->next));
    CAL_TRY(visit_rules(b));
    CAL_TRY(cali_snn_alloc(self, gaps->n_shown + 1, sizeof *gaps->first, "gap junctions", &gaps->first));
    for (size_t i = 0; i < gaps->n_shown; i++) {
        gaps->first[i + 1] = gaps->first[i] + b->next[i];
        b->next[i] = gaps->first[i];
    }
    const uint64_t n_ends = gaps->first[gaps->n_shown];
    CAL_TRY(cali_alloc(self->ctx, n_ends, sizeof *b->ends, "gap junctions", &b->ends));
    CAL_TRY(visit_rules(b));
    CAL_TRY(cali_snn_alloc(self, n_ends, sizeof *gaps->partner, "gap junctions", &gaps->partner));
    CAL_TRY(cali_snn_alloc(self, n_ends, sizeof *gaps->g, "gap junctions", &gaps->g));
    for (size_t i = 0; i < gaps->n_shown; i++)
        qsort(b->ends + gaps->first[i], gaps->first[i + 1] - gaps->first[i], sizeof *b->ends, by_partner);
    for (uint64_t k = 0; k < n_ends; k++) {
        gaps->partner[k] = (uint32_t)place_of(self, b->ends[k].partner >> 32, (uint32_t)b->ends[k].partner);
        gaps->g[k] = b->ends[k].g;
    }
    self->n_gap_junctions = n_ends / 2;
    return check_rates(self);
}

cal_status cali_gaps_create(cal_snn *self)
{
    cali_gaps *gaps = self->gaps;
    if (gaps == NULL)
        return CAL_OK;
    gap_build b = {.self = self};
    const cal_status status = make_rows(&b);
    free(b.next);
    free(b.ends);
    CAL_TRY(status);
    for (int k = 0; k < 2; k++)
        CAL_TRY(cali_snn_alloc(self, gaps->n_shown, sizeof(double), "gap junctions", &gaps->shown[k]));
    CAL_TRY(cali_snn_alloc(self, (size_t)self->n_tiles * CALI_BLOCK, sizeof(double), "gap junctions", &gaps->before));
    CAL_TRY(cali_snn_alloc(self, (size_t)self->n_tiles * CALI_BLOCK, sizeof(float), "gap junctions", &gaps->currents));
    for (size_t i = 0; i < self->n_populations; i++)
        for (uint32_t id = 0; cali_has_gaps(self, i) && id < self->populations[i].n; id++)
            gaps->shown[0][place_of(self, i, id)] =
                cali_gap_voltage(self, i, id % self->n_tiles, id / self->n_tiles);
    return CAL_OK;
}

void cali_gaps_destroy(cal_snn *self)
{
    cali_gaps *gaps = self->gaps;
    if (gaps == NULL)
        return;
    for (size_t i = 0; gaps->rules != NULL && i < gaps->n; i++)
        cali_rule_release(&gaps->rules[i]);
    free(gaps->rules);
    free(gaps->first_shown);
    free(gaps->shown[0]);
    free(gaps->shown[1]);
    free(gaps->first);
    free(gaps->partner);
    free(gaps->g);
    free(gaps->before);
    free(gaps->currents);
    free(gaps);
    self->gaps = NULL;
}

void cali_gaps_describe(const cal_snn *self, cali_text *out)
{
    const cali_gaps *gaps = self->gaps;
    if (gaps == NULL)
        return;
    uint64_t hash = 0; /* over all ends, by neuron */
    for (size_t i = 0; i < self->n_populations; i++)
        for (uint32_t id = 0; cali_has_gaps(self, i) && id < self->populations[i].n; id++) {
            uint64_t row = (uint64_t)i << 32 | id;
            const size_t at = place_of(self, i, id);
            for (uint64_t k = gaps->first[at]; k < gaps->first[at + 1]; k++)
                row = cali_mix(row, cali_bits_f32(gaps->g[k]));
            hash += row;
        }
    cali_text_format(out, "gap junctions %llu %016llx\n", (unsigned long long)self->n_gap_junctions,
                     (unsigned long long)hash);
}
