#include "base/message.h"

#include <string.h>

enum { EXCERPT_WIDTH = 90 };

/* The start of line `line` of the file, NULL if there is none. */
static const char *find_line(const cali_message_file *file, unsigned line, size_t *size)
{
    if (file->text == NULL)
        return NULL;
    const char *at = file->text, *end = file->text + file->size;
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
static void add_excerpt(cali_text *out, const cali_message_file *file, unsigned line_number, unsigned column_number)
{
    size_t size = 0;
    const char *line = find_line(file, line_number, &size);
    if (line == NULL || column_number == 0)
        return;
    unsigned first = column_number > EXCERPT_WIDTH - 20 ? column_number - (EXCERPT_WIDTH - 30) : 1;
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
        cali_text_format(out, "\n%5u | %s%s", line_number, dots, shown.data);
        cali_text_format(out, "\n      | %*s^", (int)(strlen(dots) + column_number - first), "");
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

void cali_message_write(cali_text *out, const cali_message_file *file, const char *head, unsigned line,
                        unsigned column, const char *code, const char *text)
{
    const size_t begin = out->size;
    const bool has_place = head == NULL && line > 0;
    if (head != NULL)
        cali_text_add(out, head);
    else if (has_place)
        cali_text_format(out, "%s:%u:%u", file->path, line, column);
    else
        cali_text_add(out, file->path);
    const size_t first = strcspn(text, "\n");
    cali_text_format(out, "  %s  %.*s", code, (int)first, text);
    if (has_place)
        add_excerpt(out, file, line, column);
    add_further_lines(out, text[first] == '\0' ? NULL : text + first + 1);
    if (!out->is_broken)
        clean(out->data + begin, out->size - begin);
}
