/* The form of messages: where, code, what, the line itself, and further lines. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "experiment/reader.h"

enum { EXCERPT_WIDTH = 90 };

/* The start of line `line` of the file, NULL if there is none. */
static const char *find_line(const cal_experiment *exp, unsigned line, size_t *size)
{
    const char *at = exp->text, *end = exp->text + exp->text_size;
    for (unsigned i = 1; at != NULL && i < line; i++) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at == NULL ? NULL : at + 1;
    }
    if (at == NULL || line == 0 || at >= end)
        return NULL;
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    *size = (size_t)((stop == NULL ? end : stop) - at);
    return at;
}

static size_t character_size(const char *at, size_t left)
{
    size_t n = 1;
    while (n < left && ((unsigned char)at[n] & 0xc0) == 0x80)
        n++;
    return n;
}

/* The line with a caret below the column; a long line is cut around it. Columns count characters. */
static void add_excerpt(cali_text *out, const cal_experiment *exp, cali_place place)
{
    size_t size = 0;
    const char *line = find_line(exp, place.line, &size);
    if (line == NULL || place.column == 0)
        return;
    unsigned first = place.column > EXCERPT_WIDTH - 20 ? place.column - (EXCERPT_WIDTH - 30) : 1;
    cali_text shown = {0};
    unsigned column = 1;
    for (size_t at = 0; at < size && column < first + EXCERPT_WIDTH; column++) {
        const size_t n = character_size(line + at, size - at);
        const unsigned char c = (unsigned char)line[at];
        if (column >= first && c >= 0x20 && c != 0x7f)
            cali_text_add_bytes(&shown, line + at, n);
        else if (column >= first)
            cali_text_add(&shown, c == '\r' ? "" : " ");
        at += n;
    }
    const char *dots = first > 1 ? "..." : "";
    if (shown.size > 0) {
        cali_text_format(out, "\n%5u | %s%s", place.line, dots, shown.data);
        cali_text_format(out, "\n      | %*s^", (int)(strlen(dots) + place.column - first), "");
    }
    cali_text_free(&shown);
}

/* "try 3 mm/ms" becomes "  try      3 mm/ms": the first word of a further line is its kind. */
static void add_further_lines(cali_text *out, const char *text)
{
    while (text != NULL && *text != '\0') {
        const char *end = strchr(text, '\n');
        const size_t size = end == NULL ? strlen(text) : (size_t)(end - text);
        const char *blank = memchr(text, ' ', size);
        const size_t word = blank == NULL ? size : (size_t)(blank - text);
        if (word <= 7 && word < size)
            cali_text_format(out, "\n  %-8.*s %.*s", (int)word, text, (int)(size - word - 1), blank + 1);
        else
            cali_text_format(out, "\n  %.*s", (int)size, text);
        text = end == NULL ? NULL : end + 1;
    }
}

/* Texts of a file are quoted and cut: half characters and control characters (a terminal would obey) become "?". */
static void clean(char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        const unsigned char c = (unsigned char)text[i];
        const size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 0;
        size_t k = 1;
        while (k < n && i + k < size && ((unsigned char)text[i + k] & 0xc0) == 0x80)
            k++;
        if (n == 0 || k < n || (c < 0x20 && c != '\n') || c == 0x7f) {
            memset(text + i, '?', k);
        }
        i += k;
    }
}

void cali_message_add(cali_text *out, const cal_experiment *exp, cali_place place, const char *code,
                      const char *text)
{
    const size_t begin = out->size;
    if (place.set > 0 && place.set <= exp->n_overrides)
        cali_text_format(out, "--set %.200s", exp->overrides[place.set - 1]);
    else if (place.line > 0)
        cali_text_format(out, "%s:%u:%u", exp->path, place.line, place.column);
    else
        cali_text_add(out, exp->path);
    const size_t first = strcspn(text, "\n");
    cali_text_format(out, "  %s  %.*s", code, (int)first, text);
    if (place.set == 0 && place.line > 0)
        add_excerpt(out, exp, place);
    add_further_lines(out, text[first] == '\0' ? NULL : text + first + 1);
    if (!out->is_broken)
        clean(out->data + begin, out->size - begin);
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
