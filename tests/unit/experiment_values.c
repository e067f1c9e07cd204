/* Parameters and initial states of single neurons from a table. */
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

static const char form[] = "callosum: 1\n"
                           "network:\n"
                           "  populations:\n"
                           "    E: {neuron: lif, count: %u, parameters: {I_e: {file: %s, column: %s}, V_th: 1000 mV}, initial: {V: {file: %s}}}\n"
                           "run: {duration: 0.5 s, transient: 0 s}\n";

static char path[4096];

static void write_table(const char *content)
{
    snprintf(path, sizeof path, "%s/cells.csv", cali_test_directory());
    FILE *file = fopen(path, "w");
    cr_assert(file != NULL);
    cr_assert(ge(int, fputs(content, file), 0));
    cr_assert(eq(int, fclose(file), 0));
}

/* After 25 time constants each cell is at E_L + I_e tau_m / C_m; before the first step at its own V. */
Test(experiment_values, each_neuron_has_its_own)
{
    char text[10000];
    double v[3];
    cali_text echo = {0};
    cal_experiment *e = NULL, *again = NULL;
    cal_session *s = NULL;
    cal_session_def def = cal_session_def_default();
    def.sink = "memory";
    cal_context *ctx = cali_test_context(1);
    write_table("cell,I (nA),V (mV)\n0,0.1,-60\n1,0.2,-55.5\n2,-0.05,-70\n");
    snprintf(text, sizeof text, form, 3u, path, "I", path);
    cr_assert(cali_experiment_parse(ctx, "exp.yaml", text, strlen(text), NULL, 0, &e) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_create(ctx, e, &def, &s) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_snn_get_state(s->builds[0].snn, 0, "V", v) == CAL_OK);
    cr_expect(epsilon_eq(dbl, v[0], -60.0, 1e-5));
    cr_expect(epsilon_eq(dbl, v[1], -55.5, 1e-5));
    cr_expect(epsilon_eq(dbl, v[2], -70.0, 1e-5));
    while (!cal_session_is_done(s))
        cr_assert(cal_session_advance(s) == CAL_OK);
    cr_assert(cal_snn_get_state(s->builds[0].snn, 0, "V", v) == CAL_OK);
    const cal_neuron *lif = cal_snn_neuron_find("lif");
    const double rest = lif->params[cal_field_find(lif->params, lif->n_params, "E_L")].value;
    const double gain = lif->params[cal_field_find(lif->params, lif->n_params, "tau_m")].value /
                        lif->params[cal_field_find(lif->params, lif->n_params, "C_m")].value;
    cr_expect(epsilon_eq(dbl, v[0], rest + 100.0 * gain, 1e-3), "%g", v[0]);
    cr_expect(epsilon_eq(dbl, v[1], rest + 200.0 * gain, 1e-3), "%g", v[1]);
    cr_expect(epsilon_eq(dbl, v[2], rest - 50.0 * gain, 1e-3), "%g", v[2]);
    cr_assert(cali_experiment_echo(ctx, e, &echo) == CAL_OK);
    cr_assert(cali_experiment_parse(ctx, "echo.json", echo.data, strlen(echo.data), NULL, 0, &again) == CAL_OK, "%s\n%s",
              cal_context_message(ctx), echo.data);
    cr_expect(eq(sz, again->networks[0].n_values, 2));
    cr_expect(eq(dbl, again->networks[0].values[0].values[1], 200.0));
    cali_text_free(&echo);
    cal_session_destroy(&s);
    cal_experiment_destroy(&e);
    cal_experiment_destroy(&again);
    cal_context_destroy(&ctx);
}

Test(experiment_values, mistakes_have_their_place)
{
    static const struct {
        const char *table, *column, *message, *place;
        unsigned count;
    } wrong[] = {
        {"I (nA),V (mV)\n0.1,-60\n0.2,-55\n", "I", "the table has 2 rows, the population 3 neurons", "exp.yaml:4:", 3},
        {"I (nA),V (mV)\n0.1,-60\n0.2,-55\n", "J", "there is no column \"J\"", "exp.yaml:4:", 2},
        {"I (mV),V (mV)\n0.1,-60\n0.2,-55\n", "I", "C103", ":2:1", 2},
        {"I (nA),V (mV)\n0.1,-60\nnan,-55\n", "I", "C301", ":3:1", 2},
        {"I (nA),V (mV)\n0.1,-60\n1e9,-55\n", "I", "C106", ":3:1", 2},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[10000];
        cal_context *ctx = cali_test_context(1);
        cal_experiment *e = NULL;
        write_table(wrong[i].table);
        snprintf(text, sizeof text, form, wrong[i].count, path, wrong[i].column, path);
        cr_expect(cali_experiment_parse(ctx, "exp.yaml", text, strlen(text), NULL, 0, &e) == CAL_ERR_INPUT);
        cr_expect(strstr(cal_context_message(ctx), wrong[i].message) != NULL, "%s", cal_context_message(ctx));
        cr_expect(strstr(cal_context_message(ctx), wrong[i].place) != NULL, "%s", cal_context_message(ctx));
        cal_experiment_destroy(&e);
        cal_context_destroy(&ctx);
        }
}
