/* The host on CVODE (Hindmarsh et al. 2005, ACM Trans. Math. Softw. 31, 363-396).
 *
 * The delayed sums stand on the grid and are interpolated in time by the Lagrange polynomial
 * through six grid points. A batch is never longer than the smallest delay, and its end is a
 * stop time, so no step asks for what is not known; the solver's history goes on across batches. It is
 * restarted only where a stimulus jumps. The outputs enter the ring from the solver's own interpolant.
 *
 * Adams solves by fixed-point iteration; BDF by Newton's method with a Jacobian of one dense block per
 * region (the past is known, so regions do not meet in it; instantaneous edges are left out of it). */
#include <cvode/cvode.h>
#include <math.h>
#include <nvector/nvector_serial.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sundials/sundials_linearsolver.h>
#include <sundials/sundials_matrix.h>
#include <sunnonlinsol/sunnonlinsol_fixedpoint.h>

#include "base/memory.h"
#include "nmm/host.h"

enum { N_NODES = 6, MAX_STEPS = 1000000 };
static const double SHORTEST_STEP = 1e-7; /* grid steps: what needs shorter ones goes to infinity */

struct cali_cvode {
    SUNContext context;
    void *memory;
    N_Vector y, tolerance, grid; /* grid: the host's own state vector */
    SUNNonlinearSolver nonlinear;
    SUNLinearSolver linear;
    SUNMatrix matrix;
    char message[256]; /* last one of the solver */
    /* of the evaluation under way */
    double t_ms, nodes[N_NODES];
    int64_t first_node, path_step;
    double path_share;
    const double *x;
    double *dx;
    bool has_warned;
    bool has_corners; /* coloured noise or the bins of a spiking region: known to cost steps (docs/numerics.md) */
    uint64_t n_steps, n_failures_before;
};

/* ---- right-hand side ---------------------------------------------------------------------------- */

static void set_nodes(const cal_nmm *nmm, cali_cvode *cv, double t_ms)
{
    const double s = t_ms / nmm->dt_ms - (double)nmm->now; /* 0 to the length of the batch */
    int64_t step = (int64_t)floor(s);
    step = step > nmm->batch_now - 1 ? nmm->batch_now - 1 : step;
    step = step < 0 ? 0 : step;
    int64_t first = step - 2;
    if (first > nmm->batch_now - 5)
        first = nmm->batch_now - 5;
    for (int q = 0; q < N_NODES; q++) {
        double w = 1.0;
        for (int r = 0; r < N_NODES; r++)
            if (r != q)
                w *= (s - (double)(first + r)) / (double)(q - r);
        cv->nodes[q] = w;
    }
    cv->t_ms = t_ms;
    cv->first_node = first;
    cv->path_step = step;
    cv->path_share = s - (double)step;
}

static void interpolate_sums(const cal_nmm *nmm, const cali_cvode *cv, cali_block *b)
{
    for (size_t c = 0; c < nmm->n_channels; c++) {
        double *to = b->between + c * b->n;
        b->rows[0][c] = to;
        if (nmm->wirings[nmm->channels[c].wiring].far.n == 0)
            continue; /* stays 0 */
        const double *from = cali_block_sums(nmm, b, c, cv->first_node);
        for (size_t i = 0; i < b->n; i++) {
            double sum = 0.0;
            for (size_t q = 0; q < N_NODES; q++)
                sum += cv->nodes[q] * from[q * b->n + i];
            to[i] = sum;
        }
    }
}

static void evaluate_block(cal_nmm *nmm, cali_block *b, int64_t arg)
{
    (void)arg;
    const cali_cvode *cv = nmm->cvode;
    interpolate_sums(nmm, cv, b);
    memset(b->inputs[0], 0, b->model->n_inputs * b->n * sizeof(double));
    if (nmm->is_static)
        cali_block_add_terms(nmm, b, b->rows[0], b->inputs[0]);
    cali_block_add_stimuli(nmm, b, cv->t_ms, nmm->now, b->inputs[0]);
    for (size_t k = 0; k < b->n_noises; k++) {
        const double *u = b->noises[k].path + (size_t)cv->path_step * b->n;
        for (size_t i = 0; i < b->n; i++)
            b->force[0][k * b->n + i] = u[i] + cv->path_share * (u[b->n + i] - u[i]);
    }
    if (b->n_noises > 0)
        cali_block_add_input_noise(nmm, b, b->force[0], b->inputs[0]);
    cali_block_rhs(nmm, b, cv->x + b->first_state, b->inputs[0], b->rows[0],
                   b->n_noises > 0 ? b->force[0] : NULL, cv->dx + b->first_state);
}

static void show_block(cal_nmm *nmm, cali_block *b, int64_t arg)
{
    (void)arg;
    cali_block_present(nmm, b, nmm->cvode->x + b->first_state);
}

/* `is_frozen`: instantaneous edges keep what they carried. */
static void evaluate(cal_nmm *nmm, double t_ms, const double *x, double *dx, bool is_frozen)
{
    cali_cvode *cv = nmm->cvode;
    set_nodes(nmm, cv, t_ms);
    cv->x = x;
    cv->dx = dx;
    if (nmm->n_instant > 0 && !is_frozen)
        cali_for_blocks(nmm, show_block, 0);
    cali_for_blocks(nmm, evaluate_block, 0);
    nmm->counts.n_rhs++;
}

static int rhs(sunrealtype t, N_Vector y, N_Vector dy, void *user)
{
    cal_nmm *nmm = user;
    double *dx = N_VGetArrayPointer(dy);
    evaluate(nmm, t, N_VGetArrayPointer(y), dx, false);
    double bad = 0.0;
    for (size_t i = 0; i < nmm->n_state_values; i++)
        bad += dx[i] - dx[i];
    return bad == 0.0 ? 0 : 1; /* 1: the solver tries a shorter step */
}

/* ---- Newton with one block per region --------------------------------------------------------------
 * Entry (r, c) of region i of a block with rows of length n stands at block + (r n_states + c) n + i. */

typedef struct block_matrix {
    cal_nmm *nmm;
    size_t n;
    double *values;
    size_t *pivot; /* by state value */
} block_matrix;

static double *block_values(const block_matrix *m, size_t block)
{
    size_t at = 0;
    for (size_t i = 0; i < block; i++) {
        const cali_block *b = &m->nmm->blocks[i];
        at += b->model->n_states * b->model->n_states * b->n;
    }
    return m->values + at;
}

static SUNMatrix_ID matrix_id(SUNMatrix a)
{
    (void)a;
    return SUNMATRIX_CUSTOM;
}

static SUNMatrix matrix_new(cal_nmm *nmm, SUNContext context);

static SUNMatrix matrix_clone(SUNMatrix a)
{
    return matrix_new(((block_matrix *)a->content)->nmm, a->sunctx);
}

static void matrix_destroy(SUNMatrix a)
{
    block_matrix *m = a == NULL ? NULL : a->content;
    if (m != NULL) {
        free(m->values);
        free(m->pivot);
        free(m);
    }
    SUNMatFreeEmpty(a);
}

static int matrix_zero(SUNMatrix a)
{
    block_matrix *m = a->content;
    memset(m->values, 0, m->n * sizeof(double));
    return 0;
}

static int matrix_copy(SUNMatrix a, SUNMatrix b)
{
    const block_matrix *from = a->content;
    memcpy(((block_matrix *)b->content)->values, from->values, from->n * sizeof(double));
    return 0;
}

/* A = c A + I */
static int matrix_scale_add(sunrealtype c, SUNMatrix a)
{
    block_matrix *m = a->content;
    for (size_t i = 0; i < m->n; i++)
        m->values[i] *= c;
    for (size_t k = 0; k < m->nmm->n_blocks; k++) {
        const cali_block *b = &m->nmm->blocks[k];
        double *values = block_values(m, k);
        for (size_t s = 0; s < b->model->n_states; s++)
            for (size_t i = 0; i < b->n; i++)
                values[(s * b->model->n_states + s) * b->n + i] += 1.0;
    }
    return 0;
}

static SUNMatrix matrix_new(cal_nmm *nmm, SUNContext context)
{
    SUNMatrix a = SUNMatNewEmpty(context);
    block_matrix *m = NULL;
    if (a == NULL || cali_alloc(nmm->ctx, 1, sizeof *m, "the Jacobian", &m) != CAL_OK) {
        matrix_destroy(a);
        return NULL;
    }
    a->content = m;
    a->ops->getid = matrix_id;
    a->ops->clone = matrix_clone;
    a->ops->destroy = matrix_destroy;
    a->ops->zero = matrix_zero;
    a->ops->copy = matrix_copy;
    a->ops->scaleaddi = matrix_scale_add;
    m->nmm = nmm;
    for (size_t k = 0; k < nmm->n_blocks; k++)
        m->n += nmm->blocks[k].model->n_states * nmm->blocks[k].model->n_states * nmm->blocks[k].n;
    if (cali_alloc(nmm->ctx, m->n, sizeof(double), "the Jacobian", &m->values) != CAL_OK ||
        cali_alloc(nmm->ctx, nmm->n_state_values, sizeof(size_t), "pivots", &m->pivot) != CAL_OK) {
        matrix_destroy(a);
        return NULL;
    }
    return a;
}

/* One-sided differences, all regions at once: n_states evaluations (dy is there already). */
static int jacobian(sunrealtype t, N_Vector y, N_Vector dy, SUNMatrix a, void *user, N_Vector moved,
                    N_Vector slope, N_Vector unused)
{
    (void)unused;
    cal_nmm *nmm = user;
    block_matrix *m = a->content;
    const double *x = N_VGetArrayPointer(y), *f = N_VGetArrayPointer(dy);
    double *z = N_VGetArrayPointer(moved), *g = N_VGetArrayPointer(slope);
    size_t n_columns = 0;
    for (size_t k = 0; k < nmm->n_blocks; k++)
        if (nmm->blocks[k].model->n_states > n_columns)
            n_columns = nmm->blocks[k].model->n_states;
    nmm->cvode->x = x;
    if (nmm->n_instant > 0)
        cali_for_blocks(nmm, show_block, 0);
    for (size_t c = 0; c < n_columns; c++) {
        memcpy(z, x, nmm->n_state_values * sizeof *z);
        for (size_t k = 0; k < nmm->n_blocks; k++) {
            const cali_block *b = &nmm->blocks[k];
            for (size_t i = 0; c < b->model->n_states && i < b->n; i++) {
                double *at = z + b->first_state + c * b->n + i;
                *at += 1.5e-8 * fmax(fabs(*at), b->model->scales[c]);
            }
        }
        evaluate(nmm, t, z, g, true);
        for (size_t k = 0; k < nmm->n_blocks; k++) {
            const cali_block *b = &nmm->blocks[k];
            const size_t n_s = b->model->n_states, first = b->first_state;
            double *values = block_values(m, k);
            for (size_t r = 0; c < n_s && r < n_s; r++)
                for (size_t i = 0; i < b->n; i++)
                    values[(r * n_s + c) * b->n + i] =
                        (g[first + r * b->n + i] - f[first + r * b->n + i]) /
                        (z[first + c * b->n + i] - x[first + c * b->n + i]);
        }
    }
    return 0;
}

static SUNLinearSolver_Type solver_type(SUNLinearSolver s)
{
    (void)s;
    return SUNLINEARSOLVER_DIRECT;
}

/* Gaussian elimination with row pivots, one region's block after the other. */
static int factor_region(const cali_block *b, double *values, size_t *pivot, size_t i)
{
    const size_t n_s = b->model->n_states, n = b->n;
#define AT(r, c) values[((r) * n_s + (c)) * n + i]
    for (size_t c = 0; c < n_s; c++) {
        size_t best = c;
        for (size_t r = c + 1; r < n_s; r++)
            if (fabs(AT(r, c)) > fabs(AT(best, c)))
                best = r;
        pivot[c * n + i] = best;
        if (!(fabs(AT(best, c)) > 0.0))
            return 1;
        for (size_t q = 0; q < n_s && best != c; q++) {
            const double swap = AT(c, q);
            AT(c, q) = AT(best, q);
            AT(best, q) = swap;
        }
        for (size_t r = c + 1; r < n_s; r++) {
            AT(r, c) /= AT(c, c);
            for (size_t q = c + 1; q < n_s; q++)
                AT(r, q) -= AT(r, c) * AT(c, q);
        }
    }
    return 0;
}

static int solver_setup(SUNLinearSolver s, SUNMatrix a)
{
    (void)s;
    block_matrix *m = a->content;
    for (size_t k = 0; k < m->nmm->n_blocks; k++) {
        const cali_block *b = &m->nmm->blocks[k];
        for (size_t i = 0; i < b->n; i++)
            if (factor_region(b, block_values(m, k), m->pivot + b->first_state, i) != 0)
                return 1; /* singular: the solver tries another step */
    }
    return 0;
}

static void solve_region(const cali_block *b, const double *values, const size_t *pivot, double *x,
                         size_t i)
{
    const size_t n_s = b->model->n_states, n = b->n;
    for (size_t c = 0; c < n_s; c++) {
        const size_t p = pivot[c * n + i];
        const double swap = x[c * n + i];
        x[c * n + i] = x[p * n + i];
        x[p * n + i] = swap;
    }
    for (size_t r = 1; r < n_s; r++)
        for (size_t c = 0; c < r; c++)
            x[r * n + i] -= AT(r, c) * x[c * n + i];
    for (size_t r = n_s; r-- > 0;) {
        for (size_t c = r + 1; c < n_s; c++)
            x[r * n + i] -= AT(r, c) * x[c * n + i];
        x[r * n + i] /= AT(r, r);
    }
#undef AT
}

static int solver_solve(SUNLinearSolver s, SUNMatrix a, N_Vector x, N_Vector b, sunrealtype tolerance)
{
    (void)s;
    (void)tolerance;
    const block_matrix *m = a->content;
    N_VScale(1.0, b, x);
    for (size_t k = 0; k < m->nmm->n_blocks; k++) {
        const cali_block *block = &m->nmm->blocks[k];
        for (size_t i = 0; i < block->n; i++)
            solve_region(block, block_values(m, k), m->pivot + block->first_state,
                         N_VGetArrayPointer(x) + block->first_state, i);
    }
    return 0;
}

static int solver_free(SUNLinearSolver s)
{
    SUNLinSolFreeEmpty(s);
    return 0;
}

/* ---- life -------------------------------------------------------------------------------------- */

static void keep_message(int code, const char *module, const char *function, char *message, void *user)
{
    (void)code;
    (void)module;
    (void)function;
    cal_nmm *nmm = user;
    snprintf(nmm->cvode->message, sizeof nmm->cvode->message, "%s", message);
}

static bool attach_solver(cal_nmm *nmm, cali_cvode *cv)
{
    if (nmm->integrator == CAL_CVODE_ADAMS) {
        cv->nonlinear = SUNNonlinSol_FixedPoint(cv->y, 0, cv->context);
        return cv->nonlinear != NULL && CVodeSetNonlinearSolver(cv->memory, cv->nonlinear) == CV_SUCCESS;
    }
    cv->matrix = matrix_new(nmm, cv->context);
    cv->linear = SUNLinSolNewEmpty(cv->context);
    if (cv->matrix == NULL || cv->linear == NULL)
        return false;
    cv->linear->ops->gettype = solver_type;
    cv->linear->ops->setup = solver_setup;
    cv->linear->ops->solve = solver_solve;
    cv->linear->ops->free = solver_free;
    return CVodeSetLinearSolver(cv->memory, cv->linear, cv->matrix) == CV_SUCCESS &&
           CVodeSetJacFn(cv->memory, jacobian) == CV_SUCCESS;
}

static bool set_up(cal_nmm *nmm, cali_cvode *cv)
{
    if (SUNContext_Create(NULL, &cv->context) != 0)
        return false;
    const sunindextype n = (sunindextype)nmm->n_state_values;
    cv->y = N_VNew_Serial(n, cv->context);
    cv->tolerance = N_VNew_Serial(n, cv->context);
    cv->grid = N_VMake_Serial(n, nmm->y, cv->context);
    cv->memory =
        CVodeCreate(nmm->integrator == CAL_CVODE_ADAMS ? CV_ADAMS : CV_BDF, cv->context);
    if (cv->y == NULL || cv->tolerance == NULL || cv->grid == NULL || cv->memory == NULL)
        return false;
    memcpy(N_VGetArrayPointer(cv->y), nmm->y, nmm->n_state_values * sizeof(double));
    double *tolerance = N_VGetArrayPointer(cv->tolerance);
    for (size_t k = 0; k < nmm->n_blocks; k++) {
        const cali_block *b = &nmm->blocks[k];
        for (size_t s = 0; s < b->model->n_states; s++)
            for (size_t i = 0; i < b->n; i++)
                tolerance[b->first_state + s * b->n + i] = nmm->rtol * b->model->scales[s];
    }
    return CVodeSetErrHandlerFn(cv->memory, keep_message, nmm) == CV_SUCCESS &&
           CVodeInit(cv->memory, rhs, 0.0, cv->y) == CV_SUCCESS &&
           CVodeSVtolerances(cv->memory, nmm->rtol, cv->tolerance) == CV_SUCCESS &&
           CVodeSetUserData(cv->memory, nmm) == CV_SUCCESS &&
           CVodeSetMaxNumSteps(cv->memory, MAX_STEPS) == CV_SUCCESS &&
           CVodeSetMaxHnilWarns(cv->memory, -1) == CV_SUCCESS &&
           CVodeSetMinStep(cv->memory, SHORTEST_STEP * nmm->dt_ms) == CV_SUCCESS &&
           CVodeSetMaxStep(cv->memory, (double)nmm->window * nmm->dt_ms) == CV_SUCCESS &&
           attach_solver(nmm, cv);
}

cal_status cali_cvode_create(cal_nmm *nmm)
{
    CAL_TRY(cali_alloc(nmm->ctx, 1, sizeof *nmm->cvode, "the solver", &nmm->cvode));
    nmm->cvode->has_corners = nmm->n_externals > 0;
    for (size_t i = 0; i < nmm->n_blocks; i++)
        nmm->cvode->has_corners |= nmm->blocks[i].n_noises > 0;
    if (nmm->n_blocks == 0 || set_up(nmm, nmm->cvode))
        return CAL_OK;
    return CAL_FAIL(nmm->ctx, CAL_ERR_MEMORY, "CVODE cannot be set up: %s", nmm->cvode->message);
}

void cali_cvode_destroy(cal_nmm *nmm)
{
    cali_cvode *cv = nmm->cvode;
    if (cv == NULL)
        return;
    if (cv->memory != NULL)
        CVodeFree(&cv->memory);
    if (cv->nonlinear != NULL)
        SUNNonlinSolFree(cv->nonlinear);
    if (cv->linear != NULL)
        SUNLinSolFree(cv->linear);
    if (cv->matrix != NULL)
        SUNMatDestroy(cv->matrix);
    if (cv->y != NULL)
        N_VDestroy(cv->y);
    if (cv->tolerance != NULL)
        N_VDestroy(cv->tolerance);
    if (cv->grid != NULL)
        N_VDestroy(cv->grid);
    if (cv->context != NULL)
        SUNContext_Free(&cv->context);
    free(cv);
    nmm->cvode = NULL;
}

/* ---- advance ----------------------------------------------------------------------------------- */

/* The state with the largest part in the error that the solver could not bring down. */
static cal_status give_up(cal_nmm *nmm, double t_ms, const char *why)
{
    cali_cvode *cv = nmm->cvode;
    const double *y = N_VGetArrayPointer(cv->y);
    const cali_block *worst = &nmm->blocks[0];
    size_t state = 0, at = 0;
    double size = -1.0;
    for (size_t k = 0; k < nmm->n_blocks; k++) {
        const cali_block *b = &nmm->blocks[k];
        for (size_t s = 0; s < b->model->n_states; s++)
            for (size_t i = 0; i < b->n; i++) {
                double its = fabs(y[b->first_state + s * b->n + i]) / b->model->scales[s];
                its = isfinite(its) ? its : INFINITY;
                if (its > size) {
                    size = its;
                    worst = b;
                    state = s;
                    at = i;
                }
            }
    }
    nmm->is_broken = true;
    return CAL_FAIL(nmm->ctx, CAL_ERR_NUMERIC,
                    "E302 %s: %s cannot be followed beyond %.7g s (%s). Try a smaller gain or rk4.",
                    cali_nmm_label(nmm, worst->region[at]), worst->model->states[state].name,
                    t_ms * 1e-3, why);
}

/* Grid points up to the solver's time get their values from its interpolant. */
static cal_status record_points(cal_nmm *nmm, int64_t *next, int64_t end, double t_ms)
{
    cali_cvode *cv = nmm->cvode;
    for (; *next <= end && (double)*next * nmm->dt_ms <= t_ms; (*next)++) {
        if ((double)*next * nmm->dt_ms == t_ms)
            memcpy(nmm->y, N_VGetArrayPointer(cv->y), nmm->n_state_values * sizeof(double));
        else if (CVodeGetDky(cv->memory, (double)*next * nmm->dt_ms, 0, cv->grid) != CV_SUCCESS)
            return give_up(nmm, t_ms, cv->message);
        for (size_t k = 0; k < nmm->n_blocks; k++) {
            cali_block_check(nmm, &nmm->blocks[k], *next);
            cali_block_record(nmm, &nmm->blocks[k], *next);
        }
        CAL_TRY(cali_nmm_report_failure(nmm));
    }
    return CAL_OK;
}

static void note_failures(cal_nmm *nmm)
{
    cali_cvode *cv = nmm->cvode;
    long n = 0;
    CVodeGetNumErrTestFails(cv->memory, &n);
    nmm->counts.n_steps = cv->n_steps;
    nmm->counts.n_error_test_failures = cv->n_failures_before + (uint64_t)n;
    if (cv->has_warned || cv->has_corners || cv->n_steps < 1000 ||
        nmm->counts.n_error_test_failures * 5 < cv->n_steps)
        return;
    cv->has_warned = true;
    cal_context_note(nmm->ctx,
                     "%.0f %% of the steps of %s fail their error test: the input is not smooth. Try "
                     "rk4.",
                     100.0 * (double)nmm->counts.n_error_test_failures / (double)cv->n_steps,
                     cal_integrator_names[nmm->integrator]);
}

/* A jump of the input at this step: the solver's past does not tell its future. */
static cal_status restart_at_jump(cal_nmm *nmm)
{
    cali_cvode *cv = nmm->cvode;
    bool is_jump = false;
    for (size_t i = 0; i < nmm->n_events; i++)
        is_jump |= nmm->events[i] == nmm->now;
    if (!is_jump || nmm->now == 0)
        return CAL_OK;
    long n = 0;
    CVodeGetNumErrTestFails(cv->memory, &n);
    cv->n_failures_before += (uint64_t)n;
    if (CVodeReInit(cv->memory, (double)nmm->now * nmm->dt_ms, cv->y) != CV_SUCCESS)
        return give_up(nmm, (double)nmm->now * nmm->dt_ms, cv->message);
    return CAL_OK;
}

static cal_status run_batch(cal_nmm *nmm, int64_t n_steps)
{
    cali_cvode *cv = nmm->cvode;
    const int64_t end = nmm->now + n_steps;
    const double stop_ms = (double)end * nmm->dt_ms;
    nmm->batch_now = n_steps;
    cali_for_blocks(nmm, cali_block_gather, n_steps);
    CAL_TRY(restart_at_jump(nmm));
    if (CVodeSetStopTime(cv->memory, stop_ms) != CV_SUCCESS)
        return give_up(nmm, stop_ms, cv->message);
    int64_t next = nmm->now + 1;
    for (int n = 0; next <= end; n++) {
        sunrealtype t = 0.0;
        /* tout lies beyond tstop: with tout == tstop the solver would stand still */
        const int flag =
            CVode(cv->memory, stop_ms + (double)nmm->window * nmm->dt_ms, cv->y, &t, CV_ONE_STEP);
        if (flag < 0 || n > MAX_STEPS)
            return give_up(nmm, t, flag < 0 ? cv->message : "a million steps in one window");
        cv->n_steps++;
        CAL_TRY(record_points(nmm, &next, end, t));
    }
    cali_nmm_end_batch(nmm, n_steps);
    return CAL_OK;
}

cal_status cali_nmm_advance_cvode(cal_nmm *nmm, int64_t until)
{
    while (nmm->now < until && nmm->n_blocks > 0) {
        int64_t n_steps = until - nmm->now;
        n_steps = n_steps < nmm->batch ? n_steps : nmm->batch;
        for (size_t i = 0; i < nmm->n_events; i++)
            if (nmm->events[i] > nmm->now && nmm->events[i] - nmm->now < n_steps)
                n_steps = nmm->events[i] - nmm->now;
        CAL_TRY(run_batch(nmm, n_steps));
        note_failures(nmm);
    }
    nmm->now = until;
    return CAL_OK;
}
