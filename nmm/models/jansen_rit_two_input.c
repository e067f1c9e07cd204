/* The column of Jansen and Rit with two drives: excitatory and inhibitory rates, each with its mean and its input. */
#include "nmm/models/jansen_rit.h"

static const cal_field params[] = {
    JANSEN_RIT_PARAMS(6.0, 0.13),
    [MU_INH] = {"mu_inh", "1/ms", 0.13, -10.0, 10.0, "mean rate of inhibitory input"},
};
static const cal_field inputs[] = {
    {"c", "1/ms", 0.0, -INFINITY, INFINITY, "rate of excitatory input, added to mu"},
    {"c_inh", "1/ms", 0.0, -INFINITY, INFINITY, "rate of inhibitory input, added to mu_inh"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x,
                const double *restrict c, double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++)
        column(n, i, p, x, c[i], p[MU_INH * n + i] + c[n + i], dx);
}

extern const cal_nmm_model CALI_MODEL(jansen_rit_two_input);
const cal_nmm_model CALI_MODEL(jansen_rit_two_input) = {
    .name = "jansen-rit-two-input",
    .alias = "jr-two-input",
    .title = "Jansen-Rit with excitatory and inhibitory drive; noise may go to both inputs",
    .equations = "y0' = y3,  y1' = y4,  y2' = y5\n"
                 "y3' = A a S(y1 - y2) - 2 a y3 - a^2 y0\n"
                 "y4' = A a (mu + a_2 J S(a_1 J y0) + c) - 2 a y4 - a^2 y1\n"
                 "y5' = B b (a_4 J S(a_3 J y0) + mu_inh + c_inh) - 2 b y5 - b^2 y2\n"
                 "S(v) = 2 nu_max / (1 + exp(r (v0 - v)))",
    .source = "Jansen & Rit (1995), Biol. Cybern. 73, 357-366; two drives as in quilt's binoisy-jansen-rit",
    CALI_MODEL_PARTS,
};
