/* Runs a list of operations over regions or neurons, up to 32 at a time: one vector loop per operation. Compiled once per
 * instruction-set level; every level gives the bits of the compiled C. */
#include <string.h>

#include "base/formula/formula.h"
#include "base/formula/functions.h"
#include "base/isa.h"

/* ---- double: rows of n numbers, one behind the other ------------------------------------------------------ */

typedef struct rows_f64 {
    const double *p, *x, *c;
    double *out;
    size_t n; /* of a row */
} rows_f64;

static void store_f64(const cali_formula_program *program, const rows_f64 *in, size_t first, size_t m, const double **at)
{
    for (size_t k = 0; k < program->n_results; k++)
        memcpy(in->out + k * in->n + first, at[program->results[k]], m * sizeof(double));
}

#define REAL double
#define NAME(x) x##_f64
#define FUNCTION(name) cali_formula_##name
#define FUSED(a, b, c) __builtin_fma(a, b, c)
#define NUMBERS(program) (program)->numbers
#define ROW(list, row) in->list + (size_t)(row)*in->n
#define STORE store_f64
#include "base/formula/interpret_lanes.h"

void CALI_ISA_NAME(cali_formula_run)(const cali_formula_program *program, size_t n, const double *p, const double *x,
                                     const double *c, double *out);
void CALI_ISA_NAME(cali_formula_run)(const cali_formula_program *program, size_t n, const double *p, const double *x,
                                     const double *c, double *out)
{
    const rows_f64 in = {p, x, c, out, n};
    for (size_t first = 0; first < n; first += CALI_FORMULA_LANES)
        run_chunk_f64(program, &in, first, n - first < CALI_FORMULA_LANES ? n - first : CALI_FORMULA_LANES);
}

/* ---- float: a pointer per row; results may take the place of states --------------------------------------- */

typedef cali_formula_rows_f32 rows_f32;

static void store_f32(const cali_formula_program *program, const rows_f32 *in, size_t first, size_t m, const float **at)
{
    float kept[2 * CALI_FORMULA_MAX_FIELDS][CALI_FORMULA_LANES]; /* a result may be another state, as it was */
    for (size_t k = 0; k < program->n_results; k++)
        memcpy(kept[k], at[program->results[k]], m * sizeof(float));
    for (size_t k = 0; k < program->n_results; k++)
        memcpy(in->out[k] + first, kept[k], m * sizeof(float));
}

#define REAL float
#define NAME(x) x##_f32
#define FUNCTION(name) cali_formula_##name##_f32
#define FUSED(a, b, c) cali_fma_f32(a, b, c)
#define NUMBERS(program) (program)->numbers_f32
#define ROW(list, row) in->list[row]
#define STORE store_f32
#include "base/formula/interpret_lanes.h"

void CALI_ISA_NAME(cali_formula_run_f32)(const cali_formula_program *program, size_t n, const cali_formula_rows_f32 *rows);
void CALI_ISA_NAME(cali_formula_run_f32)(const cali_formula_program *program, size_t n, const cali_formula_rows_f32 *rows)
{
    for (size_t first = 0; first < n; first += CALI_FORMULA_LANES)
        run_chunk_f32(program, rows, first, n - first < CALI_FORMULA_LANES ? n - first : CALI_FORMULA_LANES);
}
