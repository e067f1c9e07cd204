/* The host on SUNDIALS: CVODE (Hindmarsh et al. 2005, ACM Trans. Math. Softw. 31, 363-396) and ERKStep of ARKODE
 * (Reynolds et al. 2023, ACM Trans. Math. Softw. 49, 19), the pair of Dormand & Prince (1980, J. Comput. Appl. Math. 6,
 * 19-26) of order 5. A table of functions is all that tells them apart.
 *
 * The delayed sums stand on the grid and are interpolated in time by the Lagrange polynomial
 * through six grid points. A batch is never longer than the smallest delay, and its end is a
 * stop time, so no step asks for what is not known; the solver's history goes on across batches. It is
 * restarted only where a stimulus jumps. The outputs enter the ring from the solver's own interpolant.
 *
 * Adams solves by fixed-point iteration, BDF by Newton's method with a Jacobian of one dense block per region. */
#include <arkode/arkode_erkstep.h>
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
#include "nmm/newton.h"

enum {
    N_NODES = 6,
    MAX_STEPS = 1000000, /* per window: what needs more does not end in a sensible time */
    FEWEST_STEPS = 1000  /* that a batch may take, however short */
};
static const double SHORTEST_STEP = 1e-7; /* grid steps: what needs shorter ones goes to infinity */

/* The functions of CVODE and ERKStep that do the same; every one returns 0 where all went well. */
typedef struct solver {
    const char *name;
    void *(*create)(cal_nmm *nmm); /* with the problem, and what the method needs */
    void (*destroy)(void **memory);
    int (*set_tolerances)(void *memory, sunrealtype relative, N_Vector absolute);
    int (*set_messages)(void *memory, CVErrHandlerFn keep, void *user);
    int (*set_user)(void *memory, void *user);
    int (*set_max_steps)(void *memory, long n);
    int (*set_max_warnings)(void *memory, int n);
    int (*set_min_step)(void *memory, sunrealtype h);
    int (*set_max_step)(void *memory, sunrealtype h);
    int (*set_stop_time)(void *memory, sunrealtype t);
    int (*step)(void *memory, sunrealtype until, N_Vector y, sunrealtype *t, int task);
    int (*interpolate)(void *memory, sunrealtype t, int derivative, N_Vector y);
    int (*restart)(void *memory, sunrealtype t, N_Vector y);
    int (*begin)(void *memory, sunrealtype t, N_Vector y); /* as if it had just been made: forgets its last step too */
    int (*get_failures)(void *memory, long *n);
} solver;

struct cali_adaptive {
    const solver *solver;
    SUNContext context;
    void *memory;
    N_Vector y, tolerance, grid; /* grid: the host's own state vector */
    SUNNonlinearSolver nonlinear;
    SUNLinearSolver linear;
    SUNMatrix matrix;
    char message[256]; /* last one of the solver */
    /* of the evaluation under way */
    double nodes[N_NODES];
    int64_t first_node, path_step;
    double path_share;
    const double *x;
    double *dx;
    bool has_warned;
    bool has_corners; /* coloured noise, samples or the bins of a spiking region: known to cost steps (docs/numerics.md) */
    uint64_t n_steps, n_failures_before; /* before the last restart, if that forgets them */
};

/* ---- right-hand side ---------------------------------------------------------------------------- */

static void set_nodes(const cal_nmm *nmm, cali_adaptive *self, double t_ms)
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
        self->nodes[q] = w;
    }
    self->first_node = first;
    self->path_step = step;
    self->path_share = s - (double)step;
}

static void interpolate_sums(const cal_nmm *nmm, const cali_adaptive *self, cali_block *b)
{
    for (size_t c = 0; c < nmm->n_channels; c++) {
        double *to = b->between + c * b->n;
        b->rows[0][c] = to;
        if (nmm->wirings[nmm->channels[c].wiring].delayed[CALI_FAR].n == 0)
            continue; /* stays 0 */
        const double *from = cali_block_sums(nmm, b, c, self->first_node);
        for (size_t i = 0; i < b->n; i++) {
            double sum = 0.0;
            for (size_t q = 0; q < N_NODES; q++)
                sum += self->nodes[q] * from[q * b->n + i];
            to[i] = sum;
        }
    }
}

static void evaluate_block(cal_nmm *nmm, cali_block *b, int64_t arg)
{
    (void)arg;
    const cali_adaptive *self = nmm->adaptive;
    interpolate_sums(nmm, self, b);
    memset(b->inputs[0], 0, b->n_input_rows * b->n * sizeof(double));
    if (nmm->is_static)
        cali_block_add_terms(nmm, b, b->rows[0], b->inputs[0]);
    cali_block_add_stimuli(nmm, b, nmm->now + self->path_step, self->path_share, b->inputs[0]);
    for (size_t k = 0; k < b->n_noises; k++) {
        const double *u = b->noises[k].path + (size_t)self->path_step * b->n;
        for (size_t i = 0; i < b->n; i++)
            b->force[0][k * b->n + i] = u[i] + self->path_share * (u[b->n + i] - u[i]);
    }
    if (b->n_noises > 0)
        cali_block_add_input_noise(nmm, b, b->force[0], b->inputs[0]);
    cali_block_rhs(nmm, b, self->x + b->first_state, b->inputs[0], b->rows[0],
                   b->n_noises > 0 ? b->force[0] : NULL, self->dx + b->first_state);
}

static void show_block(cal_nmm *nmm, cali_block *b, int64_t arg)
{
    (void)arg;
    cali_block_present(nmm, b, nmm->adaptive->x + b->first_state);
}

/* `is_frozen`: instantaneous edges keep what they carried. */
static void evaluate(cal_nmm *nmm, double t_ms, const double *x, double *dx, bool is_frozen)
{
    cali_adaptive *self = nmm->adaptive;
    set_nodes(nmm, self, t_ms);
    self->x = x;
    self->dx = dx;
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

/* ---- Newton with one block per region: nmm/newton.c as a matrix and a linear solver of SUNDIALS ------ */

static SUNMatrix_ID matrix_id(SUNMatrix a)
{
    (void)a;
    return SUNMATRIX_CUSTOM;
}

static SUNMatrix matrix_new(cal_nmm *nmm, SUNContext context);

static SUNMatrix matrix_clone(SUNMatrix a)
{
    return matrix_new(((cali_newton *)a->content)->nmm, a->sunctx);
}

static void matrix_destroy(SUNMatrix a)
{
    if (a != NULL)
        cali_newton_destroy(a->content);
    SUNMatFreeEmpty(a);
}

static int matrix_zero(SUNMatrix a)
{
    cali_newton *m = a->content;
    memset(m->values, 0, m->n * sizeof(double));
    return 0;
}

static int matrix_copy(SUNMatrix a, SUNMatrix b)
{
    const cali_newton *from = a->content;
    memcpy(((cali_newton *)b->content)->values, from->values, from->n * sizeof(double));
    return 0;
}

static int matrix_scale_add(sunrealtype c, SUNMatrix a)
{
    cali_newton_scale_add(a->content, c);
    return 0;
}

static SUNMatrix matrix_new(cal_nmm *nmm, SUNContext context)
{
    SUNMatrix a = SUNMatNewEmpty(context);
    if (a == NULL)
        return NULL;
    a->content = cali_newton_create(nmm);
    if (a->content == NULL) {
        SUNMatFreeEmpty(a);
        return NULL;
    }
    a->ops->getid = matrix_id;
    a->ops->clone = matrix_clone;
    a->ops->destroy = matrix_destroy;
    a->ops->zero = matrix_zero;
    a->ops->copy = matrix_copy;
    a->ops->scaleaddi = matrix_scale_add;
    return a;
}

/* One-sided differences, all regions at once: n_states evaluations (dy is there already). */
static int jacobian(sunrealtype t, N_Vector y, N_Vector dy, SUNMatrix a, void *user, N_Vector moved,
                    N_Vector slope, N_Vector unused)
{
    (void)unused;
    cal_nmm *nmm = user;
    const double *x = N_VGetArrayPointer(y), *f = N_VGetArrayPointer(dy);
    double *z = N_VGetArrayPointer(moved), *g = N_VGetArrayPointer(slope);
    nmm->adaptive->x = x;
    if (nmm->n_instant > 0)
        cali_for_blocks(nmm, show_block, 0);
    for (size_t c = 0; cali_newton_move(nmm, c, x, z); c++) {
        evaluate(nmm, t, z, g, true);
        cali_newton_set_column(a->content, c, x, z, f, g);
    }
    return 0;
}

static SUNLinearSolver_Type solver_type(SUNLinearSolver s)
{
    (void)s;
    return SUNLINEARSOLVER_DIRECT;
}

static int solver_setup(SUNLinearSolver s, SUNMatrix a)
{
    (void)s;
    return cali_newton_factor(a->content) ? 0 : 1; /* 1, singular: the solver tries another step */
}

static int solver_solve(SUNLinearSolver s, SUNMatrix a, N_Vector x, N_Vector b, sunrealtype tolerance)
{
    (void)s;
    (void)tolerance;
    N_VScale(1.0, b, x);
    cali_newton_solve(a->content, N_VGetArrayPointer(x));
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
    snprintf(nmm->adaptive->message, sizeof nmm->adaptive->message, "%s", message);
}

static void *create_adams(cal_nmm *nmm)
{
    cali_adaptive *self = nmm->adaptive;
    self->memory = CVodeCreate(CV_ADAMS, self->context);
    self->nonlinear = SUNNonlinSol_FixedPoint(self->y, 0, self->context);
    const bool is_fit = self->memory != NULL && self->nonlinear != NULL &&
                        CVodeInit(self->memory, rhs, 0.0, self->y) == CV_SUCCESS &&
                        CVodeSetNonlinearSolver(self->memory, self->nonlinear) == CV_SUCCESS;
    return is_fit ? self->memory : NULL;
}

static void *create_bdf(cal_nmm *nmm)
{
    cali_adaptive *self = nmm->adaptive;
    self->memory = CVodeCreate(CV_BDF, self->context);
    self->matrix = matrix_new(nmm, self->context);
    self->linear = SUNLinSolNewEmpty(self->context);
    if (self->memory == NULL || self->matrix == NULL || self->linear == NULL)
        return NULL;
    self->linear->ops->gettype = solver_type;
    self->linear->ops->setup = solver_setup;
    self->linear->ops->solve = solver_solve;
    self->linear->ops->free = solver_free;
    const bool is_fit = CVodeInit(self->memory, rhs, 0.0, self->y) == CV_SUCCESS &&
                        CVodeSetLinearSolver(self->memory, self->linear, self->matrix) == CV_SUCCESS &&
                        CVodeSetJacFn(self->memory, jacobian) == CV_SUCCESS;
    return is_fit ? self->memory : NULL;
}

static void *create_erk(cal_nmm *nmm)
{
    cali_adaptive *self = nmm->adaptive;
    self->memory = ERKStepCreate(rhs, 0.0, self->y, self->context);
    const bool is_fit = self->memory != NULL &&
                        ERKStepSetTableNum(self->memory, ARKODE_DORMAND_PRINCE_7_4_5) == ARK_SUCCESS;
    return is_fit ? self->memory : NULL;
}

static int begin_erk(void *memory, sunrealtype t, N_Vector y)
{
    return ERKStepReInit(memory, rhs, t, y);
}

#define CVODE_FUNCTIONS                                                                            \
    CVodeFree, CVodeSVtolerances, CVodeSetErrHandlerFn, CVodeSetUserData, CVodeSetMaxNumSteps,     \
        CVodeSetMaxHnilWarns, CVodeSetMinStep, CVodeSetMaxStep, CVodeSetStopTime, CVode,           \
        CVodeGetDky, CVodeReInit, CVodeReInit, CVodeGetNumErrTestFails

static const solver solvers[CAL_N_INTEGRATORS] = {
    [CAL_CVODE_ADAMS] = {"CVODE", create_adams, CVODE_FUNCTIONS},
    [CAL_CVODE_BDF] = {"CVODE", create_bdf, CVODE_FUNCTIONS},
    [CAL_ERK] = {"ERKStep", create_erk, ERKStepFree, ERKStepSVtolerances, ERKStepSetErrHandlerFn,
                 ERKStepSetUserData, ERKStepSetMaxNumSteps, ERKStepSetMaxHnilWarns, ERKStepSetMinStep,
                 ERKStepSetMaxStep, ERKStepSetStopTime, ERKStepEvolve, ERKStepGetDky, ERKStepReset, begin_erk,
                 ERKStepGetNumErrTestFails},
};

static bool set_up(cal_nmm *nmm, cali_adaptive *self)
{
    if (SUNContext_Create(NULL, &self->context) != 0)
        return false;
    const sunindextype n = (sunindextype)nmm->n_state_values;
    self->y = N_VNew_Serial(n, self->context);
    self->tolerance = N_VNew_Serial(n, self->context);
    self->grid = N_VMake_Serial(n, nmm->y, self->context);
    if (self->y == NULL || self->tolerance == NULL || self->grid == NULL)
        return false;
    memcpy(N_VGetArrayPointer(self->y), nmm->y, nmm->n_state_values * sizeof(double));
    double *tolerance = N_VGetArrayPointer(self->tolerance);
    for (size_t k = 0; k < nmm->n_blocks; k++) {
        const cali_block *b = &nmm->blocks[k];
        for (size_t s = 0; s < b->model->n_states; s++)
            for (size_t i = 0; i < b->n; i++)
                tolerance[b->first_state + s * b->n + i] = nmm->rtol * b->model->scales[s];
    }
    const solver *its = self->solver;
    return its->create(nmm) != NULL && its->set_messages(self->memory, keep_message, nmm) == 0 &&
           its->set_tolerances(self->memory, nmm->rtol, self->tolerance) == 0 &&
           its->set_user(self->memory, nmm) == 0 && its->set_max_steps(self->memory, MAX_STEPS) == 0 &&
           its->set_max_warnings(self->memory, -1) == 0 &&
           its->set_min_step(self->memory, SHORTEST_STEP * nmm->dt_ms) == 0 &&
           its->set_max_step(self->memory, (double)nmm->window * nmm->dt_ms) == 0;
}

cal_status cali_adaptive_create(cal_nmm *nmm)
{
    CAL_TRY(cali_alloc(nmm->ctx, 1, sizeof *nmm->adaptive, "the solver", &nmm->adaptive));
    nmm->adaptive->solver = &solvers[nmm->integrator];
    nmm->adaptive->has_corners = nmm->n_externals > 0 || cali_nmm_has_cornered_stimuli(nmm);
    for (size_t i = 0; i < nmm->n_blocks; i++)
        nmm->adaptive->has_corners |= nmm->blocks[i].n_noises > 0;
    if (nmm->n_blocks == 0 || set_up(nmm, nmm->adaptive))
        return CAL_OK;
    return CAL_FAIL(nmm->ctx, CAL_ERR_MEMORY, "%s cannot be set up: %s", nmm->adaptive->solver->name,
                    nmm->adaptive->message);
}

void cali_adaptive_destroy(cal_nmm *nmm)
{
    cali_adaptive *self = nmm->adaptive;
    if (self == NULL)
        return;
    if (self->memory != NULL)
        self->solver->destroy(&self->memory);
    if (self->nonlinear != NULL)
        SUNNonlinSolFree(self->nonlinear);
    if (self->linear != NULL)
        SUNLinSolFree(self->linear);
    if (self->matrix != NULL)
        SUNMatDestroy(self->matrix);
    if (self->y != NULL)
        N_VDestroy(self->y);
    if (self->tolerance != NULL)
        N_VDestroy(self->tolerance);
    if (self->grid != NULL)
        N_VDestroy(self->grid);
    if (self->context != NULL)
        SUNContext_Free(&self->context);
    free(self);
    nmm->adaptive = NULL;
}

/* ---- advance ----------------------------------------------------------------------------------- */

/* The state with the largest part in the error that the solver could not bring down; grid points up to t_ms are
 * recorded. */
static cal_status give_up(cal_nmm *nmm, double t_ms, const char *why)
{
    cali_adaptive *self = nmm->adaptive;
    const double *y = N_VGetArrayPointer(self->y);
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
    char inputs[640];
    cali_nmm_say_inputs(nmm, worst, at, (int64_t)floor(t_ms / nmm->dt_ms + 1e-9), inputs, sizeof inputs);
    return CAL_FAIL(nmm->ctx, CAL_ERR_NUMERIC,
                    "E302 %s: %s cannot be followed beyond %.7g s (%s).%s Try a smaller gain or rk4.",
                    cali_nmm_label(nmm, worst->region[at]), worst->model->states[state].name,
                    t_ms * 1e-3, why, inputs);
}

/* Grid points up to the solver's time get their values from its interpolant. */
static cal_status record_points(cal_nmm *nmm, int64_t *next, int64_t end, double t_ms)
{
    cali_adaptive *self = nmm->adaptive;
    for (; *next <= end && (double)*next * nmm->dt_ms <= t_ms; (*next)++) {
        if ((double)*next * nmm->dt_ms == t_ms)
            memcpy(nmm->y, N_VGetArrayPointer(self->y), nmm->n_state_values * sizeof(double));
        else if (self->solver->interpolate(self->memory, (double)*next * nmm->dt_ms, 0, self->grid) != 0)
            return give_up(nmm, (double)(*next - 1) * nmm->dt_ms, self->message);
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
    cali_adaptive *self = nmm->adaptive;
    long n = 0;
    self->solver->get_failures(self->memory, &n);
    nmm->counts.n_steps = self->n_steps;
    nmm->counts.n_error_test_failures = self->n_failures_before + (uint64_t)n;
    if (self->has_warned || self->has_corners || self->n_steps < 1000 ||
        nmm->counts.n_error_test_failures * 5 < self->n_steps)
        return;
    self->has_warned = true;
    cal_context_note(nmm->ctx,
                     "%.0f %% of the steps of %s fail their error test: the input is not smooth. Try "
                     "rk4.",
                     100.0 * (double)nmm->counts.n_error_test_failures / (double)self->n_steps,
                     cal_integrator_names[nmm->integrator]);
}

/* The failures that the solver forgets are kept. */
static cal_status start_at(cal_nmm *nmm, int (*start)(void *memory, sunrealtype t, N_Vector y))
{
    cali_adaptive *self = nmm->adaptive;
    const double t_ms = (double)nmm->now * nmm->dt_ms;
    long before = 0, after = 0;
    self->solver->get_failures(self->memory, &before);
    if (start(self->memory, t_ms, self->y) != 0)
        return give_up(nmm, t_ms, self->message);
    self->solver->get_failures(self->memory, &after);
    self->n_failures_before += (uint64_t)(before - after);
    return CAL_OK;
}

cal_status cali_adaptive_restart(cal_nmm *nmm)
{
    cali_adaptive *self = nmm->adaptive;
    memcpy(N_VGetArrayPointer(self->y), nmm->y, nmm->n_state_values * sizeof(double));
    return start_at(nmm, self->solver->begin);
}

/* A jump of the input at this step: the solver's past does not tell its future. */
static cal_status restart_at_jump(cal_nmm *nmm)
{
    if (nmm->now == 0 || cali_nmm_next_jump(nmm, nmm->now - 1) != nmm->now)
        return CAL_OK;
    return start_at(nmm, nmm->adaptive->solver->restart);
}

/* ERKStep says nothing where its error test keeps failing. */
static const char *why_stopped(const cali_adaptive *self, int flag)
{
    if (flag >= 0)
        return "a million steps per window";
    return self->message[0] != '\0' ? self->message : "the error test fails at the shortest step";
}

static cal_status run_batch(cal_nmm *nmm, int64_t n_steps)
{
    cali_adaptive *self = nmm->adaptive;
    const int64_t end = nmm->now + n_steps;
    const double stop_ms = (double)end * nmm->dt_ms;
    nmm->batch_now = n_steps;
    cali_for_blocks(nmm, cali_block_gather, n_steps);
    CAL_TRY(restart_at_jump(nmm));
    if (self->solver->set_stop_time(self->memory, stop_ms) != 0)
        return give_up(nmm, (double)nmm->now * nmm->dt_ms, self->message);
    int64_t next = nmm->now + 1;
    sunrealtype t = (double)nmm->now * nmm->dt_ms; /* stays where it is if a step fails */
    const double most = FEWEST_STEPS + (double)MAX_STEPS * (double)n_steps / (double)nmm->window;
    for (int n = 0; next <= end; n++) {
        /* tout lies beyond tstop: with tout == tstop the solver would stand still */
        const int flag = self->solver->step(
            self->memory, stop_ms + (double)nmm->window * nmm->dt_ms, self->y, &t, CV_ONE_STEP);
        if (flag < 0 || n > most)
            return give_up(nmm, t, why_stopped(self, flag));
        self->n_steps++;
        CAL_TRY(record_points(nmm, &next, end, t));
    }
    cali_nmm_end_batch(nmm, n_steps);
    return CAL_OK;
}

cal_status cali_nmm_advance_adaptive(cal_nmm *nmm, int64_t until)
{
    while (nmm->now < until && nmm->n_blocks > 0) {
        int64_t n_steps = until - nmm->now;
        n_steps = n_steps < nmm->batch ? n_steps : nmm->batch;
        const int64_t jump = cali_nmm_next_jump(nmm, nmm->now);
        n_steps = jump - nmm->now < n_steps ? jump - nmm->now : n_steps;
        CAL_TRY(run_batch(nmm, n_steps));
        note_failures(nmm);
    }
    nmm->now = until;
    return CAL_OK;
}
