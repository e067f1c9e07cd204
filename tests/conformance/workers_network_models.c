/* Every network of every example travels: definition -> map -> definition gives the same bytes again, and the network that is
 * built of it the same bits; so does one of each neuron, synapse, rule and device. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>

#include "experiment/session.h"
#include "snn/neuron.h"
#include "support/network_wire.h"
#include "support/own_neurons.h"

/* ---- examples ------------------------------------------------------------------------------------ */

static const char *const examples[] = {"alpha-rhythm/held.yaml", "balanced-region/experiment.yaml", "basal-ganglia/experiment.yaml",
                                       "brunel/experiment.yaml", "coba/experiment.yaml", "cuba/experiment.yaml",
                                       "gap-junctions/experiment.yaml", "hodgkin-huxley/experiment.yaml",
                                       "inhibitory-plasticity/experiment.yaml", "izhikevich-2003/experiment.yaml",
                                       "mean-field/experiment.yaml", "microcircuit/experiment.yaml",
                                       "one-spiking-region/experiment.yaml", "own-neuron/experiment.yaml",
                                       "stdp-network/experiment.yaml", "travelling-waves/experiment.yaml"};
enum { N_EXAMPLES = sizeof examples / sizeof *examples };

ParameterizedTestParameters(network_models, examples_arrive)
{
    static int index[N_EXAMPLES];
    for (int i = 0; i < N_EXAMPLES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_EXAMPLES);
}

/* About 30 ms; the largest are estimated only. */
static void expect_same(cal_context *ctx, const cal_snn_def *def)
{
    double bytes, n_synapses;
    cr_assert(cal_snn_estimate(ctx, def, &bytes, &n_synapses) == CAL_OK, "%s", cal_context_message(ctx));
    if (n_synapses < 4e6) {
        const cal_time windows = 30 * CAL_NS_PER_MS / def->window;
        cali_wire_expect_same(ctx, def, windows < 2 ? 2 : windows > 300 ? 300 : (int)windows);
        return;
    }
    double bytes_there, n_there;
    cali_network_model *model = cali_wire_round(ctx, def);
    cr_assert(cal_snn_estimate(ctx, cali_network_model_def(model), &bytes_there, &n_there) == CAL_OK);
    cr_expect(bytes == bytes_there && n_synapses == n_there, "%s", def->name);
    cali_network_model_destroy(&model);
}

ParameterizedTest(int *index, network_models, examples_arrive, .timeout = 120)
{
    char path[1024];
    cal_context *ctx = cali_test_context(2);
    cal_experiment *e = NULL;
    cal_session *s = NULL;
    cal_session_def def = cal_session_def_default();
    def.is_check = true;
    snprintf(path, sizeof path, CALLOSUM_SOURCE_DIR "/examples/%s", examples[*index]);
    cr_assert(cal_experiment_load(ctx, path, NULL, 0, &e) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_create(ctx, e, &def, &s) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(gt(sz, s->plan.n_networks, 0));
    for (size_t k = 0; k < s->plan.n_networks; k++)
        expect_same(ctx, &s->builds[k].def);
    cal_session_destroy(&s);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

/* ---- entries ------------------------------------------------------------------------------------- */

enum { N_CELLS = 20, MAX_ENTRIES = 128 };

#define FOR_EACH(test, n_entries)                                                                  \
    ParameterizedTestParameters(network_models, test)                                              \
    {                                                                                              \
        static int index[MAX_ENTRIES];                                                             \
        const size_t n = (n_entries);                                                              \
        for (size_t i = 0; i < n; i++)                                                             \
            index[i] = (int)i;                                                                     \
        return cr_make_param_array(int, index, n);                                                 \
    }                                                                                              \
    ParameterizedTest(int *index, network_models, test)

/* Built-in ones by name, own ones by their text: a current, noise, and events at every receptor. */
FOR_EACH(every_neuron_arrives, cali_test_n_neurons())
{
    const cal_neuron *neuron = cali_test_neuron_at((size_t)*index);
    cal_context *ctx = cali_test_context(1);
    cal_snn_setting settings[64];
    cal_snn_poisson poissons[CALI_MAX_RECEPTORS];
    cal_snn_def def = cal_snn_def_default();
    size_t n_settings = 0;
    for (size_t i = 0; i < neuron->n_params && n_settings < 64; i++)
        settings[n_settings++] = (cal_snn_setting){neuron->params[i].name, {.a = neuron->params[i].value}};
    const cal_snn_population population = {"cell", neuron, N_CELLS, settings, n_settings};
    for (size_t r = 0; r < neuron->n_receptors; r++)
        poissons[def.n_poissons++] = (cal_snn_poisson){.receptor = neuron->receptors[r].name, .rate_Hz = 300.0, .n_trains = 2.0,
                                                       .weight = 0.5};
    const cal_snn_current current = {.amplitude = 1.0, .has_factor = true, .factor = {CAL_UNIFORM, 0.5, 1.5, 0.0, 0.0}};
    const cal_snn_noise noise = {.sd = 0.1, .tau_ms = 2.0};
    def.name = neuron->name;
    def.populations = &population;
    def.n_populations = 1;
    def.poissons = poissons;
    def.currents = &current;
    def.noises = &noise;
    def.n_currents = def.n_noises = 1;
    def.seed = 9;
    cali_wire_expect_same(ctx, &def, 20);
    cal_context_destroy(&ctx);
}

static double value_of(const cal_field *f)
{
    return isfinite(f->value) ? f->value : strcmp(f->name, "w_max") == 0 ? 40.0 : fmin(f->high, 2.0);
}

/* With all its parameters, and a modulator where it has one. */
FOR_EACH(every_synapse_arrives, cal_snn_n_synapse_models())
{
    const cal_synapse *synapse = cal_snn_synapse_at((size_t)*index);
    cal_context *ctx = cali_test_context(1);
    cal_snn_setting settings[64];
    const cal_snn_setting drive = {"I_e", {CAL_UNIFORM, 300.0, 900.0, 0.0, 0.0}};
    const cal_snn_population population = {"cell", cal_snn_neuron_find("adex"), N_CELLS, &drive, 1};
    cal_snn_projection p = cal_snn_projection_default(CAL_FIXED_IN_DEGREE);
    for (size_t i = 0; i < synapse->n_params && i < 64; i++)
        settings[p.n_settings++] = (cal_snn_setting){synapse->params[i].name, {.a = value_of(&synapse->params[i])}};
    p.receptor = "excitatory";
    p.in_degree = 2;
    p.weight.a = 5.0;
    p.synapse = synapse;
    p.settings = settings;
    p.has_modulator = synapse->has_modulator;
    cal_snn_def def = cal_snn_def_default();
    def.name = synapse->name;
    def.populations = &population;
    def.projections = &p;
    def.n_populations = def.n_projections = 1;
    cr_expect(gt(u64, cali_wire_expect_same(ctx, &def, 50), 0));
    cal_context_destroy(&ctx);
}

/* Rules, kernels and arrangements together: each kernel once with each rule that takes one. */
FOR_EACH(every_kernel_arrives, CAL_N_SPATIAL_KERNELS)
{
    static const cal_rule rules[] = {CAL_PAIRWISE_BERNOULLI, CAL_FIXED_IN_DEGREE, CAL_FIXED_OUT_DEGREE};
    const cal_spatial_kernel *kernel = &cal_spatial_kernels[*index];
    cal_context *ctx = cali_test_context(1);
    const cal_snn_setting drive = {"I_e", {CAL_UNIFORM, 300.0, 900.0, 0.0, 0.0}};
    const cal_snn_population population = {"cell", cal_snn_neuron_find("lif"), N_CELLS, &drive, 1};
    const cal_snn_space space = {CAL_BOX, 2, {1.0, 2.0}, {2.0, 1.0}, {0}, true, NULL};
    cal_snn_projection p[3];
    cal_snn_def def = cal_snn_def_default();
    for (size_t i = 0; i < 3; i++) {
        p[i] = cal_snn_projection_default(rules[i]);
        p[i].receptor = "excitatory";
        p[i].in_degree = p[i].out_degree = 2;
        p[i].has_multapses = true;
        p[i].probability = 0.4;
        p[i].weight.a = 5.0;
        p[i].kernel.kernel = kernel;
        p[i].kernel.within_mm = 0.8;
        p[i].kernel.metric = (cal_metric)i;
        for (size_t k = 0; k < kernel->n_params; k++)
            p[i].kernel.params[k] = kernel->params[k].value;
    }
    def.name = kernel->name;
    def.populations = &population;
    def.spaces = &space;
    def.projections = p;
    def.n_populations = 1;
    def.n_projections = 3;
    cr_expect(gt(u64, cali_wire_expect_same(ctx, &def, 30), 0));
    cal_context_destroy(&ctx);
}

/* Formulas of the way arrive as texts: chances, weights and delays of the same bits at the other end. */
Test(network_models, formulas_arrive)
{
    static const cal_rule rules[] = {CAL_PAIRWISE_BERNOULLI, CAL_FIXED_IN_DEGREE, CAL_FIXED_OUT_DEGREE};
    static const char *const texts[][2] = {{"0.4 * exp(-d / (0.5 mm)) + (dx > 0.1 mm) * 0.2", "1"}, {"5 - 2 * sin(dy / (0.2 mm))", "1"},
                                           {"0.2 ms + d / (0.4 mm/ms)", "ms"}};
    cal_context *ctx = cali_test_context(1);
    const cal_snn_setting drive = {"I_e", {CAL_UNIFORM, 300.0, 900.0, 0.0, 0.0}};
    const cal_snn_population population = {"cell", cal_snn_neuron_find("lif"), N_CELLS, &drive, 1};
    const cal_snn_space space = {CAL_BOX, 2, {1.0, 2.0}, {2.0, 1.0}, {0}, true, NULL};
    cal_spatial_formula *f[3];
    cal_snn_projection p[3];
    cal_snn_def def = cal_snn_def_default();
    for (size_t i = 0; i < 3; i++)
        cr_assert(cal_spatial_formula_create(ctx, texts[i][0], texts[i][1], &f[i]) == CAL_OK, "%s", cal_context_message(ctx));
    for (size_t i = 0; i < 3; i++) {
        p[i] = cal_snn_projection_default(rules[i]);
        p[i].receptor = "excitatory";
        p[i].in_degree = p[i].out_degree = 2;
        p[i].has_multapses = true;
        p[i].probability = 1.0;
        p[i].kernel.formula = f[0];
        p[i].weight.a = 5.0;
        p[i].weight_profile.formula = f[1];
        p[i].delay_ms = (cal_distribution){.kind = CAL_CONSTANT, .a = 0.0};
        p[i].delay_formula = f[2];
    }
    def.name = "formulas";
    def.populations = &population;
    def.spaces = &space;
    def.projections = p;
    def.n_populations = 1;
    def.n_projections = 3;
    cr_expect(gt(u64, cali_wire_expect_same(ctx, &def, 30), 0));
    for (size_t i = 0; i < 3; i++)
        cal_spatial_formula_destroy(&f[i]);
    cal_context_destroy(&ctx);
}

/* A path is one for many regions: networks take noises instead. */
FOR_EACH(every_waveform_arrives, CAL_N_WAVEFORMS)
{
    static const double times_ms[] = {0.0, 2.0, 5.0}, values[] = {100.0, 900.0, 300.0};
    const cal_waveform *form = &cal_waveforms[*index];
    cal_context *ctx = cali_test_context(1);
    double params[CAL_WAVEFORM_MAX_PARAMS];
    for (size_t i = 0; i < form->n_params; i++)
        params[i] = form->params[i].value;
    const cal_snn_wave wave = {form, params, times_ms, values, 3};
    const cal_snn_population population = {"cell", cal_snn_neuron_find("lif"), N_CELLS, NULL, 0};
    const cal_snn_current current = {.wave = wave, .start = 1000000, .stop = 9000000};
    cal_snn_def def = cal_snn_def_default();
    def.name = form->name;
    def.populations = &population;
    def.currents = &current;
    def.n_populations = def.n_currents = 1;
    if (form->source == CAL_WAVEFORM_PATH) {
        cali_network_model *model = cali_wire_round(ctx, &def);
        cali_network_model_destroy(&model);
    } else {
        cali_wire_expect_same(ctx, &def, 12);
    }
    cal_context_destroy(&ctx);
}
