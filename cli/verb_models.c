/* callosum models [NAME]: the catalogue of everything that an experiment file can name, from the tables; with --rhs a
 * neural mass is evaluated at the points of a table. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "callosum/coupler.h"
#include "callosum/nmm.h"
#include "callosum/snn.h"
#include "cli/model_rhs.h"
#include "cli/output.h"

static const cali_option options[] = {
    {.name = "rhs", .kind = CALI_OPTION_TEXT, .value = "FILE.csv",
     .meaning = "derivatives and outputs of the neural mass NAME at the points of a table, one per row"},
    {.name = "emit", .kind = CALI_OPTION_TEXT, .value = "c|cuda",
     .meaning = "the step of the own neuron FILE as C or as CUDA"},
    CALI_OPTION_JSON,
};

/* What the tables have in common, with the lists of fields that each kind has. */
enum { MAX_LISTS = 5 };
typedef struct entry {
    const char *kind, *name, *alias, *title, *equations, *source;
    size_t n_lists;
    struct {
        const char *name;
        const cal_field *fields;
        size_t n;
        bool has_range;
    } lists[MAX_LISTS];
    const cal_receptor *receptors;
    size_t n_receptors;
    const char *takes, *gives;
} entry;

static entry from_mass(const cal_nmm_model *m)
{
    return (entry){.kind = "neural mass", .name = m->name, .alias = m->alias, .title = m->title,
                   .equations = m->equations, .source = m->source, .n_lists = 4,
                   .lists = {{"parameters", m->params, m->n_params, true},
                             {"states", m->states, m->n_states, true},
                             {"inputs", m->inputs, m->n_inputs, false},
                             {"outputs", m->outputs, m->n_outputs, false}}};
}

static entry from_neuron(const cal_neuron *n)
{
    return (entry){.kind = "neuron", .name = n->name, .alias = n->alias, .title = n->title,
                   .equations = n->equations, .source = n->source, .n_lists = 2,
                   .lists = {{"parameters", n->params, n->n_params, true}, {"states", n->states, n->n_states, true}},
                   .receptors = n->receptors, .n_receptors = n->n_receptors};
}

static entry from_synapse(const cal_synapse *s)
{
    return (entry){.kind = "synapse", .name = s->name, .alias = s->alias, .title = s->title,
                   .equations = s->equations, .source = s->source, .n_lists = 2,
                   .lists = {{"parameters", s->params, s->n_params, true}, {"states", s->states, s->n_states, true}}};
}

static entry from_transducer(const cal_transducer *t)
{
    return (entry){.kind = t->direction == CAL_RECEIVES ? "transducer, receives" : "transducer, gives",
                   .name = t->name, .title = t->title, .equations = t->formula, .source = t->source, .n_lists = 1,
                   .lists = {{"parameters", t->params, t->n_params, true}}, .takes = t->takes, .gives = t->gives};
}

static size_t n_entries(void)
{
    return cal_nmm_n_models() + cal_snn_n_neurons() + cal_snn_n_synapse_models() + cal_n_transducers();
}

static entry entry_at(size_t i)
{
    if (i < cal_nmm_n_models())
        return from_mass(cal_nmm_model_at(i));
    i -= cal_nmm_n_models();
    if (i < cal_snn_n_neurons())
        return from_neuron(cal_snn_neuron_at(i));
    i -= cal_snn_n_neurons();
    if (i < cal_snn_n_synapse_models())
        return from_synapse(cal_snn_synapse_at(i));
    return from_transducer(cal_transducer_at(i - cal_snn_n_synapse_models()));
}

/* ---- text ------------------------------------------------------------------------------------ */

static void print_catalogue(void)
{
    static const char *const headings[] = {"name", "short", "kind", "what it is"};
    cali_table table;
    cali_table_begin(&table, 4, headings);
    for (size_t i = 0; i < n_entries(); i++) {
        const entry e = entry_at(i);
        cali_table_add(&table, "%s", e.name);
        cali_table_add(&table, "%s", e.alias != NULL ? e.alias : "");
        cali_table_add(&table, "%s", e.kind);
        cali_table_add(&table, "%s", e.title);
    }
    cali_table_print(&table, stdout, 0);
    puts("\ncallosum models NAME prints equations, parameters with units and ranges, and the source.");
}

static void print_fields(const char *name, const cal_field *fields, size_t n, bool has_range)
{
    static const char *const with_range[] = {"name", ">default", "unit", ">from", ">to", "meaning"};
    static const char *const without[] = {"name", "unit", "meaning"};
    if (n == 0)
        return;
    printf("\n%s\n", name);
    cali_table table;
    cali_table_begin(&table, has_range ? 6 : 3, has_range ? with_range : without);
    for (size_t i = 0; i < n; i++) {
        cali_table_add(&table, "%s", fields[i].name);
        if (has_range && isnan(fields[i].value))
            cali_table_add(&table, "must be given");
        else if (has_range)
            cali_table_add_number(&table, fields[i].value);
        cali_table_add(&table, "%s", fields[i].unit);
        if (has_range) {
            cali_table_add_number(&table, fields[i].low);
            cali_table_add_number(&table, fields[i].high);
        }
        cali_table_add(&table, "%s", fields[i].meaning);
    }
    cali_table_print(&table, stdout, 2);
}

static void print_receptors(const entry *e)
{
    static const char *const headings[] = {"name", "unit of a weight", "meaning"};
    if (e->n_receptors == 0)
        return;
    puts("\nreceptors");
    cali_table table;
    cali_table_begin(&table, 3, headings);
    for (size_t i = 0; i < e->n_receptors; i++) {
        cali_table_add(&table, "%s", e->receptors[i].name);
        cali_table_add(&table, "%s", e->receptors[i].unit);
        cali_table_add(&table, "%s%s", e->receptors[i].meaning, e->receptors[i].is_modulus ? "; weights >= 0" : "");
    }
    cali_table_print(&table, stdout, 2);
}

static void print_entry(const entry *e)
{
    printf("%s (%s%s%s)\n%s\n\n", e->name, e->kind, e->alias != NULL ? ", short " : "",
           e->alias != NULL ? e->alias : "", e->title);
    /* one equation per line; "; " separates them in the tables of neurons */
    for (const char *at = e->equations; *at != '\0';) {
        const size_t n = strcspn(at, "\n;");
        printf("  %.*s\n", (int)n, at);
        at += n;
        at += strspn(at, "\n; ");
    }
    if (e->takes != NULL)
        printf("\ntakes %s, gives %s\n", e->takes, e->gives);
    for (size_t i = 0; i < e->n_lists; i++)
        print_fields(e->lists[i].name, e->lists[i].fields, e->lists[i].n, e->lists[i].has_range);
    print_receptors(e);
    printf("\nsource  %s\n", e->source);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void add_fields(cali_text *json, const char *name, const cal_field *fields, size_t n)
{
    cali_json_open(json, name, "[");
    for (size_t i = 0; i < n; i++) {
        cali_json_open(json, NULL, "{");
        cali_json_text(json, "name", fields[i].name);
        cali_json_text(json, "unit", fields[i].unit);
        cali_json_number(json, "default", fields[i].value);
        cali_json_number(json, "low", fields[i].low); /* null: no bound */
        cali_json_number(json, "high", fields[i].high);
        cali_json_text(json, "meaning", fields[i].meaning);
        cali_json_close(json, "}");
    }
    cali_json_close(json, "]");
}

static void add_entry(cali_text *json, const entry *e)
{
    cali_json_open(json, NULL, "{");
    cali_json_text(json, "name", e->name);
    cali_json_text(json, "alias", e->alias);
    cali_json_text(json, "kind", e->kind);
    cali_json_text(json, "title", e->title);
    cali_json_text(json, "equations", e->equations);
    cali_json_text(json, "source", e->source);
    if (e->takes != NULL) {
        cali_json_text(json, "takes", e->takes);
        cali_json_text(json, "gives", e->gives);
    }
    for (size_t i = 0; i < e->n_lists; i++)
        add_fields(json, e->lists[i].name, e->lists[i].fields, e->lists[i].n);
    if (e->n_receptors > 0) {
        cali_json_open(json, "receptors", "[");
        for (size_t i = 0; i < e->n_receptors; i++) {
            cali_json_open(json, NULL, "{");
            cali_json_text(json, "name", e->receptors[i].name);
            cali_json_text(json, "unit", e->receptors[i].unit);
            cali_json_text(json, "meaning", e->receptors[i].meaning);
            cali_json_bool(json, "is_modulus", e->receptors[i].is_modulus);
            cali_json_close(json, "}");
        }
        cali_json_close(json, "]");
    }
    cali_json_close(json, "}");
}

static cali_exit unknown_name(cal_context *ctx, const char *name)
{
    enum { MAX_NAMES = 256 };
    const char *names[MAX_NAMES];
    size_t n = 0;
    for (size_t i = 0; i < n_entries() && n + 2 <= MAX_NAMES; i++) {
        const entry e = entry_at(i);
        names[n++] = e.name;
        if (e.alias != NULL)
            names[n++] = e.alias;
    }
    const int nearest = cali_nearest_word(name, names, n);
    if (nearest >= 0)
        CAL_FAIL(ctx, CAL_ERR_INPUT, "no model \"%s\". Try %s.", name, names[nearest]);
    else
        CAL_FAIL(ctx, CAL_ERR_INPUT, "no model \"%s\". callosum models lists all.", name);
    return cali_fail(ctx, CALI_EXIT_INPUT);
}

static cali_exit run_rhs(cal_context *ctx, const char *name, const char *path, bool is_json)
{
    if (name == NULL) {
        CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum models: --rhs needs the NAME of a neural mass.");
        return cali_fail(ctx, CALI_EXIT_INPUT);
    }
    const cal_nmm_model *model = cal_nmm_model_find(name);
    if (model != NULL)
        return cali_print_rhs(ctx, model, path, is_json);
    for (size_t i = 0; i < n_entries(); i++) {
        const entry e = entry_at(i);
        if (strcmp(e.name, name) != 0 && (e.alias == NULL || strcmp(e.alias, name) != 0))
            continue;
        CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum models: --rhs needs a neural mass; %s is a %s.", name, e.kind);
        return cali_fail(ctx, CALI_EXIT_INPUT);
    }
    return unknown_name(ctx, name);
}

static bool is_file(const char *name)
{
    const size_t n = strlen(name);
    return (n > 5 && strcmp(name + n - 5, ".yaml") == 0) || (n > 4 && strcmp(name + n - 4, ".yml") == 0);
}

static cali_exit print_own(const entry *e, const char *what, const char *how, bool is_json)
{
    if (is_json) {
        cali_text json = {0};
        cali_json_open(&json, NULL, "[");
        add_entry(&json, e);
        cali_json_close(&json, "]");
        return cali_print_json(&json);
    }
    print_entry(e);
    printf("\nThe test value of the file is met. The %s runs %s.\n", what, how);
    return CALI_EXIT_OK;
}

/* Whether a file names a neuron at its top, as `neuron: NAME`. A file that cannot be read is none. */
static bool is_neuron_file(cal_context *ctx, const char *path)
{
    enum { MAX_BYTES = 1 << 20 };
    char *text = NULL;
    size_t size = 0;
    bool is_neuron = false;
    if (cali_file_read(ctx, path, MAX_BYTES, &text, &size) != CAL_OK) {
        cal_context_clear(ctx);
        return false;
    }
    for (const char *line = text; line != NULL && !is_neuron; line = strchr(line, '\n')) {
        line += *line == '\n';
        is_neuron = strncmp(line, "neuron:", 7) == 0 || strncmp(line, "threshold:", 10) == 0;
    }
    free(text);
    return is_neuron;
}

static cali_exit run_neuron(cal_context *ctx, const char *path, const cali_arguments *arguments)
{
    cal_neuron *neuron = NULL;
    if (cal_snn_neuron_load(ctx, path, &neuron) != CAL_OK)
        return cali_fail(ctx, CALI_EXIT_INPUT);
    cali_exit result = CALI_EXIT_INPUT;
    char *source = NULL;
    if (cali_has(arguments, "rhs")) {
        CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum models: --rhs needs a neural mass; %s is a neuron.", neuron->name);
        cali_fail(ctx, CALI_EXIT_INPUT);
    } else if (!cali_has(arguments, "emit")) {
        const entry e = from_neuron(neuron);
        result = print_own(&e, "neuron", cal_snn_neuron_how(neuron), cali_has(arguments, "json"));
    } else if (cal_snn_neuron_source(ctx, neuron, cali_get_text(arguments, "emit", ""), &source) == CAL_OK) {
        fputs(source, stdout);
        result = CALI_EXIT_OK;
    } else {
        cali_fail(ctx, CALI_EXIT_INPUT);
    }
    free(source);
    cal_snn_neuron_destroy(&neuron);
    return result;
}

/* An own model: its file is checked, and printed or evaluated like a built-in one. */
static cali_exit run_file(cal_context *ctx, const char *path, const cali_arguments *arguments)
{
    const bool is_json = cali_has(arguments, "json");
    if (is_neuron_file(ctx, path))
        return run_neuron(ctx, path, arguments);
    cal_nmm_model *model = NULL;
    if (cal_nmm_model_load(ctx, path, &model) != CAL_OK)
        return cali_fail(ctx, CALI_EXIT_INPUT);
    const entry e = from_mass(model);
    const cali_exit result = cali_has(arguments, "rhs")
                                 ? cali_print_rhs(ctx, model, cali_get_text(arguments, "rhs", NULL), is_json)
                                 : print_own(&e, "model", cal_nmm_model_how(model), is_json);
    cal_nmm_model_destroy(&model);
    return result;
}

static cali_exit run(cal_context *ctx, const cali_arguments *arguments)
{
    const char *wanted = arguments->n_words > 0 ? arguments->words[0] : NULL;
    const bool is_json = cali_has(arguments, "json");
    if (wanted != NULL && is_file(wanted))
        return run_file(ctx, wanted, arguments);
    if (cali_has(arguments, "emit")) {
        CAL_FAIL(ctx, CAL_ERR_INPUT, "callosum models: --emit needs the FILE of an own neuron.");
        return cali_fail(ctx, CALI_EXIT_INPUT);
    }
    if (cali_has(arguments, "rhs"))
        return run_rhs(ctx, wanted, cali_get_text(arguments, "rhs", NULL), is_json);
    if (wanted == NULL && !is_json) {
        print_catalogue();
        return CALI_EXIT_OK;
    }
    cali_text json = {0};
    size_t n_found = 0;
    cali_json_open(&json, NULL, "[");
    for (size_t i = 0; i < n_entries(); i++) {
        const entry e = entry_at(i);
        if (wanted != NULL && strcmp(e.name, wanted) != 0 && (e.alias == NULL || strcmp(e.alias, wanted) != 0))
            continue;
        if (!is_json && n_found > 0)
            puts("");
        n_found++;
        if (is_json)
            add_entry(&json, &e);
        else
            print_entry(&e);
    }
    cali_json_close(&json, "]");
    if (is_json && n_found > 0)
        return cali_print_json(&json);
    cali_text_free(&json);
    return n_found > 0 ? CALI_EXIT_OK : unknown_name(ctx, wanted);
}

extern const cali_verb cali_verb_models;
const cali_verb cali_verb_models = {
    .name = "models",
    .words = "[NAME|FILE]",
    .summary = "neural masses, neurons, synapses and transducers: equations, units, ranges, sources",
    .details = "A FILE ending in .yaml is an own model (docs/own-models.md) or neuron (docs/own-neurons.md): it is checked and\n"
               "printed.\n"
               "With --json: a list of entries; an open end of a range is null, as is a default that must be given.\n"
               "With --rhs: the header of the table names states, parameters and inputs, with units as in \"V (mV)\";\n"
               "what it does not name is at its default. A name that two lists have is written inputs.c, parameters.c.",
    .max_words = 1,
    CALI_OPTIONS(options),
    .run = run,
};
