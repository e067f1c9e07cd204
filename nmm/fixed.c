/* RK4 and stochastic Heun on the grid.
 *
 * The delayed sums of the far edges are gathered for a whole batch of steps at once, those of the near
 * edges step by step; RK4 takes the sums at t + dt/2 from the grid,
 *     c(t_n + dt/2) = (c_n-2 - 5 c_n-1 + 15 c_n + 5 c_n+1) / 16,
 * the cubic through four points, so that the order 4 holds across delays. Without near and
 * instantaneous edges the blocks do not meet within a batch, and each runs it alone. */
#include <string.h>

#include "nmm/host.h"

enum { BEGIN, MIDDLE, END };

void cali_block_gather(cal_nmm *nmm, cali_block *b, int64_t n_steps)
{
    for (size_t c = 0; c < nmm->n_channels; c++)
        for (int64_t k = 0; k < n_steps; k += CALI_NMM_BATCH) {
            const int64_t n = n_steps - k < CALI_NMM_BATCH ? n_steps - k : CALI_NMM_BATCH;
            nmm->kernels->gather(&nmm->wirings[nmm->channels[c].wiring].far, b->at, b->n_real, (size_t)n,
                                 cali_nmm_ring(nmm, c, nmm->now + k + 1), b->n,
                                 cali_block_sums(nmm, b, c, k + 1));
        }
    cali_block_draw_paths(nmm, b, n_steps);
    cali_block_choose_stimuli(b, nmm->now, nmm->now + n_steps);
}

static void gather_near(cal_nmm *nmm, cali_block *b, int64_t k)
{
    for (size_t c = 0; c < nmm->n_channels; c++) {
        const cali_edges *near = &nmm->wirings[nmm->channels[c].wiring].near;
        if (near->n > 0)
            nmm->kernels->gather_one(near, b->at, b->n_real, cali_nmm_ring(nmm, c, nmm->now + k + 1),
                                     cali_block_sums(nmm, b, c, k + 1));
    }
}

/* Sums, inputs and forces at the begin, the middle and the end of step k of the batch. */
static void prepare_step(cal_nmm *nmm, cali_block *b, int64_t k)
{
    const int first = BEGIN, last = END;
    if (nmm->n_near > 0)
        gather_near(nmm, b, k);
    for (int at = first; at <= last; at++) {
        if (at == MIDDLE && nmm->integrator != CAL_RK4)
            continue;
        const double t_ms = (double)(nmm->now + k) * nmm->dt_ms + 0.5 * at * nmm->dt_ms;
        for (size_t c = 0; c < nmm->n_channels; c++) {
            if (at == MIDDLE)
                nmm->kernels->middle(b->n, cali_block_sums(nmm, b, c, k - 2),
                                     cali_block_sums(nmm, b, c, k - 1), cali_block_sums(nmm, b, c, k),
                                     cali_block_sums(nmm, b, c, k + 1), b->between + c * b->n);
            b->rows[0][c] = at == MIDDLE ? b->between + c * b->n
                                         : cali_block_sums(nmm, b, c, k + (at == END));
        }
        memset(b->inputs[at], 0, b->model->n_inputs * b->n * sizeof(double));
        if (nmm->is_static)
            cali_block_add_terms(nmm, b, b->rows[0], b->inputs[at]);
        cali_block_add_stimuli(nmm, b, t_ms, nmm->now + k, b->inputs[at]);
        for (size_t j = 0; j < b->n_noises; j++) {
            const double *u = b->noises[j].path;
            double *force = b->force[at] + j * b->n;
            for (size_t i = 0; u != NULL && i < b->n; i++) {
                const double begin = u[(size_t)k * b->n + i], end = u[(size_t)(k + 1) * b->n + i];
                force[i] = begin + 0.5 * at * (end - begin);
            }
        }
        if (b->n_noises > 0)
            cali_block_add_input_noise(nmm, b, b->force[at], b->inputs[at]);
    }
}

static void rhs_at(cal_nmm *nmm, cali_block *b, int64_t k, int at, const double *x, double *dx)
{
    for (size_t c = 0; !nmm->is_static && c < nmm->n_channels; c++)
        b->rows[0][c] =
            at == MIDDLE ? b->between + c * b->n : cali_block_sums(nmm, b, c, k + (at == END));
    cali_block_rhs(nmm, b, x, b->inputs[at], b->rows[0], b->n_noises > 0 ? b->force[at] : NULL, dx);
}

/* State at which stage `stage` evaluates: the first one the step's begin. */
static const double *stage_state(const cal_nmm *nmm, const cali_block *b, int stage)
{
    return stage == 0 ? nmm->y + b->first_state : b->z;
}

static void rk4_stage(cal_nmm *nmm, cali_block *b, int64_t k, int stage)
{
    static const int at[4] = {BEGIN, MIDDLE, MIDDLE, END};
    const size_t n = b->model->n_states * b->n;
    double *y = nmm->y + b->first_state;
    rhs_at(nmm, b, k, at[stage], stage_state(nmm, b, stage), b->k[stage]);
    if (stage < 3) {
        nmm->kernels->add_scaled(n, stage < 2 ? 0.5 * nmm->dt_ms : nmm->dt_ms, y, b->k[stage], b->z);
        return;
    }
    const double bad = nmm->kernels->rk4_end(n, nmm->dt_ms, b->k[0], b->k[1], b->k[2], b->k[3], y);
    if (bad != bad)
        cali_block_check(nmm, b, nmm->now + k + 1);
    cali_block_record(nmm, b, nmm->now + k + 1);
}

/* Bounds of the states: noise must not carry a rate below 0. */
static void clamp(const cali_block *b, double *x)
{
    for (size_t s = 0; s < b->model->n_states; s++) {
        const double low = b->model->states[s].low, high = b->model->states[s].high;
        for (size_t i = s * b->n; i < (s + 1) * b->n; i++) {
            x[i] = x[i] < low ? low : x[i];
            x[i] = x[i] > high ? high : x[i];
        }
    }
}

/*  z = y + dt f(y, t) + g dW,   y' = y + dt/2 (f(y, t) + f(z, t + dt)) + g dW */
static void heun_stage(cal_nmm *nmm, cali_block *b, int64_t k, int stage)
{
    const size_t n = b->model->n_states * b->n;
    double *y = nmm->y + b->first_state;
    rhs_at(nmm, b, k, stage == 0 ? BEGIN : END, stage_state(nmm, b, stage), b->k[stage]);
    if (stage == 0) {
        nmm->kernels->add_scaled(n, nmm->dt_ms, y, b->k[0], b->z);
        cali_block_add_white(nmm, b, nmm->now + k, b->z);
        clamp(b, b->z);
        return;
    }
    nmm->kernels->axpy(n, 0.5 * nmm->dt_ms, b->k[0], y);
    nmm->kernels->axpy(n, 0.5 * nmm->dt_ms, b->k[1], y);
    cali_block_add_white(nmm, b, nmm->now + k, y);
    clamp(b, y);
    double bad = 0.0;
    for (size_t i = 0; i < n; i++)
        bad += y[i] - y[i];
    if (bad != bad)
        cali_block_check(nmm, b, nmm->now + k + 1);
    cali_block_record(nmm, b, nmm->now + k + 1);
}

static void run_stage(cal_nmm *nmm, cali_block *b, int64_t k, int stage)
{
    if (nmm->integrator == CAL_RK4)
        rk4_stage(nmm, b, k, stage);
    else
        heun_stage(nmm, b, k, stage);
}

static int n_stages(const cal_nmm *nmm)
{
    return nmm->integrator == CAL_RK4 ? 4 : 2;
}

/* A step of a block on its own: its instantaneous edges, if any, do not leave their regions. */
static void run_step(cal_nmm *nmm, cali_block *b, int64_t k)
{
    prepare_step(nmm, b, k);
    for (int stage = 0; stage < n_stages(nmm); stage++) {
        if (nmm->n_instant > 0)
            cali_block_present(nmm, b, stage_state(nmm, b, stage));
        run_stage(nmm, b, k, stage);
    }
}

static void run_batch(cal_nmm *nmm, cali_block *b, int64_t n_steps)
{
    for (int64_t k = 0; k < n_steps; k++)
        run_step(nmm, b, k);
}

/* With instantaneous edges every stage needs the stage values of all regions. */
static void show_stage(cal_nmm *nmm, cali_block *b, int64_t arg)
{
    cali_block_present(nmm, b, stage_state(nmm, b, (int)(arg & 3)));
}

static void run_shown_stage(cal_nmm *nmm, cali_block *b, int64_t arg)
{
    run_stage(nmm, b, arg >> 2, (int)(arg & 3));
}

static void run_coupled_steps(cal_nmm *nmm, int64_t n_steps)
{
    for (int64_t k = 0; k < n_steps; k++) {
        if (nmm->n_instant == 0) {
            cali_for_blocks(nmm, run_step, k);
            continue;
        }
        cali_for_blocks(nmm, prepare_step, k);
        for (int stage = 0; stage < n_stages(nmm); stage++) {
            cali_for_blocks(nmm, show_stage, k * 4 + stage);
            cali_for_blocks(nmm, run_shown_stage, k * 4 + stage);
        }
    }
}

cal_status cali_nmm_advance_fixed(cal_nmm *nmm, int64_t until)
{
    while (nmm->now < until) {
        const int64_t left = until - nmm->now, n_steps = left < nmm->batch ? left : nmm->batch;
        cali_for_blocks(nmm, cali_block_gather, n_steps);
        if (nmm->n_meeting == 0)
            cali_for_blocks(nmm, run_batch, n_steps);
        else
            run_coupled_steps(nmm, n_steps);
        CAL_TRY(cali_nmm_report_failure(nmm));
        cali_nmm_end_batch(nmm, n_steps);
        nmm->counts.n_steps += (uint64_t)n_steps;
        nmm->counts.n_rhs += (uint64_t)(n_steps * n_stages(nmm));
    }
    return CAL_OK;
}
