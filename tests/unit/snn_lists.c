/* Synapses that are listed one by one: the network has exactly these, for any tiles and threads, plastic ones and gap
 * junctions too, and a list of what a rule makes gives the same bits as the rule. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/snn.h"
#include "support/support.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

enum { N_FROM = 70, N_TO = 50, N = 900 };

static uint32_t source[N], target[N];
static double weight[N], delay_ms[N];

/* Some pairs several times, weights that are whole multiples of 2^-8 so that they are kept as they are. */
static cal_snn_list make_list(void)
{
    uint32_t x = 12345;
    for (int k = 0; k < N; k++) {
        x = x * 1664525u + 1013904223u;
        source[k] = (x >> 8) % N_FROM;
        x = x * 1664525u + 1013904223u;
        target[k] = (x >> 8) % N_TO;
        weight[k] = ((int)(x >> 16 & 1023) - 200) / 256.0;
        delay_ms[k] = 0.1 * (1 + k % 13);
    }
    return (cal_snn_list){.n = N, .source = source, .target = target, .weight = weight, .delay_ms = delay_ms};
}

typedef struct bed {
    cal_snn_population populations[2];
    cal_snn_setting settings[1];
    cal_snn_projection projection;
    cal_snn_def def;
} bed;

static void lay(bed *b, const cal_snn_list *list)
{
    *b = (bed){.settings = {{"I_e", {CAL_UNIFORM, 300.0, 700.0, 0.0, 0.0}}}};
    b->populations[0] = (cal_snn_population){"to", cal_snn_neuron_find("lif"), N_TO, b->settings, 1};
    b->populations[1] = (cal_snn_population){"from", cal_snn_neuron_find("lif"), N_FROM, b->settings, 1};
    b->projection = cal_snn_projection_default(CAL_SYNAPSE_LIST);
    b->projection.from = 1;
    b->projection.receptor = "delta";
    b->projection.list = list;
    b->def = cal_snn_def_default();
    b->def.populations = b->populations;
    b->def.n_populations = 2;
    b->def.projections = &b->projection;
    b->def.n_projections = 1;
    b->def.seed = 7;
}

static cal_snn *create(cal_context *ctx, const bed *b)
{
    cal_snn *snn = NULL;
    cr_assert(eq(int, cal_snn_create(ctx, &b->def, &snn), CAL_OK), "%s", cal_context_message(ctx));
    return snn;
}

typedef struct found {
    const cal_snn_list *list;
    bool is_seen[N];
    size_t n;
} found;

static void look(void *arg, uint32_t from, uint32_t to, double w, cal_time delay)
{
    found *f = arg;
    f->n++;
    for (size_t k = 0; k < f->list->n; k++)
        if (!f->is_seen[k] && f->list->source[k] == from && f->list->target[k] == to && f->list->weight[k] == w &&
            (cal_time)(f->list->delay_ms[k] * 1e6 + 0.5) == delay) {
            f->is_seen[k] = true;
            return;
        }
    cr_expect(false, "%u to %u, weight %g is not in the list", from, to, w);
}

Test(snn_lists, the_network_has_the_synapses_of_the_list)
{
    const cal_snn_list list = make_list();
    bed b;
    lay(&b, &list);
    uint64_t hash = 0;
    static const unsigned tiles[] = {1, 2, 7}, threads[] = {1, 3, 2};
    for (int i = 0; i < 3; i++) {
        cal_context *ctx = cali_test_context(threads[i]);
        b.def.n_tiles = tiles[i];
        cal_snn *snn = create(ctx, &b);
        found f = {.list = &list};
        cr_expect(eq(u64, cal_snn_get_counts(snn).n_synapses, N));
        cal_snn_visit_synapses(snn, 1, 0, "delta", look, &f);
        cr_expect(eq(sz, f.n, N));
        for (int w = 0; w < 100; w++)
            cr_assert(eq(int, cal_snn_advance(snn), CAL_OK));
        cr_expect(gt(u64, cal_snn_get_counts(snn).n_events, 1000));
        hash = i == 0 ? cal_snn_hash(snn) : hash;
        cr_expect(eq(u64, cal_snn_hash(snn), hash));
        cal_snn_destroy(&snn);
        cal_context_destroy(&ctx);
    }
}

typedef struct copy {
    uint32_t source[6000], target[6000];
    double weight[6000], delay_ms[6000];
    size_t n;
} copy;

static void take(void *arg, uint32_t from, uint32_t to, double w, cal_time delay)
{
    copy *c = arg;
    c->source[c->n] = from;
    c->target[c->n] = to;
    c->weight[c->n] = w;
    c->delay_ms[c->n++] = cal_time_ms(delay);
}

/* Weights of powers of two keep their quanta. */
Test(snn_lists, a_list_of_what_a_rule_drew_gives_the_same_bits)
{
    static copy c;
    cal_context *ctx = cali_test_context(2);
    bed b;
    lay(&b, NULL);
    b.projection.rule = CAL_FIXED_IN_DEGREE;
    b.projection.in_degree = 30;
    b.projection.weight.a = 0.5;
    b.projection.delay_ms = (cal_distribution){CAL_UNIFORM, 0.2, 2.0, 0.0, 0.0};
    cal_snn *snn = create(ctx, &b);
    cal_snn_visit_synapses(snn, 1, 0, "delta", take, &c);
    const cal_snn_list list = {.n = c.n, .source = c.source, .target = c.target, .weight = c.weight, .delay_ms = c.delay_ms};
    bed l;
    lay(&l, &list);
    cal_snn *listed = create(ctx, &l);
    for (int w = 0; w < 100; w++) {
        cr_assert(eq(int, cal_snn_advance(snn), CAL_OK));
        cr_assert(eq(int, cal_snn_advance(listed), CAL_OK));
    }
    cr_expect(eq(sz, c.n, 30 * N_TO));
    cr_expect(gt(u64, cal_snn_get_counts(snn).n_spikes, 100));
    cr_expect(eq(u64, cal_snn_hash(listed), cal_snn_hash(snn)));
    cal_snn_destroy(&snn);
    cal_snn_destroy(&listed);
    cal_context_destroy(&ctx);
}

Test(snn_lists, weights_and_delays_that_are_not_listed_are_drawn)
{
    cal_snn_list list = make_list();
    list.weight = list.delay_ms = NULL;
    cal_context *ctx = cali_test_context(1);
    static copy c;
    bed b;
    lay(&b, &list);
    b.projection.weight = (cal_distribution){CAL_UNIFORM, 1.0, 2.0, 0.0, 0.0};
    b.projection.delay_ms = (cal_distribution){CAL_UNIFORM, 0.5, 1.5, 0.0, 0.0};
    cal_snn *snn = create(ctx, &b);
    cal_snn_visit_synapses(snn, 1, 0, "delta", take, &c);
    double mean = 0.0, mean_delay = 0.0;
    for (size_t k = 0; k < c.n; k++) {
        cr_assert(c.weight[k] >= 0.999 && c.weight[k] <= 2.001);
        mean += c.weight[k] / N;
        mean_delay += c.delay_ms[k] / N;
    }
    /* standard deviation of a mean of 900: sqrt(1 / 12 / 900) = 0.01 */
    cr_expect(epsilon_eq(dbl, mean, 1.5, 0.045));
    cr_expect(epsilon_eq(dbl, mean_delay, 1.0, 0.045));
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
}

Test(snn_lists, plastic_synapses_and_gap_junctions_are_listed_too)
{
    static const uint32_t from[] = {3, 0, 3}, to[] = {1, 2, 4};
    static const double w[] = {5.0, 2.0, 1.0}, d[] = {1.0, 0.5, 2.0};
    const cal_snn_list list = {.n = 3, .source = from, .target = to, .weight = w, .delay_ms = d};
    const cal_snn_setting settings[] = {{"w_max", {CAL_CONSTANT, 10.0, 0.0, 0.0, 0.0}}};
    cal_context *ctx = cali_test_context(1);
    bed b;
    lay(&b, &list);
    b.projection.receptor = "excitatory";
    b.projection.synapse = cal_snn_synapse_find("stdp");
    b.projection.settings = settings;
    b.projection.n_settings = 1;
    cal_snn_projection gap = cal_snn_projection_default(CAL_SYNAPSE_LIST);
    const cal_snn_list pairs = {.n = 2, .source = from, .target = to};
    gap.list = &pairs;
    gap.weight.a = 0.5;
    b.def.gap_junctions = &gap;
    b.def.n_gap_junctions = 1;
    cal_snn *snn = create(ctx, &b);
    cal_snn_weights got;
    cr_assert(eq(int, cal_snn_get_weights(snn, 0, &got), CAL_OK));
    cr_assert(eq(sz, got.n, 3));
    for (int i = 0; i < 3; i++) { /* by target */
        cr_expect(eq(u32, got.source[i], from[i]));
        cr_expect(eq(u32, got.target[i], to[i]));
        cr_expect(eq(dbl, got.weight[i], w[i]));
        cr_expect(epsilon_eq(dbl, got.delay_ms[i], d[i], 1e-12));
    }
    cr_expect(eq(u64, cal_snn_get_counts(snn).n_gap_junctions, 2));
    cal_snn_weights_free(&got);
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
}

static void expect_refusal(bed *b, const char *words)
{
    cal_context *ctx = cali_test_context(1);
    cal_snn *snn = NULL;
    cr_expect(eq(int, cal_snn_create(ctx, &b->def, &snn), CAL_ERR_ARGUMENT));
    cr_expect(strstr(cal_context_message(ctx), words) != NULL, "%s", cal_context_message(ctx));
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
}

Test(snn_lists, what_cannot_be_is_refused)
{
    static const struct {
        uint32_t source, target;
        double weight, delay_ms;
        const char *words;
    } cases[] = {{70, 0, 1.0, 1.0, "source 70 of synapse 1 of the list"}, {0, 50, 1.0, 1.0, "target 50 of synapse 1"},
                 {0, 0, (double)NAN, 1.0, "weight nan"},                   {0, 0, 1.0, (double)INFINITY, "delay inf"},
                 {0, 0, 1.0, 0.05, "below the step"},                      {0, 0, 1.0, -1.0, "delay -1"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const uint32_t from[] = {1, cases[i].source}, to[] = {1, cases[i].target};
        const double w[] = {1.0, cases[i].weight}, d[] = {1.0, cases[i].delay_ms};
        const cal_snn_list list = {.n = 2, .source = from, .target = to, .weight = w, .delay_ms = d};
        bed b;
        lay(&b, &list);
        expect_refusal(&b, cases[i].words);
    }
    bed b;
    lay(&b, NULL);
    expect_refusal(&b, "there is no list of synapses");
}

/* A state goes on only in a network of the same list. */
Test(snn_lists, a_saved_state_knows_its_list)
{
    const cal_snn_list list = make_list();
    cal_context *ctx = cali_test_context(1);
    bed b;
    lay(&b, &list);
    cal_snn *snn = create(ctx, &b);
    char *bytes = NULL;
    size_t size = 0;
    cr_assert(eq(int, cal_snn_advance(snn), CAL_OK));
    cr_assert(eq(int, cal_snn_save_state(snn, &bytes, &size), CAL_OK));
    cal_snn_destroy(&snn);
    snn = create(ctx, &b);
    cr_expect(eq(int, cal_snn_restore_state(snn, bytes, size, CAL_RESTORE_CONTINUE), CAL_OK), "%s", cal_context_message(ctx));
    cal_snn_destroy(&snn);
    source[5] = (source[5] + 1) % N_FROM;
    snn = create(ctx, &b);
    cr_expect(eq(int, cal_snn_restore_state(snn, bytes, size, CAL_RESTORE_CONTINUE), CAL_ERR_INPUT));
    cal_snn_destroy(&snn);
    free(bytes);
    cal_context_destroy(&ctx);
}
