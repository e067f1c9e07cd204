/* Connections from files in the experiment: what reaches the engine, what the manifest repeats, what is refused. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "experiment/experiment.h"
#include "support/support.h"

static char folder[512];

static void put(cal_context *ctx, const char *name, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert(eq(int, cali_file_write(ctx, path, text, strlen(text)), CAL_OK));
}

/* A network of its own with one connection, as exp.yaml in the folder. */
static cal_status parse(cal_context *ctx, const char *connection, cal_experiment **e)
{
    char text[2048], path[600];
    snprintf(path, sizeof path, "%s/exp.yaml", folder);
    snprintf(text, sizeof text,
             "callosum: 1\n"
             "run: {duration: 100 ms, seed: 3}\n"
             "network:\n"
             "  populations:\n"
             "    E: {neuron: lif, count: 5, parameters: {I_e: \"uniform(400 pA, 900 pA)\"}}\n"
             "    C: {neuron: lif-cond, count: 4}\n"
             "  connections:\n"
             "    - %s\n", connection);
    *e = NULL;
    return cali_experiment_parse(ctx, path, text, strlen(text), NULL, 0, e);
}

static cal_context *start(void)
{
    cal_context *ctx = cali_test_context(1);
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    put(ctx, "pairs.csv", "source,target\n0,1\n4,3\n0,2\n");
    put(ctx, "full.csv", "source,target,weight (nA),delay (us)\n0,1,0.5,300\n4,3,-0.25,1500\n");
    put(ctx, "far.csv", "source,target\n0,1\n5,3\n");
    put(ctx, "twin.csv", "source,target\n0,1\n0,1\n");
    return ctx;
}

Test(experiment_list, the_synapses_of_a_file_reach_the_engine)
{
    cal_context *ctx = start();
    cal_experiment *e;
    cr_assert(eq(int, parse(ctx, "{from: E, to: E, file: full.csv, receptor: delta}", &e), CAL_ERR_INPUT)); /* mV */
    cal_context_clear(ctx);
    cr_assert(eq(int, parse(ctx, "{from: E, to: E, file: full.csv, receptor: excitatory}", &e), CAL_OK), "%s",
              cal_context_message(ctx));
    const cal_snn_projection *p = &e->networks[0].projections[0];
    cr_assert(eq(int, p->rule, CAL_SYNAPSE_LIST));
    cr_assert(eq(sz, p->list->n, 2));
    cr_expect(eq(u32, p->list->source[1], 4));
    cr_expect(eq(u32, p->list->target[1], 3));
    cr_expect(eq(dbl, p->list->weight[1], -250.0)); /* pA */
    cr_expect(eq(dbl, p->list->delay_ms[1], 1.5));
    cr_expect(p->has_autapses && !p->has_multapses);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

Test(experiment_list, the_manifest_repeats_it)
{
    static const char *const connections[] = {
        "{from: E, to: E, file: full.csv, receptor: excitatory}",
        "{from: E, to: C, file: pairs.csv, receptor: inhibitory, weight: \"uniform(1 nS, 2 nS)\", delay: 2 ms}",
        "{from: E, to: E, file: twin.csv, multapses: true, autapses: false, receptor: delta, weight: 1 mV, plasticity: "
        "tsodyks-markram}",
        "{from: E, to: C, file: pairs.csv, gap_junction: 0.5 nS}"};
    cal_context *ctx = start();
    for (size_t i = 0; i < 4; i++) {
        cal_experiment *e;
        cali_text first = {0}, second = {0};
        cr_assert(eq(int, parse(ctx, connections[i], &e), CAL_OK), "%s", cal_context_message(ctx));
        cr_assert(eq(int, cali_experiment_echo(ctx, e, &first), CAL_OK));
        cal_experiment_destroy(&e);
        cr_assert(eq(int, cali_experiment_parse(ctx, "echo.json", first.data, first.size, NULL, 0, &e), CAL_OK), "%s",
                  cal_context_message(ctx));
        cr_assert(eq(int, cali_experiment_echo(ctx, e, &second), CAL_OK));
        cr_expect(eq(str, first.data, second.data));
        cr_expect(strstr(first.data, ".csv\"") != NULL);
        cal_experiment_destroy(&e);
        cali_text_free(&first);
        cali_text_free(&second);
    }
    cal_context_destroy(&ctx);
}

Test(experiment_list, mistakes_are_told_with_the_file_and_the_place)
{
    static const struct {
        const char *connection, *words;
    } cases[] = {
        {"{from: E, to: E, file: far.csv, receptor: delta, weight: 1 mV}",
         "exp.yaml:8:30  C301  far.csv:3:1: source is 5, but the population has 5 neurons"},
        {"{from: E, to: E, file: twin.csv, receptor: delta, weight: 1 mV}", "has a synapse on target 1 already, in line 2"},
        {"{from: E, to: E, file: nowhere.csv, receptor: delta, weight: 1 mV}", "nowhere.csv"},
        {"{from: E, to: E, file: full.csv, receptor: excitatory, weight: 1 pA}",
         "C104  \"weight\" stands beside a file that has a column weight"},
        {"{from: E, to: E, file: full.csv, receptor: excitatory, delay: 1 ms}",
         "C104  \"delay\" stands beside a file that has a column delay"},
        {"{from: E, to: E, file: pairs.csv, receptor: delta}", "because  the file has no column weight"},
        {"{from: E, to: E, file: full.csv}", "C105  which receptor do the synapses of the file act on?"},
        {"{from: E, to: C, file: full.csv, receptor: excitatory}", "C103"},
        {"{from: \"E, C\", to: E, file: pairs.csv, receptor: delta, weight: 1 mV}", "C104  a file joins two populations"},
        {"{from: E, to: E, file: pairs.csv, in_degree: 2, receptor: delta, weight: 1 mV}", "C105  a connection needs one rule"},
        {"{from: E, to: E, file: full.csv, receptor: excitatory, plasticity: {rule: stdp, w_max: 600 pA}}", "have one sign"},
    };
    cal_context *ctx = start();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cal_experiment *e;
        cr_expect(eq(int, parse(ctx, cases[i].connection, &e), CAL_ERR_INPUT), "%s", cases[i].connection);
        cr_expect(strstr(cal_context_message(ctx), cases[i].words) != NULL, "%s", cal_context_message(ctx));
        cal_experiment_destroy(&e);
        cal_context_clear(ctx);
    }
    cal_context_destroy(&ctx);
}
