/* Matrices and label tables in text. A cursor walks lines and cells; every message says line and
 * column. Lines end with LF, CR or both; empty lines and comments are skipped. */
#include "connectomes/text_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

typedef struct cursor {
    const char *file, *at, *stop; /* what is left of the text */
    const char *begin, *end;      /* the line */
    const char *cell;             /* where the next cell starts; NULL: none is left */
    size_t line;
    char delimiter; /* ' ': any run of blanks and tabs */
    bool has_comments;
} cursor;

typedef struct cell {
    const char *at, *stop;
    size_t column;
    bool is_quoted;
} cell;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

static bool next_line(cursor *c)
{
    while (c->at < c->stop) {
        c->begin = c->at;
        const size_t left = (size_t)(c->stop - c->at);
        const char *lf = memchr(c->at, '\n', left);
        const char *stop = lf == NULL ? c->stop : lf;
        const char *cr = memchr(c->at, '\r', (size_t)(stop - c->at));
        c->end = cr == NULL ? stop : cr;
        c->at = c->end + (c->end < c->stop);
        if (cr != NULL && c->at < c->stop && *c->at == '\n')
            c->at++;
        c->line++;
        const char *p = c->begin;
        while (p < c->end && is_blank(*p))
            p++;
        if (p == c->end || (c->has_comments && (*p == '#' || *p == '%')))
            continue;
        c->cell = c->begin;
        return true;
    }
    return false;
}

/* A cell in quotes: what stands between them; doubled quotes stay doubled. */
static const char *quoted(const char *p, const char *stop, cell *out)
{
    out->is_quoted = true;
    out->at = ++p;
    while (p < stop && (*p != '"' || (p + 1 < stop && p[1] == '"')))
        p += *p == '"' ? 2 : 1;
    out->stop = p;
    return p < stop ? p + 1 : p;
}

static bool next_cell(cursor *c, cell *out)
{
    const char *p = c->cell;
    if (p == NULL)
        return false;
    while (p < c->end && is_blank(*p) && *p != c->delimiter)
        p++;
    if (c->delimiter == ' ')
        while (p < c->end && is_blank(*p))
            p++;
    if (p == c->end && c->delimiter == ' ')
        return false;
    *out = (cell){.at = p, .column = (size_t)(p - c->begin) + 1};
    if (p < c->end && *p == '"')
        p = quoted(p, c->end, out);
    if (c->delimiter == ' ')
        while (p < c->end && !is_blank(*p))
            p++;
    else
        while (p < c->end && *p != c->delimiter)
            p++;
    if (!out->is_quoted) {
        out->stop = p;
        while (out->stop > out->at && is_blank(out->stop[-1]))
            out->stop--;
    }
    c->cell = p == c->end ? NULL : p + 1;
    /* a delimiter at the end of the line opens no further cell */
    if (c->cell == c->end)
        c->cell = NULL;
    return true;
}

static cal_status open_text(cal_context *ctx, const char *file, const char *data, size_t size,
                            bool has_comments, cursor *c)
{
    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
        data += 3;
        size -= 3;
    }
    *c = (cursor){.file = file, .at = data, .stop = data + size, .has_comments = has_comments};
    if (memchr(data, '\0', size) != NULL)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 is not text.", file);
    cursor first = *c;
    if (!next_line(&first))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 is empty.", file);
    c->delimiter = ' ';
    const char *const marks = ";,\t";
    for (int i = 2; i >= 0; i--)
        if (memchr(first.begin, marks[i], (size_t)(first.end - first.begin)) != NULL)
            c->delimiter = marks[i];
    return CAL_OK;
}

/* The words that programs write for what is no finite number. */
static bool is_not_finite_word(const cell *x, double *value)
{
    static const char *const words[] = {"nan", "na", "n/a", "inf", "infinity", "null"};
    const char *at = x->at;
    const bool is_negative = at < x->stop && *at == '-';
    at += at < x->stop && (*at == '-' || *at == '+');
    const size_t n = (size_t)(x->stop - at);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i]) != n || strncasecmp(words[i], at, n) != 0)
            continue;
        *value = i == 3 || i == 4 ? (is_negative ? -(double)INFINITY : (double)INFINITY)
                                  : (double)NAN;
        return true;
    }
    return false;
}

static bool is_number(const cell *x, double *value)
{
    return cali_text_number(x->at, x->stop, value) || is_not_finite_word(x, value);
}

/* Length of the UTF-8 character at `p`, 0 if it is none. */
static size_t utf8_length(const unsigned char *p, const unsigned char *stop)
{
    const size_t n = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 : *p >= 0xe0 && *p < 0xf0 ? 3
                   : *p >= 0xf0 && *p < 0xf5 ? 4 : 0;
    if (n == 0 || (size_t)(stop - p) < n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) || (*p == 0xf0 && p[1] < 0x90) ||
        (*p == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

void cali_text_clean(const char *at, const char *end, bool is_quoted, char *to, size_t limit)
{
    const unsigned char *p = (const unsigned char *)at, *stop = (const unsigned char *)end;
    size_t n = 0;
    while (p < stop) {
        const size_t step = utf8_length(p, stop);
        if (n + (step == 0 ? 1 : step) > limit)
            break;
        if (step <= 1) {
            to[n++] = (char)(step == 0 || *p < 0x20 || *p == 0x7f ? '?' : *p);
            p += is_quoted && *p == '"' && p + 1 < stop ? 2 : 1;
            continue;
        }
        memcpy(to + n, p, step);
        n += step;
        p += step;
    }
    to[n] = '\0';
}

static cal_status copy_label(cal_context *ctx, const cell *x, char **out)
{
    char text[256];
    cali_text_clean(x->at, x->stop, x->is_quoted, text, sizeof text - 1);
    return cali_copy_text(ctx, text, out);
}

static cal_status no_number(cal_context *ctx, const cursor *c, const cell *x)
{
    char text[32];
    cali_text_clean(x->at, x->stop, false, text, 24);
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:%zu:%zu C301 \"%s%s\" is not a number.", c->file, c->line,
                    x->column, text, x->stop - x->at > 24 ? "..." : "");
}

/* ---- matrices -------------------------------------------------------------------------------- */

typedef struct layout {
    bool has_header, has_row_names;
    bool is_corner_missing; /* the header has no cell above the row names */
    size_t n_columns;       /* of numbers */
} layout;

typedef struct line_facts {
    size_t n_cells, n_words; /* words: cells that are no number, the first cell not counted */
    bool is_first_word, is_first_empty, counts; /* counts: 0, 1, 2, ... or 1, 2, 3, ... */
} line_facts;

static line_facts look_at_line(cursor c)
{
    line_facts f = {.counts = true};
    cell x;
    double start = 0.0;
    for (; f.n_cells <= CALI_MAX_REGIONS + 1 && next_cell(&c, &x); f.n_cells++) {
        double value = 0.0;
        const bool is_word = !is_number(&x, &value);
        if (f.n_cells == 0) {
            f.is_first_word = is_word;
            f.is_first_empty = x.at == x.stop;
        } else {
            f.n_words += is_word;
        }
        if (f.n_cells == 0 && is_word)
            start = -2.0; /* told by the next cell */
        else if (f.n_cells == 0)
            start = value;
        else if (start == -2.0)
            start = value - 1.0;
        if (!(f.n_cells == 0 && is_word))
            f.counts = f.counts && !is_word && value == start + (double)f.n_cells;
    }
    f.counts = f.counts && (start == 0.0 || start == 1.0 || start == -1.0);
    return f;
}

/* What the first lines say about names of rows and columns. */
static layout find_layout(const cursor *text, bool is_square)
{
    cursor c = *text;
    size_t n_lines = 0;
    line_facts first = {0}, second = {0};
    while (next_line(&c)) {
        if (n_lines == 0)
            first = look_at_line(c);
        else if (n_lines == 1)
            second = look_at_line(c);
        n_lines++;
    }
    layout l = {0};
    if (first.n_cells == 1)
        l.has_header = first.is_first_word && n_lines > 1 && !second.is_first_word;
    else
        l.has_header = first.n_words == first.n_cells - 1 && n_lines > 1 && second.n_words == 0;
    if (is_square && first.counts && n_lines > 2 &&
        (n_lines == second.n_cells + 1 || (n_lines == second.n_cells && first.is_first_word)))
        l.has_header = true;
    const line_facts *data = l.has_header ? &second : &first;
    l.is_corner_missing = l.has_header && second.n_cells == first.n_cells + 1;
    l.has_row_names = data->n_cells > 1 && data->is_first_word && !data->is_first_empty;
    if (l.has_header && (first.is_first_empty || l.is_corner_missing))
        l.has_row_names = true;
    l.n_columns = data->n_cells - l.has_row_names;
    return l;
}

static cal_status check_columns(cal_context *ctx, const cursor *c, size_t n, size_t expected)
{
    if (n == expected)
        return CAL_OK;
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:%zu:%zu C301 row has %zu number%s, the first row has %zu.",
                    c->file, c->line, (size_t)(c->end - c->begin) + 1, n, n == 1 ? "" : "s", expected);
}

static cal_status parse_row(cal_context *ctx, cursor *c, size_t n_columns, double *row,
                            cali_array *out)
{
    cell x;
    size_t n = 0;
    for (; next_cell(c, &x); n++) {
        double value = 0.0;
        if (n == n_columns) {
            size_t more = 1;
            while (next_cell(c, &x))
                more++;
            return check_columns(ctx, c, n + more, n_columns);
        }
        if (!cali_text_number(x.at, x.stop, &value) && !is_not_finite_word(&x, &value))
            return no_number(ctx, c, &x);
        row[n] = value;
        if (!isfinite(value) && out->line_not_finite == 0) {
            out->line_not_finite = c->line;
            out->column_not_finite = x.column;
        }
        if (value < 0.0 && out->line_negative == 0) {
            out->line_negative = c->line;
            out->column_negative = x.column;
        }
    }
    return check_columns(ctx, c, n, n_columns);
}

typedef struct names {
    char **items;
    size_t n, capacity;
} names;

static cal_status add_name(cal_context *ctx, const cell *x, names *list)
{
    CAL_TRY(cali_reserve(ctx, list->n + 1, sizeof *list->items, &list->items, &list->capacity));
    CAL_TRY(copy_label(ctx, x, &list->items[list->n]));
    list->n++;
    return CAL_OK;
}

static cal_status parse_header(cal_context *ctx, cursor *c, const layout *l, names *columns)
{
    cell x;
    bool skips = l->has_row_names && !l->is_corner_missing;
    while (columns->n < l->n_columns && next_cell(c, &x)) {
        if (!skips)
            CAL_TRY(add_name(ctx, &x, columns));
        skips = false;
    }
    return CAL_OK;
}

static cal_status parse_rows(cal_context *ctx, cursor *c, const layout *l, cali_array *out,
                             names *rows)
{
    size_t capacity = 0;
    cell x;
    out->n_columns = l->n_columns;
    while (next_line(c)) {
        if (out->n_rows == CALI_MAX_REGIONS)
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:%zu:1 C301 more than %zu rows.", c->file, c->line,
                            CALI_MAX_REGIONS);
        CAL_TRY(cali_reserve(ctx, (out->n_rows + 1) * l->n_columns, sizeof *out->values, &out->values,
                             &capacity));
        if (l->has_row_names && next_cell(c, &x))
            CAL_TRY(add_name(ctx, &x, rows));
        CAL_TRY(parse_row(ctx, c, l->n_columns, out->values + out->n_rows * l->n_columns, out));
        out->n_rows++;
    }
    return CAL_OK;
}

/* Whether the names are more than an index. */
static bool has_words(const names *list)
{
    for (size_t i = 0; i < list->n; i++) {
        double value;
        const cell x = {.at = list->items[i], .stop = list->items[i] + strlen(list->items[i])};
        if (x.at < x.stop && !is_number(&x, &value))
            return true;
    }
    return false;
}

static cal_status pick_names(cal_context *ctx, const char *file, const cali_array *matrix,
                             names *rows, names *columns, char ***labels)
{
    names *best = has_words(rows) ? rows : has_words(columns) ? columns : NULL;
    if (best == NULL || best->n != matrix->n_rows)
        return CAL_OK;
    if (best == rows && has_words(columns) && columns->n == rows->n)
        for (size_t i = 0; i < rows->n; i++)
            if (strcmp(rows->items[i], columns->items[i]) != 0)
                return CAL_FAIL(ctx, CAL_ERR_INPUT,
                                "%s C301 row %zu is called \"%s\" but column %zu \"%s\".", file, i,
                                rows->items[i], i, columns->items[i]);
    *labels = best->items;
    *best = (names){0};
    return CAL_OK;
}

cal_status cali_text_matrix(cal_context *ctx, const char *file, const char *what, bool is_square,
                            const char *data, size_t size, cali_array *out, char ***labels)
{
    cursor c;
    names rows = {0}, columns = {0};
    if (labels != NULL)
        *labels = NULL;
    cali_array_free(out);
    *out = (cali_array){0};
    cali_array_name(out->file, file, NULL);
    CAL_TRY(open_text(ctx, file, data, size, true, &c));
    const layout l = find_layout(&c, is_square);
    if (l.n_columns == 0 || l.n_columns > CALI_MAX_REGIONS)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s has rows of %s numbers.", file, what,
                        l.n_columns == 0 ? "no" : "more than 100000");
    cal_status status = CAL_OK;
    if (l.has_header && next_line(&c))
        status = parse_header(ctx, &c, &l, &columns);
    if (status == CAL_OK)
        status = parse_rows(ctx, &c, &l, out, &rows);
    if (status == CAL_OK && out->n_rows == 0)
        status = CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s has no rows.", file, what);
    if (status == CAL_OK && labels != NULL)
        status = pick_names(ctx, file, out, &rows, &columns, labels);
    cali_labels_free(rows.items, rows.n);
    cali_labels_free(columns.items, columns.n);
    return status;
}

/* ---- label tables ---------------------------------------------------------------------------- */

enum { MOST_CELLS = 64, NO_CELL = -1 };

typedef struct roles {
    int label, x, y, z, index;
    bool has_header;
} roles;

static bool is_word_of(const cell *x, const char *word)
{
    return strlen(word) == (size_t)(x->stop - x->at) && strncasecmp(word, x->at, strlen(word)) == 0;
}

static int find_cell(const cell *cells, int n, const char *const *words)
{
    for (; *words != NULL; words++)
        for (int i = 0; i < n; i++)
            if (is_word_of(&cells[i], *words))
                return i;
    return NO_CELL;
}

static int read_cells(cursor *c, cell cells[MOST_CELLS])
{
    int n = 0;
    while (n < MOST_CELLS && next_cell(c, &cells[n]))
        n++;
    return n;
}

static bool is_numeric(const cell *x)
{
    double value;
    return is_number(x, &value);
}

static roles roles_from_header(const cell *cells, int n)
{
    static const char *const labels[] = {"label", "labels", "name", "names", "region", "regions",
                                         "region_name", "roi", "abbreviation", NULL};
    static const char *const x[] = {"x", "x_mm", "centre_x", "center_x", NULL};
    static const char *const y[] = {"y", "y_mm", "centre_y", "center_y", NULL};
    static const char *const z[] = {"z", "z_mm", "centre_z", "center_z", NULL};
    static const char *const index[] = {"index", NULL};
    return (roles){find_cell(cells, n, labels), find_cell(cells, n, x), find_cell(cells, n, y),
                   find_cell(cells, n, z),      find_cell(cells, n, index), true};
}

/* Roles without a header: the first word is the label, of four numbers the first. */
static roles roles_from_row(const cell *cells, int n)
{
    roles r = {0, NO_CELL, NO_CELL, NO_CELL, NO_CELL, false};
    for (r.label = 0; r.label < n && is_numeric(&cells[r.label]);)
        r.label++;
    if (r.label == n)
        r.label = n == 3 ? NO_CELL : 0;
    const int first = r.label + 1;
    if (first + 2 < n && is_numeric(&cells[first]) && is_numeric(&cells[first + 1]) &&
        is_numeric(&cells[first + 2])) {
        r.x = first;
        r.y = first + 1;
        r.z = first + 2;
    }
    return r;
}

static roles find_roles(cursor c)
{
    cell cells[MOST_CELLS];
    next_line(&c);
    const int n = read_cells(&c, cells);
    bool has_number = false;
    for (int i = 0; i < n; i++)
        has_number = has_number || is_numeric(&cells[i]);
    roles r = roles_from_header(cells, n);
    if (!has_number && (r.label != NO_CELL || (r.x != NO_CELL && r.y != NO_CELL && r.z != NO_CELL))) {
        if (r.label == NO_CELL)
            r.label = r.x > 0 ? 0 : NO_CELL;
        return r;
    }
    return roles_from_row(cells, n);
}

static cal_status check_index(cal_context *ctx, const cursor *c, const cell *x, size_t row,
                              double *base)
{
    double value;
    if (!is_number(x, &value))
        return no_number(ctx, c, x);
    if (row == 0 && (value == 0.0 || value == 1.0))
        *base = value;
    if (value != *base + (double)row)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:%zu:%zu C301 index is %g but the row is the %zu. of the "
                        "table.\n  try sorting the rows by index.", c->file, c->line, x->column, value,
                        row + 1);
    return CAL_OK;
}

static cal_status read_centre(cal_context *ctx, const cursor *c, const cell *cells, int n,
                              const roles *r, double *centre)
{
    const int which[] = {r->x, r->y, r->z};
    for (int k = 0; k < 3; k++) {
        if (which[k] >= n)
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:%zu:%zu C301 row has %d cells, the first row has "
                            "more.", c->file, c->line, (size_t)(c->end - c->begin) + 1, n);
        if (!is_number(&cells[which[k]], &centre[k]))
            return no_number(ctx, c, &cells[which[k]]);
    }
    return CAL_OK;
}

static cal_status read_label_rows(cal_context *ctx, cursor *c, const roles *r, names *list,
                                  cali_array *centres)
{
    size_t capacity = 0;
    double base = 0.0;
    cell cells[MOST_CELLS];
    while (next_line(c)) {
        const int n = read_cells(c, cells);
        const size_t row = list->n;
        if (row == CALI_MAX_REGIONS)
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:%zu:1 C301 more than %zu rows.", c->file, c->line,
                            CALI_MAX_REGIONS);
        if (r->index != NO_CELL && r->index < n)
            CAL_TRY(check_index(ctx, c, &cells[r->index], row, &base));
        const cell none = {.at = c->end, .stop = c->end};
        CAL_TRY(add_name(ctx, r->label != NO_CELL && r->label < n ? &cells[r->label] : &none, list));
        if (r->x == NO_CELL || r->y == NO_CELL || r->z == NO_CELL)
            continue;
        CAL_TRY(cali_reserve(ctx, 3 * (row + 1), sizeof(double), &centres->values, &capacity));
        centres->n_rows = row + 1;
        centres->n_columns = 3;
        double *centre = centres->values + 3 * row;
        CAL_TRY(read_centre(ctx, c, cells, n, r, centre));
        if (!(isfinite(centre[0]) && isfinite(centre[1]) && isfinite(centre[2])) &&
            centres->line_not_finite == 0) {
            centres->line_not_finite = c->line;
            centres->column_not_finite = cells[r->x].column;
        }
    }
    return CAL_OK;
}

cal_status cali_text_labels(cal_context *ctx, const char *file, const char *data, size_t size,
                            char ***labels, size_t *n_labels, cali_array *centres)
{
    cursor c;
    names list = {0};
    *labels = NULL;
    *n_labels = 0;
    cali_array_free(centres);
    *centres = (cali_array){0};
    cali_array_name(centres->file, file, NULL);
    CAL_TRY(open_text(ctx, file, data, size, false, &c));
    const roles r = find_roles(c);
    if (r.has_header)
        next_line(&c);
    const cal_status status = read_label_rows(ctx, &c, &r, &list, centres);
    if (status != CAL_OK || list.n == 0) {
        cali_labels_free(list.items, list.n);
        cali_array_free(centres);
        return status != CAL_OK ? status
                                : CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 has no rows.", file);
    }
    *labels = list.items;
    *n_labels = list.n;
    return CAL_OK;
}
