/* positions of populations in the experiment file: they reach the engine and run.h5, the manifest repeats them, and mistakes are
 * told with their places. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "callosum/experiment.h"
#include "callosum/recording.h"
#include "experiment/experiment.h"
#include "experiment/session.h"
#include "support/support.h"

enum { MAX_TEXT = 4096 };

static const char *with(const char *positions)
{
    static char text[MAX_TEXT];
    snprintf(text, sizeof text,
             "callosum: 1\n"
             "run: {duration: 2 ms, seed: 3}\n"
             "network:\n"
             "  populations:\n"
             "    E: {neuron: lif, count: 12}\n"
             "    I:\n"
             "      neuron: lif\n"
             "      count: 6\n"
             "      positions: %s\n"
             "record: {signals: [{what: spikes}]}\n", positions);
    return text;
}

static cal_experiment *parse(cal_context *ctx, const char *path, const char *text)
{
    cal_experiment *e = NULL;
    const cal_status status = cali_experiment_parse(ctx, path, text, strlen(text), NULL, 0, &e);
    cr_assert(eq(int, status, CAL_OK), "%s", cal_context_message(ctx));
    return e;
}

/* Positions of I in run.h5, checked against those of the engine. */
static double *run(cal_context *ctx, const cal_experiment *e, size_t *n, size_t *d)
{
    cal_session_def def = cal_session_def_default();
    cal_session *s = NULL;
    cal_recording *recording = NULL;
    double *values = NULL;
    unsigned dimensions;
    def.sink = "memory";
    cr_assert(cal_session_create(ctx, e, &def, &s) == CAL_OK, "%s", cal_context_message(ctx));
    while (!cal_session_is_done(s))
        cr_assert(cal_session_advance(s) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_finish(s) == CAL_OK);
    cr_assert(cal_recording_from_memory(s->recorder, &recording) == CAL_OK);
    cr_assert(cal_recording_read_matrix(recording, "positions/network.I", n, d, &values) == CAL_OK);
    const double *x = cal_snn_get_positions(s->builds[0].snn, 1, &dimensions);
    cr_assert(x != NULL && *n == 6 && *d == dimensions);
    cr_expect(memcmp(x, values, *n * *d * sizeof *x) == 0);
    cr_expect(cal_snn_get_positions(s->builds[0].snn, 0, &dimensions) == NULL);
    cal_recording_close(&recording);
    cal_session_destroy(&s);
    return values;
}

Test(experiment_positions, a_grid_reaches_engine_and_recording)
{
    cal_context *ctx = cali_test_context(1);
    size_t n, d;
    cal_experiment *e = parse(ctx, "exp.yaml", with("{kind: grid, shape: [3, 2], spacing: 20 um, center: [1 mm, 0], periodic: true}"));
    double *x = run(ctx, e, &n, &d);
    cr_assert(eq(sz, d, 2));
    for (int i = 0; i < 6; i++) {
        cr_expect(epsilon_eq(dbl, x[2 * i], 1.0 + 0.02 * (i % 3 - 1), 1e-12));
        cr_expect(epsilon_eq(dbl, x[2 * i + 1], 0.02 * (i / 3 - 0.5), 1e-12));
    }
    free(x);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

Test(experiment_positions, boxes_balls_and_lines_too)
{
    static const struct {
        const char *text;
        size_t d;
    } cases[] = {{"{kind: box, extent: [1 mm, 2 mm, 300 um]}", 3},
                 {"{kind: box, extent: 1 mm, periodic: true}", 1},
                 {"{kind: ball, extent: [1 mm, 1 mm]}", 2},
                 {"{kind: grid, shape: 6, extent: 3 mm}", 1}};
    cal_context *ctx = cali_test_context(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n, d;
        cal_experiment *e = parse(ctx, "exp.yaml", with(cases[i].text));
        free(run(ctx, e, &n, &d));
        cr_expect(eq(sz, d, cases[i].d));
        cal_experiment_destroy(&e);
    }
    cal_context_destroy(&ctx);
}

/* A manifest is an experiment: what it says gives the same places. */
Test(experiment_positions, the_manifest_repeats_them)
{
    static const char *const texts[] = {"{kind: grid, shape: [3, 2], spacing: 20 um, center: [1 mm, 0 mm], periodic: true}",
                                        "{kind: ball, extent: [1 mm, 3 mm]}"};
    cal_context *ctx = cali_test_context(1);
    for (int i = 0; i < 2; i++) {
        size_t n, d, m, c;
        cali_text echo = {0};
        cal_experiment *e = parse(ctx, "exp.yaml", with(texts[i]));
        cr_assert(cali_experiment_echo(ctx, e, &echo) == CAL_OK);
        cal_experiment *again = parse(ctx, "exp.yaml", echo.data);
        double *x = run(ctx, e, &n, &d), *y = run(ctx, again, &m, &c);
        cr_assert(n == m && d == c);
        for (size_t k = 0; k < n * d; k++)
            cr_expect(epsilon_eq(dbl, x[k], y[k], 1e-12)); /* metres and back */
        free(x);
        free(y);
        cali_text_free(&echo);
        cal_experiment_destroy(&e);
        cal_experiment_destroy(&again);
    }
    cal_context_destroy(&ctx);
}

static const char *file_experiment(cal_context *ctx, const char *table, const char *positions)
{
    static char path[4200];
    char file[4200];
    const char *folder = cali_test_directory();
    snprintf(path, sizeof path, "%.4000s/exp.yaml", folder);
    snprintf(file, sizeof file, "%.4000s/cells.csv", folder);
    cr_assert(cali_file_write(ctx, file, table, strlen(table)) == CAL_OK);
    const char *text = with(positions);
    cr_assert(cali_file_write(ctx, path, text, strlen(text)) == CAL_OK);
    return path;
}

#define SIX "x (um), y (mm), layer\n0,0,a\n100,0.5,a\n200,1,b\n300,1.5,b\n400,2,c\n500,2.5,c\n"

Test(experiment_positions, a_table_lists_them)
{
    cal_context *ctx = cali_test_context(1);
    size_t n, d;
    const char *path = file_experiment(ctx, SIX, "{kind: file, file: cells.csv}");
    cal_experiment *e = parse(ctx, path, with("{kind: file, file: cells.csv}"));
    double *x = run(ctx, e, &n, &d);
    cr_assert(eq(sz, d, 2));
    for (int i = 0; i < 6; i++) {
        cr_expect(epsilon_eq(dbl, x[2 * i], 0.1 * i, 1e-12));
        cr_expect(epsilon_eq(dbl, x[2 * i + 1], 0.5 * i, 1e-12));
    }
    free(x);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

static cal_status open_session(cal_context *ctx, const cal_experiment *e)
{
    cal_session_def def = cal_session_def_default();
    cal_session *s = NULL;
    def.sink = "memory";
    def.is_check = true;
    const cal_status status = cal_session_create(ctx, e, &def, &s);
    cal_session_destroy(&s);
    return status;
}

Test(experiment_positions, broken_tables_are_refused_with_their_place)
{
    static const struct {
        const char *table, *positions, *message;
    } cases[] = {
        {"x (um)\n1\n2\n", "{kind: file, file: cells.csv}", "has 2 rows for 6 neurons"},
        {"a (um)\n1\n2\n", "{kind: file, file: cells.csv}", "no column \"x\""},
        {"x\n1\n2\n3\n4\n5\n6\n", "{kind: file, file: cells.csv}", "C102"},
        {"x (um)\n1\n2\n3\nnan\n5\n6\n", "{kind: file, file: cells.csv}", "cells.csv:5:1"},
        {SIX, "{kind: file, file: cells.csv, periodic: true, extent: 1 mm}", "positions in 2 dimensions, but the extent has 1"},
        {SIX, "{kind: file, file: cells.csv, periodic: true, extent: [1 mm, 2 mm]}", "neuron 3 is at 1.5 mm on axis 2"},
        {SIX, "{kind: file, file: nothing.csv}", "nothing.csv"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cal_context *ctx = cali_test_context(1);
        const char *path = file_experiment(ctx, cases[i].table, cases[i].positions);
        cal_experiment *e = parse(ctx, path, with(cases[i].positions));
        cr_expect(open_session(ctx, e) != CAL_OK);
        cr_expect(strstr(cal_context_message(ctx), cases[i].message) != NULL, "%s", cal_context_message(ctx));
        const bool is_of_table = strstr(cases[i].message, "C102") != NULL || strstr(cases[i].message, ".csv") != NULL;
        cr_expect(is_of_table || strstr(cal_context_message(ctx), "exp.yaml:9:18") != NULL, "%s", cal_context_message(ctx));
        cal_experiment_destroy(&e);
        cal_context_destroy(&ctx);
    }
}

/* ---- connections by distance --------------------------------------------------------------------------- */

static const char *connected(const char *connection)
{
    static char text[MAX_TEXT];
    snprintf(text, sizeof text,
             "callosum: 1\n"
             "run: {duration: 2 ms, seed: 3}\n"
             "network:\n"
             "  populations:\n"
             "    E: {neuron: lif, count: 400, positions: {kind: grid, shape: [20, 20], spacing: 50 um, periodic: true}}\n"
             "    I: {neuron: lif, count: 100, positions: {kind: box, extent: [1 mm, 1 mm], periodic: true}}\n"
             "    L: {neuron: lif, count: 50, positions: {kind: grid, shape: 50, spacing: 50 um}}\n"
             "    N: {neuron: lif, count: 10}\n"
             "  connections:\n"
             "    - %s\n"
             "record: {signals: [{what: spikes}]}\n", connection);
    return text;
}

static double engine_synapses(cal_context *ctx, const cal_experiment *e, double *hash)
{
    cal_session_def def = cal_session_def_default();
    cal_session *s = NULL;
    def.sink = "memory";
    cr_assert(cal_session_create(ctx, e, &def, &s) == CAL_OK, "%s", cal_context_message(ctx));
    const double n = (double)cal_snn_get_counts(s->builds[0].snn).n_synapses;
    char *bytes = NULL;
    size_t size = 0;
    cr_assert(cal_snn_save_state(s->builds[0].snn, &bytes, &size) == CAL_OK);
    *hash = (double)size;
    free(bytes);
    cal_session_destroy(&s);
    return n;
}

Test(experiment_positions, kernels_reach_the_engine_and_the_manifest)
{
    static const struct {
        const char *text;
        double n, spread; /* of synapses */
    } cases[] = {
        {"{from: E, to: E, probability: 1, kernel: {within: 50 um, metric: maximum}, weight: 1 pA}", 3200.0, 0.0},
        {"{from: E, to: E, probability: 1, kernel: {within: 50 um, metric: manhattan}, weight: 1 pA}", 1600.0, 0.0},
        {"{from: E, to: E, nearest: 4, weight: 1 pA, velocity: 0.3 mm/ms}", 1600.0, 0.0},
        {"{from: I, to: E, in_degree: 20, kernel: {kind: exponential, length: 0.1 mm}, weight: 1 pA, velocity: 0.3 m/s, delay: 1 ms}",
         8000.0, 0.0},
        {"{from: I, to: E, out_degree: 20, multapses: true, kernel: {kind: gamma, shape: 3, length: 100 um}, weight: 1 pA}", 2000.0, 0.0},
        /* 400 x 400 x 0.5 x 2 pi (0.1 mm)^2 / mm^2 */
        {"{from: E, to: E, autapses: true, probability: 50 %, kernel: {kind: gaussian, sigma: 100 um}, weight: 1 pA, weight_kernel: "
         "{kind: linear, length: 0.6 mm}}", 5026.5, 4.0 * 70.0},
        {"{from: E, to: E, probability: 1, kernel: {within: 50 um}, gap_junction: 0.1 nS}", 0.0, 0.0},
        {"{from: E, to: E, autapses: true, probability: \"0.5 * exp(-d^2 / (2 * (100 um)^2))\", weight: \"50 pA * exp(-d / (0.2 mm))\", "
         "delay: \"0.2 ms + d / (0.3 m/s)\"}", 5026.5, 4.0 * 70.0},
        {"{from: E, to: E, probability: \"(dx > 0 um) * 1\", kernel: {within: 50 um, metric: maximum}, weight: -1 pA}", 1200.0, 0.0},
        {"{from: I, to: E, in_degree: 20, kernel: {formula: \"1 / (1 + (d / (100 um))^2)\", within: 0.4 mm}, weight: 1 pA, "
         "weight_kernel: {formula: \"1 + dy / (2 mm)\"}}", 8000.0, 0.0},
    };
    cal_context *ctx = cali_test_context(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cali_text echo = {0};
        double first, second;
        cal_experiment *e = parse(ctx, "exp.yaml", connected(cases[i].text));
        const double n = engine_synapses(ctx, e, &first);
        cr_expect(fabs(n - cases[i].n) <= cases[i].spread, "%s: %g", cases[i].text, n);
        cr_assert(cali_experiment_echo(ctx, e, &echo) == CAL_OK);
        cal_experiment *again = parse(ctx, "exp.yaml", echo.data);
        cr_expect(engine_synapses(ctx, again, &second) == n && second == first, "%s", echo.data);
        cali_text_free(&echo);
        cal_experiment_destroy(&e);
        cal_experiment_destroy(&again);
    }
    cal_context_destroy(&ctx);
}

Test(experiment_positions, a_way_that_takes_time_needs_no_delay)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = parse(ctx, "exp.yaml", connected("{from: E, to: E, nearest: 4, weight: 1 pA, velocity: 0.5 m/s}"));
    cr_expect(eq(dbl, e->networks[0].projections[0].delay_ms.a, 0.0));
    cr_expect(epsilon_eq(dbl, e->networks[0].projections[0].velocity_mm_per_ms, 0.5, 1e-12));
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

static const char *const distance_mistakes[][2] = {
    {"{from: E, to: E, probability: 1, kernel: {kind: gauss, sigma: 1 mm}, weight: 1 pA}", "unknown kernel \"gauss\""},
    {"{from: E, to: E, probability: 1, kernel: {kind: gaussian}, weight: 1 pA}", "kernel gaussian needs sigma"},
    {"{from: E, to: E, probability: 1, kernel: {kind: gaussian, sigma: 1}, weight: 1 pA}", "sigma"},
    {"{from: E, to: E, probability: 1, kernel: {kind: gaussian, sigma: 1 ms}, weight: 1 pA}", "sigma"},
    {"{from: E, to: E, probability: 1, kernel: {kind: gaussian, sigma: 1 mm, lenght: 1 mm}, weight: 1 pA}", "lenght"},
    {"{from: E, to: E, probability: 1, kernel: {kind: gaussian, sigma: -1 mm}, weight: 1 pA}", "sigma"},
    {"{from: E, to: E, probability: 1, kernel: gaussian, weight: 1 pA}", "kernel"},
    {"{from: E, to: E, probability: 0.5, kernel: {kind: linear, length: 1 mm, amplitude: 3}, weight: 1 pA}", "is above 1"},
    {"{from: E, to: E, all_to_all: true, kernel: {within: 1 mm}, weight: 1 pA}", "not the rule all-to-all"},
    {"{from: E, to: N, probability: 1, kernel: {within: 1 mm}, weight: 1 pA}", "needs positions, which the targets lack"},
    {"{from: N, to: E, all_to_all: true, velocity: 1 mm/ms, weight: 1 pA}", "needs positions, which the sources lack"},
    {"{from: L, to: E, nearest: 3, weight: 1 pA}", "the sources lie in 1 dimension, the targets in 2"},
    {"{from: E, to: E, nearest: 3000, weight: 1 pA}", "nearest"},
    {"{from: E, to: E, nearest: 3, in_degree: 3, weight: 1 pA}", "several"},
    {"{from: I, to: I, nearest: 100, weight: 1 pA}", "only 99 sources"},
    {"{from: E, to: E, all_to_all: true, velocity: 0 mm/ms, weight: 1 pA}", "velocity"},
    {"{from: E, to: E, all_to_all: true, velocity: 1 mm/ms, delay: -1 ms, weight: 1 pA}", "delay"},
    {"{from: E, to: E, probability: 1.5, weight: 1 pA}", "probability"},
    {"{from: E, to: E, probability: \"1.5 * exp(-d / (1 mm))\", weight: 1 pA}", "the probability is 1.5 at d = 0 um, allowed are 0 to 1"},
    {"{from: E, to: E, probability: \"0.5 * exp(-r / (1 mm))\", weight: 1 pA}", "exp.yaml:10:49  C101"},
    {"{from: E, to: E, probability: \"0.5 * exp(-d)\", weight: 1 pA}", "exp takes a plain number, got a length (mm)"},
    {"{from: E, to: E, probability: \"50 pA * exp(-d / (1 mm))\", weight: 1 pA}", "probability is a plain number, but the expression"},
    {"{from: E, to: E, probability: \"exp(-dz / (1 mm))\", weight: 1 pA}", "asks for dz, but the neurons lie in 2 dimensions"},
    {"{from: E, to: E, probability: 1, weight: \"50 ms * exp(-d / (1 mm))\"}", "is a current (pA), but the expression is a duration"},
    {"{from: E, to: E, probability: 1, weight: \"50 pA * exp(-d / (1 mm)\"}", "10:"},
    {"{from: E, to: E, probability: 1, weight: \"50 pA * d / (1 mm)\", weight_kernel: {kind: linear, length: 1 mm}}", "beside a weight by formula"},
    {"{from: E, to: E, probability: 1, weight: 1 pA, delay: \"1 ms - d / (0.01 mm/ms)\"}", "the delay in ms is -"},
    {"{from: E, to: E, probability: 1, weight: 1 pA, delay: \"d / (1 mm)\"}", "delay is a duration (ms), but the expression is a plain number"},
    {"{from: E, to: E, probability: \"0.5 * (d < 1 mm)\", kernel: {kind: linear, length: 1 mm}, weight: 1 pA}", "beside a kernel"},
    {"{from: E, to: E, probability: 1, kernel: {kind: linear, length: 1 mm, formula: \"1\"}, weight: 1 pA}", "both a kind and a formula"},
    {"{from: N, to: E, probability: \"0.5 * (d < 1 mm)\", weight: 1 pA}", "needs positions, which the sources lack"},
};
enum { N_DISTANCE_MISTAKES = sizeof distance_mistakes / sizeof *distance_mistakes };

ParameterizedTestParameters(experiment_positions, mistakes_of_distances_have_their_place)
{
    static int index[N_DISTANCE_MISTAKES];
    for (int i = 0; i < N_DISTANCE_MISTAKES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_DISTANCE_MISTAKES);
}

ParameterizedTest(int *index, experiment_positions, mistakes_of_distances_have_their_place)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = NULL;
    const char *text = connected(distance_mistakes[*index][0]);
    cr_expect(cali_experiment_parse(ctx, "exp.yaml", text, strlen(text), NULL, 0, &e) != CAL_OK);
    cr_expect(strstr(cal_context_message(ctx), distance_mistakes[*index][1]) != NULL, "%s", cal_context_message(ctx));
    cr_expect(strstr(cal_context_message(ctx), "exp.yaml:10:") != NULL, "%s", cal_context_message(ctx));
    cal_context_destroy(&ctx);
}

/* ---- mistakes in positions --------------------------------------------------------------------------------- */

static const char *const mistakes[][2] = {
    {"{kind: lattice, shape: 6, spacing: 1 mm}", "lattice"},
    {"{shape: 6, spacing: 1 mm}", "needs the key \"kind\""},
    {"{kind: grid, spacing: 1 mm}", "needs the key \"shape\""},
    {"{kind: grid, shape: [3, 2]}", "needs the key \"spacing\" or \"extent\""},
    {"{kind: grid, shape: [3, 2], spacing: 1 mm, extent: 1 mm}", "one of \"spacing\" and \"extent\""},
    {"{kind: grid, shape: [3, 3], spacing: 1 mm}", "a grid of 9 places for 6 neurons"},
    {"{kind: grid, shape: [3, 2.5], spacing: 1 mm}", "2.5 is no number of places"},
    {"{kind: grid, shape: [3, -2], spacing: 1 mm}", "-2 is no number of places"},
    {"{kind: grid, shape: [3, 2], spacing: [1 mm, 1 mm, 1 mm]}", "has 3 entries, but space has 2 dimensions"},
    {"{kind: grid, shape: [1, 2, 3, 1], spacing: 1 mm}", "has 4 entries"},
    {"{kind: grid, shape: [], spacing: 1 mm}", "has 0 entries"},
    {"{kind: grid, shape: [3, 2], spacing: 1}", "spacing"},
    {"{kind: grid, shape: [3, 2], spacing: 1 ms}", "spacing"},
    {"{kind: grid, shape: [3, 2], spacing: 0 mm}", "along axis 1 must be above 0"},
    {"{kind: box}", "needs the key \"extent\""},
    {"{kind: box, extent: [1 mm, -1 mm]}", "along axis 2 must be above 0"},
    {"{kind: box, extent: {x: 1 mm}}", "extent"},
    {"{kind: box, extent: 1 mm, shape: 6}", "\"shape\" is no key of positions of I of this kind"},
    {"{kind: box, extent: 1 mm, file: a.csv}", "\"file\" is no key"},
    {"{kind: ball, extent: [1 mm, 1 mm], periodic: true}", "no opposite faces"},
    {"{kind: file}", "needs the key \"file\""},
    {"{kind: file, file: a.csv, periodic: true}", "needs the key \"extent\""},
    {"{kind: file, file: a.csv, extent: 1 mm}", "means nothing"},
    {"box", "positions"},
};
enum { N_MISTAKES = sizeof mistakes / sizeof mistakes[0] };

ParameterizedTestParameters(experiment_positions, mistakes_have_their_place)
{
    static int index[N_MISTAKES];
    for (int i = 0; i < N_MISTAKES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_MISTAKES);
}

ParameterizedTest(int *index, experiment_positions, mistakes_have_their_place)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = NULL;
    const char *text = with(mistakes[*index][0]);
    cr_expect(cali_experiment_parse(ctx, "exp.yaml", text, strlen(text), NULL, 0, &e) != CAL_OK);
    cr_expect(strstr(cal_context_message(ctx), mistakes[*index][1]) != NULL, "%s", cal_context_message(ctx));
    cr_expect(strstr(cal_context_message(ctx), "exp.yaml:9:") != NULL, "%s", cal_context_message(ctx));
    cal_context_destroy(&ctx);
}
