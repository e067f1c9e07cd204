/* Positions of neurons: grids, random places, lists; where they can be read; what is refused. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/snn.h"
#include "support/support.h"

static cal_snn_def define(cal_snn_population *p, uint32_t n, const cal_snn_space *space)
{
    *p = (cal_snn_population){.name = "E", .neuron = cal_snn_neuron_find("lif"), .n = n};
    cal_snn_def def = cal_snn_def_default();
    def.populations = p;
    def.n_populations = 1;
    def.spaces = space;
    def.seed = 5;
    return def;
}

static double *place(cal_context *ctx, const cal_snn_def *def)
{
    double *x = calloc((size_t)def->populations[0].n * 3 + 1, sizeof *x);
    cr_assert(x != NULL);
    cr_assert(eq(int, cal_snn_place(ctx, def, 0, x), CAL_OK), "%s", cal_context_message(ctx));
    return x;
}

/* 3 x 2 x 2 places of 0.1, 0.2 and 0.5 mm around (1, 2, 3): the first axis runs fastest. */
Test(snn_space, a_grid_has_its_neurons_in_the_middles_of_its_cells)
{
    cal_context *ctx = cali_test_context(1);
    const cal_snn_space space = {.arrangement = CAL_GRID, .n_dimensions = 3, .center_mm = {1.0, 2.0, 3.0},
                                 .extent_mm = {0.3, 0.4, 1.0}, .shape = {3, 2, 2}};
    cal_snn_population p;
    const cal_snn_def def = define(&p, 12, &space);
    double *x = place(ctx, &def);
    for (int i = 0; i < 12; i++) {
        cr_expect(epsilon_eq(dbl, x[3 * i], 1.0 + 0.1 * (i % 3 - 1), 1e-15));
        cr_expect(epsilon_eq(dbl, x[3 * i + 1], 2.0 + 0.2 * (i / 3 % 2 - 0.5), 1e-15));
        cr_expect(epsilon_eq(dbl, x[3 * i + 2], 3.0 + 0.5 * (i / 6 - 0.5), 1e-15));
    }
    free(x);
    cal_context_destroy(&ctx);
}

/* A box: the distribution of each coordinate against the uniform one (Kolmogorov-Smirnov, 1.95 / sqrt(n) is its 0.1 % point),
 * and no correlation between axes (standard deviation 1 / sqrt(n)). */
Test(snn_space, random_places_fill_a_box_evenly)
{
    enum { N = 4000 };
    cal_context *ctx = cali_test_context(1);
    const cal_snn_space space = {.arrangement = CAL_BOX, .n_dimensions = 3, .center_mm = {1.0, 0.0, -2.0},
                                 .extent_mm = {2.0, 0.5, 1.0}};
    cal_snn_population p;
    const cal_snn_def def = define(&p, N, &space);
    double *x = place(ctx, &def);
    for (int k = 0; k < 3; k++) {
        double counts[64] = {0}, largest = 0.0, sum = 0.0, product = 0.0;
        for (int i = 0; i < N; i++) {
            const double u = (x[3 * i + k] - space.center_mm[k]) / space.extent_mm[k] + 0.5;
            const double v = (x[3 * i + (k + 1) % 3] - space.center_mm[(k + 1) % 3]) / space.extent_mm[(k + 1) % 3] + 0.5;
            cr_assert(u > 0.0 && u < 1.0);
            counts[(int)(64.0 * u)] += 1.0;
            product += 12.0 * (u - 0.5) * (v - 0.5);
        }
        for (int j = 0; j < 64; j++) {
            sum += counts[j];
            largest = fmax(largest, fabs(sum / N - (j + 1) / 64.0));
        }
        cr_expect(largest < 1.95 / sqrt(N), "axis %d: %g", k, largest);
        cr_expect(fabs(product / N) < 4.5 / sqrt(N), "axis %d: correlation %g", k, product / N);
    }
    free(x);
    cal_context_destroy(&ctx);
}

/* In an ellipsoid of d dimensions the share within a scaled radius s is s^d. */
Test(snn_space, random_places_fill_a_ball_evenly)
{
    enum { N = 4000 };
    cal_context *ctx = cali_test_context(1);
    for (unsigned d = 1; d <= 3; d++) {
        const cal_snn_space space = {.arrangement = CAL_BALL, .n_dimensions = d, .extent_mm = {2.0, 4.0, 0.5}};
        cal_snn_population p;
        const cal_snn_def def = define(&p, N, &space);
        double *x = place(ctx, &def), within[11] = {0};
        for (unsigned i = 0; i < N; i++) {
            double square = 0.0;
            for (unsigned k = 0; k < d; k++)
                square += 4.0 * x[d * i + k] * x[d * i + k] / (space.extent_mm[k] * space.extent_mm[k]);
            cr_assert(square <= 1.0);
            for (int j = 1; j <= 10; j++)
                within[j] += sqrt(square) <= 0.1 * j;
        }
        for (int j = 1; j <= 10; j++)
            cr_expect(fabs(within[j] / N - pow(0.1 * j, d)) < 1.95 / sqrt(N), "%u dimensions, radius 0.%d: %g", d, j, within[j] / N);
        free(x);
    }
    cal_context_destroy(&ctx);
}

/* Places depend on seed and stream, not on threads and tiles; the network gives those of cal_snn_place. */
Test(snn_space, a_network_has_the_places_of_its_seed)
{
    const cal_snn_space space = {.arrangement = CAL_BOX, .n_dimensions = 2, .extent_mm = {1.0, 1.0}, .is_periodic = true};
    cal_snn_population p;
    cal_snn_def def = define(&p, 500, &space);
    cal_context *ctx = cali_test_context(1);
    double *first = place(ctx, &def);
    cal_context_destroy(&ctx);
    for (unsigned variant = 0; variant < 4; variant++) {
        ctx = cali_test_context(1 + variant);
        def.n_tiles = 1 + 3 * variant;
        def.seed = variant == 2 ? 6 : 5;
        def.stream = variant == 3;
        cal_snn *snn = NULL;
        unsigned d;
        cr_assert(eq(int, cal_snn_create(ctx, &def, &snn), CAL_OK), "%s", cal_context_message(ctx));
        const double *x = cal_snn_get_positions(snn, 0, &d);
        cr_assert(x != NULL && d == 2, "%u dimensions", d);
        const bool is_same = memcmp(x, first, 1000 * sizeof *x) == 0;
        cr_expect(is_same == (variant < 2), "variant %u", variant);
        const cal_snn_space *kept = cal_snn_get_def(snn)->spaces;
        cr_assert(kept != NULL, "no spaces");
        cr_expect(kept->is_periodic && kept->positions_mm == x);
        cr_expect(cal_snn_get_positions(snn, 1, &d) == NULL && d == 0);
        cal_snn_destroy(&snn);
        cal_context_destroy(&ctx);
    }
    free(first);
}

/* A list is copied, also that of a source population. */
Test(snn_space, listed_places_are_kept)
{
    double list[] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
    const cal_snn_space space = {.arrangement = CAL_LISTED, .n_dimensions = 2, .positions_mm = list};
    cal_snn_population p;
    const cal_snn_def def = define(&p, 3, &space);
    p.neuron = NULL;
    cal_context *ctx = cali_test_context(1);
    cal_snn *snn = NULL;
    unsigned d;
    cr_assert(eq(int, cal_snn_create(ctx, &def, &snn), CAL_OK), "%s", cal_context_message(ctx));
    list[0] = 7.0;
    const double *x = cal_snn_get_positions(snn, 0, &d);
    cr_expect(x[0] == 0.1 && x[5] == 0.6, "%g %g", x[0], x[5]);
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
}

static const double outside[] = {0.0, 0.0, 0.6, 0.0}, infinite[] = {0.0, 0.0, (double)INFINITY, 0.0};
typedef struct mistake {
    cal_snn_space space;
    uint32_t n;
    const char *message;
} mistake;
static const mistake mistakes[] = {
    {{.arrangement = CAL_GRID, .n_dimensions = 2, .extent_mm = {1.0, 1.0}, .shape = {10, 10}}, 99, "a grid of 100 places for 99"},
    {{.arrangement = CAL_GRID, .n_dimensions = 3, .extent_mm = {1.0, 1.0, 1.0}, .shape = {65536, 65536, 65536}}, 9, "a grid of"},
    {{.arrangement = CAL_BOX, .n_dimensions = 4, .extent_mm = {1.0, 1.0}}, 99, "1 to 3 dimensions, not 4"},
    {{.arrangement = CAL_BOX, .n_dimensions = 2, .extent_mm = {1.0, 0.0}}, 99, "along axis 2 must be above 0"},
    {{.arrangement = CAL_BALL, .n_dimensions = 1, .extent_mm = {(double)NAN}}, 99, "along axis 1 must be above 0"},
    {{.arrangement = CAL_BALL, .n_dimensions = 2, .extent_mm = {1.0, 1.0}, .is_periodic = true}, 99, "no opposite faces"},
    {{.arrangement = CAL_LISTED, .n_dimensions = 2}, 2, "no listed positions"},
    {{.arrangement = CAL_LISTED, .n_dimensions = 2, .positions_mm = infinite}, 2, "position of neuron 1"},
    {{.arrangement = CAL_LISTED, .n_dimensions = 2, .positions_mm = outside, .extent_mm = {1.0, 1.0}, .is_periodic = true}, 2,
     "neuron 1 is at 0.6 mm on axis 1, outside of the periodic box from -0.5 to 0.5 mm"},
    {{.arrangement = (cal_arrangement)9, .n_dimensions = 2}, 2, "no such arrangement"},
};
enum { N_MISTAKES = sizeof mistakes / sizeof mistakes[0] };

ParameterizedTestParameters(snn_space, what_cannot_be_is_refused)
{
    static int index[N_MISTAKES];
    for (int i = 0; i < N_MISTAKES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_MISTAKES);
}

ParameterizedTest(int *index, snn_space, what_cannot_be_is_refused)
{
    const mistake *m = &mistakes[*index];
    cal_context *ctx = cali_test_context(1);
    cal_snn_population p;
    const cal_snn_def def = define(&p, m->n, &m->space);
    cal_snn *snn = NULL;
    cr_expect(eq(int, cal_snn_create(ctx, &def, &snn), CAL_ERR_ARGUMENT));
    cr_expect(strstr(cal_context_message(ctx), m->message) != NULL, "%s", cal_context_message(ctx));
    cal_context_destroy(&ctx);
}

/* 8 bytes for each coordinate are asked for before anything else. */
Test(snn_space, more_positions_than_memory_are_refused_with_the_estimate)
{
    cal_context *ctx = cali_test_context(1);
    const cal_snn_space space = {.arrangement = CAL_BOX, .n_dimensions = 3, .extent_mm = {1.0, 1.0, 1.0}};
    cal_snn_population p;
    cal_snn_def def = define(&p, 1000000000, &space);
    def.memory_budget_bytes = 1e9;
    cal_snn *snn = NULL;
    cr_expect(eq(int, cal_snn_create(ctx, &def, &snn), CAL_ERR_MEMORY));
    cr_expect(strstr(cal_context_message(ctx), "needs 24 GB for positions") != NULL, "%s", cal_context_message(ctx));
    cal_context_destroy(&ctx);
}
