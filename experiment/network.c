/* From a network of the experiment file to the definition of the engine: populations, projections, the ports that the
 * transducers need, and the links between them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "experiment/session.h"

/* Upper bounds of what one network can need. */
typedef struct sizes {
    size_t populations, projections, ports, links;
} sizes;

static sizes count(const cal_session *s, const cali_network *net)
{
    sizes n = {.populations = net->n_populations + net->n_receives,
               .projections = net->n_projections + net->n_receives,
               .links = net->n_receives + net->n_gives};
    n.ports = n.links + s->experiment->n_signals * net->n_populations;
    return n;
}

static size_t add_port(cali_build *b, cal_snn_port port, const cal_session *s)
{
    const cal_time bin = cali_common_multiple(s->plan.dt, b->def.dt);
    port.samples = (uint32_t)(s->plan.window / bin);
    b->ports[b->def.n_ports] = port;
    return b->def.n_ports++;
}

/* Shared trains are a population of sources; every neuron listens to `synapses` of them. */
static size_t add_sources(cali_build *b, const cali_transfer *r, const cal_session *s)
{
    const size_t sources = b->def.n_populations++;
    b->populations[sources] = (cal_snn_population){.name = "shared trains", .n = r->trains};
    cal_snn_projection projection = cal_snn_projection_default(CAL_FIXED_IN_DEGREE);
    projection.from = sources;
    projection.to = r->population;
    projection.receptor = r->receptor;
    projection.in_degree = (uint32_t)r->synapses;
    projection.has_multapses = false;
    projection.weight = (cal_distribution){.kind = CAL_CONSTANT, .a = r->weight};
    projection.delay_ms = (cal_distribution){.kind = CAL_CONSTANT, .a = cal_time_ms(b->def.dt)};
    b->projections[b->def.n_projections++] = projection;
    return add_port(b, (cal_snn_port){.name = r->transducer->name, .kind = CAL_PORT_SPIKES, .population = sources}, s);
}

static void add_receiver(cal_session *s, cali_build *b, const cali_transfer *r)
{
    const char *name = r->transducer->name;
    cal_link *link = &b->links[b->n_links++];
    *link = (cal_link){.transducer = r->transducer, .params = r->params, .coupling = r->term};
    cal_snn_port port = {.name = name, .population = r->population};
    if (strcmp(name, "shared-poisson") == 0) {
        link->port = add_sources(b, r, s);
        return;
    }
    if (strcmp(r->transducer->gives, "Hz") == 0) {
        port.kind = CAL_PORT_POISSON;
        port.receptor = r->receptor;
        port.weight = r->weight;
        port.n_trains = r->synapses;
    } else {
        port.kind = CAL_PORT_CURRENT;
    }
    link->port = add_port(b, port, s);
}

static void add_giver(cal_session *s, cali_build *b, const cali_transfer *g)
{
    const cal_neuron *neuron = b->populations[g->population].neuron;
    const bool is_mean = strcmp(g->transducer->name, "mean") == 0;
    const cal_snn_port port = {.name = g->transducer->name, .kind = is_mean ? CAL_PORT_MEAN : CAL_PORT_RATE,
                               .population = g->population, .state = is_mean ? neuron->states[0].name : NULL};
    b->links[b->n_links++] =
        (cal_link){.transducer = g->transducer, .params = g->params, .port = add_port(b, port, s)};
}

/* On the wire a port is known by its name: "rate.E", and a second one of its kind "rate.E-2". */
static cal_status name_ports(cal_session *s, cali_build *b)
{
    CAL_TRY(cali_alloc(s->ctx, b->def.n_ports, sizeof *b->port_names, "ports", &b->port_names));
    for (size_t i = 0; i < b->def.n_ports; i++) {
        const cal_snn_population *p = &b->populations[b->ports[i].population];
        size_t n_before = 0;
        char name[256], numbered[280];
        snprintf(name, sizeof name, p->neuron == NULL ? "%.100s" : "%.100s.%.100s", b->ports[i].name, p->name);
        for (size_t k = 0; k < i; k++)
            n_before += strncmp(b->port_names[k], name, strlen(name)) == 0 && strchr("-", b->port_names[k][strlen(name)]) != NULL;
        snprintf(numbered, sizeof numbered, "%s-%zu", name, n_before + 1);
        CAL_TRY(cali_copy_text(s->ctx, n_before == 0 ? name : numbered, &b->port_names[i]));
    }
    for (size_t i = 0; i < b->def.n_ports; i++)
        b->ports[i].name = b->port_names[i];
    return CAL_OK;
}

cal_status cali_build_define(cal_session *s, size_t k)
{
    cali_build *b = &s->builds[k];
    const cal_plan_network *plan = &s->networks[k];
    b->region = plan->index;
    b->network = s->roles[plan->index].network;
    const cali_network *net = &s->experiment->networks[b->network];
    const sizes n = count(s, net);
    CAL_TRY(cali_alloc(s->ctx, n.populations, sizeof *b->populations, "populations", &b->populations));
    CAL_TRY(cali_alloc(s->ctx, n.populations, sizeof *b->trains, "spikes", &b->trains));
    CAL_TRY(cali_alloc(s->ctx, n.projections, sizeof *b->projections, "projections", &b->projections));
    CAL_TRY(cali_alloc(s->ctx, n.ports, sizeof *b->ports, "ports", &b->ports));
    CAL_TRY(cali_alloc(s->ctx, n.links, sizeof *b->links, "links", &b->links));
    CAL_TRY(cali_alloc(s->ctx, n.populations, sizeof *b->fractions, "populations", &b->fractions));
    b->def = cal_snn_def_default();
    b->def.name = plan->region;
    b->def.dt = net->step;
    b->def.window = s->plan.window;
    b->def.seed = s->experiment->seed;
    b->def.stream = (uint32_t)plan->index + 1;
    b->def.populations = b->populations;
    b->def.projections = b->projections;
    b->def.ports = b->ports;
    b->def.values = net->values;
    b->def.n_values = net->n_values;
    b->def.gap_junctions = net->gaps;
    b->def.n_gap_junctions = net->n_gaps;
    b->def.poissons = net->poissons;
    b->def.n_poissons = net->n_poissons;
    b->def.currents = net->currents;
    b->def.n_currents = net->n_currents;
    b->def.noises = net->noises;
    b->def.n_noises = net->n_noises;
    b->def.homeostases = net->homeostases;
    b->def.n_homeostases = net->n_homeostases;
    b->def.record_fraction = b->fractions;
    for (size_t p = 0; p < net->n_populations; p++)
        b->populations[p] = (cal_snn_population){.name = net->populations[p].name,
                                                 .neuron = net->populations[p].neuron, .n = net->populations[p].n,
                                                 .settings = net->populations[p].settings,
                                                 .n_settings = net->populations[p].n_settings};
    b->def.n_populations = net->n_populations;
    for (size_t p = 0; p < net->n_populations; p++)
        if (net->populations[p].neuron == NULL) {
            b->trains[b->def.n_trains] = net->populations[p].train;
            b->trains[b->def.n_trains++].population = p;
        }
    b->def.trains = b->trains;
    for (size_t p = 0; p < net->n_projections; p++)
        b->projections[p] = net->projections[p];
    b->def.n_projections = net->n_projections;
    for (size_t i = 0; i < net->n_receives; i++)
        add_receiver(s, b, &net->receives[i]);
    for (size_t i = 0; i < net->n_gives; i++)
        add_giver(s, b, &net->gives[i]);
    CAL_TRY(cali_positions_load(s, b));
    if (s->experiment->is_alone)
        cali_alone_define(s, b);
    CAL_TRY(cali_neurons_define(s, k));
    CAL_TRY(cali_weights_define(s, k));
    return name_ports(s, b);
}

cal_status cali_network_located(cal_session *s, size_t k, cal_status status)
{
    if (status != CAL_ERR_ARGUMENT && status != CAL_ERR_UNSUPPORTED)
        return status;
    char cause[1024], code[5] = "C106";
    const char *said = cal_context_message(s->ctx);
    const bool has_code = strchr("CE", said[0]) != NULL && strspn(said + 1, "0123456789") == 3 && said[4] == ' ';
    if (has_code)
        memcpy(code, said, 4);
    snprintf(cause, sizeof cause, "%s", said + (has_code ? 5 : 0));
    cal_context_clear(s->ctx);
    const cali_network *network = &s->experiment->networks[s->roles[s->networks[k].index].network];
    return cali_experiment_fail(s->ctx, s->experiment, network->place, code, "%s", cause);
}

void cali_build_clear(cali_build *b)
{
    for (size_t i = 0; b->port_names != NULL && i < b->def.n_ports; i++)
        free(b->port_names[i]);
    free(b->port_names);
    cali_neurons_clear(b);
    cali_weights_clear(b);
    cali_positions_free(b);
    free(b->populations);
    free(b->projections);
    free(b->trains);
    free(b->ports);
    free(b->links);
    free(b->fractions);
    *b = (cali_build){0};
}
