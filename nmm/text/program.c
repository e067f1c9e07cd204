/* From the trees to one list of operations: each value once (equal parts are shared), numbers folded, whole powers as
 * products. Then each value gets a slot of the interpreter's scratch, free again after its last use. */
#include <math.h>
#include <string.h>

#include "nmm/text/functions.h"
#include "nmm/text/own.h"

typedef struct builder {
    cali_own_reader *r;
    cali_own_program *program;
    int *lets; /* operation behind each let, -1: not yet */
} builder;

enum { FAILED = -1 };

static double call(int function, double a, double b)
{
    int i = 0;
    (void)b;
#define CALL_1(name) cali_own_##name(a)
#define CALL_2(name) cali_own_##name(a, b)
#define CALI_OWN_FUNCTION(name, n, rule, meaning)                                                                       \
    if (function == i++)                                                                                                \
        return CALL_##n(name);
#include "nmm/text/functions.def"
#undef CALI_OWN_FUNCTION
#undef CALL_1
#undef CALL_2
    return 0.0;
}

/* One operation on numbers; the same as interpret.c does to rows. */
static double apply(int code, int function, double a, double b)
{
    switch (code) {
    case CALI_OWN_NEGATE:
        return -a;
    case CALI_OWN_ADD:
        return a + b;
    case CALI_OWN_SUBTRACT:
        return a - b;
    case CALI_OWN_MULTIPLY:
        return a * b;
    case CALI_OWN_DIVIDE:
        return a / b;
    case CALI_OWN_POWER:
        return cali_own_power(a, b);
    case CALI_OWN_CALL:
        return call(function, a, b);
    default: /* choices and comparisons of numbers are not folded */
        return __builtin_nan("");
    }
}

/* ---- operations -------------------------------------------------------------------------------------- */

int cali_own_push(cali_own_reader *r, cali_own_program *p, cali_own_op op)
{
    for (int i = 0; i < p->n; i++) {
        const cali_own_op *o = &p->ops[i];
        if (o->code == op.code && o->a == op.a && o->b == op.b && o->c == op.c &&
            memcmp(&o->value, &op.value, sizeof op.value) == 0)
            return i;
    }
    if (p->n == CALI_OWN_MAX_OPS) {
        cali_own_refuse(r, 0, 0, "C106", "this model takes more than %d operations", CALI_OWN_MAX_OPS);
        return FAILED;
    }
    if (p->n == p->capacity) {
        const int capacity = p->capacity == 0 ? 64 : 2 * p->capacity;
        cali_own_op *ops = cali_own_take(r, (size_t)capacity, sizeof *ops);
        if (ops == NULL)
            return FAILED;
        if (p->n > 0)
            memcpy(ops, p->ops, (size_t)p->n * sizeof *ops);
        p->ops = ops;
        p->capacity = capacity;
    }
    p->ops[p->n] = op;
    return p->n++;
}

static int push(builder *b, cali_own_op op)
{
    return cali_own_push(b->r, b->program, op);
}

static int push_number(builder *b, double value)
{
    return push(b, (cali_own_op){CALI_OWN_NUMBER, -1, -1, -1, -1, value});
}

static int push_op(builder *b, int code, int x, int y, int c)
{
    if (x == FAILED || (y == FAILED && code != CALI_OWN_NEGATE && code != CALI_OWN_CALL && code != CALI_OWN_NOT))
        return FAILED;
    const cali_own_op *ops = b->program->ops;
    const bool is_fixed = ops[x].code == CALI_OWN_NUMBER && (y < 0 || ops[y].code == CALI_OWN_NUMBER);
    if (is_fixed) {
        const double value = apply(code, c, ops[x].value, y < 0 ? 0.0 : ops[y].value);
        if (isfinite(value))
            return push_number(b, value);
    }
    return push(b, (cali_own_op){code, x, y, c, -1, 0.0});
}

/* x^n by squaring: x^2 = x x, x^3 = (x x) x, x^4 = (x x) (x x). */
static int push_whole_power(builder *b, int x, int n)
{
    if (n == 1)
        return x;
    const int half = push_whole_power(b, x, n / 2);
    const int square = push_op(b, CALI_OWN_MULTIPLY, half, half, -1);
    return n % 2 == 0 ? square : push_op(b, CALI_OWN_MULTIPLY, square, x, -1);
}

static int function_called(const char *name)
{
    for (size_t i = 0; i < cali_own_n_functions; i++)
        if (strcmp(cali_own_functions[i].name, name) == 0)
            return (int)i;
    return -1;
}

static int push_power(builder *b, int x, int y)
{
    if (x == FAILED || y == FAILED)
        return FAILED;
    const cali_own_op *exponent = &b->program->ops[y];
    const double value = exponent->value, size = fabs(value);
    if (exponent->code != CALI_OWN_NUMBER || size > CALI_OWN_MAX_POWER || rint(2.0 * value) != 2.0 * value)
        return push_op(b, CALI_OWN_POWER, x, y, -1);
    if (value == 0.0)
        return push_number(b, 1.0);
    const int whole = (int)size;
    const bool has_root = size != (double)whole;
    int out = whole > 0 ? push_whole_power(b, x, whole) : FAILED;
    if (has_root) {
        const int root = push_op(b, CALI_OWN_CALL, x, -1, function_called("sqrt"));
        out = whole > 0 ? push_op(b, CALI_OWN_MULTIPLY, out, root, -1) : root;
    }
    return value > 0.0 ? out : push_op(b, CALI_OWN_DIVIDE, push_number(b, 1.0), out, -1);
}

static int push_node(builder *b, const cali_own_node *node);

static int push_name(builder *b, const cali_own_node *node)
{
    const cali_own_symbol *s = &b->r->own->symbols[node->symbol];
    if (s->kind == CALI_OWN_LET) {
        if (b->lets[s->index] == FAILED)
            b->lets[s->index] = push_node(b, b->r->own->lets[s->index].root);
        return b->lets[s->index];
    }
    const int code = s->kind == CALI_OWN_STATE   ? CALI_OWN_ROW_STATE
                     : s->kind == CALI_OWN_PARAM ? CALI_OWN_ROW_PARAM
                                                 : CALI_OWN_ROW_INPUT;
    return push(b, (cali_own_op){code, s->index, -1, -1, -1, 0.0});
}

static int push_node(builder *b, const cali_own_node *node)
{
    if (node->kind == CALI_OWN_NUMBER)
        return push_number(b, node->value);
    if (node->kind == CALI_OWN_NAME)
        return push_name(b, node);
    const int x = push_node(b, node->args[0]);
    const int y = node->args[1] != NULL ? push_node(b, node->args[1]) : FAILED;
    if (node->kind == CALI_OWN_POWER)
        return push_power(b, x, y);
    if (node->kind == CALI_OWN_CHOOSE) {
        const int z = push_node(b, node->args[2]);
        return x < 0 || y < 0 || z < 0 ? FAILED : push(b, (cali_own_op){CALI_OWN_CHOOSE, x, y, z, -1, 0.0});
    }
    return push_op(b, (int)node->kind, x, y, node->kind == CALI_OWN_CALL ? node->function : -1);
}

/* ---- slots ------------------------------------------------------------------------------------------------ */

int cali_own_n_operands(const cali_own_op *op)
{
    if (op->code == CALI_OWN_NUMBER || op->code >= CALI_OWN_ROW_PARAM)
        return 0;
    if (op->code == CALI_OWN_CHOOSE)
        return 3;
    return op->b < 0 ? 1 : 2;
}

static bool assign_slots(cali_own_reader *r, cali_own_program *p)
{
    int *last = cali_own_take(r, (size_t)p->n + 1, sizeof *last);
    int free_slots[CALI_OWN_MAX_SLOTS], n_free = 0;
    if (last == NULL)
        return false;
    for (int i = 0; i < p->n; i++) {
        const int operands[] = {p->ops[i].a, p->ops[i].b, p->ops[i].c};
        for (int k = 0; k < cali_own_n_operands(&p->ops[i]); k++)
            last[operands[k]] = i;
    }
    for (size_t k = 0; k < p->n_results; k++)
        last[p->results[k]] = p->n;
    for (int i = 0; i < p->n; i++) {
        cali_own_op *op = &p->ops[i];
        const int n = cali_own_n_operands(op), operands[] = {op->a, op->b, op->c};
        if (n == 0)
            continue;
        /* its own slot first: a value never lands where its operands stand */
        if (n_free == 0 && p->n_slots == CALI_OWN_MAX_SLOTS)
            return cali_own_refuse(r, 0, 0, "C106", "this model keeps more than %d values at once\ntry shorter expressions",
                                   CALI_OWN_MAX_SLOTS);
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
static bool fill_numbers(cali_own_reader *r, cali_own_program *p)
{
    int n = 0;
    for (int i = 0; i < p->n; i++)
        if (p->ops[i].code == CALI_OWN_NUMBER)
            p->ops[i].slot = n++;
    p->numbers = cali_own_take(r, (size_t)n * CALI_OWN_LANES, sizeof *p->numbers);
    for (int i = 0; i < p->n && p->numbers != NULL; i++)
        for (int k = 0; p->ops[i].code == CALI_OWN_NUMBER && k < CALI_OWN_LANES; k++)
            p->numbers[p->ops[i].slot * CALI_OWN_LANES + k] = p->ops[i].value;
    return p->numbers != NULL;
}

static bool make(cali_own_reader *r, const cali_own_expression *expressions, size_t n, cali_own_program *p)
{
    builder b = {r, p, cali_own_take(r, r->own->n_lets + 1, sizeof *b.lets)};
    p->results = cali_own_take(r, n + 1, sizeof *p->results);
    if (b.lets == NULL || p->results == NULL)
        return false;
    for (size_t i = 0; i < r->own->n_lets; i++)
        b.lets[i] = FAILED;
    for (size_t i = 0; i < n; i++) {
        p->results[i] = push_node(&b, expressions[i].root);
        if (p->results[i] == FAILED)
            return false;
    }
    p->n_results = n;
    return true;
}

bool cali_own_make_programs(cali_own_reader *r)
{
    cali_own *own = r->own;
    cali_own_program *const programs[] = {&own->rhs, &own->observe, &own->derive};
    if (!make(r, own->equations, own->model.n_states, &own->rhs) ||
        !make(r, own->outputs, own->model.n_outputs, &own->observe) || !cali_own_hoist(r, &own->rhs, &own->derive) ||
        !cali_own_hoist(r, &own->observe, &own->derive))
        return false;
    own->model.n_derived = own->derive.n_results;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (!assign_slots(r, programs[i]) || !fill_numbers(r, programs[i]))
            return false;
    return true;
}
