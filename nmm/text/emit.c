/* The C of a model, in the form of the files of nmm/models. */
#include "nmm/text/own.h"

static void add_row(cali_text *out, const void *owner, const cali_formula_op *op)
{
    const cali_own *own = owner;
    const cal_nmm_model *m = &own->model;
    const char letter = op->code == CALI_FORMULA_ROW_PARAM ? 'p' : op->code == CALI_FORMULA_ROW_STATE ? 'x' : 'c';
    const cal_field *fields = letter == 'p' ? m->params : letter == 'x' ? m->states : m->inputs;
    const bool is_derived = letter == 'p' && (size_t)op->a >= m->n_params;
    cali_text_format(out, "%c[%d * n + i]; /* %s */\n", letter, op->a, is_derived ? "derived" : fields[op->a].name);
}

/* Results go to the rows of `result` from `first` on. */
static void add_program(cali_text *out, const cali_own *own, const cali_formula_program *p, const char *result, size_t first)
{
    cali_text_add(out, "    EACH\n    for (size_t i = 0; i < n; i++) {\n");
    cali_formula_emit_ops(out, p, false, "        ", add_row, own);
    for (size_t k = 0; k < p->n_results; k++)
        cali_text_format(out, "        %s[%zu * n + i] = v%d;\n", result, first + k, p->results[k]);
    cali_text_add(out, "    }\n}\n\n");
}

bool cali_own_emit(const cali_own *own, cali_text *out)
{
    cali_text_format(out, "/* The model %s, made by callosum %s from its text; safe to delete. */\n#include <stddef.h>\n\n",
                     own->model.name, CAL_VERSION);
    cali_formula_emit_headers(out);
    cali_text_add(out, "void cali_own_rhs(size_t n, const double *restrict p, const double *restrict x,\n"
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
