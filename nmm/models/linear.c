/* Exponential decay towards the input: with noise, an Ornstein-Uhlenbeck process per region. */
#include "nmm/models/model.h"

static const cal_field params[] = {
    {"gamma", "1/ms", -10.0, -100.0, 0.0, "rate of growth; the network is stable below minus its summed weights"},
};
static const cal_field states[] = {
    {"x", "1", 0.1, -INFINITY, INFINITY, "activity"},
};
static const double scales[] = {0.1};
static const cal_field inputs[] = {
    {"c", "1/ms", 0.0, -INFINITY, INFINITY, "added to x'"},
};
static const cal_field outputs[] = {
    {"x", "1", 0.0, -INFINITY, INFINITY, "activity"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x,
                const double *restrict c, double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++)
        dx[i] = p[i] * x[i] + c[i];
}

static void observe(size_t n, const double *restrict p, const double *restrict x,
                    double *restrict y)
{
    (void)p;
    EACH_REGION
    for (size_t i = 0; i < n; i++)
        y[i] = x[i];
}

extern const cal_nmm_model CALI_MODEL(linear);
const cal_nmm_model CALI_MODEL(linear) = {
    .name = "linear",
    .alias = NULL,
    .title = "Linear: decay of the activity, the simplest of all masses",
    .equations = "x' = gamma x + c",
    .source = "Galan (2008), PLoS ONE 3, e2148",
    .is_stiff = true,
    CALI_MODEL_PARTS,
};
