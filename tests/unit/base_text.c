/* base/text.h and base/context.h. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "base/text.h"
#include "support/support.h"

Test(base_text, nearest_word_finds_typing_errors_and_nothing_far_away)
{
    const char *words[] = {"tau_w", "E_L", "speed", "duration"};
    cr_expect(eq(int, cali_nearest_word("tau_W", words, 4), 0));
    cr_expect(eq(int, cali_nearest_word("durtaion", words, 4), 3));
    cr_expect(eq(int, cali_nearest_word("connectome", words, 4), -1));
}

Test(base_text, numbers_read_back_as_the_same_double)
{
    const double values[] = {0.1, 1.0 / 3.0, 1e300, -2.5e-17, 5e-324, 42.0};
    for (int i = 0; i < 6; i++) {
        char buffer[32];
        double back = 0.0;
        const char *end = NULL;
        cali_format_number(values[i], buffer);
        cr_expect(cali_parse_number(buffer, &back, &end));
        cr_expect(eq(dbl, back, values[i]));
    }
    char buffer[32];
    cali_format_number(-3000.0, buffer); /* whole numbers are read by people too */
    cr_expect(eq(str, buffer, "-3000"));
    double value;
    const char *end;
    cr_expect(not(cali_parse_number("nan", &value, &end)));
}

Test(base_text, json_strings_cannot_end_a_script)
{
    cali_text text = {0};
    cali_text_add_json(&text, "a\"b\\c\n</script>");
    cr_expect(eq(str, text.data, "\"a\\\"b\\\\c\\u000a\\u003c/script>\""));
    cali_text_free(&text);
}

Test(base_context, the_first_failure_stays)
{
    cal_context *ctx = cali_test_context(1);
    cr_expect(eq(int, CAL_FAIL(ctx, CAL_ERR_INPUT, "first %d", 1), CAL_ERR_INPUT));
    cr_expect(eq(int, CAL_FAIL(ctx, CAL_ERR_IO, "second"), CAL_ERR_IO));
    cr_expect(eq(str, (char *)cal_context_message(ctx), "first 1"));
    cal_context_clear(ctx);
    cr_expect(eq(str, (char *)cal_context_message(ctx), ""));
    cal_context_destroy(&ctx);
    cal_context_destroy(&ctx);
}
