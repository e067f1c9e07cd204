/* What a population of exponential integrate-and-fire neurons does at a mean input mu and a noise sigma: its steady
 * rate, its mean potential and the time constant with which its rate follows mu. Computed once by make_eif_table.c
 * from the Fokker-Planck equation (eif_response.h), kept in eif_table.inc, read between grid points. */
#ifndef CALI_NMM_EIF_TABLE_H
#define CALI_NMM_EIF_TABLE_H

#include "base/hd.h"

/** The grid: mu = low + i step, sigma likewise; outside, the edge. mV/ms and mV/sqrt(ms). */
#define CALI_EIF_MU_LOW (-1.0)
#define CALI_EIF_MU_STEP 0.025
#define CALI_EIF_PER_MU 40.0
#define CALI_EIF_SIGMA_LOW 0.5
#define CALI_EIF_SIGMA_STEP 0.1
#define CALI_EIF_PER_SIGMA 10.0
enum { CALI_EIF_N_MU = 321, CALI_EIF_N_SIGMA = 46 };

/** Integers of these units: 1/ms, mV, ms. */
#define CALI_EIF_RATE_UNIT 1e-7
#define CALI_EIF_V_UNIT 1e-3
#define CALI_EIF_TAU_UNIT 1e-4
enum { CALI_EIF_RATE, CALI_EIF_V, CALI_EIF_TAU, CALI_EIF_N };
extern const int32_t cali_eif_table[CALI_EIF_N_MU * CALI_EIF_N_SIGMA * CALI_EIF_N];

/* Steps above the first grid point, within the grid; 0 for NaN. */
CAL_HD double cali_eif_steps(double value, double low, double per_unit, int32_t n)
{
    const double last = (double)(n - 1);
    double u = (value - low) * per_unit;
    u = u > 0.0 ? u : 0.0;
    return u < last ? u : last;
}

/* Scalars, no struct: loops over regions that read the table must vectorise. */

/** A mean input and a noise as steps from the corner of the table. */
CAL_HD double cali_eif_mu_steps(double mu)
{
    return cali_eif_steps(mu, CALI_EIF_MU_LOW, CALI_EIF_PER_MU, CALI_EIF_N_MU);
}

CAL_HD double cali_eif_sigma_steps(double sigma)
{
    return cali_eif_steps(sigma, CALI_EIF_SIGMA_LOW, CALI_EIF_PER_SIGMA, CALI_EIF_N_SIGMA);
}

/** One of the quantities at u steps of mu and s steps of sigma, bilinear within their cell. */
CAL_HD double cali_eif_read(double u, double s, int32_t quantity, double unit)
{
    int32_t i = (int32_t)u, j = (int32_t)s;
    i = i < CALI_EIF_N_MU - 2 ? i : CALI_EIF_N_MU - 2;
    j = j < CALI_EIF_N_SIGMA - 2 ? j : CALI_EIF_N_SIGMA - 2;
    const double a = u - (double)i, b = s - (double)j;
    const int32_t at = (i * CALI_EIF_N_SIGMA + j) * CALI_EIF_N + quantity, across = CALI_EIF_N_SIGMA * CALI_EIF_N;
    return unit * (((double)cali_eif_table[at] * ((1.0 - a) * (1.0 - b)) +
                    (double)cali_eif_table[at + CALI_EIF_N] * ((1.0 - a) * b)) +
                   ((double)cali_eif_table[at + across] * (a * (1.0 - b)) +
                    (double)cali_eif_table[at + across + CALI_EIF_N] * (a * b)));
}

#endif
