/* Runs of one experiment whose regions are computed here or in workers, and the bytes of their run.h5. */
#ifndef CALI_TESTS_PLACED_RUNS_H
#define CALI_TESTS_PLACED_RUNS_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "callosum/experiment.h"
#include "support/support.h"

static inline bool cali_is_never_stopped(void *user)
{
    (void)user;
    return false;
}

static inline cal_workers_def cali_placed(const char *const *slots, size_t n_slots)
{
    cal_workers_def def = {.slots = slots, .n_slots = n_slots, .host = cal_host_def_default()};
    def.host.program = CALLOSUM_BUILD_DIR "/bin/callosum";
    def.host.is_stopped = cali_is_never_stopped;
    return def;
}

/** Runs the text to its end; FOLDER/NAME.h5 is left. `workers` NULL: in process. `before`, if any, is called ahead of each window. */
static inline void cali_run_placed(const char *text, const char *folder, const char *name, const char *override, unsigned n_threads,
                                   const cal_workers_def *workers, void (*before)(cal_session *session))
{
    cal_context *ctx = cali_test_context(n_threads);
    char experiment_path[1200], path[1200];
    cal_experiment *experiment = NULL;
    cal_session *session = NULL;
    cal_session_def def = cal_session_def_default();
    snprintf(path, sizeof path, "%s/%s.h5", folder, name);
    snprintf(experiment_path, sizeof experiment_path, "%s/brain.yaml", folder);
    cr_assert(cali_file_write(ctx, experiment_path, text, strlen(text)) == CAL_OK);
    def.path = path;
    def.workers = workers;
    cr_assert(cal_experiment_load(ctx, experiment_path, &override, override != NULL, &experiment) == CAL_OK, "%s",
              cal_context_message(ctx));
    cr_assert(cal_session_create(ctx, experiment, &def, &session) == CAL_OK, "%s", cal_context_message(ctx));
    while (!cal_session_is_done(session)) {
        if (before != NULL)
            before(session);
        cr_assert(cal_session_advance(session) == CAL_OK, "%s", cal_context_message(ctx));
    }
    cr_assert(cal_session_finish(session) == CAL_OK, "%s", cal_context_message(ctx));
    cal_session_destroy(&session);
    cal_experiment_destroy(&experiment);
    cal_context_destroy(&ctx);
}

/** Whether both files hold the same bytes. */
static inline void cali_expect_same_runs(const char *folder, const char *name, const char *other)
{
    cal_context *ctx = cali_test_context(1);
    char paths[2][1200], *bytes[2] = {NULL};
    size_t sizes[2];
    snprintf(paths[0], sizeof paths[0], "%s/%s.h5", folder, name);
    snprintf(paths[1], sizeof paths[1], "%s/%s.h5", folder, other);
    for (int i = 0; i < 2; i++)
        cr_assert(cali_file_read(ctx, paths[i], SIZE_MAX, &bytes[i], &sizes[i]) == CAL_OK, "%s", cal_context_message(ctx));
    cr_expect(sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0, "%s: another run.h5", other);
    free(bytes[0]);
    free(bytes[1]);
    cal_context_destroy(&ctx);
}

#endif
