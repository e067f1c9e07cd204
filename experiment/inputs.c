/* Noise, stimuli and histories of the host: what the file says of regions, distances and tables becomes numbers per region. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/memory.h"
#include "experiment/session.h"

cal_status cali_inputs_own(cal_session *s, cali_inputs *self, size_t n, double **out)
{
    CAL_TRY(cali_reserve(s->ctx, self->n_owned + 1, sizeof *self->owned, &self->owned, &self->owned_capacity));
    CAL_TRY(cali_alloc(s->ctx, n, sizeof **out, "inputs", out));
    self->owned[self->n_owned++] = *out;
    return CAL_OK;
}

/* ---- regions --------------------------------------------------------------------------------- */

static bool has_row(const cal_session *s, size_t region, const char *name, bool is_state)
{
    const cal_nmm_model *m = s->experiment->masses[s->roles[region].mass].model;
    if (name == NULL)
        return m->n_inputs > 0;
    return (is_state ? cal_field_find(m->states, m->n_states, name) : cal_field_find(m->inputs, m->n_inputs, name)) >= 0;
}

/* Regions of a selector, all of which must have what is asked for; without one, all regions. */
static cal_status choose(cal_session *s, const char *of, cali_place place, const char *name, bool is_state,
                         size_t *chosen, size_t *n)
{
    CAL_TRY(cali_select(s, of != NULL ? of : "all", place, chosen, n));
    for (size_t i = 0; of != NULL && i < *n; i++)
        if (!has_row(s, chosen[i], name, is_state))
            return cali_experiment_fail(s->ctx, s->experiment, place, "C107", "the region \"%s\" has no %s \"%s\"\n"
                                        "because it is a %s", cal_connectome_labels(s->connectome)[chosen[i]],
                                        is_state ? "state" : "input", name == NULL ? "(default)" : name,
                                        s->experiment->masses[s->roles[chosen[i]].mass].model->name);
    return CAL_OK;
}

/* ---- noise ----------------------------------------------------------------------------------- */

static cal_status load_correlations(cal_session *s, cali_inputs *self, const cali_noise_more *more, const double **out)
{
    double *matrix = NULL;
    CAL_TRY(cali_reserve(s->ctx, self->n_owned + 1, sizeof *self->owned, &self->owned, &self->owned_capacity));
    if (cal_connectome_load_matrix(s->ctx, s->connectome, more->correlations, "correlations", CAL_TO_FROM, &matrix) !=
        CAL_OK)
        return cali_experiment_locate(s->ctx, s->experiment, more->place, NULL, NULL);
    self->owned[self->n_owned++] = matrix;
    *out = matrix;
    return CAL_OK;
}

static cal_status make_noise(cal_session *s, cali_inputs *self, size_t k, size_t *chosen)
{
    const cali_noise_more *more = &s->experiment->noise_more[k];
    cal_nmm_noise *noise = &self->noises[k];
    *noise = s->experiment->noises[k];
    if (more->correlations != NULL)
        CAL_TRY(load_correlations(s, self, more, &noise->correlations));
    if (more->of == NULL)
        return CAL_OK;
    const bool is_state = noise->state != NULL;
    double *levels;
    size_t n;
    CAL_TRY(choose(s, more->of, more->place, is_state ? noise->state : noise->input, is_state, chosen, &n));
    CAL_TRY(cali_inputs_own(s, self, s->n_regions, &levels));
    for (size_t i = 0; i < n; i++)
        levels[chosen[i]] = 1.0;
    noise->levels = levels;
    return CAL_OK;
}

/* ---- stimuli --------------------------------------------------------------------------------- */

static cal_status weigh_by_distance(cal_session *s, const cali_stimulus_more *more, const size_t *chosen, size_t n,
                                    double *weights)
{
    const double *centres = cal_connectome_centres_mm(s->connectome);
    size_t *focus = NULL, n_focus = 0;
    if (centres == NULL)
        return cali_experiment_fail(s->ctx, s->experiment, more->weights_place, "C105", "weights by distance need the "
                                    "centres of the regions, which the connectome lacks\ntry connectome.labels: a table "
                                    "with x, y, z");
    CAL_TRY(cali_alloc(s->ctx, s->n_regions, sizeof *focus, "regions", &focus));
    cal_status status = cali_select(s, more->focus, more->weights_place, focus, &n_focus);
    if (status == CAL_OK && n_focus != 1)
        status = cali_experiment_fail(s->ctx, s->experiment, more->weights_place, "C106", "the focus \"%s\" is %zu regions, "
                                      "must be one", more->focus, n_focus);
    for (size_t i = 0; status == CAL_OK && i < n; i++) {
        double square = 0.0;
        for (size_t c = 0; c < 3; c++) {
            const double d = centres[3 * chosen[i] + c] - centres[3 * focus[0] + c];
            square += d * d;
        }
        weights[chosen[i]] = more->kernel->value(more->kernel_params, sqrt(square));
    }
    free(focus);
    return status;
}

static cal_status make_weights(cal_session *s, cali_inputs *self, size_t k, size_t *chosen)
{
    const cali_stimulus_more *more = &s->experiment->stimulus_more[k];
    cal_nmm_stimulus *stimulus = &self->stimuli[k];
    double *weights;
    size_t n;
    const bool is_state = stimulus->state != NULL;
    CAL_TRY(choose(s, more->of, more->place, is_state ? stimulus->state : stimulus->input, is_state, chosen, &n));
    if (more->n_weights > 1 && more->n_weights != n)
        return cali_experiment_fail(s->ctx, s->experiment, more->weights_place, "C104", "%zu weights for %zu regions",
                                    more->n_weights, n);
    CAL_TRY(cali_inputs_own(s, self, s->n_regions, &weights));
    for (size_t i = 0; i < n; i++)
        weights[chosen[i]] = more->weights == NULL ? 1.0 : more->weights[more->n_weights > 1 ? i : 0];
    stimulus->weights = weights;
    return more->kernel != NULL ? weigh_by_distance(s, more, chosen, n, weights) : CAL_OK;
}

static cal_status copy_samples(cal_session *s, cali_inputs *self, const cali_stimulus_more *more, const cali_csv *csv,
                               cal_nmm_stimulus *to)
{
    const int time = cali_csv_find(csv, "time"), value = cali_csv_find(csv, more->column);
    if (time < 0 || value < 0)
        return cali_experiment_fail(s->ctx, s->experiment, more->file_place, "C107", "no column \"%s\" in %s",
                                    time < 0 ? "time" : more->column, more->path);
    double *times, *values;
    CAL_TRY(cali_inputs_own(s, self, csv->n_rows, &times));
    CAL_TRY(cali_inputs_own(s, self, csv->n_rows, &values));
    CAL_TRY(cali_csv_times(s->ctx, csv, (size_t)time, times));
    for (size_t i = 0; i < csv->n_rows; i++)
        CAL_TRY(cali_csv_number(s->ctx, csv, i, (size_t)value, more->unit, &values[i]));
    to->times_ms = times;
    to->values = values;
    to->n_samples = csv->n_rows;
    return CAL_OK;
}

static cal_status make_stimulus(cal_session *s, cali_inputs *self, size_t k, size_t *chosen)
{
    const cali_stimulus_more *more = &s->experiment->stimulus_more[k];
    const cal_nmm_stimulus *asked = &s->experiment->stimuli[k];
    const cal_time dt = s->plan.dt, off = asked->start % dt != 0 ? asked->start : asked->stop;
    if (off % dt != 0)
        return cali_experiment_fail(s->ctx, s->experiment, more->place, "C202", "a stimulus begins or ends at %g ms, which is "
                                    "no multiple of the step %g ms\ntry %g ms", cal_time_ms(off), cal_time_ms(dt),
                                    cal_time_ms((off / dt + 1) * dt));
    self->stimuli[k] = *asked;
    if (more->of != NULL || more->weights != NULL || more->kernel != NULL)
        CAL_TRY(make_weights(s, self, k, chosen));
    if (more->path == NULL)
        return CAL_OK;
    cali_csv csv;
    CAL_TRY(cali_csv_load(s->ctx, more->path, &csv));
    const cal_status status = copy_samples(s, self, more, &csv, &self->stimuli[k]);
    cali_csv_free(&csv);
    return status;
}

/* ---- both ------------------------------------------------------------------------------------ */

cal_status cali_inputs_make(cal_session *s, cali_inputs *self)
{
    const cal_experiment *e = s->experiment;
    size_t *chosen = NULL;
    *self = (cali_inputs){0};
    CAL_TRY(cali_alloc(s->ctx, e->n_noises, sizeof *self->noises, "noise", &self->noises));
    CAL_TRY(cali_alloc(s->ctx, e->n_stimuli, sizeof *self->stimuli, "stimuli", &self->stimuli));
    CAL_TRY(cali_alloc(s->ctx, s->n_regions, sizeof *chosen, "regions", &chosen));
    cal_status status = CAL_OK;
    for (size_t k = 0; k < e->n_noises && status == CAL_OK; k++)
        status = make_noise(s, self, k, chosen);
    for (size_t k = 0; k < e->n_stimuli && status == CAL_OK; k++)
        status = make_stimulus(s, self, k, chosen);
    free(chosen);
    return status == CAL_OK ? cali_pasts_make(s, self) : status;
}

void cali_inputs_free(cali_inputs *self)
{
    for (size_t i = 0; i < self->n_owned; i++)
        free(self->owned[i]);
    free(self->owned);
    free(self->noises);
    free(self->stimuli);
    free(self->histories);
    *self = (cali_inputs){0};
}
