/* One seed gives one result: for any threads, tiles, instruction set and window length, with port traffic
 * in and out. Each variant is compared with one thread, one tile, windows of 2 ms by hash over spikes,
 * states and input on its way. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <stdlib.h>

#include "base/isa.h"
#include "callosum/snn.h"
#include "support/support.h"

/* Populations of every neuron and of sources, every rule, distributions, fixed Poisson, ports of each
 * kind. 40 ms in windows of `window_ms`; input values depend on the time only. */
typedef struct variant {
    unsigned n_threads, n_tiles;
    const char *isa;
    double window_ms;
} variant;

static const variant variants[] = {
    {1, 1, "v4", 2.0}, {2, 0, "v4", 2.0}, {3, 2, "v4", 2.0},   {7, 3, "v4", 2.0},   {1, 7, "v4", 2.0},
    {1, 1, "v3", 2.0}, {2, 3, "v3", 2.0}, {1, 1, "base", 2.0}, {7, 7, "base", 1.0}, {2, 2, "v4", 1.0},
    {1, 3, "v4", 4.0}, {3, 7, "v3", 8.0}, {2, 5, "v4", 0.5},
};
enum { N_VARIANTS = sizeof variants / sizeof variants[0] };

typedef struct outcome {
    uint64_t hash, n_port_events, n_events, n_spikes, n_recorded;
    double rate_sum;
} outcome;

static const cal_snn_setting eta[] = {{"eta", {CAL_LORENTZIAN_QUANTILES, 1.0, 1.0, 0, 0}},
                                      {"v", {CAL_NORMAL, -1.0, 0.5, 0, 0}}};
static const cal_snn_setting lif[] = {{"I_e", {CAL_UNIFORM, 300.0, 450.0, 0, 0}},
                                      {"V", {CAL_UNIFORM, -65.0, -50.0, 0, 0}}};
static const cal_snn_setting cond[] = {{"I_e", {CAL_CONSTANT, 150.0, 0, 0, 0}}};
static const cal_snn_setting adex[] = {{"I_e", {CAL_NORMAL, 800.0, 50.0, 0, 0}}};
static const cal_snn_setting izh[] = {{"d", {CAL_LOGNORMAL, 1.5, 0.2, 0, 0}},
                                      {"I_e", {CAL_CONSTANT, 8.0, 0, 0, 0}}};

static cal_snn_projection project(cal_rule rule, size_t from, size_t to, const char *receptor,
                                  cal_distribution weight, cal_distribution delay_ms)
{
    cal_snn_projection p = cal_snn_projection_default(rule);
    p.from = from;
    p.to = to;
    p.receptor = receptor;
    p.weight = weight;
    p.delay_ms = delay_ms;
    p.in_degree = 9;
    p.probability = 0.11;
    return p;
}

static void write_inputs(cal_snn *snn, double window_ms)
{
    double rates[16], currents[16];
    uint32_t offsets[256], ids[256], n = 0;
    const double start_ms = cal_time_ms(cal_snn_time(snn));
    const unsigned samples = (unsigned)(window_ms / 0.5 + 0.5);
    for (unsigned i = 0; i < samples; i++) { /* bins of 0.5 ms, whatever the window */
        const unsigned bin = (unsigned)(start_ms / 0.5 + 0.5) + i;
        rates[i] = bin % 5 == 0 ? 0.0 : 400.0 * (bin % 7);
        currents[i] = 0.25 * (bin % 3);
        for (uint32_t id = bin % 4; id < 30; id += 11) {
            offsets[n] = (i * 5 + 1 + bin % 5) * 100000u;
            ids[n++] = id;
        }
    }
    cr_assert(eq(int, cal_snn_write(snn, 0, rates), CAL_OK));
    cr_assert(eq(int, cal_snn_write(snn, 1, currents), CAL_OK));
    cr_assert(eq(int, cal_snn_write_spikes(snn, 2, n, offsets, ids), CAL_OK));
}

static outcome run(const variant *v, uint64_t seed)
{
    setenv("CALLOSUM_ISA", v->isa, 1);
    cal_context *ctx = cali_test_context(v->n_threads);
    const cal_snn_population populations[] = {
        {"qif", cal_snn_neuron_find("qif"), 301, eta, 2}, {"lif", cal_snn_neuron_find("lif"), 120, lif, 2},
        {"cond", cal_snn_neuron_find("lif-cond"), 77, cond, 1},
        {"adex", cal_snn_neuron_find("adex"), 60, adex, 1},
        {"izh", cal_snn_neuron_find("izhikevich"), 60, izh, 2}, {"source", NULL, 30, NULL, 0}};
    const cal_distribution d1 = {CAL_CONSTANT, 1.0, 0, 0, 0}, d2 = {CAL_UNIFORM, 0.3, 2.5, 0, 0},
                           d3 = {CAL_NORMAL, 1.5, 0.75, 0.4, 6.0};
    cal_snn_projection p[] = {
        project(CAL_ALL_TO_ALL, 0, 0, "input", (cal_distribution){CAL_CONSTANT, 0.02, 0, 0, 0}, d1),
        project(CAL_FIXED_IN_DEGREE, 1, 1, "inhibitory", (cal_distribution){CAL_NORMAL, -40, 10, 0, 0}, d3),
        project(CAL_PAIRWISE_BERNOULLI, 0, 1, "excitatory", (cal_distribution){CAL_LOGNORMAL, 3, 0.5, 0, 0}, d2),
        project(CAL_FIXED_IN_DEGREE, 5, 1, "delta", (cal_distribution){CAL_UNIFORM, 0.1, 0.6, 0, 0}, d1),
        project(CAL_PAIRWISE_BERNOULLI, 1, 2, "excitatory", (cal_distribution){CAL_CONSTANT, 3.0, 0, 0, 0}, d2),
        project(CAL_FIXED_IN_DEGREE, 2, 3, "inhibitory", (cal_distribution){CAL_CONSTANT, 5.0, 0, 0, 0}, d3),
        project(CAL_ONE_TO_ONE, 3, 4, "input", (cal_distribution){CAL_CONSTANT, 2.0, 0, 0, 0}, d2),
        project(CAL_ALL_TO_ALL, 4, 0, "input", (cal_distribution){CAL_NORMAL, 0.01, 0.01, 0, 0}, d3)};
    p[0].has_autapses = false;
    const cal_snn_poisson poisson[] = {
        {.to = 2, .receptor = "excitatory", .rate_Hz = 20.0, .n_trains = 100.0, .weight = 2.0}};
    const cal_snn_current current[] = {
        {.to = 3, .amplitude = 100.0, .start = 10 * CAL_NS_PER_MS, .stop = 20 * CAL_NS_PER_MS}};
    const unsigned samples = (unsigned)(v->window_ms / 0.5 + 0.5);
    const cal_snn_port ports[] = {
        {.name = "in", .kind = CAL_PORT_POISSON, .population = 1, .receptor = "excitatory", .n_trains = 3, .weight = 50.0, .samples = samples},
        {.name = "i", .kind = CAL_PORT_CURRENT, .population = 0, .samples = samples},
        {.name = "s", .kind = CAL_PORT_SPIKES, .population = 5},
        {.name = "r", .kind = CAL_PORT_RATE, .population = 0, .samples = samples},
        {.name = "m", .kind = CAL_PORT_MEAN, .population = 1, .state = "V", .samples = samples}};
    cal_snn_def def = cal_snn_def_default();
    def.window = (cal_time)(v->window_ms * 1e6 + 0.5);
    def.seed = seed;
    def.populations = populations;
    def.n_populations = 6;
    def.projections = p;
    def.n_projections = sizeof p / sizeof p[0];
    def.poissons = poisson;
    def.n_poissons = 1;
    def.currents = current;
    def.n_currents = 1;
    def.ports = ports;
    def.n_ports = 5;
    def.n_tiles = v->n_tiles;
    cal_snn *snn = NULL;
    cr_assert(eq(int, cal_snn_create(ctx, &def, &snn), CAL_OK), "%s", cal_context_message(ctx));
    outcome o = {0};
    double values[16];
    while (cal_snn_time(snn) < 40 * CAL_NS_PER_MS) {
        write_inputs(snn, v->window_ms);
        cr_assert(eq(int, cal_snn_advance(snn), CAL_OK), "%s", cal_context_message(ctx));
        o.n_recorded += cal_snn_get_spikes(snn).n;
        for (size_t port = 3; port < 5; port++) {
            cal_snn_read(snn, port, values);
            for (unsigned i = 0; i < samples; i++)
                o.rate_sum += values[i];
        }
    }
    const cal_snn_counts c = cal_snn_get_counts(snn);
    o.hash = cal_snn_hash(snn);
    o.n_port_events = c.n_port_events;
    o.n_events = c.n_events;
    o.n_spikes = c.n_spikes;
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
    return o;
}

ParameterizedTestParameters(snn_bits, do_not_depend_on_threads_tiles_isa_or_windows)
{
    static int index[N_VARIANTS - 1];
    for (int i = 1; i < N_VARIANTS; i++)
        index[i - 1] = i;
    return cr_make_param_array(int, index, N_VARIANTS - 1);
}

ParameterizedTest(int *index, snn_bits, do_not_depend_on_threads_tiles_isa_or_windows)
{
    const outcome a = run(&variants[0], 42), b = run(&variants[*index], 42);
    cr_expect(a.n_spikes > 500 && a.n_port_events > 100, "%.0f spikes, %.0f port events",
              (double)a.n_spikes, (double)a.n_port_events);
    cr_expect(eq(u64, a.n_spikes, a.n_recorded));
    cr_expect(eq(u64, a.hash, b.hash), "variant %d", *index);
    cr_expect(eq(u64, a.n_spikes, b.n_spikes));
    cr_expect(eq(u64, a.n_events, b.n_events));
    cr_expect(eq(u64, a.n_port_events, b.n_port_events));
    cr_expect(epsilon_eq(dbl, a.rate_sum, b.rate_sum, 1e-6), "other order of the same sums");
}

/* The hash is no constant: another seed changes it. */
Test(snn_bits, another_seed_gives_another_hash)
{
    const outcome a = run(&variants[0], 42), b = run(&variants[0], 43);
    cr_expect(ne(u64, a.hash, b.hash));
}
