#include <math.h>
#include <stdio.h>

#include "snn/structural.h"

enum { ETA = CALI_SIDE_SHAPE, PSI = CALI_SIDE_SHAPE };

#define COMMON_PARAMS                                                                                                    \
    {"tau_Ca", "ms", 10000.0, 1.0, 1e9, "time constant of calcium"},                                                     \
    {"beta_Ca", "1", 0.001, 0.0, 1e6, "calcium that a spike adds"},                                                      \
    {"interval", "ms", 100.0, 0.0, 1e7, "time between two updates, in whole steps, at least one"},                       \
    {"capacity", "1", NAN, 1.0, 65535.0, "synapses that a target takes at most, a whole number"},                            \
    {"decay", "1", 0.1, 0.0, 1.0, "part of the vacant elements that goes at each update"}
#define SIDE_PARAMS(side)                                                                                                \
    {side "_growth", "Hz", 0.1, 0.0, 1e6, "elements per second at the fastest, nu"},                                     \
    {side "_start", "1", 0.0, 0.0, 1e6, "elements at the start beside those in synapses"},                               \
    {side "_epsilon", "1", 0.05, 1e-9, 1e9, "calcium above which elements go: aimed at"}
#define SIDE_ETA(side) {side "_eta", "1", 0.0, 0.0, 1e9, "calcium from which on elements grow, below epsilon"}
#define SIDE_PSI(side) {side "_psi", "1", 0.01, 1e-9, 1e9, "width of the sigmoid, of calcium"}

#define EQUATIONS(curve)                                                                                                 \
    "calcium C' = -C / tau_Ca, C += beta_Ca at each spike; elements z' = growth f(C), z >= 0, of the axons of sources and "  \
    "the dendrites of targets; " curve "; at each interval elements beyond z break their synapses, vacant ones join"
#define SOURCE "Butz & van Ooyen (2013), PLoS Comput. Biol. 9, e1003259"

/* ---- gaussian: 1 midway between eta and epsilon, 0 at both, -1 far away ---------------------------- */

static double zeta_of(const double *p)
{
    return (p[CALI_SIDE_EPSILON] - p[ETA]) / (2.0 * 0.83255461115769775635); /* sqrt(log 2) */
}

static double gaussian_speed(const double *p, double calcium)
{
    const double x = (calcium - 0.5 * (p[CALI_SIDE_EPSILON] + p[ETA])) / zeta_of(p);
    return 2.0 * cali_exp(-x * x) - 1.0;
}

static bool is_bad_gaussian(const double *p, char *why, size_t size)
{
    if (p[ETA] < p[CALI_SIDE_EPSILON])
        return false;
    snprintf(why, size, "eta %g must be below epsilon %g", p[ETA], p[CALI_SIDE_EPSILON]);
    return true;
}

static const cali_growth_curve gaussian = {.n_params = 4, .speed = gaussian_speed, .width = zeta_of, .is_bad = is_bad_gaussian};

/* ---- linear --------------------------------------------------------------------------------------- */

static double linear_speed(const double *p, double calcium)
{
    return 1.0 - calcium / p[CALI_SIDE_EPSILON];
}

static double no_width(const double *p)
{
    (void)p;
    return INFINITY;
}

static const cali_growth_curve linear = {.n_params = 3, .speed = linear_speed, .width = no_width};

/* ---- sigmoid: from 1 to -1, 0 at epsilon ------------------------------------------------------------- */

static double sigmoid_speed(const double *p, double calcium)
{
    return 2.0 / (1.0 + cali_exp((calcium - p[CALI_SIDE_EPSILON]) / p[PSI])) - 1.0;
}

static double psi_of(const double *p)
{
    return p[PSI];
}

static const cali_growth_curve sigmoid = {.n_params = 4, .speed = sigmoid_speed, .width = psi_of};

/* ---- entries ----------------------------------------------------------------------------------------- */

static const cal_field gaussian_params[] = {COMMON_PARAMS, SIDE_PARAMS("axon"), SIDE_ETA("axon"), SIDE_PARAMS("dendrite"),
                                            SIDE_ETA("dendrite")};
static const cal_field linear_params[] = {COMMON_PARAMS, SIDE_PARAMS("axon"), SIDE_PARAMS("dendrite")};
static const cal_field sigmoid_params[] = {COMMON_PARAMS, SIDE_PARAMS("axon"), SIDE_PSI("axon"), SIDE_PARAMS("dendrite"),
                                           SIDE_PSI("dendrite")};

#define PARAMS_OF(table) .params = table, .n_params = sizeof table / sizeof table[0]

const cali_synapse cali_synapse_structural = {
    .face = {.name = "structural",
             .title = "synapses form and break, Gaussian growth of elements",
             .equations = EQUATIONS("f = 2 exp(-((C - (eta + epsilon) / 2) / zeta)^2) - 1, zeta = (epsilon - eta) / (2 sqrt(log 2))"),
             .source = SOURCE,
             PARAMS_OF(gaussian_params)},
    .limit = -1,
    .growth = &gaussian,
};

const cali_synapse cali_synapse_structural_linear = {
    .face = {.name = "structural-linear",
             .title = "synapses form and break, linear growth of elements",
             .equations = EQUATIONS("f = 1 - C / epsilon"),
             .source = SOURCE,
             PARAMS_OF(linear_params)},
    .limit = -1,
    .growth = &linear,
};

const cali_synapse cali_synapse_structural_sigmoid = {
    .face = {.name = "structural-sigmoid",
             .title = "synapses form and break, sigmoid growth of elements",
             .equations = EQUATIONS("f = 2 / (1 + exp((C - epsilon) / psi)) - 1"),
             .source = SOURCE,
             PARAMS_OF(sigmoid_params)},
    .limit = -1,
    .growth = &sigmoid,
};
