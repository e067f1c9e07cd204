/* connectomes/check.c: every check, in each verdict that it gives, and the page. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "callosum/report.h"
#include "support/support.h"

enum { N = 4 };

static cal_connectome_checks *check(cal_context *ctx, const cal_connectome_def *def, double speed)
{
    cal_connectome *brain = NULL;
    cal_connectome_checks *checks = NULL;
    cr_assert(eq(int, cal_connectome_create(ctx, def, &brain), CAL_OK), "%s", cal_context_message(ctx));
    cr_assert(eq(int, cal_connectome_check(ctx, brain, speed, &checks), CAL_OK), "%s", cal_context_message(ctx));
    cal_connectome_destroy(&brain);
    return checks;
}

static void expect(const cal_connectome_checks *checks, const char *name, cal_check_verdict verdict, const char *found)
{
    for (size_t i = 0; i < cal_connectome_checks_n(checks); i++) {
        const cal_connectome_check_row row = cal_connectome_checks_get(checks, i);
        if (strcmp(row.name, name) != 0)
            continue;
        cr_expect(eq(int, (int)row.verdict, (int)verdict), "%s", name);
        cr_expect(eq(str, (char *)row.found, (char *)found));
        return;
    }
    cr_expect(found == NULL, "no check %s", name);
}

static const char *const labels[N] = {"a", "b", "c", "d"};

/* A ring a-b-c-d: all there is to find is good. Centres on a square of 10 mm, lengths of 12 mm. */
Test(connectomes_check, a_sound_connectome_is_good_throughout)
{
    static const double weights[16] = {0, 1, 0, 2, 1, 0, 3, 0, 0, 3, 0, 4, 2, 0, 4, 0};
    static const double centres[12] = {-5, 5, 0, 5, 5, 0, 5, -5, 0, -5, -5, 0};
    static const uint8_t right[N] = {0, 1, 1, 0};
    double lengths[16];
    for (int i = 0; i < 16; i++)
        lengths[i] = 12.0;
    const cal_connectome_def def = {.n_regions = N, .weights = weights, .lengths_mm = lengths, .labels = labels,
                                    .centres_mm = centres, .is_right = right};
    cal_context *ctx = cali_test_context(1);
    cal_connectome_checks *checks = check(ctx, &def, 3.0);
    for (size_t i = 0; i < cal_connectome_checks_n(checks); i++)
        cr_expect(eq(int, (int)cal_connectome_checks_get(checks, i).verdict, CAL_CHECK_GOOD), "%s",
                  cal_connectome_checks_get(checks, i).name);
    cr_expect(eq(sz, cal_connectome_checks_n(checks), 14));
    expect(checks, "shape", CAL_CHECK_GOOD, "4 x 4, 8 connections, 66.7 % of pairs; all numbers are finite");
    expect(checks, "symmetry", CAL_CHECK_GOOD, "the weights are symmetric");
    expect(checks, "unit of length", CAL_CHECK_GOOD, "connections are 12 to 12 mm long");
    expect(checks, "one network", CAL_CHECK_GOOD, "all regions are connected");
    expect(checks, "smallest delays", CAL_CHECK_GOOD, "at 3 mm/ms: 4 ms from b to a, 4 ms from d to a, 4 ms from a to b");
    expect(checks, "spread of weights", CAL_CHECK_GOOD, "1 to 4, 0.6 decades");
    expect(checks, "labels", CAL_CHECK_GOOD, "all different, the first a");
    expect(checks, "lengths and distances", CAL_CHECK_GOOD,
           "no connection is shorter than the straight line between the centres");
    cal_connectome_checks_destroy(&checks);
    cal_connectome_checks_destroy(&checks);
    cal_context_destroy(&ctx);
}

/* a <- b (5, 0 mm), b <- b (1), c <- a (1e-9, 0.2 mm); d is alone. Regions a and b lie 10 mm apart. */
Test(connectomes_check, what_stands_out_is_named)
{
    static const double weights[16] = {0, 5, 0, 0, 0, 1, 0, 0, 1e-9, 0, 0, 0, 0, 0, 0, 0};
    static const double lengths[16] = {0, 0, 0.2, 0, 0, 0, 0, 0, 0.2, 0, 0, 0, 0, 0, 0, 0};
    static const double centres[12] = {0, 0, 0, 10, 0, 0, 0.1, 0, 0, 3, 0, 0};
    static const uint8_t right[N] = {0, 0, 1, 1};
    cal_connectome_def def = {.n_regions = N, .weights = weights, .lengths_mm = lengths, .labels = labels,
                              .centres_mm = centres, .is_right = right};
    cal_context *ctx = cali_test_context(1);
    cal_connectome_checks *checks = check(ctx, &def, 4.0);
    expect(checks, "symmetry", CAL_CHECK_NOTE, "not symmetric, so the direction counts: from a to b 0, back 5");
    expect(checks, "unit of length", CAL_CHECK_NOTE,
           "connections are 0 to 0.2 mm long; a brain has 10 to 600 mm at most: is the unit right?");
    expect(checks, "isolated regions", CAL_CHECK_DOUBT, "1 without any connection to others: d");
    expect(checks, "regions without input", CAL_CHECK_NOTE, "1 send but do not receive: b");
    expect(checks, "regions without output", CAL_CHECK_NOTE, "1 receive but do not send: c");
    expect(checks, "self-connections", CAL_CHECK_NOTE, "1 connected to themselves: b");
    expect(checks, "one network", CAL_CHECK_DOUBT, "falls into 2 parts without a connection between them");
    expect(checks, "lengths of 0", CAL_CHECK_NOTE, "1 connections act without delay, the first from b to a");
    expect(checks, "smallest delays", CAL_CHECK_NOTE, "at 4 mm/ms: 0 ms from b to a, 0.05 ms from a to c");
    expect(checks, "spread of weights", CAL_CHECK_NOTE, "1e-09 to 5, 9.7 decades; log-max-one brings them closer together");
    expect(checks, "hemispheres", CAL_CHECK_NOTE,
           "1 regions lie on the other side than they are marked, the first b (x = 10 mm)");
    expect(checks, "lengths and distances", CAL_CHECK_NOTE,
           "1 of 2 connections are shorter than the straight line between the centres, most from b to a (0 % of it)");
    cal_connectome_checks_destroy(&checks);
    def.labels = NULL;
    def.centres_mm = NULL;
    def.is_right = NULL;
    checks = check(ctx, &def, 4.0);
    expect(checks, "labels", CAL_CHECK_NOTE, "4 regions have no name of their own: --labels FILE gives them");
    expect(checks, "centres", CAL_CHECK_NOTE, "none, so lengths cannot be held against distances");
    expect(checks, "hemispheres", CAL_CHECK_GOOD, NULL);
    cal_connectome_checks_destroy(&checks);
    cal_context_destroy(&ctx);
}

Test(connectomes_check, nothing_at_all_is_a_doubt)
{
    static const double zeros[16] = {0}, one[16] = {0, -1};
    cal_connectome_def def = {.n_regions = N, .weights = zeros, .lengths_mm = zeros, .labels = labels};
    cal_context *ctx = cali_test_context(1);
    cal_connectome_checks *checks = check(ctx, &def, 3.0);
    expect(checks, "shape", CAL_CHECK_DOUBT, "4 x 4, 0 connections, 0.0 % of pairs; all numbers are finite");
    expect(checks, "unit of length", CAL_CHECK_DOUBT, "all lengths are 0, so there are no delays");
    expect(checks, "isolated regions", CAL_CHECK_DOUBT, "4 without any connection to others: a, b, c, d");
    expect(checks, "smallest delays", CAL_CHECK_NOTE, "no connections");
    cal_connectome_checks_destroy(&checks);
    def.weights = one;
    checks = check(ctx, &def, 3.0);
    expect(checks, "spread of weights", CAL_CHECK_NOTE,
           "-1 to -1, 0.0 decades; 1 are negative, which most normalisations refuse");
    cal_connectome_checks_destroy(&checks);
    cal_context_destroy(&ctx);
}

/* A name is text wherever it goes, and a page that cannot be written is an error. */
Test(connectomes_check, the_page_holds_names_as_data_only)
{
    static const double weights[16] = {0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0};
    static const char *const hostile[N] = {"</script><script>throw 1</script>", "<img src=x onerror=throw(1)>", "c", "d"};
    double lengths[16] = {0};
    const cal_connectome_def def = {.name = "<b>bold", .n_regions = N, .weights = weights, .lengths_mm = lengths,
                                    .labels = hostile};
    cal_context *ctx = cali_test_context(1);
    cal_connectome *brain = NULL;
    cal_connectome_checks *checks = NULL;
    char path[1200], *page = NULL;
    size_t n = 0;
    snprintf(path, sizeof path, "%s/page.html", cali_test_directory());
    cr_assert(eq(int, cal_connectome_create(ctx, &def, &brain), CAL_OK));
    cr_assert(eq(int, cal_connectome_check(ctx, brain, 3.0, &checks), CAL_OK));
    cr_assert(eq(int, cal_report_connectome(ctx, brain, checks, 3.0, path), CAL_OK), "%s", cal_context_message(ctx));
    cr_assert(eq(int, cali_file_read(ctx, path, (size_t)1 << 26, &page, &n), CAL_OK));
    cr_expect(strstr(page, "<script>throw 1") == NULL && strstr(page, "<img src=x") == NULL && strstr(page, "<b>bold") == NULL);
    cr_expect(strstr(page, "<!--@") == NULL && strstr(page, "id=\"run-data\">{") != NULL);
    cr_expect(eq(int, cal_report_connectome(ctx, brain, checks, 3.0, "/proc/nowhere/page.html"), CAL_ERR_IO));
    cal_connectome_checks *none = NULL;
    cal_context_clear(ctx);
    cr_expect(eq(int, cal_connectome_check(ctx, brain, 0.0, &none), CAL_ERR_ARGUMENT));
    free(page);
    cal_connectome_checks_destroy(&checks);
    cal_connectome_destroy(&brain);
    cal_context_destroy(&ctx);
}
