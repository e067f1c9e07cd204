#include "cli/accuracy.h"

#include <math.h>
#include <stdio.h>

#include "cli/output.h"

static void add_error(cali_table *table, double error)
{
    if (isnan(error))
        cali_table_add(table, "-");
    else
        cali_table_add(table, "%.1e", error);
}

void cali_print_accuracy(const cal_accuracy *a)
{
    const bool is_adaptive = a->rtol > 0.0;
    char now[48], finer[48], held[48];
    if (is_adaptive) {
        snprintf(now, sizeof now, ">tolerance %g", a->rtol);
        snprintf(finer, sizeof finer, ">%g", a->rtol / 10.0);
    } else {
        snprintf(now, sizeof now, ">step %g ms", cal_time_ms(a->dt));
        snprintf(finer, sizeof finer, ">%g ms", cal_time_ms(a->dt) / 2.0);
    }
    snprintf(held, sizeof held, ">heun-held %g ms", cal_time_ms(a->dt));
    const bool has_held = !cal_integrators[a->integrator].holds;
    const char *const headings[] = {"accuracy", now, finer, ">order", has_held ? held : "", "error of the trace"};
    cali_table table;
    cali_table_begin(&table, 6, headings);
    for (size_t r = 0; r < a->n_rows; r++) {
        const cal_accuracy_row *row = &a->rows[r];
        cali_table_add(&table, "%s", row->what);
        add_error(&table, row->error);
        add_error(&table, row->finer);
        if (isnan(row->order))
            cali_table_add(&table, "-");
        else
            cali_table_add(&table, "%.1f", row->order);
        if (has_held)
            add_error(&table, row->held_error);
        else
            cali_table_add(&table, "%s", "");
        if (isfinite(row->diverges_at_ms))
            cali_table_add(&table, "above 1 %% from %.4g ms on", row->diverges_at_ms);
        else
            cali_table_add(&table, "%s", row->is_constant ? "constant: relative to its size" : "below 1 %");
    }
    cali_table_print(&table, stdout, 0);
    printf("%s\n", a->sentence);
}
