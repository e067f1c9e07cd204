/* When a checkpoint is due, the files in their folder, and what is refused: experiment/checkpoint.c, checkpoints.c. That a
 * run goes on with the same bits is shown in tests/conformance/experiment_checkpoints.c. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "experiment/checkpoint.h"
#include "experiment/experiment.h"
#include "support/checkpoint_runs.h"
#include "support/support.h"

#define MUST(ctx, call) cr_assert(CAL_OK == (call), "%s", cal_context_message(ctx))
enum { MASSES = 0, ADAPTIVE = 3, SPIKING = 6, ALONE = 9 }; /* of checkpoint_runs */

typedef struct running {
    cal_context *ctx;
    cal_experiment *experiment;
    cal_session *session;
} running;

static void go_to_scratch(void)
{
    cal_context *ctx = cali_test_context(1);
    cr_assert(chdir(cali_test_directory()) == 0);
    MUST(ctx, cali_file_write(ctx, "eeg.csv", checkpoint_lead_field, strlen(checkpoint_lead_field)));
    cal_context_destroy(&ctx);
}

static running start(int kind, const char *override)
{
    running r = {.ctx = cali_test_context(1)};
    const char *text = checkpoint_runs[kind].text;
    cal_session_def def = cal_session_def_default();
    def.sink = "memory";
    MUST(r.ctx, cali_experiment_parse(r.ctx, "e.yaml", text, strlen(text), &override, override != NULL, &r.experiment));
    MUST(r.ctx, cal_session_create(r.ctx, r.experiment, &def, &r.session));
    return r;
}

static void advance(running *r, int n)
{
    for (int k = 0; k < n; k++)
        MUST(r->ctx, cal_session_advance(r->session));
}

static void end(running *r)
{
    cal_session_destroy(&r->session);
    cal_experiment_destroy(&r->experiment);
    cal_context_destroy(&r->ctx);
}

static void save(running *r, char **bytes, size_t *size)
{
    MUST(r->ctx, cali_checkpoint_save(r->session, bytes, size));
}

/* Windows of 2 ms: multiples of 7 ms are reached at 8, 14, 22, 28, ... ms; none is due at the end. */
Test(experiment_checkpoints, one_is_due_after_the_first_window_that_reaches_a_multiple)
{
    running r = start(ALONE, "checkpoint.every=7 ms");
    char due[256] = "";
    go_to_scratch();
    cr_expect(cal_session_is_checkpoint_due(r.session) == false);
    cr_expect(cal_session_can_checkpoint(r.session) == false);
    while (!cal_session_is_done(r.session)) {
        advance(&r, 1);
        if (cal_session_is_checkpoint_due(r.session) && (cal_session_time(r.session) < 40 * CAL_NS_PER_MS ||
                                                         cal_session_time(r.session) > 180 * CAL_NS_PER_MS))
            snprintf(due + strlen(due), sizeof due - strlen(due), "%g ", cal_time_ms(cal_session_time(r.session)));
        cr_expect(cal_session_can_checkpoint(r.session) == !cal_session_is_done(r.session));
    }
    cr_expect(eq(str, due, "8 14 22 28 36 182 190 196 "));
    end(&r);
    r = start(ALONE, "checkpoint.every=100 ms");
    advance(&r, 100);
    cr_expect(cal_session_is_done(r.session) && !cal_session_is_checkpoint_due(r.session));
    end(&r);
}

Test(experiment_checkpoints, adaptive_schemes_can_only_be_saved_where_they_begin_anew)
{
    go_to_scratch();
    running r = start(ADAPTIVE, "checkpoint.every=25 ms");
    while (!cal_session_is_done(r.session)) {
        advance(&r, 1);
        cr_expect(eq(int, cal_session_can_checkpoint(r.session), cal_session_is_checkpoint_due(r.session)));
    }
    end(&r);
}

static const char *message_of(const char *text)
{
    static char message[1024];
    cal_context *ctx = cali_test_context(1);
    cal_experiment *experiment = NULL;
    char *whole = malloc(strlen(checkpoint_runs[MASSES].text) + 200);
    const size_t n = (size_t)(strstr(checkpoint_runs[MASSES].text, "checkpoint:") - checkpoint_runs[MASSES].text);
    sprintf(whole, "%.*s%s", (int)n, checkpoint_runs[MASSES].text, text);
    cal_experiment_destroy(&experiment);
    if (cali_experiment_parse(ctx, "e.yaml", whole, strlen(whole), NULL, 0, &experiment) == CAL_OK)
        snprintf(message, sizeof message, "every %g ms, keep %u", cal_time_ms(experiment->checkpoint_every),
                 experiment->checkpoint_keep);
    else
        snprintf(message, sizeof message, "%.*s", (int)strcspn(cal_context_message(ctx), "\n"), cal_context_message(ctx));
    cal_experiment_destroy(&experiment);
    cal_context_destroy(&ctx);
    free(whole);
    return message;
}

static void expect_message(const char *text, const char *part)
{
    cr_expect(strstr(message_of(text), part) != NULL, "%s: \"%s\" lacks \"%s\"", text, message_of(text), part);
}

Test(experiment_checkpoints, the_key_says_how_often_and_how_many)
{
    expect_message("", "every 0 ms, keep 2");
    expect_message("checkpoint: {every: 10 s}", "every 10000 ms, keep 2");
    expect_message("checkpoint: {every: 500 ms, keep: 5}", "every 500 ms, keep 5");
    expect_message("checkpoint: {keep: 5}", "C105");
    expect_message("checkpoint: {every: 10}", "C102");
    expect_message("checkpoint: {every: 10 mm}", "C103");
    expect_message("checkpoint: {every: 0 s}", "C106");
    expect_message("checkpoint: {every: 1 s, keep: 0}", "C106");
    expect_message("checkpoint: {evry: 1 s}", "C101");
}

static size_t count(cal_context *ctx, const char *newest)
{
    size_t n = 0;
    char **paths = NULL;
    MUST(ctx, cal_checkpoints_list(ctx, "kept", &n, &paths));
    if (newest != NULL)
        cr_expect(n > 0 && strcmp(paths[0], newest) == 0, "%s", n > 0 ? paths[0] : "none");
    for (size_t i = 0; i < n; i++)
        free(paths[i]);
    free(paths);
    return n;
}

Test(experiment_checkpoints, the_newest_stay_and_what_a_kill_left_goes)
{
    bool is_written = false;
    go_to_scratch();
    running r = start(ALONE, "checkpoint.keep=3");
    cr_expect(eq(sz, count(r.ctx, NULL), 0)); /* no folder yet */
    for (int k = 1; k <= 5; k++) {
        advance(&r, 10);
        MUST(r.ctx, cal_session_write_checkpoint(r.session, "kept", &is_written));
        cr_expect(is_written);
        cr_expect(eq(sz, count(r.ctx, NULL), (size_t)(k < 3 ? k : 3)));
        MUST(r.ctx, cali_file_write(r.ctx, "kept/0000000000.200000000s.ckpt.12-0.tmp", "x", 1));
    }
    cr_expect(eq(sz, count(r.ctx, "kept/0000000000.100000000s.ckpt"), 3));
    cal_checkpoints_remove(r.ctx, "kept", 80 * CAL_NS_PER_MS);
    cr_expect(eq(sz, count(r.ctx, "kept/0000000000.080000000s.ckpt"), 2));
    cal_checkpoints_remove(r.ctx, "kept", -1);
    cr_expect(access("kept", F_OK) != 0);
    end(&r);
}

Test(experiment_checkpoints, one_that_cannot_be_written_is_a_note_and_the_session_goes_on)
{
    bool is_written = true;
    go_to_scratch();
    running r = start(SPIKING, NULL);
    MUST(r.ctx, cali_file_write(r.ctx, "kept", "a file", 6));
    advance(&r, 1);
    MUST(r.ctx, cal_session_write_checkpoint(r.session, "kept", &is_written));
    cr_expect(is_written == false);
    cr_expect(strstr(cali_test_last_note(), "cannot make the directory kept") != NULL, "%s", cali_test_last_note());
    advance(&r, 1);
    cr_expect(eq(str, (char *)cal_context_message(r.ctx), ""));
    end(&r);
}

static void refused(int kind, const char *override, const char *bytes, size_t size, const char *say)
{
    running r = start(kind, override);
    cr_expect(cali_checkpoint_restore(r.session, bytes, size) == CAL_ERR_INPUT, "%s", say);
    const char *message = cal_context_message(r.ctx);
    cr_expect(strstr(message, "C305") != NULL && strstr(message, say) != NULL, "\"%s\", not \"%s\"", message, say);
    end(&r);
}

Test(experiment_checkpoints, what_is_cut_broken_or_of_another_experiment_is_refused)
{
    char *bytes, *other;
    size_t size, other_size;
    cal_time time;
    go_to_scratch();
    running r = start(SPIKING, NULL);
    advance(&r, 7);
    save(&r, &bytes, &size);
    MUST(r.ctx, cali_checkpoint_check(r.ctx, bytes, size, &time));
    cr_expect(time == cal_session_time(r.session));
    for (size_t cut = 1; cut < size; cut += 1 + size / 23)
        cr_expect(cali_checkpoint_check(r.ctx, bytes, size - cut, &time) == CAL_ERR_INPUT);
    cal_context_clear(r.ctx);
    for (size_t k = 0; k < 60; k++) {
        const size_t at = k < 30 ? 3 * k : size * k / 60;
        bytes[at] = (char)(bytes[at] ^ 16);
        cr_expect(cali_checkpoint_check(r.ctx, bytes, size, &time) == CAL_ERR_INPUT, "byte %zu", at);
        cal_context_clear(r.ctx);
        bytes[at] = (char)(bytes[at] ^ 16);
    }
    refused(SPIKING, NULL, NULL, 0, "cut short");
    refused(MASSES, NULL, bytes, size, "of another experiment");
    refused(SPIKING, "record.signals[0].every=2 ms", bytes, size, "of another experiment");
    refused(SPIKING, "run.duration=10 ms", bytes, size, "of another experiment");
    refused(SPIKING, "run.seed=4", bytes, size, "seed");
    refused(SPIKING, "coupling.gain=0.4", bytes, size, "weights");
    running alone = start(ALONE, NULL);
    advance(&alone, 2);
    save(&alone, &other, &other_size);
    refused(SPIKING, NULL, other, other_size, "of another experiment");
    cr_expect(cali_checkpoint_restore(r.session, bytes, size) != CAL_OK); /* it has advanced */
    free(bytes);
    free(other);
    end(&r);
    end(&alone);
}
