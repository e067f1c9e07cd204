/* Runs a list of operations over regions, up to 32 at a time: one vector loop per operation. Compiled once per
 * instruction-set level; every level gives the bits of the compiled model. */
#include <string.h>

#include "base/isa.h"
#include "base/formula/functions.h"
#include "base/formula/formula.h"

/* m is 32 in whole chunks: then the compiler knows the length of every loop. */
#define LANES(expression)                                                                                              \
    for (size_t i = 0; i < m; i++)                                                                                     \
        out[i] = (expression);                                                                                         \
    return
#define CALL_1(name) cali_formula_##name(a[i])
#define CALL_2(name) cali_formula_##name(a[i], b[i])

CAL_HD void call(int function, size_t m, const double *restrict a, const double *restrict b, double *restrict out)
{
    int k = 0;
    (void)b;
#define CALI_FORMULA_FUNCTION(name, n, rule, meaning)                                                                      \
    if (function == k++) {                                                                                             \
        LANES(CALL_##n(name));                                                                                         \
    }
#include "base/formula/functions.def"
#undef CALI_FORMULA_FUNCTION
}

/* True is 1, false 0. */
CAL_HD void apply(const cali_formula_op *op, size_t m, const double *restrict a, const double *restrict b,
                  const double *restrict c, double *restrict out)
{
    switch (op->code) {
    case CALI_FORMULA_NEGATE:
        LANES(-a[i]);
    case CALI_FORMULA_ADD:
        LANES(a[i] + b[i]);
    case CALI_FORMULA_SUBTRACT:
        LANES(a[i] - b[i]);
    case CALI_FORMULA_MULTIPLY:
        LANES(a[i] * b[i]);
    case CALI_FORMULA_DIVIDE:
        LANES(a[i] / b[i]);
    case CALI_FORMULA_POWER:
        LANES(cali_formula_power(a[i], b[i]));
    case CALI_FORMULA_CALL:
        call(op->c, m, a, b, out);
        return;
    case CALI_FORMULA_CHOOSE:
        LANES(a[i] != 0.0 ? b[i] : c[i]);
    case CALI_FORMULA_LESS:
        LANES(a[i] < b[i] ? 1.0 : 0.0);
    case CALI_FORMULA_LESS_EQUAL:
        LANES(a[i] <= b[i] ? 1.0 : 0.0);
    case CALI_FORMULA_EQUAL:
        LANES(a[i] == b[i] ? 1.0 : 0.0);
    case CALI_FORMULA_UNEQUAL:
        LANES(a[i] != b[i] ? 1.0 : 0.0);
    case CALI_FORMULA_AND:
        LANES(a[i] * b[i]);
    case CALI_FORMULA_OR:
        LANES(a[i] + b[i] > 0.0 ? 1.0 : 0.0);
    case CALI_FORMULA_NOT:
        LANES(1.0 - a[i]);
    default:
        return;
    }
}

typedef struct rows {
    const double *p, *x, *c;
    size_t n; /* of a row */
} rows;

static void run_chunk(const cali_formula_program *program, const rows *in, size_t first, size_t m, double *out)
{
    double scratch[CALI_FORMULA_MAX_SLOTS * CALI_FORMULA_LANES];
    const double *at[CALI_FORMULA_MAX_OPS];
    for (int i = 0; i < program->n; i++) {
        const cali_formula_op *op = &program->ops[i];
        switch (op->code) {
        case CALI_FORMULA_NUMBER:
            at[i] = program->numbers + op->slot * CALI_FORMULA_LANES;
            continue;
        case CALI_FORMULA_ROW_PARAM:
            at[i] = in->p + (size_t)op->a * in->n + first;
            continue;
        case CALI_FORMULA_ROW_STATE:
            at[i] = in->x + (size_t)op->a * in->n + first;
            continue;
        case CALI_FORMULA_ROW_INPUT:
            at[i] = in->c + (size_t)op->a * in->n + first;
            continue;
        default:
            break;
        }
        double *value = scratch + op->slot * CALI_FORMULA_LANES;
        at[i] = value;
        const double *b = op->b >= 0 ? at[op->b] : at[op->a];
        const double *c = op->code == CALI_FORMULA_CHOOSE ? at[op->c] : at[op->a];
        if (m == CALI_FORMULA_LANES)
            apply(op, CALI_FORMULA_LANES, at[op->a], b, c, value);
        else
            apply(op, m, at[op->a], b, c, value);
    }
    for (size_t k = 0; k < program->n_results; k++)
        memcpy(out + k * in->n + first, at[program->results[k]], m * sizeof *out);
}

void CALI_ISA_NAME(cali_formula_run)(const cali_formula_program *program, size_t n, const double *p, const double *x,
                                 const double *c, double *out);
void CALI_ISA_NAME(cali_formula_run)(const cali_formula_program *program, size_t n, const double *p, const double *x,
                                 const double *c, double *out)
{
    const rows in = {p, x, c, n};
    for (size_t first = 0; first < n; first += CALI_FORMULA_LANES)
        run_chunk(program, &in, first, n - first < CALI_FORMULA_LANES ? n - first : CALI_FORMULA_LANES, out);
}
