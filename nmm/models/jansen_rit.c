/* A cortical column as three populations: pyramidal cells with excitatory and inhibitory feedback. */
#include "nmm/models/jansen_rit.h"

static const cal_field params[] = {JANSEN_RIT_PARAMS(5.52, 0.22)};
static const cal_field inputs[] = {
    {"c", "1/ms", 0.0, -INFINITY, INFINITY, "rate of excitatory input, added to mu"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x,
                const double *restrict c, double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++)
        column(n, i, p, x, c[i], 0.0, dx);
}

extern const cal_nmm_model CALI_MODEL(jansen_rit);
const cal_nmm_model CALI_MODEL(jansen_rit) = {
    .name = "jansen-rit",
    .alias = "jr",
    .title = "Jansen-Rit: a cortical column that generates alpha rhythm",
    .equations = "y0' = y3,  y1' = y4,  y2' = y5\n"
                 "y3' = A a S(y1 - y2) - 2 a y3 - a^2 y0\n"
                 "y4' = A a (mu + a_2 J S(a_1 J y0) + c) - 2 a y4 - a^2 y1\n"
                 "y5' = B b a_4 J S(a_3 J y0) - 2 b y5 - b^2 y2\n"
                 "S(v) = 2 nu_max / (1 + exp(r (v0 - v)))",
    .source = "Jansen & Rit (1995), Biol. Cybern. 73, 357-366",
    CALI_MODEL_PARTS,
};
