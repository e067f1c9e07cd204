/* Counts that share a whole: binomial and hypergeometric draws, and the division of a total. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdlib.h>

#include "snn/counts.h"

typedef struct law {
    double n, a, b;
    bool has_replacement;
} law;

static double draw(const law *l, uint32_t i)
{
    const cali_random r = cali_philox(cali_key_from_seed(5), i, (uint32_t)l->n, 0, 0);
    const double u = cali_uniform(r.word[0], r.word[1]);
    return l->has_replacement ? cali_binomial(u, l->n, l->a, l->b) : cali_hypergeometric(u, l->n, l->a, l->b);
}

/* log of P(x), by libm's gamma function */
static double log_choose(double n, double k)
{
    return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
}

static double chance(const law *l, double x)
{
    if (x < 0.0 || x > l->n || (!l->has_replacement && (x > l->a || l->n - x > l->b)))
        return 0.0;
    if (!l->has_replacement)
        return exp(log_choose(l->a, x) + log_choose(l->b, l->n - x) - log_choose(l->a + l->b, l->n));
    return exp(log_choose(l->n, x) + x * log(l->a / (l->a + l->b)) + (l->n - x) * log(l->b / (l->a + l->b)));
}

/* Pearson's statistic over bins of at least 20 expected draws has mean k - 1 and variance 2 (k - 1). */
Test(snn_counts, follow_the_exact_distribution)
{
    static const law laws[] = {{10, 1, 1, true}, {1000, 3, 5, true}, {7, 1, 20, true}, {200, 199, 1, true},
                               {12, 20, 15, false}, {500, 400, 300, false}, {30, 3, 100, false}, {99, 60, 40, false}};
    enum { DRAWS = 200000 };
    for (size_t c = 0; c < sizeof laws / sizeof *laws; c++) {
        const law *l = &laws[c];
        double *seen = calloc((size_t)l->n + 1, sizeof *seen);
        for (uint32_t i = 0; i < DRAWS; i++) {
            const double x = draw(l, i);
            cr_assert(x >= 0.0 && x <= l->n && x == floor(x));
            seen[(size_t)x] += 1.0;
        }
        double statistic = 0.0, n_bins = 0.0, expected = 0.0, found = 0.0, p = 0.0;
        for (double x = 0.0; x <= l->n; x += 1.0) {
            expected += DRAWS * chance(l, x);
            found += seen[(size_t)x];
            p += chance(l, x);
            if (expected >= 20.0 && DRAWS * (1.0 - p) >= 20.0) {
                statistic += (found - expected) * (found - expected) / expected;
                n_bins += 1.0;
                expected = found = 0.0;
            }
        }
        statistic += (found - expected) * (found - expected) / fmax(expected, 1e-9);
        cr_expect(fabs(statistic - n_bins) < 4.5 * sqrt(2.0 * n_bins), "case %zu: %g with %g bins", c, statistic, n_bins);
        free(seen);
    }
}

/* 3e8 trials: mean n p, standard deviation 8660; 4000 draws fix the mean within 4.5 sd / sqrt(4000) = 616 and the
 * standard deviation within 5 %. The median, u = 1/2, is counted outwards and need not be the mean. */
Test(snn_counts, stay_exact_for_hundreds_of_millions)
{
    const law laws[] = {{3e8, 1, 1, true}, {3e8, 2e9, 1e9, false}};
    static const double sd[] = {8660.254, 7745.967}; /* sqrt(n p q), sqrt(n p q (N - n) / (N - 1)) */
    static const double mean[] = {1.5e8, 2e8};
    for (int c = 0; c < 2; c++) {
        double sum = 0.0, squares = 0.0;
        for (uint32_t i = 0; i < 4000; i++) {
            const double d = draw(&laws[c], i) - mean[c];
            sum += d;
            squares += d * d;
        }
        cr_expect(fabs(sum / 4000.0) < 4.5 * sd[c] / sqrt(4000.0), "%g", sum / 4000.0);
        cr_expect(fabs(sqrt(squares / 4000.0) / sd[c] - 1.0) < 0.05, "%g", sqrt(squares / 4000.0));
    }
}

Test(snn_counts, edges_are_certain)
{
    for (double u = 0.01; u < 1.0; u += 0.07) {
        cr_expect(eq(dbl, cali_binomial(u, 0.0, 1.0, 1.0), 0.0));
        cr_expect(eq(dbl, cali_binomial(u, 9.0, 0.0, 1.0), 0.0));
        cr_expect(eq(dbl, cali_binomial(u, 9.0, 1.0, 0.0), 9.0));
        cr_expect(eq(dbl, cali_hypergeometric(u, 9.0, 4.0, 5.0), 4.0));
        cr_expect(eq(dbl, cali_hypergeometric(u, 3.0, 0.0, 5.0), 0.0));
        cr_expect(eq(dbl, cali_hypergeometric(u, 3.0, 5.0, 0.0), 3.0));
    }
    cr_expect(cali_binomial(1.0 - 1e-16, 1000.0, 1.0, 1.0) <= 1000.0); /* no endless search in the tail */
}

/* The parts sum to the total, no bin overflows, and a bin's count has the variance of its law. */
Test(snn_counts, a_total_is_shared_exactly)
{
    enum { N = 1500 };
    for (int c = 0; c < 2; c++) {
        const uint64_t total = 60000, room = c == 0 ? 0 : 100;
        uint64_t count[N], sum = 0;
        double squares = 0.0;
        cali_share(cali_key_from_seed(3), total, N, room, count);
        for (int i = 0; i < N; i++) {
            sum += count[i];
            cr_expect(room == 0 || count[i] <= room);
            squares += ((double)count[i] - 40.0) * ((double)count[i] - 40.0);
        }
        cr_expect(eq(u64, sum, total));
        const double p = 1.0 / N, m = 100.0, all = m * N;
        const double variance = c == 0 ? total * p * (1 - p)
                                       : total * p * (1 - p) * (all - total) / (all - 1); /* hypergeometric */
        cr_expect(fabs(squares / N / variance - 1.0) < 4.5 * sqrt(2.0 / N), "%g of %g", squares / N, variance);
    }
    uint64_t full[7], one;
    cali_share(cali_key_from_seed(3), 35, 7, 5, full);
    for (int i = 0; i < 7; i++)
        cr_expect(eq(u64, full[i], 5));
    cali_share(cali_key_from_seed(3), 123, 1, 0, &one);
    cr_expect(eq(u64, one, 123));
}
