/* Units over an expression: sums and comparisons of one dimension, plain numbers into exp and its like, and the whole
 * of the dimension that its place wants. Numbers are in the host's units already, so only dimensions are looked at. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/formula/formula.h"

/* Powers of ten of the host's coherent units in SI: mm, the mass that belongs to mV, ms and pA, ms, pA. */
enum { TENS_M = -3, TENS_KG = -18, TENS_S = -3, TENS_A = -12 };

cali_unit cali_formula_host_unit(const cali_unit *unit)
{
    const cali_dimension *d = &unit->dimension; /* in halves, as tens are */
    return (cali_unit){1.0, d->m * TENS_M + d->kg * TENS_KG + d->s * TENS_S + d->a * TENS_A, *d};
}

static void add_factor(char *text, size_t *n, const char *name, int halves)
{
    if (halves == 0)
        return;
    const bool is_below = halves < 0;
    const int size = is_below ? -halves : halves;
    const char *before = is_below ? (*n == 0 ? "1/" : "/") : *n == 0 ? "" : " ";
    *n += (size_t)snprintf(text + *n, CALI_UNIT_TEXT - *n, "%s%s", before, name);
    if (size != 2)
        *n += (size_t)snprintf(text + *n, CALI_UNIT_TEXT - *n, "^%d%s", size / 2, size % 2 != 0 ? ".5" : "");
}

void cali_formula_unit_text(const cali_unit *unit, char text[CALI_UNIT_TEXT])
{
    static const char *const usual[] = {"1", "nS", "nS/ms", "pF", "GOhm", "fC"};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        cali_unit u;
        if (cali_unit_parse(usual[i], &u) && cali_unit_is_same_dimension(&u, unit)) {
            snprintf(text, CALI_UNIT_TEXT, "%s", usual[i]);
            return;
        }
    }
    /* in V, A, s and m: kg = V A s^3 / m^2. Positive powers first, so that "/" acts on the rest. */
    const cali_dimension *d = &unit->dimension;
    const char *const names[] = {"mV", "pA", "ms", "mm", "rad", "B"};
    const int halves[] = {d->kg, d->a + d->kg, d->s + 3 * d->kg, d->m - 2 * d->kg, d->rad, d->byte};
    size_t n = 0;
    for (int i = 0; i < 6; i++)
        add_factor(text, &n, names[i], halves[i] > 0 ? halves[i] : 0);
    for (int i = 0; i < 6; i++)
        add_factor(text, &n, names[i], halves[i] < 0 ? halves[i] : 0);
}

/* ---- the check ------------------------------------------------------------------------------------------ */

typedef struct checker {
    cali_formula_reader *r;
    const cali_formula_expression *expression;
} checker;

/* "a voltage (mV)" */
enum { WORDS = 2 * CALI_UNIT_TEXT + 8 };
static void describe(const cali_unit *unit, char out[WORDS])
{
    char words[CALI_UNIT_TEXT], text[CALI_UNIT_TEXT];
    cali_unit_describe(unit, words);
    cali_formula_unit_text(unit, text);
    if (cali_unit_is_plain(unit))
        snprintf(out, WORDS, "%s", words);
    else if (strncmp(words, "a quantity in", 13) == 0)
        snprintf(out, WORDS, "a quantity in %s", text);
    else
        snprintf(out, WORDS, "%s (%s)", words, text);
}

static bool refuse(checker *k, const cali_formula_node *node, const char *code, const char *text)
{
    return cali_formula_refuse_at(k->r, k->expression->yaml, node->at, code, "%s: %s", k->expression->label, text);
}

static bool refuse_unit(checker *k, const cali_formula_node *at, const char *what, const cali_unit *unit, const char *try)
{
    char words[WORDS], text[512];
    describe(unit, words);
    snprintf(text, sizeof text, "%s, got %s%s", what, words, try);
    return refuse(k, at, "C103", text);
}

static bool is_truth(const cali_formula_node *node)
{
    return node->kind >= CALI_FORMULA_LESS && node->kind <= CALI_FORMULA_NOT;
}

/* A number is wanted where a condition stands, or the other way round. */
static bool check_kind(checker *k, const cali_formula_node *node, bool wants_truth)
{
    if (is_truth(node) == wants_truth)
        return true;
    return refuse(k, node, "C108", wants_truth ? "a condition is wanted here, got a number\ntry a comparison: x > 0"
                                               : "a number is wanted here, got a condition\ntry where(condition, 1, 0)");
}

/* The common unit of two sides; a 0 takes that of the other. */
static bool agree(checker *k, cali_formula_node *node, const char *what, const cali_formula_node *a, const cali_formula_node *b)
{
    if (a->is_zero || b->is_zero || cali_unit_is_same_dimension(&a->unit, &b->unit)) {
        node->unit = a->is_zero ? b->unit : a->unit;
        node->is_zero = a->is_zero && b->is_zero;
        return true;
    }
    char first[WORDS], second[WORDS], text[640];
    describe(&a->unit, first);
    describe(&b->unit, second);
    const cali_formula_node *bare = a->kind == CALI_FORMULA_NUMBER && cali_unit_is_plain(&a->unit)   ? a
                                : b->kind == CALI_FORMULA_NUMBER && cali_unit_is_plain(&b->unit) ? b
                                                                                             : NULL;
    char unit[CALI_UNIT_TEXT], try[160] = "";
    cali_formula_unit_text(bare == a ? &b->unit : &a->unit, unit);
    if (bare != NULL)
        snprintf(try, sizeof try, "\ntry %.6g %.90s", bare->value, unit);
    snprintf(text, sizeof text, "%s of %s and %s%s", what, first, second, try);
    return refuse(k, node, "C103", text);
}

static bool check_product(checker *k, cali_formula_node *node)
{
    const cali_formula_node *a = node->args[0], *b = node->args[1];
    const int halves = node->kind == CALI_FORMULA_DIVIDE ? -2 : 2;
    if (node->kind == CALI_FORMULA_DIVIDE && b->is_zero)
        return refuse(k, node, "C106", "a division by 0");
    node->unit = a->unit;
    node->is_zero = false;
    if (!cali_unit_multiply(&node->unit, &b->unit, halves))
        return refuse(k, node, "C103", "the powers of the units become too large");
    node->unit = cali_formula_host_unit(&node->unit);
    return true;
}

/* An exponent that stands in the file as a number: 2, -1, 0.5, (1/2). */
static bool is_constant(const cali_formula_node *node, double *value)
{
    double a = 0.0, b = 0.0;
    if (node->kind == CALI_FORMULA_NUMBER)
        *value = node->value;
    else if (node->kind == CALI_FORMULA_NEGATE && is_constant(node->args[0], &a))
        *value = -a;
    else if (node->kind == CALI_FORMULA_DIVIDE && is_constant(node->args[0], &a) && is_constant(node->args[1], &b) && b != 0.0)
        *value = a / b;
    else
        return false;
    return true;
}

static bool check_power(checker *k, cali_formula_node *node)
{
    const cali_formula_node *base = node->args[0];
    cali_formula_node *exponent = node->args[1];
    double value = 0.0;
    if (!cali_unit_is_plain(&exponent->unit))
        return refuse_unit(k, exponent, "an exponent is a plain number", &exponent->unit, "");
    const bool is_fixed = is_constant(exponent, &value);
    if (is_fixed) { /* folded: program.c makes products of it */
        exponent->kind = CALI_FORMULA_NUMBER;
        exponent->value = value;
    }
    node->unit = (cali_unit){1.0, 0, {0}};
    if (cali_unit_is_plain(&base->unit))
        return true;
    if (!is_fixed || fabs(value) > CALI_FORMULA_MAX_POWER || rint(2.0 * value) != 2.0 * value)
        return refuse_unit(k, node, "a power that is no whole or half number wants a plain number below it", &base->unit,
                           "\ntry the quotient with a quantity of the same unit");
    if (!cali_unit_multiply(&node->unit, &base->unit, (int)(2.0 * value)))
        return refuse(k, node, "C103", "the powers of the units become too large");
    node->unit = cali_formula_host_unit(&node->unit);
    return true;
}

static bool check_call(checker *k, cali_formula_node *node)
{
    const cali_formula_function *f = &cali_formula_functions[node->function];
    const cali_formula_node *a = node->args[0];
    char what[96], try[160];
    cali_dimension no_angle = a->unit.dimension;
    no_angle.rad = 0;
    const cali_unit rest = {1.0, 0, no_angle};
    const bool is_fit = cali_unit_is_plain(&a->unit) || (f->rule == CALI_FORMULA_ANGLE && a->unit.dimension.rad == 2 &&
                                                         cali_unit_is_plain(&rest));
    snprintf(what, sizeof what, "%s takes a plain number%s", f->name, f->rule == CALI_FORMULA_ANGLE ? " or radians" : "");
    node->unit = (cali_unit){1.0, 0, {0}};
    switch (f->rule) {
    case CALI_FORMULA_PLAIN:
    case CALI_FORMULA_ANGLE:
        snprintf(try, sizeof try, "\ntry the quotient with a quantity of the same unit: %s(x / x0)", f->name);
        return is_fit || refuse_unit(k, a, what, &a->unit, try);
    case CALI_FORMULA_ROOT:
        if (!cali_unit_multiply(&node->unit, &a->unit, 1))
            return refuse_unit(k, a, "sqrt takes what has a root", &a->unit, "");
        node->unit = cali_formula_host_unit(&node->unit);
        return true;
    case CALI_FORMULA_SAME:
        node->unit = a->unit;
        node->is_zero = a->is_zero;
        return f->n_args == 1 || agree(k, node, f->name, a, node->args[1]);
    case CALI_FORMULA_SIGN:
        return true;
    }
    return true;
}

/* A condition as a factor counts as 1 or 0. */
static cali_formula_node *count_truth(checker *k, cali_formula_node *truth)
{
    cali_formula_node *parts = cali_formula_take(k->r, 3, sizeof *parts);
    if (parts == NULL)
        return NULL;
    for (int i = 0; i < 2; i++)
        parts[i] = (cali_formula_node){.kind = CALI_FORMULA_NUMBER, .at = truth->at, .value = 1 - i, .unit = {1.0, 0, {0}}};
    parts[2] = (cali_formula_node){.kind = CALI_FORMULA_CHOOSE, .at = truth->at, .unit = {1.0, 0, {0}},
                                   .args = {truth, &parts[0], &parts[1]}};
    return &parts[2];
}

static bool check_node(checker *k, cali_formula_node *node);

static bool check_args(checker *k, cali_formula_node *node)
{
    bool is_right = true;
    for (int i = 0; i < 3; i++)
        if (node->args[i] != NULL && !check_node(k, node->args[i]))
            is_right = false;
    if (!is_right)
        return false;
    const bool joins_truths = node->kind == CALI_FORMULA_AND || node->kind == CALI_FORMULA_OR || node->kind == CALI_FORMULA_NOT;
    for (int i = 0; node->kind == CALI_FORMULA_MULTIPLY && i < 2; i++)
        if (is_truth(node->args[i]) && (node->args[i] = count_truth(k, node->args[i])) == NULL)
            return false;
    for (int i = 0; i < 3; i++)
        if (node->args[i] != NULL &&
            !check_kind(k, node->args[i], joins_truths || (node->kind == CALI_FORMULA_CHOOSE && i == 0)))
            return false;
    return true;
}

static bool check_node(checker *k, cali_formula_node *node)
{
    if (!check_args(k, node))
        return false;
    const cali_formula_node *const *args = (const cali_formula_node *const *)node->args;
    switch (node->kind) {
    case CALI_FORMULA_NUMBER:
        return true;
    case CALI_FORMULA_NAME:
        node->unit = k->r->file->symbols[node->symbol].unit;
        return true;
    case CALI_FORMULA_NEGATE:
        node->unit = args[0]->unit;
        node->is_zero = args[0]->is_zero;
        return true;
    case CALI_FORMULA_ADD:
        return agree(k, node, "a sum", args[0], args[1]);
    case CALI_FORMULA_SUBTRACT:
        return agree(k, node, "a difference", args[0], args[1]);
    case CALI_FORMULA_MULTIPLY:
    case CALI_FORMULA_DIVIDE:
        return check_product(k, node);
    case CALI_FORMULA_POWER:
        return check_power(k, node);
    case CALI_FORMULA_CALL:
        return check_call(k, node);
    case CALI_FORMULA_CHOOSE:
        return agree(k, node, "a choice", args[1], args[2]);
    case CALI_FORMULA_LESS:
    case CALI_FORMULA_LESS_EQUAL:
    case CALI_FORMULA_EQUAL:
    case CALI_FORMULA_UNEQUAL:
        return agree(k, node, "a comparison", args[0], args[1]);
    default:
        return true;
    }
}

bool cali_formula_check(cali_formula_reader *r, const cali_formula_expression *expression, const cali_unit *wanted)
{
    checker k = {r, expression};
    cali_formula_node *root = expression->root;
    if (root == NULL || !check_node(&k, root) || !check_kind(&k, root, false))
        return false;
    if (wanted == NULL || root->is_zero || cali_unit_is_same_dimension(&root->unit, wanted))
        return true;
    char want[WORDS], got[WORDS];
    describe(wanted, want);
    describe(&root->unit, got);
    return cali_formula_refuse_at(r, expression->yaml, expression->at, "C103", "%s is %s, but the expression is %s", expression->label, want,
                              got);
}

bool cali_formula_check_condition(cali_formula_reader *r, const cali_formula_expression *expression)
{
    checker k = {r, expression};
    return expression->root != NULL && check_node(&k, expression->root) && check_kind(&k, expression->root, true);
}
