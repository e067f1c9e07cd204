/* An own neuron: a text file that runs like a built-in neuron (docs/own-neurons.md).
 *
 *   read.c       YAML -> states, parameters, equations, receptors, threshold, reset
 *   test.c       its test values, and the check of them
 *   linear.c     which equations are linear in what; the exact step of linear ones
 *   step.c       equations and scheme -> the operations of one step, in single precision
 *   emit.c       the kernel as C and as CUDA
 *   load.c       the public functions; constants of neurons; compiled or interpreted
 *
 * Expressions, their units, operations and the compiler are those of all files of formulas: base/formula/. The operations
 * of the step are the one meaning of a neuron; the C, the CUDA and the interpreter follow from them and give the same
 * bits. What depends on parameters and dt alone is computed once per neuron, in double precision, and rounded. */
#ifndef CALI_SNN_TEXT_OWN_H
#define CALI_SNN_TEXT_OWN_H

#include "base/digest.h"
#include "base/formula/formula.h"
#include "snn/neuron.h"

enum {
    CALI_OWN_MAX_PARAMS = 48,
    CALI_OWN_MAX_STATEMENTS = 64, /* of a reset or a receptor */
    CALI_OWN_MAX_SUB_STEPS = 100,
    CALI_OWN_LINEAR = CALI_MAX_STATES + 2, /* columns of a linear system: states, current, constant */
    CALI_OWN_MAX_ROWS = 1024 + CALI_MAX_STATES * CALI_OWN_LINEAR /* of the constants of a neuron, with those between */
};

typedef struct cali_own_neuron cali_own_neuron;

typedef enum cali_own_scheme {
    CALI_OWN_EULER,
    CALI_OWN_HEUN,
    CALI_OWN_RK4,
    CALI_OWN_EXPONENTIAL_EULER,
    CALI_OWN_EXACT,
    CALI_OWN_N_SCHEMES
} cali_own_scheme;
extern const char *const cali_own_schemes[CALI_OWN_N_SCHEMES];

typedef struct cali_own_statements {
    cali_formula_statement *list;
    size_t n;
} cali_own_statements;

/** The compiled step: rows of states, constants and inputs (the current, receptors), one value per neuron each;
 *  `is_uniform`: the first constants hold for all neurons. */
typedef void cali_own_compiled(size_t n, int is_uniform, float *const *state, const float *const *constant, const float *const *input,
                               int32_t *spiked);

struct cali_own_neuron {
    cali_neuron neuron; /* its face is what the public functions return */
    cali_formula_file file;
    size_t n_states;    /* of the file; the rows behind them: roundings, refractory steps */
    int low[CALI_MAX_STATES]; /* row of the rounding of each state, -1: none */
    int refractory_row;       /* -1: none */
    cali_formula_expression *equations, threshold, refractory;
    bool is_held[CALI_MAX_STATES]; /* while refractory */
    bool is_alone[CALI_MAX_STATES]; /* linear in itself, and depends on nothing else but parameters */
    cali_own_statements reset, *receptors;
    bool couples[CALI_MAX_STATES][CALI_OWN_LINEAR]; /* scheme exact: what moves each state */
    cali_own_scheme scheme;
    unsigned n_sub_steps;
    bool carries_rounding;
    cali_formula_program step;    /* single precision; results: the rows of the states, then 1 at a spike */
    cali_formula_program prelude; /* results: the refractory time in ms, then the linear system row by row */
    cali_formula_program derive;  /* results: the rows of constants from n_base on */
    cali_formula_program slopes;  /* results: the derivatives, for the test */
    /* Rows of constants: parameters, dt, refractory steps, the exact step of a linear system, results of derive. */
    size_t n_base;
    int row_of[CALI_MAX_CONSTANTS]; /* of each constant of the kernel */
    double *test_x, *test_p, test_current, *test_dx; /* dx NaN: not given */
    double *test_spikes, test_step_ms;
    size_t n_test_spikes;
    unsigned test_line, test_column;
    cali_own_compiled *compiled; /* NULL: interpreted */
    void *library;               /* of dlopen, or NULL */
    char *how;                   /* how it runs, in words */
    char digest[CALI_DIGEST_SIZE]; /* of the text */
};

static inline cali_own_neuron *cali_own_neuron_of(const cali_formula_reader *r)
{
    return r->owner;
}

/* read.c */
/** Reads the parsed YAML; mistakes are in `r`. */
void cali_own_neuron_read(cali_formula_reader *r, const cali_node *root);
/** The rows behind the states of the file. */
void cali_own_neuron_add_rows(cali_formula_reader *r);
/* test.c */
void cali_own_neuron_read_test(cali_formula_reader *r, const cali_node *root);
/** Compares the test values of the file with what its programs give. */
void cali_own_neuron_check_test(cali_formula_reader *r);

/* linear.c */
enum { CALI_OWN_FAILED = -1, CALI_OWN_ZERO = -2, CALI_OWN_NONLINEAR = -3 };
/** The operation of d expression / d symbol where the expression is linear in the symbol; ZERO: it does not depend on it;
 *  NONLINEAR. */
int cali_own_coefficient(cali_formula_builder *b, const cali_formula_node *node, int symbol);
/** The symbols of states (by row) and of the current. */
int cali_own_state_symbol(const cali_own_neuron *own, size_t state);
int cali_own_current_symbol(const cali_own_neuron *own);
/** Adds the coefficients of all equations to the results of a program, row by row. False: one is not linear, or not
 *  constant, which is noted. */
bool cali_own_linear_system(cali_formula_reader *r, cali_formula_builder *b, int *results);
/** The exact step over h of x' = A x + B current + c: coefficients in, (n x (n + 2)), and in their place out what each adds
 *  to each state. */
void cali_own_propagators(size_t n, double h_ms, double *matrix);

/* step.c */
/** All programs of the neuron. */
bool cali_own_neuron_make(cali_formula_reader *r);

/* emit.c */
/** The kernel in the common part of C17 and CUDA C++, with its loop. False: no memory. */
bool cali_own_neuron_emit(const cali_own_neuron *own, bool is_cuda, cali_text *out);

/* load.c */
/** cal_snn_neuron_load of a text in memory. `is_dry`: everything but the compiler. */
cal_status cali_own_neuron_load_text(cal_context *ctx, const char *path, const char *text, size_t size, bool is_dry,
                                     cal_neuron **out);
/** One step of n neurons by the interpreter. */
void cali_own_neuron_interpret(const cali_own_neuron *own, size_t n, float *const *state, const float *const *constant,
                               const float *const *input, int32_t *spiked);
void cali_own_neuron_prepare(const cali_own_neuron *own, const double *params, double dt_ms, float *constants);

#endif
