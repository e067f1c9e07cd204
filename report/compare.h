/* The result of a comparison: made in compare.c, printed in compare_print.c. */
#ifndef CALI_REPORT_COMPARE_H
#define CALI_REPORT_COMPARE_H

#include "callosum/report.h"

enum { CALI_COMPARISON_ROWS = 8, CALI_COMPARISON_NOTE = 160 };

struct cal_comparison {
    char *region, *signal, *unit, *name_a, *name_b; /* region NULL: mean over all */
    bool is_network; /* of a network of its own: a region is a population */
    double from_ms, to_ms;
    size_t n_rows;
    cal_comparison_row rows[CALI_COMPARISON_ROWS]; /* units and notes point into this object */
    char notes[CALI_COMPARISON_ROWS][CALI_COMPARISON_NOTE];
};

#endif
