/* callosum VERB [WORDS] [OPTIONS]. The verbs are the entries of cli/verbs.def; this file finds one, parses its
 * options, gives it a context and turns the outcome into an exit status. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/options.h"
#include "cli/output.h"

#define CALI_VERB(name) extern const cali_verb cali_verb_##name;
#include "cli/verbs.def"
#undef CALI_VERB

static const cali_verb *const verbs[] = {
#define CALI_VERB(name) &cali_verb_##name,
#include "cli/verbs.def"
#undef CALI_VERB
};
enum { N_VERBS = sizeof verbs / sizeof verbs[0] };

static void print_note(void *user, const char *text)
{
    (void)user;
    fprintf(stderr, "note %s\n", text);
}

static void print_help(FILE *file)
{
    fprintf(file, "callosum %s: a whole brain at two scales, neural masses and spiking regions\n\n", CAL_VERSION);
    for (size_t i = 0; i < N_VERBS; i++) {
        char usage[64];
        snprintf(usage, sizeof usage, "%s %s", verbs[i]->name, verbs[i]->words != NULL ? verbs[i]->words : "");
        fprintf(file, "  callosum %-32s %s\n", usage, verbs[i]->summary);
    }
    fprintf(file, "\n  callosum VERB --help                      what it does and its options\n"
                  "  callosum --version                        %s\n"
                  "\nExit status: 0 ok, 1 run failed, 2 input wrong, 3 stopped with a checkpoint, 4 worker lost.\n",
            CAL_VERSION);
}

static void print_verb_help(const cali_verb *verb)
{
    printf("callosum %s%s%s%s\n  %s\n", verb->name, verb->words != NULL ? " " : "",
           verb->words != NULL ? verb->words : "", verb->n_options > 0 ? " [OPTIONS]" : "", verb->summary);
    if (verb->details != NULL)
        printf("\n%s\n", verb->details);
    printf("\n");
    for (size_t i = 0; i < verb->n_options; i++) {
        char usage[64];
        snprintf(usage, sizeof usage, "--%s%s%s", verb->options[i].name, verb->options[i].value != NULL ? " " : "",
                 verb->options[i].value != NULL ? verb->options[i].value : "");
        printf("  %-24s %s\n", usage, verb->options[i].meaning);
    }
}

/* Finds the verb that argv[1] (and argv[2]) name; `*n_used` gets the number of words of its name. */
static const cali_verb *find_verb(int argc, char **argv, int *n_used)
{
    char two[128];
    snprintf(two, sizeof two, "%s %s", argv[1], argc > 2 ? argv[2] : "");
    for (size_t i = 0; i < N_VERBS; i++) {
        const bool has_two = strchr(verbs[i]->name, ' ') != NULL;
        if (strcmp(verbs[i]->name, has_two ? two : argv[1]) == 0) {
            *n_used = has_two ? 2 : 1;
            return verbs[i];
        }
    }
    return NULL;
}

static bool is_help_option(const char *word)
{
    return word != NULL && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0);
}

/* The verbs whose first word is `word`: "connectome" alone, with --help, or with a second word that is none of its. */
static bool print_group_help(const char *word, const char *second)
{
    bool is_group = false;
    FILE *const file = is_help_option(second) ? stdout : stderr;
    const size_t length = strlen(word);
    for (size_t i = 0; i < N_VERBS; i++) {
        if (strncmp(verbs[i]->name, word, length) != 0 || verbs[i]->name[length] != ' ')
            continue;
        if (!is_group && second != NULL && !is_help_option(second))
            fprintf(stderr, "callosum %s: unknown word \"%s\". Known:\n", word, second);
        is_group = true;
        fprintf(file, "  callosum %-24s %s\n", verbs[i]->name, verbs[i]->summary);
    }
    return is_group;
}

static cali_exit unknown_verb(int argc, char **argv)
{
    const char *second = argc > 2 ? argv[2] : NULL;
    if (print_group_help(argv[1], second))
        return is_help_option(second) ? CALI_EXIT_OK : CALI_EXIT_INPUT;
    const char *names[N_VERBS];
    for (size_t i = 0; i < N_VERBS; i++)
        names[i] = verbs[i]->name;
    const int nearest = cali_nearest_word(argv[1], names, N_VERBS);
    fprintf(stderr, "callosum: unknown verb \"%s\".", argv[1]);
    if (nearest >= 0)
        fprintf(stderr, " Try callosum %s.", names[nearest]);
    fprintf(stderr, " Known: ");
    for (size_t i = 0; i < N_VERBS; i++)
        fprintf(stderr, "%s%s", i > 0 ? ", " : "", names[i]);
    fprintf(stderr, ".\n");
    return CALI_EXIT_INPUT;
}

/* --threads, where the verb has it; read before the context exists. */
static unsigned threads_wanted(const cali_arguments *arguments)
{
    for (size_t i = 0; i < arguments->verb->n_options; i++)
        if (strcmp(arguments->verb->options[i].name, "threads") == 0 && arguments->values[i].is_given)
            return (unsigned)arguments->values[i].number;
    return 0;
}

static cali_exit run_verb(const cali_verb *verb, int argc, char **argv)
{
    cal_context_def def = cal_context_def_default();
    def.n_threads = 1; /* enough for parsing; the verb gets its own */
    cal_context *ctx = NULL;
    cali_arguments arguments = {0};
    cali_exit result = CALI_EXIT_INPUT;
    if (cal_context_create(&def, &ctx) != CAL_OK) {
        fprintf(stderr, "callosum: not enough memory\n");
        return CALI_EXIT_FAILED;
    }
    if (cali_arguments_parse(ctx, verb, argc, argv, &arguments) != CAL_OK) {
        cali_fail(ctx, CALI_EXIT_INPUT);
        goto done;
    }
    cal_context_destroy(&ctx);
    def.n_threads = threads_wanted(&arguments);
    def.note = print_note;
    if (cal_context_create(&def, &ctx) != CAL_OK) {
        fprintf(stderr, "callosum: cannot start %u threads\n", def.n_threads);
        result = CALI_EXIT_FAILED;
        goto done;
    }
    result = verb->run(ctx, &arguments);
done:
    cali_arguments_free(&arguments);
    cal_context_destroy(&ctx);
    if (fflush(stdout) != 0 && result == CALI_EXIT_OK) {
        fprintf(stderr, "callosum: standard output could not be written\n");
        result = CALI_EXIT_FAILED;
    }
    return result;
}

int main(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN); /* a file at its size limit is an error of the write, with a message, not a death */
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2 || is_help_option(argv[1]) ||
        (strcmp(argv[1], "help") == 0 && argc == 2)) {
        print_help(stdout);
        return CALI_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("callosum %s\n", CAL_VERSION);
        return CALI_EXIT_OK;
    }
    const bool is_help = strcmp(argv[1], "help") == 0;
    if (is_help) {
        argc--;
        argv++;
    }
    int n_used = 0;
    const cali_verb *verb = find_verb(argc, argv, &n_used);
    if (verb == NULL)
        return (int)unknown_verb(argc, argv);
    for (int i = 1 + n_used; i < argc; i++)
        if (is_help_option(argv[i])) {
            print_verb_help(verb);
            return CALI_EXIT_OK;
        }
    if (is_help) {
        print_verb_help(verb);
        return CALI_EXIT_OK;
    }
    return (int)run_verb(verb, argc - 1 - n_used, argv + 1 + n_used);
}
