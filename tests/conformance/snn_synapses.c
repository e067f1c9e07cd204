/* Every synapse of the list keeps the contract of its entry, and what is wrong with one is said. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "snn/network.h"
#include "snn/synapse.h"
#include "support/snn_quick.h"
#include "support/support.h"

enum { MAX_SYNAPSES = 64, N_SOURCES = 9, N_CELLS = 33 };

#define FOR_EACH_SYNAPSE(test)                                                                     \
    ParameterizedTestParameters(snn_synapses, test)                                                \
    {                                                                                              \
        static int index[MAX_SYNAPSES];                                                            \
        const size_t n = cal_snn_n_synapse_models();                                               \
        for (size_t i = 0; i < n; i++)                                                             \
            index[i] = (int)i;                                                                     \
        return cr_make_param_array(int, index, n);                                                 \
    }                                                                                              \
    ParameterizedTest(int *index, snn_synapses, test)

FOR_EACH_SYNAPSE(has_a_complete_entry_with_unique_names)
{
    const cal_synapse *s = cal_snn_synapse_at((size_t)*index);
    const cali_synapse *inner = cali_synapse_of(s);
    cr_assert(s->name != NULL && s->title != NULL && s->equations != NULL && s->source != NULL);
    cr_expect(eq(ptr, (void *)cal_snn_synapse_find(s->name), (void *)s));
    if (s->alias != NULL)
        cr_expect(eq(ptr, (void *)cal_snn_synapse_find(s->alias), (void *)s));
    cr_expect(s->n_params <= CALI_MAX_SYNAPSE_PARAMS && s->n_states < CALI_MAX_SYNAPSE_STATES);
    cr_expect(inner->n_constants <= CALI_MAX_SYNAPSE_CONSTANTS);
    cr_expect(inner->n_pre <= CALI_MAX_TRACES && inner->n_post <= CALI_MAX_TRACES);
    cr_expect(inner->limit < (int)s->n_params);
    for (size_t i = 0; i < s->n_params; i++) {
        const cal_field *f = &s->params[i];
        cr_assert(f->name != NULL && f->unit != NULL && f->meaning != NULL);
        cr_expect(isnan(f->value) || (f->value >= f->low && f->value <= f->high), "%s: %s", s->name, f->name);
        cr_expect(eq(int, cal_field_find(s->params, s->n_params, f->name), (int)i));
    }
    for (size_t i = 0; i < s->n_states; i++)
        cr_expect(isfinite(s->states[i].value));
    for (size_t t = 0; t < inner->n_pre; t++)
        cr_expect(eq(str, (char *)s->params[inner->pre[t].tau].unit, (char *)"ms"));
    for (size_t t = 0; t < inner->n_post; t++)
        cr_expect(eq(str, (char *)s->params[inner->post[t].tau].unit, (char *)"ms"));
}

/* Sources onto bursting cells; every parameter that must be given gets `limit`. */
typedef struct bed {
    cal_context *ctx;
    cal_snn_population populations[2];
    cal_snn_setting settings[2 * CALI_MAX_SYNAPSE_PARAMS];
    cal_snn_projection projection;
    cal_snn_port port;
    cal_snn_def def;
    cal_snn *snn;
} bed;

static void lay(bed *b, const cal_synapse *synapse, double weight, double limit)
{
    static const cal_snn_setting cell[] = {{"I_e", {CAL_UNIFORM, 400.0, 2500.0, 0, 0}}};
    *b = (bed){.ctx = cali_test_context(1)};
    b->populations[0] = (cal_snn_population){"cell", cal_snn_neuron_find("lif"), N_CELLS, cell, 1};
    b->populations[1] = (cal_snn_population){"source", NULL, N_SOURCES, NULL, 0};
    b->projection = cal_snn_projection_default(CAL_ALL_TO_ALL);
    b->projection.from = 1;
    b->projection.receptor = weight < 0.0 ? "inhibitory" : "excitatory";
    b->projection.weight.a = weight;
    b->projection.delay_ms = (cal_distribution){CAL_UNIFORM, 0.3, 1.7, 0, 0};
    b->projection.synapse = synapse;
    b->projection.has_modulator = synapse->has_modulator;
    b->projection.modulator = 1;
    b->projection.settings = b->settings;
    for (size_t i = 0; i < synapse->n_params; i++)
        if (isnan(synapse->params[i].value))
            b->settings[b->projection.n_settings++] =
                (cal_snn_setting){synapse->params[i].name, {CAL_CONSTANT, limit, 0, 0, 0}};
    b->projection.n_settings = cali_quick_settings(synapse, b->settings, b->projection.n_settings);
    b->port = (cal_snn_port){.name = "s", .kind = CAL_PORT_SPIKES, .population = 1};
    b->def = cal_snn_def_default();
    b->def.populations = b->populations;
    b->def.n_populations = 2;
    b->def.projections = &b->projection;
    b->def.n_projections = 1;
    b->def.ports = &b->port;
    b->def.n_ports = 1;
}

static void advance(bed *b, unsigned n_ms)
{
    for (unsigned ms = 0; ms < n_ms; ms++) {
        uint32_t offsets[10 * N_SOURCES], ids[10 * N_SOURCES], n = 0;
        for (uint32_t step = 1; step <= 10; step++) /* source 0 spikes in every step, others at lower rates */
            for (uint32_t id = 0; id < N_SOURCES - 1; id++)
                if (id == 0 || (10 * ms + step) % (37 * id) == 0) {
                    offsets[n] = step * 100000u;
                    ids[n++] = id;
                }
        cr_assert(eq(int, cal_snn_write_spikes(b->snn, 0, n, offsets, ids), CAL_OK));
        cr_assert(eq(int, cal_snn_advance(b->snn), CAL_OK), "%s", cal_context_message(b->ctx));
    }
}

static void clear(bed *b)
{
    cal_snn_destroy(&b->snn);
    cal_context_destroy(&b->ctx);
}

/* Synapses that form and break: all weigh the same, no pair has two, no target more than the capacity of 12. */
static void expect_structure(const cal_snn *snn, double weight)
{
    cal_snn_weights w;
    cal_snn_structure structure;
    uint32_t n_of[N_CELLS] = {0};
    cr_assert(eq(int, cal_snn_get_weights(snn, 0, &w), CAL_OK));
    cr_assert(eq(int, cal_snn_get_structure(snn, 0, &structure), CAL_OK));
    cr_expect(structure.n_formed > 0 && structure.n_broken > 0, "%.0f formed, %.0f broken", (double)structure.n_formed,
              (double)structure.n_broken);
    cr_expect(eq(u64, structure.n_synapses, N_SOURCES * N_CELLS + structure.n_formed - structure.n_broken));
    cr_expect(eq(sz, w.n, (size_t)structure.n_synapses));
    cr_expect(eq(u64, cal_snn_get_counts(snn).n_synapses, structure.n_synapses));
    for (size_t k = 0; k < w.n; k++) {
        cr_assert(lt(u32, n_of[w.target[k]]++, 12));
        cr_assert(k == 0 || w.target[k] != w.target[k - 1] || w.source[k] > w.source[k - 1]);
        cr_assert(epsilon_eq(dbl, w.weight[k], weight, 1e-5));
    }
    cal_snn_weights_free(&w);
}

/* Weights of either sign keep it and stay within the limit, states within the ranges of their table. */
FOR_EACH_SYNAPSE(keeps_weights_and_states_within_bounds)
{
    const cal_synapse *s = cal_snn_synapse_at((size_t)*index);
    for (int sign = -1; sign <= 1; sign += 2) {
        bed b;
        cal_snn_weights w;
        lay(&b, s, sign * 10.0, 12.0);
        cr_assert(eq(int, cal_snn_create(b.ctx, &b.def, &b.snn), CAL_OK), "%s", cal_context_message(b.ctx));
        advance(&b, 300);
        if (cali_is_structural(s)) {
            expect_structure(b.snn, sign * 10.0);
            clear(&b);
            continue;
        }
        if (!cali_is_plastic(s)) {
            cr_expect(eq(int, cal_snn_get_weights(b.snn, 0, &w), CAL_ERR_ARGUMENT));
            clear(&b);
            continue;
        }
        cr_assert(eq(int, cal_snn_get_weights(b.snn, 0, &w), CAL_OK));
        cr_expect(eq(sz, w.n, N_SOURCES * N_CELLS));
        cr_expect(eq(u64, cal_snn_get_counts(b.snn).n_synapses, N_SOURCES * N_CELLS));
        for (size_t k = 0; k < w.n; k++) {
            cr_assert(sign * w.weight[k] >= 0.0 && sign * w.weight[k] <= 12.0, "%s: %g", s->name, w.weight[k]);
            for (size_t i = 0; i < s->n_states; i++)
                cr_assert(w.states[i * w.n + k] >= s->states[i].low && w.states[i * w.n + k] <= s->states[i].high);
        }
        cal_snn_weights_free(&w);
        clear(&b);
    }
}

static void weigh(const cal_synapse *s, double *announced, double *held)
{
    bed b;
    double n_synapses;
    lay(&b, s, 10.0, 12.0);
    b.populations[0].n = 3300;
    cr_assert(eq(int, cal_snn_estimate(b.ctx, &b.def, announced, &n_synapses), CAL_OK));
    cr_assert(eq(int, cal_snn_create(b.ctx, &b.def, &b.snn), CAL_OK));
    *held = cal_snn_get_counts(b.snn).bytes;
    cr_expect(eq(dbl, n_synapses, 3300.0 * N_SOURCES));
    clear(&b);
}

/* What a synapse holds beyond a static one is what was announced. */
FOR_EACH_SYNAPSE(announces_its_memory)
{
    double bytes[2], held[2];
    weigh(cal_snn_synapse_at((size_t)*index), &bytes[0], &held[0]);
    weigh(cal_snn_synapse_find("static"), &bytes[1], &held[1]);
    const double more = held[0] - held[1], expected = bytes[0] - bytes[1];
    cr_expect(fabs(more - expected) <= 0.02 * fabs(expected) + 4096.0, "held %.0f, announced %.0f", more, expected);
}

static void expect_refused(bed *b, const char *text)
{
    const cal_status status = cal_snn_create(b->ctx, &b->def, &b->snn);
    cr_expect(ne(int, status, CAL_OK), "accepted: %s", text);
    cr_expect(strstr(cal_context_message(b->ctx), text) != NULL, "\"%s\" lacks \"%s\"", cal_context_message(b->ctx), text);
    clear(b);
}

/* Each parameter: out of range, unknown, missing, a distribution where one number is needed. */
FOR_EACH_SYNAPSE(refuses_what_is_wrong)
{
    const cal_synapse *s = cal_snn_synapse_at((size_t)*index);
    const cali_synapse *inner = cali_synapse_of(s);
    bed b;
    lay(&b, s, 10.0, 12.0);
    b.settings[b.projection.n_settings++] = (cal_snn_setting){"lamda", {CAL_CONSTANT, 1.0, 0, 0, 0}};
    expect_refused(&b, "no parameter \"lamda\"");
    for (size_t i = 0; i < s->n_params; i++) {
        lay(&b, s, 10.0, 12.0);
        b.settings[b.projection.n_settings++] =
            (cal_snn_setting){s->params[i].name, {CAL_CONSTANT, -1e303, 0, 0, 0}};
        expect_refused(&b, "allowed are");
        lay(&b, s, 10.0, 12.0);
        b.settings[b.projection.n_settings++] = (cal_snn_setting){s->params[i].name, {CAL_CONSTANT, NAN, 0, 0, 0}};
        expect_refused(&b, "is not a number");
    }
    for (size_t t = 0; t < inner->n_post; t++) {
        lay(&b, s, 10.0, 12.0);
        b.settings[b.projection.n_settings++] =
            (cal_snn_setting){s->params[inner->post[t].tau].name, {CAL_UNIFORM, 10.0, 20.0, 0, 0}};
        expect_refused(&b, "must be a number");
    }
    lay(&b, s, 10.0, 12.0);
    b.projection.has_modulator = !s->has_modulator;
    expect_refused(&b, s->has_modulator ? "needs a modulator" : "no modulator");
    if (s->has_modulator) {
        lay(&b, s, 10.0, 12.0);
        b.projection.modulator = 2;
        expect_refused(&b, "its modulator is population 2");
        lay(&b, s, 10.0, 12.0);
        b.projection.modulator_delay_ms = NAN;
        expect_refused(&b, "modulator_delay must be");
    }
    if (!cali_is_plastic(s))
        return;
    lay(&b, s, 0.0, 12.0);
    b.projection.weight = (cal_distribution){CAL_UNIFORM, -1.0, 1.0, 0, 0};
    expect_refused(&b, "have one sign");
    if (inner->limit < 0)
        return;
    lay(&b, s, 10.0, 12.0);
    b.projection.n_settings = 0;
    expect_refused(&b, "needs w_max");
    lay(&b, s, 10.0, 5.0);
    expect_refused(&b, "beyond w_max");
}

/* The integer sums are sized for the limit, not for the weights at the start. */
Test(snn_synapses, excludes_overflow_by_the_limit)
{
    bed b;
    lay(&b, cal_snn_synapse_find("stdp"), 1.0, 1e9);
    b.populations[0].n = 1;
    b.populations[1].n = 100000;
    cr_assert(eq(int, cal_snn_create(b.ctx, &b.def, &b.snn), CAL_OK), "%s", cal_context_message(b.ctx));
    const double largest_sum = (double)b.snn->populations[0].quantum[0] * 2147483647.0;
    cr_expect(largest_sum > 1e5 * 1e9, "%g", largest_sum);
    clear(&b);
}
