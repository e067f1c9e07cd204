/* plasticity of connections in the experiment file: parameters with units reach the engine, the manifest repeats them, and
 * every mistake is told with its place. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "callosum/experiment.h"
#include "experiment/experiment.h"
#include "experiment/session.h"
#include "support/support.h"

enum { MAX_TEXT = 4096 };

/* A network of its own with one connection from E to E. */
static const char *with(const char *connection)
{
    static char text[MAX_TEXT];
    snprintf(text, sizeof text,
             "callosum: 1\n"
             "run: {duration: 100 ms, seed: 3}\n"
             "network:\n"
             "  populations:\n"
             "    E: {neuron: lif, count: 50, parameters: {I_e: \"uniform(400 pA, 900 pA)\"}}\n"
             "    I: {neuron: lif, count: 20, parameters: {I_e: 500 pA}}\n"
             "    Q: {neuron: qif, count: 3}\n"
             "  connections:\n"
             "    - %s\n"
             "record: {signals: [{what: spikes}]}\n", connection);
    return text;
}

static cal_experiment *parse(cal_context *ctx, const char *text)
{
    cal_experiment *e = NULL;
    const cal_status status = cali_experiment_parse(ctx, "exp.yaml", text, strlen(text), NULL, 0, &e);
    cr_assert(eq(int, status, CAL_OK), "%s", cal_context_message(ctx));
    return e;
}

static double value_of(const cal_snn_projection *p, const char *name)
{
    for (size_t i = 0; i < p->n_settings; i++)
        if (strcmp(p->settings[i].name, name) == 0)
            return p->settings[i].value.a;
    cr_assert(false, "no setting %s", name);
    return 0.0;
}

Test(experiment_plasticity, parameters_have_units)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = parse(
        ctx, with("{from: E, to: \"E, I\", in_degree: 10, weight: 40 pA, delay: 1.5 ms, plasticity: {rule: stdp, "
                  "tau_plus: 0.017 s, w_max: 0.1 nA, lambda: \"uniform(0.01, 0.02)\", mu_plus: 0.4}}"));
    const cali_network *net = &e->networks[0];
    cr_assert(eq(sz, net->n_projections, 2));
    for (size_t i = 0; i < 2; i++) {
        const cal_snn_projection *p = &net->projections[i];
        cr_expect(eq(ptr, (void *)p->synapse, (void *)cal_snn_synapse_find("stdp")));
        cr_assert(eq(sz, p->n_settings, 4));
        cr_expect(epsilon_eq(dbl, value_of(p, "tau_plus"), 17.0, 1e-12));
        cr_expect(epsilon_eq(dbl, value_of(p, "w_max"), 100.0, 1e-9));
        cr_expect(eq(dbl, value_of(p, "lambda"), 0.01));
        cr_expect(p->settings[2].value.kind == CAL_UNIFORM && p->settings[2].value.b == 0.02);
    }
    cal_experiment_destroy(&e);
    e = parse(ctx, with("{from: E, to: E, in_degree: 10, weight: 40 pA, plasticity: tsodyks-markram}"));
    cr_expect(eq(ptr, (void *)e->networks[0].projections[0].synapse, (void *)cal_snn_synapse_find("tsodyks-markram")));
    cr_expect(eq(sz, e->networks[0].projections[0].n_settings, 0));
    cal_experiment_destroy(&e);
    e = parse(ctx, with("{from: E, to: E, in_degree: 10, weight: 40 pA}"));
    cr_expect(e->networks[0].projections[0].synapse == NULL);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

/* Weights of the session's network move; a static rule has none to read. */
Test(experiment_plasticity, a_modulator_is_a_population)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = parse(ctx, with("{from: E, to: E, in_degree: 10, weight: 40 pA, plasticity: {rule: stdp-reward, "
                                        "modulator: I, modulator_delay: 0.02 s, w_max: 90 pA, b: 5 Hz}}"));
    const cal_snn_projection *p = &e->networks[0].projections[0];
    cr_expect(p->has_modulator && p->modulator == 1);
    cr_expect(eq(dbl, p->modulator_delay_ms, 20.0));
    cr_expect(eq(dbl, value_of(p, "b"), 0.005));
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

Test(experiment_plasticity, parameters_of_the_voltage_rule_have_units)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = parse(ctx, with("{from: E, to: E, in_degree: 10, weight: 40 pA, plasticity: {rule: clopath_synapse, "
                                        "A_LTP: 80 1/V^2, theta_plus: -0.04 V, w_max: 90 pA}}"));
    const cal_snn_projection *p = &e->networks[0].projections[0];
    cr_expect(epsilon_eq(dbl, value_of(p, "A_LTP"), 8e-5, 1e-18));
    cr_expect(epsilon_eq(dbl, value_of(p, "theta_plus"), -40.0, 1e-12));
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

Test(experiment_plasticity, scaling_aims_at_a_rate_or_a_sum)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = parse(ctx, with("{from: E, to: E, in_degree: 10, weight: 40 pA, plasticity: {rule: stdp, w_max: 90 pA, "
                                        "scaling: {rate: 0.005 kHz, tau: 10 s, gain: 0.01, interval: 0.5 s}}}"));
    const cal_snn_scaling *s = &e->networks[0].projections[0].scaling;
    cr_expect(s->kind == CAL_SCALING_RATE && s->rate_Hz == 5.0 && s->tau_ms == 1e4 && s->gain == 0.01);
    cr_expect(s->interval_ms == 500.0 && s->integral_Hz == 0.0);
    cal_experiment_destroy(&e);
    e = parse(ctx, with("{from: E, to: E, in_degree: 10, weight: 40 pA, plasticity: {rule: scaled, w_max: 90 pA, scaling: {sum: "
                        "0.3 nA}}}"));
    s = &e->networks[0].projections[0].scaling;
    cr_expect(s->kind == CAL_SCALING_SUM && fabs(s->sum - 300.0) < 1e-9);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

Test(experiment_plasticity, a_run_learns)
{
    cal_context *ctx = cali_test_context(2);
    cal_experiment *e =
        parse(ctx, with("{from: E, to: E, in_degree: 10, weight: 40 pA, plasticity: {rule: stdp, w_max: 100 pA}}"));
    cal_session_def def = cal_session_def_default();
    cal_session *s = NULL;
    cal_snn_weights w;
    def.sink = "memory";
    cr_assert(cal_session_create(ctx, e, &def, &s) == CAL_OK, "%s", cal_context_message(ctx));
    while (!cal_session_is_done(s))
        cr_assert(cal_session_advance(s) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(eq(int, cal_snn_get_weights(s->builds[0].snn, 0, &w), CAL_OK));
    size_t n_moved = 0;
    for (size_t k = 0; k < w.n; k++)
        n_moved += w.weight[k] != 40.0;
    cr_expect(eq(sz, w.n, 500));
    cr_expect(n_moved > 300, "%zu", n_moved);
    cal_snn_weights_free(&w);
    cr_assert(cal_session_finish(s) == CAL_OK);
    cal_session_destroy(&s);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

typedef struct mistake {
    const char *connection, *message; /* what the message says, and where */
} mistake;

/* A population with `homeostasis` and what is said of it; NULL: nothing. */
static const char *const homeostases[][2] = {
    {"{parameter: I_e, rate: 0.005 kHz, step: -0.001 nA, range: 100 pA}", NULL},
    {"{rate: 5 Hz, step: 0.1 mV, range: 5 mV}", NULL},
    {"{rate: 5 Hz, step: 0.1 mV}", "homeostasis needs the key \"range\""},
    {"{rate: 5 Hz, step: 0.1 pA, range: 5 mV}", "step of homeostasis"},
    {"{rate: 5 Hz, step: 0 mV, range: 5 mV}", "a step that is not 0"},
    {"{rate: 5 Hz, step: 1 mV, range: 5 mV, tau: 1 s}", "unknown key \"tau\" of homeostasis"},
    {"{parameter: V_t, rate: 5 Hz, step: 1 mV, range: 5 mV}", "no parameter of neuron lif"},
    {"5 Hz", "homeostasis is a mapping"},
};

Test(experiment_plasticity, homeostasis_belongs_to_a_population)
{
    for (size_t i = 0; i < sizeof homeostases / sizeof homeostases[0]; i++) {
        cal_context *ctx = cali_test_context(1);
        cal_experiment *e = NULL;
        char text[MAX_TEXT];
        snprintf(text, sizeof text, "callosum: 1\nrun: {duration: 100 ms}\nnetwork:\n  populations:\n    I: {neuron: lif, count: "
                 "5}\n    E: {neuron: lif, count: 5, homeostasis: %s}\nrecord: {signals: [{what: spikes}]}\n", homeostases[i][0]);
        const cal_status status = cali_experiment_parse(ctx, "exp.yaml", text, strlen(text), NULL, 0, &e);
        const char *message = cal_context_message(ctx), *expected = homeostases[i][1];
        cr_expect(eq(int, status == CAL_OK, expected == NULL), "%s", message);
        if (expected != NULL)
            cr_expect(strstr(message, expected) != NULL && strstr(message, "exp.yaml:6:") != NULL, "%s", message);
        if (i == 0 && status == CAL_OK) {
            const cal_snn_homeostasis *h = e->networks[0].homeostases;
            cr_assert(eq(sz, e->networks[0].n_homeostases, 1));
            cr_expect(h->population == 1 && strcmp(h->parameter, "I_e") == 0 && h->rate_Hz == 5.0);
            cr_expect(fabs(h->step + 1.0) < 1e-12 && h->range == 100.0);
        }
        cal_experiment_destroy(&e);
        cal_context_destroy(&ctx);
    }
}

static const mistake mistakes[] = {
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: stpd}", "unknown rule of plasticity \"stpd\""},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {w_max: 1 pA}}", "plasticity needs the key \"rule\""},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: stdp, tau_plsu: 1 ms, w_max: 90 pA}}",
     "unknown parameter \"tau_plsu\" of rule stdp"},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: stdp}", "synapse stdp needs w_max"},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: stdp-reward, w_max: 90 pA}}", "needs a modulator"},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: stdp-reward, w_max: 90 pA, modulator: D}}",
     "\"D\""},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: stdp-reward, w_max: 90 pA, modulator: [I]}}",
     "modulator is the name of a population"},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: stdp-reward, w_max: 90 pA, modulator: I, "
     "modulator_delay: -1 ms}}", "modulator_delay"},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: clopath, w_max: 90 pA, A_LTP: 1 mV}}", "A_LTP"},
    {"{from: E, to: Q, in_degree: 9, weight: 0.1, plasticity: {rule: clopath, w_max: 1}}", "voltage in mV, which qif"},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: scaled, w_max: 90 pA, scaling: 5 Hz}}",
     "scaling is a mapping"},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: scaled, w_max: 90 pA, scaling: {tau: 5 s}}}",
     "scaling needs the key"},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: scaled, w_max: 90 pA, scaling: {sum: 5 nS}}}",
     "sum of scaling"},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: scaled, w_max: 90 pA, scaling: {sum: 5 pA, tua: 1 s}}}",
     "unknown key \"tua\""},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: scaled, w_max: 90 pA, scaling: {sum: 5 pA, tau: 1 s}}}",
     "scaling to a sum takes no tau"},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: stdp, w_max: 90 pA, scaling: {rate: -5 Hz}}}",
     "must be 0 to 1e6 Hz"},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: tsodyks-markram, scaling: {rate: 5 Hz}}}",
     "has no w_max, which scaling needs"},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: stdp, w_max: 90 pA, modulator: I}}",
     "unknown parameter \"modulator\""},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: stdp, w_max: 90 nS}}", "w_max of rule stdp"},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: stdp, w_max: 90 pA, tau_plus: -3 ms}}",
     "tau_plus of rule stdp"},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: stdp, w_max: 30 pA}}", "beyond w_max 30"},
    {"{from: E, to: E, in_degree: 9, weight: \"normal(4 pA, 4 pA)\", receptor: excitatory, plasticity: {rule: stdp, "
     "w_max: 90 pA}}", "have one sign"},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: stdp, w_max: 90 pA, tau_minus: \"uniform(10 ms, "
     "20 ms)\"}}", "must be a number"},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: [stdp]}", "plasticity is a rule or a mapping"},
    {"{from: E, to: E, in_degree: 9, weight: 40 pA, plasticity: {rule: [stdp]}}", "plasticity is a rule or a mapping"},
};
enum { N_MISTAKES = sizeof mistakes / sizeof mistakes[0] };

ParameterizedTestParameters(experiment_plasticity, mistakes_have_their_place)
{
    static int index[N_MISTAKES];
    for (int i = 0; i < N_MISTAKES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_MISTAKES);
}

ParameterizedTest(int *index, experiment_plasticity, mistakes_have_their_place)
{
    const mistake *m = &mistakes[*index];
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = NULL;
    const char *text = with(m->connection);
    cr_expect(ne(int, cali_experiment_parse(ctx, "exp.yaml", text, strlen(text), NULL, 0, &e), CAL_OK));
    const char *message = cal_context_message(ctx);
    cr_expect(strstr(message, m->message) != NULL, "\"%s\" lacks \"%s\"", message, m->message);
    cr_expect(strstr(message, "exp.yaml:9:") != NULL, "%s", message);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}
