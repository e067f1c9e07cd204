/* The mistakes of an experiment file, gathered and said in the order of the file. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/message.h"
#include "experiment/reader.h"

void cali_message_add(cali_text *out, const cal_experiment *exp, cali_place place, const char *code,
                      const char *text)
{
    const bool is_set = place.set > 0 && place.set <= exp->n_overrides;
    const cali_message_file file = {exp->path, exp->text, exp->text_size};
    char head[256];
    if (is_set && exp->override_heads != NULL && exp->override_heads[place.set - 1] != NULL)
        snprintf(head, sizeof head, "%.255s", exp->override_heads[place.set - 1]);
    else if (is_set)
        snprintf(head, sizeof head, "--set %.200s", exp->overrides[place.set - 1]);
    cali_message_write(out, &file, is_set ? head : NULL, place.line, place.column, code, text);
}

cal_status cali_experiment_fail(cal_context *ctx, const cal_experiment *experiment, cali_place place,
                                const char *code, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cali_text out = {0};
    cali_message_add(&out, experiment, place, code, text);
    const cal_status status = CAL_FAIL(ctx, CAL_ERR_INPUT, "%s", out.is_broken ? text : out.data);
    cali_text_free(&out);
    return status;
}

/* Where "C301" or the like stands in a message: at its beginning or behind a file's place. */
static const char *find_code(const char *message)
{
    for (const char *at = message; at != NULL && *at != '\0' && *at != '\n'; at = strchr(at, ' ')) {
        at += strspn(at, " ");
        if (at[0] == 'C' && strspn(at + 1, "0123456789") == 3 && at[4] == ' ')
            return at;
    }
    return NULL;
}

cal_status cali_experiment_locate(cal_context *ctx, const cal_experiment *experiment, cali_place place,
                                  const char *code, const char *about)
{
    const cal_status status = cal_context_status(ctx);
    const char *at = find_code(cal_context_message(ctx));
    if ((status != CAL_ERR_INPUT && status != CAL_ERR_ARGUMENT) || at == NULL || (code != NULL && strncmp(at, code, 4) != 0))
        return status;
    char said[5] = "", cause[2048];
    const char *start = about != NULL ? about : cal_context_message(ctx);
    int length = (int)(about != NULL ? strlen(about) : (size_t)(at - start));
    while (length > 0 && (start[length - 1] == ' ' || start[length - 1] == ':'))
        length--;
    memcpy(said, at, 4);
    snprintf(cause, sizeof cause, "%.*s%s%s", length, start, length > 0 ? ": " : "", at + 5 + strspn(at + 5, " "));
    cal_context_clear(ctx);
    return cali_experiment_fail(ctx, experiment, place, said, "%s", cause);
}

bool cali_refuse(cali_reader *r, cali_place place, const char *code, const char *format, ...)
{
    if (r->n_mistakes == CALI_MAX_MISTAKES)
        return false;
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cali_text out = {0};
    cali_message_add(&out, r->exp, place, code, text);
    cali_mistake *mistake = &r->mistakes[r->n_mistakes];
    *mistake = (cali_mistake){place, (unsigned)r->n_mistakes, out.is_broken ? NULL : cali_keep(r, out.data)};
    if (mistake->text != NULL)
        r->n_mistakes++;
    else
        r->is_out_of_memory = true;
    cali_text_free(&out);
    return false;
}

bool cali_refuse_foreign(cali_reader *r, cali_place place, const char *code)
{
    char said[5] = "", text[2048];
    if (cal_context_status(r->ctx) == CAL_ERR_MEMORY)
        r->is_out_of_memory = true;
    const char *message = cal_context_message(r->ctx), *at = find_code(message);
    snprintf(said, sizeof said, "%.4s", at != NULL ? at : code);
    int length = at != NULL ? (int)(at - message) : 0;
    while (length > 0 && (message[length - 1] == ' ' || message[length - 1] == ':'))
        length--;
    snprintf(text, sizeof text, "%.*s%s%s", length, message, length > 0 ? ": " : "",
             at != NULL ? at + 5 + strspn(at + 5, " ") : message);
    cal_context_clear(r->ctx);
    return cali_refuse(r, place, said, "%s", text);
}

/* What comes from --set is said first: it was typed last. */
static int compare_mistakes(const void *a, const void *b)
{
    const cali_mistake *x = a, *y = b;
    const bool is_set[] = {x->place.set > 0, y->place.set > 0};
    if (is_set[0] != is_set[1])
        return is_set[0] ? -1 : 1;
    if (x->place.set != y->place.set)
        return x->place.set < y->place.set ? -1 : 1;
    if (is_set[0])
        return x->order < y->order ? -1 : 1;
    if (x->place.line != y->place.line)
        return x->place.line < y->place.line ? -1 : 1;
    if (x->place.column != y->place.column)
        return x->place.column < y->place.column ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

cal_status cali_reader_finish(cali_reader *r)
{
    if (r->is_out_of_memory)
        return CAL_FAIL(r->ctx, CAL_ERR_MEMORY, "%s: no memory", r->exp->path);
    if (r->n_mistakes == 0)
        return CAL_OK;
    qsort(r->mistakes, r->n_mistakes, sizeof *r->mistakes, compare_mistakes);
    cali_text out = {0};
    size_t n = 0;
    if (r->foreign != NULL)
        cali_text_format(&out, "%s\n", r->foreign);
    for (; n < r->n_mistakes && n < CALI_SHOWN_MISTAKES; n++) {
        /* the context keeps so much of a message; a mistake is shown whole or counted */
        if (n > 0 && out.size + strlen(r->mistakes[n].text) > CALI_CONTEXT_MESSAGE - 64)
            break;
        cali_text_format(&out, "%s%s", n > 0 ? "\n" : "", r->mistakes[n].text);
    }
    if (n < r->n_mistakes)
        cali_text_format(&out, "\nand %zu%s more", r->n_mistakes - n,
                         r->n_mistakes == CALI_MAX_MISTAKES ? " or" : "");
    const cal_status status = CAL_FAIL(r->ctx, CAL_ERR_INPUT, "%s", out.is_broken ? r->mistakes[0].text : out.data);
    cali_text_free(&out);
    return status;
}
