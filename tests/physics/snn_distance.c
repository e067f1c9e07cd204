/* Connections by distance against theory: each pair is drawn with the chance of its own distance, partners of fixed degrees in
 * proportion to the kernel, the nearest are the nearest, weights and delays are those of the formulas. Distances are computed
 * here from the positions, independently of the engine. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/snn.h"
#include "support/support.h"

typedef struct pair {
    uint32_t source, target;
    double weight;
    cal_time delay;
} pair;

typedef struct net {
    cal_context *ctx;
    cal_snn *snn;
    const double *from, *to;
    unsigned d;
    bool is_periodic;
    double extent[3];
    pair *pairs;
    size_t n, capacity;
    uint32_t n_from, n_to;
} net;

static void keep(void *arg, uint32_t source, uint32_t target, double weight, cal_time delay)
{
    net *b = arg;
    if (b->n == b->capacity) {
        b->capacity = 2 * b->capacity + 1024;
        b->pairs = realloc(b->pairs, b->capacity * sizeof *b->pairs);
        cr_assert(b->pairs != NULL, "no memory");
    }
    b->pairs[b->n++] = (pair){source, target, weight, delay};
}

/* Sources are population 1, or, where the projection says so, population 0. */
static net build(const cal_snn_projection *projection, const cal_snn_space *to, uint32_t n_to, const cal_snn_space *from,
                 uint32_t n_from, uint64_t seed)
{
    net b = {.ctx = cali_test_context(2), .d = to->n_dimensions, .is_periodic = to->is_periodic, .n_from = n_from, .n_to = n_to};
    const cal_neuron *lif = cal_snn_neuron_find("lif");
    const cal_snn_population populations[] = {{.name = "to", .neuron = lif, .n = n_to}, {.name = "from", .neuron = lif, .n = n_from}};
    const cal_snn_space spaces[] = {*to, projection->from == 0 ? (cal_snn_space){.n_dimensions = 0} : *from};
    cal_snn_def def = cal_snn_def_default();
    unsigned d;
    def.populations = populations;
    def.n_populations = 2;
    def.spaces = spaces;
    def.projections = projection;
    def.n_projections = 1;
    def.seed = seed;
    memcpy(b.extent, to->extent_mm, sizeof b.extent);
    cr_assert(eq(int, cal_snn_create(b.ctx, &def, &b.snn), CAL_OK), "%s", cal_context_message(b.ctx));
    b.to = cal_snn_get_positions(b.snn, 0, &d);
    b.from = cal_snn_get_positions(b.snn, projection->from, &d);
    cr_assert(eq(int, cal_snn_visit_synapses(b.snn, projection->from, 0, "delta", keep, &b), CAL_OK));
    return b;
}

static void clear(net *b)
{
    free(b->pairs);
    cal_snn_destroy(&b->snn);
    cal_context_destroy(&b->ctx);
}

static double along(const net *b, uint32_t source, uint32_t target, unsigned axis)
{
    double x = fabs(b->from[source * b->d + axis] - b->to[target * b->d + axis]);
    return b->is_periodic ? fmin(x, b->extent[axis] - x) : x;
}

static double distance(const net *b, uint32_t source, uint32_t target)
{
    double squares = 0.0;
    for (unsigned k = 0; k < b->d; k++)
        squares += along(b, source, target, k) * along(b, source, target, k);
    return sqrt(squares);
}

static cal_snn_projection project(cal_rule rule)
{
    cal_snn_projection p = cal_snn_projection_default(rule);
    p.from = 1;
    p.receptor = "delta";
    p.weight = (cal_distribution){.kind = CAL_CONSTANT, .a = 1.0};
    return p;
}

/* ---- each pair by chance --------------------------------------------------------------------------- */

static const struct {
    const char *name;
    double params[CAL_SPATIAL_KERNEL_MAX_PARAMS];
    double within;
} kernels[] = {{"gaussian", {1.0, 0.15}, 0.0},      {"gaussian", {1.0, 0.3}, 0.45},        {"exponential", {1.0, 0.08}, 0.0},
               {"linear", {0.8, 0.4}, 0.0},         {"double-gaussian", {1.4, 0.2, 0.6, 0.1}, 0.0},
               {"gamma", {0.9, 4.0, 0.06}, 0.0},    {"sigmoid", {0.7, 0.3, 0.05}, 0.0},     {"constant", {0.5}, 0.2},
               {"gaussian", {0.5, 20.0}, 0.0}};
enum { N_KERNELS = sizeof kernels / sizeof *kernels, N_SHAPES = 6 }; /* 1, 2, 3 dimensions, open and periodic */

ParameterizedTestParameters(snn_distance, pairs_have_the_chance_of_their_distance)
{
    static int index[N_KERNELS * N_SHAPES];
    for (int i = 0; i < N_KERNELS * N_SHAPES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_KERNELS * N_SHAPES);
}

/* Synapses by distance, in 24 bins: their sum is Poisson-binomial, so sum (seen - mean)^2 / variance is near to chi-square
 * where a bin holds 20 and more; a standard deviation of sqrt(2 n), of which 4 are allowed, and 4 for each single bin. */
ParameterizedTest(int *index, snn_distance, pairs_have_the_chance_of_their_distance)
{
    enum { N_FROM = 700, N_TO = 600, N_BINS = 24 };
    const int k = *index / N_SHAPES, shape = *index % N_SHAPES;
    const cal_spatial_kernel *kernel = cal_spatial_kernel_find(kernels[k].name);
    const unsigned d = 1 + (unsigned)shape % 3;
    cal_snn_space to = {.arrangement = CAL_BOX, .n_dimensions = d, .extent_mm = {1.0, 1.3, 0.8}, .is_periodic = shape >= 3};
    cal_snn_space from = to;
    if (shape < 3) { /* another box, that sticks out */
        from.center_mm[0] = 0.3;
        from.extent_mm[1 % d] = 0.9;
    }
    cal_snn_projection p = project(CAL_PAIRWISE_BERNOULLI);
    p.probability = 0.9;
    p.kernel = (cal_snn_profile){.kernel = kernel, .within_mm = kernels[k].within};
    memcpy(p.kernel.params, kernels[k].params, sizeof p.kernel.params);
    net b = build(&p, &to, N_TO, &from, N_FROM, 3);
    double seen[N_BINS] = {0}, mean[N_BINS] = {0}, variance[N_BINS] = {0}, statistic = 0.0, total = 0.0;
    static uint8_t has[N_TO][N_FROM];
    int n_bins = 0;
    memset(has, 0, sizeof has);
    for (size_t i = 0; i < b.n; i++) {
        cr_assert(has[b.pairs[i].target][b.pairs[i].source] == 0, "a pair is drawn twice");
        has[b.pairs[i].target][b.pairs[i].source] = 1;
    }
    for (uint32_t t = 0; t < N_TO; t++)
        for (uint32_t s = 0; s < N_FROM; s++) {
            const double x = distance(&b, s, t), limit = kernels[k].within;
            const double chance = limit > 0.0 && x > limit ? 0.0 : fmax(0.0, 0.9 * kernel->value(p.kernel.params, x));
            const int bin = x < 1.2 ? (int)(x * N_BINS / 1.2) : N_BINS - 1;
            cr_assert(chance > 0.0 || !has[t][s], "a pair at %g mm has chance 0", x);
            seen[bin] += has[t][s];
            mean[bin] += chance;
            variance[bin] += chance * (1.0 - chance);
            total += chance;
        }
    for (int i = 0; i < N_BINS; i++) {
        if (variance[i] < 20.0)
            continue;
        const double z = (seen[i] - mean[i]) / sqrt(variance[i]);
        cr_expect(fabs(z) < 4.0, "bin %d: %g, expected %g", i, seen[i], mean[i]);
        statistic += z * z;
        n_bins++;
    }
    cr_assert(n_bins >= 3);
    cr_expect(fabs(statistic - n_bins) < 4.0 * sqrt(2.0 * n_bins), "chi-square %g with %d bins", statistic, n_bins);
    cr_expect(fabs(b.n - total) < 4.0 * sqrt(total), "%zu synapses, expected %g", b.n, total);
    clear(&b);
}

/* A Gaussian on a torus much larger than it: the mean in-degree is density times the integral, p (2 pi sigma^2)^(d/2). */
Test(snn_distance, in_degrees_are_the_integral_of_the_kernel)
{
    enum { N = 4000 };
    for (unsigned d = 1; d <= 3; d++) {
        const double sigma = 0.05, p0 = 0.8;
        const cal_snn_space space = {.arrangement = CAL_BOX, .n_dimensions = d, .extent_mm = {1.0, 1.0, 1.0}, .is_periodic = true};
        cal_snn_projection p = project(CAL_PAIRWISE_BERNOULLI);
        p.probability = p0;
        p.kernel = (cal_snn_profile){.kernel = cal_spatial_kernel_find("gaussian"), .params = {1.0, sigma}};
        net b = build(&p, &space, N, &space, N, 9);
        const double mean = N * p0 * pow(2.0 * 3.14159265358979 * sigma * sigma, 0.5 * d);
        double n[N] = {0}, squares = 0.0;
        for (size_t i = 0; i < b.n; i++)
            n[b.pairs[i].target] += 1.0;
        for (int i = 0; i < N; i++)
            squares += (n[i] - mean) * (n[i] - mean);
        cr_expect(fabs((double)b.n / N - mean) < 4.0 * sqrt(mean / N) + 0.01 * mean, "%u dimensions: %g, expected %g", d,
                  (double)b.n / N, mean);
        /* binomial; neurons within 2 sqrt(pi) sigma share sources: in 3 dimensions 180 independent degrees, sd 10 % */
        cr_expect(d < 3 || fabs(squares / N / mean - 1.0) < 0.4, "variance %g of %g", squares / N, mean);
        clear(&b);
    }
}

/* ---- fixed degrees ------------------------------------------------------------------------------------- */

/* With replacement each draw of a target has chance w(distance) / sum of w: the statistic over all pairs that expect 5 and
 * more, in 200 networks. */
static void expect_shares(cal_rule rule)
{
    enum { N = 30, K = 40, SEEDS = 200 };
    const cal_snn_space space = {.arrangement = CAL_GRID, .n_dimensions = 2, .extent_mm = {1.0, 1.0}, .shape = {6, 5}};
    cal_snn_projection p = project(rule);
    p.in_degree = p.out_degree = K;
    p.has_multapses = true;
    p.from = 0;
    p.kernel = (cal_snn_profile){.kernel = cal_spatial_kernel_find("exponential"), .params = {1.0, 0.2}};
    double seen[N][N] = {{0}}, statistic = 0.0, freedom = 0.0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        net b = build(&p, &space, N, &space, N, seed);
        cr_assert(eq(sz, b.n, N * K));
        for (size_t i = 0; i < b.n; i++)
            seen[rule == CAL_FIXED_IN_DEGREE ? b.pairs[i].target : b.pairs[i].source]
                [rule == CAL_FIXED_IN_DEGREE ? b.pairs[i].source : b.pairs[i].target] += 1.0;
        if (seed + 1 == SEEDS)
            for (uint32_t unit = 0; unit < N; unit++) {
                double sum = 0.0;
                for (uint32_t other = 0; other < N; other++)
                    sum += other == unit ? 0.0 : exp(-distance(&b, other, unit) / 0.2);
                for (uint32_t other = 0; other < N; other++) {
                    const double mean = other == unit ? 0.0 : SEEDS * K * exp(-distance(&b, other, unit) / 0.2) / sum;
                    cr_assert(mean > 0.0 || seen[unit][other] == 0.0);
                    statistic += mean >= 5.0 ? (seen[unit][other] - mean) * (seen[unit][other] - mean) / mean : 0.0;
                    freedom += mean >= 5.0;
                }
            }
        clear(&b);
    }
    freedom -= N; /* sums are fixed */
    cr_expect(fabs(statistic - freedom) < 4.0 * sqrt(2.0 * freedom), "chi-square %g with %g degrees", statistic, freedom);
}

Test(snn_distance, sources_of_an_in_degree_are_drawn_in_proportion)
{
    expect_shares(CAL_FIXED_IN_DEGREE);
}

Test(snn_distance, targets_of_an_out_degree_are_drawn_in_proportion)
{
    expect_shares(CAL_FIXED_OUT_DEGREE);
}

/* Two distinct sources out of four on a line, weights w: the pair {i, j} has chance w_i w_j (1 / (1 - w_i) + 1 / (1 - w_j))
 * with sum of w = 1, as one after the other is drawn. */
Test(snn_distance, distinct_sources_are_drawn_one_after_the_other)
{
    enum { SEEDS = 6000 };
    const double places[] = {0.0, 0.1, 0.25, 0.5}, one[] = {0.0};
    const cal_snn_space from = {.arrangement = CAL_LISTED, .n_dimensions = 1, .positions_mm = places};
    const cal_snn_space to = {.arrangement = CAL_LISTED, .n_dimensions = 1, .positions_mm = one};
    cal_snn_projection p = project(CAL_FIXED_IN_DEGREE);
    p.in_degree = 2;
    p.kernel = (cal_snn_profile){.kernel = cal_spatial_kernel_find("exponential"), .params = {1.0, 0.2}};
    double w[4], sum = 0.0, seen[4][4] = {{0}}, statistic = 0.0;
    for (int i = 0; i < 4; i++)
        sum += w[i] = exp(-places[i] / 0.2);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        net b = build(&p, &to, 1, &from, 4, seed);
        cr_assert(b.n == 2 && b.pairs[0].source != b.pairs[1].source, "%zu sources", b.n);
        const uint32_t x = b.pairs[0].source, y = b.pairs[1].source;
        seen[x < y ? x : y][x < y ? y : x] += 1.0;
        clear(&b);
    }
    for (int i = 0; i < 4; i++)
        for (int j = i + 1; j < 4; j++) {
            const double a = w[i] / sum, c = w[j] / sum, mean = SEEDS * a * c * (1.0 / (1.0 - a) + 1.0 / (1.0 - c));
            statistic += (seen[i][j] - mean) * (seen[i][j] - mean) / mean;
        }
    cr_expect(statistic < 5.0 + 4.0 * sqrt(10.0), "chi-square %g with 5 degrees", statistic);
}

/* 50 of 51 sources, one of them very unlikely: the search among all candidates finds what refusals would not. */
Test(snn_distance, unlikely_sources_are_found)
{
    double places[51] = {0};
    for (int i = 0; i < 51; i++)
        places[i] = i == 50 ? 2.0 : 0.001 * i;
    const cal_snn_space space = {.arrangement = CAL_LISTED, .n_dimensions = 1, .positions_mm = places};
    cal_snn_projection p = project(CAL_FIXED_IN_DEGREE);
    p.in_degree = 50;
    p.from = 0;
    p.kernel = (cal_snn_profile){.kernel = cal_spatial_kernel_find("exponential"), .params = {1.0, 0.07}}; /* e^-28 */
    net b = build(&p, &space, 51, &space, 51, 1);
    cr_expect(eq(sz, b.n, 51 * 50));
    clear(&b);
}

/* ---- neighbourhoods ------------------------------------------------------------------------------------- */

/* Moore's and von Neumann's neighbourhoods of ranges 1 and 2, on tori whose spacing is no binary number. */
Test(snn_distance, neighbourhoods_of_grids_are_complete)
{
    for (unsigned d = 1; d <= 3; d++)
        for (int metric = 0; metric < 3; metric++)
            for (int range = 1; range <= 2; range++) {
                const cal_snn_space space = {.arrangement = CAL_GRID, .n_dimensions = d, .extent_mm = {0.7, 0.6, 0.8},
                                             .shape = {7, 6, 8}, .is_periodic = true};
                static const uint32_t sizes[] = {7, 42, 336};
                cal_snn_projection p = project(CAL_PAIRWISE_BERNOULLI);
                p.probability = 1.0;
                p.from = 0;
                p.kernel = (cal_snn_profile){.within_mm = 0.1 * range, .metric = (cal_metric)metric};
                net b = build(&p, &space, sizes[d - 1], &space, 1, 1);
                size_t expected = 0; /* offsets of the integer lattice */
                for (int z = d > 2 ? -range : 0; z <= (d > 2 ? range : 0); z++)
                    for (int y = d > 1 ? -range : 0; y <= (d > 1 ? range : 0); y++)
                        for (int x = -range; x <= range; x++)
                            expected += (x != 0 || y != 0 || z != 0) &&
                                        (metric == CAL_MAXIMUM || (metric == CAL_MANHATTAN && abs(x) + abs(y) + abs(z) <= range) ||
                                         (metric == CAL_EUCLIDEAN && x * x + y * y + z * z <= range * range));
                cr_expect(eq(sz, b.n, expected * sizes[d - 1]), "%u dimensions, metric %d, range %d", d, metric, range);
                for (size_t i = 0; i < b.n; i++)
                    cr_assert(distance(&b, b.pairs[i].source, b.pairs[i].target) < 0.1 * range * sqrt(3.0) + 1e-9);
                clear(&b);
            }
}

static int by_distance(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (x[0] > y[0]) - (x[0] < y[0]);
}

/* Against a search through all sources. */
Test(snn_distance, the_nearest_are_the_nearest)
{
    enum { N_FROM = 400, N_TO = 60, K = 7 };
    for (int shape = 0; shape < 8; shape++) {
        const unsigned d = 1 + (unsigned)shape % 3;
        cal_snn_space to = {.arrangement = CAL_BOX, .n_dimensions = d, .extent_mm = {1.0, 0.1, 0.6}, .is_periodic = shape % 2 == 1};
        cal_snn_space from = to;
        double clusters[2 * N_FROM];
        if (shape >= 6) { /* two clusters far apart */
            to.n_dimensions = 2;
            to.is_periodic = false;
            for (int i = 0; i < 2 * N_FROM; i++)
                clusters[i] = (i % 4 < 2 ? 0.0 : 50.0) + 1e-3 * (i * 7919 % 800);
            from = (cal_snn_space){.arrangement = CAL_LISTED, .n_dimensions = 2, .positions_mm = clusters};
        }
        cal_snn_projection p = project(CAL_NEAREST);
        p.n_nearest = K;
        p.from = shape % 4 == 3 && shape < 6 ? 0 : 1;
        net b = build(&p, &to, p.from == 0 ? N_FROM : N_TO, &from, N_FROM, 2);
        const uint32_t n_to = p.from == 0 ? N_FROM : N_TO;
        cr_assert(eq(sz, b.n, n_to * K));
        for (uint32_t t = 0; t < n_to; t++) {
            double list[N_FROM], farthest = 0.0;
            size_t n = 0;
            for (uint32_t s = 0; s < N_FROM; s++)
                if (p.from != 0 || s != t)
                    list[n++] = distance(&b, s, t);
            qsort(list, n, sizeof *list, by_distance);
            for (size_t i = 0; i < b.n; i++)
                if (b.pairs[i].target == t)
                    farthest = fmax(farthest, distance(&b, b.pairs[i].source, t));
            cr_assert(fabs(farthest - list[K - 1]) <= 2e-6 * farthest, "shape %d, target %u: %g, not %g", shape, t, farthest,
                      list[K - 1]);
        }
        clear(&b);
    }
}

/* On a torus the 4 and 8 nearest of a grid are von Neumann's and Moore's neighbours, though distances are rounded. */
Test(snn_distance, the_nearest_of_a_grid_are_its_neighbours)
{
    for (int k = 4; k <= 8; k += 4) {
        const cal_snn_space space = {.arrangement = CAL_GRID, .n_dimensions = 2, .extent_mm = {1.1, 0.9}, .shape = {11, 9},
                                     .is_periodic = true};
        cal_snn_projection p = project(CAL_NEAREST);
        p.n_nearest = (uint32_t)k;
        p.from = 0;
        net b = build(&p, &space, 99, &space, 1, 2);
        cr_assert(eq(sz, b.n, 99 * (size_t)k));
        for (size_t i = 0; i < b.n; i++)
            cr_expect(distance(&b, b.pairs[i].source, b.pairs[i].target) < (k == 4 ? 0.11 : 0.15), "%d", k);
        clear(&b);
    }
}

/* ---- weights and delays ---------------------------------------------------------------------------------- */

/* w = 2 exp(-d / 0.3) within a quantum of 2^-14 or so; delay = 0.5 ms + d / (0.2 mm/ms), rounded to steps of 0.1 ms. */
Test(snn_distance, weights_and_delays_follow_the_distance)
{
    const cal_snn_space space = {.arrangement = CAL_BOX, .n_dimensions = 2, .extent_mm = {1.0, 1.0}, .is_periodic = true};
    cal_snn_projection p = project(CAL_FIXED_IN_DEGREE);
    p.in_degree = 40;
    p.weight.a = 2.0;
    p.weight_profile = (cal_snn_profile){.kernel = cal_spatial_kernel_find("exponential"), .params = {1.0, 0.3}};
    p.delay_ms = (cal_distribution){.kind = CAL_CONSTANT, .a = 0.5};
    p.velocity_mm_per_ms = 0.2;
    net b = build(&p, &space, 300, &space, 300, 4);
    cr_assert(eq(sz, b.n, 300 * 40));
    for (size_t i = 0; i < b.n; i++) {
        const double d = distance(&b, b.pairs[i].source, b.pairs[i].target);
        cr_assert(fabs(b.pairs[i].weight - 2.0 * exp(-d / 0.3)) < 1e-3, "weight %g at %g mm", b.pairs[i].weight, d);
        cr_assert(fabs(cal_time_ms(b.pairs[i].delay) - (0.5 + d / 0.2)) < 0.0501, "delay %g ms at %g mm",
                  cal_time_ms(b.pairs[i].delay), d);
    }
    clear(&b);
}

/* Without an offset: at least one step, also for a neuron onto itself. Plastic synapses too. */
Test(snn_distance, the_way_alone_may_be_the_delay)
{
    const cal_snn_space space = {.arrangement = CAL_GRID, .n_dimensions = 1, .extent_mm = {2.0}, .shape = {50}};
    static const cal_snn_setting settings[] = {{"w_max", {.kind = CAL_CONSTANT, .a = 10.0}}};
    for (int plastic = 0; plastic < 2; plastic++) {
        cal_snn_projection p = project(CAL_ALL_TO_ALL);
        p.from = 0;
        p.delay_ms = (cal_distribution){.kind = CAL_CONSTANT, .a = 0.0};
        p.velocity_mm_per_ms = 0.5;
        p.weight_profile = (cal_snn_profile){.kernel = cal_spatial_kernel_find("linear"), .params = {1.0, 1.5}};
        if (plastic) {
            p.synapse = cal_snn_synapse_find("stdp");
            p.settings = settings;
            p.n_settings = 1;
        }
        net b = build(&p, &space, 50, &space, 1, 4);
        cr_assert(eq(sz, b.n, 2500));
        for (size_t i = 0; i < b.n; i++) {
            const double d = distance(&b, b.pairs[i].source, b.pairs[i].target);
            const double steps = floor(d / 0.5 / 0.1 + 0.5 + 1e-9);
            cr_assert(eq(i64, b.pairs[i].delay, (cal_time)(fmax(1.0, steps) * 1e5 + 0.5)), "at %g mm", d);
            cr_assert(fabs(b.pairs[i].weight - fmax(0.0, 1.0 - d / 1.5)) < 2e-4, "weight %g at %g mm", b.pairs[i].weight, d);
        }
        clear(&b);
    }
}

/* A pulse along a line: each neuron fires when the pulse of the one before arrives, d / v + offset later. */
Test(snn_distance, a_pulse_travels_at_the_velocity)
{
    enum { N = 41 };
    const cal_snn_space space = {.arrangement = CAL_GRID, .n_dimensions = 1, .extent_mm = {0.1 * N}, .shape = {N}};
    const cal_neuron *lif = cal_snn_neuron_find("lif-delta") != NULL ? cal_snn_neuron_find("lif-delta") : cal_snn_neuron_find("lif");
    static const cal_snn_setting settings[] = {{"t_ref", {.kind = CAL_CONSTANT, .a = 50.0}}};
    const cal_snn_population populations[] = {{.name = "chain", .neuron = lif, .n = N, .settings = settings, .n_settings = 1},
                                              {.name = "start", .n = 1}};
    const double at[] = {-0.05 * (N - 1)};
    const cal_snn_space spaces[] = {space, {.arrangement = CAL_LISTED, .n_dimensions = 1, .positions_mm = at}};
    const cal_time time[] = {100000};
    const uint32_t id[] = {0};
    const cal_snn_train train = {.population = 1, .n = 1, .time = time, .id = id};
    cal_snn_projection projections[] = {project(CAL_PAIRWISE_BERNOULLI), project(CAL_NEAREST)};
    for (int i = 0; i < 2; i++) {
        projections[i].receptor = "delta";
        projections[i].weight.a = 60.0;
        projections[i].delay_ms.a = 0.0;
        projections[i].velocity_mm_per_ms = 0.25; /* 0.4 ms per spacing */
    }
    projections[0].from = 0;
    projections[0].probability = 1.0;
    projections[0].kernel.within_mm = 0.1;
    projections[1].from = 1; /* the first neuron: the nearest of itself is the start */
    projections[1].rule = CAL_PAIRWISE_BERNOULLI;
    projections[1].probability = 1.0;
    projections[1].kernel.within_mm = 0.01;
    cal_snn_def def = cal_snn_def_default();
    def.populations = populations;
    def.n_populations = 2;
    def.spaces = spaces;
    def.projections = projections;
    def.n_projections = 2;
    def.trains = &train;
    def.n_trains = 1;
    def.window = 30 * CAL_NS_PER_MS;
    cal_context *ctx = cali_test_context(1);
    cal_snn *snn = NULL;
    cr_assert(eq(int, cal_snn_create(ctx, &def, &snn), CAL_OK), "%s", cal_context_message(ctx));
    cr_assert(eq(int, cal_snn_advance(snn), CAL_OK), "%s", cal_context_message(ctx));
    const cal_snn_spikes spikes = cal_snn_get_spikes(snn);
    double first[N] = {0};
    size_t n = 0;
    for (size_t i = 0; i < spikes.n; i++)
        if (spikes.population[i] == 0) {
            cr_assert(first[spikes.id[i]] == 0.0, "neuron %u fires twice", spikes.id[i]);
            first[spikes.id[i]] = cal_time_ms(spikes.time[i]);
            n++;
        }
    cr_assert(eq(sz, n, N));
    for (int i = 1; i < N; i++) /* a spike moves V when it arrives and is stamped with the end of a step */
        cr_expect(fabs(first[i] - first[i - 1] - 0.4) < 0.11 && first[i] - first[0] >= 0.4 * i - 1e-9, "neuron %d at %g ms", i,
                  first[i]);
    cr_expect(fabs(first[N - 1] - first[0] - (first[1] - first[0]) * (N - 1)) < 1e-9, "the pulse changes its velocity");
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
}

/* ---- what cannot be ----------------------------------------------------------------------------------------- */

static const cal_snn_space grid = {.arrangement = CAL_GRID, .n_dimensions = 2, .extent_mm = {1.0, 1.0}, .shape = {10, 5}};
static const cal_snn_space torus = {.arrangement = CAL_GRID, .n_dimensions = 2, .extent_mm = {1.0, 1.0}, .shape = {10, 5},
                                    .is_periodic = true};
static const cal_snn_space line = {.arrangement = CAL_GRID, .n_dimensions = 1, .extent_mm = {1.0}, .shape = {50}};
static const cal_snn_space nowhere = {.n_dimensions = 0};

static const struct {
    const char *kernel;
    double params[CAL_SPATIAL_KERNEL_MAX_PARAMS];
    double within, probability, velocity;
    cal_rule rule;
    const cal_snn_space *from;
    const char *message;
} mistakes[] = {
    {"gaussian", {1.0, 0.1}, 0.0, 0.5, 0.0, CAL_PAIRWISE_BERNOULLI, &nowhere, "needs positions, which the sources lack"},
    {"gaussian", {1.0, 0.1}, 0.0, 0.5, 0.0, CAL_PAIRWISE_BERNOULLI, &line, "the sources lie in 1 dimension, the targets in 2"},
    {"gaussian", {1.0, 0.1}, 0.0, 0.5, 0.0, CAL_PAIRWISE_BERNOULLI, &torus, "both must be so in the same box"},
    {"gaussian", {1.5, 0.1}, 0.0, 0.8, 0.0, CAL_PAIRWISE_BERNOULLI, &grid, "probability 0.8 times a kernel that can be 1.5 is above 1"},
    {"gaussian", {-1.0, 0.1}, 0.0, 0.8, 0.0, CAL_PAIRWISE_BERNOULLI, &grid, "nowhere above 0"},
    {"gaussian", {1.0, 0.0}, 0.0, 0.5, 0.0, CAL_PAIRWISE_BERNOULLI, &grid, "sigma of the kernel gaussian is 0 mm"},
    {"gaussian", {1.0, (double)NAN}, 0.0, 0.5, 0.0, CAL_PAIRWISE_BERNOULLI, &grid, "sigma of the kernel gaussian is nan"},
    {"gaussian", {1.0, 0.1}, -1.0, 0.5, 0.0, CAL_PAIRWISE_BERNOULLI, &grid, "is -1 mm"},
    {"gaussian", {1.0, 0.1}, 0.0, 0.5, 0.0, CAL_ALL_TO_ALL, &grid, "not the rule all-to-all"},
    {"gaussian", {1.0, 0.1}, 0.0, 0.5, 0.0, CAL_FIXED_TOTAL, &grid, "not the rule fixed-total"},
    {"constant", {1.0}, 0.3, 0.5, 0.0, CAL_FIXED_IN_DEGREE, &grid, "in_degree 20 without multapses, but the kernel reaches fewer "
                                                                    "sources from neuron 0 of to"},
    {"constant", {1.0}, 0.3, 0.5, 0.0, CAL_FIXED_OUT_DEGREE, &grid, "out_degree 20 without multapses, but the kernel reaches fewer "
                                                                     "targets from neuron 0 of from"},
    {NULL, {0}, 0.0, 0.5, -1.0, CAL_ALL_TO_ALL, &grid, "velocity must be finite and not negative"},
    {NULL, {0}, 0.0, 0.5, 1e-9, CAL_ALL_TO_ALL, &grid, "at most 1,048,575 steps"},
    {NULL, {0}, 0.0, 0.5, 1.0, CAL_ALL_TO_ALL, &nowhere, "needs positions"},
    {NULL, {0}, 0.0, 0.5, 0.0, CAL_NEAREST, &nowhere, "needs positions"},
};
enum { N_MISTAKES = sizeof mistakes / sizeof *mistakes };

ParameterizedTestParameters(snn_distance, what_cannot_be_is_refused)
{
    static int index[N_MISTAKES];
    for (int i = 0; i < N_MISTAKES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_MISTAKES);
}

ParameterizedTest(int *index, snn_distance, what_cannot_be_is_refused)
{
    const int i = *index;
    cal_snn_projection p = project(mistakes[i].rule);
    p.probability = mistakes[i].probability;
    p.in_degree = p.out_degree = 20;
    p.n_nearest = 3;
    p.total = 100;
    p.velocity_mm_per_ms = mistakes[i].velocity;
    if (mistakes[i].kernel != NULL)
        p.kernel = (cal_snn_profile){.kernel = cal_spatial_kernel_find(mistakes[i].kernel), .within_mm = mistakes[i].within};
    memcpy(p.kernel.params, mistakes[i].params, sizeof p.kernel.params);
    const cal_neuron *lif = cal_snn_neuron_find("lif");
    const cal_snn_population populations[] = {{.name = "to", .neuron = lif, .n = 50}, {.name = "from", .neuron = lif, .n = 50}};
    const cal_snn_space spaces[] = {grid, *mistakes[i].from};
    cal_snn_def def = cal_snn_def_default();
    def.populations = populations;
    def.n_populations = 2;
    def.spaces = spaces;
    def.projections = &p;
    def.n_projections = 1;
    cal_context *ctx = cali_test_context(1);
    cal_snn *snn = NULL;
    cr_expect(eq(int, cal_snn_create(ctx, &def, &snn), CAL_ERR_ARGUMENT));
    cr_expect(strstr(cal_context_message(ctx), mistakes[i].message) != NULL, "%s", cal_context_message(ctx));
    cal_context_destroy(&ctx);
}

/* Populations of no and of one neuron, and all neurons at one place. */
Test(snn_distance, empty_and_single_populations_are_built)
{
    static const cal_rule rules[] = {CAL_PAIRWISE_BERNOULLI, CAL_FIXED_IN_DEGREE, CAL_FIXED_OUT_DEGREE, CAL_NEAREST};
    const double place[40] = {0};
    for (int r = 0; r < 4; r++)
        for (uint32_t n = 0; n <= 20; n += n == 0 ? 1 : 19) {
            const cal_snn_space space = {.arrangement = CAL_LISTED, .n_dimensions = 2, .positions_mm = place};
            cal_snn_projection p = project(rules[r]);
            p.from = 0;
            p.probability = 1.0;
            p.in_degree = p.out_degree = p.n_nearest = n > 1 ? 3 : 0;
            if (rules[r] != CAL_NEAREST)
                p.kernel = (cal_snn_profile){.kernel = cal_spatial_kernel_find("gaussian"), .params = {1.0, 0.1}};
            net b = build(&p, &space, n, &space, 0, 1);
            cr_expect(eq(sz, b.n, rules[r] == CAL_PAIRWISE_BERNOULLI ? (n > 0 ? n * (n - 1) : 0) : n > 1 ? 3 * n : 0), "%d %u", r, n);
            clear(&b);
        }
}
