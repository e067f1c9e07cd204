/* callosum worker list, callosum worker drain: what a run tells of its workers, and letting one go. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/tree.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/runner.h"

static const cali_option list_options[] = {CALI_OPTION_JSON};

typedef struct status {
    char *path;
    cali_tree *tree;
    cali_node *root;
    bool is_running;
} status_file;

static cal_status open_status(cal_context *ctx, const char *run, status_file *s)
{
    struct stat info;
    char *lock = NULL;
    CAL_TRY(cali_path_join(ctx, run, CALI_WORKERS_FILE, &s->path));
    if (stat(run, &info) != 0 || !S_ISDIR(info.st_mode))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s is no folder of a run. Try the one that the run printed, or its --out.", run);
    if (stat(s->path, &info) != 0)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s has no workers: it holds no %s, which a run with --slot REGION=local or remote writes",
                        run, CALI_WORKERS_FILE);
    CAL_TRY(cali_tree_load_json(ctx, s->path, &s->tree, &s->root));
    const pid_t pid = (pid_t)cali_node_number(cali_node_get(s->root, "pid"), 0.0);
    const bool has_ended = strcmp(cali_node_text(cali_node_get(s->root, "has_ended"), "true"), "true") == 0;
    CAL_TRY(cali_path_join(ctx, run, "lock", &lock));
    /* the number may be another process's by now, or that of one that has died and is not yet forgotten */
    s->is_running = !has_ended && pid > 0 && (kill(pid, 0) == 0 || errno == EPERM) && cali_file_is_locked(lock);
    free(lock);
    return CAL_OK;
}

static void close_status(status_file *s)
{
    cali_tree_destroy(&s->tree);
    free(s->path);
}

static void print_slot(const cali_node *slot)
{
    printf("%-24s %-8s %-14s windows %-8.0f compute %.3g s, link %.3g s; lost %.0f, back %.0f, replayed %.0f\n",
           cali_node_text(cali_node_get(slot, "slot"), "?"), cali_node_text(cali_node_get(slot, "state"), "?"),
           cali_node_text(cali_node_get(slot, "worker"), ""), cali_node_number(cali_node_get(slot, "windows"), 0.0),
           cali_node_number(cali_node_get(slot, "compute_s"), 0.0), cali_node_number(cali_node_get(slot, "link_s"), 0.0),
           cali_node_number(cali_node_get(slot, "lost"), 0.0), cali_node_number(cali_node_get(slot, "reconnected"), 0.0),
           cali_node_number(cali_node_get(slot, "replayed_windows"), 0.0));
}

static cali_exit list(cal_context *ctx, const cali_arguments *arguments)
{
    status_file s = {0};
    cal_status status = open_status(ctx, arguments->words[0], &s);
    if (status == CAL_OK && cali_has(arguments, "json")) {
        char *text = NULL;
        size_t size = 0;
        status = cali_file_read(ctx, s.path, (size_t)1 << 24, &text, &size);
        if (status == CAL_OK)
            printf("%s\n", text);
        free(text);
    } else if (status == CAL_OK) {
        const cali_node *slots = cali_node_get(s.root, "slots");
        const char *endpoint = cali_node_text(cali_node_get(s.root, "endpoint"), "null");
        const bool is_open = s.is_running && strcmp(endpoint, "null") != 0;
        printf("%s%s%s\n", s.is_running ? "running" : "ended; what was last known", is_open ? ", workers come to " : "",
               is_open ? endpoint : "");
        for (size_t i = 0; slots != NULL && i < slots->n; i++)
            print_slot(slots->entries[i].value);
    }
    close_status(&s);
    return status == CAL_OK ? CALI_EXIT_OK : cali_fail(ctx, CALI_EXIT_INPUT);
}

/* A name that nobody has is refused here, where the user sees it. */
static cal_status check_name(cal_context *ctx, const status_file *s, const char *worker)
{
    const cali_node *slots = cali_node_get(s->root, "slots");
    cali_text known = {0};
    bool is_found = false;
    for (size_t i = 0; slots != NULL && i < slots->n; i++) {
        const char *slot = cali_node_text(cali_node_get(slots->entries[i].value, "slot"), "");
        const char *name = cali_node_text(cali_node_get(slots->entries[i].value, "worker"), "");
        is_found = is_found || strcmp(slot, worker) == 0 || (name[0] != '\0' && strcmp(name, worker) == 0);
        cali_text_format(&known, "%s\"%s\"%s%s", i > 0 ? ", " : "", slot, name[0] != '\0' ? " by " : "", name);
    }
    const cal_status status = is_found ? CAL_OK : CAL_FAIL(ctx, CAL_ERR_INPUT, "no worker and no region of this run is called \"%s\". There are: %s",
                                                           worker, known.data != NULL ? known.data : "none");
    cali_text_free(&known);
    return status;
}

/* The run looks for the request once per second and takes it away. */
static cal_status request(cal_context *ctx, const status_file *s, const char *run, const char *worker)
{
    char path[4096];
    struct stat info;
    if (!s->is_running)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "the run in %s has ended: it has no workers to let go", run);
    CAL_TRY(check_name(ctx, s, worker));
    snprintf(path, sizeof path, "%s.drain", s->path);
    CAL_TRY(cali_file_write(ctx, path, worker, strlen(worker)));
    for (int i = 0; i < 100; i++) {
        const struct timespec pause = {0, 100 * 1000 * 1000};
        if (stat(path, &info) != 0)
            return CAL_OK;
        nanosleep(&pause, NULL);
    }
    remove(path);
    return CAL_FAIL(ctx, CAL_ERR_STATE, "the run in %s did not look for the request within 10 s; it stands still, or its machine is another one",
                    run);
}

static cali_exit drain(cal_context *ctx, const cali_arguments *arguments)
{
    status_file s = {0};
    cal_status status = open_status(ctx, arguments->words[0], &s);
    if (status == CAL_OK)
        status = request(ctx, &s, arguments->words[0], arguments->words[1]);
    close_status(&s);
    if (status != CAL_OK)
        return cali_fail(ctx, status == CAL_ERR_INPUT ? CALI_EXIT_INPUT : CALI_EXIT_FAILED);
    printf("asked: the run lets %s go after the present window, and another worker goes on\n", arguments->words[1]);
    return CALI_EXIT_OK;
}

const cali_verb cali_verb_worker_list = {
    .name = "worker list",
    .words = "RUN",
    .summary = "the workers of a run: state, windows, where the time goes",
    .min_words = 1,
    .max_words = 1,
    CALI_OPTIONS(list_options),
    .run = list,
};

const cali_verb cali_verb_worker_drain = {
    .name = "worker drain",
    .words = "RUN WORKER",
    .summary = "lets a worker of a run go: its state is taken, another one goes on",
    .details = "WORKER is its name or that of its region. A local worker is started anew; for a remote one the run waits for the next.",
    .min_words = 2,
    .max_words = 2,
    .run = drain,
};
