/* What every entry of the tables of monitors and kernels keeps. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/monitors.h"
#include "support/support.h"

enum { N = 7, N_ROWS = 600, N_SENSORS = 3 };

static struct criterion_test_params all_kinds(void)
{
    static int index[64];
    const size_t n = cal_monitor_n_kinds();
    for (size_t i = 0; i < n && i < 64; i++)
        index[i] = (int)i;
    return cr_make_param_array(int, index, n);
}

static const uint32_t groups[N] = {0, 1, 1, 0, CAL_NO_GROUP, 1, 0};
static const double lead_field[N_SENSORS * N] = {1, 0, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1};

static cal_monitor_def define(int index)
{
    cal_monitor_def def = cal_monitor_def_default();
    def.kind = cal_monitor_kind_at((size_t)index);
    def.n_regions = N;
    def.dt = 2 * CAL_NS_PER_MS;
    def.every = def.kind->feed == CAL_FEED_SAMPLES ? def.dt : 10 * CAL_NS_PER_MS;
    def.length = 200 * CAL_NS_PER_MS; /* the ring turns over in the test */
    if (def.kind->has_kernel)
        def.kernel = cal_hrf_find("gamma");
    if (def.kind->has_groups) {
        def.groups = groups;
        def.n_groups = 2;
    }
    if (def.kind->has_lead_field) {
        def.lead_field = lead_field;
        def.n_sensors = N_SENSORS;
    }
    return def;
}

static cal_monitor *make(cal_context *ctx, const cal_monitor_def *def)
{
    cal_monitor *monitor = NULL;
    cr_assert(cal_monitor_create(ctx, def, &monitor) == CAL_OK, "%s", cal_context_message(ctx));
    return monitor;
}

static void fill(double *rows)
{
    for (int j = 0; j < N_ROWS; j++)
        for (int i = 0; i < N; i++)
            rows[j * N + i] = 0.5 + 0.3 * sin(0.01 * (i + 1) * j + i);
}

static void expect_fields(const char *owner, const cal_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const cal_field *f = &fields[i];
        cr_expect(f->name != NULL && f->unit != NULL && f->meaning != NULL && strlen(f->meaning) > 2, "%s", owner);
        cr_expect(f->low < f->high && f->value >= f->low && f->value <= f->high, "%s %s: default", owner, f->name);
        for (size_t j = 0; j < i; j++)
            cr_expect(strcmp(f->name, fields[j].name) != 0, "%s: two called %s", owner, f->name);
    }
}

ParameterizedTestParameters(monitors_kinds, keeps_the_contract)
{
    return all_kinds();
}
ParameterizedTest(int *index, monitors_kinds, keeps_the_contract)
{
    const cal_monitor_kind *kind = cal_monitor_kind_at((size_t)*index);
    cr_assert(kind != NULL);
    cr_expect(kind == cal_monitor_kind_find(kind->name));
    cr_expect(strlen(kind->title) > 8 && strlen(kind->formula) > 3 && strlen(kind->source) > 8);
    cr_expect(kind->ops != NULL);
    expect_fields(kind->name, kind->params, kind->n_params);
}

Test(monitors_kinds, kernels_keep_the_contract)
{
    const double t_s[] = {0.0, 0.002, 1.0, 19.9, 100.0};
    for (size_t k = 0; k < cal_hrf_n(); k++) {
        const cal_hrf *kernel = cal_hrf_at(k);
        double h[5], params[16];
        cr_expect(kernel == cal_hrf_find(kernel->name));
        cr_expect(strlen(kernel->title) > 8 && strlen(kernel->formula) > 8 && strlen(kernel->source) > 8);
        expect_fields(kernel->name, kernel->params, kernel->n_params);
        for (int ends = 0; ends < 3; ends++) { /* the default, all lower ends, all upper ends */
            for (size_t i = 0; i < kernel->n_params; i++)
                params[i] = ends == 0 ? kernel->params[i].value : ends == 1 ? kernel->params[i].low : kernel->params[i].high;
            kernel->fill(params, 5, t_s, h);
            for (int i = 0; i < 5; i++)
                cr_expect(isfinite(h[i]), "%s at %g s", kernel->name, t_s[i]);
        }
    }
    cr_expect(cal_hrf_find("none") == NULL && cal_hrf_find(NULL) == NULL && cal_hrf_at(cal_hrf_n()) == NULL);
}

ParameterizedTestParameters(monitors_kinds, gives_the_same_bits_however_rows_are_pushed)
{
    return all_kinds();
}
ParameterizedTest(int *index, monitors_kinds, gives_the_same_bits_however_rows_are_pushed)
{
    cal_context *ctx = cali_test_context(1);
    const cal_monitor_def def = define(*index);
    cal_monitor *whole = make(ctx, &def), *parts = make(ctx, &def);
    double *rows = malloc(N_ROWS * N * sizeof *rows);
    fill(rows);
    cr_assert(cal_monitor_push(whole, N_ROWS, rows) == CAL_OK, "%s", cal_context_message(ctx));
    size_t n_whole = 0, n = 0, at = 0;
    const double *expected = cal_monitor_rows(whole, &n_whole);
    const size_t n_channels = cal_monitor_n_channels(whole);
    cr_expect(n_whole == (size_t)(N_ROWS * def.dt / def.every));
    for (size_t from = 0, step = 1; from < N_ROWS; from += step, step = step % 13 + 1) {
        const size_t count = from + step <= N_ROWS ? step : N_ROWS - from;
        cr_assert(cal_monitor_push(parts, count, rows + from * N) == CAL_OK);
        const double *got = cal_monitor_rows(parts, &n);
        cr_expect(n == 0 || memcmp(got, expected + at * n_channels, n * n_channels * sizeof *got) == 0);
        at += n;
    }
    cr_expect(at == n_whole);
    for (size_t k = 0; k < n_whole * n_channels; k++)
        cr_expect(isfinite(expected[k]));
    free(rows);
    cal_monitor_destroy(&whole);
    cal_monitor_destroy(&parts);
    cal_context_destroy(&ctx);
}

ParameterizedTestParameters(monitors_kinds, goes_on_from_a_saved_state_with_the_same_bits)
{
    return all_kinds();
}
ParameterizedTest(int *index, monitors_kinds, goes_on_from_a_saved_state_with_the_same_bits)
{
    enum { FIRST = 251 };
    cal_context *ctx = cali_test_context(1);
    const cal_monitor_def def = define(*index);
    cal_monitor *one = make(ctx, &def), *other = make(ctx, &def);
    double *rows = malloc(N_ROWS * N * sizeof *rows);
    fill(rows);
    cr_assert(cal_monitor_push(one, FIRST, rows) == CAL_OK);
    size_t n_state = 0, n = 0, n_other = 0;
    const double *state = cal_monitor_get_state(one, &n_state);
    cr_assert(cal_monitor_set_state(other, n_state, state) == CAL_OK);
    cr_assert(cal_monitor_push(one, N_ROWS - FIRST, rows + FIRST * N) == CAL_OK);
    cr_assert(cal_monitor_push(other, N_ROWS - FIRST, rows + FIRST * N) == CAL_OK);
    const double *a = cal_monitor_rows(one, &n), *b = cal_monitor_rows(other, &n_other);
    cr_expect(n == n_other && n > 0 && memcmp(a, b, n * cal_monitor_n_channels(one) * sizeof *a) == 0);
    cr_expect(cal_monitor_set_state(other, n_state + 1, state) == CAL_ERR_ARGUMENT);
    free(rows);
    cal_monitor_destroy(&one);
    cal_monitor_destroy(&other);
    cal_context_destroy(&ctx);
}

/* A region that does not have the quantity is not a number in its own column and counts nowhere else. */
Test(monitors_kinds, a_region_without_the_quantity_spoils_no_other)
{
    cal_context *ctx = cali_test_context(1);
    const double row[N] = {1.0, 2.0, NAN, 4.0, 5.0, 6.0, 7.0};
    size_t n = 0;
    cal_monitor_def def = define(0);
    def.kind = cal_monitor_kind_find("spatial-average");
    def.every = def.dt;
    def.groups = groups;
    def.n_groups = 2;
    cal_monitor *monitor = make(ctx, &def);
    cr_assert(cal_monitor_push(monitor, 1, row) == CAL_OK);
    const double *out = cal_monitor_rows(monitor, &n);
    cr_expect(n == 1 && out[0] == 4.0 && out[1] == 4.0); /* (1 + 4 + 7) / 3, (2 + 6) / 2 */
    cal_monitor_destroy(&monitor);

    def = define(0);
    def.kind = cal_monitor_kind_find("eeg");
    def.every = def.dt;
    def.lead_field = lead_field;
    def.n_sensors = N_SENSORS;
    monitor = make(ctx, &def);
    cr_assert(cal_monitor_push(monitor, 1, row) == CAL_OK);
    out = cal_monitor_rows(monitor, &n);
    cr_expect(out[0] == 15.0 && out[1] == 6.0 && out[2] == -25.0);
    cal_monitor_destroy(&monitor);

    def.has_average_reference = true; /* less the mean (15 + 6 - 25) / 3 */
    monitor = make(ctx, &def);
    cr_assert(cal_monitor_push(monitor, 1, row) == CAL_OK);
    out = cal_monitor_rows(monitor, &n);
    cr_expect(epsilon_eq(dbl, out[0], 15.0 + 4.0 / 3.0, 1e-13));
    cr_expect(epsilon_eq(dbl, out[2], -25.0 + 4.0 / 3.0, 1e-13));
    cr_expect(fabs(out[0] + out[1] + out[2]) < 1e-13);
    cal_monitor_destroy(&monitor);
    cal_context_destroy(&ctx);
}

static void expect_refused(const cal_monitor_def *def, const char *words)
{
    cal_context *ctx = cali_test_context(1);
    cal_monitor *monitor = NULL;
    cr_expect(cal_monitor_create(ctx, def, &monitor) == CAL_ERR_ARGUMENT && monitor == NULL);
    cr_expect(strstr(cal_context_message(ctx), words) != NULL, "\"%s\" lacks \"%s\"", cal_context_message(ctx), words);
    cal_context_destroy(&ctx);
}

Test(monitors_kinds, wrong_definitions_are_refused_by_name)
{
    cal_monitor_def def = define(0);
    def.every = 3 * CAL_NS_PER_MS;
    expect_refused(&def, "no multiple of its input's interval 2 ms");
    def = define(0);
    def.kind = NULL;
    expect_refused(&def, "needs a kind");
    def = define(0);
    def.kind = cal_monitor_kind_find("bold");
    expect_refused(&def, "needs a kernel");
    def.kernel = cal_hrf_find("gamma");
    def.length = 3 * CAL_NS_PER_MS;
    expect_refused(&def, "shorter than two of its intervals");
    def.length = 200 * CAL_NS_PER_MS;
    def.interim = 4 * CAL_NS_PER_MS;
    expect_refused(&def, "divide 10 ms");
    def.interim = 0;
    const double params[] = {-1.0, 3.0, 0.1};
    def.params = params;
    expect_refused(&def, "tau of bold must lie from 0.01 to 100 s, is -1");
    def = define(0);
    def.kind = cal_monitor_kind_find("eeg");
    def.every = def.dt;
    expect_refused(&def, "needs a lead field");
    const double broken[] = {0, 0, 0, 0, 0, 0, NAN};
    def.lead_field = broken;
    def.n_sensors = 1;
    expect_refused(&def, "not finite at sensor 0, region 6");
    def = define(0);
    def.kind = cal_monitor_kind_find("spatial-average");
    def.every = def.dt;
    def.groups = groups;
    def.n_groups = 1;
    expect_refused(&def, "region 1 is in group 1 of 1");
}

/* 4 ms is the longest that divides 1 s and is a multiple of 0.1 ms; 3.75 ms is no multiple of 0.25 that divides 1 s. */
Test(monitors_kinds, the_interval_of_means_divides_the_period)
{
    const cal_time ms = CAL_NS_PER_MS;
    cr_expect(cal_monitor_interim(ms / 10, 1000 * ms, 4 * ms) == 4 * ms);
    cr_expect(cal_monitor_interim(3 * ms, 720 * ms, 4 * ms) == 3 * ms);
    cr_expect(cal_monitor_interim(ms / 10, 7 * ms / 10, 4 * ms) == 7 * ms / 10);
    cr_expect(cal_monitor_interim(ms, 5 * ms, 4 * ms) == ms);
    cr_expect(cal_monitor_interim(5 * ms, 1000 * ms, 4 * ms) == 5 * ms);
}
