/* Bytes as the map of a network that a host sends: refused with a code and a sentence, or read; then estimated and, if it is
 * small, built and run. Nothing crashes, nothing hangs, and no memory is taken that was not announced.
 *
 * The first byte chooses: bit 0 clear, the rest is the body of a message. Set: the rest are edits of a good one, which bits 1 and
 * 2 choose, three bytes each: two choose a number, text or array among all that it holds, one the value that it gets. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "workers/network_model.h"
#include "protocols/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cal_context *ctx; /* made once for all inputs */

/* ---- a good definition --------------------------------------------------------------------------- */

typedef struct good {
    cal_snn_population populations[3];
    cal_snn_setting current, limit;
    cal_snn_projection p[6];
    cal_snn_projection gap;
    cal_snn_list list;
    cal_snn_space spaces[3];
    cal_snn_noise noise;
    cal_snn_current step;
    cal_snn_poisson poisson;
    cal_snn_train train;
    cal_snn_homeostasis homeostasis;
    cal_snn_values values;
    cal_snn_port ports[5];
    cal_snn_subset subset[3];
    cal_snn_sampler sampler;
    double fraction[3], given[5], params[6], positions[14], weight[3];
    uint32_t source[3], target[3], ids[2], spiking[3];
    cal_time time[3];
    cal_snn_def def;
} good;

/* Made once, for all networks. */
static const cal_spatial_formula *formula_of(const char *text, const char *unit, unsigned place)
{
    static cal_spatial_formula *made[2];
    if (made[place] == NULL && cal_spatial_formula_create(ctx, text, unit, &made[place]) != CAL_OK)
        abort();
    return made[place];
}

static void connect(good *g, unsigned choice)
{
    static const cal_rule rules[4][6] = {
        {CAL_FIXED_IN_DEGREE, CAL_ALL_TO_ALL, CAL_PAIRWISE_BERNOULLI, CAL_SYNAPSE_LIST, CAL_FIXED_TOTAL, CAL_ONE_TO_ONE},
        {CAL_NEAREST, CAL_SMALL_WORLD, CAL_FIXED_OUT_DEGREE, CAL_SYNAPSE_LIST, CAL_PAIRWISE_BERNOULLI, CAL_ALL_TO_ALL},
        {CAL_PAIRWISE_BERNOULLI, CAL_FIXED_IN_DEGREE, CAL_FIXED_TOTAL, CAL_NEAREST, CAL_SYNAPSE_LIST, CAL_FIXED_OUT_DEGREE},
        {CAL_FIXED_OUT_DEGREE, CAL_FIXED_TOTAL, CAL_NEAREST, CAL_PAIRWISE_BERNOULLI, CAL_ALL_TO_ALL, CAL_SYNAPSE_LIST}};
    static const char *const synapses[] = {"static", "stdp", "tsodyks-markram", "vogels", "stdp-reward", "scaled"};
    for (unsigned i = 0; i < 6; i++) {
        cal_snn_projection *p = &g->p[i];
        *p = cal_snn_projection_default(rules[choice][i]);
        p->from = i == 3 ? 2 : 0;
        p->receptor = "excitatory";
        p->in_degree = p->out_degree = p->n_neighbours = p->n_nearest = 2;
        p->total = 5;
        p->probability = 0.6;
        p->weight = (cal_distribution){CAL_UNIFORM, 10.0, 20.0, 0.0, 0.0};
        p->delay_ms = (cal_distribution){CAL_NORMAL, 0.5, 0.1, 0.1, 2.0};
        p->list = &g->list;
        p->velocity_mm_per_ms = i == 4 ? 2.0 : 0.0;
        const bool is_formula = choice == 3;
        const cal_snn_profile shape = {.kernel = is_formula ? NULL : &cal_spatial_kernels[choice],
                                       .formula = is_formula ? formula_of("0.5 * exp(-d / (1 mm)) + 0.1", "1", 0) : NULL,
                                       .params = {1.0, 1.0, 0.5, 2.0}, .within_mm = 2.0};
        p->delay_formula = is_formula && i == 4 ? formula_of("d / (2 mm/ms)", "ms", 1) : NULL;
        if (p->rule == CAL_PAIRWISE_BERNOULLI || (p->rule == CAL_FIXED_IN_DEGREE && choice == 2))
            p->kernel = shape;
        if (i == 5 && choice != 1) /* conductances are not negative */
            p->weight_profile = shape;
        p->synapse = cal_snn_synapse_find(synapses[(i + choice) % 6]);
        p->settings = &g->limit;
        p->n_settings = p->synapse != NULL && cal_snn_changes_weights(p->synapse);
        p->has_modulator = p->synapse != NULL && p->synapse->has_modulator;
        p->modulator = 2;
    }
    g->p[1].scaling.kind = choice == 0 ? CAL_SCALING_SUM : CAL_SCALING_NONE;
    g->p[1].scaling.sum = 60.0;
    g->gap = cal_snn_projection_default(CAL_ALL_TO_ALL);
    g->gap.to = 1;
    g->gap.weight.a = 1.0;
}

static void drive(good *g, unsigned choice)
{
    for (unsigned i = 0; i < 6; i++)
        g->params[i] = 1.0;
    g->noise = (cal_snn_noise){.sd = 50.0, .tau_ms = 3.0};
    g->step = (cal_snn_current){.to = 1, .amplitude = 300.0, .start = 1000000, .stop = 3000000, .has_factor = true,
                                .factor = {CAL_NORMAL, 1.0, 0.1, 0.0, 0.0}, .wave = {.form = &cal_waveforms[choice]}};
    g->poisson = (cal_snn_poisson){.receptor = "excitatory", .rate_Hz = 800.0, .n_trains = 2.0, .weight = 30.0,
                                   .wave = {.form = &cal_waveforms[choice + 4], .params = choice == 1 ? g->params : NULL, .times_ms = g->given,
                                            .values = g->given, .n_samples = 5}};
    g->train = (cal_snn_train){2, 3, g->time, g->spiking};
    g->homeostasis = (cal_snn_homeostasis){1, "I_e", 10.0, 0.1, 50.0};
    g->values = (cal_snn_values){1, "I_e", g->given};
    g->ports[0] = (cal_snn_port){"a", CAL_PORT_POISSON, 0, "excitatory", NULL, 2.0, 5.0, 2};
    g->ports[1] = (cal_snn_port){.name = "b", .kind = CAL_PORT_CURRENT, .population = 1, .samples = 5};
    g->ports[2] = (cal_snn_port){.name = "c", .kind = CAL_PORT_RATE, .population = 0, .samples = 10};
    g->ports[3] = (cal_snn_port){.name = "d", .kind = CAL_PORT_MEAN, .population = 1, .state = "V", .samples = 1};
    g->subset[1] = (cal_snn_subset){2, g->ids};
    g->sampler = (cal_snn_sampler){1, "V", 200000, &g->subset[1]};
}

static void make(good *g, unsigned choice)
{
    static const char *const neurons[] = {"lif", "adex", "lif-cond", "lif"};
    const cal_neuron *neuron = cal_snn_neuron_find(neurons[choice]);
    *g = (good){.current = {"I_e", {CAL_UNIFORM, 300.0, 900.0, 0, 0}}, .limit = {"w_max", {CAL_CONSTANT, 30.0, 0, 0, 0}},
                .fraction = {1.0, 0.5, 0.0}, .given = {1.0, 2.0, 3.0, 4.0, 5.0}, .weight = {12.0, 13.0, 14.0}, .source = {0, 1, 2},
                .target = {3, 4, 0}, .ids = {1, 3}, .spiking = {0, 1, 2}, .time = {300000, 1700000, 9000000}};
    g->populations[0] = (cal_snn_population){"A", neuron, 7, &g->current, 1};
    g->populations[1] = (cal_snn_population){"B", neuron, 5, NULL, 0};
    g->populations[2] = (cal_snn_population){"S", NULL, 3, NULL, 0};
    g->spaces[0] = (cal_snn_space){CAL_LISTED, 2, {0.0}, {9.0, 9.0}, {0}, false, g->positions};
    g->spaces[1] = (cal_snn_space){CAL_BOX, 2, {1.0}, {2.0, 2.0}, {0}, false, NULL};
    g->spaces[2] = (cal_snn_space){CAL_GRID, 2, {0.0}, {2.0, 2.0}, {3, 1, 1}, false, NULL};
    for (unsigned i = 0; i < 14; i++)
        g->positions[i] = 0.3 * i;
    g->list = (cal_snn_list){3, g->source, g->target, g->weight, choice == 0 ? g->weight : NULL, 0.0};
    connect(g, choice);
    drive(g, choice);
    g->def = cal_snn_def_default();
    g->def.populations = g->populations;
    g->def.projections = g->p;
    g->def.gap_junctions = &g->gap;
    g->def.poissons = &g->poisson;
    g->def.currents = &g->step;
    g->def.noises = &g->noise;
    g->def.trains = &g->train;
    g->def.homeostases = &g->homeostasis;
    g->def.values = &g->values;
    g->def.spaces = g->spaces;
    g->def.ports = g->ports;
    g->def.record_fraction = g->fraction;
    g->def.record_subset = g->subset;
    g->def.samplers = &g->sampler;
    g->def.n_populations = 3;
    g->def.n_projections = 6;
    g->def.n_gap_junctions = choice != 3;
    g->def.n_poissons = g->def.n_currents = g->def.n_noises = g->def.n_trains = g->def.n_samplers = 1;
    g->def.n_homeostases = choice == 0;
    g->def.n_values = 1;
    g->def.n_ports = 4;
}

/* ---- edits ---------------------------------------------------------------------------------------- */

static const double reals[] = {0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e-9, 1e-300, 1e300, -1e300, 1e30, 4.94e-324, 1e9, 1e5, 20.0, NAN, INFINITY,
                               -INFINITY, 4294967296.0, 9007199254740993.0};
static const uint64_t uints[] = {0, 1, 2, 3, 4, 5, 7, 10, 100, 1000, 65535, 65536, 1000000, INT32_MAX, (uint64_t)INT32_MAX + 1, UINT32_MAX,
                                 (uint64_t)UINT32_MAX + 1, 100000, 200000, 3000000, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};
static const char *const texts[] = {"", "V", "I_e", "excitatory", "inhibitory", "w_max", "lif", "qif", "adex", "hh-squid", "poisson", "parrot",
                                    "stdp", "clopath", "structural", "stdp-reward", "constant", "normal", "lognormal", "uniform", "lorentzian",
                                    "lorentzian-quantiles", "grid", "box", "ball", "listed", "all-to-all", "one-to-one", "nearest",
                                    "small-world", "fixed-total", "pairwise-bernoulli", "euclidean", "manhattan", "rate", "sum", "mean",
                                    "spikes", "current", "gaussian", "exponential", "sine", "samples", "tau_m", "t_ref"};
#define PICK(list, at) (list)[(at) % (sizeof(list) / sizeof *(list))]

/* A number of an array; its bytes are in the copy of the body. */
static void edit_array(const cal_value *node, unsigned value)
{
    const size_t size = cal_dtype_size((cal_dtype)node->dtype);
    const double real = PICK(reals, value);
    const uint64_t whole = PICK(uints, value);
    if (node->n > 0)
        memcpy((unsigned char *)(uintptr_t)node->data + value / 2 % node->n * size,
               node->dtype == CAL_F64 ? (const void *)&real : (const void *)&whole, size);
}

/* Numbers and names become others, of the same type; the lengths of maps, lists and arrays stay. */
static void edit(cali_nodes *nodes, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i + 3 <= size; i += 3) {
        cal_value *node = &nodes->nodes[(size_t)(data[i] << 8 | data[i + 1]) % nodes->n];
        const unsigned value = data[i + 2];
        if (node->kind == CAL_INT)
            *node = (cal_value){.key = node->key, .kind = CAL_INT, .as.u = PICK(uints, value), .is_negative = value > 250};
        else if (node->kind == CAL_BOOL)
            node->as.u = !node->as.u;
        else if (node->kind == CAL_REAL)
            node->as.real = PICK(reals, value);
        else if (node->kind == CAL_TEXT)
            node->as.text = PICK(texts, value);
        else if (node->kind == CAL_ARRAY)
            edit_array(node, value);
    }
}

/* ---- what is done with it ------------------------------------------------------------------------ */

/* No more than a small network takes. */
static void build(const cal_snn_def *from, bool is_good)
{
    cal_snn_def def = *from;
    cal_snn *snn = NULL;
    double bytes, n_synapses;
    def.memory_budget_bytes = 2e7;
    cal_context_clear(ctx);
    cal_status status = cal_snn_estimate(ctx, &def, &bytes, &n_synapses);
    assert(status == CAL_OK || cal_context_message(ctx)[0] != '\0');
    cal_context_clear(ctx);
    status = cal_snn_create(ctx, &def, &snn);
    for (int i = 0; i < 2 && status == CAL_OK && def.window / def.dt < 200; i++)
        status = cal_snn_advance(snn);
    assert(status == CAL_OK || (!is_good && cal_context_message(ctx)[0] != '\0'));
    (void)is_good;
    cal_snn_destroy(&snn);
}

static void read(const cal_value *map, bool is_good)
{
    cali_network_model *model = NULL;
    cal_problem problem;
    cal_context_clear(ctx);
    const cal_status status = cali_network_model_decode(ctx, map, &model, &problem);
    assert((status == CAL_OK) == (model != NULL) && (status == CAL_OK) == (problem.code[0] == '\0'));
    assert(status == CAL_OK || (!is_good && problem.text[0] != '\0' && cal_context_message(ctx)[0] != '\0'));
    if (status == CAL_OK)
        build(cali_network_model_def(model), is_good);
    cali_network_model_destroy(&model);
}

/* `edits`: of the nodes, before they are read as a network. */
static void read_body(const void *body, size_t size, const uint8_t *edits, size_t n_edits, bool is_good)
{
    cali_nodes nodes = {0};
    size_t root = 0;
    cal_problem problem = {"", ""};
    unsigned char *bytes = malloc(size + 1);
    if (bytes == NULL)
        abort();
    memcpy(bytes, body, size);
    const cali_source source = {"body", bytes, size, NULL, 0};
    if (cali_decode(&source, &nodes, &root, &problem)) {
        edit(&nodes, edits, n_edits);
        read(cal_value_find(&nodes.nodes[root], "model"), is_good);
    }
    free(nodes.nodes);
    free(bytes);
}

static void read_edited(unsigned choice, const uint8_t *edits, size_t n_edits)
{
    static cal_packer *packers[4];
    static good g;
    const cal_frame *frames = NULL;
    size_t n = 0;
    if (packers[choice] == NULL) {
        make(&g, choice);
        if (cal_packer_create(ctx, &packers[choice]) != CAL_OK ||
            cali_network_model_encode(ctx, &g.def, packers[choice], "model") != CAL_OK)
            abort();
    }
    if (cal_packer_get(packers[choice], &frames, &n) != CAL_OK || n != 1)
        abort();
    read_body(frames[0].data, frames[0].size, edits, n_edits, n_edits == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cal_context_def def = cal_context_def_default();
    def.n_threads = 1;
    if (ctx == NULL && (setenv("CALLOSUM_CC", "none", 1) != 0 || cal_context_create(&def, &ctx) != CAL_OK)) /* no compilers */
        abort();
    if (size == 0)
        return 0;
    cal_context_clear(ctx);
    if ((data[0] & 1) == 0)
        read_body(data + 1, size - 1, NULL, 0, false);
    else
        read_edited(data[0] >> 1 & 3, data + 1, size - 1);
    return 0;
}
