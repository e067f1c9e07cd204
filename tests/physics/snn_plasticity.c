/* One synapse under the spike trains of the reference data: its weight after every event, the resources of short-term
 * plasticity at every spike, and the postsynaptic potentials that follow. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/snn.h"
#include "support/support.h"

enum { MAX_PARAMS = 9, MAX_SPIKES = 64 };

typedef struct rule_case {
    const char *file; /* of the reference */
    const char *synapse;
    double weight;
    struct {
        const char *name;
        double value;
    } params[MAX_PARAMS];
} rule_case;

static const rule_case cases[] = {
    {"stdp_additive", "stdp", 50.0, {{"lambda", 0.01}, {"alpha", 1.05}, {"w_max", 100.0}}},
    {"stdp_multiplicative", "stdp", 50.0,
     {{"lambda", 0.01}, {"alpha", 1.05}, {"mu_plus", 1.0}, {"mu_minus", 1.0}, {"w_max", 100.0}}},
    {"stdp_guetig", "stdp", 50.0,
     {{"lambda", 0.01}, {"alpha", 1.05}, {"mu_plus", 0.4}, {"mu_minus", 0.4}, {"w_max", 100.0}}},
    {"stdp_nn_symmetric_additive", "stdp-nearest", 50.0, {{"lambda", 0.01}, {"alpha", 1.05}, {"w_max", 100.0}}},
    {"stdp_triplet", "triplet", 0.5,
     {{"A2_plus", 0.005}, {"A3_plus", 0.0062}, {"A2_minus", 0.007}, {"A3_minus", 0.00023}, {"w_max", 1.0}}},
    {"nest_stdp_powerlaw_weights_at_pre", "stdp-power", 45.0,
     {{"tau_plus", 15.0}, {"tau_minus", 30.0}, {"lambda", 0.1}, {"alpha", 2.0}, {"mu", 0.4}, {"w_max", 1000.0}}},
    {"nest_vogels_sprekeler_weights_at_pre", "vogels", 5.0,
     {{"tau", 20.0}, {"eta", 0.1}, {"alpha", 0.12}, {"w_max", 50.0}}},
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

/* A source `pre`, and a neuron that a source `teacher` makes spike one step later, without fail. */
typedef struct pair {
    cal_context *ctx;
    cal_snn *snn;
    size_t n[2]; /* spikes of pre, of the neuron */
    double spike_ms[2][MAX_SPIKES];
    size_t done[2];
} pair;

static const char *reference(const char *file)
{
    char path[256];
    snprintf(path, sizeof path, "reference/spiking/plasticity/%s.csv", file);
    const char *found = cali_test_shared(path);
    if (found == NULL)
        cr_skip_test("no reference data");
    return found;
}

static void read_times(pair *p, int which, const char *file, const char *column)
{
    cali_test_table *table = cali_test_read_csv(reference(file));
    cr_assert(ne(ptr, table, NULL));
    for (size_t i = 0; i < table->n_rows; i++)
        p->spike_ms[which][p->n[which]++] = cali_test_value(table, i, column);
    cali_test_table_free(table);
}

static void start(pair *p, const char *synapse, double weight, const cal_snn_setting *settings, size_t n_settings,
                  bool is_passive)
{
    static const cal_snn_setting cell[] = {
        {"V_th", {CAL_CONSTANT, 5000, 0, 0, 0}}, {"t_ref", {CAL_CONSTANT, 0, 0, 0, 0}}};
    static const cal_snn_setting passive[] = {
        {"V_th", {CAL_CONSTANT, 5000, 0, 0, 0}},  {"C_m", {CAL_CONSTANT, 250, 0, 0, 0}},
        {"tau_m", {CAL_CONSTANT, 20, 0, 0, 0}},   {"tau_exc", {CAL_CONSTANT, 2, 0, 0, 0}},
        {"E_L", {CAL_CONSTANT, 0, 0, 0, 0}},      {"I_e", {CAL_CONSTANT, 0, 0, 0, 0}}};
    const cal_snn_population populations[] = {{"cell", cal_snn_neuron_find("lif"), 1, is_passive ? passive : cell,
                                               is_passive ? 6 : 2},
                                              {"pre", NULL, 1, NULL, 0},
                                              {"teacher", NULL, 1, NULL, 0}};
    cal_snn_projection projections[] = {cal_snn_projection_default(CAL_ALL_TO_ALL),
                                        cal_snn_projection_default(CAL_ONE_TO_ONE)};
    projections[0].from = 1;
    projections[0].receptor = "excitatory";
    projections[0].weight.a = weight;
    projections[0].delay_ms.a = 1.0;
    projections[0].synapse = cal_snn_synapse_find(synapse);
    cr_assert(ne(ptr, (void *)projections[0].synapse, NULL));
    projections[0].settings = settings;
    projections[0].n_settings = n_settings;
    projections[1].from = 2;
    projections[1].receptor = "delta";
    projections[1].weight.a = 20000.0;
    projections[1].delay_ms.a = 0.1;
    const cal_snn_port ports[] = {{.name = "pre", .kind = CAL_PORT_SPIKES, .population = 1},
                                  {.name = "teacher", .kind = CAL_PORT_SPIKES, .population = 2}};
    cal_snn_def def = cal_snn_def_default();
    def.window = def.dt;
    def.populations = populations;
    def.n_populations = 3;
    def.projections = projections;
    def.n_projections = 2;
    def.ports = ports;
    def.n_ports = 2;
    p->ctx = cali_test_context(1);
    cr_assert(eq(int, cal_snn_create(p->ctx, &def, &p->snn), CAL_OK), "%s", cal_context_message(p->ctx));
}

/* One step; returns its end. */
static double advance(pair *p)
{
    const uint32_t offset = 100000, id = 0;
    const double end_ms = cal_time_ms(cal_snn_time(p->snn)) + 0.1;
    for (size_t k = 0; k < 2; k++) {
        const double lead_ms = k == 0 ? 0.0 : 0.1; /* the teacher is one step early */
        const bool spikes = p->done[k] < p->n[k] && p->spike_ms[k][p->done[k]] - lead_ms < end_ms + 1e-6;
        p->done[k] += spikes;
        cr_assert(eq(int, cal_snn_write_spikes(p->snn, k, spikes, &offset, &id), CAL_OK));
    }
    cr_assert(eq(int, cal_snn_advance(p->snn), CAL_OK), "%s", cal_context_message(p->ctx));
    return end_ms;
}

static void stop(pair *p)
{
    cal_snn_destroy(&p->snn);
    cal_context_destroy(&p->ctx);
}

ParameterizedTestParameters(snn_plasticity, weight_after_every_event)
{
    static int index[N_CASES];
    for (int i = 0; i < N_CASES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_CASES);
}

/* The last row of each time counts: spikes of both that arrive together are two rows. */
ParameterizedTest(int *index, snn_plasticity, weight_after_every_event)
{
    const rule_case *c = &cases[*index];
    pair p = {0};
    cal_snn_setting settings[MAX_PARAMS];
    size_t n = 0, n_seen = 0;
    for (; n < MAX_PARAMS && c->params[n].name != NULL; n++)
        settings[n] = (cal_snn_setting){c->params[n].name, {CAL_CONSTANT, c->params[n].value, 0, 0, 0}};
    read_times(&p, 0, "stdp_pre_times", "t_ms");
    read_times(&p, 1, "stdp_post_times", "t_ms");
    cali_test_table *table = cali_test_read_csv(reference(c->file));
    const bool is_nest = strncmp(c->file, "nest", 4) == 0;
    const char *time = is_nest ? "t_pre_ms" : "t_at_synapse_ms", *weight = is_nest ? "weight" : "weight_after";
    start(&p, c->synapse, c->weight, settings, n, false);
    double worst = 0.0;
    for (size_t row = 0; row < table->n_rows;) {
        const double end_ms = advance(&p);
        if (end_ms + 1e-6 < cali_test_value(table, row, time))
            continue;
        while (row + 1 < table->n_rows && cali_test_value(table, row + 1, time) < end_ms + 1e-6)
            row++;
        const double expected = cali_test_value(table, row++, weight);
        cal_snn_weights w;
        cr_assert(eq(int, cal_snn_get_weights(p.snn, 0, &w), CAL_OK));
        cr_assert(eq(sz, w.n, 1));
        worst = fmax(worst, fabs(w.weight[0] - expected) / expected);
        n_seen++;
        cal_snn_weights_free(&w);
    }
    cr_expect(n_seen >= 20);
    cr_expect(eq(u64, cal_snn_get_counts(p.snn).n_spikes, p.done[1]), "the teacher is obeyed");
    /* the NEST files and the closed forms are written with 15 digits */
    cr_expect(worst < 1e-12, "%s: relative error %.3g", c->file, worst);
    cali_test_table_free(table);
    stop(&p);
}

/* ---- short-term plasticity ------------------------------------------------------------------------ */

typedef struct short_case {
    const char *name;
    double use, tau_rec_ms, tau_fac_ms;
} short_case;

static const short_case shorts[] = {
    {"depressing_regular", 0.5, 800, 0},     {"depressing_irregular", 0.5, 800, 0},
    {"facilitating_regular", 0.15, 130, 1000}, {"facilitating_irregular", 0.15, 130, 1000},
    {"mixed_regular", 0.3, 200, 300},        {"mixed_irregular", 0.3, 200, 300},
};
enum { N_SHORTS = sizeof shorts / sizeof shorts[0] };

ParameterizedTestParameters(snn_plasticity, resources_and_potentials)
{
    static int index[2 * N_SHORTS];
    for (int i = 0; i < 2 * N_SHORTS; i++)
        index[i] = i;
    return cr_make_param_array(int, index, 2 * N_SHORTS);
}

/* Once with states of the row, once with those of each synapse: a narrow distribution makes parameters its own. */
ParameterizedTest(int *index, snn_plasticity, resources_and_potentials)
{
    const short_case *c = &shorts[*index / 2];
    char file[64];
    pair p = {0};
    cal_snn_setting settings[] = {{"U", {CAL_CONSTANT, c->use, 0, 0, 0}},
                                  {"tau_rec", {CAL_CONSTANT, c->tau_rec_ms, 0, 0, 0}},
                                  {"tau_fac", {CAL_CONSTANT, c->tau_fac_ms, 0, 0, 0}}};
    if (*index % 2 == 1)
        settings[1].value = (cal_distribution){CAL_UNIFORM, c->tau_rec_ms, c->tau_rec_ms * (1.0 + 1e-15), 0, 0};
    snprintf(file, sizeof file, "tm_%s", c->name);
    cali_test_table *table = cali_test_read_csv(reference(file));
    snprintf(file, sizeof file, "nest_tm_psp_%s", c->name);
    cali_test_table *peaks = cali_test_read_csv(reference(file));
    read_times(&p, 0, "stdp_pre_times", "t_ms");
    p.n[0] = 0;
    for (size_t i = 0; i < table->n_rows; i++)
        p.spike_ms[0][p.n[0]++] = cali_test_value(table, i, "t_ms");
    start(&p, "tsodyks-markram", 500.0, settings, 3, true);
    double worst[3] = {0}, peak_mV = 0.0;
    size_t at = 0, peak = 0;
    while (peak < peaks->n_rows) {
        const double end_ms = advance(&p);
        if (at < p.done[0]) {
            cal_snn_weights w;
            cr_assert(eq(int, cal_snn_get_weights(p.snn, 0, &w), CAL_OK));
            cr_assert(eq(sz, w.n_states, 2));
            worst[0] = fmax(worst[0], fabs(w.states[0] / cali_test_value(table, at, "u") - 1.0));
            worst[1] = fmax(worst[1], fabs(w.states[1] / cali_test_value(table, at, "x") - 1.0));
            cr_expect(eq(dbl, w.weight[0], 500.0));
            cal_snn_weights_free(&w);
            at++;
        }
        double v_mV;
        cal_snn_get_state(p.snn, 0, "V", &v_mV);
        /* each potential is sampled where the reference has its peak */
        if (fabs(end_ms - cali_test_value(peaks, peak, "t_peak_ms")) < 0.01) {
            peak_mV = cali_test_value(peaks, peak++, "V_peak_mV");
            worst[2] = fmax(worst[2], fabs(v_mV - peak_mV));
        }
        cr_assert(end_ms < 5000.0);
    }
    cr_expect(eq(sz, at, table->n_rows));
    cr_expect(worst[0] < 1e-12 && worst[1] < 1e-12, "%s: u %.3g, x %.3g", c->name, worst[0], worst[1]);
    cr_expect(worst[2] < 1e-4, "%s: potential %.3g mV", c->name, worst[2]);
    cali_test_table_free(table);
    cali_test_table_free(peaks);
    stop(&p);
}
