/* Two regions, A in the host and B in the host too or in a sub-simulator: a neural mass that the test integrates
 * itself (RK4, the arithmetic of the host). The systems are those of reference/numerics/pair. */
#ifndef CALI_TESTS_PAIR_H
#define CALI_TESTS_PAIR_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/numeric.h"
#include "callosum/coupler.h"
#include "support/support.h"

enum { PAIR_MAX_STEPS = 256, PAIR_MAX_STATES = 2, PAIR_MAX_PARAMS = 8 };

/* ---- a neural mass as a sub-simulator ---- */

typedef struct mass {
    const cal_nmm_model *model;
    double params[PAIR_MAX_PARAMS], y[PAIR_MAX_STATES];
    double drive[PAIR_MAX_STEPS + 3]; /* points: t - 2 dt .. t + W */
    cal_port ports[2];
    cal_time window;
    double dt_ms;
    size_t n_steps, n_done;
    bool has_started;
    double first_drive; /* points: the drive at t = 0 */
    double *trace;      /* output at every step; borrowed, grown by n_steps per window */
    int fails_at;       /* window that fails, -1: none: with a message to `ctx`, or by an infinite output */
    cal_context *ctx;
} mass;

static inline size_t mass_n_ports(const void *self)
{
    (void)self;
    return 2;
}

static inline const cal_port *mass_port(const void *self, size_t index)
{
    return &((const mass *)self)->ports[index];
}

static inline cal_time mass_window(const void *self)
{
    return ((const mass *)self)->window;
}

static inline void mass_rhs(const mass *m, const double *y, double c, double *dy)
{
    double inputs[8] = {0};
    inputs[0] = c;
    m->model->rhs(1, m->params, y, inputs, dy);
}

/* One step with the drive at its begin, middle, end; returns the integral of the output by Hermite's rule. */
static inline double mass_step(mass *m, double c0, double c1, double c2)
{
    const size_t n = m->model->n_states;
    const double h = m->dt_ms, before = m->y[0];
    double k[4][PAIR_MAX_STATES], z[PAIR_MAX_STATES], end[PAIR_MAX_STATES];
    mass_rhs(m, m->y, c0, k[0]);
    for (size_t i = 0; i < n; i++)
        z[i] = m->y[i] + 0.5 * h * k[0][i];
    mass_rhs(m, z, c1, k[1]);
    for (size_t i = 0; i < n; i++)
        z[i] = m->y[i] + 0.5 * h * k[1][i];
    mass_rhs(m, z, c1, k[2]);
    for (size_t i = 0; i < n; i++)
        z[i] = m->y[i] + h * k[2][i];
    mass_rhs(m, z, c2, k[3]);
    for (size_t i = 0; i < n; i++)
        m->y[i] += h / 6.0 * ((k[0][i] + k[3][i]) + 2.0 * (k[1][i] + k[2][i]));
    mass_rhs(m, m->y, c2, end);
    return 0.5 * h * (before + m->y[0]) + h * h / 12.0 * (k[0][0] - end[0]);
}

static inline cal_status mass_advance(void *self, cal_time t0, cal_port_data *data)
{
    mass *m = self;
    const bool is_points = m->ports[0].is_points;
    if (m->fails_at >= 0 && t0 == m->fails_at * m->window) {
        data[1].values[0] = INFINITY;
        return m->ctx == NULL ? CAL_OK
                              : cal_context_fail(m->ctx, CAL_ERR_NUMERIC, "E302 v is not finite at %g ms",
                                                 cal_time_ms(t0));
    }
    if (!m->has_started)
        for (size_t i = 0; i < 3; i++)
            m->drive[i] = m->first_drive;
    else
        memmove(m->drive, m->drive + m->n_steps, 3 * sizeof(double));
    m->has_started = true;
    if (is_points)
        memcpy(m->drive + 3, data[0].values, m->n_steps * sizeof(double));
    const size_t per_in = m->n_steps / m->ports[0].samples, per_out = m->n_steps / m->ports[1].samples;
    double sum = 0.0;
    for (size_t k = 0; k < m->n_steps; k++) {
        const double *c = m->drive + k, held = data[0].values[k / per_in];
        if (is_points) {
            mass_step(m, c[2], ((c[0] - 5.0 * c[1]) + (15.0 * c[2] + 5.0 * c[3])) * 0.0625, c[3]);
            data[1].values[k] = m->y[0];
        } else {
            sum += mass_step(m, held, held, held);
            if ((k + 1) % per_out == 0) {
                data[1].values[k / per_out] = sum / ((double)per_out * m->dt_ms);
                sum = 0.0;
            }
        }
        if (m->trace != NULL)
            m->trace[m->n_done] = m->y[0];
        m->n_done++;
    }
    return CAL_OK;
}

static inline void mass_destroy(void *self)
{
    free(self);
}

static const cal_sub_ops mass_ops = {.kind = "test",
                                     .n_ports = mass_n_ports,
                                     .port = mass_port,
                                     .advance = mass_advance,
                                     .destroy = mass_destroy,
                                     .window = mass_window};

/* ---- the systems ---- */

/* x' = -k x + c */
static inline void decay_rhs(size_t n, const double *p, const double *x, const double *c, double *dx)
{
    for (size_t i = 0; i < n; i++)
        dx[i] = c[i] - p[i] * x[i];
}

static inline void decay_observe(size_t n, const double *p, const double *x, double *y)
{
    (void)p;
    memcpy(y, x, n * sizeof *y);
}

static const cal_field decay_params[] = {{"k", "1/ms", 0.1, 0.0, 10.0, "rate of decay"}};
static const cal_field decay_rows[] = {{"x", "1", 0.0, -INFINITY, INFINITY, "state"}};
static const double decay_scales[] = {0.1};
static const cal_nmm_model decay_model = {.name = "decay", .title = "linear decay", .equations = "x' = c - k x",
    .source = "", .states = decay_rows, .n_states = 1, .scales = decay_scales, .params = decay_params,
    .n_params = 1, .inputs = decay_rows, .n_inputs = 1, .outputs = decay_rows, .n_outputs = 1,
    .rhs = decay_rhs, .observe = decay_observe};

typedef struct pair {
    cal_context *ctx;
    bool is_linear;
    double delay_ms, weights[4]; /* to-from */
    double params[2][PAIR_MAX_PARAMS], start[2][PAIR_MAX_STATES];
    const cal_nmm_model *model;
    cal_connectome *connectome;
    cal_coupling coupling;
    cal_nmm_stimulus stimuli[3];
    cal_nmm_region regions[2];
    double delays[4];
    cal_nmm_def def;
    cal_time dt;
} pair;

/* a (1 - cos w t)^3 = a (5/2 - 15/4 cos w t + 3/2 cos 2 w t - 1/4 cos 3 w t) */
static inline void pair_drive(pair *p, double a)
{
    const double amplitude[] = {-3.75, 1.5, -0.25};
    for (int i = 0; i < 3; i++)
        p->stimuli[i] = (cal_nmm_stimulus){.region = 0, .offset = i == 0 ? 2.5 * a : 0.0,
                                           .amplitude = amplitude[i] * a, .frequency_Hz = 10.0 * (i + 1),
                                           .phase = CALI_PI / 2.0};
}

static inline pair pair_make(bool is_linear, double delay_ms, cal_time dt, unsigned n_threads)
{
    pair p = {.ctx = cali_test_context(n_threads), .is_linear = is_linear, .delay_ms = delay_ms, .dt = dt};
    p.model = is_linear ? &decay_model : cal_nmm_model_find("mpr");
    if (is_linear) {
        p.params[0][0] = 0.1;
        p.params[1][0] = 0.2;
        p.weights[1] = 0.06;
        p.weights[2] = -0.3;
        pair_drive(&p, 0.05);
    } else {
        const char *names[] = {"tau", "Delta", "J", "cr"};
        const double values[] = {10.0, 2.0, 6.0, 1.0};
        for (int r = 0; r < 2; r++)
            for (int i = 0; i < 4; i++)
                p.params[r][cal_field_find(p.model->params, p.model->n_params, names[i])] = values[i];
        const int eta = cal_field_find(p.model->params, p.model->n_params, "eta");
        p.params[0][eta] = -1.0;
        p.params[1][eta] = -1.5;
        p.weights[1] = p.weights[2] = 1.5 * 10.0; /* G tau */
        const double start[] = {0.06250290651217, -0.5092721346036, 0.05640935375103, -0.5642856459386};
        memcpy(p.start, start, sizeof start);
        pair_drive(&p, 0.5);
    }
    return p;
}

/* The host; B stands in it or is external. `p` must not move afterwards. */
static inline cal_nmm *pair_host(pair *p, bool has_b, cal_time window, unsigned lag)
{
    cal_nmm *nmm = NULL;
    const char *labels[] = {"A", "B"};
    p->delays[1] = p->delays[2] = p->delay_ms;
    const cal_connectome_def made = {.name = "pair", .n_regions = 2, .weights = p->weights,
                                     .lengths_mm = p->delays, .labels = labels};
    cal_connectome_destroy(&p->connectome);
    cr_assert(cal_connectome_create(p->ctx, &made, &p->connectome) == CAL_OK);
    for (int r = 0; r < 2; r++)
        p->regions[r] = (cal_nmm_region){.model = r == 0 || has_b ? p->model : NULL, .params = p->params[r],
                                         .initial = p->start[r], .external_initial = p->start[r][0]};
    p->coupling = cal_coupling_default();
    p->def = cal_nmm_def_default();
    p->def.connectome = p->connectome;
    p->def.regions = p->regions;
    p->def.couplings = &p->coupling;
    p->def.n_couplings = 1;
    p->def.delays_ms = p->delays;
    p->def.integrator = CAL_RK4;
    p->def.dt = p->dt;
    p->def.window = window;
    p->def.lag = has_b ? 0 : lag * window;
    p->def.stimuli = p->stimuli;
    p->def.n_stimuli = 3;
    cr_assert(cal_nmm_create(p->ctx, &p->def, &nmm) == CAL_OK, "%s", cal_context_message(p->ctx));
    return nmm;
}

/* B as a mass; `samples` 0: points. */
static inline mass *pair_mass(const pair *p, cal_time window, uint32_t samples, double *trace)
{
    mass *m = calloc(1, sizeof *m);
    m->model = p->model;
    memcpy(m->params, p->params[1], sizeof m->params);
    memcpy(m->y, p->start[1], sizeof m->y);
    m->window = window;
    m->dt_ms = cal_time_ms(p->dt);
    m->n_steps = (size_t)(window / p->dt);
    m->first_drive = p->weights[2] * p->start[0][0];
    m->trace = trace;
    m->fails_at = -1;
    for (int i = 0; i < 2; i++)
        m->ports[i] = (cal_port){.name = i == 0 ? "drive" : "output", .unit = "1", .is_input = i == 0,
                                 .channels = 1, .samples = samples == 0 ? (uint32_t)m->n_steps : samples,
                                 .is_points = samples == 0};
    return m;
}

static inline cal_coupler *pair_coupler(pair *p, cal_nmm **nmm, cal_time window, unsigned lag)
{
    cal_coupler *coupler = NULL;
    cal_coupler_def def = cal_coupler_def_default();
    def.window = window;
    def.lag = lag;
    def.connectome = p->connectome;
    cr_assert(cal_coupler_create(p->ctx, &def, nmm, &coupler) == CAL_OK, "%s", cal_context_message(p->ctx));
    return coupler;
}

/* A's and B's outputs at every step of `steps`, B in the host. */
static inline void pair_run_alone(pair *p, size_t steps, double *a, double *b)
{
    const cal_time window = 10 * p->dt;
    cal_nmm *nmm = pair_host(p, true, window, 1);
    const cal_probe_def probe = {.every = p->dt};
    size_t number, n;
    cr_assert(cal_nmm_add_probe(nmm, &probe, &number, NULL) == CAL_OK);
    for (size_t k = 0; k < steps / 10; k++) {
        cr_assert(cal_nmm_advance(nmm, (cal_time)(k + 1) * window) == CAL_OK, "%s", cal_context_message(p->ctx));
        const double *rows = cal_nmm_probe_rows(nmm, number, &n);
        for (size_t j = 0; j < n; j++) {
            a[k * 10 + j] = rows[2 * j];
            b[k * 10 + j] = rows[2 * j + 1];
        }
    }
    cal_nmm_destroy(&nmm);
}

/* The same with B in a sub-simulator. `samples` as in pair_mass. */
static inline void pair_run_coupled(pair *p, size_t steps, cal_time window, unsigned lag, uint32_t samples,
                                    double *a, double *b)
{
    cal_nmm *nmm = pair_host(p, false, window, lag);
    const cal_probe_def probe = {.every = p->dt};
    size_t number, n;
    cr_assert(cal_nmm_add_probe(nmm, &probe, &number, NULL) == CAL_OK);
    cal_coupler *coupler = pair_coupler(p, &nmm, window, lag);
    const cal_link links[] = {{.transducer = cal_transducer_find("current"), .port = 0},
                              {.transducer = cal_transducer_find("mean"), .port = 1}};
    cr_assert(cal_coupler_add(coupler, "B", 1, &mass_ops, pair_mass(p, window, samples, b), links, 2) == CAL_OK,
              "%s", cal_context_message(p->ctx));
    const size_t per_window = (size_t)(window / p->dt);
    for (size_t k = 0; k < steps / per_window; k++) {
        cr_assert(cal_coupler_advance(coupler) == CAL_OK, "%s", cal_context_message(p->ctx));
        const double *rows = cal_nmm_probe_rows(cal_coupler_nmm(coupler), number, &n);
        for (size_t j = 0; j < n; j++)
            a[k * per_window + j] = rows[2 * j];
    }
    cal_coupler_destroy(&coupler);
}

static inline void pair_free(pair *p)
{
    cal_connectome_destroy(&p->connectome);
    cal_context_destroy(&p->ctx);
}

#endif
