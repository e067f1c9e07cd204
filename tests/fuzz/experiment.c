/* The whole way from the text of an experiment to the struct and back: a text is refused with a message that has a
 * code, or read; what is read is echoed, and its echo is read again and echoes the same. A first line that begins
 * with "--set " is an override. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/experiment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cal_experiment *parse(cal_context *ctx, const char *text, size_t size, const char *set)
{
    cal_experiment *e = NULL;
    cal_context_clear(ctx);
    const cal_status status = cali_experiment_parse(ctx, "exp.yaml", text, size, &set, set != NULL, &e);
    assert((status == CAL_OK) == (e != NULL));
    assert(status == CAL_OK || status == CAL_ERR_INPUT);
    assert(status == CAL_OK || strstr(cal_context_message(ctx), "  C") != NULL);
    return e;
}

static void check_echo(cal_context *ctx, const cal_experiment *e)
{
    cali_text first = {0}, second = {0};
    cal_status status = cali_experiment_echo(ctx, e, &first);
    assert(status == CAL_OK);
    cal_experiment *again = parse(ctx, first.data, first.size, NULL);
    if (again == NULL) {
        fprintf(stderr, "%s\n%s\n", first.data, cal_context_message(ctx));
        abort();
    }
    status = cali_experiment_echo(ctx, again, &second);
    assert(status == CAL_OK);
    if (strcmp(first.data, second.data) != 0) {
        fprintf(stderr, "%s\n%s\n", first.data, second.data);
        abort();
    }
    cali_text_free(&first);
    cali_text_free(&second);
    cal_experiment_destroy(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static cal_context *ctx; /* threads are not started anew for every input */
    const cal_context_def def = cal_context_def_default();
    if (ctx == NULL && cal_context_create(&def, &ctx) != CAL_OK)
        abort();
    const char *text = (const char *)data;
    char set[512] = "";
    if (size > 6 && memcmp(text, "--set ", 6) == 0) {
        const char *end = memchr(text, '\n', size);
        const size_t n = end == NULL ? size : (size_t)(end - text);
        snprintf(set, sizeof set, "%.*s", (int)(n - 6), text + 6);
        text = end == NULL ? text + size : end + 1;
        size -= end == NULL ? size : n + 1;
    }
    cal_experiment *e = parse(ctx, text, size, set[0] != '\0' ? set : NULL);
    if (e != NULL)
        check_echo(ctx, e);
    cal_experiment_destroy(&e);
    return 0;
}
