/* See nmm/kernels.h. The far gather is the heart of the host:
 *
 *        time ->      n-d-1  n-d  n-d+1  n-d+2 | ...            source row, mirrored ring
 *   step 0 reads        w0    w1    w2     w3
 *   step 1 reads              w0    w1     w2     w3
 *
 * so K steps of one edge are four products of a weight with K contiguous values. The edge itself is
 * read once per K steps; no gather instructions. Sums run in the order of the edges, without fma. */
#include "nmm/kernels.h"

#include "base/isa.h"
#include "base/numeric.h"

#if defined(__clang__)
#define EACH _Pragma("clang loop vectorize(assume_safety)")
#else
#define EACH _Pragma("GCC ivdep")
#endif

/* Vectors of the compiler: split or joined to what the level has; the same operations per element. */
typedef double vec8 __attribute__((vector_size(64), aligned(8), may_alias));
typedef double vec4 __attribute__((vector_size(32), aligned(8), may_alias));

/* The value that an edge brings for as many steps as the vector has lanes, from x on. */
#define CUBIC(type, x)                                                                             \
    ((w[0] * *(const type *)(x) + w[1] * *(const type *)((x) + 1)) +                               \
     (w[2] * *(const type *)((x) + 2) + w[3] * *(const type *)((x) + 3)))
#define ROUNDED(type, x) (w[0] * *(const type *)(x))

/* Loop over the edges of a target: x is where edge e reads, w are its weights. What is prefetched are
 * the first and the last value of an edge that comes later. */
#define EACH_EDGE(n_points, ...)                                                                   \
    for (size_t e = edges->first[target]; e < edges->first[target + 1]; e++) {                     \
        const double *x = ring + edges->offset[e], *w = edges->w + (n_points) * e;                 \
        __builtin_prefetch(ring + edges->offset[e + 16]);                                          \
        __builtin_prefetch(ring + edges->offset[e + 16] + 8);                                      \
        __builtin_prefetch(ring + edges->offset[e + 16] + 16);                                     \
        __builtin_prefetch(ring + edges->offset[e + 16] + 24);                                     \
        __builtin_prefetch(ring + edges->offset[e + 16] + 32);                                     \
        __VA_ARGS__                                                                                \
    }

/* Sums of one target over as many steps as two, ... vectors hold. */
#define SUMS_OF_TARGET(kind, n_points, VALUE)                                                      \
    static void kind##_32(const cali_edges *edges, size_t target, const double *ring, double *sums) \
    {                                                                                              \
        vec8 a = {0.0}, b = {0.0}, c = {0.0}, d = {0.0};                                           \
        EACH_EDGE(n_points, a += VALUE(vec8, x); b += VALUE(vec8, x + 8);                          \
                  c += VALUE(vec8, x + 16); d += VALUE(vec8, x + 24);)                             \
        *(vec8 *)sums = a;                                                                         \
        *(vec8 *)(sums + 8) = b;                                                                   \
        *(vec8 *)(sums + 16) = c;                                                                  \
        *(vec8 *)(sums + 24) = d;                                                                  \
    }                                                                                              \
    static void kind##_24(const cali_edges *edges, size_t target, const double *ring, double *sums) \
    {                                                                                              \
        vec8 a = {0.0}, b = {0.0}, c = {0.0};                                                      \
        EACH_EDGE(n_points, a += VALUE(vec8, x); b += VALUE(vec8, x + 8); c += VALUE(vec8, x + 16);) \
        *(vec8 *)sums = a;                                                                         \
        *(vec8 *)(sums + 8) = b;                                                                   \
        *(vec8 *)(sums + 16) = c;                                                                  \
    }                                                                                              \
    static void kind##_16(const cali_edges *edges, size_t target, const double *ring, double *sums) \
    {                                                                                              \
        vec8 a = {0.0}, b = {0.0};                                                                 \
        EACH_EDGE(n_points, a += VALUE(vec8, x); b += VALUE(vec8, x + 8);)                         \
        *(vec8 *)sums = a;                                                                         \
        *(vec8 *)(sums + 8) = b;                                                                   \
    }                                                                                              \
    static void kind##_12(const cali_edges *edges, size_t target, const double *ring, double *sums) \
    {                                                                                              \
        vec8 a = {0.0};                                                                            \
        vec4 b = {0.0};                                                                            \
        EACH_EDGE(n_points, a += VALUE(vec8, x); b += VALUE(vec4, x + 8);)                         \
        *(vec8 *)sums = a;                                                                         \
        *(vec4 *)(sums + 8) = b;                                                                   \
    }                                                                                              \
    static void kind##_8(const cali_edges *edges, size_t target, const double *ring, double *sums) \
    {                                                                                              \
        vec8 a = {0.0};                                                                            \
        EACH_EDGE(n_points, a += VALUE(vec8, x);)                                                  \
        *(vec8 *)sums = a;                                                                         \
    }                                                                                              \
    static void kind##_4(const cali_edges *edges, size_t target, const double *ring, double *sums) \
    {                                                                                              \
        vec4 a = {0.0};                                                                            \
        EACH_EDGE(n_points, a += VALUE(vec4, x);)                                                  \
        *(vec4 *)sums = a;                                                                         \
    }

SUMS_OF_TARGET(cubic, 4, CUBIC)
SUMS_OF_TARGET(rounded, 1, ROUNDED)

typedef void sums_of_target(const cali_edges *edges, size_t target, const double *ring, double *sums);

static void gather(const cali_edges *edges, size_t t0, size_t n, size_t n_steps, const double *ring,
                   size_t stride, bool adds, double *sums)
{
    static sums_of_target *const table[2][CALI_NMM_BATCH / 4] = {
        {cubic_4, cubic_8, cubic_12, cubic_16, cubic_24, cubic_24, cubic_32, cubic_32},
        {rounded_4, rounded_8, rounded_12, rounded_16, rounded_24, rounded_24, rounded_32, rounded_32}};
    sums_of_target *const run = table[edges->n_points == 1][(n_steps - 1) / 4];
    for (size_t i = 0; i < n; i++) {
        double row[CALI_NMM_BATCH];
        if (adds && edges->first[t0 + i] == edges->first[t0 + i + 1])
            continue;
        run(edges, t0 + i, ring, row);
        for (size_t k = 0; k < n_steps; k++)
            sums[k * stride + i] = adds ? sums[k * stride + i] + row[k] : row[k];
    }
}

static void gather_one(const cali_edges *edges, size_t t0, size_t n, const double *ring, double *sums)
{
    for (size_t i = 0; i < n; i++) {
        double sum = sums[i];
        for (size_t e = edges->first[t0 + i]; e < edges->first[t0 + i + 1]; e++) {
            const double *x = ring + edges->offset[e], *w = edges->w + edges->n_points * e;
            sum += edges->n_points == 1 ? ROUNDED(double, x) : CUBIC(double, x);
        }
        sums[i] = sum;
    }
}

static void blend(size_t n, const double *restrict w, const double *restrict a, const double *restrict b,
                  const double *restrict c, const double *restrict d, double *restrict y)
{
    const double w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
    for (size_t i = 0; i < n; i++)
        y[i] = (w0 * a[i] + w1 * b[i]) + (w2 * c[i] + w3 * d[i]);
}

static void add_scaled(size_t n, double h, const double *restrict x, const double *restrict k,
                       double *restrict z)
{
    for (size_t i = 0; i < n; i++)
        z[i] = x[i] + h * k[i];
}

static void axpy(size_t n, double h, const double *restrict k, double *restrict z)
{
    for (size_t i = 0; i < n; i++)
        z[i] += h * k[i];
}

static double rk4_end(size_t n, double h, const double *restrict k1, const double *restrict k2,
                      const double *restrict k3, const double *restrict k4, double *restrict y)
{
    const double sixth = h / 6.0;
    double bad[8] = {0.0};
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t j = 0; j < 8; j++) {
            y[i + j] += sixth * ((k1[i + j] + k4[i + j]) + 2.0 * (k2[i + j] + k3[i + j]));
            bad[j] += y[i + j] - y[i + j]; /* 0, or NaN where y is not finite */
        }
    for (; i < n; i++) {
        y[i] += sixth * ((k1[i] + k4[i]) + 2.0 * (k2[i] + k3[i]));
        bad[0] += y[i] - y[i];
    }
    return ((bad[0] + bad[1]) + (bad[2] + bad[3])) + ((bad[4] + bad[5]) + (bad[6] + bad[7]));
}

static void linear(size_t n, double a, double b, const double *restrict s, double *restrict c)
{
    for (size_t i = 0; i < n; i++)
        c[i] += a * s[i] + b;
}

static void sigmoidal(size_t n, const double *restrict q, const double *restrict s, double *restrict c)
{
    const double a = q[0], low = q[1], range = q[2] - q[1], midpoint = q[3], sigma = q[4];
    EACH
    for (size_t i = 0; i < n; i++)
        c[i] += low + range / (1.0 + cali_exp(-a * (s[i] - midpoint) / sigma));
}

static void difference(size_t n, double a, const double *restrict b, const double *restrict x,
                       const double *restrict s, double *restrict c)
{
    for (size_t i = 0; i < n; i++)
        c[i] += a * (s[i] - b[i] * x[i]);
}

static void phase(size_t n, double a, const double *restrict theta, const double *restrict s_sin,
                  const double *restrict s_cos, double *restrict c)
{
    EACH
    for (size_t i = 0; i < n; i++) {
        double sine, cosine;
        cali_sincos(theta[i], &sine, &cosine);
        c[i] += a * (s_sin[i] * cosine - s_cos[i] * sine);
    }
}

static void logistic(size_t n, const double *restrict q, const double *restrict x, double *restrict y)
{
    const double low = q[1], range = q[2] - q[1], midpoint = q[3], sigma = q[4];
    EACH
    for (size_t i = 0; i < n; i++)
        y[i] = low + range / (1.0 + cali_exp((midpoint - x[i]) / sigma));
}

static void tangent(size_t n, const double *restrict q, const double *restrict x, const double *restrict theta,
                    double *restrict y)
{
    const double ratio = q[0], shift = q[1], midpoint = q[3], sigma = q[4];
    if (theta == NULL) {
        EACH
        for (size_t i = 0; i < n; i++)
            y[i] = shift + cali_tanh((ratio * x[i] - midpoint) / sigma);
        return;
    }
    EACH
    for (size_t i = 0; i < n; i++)
        y[i] = shift + cali_tanh((ratio * x[i] - theta[i]) / sigma);
}

static void sine(size_t n, const double *restrict x, double *restrict s, double *restrict c)
{
    EACH
    for (size_t i = 0; i < n; i++)
        cali_sincos(x[i], &s[i], &c[i]);
}

static void normals(size_t n, cali_key key, const uint32_t *restrict unit, uint32_t c1, uint32_t c2, uint32_t c3,
                    double *restrict a, double *restrict b)
{
    EACH
    for (size_t i = 0; i < n; i++)
        cali_normal(cali_philox(key, unit[i], c1, c2, c3), &a[i], &b[i]);
}

/* The two new coordinates e3 = (x1 - x2) / (2 sqrt 2) - sqrt(3/8) (y1 + y2), e4 = (y1 - y2) / sqrt 2 are orthogonal to
 * e1 = (x1 + x2) / sqrt 2 and e2 = sqrt(3/8) (x1 - x2) + (y1 + y2) / sqrt 8, which the whole interval fixes. */
static void halve(size_t n, const double *restrict x, const double *restrict y, double *restrict x1,
                  double *restrict y1, double *restrict x2, double *restrict y2)
{
    const double half = 0.70710678118654752440, big = 0.61237243569579452455, small = 0.35355339059327376220;
    for (size_t i = 0; i < n; i++) {
        const double e3 = x2[i], e4 = half * y2[i], mean = half * x[i], mean_y = small * y[i] - big * e3;
        const double slope = big * y[i] + small * e3;
        x1[i] = mean + slope;
        x2[i] = mean - slope;
        y1[i] = mean_y + e4;
        y2[i] = mean_y - e4;
    }
}

extern const cali_kernels CALI_ISA_NAME(cali_nmm_kernels);
const cali_kernels CALI_ISA_NAME(cali_nmm_kernels) = {
    gather, gather_one, blend, add_scaled, axpy,     rk4_end,
    linear, sigmoidal,  difference, phase,  logistic, tangent, sine,    normals, halve,
};
