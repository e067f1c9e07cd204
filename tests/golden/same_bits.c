/* A run is a pure function of (experiment, seed): the data of run.h5 are bit for bit the same for 1, 2, 3 and 8 threads
 * and for every instruction set. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "callosum/experiment.h"
#include "support/support.h"
#include "support/two_regions.h"

typedef struct outcome {
    double *rows[4];
    size_t n[4];
    double *times[4];
    uint32_t *ids[4];
    size_t n_spikes[4];
    size_t n_signals, n_trains;
} outcome;

static void read_back(cal_context *ctx, const char *path, outcome *out)
{
    cal_recording *recording = NULL;
    cr_assert(cal_recording_open(ctx, path, &recording) == CAL_OK, "%s", cal_context_message(ctx));
    out->n_signals = cal_recording_n_signals(recording);
    out->n_trains = cal_recording_n_trains(recording);
    cr_assert(out->n_signals <= 4 && out->n_trains <= 4);
    for (size_t k = 0; k < out->n_signals; k++) {
        const cal_recording_signal s = cal_recording_get_signal(recording, k);
        out->n[k] = s.n_rows * s.n_columns;
        out->rows[k] = malloc(out->n[k] * sizeof(double));
        cr_assert(cal_recording_read(recording, k, 0, s.n_rows, out->rows[k]) == CAL_OK);
    }
    for (size_t k = 0; k < out->n_trains; k++) {
        out->n_spikes[k] = cal_recording_get_train(recording, k).n_spikes;
        out->times[k] = malloc((out->n_spikes[k] + 1) * sizeof(double));
        out->ids[k] = malloc((out->n_spikes[k] + 1) * sizeof(uint32_t));
        cr_assert(cal_recording_read_spikes(recording, k, 0, out->n_spikes[k], out->times[k], out->ids[k]) == CAL_OK);
    }
    cal_recording_close(&recording);
}

static void run_with(unsigned n_threads, const char *isa, outcome *out)
{
    if (isa != NULL)
        setenv("CALLOSUM_ISA", isa, 1);
    cal_context *ctx = cali_test_context(n_threads);
    char file[1200], h5[1200];
    const char *directory = cali_test_directory();
    snprintf(file, sizeof file, "%s/experiment.yaml", directory);
    snprintf(h5, sizeof h5, "%s/run.h5", directory);
    cr_assert(cali_file_write(ctx, file, cali_test_two_regions, strlen(cali_test_two_regions)) == CAL_OK);
    cal_experiment *experiment = NULL;
    cr_assert(cal_experiment_load(ctx, file, NULL, 0, &experiment) == CAL_OK, "%s", cal_context_message(ctx));
    cal_session_def def = cal_session_def_default();
    def.path = h5;
    cal_session *session = NULL;
    cr_assert(cal_session_create(ctx, experiment, &def, &session) == CAL_OK, "%s", cal_context_message(ctx));
    while (!cal_session_is_done(session))
        cr_assert(cal_session_advance(session) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_finish(session) == CAL_OK);
    read_back(ctx, h5, out);
    cal_session_destroy(&session);
    cal_experiment_destroy(&experiment);
    cal_context_destroy(&ctx);
}

static void forget(outcome *o)
{
    for (int k = 0; k < 4; k++) {
        free(o->rows[k]);
        free(o->times[k]);
        free(o->ids[k]);
    }
    *o = (outcome){0};
}

static void expect_equal(const outcome *a, const outcome *b, const char *what)
{
    cr_expect(a->n_signals == 3 && b->n_signals == 3 && a->n_trains == 3 && b->n_trains == 3);
    for (size_t k = 0; k < a->n_signals; k++) {
        cr_assert(a->n[k] == b->n[k] && a->n[k] > 0, "%s: signal %zu", what, k);
        cr_expect(memcmp(a->rows[k], b->rows[k], a->n[k] * sizeof(double)) == 0, "%s: signal %zu", what, k);
    }
    for (size_t k = 0; k < a->n_trains; k++) {
        cr_assert(a->n_spikes[k] == b->n_spikes[k], "%s: train %zu", what, k);
        cr_expect(a->n_spikes[k] > 100, "train %zu has %zu spikes: too quiet to show anything", k, a->n_spikes[k]);
        cr_expect(memcmp(a->times[k], b->times[k], a->n_spikes[k] * sizeof(double)) == 0, "%s: times %zu", what, k);
        cr_expect(memcmp(a->ids[k], b->ids[k], a->n_spikes[k] * sizeof(uint32_t)) == 0, "%s: ids %zu", what, k);
    }
}

Test(same_bits, for_1_2_3_and_8_threads)
{
    outcome one = {0}, other = {0};
    const unsigned n_threads[] = {2, 3, 8};
    run_with(1, NULL, &one);
    for (int i = 0; i < 3; i++) {
        char what[32];
        snprintf(what, sizeof what, "%u threads", n_threads[i]);
        run_with(n_threads[i], NULL, &other);
        expect_equal(&one, &other, what);
        forget(&other);
    }
    forget(&one);
}

Test(same_bits, for_every_instruction_set)
{
    outcome one = {0}, other = {0};
    run_with(2, "base", &one);
    run_with(2, "v3", &other);
    expect_equal(&one, &other, "v3");
    forget(&other);
    run_with(2, "v4", &other);
    expect_equal(&one, &other, "v4");
    forget(&other);
    forget(&one);
}
