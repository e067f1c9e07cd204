/* The example's claim: a region of 10,000 QIF neurons among neural masses does what the mass in its place would do,
 * because the mass is the exact mean field of such neurons (Montbrio, Pazo & Roxin 2015, Phys. Rev. X 5, 021028) and both
 * get the same path of noise with their drive. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/experiment.h"
#include "support/support.h"

enum { N_SECONDS = 4, N_MAX = 4000 };

/* Rate of the spiking region, in Hz, every ms. */
static size_t run_example(bool is_mean_field, const char *neurons, double *rate)
{
    cal_context *ctx = cali_test_context(2);
    char h5[1200];
    const char *const set[] = {"run.duration=4 s", neurons};
    cal_experiment *experiment = NULL;
    cal_session *session = NULL;
    cal_session_def def = cal_session_def_default();
    snprintf(h5, sizeof h5, "%s/run.h5", cali_test_directory());
    def.path = h5;
    def.is_mean_field = is_mean_field;
    cr_assert(cal_experiment_load(ctx, CALLOSUM_SOURCE_DIR "/examples/one-spiking-region/experiment.yaml", set,
                                  neurons == NULL ? 1 : 2, &experiment) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_create(ctx, experiment, &def, &session) == CAL_OK, "%s", cal_context_message(ctx));
    while (!cal_session_is_done(session))
        cr_assert(cal_session_advance(session) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_finish(session) == CAL_OK);
    cal_recording *recording = NULL;
    cr_assert(cal_recording_open(ctx, h5, &recording) == CAL_OK, "%s", cal_context_message(ctx));
    const cal_recording_signal s = cal_recording_get_signal(recording, 0);
    cr_assert(strcmp(s.name, "rate") == 0 && strcmp(s.unit, "Hz") == 0 && s.n_rows <= N_MAX);
    const int column = cal_connectome_find(cal_session_plan(session).connectome, "L.transversetemporal");
    cr_assert(column >= 0);
    double *rows = malloc(s.n_rows * s.n_columns * sizeof *rows);
    cr_assert(cal_recording_read(recording, 0, 0, s.n_rows, rows) == CAL_OK);
    for (size_t i = 0; i < s.n_rows; i++)
        rate[i] = rows[i * s.n_columns + (size_t)column];
    const size_t n = s.n_rows;
    free(rows);
    cal_recording_close(&recording);
    cal_session_destroy(&session);
    cal_experiment_destroy(&experiment);
    cal_context_destroy(&ctx);
    return n;
}

typedef struct statistics {
    double mean_a, mean_b, sd_a, sd_b, correlation;
} statistics;

/* Over the time after the first second, which the example declares a transient. */
static statistics compare(const double *a, const double *b, size_t n)
{
    statistics s = {0};
    double aa = 0.0, bb = 0.0, ab = 0.0;
    const size_t first = 1000;
    for (size_t i = first; i < n; i++) {
        s.mean_a += a[i] / (double)(n - first);
        s.mean_b += b[i] / (double)(n - first);
    }
    for (size_t i = first; i < n; i++) {
        aa += (a[i] - s.mean_a) * (a[i] - s.mean_a);
        bb += (b[i] - s.mean_b) * (b[i] - s.mean_b);
        ab += (a[i] - s.mean_a) * (b[i] - s.mean_b);
    }
    s.sd_a = sqrt(aa / (double)(n - first));
    s.sd_b = sqrt(bb / (double)(n - first));
    s.correlation = ab / sqrt(aa * bb);
    return s;
}

/* Bins of 1 ms at 11 Hz and 10,000 neurons have a counting noise of sqrt(11 / (10^4 10^-3)) = 1.05 Hz beside a signal of
 * sd 3.6 Hz. Alone it gives sd +4 % and a correlation of 0.96; inputs from 100 sources instead of all add to both. Hence
 * 3 % for the mean (finite size shifts it by about 1 %), 8 % for the sd, 0.93 for the correlation. */
Test(brain, a_spiking_region_does_what_the_mass_in_its_place_would_do)
{
    static double mass[N_MAX], network[N_MAX];
    const size_t n = run_example(true, NULL, mass);
    cr_assert(eq(sz, run_example(false, NULL, network), n));
    cr_assert(eq(sz, n, 1000 * N_SECONDS));
    const statistics s = compare(mass, network, n);
    cr_expect(gt(dbl, s.sd_a, 2.0)); /* something happens */
    cr_expect(epsilon_eq(dbl, s.mean_b / s.mean_a, 1.0, 0.03));
    cr_expect(epsilon_eq(dbl, s.sd_b / s.sd_a, 1.0, 0.08));
    cr_expect(gt(dbl, s.correlation, 0.93));
}

/* The comparison can fail: neurons with another centre of the drives are no longer those of the mass. */
Test(brain, other_neurons_are_told_apart)
{
    static double mass[N_MAX], network[N_MAX];
    const size_t n = run_example(true, NULL, mass);
    run_example(false, "regions.\"most connected\".spiking.populations.Q.parameters.eta=\"lorentzian(0.04, 0.05)\"", network);
    const statistics s = compare(mass, network, n);
    cr_expect(gt(dbl, fabs(s.mean_b / s.mean_a - 1.0), 0.1));
}
