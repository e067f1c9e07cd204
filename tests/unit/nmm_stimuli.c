/* Stimuli: base/waveforms.c and nmm/stimuli.c. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/nmm.h"
#include "nmm/host.h"
#include "support/support.h"

/* x' = c: the state is the area under the stimuli. */
static void integrate(size_t n, const double *p, const double *x, const double *c, double *dx)
{
    (void)p;
    (void)x;
    memcpy(dx, c, n * sizeof *dx);
}

static void show(size_t n, const double *p, const double *x, double *y)
{
    (void)p;
    memcpy(y, x, n * sizeof *y);
}

static const cal_field state = {"x", "1", 0.0, -INFINITY, INFINITY, "area"};
static const cal_field input = {"c", "1/ms", 0.0, -INFINITY, INFINITY, "drive"};
static const double scale = 1.0;
static const cal_nmm_model adder = {.name = "adder", .title = "x' = c", .equations = "x' = c", .source = "test",
                                    .states = &state, .n_states = 1, .scales = &scale, .inputs = &input,
                                    .n_inputs = 1, .outputs = &state, .n_outputs = 1, .rhs = integrate,
                                    .observe = show};

enum { N = 40, WINDOW = 50 }; /* two blocks; steps of 0.1 ms */
static const cal_time DT = CAL_NS_PER_MS / 10;

typedef struct setup {
    cal_context *ctx;
    cal_connectome *brain;
    cal_nmm_region regions[N];
    cal_coupling coupling;
    cal_nmm_def def;
    cal_nmm *nmm;
} setup;

static void prepare(setup *s, cal_integrator method, const cal_nmm_stimulus *stimulus)
{
    static double weights[N * N], lengths[N * N];
    *s = (setup){.ctx = cali_test_context(1)};
    weights[1] = 1e-9; /* an edge, so that there are delays to keep */
    lengths[1] = 60.0;
    const cal_connectome_def def = {.name = "apart", .n_regions = N, .weights = weights, .lengths_mm = lengths};
    cr_assert(cal_connectome_create(s->ctx, &def, &s->brain) == CAL_OK, "%s", cal_context_message(s->ctx));
    for (size_t i = 0; i < N; i++)
        s->regions[i].model = &adder;
    s->coupling = cal_coupling_default();
    s->def = cal_nmm_def_default();
    s->def.connectome = s->brain;
    s->def.regions = s->regions;
    s->def.couplings = &s->coupling;
    s->def.n_couplings = 1;
    s->def.gain = 0.0;
    s->def.integrator = method;
    s->def.dt = DT;
    s->def.rtol = 1e-10;
    s->def.window = WINDOW * DT;
    s->def.seed = 11;
    s->def.stimuli = stimulus;
    s->def.n_stimuli = 1;
}

static void start(setup *s)
{
    cr_assert(cal_nmm_create(s->ctx, &s->def, &s->nmm) == CAL_OK, "%s", cal_context_message(s->ctx));
}

static void go(setup *s, cal_time until)
{
    while (cal_nmm_time(s->nmm) < until)
        cr_assert(cal_nmm_advance(s->nmm, cal_nmm_time(s->nmm) + s->def.window) == CAL_OK, "%s",
                  cal_context_message(s->ctx));
}

static double value(const setup *s, size_t region)
{
    double x;
    cal_nmm_get_state(s->nmm, region, &x);
    return x;
}

static void end(setup *s)
{
    cal_nmm_destroy(&s->nmm);
    cal_connectome_destroy(&s->brain);
    cal_context_destroy(&s->ctx);
}

static double area_of(cal_integrator method, const cal_nmm_stimulus *stimulus, cal_time until)
{
    setup s;
    prepare(&s, method, stimulus);
    start(&s);
    go(&s, until);
    const double x = value(&s, N - 1);
    end(&s);
    return x;
}

/* ---- waveforms ---------------------------------------------------------------------------------- */

/* Parameters other than the defaults, one set per waveform that jumps. */
static const struct {
    const char *name;
    double p[CAL_WAVEFORM_MAX_PARAMS];
} jumping[] = {
    {"pulse-train", {2.0, 7.3, 1.7, 3.1}},
    {"pulse-train", {2.0, 5.0, 5.0, 0.0}}, /* no rest between the pulses */
    {"dbs-monophasic", {3.0, 130.0, 0.06}},
    {"dbs-biphasic", {3.0, 185.0, 0.09, 0.3, 4.0, 0.8}},
};
enum { N_JUMPING = sizeof jumping / sizeof jumping[0] };

/* Between jumps the value is constant, so that the area is the sum of value times length, and the jumps are those of
 * the value: on both sides of each, and nowhere between. */
Test(nmm_stimuli, areas_and_jumps_are_those_of_the_value)
{
    for (size_t k = 0; k < N_JUMPING; k++) {
        const cal_waveform *w = cal_waveform_find(jumping[k].name);
        const double *p = jumping[k].p;
        double t = 0.0, sum = 0.0, n_jumps = 0.0;
        while (t < 50.0) {
            double next = w->next_jump(p, t);
            cr_assert(next > t, "%s", w->name);
            if (next - t < 1e-9) { /* the edge at t again, a rounding later */
                t = next;
                continue;
            }
            next = next < 50.0 ? next : 50.0;
            const double inside = w->value(p, t + 0.5 * (next - t));
            for (int i = 1; i < 8; i++)
                cr_expect(eq(dbl, w->value(p, t + 0.125 * i * (next - t)), inside), "%s at %g", w->name, t);
            cr_expect(epsilon_eq(dbl, w->area(p, t, next), inside * (next - t), 1e-12));
            sum += inside * (next - t);
            n_jumps += 1.0;
            t = next;
        }
        cr_expect(epsilon_eq(dbl, w->area(p, 0.0, 50.0), sum, 1e-10), "%s", w->name);
        cr_expect(gt(dbl, n_jumps, 10.0));
    }
}

/* Peaks as the fields say: alpha at onset + tau, the double exponential at 1. */
Test(nmm_stimuli, amplitudes_are_peaks)
{
    const double alpha[] = {3.0, 4.0, 2.0}, two[] = {3.0, 1.0, 10.0, 2.0};
    cr_expect(epsilon_eq(dbl, cal_waveform_find("alpha")->value(alpha, 6.0), 3.0, 1e-14));
    double peak = 0.0;
    for (double t = 0.0; t < 20.0; t += 1e-3)
        peak = fmax(peak, cal_waveform_find("double-exponential")->value(two, t));
    cr_expect(epsilon_eq(dbl, peak, 3.0, 1e-6)); /* the grid misses it by 1e-3 ms at most */
    cr_expect(eq(dbl, cal_waveform_find("alpha")->value(alpha, 1.9), 0.0));
    cr_expect(eq(dbl, cal_waveform_find("double-exponential")->value(two, 1.9), 0.0));
}

/* The chirp's instantaneous frequency: turns in 1 ms around t. */
Test(nmm_stimuli, a_chirp_goes_from_one_frequency_to_the_other)
{
    const double p[] = {0.0, 1.0, 10.0, 50.0, 200.0, 0.0};
    const cal_waveform *w = cal_waveform_find("chirp");
    /* phase after 200 ms: (10 + 50) / 2 Hz x 0.2 s = 6 turns; 300 ms: 5 more */
    const double h = 1e-5, at_start = w->value(p, h) / h, at_end = (w->value(p, 200.0 + h) - w->value(p, 200.0)) / h;
    cr_expect(epsilon_eq(dbl, w->value(p, 200.0), 0.0, 1e-12));
    cr_expect(epsilon_eq(dbl, w->value(p, 300.0), 0.0, 1e-12));
    cr_expect(epsilon_eq(dbl, at_start, 2.0 * CALI_PI * 0.010, 1e-6));
    cr_expect(epsilon_eq(dbl, at_end, 2.0 * CALI_PI * 0.050, 1e-6));
}

Test(nmm_stimuli, a_ramp_rises_and_stays)
{
    const double p[] = {1.0, 3.0, 10.0};
    const cal_waveform *w = cal_waveform_find("ramp");
    cr_expect(eq(dbl, w->value(p, 0.0), 1.0));
    cr_expect(eq(dbl, w->value(p, 2.5), 1.5));
    cr_expect(eq(dbl, w->value(p, 11.0), 3.0));
}

/* Every field's default lies in its range, and the defaults together are allowed. */
Test(nmm_stimuli, defaults_are_allowed)
{
    for (size_t k = 0; k < CAL_N_WAVEFORMS; k++) {
        const cal_waveform *w = &cal_waveforms[k];
        double p[CAL_WAVEFORM_MAX_PARAMS];
        cr_assert(w->n_params <= CAL_WAVEFORM_MAX_PARAMS);
        for (size_t i = 0; i < w->n_params; i++) {
            p[i] = w->params[i].value;
            cr_expect(p[i] >= w->params[i].low && p[i] <= w->params[i].high, "%s", w->params[i].name);
        }
        cr_expect(w->check == NULL || w->check(p) == NULL, "%s", w->name);
        const bool has_formula = w->value != NULL, has_area = w->area != NULL;
        cr_expect(has_formula == (w->source == CAL_WAVEFORM_FORMULA), "%s", w->name);
        cr_expect(has_area == (w->next_jump != NULL), "%s", w->name);
    }
}

/* ---- the host ------------------------------------------------------------------------------------ */

/* 130 pulses per second of 60 us, in steps of 100 us: 13 of them begin in 100 ms, and each gives its whole area
 * wherever it lies in a step. The same for CVODE, which restarts at the steps. */
Test(nmm_stimuli, pulses_shorter_than_a_step_keep_their_area)
{
    static const cal_integrator methods[] = {CAL_RK4, CAL_HEUN, CAL_EULER, CAL_CVODE_ADAMS, CAL_CVODE_BDF};
    const double one[] = {5.0, 130.0, 0.06}, two[] = {5.0, 130.0, 0.06, 0.02, 2.0, 1.0};
    const cal_nmm_stimulus mono = {.region = -1, .wave = cal_waveform_find("dbs-monophasic"), .params = one};
    const cal_nmm_stimulus biphasic = {.region = -1, .wave = cal_waveform_find("dbs-biphasic"), .params = two};
    for (size_t m = 0; m < sizeof methods / sizeof methods[0]; m++) {
        const double tolerance = m < 3 ? 1e-12 : 1e-7; /* roundings; rtol 1e-10 at 40 restarts */
        cr_expect(epsilon_eq(dbl, area_of(methods[m], &mono, 100 * CAL_NS_PER_MS), 13 * 5.0 * 0.06, tolerance),
                  "method %zu", m);
        cr_expect(epsilon_eq(dbl, area_of(methods[m], &biphasic, 100 * CAL_NS_PER_MS), 0.0, tolerance), "method %zu", m);
    }
}

/* Held integrators see the value at the begin of the step: Euler's sum over the grid, as The Virtual Brain's. */
Test(nmm_stimuli, held_steps_sample_the_pulse)
{
    const double p[] = {5.0, 10.0, 0.25, 0.0}; /* samples at t > 0 with t mod 10 < 0.25: 0.1, 0.2, then 10, 10.1, 10.2, ... */
    const cal_nmm_stimulus s = {.region = -1, .wave = cal_waveform_find("pulse-train"), .params = p};
    cr_expect(epsilon_eq(dbl, area_of(CAL_EULER_HELD, &s, 25 * CAL_NS_PER_MS), 8 * 5.0 * 0.1, 1e-12));
    cr_expect(epsilon_eq(dbl, area_of(CAL_EULER, &s, 25 * CAL_NS_PER_MS), 3 * 5.0 * 0.25, 1e-12));
}

/* Start 2 ms, pulses of 0.25 ms from 1.13 ms later on, every 4 ms: means change at the steps around each edge. */
Test(nmm_stimuli, jumps_are_the_steps_around_the_edges)
{
    static const int64_t expected[] = {20, 31, 32, 33, 34, 71, 72, 73, 74, 80};
    const double p[] = {1.0, 4.0, 0.25, 1.13};
    const cal_nmm_stimulus stimulus = {.region = -1, .wave = cal_waveform_find("pulse-train"), .params = p,
                                       .start = 20 * DT, .stop = 80 * DT};
    setup s;
    prepare(&s, CAL_RK4, &stimulus);
    start(&s);
    int64_t step = 0;
    for (size_t k = 0; k < sizeof expected / sizeof expected[0]; k++) {
        step = cali_nmm_next_jump(s.nmm, step);
        cr_assert(eq(i64, step, expected[k]));
    }
    cr_expect(eq(i64, cali_nmm_next_jump(s.nmm, step), INT64_MAX));
    end(&s);
}

/* On the grid an edge is one step, also where its time is no double: 0.3, 0.7, ... */
Test(nmm_stimuli, an_edge_on_the_grid_is_one_jump)
{
    const double p[] = {1.0, 0.7, 0.3, 0.1};
    const cal_nmm_stimulus stimulus = {.region = -1, .wave = cal_waveform_find("pulse-train"), .params = p};
    setup s;
    prepare(&s, CAL_RK4, &stimulus);
    start(&s);
    int64_t step = 0;
    for (int64_t k = 0; k < 2000; k++) {
        step = cali_nmm_next_jump(s.nmm, step);
        cr_assert(eq(i64, step, 1 + k / 2 * 7 + k % 2 * 3));
    }
    end(&s);
}

/* The drive of an external region: the value at a grid point belongs to the step that ends there, so the sum over steps
 * is the area that a mass gets. */
Test(nmm_stimuli, an_external_region_gets_the_area_of_the_mass_in_its_place)
{
    const double p[] = {5.0, 3.3, 0.06, 0.21};
    const double weights[N] = {[N - 1] = 0.5};
    const cal_nmm_stimulus stimulus = {.region = -1, .wave = cal_waveform_find("pulse-train"), .params = p,
                                       .weights = weights};
    setup mass, outside;
    prepare(&mass, CAL_RK4, &stimulus);
    prepare(&outside, CAL_RK4, &stimulus);
    outside.regions[N - 1].model = NULL;
    start(&mass);
    start(&outside);
    double sum = 0.0, drive[WINDOW + 1];
    const double zeros[WINDOW] = {0.0};
    for (int window = 0; window < 6; window++) {
        const cal_time t = cal_nmm_time(outside.nmm);
        cr_assert(cal_nmm_read_drive(outside.nmm, N - 1, 0, t, WINDOW, drive) == CAL_OK);
        for (size_t j = 1; j <= WINDOW; j++)
            sum += 0.1 * drive[j];
        go(&outside, t + WINDOW * DT);
        cr_assert(cal_nmm_write(outside.nmm, N - 1, zeros, WINDOW) == CAL_OK);
    }
    go(&mass, 6 * WINDOW * DT);
    cr_expect(epsilon_eq(dbl, value(&mass, N - 1), sum, 1e-12));
    cr_expect(epsilon_eq(dbl, sum, 0.5 * 10 * 5.0 * 0.06, 1e-12)); /* pulses at 0.21 + 3.3 k below 30 ms */
    end(&mass);
    end(&outside);
}

Test(nmm_stimuli, weights_scale_each_region)
{
    double weights[N];
    for (size_t i = 0; i < N; i++)
        weights[i] = 0.25 * (double)i - 2.0;
    const double p[] = {3.0};
    const cal_nmm_stimulus stimulus = {.region = -1, .wave = cal_waveform_find("step"), .params = p,
                                       .weights = weights, .stop = 20 * DT};
    setup s;
    prepare(&s, CAL_HEUN, &stimulus);
    start(&s);
    go(&s, WINDOW * DT);
    for (size_t i = 0; i < N; i++)
        cr_expect(epsilon_eq(dbl, value(&s, i), 6.0 * weights[i], 1e-12));
    end(&s);
}

/* Samples (1, 2), (2, 4), (4, 0) from 1 ms on: 2 before, straight between, 0 after. RK4 is exact on straight pieces
 * whose corners lie on the grid: 2 + 3 + 4 = 9 up to 5 ms. */
Test(nmm_stimuli, samples_are_joined_by_straight_lines)
{
    const double times[] = {1.0, 2.0, 4.0}, values[] = {2.0, 4.0, 0.0}, p[] = {0.5, 3.0, 0.0};
    const cal_nmm_stimulus stimulus = {.region = -1, .wave = cal_waveform_find("file"), .params = p,
                                       .times_ms = times, .values = values, .n_samples = 3, .start = 10 * DT};
    cr_expect(epsilon_eq(dbl, area_of(CAL_RK4, &stimulus, 10 * CAL_NS_PER_MS), 9 * 0.5 + 3.0 * 9.0, 1e-12));
    cr_expect(epsilon_eq(dbl, area_of(CAL_CVODE_ADAMS, &stimulus, 10 * CAL_NS_PER_MS), 9 * 0.5 + 3.0 * 9.0, 1e-6));
}

/* Held samples are 2 up to 2.03 ms, which lies inside of a step, 4 up to 4 ms, then 0: 2 2.03 + 4 1.97. Adaptive integrators
 * restart where the means of the steps change. */
Test(nmm_stimuli, held_samples_keep_their_area)
{
    const double times[] = {1.0, 2.03, 4.0}, values[] = {2.0, 4.0, 0.0}, p[] = {0.5, 3.0, 1.0};
    const cal_nmm_stimulus stimulus = {.region = -1, .wave = cal_waveform_find("file"), .params = p,
                                       .times_ms = times, .values = values, .n_samples = 3, .start = 10 * DT};
    const double expected = 9 * 0.5 + 3.0 * (2.0 * 2.03 + 4.0 * 1.97);
    cr_expect(epsilon_eq(dbl, area_of(CAL_RK4, &stimulus, 10 * CAL_NS_PER_MS), expected, 1e-12));
    cr_expect(epsilon_eq(dbl, area_of(CAL_CVODE_ADAMS, &stimulus, 10 * CAL_NS_PER_MS), expected, 1e-6));
}

/* One path for all regions, the same for steps and half steps at the points of both grids: the trapezoid of the coarse
 * grid is that of every second point. It is a path of standard deviation 2 around 1. */
Test(nmm_stimuli, noise_is_one_path_for_all_regions_and_steps)
{
    const double p[] = {1.0, 2.0, 4.0};
    const cal_nmm_stimulus stimulus = {.region = -1, .wave = cal_waveform_find("noise"), .params = p};
    setup coarse, fine;
    prepare(&coarse, CAL_HEUN, &stimulus);
    prepare(&fine, CAL_HEUN, &stimulus);
    fine.def.dt /= 2;
    start(&coarse);
    start(&fine);
    go(&coarse, 2000 * CAL_NS_PER_MS);
    go(&fine, 2000 * CAL_NS_PER_MS);
    cr_expect(eq(dbl, value(&coarse, 0), value(&coarse, N - 1)));
    /* trapezoids differ by the corners: sum of independent parts of 2 sqrt(dt^3 / (12 tau)) each */
    cr_expect(epsilon_eq(dbl, value(&coarse, 0), value(&fine, 0), 5.0 * 2.0 * sqrt(20000.0 * 0.001 / (6.0 * 4.0))));
    cr_expect(ne(dbl, value(&coarse, 0), value(&fine, 0)));
    /* variance of the integral of an OU path over T: 2 sigma^2 tau T */
    cr_expect(epsilon_eq(dbl, value(&coarse, 0), 2000.0, 5.0 * sqrt(2.0 * 4.0 * 4.0 * 2000.0)));
    cr_expect(fabs(value(&coarse, 0) - 2000.0) > 1.0);
    end(&coarse);
    end(&fine);
}

/* On a state it is added to the derivative: x' = c + stimulus, so both kinds add up to the sum of their areas. */
Test(nmm_stimuli, on_a_state_they_add_to_its_derivative)
{
    static const cal_integrator methods[] = {CAL_RK4, CAL_HEUN, CAL_EULER, CAL_SRA1, CAL_CVODE_ADAMS, CAL_CVODE_BDF,
                                             CAL_ERK, CAL_EULER_HELD, CAL_HEUN_HELD, CAL_RK4_HELD};
    const double p[] = {5.0, 10.0, 2.0, 1.0}, q[] = {3.0};
    const cal_nmm_stimulus both[] = {
        {.state = "x", .region = -1, .wave = cal_waveform_find("pulse-train"), .params = p},
        {.region = -1, .wave = cal_waveform_find("step"), .params = q, .stop = 20 * CAL_NS_PER_MS},
    };
    for (size_t m = 0; m < sizeof methods / sizeof methods[0]; m++) {
        setup s;
        prepare(&s, methods[m], both);
        s.def.n_stimuli = 2;
        start(&s);
        go(&s, 50 * CAL_NS_PER_MS);
        /* five pulses of 2 ms, 3 / ms during 20 ms; held, the first pulse lacks its first step, where t is its onset.
         * Roundings of 500 steps, or rtol 1e-10 at 12 restarts */
        const cal_integrator_traits its = cal_integrators[methods[m]];
        const double area = 5 * 5.0 * 2.0 + 60.0 - (its.holds ? 5.0 * 0.1 : 0.0);
        cr_expect(epsilon_eq(dbl, value(&s, N - 1), area, its.is_adaptive ? 1e-6 : 1e-11), "method %zu", m);
        end(&s);
    }
}

/* A path on a state, saved and taken up: the bits of the uninterrupted run. That of an input is another run. */
Test(nmm_stimuli, on_a_state_they_go_on_after_a_saved_state)
{
    const double p[] = {1.0, 2.0, 4.0};
    const cal_nmm_stimulus stimulus = {.state = "x", .region = -1, .wave = cal_waveform_find("noise"), .params = p};
    cal_nmm_stimulus other = stimulus;
    other.state = NULL;
    setup whole, part, next, wrong;
    prepare(&whole, CAL_RK4, &stimulus);
    prepare(&part, CAL_RK4, &stimulus);
    prepare(&next, CAL_RK4, &stimulus);
    prepare(&wrong, CAL_RK4, &other);
    start(&whole);
    start(&part);
    start(&next);
    start(&wrong);
    go(&whole, 40 * CAL_NS_PER_MS);
    go(&part, 20 * CAL_NS_PER_MS);
    char *bytes;
    size_t size;
    cr_assert(cal_nmm_save_state(part.nmm, &bytes, &size) == CAL_OK);
    cr_assert(cal_nmm_restore_state(next.nmm, bytes, size, CAL_RESTORE_CONTINUE) == CAL_OK);
    cr_expect(cal_nmm_restore_state(wrong.nmm, bytes, size, CAL_RESTORE_CONTINUE) == CAL_ERR_INPUT);
    go(&next, 40 * CAL_NS_PER_MS);
    for (size_t i = 0; i < N; i++)
        cr_expect(eq(dbl, value(&next, i), value(&whole, i)));
    cr_expect(ne(dbl, value(&whole, 0), 0.0));
    free(bytes);
    end(&whole);
    end(&part);
    end(&next);
    end(&wrong);
}

static void expect_message(const cal_nmm_stimulus *stimulus, const char *words)
{
    setup s;
    prepare(&s, CAL_RK4, stimulus);
    cr_expect(cal_nmm_create(s.ctx, &s.def, &s.nmm) == CAL_ERR_ARGUMENT);
    cr_expect(strstr(cal_context_message(s.ctx), words) != NULL, "\"%s\" in \"%s\"", words, cal_context_message(s.ctx));
    end(&s);
}

Test(nmm_stimuli, wrong_stimuli_are_refused_with_their_reason)
{
    static const double times[] = {0.0, 1.0, 1.0}, values[] = {0.0, 0.0, 0.0};
    static double weights[N] = {[3] = NAN};
    const cal_waveform *train = cal_waveform_find("pulse-train"), *file = cal_waveform_find("file");
    const struct {
        cal_nmm_stimulus stimulus;
        const char *words;
    } cases[] = {
        {{.region = N}, "a stimulus into region 40 of 40"},
        {{.region = -1, .amplitude = NAN}, "a stimulus is not finite: amplitude of sine"},
        {{.region = -1, .start = 7}, "does not fit the step 0.1 ms"},
        {{.region = -1, .input = "e"}, "the input \"e\", which its region has not"},
        {{.region = -1, .state = "e"}, "the state \"e\", which its region has not"},
        {{.region = -1, .state = "x", .input = "c"}, "on the input \"c\" and on the state \"x\", must be one of the two"},
        {{.region = -1, .wave = train, .params = (const double[]){1.0, 10.0, -1.0, 0.0}},
         "width of the stimulus pulse-train is -1, must be between 1e-06 and 1e+09"},
        {{.region = -1, .wave = train, .params = (const double[]){1.0, 10.0, 11.0, 0.0}},
         "the stimulus pulse-train cannot be: one pulse is longer than the time to the next"},
        {{.region = -1, .wave = cal_waveform_find("dbs-biphasic"), .params = (const double[]){1, 130, 2, 1, 3, 1}},
         "one pulse is longer than the time to the next"},
        {{.region = -1, .wave = cal_waveform_find("double-exponential"), .params = (const double[]){1, 5, 5, 0}},
         "rise must be below decay"},
        {{.region = -1, .wave = file}, "the stimulus file has no samples"},
        {{.region = -1, .wave = file, .times_ms = times, .values = values, .n_samples = 3},
         "sample 2 of a stimulus is not finite or not after the one before it"},
        {{.region = -1, .weights = weights}, "the weight of a stimulus in "},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
        expect_message(&cases[k].stimulus, cases[k].words);
}
