/* Networks as circuits of SONATA: what is written and read again has the same bits, circuits of other programs are
 * understood, and broken ones are refused with the file and the data set. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "callosum/sonata.h"
#include "experiment/session.h"
#include "support/support.h"

static char folder[512];

static void put(cal_context *ctx, const char *name, const char *text)
{
    char path[700];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert(eq(int, cali_file_write(ctx, path, text, strlen(text)), CAL_OK));
}

static cal_status parse(cal_context *ctx, const char *text, cal_experiment **e)
{
    char path[700];
    snprintf(path, sizeof path, "%s/exp.yaml", folder);
    *e = NULL;
    return cali_experiment_parse(ctx, path, text, strlen(text), NULL, 0, e);
}

typedef struct outcome {
    uint64_t hash, n_spikes, states; /* hash: over spikes, states, and input that is on its way; states: over these alone */
} outcome;

static uint64_t mix(uint64_t a, uint64_t b)
{
    const uint64_t x = (a ^ b * UINT64_C(0xD6E8FEB86659FD93)) * UINT64_C(0x9E3779B97F4A7C15);
    return x ^ x >> 29;
}

static uint64_t hash_states(const cal_snn *snn)
{
    const cal_snn_def *def = cal_snn_get_def(snn);
    uint64_t hash = 0;
    for (size_t p = 0; p < def->n_populations; p++) {
        if (def->populations[p].neuron == NULL)
            continue;
        double *values = calloc(def->populations[p].n + 1, sizeof *values);
        cr_assert(values != NULL);
        for (size_t k = 0; k < def->populations[p].neuron->n_states; k++) {
            cal_snn_get_state(snn, p, def->populations[p].neuron->states[k].name, values);
            for (uint32_t i = 0; i < def->populations[p].n; i++) {
                uint64_t bits;
                memcpy(&bits, &values[i], sizeof bits);
                hash = mix(hash, bits);
            }
        }
        free(values);
    }
    return hash;
}

static outcome run(cal_context *ctx, const cal_experiment *e)
{
    cal_session *s = NULL;
    cal_session_def def = cal_session_def_default();
    def.sink = "memory";
    cr_assert(eq(int, cal_session_create(ctx, e, &def, &s), CAL_OK), "%s", cal_context_message(ctx));
    while (!cal_session_is_done(s))
        cr_assert(eq(int, cal_session_advance(s), CAL_OK), "%s", cal_context_message(ctx));
    const outcome o = {cal_snn_hash(s->builds[0].snn), cal_snn_get_counts(s->builds[0].snn).n_spikes, hash_states(s->builds[0].snn)};
    cal_session_destroy(&s);
    return o;
}

/* ---- round trip ------------------------------------------------------------------------------------ */

/* Drawn parameters and states; several projections that share rows; plastic synapses. */
static const char drawn[] =
    "  populations:\n"
    "    E: {neuron: lif, count: 300, parameters: {I_e: \"uniform(300 pA, 500 pA)\", tau_m: \"normal(15 ms, 1 ms)\"}, "
    "initial: {V: \"uniform(-65 mV, -50 mV)\"}}\n"
    "    I: {neuron: lif, count: 80, parameters: {tau_exc: 3 ms}}\n"
    "    C: {neuron: adex, count: 40, parameters: {b: \"lorentzian(80 pA, 1 pA)\"}}\n"
    "  connections:\n"
    "    - {from: E, to: \"E, I\", probability: 10 %, receptor: excitatory, weight: \"normal(20 pA, 5 pA)\", delay: \"uniform(0.5 "
    "ms, 3 ms)\"}\n"
    "    - {from: E, to: E, in_degree: 5, multapses: true, receptor: excitatory, weight: 100 pA, delay: 2 ms}\n"
    "    - {from: I, to: I, in_degree: 3, receptor: inhibitory, weight: -11 pA, delay: 1.2 ms}\n"
    "    - {from: E, to: C, in_degree: 30, receptor: excitatory, weight: \"lognormal(1 nS, 0.5)\", delay: 1.5 ms}\n"
    "    - {from: E, to: C, in_degree: 10, receptor: excitatory, weight: 0.5 nS, delay: 1.5 ms, plasticity: {rule: "
    "tsodyks-markram, U: 0.3}}\n"
    "    - {from: E, to: I, in_degree: 20, receptor: excitatory, weight: \"uniform(10 pA, 50 pA)\", delay: 1.5 ms, plasticity: "
    "{rule: stdp, w_max: 100 pA}}\n";
/* Weights of 24 bits, where others have 15; what is on its way is kept otherwise. */
static const char broadcast[] =
    "    - {from: I, to: E, all_to_all: true, receptor: inhibitory, weight: -7.3 pA, delay: 1 ms}\n"
    "    - {from: I, to: I, all_to_all: true, autapses: false, receptor: inhibitory, weight: -3.3 pA, delay: 1.2 ms}\n";

static const char *with(const char *network)
{
    static char text[4096];
    snprintf(text, sizeof text,
             "callosum: 1\nrun: {duration: 100 ms, seed: 5}\nnetwork:\n%s  drive:\n"
             "    - {kind: poisson, into: E.excitatory, rate: 100 Hz, trains: 10, weight: 40 pA}\n"
             "    - {kind: poisson, into: C.excitatory, rate: 100 Hz, trains: 10, weight: 2 nS}\n", network);
    return text;
}

static void go_round(bool has_broadcast)
{
    cal_context *ctx = cali_test_context(2);
    cal_experiment *e;
    outcome got[3];
    char path[600], network[3072];
    snprintf(network, sizeof network, "%s%s", drawn, has_broadcast ? broadcast : "");
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    cr_assert(eq(int, parse(ctx, with(network), &e), CAL_OK), "%s", cal_context_message(ctx));
    got[0] = run(ctx, e);
    snprintf(path, sizeof path, "%s/one", folder);
    cr_assert(eq(int, cal_experiment_export_sonata(ctx, e, path, false), CAL_OK), "%s", cal_context_message(ctx));
    cr_expect(eq(int, cal_experiment_export_sonata(ctx, e, path, false), CAL_ERR_INPUT)); /* it is there */
    cal_context_clear(ctx);
    cal_experiment_destroy(&e);
    cr_assert(eq(int, parse(ctx, with("  sonata: one/circuit_config.json\n"), &e), CAL_OK), "%s", cal_context_message(ctx));
    got[1] = run(ctx, e);
    snprintf(path, sizeof path, "%s/two", folder);
    cr_assert(eq(int, cal_experiment_export_sonata(ctx, e, path, false), CAL_OK), "%s", cal_context_message(ctx));
    cal_experiment_destroy(&e);
    cr_assert(eq(int, parse(ctx, with("  sonata: two/simulation_config.json\n"), &e), CAL_OK), "%s", cal_context_message(ctx));
    got[2] = run(ctx, e);
    cr_expect(gt(u64, got[0].n_spikes, 500));
    for (int i = 1; i < 3; i++) {
        cr_expect(eq(u64, got[i].n_spikes, got[0].n_spikes));
        cr_expect(eq(u64, got[i].states, got[0].states));
        if (!has_broadcast)
            cr_expect(eq(u64, got[i].hash, got[0].hash));
    }
    cali_text first = {0}, second = {0}; /* the manifest names the circuit, and is read again */
    cr_assert(eq(int, cali_experiment_echo(ctx, e, &first), CAL_OK));
    cal_experiment_destroy(&e);
    cr_assert(eq(int, cali_experiment_parse(ctx, "echo.json", first.data, first.size, NULL, 0, &e), CAL_OK), "%s",
              cal_context_message(ctx));
    cr_assert(eq(int, cali_experiment_echo(ctx, e, &second), CAL_OK));
    cr_expect(eq(str, first.data, second.data));
    cali_text_free(&first);
    cali_text_free(&second);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

Test(experiment_sonata, a_circuit_that_is_written_and_read_has_the_same_hash)
{
    go_round(false);
}

Test(experiment_sonata, all_to_all_connections_keep_their_bits)
{
    go_round(true);
}

/* Synapses that form and break are those of the moment, static: where they stay, the circuit has the same spikes. */
Test(experiment_sonata, synapses_that_form_are_written_as_they_are)
{
    static const char network[] =
        "  populations:\n"
        "    E: {neuron: lif, count: 200, parameters: {I_e: \"uniform(300 pA, 500 pA)\"}}\n"
        "    C: {neuron: adex, count: 3}\n"
        "  connections:\n"
        "    - {from: E, to: E, in_degree: 9, weight: 20 pA, delay: 1.5 ms}\n"
        "    - {from: E, to: E, in_degree: 4, weight: 20 pA, delay: 1.5 ms, plasticity: {rule: stdp, w_max: 60 pA}}\n"
        "    - {from: E, to: E, in_degree: 7, weight: \"uniform(10 pA, 60 pA)\", delay: \"uniform(0.5 ms, 3 ms)\",\n"
        "       plasticity: {rule: structural, capacity: 12, axon_growth: 0 Hz, dendrite_growth: 0 Hz}}\n";
    cal_context *ctx = cali_test_context(2);
    cal_experiment *e;
    char path[600];
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    cr_assert(eq(int, parse(ctx, with(network), &e), CAL_OK), "%s", cal_context_message(ctx));
    const outcome before = run(ctx, e);
    snprintf(path, sizeof path, "%s/one", folder);
    cr_assert(eq(int, cal_experiment_export_sonata(ctx, e, path, false), CAL_OK), "%s", cal_context_message(ctx));
    cr_expect(strstr(cali_test_last_note(), "form and break here") != NULL, "%s", cali_test_last_note());
    cal_experiment_destroy(&e);
    cr_assert(eq(int, parse(ctx, with("  sonata: one/circuit_config.json\n"), &e), CAL_OK), "%s", cal_context_message(ctx));
    const outcome after = run(ctx, e);
    cr_expect(gt(u64, before.n_spikes, 300));
    cr_expect(eq(u64, after.n_spikes, before.n_spikes));
    cr_expect(eq(u64, after.states, before.states));
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

/* x, y and z of nodes, in um: a position comes back within a rounding, or with as many axes as the circuit has. */
Test(experiment_sonata, positions_are_written_and_read)
{
    static const char placed[] =
        "  populations:\n"
        "    A: {neuron: lif, count: 12, positions: {kind: grid, shape: [4, 3], spacing: 20 um, center: [1 mm, -0.1 mm]}}\n"
        "    B: {neuron: lif, count: 30, positions: {kind: ball, extent: [1 mm, 2 mm, 0.5 mm]}}\n"
        "    C: {neuron: lif, count: 3, positions: {kind: grid, shape: [3], spacing: 1 mm, periodic: true}}\n"
        "    E: {neuron: adex, count: 5}\n";
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e;
    cal_session *s[2] = {NULL};
    cal_session_def def = cal_session_def_default();
    def.sink = "memory";
    char path[600], text[1200];
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    snprintf(text, sizeof text, "callosum: 1\nrun: {duration: 1 ms, seed: 5}\nnetwork:\n%s", placed);
    cal_experiment *both[2];
    cr_assert(eq(int, parse(ctx, text, &e), CAL_OK), "%s", cal_context_message(ctx));
    both[0] = e;
    snprintf(path, sizeof path, "%s/placed", folder);
    cr_assert(eq(int, cal_experiment_export_sonata(ctx, e, path, false), CAL_OK), "%s", cal_context_message(ctx));
    /* and they are of use: each neuron of A gets its 2 nearest of A */
    cr_assert(eq(int, parse(ctx, "callosum: 1\nrun: {duration: 1 ms, seed: 5}\nnetwork:\n  sonata: placed/circuit_config.json\n"
                                 "  connections: [{from: A, to: A, nearest: 2, weight: 1 pA, delay: 1 ms}]\n", &both[1]), CAL_OK), "%s",
              cal_context_message(ctx));
    for (int k = 0; k < 2; k++)
        cr_assert(eq(int, cal_session_create(ctx, both[k], &def, &s[k]), CAL_OK), "%s", cal_context_message(ctx));
    static const uint32_t counts[] = {12, 30, 3, 5};
    static const unsigned dimensions[] = {2, 3, 1, 0};
    for (size_t p = 0; p < 4; p++) {
        unsigned d[2];
        const double *x = cal_snn_get_positions(s[0]->builds[0].snn, p, &d[0]), *y = cal_snn_get_positions(s[1]->builds[0].snn, p, &d[1]);
        cr_assert(d[0] == dimensions[p] && d[1] == dimensions[p]);
        for (size_t i = 0; i < (size_t)counts[p] * d[0]; i++)
            cr_expect(epsilon_eq(dbl, y[i], x[i], 4e-16 * (1.0 + fabs(x[i])))); /* two roundings: mm to um and back */
    }
    for (int k = 0; k < 2; k++) {
        cal_session_destroy(&s[k]);
        cal_experiment_destroy(&both[k]);
    }
    cal_context_destroy(&ctx);
}

/* ---- a circuit of another program --------------------------------------------------------------------- */

/* Two types in one population of NEST's neurons, tables divided by blanks, attributes in types and in groups. */
enum { N_NODES = 5, N_EDGES = 4 };

typedef struct circuit {
    double node_type[N_NODES], C_m[2];
    uint32_t node_group[N_NODES], node_index[N_NODES];
    uint64_t source[N_EDGES], target[N_EDGES];
    uint32_t edge_type[N_EDGES], edge_group[N_EDGES], edge_index[N_EDGES];
    double weight[2], delay[2];
    const char *source_population;
    size_t n_targets;
} circuit;

static circuit plain(void)
{
    return (circuit){.node_type = {7, 9, 7, 7, 9}, .C_m = {300.0, 310.0}, .node_group = {0, 1, 0, 0, 1},
                     .node_index = {0, 0, 0, 0, 1}, .source = {0, 1, 2, 4}, .target = {1, 0, 4, 3},
                     .edge_type = {1, 2, 1, 2}, .edge_group = {0, 1, 0, 1}, .edge_index = {0, 0, 1, 1}, .weight = {-4.0, -5.0},
                     .delay = {1.5, 2.5}, .source_population = "cells", .n_targets = N_EDGES};
}

static void write_circuit(cal_context *ctx, const circuit *c)
{
    const cal_sonata_item nodes[] = {{"/nodes/cells/node_type_id", NULL, CAL_SONATA_F64, N_NODES, 0, c->node_type},
                                     {"/nodes/cells/node_group_id", NULL, CAL_SONATA_U32, N_NODES, 0, c->node_group},
                                     {"/nodes/cells/node_group_index", NULL, CAL_SONATA_U32, N_NODES, 0, c->node_index},
                                     {"/nodes/cells/1/dynamics_params/C_m", NULL, CAL_SONATA_F64, 2, 0, c->C_m}};
    const cal_sonata_item edges[] = {{"/edges/rec/source_node_id", NULL, CAL_SONATA_U64, N_EDGES, 0, c->source},
                                     {"/edges/rec/source_node_id", "node_population", CAL_SONATA_TEXT, 0, 0, c->source_population},
                                     {"/edges/rec/target_node_id", NULL, CAL_SONATA_U64, c->n_targets, 0, c->target},
                                     {"/edges/rec/target_node_id", "node_population", CAL_SONATA_TEXT, 0, 0, "cells"},
                                     {"/edges/rec/edge_type_id", NULL, CAL_SONATA_U32, N_EDGES, 0, c->edge_type},
                                     {"/edges/rec/edge_group_id", NULL, CAL_SONATA_U32, N_EDGES, 0, c->edge_group},
                                     {"/edges/rec/edge_group_index", NULL, CAL_SONATA_U32, N_EDGES, 0, c->edge_index},
                                     {"/edges/rec/1/syn_weight", NULL, CAL_SONATA_F64, 2, 0, c->weight},
                                     {"/edges/rec/1/delay", NULL, CAL_SONATA_F64, 2, 0, c->delay}};
    char path[700];
    snprintf(path, sizeof path, "%s/nodes.h5", folder);
    cr_assert(eq(int, cal_sonata_save(ctx, path, nodes, 4), CAL_OK));
    snprintf(path, sizeof path, "%s/edges.h5", folder);
    cr_assert(eq(int, cal_sonata_save(ctx, path, edges, 9), CAL_OK), "%s", cal_context_message(ctx));
    put(ctx, "node_types.csv",
        "node_type_id pop_name  model_type model_template dynamics_params\n"
        "7 exc point_neuron nest:iaf_psc_alpha exc.json\n"
        "9 \"inh\" point_neuron nest:iaf_psc_alpha NULL \n");
    put(ctx, "exc.json", "{\"tau_syn_ex\": 1.25, \"V_th\": -52.5, \"tau_minus\": 20.0}\n");
    put(ctx, "edge_types.csv",
        "edge_type_id syn_weight delay model_template target_query\n"
        "1 30.0 0.8 static_synapse \"pop_name=='inh'\"\n"
        "2 NULL NULL static_synapse \"pop_name=='exc'\"\n");
    put(ctx, "config.json",
        "{\"manifest\": {\"$BASE\": \"${configdir}\", \"$NET\": \"${BASE}\"}, \"components\": {\"point_neuron_models_dir\": \"$BASE\"}, "
        "\"networks\": {\"nodes\": [{\"nodes_file\": \"$NET/nodes.h5\", \"node_types_file\": \"$NET/node_types.csv\"}], "
        "\"edges\": [{\"edges_file\": \"$NET/edges.h5\", \"edge_types_file\": \"$NET/edge_types.csv\"}]}}\n");
}

static const char other[] = "callosum: 1\nrun: {duration: 10 ms}\nnetwork: {sonata: config.json}\n";

static double setting_of(const cali_population *p, const char *name)
{
    double value = NAN;
    for (size_t i = 0; i < p->n_settings; i++)
        if (strcmp(p->settings[i].name, name) == 0)
            value = p->settings[i].value.a;
    return value;
}

Test(experiment_sonata, a_circuit_of_another_program_is_understood)
{
    cal_context *ctx = cali_test_context(1);
    const circuit c = plain();
    cal_experiment *e;
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    write_circuit(ctx, &c);
    cr_assert(eq(int, parse(ctx, other, &e), CAL_OK), "%s", cal_context_message(ctx));
    const cali_network *n = &e->networks[0];
    cr_assert(eq(sz, n->n_populations, 2));
    cr_expect(eq(str, n->populations[0].name, "exc"));
    cr_expect(eq(str, n->populations[1].name, "inh"));
    cr_expect(eq(u32, n->populations[0].n, 3));
    cr_expect(eq(str, (char *)(uintptr_t)n->populations[0].neuron->name, "lif-alpha"));
    cr_expect(eq(dbl, setting_of(&n->populations[0], "tau_exc"), 1.25));
    cr_expect(eq(dbl, setting_of(&n->populations[0], "V_th"), -52.5));
    cr_expect(eq(dbl, setting_of(&n->populations[0], "E_L"), -70.0)); /* NEST's default */
    cr_assert(eq(sz, n->n_values, 1));
    cr_expect(eq(sz, n->values[0].population, 1));
    cr_expect(eq(dbl, n->values[0].values[1], 310.0));
    cr_assert(eq(sz, n->n_projections, 2));
    const cal_snn_projection *a = &n->projections[0], *b = &n->projections[1];
    cr_expect(eq(str, (char *)(uintptr_t)a->receptor, "excitatory")); /* 0 and 2 of exc to 0 and 1 of inh */
    cr_expect(a->from == 0 && a->to == 1 && a->list->n == 2);
    cr_expect(eq(u32, a->list->source[1], 1));
    cr_expect(eq(u32, a->list->target[1], 1));
    cr_expect(eq(dbl, a->list->weight[1], 30.0));
    cr_expect(eq(dbl, a->list->delay_ms[1], 0.8));
    cr_expect(eq(str, (char *)(uintptr_t)b->receptor, "inhibitory"));
    cr_expect(eq(dbl, b->list->weight[1], -5.0));
    cr_expect(eq(dbl, b->list->delay_ms[1], 2.5));
    run(ctx, e);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

/* Coordinates in groups: without a unit they are um; a population that lacks one of a node has fewer dimensions. */
static void write_places(cal_context *ctx, const circuit *c, const char *unit, const double *x)
{
    static const double y[] = {4000.0, 5000.0, 6000.0};
    const cal_sonata_item nodes[] = {{"/nodes/cells/node_type_id", NULL, CAL_SONATA_F64, N_NODES, 0, c->node_type},
                                     {"/nodes/cells/node_group_id", NULL, CAL_SONATA_U32, N_NODES, 0, c->node_group},
                                     {"/nodes/cells/node_group_index", NULL, CAL_SONATA_U32, N_NODES, 0, c->node_index},
                                     {"/nodes/cells/0/x", NULL, CAL_SONATA_F64, 3, 0, x},
                                     {"/nodes/cells/0/y", NULL, CAL_SONATA_F64, 3, 0, y},
                                     {"/nodes/cells/1/x", NULL, CAL_SONATA_F64, 2, 0, x},
                                     {"/nodes/cells/0/x", "units", CAL_SONATA_TEXT, 0, 0, unit}};
    char path[700];
    write_circuit(ctx, c);
    snprintf(path, sizeof path, "%s/nodes.h5", folder);
    cr_assert(eq(int, cal_sonata_save(ctx, path, nodes, unit == NULL ? 6 : 7), CAL_OK), "%s", cal_context_message(ctx));
}

static void expect_refusal(cal_context *ctx, const char *words)
{
    cal_experiment *e;
    cr_expect(eq(int, parse(ctx, other, &e), CAL_ERR_INPUT), "%s", words);
    cr_expect(strstr(cal_context_message(ctx), words) != NULL, "%s", cal_context_message(ctx));
    cr_expect(strstr(cal_context_message(ctx), "exp.yaml:3:") != NULL, "%s", cal_context_message(ctx));
    cal_experiment_destroy(&e);
    cal_context_clear(ctx);
}

Test(experiment_sonata, coordinates_of_nodes_are_in_um_or_in_their_unit)
{
    cal_context *ctx = cali_test_context(1);
    circuit c = plain();
    double x[] = {1000.0, 2000.0, 3000.0};
    c.node_index[0] = 2; /* node 0 has the last place of group 0, nodes 2 and 3 the others */
    c.node_index[2] = 0;
    c.node_index[3] = 1;
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    for (int k = 0; k < 2; k++) {
        cal_experiment *e;
        write_places(ctx, &c, k == 0 ? NULL : "mm", x);
        cr_assert(eq(int, parse(ctx, other, &e), CAL_OK), "%s", cal_context_message(ctx));
        const cal_snn_space *exc = e->networks[0].populations[0].space, *inh = e->networks[0].populations[1].space;
        const double mm = k == 0 ? 1.0 : 1e3, expected[] = {3.0 * mm, 6.0, 1.0 * mm, 4.0, 2.0 * mm, 5.0};
        cr_assert(exc != NULL && inh != NULL && exc->n_dimensions == 2 && inh->n_dimensions == 1);
        for (int i = 0; i < 6; i++)
            cr_expect(epsilon_eq(dbl, exc->positions_mm[i], expected[i], 1e-15 * expected[i]));
        cr_expect(inh->positions_mm[0] == 1.0 && inh->positions_mm[1] == 2.0);
        cal_experiment_destroy(&e);
    }
    write_places(ctx, &c, "mV", x);
    expect_refusal(ctx, "nodes.h5: the unit of /nodes/cells/0/x is \"mV\", no length");
    x[1] = (double)NAN;
    write_places(ctx, &c, NULL, x);
    expect_refusal(ctx, "nodes.h5: /nodes/cells/0/x[1] is not finite");
    x[1] = 2000.0;
    c.node_index[4] = 2;
    write_places(ctx, &c, NULL, x);
    expect_refusal(ctx, "nodes.h5: node 4 has place 2 in /nodes/cells/1/x, which has 2");
    cal_context_destroy(&ctx);
}

Test(experiment_sonata, broken_circuits_are_refused)
{
    cal_context *ctx = cali_test_context(1);
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    circuit c = plain();
    c.source[2] = 5;
    write_circuit(ctx, &c);
    expect_refusal(ctx, "edges.h5: /edges/rec/source_node_id[2] is 5, but population cells has 5 nodes");
    c = plain();
    c.edge_index[3] = 2;
    write_circuit(ctx, &c);
    expect_refusal(ctx, "edge 3 has place 2 in /edges/rec/1/syn_weight, which has 2");
    c = plain();
    c.weight[1] = (double)NAN;
    write_circuit(ctx, &c);
    expect_refusal(ctx, "/edges/rec/1/syn_weight[1] is not finite");
    c = plain();
    c.delay[0] = 0.01;
    write_circuit(ctx, &c);
    expect_refusal(ctx, "edge 1 of rec has the delay 0.01 ms, shorter than the step 0.1 ms");
    c = plain();
    c.edge_type[0] = 3;
    write_circuit(ctx, &c);
    expect_refusal(ctx, "edge_types.csv has no edge_type_id 3 of population rec");
    c = plain();
    c.source_population = "others";
    write_circuit(ctx, &c);
    expect_refusal(ctx, "population \"others\", which the circuit does not have");
    c = plain();
    c.n_targets = 3;
    write_circuit(ctx, &c);
    expect_refusal(ctx, "/edges/rec/target_node_id has 3 items, but source_node_id has 4");
    c = plain();
    c.node_index[4] = 9;
    write_circuit(ctx, &c);
    expect_refusal(ctx, "node 4 has place 9 in /nodes/cells/1/dynamics_params/C_m, which has 2");
    c = plain();
    c.node_type[1] = 8;
    write_circuit(ctx, &c);
    expect_refusal(ctx, "node_types.csv has no node_type_id 8 of population cells");
    c = plain();
    write_circuit(ctx, &c);
    put(ctx, "exc.json", "{\"tau_syn\": 2.0}\n");
    expect_refusal(ctx, "unknown parameter \"tau_syn\" of neuron lif-alpha in the circuit");
    put(ctx, "exc.json", "{\"C_m\": \"much\"}\n");
    expect_refusal(ctx, "exc.json is no JSON mapping of names to numbers");
    put(ctx, "exc.json", "{}\n");
    put(ctx, "node_types.csv", "node_type_id model_type model_template\n7 biophysical hoc:Cell\n9 virtual NULL\n");
    expect_refusal(ctx, "model_type \"biophysical\" is not simulated");
    put(ctx, "node_types.csv", "node_type_id model_type model_template\n7 point_neuron nest:glif_psc\n9 virtual NULL\n");
    expect_refusal(ctx, "no neuron for model_template \"nest:glif_psc\"");
    put(ctx, "edges.h5", "no HDF5 at all");
    write_circuit(ctx, &c);
    put(ctx, "edges.h5", "no HDF5 at all");
    expect_refusal(ctx, "edges.h5: is no readable HDF5 file");
    put(ctx, "config.json", "{\"networks\": {\"nodes\": [{\"nodes_file\": \"$WHERE/nodes.h5\"}]}}");
    expect_refusal(ctx, "the path \"$WHERE/nodes.h5\" of the circuit has no end");
    put(ctx, "config.json", "{\"networks\": {\"nodes\": []}}");
    expect_refusal(ctx, "the circuit has no nodes");
    put(ctx, "config.json", "{\"networks\": ");
    expect_refusal(ctx, "config.json");
    cal_context_destroy(&ctx);
}

/* Every byte of a good file in turn is changed: a message or a network, never a crash. */
Test(experiment_sonata, bytes_of_a_circuit_may_be_anything)
{
    cal_context *ctx = cali_test_context(1);
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    const circuit c = plain();
    write_circuit(ctx, &c);
    char path[700], *data = NULL;
    size_t size = 0;
    snprintf(path, sizeof path, "%s/edges.h5", folder);
    cr_assert(eq(int, cali_file_read(ctx, path, 1 << 20, &data, &size), CAL_OK));
    for (size_t i = 0; i < size; i += 61) {
        cal_experiment *e;
        const char before = data[i];
        data[i] = (char)(before ^ (char)(0x55 + (int)i));
        cr_assert(eq(int, cali_file_write(ctx, path, data, i % 7 == 0 ? i : size), CAL_OK)); /* some are cut */
        const cal_status status = parse(ctx, other, &e);
        cr_expect(status == CAL_OK || status == CAL_ERR_INPUT, "%s", cal_context_message(ctx));
        cal_experiment_destroy(&e);
        cal_context_clear(ctx);
        data[i] = before;
    }
    free(data);
    cal_context_destroy(&ctx);
}

/* ---- spikes ------------------------------------------------------------------------------------------- */

/* Times and neurons on their way into a network: rounded to steps, sorted, and never before the first. */
static void expect_spikes(cal_context *ctx, const char *population)
{
    char text[600];
    cal_experiment *e;
    snprintf(text, sizeof text, "callosum: 1\nrun: {duration: 10 ms}\nnetwork: {populations: {A: {%s}, B: {neuron: lif, count: 4}}, "
             "connections: [{from: A, to: B, all_to_all: true, receptor: delta, weight: 1 mV}]}\n", population);
    cr_assert(eq(int, parse(ctx, text, &e), CAL_OK), "%s", cal_context_message(ctx));
    const cal_snn_train *t = &e->networks[0].populations[0].train;
    cr_assert(eq(sz, t->n, 4));
    static const cal_time times[] = {100000, 200000, 1500000, 1500000};
    static const uint32_t ids[] = {2, 0, 0, 1};
    for (int i = 0; i < 4; i++) {
        cr_expect(eq(i64, t->time[i], times[i]));
        cr_expect(eq(u32, t->id[i], ids[i]));
    }
    const outcome o = run(ctx, e); /* each spike reaches 4 neurons */
    (void)o;
    cal_experiment_destroy(&e);
}

Test(experiment_sonata, spikes_of_files_are_emitted)
{
    static const double times_ms[] = {1.5, 0.0, 0.16, 1.49}, times_s[] = {1.5e-3, 0.0, 0.16e-3, 1.49e-3};
    static const uint64_t ids[] = {1, 2, 0, 0};
    const cal_sonata_item items[] = {{"/spikes/A/timestamps", NULL, CAL_SONATA_F64, 4, 0, times_ms},
                                     {"/spikes/A/timestamps", "units", CAL_SONATA_TEXT, 0, 0, "ms"},
                                     {"/spikes/A/node_ids", NULL, CAL_SONATA_U64, 4, 0, ids},
                                     {"/spikes/Z/timestamps", NULL, CAL_SONATA_F64, 4, 0, times_s},
                                     {"/spikes/Z/timestamps", "units", CAL_SONATA_TEXT, 0, 0, "s"},
                                     {"/spikes/Z/node_ids", NULL, CAL_SONATA_U64, 4, 0, ids},
                                     {"/spikes/A", "sorting", CAL_SONATA_BY_TIME, 0, 0, NULL}};
    cal_context *ctx = cali_test_context(1);
    char path[700];
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    snprintf(path, sizeof path, "%s/two.h5", folder);
    cr_assert(eq(int, cal_sonata_save(ctx, path, items, 7), CAL_OK));
    snprintf(path, sizeof path, "%s/only.h5", folder);
    cr_assert(eq(int, cal_sonata_save(ctx, path, items + 3, 3), CAL_OK));
    put(ctx, "table.csv", "time (us),neuron\n1500,1\n0,2\n160,0\n1490,0\n");
    expect_spikes(ctx, "spikes: two.h5, count: 3");
    expect_spikes(ctx, "spikes: only.h5, count: 3");
    const cal_sonata_item former[] = {{"/spikes/timestamps", NULL, CAL_SONATA_F64, 4, 0, times_ms}, /* before version 1 */
                                      {"/spikes/timestamps", "units", CAL_SONATA_TEXT, 0, 0, "milliseconds"},
                                      {"/spikes/gids", NULL, CAL_SONATA_U64, 4, 0, ids}};
    snprintf(path, sizeof path, "%s/former.h5", folder);
    cr_assert(eq(int, cal_sonata_save(ctx, path, former, 3), CAL_OK));
    expect_spikes(ctx, "spikes: former.h5, count: 3");
    expect_spikes(ctx, "spikes: table.csv, count: 3");
    static const char *const bad[][2] = {
        {"A: {spikes: two.h5, count: 2}", "spike 1 is of neuron 2, but the population has 2"},
        {"C: {spikes: two.h5, count: 3}", "has no timestamps and node_ids of population C"},
        {"A: {spikes: nowhere.h5, count: 3}", "nowhere.h5"},
        {"A: {spikes: two.h5, count: 3, parameters: {C_m: 1 pF}}", "a population of given spikes has no parameters"},
        {"A: {spikes: two.h5, neuron: lif, count: 3}", "\"neuron\" stands beside \"spikes\""},
        {"A: {count: 3}", "needs the key \"neuron\""}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[512];
        cal_experiment *e;
        snprintf(text, sizeof text, "callosum: 1\nrun: {duration: 10 ms}\nnetwork: {populations: {%s}}\n", bad[i][0]);
        cr_expect(eq(int, parse(ctx, text, &e), CAL_ERR_INPUT), "%s", bad[i][0]);
        cr_expect(strstr(cal_context_message(ctx), bad[i][1]) != NULL, "%s", cal_context_message(ctx));
        cal_experiment_destroy(&e);
        cal_context_clear(ctx);
    }
    cal_context_destroy(&ctx);
}
