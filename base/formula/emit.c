/* The C of formulas: the operations as one constant each. What they call travels with them: the texts of base/hd.h,
 * base/numeric.h and functions.h, as they were when this program was built. */
#include <stdio.h>
#include <string.h>

#include "base/formula/formula.h"

extern const unsigned char cali_embedded_hd_h[], cali_embedded_numeric_h[], cali_embedded_numeric_f32_h[],
    cali_embedded_formula_functions_h[];
extern const size_t cali_embedded_hd_h_size, cali_embedded_numeric_h_size, cali_embedded_numeric_f32_h_size,
    cali_embedded_formula_functions_h_size;

/* A header without its includes of this project: they stand before it already. */
static void add_header(cali_text *out, const unsigned char *bytes, size_t size)
{
    const char *text = (const char *)bytes;
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        const size_t n = end == NULL ? size - at : (size_t)(end - (text + at)) + 1;
        if (strncmp(text + at, "#include \"", 10) != 0)
            cali_text_add_bytes(out, text + at, n);
        at += n;
    }
}

/* Exact in every compiler: a hexadecimal number; in single precision nine digits, which CUDA's compilers read too. */
static void add_number(cali_text *out, double value, bool is_f32)
{
    char text[48];
    if (!is_f32) {
        cali_text_format(out, "%a", value);
        return;
    }
    snprintf(text, sizeof text, "%.9g", (double)(float)value);
    cali_text_format(out, "%s%sf", text, strpbrk(text, ".e") == NULL ? ".0" : "");
}

static const char *const comparisons[] = {
    [CALI_FORMULA_LESS - CALI_FORMULA_LESS] = "<", [CALI_FORMULA_LESS_EQUAL - CALI_FORMULA_LESS] = "<=",
    [CALI_FORMULA_EQUAL - CALI_FORMULA_LESS] = "==", [CALI_FORMULA_UNEQUAL - CALI_FORMULA_LESS] = "!="};

/* In double precision a condition is written into the choice that asks it: 32 bits beside 64 would keep the loop from
 * becoming vector code. */
static void add_truth(cali_text *out, const cali_formula_program *p, int at)
{
    const cali_formula_op *op = &p->ops[at];
    if (op->code <= CALI_FORMULA_UNEQUAL) {
        cali_text_format(out, "(v%d %s v%d)", op->a, comparisons[op->code - CALI_FORMULA_LESS], op->b);
        return;
    }
    cali_text_add(out, op->code == CALI_FORMULA_NOT ? "!(" : "(");
    add_truth(out, p, op->a);
    if (op->code != CALI_FORMULA_NOT) {
        cali_text_add(out, op->code == CALI_FORMULA_AND ? " & " : " | ");
        add_truth(out, p, op->b);
    }
    cali_text_add(out, ")");
}

/* In single precision it is an int of its own. */
static void add_int(cali_text *out, const cali_formula_op *op)
{
    if (op->code == CALI_FORMULA_NOT)
        cali_text_format(out, "!v%d", op->a);
    else
        cali_text_format(out, "v%d %s v%d", op->a, op->code == CALI_FORMULA_AND  ? "&"
                                                   : op->code == CALI_FORMULA_OR ? "|"
                                                                                 : comparisons[op->code - CALI_FORMULA_LESS],
                         op->b);
}

static void add_value(cali_text *out, const cali_formula_program *p, const cali_formula_op *op, bool is_f32)
{
    const char *const suffix = is_f32 ? "_f32" : "";
    switch (op->code) {
    case CALI_FORMULA_NUMBER:
        add_number(out, op->value, is_f32);
        return;
    case CALI_FORMULA_NEGATE:
        cali_text_format(out, "-v%d", op->a);
        return;
    case CALI_FORMULA_ADD:
        cali_text_format(out, "v%d + v%d", op->a, op->b);
        return;
    case CALI_FORMULA_SUBTRACT:
        cali_text_format(out, "v%d - v%d", op->a, op->b);
        return;
    case CALI_FORMULA_MULTIPLY:
        cali_text_format(out, "v%d * v%d", op->a, op->b);
        return;
    case CALI_FORMULA_DIVIDE:
        cali_text_format(out, "v%d / v%d", op->a, op->b);
        return;
    case CALI_FORMULA_POWER:
        cali_text_format(out, "cali_formula_power%s(v%d, v%d)", suffix, op->a, op->b);
        return;
    case CALI_FORMULA_CALL:
        cali_text_format(out, "cali_formula_%s%s(v%d", cali_formula_functions[op->c].name, suffix, op->a);
        if (op->b >= 0)
            cali_text_format(out, ", v%d", op->b);
        cali_text_add(out, ")");
        return;
    case CALI_FORMULA_CHOOSE:
        if (is_f32)
            cali_text_format(out, "v%d", op->a);
        else
            add_truth(out, p, op->a);
        cali_text_format(out, " ? v%d : v%d", op->b, op->c);
        return;
    case CALI_FORMULA_FMA:
        cali_text_format(out, "cali_fma_f32(v%d, v%d, v%d)", op->a, op->b, op->c);
        return;
    case CALI_FORMULA_FMS:
        cali_text_format(out, "cali_fma_f32(v%d, v%d, -v%d)", op->a, op->b, op->c);
        return;
    case CALI_FORMULA_FNMA:
        cali_text_format(out, "cali_fma_f32(-v%d, v%d, v%d)", op->a, op->b, op->c);
        return;
    default:
        return;
    }
}

void cali_formula_emit_ops(cali_text *out, const cali_formula_program *p, bool is_f32, const char *indent,
                           void (*row)(cali_text *out, const void *owner, const cali_formula_op *op), const void *owner)
{
    for (int i = 0; i < p->n; i++) {
        const cali_formula_op *op = &p->ops[i];
        const bool is_truth = op->code >= CALI_FORMULA_LESS && op->code <= CALI_FORMULA_NOT;
        if (is_truth && !is_f32)
            continue;
        cali_text_format(out, "%sconst %s v%d = ", indent, is_truth ? "int" : is_f32 ? "float" : "double", i);
        if (is_truth) {
            add_int(out, op);
            cali_text_add(out, ";\n");
            continue;
        }
        if (op->code >= CALI_FORMULA_ROW_PARAM) {
            row(out, owner, op);
            continue;
        }
        add_value(out, p, op, is_f32);
        cali_text_add(out, ";\n");
    }
}

void cali_formula_emit_headers(cali_text *out)
{
    add_header(out, cali_embedded_hd_h, cali_embedded_hd_h_size);
    add_header(out, cali_embedded_numeric_h, cali_embedded_numeric_h_size);
    add_header(out, cali_embedded_numeric_f32_h, cali_embedded_numeric_f32_h_size);
    add_header(out, cali_embedded_formula_functions_h, cali_embedded_formula_functions_h_size);
    cali_text_add(out, "\n#if defined(__clang__)\n"
                       "#define EACH _Pragma(\"clang loop vectorize(assume_safety)\")\n"
                       "#else\n#define EACH _Pragma(\"GCC ivdep\")\n#endif\n\n");
}
