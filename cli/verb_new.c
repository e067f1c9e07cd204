/* callosum new: a folder with an experiment that runs, its connectome, and a few lines that say what to do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "callosum/connectomes.h"
#include "cli/output.h"

#define CALI_TEMPLATE(symbol, name, summary)                                                                           \
    extern const unsigned char cali_example_##symbol[];                                                                \
    extern const size_t cali_example_##symbol##_size;
#include "cli/templates.def"
#undef CALI_TEMPLATE

typedef struct template_entry {
    const char *name, *summary;
    const unsigned char *text;
    const size_t *size;
} template_entry;

static const template_entry templates[] = {
#define CALI_TEMPLATE(symbol, name, summary) {name, summary, cali_example_##symbol, &cali_example_##symbol##_size},
#include "cli/templates.def"
#undef CALI_TEMPLATE
};
enum { N_TEMPLATES = sizeof templates / sizeof templates[0] };

static const cali_option options[] = {
    {.name = "from", .kind = CALI_OPTION_TEXT, .value = "TEMPLATE", .meaning = "default: one-spiking-region"},
    CALI_OPTION_JSON,
};

static const template_entry *find_template(cal_context *ctx, const char *name)
{
    const char *names[N_TEMPLATES];
    for (size_t i = 0; i < N_TEMPLATES; i++) {
        if (strcmp(templates[i].name, name) == 0)
            return &templates[i];
        names[i] = templates[i].name;
    }
    const int nearest = cali_nearest_word(name, names, N_TEMPLATES);
    char known[1024] = "";
    for (size_t i = 0; i < N_TEMPLATES; i++)
        strcat(strcat(known, i ? ", " : ""), names[i]);
    CAL_FAIL(ctx, CAL_ERR_INPUT, "unknown template \"%s\".%s%s%s Known: %s.", name, nearest >= 0 ? " Try " : "",
             nearest >= 0 ? names[nearest] : "", nearest >= 0 ? "." : "", known);
    return NULL;
}

static cal_status write_text(cal_context *ctx, const char *directory, const char *name, const cali_text *text)
{
    char *path = NULL;
    if (text->is_broken)
        return CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for %s", name);
    CAL_TRY(cali_path_join(ctx, directory, name, &path));
    const cal_status status = cali_file_write(ctx, path, text->data, text->size);
    free(path);
    return status;
}

/* The template with its generated connectome as a file: the line "  generate: ..." becomes "  file: brain.zip". */
static cal_status write_experiment(cal_context *ctx, const char *directory, const template_entry *t)
{
    const char *text = (const char *)t->text, *line = strstr(text, "\n  generate:");
    cali_text out = {0};
    if (line != NULL) {
        const char *rest = strchr(line + 1, '\n');
        cali_text_add_bytes(&out, text, (size_t)(line + 1 - text));
        cali_text_add(&out, "  file: brain.zip                        # made by callosum connectome generate; put yours here");
        text = rest != NULL ? rest : "";
    }
    cali_text_add(&out, text);
    const cal_status status = write_text(ctx, directory, "experiment.yaml", &out);
    cali_text_free(&out);
    return status;
}

static cal_status write_brain(cal_context *ctx, const char *directory)
{
    const cal_generate_def def = cal_generate_def_default();
    cal_connectome *brain = NULL;
    char *path = NULL;
    CAL_TRY(cal_connectome_generate(ctx, &def, &brain));
    cal_status status = cali_path_join(ctx, directory, "brain.zip", &path);
    if (status == CAL_OK)
        status = cal_connectome_save_zip(ctx, brain, path);
    free(path);
    cal_connectome_destroy(&brain);
    return status;
}

/* A network of its own needs no connectome. */
static bool has_brain(const template_entry *t)
{
    return strstr((const char *)t->text, "\nnetwork:") == NULL;
}

static cal_status make(cal_context *ctx, const char *directory, const template_entry *t)
{
    struct stat info;
    if (stat(directory, &info) == 0)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s exists already. Try another name.", directory);
    CAL_TRY(cali_directory_make(ctx, directory));
    CAL_TRY(write_experiment(ctx, directory, t));
    if (has_brain(t))
        CAL_TRY(write_brain(ctx, directory));
    cali_text readme = {0};
    cali_text_format(&readme,
                     "# %s\n\n%s.\n\n"
                     "    callosum check                       # the plan, and every mistake\n"
                     "    callosum run experiment.yaml         # writes runs/0001 with report.html\n",
                     directory, t->summary);
    cali_text_add(&readme, has_brain(t) ? "    callosum compare experiment.yaml     # the spiking regions against their mean field\n\n"
                                          "`experiment.yaml` is all there is to change; `brain.zip` is a generated connectome in the form of\n"
                                          "The Virtual Brain, and your own file takes its place.\n"
                                        : "    callosum compare runs/0001 runs/0002 # two runs, population by population with --region E\n\n"
                                          "`experiment.yaml` is all there is to change; its comments give equations and source.\n");
    const cal_status status = write_text(ctx, directory, "README.md", &readme);
    cali_text_free(&readme);
    return status;
}

static cali_exit run(cal_context *ctx, const cali_arguments *arguments)
{
    const template_entry *t = find_template(ctx, cali_get_text(arguments, "from", templates[0].name));
    if (t == NULL || make(ctx, arguments->words[0], t) != CAL_OK)
        return cali_fail(ctx, CALI_EXIT_INPUT);
    if (cali_has(arguments, "json")) {
        cali_text json = {0};
        cali_json_open(&json, NULL, "{");
        cali_json_text(&json, "directory", arguments->words[0]);
        cali_json_text(&json, "template", t->name);
        cali_json_open(&json, "files", "[");
        cali_json_text(&json, NULL, "experiment.yaml");
        if (has_brain(t))
            cali_json_text(&json, NULL, "brain.zip");
        cali_json_text(&json, NULL, "README.md");
        cali_json_close(&json, "]");
        cali_json_close(&json, "}");
        return cali_print_json(&json);
    }
    printf("written     %s (experiment.yaml, %sREADME.md)\nnext        cd %s && callosum check && callosum run "
           "experiment.yaml\n",
           arguments->words[0], has_brain(t) ? "brain.zip, " : "", arguments->words[0]);
    return CALI_EXIT_OK;
}

const cali_verb cali_verb_new = {
    .name = "new",
    .words = "NAME",
    .summary = "makes a folder with an experiment to start from",
    .details = "Templates: one-spiking-region, mean-field, balanced-region, resting-state, coba, cuba, brunel,\n"
               "microcircuit, basal-ganglia, izhikevich-2003, inhibitory-plasticity, stdp-network,\n"
               "structural-plasticity, gap-junctions, hodgkin-huxley, travelling-waves (the folders of examples/).",
    .min_words = 1,
    .max_words = 1,
    CALI_OPTIONS(options),
    .run = run,
};
