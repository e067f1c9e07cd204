/* A network of its own: the key `network`, and what can be recorded of it. */
#include <stdio.h>
#include <string.h>

#include "experiment/reader.h"

void cali_parse_alone(cali_reader *r, const cali_node *root)
{
    cal_experiment *e = r->exp;
    const cali_node *lag = cali_node_path(root, "sync", "lag", NULL);
    e->is_alone = true;
    e->networks = cali_take(r, 1, sizeof *e->networks);
    if (e->networks == NULL)
        return;
    e->n_networks = 1;
    cali_parse_network(r, cali_node_get(root, "network"), NULL, &e->networks[0]);
    cali_parse_initial(r, cali_node_get(root, "initial"));
    if (lag != NULL && e->lag != 0)
        cali_refuse(r, cali_place_of(lag), "C104", "\"lag\" stands beside \"network\"\nbecause a network of its own exchanges "
                    "nothing\ntry to take one of them away");
}

void cali_fill_alone_signals(cali_reader *r)
{
    cal_experiment *e = r->exp;
    static const char *const whats[] = {"rate", "spikes"};
    for (int i = 0; i < 2; i++) {
        cali_signal *signal = &e->signals[e->n_signals++];
        cali_fill_defaults(r, &cali_keys_signal, signal);
        signal->what = cali_keep(r, whats[i]);
    }
}

/* Known words of what can be recorded: rate, spikes, and each state of the neurons and its mean. */
static void list_quantities(const cali_network *network, cali_text *out)
{
    cali_text_add(out, "rate, spikes");
    for (size_t p = 0; p < network->n_populations; p++) {
        const cal_neuron *neuron = network->populations[p].neuron;
        bool is_new = neuron != NULL;
        for (size_t q = 0; q < p; q++)
            is_new = is_new && network->populations[q].neuron != neuron;
        for (size_t k = 0; is_new && k < neuron->n_states; k++)
            cali_text_format(out, ", %s, mean %s", neuron->states[k].name, neuron->states[k].name);
    }
    if (network->n_homeostases > 0)
        cali_text_add(out, ", homeostasis");
}

/* The populations of the selector; false: one of them does not exist, which is said. */
static bool check_selector(cali_reader *r, const cali_network *network, const cali_node *node, const char *selector)
{
    if (strcmp(selector, "all") == 0)
        return true;
    for (const char *at = selector; at != NULL;) {
        char name[CALI_LABEL];
        at += strspn(at, " ");
        size_t size = strcspn(at, ",");
        const char *next = at[size] == ',' ? at + size + 1 : NULL;
        while (size > 0 && at[size - 1] == ' ')
            size--;
        snprintf(name, sizeof name, "%.*s", (int)(size < sizeof name ? size : sizeof name - 1), at);
        if (cali_find_population(r, network, node, name) < 0)
            return false;
        at = next;
    }
    return true;
}

static bool is_recordable(const cali_network *network, const char *what)
{
    if (strcmp(what, "rate") == 0 || strcmp(what, "spikes") == 0 || (network->n_homeostases > 0 && strcmp(what, "homeostasis") == 0))
        return true;
    const char *state = strncmp(what, "mean ", 5) == 0 ? what + 5 : what;
    bool has_state = false;
    for (size_t p = 0; p < network->n_populations; p++) {
        const cal_neuron *neuron = network->populations[p].neuron;
        has_state = has_state || (neuron != NULL && cal_field_find(neuron->states, neuron->n_states, state) >= 0);
    }
    return has_state;
}

void cali_check_alone_signal(cali_reader *r, const cali_node *node, cali_signal *signal)
{
    const cali_network *network = &r->exp->networks[0];
    const cali_node *what = cali_node_get(node, "what"), *of = cali_node_get(node, "of"),
                    *monitor = cali_node_get(node, "monitor");
    if (monitor != NULL)
        cali_refuse(r, cali_place_of(monitor), "C104", "a network of its own has no monitors\nbecause they look at regions of a "
                    "brain\ntry without it");
    if (signal->populations != NULL)
        cali_refuse(r, cali_place_of(node), "C104", "a network of its own takes populations by \"of\"\ntry of: \"%.60s\"",
                    signal->populations);
    if (network->n_populations == 0 || signal->what == NULL || signal->of == NULL)
        return;
    if (!is_recordable(network, signal->what)) {
        cali_text known = {0};
        list_quantities(network, &known);
        cali_refuse(r, cali_place_of(what != NULL ? what : node), "C107", "cannot record \"%.60s\" of the network\nknown %s",
                    signal->what, known.is_broken ? "rate, spikes" : known.data);
        cali_text_free(&known);
    }
    check_selector(r, network, of != NULL ? of : node, signal->of);
}
