/* Random numbers of kernels: snn/kernels/random.h. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>

#include "base/random.h"
#include "snn/kernels/random.h"
#include "snn/random_loops.h"

/* A number is the middle of its word's interval, rounded once; the ends are 2^-33 and 1. */
Test(snn_random, uniform_numbers_are_the_words_over_2_to_the_32)
{
    cr_expect(eq(flt, cali_uniform_f32(0), 0x1p-33f));
    cr_expect(eq(flt, cali_uniform_f32(1), 0x1.8p-32f));
    cr_expect(eq(flt, cali_uniform_f32(0xffffffffu), 1.0f));
    for (uint32_t i = 0; i < 100000; i++) {
        const uint32_t w = cali_philox((cali_key){{1, 2}}, i, 0, 0, 0).word[0];
        cr_assert(eq(flt, cali_uniform_f32(w), (float)(((double)w + 0.5) * 0x1p-32)));
    }
}

/* The quantile of the same probability in double precision, along the words and at both ends of the tail. */
Test(snn_random, normal_numbers_are_the_quantile_of_their_word)
{
    double worst = 0.0;
    for (uint64_t k = 0; k < 400000; k++) {
        const uint32_t half = k < 1000 ? (uint32_t)k : (uint32_t)(k * 5368u); /* up to 2^31 */
        const double p = ((double)half + 0.5) * 0x1p-32, z = cali_normal_quantile(p);
        worst = fmax(worst, fabs((double)cali_normal_f32(half) - z));
        cr_assert(eq(flt, cali_normal_f32(half | 0x80000000u), -cali_normal_f32(half)), "symmetric");
    }
    cr_expect(lt(dbl, worst, 3e-6), "%g", worst);
    cr_expect(lt(dbl, fabs((double)cali_normal_f32(0x7fffffffu)), 1e-6));
}

/* Moments of 2^22 numbers: standard deviations 1, sqrt(2), sqrt(15), sqrt(96) over sqrt(n) for the first four; five of
 * them. Kolmogorov-Smirnov through the uniform: P(D sqrt(n) > 2.2) is 1e-4. */
Test(snn_random, normal_numbers_have_the_moments_of_a_normal_distribution)
{
    const uint32_t n = 1u << 22;
    double sum[4] = {0};
    for (uint32_t i = 0; i < n; i += 4) {
        const cali_random r = cali_philox((cali_key){{3, 5}}, i, 0, 0, 0);
        for (int k = 0; k < 4; k++) {
            const double z = (double)cali_normal_f32(r.word[k]);
            sum[0] += z;
            sum[1] += z * z - 1.0;
            sum[2] += z * z * z;
            sum[3] += z * z * z * z - 3.0;
        }
    }
    const double variance[4] = {1.0, 2.0, 15.0, 96.0};
    for (int k = 0; k < 4; k++)
        cr_expect(lt(dbl, fabs(sum[k]), 5.0 * sqrt(variance[k] * n)), "moment %d: %g", k + 1, sum[k] / n);
}

Test(snn_random, the_chance_of_a_hazard_is_accurate_where_it_is_small_and_where_it_is_large)
{
    for (double x = 1e-12; x < 80.0; x *= 1.07) {
        const double exact = -expm1(-(double)(float)x);
        cr_expect(lt(dbl, fabs((double)cali_chance_f32((float)x) / exact - 1.0), 1e-6), "%g", x);
    }
    cr_expect(eq(flt, cali_chance_f32(0.0f), 0.0f));
    cr_expect(eq(flt, cali_chance_f32(3e38f), 1.0f));
}

/* Every instruction-set level that this machine has gives the bits of the plain functions. */
Test(snn_random, loops_give_the_same_bits_at_each_level)
{
    enum { N = 77 };
    uint32_t words[N];
    float out[N];
    for (uint32_t i = 0; i < N; i++)
        words[i] = cali_philox((cali_key){{8, 8}}, i, 0, 0, 0).word[1];
    for (int level = 0; level <= (int)cali_isa(); level++) {
        const cali_random_loops *loops = cali_random_loops_at((cali_isa_level)level);
        loops->normal(N, words, out);
        for (int i = 0; i < N; i++)
            cr_expect(eq(u32, cali_bits_f32(out[i]), cali_bits_f32(cali_normal_f32(words[i]))));
        loops->uniform(N, words, out);
        for (int i = 0; i < N; i++)
            cr_expect(eq(u32, cali_bits_f32(out[i]), cali_bits_f32(cali_uniform_f32(words[i]))));
    }
}
