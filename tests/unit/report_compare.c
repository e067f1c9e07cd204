/* report/compare.c: runs of the same process agree, runs of different ones differ, and what chance alone may
 * have made is left open. The processes are described in support/synthetic.h. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/tree.h"
#include "callosum/report.h"
#include "support/support.h"
#include "support/synthetic.h"

static cal_context *ctx;

static void set_up(void)
{
    ctx = cali_test_context(2);
}

static void tear_down(void)
{
    cal_context_destroy(&ctx);
}

TestSuite(report_compare, .init = set_up, .fini = tear_down);

/* A small brain: 20 regions, 2,000 neurons in region 3. */
static cali_synthetic small(void)
{
    cali_synthetic def = cali_synthetic_default();
    def.n_regions = 20;
    def.spiking = 3;
    def.n_neurons = 2000;
    def.n_recorded = 100;
    return def;
}

static void write_run(const cali_synthetic *def, char path[1024])
{
    snprintf(path, 1024, "%s", cali_test_directory());
    cr_assert(eq(int, cali_synthetic_write(ctx, def, path), CAL_OK), "%s", cal_context_message(ctx));
}

static cal_comparison *compare(const cali_synthetic *a, const cali_synthetic *b)
{
    char path_a[1024], path_b[1024];
    write_run(a, path_a);
    write_run(b, path_b);
    cal_compare_def def = cal_compare_def_default();
    def.run_a = path_a;
    def.run_b = path_b;
    cal_comparison *out = NULL;
    cr_assert(eq(int, cal_compare(ctx, &def, &out), CAL_OK), "%s", cal_context_message(ctx));
    return out;
}

static cal_comparison_row row_of(const cal_comparison *c, const char *quantity)
{
    for (size_t i = 0; i < cal_comparison_n_rows(c); i++)
        if (strcmp(cal_comparison_get_row(c, i).quantity, quantity) == 0)
            return cal_comparison_get_row(c, i);
    cr_assert(false, "no row %s", quantity);
    return (cal_comparison_row){0};
}

static cal_verdict verdict(const cal_comparison *c, const char *quantity)
{
    return row_of(c, quantity).verdict;
}

Test(report_compare, a_run_agrees_with_itself_in_every_row)
{
    const cali_synthetic def = small();
    cal_comparison *c = compare(&def, &def);
    cr_expect(eq(sz, cal_comparison_n_rows(c), 5));
    cr_expect(eq(sz, cal_comparison_count(c, CAL_VERDICT_AGREE), 5));
    cr_expect(eq(dbl, row_of(c, "mean rate").difference, 0.0));
    cr_expect(eq(dbl, row_of(c, "peak of spectrum").difference, 0.0));
    cr_expect(epsilon_eq(dbl, row_of(c, "correlation of traces").difference, 1.0, 1e-12));
    cr_expect(epsilon_eq(dbl, row_of(c, "functional connectivity").difference, 1.0, 1e-12));
    cal_comparison_destroy(&c);
    cal_comparison_destroy(&c);
}

/* Eight pairs of runs of one process with different noise: nothing may differ, the functional connectivity
 * agrees up to its noise in most, and the traces are recognised as independent in all. */
Test(report_compare, other_noise_makes_no_difference)
{
    size_t n_differ = 0, n_open_traces = 0, n_rates = 0, n_fc = 0;
    for (uint32_t pair = 0; pair < 8; pair++) {
        cali_synthetic a = small(), b = small();
        a.noise_seed = 100 + 2 * pair;
        b.noise_seed = 101 + 2 * pair;
        cal_comparison *c = compare(&a, &b);
        const size_t n_own = cal_comparison_count(c, CAL_VERDICT_DIFFER);
        if (n_own > 0) {
            char *text = NULL;
            cal_comparison_print(ctx, c, false, &text);
            printf("pair %u\n%s", (unsigned)pair, text);
            free(text);
        }
        n_differ += n_own;
        n_open_traces += verdict(c, "correlation of traces") == CAL_VERDICT_OPEN;
        n_rates += verdict(c, "mean rate") == CAL_VERDICT_AGREE;
        n_fc += verdict(c, "functional connectivity") == CAL_VERDICT_AGREE;
        cal_comparison_destroy(&c);
    }
    cr_expect(eq(sz, n_differ, 0));
    cr_expect(eq(sz, n_open_traces, 8));
    cr_expect(ge(sz, n_rates, 6));
    cr_expect(ge(sz, n_fc, 6));
}

Test(report_compare, another_rate_differs)
{
    cali_synthetic a = small(), b = small();
    b.rate_factor = 1.3;
    b.noise_seed = 2;
    cal_comparison *c = compare(&a, &b);
    cr_expect(eq(int, verdict(c, "mean rate"), CAL_VERDICT_DIFFER));
    cr_expect(epsilon_eq(dbl, row_of(c, "mean rate").difference, 0.3, 4.0 * row_of(c, "mean rate").error));
    cr_expect(ne(int, verdict(c, "functional connectivity"), CAL_VERDICT_DIFFER));
    cal_comparison_destroy(&c);
}

Test(report_compare, another_rhythm_differs)
{
    cali_synthetic a = small(), b = small();
    b.peak_Hz = 20.0;
    b.noise_seed = 2;
    cal_comparison *c = compare(&a, &b);
    cr_expect(eq(int, verdict(c, "peak of spectrum"), CAL_VERDICT_DIFFER));
    cr_expect(epsilon_eq(dbl, row_of(c, "peak of spectrum").difference, 10.0, 3.0));
    cr_expect(ne(int, verdict(c, "mean rate"), CAL_VERDICT_DIFFER));
    cal_comparison_destroy(&c);
}

Test(report_compare, other_groups_of_regions_differ)
{
    cali_synthetic a = small(), b = small();
    b.n_groups = 2;
    b.noise_seed = 2;
    cal_comparison *c = compare(&a, &b);
    cr_expect(eq(int, verdict(c, "functional connectivity"), CAL_VERDICT_DIFFER));
    cr_expect(ne(int, verdict(c, "mean rate"), CAL_VERDICT_DIFFER));
    cal_comparison_destroy(&c);
}

/* A small difference in a short run: 15 % of a rate that is known to about as much. */
Test(report_compare, short_runs_leave_questions_open)
{
    cali_synthetic a = small(), b = small();
    a.duration_ms = b.duration_ms = 1250.0;
    b.rate_factor = 1.15;
    b.noise_seed = 5;
    cal_comparison *c = compare(&a, &b);
    cr_expect(eq(sz, cal_comparison_count(c, CAL_VERDICT_DIFFER), 0));
    cr_expect(gt(sz, cal_comparison_count(c, CAL_VERDICT_OPEN), 0));
    cal_comparison_destroy(&c);
}

/* The run with 4 ms holds the means over the same samples, so after averaging both are the same numbers but
 * for rounding to the file's doubles. */
Test(report_compare, intervals_are_brought_together)
{
    cali_synthetic a = small(), b = small();
    b.every_ms = 4;
    b.transient_ms = 500.0;
    cal_comparison *c = compare(&a, &b);
    cr_expect(eq(sz, cal_comparison_count(c, CAL_VERDICT_AGREE), cal_comparison_n_rows(c)));
    cr_expect(lt(dbl, fabs(row_of(c, "mean rate").difference), 1e-12));
    cr_expect(gt(dbl, row_of(c, "correlation of traces").difference, 1.0 - 1e-12));
    cal_comparison_destroy(&c);
    b.every_ms = 3;
    a.every_ms = 2;
    char path_a[1024], path_b[1024];
    write_run(&a, path_a);
    write_run(&b, path_b);
    cal_compare_def def = cal_compare_def_default();
    def.run_a = path_a;
    def.run_b = path_b;
    cr_expect(eq(int, cal_compare(ctx, &def, &c), CAL_ERR_INPUT));
    cr_expect(strstr(cal_context_message(ctx), "multiple") != NULL);
}

Test(report_compare, without_spiking_region_the_mean_of_all_is_taken)
{
    cali_synthetic a = small();
    a.spiking = a.n_regions;
    cal_comparison *c = compare(&a, &a);
    cr_expect(eq(sz, cal_comparison_count(c, CAL_VERDICT_AGREE), cal_comparison_n_rows(c)));
    char *text = NULL;
    cr_assert(eq(int, cal_comparison_print(ctx, c, false, &text), CAL_OK));
    cr_expect(strstr(text, "rate, mean over all regions, from 1 s to 10 s\n") == text, "%s", text);
    free(text);
    cal_comparison_destroy(&c);
}

/* A network has no state of a neural mass: its column is NaN, which is neither agreement nor difference. */
Test(report_compare, what_does_not_exist_is_left_open)
{
    const cali_synthetic a = small();
    char path[1024];
    write_run(&a, path);
    cal_compare_def def = cal_compare_def_default();
    cal_comparison *c = NULL;
    def.run_a = def.run_b = path;
    def.signal = "v";
    cr_assert(eq(int, cal_compare(ctx, &def, &c), CAL_OK), "%s", cal_context_message(ctx));
    cr_expect(eq(int, verdict(c, "mean"), CAL_VERDICT_OPEN));
    cr_expect(eq(str, (char *)row_of(c, "mean").note, "does not exist in both runs"));
    cr_expect(eq(int, verdict(c, "correlation of traces"), CAL_VERDICT_OPEN));
    cr_expect(eq(int, verdict(c, "functional connectivity"), CAL_VERDICT_AGREE)); /* of the others */
    cal_comparison_destroy(&c);
}

Test(report_compare, what_cannot_be_compared_says_why)
{
    cali_synthetic a = small(), b = small();
    b.duration_ms = 1020.0;
    char path_a[1024], path_b[1024];
    write_run(&a, path_a);
    write_run(&b, path_b);
    cal_compare_def def = cal_compare_def_default();
    cal_comparison *c = NULL;
    def.run_a = path_a;
    def.run_b = path_b;
    cr_expect(eq(int, cal_compare(ctx, &def, &c), CAL_ERR_INPUT));
    cr_expect(strstr(cal_context_message(ctx), "the runs share 20 ms after") != NULL, "%s", cal_context_message(ctx));
    cal_context_clear(ctx);
    def.run_b = path_a;
    def.region = "nowhere";
    cr_expect(eq(int, cal_compare(ctx, &def, &c), CAL_ERR_INPUT));
    cr_expect(strstr(cal_context_message(ctx), "has no region \"nowhere\"") != NULL);
    cal_context_clear(ctx);
    def.region = NULL;
    def.signal = "voltage";
    cr_expect(eq(int, cal_compare(ctx, &def, &c), CAL_ERR_INPUT));
    cr_expect(strstr(cal_context_message(ctx), "has no signal \"voltage\"") != NULL);
    cal_context_clear(ctx);
    def.signal = NULL;
    def.run_b = "/nonexistent";
    cr_expect(ne(int, cal_compare(ctx, &def, &c), CAL_OK));
    cr_expect(c == NULL);
}

/* Both prints hold the same verdicts; the JSON is JSON. */
Test(report_compare, prints_a_table_and_json)
{
    cali_synthetic a = small(), b = small();
    b.rate_factor = 1.5;
    cal_comparison *c = compare(&a, &b);
    char *text = NULL, *json = NULL;
    cr_assert(eq(int, cal_comparison_print(ctx, c, false, &text), CAL_OK));
    cr_assert(eq(int, cal_comparison_print(ctx, c, true, &json), CAL_OK));
    cr_expect(strstr(text, "rate of \"L.area03\", from 1 s to 10 s\nquantity") == text, "%s", text);
    cr_expect(strstr(text, "10 %  differ\n") != NULL, "%s", text);
    cali_tree *tree = cali_tree_create();
    cali_node *root = NULL;
    cali_tree_error error;
    cr_assert(eq(int, cali_tree_read_json(tree, json, strlen(json), &root, &error), CAL_OK), "%s\n%s", error.what, json);
    cr_expect(eq(str, (char *)cali_node_text(cali_node_get(root, "verdict"), ""), "differ"));
    const cali_node *rows = cali_node_get(root, "rows");
    cr_assert(eq(sz, rows->n, 5));
    cr_expect(eq(str, (char *)cali_node_text(cali_node_get(rows->entries[0].value, "quantity"), ""), "mean rate"));
    cr_expect(epsilon_eq(dbl, cali_node_number(cali_node_get(rows->entries[0].value, "difference"), 0.0),
                         row_of(c, "mean rate").difference, 1e-15));
    cali_tree_destroy(&tree);
    free(text);
    free(json);
    cal_comparison_destroy(&c);
}
