/* A decision network reduced to the share of open NMDA channels. */
#include "nmm/models/functions.h"
#include "nmm/models/model.h"

enum { A, B, D, GAMMA, TAU_S, W, J_N, I_O };

static const cal_field params[] = {
    [A] = {"a", "1/(ms nA)", 0.27, 1e-3, 10.0, "slope of the rate over the current"},
    [B] = {"b", "1/ms", 0.108, 0.0, 10.0, "offset of the rate"},
    [D] = {"d", "ms", 154.0, 1.0, 1e4, "curvature of the rate"},
    [GAMMA] = {"gamma", "1", 0.641, 0.0, 10.0, "channels opened per spike"},
    [TAU_S] = {"tau_s", "ms", 100.0, 0.1, 1e4, "time constant of the channels"},
    [W] = {"w", "1", 0.6, 0.0, 10.0, "weight of the excitation within the region"},
    [J_N] = {"J_N", "nA", 0.2609, 0.0, 10.0, "current at open channels"},
    [I_O] = {"I_o", "nA", 0.33, -10.0, 10.0, "constant current"},
};
static const cal_field states[] = {
    {"S", "1", 0.1, 0.0, 1.0, "share of open channels"},
};
static const double scales[] = {0.1};
static const cal_field inputs[] = {
    {"c", "1", 0.0, -INFINITY, INFINITY, "open channels of other regions, multiplied by J_N"},
};
static const cal_field outputs[] = {
    {"S", "1", 0.0, 0.0, 1.0, "share of open channels"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x,
                const double *restrict c, double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double s = x[i], d = p[D * n + i];
        const double current_nA =
            p[W * n + i] * p[J_N * n + i] * s + p[I_O * n + i] + p[J_N * n + i] * c[i];
        const double rate = cali_softplus_like(d * (p[A * n + i] * current_nA - p[B * n + i])) / d;
        dx[i] = (1.0 - s) * rate * p[GAMMA * n + i] - s / p[TAU_S * n + i];
    }
}

static void observe(size_t n, const double *restrict p, const double *restrict x,
                    double *restrict y)
{
    (void)p;
    EACH_REGION
    for (size_t i = 0; i < n; i++)
        y[i] = x[i];
}

extern const cal_nmm_model CALI_MODEL(reduced_wong_wang);
const cal_nmm_model CALI_MODEL(reduced_wong_wang) = {
    .name = "reduced-wong-wang",
    .alias = "rww",
    .title = "Reduced Wong-Wang: slow NMDA dynamics of a decision network",
    .equations = "S' = -S / tau_s + (1 - S) gamma H(x)\n"
                 "H(x) = (a x - b) / (1 - exp(-d (a x - b))),  x = w J_N S + I_o + J_N c",
    .source = "Deco, Ponce-Alvarez, Mantini, Romani, Hagmann & Corbetta (2013), J. Neurosci. 33, "
              "11239-11252",
    .is_stiff = true,
    CALI_MODEL_PARTS,
};
