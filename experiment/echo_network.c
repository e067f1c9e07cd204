/* The spiking regions of the experiment as it is run: populations, connections, drive, and what crosses the border. */
#include <stdio.h>
#include <string.h>

#include "experiment/echo.h"

static const cal_snn_setting *find_setting(const cali_population *p, const char *name)
{
    for (size_t i = 0; i < p->n_settings; i++)
        if (strcmp(p->settings[i].name, name) == 0)
            return &p->settings[i];
    return NULL;
}

static void add_homeostasis(cali_echo *e, const cali_network *network, size_t population)
{
    const cal_neuron *neuron = network->populations[population].neuron;
    for (size_t i = 0; i < network->n_homeostases; i++) {
        const cal_snn_homeostasis *h = &network->homeostases[i];
        if (h->population != population)
            continue;
        const char *unit = neuron->params[cal_field_find(neuron->params, neuron->n_params, h->parameter)].unit;
        cali_echo_open(e, "homeostasis", "{");
        cali_echo_text(e, "parameter", h->parameter);
        cali_echo_quantity(e, "rate", h->rate_Hz, "Hz");
        cali_echo_quantity(e, "step", h->step, unit);
        cali_echo_quantity(e, "range", h->range, unit);
        cali_echo_close(e, "}");
    }
}

static void add_axes(cali_echo *e, const char *key, unsigned n, const double *values)
{
    cali_echo_open(e, key, "[");
    for (unsigned k = 0; k < n; k++)
        cali_echo_quantity(e, NULL, values[k], "mm");
    cali_echo_close(e, "]");
}

static void add_positions(cali_echo *e, const cali_population *p)
{
    const cal_snn_space *s = p->space;
    const bool has_box = s->arrangement != CAL_LISTED || s->is_periodic;
    cali_echo_open(e, "positions", "{");
    cali_echo_text(e, "kind", p->positions_path != NULL ? "file" : cal_arrangement_names[s->arrangement]);
    if (s->arrangement == CAL_GRID) {
        cali_echo_open(e, "shape", "[");
        for (unsigned k = 0; k < s->n_dimensions; k++)
            cali_echo_integer(e, NULL, s->shape[k]);
        cali_echo_close(e, "]");
    }
    if (has_box) {
        add_axes(e, "extent", s->n_dimensions, s->extent_mm);
        add_axes(e, "center", s->n_dimensions, s->center_mm);
    }
    cali_echo_key(e, "periodic");
    cali_text_add(e->out, s->is_periodic ? "true" : "false");
    cali_echo_text(e, "file", p->positions_path);
    cali_echo_close(e, "}");
}

/* States that are not set stay so: some begin at a parameter (V at E_L). */
/* A parameter or state that comes from a table. */
static bool add_column(cali_echo *e, const cali_network *network, size_t population, const char *name)
{
    for (size_t i = 0; network->columns != NULL && i < network->n_values; i++) {
        if (network->values[i].population != population || strcmp(network->values[i].name, name) != 0)
            continue;
        cali_echo_open(e, name, "{");
        cali_echo_text(e, "file", network->columns[i].path);
        cali_echo_text(e, "column", network->columns[i].name);
        cali_echo_close(e, "}");
        return true;
    }
    return false;
}

static void add_populations(cali_echo *e, const cali_network *network)
{
    cali_echo_open(e, "populations", "{");
    for (size_t i = 0; i < network->n_populations; i++) {
        const cali_population *p = &network->populations[i];
        const cal_neuron *neuron = p->neuron;
        if (p->spikes != NULL) {
            cali_echo_open(e, p->name, "{");
            cali_echo_text(e, "spikes", p->spikes);
            cali_echo_integer(e, "count", p->n);
            cali_echo_close(e, "}");
            continue;
        }
        cali_echo_open(e, p->name, "{");
        const char *path = cali_own_neuron_path(e->exp, neuron);
        cali_echo_text(e, "neuron", path != NULL ? path : neuron->name);
        cali_echo_integer(e, "count", p->n);
        cali_echo_open(e, "parameters", "{");
        for (size_t k = 0; k < neuron->n_params; k++) {
            if (add_column(e, network, i, neuron->params[k].name))
                continue;
            const cal_snn_setting *setting = find_setting(p, neuron->params[k].name);
            const cal_distribution value = {.kind = CAL_CONSTANT, .a = neuron->params[k].value};
            cali_echo_distribution(e, neuron->params[k].name, setting != NULL ? &setting->value : &value,
                                   neuron->params[k].unit);
        }
        cali_echo_close(e, "}");
        cali_echo_open(e, "initial", "{");
        for (size_t k = 0; k < neuron->n_states; k++) {
            const cal_snn_setting *setting = find_setting(p, neuron->states[k].name);
            if (!add_column(e, network, i, neuron->states[k].name) && setting != NULL)
                cali_echo_distribution(e, setting->name, &setting->value, neuron->states[k].unit);
        }
        cali_echo_close(e, "}");
        add_homeostasis(e, network, i);
        if (p->space != NULL)
            add_positions(e, p);
        cali_echo_close(e, "}");
    }
    cali_echo_close(e, "}");
}

static const char *receptor_unit(const cali_network *network, size_t population, const char *name)
{
    const cal_neuron *neuron = network->populations[population].neuron;
    for (size_t i = 0; i < neuron->n_receptors; i++)
        if (strcmp(neuron->receptors[i].name, name) == 0)
            return neuron->receptors[i].unit;
    return "1";
}

/* The one rule, and what it needs. */
static void add_rule(cali_echo *e, const cali_network *network, const cal_snn_projection *p)
{
    switch (p->rule) {
    case CAL_SYNAPSE_LIST: cali_echo_text(e, "file", cali_list_path(network, p->list)); return;
    case CAL_FIXED_IN_DEGREE: cali_echo_integer(e, "in_degree", p->in_degree); return;
    case CAL_FIXED_OUT_DEGREE: cali_echo_integer(e, "out_degree", p->out_degree); return;
    case CAL_FIXED_TOTAL: cali_echo_integer(e, "total", p->total); return;
    case CAL_PAIRWISE_BERNOULLI: cali_echo_quantity(e, "probability", p->probability, "1"); return;
    case CAL_SMALL_WORLD:
        cali_echo_integer(e, "neighbours", p->n_neighbours);
        cali_echo_quantity(e, "rewiring", p->probability, "1");
        return;
    case CAL_NEAREST: cali_echo_integer(e, "nearest", p->n_nearest); return;
    default:
        cali_echo_key(e, p->rule == CAL_ALL_TO_ALL ? "all_to_all" : "one_to_one");
        cali_text_add(e->out, "true");
    }
}

static void add_scaling(cali_echo *e, const cal_snn_scaling *s, const char *weight_unit)
{
    if (s->kind == CAL_SCALING_NONE)
        return;
    cali_echo_open(e, "scaling", "{");
    cali_echo_quantity(e, "interval", s->interval_ms, "ms");
    if (s->kind == CAL_SCALING_SUM) {
        cali_echo_quantity(e, "sum", s->sum, weight_unit);
    } else {
        cali_echo_quantity(e, "rate", s->rate_Hz, "Hz");
        cali_echo_quantity(e, "tau", s->tau_ms, "ms");
        cali_echo_quantity(e, "gain", s->gain, "1");
        cali_echo_quantity(e, "integral", s->integral_Hz, "Hz");
    }
    cali_echo_close(e, "}");
}

static void add_profile(cali_echo *e, const char *key, const cal_snn_profile *p)
{
    if (p->kernel == NULL && p->formula == NULL)
        return;
    cali_echo_open(e, key, "{");
    if (p->formula != NULL)
        cali_echo_text(e, "formula", cal_spatial_formula_text(p->formula));
    else
        cali_echo_text(e, "kind", p->kernel->name);
    for (size_t k = 0; p->kernel != NULL && k < p->kernel->n_params; k++)
        cali_echo_quantity(e, p->kernel->params[k].name, p->params[k], p->kernel->params[k].unit);
    if (p->within_mm > 0.0)
        cali_echo_quantity(e, "within", p->within_mm, "mm");
    else
        cali_echo_text(e, "within", "infinite");
    cali_echo_text(e, "metric", cal_metric_names[p->metric]);
    cali_echo_close(e, "}");
}

/* What depends on the distance. */
static void add_distance(cali_echo *e, const cal_snn_projection *p)
{
    add_profile(e, "kernel", &p->kernel);
    add_profile(e, "weight_kernel", &p->weight_profile);
    if (p->velocity_mm_per_ms > 0.0)
        cali_echo_quantity(e, "velocity", p->velocity_mm_per_ms, "mm/ms");
}

static void add_plasticity(cali_echo *e, const cali_network *network, const cal_snn_projection *p, const char *weight_unit)
{
    if (p->synapse == NULL)
        return;
    cali_echo_open(e, "plasticity", "{");
    cali_echo_text(e, "rule", p->synapse->name);
    for (size_t k = 0; k < p->synapse->n_params; k++) {
        const cal_field *f = &p->synapse->params[k];
        cal_distribution value = {.kind = CAL_CONSTANT, .a = f->value};
        for (size_t i = 0; i < p->n_settings; i++)
            if (strcmp(p->settings[i].name, f->name) == 0)
                value = p->settings[i].value;
        cali_echo_distribution(e, f->name, &value, strcmp(f->unit, "weight") == 0 ? weight_unit : f->unit);
    }
    if (p->has_modulator) {
        cali_echo_text(e, "modulator", network->populations[p->modulator].name);
        cali_echo_quantity(e, "modulator_delay", p->modulator_delay_ms, "ms");
    }
    add_scaling(e, &p->scaling, weight_unit);
    cali_echo_close(e, "}");
}

static void add_connections(cali_echo *e, const cali_network *network)
{
    cali_echo_open(e, "connections", "[");
    for (size_t i = network->n_sonata_projections; i < network->n_projections; i++) {
        const cal_snn_projection *p = &network->projections[i];
        cali_echo_open(e, NULL, "{");
        cali_echo_text(e, "from", network->populations[p->from].name);
        cali_echo_text(e, "to", network->populations[p->to].name);
        add_rule(e, network, p);
        cali_echo_key(e, "autapses");
        cali_text_add(e->out, p->has_autapses ? "true" : "false");
        cali_echo_key(e, "multapses");
        cali_text_add(e->out, p->has_multapses ? "true" : "false");
        cali_echo_text(e, "receptor", p->receptor);
        if (p->list == NULL || p->list->weight == NULL)
            cali_echo_distribution(e, "weight", &p->weight, receptor_unit(network, p->to, p->receptor));
        if (p->delay_formula != NULL)
            cali_echo_text(e, "delay", cal_spatial_formula_text(p->delay_formula));
        else if (p->list == NULL || p->list->delay_ms == NULL)
            cali_echo_distribution(e, "delay", &p->delay_ms, "ms");
        cali_echo_text(e, "name", network->projection_names[i]);
        add_distance(e, p);
        add_plasticity(e, network, p, receptor_unit(network, p->to, p->receptor));
        cali_echo_close(e, "}");
    }
    for (size_t i = 0; i < network->n_gaps; i++) {
        const cal_snn_projection *p = &network->gaps[i];
        cali_echo_open(e, NULL, "{");
        cali_echo_text(e, "from", network->populations[p->from].name);
        cali_echo_text(e, "to", network->populations[p->to].name);
        add_rule(e, network, p);
        cali_echo_key(e, "multapses");
        cali_text_add(e->out, p->has_multapses ? "true" : "false");
        cali_echo_distribution(e, "gap_junction", &p->weight, cali_gap_unit(network->populations[p->to].neuron));
        add_distance(e, p);
        cali_echo_close(e, "}");
    }
    cali_echo_close(e, "]");
}

static void add_target(cali_echo *e, const cali_network *network, size_t population, const char *receptor)
{
    char text[512];
    snprintf(text, sizeof text, "%.255s%s%.200s", network->populations[population].name, receptor != NULL ? "." : "",
             receptor != NULL ? receptor : "");
    cali_echo_text(e, "into", text);
}

static void add_wave(cali_echo *e, const cali_network *network, const cal_snn_wave *wave, const char *unit)
{
    cali_echo_open(e, "wave", "{");
    cali_echo_text(e, "form", wave->form->name);
    for (size_t i = 0; i < network->n_samples; i++)
        if (network->samples[i].times_ms == wave->times_ms) {
            cali_echo_text(e, "file", network->samples[i].column.path);
            cali_echo_text(e, "column", network->samples[i].column.name);
        }
    for (size_t k = 0; k < wave->form->n_params; k++) {
        const cal_field *f = &wave->form->params[k];
        cali_echo_quantity(e, f->name, wave->params[k], strcmp(f->unit, "input") == 0 ? unit : f->unit);
    }
    cali_echo_close(e, "}");
}

static void add_span(cali_echo *e, cal_time start, cal_time stop)
{
    cali_echo_time(e, "start", start);
    if (stop == 0)
        cali_echo_text(e, "stop", "end");
    else
        cali_echo_time(e, "stop", stop);
}

static void add_noise(cali_echo *e, const cali_network *network, const cal_snn_noise *n)
{
    const char *unit = network->populations[n->to].neuron->current_unit;
    cali_echo_open(e, NULL, "{");
    cali_echo_text(e, "kind", "noise");
    add_target(e, network, n->to, NULL);
    cali_echo_quantity(e, "mean", n->mean, unit);
    cali_echo_quantity(e, "sd", n->sd, unit);
    cali_echo_time(e, "tau", (cal_time)(n->tau_ms * 1e6 + 0.5));
    if (n->tau_ms == 0.0)
        cali_echo_time(e, "hold", n->hold);
    cali_echo_key(e, "common");
    cali_text_add(e->out, n->is_common ? "true" : "false");
    add_span(e, n->start, n->stop);
    cali_echo_close(e, "}");
}

static void add_drive(cali_echo *e, const cali_network *network)
{
    cali_echo_open(e, "drive", "[");
    for (size_t i = 0; i < network->n_poissons; i++) {
        const cal_snn_poisson *p = &network->poissons[i];
        cali_echo_open(e, NULL, "{");
        cali_echo_text(e, "kind", "poisson");
        add_target(e, network, p->to, p->receptor);
        if (p->wave.form != NULL)
            add_wave(e, network, &p->wave, "Hz");
        else
            cali_echo_quantity(e, "rate", p->rate_Hz, "Hz");
        cali_echo_quantity(e, "trains", p->n_trains, "1");
        cali_echo_quantity(e, "weight", p->weight, receptor_unit(network, p->to, p->receptor));
        cali_echo_close(e, "}");
    }
    for (size_t i = 0; i < network->n_currents; i++) {
        const cal_snn_current *c = &network->currents[i];
        cali_echo_open(e, NULL, "{");
        cali_echo_text(e, "kind", "current");
        add_target(e, network, c->to, NULL);
        if (c->wave.form != NULL)
            add_wave(e, network, &c->wave, network->populations[c->to].neuron->current_unit);
        else
            cali_echo_quantity(e, "amplitude", c->amplitude, network->populations[c->to].neuron->current_unit);
        add_span(e, c->start, c->stop);
        cali_echo_close(e, "}");
    }
    for (size_t i = 0; i < network->n_noises; i++)
        add_noise(e, network, &network->noises[i]);
    cali_echo_close(e, "]");
}

static void add_transfer(cali_echo *e, const cali_network *network, const cali_transfer *t)
{
    const bool is_receiver = t->transducer->direction == CAL_RECEIVES;
    cali_echo_open(e, NULL, "{");
    cali_echo_text(e, "by", t->transducer->name);
    cali_echo_text(e, "take", t->take);
    if (is_receiver)
        add_target(e, network, t->population, t->receptor);
    else
        cali_echo_text(e, "from", network->populations[t->population].name);
    if (t->receptor != NULL) {
        cali_echo_quantity(e, "weight", t->weight, receptor_unit(network, t->population, t->receptor));
        cali_echo_quantity(e, "synapses", t->synapses, "1");
    }
    if (t->trains > 0)
        cali_echo_integer(e, "trains", t->trains);
    for (size_t i = 0; i < t->transducer->n_params; i++)
        cali_echo_quantity(e, t->transducer->params[i].name, t->params[i], t->units[i]);
    cali_echo_close(e, "}");
}

static void add_simulator(cali_echo *e, const cali_simulator *s)
{
    if (s->model == NULL)
        return;
    cali_echo_open(e, "simulator", "{");
    cali_echo_text(e, "model", s->model);
    cali_echo_open(e, "parameters", "{");
    for (size_t i = 0; i < s->n; i++)
        cali_echo_text(e, s->names[i], s->values[i]);
    cali_echo_close(e, "}");
    cali_echo_close(e, "}");
}

static void add_border(cali_echo *e, const cali_network *network)
{
    cali_echo_open(e, "receives", "[");
    for (size_t i = 0; i < network->n_receives; i++)
        add_transfer(e, network, &network->receives[i]);
    cali_echo_close(e, "]");
    cali_echo_open(e, "gives", "[");
    for (size_t i = 0; i < network->n_gives; i++)
        add_transfer(e, network, &network->gives[i]);
    cali_echo_close(e, "]");
}

void cali_echo_network(cali_echo *e, const cali_network *network)
{
    cali_echo_open(e, e->exp->is_alone ? "network" : "spiking", "{");
    cali_echo_time(e, "step", network->step);
    if (network->sonata != NULL)
        cali_echo_text(e, "sonata", network->sonata);
    else
        add_populations(e, network);
    if (network->spikes != NULL)
        cali_echo_text(e, "spikes", network->spikes);
    add_connections(e, network);
    add_drive(e, network);
    add_simulator(e, &network->simulator);
    if (!e->exp->is_alone)
        add_border(e, network);
    cali_echo_close(e, "}");
}
