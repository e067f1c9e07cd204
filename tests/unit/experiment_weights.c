/* `record.weights`: experiment/parse_weights.c, experiment/weights.c. The rows are what the engine holds at their times, the
 * columns say whose synapses they are, and every mistake is told with its place. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/experiment.h"
#include "experiment/experiment.h"
#include "experiment/session.h"
#include "support/support.h"

enum { MAX_TEXT = 4096 };

/* Two connections that learn, one by name, and two that do not. */
static const char *with(const char *weights)
{
    static char text[MAX_TEXT];
    snprintf(text, sizeof text,
             "callosum: 1\n"
             "run: {duration: 150 ms, seed: 3}\n"
             "network:\n"
             "  populations:\n"
             "    E: {neuron: lif, count: 50, parameters: {I_e: \"uniform(400 pA, 900 pA)\"}}\n"
             "    I: {neuron: lif, count: 20, parameters: {I_e: 500 pA}}\n"
             "  connections:\n"
             "    - {from: I, to: E, probability: 50 %%, weight: -40 pA, delay: \"uniform(1 ms, 3 ms)\", name: brake,\n"
             "       plasticity: {rule: vogels, eta: 1 pA, w_max: 100 pA}}\n"
             "    - {from: E, to: E, in_degree: 10, weight: 40 pA, delay: 1 ms, plasticity: {rule: stdp, w_max: 100 pA}}\n"
             "    - {from: E, to: I, in_degree: 10, weight: 40 pA}\n"
             "    - {from: I, to: I, in_degree: 5, weight: -40 pA, plasticity: tsodyks-markram}\n"
             "record: {signals: [{what: rate}], weights: %s}\n", weights);
    return text;
}

static cal_experiment *parse(cal_context *ctx, const char *text)
{
    cal_experiment *e = NULL;
    const cal_status status = cali_experiment_parse(ctx, "exp.yaml", text, strlen(text), NULL, 0, &e);
    cr_assert(eq(int, status, CAL_OK), "%s", cal_context_message(ctx));
    return e;
}

static cal_session *start(cal_context *ctx, const cal_experiment *e)
{
    cal_session_def def = cal_session_def_default();
    cal_session *s = NULL;
    def.sink = "memory";
    cr_assert(cal_session_create(ctx, e, &def, &s) == CAL_OK, "%s", cal_context_message(ctx));
    return s;
}

/* The session ends here; the experiment goes with it. */
static cal_recording *finish(cal_session *s, cal_experiment *e)
{
    cal_recording *recording = NULL;
    cr_assert(cal_session_finish(s) == CAL_OK);
    cr_assert(cal_recording_from_memory(s->recorder, &recording) == CAL_OK);
    cal_session_destroy(&s);
    cal_experiment_destroy(&e);
    return recording;
}

static void close_all(cal_recording *recording, cal_context *ctx)
{
    cal_recording_close(&recording);
    cal_context_destroy(&ctx);
}

static cal_recording_signal find(cal_recording *recording, const char *name, double **rows)
{
    for (size_t i = 0; i < cal_recording_n_signals(recording); i++) {
        const cal_recording_signal signal = cal_recording_get_signal(recording, i);
        if (strcmp(signal.name, name) != 0)
            continue;
        *rows = malloc(signal.n_rows * signal.n_columns * sizeof **rows);
        cr_assert(cal_recording_read(recording, i, 0, signal.n_rows, *rows) == CAL_OK);
        return signal;
    }
    cr_assert(false, "no signal %s", name);
    return (cal_recording_signal){0};
}

static double *column(cal_recording *recording, const char *path, size_t n)
{
    size_t n_rows, n_columns;
    double *values = NULL;
    cr_assert(cal_recording_read_matrix(recording, path, &n_rows, &n_columns, &values) == CAL_OK);
    cr_assert(eq(sz, n_rows, n), "%s", path);
    cr_assert(eq(sz, n_columns, 1));
    return values;
}

/* Rows every 50 ms from 0 on; the first holds the weights of the beginning, each later one what the engine says then. */
Test(experiment_weights, rows_are_what_the_engine_holds)
{
    cal_context *ctx = cali_test_context(2);
    cal_experiment *e = parse(ctx, with("[{connection: brake, every: 50 ms}]"));
    cal_session *s = start(ctx, e);
    cal_snn_weights w[4];
    size_t n = 0;
    do {
        if (cal_session_time(s) % (50 * CAL_NS_PER_MS) == 0)
            cr_assert(eq(int, cal_snn_get_weights(s->builds[0].snn, 0, &w[n++]), CAL_OK));
    } while (!cal_session_is_done(s) && cal_session_advance(s) == CAL_OK);
    cr_assert(eq(sz, n, 4), "%s", cal_context_message(ctx));
    cal_recording *recording = finish(s, e);
    double *rows;
    const cal_recording_signal signal = find(recording, "weights_brake", &rows);
    cr_expect(eq(str, (char *)signal.unit, "pA"));
    cr_expect(eq(str, (char *)signal.monitor, "weights"));
    cr_expect(signal.t_first == 0 && signal.every == 50 * CAL_NS_PER_MS);
    cr_assert(eq(sz, signal.n_rows, 4));
    cr_assert(eq(sz, signal.n_columns, w[0].n));
    double *source = column(recording, "synapses/weights_brake/source_ids", w[0].n);
    double *target = column(recording, "synapses/weights_brake/target_ids", w[0].n);
    double *delay = column(recording, "synapses/weights_brake/delays", w[0].n);
    size_t n_moved = 0;
    for (size_t c = 0; c < w[0].n; c++) {
        size_t k = 0;
        while (k < w[0].n && !((double)w[0].source[k] == source[c] && (double)w[0].target[k] == target[c]))
            k++;
        cr_assert(k < w[0].n, "synapse %zu", c);
        cr_expect(eq(dbl, w[0].delay_ms[k], delay[c]));
        for (size_t row = 0; row < 4; row++)
            cr_assert(eq(dbl, rows[row * w[0].n + c], w[row].weight[k]));
        cr_expect(eq(dbl, rows[c], -40.0));
        n_moved += rows[3 * w[0].n + c] != -40.0;
    }
    cr_expect(n_moved > w[0].n / 2, "%zu of %zu moved", n_moved, w[0].n);
    size_t n_names;
    char **names;
    cr_assert(cal_recording_read_texts(recording, "synapses/weights_brake/populations", &n_names, &names) == CAL_OK);
    cr_assert(eq(sz, n_names, 2));
    cr_expect(strcmp(names[0], "I") == 0 && strcmp(names[1], "E") == 0);
    for (size_t i = 0; i < n_names; i++)
        free(names[i]);
    free(names);
    for (size_t i = 0; i < 4; i++)
        cal_snn_weights_free(&w[i]);
    free(rows);
    free(source);
    free(target);
    free(delay);
    close_all(recording, ctx);
}

/* Without a connection all that learn are kept, under names of their own; a random part is one. */
Test(experiment_weights, names_tell_connections_apart)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = parse(ctx, with("[{every: 75 ms}, {connection: E to E, synapses: random 7}, "
                                        "{connection: E to E, synapses: random 10 %, name: few, every: 150 ms}, "
                                        "{connection: E to E, targets: [3, 10..12], name: onto, every: 150 ms}]"));
    cal_session *s = start(ctx, e);
    static const struct {
        const char *name;
        size_t n_rows, n_columns; /* 0: by chance */
    } expected[] = {{"weights_brake", 3, 0}, {"weights_E_to_E", 3, 500}, {"weights_E_to_E_2", 2, 7}, {"few", 2, 50}, {"onto", 2, 40}};
    while (!cal_session_is_done(s))
        cr_assert(cal_session_advance(s) == CAL_OK, "%s", cal_context_message(ctx));
    cal_recording *recording = finish(s, e);
    cr_assert(eq(sz, cal_recording_n_signals(recording), 6));
    for (size_t i = 0; i < 5; i++) {
        double *rows;
        const cal_recording_signal signal = find(recording, expected[i].name, &rows);
        cr_expect(eq(sz, signal.n_rows, expected[i].n_rows), "%s", signal.name);
        cr_expect(expected[i].n_columns == 0 || signal.n_columns == expected[i].n_columns, "%s", signal.name);
        free(rows);
    }
    close_all(recording, ctx);
}

/* A connection whose synapses form and break: how many there are. */
Test(experiment_weights, of_synapses_that_form_are_their_number)
{
    static const char *const text =
        "callosum: 1\n"
        "run: {duration: 150 ms, seed: 3}\n"
        "network:\n"
        "  populations: {E: {neuron: lif, count: 50, parameters: {I_e: \"uniform(400 pA, 900 pA)\"}}}\n"
        "  connections:\n"
        "    - {from: E, to: E, in_degree: 0, weight: 10 pA, delay: 1 ms, plasticity: {rule: structural-linear, capacity: 20,\n"
        "       interval: 10 ms, axon_growth: 60 Hz, dendrite_growth: 60 Hz}}\n"
        "record: {signals: [{what: rate}], weights: [{every: 50 ms}]}\n";
    cal_context *ctx = cali_test_context(2);
    cal_experiment *e = parse(ctx, text);
    cal_session *s = start(ctx, e);
    cal_snn_structure expected[4];
    size_t n = 0;
    do {
        if (cal_session_time(s) % (50 * CAL_NS_PER_MS) == 0)
            cr_assert(eq(int, cal_snn_get_structure(s->builds[0].snn, 0, &expected[n++]), CAL_OK));
    } while (!cal_session_is_done(s) && cal_session_advance(s) == CAL_OK);
    cr_assert(eq(sz, n, 4), "%s", cal_context_message(ctx));
    cal_recording *recording = finish(s, e);
    double *rows;
    const cal_recording_signal signal = find(recording, "synapses_E_to_E", &rows);
    cr_assert(eq(sz, signal.n_rows, 4));
    cr_assert(eq(sz, signal.n_columns, 6));
    for (size_t k = 0; k < 4; k++) {
        cr_expect(eq(dbl, rows[6 * k], (double)expected[k].n_synapses));
        cr_expect(eq(dbl, rows[6 * k + 1], (double)expected[k].n_formed));
        cr_expect(eq(dbl, rows[6 * k + 4], expected[k].dendritic));
    }
    cr_expect(rows[0] == 0.0 && rows[18] > 100.0, "%g synapses", rows[18]);
    free(rows);
    close_all(recording, ctx);
}

Test(experiment_weights, no_part_of_synapses_that_form_can_be_chosen)
{
    static const char *const text =
        "callosum: 1\nrun: {duration: 150 ms, seed: 3}\n"
        "network:\n  populations: {E: {neuron: lif, count: 50}}\n"
        "  connections: [{from: E, to: E, in_degree: 0, weight: 10 pA, plasticity: {rule: structural, capacity: 20}}]\n"
        "record: {weights: [{connection: E to E, synapses: random 10}]}\n";
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = NULL;
    cr_expect(ne(int, cali_experiment_parse(ctx, "exp.yaml", text, strlen(text), NULL, 0, &e), CAL_OK));
    cr_expect(strstr(cal_context_message(ctx), "no part of \"E to E\" can be chosen") != NULL, "%s", cal_context_message(ctx));
    cr_expect(strstr(cal_context_message(ctx), "exp.yaml:6:") != NULL, "%s", cal_context_message(ctx));
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

/* The manifest repeats the lines; a check knows the size of the recording without building anything. */
Test(experiment_weights, are_echoed_and_estimated)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = parse(ctx, with("[{connection: E to E, synapses: random 20 %, every: 50 ms}]"));
    cali_text echo = {0};
    cr_assert(cali_experiment_echo(ctx, e, &echo) == CAL_OK);
    cr_expect(strstr(echo.data, "\"connection\": \"E to E\"") != NULL, "%s", echo.data);
    cr_expect(strstr(echo.data, "\"synapses\": \"random 20 %\"") != NULL);
    cr_expect(strstr(echo.data, "\"name\": \"brake\"") != NULL);
    cali_text_free(&echo);
    cal_session_def def = cal_session_def_default();
    cal_session *s = NULL, *real = start(ctx, e);
    def.is_check = true;
    cr_assert(cal_session_create(ctx, e, &def, &s) == CAL_OK, "%s", cal_context_message(ctx));
    const double bytes = cal_session_plan(real).recording_bytes;
    cr_expect(epsilon_eq(dbl, cal_session_plan(s).recording_bytes, bytes, 0.03 * bytes)); /* labels are shorter */
    cal_session_destroy(&s);
    cal_session_destroy(&real);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

typedef struct mistake {
    const char *weights, *message;
} mistake;

static const mistake mistakes[] = {
    {"[{connection: E to X}]", "known    brake, E to E"},
    {"[{connection: E to I}]", "the weights of \"E to I\" stay what they are"},
    {"[{connection: I to I}]", "stay what they are"},
    {"[{connection: E to E, synapses: 7}]", "synapses needs all, random and a number"},
    {"[{connection: E to E, synapses: random 0}]", "synapses needs all"},
    {"[{connection: E to E, synapses: random 120 %}]", "synapses needs all"},
    {"[{connection: E to E, synapses: random 1.5}]", "synapses needs all"},
    {"[{connection: E to E, targets: half}]", "neurons are all, a number"},
    {"[{connection: E to E, of: E}]", "has no regions to choose from"},
    {"[{conection: E to E}]", "unknown key \"conection\""},
    {"[{connection: E to E, every: 0 ms}]", "every"},
};
enum { N_MISTAKES = sizeof mistakes / sizeof mistakes[0] };

ParameterizedTestParameters(experiment_weights, mistakes_have_their_place)
{
    static int index[N_MISTAKES];
    for (int i = 0; i < N_MISTAKES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_MISTAKES);
}

ParameterizedTest(int *index, experiment_weights, mistakes_have_their_place)
{
    const mistake *m = &mistakes[*index];
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = NULL;
    const char *text = with(m->weights);
    cr_expect(ne(int, cali_experiment_parse(ctx, "exp.yaml", text, strlen(text), NULL, 0, &e), CAL_OK), "%s", m->weights);
    const char *message = cal_context_message(ctx);
    cr_expect(strstr(message, m->message) != NULL, "\"%s\" lacks \"%s\"", message, m->message);
    cr_expect(strstr(message, "exp.yaml:13:") != NULL, "%s", message);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

/* Windows that the weights do not fit to, given by hand: both ways out are named. */
Test(experiment_weights, an_interval_between_windows_is_refused)
{
    char text[MAX_TEXT + 64];
    cal_context *ctx = cali_test_context(1);
    snprintf(text, sizeof text, "%ssync: {window: 15 ms}\n", with("[{connection: E to E, every: 50 ms}]"));
    cal_experiment *e = parse(ctx, text);
    cal_session_def def = cal_session_def_default();
    cal_session *s = NULL;
    def.is_check = true;
    cr_expect(ne(int, cal_session_create(ctx, e, &def, &s), CAL_OK));
    cr_expect(strstr(cal_context_message(ctx), "try      every: 45 ms or 60 ms") != NULL, "%s", cal_context_message(ctx));
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

/* A region of a brain: the signal has its name in front, and the rows lie at window ends. */
Test(experiment_weights, of_a_region)
{
    static const char *const text =
        "callosum: 1\n"
        "run: {duration: 40 ms}\n"
        "connectome: {generate: {regions: 8}, speed: 2 mm/ms}\n"
        "coupling: {a: 10 ms, min_delay: 2 ms}\n"
        "sync: {window: 2 ms}\n"
        "models:\n"
        "  field: {neural_mass: mpr, parameters: {tau: 10 ms}}\n"
        "regions:\n"
        "  default: field\n"
        "  \"#2\":\n"
        "    spiking:\n"
        "      populations: {Q: {neuron: lif, count: 30, parameters: {I_e: 600 pA}, initial: {V: \"uniform(-70 mV, -50 mV)\"}}}\n"
        "      connections: [{from: Q, to: Q, in_degree: 5, weight: 9 pA, plasticity: {rule: stdp, w_max: 20 pA}}]\n"
        "      receives: [{by: current, into: Q, gain: 1 pA}]\n"
        "      gives: [{by: rate, from: Q}]\n"
        "record: {signals: [{what: rate}], weights: [{of: \"#2\", every: 10 ms}]}\n";
    cal_context *ctx = cali_test_context(2);
    cal_experiment *e = parse(ctx, text);
    cal_session *s = start(ctx, e);
    while (!cal_session_is_done(s))
        cr_assert(cal_session_advance(s) == CAL_OK, "%s", cal_context_message(ctx));
    char name[200];
    snprintf(name, sizeof name, "%s", s->weight_tracks[0].name);
    cr_expect(strstr(name, "_weights_Q_to_Q") != NULL, "%s", name);
    cal_recording *recording = finish(s, e);
    double *rows;
    const cal_recording_signal signal = find(recording, name, &rows);
    cr_expect(eq(sz, signal.n_rows, 5));
    cr_expect(eq(sz, signal.n_columns, 150));
    size_t n_moved = 0;
    for (size_t c = 0; c < 150; c++) {
        cr_expect(eq(dbl, rows[c], 9.0));
        n_moved += rows[600 + c] != 9.0;
    }
    cr_expect(n_moved > 20, "%zu", n_moved);
    free(rows);
    close_all(recording, ctx);
}
