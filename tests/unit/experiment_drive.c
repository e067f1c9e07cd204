/* The drive of a network in the experiment file: trains, currents and noise, constant or with a course in time. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "experiment/echo.h"
#include "experiment/session.h"
#include "support/support.h"

/* Cells of 20 ms and 250 pF that do not spike: u' = -u / tau_m + I / C_m. */
static const char passive[] = "callosum: 1\n"
                              "network:\n"
                              "  step: 0.1 ms\n"
                              "  populations:\n"
                              "    E: {neuron: lif, count: 3, parameters: {V_th: 1000 mV, tau_m: 20 ms, C_m: 250 pF, E_L: 0 mV, V_reset: 0 mV}}\n"
                              "  drive: [%s]\n"
                              "run: {duration: 200 ms, transient: 0 s, seed: 3}\n";

typedef struct run_of {
    cal_context *ctx;
    cal_experiment *e;
    cal_session *s;
} run_of;

static run_of start(const char *text)
{
    run_of r = {.ctx = cali_test_context(1)};
    cal_session_def def = cal_session_def_default();
    def.sink = "memory";
    cr_assert(cali_experiment_parse(r.ctx, "exp.yaml", text, strlen(text), NULL, 0, &r.e) == CAL_OK, "%s",
              cal_context_message(r.ctx));
    cr_assert(cal_session_create(r.ctx, r.e, &def, &r.s) == CAL_OK, "%s", cal_context_message(r.ctx));
    return r;
}

static void finish(run_of *r)
{
    cal_session_destroy(&r->s);
    cal_experiment_destroy(&r->e);
    cal_context_destroy(&r->ctx);
}

/* Voltages of the cells at the end. */
static uint64_t voltages(const char *drive, double v[3])
{
    char text[2048];
    snprintf(text, sizeof text, passive, drive);
    run_of r = start(text);
    while (!cal_session_is_done(r.s))
        cr_assert(cal_session_advance(r.s) == CAL_OK, "%s", cal_context_message(r.ctx));
    cr_assert(cal_snn_get_state(r.s->builds[0].snn, 0, "V", v) == CAL_OK);
    const uint64_t hash = cal_snn_hash(r.s->builds[0].snn);
    finish(&r);
    return hash;
}

/* V(200 ms) of a sine of 10 Hz from t = 0: the solution of the linear equation, at 200 ms = two periods. */
Test(experiment_drive, a_sine_of_current_moves_the_voltage_as_theory_says)
{
    double v[3];
    const double w = 2.0 * acos(-1.0) * 0.01, tau = 20.0, gain = 50.0 / 250.0 * tau / (1.0 + w * w * tau * tau);
    voltages("{kind: current, into: E, wave: {form: sine, amplitude: 50 pA, frequency: 10 Hz}}", v);
    cr_expect(epsilon_eq(dbl, v[0], gain * w * tau * (exp(-200.0 / tau) - 1.0), 2e-3), "%g", v[0]);
}

Test(experiment_drive, a_step_lasts_from_start_to_stop)
{
    double v[3];
    voltages("{kind: current, into: E, wave: {form: step, amplitude: 50 pA}, start: 100 ms, stop: 150 ms}", v);
    cr_expect(epsilon_eq(dbl, v[0], 4.0 * (1.0 - exp(-2.5)) * exp(-2.5), 1e-3), "%g", v[0]);
}

Test(experiment_drive, noise_is_its_own_for_each_cell_or_common)
{
    double own[3], common[3], still[3], level[3];
    voltages("{kind: noise, into: E, mean: 20 pA, sd: 100 pA, tau: 5 ms}", own);
    voltages("{kind: noise, into: E, mean: 20 pA, sd: 100 pA, common: true, hold: 1 ms}", common);
    voltages("{kind: noise, into: E, mean: 20 pA, sd: 0 pA}", still);
    voltages("{kind: current, into: E, amplitude: 20 pA}", level);
    cr_expect(ne(dbl, own[0], own[1]));
    cr_expect(ne(dbl, own[1], own[2]));
    cr_expect(eq(dbl, common[0], common[1]));
    cr_expect(eq(dbl, common[1], common[2]));
    cr_expect(ne(dbl, common[0], still[0]));
    cr_expect(epsilon_eq(dbl, still[0], level[0], 1e-5));
    cr_expect(epsilon_eq(dbl, level[0], 1.6 * (1.0 - exp(-10.0)), 1e-4));
}

/* Trains of 0 Hz and of a wave that is 0 or below do nothing; of 20 kHz they carry 20 times their weight per ms. */
Test(experiment_drive, the_rate_of_trains_has_a_course)
{
    double v[3], none[3];
    voltages("{kind: poisson, into: E.delta, weight: 0.01 mV, wave: {form: step, amplitude: 20 kHz}}", v);
    voltages("{kind: poisson, into: E.delta, weight: 0.01 mV, wave: {form: sine, offset: -5 Hz, amplitude: 5 Hz, frequency: 10 Hz}}", none);
    /* mean rate weight tau = 4 mV, variance rate weight^2 tau / 2 = 0.02 mV^2 */
    cr_expect(epsilon_eq(dbl, v[0], 4.0, 5.0 * sqrt(0.02)), "%g", v[0]);
    cr_expect(ne(dbl, v[0], v[1]));
    cr_expect(eq(dbl, none[0], 0.0));
}

static const char *write_table(const char *text)
{
    static char path[600];
    snprintf(path, sizeof path, "%s/samples.csv", cali_test_directory());
    FILE *file = fopen(path, "w");
    cr_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
    return path;
}

/* Samples of a current, in units of their own: 0 to 50 pA in the first 100 ms after `start`, 25 pA from there on. The linear
 * equation has V(t) = gain I_slope (t - tau + tau exp(-t / tau)) on the ramp, and relaxes to gain I after it. */
Test(experiment_drive, samples_of_a_file_are_a_course)
{
    double v[3], held[3], step[3];
    char drive[1400];
    const double tau = 20.0, gain = tau / 250.0, slope = 0.5, ramp = gain * slope * (99.9 - tau + tau * exp(-99.9 / tau));
    const double rest = (ramp - gain * 25.0) * exp(-50.1 / tau) + gain * 25.0;
    const char *path = write_table("time (s),value (nA),rate (kHz)\n0,0,0\n0.0999,0.09990,0\n0.1,0.05,20\n");
    snprintf(drive, sizeof drive, "{kind: current, into: E, start: 50 ms, wave: {form: file, file: %s, scale: 0.5}}", path);
    voltages(drive, v);
    cr_expect(epsilon_eq(dbl, v[0], rest, 4e-3), "%g, not %g", v[0], rest); /* steps hold their mean; the last leg is a step */
    /* held: 0 until 99.9 ms, 99.9 pA for one step, 50 pA from there on; the rate 20 kHz from 100 ms on */
    snprintf(drive, sizeof drive, "{kind: current, into: E, wave: {form: file, file: %s, hold: 1}}", path);
    voltages(drive, held);
    voltages("{kind: current, into: E, amplitude: 99.9 pA, start: 99.9 ms, stop: 100 ms}, {kind: current, into: E, amplitude: 50 pA, start: 100 ms}", step);
    cr_expect(epsilon_eq(dbl, held[0], step[0], 1e-5), "%g %g", held[0], step[0]);
    snprintf(drive, sizeof drive, "{kind: poisson, into: E.delta, weight: 0.01 mV, wave: {form: file, file: %s, column: rate, hold: 1}}", path);
    voltages(drive, v);
    cr_expect(epsilon_eq(dbl, v[0], 4.0 * (1.0 - exp(-5.0)), 5.0 * sqrt(0.02)), "%g", v[0]); /* as trains of that rate */
}

Test(experiment_drive, wrong_samples_are_refused)
{
    static const char *const wrong[][3] = {
        {"form: file", "time (ms),value (pA)\n0,1\n", "needs the key \"file\""},
        {"form: step, amplitude: 1 pA, file: %s", "time (ms),value (pA)\n0,1\n", "a file means nothing to the waveform step"},
        {"form: file, file: %s", "time (ms),I (pA)\n0,1\n", "samples.csv:1:1: there is no column \"value\""},
        {"form: file, file: %s", "t,value (pA)\n0,1\n", "there is no column \"time\""},
        {"form: file, file: %s", "time (ms),value (mV)\n0,1\n", "samples.csv:2:3"},
        {"form: file, file: %s", "time (ms),value (pA)\n0,1\n2,1\n1,1\n", "samples.csv:4:1"},
        {"form: file, file: %s", "time (ms),value (pA)\n", "C301"},
        {"form: file, file: %s", "time (ms),value (pA)\n0,nan\n", "samples.csv:2:3"},
        {"form: file, file: %s.gone", "time (ms),value (pA)\n0,1\n", "samples.csv.gone"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[4096], drive[2048], wave[1024];
        cal_context *ctx = cali_test_context(1);
        cal_experiment *e = NULL;
        const char *at = strstr(wrong[i][0], "%s"), *path = write_table(wrong[i][1]);
        snprintf(wave, sizeof wave, "%.*s%s%s", at == NULL ? 100 : (int)(at - wrong[i][0]), wrong[i][0], at == NULL ? "" : path,
                 at == NULL ? "" : at + 2);
        snprintf(drive, sizeof drive, "{kind: current, into: E, wave: {%s}}", wave);
        snprintf(text, sizeof text, passive, drive);
        cr_expect(cali_experiment_parse(ctx, "exp.yaml", text, strlen(text), NULL, 0, &e) == CAL_ERR_INPUT, "%s", wrong[i][0]);
        cr_expect(strstr(cal_context_message(ctx), wrong[i][2]) != NULL, "%s: %s", wrong[i][0], cal_context_message(ctx));
        cal_experiment_destroy(&e);
        cal_context_destroy(&ctx);
    }
}

Test(experiment_drive, the_echo_runs_alike)
{
    char text[2048];
    double v[3];
    const char *drive = "{kind: poisson, into: E.delta, weight: 0.01 mV, trains: 7, wave: {form: sine, offset: 90 Hz, amplitude: 80 Hz, frequency: 9 Hz}}, "
                        "{kind: current, into: E, wave: {form: pulse-train, amplitude: 50 pA, period: 20 ms, width: 3 ms}, start: 10 ms}, "
                        "{kind: noise, into: E, sd: 30 pA, tau: 3 ms, stop: 90 ms}, {kind: noise, into: E, sd: 30 pA, hold: 0.5 ms, common: true}";
    char all[1400];
    snprintf(all, sizeof all, "%s, {kind: current, into: E, wave: {form: file, file: %s, column: other, offset: 3 pA}}", drive,
             write_table("time (ms),other (pA)\n0,10\n150,70\n"));
    const uint64_t hash = voltages(all, v);
    snprintf(text, sizeof text, passive, all);
    run_of a = start(text);
    cali_text echo = {0};
    cr_assert(cali_experiment_echo(a.ctx, a.e, &echo) == CAL_OK);
    run_of b = start(echo.data);
    while (!cal_session_is_done(b.s))
        cr_assert(cal_session_advance(b.s) == CAL_OK);
    cr_expect(eq(u64, cal_snn_hash(b.s->builds[0].snn), hash), "%s", echo.data);
    cali_text_free(&echo);
    finish(&a);
    finish(&b);
}

Test(experiment_drive, mistakes_have_their_place)
{
    static const char *const wrong[][2] = {
        {"{kind: noise, into: E}", "needs the key \"sd\""},
        {"{kind: noise, into: E, sd: -1 pA}", "negative standard deviation"},
        {"{kind: noise, into: E, sd: 1 pA, tau: 1 ms, hold: 1 ms}", "hold is for white noise"},
        {"{kind: noise, into: E, sd: 1 pA, rate: 3 Hz}", "\"rate\" is no key of a drive of kind noise"},
        {"{kind: noise, into: E, sd: 1 mV}", "pA"},
        {"{kind: current, into: E}", "\"amplitude\" and \"wave\""},
        {"{kind: current, into: E, wave: {form: sinus}}", "unknown waveform \"sinus\""},
        {"{kind: current, into: E, wave: {form: noise}}", "kind: noise"},
        {"{kind: current, into: E, wave: {form: sine, amplitude: 1 pA, frequency: 1 Hz, colour: 3}}", "colour"},
        {"{kind: current, into: E, wave: {form: step, amplitude: 1 pA}, start: 3 ms, stop: 2 ms}", "stop is not after its start"},
        {"{kind: poisson, into: E.delta, weight: 1 mV, rate: 1 Hz, wave: {form: step, amplitude: 1 Hz}}", "both a rate and a wave"},
        {"{kind: poisson, into: E.delta, weight: 1 mV, wave: {form: step, amplitude: 1 pA}}", "Hz"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[2048];
        cal_context *ctx = cali_test_context(1);
        cal_experiment *e = NULL;
        snprintf(text, sizeof text, passive, wrong[i][0]);
        cr_expect(cali_experiment_parse(ctx, "exp.yaml", text, strlen(text), NULL, 0, &e) == CAL_ERR_INPUT, "%s", wrong[i][0]);
        cr_expect(strstr(cal_context_message(ctx), wrong[i][1]) != NULL, "%s: %s", wrong[i][0], cal_context_message(ctx));
        cr_expect(strstr(cal_context_message(ctx), "exp.yaml:6:") != NULL, "%s", cal_context_message(ctx));
        cal_experiment_destroy(&e);
        cal_context_destroy(&ctx);
    }
}
