#include "report/page_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "analysis/results.h"
#include "report/summary.h"

enum {
    REGIONS_MOST = 1024,      /* drawn one by one; of more, every k-th and the spiking ones */
    TRACE_VALUES = 1800000,   /* of all signals: 3.6 MB, 4.8 MB in base64 */
    TRACE_LEAST = 256,        /* values of one trace, however many there are */
    FREQUENCIES_MOST = 512,
    RASTER_SPIKES = 60000,
    RATE_BINS = 4000
};

/* ---- encodings --------------------------------------------------------------------------- */

void cali_text_add_base64(cali_text *text, const void *bytes, size_t n)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *b = bytes;
    char line[4 * 256];
    size_t used = 0;
    for (size_t i = 0; i < n; i += 3) {
        const unsigned second = i + 1 < n ? b[i + 1] : 0, third = i + 2 < n ? b[i + 2] : 0;
        const unsigned word = (unsigned)b[i] << 16 | second << 8 | third;
        line[used++] = letters[word >> 18];
        line[used++] = letters[word >> 12 & 63];
        line[used++] = i + 1 < n ? letters[word >> 6 & 63] : '=';
        line[used++] = i + 2 < n ? letters[word & 63] : '=';
        if (used == sizeof line) {
            cali_text_add_bytes(text, line, used);
            used = 0;
        }
    }
    cali_text_add_bytes(text, line, used);
}

/* Little-endian bytes, whatever the machine. */
static void put_bits(unsigned char *at, uint32_t bits, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at[i] = (unsigned char)(bits >> 8 * i);
}

static cal_status add_float32(cal_context *ctx, cali_text *json, const double *x, size_t n)
{
    unsigned char *bytes = NULL;
    CAL_TRY(cali_alloc(ctx, n, 4, "page", &bytes));
    for (size_t i = 0; i < n; i++) {
        const float value = (float)x[i];
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        put_bits(bytes + 4 * i, bits, 4);
    }
    cali_text_add(json, "\"");
    cali_text_add_base64(json, bytes, 4 * n);
    cali_text_add(json, "\"");
    free(bytes);
    return CAL_OK;
}

/* Codes 0 .. 65534 from low to high, 65535 for what is not finite. */
static void quantise(const double *x, size_t n, double low, double high, unsigned char *bytes)
{
    const double scale = high > low ? 65534.0 / (high - low) : 0.0;
    for (size_t i = 0; i < n; i++) {
        const double code = isfinite(x[i]) ? floor((x[i] - low) * scale + 0.5) : 65535.0;
        put_bits(bytes + 2 * i, (uint32_t)fmin(fmax(code, 0.0), 65535.0), 2);
    }
}

static void add_key(cali_text *json, const char *key)
{
    cali_text_format(json, "%s\"%s\":", json->size > 0 && strchr("{[", json->data[json->size - 1]) ? "" : ",",
                     key);
}

static void add_number(cali_text *json, const char *key, double value)
{
    add_key(json, key);
    cali_text_add_number(json, value);
}

static void add_text(cali_text *json, const char *key, const char *value)
{
    add_key(json, key);
    cali_text_add_json(json, value == NULL ? "" : value);
}

/* Six digits: these are read, not computed with. */
static void add_numbers(cali_text *json, const char *key, const double *x, size_t n)
{
    add_key(json, key);
    cali_text_add(json, "[");
    for (size_t i = 0; i < n; i++) {
        if (isfinite(x[i]))
            cali_text_format(json, "%s%.6g", i == 0 ? "" : ",", x[i]);
        else
            cali_text_add(json, i == 0 ? "null" : ",null");
    }
    cali_text_add(json, "]");
}

/* ---- regions and connectome -------------------------------------------------------------- */

static cal_status choose_regions(const cali_run *run, size_t **out, size_t *n_out)
{
    size_t *shown = NULL, n = 0;
    CAL_TRY(cali_alloc(run->ctx, run->n_regions, sizeof *shown, "regions", &shown));
    const size_t step = (run->n_regions + REGIONS_MOST - 1) / REGIONS_MOST;
    for (size_t i = 0; i < run->n_regions; i++)
        if (step <= 1 || i % step == 0 || cali_run_is_spiking(run, i))
            shown[n++] = i;
    *out = shown;
    *n_out = n;
    return CAL_OK;
}

static void add_regions(const cali_run *run, const size_t *shown, size_t n, cali_text *json)
{
    const size_t n_all = run->n_regions;
    add_key(json, "regions");
    cali_text_format(json, "{\"total\":%zu,\"labels\":[", n_all);
    for (size_t i = 0; i < n; i++) {
        cali_text_add(json, i == 0 ? "" : ",");
        cali_text_add_json(json, run->labels[shown[i]]);
    }
    cali_text_add(json, "],\"spiking\":[");
    for (size_t i = 0, n_listed = 0; i < n; i++)
        if (cali_run_is_spiking(run, shown[i]))
            cali_text_format(json, "%s%zu", n_listed++ == 0 ? "" : ",", i);
    cali_text_add(json, "],\"neurons\":[");
    for (size_t s = 0; s < run->n_spiking; s++) {
        cali_text_add(json, s == 0 ? "[" : ",[");
        cali_text_add_json(json, run->labels[run->spiking[s].region]);
        cali_text_add(json, ",");
        cali_text_add_number(json, run->spiking[s].n_neurons);
        cali_text_add(json, ",");
        cali_text_add_number(json, run->spiking[s].n_synapses);
        cali_text_add(json, "]");
    }
    cali_text_add(json, "]");
    if (run->centres_mm != NULL) {
        add_key(json, "centres_mm");
        cali_text_add(json, "[");
        for (size_t i = 0; i < n; i++) {
            const double *c = run->centres_mm + 3 * shown[i];
            cali_text_format(json, "%s[%.6g,%.6g,%.6g]", i == 0 ? "" : ",", c[0], c[1], c[2]);
        }
        cali_text_add(json, "]");
    }
    cali_text_add(json, "}");
}

static cal_status add_sub_matrix(const cali_run *run, const char *key, const double *matrix,
                                 const size_t *shown, size_t n, cali_text *json)
{
    double *part = NULL;
    CAL_TRY(cali_alloc(run->ctx, n * n, sizeof(double), "matrix", &part));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            part[i * n + j] = matrix[shown[i] * run->n_regions + shown[j]];
    add_key(json, key);
    const cal_status status = add_float32(run->ctx, json, part, n * n);
    free(part);
    return status;
}

static cal_status add_connectome(const cali_run *run, const size_t *shown, size_t n, cali_text *json)
{
    if (run->weights == NULL)
        return CAL_OK;
    const size_t n_all = run->n_regions;
    size_t n_edges = 0;
    for (size_t k = 0; k < n_all * n_all; k++)
        n_edges += run->weights[k] != 0.0;
    double *strength = NULL;
    CAL_TRY(cali_alloc(run->ctx, n, sizeof(double), "strengths", &strength));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n_all; j++)
            strength[i] += j == shown[i] ? 0.0 : run->weights[shown[i] * n_all + j];
    add_key(json, "connectome");
    cali_text_format(json, "{\"connections\":%zu", n_edges);
    add_numbers(json, "strength", strength, n);
    free(strength);
    CAL_TRY(add_sub_matrix(run, "weights", run->weights, shown, n, json));
    if (run->lengths_mm != NULL)
        CAL_TRY(add_sub_matrix(run, "lengths_mm", run->lengths_mm, shown, n, json));
    cali_text_add(json, "}");
    return CAL_OK;
}

/* ---- region signals ---------------------------------------------------------------------- */

size_t cali_decimated(size_t n, size_t n_wanted, size_t *bucket)
{
    n_wanted = n_wanted < 16 ? 16 : n_wanted;
    *bucket = 1;
    if (n <= n_wanted)
        return n;
    *bucket = (n + n_wanted / 2 - 1) / (n_wanted / 2);
    return 2 * ((n + *bucket - 1) / *bucket);
}

void cali_decimate(const double *x, size_t n, size_t bucket, double *out)
{
    for (size_t first = 0; first < n; first += bucket) {
        if (bucket == 1) {
            *out++ = x[first];
            continue;
        }
        const size_t end = first + bucket < n ? first + bucket : n;
        size_t low = first, high = first;
        for (size_t i = first; i < end; i++) {
            low = x[i] < x[low] ? i : low;
            high = x[i] > x[high] ? i : high;
        }
        *out++ = x[low < high ? low : high];
        *out++ = x[low < high ? high : low];
    }
}

/* All traces of a signal, 16 bits for the range of each. */
static cal_status add_traces(const cali_run *run, const cali_run_signal *signal, const double *x,
                             size_t n_columns, size_t n_wanted, cali_text *json)
{
    size_t bucket;
    const size_t n_rows = signal->n_rows, n = cali_decimated(n_rows, n_wanted, &bucket);
    double *trace = NULL, *low = NULL, *high = NULL;
    unsigned char *codes = NULL;
    cal_status status = cali_alloc(run->ctx, n, sizeof(double), "trace", &trace);
    if (status == CAL_OK)
        status = cali_alloc(run->ctx, n_columns, sizeof(double), "trace", &low);
    if (status == CAL_OK)
        status = cali_alloc(run->ctx, n_columns, sizeof(double), "trace", &high);
    if (status == CAL_OK)
        status = cali_alloc(run->ctx, 2 * n * n_columns, 1, "traces", &codes);
    for (size_t c = 0; status == CAL_OK && c < n_columns; c++) {
        cali_decimate(x + c * n_rows, n_rows, bucket, trace);
        low[c] = INFINITY;
        high[c] = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            low[c] = isfinite(trace[i]) && trace[i] < low[c] ? trace[i] : low[c];
            high[c] = isfinite(trace[i]) && trace[i] > high[c] ? trace[i] : high[c];
        }
        quantise(trace, n, low[c], high[c], codes + 2 * n * c);
    }
    if (status == CAL_OK) {
        cali_text_format(json, ",\"n\":%zu,\"bucket\":%zu", n, bucket);
        add_numbers(json, "low", low, n_columns);
        add_numbers(json, "high", high, n_columns);
        add_key(json, "codes");
        cali_text_add(json, "\"");
        cali_text_add_base64(json, codes, 2 * n * n_columns);
        cali_text_add(json, "\"");
    }
    free(trace);
    free(low);
    free(high);
    free(codes);
    return status;
}

/* Power of the bands, the mean over the regions, and that of all frequencies but 0. */
static void add_bands(const double *power, double total, cali_text *json)
{
    cali_text_add(json, ",\"bands\":[");
    for (size_t b = 0; b < CALI_N_BANDS; b++) {
        cali_text_add(json, b == 0 ? "{" : ",{");
        add_text(json, "name", cali_bands[b].name);
        add_number(json, "low_Hz", cali_bands[b].low_Hz);
        add_number(json, "high_Hz", cali_bands[b].high_Hz);
        add_number(json, "power", power[b]);
        cali_text_add(json, "}");
    }
    cali_text_add(json, "]");
    add_number(json, "total", total);
}

/* One spectrum per region over what follows the transient. */
static cal_status add_spectra(const cali_run *run, const cali_run_signal *signal, const double *x,
                              size_t n_columns, size_t first, cali_text *json)
{
    const size_t n = signal->n_rows - first, segment = cali_welch_segment(n, signal->every_ms);
    if (segment == 0)
        return CAL_OK;
    size_t n_kept = segment / 2 + 1;
    n_kept = n_kept > FREQUENCIES_MOST ? FREQUENCIES_MOST : n_kept;
    double *power = NULL, *peaks = NULL, bands[CALI_N_BANDS] = {0.0}, total = 0.0;
    CAL_TRY(cali_alloc(run->ctx, n_kept * n_columns, sizeof(double), "spectra", &power));
    cal_status status = cali_alloc(run->ctx, n_columns, sizeof(double), "peaks", &peaks);
    cali_spectrum spectrum = {0};
    for (size_t c = 0; status == CAL_OK && c < n_columns; c++) {
        cali_spectrum_free(&spectrum);
        status = cali_welch(run->ctx, x + c * signal->n_rows + first, n, signal->every_ms, segment, &spectrum);
        if (status != CAL_OK)
            break;
        memcpy(power + c * n_kept, spectrum.power, n_kept * sizeof *power);
        const cali_peak peak = cali_spectrum_peak(&spectrum, 1.0, 100.0);
        peaks[c] = peak.is_found ? peak.f_Hz : NAN;
        for (size_t b = 0; b < CALI_N_BANDS; b++)
            bands[b] += cali_band_power(&spectrum, &cali_bands[b]) / (double)n_columns;
        for (size_t k = 1; k < spectrum.n; k++)
            total += spectrum.power[k] * spectrum.df_Hz / (double)n_columns;
    }
    if (status == CAL_OK) {
        cali_text_format(json, ",\"spectrum\":{\"n\":%zu,\"segments\":%zu", n_kept, spectrum.n_segments);
        add_number(json, "df_Hz", spectrum.df_Hz);
        add_number(json, "segment_ms", (double)segment * signal->every_ms);
        add_numbers(json, "peak_Hz", peaks, n_columns);
        add_bands(bands, total, json);
        add_key(json, "power");
        status = add_float32(run->ctx, json, power, n_kept * n_columns);
        cali_text_add(json, "}");
    }
    cali_spectrum_free(&spectrum);
    free(power);
    free(peaks);
    return status;
}

/* A matrix of correlations, 16 bits from -1 to 1. */
static cal_status add_correlations(const cali_run *run, const char *name, const double *values, size_t n, cali_text *json)
{
    unsigned char *codes = NULL;
    CAL_TRY(cali_alloc(run->ctx, 2 * n * n, 1, name, &codes));
    quantise(values, n * n, -1.0, 1.0, codes);
    add_key(json, name);
    cali_text_add(json, "\"");
    cali_text_add_base64(json, codes, 2 * n * n);
    cali_text_add(json, "\"");
    free(codes);
    return CAL_OK;
}

/* The weights between the columns that are drawn. */
static double likeness_to_weights(const cali_run *run, const size_t *shown, size_t n, const double *fc)
{
    double *w = NULL, likeness = NAN;
    if (run->weights == NULL || cali_alloc(run->ctx, n * n, sizeof *w, "weights", &w) != CAL_OK)
        return NAN;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            w[i * n + j] = run->weights[shown[i] * run->n_regions + shown[j]];
    likeness = cali_structure_function(run->ctx, w, fc, n);
    free(w);
    return likeness;
}

static cal_status add_fc(const cali_run *run, const cali_run_signal *signal, const double *x, const size_t *shown,
                         size_t n_columns, size_t first, cali_text *json)
{
    double *fc = NULL;
    CAL_TRY(cali_alloc(run->ctx, n_columns * n_columns, sizeof(double), "functional connectivity", &fc));
    cal_status status = cali_functional_connectivity(run->ctx, x + first, n_columns, signal->n_rows - first,
                                                     signal->n_rows, fc);
    if (status == CAL_OK)
        status = add_correlations(run, "fc", fc, n_columns, json);
    if (status == CAL_OK)
        add_number(json, "sc_fc", likeness_to_weights(run, shown, n_columns, fc));
    free(fc);
    return status;
}

static cal_status add_fcd(const cali_run *run, const cali_run_signal *signal, const double *x, size_t n_columns, size_t first,
                          cali_text *json)
{
    cali_fcd fcd = {0};
    const size_t window = (size_t)(run->fcd_window_ms / signal->every_ms);
    const size_t step = (size_t)fmax(1.0, (run->fcd_window_ms - run->fcd_overlap_ms) / signal->every_ms);
    CAL_TRY(cali_fc_dynamics(run->ctx, x + first, n_columns, signal->n_rows - first, signal->n_rows, window, step, &fcd));
    cal_status status = CAL_OK;
    if (fcd.n > 0) {
        cali_text_format(json, ",\"fcd\":{\"n\":%zu", fcd.n);
        add_number(json, "window_ms", (double)fcd.window * signal->every_ms);
        add_number(json, "step_ms", (double)fcd.step * signal->every_ms);
        add_number(json, "first_ms", signal->t_first_ms +
                                         ((double)first + 0.5 * (double)(fcd.window - 1)) * signal->every_ms);
        status = add_correlations(run, "values", fcd.values, fcd.n, json);
        cali_text_add(json, "}");
    }
    cali_fcd_free(&fcd);
    return status;
}

static cal_status add_signal(cali_run *run, size_t s, const size_t *shown, size_t n, cali_text *json)
{
    const cali_run_signal *signal = &run->signals[s];
    const bool is_main = (int)s == cali_run_signal_find(run, NULL), is_fc = (int)s == cali_run_fc_signal(run);
    double *x = NULL;
    CAL_TRY(cali_run_read(run, signal, shown, n, &x));
    cali_text_add(json, s == 0 ? "{" : ",{");
    add_text(json, "name", signal->name);
    add_text(json, "unit", signal->unit);
    add_text(json, "long_name", signal->long_name);
    add_number(json, "t_first_ms", signal->t_first_ms);
    add_number(json, "every_ms", signal->every_ms);
    cali_text_format(json, ",\"rows\":%zu", signal->n_rows);
    size_t n_wanted = TRACE_VALUES / run->n_signals / n;
    n_wanted = n_wanted < TRACE_LEAST ? TRACE_LEAST : n_wanted;
    cal_status status = add_traces(run, signal, x, n, n_wanted, json);
    const size_t first = cali_run_row_after(signal, run->transient_ms);
    const cal_recording_signal facts = cal_recording_get_signal(run->recording, signal->index);
    if (is_main)
        cali_text_add(json, ",\"main\":true");
    if (cali_signal_is_bold(&facts))
        cali_text_add(json, ",\"bold\":true");
    if (status == CAL_OK && is_main && signal->n_rows >= first + 2)
        status = add_spectra(run, signal, x, n, first, json);
    if (status == CAL_OK && is_fc && signal->n_rows >= first + 2) {
        status = add_fc(run, signal, x, shown, n, first, json);
        if (status == CAL_OK)
            status = add_fcd(run, signal, x, n, first, json);
    }
    cali_text_add(json, "}");
    free(x);
    return status;
}

/* ---- spikes ------------------------------------------------------------------------------ */

/* Every k-th recorded neuron with all its spikes, so that about RASTER_SPIKES are drawn. */
static cal_status add_raster(cali_run *run, const cal_recording_train *train, const double *times_ms,
                             const uint32_t *ids, size_t budget, cali_text *json)
{
    const size_t stride = train->n_spikes <= budget ? 1 : (train->n_spikes + budget - 1) / budget;
    size_t n = 0;
    for (size_t k = 0; k < train->n_spikes; k++)
        n += ids[k] % stride == 0;
    double *times = NULL;
    unsigned char *rows = NULL;
    CAL_TRY(cali_alloc(run->ctx, n, sizeof(double), "raster", &times));
    cal_status status = cali_alloc(run->ctx, n, 4, "raster", &rows);
    if (status == CAL_OK) {
        for (size_t k = 0, to = 0; k < train->n_spikes; k++) {
            if (ids[k] % stride != 0)
                continue;
            times[to] = times_ms[k];
            put_bits(rows + 4 * to, (uint32_t)(ids[k] / stride), 4);
            to++;
        }
        cali_text_format(json, ",\"stride\":%zu,\"shown_neurons\":%zu,\"shown_spikes\":%zu", stride,
                         (train->n_recorded + stride - 1) / stride, n);
        add_key(json, "times_ms");
        status = add_float32(run->ctx, json, times, n);
        add_key(json, "rows");
        cali_text_add(json, "\"");
        cali_text_add_base64(json, rows, 4 * n);
        cali_text_add(json, "\"");
    }
    free(times);
    free(rows);
    return status;
}

/* The rate of a population in bins of whole milliseconds. */
static cal_status add_rate(cali_run *run, const cal_recording_train *train, const double *times_ms,
                           cali_text *json)
{
    const double bin_ms = fmax(1.0, ceil(run->stop_ms / RATE_BINS));
    const size_t n_bins = (size_t)(run->stop_ms / bin_ms);
    double *rate_Hz = NULL;
    CAL_TRY(cali_alloc(run->ctx, n_bins, sizeof(double), "rate", &rate_Hz));
    cali_rate_histogram(times_ms, train->n_spikes, 0.0, bin_ms, n_bins, train->n_recorded, rate_Hz);
    add_number(json, "bin_ms", bin_ms);
    add_key(json, "rate_Hz");
    const cal_status status = add_float32(run->ctx, json, rate_Hz, n_bins);
    free(rate_Hz);
    return status;
}

static cal_status add_train(cali_run *run, size_t t, size_t budget, cali_text *json)
{
    const cal_recording_train train = cal_recording_get_train(run->recording, t);
    double *times_ms = NULL;
    uint32_t *ids = NULL;
    CAL_TRY(cali_run_read_train(run, t, &times_ms, &ids));
    cali_text_add(json, t == 0 ? "{" : ",{");
    add_text(json, "region", train.region);
    add_text(json, "population", train.population);
    add_number(json, "n_neurons", train.n_neurons);
    add_number(json, "n_recorded", train.n_recorded);
    add_number(json, "n_spikes", (double)train.n_spikes);
    cal_status status = add_raster(run, &train, times_ms, ids, budget, json);
    if (status == CAL_OK)
        status = add_rate(run, &train, times_ms, json);
    cali_text_add(json, "}");
    free(times_ms);
    free(ids);
    return status;
}

/* ---- the whole --------------------------------------------------------------------------- */

static cal_status add_lists(cali_run *run, const size_t *shown, size_t n, cali_text *json)
{
    add_regions(run, shown, n, json);
    CAL_TRY(add_connectome(run, shown, n, json));
    cali_text_add(json, ",\"signals\":[");
    for (size_t s = 0; s < run->n_signals; s++)
        CAL_TRY(add_signal(run, s, shown, n, json));
    cali_text_add(json, "],\"trains\":[");
    const size_t n_trains = cal_recording_n_trains(run->recording);
    for (size_t t = 0; t < n_trains; t++)
        CAL_TRY(add_train(run, t, RASTER_SPIKES / n_trains + 1, json));
    cali_text_add(json, "],\"summary\":");
    return cali_summary_json(run, json);
}

cal_status cali_page_data(cali_run *run, cali_text *json)
{
    size_t *shown = NULL, n = 0;
    CAL_TRY(choose_regions(run, &shown, &n));
    cali_text_add(json, "{");
    add_text(json, "version", CAL_VERSION);
    add_text(json, "title", cal_recording_title(run->recording));
    add_text(json, "run", cali_path_name(run->directory));
    add_key(json, "complete");
    cali_text_add(json, cal_recording_is_complete(run->recording) ? "true" : "false");
    add_number(json, "t_stop_ms", run->stop_ms);
    add_number(json, "transient_ms", run->transient_ms);
    const cal_status status = add_lists(run, shown, n, json);
    cali_text_add(json, "}");
    free(shown);
    CAL_TRY(status);
    return json->is_broken ? CAL_FAIL(run->ctx, CAL_ERR_MEMORY, "no memory for the page") : CAL_OK;
}
