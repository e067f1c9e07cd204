/* Radix-2 transform in place, decimation in time: bit-reversed order first, then butterflies of
 * growing span. Twiddle factors come from base/numeric.h, so the spectra of one run are the same
 * bits everywhere. */
#include "analysis/fourier.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/numeric.h"

cal_status cali_fourier_make(cal_context *ctx, size_t n, cali_fourier *out)
{
    *out = (cali_fourier){0};
    if (n < 4 || n > (size_t)1 << 26 || (n & (n - 1)) != 0)
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "no transform of length %zu: it takes a power of two", n);
    const size_t half = n / 2;
    cali_fourier made = {.n = n};
    cal_status status = cali_alloc(ctx, half, sizeof(double), "cosines", &made.cosine);
    if (status == CAL_OK)
        status = cali_alloc(ctx, half, sizeof(double), "sines", &made.sine);
    if (status == CAL_OK)
        status = cali_alloc(ctx, half, sizeof(uint32_t), "places", &made.places);
    if (status != CAL_OK) {
        cali_fourier_free(&made);
        return status;
    }
    for (size_t k = 0; k < half; k++)
        cali_sincos(2.0 * CALI_PI * (double)k / (double)n, &made.sine[k], &made.cosine[k]);
    for (size_t k = 1; k < half; k++)
        made.places[k] = made.places[k / 2] / 2 + (k % 2 != 0 ? (uint32_t)(half / 2) : 0);
    *out = made;
    return CAL_OK;
}

void cali_fourier_free(cali_fourier *fourier)
{
    free(fourier->cosine);
    free(fourier->sine);
    free(fourier->places);
    *fourier = (cali_fourier){0};
}

/* Transforms m = n / 2 complex numbers, already in bit-reversed order. */
static void butterflies(const cali_fourier *fourier, double *re, double *im)
{
    const size_t m = fourier->n / 2;
    for (size_t span = 1; span < m; span *= 2) {
        const size_t stride = fourier->n / (2 * span); /* of exp(-2 pi i k / (2 span)) in the table */
        for (size_t first = 0; first < m; first += 2 * span) {
            for (size_t k = 0; k < span; k++) {
                const double c = fourier->cosine[k * stride], s = fourier->sine[k * stride];
                const size_t a = first + k, b = a + span;
                const double b_re = re[b] * c + im[b] * s, b_im = im[b] * c - re[b] * s;
                re[b] = re[a] - b_re;
                im[b] = im[a] - b_im;
                re[a] += b_re;
                im[a] += b_im;
            }
        }
    }
}

void cali_fourier_real(const cali_fourier *fourier, const double *x, double *re, double *im)
{
    const size_t m = fourier->n / 2;
    for (size_t j = 0; j < m; j++) {
        re[fourier->places[j]] = x[2 * j];
        im[fourier->places[j]] = x[2 * j + 1];
    }
    butterflies(fourier, re, im);
    re[m] = re[0] - im[0];
    im[m] = 0.0;
    re[0] += im[0];
    im[0] = 0.0;
    /* E = (Z_k + conj Z_(m-k)) / 2, O = (Z_k - conj Z_(m-k)) / 2i, X_k = E + exp(-2 pi i k / n) O */
    for (size_t k = 1; k <= m / 2; k++) {
        const size_t l = m - k;
        const double e_re = 0.5 * (re[k] + re[l]), e_im = 0.5 * (im[k] - im[l]);
        const double o_re = 0.5 * (im[k] + im[l]), o_im = 0.5 * (re[l] - re[k]);
        const double c = fourier->cosine[k], s = fourier->sine[k];
        const double t_re = o_re * c + o_im * s, t_im = o_im * c - o_re * s;
        re[k] = e_re + t_re;
        im[k] = e_im + t_im;
        re[l] = e_re - t_re;
        im[l] = t_im - e_im;
    }
}
