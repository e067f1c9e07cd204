/* plasticity of a connection: the rule, its parameters, each a number or a distribution, its modulator and
 * scaling. */
#include <stdio.h>
#include <string.h>

#include "experiment/reader.h"

static const char *synapse_name_at(const void *list, size_t i)
{
    (void)list;
    return cal_snn_synapse_at(i)->name;
}

/* "stdp", or the value of `rule` in a mapping. */
static const cal_synapse *find_synapse(cali_reader *r, const cali_node *node)
{
    char buffer[CALI_LABEL], what[2 * CALI_LABEL];
    const cali_node *rule = node->kind == CALI_NODE_MAP ? cali_node_get(node, "rule") : node;
    if (rule == NULL) {
        cali_refuse(r, cali_place_of(node), "C105", "plasticity needs the key \"rule\"\ntry plasticity: {rule: stdp, "
                    "w_max: 100 pA}");
        return NULL;
    }
    const char *name = cali_node_text(rule, NULL);
    if (name == NULL) {
        cali_refuse(r, cali_place_of(rule), "C104", "plasticity is a rule or a mapping with the key \"rule\", got %s",
                    cali_describe_node(rule, buffer));
        return NULL;
    }
    const cal_synapse *synapse = cal_snn_synapse_find(name);
    if (synapse == NULL) {
        snprintf(what, sizeof what, "unknown rule of plasticity \"%.60s\"", name);
        cali_refuse_word(r, cali_place_of(rule), "C101", what, name, NULL, cal_snn_n_synapse_models(), synapse_name_at);
    }
    return synapse;
}

/* A parameter of unit "weight" takes what the receptor takes. */
static bool read_parameter(cali_reader *r, const cali_entry *entry, const cal_receptor *receptor, cal_snn_projection *out,
                           cal_snn_setting **settings)
{
    const cal_synapse *synapse = out->synapse;
    char label[2 * CALI_LABEL];
    const int at = cal_field_find(synapse->params, synapse->n_params, entry->key);
    if (at < 0) {
        snprintf(label, sizeof label, "unknown parameter \"%.60s\" of rule %s", entry->key, synapse->name);
        return cali_refuse_word(r, cali_place_of_key(entry), "C101", label, entry->key, synapse->params,
                                synapse->n_params, cali_word_in_fields);
    }
    cal_field field = synapse->params[at];
    if (strcmp(field.unit, "weight") == 0)
        field.unit = receptor->unit;
    cal_snn_setting setting = {.name = field.name};
    snprintf(label, sizeof label, "%s of rule %s", field.name, synapse->name);
    if (!cali_read_distribution(r, entry->value, label, field.unit, &field, &setting.value))
        return false;
    if (!cali_arena_grow(&r->exp->arena, settings, out->n_settings, sizeof **settings)) {
        r->is_out_of_memory = true;
        return false;
    }
    (*settings)[out->n_settings++] = setting;
    out->settings = *settings;
    return true;
}

/* `modulator` and `modulator_delay`; false and `is_bad` unset: the key is another one. */
static bool read_modulator(cali_reader *r, const cali_network *network, const cali_entry *entry, cal_snn_projection *out,
                           bool *is_bad)
{
    static const cal_field delay = {"modulator_delay", "ms", 1.0, 0.0, 1000.0, ""};
    char buffer[CALI_LABEL];
    if (!out->synapse->has_modulator)
        return false;
    if (strcmp(entry->key, delay.name) == 0) {
        cal_distribution d;
        *is_bad = !cali_read_distribution(r, entry->value, delay.name, delay.unit, &delay, &d);
        if (!*is_bad && d.kind != CAL_CONSTANT)
            *is_bad = !cali_refuse(r, cali_place_of(entry->value), "C104", "modulator_delay is one duration: a spike of the "
                                   "modulator reaches all synapses together");
        out->modulator_delay_ms = *is_bad ? 1.0 : d.a;
        return true;
    }
    if (strcmp(entry->key, "modulator") != 0)
        return false;
    const char *name = cali_node_text(entry->value, NULL);
    if (name == NULL) {
        *is_bad = !cali_refuse(r, cali_place_of(entry->value), "C104", "modulator is the name of a population, got %s",
                               cali_describe_node(entry->value, buffer));
        return true;
    }
    const long at = cali_find_population(r, network, entry->value, name);
    *is_bad = at < 0;
    out->has_modulator = at >= 0;
    out->modulator = at >= 0 ? (size_t)at : 0;
    return true;
}

/* `scaling`: to a rate or to a sum. */
static bool read_scaling(cali_reader *r, const cali_node *node, const cal_receptor *receptor, cal_snn_scaling *out)
{
    char buffer[CALI_LABEL], label[CALI_LABEL];
    const struct {
        cal_field field;
        double *value;
        cal_scaling_kind kind; /* that the key belongs to; NONE: both */
        bool chooses;          /* this kind */
    } keys[] = {
        {{.name = "rate", .unit = "Hz"}, &out->rate_Hz, CAL_SCALING_RATE, true},
        {{.name = "sum", .unit = receptor->unit}, &out->sum, CAL_SCALING_SUM, true},
        {{.name = "interval", .unit = "ms"}, &out->interval_ms, CAL_SCALING_NONE, false},
        {{.name = "tau", .unit = "ms"}, &out->tau_ms, CAL_SCALING_RATE, false},
        {{.name = "gain", .unit = "1"}, &out->gain, CAL_SCALING_RATE, false},
        {{.name = "integral", .unit = "Hz"}, &out->integral_Hz, CAL_SCALING_RATE, false},
    };
    enum { N_KEYS = sizeof keys / sizeof keys[0] };
    cal_field fields[N_KEYS];
    if (node->kind != CALI_NODE_MAP)
        return cali_refuse(r, cali_place_of(node), "C104", "scaling is a mapping, got %s\ntry scaling: {rate: 5 Hz, tau: 10 s}",
                           cali_describe_node(node, buffer));
    for (size_t k = 0; k < N_KEYS; k++) {
        fields[k] = keys[k].field;
        if (keys[k].chooses && cali_node_get(node, fields[k].name) != NULL)
            out->kind = keys[k].kind;
    }
    if (out->kind == CAL_SCALING_NONE)
        return cali_refuse(r, cali_place_of(node), "C105", "scaling needs the key \"rate\" or \"sum\"");
    for (size_t i = 0; i < node->n; i++) {
        const cali_entry *entry = &node->entries[i];
        const int k = cal_field_find(fields, N_KEYS, entry->key);
        if (k < 0) {
            snprintf(label, sizeof label, "unknown key \"%.60s\" of scaling", entry->key);
            return cali_refuse_word(r, cali_place_of_key(entry), "C101", label, entry->key, fields, N_KEYS,
                                    cali_word_in_fields);
        }
        if (keys[k].kind != CAL_SCALING_NONE && keys[k].kind != out->kind)
            return cali_refuse(r, cali_place_of_key(entry), "C106", "scaling to a %s takes no %s",
                               out->kind == CAL_SCALING_SUM ? "sum" : "rate", entry->key);
        snprintf(label, sizeof label, "%s of scaling", entry->key);
        if (!cali_read_quantity(r, entry->value, label, fields[k].unit, keys[k].value))
            return false;
    }
    return true;
}

/* Rule, parameters, modulator, scaling. */
static bool read_entries(cali_reader *r, const cali_node *node, const cali_network *network, const cal_receptor *receptor,
                         cal_snn_projection *out)
{
    cal_snn_setting *settings = NULL;
    bool is_good = true;
    for (size_t i = 0; is_good && node->kind == CALI_NODE_MAP && i < node->n; i++) {
        const cali_entry *entry = &node->entries[i];
        bool is_bad = false;
        if (strcmp(entry->key, "rule") == 0)
            continue;
        if (strcmp(entry->key, "scaling") == 0) {
            is_good = read_scaling(r, entry->value, receptor, &out->scaling);
            continue;
        }
        is_good = read_modulator(r, network, entry, out, &is_bad) ? !is_bad
                                                                 : read_parameter(r, entry, receptor, out, &settings);
    }
    return is_good;
}

bool cali_read_plasticity(cali_reader *r, const cali_node *node, const cali_network *network, const cal_neuron *target,
                          const cal_receptor *receptor, cal_snn_projection *out)
{
    char why[256];
    out->synapse = NULL;
    out->settings = NULL;
    out->n_settings = 0;
    out->has_modulator = false;
    out->scaling = cal_snn_projection_default(out->rule).scaling;
    if (node == NULL || cali_node_is_null(node))
        return true;
    out->synapse = find_synapse(r, node);
    const bool is_good = out->synapse != NULL && read_entries(r, node, network, receptor, out);
    if (is_good && !cal_snn_synapse_fits(out->synapse, target))
        return cali_refuse(r, cali_place_of(node), "C106", "rule %s needs a target with a voltage in mV, which %s has not",
                           out->synapse->name, target->name);
    if (is_good && cal_snn_plasticity_is_impossible(out, why, sizeof why))
        return cali_refuse(r, cali_place_of(node), "C106", "%s", why);
    return is_good;
}
