/* A burster of any of the classes that a planar fast system allows: the class is the path from offset to onset. */
#include "nmm/models/burster.h"

enum { MU1_START = BURST_N_PARAMS, MU2_START, NU_START, MU1_STOP, MU2_STOP, NU_STOP, N_PARAMS };
enum { E_0 = N_PARAMS, E_1, E_2, F_0, F_1, F_2, N_DERIVED = 6 };

static const cal_field params[] = {
    CALI_BURSTER_PARAMS(0.001),
    [MU1_START] = {"mu1_start", "1", -0.02285, -1.0, 1.0, "mu1 at the point of offset"},
    [MU2_START] = {"mu2_start", "1", 0.3448, -1.0, 1.0, "mu2 at the point of offset"},
    [NU_START] = {"nu_start", "1", 0.2014, -1.0, 1.0, "nu at the point of offset"},
    [MU1_STOP] = {"mu1_stop", "1", -0.07465, -1.0, 1.0, "mu1 at the point of onset"},
    [MU2_STOP] = {"mu2_stop", "1", 0.3351, -1.0, 1.0, "mu2 at the point of onset"},
    [NU_STOP] = {"nu_stop", "1", 0.2053, -1.0, 1.0, "nu at the point of onset"},
};
static const cal_field states[] = {CALI_BURSTER_STATES};
static const double scales[] = {0.5, 0.5, 0.1};
static const cal_field inputs[] = {{"c", "1", 0.0, -INFINITY, INFINITY, "input of z, by Ks"}};
static const cal_field outputs[] = {
    [BURST_X] = {"x", "1", 0.0, -INFINITY, INFINITY, "fast variable: the signal"},
    [BURST_Y] = {"y", "1", 0.0, -INFINITY, INFINITY, "minus the derivative of x"},
    [BURST_Z] = {"z", "rad", 0.0, -INFINITY, INFINITY, "slow variable: angle on the way from offset to onset"},
};

static void derive(size_t n, double *p)
{
    for (size_t i = 0; i < n; i++) {
        const vector a = {p[MU2_START * n + i], -p[MU1_START * n + i], p[NU_START * n + i]};
        const vector b = {p[MU2_STOP * n + i], -p[MU1_STOP * n + i], p[NU_STOP * n + i]};
        const vector e = unit_vector(a), f = towards(a, b);
        p[E_0 * n + i] = e.x;
        p[E_1 * n + i] = e.y;
        p[E_2 * n + i] = e.z;
        p[F_0 * n + i] = f.x;
        p[F_1 * n + i] = f.y;
        p[F_2 * n + i] = f.z;
    }
}

static void rhs(size_t n, const double *restrict p, const double *restrict x, const double *restrict c,
                double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const vector e = {p[E_0 * n + i], p[E_1 * n + i], p[E_2 * n + i]};
        const vector f = {p[F_0 * n + i], p[F_1 * n + i], p[F_2 * n + i]};
        burster(n, i, p, x, on_circle(p[BURST_R * n + i], e, f, x[BURST_Z * n + i]), c[i], dx);
    }
}

static void observe(size_t n, const double *restrict p, const double *restrict x, double *restrict y)
{
    (void)p;
    EACH_REGION
    for (size_t i = 0; i < BURST_N_STATES * n; i++)
        y[i] = x[i];
}

extern const cal_nmm_model CALI_MODEL(epileptor_codim3);
const cal_nmm_model CALI_MODEL(epileptor_codim3) = {
    .name = "epileptor-codim3",
    .alias = NULL,
    .title = "Codimension-3 Epileptor: bursting of a chosen class",
    .equations = CALI_BURSTER_EQUATIONS "A = (mu2_start, -mu1_start, nu_start),  B = (mu2_stop, -mu1_stop, nu_stop)",
    .source = CALI_BURSTER_SOURCE,
    .n_derived = N_DERIVED,
    .derive = derive,
    CALI_MODEL_PARTS,
};
