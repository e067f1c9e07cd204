/* Three populations as in Jansen and Rit's column, with interneurons that also inhibit themselves and with every
 * synapse as a filter of its own. */
#include "nmm/models/zetterberg_jansen.h"

static const cal_field params[] = {
    ZETTERBERG_JANSEN_PARAMS,
    [K_5] = {"k5", "1/ms", 0.1, 1e-3, 10.0, "its square draws v5 back: ke in The Virtual Brain, ki for a filter like v3"},
};
enum { C, U };
static const cal_field inputs[] = {
    [C] = {"c", "mV", 0.0, -INFINITY, INFINITY, "potential of other regions; acts as the rate S(c), also where c is 0"},
    [U] = {"u", "1/ms", 0.0, -INFINITY, INFINITY, "rate of excitatory input, added to S(c)"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x,
                const double *restrict c, double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++) {
        const double top = 2.0 * p[E_0 * n + i], r = p[RHO_1 * n + i], v0 = p[RHO_2 * n + i];
        column(n, i, p, x, cali_sigmoid(top, r, v0, c[C * n + i]) + c[U * n + i], p[K_5 * n + i], dx);
    }
}

extern const cal_nmm_model CALI_MODEL(zetterberg_jansen);
const cal_nmm_model CALI_MODEL(zetterberg_jansen) = {
    .name = "zetterberg-jansen",
    .alias = "zj",
    .title = "Zetterberg-Jansen: a cortical column whose interneurons inhibit each other",
    .equations = "v1' = y1,  v2' = y2,  v3' = y3,  v4' = y4,  v5' = y5\n"
                 "y1' = He ke (gamma_1 S(v2 - v3) + gamma_1T (U + S(c) + u)) - 2 ke y1 - ke^2 v1\n"
                 "y2' = He ke (gamma_2 S(v1) + gamma_2T (P + S(c) + u)) - 2 ke y2 - ke^2 v2\n"
                 "y3' = Hi ki gamma_4 S(v4 - v5) - 2 ki y3 - ki^2 v3\n"
                 "y4' = He ke (gamma_3 S(v2 - v3) + gamma_3T (Q + S(c) + u)) - 2 ke y4 - ke^2 v4\n"
                 "y5' = Hi ki gamma_5 S(v4 - v5) - 2 ki y5 - k5^2 v5\n"
                 "v6' = y2 - y3,  v7' = y4 - y5\n"
                 "S(v) = 2 e0 / (1 + exp(rho_1 (rho_2 - v)))",
    .source = "Zetterberg, Kristiansson & Mossberg (1978), Biol. Cybern. 31, 15-26; "
              "Jansen & Rit (1995), Biol. Cybern. 73, 357-366",
    CALI_MODEL_PARTS,
};
