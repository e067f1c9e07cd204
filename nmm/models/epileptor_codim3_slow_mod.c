/* The codimension-3 burster whose points of offset and onset wander, very slowly: its class changes on the way. */
#include "nmm/models/burster.h"

enum {
    C_A = BURST_N_PARAMS, C_B, MU1_A_IN, MU2_A_IN, NU_A_IN, MU1_B_IN, MU2_B_IN, NU_B_IN, MU1_A_END, MU2_A_END, NU_A_END,
    MU1_B_END, MU2_B_END, NU_B_END, N_PARAMS
};
/* derived: four vectors, each three rows */
enum { G = N_PARAMS, H = G + 3, L = H + 3, M = L + 3, N_DERIVED = 12 };
enum { U_A = BURST_N_STATES, U_B, N_STATES };

static const cal_field params[] = {
    CALI_BURSTER_PARAMS(0.002),
    [C_A] = {"cA", "rad/ms", 0.0001, 0.0, 1.0, "rate at which the point of offset moves"},
    [C_B] = {"cB", "rad/ms", 0.00012, 0.0, 1.0, "rate at which the point of onset moves"},
    [MU1_A_IN] = {"mu1_Ain", "1", 0.05494, -1.0, 1.0, "mu1 of the point of offset at first"},
    [MU2_A_IN] = {"mu2_Ain", "1", 0.2731, -1.0, 1.0, "mu2 of the point of offset at first"},
    [NU_A_IN] = {"nu_Ain", "1", 0.287, -1.0, 1.0, "nu of the point of offset at first"},
    [MU1_B_IN] = {"mu1_Bin", "1", -0.0461, -1.0, 1.0, "mu1 of the point of onset at first"},
    [MU2_B_IN] = {"mu2_Bin", "1", 0.243, -1.0, 1.0, "mu2 of the point of onset at first"},
    [NU_B_IN] = {"nu_Bin", "1", 0.3144, -1.0, 1.0, "nu of the point of onset at first"},
    [MU1_A_END] = {"mu1_Aend", "1", 0.06485, -1.0, 1.0, "mu1 of a point of offset on the way"},
    [MU2_A_END] = {"mu2_Aend", "1", 0.07337, -1.0, 1.0, "mu2 of a point of offset on the way"},
    [NU_A_END] = {"nu_Aend", "1", -0.3878, -1.0, 1.0, "nu of a point of offset on the way"},
    [MU1_B_END] = {"mu1_Bend", "1", 0.03676, -1.0, 1.0, "mu1 of a point of onset on the way"},
    [MU2_B_END] = {"mu2_Bend", "1", -0.02792, -1.0, 1.0, "mu2 of a point of onset on the way"},
    [NU_B_END] = {"nu_Bend", "1", -0.3973, -1.0, 1.0, "nu of a point of onset on the way"},
};
static const cal_field states[] = {
    CALI_BURSTER_STATES,
    [U_A] = {"uA", "rad", 0.0, -INFINITY, INFINITY, "angle by which the point of offset has moved"},
    [U_B] = {"uB", "rad", 0.0, -INFINITY, INFINITY, "angle by which the point of onset has moved"},
};
static const double scales[] = {0.5, 0.5, 0.1, 1.0, 1.0};
static const cal_field inputs[] = {{"c", "1", 0.0, -INFINITY, INFINITY, "input of z, by Ks"}};
static const cal_field outputs[] = {
    [BURST_X] = {"x", "1", 0.0, -INFINITY, INFINITY, "fast variable: the signal"},
    [BURST_Y] = {"y", "1", 0.0, -INFINITY, INFINITY, "minus the derivative of x"},
    [BURST_Z] = {"z", "rad", 0.0, -INFINITY, INFINITY, "slow variable: angle on the way from offset to onset"},
    [U_A] = {"uA", "rad", 0.0, -INFINITY, INFINITY, "angle by which the point of offset has moved"},
    [U_B] = {"uB", "rad", 0.0, -INFINITY, INFINITY, "angle by which the point of onset has moved"},
};

CAL_HD vector get_vector(const double *p, size_t first, size_t n, size_t i)
{
    return (vector){p[first * n + i], p[(first + 1) * n + i], p[(first + 2) * n + i]};
}

static void put_vector(double *p, size_t first, size_t n, size_t i, vector v)
{
    p[first * n + i] = v.x;
    p[(first + 1) * n + i] = v.y;
    p[(first + 2) * n + i] = v.z;
}

/* (mu2, -mu1, nu) from the rows mu1, mu2, nu */
static vector point(const double *p, size_t mu1, size_t n, size_t i)
{
    return (vector){p[(mu1 + 1) * n + i], -p[mu1 * n + i], p[(mu1 + 2) * n + i]};
}

static void derive(size_t n, double *p)
{
    for (size_t i = 0; i < n; i++) {
        const vector a = point(p, MU1_A_IN, n, i), b = point(p, MU1_B_IN, n, i);
        put_vector(p, G, n, i, unit_vector(a));
        put_vector(p, H, n, i, towards(a, point(p, MU1_A_END, n, i)));
        put_vector(p, L, n, i, unit_vector(b));
        put_vector(p, M, n, i, towards(b, point(p, MU1_B_END, n, i)));
    }
}

static void rhs(size_t n, const double *restrict p, const double *restrict x, const double *restrict c,
                double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        /* directions suffice: R scales both points alike */
        const vector a = on_circle(1.0, get_vector(p, G, n, i), get_vector(p, H, n, i), x[U_A * n + i]);
        const vector b = on_circle(1.0, get_vector(p, L, n, i), get_vector(p, M, n, i), x[U_B * n + i]);
        burster(n, i, p, x, on_circle(p[BURST_R * n + i], unit_vector(a), towards(a, b), x[BURST_Z * n + i]), c[i], dx);
        dx[U_A * n + i] = p[C_A * n + i];
        dx[U_B * n + i] = p[C_B * n + i];
    }
}

static void observe(size_t n, const double *restrict p, const double *restrict x, double *restrict y)
{
    (void)p;
    EACH_REGION
    for (size_t i = 0; i < N_STATES * n; i++)
        y[i] = x[i];
}

extern const cal_nmm_model CALI_MODEL(epileptor_codim3_slow_mod);
const cal_nmm_model CALI_MODEL(epileptor_codim3_slow_mod) = {
    .name = "epileptor-codim3-slow-mod",
    .alias = NULL,
    .title = "Codimension-3 Epileptor whose class of bursting changes slowly",
    .equations = CALI_BURSTER_EQUATIONS
        "A = G cos uA + H sin uA,  G = A_in / |A_in|,  H = unit vector of (A_in x A_end) x A_in;  B likewise with uB\n"
        "A_in = (mu2_Ain, -mu1_Ain, nu_Ain), ...\n"
        "uA' = cA,  uB' = cB",
    .source = CALI_BURSTER_SOURCE,
    .n_derived = N_DERIVED,
    .derive = derive,
    CALI_MODEL_PARTS,
};
