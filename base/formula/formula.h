/* Formulas in text files of the user: own neural masses (nmm/text/) and own neurons (snn/text/).
 *
 *   fields.c     YAML -> fields with units, expressions  expression.c  text -> tree, with places
 *   messages.c   mistakes and their places
 *   dimensions.c units over the tree                     program.c     trees -> one list of operations
 *   hoist.c      what depends on parameters alone, computed once
 *   emit.c       operations -> C                         compile.c     C -> shared object, by the system's compiler
 *   cache.c      where those are kept                    interpret.c   operations over 32 regions or neurons at a time
 *   range.c      operations over ranges: bounds of what they can give
 *
 * The list of operations is the one meaning of a formula: the C is its text and the interpreter runs it, one rounding per
 * operation in both, so they give the same bits. Every number is in the host's coherent units (ms, mV, pA, mm, rad). */
#ifndef CALI_BASE_FORMULA_FORMULA_H
#define CALI_BASE_FORMULA_FORMULA_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/message.h"
#include "base/text.h"
#include "base/tree.h"
#include "base/units.h"

/* Limits: a hostile file costs little, and the interpreter's scratch fits on a thread's stack. */
enum {
    CALI_FORMULA_MAX_BYTES = 1 << 20, /* of the file */
    CALI_FORMULA_MAX_FIELDS = 128,    /* states, parameters, inputs, let, outputs, each */
    CALI_FORMULA_MAX_NODES = 4000,    /* of all expressions */
    CALI_FORMULA_MAX_DEPTH = 60,      /* of parentheses, calls and signs */
    CALI_FORMULA_MAX_OPS = 12000,     /* of one program */
    CALI_FORMULA_MAX_SLOTS = 256,     /* values that live at once */
    CALI_FORMULA_MAX_POWER = 16,      /* whole powers up to here are products */
    CALI_FORMULA_LANES = 32           /* regions that the interpreter takes at a time */
};

/* ---- expressions ---------------------------------------------------------------------------- */

typedef enum cali_formula_rule { CALI_FORMULA_PLAIN, CALI_FORMULA_ANGLE, CALI_FORMULA_ROOT, CALI_FORMULA_SAME, CALI_FORMULA_SIGN } cali_formula_rule;
typedef enum cali_formula_course { CALI_FORMULA_RISES, CALI_FORMULA_FALLS, CALI_FORMULA_EVEN, CALI_FORMULA_WAVES, CALI_FORMULA_TURNS } cali_formula_course;
typedef struct cali_formula_function {
    const char *name;
    int n_args;
    cali_formula_rule rule;
    cali_formula_course course;
    const char *meaning;
} cali_formula_function;
extern const cali_formula_function cali_formula_functions[];
extern const size_t cali_formula_n_functions;

typedef enum cali_formula_kind {
    CALI_FORMULA_NUMBER,
    CALI_FORMULA_NAME,
    CALI_FORMULA_NEGATE,
    CALI_FORMULA_ADD,
    CALI_FORMULA_SUBTRACT,
    CALI_FORMULA_MULTIPLY,
    CALI_FORMULA_DIVIDE,
    CALI_FORMULA_POWER,
    CALI_FORMULA_CALL,
    CALI_FORMULA_CHOOSE, /* args: condition, then, else */
    CALI_FORMULA_LESS,   /* from here on: true or false */
    CALI_FORMULA_LESS_EQUAL,
    CALI_FORMULA_EQUAL,
    CALI_FORMULA_UNEQUAL,
    CALI_FORMULA_AND,
    CALI_FORMULA_OR,
    CALI_FORMULA_NOT,
    CALI_FORMULA_FMA, /* operations only: a b + c with one rounding */
    CALI_FORMULA_FMS, /* a b - c */
    CALI_FORMULA_FNMA /* c - a b */
} cali_formula_kind;

typedef struct cali_formula_node {
    cali_formula_kind kind;
    size_t at;      /* byte of the text: the operator, or the first letter */
    double value;   /* NUMBER */
    int symbol;     /* NAME: index into the symbols */
    int function;   /* CALL: index into cali_formula_functions */
    cali_unit unit; /* after cali_formula_check; the host's unit of the dimension */
    bool is_zero;   /* a 0 without unit: it has every dimension */
    struct cali_formula_node *args[3];
} cali_formula_node;

typedef enum cali_formula_symbol_kind { CALI_FORMULA_STATE, CALI_FORMULA_PARAM, CALI_FORMULA_INPUT, CALI_FORMULA_LET } cali_formula_symbol_kind;
typedef struct cali_formula_symbol {
    const char *name;
    cali_formula_symbol_kind kind;
    int index; /* row; LET: number of the expression */
    cali_unit unit;
    bool needs_input; /* LET: depends on an input */
} cali_formula_symbol;

/* One expression of the file. */
typedef struct cali_formula_expression {
    const char *name;       /* "r" of r', or of a let or output */
    const char *label;      /* "r'", "let a", "output r": for messages */
    const cali_node *yaml;  /* the scalar */
    cali_formula_node *root;    /* NULL: not read */
    size_t at;              /* first byte in the scalar */
} cali_formula_expression;

/* ---- operations --------------------------------------------------------------------------------- */

/* The kinds of nodes but NAME, whose place the rows take; POWER is the real power. */
typedef enum cali_formula_row { CALI_FORMULA_ROW_PARAM = 100, CALI_FORMULA_ROW_STATE, CALI_FORMULA_ROW_INPUT } cali_formula_row;

typedef struct cali_formula_op {
    int code;     /* cali_formula_kind or cali_formula_row */
    int a, b, c;  /* operations before this one; a row's number; CALL: c is the function */
    int slot;     /* row of the interpreter's scratch, or of the numbers; -1: none (rows of the model) */
    double value; /* NUMBER */
    bool is_fixed; /* depends on parameters and numbers alone */
    bool is_rounded; /* a product that no sum takes in: see cali_formula_contract */
} cali_formula_op;

typedef struct cali_formula_program {
    cali_formula_op *ops;
    int n, capacity;
    int *results; /* the operation behind each result */
    size_t n_results, n_slots;
    double *numbers; /* (numbers x CALI_FORMULA_LANES): each number in every lane */
    float *numbers_f32;
} cali_formula_program;

/* ---- the file --------------------------------------------------------------------------------------- */

/* What every file of formulas has. */
typedef struct cali_formula_file {
    cali_arena arena;
    char *path, *text;
    size_t text_size;
    cali_formula_symbol *symbols;
    size_t n_symbols;
    cali_unit *declared[3]; /* of states, parameters, inputs: as the file writes them */
    cali_formula_expression *lets;
    size_t n_lets;
} cali_formula_file;

/** Gathers mistakes in the order of their discovery. */
typedef struct cali_formula_reader {
    cal_context *ctx;
    cali_formula_file *file;
    void *owner;      /* what the file becomes: for the reader of that kind of file */
    const char *what; /* "model", "neuron" */
    cali_tree *tree;
    cali_text mistakes;
    size_t n_mistakes, n_shown, n_nodes;
    bool is_out_of_memory;
    bool is_dry; /* reads and checks only */
    /* Who gets the mistakes, one by one, instead of the text of all; NULL: nobody. */
    void (*tell)(void *listener, unsigned line, unsigned column, const char *code, const char *text);
    void *listener;
} cali_formula_reader;

#if defined(__GNUC__)
#define CALI_FORMULA_FORMAT(n, first) __attribute__((format(printf, n, first)))
#else
#define CALI_FORMULA_FORMAT(n, first)
#endif

/* messages.c */
/** The tree of the file's text; NULL: refused, or no memory, which the reader remembers. */
cali_node *cali_formula_root(cali_formula_reader *r);
/** What the reader has against the file, as one message. Errors: INPUT, MEMORY. */
cal_status cali_formula_verdict(cali_formula_reader *r);
/** Notes a mistake at a place of the file; always false. */
bool cali_formula_refuse(cali_formula_reader *r, unsigned line, unsigned column, const char *code, const char *format, ...)
    CALI_FORMULA_FORMAT(5, 6);
/** The same at byte `at` of a scalar. */
bool cali_formula_refuse_at(cali_formula_reader *r, const cali_node *scalar, size_t at, const char *code, const char *format,
                        ...) CALI_FORMULA_FORMAT(5, 6);
/** `what`, and the nearest and all of the known words; always false. */
bool cali_formula_refuse_word(cali_formula_reader *r, const cali_node *scalar, size_t at, const char *what, const char *word,
                          const char *const *known, size_t n);
void *cali_formula_take(cali_formula_reader *r, size_t n, size_t size);
char *cali_formula_keep(cali_formula_reader *r, const char *text, size_t size);
/** The place of byte `at` of a scalar in the file. */
void cali_formula_find_place(const cali_formula_file *file, const cali_node *scalar, size_t at, unsigned *line, unsigned *column);
/* fields.c */
/** What the lists of fields of a file differ in. */
typedef struct cali_formula_list {
    const char *key, *value_key, *example;
    cali_formula_symbol_kind kind;
    const char *known[6];
    size_t n_known;
    bool is_required;
} cali_formula_list;
/** `label` needs `wanted`, but the node is something else; always false. */
bool cali_formula_refuse_shape(cali_formula_reader *r, const cali_node *node, const char *label, const char *wanted,
                               const char *try);
/** The text under a key, "" without one. `label`: of the mapping. */
const char *cali_formula_read_text(cali_formula_reader *r, const cali_node *map, const char *key, const char *label);
/** Refuses the keys of a mapping that are not among the known ones, with the nearest. */
void cali_formula_check_keys(cali_formula_reader *r, const cali_node *map, const char *label, const char *const *known,
                             size_t n);
/** The mapping under a key of the top; NULL with a mistake if it is none or too long. `try` is an example. */
const cali_node *cali_formula_read_map(cali_formula_reader *r, const cali_node *root, const char *key, const char *try,
                                       bool is_required);
/** Number of a scalar in `unit`; a bare one is in `declared`. NULL `declared`: the unit is taken from the number and
 *  put into `*unit`. */
bool cali_formula_read_number(cali_formula_reader *r, const cali_node *node, const char *label, const cali_unit *declared,
                              cali_unit *unit, double *out);
/** A number under a key of a field; left as it is without that key. */
void cali_formula_read_bound(cali_formula_reader *r, const cali_node *map, const char *key, const char *label,
                             const cali_unit *declared, double *out);
/** The fields of a list; their names become symbols. */
cal_field *cali_formula_read_fields(cali_formula_reader *r, const cali_formula_list *list, const cali_node *root, size_t *n);
/** A name that may stand for a quantity. */
bool cali_formula_check_name(cali_formula_reader *r, const cali_entry *entry, const char *list);
/** A new symbol; false: the name is none, or taken. */
bool cali_formula_add_symbol(cali_formula_reader *r, const cali_entry *entry, const char *list, cali_formula_symbol_kind kind,
                             size_t index, const cali_unit *unit);
bool cali_formula_read_expression(cali_formula_reader *r, const char *name, const char *label, const cali_node *scalar,
                                  const cali_unit *wanted, cali_formula_expression *e);
/** `let:` of the file. */
void cali_formula_read_lets(cali_formula_reader *r, const cali_node *root);
/** `equations:` of the file: one for each of the first n states, in their order. NULL: a mistake was noted. */
cali_formula_expression *cali_formula_read_equations(cali_formula_reader *r, const cali_node *root, const cal_field *states,
                                                     size_t n);
/** "r' = ..." line by line, as the file has them but for line ends; then `let`. */
const char *cali_formula_join_equations(cali_formula_reader *r, const cali_formula_expression *equations, size_t n);
/** Does an expression depend on an input? Then `*name` is it. */
bool cali_formula_uses_input(const cali_formula_file *file, const cali_formula_node *node, const char **name);
/** The unit of a derivative. */
cali_unit cali_formula_per_ms(const cali_unit *unit);

/* expression.c */
int cali_formula_find_symbol(const cali_formula_file *file, const char *name);
/** NULL and a mistake if it cannot be read. */
cali_formula_node *cali_formula_parse(cali_formula_reader *r, const cali_node *scalar, const char *label);
/** NAME = EXPRESSION, NAME += EXPRESSION or NAME -= EXPRESSION, from byte *at of a scalar on; behind it *at is the next
 *  one, after a ";", or the end. */
typedef struct cali_formula_statement {
    int symbol;
    bool is_added, is_taken; /* +=, -= */
    cali_formula_expression value;
} cali_formula_statement;
bool cali_formula_parse_statement(cali_formula_reader *r, const cali_node *scalar, size_t *at, const char *label,
                                  cali_formula_statement *out);
bool cali_formula_is_name(const char *text);
/** A word of the expressions that cannot name a quantity: a function, pi, if, ... */
bool cali_formula_is_reserved(const char *text);

/* dimensions.c */
/** The host's unit of a dimension (ms, mV, pA, mm and what follows from them), and its text. */
cali_unit cali_formula_host_unit(const cali_unit *unit);
void cali_formula_unit_text(const cali_unit *unit, char text[CALI_UNIT_TEXT]);
/** Finds the unit of every node; `wanted` (or NULL) is what the whole must have. False: a mistake was noted. */
bool cali_formula_check(cali_formula_reader *r, const cali_formula_expression *expression, const cali_unit *wanted);
/** The same for a condition. */
bool cali_formula_check_condition(cali_formula_reader *r, const cali_formula_expression *expression);

/* program.c */
/** Turns trees into operations of a program. */
typedef struct cali_formula_builder {
    cali_formula_reader *r;
    cali_formula_program *program;
    int *lets;  /* operation behind each let, -1: not yet */
    int *bound; /* operation that stands for each symbol, -1: its row; NULL: rows throughout */
    bool simplifies; /* x / y is x (1 / y) where y depends on parameters alone; 0 x is 0, 1 x and x + 0 are x; p (q x) is
                     * (p q) x for parameters p, q */
} cali_formula_builder;
/** Begins a program that is empty. False: no memory. */
bool cali_formula_begin(cali_formula_reader *r, cali_formula_program *program, size_t n_results, cali_formula_builder *b);
/** Number of an operation, found or added; -1: no memory, or a limit is reached. */
int cali_formula_push(cali_formula_reader *r, cali_formula_program *program, cali_formula_op op);
/** The same; numbers are folded. y, c: -1 where there is none. */
int cali_formula_push_op(cali_formula_builder *b, int code, int x, int y, int c);
int cali_formula_push_number(cali_formula_builder *b, double value);
int cali_formula_push_call(cali_formula_builder *b, const char *function, int x);
int cali_formula_push_choice(cali_formula_builder *b, int truth, int x, int y);
/** The operation of a whole tree. */
int cali_formula_push_node(cali_formula_builder *b, const cali_formula_node *node);
/** A program whose results are expressions. */
bool cali_formula_make(cali_formula_reader *r, const cali_formula_expression *expressions, size_t n,
                       cali_formula_program *program);
/** Gives each value its slot: before a program runs. */
bool cali_formula_finish(cali_formula_reader *r, cali_formula_program *program);
/** One operation on numbers; choices and comparisons give NaN. */
double cali_formula_apply(int code, int function, double a, double b);
/** How many of a, b, c are operations. */
int cali_formula_n_operands(const cali_formula_op *op);
/** Products and sums become one operation with one rounding where the product has no other use: for programs in single
 *  precision. */
bool cali_formula_contract(cali_formula_reader *r, cali_formula_program *program);
/* hoist.c */
/** Removes the operations that no result needs. */
bool cali_formula_compact(cali_formula_reader *r, cali_formula_program *program);
/** Moves what depends on parameters alone from a program into `derive`, whose results are rows behind the n_params.
 *  `is_all`: products too, which are worth a row only where rows are shared. */
bool cali_formula_hoist(cali_formula_reader *r, cali_formula_program *from, cali_formula_program *derive, size_t n_params,
                        bool is_all);

/* interpret.c, one per instruction-set level */
/** Runs a program for n regions. */
void cali_formula_run(const cali_formula_program *program, size_t n, const double *p, const double *x, const double *c,
                      double *out);

/** The same in single precision, over rows of their own: parameters, states, inputs, results. Results may be written over
 *  the states. */
typedef struct cali_formula_rows_f32 {
    const float *const *p;
    float *const *x;
    const float *const *c;
    float *const *out;
} cali_formula_rows_f32;
void cali_formula_run_f32(const cali_formula_program *program, size_t n, const cali_formula_rows_f32 *rows);

/* range.c */
typedef struct cali_range {
    double low, high;
} cali_range;
/** Bounds of a program's first result where its inputs lie between bounds: no input between them gives a value beyond,
 *  but it may be that none comes near. Infinite bounds where values can be infinite or no numbers. */
cali_range cali_formula_range(const cali_formula_program *program, const cali_range *inputs);

/* emit.c */
/** The headers that the C of formulas needs, and how its loops begin. */
void cali_formula_emit_headers(cali_text *out);
/** The operations as one constant each; `row` writes what stands for a row of the model. */
void cali_formula_emit_ops(cali_text *out, const cali_formula_program *program, bool is_f32, const char *indent,
                           void (*row)(cali_text *out, const void *owner, const cali_formula_op *op), const void *owner);

/* compile.c */
typedef struct cali_formula_compiler {
    char path[4096];
    char version[256];
} cali_formula_compiler;
/** The system's compiler. False: there is none, and `why` says so. */
bool cali_formula_find_compiler(cali_formula_compiler *compiler, char *why, size_t size);
/** Asks the compiler for its version; `log` is a file that its answer may go through. False: no answer. */
bool cali_formula_ask_version(cali_formula_compiler *compiler, const char *log);
/** The flags as one line, for digests. */
void cali_formula_compiler_flags(cali_text *out);
/** Compiles `source` to `object`; `log` is a file that gets what the compiler says. False: `why` says why. */
bool cali_formula_compile(const cali_formula_compiler *compiler, const char *source, const char *object, const char *log,
                      char *why, size_t size);
/* cache.c */
/** A handle of dlopen on the compiled `source`, from the cache or new. NULL: `why` says why. */
void *cali_formula_library(cal_context *ctx, cali_formula_compiler *compiler, const cali_text *source, bool *was_cached,
                       char *why, size_t size);

#endif
