/* report/spikes.c: the figures of a run's spikes as table, CSV and JSON. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
