/* The layout of a network: tiles, channels, quanta of weights, bits of a word, ring, exchange; and the
 * memory that all this takes. Everything here follows from the definition alone. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "snn/check.h"
#include "snn/distance.h"
#include "snn/gap.h"
#include "snn/homeostasis.h"
#include "snn/network.h"
#include "snn/plastic.h"
#include "snn/record.h"
#include "snn/rules.h"
#include "snn/space.h"
#include "snn/structural.h"
#include "snn/values.h"

cal_snn_def cal_snn_def_default(void)
{
    return (cal_snn_def){.name = "network", .dt = CAL_NS_PER_MS / 10, .window = CAL_NS_PER_MS};
}

cal_status cali_snn_alloc(cal_snn *self, size_t n, size_t size, const char *what, void *out)
{
    CAL_TRY(cali_alloc(self->ctx, n, size, what, out));
    self->bytes += (double)n * (double)size;
    return CAL_OK;
}

static unsigned bits_for(uint64_t largest)
{
    unsigned bits = 0;
    while (largest >> bits != 0)
        bits++;
    return bits;
}

static uint32_t round_up(uint32_t n, uint32_t unit)
{
    return (n + unit - 1) / unit * unit;
}

/* Steps between two spikes of a neuron, at least: from the smallest value of each parameter. */
static uint32_t min_interval(const cali_population *p, double dt_ms)
{
    double params[64], high;
    if (p->neuron == NULL || p->neuron->min_interval_ms == NULL)
        return 1;
    const cal_neuron *face = &p->neuron->face;
    for (size_t k = 0; k < face->n_params; k++) {
        params[k] = face->params[k].value;
        for (size_t i = 0; i < p->n_settings; i++)
            if (strcmp(p->settings[i].name, face->params[k].name) == 0)
                cali_distribution_bounds(&p->settings[i].value, &params[k], &high);
    }
    const double shortest = p->neuron->min_interval_ms(params);
    return shortest > 0.0 ? (uint32_t)cali_steps(fmin(shortest, 1e6), dt_ms) + 1 : 1;
}

/* The bits of a weight follow from the delays alone, for tiles of up to 4096 places, so that the rounding of weights
 * does not depend on the tiles. */
static unsigned weight_bits_for(unsigned delay_bits)
{
    return delay_bits > 12 ? 24 : delay_bits > 4 ? 20 - delay_bits : 16;
}

static void delay_range(const cal_snn_def *def, double dt_ms, uint32_t *shortest, uint32_t *longest)
{
    *shortest = UINT32_MAX;
    *longest = 1;
    for (size_t i = 0; i < def->n_projections; i++) {
        double low, high;
        const cal_snn_projection p = cali_rule_bounded(&def->projections[i]);
        const cali_ends ends = cali_ends_of(def, &p);
        cali_delay_bounds(&p, &ends, &low, &high);
        const uint32_t first = cali_delay_steps(low, dt_ms), last = cali_delay_steps(high, dt_ms);
        *shortest = first < *shortest ? first : *shortest;
        *longest = last > *longest ? last : *longest;
    }
}

/* With few synapses of a delay in a row, looking them up costs more than a ring. */
static bool is_dense(double n_synapses, double n_rows, double n_delays)
{
    return n_delays == 1.0 || n_synapses >= 3.0 * n_rows * n_delays;
}

/* Whether rows of some population may have few synapses of each delay, as plastic ones have at any rate. */
static bool has_sparse_rows(const cal_snn *self, const cal_snn_def *def)
{
    for (size_t i = 0; i < def->n_populations; i++) {
        double n_synapses = 0.0, least = INFINITY, most = 0.0, low, high;
        for (size_t k = 0; k < def->n_projections; k++) {
            if (def->projections[k].from != i)
                continue;
            const cal_snn_projection p = cali_rule_bounded(&def->projections[k]);
            if (cali_is_plastic(p.synapse) || cali_is_structural(p.synapse))
                return true;
            n_synapses += cali_rule_synapses(&p, def->populations[i].n, def->populations[p.to].n);
            const cali_ends ends = cali_ends_of(def, &p);
            cali_delay_bounds(&p, &ends, &low, &high);
            least = fmin(least, cali_delay_steps(low, self->dt_ms));
            most = fmax(most, cali_delay_steps(high, self->dt_ms));
        }
        if (n_synapses > 0.0 && !is_dense(n_synapses, def->populations[i].n, most - least + 1.0))
            return true;
    }
    return false;
}

/* No result depends on the tiles. They are as many as threads, as far as there are 4096 neurons to update for each between two
 * exchanges; more if the sums
 * of a step (or, where rows are sparse, the ring) would not fit a second-level cache, or places not their words. Wide tiles
 * have long rows. */
static unsigned choose_tiles(cal_snn *self, const cal_snn_def *def)
{
    const uint64_t total = self->n_neurons, padding = 16 * def->n_populations;
    uint32_t shortest, longest;
    delay_range(def, self->dt_ms, &shortest, &longest);
    const unsigned delay_bits = bits_for(longest), weight_bits = weight_bits_for(delay_bits);
    const unsigned bits = delay_bits + weight_bits;
    uint64_t width = weight_bits > 15 ? 65536 : 131072; /* place and weight in 4 bytes */
    width = width > 2 * padding ? width - padding : width / 2;
    if (has_sparse_rows(self, def)) {
        const uint64_t room = bits < 32 ? (uint64_t)1 << (32 - bits) : 0, ring = ((uint64_t)1 << 18) / (longest + 1);
        width = width + padding > room ? (room > padding ? room - padding : 0) : width;
        width = width > ring ? ring : width;
        width = width < 2048 ? 2048 : width;
    }
    const uint64_t exchange = def->n_gap_junctions > 0 ? 1 : shortest < CALI_MAX_EXCHANGE ? shortest : CALI_MAX_EXCHANGE;
    const uint64_t most = total * exchange / 4096 + 1, threads = cali_pool_size(cali_context_pool(self->ctx));
    const uint64_t wanted = threads < most ? threads : most, needed = (total + width - 1) / width;
    const uint64_t tiles = needed > wanted ? needed : wanted;
    return (unsigned)(tiles > CALI_MAX_TILES ? CALI_MAX_TILES : tiles);
}

static cal_status plan_populations(cal_snn *self, const cal_snn_def *def)
{
    uint64_t total = 0;
    for (size_t i = 0; i < def->n_populations; i++)
        total += def->populations[i].neuron != NULL ? def->populations[i].n : 0;
    self->n_neurons = total;
    self->n_tiles = def->n_tiles != 0 ? def->n_tiles : choose_tiles(self, def);
    CAL_TRY(cali_alloc(self->ctx, def->n_populations, sizeof *self->populations, "populations",
                       &self->populations));
    self->n_populations = def->n_populations;
    for (size_t i = 0; i < def->n_populations; i++) {
        const cal_snn_population *from = &def->populations[i];
        cali_population *p = &self->populations[i];
        CAL_TRY(cali_copy_text(self->ctx, from->name == NULL ? "" : from->name, &p->name));
        p->neuron = from->neuron == NULL ? NULL : cali_neuron_of(from->neuron);
        p->n = from->n;
        p->offset = self->tile_width;
        if (p->neuron != NULL)
            p->width = round_up((p->n + self->n_tiles - 1) / self->n_tiles, 16);
        self->tile_width += p->width;
        const double share = def->record_fraction == NULL ? 1.0 : def->record_fraction[i];
        p->n_recorded = p->neuron == NULL ? 0 : (uint32_t)(share * p->n + 0.5);
        p->n_settings = from->n_settings;
        CAL_TRY(cali_alloc(self->ctx, from->n_settings + cali_count_values(def, i), sizeof *p->settings, "settings",
                           &p->settings));
        if (from->n_settings > 0)
            memcpy(p->settings, from->settings, from->n_settings * sizeof *p->settings);
        for (size_t k = 0; k < from->n_settings; k++) { /* keep no borrowed text */
            const cal_neuron *face = from->neuron;
            const int param = cal_field_find(face->params, face->n_params, from->settings[k].name);
            const int state = cal_field_find(face->states, face->n_states, from->settings[k].name);
            p->settings[k].name = param >= 0 ? face->params[param].name : face->states[state].name;
        }
        cali_add_values(def, i, p);
        for (size_t r = 0; r < CALI_MAX_RECEPTORS; r++)
            p->channel[r] = -1;
        p->min_interval = min_interval(p, self->dt_ms);
    }
    return CAL_OK;
}

cali_projection *cali_projection_at(const cal_snn *self, size_t i)
{
    if (i < self->n_projections)
        return &self->projections[i];
    i -= self->n_projections;
    return i < self->n_plastics ? &self->plastics[i].projection : cali_structural_projection(self, i - self->n_plastics);
}

size_t cali_n_projections(const cal_snn *self)
{
    return self->n_projections + self->n_plastics + self->n_structurals;
}

/* Receptors that synapses use get channels 0, 1, ... in each population. */
static cal_status plan_projections(cal_snn *self, const cal_snn_def *def)
{
    CAL_TRY(cali_alloc(self->ctx, def->n_projections, sizeof *self->projections, "projections",
                       &self->projections));
    CAL_TRY(cali_plastic_reserve(self, def));
    CAL_TRY(cali_structural_reserve(self, def));
    uint32_t shortest, longest;
    delay_range(def, self->dt_ms, &shortest, &longest);
    for (size_t i = 0; i < def->n_projections; i++) {
        const bool is_plastic = cali_is_plastic(def->projections[i].synapse);
        const bool is_structural = cali_is_structural(def->projections[i].synapse);
        const cal_snn_projection bounded = cali_rule_bounded(&def->projections[i]);
        cali_projection *p = is_plastic      ? cali_plastic_add(self, &bounded, i)
                             : is_structural ? cali_structural_add(self, &bounded, i)
                                             : &self->projections[self->n_projections++];
        p->is_plastic = is_plastic;
        p->def = bounded;
        cali_population *to = &self->populations[p->def.to];
        p->receptor = cali_receptor_index(&to->neuron->face, p->def.receptor);
        p->def.receptor = to->neuron->face.receptors[p->receptor].name;
        if (to->channel[p->receptor] < 0) {
            int next = 0;
            for (size_t r = 0; r < CALI_MAX_RECEPTORS; r++)
                next += to->channel[r] >= 0;
            to->channel[p->receptor] = next;
            self->n_channels = self->n_channels > (unsigned)next + 1 ? self->n_channels
                                                                      : (unsigned)next + 1;
        }
        p->sources = cali_key_derive(self->key, CALI_USE_SOURCES, (uint32_t)i);
        p->weights = cali_key_derive(self->key, CALI_USE_WEIGHT, (uint32_t)i);
        p->delays = cali_key_derive(self->key, CALI_USE_DELAY, (uint32_t)i);
        CAL_TRY(cali_rule_plan(self, p));
        p->is_broadcast = !is_plastic && !is_structural && p->def.rule == CAL_ALL_TO_ALL && p->def.weight.kind == CAL_CONSTANT &&
                          p->def.delay_ms.kind == CAL_CONSTANT && !cali_needs_positions(&p->def);
        double low, high;
        cali_distribution_bounds(&p->def.delay_ms, &low, &high);
        const uint32_t first = cali_delay_steps(low, self->dt_ms);
        p->delay = first;
        shortest = first < shortest ? first : shortest;
    }
    for (size_t i = 0; i < def->n_projections; i++) {
        cali_projection *p = cali_projection_at(self, i);
        p->channel = self->populations[p->def.to].channel[p->receptor];
    }
    self->exchange_steps = shortest < CALI_MAX_EXCHANGE ? shortest : CALI_MAX_EXCHANGE;
    self->longest_delay = longest;
    self->history_slots = 32;
    while (self->history_slots < longest + 1 + CALI_MAX_EXCHANGE)
        self->history_slots *= 2;
    self->delay_bits = bits_for(longest);
    self->target_bits = bits_for(self->tile_width == 0 ? 0 : self->tile_width - 1);
    self->weight_bits = cali_list_weight_bits(def, weight_bits_for(self->delay_bits));
    return CAL_OK;
}

/* How the rows are kept, and the ring for what is pushed. */
static cal_status plan_rows(cal_snn *self)
{
    uint32_t longest = 0;
    for (size_t g = 0; g < self->n_groups; g++) {
        cali_group *group = &self->groups[g];
        const uint32_t n_delays = group->longest - group->shortest + 1;
        group->is_pulled = is_dense(group->n_expected / self->n_tiles, self->populations[group->from].n, n_delays);
        group->n_cells = group->is_pulled ? n_delays : 1;
        group->weight_shift = self->target_bits + (group->is_pulled ? 0 : self->delay_bits);
        group->word_bytes = group->weight_shift + self->weight_bits > 32 ? 8 : 4;
        if (group->is_pulled && group->has_one_weight && self->target_bits <= 16)
            group->word_bytes = 2;
        if (!group->is_pulled && group->weight_shift > 32)
            return CAL_FAIL(self->ctx, CAL_ERR_UNSUPPORTED,
                            "%s: %u bits for targets and %u for delays are more than 32; use more tiles",
                            self->name, self->target_bits, self->delay_bits);
        longest = !group->is_pulled && group->longest > longest ? group->longest : longest;
    }
    for (size_t i = 0; i < self->n_plastics; i++)
        longest = self->plastics[i].longest_delay > longest ? self->plastics[i].longest_delay : longest;
    if (cali_structural_longest_delay(self) > longest)
        longest = cali_structural_longest_delay(self);
    for (size_t i = 0; i < self->n_projections; i++) { /* of a broadcast, a neuron's own spike is taken back */
        const cali_projection *p = &self->projections[i];
        const bool has_own = p->is_broadcast && p->def.from == p->def.to && !p->def.has_autapses;
        longest = has_own && p->delay > longest ? p->delay : longest;
    }
    self->planned_slots = 1;
    while (longest > 0 && self->planned_slots < longest + 1)
        self->planned_slots *= 2;
    self->slots = self->planned_slots;
    return CAL_OK;
}

/* Largest exponent k with size 2^k <= 2^bits - 1, for size > 0. */
static int exponent_for(double size, unsigned bits)
{
    int e;
    frexp(size, &e); /* size < 2^e */
    int k = (int)bits - e;
    if (ldexp(size, k + 1) <= ldexp(1.0, (int)bits) - 1.0)
        k++;
    return k;
}

static double largest_weight(const cal_snn *self, const cali_projection *p)
{
    double low, high;
    if (p->is_plastic || p->capacity > 0)
        return p->limit;
    const cali_ends ends = cali_ends_in(self, &p->def);
    cali_weight_bounds(&p->def, &ends, &low, &high);
    return fmax(fabs(low), fabs(high));
}

static int finest_exponent(const cal_snn *self, const cali_projection *p)
{
    return exponent_for(largest_weight(self, p), p->is_broadcast || p->is_plastic || p->capacity > 0 ? 24 : self->weight_bits - 1);
}

/* Quanta of one receptor: fine enough for the smallest of its projections, coarse enough that the
 * expected sum of all weights of a neuron stays below 2^30, but not so coarse that the largest weight
 * would have less than 7 bits. */
static void plan_quantum(cal_snn *self, size_t to, size_t receptor)
{
    cali_population *population = &self->populations[to];
    int exponent = -1000, coarsest = 1000;
    double sum = 0.0;
    for (size_t i = 0; i < cali_n_projections(self); i++) {
        const cali_projection *p = cali_projection_at(self, i);
        if (p->def.to != to || p->receptor != receptor || largest_weight(self, p) == 0.0)
            continue;
        const int finest = finest_exponent(self, p), rough = exponent_for(largest_weight(self, p), 7);
        exponent = finest > exponent ? finest : exponent;
        coarsest = rough < coarsest ? rough : coarsest;
        if (p->capacity > 0)
            sum += p->capacity * p->limit;
        else if (population->n > 0)
            sum += cali_expected_synapses(self, p) / population->n *
                   (p->is_plastic ? p->limit : cali_rule_mean_weight(self, p));
    }
    if (exponent == -1000)
        exponent = 0;
    if (sum > 0.0) {
        const int fitting = exponent_for(sum, 30);
        exponent = exponent > fitting ? fitting : exponent;
        exponent = exponent < coarsest ? coarsest : exponent;
    }
    exponent = cali_list_exponent(self, to, receptor, exponent);
    exponent = exponent > 120 ? 120 : exponent < -120 ? -120 : exponent;
    population->exponent[receptor] = exponent;
    population->quantum[receptor] = (float)ldexp(1.0, -exponent);
}

/* How far the words of a population, receptor and source are shifted: their largest weight has to fit. */
static unsigned shift_of(const cal_snn *self, const cali_projection *p)
{
    const int exponent = self->populations[p->def.to].exponent[p->receptor];
    int shift = 0;
    for (size_t i = 0; i < self->n_projections; i++) {
        const cali_projection *q = &self->projections[i];
        if (q->is_broadcast || q->def.from != p->def.from || q->def.to != p->def.to || q->receptor != p->receptor ||
            largest_weight(self, q) == 0.0)
            continue;
        const int own = exponent - finest_exponent(self, q);
        shift = own > shift ? own : shift;
    }
    return (unsigned)shift;
}

/* Targets of one source and channel share rows where they share the shift: the weights into one of them keep their bits
 * whatever the weights into others. */
static cal_status plan_groups(cal_snn *self)
{
    CAL_TRY(cali_alloc(self->ctx, self->n_projections, sizeof *self->groups, "groups",
                       &self->groups));
    for (size_t i = 0; i < self->n_projections; i++) {
        cali_projection *p = &self->projections[i];
        if (p->is_broadcast)
            continue;
        const unsigned shift = shift_of(self, p);
        size_t g = 0;
        while (g < self->n_groups && (self->groups[g].from != p->def.from || self->groups[g].channel != p->channel ||
                                      self->groups[g].shift != shift))
            g++;
        if (g == UINT16_MAX)
            return CAL_FAIL(self->ctx, CAL_ERR_UNSUPPORTED, "%s: more than 65,535 pairs of a source and a receptor",
                            self->name);
        if (g == self->n_groups)
            self->groups[self->n_groups++] =
                (cali_group){.from = p->def.from, .channel = p->channel, .shift = shift, .shortest = UINT32_MAX};
        p->group = g;
        double low, high;
        const cali_ends ends = cali_ends_in(self, &p->def);
        cali_delay_bounds(&p->def, &ends, &low, &high);
        const uint32_t shortest = cali_delay_steps(low, self->dt_ms), longest = cali_delay_steps(high, self->dt_ms);
        cali_group *group = &self->groups[g];
        group->shortest = shortest < group->shortest ? shortest : group->shortest;
        group->longest = longest > group->longest ? longest : group->longest;
        group->n_expected += cali_expected_synapses(self, p);
    }
    return CAL_OK;
}

static cal_status plan_quanta(cal_snn *self)
{
    for (size_t i = 0; i < self->n_populations; i++)
        for (size_t r = 0; r < CALI_MAX_RECEPTORS; r++)
            if (self->populations[i].channel[r] >= 0)
                plan_quantum(self, i, r);
    CAL_TRY(plan_groups(self));
    for (size_t i = 0; i < self->n_projections; i++) {
        cali_projection *p = &self->projections[i];
        const int exponent = self->populations[p->def.to].exponent[p->receptor];
        const int shift = p->is_broadcast ? 0 : (int)self->groups[p->group].shift;
        p->scale = ldexp(1.0, exponent - shift);
        const double quanta = floor(p->def.weight.a * p->scale + 0.5);
        if (p->is_broadcast) {
            p->quanta = (int32_t)quanta;
            continue;
        }
        cali_group *group = &self->groups[p->group];
        const bool is_constant = p->def.weight.kind == CAL_CONSTANT && !p->has_weight_profile;
        const int32_t weight = is_constant ? (int32_t)quanta * (1 << group->shift) : 0;
        group->has_one_weight = is_constant && (group->n_projections == 0 ||
                                                (group->has_one_weight && group->one_weight == weight));
        group->one_weight = weight;
        group->n_projections++;
    }
    return CAL_OK;
}

static cal_status plan_poisson(cal_snn *self, size_t to, const char *receptor, double n_trains,
                               double rate_Hz, double weight, uint32_t use)
{
    cali_poisson *p = &self->poissons[self->n_poissons++];
    p->to = to;
    p->receptor = cali_receptor_index(&self->populations[to].neuron->face, receptor);
    p->n_trains = n_trains;
    p->weight = (float)weight;
    p->key = cali_key_derive(self->key, CALI_USE_POISSON, use);
    p->mean = rate_Hz * n_trains * self->dt_ms * 1e-3;
    return CAL_OK;
}

static cal_status plan_inputs(cal_snn *self, const cal_snn_def *def)
{
    CAL_TRY(cali_alloc(self->ctx, def->n_poissons + def->n_ports, sizeof *self->poissons,
                       "Poisson inputs", &self->poissons));
    for (size_t i = 0; i < def->n_poissons; i++) {
        const cal_snn_poisson *p = &def->poissons[i];
        CAL_TRY(plan_poisson(self, p->to, p->receptor, p->n_trains, p->rate_Hz, p->weight,
                             (uint32_t)i));
    }
    CAL_TRY(cali_devices_plan(self, def));
    CAL_TRY(cali_alloc(self->ctx, def->n_ports, sizeof *self->ports, "ports", &self->ports));
    self->n_ports = def->n_ports;
    for (size_t i = 0; i < def->n_ports; i++) {
        cali_port *port = &self->ports[i];
        port->def = def->ports[i];
        CAL_TRY(cali_copy_text(self->ctx, port->def.name == NULL ? "" : port->def.name, &port->name));
        const cali_neuron *neuron = self->populations[port->def.population].neuron;
        if (port->def.kind == CAL_PORT_MEAN)
            port->state = (size_t)cal_field_find(neuron->face.states, neuron->face.n_states,
                                                 port->def.state);
        if (port->def.kind == CAL_PORT_POISSON) {
            port->poisson = self->n_poissons;
            CAL_TRY(plan_poisson(self, port->def.population, port->def.receptor,
                                 port->def.n_trains, 0.0, port->def.weight,
                                 (uint32_t)(def->n_poissons + i)));
            self->poissons[port->poisson].is_port = true;
            self->poissons[port->poisson].port = i;
        }
        port->def.name = port->name;
        port->def.receptor = port->def.state = NULL;
    }
    return CAL_OK;
}

cal_status cali_plan(cal_snn *self, const cal_snn_def *def)
{
    CAL_TRY(cali_check(self->ctx, def));
    CAL_TRY(cali_copy_text(self->ctx, def->name == NULL ? "network" : def->name, &self->name));
    self->dt = def->dt;
    self->window = def->window;
    self->dt_ms = cal_time_ms(def->dt);
    self->window_steps = (uint32_t)(def->window / def->dt);
    self->memory_budget_bytes = def->memory_budget_bytes;
    self->key = cali_network_key(def);
    CAL_TRY(plan_populations(self, def));
    CAL_TRY(cali_values_keep(self, def));
    CAL_TRY(cali_records_plan(self, def));
    CAL_TRY(cali_spaces_create(self, def));
    CAL_TRY(plan_projections(self, def));
    CAL_TRY(cali_gaps_plan(self, def));
    CAL_TRY(plan_quanta(self));
    CAL_TRY(cali_plastic_plan(self));
    CAL_TRY(cali_structural_plan(self));
    CAL_TRY(plan_rows(self));
    CAL_TRY(plan_inputs(self, def));
    return cali_homeostasis_plan(self, def);
}

static double group_bytes(const cal_snn *self, size_t g)
{
    const cali_group *group = &self->groups[g];
    const double n_rows = self->populations[group->from].n, n = group->n_expected;
    const double per_row = n_rows > 0.0 ? n / n_rows / self->n_tiles : 0.0, longest = per_row + 6.0 * sqrt(per_row);
    const double inner = (group->n_cells - 1) * (longest > 65535.0 ? 4.0 : 2.0);
    return n * group->word_bytes + n_rows * self->n_tiles * (4.0 + inner);
}

/* Bins of ports, or where each step's spikes begin. */
static double port_bytes(const cal_snn *self)
{
    double bytes = 0.0;
    for (size_t i = 0; i < self->n_ports; i++) {
        const cal_snn_port *p = &self->ports[i].def;
        bytes += p->kind == CAL_PORT_SPIKES ? 4.0 * self->window_steps
                                            : 8.0 * p->samples * (p->kind == CAL_PORT_MEAN ? self->n_tiles : 1);
    }
    return bytes;
}

/* The fixed parts follow the allocations of populations.c and backend_cpu.c. */
double cali_plan_bytes(const cal_snn *self, double *n_synapses)
{
    const double tiles = self->n_tiles, places = tiles * self->tile_width;
    double bytes = 4.0 * (self->planned_slots + 1) * self->n_channels * places +
                   (4.0 + sizeof(cali_past_step)) * self->history_slots * (double)self->n_populations;
    for (size_t i = 0; i < self->n_populations; i++) {
        const cali_population *p = &self->populations[i];
        bytes += 8.0 * p->n * p->space.n_dimensions;
        if (p->neuron == NULL)
            continue;
        const double own = tiles * p->width;
        bytes += 4.0 * own * (double)p->neuron->face.n_states; /* most constants are shared */
        for (size_t k = 0; k < p->n_settings; k++)
            bytes += p->settings[k].value.kind == CAL_CONSTANT ? 0.0 : 4.0 * own;
        bytes += 2.0 * 4.0 * own * self->exchange_steps;
        const double per_window = floor((self->window_steps - 1.0) / p->min_interval) + 1.0;
        bytes += 16.0 * p->n_recorded * per_window;
    }
    for (size_t i = 0; i < self->n_poissons; i++)
        bytes += (self->poissons[i].course.form == NULL ? 1.0 : self->exchange_steps) * (double)sizeof(cali_poisson_table);
    for (size_t i = 0; i < self->n_poissons; i++)
        bytes += 16.0 * tiles * self->populations[self->poissons[i].to].width;
    bytes += cali_devices_bytes(self) + cali_homeostasis_bytes(self) + cali_records_bytes(self) + port_bytes(self);
    *n_synapses = 0.0;
    for (size_t i = 0; i < self->n_projections; i++)
        *n_synapses += cali_expected_synapses(self, &self->projections[i]);
    for (size_t g = 0; g < self->n_groups; g++)
        bytes += group_bytes(self, g);
    for (size_t i = 0; i < self->n_plastics; i++) {
        *n_synapses += cali_expected_synapses(self, &self->plastics[i].projection);
        bytes += cali_plastic_bytes(self, &self->plastics[i]);
    }
    for (size_t i = 0; i < self->n_structurals; i++)
        *n_synapses += cali_expected_synapses(self, cali_structural_projection(self, i));
    return bytes + cali_structural_bytes(self) + (double)sizeof(cali_arrival) * (double)cali_max_arrivals(self) + cali_rules_bytes(self) +
           cali_gaps_bytes(self);
}
