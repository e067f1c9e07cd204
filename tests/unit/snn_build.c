/* The builder of spiking networks: rules, weights, delays, limits and messages. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdlib.h>

#include "snn/network.h"
#include "support/snn_networks.h"
#include "support/support.h"

/* Delta neurons that sit at rest below a far threshold, driven by sources that spike once at 0.1 ms: the
 * voltage after the delay is the sum of the weights that arrived. */
typedef struct bed {
    cali_network n;
    cal_context *ctx;
    cal_snn *snn;
} bed;

static void lay(bed *b, uint32_t n_from, uint32_t n_to, cal_rule rule)
{
    memset(b, 0, sizeof *b);
    cali_network_start(&b->n, "bed", 0.1, 0.1);
    static const char *const names[] = {"E_L", "V_th", "V_reset", "tau_m"};
    static const double values[] = {0.0, 1e4, 0.0, 1e6};
    for (size_t i = 0; i < 4; i++)
        b->n.settings[i] = (cal_snn_setting){names[i], CALI_CONSTANT(values[i])};
    b->n.populations[0] =
        (cal_snn_population){"to", cal_snn_neuron_find("lif"), n_to, b->n.settings, 4};
    b->n.populations[1] = (cal_snn_population){"from", NULL, n_from, NULL, 0};
    b->n.def.n_populations = 2;
    b->n.projections[0] = cal_snn_projection_default(rule);
    b->n.projections[0].from = 1;
    b->n.projections[0].receptor = "delta";
    b->n.projections[0].weight.a = 1.0;
    b->n.projections[0].delay_ms.a = 0.1;
    b->n.def.n_projections = 1;
    b->n.ports[0] = (cal_snn_port){.name = "in", .kind = CAL_PORT_SPIKES, .population = 1};
    b->n.def.n_ports = 1;
    b->ctx = cali_test_context(1);
}

static cal_status create(bed *b)
{
    return cal_snn_create(b->ctx, &b->n.def, &b->snn);
}

static void clear(bed *b)
{
    cal_snn_destroy(&b->snn);
    cal_context_destroy(&b->ctx);
}

/* All sources spike once in the first window. */
static void spike_all(bed *b)
{
    const uint32_t n = b->n.populations[1].n;
    uint32_t *offset = malloc((n + 1) * sizeof *offset), *id = malloc((n + 1) * sizeof *id);
    cr_assert(offset != NULL && id != NULL);
    for (uint32_t i = 0; i < n; i++) {
        offset[i] = 100000;
        id[i] = i;
    }
    cr_assert(eq(int, cal_snn_write_spikes(b->snn, 0, n, offset, id), CAL_OK));
    free(offset);
    free(id);
}

static double *voltages_after(bed *b, unsigned n_windows)
{
    for (unsigned i = 0; i < n_windows; i++)
        cr_assert(eq(int, cal_snn_advance(b->snn), CAL_OK));
    double *v = calloc(b->n.populations[0].n + 1, sizeof *v);
    cr_assert(v != NULL);
    cal_snn_get_state(b->snn, 0, "V", v);
    return v;
}

/* Every target gets its in-degree exactly; the sources are even: a source's out-degree is binomial. */
Test(snn_build, fixed_in_degree_is_exact_for_each_target)
{
    for (int multapses = 0; multapses < 2; multapses++) {
        bed b;
        lay(&b, 500, 400, CAL_FIXED_IN_DEGREE);
        b.n.projections[0].in_degree = 50;
        b.n.projections[0].has_multapses = multapses;
        cr_assert(eq(int, create(&b), CAL_OK));
        cr_expect(eq(u64, cal_snn_get_counts(b.snn).n_synapses, 20000));
        spike_all(&b);
        double *v = voltages_after(&b, 2);
        for (int i = 0; i < 400; i++)
            cr_expect(epsilon_eq(dbl, v[i], 50.0, 0.01));
        cr_expect(eq(u64, cal_snn_get_counts(b.snn).n_events, 20000));
        free(v);
        const cali_group *g = &b.snn->groups[0]; /* one tile: the row lengths */
        double squares = 0.0;
        for (uint32_t i = 0; i < 500; i++) {
            const double out = g->rows[0].base[i + 1] - g->rows[0].base[i];
            squares += (out - 40.0) * (out - 40.0);
        }
        /* variance n p (1 - p): multapses 50 400 / 500, else 400 0.1 0.9; 500 values: within 30 % */
        const double variance = multapses ? 40.0 : 36.0;
        cr_expect(epsilon_eq(dbl, squares / 500 / variance, 1.0, 0.3));
        clear(&b);
    }
}

/* Without multapses no pair occurs twice. */
Test(snn_build, no_multapses_means_distinct_sources)
{
    bed b;
    lay(&b, 40, 30, CAL_FIXED_IN_DEGREE);
    b.n.projections[0].in_degree = 40; /* all of them */
    cr_assert(eq(int, create(&b), CAL_OK));
    const cali_group *g = &b.snn->groups[0];
    for (uint32_t i = 0; i < 40; i++)
        cr_expect(eq(u32, g->rows[0].base[i + 1] - g->rows[0].base[i], 30));
    clear(&b);
}

/* n p pairs with standard deviation sqrt(n p (1 - p)); probability 0 and 1 are exact. */
Test(snn_build, bernoulli_draws_each_pair_with_its_probability)
{
    static const double probability[] = {0.0, 0.02, 0.3, 1.0};
    for (int c = 0; c < 4; c++) {
        bed b;
        lay(&b, 600, 500, CAL_PAIRWISE_BERNOULLI);
        b.n.projections[0].probability = probability[c];
        cr_assert(eq(int, create(&b), CAL_OK));
        const double n = 300000.0, p = probability[c], sd = sqrt(n * p * (1.0 - p));
        const double found = (double)cal_snn_get_counts(b.snn).n_synapses;
        cr_expect(fabs(found - n * p) <= 4.0 * sd, "p %g: %.0f", p, found);
        clear(&b);
    }
}

Test(snn_build, one_to_one_connects_equal_numbers)
{
    bed b;
    lay(&b, 33, 33, CAL_ONE_TO_ONE);
    cr_assert(eq(int, create(&b), CAL_OK));
    const uint32_t offset[] = {100000, 100000}, id[] = {4, 32};
    cr_assert(eq(int, cal_snn_write_spikes(b.snn, 0, 2, offset, id), CAL_OK));
    double *v = voltages_after(&b, 2);
    for (int i = 0; i < 33; i++)
        cr_expect(epsilon_eq(dbl, v[i], i == 4 || i == 32 ? 1.0 : 0.0, 1e-4));
    free(v);
    clear(&b);
    lay(&b, 33, 34, CAL_ONE_TO_ONE);
    cr_expect(eq(int, create(&b), CAL_ERR_ARGUMENT));
    cr_expect(ne(ptr, strstr(cal_context_message(b.ctx), "33 and 34"), NULL));
    clear(&b);
}

/* All to all as a broadcast and as rows (forced by a weight of width 0) is the same network. With
 * autapses each neuron counts itself. */
Test(snn_build, all_to_all_as_broadcast_equals_rows_with_and_without_autapses)
{
    for (int autapses = 0; autapses < 2; autapses++) {
        uint64_t hash[2];
        for (int rows = 0; rows < 2; rows++) {
            cali_network n;
            cali_network_start(&n, "loop", 0.1, 1.0);
            n.settings[0] = (cal_snn_setting){"I_e", {CAL_UNIFORM, 380.0, 500.0, 0.0, 0.0}};
            n.populations[0] =
                (cal_snn_population){"P", cal_snn_neuron_find("lif"), 100, n.settings, 1};
            n.def.n_populations = 1;
            n.projections[0] = cal_snn_projection_default(CAL_ALL_TO_ALL);
            n.projections[0].receptor = "excitatory";
            n.projections[0].weight = (cal_distribution){rows ? CAL_NORMAL : CAL_CONSTANT, 2.0, 0, 0, 0};
            n.projections[0].delay_ms.a = 0.7;
            n.projections[0].has_autapses = autapses;
            n.def.n_projections = 1;
            n.def.n_tiles = 3;
            cal_context *ctx = cali_test_context(1);
            cal_snn *snn = NULL;
            cr_assert(eq(int, cal_snn_create(ctx, &n.def, &snn), CAL_OK));
            for (int w = 0; w < 100; w++)
                cr_assert(eq(int, cal_snn_advance(snn), CAL_OK));
            const cal_snn_counts c = cal_snn_get_counts(snn);
            cr_expect(c.n_spikes > 200, "%.0f", (double)c.n_spikes);
            cr_expect(eq(u64, c.n_synapses, autapses ? 10000 : 9900));
            cr_expect(eq(u64, c.n_events, c.n_spikes * (autapses ? 100 : 99)));
            double *v = calloc(100, sizeof *v);
            cal_snn_get_state(snn, 0, "V", v);
            hash[rows] = c.n_spikes; /* quanta differ, so states agree to rounding only */
            for (int i = 0; i < 100; i++)
                hash[rows] += (uint64_t)llround(v[i] * 10.0 + 1000.0);
            free(v);
            cal_snn_destroy(&snn);
            cal_context_destroy(&ctx);
        }
        cr_expect(epsilon_eq(dbl, (double)hash[0], (double)hash[1], 3.0));
    }
}

/* Delays are rounded to steps, half up, and at least one step. */
Test(snn_build, delays_are_rounded_to_steps_and_refused_below_one)
{
    static const double delay_ms[] = {0.1, 0.14, 0.15, 0.26, 12.8};
    static const unsigned steps[] = {1, 1, 2, 3, 128};
    for (int c = 0; c < 5; c++)
        for (int rows = 0; rows < 2; rows++) {
            bed b;
            lay(&b, 1, 1, rows ? CAL_ONE_TO_ONE : CAL_ALL_TO_ALL);
            b.n.projections[0].delay_ms.a = delay_ms[c];
            cr_assert(eq(int, create(&b), CAL_OK));
            spike_all(&b);
            double *v = voltages_after(&b, steps[c]); /* stamped 1, due 1 + steps */
            cr_expect(epsilon_eq(dbl, v[0], 0.0, 1e-9), "delay %g ms", delay_ms[c]);
            free(v);
            v = voltages_after(&b, 1);
            cr_expect(epsilon_eq(dbl, v[0], 1.0, 1e-4), "delay %g ms", delay_ms[c]);
            free(v);
            clear(&b);
        }
    bed b;
    lay(&b, 1, 1, CAL_ALL_TO_ALL);
    b.n.projections[0].delay_ms.a = 0.09;
    cr_expect(eq(int, create(&b), CAL_ERR_ARGUMENT));
    cr_expect(ne(ptr, strstr(cal_context_message(b.ctx), "below the step"), NULL));
    clear(&b);
}

/* A row of 70,000 synapses of 30 delays needs 32-bit cells; few synapses with delays of thousands of steps are pushed, in
 * 8-byte words. */
Test(snn_build, long_rows_and_long_delays_arrive)
{
    bed b;
    lay(&b, 1, 70000, CAL_PAIRWISE_BERNOULLI);
    b.n.def.n_tiles = 1;
    b.n.projections[0].probability = 1.0;
    b.n.projections[0].delay_ms = (cal_distribution){CAL_UNIFORM, 0.1, 3.0, 0.0, 0.0};
    cr_assert(eq(int, create(&b), CAL_OK));
    cr_expect(b.snn->groups[0].is_pulled);
    cr_expect(ne(ptr, b.snn->groups[0].rows[0].inner_32, NULL));
    spike_all(&b);
    double *v = voltages_after(&b, 31);
    for (int i = 0; i < 70000; i++)
        cr_assert(epsilon_eq(dbl, v[i], 1.0, 1e-4), "%d: %g", i, v[i]);
    cr_expect(eq(u64, cal_snn_get_counts(b.snn).n_events, 70000));
    free(v);
    clear(&b);

    lay(&b, 1, 5, CAL_FIXED_IN_DEGREE);
    b.n.projections[0].in_degree = 1;
    b.n.projections[0].weight.a = -0.3;
    b.n.projections[0].delay_ms = (cal_distribution){CAL_UNIFORM, 499.0, 500.0, 0.0, 0.0};
    cr_assert(eq(int, create(&b), CAL_OK));
    cr_expect(eq(int, b.snn->groups[0].is_pulled, 0));
    cr_expect(eq(u32, b.snn->groups[0].word_bytes, 8));
    spike_all(&b);
    v = voltages_after(&b, 5001);
    cr_expect(epsilon_eq(dbl, v[4], -0.3, 1e-4));
    free(v);
    clear(&b);
}

/* Rows are pulled or pushed by how many tiles there are; what arrives is the same, and what was seen on its way. */
Test(snn_build, pulled_and_pushed_rows_carry_the_same)
{
    uint64_t hash[2][20];
    uint64_t events[2];
    for (unsigned i = 0; i < 2; i++) {
        bed b;
        lay(&b, 50, 300, CAL_FIXED_IN_DEGREE);
        b.n.def.n_tiles = i == 0 ? 1 : 7;
        b.n.projections[0].in_degree = 15;
        b.n.projections[0].weight = (cal_distribution){CAL_UNIFORM, -1.0, 2.0, 0.0, 0.0};
        b.n.projections[0].delay_ms = (cal_distribution){CAL_UNIFORM, 0.3, 1.5, 0.0, 0.0};
        cr_assert(eq(int, create(&b), CAL_OK));
        cr_expect(eq(int, b.snn->groups[0].is_pulled, i == 0));
        for (int k = 0; k < 20; k++) {
            spike_all(&b);
            cr_assert(eq(int, cal_snn_advance(b.snn), CAL_OK));
            hash[i][k] = cal_snn_hash(b.snn);
            events[i] = cal_snn_get_counts(b.snn).n_events;
            cr_expect(eq(u64, events[i], 4500 * (uint64_t)(k + 1)));
        }
        clear(&b);
    }
    cr_expect(eq(int, memcmp(hash[0], hash[1], sizeof hash[0]), 0));
}

/* 40 million synapses of one weight: at the coarsest quantum, 64 to 127 per weight, the sum passes 2^31, so
 * the builder refuses and names neuron and receptor. */
Test(snn_build, sums_that_could_overflow_are_refused_by_name)
{
    bed b;
    lay(&b, 40000000, 1, CAL_ALL_TO_ALL);
    cr_expect(eq(int, create(&b), CAL_ERR_UNSUPPORTED));
    cr_expect(ne(ptr, strstr(cal_context_message(b.ctx), "neuron 0"), NULL), "%s",
              cal_context_message(b.ctx));
    cr_expect(ne(ptr, strstr(cal_context_message(b.ctx), "delta"), NULL));
    cr_expect(eq(ptr, b.snn, NULL));
    clear(&b);
}

/* Neurons that spike in every step: lists and records hold them all. */
Test(snn_build, spikes_in_every_step_are_all_kept)
{
    cali_network n;
    cali_network_start(&n, "fast", 0.1, 3.0);
    n.settings[0] = (cal_snn_setting){"I_e", CALI_CONSTANT(1e8)};
    n.settings[1] = (cal_snn_setting){"t_ref", CALI_CONSTANT(0.0)};
    n.populations[0] = (cal_snn_population){"P", cal_snn_neuron_find("lif"), 301, n.settings, 2};
    n.def.n_populations = 1;
    n.def.n_tiles = 3;
    cal_context *ctx = cali_test_context(1);
    cal_snn *snn = NULL;
    cr_assert(eq(int, cal_snn_create(ctx, &n.def, &snn), CAL_OK));
    for (int w = 0; w < 3; w++) {
        cr_assert(eq(int, cal_snn_advance(snn), CAL_OK));
        const cal_snn_spikes s = cal_snn_get_spikes(snn);
        cr_assert(eq(sz, s.n, 30 * 301));
        for (size_t i = 0; i < s.n; i++) {
            cr_assert(eq(u32, s.id[i], (uint32_t)(i % 301)));
            cr_assert(eq(i64, s.time[i], (cal_time)(w * 30 + i / 301 + 1) * 100000));
        }
    }
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
}

Test(snn_build, populations_of_no_and_of_one_neuron_work)
{
    for (uint32_t n = 0; n < 2; n++)
        for (int rule = 0; rule < CAL_N_RULES; rule++) {
            if (rule == CAL_NEAREST) /* needs positions: physics/snn_distance.c */
                continue;
            bed b;
            lay(&b, n, n, (cal_rule)rule);
            b.n.projections[0].in_degree = b.n.projections[0].out_degree = n;
            b.n.projections[0].total = n;
            b.n.projections[0].probability = 1.0;
            const uint32_t zero = 0;
            const cal_snn_list list = {.n = n, .source = &zero, .target = &zero};
            b.n.projections[0].list = &list;
            const bool is_ring = rule == CAL_SMALL_WORLD; /* lies within a population; one neuron has no neighbours */
            if (is_ring)
                b.n.projections[0].from = 0;
            cr_assert(eq(int, create(&b), CAL_OK), "%s", cal_context_message(b.ctx));
            spike_all(&b);
            double *v = voltages_after(&b, 2);
            cr_expect(epsilon_eq(dbl, v[0], is_ring ? 0 : n, 1e-4), "rule %d", rule);
            free(v);
            clear(&b);
        }
}

typedef struct farthest {
    double error; /* of a weight of 19.3 */
    size_t n;
} farthest;

static void look(void *arg, uint32_t source, uint32_t target, double weight, cal_time delay)
{
    farthest *f = arg;
    (void)source;
    (void)target;
    if (delay == 1000000) /* those of the first projection */
        f->error = fmax(f->error, fabs(weight - 19.3));
    f->n += delay == 1000000;
}

/* Rows into a population keep the 15 bits of its own weights, whatever the weights from the same source into another one:
 * there 50 and 1e-3 ask for a shift. Half a step of the finest scale is an error of less than 20 2^-14. */
Test(snn_build, weights_into_one_population_do_not_cost_those_into_another_their_bits)
{
    bed b;
    lay(&b, 50, 40, CAL_FIXED_IN_DEGREE);
    b.n.populations[2] = b.n.populations[0];
    b.n.populations[2].name = "other";
    b.n.def.n_populations = 3;
    for (int i = 0; i < 3; i++) {
        b.n.projections[i] = b.n.projections[0];
        b.n.projections[i].in_degree = 10;
        b.n.projections[i].delay_ms.a = 1.0;
        b.n.projections[i].to = i == 0 ? 0 : 2;
        b.n.projections[i].weight.a = i == 1 ? 50.0 : 1e-3;
    }
    b.n.projections[0].weight = (cal_distribution){CAL_UNIFORM, 19.299, 19.301, 0.0, 0.0};
    b.n.def.n_projections = 3;
    cr_assert(eq(int, create(&b), CAL_OK), "%s", cal_context_message(b.ctx));
    farthest f = {0};
    cal_snn_visit_synapses(b.snn, 1, 0, "delta", look, &f);
    cr_expect(eq(sz, f.n, 400));
    cr_expect(lt(dbl, f.error, 0.001 + 20.0 / 16384.0));
    clear(&b);
}

/* The estimate is taken from the definition alone, within 10 % of what is held afterwards. */
Test(snn_build, the_estimate_agrees_with_the_memory_held)
{
    for (int c = 0; c < 5; c++) {
        cali_network n;
        if (c == 0)
            cali_network_cobab(&n, 10.0);
        else if (c == 1)
            cali_network_qif(&n, 20000, 10.0, 0.05, 1.0, 1);
        else
            cali_network_brunel(&n, 3.0);
        if (c == 3) {
            n.projections[0].rule = CAL_PAIRWISE_BERNOULLI;
            n.projections[0].probability = 0.02;
            n.projections[0].delay_ms = (cal_distribution){CAL_NORMAL, 1.5, 0.75, 0.1, 6.0};
            n.def.n_tiles = 29;
        }
        for (int i = 0; c == 4 && i < 4; i++) {
            n.projections[i].rule = CAL_FIXED_TOTAL;
            n.projections[i].total = 1000000;
        }
        cal_context *ctx = cali_test_context(1);
        cal_snn *snn = NULL;
        double bytes, synapses;
        cr_assert(eq(int, cal_snn_estimate(ctx, &n.def, &bytes, &synapses), CAL_OK));
        cr_assert(eq(int, cal_snn_create(ctx, &n.def, &snn), CAL_OK));
        const cal_snn_counts counts = cal_snn_get_counts(snn);
        cr_expect(fabs(bytes / counts.bytes - 1.0) < 0.1, "case %d: %.4g and %.4g", c, bytes, counts.bytes);
        cr_expect(fabs(synapses / (double)counts.n_synapses - 1.0) < 0.01);
        cal_snn_destroy(&snn);
        n.def.memory_budget_bytes = 0.5 * bytes;
        cr_expect(eq(int, cal_snn_create(ctx, &n.def, &snn), CAL_ERR_MEMORY));
        cr_expect(eq(int, strncmp(cal_context_message(ctx), "E402", 4), 0));
        cal_context_destroy(&ctx);
    }
}

static void expect_refused(bed *b, const char *word)
{
    cr_expect(eq(int, create(b), CAL_ERR_ARGUMENT), "%s", word);
    cr_expect(ne(ptr, strstr(cal_context_message(b->ctx), word), NULL), "%s",
              cal_context_message(b->ctx));
    clear(b);
}

Test(snn_build, mistakes_are_named)
{
    bed b;
    lay(&b, 3, 5, CAL_FIXED_OUT_DEGREE);
    b.n.projections[0].out_degree = 6;
    expect_refused(&b, "out_degree 6 without multapses, but there are only 5 targets");
    lay(&b, 3, 5, CAL_FIXED_TOTAL);
    b.n.projections[0].total = 16;
    expect_refused(&b, "total 16 without multapses, but there are only 15 pairs");
    lay(&b, 3, 0, CAL_FIXED_TOTAL);
    b.n.projections[0].total = 1;
    b.n.projections[0].has_multapses = true;
    expect_refused(&b, "only 0 pairs");
    lay(&b, 3, 5, CAL_SMALL_WORLD);
    expect_refused(&b, "within one population");
    lay(&b, 3, 5, CAL_SMALL_WORLD);
    b.n.projections[0].from = 0;
    b.n.projections[0].n_neighbours = 3;
    expect_refused(&b, "must be even");
    lay(&b, 3, 5, CAL_SMALL_WORLD);
    b.n.projections[0].from = 0;
    b.n.projections[0].n_neighbours = 6;
    expect_refused(&b, "fewer than neurons");
    lay(&b, 3, 3, CAL_ALL_TO_ALL);
    b.n.settings[0].name = "tau_n";
    expect_refused(&b, "Try tau_m");
    lay(&b, 3, 3, CAL_ALL_TO_ALL);
    b.n.projections[0].receptor = "exitatory";
    expect_refused(&b, "Try excitatory");
    lay(&b, 3, 3, CAL_ALL_TO_ALL);
    b.n.settings[3].value.a = -1.0;
    expect_refused(&b, "tau_m of neuron 0 is -1 ms");
    lay(&b, 3, 3, CAL_ALL_TO_ALL);
    b.n.settings[3].value.a = NAN;
    expect_refused(&b, "not a number");
    lay(&b, 3, 3, CAL_FIXED_IN_DEGREE);
    b.n.projections[0].in_degree = 4;
    expect_refused(&b, "without multapses");
    lay(&b, 3, 3, CAL_ALL_TO_ALL);
    b.n.def.dt = 300000;
    b.n.def.window = 1000000;
    expect_refused(&b, "C202");
    lay(&b, 3, 3, CAL_PAIRWISE_BERNOULLI);
    b.n.projections[0].probability = 1.5;
    expect_refused(&b, "0 to 1");
    lay(&b, 3, 3, CAL_ALL_TO_ALL);
    b.n.projections[0].weight = (cal_distribution){CAL_LORENTZIAN, 1.0, 1.0, 0, 0};
    expect_refused(&b, "clip it");
}

/* v' = v^2 + eta with eta tau^-2 dt^2 > 1 would spike every few steps. */
Test(snn_build, a_step_too_long_for_the_fastest_qif_is_refused)
{
    cali_network n;
    cali_network_qif(&n, 10000, 10.0, 1.0, 1.0, 1);
    cal_context *ctx = cali_test_context(1);
    cal_snn *snn = NULL;
    cr_expect(eq(int, cal_snn_create(ctx, &n.def, &snn), CAL_ERR_ARGUMENT));
    cr_expect(ne(ptr, strstr(cal_context_message(ctx), "C202"), NULL), "%s", cal_context_message(ctx));
    cal_context_destroy(&ctx);
}
