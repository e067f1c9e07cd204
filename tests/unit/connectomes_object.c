/* connectomes/connectome.c, finish.c, facts.c and the writing half of zip.c. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "callosum/connectomes.h"
#include "connectomes/connectome.h"
#include "support/support.h"

/* 0 <- 1 (2, 10 mm), 1 <- 2 (6, 30 mm), 2 <- 2 (1, 0 mm); region 3 is alone. */
static const double weights[16] = {0, 2, 0, 0, 0, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0, 0};
static const double lengths[16] = {0, 10, 20, 0, 10, 0, 30, 0, 20, 30, 0, 0, 0, 0, 0, 0};
static const char *const labels[4] = {"CA1 left", "\"x\"", "#3", "caf\xc3\xa9, nord"};
static const double centres[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 0.1, 1.0 / 3.0, -1e-300};

static cal_connectome_def small_def(void)
{
    return (cal_connectome_def){.name = "small",
                                .n_regions = 4,
                                .weights = weights,
                                .lengths_mm = lengths,
                                .labels = labels,
                                .centres_mm = centres};
}

static cal_connectome *create(cal_context *ctx, const cal_connectome_def *def)
{
    cal_connectome *brain = NULL;
    cr_assert(eq(int, cal_connectome_create(ctx, def, &brain), CAL_OK), "%s", cal_context_message(ctx));
    return brain;
}

Test(connectomes_object, arrays_are_copied_and_found_again)
{
    cal_context *ctx = cali_test_context(1);
    const cal_connectome_def def = small_def();
    cal_connectome *brain = create(ctx, &def);
    cr_expect(eq(str, (char *)cal_connectome_name(brain), "small"));
    cr_expect(eq(sz, cal_connectome_n_regions(brain), 4));
    cr_expect(ne(ptr, (void *)cal_connectome_weights(brain), (void *)weights));
    cr_expect(eq(int, memcmp(cal_connectome_weights(brain), weights, sizeof weights), 0));
    cr_expect(eq(int, memcmp(cal_connectome_lengths_mm(brain), lengths, sizeof lengths), 0));
    cr_expect(eq(int, cal_connectome_find(brain, "#3"), 2));
    cr_expect(eq(int, cal_connectome_find(brain, "nowhere"), -1));
    cr_expect(zero(ptr, (void *)cal_connectome_areas_mm2(brain)));
    cal_connectome_destroy(&brain);
    cal_connectome_destroy(&brain);
    cal_connectome_destroy(NULL);
    cal_context_destroy(&ctx);
}

/* Delays at 2 mm/ms: lengths of the three edges are 0, 10 and 30, so the quantiles 0, 25, ... % lie
 * at 0, 5, 10, 20, 30 mm. */
Test(connectomes_object, facts_are_counted)
{
    cal_context *ctx = cali_test_context(1);
    const cal_connectome_def def = small_def();
    cal_connectome *brain = create(ctx, &def);
    cal_connectome_facts f;
    cr_assert(eq(int, cal_connectome_describe(ctx, brain, 2.0, &f), CAL_OK));
    cr_expect(eq(sz, f.n_edges, 3));
    cr_expect(eq(dbl, f.weight_min, 1.0));
    cr_expect(eq(dbl, f.weight_max, 6.0));
    cr_expect(eq(dbl, f.asymmetry, 6.0));
    cr_expect(eq(sz, f.n_self_connections, 1));
    cr_expect(eq(sz, f.n_zero_lengths, 1));
    cr_expect(eq(sz, f.n_without_input, 1));
    cr_expect(eq(sz, f.n_without_output, 2));
    cr_expect(eq(sz, f.n_isolated, 1));
    const double delays[5] = {0.0, 2.5, 5.0, 10.0, 15.0};
    for (int q = 0; q < 5; q++)
        cr_expect(eq(dbl, f.delay_ms[q], delays[q]));
    cr_expect(f.has_centres && !f.has_areas && !f.has_orientations && !f.has_cortical && !f.has_hemispheres);
    cr_expect(eq(int, cal_connectome_describe(ctx, brain, 0.0, &f), CAL_ERR_ARGUMENT));
    cr_expect(eq(int, cal_connectome_describe(ctx, brain, (double)NAN, &f), CAL_ERR_ARGUMENT));
    cal_connectome_destroy(&brain);
    cal_context_destroy(&ctx);
}

static void expect_failure(cal_connectome_def def, cal_status status, const char *message)
{
    cal_context *ctx = cali_test_context(1);
    cal_connectome *brain = NULL;
    cr_expect(eq(int, cal_connectome_create(ctx, &def, &brain), status), "%s", message);
    cr_expect(eq(str, (char *)cal_context_message(ctx), (char *)message));
    cr_expect(zero(ptr, brain));
    cal_context_destroy(&ctx);
}

Test(connectomes_object, broken_arrays_are_refused)
{
    double bad[16];
    cal_connectome_def def = small_def();
    def.weights = NULL;
    expect_failure(def, CAL_ERR_ARGUMENT, "small: weights and lengths_mm are needed");
    def = small_def();
    def.n_regions = 0;
    expect_failure(def, CAL_ERR_ARGUMENT, "small: n_regions must be 1 to 100000, is 0");
    def = small_def();
    memcpy(bad, weights, sizeof bad);
    bad[6] = (double)NAN;
    bad[9] = (double)INFINITY;
    def.weights = bad;
    expect_failure(def, CAL_ERR_INPUT, "small C301 weights: 2 entries are not finite, first at [1][2].");
    def = small_def();
    memcpy(bad, lengths, sizeof bad);
    bad[7] = -0.5;
    def.lengths_mm = bad;
    expect_failure(def, CAL_ERR_INPUT, "small C301 lengths[1][3] is -0.5, lengths must be >= 0.");
    const char *const twice[4] = {"a", "b", "a", "c"}, *const empty[4] = {"a", "", "b", "c"};
    const char *const control[4] = {"a", "b\n", "c", "d"};
    def = small_def();
    def.labels = twice;
    expect_failure(def, CAL_ERR_INPUT, "small C301 label 2 \"a\" occurs twice.");
    def.labels = empty;
    expect_failure(def, CAL_ERR_INPUT, "small C301 label 1 \"\" is empty.");
    def.labels = control;
    expect_failure(def, CAL_ERR_INPUT, "small C301 label 1 \"b\n\" has control characters.");
}

/* By hand for the rows (1, 3) and (0, 0): row sums 4 and 0, mean row 2, largest 3;
 * log(1 + w): log 2 and log 4, so 1/2 and 1; largest row and total 4; eigenvalues 1 and 0. */
Test(connectomes_object, normalisations_do_what_their_names_say)
{
    static const double expected[CAL_N_NORMALISATIONS][4] = {
        {1, 3, 0, 0}, {1.0 / 3.0, 1, 0, 0}, {0.25, 0.75, 0, 0}, {0.5, 1.5, 0, 0}, {0.5, 1, 0, 0},
        {0.25, 0.75, 0, 0}, {0.25, 0.75, 0, 0}, {1, 3, 0, 0}, {1, 1, 0, 0}};
    cal_context *ctx = cali_test_context(1);
    for (int kind = 0; kind < CAL_N_NORMALISATIONS; kind++) {
        double w[4] = {1, 3, 0, 0};
        cr_assert(eq(int, cali_weights_normalise(ctx, "a", (cal_normalisation)kind, 2, w), CAL_OK));
        for (int i = 0; i < 4; i++)
            cr_expect(epsilon_eq(dbl, w[i], expected[kind][i], 1e-15), "%s [%d]", /* one rounding of log */
                      cal_normalisation_names[kind], i);
        double zeros[4] = {0};
        cr_expect(eq(int, cali_weights_normalise(ctx, "a", (cal_normalisation)kind, 2, zeros), CAL_OK));
        cr_expect(zeros[0] == 0.0 && zeros[3] == 0.0);
        double negative[4] = {1, -3, 0, 0};
        cr_expect(eq(int, cali_weights_normalise(ctx, "a", (cal_normalisation)kind, 2, negative),
                     kind == 0 ? CAL_OK : CAL_ERR_INPUT));
        if (kind == 1)
            cr_expect(eq(str, (char *)cal_context_message(ctx),
                         "a C301 weights[0][1] is -3, but normalisation max-one needs weights >= 0."));
        cal_context_clear(ctx);
    }
    /* small weights keep their digits: log(1 + 1e-9) / log(1 + 2e-9) is 0.5 + 2.5e-10 */
    double small[4] = {1e-9, 2e-9, 0, 0};
    cr_assert(eq(int, cali_weights_normalise(ctx, "a", CAL_WEIGHTS_LOG, 2, small), CAL_OK));
    cr_expect(epsilon_eq(dbl, small[0], log1p(1e-9) / log1p(2e-9), 1e-15)); /* a few roundings */
    cal_context_destroy(&ctx);
}

/* Radii by hand: a loop of two with 2 and 8 has eigenvalues +-4 (a period of two must not stop the iteration); beside it, without
 * a way back, a loop of one with 3; and a chain without a loop has none. */
Test(connectomes_object, the_spectral_radius_becomes_one)
{
    cal_context *ctx = cali_test_context(1);
    double w[9] = {0, 2, 0, 8, 0, 0, 5, 0, 3};
    cr_assert(eq(int, cali_weights_normalise(ctx, "a", CAL_WEIGHTS_RADIUS_ONE, 3, w), CAL_OK), "%s", cal_context_message(ctx));
    cr_expect(epsilon_eq(dbl, w[1], 0.5, 1e-12)); /* the radius is found to 13 digits */
    cr_expect(epsilon_eq(dbl, w[3], 2.0, 1e-12));
    cr_expect(epsilon_eq(dbl, w[6], 1.25, 1e-12));
    double larger[9] = {0, 2, 0, 8, 0, 0, 5, 0, 7};
    cr_assert(eq(int, cali_weights_normalise(ctx, "a", CAL_WEIGHTS_RADIUS_ONE, 3, larger), CAL_OK));
    cr_expect(epsilon_eq(dbl, larger[8], 1.0, 1e-12));
    double chain[9] = {0, 0, 0, 4, 0, 0, 0, 5, 0};
    cr_assert(eq(int, cali_weights_normalise(ctx, "a", CAL_WEIGHTS_RADIUS_ONE, 3, chain), CAL_OK));
    cr_expect(eq(dbl, chain[3], 4.0));
    cr_expect(eq(str, (char *)cali_test_last_note(),
                 "a: no loop of connections, so all eigenvalues are 0; the weights stay as they are."));
    /* two parts that hardly know of each other: bounds close too slowly for a rough iteration */
    double close[16] = {0, 1, 0, 0, 1, 0, 1e-9, 0, 0, 1e-9, 0, 1, 0, 0, 1, 0};
    cal_context_clear(ctx);
    const cal_status status = cali_weights_normalise(ctx, "a", CAL_WEIGHTS_RADIUS_ONE, 4, close);
    cr_expect(eq(int, status, CAL_OK), "%s", cal_context_message(ctx));
    cal_context_destroy(&ctx);
}

Test(connectomes_object, sums_and_pairs_are_scaled_by_their_formulas)
{
    cal_context *ctx = cali_test_context(1);
    static const double from[4] = {0, 2, 6, 2};
    double w[4];
    memcpy(w, from, sizeof w);
    cr_assert(eq(int, cali_weights_normalise(ctx, "a", CAL_WEIGHTS_MAX_ROW_ONE, 2, w), CAL_OK));
    cr_expect(w[1] == 0.25 && w[2] == 0.75 && w[3] == 0.25); /* the second row sums to 8 */
    memcpy(w, from, sizeof w);
    cr_assert(eq(int, cali_weights_normalise(ctx, "a", CAL_WEIGHTS_TOTAL_ONE, 2, w), CAL_OK));
    cr_expect(w[1] == 0.2 && w[2] == 0.6 && w[3] == 0.2);
    memcpy(w, from, sizeof w);
    cr_assert(eq(int, cali_weights_normalise(ctx, "a", CAL_WEIGHTS_BINARY, 2, w), CAL_OK));
    cr_expect(w[0] == 0.0 && w[1] == 1.0 && w[2] == 1.0 && w[3] == 1.0);
    for (int i = 0; i < CAL_N_NORMALISATIONS; i++) {
        const cal_normalisation_entry *entry = cal_normalisation_get((cal_normalisation)i);
        cr_expect(entry != NULL && entry->formula[0] != '\0' && cal_normalisation_names[i] != NULL);
    }
    cr_expect(zero(ptr, (void *)cal_normalisation_get((cal_normalisation)CAL_N_NORMALISATIONS)));
    double infinite[4] = {0, 1.7e308, 1.7e308, 0};
    cr_expect(eq(int, cali_weights_normalise(ctx, "a", CAL_WEIGHTS_TOTAL_ONE, 2, infinite), CAL_ERR_INPUT));
    cr_expect(eq(str, (char *)cal_context_message(ctx), "a C301 the sum of weights is not finite."));
    cal_context_destroy(&ctx);
}

static void expect_same(const double *a, const double *b, size_t n)
{
    cr_expect(eq(int, a == NULL, b == NULL));
    if (a != NULL && b != NULL)
        cr_expect(eq(int, memcmp(a, b, n * sizeof *a), 0));
}

static void round_trip(cal_context *ctx, const cal_connectome *brain)
{
    char path[1100], again[1100];
    const char *folder = cali_test_directory();
    snprintf(path, sizeof path, "%s/brain.zip", folder);
    snprintf(again, sizeof again, "%s/again.zip", folder);
    cr_assert(eq(int, cal_connectome_save_zip(ctx, brain, path), CAL_OK), "%s", cal_context_message(ctx));
    cal_connectome_source source = cal_connectome_source_default();
    source.path = path;
    cal_connectome *back = NULL;
    cr_assert(eq(int, cal_connectome_load(ctx, &source, &back), CAL_OK), "%s", cal_context_message(ctx));
    const size_t n = cal_connectome_n_regions(brain);
    cr_assert(eq(sz, cal_connectome_n_regions(back), n));
    cr_expect(eq(str, (char *)cal_connectome_name(back), "brain"));
    expect_same(cal_connectome_weights(brain), cal_connectome_weights(back), n * n);
    expect_same(cal_connectome_lengths_mm(brain), cal_connectome_lengths_mm(back), n * n);
    expect_same(cal_connectome_centres_mm(brain), cal_connectome_centres_mm(back), 3 * n);
    expect_same(cal_connectome_orientations(brain), cal_connectome_orientations(back), 3 * n);
    expect_same(cal_connectome_areas_mm2(brain), cal_connectome_areas_mm2(back), n);
    for (size_t i = 0; i < n; i++)
        cr_expect(eq(str, (char *)cal_connectome_labels(back)[i], (char *)cal_connectome_labels(brain)[i]));
    cr_expect(eq(int, cal_connectome_is_right(back) != NULL, cal_connectome_is_right(brain) != NULL));
    if (cal_connectome_is_right(back) != NULL)
        cr_expect(eq(int, memcmp(cal_connectome_is_right(back), cal_connectome_is_right(brain), n), 0));
    /* equal connectomes give equal bytes */
    cr_assert(eq(int, cal_connectome_save_zip(ctx, back, again), CAL_OK));
    char *a = NULL, *b = NULL;
    size_t n_a = 0, n_b = 0;
    cr_assert(eq(int, cali_file_read(ctx, path, (size_t)1 << 30, &a, &n_a), CAL_OK));
    cr_assert(eq(int, cali_file_read(ctx, again, (size_t)1 << 30, &b, &n_b), CAL_OK));
    cr_expect(n_a == n_b && memcmp(a, b, n_a) == 0);
    free(a);
    free(b);
    cal_connectome_destroy(&back);
}

Test(connectomes_object, a_saved_zip_reads_back_the_same_bits)
{
    cal_context *ctx = cali_test_context(1);
    const cal_connectome_def def = small_def();
    cal_connectome *brain = create(ctx, &def);
    round_trip(ctx, brain);
    cal_connectome_destroy(&brain);
    cal_connectome_def bare = small_def();
    bare.labels = NULL;
    bare.centres_mm = NULL;
    brain = create(ctx, &bare);
    cr_expect(eq(str, (char *)cal_connectome_labels(brain)[3], "region_003"));
    round_trip(ctx, brain);
    cal_connectome_destroy(&brain);
    const cal_generate_def generated = cal_generate_def_default();
    cr_assert(eq(int, cal_connectome_generate(ctx, &generated, &brain), CAL_OK));
    round_trip(ctx, brain);
    cal_connectome_destroy(&brain);
    cal_context_destroy(&ctx);
}

Test(connectomes_object, a_zip_that_cannot_be_written_is_an_error)
{
    cal_context *ctx = cali_test_context(1);
    const cal_connectome_def def = small_def();
    cal_connectome *brain = create(ctx, &def);
    cr_expect(eq(int, cal_connectome_save_zip(ctx, brain, "/nowhere/at/all.zip"), CAL_ERR_IO));
    cal_connectome_destroy(&brain);
    cal_context_destroy(&ctx);
}
