/* cli/options.h: what a user may type, and what the program answers. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "cli/options.h"
#include "support/support.h"

static const cali_option options[] = {
    CALI_OPTION_JSON,
    CALI_OPTION_THREADS,
    {.name = "out", .kind = CALI_OPTION_TEXT, .value = "DIR", .meaning = "run folder"},
    {.name = "set", .kind = CALI_OPTION_LIST, .value = "PATH=VALUE", .meaning = "override"},
    {.name = "density", .kind = CALI_OPTION_NUMBER, .value = "X", .meaning = "share", .low = 0.02, .high = 1.0},
    {.name = "speed", .kind = CALI_OPTION_QUANTITY, .value = "V", .meaning = "speed", .low = 0.01, .high = 1e6,
     .unit = "mm/ms"},
};
static const cali_verb verb = {
    .name = "try", .words = "FILE", .min_words = 1, .max_words = 2, CALI_OPTIONS(options)};

enum { MAX_WORDS = 12 };

static cal_status parse(cal_context *ctx, const char *const *words, cali_arguments *out)
{
    int argc = 0;
    char *argv[MAX_WORDS] = {0};
    for (; words[argc] != NULL; argc++)
        argv[argc] = (char *)words[argc];
    return cali_arguments_parse(ctx, &verb, argc, argv, out);
}

Test(cli_options, values_come_in_any_order_and_in_both_spellings)
{
    cal_context *ctx = cali_test_context(1);
    cali_arguments a;
    const char *words[] = {"--set", "a=1",   "one.yaml", "--threads=3",      "--set=b=2",
                           "--out", "first", "--speed",  "3 m/s", "--", "--json", NULL};
    cr_assert(eq(int, parse(ctx, words, &a), CAL_OK), "%s", cal_context_message(ctx));
    size_t n = 0;
    const char *const *list = cali_get_list(&a, "set", &n);
    cr_expect(eq(sz, n, 2));
    cr_expect(eq(str, (char *)list[0], "a=1"));
    cr_expect(eq(str, (char *)list[1], "b=2"));
    cr_expect(eq(sz, a.n_words, 2));
    cr_expect(eq(str, (char *)a.words[0], "one.yaml"));
    cr_expect(eq(str, (char *)a.words[1], "--json"));
    cr_expect(not(cali_has(&a, "json")));
    cr_expect(eq(dbl, cali_get_number(&a, "threads", 0.0), 3.0));
    cr_expect(eq(dbl, cali_get_number(&a, "speed", 0.0), 3.0)); /* 3 m/s = 3 mm/ms */
    cr_expect(eq(dbl, cali_get_number(&a, "density", 0.25), 0.25));
    cr_expect(eq(str, (char *)cali_get_text(&a, "out", ""), "first"));
    cali_arguments_free(&a);
    cal_context_destroy(&ctx);
}

Test(cli_options, a_former_command_line_fills_what_is_not_said)
{
    cal_context *ctx = cali_test_context(1);
    cali_arguments a;
    const char *words[] = {"one.yaml", "--set", "c=3", "--out", "now", NULL};
    cr_assert(eq(int, parse(ctx, words, &a), CAL_OK));
    /* from the last to the first: lists keep their order, and what is said now stands behind */
    const char *const former[] = {"--json", "--speed 3 m/s", "--out then", "--set b=2", "--set a=1 x"};
    for (size_t i = 0; i < sizeof former / sizeof *former; i++)
        cr_assert(eq(int, cali_arguments_inherit(ctx, &a, former[i]), CAL_OK), "%s", cal_context_message(ctx));
    size_t n = 0;
    const char *const *list = cali_get_list(&a, "set", &n);
    cr_assert(eq(sz, n, 3));
    cr_expect(eq(str, (char *)list[0], "a=1 x"));
    cr_expect(eq(str, (char *)list[1], "b=2"));
    cr_expect(eq(str, (char *)list[2], "c=3"));
    cr_expect(eq(str, (char *)cali_get_text(&a, "out", ""), "now"));
    cr_expect(cali_has(&a, "json"));
    cr_expect(eq(dbl, cali_get_number(&a, "speed", 0.0), 3.0));
    cr_expect(ne(int, cali_arguments_inherit(ctx, &a, "--density 7"), CAL_OK));
    cr_expect(not(zero(ptr, strstr(cal_context_message(ctx), "--density must be from 0.02 to 1"))));
    cal_context_clear(ctx);
    cr_expect(ne(int, cali_arguments_inherit(ctx, &a, "--nonsense"), CAL_OK));
    cali_arguments_free(&a);
    cal_context_destroy(&ctx);
}

typedef struct refusal {
    const char *words[5];
    const char *message;
} refusal;

static const refusal refusals[] = {
    {{"f", "--jsn"},
     "callosum try: unknown option --jsn. Try --json. Known: --json, --threads, --out, --set, --density, --speed."},
    {{"f", "--connectome"},
     "callosum try: unknown option --connectome. Known: --json, --threads, --out, --set, --density, --speed."},
    {{"f", "-j"}, "callosum try: unknown option -j. Options begin with two dashes."},
    {{"f", "--json=yes"}, "callosum try: --json takes no value."},
    {{"f", "--out"}, "callosum try: --out needs a value: --out DIR."},
    {{"f", "--threads", "two"}, "callosum try: --threads needs a whole number, got \"two\"."},
    {{"f", "--threads", "1.5"}, "callosum try: --threads needs a whole number, got \"1.5\"."},
    {{"f", "--threads", "257"}, "callosum try: --threads must be from 1 to 256, got 257."},
    {{"f", "--density", "0.3x"}, "callosum try: --density needs a number, got \"0.3x\"."},
    {{"f", "--density", "0"}, "callosum try: --density must be from 0.02 to 1, got 0."},
    {{"f", "--speed", "3"}, "C102 callosum try: --speed needs a velocity, got \"3\". Try \"3 mm/ms\"."},
    {{"f", "--speed", "3 mm/msec"}, "callosum try: --speed: unknown unit \"mm/msec\". Try mm/ms."},
    {{"f", "--speed", "0 m/s"}, "callosum try: --speed must be from 0.01 to 1000000 mm/ms, got 0."},
    {{"--json"}, "callosum try needs FILE. Try callosum try --help."},
    {{"f", "g", "h"}, "callosum try: \"h\" is one word too many. Try callosum try --help."},
};

Test(cli_options, mistakes_are_refused_with_what_to_type_instead)
{
    cal_context *ctx = cali_test_context(1);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        cali_arguments a;
        cr_expect(eq(int, parse(ctx, refusals[i].words, &a), CAL_ERR_INPUT), "case %zu", i);
        cr_expect(eq(str, (char *)cal_context_message(ctx), (char *)refusals[i].message));
        cali_arguments_free(&a);
        cal_context_clear(ctx);
    }
    cal_context_destroy(&ctx);
}
