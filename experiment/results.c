/* What a finished run adds to its recording: /analysis in run.h5. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/results.h"
#include "experiment/session.h"

static cal_status add_bands(cal_session *s, const cali_results *r, const char *unit)
{
    const char *names[CALI_N_BANDS];
    double limits[2 * CALI_N_BANDS];
    for (size_t b = 0; b < CALI_N_BANDS; b++) {
        names[b] = cali_bands[b].name;
        limits[2 * b] = cali_bands[b].low_Hz;
        limits[2 * b + 1] = cali_bands[b].high_Hz;
    }
    CAL_TRY(cal_recorder_add_texts(s->recorder, "analysis/bands", CALI_N_BANDS, names));
    CAL_TRY(cal_recorder_add_matrix(s->recorder, "analysis/bands_Hz", "Hz", CALI_N_BANDS, 2, limits));
    return cal_recorder_add_matrix(s->recorder, "analysis/band_power", unit, CALI_N_BANDS, r->n_regions, r->bands);
}

static cal_status add_spectra(cal_session *s, const cal_recording *recording, const cali_results *r)
{
    if (r->power == NULL)
        return CAL_OK;
    const cal_recording_signal signal = cal_recording_get_signal(recording, (size_t)r->spectrum_signal);
    cali_text unit = {0}, density = {0};
    double *f_Hz = malloc(r->n_frequencies * sizeof *f_Hz);
    const bool is_plain = strcmp(signal.unit, "1") == 0, is_word = strpbrk(signal.unit, "/ ^") == NULL;
    cali_text_format(&unit, is_plain ? "%s" : is_word ? "%s^2" : "(%s)^2", signal.unit);
    cali_text_format(&density, is_plain ? "%s/Hz" : is_word ? "%s^2/Hz" : "(%s)^2/Hz", signal.unit);
    cal_status status = f_Hz == NULL || unit.is_broken || density.is_broken ? CAL_ERR_MEMORY : CAL_OK;
    for (size_t k = 0; status == CAL_OK && k < r->n_frequencies; k++)
        f_Hz[k] = (double)k * r->df_Hz;
    if (status == CAL_OK)
        status = cal_recorder_add_texts(s->recorder, "analysis/spectrum_signal", 1, &signal.name);
    if (status == CAL_OK)
        status = cal_recorder_add_matrix(s->recorder, "analysis/frequency", "Hz", r->n_frequencies, 1, f_Hz);
    if (status == CAL_OK)
        status = cal_recorder_add_matrix(s->recorder, "analysis/spectrum", density.data, r->n_frequencies, r->n_regions,
                                         r->power);
    if (status == CAL_OK)
        status = add_bands(s, r, unit.data);
    cali_text_free(&unit);
    cali_text_free(&density);
    free(f_Hz);
    return status;
}

static cal_status add_connectivity(cal_session *s, const cal_recording *recording, const cali_results *r)
{
    if (r->fc == NULL)
        return CAL_OK;
    const cal_recording_signal signal = cal_recording_get_signal(recording, (size_t)r->fc_signal);
    CAL_TRY(cal_recorder_add_texts(s->recorder, "analysis/fc_signal", 1, &signal.name));
    CAL_TRY(cal_recorder_add_matrix(s->recorder, "analysis/fc", "1", r->n_regions, r->n_regions, r->fc));
    if (isfinite(r->sc_fc))
        CAL_TRY(cal_recorder_add_matrix(s->recorder, "analysis/sc_fc", "1", 1, 1, &r->sc_fc));
    if (r->fcd.n == 0)
        return CAL_OK;
    const double extent_ms[] = {(double)r->fcd.window * cal_time_ms(signal.every),
                                (double)r->fcd.step * cal_time_ms(signal.every)};
    CAL_TRY(cal_recorder_add_matrix(s->recorder, "analysis/fcd", "1", r->fcd.n, r->fcd.n, r->fcd.values));
    CAL_TRY(cal_recorder_add_matrix(s->recorder, "analysis/fcd_window_step", "ms", 1, 2, extent_ms));
    return cal_recorder_add_matrix(s->recorder, "analysis/fcd_time", "ms", r->fcd.n, 1, r->fcd_times_ms);
}

cal_status cali_results_record(cal_session *s)
{
    const cal_experiment *e = s->experiment;
    const cali_results_def def = {.transient = e->transient, .window = e->fcd_window, .overlap = e->fcd_overlap};
    cal_recording *recording = NULL;
    cali_results results = {0};
    if (!e->has_results || strcmp(s->def.sink, "hdf5") != 0) /* memory is read after its end */
        return CAL_OK;
    CAL_TRY(cal_recorder_read_back(s->recorder, &recording));
    cal_status status = cali_results_compute(s->ctx, recording, &def, &results);
    if (status == CAL_OK)
        status = add_connectivity(s, recording, &results);
    if (status == CAL_OK)
        status = add_spectra(s, recording, &results);
    cali_results_free(&results);
    cal_recording_close(&recording);
    return status;
}
