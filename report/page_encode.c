/* How numbers travel to the page. */
#include "report/page_encode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "base/memory.h"

enum { FREQUENCIES_MOST = 512 };

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

void cali_page_put_bits(unsigned char *at, uint32_t bits, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at[i] = (unsigned char)(bits >> 8 * i);
}

cal_status cali_page_float32(cal_context *ctx, cali_text *json, const double *x, size_t n)
{
    unsigned char *bytes = NULL;
    CAL_TRY(cali_alloc(ctx, n, 4, "page", &bytes));
    for (size_t i = 0; i < n; i++) {
        const float value = (float)x[i];
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        cali_page_put_bits(bytes + 4 * i, bits, 4);
    }
    cali_text_add(json, "\"");
    cali_text_add_base64(json, bytes, 4 * n);
    cali_text_add(json, "\"");
    free(bytes);
    return CAL_OK;
}

void cali_page_quantise(const double *x, size_t n, double low, double high, unsigned char *bytes)
{
    const double scale = high > low ? 65534.0 / (high - low) : 0.0;
    for (size_t i = 0; i < n; i++) {
        const double code = isfinite(x[i]) ? floor((x[i] - low) * scale + 0.5) : 65535.0;
        cali_page_put_bits(bytes + 2 * i, (uint32_t)fmin(fmax(code, 0.0), 65535.0), 2);
    }
}

void cali_page_key(cali_text *json, const char *key)
{
    cali_text_format(json, "%s\"%s\":", json->size > 0 && strchr("{[", json->data[json->size - 1]) ? "" : ",",
                     key);
}

void cali_page_number(cali_text *json, const char *key, double value)
{
    cali_page_key(json, key);
    cali_text_add_number(json, value);
}

void cali_page_text(cali_text *json, const char *key, const char *value)
{
    cali_page_key(json, key);
    cali_text_add_json(json, value == NULL ? "" : value);
}

/* Six digits: these are read, not computed with. */
void cali_page_numbers(cali_text *json, const char *key, const double *x, size_t n)
{
    cali_page_key(json, key);
    cali_text_add(json, "[");
    for (size_t i = 0; i < n; i++) {
        if (isfinite(x[i]))
            cali_text_format(json, "%s%.6g", i == 0 ? "" : ",", x[i]);
        else
            cali_text_add(json, i == 0 ? "null" : ",null");
    }
    cali_text_add(json, "]");
}

cal_status cali_page_codes(cal_context *ctx, cali_text *json, const char *key, const double *x, size_t n, double low,
                           double high)
{
    unsigned char *codes = NULL;
    CAL_TRY(cali_alloc(ctx, 2 * n, 1, key, &codes));
    cali_page_quantise(x, n, low, high, codes);
    cali_page_key(json, key);
    cali_text_add(json, "\"");
    cali_text_add_base64(json, codes, 2 * n);
    cali_text_add(json, "\"");
    free(codes);
    return CAL_OK;
}

cal_status cali_page_correlations(cal_context *ctx, cali_text *json, const char *key, const double *values, size_t n)
{
    double *upper = NULL;
    CAL_TRY(cali_alloc(ctx, n * (n + 1) / 2, sizeof *upper, key, &upper));
    for (size_t i = 0, to = 0; i < n; to += n - i, i++)
        memcpy(upper + to, values + i * n + i, (n - i) * sizeof *upper);
    const cal_status status = cali_page_codes(ctx, json, key, upper, n * (n + 1) / 2, -1.0, 1.0);
    free(upper);
    return status;
}

cal_status cali_page_logarithms(cal_context *ctx, cali_text *json, const char *key, const double *x, size_t n)
{
    double *logs = NULL, low = INFINITY, high = -INFINITY;
    CAL_TRY(cali_alloc(ctx, n, sizeof *logs, key, &logs));
    for (size_t i = 0; i < n; i++) {
        logs[i] = x[i] > 0.0 && isfinite(x[i]) ? log(x[i]) : NAN;
        low = logs[i] < low ? logs[i] : low;
        high = logs[i] > high ? logs[i] : high;
    }
    cali_page_key(json, key);
    cali_text_add(json, "{");
    cali_page_number(json, "low", low);
    cali_page_number(json, "high", high);
    const cal_status status = cali_page_codes(ctx, json, "codes", logs, n, low, high);
    cali_text_add(json, "}");
    free(logs);
    return status;
}

/* ---- series --------------------------------------------------------------------------- */

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

cal_status cali_page_traces(cal_context *ctx, cali_text *json, const double *x, size_t n_columns, size_t n_rows,
                            size_t n_wanted)
{
    size_t bucket;
    const size_t n = cali_decimated(n_rows, n_wanted, &bucket);
    double *trace = NULL, *low = NULL, *high = NULL;
    unsigned char *codes = NULL;
    cal_status status = cali_alloc(ctx, n, sizeof(double), "trace", &trace);
    if (status == CAL_OK)
        status = cali_alloc(ctx, n_columns, sizeof(double), "trace", &low);
    if (status == CAL_OK)
        status = cali_alloc(ctx, n_columns, sizeof(double), "trace", &high);
    if (status == CAL_OK)
        status = cali_alloc(ctx, 2 * n * n_columns, 1, "traces", &codes);
    for (size_t c = 0; status == CAL_OK && c < n_columns; c++) {
        cali_decimate(x + c * n_rows, n_rows, bucket, trace);
        low[c] = INFINITY;
        high[c] = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            low[c] = isfinite(trace[i]) && trace[i] < low[c] ? trace[i] : low[c];
            high[c] = isfinite(trace[i]) && trace[i] > high[c] ? trace[i] : high[c];
        }
        cali_page_quantise(trace, n, low[c], high[c], codes + 2 * n * c);
    }
    if (status == CAL_OK) {
        cali_text_format(json, ",\"n\":%zu,\"bucket\":%zu", n, bucket);
        cali_page_numbers(json, "low", low, n_columns);
        cali_page_numbers(json, "high", high, n_columns);
        cali_page_key(json, "codes");
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
        cali_page_text(json, "name", cali_bands[b].name);
        cali_page_number(json, "low_Hz", cali_bands[b].low_Hz);
        cali_page_number(json, "high_Hz", cali_bands[b].high_Hz);
        cali_page_number(json, "power", power[b]);
        cali_text_add(json, "}");
    }
    cali_text_add(json, "]");
    cali_page_number(json, "total", total);
}

cal_status cali_page_spectra(cal_context *ctx, cali_text *json, const double *x, size_t n_columns, size_t n_rows,
                             size_t first, double every_ms)
{
    const size_t n = n_rows - first, segment = cali_welch_segment(n, every_ms);
    if (segment == 0)
        return CAL_OK;
    size_t n_kept = segment / 2 + 1;
    n_kept = n_kept > FREQUENCIES_MOST ? FREQUENCIES_MOST : n_kept;
    double *power = NULL, *peaks = NULL, bands[CALI_N_BANDS] = {0.0}, total = 0.0;
    CAL_TRY(cali_alloc(ctx, n_kept * n_columns, sizeof(double), "spectra", &power));
    cal_status status = cali_alloc(ctx, n_columns, sizeof(double), "peaks", &peaks);
    cali_spectrum spectrum = {0};
    for (size_t c = 0; status == CAL_OK && c < n_columns; c++) {
        cali_spectrum_free(&spectrum);
        status = cali_welch(ctx, x + c * n_rows + first, n, every_ms, segment, &spectrum);
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
        cali_page_number(json, "df_Hz", spectrum.df_Hz);
        cali_page_number(json, "segment_ms", (double)segment * every_ms);
        cali_page_numbers(json, "peak_Hz", peaks, n_columns);
        add_bands(bands, total, json);
        status = cali_page_logarithms(ctx, json, "power", power, n_kept * n_columns);
        cali_text_add(json, "}");
    }
    cali_spectrum_free(&spectrum);
    free(power);
    free(peaks);
    return status;
}
