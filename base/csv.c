#include "base/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/units.h"

#define LARGEST ((size_t)64 << 20)

typedef struct scanner {
    cal_context *ctx;
    cali_csv *csv;
    char *at, *line_start;
    unsigned line;
    char divider;
    size_t capacity, n_cells; /* of csv->cells */
} scanner;

static unsigned column_of(const scanner *s, const char *at)
{
    return (unsigned)(at - s->line_start) + 1;
}

static char find_divider(const char *line)
{
    size_t counts[3] = {0};
    static const char dividers[] = ",;\t";
    bool is_quoted = false;
    for (const char *c = line; *c != '\0' && *c != '\n'; c++) {
        is_quoted ^= *c == '"';
        for (int i = 0; i < 3 && !is_quoted; i++)
            counts[i] += *c == dividers[i];
    }
    return counts[2] > 0 ? '\t' : counts[1] > counts[0] ? ';' : ',';
}

/* Moves to the next line that holds something; false at the end. */
static bool next_line(scanner *s)
{
    while (*s->at != '\0') {
        s->line_start = s->at;
        s->line++;
        const size_t blanks = strspn(s->at, " \t\r"), size = strcspn(s->at, "\n");
        if (blanks < size && s->at[blanks] != '#')
            return true;
        s->at += size + (s->at[size] == '\n');
    }
    return false;
}

/* Text in quotes, unquoted in place; `s->at` stands on the opening quote and moves behind the closing one. */
static cal_status read_quoted(scanner *s, char **end)
{
    const unsigned column = column_of(s, s->at);
    char *to = s->at;
    for (s->at++; *s->at != '"' || s->at[1] == '"'; s->at++) {
        if (*s->at == '\0' || *s->at == '\n')
            return CAL_FAIL(s->ctx, CAL_ERR_INPUT, "%s:%u:%u  C301  the quote is not closed in its line", s->csv->name,
                            s->line, column);
        s->at += *s->at == '"';
        *to++ = *s->at;
    }
    s->at++;
    *end = to;
    return CAL_OK;
}

/* One cell; `*is_last` if the line ends behind it. */
static cal_status read_cell(scanner *s, cali_cell *cell, bool *is_last)
{
    s->at += strspn(s->at, s->divider == '\t' ? " " : " \t");
    *cell = (cali_cell){s->at, s->line, column_of(s, s->at)};
    char *end = NULL;
    if (*s->at == '"')
        CAL_TRY(read_quoted(s, &end));
    const char stops[] = {s->divider, '\n', '\0'};
    char *stop = s->at + strcspn(s->at, stops);
    if (end != NULL && s->at + strspn(s->at, " \t\r") < stop)
        return CAL_FAIL(s->ctx, CAL_ERR_INPUT, "%s:%u:%u  C301  text behind a closing quote", s->csv->name, s->line,
                        column_of(s, s->at));
    if (end == NULL)
        for (end = stop; end > s->at && strchr(" \t\r", end[-1]) != NULL;)
            end--;
    *is_last = *stop != s->divider;
    s->at = stop + (*stop != '\0');
    *end = '\0';
    return CAL_OK;
}

static cal_status add_cell(scanner *s, cali_cell cell)
{
    CAL_TRY(cali_reserve(s->ctx, s->n_cells + 1, sizeof *s->csv->cells, &s->csv->cells, &s->capacity));
    s->csv->cells[s->n_cells++] = cell;
    return CAL_OK;
}

/* "tau (ms)", "tau [ms]" or "a (1/(ms nA))": the unit is cut off the name, which stands in writable memory. */
static const char *split_unit(char *name)
{
    const size_t size = strlen(name);
    if (size == 0 || (name[size - 1] != ']' && name[size - 1] != ')'))
        return NULL;
    const char closing = name[size - 1], opening = closing == ']' ? '[' : '(';
    char *open = name + size - 1; /* ends at the bracket that matches the last one */
    for (size_t depth = 1; depth > 0 && open > name;) {
        open--;
        depth += *open == closing;
        depth -= *open == opening;
    }
    if (open == name || *open != opening)
        return NULL;
    name[size - 1] = '\0';
    *open = '\0';
    for (char *end = open; end > name && end[-1] == ' ';)
        *--end = '\0';
    return open + 1;
}

static cal_status read_header(scanner *s)
{
    cali_csv *csv = s->csv;
    if (!next_line(s))
        return CAL_FAIL(s->ctx, CAL_ERR_INPUT, "%s:1:1  C301  the table is empty, it needs a header", csv->name);
    s->divider = find_divider(s->at);
    for (bool is_last = false; !is_last;) {
        cali_cell cell;
        CAL_TRY(read_cell(s, &cell, &is_last));
        CAL_TRY(add_cell(s, cell));
    }
    csv->n_columns = s->n_cells;
    csv->names = csv->cells;
    csv->cells = NULL;
    s->capacity = s->n_cells = 0;
    CAL_TRY(cali_alloc(s->ctx, csv->n_columns, sizeof *csv->units, "the table", &csv->units));
    for (size_t i = 0; i < csv->n_columns; i++) {
        const cali_cell *cell = &csv->names[i];
        csv->units[i] = split_unit(csv->data + (cell->text - csv->data));
        if (cell->text[0] == '\0')
            return CAL_FAIL(s->ctx, CAL_ERR_INPUT, "%s:%u:%u  C301  a column has no name", csv->name, cell->line,
                            cell->column);
        for (size_t j = 0; j < i; j++)
            if (strcmp(csv->names[j].text, cell->text) == 0)
                return CAL_FAIL(s->ctx, CAL_ERR_INPUT, "%s:%u:%u  C301  the column \"%s\" is there twice", csv->name,
                                cell->line, cell->column, cell->text);
    }
    return CAL_OK;
}

static cal_status read_row(scanner *s)
{
    cali_csv *csv = s->csv;
    size_t n = 0;
    cali_cell cell = {0};
    for (bool is_last = false; !is_last; n++) {
        CAL_TRY(read_cell(s, &cell, &is_last));
        if (n == csv->n_columns)
            return CAL_FAIL(s->ctx, CAL_ERR_INPUT, "%s:%u:%u  C301  more cells than the %zu columns of the header",
                            csv->name, cell.line, cell.column, csv->n_columns);
        CAL_TRY(add_cell(s, cell));
    }
    for (; n < csv->n_columns; n++)
        CAL_TRY(add_cell(s, (cali_cell){"", cell.line, cell.column + (unsigned)strlen(cell.text)}));
    csv->n_rows++;
    return CAL_OK;
}

static cal_status read_table(scanner *s)
{
    CAL_TRY(read_header(s));
    while (next_line(s))
        CAL_TRY(read_row(s));
    return CAL_OK;
}

/* Takes `data` over. */
static cal_status parse_owned(cal_context *ctx, const char *name, char *data, size_t size, cali_csv *out)
{
    *out = (cali_csv){.data = data};
    cal_status status = cali_copy_text(ctx, name, &out->name);
    if (status == CAL_OK && memchr(data, '\0', size) != NULL)
        status = CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:1:1  C301  this is no text", name);
    const size_t mark = size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    scanner s = {.ctx = ctx, .csv = out, .at = data + mark};
    if (status == CAL_OK)
        status = read_table(&s);
    if (status != CAL_OK)
        cali_csv_free(out);
    return status;
}

cal_status cali_csv_load(cal_context *ctx, const char *path, cali_csv *out)
{
    char *data = NULL;
    size_t size = 0;
    *out = (cali_csv){0};
    CAL_TRY(cali_file_read(ctx, path, LARGEST, &data, &size));
    return parse_owned(ctx, path, data, size, out);
}

cal_status cali_csv_parse(cal_context *ctx, const char *name, const char *data, size_t size, cali_csv *out)
{
    char *copy = NULL;
    *out = (cali_csv){0};
    CAL_TRY(cali_alloc(ctx, size + 1, 1, "the table", &copy));
    memcpy(copy, data, size);
    return parse_owned(ctx, name, copy, size, out);
}

void cali_csv_free(cali_csv *csv)
{
    free(csv->name);
    free(csv->data);
    free(csv->names);
    free(csv->units);
    free(csv->cells);
    *csv = (cali_csv){0};
}

int cali_csv_find(const cali_csv *csv, const char *name)
{
    for (size_t i = 0; i < csv->n_columns; i++)
        if (strcmp(csv->names[i].text, name) == 0)
            return (int)i;
    return -1;
}

cal_status cali_csv_number(cal_context *ctx, const cali_csv *csv, size_t row, size_t column, const char *unit,
                           double *value)
{
    const cali_cell *cell = cali_csv_at(csv, row, column);
    cali_quantity q;
    cali_unit to;
    if (!cali_unit_parse(unit, &to))
        return CAL_FAIL(ctx, CAL_ERR_ARGUMENT, "\"%s\" is no unit", unit);
    const cali_quantity_result result = cali_quantity_parse(cell->text, &q);
    if (result == CALI_QUANTITY_NO_NUMBER || !isfinite(q.value))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:%u:%u  C301  \"%.60s\" is no finite number", csv->name, cell->line,
                        cell->column, cell->text);
    const char *given = q.unit_text[0] != '\0' ? q.unit_text : csv->units[column];
    if (given == NULL && !cali_unit_is_plain(&to))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:%u:%u  C102  %s needs a unit\n  try  %s (%s) in the header", csv->name,
                        cell->line, cell->column, csv->names[column].text, csv->names[column].text, unit);
    if (given != NULL && !cali_unit_parse(given, &q.unit))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:%u:%u  C102  \"%.60s\" is no unit\n  try  %s", csv->name, cell->line,
                        cell->column, given, unit);
    if (!cali_unit_is_same_dimension(&q.unit, &to)) {
        char has[CALI_UNIT_TEXT], needs[CALI_UNIT_TEXT];
        cali_unit_describe(&q.unit, has);
        cali_unit_describe(&to, needs);
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:%u:%u  C103  %s is %s (%s), got %s", csv->name, cell->line,
                        cell->column, csv->names[column].text, needs, unit, has);
    }
    *value = cali_quantity_in(&q, &to);
    return CAL_OK;
}

cal_status cali_csv_times(cal_context *ctx, const cali_csv *csv, size_t column, double *times_ms)
{
    if (csv->n_rows == 0)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:1:1  C301  no samples", csv->name);
    for (size_t i = 0; i < csv->n_rows; i++) {
        CAL_TRY(cali_csv_number(ctx, csv, i, column, "ms", &times_ms[i]));
        const cali_cell *cell = cali_csv_at(csv, i, column);
        if (i > 0 && !(times_ms[i] > times_ms[i - 1]))
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:%u:%u  C106  the time %g ms is not after the one before it, %g ms",
                            csv->name, cell->line, cell->column, times_ms[i], times_ms[i - 1]);
    }
    return CAL_OK;
}
