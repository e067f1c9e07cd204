#include "cli/output.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

cali_exit cali_fail(const cal_context *ctx, cali_exit exit_status)
{
    fflush(stdout); /* what was printed before stands before */
    fprintf(stderr, "%s\n", cal_context_message(ctx));
    return exit_status;
}

cali_exit cali_print_json(cali_text *json)
{
    if (json->is_broken || json->data == NULL) {
        fprintf(stderr, "callosum: not enough memory for the output\n");
        cali_text_free(json);
        return CALI_EXIT_FAILED;
    }
    puts(json->data);
    cali_text_free(json);
    return CALI_EXIT_OK;
}

void cali_table_begin(cali_table *table, size_t n_columns, const char *const *headings)
{
    *table = (cali_table){.n_columns = n_columns};
    for (size_t i = 0; i < n_columns && i < CALI_TABLE_MAX_COLUMNS; i++)
        table->headings[i] = headings[i];
}

void cali_table_add(cali_table *table, const char *format, ...)
{
    if (table->n_cells == table->capacity) {
        const size_t capacity = table->capacity > 0 ? 2 * table->capacity : 64;
        char **cells = (char **)realloc((void *)table->cells, capacity * sizeof *cells);
        if (cells == NULL) {
            table->is_broken = true;
            return;
        }
        table->cells = cells;
        table->capacity = capacity;
    }
    va_list arguments;
    va_start(arguments, format);
    char cell[1024];
    vsnprintf(cell, sizeof cell, format, arguments);
    va_end(arguments);
    char *copy = strdup(cell);
    table->is_broken = table->is_broken || copy == NULL;
    table->cells[table->n_cells++] = copy;
}

void cali_table_add_number(cali_table *table, double value)
{
    char text[32];
    if (isinf(value))
        snprintf(text, sizeof text, "%sinf", value < 0.0 ? "-" : "");
    else
        cali_format_number(value, text);
    cali_table_add(table, "%s", text);
}

/* Characters of a UTF-8 text: bytes that do not continue one. */
static size_t width_of(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xC0u) != 0x80u;
    return n;
}

static void print_row(const cali_table *table, const char *const *cells, const size_t *widths, FILE *file, int indent)
{
    fprintf(file, "%*s", indent, "");
    for (size_t c = 0; c < table->n_columns; c++) {
        const bool is_right = table->headings[c][0] == '>', is_last = c + 1 == table->n_columns;
        const int blanks = (int)(widths[c] - width_of(cells[c]));
        if (is_right)
            fprintf(file, "%*s%s", blanks, "", cells[c]);
        else
            fprintf(file, "%s%*s", cells[c], is_last ? 0 : blanks, "");
        fprintf(file, is_last ? "\n" : "  ");
    }
}

void cali_table_print(cali_table *table, FILE *file, int indent)
{
    size_t widths[CALI_TABLE_MAX_COLUMNS] = {0};
    const char *headings[CALI_TABLE_MAX_COLUMNS];
    bool has_headings = false;
    for (size_t c = 0; c < table->n_columns; c++) {
        headings[c] = table->headings[c] + (table->headings[c][0] == '>' ? 1 : 0);
        has_headings = has_headings || headings[c][0] != '\0';
        widths[c] = width_of(headings[c]);
    }
    if (table->is_broken) {
        fprintf(stderr, "callosum: not enough memory for the output\n");
    } else {
        for (size_t i = 0; i < table->n_cells; i++) {
            const size_t width = width_of(table->cells[i]), c = i % table->n_columns;
            widths[c] = width > widths[c] ? width : widths[c];
        }
        if (has_headings)
            print_row(table, headings, widths, file, indent);
        for (size_t i = 0; i + table->n_columns <= table->n_cells; i += table->n_columns)
            print_row(table, (const char *const *)&table->cells[i], widths, file, indent);
    }
    for (size_t i = 0; i < table->n_cells; i++)
        free(table->cells[i]);
    free((void *)table->cells);
    *table = (cali_table){0};
}
