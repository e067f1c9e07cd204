/* The accuracy statement of a run: experiment/accuracy.c. Orders of schemes are known (docs/numerics.md), and an error
 * that is estimated from dt, dt/2 and dt/4 must be the one that a check at dt/2 finds for its own step. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "experiment/accuracy.h"
#include "support/support.h"

/* Columns of Jansen and Rit, each with its own drive, so that they oscillate and differ. */
static const char *const brain =
    "callosum: 1\n"
    "run: {duration: 3 s}\n"
    "connectome: {generate: {regions: 10, seed: 1}, speed: 4 mm/ms, self_connections: drop}\n"
    "coupling: {gain: 10, weights: row-sum-one}\n"
    "integrator: {method: rk4, step: 0.5 ms}\n"
    "models:\n"
    "  column: {neural_mass: jansen-rit, parameters: {mu: \"uniform(0.15 1/ms, 0.25 1/ms)\"}}\n"
    "regions: {default: column}\n"
    "record: {signals: [{what: potential, every: 1 ms}, {what: potential, every: 5 ms, name: again},\n"
    "                   {what: rate, every: 1 ms, mean: true}]}\n";

static cal_accuracy *measure(cal_context *ctx, const char *text, const char *const *set, size_t n_set)
{
    cal_experiment *experiment = NULL;
    cal_accuracy *accuracy = NULL;
    const char *directory = cali_test_directory();
    cr_assert(chdir(directory) == 0);
    cr_assert(cali_file_write(ctx, "e.yaml", text, strlen(text)) == CAL_OK);
    cr_assert(cal_experiment_load(ctx, "e.yaml", set, n_set, &experiment) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_accuracy_measure(ctx, experiment, false, &accuracy) == CAL_OK, "%s", cal_context_message(ctx));
    cal_experiment_destroy(&experiment);
    return accuracy;
}

typedef struct scheme {
    const char *set, *step, *speed;
    double order;
} scheme;

/* Short enough steps for the order to show; 0.3 of an order is what three steps tell. Held schemes round delays, which
 * are random parts of a step: without delays they show the order of the held coupling. */
static const scheme schemes[] = {
    {"integrator.method=rk4", "integrator.step=0.5 ms", "connectome.speed=4 mm/ms", 4.0},
    {"integrator.method=heun", "integrator.step=0.1 ms", "connectome.speed=4 mm/ms", 2.0},
    {"integrator.method=sra1", "integrator.step=0.1 ms", "connectome.speed=4 mm/ms", 2.0},
    {"integrator.method=euler", "integrator.step=0.005 ms", "connectome.speed=4 mm/ms", 1.0},
    {"integrator.method=heun-held", "integrator.step=0.02 ms", "connectome.speed=infinite", 1.0},
    {"integrator.method=rk4-held", "integrator.step=0.02 ms", "connectome.speed=infinite", 1.0},
};
enum { N_SCHEMES = sizeof schemes / sizeof schemes[0] };

ParameterizedTestParameters(experiment_accuracy, a_scheme_shows_its_order)
{
    static int index[N_SCHEMES];
    for (int i = 0; i < N_SCHEMES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_SCHEMES);
}

ParameterizedTest(int *i, experiment_accuracy, a_scheme_shows_its_order)
{
    cal_context *ctx = cali_test_context(2);
    const char *set[] = {schemes[*i].set, schemes[*i].step, schemes[*i].speed, "run.duration=400 ms"};
    cal_accuracy *a = measure(ctx, brain, set, 4);
    cr_expect(eq(sz, a->n_rows, 2)); /* the potential once */
    for (size_t r = 0; r < a->n_rows; r++) {
        cr_expect(epsilon_eq(dbl, a->rows[r].order, schemes[*i].order, 0.3), "%s: order %g", schemes[*i].set,
                  a->rows[r].order);
        cr_expect(a->rows[r].error > 0.0 && a->rows[r].error < 0.1, "%s: error %g", schemes[*i].set, a->rows[r].error);
    }
    cal_accuracy_destroy(&a);
    cal_context_destroy(&ctx);
}

/* With delays the error of a held scheme is rounding of delays as much as anything; it is taken against a better scheme
 * and so falls with the step even where three held runs would show no order. */
Test(experiment_accuracy, held_schemes_are_compared_with_a_better_one)
{
    cal_context *ctx = cali_test_context(2);
    const char *held[] = {"integrator={method: heun-held, step: 0.2 ms}", "run.duration=400 ms"};
    const char *rk4[] = {"integrator={method: rk4, step: 0.2 ms}", "run.duration=400 ms"};
    cal_accuracy *a = measure(ctx, brain, held, 2), *b = measure(ctx, brain, rk4, 2);
    for (size_t r = 0; r < a->n_rows; r++) {
        cr_expect(a->rows[r].order > 0.0, "order %g", a->rows[r].order);
        cr_expect(epsilon_eq(dbl, a->rows[r].error / b->rows[r].held_error, 1.0, 1e-3)); /* the same runs */
    }
    cal_accuracy_destroy(&a);
    cal_accuracy_destroy(&b);
    cal_context_destroy(&ctx);
}

/* Richardson's error of half the step, of a check at dt, and the error of a check at dt/2: equal but for terms of the
 * next order, which are a fifth at most here. */
Test(experiment_accuracy, the_error_of_half_the_step_is_what_a_check_at_half_the_step_finds)
{
    cal_context *ctx = cali_test_context(2);
    const char *coarse[] = {"integrator.step=0.5 ms"}, *fine[] = {"integrator.step=0.25 ms"};
    cal_accuracy *a = measure(ctx, brain, coarse, 1), *b = measure(ctx, brain, fine, 1);
    cr_expect(eq(i64, a->duration, 1000 * CAL_NS_PER_MS));
    cr_expect(eq(i64, b->dt, CAL_NS_PER_MS / 4));
    for (size_t r = 0; r < a->n_rows; r++) {
        cr_expect(epsilon_eq(dbl, a->rows[r].finer / b->rows[r].error, 1.0, 0.2));
        cr_expect(a->rows[r].error > 8.0 * a->rows[r].finer); /* order 3 and above */
        cr_expect(a->rows[r].held_error > 1e3 * a->rows[r].error); /* first order, rounded delays */
        cr_expect(isinf(a->rows[r].diverges_at_ms));
    }
    cr_expect(a->error == fmax(a->rows[0].error, a->rows[1].error));
    char expected[512];
    snprintf(expected, sizeof expected,
             "at 0.5 ms the traces are right to %.1g of their standard deviation over 1 s; heun-held at 0.5 ms, the scheme "
             "of The Virtual Brain, to %.1g.",
             a->error, a->held_error);
    cr_expect(eq(str, a->sentence, expected));
    cal_accuracy_destroy(&a);
    cal_accuracy_destroy(&b);
    cal_context_destroy(&ctx);
}

/* Additive white noise on the first derivative: sra1 has strong order 1.5 at least, Euler and Maruyama's 1; both only
 * if all steps see one path, otherwise no order shows at all. */
Test(experiment_accuracy, white_noise_gives_strong_errors_on_one_path)
{
    cal_context *ctx = cali_test_context(2);
    const char *sra[] = {"noise=[{state: y4, level: 0.05 mV/(ms sqrt(ms))}]", "integrator.method=auto",
                         "integrator.step=0.2 ms", "run.duration=400 ms"};
    const char *euler[] = {sra[0], "integrator.method=euler", "integrator.step=0.05 ms", sra[3]};
    cal_accuracy *a = measure(ctx, brain, sra, 4), *b = measure(ctx, brain, euler, 4);
    cr_expect(eq(int, a->integrator, CAL_SRA1));
    cr_expect(a->has_white && !a->has_coloured);
    cr_expect(a->rows[0].order > 1.3, "order %g", a->rows[0].order);
    cr_expect(epsilon_eq(dbl, b->rows[0].order, 1.0, 0.3), "order %g", b->rows[0].order);
    cr_expect(strstr(a->sentence, "All steps see the same path of the white noise: these are strong errors.") != NULL);
    cal_accuracy_destroy(&a);
    cal_accuracy_destroy(&b);
    cal_context_destroy(&ctx);
}

/* CVODE: the error follows the tolerance. Three decades of tolerance are one of error at least. */
Test(experiment_accuracy, tolerances_are_refined_by_factors_of_ten)
{
    cal_context *ctx = cali_test_context(2);
    const char *set[] = {"integrator={method: cvode-adams, tolerance: 1e-7, step: 0.1 ms}", "run.duration=300 ms"};
    cal_accuracy *a = measure(ctx, brain, set, 2);
    cr_expect(eq(dbl, a->rtol, 1e-7));
    cr_expect(a->rows[0].order > 0.4 && a->rows[0].order < 1.6, "order %g", a->rows[0].order);
    cr_expect(strncmp(a->sentence, "at tolerance 1e-07 and a grid of 0.1 ms the traces are right to ", 64) == 0, "%s",
              a->sentence);
    cal_accuracy_destroy(&a);
    cal_context_destroy(&ctx);
}

/* Uncoupled linear masses decay: x' = gamma x from 1. What stays where it is has nothing to be relative to but its size,
 * and refining finds roundings only. */
Test(experiment_accuracy, a_quantity_at_rest_is_said_to_be_constant)
{
    const char *text = "callosum: 1\n"
                       "run: {duration: 50 ms}\n"
                       "connectome: {generate: {regions: 4}}\n"
                       "coupling: {gain: 0}\n"
                       "integrator: {method: rk4, step: 0.1 ms}\n"
                       "models: {m: {neural_mass: linear, initial: {x: 0}}}\n"
                       "regions: {default: m}\n";
    cal_context *ctx = cali_test_context(1);
    cal_accuracy *a = measure(ctx, text, NULL, 0);
    cr_expect(eq(sz, a->n_rows, 1)); /* nothing is recorded: the model's first output */
    cr_expect(eq(str, a->rows[0].what, "x"));
    cr_expect(a->rows[0].is_constant);
    cr_expect(eq(dbl, a->rows[0].error, 0.0));
    cr_expect(isnan(a->rows[0].order));
    cal_accuracy_destroy(&a);
    cal_context_destroy(&ctx);
}

/* A held coupling at a step that is far too long: traces part, and the time is said. */
Test(experiment_accuracy, growing_differences_are_said_with_their_time)
{
    const char *set[] = {"integrator={method: heun-held, step: 1 ms}"};
    cal_context *ctx = cali_test_context(2);
    cal_accuracy *a = measure(ctx, brain, set, 1);
    cr_assert(isfinite(a->rows[0].diverges_at_ms));
    char expected[200];
    snprintf(expected, sizeof expected, "up to %.4g ms only; after that differences have grown: compare statistics",
             fmin(a->rows[0].diverges_at_ms, a->rows[1].diverges_at_ms));
    cr_expect(strstr(a->sentence, expected) != NULL, "%s", a->sentence);
    cr_expect(isnan(a->held_error) && isnan(a->rows[0].held_error));
    cal_accuracy_destroy(&a);
    cal_context_destroy(&ctx);
}

/* A spiking region: its mean field takes part, and the statement and the manifest say so. */
Test(experiment_accuracy, spiking_regions_are_replaced_and_the_manifest_keeps_the_statement)
{
    const char *text = "callosum: 1\n"
                       "run: {duration: 20 ms}\n"
                       "connectome: {generate: {regions: 6}, speed: 2 mm/ms, self_connections: drop}\n"
                       "coupling: {a: 10 ms, weights: row-sum-one}\n"
                       "integrator: {method: rk4, step: 0.1 ms}\n"
                       "models: {field: {neural_mass: mpr, parameters: {tau: 10 ms}}}\n"
                       "regions:\n"
                       "  default: field\n"
                       "  \"#1\":\n"
                       "    spiking:\n"
                       "      populations: {Q: {neuron: qif, count: 10}}\n"
                       "      receives: [{by: current, into: Q}]\n"
                       "      gives: [{by: rate, from: Q}]\n"
                       "record: {signals: [{what: rate}, {what: spikes, of: \"#1\"}]}\n";
    cal_context *ctx = cali_test_context(1);
    cal_accuracy *a = measure(ctx, text, NULL, 0);
    cr_expect(a->is_mean_field);
    cr_expect(eq(sz, a->n_rows, 1));
    cr_expect(strstr(a->sentence, "Only the host is checked: the mean fields stand in for the spiking regions.") != NULL);
    cal_experiment *experiment = NULL;
    cal_session *session = NULL;
    char *manifest = NULL;
    cr_assert(cal_experiment_load(ctx, "e.yaml", NULL, 0, &experiment) == CAL_OK);
    cal_session_def def = cal_session_def_default();
    def.sink = "memory";
    def.accuracy = a;
    cr_assert(cal_session_create(ctx, experiment, &def, &session) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_manifest(session, &manifest) == CAL_OK);
    cr_expect(strstr(manifest, "\"accuracy\": {\"sentence\": \"at 0.1 ms the traces") != NULL);
    cr_expect(strstr(manifest, "\"quantities\": [{\"what\": \"rate\", \"error\": ") != NULL);
    free(manifest);
    cal_session_destroy(&session);
    cal_experiment_destroy(&experiment);
    cal_accuracy_destroy(&a);
    cal_context_destroy(&ctx);
}

/* A saved state has a history at its own step, so the finer runs cannot begin there. */
Test(experiment_accuracy, a_saved_state_is_left_out_and_said)
{
    cal_context *ctx = cali_test_context(1);
    const char *set[] = {"run.duration=20 ms", "initial.state=begin.state"};
    cal_experiment *experiment = NULL;
    cal_session *session = NULL;
    cal_accuracy *accuracy = NULL;
    cal_session_def def = cal_session_def_default();
    def.sink = "memory";
    cr_assert(chdir(cali_test_directory()) == 0);
    cr_assert(cali_file_write(ctx, "e.yaml", brain, strlen(brain)) == CAL_OK);
    cr_assert(cal_experiment_load(ctx, "e.yaml", set, 1, &experiment) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_create(ctx, experiment, &def, &session) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_save_state(session, "begin.state") == CAL_OK, "%s", cal_context_message(ctx));
    cal_session_destroy(&session);
    cal_experiment_destroy(&experiment);
    cr_assert(cal_experiment_load(ctx, "e.yaml", set, 2, &experiment) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_accuracy_measure(ctx, experiment, false, &accuracy) == CAL_OK, "%s", cal_context_message(ctx));
    cr_expect(strstr(accuracy->sentence, "The saved state belongs to one step") != NULL, "%s", accuracy->sentence);
    cal_accuracy_destroy(&accuracy);
    cal_experiment_destroy(&experiment);
    cal_context_destroy(&ctx);
}

/* 1 ns cannot be halved. The message is the one of the caller's context. */
Test(experiment_accuracy, failures_reach_the_context_of_the_caller)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *experiment = NULL;
    cal_accuracy *accuracy = NULL;
    const char *set[] = {"integrator.step=0.000001 ms", "run.duration=0.00001 ms", "coupling.gain=0"};
    cr_assert(chdir(cali_test_directory()) == 0);
    cr_assert(cali_file_write(ctx, "e.yaml", brain, strlen(brain)) == CAL_OK);
    cr_assert(cal_experiment_load(ctx, "e.yaml", set, 3, &experiment) == CAL_OK, "%s", cal_context_message(ctx));
    cr_expect(cal_accuracy_measure(ctx, experiment, false, &accuracy) != CAL_OK);
    cr_expect(accuracy == NULL);
    cr_expect(strlen(cal_context_message(ctx)) > 0);
    cal_experiment_destroy(&experiment);
    cal_context_destroy(&ctx);
}
