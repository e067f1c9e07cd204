/* Own models: a text computes what the built-in model of the same equations computes, compiled or interpreted. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/random.h"
#include "base/units.h"
#include "support/nmm_net.h"

enum { N = 37, MAX_ROWS = 32 }; /* an odd number of regions: remainders of vector loops run too */

static const struct {
    const char *file, *builtin;
} cases[] = {
    {"montbrio_pazo_roxin.yaml", "mpr"},
    {"jansen_rit.yaml", "jansen-rit"},
    {"wilson_cowan.yaml", "wilson-cowan"},
    {"reduced_wong_wang.yaml", "reduced-wong-wang"},
    {"epileptor.yaml", "epileptor"},
};
enum { N_CASES = sizeof cases / sizeof *cases };

static struct criterion_test_params all_cases(void)
{
    static int index[N_CASES];
    for (int i = 0; i < N_CASES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_CASES);
}

static void use_fresh_cache(void)
{
    setenv("XDG_CACHE_HOME", cali_test_directory(), 1);
}

static cal_nmm_model *load(cal_context *ctx, const char *file, const char *compiler)
{
    char path[1024];
    cal_nmm_model *model = NULL;
    snprintf(path, sizeof path, "%s/tests/support/own_models/%s", CALLOSUM_SOURCE_DIR, file);
    if (compiler != NULL)
        setenv("CALLOSUM_CC", compiler, 1);
    else
        unsetenv("CALLOSUM_CC");
    cr_assert(cal_nmm_model_load(ctx, path, &model) == CAL_OK, "%s", cal_context_message(ctx));
    return model;
}

static bool is_compiled(const cal_nmm_model *m)
{
    return strncmp(cal_nmm_model_how(m), "compiled", 8) == 0;
}

/* Rows of values around the defaults, the same numbers for both models up to their units. */
static void fill(const cal_field *fields, size_t n_fields, const cal_field *like, double scale, uint32_t use, double *rows)
{
    for (size_t k = 0; k < n_fields; k++) {
        const int at = cal_field_find(like, n_fields, fields[k].name);
        cali_unit from, to;
        cr_assert(at >= 0 && cali_unit_parse(like[at].unit, &from) && cali_unit_parse(fields[k].unit, &to));
        for (uint32_t i = 0; i < N; i++) {
            const cali_random r = cali_philox(cali_key_from_seed(3), i, use + (uint32_t)at, 1, 0);
            const double u = cali_uniform(r.word[0], r.word[1]) - 0.5, base = like[at].value;
            double value = base * (1.0 + 0.4 * u) + (base == 0.0 || use >= 100 ? scale * u : 0.0);
            value = fmin(fmax(value, like[at].low), like[at].high);
            rows[k * N + i] = cali_unit_convert(value, &from, &to);
        }
    }
}

typedef struct sample {
    double p[MAX_ROWS * N], x[MAX_ROWS * N], c[MAX_ROWS * N], dx[MAX_ROWS * N], y[MAX_ROWS * N];
} sample;

static void evaluate(const cal_nmm_model *m, const cal_nmm_model *like, sample *s)
{
    cr_assert(m->n_params + m->n_derived <= MAX_ROWS);
    fill(m->params, m->n_params, like->params, 0.1, 0, s->p);
    fill(m->states, m->n_states, like->states, 0.3, 100, s->x);
    fill(m->inputs, m->n_inputs, like->inputs, 0.3, 200, s->c);
    cal_nmm_model_derive(m, N, s->p);
    cal_nmm_model_rhs(m, N, s->p, s->x, s->c, s->dx);
    cal_nmm_model_observe(m, N, s->p, s->x, s->y);
}

static void expect_rows(const char *what, const cal_field *fields, size_t n, const double *rows, const cal_field *truth,
                        size_t n_truth, const double *true_rows)
{
    for (size_t k = 0; k < n; k++) {
        const int at = cal_field_find(truth, n_truth, fields[k].name);
        cali_unit from, to;
        if (at < 0)
            continue;
        cr_assert(cali_unit_parse(truth[at].unit, &from) && cali_unit_parse(fields[k].unit, &to));
        double size = 0.0;
        for (size_t i = 0; i < N; i++)
            size = fmax(size, fabs(rows[k * N + i]));
        cr_expect(size > 0.0, "%s %s: nothing but 0 is compared", what, fields[k].name);
        for (size_t i = 0; i < N; i++) {
            const double wanted = cali_unit_convert(true_rows[(size_t)at * N + i], &from, &to);
            cr_expect(fabs(rows[k * N + i] - wanted) <= 1e-14 * size, "%s %s in region %zu: %.17g, built in %.17g", what,
                      fields[k].name, i, rows[k * N + i], wanted);
        }
    }
}

/* The truth is the built-in model, itself tested against other tools. Tolerance: the order of operations differs, so a
 * few roundings of the largest term. */
ParameterizedTestParameters(nmm_own, computes_what_the_built_in_model_computes)
{
    return all_cases();
}
ParameterizedTest(int *index, nmm_own, computes_what_the_built_in_model_computes)
{
    static sample own, truth;
    use_fresh_cache();
    cal_context *ctx = cali_test_context(1);
    cal_nmm_model *m = load(ctx, cases[*index].file, NULL);
    const cal_nmm_model *builtin = cal_nmm_model_find(cases[*index].builtin);
    cr_assert(m->n_states == builtin->n_states && m->n_params == builtin->n_params && m->n_inputs == builtin->n_inputs);
    cr_expect(is_compiled(m), "%s", cal_nmm_model_how(m));
    evaluate(builtin, builtin, &truth);
    evaluate(m, builtin, &own);
    expect_rows("derivative", m->states, m->n_states, own.dx, builtin->states, builtin->n_states, truth.dx);
    expect_rows("output", m->outputs, m->n_outputs, own.y, builtin->outputs, builtin->n_outputs, truth.y);
    cal_nmm_model_destroy(&m);
    cr_expect(m == NULL);
    cal_context_destroy(&ctx);
}

ParameterizedTestParameters(nmm_own, interpreted_has_the_bits_of_compiled)
{
    return all_cases();
}
ParameterizedTest(int *index, nmm_own, interpreted_has_the_bits_of_compiled)
{
    static sample a, b;
    use_fresh_cache();
    cal_context *ctx = cali_test_context(1);
    const cal_nmm_model *builtin = cal_nmm_model_find(cases[*index].builtin);
    cal_nmm_model *compiled = load(ctx, cases[*index].file, NULL);
    cal_nmm_model *interpreted = load(ctx, cases[*index].file, "none");
    cr_expect(is_compiled(compiled) && !is_compiled(interpreted));
    cr_expect(compiled->rhs != NULL && interpreted->rhs == NULL);
    evaluate(compiled, builtin, &a);
    evaluate(interpreted, builtin, &b);
    cr_expect(memcmp(a.dx, b.dx, compiled->n_states * N * sizeof(double)) == 0);
    cr_expect(memcmp(a.y, b.y, compiled->n_outputs * N * sizeof(double)) == 0);
    cal_nmm_model_destroy(&compiled);
    cal_nmm_model_destroy(&interpreted);
    cal_context_destroy(&ctx);
}

/* shift / (1 + exp(a b)) of E and of I depends on parameters alone: two rows behind the parameters, none in the step. */
Test(nmm_own, what_depends_on_parameters_alone_is_computed_once)
{
    use_fresh_cache();
    cal_context *ctx = cali_test_context(1);
    for (int way = 0; way < 2; way++) {
        cal_nmm_model *m = load(ctx, "wilson_cowan.yaml", way == 0 ? NULL : "none");
        double p[MAX_ROWS] = {0.0};
        cr_assert(eq(sz, m->n_derived, 2));
        for (size_t k = 0; k < m->n_params; k++)
            p[k] = m->params[k].value;
        cal_nmm_model_derive(m, 1, p);
        const double rows[] = {p[m->n_params], p[m->n_params + 1]};
        const double e = 1.0 / (1.0 + exp(1.2 * 2.8)), i = 1.0 / (1.0 + exp(4.0)); /* the defaults of a and b */
        cr_expect(epsilon_eq(dbl, fmax(rows[0], rows[1]), fmax(e, i), 1e-15));
        cr_expect(epsilon_eq(dbl, fmin(rows[0], rows[1]), fmin(e, i), 1e-15));
        cal_nmm_model_destroy(&m);
    }
    cal_context_destroy(&ctx);
}

/* Four coupled regions over 100 ms, far from rest at first. Tolerance: roundings of 4000 evaluations, which the dynamics
 * do not amplify here. */
ParameterizedTestParameters(nmm_own, runs_like_the_built_in_model)
{
    return all_cases();
}
ParameterizedTest(int *index, nmm_own, runs_like_the_built_in_model)
{
    use_fresh_cache();
    double end[3][4][NET_MAX_ROWS];
    const cal_nmm_model *builtin = cal_nmm_model_find(cases[*index].builtin);
    for (int way = 0; way < 3; way++) {
        net a = net_make(4, cases[*index].builtin, 1);
        cal_nmm_model *m = way == 0 ? NULL : load(a.ctx, cases[*index].file, way == 1 ? NULL : "none");
        for (size_t i = 0; i < 4; i++) {
            net_edge(&a, i, (i + 1) % 4, 0.1, 2.5 + (double)i);
            a.regions[i].params = NULL;
            a.regions[i].initial = NULL;
            if (m != NULL)
                a.regions[i].model = m;
        }
        net_create(&a);
        cr_assert(net_run(&a, 100 * CAL_NS_PER_MS) == CAL_OK, "%s", cal_context_message(a.ctx));
        for (size_t i = 0; i < 4; i++)
            cr_assert(cal_nmm_get_state(a.nmm, i, end[way][i]) == CAL_OK);
        net_free(&a);
        cal_nmm_model_destroy(&m);
    }
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < builtin->n_states; k++) {
            cr_expect(fabs(end[1][i][k] - end[0][i][k]) <= 1e-12 * fmax(fabs(end[0][i][k]), builtin->scales[k]),
                      "%s of region %zu: %.17g, built in %.17g", builtin->states[k].name, i, end[1][i][k], end[0][i][k]);
            cr_expect(eq(dbl, end[2][i][k], end[1][i][k]), "interpreted differs");
        }
}

/* Texts in SI and in other prefixes give the host's numbers, to the last digit. */
Test(nmm_own, units_become_those_of_the_host_exactly)
{
    use_fresh_cache();
    cal_context *ctx = cali_test_context(1);
    cal_nmm_model *m = load(ctx, "jansen_rit.yaml", "none");
    const cal_nmm_model *builtin = cal_nmm_model_find("jansen-rit");
    for (size_t k = 0; k < m->n_params; k++) {
        const int at = cal_field_find(builtin->params, builtin->n_params, m->params[k].name);
        cr_expect(eq(dbl, m->params[k].value, builtin->params[at].value), "%s", m->params[k].name);
        cr_expect(eq(str, (char *)m->params[k].unit, (char *)builtin->params[at].unit), "%s", m->params[k].name);
    }
    for (size_t k = 0; k < m->n_states; k++) {
        cr_expect(eq(dbl, m->states[k].value, builtin->states[k].value), "%s", m->states[k].name);
        cr_expect(eq(dbl, m->scales[k], builtin->scales[k]), "%s", m->states[k].name);
        cr_expect(eq(str, (char *)m->states[k].unit, (char *)builtin->states[k].unit), "%s", m->states[k].name);
    }
    for (size_t k = 0; k < m->n_outputs; k++)
        cr_expect(eq(str, (char *)m->outputs[k].unit, (char *)builtin->outputs[k].unit), "%s", m->outputs[k].name);
    cal_nmm_model_destroy(&m);
    cal_context_destroy(&ctx);
}

/* ---- the compiler and its cache ------------------------------------------------------------------------------ */

static bool was_kept(const cal_nmm_model *m)
{
    return strstr(cal_nmm_model_how(m), "kept from before") != NULL;
}

/* The one object in the cache. */
static void find_object(char *path, size_t size)
{
    char command[1200];
    snprintf(command, sizeof command, "ls -d '%s'/callosum/models/*", getenv("XDG_CACHE_HOME"));
    FILE *list = popen(command, "r");
    cr_assert(list != NULL && fgets(path, (int)size, list) != NULL);
    path[strcspn(path, "\n")] = '\0';
    char more[8];
    cr_expect(fgets(more, sizeof more, list) == NULL, "the folder holds more than the object");
    pclose(list);
}

static void expect_load(cal_context *ctx, bool compiled, bool kept, const char *when)
{
    cal_nmm_model *m = load(ctx, "wilson_cowan.yaml", NULL);
    cr_expect(is_compiled(m) == compiled && was_kept(m) == kept, "%s: %s", when, cal_nmm_model_how(m));
    cal_nmm_model_destroy(&m);
}

Test(nmm_own, compiles_once_and_trusts_only_files_of_its_user)
{
    use_fresh_cache();
    char path[1024];
    struct stat facts;
    cal_context *ctx = cali_test_context(1);
    expect_load(ctx, true, false, "first");
    expect_load(ctx, true, true, "second");
    find_object(path, sizeof path);
    cr_assert(stat(path, &facts) == 0);
    cr_expect(eq(int, (int)(facts.st_mode & 0777), 0700));
    cr_assert(chmod(path, 0777) == 0);
    expect_load(ctx, true, false, "writable for others");
    expect_load(ctx, true, true, "after that");
    FILE *file = fopen(path, "w");
    cr_assert(file != NULL && fputs("no object", file) >= 0 && fclose(file) == 0);
    expect_load(ctx, true, false, "broken");
    expect_load(ctx, true, true, "mended");
    cr_assert(unlink(path) == 0 && symlink("/bin/true", path) == 0);
    expect_load(ctx, true, false, "a link");
    char folder[1024];
    snprintf(folder, sizeof folder, "%s/callosum/models", getenv("XDG_CACHE_HOME"));
    cr_assert(chmod(folder, 0777) == 0);
    expect_load(ctx, true, false, "folder open to others");
    expect_load(ctx, true, false, "nothing is taken from there");
    cal_context_destroy(&ctx);
}

static const char *write_script(const char *text)
{
    static char path[1100];
    snprintf(path, sizeof path, "%s/compiler", cali_test_directory());
    FILE *file = fopen(path, "w");
    cr_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0 && chmod(path, 0755) == 0);
    return path;
}

static void expect_interpreted(const char *compiler, const char *why)
{
    use_fresh_cache();
    cal_context *ctx = cali_test_context(1);
    cal_nmm_model *m = load(ctx, "wilson_cowan.yaml", compiler);
    cr_expect(is_compiled(m) == false);
    cr_expect(strstr(cal_nmm_model_how(m), why) != NULL, "%s", cal_nmm_model_how(m));
    cr_expect(strstr(cali_test_last_note(), "runs interpreted, with the same numbers but slower, because") != NULL &&
                  strstr(cali_test_last_note(), why) != NULL, "%s", cali_test_last_note());
    cal_nmm_model_destroy(&m);
    cal_context_destroy(&ctx);
}

Test(nmm_own, is_interpreted_without_a_compiler)
{
    expect_interpreted("none", "CALLOSUM_CC is none");
    expect_interpreted("/nowhere/cc", "CALLOSUM_CC names \"/nowhere/cc\", which is no program");
    expect_interpreted("no-such-compiler", "which is no program");
    setenv("PATH", "/nowhere", 1);
    expect_interpreted(NULL, "there is no C compiler (cc, gcc or clang)");
}

Test(nmm_own, is_interpreted_where_the_compiler_fails)
{
    expect_interpreted(write_script("#!/bin/sh\n[ \"$1\" = --version ] && echo mine 1.0 && exit 0\n"
                                    "echo 'model.c:1: error: no space'\nexit 3\n"),
                       "failed with status 3: model.c:1: error: no space");
    expect_interpreted(write_script("#!/bin/sh\nexit 1\n"), "does not answer");
    expect_interpreted(write_script("#!/bin/sh\n[ \"$1\" = --version ] && echo mine 1.0\nexit 0\n"), "cannot be loaded");
}

/* A compiler that changes one factor in its twelfth digit is found out by the comparison with the interpreter. */
Test(nmm_own, is_interpreted_where_the_compiler_computes_something_else)
{
    expect_interpreted(write_script("#!/bin/sh\n[ \"$1\" = --version ] && echo mine 1.0 && exit 0\n"
                                    "for source; do :; done\n"
                                    "sed -i 's/dx\\[1 \\* n + i\\] = /dx[1 * n + i] = 1.000000000001 * /' \"$source\"\n"
                                    "exec cc \"$@\"\n"),
                       "does not compute what the model says");
}

/* The file that docs/own-models.md shows is a right one. */
Test(nmm_own, of_the_documentation_loads)
{
    use_fresh_cache();
    cal_context *ctx = cali_test_context(1);
    char *text = NULL, path[1100];
    size_t size = 0;
    cr_assert(cali_file_read(ctx, CALLOSUM_SOURCE_DIR "/docs/own-models.md", 1 << 20, &text, &size) == CAL_OK);
    char *begin = strstr(text, "```yaml\n"), *end = begin == NULL ? NULL : strstr(begin + 8, "```\n");
    cr_assert(end != NULL);
    snprintf(path, sizeof path, "%s/shown.yaml", cali_test_directory());
    cr_assert(cali_file_write(ctx, path, begin + 8, (size_t)(end - begin) - 8) == CAL_OK);
    cal_nmm_model *m = NULL;
    cr_expect(cal_nmm_model_load(ctx, path, &m) == CAL_OK, "%s", cal_context_message(ctx));
    cal_nmm_model_destroy(&m);
    free(text);
    cal_context_destroy(&ctx);
}

Test(nmm_own, that_is_not_there_is_said)
{
    cal_context *ctx = cali_test_context(1);
    cal_nmm_model *m = NULL;
    cr_expect(cal_nmm_model_load(ctx, "/nowhere/model.yaml", &m) == CAL_ERR_IO);
    cr_expect(m == NULL);
    cr_expect(strstr(cal_context_message(ctx), "/nowhere/model.yaml") != NULL);
    cal_context_clear(ctx);
    cr_expect(cal_nmm_model_load(ctx, "/dev/zero", &m) == CAL_ERR_INPUT);
    cal_nmm_model_destroy(&m);
    cal_nmm_model_destroy(NULL);
    cal_context_destroy(&ctx);
}
