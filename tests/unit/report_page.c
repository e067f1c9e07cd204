/* report/page_data.c, report/summary.c, report/table.c, report/run.c: encodings, reduction, the numbers of the
 * summary, and runs that lack things. How the page looks and runs is asked by tests/rules/report_page.sh. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/tree.h"
#include "callosum/report.h"
#include "report/page_data.h"
#include "report/page_encode.h"
#include "report/summary.h"
#include "support/support.h"
#include "support/synthetic.h"

static cal_context *ctx;

static void set_up(void)
{
    ctx = cali_test_context(2);
}

static void tear_down(void)
{
    cal_context_destroy(&ctx);
}

TestSuite(report_page, .init = set_up, .fini = tear_down);

static cali_synthetic small(void)
{
    cali_synthetic def = cali_synthetic_default();
    def.n_regions = 8;
    def.spiking = 3;
    def.n_neurons = 400;
    def.n_recorded = 400;
    def.duration_ms = 3000.0;
    return def;
}

static void write_run(const cali_synthetic *def, char path[1024])
{
    snprintf(path, 1024, "%s", cali_test_directory());
    cr_assert(eq(int, cali_synthetic_write(ctx, def, path), CAL_OK), "%s", cal_context_message(ctx));
}

/* The test vectors of RFC 4648, section 10, and all letters. */
Test(report_page, base64_is_that_of_the_standard)
{
    const char *plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar", "\x00\x10\x83\x10\x51\x87\x20\x92\x8b"};
    const char *coded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy", "ABCDEFGHIJKL"};
    for (int i = 0; i < 8; i++) {
        cali_text text = {0};
        cali_text_add_base64(&text, plain[i], i == 7 ? 9 : strlen(plain[i]));
        cr_expect(eq(str, text.data, (char *)coded[i]));
        cali_text_free(&text);
    }
    char long_one[1000] = {0};
    cali_text text = {0};
    cali_text_add_base64(&text, long_one, sizeof long_one); /* beyond the line buffer */
    cr_expect(eq(sz, text.size, 1336));
    cr_expect(eq(sz, strspn(text.data, "A"), 1334));
    cali_text_free(&text);
}

Test(report_page, reduction_keeps_every_excursion_in_order)
{
    size_t bucket;
    cr_expect(eq(sz, cali_decimated(100, 100, &bucket), 100));
    cr_expect(eq(sz, bucket, 1));
    cr_expect(eq(sz, cali_decimated(1000, 100, &bucket), 100));
    cr_expect(eq(sz, bucket, 20));
    cr_expect(eq(sz, cali_decimated(1001, 100, &bucket), 96));
    cr_expect(eq(sz, bucket, 21));
    double x[1001] = {0}, out[96];
    x[500] = 7.0;
    x[505] = -3.0; /* buckets 23 and 24: 483 .. 503 and 504 .. 524 */
    x[1000] = 2.0;
    cali_decimate(x, 1001, 21, out);
    cr_expect(eq(dbl, out[47], 7.0));
    cr_expect(eq(dbl, out[46], 0.0));
    cr_expect(eq(dbl, fmin(out[48], out[49]), -3.0));
    cr_expect(eq(dbl, fmax(out[94], out[95]), 2.0));
    const double order[] = {1, 5, 2, 0};
    cali_decimate(order, 4, 4, out);
    cr_expect(eq(dbl, out[0], 5.0)); /* the largest came first */
    cr_expect(eq(dbl, out[1], 0.0));
}

Test(report_page, numbers_are_readable)
{
    const struct {
        double value;
        int digits;
        const char *text;
    } cases[] = {{8.5, 3, "8.50"},     {0.0851, 3, "0.0851"}, {0.5, 3, "0.500"},   {1234567.0, 1, "1,234,567"},
                 {10000.0, 1, "10,000"}, {999.0, 1, "999"},   {-2.3, 3, "-2.30"},   {0.0, 3, "0.00"},
                 {-12345.6, 3, "-12,346"}, {2e-7, 3, "2e-07"}, {NAN, 3, "-"},       {INFINITY, 3, "-"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cali_text text = {0};
        cali_text_add_readable(&text, cases[i].value, cases[i].digits);
        cr_expect(eq(str, text.data, (char *)cases[i].text));
        cali_text_free(&text);
    }
}

Test(report_page, tables_line_up_by_characters_not_bytes)
{
    const char *cells[] = {"name", "x", "", "\xc3\xa4\xc3\xb6", "12", "note", "c", "", "z"};
    const bool is_right[] = {false, true, false};
    cali_text text = {0};
    cali_text_add_table(&text, cells, 3, 3, is_right);
    cr_expect(eq(str, text.data, "name   x\n\xc3\xa4\xc3\xb6    12  note\nc         z\n"));
    cali_text_free(&text);
}

static const cali_node *summary_row(const cali_node *root, const char *region, const char *quantity)
{
    const cali_node *rows = cali_node_get(root, "rows");
    for (size_t i = 0; i < rows->n; i++) {
        const cali_node *row = rows->entries[i].value;
        if (strcmp(cali_node_text(cali_node_get(row, "region"), ""), region) == 0 &&
            strcmp(cali_node_text(cali_node_get(row, "quantity"), ""), quantity) == 0)
            return row;
    }
    cr_assert(false, "no row %s, %s", region, quantity);
    return NULL;
}

static double number_of(const cali_node *row, const char *key)
{
    return cali_node_number(cali_node_get(row, key), NAN);
}

/* All neurons are recorded, so the spikes and what the host sees are the same events through a kernel of mean
 * lag 5 ms: the means over 2 s agree but for the spikes of one kernel at both ends, 5 ms / 2 s x 100 % of the
 * deviation there, below 2 %. Poisson neurons have a CV of 1. */
Test(report_page, the_summary_counts_the_spikes)
{
    const cali_synthetic def = small();
    char path[1024], *json = NULL, *text = NULL;
    write_run(&def, path);
    cr_assert(eq(int, cal_report_summary(ctx, path, NULL, true, &json), CAL_OK), "%s", cal_context_message(ctx));
    cali_tree *tree = cali_tree_create();
    cali_node *root = NULL;
    cali_tree_error error;
    cr_assert(eq(int, cali_tree_read_json(tree, json, strlen(json), &root, &error), CAL_OK), "%s", error.what);
    const cali_node *spikes = summary_row(root, "L.area03", "rate E");
    const cali_node *host = summary_row(root, "L.area03", "rate to the host");
    cr_expect(gt(dbl, number_of(spikes, "mean"), 2.0));
    cr_expect(epsilon_eq(dbl, number_of(host, "mean") / number_of(spikes, "mean"), 1.0, 0.02));
    cr_expect(eq(str, (char *)cali_node_text(cali_node_get(spikes, "unit"), ""), "Hz"));
    cr_expect(strstr(cali_node_text(cali_node_get(spikes, "note"), ""), "spikes of 400 neurons; CV") != NULL);
    cr_expect(eq(dbl, number_of(root, "t_stop_ms"), 3000.0));
    cr_expect(eq(dbl, number_of(root, "transient_ms"), 1000.0));
    const cali_node *v = summary_row(root, "all regions", "v"), *rate = summary_row(root, "all regions", "rate");
    /* v = -2.5 + 0.05 rate, in single precision, of the seven regions that are no network */
    cr_expect(epsilon_eq(dbl, number_of(v, "mean"),
                         -2.5 + 0.05 * (8.0 * number_of(rate, "mean") - number_of(host, "mean")) / 7.0, 1e-6));
    cr_expect(epsilon_eq(dbl, number_of(v, "sd"), 0.05 * (8.0 * number_of(rate, "sd") - number_of(host, "sd")) / 7.0,
                         1e-6));
    cr_expect(strstr(cali_node_text(cali_node_get(v, "note"), ""), "; 7 of 8 regions") != NULL);
    cr_assert(eq(int, cal_report_summary(ctx, path, NULL, false, &text), CAL_OK));
    cr_expect(strstr(text, "region       quantity") == text, "%s", text);
    cali_tree_destroy(&tree);
    free(json);
    free(text);
}

Test(report_page, the_transient_can_be_given)
{
    const cali_synthetic def = small();
    char path[1024], *json = NULL;
    write_run(&def, path);
    cal_report_def report = cal_report_def_default();
    report.transient_ms = 1e9;
    cr_assert(eq(int, cal_report_summary(ctx, path, &report, true, &json), CAL_OK));
    cr_expect(strstr(json, "\"transient_ms\":2700}") != NULL, "%s", json); /* nine tenths */
    free(json);
}

/* A bare number of the manifest is in SI, so seconds. */
Test(report_page, the_transient_of_the_manifest_has_a_unit)
{
    const cali_synthetic def = small();
    const char *texts[] = {"0.5", "\"0.5 s\"", "\"500 ms\"", "\"half a second\"", "\"5 mV\""};
    const double truth_ms[] = {500.0, 500.0, 500.0, 0.0, 0.0};
    char path[1024], file[1100], manifest[256];
    write_run(&def, path);
    snprintf(file, sizeof file, "%s/manifest.json", path);
    for (int i = 0; i < 5; i++) {
        snprintf(manifest, sizeof manifest, "{\"experiment\": {\"run\": {\"transient\": %s}}}", texts[i]);
        cr_assert(eq(int, cali_file_write(ctx, file, manifest, strlen(manifest)), CAL_OK));
        cali_run run;
        cr_assert(eq(int, cali_run_open(ctx, path, -1.0, &run), CAL_OK));
        cr_expect(eq(dbl, run.transient_ms, truth_ms[i]), "%s", texts[i]);
        cali_run_close(&run);
    }
}

Test(report_page, the_data_of_the_page_are_json)
{
    cali_synthetic def = small();
    def.first_label = "</script><b>\"\\";
    char path[1024];
    write_run(&def, path);
    cali_run run;
    cr_assert(eq(int, cali_run_open(ctx, path, -1.0, &run), CAL_OK));
    cr_expect(eq(sz, run.n_spiking, 1));
    cr_expect(eq(dbl, run.spiking[0].n_synapses, 40000.0));
    cali_text json = {0};
    cr_assert(eq(int, cali_page_data(&run, &json), CAL_OK));
    cr_expect(strchr(json.data, '<') == NULL);
    cali_tree *tree = cali_tree_create();
    cali_node *root = NULL;
    cali_tree_error error;
    cr_assert(eq(int, cali_tree_read_json(tree, json.data, json.size, &root, &error), CAL_OK), "%u:%u %s", error.line,
              error.column, error.what);
    const cali_node *labels = cali_node_path(root, "regions", "labels", NULL);
    cr_assert(eq(sz, labels->n, 8));
    cr_expect(eq(str, (char *)labels->entries[0].value->text, "</script><b>\"\\"));
    const cali_node *signals = cali_node_get(root, "signals");
    cr_assert(eq(sz, signals->n, 2));
    cr_expect(eq(dbl, number_of(signals->entries[0].value, "rows"), 3000.0));
    cr_expect(eq(dbl, number_of(signals->entries[0].value, "bucket"), 1.0));
    cr_expect(eq(sz, strlen(cali_node_text(cali_node_get(signals->entries[0].value, "codes"), "")),
                 4 * (8 * 3000 * 2 / 3)));
    /* 36 correlations of eight regions, diagonal included, in two bytes each */
    const cali_node *fc = cali_node_get(signals->entries[0].value, "fc");
    cr_expect(eq(sz, strlen(cali_node_text(fc, "")), 4 * (2 * 36 / 3)));
    cali_tree_destroy(&tree);
    cali_text_free(&json);
    cali_run_close(&run);
}

/* Codes in little-endian bytes: 0 is 00 00, 65534 is FE FF, and what cannot be told FF FF. */
Test(report_page, logarithms_and_correlations_become_codes)
{
    const double x[] = {0.0, 1.0, 10.0}, r[] = {1.0, -1.0, -1.0, NAN};
    cali_text json = {0};
    cali_text_add(&json, "{");
    cr_assert(eq(int, cali_page_logarithms(ctx, &json, "w", x, 3), CAL_OK));
    cr_assert(eq(int, cali_page_correlations(ctx, &json, "fc", r, 2), CAL_OK));
    cr_expect(strstr(json.data, "{\"w\":{\"low\":0,\"high\":2.302585092994046,\"codes\":\"//8AAP7/\"},\"fc\":\"/v8AAP//\"") != NULL,
              "%s", json.data);
    cali_text_free(&json);
}

static cali_node *read_page_data(const cali_synthetic *def, cali_tree **tree)
{
    char path[1024];
    cali_node *root = NULL;
    cali_tree_error error;
    cali_text json = {0};
    cali_run run;
    write_run(def, path);
    cr_assert(eq(int, cali_run_open(ctx, path, -1.0, &run), CAL_OK));
    cr_assert(eq(int, cali_page_data(&run, &json), CAL_OK));
    *tree = cali_tree_create();
    cr_assert(eq(int, cali_tree_read_json(*tree, json.data, json.size, &root, &error), CAL_OK), "%s", error.what);
    cali_text_free(&json);
    cali_run_close(&run);
    return root;
}

/* Sensors see differences of two rates that resonate at 10 Hz; the resolution is 1 / 0.512 s. */
Test(report_page, sensors_have_traces_and_spectra_of_their_own)
{
    cali_synthetic def = small();
    cali_tree *tree = NULL;
    def.duration_ms = 9000.0;
    const cali_node *channels = cali_node_get(read_page_data(&def, &tree), "channels");
    cr_assert(eq(sz, channels->n, 1));
    const cali_node *eeg = channels->entries[0].value, *peaks = cali_node_path(eeg, "spectrum", "peak_Hz", NULL);
    cr_expect(eq(str, (char *)cali_node_text(cali_node_get(eeg, "monitor"), ""), "eeg"));
    cr_expect(eq(str, (char *)cali_node_text(cali_node_get(eeg, "unit"), ""), "uV"));
    cr_expect(eq(dbl, number_of(eeg, "rows"), 9000.0));
    cr_assert(eq(sz, cali_node_get(eeg, "labels")->n, 3));
    cr_expect(eq(str, (char *)cali_node_get(eeg, "labels")->entries[2].value->text, "Oz"));
    cr_assert(eq(sz, peaks->n, 3));
    for (size_t c = 0; c < 3; c++)
        cr_expect(epsilon_eq(dbl, cali_node_number(peaks->entries[c].value, NAN), def.peak_Hz, 2.0));
    cali_tree_destroy(&tree);
}

/* Of the model of the synthetic manifest tau is 20 ms instead of 10 ms, J and I are as they come; the regions of its own
 * are listed with what they were given. */
Test(report_page, parameters_that_differ_from_defaults_are_listed)
{
    const cali_synthetic def = small();
    cali_tree *tree = NULL;
    const cali_node *models = cali_node_get(read_page_data(&def, &tree), "models");
    cr_assert(eq(sz, models->n, 2));
    const cali_node *all = models->entries[0].value, *own = models->entries[1].value;
    cr_expect(eq(dbl, number_of(all, "parameters"), 3.0));
    cr_assert(eq(sz, cali_node_get(all, "changed")->n, 1));
    const cali_node *tau = cali_node_get(all, "changed")->entries[0].value;
    cr_expect(eq(str, (char *)cali_node_text(cali_node_get(tau, "name"), ""), "tau"));
    cr_expect(eq(str, (char *)cali_node_text(cali_node_get(tau, "unit"), ""), "ms"));
    cr_expect(epsilon_eq(dbl, number_of(tau, "value"), 20.0, 1e-12));
    cr_expect(ne(dbl, number_of(tau, "default"), 20.0));
    cr_expect(eq(str, (char *)cali_node_text(cali_node_get(own, "regions"), ""), "R.area3*"));
    cr_assert(eq(sz, cali_node_get(own, "changed")->n, 1));
    cr_expect(eq(dbl, number_of(cali_node_get(own, "changed")->entries[0].value, "value"), 0.5));
    cali_tree_destroy(&tree);
}

/* A neuron that is a text: unit, default and meaning stand in the manifest, whose values are SI. */
Test(report_page, parameters_of_own_neurons_have_their_units_and_defaults)
{
    static const char manifest[] =
        "{\"own\": {\"cells/own.yaml\": [{\"name\": \"g_AHP\", \"unit\": \"nS\", \"default\": 15, \"meaning\": \"after a spike\"}, "
        "{\"name\": \"tau\", \"unit\": \"ms\", \"default\": 600, \"meaning\": \"of calcium\"}, {\"name\": \"C_m\", \"unit\": \"pF\"}]}, "
        "\"experiment\": {\"network\": {\"populations\": {\"E\": {\"neuron\": \"cells/own.yaml\", \"parameters\": "
        "{\"g_AHP\": \"2.5e-08 S\", \"tau\": \"0.6 s\", \"C_m\": \"2e-10 F\"}}}}}}";
    const cali_synthetic def = small();
    char path[1024], file[1100];
    cali_text json = {0};
    cali_node *root = NULL;
    cali_tree_error error;
    cali_run run;
    write_run(&def, path);
    snprintf(file, sizeof file, "%s/manifest.json", path);
    cr_assert(eq(int, cali_file_write(ctx, file, manifest, sizeof manifest - 1), CAL_OK));
    cr_assert(eq(int, cali_run_open(ctx, path, -1.0, &run), CAL_OK));
    cr_assert(eq(int, cali_page_data(&run, &json), CAL_OK));
    cali_tree *tree = cali_tree_create();
    cr_assert(eq(int, cali_tree_read_json(tree, json.data, json.size, &root, &error), CAL_OK), "%s", error.what);
    const cali_node *changed = cali_node_path(root, "models", NULL);
    cr_assert(eq(sz, changed->n, 1));
    changed = cali_node_get(changed->entries[0].value, "changed");
    cr_assert(eq(sz, changed->n, 2)); /* tau has its default, C_m has none */
    const cali_node *g = changed->entries[0].value, *c = changed->entries[1].value;
    cr_expect(eq(str, (char *)cali_node_text(cali_node_get(g, "unit"), ""), "nS"));
    cr_expect(eq(str, (char *)cali_node_text(cali_node_get(g, "meaning"), ""), "after a spike"));
    cr_expect(epsilon_eq(dbl, number_of(g, "value"), 25.0, 1e-12));
    cr_expect(eq(dbl, number_of(g, "default"), 15.0));
    cr_expect(epsilon_eq(dbl, number_of(c, "value"), 200.0, 1e-10));
    cr_expect(cali_node_is_null(cali_node_get(c, "default")));
    cali_text_free(&json);
    cali_run_close(&run);
    cali_tree_destroy(&tree);
}

Test(report_page, a_broken_manifest_is_noted_and_left_out)
{
    const cali_synthetic def = small();
    char path[1024], file[1100];
    write_run(&def, path);
    snprintf(file, sizeof file, "%s/manifest.json", path);
    cr_assert(eq(int, cali_file_write(ctx, file, "{\"cost\": ", 9), CAL_OK));
    cr_expect(eq(int, cal_report_write(ctx, path, NULL), CAL_OK), "%s", cal_context_message(ctx));
    cr_expect(strstr(cali_test_last_note(), "manifest.json:1:") != NULL, "%s", cali_test_last_note());
    cr_expect(eq(str, (char *)cal_context_message(ctx), ""));
    cali_run run;
    cr_assert(eq(int, cali_run_open(ctx, path, -1.0, &run), CAL_OK));
    cr_expect(eq(sz, run.n_spiking, 1)); /* from its spikes */
    cr_expect(eq(dbl, run.spiking[0].n_neurons, 400.0));
    cr_expect(eq(dbl, run.transient_ms, 0.0));
    cali_run_close(&run);
}

Test(report_page, no_recording_is_an_error_and_leaves_no_page)
{
    char path[1024], page[1100];
    snprintf(path, sizeof path, "%s", cali_test_directory());
    cr_expect(ne(int, cal_report_write(ctx, path, NULL), CAL_OK));
    cr_expect(strstr(cal_context_message(ctx), "run.h5") != NULL);
    snprintf(page, sizeof page, "%s/report.html", path);
    FILE *file = fopen(page, "rb");
    cr_expect(file == NULL);
}
