/* Noise and stimuli of an experiment: experiment/parse_inputs.c, experiment/inputs.c. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "callosum/experiment.h"
#include "experiment/session.h"
#include "support/support.h"

static const char *const head =
    "callosum: 1\n"
    "run: {duration: 20 ms}\n"
    "connectome: {file: weights.csv, labels: labels.csv, speed: 2 mm/ms}\n"
    "coupling: {from: rate, to: c_r}\n"
    "integrator: {method: heun, step: 0.1 ms}\n"
    "models:\n"
    "  field: {neural_mass: mpr, parameters: {tau: 10 ms}}\n"
    "  column: {neural_mass: jansen-rit}\n"
    "regions: {default: field, c: column}\n"
    "record: {signals: [{what: rate, of: \"a, b\"}]}\n";

static void write_in(cal_context *ctx, const char *name, const char *text)
{
    cr_assert(cali_file_write(ctx, name, text, strlen(text)) == CAL_OK);
}

/* A folder with a connectome of three regions in a row, 10 mm from each other, and tables. */
static cal_context *prepare(bool has_centres)
{
    cal_context *ctx = cali_test_context(1);
    cr_assert(chdir(cali_test_directory()) == 0);
    write_in(ctx, "weights.csv", "0,1,0\n1,0,2\n0,2,0\n");
    write_in(ctx, "lengths.csv", "0,4,0\n4,0,9\n0,9,0\n");
    write_in(ctx, "labels.csv", has_centres ? "label,x,y,z\na,1,0,0\nb,11,0,0\nc,21,0,0\n" : "label\na\nb\nc\n");
    write_in(ctx, "pulse.csv", "time (s),value,twice (1/s)\n0,0,0\n0.001,1,2\n0.003,0,0\n");
    write_in(ctx, "back.csv", "time (ms),value\n0,0\n2,1\n1,0\n");
    write_in(ctx, "none.csv", "time (ms),value\n");
    write_in(ctx, "words.csv", "time (ms),value\n0,0\n2,high\n");
    write_in(ctx, "corr.csv", "1,0.5,0\n0.5,1,0.2\n0,0.2,1\n");
    write_in(ctx, "singular.csv", "1,1,0\n1,1,0\n0,0,1\n");
    write_in(ctx, "two.csv", "1,0\n0,1\n");
    write_in(ctx, "named.csv", ",a,d,b\na,1,0,0\nd,0,1,0\nb,0,0,1\n");
    return ctx;
}

static cal_status make(cal_context *ctx, const char *lines, cal_experiment **e, cal_session **s)
{
    char text[4096];
    snprintf(text, sizeof text, "%s%s\n", head, lines);
    write_in(ctx, "e.yaml", text);
    cal_session_def def = cal_session_def_default();
    def.is_check = true;
    CAL_TRY(cal_experiment_load(ctx, "e.yaml", NULL, 0, e));
    return cal_session_create(ctx, *e, &def, s);
}

/* ---- what is right -------------------------------------------------------------------------------------- */

typedef struct built {
    cal_context *ctx;
    cal_experiment *e;
    cal_session *s;
    cali_inputs inputs;
} built;

static built build(const char *lines)
{
    built b = {.ctx = prepare(true)};
    cr_assert(make(b.ctx, lines, &b.e, &b.s) == CAL_OK, "%s", cal_context_message(b.ctx));
    cr_assert(cali_inputs_make(b.s, &b.inputs) == CAL_OK, "%s", cal_context_message(b.ctx));
    return b;
}

static void end(built *b)
{
    cali_inputs_free(&b->inputs);
    cal_session_destroy(&b->s);
    cal_experiment_destroy(&b->e);
    cal_context_destroy(&b->ctx);
}

Test(experiment_inputs, parameters_of_a_waveform_carry_their_units)
{
    built b = build("stimuli: [{wave: dbs-biphasic, amplitude: 0.5, frequency: 0.13 kHz, width: 60 us, gap: 0.1 ms}]");
    const cal_nmm_stimulus *s = &b.inputs.stimuli[0];
    cr_expect(eq(str, (char *)s->wave->name, "dbs-biphasic"));
    const double expected[] = {0.5, 130.0, 0.06, 0.1, 1.0, 1.0};
    for (size_t k = 0; k < 6; k++)
        cr_expect(epsilon_eq(dbl, s->params[k], expected[k], 1e-15));
    cr_expect(s->weights == NULL);
    end(&b);
}

/* r of the field is a rate: its derivative is one per ms squared. */
Test(experiment_inputs, a_stimulus_on_a_state_is_in_its_unit_per_ms)
{
    built b = build("stimuli: [{wave: step, state: y4, amplitude: 2 mV/ms^2, of: c},\n"
                    "          {wave: step, state: r, amplitude: 0.5 1/ms^2}]");
    cr_expect(eq(str, (char *)b.inputs.stimuli[0].state, "y4"));
    cr_expect(b.inputs.stimuli[0].input == NULL);
    cr_expect(eq(dbl, b.inputs.stimuli[0].params[0], 2.0));
    cr_expect(eq(dbl, b.inputs.stimuli[0].weights[2], 1.0));
    cr_expect(eq(dbl, b.inputs.stimuli[1].params[0], 0.5));
    end(&b);
}

Test(experiment_inputs, weights_come_as_a_number_a_list_or_a_kernel)
{
    built b = build("stimuli:\n"
                    "  - {wave: step, amplitude: 1, of: \"a, b\", weights: 0.5}\n"
                    "  - {wave: step, amplitude: 1, of: \"b, a\", weights: [2, -3]}\n"
                    "  - {wave: step, amplitude: 1, weights: {kernel: gaussian, focus: b, sigma: 1 cm}}");
    const double e = exp(-0.5), expected[3][3] = {{0.5, 0.5, 0.0}, {-3.0, 2.0, 0.0}, {e, 1.0, e}};
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < 3; i++)
            cr_expect(epsilon_eq(dbl, b.inputs.stimuli[k].weights[i], expected[k][i], 1e-14), "%zu %zu", k, i);
    end(&b);
}

Test(experiment_inputs, samples_come_from_a_table_with_units)
{
    built b = build("stimuli: [{wave: file, file: pulse.csv, scale: 2, input: c, of: c, column: twice}]");
    const cal_nmm_stimulus *s = &b.inputs.stimuli[0];
    cr_assert(eq(sz, s->n_samples, 3));
    cr_expect(epsilon_eq(dbl, s->times_ms[1], 1.0, 1e-15));
    cr_expect(epsilon_eq(dbl, s->values[1], 0.002, 1e-15)); /* 2 1/s in 1/ms */
    cr_expect(eq(dbl, s->params[1], 2.0));
    end(&b);
}

/* D = level^2 / 2: 0.02 1/ms is the level 0.2 per sqrt(ms). */
Test(experiment_inputs, noise_takes_a_form_a_diffusion_and_correlations)
{
    built b = build("noise:\n"
                    "  - {state: V, D: 20 1/s, form: root, a: 2, b: 3, of: \"a, b\", correlations: corr.csv}\n"
                    "  - {state: r, D: 5e6 1/s^3, correlation: 0.25}");
    const cal_nmm_noise *n = b.inputs.noises;
    cr_expect(epsilon_eq(dbl, n[0].level, 0.2, 1e-15));
    cr_expect(eq(int, (int)n[0].form, (int)CAL_NOISE_ROOT));
    cr_expect(eq(dbl, n[0].a, 2.0));
    cr_expect(eq(dbl, n[0].b, 3.0));
    cr_expect(eq(dbl, n[0].correlations[5], 0.2));
    cr_expect(eq(dbl, n[0].levels[0], 1.0));
    cr_expect(eq(dbl, n[0].levels[2], 0.0));
    cr_expect(epsilon_eq(dbl, n[1].level, 0.1, 1e-15)); /* 5e6 1/s^3 = 0.005 1/ms^3 */
    cr_expect(eq(dbl, n[1].correlation, 0.25));
    cr_expect(n[1].levels == NULL);
    char *manifest = NULL;
    cr_assert(cal_session_manifest(b.s, &manifest) == CAL_OK);
    cr_expect(strstr(manifest, "\"role\": \"correlations\"") != NULL && strstr(manifest, "corr.csv") != NULL);
    free(manifest);
    end(&b);
}

/* What the manifest repeats reads back as the same numbers. */
Test(experiment_inputs, the_echo_is_an_experiment_of_the_same_inputs)
{
    built b = build("noise: [{state: V, D: 20 1/s, form: affine, a: 2, b: 3, of: a, correlations: corr.csv},\n"
                    "        {state: y4, level: 1 mV/ms^2, tau: 5 ms}]\n"
                    "stimuli:\n"
                    "  - {wave: file, file: pulse.csv, of: \"a, b\", weights: [1, 2]}\n"
                    "  - {wave: chirp, amplitude: 1, from: 2 Hz, to: 80 Hz, weights: 0.5, start: 1 ms, stop: 5 ms}\n"
                    "  - {wave: step, amplitude: 1 mV/ms^2, state: y4, weights: {kernel: sigmoid, focus: a, radius: 5 mm}}");
    cali_text echo = {0};
    cr_assert(cali_experiment_echo(b.ctx, b.e, &echo) == CAL_OK);
    write_in(b.ctx, "echo.yaml", echo.data);
    cal_experiment *again = NULL;
    cr_assert(cal_experiment_load(b.ctx, "echo.yaml", NULL, 0, &again) == CAL_OK, "%s", cal_context_message(b.ctx));
    cr_assert(eq(sz, again->n_noises, 2));
    cr_assert(eq(sz, again->n_stimuli, 3));
    for (size_t k = 0; k < 2; k++) {
        cr_expect(epsilon_eq(dbl, again->noises[k].level, b.e->noises[k].level, 1e-15));
        cr_expect(eq(dbl, again->noises[k].a, b.e->noises[k].a));
        cr_expect(eq(dbl, again->noises[k].b, b.e->noises[k].b));
        cr_expect(eq(int, (int)again->noises[k].form, (int)b.e->noises[k].form));
    }
    for (size_t k = 0; k < 3; k++) {
        const cal_nmm_stimulus *s = &b.e->stimuli[k], *t = &again->stimuli[k];
        cr_assert(s->wave == t->wave);
        cr_expect(eq(i64, s->stop, t->stop));
        cr_expect(eq(str, (char *)(uintptr_t)(s->state == NULL ? "" : s->state),
                     (char *)(uintptr_t)(t->state == NULL ? "" : t->state)));
        for (size_t i = 0; i < s->wave->n_params; i++)
            cr_expect(epsilon_eq(dbl, t->params[i], s->params[i], 1e-15));
        cr_expect(eq(sz, again->stimulus_more[k].n_weights, b.e->stimulus_more[k].n_weights));
        cr_expect(again->stimulus_more[k].kernel == b.e->stimulus_more[k].kernel);
    }
    cr_expect(eq(str, again->stimulus_more[0].path, b.e->stimulus_more[0].path));
    cr_expect(eq(dbl, again->stimulus_more[0].weights[1], 2.0));
    cr_expect(eq(dbl, again->stimulus_more[2].kernel_params[1], 5.0));
    cr_expect(eq(str, again->noise_more[0].correlations, b.e->noise_more[0].correlations));
    cal_experiment_destroy(&again);
    cali_text_free(&echo);
    end(&b);
}

/* ---- what is wrong -------------------------------------------------------------------------------------- */

static const struct {
    const char *lines, *words;
} wrong[] = {
    {"noise: {state: V, level: 1 1/sqrt(ms), D: 1 1/ms}", "C105  noise[0] needs one of \"level\" and \"D\""},
    {"noise: {state: V}", "C105  noise[0] needs the key \"level\" or \"D\""},
    {"noise: {state: V, D: 1 1/ms, tau: 5 ms}", "C106  noise[0].D belongs to white noise, but tau is 5 ms"},
    {"noise: {state: V, D: 1 mV}", "C103  noise[0].D is a rate (1/ms), got 1 mV"},
    {"noise: {state: V, D: -1 1/ms}", "C106  noise[0].D is negative"},
    {"noise: {state: V, level: 1 1/ms, tau: 5 ms, form: root}", "C106  noise[0]: root noise must be white"},
    {"noise: {state: V, level: 1 1/sqrt(ms), a: 2}", "C106  noise[0].a means nothing to additive noise"},
    {"noise: {state: V, level: 1 1/sqrt(ms), form: cube}", "C101  noise[0].form cannot be \"cube\""},
    {"noise: {state: V, level: 1 1/sqrt(ms), correlation: 2}", "C106  noise[0].correlation"},
    {"noise: {state: V, level: 1 1/sqrt(ms), correlation: 0.5, correlations: corr.csv}",
     "C104  noise[0] has both a correlation and a table of correlations"},
    {"noise: {state: V, level: 1 1/sqrt(ms), correlations: two.csv}",
     "C301  two.csv: the matrix has 2 rows and 2 columns, the connectome 3 regions"},
    {"noise: {state: V, level: 1 1/sqrt(ms), correlations: named.csv}",
     "C303  named.csv: row 2 is called \"d\", but no region of the connectome"},
    {"noise: {state: V, level: 1 1/sqrt(ms), correlations: singular.csv}",
     "the correlations of the noise on V are not positive definite: those of b with the regions before it leave it a "
     "variance of 0"},
    {"noise: {state: V, level: 1 1/sqrt(ms), of: c}", "C107  the region \"c\" has no state \"V\""},
    {"noise: {state: V, level: 1 1/sqrt(ms), of: d}", "C303  no region \"d\""},
    {"stimuli: {wave: plus-train}", "C101  unknown waveform \"plus-train\""},
    {"stimuli: {wave: pulse-train, amplitude: 1, width: 10}", "C102  width of waveform pulse-train needs a duration"},
    {"stimuli: {wave: pulse-train, amplitude: 1, frequency: 1 Hz}",
     "C101  unknown key \"frequency\" of stimuli[0] by waveform pulse-train"},
    {"stimuli: {wave: pulse-train, amplitude: 1, period: 5 ms, width: 10 ms}",
     "C106  stimuli[0] cannot be\n"},
    {"stimuli: {wave: step, amplitude: 1, start: 5 ms, stop: 2 ms}", "C106  stimuli[0].stop is not after its start"},
    {"stimuli: {wave: step, amplitude: 1, of: c, input: c_V}", "C107  the region \"c\" has no input \"c_V\""},
    {"stimuli: {wave: step, amplitude: 1, state: V, input: c_V}", "C104  stimuli[0] has both an input and a state"},
    {"stimuli: {wave: step, amplitude: 1, state: W}", "C107  no model here has the state \"W\""},
    {"stimuli: {wave: step, amplitude: 1 mV, state: y4}", "amplitude of waveform step is"},
    {"stimuli: {wave: step, amplitude: 1 1/ms, of: c, state: V}", "C107  the region \"c\" has no state \"V\""},
    {"stimuli: {wave: step, amplitude: 1, of: \"a, b\", weights: [1, 2, 3]}", "C104  3 weights for 2 regions"},
    {"stimuli: {wave: step, amplitude: 1, weights: half}", "stimuli[0].weights"},
    {"stimuli: {wave: step, amplitude: 1, weights: {kernel: box, focus: a}}", "C101  unknown kernel \"box\""},
    {"stimuli: {wave: step, amplitude: 1, weights: {focus: a}}", "C105  stimuli[0].weights needs the key \"kernel\""},
    {"stimuli: {wave: step, amplitude: 1, weights: {kernel: gaussian, focus: \"a, b\"}}",
     "C106  the focus \"a, b\" is 2 regions, must be one"},
    {"stimuli: {wave: step, amplitude: 1, weights: {kernel: gaussian, focus: d}}", "C303  no region \"d\""},
    {"stimuli: {wave: file}", "C105  stimuli[0] needs the key \"file\""},
    {"stimuli: {wave: step, file: pulse.csv}", "C104  stimuli[0].file means nothing to the waveform step"},
    {"stimuli: {wave: file, file: absent.csv}", "absent.csv"},
    {"stimuli: {wave: file, file: pulse.csv, column: third}", "C107  no column \"third\" in "},
    {"stimuli: {wave: file, file: back.csv}", "back.csv:4:1  C106  the time 1 ms is not after the one before it, 2 ms"},
    {"stimuli: {wave: file, file: words.csv}", "words.csv:3:3"},
    {"stimuli: {wave: file, file: none.csv}", "none.csv:1:1  C301  no samples"},
    {"stimuli: {wave: step, amplitude: 1, start: 0.25 ms}", "C202  a stimulus begins or ends at 0.25 ms, which is no "},
    {"stimuli: {wave: step, amplitude: 1, stop: 1.02 ms}", "multiple of the step 0.1 ms\n"},
};

Test(experiment_inputs, what_is_wrong_is_said)
{
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
        cal_context *ctx = prepare(true);
        cal_experiment *e = NULL;
        cal_session *s = NULL;
        cr_expect(make(ctx, wrong[k].lines, &e, &s) != CAL_OK, "%s", wrong[k].lines);
        cr_expect(strstr(cal_context_message(ctx), wrong[k].words) != NULL, "\n%s\ngives\n%s\ninstead of\n%s", wrong[k].lines,
                  cal_context_message(ctx), wrong[k].words);
        cal_session_destroy(&s);
        cal_experiment_destroy(&e);
        cal_context_destroy(&ctx);
    }
}

Test(experiment_inputs, weights_by_distance_need_centres)
{
    cal_context *ctx = prepare(false);
    cal_experiment *e = NULL;
    cal_session *s = NULL;
    cr_expect(make(ctx, "stimuli: {wave: step, amplitude: 1, weights: {kernel: gaussian, focus: a}}", &e, &s) != CAL_OK);
    cr_expect(strstr(cal_context_message(ctx), "C105  weights by distance need the centres of the regions") != NULL, "%s",
              cal_context_message(ctx));
    cal_session_destroy(&s);
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}
