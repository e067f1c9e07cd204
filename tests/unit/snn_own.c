/* Own neurons: compiled and interpreted they have the same bits, constants are made once, and what cannot run says why.
 * That they spike as the built-in neurons do is asked in physics/snn_own. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "support/own_neurons.h"

enum { N = 531 }; /* one block and a remainder */

static bool is_compiled(const cal_neuron *neuron)
{
    return strncmp(cal_snn_neuron_how(neuron), "compiled", 8) == 0;
}

/* A recurrent network with parameters that differ between neurons (`spread`) and a current that does. */
static uint64_t hash_of(const cal_neuron *neuron, double drive, double spread, unsigned n_threads)
{
    const cal_field *first = &neuron->params[0];
    const cal_snn_setting setting = {first->name, {CAL_UNIFORM, first->value * (1.0 - spread), first->value * (1.0 + spread), 0, 0}};
    const cal_snn_population population = {"cell", neuron, N, &setting, spread > 0.0 ? 1 : 0};
    cal_snn_projection projections[CALI_MAX_RECEPTORS];
    for (size_t r = 0; r < neuron->n_receptors; r++) {
        projections[r] = cal_snn_projection_default(CAL_FIXED_IN_DEGREE);
        projections[r].receptor = neuron->receptors[r].name;
        projections[r].in_degree = 10;
        projections[r].weight.a = 0.1;
        projections[r].delay_ms.a = 1.0;
    }
    const cal_snn_current current = {.to = 0, .amplitude = drive, .factor = {CAL_UNIFORM, 0.5, 1.5, 0, 0}, .has_factor = spread > 0.0};
    cal_context *ctx = cali_test_context(n_threads);
    cal_snn_def def = cal_snn_def_default();
    def.populations = &population;
    def.n_populations = 1;
    def.projections = projections;
    def.n_projections = neuron->n_receptors;
    def.currents = &current;
    def.n_currents = 1;
    def.n_tiles = n_threads;
    cal_snn *snn = NULL;
    cr_assert(eq(int, cal_snn_create(ctx, &def, &snn), CAL_OK), "%s", cal_context_message(ctx));
    for (int w = 0; w < 40; w++)
        cr_assert(eq(int, cal_snn_advance(snn), CAL_OK), "%s", cal_context_message(ctx));
    cr_expect(gt(u64, cal_snn_get_counts(snn).n_spikes, 0), "%s", neuron->name);
    const uint64_t hash = cal_snn_hash(snn);
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
    return hash;
}

ParameterizedTestParameters(snn_own, interpreted_has_the_bits_of_compiled_on_every_instruction_set)
{
    static int index[CALI_N_OWN_CASES];
    for (int i = 0; i < CALI_N_OWN_CASES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, CALI_N_OWN_CASES);
}
ParameterizedTest(int *index, snn_own, interpreted_has_the_bits_of_compiled_on_every_instruction_set)
{
    static const char *const levels[] = {"base", "v3", "v4"};
    uint64_t hashes[2] = {0};
    cal_context *ctx = cali_test_context(1);
    for (int i = 0; i < 3; i++)
        for (int is_interpreted = 0; is_interpreted < 2; is_interpreted++) {
            setenv("CALLOSUM_ISA", levels[i], 1);
            cal_neuron *neuron = cali_test_neuron(ctx, cali_own_cases[*index].name, is_interpreted != 0);
            cr_expect(is_compiled(neuron) != (is_interpreted != 0), "%s", cal_snn_neuron_how(neuron));
            for (int k = 0; k < 2; k++) {
                const uint64_t hash = hash_of(neuron, cali_own_cases[*index].current, 0.1 * k, 1 + 2u * (unsigned)k);
                if (i == 0 && is_interpreted == 0)
                    hashes[k] = hash;
                cr_expect(eq(u64, hash, hashes[k]), "%s on %s, %s", neuron->name, levels[i], cal_snn_neuron_how(neuron));
            }
            cal_snn_neuron_destroy(&neuron);
            cr_expect(neuron == NULL);
        }
    cr_expect(ne(u64, hashes[0], hashes[1]));
    cal_context_destroy(&ctx);
}

/* ---- what a network refuses --------------------------------------------------------------------------------------- */

static cal_status create(cal_context *ctx, const cal_neuron *neuron, const char *name, double value, cal_snn **snn)
{
    const cal_snn_setting setting = {name, {CAL_CONSTANT, value, 0, 0, 0}};
    const cal_snn_population population = {"cell", neuron, 3, &setting, 1};
    cal_snn_def def = cal_snn_def_default();
    def.populations = &population;
    def.n_populations = 1;
    return cal_snn_create(ctx, &def, snn);
}

Test(snn_own, a_division_by_a_parameter_that_is_0_is_refused_before_the_run)
{
    cal_context *ctx = cali_test_context(1);
    cal_neuron *neuron = cali_test_neuron(ctx, "lif_cond", true);
    cal_snn *snn = NULL;
    cr_expect(eq(int, create(ctx, neuron, "tau_exc", 0.0, &snn), CAL_ERR_ARGUMENT));
    cr_expect(strstr(cal_context_message(ctx), "C202 cell: neuron 0 (own-lif-cond): a part that depends on parameters and dt "
                                               "alone is not finite") != NULL, "%s", cal_context_message(ctx));
    cal_snn_neuron_destroy(&neuron);
    cal_context_destroy(&ctx);
}

/* A state that was saved by a neuron of other equations is not gone on with. */
Test(snn_own, a_saved_state_belongs_to_the_text_of_its_neuron)
{
    cal_context *ctx = cali_test_context(1);
    char other[CALI_MAX_OWN_TEXT], *bytes = NULL;
    size_t size = 0;
    cali_test_own_text(ctx, "lif_cond", other);
    char *equal = strstr(other, ">= V_th");
    cr_assert(equal != NULL);
    equal[1] = ' ';
    cal_neuron *neurons[2] = {cali_test_neuron(ctx, "lif_cond", true), cali_test_neuron_of(ctx, other, true)};
    cal_snn *snn[2] = {NULL};
    for (int i = 0; i < 2; i++)
        cr_assert(eq(int, create(ctx, neurons[i], "I_e", 100.0, &snn[i]), CAL_OK), "%s", cal_context_message(ctx));
    cr_assert(eq(int, cal_snn_save_state(snn[0], &bytes, &size), CAL_OK));
    cr_expect(eq(int, cal_snn_restore_state(snn[0], bytes, size, CAL_RESTORE_CONTINUE), CAL_OK));
    cr_expect(ne(int, cal_snn_restore_state(snn[1], bytes, size, CAL_RESTORE_CONTINUE), CAL_OK));
    cr_expect(strstr(cal_context_message(ctx), "C305") != NULL, "%s", cal_context_message(ctx));
    free(bytes);
    for (int i = 0; i < 2; i++) {
        cal_snn_destroy(&snn[i]);
        cal_snn_neuron_destroy(&neurons[i]);
    }
    cal_context_destroy(&ctx);
}

/* ---- the compiler --------------------------------------------------------------------------------------------------- */

/* A compiler that takes >= for > is found out by the comparison with the interpreter; one that fails is named. */
static void expect_interpreted(const char *script, const char *why)
{
    char path[1100], cache[1100];
    cal_context *ctx = cali_test_context(1);
    const char *folder = cali_test_directory();
    snprintf(path, sizeof path, "%s/compiler", folder);
    snprintf(cache, sizeof cache, "%s/cache", folder);
    cr_assert(cali_file_write(ctx, path, script, strlen(script)) == CAL_OK && chmod(path, 0755) == 0);
    setenv("CALLOSUM_CC", path, 1);
    setenv("XDG_CACHE_HOME", cache, 1);
    cal_neuron *neuron = NULL;
    cr_assert(eq(int, cal_snn_neuron_load(ctx, CALLOSUM_SOURCE_DIR "/tests/support/own_neurons/lif.yaml", &neuron), CAL_OK));
    cr_expect(is_compiled(neuron) == false && strstr(cal_snn_neuron_how(neuron), why) != NULL, "%s", cal_snn_neuron_how(neuron));
    cr_expect(strstr(cali_test_last_note(), "runs interpreted, with the same numbers but slower, because") != NULL);
    cal_snn_neuron_destroy(&neuron);
    cal_context_destroy(&ctx);
}

Test(snn_own, is_interpreted_where_the_compiler_computes_something_else)
{
    expect_interpreted("#!/bin/sh\n[ \"$1\" = --version ] && echo mine 1.0 && exit 0\nfor source; do :; done\n"
                       "sed -i 's/x->x0 = v/x->x0 = 1.0000001f * v/' \"$source\"\nexec cc \"$@\"\n",
                       "does not compute what the neuron says");
}

Test(snn_own, is_interpreted_where_the_compiler_fails)
{
    expect_interpreted("#!/bin/sh\n[ \"$1\" = --version ] && echo mine 1.0 && exit 0\necho 'no space'\nexit 3\n",
                       "failed with status 3: no space");
}

/* ---- files ------------------------------------------------------------------------------------------------------------ */

/* The file that docs/own-neurons.md shows is a right one. */
Test(snn_own, of_the_documentation_loads)
{
    cal_context *ctx = cali_test_context(1);
    char *text = NULL;
    size_t size = 0;
    cal_neuron *neuron = NULL;
    cr_assert(cali_file_read(ctx, CALLOSUM_SOURCE_DIR "/docs/own-neurons.md", 1 << 20, &text, &size) == CAL_OK);
    char *begin = strstr(text, "```yaml\n"), *end = begin == NULL ? NULL : strstr(begin + 8, "```\n");
    cr_assert(end != NULL);
    cr_expect(cali_own_neuron_load_text(ctx, "shown.yaml", begin + 8, (size_t)(end - begin) - 8, true, &neuron) == CAL_OK, "%s",
              cal_context_message(ctx));
    cal_snn_neuron_destroy(&neuron);
    free(text);
    cal_context_destroy(&ctx);
}

Test(snn_own, that_is_not_there_is_said)
{
    cal_context *ctx = cali_test_context(1);
    cal_neuron *neuron = NULL;
    cr_expect(cal_snn_neuron_load(ctx, "/nowhere/neuron.yaml", &neuron) == CAL_ERR_IO);
    cr_expect(neuron == NULL && strstr(cal_context_message(ctx), "/nowhere/neuron.yaml") != NULL);
    cal_context_clear(ctx);
    cr_expect(cal_snn_neuron_load(ctx, "/dev/zero", &neuron) == CAL_ERR_INPUT);
    cal_snn_neuron_destroy(&neuron);
    cal_snn_neuron_destroy(NULL);
    cal_context_destroy(&ctx);
}

Test(snn_own, built_in_neurons_have_no_source_to_show)
{
    cal_context *ctx = cali_test_context(1);
    char *source = NULL;
    const cal_neuron *lif = cal_snn_neuron_find("lif");
    cr_expect(eq(str, (char *)cal_snn_neuron_how(lif), "built in"));
    cr_expect(eq(int, cal_snn_neuron_source(ctx, lif, "c", &source), CAL_ERR_UNSUPPORTED));
    cal_context_clear(ctx);
    cal_neuron *own = cali_test_neuron(ctx, "lif", true);
    cr_expect(eq(int, cal_snn_neuron_source(ctx, own, "rust", &source), CAL_ERR_ARGUMENT));
    cr_expect(source == NULL && strstr(cal_context_message(ctx), "unknown language \"rust\"; c or cuda") != NULL);
    cal_snn_neuron_destroy(&own);
    cal_context_destroy(&ctx);
}
