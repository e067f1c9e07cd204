/* callosum worker check ENDPOINT: drives a worker, whoever wrote it, through the protocol. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/experiment.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/placement.h"
#include "cli/runner.h"

static const cali_option options[] = {
    {.name = "experiment", .kind = CALI_OPTION_TEXT, .value = "FILE", .meaning = "asks for a spiking region of this experiment; default: a small network"},
    {.name = "slot", .kind = CALI_OPTION_TEXT, .value = "REGION", .meaning = "the region; default: the only one"},
    {.name = "only", .kind = CALI_OPTION_LIST, .value = "CHECK", .meaning = "this check alone; may be given again"},
    {.name = "wait", .kind = CALI_OPTION_COUNT, .value = "SECONDS", .low = 1, .high = 86400, .meaning = "for the worker to come; default: 600"},
    {.name = "keys", .kind = CALI_OPTION_TEXT, .value = "DIR", .meaning = "the folder of keys; default: ~/.config/callosum/keys"},
    {.name = "insecure", .kind = CALI_OPTION_FLAG, .meaning = "listens without encryption on any address"},
    CALI_OPTION_JSON,
};

typedef struct checking {
    bool is_json;
    size_t n[3]; /* by verdict */
    cali_text json;
    cal_context *ctx;
    cal_worker_check_def def;
    size_t n_failed;
    cal_status status;
    bool is_done;
} checking;

/* On the standard error: the standard output has the verdicts. */
static void announce(void *user, const char *endpoint, const char *host_key)
{
    (void)user;
    fprintf(stderr, "waiting for a worker. On its machine type:");
    cali_print_attach("callosum worker attach", endpoint, host_key);
    cali_print_attach("python3 YOUR_WORKER.py", endpoint, host_key);
    fprintf(stderr, "\n");
    fflush(stderr);
}

static void greet(void *user, const char *name, const char *version, const char *model)
{
    checking *c = user;
    if (!c->is_json) {
        printf("worker %s (%s), model %s\n\n", name, version, model);
        fflush(stdout);
        return;
    }
    cali_json_text(&c->json, "worker", name);
    cali_json_text(&c->json, "version", version);
    cali_json_text(&c->json, "model", model);
    cali_json_open(&c->json, "checks", "[");
}

static void report_json(cali_text *json, const cal_check_result *r)
{
    cali_json_open(json, NULL, "{");
    cali_json_text(json, "name", r->name);
    cali_json_text(json, "section", r->section);
    cali_json_text(json, "meaning", r->meaning);
    cali_json_bool(json, "required", r->is_required);
    cali_json_text(json, "verdict", cal_outcome_names[r->outcome]);
    cali_json_text(json, "text", r->text);
    cali_json_number(json, "seconds", r->seconds);
    cali_json_close(json, "}");
}

static void report(void *user, const cal_check_result *r)
{
    checking *c = user;
    c->n[r->outcome]++;
    if (c->is_json) {
        report_json(&c->json, r);
        return;
    }
    printf("%-8s %-19s %s\n", cal_outcome_names[r->outcome], r->name, r->meaning);
    if (r->outcome == CAL_OUTCOME_FAILED)
        printf("         %s\n         see PROTOCOL.md, section %s%s\n", r->text, r->section, r->is_required ? "" : "; the protocol only advises it");
    else if (r->outcome == CAL_OUTCOME_SKIPPED)
        printf("         because %s\n", r->text);
    fflush(stdout);
}

static void tell_wait(void *user, unsigned seconds)
{
    (void)user;
    fprintf(stderr, "the worker has not come back; start it again within %u s\n", seconds);
    fflush(stderr);
}

static bool is_stopped(void *user)
{
    (void)user;
    return cali_is_stop_asked();
}

static cali_exit finish(checking *c, size_t n_failed)
{
    if (c->is_json) {
        cali_json_close(&c->json, "]");
        cali_json_bool(&c->json, "passes", n_failed == 0);
        cali_json_close(&c->json, "}");
        const cali_exit exit_status = cali_print_json(&c->json);
        return exit_status != CALI_EXIT_OK || n_failed == 0 ? exit_status : CALI_EXIT_FAILED;
    }
    printf("\n%zu ok, %zu failed, %zu skipped: the worker %s\n", c->n[CAL_OUTCOME_OK], c->n[CAL_OUTCOME_FAILED], c->n[CAL_OUTCOME_SKIPPED],
           n_failed == 0 ? "passes" : "does not pass");
    return n_failed == 0 ? CALI_EXIT_OK : CALI_EXIT_FAILED;
}

/* ---- a region of an experiment: the session is built as for a run, up to the wait for workers ---- */

static void check_region(void *user, cal_session *session)
{
    checking *c = user;
    c->def.host = cal_session_host(session);
    c->status = cal_worker_check(c->ctx, &c->def, &c->n_failed);
    c->is_done = true;
}

static bool is_over(void *user)
{
    return ((const checking *)user)->is_done || cali_is_stop_asked();
}

static cal_status check_experiment(checking *c, const char *path, const char *region)
{
    char wish[300];
    const char *const slots[] = {wish};
    cal_experiment *experiment = NULL;
    cal_session *session = NULL;
    cal_session_def def = cal_session_def_default();
    cal_workers_def workers = {.host = cal_host_def_default(), .slots = slots, .n_slots = 1, .announce = check_region};
    snprintf(wish, sizeof wish, "%s=remote", region);
    workers.host.listen = "ipc://*";
    workers.host.is_stopped = is_over;
    workers.host.user = c;
    def.sink = "memory";
    def.workers = &workers;
    CAL_TRY(cal_experiment_load(c->ctx, path, NULL, 0, &experiment));
    const cal_status status = cal_session_create(c->ctx, experiment, &def, &session);
    cal_session_destroy(&session);
    cal_experiment_destroy(&experiment);
    return c->is_done ? c->status : status;
}

static cali_exit run(cal_context *ctx, const cali_arguments *arguments)
{
    checking c = {.is_json = cali_has(arguments, "json"), .ctx = ctx, .def = cal_worker_check_def_default()};
    cal_worker_check_def *def = &c.def;
    const char *experiment = cali_get_text(arguments, "experiment", NULL);
    def->listen = arguments->words[0];
    def->keys_folder = cali_get_text(arguments, "keys", NULL);
    def->is_insecure = cali_has(arguments, "insecure");
    def->wait_s = (unsigned)cali_get_number(arguments, "wait", def->wait_s);
    def->only = cali_get_list(arguments, "only", &def->n_only);
    def->announce = announce;
    def->greet = greet;
    def->report = report;
    def->wait = tell_wait;
    def->is_stopped = is_stopped;
    def->user = &c;
    if (c.is_json)
        cali_json_open(&c.json, NULL, "{");
    cali_catch_stop();
    const cal_status status = experiment == NULL ? cal_worker_check(ctx, def, &c.n_failed)
                                                 : check_experiment(&c, experiment, cali_get_text(arguments, "slot", "all"));
    cali_release_stop();
    if (status == CAL_OK)
        return finish(&c, c.n_failed);
    cali_text_free(&c.json);
    const bool is_input = status == CAL_ERR_INPUT || (experiment != NULL && !c.is_done);
    return cali_fail(ctx, is_input ? CALI_EXIT_INPUT : CALI_EXIT_FAILED);
}

const cali_verb cali_verb_worker_check = {
    .name = "worker check",
    .words = "ENDPOINT",
    .summary = "drives a worker through the protocol and says what it does wrong",
    .details = "It listens at ENDPOINT (ipc:///path/socket, tcp://127.0.0.1:7711), prints what to type to attach the worker, and plays a host\n"
               "that makes mistakes, falls silent and cuts the link. Exit status 0: the worker passes. The worker should come back by itself\n"
               "after each run (no --once); one that ends has to be started again when the program asks for it. docs/workers.md",
    .min_words = 1,
    .max_words = 1,
    CALI_OPTIONS(options),
    .run = run,
};
