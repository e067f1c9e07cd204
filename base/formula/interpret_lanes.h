/* Operations over lanes, for one kind of numbers: included by interpret.c for double and for float. The macros REAL,
 * NAME(x), FUNCTION(name), FUSED(a, b, c), NUMBERS(program), ROW(list, row) and STORE(...) say for which. */

/* m is 32 in whole chunks: then the compiler knows the length of every loop. */
#define LANES(expression)                                                                                              \
    for (size_t i = 0; i < m; i++)                                                                                     \
        out[i] = (expression);                                                                                         \
    return
#define CALL_1(name) FUNCTION(name)(a[i])
#define CALL_2(name) FUNCTION(name)(a[i], b[i])

CAL_HD void NAME(call)(int function, size_t m, const REAL *restrict a, const REAL *restrict b, REAL *restrict out)
{
    int k = 0;
    (void)b;
#define CALI_FORMULA_FUNCTION(name, n, rule, course, meaning)                                                                      \
    if (function == k++) {                                                                                             \
        LANES(CALL_##n(name));                                                                                         \
    }
#include "base/formula/functions.def"
#undef CALI_FORMULA_FUNCTION
}

/* True is 1, false 0. */
CAL_HD void NAME(apply)(const cali_formula_op *op, size_t m, const REAL *restrict a, const REAL *restrict b,
                  const REAL *restrict c, REAL *restrict out)
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
        LANES(FUNCTION(power)(a[i], b[i]));
    case CALI_FORMULA_CALL:
        NAME(call)(op->c, m, a, b, out);
        return;
    case CALI_FORMULA_CHOOSE:
        LANES(a[i] != (REAL)0 ? b[i] : c[i]);
    case CALI_FORMULA_LESS:
        LANES(a[i] < b[i] ? (REAL)1 : (REAL)0);
    case CALI_FORMULA_LESS_EQUAL:
        LANES(a[i] <= b[i] ? (REAL)1 : (REAL)0);
    case CALI_FORMULA_EQUAL:
        LANES(a[i] == b[i] ? (REAL)1 : (REAL)0);
    case CALI_FORMULA_UNEQUAL:
        LANES(a[i] != b[i] ? (REAL)1 : (REAL)0);
    case CALI_FORMULA_AND:
        LANES(a[i] * b[i]);
    case CALI_FORMULA_OR:
        LANES(a[i] + b[i] > (REAL)0 ? (REAL)1 : (REAL)0);
    case CALI_FORMULA_NOT:
        LANES((REAL)1 - a[i]);
    case CALI_FORMULA_FMA:
        LANES(FUSED(a[i], b[i], c[i]));
    case CALI_FORMULA_FMS:
        LANES(FUSED(a[i], b[i], -c[i]));
    case CALI_FORMULA_FNMA:
        LANES(FUSED(-a[i], b[i], c[i]));
    default:
        return;
    }
}

static void NAME(run_chunk)(const cali_formula_program *program, const NAME(rows) *in, size_t first, size_t m)
{
    REAL scratch[CALI_FORMULA_MAX_SLOTS * CALI_FORMULA_LANES];
    const REAL *at[CALI_FORMULA_MAX_OPS];
    for (int i = 0; i < program->n; i++) {
        const cali_formula_op *op = &program->ops[i];
        switch (op->code) {
        case CALI_FORMULA_NUMBER:
            at[i] = NUMBERS(program) + op->slot * CALI_FORMULA_LANES;
            continue;
        case CALI_FORMULA_ROW_PARAM:
            at[i] = ROW(p, op->a) + first;
            continue;
        case CALI_FORMULA_ROW_STATE:
            at[i] = ROW(x, op->a) + first;
            continue;
        case CALI_FORMULA_ROW_INPUT:
            at[i] = ROW(c, op->a) + first;
            continue;
        default:
            break;
        }
        REAL *value = scratch + op->slot * CALI_FORMULA_LANES;
        at[i] = value;
        const REAL *b = op->b >= 0 ? at[op->b] : at[op->a];
        const REAL *c = op->c >= 0 && cali_formula_n_operands(op) == 3 ? at[op->c] : at[op->a];
        if (m == CALI_FORMULA_LANES)
            NAME(apply)(op, CALI_FORMULA_LANES, at[op->a], b, c, value);
        else
            NAME(apply)(op, m, at[op->a], b, c, value);
    }
    STORE(program, in, first, m, at);
}

#undef LANES
#undef CALL_1
#undef CALL_2
#undef REAL
#undef NAME
#undef FUNCTION
#undef FUSED
#undef NUMBERS
#undef ROW
#undef STORE
