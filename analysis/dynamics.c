/* Functional connectivity over time, and the power of a spectrum in bands. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "base/memory.h"

const cali_band cali_bands[CALI_N_BANDS] = {
    {"delta", 0.5, 4.0}, {"theta", 4.0, 8.0}, {"alpha", 8.0, 13.0}, {"beta", 13.0, 30.0}, {"gamma", 30.0, 100.0}};

double cali_band_power(const cali_spectrum *spectrum, const cali_band *band)
{
    double sum = 0.0;
    size_t n = 0;
    for (size_t k = 1; k < spectrum->n; k++) {
        const double f_Hz = (double)k * spectrum->df_Hz;
        if (f_Hz < band->low_Hz || f_Hz >= band->high_Hz)
            continue;
        sum += spectrum->power[k];
        n++;
    }
    const double last_Hz = (double)(spectrum->n - 1) * spectrum->df_Hz;
    return n == 0 || last_Hz + spectrum->df_Hz < band->high_Hz ? NAN : sum * spectrum->df_Hz;
}

/* ---- dynamics of functional connectivity ------------------------------------------------------------------ */

/* Steps are lengthened until the windows, each with its pairs, fit. */
static size_t count_windows(size_t n_rows, size_t n_pairs, size_t window, size_t *step)
{
    size_t n = 0;
    for (;; (*step)++) {
        n = n_rows < window ? 0 : (n_rows - window) / *step + 1;
        if (n <= CALI_FCD_MOST_WINDOWS && (double)n * (double)n_pairs <= CALI_FCD_MOST_VALUES)
            return n;
    }
}

/* Pairs that are no number in some window count in none. */
static size_t drop_broken(double *pairs, size_t n_windows, size_t n_pairs)
{
    size_t kept = 0;
    for (size_t p = 0; p < n_pairs; p++) {
        bool is_good = true;
        for (size_t w = 0; w < n_windows; w++)
            is_good = is_good && isfinite(pairs[w * n_pairs + p]);
        for (size_t w = 0; is_good && w < n_windows; w++)
            pairs[w * n_pairs + kept] = pairs[w * n_pairs + p];
        kept += is_good;
    }
    return kept;
}

static cal_status fill_pairs(cal_context *ctx, const double *x, size_t n_columns, size_t stride, size_t window, size_t step,
                             size_t n_windows, double *pairs)
{
    double *fc = NULL;
    cal_status status = cali_alloc(ctx, n_columns * n_columns, sizeof *fc, "functional connectivity", &fc);
    for (size_t w = 0; w < n_windows && status == CAL_OK; w++) {
        status = cali_functional_connectivity(ctx, x + w * step, n_columns, window, stride, fc);
        for (size_t i = 0; i < n_columns; i++)
            for (size_t j = i + 1; j < n_columns; j++)
                *pairs++ = fc[i * n_columns + j];
    }
    free(fc);
    return status;
}

cal_status cali_fc_dynamics(cal_context *ctx, const double *x, size_t n_columns, size_t n_rows, size_t stride, size_t window,
                            size_t step, cali_fcd *out)
{
    const size_t n_pairs = n_columns * (n_columns - 1) / 2;
    *out = (cali_fcd){.window = window, .step = step};
    if (window < 3 || step < 1 || n_columns < 3)
        return CAL_OK;
    const size_t n = count_windows(n_rows, n_pairs, window, &out->step);
    if (n < 3)
        return CAL_OK;
    double *pairs = NULL;
    CAL_TRY(cali_alloc(ctx, n * n_pairs, sizeof *pairs, "windows", &pairs));
    cal_status status = fill_pairs(ctx, x, n_columns, stride, window, out->step, n, pairs);
    if (status == CAL_OK)
        status = cali_alloc(ctx, n * n, sizeof *out->values, "dynamics of functional connectivity", &out->values);
    if (status == CAL_OK) {
        const size_t kept = drop_broken(pairs, n, n_pairs);
        out->n = n;
        status = cali_functional_connectivity(ctx, pairs, n, kept, n_pairs, out->values);
    }
    free(pairs);
    return status;
}

void cali_fcd_free(cali_fcd *fcd)
{
    free(fcd->values);
    *fcd = (cali_fcd){0};
}
