/* Which equations are linear in what. The coefficient of a symbol is found over the tree, without differences: d(a b) is
 * a db where a does not depend on the symbol, and so on; what is linear only by luck counts as not linear. */
#include <math.h>
#include <string.h>

#include "base/numeric.h"
#include "snn/text/own.h"

enum { UNKNOWN = -4 };

typedef struct search {
    cali_formula_builder *b;
    int symbol;
    int *lets; /* coefficient of each let, UNKNOWN: not yet */
} search;

static int find(search *s, const cali_formula_node *node);

static int find_name(search *s, const cali_formula_node *node)
{
    const cali_formula_file *file = s->b->r->file;
    const cali_formula_symbol *symbol = &file->symbols[node->symbol];
    if (node->symbol == s->symbol)
        return cali_formula_push_number(s->b, 1.0);
    if (symbol->kind != CALI_FORMULA_LET)
        return CALI_OWN_ZERO;
    if (s->lets[symbol->index] == UNKNOWN)
        s->lets[symbol->index] = find(s, file->lets[symbol->index].root);
    return s->lets[symbol->index];
}

/* a + b or a - b of two coefficients. */
static int combine(search *s, int code, int x, int y)
{
    if (y == CALI_OWN_ZERO)
        return x;
    if (x == CALI_OWN_ZERO)
        return code == CALI_FORMULA_ADD ? y : cali_formula_push_op(s->b, CALI_FORMULA_NEGATE, y, -1, -1);
    return cali_formula_push_op(s->b, code, x, y, -1);
}

static int find_product(search *s, const cali_formula_node *node, int x, int y)
{
    if (x != CALI_OWN_ZERO && y != CALI_OWN_ZERO)
        return CALI_OWN_NONLINEAR;
    const int other = cali_formula_push_node(s->b, node->args[y == CALI_OWN_ZERO ? 1 : 0]);
    return cali_formula_push_op(s->b, CALI_FORMULA_MULTIPLY, y == CALI_OWN_ZERO ? x : y, other, -1);
}

static int find_choice(search *s, const cali_formula_node *node, int x, int y)
{
    if (x == CALI_OWN_ZERO && y == CALI_OWN_ZERO)
        return CALI_OWN_ZERO;
    const int zero = cali_formula_push_number(s->b, 0.0), truth = cali_formula_push_node(s->b, node->args[0]);
    return cali_formula_push_choice(s->b, truth, x == CALI_OWN_ZERO ? zero : x, y == CALI_OWN_ZERO ? zero : y);
}

static int find(search *s, const cali_formula_node *node)
{
    if (node->kind == CALI_FORMULA_NUMBER)
        return CALI_OWN_ZERO;
    if (node->kind == CALI_FORMULA_NAME)
        return find_name(s, node);
    int parts[3] = {CALI_OWN_ZERO, CALI_OWN_ZERO, CALI_OWN_ZERO};
    bool is_free = true; /* of the symbol */
    for (int i = 0; i < 3 && node->args[i] != NULL; i++) {
        parts[i] = find(s, node->args[i]);
        if (parts[i] == CALI_OWN_FAILED || parts[i] == CALI_OWN_NONLINEAR)
            return parts[i];
        is_free = is_free && parts[i] == CALI_OWN_ZERO;
    }
    if (is_free)
        return CALI_OWN_ZERO;
    switch (node->kind) {
    case CALI_FORMULA_NEGATE:
        return cali_formula_push_op(s->b, CALI_FORMULA_NEGATE, parts[0], -1, -1);
    case CALI_FORMULA_ADD:
    case CALI_FORMULA_SUBTRACT:
        return combine(s, (int)node->kind, parts[0], parts[1]);
    case CALI_FORMULA_MULTIPLY:
        return find_product(s, node, parts[0], parts[1]);
    case CALI_FORMULA_DIVIDE:
        return parts[1] != CALI_OWN_ZERO
                   ? CALI_OWN_NONLINEAR
                   : cali_formula_push_op(s->b, CALI_FORMULA_DIVIDE, parts[0], cali_formula_push_node(s->b, node->args[1]), -1);
    case CALI_FORMULA_CHOOSE:
        return parts[0] != CALI_OWN_ZERO ? CALI_OWN_NONLINEAR : find_choice(s, node, parts[1], parts[2]);
    default:
        return CALI_OWN_NONLINEAR;
    }
}

int cali_own_coefficient(cali_formula_builder *b, const cali_formula_node *node, int symbol)
{
    const size_t n = b->r->file->n_lets;
    search s = {b, symbol, cali_formula_take(b->r, n + 1, sizeof *s.lets)};
    if (s.lets == NULL)
        return CALI_OWN_FAILED;
    for (size_t i = 0; i < n; i++)
        s.lets[i] = UNKNOWN;
    return find(&s, node);
}

int cali_own_state_symbol(const cali_own_neuron *own, size_t state)
{
    return cali_formula_find_symbol(&own->file, own->neuron.face.states[state].name);
}

int cali_own_current_symbol(const cali_own_neuron *own)
{
    for (size_t i = 0; i < own->file.n_symbols; i++)
        if (own->file.symbols[i].kind == CALI_FORMULA_INPUT)
            return (int)i;
    return -1;
}

/* ---- linear systems ------------------------------------------------------------------------------------- */

/* The constant of an equation: its value where states and current are 0. */
static int constant_of(cali_formula_reader *r, cali_formula_builder *b, size_t equation)
{
    const cali_own_neuron *own = cali_own_neuron_of(r);
    const size_t n = own->file.n_symbols;
    int *bound = cali_formula_take(r, n + 1, sizeof *bound);
    const int zero = cali_formula_push_number(b, 0.0);
    if (bound == NULL || zero < 0)
        return CALI_OWN_FAILED;
    for (size_t i = 0; i < n; i++) {
        const cali_formula_symbol_kind kind = own->file.symbols[i].kind;
        bound[i] = kind == CALI_FORMULA_STATE || kind == CALI_FORMULA_INPUT ? zero : -1;
    }
    for (size_t i = 0; i < own->file.n_lets; i++)
        b->lets[i] = -1;
    b->bound = bound;
    const int out = cali_formula_push_node(b, own->equations[equation].root);
    b->bound = NULL;
    for (size_t i = 0; i < own->file.n_lets; i++)
        b->lets[i] = -1;
    return out;
}

/* What couples to a state directly couples to all that this state couples to. */
static void find_couples(cali_own_neuron *own, const cali_formula_program *p, const int *results)
{
    const size_t n = own->n_states;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n + 2; k++) {
            const cali_formula_op *op = &p->ops[results[i * (n + 2) + k]];
            own->couples[i][k] = k == i || op->code != CALI_FORMULA_NUMBER || op->value != 0.0;
        }
    for (size_t through = 0; through < n; through++)
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; own->couples[i][through] && k < n + 2; k++)
                own->couples[i][k] = own->couples[i][k] || own->couples[through][k];
}

bool cali_own_linear_system(cali_formula_reader *r, cali_formula_builder *b, int *results)
{
    cali_own_neuron *own = cali_own_neuron_of(r);
    for (size_t i = 0; i < own->n_states; i++) {
        const cali_formula_expression *e = &own->equations[i];
        for (size_t k = 0; k <= own->n_states; k++) {
            const bool is_state = k < own->n_states;
            const int symbol = is_state ? cali_own_state_symbol(own, k) : cali_own_current_symbol(own);
            const int at = cali_own_coefficient(b, e->root, symbol);
            if (at == CALI_OWN_FAILED)
                return false;
            if (at == CALI_OWN_NONLINEAR || (at >= 0 && !b->program->ops[at].is_fixed))
                return cali_formula_refuse_at(r, e->yaml, 0, "C107", "%s is not linear in %s with constant coefficients\n"
                                              "because scheme: exact solves linear equations only\ntry scheme: rk4",
                                              e->label, r->file->symbols[symbol].name);
            results[i * (own->n_states + 2) + k] = at == CALI_OWN_ZERO ? cali_formula_push_number(b, 0.0) : at;
        }
        results[i * (own->n_states + 2) + own->n_states + 1] = constant_of(r, b, i);
        if (results[i * (own->n_states + 2) + own->n_states + 1] < 0)
            return false;
    }
    find_couples(own, b->program, results);
    return true;
}

/* e^M - 1 for the square matrix of n + 2 rows whose last two are 0: scaled to a norm below 1/2, series, and (E + 1)^2 - 1 =
 * 2 E + E^2 as often. Without the 1 a small step keeps all its digits. */
void cali_own_propagators(size_t n, double h_ms, double *matrix)
{
    enum { MAX = CALI_OWN_LINEAR };
    const size_t m = n + 2;
    double x[MAX * MAX] = {0.0}, sum[MAX * MAX], term[MAX * MAX], next[MAX * MAX], norm = 0.0;
    for (size_t i = 0; i < n; i++) {
        double row = 0.0;
        for (size_t k = 0; k < m; k++) {
            x[i * m + k] = matrix[i * m + k] * h_ms;
            row += k < n ? fabs(x[i * m + k]) : 0.0;
        }
        norm = row > norm ? row : norm;
    }
    int n_halved = 0;
    for (; norm > 0.5 && n_halved < 60; n_halved++)
        norm *= 0.5;
    const double scale = ldexp(1.0, -n_halved);
    for (size_t i = 0; i < m * m; i++) {
        x[i] *= scale;
        sum[i] = 0.0;
        term[i] = i % (m + 1) == 0 ? 1.0 : 0.0;
    }
    for (int k = 1; k <= 18; k++) { /* 0.5^18 / 18! is far below a rounding */
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < m; j++) {
                double s = 0.0;
                for (size_t l = 0; l < m; l++)
                    s += term[i * m + l] * x[l * m + j];
                next[i * m + j] = s / k;
            }
        memcpy(term, next, m * m * sizeof *term);
        for (size_t i = 0; i < m * m; i++)
            sum[i] += term[i];
    }
    for (; n_halved > 0; n_halved--) {
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < m; j++) {
                double s = 0.0;
                for (size_t l = 0; l < m; l++)
                    s += sum[i * m + l] * sum[l * m + j];
                next[i * m + j] = 2.0 * sum[i * m + j] + s;
            }
        memcpy(sum, next, m * m * sizeof *sum);
    }
    memcpy(matrix, sum, n * m * sizeof *matrix);
}
