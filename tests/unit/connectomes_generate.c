/* connectomes/generate.c: the statistics that the header promises. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/connectomes.h"
#include "support/support.h"

static cal_connectome *make(cal_context *ctx, size_t n, uint64_t seed, double density)
{
    cal_generate_def def = cal_generate_def_default();
    def.n_regions = n;
    def.seed = seed;
    def.density = density;
    cal_connectome *brain = NULL;
    cr_assert(eq(int, cal_connectome_generate(ctx, &def, &brain), CAL_OK), "%s", cal_context_message(ctx));
    return brain;
}

static double distance(const double *a, const double *b)
{
    return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2]));
}

Test(connectomes_generate, sixty_eight_regions_are_desikan_killiany_at_their_places)
{
    cal_context *ctx = cali_test_context(1);
    cal_connectome *brain = make(ctx, 68, 1, 0.3);
    const char *const *labels = cal_connectome_labels(brain);
    const double *centres = cal_connectome_centres_mm(brain);
    cr_expect(eq(str, (char *)labels[0], "L.bankssts"));
    cr_expect(eq(str, (char *)labels[33], "L.insula"));
    cr_expect(eq(str, (char *)labels[34], "R.bankssts"));
    cr_expect(eq(str, (char *)labels[67], "R.insula"));
    for (size_t i = 0; i < 34; i++)
        cr_expect(eq(str, (char *)labels[i] + 2, (char *)labels[i + 34] + 2));
    /* the order from front to back and from bottom to top is that of a brain */
    const double *front = centres + 3 * cal_connectome_find(brain, "L.rostralmiddlefrontal");
    const double *middle = centres + 3 * cal_connectome_find(brain, "L.precentral");
    const double *back = centres + 3 * cal_connectome_find(brain, "L.lateraloccipital");
    const double *bottom = centres + 3 * cal_connectome_find(brain, "L.fusiform");
    const double *top = centres + 3 * cal_connectome_find(brain, "L.paracentral");
    const double *side = centres + 3 * cal_connectome_find(brain, "L.middletemporal");
    const double *inner = centres + 3 * cal_connectome_find(brain, "L.precuneus");
    cr_expect(front[1] > middle[1] + 20.0 && middle[1] > back[1] + 20.0);
    cr_expect(top[2] > bottom[2] + 40.0);
    cr_expect(side[0] < inner[0] - 20.0);
    cal_connectome_destroy(&brain);
    cal_context_destroy(&ctx);
}

Test(connectomes_generate, other_sizes_are_numbered)
{
    cal_context *ctx = cali_test_context(1);
    cal_connectome *brain = make(ctx, 100, 1, 0.3), *larger = make(ctx, 202, 1, 0.3);
    cr_expect(eq(str, (char *)cal_connectome_labels(brain)[0], "L.region_00"));
    cr_expect(eq(str, (char *)cal_connectome_labels(brain)[99], "R.region_49"));
    cr_expect(eq(str, (char *)cal_connectome_labels(larger)[201], "R.region_100"));
    cal_connectome_destroy(&brain);
    cal_connectome_destroy(&larger);
    cal_context_destroy(&ctx);
}

/* Sites: halves left and right of the middle plane; none nearer to another than a third of the mean
 * spacing of points on the half ellipsoid (a clump), none farther than 1.8 times (a hole). The
 * surface by Thomsen's formula, p = 1.6075. */
Test(connectomes_generate, sites_are_spread_evenly_over_two_halves)
{
    cal_context *ctx = cali_test_context(1);
    for (size_t n = 68; n <= 400; n += 166) {
        cal_connectome *brain = make(ctx, n, 5, 0.2);
        const double *c = cal_connectome_centres_mm(brain), p = 1.6075;
        const double a = pow(58.0, p), b = pow(68.0, p), d = pow(48.0, p);
        const double area = 2.0 * 3.14159265358979 * pow((a * b + a * d + b * d) / 3.0, 1.0 / p);
        const double spacing = sqrt(area / (double)(n / 2));
        for (size_t i = 0; i < n; i++) {
            cr_expect(eq(int, c[3 * i] > 0.0, i >= n / 2));
            cr_expect(eq(int, cal_connectome_is_right(brain)[i], i >= n / 2));
            double nearest = 1e9;
            for (size_t j = i < n / 2 ? 0 : n / 2; j < (i < n / 2 ? n / 2 : n); j++)
                if (j != i)
                    nearest = fmin(nearest, distance(c + 3 * i, c + 3 * j));
            cr_expect(gt(dbl, nearest, spacing / 3.0));
            cr_expect(lt(dbl, nearest, 1.8 * spacing));
            const double *u = cal_connectome_orientations(brain) + 3 * i;
            cr_expect(epsilon_eq(dbl, u[0] * u[0] + u[1] * u[1] + u[2] * u[2], 1.0, 1e-12)); /* roundings */
            cr_expect(u[0] * c[3 * i] >= 0.0); /* outward */
        }
        cal_connectome_destroy(&brain);
    }
    cal_context_destroy(&ctx);
}

static size_t n_reached(const cal_connectome *brain)
{
    const size_t n = cal_connectome_n_regions(brain);
    const double *w = cal_connectome_weights(brain);
    size_t *queue = calloc(n, sizeof *queue), n_queue = 1;
    bool *seen = calloc(n, 1);
    seen[0] = true;
    for (size_t k = 0; k < n_queue; k++)
        for (size_t j = 0; j < n; j++)
            if (w[queue[k] * n + j] > 0.0 && !seen[j]) {
                seen[j] = true;
                queue[n_queue++] = j;
            }
    free(queue);
    free(seen);
    return n_queue;
}

/* The density is met exactly: n_pairs = round(density n (n - 1) / 2), but at least the trees and the
 * homotopic pairs, 1.5 n - 2. */
Test(connectomes_generate, density_symmetry_and_connectedness_hold)
{
    static const struct {
        size_t n;
        double density;
        size_t n_pairs;
    } cases[] = {{68, 0.3, 683}, {68, 0.02, 100}, {68, 1.0, 2278}, {4, 0.3, 4}, {200, 0.1, 1990}, {100, 0.02, 148}};
    cal_context *ctx = cali_test_context(2);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        const size_t n = cases[k].n;
        cal_connectome *brain = make(ctx, n, 3, cases[k].density);
        cal_connectome_facts facts;
        cr_assert(eq(int, cal_connectome_describe(ctx, brain, 4.0, &facts), CAL_OK));
        cr_expect(eq(sz, facts.n_edges, 2 * cases[k].n_pairs), "case %zu", k);
        cr_expect(eq(dbl, facts.asymmetry, 0.0));
        cr_expect(eq(sz, facts.n_self_connections, 0));
        cr_expect(eq(sz, facts.n_isolated, 0));
        cr_expect(eq(sz, facts.n_zero_lengths, 0));
        cr_expect(eq(dbl, facts.weight_max, 1.0));
        cr_expect(gt(dbl, facts.weight_min, 0.0));
        cr_expect(eq(sz, n_reached(brain), n), "case %zu", k);
        for (size_t i = 0; i < n / 2; i++)
            cr_expect(gt(dbl, cal_connectome_weights(brain)[i * n + i + n / 2], 0.0));
        cal_connectome_destroy(&brain);
    }
    cal_context_destroy(&ctx);
}

/* Tracts of a human brain: from neighbours (6 mm and more) to 190 mm; over the callosum never
 * shorter than 1.3 times the straight way. */
Test(connectomes_generate, lengths_are_those_of_a_human_brain)
{
    cal_context *ctx = cali_test_context(1);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        cal_connectome *brain = make(ctx, 68, seed, 0.3);
        cal_connectome_facts facts;
        cr_assert(eq(int, cal_connectome_describe(ctx, brain, 4.0, &facts), CAL_OK));
        cr_expect(ge(dbl, facts.length_min_mm, 6.0));
        cr_expect(le(dbl, facts.length_max_mm, 190.0));
        const double *c = cal_connectome_centres_mm(brain), *l = cal_connectome_lengths_mm(brain);
        for (size_t i = 0; i < 68; i++)
            for (size_t j = 0; j < 68; j++) {
                const double straight = 1.3 * distance(c + 3 * i, c + 3 * j);
                if ((i < 34) == (j < 34))
                    cr_expect(epsilon_eq(dbl, l[i * 68 + j], straight, 1e-12 * (1.0 + straight))); /* roundings */
                else
                    cr_expect(ge(dbl, l[i * 68 + j], straight * (1.0 - 1e-12)));
            }
        cal_connectome_destroy(&brain);
    }
    cal_context_destroy(&ctx);
}

/* log w + length / (tract_factor decay) is normal with standard deviation log_sd for all pairs that
 * are not homotopic. With all n (n - 1) / 2 - n / 2 = 19800 pairs drawn the standard error of the
 * sd is 1 / sqrt(2 x 19800) = 0.005, of skewness sqrt(6 / 19800) = 0.017, of excess kurtosis
 * 0.035; four of each are allowed. */
Test(connectomes_generate, weights_are_log_normal_about_the_distance_rule)
{
    cal_context *ctx = cali_test_context(2);
    const size_t n = 200;
    cal_connectome *brain = make(ctx, n, 11, 1.0);
    const double *w = cal_connectome_weights(brain), *l = cal_connectome_lengths_mm(brain);
    double sum = 0.0, count = 0.0, m2 = 0.0, m3 = 0.0, m4 = 0.0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < n; i++)
            for (size_t j = i + 1; j < n; j++) {
                if (j == i + n / 2)
                    continue;
                const double x = log(w[i * n + j]) + l[i * n + j] / (1.3 * 40.0);
                if (pass == 0) {
                    sum += x;
                    count += 1.0;
                    continue;
                }
                const double y = x - sum / count;
                m2 += y * y / count;
                m3 += y * y * y / count;
                m4 += y * y * y * y / count;
            }
    cr_expect(eq(dbl, count, 19800.0));
    cr_expect(epsilon_eq(dbl, sqrt(m2), 1.0, 0.02));
    cr_expect(epsilon_eq(dbl, m3 / pow(m2, 1.5), 0.0, 0.07));
    cr_expect(epsilon_eq(dbl, m4 / (m2 * m2) - 3.0, 0.0, 0.14));
    cal_connectome_destroy(&brain);
    cal_context_destroy(&ctx);
}

/* Pairs fall with distance: of the near half of the pairs more are connected than of the far half,
 * by the exponential rule far more than 2 to 1 at 10 % density. */
Test(connectomes_generate, near_pairs_are_connected_more_often)
{
    cal_context *ctx = cali_test_context(1);
    const size_t n = 200;
    cal_connectome *brain = make(ctx, n, 2, 0.1);
    const double *w = cal_connectome_weights(brain), *l = cal_connectome_lengths_mm(brain);
    double n_near = 0.0, n_far = 0.0, near = 0.0, far = 0.0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            const bool is_near = l[i * n + j] < 100.0;
            *(is_near ? &n_near : &n_far) += 1.0;
            *(is_near ? &near : &far) += w[i * n + j] > 0.0;
        }
    cr_expect(gt(dbl, near / n_near, 2.0 * far / n_far));
    cal_connectome_destroy(&brain);
    cal_context_destroy(&ctx);
}

Test(connectomes_generate, the_same_seed_gives_the_same_bits_for_any_threads)
{
    cal_context *one = cali_test_context(1), *three = cali_test_context(3);
    cal_connectome *a = make(one, 120, 9, 0.3), *b = make(three, 120, 9, 0.3), *c = make(one, 120, 10, 0.3);
    const size_t size = 120 * 120 * sizeof(double);
    cr_expect(eq(int, memcmp(cal_connectome_weights(a), cal_connectome_weights(b), size), 0));
    cr_expect(eq(int, memcmp(cal_connectome_lengths_mm(a), cal_connectome_lengths_mm(b), size), 0));
    cr_expect(ne(int, memcmp(cal_connectome_weights(a), cal_connectome_weights(c), size), 0));
    cal_connectome_destroy(&a);
    cal_connectome_destroy(&b);
    cal_connectome_destroy(&c);
    cal_context_destroy(&one);
    cal_context_destroy(&three);
}

Test(connectomes_generate, values_out_of_range_are_refused)
{
    cal_context *ctx = cali_test_context(1);
    const cal_generate_def good = cal_generate_def_default();
    cal_generate_def bad[9];
    for (int i = 0; i < 9; i++)
        bad[i] = good;
    bad[0].n_regions = 2;
    bad[1].n_regions = 67;
    bad[2].n_regions = 20002;
    bad[3].density = 0.01;
    bad[4].density = (double)NAN;
    bad[5].decay_mm = 0.0;
    bad[6].log_sd = -1.0;
    bad[7].tract_factor = 0.5;
    bad[8].density = 1.5;
    for (int i = 0; i < 9; i++) {
        cal_connectome *brain = NULL;
        cr_expect(eq(int, cal_connectome_generate(ctx, &bad[i], &brain), CAL_ERR_ARGUMENT), "case %d", i);
        cr_expect(zero(ptr, brain));
        cal_context_clear(ctx);
    }
    cal_context_destroy(&ctx);
}
