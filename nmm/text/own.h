/* An own neural mass: a text file that runs like a built-in model (docs/own-models.md).
 *
 *   read.c, read_test.c  YAML -> fields, expressions     expression.c  text -> tree, with places
 *   messages.c   mistakes and their places
 *   dimensions.c units over the tree                     program.c     trees -> one list of operations
 *   hoist.c      what depends on parameters alone, computed once
 *   emit.c       operations -> C                         compile.c     C -> shared object, by the system's compiler
 *   cache.c      where those are kept                    interpret.c   operations over 32 regions at a time
 *   load.c       the public functions; the test value; compiled or interpreted
 *
 * The list of operations is the one meaning of a model: the C is its text and the interpreter runs it, one rounding per
 * operation in both, so they give the same bits. Every number is in the host's coherent units (ms, mV, pA, mm, rad). */
#ifndef CALI_NMM_TEXT_OWN_H
#define CALI_NMM_TEXT_OWN_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/message.h"
#include "base/tree.h"
#include "base/units.h"
#include "callosum/nmm.h"

/* Limits: a hostile file costs little, and the interpreter's scratch fits on a thread's stack. */
enum {
    CALI_OWN_MAX_BYTES = 1 << 20, /* of the file */
    CALI_OWN_MAX_FIELDS = 128,    /* states, parameters, inputs, let, outputs, each */
    CALI_OWN_MAX_NODES = 4000,    /* of all expressions */
    CALI_OWN_MAX_DEPTH = 60,      /* of parentheses, calls and signs */
    CALI_OWN_MAX_OPS = 12000,     /* of one program */
    CALI_OWN_MAX_SLOTS = 256,     /* values that live at once */
    CALI_OWN_MAX_POWER = 16,      /* whole powers up to here are products */
    CALI_OWN_LANES = 32           /* regions that the interpreter takes at a time */
};

/* ---- expressions ---------------------------------------------------------------------------- */

typedef enum cali_own_rule { CALI_OWN_PLAIN, CALI_OWN_ANGLE, CALI_OWN_ROOT, CALI_OWN_SAME, CALI_OWN_SIGN } cali_own_rule;
typedef struct cali_own_function {
    const char *name;
    int n_args;
    cali_own_rule rule;
    const char *meaning;
} cali_own_function;
extern const cali_own_function cali_own_functions[];
extern const size_t cali_own_n_functions;

typedef enum cali_own_kind {
    CALI_OWN_NUMBER,
    CALI_OWN_NAME,
    CALI_OWN_NEGATE,
    CALI_OWN_ADD,
    CALI_OWN_SUBTRACT,
    CALI_OWN_MULTIPLY,
    CALI_OWN_DIVIDE,
    CALI_OWN_POWER,
    CALI_OWN_CALL,
    CALI_OWN_CHOOSE, /* args: condition, then, else */
    CALI_OWN_LESS,   /* from here on: true or false */
    CALI_OWN_LESS_EQUAL,
    CALI_OWN_EQUAL,
    CALI_OWN_UNEQUAL,
    CALI_OWN_AND,
    CALI_OWN_OR,
    CALI_OWN_NOT
} cali_own_kind;

typedef struct cali_own_node {
    cali_own_kind kind;
    size_t at;      /* byte of the text: the operator, or the first letter */
    double value;   /* NUMBER */
    int symbol;     /* NAME: index into the symbols */
    int function;   /* CALL: index into cali_own_functions */
    cali_unit unit; /* after cali_own_check; the host's unit of the dimension */
    bool is_zero;   /* a 0 without unit: it has every dimension */
    struct cali_own_node *args[3];
} cali_own_node;

typedef enum cali_own_symbol_kind { CALI_OWN_STATE, CALI_OWN_PARAM, CALI_OWN_INPUT, CALI_OWN_LET } cali_own_symbol_kind;
typedef struct cali_own_symbol {
    const char *name;
    cali_own_symbol_kind kind;
    int index; /* row; LET: number of the expression */
    cali_unit unit;
    bool needs_input; /* LET: depends on an input */
} cali_own_symbol;

/* One expression of the file. */
typedef struct cali_own_expression {
    const char *name;       /* "r" of r', or of a let or output */
    const char *label;      /* "r'", "let a", "output r": for messages */
    const cali_node *yaml;  /* the scalar */
    cali_own_node *root;    /* NULL: not read */
} cali_own_expression;

/* ---- operations --------------------------------------------------------------------------------- */

/* The kinds of nodes but NAME, whose place the rows take; POWER is the real power. */
typedef enum cali_own_row { CALI_OWN_ROW_PARAM = 100, CALI_OWN_ROW_STATE, CALI_OWN_ROW_INPUT } cali_own_row;

typedef struct cali_own_op {
    int code;     /* cali_own_kind or cali_own_row */
    int a, b, c;  /* operations before this one; a row's number; CALL: c is the function */
    int slot;     /* row of the interpreter's scratch, or of the numbers; -1: none (rows of the model) */
    double value; /* NUMBER */
} cali_own_op;

typedef struct cali_own_program {
    cali_own_op *ops;
    int n, capacity;
    int *results; /* the operation behind each result */
    size_t n_results, n_slots;
    double *numbers; /* (numbers x CALI_OWN_LANES): each number in every lane */
} cali_own_program;

/* ---- the model ------------------------------------------------------------------------------------ */

typedef struct cali_own {
    cal_nmm_model model; /* first: a model's handle is that of the whole */
    cali_arena arena;
    char *path, *text;
    size_t text_size;
    cali_own_symbol *symbols;
    size_t n_symbols;
    cali_unit *declared[3]; /* of states, params, inputs: as the file writes them */
    cali_own_expression *equations, *lets, *outputs; /* n_states, n_lets, n_outputs */
    size_t n_lets;
    cali_own_program rhs, observe;
    cali_own_program derive; /* results: the rows behind the parameters */
    double *test_x, *test_p, *test_c;   /* one value per row; of test_p, those behind the parameters too */
    double *test_dx, *test_y;           /* NaN: not given */
    unsigned test_line, test_column;
    void *library; /* of dlopen, or NULL */
    char *how;     /* how it runs, in words */
} cali_own;

/** Gathers mistakes in the order of their discovery. */
typedef struct cali_own_reader {
    cal_context *ctx;
    cali_own *own;
    cali_tree *tree;
    cali_text mistakes;
    size_t n_mistakes, n_shown, n_nodes;
    bool is_out_of_memory;
    bool is_dry; /* reads and checks only */
} cali_own_reader;

#if defined(__GNUC__)
#define CALI_OWN_FORMAT(n, first) __attribute__((format(printf, n, first)))
#else
#define CALI_OWN_FORMAT(n, first)
#endif

/* messages.c */
/** Notes a mistake at a place of the file; always false. */
bool cali_own_refuse(cali_own_reader *r, unsigned line, unsigned column, const char *code, const char *format, ...)
    CALI_OWN_FORMAT(5, 6);
/** The same at byte `at` of a scalar. */
bool cali_own_refuse_at(cali_own_reader *r, const cali_node *scalar, size_t at, const char *code, const char *format,
                        ...) CALI_OWN_FORMAT(5, 6);
/** `what`, and the nearest and all of the known words; always false. */
bool cali_own_refuse_word(cali_own_reader *r, const cali_node *scalar, size_t at, const char *what, const char *word,
                          const char *const *known, size_t n);
void *cali_own_take(cali_own_reader *r, size_t n, size_t size);
char *cali_own_keep(cali_own_reader *r, const char *text, size_t size);
/** The place of byte `at` of a scalar in the file. */
void cali_own_find_place(const cali_own *own, const cali_node *scalar, size_t at, unsigned *line, unsigned *column);
/* read.c */
/** Reads the parsed YAML into r->own; mistakes are in `r`. */
void cali_own_read(cali_own_reader *r, const cali_node *root);
/** Number of a scalar in `unit`; a bare one is in `declared`. NULL `declared`: the unit is taken from the number and
 *  put into `*unit`. */
bool cali_own_read_number(cali_own_reader *r, const cali_node *node, const char *label, const cali_unit *declared,
                          cali_unit *unit, double *out);
/* read_test.c */
/** `test:` of the file, after everything else. */
void cali_own_read_test(cali_own_reader *r, const cali_node *root);

/* expression.c */
int cali_own_find_symbol(const cali_own *own, const char *name);
/** NULL and a mistake if it cannot be read. */
cali_own_node *cali_own_parse(cali_own_reader *r, const cali_node *scalar, const char *label);
bool cali_own_is_name(const char *text);
/** A word of the expressions that cannot name a quantity: a function, pi, if, ... */
bool cali_own_is_reserved(const char *text);

/* dimensions.c */
/** The host's unit of a dimension (ms, mV, pA, mm and what follows from them), and its text. */
cali_unit cali_own_host_unit(const cali_unit *unit);
void cali_own_unit_text(const cali_unit *unit, char text[CALI_UNIT_TEXT]);
/** Finds the unit of every node; `wanted` (or NULL) is what the whole must have. False: a mistake was noted. */
bool cali_own_check(cali_own_reader *r, const cali_own_expression *expression, const cali_unit *wanted);

/* program.c */
/** Number of an operation, found or added; -1: no memory, or a limit is reached. */
int cali_own_push(cali_own_reader *r, cali_own_program *program, cali_own_op op);
/** How many of a, b, c are operations. */
int cali_own_n_operands(const cali_own_op *op);
/* hoist.c */
/** Moves what depends on parameters alone from a program into `derive`. */
bool cali_own_hoist(cali_own_reader *r, cali_own_program *from, cali_own_program *derive);
/* program.c */
bool cali_own_make_programs(cali_own_reader *r);

/* interpret.c, one per instruction-set level */
/** Runs a program for n regions. */
void cali_own_run(const cali_own_program *program, size_t n, const double *p, const double *x, const double *c,
                  double *out);

/* load.c */
/** cal_nmm_model_load of a text in memory. `is_dry`: everything but the compiler; the model cannot run. */
cal_status cali_own_load_text(cal_context *ctx, const char *path, const char *text, size_t size, bool is_dry,
                              cal_nmm_model **out);

/* emit.c */
/** The C of a model, complete in itself. False: no memory. */
bool cali_own_emit(const cali_own *own, cali_text *out);

/* compile.c */
typedef struct cali_own_compiler {
    char path[4096];
    char version[256];
} cali_own_compiler;
/** The system's compiler. False: there is none, and `why` says so. */
bool cali_own_find_compiler(cali_own_compiler *compiler, char *why, size_t size);
/** Asks the compiler for its version; `log` is a file that its answer may go through. False: no answer. */
bool cali_own_ask_version(cali_own_compiler *compiler, const char *log);
/** The flags as one line, for digests. */
void cali_own_compiler_flags(cali_text *out);
/** Compiles `source` to `object`; `log` is a file that gets what the compiler says. False: `why` says why. */
bool cali_own_compile(const cali_own_compiler *compiler, const char *source, const char *object, const char *log,
                      char *why, size_t size);
/* cache.c */
/** A handle of dlopen on the compiled `source`, from the cache or new. NULL: `why` says why. */
void *cali_own_library(cal_context *ctx, cali_own_compiler *compiler, const cali_text *source, bool *was_cached,
                       char *why, size_t size);

#endif
