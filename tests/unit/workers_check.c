/* `callosum worker check`: our worker passes all of it, and of a worker that does one thing wrong the check that is about it says so. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/workers.h"
#include "support/wrong_worker.h"

static cal_context *ctx;
static char folder[64], endpoint[96], keys[96];

static void begin(void)
{
    cal_context_def def = cal_context_def_default();
    def.n_threads = 1;
    cr_assert(cal_context_create(&def, &ctx) == CAL_OK);
    snprintf(folder, sizeof folder, "/tmp/callosum-check-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/socket", folder);
    snprintf(keys, sizeof keys, "%s/keys", folder);
}

static void end(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_expect(system(command) == 0);
    cal_context_destroy(&ctx);
}

TestSuite(workers_check, .init = begin, .fini = end, .timeout = 240);

/* ---- verdicts ---------------------------------------------------------------------------------- */

typedef struct verdicts {
    size_t n[3];
    char failed[1024], skipped[1024], texts[8192]; /* names with a blank behind each */
} verdicts;

static void report(void *user, const cal_check_result *r)
{
    verdicts *v = user;
    char *list = r->outcome == CAL_OUTCOME_FAILED ? v->failed : v->skipped;
    v->n[r->outcome]++;
    if (r->outcome == CAL_OUTCOME_OK)
        return;
    snprintf(list + strlen(list), sizeof v->failed - strlen(list), "%s ", r->name);
    snprintf(v->texts + strlen(v->texts), sizeof v->texts - strlen(v->texts), "%s: %s\n", r->name, r->text);
}

static cal_worker_check_def make_def(verdicts *v)
{
    cal_worker_check_def def = cal_worker_check_def_default();
    def.listen = endpoint;
    def.keys_folder = keys;
    def.beat_ms = 200;
    def.liveness = 5;
    def.answer_s = 10;
    def.wait_s = 20;
    def.return_s = 20;
    def.report = report;
    def.user = v;
    return def;
}

/* ---- our worker --------------------------------------------------------------------------------- */

static atomic_bool is_ended;

static bool is_stopped(void *user)
{
    (void)user;
    return atomic_load(&is_ended);
}

static void *run_worker(void *arg)
{
    const cal_worker_def *def = arg;
    cal_context_def own = cal_context_def_default();
    cal_context *mine = NULL;
    own.n_threads = 1;
    if (cal_context_create(&own, &mine) == CAL_OK)
        cal_worker_run(mine, def);
    cal_context_destroy(&mine);
    return NULL;
}

Test(workers_check, our_worker_passes_all_checks)
{
    verdicts v = {0};
    pthread_t thread;
    size_t n_failed = 99;
    const cal_worker_def worker = {.endpoint = endpoint, .name = "ours", .is_stopped = is_stopped};
    const cal_worker_check_def def = make_def(&v);
    cr_assert(pthread_create(&thread, NULL, run_worker, (void *)(uintptr_t)&worker) == 0);

    cr_expect(cal_worker_check(ctx, &def, &n_failed) == CAL_OK, "%s", cal_context_message(ctx));

    atomic_store(&is_ended, true);
    pthread_join(thread, NULL);
    cr_expect(n_failed == 0 && v.n[CAL_OUTCOME_FAILED] == 0, "%s", v.texts);
    cr_expect(v.n[CAL_OUTCOME_OK] >= 32 && v.n[CAL_OUTCOME_SKIPPED] <= 1, "%zu ok; %s", v.n[CAL_OUTCOME_OK], v.texts);
}

/* ---- workers with one fault ----------------------------------------------------------------------- */

/* Quick ones; each fault has one of them. */
static const char *const quick[] = {"hello", "order", "unit", "ready", "windows", "duplicate", "content", "skipped", "not-finite", "session",
                                    "ping", "deterministic", "snapshot", "snapshot-broken", "lost-message", "bye"};

static void check_wrong(cali_wrong wrong, const char *const *only, size_t n_only, verdicts *v, size_t *n_failed)
{
    cali_wrong_worker worker;
    cal_worker_check_def def = make_def(v);
    def.answer_s = 2;
    def.only = only;
    def.n_only = n_only;
    cr_assert(cali_wrong_start(&worker, endpoint, wrong));
    cr_expect(cal_worker_check(ctx, &def, n_failed) == CAL_OK, "%s", cal_context_message(ctx));
    cali_wrong_stop(&worker);
}

Test(workers_check, a_worker_of_few_lines_passes_all_checks)
{
    verdicts v = {0};
    size_t n_failed = 99;

    check_wrong(WRONG_NOTHING, NULL, 0, &v, &n_failed);

    cr_expect(n_failed == 0 && v.n[CAL_OUTCOME_FAILED] == 0, "%s", v.texts);
    cr_expect(strcmp(v.skipped, "busy-ping ") == 0, "%s", v.texts); /* it has one thread and says so */
}

Test(workers_check, each_fault_fails_the_check_that_is_about_it_and_no_other)
{
    static const struct {
        cali_wrong wrong;
        const char *failed;
    } faults[] = {
        {WRONG_ANSWERS_ANEW, "duplicate lost-message "}, /* a link that broke asks for the last answer again, too */
        {WRONG_TAKES_OTHER, "content "},
        {WRONG_IGNORES_SKIP, "skipped "},
        {WRONG_TAKES_NAN, "not-finite "},
        {WRONG_NO_PONG, "ping "},
        {WRONG_LOSES_STATE, "snapshot "},
        {WRONG_TAKES_BROKEN, "snapshot-broken "},
        {WRONG_FORGETS_LINK, "lost-message "},
        {WRONG_TAKES_UNIT, "unit "},
        {WRONG_IS_RANDOM, "deterministic snapshot snapshot-broken "}, /* whose state does not know of the draws */
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        verdicts v = {0};
        size_t n_failed = 0;
        check_wrong(faults[i].wrong, quick, sizeof quick / sizeof *quick, &v, &n_failed);
        cr_expect(strcmp(v.failed, faults[i].failed) == 0, "fault %d: expected %s, failed are %s\n%s", faults[i].wrong, faults[i].failed,
                  v.failed, v.texts);
    }
}

/* What begins every check is wrong: each of them says so. */
Test(workers_check, wrong_digests_are_named)
{
    static const char *const only[] = {"hello", "ready", "windows"};
    verdicts v = {0}, w = {0};
    size_t n_failed = 0;
    check_wrong(WRONG_READY_DIGEST, only, 3, &v, &n_failed);
    cr_expect(strcmp(v.failed, "ready windows ") == 0 && strstr(v.texts, "expected the `digest` of CONFIGURE") != NULL, "%s", v.texts);
    check_wrong(WRONG_OUTPUT_DIGEST, only, 3, &w, &n_failed);
    cr_expect(strcmp(w.failed, "windows ") == 0 && strstr(w.texts, "\"d\" says") != NULL, "%s", w.texts);
}

/* A worker that dies in a check does not end the others. */
Test(workers_check, the_checks_go_on_with_the_worker_that_comes_after_a_death)
{
    static const char *const only[] = {"ready", "windows", "ping", "duplicate", "unit"};
    verdicts v = {0};
    size_t n_failed = 0;
    check_wrong(WRONG_DIES, only, 5, &v, &n_failed);
    cr_expect(strcmp(v.failed, "windows duplicate ") == 0, "%s", v.texts);
}

/* ---- limits of the wait ---------------------------------------------------------------------------- */

Test(workers_check, waits_end_and_mistakes_are_named)
{
    static const char *const none[] = {"no-such-check"};
    verdicts v = {0};
    size_t n_failed = 0;
    cal_worker_check_def def = make_def(&v);
    def.wait_s = 1;
    const double before = cali_wall_s();
    cr_expect(cal_worker_check(ctx, &def, &n_failed) == CAL_ERR_IO);
    cr_expect(cali_wall_s() - before < 60.0);
    cal_context_clear(ctx);
    def.only = none;
    def.n_only = 1;
    cr_expect(cal_worker_check(ctx, &def, &n_failed) == CAL_ERR_INPUT);
    cr_expect(strstr(cal_context_message(ctx), "no-such-check") != NULL);
    cal_context_clear(ctx);
    def.n_only = 0;
    def.listen = "tcp://0.0.0.0"; /* no port */
    cr_expect(cal_worker_check(ctx, &def, &n_failed) == CAL_ERR_INPUT);
}
