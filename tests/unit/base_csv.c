/* base/csv.h */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "base/csv.h"
#include "support/support.h"

static cal_status parse(cal_context *ctx, const char *text, cali_csv *out)
{
    return cali_csv_parse(ctx, "t.csv", text, strlen(text), out);
}

Test(base_csv, cells_keep_their_text_and_their_place)
{
    cal_context *ctx = cali_test_context(1);
    cali_csv csv;
    cr_assert(eq(int, parse(ctx, "# comment\nlabel, tau (ms),\"a \"\"b\"\"\"\r\n\nL.a,10,1\n\"R, b\", 2 s\n", &csv), CAL_OK));
    cr_expect(eq(sz, csv.n_columns, 3));
    cr_expect(eq(sz, csv.n_rows, 2));
    cr_expect(eq(str, (char *)csv.names[1].text, "tau"));
    cr_expect(eq(str, (char *)csv.units[1], "ms"));
    cr_expect(eq(str, (char *)csv.names[2].text, "a \"b\""));
    cr_expect(eq(str, (char *)cali_csv_at(&csv, 1, 0)->text, "R, b"));
    cr_expect(eq(uint, cali_csv_at(&csv, 1, 1)->line, 5));
    cr_expect(eq(uint, cali_csv_at(&csv, 1, 1)->column, 9));
    cr_expect(eq(str, (char *)cali_csv_at(&csv, 1, 2)->text, "")); /* the row is short */
    cr_expect(eq(int, cali_csv_find(&csv, "tau"), 1));
    cr_expect(eq(int, cali_csv_find(&csv, "no"), -1));
    cali_csv_free(&csv);
    cal_context_destroy(&ctx);
}

/* The unit is what the last bracket closes, with the brackets inside it. */
Test(base_csv, units_may_have_brackets_of_their_own)
{
    cal_context *ctx = cali_test_context(1);
    cali_csv csv;
    cr_assert(eq(int, parse(ctx, "a (1/(ms nA)),f(x) [(1/ms)/ms],(ms),a)\n1,2,3,4\n", &csv), CAL_OK));
    cr_expect(eq(str, (char *)csv.names[0].text, "a"));
    cr_expect(eq(str, (char *)csv.units[0], "1/(ms nA)"));
    cr_expect(eq(str, (char *)csv.names[1].text, "f(x)"));
    cr_expect(eq(str, (char *)csv.units[1], "(1/ms)/ms"));
    cr_expect(eq(str, (char *)csv.names[2].text, "(ms)")); /* a name alone */
    cr_expect(csv.units[2] == NULL);
    cr_expect(eq(str, (char *)csv.names[3].text, "a)")); /* nothing opens it */
    cr_expect(csv.units[3] == NULL);
    cali_csv_free(&csv);
    cal_context_destroy(&ctx);
}

Test(base_csv, numbers_take_the_unit_of_the_cell_before_that_of_the_header)
{
    cal_context *ctx = cali_test_context(1);
    cali_csv csv;
    double value;
    cr_assert(eq(int, parse(ctx, "tau [s]\tn\n0.02\t3\n20 ms\t4\n", &csv), CAL_OK));
    for (size_t row = 0; row < 2; row++) {
        cr_expect(eq(int, cali_csv_number(ctx, &csv, row, 0, "ms", &value), CAL_OK));
        cr_expect(eq(dbl, value, 20.0)); /* exact: powers of ten */
    }
    cr_expect(eq(int, cali_csv_number(ctx, &csv, 1, 1, "1", &value), CAL_OK));
    cr_expect(eq(dbl, value, 4.0));
    cali_csv_free(&csv);
    cal_context_destroy(&ctx);
}

Test(base_csv, mistakes_name_line_and_column)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "t.csv:1:1  C301  the table is empty, it needs a header"},
        {"# only\n\n", "t.csv:1:1  C301  the table is empty, it needs a header"},
        {"a,a\n1,2\n", "t.csv:1:3  C301  the column \"a\" is there twice"},
        {"a,,b\n", "t.csv:1:3  C301  a column has no name"},
        {"a,b\n1,2,3\n", "t.csv:2:5  C301  more cells than the 2 columns of the header"},
        {"a\n\"x\n", "t.csv:2:1  C301  the quote is not closed in its line"},
        {"a,b\n\"x\"y,2\n", "t.csv:2:4  C301  text behind a closing quote"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cal_context *ctx = cali_test_context(1);
        cali_csv csv;
        cr_expect(eq(int, parse(ctx, cases[i].text, &csv), CAL_ERR_INPUT));
        cr_expect(eq(str, (char *)cal_context_message(ctx), (char *)cases[i].message));
        cal_context_destroy(&ctx);
    }
}

Test(base_csv, numbers_without_or_with_another_unit_are_refused)
{
    static const struct {
        const char *text, *begin;
    } cases[] = {
        {"tau\n3\n", "t.csv:2:1  C102  tau needs a unit"},
        {"tau (mV)\n3\n", "t.csv:2:1  C103  tau is a duration (ms), got a voltage"},
        {"tau (ms)\n3 quux\n", "t.csv:2:1  C102  \"quux\" is no unit"},
        {"tau (ms)\nabc\n", "t.csv:2:1  C301  \"abc\" is no finite number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cal_context *ctx = cali_test_context(1);
        cali_csv csv;
        double value;
        cr_assert(eq(int, parse(ctx, cases[i].text, &csv), CAL_OK));
        cr_expect(eq(int, cali_csv_number(ctx, &csv, 0, 0, "ms", &value), CAL_ERR_INPUT));
        cr_expect(strncmp(cal_context_message(ctx), cases[i].begin, strlen(cases[i].begin)) == 0, "%s",
                  cal_context_message(ctx));
        cali_csv_free(&csv);
        cal_context_destroy(&ctx);
    }
}
