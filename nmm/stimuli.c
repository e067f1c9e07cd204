/* Where and when waveforms act: into blocks, into the drives of external regions, and the steps at which they jump. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/waveforms.h"
#include "nmm/host.h"

#define REFUSE(...) return CAL_FAIL(nmm->ctx, CAL_ERR_ARGUMENT, __VA_ARGS__)

static const uint32_t PATH_STREAM = 0x5717; /* with the number of the stimulus as unit */

/* ---- values ---------------------------------------------------------------------------------- */

/* `begin`, `end`: a path at both ends of the step. */
static double wave_at(const cal_nmm *nmm, const cali_wave *w, int64_t step, double share, double begin, double end)
{
    const double origin = w->form->is_of_run ? 0.0 : (double)w->start;
    const double t = ((double)step - origin + share) * nmm->dt_ms;
    if (w->form->source == CAL_WAVEFORM_PATH)
        return w->p[0] + w->p[1] * (begin + share * (end - begin));
    if (w->form->source == CAL_WAVEFORM_SAMPLES) {
        const double begin_ms = nmm->traits.holds ? t : ((double)step - origin) * nmm->dt_ms;
        const double end_ms = nmm->traits.holds ? t : begin_ms + nmm->dt_ms;
        const cali_samples samples = {w->times_ms, w->values, w->n_samples};
        return w->p[0] + w->p[1] * (w->p[2] > 0.0 ? cali_samples_held(&samples, begin_ms, end_ms) : cali_samples_at(&samples, t));
    }
    if (w->form->area == NULL || nmm->traits.holds)
        return w->form->value(w->p, t);
    const double from = ((double)step - origin) * nmm->dt_ms;
    return w->form->area(w->p, from, from + nmm->dt_ms) / nmm->dt_ms;
}

void cali_block_choose_stimuli(const cal_nmm *nmm, cali_block *b, int64_t n_steps)
{
    b->n_live = 0;
    for (size_t i = 0; i < b->n_stimuli; i++) {
        cali_stimulus *s = &b->stimuli[i];
        const cali_wave *w = &nmm->waves[s->wave];
        if (w->start >= nmm->now + n_steps || w->stop <= nmm->now)
            continue;
        b->live[b->n_live++] = i;
        for (int64_t k = 0; s->points != NULL && k <= n_steps; k++)
            s->points[k] = cali_paths_point(&s->path, nmm->now + k)[0];
    }
}

static void add_value(const cali_block *b, const cali_stimulus *s, double value, double *inputs)
{
    double *row = inputs + s->row * b->n + s->first;
    for (size_t r = 0; r < s->count; r++)
        row[r] += s->weight != NULL ? s->weight[r] * value : value;
}

void cali_block_add_stimuli(const cal_nmm *nmm, const cali_block *b, int64_t step, double share, double *inputs)
{
    for (size_t i = 0; i < b->n_live; i++) {
        const cali_stimulus *s = &b->stimuli[b->live[i]];
        const cali_wave *w = &nmm->waves[s->wave];
        if (step < w->start || step >= w->stop)
            continue;
        const double *ends = s->points == NULL ? NULL : s->points + (step - nmm->now);
        const double value = wave_at(nmm, w, step, share, ends != NULL ? ends[0] : 0.0, ends != NULL ? ends[1] : 0.0);
        add_value(b, s, value, inputs);
    }
}

void cali_block_add_past_stimuli(const cal_nmm *nmm, const cali_block *b, int64_t step, double *inputs)
{
    for (size_t i = 0; i < b->n_stimuli; i++) {
        cali_stimulus *s = &b->stimuli[i];
        const cali_wave *w = &nmm->waves[s->wave];
        if (step <= w->start || step > w->stop)
            continue;
        const double begin = s->points == NULL ? 0.0 : cali_paths_point(&s->path, step - 1)[0];
        const double end = s->points == NULL ? 0.0 : cali_paths_point(&s->path, step)[0];
        add_value(b, s, wave_at(nmm, w, step - 1, 1.0, begin, end), inputs);
    }
}

double cali_external_stimulus_at(cal_nmm *nmm, size_t region, size_t term, int64_t point)
{
    double sum = 0.0;
    for (size_t i = 0; i < nmm->n_external_stimuli; i++) {
        cali_external_stimulus *e = &nmm->external_stimuli[i];
        const cali_wave *w = &nmm->waves[e->wave];
        if (e->region != region || e->term != term || point <= w->start || point > w->stop)
            continue;
        const double path = e->path.rows != NULL ? cali_paths_point(&e->path, point)[0] : 0.0;
        sum += e->weight * wave_at(nmm, w, point - 1, 1.0, path, path);
    }
    return sum;
}

/* ---- jumps ----------------------------------------------------------------------------------- */

static bool is_held(const cali_wave *w)
{
    return w->form->source == CAL_WAVEFORM_SAMPLES && w->p[2] > 0.0;
}

static double next_jump_in_time(const cali_wave *w, double t)
{
    size_t k = 0;
    if (!is_held(w))
        return w->form->next_jump(w->p, t);
    while (k < w->n_samples && w->times_ms[k] <= t)
        k++;
    return k < w->n_samples ? w->times_ms[k] : INFINITY;
}

/* A jump inside of a step changes the mean of that step: the steps at both of its ends. */
static int64_t next_jump_of(const cal_nmm *nmm, const cali_wave *w, int64_t step)
{
    if (step < w->start)
        return w->start;
    if (w->form->next_jump == NULL && !is_held(w))
        return w->stop;
    double t = ((double)(step - w->start)) * nmm->dt_ms;
    for (int tries = 0; tries < 1000; tries++) {
        t = next_jump_in_time(w, t);
        const double at = t / nmm->dt_ms, on = floor(at + 0.5);
        if (!(at < (double)(INT64_MAX / 4)))
            break;
        const bool is_on_grid = fabs(at - on) < 1e-6;
        const int64_t low = w->start + (int64_t)(is_on_grid ? on : floor(at)), high = is_on_grid ? low : low + 1;
        const int64_t next = low > step ? low : high;
        if (next > step)
            return next < w->stop ? next : w->stop;
    }
    return w->stop;
}

int64_t cali_nmm_next_jump(const cal_nmm *nmm, int64_t step)
{
    int64_t next = INT64_MAX;
    for (size_t k = 0; k < nmm->n_waves; k++) {
        if (step >= nmm->waves[k].stop)
            continue;
        const int64_t its = next_jump_of(nmm, &nmm->waves[k], step);
        next = its < next ? its : next;
    }
    return next;
}

bool cali_nmm_has_cornered_stimuli(const cal_nmm *nmm)
{
    for (size_t k = 0; k < nmm->n_waves; k++)
        if (nmm->waves[k].form->source != CAL_WAVEFORM_FORMULA)
            return true;
    return false;
}

/* ---- setup ----------------------------------------------------------------------------------- */

static cal_status check_place(cal_nmm *nmm, const cal_nmm_stimulus *from)
{
    if (from->input != NULL && from->state != NULL)
        REFUSE("a stimulus acts on the input \"%s\" and on the state \"%s\", must be one of the two", from->input,
               from->state);
    if (from->region < -1 || from->region >= (int64_t)nmm->n_regions)
        REFUSE("a stimulus into region %ld of %zu", (long)from->region, nmm->n_regions);
    if (from->start < 0 || from->start % nmm->dt != 0 || from->stop % nmm->dt != 0 ||
        (from->stop != 0 && from->stop < from->start))
        REFUSE("a stimulus from %g to %g ms does not fit the step %g ms", cal_time_ms(from->start),
               cal_time_ms(from->stop), nmm->dt_ms);
    for (size_t i = 0; from->weights != NULL && i < nmm->n_regions; i++)
        if (!isfinite(from->weights[i]))
            REFUSE("the weight of a stimulus in %s is not finite", cali_nmm_label(nmm, i));
    return CAL_OK;
}

static cal_status read_params(cal_nmm *nmm, const cal_nmm_stimulus *from, cali_wave *to)
{
    const cal_waveform *form = to->form;
    const double sine[] = {from->offset, from->amplitude, from->frequency_Hz, from->phase};
    for (size_t k = 0; k < form->n_params; k++) {
        const cal_field *f = &form->params[k];
        to->p[k] = from->wave == NULL ? sine[k] : from->params != NULL ? from->params[k] : f->value;
        if (!isfinite(to->p[k]))
            REFUSE("a stimulus is not finite: %s of %s", f->name, form->name);
        if (to->p[k] < f->low || to->p[k] > f->high)
            REFUSE("%s of the stimulus %s is %g, must be between %g and %g", f->name, form->name, to->p[k], f->low,
                   f->high);
    }
    const char *wrong = form->check != NULL ? form->check(to->p) : NULL;
    if (wrong != NULL)
        REFUSE("the stimulus %s cannot be: %s", form->name, wrong);
    return CAL_OK;
}

static cal_status read_samples(cal_nmm *nmm, const cal_nmm_stimulus *from, cali_wave *to)
{
    if (to->form->source != CAL_WAVEFORM_SAMPLES)
        return CAL_OK;
    if (from->n_samples == 0)
        REFUSE("the stimulus %s has no samples", to->form->name);
    for (size_t k = 0; k < from->n_samples; k++)
        if (!isfinite(from->times_ms[k]) || !isfinite(from->values[k]) ||
            (k > 0 && !(from->times_ms[k] > from->times_ms[k - 1])))
            REFUSE("sample %zu of a stimulus is not finite or not after the one before it", k);
    to->n_samples = from->n_samples;
    CAL_TRY(cali_alloc(nmm->ctx, from->n_samples, sizeof(double), "samples", &to->times_ms));
    CAL_TRY(cali_alloc(nmm->ctx, from->n_samples, sizeof(double), "samples", &to->values));
    memcpy(to->times_ms, from->times_ms, from->n_samples * sizeof(double));
    memcpy(to->values, from->values, from->n_samples * sizeof(double));
    return CAL_OK;
}

static cal_status read_wave(cal_nmm *nmm, const cal_nmm_stimulus *from, cali_wave *to)
{
    CAL_TRY(check_place(nmm, from));
    to->form = from->wave != NULL ? from->wave : &cal_waveforms[0];
    to->start = from->start / nmm->dt;
    to->stop = from->stop == 0 ? INT64_MAX : from->stop / nmm->dt;
    CAL_TRY(read_params(nmm, from, to));
    return read_samples(nmm, from, to);
}

static cal_status make_path(cal_nmm *nmm, size_t wave, cali_paths *path)
{
    const cali_wave *w = &nmm->waves[wave];
    const uint32_t unit = (uint32_t)wave;
    if (w->form->source != CAL_WAVEFORM_PATH)
        return CAL_OK;
    return cali_paths_create(nmm->ctx, nmm->key, PATH_STREAM, nmm->dt, w->p[2], 1, &unit, path);
}

/* Row of the inputs of the block that the stimulus acts on, -1: there is none. */
static int find_row(const cali_block *b, const cal_nmm_stimulus *from)
{
    const cal_nmm_model *m = b->model;
    if (from->state == NULL)
        return from->input == NULL ? 0 : cal_field_find(m->inputs, m->n_inputs, from->input);
    const int state = cal_field_find(m->states, m->n_states, from->state);
    for (size_t r = m->n_inputs; state >= 0 && r < b->n_input_rows; r++)
        if (b->pushed[r - m->n_inputs] == (size_t)state)
            return (int)r;
    return -1;
}

cal_status cali_block_find_pushed(cal_nmm *nmm, cali_block *b, const cal_nmm_def *def)
{
    const cal_nmm_model *m = b->model;
    b->n_input_rows = m->n_inputs;
    CAL_TRY(cali_alloc(nmm->ctx, m->n_states, sizeof *b->pushed, "stimuli", &b->pushed));
    for (size_t k = 0; k < def->n_stimuli; k++) {
        const char *name = def->stimuli[k].state;
        const int state = name == NULL ? -1 : cal_field_find(m->states, m->n_states, name);
        if (state >= 0 && find_row(b, &def->stimuli[k]) < 0)
            b->pushed[b->n_input_rows++ - m->n_inputs] = (size_t)state;
    }
    return CAL_OK;
}

/* Regions of the block that the stimulus may reach, without ends of weight 0 (so none may be left); false: there is no such
 * input or state, or the region is elsewhere. */
static bool find_target(const cali_block *b, const cal_nmm_stimulus *from, size_t *row, size_t *first, size_t *count)
{
    const int its = find_row(b, from);
    if (its < 0)
        return false;
    *row = (size_t)its;
    *first = 0;
    *count = b->n_real;
    if (from->region < 0 && from->weights != NULL) {
        while (*first < b->n_real && from->weights[b->region[*first]] == 0.0)
            (*first)++;
        while (*count > *first && from->weights[b->region[*count - 1]] == 0.0)
            (*count)--;
        *count -= *first;
        return true;
    }
    if (from->region < 0)
        return true;
    while (*first < b->n_real && b->region[*first] != (uint32_t)from->region)
        (*first)++;
    *count = 1;
    return *first < b->n_real;
}

static cal_status add_to_block(cal_nmm *nmm, cali_block *b, const cal_nmm_stimulus *from, size_t wave, bool *is_used)
{
    cali_stimulus s = {.wave = wave};
    if (!find_target(b, from, &s.row, &s.first, &s.count))
        return CAL_OK;
    *is_used = true;
    if (s.count == 0)
        return CAL_OK;
    cali_stimulus *to = &b->stimuli[b->n_stimuli++];
    *to = s;
    if (from->weights != NULL) {
        CAL_TRY(cali_alloc(nmm->ctx, s.count, sizeof(double), "weights", &to->weight));
        for (size_t i = 0; i < s.count; i++)
            to->weight[i] = from->weights[b->region[s.first + i]];
    }
    CAL_TRY(make_path(nmm, wave, &to->path));
    if (to->path.rows == NULL)
        return CAL_OK;
    return cali_alloc(nmm->ctx, (size_t)nmm->batch + 1, sizeof(double), "a stimulus", &to->points);
}

static cal_status add_to_externals(cal_nmm *nmm, const cal_nmm_stimulus *from, size_t wave, bool *is_used)
{
    for (size_t k = 0; from->state == NULL && k < nmm->n_externals; k++)
        for (size_t t = 0; t < nmm->n_couplings; t++) {
            const char *to = nmm->terms[t].to;
            const size_t region = nmm->externals[k].region;
            const bool fits = to == from->input ||
                              (to != NULL && from->input != NULL && strcmp(to, from->input) == 0);
            if (!fits || (from->region >= 0 && region != (size_t)from->region))
                continue;
            cali_external_stimulus *e = &nmm->external_stimuli[nmm->n_external_stimuli++];
            *e = (cali_external_stimulus){.region = region, .term = t, .wave = wave,
                                          .weight = from->weights != NULL ? from->weights[region] : 1.0};
            CAL_TRY(make_path(nmm, wave, &e->path));
            *is_used = true;
        }
    return CAL_OK;
}

/* Rooms for as many as may come: each stimulus once per block, and once per term of an external region. */
static cal_status reserve(cal_nmm *nmm, const cal_nmm_def *def)
{
    CAL_TRY(cali_alloc(nmm->ctx, def->n_stimuli, sizeof *nmm->waves, "stimuli", &nmm->waves));
    size_t n_external = 0;
    for (size_t i = 0; i < nmm->n_blocks; i++) {
        cali_block *b = &nmm->blocks[i];
        size_t n = 0, row, first, count;
        for (size_t k = 0; k < def->n_stimuli; k++)
            n += find_target(b, &def->stimuli[k], &row, &first, &count);
        CAL_TRY(cali_alloc(nmm->ctx, n, sizeof *b->stimuli, "stimuli", &b->stimuli));
        CAL_TRY(cali_alloc(nmm->ctx, n, sizeof *b->live, "stimuli", &b->live));
    }
    for (size_t k = 0; k < def->n_stimuli; k++)
        n_external += (def->stimuli[k].region < 0 ? nmm->n_externals : 1) * nmm->n_couplings;
    return cali_alloc(nmm->ctx, nmm->n_externals > 0 ? n_external : 0, sizeof *nmm->external_stimuli, "stimuli",
                      &nmm->external_stimuli);
}

cal_status cali_nmm_make_stimuli(cal_nmm *nmm, const cal_nmm_def *def)
{
    CAL_TRY(reserve(nmm, def));
    for (size_t k = 0; k < def->n_stimuli; k++) {
        const cal_nmm_stimulus *from = &def->stimuli[k];
        bool is_used = false;
        nmm->n_waves = k + 1;
        CAL_TRY(read_wave(nmm, from, &nmm->waves[k]));
        CAL_TRY(add_to_externals(nmm, from, k, &is_used));
        for (size_t i = 0; i < nmm->n_blocks; i++)
            CAL_TRY(add_to_block(nmm, &nmm->blocks[i], from, k, &is_used));
        if (!is_used)
            REFUSE("a stimulus acts on the %s \"%s\", which its region has not",
                   from->state != NULL ? "state" : "input",
                   from->state != NULL ? from->state : from->input == NULL ? "(default)" : from->input);
    }
    return CAL_OK;
}

void cali_block_free_stimuli(cali_block *b)
{
    for (size_t i = 0; i < b->n_stimuli; i++) {
        free(b->stimuli[i].weight);
        free(b->stimuli[i].points);
        cali_paths_destroy(&b->stimuli[i].path);
    }
    free(b->stimuli);
    free(b->live);
}

void cali_nmm_free_stimuli(cal_nmm *nmm)
{
    for (size_t k = 0; k < nmm->n_waves; k++) {
        free(nmm->waves[k].times_ms);
        free(nmm->waves[k].values);
    }
    for (size_t k = 0; k < nmm->n_external_stimuli; k++)
        cali_paths_destroy(&nmm->external_stimuli[k].path);
    free(nmm->waves);
    free(nmm->external_stimuli);
}
