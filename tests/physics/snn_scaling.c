/* Scaling of weights: to a rate against its closed form under known spikes, to a sum, and a network that finds its rate. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>

#include "callosum/snn.h"
#include "support/support.h"

enum { N_SOURCES = 20, N_CELLS = 7, MAX_SPIKES = 20000 };
static const double RATE_HZ = 40.0, TAU_MS = 350.0, GAIN = 0.05, INTEGRAL_HZ = 0.002, INTERVAL_MS = 70.0;

typedef struct bed {
    cal_context *ctx;
    cal_snn *snn;
    size_t n_spikes;
    struct {
        uint32_t id;
        double at_ms;
    } spike[MAX_SPIKES];
} bed;

/* Sources of 1 to 20 ms onto cells that currents make spike at different rates. */
static void lay(bed *b, const char *synapse, const cal_snn_scaling *scaling, double w_max)
{
    static const cal_snn_setting cell[] = {{"I_e", {CAL_UNIFORM, 350.0, 900.0, 0, 0}}};
    static cal_time time[N_SOURCES * 300];
    static uint32_t id[N_SOURCES * 300];
    const cal_snn_population populations[] = {{"cell", cal_snn_neuron_find("lif"), N_CELLS, cell, 1},
                                              {"source", NULL, N_SOURCES, NULL, 0}};
    const cal_snn_setting settings[] = {{"w_max", {CAL_CONSTANT, w_max, 0, 0, 0}}};
    cal_snn_projection p = cal_snn_projection_default(CAL_ALL_TO_ALL);
    p.from = 1;
    p.receptor = "excitatory";
    p.weight = (cal_distribution){CAL_UNIFORM, 1.0, 9.0, 0, 0};
    p.delay_ms = (cal_distribution){CAL_UNIFORM, 0.3, 2.0, 0, 0};
    p.synapse = cal_snn_synapse_find(synapse);
    p.settings = settings;
    p.n_settings = 1;
    p.scaling = *scaling;
    cal_snn_train train = {1, 0, time, id};
    for (uint32_t ms = 1; ms < 1500; ms++)
        for (uint32_t i = 0; i < N_SOURCES && train.n < N_SOURCES * 300; i++)
            if (ms % (5 * i + 13) == 0) {
                time[train.n] = ms * CAL_NS_PER_MS;
                id[train.n++] = i;
            }
    cal_snn_def def = cal_snn_def_default();
    def.populations = populations;
    def.n_populations = 2;
    def.projections = &p;
    def.n_projections = 1;
    def.trains = &train;
    def.n_trains = 1;
    def.n_tiles = 2;
    *b = (bed){.ctx = cali_test_context(1)};
    cr_assert(eq(int, cal_snn_create(b->ctx, &def, &b->snn), CAL_OK), "%s", cal_context_message(b->ctx));
}

static void advance(bed *b)
{
    cr_assert(eq(int, cal_snn_advance(b->snn), CAL_OK), "%s", cal_context_message(b->ctx));
    const cal_snn_spikes s = cal_snn_get_spikes(b->snn);
    for (size_t i = 0; i < s.n; i++) {
        b->spike[b->n_spikes].id = s.id[i];
        b->spike[b->n_spikes++].at_ms = cal_time_ms(s.time[i]);
    }
}

static cal_snn_weights weights(const bed *b)
{
    cal_snn_weights w;
    cr_assert(eq(int, cal_snn_get_weights(b->snn, 0, &w), CAL_OK));
    return w;
}

static void clear(bed *b)
{
    cal_snn_destroy(&b->snn);
    cal_context_destroy(&b->ctx);
}

/* log of the factor by which all weights at a cell have changed after n intervals, from its spikes. */
static double log_factor(const bed *b, uint32_t id, int n)
{
    double sum = 0.0, integral = 0.0;
    for (int m = 1; m <= n; m++) {
        const double now_ms = m * INTERVAL_MS;
        double a_Hz = RATE_HZ * exp(-now_ms / TAU_MS);
        for (size_t i = 0; i < b->n_spikes; i++)
            if (b->spike[i].id == id && b->spike[i].at_ms < now_ms + 1e-6)
                a_Hz += 1e3 / TAU_MS * exp(-(now_ms - b->spike[i].at_ms) / TAU_MS);
        integral += (RATE_HZ - a_Hz) * INTERVAL_MS * 1e-3;
        sum += INTERVAL_MS * 1e-3 * (GAIN * (RATE_HZ - a_Hz) + INTEGRAL_HZ * integral);
    }
    return sum;
}

Test(snn_scaling, to_a_rate_has_its_closed_form)
{
    static bed b;
    const cal_snn_scaling scaling = {.kind = CAL_SCALING_RATE, .interval_ms = INTERVAL_MS, .rate_Hz = RATE_HZ,
                                     .tau_ms = TAU_MS, .gain = GAIN, .integral_Hz = INTEGRAL_HZ};
    lay(&b, "scaled", &scaling, 1e4);
    cal_snn_weights first = weights(&b);
    double worst = 0.0, largest = 0.0, least = 1e9;
    for (int ms = 1; ms <= 1450; ms++) {
        advance(&b);
        if (ms % 70 != 0 && ms % 70 != 69)
            continue;
        cal_snn_weights w = weights(&b);
        for (size_t k = 0; k < w.n; k++) {
            const double factor = exp(log_factor(&b, w.target[k], ms / 70));
            worst = fmax(worst, fabs(w.weight[k] / (first.weight[k] * factor) - 1.0));
            largest = fmax(largest, factor);
            least = fmin(least, factor);
        }
        cal_snn_weights_free(&w);
    }
    cr_expect(b.n_spikes > 100);
    cr_expect(largest > 1.1 && least < 0.6, "factors %g to %g", least, largest);
    cr_expect(worst < 1e-13, "relative error %.3g", worst); /* some twenty roundings */
    cal_snn_weights_free(&first);
    clear(&b);
}

/* Beside a rule that learns: right after each scaling every target has the sum, in between it has not. */
Test(snn_scaling, to_a_sum_restores_it_at_each_interval)
{
    static bed b;
    const cal_snn_scaling scaling = {.kind = CAL_SCALING_SUM, .interval_ms = 70.0, .sum = 60.0};
    lay(&b, "stdp", &scaling, 50.0);
    double worst = 0.0, between = 0.0;
    for (int ms = 1; ms <= 1450; ms++) {
        advance(&b);
        cal_snn_weights w = weights(&b);
        double sums[N_CELLS] = {0};
        for (size_t k = 0; k < w.n; k++)
            sums[w.target[k]] += w.weight[k];
        for (int i = 0; i < N_CELLS; i++) {
            worst = ms % 70 == 0 ? fmax(worst, fabs(sums[i] / 60.0 - 1.0)) : worst;
            between = ms > 70 && ms % 70 == 69 ? fmax(between, fabs(sums[i] / 60.0 - 1.0)) : between;
        }
        cal_snn_weights_free(&w);
    }
    cr_expect(worst < 1e-14, "%.3g", worst);
    cr_expect(between > 0.01, "%.3g", between);
    clear(&b);
}

/* Forty cells under a hundred Poisson neurons: the mean rate goes to the one aimed at, from above and from below. */
Test(snn_scaling, a_network_finds_its_rate)
{
    for (int i = 0; i < 2; i++) {
        const cal_snn_setting poisson[] = {{"rate", {CAL_CONSTANT, 30.0, 0, 0, 0}}};
        const cal_snn_population populations[] = {{"source", cal_snn_neuron_find("poisson"), 100, poisson, 1},
                                                  {"cell", cal_snn_neuron_find("lif"), 40, NULL, 0}};
        const cal_snn_setting settings[] = {{"w_max", {CAL_CONSTANT, 1000.0, 0, 0, 0}}};
        cal_snn_projection p = cal_snn_projection_default(CAL_ALL_TO_ALL);
        p.to = 1;
        p.receptor = "excitatory";
        p.weight.a = i == 0 ? 40.0 : 150.0;
        p.synapse = cal_snn_synapse_find("scaled");
        p.settings = settings;
        p.n_settings = 1;
        p.scaling = (cal_snn_scaling){.kind = CAL_SCALING_RATE, .interval_ms = 100.0, .rate_Hz = 10.0, .tau_ms = 1000.0,
                                      .gain = 0.02};
        cal_snn_def def = cal_snn_def_default();
        def.window = 1000 * CAL_NS_PER_MS;
        def.populations = populations;
        def.n_populations = 2;
        def.projections = &p;
        def.n_projections = 1;
        cal_context *ctx = cali_test_context(1);
        cal_snn *snn = NULL;
        double rate_Hz[2] = {0};
        cr_assert(eq(int, cal_snn_create(ctx, &def, &snn), CAL_OK), "%s", cal_context_message(ctx));
        for (int s = 0; s < 30; s++) {
            cr_assert(eq(int, cal_snn_advance(snn), CAL_OK));
            const cal_snn_spikes spikes = cal_snn_get_spikes(snn);
            for (size_t k = 0; k < spikes.n; k++)
                rate_Hz[s >= 20] += (s < 1 || s >= 20) && spikes.population[k] == 1 ? (s < 1 ? 1.0 : 0.1) / 40.0 : 0.0;
        }
        cr_expect(fabs(rate_Hz[0] - 10.0) > 5.0, "it begins at %g Hz", rate_Hz[0]);
        /* 4,000 spikes: 1.6 % of noise; the last part of the way back is below that */
        cr_expect(fabs(rate_Hz[1] - 10.0) < 0.5, "%g Hz", rate_Hz[1]);
        cal_snn_destroy(&snn);
        cal_context_destroy(&ctx);
    }
}
