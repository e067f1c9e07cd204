/* Mistakes of a file of formulas and their places, down to the byte of an expression inside of a YAML scalar. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/formula/formula.h"

enum { SHOWN_MISTAKES = 10 };

void *cali_formula_take(cali_formula_reader *r, size_t n, size_t size)
{
    void *out = n > (size_t)PTRDIFF_MAX / 2 / (size + 1) ? NULL : cali_arena_take(&r->file->arena, n * size + 1);
    if (out == NULL)
        r->is_out_of_memory = true;
    return out;
}

char *cali_formula_keep(cali_formula_reader *r, const char *text, size_t size)
{
    char *out = cali_arena_copy(&r->file->arena, text, size);
    if (out == NULL)
        r->is_out_of_memory = true;
    return out;
}

/* ---- places ----------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t line_start(const cali_formula_file *file, unsigned line)
{
    size_t at = 0;
    for (unsigned i = 1; i < line && at < file->text_size; at++)
        i += file->text[at] == '\n';
    return at;
}

/* Where the content of a scalar begins in the file: behind its quote or the header of its block. */
static size_t content_start(const cali_formula_file *file, const cali_node *scalar)
{
    size_t at = line_start(file, scalar->line);
    for (unsigned column = 1; column < scalar->column && at < file->text_size && file->text[at] != '\n'; at++)
        column += ((unsigned char)file->text[at + 1] & 0xc0) != 0x80;
    if (at >= file->text_size || !scalar->is_quoted)
        return at;
    if (file->text[at] == '|' || file->text[at] == '>')
        while (at < file->text_size && file->text[at] != '\n')
            at++;
    return at + 1;
}

/* Folding changes blanks only: the n-th character of the scalar that is no blank is the n-th of the file from there. */
void cali_formula_find_place(const cali_formula_file *file, const cali_node *scalar, size_t at, unsigned *line, unsigned *column)
{
    *line = scalar->line;
    *column = scalar->column;
    size_t n = 0;
    for (size_t i = 0; i < at && scalar->text[i] != '\0'; i++)
        n += !is_blank(scalar->text[i]);
    const char *text = file->text;
    size_t in_file = content_start(file, scalar);
    for (; in_file < file->text_size && (n > 0 || is_blank(text[in_file])); in_file++)
        n -= n > 0 && !is_blank(text[in_file]);
    const bool is_end = scalar->text[at] == '\0';
    if (is_end) /* behind the last character */
        while (in_file > 0 && is_blank(text[in_file - 1]))
            in_file--;
    else if (in_file >= file->text_size || text[in_file] != scalar->text[at])
        return; /* escapes in quotes: the scalar's own place */
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < in_file; i++) {
        *column += ((unsigned char)text[i] & 0xc0) != 0x80;
        if (text[i] == '\n') {
            ++*line;
            *column = 1;
        }
    }
}

/* ---- mistakes ---------------------------------------------------------------------------------------- */

static bool note(cali_formula_reader *r, unsigned line, unsigned column, const char *code, const char *text)
{
    const cali_message_file source = {r->file->path, r->file->text, r->file->text_size};
    cali_text one = {0};
    r->n_mistakes++;
    if (r->tell != NULL) {
        r->tell(r->listener, line, column, code, text);
        return false;
    }
    if (r->n_shown == SHOWN_MISTAKES || r->n_shown < r->n_mistakes - 1)
        return false;
    cali_message_write(&one, &source, NULL, line, column, code, text);
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

bool cali_formula_refuse(cali_formula_reader *r, unsigned line, unsigned column, const char *code, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return note(r, line, column, code, text);
}

bool cali_formula_refuse_at(cali_formula_reader *r, const cali_node *scalar, size_t at, const char *code, const char *format, ...)
{
    char text[2048];
    unsigned line, column;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cali_formula_find_place(r->file, scalar, at, &line, &column);
    return note(r, line, column, code, text);
}

bool cali_formula_refuse_word(cali_formula_reader *r, const cali_node *scalar, size_t at, const char *what, const char *word,
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
        cali_formula_find_place(r->file, scalar, at, &line, &column);
    note(r, line, column, "C101", text.is_broken ? what : text.data);
    cali_text_free(&text);
    return false;
}

cali_node *cali_formula_root(cali_formula_reader *r)
{
    cali_tree_error error;
    cali_node *root = NULL;
    const cal_status status = cali_tree_read_yaml(r->tree, r->file->text, r->file->text_size, &root, &error);
    if (status == CAL_ERR_MEMORY)
        r->is_out_of_memory = true;
    else if (status != CAL_OK)
        cali_formula_refuse(r, error.line, error.column, "C100", "%s%s%s%s%s", error.what,
                            error.because[0] != '\0' ? "\nbecause " : "", error.because, error.hint[0] != '\0' ? "\ntry " : "",
                            error.hint);
    else if (root == NULL)
        cali_formula_refuse(r, 0, 0, "C100", "the file is empty");
    return status == CAL_OK ? root : NULL;
}

cal_status cali_formula_verdict(cali_formula_reader *r)
{
    if (r->is_out_of_memory || r->mistakes.is_broken)
        return CAL_FAIL(r->ctx, CAL_ERR_MEMORY, "%s: no memory", r->file->path);
    if (r->n_mistakes == 0)
        return CAL_OK;
    if (r->n_mistakes > r->n_shown)
        cali_text_format(&r->mistakes, "\nand %zu more", r->n_mistakes - r->n_shown);
    return CAL_FAIL(r->ctx, CAL_ERR_INPUT, "%s", r->mistakes.data);
}
