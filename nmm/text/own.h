/* An own neural mass: a text file that runs like a built-in model (docs/own-models.md).
 *
 *   read.c, read_test.c  YAML -> states, parameters, equations, outputs
 *   load.c               programs of operations; the public functions; the test value; compiled or interpreted
 *   emit.c               the C of a model
 *
 * Expressions, their units, operations and the compiler are those of all files of formulas: base/formula/. */
#ifndef CALI_NMM_TEXT_OWN_H
#define CALI_NMM_TEXT_OWN_H

#include "base/formula/formula.h"
#include "callosum/nmm.h"

typedef struct cali_own {
    cal_nmm_model model; /* first: a model's handle is that of the whole */
    cali_formula_file file;
    cali_formula_expression *equations, *outputs; /* n_states, n_outputs */
    cali_formula_program rhs, observe;
    cali_formula_program derive; /* results: the rows behind the parameters */
    double *test_x, *test_p, *test_c;   /* one value per row; of test_p, those behind the parameters too */
    double *test_dx, *test_y;           /* NaN: not given */
    unsigned test_line, test_column;
    void *library; /* of dlopen, or NULL */
    char *how;     /* how it runs, in words */
} cali_own;

static inline cali_own *cali_own_of(const cali_formula_reader *r)
{
    return r->owner;
}

/* read.c */
/** Reads the parsed YAML into the model; mistakes are in `r`. */
void cali_own_read(cali_formula_reader *r, const cali_node *root);
/* read_test.c */
/** `test:` of the file, after everything else. */
void cali_own_read_test(cali_formula_reader *r, const cali_node *root);

/* load.c */
/** cal_nmm_model_load of a text in memory. `is_dry`: everything but the compiler; the model cannot run. */
cal_status cali_own_load_text(cal_context *ctx, const char *path, const char *text, size_t size, bool is_dry,
                              cal_nmm_model **out);

/* emit.c */
/** The C of a model, complete in itself. False: no memory. */
bool cali_own_emit(const cali_own *own, cali_text *out);

#endif
