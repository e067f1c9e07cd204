/* Sweeps: rows and products, their messages, figures, and files that do not depend on threads. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "experiment/sweep.h"
#include "support/support.h"

/* One linear mass per region, x' = gamma x + c: without coupling x = 0.1 exp(gamma t). */
static const char experiment_text[] = "callosum: 1\n"
                                      "title: linear\n"
                                      "run: {duration: 1 s, seed: 3}\n"
                                      "connectome: {generate: {regions: 4, seed: 1}, speed: 4 mm/ms}\n"
                                      "coupling: {gain: 0}\n"
                                      "integrator: {method: heun, step: 0.1 ms}\n"
                                      "noise: []\n"
                                      "models: {m: {neural_mass: linear, parameters: {gamma: -0.002 1/ms}}}\n"
                                      "regions: {default: m}\n"
                                      "record: {signals: [{what: x, every: 1 ms}]}\n";

static char folder[512], path[600];
static cal_context *ctx;

static void start(void)
{
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    snprintf(path, sizeof path, "%s/exp.yaml", folder);
    ctx = cali_test_context(2);
    cr_assert(cali_file_write(ctx, path, experiment_text, strlen(experiment_text)) == CAL_OK);
}

static void end(void)
{
    cal_context_destroy(&ctx);
}
TestSuite(experiment_sweep, .init = start, .fini = end);

static const char *write_table(const char *text)
{
    static char table[600];
    snprintf(table, sizeof table, "%s/rows.csv", folder);
    cr_assert(cali_file_write(ctx, table, text, strlen(text)) == CAL_OK);
    return table;
}

static char *read_file(const char *directory, const char *name, size_t *size)
{
    char file[700], *data = NULL;
    snprintf(file, sizeof file, "%s/%s", directory, name);
    cr_assert(cali_file_read(ctx, file, (size_t)1 << 30, &data, size) == CAL_OK, "%s", cal_context_message(ctx));
    return data;
}

static cal_sweep_state run_all(cal_context *with, const char *rows, const char *directory)
{
    const cal_sweep_def def = {.experiment = path, .rows = rows};
    cal_sweep *sweep = NULL;
    cal_sweep_state state;
    cr_assert(cal_sweep_create(with, &def, &sweep) == CAL_OK, "%s", cal_context_message(with));
    cr_assert(cal_sweep_run(sweep, directory, NULL, &state) == CAL_OK, "%s", cal_context_message(with));
    cal_sweep_destroy(&sweep);
    return state;
}

/* ---- products -------------------------------------------------------------------------------------------- */

Test(experiment_sweep, products_are_written_out_last_factor_fastest)
{
    static const struct {
        const char *text, *rows;
    } cases[] = {
        {"a=1,2 x b=x,y", "\"a\",\"b\"\n\"1\",\"x\"\n\"1\",\"y\"\n\"2\",\"x\"\n\"2\",\"y\"\n"},
        {"a=1..3", "\"a\"\n\"1\"\n\"2\"\n\"3\"\n"},
        {"a=3..1", "\"a\"\n\"3\"\n\"2\"\n\"1\"\n"},
        {"a=0.1..0.3 step 0.1", "\"a\"\n\"0.1\"\n\"0.2\"\n\"0.3\"\n"},
        {"a=1 ms..2 ms step 500 us", "\"a\"\n\"1 ms\"\n\"1.5 ms\"\n\"2 ms\"\n"},
        {"a=-1..1 in 5", "\"a\"\n\"-1\"\n\"-0.5\"\n\"0\"\n\"0.5\"\n\"1\"\n"},
        {"a=0.01..100 in 5 log", "\"a\"\n\"0.01\"\n\"0.1\"\n\"1\"\n\"10\"\n\"100\"\n"},
        {"a=[1, 2],{b: c, d: 1}", "\"a\"\n\"[1, 2]\"\n\"{b: c, d: 1}\"\n"},
        {"connectome.file=../a.zip,b.zip", "\"connectome.file\"\n\"../a.zip\"\n\"b.zip\"\n"},
        {"regions.\"a = b\".model=u,v", "\"regions.\"\"a = b\"\".model\"\n\"u\"\n\"v\"\n"},
        {"a=1..2,7 ms", "\"a\"\n\"1\"\n\"2\"\n\"7 ms\"\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cali_text csv = {0};
        cr_assert(cali_sweep_expand(ctx, cases[i].text, &csv) == CAL_OK, "%s: %s", cases[i].text, cal_context_message(ctx));
        cr_expect(eq(str, csv.data, (char *)cases[i].rows), "%s", cases[i].text);
        cali_text_free(&csv);
    }
}

Test(experiment_sweep, products_that_are_none_say_where)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"a", "1:1  C109  this is no path=values"},
        {"a=1 x b", "1:7  C109  this is no path=values"},
        {"a=1,,2", "1:5  C109  a value is missing"},
        {"a=", "1:3  C109  a value is missing"},
        {"a=1..", "1:3  C109  this is no range"},
        {"a=1..2 in 1", "1:3  C109  this is no range"},
        {"a=0..2 in 3 log", "1:3  C109  this is no range"},
        {"a=1 ms..2 mV", "1:3  C109  this is no range"},
        {"a=1..2 step 0", "1:3  C109  this is no range"},
        {"a=1..2 step -1", "1:3  C109  this range has no end"},
        {"a=1..1e9", "1:3  C109  this range has no end, or more than 1,000,000 values"},
        {"a=1..2000 x b=1..2000", "1:1  C109  more than 1,000,000 runs"},
        {"a=1 x a=2", "1:7  C109  this path is there twice"},
        {"a=1\nb=2", "1:1  C109  a product stands in one line"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cali_text csv = {0};
        cr_expect(cali_sweep_expand(ctx, cases[i].text, &csv) == CAL_ERR_INPUT, "%s", cases[i].text);
        cr_expect(strstr(cal_context_message(ctx), cases[i].message) != NULL, "%s: %s", cases[i].text,
                  cal_context_message(ctx));
        cal_context_clear(ctx);
        cali_text_free(&csv);
    }
}

/* ---- messages --------------------------------------------------------------------------------------------- */

Test(experiment_sweep, wrong_rows_are_found_before_anything_runs)
{
    static const struct {
        const char *rows;
        bool is_table;
        const char *messages[3];
    } cases[] = {
        {"coupling.gian=1,2", false,
         {"--sweep coupling.gian=1  C101  unknown key \"gian\" of coupling", "try      gain",
          "and 1 more of the 2 rows are wrong"}},
        {"copling.gain=1", false, {"--sweep:1:1  C101  the column \"copling.gain\"", "try      coupling.gain,", "label.copling"}},
        {"run.duration=1", false, {"C102  run.duration needs a duration", "", ""}},
        {"subjekt,coupling.gain\na,1\n", true, {"rows.csv:1:1  C101  the column \"subjekt\"", "try      subject,", ""}},
        {"subject,coupling.gain\na,1\nb,x\n", true, {"rows.csv:3:3  C104  coupling.gain needs a plain number, got \"x\"", "", ""}},
        {"subject,coupling.gain\n", true, {"rows.csv:1:1  C301  the table has a header and no rows", "", ""}},
        {"integrator.step (ms)\n0.1\n0.3\n", true, {"rows.csv:3: this row cannot run:", "C204  run.duration", ""}},
        {"coupling.a (mV)\n3\n", true, {"rows.csv:2:1  C103", "", ""}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cal_sweep *sweep = NULL;
        const cal_sweep_def def = {.experiment = path, .rows = cases[i].is_table ? write_table(cases[i].rows) : cases[i].rows};
        cr_expect(cal_sweep_create(ctx, &def, &sweep) == CAL_ERR_INPUT, "%s", cases[i].rows);
        for (int k = 0; k < 3; k++)
            cr_expect(strstr(cal_context_message(ctx), cases[i].messages[k]) != NULL, "%s lacks %s", cal_context_message(ctx),
                      cases[i].messages[k]);
        cr_expect(zero(ptr, sweep));
        cal_context_clear(ctx);
    }
}

Test(experiment_sweep, all_signals_together_keep_to_the_budget)
{
    cal_sweep *sweep = NULL;
    const char *set = "record.budget=100 kB";
    cal_sweep_def def = {.experiment = path, .rows = "run.seed=1..10", .overrides = &set, .n_overrides = 1};
    cr_expect(cal_sweep_create(ctx, &def, &sweep) == CAL_ERR_INPUT);
    cr_expect(strstr(cal_context_message(ctx), "C501  the signals of 10 runs take") != NULL, "%s", cal_context_message(ctx));
    cal_context_clear(ctx);
    def.is_table_only = true;
    cr_expect(cal_sweep_create(ctx, &def, &sweep) == CAL_OK, "%s", cal_context_message(ctx));
    cal_sweep_destroy(&sweep);
}

Test(experiment_sweep, a_table_of_ten_thousand_rows_is_read)
{
    cali_text t = {0};
    cali_sweep_rows rows;
    cali_row_overrides overrides;
    cali_text_add(&t, "name,coupling.gain,coupling.a (ms),run.seed\n");
    for (int i = 0; i < 10000; i++)
        cali_text_format(&t, "row %d,%d,%s,%d\n", i, i, i % 2 ? "3" : "2 s", i);
    cr_assert(cali_sweep_rows_load(ctx, write_table(t.data), &rows) == CAL_OK, "%s", cal_context_message(ctx));
    cr_expect(eq(sz, rows.csv.n_rows, 10000));
    cr_assert(cali_row_overrides_make(ctx, &rows, 9999, NULL, 0, &overrides) == CAL_OK);
    cr_assert(eq(sz, overrides.n, 3)); /* the name is a label */
    cr_expect(eq(str, (char *)overrides.overrides[0], "coupling.gain=9999"));
    cr_expect(eq(str, (char *)overrides.overrides[1], "coupling.a=3 ms"));
    cr_expect(strstr(overrides.heads[2], "rows.csv:10001:") != NULL);
    cali_row_overrides_free(&overrides);
    cr_assert(cali_row_overrides_make(ctx, &rows, 9998, NULL, 0, &overrides) == CAL_OK);
    cr_expect(eq(str, (char *)overrides.overrides[1], "coupling.a=2 s"));
    cali_row_overrides_free(&overrides);
    cali_sweep_rows_free(&rows);
    cali_text_free(&t);
}

/* ---- runs --------------------------------------------------------------------------------------------------- */

/* Of x_j = 0.1 exp(-a t_j), t_j = 1 ... 1000 ms: mean 0.1 q (1 - q^1000) / (1 - q) / 1000 with q = exp(-a ms), maximum
 * 0.1 q, minimum 0.1 q^1000. Heun at 0.1 ms is right to (a dt)^2 / 6, relatively: below 1e-7 here. */
Test(experiment_sweep, figures_are_those_of_the_solution)
{
    char directory[600], file[700];
    snprintf(directory, sizeof directory, "%s/figures", folder);
    run_all(ctx, "models.m.parameters.gamma=-0.001 1/ms,-0.004 1/ms", directory);
    snprintf(file, sizeof file, "%s/table.csv", directory);
    cali_test_table *t = cali_test_read_csv(file);
    cr_assert(t != NULL);
    cr_assert(eq(sz, t->n_rows, 2));
    for (size_t row = 0; row < 2; row++) {
        const double q = exp(row == 0 ? -0.001 : -0.004), mean = 0.1 * q * (1.0 - pow(q, 1000.0)) / (1.0 - q) / 1000.0;
        const double square = 0.01 * q * q * (1.0 - pow(q, 2000.0)) / (1.0 - q * q) / 1000.0;
        cr_expect(epsilon_eq(dbl, cali_test_value(t, row, "x.mean (1)"), mean, 1e-7 * mean));
        cr_expect(epsilon_eq(dbl, cali_test_value(t, row, "x.max (1)"), 0.1 * q, 1e-8));
        cr_expect(epsilon_eq(dbl, cali_test_value(t, row, "x.min (1)"), 0.1 * pow(q, 1000.0), 1e-8));
        cr_expect(epsilon_eq(dbl, cali_test_value(t, row, "x.sd (1)"), sqrt(square - mean * mean), 1e-7));
    }
    cali_test_table_free(t);
}

Test(experiment_sweep, files_are_the_same_for_any_number_of_threads)
{
    static const char *const names[] = {"sweep.h5", "table.csv", "rows.csv", "experiment.yaml"};
    char directory[3][600];
    for (unsigned n = 1; n <= 3; n++) {
        cal_context *with = cali_test_context(n);
        snprintf(directory[n - 1], sizeof directory[0], "%s/threads%u", folder, n);
        const cal_sweep_state state = run_all(with, "coupling.gain=0.0001,0.0002,0.0003 x run.duration=0.2 s,0.3 s x run.seed=1..4",
                                              directory[n - 1]);
        cr_expect(state.is_complete && state.n_done == 24 && state.n_failed == 0);
        cal_context_destroy(&with);
    }
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        size_t size = 0, other = 0;
        char *first = read_file(directory[0], names[k], &size);
        for (int n = 1; n < 3; n++) {
            char *second = read_file(directory[n], names[k], &other);
            cr_expect(size == other && memcmp(first, second, size) == 0, "%s differs with %d threads", names[k], n + 1);
            free(second);
        }
        free(first);
    }
}

/* With gain 1e9 the linear network grows by orders of magnitude per delay and leaves the numbers. */
Test(experiment_sweep, a_run_that_fails_is_noted_and_stops_nothing)
{
    char directory[600];
    size_t size;
    snprintf(directory, sizeof directory, "%s/failing", folder);
    const cal_sweep_state state = run_all(ctx, "coupling.gain=0.001,1e9,0.002", directory);
    cr_expect(state.is_complete && state.n_done == 3 && state.n_failed == 1);
    char *table = read_file(directory, "table.csv", &size);
    cr_expect(strstr(table, "\n2,1e9,failed,") != NULL, "%s", table);
    cr_expect(strstr(table, "E302") != NULL);
    cr_expect(strstr(table, "\n1,0.001,ok,") != NULL && strstr(table, "\n3,0.002,ok,") != NULL);
    free(table);
}

/* ---- stopping and going on ----------------------------------------------------------------------------------- */

typedef struct stopper {
    size_t n_done, limit;
} stopper;

static void count(void *user, const cal_sweep_state *state)
{
    ((stopper *)user)->n_done = state->n_done;
}

static bool is_enough(void *user)
{
    const stopper *s = user;
    return s->n_done >= s->limit;
}

Test(experiment_sweep, a_stopped_sweep_goes_on_and_another_one_is_refused)
{
    char directory[600], whole[600], file[700];
    snprintf(directory, sizeof directory, "%s/stopped", folder);
    snprintf(whole, sizeof whole, "%s/whole", folder);
    cal_context *one = cali_test_context(1);
    const cal_sweep_def def = {.experiment = path, .rows = "run.seed=1..9"}, other = {.experiment = path, .rows = "run.seed=2..10"};
    cal_sweep *sweep = NULL, *second = NULL;
    cal_sweep_state state;
    cr_assert(cal_sweep_create(one, &def, &sweep) == CAL_OK);
    stopper s = {.limit = 4};
    const cal_sweep_watch watch = {.show = count, .is_stopped = is_enough, .user = &s};
    cr_assert(cal_sweep_run(sweep, directory, &watch, &state) == CAL_OK);
    cr_expect(state.n_done == 4 && !state.is_complete);

    cr_assert(cal_sweep_create(one, &other, &second) == CAL_OK);
    cr_expect(cal_sweep_run(second, directory, NULL, &state) == CAL_ERR_INPUT);
    cr_expect(strstr(cal_context_message(one), "belongs to another sweep") != NULL, "%s", cal_context_message(one));
    cal_context_clear(one);
    cal_sweep_destroy(&second);

    /* half a record at the end, as a kill leaves it */
    snprintf(file, sizeof file, "%s/sweep.part", directory);
    FILE *part = fopen(file, "ab");
    fputs("half a record, and not even that", part);
    fclose(part);
    cr_assert(cal_sweep_run(sweep, directory, NULL, &state) == CAL_OK, "%s", cal_context_message(one));
    cr_expect(state.is_complete && state.n_before == 4 && state.n_done == 9);
    cal_sweep_destroy(&sweep);
    run_all(one, "run.seed=1..9", whole);
    static const char *const names[] = {"sweep.h5", "table.csv"};
    for (int k = 0; k < 2; k++) {
        size_t size = 0, size_2 = 0;
        char *a = read_file(directory, names[k], &size), *b = read_file(whole, names[k], &size_2);
        cr_expect(size == size_2 && memcmp(a, b, size) == 0, "%s", names[k]);
        free(a);
        free(b);
    }
    cal_context_destroy(&one);
}
