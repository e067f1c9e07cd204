/* Going on with a run: what it was asked for stands in its manifest, its experiment beside it, its state in the newest
 * checkpoint that is whole, and what it recorded in run.h5. The new run.h5 is built beside the old one and takes its place
 * before the first window, so a kill at any moment leaves what can be resumed. */
#include "cli/runner.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "cli/placement.h"
#include "cli/resume.h"
#include "experiment/accuracy.h"
#include "experiment/session.h"

/* ---- what the run was ----------------------------------------------------------------------------------- */

void cali_past_run_free(cali_past_run *run)
{
    cal_experiment_destroy(&run->experiment);
    cali_tree_destroy(&run->tree);
    free(run->overrides);
    free(run->placement);
    free(run->returns);
    free(run->last_return);
    *run = (cali_past_run){0};
}

/* A list of texts, with room for one more. */
static cal_status read_texts(cal_context *ctx, const cali_node *list, const char ***texts, const char *const **out, size_t *n)
{
    *n = list != NULL && list->kind == CALI_NODE_LIST ? list->n : 0;
    CAL_TRY(cali_alloc(ctx, *n + 1, sizeof **texts, "the command of the run", texts));
    for (size_t i = 0; i < *n; i++)
        (*texts)[i] = cali_node_text(list->entries[i].value, "");
    *out = *texts;
    return CAL_OK;
}

static cal_status read_command(cal_context *ctx, const char *directory, cali_past_run *run)
{
    char *path = NULL;
    CAL_TRY(cali_path_join(ctx, directory, "manifest.json", &path));
    const cal_status status = cali_tree_load_json(ctx, path, &run->tree, &run->manifest);
    free(path);
    if (status == CAL_ERR_IO) {
        cal_context_clear(ctx);
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s holds no run that can be resumed or repeated: there is no manifest.json. Try the "
                        "folder that the run printed, or its --out.", directory);
    }
    CAL_TRY(status);
    const cali_node *command = cali_node_get(run->manifest, "command"), *endpoint = cali_node_get(run->manifest, "endpoint");
    cal_command *c = &run->command;
    c->folder = cali_node_text(cali_node_get(command, "folder"), NULL);
    c->experiment = cali_node_text(cali_node_get(command, "experiment"), NULL);
    if (c->folder == NULL || c->experiment == NULL)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s: its manifest.json does not say how the run was asked for (\"command\").",
                        directory);
    const cali_node *save_state = cali_node_get(command, "save_state");
    c->save_state = cali_node_is_null(save_state) ? NULL : cali_node_text(save_state, NULL);
    c->is_mean_field = strcmp(cali_node_text(cali_node_get(command, "mean_field"), "false"), "true") == 0;
    c->checks_step = strcmp(cali_node_text(cali_node_get(command, "check_step"), "false"), "true") == 0;
    run->endpoint = endpoint == NULL || cali_node_is_null(endpoint) ? NULL : cali_node_text(endpoint, NULL);
    CAL_TRY(read_texts(ctx, cali_node_get(command, "overrides"), &run->overrides, &c->overrides, &c->n_overrides));
    CAL_TRY(read_texts(ctx, cali_node_get(command, "placement"), &run->placement, &c->placement, &c->n_placement));
    return read_texts(ctx, cali_node_get(run->manifest, "returns"), &run->returns, &c->returns, &c->n_returns);
}

/* The experiment as it was read, with relative paths from where it stood. */
static cal_status read_experiment(cal_context *ctx, const char *directory, cali_past_run *run)
{
    char *copy = NULL, *origin = NULL, *text = NULL;
    size_t size = 0;
    cal_status status = cali_path_join(ctx, directory, "experiment.yaml", &copy);
    if (status == CAL_OK)
        status = cali_path_join(ctx, run->command.folder, run->command.experiment, &origin);
    if (status == CAL_OK)
        status = cali_file_read(ctx, copy, CALI_TREE_MAX_BYTES, &text, &size);
    if (status == CAL_OK)
        status = cali_experiment_parse(ctx, origin, text, size, run->command.overrides, run->command.n_overrides,
                                       &run->experiment);
    free(text);
    free(origin);
    free(copy);
    return status;
}

cal_status cali_past_run_load(cal_context *ctx, const char *directory, cali_past_run *run)
{
    *run = (cali_past_run){0};
    CAL_TRY(read_command(ctx, directory, run));
    return read_experiment(ctx, directory, run);
}

/* ---- what has changed -------------------------------------------------------------------------------------- */

/* Compares the list of inputs of the manifest with what is there now, one by one. */
static void compare_inputs(const cali_node *then, const cali_node *now, cali_text *changes)
{
    const size_t n_then = then == NULL ? 0 : then->n, n_now = now == NULL ? 0 : now->n;
    if (n_then != n_now)
        cali_text_format(changes, "  inputs: %zu files then, %zu now\n", n_then, n_now);
    for (size_t i = 0; i < n_then && i < n_now; i++) {
        const cali_node *a = then->entries[i].value, *b = now->entries[i].value;
        const char *was = cali_node_text(cali_node_get(a, "sha256"), ""), *is = cali_node_text(cali_node_get(b, "sha256"), "");
        if (strcmp(was, is) != 0)
            cali_text_format(changes, "  %s %s has changed: SHA-256 %.12s... then, %.12s... now\n",
                             cali_node_text(cali_node_get(b, "role"), "input"), cali_node_text(cali_node_get(b, "path"), ""),
                             was, is);
    }
}

cal_status cali_past_run_changes(cal_context *ctx, const cali_past_run *run, cali_text *changes)
{
    const char *version = cali_node_text(cali_node_get(run->manifest, "callosum"), "unknown");
    const cali_node *then = cali_node_get(run->manifest, "inputs");
    cali_text text = {0};
    cali_node *now = NULL;
    cali_tree_error error;
    if (strcmp(version, CAL_VERSION) != 0)
        cali_text_format(changes, "  callosum %s then, %s now\n", version, CAL_VERSION);
    if (then == NULL) /* it never got beyond building */
        return CAL_OK;
    CAL_TRY(cali_manifest_inputs(ctx, run->experiment, &text));
    const cal_status status = text.is_broken ? CAL_ERR_MEMORY
                                             : cali_tree_read_json(run->tree, text.data, text.size, &now, &error);
    if (status == CAL_OK)
        compare_inputs(then, now, changes);
    cali_text_free(&text);
    return status == CAL_OK && !changes->is_broken ? CAL_OK : CAL_FAIL(ctx, CAL_ERR_MEMORY, "no memory for the inputs");
}

static cal_status check_changes(cal_context *ctx, const cali_run_place *place, const cali_past_run *run, bool is_forced)
{
    cali_text changes = {0};
    cal_status status = cali_past_run_changes(ctx, run, &changes);
    if (status == CAL_OK && changes.size > 0 && is_forced)
        cal_context_note(ctx, "going on in spite of what has changed:\n%.*s", (int)changes.size - 1, changes.data);
    else if (status == CAL_OK && changes.size > 0)
        status = CAL_FAIL(ctx, CAL_ERR_INPUT, "%s began with something else, so what follows would not belong to it:\n%s"
                          "Try to bring that back, or --force to go on all the same.", place->directory, changes.data);
    cali_text_free(&changes);
    return status;
}

/* ---- where to go on ------------------------------------------------------------------------------------------ */

/* The files of a run that is resumed. */
typedef struct paths {
    char *h5, *part, *crash, *checkpoints, *report;
    char *save_state; /* NULL: none */
} paths;

static cal_status find_paths(cal_context *ctx, const char *directory, const cal_command *command, paths *p)
{
    if (command->save_state != NULL)
        CAL_TRY(cali_path_join(ctx, command->folder, command->save_state, &p->save_state));
    CAL_TRY(cali_path_join(ctx, directory, "run.h5", &p->h5));
    CAL_TRY(cali_path_join(ctx, directory, "run.h5.part", &p->part));
    CAL_TRY(cali_path_join(ctx, directory, "crash.h5", &p->crash));
    CAL_TRY(cali_path_join(ctx, directory, "report.html", &p->report));
    return cali_path_join(ctx, directory, CALI_CHECKPOINTS, &p->checkpoints);
}

static void free_paths(paths *p)
{
    free(p->h5);
    free(p->part);
    free(p->crash);
    free(p->checkpoints);
    free(p->report);
    free(p->save_state);
}

/* Why something is not used; the context is free for the next attempt. */
static void set_aside(cal_context *ctx, const char *path)
{
    cal_context_note(ctx, "%s is not used: %s", path, cal_context_message(ctx));
    cal_context_clear(ctx);
}

/* The recording of the run so far; NULL with a note where it cannot be read. */
static cal_recording *open_former(cal_context *ctx, const char *h5)
{
    cal_recording *former = NULL;
    if (cal_recording_open(ctx, h5, &former) != CAL_OK)
        set_aside(ctx, h5);
    return former;
}

/* `*is_useless`: it failed, and the next older checkpoint may do better. A full disk or a worker that does not come is no reason to
 * throw away what was computed. */
static cal_status create_at(cal_context *ctx, cali_run_place *place, const paths *p, const char *checkpoint,
                            cal_recording *former, cal_session **session, bool *is_useless)
{
    char *bytes = NULL;
    size_t size = 0;
    cal_time time = 0;
    const cal_session_def def = cali_run_session_def(place, p->part);
    remove(p->part); /* of a resume that was killed */
    cal_status status = checkpoint == NULL ? CAL_OK : cal_checkpoint_load(ctx, checkpoint, &bytes, &size, &time);
    *is_useless = status == CAL_ERR_IO || status == CAL_ERR_INPUT;
    if (status == CAL_OK)
        status = cal_session_create(ctx, place->experiment, &def, session);
    if (status == CAL_OK && checkpoint != NULL) {
        status = cal_session_continue(*session, bytes, size, former);
        *is_useless = status == CAL_ERR_INPUT && strstr(cal_context_message(ctx), "C305") != NULL;
        if (status != CAL_OK)
            cal_session_destroy(session);
    }
    free(bytes);
    if (status != CAL_OK)
        remove(p->part);
    return status;
}

static cal_status create_newest(cal_context *ctx, cali_run_place *place, const paths *p, cal_session **session)
{
    size_t n = 0;
    char **checkpoints = NULL;
    cal_recording *former = NULL;
    bool is_useless = false;
    cal_status status = cal_checkpoints_list(ctx, p->checkpoints, &n, &checkpoints);
    if (status == CAL_OK && n > 0)
        former = open_former(ctx, p->h5);
    size_t i = 0;
    for (; status == CAL_OK && i < n && former != NULL; i++) {
        status = create_at(ctx, place, p, checkpoints[i], former, session, &is_useless);
        if (!is_useless)
            break;
        set_aside(ctx, checkpoints[i]);
        status = CAL_OK;
    }
    cal_recording_close(&former);
    if (status == CAL_OK && *session == NULL) {
        cal_context_note(ctx, "%s has no checkpoint that can be used: the run begins anew", place->directory);
        status = create_at(ctx, place, p, NULL, NULL, session, &is_useless);
    } else if (status == CAL_OK && !place->def->is_silent)
        printf("resume      at %g s, from %s\n", cal_time_ms(cal_session_time(*session)) / 1e3, checkpoints[i]);
    for (size_t k = 0; k < n; k++)
        free(checkpoints[k]);
    free(checkpoints);
    return status;
}

/* What a kill left of files that were being written. */
static void remove_unfinished(cal_context *ctx, const char *directory)
{
    static const char *const names[] = {"experiment.yaml.", "manifest.json.", "report.html."};
    DIR *folder = opendir(directory);
    for (const struct dirent *e = folder == NULL ? NULL : readdir(folder); e != NULL; e = readdir(folder)) {
        const size_t n = strlen(e->d_name);
        bool is_ours = false;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            is_ours = is_ours || strncmp(e->d_name, names[i], strlen(names[i])) == 0;
        char *path = NULL;
        if (is_ours && n > 4 && strcmp(e->d_name + n - 4, ".tmp") == 0 &&
            cali_path_join(ctx, directory, e->d_name, &path) == CAL_OK)
            remove(path);
        free(path);
    }
    if (folder != NULL)
        closedir(folder);
}

/* Folders of matrices have no digest; what was read from them has. */
static cal_status check_wiring(cal_context *ctx, const cali_run_place *place, const cali_past_run *run, const cal_session *session)
{
    const cali_node *then = cali_node_get(run->manifest, "connectome");
    const cal_connectome *c = cal_session_plan(session).connectome;
    if (then == NULL || c == NULL)
        return CAL_OK;
    const size_t n = cal_connectome_n_regions(c);
    const double *const arrays[] = {cal_connectome_weights(c), cal_connectome_lengths_mm(c)};
    static const char *const names[] = {"weights_sha256", "lengths_sha256"};
    for (int k = 0; k < 2; k++) {
        char digest[CALI_DIGEST_SIZE];
        CAL_TRY(cali_digest_bytes(ctx, arrays[k], n * n * sizeof(double), digest));
        if (strcmp(cali_node_text(cali_node_get(then, names[k]), digest), digest) != 0)
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s began with another connectome: its %.7s have changed. Try to bring that back, "
                            "or --force to go on all the same.", place->directory, names[k]);
    }
    return CAL_OK;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static cal_status is_complete(cal_context *ctx, const cali_past_run *run, const paths *p, bool *is)
{
    struct stat info;
    cal_recording *recording = NULL;
    *is = strcmp(cali_node_text(cali_node_get(run->manifest, "state"), ""), "complete") == 0 && stat(p->report, &info) == 0 &&
          stat(p->h5, &info) == 0;
    if (!*is)
        return CAL_OK;
    CAL_TRY(cal_recording_open(ctx, p->h5, &recording));
    *is = cal_recording_is_complete(recording) && cal_recording_stop(recording) >= run->experiment->duration;
    cal_recording_close(&recording);
    return CAL_OK;
}

static cal_status resume_run(cal_context *ctx, cali_run_place *place, cali_past_run *run, const paths *p, bool is_forced,
                             cali_run_result *result)
{
    cal_session *session = NULL;
    remove_unfinished(ctx, place->directory);
    CAL_TRY(is_complete(ctx, run, p, &result->was_complete));
    if (result->was_complete) {
        cal_checkpoints_remove(ctx, p->checkpoints, -1); /* of a run that was killed at its very end */
        return CAL_OK;
    }
    CAL_TRY(check_changes(ctx, place, run, is_forced));
    result->n_returns = run->command.n_returns;
    cal_accuracy *accuracy = NULL;
    cali_run_def def = *place->def;
    if (run->command.checks_step && def.accuracy == NULL) {
        CAL_TRY(cal_accuracy_measure(ctx, run->experiment, run->command.is_mean_field, &accuracy));
        def.accuracy = accuracy;
    }
    place->def = &def;
    cal_status status = create_newest(ctx, place, p, &session);
    if (status == CAL_OK && !is_forced)
        status = check_wiring(ctx, place, run, session);
    if (status == CAL_OK)
        status = cal_session_move(session, p->h5);
    const bool is_open = status == CAL_OK;
    result->has_begun = result->has_begun || is_open;
    if (is_open) {
        remove(p->crash);
        result->checkpoint_at = cal_session_time(session);
        result->has_checkpoint = result->checkpoint_at > 0;
        status = cali_run_through(ctx, place, session, result);
    }
    cal_session_destroy(&session);
    if (!is_open)
        remove(p->part);
    cal_accuracy_destroy(&accuracy);
    return status;
}

/* From the newest checkpoint of the run in the place to its end, or to the next failure. */
static cal_status go_on(cal_context *ctx, cali_run_place *place, cali_past_run *run, bool is_forced, cali_run_result *result)
{
    paths p = {0};
    const cali_run_def *before = place->def;
    cali_run_def def = {.directory = place->directory, .is_mean_field = run->command.is_mean_field, .is_silent = before->is_silent,
                        .accuracy = before->accuracy, .workers = before->workers};
    cal_status status = find_paths(ctx, place->directory, &run->command, &p);
    if (status == CAL_OK) {
        def.save_state = p.save_state;
        place->def = &def;
        place->command = &run->command;
        place->experiment = run->experiment;
        status = resume_run(ctx, place, run, &p, is_forced, result);
    }
    place->def = before;
    free_paths(&p);
    return status;
}

/* What happened stands in the manifest from now on. */
static cal_status note_return(cal_context *ctx, cali_past_run *run, const char *text)
{
    CAL_TRY(cali_copy_text(ctx, text, &run->last_return));
    run->returns[run->command.n_returns++] = run->last_return;
    cal_context_note(ctx, "%s. The run goes on from there by itself; its bits are no longer those of a run without this loss.", text);
    return CAL_OK;
}

cal_status cali_go_back(cal_context *ctx, cali_run_place *place, cal_status status, cali_run_result *result)
{
    while (status != CAL_OK && place->goes_back) {
        char text[1200], where[64] = "its begin, for it has no checkpoint yet";
        cali_past_run run;
        if (result->has_checkpoint)
            snprintf(where, sizeof where, "the checkpoint at %g ms", cal_time_ms(result->checkpoint_at));
        snprintf(text, sizeof text, "back from %g ms to %s, because %.1000s", cal_time_ms(result->stopped_at), where,
                 cal_context_message(ctx));
        cal_context_clear(ctx);
        place->goes_back = false;
        status = cali_past_run_load(ctx, place->directory, &run);
        if (status == CAL_OK)
            status = note_return(ctx, &run, text);
        if (status == CAL_OK)
            status = go_on(ctx, place, &run, false, result);
        cali_past_run_free(&run);
    }
    return status;
}

cal_status cali_resume(cal_context *ctx, const cali_arguments *arguments, cali_run_result *result)
{
    const char *directory = arguments->words[0];
    *result = (cali_run_result){0};
    cali_past_run run = {0};
    cali_placement placement = {0};
    struct stat info;
    if (stat(directory, &info) != 0 || !S_ISDIR(info.st_mode))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s is no folder of a run. Try the one that the run printed, or its --out.", directory);
    CAL_TRY(cali_copy_text(ctx, directory, &result->directory));
    const cali_run_def def = {.is_silent = cali_has(arguments, "json"), .workers = &placement.workers};
    cali_run_place place = {.directory = result->directory, .def = &def};
    cal_status status = cali_run_place_open(ctx, &place);
    if (status == CAL_OK)
        status = cali_past_run_load(ctx, directory, &run);
    if (status == CAL_OK)
        status = cali_placement_read(ctx, arguments, &run, &placement);
    if (status == CAL_OK) {
        run.command.placement = (const char *const *)placement.options;
        run.command.n_placement = placement.n_options;
        cali_catch_stop();
        status = go_on(ctx, &place, &run, cali_has(arguments, "force"), result);
        status = cali_explain_stop(ctx, cali_go_back(ctx, &place, status, result), true, result);
        cali_release_stop();
    }
    cali_run_place_close(&place);
    cali_placement_free(&placement);
    cali_past_run_free(&run);
    return status;
}
