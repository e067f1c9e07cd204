/* What a population of exponential integrate-and-fire neurons does at a mean input mu and a noise sigma: its steady
 * rate, its mean potential and the time constant with which its rate follows mu. Computed once by make_eif_table.c
 * from the Fokker-Planck equation (eif_response.h), kept in eif_table.inc, read between grid points. */
#ifndef CALI_NMM_EIF_TABLE_H
#define CALI_NMM_EIF_TABLE_H

#include "base/hd.h"

/** The grid: mu = low + i step, sigma likewise; outside, the edge. mV/ms and mV/sqrt(ms). */
#define CALI_EIF_MU_LOW (-1.0)
#define CALI_EIF_MU_STEP 0.025
#define CALI_EIF_SIGMA_LOW 0.5
#define CALI_EIF_SIGMA_STEP 0.1
enum { CALI_EIF_N_MU = 321, CALI_EIF_N_SIGMA = 46 };

/** Integers of these units: 1/ms, mV, ms. */
#define CALI_EIF_RATE_UNIT 1e-7
#define CALI_EIF_V_UNIT 1e-3
#define CALI_EIF_TAU_UNIT 1e-4
enum { CALI_EIF_RATE, CALI_EIF_V, CALI_EIF_TAU, CALI_EIF_N };
extern const int32_t cali_eif_table[CALI_EIF_N_MU * CALI_EIF_N_SIGMA * CALI_EIF_N];

/** The place of a point in the table: the cell's first number and the weights of its corners. */
typedef struct cali_eif_cell {
    int32_t at;
    double w[2][2]; /* [mu][sigma] */
} cali_eif_cell;

/* Steps above the first grid point, within the grid; 0 for NaN. */
CAL_HD double cali_eif_steps(double value, double low, double step, int32_t n)
{
    const double last = (double)(n - 1);
    double u = (value - low) / step;
    u = u > 0.0 ? u : 0.0;
    return u < last ? u : last;
}

CAL_HD cali_eif_cell cali_eif_find(double mu, double sigma)
{
    const double u = cali_eif_steps(mu, CALI_EIF_MU_LOW, CALI_EIF_MU_STEP, CALI_EIF_N_MU);
    const double s = cali_eif_steps(sigma, CALI_EIF_SIGMA_LOW, CALI_EIF_SIGMA_STEP, CALI_EIF_N_SIGMA);
    int32_t i = (int32_t)u, j = (int32_t)s;
    i = i < CALI_EIF_N_MU - 2 ? i : CALI_EIF_N_MU - 2;
    j = j < CALI_EIF_N_SIGMA - 2 ? j : CALI_EIF_N_SIGMA - 2;
    const double a = u - (double)i, b = s - (double)j;
    cali_eif_cell cell;
    cell.at = (i * CALI_EIF_N_SIGMA + j) * CALI_EIF_N;
    cell.w[0][0] = (1.0 - a) * (1.0 - b);
    cell.w[0][1] = (1.0 - a) * b;
    cell.w[1][0] = a * (1.0 - b);
    cell.w[1][1] = a * b;
    return cell;
}

/** One of the quantities at a place, bilinear. */
CAL_HD double cali_eif_read(cali_eif_cell cell, int32_t quantity, double unit)
{
    const int32_t *t = cali_eif_table + cell.at + quantity, across = CALI_EIF_N_SIGMA * CALI_EIF_N;
    return unit * (((double)t[0] * cell.w[0][0] + (double)t[CALI_EIF_N] * cell.w[0][1]) +
                   ((double)t[across] * cell.w[1][0] + (double)t[across + CALI_EIF_N] * cell.w[1][1]));
}

#endif
