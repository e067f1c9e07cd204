/* The member "trains" of the page's data: spikes that are drawn, rates over time, figures, and what these are made of. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "report/page_encode.h"
#include "report/spikes.h"

enum {
    RASTER_SPIKES = 60000, /* of all populations */
    RASTER_LEAST = 2000,   /* of one */
    RATE_BINS = 4000,
    VALUES_MOST = 400,     /* of a distribution: evenly spaced order statistics */
    AUTO_BINS = 100,
    AUTO_NEURONS = 500
};
#define AUTO_BIN_MS 2.0
#define SPECTRUM_BIN_MS 1.0

/* The line of each neuron in the raster: its number, or where only some were recorded its place among those that spike. */
static cal_status find_lines(cal_context *ctx, const cali_run_spikes *s, uint32_t **out, size_t *n_lines)
{
    uint32_t last = 0;
    for (size_t k = 0; k < s->facts.n_spikes; k++)
        last = s->ids[k] > last ? s->ids[k] : last;
    CAL_TRY(cali_alloc(ctx, (size_t)last + 1, sizeof **out, "raster", out));
    *n_lines = s->facts.n_recorded;
    if (last < s->facts.n_recorded) {
        for (uint32_t i = 0; i <= last; i++)
            (*out)[i] = i;
        return CAL_OK;
    }
    for (size_t k = 0; k < s->facts.n_spikes; k++)
        (*out)[s->ids[k]] = 1;
    uint32_t n = 0;
    for (uint32_t i = 0; i <= last; i++)
        (*out)[i] = (*out)[i] != 0 ? n++ : 0;
    *n_lines = n;
    return CAL_OK;
}

/* Every k-th line with all its spikes, so that about `budget` are drawn. */
static cal_status add_raster(cali_run *run, const cali_run_spikes *s, size_t budget, cali_text *json)
{
    const size_t n_spikes = s->facts.n_spikes, stride = n_spikes <= budget ? 1 : (n_spikes + budget - 1) / budget;
    size_t n = 0, n_lines = 0;
    uint32_t *line = NULL;
    double *times = NULL;
    unsigned char *rows = NULL;
    CAL_TRY(find_lines(run->ctx, s, &line, &n_lines));
    for (size_t k = 0; k < n_spikes; k++)
        n += line[s->ids[k]] % stride == 0;
    cal_status status = cali_alloc(run->ctx, n, sizeof(double), "raster", &times);
    if (status == CAL_OK)
        status = cali_alloc(run->ctx, n, 4, "raster", &rows);
    if (status == CAL_OK) {
        for (size_t k = 0, to = 0; k < n_spikes; k++) {
            if (line[s->ids[k]] % stride != 0)
                continue;
            times[to] = s->times_ms[k];
            cali_page_put_bits(rows + 4 * to, (uint32_t)(line[s->ids[k]] / stride), 4);
            to++;
        }
        cali_text_format(json, ",\"stride\":%zu,\"shown_neurons\":%zu,\"shown_spikes\":%zu", stride,
                         (n_lines + stride - 1) / stride, n);
        cali_page_key(json, "times_ms");
        status = cali_page_float32(run->ctx, json, times, n);
        cali_page_key(json, "rows");
        cali_text_add(json, "\"");
        cali_text_add_base64(json, rows, 4 * n);
        cali_text_add(json, "\"");
    }
    free(line);
    free(times);
    free(rows);
    return status;
}

/* The rate of a population in bins of whole milliseconds. */
static cal_status add_rate(cali_run *run, const cali_run_spikes *s, cali_text *json)
{
    const double bin_ms = fmax(1.0, ceil(run->stop_ms / RATE_BINS));
    const size_t n_bins = (size_t)(run->stop_ms / bin_ms);
    double *rate_Hz = NULL;
    CAL_TRY(cali_alloc(run->ctx, n_bins, sizeof(double), "rate", &rate_Hz));
    cali_rate_histogram(s->times_ms, s->facts.n_spikes, 0.0, bin_ms, n_bins, s->facts.n_recorded, rate_Hz);
    cali_page_number(json, "bin_ms", bin_ms);
    cali_page_key(json, "rate_Hz");
    const cal_status status = cali_page_float32(run->ctx, json, rate_Hz, n_bins);
    free(rate_Hz);
    return status;
}

/* A sorted array, of many values evenly spaced ones. */
static cal_status add_values(cal_context *ctx, const char *key, const double *sorted, size_t n, cali_text *json)
{
    double some[VALUES_MOST];
    const size_t n_kept = n < VALUES_MOST ? n : VALUES_MOST;
    for (size_t i = 0; i < n_kept; i++)
        some[i] = n == n_kept ? sorted[i] : sorted[(size_t)(((double)i + 0.5) / VALUES_MOST * (double)n)];
    cali_page_key(json, key);
    return cali_page_float32(ctx, json, some, n_kept);
}

static cal_status add_distributions(cali_run *run, const cali_run_spikes *s, cali_text *json)
{
    double lags[AUTO_BINS];
    CAL_TRY(add_values(run->ctx, "rates", s->details.rate_Hz, s->figures.n_recorded, json));
    CAL_TRY(add_values(run->ctx, "cvs", s->details.cv, s->figures.n_cv, json));
    CAL_TRY(add_values(run->ctx, "correlations", s->details.pairs.r, s->details.pairs.n, json));
    if (s->trains.n_spikes < 2 || s->trains.t1_ms - s->trains.t0_ms < 2.0 * AUTO_BIN_MS * AUTO_BINS)
        return CAL_OK;
    const double level_Hz = cali_trains_autocorrelogram(&s->trains, AUTO_NEURONS, AUTO_BIN_MS, AUTO_BINS, lags);
    cali_page_number(json, "autocorrelogram_bin_ms", AUTO_BIN_MS);
    cali_page_number(json, "autocorrelogram_level_Hz", level_Hz);
    cali_page_key(json, "autocorrelogram");
    return isnan(level_Hz) ? cali_page_float32(run->ctx, json, lags, 0) : cali_page_float32(run->ctx, json, lags, AUTO_BINS);
}

static cal_status add_spectrum(cali_run *run, const cali_run_spikes *s, cali_text *json)
{
    const size_t n = cali_trains_bins(&s->trains, SPECTRUM_BIN_MS);
    double *rate_Hz = NULL;
    if (s->trains.n_spikes == 0)
        return CAL_OK;
    CAL_TRY(cali_alloc(run->ctx, n, sizeof *rate_Hz, "rate", &rate_Hz));
    cali_trains_count(&s->trains, SPECTRUM_BIN_MS, n, rate_Hz);
    for (size_t b = 0; b < n; b++)
        rate_Hz[b] *= 1e3 / (SPECTRUM_BIN_MS * (double)s->trains.n_recorded);
    cali_page_number(json, "spectrum_bin_ms", SPECTRUM_BIN_MS);
    const cal_status status = cali_page_spectra(run->ctx, json, rate_Hz, 1, n, 0, SPECTRUM_BIN_MS);
    free(rate_Hz);
    return status;
}

static cal_status add_train(cali_run *run, const cali_run_spikes *s, size_t budget, cali_text *json)
{
    cali_page_text(json, "region", s->facts.region);
    cali_page_text(json, "population", s->facts.population);
    cali_page_number(json, "n_neurons", s->facts.n_neurons);
    cali_page_number(json, "n_recorded", s->facts.n_recorded);
    cali_page_number(json, "n_spikes", (double)s->facts.n_spikes);
    cali_page_key(json, "figures");
    cali_spike_figures_json(&s->figures, json);
    CAL_TRY(add_raster(run, s, budget, json));
    CAL_TRY(add_rate(run, s, json));
    CAL_TRY(add_distributions(run, s, json));
    return add_spectrum(run, s, json);
}

cal_status cali_page_spikes(cali_run *run, cali_text *json)
{
    const size_t n = cal_recording_n_trains(run->recording), share = n == 0 ? 0 : RASTER_SPIKES / n + 1;
    const cali_train_options options = cali_train_options_default();
    cali_text_add(json, ",\"trains\":[");
    for (size_t t = 0; t < n; t++) {
        cali_run_spikes spikes;
        CAL_TRY(cali_run_spikes_load(run, t, &options, &spikes));
        cali_text_add(json, t == 0 ? "{" : ",{");
        const cal_status status = add_train(run, &spikes, share < RASTER_LEAST ? RASTER_LEAST : share, json);
        cali_text_add(json, "}");
        cali_run_spikes_free(&spikes);
        CAL_TRY(status);
    }
    cali_text_add(json, "]");
    return CAL_OK;
}
