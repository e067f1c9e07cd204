/* Values of parameters and initial states in each region: experiment/parse_settings.c, experiment/settings.c. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "experiment/session.h"
#include "support/support.h"

enum { N = 40, TAU = 0, DELTA = 1 };

/* Forty regions in a ring; `parameters` is a flow mapping of the model `field`. */
static cal_session *plan(cal_context *ctx, const char *parameters, const char *regions, const char *table,
                         cal_experiment **experiment)
{
    char weights[8192] = "", text[2048];
    cr_assert(chdir(cali_test_directory()) == 0);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++)
            strcat(weights, j == (i + 1) % N || i == (j + 1) % N ? "1 " : "0 ");
        strcat(weights, "\n");
    }
    cr_assert(cali_file_write(ctx, "weights.txt", weights, strlen(weights)) == CAL_OK);
    cr_assert(cali_file_write(ctx, "lengths.txt", weights, strlen(weights)) == CAL_OK);
    if (table != NULL)
        cr_assert(cali_file_write(ctx, "t.csv", table, strlen(table)) == CAL_OK);
    snprintf(text, sizeof text,
             "callosum: 1\nrun: {duration: 20 ms, seed: 7}\n"
             "connectome: {file: weights.txt, speed: 1 mm/ms}\ncoupling: {a: 1 ms}\n"
             "models:\n  field: {neural_mass: mpr, %s}\n"
             "regions:\n  default: field\n%s"
             "record: {signals: [{what: r}]}\n", parameters, regions);
    cr_assert(cali_file_write(ctx, "e.yaml", text, strlen(text)) == CAL_OK);
    cal_session_def def = cal_session_def_default();
    def.is_check = true;
    cal_session *session = NULL;
    if (cal_experiment_load(ctx, "e.yaml", NULL, 0, experiment) == CAL_OK)
        (void)cal_session_create(ctx, *experiment, &def, &session);
    return session;
}

static void read_all(cal_context *ctx, const char *parameters, const char *regions, const char *table,
                     double params[N][8], double initial[N][2])
{
    cal_experiment *experiment = NULL;
    cali_regional *regional = NULL;
    cal_session *s = plan(ctx, parameters, regions, table, &experiment);
    cr_assert(s != NULL, "%s", cal_context_message(ctx));
    cr_assert(cali_regional_create(s, &regional) == CAL_OK);
    for (size_t i = 0; i < N; i++)
        cr_assert(cali_regional_values(regional, i, params[i], initial[i]) == CAL_OK);
    cali_regional_destroy(&regional);
    cal_session_destroy(&s);
    cal_experiment_destroy(&experiment);
}

Test(experiment_settings, a_distribution_gives_each_region_its_own_draw_whatever_else_is_drawn)
{
    cal_context *ctx = cali_test_context(1);
    static double a[N][8], b[N][8], initial[N][2], other[N][2];
    read_all(ctx, "parameters: {tau: \"normal(10 ms, 1 ms)\"}", "", NULL, a, initial);
    read_all(ctx, "parameters: {Delta: \"uniform(1, 2)\", tau: \"normal(10 ms, 1 ms)\"}, initial: {V: \"uniform(-2, -1)\"}",
             "", NULL, b, other);
    double mean = 0.0, square = 0.0;
    for (size_t i = 0; i < N; i++) {
        cr_expect(eq(dbl, a[i][TAU], b[i][TAU]));
        cr_expect(b[i][DELTA] >= 1.0 && b[i][DELTA] <= 2.0 && other[i][1] >= -2.0 && other[i][1] <= -1.0);
        cr_expect(i == 0 || a[i][TAU] != a[0][TAU]);
        mean += a[i][TAU] / N;
        square += a[i][TAU] * a[i][TAU] / N;
    }
    cr_expect(lt(dbl, fabs(mean - 10.0), 4.0 / sqrt(N))); /* four standard errors */
    cr_expect(lt(dbl, fabs(sqrt(square - mean * mean) - 1.0), 4.0 / sqrt(2.0 * N)));
    cal_context_destroy(&ctx);
}

Test(experiment_settings, lorentzian_quantiles_are_the_same_set_for_every_seed)
{
    cal_context *ctx = cali_test_context(1);
    static double a[N][8], initial[N][2];
    read_all(ctx, "parameters: {eta: \"lorentzian(-5, 1)\"}", "", NULL, a, initial);
    const int eta = cal_field_find(cal_nmm_model_find("mpr")->params, cal_nmm_model_find("mpr")->n_params, "eta");
    double sum = 0.0;
    for (size_t i = 0; i < N; i++)
        sum += a[i][eta] / N;
    cr_expect(lt(dbl, fabs(sum + 5.0), 1e-12)); /* quantiles are symmetric about the centre */
    cal_context_destroy(&ctx);
}

Test(experiment_settings, a_column_is_read_by_label_and_a_line_of_regions_wins)
{
    cal_context *ctx = cali_test_context(1);
    static double a[N][8], initial[N][2];
    char table[2048] = "label,tau (ms),V0\n";
    for (int i = N - 1; i >= 0; i--) /* rows in another order than the connectome's */
        snprintf(table + strlen(table), sizeof table - strlen(table), "region_%03d,%d,%g\n", i, 10 + i, -0.1 * i);
    read_all(ctx, "parameters: {tau: {file: t.csv}}, initial: {V: {file: t.csv, column: V0}}",
             "  region_003: {model: field, parameters: {tau: 99 ms}, initial: {V: 1}}\n", table, a, initial);
    for (int i = 0; i < N; i++) {
        cr_expect(eq(dbl, a[i][TAU], i == 3 ? 99.0 : 10.0 + i));
        cr_expect(lt(dbl, fabs(initial[i][1] - (i == 3 ? 1.0 : -0.1 * i)), 1e-12));
    }
    cal_context_destroy(&ctx);
}

Test(experiment_settings, mistakes_are_named_with_their_place)
{
    static const struct {
        const char *parameters, *table, *begin;
    } cases[] = {
        {"parameters: {tau: {file: t.csv}}", "label,T\nregion_000,3\n", "e.yaml:6:47  C107  no column \"tau\" in"},
        {"parameters: {tau: {file: t.csv}}", "label,tau (ms)\nregion_000,3\n", "e.yaml:6:47  C303"},
        {"parameters: {tau: {file: t.csv}}", "tau (ms)\n3\n4\n", "t.csv:1:1  C301  2 rows for 40 regions"},
        {"parameters: {tau: \"normal(10 ms, 9 ms)\"}", NULL, "e.yaml:6:47  C106  tau is"},
        {"parameters: {tau: {column: a}}", NULL, "e.yaml:6:47  C105"},
        {"parameters: {tau: \"normal(10 mV, 9 ms)\"}", NULL, "e.yaml:6:47  C103"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cal_context *ctx = cali_test_context(1);
        cal_experiment *experiment = NULL;
        cal_session *s = plan(ctx, cases[i].parameters, "", cases[i].table, &experiment);
        cr_expect(s == NULL);
        cr_expect(strncmp(cal_context_message(ctx), cases[i].begin, strlen(cases[i].begin)) == 0, "%s",
                  cal_context_message(ctx));
        cal_session_destroy(&s);
        cal_experiment_destroy(&experiment);
        cal_context_destroy(&ctx);
    }
}
