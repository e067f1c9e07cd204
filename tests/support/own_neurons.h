/* Neurons as texts that are built in too, in own_neurons/: what the tests of own neurons share. */
#ifndef CALI_TESTS_OWN_NEURONS_H
#define CALI_TESTS_OWN_NEURONS_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "snn/text/own.h"
#include "support/support.h"

typedef struct cali_own_case {
    const char *name, *built_in;
    double current; /* at which it spikes */
} cali_own_case;

static const cali_own_case cali_own_cases[] = {
    {"izhikevich", "izhikevich", 10.0},
    {"lif", "lif", 400.0},
    {"lif_cond", "lif-cond", 400.0},
    {"adex", "adex", 1000.0},
    {"hindmarsh_rose", "hindmarsh-rose", 3.0},
    {"morris_lecar", "morris-lecar", 120.0},
    {"hh_traub", "hh-traub", 500.0},
};
enum { CALI_N_OWN_CASES = sizeof cali_own_cases / sizeof *cali_own_cases };

enum { CALI_MAX_OWN_TEXT = 8192 };

/** The file of an own neuron. */
static inline void cali_test_own_text(cal_context *ctx, const char *name, char out[CALI_MAX_OWN_TEXT])
{
    char path[1024], *text = NULL;
    size_t size = 0;
    snprintf(path, sizeof path, "%s/tests/support/own_neurons/%s.yaml", CALLOSUM_SOURCE_DIR, name);
    const cal_status status = cali_file_read(ctx, path, CALI_MAX_OWN_TEXT - 1, &text, &size);
    assert(status == CAL_OK);
    (void)status;
    memcpy(out, text, size + 1); /* a read file ends with a 0 */
    free(text);
}

/** A neuron from its text; compiled where a compiler exists, unless `is_interpreted`. */
static inline cal_neuron *cali_test_neuron_of(cal_context *ctx, const char *text, bool is_interpreted)
{
    cal_neuron *neuron = NULL;
    setenv("XDG_CACHE_HOME", CALLOSUM_BUILD_DIR "/tests/cache", 1); /* all tests share what is compiled */
    if (is_interpreted)
        setenv("CALLOSUM_CC", "none", 1);
    else
        unsetenv("CALLOSUM_CC");
    const cal_status status = cali_own_neuron_load_text(ctx, "neuron.yaml", text, strlen(text), false, &neuron);
    if (status != CAL_OK)
        fprintf(stderr, "%s\n", cal_context_message(ctx));
    assert(status == CAL_OK);
    return neuron;
}

static inline cal_neuron *cali_test_neuron(cal_context *ctx, const char *name, bool is_interpreted)
{
    char text[CALI_MAX_OWN_TEXT];
    cali_test_own_text(ctx, name, text);
    return cali_test_neuron_of(ctx, text, is_interpreted);
}

/* ---- behind the built-in neurons of the conformance tests -------------------------------------------------------- */

static const struct {
    const char *name;
    bool is_interpreted;
} cali_own_entries[] = {{"izhikevich", false}, {"lif_cond", false}, {"lif_cond", true}};
enum { CALI_N_OWN_ENTRIES = sizeof cali_own_entries / sizeof *cali_own_entries };

static cal_neuron *cali_own_loaded[CALI_N_OWN_ENTRIES][CALI_N_ISA];

/** Own neuron `entry` for the instruction set that is set. */
static inline const cal_neuron *cali_test_own_entry(size_t entry)
{
    static cal_context *ctx;
    cal_neuron **const neuron = &cali_own_loaded[entry][cali_isa()];
    if (ctx == NULL)
        ctx = cali_test_context(1);
    if (*neuron == NULL)
        *neuron = cali_test_neuron(ctx, cali_own_entries[entry].name, cali_own_entries[entry].is_interpreted);
    return *neuron;
}

static inline size_t cali_test_n_neurons(void)
{
    return cal_snn_n_neurons() + CALI_N_OWN_ENTRIES;
}

static inline const cal_neuron *cali_test_neuron_at(size_t index)
{
    const size_t n = cal_snn_n_neurons();
    return index < n ? cal_snn_neuron_at(index) : cali_test_own_entry(index - n);
}

/** Networks that are created from now on take an instruction set; an own neuron is loaded again for it. */
static inline const cal_neuron *cali_test_on_isa(const char *isa, const cal_neuron *neuron)
{
    setenv("CALLOSUM_ISA", isa, 1);
    for (size_t i = 0; i < CALI_N_OWN_ENTRIES * CALI_N_ISA; i++)
        if (cali_own_loaded[i / CALI_N_ISA][i % CALI_N_ISA] == neuron)
            return cali_test_own_entry(i / CALI_N_ISA);
    return neuron;
}

#endif
