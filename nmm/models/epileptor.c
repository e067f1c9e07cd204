/* A region that goes through seizures: two ensembles on fast time scales, a slow permittivity between them. */
#include "nmm/models/epileptor.h"

enum { MODIFICATION = EPI_N_PARAMS };

static const cal_field params[] = {
    CALI_EPILEPTOR_PARAMS,
    [MODIFICATION] = {"modification", "1", 0.0, 0.0, 1.0, "0: z follows x1 on a line; 1: on a sigmoid"},
};
static const cal_field states[] = {CALI_EPILEPTOR_STATES};
static const double scales[] = {1.0, 10.0, 3.0, 1.0, 1.0, 0.1};
enum { C_X1, C_X2 };
static const cal_field inputs[] = {
    [C_X1] = {"c_x1", "1", 0.0, -INFINITY, INFINITY, "input of the fast ensemble (by Kvf) and of z (by Ks)"},
    [C_X2] = {"c_x2", "1", 0.0, -INFINITY, INFINITY, "input of the second ensemble, by Kf"},
};
enum { X1, X2, LFP, Z, Y1, Y2, G };
static const cal_field outputs[] = {
    [X1] = {"x1", "1", 0.0, -INFINITY, INFINITY, "fast ensemble: discharges"},
    [X2] = {"x2", "1", 0.0, -INFINITY, INFINITY, "second ensemble: spikes and waves"},
    [LFP] = {"lfp", "1", 0.0, -INFINITY, INFINITY, "x2 - x1, proportional to the local field potential"},
    [Z] = {"z", "1", 0.0, -INFINITY, INFINITY, "permittivity"},
    [Y1] = {"y1", "1", 0.0, -INFINITY, INFINITY, "recovery of the fast ensemble"},
    [Y2] = {"y2", "1", 0.0, -INFINITY, INFINITY, "recovery of the second ensemble"},
    [G] = {"g", "1", 0.0, -INFINITY, INFINITY, "x1, filtered"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x, const double *restrict c,
                double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++)
        epileptor(n, i, p, x, p[MODIFICATION * n + i], c[C_X1 * n + i], c[C_X2 * n + i], dx);
}

static void observe(size_t n, const double *restrict p, const double *restrict x, double *restrict y)
{
    (void)p;
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        y[X1 * n + i] = x[EPI_X1 * n + i];
        y[X2 * n + i] = x[EPI_X2 * n + i];
        y[LFP * n + i] = x[EPI_X2 * n + i] - x[EPI_X1 * n + i];
        y[Z * n + i] = x[EPI_Z * n + i];
        y[Y1 * n + i] = x[EPI_Y1 * n + i];
        y[Y2 * n + i] = x[EPI_Y2 * n + i];
        y[G * n + i] = x[EPI_G * n + i];
    }
}

extern const cal_nmm_model CALI_MODEL(epileptor);
const cal_nmm_model CALI_MODEL(epileptor) = {
    .name = "epileptor",
    .alias = NULL,
    .title = "Epileptor: seizures that begin and end by themselves",
    .equations = CALI_EPILEPTOR_FAST
                 "z' = tt r (h - z + Ks c_x1)\n"
                 "  h = s (x1 - x0) - [0.1 z^7 for z < 0]; with modification h = x0 + 3 / (1 + exp(-10 (x1 + 0.5)))\n"
                 CALI_EPILEPTOR_SLOWER,
    .source = "Jirsa, Stacey, Quilichini, Ivanov & Bernard (2014), Brain 137, 2210-2230; modification: Proix, "
              "Bartolomei, Chauvel, Bernard & Jirsa (2014), J. Neurosci. 34, 15009-15021",
    CALI_MODEL_PARTS,
};
