/* Experiments whose neural masses or neurons are files of the user. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "experiment/experiment.h"
#include "support/support.h"

static const char model_text[] = "neural_mass: leaky\n"
                                 "states: {V: -60 mV}\n"
                                 "parameters: {tau: 10 ms, E: -65 mV}\n"
                                 "inputs: {drive: {unit: mV}}\n"
                                 "equations:\n"
                                 "  V': (E - V + drive) / tau\n"
                                 "outputs: {V: V}\n"
                                 "test: {gives: {V': -0.5}}\n";

static char folder[512];

static void start(void)
{
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    setenv("XDG_CACHE_HOME", folder, 1);
}
TestSuite(experiment_own, .init = start);

static void write_model(cal_context *ctx, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/leaky.yaml", folder);
    cr_assert(cali_file_write(ctx, path, text, strlen(text)) == CAL_OK);
}

/* An experiment beside the model; `models` is the line of that key. */
static cal_status parse(cal_context *ctx, const char *models, cal_experiment **out)
{
    char path[600], text[2048];
    snprintf(path, sizeof path, "%s/exp.yaml", folder);
    snprintf(text, sizeof text,
             "callosum: 1\n"
             "run: {duration: 20 ms}\n"
             "connectome: {generate: {regions: 4}}\n"
             "coupling: {a: 0.1}\n"
             "%s\n"
             "regions: {default: here, L.frontalpole: there}\n", models);
    return cali_experiment_parse(ctx, path, text, strlen(text), NULL, 0, out);
}

Test(experiment_own, file_is_loaded_once_and_found_beside_the_experiment)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = NULL;
    cali_text echo = {0};
    write_model(ctx, model_text);
    const char models[] = "models: {here: {neural_mass: ./leaky.yaml, parameters: {tau: 0.02 s}}, "
                          "there: {neural_mass: leaky.yaml, initial: {V: -50 mV}}, other: {neural_mass: mpr}}";
    cr_assert(parse(ctx, models, &e) == CAL_OK, "%s",
              cal_context_message(ctx));
    cr_assert(e->n_own_models == 1);
    cr_expect(e->masses[0].model == e->masses[1].model);
    cr_expect(eq(str, (char *)e->masses[0].model->name, "leaky"));
    cr_expect(eq(dbl, e->masses[0].params[0], 20.0));
    cr_expect(eq(dbl, e->masses[1].initial[0], -50.0));
    cr_expect(cali_own_model_path(e, e->masses[2].model) == NULL);
    cr_assert(cali_experiment_echo(ctx, e, &echo) == CAL_OK);
    cr_expect(strstr(echo.data, "leaky.yaml\"") != NULL && strstr(echo.data, folder) != NULL, "%s", echo.data);
    cali_text_free(&echo);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

Test(experiment_own, mistakes_of_the_model_stand_before_those_of_the_experiment)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = NULL;
    write_model(ctx, "neural_mass: leaky\nstates: {V: -60 mV}\ninputs: {c: {}}\nequations: {V': V}\noutputs: {V: V}\n"
                     "test: {gives: {V': 1}}\n");
    cr_expect(parse(ctx, "models: {here: {neural_mass: leaky.yaml}, there: {neural_mass: mprr}}", &e) == CAL_ERR_INPUT);
    const char *message = cal_context_message(ctx);
    const char *own = strstr(message, "leaky.yaml:4:17  C103  V' is a voltage per time (mV/ms)");
    const char *there = strstr(message, "exp.yaml:5:30  C107  the model \"");
    const char *other = strstr(message, "C101  unknown neural mass \"mprr\"");
    cr_expect(own != NULL && there != NULL && other != NULL, "%s", message);
    cr_expect(own < there && there < other, "%s", message);
    cr_expect(e == NULL);
    cal_context_destroy(&ctx);
}

Test(experiment_own, file_that_is_not_there_is_said_at_its_place)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = NULL;
    cr_expect(parse(ctx, "models: {here: {neural_mass: laeky.yaml}, there: {neural_mass: mpr}}", &e) == CAL_ERR_INPUT);
    cr_expect(strstr(cal_context_message(ctx), "exp.yaml:5:30  C107  no model: cannot open ") != NULL, "%s",
              cal_context_message(ctx));
    cal_context_destroy(&ctx);
}

/* The digest is that of the file. */
Test(experiment_own, runs_and_is_named_in_the_manifest)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = NULL;
    cal_session *s = NULL;
    char *manifest = NULL, digest[CALI_DIGEST_SIZE];
    write_model(ctx, model_text);
    char path[600], text[1024];
    snprintf(path, sizeof path, "%s/exp.yaml", folder);
    snprintf(text, sizeof text, "callosum: 1\nrun: {duration: 20 ms}\nconnectome: {generate: {regions: 4}}\n"
                                "coupling: {gain: 0}\nmodels: {here: {neural_mass: leaky.yaml}}\nregions: {default: here}\n");
    cr_assert(cali_experiment_parse(ctx, path, text, strlen(text), NULL, 0, &e) == CAL_OK, "%s", cal_context_message(ctx));
    cal_session_def def = cal_session_def_default();
    def.sink = "memory";
    cr_assert(cal_session_create(ctx, e, &def, &s) == CAL_OK, "%s", cal_context_message(ctx));
    while (cal_session_is_done(s) == false)
        cr_assert(cal_session_advance(s) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_finish(s) == CAL_OK && cal_session_manifest(s, &manifest) == CAL_OK);
    cr_assert(cali_digest_bytes(ctx, model_text, strlen(model_text), digest) == CAL_OK);
    cr_expect(strstr(manifest, "\"role\": \"model\"") != NULL && strstr(manifest, digest) != NULL, "%s", manifest);
    free(manifest);
    cal_session_destroy(&s);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

/* ---- neurons --------------------------------------------------------------------------------------------------------- */

static const char neuron_text[] = "neuron: leaky-cell\n"
                                  "states: {V: -65 mV}\n"
                                  "parameters: {tau: {value: 10 ms, low: 1 ms}, E: -65 mV, R: 50 MOhm}\n"
                                  "current: {I: {unit: pA}}\n"
                                  "equations:\n"
                                  "  V': (E - V + R*I) / tau\n"
                                  "receptors: {kick: V += weight}\n"
                                  "threshold: V >= -50 mV\n"
                                  "reset: V = E\n"
                                  "scheme: exact\n"
                                  "test: {at: {V: -60 mV, I: 400 pA}, gives: {V': 1.5}}\n";

/* `populations` is the value of that key. */
static cal_status parse_network(cal_context *ctx, const char *neuron, const char *populations, cal_experiment **out)
{
    char path[600], text[2048];
    snprintf(path, sizeof path, "%s/cell.yaml", folder);
    cr_assert(cali_file_write(ctx, path, neuron, strlen(neuron)) == CAL_OK);
    snprintf(path, sizeof path, "%s/exp.yaml", folder);
    snprintf(text, sizeof text,
             "callosum: 1\n"
             "run: {duration: 100 ms}\n"
             "network:\n"
             "  populations: %s\n"
             "  connections: [{from: a, to: b, in_degree: 3, weight: 1 mV, delay: 1 ms}]\n"
             "  drive: [{kind: current, into: a, amplitude: 400 pA}]\n", populations);
    return cali_experiment_parse(ctx, path, text, strlen(text), NULL, 0, out);
}

/* 400 pA into 50 MOhm are 20 mV: V_th after 10 ms log(20 / 5) = 13.86 ms, so 7 spikes of each of a's 10 neurons in 100 ms. */
Test(experiment_own, a_neuron_runs_and_is_named_in_the_manifest)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = NULL;
    cal_session *s = NULL;
    char *manifest = NULL, digest[CALI_DIGEST_SIZE];
    const char populations[] = "{a: {neuron: ./cell.yaml, count: 10}, b: {neuron: cell.yaml, count: 5, parameters: "
                               "{tau: \"normal(0.02 s, 1 ms)\"}}}";
    cr_assert(parse_network(ctx, neuron_text, populations, &e) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(e->n_own_models == 1);
    cal_session_def def = cal_session_def_default();
    def.sink = "memory";
    cr_assert(cal_session_create(ctx, e, &def, &s) == CAL_OK, "%s", cal_context_message(ctx));
    while (cal_session_is_done(s) == false)
        cr_assert(cal_session_advance(s) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_finish(s) == CAL_OK && cal_session_manifest(s, &manifest) == CAL_OK);
    cr_assert(cali_digest_bytes(ctx, neuron_text, strlen(neuron_text), digest) == CAL_OK);
    cr_expect(strstr(manifest, "\"role\": \"neuron\"") != NULL && strstr(manifest, digest) != NULL, "%s", manifest);
    cr_expect(strstr(manifest, "/cell.yaml\"") != NULL, "%s", manifest);
    free(manifest);
    cal_session_destroy(&s);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

Test(experiment_own, mistakes_of_a_neuron_stand_before_those_of_the_experiment)
{
    static const struct {
        const char *neuron, *populations, *messages[2];
    } cases[] = {
        {"neuron: cell\nstates: {V: -60 mV}\ncurrent: {I: {}}\nequations: {V': V}\nthreshold: V > 1 mV\ntest: {gives: {V': 1}}\n",
         "{a: {neuron: cell.yaml, count: 1}, b: {neuron: lif, count: 1}}",
         {"cell.yaml:4:17  C103  V' is a voltage per time (mV/ms)", "exp.yaml:4:29  C107  the neuron \""}},
        {neuron_text, "{a: {neuron: cel.yaml, count: 1}, b: {neuron: lif, count: 1}}",
         {"exp.yaml:4:29  C107  no neuron: cannot open ", "exp.yaml:4:29"}},
        {neuron_text, "{a: {neuron: cell.yaml, count: 1, parameters: {tua: 1 ms}}, b: {neuron: lif, count: 1}}",
         {"exp.yaml:4:63  C101  ", "tau"}},
        {neuron_text, "{a: {neuron: cell.yaml, count: 1, parameters: {tau: 0.1 ms}}, b: {neuron: lif, count: 1}}",
         {"exp.yaml:4:", "tau"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cal_context *ctx = cali_test_context(1);
        cal_experiment *e = NULL;
        cr_expect(parse_network(ctx, cases[i].neuron, cases[i].populations, &e) == CAL_ERR_INPUT);
        const char *message = cal_context_message(ctx), *first = strstr(message, cases[i].messages[0]);
        cr_expect(first != NULL && strstr(first, cases[i].messages[1]) != NULL, "%zu: %s", i, message);
        cal_context_destroy(&ctx);
    }
}
