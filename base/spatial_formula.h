/* Formulas of the way between two places: values, and bounds of them. */
#ifndef CALI_BASE_SPATIAL_FORMULA_H
#define CALI_BASE_SPATIAL_FORMULA_H

#include "base/formula/formula.h"

enum { CALI_AXES = 3, CALI_SPATIAL_FORMULA_MAX_BYTES = 1000 };

/** Ways from one place to another: what their components and their lengths lie between, in mm. */
typedef struct cali_ways {
    unsigned n_dimensions; /* components behind them are 0 */
    cali_range along[CALI_AXES];
    cali_range length;
} cali_ways;

/** Reads a text whose values are in `unit`. NULL: `why` says why, with the column in the text. */
cal_spatial_formula *cali_spatial_formula_read(const char *text, const char *unit, char *why, size_t size);
/** Checks the text of a scalar with the reader of its file, which hears of mistakes; `wanted` as in cali_formula_check. The
 *  unit of its values is put into `*unit`. */
bool cali_spatial_formula_check(cali_formula_reader *r, const cali_node *scalar, const char *label, const cali_unit *wanted,
                                cali_unit *unit);

/** Dimensions that it needs: 3 if dz stands in it; 0: the distance alone. */
unsigned cali_spatial_formula_dimensions(const cal_spatial_formula *formula);
/** Its value at the end of a way of n components. */
double cali_spatial_formula_at(const cal_spatial_formula *formula, unsigned n, const double *way_mm);
/** Bounds of its values over ways, by one look: cheap and maybe wide. */
cali_range cali_spatial_formula_range(const cal_spatial_formula *formula, const cali_ways *ways);

/** The largest value over ways (sign 1), or the smallest (-1). */
typedef struct cali_extreme {
    double bound;  /* no value is beyond it, but for ways that differ by a part in 1e9 of their range */
    double value;  /* the most extreme value found, or one that is no finite number */
    double way_mm[CALI_AXES], length_mm; /* where */
} cali_extreme;
/** By halving ranges until the bound is within a part in 1e4 of the value, or 2000 of them are looked at. */
cali_extreme cali_spatial_formula_extreme(const cal_spatial_formula *formula, const cali_ways *ways, int sign);
/** "d = 120 um", or the components where it depends on them. */
void cali_spatial_formula_place(const cal_spatial_formula *formula, const cali_extreme *at, char *out, size_t size);

#endif
