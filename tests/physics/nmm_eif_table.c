/* The table of the exponential integrate-and-fire neuron: what stands in it is what its program computes, and that is
 * right where it can be known otherwise. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>

#include "nmm/tables/eif_response.h"
#include "nmm/tables/eif_table.h"

/* ---- the program ------------------------------------------------------------------------------------- */

/* Without noise the neuron fires every T_ref + integral of dV / f; a little noise changes little. */
Test(nmm_eif_table, without_noise_the_rate_is_that_of_the_path)
{
    static const double mu[] = {1.5, 3.0, 6.0};
    for (size_t k = 0; k < 3; k++) {
        const int n = 200000;
        const eif_neuron *e = &eif_cakan;
        double period = e->t_ref, v_mean;
        for (int i = 0; i < n; i++) {
            const double v = e->v_r + (e->v_s - e->v_r) * (i + 0.5) / n;
            period += (e->v_s - e->v_r) / n / (mu[k] + (e->e_l - v + e->delta * exp((v - e->v_t) / e->delta)) / e->tau_m);
        }
        eif_grid g;
        eif_make_grid(e, mu[k], 0.02, 0.001, &g);
        const double rate = 1.0 / (eif_steady(e, &g, &v_mean) + e->t_ref);
        cr_expect(epsilon_eq(dbl, rate * period, 1.0, 1e-3), "mu %g", mu[k]);
        free(g.decay);
    }
}

/* At frequency 0 the answer to mu is the slope of the steady rate. */
Test(nmm_eif_table, slow_modulation_follows_the_steady_rate)
{
    static const double point[][2] = {{0.2, 1.5}, {0.8, 2.5}, {2.0, 1.0}, {-0.5, 4.0}};
    for (size_t k = 0; k < 4; k++) {
        const double d = 1e-4, omega = 1e-9;
        double rate[3], v_mean, re, im;
        eif_grid g;
        for (int q = 0; q < 3; q++) {
            eif_make_grid(&eif_cakan, point[k][0] + d * (double[]){-1.0, 1.0, 0.0}[q], point[k][1], 0.005, &g);
            rate[q] = 1.0 / (eif_steady(&eif_cakan, &g, &v_mean) + eif_cakan.t_ref);
            if (q < 2)
                free(g.decay);
        }
        eif_respond(&eif_cakan, &g, 1, &omega, &re, &im);
        const double slope = (rate[1] - rate[0]) / (2.0 * d);
        cr_expect(epsilon_eq(dbl, re * rate[2] / slope, 1.0, 1e-5), "mu %g, sigma %g", point[k][0], point[k][1]);
        free(g.decay);
    }
}

/* Halving the cells quarters the error. */
Test(nmm_eif_table, the_scheme_is_of_second_order)
{
    const eif_answer a = eif_answer_at(&eif_cakan, 0.8, 1.5, 0.04), b = eif_answer_at(&eif_cakan, 0.8, 1.5, 0.02),
                     c = eif_answer_at(&eif_cakan, 0.8, 1.5, 0.01);
    cr_expect(epsilon_eq(dbl, log2((a.rate - b.rate) / (b.rate - c.rate)), 2.0, 0.1));
    cr_expect(epsilon_eq(dbl, log2((a.tau - b.tau) / (b.tau - c.tau)), 2.0, 0.1));
}

/* ---- neurolib's table --------------------------------------------------------------------------------- */

/* Points of neurolib's table (quantities_cascade.h5, commit 9b6b2b8f): mu, sigma, rate, mean potential, time constant.
 * Its scheme is of first order in cells of 0.01 mV (mean potentials lie half a cell lower); its time constants are fitted to the answer divided by that at 0.25 Hz, whose phase turns all others:
 * tau comes out smaller by about 2 pi 0.25 Hz tau of itself, 3 % at 20 ms, and they stand on a grid of 0.01 ms. */
static const double neurolib_points[][5] = {
    {-0.31232091690544417, 1, 1.08508123e-14, -71.2514086, 24.361},
    {-0.31232091690544417, 1.5, 8.66577919e-08, -71.2512997, 21.421},
    {-0.31232091690544417, 2.5, 0.000263380564, -71.3651104, 15.451},
    {-0.31232091690544417, 4.0714285714285712, 0.00399066885, -73.2514071, 9.011},
    {0.0085959885386819312, 1, 1.27326643e-08, -64.8323748, 24.581},
    {0.0085959885386819312, 1.5, 3.78195499e-05, -64.8417805, 19.731},
    {0.0085959885386819312, 2.5, 0.00196121822, -65.7206494, 11.341},
    {0.0085959885386819312, 4.0714285714285712, 0.00839661579, -69.1015319, 6.561},
    {0.32951289398280803, 1, 0.000142397688, -58.4258667, 22.071},
    {0.32951289398280803, 1.5, 0.00182758845, -59.127593, 13.251},
    {0.32951289398280803, 2.5, 0.00717011828, -61.7835936, 6.881},
    {0.32951289398280803, 4.0714285714285712, 0.0147056235, -66.0138418, 4.611},
    {0.51289398280802279, 1, 0.00268208043, -55.6677322, 14.051},
    {0.51289398280802279, 1.5, 0.00617968161, -57.3638952, 8.181},
    {0.51289398280802279, 2.5, 0.0118006734, -60.4037006, 5.001},
    {0.51289398280802279, 4.0714285714285712, 0.0190004895, -64.6657585, 3.771},
    {0.69627507163323776, 1, 0.0101871213, -55.2580007, 6.421},
    {0.69627507163323776, 1.5, 0.0126869417, -56.7457425, 4.881},
    {0.69627507163323776, 2.5, 0.0172116476, -59.4905637, 3.691},
    {0.69627507163323776, 4.0714285714285712, 0.0236654293, -63.5645978, 3.101},
    {0.90257879656160456, 1, 0.0195654546, -55.686468, 3.251},
    {0.90257879656160456, 1.5, 0.0207073981, -56.6177502, 3.021},
    {0.90257879656160456, 2.5, 0.023798317, -58.8275462, 2.711},
    {0.90257879656160456, 4.0714285714285712, 0.0292323391, -62.5653197, 2.521},
    {1.2922636103151861, 1, 0.0350759838, -56.1862065, 1.581},
    {1.2922636103151861, 1.5, 0.0353151704, -56.6655914, 1.621},
    {1.2922636103151861, 2.5, 0.0366584008, -58.1300567, 1.681},
    {1.2922636103151861, 4.0714285714285712, 0.0402805554, -61.1863127, 1.771},
    {2.4383954154727792, 1, 0.0729151297, -56.4806555, 0.611},
    {2.4383954154727792, 1.5, 0.0727623565, -56.6835046, 0.631},
    {2.4383954154727792, 2.5, 0.0725845942, -57.3613657, 0.701},
    {2.4383954154727792, 4.0714285714285712, 0.0732136324, -59.1259433, 0.821},
    {4.0429799426934094, 1, 0.116719642, -56.4388009, 0.311},
    {4.0429799426934094, 1.5, 0.116515821, -56.5553316, 0.321},
    {4.0429799426934094, 2.5, 0.115993198, -56.9407312, 0.351},
    {4.0429799426934094, 4.0714285714285712, 0.11531455, -57.98467, 0.411},
    {5.8767908309455583, 1, 0.158503849, -56.3331396, 0.191},
    {5.8767908309455583, 1.5, 0.158308718, -56.4122477, 0.201},
    {5.8767908309455583, 2.5, 0.157750569, -56.6716293, 0.211},
    {5.8767908309455583, 4.0714285714285712, 0.156700238, -57.372965, 0.241},
};

Test(nmm_eif_table, agrees_with_the_table_of_neurolib)
{
    double worst[3] = {0.0, 0.0, 0.0};
    for (size_t k = 0; k < sizeof neurolib_points / sizeof neurolib_points[0]; k++) {
        const double *its = neurolib_points[k];
        const eif_answer a = eif_answer_at(&eif_cakan, its[0], its[1], EIF_FINE_MV);
        const double phase = 2.0 * 3.14159265358979323846 * 0.25e-3 * a.tau;
        worst[0] = fmax(worst[0], fabs(a.rate - its[2]) / fmax(its[2], 1e-3));
        worst[1] = fmax(worst[1], fabs(a.v - 0.005 - its[3]));
        worst[2] = fmax(worst[2], (fabs(a.tau * (1.0 - phase) - its[4]) - 0.01) / a.tau);
    }
    fprintf(stderr, "eif: rate %.2g (relative), potential %.2g mV, time constant %.2g (relative) beyond its grid\n",
            worst[0], worst[1], worst[2]);
    cr_expect(lt(dbl, worst[0], 1e-3));
    cr_expect(lt(dbl, worst[1], 5e-3));
    cr_expect(lt(dbl, worst[2], 0.01)); /* the rule for the phase holds to its first order */
}

/* ---- the numbers that are kept ------------------------------------------------------------------------ */

/* Rounded to their units; other compilers' exp may turn a last digit. */
Test(nmm_eif_table, holds_what_its_program_computes)
{
    static const int at[][2] = {{0, 0}, {0, 45}, {320, 0}, {320, 45}, {40, 10}, {56, 10}, {72, 10},
                                {80, 20}, {100, 5}, {140, 10}, {200, 30}, {30, 40}};
    for (size_t k = 0; k < sizeof at / sizeof at[0]; k++) {
        const int i = at[k][0], j = at[k][1];
        const eif_answer a = eif_answer_at(&eif_cakan, CALI_EIF_MU_LOW + i * CALI_EIF_MU_STEP,
                                           CALI_EIF_SIGMA_LOW + j * CALI_EIF_SIGMA_STEP, EIF_FINE_MV);
        const int32_t *kept = cali_eif_table + (i * CALI_EIF_N_SIGMA + j) * CALI_EIF_N;
        cr_expect(epsilon_eq(dbl, a.rate / CALI_EIF_RATE_UNIT, kept[CALI_EIF_RATE], 0.51), "%d %d", i, j);
        cr_expect(epsilon_eq(dbl, a.v / CALI_EIF_V_UNIT, kept[CALI_EIF_V], 0.51), "%d %d", i, j);
        cr_expect(epsilon_eq(dbl, a.tau / CALI_EIF_TAU_UNIT, kept[CALI_EIF_TAU], 0.51), "%d %d", i, j);
    }
}

static double read(double mu, double sigma, int32_t quantity)
{
    return cali_eif_read(cali_eif_mu_steps(mu), cali_eif_sigma_steps(sigma), quantity, 1.0);
}

/* On grid points the kept number, between them the bilinear value, outside the edge, for NaN the first. */
Test(nmm_eif_table, is_read_between_its_points_and_held_outside)
{
    const int32_t *t = cali_eif_table + (80 * CALI_EIF_N_SIGMA + 10) * CALI_EIF_N;
    const int32_t across = CALI_EIF_N_SIGMA * CALI_EIF_N;
    const double last = cali_eif_table[CALI_EIF_N_MU * CALI_EIF_N_SIGMA * CALI_EIF_N - CALI_EIF_N];
    cr_expect(epsilon_eq(dbl, read(1.0, 1.5, CALI_EIF_RATE), t[0], 1e-6)); /* 1.5 is no multiple of 0.1 in binary */
    cr_expect(epsilon_eq(dbl, read(1.0125, 1.55, CALI_EIF_RATE),
                         0.25 * (t[0] + t[CALI_EIF_N] + t[across] + t[across + CALI_EIF_N]), 1e-6));
    cr_expect(eq(dbl, read(7.0, 5.0, CALI_EIF_RATE), last));
    cr_expect(eq(dbl, read(1e300, INFINITY, CALI_EIF_RATE), last));
    cr_expect(eq(dbl, read(-1e300, -3.0, CALI_EIF_V), cali_eif_table[CALI_EIF_V]));
    cr_expect(eq(dbl, read(NAN, NAN, CALI_EIF_TAU), cali_eif_table[CALI_EIF_TAU]));
}

/* Rates rise with mu, and no number is one that the equations of ALN could not take. */
Test(nmm_eif_table, is_plausible_everywhere)
{
    for (int j = 0; j < CALI_EIF_N_SIGMA; j++)
        for (int i = 0; i < CALI_EIF_N_MU; i++) {
            const int32_t *t = cali_eif_table + (i * CALI_EIF_N_SIGMA + j) * CALI_EIF_N;
            const int32_t before = i == 0 ? 0 : t[CALI_EIF_RATE - CALI_EIF_N_SIGMA * CALI_EIF_N];
            cr_assert(t[CALI_EIF_RATE] >= before, "rate at %d %d", i, j);
            cr_assert(t[CALI_EIF_V] > -110000 && t[CALI_EIF_V] < -50000, "potential at %d %d", i, j);
            cr_assert(t[CALI_EIF_TAU] >= 10 && t[CALI_EIF_TAU] < 500000, "time constant at %d %d", i, j);
        }
}
