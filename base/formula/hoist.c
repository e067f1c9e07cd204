/* What depends on parameters alone is computed once, not in every step: such operations move into a program of their own
 * (`derive`), and a row behind the parameters holds each of its results. The operations stay the same, so the bits do. */
#include <string.h>

#include "base/formula/formula.h"

static bool is_leaf(const cali_formula_op *op)
{
    return op->code == CALI_FORMULA_NUMBER || op->code >= CALI_FORMULA_ROW_PARAM;
}

typedef struct hoist {
    cali_formula_reader *r;
    cali_formula_program *from, *derive;
    bool *is_fixed; /* of the operations of `from`: depends on parameters and numbers only */
    bool *is_dear;  /* a quotient or a function is in it: worth a row; a product of parameters costs no more than one */
    int *moved;     /* operation of `derive` that has the value, -1: none yet */
    size_t n_params;
    bool is_all;
} hoist;

/* The same operation in the program `derive`, with all that it needs; -1: no memory. */
static int move(hoist *h, int at)
{
    if (h->moved[at] >= 0)
        return h->moved[at];
    cali_formula_op op = h->from->ops[at];
    int *const operands[] = {&op.a, &op.b, &op.c};
    for (int k = 0; k < cali_formula_n_operands(&h->from->ops[at]); k++)
        if ((*operands[k] = move(h, *operands[k])) < 0)
            return -1;
    return h->moved[at] = cali_formula_push(h->r, h->derive, op);
}

/* Puts the row of a moved operation into its place. */
static bool replace(hoist *h, int at)
{
    cali_formula_program *d = h->derive;
    const int moved = move(h, at);
    if (moved < 0)
        return false;
    size_t row = 0;
    while (row < d->n_results && d->results[row] != moved)
        row++;
    if (row == d->n_results) {
        if (!cali_arena_grow(&h->r->file->arena, &d->results, d->n_results, sizeof *d->results)) {
            h->r->is_out_of_memory = true;
            return false;
        }
        d->results[d->n_results++] = moved;
    }
    h->from->ops[at] = (cali_formula_op){CALI_FORMULA_ROW_PARAM, (int)(h->n_params + row), -1, -1, -1, 0.0, true, false};
    return true;
}

static void find_fixed(hoist *h)
{
    for (int i = 0; i < h->from->n; i++) {
        const cali_formula_op *op = &h->from->ops[i];
        const int operands[] = {op->a, op->b, op->c};
        h->is_fixed[i] = op->code != CALI_FORMULA_ROW_STATE && op->code != CALI_FORMULA_ROW_INPUT;
        for (int k = 0; k < cali_formula_n_operands(op); k++)
            h->is_fixed[i] = h->is_fixed[i] && h->is_fixed[operands[k]];
        h->is_dear[i] = op->code == CALI_FORMULA_DIVIDE || op->code == CALI_FORMULA_POWER || op->code == CALI_FORMULA_CALL;
        for (int k = 0; k < cali_formula_n_operands(op); k++)
            h->is_dear[i] = h->is_dear[i] || h->is_dear[operands[k]];
        h->moved[i] = -1;
    }
}

bool cali_formula_compact(cali_formula_reader *r, cali_formula_program *p)
{
    int *place = cali_formula_take(r, (size_t)p->n + 1, sizeof *place); /* 1: needed; then the new number + 1 */
    if (place == NULL)
        return false;
    for (size_t k = 0; k < p->n_results; k++)
        place[p->results[k]] = 1;
    for (int i = p->n - 1; i >= 0; i--) {
        const int operands[] = {p->ops[i].a, p->ops[i].b, p->ops[i].c};
        for (int k = 0; place[i] != 0 && k < cali_formula_n_operands(&p->ops[i]); k++)
            place[operands[k]] = 1;
    }
    int n = 0;
    for (int i = 0; i < p->n; i++) {
        if (place[i] == 0)
            continue;
        cali_formula_op op = p->ops[i];
        int *const operands[] = {&op.a, &op.b, &op.c};
        for (int k = 0; k < cali_formula_n_operands(&p->ops[i]); k++)
            *operands[k] = place[*operands[k]] - 1;
        p->ops[n++] = op;
        place[i] = n;
    }
    p->n = n;
    for (size_t k = 0; k < p->n_results; k++)
        p->results[k] = place[p->results[k]] - 1;
    return true;
}

/* A truth is no row: its choice moves, or nothing does. */
static bool can_move(const hoist *h, int at)
{
    const cali_formula_op *op = &h->from->ops[at];
    return h->is_fixed[at] && (h->is_dear[at] || h->is_all) && !is_leaf(op) && (op->code < CALI_FORMULA_LESS || op->code > CALI_FORMULA_NOT);
}

bool cali_formula_hoist(cali_formula_reader *r, cali_formula_program *from, cali_formula_program *derive, size_t n_params,
                        bool is_all)
{
    const size_t n = (size_t)from->n;
    hoist h = {.r = r, .from = from, .derive = derive, .n_params = n_params, .is_all = is_all};
    h.is_fixed = cali_formula_take(r, n, sizeof *h.is_fixed);
    h.is_dear = cali_formula_take(r, n, sizeof *h.is_dear);
    h.moved = cali_formula_take(r, n, sizeof *h.moved);
    bool *is_asked = cali_formula_take(r, n, sizeof *is_asked);
    if (h.is_fixed == NULL || h.is_dear == NULL || h.moved == NULL || is_asked == NULL)
        return false;
    find_fixed(&h);
    for (int i = 0; i < from->n; i++) {
        const int operands[] = {from->ops[i].a, from->ops[i].b, from->ops[i].c};
        for (int k = 0; !h.is_fixed[i] && k < cali_formula_n_operands(&from->ops[i]); k++)
            is_asked[operands[k]] = true;
    }
    for (size_t k = 0; k < from->n_results; k++)
        is_asked[from->results[k]] = true;
    /* from behind: what an operation is made of is still there when it moves */
    for (int i = from->n - 1; i >= 0; i--)
        if (is_asked[i] && can_move(&h, i) && !replace(&h, i))
            return false;
    return cali_formula_compact(r, from);
}
