/* The Epileptor on its slow time scale: the fast recovery follows at once, the second ensemble is left out. */
#include "nmm/models/epileptor.h"

enum { X0, IEXT, A, B, C, D, R, SLOPE, KVF, KS, TT, MODIFICATION };
enum { X1, Z };

static const cal_field params[] = {
    [X0] = {"x0", "1", -1.6, -10.0, 10.0, "epileptogenicity"},
    [IEXT] = {"Iext", "1", 3.1, -100.0, 100.0, "constant drive"},
    [A] = {"a", "1", 1.0, -100.0, 100.0, "coefficient of x1^3 for x1 < 0"},
    [B] = {"b", "1", 3.0, -100.0, 100.0, "coefficient of x1^2 for x1 < 0"},
    [C] = {"c", "1", 1.0, -100.0, 100.0, "constant of the recovery"},
    [D] = {"d", "1", 5.0, -100.0, 100.0, "coefficient of x1^2 in the recovery"},
    [R] = {"r", "1/ms", 0.00035, 0.0, 1.0, "rate of the permittivity"},
    [SLOPE] = {"slope", "1", 0.0, -100.0, 100.0, "slope of x1' for x1 >= 0"},
    [KVF] = {"Kvf", "1", 0.0, -100.0, 100.0, "weight of the input in x1'; 0: that coupling is off"},
    [KS] = {"Ks", "1", 0.0, -100.0, 100.0, "weight of the input in z'; 0: that coupling is off"},
    [TT] = {"tt", "1", 1.0, 1e-4, 100.0, "rate of the whole system"},
    [MODIFICATION] = {"modification", "1", 0.0, 0.0, 1.0, "0: z follows x1 on a line; 1: on a sigmoid"},
};
static const cal_field states[] = {
    [X1] = {"x1", "1", -1.5, -INFINITY, INFINITY, "ensemble of the discharges"},
    [Z] = {"z", "1", 3.5, -INFINITY, INFINITY, "permittivity"},
};
static const double scales[] = {1.0, 3.0};
static const cal_field inputs[] = {
    {"c", "1", 0.0, -INFINITY, INFINITY, "input of x1 (by Kvf) and of z (by Ks)"},
};
static const cal_field outputs[] = {
    [X1] = {"x1", "1", 0.0, -INFINITY, INFINITY, "ensemble of the discharges"},
    [Z] = {"z", "1", 0.0, -INFINITY, INFINITY, "permittivity"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x, const double *restrict c,
                double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double x1 = x[X1 * n + i], z = x[Z * n + i], tt = p[TT * n + i], d = p[D * n + i];
        const double cubic = p[A * n + i] * x1 * x1 + (d - p[B * n + i]) * x1;
        const double steep = -p[SLOPE * n + i] - 0.6 * (z - 4.0) * (z - 4.0) + d * x1;
        const double target = epileptor_target(p[MODIFICATION * n + i], 4.0, p[X0 * n + i], x1, z);
        dx[X1 * n + i] =
            tt * (p[C * n + i] - z + p[IEXT * n + i] + p[KVF * n + i] * c[i] - (x1 < 0.0 ? cubic : steep) * x1);
        dx[Z * n + i] = tt * p[R * n + i] * (target - z + p[KS * n + i] * c[i]);
    }
}

static void observe(size_t n, const double *restrict p, const double *restrict x, double *restrict y)
{
    (void)p;
    EACH_REGION
    for (size_t i = 0; i < 2 * n; i++)
        y[i] = x[i];
}

extern const cal_nmm_model CALI_MODEL(epileptor_2d);
const cal_nmm_model CALI_MODEL(epileptor_2d) = {
    .name = "epileptor-2d",
    .alias = NULL,
    .title = "Epileptor on its slow time scale: in two variables",
    .equations = "x1' = tt (c - z + Iext + Kvf c_in - x1 f)\n"
                 "  f = a x1^2 + (d - b) x1 for x1 < 0, else d x1 - slope - 0.6 (z - 4)^2\n"
                 "z' = tt r (h - z + Ks c_in)\n"
                 "  h = 4 (x1 - x0) - [0.1 z^7 for z < 0]; with modification h = x0 + 3 / (1 + exp(-10 (x1 + 0.5)))\n"
                 "c_in: the input c",
    .source = "Proix, Bartolomei, Chauvel, Bernard & Jirsa (2014), J. Neurosci. 34, 15009-15021",
    CALI_MODEL_PARTS,
};
