/* The models that The Virtual Brain has too, one line each, and what its reference files hold (shared/reference/tvb).
 * Read by the tests of right-hand sides, of networks against the exact solution, and of TVB-compatible steps.
 *
 * Rows of a file are (variable, region or sample, mode); our state `variable * n_modes + mode` is that row's mode. A
 * coupling input gets the sum of its row over the modes. */
#ifndef CALI_TESTS_TVB_MODELS_H
#define CALI_TESTS_TVB_MODELS_H

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/h5.h"
#include "support/nmm_net.h"

enum { TVB_ROUTES = 4, TVB_RENAMED = 24, TVB_REGIONS = 10, TVB_SAMPLES = 20, TVB_MAX_MODELS = 64 };

/** TVB's coupling functions that its reference networks use. */
typedef enum tvb_coupling {
    TVB_LINEAR,
    TVB_DIFFERENCE,
    TVB_KURAMOTO,
    TVB_SIGMOIDAL_JANSEN_RIT,
    TVB_HYPERBOLIC_TANGENT
} tvb_coupling;

/** Row k of TVB's coupling: our output, our input. `to` NULL: TVB's equations ignore that row. */
typedef struct tvb_route {
    const char *from, *to;
} tvb_route;

/** A parameter of ours that TVB calls otherwise: ours = factor * theirs. */
typedef struct tvb_renamed {
    const char *ours, *theirs; /**< theirs NULL: TVB has none, ours keeps its default */
    size_t element;            /**< 1, 2, ...: that element of an array of coefficients; 0: a scalar, or per region */
    double factor;             /**< 0: 1 */
} tvb_renamed;

typedef struct tvb_model {
    const char *file, *model;
    tvb_route routes[TVB_ROUTES]; /**< in the order of TVB's coupling variables */
    tvb_coupling coupling;        /**< of /network */
    double share;      /**< /network: tolerance as a share of the range, 1e-6, or 1e-4 where the reference allows it */
    double rk4_dt_ms;  /**< fine enough for that: jumps of the slope at t = 0 travel along the edges */
    double grid_dt_ms; /**< grid of CVODE's coupling, the same */
    double dfun_tolerance; /**< 0: 1e-12 */
    tvb_renamed renamed[TVB_RENAMED];
} tvb_model;

/* Rates in 1/ms where TVB has Hz and s. */
#define TVB_WONG_WANG_IN_MS                                                                                            \
    {"a_e", "a_e", 0, 1e-3}, {"b_e", "b_e", 0, 1e-3}, {"d_e", "d_e", 0, 1e3}, {"gamma_e", "gamma_e", 0, 1e3},          \
        {"a_i", "a_i", 0, 1e-3}, {"b_i", "b_i", 0, 1e-3}, {"d_i", "d_i", 0, 1e3}, {"gamma_i", "gamma_i", 0, 1e3},      \
        {"lambda", "lamda", 0, 0.0}

/* The coefficients of a threshold, one parameter each where TVB has an array. */
#define TVB_ZERLAUT_THRESHOLDS                                                                                         \
    {"P_e0", "P_e", 1, 0.0}, {"P_e1", "P_e", 2, 0.0}, {"P_e2", "P_e", 3, 0.0},                                         \
    {"P_e3", "P_e", 4, 0.0}, {"P_e4", "P_e", 5, 0.0}, {"P_e5", "P_e", 6, 0.0},                                         \
    {"P_e6", "P_e", 7, 0.0}, {"P_e7", "P_e", 8, 0.0}, {"P_e8", "P_e", 9, 0.0},                                         \
    {"P_e9", "P_e", 10, 0.0}, {"P_i0", "P_i", 1, 0.0}, {"P_i1", "P_i", 2, 0.0},                                        \
    {"P_i2", "P_i", 3, 0.0}, {"P_i3", "P_i", 4, 0.0}, {"P_i4", "P_i", 5, 0.0},                                         \
    {"P_i5", "P_i", 6, 0.0}, {"P_i6", "P_i", 7, 0.0}, {"P_i7", "P_i", 8, 0.0},                                         \
    {"P_i8", "P_i", 9, 0.0}, {"P_i9", "P_i", 10, 0.0}

static const tvb_model tvb_models[] = {
    {"MontbrioPazoRoxin", "montbrio-pazo-roxin", {{"r", "c_r"}, {"V", "c_V"}}, TVB_LINEAR,
     .share = 1e-6, .rk4_dt_ms = 0.005, .grid_dt_ms = 0.005},
    {"JansenRit", "jansen-rit", {{"potential", "c"}}, TVB_SIGMOIDAL_JANSEN_RIT,
     .share = 1e-4, .rk4_dt_ms = 0.1, .grid_dt_ms = 0.05},
    {"WilsonCowan", "wilson-cowan", {{"E", "c_E"}}, TVB_LINEAR,
     .share = 1e-6, .rk4_dt_ms = 0.05, .grid_dt_ms = 0.02},
    {"Generic2dOscillator", "generic-2d-oscillator", {{"V", "c"}}, TVB_LINEAR,
     .share = 1e-6, .rk4_dt_ms = 0.05, .grid_dt_ms = 0.02},
    {"ReducedWongWang", "reduced-wong-wang", {{"S", "c"}}, TVB_LINEAR,
     .share = 1e-6, .rk4_dt_ms = 0.1, .grid_dt_ms = 0.1},
    {"Kuramoto", "kuramoto", {{"theta", "c"}}, TVB_KURAMOTO,
     .share = 1e-6, .rk4_dt_ms = 0.05, .grid_dt_ms = 0.05},
    {"ZetterbergJansen", "zetterberg-jansen", {{"v6", "c"}}, TVB_LINEAR,
     .share = 1e-6, .rk4_dt_ms = 0.05, .grid_dt_ms = 0.05, .renamed = {{"k5", "ke", 0, 0.0}}},
    {"ReducedWongWangExcInh", "reduced-wong-wang-exc-inh", {{"S_e", "c"}}, TVB_LINEAR,
     .share = 1e-6, .rk4_dt_ms = 0.05, .grid_dt_ms = 0.05, .renamed = {TVB_WONG_WANG_IN_MS}},
    {"DecoBalancedExcInh", "deco-balanced-exc-inh", {{"S_e", "c"}}, TVB_LINEAR,
     .share = 1e-6, .rk4_dt_ms = 0.05, .grid_dt_ms = 0.05, .renamed = {TVB_WONG_WANG_IN_MS}},
    {"CoombesByrne", "coombes-byrne", {{"r", "c"}}, TVB_LINEAR,
     .share = 1e-4, .rk4_dt_ms = 0.01, .grid_dt_ms = 0.01},
    {"CoombesByrne2D", "coombes-byrne-2d", {{"r", "c"}}, TVB_LINEAR,
     .share = 1e-6, .rk4_dt_ms = 0.005, .grid_dt_ms = 0.005},
    {"GastSchmidtKnosche_SD", "gast-schmidt-knosche-sd", {{"r", "c_r"}, {"V", "c_V"}}, TVB_LINEAR,
     .share = 1e-6, .rk4_dt_ms = 0.005, .grid_dt_ms = 0.005},
    {"GastSchmidtKnosche_SF", "gast-schmidt-knosche-sf", {{"r", "c_r"}, {"V", "c_V"}}, TVB_LINEAR,
     .share = 1e-4, .rk4_dt_ms = 0.005, .grid_dt_ms = 0.005},
    {"DumontGutkin", "dumont-gutkin", {{"r_e", "c"}}, TVB_LINEAR,
     .share = 1e-6, .rk4_dt_ms = 0.01, .grid_dt_ms = 0.01},
    {"SupHopf", "sup-hopf", {{"x", "c_x"}, {"y", "c_y"}}, TVB_DIFFERENCE,
     .share = 1e-4, .rk4_dt_ms = 0.1, .grid_dt_ms = 0.1},
    {"Linear", "linear", {{"x", "c"}}, TVB_LINEAR, .share = 1e-6, .rk4_dt_ms = 0.02, .grid_dt_ms = 0.02},
    {"Hopfield", "hopfield", {{"x", "c"}}, TVB_HYPERBOLIC_TANGENT,
     .share = 1e-6, .rk4_dt_ms = 0.05, .grid_dt_ms = 0.05},
    {"Epileptor", "epileptor", {{"x1", "c_x1"}, {"x2", "c_x2"}}, TVB_DIFFERENCE,
     .share = 1e-4, .rk4_dt_ms = 0.01, .grid_dt_ms = 0.02},
    {"Epileptor2D", "epileptor-2d", {{"x1", "c"}}, TVB_DIFFERENCE,
     .share = 1e-4, .rk4_dt_ms = 0.02, .grid_dt_ms = 0.02},
    {"EpileptorRestingState", "epileptor-resting-state", {{"x1", "c_x1"}, {"x2", "c_x2"}, {"x_rs", "c_x_rs"}},
     TVB_DIFFERENCE, .share = 1e-4, .rk4_dt_ms = 0.01, .grid_dt_ms = 0.02},
    {"EpileptorCodim3", "epileptor-codim3", {{"x", "c"}}, TVB_DIFFERENCE,
     .share = 1e-4, .rk4_dt_ms = 0.02, .grid_dt_ms = 0.01},
    {"EpileptorCodim3SlowMod", "epileptor-codim3-slow-mod", {{"x", "c"}}, TVB_DIFFERENCE,
     .share = 1e-4, .rk4_dt_ms = 0.02, .grid_dt_ms = 0.02},
    {"LarterBreakspear", "larter-breakspear", {{"V", "c"}}, TVB_HYPERBOLIC_TANGENT,
     .share = 1e-4, .rk4_dt_ms = 0.02, .grid_dt_ms = 0.02},
    {"ReducedSetFitzHughNagumo", "reduced-set-fitzhugh-nagumo", {{"xi", "c"}}, TVB_LINEAR,
     .share = 1e-4, .rk4_dt_ms = 0.02, .grid_dt_ms = 0.02},
    {"ReducedSetHindmarshRose", "reduced-set-hindmarsh-rose", {{"xi", "c"}}, TVB_LINEAR,
     .share = 1e-4, .rk4_dt_ms = 0.02, .grid_dt_ms = 0.02},
    {"ZerlautAdaptationFirstOrder", "zerlaut-adaptation-first-order", {{"E", "c"}}, TVB_LINEAR,
     .share = 1e-6, .rk4_dt_ms = 0.02, .grid_dt_ms = 0.02, .renamed = {TVB_ZERLAUT_THRESHOLDS}},
    {"ZerlautAdaptationSecondOrder", "zerlaut-adaptation-second-order", {{"E", "c"}}, TVB_LINEAR,
     .share = 1e-6, .rk4_dt_ms = 0.02, .grid_dt_ms = 0.02, .dfun_tolerance = 1e-8, /* TVB: finite differences */
     .renamed = {TVB_ZERLAUT_THRESHOLDS, {"moments", NULL, 0, 0.0}}},
    {"KIonEx", "k-ion-exchange", {{"x", "c"}}, TVB_LINEAR,
     .share = 1e-6, .rk4_dt_ms = 0.005, .grid_dt_ms = 0.005},
};
enum { TVB_MODELS = sizeof tvb_models / sizeof tvb_models[0] };

/** One test per line, for ParameterizedTestParameters. */
static inline struct criterion_test_params tvb_each_model(void)
{
    static int index[TVB_MAX_MODELS];
    for (int i = 0; i < TVB_MODELS; i++)
        index[i] = i;
    return cr_make_param_array(int, index, TVB_MODELS);
}

/** The model's reference file, or -1 where the reference data are not. */
static inline hid_t tvb_open(const tvb_model *tvb)
{
    char relative[128];
    snprintf(relative, sizeof relative, "reference/tvb/%s.h5", tvb->file);
    const char *path = cali_test_shared(relative);
    return path == NULL ? -1 : H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
}

static inline const cal_nmm_model *tvb_ours(const tvb_model *tvb)
{
    const cal_nmm_model *model = cal_nmm_model_find(tvb->model);
    cr_assert(model != NULL, "no model %s", tvb->model);
    return model;
}

static inline double *tvb_read(hid_t file, const char *path, size_t n_expected)
{
    size_t n;
    double *values = cali_test_h5_read(file, path, &n);
    cr_assert(values != NULL && n == n_expected, "%s: %zu values, not %zu", path, n, n_expected);
    return values;
}

static inline double tvb_number(hid_t file, const char *path)
{
    double *value = tvb_read(file, path, 1);
    const double number = value[0];
    free(value);
    return number;
}

static inline size_t tvb_n_modes(hid_t file)
{
    size_t n;
    double *value = cali_test_h5_attribute(file, "/", "number_of_modes", &n);
    cr_assert(value != NULL && n == 1);
    const size_t n_modes = (size_t)value[0];
    free(value);
    return n_modes;
}

/** Our parameter k of the group's `n` regions into `values`; constants that TVB derives stand in a group of their own.
 *  Returns false where TVB has no such parameter: values are our default. */
static inline bool tvb_parameter(hid_t file, const char *group, const tvb_model *tvb, size_t k, size_t n,
                                 double *values)
{
    const cal_field *ours = &tvb_ours(tvb)->params[k];
    tvb_renamed name = {.ours = ours->name, .theirs = ours->name};
    for (size_t j = 0; j < TVB_RENAMED && tvb->renamed[j].ours != NULL; j++)
        if (strcmp(tvb->renamed[j].ours, ours->name) == 0)
            name = tvb->renamed[j];
    char path[128];
    size_t n_values = 0;
    double *theirs = NULL;
    static const char *const folders[] = {"parameters", "parameters/derived"};
    for (size_t f = 0; f < 2 && name.theirs != NULL && theirs == NULL; f++) {
        snprintf(path, sizeof path, "%s/%s/%s", group, folders[f], name.theirs);
        theirs = cali_test_h5_read(file, path, &n_values);
    }
    cr_assert(name.theirs == NULL || theirs != NULL, "%s: %s has no %s", tvb->file, group, name.theirs);
    cr_assert(name.element > 0 ? name.element <= n_values : theirs == NULL || n_values == 1 || n_values == n,
              "%s: %zu values of %s", tvb->file, n_values, ours->name);
    const double factor = name.factor != 0.0 ? name.factor : 1.0;
    for (size_t i = 0; i < n; i++) {
        const size_t at = name.element > 0 ? name.element - 1 : n_values == n ? i : 0;
        values[i] = theirs != NULL ? factor * theirs[at] : ours->value;
    }
    free(theirs);
    return name.theirs != NULL;
}

/** The coupling of a run, such as "network", as terms of ours; returns their number. The numbers have TVB's names, except for the width
 *  of Jansen and Rit's function, which TVB gives as its inverse. */
static inline size_t tvb_terms(hid_t file, const char *run, const tvb_model *tvb, cal_coupling terms[TVB_ROUTES])
{
    static const cal_coupling_kind kinds[] = {
        [TVB_LINEAR] = CAL_COUPLING_LINEAR, [TVB_DIFFERENCE] = CAL_COUPLING_DIFFERENCE,
        [TVB_KURAMOTO] = CAL_COUPLING_KURAMOTO, [TVB_SIGMOIDAL_JANSEN_RIT] = CAL_COUPLING_SIGMOIDAL_JANSEN_RIT,
        [TVB_HYPERBOLIC_TANGENT] = CAL_COUPLING_HYPERBOLIC_TANGENT,
    };
    cal_coupling c = cal_coupling_default();
    c.kind = kinds[tvb->coupling];
    const cal_coupling_info *info = cal_coupling_info_of(c.kind);
    for (size_t k = 0; k < info->n_params; k++) {
        const char *name = info->params[k].name;
        const bool is_inverse = tvb->coupling == TVB_SIGMOIDAL_JANSEN_RIT && strcmp(name, "sigma") == 0;
        char path[128];
        snprintf(path, sizeof path, "%s/coupling_parameters/%s", run, is_inverse ? "r" : name);
        const double number = tvb_number(file, path);
        *cal_coupling_number(&c, name) = is_inverse ? 1.0 / number : number;
    }
    size_t n = 0;
    for (size_t k = 0; k < TVB_ROUTES; k++) {
        if (tvb->routes[k].to == NULL)
            continue;
        terms[n] = c;
        terms[n].from = tvb->routes[k].from;
        terms[n++].to = tvb->routes[k].to;
    }
    return n;
}

/** The ten regions of /network, ready for net_create once integrator and steps are chosen (RK4 unless changed). */
static inline net tvb_network(hid_t file, const tvb_model *tvb)
{
    const cal_nmm_model *m = tvb_ours(tvb);
    const size_t n_modes = tvb_n_modes(file);
    net a = net_make(TVB_REGIONS, tvb->model, 1);
    double *weights = tvb_read(file, "network/weights", TVB_REGIONS * TVB_REGIONS);
    double *delays = tvb_read(file, "network/delays_ms", TVB_REGIONS * TVB_REGIONS);
    double *initial = tvb_read(file, "network/initial_state", m->n_states * TVB_REGIONS);
    memcpy(a.weights, weights, TVB_REGIONS * TVB_REGIONS * sizeof *weights);
    memcpy(a.delays_ms, delays, TVB_REGIONS * TVB_REGIONS * sizeof *delays);
    for (size_t i = 0; i < TVB_REGIONS; i++)
        for (size_t s = 0; s < m->n_states; s++)
            a.initial[i * NET_MAX_ROWS + s] = initial[(s / n_modes * TVB_REGIONS + i) * n_modes + s % n_modes];
    free(weights);
    free(delays);
    free(initial);
    for (size_t k = 0; k < m->n_params; k++) {
        double value[TVB_REGIONS];
        tvb_parameter(file, "network", tvb, k, TVB_REGIONS, value);
        for (size_t i = 0; i < TVB_REGIONS; i++)
            a.params[i * NET_MAX_ROWS + k] = value[i];
    }
    a.def.n_couplings = tvb_terms(file, "network", tvb, a.coupling);
    a.def.window = CAL_NS_PER_MS;
    return a;
}

/** Runs the network and gives its largest difference from the series `path` of the file, such as "network/exact",
 *  over the tolerance per variable (n_states / n_modes values). */
static inline double tvb_worst_ratio(hid_t file, const tvb_model *tvb, net *a, const char *path,
                                     const double *tolerance)
{
    const cal_nmm_model *m = tvb_ours(tvb);
    const size_t n_modes = tvb_n_modes(file);
    size_t n_times;
    double *times = cali_test_h5_read(file, "network/t", &n_times), worst = 0.0;
    double *truth = tvb_read(file, path, n_times * m->n_states * TVB_REGIONS);
    net_create(a);
    for (size_t k = 1; k < n_times; k++) {
        cr_assert(net_run(a, (cal_time)(times[k] * 1e6 + 0.5)) == CAL_OK, "%s", cal_context_message(a->ctx));
        for (size_t i = 0; i < TVB_REGIONS; i++)
            for (size_t s = 0; s < m->n_states; s++) {
                const size_t variable = s / n_modes, mode = s % n_modes;
                const size_t row = (k * m->n_states / n_modes + variable) * TVB_REGIONS + i;
                const double difference = fabs(net_state(a, i, s) - truth[row * n_modes + mode]);
                /* also a difference that is not a number counts; none at all needs no tolerance */
                if (difference != 0.0 && !(difference / tolerance[variable] <= worst))
                    worst = difference / tolerance[variable];
            }
    }
    net_restart(a);
    free(times);
    free(truth);
    return worst;
}

/** Range of each variable of /network, for tolerances; NET_MAX_ROWS values. */
static inline void tvb_ranges(hid_t file, const tvb_model *tvb, double range[NET_MAX_ROWS])
{
    const size_t n_variables = tvb_ours(tvb)->n_states / tvb_n_modes(file);
    size_t n_low, n_high;
    double *low = cali_test_h5_attribute(file, "network", "range_min", &n_low);
    double *high = cali_test_h5_attribute(file, "network", "range_max", &n_high);
    cr_assert(low != NULL && high != NULL && n_low == n_variables && n_high == n_variables && n_low <= NET_MAX_ROWS);
    for (size_t v = 0; v < n_variables; v++)
        range[v] = high[v] - low[v];
    free(low);
    free(high);
}

#endif
