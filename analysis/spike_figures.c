/* The figures of a population from the functions of spikes.h. */
#include <math.h>
#include <stdlib.h>

#include "analysis/spikes.h"
#include "base/memory.h"

/* Finest bin of the spectrum; longer runs get coarser ones. */
#define SPECTRUM_BIN_MS 1.0
enum { SPECTRUM_MOST_BINS = 4194304 };

cali_train_options cali_train_options_default(void)
{
    return (cali_train_options){.bin_ms = 5.0, .window_ms = 100.0, .n_sample = 200, .n_least = 2, .seed = 1};
}

void cali_train_details_free(cali_train_details *d)
{
    free(d->rate_Hz);
    free(d->cv);
    cali_pairs_free(&d->pairs);
    cali_spectrum_free(&d->spectrum);
    *d = (cali_train_details){0};
}

static double mean_or_nan(double sum, size_t n)
{
    return n > 0 ? sum / (double)n : NAN;
}

/* What each neuron says; silent ones have the rate 0 and nothing else. */
static void describe_neurons(const cali_trains *t, double window_ms, cali_train_figures *f, cali_train_details *d)
{
    double cv2 = 0.0, lv = 0.0, fano = 0.0;
    size_t n_fano = 0;
    for (size_t i = 0; i < t->n; i++) {
        const cali_regularity r = cali_train_regularity(t, i);
        const double own = cali_train_fano(t, i, window_ms);
        d->rate_Hz[i] = r.rate_Hz;
        n_fano += isnan(own) ? 0 : 1;
        fano += isnan(own) ? 0.0 : own;
        if (isnan(r.cv))
            continue;
        d->cv[f->n_cv++] = r.cv;
        cv2 += r.cv2;
        lv += r.lv;
    }
    cali_series_sort(d->rate_Hz, t->n_recorded);
    cali_series_sort(d->cv, f->n_cv);
    f->rate_Hz = cali_series_mean(d->rate_Hz, t->n_recorded);
    f->rate_sd_Hz = cali_series_sd(d->rate_Hz, t->n_recorded);
    f->rate_low_Hz = cali_sorted_quantile(d->rate_Hz, t->n_recorded, 0.05);
    f->rate_median_Hz = cali_sorted_quantile(d->rate_Hz, t->n_recorded, 0.5);
    f->rate_high_Hz = cali_sorted_quantile(d->rate_Hz, t->n_recorded, 0.95);
    f->cv = cali_series_mean(d->cv, f->n_cv);
    f->cv2 = mean_or_nan(cv2, f->n_cv);
    f->lv = mean_or_nan(lv, f->n_cv);
    f->fano = mean_or_nan(fano, n_fano);
}

static cal_status describe_spectrum(cal_context *ctx, const cali_trains *t, cali_train_figures *f, cali_train_details *d)
{
    d->spectrum_bin_ms = SPECTRUM_BIN_MS * fmax(1.0, ceil((t->t1_ms - t->t0_ms) / (SPECTRUM_BIN_MS * SPECTRUM_MOST_BINS)));
    const size_t n = cali_trains_bins(t, d->spectrum_bin_ms), segment = cali_welch_segment(n, d->spectrum_bin_ms);
    double *rate_Hz = NULL;
    f->peak_Hz = NAN;
    if (segment == 0 || t->n_spikes == 0)
        return CAL_OK;
    CAL_TRY(cali_alloc(ctx, n, sizeof *rate_Hz, "rate", &rate_Hz));
    cali_trains_count(t, d->spectrum_bin_ms, n, rate_Hz);
    for (size_t b = 0; b < n; b++)
        rate_Hz[b] *= 1e3 / (d->spectrum_bin_ms * (double)t->n_recorded);
    const cal_status status = cali_welch(ctx, rate_Hz, n, d->spectrum_bin_ms, segment, &d->spectrum);
    free(rate_Hz);
    if (status == CAL_OK) {
        const cali_peak peak = cali_spectrum_peak(&d->spectrum, 1.0, 400.0);
        f->peak_Hz = peak.is_found ? peak.f_Hz : NAN;
    }
    return status;
}

static cal_status describe_counts(cal_context *ctx, const cali_trains *t, const cali_train_options *o, cali_train_figures *f,
                                  cali_train_details *d)
{
    const size_t n_bins = cali_trains_bins(t, o->bin_ms);
    double *counts = NULL;
    CAL_TRY(cali_alloc(ctx, n_bins, sizeof *counts, "counts", &counts));
    cali_trains_count(t, o->bin_ms, n_bins, counts);
    f->population_fano = cali_fano(counts, n_bins);
    free(counts);
    CAL_TRY(cali_trains_synchrony(ctx, t, o->bin_ms, &f->chi));
    CAL_TRY(cali_trains_pairs(ctx, t, o->bin_ms, o->n_least, o->n_sample, o->seed, &d->pairs));
    f->n_pairs = d->pairs.n;
    cali_series_sort(d->pairs.r, d->pairs.n);
    f->correlation = cali_series_mean(d->pairs.r, d->pairs.n);
    f->correlation_sd = cali_series_sd(d->pairs.r, d->pairs.n);
    return CAL_OK;
}

cal_status cali_train_describe(cal_context *ctx, const cali_trains *t, const cali_train_options *options,
                               cali_train_figures *out, cali_train_details *details)
{
    cali_train_details own = {0}, *d = details != NULL ? details : &own;
    *d = (cali_train_details){0};
    *out = (cali_train_figures){.n_recorded = t->n_recorded, .n_active = t->n, .n_spikes = t->n_spikes};
    cal_status status = cali_alloc(ctx, t->n_recorded, sizeof *d->rate_Hz, "rates", &d->rate_Hz);
    if (status == CAL_OK)
        status = cali_alloc(ctx, t->n, sizeof *d->cv, "intervals", &d->cv);
    if (status == CAL_OK) {
        describe_neurons(t, options->window_ms, out, d);
        status = describe_counts(ctx, t, options, out, d);
    }
    if (status == CAL_OK)
        status = describe_spectrum(ctx, t, out, d);
    if (status != CAL_OK || details == NULL)
        cali_train_details_free(d);
    return status;
}
