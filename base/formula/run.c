/* Which of the interpreters of interpret.c runs: the one for the instruction set at hand. */
#include "base/formula/formula.h"
#include "base/isa.h"

CALI_ISA_TABLE(void, cali_formula_run, const cali_formula_program *program, size_t n, const double *p, const double *x,
               const double *c, double *out);

void cali_formula_run(const cali_formula_program *program, size_t n, const double *p, const double *x, const double *c,
                  double *out)
{
    cali_formula_run_table[cali_isa()](program, n, p, x, c, out);
}

CALI_ISA_TABLE(void, cali_formula_run_f32, const cali_formula_program *program, size_t n, const cali_formula_rows_f32 *rows);

void cali_formula_run_f32(const cali_formula_program *program, size_t n, const cali_formula_rows_f32 *rows)
{
    cali_formula_run_f32_table[cali_isa()](program, n, rows);
}
