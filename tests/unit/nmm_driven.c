/* Outputs that depend on the inputs of the same moment: y = x + k c. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "nmm/host.h"
#include "support/nmm_net.h"

/* x' = -x / 10 ms, whatever arrives; y = x + k (c + own), own = y(t - d). */
enum { K, D };
static const cal_field params[] = {
    [K] = {"k", "1", 0.5, -1.0, 1.0, "share of the input"},
    [D] = {"d", "ms", 3.0, 0.0, 100.0, "own delay"},
};
static const cal_field states[] = {{"x", "1", 1.0, -INFINITY, INFINITY, "state"}};
static const double scales[] = {1.0};
static const cal_field inputs[] = {{"c", "1", 0.0, -INFINITY, INFINITY, "input"},
                                   {"own", "1", 0.0, -INFINITY, INFINITY, "own output, late"}};
static const cal_field outputs[] = {{"y", "1", 0.0, -INFINITY, INFINITY, "output"}};
static const cal_own_delay own_delays[] = {{.output = 0, .input = 1, .param = D}};

static void rhs(size_t n, const double *p, const double *x, const double *c, double *dx)
{
    (void)p;
    (void)c;
    for (size_t i = 0; i < n; i++)
        dx[i] = -0.1 * x[i];
}

static void observe(size_t n, const double *p, const double *x, double *y)
{
    (void)p;
    memcpy(y, x, n * sizeof *y);
}

static void observe_driven(size_t n, const double *p, const double *x, const double *c, double *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] + p[K * n + i] * (c[i] + c[n + i]);
}

static const cal_nmm_model driven = {.name = "driven", .title = "driven", .equations = "x' = -x / 10, y = x + k c",
    .source = "test", .states = states, .n_states = 1, .scales = scales, .params = params, .n_params = 2,
    .inputs = inputs, .n_inputs = 2, .outputs = outputs, .n_outputs = 1, .rhs = rhs, .observe = observe,
    .observe_driven = observe_driven, .own_delays = own_delays, .n_own_delays = 1};

static net make(size_t n)
{
    net a = net_make(n, NULL, 1);
    for (size_t i = 0; i < n; i++) {
        a.regions[i].model = &driven;
        a.initial[i * NET_MAX_ROWS] = 1.0;
        a.params[i * NET_MAX_ROWS + K] = 0.5;
        a.params[i * NET_MAX_ROWS + D] = 3.0;
    }
    a.def.dt = CAL_NS_PER_MS / 8;
    a.def.window = CAL_NS_PER_MS / 2;
    return a;
}

static size_t probe(net *a)
{
    size_t number;
    const cal_probe_def def = {.what = "y", .every = a->def.window};
    cr_assert(cal_nmm_add_probe(a->nmm, &def, &number, NULL) == CAL_OK, "%s", cal_context_message(a->ctx));
    return number;
}

/* y(t) = x(t) + k y(t - d), y = 1 up to t = 0: a sum over the delays, taken back to the past. */
static double echo(double t_ms, double k, double d_ms)
{
    double y = 0.0, share = 1.0;
    for (; t_ms > 1e-9; t_ms -= d_ms, share *= k)
        y += share * exp(-0.1 * t_ms);
    return y + share;
}

/* Delays on the grid, beyond and within a batch, are looked up exactly; left are the errors of x and its output. */
Test(nmm_driven, an_echo_of_the_output_is_exact_with_every_integrator)
{
    static const struct {
        cal_integrator integrator;
        double tolerance;
    } cases[] = {{CAL_RK4, 1e-8}, {CAL_HEUN, 1e-4}, {CAL_CVODE_ADAMS, 1e-5}, {CAL_CVODE_BDF, 1e-5}};
    static const double delay_ms[2] = {3.0, 0.5};
    for (size_t k = 0; k < 4; k++) {
        size_t m;
        net a = make(2);
        a.def.integrator = cases[k].integrator;
        for (size_t i = 0; i < 2; i++)
            a.params[i * NET_MAX_ROWS + D] = delay_ms[i];
        net_create(&a);
        const size_t y = probe(&a);
        for (double t_ms = 0.5; t_ms < 20.0; t_ms += 0.5) {
            cr_assert(net_run(&a, (cal_time)(t_ms * 1e6)) == CAL_OK, "%s", cal_context_message(a.ctx));
            const double *row = cal_nmm_probe_rows(a.nmm, y, &m);
            for (size_t i = 0; i < 2; i++)
                cr_assert(epsilon_eq(dbl, row[(m - 1) * 2 + i], echo(t_ms, 0.5, delay_ms[i]), cases[k].tolerance),
                          "integrator %zu, delay %g ms, at %g ms", k, delay_ms[i], t_ms);
        }
        net_free(&a);
    }
}

/* An edge carries the driven output, too: y_0 = x + k y_1(t - 4). */
Test(nmm_driven, edges_carry_the_driven_output)
{
    size_t m;
    net a = make(2);
    a.params[NET_MAX_ROWS + D] = 2.0;
    a.params[D] = 100.0; /* 1 in the past throughout */
    net_edge(&a, 0, 1, 1.0, 4.0);
    net_create(&a);
    const size_t y = probe(&a);
    cr_assert(net_run(&a, 12 * CAL_NS_PER_MS) == CAL_OK);
    const double truth = exp(-1.2) + 0.5 * (1.0 + echo(8.0, 0.5, 2.0));
    cr_expect(epsilon_eq(dbl, cal_nmm_probe_rows(a.nmm, y, &m)[0], truth, 1e-8));
    net_free(&a);
}

/* A stimulus acts in (start, stop]: its last sample is at stop. */
Test(nmm_driven, stimuli_show_at_once)
{
    size_t m;
    net a = make(1);
    const cal_nmm_stimulus stimulus = {.input = "c", .offset = 0.7, .start = 2 * CAL_NS_PER_MS,
                                       .stop = 4 * CAL_NS_PER_MS};
    a.def.stimuli = &stimulus;
    a.def.n_stimuli = 1;
    a.params[D] = 100.0;
    net_create(&a);
    const size_t y = probe(&a);
    for (int k = 1; k <= 12; k++) {
        const double t_ms = 0.5 * k, c = t_ms > 2.0 && t_ms <= 4.0 ? 0.7 : 0.0;
        cr_assert(net_run(&a, k * a.def.window) == CAL_OK);
        cr_expect(epsilon_eq(dbl, cal_nmm_probe_rows(a.nmm, y, &m)[0], exp(-0.1 * t_ms) + 0.5 * (1.0 + c), 1e-8),
                  "at %g ms", t_ms);
    }
    net_free(&a);
}

/* Noise on an input: the path itself, here one that is given. */
Test(nmm_driven, noise_on_an_input_shows_at_once)
{
    enum { N_PATH = 100 };
    double path[N_PATH];
    for (int j = 0; j < N_PATH; j++)
        path[j] = 0.01 * j * j - 0.3 * j;
    size_t m;
    net a = make(1);
    const cal_nmm_noise noise = {.input = "c", .level = 1.0, .tau_ms = 5.0};
    a.def.noises = &noise;
    a.def.n_noises = 1;
    a.params[D] = 100.0;
    net_create(&a);
    cali_nmm_inject_path(a.nmm, path, N_PATH);
    const size_t y = probe(&a);
    for (int k = 1; k <= 20; k++) {
        cr_assert(net_run(&a, k * a.def.window) == CAL_OK);
        cr_expect(epsilon_eq(dbl, cal_nmm_probe_rows(a.nmm, y, &m)[0],
                             exp(-0.05 * k) + 0.5 * (1.0 + path[4 * k]), 1e-8), "step %d", 4 * k);
    }
    net_free(&a);
}

/* What arrives without a delay cannot be known before what is sent. */
Test(nmm_driven, inputs_without_delay_are_refused)
{
    net a = make(2);
    a.params[D] = 0.0;
    cr_expect(eq(int, net_try(&a), CAL_ERR_UNSUPPORTED));
    cr_expect(strstr(cal_context_message(a.ctx), "own delays above 0") != NULL, "%s", cal_context_message(a.ctx));
    net_restart(&a);
    a.params[D] = 3.0;
    net_edge(&a, 0, 1, 1.0, 0.0);
    cr_expect(eq(int, net_try(&a), CAL_ERR_UNSUPPORTED));
    net_restart(&a);
    net_edge(&a, 0, 1, 1.0, 2.0);
    a.coupling[0].kind = CAL_COUPLING_DIFFERENCE;
    cr_expect(eq(int, net_try(&a), CAL_ERR_UNSUPPORTED));
    net_restart(&a);
    a.coupling[0].kind = CAL_COUPLING_LINEAR;
    cr_expect(eq(int, net_try(&a), CAL_OK));
    net_free(&a);
}
