/* Bounds of what a list of operations can give: each operation over ranges in the place of numbers (interval arithmetic).
 * The bounds hold whatever the inputs within theirs; where a quantity occurs several times they may be wider than needed. */
#include <math.h>

#include "base/formula/formula.h"

static const cali_range anything = {-INFINITY, INFINITY};

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* Outwards by more than the roundings of one operation and its function. */
static cali_range widen(double low, double high)
{
    if (isnan(low) || isnan(high))
        return anything;
    return (cali_range){isinf(low) ? low : low - 1e-14 * fabs(low), isinf(high) ? high : high + 1e-14 * fabs(high)};
}

/* Between the smallest and the largest value at the four corners; 0 times anything is 0. */
static cali_range from_corners(int code, cali_range a, cali_range b)
{
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < 4; i++) {
        const double x = i < 2 ? a.low : a.high, y = i % 2 == 0 ? b.low : b.high;
        const double value = code == CALI_FORMULA_MULTIPLY && (x == 0.0 || y == 0.0) ? 0.0 : cali_formula_apply(code, 0, x, y);
        if (isnan(value))
            return anything;
        low = smaller(low, value);
        high = larger(high, value);
    }
    return widen(low, high);
}

static cali_range multiply(cali_range a, cali_range b, bool is_square)
{
    cali_range out = from_corners(CALI_FORMULA_MULTIPLY, a, b);
    if (is_square)
        out.low = a.low <= 0.0 && a.high >= 0.0 ? 0.0 : smaller(a.low * a.low, a.high * a.high) * (1.0 - 1e-14);
    return out;
}

/* A divisor that can be 0 at its end leaves one side open. */
static cali_range divide(cali_range a, cali_range b)
{
    if (b.low > 0.0 || b.high < 0.0)
        return from_corners(CALI_FORMULA_DIVIDE, a, b);
    const bool is_positive = b.low == 0.0 && b.high > 0.0 && !signbit(b.low);
    if (is_positive && a.low > 0.0)
        return widen(a.low / b.high, INFINITY);
    if (is_positive && a.high < 0.0)
        return widen(-INFINITY, a.high / b.high);
    return anything;
}

static cali_range call(int function, cali_range a, cali_range b)
{
    double low = cali_formula_apply(CALI_FORMULA_CALL, function, a.low, b.low);
    double high = cali_formula_apply(CALI_FORMULA_CALL, function, a.high, b.high);
    switch (cali_formula_functions[function].course) {
    case CALI_FORMULA_RISES:
        return widen(low, high);
    case CALI_FORMULA_FALLS:
        return widen(high, low);
    case CALI_FORMULA_EVEN:
        return widen(a.low <= 0.0 && a.high >= 0.0 ? 0.0 : smaller(low, high), larger(low, high));
    case CALI_FORMULA_WAVES: { /* as far from the middle as a slope of 1 can lead */
        const double half = 0.5 * (a.high - a.low), middle = cali_formula_apply(CALI_FORMULA_CALL, function, a.low + half, 0.0);
        return half < 2.0 ? widen(larger(middle - half, -1.0), smaller(middle + half, 1.0)) : widen(-1.0, 1.0);
    }
    default:
        return a.low == a.high ? widen(low, high) : anything;
    }
}

/* 1: true, 0: false; both where the ranges do not tell. */
static cali_range truth(bool can_be, bool must_be)
{
    return (cali_range){must_be ? 1.0 : 0.0, can_be ? 1.0 : 0.0};
}

static cali_range apply(const cali_formula_op *op, cali_range a, cali_range b, cali_range c)
{
    switch (op->code) {
    case CALI_FORMULA_NEGATE:
        return (cali_range){-a.high, -a.low};
    case CALI_FORMULA_ADD:
        return widen(a.low + b.low, a.high + b.high);
    case CALI_FORMULA_SUBTRACT:
        return widen(a.low - b.high, a.high - b.low);
    case CALI_FORMULA_MULTIPLY:
        return multiply(a, b, op->a == op->b);
    case CALI_FORMULA_DIVIDE:
        return divide(a, b);
    case CALI_FORMULA_POWER:
        return a.low >= 0.0 ? from_corners(CALI_FORMULA_POWER, a, b) : anything;
    case CALI_FORMULA_CALL:
        return call(op->c, a, b);
    case CALI_FORMULA_CHOOSE:
        return a.low > 0.0 ? b : a.high == 0.0 ? c : (cali_range){smaller(b.low, c.low), larger(b.high, c.high)};
    case CALI_FORMULA_LESS:
        return truth(a.low < b.high, a.high < b.low);
    case CALI_FORMULA_LESS_EQUAL:
        return truth(a.low <= b.high, a.high <= b.low);
    case CALI_FORMULA_EQUAL:
        return truth(a.low <= b.high && b.low <= a.high, a.low == a.high && b.low == b.high && a.low == b.low);
    case CALI_FORMULA_UNEQUAL:
        return truth(!(a.low == a.high && b.low == b.high && a.low == b.low), a.high < b.low || b.high < a.low);
    case CALI_FORMULA_AND:
        return (cali_range){smaller(a.low, b.low), smaller(a.high, b.high)};
    case CALI_FORMULA_OR:
        return (cali_range){larger(a.low, b.low), larger(a.high, b.high)};
    case CALI_FORMULA_NOT:
        return (cali_range){1.0 - a.high, 1.0 - a.low};
    default: /* fused operations: of programs in single precision */
        return anything;
    }
}

cali_range cali_formula_range(const cali_formula_program *program, const cali_range *inputs)
{
    cali_range at[CALI_FORMULA_MAX_OPS];
    for (int i = 0; i < program->n; i++) {
        const cali_formula_op *op = &program->ops[i];
        if (op->code == CALI_FORMULA_NUMBER)
            at[i] = (cali_range){op->value, op->value};
        else if (op->code == CALI_FORMULA_ROW_INPUT)
            at[i] = inputs[op->a];
        else if (cali_formula_n_operands(op) == 0)
            at[i] = anything;
        else
            at[i] = apply(op, at[op->a], op->b >= 0 ? at[op->b] : at[op->a],
                          cali_formula_n_operands(op) == 3 ? at[op->c] : at[op->a]);
    }
    return at[program->results[0]];
}
