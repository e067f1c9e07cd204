/* Functions of the distance between two places. */
#include "base/numeric.h"
#include "callosum/base.h"

#include <math.h>
#include <string.h>

#define PARAMS(list) .params = list, .n_params = sizeof list / sizeof list[0]
/* exp(-x) of the logistic curve whose standard deviation is 1: pi / sqrt(3). */
static const double LOGISTIC_SLOPE = 1.8137993642342178;

#define MILLIMETRES(name, value, low, meaning) {name, "mm", value, low, 1e6, meaning}
#define FACTOR(name, value, meaning) {name, "1", value, -1e6, 1e6, meaning}

/* Values between those at both ends, for functions without a turn in between. */
static void span(double a, double b, double *min, double *max)
{
    *min = a < b ? a : b;
    *max = a < b ? b : a;
}

static const cal_field spread_params[] = {FACTOR("amplitude", 1.0, "weight at distance 0"),
                                          MILLIMETRES("sigma", 20.0, 1e-6, "standard deviation")};
static double spread(const double *p, double d)
{
    return p[0] * cali_exp(-(d * d / (2.0 * (p[1] * p[1]))));
}

static void spread_range(const double *p, double low, double high, double *min, double *max)
{
    span(spread(p, low), spread(p, high), min, max);
}

static const cal_field hat_params[] = {FACTOR("amplitude", 1.5, "of the inner Gaussian"),
                                       MILLIMETRES("sigma", 10.0, 1e-6, "of the inner Gaussian"),
                                       FACTOR("surround", 0.5, "amplitude of the outer Gaussian, which is taken away"),
                                       MILLIMETRES("surround_sigma", 20.0, 1e-6, "of the outer Gaussian")};
static double hat(const double *p, double d)
{
    return spread(p, d) - spread(p + 2, d);
}

/* It turns at d = 0 and, where both parts have one sign, where their slopes are equal. */
static void hat_range(const double *p, double low, double high, double *min, double *max)
{
    const double inner = 1.0 / (p[1] * p[1]), outer = 1.0 / (p[3] * p[3]), ratio = p[0] * inner / (p[2] * outer);
    double a, b;
    span(hat(p, low), hat(p, high), min, max);
    if (!(ratio > 0.0 && ratio < 1e300) || inner == outer)
        return;
    const double square = 2.0 * cali_log(ratio) / (inner - outer);
    if (!(square > low * low && square < high * high))
        return;
    span(hat(p, sqrt(square)), *max, &a, &b);
    *min = a < *min ? a : *min;
    *max = b;
}

static const cal_field disc_params[] = {FACTOR("amplitude", 1.0, "weight far inside"),
                                        MILLIMETRES("radius", 20.0, 0.0, "distance of half weight"),
                                        MILLIMETRES("sigma", 2.0, 1e-6, "width of the edge")};
static double disc(const double *p, double d)
{
    return p[0] / (1.0 + cali_exp(-LOGISTIC_SLOPE * (p[1] - d) / p[2]));
}

static void disc_range(const double *p, double low, double high, double *min, double *max)
{
    span(disc(p, low), disc(p, high), min, max);
}

static const cal_field decay_params[] = {FACTOR("amplitude", 1.0, "weight at distance 0"),
                                         MILLIMETRES("length", 20.0, 1e-6, "distance over which it falls to 1/e")};
static double decay(const double *p, double d)
{
    return p[0] * cali_exp(-(d / p[1]));
}

static void decay_range(const double *p, double low, double high, double *min, double *max)
{
    span(decay(p, low), decay(p, high), min, max);
}

static const cal_field ramp_params[] = {FACTOR("amplitude", 1.0, "weight at distance 0"),
                                        MILLIMETRES("length", 20.0, 1e-6, "distance where it reaches 0")};
static double ramp(const double *p, double d)
{
    return d < p[1] ? p[0] * (1.0 - d / p[1]) : 0.0;
}

static void ramp_range(const double *p, double low, double high, double *min, double *max)
{
    span(ramp(p, low), ramp(p, high), min, max);
}

static const cal_field bump_params[] = {FACTOR("amplitude", 1.0, "weight where it is largest, at (shape - 1) length"),
                                        {"shape", "1", 3.0, 1.0, 100.0, "of the gamma distribution"},
                                        MILLIMETRES("length", 20.0, 1e-6, "scale of the gamma distribution")};
/* (x / x_0)^x_0 exp(x_0 - x) with x = d / length and x_0 = shape - 1 */
static double bump(const double *p, double d)
{
    const double x = d / p[2], peak = p[1] - 1.0;
    if (peak == 0.0)
        return p[0] * cali_exp(-x);
    return x > 1e-300 && x < 1e6 ? p[0] * cali_exp(peak * cali_log(x / peak) + (peak - x)) : 0.0;
}

static void bump_range(const double *p, double low, double high, double *min, double *max)
{
    const double peak = (p[1] - 1.0) * p[2], at = peak < low ? low : peak > high ? high : peak;
    const double a = bump(p, low), b = bump(p, high), c = bump(p, at);
    span(a, b, min, max);
    *min = c < *min ? c : *min;
    *max = c > *max ? c : *max;
}

static const cal_field flat_params[] = {FACTOR("amplitude", 1.0, "weight at all distances")};
static double flat(const double *p, double d)
{
    (void)d;
    return p[0];
}

static void flat_range(const double *p, double low, double high, double *min, double *max)
{
    (void)low, (void)high;
    *min = *max = p[0];
}

const cal_spatial_kernel cal_spatial_kernels[CAL_N_SPATIAL_KERNELS] = {
    {"gaussian", "amplitude exp(-d^2 / (2 sigma^2))", PARAMS(spread_params), spread, spread_range},
    {"double-gaussian",
     "amplitude exp(-d^2 / (2 sigma^2)) - surround exp(-d^2 / (2 surround_sigma^2))", PARAMS(hat_params), hat, hat_range},
    {"sigmoid", "amplitude / (1 + exp(-pi/sqrt(3) (radius - d) / sigma))", PARAMS(disc_params), disc, disc_range},
    {"exponential", "amplitude exp(-d / length)", PARAMS(decay_params), decay, decay_range},
    {"linear", "amplitude max(0, 1 - d / length)", PARAMS(ramp_params), ramp, ramp_range},
    {"gamma", "amplitude (x / x_0)^x_0 exp(x_0 - x), x = d / length, x_0 = shape - 1", PARAMS(bump_params), bump, bump_range},
    {"constant", "amplitude", PARAMS(flat_params), flat, flat_range},
};

const cal_spatial_kernel *cal_spatial_kernel_find(const char *name)
{
    for (size_t i = 0; i < CAL_N_SPATIAL_KERNELS; i++)
        if (strcmp(cal_spatial_kernels[i].name, name) == 0)
            return &cal_spatial_kernels[i];
    return NULL;
}
