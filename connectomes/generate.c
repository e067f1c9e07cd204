/* A made-up connectome of realistic statistics.
 *
 * Sites: on each half of an ellipsoid (the size of a human cortex, centred where MNI space has its
 * middle) a spiral of golden angles, whose points all stand for the same area of the sphere
 * (Saff & Kuijlaars 1997, Math. Intelligencer 19, 5-11), moved a little by chance.
 *
 *        .-''''-.  .-''''-.          left: x < 0. Tracts within a half are straight times the
 *       /  .  .  \/  .  .  \         tract factor; tracts between the halves pass a point of the
 *      | .  left o  right . |        callosum (o) near the middle of their ends.
 *       \  .  .  /\  .  .  /
 *        '-....-'  '-....-'
 *
 * Pairs: the spanning tree of each half and the homotopic pairs always; of the others those with the
 * largest key  -d / decay + Gumbel noise,  which is drawing without replacement with probability
 * proportional to exp(-d / decay) (Efraimidis & Spirakis 2006, Inf. Process. Lett. 97, 181-185).
 * Weights: log w = -d / decay + log_sd z, z normal; homotopic pairs as if half as far apart; the
 * largest weight is then 1. Every draw is a function of (seed, i, j). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/memory.h"
#include "base/random.h"
#include "connectomes/connectome.h"

enum { USE_SITE = 1, USE_AREA, USE_PAIR, USE_WEIGHT };

static const double centre_mm[3] = {0.0, -18.0, 10.0};
static const double half_axes_mm[3] = {58.0, 68.0, 48.0};
static const double gap_mm = 4.0;            /* from the middle plane to the nearest site */
static const double cortex_mm2 = 170000.0;   /* both halves: Pakkenberg & Gundersen 1997, J. Comp. Neurol. 384, 312-320 */

typedef struct maker {
    const cal_generate_def *def;
    size_t n, half;
    cali_key key;
    cal_connectome *to;
    double *weights, *lengths, *centres;
    uint8_t *is_kept; /* (half x half) tree edges of one half, as bits: 1 left, 2 right */
} maker;

cal_generate_def cal_generate_def_default(void)
{
    return (cal_generate_def){.n_regions = 68,
                              .seed = 1,
                              .density = 0.3,
                              .decay_mm = 40.0,
                              .log_sd = 1.0,
                              .tract_factor = 1.3};
}

static cal_status check_def(cal_context *ctx, const cal_generate_def *d)
{
    if (d->n_regions < 4 || d->n_regions > 20000 || d->n_regions % 2 != 0)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "n_regions must be even and 4 to 20000, is %zu",
                        d->n_regions);
    if (!(d->density >= 0.02 && d->density <= 1.0))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "density must be 0.02 to 1, is %g", d->density);
    if (!(d->decay_mm >= 1.0 && d->decay_mm <= 1e4))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "decay_mm must be 1 to 10000, is %g", d->decay_mm);
    if (!(d->log_sd >= 0.0 && d->log_sd <= 5.0))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "log_sd must be 0 to 5, is %g", d->log_sd);
    if (!(d->tract_factor >= 1.0 && d->tract_factor <= 5.0))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "tract_factor must be 1 to 5, is %g", d->tract_factor);
    return CAL_OK;
}

/* ---- sites ----------------------------------------------------------------------------------- */

static double distance_of(const double *a, const double *b)
{
    const double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
    return sqrt(x * x + y * y + z * z);
}

/* Site k of a half as a direction with x > 0; the jitter is a fifth of the spacing. */
static void direction(const maker *m, size_t k, uint32_t side, double u[3])
{
    const double golden_angle = 2.39996322972865332; /* pi (3 - sqrt 5) */
    const double x = ((double)k + 0.5) / (double)m->half;
    const double radius = sqrt(1.0 - x * x), spacing = sqrt(2.0 * CALI_PI / (double)m->half);
    double s, c, z[4];
    cali_sincos(golden_angle * (double)k, &s, &c);
    cali_normal(cali_philox(m->key, (uint32_t)k, side, USE_SITE, 0), &z[0], &z[1]);
    cali_normal(cali_philox(m->key, (uint32_t)k, side, USE_SITE, 1), &z[2], &z[3]);
    const double at[3] = {x, radius * c, radius * s};
    double length = 0.0;
    for (int i = 0; i < 3; i++) {
        const double step = z[i] > 2.0 ? 2.0 : z[i] < -2.0 ? -2.0 : z[i];
        u[i] = at[i] + 0.1 * spacing * step;
        length += u[i] * u[i];
    }
    length = sqrt(length);
    for (int i = 0; i < 3; i++)
        u[i] /= length;
    u[0] = fabs(u[0]);
}

/* Centre and outward normal of the region with `row` that takes site k of its half. */
static void place_region(const maker *m, size_t row, size_t k, bool is_right)
{
    double u[3], normal[3], length = 0.0;
    direction(m, k, is_right, u);
    const double sign = is_right ? 1.0 : -1.0;
    double *at = m->centres + 3 * row;
    at[0] = sign * (gap_mm + half_axes_mm[0] * u[0]);
    at[1] = centre_mm[1] + half_axes_mm[1] * u[1];
    at[2] = centre_mm[2] + half_axes_mm[2] * u[2];
    for (int i = 0; i < 3; i++) {
        normal[i] = (i == 0 ? sign : 1.0) * u[i] / half_axes_mm[i];
        length += normal[i] * normal[i];
    }
    for (int i = 0; i < 3; i++)
        m->to->orientations[3 * row + (size_t)i] = normal[i] / sqrt(length);
}

/* Which atlas region takes which site: exchanges of two until none brings the regions nearer to
 * their true places (sum of squared distances; it falls with every exchange, so this ends). */
static void assign_sites(const maker *m, size_t site[CALI_N_ATLAS])
{
    double cost[CALI_N_ATLAS][CALI_N_ATLAS];
    for (size_t r = 0; r < CALI_N_ATLAS; r++) {
        site[r] = r;
        const cali_atlas_region *a = &cali_desikan_killiany[r];
        const double true_mm[3] = {a->x_mm, a->y_mm, a->z_mm};
        for (size_t k = 0; k < CALI_N_ATLAS; k++) {
            double u[3];
            direction(m, k, 0, u);
            const double at[3] = {-gap_mm - half_axes_mm[0] * u[0],
                                  centre_mm[1] + half_axes_mm[1] * u[1],
                                  centre_mm[2] + half_axes_mm[2] * u[2]};
            const double d = distance_of(at, true_mm);
            cost[r][k] = d * d;
        }
    }
    for (bool is_better = true; is_better;) {
        is_better = false;
        for (size_t a = 0; a < CALI_N_ATLAS; a++)
            for (size_t b = 0; b < a; b++) {
                const double now = cost[a][site[a]] + cost[b][site[b]];
                if (!(cost[a][site[b]] + cost[b][site[a]] < now - 1e-9))
                    continue;
                const size_t keep = site[a];
                site[a] = site[b];
                site[b] = keep;
                is_better = true;
            }
    }
}

static cal_status place_regions(cal_context *ctx, const maker *m)
{
    size_t site[CALI_N_ATLAS];
    const bool is_atlas = m->half == CALI_N_ATLAS;
    const int digits = m->half > 1000 ? 4 : m->half > 100 ? 3 : 2;
    if (is_atlas)
        assign_sites(m, site);
    for (size_t i = 0; i < m->n; i++) {
        const size_t k = i % m->half;
        const bool is_right = i >= m->half;
        char label[64];
        if (is_atlas)
            snprintf(label, sizeof label, "%c.%s", is_right ? 'R' : 'L', cali_desikan_killiany[k].name);
        else
            snprintf(label, sizeof label, "%c.region_%0*u", is_right ? 'R' : 'L', digits,
                     (unsigned)k);
        CAL_TRY(cali_copy_text(ctx, label, &m->to->labels[i]));
        place_region(m, i, is_atlas ? site[k] : k, is_right);
        double z, unused;
        cali_normal(cali_philox(m->key, (uint32_t)i, 0, USE_AREA, 0), &z, &unused);
        m->to->areas_mm2[i] = cortex_mm2 / (double)m->n * cali_exp(0.3 * z);
        m->to->is_cortical[i] = 1;
        m->to->is_right[i] = is_right;
    }
    return CAL_OK;
}

/* ---- pairs ----------------------------------------------------------------------------------- */

static double within(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* Length of the way a tract takes, before the tract factor. */
static double way_mm(const maker *m, size_t i, size_t j)
{
    const double *a = m->centres + 3 * i, *b = m->centres + 3 * j;
    if ((i < m->half) == (j < m->half))
        return distance_of(a, b);
    const double callosum[3] = {0.0, within(0.5 * (a[1] + b[1]), -45.0, 30.0),
                                within(0.5 * (a[2] + b[2]), 0.0, 25.0)};
    return distance_of(a, callosum) + distance_of(callosum, b);
}

/* Minimum spanning tree of one half (Prim 1957, Bell Syst. Tech. J. 36, 1389-1401). */
static cal_status mark_tree(cal_context *ctx, const maker *m, size_t first, uint8_t bit)
{
    const size_t n = m->half;
    double *nearest = NULL;
    size_t *from = NULL;
    CAL_TRY(cali_alloc(ctx, n, sizeof *nearest, "tree", &nearest));
    const cal_status status = cali_alloc(ctx, n, sizeof *from, "tree", &from);
    if (status != CAL_OK) {
        free(nearest);
        return status;
    }
    for (size_t i = 1; i < n; i++)
        nearest[i] = way_mm(m, first, first + i);
    nearest[0] = -1.0; /* in the tree */
    for (size_t step = 1; step < n; step++) {
        size_t best = 0;
        for (size_t i = 1; i < n; i++)
            if (nearest[i] >= 0.0 && (best == 0 || nearest[i] < nearest[best]))
                best = i;
        const size_t low = from[best] < best ? from[best] : best, high = from[best] + best - low;
        m->is_kept[low * n + high] |= bit;
        nearest[best] = -1.0;
        for (size_t i = 1; i < n; i++) {
            const double d = nearest[i] < 0.0 ? 0.0 : way_mm(m, first + best, first + i);
            if (d < nearest[i]) {
                nearest[i] = d;
                from[i] = best;
            }
        }
    }
    free(from);
    free(nearest);
    return CAL_OK;
}

static bool is_always_there(const maker *m, size_t i, size_t j)
{
    const size_t half = m->half;
    if (j == i + half)
        return true;
    if ((i < half) != (j < half))
        return false;
    return i < half ? (m->is_kept[i * half + j] & 1) != 0
                    : (m->is_kept[(i - half) * half + (j - half)] & 2) != 0;
}

/* Upper triangle of row i: lengths, and the keys in place of the weights. */
static void draw_keys(void *arg, size_t i)
{
    const maker *m = arg;
    for (size_t j = i + 1; j < m->n; j++) {
        const double way = way_mm(m, i, j);
        const cali_random r = cali_philox(m->key, (uint32_t)i, (uint32_t)j, USE_PAIR, 0);
        const double gumbel = -cali_log(-cali_log(cali_uniform(r.word[0], r.word[1])));
        m->lengths[i * m->n + j] = way * m->def->tract_factor;
        m->weights[i * m->n + j] = is_always_there(m, i, j) ? (double)INFINITY
                                                            : gumbel - way / m->def->decay_mm;
    }
}

/* Doubles in the order of unsigned integers. */
static uint64_t rank_of(double key)
{
    const uint64_t bits = cali_bits_f64(key);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

/* Rank of the n_wanted-th largest key: 16 bits at a time, from the top. */
static cal_status find_threshold(cal_context *ctx, const maker *m, size_t n_wanted, uint64_t *out)
{
    size_t *count = NULL;
    CAL_TRY(cali_alloc(ctx, 65536, sizeof *count, "histogram", &count));
    uint64_t prefix = 0;
    for (int shift = 48; shift >= 0; shift -= 16) {
        const uint64_t above = shift == 48 ? 0 : ~UINT64_C(0) << (shift + 16);
        memset(count, 0, 65536 * sizeof *count);
        for (size_t i = 0; i < m->n; i++)
            for (size_t j = i + 1; j < m->n; j++) {
                const uint64_t rank = rank_of(m->weights[i * m->n + j]);
                if ((rank & above) == prefix)
                    count[rank >> shift & 0xffff]++;
            }
        size_t bin = 65535;
        while (bin > 0 && count[bin] < n_wanted)
            n_wanted -= count[bin--];
        prefix |= (uint64_t)bin << shift;
    }
    free(count);
    *out = prefix;
    return CAL_OK;
}

typedef struct weighing {
    maker *m;
    uint64_t threshold;
} weighing;

static void draw_weights(void *arg, size_t i)
{
    const weighing *w = arg;
    const maker *m = w->m;
    for (size_t j = i + 1; j < m->n; j++) {
        double *entry = &m->weights[i * m->n + j];
        if (rank_of(*entry) < w->threshold) {
            *entry = 0.0;
            continue;
        }
        const double way = m->lengths[i * m->n + j] / m->def->tract_factor;
        double z, unused;
        cali_normal(cali_philox(m->key, (uint32_t)i, (uint32_t)j, USE_WEIGHT, 0), &z, &unused);
        const double far = (j == i + m->half ? 0.5 : 1.0) * way / m->def->decay_mm;
        *entry = cali_exp(m->def->log_sd * z - far);
    }
}

static void mirror(const maker *m)
{
    const size_t n = m->n;
    double largest = 0.0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            largest = m->weights[i * n + j] > largest ? m->weights[i * n + j] : largest;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            m->weights[i * n + j] /= largest;
            m->weights[j * n + i] = m->weights[i * n + j];
            m->lengths[j * n + i] = m->lengths[i * n + j];
        }
}

static cal_status connect(cal_context *ctx, maker *m)
{
    const size_t n_pairs = m->n * (m->n - 1) / 2, n_least = 2 * (m->half - 1) + m->half;
    size_t n_wanted = (size_t)(m->def->density * (double)n_pairs + 0.5);
    n_wanted = n_wanted < n_least ? n_least : n_wanted > n_pairs ? n_pairs : n_wanted;
    CAL_TRY(mark_tree(ctx, m, 0, 1));
    CAL_TRY(mark_tree(ctx, m, m->half, 2));
    cali_parallel_for(cali_context_pool(ctx), m->n, draw_keys, m);
    weighing w = {.m = m};
    CAL_TRY(find_threshold(ctx, m, n_wanted, &w.threshold));
    cali_parallel_for(cali_context_pool(ctx), m->n, draw_weights, &w);
    mirror(m);
    return CAL_OK;
}

/* ---- the whole way --------------------------------------------------------------------------- */

static cal_status make(cal_context *ctx, maker *m)
{
    const size_t n = m->n;
    cal_connectome *to = m->to;
    char name[64];
    snprintf(name, sizeof name, "generated_%zu", n);
    to->n_regions = n;
    CAL_TRY(cali_copy_text(ctx, name, &to->name));
    CAL_TRY(cali_alloc(ctx, n * n, sizeof(double), "weights", &to->weights));
    CAL_TRY(cali_alloc(ctx, n * n, sizeof(double), "lengths", &to->lengths_mm));
    CAL_TRY(cali_alloc(ctx, n, sizeof *to->labels, "labels", &to->labels));
    CAL_TRY(cali_alloc(ctx, 3 * n, sizeof(double), "centres", &to->centres_mm));
    CAL_TRY(cali_alloc(ctx, 3 * n, sizeof(double), "orientations", &to->orientations));
    CAL_TRY(cali_alloc(ctx, n, sizeof(double), "areas", &to->areas_mm2));
    CAL_TRY(cali_alloc(ctx, n, 1, "flags", &to->is_cortical));
    CAL_TRY(cali_alloc(ctx, n, 1, "flags", &to->is_right));
    CAL_TRY(cali_alloc(ctx, m->half * m->half, 1, "tree", &m->is_kept));
    m->weights = to->weights;
    m->lengths = to->lengths_mm;
    m->centres = to->centres_mm;
    CAL_TRY(place_regions(ctx, m));
    return connect(ctx, m);
}

cal_status cal_connectome_generate(cal_context *ctx, const cal_generate_def *def, cal_connectome **out)
{
    *out = NULL;
    CAL_TRY(check_def(ctx, def));
    maker m = {.def = def, .n = def->n_regions, .half = def->n_regions / 2};
    m.key = cali_key_derive(cali_key_from_seed(def->seed), 0x636f6e6eu, 0); /* "conn" */
    CAL_TRY(cali_alloc(ctx, 1, sizeof *m.to, "connectome", &m.to));
    const cal_status status = make(ctx, &m);
    free(m.is_kept);
    if (status != CAL_OK) {
        cal_connectome_destroy(&m.to);
        return status;
    }
    *out = m.to;
    return CAL_OK;
}
