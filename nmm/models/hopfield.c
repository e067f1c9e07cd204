/* Graded neurons of an associative memory, with a threshold that may follow an input of its own. */
#include "nmm/models/model.h"

enum { TAU_X, TAU_T, DYNAMIC };
enum { X, THETA };

static const cal_field params[] = {
    [TAU_X] = {"taux", "ms", 1.0, 1e-2, 1e4, "time constant of x"},
    [TAU_T] = {"tauT", "ms", 5.0, 1e-2, 1e4, "time constant of theta"},
    [DYNAMIC] = {"dynamic", "1", 0.0, 0.0, 1.0, "1: theta follows its own input; 0: it moves as x does"},
};
static const cal_field states[] = {
    [X] = {"x", "1", 0.1, -INFINITY, INFINITY, "potential"},
    [THETA] = {"theta", "1", 0.1, -INFINITY, INFINITY, "threshold"},
};
static const double scales[] = {0.1, 0.1};
static const cal_field inputs[] = {
    [X] = {"c", "1", 0.0, -INFINITY, INFINITY, "drive of x"},
    [THETA] = {"c_theta", "1", 0.0, -INFINITY, INFINITY, "drive of theta where dynamic is 1"},
};
static const cal_field outputs[] = {
    [X] = {"x", "1", 0.0, -INFINITY, INFINITY, "potential"},
    [THETA] = {"theta", "1", 0.0, -INFINITY, INFINITY, "threshold"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x,
                const double *restrict c, double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double slope = (c[X * n + i] - x[X * n + i]) / p[TAU_X * n + i];
        const double own = (c[THETA * n + i] - x[THETA * n + i]) / p[TAU_T * n + i];
        dx[X * n + i] = slope;
        dx[THETA * n + i] = p[DYNAMIC * n + i] * own + (1.0 - p[DYNAMIC * n + i]) * slope;
    }
}

static void observe(size_t n, const double *restrict p, const double *restrict x,
                    double *restrict y)
{
    (void)p;
    EACH_REGION
    for (size_t i = 0; i < 2 * n; i++)
        y[i] = x[i];
}

extern const cal_nmm_model CALI_MODEL(hopfield);
const cal_nmm_model CALI_MODEL(hopfield) = {
    .name = "hopfield",
    .alias = NULL,
    .title = "Hopfield: graded neurons of an associative memory",
    .equations = "taux x' = -x + c\n"
                 "theta' = dynamic (-theta + c_theta) / tauT + (1 - dynamic) x'",
    .source = "Hopfield (1984), PNAS 81, 3088-3092",
    .is_stiff = true,
    CALI_MODEL_PARTS,
};
