/* What stands in the blocks before the first step: arrays, parameters, initial states, stimuli, noise,
 * the history (nmm/history.c). */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "nmm/host.h"

#define REFUSE(...) return CAL_FAIL(nmm->ctx, CAL_ERR_ARGUMENT, __VA_ARGS__)

static cal_status allocate_rows(cal_nmm *nmm, const cali_block *b, size_t n_rows, double **out)
{
    return cali_alloc(nmm->ctx, n_rows * b->n, sizeof(double), "the state", out);
}

static cal_status allocate_block(cal_nmm *nmm, cali_block *b)
{
    const cal_nmm_model *m = b->model;
    CAL_TRY(allocate_rows(nmm, b, m->n_params + m->n_derived, &b->params));
    CAL_TRY(allocate_rows(nmm, b, nmm->n_wirings, &b->row_weight));
    CAL_TRY(allocate_rows(nmm, b, nmm->n_channels * nmm->n_rows, &b->sums));
    CAL_TRY(allocate_rows(nmm, b, nmm->n_channels, &b->between));
    CAL_TRY(allocate_rows(nmm, b, nmm->n_channels, &b->total));
    CAL_TRY(allocate_rows(nmm, b, nmm->n_channels, &b->derived));
    CAL_TRY(allocate_rows(nmm, b, m->n_outputs, &b->outputs));
    CAL_TRY(allocate_rows(nmm, b, nmm->n_channels * CALI_NMM_BATCH, &b->recent));
    CAL_TRY(allocate_rows(nmm, b, b->n_input_rows, &b->stage_inputs));
    CAL_TRY(allocate_rows(nmm, b, m->n_states, &b->z));
    for (int i = 0; i < 3; i++) {
        CAL_TRY(allocate_rows(nmm, b, b->n_input_rows, &b->inputs[i]));
        CAL_TRY(cali_alloc(nmm->ctx, nmm->n_channels, sizeof *b->rows[i], "rows", &b->rows[i]));
    }
    for (int i = 0; i < 4; i++)
        CAL_TRY(allocate_rows(nmm, b, m->n_states, &b->k[i]));
    for (size_t w = 0; w < nmm->n_wirings; w++)
        memcpy(b->row_weight + w * b->n, nmm->wirings[w].row_weights + b->at, b->n_real * sizeof(double));
    return CAL_OK;
}

static cal_status fill_region(cal_nmm *nmm, cali_block *b, size_t i, const cal_nmm_region *region)
{
    const cal_nmm_model *m = b->model;
    const char *label = cali_nmm_label(nmm, b->region[i]);
    for (size_t k = 0; k < m->n_params; k++) {
        const cal_field *f = &m->params[k];
        const double value = region->params != NULL ? region->params[k] : f->value;
        if (!(value >= f->low && value <= f->high))
            REFUSE("%s of %s in %s is %g %s, must be between %g and %g", f->name, m->name, label, value,
                   f->unit, f->low, f->high);
        b->params[k * b->n + i] = value;
    }
    for (size_t k = 0; k < m->n_states; k++) {
        const cal_field *f = &m->states[k];
        const double value = region->initial != NULL ? region->initial[k] : f->value;
        if (!isfinite(value) || value < f->low || value > f->high)
            REFUSE("the initial %s of %s in %s is %g %s, must be finite and between %g and %g", f->name,
                   m->name, label, value, f->unit, f->low, f->high);
        nmm->y[b->first_state + k * b->n + i] = value;
    }
    return CAL_OK;
}

static cal_status fill_regions(cal_nmm *nmm, cali_block *b, const cal_nmm_def *def)
{
    for (size_t i = 0; i < b->n_real; i++)
        CAL_TRY(fill_region(nmm, b, i, &def->regions[b->region[i]]));
    for (size_t i = b->n_real; i < b->n; i++) { /* copies of the last region fill the vectors */
        for (size_t k = 0; k < b->model->n_params; k++)
            b->params[k * b->n + i] = b->params[k * b->n + b->n_real - 1];
        for (size_t k = 0; k < b->model->n_states; k++) {
            double *row = nmm->y + b->first_state + k * b->n;
            row[i] = row[b->n_real - 1];
        }
    }
    cal_nmm_model_derive(b->model, b->n, b->params);
    return CAL_OK;
}

cal_status cali_nmm_fill_blocks(cal_nmm *nmm, const cal_nmm_def *def)
{
    nmm->n_rows = (size_t)(CALI_NMM_PAST + 1 + nmm->batch);
    for (size_t i = 0; i < nmm->n_blocks; i++) {
        cali_block *b = &nmm->blocks[i];
        b->n = nmm->traits.is_adaptive ? b->n_real : (b->n_real + 7) / 8 * 8;
        b->first_state = nmm->n_state_values;
        nmm->n_state_values += b->model->n_states * b->n;
        CAL_TRY(cali_block_find_pushed(nmm, b, def));
        CAL_TRY(allocate_block(nmm, b));
    }
    CAL_TRY(cali_alloc(nmm->ctx, nmm->n_state_values, sizeof(double), "the state", &nmm->y));
    CAL_TRY(cali_alloc(nmm->ctx, nmm->n_channels * nmm->n_regions, sizeof(double), "the outputs",
                       &nmm->present));
    for (size_t i = 0; i < nmm->n_blocks; i++)
        CAL_TRY(fill_regions(nmm, &nmm->blocks[i], def));
    for (size_t k = 0; k < nmm->n_externals; k++)
        if (!isfinite(def->regions[nmm->externals[k].region].external_initial))
            REFUSE("the initial output of %s is not finite",
                   cali_nmm_label(nmm, nmm->externals[k].region));
    CAL_TRY(cali_nmm_make_stimuli(nmm, def));
    CAL_TRY(cali_nmm_make_noise(nmm, def));
    CAL_TRY(cali_nmm_fill_history(nmm, def));
    for (size_t i = 0; i < nmm->n_blocks; i++)
        cali_block_start_paths(nmm, &nmm->blocks[i]);
    return CAL_OK;
}
