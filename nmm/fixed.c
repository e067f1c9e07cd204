/* Fixed steps on the grid: one table of schemes, one loop.
 *
 * The delayed sums of the far edges are gathered for a whole batch of steps at once, those of middle reach
 * for a stride of steps, those of the near edges step by step; sums within a step come from the grid by the
 * cubic through four points,
 *     c(t_n + dt/2) = (c_n-2 - 5 c_n-1 + 15 c_n + 5 c_n+1) / 16   (RK4; SRA1 the same at 3/4 dt),
 * so that the order 4 holds across delays. Blocks without near or instantaneous edges to others do not meet
 * them within a stride, and each runs it alone.
 *
 * The held schemes take everything that acts on a region once per step, at t_n, and keep it for all
 * stages, so instantaneous edges need the values of all regions once per step too. */
#include <string.h>

#include "nmm/host.h"

enum { BEGIN, MIDDLE, END };

typedef struct scheme {
    int n_stages;
    int at[4]; /* where in the step the inputs of each stage stand */
    void (*stage)(cal_nmm *nmm, cali_block *b, int64_t k, int stage);
    bool has[3];        /* the inputs at the begin, the middle and the end are in use */
    double share;       /* of the step that the middle comes after its begin */
    double weight[4];   /* of the sums at n - 2 .. n + 1 in those at the middle */
} scheme;
static const scheme *scheme_of(const cal_nmm *nmm);

void cali_block_gather(cal_nmm *nmm, cali_block *b, int64_t n_steps)
{
    for (size_t c = 0; c < nmm->n_channels; c++)
        for (int64_t k = 0; k < n_steps; k += CALI_NMM_BATCH) {
            const int64_t n = n_steps - k < CALI_NMM_BATCH ? n_steps - k : CALI_NMM_BATCH;
            nmm->kernels->gather(&nmm->wirings[nmm->channels[c].wiring].delayed[CALI_FAR], b->at, b->n_real, (size_t)n,
                                 cali_nmm_ring(nmm, c, nmm->now + k + 1), b->n, false,
                                 cali_block_sums(nmm, b, c, k + 1));
        }
    cali_block_draw_paths(nmm, b, n_steps);
    cali_block_choose_stimuli(nmm, b, n_steps);
}

static void gather_middle(cal_nmm *nmm, cali_block *b, int64_t k, int64_t n_steps)
{
    for (size_t c = 0; c < nmm->n_channels; c++) {
        const cali_edges *middle = &nmm->wirings[nmm->channels[c].wiring].delayed[CALI_MIDDLE];
        if (middle->n > 0)
            nmm->kernels->gather(middle, b->at, b->n_real, (size_t)n_steps, cali_nmm_ring(nmm, c, nmm->now + k + 1),
                                 b->n, true, cali_block_sums(nmm, b, c, k + 1));
    }
}

static void gather_near(cal_nmm *nmm, cali_block *b, int64_t k)
{
    for (size_t c = 0; c < nmm->n_channels; c++) {
        const cali_edges *near = &nmm->wirings[nmm->channels[c].wiring].delayed[CALI_NEAR];
        if (near->n > 0)
            nmm->kernels->gather_one(near, b->at, b->n_real, cali_nmm_ring(nmm, c, nmm->now + k + 1),
                                     cali_block_sums(nmm, b, c, k + 1));
    }
}

/* Delayed sums at one of the three places of step k. */
static const double *sums_at(const cal_nmm *nmm, const cali_block *b, size_t channel, int64_t k, int at)
{
    return at == MIDDLE ? b->between + channel * b->n : cali_block_sums(nmm, b, channel, k + (at == END));
}

static void blend_sums(cal_nmm *nmm, cali_block *b, int64_t k)
{
    for (size_t c = 0; c < nmm->n_channels; c++)
        nmm->kernels->blend(b->n, scheme_of(nmm)->weight, cali_block_sums(nmm, b, c, k - 2),
                            cali_block_sums(nmm, b, c, k - 1), cali_block_sums(nmm, b, c, k),
                            cali_block_sums(nmm, b, c, k + 1), b->between + c * b->n);
}

/* Coloured noise at the share `s` of step k. */
static void set_force(cali_block *b, int64_t k, double s, double *force)
{
    for (size_t j = 0; j < b->n_noises; j++) {
        const double *u = b->noises[j].path;
        for (size_t i = 0; u != NULL && i < b->n; i++) {
            const double begin = u[(size_t)k * b->n + i], end = u[(size_t)(k + 1) * b->n + i];
            force[j * b->n + i] = begin + s * (end - begin);
        }
    }
}

/* The Virtual Brain's RK4 has no stimulus in its stages and adds it to the step: y' += dt (f(y, c + u) - f(y, c)).
 * The inputs with the stimulus stand apart, where other schemes have those of the end of the step. */
enum { KICKED = END };

static bool kicks(const cal_nmm *nmm, const cali_block *b)
{
    return nmm->integrator == CAL_RK4_HELD && b->n_live > 0;
}

/* Inputs and forces at one place of step k: all that does not depend on the states of its stages. */
static void prepare_at(cal_nmm *nmm, cali_block *b, int64_t k, int at)
{
    const double s = at == MIDDLE ? scheme_of(nmm)->share : at == END ? 1.0 : 0.0;
    for (size_t c = 0; c < nmm->n_channels; c++)
        b->rows[0][c] = sums_at(nmm, b, c, k, at);
    memset(b->inputs[at], 0, b->n_input_rows * b->n * sizeof(double));
    if (nmm->is_static || nmm->traits.holds)
        cali_block_add_coupling(nmm, b, nmm->y + b->first_state, b->rows[0], b->inputs[at]);
    set_force(b, k, s, b->force[at]);
    if (b->n_noises > 0)
        cali_block_add_input_noise(nmm, b, b->force[at], b->inputs[at]);
    if (kicks(nmm, b))
        memcpy(b->inputs[KICKED], b->inputs[at], b->n_input_rows * b->n * sizeof(double));
    cali_block_add_stimuli(nmm, b, nmm->now + k, s, b->inputs[kicks(nmm, b) ? KICKED : at]);
}

static void prepare_step(cal_nmm *nmm, cali_block *b, int64_t k)
{
    const scheme *its = scheme_of(nmm);
    if (nmm->n_near > 0)
        gather_near(nmm, b, k);
    if (its->has[MIDDLE])
        blend_sums(nmm, b, k);
    for (int at = BEGIN; at <= END; at++)
        if (its->has[at])
            prepare_at(nmm, b, k, at);
}

static void rhs_at(cal_nmm *nmm, cali_block *b, int64_t k, int stage, const double *x, double *dx)
{
    const int at = scheme_of(nmm)->at[stage];
    for (size_t c = 0; !nmm->is_static && c < nmm->n_channels; c++)
        b->rows[0][c] = sums_at(nmm, b, c, k, at);
    cali_block_rhs(nmm, b, x, b->inputs[at], b->rows[0], b->n_noises > 0 ? b->force[at] : NULL, dx);
}

/* State at which stage `stage` evaluates: the first one the step's begin. */
static const double *stage_state(const cal_nmm *nmm, const cali_block *b, int stage)
{
    return stage == 0 ? nmm->y + b->first_state : b->z;
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

static void finish_step(cal_nmm *nmm, cali_block *b, int64_t k, bool is_finite)
{
    if (!is_finite)
        cali_block_check(nmm, b, nmm->now + k + 1);
    cali_block_record_step(nmm, b, k + 1);
}

/* For schemes that keep bounds. */
static void finish_bounded(cal_nmm *nmm, cali_block *b, int64_t k)
{
    double *y = nmm->y + b->first_state, bad = 0.0;
    clamp(b, y);
    for (size_t i = 0; i < b->model->n_states * b->n; i++)
        bad += y[i] - y[i];
    finish_step(nmm, b, k, bad == 0.0);
}

static void rk4_stage(cal_nmm *nmm, cali_block *b, int64_t k, int stage)
{
    const size_t n = b->model->n_states * b->n;
    double *y = nmm->y + b->first_state;
    rhs_at(nmm, b, k, stage, stage_state(nmm, b, stage), b->k[stage]);
    if (stage < 3) {
        nmm->kernels->add_scaled(n, stage < 2 ? 0.5 * nmm->dt_ms : nmm->dt_ms, y, b->k[stage], b->z);
        if (nmm->traits.holds)
            clamp(b, b->z);
        return;
    }
    const bool is_kicked = kicks(nmm, b);
    if (is_kicked)
        cali_block_rhs(nmm, b, y, b->inputs[KICKED], b->rows[0], b->n_noises > 0 ? b->force[BEGIN] : NULL, b->z);
    const double bad = nmm->kernels->rk4_end(n, nmm->dt_ms, b->k[0], b->k[1], b->k[2], b->k[3], y);
    if (is_kicked) {
        nmm->kernels->axpy(n, nmm->dt_ms, b->z, y);
        nmm->kernels->axpy(n, -nmm->dt_ms, b->k[0], y);
    }
    if (nmm->traits.holds)
        clamp(b, y);
    finish_step(nmm, b, k, bad == 0.0);
}

/*  z = y + dt f(y, t) + g(y) dW,   y' = y + dt/2 (f(y, t) + f(z, t + dt)) + 1/2 (g(y) + g(z)) dW
 *  Held as The Virtual Brain does: g(y) dW in both. */
static void heun_stage(cal_nmm *nmm, cali_block *b, int64_t k, int stage)
{
    const size_t n = b->model->n_states * b->n;
    double *y = nmm->y + b->first_state;
    rhs_at(nmm, b, k, stage, stage_state(nmm, b, stage), b->k[stage]);
    if (stage == 0) {
        nmm->kernels->add_scaled(n, nmm->dt_ms, y, b->k[0], b->z);
        cali_block_add_white(nmm, b, nmm->now + k, y, NULL, b->z);
        clamp(b, b->z);
        return;
    }
    cali_block_add_white(nmm, b, nmm->now + k, y, nmm->traits.holds ? NULL : b->z, y);
    nmm->kernels->axpy(n, 0.5 * nmm->dt_ms, b->k[0], y);
    nmm->kernels->axpy(n, 0.5 * nmm->dt_ms, b->k[1], y);
    finish_bounded(nmm, b, k);
}

/*  y' = y + dt f(y, t) + g(y) dW  (Ito; Maruyama 1955, Rend. Circ. Mat. Palermo 4, 48-90) */
static void euler_stage(cal_nmm *nmm, cali_block *b, int64_t k, int stage)
{
    double *y = nmm->y + b->first_state;
    rhs_at(nmm, b, k, stage, y, b->k[0]);
    cali_block_add_white(nmm, b, nmm->now + k, y, NULL, y);
    nmm->kernels->axpy(b->model->n_states * b->n, nmm->dt_ms, b->k[0], y);
    finish_bounded(nmm, b, k);
}

/* Roessler (2010), SIAM J. Numer. Anal. 48, 922-952, SRA1, with I_1 = dW and I_10 = int (W - W_n) dt of the step:
 *  z = y + 3/4 dt f(y, t) + 3/2 g I_10 / dt,   y' = y + dt (1/3 f(y, t) + 2/3 f(z, t + 3/4 dt)) + g I_1 */
static void sra1_stage(cal_nmm *nmm, cali_block *b, int64_t k, int stage)
{
    const size_t n = b->model->n_states * b->n;
    double *y = nmm->y + b->first_state;
    rhs_at(nmm, b, k, stage, stage_state(nmm, b, stage), b->k[stage]);
    if (stage == 0) {
        nmm->kernels->add_scaled(n, 0.75 * nmm->dt_ms, y, b->k[0], b->z);
        cali_block_add_mean_white(nmm, b, nmm->now + k, 1.5, b->z);
        clamp(b, b->z);
        return;
    }
    cali_block_add_white(nmm, b, nmm->now + k, y, NULL, y);
    nmm->kernels->axpy(n, nmm->dt_ms / 3.0, b->k[0], y);
    nmm->kernels->axpy(n, nmm->dt_ms * 2.0 / 3.0, b->k[1], y);
    finish_bounded(nmm, b, k);
}

static const scheme schemes[CAL_N_INTEGRATORS] = {
    [CAL_RK4] = {.n_stages = 4, .at = {BEGIN, MIDDLE, MIDDLE, END}, .stage = rk4_stage, .has = {true, true, true}, .share = 0.5,
                 .weight = {0.0625, -0.3125, 0.9375, 0.3125}},
    [CAL_HEUN] = {.n_stages = 2, .at = {BEGIN, END}, .stage = heun_stage, .has = {true, false, true}},
    [CAL_SRA1] = {.n_stages = 2, .at = {BEGIN, MIDDLE}, .stage = sra1_stage, .has = {true, true}, .share = 0.75,
                 .weight = {0.0546875, -0.2578125, 0.6015625, 0.6015625}},
    [CAL_EULER] = {.n_stages = 1, .at = {BEGIN}, .stage = euler_stage, .has = {true}},
    [CAL_EULER_HELD] = {.n_stages = 1, .at = {BEGIN}, .stage = euler_stage, .has = {true}},
    [CAL_HEUN_HELD] = {.n_stages = 2, .at = {BEGIN, BEGIN}, .stage = heun_stage, .has = {true}},
    [CAL_RK4_HELD] = {.n_stages = 4, .at = {BEGIN, BEGIN, BEGIN, BEGIN}, .stage = rk4_stage, .has = {true}},
};

static const scheme *scheme_of(const cal_nmm *nmm)
{
    return &schemes[nmm->integrator];
}

/* A step whose stages need nothing of other regions that is not known at its begin. */
static void run_step(cal_nmm *nmm, cali_block *b, int64_t k)
{
    prepare_step(nmm, b, k);
    for (int stage = 0; stage < scheme_of(nmm)->n_stages; stage++)
        scheme_of(nmm)->stage(nmm, b, k, stage);
}

/* Steps k .. k + n_steps - 1 of a block that meets no other in between. */
static void run_stride(cal_nmm *nmm, cali_block *b, int64_t k, int64_t n_steps)
{
    gather_middle(nmm, b, k, n_steps);
    for (int64_t j = k; j < k + n_steps; j++)
        run_step(nmm, b, j);
    cali_block_flush(nmm, b, k, n_steps);
}

/* A whole batch: nothing that the block reads is written by another one meanwhile. */
static void run_batch(cal_nmm *nmm, cali_block *b, int64_t n_steps)
{
    cali_block_gather(nmm, b, n_steps);
    run_stride(nmm, b, 0, n_steps);
}

static int64_t stride_at(int64_t k, int64_t n_steps)
{
    return n_steps - k < CALI_NMM_STRIDE ? n_steps - k : CALI_NMM_STRIDE;
}

static void run_alone(cal_nmm *nmm, cali_block *b, int64_t arg)
{
    if (!b->meets)
        run_stride(nmm, b, arg / CALI_NMM_BATCH, arg % CALI_NMM_BATCH);
}

/* With instantaneous edges every stage needs the stage values of all regions; a held step those of its begin. */
static void show_stage(cal_nmm *nmm, cali_block *b, int64_t arg)
{
    if (b->meets)
        cali_block_present(nmm, b, stage_state(nmm, b, (int)(arg & 3)));
}

static void run_shown_stage(cal_nmm *nmm, cali_block *b, int64_t arg)
{
    if (b->meets)
        scheme_of(nmm)->stage(nmm, b, arg >> 2, (int)(arg & 3));
}

static void run_shown_step(cal_nmm *nmm, cali_block *b, int64_t k)
{
    if (b->meets)
        run_step(nmm, b, k);
}

static void prepare_shown_step(cal_nmm *nmm, cali_block *b, int64_t k)
{
    if (b->meets)
        prepare_step(nmm, b, k);
}

static void run_meeting_step(cal_nmm *nmm, int64_t k)
{
    if (nmm->n_instant == 0) {
        cali_for_blocks(nmm, run_shown_step, k);
    } else if (nmm->traits.holds) {
        cali_for_blocks(nmm, show_stage, 0);
        cali_for_blocks(nmm, run_shown_step, k);
    } else {
        cali_for_blocks(nmm, prepare_shown_step, k);
        for (int stage = 0; stage < scheme_of(nmm)->n_stages; stage++) {
            cali_for_blocks(nmm, show_stage, k * 4 + stage);
            cali_for_blocks(nmm, run_shown_stage, k * 4 + stage);
        }
    }
}

static void begin_meeting(cal_nmm *nmm, cali_block *b, int64_t arg)
{
    if (b->meets)
        gather_middle(nmm, b, arg / CALI_NMM_BATCH, arg % CALI_NMM_BATCH);
}

static void end_meeting(cal_nmm *nmm, cali_block *b, int64_t arg)
{
    if (b->meets)
        cali_block_flush(nmm, b, arg / CALI_NMM_BATCH, arg % CALI_NMM_BATCH);
}

/* Strides of those that meet, beside those that do not. */
static void run_strides(cal_nmm *nmm, int64_t n_steps)
{
    cali_for_blocks(nmm, cali_block_gather, n_steps);
    for (int64_t k = 0; k < n_steps; k += CALI_NMM_STRIDE) {
        const int64_t n = stride_at(k, n_steps), arg = k * CALI_NMM_BATCH + n;
        if (nmm->n_meeting > 0) {
            cali_for_blocks(nmm, begin_meeting, arg);
            for (int64_t j = k; j < k + n; j++)
                run_meeting_step(nmm, j);
            cali_for_blocks(nmm, end_meeting, arg);
        }
        if (nmm->n_meeting < nmm->n_blocks)
            cali_for_blocks(nmm, run_alone, arg);
    }
}

cal_status cali_nmm_advance_fixed(cal_nmm *nmm, int64_t until)
{
    while (nmm->now < until) {
        const int64_t left = until - nmm->now, n_steps = left < nmm->batch ? left : nmm->batch;
        if (nmm->n_meeting == 0 && nmm->n_middle == 0)
            cali_for_blocks(nmm, run_batch, n_steps);
        else
            run_strides(nmm, n_steps);
        CAL_TRY(cali_nmm_report_failure(nmm));
        cali_nmm_end_batch(nmm, n_steps);
        nmm->counts.n_steps += (uint64_t)n_steps;
        nmm->counts.n_rhs += (uint64_t)(n_steps * scheme_of(nmm)->n_stages);
    }
    return CAL_OK;
}
