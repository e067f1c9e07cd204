/* The verbs of the program and their options: every verb is one constant entry, every option one row of its
 * table; parsing, help and nearest words come from them. */
#ifndef CALI_CLI_OPTIONS_H
#define CALI_CLI_OPTIONS_H

#include "callosum/base.h"

/** What the program returns to the shell. */
typedef enum cali_exit {
    CALI_EXIT_OK = 0,
    CALI_EXIT_FAILED = 1, /**< a run or a self-test failed */
    CALI_EXIT_INPUT = 2,  /**< something that the user gave is wrong; nothing was computed */
    CALI_EXIT_STOPPED = 3, /**< a run was stopped and left a checkpoint */
    CALI_EXIT_LOST = 4     /**< a worker was lost, and the run stopped as it was told to */
} cali_exit;

typedef enum cali_option_kind {
    CALI_OPTION_FLAG,    /**< --json */
    CALI_OPTION_TEXT,    /**< --out DIR; the last one counts */
    CALI_OPTION_LIST,    /**< --set path=value, any number of times */
    CALI_OPTION_NUMBER,  /**< --density 0.3, within [low, high] */
    CALI_OPTION_COUNT,   /**< --threads 4: a whole number within [low, high], exact up to 2^53 */
    CALI_OPTION_QUANTITY /**< --speed "3 mm/ms": within [low, high] of `unit`; a unit must be given */
} cali_option_kind;

typedef struct cali_option {
    const char *name; /**< "threads" for --threads */
    cali_option_kind kind;
    const char *value;   /**< word for the value in the help, NULL for flags */
    const char *meaning; /**< one phrase; the default, where it matters, stands in it */
    double low, high;    /**< numbers; both 0: any finite number */
    const char *unit;    /**< quantities */
} cali_option;

/** `--json`, the same on each verb that has it. */
#define CALI_OPTION_JSON {.name = "json", .kind = CALI_OPTION_FLAG, .meaning = "print JSON instead of text"}
#define CALI_OPTION_THREADS                                                                                   \
    {.name = "threads", .kind = CALI_OPTION_COUNT, .value = "N", .low = 1, .high = 256,                       \
     .meaning = "number of threads; default: one per processor"}

typedef struct cali_arguments cali_arguments;

typedef struct cali_verb {
    const char *name;    /**< "run", or two words: "connectome info" */
    const char *words;   /**< what follows, for the help: "[FILE]"; NULL: nothing */
    const char *summary; /**< one phrase */
    const char *details; /**< more lines for the help of this verb, or NULL */
    size_t min_words, max_words;
    const cali_option *options;
    size_t n_options;
    /** `ctx` has as many threads as --threads says, if the verb has that option. */
    cali_exit (*run)(cal_context *ctx, const cali_arguments *arguments);
} cali_verb;

/** Declares a table's length beside it: CALI_OPTIONS(options) gives the two members. */
#define CALI_OPTIONS(table) .options = (table), .n_options = sizeof(table) / sizeof((table)[0])

typedef struct cali_option_value {
    bool is_given;
    double number;      /* NUMBER, COUNT; QUANTITY: in the option's unit */
    const char *text;   /* as given; points into argv */
    const char **list;  /* LIST */
    size_t n_list;
} cali_option_value;

/** A command line, parsed. The words are those that are no options, in their order. */
struct cali_arguments {
    const cali_verb *verb;
    const char **words;
    size_t n_words;
    cali_option_value *values; /* one per option of the verb */
};

/** Parses what follows the verb. Options may stand anywhere, as "--name value" or "--name=value"; after
 *  "--" everything is a word. Errors: INPUT with a message that names the nearest option; MEMORY. Free in
 *  both cases. */
cal_status cali_arguments_parse(cal_context *ctx, const cali_verb *verb, int argc, char **argv,
                                cali_arguments *out);
void cali_arguments_free(cali_arguments *arguments);

/** Takes an option of a former command line, "--name value" or "--name", where this one does not give it; values of a list come
 *  before those that are given. The text is borrowed. Errors: INPUT, MEMORY. */
cal_status cali_arguments_inherit(cal_context *ctx, const cali_arguments *arguments, const char *option);

/* Values by the option's name; asking for an option that the verb does not have is a mistake of the code. */
bool cali_has(const cali_arguments *arguments, const char *name);
const char *cali_get_text(const cali_arguments *arguments, const char *name, const char *otherwise);
double cali_get_number(const cali_arguments *arguments, const char *name, double otherwise);
/** Texts of a LIST in their order; borrowed. */
const char *const *cali_get_list(const cali_arguments *arguments, const char *name, size_t *n);

#endif
