/* Inputs and derivative of one block of regions, and what is kept of a grid point. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "nmm/couplings.h"
#include "nmm/host.h"

double *cali_block_sums(const cal_nmm *nmm, const cali_block *b, size_t channel, int64_t point)
{
    return b->sums + (channel * nmm->n_rows + (size_t)(CALI_NMM_PAST + point)) * b->n;
}

/* Base of a channel's rows for the target time `step`: offset 0 is the value at that time. */
const double *cali_nmm_ring(const cal_nmm *nmm, size_t channel, int64_t step)
{
    const size_t slot = (size_t)step & (nmm->ring_length - 1);
    return nmm->ring + nmm->channels[channel].track * nmm->n_regions * nmm->ring_stride + nmm->ring_length + slot;
}

typedef struct job {
    cal_nmm *nmm;
    void (*run)(cal_nmm *nmm, cali_block *b, int64_t arg);
    int64_t arg;
} job;

static void run_block(void *arg, size_t block)
{
    const job *j = arg;
    j->run(j->nmm, &j->nmm->blocks[block], j->arg);
}

void cali_for_blocks(cal_nmm *nmm, void (*run)(cal_nmm *nmm, cali_block *b, int64_t arg), int64_t arg)
{
    job j = {nmm, run, arg};
    if (nmm->is_parallel)
        cali_parallel_for(cali_context_pool(nmm->ctx), nmm->n_blocks, run_block, &j);
    else
        for (size_t i = 0; i < nmm->n_blocks; i++)
            run(nmm, &nmm->blocks[i], arg);
}

/* ---- coupling -------------------------------------------------------------------------------- */

/* Row of a channel's values for the state last observed; NULL: the model has no such output. */
static const double *channel_row(const cali_block *b, const cali_channel *channels, size_t c)
{
    if (b->channel_output[c] < 0)
        return NULL;
    if (channels[c].kind == CALI_CHANNEL_PLAIN && b->channel_factor[c] == 1.0)
        return b->outputs + (size_t)b->channel_output[c] * b->n;
    return b->derived + c * b->n;
}

/* Channel values that are no plain output, from the outputs. */
void cali_block_derive(const cal_nmm *nmm, cali_block *b)
{
    for (size_t c = 0; c < nmm->n_channels; c++) {
        const cali_channel *channel = &nmm->channels[c];
        if (b->channel_output[c] < 0)
            continue;
        const int row = b->channel_threshold[c];
        const double *from = b->outputs + (size_t)b->channel_output[c] * b->n;
        const double *threshold = row < 0 ? NULL : b->outputs + (size_t)row * b->n;
        double *to = b->derived + c * b->n;
        if (channel->kind == CALI_CHANNEL_PLAIN && b->channel_factor[c] != 1.0) {
            memset(to, 0, b->n * sizeof *to);
            nmm->kernels->linear(b->n, b->channel_factor[c], 0.0, from, to);
        } else if (channel->kind == CALI_CHANNEL_LOGISTIC)
            nmm->kernels->logistic(b->n, channel->q, from, to);
        else if (channel->kind == CALI_CHANNEL_TANGENT)
            nmm->kernels->tangent(b->n, channel->q, from, threshold, to);
        else if (channel->kind == CALI_CHANNEL_SINE)
            nmm->kernels->sine(b->n, from, to, to + b->n);
    }
}

/* Channel values at state x for the instantaneous edges of all blocks. */
void cali_block_present(cal_nmm *nmm, cali_block *b, const double *x)
{
    cal_nmm_model_observe(b->model, b->n, b->params, x, b->outputs);
    cali_block_derive(nmm, b);
    for (size_t c = 0; c < nmm->n_channels; c++) {
        const double *row = channel_row(b, nmm->channels, c);
        if (row != NULL)
            memcpy(nmm->present + c * nmm->n_regions + b->at, row, b->n_real * sizeof *row);
    }
}

static void add_instant(const cal_nmm *nmm, cali_block *b, const double *const *rows)
{
    for (size_t c = 0; c < nmm->n_channels; c++) {
        const cali_wiring *wiring = &nmm->wirings[nmm->channels[c].wiring];
        const cali_instant *instant = &wiring->instant;
        const double *self = wiring->self + b->at, *own = channel_row(b, nmm->channels, c);
        const double *x = nmm->present + c * nmm->n_regions;
        double *total = b->total + c * b->n;
        memcpy(total, rows[c], b->n * sizeof *total);
        for (size_t i = 0; own != NULL && nmm->n_self > 0 && i < b->n_real; i++)
            total[i] += self[i] * own[i];
        for (size_t i = 0; instant->n > 0 && i < b->n_real; i++) {
            double sum = 0.0;
            for (size_t e = instant->first[b->at + i]; e < instant->first[b->at + i + 1]; e++)
                sum += instant->w[e] * x[instant->source[e]];
            total[i] += sum;
        }
        b->rows[2][c] = total;
    }
}

void cali_block_add_terms(cal_nmm *nmm, cali_block *b, const double *const *rows, double *inputs)
{
    for (size_t t = 0; t < nmm->n_terms; t++) {
        const cali_term *term = &nmm->terms[t];
        if (b->term_input[t] < 0)
            continue;
        const size_t wiring = nmm->channels[term->channel].wiring;
        const int own = b->channel_output[term->channel];
        cali_term_rows r = {.n = b->n, .s = rows[term->channel], .row_weight = b->row_weight + wiring * b->n};
        if (term->entry->needs_own) {
            r.x = term->entry->needs_phase ? b->outputs + (size_t)own * b->n
                                           : channel_row(b, nmm->channels, term->channel);
            r.s_next = term->channel + 1 < nmm->n_channels ? rows[term->channel + 1] : NULL;
        }
        term->entry->add(nmm->kernels, term, &r, inputs + (size_t)b->term_input[t] * b->n);
    }
}

void cali_block_add_coupling(cal_nmm *nmm, cali_block *b, const double *x, const double *const *rows,
                             double *inputs)
{
    if (!nmm->is_static)
        cal_nmm_model_observe(b->model, b->n, b->params, x, b->outputs);
    if (nmm->n_self > 0 || nmm->has_factor)
        cali_block_derive(nmm, b);
    if (nmm->n_self + nmm->n_instant > 0) {
        add_instant(nmm, b, rows);
        rows = b->rows[2];
    }
    cali_block_add_terms(nmm, b, rows, inputs);
}

/* Held inputs are complete; others lack what depends on the present state. */
void cali_block_rhs(cal_nmm *nmm, cali_block *b, const double *x, const double *inputs,
                    const double *const *rows, const double *force, double *dx)
{
    const double *c = inputs;
    if (!nmm->is_static && !nmm->traits.holds) {
        memcpy(b->stage_inputs, inputs, b->n_input_rows * b->n * sizeof *inputs);
        cali_block_add_coupling(nmm, b, x, rows, b->stage_inputs);
        c = b->stage_inputs;
    }
    cal_nmm_model_rhs(b->model, b->n, b->params, x, c, dx);
    for (size_t r = b->model->n_inputs; r < b->n_input_rows; r++)
        nmm->kernels->axpy(b->n, 1.0, c + r * b->n, dx + b->pushed[r - b->model->n_inputs] * b->n);
    for (size_t k = 0; force != NULL && k < b->n_noises; k++)
        if (b->noises[k].is_coloured && !b->noises[k].is_on_input)
            nmm->kernels->axpy(b->n, 1.0, force + k * b->n, dx + b->noises[k].state * b->n);
}

void cali_block_add_input_noise(const cal_nmm *nmm, const cali_block *b, const double *force, double *inputs)
{
    for (size_t k = 0; k < b->n_noises; k++)
        if (b->noises[k].is_on_input)
            nmm->kernels->axpy(b->n, 1.0, force + k * b->n, inputs + b->noises[k].state * b->n);
}

/* ---- grid points ----------------------------------------------------------------------------- */

/* Inputs of 0, and in rows[1] the delayed sums at a grid point of the batch. */
static double *clear_inputs(cal_nmm *nmm, cali_block *b, int64_t point)
{
    memset(b->stage_inputs, 0, b->n_input_rows * b->n * sizeof(double));
    for (size_t k = 0; k < nmm->n_channels; k++)
        b->rows[1][k] = cali_block_sums(nmm, b, k, point);
    return b->stage_inputs;
}

const double *cali_block_coupling(cal_nmm *nmm, cali_block *b, int64_t step)
{
    double *c = clear_inputs(nmm, b, step - nmm->now);
    if (nmm->n_self > 0)
        add_instant(nmm, b, b->rows[1]);
    cali_block_add_terms(nmm, b, b->rows[nmm->n_self > 0 ? 2 : 1], c);
    return c;
}

/* All inputs at a grid point of the batch under way. They lie in the past (cali_nmm_setup sees to that), so they are
 * known before the outputs there. Stimuli as at the end of a step. */
static const double *known_inputs(cal_nmm *nmm, cali_block *b, int64_t step)
{
    const int64_t point = step - nmm->now;
    double *c = clear_inputs(nmm, b, point);
    cali_block_add_terms(nmm, b, b->rows[1], c);
    if (point > 0)
        cali_block_add_stimuli(nmm, b, step - 1, 1.0, c);
    else
        cali_block_add_past_stimuli(nmm, b, step, c);
    for (size_t k = 0; k < b->n_noises; k++)
        if (b->noises[k].is_on_input)
            nmm->kernels->axpy(b->n, 1.0, b->noises[k].path + (size_t)point * b->n, c + b->noises[k].state * b->n);
    return c;
}

void cali_block_observe(cal_nmm *nmm, cali_block *b, int64_t step)
{
    const double *x = nmm->y + b->first_state;
    if (b->model->observe_driven != NULL && step > 0)
        b->model->observe_driven(b->n, b->params, x, known_inputs(nmm, b, step), b->outputs);
    else
        cal_nmm_model_observe(b->model, b->n, b->params, x, b->outputs);
    cali_block_derive(nmm, b);
}

void cali_block_keep(const cal_nmm *nmm, const cali_block *b, int64_t step)
{
    const size_t slot = (size_t)step & (nmm->ring_length - 1);
    for (size_t c = 0; c < nmm->n_channels; c++) {
        const double *row = channel_row(b, nmm->channels, c);
        if (row == NULL || !nmm->channels[c].is_keeper)
            continue;
        double *ring = nmm->ring + nmm->channels[c].track * nmm->n_regions * nmm->ring_stride + slot;
        for (size_t i = 0; i < b->n_real; i++) {
            double *at = ring + b->region[i] * nmm->ring_stride;
            at[0] = at[nmm->ring_length] = row[i];
        }
    }
}

static double *recent_row(const cali_block *b, size_t channel, int64_t k)
{
    return b->recent + (channel * CALI_NMM_BATCH + (size_t)(k - 1)) * b->n;
}

/* A region's row of the ring is far from the next one's: single values would cost a cache line each. */
void cali_block_record_step(cal_nmm *nmm, cali_block *b, int64_t k)
{
    cali_block_observe(nmm, b, nmm->now + k);
    const size_t slot = (size_t)(nmm->now + k) & (nmm->ring_length - 1);
    for (size_t c = 0; c < nmm->n_channels; c++) {
        const double *row = channel_row(b, nmm->channels, c);
        if (row == NULL || !nmm->channels[c].is_keeper)
            continue;
        memcpy(recent_row(b, c, k), row, b->n * sizeof *row);
        double *ring = nmm->ring + nmm->channels[c].track * nmm->n_regions * nmm->ring_stride + slot;
        for (size_t i = 0; i < b->n_prompt; i++) {
            double *at = ring + b->region[b->prompt[i]] * nmm->ring_stride;
            at[0] = at[nmm->ring_length] = row[b->prompt[i]];
        }
    }
    cali_block_sample_probes(nmm, b, nmm->y + b->first_state, nmm->now + k);
}

void cali_block_flush(const cal_nmm *nmm, const cali_block *b, int64_t k, int64_t n)
{
    const size_t mask = nmm->ring_length - 1;
    for (size_t c = 0; c < nmm->n_channels; c++) {
        if (b->channel_output[c] < 0 || !nmm->channels[c].is_keeper)
            continue;
        const double *from = recent_row(b, c, k + 1);
        double *ring = nmm->ring + nmm->channels[c].track * nmm->n_regions * nmm->ring_stride;
        for (size_t i = 0; i < b->n_real; i++) {
            double *row = ring + b->region[i] * nmm->ring_stride;
            for (int64_t j = 0; j < n; j++) {
                double *at = row + ((size_t)(nmm->now + k + 1 + j) & mask);
                at[0] = at[nmm->ring_length] = from[(size_t)j * b->n + i];
            }
        }
    }
}

void cali_block_record(cal_nmm *nmm, cali_block *b, int64_t step)
{
    cali_block_observe(nmm, b, step);
    cali_block_keep(nmm, b, step);
    cali_block_sample_probes(nmm, b, nmm->y + b->first_state, step);
}

/* Notes the first region and state that are not finite; copies beyond n_real do not count. */
void cali_block_check(cal_nmm *nmm, cali_block *b, int64_t step)
{
    const double *x = nmm->y + b->first_state;
    for (size_t s = 0; s < b->model->n_states && !b->has_failed; s++)
        for (size_t i = 0; i < b->n_real; i++)
            if (!isfinite(x[s * b->n + i])) {
                b->has_failed = true;
                b->failed_step = step;
                b->failed_state = s;
                b->failed_at = i;
                break;
            }
}

cal_status cali_nmm_report_failure(cal_nmm *nmm)
{
    const cali_block *first = NULL;
    for (size_t i = 0; i < nmm->n_blocks; i++)
        if (nmm->blocks[i].has_failed &&
            (first == NULL || nmm->blocks[i].failed_step < first->failed_step))
            first = &nmm->blocks[i];
    if (first == NULL)
        return CAL_OK;
    nmm->is_broken = true;
    char inputs[640];
    cali_nmm_say_inputs(nmm, first, first->failed_at, first->failed_step - 1, inputs, sizeof inputs);
    return CAL_FAIL(nmm->ctx, CAL_ERR_NUMERIC,
                    "E302 %s: %s is not finite at %.7g s.%s Try a smaller step or a smaller gain.",
                    cali_nmm_label(nmm, first->region[first->failed_at]),
                    first->model->states[first->failed_state].name,
                    (double)first->failed_step * nmm->dt_ms * 1e-3, inputs);
}

/* The last grid points of a batch become the past of the next one. */
void cali_nmm_end_batch(cal_nmm *nmm, int64_t n_steps)
{
    for (size_t i = 0; i < nmm->n_blocks; i++) {
        const cali_block *b = &nmm->blocks[i];
        for (size_t c = 0; c < nmm->n_channels; c++)
            memmove(cali_block_sums(nmm, b, c, -CALI_NMM_PAST),
                    cali_block_sums(nmm, b, c, n_steps - CALI_NMM_PAST),
                    (CALI_NMM_PAST + 1) * b->n * sizeof(double));
        for (size_t k = 0; k < b->n_noises; k++)
            if (b->noises[k].path != NULL)
                memcpy(b->noises[k].path, b->noises[k].path + (size_t)n_steps * b->n,
                       b->n * sizeof(double));
    }
    nmm->now += n_steps;
    nmm->counts.n_gathers += (uint64_t)n_steps;
}
