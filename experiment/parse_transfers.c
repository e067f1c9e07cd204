/* receives and gives: the transducers between a spiking region and the other regions. */
#include <stdio.h>
#include <string.h>

#include "experiment/reader.h"

typedef struct transducer_list {
    const cal_transducer *found[64];
    size_t n;
} transducer_list;

static const char *transducer_name_at(const void *list, size_t i)
{
    return ((const transducer_list *)list)->found[i]->name;
}

static const cal_transducer *find_transducer(cali_reader *r, const cali_node *node, cal_transducer_direction direction)
{
    const char *name = cali_node_text(node, "");
    const cal_transducer *found = cal_transducer_find(name);
    if (found != NULL && found->direction == direction)
        return found;
    transducer_list list = {.n = 0};
    for (size_t i = 0; i < cal_n_transducers() && list.n < 64; i++)
        if (cal_transducer_at(i)->direction == direction)
            list.found[list.n++] = cal_transducer_at(i);
    char what[2 * CALI_LABEL];
    snprintf(what, sizeof what, found != NULL ? "\"%.60s\" is a transducer of the other direction"
                                              : "unknown transducer \"%.60s\"", name);
    cali_refuse_word(r, cali_place_of(node), "C101", what, name, &list, list.n, transducer_name_at);
    return NULL;
}

/* Whether its output are events at synapses, which have a receptor and a weight. */
static bool makes_spikes(const cal_transducer *t)
{
    return strcmp(t->gives, "Hz") == 0 || strcmp(t->gives, "event") == 0;
}

static const char *term_name_at(const void *list, size_t i)
{
    const char *to = ((const cal_coupling *)list)[i].to;
    return to != NULL ? to : "(first input)";
}

/* Number of the term that no input of a model has but spiking regions read: the summed rates of the sources as
 * they are, in 1/ms. Added when it is first asked for. */
static size_t rate_term(cali_reader *r)
{
    cal_experiment *e = r->exp;
    for (size_t i = 0; i < e->n_couplings; i++)
        if (e->couplings[i].to != NULL && e->couplings[i].to[0] == '\0')
            return i;
    cal_coupling *more = cali_take(r, e->n_couplings + 1, sizeof *more);
    if (more == NULL)
        return 0;
    memcpy(more, e->couplings, e->n_couplings * sizeof *more);
    e->couplings = more;
    more[e->n_couplings] = cal_coupling_default();
    more[e->n_couplings].to = "";
    return e->n_couplings++;
}

/* Number of the coupling term that acts on `name`. Without a name the first one, but where the transducer takes a
 * rate and the first one's input is none, the summed rates. */
static size_t find_term(cali_reader *r, const cali_node *node, const char *name, const cal_transducer *transducer)
{
    const cal_experiment *e = r->exp;
    if (name != NULL && strcmp(name, "rate") == 0)
        return rate_term(r);
    if (name == NULL && strcmp(transducer->takes, "1/ms") == 0) {
        const cali_place none = {0};
        const cal_field *to = cali_find_field(r, CALI_INPUTS, e->n_couplings > 0 ? e->couplings[0].to : NULL, none);
        if (to != NULL && strcmp(to->unit, "1/ms") != 0)
            return rate_term(r);
    }
    for (size_t i = 0; name != NULL && i < e->n_couplings; i++) {
        const cal_field *first = e->couplings[i].to != NULL ? NULL : cali_find_field(r, CALI_INPUTS, NULL, (cali_place){0});
        const char *to = e->couplings[i].to != NULL ? e->couplings[i].to : first != NULL ? first->name : "";
        if (strcmp(to, name) == 0)
            return i;
    }
    if (name == NULL)
        return 0;
    char what[2 * CALI_LABEL];
    snprintf(what, sizeof what, "no coupling term acts on \"%.60s\"", name);
    cali_refuse_word(r, cali_place_of(node), "C107", what, name, e->couplings, e->n_couplings, term_name_at);
    return 0;
}

/* The population of an entry without a mistake if there is none; that comes later. */
static const cali_population *peek_population(const cali_node *node, const cali_network *network)
{
    const char *text = cali_node_text(node, "");
    const size_t size = strcspn(text, ".");
    for (size_t i = 0; i < network->n_populations; i++)
        if (strlen(network->populations[i].name) == size && strncmp(network->populations[i].name, text, size) == 0)
            return &network->populations[i];
    return NULL;
}

/* "port", "coupling" and "output" in units of a transducer stand for those of what it connects. */
static const char *resolve_word(const char *word, const char *const units[3])
{
    static const char *const words[] = {"port", "coupling", "output"};
    for (int i = 0; i < 3; i++)
        if (strcmp(word, words[i]) == 0)
            return units[i];
    return word;
}

static const char *resolve_unit(cali_reader *r, const char *text, const char *const units[3])
{
    char above[CALI_UNIT_TEXT], out[CALI_UNIT_TEXT];
    const char *slash = strchr(text, '/');
    snprintf(above, sizeof above, "%.*s", slash == NULL ? 90 : (int)(slash - text), text);
    const char *first = resolve_word(above, units), *second = slash == NULL ? "1" : resolve_word(slash + 1, units);
    if (first == above && (slash == NULL || second == slash + 1))
        return text;
    cali_divide_units(first, second, out);
    return cali_keep(r, out);
}

/* The transducer's fields with the units that they have here, and its defaults. */
static cal_field *resolve_fields(cali_reader *r, const cali_node *node, const cali_network *network, cali_transfer *t)
{
    const cal_transducer *transducer = t->transducer;
    const bool is_receiver = transducer->direction == CAL_RECEIVES;
    const cali_population *p = peek_population(cali_node_get(node, is_receiver ? "into" : "from"), network);
    const cal_experiment *e = r->exp;
    const cali_node *take = cali_node_get(node, "take");
    const size_t term =
        is_receiver ? find_term(r, take, take != NULL ? cali_node_text(take, NULL) : NULL, transducer) : 0;
    t->term = term;
    const cali_place none = {0};
    const char *acts_on = term < e->n_couplings ? e->couplings[term].to : NULL;
    const bool is_rate = acts_on != NULL && acts_on[0] == '\0';
    const cal_field *to = is_rate ? NULL : cali_find_field(r, CALI_INPUTS, acts_on, none);
    const cal_field *from = cali_find_field(r, CALI_OUTPUTS, e->n_couplings > 0 ? e->couplings[0].from : NULL, none);
    const cal_neuron *neuron = p != NULL ? p->neuron : NULL;
    const char *port = neuron == NULL ? "1" : is_receiver ? neuron->current_unit : neuron->states[0].unit;
    const char *const units[] = {port, to != NULL ? to->unit : is_rate ? "1/ms" : "1", from != NULL ? from->unit : "1"};
    cal_field *fields = cali_take(r, transducer->n_params, sizeof *fields);
    t->params = cali_take(r, transducer->n_params, sizeof *t->params);
    t->units = cali_take(r, transducer->n_params, sizeof *t->units);
    if (fields == NULL || t->params == NULL || t->units == NULL)
        return NULL;
    for (size_t i = 0; i < transducer->n_params; i++) {
        fields[i] = transducer->params[i];
        fields[i].unit = t->units[i] = resolve_unit(r, fields[i].unit, units);
        t->params[i] = fields[i].value;
    }
    return r->is_out_of_memory ? NULL : fields;
}

static void read_synapse(cali_reader *r, const cali_node *node, const char *label, const cali_transfer_text *text,
                         const cali_network *network, cali_transfer *t)
{
    const cali_node *weight = cali_node_get(node, "weight"), *into = cali_node_get(node, "into");
    const cal_receptor *receptor = NULL;
    char name[CALI_LABEL];
    if (!makes_spikes(t->transducer)) {
        static const char *const foreign[] = {"weight", "synapses", "trains"};
        for (int i = 0; i < 3; i++)
            if (cali_node_get(node, foreign[i]) != NULL &&
                cal_field_find(t->transducer->params, t->transducer->n_params, foreign[i]) < 0)
                cali_refuse(r, cali_place_of(cali_node_get(node, foreign[i])), "C104",
                            "\"%s\" is no key of %s by %s\nbecause it makes no spikes", foreign[i], label,
                            t->transducer->name);
        cali_find_target(r, network, into, text->into, NULL, &t->population, NULL);
        return;
    }
    if (weight == NULL) {
        cali_refuse(r, cali_place_of(node), "C105", "%s needs the key \"weight\"\nbecause %s makes spikes", label,
                    t->transducer->name);
        return;
    }
    if (!cali_find_target(r, network, into, text->into, cali_node_text(weight, ""), &t->population, &receptor))
        return;
    t->synapses = text->synapses;
    t->trains = text->trains;
    if (strcmp(t->transducer->gives, "event") == 0 && (t->trains == 0 || t->synapses > t->trains))
        cali_refuse(r, cali_place_of(node), "C105", "%s by %s needs the key \"trains\", not below synapses\ntry trains: %u",
                    label, t->transducer->name, text->synapses * 10);
    cali_label_weight(name, &network->populations[t->population], receptor);
    t->receptor = cali_keep(r, receptor->name);
    if (cali_check_weight_unit(r, weight, name, network->populations[t->population].neuron, receptor) &&
        cali_read_quantity(r, weight, name, receptor->unit, &t->weight))
        cali_check_modulus(r, cali_place_of(weight), name, receptor, &(cal_distribution){.a = t->weight});
}

static void parse_transfer(cali_reader *r, const cali_node *node, const char *label, const cali_network *network,
                           cal_transducer_direction direction, cali_transfer *t)
{
    cali_transfer_text text = {0};
    const cali_mapping *keys = direction == CAL_RECEIVES ? &cali_keys_receive : &cali_keys_give;
    const cali_node *by = cali_node_get(node, "by");
    const cal_field *fields = NULL;
    t->place = cali_place_of(node);
    if (by != NULL) {
        t->transducer = find_transducer(r, by, direction);
        fields = t->transducer != NULL ? resolve_fields(r, node, network, t) : NULL;
        if (fields == NULL)
            return;
    }
    const cali_extra extra = {fields, by != NULL ? t->transducer->n_params : 0,
                              t->params, by != NULL ? t->transducer->name : ""};
    if (!cali_read_mapping(r, keys, node, label, &text, by != NULL ? &extra : NULL) || t->transducer == NULL)
        return;
    t->take = text.take;
    if (direction == CAL_RECEIVES && text.into != NULL)
        read_synapse(r, node, label, &text, network, t);
    if (direction == CAL_GIVES && text.from != NULL) {
        const long at = cali_find_population(r, network, cali_node_get(node, "from"), text.from);
        t->population = at < 0 ? 0 : (size_t)at;
    }
}

void cali_parse_transfers(cali_reader *r, const cali_node *node, const char *name, const cali_network *network,
                            cal_transducer_direction direction, cali_transfer **out, size_t *n_out)
{
    const size_t n = cali_list_size(r, node, name);
    *out = cali_take(r, n, sizeof **out);
    for (size_t i = 0; *out != NULL && i < n; i++) {
        char label[CALI_LABEL];
        snprintf(label, sizeof label, "%s[%zu]", name, i);
        parse_transfer(r, cali_list_at(node, i), label, network, direction, &(*out)[(*n_out)++]);
    }
}
