/* What the channels were before t = 0: constant, or the given past of states and outputs. A state's past passes
 * through the model's own outputs; an output's past stands for itself. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "nmm/host.h"

#define REFUSE(...) return CAL_FAIL(nmm->ctx, CAL_ERR_ARGUMENT, __VA_ARGS__)

static int state_row(const cali_block *b, const cal_nmm_history *h)
{
    return cal_field_find(b->model->states, b->model->n_states, h->what);
}

static int output_row(const cali_block *b, const cal_nmm_history *h)
{
    return state_row(b, h) >= 0 ? -1 : cal_field_find(b->model->outputs, b->model->n_outputs, h->what);
}

/* ---- checks -------------------------------------------------------------------------------------- */

static cal_status check_times(cal_nmm *nmm, const cal_nmm_history *h)
{
    if (h->what == NULL || h->times_ms == NULL || h->values == NULL || h->n_times == 0)
        REFUSE("a history needs a name, times and values");
    for (size_t j = 0; j < h->n_times; j++)
        if (!isfinite(h->times_ms[j]) || (j > 0 && !(h->times_ms[j] > h->times_ms[j - 1])))
            REFUSE("the times of the history of %s do not rise: %g ms is number %zu", h->what, h->times_ms[j], j + 1);
    if (h->times_ms[h->n_times - 1] != 0.0)
        REFUSE("the history of %s ends at %g ms, must end at 0 ms", h->what, h->times_ms[h->n_times - 1]);
    const double longest_ms = nmm->longest_steps * nmm->dt_ms;
    if (h->times_ms[0] > -longest_ms + 1e-9 * nmm->dt_ms)
        REFUSE("the history of %s begins at %g ms, the longest delay reaches back to %g ms. Give a longer history.",
               h->what, h->times_ms[0], -longest_ms);
    return CAL_OK;
}

static cal_status check_block(cal_nmm *nmm, const cali_block *b, const cal_nmm_history *h, bool *is_used)
{
    const int state = state_row(b, h), output = output_row(b, h);
    if (state < 0 && output < 0)
        return CAL_OK;
    *is_used = true;
    const double low = state < 0 ? -INFINITY : b->model->states[state].low;
    const double high = state < 0 ? INFINITY : b->model->states[state].high;
    for (size_t j = 0; j < h->n_times; j++)
        for (size_t r = 0; r < b->n_real; r++) {
            const double value = h->values[j * nmm->n_regions + b->region[r]];
            if (!isfinite(value) || value < low || value > high)
                REFUSE("the history of %s in %s is %g at %g ms, must be finite and between %g and %g", h->what,
                       cali_nmm_label(nmm, b->region[r]), value, h->times_ms[j], low, high);
        }
    return CAL_OK;
}

static cal_status check_histories(cal_nmm *nmm, const cal_nmm_def *def)
{
    for (size_t k = 0; k < def->n_histories; k++) {
        const cal_nmm_history *h = &def->histories[k];
        bool is_used = false;
        CAL_TRY(check_times(nmm, h));
        for (size_t j = 0; j < k; j++)
            if (strcmp(def->histories[j].what, h->what) == 0)
                REFUSE("the history of %s is given twice", h->what);
        for (size_t i = 0; i < nmm->n_blocks; i++)
            CAL_TRY(check_block(nmm, &nmm->blocks[i], h, &is_used));
        if (!is_used)
            REFUSE("no region has a state or an output \"%s\", whose history is given", h->what);
    }
    return CAL_OK;
}

/* ---- filling ------------------------------------------------------------------------------------- */

/* Lagrange weights of up to four neighbours of t; returns their number, the first is `*first`. A given time has
 * weight 1 alone. */
static size_t stencil(const cal_nmm_history *h, double t_ms, size_t *first, double *w)
{
    size_t after = 0, end = h->n_times; /* first time beyond t, by bisection */
    while (after < end) {
        const size_t middle = after + (end - after) / 2;
        if (h->times_ms[middle] <= t_ms)
            after = middle + 1;
        else
            end = middle;
    }
    *first = after == 0 ? 0 : after - 1;
    w[0] = 1.0;
    if (after == 0 || after == h->n_times || h->times_ms[*first] == t_ms)
        return 1;
    const size_t n = h->n_times < 4 ? h->n_times : 4;
    *first = after < 2 ? 0 : after - 2;
    *first = *first + n > h->n_times ? h->n_times - n : *first;
    const double *t = h->times_ms + *first;
    for (size_t q = 0; q < n; q++) {
        w[q] = 1.0;
        for (size_t r = 0; r < n; r++)
            w[q] *= r == q ? 1.0 : (t_ms - t[r]) / (t[q] - t[r]);
    }
    return n;
}

static void write_row(const cal_nmm *nmm, const cali_block *b, const cal_nmm_history *h, double t_ms, double *row)
{
    size_t first;
    double w[4];
    const size_t n = stencil(h, t_ms, &first, w);
    for (size_t i = 0; i < b->n; i++) {
        const size_t r = i < b->n_real ? i : b->n_real - 1; /* copies fill the vectors */
        row[i] = 0.0;
        for (size_t q = 0; q < n; q++)
            row[i] += w[q] * h->values[(first + q) * nmm->n_regions + b->region[r]];
    }
}

/* A cubic may swing beyond the bounds of a state that its points keep. */
static void bound_row(const cali_block *b, size_t state, double *row)
{
    for (size_t i = 0; i < b->n; i++)
        row[i] = fmin(fmax(row[i], b->model->states[state].low), b->model->states[state].high);
}

static void set_states(const cal_nmm *nmm, const cal_nmm_def *def, const cali_block *b, double t_ms, double *x)
{
    for (size_t k = 0; k < def->n_histories; k++) {
        const int row = state_row(b, &def->histories[k]);
        if (row < 0)
            continue;
        write_row(nmm, b, &def->histories[k], t_ms, x + (size_t)row * b->n);
        bound_row(b, (size_t)row, x + (size_t)row * b->n);
    }
}

static void fill_given(cal_nmm *nmm, const cal_nmm_def *def, cali_block *b)
{
    double *now = nmm->y + b->first_state;
    set_states(nmm, def, b, 0.0, now);
    memcpy(b->z, now, b->model->n_states * b->n * sizeof *now);
    for (int64_t step = 1 - (int64_t)nmm->ring_length; step < 0; step++) {
        const double t_ms = (double)step * nmm->dt_ms;
        set_states(nmm, def, b, t_ms, b->z);
        cal_nmm_model_observe(b->model, b->n, b->params, b->z, b->outputs);
        for (size_t k = 0; k < def->n_histories; k++) {
            const int row = output_row(b, &def->histories[k]);
            if (row >= 0)
                write_row(nmm, b, &def->histories[k], t_ms, b->outputs + (size_t)row * b->n);
        }
        cali_block_derive(nmm, b);
        cali_block_keep(nmm, b, step);
    }
    cali_block_record(nmm, b, 0);
}

static void fill_constant(cal_nmm *nmm, cali_block *b)
{
    cali_block_record(nmm, b, 0);
    for (size_t c = 0; c < nmm->n_channels; c++)
        for (size_t r = 0; r < b->n_real; r++) {
            double *row = nmm->ring + (nmm->channels[c].track * nmm->n_regions + b->region[r]) * nmm->ring_stride;
            for (size_t j = 0; j < 2 * nmm->ring_length; j++)
                row[j] = row[0];
        }
}

static void fill_external(cal_nmm *nmm, const cal_nmm_def *def)
{
    for (size_t k = 0; k < nmm->n_externals; k++)
        for (size_t c = 0; c < nmm->n_channels; c++) {
            if (!nmm->channels[c].is_keeper)
                continue;
            const size_t region = nmm->externals[k].region;
            double *row = nmm->ring + (nmm->channels[c].track * nmm->n_regions + region) * nmm->ring_stride;
            const double value =
                cali_external_value(&nmm->channels[c], def->regions[region].external_initial);
            for (size_t j = 0; j < 2 * nmm->ring_length; j++)
                row[j] = value;
        }
}

void cali_nmm_fill_sums(cal_nmm *nmm)
{
    for (size_t i = 0; i < nmm->n_blocks; i++) {
        const cali_block *b = &nmm->blocks[i];
        for (size_t c = 0; c < nmm->n_channels; c++)
            for (int64_t n = -CALI_NMM_PAST; n <= 0; n++) {
                double *sums = cali_block_sums(nmm, b, c, n);
                const double *ring = cali_nmm_ring(nmm, c, nmm->now + n);
                const cali_wiring *wiring = &nmm->wirings[nmm->channels[c].wiring];
                nmm->kernels->gather(&wiring->delayed[CALI_FAR], b->at, b->n_real, 1, ring, b->n, false, sums);
                nmm->kernels->gather(&wiring->delayed[CALI_MIDDLE], b->at, b->n_real, 1, ring, b->n, true, sums);
                nmm->kernels->gather_one(&wiring->delayed[CALI_NEAR], b->at, b->n_real, ring, sums);
            }
    }
}

cal_status cali_nmm_fill_history(cal_nmm *nmm, const cal_nmm_def *def)
{
    CAL_TRY(check_histories(nmm, def));
    fill_external(nmm, def);
    for (size_t i = 0; i < nmm->n_blocks; i++)
        if (def->n_histories > 0)
            fill_given(nmm, def, &nmm->blocks[i]);
        else
            fill_constant(nmm, &nmm->blocks[i]);
    cali_nmm_fill_sums(nmm);
    return CAL_OK;
}
