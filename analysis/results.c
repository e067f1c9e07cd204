#include "analysis/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "callosum/monitors.h"

#define LARGEST_BYTES 1073741824.0

bool cali_signal_is_bold(const cal_recording_signal *signal)
{
    const cal_monitor_kind *kind = cal_monitor_kind_find(signal->monitor);
    return kind != NULL && kind->feed == CAL_FEED_MEANS;
}

bool cali_signal_is_whole(const cal_recording_signal *signal)
{
    return strcmp(signal->axis, "region") == 0 || strcmp(signal->axis, "population") == 0;
}

static int find_signal(const cal_recording *recording, bool wants_bold)
{
    int rate = -1, first = -1, any = -1;
    for (size_t s = 0; s < cal_recording_n_signals(recording); s++) {
        const cal_recording_signal signal = cal_recording_get_signal(recording, s);
        if (!cali_signal_is_whole(&signal))
            continue;
        any = any < 0 ? (int)s : any;
        if (cali_signal_is_bold(&signal) != wants_bold)
            continue;
        first = first < 0 ? (int)s : first;
        rate = strcmp(signal.name, "rate") == 0 ? (int)s : rate;
    }
    return wants_bold ? first : rate >= 0 ? rate : first >= 0 ? first : any;
}

int cali_results_spectrum_signal(const cal_recording *recording)
{
    return find_signal(recording, false);
}

int cali_results_fc_signal(const cal_recording *recording)
{
    const int bold = find_signal(recording, true);
    return bold >= 0 ? bold : find_signal(recording, false);
}

double cali_structure_function(cal_context *ctx, const double *weights, const double *fc, size_t n)
{
    double *both = NULL, similarity = NAN;
    if (cali_alloc(ctx, n * n, sizeof *both, "weights", &both) == CAL_OK) {
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                both[i * n + j] = 0.5 * (weights[i * n + j] + weights[j * n + i]);
        similarity = cali_matrix_similarity(both, fc, n);
    }
    free(both);
    return similarity;
}

/* Rows after the transient turned round: (n_columns x n_rows). `*out` stays NULL where there are too few or too many. */
static cal_status read_columns(cal_context *ctx, cal_recording *recording, size_t index, cal_time transient, size_t *n_rows,
                               double **out)
{
    enum { PIECE = 256 };
    const cal_recording_signal s = cal_recording_get_signal(recording, index);
    size_t first = 0;
    while (first < s.n_rows && s.t_first + (cal_time)first * s.every <= transient)
        first++;
    *n_rows = s.n_rows - first;
    *out = NULL;
    if ((double)*n_rows * (double)s.n_columns * sizeof(double) > LARGEST_BYTES) {
        cal_context_note(ctx, "%s has %zu rows of %zu regions: too many for spectra and functional connectivity in run.h5; "
                              "record it less often, or BOLD beside it", s.name, *n_rows, s.n_columns);
        return CAL_OK;
    }
    if (*n_rows < 3)
        return CAL_OK;
    double *piece = NULL, *x = NULL;
    cal_status status = cali_alloc(ctx, PIECE * s.n_columns, sizeof *piece, "rows", &piece);
    if (status == CAL_OK)
        status = cali_alloc(ctx, *n_rows * s.n_columns, sizeof *x, "rows", &x);
    for (size_t at = 0; at < *n_rows && status == CAL_OK; at += PIECE) {
        const size_t n = *n_rows - at < PIECE ? *n_rows - at : PIECE;
        status = cal_recording_read(recording, index, first + at, n, piece);
        for (size_t j = 0; j < n; j++)
            for (size_t c = 0; c < s.n_columns; c++)
                x[c * *n_rows + at + j] = piece[j * s.n_columns + c];
    }
    free(piece);
    if (status == CAL_OK)
        *out = x;
    else
        free(x);
    return status;
}

static cal_status compare_with_wiring(cal_context *ctx, cal_recording *recording, cali_results *r)
{
    double *weights = NULL;
    size_t rows = 0, columns = 0;
    CAL_TRY(cal_recording_read_matrix(recording, "connectome/weights", &rows, &columns, &weights));
    if (rows == r->n_regions && columns == r->n_regions)
        r->sc_fc = cali_structure_function(ctx, weights, r->fc, r->n_regions);
    free(weights);
    return CAL_OK;
}

static cal_status correlate(cal_context *ctx, cal_recording *recording, const cali_results_def *def, cali_results *r)
{
    double *x = NULL;
    size_t n_rows = 0;
    const cal_recording_signal s = cal_recording_get_signal(recording, (size_t)r->fc_signal);
    CAL_TRY(read_columns(ctx, recording, (size_t)r->fc_signal, def->transient, &n_rows, &x));
    if (x == NULL)
        return CAL_OK;
    const cal_time step = def->window - def->overlap;
    cal_status status = cali_alloc(ctx, r->n_regions * r->n_regions, sizeof *r->fc, "functional connectivity", &r->fc);
    if (status == CAL_OK)
        status = cali_functional_connectivity(ctx, x, r->n_regions, n_rows, n_rows, r->fc);
    if (status == CAL_OK)
        status = cali_fc_dynamics(ctx, x, r->n_regions, n_rows, n_rows, (size_t)(def->window / s.every),
                                  step < s.every ? 1 : (size_t)(step / s.every), &r->fcd);
    free(x);
    if (status == CAL_OK)
        status = cali_alloc(ctx, r->fcd.n, sizeof *r->fcd_times_ms, "windows", &r->fcd_times_ms);
    const double first_ms = cal_time_ms(s.t_first + (cal_time)(s.n_rows - n_rows) * s.every), every_ms = cal_time_ms(s.every);
    for (size_t w = 0; w < r->fcd.n && status == CAL_OK; w++)
        r->fcd_times_ms[w] = first_ms + ((double)(w * r->fcd.step) + 0.5 * (double)(r->fcd.window - 1)) * every_ms;
    return status == CAL_OK ? compare_with_wiring(ctx, recording, r) : status;
}

static cal_status decompose(cal_context *ctx, cal_recording *recording, const cali_results_def *def, cali_results *r)
{
    double *x = NULL;
    size_t n_rows = 0;
    const cal_recording_signal s = cal_recording_get_signal(recording, (size_t)r->spectrum_signal);
    const double every_ms = cal_time_ms(s.every);
    CAL_TRY(read_columns(ctx, recording, (size_t)r->spectrum_signal, def->transient, &n_rows, &x));
    const size_t segment = x == NULL ? 0 : cali_welch_segment(n_rows, every_ms);
    cal_status status = CAL_OK;
    if (segment > 0) {
        r->n_frequencies = segment / 2 + 1;
        status = cali_alloc(ctx, r->n_frequencies * r->n_regions, sizeof *r->power, "spectra", &r->power);
    }
    if (segment > 0 && status == CAL_OK)
        status = cali_alloc(ctx, CALI_N_BANDS * r->n_regions, sizeof *r->bands, "bands", &r->bands);
    for (size_t c = 0; segment > 0 && c < r->n_regions && status == CAL_OK; c++) {
        cali_spectrum spectrum = {0};
        status = cali_welch(ctx, x + c * n_rows, n_rows, every_ms, segment, &spectrum);
        for (size_t k = 0; status == CAL_OK && k < r->n_frequencies; k++)
            r->power[k * r->n_regions + c] = spectrum.power[k];
        for (size_t b = 0; status == CAL_OK && b < CALI_N_BANDS; b++)
            r->bands[b * r->n_regions + c] = cali_band_power(&spectrum, &cali_bands[b]);
        r->df_Hz = spectrum.df_Hz;
        cali_spectrum_free(&spectrum);
    }
    free(x);
    return status;
}

cal_status cali_results_compute(cal_context *ctx, cal_recording *recording, const cali_results_def *def, cali_results *out)
{
    *out = (cali_results){.sc_fc = NAN};
    out->fc_signal = cali_results_fc_signal(recording);
    out->spectrum_signal = cali_results_spectrum_signal(recording);
    if (out->fc_signal < 0)
        return CAL_OK;
    out->n_regions = cal_recording_get_signal(recording, (size_t)out->fc_signal).n_columns;
    cal_status status = correlate(ctx, recording, def, out);
    if (status == CAL_OK)
        status = decompose(ctx, recording, def, out);
    if (status != CAL_OK)
        cali_results_free(out);
    return status;
}

void cali_results_free(cali_results *r)
{
    free(r->fc);
    cali_fcd_free(&r->fcd);
    free(r->fcd_times_ms);
    free(r->power);
    free(r->bands);
    *r = (cali_results){.fc_signal = -1, .spectrum_signal = -1, .sc_fc = NAN};
}
