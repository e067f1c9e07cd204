/* Weights of stimuli by the distance from a focus. */
#include "base/numeric.h"
#include "callosum/nmm.h"

#define PARAMS(list) .params = list, .n_params = sizeof list / sizeof list[0]
/* exp(-x) of the logistic curve whose standard deviation is 1: pi / sqrt(3). */
static const double LOGISTIC_SLOPE = 1.8137993642342178;

#define MILLIMETRES(name, value, low, meaning) {name, "mm", value, low, 1e6, meaning}
#define FACTOR(name, value, meaning) {name, "1", value, -1e6, 1e6, meaning}

static const cal_field spread_params[] = {FACTOR("amplitude", 1.0, "weight at distance 0"),
                                          MILLIMETRES("sigma", 20.0, 1e-6, "standard deviation")};
static double spread(const double *p, double d)
{
    return p[0] * cali_exp(-(d * d / (2.0 * (p[1] * p[1]))));
}

static const cal_field hat_params[] = {FACTOR("amplitude", 1.5, "of the inner Gaussian"),
                                       MILLIMETRES("sigma", 10.0, 1e-6, "of the inner Gaussian"),
                                       FACTOR("surround", 0.5, "amplitude of the outer Gaussian, which is taken away"),
                                       MILLIMETRES("surround_sigma", 20.0, 1e-6, "of the outer Gaussian")};
static double hat(const double *p, double d)
{
    return spread(p, d) - spread(p + 2, d);
}

static const cal_field disc_params[] = {FACTOR("amplitude", 1.0, "weight far inside"),
                                        MILLIMETRES("radius", 20.0, 0.0, "distance of half weight"),
                                        MILLIMETRES("sigma", 2.0, 1e-6, "width of the edge")};
static double disc(const double *p, double d)
{
    return p[0] / (1.0 + cali_exp(-LOGISTIC_SLOPE * (p[1] - d) / p[2]));
}

const cal_spatial_kernel cal_spatial_kernels[CAL_N_SPATIAL_KERNELS] = {
    {"gaussian", "amplitude exp(-d^2 / (2 sigma^2))", PARAMS(spread_params), spread},
    {"double-gaussian",
     "amplitude exp(-d^2 / (2 sigma^2)) - surround exp(-d^2 / (2 surround_sigma^2))", PARAMS(hat_params), hat},
    {"sigmoid", "amplitude / (1 + exp(-pi/sqrt(3) (radius - d) / sigma))", PARAMS(disc_params), disc},
};
