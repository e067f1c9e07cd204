/* Discrete Fourier transform of real series whose length is a power of two. */
#ifndef CALI_REPORT_FOURIER_H
#define CALI_REPORT_FOURIER_H

#include "callosum/base.h"

/** Twiddle factors and bit-reversed order for one length; made once, then only read. */
typedef struct cali_fourier {
    size_t n;         /* length of the real series, a power of two, 4 .. 2^26 */
    double *cosine;   /* cos(2 pi k / n), k < n / 2 */
    double *sine;     /* sin(2 pi k / n) */
    uint32_t *places; /* bit-reversed places of the n / 2 complex numbers */
} cali_fourier;

/** Errors: ARGUMENT (no power of two from 4 to 2^26), MEMORY. Freed with cali_fourier_free. */
cal_status cali_fourier_make(cal_context *ctx, size_t n, cali_fourier *out);
void cali_fourier_free(cali_fourier *fourier);

/** X_k = sum_j x_j exp(-2 pi i j k / n) for k = 0 .. n / 2, from n real numbers. `re` and `im` hold
 *  n / 2 + 1 numbers each and may not overlap `x`. The transform takes n / 2 complex numbers
 *  z_j = x_2j + i x_(2j+1) and separates the two halves by symmetry (Cooley & Tukey 1965, Math.
 *  Comput. 19, 297-301; Press et al., Numerical Recipes, section 12.3). */
void cali_fourier_real(const cali_fourier *fourier, const double *x, double *re, double *im);

#endif
