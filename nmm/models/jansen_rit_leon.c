/* The column of Zetterberg and of Jansen, driven by rates: other regions send what their pyramidal cells fire. */
#include "nmm/models/zetterberg_jansen.h"

static const cal_field params[] = {ZETTERBERG_JANSEN_PARAMS};
static const cal_field inputs[] = {
    {"c", "1/ms", 0.0, -INFINITY, INFINITY, "rate of excitatory input to all three populations"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x,
                const double *restrict c, double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++)
        column(n, i, p, x, c[i], p[K_I * n + i], dx);
}

extern const cal_nmm_model CALI_MODEL(jansen_rit_leon);
const cal_nmm_model CALI_MODEL(jansen_rit_leon) = {
    .name = "jansen-rit-leon",
    .alias = "jr-leon",
    .title = "Jansen-Rit in the form of Leon: three populations that receive rates",
    .equations = "v1' = y1,  v2' = y2,  v3' = y3,  v4' = y4,  v5' = y5\n"
                 "y1' = He ke (gamma_1 S(v2 - v3) + gamma_1T (U + c)) - 2 ke y1 - ke^2 v1\n"
                 "y2' = He ke (gamma_2 S(v1) + gamma_2T (P + c)) - 2 ke y2 - ke^2 v2\n"
                 "y3' = Hi ki gamma_4 S(v4 - v5) - 2 ki y3 - ki^2 v3\n"
                 "y4' = He ke (gamma_3 S(v2 - v3) + gamma_3T (Q + c)) - 2 ke y4 - ke^2 v4\n"
                 "y5' = Hi ki gamma_5 S(v4 - v5) - 2 ki y5 - ki^2 v5\n"
                 "v6' = y2 - y3,  v7' = y4 - y5\n"
                 "S(v) = 2 e0 / (1 + exp(rho_1 (rho_2 - v)))",
    .source = "Zetterberg, Kristiansson & Mossberg (1978), Biol. Cybern. 31, 15-26; form as in quilt's leon-jansen-rit, "
              "whose defaults of rho_1 and rho_2 are exchanged",
    CALI_MODEL_PARTS,
};
