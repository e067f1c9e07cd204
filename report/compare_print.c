/* A comparison as a table or as JSON. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "report/compare.h"
#include "report/summary.h"

const char *const cal_verdict_names[] = {"agree", "differ", "open"};

void cal_comparison_destroy(cal_comparison **comparison)
{
    if (comparison == NULL || *comparison == NULL)
        return;
    free((*comparison)->region);
    free((*comparison)->signal);
    free((*comparison)->unit);
    free((*comparison)->name_a);
    free((*comparison)->name_b);
    free(*comparison);
    *comparison = NULL;
}

size_t cal_comparison_n_rows(const cal_comparison *comparison)
{
    return comparison->n_rows;
}

cal_comparison_row cal_comparison_get_row(const cal_comparison *comparison, size_t index)
{
    assert(index < comparison->n_rows);
    return comparison->rows[index];
}

size_t cal_comparison_count(const cal_comparison *comparison, cal_verdict verdict)
{
    size_t n = 0;
    for (size_t i = 0; i < comparison->n_rows; i++)
        n += comparison->rows[i].verdict == verdict;
    return n;
}

/* One difference is enough to differ; without one, open questions leave the whole open. */
static cal_verdict verdict_of(const cal_comparison *comparison)
{
    if (cal_comparison_count(comparison, CAL_VERDICT_DIFFER) > 0)
        return CAL_VERDICT_DIFFER;
    return cal_comparison_count(comparison, CAL_VERDICT_OPEN) > 0 ? CAL_VERDICT_OPEN : CAL_VERDICT_AGREE;
}

static void add_with_unit(cali_text *text, double value, const char *unit)
{
    cali_text_add_readable(text, value, 3);
    if (isfinite(value) && unit[0] != '\0' && !(unit[0] == '1' && unit[1] == '\0'))
        cali_text_format(text, " %s", unit);
}

enum { QUANTITY, SIDE_A, SIDE_B, DIFFERENCE, TOLERANCE, VERDICT, NOTE, COLUMNS };

static void fill_cells(const cal_comparison_row *row, cali_text cells[COLUMNS])
{
    cali_text_add(&cells[QUANTITY], row->quantity);
    cali_text_add(&cells[VERDICT], cal_verdict_names[row->verdict]);
    cali_text_add(&cells[NOTE], row->note);
    if (row->is_correlation) {
        cali_text_add(&cells[SIDE_A], "");
        cali_text_add(&cells[SIDE_B], "");
        if (isfinite(row->difference))
            cali_text_format(&cells[DIFFERENCE], "r = %.2f", row->difference);
        else
            cali_text_add(&cells[DIFFERENCE], "-");
        cali_text_format(&cells[TOLERANCE], ">= %.2f", row->tolerance);
        return;
    }
    add_with_unit(&cells[SIDE_A], row->a, row->unit);
    add_with_unit(&cells[SIDE_B], row->b, row->unit);
    if (!isfinite(row->difference))
        cali_text_add(&cells[DIFFERENCE], "-");
    else if (row->is_relative)
        cali_text_format(&cells[DIFFERENCE], "%+.1f %%", 100.0 * row->difference);
    else
        cali_text_format(&cells[DIFFERENCE], "%+.2f %s", row->difference, row->unit);
    if (row->is_relative)
        cali_text_format(&cells[TOLERANCE], "%.3g %%", 100.0 * row->tolerance);
    else
        cali_text_format(&cells[TOLERANCE], "%.2g %s", row->tolerance, row->unit);
}

static cal_status print_text(cal_context *ctx, const cal_comparison *c, cali_text *text)
{
    static const bool is_right[COLUMNS] = {[SIDE_A] = true, [SIDE_B] = true, [DIFFERENCE] = true,
                                           [TOLERANCE] = true};
    const char *cells[(CALI_COMPARISON_ROWS + 1) * COLUMNS] = {
        [QUANTITY] = "quantity",   [SIDE_A] = c->name_a,     [SIDE_B] = c->name_b, [DIFFERENCE] = "difference",
        [TOLERANCE] = "tolerance", [VERDICT] = "verdict", [NOTE] = ""};
    cali_text own[CALI_COMPARISON_ROWS][COLUMNS] = {0};
    bool is_broken = false;
    for (size_t i = 0; i < c->n_rows; i++) {
        fill_cells(&c->rows[i], own[i]);
        for (size_t k = 0; k < COLUMNS; k++) {
            is_broken |= own[i][k].is_broken;
            cells[(i + 1) * COLUMNS + k] = own[i][k].data;
        }
    }
    if (c->region == NULL)
        cali_text_format(text, "%s, mean over all %s", c->signal, c->is_network ? "populations" : "regions");
    else
        cali_text_format(text, "%s of \"%s\"", c->signal, c->region);
    cali_text_format(text, ", from %.6g s to %.6g s\n", c->from_ms / 1000.0, c->to_ms / 1000.0);
    if (!is_broken)
        cali_text_add_table(text, cells, c->n_rows + 1, COLUMNS, is_right);
    for (size_t i = 0; i < c->n_rows; i++)
        for (size_t k = 0; k < COLUMNS; k++)
            cali_text_free(&own[i][k]);
    return is_broken ? CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for the comparison") : CAL_OK;
}

static void add_field(cali_text *json, const char *key, double value)
{
    cali_text_format(json, ", \"%s\": ", key);
    cali_text_add_number(json, value);
}

static void print_json(const cal_comparison *c, cali_text *json)
{
    cali_text_add(json, "{\"a\": ");
    cali_text_add_json(json, c->name_a);
    cali_text_add(json, ", \"b\": ");
    cali_text_add_json(json, c->name_b);
    cali_text_add(json, ", \"region\": ");
    if (c->region != NULL)
        cali_text_add_json(json, c->region);
    else
        cali_text_add(json, "null");
    cali_text_add(json, ", \"signal\": ");
    cali_text_add_json(json, c->signal);
    cali_text_add(json, ", \"time_ms\": [");
    cali_text_add_number(json, c->from_ms);
    cali_text_add(json, ", ");
    cali_text_add_number(json, c->to_ms);
    cali_text_add(json, "],\n \"rows\": [");
    for (size_t i = 0; i < c->n_rows; i++) {
        const cal_comparison_row *row = &c->rows[i];
        cali_text_add(json, i == 0 ? "\n  {\"quantity\": " : ",\n  {\"quantity\": ");
        cali_text_add_json(json, row->quantity);
        cali_text_add(json, ", \"unit\": ");
        cali_text_add_json(json, row->unit);
        add_field(json, "a", row->a);
        add_field(json, "b", row->b);
        add_field(json, "difference", row->difference);
        add_field(json, "tolerance", row->tolerance);
        add_field(json, "standard_error", row->error);
        cali_text_format(json, ", \"is_relative\": %s, \"is_correlation\": %s, \"verdict\": \"%s\", \"note\": ",
                         row->is_relative ? "true" : "false", row->is_correlation ? "true" : "false",
                         cal_verdict_names[row->verdict]);
        cali_text_add_json(json, row->note);
        cali_text_add(json, "}");
    }
    cali_text_format(json, "],\n \"verdict\": \"%s\"}", cal_verdict_names[verdict_of(c)]);
}

cal_status cal_comparison_print(cal_context *ctx, const cal_comparison *comparison, bool as_json, char **out)
{
    cali_text text = {0};
    cal_status status = CAL_OK;
    *out = NULL;
    if (as_json)
        print_json(comparison, &text);
    else
        status = print_text(ctx, comparison, &text);
    if (status == CAL_OK && text.is_broken)
        status = CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for the comparison");
    if (status == CAL_OK)
        *out = text.data;
    else
        cali_text_free(&text);
    return status;
}
