/* Expressions of own models, read by recursive descent:
 *
 *     choice  = "if" choice "then" choice "else" choice | or
 *     or      = and { "or" and }        and = not { "and" not }        not = "not" not | compare
 *     compare = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]
 *     sum     = product { ("+" | "-") product }        product = sign { ("*" | "/") sign }
 *     sign    = ("-" | "+") sign | power               power   = atom [ ("^" | "**") sign ]
 *     atom    = number [unit] | name | function "(" choice { "," choice } ")" | "(" choice ")"
 *
 * A unit follows its number and holds no blank: "5 mV/ms" is one number, "5 mV / tau" a quotient. The first mistake
 * ends an expression; the other expressions of the file are read all the same. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/numeric.h"
#include "base/formula/formula.h"

const cali_formula_function cali_formula_functions[] = {
#define CALI_FORMULA_FUNCTION(name, n, rule, course, meaning) {#name, n, CALI_FORMULA_##rule, CALI_FORMULA_##course, meaning},
#include "base/formula/functions.def"
#undef CALI_FORMULA_FUNCTION
};
const size_t cali_formula_n_functions = sizeof cali_formula_functions / sizeof *cali_formula_functions;

static const char *const words[] = {"pi", "if", "then", "else", "and", "or", "not", "where"};
enum { N_WORDS = sizeof words / sizeof *words };

typedef struct parser {
    cali_formula_reader *r;
    const cali_node *scalar;
    const char *text, *label;
    size_t at;
    unsigned depth;
} parser;

/* ---- letters and words ------------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t name_size(const char *text)
{
    size_t n = 0;
    while (is_letter(text[n]) || (n > 0 && is_digit(text[n])))
        n++;
    return n;
}

bool cali_formula_is_name(const char *text)
{
    const size_t n = name_size(text);
    return n > 0 && n < 64 && text[n] == '\0';
}

static int find_function(const char *name)
{
    for (size_t i = 0; i < cali_formula_n_functions; i++)
        if (strcmp(cali_formula_functions[i].name, name) == 0)
            return (int)i;
    return -1;
}

bool cali_formula_is_reserved(const char *text)
{
    for (int i = 0; i < N_WORDS; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return find_function(text) >= 0;
}

int cali_formula_find_symbol(const cali_formula_file *file, const char *name)
{
    for (size_t i = 0; i < file->n_symbols; i++)
        if (strcmp(file->symbols[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* ---- tools of the parser -------------------------------------------------------------------------- */

static void skip_blanks(parser *in)
{
    while (in->text[in->at] != '\0' && strchr(" \t\r\n", in->text[in->at]) != NULL)
        in->at++;
}

/* Takes the sign, if it comes next. */
static bool take(parser *in, const char *sign)
{
    skip_blanks(in);
    const size_t n = strlen(sign);
    if (strncmp(in->text + in->at, sign, n) != 0)
        return false;
    if (is_letter(sign[0]) && name_size(in->text + in->at) != n)
        return false;
    in->at += n;
    return true;
}

static cali_formula_node *add(parser *in, cali_formula_kind kind, size_t at, cali_formula_node *a, cali_formula_node *b)
{
    if (++in->r->n_nodes > CALI_FORMULA_MAX_NODES) {
        if (in->r->n_nodes == CALI_FORMULA_MAX_NODES + 1)
            cali_formula_refuse_at(in->r, in->scalar, at, "C106", "the expressions of this %s have more than %d parts",
                               in->r->what, CALI_FORMULA_MAX_NODES);
        return NULL;
    }
    cali_formula_node *node = cali_formula_take(in->r, 1, sizeof *node);
    if (node == NULL)
        return NULL;
    node->kind = kind;
    node->at = at;
    node->args[0] = a;
    node->args[1] = b;
    return node;
}

/* What stands at the place of a mistake, as a word. */
static void describe_next(const parser *in, size_t at, char *out, size_t size)
{
    const char *text = in->text + at;
    size_t n = name_size(text);
    while (n == 0 && is_digit(text[n]))
        n++;
    if (n == 0 && text[0] != '\0')
        for (n = 1; ((unsigned char)text[n] & 0xc0) == 0x80;)
            n++;
    if (n == 0)
        snprintf(out, size, "the end");
    else
        snprintf(out, size, "\"%.*s\"", (int)(n > 40 ? 40 : n), text);
}

static cali_formula_node *refuse(parser *in, const char *wanted)
{
    char found[64];
    skip_blanks(in);
    describe_next(in, in->at, found, sizeof found);
    const unsigned char c = (unsigned char)in->text[in->at];
    const char *try = "";
    if (c >= 0x80)
        try = "\nbecause names are of the letters a to z, digits and _\ntry tau for the Greek letter";
    else if (c == '=')
        try = "\ntry == for a comparison";
    else if (c == '&' || c == '|' || c == '!')
        try = "\ntry and, or, not";
    else if (c == '\'')
        try = "\nbecause derivatives stand on the left side only";
    else if (c == '?')
        try = "\ntry where(condition, a, b)";
    cali_formula_refuse_at(in->r, in->scalar, in->at, "C108", "%s: expected %s, got %s%s", in->label, wanted, found, try);
    return NULL;
}

/* ---- atoms ---------------------------------------------------------------------------------------------- */

/* A word of a unit that is also a name of this model: which of both is meant? */
static bool is_ambiguous(const parser *in, const char *unit, size_t size)
{
    for (size_t at = 0; at < size;) {
        char word[64];
        const size_t n = name_size(unit + at);
        if (n > 0 && n < sizeof word) {
            snprintf(word, sizeof word, "%.*s", (int)n, unit + at);
            if (cali_formula_find_symbol(in->r->file, word) >= 0)
                return true;
        }
        at += n > 0 ? n : 1;
    }
    return false;
}

/* The size of the unit behind a number, 0 without one: letters, digits, "/", "^", "%" and the like without a blank, as
 * far as they are a unit. A first character that begins no unit makes none. */
static size_t unit_size(const char *text, bool *is_known)
{
    size_t n = 0;
    const bool is_inverse = text[0] == '1' && text[1] == '/';
    *is_known = true;
    if (!is_letter(text[0]) && text[0] != '%' && (unsigned char)text[0] < 0x80 && !is_inverse)
        return 0;
    while (is_letter(text[n]) || is_digit(text[n]) || text[n] == '%' || (unsigned char)text[n] >= 0x80 ||
           text[n] == '/' || (text[n] == '^' && (is_digit(text[n + 1]) || text[n + 1] == '-')) ||
           (text[n] == '-' && n > 0 && text[n - 1] == '^'))
        n++;
    for (size_t size = n; size > 0;) {
        char unit_text[64];
        cali_unit unit;
        snprintf(unit_text, sizeof unit_text, "%.*s", (int)(size < 63 ? size : 63), text);
        if (size < 63 && size > (is_inverse ? 1u : 0u) && text[size - 1] != '/' && cali_unit_parse(unit_text, &unit))
            return size;
        /* shorter, up to the last "/" */
        for (size--; size > 0 && text[size] != '/';)
            size--;
    }
    *is_known = false;
    return n;
}

static bool is_word(const char *text)
{
    const size_t n = name_size(text);
    char word[16];
    snprintf(word, sizeof word, "%.*s", (int)(n < 15 ? n : 15), text);
    for (int i = 1; i < 7; i++) /* if ... not: what may follow a number */
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

static cali_formula_node *refuse_unit(parser *in, size_t begin, const char *unit, size_t size)
{
    char text[64], name[64];
    snprintf(text, sizeof text, "%.*s", (int)(size < 63 ? size : 63), unit);
    snprintf(name, sizeof name, "%.*s", (int)name_size(unit), unit);
    const char *number = in->text + begin;
    const int n = (int)strcspn(number, " \t") < (int)(unit - number) ? (int)strcspn(number, " \t") : (int)(unit - number);
    const char *meant = cali_unit_suggest(text);
    if (cali_formula_find_symbol(in->r->file, name) >= 0)
        cali_formula_refuse_at(in->r, in->scalar, (size_t)(unit - in->text), "C108",
                           "%s: a sign is missing between %.*s and \"%.40s\"\ntry %.*s*%.40s", in->label,
                           n > 24 ? 24 : n, number, name, n > 24 ? 24 : n, number, name);
    else
        cali_formula_refuse_at(in->r, in->scalar, (size_t)(unit - in->text), "C102", "%s: unknown unit \"%.40s\"%s%s",
                           in->label, text, meant != NULL ? "\ntry " : "", meant != NULL ? meant : "");
    return NULL;
}

static cali_formula_node *read_number(parser *in)
{
    const size_t begin = in->at;
    const char *end = NULL;
    double value;
    if (!cali_parse_number(in->text + begin, &value, &end))
        return refuse(in, "a number");
    size_t blanks = strspn(end, " \t");
    bool is_known;
    size_t n = is_word(end + blanks) ? 0 : unit_size(end + blanks, &is_known);
    if (n > 0 && !is_known)
        return refuse_unit(in, begin, end + blanks, n);
    if (n > 0 && is_ambiguous(in, end + blanks, n)) {
        cali_formula_refuse_at(in->r, in->scalar, begin, "C108",
                           "%s: in \"%.*s\" a unit is also the name of a quantity of this %s\ntry * before the name, or "
                               "blanks around /", in->label, (int)((size_t)(end - in->text) - begin + blanks + n), in->text + begin,
                               in->r->what);
        return NULL;
    }
    char text[128];
    const size_t size = (size_t)(end - in->text) - begin + (n > 0 ? blanks + n : 0);
    cali_quantity q;
    snprintf(text, sizeof text, "%.*s", (int)(size < 127 ? size : 127), in->text + begin);
    cali_formula_node *node = add(in, CALI_FORMULA_NUMBER, begin, NULL, NULL);
    if (node == NULL)
        return NULL;
    in->at = begin + size;
    if (size > 127 || cali_quantity_parse(text, &q) != CALI_QUANTITY_OK) {
        cali_formula_refuse_at(in->r, in->scalar, begin, "C104", "%s: \"%.60s\" is no number", in->label, text);
        return NULL;
    }
    node->unit = cali_formula_host_unit(&q.unit);
    node->value = cali_quantity_in(&q, &node->unit);
    node->is_zero = value == 0.0 && n == 0;
    if (!isfinite(node->value)) {
        cali_formula_refuse_at(in->r, in->scalar, begin, "C106", "%s: %.60s is beyond all numbers", in->label, text);
        return NULL;
    }
    return node;
}

static cali_formula_node *read_choice(parser *in);

static cali_formula_node *read_call(parser *in, const char *name, size_t begin)
{
    const bool is_where = strcmp(name, "where") == 0;
    const int function = find_function(name);
    const int n_args = is_where ? 3 : cali_formula_functions[function].n_args;
    cali_formula_node *args[3] = {NULL, NULL, NULL};
    int n = 0;
    do {
        cali_formula_node *arg = read_choice(in);
        if (arg == NULL)
            return NULL;
        if (n < 3)
            args[n] = arg;
        n++;
    } while (take(in, ","));
    if (!take(in, ")"))
        return refuse(in, "\",\" or \")\"");
    if (n != n_args) {
        cali_formula_refuse_at(in->r, in->scalar, begin, "C108", "%s: %s takes %d value%s, got %d%s", in->label, name, n_args,
                           n_args == 1 ? "" : "s", n, is_where ? "\ntry where(condition, a, b)" : "");
        return NULL;
    }
    cali_formula_node *node = add(in, is_where ? CALI_FORMULA_CHOOSE : CALI_FORMULA_CALL, begin, args[0], args[1]);
    if (node == NULL)
        return NULL;
    node->args[2] = args[2];
    node->function = function;
    return node;
}

static void refuse_name(parser *in, const char *name, size_t at, bool is_call)
{
    const cali_formula_file *file = in->r->file;
    const char *known[4 * CALI_FORMULA_MAX_FIELDS + N_WORDS + 64];
    size_t n = 0;
    cali_unit unit;
    if (!is_call && cali_unit_parse(name, &unit) && in->scalar->text[0] != '\0') {
        cali_formula_refuse_at(in->r, in->scalar, at, "C101", "%s: unknown name \"%.60s\"\nbecause a unit stands only behind a "
                           "number\ntry 1 %.40s", in->label, name, name);
        return;
    }
    for (size_t i = 0; i < file->n_symbols && !is_call; i++)
        known[n++] = file->symbols[i].name;
    for (size_t i = 0; i < cali_formula_n_functions; i++)
        known[n++] = cali_formula_functions[i].name;
    known[n++] = is_call ? "where" : "pi";
    char what[256];
    snprintf(what, sizeof what, "%.120s: unknown %s \"%.60s\"", in->label, is_call ? "function" : "name", name);
    cali_formula_refuse_word(in->r, in->scalar, at, what, name, known, n);
}

static cali_formula_node *read_name(parser *in)
{
    const size_t begin = in->at, n = name_size(in->text + begin);
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(n < 63 ? n : 63), in->text + begin);
    in->at += n;
    const bool is_call = take(in, "(");
    const bool is_function = find_function(name) >= 0 || strcmp(name, "where") == 0;
    if (is_call && is_function)
        return read_call(in, name, begin);
    if (!is_call && strcmp(name, "pi") == 0) {
        cali_formula_node *node = add(in, CALI_FORMULA_NUMBER, begin, NULL, NULL);
        if (node != NULL) {
            node->value = CALI_PI;
            node->unit = (cali_unit){1.0, 0, {0}};
        }
        return node;
    }
    const int symbol = cali_formula_find_symbol(in->r->file, name);
    if (is_function || (is_call && symbol >= 0)) {
        cali_formula_refuse_at(in->r, in->scalar, begin, "C108", is_function ? "%s: the function %s takes its values in ()" :
                           "%s: a sign is missing between \"%s\" and \"(\"\ntry *", in->label, name);
        return NULL;
    }
    if (symbol < 0) {
        refuse_name(in, name, begin, is_call);
        return NULL;
    }
    cali_formula_node *node = add(in, CALI_FORMULA_NAME, begin, NULL, NULL);
    if (node != NULL)
        node->symbol = symbol;
    return node;
}

static cali_formula_node *read_atom(parser *in)
{
    skip_blanks(in);
    const char c = in->text[in->at];
    if (is_digit(c) || (c == '.' && is_digit(in->text[in->at + 1])))
        return read_number(in);
    if (take(in, "(")) {
        cali_formula_node *inner = read_choice(in);
        if (inner != NULL && !take(in, ")"))
            return refuse(in, "an operator or \")\"");
        return inner;
    }
    if (is_letter(c) && !is_word(in->text + in->at))
        return read_name(in);
    return refuse(in, "a number, a name or \"(\"");
}

/* ---- operators ------------------------------------------------------------------------------------------- */

static cali_formula_node *read_sign(parser *in);

static cali_formula_node *read_power(parser *in)
{
    cali_formula_node *base = read_atom(in);
    skip_blanks(in);
    const size_t at = in->at;
    if (base == NULL || !(take(in, "**") || take(in, "^")))
        return base;
    cali_formula_node *exponent = read_sign(in);
    return exponent == NULL ? NULL : add(in, CALI_FORMULA_POWER, at, base, exponent);
}

static cali_formula_node *read_deeper(parser *in, cali_formula_node *(*read)(parser *in))
{
    if (++in->depth > CALI_FORMULA_MAX_DEPTH) {
        cali_formula_refuse_at(in->r, in->scalar, in->at, "C108", "%s is nested more than %d deep\ntry names for its parts, "
                           "under let", in->label, CALI_FORMULA_MAX_DEPTH);
        return NULL;
    }
    cali_formula_node *node = read(in);
    in->depth--;
    return node;
}

static cali_formula_node *read_sign(parser *in)
{
    skip_blanks(in);
    const size_t at = in->at;
    if (take(in, "+"))
        return read_deeper(in, read_sign);
    if (!take(in, "-"))
        return read_power(in);
    cali_formula_node *inner = read_deeper(in, read_sign);
    return inner == NULL ? NULL : add(in, CALI_FORMULA_NEGATE, at, inner, NULL);
}

typedef struct operator_word {
    const char *sign;
    cali_formula_kind kind;
    bool is_swapped; /* a > b is b < a */
} operator_word;

/* left { operator right }, from left to right. */
static cali_formula_node *read_chain(parser *in, const operator_word *operators, size_t n, cali_formula_node *(*read)(parser *in))
{
    cali_formula_node *left = read(in);
    while (left != NULL) {
        skip_blanks(in);
        const size_t at = in->at;
        size_t k = 0;
        while (k < n && !take(in, operators[k].sign))
            k++;
        if (k == n)
            return left;
        cali_formula_node *right = read(in);
        if (right == NULL)
            return NULL;
        left = operators[k].is_swapped ? add(in, operators[k].kind, at, right, left)
                                       : add(in, operators[k].kind, at, left, right);
    }
    return NULL;
}

static cali_formula_node *read_product(parser *in)
{
    static const operator_word list[] = {{"*", CALI_FORMULA_MULTIPLY, false}, {"/", CALI_FORMULA_DIVIDE, false}};
    return read_chain(in, list, 2, read_sign);
}

static cali_formula_node *read_sum(parser *in)
{
    static const operator_word list[] = {{"+", CALI_FORMULA_ADD, false}, {"-", CALI_FORMULA_SUBTRACT, false}};
    return read_chain(in, list, 2, read_product);
}

static cali_formula_node *read_compare(parser *in)
{
    static const operator_word list[] = {{"<=", CALI_FORMULA_LESS_EQUAL, false}, {">=", CALI_FORMULA_LESS_EQUAL, true},
                                         {"<", CALI_FORMULA_LESS, false},        {">", CALI_FORMULA_LESS, true},
                                         {"==", CALI_FORMULA_EQUAL, false},      {"!=", CALI_FORMULA_UNEQUAL, false}};
    return read_chain(in, list, 6, read_sum);
}

static cali_formula_node *read_not(parser *in)
{
    skip_blanks(in);
    const size_t at = in->at;
    if (!take(in, "not"))
        return read_compare(in);
    cali_formula_node *inner = read_deeper(in, read_not);
    return inner == NULL ? NULL : add(in, CALI_FORMULA_NOT, at, inner, NULL);
}

static cali_formula_node *read_and(parser *in)
{
    static const operator_word list[] = {{"and", CALI_FORMULA_AND, false}};
    return read_chain(in, list, 1, read_not);
}

static cali_formula_node *read_or(parser *in)
{
    static const operator_word list[] = {{"or", CALI_FORMULA_OR, false}};
    return read_chain(in, list, 1, read_and);
}

static cali_formula_node *read_if(parser *in)
{
    skip_blanks(in);
    const size_t at = in->at;
    if (!take(in, "if"))
        return read_or(in);
    cali_formula_node *condition = read_choice(in);
    if (condition == NULL)
        return NULL;
    if (!take(in, "then"))
        return refuse(in, "\"then\"");
    cali_formula_node *first = read_choice(in);
    if (first == NULL)
        return NULL;
    if (!take(in, "else"))
        return refuse(in, "\"else\"");
    cali_formula_node *second = read_choice(in);
    if (second == NULL)
        return NULL;
    cali_formula_node *node = add(in, CALI_FORMULA_CHOOSE, at, condition, first);
    if (node != NULL)
        node->args[2] = second;
    return node;
}

static cali_formula_node *read_choice(parser *in)
{
    return read_deeper(in, read_if);
}

cali_formula_node *cali_formula_parse(cali_formula_reader *r, const cali_node *scalar, const char *label)
{
    if (scalar->kind != CALI_NODE_SCALAR || cali_node_is_null(scalar)) {
        cali_formula_refuse(r, scalar->line, scalar->column, "C104", "%s needs an expression, got %s", label,
                        scalar->kind == CALI_NODE_LIST ? "a list" : scalar->kind == CALI_NODE_MAP ? "a mapping" : "nothing");
        return NULL;
    }
    parser in = {r, scalar, scalar->text, label, 0, 0};
    cali_formula_node *node = read_choice(&in);
    skip_blanks(&in);
    if (node != NULL && in.text[in.at] != '\0')
        return refuse(&in, "an operator or the end");
    return node;
}

/* ---- statements ------------------------------------------------------------------------------------------- */

bool cali_formula_parse_statement(cali_formula_reader *r, const cali_node *scalar, size_t *at, const char *label,
                                  cali_formula_statement *out)
{
    parser in = {r, scalar, scalar->text, label, *at, 0};
    skip_blanks(&in);
    const size_t begin = in.at, n = name_size(in.text + in.at);
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(n < 63 ? n : 63), in.text + begin);
    *out = (cali_formula_statement){.symbol = cali_formula_find_symbol(r->file, name)};
    if (n == 0)
        return refuse(&in, "a statement: V = 0 mV, or w += b") != NULL;
    if (out->symbol < 0 || r->file->symbols[out->symbol].kind != CALI_FORMULA_STATE) {
        const char *known[CALI_FORMULA_MAX_FIELDS];
        size_t n_known = 0;
        for (size_t i = 0; i < r->file->n_symbols && n_known < CALI_FORMULA_MAX_FIELDS; i++)
            if (r->file->symbols[i].kind == CALI_FORMULA_STATE)
                known[n_known++] = r->file->symbols[i].name;
        char what[256];
        snprintf(what, sizeof what, "%.120s: \"%.60s\" is no state, and only states change", label, name);
        return cali_formula_refuse_word(r, scalar, begin, what, name, known, n_known);
    }
    in.at += n;
    out->is_added = take(&in, "+=");
    out->is_taken = !out->is_added && take(&in, "-=");
    skip_blanks(&in);
    if (!out->is_added && !out->is_taken && (in.text[in.at] != '=' || in.text[in.at + 1] == '='))
        return refuse(&in, "=, += or -=") != NULL;
    in.at += !out->is_added && !out->is_taken;
    out->value = (cali_formula_expression){.name = r->file->symbols[out->symbol].name, .label = label, .yaml = scalar};
    skip_blanks(&in);
    out->value.at = in.at;
    out->value.root = read_choice(&in);
    if (out->value.root == NULL)
        return false;
    const bool has_next = take(&in, ";");
    skip_blanks(&in);
    *at = in.at;
    return has_next || in.text[in.at] == '\0' || refuse(&in, "an operator, \";\" or the end") != NULL;
}
