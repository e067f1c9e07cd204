/* report/spikes.c: the figures of a run's spikes as table, CSV and JSON. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/tree.h"
#include "callosum/recording.h"
#include "callosum/report.h"
#include "support/support.h"
#include "support/synthetic.h"

/* 3 s of a region with 400 Poisson neurons of a common fluctuating rate. */
static const char *write_run(cal_context *ctx, bool has_spikes)
{
    static char path[1024];
    cali_synthetic def = cali_synthetic_default();
    def.n_regions = 8;
    def.spiking = has_spikes ? 3 : def.n_regions;
    def.n_neurons = def.n_recorded = 400;
    def.duration_ms = 3000.0;
    snprintf(path, sizeof path, "%s", cali_test_directory());
    cr_assert(cali_synthetic_write(ctx, &def, path) == CAL_OK, "%s", cal_context_message(ctx));
    return path;
}

static char *figures_of(cal_context *ctx, const char *path, double transient_ms, cal_report_form form)
{
    char *text = NULL;
    cal_spike_report_def def = cal_spike_report_def_default();
    def.transient_ms = transient_ms;
    cr_assert(cal_report_spikes(ctx, path, &def, form, &text) == CAL_OK, "%s", cal_context_message(ctx));
    return text;
}

/* The rate is the count in run.h5 over neurons and time; CSV, JSON and the table tell the same. */
Test(report_spikes, all_forms_tell_what_the_recording_holds)
{
    cal_context *ctx = cali_test_context(1);
    const char *path = write_run(ctx, true);
    char file[1100];
    snprintf(file, sizeof file, "%s/run.h5", path);
    cal_recording *recording = NULL;
    cr_assert(cal_recording_open(ctx, file, &recording) == CAL_OK);
    const cal_recording_train t = cal_recording_get_train(recording, 0);
    double *times = malloc(t.n_spikes * sizeof *times);
    uint32_t *ids = malloc(t.n_spikes * sizeof *ids);
    cr_assert(cal_recording_read_spikes(recording, 0, 0, t.n_spikes, times, ids) == CAL_OK);
    size_t n = 0;
    for (size_t k = 0; k < t.n_spikes; k++)
        n += times[k] > 1000.0;
    char *json = figures_of(ctx, path, 1000.0, CAL_REPORT_JSON), *csv = figures_of(ctx, path, 1000.0, CAL_REPORT_CSV),
         *table = figures_of(ctx, path, 1000.0, CAL_REPORT_TEXT);
    cali_tree *tree = cali_tree_create();
    cali_tree_error error;
    cali_node *root = NULL;
    cr_assert(cali_tree_read_json(tree, json, strlen(json), &root, &error) == CAL_OK, "%s", error.what);
    const cali_node *figures = cali_node_get(root->entries[0].value, "figures");
    const double rate_Hz = cali_node_number(cali_node_get(figures, "rate_Hz"), NAN);
    cr_expect(epsilon_eq(dbl, rate_Hz, (double)n / (400.0 * 2.0), 1e-9));
    cr_expect(epsilon_eq(dbl, cali_node_number(cali_node_get(figures, "n_spikes"), NAN), (double)n, 0.5));
    cr_expect(cali_node_number(cali_node_get(figures, "correlation"), 0.0) > 0.0); /* the rate is common */
    cr_expect(strncmp(csv, "region,population,n_recorded,n_active,n_spikes,rate_Hz,", 55) == 0, "%s", csv);
    char number[40];
    snprintf(number, sizeof number, ",400,400,%zu,", n);
    cr_expect(strstr(csv, number) != NULL, "%s in %s", number, csv);
    cr_expect(strstr(table, "rate (Hz)") != NULL && strstr(table, "400") != NULL, "%s", table);
    cr_expect(eq(sz, strcspn(table, "\n"), strcspn(strchr(table, '\n') + 1, "\n")), "lines are aligned:\n%s", table);
    free(json);
    free(csv);
    free(table);
    free(times);
    free(ids);
    cali_tree_destroy(&tree);
    cal_recording_close(&recording);
    cal_context_destroy(&ctx);
}

Test(report_spikes, a_run_without_spikes_says_so)
{
    cal_context *ctx = cali_test_context(1);
    char *text = NULL;
    cr_expect(cal_report_spikes(ctx, write_run(ctx, false), NULL, CAL_REPORT_TEXT, &text) == CAL_ERR_INPUT);
    cr_expect(strstr(cal_context_message(ctx), "holds no spikes") != NULL, "%s", cal_context_message(ctx));
    cr_expect(text == NULL);
    cal_context_clear(ctx);
    cal_spike_report_def bad = cal_spike_report_def_default();
    bad.bin_ms = 0.0;
    cr_expect(cal_report_spikes(ctx, "nowhere", &bad, CAL_REPORT_TEXT, &text) == CAL_ERR_ARGUMENT);
    cal_context_destroy(&ctx);
}

/* Of 1000 neurons three were recorded, far apart; one of them is silent after the transient, another always. */
Test(report_spikes, neurons_may_be_any_part_of_their_population)
{
    static const cal_time times[] = {100 * CAL_NS_PER_MS, 600 * CAL_NS_PER_MS, 700 * CAL_NS_PER_MS, 800 * CAL_NS_PER_MS};
    static const uint32_t ids[] = {400, 900, 900, 900};
    cal_context *ctx = cali_test_context(1);
    const char *directory = cali_test_directory();
    char path[1100];
    snprintf(path, sizeof path, "%s/run.h5", directory);
    cal_recorder_def def = cal_recorder_def_default();
    def.path = path;
    def.title = "part";
    def.duration = 1000 * CAL_NS_PER_MS;
    cal_recorder *recorder = NULL;
    size_t train = 0;
    const cal_spikes_def spikes = {"network", "E", 1000, 3, 10.0};
    const char *const name = "E";
    const double n_neurons = 1000.0;
    cr_assert(cal_recorder_create(ctx, &def, &recorder) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_recorder_add_spikes(recorder, &spikes, &train) == CAL_OK);
    cr_assert(cal_recorder_add_texts(recorder, "network/populations", 1, &name) == CAL_OK);
    cr_assert(cal_recorder_add_matrix(recorder, "network/neurons", "1", 1, 1, &n_neurons) == CAL_OK);
    cr_assert(cal_recorder_start(recorder) == CAL_OK);
    cr_assert(cal_recorder_append_spikes(recorder, train, 4, times, ids) == CAL_OK);
    cr_assert(cal_recorder_commit(recorder, def.duration) == CAL_OK);
    cr_assert(cal_recorder_finish(recorder) == CAL_OK);
    cal_recorder_destroy(&recorder);
    char *csv = figures_of(ctx, directory, 500.0, CAL_REPORT_CSV);
    cr_expect(strstr(csv, "\"E\",3,1,3,2,") != NULL, "%s", csv); /* 3 spikes / (3 neurons 0.5 s) = 2 Hz */
    free(csv);
    const cal_report_def report = {.transient_ms = 500.0};
    cr_assert(cal_report_write(ctx, directory, &report) == CAL_OK, "%s", cal_context_message(ctx));
    snprintf(path, sizeof path, "%s/report.html", directory);
    char *page = NULL;
    size_t size = 0;
    cr_assert(cali_file_read(ctx, path, SIZE_MAX, &page, &size) == CAL_OK);
    /* two lines in the raster, rows 0, 1, 1, 1 as little-endian words */
    cr_expect(strstr(page, "\"stride\":1,\"shown_neurons\":2,\"shown_spikes\":4") != NULL);
    cr_expect(strstr(page, "\"rows\":\"AAAAAAEAAAABAAAAAQAAAA==\"") != NULL);
    free(page);
    cal_context_destroy(&ctx);
}
