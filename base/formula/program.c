/* From the trees to one list of operations: each value once (equal parts are shared), numbers folded, whole powers as
 * products. Then each value gets a slot of the interpreter's scratch, free again after its last use. */
#include <math.h>
#include <string.h>

#include "base/formula/functions.h"
#include "base/formula/formula.h"

enum { FAILED = -1 };

static double call(int function, double a, double b)
{
    int i = 0;
    (void)b;
#define CALL_1(name) cali_formula_##name(a)
#define CALL_2(name) cali_formula_##name(a, b)
#define CALI_FORMULA_FUNCTION(name, n, rule, course, meaning)                                                                       \
    if (function == i++)                                                                                                \
        return CALL_##n(name);
#include "base/formula/functions.def"
#undef CALI_FORMULA_FUNCTION
#undef CALL_1
#undef CALL_2
    return 0.0;
}

/* The same as interpret.c does to rows. */
double cali_formula_apply(int code, int function, double a, double b)
{
    switch (code) {
    case CALI_FORMULA_NEGATE:
        return -a;
    case CALI_FORMULA_ADD:
        return a + b;
    case CALI_FORMULA_SUBTRACT:
        return a - b;
    case CALI_FORMULA_MULTIPLY:
        return a * b;
    case CALI_FORMULA_DIVIDE:
        return a / b;
    case CALI_FORMULA_POWER:
        return cali_formula_power(a, b);
    case CALI_FORMULA_CALL:
        return call(function, a, b);
    default: /* choices and comparisons of numbers are not folded */
        return __builtin_nan("");
    }
}

/* ---- operations -------------------------------------------------------------------------------------- */

int cali_formula_push(cali_formula_reader *r, cali_formula_program *p, cali_formula_op op)
{
    for (int i = 0; i < p->n; i++) {
        const cali_formula_op *o = &p->ops[i];
        if (o->code == op.code && o->a == op.a && o->b == op.b && o->c == op.c &&
            memcmp(&o->value, &op.value, sizeof op.value) == 0)
            return i;
    }
    if (p->n == CALI_FORMULA_MAX_OPS) {
        cali_formula_refuse(r, 0, 0, "C106", "this %s takes more than %d operations", r->what,
                            CALI_FORMULA_MAX_OPS);
        return FAILED;
    }
    if (p->n == p->capacity) {
        const int capacity = p->capacity == 0 ? 64 : 2 * p->capacity;
        cali_formula_op *ops = cali_formula_take(r, (size_t)capacity, sizeof *ops);
        if (ops == NULL)
            return FAILED;
        if (p->n > 0)
            memcpy(ops, p->ops, (size_t)p->n * sizeof *ops);
        p->ops = ops;
        p->capacity = capacity;
    }
    const int operands[] = {op.a, op.b, op.c};
    op.is_fixed = op.code != CALI_FORMULA_ROW_STATE && op.code != CALI_FORMULA_ROW_INPUT;
    for (int k = 0; k < cali_formula_n_operands(&op); k++)
        op.is_fixed = op.is_fixed && p->ops[operands[k]].is_fixed;
    p->ops[p->n] = op;
    return p->n++;
}

static int push(cali_formula_builder *b, cali_formula_op op)
{
    return cali_formula_push(b->r, b->program, op);
}

int cali_formula_push_number(cali_formula_builder *b, double value)
{
    return push(b, (cali_formula_op){CALI_FORMULA_NUMBER, -1, -1, -1, -1, value, false, false});
}

static bool is_number(const cali_formula_op *op, double value)
{
    return op->code == CALI_FORMULA_NUMBER && op->value == value;
}

/* The operand that an operation comes down to, or FAILED. */
static int simplify(const cali_formula_op *ops, int code, int x, int y)
{
    const bool is_product = code == CALI_FORMULA_MULTIPLY, is_quotient = code == CALI_FORMULA_DIVIDE;
    if (((is_product || is_quotient) && is_number(&ops[x], 0.0)) || (is_product && is_number(&ops[y], 1.0)) ||
        ((code == CALI_FORMULA_ADD || code == CALI_FORMULA_SUBTRACT) && is_number(&ops[y], 0.0)))
        return x;
    if ((is_product && (is_number(&ops[y], 0.0) || is_number(&ops[x], 1.0))) ||
        (code == CALI_FORMULA_ADD && is_number(&ops[x], 0.0)))
        return y;
    return FAILED;
}

int cali_formula_push_op(cali_formula_builder *b, int code, int x, int y, int c)
{
    if (x == FAILED || (y == FAILED && code != CALI_FORMULA_NEGATE && code != CALI_FORMULA_CALL && code != CALI_FORMULA_NOT))
        return FAILED;
    const cali_formula_op *ops = b->program->ops;
    const int simple = b->simplifies ? simplify(ops, code, x, y) : FAILED;
    if (simple != FAILED)
        return simple;
    if (b->simplifies && code == CALI_FORMULA_DIVIDE && ops[y].is_fixed && !ops[x].is_fixed)
        return cali_formula_push_op(b, CALI_FORMULA_MULTIPLY, x,
                                    cali_formula_push_op(b, CALI_FORMULA_DIVIDE, cali_formula_push_number(b, 1.0), y, -1), -1);
    if (b->simplifies && code == CALI_FORMULA_MULTIPLY && !ops[x].is_fixed != !ops[y].is_fixed) {
        const int factor = ops[x].is_fixed ? x : y, product = factor == x ? y : x;
        const cali_formula_op *inner = &ops[product];
        const int first = inner->a, second = inner->b;
        if (inner->code == CALI_FORMULA_MULTIPLY && ops[first].is_fixed != ops[second].is_fixed) {
            const int fixed = ops[first].is_fixed ? first : second, rest = fixed == first ? second : first;
            return cali_formula_push_op(b, code, cali_formula_push_op(b, code, factor, fixed, -1), rest, -1);
        }
    }
    const bool is_fixed = ops[x].code == CALI_FORMULA_NUMBER && (y < 0 || ops[y].code == CALI_FORMULA_NUMBER);
    if (is_fixed) {
        const double value = cali_formula_apply(code, c, ops[x].value, y < 0 ? 0.0 : ops[y].value);
        if (isfinite(value))
            return cali_formula_push_number(b, value);
    }
    return push(b, (cali_formula_op){code, x, y, c, -1, 0.0, false, false});
}

/* x^n by squaring: x^2 = x x, x^3 = (x x) x, x^4 = (x x) (x x). */
static int push_whole_power(cali_formula_builder *b, int x, int n)
{
    if (n == 1)
        return x;
    const int half = push_whole_power(b, x, n / 2);
    const int square = cali_formula_push_op(b, CALI_FORMULA_MULTIPLY, half, half, -1);
    return n % 2 == 0 ? square : cali_formula_push_op(b, CALI_FORMULA_MULTIPLY, square, x, -1);
}

static int function_called(const char *name)
{
    for (size_t i = 0; i < cali_formula_n_functions; i++)
        if (strcmp(cali_formula_functions[i].name, name) == 0)
            return (int)i;
    return -1;
}

static int push_power(cali_formula_builder *b, int x, int y)
{
    if (x == FAILED || y == FAILED)
        return FAILED;
    const cali_formula_op *exponent = &b->program->ops[y];
    const double value = exponent->value, size = fabs(value);
    if (exponent->code != CALI_FORMULA_NUMBER || size > CALI_FORMULA_MAX_POWER || rint(2.0 * value) != 2.0 * value)
        return cali_formula_push_op(b, CALI_FORMULA_POWER, x, y, -1);
    if (value == 0.0)
        return cali_formula_push_number(b, 1.0);
    const int whole = (int)size;
    const bool has_root = size != (double)whole;
    int out = whole > 0 ? push_whole_power(b, x, whole) : FAILED;
    if (has_root) {
        const int root = cali_formula_push_call(b, "sqrt", x);
        out = whole > 0 ? cali_formula_push_op(b, CALI_FORMULA_MULTIPLY, out, root, -1) : root;
    }
    return value > 0.0 ? out : cali_formula_push_op(b, CALI_FORMULA_DIVIDE, cali_formula_push_number(b, 1.0), out, -1);
}

static int push_name(cali_formula_builder *b, const cali_formula_node *node)
{
    const cali_formula_file *file = b->r->file;
    const cali_formula_symbol *s = &file->symbols[node->symbol];
    if (b->bound != NULL && b->bound[node->symbol] >= 0)
        return b->bound[node->symbol];
    if (s->kind == CALI_FORMULA_LET) {
        if (b->lets[s->index] == FAILED)
            b->lets[s->index] = cali_formula_push_node(b, file->lets[s->index].root);
        return b->lets[s->index];
    }
    const int code = s->kind == CALI_FORMULA_STATE   ? CALI_FORMULA_ROW_STATE
                     : s->kind == CALI_FORMULA_PARAM ? CALI_FORMULA_ROW_PARAM
                                                 : CALI_FORMULA_ROW_INPUT;
    return push(b, (cali_formula_op){code, s->index, -1, -1, -1, 0.0, false, false});
}

int cali_formula_push_call(cali_formula_builder *b, const char *function, int x)
{
    return cali_formula_push_op(b, CALI_FORMULA_CALL, x, -1, function_called(function));
}

int cali_formula_push_choice(cali_formula_builder *b, int truth, int x, int y)
{
    const bool is_whole = truth != FAILED && x != FAILED && y != FAILED;
    return is_whole ? push(b, (cali_formula_op){CALI_FORMULA_CHOOSE, truth, x, y, -1, 0.0, false, false}) : FAILED;
}

int cali_formula_push_node(cali_formula_builder *b, const cali_formula_node *node)
{
    if (node->kind == CALI_FORMULA_NUMBER)
        return cali_formula_push_number(b, node->value);
    if (node->kind == CALI_FORMULA_NAME)
        return push_name(b, node);
    const int x = cali_formula_push_node(b, node->args[0]);
    const int y = node->args[1] != NULL ? cali_formula_push_node(b, node->args[1]) : FAILED;
    if (node->kind == CALI_FORMULA_POWER)
        return push_power(b, x, y);
    if (node->kind == CALI_FORMULA_CHOOSE) {
        const int z = cali_formula_push_node(b, node->args[2]);
        return y == FAILED || z == FAILED ? FAILED : cali_formula_push_choice(b, x, y, z);
    }
    return cali_formula_push_op(b, (int)node->kind, x, y, node->kind == CALI_FORMULA_CALL ? node->function : -1);
}

/* ---- one rounding for a product and a sum ------------------------------------------------------------------- */

/* The product behind an operand that nothing else uses, or NULL. */
static const cali_formula_op *lone_product(const cali_formula_program *p, const int *n_uses, int at)
{
    const cali_formula_op *op = &p->ops[at];
    return op->code == CALI_FORMULA_MULTIPLY && n_uses[at] == 1 && !op->is_rounded ? op : NULL;
}

bool cali_formula_contract(cali_formula_reader *r, cali_formula_program *p)
{
    int *n_uses = cali_formula_take(r, (size_t)p->n + 1, sizeof *n_uses);
    if (n_uses == NULL)
        return false;
    for (int i = 0; i < p->n; i++) {
        const int operands[] = {p->ops[i].a, p->ops[i].b, p->ops[i].c};
        for (int k = 0; k < cali_formula_n_operands(&p->ops[i]); k++)
            n_uses[operands[k]]++;
    }
    for (size_t k = 0; k < p->n_results; k++)
        n_uses[p->results[k]]++;
    for (int i = 0; i < p->n; i++) {
        cali_formula_op *op = &p->ops[i];
        if (op->code != CALI_FORMULA_ADD && op->code != CALI_FORMULA_SUBTRACT)
            continue;
        const bool is_sum = op->code == CALI_FORMULA_ADD;
        const cali_formula_op *first = lone_product(p, n_uses, op->a), *second = lone_product(p, n_uses, op->b);
        if (first != NULL)
            *op = (cali_formula_op){is_sum ? CALI_FORMULA_FMA : CALI_FORMULA_FMS, first->a, first->b, op->b, -1, 0.0,
                                    op->is_fixed, false};
        else if (second != NULL)
            *op = (cali_formula_op){is_sum ? CALI_FORMULA_FMA : CALI_FORMULA_FNMA, second->a, second->b, op->a, -1, 0.0,
                                    op->is_fixed, false};
    }
    return cali_formula_compact(r, p);
}

/* ---- slots ------------------------------------------------------------------------------------------------ */

int cali_formula_n_operands(const cali_formula_op *op)
{
    if (op->code == CALI_FORMULA_NUMBER || op->code >= CALI_FORMULA_ROW_PARAM)
        return 0;
    if (op->code == CALI_FORMULA_CHOOSE || op->code >= CALI_FORMULA_FMA)
        return 3;
    return op->b < 0 ? 1 : 2;
}

static bool assign_slots(cali_formula_reader *r, cali_formula_program *p)
{
    int *last = cali_formula_take(r, (size_t)p->n + 1, sizeof *last);
    int free_slots[CALI_FORMULA_MAX_SLOTS], n_free = 0;
    if (last == NULL)
        return false;
    for (int i = 0; i < p->n; i++) {
        const int operands[] = {p->ops[i].a, p->ops[i].b, p->ops[i].c};
        for (int k = 0; k < cali_formula_n_operands(&p->ops[i]); k++)
            last[operands[k]] = i;
    }
    for (size_t k = 0; k < p->n_results; k++)
        last[p->results[k]] = p->n;
    for (int i = 0; i < p->n; i++) {
        cali_formula_op *op = &p->ops[i];
        const int n = cali_formula_n_operands(op), operands[] = {op->a, op->b, op->c};
        if (n == 0)
            continue;
        /* its own slot first: a value never lands where its operands stand */
        if (n_free == 0 && p->n_slots == CALI_FORMULA_MAX_SLOTS)
            return cali_formula_refuse(r, 0, 0, "C106", "this %s keeps more than %d values at once\ntry shorter expressions",
                                   r->what, CALI_FORMULA_MAX_SLOTS);
        op->slot = n_free > 0 ? free_slots[--n_free] : (int)p->n_slots++;
        for (int k = 0; k < n; k++) {
            const int slot = p->ops[operands[k]].slot;
            bool is_seen = false;
            for (int j = 0; j < k; j++)
                is_seen = is_seen || operands[j] == operands[k];
            if (!is_seen && slot >= 0 && last[operands[k]] == i)
                free_slots[n_free++] = slot;
        }
    }
    return true;
}

/* Numbers stand in every lane, so that an operation never asks what its operands are. */
static bool fill_numbers(cali_formula_reader *r, cali_formula_program *p)
{
    int n = 0;
    for (int i = 0; i < p->n; i++)
        if (p->ops[i].code == CALI_FORMULA_NUMBER)
            p->ops[i].slot = n++;
    p->numbers = cali_formula_take(r, (size_t)n * CALI_FORMULA_LANES, sizeof *p->numbers);
    p->numbers_f32 = cali_formula_take(r, (size_t)n * CALI_FORMULA_LANES, sizeof *p->numbers_f32);
    if (p->numbers == NULL || p->numbers_f32 == NULL)
        return false;
    for (int i = 0; i < p->n; i++)
        for (int k = 0; p->ops[i].code == CALI_FORMULA_NUMBER && k < CALI_FORMULA_LANES; k++) {
            p->numbers[p->ops[i].slot * CALI_FORMULA_LANES + k] = p->ops[i].value;
            p->numbers_f32[p->ops[i].slot * CALI_FORMULA_LANES + k] = (float)p->ops[i].value;
        }
    return true;
}

bool cali_formula_begin(cali_formula_reader *r, cali_formula_program *p, size_t n_results, cali_formula_builder *b)
{
    const size_t n_lets = r->file->n_lets;
    *b = (cali_formula_builder){r, p, cali_formula_take(r, n_lets + 1, sizeof *b->lets), NULL, false};
    p->results = cali_formula_take(r, n_results + 1, sizeof *p->results);
    for (size_t i = 0; i < n_lets && b->lets != NULL; i++)
        b->lets[i] = FAILED;
    p->n_results = n_results;
    return b->lets != NULL && p->results != NULL;
}

bool cali_formula_make(cali_formula_reader *r, const cali_formula_expression *expressions, size_t n, cali_formula_program *p)
{
    cali_formula_builder b;
    if (!cali_formula_begin(r, p, n, &b))
        return false;
    for (size_t i = 0; i < n; i++) {
        p->results[i] = cali_formula_push_node(&b, expressions[i].root);
        if (p->results[i] == FAILED)
            return false;
    }
    return true;
}

bool cali_formula_finish(cali_formula_reader *r, cali_formula_program *p)
{
    return assign_slots(r, p) && fill_numbers(r, p);
}
