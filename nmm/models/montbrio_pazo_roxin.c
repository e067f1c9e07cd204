/* The exact mean field of all-to-all coupled quadratic integrate-and-fire neurons whose drives (and,
 * with Gamma, weights) are spread as a Lorentzian. */
#include "nmm/models/functions.h"
#include "nmm/models/model.h"

enum { TAU, DELTA, GAMMA, J, ETA, I_EXT, CR, CV };
enum { R, V };
enum { C_R, C_V };

static const cal_field params[] = {
    [TAU] = {"tau", "ms", 1.0, 1e-3, 1e4, "membrane time constant"},
    [DELTA] = {"Delta", "1", 1.0, 0.0, 1e3, "half width of the spread of the drives"},
    [GAMMA] = {"Gamma", "1", 0.0, 0.0, 1e3, "half width of the spread of the weights"},
    [J] = {"J", "1", 15.0, -1e3, 1e3, "mean weight within the region"},
    [ETA] = {"eta", "1", -5.0, -1e3, 1e3, "centre of the drives"},
    [I_EXT] = {"I", "1", 0.0, -1e3, 1e3, "constant drive"},
    [CR] = {"cr", "1", 1.0, -1e3, 1e3, "weight of the coupling input c_r"},
    [CV] = {"cv", "1", 0.0, -1e3, 1e3, "weight of the coupling input c_V"},
};
static const cal_field states[] = {
    [R] = {"r", "1/ms", 0.1, 0.0, INFINITY, "firing rate"},
    [V] = {"V", "1", -2.0, -INFINITY, INFINITY, "mean membrane potential"},
};
static const double scales[] = {0.1, 1.0};
static const cal_field inputs[] = {
    [C_R] = {"c_r", "1", 0.0, -INFINITY, INFINITY, "drive, multiplied by cr"},
    [C_V] = {"c_V", "1", 0.0, -INFINITY, INFINITY, "drive, multiplied by cv"},
};
static const cal_field outputs[] = {
    {"r", "1/ms", 0.0, 0.0, INFINITY, "firing rate"},
    {"V", "1", 0.0, -INFINITY, INFINITY, "mean membrane potential"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x,
                const double *restrict c, double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double tau = p[TAU * n + i], r = x[i], v = x[n + i];
        const double rate = tau * r; /* spikes per membrane time constant */
        const double width = p[DELTA * n + i] + p[GAMMA * n + i] * rate;
        dx[i] = cali_qif_rate_slope(tau, width, r, v);
        dx[n + i] = (cali_qif_own_drive(rate, v) + p[ETA * n + i] +
                     p[J * n + i] * rate + p[I_EXT * n + i] + p[CR * n + i] * c[C_R * n + i] +
                     p[CV * n + i] * c[C_V * n + i]) /
                    tau;
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

extern const cal_nmm_model CALI_MODEL(montbrio_pazo_roxin);
const cal_nmm_model CALI_MODEL(montbrio_pazo_roxin) = {
    .name = "montbrio-pazo-roxin",
    .alias = "mpr",
    .title = "Montbrio-Pazo-Roxin: exact mean field of quadratic integrate-and-fire neurons",
    .equations = "tau r' = (Delta + Gamma tau r) / (pi tau) + 2 r V\n"
                 "tau V' = V^2 - (pi tau r)^2 + eta + J tau r + I + cr c_r + cv c_V",
    .source = "Montbrio, Pazo & Roxin (2015), Phys. Rev. X 5, 021028",
    CALI_MODEL_PARTS,
};
