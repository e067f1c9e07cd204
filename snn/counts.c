/* Binomial and hypergeometric counts by inversion, from the most likely count outwards: about one standard deviation
 * of steps, each a ratio of neighbouring probabilities. The probability of the most likely count follows from Loader
 * (2000), Fast and accurate computation of binomial probabilities: Stirling's series and the deviance, neither of
 * which cancels where n is large. No libm: the same counts on every machine. */
#include "snn/counts.h"

#include <math.h>
#include <stdbool.h>

/* log n! - log(sqrt(2 pi n) (n / e)^n) */
static double stirling_error(double n)
{
    static const double small[] = {
        0.0, 0.0810614667953272583, 0.0413406959554092941, 0.0276779256849983391, 0.0207906721037650931,
        0.0166446911898211922, 0.0138761288230707480, 0.0118967099458917701, 0.0104112652619720965,
        0.00925546218271273292, 0.00833056343336287126, 0.00757367548795184079, 0.00694284010720952987,
        0.00640899418800420707, 0.00595137011275884774, 0.00555473355196280137};
    if (n < 16.0)
        return small[(int)n];
    const double z = 1.0 / (n * n);
    return (1.0 / 12.0 - z * (1.0 / 360.0 - z * (1.0 / 1260.0 - z * (1.0 / 1680.0 - z * (1.0 / 1188.0))))) / n;
}

/* x log(x / m) + m - x for x > 0, m > 0 */
static double deviance(double x, double m)
{
    const double d = x - m;
    if (fabs(d) >= 0.1 * (x + m))
        return x * cali_log(x / m) + m - x;
    const double v = d / (x + m);
    double sum = d * v, term = 2.0 * x * v;
    for (int i = 1; i < 1000; i++) {
        term *= v * v;
        const double next = sum + term / (2 * i + 1);
        if (next == sum)
            break;
        sum = next;
    }
    return sum;
}

/* P(x) of n trials, chance a / (a + b) */
static double binomial_chance(double x, double n, double a, double b)
{
    const double p = a / (a + b), q = b / (a + b);
    if (n == 0.0)
        return 1.0;
    if (x == 0.0 || x == n)
        return cali_exp(n * cali_log(x == 0.0 ? q : p));
    const double y = n - x;
    const double log_part = stirling_error(n) - stirling_error(x) - stirling_error(y) - deviance(x, n * p) -
                            deviance(y, n * q);
    return cali_exp(log_part) * sqrt(n / (2.0 * CALI_PI * x * y));
}

/* P(x + 1) / P(x) = top (x) / bottom (x), with replacement or without */
typedef struct ladder {
    double n, a, b;
    bool has_replacement;
} ladder;

static double climb(const ladder *l, double x)
{
    if (l->has_replacement)
        return (l->n - x) * l->a / ((x + 1.0) * l->b);
    return (l->a - x) * (l->n - x) / ((x + 1.0) * (l->b - l->n + x + 1.0));
}

/* The count at which the probabilities taken in the order mode, mode + 1, mode - 1, mode + 2, ... reach u. */
static double invert(const ladder *l, double u, double mode, double chance, double low, double high)
{
    double above = mode, below = mode, p_above = chance, p_below = chance;
    u -= chance;
    while (u > 0.0) {
        p_above = above < high ? p_above * climb(l, above) : 0.0;
        above += 1.0;
        u -= p_above;
        if (u <= 0.0)
            return above;
        p_below = below > low ? p_below / climb(l, below - 1.0) : 0.0;
        below -= 1.0;
        u -= p_below;
        if (u <= 0.0)
            return below;
        if (p_above + p_below < 1e-18) /* what is left of u are roundings */
            return mode;
    }
    return mode;
}

double cali_binomial(double u, double n, double a, double b)
{
    if (n <= 0.0 || a <= 0.0)
        return 0.0;
    if (b <= 0.0)
        return n;
    const ladder l = {n, a, b, true};
    const double at = floor((n + 1.0) * (a / (a + b))), mode = at > n ? n : at;
    return invert(&l, u, mode, binomial_chance(mode, n, a, b), 0.0, n);
}

double cali_hypergeometric(double u, double n, double a, double b)
{
    const double low = n > b ? n - b : 0.0, high = n < a ? n : a;
    if (low >= high)
        return high;
    const ladder l = {n, a, b, false};
    double mode = floor((n + 1.0) * ((a + 1.0) / (a + b + 2.0)));
    mode = mode < low ? low : mode > high ? high : mode;
    const double rest = a + b - n;
    const double chance = binomial_chance(mode, a, n, rest) * binomial_chance(n - mode, b, n, rest) /
                          binomial_chance(n, a + b, n, rest);
    return invert(&l, u, mode, chance, low, high);
}

/* Halves the bins until one is left: what the lower half gets is one draw. */
static void share(cali_key key, double total, uint32_t first, uint32_t n, double room, uint64_t *count)
{
    while (n > 1 && total > 0.0) {
        const uint32_t left = n / 2;
        const cali_random r = cali_philox(key, first, n, 0x73686172u, 0);
        const double u = cali_uniform(r.word[0], r.word[1]);
        const double size = room > 0.0 ? room : 1.0, a = left * size, b = (n - left) * size;
        const double part = room > 0.0 ? cali_hypergeometric(u, total, a, b) : cali_binomial(u, total, a, b);
        share(key, part, first, left, room, count);
        first += left;
        n -= left;
        total -= part;
    }
    for (uint32_t i = 0; i < n; i++)
        count[first + i] = i == 0 ? (uint64_t)total : 0;
}

void cali_share(cali_key key, uint64_t total, uint32_t n, uint64_t room, uint64_t *count)
{
    if (n > 0)
        share(key, (double)total, 0, n, (double)room, count);
}
