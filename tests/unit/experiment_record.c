/* What an experiment keeps of its neurons: experiment/neurons.c, choice.c, parse_neurons.c. The truth is a run that keeps all
 * of it at every step. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/experiment.h"
#include "experiment/experiment.h"
#include "experiment/session.h"
#include "support/support.h"
#include "support/two_regions.h"

enum { N_E = 320, N_I = 80, N_STEPS = 1050 };

/* Balanced, about 20 Hz. */
static const char *const alone =
    "callosum: 1\n"
    "run: {duration: 105 ms, seed: 3}\n"
    "network:\n"
    "  populations:\n"
    "    E: {neuron: lif-cond, count: 320, parameters: {I_e: 260 pA}, initial: {V: \"uniform(-60 mV, -50 mV)\"}}\n"
    "    I: {neuron: lif-cond, count: 80, parameters: {I_e: 260 pA}, initial: {V: \"uniform(-60 mV, -50 mV)\"}}\n"
    "  connections:\n"
    "    - {from: E, to: \"E, I\", in_degree: 32, receptor: excitatory, weight: 6 nS, delay: 0.5 ms}\n"
    "    - {from: I, to: \"E, I\", in_degree: 8, receptor: inhibitory, weight: 60 nS, delay: 0.5 ms}\n"
    "record:\n"
    "  signals:\n"
    "    - {what: V, every: step, neurons: all}\n"
    "    - {what: mean V, every: step}\n"
    "    - {what: spikes, neurons: all}\n";

typedef struct kept {
    cal_context *ctx;
    cal_recording *recording;
    uint64_t hash[2]; /* of the networks */
} kept;

static kept run(const char *text, unsigned n_threads, const char *const *set, size_t n_set)
{
    kept k = {.ctx = cali_test_context(n_threads)};
    cal_experiment *e = NULL;
    cal_session *s = NULL;
    cal_session_def def = cal_session_def_default();
    def.sink = "memory";
    cal_status status = cali_experiment_parse(k.ctx, "exp.yaml", text, strlen(text), set, n_set, &e);
    if (status == CAL_OK)
        status = cal_session_create(k.ctx, e, &def, &s);
    cr_assert(status == CAL_OK, "%s", cal_context_message(k.ctx));
    while (!cal_session_is_done(s))
        cr_assert(cal_session_advance(s) == CAL_OK, "%s", cal_context_message(k.ctx));
    if (s->builds[0].snn != NULL)
        k.hash[0] = cal_snn_hash(s->builds[0].snn);
    cr_assert(cal_session_finish(s) == CAL_OK);
    cr_assert(cal_recording_from_memory(s->recorder, &k.recording) == CAL_OK);
    cal_session_destroy(&s);
    cal_experiment_destroy(&e);
    return k;
}

static void drop(kept *k)
{
    cal_recording_close(&k->recording);
    cal_context_destroy(&k->ctx);
}

static double *rows_of(const kept *k, const char *name, cal_recording_signal *signal)
{
    for (size_t i = 0; i < cal_recording_n_signals(k->recording); i++) {
        *signal = cal_recording_get_signal(k->recording, i);
        if (strcmp(signal->name, name) != 0)
            continue;
        double *rows = malloc((signal->n_rows * signal->n_columns + 1) * sizeof *rows);
        cr_assert(cal_recording_read(k->recording, i, 0, signal->n_rows, rows) == CAL_OK);
        return rows;
    }
    cr_assert(false, "no signal %s", name);
    return NULL;
}

/* Spikes of each neuron of a train; `out` has room for n_neurons. */
static cal_recording_train count_spikes(const kept *k, size_t train, unsigned *out)
{
    const cal_recording_train t = cal_recording_get_train(k->recording, train);
    double *times = malloc((t.n_spikes + 1) * sizeof *times);
    uint32_t *ids = malloc((t.n_spikes + 1) * sizeof *ids);
    cr_assert(cal_recording_read_spikes(k->recording, train, 0, t.n_spikes, times, ids) == CAL_OK);
    memset(out, 0, t.n_neurons * sizeof *out);
    for (size_t i = 0; i < t.n_spikes; i++)
        out[ids[i]]++;
    free(times);
    free(ids);
    return t;
}

Test(experiment_record, the_mean_over_all_neurons_is_that_of_the_population)
{
    kept k = run(alone, 2, NULL, 0);
    cal_recording_signal s, m;
    double *v = rows_of(&k, "V_E", &s), *mean = rows_of(&k, "mean_V", &m);
    cr_expect(eq(str, (char *)s.unit, "mV"));
    cr_expect(eq(str, (char *)s.long_name, "V of neurons of E"));
    cr_expect(eq(str, (char *)s.labels[319], "319"));
    cr_assert(s.n_columns == N_E && s.n_rows == N_STEPS && m.n_rows == N_STEPS);
    for (size_t r = 0; r < N_STEPS; r++) {
        double sum = 0.0;
        for (size_t c = 0; c < N_E; c++)
            sum += v[r * N_E + c];
        cr_assert(epsilon_eq(dbl, sum / N_E, mean[2 * r], 2e-5)); /* voltages are single precision, of 2^-18 mV */
    }
    free(v);
    free(mean);
    drop(&k);
}

/* Any choice, interval and window: the rows and columns of the run that keeps all. */
static const struct {
    const char *neurons, *every, *window;
    size_t step, n;
    uint32_t first, stride;
} choices[] = {
    {"7", "0.3 ms", "21 ms", 3, 7, 0, 1},
    {"[7]", "0.7 ms", "0.5 ms", 7, 1, 7, 1},
    {"\"3..79 by 4\"", "3.5 ms", "1 ms", 35, 20, 3, 4},
    {"[5, 25, \"45..65 by 20\"]", "1 ms", "105 ms", 10, 4, 5, 20},
    {"every 10", "12 ms", "3.5 ms", 120, 32, 0, 10},
    {"all", "0.1 ms", "2.1 ms", 1, N_E, 0, 1},
};

ParameterizedTestParameters(experiment_record, samples_are_those_of_the_run_that_keeps_all)
{
    static int index[sizeof choices / sizeof *choices];
    for (size_t i = 0; i < sizeof index / sizeof *index; i++)
        index[i] = (int)i;
    return cr_make_param_array(int, index, sizeof index / sizeof *index);
}

ParameterizedTest(int *at, experiment_record, samples_are_those_of_the_run_that_keeps_all)
{
    char neurons[96], every[64], window[64];
    snprintf(neurons, sizeof neurons, "record.signals[0].neurons=%s", choices[*at].neurons);
    snprintf(every, sizeof every, "record.signals[0].every=%s", choices[*at].every);
    snprintf(window, sizeof window, "sync.window=%s", choices[*at].window);
    const char *const set[] = {neurons, every, window, "record.signals[0].of=E", "record.signals[1].every=7 ms"};
    kept all = run(alone, 1, NULL, 0), some = run(alone, 3, set, 5);
    cal_recording_signal a, s;
    double *v = rows_of(&all, "V_E", &a), *x = rows_of(&some, "V_E", &s);
    size_t n_wrong = 0;
    cr_assert(eq(sz, s.n_columns, choices[*at].n));
    cr_assert(eq(sz, s.n_rows, N_STEPS / choices[*at].step));
    cr_expect(s.every == (cal_time)choices[*at].step * 100000 && s.t_first == s.every);
    for (size_t c = 0; c < s.n_columns; c++) {
        const uint32_t id = choices[*at].first + (uint32_t)c * choices[*at].stride;
        cr_expect(eq(u32, (uint32_t)atoi(s.labels[c]), id));
        for (size_t r = 0; r < s.n_rows; r++)
            n_wrong += x[r * s.n_columns + c] != v[((r + 1) * choices[*at].step - 1) * N_E + id];
    }
    cr_expect(eq(sz, n_wrong, 0));
    cr_expect(eq(u64, some.hash[0], all.hash[0]));
    free(v);
    free(x);
    drop(&all);
    drop(&some);
}

Test(experiment_record, spikes_are_kept_of_the_neurons_that_are_chosen)
{
    static const struct {
        const char *set;
        uint32_t n_e, n_i;
    } kinds[] = {{"record.signals[2]={what: spikes, fraction: 25 %}", 80, 20}, {"record.signals[2].neurons=100", 100, 80},
                 {"record.signals[2].neurons=every 7", 46, 12}, {"record.signals[2].neurons=random 100", 100, 80},
                 {"record.signals[2].neurons=random 10 %", 32, 8}, {"record.signals[2].neurons=[3, 70..79]", 11, 11}};
    unsigned full[2][N_E], part[N_E];
    kept all = run(alone, 1, NULL, 0);
    for (size_t t = 0; t < 2; t++)
        cr_expect(count_spikes(&all, t, full[t]).n_spikes > 100);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        kept some = run(alone, 1, &kinds[i].set, 1);
        cr_expect(eq(u64, some.hash[0], all.hash[0]));
        for (size_t t = 0; t < 2; t++) {
            const cal_recording_train train = count_spikes(&some, t, part);
            uint32_t n = 0, n_silent = 0;
            cr_expect(eq(u32, train.n_recorded, t == 0 ? kinds[i].n_e : kinds[i].n_i), "%s", kinds[i].set);
            for (size_t id = 0; id < train.n_neurons; id++) {
                cr_expect(part[id] == 0 || part[id] == full[t][id], "%s: neuron %zu", kinds[i].set, id);
                n += part[id] > 0;
                n_silent += full[t][id] == 0;
            }
            cr_expect(n <= train.n_recorded && n + n_silent >= train.n_recorded, "%s: %u neurons", kinds[i].set, n);
        }
        drop(&some);
    }
    drop(&all);
}

Test(experiment_record, none_are_kept_where_none_are_wanted)
{
    const char *const set[] = {"record.signals[2].neurons=0"};
    kept k = run(alone, 1, set, 1);
    cr_expect(eq(sz, cal_recording_n_trains(k.recording), 0));
    drop(&k);
}

/* Drawn neurons follow the seed and nothing else. */
Test(experiment_record, another_seed_draws_other_neurons)
{
    const char *const set[] = {"record.signals[0].neurons=random 40", "run.seed=4", "record.signals[0].every=7 ms"};
    const char *const same[] = {"record.signals[0].neurons=random 40", "sync.window=1 ms", "record.signals[0].every=7 ms"};
    kept a = run(alone, 1, same, 3), b = run(alone, 3, same, 3), c = run(alone, 1, set, 3);
    cal_recording_signal sa, sb, sc;
    free(rows_of(&a, "V_E", &sa));
    free(rows_of(&b, "V_E", &sb));
    free(rows_of(&c, "V_E", &sc));
    size_t n_same = 0, n_other = 0;
    for (size_t i = 0; i < 40; i++) {
        n_same += strcmp(sa.labels[i], sb.labels[i]) == 0;
        n_other += strcmp(sa.labels[i], sc.labels[i]) == 0;
    }
    cr_expect(eq(sz, n_same, 40));
    cr_expect(n_other < 20);
    drop(&a);
    drop(&b);
    drop(&c);
}

Test(experiment_record, the_echo_keeps_the_same)
{
    const char *const set[] = {"record.signals[0].neurons=[7]", "record.signals[2].neurons=\"3, 70..79 by 3\""};
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = NULL;
    cali_text echo = {0};
    cr_assert(cali_experiment_parse(ctx, "exp.yaml", alone, strlen(alone), set, 2, &e) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cali_experiment_echo(ctx, e, &echo) == CAL_OK);
    kept a = run(alone, 1, set, 2), b = run(echo.data, 1, NULL, 0);
    for (size_t t = 0; t < 2; t++)
        cr_expect(eq(sz, cal_recording_get_train(a.recording, t).n_spikes, cal_recording_get_train(b.recording, t).n_spikes));
    cal_recording_signal s;
    free(rows_of(&b, "V_I", &s));
    cr_assert(eq(sz, s.n_columns, 1));
    cr_expect(eq(str, (char *)s.labels[0], "7"));
    cali_text_free(&echo);
    cal_experiment_destroy(&e);
    drop(&a);
    drop(&b);
    cal_context_destroy(&ctx);
}

/* In a brain: rates of populations are the counts of their spikes, states have columns, other regions' signals are as before. */
Test(experiment_record, spiking_regions_have_rates_and_states)
{
    const char *const set[] = {"run.duration=40 ms",
                               "record.signals[2]={what: rate, populations: all, every: 2 ms}",
                               "record.signals[4]={what: V, of: \"#3\", populations: E, neurons: every 100, every: 0.5 ms}",
                               "record.signals[5]={what: mean V, of: \"#3\", every: 5 ms, name: mean}"};
    const char *const plain[] = {"run.duration=40 ms"};
    kept k = run(cali_test_two_regions, 2, set, 4), before = run(cali_test_two_regions, 1, plain, 1);
    cal_recording_signal s, t;
    size_t n_rates = 0, n_states = 0, n_means = 0, n_other = 0;
    double *v = rows_of(&k, "V", &s), *w = rows_of(&before, "V", &t);
    cr_assert(s.n_columns == 20 && s.n_rows == t.n_rows);
    for (size_t i = 0; i < s.n_rows * s.n_columns; i++)
        n_other += !((isnan(v[i]) && isnan(w[i])) || v[i] == w[i]);
    cr_expect(eq(sz, n_other, 0));
    free(v);
    free(w);
    for (size_t i = 0; i < cal_recording_n_signals(k.recording); i++) {
        const cal_recording_signal x = cal_recording_get_signal(k.recording, i);
        n_rates += strstr(x.name, "_E_rate") != NULL || strstr(x.name, "_I_rate") != NULL || strstr(x.name, "_Q_rate") != NULL;
        n_states += strstr(x.name, "_E_V") != NULL && x.n_columns == 8 && x.n_rows == 80;
        n_means += strstr(x.name, "_mean") != NULL && x.n_rows == 8;
    }
    cr_expect(eq(sz, n_rates, 3));
    cr_expect(eq(sz, n_states, 1));
    cr_expect(eq(sz, n_means, 2));
    for (size_t i = 0; i < cal_recording_n_trains(k.recording); i++) {
        const cal_recording_train train = cal_recording_get_train(k.recording, i);
        char name[200];
        snprintf(name, sizeof name, "%s_%s_rate", train.region, train.population);
        double *rate = rows_of(&k, name, &s), sum = 0.0;
        for (size_t r = 0; r < s.n_rows; r++)
            sum += rate[r] * 2e-3 * train.n_neurons;
        cr_expect(epsilon_eq(dbl, sum, (double)train.n_spikes, 1e-6), "%s", name);
        free(rate);
    }
    drop(&k);
    drop(&before);
}

static const struct {
    const char *text, *set, *says;
} mistakes[] = {
    {NULL, "record.signals[0].neurons=[320]", "neuron 320 is to be recorded, but E has 320, from 0 on"},
    {NULL, "record.signals[0].neurons=9..3", "neurons are all, a number, a list"},
    {NULL, "record.signals[0].neurons=every 0", "neurons are all, a number, a list"},
    {NULL, "record.signals[0].neurons=random 200 %", "neurons are all, a number, a list"},
    {NULL, "record.signals[0].neurons=99999999999", "neurons are all, a number, a list"},
    {NULL, "record.signals[0].neurons={a: 1}", "neurons are all, a number, a list"},
    {NULL, "record.signals[0].neurons=[[1]]", "neurons are all, a number, a list"},
    {NULL, "record.signals[0].every=0.25 ms", "every 0.25 ms is no whole number of steps of 0.1 ms"},
    {NULL, "record.signals[0].mean=true", "states of single neurons are kept as they are"},
    {NULL, "record.signals[0].populations=E", "takes populations by \"of\""},
    {NULL, "record.signals[0].what=W", "cannot record \"W\""},
    {NULL, "record.signals[1].neurons=3", "\"mean V\" is of populations or regions"},
    {NULL, "record.signals[2].fraction=20 %", "\"neurons\" stands beside \"fraction\""},
    {NULL, "record.signals[3]={what: V, of: E, neurons: 2}", "the name V_E is used already"},
    {"brain", "record.signals[4]={what: W, neurons: 3}", "no population of the spiking regions"},
    {"brain", "record.signals[4]={what: V, of: \"#5\", neurons: 3}", "no population of the spiking regions"},
    {"brain", "record.signals[4]={what: rate, populations: X}", "no population of the spiking regions"},
    {"brain", "record.signals[4]={what: rate, populations: E, every: 0.25 ms}", "no whole number of steps"},
    {"brain", "record.signals[4]={what: rate, populations: E, monitor: bold}", "monitors look at regions"},
    {"brain", "record.signals[0].neurons=3", "\"rate\" is of populations or regions"},
};

ParameterizedTestParameters(experiment_record, mistakes_are_told)
{
    static int index[sizeof mistakes / sizeof *mistakes];
    for (size_t i = 0; i < sizeof index / sizeof *index; i++)
        index[i] = (int)i;
    return cr_make_param_array(int, index, sizeof index / sizeof *index);
}

ParameterizedTest(int *at, experiment_record, mistakes_are_told)
{
    cal_context *ctx = cali_test_context(1);
    const char *text = mistakes[*at].text == NULL ? alone : cali_test_two_regions;
    cal_experiment *e = NULL;
    cal_session *s = NULL;
    cal_session_def def = cal_session_def_default();
    def.is_check = true;
    cal_status status = cali_experiment_parse(ctx, "exp.yaml", text, strlen(text), &mistakes[*at].set, 1, &e);
    if (status == CAL_OK)
        status = cal_session_create(ctx, e, &def, &s);
    cr_expect(eq(int, status, CAL_ERR_INPUT), "%s", mistakes[*at].set);
    cr_expect(strstr(cal_context_message(ctx), mistakes[*at].says) != NULL, "%s: %s", mistakes[*at].set, cal_context_message(ctx));
    cal_session_destroy(&s);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

/* The shift of a threshold is step (spikes so far - rate t): what is kept of chosen neurons agrees with their spikes. */
Test(experiment_record, shifts_of_homeostasis_are_kept_of_chosen_neurons)
{
    static const char text[] =
        "callosum: 1\nrun: {duration: 200 ms, seed: 3}\nnetwork:\n  populations:\n"
        "    E: {neuron: lif, count: 50, parameters: {I_e: \"uniform(300 pA, 900 pA)\"}, homeostasis: {parameter: V_th, rate: 20 Hz, step: 0.1 mV, range: 8 mV}}\n"
        "    I: {neuron: lif, count: 5}\n"
        "record: {signals: [{what: homeostasis, every: 5 ms, neurons: [3, 10..40 by 10]}, {what: spikes, neurons: all}]}\n";
    for (unsigned n_threads = 1; n_threads <= 3; n_threads += 2) {
        kept k = run(text, n_threads, NULL, 0);
        cal_recording_signal s;
        unsigned counts[50];
        double *rows = rows_of(&k, "homeostasis_E", &s);
        cr_expect(eq(str, (char *)s.unit, "mV"));
        cr_assert(s.n_columns == 5 && s.n_rows == 40);
        cr_expect(eq(u32, count_spikes(&k, 0, counts).n_recorded, 50));
        for (size_t c = 0; c < 5; c++) {
            const unsigned id = c == 0 ? 3 : (unsigned)(10 * c);
            cr_expect(epsilon_eq(dbl, rows[39 * 5 + c], 0.1 * (counts[id] - 20.0 * 0.2), 1e-6), "neuron %u, %u spikes", id, counts[id]);
        }
        cr_expect(counts[10] != counts[40] || counts[20] != counts[30]); /* they are not all alike */
        free(rows);
        drop(&k);
    }
}
