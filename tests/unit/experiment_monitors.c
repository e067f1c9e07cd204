/* Monitors in an experiment: what they record is what a monitor makes of rows recorded beside them; messages, word by
 * word; the echo. experiment/monitors.c, experiment/parse_monitors.c. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "callosum/experiment.h"
#include "callosum/monitors.h"
#include "callosum/recording.h"
#include "experiment/experiment.h"
#include "support/support.h"

static const char *const base =
    "callosum: 1\n"
    "run: {duration: 400 ms, seed: 3}\n"
    "connectome: {generate: {regions: 8}, speed: 4 mm/ms}\n"
    "coupling: {gain: 0.2, weights: mean-row-one}\n"
    "integrator: {method: heun, step: 1 ms}\n"
    "noise: [{state: S, level: 0.01 1/sqrt(ms)}]\n"
    "models:\n"
    "  column: {neural_mass: reduced-wong-wang}\n"
    "regions: {default: column}\n";

enum { N = 8, N_STEPS = 400 };

static const char *const lead_field =
    "# V per unit of S\n"
    "sensor,R.region_03,L.region_00,L.region_01,L.region_02,L.region_03,R.region_00,R.region_01,R.region_02\n"
    "Fz,8,1,2,3,4,5,6,7\n"
    "Cz,0,0,1,0,0,-1,0,0.5\n";
static const char *const short_field = "sensor,L.region_00\nFz,1\n";
static const char *const lobes = "label,lobe\nL.region_00,front\nL.region_01,back\nL.region_02,front\nL.region_03,\n"
                                 "R.region_00,back\nR.region_01,front\nR.region_02,back\nR.region_03,back\n";

static void write_here(cal_context *ctx, const char *name, const char *text)
{
    cr_assert(cali_file_write(ctx, name, text, strlen(text)) == CAL_OK);
}

static void enter(cal_context *ctx, const char *record)
{
    char text[4096];
    cr_assert(chdir(cali_test_directory()) == 0);
    write_here(ctx, "lead.csv", lead_field);
    write_here(ctx, "lobes.csv", lobes);
    write_here(ctx, "short.csv", short_field);
    snprintf(text, sizeof text, "%srecord:\n  signals:\n%s", base, record);
    write_here(ctx, "e.yaml", text);
}

/* Runs the experiment in a folder of its own and opens what it recorded. */
static cal_recording *run(cal_context *ctx, const char *record)
{
    cal_experiment *experiment = NULL;
    cal_session *session = NULL;
    cal_recording *recording = NULL;
    enter(ctx, record);
    cal_session_def def = cal_session_def_default();
    def.path = "run.h5";
    cr_assert(cal_experiment_load(ctx, "e.yaml", NULL, 0, &experiment) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_create(ctx, experiment, &def, &session) == CAL_OK, "%s", cal_context_message(ctx));
    while (!cal_session_is_done(session))
        cr_assert(cal_session_advance(session) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_finish(session) == CAL_OK, "%s", cal_context_message(ctx));
    cal_session_destroy(&session);
    cal_experiment_destroy(&experiment);
    cr_assert(cal_recording_open(ctx, "run.h5", &recording) == CAL_OK, "%s", cal_context_message(ctx));
    return recording;
}

/* All rows of a signal; `info` gets its facts. */
static double *read_all(cal_recording *recording, const char *name, cal_recording_signal *info)
{
    for (size_t s = 0; s < cal_recording_n_signals(recording); s++) {
        *info = cal_recording_get_signal(recording, s);
        if (strcmp(info->name, name) != 0)
            continue;
        double *rows = malloc((info->n_rows * info->n_columns + 1) * sizeof *rows);
        cr_assert(cal_recording_read(recording, s, 0, info->n_rows, rows) == CAL_OK);
        return rows;
    }
    cr_assert(false, "no signal %s", name);
    return NULL;
}

static void expect_rows(cal_recording *recording, const char *name, const char *axis, const char *unit, const cal_monitor_def *def,
                        const double *rows, size_t n)
{
    cal_context *ctx = cali_test_context(1);
    cal_monitor *monitor = NULL;
    cal_recording_signal info;
    double *got = read_all(recording, name, &info);
    cr_assert(cal_monitor_create(ctx, def, &monitor) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_monitor_push(monitor, n, rows) == CAL_OK);
    size_t n_expected = 0;
    const double *expected = cal_monitor_rows(monitor, &n_expected);
    cr_expect(eq(str, (char *)info.axis, (char *)axis));
    cr_expect(eq(str, (char *)info.unit, (char *)unit));
    cr_expect(eq(str, (char *)info.monitor, (char *)def->kind->name));
    cr_expect(info.every == def->every && info.t_first == def->every);
    cr_assert(info.n_rows == n_expected && info.n_columns == cal_monitor_n_channels(monitor), "%s: %zu x %zu", name,
              info.n_rows, info.n_columns);
    cr_expect(n_expected > 0 && memcmp(got, expected, n_expected * info.n_columns * sizeof *got) == 0, "%s", name);
    free(got);
    cal_monitor_destroy(&monitor);
    cal_context_destroy(&ctx);
}

static cal_monitor_def define(const char *kind, cal_time dt_ms, cal_time every_ms)
{
    cal_monitor_def def = cal_monitor_def_default();
    def.kind = cal_monitor_kind_find(kind);
    def.n_regions = N;
    def.dt = dt_ms * CAL_NS_PER_MS;
    def.every = every_ms * CAL_NS_PER_MS;
    return def;
}

/* Every step is recorded too, so what each monitor should have made can be made again: the same bits. */
Test(experiment_monitors, record_what_a_monitor_makes_of_the_rows)
{
    cal_context *ctx = cali_test_context(2);
    cal_recording *recording = run(ctx,
        "    - {what: S, every: step}\n"
        "    - {what: S, every: 4 ms, mean: true, name: means}\n"
        "    - {what: S, monitor: raw}\n"
        "    - {what: S, every: 10 ms, monitor: temporal-average}\n"
        "    - {every: 100 ms, monitor: balloon}\n"
        "    - {what: S, every: 100 ms, monitor: {kind: bold, kernel: gamma, tau: 0.05 s}}\n"
        "    - {what: S, every: 100 ms, monitor: {kind: bold, form: tvb, length: 200 ms}, name: reference}\n"
        "    - {what: S, every: 5 ms, monitor: global-average, of: \"L.region_00, #3\"}\n");
    cal_recording_signal info;
    double *steps = read_all(recording, "S", &info), *means = read_all(recording, "means", &info);
    cal_monitor_def def = define("raw", 1, 1);
    expect_rows(recording, "raw", "region", "1", &def, steps, N_STEPS);
    def = define("temporal-average", 1, 10);
    expect_rows(recording, "temporal_average", "region", "1", &def, steps, N_STEPS);
    def = define("balloon", 4, 100);
    expect_rows(recording, "balloon", "region", "1", &def, means, N_STEPS / 4);
    def = define("bold", 4, 100);
    const double gamma[] = {0.05, 3.0, 0.1};
    def.kernel = cal_hrf_find("gamma");
    def.params = gamma;
    expect_rows(recording, "bold", "region", "1", &def, means, N_STEPS / 4);
    def = define("bold", 1, 100);
    def.kernel = cal_hrf_find("volterra");
    def.form = CAL_BOLD_TVB;
    def.interim = 4 * CAL_NS_PER_MS;
    def.length = 200 * CAL_NS_PER_MS;
    expect_rows(recording, "reference", "region", "1", &def, steps, N_STEPS);
    double *pair = read_all(recording, "global_average", &info);
    cr_assert(info.n_rows == 80 && info.n_columns == 1);
    for (int j = 0; j < 80; j++)
        cr_expect(pair[j] == (steps[(5 * j + 4) * N] + steps[(5 * j + 4) * N + 3]) / 2.0);
    free(pair);
    free(steps);
    free(means);
    cal_recording_close(&recording);
    cal_context_destroy(&ctx);
}

/* The generated connectome has 4 regions on each side, left first. The columns of the lead field are in another order than
 * the regions. */
Test(experiment_monitors, groups_and_lead_fields_come_from_tables_by_label)
{
    cal_context *ctx = cali_test_context(1);
    cal_recording *recording = run(ctx,
        "    - {what: S, every: step}\n"
        "    - {what: S, every: 1 ms, monitor: {kind: spatial-average, groups: hemisphere}}\n"
        "    - {what: S, every: 1 ms, monitor: {kind: spatial-average, groups: lobe, table: lobes.csv}, name: lobes}\n"
        "    - {what: S, every: 1 ms, monitor: {kind: eeg, lead_field: lead.csv, unit: uV}}\n"
        "    - {what: S, every: 1 ms, monitor: {kind: meg, lead_field: lead.csv, unit: fT}}\n");
    cal_recording_signal info;
    double *steps = read_all(recording, "S", &info);
    static const uint32_t sides[N] = {0, 0, 0, 0, 1, 1, 1, 1}, places[N] = {0, 1, 0, CAL_NO_GROUP, 1, 0, 1, 1};
    static const double gains[2 * N] = {1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 0, 0, -1, 0, 0.5, 0};
    cal_monitor_def def = define("spatial-average", 1, 1);
    def.groups = sides;
    def.n_groups = 2;
    expect_rows(recording, "spatial_average", "group_spatial_average", "1", &def, steps, N_STEPS);
    def.groups = places;
    expect_rows(recording, "lobes", "group_lobes", "1", &def, steps, N_STEPS);
    def = define("eeg", 1, 1);
    def.lead_field = gains;
    def.n_sensors = 2;
    expect_rows(recording, "eeg", "sensor_eeg", "uV", &def, steps, N_STEPS);
    def.kind = cal_monitor_kind_find("meg");
    expect_rows(recording, "meg", "sensor_meg", "fT", &def, steps, N_STEPS);
    free(read_all(recording, "lobes", &info));
    cr_expect(strcmp(info.labels[0], "front") == 0 && strcmp(info.labels[1], "back") == 0);
    free(read_all(recording, "eeg", &info));
    cr_expect(strcmp(info.labels[0], "Fz") == 0 && strcmp(info.labels[1], "Cz") == 0);
    free(read_all(recording, "spatial_average", &info));
    cr_expect(strcmp(info.labels[0], "left") == 0 && strcmp(info.labels[1], "right") == 0);
    free(steps);
    cal_recording_close(&recording);
    cal_context_destroy(&ctx);
}

/* ---- afferent coupling ------------------------------------------------------------------------------------------ */

static const char *const triple =
    "callosum: 1\n"
    "run: {duration: 40 ms, seed: 3}\n"
    "connectome: {file: w.csv, lengths: l.csv, orientation: to-from, speed: 4 mm/ms}\n"
    "coupling: {gain: 0.5, a: 2, b: 0.25}\n"
    "integrator: {method: heun, step: 1 ms}\n"
    "noise: [{state: S, level: 0.02 1/sqrt(ms)}, {input: c, level: 0.1, tau: 5 ms}]\n"
    "stimuli: [{offset: 0.3}]\n"
    "models: {column: {neural_mass: reduced-wong-wang, initial: {S: 0.3}}}\n"
    "regions: {default: column}\n"
    "record: {signals: [{what: S, every: step}, {what: coupling, every: step}, {what: coupling c, every: 4 ms, mean: true}]}\n";

static void write_triple(cal_context *ctx)
{
    cr_assert(chdir(cali_test_directory()) == 0);
    write_here(ctx, "w.csv", "0,1,0.5\n2,0,0\n0.25,3,0\n");
    write_here(ctx, "l.csv", "0,4,12\n8,0,0\n20,4,0\n");
    write_here(ctx, "e.yaml", triple);
}

/* Delays are 1 to 5 whole steps, so c_i(n) = a G sum_j w_ij S_j(n - d_ij) + b with the recorded S, 0.3 before t = 0. Noise
 * and stimulus on the input are not part of it. The mean over four steps is that of the trapezoid rule. */
Test(experiment_monitors, the_afferent_coupling_is_the_sum_over_delayed_sources)
{
    static const double w[3][3] = {{0, 1, 0.5}, {2, 0, 0}, {0.25, 3, 0}};
    static const int d[3][3] = {{0, 1, 3}, {2, 0, 0}, {5, 1, 0}};
    cal_context *ctx = cali_test_context(1);
    cal_experiment *experiment = NULL;
    cal_session *session = NULL;
    cal_recording *recording = NULL;
    cal_recording_signal info;
    write_triple(ctx);
    cal_session_def def = cal_session_def_default();
    def.path = "run.h5";
    cr_assert(cal_experiment_load(ctx, "e.yaml", NULL, 0, &experiment) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_create(ctx, experiment, &def, &session) == CAL_OK, "%s", cal_context_message(ctx));
    while (!cal_session_is_done(session))
        cr_assert(cal_session_advance(session) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_finish(session) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_recording_open(ctx, "run.h5", &recording) == CAL_OK, "%s", cal_context_message(ctx));
    double *s = read_all(recording, "S", &info), *means = read_all(recording, "coupling_c", &info);
    double *c = read_all(recording, "coupling", &info), expected[41][3];
    cr_assert(info.n_rows == 40 && info.n_columns == 3);
    for (int n = 0; n <= 40; n++)
        for (int i = 0; i < 3; i++) {
            expected[n][i] = 0.25;
            for (int j = 0; j < 3; j++)
                expected[n][i] += 2.0 * 0.5 * w[i][j] * (n - d[i][j] > 0 ? s[(n - d[i][j] - 1) * 3 + j] : 0.3);
            if (n > 0)
                cr_expect(epsilon_eq(dbl, c[(n - 1) * 3 + i], expected[n][i], 1e-14), "step %d region %d", n, i);
        }
    for (int k = 0; k < 10; k++)
        for (int i = 0; i < 3; i++) {
            const double mean = (0.5 * expected[4 * k][i] + expected[4 * k + 1][i] + expected[4 * k + 2][i] +
                                 expected[4 * k + 3][i] + 0.5 * expected[4 * k + 4][i]) / 4.0;
            cr_expect(epsilon_eq(dbl, means[k * 3 + i], mean, 1e-14));
        }
    free(s);
    free(c);
    free(means);
    cal_recording_close(&recording);
    cal_session_destroy(&session);
    cal_experiment_destroy(&experiment);
    cal_context_destroy(&ctx);
}

/* An infinite speed leaves no delay anywhere. */
Test(experiment_monitors, coupling_without_delay_is_refused_with_a_way_out)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *experiment = NULL;
    cal_session *session = NULL;
    const char *const set[] = {"connectome.speed=infinite"};
    cal_session_def def = cal_session_def_default();
    def.is_check = true;
    write_triple(ctx);
    cr_assert(cal_experiment_load(ctx, "e.yaml", set, 1, &experiment) == CAL_OK, "%s", cal_context_message(ctx));
    cr_expect(cal_session_create(ctx, experiment, &def, &session) == CAL_ERR_INPUT);
    cr_expect(strstr(cal_context_message(ctx), "C107  cannot record \"coupling\": coupling without delay") != NULL,
              "%s", cal_context_message(ctx));
    cal_session_destroy(&session);
    cal_experiment_destroy(&experiment);
    cal_context_destroy(&ctx);
}

/* ---- messages -------------------------------------------------------------------------------------------------- */

/* The message of a record list of one line; what comes before the code is the place. */
static void expect_message(const char *line, const char *words)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *experiment = NULL;
    cal_session *session = NULL;
    cal_session_def def = cal_session_def_default();
    char record[512];
    snprintf(record, sizeof record, "    - %s\n", line);
    enter(ctx, record);
    def.is_check = true;
    cal_status status = cal_experiment_load(ctx, "e.yaml", NULL, 0, &experiment);
    if (status == CAL_OK)
        status = cal_session_create(ctx, experiment, &def, &session);
    cr_expect(status == CAL_ERR_INPUT || status == CAL_ERR_IO, "%s: accepted", line);
    cr_expect(strstr(cal_context_message(ctx), words) != NULL, "%s:\n%s\nlacks\n%s", line, cal_context_message(ctx), words);
    cal_session_destroy(&session);
    cal_experiment_destroy(&experiment);
    cal_context_destroy(&ctx);
}

Test(experiment_monitors, unknown_words_get_the_nearest)
{
    expect_message("{monitor: bald}", "e.yaml:12:17  C101  unknown monitor \"bald\"\n");
    expect_message("{monitor: bald}", "try      bold");
    expect_message("{monitor: {kind: bold, kernel: gama}}", "C101  unknown kernel \"gama\" of the monitor bold\n");
    expect_message("{monitor: {kind: bold, kernel: gama}}", "try      gamma");
    expect_message("{monitor: {kind: balloon, kapa: 1 1/s}}", "C101  unknown key \"kapa\" of record.signals[0].monitor by balloon");
    expect_message("{monitor: {kind: balloon, kappa: 1}}", "C102  kappa of balloon needs");
    expect_message("{monitor: {kind: balloon, tau: 0.001 s}}", "C106  tau of balloon");
    expect_message("{monitor: {kernel: gamma}}", "C105  record.signals[0].monitor needs the key \"kind\"");
}

Test(experiment_monitors, what_a_kind_does_not_take_is_refused)
{
    expect_message("{monitor: {kind: eeg}}", "C105  the monitor eeg needs a lead_field");
    expect_message("{monitor: spatial-average}", "C105  the monitor spatial-average needs groups");
    expect_message("{monitor: {kind: balloon, kernel: gamma}}", "C104  the monitor balloon has no kernel");
    expect_message("{monitor: {kind: bold, lead_field: lead.csv}}", "C104  the monitor bold has no lead_field");
    expect_message("{monitor: bold, of: L.region_00}", "C104  the monitor bold takes all regions");
    expect_message("{monitor: bold, mean: true}", "C104  the monitor bold averages by itself");
    expect_message("{monitor: raw, every: 2 ms}", "C106  the monitor raw gives every step");
    expect_message("{monitor: bold, what: spikes}", "C104  a monitor takes a quantity of regions, not \"spikes\"");
    expect_message("{monitor: {kind: eeg, lead_field: lead.csv, unit: volts}}", "C102  \"volts\" is no unit");
}

Test(experiment_monitors, files_and_intervals_that_do_not_fit_are_named)
{
    expect_message("{monitor: {kind: eeg, lead_field: none.csv}}", "none.csv");
    expect_message("{monitor: {kind: eeg, lead_field: lobes.csv}}",
                   "C107  lobes.csv has no column \"sensor\" with the names of the sensors");
    expect_message("{monitor: {kind: meg, lead_field: short.csv}}",
                   "C303  short.csv has no column for the region \"L.region_01\" (2 columns, 8 regions)\n");
    expect_message("{monitor: {kind: spatial-average, groups: lobe}}", "C107  groups \"lobe\" is no word");
    expect_message("{monitor: {kind: spatial-average, groups: lab, table: lobes.csv}}",
                   "C107  no column \"lab\" in lobes.csv");
    expect_message("{monitor: bold, every: 1000.5 ms}", "C202  bold every 1000.5 ms is no multiple of the step 1 ms");
    expect_message("{monitor: {kind: bold, form: tvb}, every: 10 ms}",
                   "C202  bold in the form tvb averages over 4 ms, which does not divide 10 ms\n");
    expect_message("{monitor: {kind: bold, form: tvb}, every: 10 ms}", "try      every: 12 ms");
    expect_message("{monitor: bold, what: X}", "C107  cannot record \"X\": no region has \"X\"");
    expect_message("{monitor: {kind: bold, length: 1 ms}}", "C107  cannot record \"S\": the kernel's length 1 ms is shorter");
    expect_message("{what: S, name: bold}\n    - {monitor: bold}", "C107  cannot record \"S\": the name bold is used already");
}

/* ---- echo -------------------------------------------------------------------------------------------------------- */

Test(experiment_monitors, the_echo_reads_back_as_the_same_monitors)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *experiment = NULL, *again = NULL;
    enter(ctx, "    - {monitor: raw}\n"
               "    - {what: S, every: 100 ms, monitor: {kind: bold, form: tvb, kernel: double-exponential, f_1: 0.05 Hz}}\n"
               "    - {what: S, monitor: {kind: balloon-2007, epsilon: 0.5}, name: flow}\n"
               "    - {what: S, mean: true, monitor: {kind: seeg, lead_field: lead.csv, average_reference: true}}\n"
               "    - {what: S, monitor: {kind: spatial-average, groups: lobe, table: lobes.csv}}\n");
    cr_assert(cal_experiment_load(ctx, "e.yaml", NULL, 0, &experiment) == CAL_OK, "%s", cal_context_message(ctx));
    cali_text first = {0}, second = {0};
    cr_assert(cali_experiment_echo(ctx, experiment, &first) == CAL_OK);
    cr_assert(cali_experiment_parse(ctx, "e.yaml", first.data, first.size, NULL, 0, &again) == CAL_OK, "%s",
              cal_context_message(ctx));
    cr_assert(cali_experiment_echo(ctx, again, &second) == CAL_OK);
    cr_expect(eq(str, first.data, second.data));
    cr_expect(strstr(first.data, "\"f_1\": \"0.05 1/s\"") != NULL || strstr(first.data, "\"f_1\": \"0.05 Hz\"") != NULL);
    cr_expect(strstr(first.data, "\"every\": \"step\"") != NULL);
    cr_expect(strstr(first.data, "\"every\": \"2 s\"") != NULL);
    cali_text_free(&first);
    cali_text_free(&second);
    cal_experiment_destroy(&experiment);
    cal_experiment_destroy(&again);
    cal_context_destroy(&ctx);
}
