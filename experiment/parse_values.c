/* Parameters and initial states of single neurons: a column of a table, a row per neuron. */
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "experiment/reader.h"

static cal_status copy_column(cal_context *ctx, const cali_csv *csv, const cali_column *column, const cal_field *field, uint32_t n,
                              double *out)
{
    const int at = cali_csv_find(csv, column->name);
    if (at < 0)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:1:1  C301  there is no column \"%s\"", csv->name, column->name);
    if (csv->n_rows != n)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s  C301  the table has %zu rows, the population %u neurons", csv->name, csv->n_rows, n);
    for (uint32_t i = 0; i < n; i++) {
        const cali_cell *cell = cali_csv_at(csv, i, (size_t)at);
        CAL_TRY(cali_csv_number(ctx, csv, i, (size_t)at, field->unit, &out[i]));
        if (out[i] < field->low || out[i] > field->high)
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:%u:%u  C106  %s is %g %s, must be between %g and %g", csv->name, cell->line,
                            cell->column, field->name, out[i], field->unit, field->low, field->high);
    }
    return CAL_OK;
}

void cali_parse_values(cali_reader *r, const cali_node *node, const char *label, const cal_field *field, size_t population,
                       cali_network *network)
{
    cali_column column = {0};
    cali_csv csv = {0};
    const uint32_t n = network->populations[population].n;
    if (!cali_read_column(r, node, label, field->name, &column.path, &column.name))
        return;
    double *values = cali_take(r, n, sizeof *values);
    if (values == NULL)
        return;
    cal_status status = cali_csv_load(r->ctx, column.path, &csv);
    if (status == CAL_OK)
        status = copy_column(r->ctx, &csv, &column, field, n, values);
    cali_csv_free(&csv);
    if (status != CAL_OK) {
        cali_refuse_foreign(r, cali_place_of(node), "C301");
        return;
    }
    if (!cali_arena_grow(&r->exp->arena, &network->values, network->n_values, sizeof *network->values) ||
        !cali_arena_grow(&r->exp->arena, &network->columns, network->n_values, sizeof *network->columns)) {
        r->is_out_of_memory = true;
        return;
    }
    network->columns[network->n_values] = column;
    network->values[network->n_values++] = (cal_snn_values){population, field->name, values};
}
