/* Matrices of the user between regions: delays or speeds of the connections, weights of single coupling terms; and the
 * saved state that a run begins at. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "experiment/session.h"

double cali_delay_ms(const cal_session *s, size_t to, size_t from)
{
    const size_t e = to * s->n_regions + from;
    return s->delays_ms != NULL ? s->delays_ms[e]
                                : cal_connectome_lengths_mm(s->connectome)[e] / s->experiment->speed_mm_per_ms;
}

static cal_status load_matrix(const cal_session *s, const char *path, const char *what, cali_place place, double **out)
{
    const cal_experiment *e = s->experiment;
    if (cal_connectome_load_matrix(s->ctx, s->connectome, path, what, e->source.orientation, out) == CAL_OK)
        return CAL_OK;
    return cali_experiment_locate(s->ctx, e, place, NULL, NULL);
}

/* Entries where there is a connection: delays from 0, speeds above 0. */
static cal_status check_matrix(const cal_session *s, const double *m, bool is_speed, cali_place place)
{
    const double *w = cal_connectome_weights(s->connectome);
    const char *const *labels = cal_connectome_labels(s->connectome);
    for (size_t to = 0; to < s->n_regions; to++)
        for (size_t from = 0; from < s->n_regions; from++) {
            const double value = m[to * s->n_regions + from];
            if (w[to * s->n_regions + from] == 0.0 || (is_speed ? value > 0.0 : value >= 0.0))
                continue;
            return cali_experiment_fail(s->ctx, s->experiment, place, "C106",
                                        "the %s from \"%s\" to \"%s\" is %g, but must be %s 0",
                                        is_speed ? "speed" : "delay", labels[from], labels[to], value,
                                        is_speed ? "above" : "at least");
        }
    return CAL_OK;
}

static cal_status load_delays(cal_session *s)
{
    const cal_experiment *e = s->experiment;
    const bool is_speed = e->speeds_path != NULL;
    if (!is_speed && e->delays_path == NULL)
        return CAL_OK;
    const cali_place place = is_speed ? e->speeds_place : e->delays_place;
    CAL_TRY(load_matrix(s, is_speed ? e->speeds_path : e->delays_path, is_speed ? "speeds" : "delays", place,
                        &s->delays_ms));
    CAL_TRY(check_matrix(s, s->delays_ms, is_speed, place));
    const double *lengths = cal_connectome_lengths_mm(s->connectome);
    const double *w = cal_connectome_weights(s->connectome);
    for (size_t i = 0; i < s->n_regions * s->n_regions; i++)
        if (w[i] == 0.0)
            s->delays_ms[i] = 0.0;
        else if (is_speed)
            s->delays_ms[i] = lengths[i] / s->delays_ms[i];
    return CAL_OK;
}

static int compare_numbers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What is said of the delays before a run. */
static cal_status describe_delays(cal_session *s)
{
    const double *w = cal_connectome_weights(s->connectome);
    double *sorted = NULL;
    size_t n = 0;
    CAL_TRY(cali_alloc(s->ctx, s->n_regions * s->n_regions, sizeof *sorted, "delays", &sorted));
    for (size_t i = 0; i < s->n_regions * s->n_regions; i++)
        if (w[i] != 0.0)
            sorted[n++] = s->delays_ms[i];
    qsort(sorted, n, sizeof *sorted, compare_numbers);
    for (size_t q = 0; q < 5 && n > 0; q++)
        s->plan.facts.delay_ms[q] = sorted[q * (n - 1) / 4];
    free(sorted);
    return CAL_OK;
}

/* Terms with their own weights. */
static cal_status load_couplings(cal_session *s)
{
    const cal_experiment *e = s->experiment;
    CAL_TRY(cali_alloc(s->ctx, e->n_couplings, sizeof *s->couplings, "couplings", &s->couplings));
    CAL_TRY(cali_alloc(s->ctx, e->n_coupling_matrices, sizeof *s->matrices, "couplings", &s->matrices));
    memcpy(s->couplings, e->couplings, e->n_couplings * sizeof *s->couplings);
    for (size_t i = 0; i < e->n_coupling_matrices; i++) {
        for (size_t j = 0; j < i && s->couplings[i].weights == NULL; j++) /* one file is one matrix */
            if (e->coupling_matrices[i] != NULL && e->coupling_matrices[j] != NULL &&
                strcmp(e->coupling_matrices[i], e->coupling_matrices[j]) == 0)
                s->couplings[i].weights = s->couplings[j].weights;
        if (e->coupling_matrices[i] == NULL || s->couplings[i].weights != NULL)
            continue;
        CAL_TRY(load_matrix(s, e->coupling_matrices[i], "weights", e->coupling_place, &s->matrices[i]));
        s->couplings[i].weights = s->matrices[i];
    }
    return CAL_OK;
}

cal_status cali_wiring_load(cal_session *s)
{
    CAL_TRY(load_delays(s));
    if (s->delays_ms != NULL)
        CAL_TRY(describe_delays(s));
    return load_couplings(s);
}

void cali_wiring_free(cal_session *s)
{
    for (size_t i = 0; s->matrices != NULL && i < s->experiment->n_coupling_matrices; i++)
        free(s->matrices[i]);
    free(s->matrices);
    free(s->couplings);
    free(s->delays_ms);
}

/* ---- saved states --------------------------------------------------------------------------------------- */

cal_status cali_wiring_begin(cal_session *s)
{
    const cal_experiment *e = s->experiment;
    char *bytes = NULL;
    size_t size = 0;
    if (e->initial_state == NULL)
        return CAL_OK;
    CAL_TRY(cali_file_read(s->ctx, e->initial_state, (size_t)1 << 38, &bytes, &size));
    const cal_status status = cal_coupler_restore_state(s->coupler, bytes, size, CAL_RESTORE_BEGIN);
    free(bytes);
    if (status == CAL_OK)
        return CAL_OK;
    return cali_experiment_locate(s->ctx, e, e->initial_place, "C305", cali_path_name(e->initial_state));
}

cal_status cal_session_save_state(const cal_session *s, const char *path)
{
    char *bytes = NULL;
    size_t size = 0;
    CAL_TRY(cal_coupler_save_state(s->coupler, &bytes, &size));
    const cal_status status = cali_file_write(s->ctx, path, bytes, size);
    free(bytes);
    return status;
}
