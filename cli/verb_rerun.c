/* callosum rerun: repeats a run from its manifest, says what has changed since, and compares what both recorded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/output.h"
#include "cli/placement.h"
#include "cli/resume.h"
#include "cli/runner.h"
#include "experiment/accuracy.h"
#include "experiment/experiment.h"

static const cali_option options[] = {
    {.name = "out", .kind = CALI_OPTION_TEXT, .value = "DIR", .meaning = "folder of the new run; default: runs/0001, 0002, ..."},
    CALI_OPTIONS_PLACEMENT,
    CALI_OPTION_THREADS,
    CALI_OPTION_JSON,
};

/* ---- what differs between two manifests ---------------------------------------------------------------- */

/* What a run depends on; digests of inputs are compared before it begins. */
static const char *const parts[] = {"callosum", "build", "seed", "mean_field_only", "duration_ms", "window_ms", "lag",
                                    "integrator", "dt_ms", "connectome", "spiking_regions", "network", "own", "experiment"};
enum { MOST_LINES = 20, MOST_PATH = 300 };

typedef struct differences {
    cali_text *lines;
    size_t n;
    const char *folder; /* that relative paths of the first run count from */
} differences;

static void add_line(differences *d, const char *path, const char *was, const char *is)
{
    if (d->n++ < MOST_LINES)
        cali_text_format(d->lines, "  %s: %s then, %s now\n", path, was, is);
}

/* Texts may be one path, told from another folder. */
static bool is_same_text(const differences *d, const char *a, const char *b)
{
    const size_t n = strlen(d->folder);
    while (strncmp(a, "./", 2) == 0)
        a += 2;
    return strcmp(a, b) == 0 || (strncmp(b, d->folder, n) == 0 && b[n] == '/' && strcmp(a, b + n + 1) == 0);
}

static const char *name_of(const cali_node *node)
{
    return node == NULL ? "nothing" : node->kind == CALI_NODE_SCALAR ? node->text : "something else";
}

static void compare_nodes(differences *d, const char *path, const cali_node *a, const cali_node *b)
{
    char inner[MOST_PATH];
    if (a == NULL && b == NULL)
        return;
    if (a == NULL || b == NULL || a->kind != b->kind || (a->kind == CALI_NODE_LIST && a->n != b->n)) {
        add_line(d, path, name_of(a), name_of(b));
        return;
    }
    if (a->kind == CALI_NODE_SCALAR) {
        if (!is_same_text(d, a->text, b->text))
            add_line(d, path, a->text, b->text);
        return;
    }
    for (size_t i = 0; i < a->n; i++) {
        const bool is_map = a->kind == CALI_NODE_MAP;
        if (is_map)
            snprintf(inner, sizeof inner, "%.200s.%.90s", path, a->entries[i].key);
        else
            snprintf(inner, sizeof inner, "%.200s[%zu]", path, i);
        compare_nodes(d, inner, a->entries[i].value, is_map ? cali_node_get(b, a->entries[i].key) : b->entries[i].value);
    }
    for (size_t i = 0; b->kind == CALI_NODE_MAP && i < b->n; i++) {
        snprintf(inner, sizeof inner, "%.200s.%.90s", path, b->entries[i].key);
        if (cali_node_get(a, b->entries[i].key) == NULL)
            compare_nodes(d, inner, NULL, b->entries[i].value);
    }
}

static cal_status compare_manifests(cal_context *ctx, const cali_past_run *past, const char *directory, cali_text *lines)
{
    cali_past_run now;
    differences d = {.lines = lines, .folder = past->command.folder};
    const cal_status status = cali_past_run_load(ctx, directory, &now);
    for (size_t i = 0; status == CAL_OK && i < sizeof parts / sizeof *parts; i++)
        compare_nodes(&d, parts[i], cali_node_get(past->manifest, parts[i]), cali_node_get(now.manifest, parts[i]));
    if (d.n > MOST_LINES)
        cali_text_format(lines, "  and %zu more\n", d.n - MOST_LINES);
    cali_past_run_free(&now);
    return status;
}

/* ---- what differs between two recordings ------------------------------------------------------------------ */

static cal_status open_recording(cal_context *ctx, const char *directory, cal_recording **out)
{
    char *path = NULL;
    CAL_TRY(cali_path_join(ctx, directory, "run.h5", &path));
    const cal_status status = cal_recording_open(ctx, path, out);
    free(path);
    return status;
}

static cal_status compare_recordings(cal_context *ctx, const char *then, const char *now, cal_recording_comparison *out)
{
    cal_recording *a = NULL, *b = NULL;
    cal_status status = open_recording(ctx, then, &a);
    if (status == CAL_OK)
        status = open_recording(ctx, now, &b);
    if (status == CAL_OK)
        status = cal_recording_compare(ctx, a, b, out);
    cal_recording_close(&a);
    cal_recording_close(&b);
    return status;
}

/* ---- the verb ----------------------------------------------------------------------------------------------- */

static cali_exit tell(const char *then, const char *now, const cali_text *changes, const cal_recording_comparison *c, bool as_json)
{
    const cali_exit status = c->is_identical ? CALI_EXIT_OK : CALI_EXIT_FAILED;
    if (as_json) {
        cali_text json = {0};
        cali_json_open(&json, NULL, "{");
        cali_json_text(&json, "run", then);
        cali_json_text(&json, "rerun", now);
        cali_json_bool(&json, "is_identical", c->is_identical);
        cali_json_number(&json, "until_ms", cal_time_ms(c->until));
        cali_json_number(&json, "values", c->n_values);
        cali_json_text(&json, "difference", c->is_identical ? NULL : c->difference);
        cali_json_text(&json, "changes", changes->size > 0 ? changes->data : "");
        cali_json_close(&json, "}");
        const cali_exit printed = cali_print_json(&json);
        return printed != CALI_EXIT_OK ? printed : status;
    }
    if (changes->size > 0)
        printf("changed since %s\n%s", then, changes->data);
    if (c->is_identical)
        printf("identical   %s and %s up to %g ms: every bit of %.10g values in %zu signals, %zu populations' spikes and %zu "
               "matrices\n", then, now, cal_time_ms(c->until), c->n_values, c->n_signals, c->n_trains, c->n_matrices);
    else
        printf("differs     %s and %s: first %s\n", then, now, c->difference);
    return status;
}

static cal_status repeat(cal_context *ctx, const cali_past_run *past, const cali_arguments *arguments, cali_run_result *result)
{
    char *origin = NULL;
    cal_accuracy *accuracy = NULL;
    cali_placement placement = {0};
    cal_status status = cali_placement_read(ctx, arguments, past, &placement);
    if (status == CAL_OK)
        status = cali_path_join(ctx, past->command.folder, past->command.experiment, &origin);
    if (status == CAL_OK && past->command.checks_step)
        status = cal_accuracy_measure(ctx, past->experiment, past->command.is_mean_field, &accuracy);
    const cali_run_def def = {.directory = cali_get_text(arguments, "out", NULL), .is_mean_field = past->command.is_mean_field,
                              .is_silent = cali_has(arguments, "json"), .accuracy = accuracy, .experiment_path = origin,
                              .overrides = past->command.overrides, .n_overrides = past->command.n_overrides,
                              .workers = &placement.workers,
                              .placement = (const char *const *)placement.options, .n_placement = placement.n_options};
    if (status == CAL_OK)
        status = cali_run(ctx, past->experiment, &def, result);
    cal_accuracy_destroy(&accuracy);
    cali_placement_free(&placement);
    free(origin);
    return status;
}

/* Before anything is computed. */
static cal_status check_recording(cal_context *ctx, const char *directory)
{
    cal_recording *recording = NULL;
    const cal_status status = open_recording(ctx, directory, &recording);
    cal_recording_close(&recording);
    return status;
}

static cali_exit run(cal_context *ctx, const cali_arguments *arguments)
{
    const char *then = arguments->words[0];
    cali_past_run past;
    cali_text changes = {0};
    cali_run_result result = {0};
    cal_recording_comparison comparison;
    cali_exit exit_status = CALI_EXIT_OK;
    cal_status status = cali_past_run_load(ctx, then, &past);
    if (status == CAL_OK)
        status = check_recording(ctx, then);
    if (status == CAL_OK)
        status = cali_past_run_changes(ctx, &past, &changes);
    if (status == CAL_OK)
        status = repeat(ctx, &past, arguments, &result);
    if (status == CAL_OK && past.command.n_returns > 0)
        cali_text_format(&changes, "  returns: %zu to a checkpoint then, as a model is not deterministic; such a run cannot be repeated bit by bit\n",
                         past.command.n_returns);
    if (status == CAL_OK && result.was_interrupted)
        exit_status = cali_end_run(ctx, &result, NULL, cali_has(arguments, "json"));
    else {
        if (status == CAL_OK)
            status = compare_manifests(ctx, &past, result.directory, &changes);
        if (status == CAL_OK)
            status = compare_recordings(ctx, then, result.directory, &comparison);
        exit_status = status == CAL_OK ? tell(then, result.directory, &changes, &comparison, cali_has(arguments, "json"))
                                       : cali_fail_run(ctx, &result);
    }
    cali_text_free(&changes);
    cali_past_run_free(&past);
    free(result.directory);
    free(result.workers);
    return exit_status;
}

const cali_verb cali_verb_rerun = {
    .name = "rerun",
    .words = "RUN",
    .summary = "repeats a run from its manifest and says what differs, bit by bit",
    .details = "  Version, inputs and settings are compared with those of the run, then each recorded number with its own.\n"
               "  Regions are computed where they were, unless the options say otherwise: --slot all=inproc brings all into this\n"
               "  process; no bit depends on it. Exit status 0: identical; 1: something differs.",
    .min_words = 1,
    .max_words = 1,
    CALI_OPTIONS(options),
    .run = run,
};
