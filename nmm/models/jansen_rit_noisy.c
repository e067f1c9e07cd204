/* The column of Jansen and Rit as it is driven in its paper, by a rate that fluctuates: noise is given to the input c,
 * and inhibitory input from elsewhere passes the inhibitory filter. */
#include "nmm/models/jansen_rit.h"

static const cal_field params[] = {JANSEN_RIT_PARAMS(6.0, 0.13)};
static const cal_field inputs[] = {
    {"c", "1/ms", 0.0, -INFINITY, INFINITY, "rate of excitatory input, added to mu"},
    {"c_inh", "1/ms", 0.0, -INFINITY, INFINITY, "rate of inhibitory input"},
};

static void rhs(size_t n, const double *restrict p, const double *restrict x,
                const double *restrict c, double *restrict dx)
{
    EACH_REGION
    for (size_t i = 0; i < n; i++)
        column(n, i, p, x, c[i], c[n + i], dx);
}

extern const cal_nmm_model CALI_MODEL(jansen_rit_noisy);
const cal_nmm_model CALI_MODEL(jansen_rit_noisy) = {
    .name = "jansen-rit-noisy",
    .alias = "jr-noisy",
    .title = "Jansen-Rit with a noisy drive: give the noise to the input c",
    .equations = "y0' = y3,  y1' = y4,  y2' = y5\n"
                 "y3' = A a S(y1 - y2) - 2 a y3 - a^2 y0\n"
                 "y4' = A a (mu + a_2 J S(a_1 J y0) + c) - 2 a y4 - a^2 y1\n"
                 "y5' = B b (a_4 J S(a_3 J y0) + c_inh) - 2 b y5 - b^2 y2\n"
                 "S(v) = 2 nu_max / (1 + exp(r (v0 - v)))",
    .source = "Jansen & Rit (1995), Biol. Cybern. 73, 357-366; inhibitory rates as in quilt's noisy-jansen-rit",
    CALI_MODEL_PARTS,
};
