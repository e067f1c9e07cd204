/* A network of its own: experiment/alone.c, experiment/parse_alone.c. The session must be the engine and nothing else, the
 * recording must be what the spikes say, and every mistake is told with its place. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "callosum/experiment.h"
#include "callosum/report.h"
#include "experiment/experiment.h"
#include "experiment/session.h"
#include "support/support.h"

/* Balanced, about 20 Hz; 7 ms does not divide the window, 0.5 ms does. */
static const char *const good =
    "callosum: 1\n"
    "run: {duration: 210 ms, transient: 20 ms, seed: 3}\n"
    "network:\n"
    "  populations:\n"
    "    E: {neuron: lif-cond, count: 320, parameters: {I_e: 220 pA}, initial: {V: \"uniform(-60 mV, -50 mV)\"}}\n"
    "    I: {neuron: lif-cond, count: 80, parameters: {I_e: 220 pA}, initial: {V: \"uniform(-60 mV, -50 mV)\"}}\n"
    "  connections:\n"
    "    - {from: E, to: \"E, I\", in_degree: 32, receptor: excitatory, weight: 6 nS, delay: 0.5 ms}\n"
    "    - {from: I, to: \"E, I\", in_degree: 8, receptor: inhibitory, weight: 60 nS, delay: 0.5 ms}\n"
    "record:\n"
    "  signals:\n"
    "    - {what: rate, every: 7 ms}\n"
    "    - {what: mean V, of: I, every: 0.5 ms}\n"
    "    - {what: spikes}\n";

static cal_experiment *parse(cal_context *ctx, const char *text, const char *const *set, size_t n_set)
{
    cal_experiment *e = NULL;
    cal_context_clear(ctx);
    const cal_status status = cali_experiment_parse(ctx, "exp.yaml", text, strlen(text), set, n_set, &e);
    cr_assert(eq(int, status, CAL_OK), "%s", cal_context_message(ctx));
    return e;
}

typedef struct finished {
    cal_context *ctx; /* of the recording */
    cal_recording *recording;
    uint64_t hash;
} finished;

static finished run(const char *text, unsigned n_threads, const char *const *set, size_t n_set)
{
    cal_context *ctx = cali_test_context(n_threads);
    cal_experiment *e = parse(ctx, text, set, n_set);
    cal_session_def def = cal_session_def_default();
    cal_session *s = NULL;
    finished f = {0};
    def.sink = "memory";
    cr_assert(cal_session_create(ctx, e, &def, &s) == CAL_OK, "%s", cal_context_message(ctx));
    while (!cal_session_is_done(s))
        cr_assert(cal_session_advance(s) == CAL_OK, "%s", cal_context_message(ctx));
    f.hash = cal_snn_hash(s->builds[0].snn);
    cr_assert(cal_session_finish(s) == CAL_OK);
    cr_assert(cal_recording_from_memory(s->recorder, &f.recording) == CAL_OK);
    cal_session_destroy(&s);
    cal_experiment_destroy(&e);
    f.ctx = ctx;
    return f;
}

static void release(finished *f)
{
    cal_recording_close(&f->recording);
    cal_context_destroy(&f->ctx);
}

static double *rows_of(cal_recording *recording, const char *name, cal_recording_signal *signal)
{
    for (size_t i = 0; i < cal_recording_n_signals(recording); i++) {
        *signal = cal_recording_get_signal(recording, i);
        if (strcmp(signal->name, name) != 0)
            continue;
        double *rows = malloc(signal->n_rows * signal->n_columns * sizeof *rows);
        cr_assert(cal_recording_read(recording, i, 0, signal->n_rows, rows) == CAL_OK);
        return rows;
    }
    cr_assert(false, "no signal %s", name);
    return NULL;
}

/* The same definition, given to the engine by hand. */
static uint64_t hash_of_engine(void)
{
    cal_context *ctx = cali_test_context(1);
    const cal_neuron *neuron = cal_snn_neuron_find("lif-cond");
    const cal_snn_setting settings[] = {{"I_e", {CAL_CONSTANT, 220.0, 0.0, 0.0, 0.0}},
                                        {"V", {CAL_UNIFORM, -60.0, -50.0, 0.0, 0.0}}};
    const cal_snn_population populations[] = {{.name = "E", .neuron = neuron, .n = 320, .settings = settings, .n_settings = 2},
                                              {.name = "I", .neuron = neuron, .n = 80, .settings = settings, .n_settings = 2}};
    cal_snn_projection projections[4];
    for (size_t i = 0; i < 4; i++) {
        projections[i] = cal_snn_projection_default(CAL_FIXED_IN_DEGREE);
        projections[i].from = i / 2;
        projections[i].to = i % 2;
        projections[i].receptor = i < 2 ? "excitatory" : "inhibitory";
        projections[i].in_degree = i < 2 ? 32 : 8;
        projections[i].weight.a = i < 2 ? 6.0 : 60.0;
        projections[i].delay_ms.a = 0.5;
    }
    cal_snn_def def = cal_snn_def_default();
    def.name = "network";
    def.dt = 100000;
    def.window = 21 * CAL_NS_PER_MS / 2;
    def.seed = 3;
    def.stream = 1;
    def.populations = populations;
    def.n_populations = 2;
    def.projections = projections;
    def.n_projections = 4;
    cal_snn *snn = NULL;
    cr_assert(cal_snn_create(ctx, &def, &snn) == CAL_OK, "%s", cal_context_message(ctx));
    for (int i = 0; i < 20; i++)
        cr_assert(cal_snn_advance(snn) == CAL_OK);
    const uint64_t hash = cal_snn_hash(snn);
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
    return hash;
}

Test(experiment_alone, a_session_is_the_engine_and_nothing_else)
{
    finished f = run(good, 1, NULL, 0);
    cr_expect(eq(u64, f.hash, hash_of_engine()));
    release(&f);
}

/* Rows, spikes and the state at the end are the same bits. */
static void expect_same(finished a, finished b)
{
    cal_recording_signal sa, sb;
    cr_expect(eq(u64, a.hash, b.hash));
    for (int i = 0; i < 2; i++) {
        double *x = rows_of(a.recording, i == 0 ? "rate" : "mean_V", &sa), *y = rows_of(b.recording, i == 0 ? "rate" : "mean_V", &sb);
        cr_assert(eq(sz, sa.n_rows, sb.n_rows));
        cr_expect(memcmp(x, y, sa.n_rows * sa.n_columns * sizeof *x) == 0);
        free(x);
        free(y);
    }
}

Test(experiment_alone, no_bit_depends_on_threads)
{
    finished a = run(good, 1, NULL, 0), b = run(good, 3, NULL, 0);
    expect_same(a, b);
    release(&a);
    release(&b);
}

/* Rates are counts over a whole number of neurons and bins: their bits hold. A mean of a state over other bins is rounded
 * at other places, so it is compared at one bin per row. */
Test(experiment_alone, no_bit_depends_on_the_window)
{
    const char *set[] = {"sync.window=3.5 ms"};
    finished a = run(good, 1, NULL, 0), b = run(good, 1, set, 1);
    cal_recording_signal sa, sb;
    cr_expect(eq(u64, a.hash, b.hash));
    double *x = rows_of(a.recording, "mean_V", &sa), *y = rows_of(b.recording, "mean_V", &sb);
    cr_assert(eq(sz, sa.n_rows, 420));
    cr_assert(eq(sz, sb.n_rows, 420));
    cr_expect(memcmp(x, y, sa.n_rows * sizeof *x) == 0);
    free(x);
    free(y);
    x = rows_of(a.recording, "rate", &sa);
    y = rows_of(b.recording, "rate", &sb);
    cr_assert(eq(sz, sa.n_rows, 30));
    cr_assert(eq(sz, sb.n_rows, 30));
    for (size_t i = 0; i < 60; i++)
        cr_expect(epsilon_eq(dbl, x[i], y[i], 1e-9)); /* sums of up to 14 bins */
    free(x);
    free(y);
    release(&a);
    release(&b);
}

/* rate = spikes in (t - 7 ms, t] / (N 7 ms), also where an interval spans windows of 10.5 ms. */
/* 210 ms, and 126 ms of it saved with 84 ms more that begin there: nothing here is random but the start. */
Test(experiment_alone, a_run_begins_at_a_saved_state)
{
    const char *half[] = {"run.duration=126 ms"}, *rest[] = {"run.duration=84 ms", "initial={state: half.state}"};
    const char *wrong[] = {"initial={history: [{what: V, file: x.csv}]}"};
    double v[2][320];
    cal_context *ctx = cali_test_context(2);
    cr_assert(chdir(cali_test_directory()) == 0);
    for (int i = 0; i < 3; i++) {
        cal_experiment *e = parse(ctx, good, i == 1 ? half : rest, i == 0 ? 0 : i == 1 ? 1 : 2);
        cal_session_def def = cal_session_def_default();
        cal_session *s = NULL;
        def.sink = "memory";
        cr_assert(cal_session_create(ctx, e, &def, &s) == CAL_OK, "%s", cal_context_message(ctx));
        while (!cal_session_is_done(s))
            cr_assert(cal_session_advance(s) == CAL_OK);
        if (i == 1)
            cr_assert(cal_session_save_state(s, "half.state") == CAL_OK, "%s", cal_context_message(ctx));
        else
            cr_assert(cal_snn_get_state(s->builds[0].snn, 0, "V", v[i / 2]) == CAL_OK);
        cal_session_destroy(&s);
        cal_experiment_destroy(&e);
    }
    cr_expect(memcmp(v[0], v[1], sizeof v[0]) == 0);
    cal_experiment *e = NULL;
    cr_expect(cali_experiment_parse(ctx, "exp.yaml", good, strlen(good), wrong, 1, &e) == CAL_ERR_INPUT);
    cr_expect(strstr(cal_context_message(ctx), "initial.history stands beside \"network\"") != NULL, "%s",
              cal_context_message(ctx));
    cal_context_destroy(&ctx);
}

/* Gap junctions within I and between I and E, of which the second line says one pair of populations once. */
static const char *const gapped =
    "callosum: 1\n"
    "run: {duration: 60 ms}\n"
    "network:\n"
    "  populations:\n"
    "    E: {neuron: lif, count: 30, parameters: {I_e: \"uniform(400 pA, 500 pA)\"}}\n"
    "    I: {neuron: adex, count: 20, parameters: {I_e: 800 pA}}\n"
    "  connections:\n"
    "    - {from: I, to: I, gap_junction: \"uniform(0.5 nS, 2 nS)\", probability: 0.3}\n"
    "    - {from: \"E, I\", to: \"I, E\", gap_junction: 0.1 nS, in_degree: 2}\n"
    "    - {from: E, to: I, weight: 5 nS, receptor: excitatory, in_degree: 3}\n";

Test(experiment_alone, gap_junctions_are_connections)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = parse(ctx, gapped, NULL, 0);
    cali_text echo = {0};
    cr_expect(eq(sz, e->networks[0].n_gaps, 4)); /* I I; E I, E E, I I */
    cr_expect(eq(sz, e->networks[0].n_projections, 1));
    cr_assert(cali_experiment_echo(ctx, e, &echo) == CAL_OK);
    const char *none[] = {"network.connections[0].probability=0"};
    finished a = run(gapped, 1, NULL, 0), b = run(echo.data, 2, NULL, 0), c = run(gapped, 1, none, 1);
    cr_expect(eq(u64, a.hash, b.hash));
    cr_expect(ne(u64, a.hash, c.hash));
    cali_text_free(&echo);
    release(&a);
    release(&b);
    release(&c);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

Test(experiment_alone, mistakes_of_gap_junctions_have_their_place)
{
    static const char *const wrong[][2] = {
        {"network.connections[0].gap_junction=-1 nS", "gap_junction is negative"},
        {"network.connections[0].gap_junction=1 pA", "gap_junction is a conductance (nS)"},
        {"network.connections[0].weight=1 nS", "\"weight\" stands beside \"gap_junction\""},
        {"network.connections[0].delay=1 ms", "\"delay\" stands beside \"gap_junction\""},
        {"network.connections[0].receptor=excitatory", "\"receptor\" stands beside \"gap_junction\""},
        {"network.connections[1].in_degree=100", "in_degree 100 without multapses"},
        {"network.connections[2]={from: E, to: I, in_degree: 3}", "needs the key \"weight\""},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cal_context *ctx = cali_test_context(1);
        cal_experiment *e = NULL;
        cr_expect(cali_experiment_parse(ctx, "exp.yaml", gapped, strlen(gapped), &wrong[i][0], 1, &e) == CAL_ERR_INPUT);
        cr_expect(strstr(cal_context_message(ctx), wrong[i][1]) != NULL, "%s: %s", wrong[i][0], cal_context_message(ctx));
        cal_context_destroy(&ctx);
    }
}

Test(experiment_alone, a_rate_is_the_count_of_the_recorded_spikes)
{
    finished f = run(good, 1, NULL, 0);
    cal_recording_signal s;
    double *rate = rows_of(f.recording, "rate", &s);
    cr_assert(eq(sz, s.n_columns, 2));
    cr_expect(eq(str, (char *)s.axis, "population"));
    cr_expect(eq(str, (char *)s.labels[1], "I"));
    double most = 0.0;
    for (size_t t = 0; t < cal_recording_n_trains(f.recording); t++) {
        const cal_recording_train train = cal_recording_get_train(f.recording, t);
        double counts[30] = {0.0}, *times = malloc(train.n_spikes * sizeof *times);
        uint32_t *ids = malloc(train.n_spikes * sizeof *ids);
        cr_assert(cal_recording_read_spikes(f.recording, t, 0, train.n_spikes, times, ids) == CAL_OK);
        for (size_t k = 0; k < train.n_spikes; k++)
            counts[(size_t)ceil(times[k] / 7.0 - 1e-9) - 1] += 1.0;
        for (size_t i = 0; i < 30; i++) {
            cr_expect(epsilon_eq(dbl, rate[2 * i + t], counts[i] / (0.007 * train.n_neurons), 1e-9));
            most = fmax(most, counts[i]);
        }
        free(times);
        free(ids);
    }
    cr_expect(gt(dbl, most, 10.0)); /* or nothing was compared */
    free(rate);
    release(&f);
}

Test(experiment_alone, without_signals_rates_and_all_spikes_are_kept)
{
    char text[2048];
    snprintf(text, sizeof text, "%s", good);
    *strstr(text, "record:") = '\0';
    finished f = run(text, 1, NULL, 0);
    cal_recording_signal s;
    free(rows_of(f.recording, "rate", &s));
    cr_expect(eq(sz, s.n_rows, 210));
    cr_assert(eq(sz, cal_recording_n_trains(f.recording), 2));
    cr_expect(eq(u32, cal_recording_get_train(f.recording, 0).n_recorded, 320));
    release(&f);
}

Test(experiment_alone, a_signal_takes_the_populations_that_it_names)
{
    const char *set[] = {"record.signals[2].of=I", "record.signals[2].fraction=50 %"};
    finished f = run(good, 1, set, 2);
    cal_recording_signal s;
    free(rows_of(f.recording, "mean_V", &s));
    cr_expect(eq(sz, s.n_columns, 1));
    cr_expect(eq(str, (char *)s.labels[0], "I"));
    cr_expect(eq(str, (char *)s.unit, "mV"));
    cr_assert(eq(sz, cal_recording_n_trains(f.recording), 1));
    const cal_recording_train train = cal_recording_get_train(f.recording, 0);
    cr_expect(eq(str, (char *)train.region, "network"));
    cr_expect(eq(str, (char *)train.population, "I"));
    cr_expect(eq(u32, train.n_recorded, 40));
    release(&f);
}

/* The manifest holds the experiment with all defaults; reading that gives the same run. */
Test(experiment_alone, the_echo_is_an_experiment_that_runs_alike)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = parse(ctx, good, NULL, 0);
    cali_text echo = {0};
    cr_assert(cali_experiment_echo(ctx, e, &echo) == CAL_OK);
    cr_expect(strstr(echo.data, "\"network\"") != NULL);
    cr_expect(strstr(echo.data, "connectome") == NULL);
    finished a = run(good, 1, NULL, 0), b = run(echo.data, 1, NULL, 0);
    expect_same(a, b);
    cali_text_free(&echo);
    release(&a);
    release(&b);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

/* ---- mistakes ---- */

static const struct {
    const char *name, *set, *message;
} mistakes[] = {
    {"beside_a_connectome", "connectome.file=x.zip",
     "--set connectome.file=x.zip  C104  \"connectome\" stands beside \"network\"\n"
     "  because  one excludes the other\n"
     "  try      to take one of them away"},
    {"beside_models", "models.field.neural_mass=mpr",
     "--set models.field.neural_mass=mpr  C104  \"models\" stands beside \"network\"\n"
     "  because  one excludes the other\n"
     "  try      to take one of them away"},
    {"a_lag", "sync.lag=1",
     "--set sync.lag=1  C104  \"lag\" stands beside \"network\"\n"
     "  because  a network of its own exchanges nothing\n"
     "  try      to take one of them away"},
    {"what_regions_give", "network.gives=E",
     "--set network.gives=E  C101  unknown key \"gives\" of network\n"
     "  known    step, populations, sonata, spikes, connections, drive, scale, simulator"},
    {"an_unknown_quantity", "record.signals[0].what=mean W",
     "--set record.signals[0].what=mean W  C107  cannot record \"mean W\" of the network\n"
     "  known    rate, spikes, V, mean V, g_exc, mean g_exc, g_inh, mean g_inh, n_refractory, mean n_refractory"},
    {"an_unknown_population", "record.signals[0].of=X",
     "--set record.signals[0].of=X  C107  no population \"X\" in this network\n"
     "  try      E\n"
     "  known    E, I"},
    {"a_monitor", "record.signals[0].monitor=bold",
     "--set record.signals[0].monitor=bold  C104  a network of its own has no monitors\n"
     "  because  they look at regions of a brain\n"
     "  try      without it"},
    {"an_interval_off_the_grid", "record.signals[0].every=0.25 ms",
     "exp.yaml:12:7  C202  every 0.25 ms is no whole number of steps of 0.1 ms\n"
     "   12 |     - {what: rate, every: 7 ms}\n"
     "      |       ^\n"
     "  try      every: 0.2 ms or 0.3 ms"},
    {"a_duration_off_the_grid", "run.duration=100.05 ms",
     "exp.yaml:4:3  C204  run.duration 100.05 ms is no whole number of steps of 0.1 ms\n"
     "    4 |   populations:\n"
     "      |   ^\n"
     "  try      run.duration: 100.1 ms"},
    {"a_window_that_does_not_divide", "sync.window=4 ms",
     "--set sync.window=4 ms  C204  run.duration 210 ms is no whole number of windows of 4 ms\n"
     "  try      sync.window: auto"},
};

ParameterizedTestParameters(experiment_alone, mistakes_are_told_with_their_place)
{
    static int indices[sizeof mistakes / sizeof mistakes[0]];
    for (int i = 0; i < (int)(sizeof indices / sizeof *indices); i++)
        indices[i] = i;
    return cr_make_param_array(int, indices, sizeof indices / sizeof *indices);
}

ParameterizedTest(int *i, experiment_alone, mistakes_are_told_with_their_place)
{
    cal_context *ctx = cali_test_context(1);
    const char *set[] = {mistakes[*i].set};
    cal_experiment *e = NULL;
    cal_session *s = NULL;
    cal_session_def def = cal_session_def_default();
    def.is_check = true;
    cal_status status = cali_experiment_parse(ctx, "exp.yaml", good, strlen(good), set, 1, &e);
    if (status == CAL_OK)
        status = cal_session_create(ctx, e, &def, &s);
    cr_expect(eq(int, status, CAL_ERR_INPUT), "%s", mistakes[*i].name);
    cr_expect(eq(str, (char *)cal_context_message(ctx), (char *)mistakes[*i].message));
    cal_session_destroy(&s);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

/* What the builder refuses is shown in the file too. */
Test(experiment_alone, what_the_engine_refuses_has_its_place)
{
    cal_context *ctx = cali_test_context(1);
    const char *set[] = {"network.connections[0].delay=\"uniform(0 ms, 1 ms)\""};
    cal_experiment *e = parse(ctx, good, set, 1);
    cal_session *s = NULL;
    cal_session_def def = cal_session_def_default();
    def.is_check = true;
    cr_expect(eq(int, cal_session_create(ctx, e, &def, &s), CAL_ERR_INPUT));
    cr_expect(strncmp(cal_context_message(ctx), "exp.yaml:4:3  C106  E to E: delay 0 ms ", 39) == 0, "%s", cal_context_message(ctx));
    cal_session_destroy(&s);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

/* Its own code goes with it: channels faster than the step. */
Test(experiment_alone, a_step_too_long_for_the_channels_has_its_code_and_place)
{
    static const char text[] = "callosum: 1\nrun: {duration: 40 ms}\nnetwork: {step: 1 ms, populations: {E: {neuron: hh-traub, count: 3}}}\n";
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = parse(ctx, text, NULL, 0);
    cal_session *s = NULL;
    cal_session_def def = cal_session_def_default();
    def.sink = "memory";
    cr_expect(eq(int, cal_session_create(ctx, e, &def, &s), CAL_ERR_INPUT));
    cr_expect(strncmp(cal_context_message(ctx), "exp.yaml:3:10  C202  E: neuron 0 (hh-traub): its sodium channels are too fast for dt 1 ms", 84) == 0,
              "%s", cal_context_message(ctx));
    cal_session_destroy(&s);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

/* Legal parameters that no step follows: a milliampere into small cells, from the second window on. */
Test(experiment_alone, a_neuron_that_leaves_all_bounds_ends_the_run_with_names_time_and_advice)
{
    static const char text[] = "callosum: 1\nrun: {duration: 60 ms}\nsync: {window: 20 ms}\nnetwork:\n  step: 0.1 ms\n"
                               "  populations: {quiet: {neuron: hh-traub, count: 2}, E: {neuron: hh-traub, count: 3}}\n"
                               "  drive: [{kind: current, into: E, amplitude: 1e9 pA, start: 25 ms}]\n";
    cal_context *ctx = cali_test_context(2);
    cal_experiment *e = parse(ctx, text, NULL, 0);
    cal_session *s = NULL;
    cal_session_def def = cal_session_def_default();
    def.sink = "memory";
    cr_assert(eq(int, cal_session_create(ctx, e, &def, &s), CAL_OK), "%s", cal_context_message(ctx));
    cr_expect(eq(int, cal_session_advance(s), CAL_OK), "%s", cal_context_message(ctx));
    cr_expect(eq(int, cal_session_advance(s), CAL_ERR_NUMERIC));
    cr_expect(eq(str, (char *)cal_context_message(ctx),
                 "E302 E: V of neuron 0 (hh-traub) is not finite at 0.04 s (3 of 3 neurons); at 0.02 s it was. Try a step below 0.1 ms, "
                 "smaller weights and currents, or other parameters of E."));
    cal_session_destroy(&s);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

/* ---- memory --------------------------------------------------------------------------------------------- */

/* A million times the neurons want terabytes: told by the estimate, at the line of the network or of the limit. */
Test(experiment_alone, a_network_beyond_the_memory_is_refused_before_it_is_built)
{
    static const char *const sets[2][2] = {{"run.memory=10 kB", "run.seed=3"},
                                           {"network.populations.E.count=200000000", "network.populations.I.count=200000000"}};
    static const char *const says[2][2] = {{"run.memory of 1e-05 GB", "--set run.memory"}, {"the memory of", "exp.yaml:4:"}};
    cal_context *ctx = cali_test_context(1);
    for (int k = 0; k < 2; k++) {
        cal_experiment *e = parse(ctx, good, sets[k], 2);
        cal_session_def def = cal_session_def_default();
        cal_session *s = NULL;
        def.sink = "memory";
        cr_expect(eq(int, cal_session_create(ctx, e, &def, &s), CAL_ERR_INPUT));
        const char *message = cal_context_message(ctx);
        cr_expect(strstr(message, "E402") != NULL && strstr(message, says[k][0]) != NULL && strstr(message, says[k][1]) != NULL &&
                      strstr(message, "try") != NULL, "%s", message);
        cr_expect(s == NULL);
        cal_experiment_destroy(&e);
    }
    cal_context_destroy(&ctx);
}
