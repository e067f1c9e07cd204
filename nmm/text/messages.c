/* Mistakes of an own model's file and their places, down to the byte of an expression inside of a YAML scalar. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "nmm/text/own.h"

enum { SHOWN_MISTAKES = 10 };

void *cali_own_take(cali_own_reader *r, size_t n, size_t size)
{
    void *out = n > (size_t)PTRDIFF_MAX / 2 / (size + 1) ? NULL : cali_arena_take(&r->own->arena, n * size + 1);
    if (out == NULL)
        r->is_out_of_memory = true;
    return out;
}

char *cali_own_keep(cali_own_reader *r, const char *text, size_t size)
{
    char *out = cali_arena_copy(&r->own->arena, text, size);
    if (out == NULL)
        r->is_out_of_memory = true;
    return out;
}

/* ---- places ----------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t line_start(const cali_own *own, unsigned line)
{
    size_t at = 0;
    for (unsigned i = 1; i < line && at < own->text_size; at++)
        i += own->text[at] == '\n';
    return at;
}

/* Where the content of a scalar begins in the file: behind its quote or the header of its block. */
static size_t content_start(const cali_own *own, const cali_node *scalar)
{
    size_t at = line_start(own, scalar->line);
    for (unsigned column = 1; column < scalar->column && at < own->text_size && own->text[at] != '\n'; at++)
        column += ((unsigned char)own->text[at + 1] & 0xc0) != 0x80;
    if (at >= own->text_size || !scalar->is_quoted)
        return at;
    if (own->text[at] == '|' || own->text[at] == '>')
        while (at < own->text_size && own->text[at] != '\n')
            at++;
    return at + 1;
}

/* Folding changes blanks only: the n-th character of the scalar that is no blank is the n-th of the file from there. */
void cali_own_find_place(const cali_own *own, const cali_node *scalar, size_t at, unsigned *line, unsigned *column)
{
    *line = scalar->line;
    *column = scalar->column;
    size_t n = 0;
    for (size_t i = 0; i < at && scalar->text[i] != '\0'; i++)
        n += !is_blank(scalar->text[i]);
    const char *text = own->text;
    size_t file = content_start(own, scalar);
    for (; file < own->text_size && (n > 0 || is_blank(text[file])); file++)
        n -= n > 0 && !is_blank(text[file]);
    const bool is_end = scalar->text[at] == '\0';
    if (is_end) /* behind the last character */
        while (file > 0 && is_blank(text[file - 1]))
            file--;
    else if (file >= own->text_size || text[file] != scalar->text[at])
        return; /* escapes in quotes: the scalar's own place */
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < file; i++) {
        *column += ((unsigned char)text[i] & 0xc0) != 0x80;
        if (text[i] == '\n') {
            ++*line;
            *column = 1;
        }
    }
}

/* ---- mistakes ---------------------------------------------------------------------------------------- */

static bool note(cali_own_reader *r, unsigned line, unsigned column, const char *code, const char *text)
{
    const cali_message_file file = {r->own->path, r->own->text, r->own->text_size};
    cali_text one = {0};
    r->n_mistakes++;
    if (r->n_shown == SHOWN_MISTAKES || r->n_shown < r->n_mistakes - 1)
        return false;
    cali_message_write(&one, &file, NULL, line, column, code, text);
    /* the context keeps so much of a message; a mistake is shown whole or counted */
    if (one.is_broken || one.data == NULL)
        r->is_out_of_memory = true;
    else if (r->n_shown == 0 || r->mistakes.size + one.size < CALI_CONTEXT_MESSAGE - 64) {
        cali_text_format(&r->mistakes, "%s%s", r->n_shown > 0 ? "\n" : "", one.data);
        r->n_shown++;
    }
    cali_text_free(&one);
    return false;
}

bool cali_own_refuse(cali_own_reader *r, unsigned line, unsigned column, const char *code, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return note(r, line, column, code, text);
}

bool cali_own_refuse_at(cali_own_reader *r, const cali_node *scalar, size_t at, const char *code, const char *format, ...)
{
    char text[2048];
    unsigned line, column;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cali_own_find_place(r->own, scalar, at, &line, &column);
    return note(r, line, column, code, text);
}

bool cali_own_refuse_word(cali_own_reader *r, const cali_node *scalar, size_t at, const char *what, const char *word,
                          const char *const *known, size_t n)
{
    cali_text text = {0};
    unsigned line = scalar->line, column = scalar->column;
    cali_text_add(&text, what);
    const int nearest = cali_nearest_word(word, known, n);
    if (nearest >= 0)
        cali_text_format(&text, "\ntry %s", known[nearest]);
    for (size_t i = 0; i < n && i < 40; i++)
        cali_text_format(&text, "%s%.80s", i == 0 ? "\nknown " : ", ", known[i]);
    if (n > 40)
        cali_text_add(&text, ", ...");
    if (scalar->kind == CALI_NODE_SCALAR)
        cali_own_find_place(r->own, scalar, at, &line, &column);
    note(r, line, column, "C101", text.is_broken ? what : text.data);
    cali_text_free(&text);
    return false;
}
