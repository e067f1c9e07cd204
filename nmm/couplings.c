/* The kinds of coupling: one entry each with formula, parameters and what it adds to an input. A function of the
 * source (pre-synaptic) is applied before the value travels and stands in a channel of its own; a function of the sum
 * (post-synaptic) is applied by `add`. */
#include "nmm/couplings.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define ANY -INFINITY, INFINITY
#define POSITIVE 0.0, INFINITY

static const cal_field linear_params[] = {
    {"a", "to/from", 1.0, ANY, "slope"},
    {"b", "to", 0.0, ANY, "offset"},
};
static const cal_field slope_params[] = {
    {"a", "to/from", 1.0, ANY, "slope"},
};
static const cal_field kuramoto_params[] = {
    {"a", "to", 1.0, ANY, "strength; a/N where a paper divides by the number of regions"},
};
static const cal_field sigmoidal_params[] = {
    {"a", "1", 1.0, ANY, "steepness"},
    {"cmin", "to", -1.0, ANY, "lower end"},
    {"cmax", "to", 1.0, ANY, "upper end"},
    {"midpoint", "from", 0.0, ANY, "s at half height"},
    {"sigma", "from", 230.0, POSITIVE, "width"},
};
static const cal_field jansen_rit_params[] = {
    {"a", "1", 1.0, ANY, "factor"},
    {"cmin", "to", 0.0, ANY, "lowest rate"},
    {"cmax", "to", 0.005, ANY, "highest rate"},
    {"midpoint", "from", 6.0, ANY, "potential at half height"},
    {"sigma", "from", 1.0 / 0.56, POSITIVE, "width, 1 / r"},
};
static const cal_field tangent_params[] = {
    {"a", "to", 1.0, ANY, "factor"},
    {"b", "1", 1.0, ANY, "factor on the source"},
    {"midpoint", "from", 0.0, ANY, "b x at half height"},
    {"sigma", "from", 1.0, POSITIVE, "width"},
};
static const cal_field pre_sigmoidal_params[] = {
    {"a", "to", 0.5, ANY, "factor, H"},
    {"b", "1", 1.0, ANY, "offset, Q"},
    {"ratio", "1", 1.0, ANY, "factor on the source, P"},
    {"midpoint", "from", 0.5, ANY, "threshold theta where `threshold` names no output"},
    {"sigma", "from", 1.0 / 60.0, POSITIVE, "width, 1 / G"},
};

#define PARAMS(of) .params = (of), .n_params = sizeof(of) / sizeof *(of)

static void add_linear(const cali_kernels *kernels, const cali_term *term, const cali_term_rows *r, double *c)
{
    kernels->linear(r->n, term->q[CALI_Q_A], term->q[CALI_Q_B], r->s, c);
}

static void add_scaled(const cali_kernels *kernels, const cali_term *term, const cali_term_rows *r, double *c)
{
    kernels->linear(r->n, term->q[CALI_Q_A], 0.0, r->s, c);
}

static void add_sigmoidal(const cali_kernels *kernels, const cali_term *term, const cali_term_rows *r, double *c)
{
    kernels->sigmoidal(r->n, term->q, r->s, c);
}

static void add_difference(const cali_kernels *kernels, const cali_term *term, const cali_term_rows *r, double *c)
{
    kernels->difference(r->n, term->q[CALI_Q_A], r->row_weight, r->x, r->s, c);
}

static void add_phase(const cali_kernels *kernels, const cali_term *term, const cali_term_rows *r, double *c)
{
    kernels->phase(r->n, term->q[CALI_Q_A], r->x, r->s, r->s_next, c);
}

static const cali_coupling_entry entries[CAL_N_COUPLINGS] = {
    [CAL_COUPLING_LINEAR] = {{.name = "linear", .formula = "c = a s + b", PARAMS(linear_params)},
                             .add = add_linear},
    [CAL_COUPLING_SIGMOIDAL] =
        {{.name = "sigmoidal", .formula = "c = cmin + (cmax - cmin) / (1 + exp(-a (s - midpoint) / sigma))",
          PARAMS(sigmoidal_params)},
         .add = add_sigmoidal},
    [CAL_COUPLING_DIFFERENCE] = {{.name = "difference", .formula = "c = a G sum_j w_ij (x_j - x_i)",
                                  PARAMS(slope_params)},
                                 .needs_own = true, .add = add_difference},
    [CAL_COUPLING_KURAMOTO] = {{.name = "kuramoto", .formula = "c = a G sum_j w_ij sin(x_j - x_i)",
                                PARAMS(kuramoto_params)},
                               .needs_own = true, .needs_phase = true, .channel = CALI_CHANNEL_SINE, .add = add_phase},
    [CAL_COUPLING_SIGMOIDAL_JANSEN_RIT] =
        {{.name = "sigmoidal-jansen-rit",
          .formula = "c = a G sum_j w_ij S(x_j), S(x) = cmin + (cmax - cmin) / (1 + exp((midpoint - x) / sigma))",
          .is_before = true, PARAMS(jansen_rit_params)},
         .channel = CALI_CHANNEL_LOGISTIC, .add = add_scaled},
    [CAL_COUPLING_SCALING] = {{.name = "scaling", .formula = "c = a s", PARAMS(slope_params)}, .add = add_scaled},
    [CAL_COUPLING_HYPERBOLIC_TANGENT] =
        {{.name = "hyperbolic-tangent",
          .formula = "c = a G sum_j w_ij S(x_j), S(x) = 1 + tanh((b x - midpoint) / sigma)",
          .is_before = true, PARAMS(tangent_params)},
         .channel = CALI_CHANNEL_TANGENT, .add = add_scaled},
    [CAL_COUPLING_PRE_SIGMOIDAL] =
        {{.name = "pre-sigmoidal",
          .formula = "c = a G sum_j w_ij S(x_j), S(x) = b + tanh((ratio x - theta) / sigma), theta = midpoint or the "
                     "source's own output `threshold`",
          .is_before = true, PARAMS(pre_sigmoidal_params)},
         .takes_threshold = true, .channel = CALI_CHANNEL_TANGENT, .add = add_scaled},
};

const char *const cal_coupling_names[] = {"linear", "sigmoidal", "difference", "kuramoto", "sigmoidal-jansen-rit",
                                          "scaling", "hyperbolic-tangent", "pre-sigmoidal"};

const cal_coupling_info *cal_coupling_info_of(cal_coupling_kind kind)
{
    return (int)kind >= 0 && (int)kind < CAL_N_COUPLINGS ? &entries[kind].info : NULL;
}

const cali_coupling_entry *cali_coupling_entry_of(cal_coupling_kind kind)
{
    return &entries[kind];
}

/* ---- numbers by name ----------------------------------------------------------------------------- */

static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    {"a", offsetof(cal_coupling, a)},
    {"b", offsetof(cal_coupling, b)},
    {"cmin", offsetof(cal_coupling, cmin)},
    {"cmax", offsetof(cal_coupling, cmax)},
    {"midpoint", offsetof(cal_coupling, midpoint)},
    {"sigma", offsetof(cal_coupling, sigma)},
    {"ratio", offsetof(cal_coupling, ratio)},
};

double *cal_coupling_number(cal_coupling *coupling, const char *name)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(name, numbers[i].name) == 0)
            return (double *)(void *)((char *)coupling + numbers[i].offset);
    return NULL;
}

cal_coupling cal_coupling_default(void)
{
    return (cal_coupling){.a = NAN, .b = NAN, .cmin = NAN, .cmax = NAN, .midpoint = NAN, .sigma = NAN, .ratio = NAN};
}

void cal_coupling_complete(cal_coupling *coupling)
{
    const cal_coupling_info *info = cal_coupling_info_of(coupling->kind);
    for (size_t k = 0; info != NULL && k < info->n_params; k++) {
        double *value = cal_coupling_number(coupling, info->params[k].name);
        *value = isnan(*value) ? info->params[k].value : *value;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) { /* those of other kinds */
        double *value = cal_coupling_number(coupling, numbers[i].name);
        *value = isnan(*value) ? 0.0 : *value;
    }
}
