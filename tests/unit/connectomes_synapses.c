/* Lists of synapses from files: each form gives the same list, and each mistake is told with its place. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <stdio.h>
#include <string.h>

#include "connectomes/synapses.h"
#include "support/support.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static cal_synapse_source fitting(void)
{
    return (cal_synapse_source){.n_from = 3, .n_to = 4, .weight_unit = "pA", .step_ms = 0.1, .has_autapses = true};
}

/* ---- forms ---------------------------------------------------------------------------------------- */

/* The synapses of tests/fuzz/synapse_corpus.py. scipy keeps them by rows or columns. */
static const struct {
    const char *file;
    bool has_weights, has_delays;
} forms[] = {{"plain.csv", true, true},  {"bare.csv", false, false}, {"list.npz", true, true},
             {"units.npz", true, true},  {"matrix.npy", true, true}, {"csr.npz", true, false},
             {"csc.npz", true, false},   {"coo.npz", true, false},   {"flags.npz", false, false}};

ParameterizedTestParameters(connectomes_synapses, every_form_gives_the_same_synapses)
{
    static int index[COUNT_OF(forms)];
    for (size_t i = 0; i < COUNT_OF(forms); i++)
        index[i] = (int)i;
    return cr_make_param_array(int, index, COUNT_OF(forms));
}
ParameterizedTest(int *index, connectomes_synapses, every_form_gives_the_same_synapses)
{
    static const double weights[3][4] = {{0, 0, 0, 1.5}, {0, 0.25, 0, 0}, {-2.0, 0, 4.0, 0}};
    static const double delays[3][4] = {{0, 0, 0, 0.5}, {0, 1.5, 0, 0}, {1.0, 0, 2.0, 0}};
    cal_context *ctx = cali_test_context(1);
    char path[512];
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/synapse_list/%s", CALLOSUM_SOURCE_DIR, forms[*index].file);
    cal_synapse_source source = fitting();
    source.path = path;
    cal_synapse_list list;
    cr_assert(eq(int, cal_synapse_list_load(ctx, &source, &list), CAL_OK), "%s", cal_context_message(ctx));
    cr_assert(eq(sz, list.n, 4));
    cr_expect(eq(int, list.weight != NULL, forms[*index].has_weights));
    cr_expect(eq(int, list.delay_ms != NULL, forms[*index].has_delays));
    double sum = 0.0; /* all four are there, each once */
    for (size_t k = 0; k < 4; k++) {
        cr_assert(list.source[k] < 3 && list.target[k] < 4);
        const double weight = weights[list.source[k]][list.target[k]], delay = delays[list.source[k]][list.target[k]];
        sum += weight;
        cr_expect(weight != 0.0);
        if (list.weight != NULL) /* units.npz: single precision, 4 2^-24 */
            cr_expect(epsilon_eq(dbl, list.weight[k], weight, 2.5e-7));
        if (list.delay_ms != NULL)
            cr_expect(epsilon_eq(dbl, list.delay_ms[k], delay, 1e-14));
    }
    cr_expect(eq(dbl, sum, 3.75));
    cal_synapse_list_free(&list);
    cal_context_destroy(&ctx);
}

Test(connectomes_synapses, a_table_without_rows_has_no_synapses)
{
    cal_context *ctx = cali_test_context(1);
    const cal_synapse_source source = fitting();
    const char text[] = "source\ttarget\n";
    const cali_input input = {.name = "a.tsv", .data = text, .size = strlen(text)};
    cal_synapse_list list;
    cr_assert(eq(int, cali_synapses_load_memory(ctx, &source, &input, &list), CAL_OK));
    cr_expect(eq(sz, list.n, 0));
    cal_synapse_list_free(&list);
    cal_context_destroy(&ctx);
}

/* ---- mistakes -------------------------------------------------------------------------------------- */

static const struct {
    const char *text, *message;
} mistakes[] = {
    {"source,target\n0,1\n3,1\n", "a.csv:3:1  C301  source is 3, but the population has 3 neurons, counted from 0"},
    {"source,target\n0,4\n", "a.csv:2:3  C301  target is 4, but the population has 4 neurons"},
    {"source,target\n-1,0\n", "a.csv:2:1  C301  source is -1, but neurons count from 0"},
    {"source,target\n0.5,0\n", "a.csv:2:1  C301  source is 0.5, no number of a neuron"},
    {"source,target\n0,1\n,2\n", "a.csv:3:1  C301  \"\" is no finite number"},
    {"source,target,weight (pA)\n0,1,nan\n", "a.csv:2:5  C301  \"nan\" is no finite number"},
    {"source,target,weight (pA)\n0,1,1e300\n", "a.csv:2:5  C301  weight is 1e+300, no weight"},
    {"source,target,weight\n0,1,2\n", "a.csv:2:5  C102  weight needs a unit"},
    {"source,target,weight (mV)\n0,1,2\n", "a.csv:2:5  C103  weight is a current (pA), got a voltage"},
    {"source,target,delay (us)\n0,1,150\n0,2,50\n", "a.csv:3:5  C301  delay is 0.05 ms, shorter than the step 0.1 ms"},
    {"source,target,delay (s)\n0,1,200\n", "a.csv:2:5  C301  delay is 200000 ms; at most 1,048,575 steps of 0.1 ms"},
    {"source,target\n0,1\n1,1\n2,1\n0,1\n", "a.csv:5:1  C301  source 0 has a synapse on target 1 already, in line 2"},
    {"source,target,wieght (pA)\n0,1,2\n", "a.csv:1:15  C301  unknown column \"wieght\""},
    {"source,weight (pA)\n0,1\n", "a.csv C301 has no column target"},
    {"source,target\n0,1,2\n", "a.csv:2:5  C301  more cells than the 2 columns"},
    {"", "a.csv"},
    {"PK\3\4 no archive at all", "a.csv C301 is no readable zip archive"},
    {"\x93NUMPY no array", "C301"},
};

ParameterizedTestParameters(connectomes_synapses, a_mistake_is_told_with_its_place)
{
    static int index[COUNT_OF(mistakes)];
    for (size_t i = 0; i < COUNT_OF(mistakes); i++)
        index[i] = (int)i;
    return cr_make_param_array(int, index, COUNT_OF(mistakes));
}
ParameterizedTest(int *index, connectomes_synapses, a_mistake_is_told_with_its_place)
{
    cal_context *ctx = cali_test_context(1);
    const cal_synapse_source source = fitting();
    const cali_input input = {.name = "a.csv", .data = mistakes[*index].text, .size = strlen(mistakes[*index].text)};
    cal_synapse_list list;
    cr_assert(eq(int, cali_synapses_load_memory(ctx, &source, &input, &list), CAL_ERR_INPUT));
    cr_expect(strstr(cal_context_message(ctx), mistakes[*index].message) != NULL, "%s", cal_context_message(ctx));
    cr_expect(list.source == NULL && list.n == 0);
    cal_context_destroy(&ctx);
}

static const struct {
    const char *file, *message;
} broken[] = {
    {"dia.npz", "dia.npz C301 a sparse matrix of format \"dia\" is not read"},
    {"short.npz", "short.npz C301 target has 3 items, but source has 4"},
    {"fraction.npz", "fraction.npz C301 source[0] is 0.5, no number of a neuron"},
    {"broken-indptr.npz", "indptr does not divide the 4 items into 3 rows"},
    {"cut.npz", "C301"},
    {"huge.npy", "the file holds only 64 bytes"},
};

ParameterizedTestParameters(connectomes_synapses, a_broken_array_is_named)
{
    static int index[COUNT_OF(broken)];
    for (size_t i = 0; i < COUNT_OF(broken); i++)
        index[i] = (int)i;
    return cr_make_param_array(int, index, COUNT_OF(broken));
}
ParameterizedTest(int *index, connectomes_synapses, a_broken_array_is_named)
{
    cal_context *ctx = cali_test_context(1);
    char path[512];
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/synapse_list/%s", CALLOSUM_SOURCE_DIR, broken[*index].file);
    cal_synapse_source source = fitting();
    source.path = path;
    cal_synapse_list list;
    cr_assert(eq(int, cal_synapse_list_load(ctx, &source, &list), CAL_ERR_INPUT));
    cr_expect(strstr(cal_context_message(ctx), broken[*index].message) != NULL, "%s", cal_context_message(ctx));
    cal_context_destroy(&ctx);
}

Test(connectomes_synapses, what_the_connection_excludes_is_refused)
{
    cal_context *ctx = cali_test_context(1);
    const char text[] = "source,target,weight (pA)\n1,2,-3\n2,2,1\n1,2,5\n";
    const cali_input input = {.name = "a.csv", .data = text, .size = strlen(text)};
    cal_synapse_source source = fitting();
    cal_synapse_list list;
    source.n_from = 4;
    source.has_multapses = source.is_within = true;
    cr_expect(eq(int, cali_synapses_load_memory(ctx, &source, &input, &list), CAL_OK), "%s", cal_context_message(ctx));
    cal_synapse_list_free(&list);
    source.has_autapses = false;
    cr_expect(eq(int, cali_synapses_load_memory(ctx, &source, &input, &list), CAL_ERR_INPUT));
    cr_expect(strstr(cal_context_message(ctx), "a.csv:3:3  C301  target is the source itself") != NULL, "%s",
              cal_context_message(ctx));
    cal_context_clear(ctx);
    source.is_modulus = true;
    cr_expect(eq(int, cali_synapses_load_memory(ctx, &source, &input, &list), CAL_ERR_INPUT));
    cr_expect(strstr(cal_context_message(ctx), "a.csv:2:5  C301  weight is -3 pA, but a conductance is 0 or more") != NULL,
              "%s", cal_context_message(ctx));
    cal_context_destroy(&ctx);
}

Test(connectomes_synapses, a_file_that_is_not_there_is_named)
{
    cal_context *ctx = cali_test_context(1);
    cal_synapse_source source = fitting();
    cal_synapse_list list;
    source.path = "/nowhere/edges.csv";
    cr_expect(eq(int, cal_synapse_list_load(ctx, &source, &list), CAL_ERR_IO));
    cr_expect(strstr(cal_context_message(ctx), "/nowhere/edges.csv") != NULL);
    cal_context_destroy(&ctx);
}
