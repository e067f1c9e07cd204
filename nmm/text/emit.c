/* The C of a model: the operations as one constant each, in the form of the files of nmm/models. What it calls travels
 * with it: the texts of base/hd.h, base/numeric.h and functions.h, as they were when this program was built. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nmm/text/own.h"

extern const unsigned char cali_embedded_hd_h[], cali_embedded_numeric_h[], cali_embedded_own_functions_h[];
extern const size_t cali_embedded_hd_h_size, cali_embedded_numeric_h_size, cali_embedded_own_functions_h_size;

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

/* Exact in every compiler: a hexadecimal number. */
static void add_number(cali_text *out, double value)
{
    cali_text_format(out, "%a", value);
}

/* A condition is written into the choice that asks it, so that the loop holds numbers only and vectorises. */
static void add_truth(cali_text *out, const cali_own_program *p, int at)
{
    const cali_own_op *op = &p->ops[at];
    static const char *const signs[] = {
        [CALI_OWN_LESS - CALI_OWN_LESS] = "<", [CALI_OWN_LESS_EQUAL - CALI_OWN_LESS] = "<=",
        [CALI_OWN_EQUAL - CALI_OWN_LESS] = "==", [CALI_OWN_UNEQUAL - CALI_OWN_LESS] = "!="};
    if (op->code <= CALI_OWN_UNEQUAL) {
        cali_text_format(out, "(v%d %s v%d)", op->a, signs[op->code - CALI_OWN_LESS], op->b);
        return;
    }
    cali_text_add(out, op->code == CALI_OWN_NOT ? "!(" : "(");
    add_truth(out, p, op->a);
    if (op->code != CALI_OWN_NOT) {
        cali_text_add(out, op->code == CALI_OWN_AND ? " & " : " | ");
        add_truth(out, p, op->b);
    }
    cali_text_add(out, ")");
}

static void add_value(cali_text *out, const cali_own_program *p, const cali_own_op *op)
{
    switch (op->code) {
    case CALI_OWN_NUMBER:
        add_number(out, op->value);
        return;
    case CALI_OWN_NEGATE:
        cali_text_format(out, "-v%d", op->a);
        return;
    case CALI_OWN_ADD:
        cali_text_format(out, "v%d + v%d", op->a, op->b);
        return;
    case CALI_OWN_SUBTRACT:
        cali_text_format(out, "v%d - v%d", op->a, op->b);
        return;
    case CALI_OWN_MULTIPLY:
        cali_text_format(out, "v%d * v%d", op->a, op->b);
        return;
    case CALI_OWN_DIVIDE:
        cali_text_format(out, "v%d / v%d", op->a, op->b);
        return;
    case CALI_OWN_POWER:
        cali_text_format(out, "cali_own_power(v%d, v%d)", op->a, op->b);
        return;
    case CALI_OWN_CALL:
        cali_text_format(out, "cali_own_%s(v%d", cali_own_functions[op->c].name, op->a);
        if (op->b >= 0)
            cali_text_format(out, ", v%d", op->b);
        cali_text_add(out, ")");
        return;
    case CALI_OWN_CHOOSE:
        add_truth(out, p, op->a);
        cali_text_format(out, " ? v%d : v%d", op->b, op->c);
        return;
    default:
        return;
    }
}

static void add_row(cali_text *out, const cali_own *own, const cali_own_op *op)
{
    const cal_nmm_model *m = &own->model;
    const char letter = op->code == CALI_OWN_ROW_PARAM ? 'p' : op->code == CALI_OWN_ROW_STATE ? 'x' : 'c';
    const cal_field *fields = letter == 'p' ? m->params : letter == 'x' ? m->states : m->inputs;
    const bool is_derived = letter == 'p' && (size_t)op->a >= m->n_params;
    cali_text_format(out, "%c[%d * n + i]; /* %s */\n", letter, op->a, is_derived ? "derived" : fields[op->a].name);
}

/* Results go to the rows of `result` from `first` on. */
static void add_program(cali_text *out, const cali_own *own, const cali_own_program *p, const char *result, size_t first)
{
    cali_text_add(out, "    EACH_REGION\n    for (size_t i = 0; i < n; i++) {\n");
    for (int i = 0; i < p->n; i++) {
        const cali_own_op *op = &p->ops[i];
        if (op->code >= CALI_OWN_LESS && op->code <= CALI_OWN_NOT)
            continue;
        cali_text_format(out, "        const double v%d = ", i);
        if (op->code >= CALI_OWN_ROW_PARAM) {
            add_row(out, own, op);
            continue;
        }
        add_value(out, p, op);
        cali_text_add(out, ";\n");
    }
    for (size_t k = 0; k < p->n_results; k++)
        cali_text_format(out, "        %s[%zu * n + i] = v%d;\n", result, first + k, p->results[k]);
    cali_text_add(out, "    }\n}\n\n");
}

bool cali_own_emit(const cali_own *own, cali_text *out)
{
    cali_text_format(out, "/* The model %s, made by callosum %s from its text; safe to delete. */\n#include <stddef.h>\n\n",
                     own->model.name, CAL_VERSION);
    add_header(out, cali_embedded_hd_h, cali_embedded_hd_h_size);
    add_header(out, cali_embedded_numeric_h, cali_embedded_numeric_h_size);
    add_header(out, cali_embedded_own_functions_h, cali_embedded_own_functions_h_size);
    cali_text_add(out, "\n#if defined(__clang__)\n"
                       "#define EACH_REGION _Pragma(\"clang loop vectorize(assume_safety)\")\n"
                       "#else\n#define EACH_REGION _Pragma(\"GCC ivdep\")\n#endif\n\n"
                       "void cali_own_rhs(size_t n, const double *restrict p, const double *restrict x,\n"
                       "                  const double *restrict c, double *restrict dx);\n"
                       "void cali_own_rhs(size_t n, const double *restrict p, const double *restrict x,\n"
                       "                  const double *restrict c, double *restrict dx)\n{\n    (void)p, (void)x, (void)c;\n");
    add_program(out, own, &own->rhs, "dx", 0);
    cali_text_add(out, "void cali_own_observe(size_t n, const double *restrict p, const double *restrict x, "
                       "double *restrict y);\n"
                       "void cali_own_observe(size_t n, const double *restrict p, const double *restrict x, "
                       "double *restrict y)\n{\n    (void)p, (void)x;\n");
    add_program(out, own, &own->observe, "y", 0);
    cali_text_add(out, "void cali_own_derive(size_t n, double *restrict p);\n"
                       "void cali_own_derive(size_t n, double *restrict p)\n{\n");
    add_program(out, own, &own->derive, "p", own->model.n_params);
    return !out->is_broken;
}
