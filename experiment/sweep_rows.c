/* The rows of a sweep: which paths of the experiment they set, and to what. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/units.h"
#include "experiment/keys.h"
#include "experiment/sweep.h"

/* Columns that change nothing and go to the table; so do those that begin with "label.". */
static const char *const labels[] = {"name", "subject", "session", "condition", "group", "note"};
enum { N_LABELS = sizeof labels / sizeof labels[0] };

static bool is_label(const char *name)
{
    for (size_t i = 0; i < N_LABELS; i++)
        if (strcmp(labels[i], name) == 0)
            return true;
    return strncmp(name, "label.", 6) == 0;
}

static bool has_prefix(const char *name, const char *key)
{
    const size_t n = strlen(key);
    return strncmp(name, key, n) == 0 && (name[n] == '\0' || name[n] == '.' || name[n] == '[');
}

/* The first key of a path, or a label. What follows is checked with the experiment. */
static cal_status check_column(cal_context *ctx, cali_sweep_rows *rows, size_t column)
{
    const cali_cell *cell = &rows->csv.names[column];
    const char *words[64];
    size_t n = 0;
    rows->is_label[column] = is_label(cell->text);
    for (size_t i = 0; i < cali_keys_top.n_keys; i++)
        if (has_prefix(cell->text, cali_keys_top.keys[i].name))
            return CAL_OK;
    if (rows->is_label[column])
        return CAL_OK;
    for (size_t i = 0; i < cali_keys_top.n_keys && i < 64 - N_LABELS; i++)
        words[n++] = cali_keys_top.keys[i].name;
    for (size_t i = 0; i < N_LABELS; i++)
        words[n++] = labels[i];
    char first[64] = "";
    const size_t size = strcspn(cell->text, ".[");
    memcpy(first, cell->text, size < 63 ? size : 63);
    const int nearest = cali_nearest_word(first, words, n);
    const char *source = rows->is_product ? "--sweep" : rows->source;
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:%u:%u  C101  the column \"%s\" is neither a path of the experiment nor a label\n"
                    "  try      %s%s%s, or label.%.60s for a column that is only copied", source, cell->line, cell->column,
                    cell->text, nearest >= 0 ? words[nearest] : "a path as for --set (coupling.gain)",
                    nearest >= 0 ? cell->text + size : "", "", first);
}

static cal_status load(cal_context *ctx, const char *text, cali_sweep_rows *out)
{
    struct stat info;
    out->is_product = stat(text, &info) != 0 && strchr(text, '=') != NULL;
    CAL_TRY(cali_copy_text(ctx, text, &out->source));
    if (!out->is_product) {
        CAL_TRY(cali_csv_load(ctx, text, &out->csv));
    } else {
        cali_text csv = {0};
        cal_status status = cali_sweep_expand(ctx, text, &csv);
        if (status == CAL_OK)
            status = cali_csv_parse(ctx, "--sweep", csv.data, csv.size, &out->csv);
        cali_text_free(&csv);
        CAL_TRY(status);
    }
    if (out->csv.n_rows == 0)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:%u:1  C301  the table has a header and no rows, so there is nothing to run\n"
                        "  try      a row below for each run", text, out->csv.names[0].line);
    if (out->csv.n_rows > CALI_SWEEP_MOST_ROWS)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s  C301  more than 1,000,000 rows", text);
    CAL_TRY(cali_alloc(ctx, out->csv.n_columns, sizeof *out->is_label, "columns", &out->is_label));
    for (size_t i = 0; i < out->csv.n_columns; i++)
        CAL_TRY(check_column(ctx, out, i));
    return CAL_OK;
}

cal_status cali_sweep_rows_load(cal_context *ctx, const char *text, cali_sweep_rows *out)
{
    *out = (cali_sweep_rows){0};
    const cal_status status = load(ctx, text, out);
    if (status != CAL_OK)
        cali_sweep_rows_free(out);
    return status;
}

void cali_sweep_rows_free(cali_sweep_rows *rows)
{
    free(rows->source);
    free(rows->is_label);
    cali_csv_free(&rows->csv);
    *rows = (cali_sweep_rows){0};
}

void cali_sweep_row_name(const cali_sweep_rows *rows, size_t row, cali_text *out)
{
    if (!rows->is_product) {
        cali_text_format(out, "%s:%u", rows->source, cali_csv_at(&rows->csv, row, 0)->line);
        return;
    }
    cali_text_add(out, "--sweep");
    for (size_t c = 0; c < rows->csv.n_columns; c++)
        cali_text_format(out, " %s=%s", rows->csv.names[c].text, cali_csv_at(&rows->csv, row, c)->text);
}

/* ---- overrides of a row ---------------------------------------------------------------------------------- */

/* A bare number in a column with a unit gets it. */
static void add_value(cali_text *out, const char *text, const char *unit)
{
    double number;
    const char *end;
    cali_text_add(out, text);
    if (unit != NULL && strcmp(unit, "1") != 0 && cali_parse_number(text, &number, &end) && *end == '\0')
        cali_text_format(out, " %s", unit);
}

/* Texts of the row one behind the other, each with its NUL: override, head, override, head, ... */
static size_t write_texts(const cali_sweep_rows *rows, size_t row, cali_text *out)
{
    size_t n = 0;
    for (size_t c = 0; c < rows->csv.n_columns; c++) {
        const cali_cell *cell = cali_csv_at(&rows->csv, row, c);
        if (rows->is_label[c] || cell->text[0] == '\0')
            continue;
        cali_text_format(out, "%s=", rows->csv.names[c].text);
        add_value(out, cell->text, rows->csv.units[c]);
        cali_text_add_bytes(out, "", 1);
        if (rows->is_product)
            cali_text_format(out, "--sweep %s=%.100s", rows->csv.names[c].text, cell->text);
        else
            cali_text_format(out, "%s:%u:%u", rows->source, cell->line, cell->column);
        cali_text_add_bytes(out, "", 1);
        n++;
    }
    return n;
}

cal_status cali_row_overrides_make(cal_context *ctx, const cali_sweep_rows *rows, size_t row, const char *const *first,
                                   size_t n_first, cali_row_overrides *out)
{
    *out = (cali_row_overrides){0};
    const size_t n = write_texts(rows, row, &out->texts);
    cal_status status = out->texts.is_broken ? CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for the rows of the sweep") : CAL_OK;
    if (status == CAL_OK)
        status = cali_alloc(ctx, 2 * (n_first + n), sizeof *out->overrides, "overrides", &out->overrides);
    if (status != CAL_OK) {
        cali_row_overrides_free(out);
        return status;
    }
    out->n = n_first + n;
    out->heads = out->overrides + out->n;
    for (size_t i = 0; i < n_first; i++)
        out->overrides[i] = first[i];
    const char *at = out->texts.data;
    for (size_t i = n_first; i < out->n; i++) {
        out->overrides[i] = at;
        at += strlen(at) + 1;
        out->heads[i] = at;
        at += strlen(at) + 1;
    }
    return CAL_OK;
}

void cali_row_overrides_free(cali_row_overrides *overrides)
{
    free((void *)overrides->overrides);
    cali_text_free(&overrides->texts);
    *overrides = (cali_row_overrides){0};
}
