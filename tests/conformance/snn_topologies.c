/* Every connection rule keeps the contract: its counts and degrees, no autapses and multapses where they are
 * excluded, every outcome with its probability, and the same synapses for any threads and tiles. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/snn.h"
#include "support/support.h"

/* ---- a network of one projection, and its synapses ------------------------------------------------- */

typedef struct pair {
    uint32_t source, target;
    double weight;
    cal_time delay;
} pair;

typedef struct pairs {
    pair *at;
    size_t n, capacity;
} pairs;

static void keep_pair(void *arg, uint32_t source, uint32_t target, double weight, cal_time delay)
{
    pairs *p = arg;
    if (p->n == p->capacity) {
        p->capacity = 2 * p->capacity + 64;
        p->at = realloc(p->at, p->capacity * sizeof *p->at);
        cr_assert(p->at != NULL);
    }
    p->at[p->n++] = (pair){source, target, weight, delay};
}

static int compare(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    if (x->target != y->target)
        return x->target < y->target ? -1 : 1;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    if (x->delay != y->delay)
        return x->delay < y->delay ? -1 : 1;
    return (x->weight > y->weight) - (x->weight < y->weight);
}

/* 400 neurons on the grid of a torus, other numbers at random on it. */
static cal_snn_space lay(uint32_t n)
{
    return (cal_snn_space){.arrangement = n == 400 ? CAL_GRID : CAL_BOX, .n_dimensions = 2, .extent_mm = {1.0, 1.0},
                           .shape = {20, 20}, .is_periodic = true};
}

/* Sorted by (target, source, delay, weight); freed by the caller. */
static pairs build(const cal_snn_projection *projection, uint32_t n_from, uint32_t n_to, uint64_t seed, unsigned n_tiles,
                   cal_context *ctx)
{
    const cal_neuron *lif = cal_snn_neuron_find("lif");
    const cal_snn_population populations[] = {{.name = "to", .neuron = lif, .n = n_to},
                                              {.name = "from", .neuron = lif, .n = n_from}};
    cal_snn_def def = cal_snn_def_default();
    def.populations = populations;
    def.n_populations = 2;
    const cal_snn_space spaces[] = {lay(n_to), lay(n_from)};
    def.spaces = spaces;
    def.projections = projection;
    def.n_projections = 1;
    def.seed = seed;
    def.n_tiles = n_tiles;
    cal_snn *snn = NULL;
    pairs p = {0};
    cr_assert(eq(int, cal_snn_create(ctx, &def, &snn), CAL_OK), "%s", cal_context_message(ctx));
    cr_assert(eq(int, cal_snn_visit_synapses(snn, projection->from, 0, "delta", keep_pair, &p), CAL_OK));
    cr_expect(eq(u64, cal_snn_get_counts(snn).n_synapses, p.n));
    if (p.n > 0)
        qsort(p.at, p.n, sizeof *p.at, compare);
    cal_snn_destroy(&snn);
    return p;
}

/* ---- the rules ---------------------------------------------------------------------------------------- */

/* Mean and variance of the in-degree and out-degree of a neuron, and whether the total is fixed. */
typedef struct law {
    double in_mean, in_variance, out_mean, out_variance;
} law;

typedef struct rule_case {
    cal_rule rule;
    bool is_within, has_autapses, has_multapses, has_kernel;
} rule_case;

static const rule_case cases[] = {
    {CAL_ALL_TO_ALL, false, true, false, false},        {CAL_ALL_TO_ALL, true, true, false, false},
    {CAL_ALL_TO_ALL, true, false, false, false},        {CAL_ONE_TO_ONE, true, true, false, false},
    {CAL_FIXED_IN_DEGREE, false, false, false, false},  {CAL_FIXED_IN_DEGREE, false, false, true, false},
    {CAL_FIXED_IN_DEGREE, true, false, false, false},   {CAL_FIXED_IN_DEGREE, true, false, true, false},
    {CAL_FIXED_IN_DEGREE, true, true, false, false},    {CAL_FIXED_IN_DEGREE, true, true, true, false},
    {CAL_PAIRWISE_BERNOULLI, false, false, false, false}, {CAL_PAIRWISE_BERNOULLI, true, false, false, false},
    {CAL_PAIRWISE_BERNOULLI, true, true, false, false},
    {CAL_FIXED_OUT_DEGREE, false, false, false, false}, {CAL_FIXED_OUT_DEGREE, false, false, true, false},
    {CAL_FIXED_OUT_DEGREE, true, false, false, false},  {CAL_FIXED_OUT_DEGREE, true, false, true, false},
    {CAL_FIXED_OUT_DEGREE, true, true, false, false},   {CAL_FIXED_OUT_DEGREE, true, true, true, false},
    {CAL_FIXED_TOTAL, false, false, false, false},      {CAL_FIXED_TOTAL, false, false, true, false},
    {CAL_FIXED_TOTAL, true, false, false, false},       {CAL_FIXED_TOTAL, true, false, true, false},
    {CAL_FIXED_TOTAL, true, true, false, false},        {CAL_FIXED_TOTAL, true, true, true, false},
    {CAL_NEAREST, false, false, false, false},   {CAL_NEAREST, true, false, false, false},
    {CAL_NEAREST, true, true, false, false},
    {CAL_PAIRWISE_BERNOULLI, false, false, false, true}, {CAL_PAIRWISE_BERNOULLI, true, false, false, true},
    {CAL_PAIRWISE_BERNOULLI, true, true, false, true},
    {CAL_FIXED_IN_DEGREE, false, false, false, true},  {CAL_FIXED_IN_DEGREE, false, false, true, true},
    {CAL_FIXED_IN_DEGREE, true, false, false, true},   {CAL_FIXED_IN_DEGREE, true, false, true, true},
    {CAL_FIXED_IN_DEGREE, true, true, false, true},    {CAL_FIXED_IN_DEGREE, true, true, true, true},
    {CAL_FIXED_OUT_DEGREE, false, false, false, true}, {CAL_FIXED_OUT_DEGREE, false, false, true, true},
    {CAL_FIXED_OUT_DEGREE, true, false, false, true},  {CAL_FIXED_OUT_DEGREE, true, false, true, true},
    {CAL_FIXED_OUT_DEGREE, true, true, false, true},   {CAL_FIXED_OUT_DEGREE, true, true, true, true},
    {CAL_SMALL_WORLD, true, false, false, false},
};
enum { N_CASES = sizeof cases / sizeof *cases };

#define FOR_EACH_CASE(test)                                                                                            \
    ParameterizedTestParameters(snn_topologies, test)                                                                  \
    {                                                                                                                  \
        static int index[N_CASES];                                                                                     \
        for (int i = 0; i < N_CASES; i++)                                                                              \
            index[i] = i;                                                                                              \
        return cr_make_param_array(int, index, N_CASES);                                                               \
    }                                                                                                                  \
    ParameterizedTest(int *index, snn_topologies, test)

#define SIGMA_MM 0.2
#define WITHIN_MM 0.4

static cal_snn_projection project(const rule_case *c)
{
    cal_snn_projection p = cal_snn_projection_default(c->rule);
    p.from = c->is_within ? 0 : 1;
    p.receptor = "delta";
    p.has_autapses = c->has_autapses;
    p.has_multapses = c->has_multapses;
    p.weight = (cal_distribution){CAL_NORMAL, 1.0, 0.1, 0.0, 0.0};
    p.delay_ms = (cal_distribution){CAL_UNIFORM, 0.5, 2.5, 0.0, 0.0};
    if (c->has_kernel)
        p.kernel = (cal_snn_profile){.kernel = cal_spatial_kernel_find("gaussian"), .params = {1.0, SIGMA_MM}, .within_mm = WITHIN_MM};
    return p;
}

/* Chances (degree 0: of a pair, else shares of so many draws with replacement) of all neurons on the torus around one. */
static law law_by_distance(const rule_case *c, double p, double degree)
{
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < 400; i++) {
        const double x = fmin(i % 20, 20 - i % 20) / 20.0, y = fmin(i / 20, 20 - i / 20) / 20.0, d = sqrt(x * x + y * y);
        const double w = d <= WITHIN_MM * (1.0 + 1e-9) ? exp(-d * d / (2.0 * SIGMA_MM * SIGMA_MM)) : 0.0;
        sum += i > 0 || c->has_autapses ? w : 0.0;
        squares += i > 0 || c->has_autapses ? w * w : 0.0;
    }
    if (!c->is_within) /* the 500 others lie at random: nothing but what is fixed is known */
        return degree > 0.0 ? (law){degree, 0.0, NAN, NAN} : (law){NAN, NAN, NAN, NAN};
    if (degree == 0.0)
        return (law){p * sum, p * sum - p * p * squares, p * sum, p * sum - p * p * squares};
    return (law){degree, 0.0, degree, c->has_multapses ? degree * (1.0 - squares / (sum * sum)) : NAN};
}

static law turned(law l)
{
    return (law){l.out_mean, l.out_variance, l.in_mean, l.in_variance};
}

/* F sources and T targets; `own` pairs less per neuron. Draws of k out of n: variance k p (1 - p) with replacement and
 * for a source that each of many groups takes with chance p alike. */
static law law_of(const rule_case *c, const cal_snn_projection *p, double F, double T)
{
    const double own = c->is_within && !c->has_autapses, f = F - own, t = T - own, K = p->in_degree, O = p->out_degree;
    const double N = (double)p->total, all = f * T;
    if (c->has_kernel)
        return c->rule == CAL_FIXED_IN_DEGREE    ? law_by_distance(c, 1.0, K)
               : c->rule == CAL_FIXED_OUT_DEGREE ? turned(law_by_distance(c, 1.0, O))
                                                 : law_by_distance(c, p->probability, 0.0);
    switch (c->rule) {
    case CAL_ALL_TO_ALL: return (law){f, 0.0, t, 0.0};
    case CAL_NEAREST: return (law){p->n_nearest, 0.0, NAN, NAN};
    case CAL_ONE_TO_ONE: return (law){1.0, 0.0, 1.0, 0.0};
    case CAL_FIXED_IN_DEGREE: /* each of t targets takes the source: k draws of chance 1 / f, or chance k / f */
        return (law){K, 0.0, K * T / F, c->has_multapses ? t * K / f * (1.0 - 1.0 / f) : t * K / f * (1.0 - K / f)};
    case CAL_FIXED_OUT_DEGREE:
        return (law){O * F / T, c->has_multapses ? f * O / t * (1.0 - 1.0 / t) : f * O / t * (1.0 - O / t), O, 0.0};
    case CAL_PAIRWISE_BERNOULLI: {
        const double q = p->probability;
        return (law){f * q, f * q * (1.0 - q), t * q, t * q * (1.0 - q)};
    }
    case CAL_FIXED_TOTAL: {
        const double rest = c->has_multapses ? 1.0 : (all - N) / (all - 1.0);
        return (law){N / T, N / T * (1.0 - 1.0 / T) * rest, N / F, N / F * (1.0 - 1.0 / F) * rest};
    }
    default: { /* k / 2 ends of its own stay, each of the k / 2 others leaves with chance q; T k q / 2 ends arrive */
        const double half = 0.5 * p->n_neighbours, q = p->probability;
        return (law){2.0 * half, half * q * (1.0 - q) + half * q, 2.0 * half, half * q * (1.0 - q) + half * q};
    }
    }
}

/* sum (x - mean)^2 / variance over n independent degrees: n with standard deviation sqrt(2 n), 4.5 of them allowed.
 * Degrees are near to normal here (means of 40 and more). */
static void expect_degrees(const double *degree, uint32_t n, double mean, double variance, const char *what)
{
    double sum = 0.0, squares = 0.0;
    if (isnan(mean))
        return;
    for (uint32_t i = 0; i < n; i++) {
        sum += degree[i];
        squares += (degree[i] - mean) * (degree[i] - mean);
    }
    if (variance == 0.0) {
        cr_expect(squares == 0.0, "%s: squares %g", what, squares);
        return;
    }
    if (isnan(variance)) {
        cr_expect(fabs(sum / n - mean) < 1e-9, "%s: mean %g, expected %g", what, sum / n, mean);
        return;
    }
    cr_expect(fabs(sum / n - mean) <= 4.5 * sqrt(variance / n), "%s: mean %g, expected %g", what, sum / n, mean);
    cr_expect(fabs(squares / variance - n) < 4.5 * sqrt(2.0 * n) + 1.0, "%s: variance %g, expected %g", what, squares / n,
              variance);
}

static void set_size(cal_snn_projection *p, double n)
{
    p->in_degree = 50;
    p->out_degree = 60;
    p->total = (uint64_t)(0.15 * n * n);
    p->probability = p->rule == CAL_SMALL_WORLD ? 0.3 : p->kernel.kernel != NULL ? 0.6 : 0.12;
    p->n_nearest = 45;
    p->n_neighbours = 80;
}

FOR_EACH_CASE(counts_and_degrees_follow_their_law)
{
    const rule_case *c = &cases[*index];
    const uint32_t n_to = 400, n_from = c->is_within ? 400 : 500;
    cal_context *ctx = cali_test_context(2);
    cal_snn_projection p = project(c);
    set_size(&p, 400.0);
    const pairs got = build(&p, n_from, n_to, 11, 3, ctx);
    double in[400] = {0}, out[500] = {0};
    for (size_t i = 0; i < got.n; i++) {
        in[got.at[i].target] += 1.0;
        out[got.at[i].source] += 1.0;
        if (c->is_within && !c->has_autapses)
            cr_assert(got.at[i].source != got.at[i].target);
        const bool is_repeated = i > 0 && got.at[i].source == got.at[i - 1].source &&
                                 got.at[i].target == got.at[i - 1].target;
        cr_assert(c->has_multapses || !is_repeated);
    }
    const law l = law_of(c, &p, n_from, n_to);
    expect_degrees(in, n_to, l.in_mean, l.in_variance, "in-degree");
    expect_degrees(out, n_from, l.out_mean, l.out_variance, "out-degree");
    if (c->rule == CAL_FIXED_TOTAL)
        cr_expect(eq(u64, got.n, p.total));
    free(got.at);
    cal_context_destroy(&ctx);
}

FOR_EACH_CASE(is_the_same_for_any_threads_and_tiles_and_another_for_another_seed)
{
    const rule_case *c = &cases[*index];
    cal_snn_projection p = project(c);
    set_size(&p, 301.0);
    cal_context *ctx = cali_test_context(1);
    const pairs first = build(&p, c->is_within ? 301 : 350, 301, 1, 1, ctx);
    cal_context_destroy(&ctx);
    static const unsigned threads[] = {2, 7, 3, 1}, tiles[] = {1, 5, 64, 3};
    for (int i = 0; i < 4; i++) {
        ctx = cali_test_context(threads[i]);
        const pairs other = build(&p, c->is_within ? 301 : 350, 301, i == 3 ? 2 : 1, tiles[i], ctx);
        const bool is_same = other.n == first.n && memcmp(first.at, other.at, first.n * sizeof *first.at) == 0;
        cr_expect(is_same == (i < 3), "variant %d", i);
        free(other.at);
        cal_context_destroy(&ctx);
    }
    free(first.at);
}

/* ---- the joint distribution of all synapses, for three neurons ------------------------------------------ */

/* All orders of drawing are equally likely: each of `n_groups` draws `k` times among its cells (numbers of pairs), with
 * or without repetition. An outcome is the number of synapses of each of nine pairs, as digits to base 4. */
typedef struct urns {
    uint32_t cell[3][9];
    int n_groups, n_cells, k;
    bool has_repeats;
} urns;

enum { N_OUTCOMES = 262144 }; /* 4^9 */

static double enumerate(const urns *u, int group, int drawn, uint32_t code, unsigned taken, double *weight)
{
    if (group == u->n_groups) {
        weight[code] += 1.0;
        return 1.0;
    }
    if (drawn == u->k)
        return enumerate(u, group + 1, 0, code, 0, weight);
    double n = 0.0;
    for (int i = 0; i < u->n_cells; i++)
        if (u->has_repeats || !(taken >> i & 1u))
            n += enumerate(u, group, drawn + 1, code + (1u << (2 * u->cell[group][i])), taken | 1u << i, weight);
    return n;
}

static urns urns_of(const rule_case *c, cal_snn_projection *p)
{
    urns u = {.n_groups = c->rule == CAL_FIXED_TOTAL ? 1 : 3, .has_repeats = c->has_multapses};
    const bool has_gap = c->is_within && !c->has_autapses;
    for (uint32_t target = 0; target < 3; target++)
        for (uint32_t source = 0; source < 3; source++) {
            const uint32_t group = c->rule == CAL_FIXED_TOTAL ? 0 : c->rule == CAL_FIXED_IN_DEGREE ? target : source;
            int i = 0;
            while (!(has_gap && source == target) && i < 9 && u.cell[group][i] != 0)
                i++;
            if (!(has_gap && source == target))
                u.cell[group][i] = 3 * target + source + 1; /* one more: 0 means empty */
        }
    while (u.n_cells < 9 && u.cell[0][u.n_cells] != 0)
        u.n_cells++;
    for (int g = 0; g < u.n_groups; g++)
        for (int i = 0; i < u.n_cells; i++)
            u.cell[g][i]--;
    u.k = c->rule == CAL_FIXED_TOTAL ? 3 : u.n_cells == 2 && !u.has_repeats ? 1 : 2;
    p->in_degree = p->out_degree = (uint32_t)u.k;
    p->total = (uint64_t)u.k;
    return u;
}

FOR_EACH_CASE(draws_every_outcome_with_its_probability)
{
    enum { SEEDS = 5000 };
    const rule_case *c = &cases[*index];
    if (c->has_kernel || (c->rule != CAL_FIXED_IN_DEGREE && c->rule != CAL_FIXED_OUT_DEGREE && c->rule != CAL_FIXED_TOTAL))
        return;
    cal_snn_projection p = project(c);
    const urns u = urns_of(c, &p);
    double *weight = calloc(N_OUTCOMES, sizeof *weight), *seen = calloc(N_OUTCOMES, sizeof *seen);
    const double n = enumerate(&u, 0, 0, 0, 0, weight);
    cal_context *ctx = cali_test_context(1);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        const pairs got = build(&p, 3, 3, seed, 2, ctx);
        uint32_t code = 0;
        for (size_t i = 0; i < got.n; i++)
            code += 1u << (2 * (3 * got.at[i].target + got.at[i].source));
        seen[code] += 1.0;
        free(got.at);
    }
    double statistic = 0.0, freedom = -1.0;
    for (uint32_t code = 0; code < N_OUTCOMES; code++) {
        const double expected = SEEDS * weight[code] / n;
        cr_expect(expected > 0.0 || seen[code] == 0.0, "impossible outcome %x", code);
        if (expected > 0.0) {
            statistic += (seen[code] - expected) * (seen[code] - expected) / expected;
            freedom += 1.0;
        }
    }
    cr_assert(freedom >= 7.0);
    cr_expect(fabs(statistic - freedom) < 4.5 * sqrt(2.0 * freedom), "chi-square %g with %g degrees", statistic, freedom);
    free(weight);
    free(seen);
    cal_context_destroy(&ctx);
}

/* ---- small world ------------------------------------------------------------------------------------------- */

/* Without rewiring the ring; with chance 1 no more than by chance of the n - 1 others are neighbours still; always as
 * many synapses each way. */
Test(snn_topologies, a_small_world_lies_between_ring_and_random_graph)
{
    static const double chances[] = {0.0, 0.2, 1.0};
    enum { N = 600, K = 10 };
    for (int c = 0; c < 3; c++) {
        cal_snn_projection p = project(&cases[N_CASES - 1]);
        p.n_neighbours = K;
        p.probability = chances[c];
        cal_context *ctx = cali_test_context(2);
        const pairs got = build(&p, N, N, 3, 3, ctx);
        static uint8_t has[N][N];
        memset(has, 0, sizeof has);
        cr_expect(eq(sz, got.n, N * K));
        for (size_t i = 0; i < got.n; i++)
            has[got.at[i].target][got.at[i].source] = 1;
        double near = 0.0;
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                cr_assert(has[i][j] == has[j][i]);
                const int apart = (i - j + N) % N;
                near += has[i][j] && (apart <= K / 2 || apart >= N - K / 2);
            }
        /* of N K / 2 edges each stays with chance 1 - p, or comes back by chance: K of N */
        const double edges = 0.5 * N * K, q = 1.0 - chances[c] * (1.0 - (double)K / N);
        cr_expect(fabs(0.5 * near - edges * q) <= 4.5 * sqrt(edges * q * (1.0 - q)) + 0.005 * edges * (c > 0),
                  "%g of %g", 0.5 * near, edges * q);
        free(got.at);
        cal_context_destroy(&ctx);
    }
}
