/* Neurons as texts against the same ones built in, and against accurate solutions (reference/spiking/ode). */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include "support/network_run.h"
#include "support/own_neurons.h"
#include "support/snn_single.h"

#define IZH_NAMES {"a", "b", "c", "d", "I_e", "u"}
#define LIF_NAMES {"C_m", "tau_m", "E_L", "V_th", "V_reset", "t_ref", "I_e", "tau_exc", "tau_inh"}
#define COND_NAMES {"C_m", "g_L", "E_L", "E_exc", "E_inh", "tau_exc", "tau_inh", "V_th", "V_reset", "t_ref", "I_e"}

/* The same neuron twice, under the same settings and trains. */
typedef struct pair {
    const char *text;
    cali_single single; /* settings that one of both does not have are the other's alone */
    double v_mV;        /* largest difference of the first state, between spikes and at them */
    double late_ms;     /* largest difference of a spike's time */
} pair;

static const pair pairs[] = {
    /* forward Euler with carried rounding, the operations in one order: the same bits */
    {"izhikevich", {.neuron = "izhikevich", IZH_NAMES, {0.02, 0.2, -65, 8, 10, -13}, 0.1}, 0, 0},
    {"izhikevich", {.neuron = "izhikevich", IZH_NAMES, {0.1, 0.2, -65, 2, 10, -13}, 0.05}, 0, 0},
    {"izhikevich", {.neuron = "izhikevich", IZH_NAMES, {0.02, 0.25, -65, 2, 10, -16.25}, 0.01}, 0, 0},
    /* arrivals are added before the rounding in one and behind it in the other; the upstroke of a spike makes 4e-6 mV a
     * thousand times as much */
    {"izhikevich", {.neuron = "izhikevich", IZH_NAMES, {0.02, 0.2, -65, 8, 6, -13}, 0.1, "input", "input", 3, -2, 1, false}, 2e-2, 0},
    /* exact propagators in both */
    {"lif", {.neuron = "lif", LIF_NAMES, {200, 20, -65, -50, -65, 2, 180, 2, 8}, 0.1}, 1e-3, 0},
    {"lif", {.neuron = "lif", LIF_NAMES, {200, 20, -65, -50, -65, 2, 80, 2, 8}, 0.1, "excitatory", "inhibitory", 150, -60, 1, false}, 1e-3, 0},
    /* tau_m = tau_inh, where the textbook's quotient is 0 / 0 */
    {"lif", {.neuron = "lif", LIF_NAMES, {200, 20, -65, -50, -65, 2, 150, 2, 20}, 0.1, "excitatory", "inhibitory", 150, -60, 1, false}, 1e-3, 0},
    /* Runge-Kutta 4 with exact conductances and currents in both, in steps of one length; an upstroke of 400 mV/ms makes
     * 2e-2 mV of 5e-5 ms that roundings add up to */
    {"lif_cond", {.neuron = "lif-cond", COND_NAMES, {200, 10, -60, 0, -80, 5, 10, -50, -60, 5, 20}, 0.1, "excitatory", "inhibitory", 6, 20, 1, false}, 1e-3, 0},
    {"hindmarsh_rose", {.neuron = "hindmarsh-rose", {"I_e"}, {2}, 0.05}, 1e-2, 0},
    {"hindmarsh_rose", {.neuron = "hindmarsh-rose", {"I_e"}, {3}, 0.05, "excitatory", "inhibitory", 0.5, -0.3, 1, false}, 3e-2, 0},
    {"morris_lecar", {.neuron = "morris-lecar", {"I_e"}, {100}, 0.1}, 1e-2, 0},
    {"morris_lecar", {.neuron = "morris-lecar", {"I_e"}, {60}, 0.1, "excitatory", "inhibitory", 80, -20, 1, false}, 1e-2, 0},
    {"hh_traub", {.neuron = "hh-traub", {"V_spike", "at_crossing", "I_e"}, {0, 1, 300}, 0.1}, 1e-2, 0},
    {"hh_traub", {.neuron = "hh-traub", {"V_spike", "at_crossing", "I_e"}, {0, 1, 50}, 0.1, "excitatory", "inhibitory", 6, 12, 1, false}, 5e-2, 0},
    /* the built-in neuron finds the time of its peak within a sub-step, here a reset is late by up to 2 us: a step of the
     * stamps, and five where a neuron under trains hangs near its threshold for a while */
    {"adex", {.neuron = "adex", {"I_e"}, {700}, 0.02}, INFINITY, 0.02},
    {"adex", {.neuron = "adex", {"I_e"}, {300}, 0.02, "excitatory", "inhibitory", 12, 8, 1, false}, INFINITY, 0.1},
};
enum { N_PAIRS = sizeof pairs / sizeof *pairs };

/* Spikes in the same steps, and the voltages agree all along. */
ParameterizedTestParameters(snn_own, text_spikes_as_the_built_in_neuron)
{
    static int index[N_PAIRS];
    for (int i = 0; i < N_PAIRS; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_PAIRS);
}

static cali_single settings_of(const cali_single *all, const cal_neuron *neuron)
{
    cali_single own = *all;
    size_t n = 0;
    for (size_t i = 0; i < CALI_MAX_TEST_SETTINGS && all->names[i] != NULL; i++)
        if (cal_field_find(neuron->params, neuron->n_params, all->names[i]) >= 0 ||
            cal_field_find(neuron->states, neuron->n_states, all->names[i]) >= 0) {
            own.names[n] = all->names[i];
            own.values[n++] = all->values[i];
        }
    if (n < CALI_MAX_TEST_SETTINGS)
        own.names[n] = NULL;
    return own;
}

ParameterizedTest(int *index, snn_own, text_spikes_as_the_built_in_neuron)
{
    const pair *p = &pairs[*index];
    if (p->single.receptor_e != NULL && cali_test_shared("reference/spiking/train_A.csv") == NULL)
        cr_skip("no reference data: train_A.csv");
    cal_context *ctx = cali_test_context(1);
    cal_neuron *neuron = cali_test_neuron(ctx, p->text, false);
    static cali_single_run built_in, own;
    const cali_single settings = settings_of(&p->single, neuron);
    cali_single_start(&p->single, 0.1, &built_in);
    cali_single_start_as(&settings, neuron, 0.1, &own);
    const char *state = neuron->states[0].name;
    double worst = 0.0;
    for (int w = 0; w < 3000; w++) {
        cali_single_step(&built_in);
        cali_single_step(&own);
        worst = fmax(worst, fabs(cali_single_state(&built_in, state) - cali_single_state(&own, state)));
    }
    cr_expect(ge(sz, built_in.n_spikes, 3), "pair %d", *index);
    cr_assert(eq(sz, own.n_spikes, built_in.n_spikes));
    for (size_t i = 0; i < own.n_spikes; i++)
        cr_expect(le(dbl, fabs(own.spikes_ms[i] - built_in.spikes_ms[i]), p->late_ms + 1e-9), "pair %d, spike %zu", *index, i);
    cr_expect(le(dbl, worst, p->v_mV), "pair %d", *index);
    cali_single_stop(&built_in);
    cali_single_stop(&own);
    cal_snn_neuron_destroy(&neuron);
    cal_context_destroy(&ctx);
}

/* Against accurate solvers: a spike is stamped at the end of its step, and a reset is late by up to a step, which adds up;
 * crossings without a reset (Hindmarsh-Rose, Hodgkin-Huxley) add nothing but the scheme's error. */
typedef struct ode_case {
    const char *text, *file;
    cali_single single;
    double early_ms, late_ms, per_spike_ms;
    size_t n_spikes;
} ode_case;

static const ode_case odes[] = {
    {"hindmarsh_rose", "hr_burst_dc", {.names = {"x", "y", "z"}, .values = {-1.6, -12, 1}, .dt_ms = 0.01}, 2e-3, 2e-3, 0, 20},
    {"lif", "lif_exact_dc", {.names = LIF_NAMES, .values = {200, 20, -65, -50, -65, 2, 180, 2, 8}, .dt_ms = 0.01}, 1e-3, 1e-3, 0.01, 0},
    {"hh_traub", "hhtraub_dc",
     {.names = {"V", "E_L", "m", "h", "n"}, .values = {-65, -65, 0.009732404516402718, 0.9975610872011336, 0.02707447895728375},
      .dt_ms = 0.01},
     0.05, 0.05, 0.03, 11},
};
enum { N_ODES = sizeof odes / sizeof *odes };
static const double currents[N_ODES] = {2, 0, 300};

/* One neuron with a constant current. */
static size_t run(cal_context *ctx, const cal_neuron *neuron, const ode_case *c, double current, double duration_ms, double *spikes_ms)
{
    cal_snn_setting settings[CALI_MAX_TEST_SETTINGS];
    size_t n = 0, n_spikes = 0;
    for (; n < CALI_MAX_TEST_SETTINGS && c->single.names[n] != NULL; n++)
        settings[n] = (cal_snn_setting){c->single.names[n], {CAL_CONSTANT, c->single.values[n], 0, 0, 0}};
    const cal_snn_population population = {"cell", neuron, 1, settings, n};
    const cal_snn_current drive = {.to = 0, .amplitude = current};
    cal_snn_def def = cal_snn_def_default();
    def.dt = (cal_time)(c->single.dt_ms * 1e6 + 0.5);
    def.populations = &population;
    def.n_populations = 1;
    def.currents = &drive;
    def.n_currents = 1;
    cal_snn *snn = NULL;
    cr_assert(eq(int, cal_snn_create(ctx, &def, &snn), CAL_OK), "%s", cal_context_message(ctx));
    while (cal_time_ms(cal_snn_time(snn)) < duration_ms) {
        cr_assert(eq(int, cal_snn_advance(snn), CAL_OK), "%s", cal_context_message(ctx));
        const cal_snn_spikes spikes = cal_snn_get_spikes(snn);
        for (size_t i = 0; i < spikes.n && n_spikes < CALI_MAX_TEST_SPIKES; i++)
            spikes_ms[n_spikes++] = cal_time_ms(spikes.time[i]);
    }
    cal_snn_destroy(&snn);
    return n_spikes;
}

ParameterizedTestParameters(snn_own, text_spikes_at_the_times_of_an_accurate_solver)
{
    static int index[N_ODES];
    for (int i = 0; i < N_ODES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_ODES);
}
ParameterizedTest(int *index, snn_own, text_spikes_at_the_times_of_an_accurate_solver)
{
    const ode_case *c = &odes[*index];
    char name[128];
    snprintf(name, sizeof name, "reference/spiking/ode/%s_spikes.csv", c->file);
    const char *path = cali_test_shared(name);
    if (path == NULL)
        cr_skip("no reference data: %s", name);
    cali_test_table *truth = cali_test_read_csv(path);
    cr_assert(truth != NULL);
    cal_context *ctx = cali_test_context(1);
    cal_neuron *neuron = cali_test_neuron(ctx, c->text, false);
    static double spikes_ms[CALI_MAX_TEST_SPIKES];
    const double end_ms = truth->values[truth->n_rows - 1] + 2.0;
    const size_t n = run(ctx, neuron, c, currents[*index], end_ms, spikes_ms);
    cr_assert(ge(sz, n, c->n_spikes > 0 ? c->n_spikes : truth->n_rows));
    for (size_t i = 0; i < truth->n_rows && i < n; i++) {
        const double late = spikes_ms[i] - truth->values[i];
        cr_expect(late >= -c->early_ms && late <= c->single.dt_ms + c->late_ms + c->per_spike_ms * (double)i,
                  "%s: spike %zu is %.4f ms late", c->file, i, late);
    }
    cali_test_table_free(truth);
    cal_snn_neuron_destroy(&neuron);
    cal_context_destroy(&ctx);
}

/* x' = w y, y' = -w x turns the point (1, 0) by w t: the error of each scheme falls with its order. In single precision the
 * orders show at coarse steps. */
static double error_of(cal_context *ctx, const char *scheme, unsigned sub_steps, double dt_ms)
{
    char text[512];
    snprintf(text, sizeof text,
             "neuron: own-order\nstates: {x: 1, y: 0}\nparameters: {w: 0.5 1/ms}\ncurrent: {I: {unit: 1}}\n"
             "equations: {x': w*(y + I), y': -w*x}\nthreshold: x > 10\nreset: x = 0\nscheme: %s\nsub_steps: %u\n"
             "test: {at: {x: 2, I: 3}, gives: {x': 1.5, y': -1}}\n", scheme, sub_steps);
    cal_neuron *neuron = cali_test_neuron_of(ctx, text, true);
    const cal_snn_population population = {"cell", neuron, 1, NULL, 0};
    cal_snn_def def = cal_snn_def_default();
    def.dt = (cal_time)(dt_ms * 1e6 + 0.5);
    def.window = 4 * CAL_NS_PER_MS;
    def.populations = &population;
    def.n_populations = 1;
    cal_snn *snn = NULL;
    double x = 0.0;
    cr_assert(eq(int, cal_snn_create(ctx, &def, &snn), CAL_OK), "%s", cal_context_message(ctx));
    cr_assert(eq(int, cal_snn_advance(snn), CAL_OK));
    cal_snn_get_state(snn, 0, "x", &x);
    cal_snn_destroy(&snn);
    cal_snn_neuron_destroy(&neuron);
    return fabs(x - cos(0.5 * 4.0));
}

static const struct {
    const char *scheme;
    unsigned sub_steps;
    double order, dt_ms;
} orders[] = {{"euler", 1, 1, 0.1}, {"euler", 4, 1, 0.4}, {"exponential-euler", 1, 1, 0.1}, {"heun", 1, 2, 0.2},
            {"rk4", 1, 4, 1.0}, {"rk4", 2, 4, 2.0}};
enum { N_ORDERS = sizeof orders / sizeof *orders };

ParameterizedTestParameters(snn_own, error_falls_with_the_order_of_the_scheme)
{
    static int index[N_ORDERS];
    for (int i = 0; i < N_ORDERS; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_ORDERS);
}
ParameterizedTest(int *index, snn_own, error_falls_with_the_order_of_the_scheme)
{
    cal_context *ctx = cali_test_context(1);
    const double coarse = error_of(ctx, orders[*index].scheme, orders[*index].sub_steps, orders[*index].dt_ms);
    const double fine = error_of(ctx, orders[*index].scheme, orders[*index].sub_steps, orders[*index].dt_ms / 2.0);
    cr_expect(epsilon_eq(dbl, log2(coarse / fine), orders[*index].order, 0.2)); /* the next term of the error is seen */
    cal_context_destroy(&ctx);
}

Test(snn_own, exact_scheme_has_no_error_at_any_step)
{
    cal_context *ctx = cali_test_context(1);
    cr_expect(lt(dbl, error_of(ctx, "exact", 1, 4.0), 2e-7));
    cr_expect(lt(dbl, error_of(ctx, "exact", 1, 0.01), 2e-6)); /* 400 roundings of the coefficients */
    cr_expect(lt(dbl, error_of(ctx, "exact", 3, 0.4), 1e-6));
    cal_context_destroy(&ctx);
}

/* The network of examples/own-neuron. Of the calcium Ca' = -Ca / tau_Ca, + alpha at a spike, what its spikes let in is what has
 * decayed and what is left: alpha n = Ca(end) + 1 / tau_Ca times the integral of Ca, in the mean over neurons. 2 %: Ca(end) is
 * the mean of the last 20 ms. Without its potassium current the network fires several times as much. */
static double rate_of_example(const char *g_ahp, double *let_in, double *gone)
{
    char set_g[96];
    const char *set[] = {"record.signals=[{what: spikes, of: E}, {what: mean Ca, of: E, every: 20 ms}]", set_g};
    snprintf(set_g, sizeof set_g, "network.populations.E.parameters.g_AHP=%s", g_ahp);
    cal_context *ctx = cali_test_context(2);
    cal_recording *recording = cali_run_example(ctx, "own-neuron", set, 2);
    const cal_recording_train train = cal_recording_get_train(recording, 0);
    const cal_recording_signal signal = cal_recording_get_signal(recording, 0);
    double ca[100];
    cr_assert(eq(sz, signal.n_rows, 100));
    cr_assert(cal_recording_read(recording, 0, 0, 100, ca) == CAL_OK);
    *let_in = 0.2 * (double)train.n_spikes / train.n_neurons;
    *gone = ca[99];
    for (int i = 0; i < 100; i++)
        *gone += ca[i] * 20.0 / 600.0;
    cal_recording_close(&recording);
    cal_context_destroy(&ctx);
    return (double)train.n_spikes / train.n_neurons / 2.0;
}

Test(snn_own, example_keeps_its_calcium_in_balance_and_is_held_back_by_it)
{
    double let_in, gone;
    const double rate_Hz = rate_of_example("15 nS", &let_in, &gone);
    cr_expect(epsilon_eq(dbl, gone, let_in, 0.02 * let_in));
    cr_expect(gt(dbl, rate_Hz, 2.0));
    cr_expect(gt(dbl, rate_of_example("0 nS", &let_in, &gone), 3.0 * rate_Hz));
    cr_expect(epsilon_eq(dbl, gone, let_in, 0.02 * let_in));
}
