/* How accurate a run is: its first second again at finer steps, and what that says.
 *
 *     runs        x_0 at dt (rtol), x_1 at dt/2 (rtol/10), x_2 at dt/4 (rtol/100); white noise: the same path in all
 *     d_ab(t)     root mean square over the regions of x_a(t) - x_b(t), over the signal's standard deviation
 *     order       p = log(max d_01 / max d_12) / log r,    r = 2, for tolerances 10
 *     error       max_t d_02 / (1 - r^-2p), since x_2 is off by r^-2p of what x_0 is off by
 *
 * (Richardson's extrapolation.) Schemes that hold the coupling round the delays too, which is no smooth function of dt:
 * their x_2 is a scheme of higher order at dt/4, and d_02, d_12 are the errors themselves. Where differences grow, as in chaotic networks, p is taken from the time before they
 * pass 1 %. */
#include "experiment/accuracy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "experiment/session.h"

enum { N_FINER = 3, HELD = N_FINER, N_RUNS };

static const cal_time LONGEST = 1000 * CAL_NS_PER_MS;
/* Differences below are roundings: no order can be seen in them. */
#define ROUNDINGS 1e-12
#define PERCENT 0.01
#define FINEST_TOLERANCE 1e-13 /* that solvers can keep */

/* Samples of one quantity of all runs: (samples x regions) each. */
typedef struct series {
    double *rows[N_RUNS]; /* [HELD] NULL: not computed */
    size_t n_samples, n_regions;
} series;

typedef struct check {
    cal_context *ctx;   /* its own: notes of the repeated runs are dropped */
    cal_experiment e;   /* a copy; what it points to is the experiment's */
    cali_signal *signals;
    bool is_mean_field;
    bool has_saved_state;
    bool has_truth; /* x_2 is of a better scheme */
    cal_accuracy *out;
    series *series; /* per row of `out` */
    cal_time every;
} check;

/* ---- the experiment to repeat ----------------------------------------------------------------- */

/* Each recorded quantity of the masses once, as points; without any, the first output of the default model. */
static cal_status choose_signals(check *c, const cal_experiment *e)
{
    CAL_TRY(cali_alloc(c->ctx, e->n_signals + 1, sizeof *c->signals, "signals", &c->signals));
    size_t n = 0;
    for (size_t i = 0; i < e->n_signals; i++) {
        bool is_new = cali_wish_kind_of(e, &e->signals[i]) == CALI_WISH_REGIONS;
        for (size_t k = 0; is_new && k < n; k++)
            is_new = strcmp(c->signals[k].what, e->signals[i].what) != 0;
        if (is_new)
            c->signals[n++] = (cali_signal){.what = e->signals[i].what, .of = e->signals[i].of, .every = c->every};
    }
    if (n == 0) {
        const cal_nmm_model *m = e->masses[e->assignments[0].mass].model;
        c->signals[n++] = (cali_signal){.what = (char *)m->outputs[0].name, .every = c->every};
    }
    c->e.signals = c->signals;
    c->e.n_signals = n;
    return CAL_OK;
}

/* What the run itself would take: integrator, step, and its name for a mean field. */
static cal_status plan(check *c, const cal_experiment *e, cal_plan *out)
{
    cal_session_def def = cal_session_def_default();
    cal_session *session = NULL;
    def.is_check = true;
    def.is_mean_field = c->is_mean_field;
    CAL_TRY(cal_session_create(c->ctx, e, &def, &session));
    *out = cal_session_plan(session);
    cal_session_destroy(&session);
    return CAL_OK;
}

/* The first second, or nearly: a whole number of steps with many divisors, so that windows are long. */
static cal_time first_second(cal_time duration, cal_time dt)
{
    if (duration <= LONGEST)
        return duration;
    const cal_time block = 64 * dt;
    return LONGEST % dt == 0 || block > LONGEST ? LONGEST / dt * dt : LONGEST / block * block;
}

static cal_status prepare(check *c, const cal_experiment *e)
{
    cal_plan p;
    CAL_TRY(plan(c, e, &p));
    cal_accuracy *a = c->out;
    const bool is_adaptive = cal_integrators[p.integrator].is_adaptive;
    a->integrator = p.integrator;
    a->dt = p.dt;
    a->rtol = is_adaptive ? (e->rtol > 0.0 ? e->rtol : 1e-6) : 0.0;
    a->duration = first_second(e->duration, p.dt);
    a->is_mean_field = p.n_networks > 0;
    for (size_t k = 0; k < e->n_noises; k++) {
        a->has_white = a->has_white || e->noises[k].tau_ms == 0.0;
        a->has_coloured = a->has_coloured || e->noises[k].tau_ms > 0.0;
    }
    const cal_time steps = (CAL_NS_PER_MS + p.dt - 1) / p.dt;
    c->every = steps * p.dt <= a->duration ? steps * p.dt : p.dt;
    c->has_saved_state = e->initial_state != NULL;
    c->e = *e;
    c->e.duration = a->duration;
    c->e.transient = 0;
    c->e.window = 0;
    c->e.lag = 0;
    c->e.budget_bytes = 0.0;
    c->e.has_results = false;
    c->e.initial_state = NULL; /* its history stands on the grid of its own step */
    return choose_signals(c, e);
}

/* ---- repeating it ------------------------------------------------------------------------------ */

static cal_status read_rows(check *c, cal_recording *recording, int run)
{
    cal_accuracy *a = c->out;
    for (size_t r = 0; r < a->n_rows; r++) {
        const cal_recording_signal signal = cal_recording_get_signal(recording, r);
        series *s = &c->series[r];
        s->n_samples = signal.n_rows;
        s->n_regions = signal.n_columns;
        CAL_TRY(cali_alloc(c->ctx, s->n_samples * s->n_regions, sizeof(double), "samples", &s->rows[run]));
        CAL_TRY(cal_recording_read(recording, r, 0, s->n_samples, s->rows[run]));
    }
    return CAL_OK;
}

static cal_status repeat(check *c, int run)
{
    cal_session_def def = cal_session_def_default();
    def.sink = "memory";
    def.is_mean_field = true;
    cal_session *session = NULL;
    cal_recording *recording = NULL;
    cal_status status = cal_session_create(c->ctx, &c->e, &def, &session);
    while (status == CAL_OK && !cal_session_is_done(session))
        status = cal_session_advance(session);
    if (status == CAL_OK)
        status = cal_session_finish(session);
    if (status == CAL_OK)
        status = cal_recording_from_memory(session->recorder, &recording);
    if (status == CAL_OK)
        status = read_rows(c, recording, run);
    cal_recording_close(&recording);
    cal_session_destroy(&session);
    return status;
}

/* The scheme of The Virtual Brain at the same step, where it can do this run; otherwise nothing is said of it. */
static cal_status repeat_held(check *c)
{
    if (cal_integrators[c->out->integrator].holds)
        return CAL_OK;
    c->e.integrator = CAL_HEUN_HELD;
    c->e.dt = c->out->dt;
    const cal_status status = repeat(c, HELD);
    if (status == CAL_OK || status == CAL_ERR_MEMORY)
        return status;
    cal_context_clear(c->ctx);
    for (size_t r = 0; r < c->out->n_rows; r++) {
        free(c->series[r].rows[HELD]);
        c->series[r].rows[HELD] = NULL;
    }
    return CAL_OK;
}

/* A scheme that solves the same equation as a held one, and better; held ones read noise that depends on the state as Ito
 * does, which none of higher order does. */
static bool find_truth(const cal_experiment *e, bool has_white, cal_integrator *truth)
{
    for (size_t k = 0; k < e->n_noises; k++)
        if (e->noises[k].form != CAL_NOISE_ADDITIVE)
            return false;
    *truth = has_white ? CAL_SRA1 : CAL_RK4;
    return true;
}

static cal_status repeat_all(check *c)
{
    cal_accuracy *a = c->out;
    cal_integrator truth = a->integrator;
    if (cal_integrators[a->integrator].holds)
        c->has_truth = find_truth(&c->e, a->has_white, &truth);
    for (int k = 0; k < N_FINER; k++) {
        c->e.integrator = k == N_FINER - 1 ? truth : a->integrator;
        c->e.dt = a->dt >> k;
        if (c->e.dt << k != a->dt)
            return CAL_FAIL(c->ctx, CAL_ERR_UNSUPPORTED, "a step of %g ms cannot be halved twice: times are whole "
                            "nanoseconds", cal_time_ms(a->dt));
        if (a->rtol > 0.0)
            c->e.rtol = fmax(a->rtol * pow(10.0, -k), FINEST_TOLERANCE);
        CAL_TRY(repeat(c, k));
    }
    return repeat_held(c);
}

/* ---- what it says ------------------------------------------------------------------------------- */

/* Root mean square over time and regions of what each region's values are off their mean; `*size` gets that of the
 * values. Columns that hold no numbers (regions without this quantity) do not count. */
static double spread(const series *s, const double *x, double *size)
{
    double sum = 0.0, squares = 0.0;
    size_t n = 0;
    for (size_t i = 0; i < s->n_regions; i++) {
        if (!isfinite(x[i]))
            continue;
        double mean = 0.0;
        for (size_t t = 0; t < s->n_samples; t++)
            mean += x[t * s->n_regions + i] / (double)s->n_samples;
        for (size_t t = 0; t < s->n_samples; t++) {
            const double d = x[t * s->n_regions + i] - mean;
            sum += d * d;
            squares += x[t * s->n_regions + i] * x[t * s->n_regions + i];
        }
        n += s->n_samples;
    }
    *size = n > 0 ? sqrt(squares / (double)n) : 0.0;
    return n > 0 ? sqrt(sum / (double)n) : 0.0;
}

static double distance(const series *s, size_t t, int a, int b)
{
    const double *x = s->rows[a] + t * s->n_regions, *y = s->rows[b] + t * s->n_regions;
    double sum = 0.0;
    size_t n = 0;
    for (size_t i = 0; i < s->n_regions; i++) {
        if (!isfinite(x[i]) || !isfinite(y[i]))
            continue;
        sum += (x[i] - y[i]) * (x[i] - y[i]);
        n++;
    }
    return n > 0 ? sqrt(sum / (double)n) : 0.0;
}

static double largest(const series *s, size_t n, int a, int b)
{
    double worst = 0.0;
    for (size_t t = 0; t < n; t++)
        worst = fmax(worst, distance(s, t, a, b));
    return worst;
}

static void judge(const check *c, const series *s, cal_accuracy_row *row)
{
    enum { FEWEST = 10 };
    double size;
    const double sd = spread(s, s->rows[N_FINER - 1], &size);
    row->is_constant = sd <= 1e-9 * size;
    const double scale = row->is_constant ? (size > 0.0 ? size : 1.0) : sd;
    size_t n = 0;
    while (n < s->n_samples && distance(s, n, 0, 2) <= PERCENT * scale)
        n++;
    row->diverges_at_ms = n < s->n_samples ? cal_time_ms(c->every) * (double)(n + 1) : INFINITY;
    if (n < FEWEST)
        n = s->n_samples;
    const double ratio = c->out->rtol > 0.0 ? 10.0 : 2.0;
    const double d01 = largest(s, n, 0, c->has_truth ? 2 : 1) / scale, d12 = largest(s, n, 1, 2) / scale;
    row->order = d12 > ROUNDINGS ? log(d01 / d12) / log(ratio) : NAN;
    /* a quarter of an order at least: where refining gains nothing, no factor makes an error of it */
    const double p = row->order > 0.25 ? row->order : isnan(row->order) ? 1.0 : 0.25;
    const double left = c->has_truth ? 0.0 : pow(ratio, -p); /* of the error of x_1 in x_2 */
    row->error = largest(s, s->n_samples, 0, 2) / scale / (1.0 - left * left);
    row->finer = largest(s, s->n_samples, 1, 2) / scale / (1.0 - left);
    row->held_error = s->rows[HELD] != NULL ? largest(s, s->n_samples, HELD, 2) / scale : NAN;
}

static cal_status name_rows(check *c)
{
    cal_accuracy *a = c->out;
    CAL_TRY(cali_alloc(c->ctx, c->e.n_signals, sizeof *a->rows, "accuracy", &a->rows));
    CAL_TRY(cali_alloc(c->ctx, c->e.n_signals, sizeof *c->series, "accuracy", &c->series));
    a->n_rows = c->e.n_signals;
    for (size_t r = 0; r < a->n_rows; r++)
        CAL_TRY(cali_copy_text(c->ctx, c->e.signals[r].what, &a->rows[r].what));
    return CAL_OK;
}

static void add_held(cali_text *t, const cal_accuracy *a)
{
    if (isfinite(a->held_error))
        cali_text_format(t, "; heun-held at %g ms, the scheme of The Virtual Brain, to %.1g", cal_time_ms(a->dt),
                         a->held_error);
}

/* One sentence, and what a reader must know to believe it. */
static cal_status say(check *c)
{
    cal_accuracy *a = c->out;
    cali_text t = {0};
    double first_ms = INFINITY;
    a->error = a->held_error = 0.0;
    for (size_t r = 0; r < a->n_rows; r++) {
        a->error = fmax(a->error, a->rows[r].error);
        a->held_error = isfinite(a->rows[r].held_error) ? fmax(a->held_error, a->rows[r].held_error) : NAN;
        first_ms = fmin(first_ms, a->rows[r].diverges_at_ms);
    }
    if (a->rtol > 0.0)
        cali_text_format(&t, "at tolerance %g and a grid of %g ms", a->rtol, cal_time_ms(a->dt));
    else
        cali_text_format(&t, "at %g ms", cal_time_ms(a->dt));
    if (isfinite(first_ms)) {
        cali_text_format(&t, " the traces are right to 1 %% of their standard deviation up to %.4g ms only; %s", first_ms,
                         a->has_coloured ? "take a finer step, or compare statistics after that"
                                         : "after that differences have grown: compare statistics, or take a finer step");
    } else {
        cali_text_format(&t, " the traces are right to %.1g of their standard deviation over %g s", a->error,
                         cal_time_ms(a->duration) / 1e3);
        add_held(&t, a);
    }
    if (a->has_white)
        cali_text_add(&t, ". All steps see the same path of the white noise: these are strong errors");
    if (a->has_coloured)
        cali_text_add(&t, ". Coloured noise is linear between grid points: finer steps add detail to its path, which is part of these "
                          "errors (--set noise=[] shows those of the scheme alone)");
    if (a->is_mean_field)
        cali_text_add(&t, ". Only the host is checked: the mean fields stand in for the spiking regions");
    if (c->has_saved_state)
        cali_text_add(&t, ". The saved state belongs to one step: here all begin at the models' initial values");
    cali_text_add(&t, ".");
    if (t.is_broken) {
        cali_text_free(&t);
        return CAL_FAIL(c->ctx, CAL_ERR_MEMORY, "no memory for the accuracy");
    }
    a->sentence = t.data;
    return CAL_OK;
}

static cal_status measure(check *c, const cal_experiment *experiment)
{
    CAL_TRY(prepare(c, experiment));
    CAL_TRY(name_rows(c));
    CAL_TRY(repeat_all(c));
    for (size_t r = 0; r < c->out->n_rows; r++)
        judge(c, &c->series[r], &c->out->rows[r]);
    return say(c);
}

cal_status cal_accuracy_measure(cal_context *ctx, const cal_experiment *experiment, bool is_mean_field,
                                cal_accuracy **out)
{
    *out = NULL;
    if (experiment->is_alone)
        return cali_experiment_fail(ctx, experiment, experiment->networks[0].place, "C107", "--check-step is about the step of "
                                    "neural masses, and a network of its own has none\ntry network.step: half of what it is");
    check c = {.is_mean_field = is_mean_field};
    cal_context_def quiet = cal_context_def_default();
    quiet.n_threads = cal_context_n_threads(ctx);
    if (cal_context_create(&quiet, &c.ctx) != CAL_OK)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for the accuracy");
    cal_status status = cali_alloc(c.ctx, 1, sizeof *c.out, "accuracy", &c.out);
    if (status == CAL_OK)
        status = measure(&c, experiment);
    if (status != CAL_OK)
        CAL_FAIL(ctx, status, "%s", cal_context_message(c.ctx));
    for (size_t r = 0; c.series != NULL && r < c.out->n_rows; r++)
        for (int k = 0; k < N_RUNS; k++)
            free(c.series[r].rows[k]);
    free(c.series);
    free(c.signals);
    cal_context_destroy(&c.ctx);
    if (status != CAL_OK)
        cal_accuracy_destroy(&c.out);
    *out = c.out;
    return status;
}

void cal_accuracy_destroy(cal_accuracy **accuracy)
{
    if (accuracy == NULL || *accuracy == NULL)
        return;
    cal_accuracy *a = *accuracy;
    for (size_t r = 0; r < a->n_rows; r++)
        free(a->rows[r].what);
    free(a->rows);
    free(a->sentence);
    free(a);
    *accuracy = NULL;
}

void cali_accuracy_write(cali_text *json, const char *key, const cal_accuracy *a)
{
    cali_json_open(json, key, "{");
    cali_json_text(json, "sentence", a->sentence);
    cali_json_number(json, "duration_ms", cal_time_ms(a->duration));
    cali_json_text(json, "integrator", cal_integrator_names[a->integrator]);
    cali_json_number(json, "dt_ms", cal_time_ms(a->dt));
    cali_json_number(json, "tolerance", a->rtol > 0.0 ? a->rtol : NAN);
    cali_json_bool(json, "mean_field_in_place_of_networks", a->is_mean_field);
    cali_json_open(json, "quantities", "[");
    for (size_t r = 0; r < a->n_rows; r++) {
        const cal_accuracy_row *row = &a->rows[r];
        cali_json_open(json, NULL, "{");
        cali_json_text(json, "what", row->what);
        cali_json_number(json, "error", row->error);
        cali_json_number(json, "error_finer", row->finer);
        cali_json_number(json, "order", row->order);
        cali_json_number(json, "error_heun_held", row->held_error);
        cali_json_number(json, "one_percent_at_ms", row->diverges_at_ms);
        cali_json_bool(json, "is_constant", row->is_constant);
        cali_json_close(json, "}");
    }
    cali_json_close(json, "]");
    cali_json_close(json, "}");
}
