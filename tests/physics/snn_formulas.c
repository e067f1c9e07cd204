/* Connections by a formula of the way against theory: each pair is drawn with the chance that the formula gives its own way, in
 * either direction and around a torus, weights and delays are what the formulas say, and one seed gives one network. The ways
 * and the formulas are computed here again, in plain C. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/snn.h"
#include "support/support.h"

enum { N_FROM = 500, N_TO = 450 };

typedef struct synapse {
    uint32_t source, target;
    double weight, delay_ms;
} synapse;

typedef struct net {
    cal_context *ctx;
    cal_snn *snn;
    double from[N_FROM][3], to[N_TO][3]; /* unused axes are 0 */
    cal_snn_space space;
    synapse *synapses;
    size_t n;
} net;

static void keep(void *arg, uint32_t source, uint32_t target, double weight, cal_time delay)
{
    net *b = arg;
    if (b->n % 4096 == 0)
        b->synapses = realloc(b->synapses, (b->n + 4096) * sizeof *b->synapses);
    cr_assert(b->synapses != NULL, "no memory");
    b->synapses[b->n++] = (synapse){source, target, weight, cal_time_ms(delay)};
}

static cal_spatial_formula *formula_of(cal_context *ctx, const char *text, const char *unit)
{
    cal_spatial_formula *f = NULL;
    cr_assert(cal_spatial_formula_create(ctx, text, unit, &f) == CAL_OK, "%s", cal_context_message(ctx));
    return f;
}

static cal_status try(net *b, const cal_snn_projection *p, uint64_t seed)
{
    const cal_neuron *lif = cal_snn_neuron_find("lif");
    const cal_snn_population populations[] = {{.name = "to", .neuron = lif, .n = N_TO}, {.name = "from", .neuron = lif, .n = N_FROM}};
    const cal_snn_space spaces[] = {b->space, b->space};
    cal_snn_def def = cal_snn_def_default();
    def.populations = populations;
    def.n_populations = 2;
    def.spaces = spaces;
    def.projections = p;
    def.n_projections = 1;
    def.seed = seed;
    return cal_snn_create(b->ctx, &def, &b->snn);
}

static void build(net *b, const cal_snn_projection *p, uint64_t seed)
{
    unsigned d;
    cr_assert(try(b, p, seed) == CAL_OK, "%s", cal_context_message(b->ctx));
    const double *to = cal_snn_get_positions(b->snn, 0, &d), *from = cal_snn_get_positions(b->snn, 1, &d);
    for (size_t i = 0; i < N_TO * (size_t)d; i++)
        b->to[i / d][i % d] = to[i];
    for (size_t i = 0; i < N_FROM * (size_t)d; i++)
        b->from[i / d][i % d] = from[i];
    cr_assert(cal_snn_visit_synapses(b->snn, 1, 0, "delta", keep, b) == CAL_OK);
}

static void clear(net *b)
{
    free(b->synapses);
    cal_snn_destroy(&b->snn);
    cal_context_destroy(&b->ctx);
}

static net begin(unsigned d, bool is_periodic, unsigned n_threads)
{
    return (net){.ctx = cali_test_context(n_threads),
                 .space = {.arrangement = CAL_BOX, .n_dimensions = d, .extent_mm = {1.0, 1.3, 0.8}, .is_periodic = is_periodic}};
}

/* From the source to the target, the shorter way round. */
static double way(const net *b, uint32_t source, uint32_t target, double w[3])
{
    double squares = 0.0;
    for (int k = 0; k < 3; k++) {
        w[k] = b->to[target][k] - b->from[source][k];
        if (b->space.is_periodic && k < (int)b->space.n_dimensions)
            w[k] -= b->space.extent_mm[k] * rint(w[k] / b->space.extent_mm[k]);
        squares += w[k] * w[k];
    }
    return sqrt(squares);
}

static cal_snn_projection project(cal_rule rule)
{
    cal_snn_projection p = cal_snn_projection_default(rule);
    p.from = 1;
    p.receptor = "delta";
    p.probability = 1.0;
    p.weight = (cal_distribution){.kind = CAL_CONSTANT, .a = 1.0};
    return p;
}

/* ---- each pair by chance ------------------------------------------------------------------------------ */

static double two_scales(double d, const double *w) { (void)w; return 0.3 * exp(-d / 0.15) + (d < 0.05 ? 0.6 : 0.0); }
static double ring(double d, const double *w) { (void)w; return 0.8 * exp(-(d - 0.3) * (d - 0.3) / (2 * 0.05 * 0.05)); }
static double downstream(double d, const double *w) { return w[0] > 0.0 ? 0.9 * exp(-d / 0.2) : 0.05 * (d < 0.3); }
static double stripes(double d, const double *w) { return 0.25 * (1 + cos(w[0] / 0.05)) * exp(-d / 0.3); }
static double squares(double d, const double *w) { (void)w; return 0.5 / (1 + pow(d / 0.1, 2.5)); }

static const struct {
    const char *text;
    double (*chance)(double d, const double *w);
} formulas[] = {
    {"0.3 * exp(-d / (150 um)) + (d < 50 um) * 0.6", two_scales},
    {"0.8 * exp(-(d - 0.3 mm)^2 / (2 * (50 um)^2))", ring},
    {"where(dx > 0 um, 0.9 * exp(-d / (0.2 mm)), (d < 0.3 mm) * 0.05)", downstream},
    {"0.25 * (1 + cos(dx / (50 um))) * exp(-d / (0.3 mm))", stripes},
    {"0.5 / (1 + (d / (0.1 mm))^2.5)", squares},
};
enum { N_FORMULAS = sizeof formulas / sizeof *formulas, N_SHAPES = 6 };

ParameterizedTestParameters(snn_formulas, pairs_have_the_chance_of_their_way)
{
    static int index[N_FORMULAS * N_SHAPES];
    for (int i = 0; i < N_FORMULAS * N_SHAPES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_FORMULAS * N_SHAPES);
}

/* Synapses by their dx, in 24 bins, and by their d: each sum is Poisson-binomial. 4 standard deviations are allowed. */
ParameterizedTest(int *index, snn_formulas, pairs_have_the_chance_of_their_way)
{
    enum { N_BINS = 24 };
    const int f = *index / N_SHAPES, shape = *index % N_SHAPES;
    net b = begin(1 + (unsigned)shape % 3, shape >= 3, 2);
    static uint8_t has[N_TO][N_FROM];
    double seen[2][N_BINS] = {{0}}, mean[2][N_BINS] = {{0}}, variance[2][N_BINS] = {{0}};
    cal_snn_projection p = project(CAL_PAIRWISE_BERNOULLI);
    cal_spatial_formula *formula = formula_of(b.ctx, formulas[f].text, "1");
    int n_bins = 0;
    p.kernel.formula = formula;
    build(&b, &p, 3);
    memset(has, 0, sizeof has);
    for (size_t i = 0; i < b.n; i++) {
        cr_assert(has[b.synapses[i].target][b.synapses[i].source] == 0, "a pair is drawn twice");
        has[b.synapses[i].target][b.synapses[i].source] = 1;
    }
    for (uint32_t t = 0; t < N_TO; t++)
        for (uint32_t s = 0; s < N_FROM; s++) {
            double w[3];
            const double d = way(&b, s, t, w), chance = formulas[f].chance(d, w);
            const int bins[] = {(int)fmin(fmax((w[0] + 1.0) * N_BINS / 2.0, 0.0), N_BINS - 1), (int)fmin(d * N_BINS / 1.2, N_BINS - 1)};
            cr_assert(chance > 0.0 || !has[t][s], "a pair at %g mm has chance 0", d);
            for (int k = 0; k < 2; k++) {
                seen[k][bins[k]] += has[t][s];
                mean[k][bins[k]] += chance;
                variance[k][bins[k]] += chance * (1.0 - chance);
            }
        }
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < N_BINS; i++) {
            n_bins += variance[k][i] >= 20.0;
            cr_expect(variance[k][i] < 20.0 || fabs(seen[k][i] - mean[k][i]) < 4.0 * sqrt(variance[k][i]), "%s, bin %d of %c: %g, expected %g",
                      formulas[f].text, i, k == 0 ? 'x' : 'd', seen[k][i], mean[k][i]);
        }
    cr_expect(n_bins >= 6);
    clear(&b);
    cal_spatial_formula_destroy(&formula);
}

/* All ways lead to the right, whoever looks for partners. */
Test(snn_formulas, ways_lead_from_the_source_to_the_target)
{
    static const cal_rule rules[] = {CAL_PAIRWISE_BERNOULLI, CAL_FIXED_IN_DEGREE, CAL_FIXED_OUT_DEGREE};
    for (int is_periodic = 0; is_periodic < 2; is_periodic++)
        for (int r = 0; r < (is_periodic ? 3 : 1); r++) { /* in a corner of an open box there is nobody to the left */
            net b = begin(2, is_periodic, 2);
            cal_snn_projection p = project(rules[r]);
            cal_spatial_formula *formula = formula_of(b.ctx, "(dx > -0.2 mm and dx < 0.2 mm and dy > 0.1 mm) * 0.5 + (dx > 0.3 mm) * 0.1", "1");
            p.in_degree = p.out_degree = 5;
            p.has_multapses = true;
            p.kernel.formula = formula;
            build(&b, &p, 5);
            cr_assert(gt(sz, b.n, 2000));
            for (size_t i = 0; i < b.n; i++) {
                double w[3];
                way(&b, b.synapses[i].source, b.synapses[i].target, w);
                const bool is_right = (fabs(w[0]) < 0.2 && w[1] > 0.1) || w[0] > 0.3;
                cr_assert(is_right, "a way of %g mm, %g mm by rule %d", w[0], w[1], r);
            }
            clear(&b);
            cal_spatial_formula_destroy(&formula);
        }
}

/* A formula of an exponential is the kernel of that name: the same shares, drawn one by one (chi-square as in snn_distance). */
Test(snn_formulas, degrees_are_drawn_in_proportion)
{
    enum { SEEDS = 20, K = 60 };
    static double seen[N_TO], mean[N_TO];
    double statistic = 0.0, freedom = 0.0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        net b = begin(2, true, 1);
        cal_snn_projection p = project(CAL_FIXED_OUT_DEGREE);
        cal_spatial_formula *formula = formula_of(b.ctx, "exp(-d / (0.2 mm)) * (1 + sign(dx))", "1");
        p.out_degree = K;
        p.has_multapses = true;
        p.kernel.formula = formula;
        build(&b, &p, seed);
        cr_assert(eq(sz, b.n, (size_t)N_FROM * K));
        for (size_t i = 0; i < b.n; i++)
            seen[b.synapses[i].target] += 1.0;
        for (uint32_t s = 0; s < N_FROM; s++) {
            double w[3], share[N_TO], sum = 0.0;
            for (uint32_t t = 0; t < N_TO; t++) {
                const double d = way(&b, s, t, w);
                sum += share[t] = w[0] > 0.0 ? exp(-d / 0.2) : 0.0;
            }
            for (uint32_t t = 0; t < N_TO; t++)
                mean[t] += K * share[t] / sum;
        }
        clear(&b);
        cal_spatial_formula_destroy(&formula);
    }
    for (int t = 0; t < N_TO; t++) {
        statistic += (seen[t] - mean[t]) * (seen[t] - mean[t]) / mean[t];
        freedom += 1.0;
    }
    /* each share is small, so the count of a target is near to Poisson */
    cr_expect(fabs(statistic - freedom) < 4.0 * sqrt(2.0 * freedom), "chi-square %g with %g degrees", statistic, freedom);
}

/* ---- weights and delays --------------------------------------------------------------------------------- */

/* Weights within a quantum of 2^-14 or so, delays rounded to steps of 0.1 ms, at least one. */
Test(snn_formulas, weights_and_delays_are_those_of_the_formulas)
{
    net b = begin(3, false, 2);
    cal_snn_projection p = project(CAL_FIXED_IN_DEGREE);
    cal_spatial_formula *weight = formula_of(b.ctx, "2 * exp(-d / (0.3 mm)) - 0.5 * (dz > 0.1 mm)", "1");
    cal_spatial_formula *delay = formula_of(b.ctx, "0.02 ms + d / (0.2 m/s) + 1 ms * (dx < 0 mm)", "ms");
    p.in_degree = 40;
    p.weight_profile.formula = weight;
    p.delay_ms = (cal_distribution){.kind = CAL_CONSTANT, .a = 0.0};
    p.delay_formula = delay;
    build(&b, &p, 4);
    cr_assert(eq(sz, b.n, N_TO * 40));
    size_t n_below = 0;
    for (size_t i = 0; i < b.n; i++) {
        double w[3];
        const synapse *s = &b.synapses[i];
        const double d = way(&b, s->source, s->target, w);
        const double expected = 2.0 * exp(-d / 0.3) - (w[2] > 0.1 ? 0.5 : 0.0), expected_ms = 0.02 + d / 0.2 + (w[0] < 0.0 ? 1.0 : 0.0);
        cr_assert(fabs(s->weight - expected) < 1e-3, "weight %g at %g mm", s->weight, d);
        cr_assert(fabs(s->delay_ms - fmax(expected_ms, 0.1)) < 0.0501, "delay %g ms at %g mm", s->delay_ms, d);
        n_below += s->weight < 0.0;
    }
    cr_expect(n_below > 100 && n_below < b.n / 2);
    clear(&b);
    cal_spatial_formula_destroy(&weight);
    cal_spatial_formula_destroy(&delay);
}

/* The same synapses, weights and delays whatever the threads; another seed gives others. */
Test(snn_formulas, one_seed_is_one_network)
{
    static const unsigned threads[] = {1, 2, 3, 7, 2};
    uint64_t hash[5];
    for (int i = 0; i < 5; i++) {
        net b = begin(2, true, threads[i]);
        cal_snn_projection p = project(CAL_PAIRWISE_BERNOULLI);
        cal_spatial_formula *chance = formula_of(b.ctx, formulas[0].text, "1"), *weight = formula_of(b.ctx, "1 / (1 + dx^2 / (1 mm)^2)", "1");
        cal_spatial_formula *delay = formula_of(b.ctx, "1 ms + 3 ms * sqrt(d / (1 mm))", "ms");
        p.kernel.formula = chance;
        p.weight = (cal_distribution){.kind = CAL_NORMAL, .a = 1.0, .b = 0.1};
        p.weight_profile.formula = weight;
        p.delay_ms = (cal_distribution){.kind = CAL_CONSTANT, .a = 0.0};
        p.delay_formula = delay;
        build(&b, &p, i == 4 ? 8 : 7);
        cr_assert(gt(sz, b.n, 5000));
        hash[i] = 0; /* of a set: tiles order synapses as they like */
        for (size_t k = 0; k < b.n; k++) {
            uint64_t h = b.synapses[k].source * UINT64_C(0x9e3779b97f4a7c15) + b.synapses[k].target, bits;
            memcpy(&bits, &b.synapses[k].weight, sizeof bits);
            h = (h ^ bits) * UINT64_C(0xbf58476d1ce4e5b9);
            h = (h ^ h >> 31 ^ (uint64_t)(b.synapses[k].delay_ms * 1e6 + 0.5)) * UINT64_C(0x94d049bb133111eb);
            hash[i] += h ^ h >> 29;
        }
        cr_expect(i == 4 ? hash[i] != hash[0] : hash[i] == hash[0], "%u threads", threads[i]);
        clear(&b);
        cal_spatial_formula_destroy(&chance);
        cal_spatial_formula_destroy(&weight);
        cal_spatial_formula_destroy(&delay);
    }
}

/* ---- what cannot be --------------------------------------------------------------------------------------- */

static const struct {
    const char *kernel, *weight, *delay;
    cal_rule rule;
    const char *message;
} mistakes[] = {
    {"1.5 * exp(-d / (0.1 mm))", NULL, NULL, CAL_PAIRWISE_BERNOULLI, "the probability is 1.5 at d = 0 um, allowed are 0 to 1"},
    {"0.9 - d / (1 mm)", NULL, NULL, CAL_PAIRWISE_BERNOULLI, "allowed are 0 to 1"},
    {"0.5 + dx / (1 mm)", NULL, NULL, CAL_PAIRWISE_BERNOULLI, "at dx = "},
    {"50 um / d", NULL, NULL, CAL_PAIRWISE_BERNOULLI, "the probability is infinite at d = 0 um; a formula gives a number everywhere"},
    {"sqrt(0.1 - d / (1 mm))", NULL, NULL, CAL_FIXED_IN_DEGREE, "the kernel is no number at d = "},
    {"(dz > 0 mm) * 0.5", NULL, NULL, CAL_PAIRWISE_BERNOULLI, "asks for dz, but the neurons lie in 2 dimensions"},
    {"0 * d / (1 mm)", NULL, NULL, CAL_FIXED_OUT_DEGREE, "the kernel is nowhere above 0"},
    {"exp(-d / (1 mm))", NULL, NULL, CAL_ALL_TO_ALL, "not the rule all-to-all"},
    {NULL, "log(d / (1 mm))", NULL, CAL_ALL_TO_ALL, "the weight's formula is infinite at d = 0 um"},
    {NULL, NULL, "1 ms - d / (0.5 mm/ms)", CAL_ALL_TO_ALL, "the delay in ms is -"},
    {NULL, NULL, "exp(d / (1 um)) * 1 ms", CAL_ALL_TO_ALL, "at most 1,048,575 steps"},
};
enum { N_MISTAKES = sizeof mistakes / sizeof *mistakes };

Test(snn_formulas, what_cannot_be_is_refused)
{
    for (int i = 0; i < N_MISTAKES; i++) {
        net b = begin(2, false, 1);
        cal_snn_projection p = project(mistakes[i].rule);
        cal_spatial_formula *f[3] = {NULL, NULL, NULL};
        p.in_degree = p.out_degree = 5;
        p.kernel.formula = f[0] = mistakes[i].kernel == NULL ? NULL : formula_of(b.ctx, mistakes[i].kernel, "1");
        p.weight_profile.formula = f[1] = mistakes[i].weight == NULL ? NULL : formula_of(b.ctx, mistakes[i].weight, "1");
        p.delay_formula = f[2] = mistakes[i].delay == NULL ? NULL : formula_of(b.ctx, mistakes[i].delay, "ms");
        cr_expect(try(&b, &p, 1) == CAL_ERR_ARGUMENT, "%d", i);
        cr_expect(strstr(cal_context_message(b.ctx), mistakes[i].message) != NULL, "%s", cal_context_message(b.ctx));
        clear(&b);
        for (int k = 0; k < 3; k++)
            cal_spatial_formula_destroy(&f[k]);
    }
}

/* At a conductance a negative weight is refused, as one without a formula is. */
Test(snn_formulas, a_conductance_has_no_sign)
{
    cal_context *ctx = cali_test_context(1);
    const cal_snn_population population = {.name = "E", .neuron = cal_snn_neuron_find("lif-cond"), .n = 50};
    const cal_snn_space space = {.arrangement = CAL_GRID, .n_dimensions = 1, .extent_mm = {1.0}, .shape = {50}};
    cal_spatial_formula *formula = formula_of(ctx, "0.2 - d / (1 mm)", "1");
    cal_snn_projection p = project(CAL_ALL_TO_ALL);
    p.from = 0;
    p.receptor = "excitatory";
    p.weight_profile.formula = formula;
    cal_snn_def def = cal_snn_def_default();
    cal_snn *snn = NULL;
    def.populations = &population;
    def.spaces = &space;
    def.projections = &p;
    def.n_populations = def.n_projections = 1;
    cr_assert(population.neuron != NULL);
    cr_expect(cal_snn_create(ctx, &def, &snn) == CAL_ERR_ARGUMENT);
    cr_expect(strstr(cal_context_message(ctx), "is a modulus and must be >= 0") != NULL, "%s", cal_context_message(ctx));
    cal_spatial_formula_destroy(&formula);
    cal_context_destroy(&ctx);
}
