/* `scale` of a network: experiment/parse_scale.c. Mean and variance of the input of every neuron are those of the full network
 * (van Albada, Helias & Diesmann 2015), and what cannot be scaled is said. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <string.h>

#include "experiment/experiment.h"
#include "support/support.h"

/* Every rule that can be scaled, both kinds of receptor, external trains. 1/4 of all numbers below is whole. */
static const char *const good =
    "callosum: 1\n"
    "run: {duration: 10 ms}\n"
    "network:\n"
    "  populations:\n"
    "    E: {neuron: lif, count: 4000, parameters: {tau_exc: 2 ms, tau_inh: 5 ms, C_m: 200 pF}}\n"
    "    I: {neuron: lif, count: 1000, parameters: {tau_exc: 3 ms, tau_inh: 4 ms, C_m: 100 pF}}\n"
    "  connections:\n"
    "    - {from: E, to: E, in_degree: 400, weight: \"normal(20 pA, 2 pA, 0 pA, 40 pA)\"}\n"
    "    - {from: E, to: I, total: 160000, receptor: delta, weight: 0.2 mV}\n"
    "    - {from: I, to: E, probability: 10 %, weight: -100 pA}\n"
    "    - {from: I, to: I, out_degree: 80, weight: \"uniform(-120 pA, -80 pA)\"}\n"
    "  drive:\n"
    "    - {kind: poisson, into: E.excitatory, rate: 8 Hz, trains: 1000, weight: 20 pA}\n"
    "    - {kind: current, into: I, amplitude: 30 pA}\n";

static cal_experiment *parse(cal_context *ctx, const char *const *set, size_t n_set)
{
    cal_experiment *e = NULL;
    cr_assert(cali_experiment_parse(ctx, "exp.yaml", good, strlen(good), set, n_set, &e) == CAL_OK, "%s", cal_context_message(ctx));
    return e;
}

typedef struct moments {
    double mean_pA, variance; /* of one neuron: sum of inputs x charge x rate, and of its square */
} moments;

static double constant(const cali_population *p, const char *name)
{
    for (size_t i = 0; i < p->n_settings; i++)
        if (strcmp(p->settings[i].name, name) == 0)
            return p->settings[i].value.a;
    cr_assert(false, "%s", name);
    return NAN;
}

static void add_inputs(moments *m, const cali_population *p, const char *receptor, double inputs, double weight, double spread,
                       double rate_Hz)
{
    const char *name = strcmp(receptor, "delta") == 0 ? "C_m" : strcmp(receptor, "excitatory") == 0 ? "tau_exc" : "tau_inh";
    const double unit = constant(p, name);
    m->mean_pA += inputs * weight * unit * rate_Hz * 1e-3;
    m->variance += inputs * (weight * weight + spread * spread) * unit * unit * rate_Hz;
}

static moments moments_of(const cali_network *n, size_t to, const double *rates_Hz)
{
    moments m = {0};
    for (size_t i = 0; i < n->n_projections; i++) {
        const cal_snn_projection *p = &n->projections[i];
        const double n_from = n->populations[p->from].n, n_to = n->populations[p->to].n;
        const double inputs = p->rule == CAL_FIXED_IN_DEGREE    ? p->in_degree
                              : p->rule == CAL_FIXED_TOTAL      ? (double)p->total / n_to
                              : p->rule == CAL_FIXED_OUT_DEGREE ? p->out_degree * n_from / n_to
                                                                : p->probability * n_from;
        const cal_distribution *w = &p->weight;
        const double mean = w->kind == CAL_UNIFORM ? 0.5 * (w->a + w->b) : w->a;
        const double spread = w->kind == CAL_UNIFORM ? (w->b - w->a) / sqrt(12.0) : w->kind == CAL_NORMAL ? w->b : 0.0;
        if (p->to == to)
            add_inputs(&m, &n->populations[to], p->receptor, inputs, mean, spread, rates_Hz[p->from]);
    }
    for (size_t i = 0; i < n->n_poissons; i++)
        if (n->poissons[i].to == to)
            add_inputs(&m, &n->populations[to], n->poissons[i].receptor, n->poissons[i].n_trains, n->poissons[i].weight, 0.0,
                       n->poissons[i].rate_Hz);
    for (size_t i = 0; i < n->n_currents; i++)
        m.mean_pA += n->currents[i].to == to ? n->currents[i].amplitude : 0.0;
    return m;
}

Test(experiment_scale, mean_and_variance_of_the_input_stay)
{
    const char *set[] = {"network.scale={neurons: 50 %, synapses: 25 %, rates: {E: 3 Hz, I: 7 Hz}}"};
    const double rates_Hz[] = {3.0, 7.0};
    cal_context *ctx = cali_test_context(1);
    cal_experiment *full = parse(ctx, NULL, 0), *half = parse(ctx, set, 1);
    cr_expect(eq(u32, half->networks[0].populations[0].n, 2000));
    cr_expect(eq(u32, half->networks[0].populations[1].n, 500));
    cr_expect(eq(u32, half->networks[0].projections[0].in_degree, 100));
    cr_expect(eq(u64, half->networks[0].projections[1].total, 20000)); /* 1/2 of the neurons, 1/4 of their inputs */
    cr_expect(epsilon_eq(dbl, half->networks[0].projections[2].probability, 0.05, 1e-15));
    cr_expect(eq(u32, half->networks[0].projections[3].out_degree, 20));
    for (size_t p = 0; p < 2; p++) {
        const moments a = moments_of(&full->networks[0], p, rates_Hz), b = moments_of(&half->networks[0], p, rates_Hz);
        cr_expect(epsilon_eq(dbl, a.mean_pA, b.mean_pA, 1e-12 * fabs(a.mean_pA) + 1e-9)); /* roundings */
        cr_expect(epsilon_eq(dbl, a.variance, b.variance, 1e-12 * a.variance));
        cr_expect(ne(dbl, a.mean_pA, 0.0));
    }
    cal_experiment_destroy(&full);
    cal_experiment_destroy(&half);
    cal_context_destroy(&ctx);
}

/* With all inputs kept, weights stay and no rate is asked for. */
Test(experiment_scale, fewer_neurons_with_all_inputs_keep_the_weights)
{
    const char *set[] = {"network.scale.neurons=50 %"};
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = parse(ctx, set, 1);
    cr_expect(eq(u32, e->networks[0].projections[0].in_degree, 400));
    cr_expect(eq(dbl, e->networks[0].projections[0].weight.a, 20.0));
    cr_expect(eq(u64, e->networks[0].projections[1].total, 80000));
    cr_expect(eq(sz, e->networks[0].n_currents, 1));
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

/* The manifest holds the scaled network, whose echo is not scaled again. */
Test(experiment_scale, the_echo_is_the_scaled_network)
{
    const char *set[] = {"network.scale={neurons: 50 %, synapses: 25 %, rates: {E: 3 Hz, I: 7 Hz}}"};
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = parse(ctx, set, 1), *again = NULL;
    cali_text echo = {0};
    cr_assert(cali_experiment_echo(ctx, e, &echo) == CAL_OK);
    cr_assert(cali_experiment_parse(ctx, "echo", echo.data, echo.size, NULL, 0, &again) == CAL_OK, "%s", cal_context_message(ctx));
    cr_expect(eq(u32, again->networks[0].populations[0].n, 2000));
    cr_expect(eq(sz, again->networks[0].n_currents, 3));
    cr_expect(epsilon_eq(dbl, again->networks[0].currents[1].amplitude, e->networks[0].currents[1].amplitude, 1e-9));
    cali_text_free(&echo);
    cal_experiment_destroy(&e);
    cal_experiment_destroy(&again);
    cal_context_destroy(&ctx);
}

static const struct {
    const char *scale, *other, *message;
} mistakes[] = {
    {"network.scale={neurons: 10 %, synapses: 10 %, rates: {E: 3 Hz}}", NULL, "C105  scale needs the rate of \"I\" in the full network"},
    {"network.scale={synapses: 10 %, rates: {X: 3 Hz}}", NULL, "C107  no population \"X\" in this network"},
    {"network.scale={synapses: 10 %, rates: {E: -3 Hz, I: 1 Hz}}", NULL, "C106  scale.rates.E is -3 Hz, but must be at least 0"},
    {"network.scale={neurons: 0 %}", NULL, "C106  scale.neurons is 0"},
    {"network.scale={neurons: 1 %}", "network.connections[2]={from: I, to: E, all_to_all: true, weight: -1 pA}",
     "C106  scale knows connections with in_degree, out_degree, total and probability only"},
    {"network.scale={neurons: 5 %, synapses: 100 %}", "network.connections[2].probability=10 %",
     "C106  the scaled probability is 2"},
    {"network.scale={synapses: 10 %, rates: {E: 3 Hz, I: 1 Hz}}", "network.populations.E.parameters.tau_exc=\"normal(2 ms, 1 ms)\"",
     "C106  scale.synapses cannot make up for fewer synapses into E.excitatory"},
};

ParameterizedTestParameters(experiment_scale, what_cannot_be_scaled_is_said)
{
    static int indices[sizeof mistakes / sizeof mistakes[0]];
    for (int i = 0; i < (int)(sizeof indices / sizeof *indices); i++)
        indices[i] = i;
    return cr_make_param_array(int, indices, sizeof indices / sizeof *indices);
}

ParameterizedTest(int *i, experiment_scale, what_cannot_be_scaled_is_said)
{
    const char *set[] = {mistakes[*i].other, mistakes[*i].scale};
    const size_t first = mistakes[*i].other == NULL;
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = NULL;
    cr_expect(eq(int, cali_experiment_parse(ctx, "exp.yaml", good, strlen(good), set + first, 2 - first, &e), CAL_ERR_INPUT));
    cr_expect(strstr(cal_context_message(ctx), mistakes[*i].message) != NULL, "%s", cal_context_message(ctx));
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}
