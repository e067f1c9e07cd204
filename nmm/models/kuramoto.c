/* A phase that turns at its own frequency; regions couple through the sine of phase differences. */
#include "nmm/models/model.h"

static const cal_field params[] = {
    {"omega", "rad/ms", 1.0, -100.0, 100.0, "angular frequency"},
};
static const cal_field states[] = {
    {"theta", "rad", 0.0, -INFINITY, INFINITY, "phase, not wrapped"},
};
static const double scales[] = {1.0};
static const cal_field inputs[] = {
    {"c", "rad/ms", 0.0, -INFINITY, INFINITY, "added to the angular frequency"},
};
enum { THETA, SINE, COSINE };
static const cal_field outputs[] = {
    [THETA] = {"theta", "rad", 0.0, -INFINITY, INFINITY, "phase, not wrapped"},
    [SINE] = {"sin", "1", 0.0, -1.0, 1.0, "sine of the phase"},
    [COSINE] = {"cos", "1", 0.0, -1.0, 1.0, "cosine of the phase"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x,
                const double *restrict c, double *restrict dx)
{
    (void)x;
    EACH_REGION
    for (size_t i = 0; i < n; i++)
        dx[i] = p[i] + c[i];
}

static void observe(size_t n, const double *restrict p, const double *restrict x,
                    double *restrict y)
{
    (void)p;
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        y[THETA * n + i] = x[i];
        cali_sincos(x[i], &y[SINE * n + i], &y[COSINE * n + i]);
    }
}

extern const cal_nmm_model CALI_MODEL(kuramoto);
const cal_nmm_model CALI_MODEL(kuramoto) = {
    .name = "kuramoto",
    .alias = NULL,
    .title = "Kuramoto: a phase oscillator",
    .equations = "theta' = omega + c",
    .source = "Kuramoto (1975), Lecture Notes in Physics 39, 420-422",
    CALI_MODEL_PARTS,
};
