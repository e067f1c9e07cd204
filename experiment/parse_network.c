/* A spiking region: populations, connections, drive, and what it exchanges with the other regions. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "experiment/reader.h"

enum { MAX_POPULATIONS = 1000, MAX_PROJECTIONS = 100000, MAX_NAME = 100 };

/* ---- populations --------------------------------------------------------------------------------------- */

static const char *neuron_name_at(const void *list, size_t i)
{
    (void)list;
    return cal_snn_neuron_at(i)->name;
}

static const cal_neuron *find_neuron(cali_reader *r, const cali_node *node, const char *name)
{
    if (cali_is_own_model(name))
        return cali_load_own_neuron(r, node);
    const cal_neuron *neuron = cal_snn_neuron_find(name);
    if (neuron != NULL)
        return neuron;
    char what[2 * CALI_LABEL];
    snprintf(what, sizeof what, cal_nmm_model_find(name) != NULL ? "\"%.60s\" is a neural mass, not a neuron"
                                                                 : "unknown neuron \"%.60s\"", name);
    cali_refuse_word(r, cali_place_of(node), "C101", what, name, NULL, cal_snn_n_neurons(), neuron_name_at);
    return NULL;
}

/* Parameters or initial states, each a number, a distribution or a column of a table. */
static void read_settings(cali_reader *r, const cali_node *node, const cal_field *fields, size_t n_fields,
                          const char *kind, cali_network *network, size_t population)
{
    cali_population *p = &network->populations[population];
    char buffer[CALI_LABEL], label[2 * CALI_LABEL];
    if (node == NULL || cali_node_is_null(node))
        return;
    if (node->kind != CALI_NODE_MAP) {
        cali_refuse(r, cali_place_of(node), "C104", "%ss of neuron %s are a mapping, got %s", kind, p->neuron->name,
                    cali_describe_node(node, buffer));
        return;
    }
    for (size_t i = 0; i < node->n; i++) {
        const cali_entry *entry = &node->entries[i];
        const int at = cal_field_find(fields, n_fields, entry->key);
        const char *before = i > 0 ? cali_node_text(node->entries[i - 1].value, "") : "";
        if (at < 0 && strchr(before, '(') != NULL && strchr(before, ')') == NULL)
            continue; /* the rest of a distribution without quotes, which is said already */
        if (at < 0 && node->is_flow && cali_node_is_null(entry->value)) {
            cali_refuse(r, cali_place_of_key(entry), "C101", "\"%.60s\" is no %s of neuron %s\nbecause a comma ends a "
                        "value inside of braces\ntry quotes around the text before it and this", entry->key, kind,
                        p->neuron->name);
            continue;
        }
        if (at < 0) {
            snprintf(label, sizeof label, "unknown %s \"%.60s\" of neuron %s", kind, entry->key, p->neuron->name);
            cali_refuse_word(r, cali_place_of_key(entry), "C101", label, entry->key, fields, n_fields,
                             cali_word_in_fields);
            continue;
        }
        snprintf(label, sizeof label, "%s of neuron %s", fields[at].name, p->neuron->name);
        if (entry->value->kind == CALI_NODE_MAP) {
            cali_parse_values(r, entry->value, label, &fields[at], population, network);
            continue;
        }
        cal_snn_setting setting = {.name = fields[at].name};
        if (!cali_read_distribution(r, entry->value, label, fields[at].unit, &fields[at], &setting.value))
            continue;
        if (!cali_arena_grow(&r->exp->arena, &p->settings, p->n_settings, sizeof *p->settings))
            r->is_out_of_memory = true;
        else
            p->settings[p->n_settings++] = setting;
    }
}

static void parse_population(cali_reader *r, const cali_entry *entry, cali_network *network)
{
    const size_t population = network->n_populations++;
    cali_population *p = &network->populations[population];
    char label[CALI_LABEL];
    cali_population_text text = {0};
    p->name = cali_keep(r, entry->key);
    p->place = cali_place_of_key(entry);
    if (strpbrk(entry->key, "., ") != NULL || entry->key[0] == '\0' || strlen(entry->key) > MAX_NAME)
        cali_refuse(r, p->place, "C104", "a population cannot be called \"%.60s\"\nbecause dots, commas and blanks divide "
                    "names, and %d letters are enough", entry->key, MAX_NAME);
    snprintf(label, sizeof label, "population %.100s", entry->key);
    if (!cali_read_mapping(r, &cali_keys_population, entry->value, label, &text, NULL))
        return;
    p->n = text.n;
    p->spikes = text.spikes;
    if (p->spikes != NULL)
        cali_read_spikes(r, entry->value, network->step, p);
    if (p->spikes != NULL || text.neuron == NULL)
        return;
    p->neuron = find_neuron(r, cali_node_get(entry->value, "neuron"), text.neuron);
    if (p->neuron == NULL)
        return;
    read_settings(r, cali_node_get(entry->value, "parameters"), p->neuron->params, p->neuron->n_params, "parameter", network, population);
    read_settings(r, cali_node_get(entry->value, "initial"), p->neuron->states, p->neuron->n_states, "state", network, population);
    cali_parse_positions(r, cali_node_get(entry->value, "positions"), p);
}

static void parse_populations(cali_reader *r, const cali_node *node, cali_network *network)
{
    char buffer[CALI_LABEL];
    if (node == NULL)
        return;
    if (node->kind != CALI_NODE_MAP || node->n == 0) {
        cali_refuse(r, cali_place_of(node), "C104", "populations needs a mapping of names, got %s\ntry E: {neuron: qif, "
                    "count: 1000}", cali_describe_node(node, buffer));
        return;
    }
    if (node->n > MAX_POPULATIONS) {
        cali_refuse(r, cali_place_of(node), "C106", "%zu populations in one region; at most %d", node->n,
                    MAX_POPULATIONS);
        return;
    }
    network->populations = cali_take(r, node->n, sizeof *network->populations);
    if (network->populations == NULL)
        return;
    double total = 0.0;
    for (size_t i = 0; i < node->n; i++) {
        parse_population(r, &node->entries[i], network);
        cali_parse_homeostasis(r, cali_node_get(node->entries[i].value, "homeostasis"), i, network);
        total += network->populations[i].n;
    }
    if (total > 2147483647.0)
        cali_refuse(r, cali_place_of(node), "C106", "%.0f neurons in one region; at most 2147483647", total);
}

static const char *population_name_at(const void *list, size_t i)
{
    return ((const cali_population *)list)[i].name;
}

/* Number of the population, or -1 and a mistake. */
long cali_find_population(cali_reader *r, const cali_network *network, const cali_node *node, const char *name)
{
    for (size_t i = 0; i < network->n_populations; i++)
        if (strcmp(network->populations[i].name, name) == 0)
            return (long)i;
    char what[2 * CALI_LABEL];
    snprintf(what, sizeof what, "no population \"%.60s\" in this %s", name, r->exp->is_alone ? "network" : "region");
    cali_refuse_word(r, cali_place_of(node), "C107", what, name, network->populations, network->n_populations,
                     population_name_at);
    return -1;
}

/* ---- receptors ------------------------------------------------------------------------------------------- */

static const char *receptor_name_at(const void *list, size_t i)
{
    return ((const cal_receptor *)list)[i].name;
}

/* Receptors whose unit the weight has; all of them if it has that of none. */
static size_t fitting_receptors(const cal_neuron *neuron, const char *weight, const cal_receptor **fitting,
                                size_t max)
{
    cali_quantity q;
    cali_unit unit;
    size_t n = 0;
    const char *inside = strchr(weight, '('); /* of a distribution: its first argument */
    const bool is_known = cali_quantity_parse(inside == NULL ? weight : inside + 1, &q) != CALI_QUANTITY_NO_NUMBER;
    char text[64];
    snprintf(text, sizeof text, "%.*s", (int)strcspn(q.unit_text, inside == NULL ? "" : ","), q.unit_text);
    if (is_known && cali_unit_parse(text, &q.unit))
        for (size_t i = 0; i < neuron->n_receptors && n < max; i++)
            if (cali_unit_parse(neuron->receptors[i].unit, &unit) && cali_unit_is_same_dimension(&unit, &q.unit))
                fitting[n++] = &neuron->receptors[i];
    for (size_t i = 0; n == 0 && i < neuron->n_receptors && i < max; i++)
        fitting[i] = &neuron->receptors[i];
    return n > 0 ? n : neuron->n_receptors < max ? neuron->n_receptors : max;
}

/* By its name; without one by the unit and the sign of the weight where they leave no choice. NULL: a mistake. */
static const cal_receptor *find_receptor(cali_reader *r, cali_place place, const cali_population *p, const char *name,
                                         const char *weight)
{
    const cal_neuron *neuron = p->neuron;
    const cal_receptor *fitting[16];
    char what[3 * CALI_LABEL];
    if (neuron == NULL && (p->spikes != NULL || p->train.time != NULL))
        cali_refuse(r, place, "C104", "nothing can end at population %.60s\nbecause its spikes are given", p->name);
    if (neuron == NULL)
        return NULL;
    for (size_t i = 0; name != NULL && i < neuron->n_receptors; i++)
        if (strcmp(neuron->receptors[i].name, name) == 0)
            return &neuron->receptors[i];
    if (name != NULL) {
        snprintf(what, sizeof what, "no receptor \"%.60s\" at population %.60s of neuron %s", name, p->name,
                 neuron->name);
        cali_refuse_word(r, place, "C107", what, name, neuron->receptors, neuron->n_receptors, receptor_name_at);
        return NULL;
    }
    const size_t n = fitting_receptors(neuron, weight, fitting, 16);
    if (n > 1 && fitting[0]->is_modulus) {
        snprintf(what, sizeof what, "which receptor of population %.60s?\nbecause neuron %s has several, and a "
                 "conductance has no sign", p->name, neuron->name);
        cali_refuse_word(r, place, "C105", what, "", neuron->receptors, neuron->n_receptors, receptor_name_at);
        return NULL;
    }
    for (size_t i = 0; weight[0] == '-' && i < n; i++)
        if (strcmp(fitting[i]->name, "inhibitory") == 0)
            return fitting[i];
    return n > 0 ? fitting[0] : NULL;
}

/* "weight into E.excitatory" */
void cali_label_weight(char label[CALI_LABEL], const cali_population *p, const cal_receptor *receptor)
{
    snprintf(label, CALI_LABEL, "weight into %.80s.%s", p->name, receptor->name);
}

static bool takes_unit(const cal_neuron *neuron, const cali_unit *unit)
{
    cali_unit other;
    for (size_t i = 0; i < neuron->n_receptors; i++)
        if (cali_unit_parse(neuron->receptors[i].unit, &other) && cali_unit_is_same_dimension(unit, &other))
            return true;
    return false;
}

/* A weight of another dimension: which neurons would take it? True: nothing to complain about here. */
bool cali_check_weight_unit(cali_reader *r, const cali_node *weight, const char *label, const cal_neuron *neuron,
                              const cal_receptor *receptor)
{
    cali_quantity q;
    cali_unit unit;
    if (cali_quantity_parse(cali_node_text(weight, ""), &q) != CALI_QUANTITY_OK || cali_unit_is_plain(&q.unit) ||
        !cali_unit_parse(receptor->unit, &unit) || cali_unit_is_same_dimension(&q.unit, &unit))
        return true;
    char words[CALI_UNIT_TEXT], got[CALI_UNIT_TEXT];
    cali_unit_describe(&unit, words);
    cali_unit_describe(&q.unit, got);
    cali_text others = {0};
    for (size_t i = 0; i < cal_snn_n_neurons(); i++)
        if (takes_unit(cal_snn_neuron_at(i), &q.unit)) {
            if (others.size == 0)
                cali_text_format(&others, "\nknown neurons that take %s: ", got);
            else
                cali_text_add(&others, ", ");
            cali_text_add(&others, cal_snn_neuron_at(i)->name);
        }
    cali_refuse(r, cali_place_of(weight), "C103",
                "%s is %s (%s), got %.60s, which is %s\nbecause receptor %s of neuron %s takes %s%s", label, words,
                receptor->unit, weight->text, got, receptor->name, neuron->name, words,
                others.size > 0 && !others.is_broken ? others.data : "");
    cali_text_free(&others);
    return false;
}

bool cali_check_modulus(cali_reader *r, cali_place place, const char *label, const cal_receptor *receptor,
                          const cal_distribution *d)
{
    if (!receptor->is_modulus || d->kind == CAL_LOGNORMAL || d->a >= 0.0)
        return true;
    return cali_refuse(r, place, "C106", "%s is negative\nbecause a conductance is a modulus: its receptor says which way "
                       "it pulls\ntry receptor: inhibitory", label);
}

/* "E" or "E.excitatory" into a population and, where one is wanted, a receptor. */
bool cali_find_target(cali_reader *r, const cali_network *network, const cali_node *node, const char *text,
                        const char *weight, size_t *population, const cal_receptor **receptor)
{
    char name[256];
    const char *dot = strchr(text, '.');
    const size_t size = dot == NULL ? strlen(text) : (size_t)(dot - text);
    snprintf(name, sizeof name, "%.*s", (int)(size > 255 ? 255 : size), text);
    const long at = cali_find_population(r, network, node, name);
    if (at < 0)
        return false;
    *population = (size_t)at;
    const cali_population *p = &network->populations[at];
    if (weight != NULL)
        *receptor = find_receptor(r, cali_place_of(node), p, dot == NULL ? NULL : dot + 1, weight);
    else if (dot != NULL)
        return cali_refuse(r, cali_place_of(node), "C104", "a current goes into a population, not into a receptor\ntry %s",
                           name);
    return weight == NULL || *receptor != NULL;
}

/* ---- connections --------------------------------------------------------------------------------------------- */

/* The populations of "E, I" as numbers. */
static size_t *find_populations(cali_reader *r, const cali_network *network, const cali_node *node, const char *text,
                                size_t *n)
{
    *n = 0;
    size_t *found = cali_take(r, network->n_populations, sizeof *found);
    const char *at = text;
    while (found != NULL && at != NULL) {
        const char *comma = strchr(at, ',');
        size_t size = comma == NULL ? strlen(at) : (size_t)(comma - at);
        for (; size > 0 && *at == ' '; at++, size--)
            continue;
        while (size > 0 && at[size - 1] == ' ')
            size--;
        char name[256];
        snprintf(name, sizeof name, "%.*s", (int)(size > 255 ? 255 : size), at);
        const long index = cali_find_population(r, network, node, name);
        if (index < 0)
            return NULL;
        for (size_t i = 0; i < *n; i++)
            if (found[i] == (size_t)index) {
                cali_refuse(r, cali_place_of(node), "C104", "population \"%.60s\" is named twice", name);
                return NULL;
            }
        found[(*n)++] = (size_t)index;
        at = comma == NULL ? NULL : comma + 1;
    }
    return found;
}

/* The one rule that a connection names. */
static bool find_rule(cali_reader *r, const cali_node *node, const cali_connection_text *text, cal_rule *rule)
{
    static const struct {
        const char *key;
        cal_rule rule;
    } rules[] = {{"in_degree", CAL_FIXED_IN_DEGREE}, {"out_degree", CAL_FIXED_OUT_DEGREE}, {"total", CAL_FIXED_TOTAL},
                 {"probability", CAL_PAIRWISE_BERNOULLI}, {"neighbours", CAL_SMALL_WORLD},
                 {"nearest", CAL_NEAREST}, {"file", CAL_SYNAPSE_LIST}};
    int n = text->all_to_all + text->one_to_one;
    *rule = text->one_to_one ? CAL_ONE_TO_ONE : CAL_ALL_TO_ALL;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (cali_node_get(node, rules[i].key) != NULL) {
            *rule = rules[i].rule;
            n++;
        }
    if (n == 1)
        return true;
    return cali_refuse(r, cali_place_of(node), "C105", "a connection needs one rule, this has %s\ntry in_degree: 100, "
                       "out_degree: 100, total: 10000, probability: 10 %%, neighbours: 10, nearest: 10, file: synapses.csv, "
                       "all_to_all: true or one_to_one: true", n == 0 ? "none" : "several");
}

/* Delays below one step are an error, not rounded in silence. */
static bool read_delay(cali_reader *r, const cali_node *node, const cali_network *network, bool has_velocity,
                       cal_snn_projection *projection)
{
    cal_distribution *out = &projection->delay_ms;
    *out = (cal_distribution){.kind = CAL_CONSTANT, .a = has_velocity ? 0.0 : cal_time_ms(network->step)};
    if (node == NULL)
        return true;
    if (cali_is_formula(node)) {
        out->a = 0.0;
        projection->delay_formula = cali_read_formula(r, node, "delay", "ms", false);
        return projection->delay_formula != NULL;
    }
    if (!cali_read_distribution(r, node, "delay", "ms", NULL, out))
        return false;
    if (out->kind == CAL_CONSTANT && has_velocity && out->a < 0.0)
        return cali_refuse(r, cali_place_of(node), "C106", "delay %g ms is negative", out->a);
    if (out->kind == CAL_CONSTANT && !has_velocity && out->a < cal_time_ms(network->step) * (1.0 - 1e-9))
        return cali_refuse(r, cali_place_of(node), "C106", "delay %g ms is shorter than the step %g ms\ntry delay: %g ms",
                           out->a, cal_time_ms(network->step), cal_time_ms(network->step));
    return true;
}

static void add_projection(cali_reader *r, cali_network *network, const cal_snn_projection *projection, char *name,
                           cali_place place)
{
    const size_t n = network->n_projections;
    if (n >= MAX_PROJECTIONS) {
        if (n == MAX_PROJECTIONS)
            cali_refuse(r, place, "C106", "more than %d connections of populations", MAX_PROJECTIONS);
        return;
    }
    if (!cali_arena_grow(&r->exp->arena, &network->projections, n, sizeof *network->projections) ||
        !cali_arena_grow(&r->exp->arena, &network->projection_names, n, sizeof *network->projection_names) ||
        !cali_arena_grow(&r->exp->arena, &network->projection_places, n, sizeof *network->projection_places)) {
        r->is_out_of_memory = true;
        return;
    }
    network->projections[n] = *projection;
    network->projection_names[n] = name;
    network->projection_places[n] = place;
    network->n_projections++;
}

/* The formula becomes the factor of a weight of 1. */
static bool read_weight_formula(cali_reader *r, const cali_node *node, const char *label, const cal_receptor *receptor,
                                cal_snn_projection *out)
{
    const cali_node *kernel = cali_node_get(node, "weight_kernel");
    if (kernel != NULL)
        return cali_refuse(r, cali_place_of(kernel), "C104", "weight_kernel stands beside a weight by formula\ntry one formula");
    out->weight = (cal_distribution){.kind = CAL_CONSTANT, .a = 1.0};
    out->weight_profile.formula = cali_read_formula(r, cali_node_get(node, "weight"), label, receptor->unit, true);
    return out->weight_profile.formula != NULL;
}

/* Weight and receptor at one target population; of a file the synapses. */
static bool read_weight(cali_reader *r, const cali_node *node, cali_network *network, size_t to,
                        const cali_connection_text *text, cal_snn_projection *out)
{
    char label[CALI_LABEL];
    const cali_node *weight = cali_node_get(node, "weight"), *receptor_node = cali_node_get(node, "receptor");
    const cali_population *p = &network->populations[to];
    const cali_place place = cali_place_of(receptor_node != NULL ? receptor_node : node);
    if (weight == NULL && text->file == NULL)
        return cali_refuse(r, cali_place_of(node), "C105", "a connection needs the key \"weight\": of one synapse");
    if (weight == NULL && text->receptor == NULL && p->neuron != NULL && p->neuron->n_receptors > 1) {
        cali_refuse_word(r, place, "C105", "which receptor do the synapses of the file act on?", "", p->neuron->receptors,
                         p->neuron->n_receptors, receptor_name_at);
        return false;
    }
    const bool is_formula = cali_is_formula(weight);
    char sample[CALI_UNIT_TEXT + 8];
    if (is_formula && !cali_formula_sample(r, weight, "weight", sample, sizeof sample))
        return false;
    const cal_receptor *receptor = find_receptor(r, place, p, text->receptor, is_formula ? sample : cali_node_text(weight, ""));
    if (receptor == NULL)
        return false;
    cali_label_weight(label, p, receptor);
    out->receptor = receptor->name;
    return (text->file == NULL || cali_read_list(r, node, text->file, network, receptor->unit, receptor->is_modulus, out)) &&
           (!is_formula || read_weight_formula(r, node, label, receptor, out)) &&
           (weight == NULL || is_formula || (cali_check_weight_unit(r, weight, label, p->neuron, receptor) &&
                               cali_read_distribution(r, weight, label, receptor->unit, NULL, &out->weight) &&
                               cali_check_modulus(r, cali_place_of(weight), label, receptor, &out->weight))) &&
           cali_read_plasticity(r, cali_node_get(node, "plasticity"), network, p->neuron, receptor, out);
}

static bool check_rule(cali_reader *r, const cali_node *node, const cali_network *network,
                       const cal_snn_projection *p)
{
    char why[256];
    const cali_population *from = &network->populations[p->from], *to = &network->populations[p->to];
    if (!cal_snn_projection_is_impossible(p, from->n, to->n, why, sizeof why))
        return cali_check_distances(r, node, network, p);
    return cali_refuse(r, cali_place_of(node), "C106", "%.60s to %.60s: %s", from->name, to->name, why);
}

const char *cali_gap_unit(const cal_neuron *neuron)
{
    return strcmp(neuron->current_unit, "pA") == 0 ? "nS" : "1";
}

static bool read_gap(cali_reader *r, const cali_node *node, const cali_population *p, cal_distribution *out)
{
    if (p->neuron == NULL ||
        !cali_read_distribution(r, node, "gap_junction", cali_gap_unit(p->neuron), NULL, out))
        return false;
    if (out->kind != CAL_CONSTANT || out->a >= 0.0)
        return true;
    return cali_refuse(r, cali_place_of(node), "C106", "gap_junction is negative\nbecause a conductance is 0 or more");
}

static bool has_population(const size_t *list, size_t n, size_t population)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == population)
            return true;
    return false;
}

/* Each pair of populations once: what joins E and I joins I and E. */
static void add_gaps(cali_reader *r, const cali_node *node, cali_network *network, cal_snn_projection gap,
                     const size_t *from, size_t n_from, const size_t *to, size_t n_to)
{
    for (size_t j = 0; j < n_to; j++) {
        if (!read_gap(r, cali_node_get(node, "gap_junction"), &network->populations[to[j]], &gap.weight))
            return;
        for (size_t i = 0; i < n_from; i++) {
            const bool is_twice = has_population(from, n_from, to[j]) && has_population(to, n_to, from[i]);
            gap.from = from[i];
            gap.to = to[j];
            if (is_twice && from[i] > to[j])
                continue;
            if (!check_rule(r, node, network, &gap))
                return;
            if (!cali_arena_grow(&r->exp->arena, &network->gaps, network->n_gaps, sizeof *network->gaps)) {
                r->is_out_of_memory = true;
                return;
            }
            network->gaps[network->n_gaps++] = gap;
        }
    }
}

static void parse_connection(cali_reader *r, const cali_node *node, const char *label, cali_network *network)
{
    cali_connection_text text = {0};
    cal_rule rule = CAL_ALL_TO_ALL;
    if (!cali_read_mapping(r, &cali_keys_connection, node, label, &text, NULL) || text.from == NULL || text.to == NULL)
        return;
    if (!find_rule(r, node, &text, &rule))
        return;
    cal_snn_projection projection = cal_snn_projection_default(rule);
    projection.in_degree = text.in_degree;
    projection.out_degree = text.out_degree;
    projection.total = text.total;
    projection.n_neighbours = text.neighbours;
    projection.probability = text.rewiring;
    const cali_node *autapses = cali_node_get(node, "autapses"), *multapses = cali_node_get(node, "multapses");
    if ((autapses != NULL && !cali_read_flag(r, autapses, "autapses", &projection.has_autapses)) ||
        (multapses != NULL && !cali_read_flag(r, multapses, "multapses", &projection.has_multapses)) ||
        !read_delay(r, cali_node_get(node, "delay"), network, text.velocity_mm_per_ms > 0.0, &projection) ||
        !cali_read_distance(r, node, &text, &projection) || !cali_read_probability(r, node, &projection))
        return;
    size_t n_from, n_to;
    const size_t *from = find_populations(r, network, cali_node_get(node, "from"), text.from, &n_from);
    const size_t *to = find_populations(r, network, cali_node_get(node, "to"), text.to, &n_to);
    if (from != NULL && to != NULL && rule == CAL_SYNAPSE_LIST) {
        if (n_from > 1 || n_to > 1) {
            cali_refuse(r, cali_place_of(node), "C104", "a file joins two populations\nbecause its numbers count the neurons of one "
                        "population\ntry a file and a connection for each pair");
            return;
        }
        projection.from = from[0];
        projection.to = to[0];
        projection.has_multapses = multapses != NULL && projection.has_multapses;
    }
    if (from != NULL && to != NULL && cali_node_get(node, "gap_junction") != NULL) {
        if (rule == CAL_SYNAPSE_LIST && !cali_read_list(r, node, text.file, network, "nS", true, &projection))
            return;
        add_gaps(r, node, network, projection, from, n_from, to, n_to);
        return;
    }
    for (size_t j = 0; from != NULL && to != NULL && j < n_to; j++) {
        if (!read_weight(r, node, network, to[j], &text, &projection))
            return;
        for (size_t i = 0; i < n_from; i++) {
            projection.from = from[i];
            projection.to = to[j];
            if (!check_rule(r, node, network, &projection))
                return;
            add_projection(r, network, &projection, text.name, cali_place_of(node));
        }
    }
}

/* ---- the network ---------------------------------------------------------------------------------------------------- */

/* `spiking` with `receives` and `gives` taken in from beside it. */
static const cali_node *merge(cali_reader *r, const cali_node *node, const cali_node *beside)
{
    if (node->kind != CALI_NODE_MAP)
        return node;
    cali_node *merged = cali_tree_add_node(r->tree, CALI_NODE_MAP, node->line, node->column);
    bool is_good = merged != NULL;
    for (size_t i = 0; is_good && i < node->n; i++)
        is_good = cali_tree_add_entry(r->tree, merged, &node->entries[i]);
    for (size_t i = 0; is_good && i < beside->n; i++) {
        const cali_entry *entry = &beside->entries[i];
        if (strcmp(entry->key, "receives") != 0 && strcmp(entry->key, "gives") != 0)
            continue;
        if (cali_node_get(node, entry->key) != NULL)
            cali_refuse(r, cali_place_of_key(entry), "C104", "\"%s\" stands beside spiking and in it", entry->key);
        else
            is_good = cali_tree_add_entry(r->tree, merged, entry);
    }
    if (!is_good) {
        r->is_out_of_memory = true;
        return node;
    }
    merged->origin = node->origin;
    return merged;
}

void cali_parse_network(cali_reader *r, const cali_node *node, const cali_node *beside, cali_network *network)
{
    char label[CALI_LABEL];
    network->place = cali_place_of(node);
    network->step_place = network->place;
    if (beside != NULL)
        node = merge(r, node, beside);
    if (!cali_read_mapping(r, beside != NULL ? &cali_keys_spiking : &cali_keys_network, node,
                           beside != NULL ? "spiking" : "network", network, NULL))
        return;
    parse_populations(r, cali_node_get(node, "populations"), network);
    cali_parse_sonata(r, cali_node_get(node, "sonata"), network);
    if (network->n_populations == 0)
        return;
    const cali_node *connections = cali_node_get(node, "connections"), *drive = cali_node_get(node, "drive");
    for (size_t i = 0, n = cali_list_size(r, connections, "connections"); i < n; i++) {
        snprintf(label, sizeof label, "connections[%zu]", i);
        parse_connection(r, cali_list_at(connections, i), label, network);
    }
    for (size_t i = 0, n = cali_list_size(r, drive, "drive"); i < n; i++) {
        snprintf(label, sizeof label, "drive[%zu]", i);
        cali_parse_drive(r, cali_list_at(drive, i), label, network);
    }
    cali_parse_scale(r, cali_node_get(node, "scale"), network);
    cali_parse_simulator(r, cali_node_get(node, "simulator"), network);
    if (beside == NULL)
        return;
    cali_parse_transfers(r, cali_node_get(node, "receives"), "receives", network, CAL_RECEIVES, &network->receives,
                    &network->n_receives);
    cali_parse_transfers(r, cali_node_get(node, "gives"), "gives", network, CAL_GIVES, &network->gives, &network->n_gives);
}
