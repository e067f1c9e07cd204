/* The normal form of a supercritical Hopf bifurcation: at rest for a < 0, a circle of radius sqrt(a) for a > 0. */
#include "nmm/models/model.h"

enum { A, OMEGA };
enum { X, Y };

static const cal_field params[] = {
    [A] = {"a", "1/ms", -0.5, -100.0, 100.0, "distance from the bifurcation"},
    [OMEGA] = {"omega", "rad/ms", 1.0, -1e3, 1e3, "angular frequency"},
};
static const cal_field states[] = {
    [X] = {"x", "1", 0.1, -INFINITY, INFINITY, "first coordinate; x^2 counts in 1/ms"},
    [Y] = {"y", "1", 0.0, -INFINITY, INFINITY, "second coordinate, a quarter turn behind"},
};
static const double scales[] = {0.1, 0.1};
static const cal_field inputs[] = {
    [X] = {"c_x", "1/ms", 0.0, -INFINITY, INFINITY, "added to x'"},
    [Y] = {"c_y", "1/ms", 0.0, -INFINITY, INFINITY, "added to y'"},
};
static const cal_field outputs[] = {
    [X] = {"x", "1", 0.0, -INFINITY, INFINITY, "first coordinate"},
    [Y] = {"y", "1", 0.0, -INFINITY, INFINITY, "second coordinate"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x,
                const double *restrict c, double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double u = x[X * n + i], v = x[Y * n + i], omega = p[OMEGA * n + i];
        const double growth = p[A * n + i] - u * u - v * v;
        dx[X * n + i] = growth * u - omega * v + c[X * n + i];
        dx[Y * n + i] = growth * v + omega * u + c[Y * n + i];
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

extern const cal_nmm_model CALI_MODEL(sup_hopf);
const cal_nmm_model CALI_MODEL(sup_hopf) = {
    .name = "sup-hopf",
    .alias = "hopf",
    .title = "Supercritical Hopf: the normal form of a beginning oscillation",
    .equations = "x' = (a - x^2 - y^2) x - omega y + c_x\n"
                 "y' = (a - x^2 - y^2) y + omega x + c_y",
    .source = "Deco, Kringelbach, Jirsa & Ritter (2017), Sci. Rep. 7, 3095",
    CALI_MODEL_PARTS,
};
