/* Every network of every example travels: definition -> map -> definition gives the same bytes again, and the network that is
 * built of it the same bits; so does one of each neuron, synapse, rule and device. */
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
