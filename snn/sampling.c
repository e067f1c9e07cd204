#include "snn/sampling.h"

#include <math.h>

#include "base/numeric.h"

const char *const cal_distribution_names[] = {
    "constant", "normal", "lognormal", "uniform", "lorentzian", "lorentzian-quantiles"};

static bool is_clipped(const cal_distribution *d)
{
    return d->low != 0.0 || d->high != 0.0;
}

const char *cali_distribution_problem(const cal_distribution *d, bool has_quantiles)
{
    if ((int)d->kind < 0 || (int)d->kind >= CAL_N_DISTRIBUTIONS)
        return "is of no known kind";
    if (d->kind == CAL_CONSTANT)
        return isnan(d->a) ? "is not a number" : NULL;
    if (!isfinite(d->a) || !isfinite(d->b) || isnan(d->low) || isnan(d->high))
        return "is not finite";
    if (is_clipped(d) && !(d->low <= d->high))
        return "is clipped to an empty range: low must not exceed high";
    if (d->kind == CAL_UNIFORM && !(d->a <= d->b))
        return "is uniform over an empty range: a must not exceed b";
    if (d->kind != CAL_UNIFORM && !(d->b >= 0.0))
        return "has a negative width";
    if (d->kind == CAL_LOGNORMAL && d->a + CALI_MAX_SD * d->b > 700.0)
        return "is too wide for a log-normal";
    if (d->kind == CAL_LORENTZIAN_QUANTILES && !has_quantiles)
        return "cannot be Lorentzian quantiles: those are for parameters of neurons";
    return NULL;
}

static double standard_normal(cali_key key, uint32_t c0, uint32_t c1)
{
    double a, b;
    cali_normal(cali_philox(key, c0, c1, 0, 0), &a, &b);
    a = a > CALI_MAX_SD ? CALI_MAX_SD : a;
    return a < -CALI_MAX_SD ? -CALI_MAX_SD : a;
}

double cali_distribution_draw(const cal_distribution *d, cali_key key, uint32_t c0, uint32_t c1,
                              uint32_t n)
{
    double x = d->a;
    if (d->kind == CAL_NORMAL) {
        x = d->a + d->b * standard_normal(key, c0, c1);
    } else if (d->kind == CAL_LOGNORMAL) {
        x = cali_exp(d->a + d->b * standard_normal(key, c0, c1));
    } else if (d->kind == CAL_UNIFORM || d->kind == CAL_LORENTZIAN) {
        const cali_random r = cali_philox(key, c0, c1, 0, 0);
        const double u = cali_uniform(r.word[0], r.word[1]);
        x = d->kind == CAL_UNIFORM ? d->a + (d->b - d->a) * u
                                   : d->a + d->b * cali_half_tangent(2.0 * u - 1.0);
    } else if (d->kind == CAL_LORENTZIAN_QUANTILES) {
        const double j = (double)cali_permute(key, c0, n) + 1.0, m = (double)n;
        x = d->a + d->b * cali_half_tangent((2.0 * j - m - 1.0) / (m + 1.0));
    }
    if (d->kind != CAL_CONSTANT && is_clipped(d)) {
        x = x < d->low ? d->low : x;
        x = x > d->high ? d->high : x;
    }
    return x;
}

double cal_distribution_draw(const cal_distribution *distribution, uint64_t seed, uint32_t stream, uint32_t index,
                             uint32_t n)
{
    const cali_key key = cali_key_derive(cali_key_from_seed(seed), CALI_USE_DRAW, stream);
    return cali_distribution_draw(distribution, key, index, 0, n);
}

void cali_distribution_bounds(const cal_distribution *d, double *low, double *high)
{
    *low = *high = d->a;
    if (d->kind == CAL_CONSTANT)
        return;
    if (d->kind == CAL_NORMAL) {
        *low = d->a - CALI_MAX_SD * d->b;
        *high = d->a + CALI_MAX_SD * d->b;
    } else if (d->kind == CAL_LOGNORMAL) {
        *low = cali_exp(d->a - CALI_MAX_SD * d->b);
        *high = cali_exp(d->a + CALI_MAX_SD * d->b);
    } else if (d->kind == CAL_UNIFORM) {
        *high = d->b;
    } else {
        *low = -INFINITY;
        *high = INFINITY;
    }
    if (is_clipped(d)) {
        *low = fmin(fmax(*low, d->low), d->high);
        *high = fmax(fmin(*high, d->high), d->low);
    }
}

double cali_distribution_mean_size(const cal_distribution *d)
{
    double low, high;
    cali_distribution_bounds(d, &low, &high);
    const double largest = fmax(fabs(low), fabs(high));
    double mean = fabs(d->a);
    if (d->kind == CAL_NORMAL)
        mean += d->b; /* E |x| <= |a| + b sqrt(2 / pi) */
    else if (d->kind == CAL_LOGNORMAL)
        mean = cali_exp(d->a + 0.5 * d->b * d->b);
    else if (d->kind != CAL_CONSTANT)
        mean = largest;
    return fmin(mean, largest);
}

/* 1 - p is 1 in double precision where log(1 - p) still is -p. */
double cali_per_log(double probability)
{
    return 1.0 / (probability < 1e-9 ? -fmax(probability, 1e-100) : cali_log(1.0 - probability));
}

/* A Feistel network of four rounds over the next even power of two, walked until inside. */
uint32_t cali_permute(cali_key key, uint32_t i, uint32_t n)
{
    unsigned half_bits = 1;
    while (half_bits < 16 && (UINT64_C(1) << (2 * half_bits)) < n)
        half_bits++;
    const uint32_t mask = (1u << half_bits) - 1;
    uint32_t x = i;
    do {
        uint32_t left = x >> half_bits, right = x & mask;
        for (uint32_t round = 0; round < 4; round++) {
            const uint32_t mixed = cali_philox(key, right, round, 0x7065726du, 0).word[0] & mask;
            const uint32_t next = left ^ mixed;
            left = right;
            right = next;
        }
        x = left << half_bits | right;
    } while (x >= n);
    return x;
}

/* Probabilities relative to the most likely count, by recursion outwards from it; no exponential or
 * gamma function, so the integers are the same everywhere. */
void cali_poisson_fill(cali_poisson_table *table, double mean)
{
    table->low = 0;
    table->n = 0;
    if (!(mean > 0.0))
        return;
    const double mode = (double)(int64_t)mean, tiny = 1e-18;
    double total = 0.0, q = 1.0;
    int64_t first = (int64_t)mode;
    while (first > 0 && q * ((double)first / mean) > tiny) {
        q = q * ((double)first / mean);
        first--;
    }
    const double q_first = q;
    int64_t last = first;
    for (total = q; q > tiny || (double)last < mode; last++) {
        q = q * (mean / (double)(last + 1));
        total += q;
    }
    /* P(K <= k) 2^32, rounded down; those of 0 are skipped, those of 2^32 cut */
    double sum = q_first;
    q = q_first;
    table->low = (int32_t)first;
    for (int64_t k = first; k <= last; k++) {
        const double cut = sum / total * 4294967296.0;
        if (cut >= 4294967295.0 || table->n == CALI_POISSON_CAPACITY)
            break;
        if (cut < 1.0 && table->n == 0)
            table->low++;
        else
            table->threshold[table->n++] = (uint32_t)cut;
        q = q * (mean / (double)(k + 1));
        sum += q;
    }
}
