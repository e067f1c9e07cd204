/* The public functions of the host: life, advance, looking inside. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nmm/host.h"

cal_status cal_nmm_create(cal_context *ctx, const cal_nmm_def *def, cal_nmm **out)
{
    *out = NULL;
    cal_nmm *nmm = NULL;
    CAL_TRY(cali_alloc(ctx, 1, sizeof *nmm, "the host", &nmm));
    nmm->ctx = ctx;
    cal_status status = cali_nmm_setup(nmm, def);
    if (status == CAL_OK && nmm->traits.is_adaptive)
        status = cali_adaptive_create(nmm);
    if (status != CAL_OK) {
        cal_nmm_destroy(&nmm);
        return status;
    }
    *out = nmm;
    return CAL_OK;
}

static void free_block(cali_block *b)
{
    free(b->params);
    free(b->term_input);
    free(b->channel_output);
    free(b->channel_threshold);
    free(b->channel_factor);
    free(b->row_weight);
    free(b->sums);
    free(b->between);
    free(b->total);
    free(b->derived);
    free(b->outputs);
    free(b->stage_inputs);
    free(b->pushed);
    free(b->z);
    for (int i = 0; i < 3; i++) {
        free(b->inputs[i]);
        free(b->force[i]);
        free(b->rows[i]);
    }
    for (int i = 0; i < 4; i++)
        free(b->k[i]);
    for (size_t k = 0; k < b->n_noises; k++)
        cali_noise_free(&b->noises[k]);
    free(b->noises);
    cali_block_free_stimuli(b);
    free(b->recent);
    free(b->prompt);
}

static void free_edges(cali_edges *edges)
{
    free(edges->first);
    free(edges->offset);
    free(edges->w);
}

static void free_wiring(cali_wiring *wiring)
{
    for (int reach = 0; reach < CALI_N_REACHES; reach++)
        free_edges(&wiring->delayed[reach]);
    free(wiring->self);
    free(wiring->instant.first);
    free(wiring->instant.source);
    free(wiring->instant.w);
    free(wiring->row_weights);
}

void cal_nmm_destroy(cal_nmm **handle)
{
    cal_nmm *nmm = handle == NULL ? NULL : *handle;
    if (nmm == NULL)
        return;
    cali_adaptive_destroy(nmm);
    cali_nmm_free_probes(nmm);
    for (size_t i = 0; i < nmm->n_blocks; i++)
        free_block(&nmm->blocks[i]);
    free(nmm->blocks);
    for (size_t c = 0; nmm->channels != NULL && c < nmm->n_channels; c++) {
        free(nmm->channels[c].from);
        free(nmm->channels[c].threshold);
    }
    for (size_t t = 0; t < nmm->n_terms; t++)
        free(nmm->terms[t].to);
    free(nmm->channels);
    free(nmm->terms);
    free(nmm->order);
    free(nmm->position);
    free(nmm->block_of);
    for (size_t w = 0; w < nmm->n_wirings; w++)
        free_wiring(&nmm->wirings[w]);
    free(nmm->wirings);
    free(nmm->y);
    free(nmm->present);
    free(nmm->ring);
    free(nmm->externals);
    free(nmm->external_edges);
    cali_nmm_free_stimuli(nmm);
    for (size_t k = 0; k < nmm->n_external_noises; k++)
        cali_external_noise_free(&nmm->external_noises[k]);
    free(nmm->external_noises);
    free(nmm);
    *handle = NULL;
}

cal_status cal_nmm_advance(cal_nmm *nmm, cal_time until)
{
    if (nmm->is_broken)
        return CAL_FAIL(nmm->ctx, CAL_ERR_STATE, "the host has failed before");
    if (until % nmm->dt != 0)
        return CAL_FAIL(nmm->ctx, CAL_ERR_ARGUMENT, "%g ms is not a multiple of the step %g ms",
                        cal_time_ms(until), nmm->dt_ms);
    const int64_t end = until / nmm->dt;
    if (end < nmm->now || end > nmm->now + nmm->window)
        return CAL_FAIL(nmm->ctx, CAL_ERR_STATE, "from %g ms to %g ms is not a step of one window",
                        (double)nmm->now * nmm->dt_ms, cal_time_ms(until));
    CAL_TRY(cali_nmm_check_externals(nmm, end));
    nmm->has_started = true;
    nmm->probes_from = nmm->now;
    cali_nmm_start_probes(nmm, end);
    return nmm->traits.is_adaptive ? cali_nmm_advance_adaptive(nmm, end) : cali_nmm_advance_fixed(nmm, end);
}

cal_status cal_nmm_restart(cal_nmm *nmm)
{
    if (nmm->is_broken)
        return CAL_FAIL(nmm->ctx, CAL_ERR_STATE, "the host has failed before");
    return nmm->adaptive == NULL || nmm->n_blocks == 0 ? CAL_OK : cali_adaptive_restart(nmm);
}

cal_time cal_nmm_time(const cal_nmm *nmm)
{
    return nmm->now * nmm->dt;
}

cal_time cal_nmm_dt(const cal_nmm *nmm)
{
    return nmm->dt;
}

size_t cal_nmm_n_regions(const cal_nmm *nmm)
{
    return nmm->n_regions;
}

cal_integrator cal_nmm_integrator(const cal_nmm *nmm, const char **reason)
{
    if (reason != NULL)
        *reason = nmm->reason;
    return nmm->integrator;
}

cal_status cal_nmm_get_state(const cal_nmm *nmm, size_t region, double *state)
{
    if (region >= nmm->n_regions || nmm->block_of[region] < 0)
        return CAL_FAIL(nmm->ctx, CAL_ERR_ARGUMENT, "region %zu has no state here", region);
    const cali_block *b = &nmm->blocks[nmm->block_of[region]];
    const size_t i = nmm->position[region] - b->at;
    for (size_t s = 0; s < b->model->n_states; s++)
        state[s] = nmm->y[b->first_state + s * b->n + i];
    return CAL_OK;
}

cal_nmm_counts cal_nmm_get_counts(const cal_nmm *nmm)
{
    return nmm->counts;
}
