/* Runs as spikes and reports of SONATA (https://github.com/AllenInstitute/sonata, developer guide, "Output file formats"), and
 * virtual nodes that such spikes drive. The truth is what run.h5 holds. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "callosum/sonata.h"
#include "experiment/session.h"
#include "support/h5.h"
#include "support/support.h"

static char folder[512];

static const char *in_folder(const char *name)
{
    static char paths[4][700];
    static int at;
    at = (at + 1) % 4;
    snprintf(paths[at], sizeof paths[at], "%s/%s", folder, name);
    return paths[at];
}

/* Runs an experiment into NAME.h5 in the folder. */
static void run(cal_context *ctx, const char *text, const char *name)
{
    cal_experiment *e = NULL;
    cal_session *s = NULL;
    cal_session_def def = cal_session_def_default();
    def.path = in_folder(name);
    cr_assert(cali_experiment_parse(ctx, in_folder("exp.yaml"), text, strlen(text), NULL, 0, &e) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_create(ctx, e, &def, &s) == CAL_OK, "%s", cal_context_message(ctx));
    while (!cal_session_is_done(s))
        cr_assert(cal_session_advance(s) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_session_finish(s) == CAL_OK, "%s", cal_context_message(ctx));
    cal_session_destroy(&s);
    cal_experiment_destroy(&e);
}

static const char network[] =
    "callosum: 1\n"
    "run: {duration: 60 ms, seed: 3}\n"
    "network:\n"
    "  populations:\n"
    "    E: {neuron: lif, count: 40, parameters: {I_e: \"uniform(400 pA, 700 pA)\"}, positions: {kind: box, extent: [1 mm, 1 mm, 2 mm]}}\n"
    "    I: {neuron: lif, count: 10, parameters: {I_e: 500 pA}, positions: {kind: grid, shape: [5, 2], spacing: 0.3 mm}}\n"
    "    R: {neuron: lif, count: 20, parameters: {I_e: 300 pA}}\n"
    "  connections:\n"
    "    - {from: E, to: R, in_degree: 10, receptor: excitatory, weight: 600 pA, delay: 1.5 ms}\n"
    "    - {from: I, to: E, in_degree: 3, receptor: inhibitory, weight: -20 pA, delay: 1.5 ms}\n"
    "record:\n"
    "  signals:\n"
    "    - {what: V, of: E, every: 0.5 ms, neurons: [7, 3, 20..24 by 2]}\n"
    "    - {what: spikes, neurons: all}\n";

/* A text attribute, static until the next call; "" if there is none. */
static const char *text_of(hid_t file, const char *path, const char *name)
{
    static char text[256];
    text[0] = '\0';
    const hid_t attribute = H5Aopen_by_name(file, path, name, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0)
        return text;
    const hid_t type = H5Aget_type(attribute);
    char *value = NULL;
    if (H5Tis_variable_str(type) > 0 && H5Aread(attribute, type, &value) >= 0 && value != NULL) {
        snprintf(text, sizeof text, "%s", value);
        H5free_memory(value);
    }
    H5Tclose(type);
    H5Aclose(attribute);
    return text;
}

/* The word of an attribute that is an enumeration. */
static const char *word_of(hid_t file, const char *path, const char *name)
{
    static char word[64];
    int8_t value = -1;
    const hid_t attribute = H5Aopen_by_name(file, path, name, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert(attribute >= 0, "%s has no attribute %s", path, name);
    const hid_t type = H5Aget_type(attribute);
    cr_assert(eq(int, (int)H5Tget_class(type), (int)H5T_ENUM));
    cr_assert(H5Aread(attribute, type, &value) >= 0);
    cr_assert(H5Tenum_nameof(type, &value, word, sizeof word) >= 0);
    H5Tclose(type);
    H5Aclose(attribute);
    return word;
}

/* Class and bytes of what is stored: "u8", "f4". */
static const char *type_of(hid_t file, const char *path)
{
    static char text[16];
    const hid_t set = H5Dopen2(file, path, H5P_DEFAULT), type = H5Dget_type(set);
    const char kind = H5Tget_class(type) == H5T_FLOAT ? 'f' : H5Tget_sign(type) == H5T_SGN_NONE ? 'u' : 'i';
    snprintf(text, sizeof text, "%c%zu", kind, H5Tget_size(type));
    H5Tclose(type);
    H5Dclose(set);
    return text;
}

static void check_spikes(cal_recording *recording, const char *path)
{
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    cr_assert(file >= 0);
    cr_assert(eq(sz, cal_recording_n_trains(recording), 3));
    for (size_t i = 0; i < 3; i++) {
        const cal_recording_train t = cal_recording_get_train(recording, i);
        char group[64], times_path[96], ids_path[96];
        size_t n_times, n_ids;
        snprintf(group, sizeof group, "/spikes/%s", t.population); /* without the name of a region: there is none */
        snprintf(times_path, sizeof times_path, "%s/timestamps", group);
        snprintf(ids_path, sizeof ids_path, "%s/node_ids", group);
        double *times = cali_test_h5_read(file, times_path, &n_times), *ids = cali_test_h5_read(file, ids_path, &n_ids);
        double *own_times = malloc((t.n_spikes + 1) * sizeof *own_times);
        uint32_t *own_ids = malloc((t.n_spikes + 1) * sizeof *own_ids);
        cr_assert(cal_recording_read_spikes(recording, i, 0, t.n_spikes, own_times, own_ids) == CAL_OK);
        cr_assert(times != NULL && ids != NULL && n_times == t.n_spikes && n_ids == t.n_spikes);
        cr_expect(gt(sz, t.n_spikes, 10));
        for (size_t k = 0; k < t.n_spikes; k++) {
            cr_assert(times[k] == own_times[k] && ids[k] == own_ids[k]);
            cr_assert(k == 0 || times[k - 1] <= times[k], "the spikes of %s are not by time", t.population);
        }
        cr_expect(eq(str, (char *)word_of(file, group, "sorting"), "by_time"));
        cr_expect(eq(str, (char *)text_of(file, times_path, "units"), "ms"));
        cr_expect(eq(str, (char *)type_of(file, times_path), "f8"));
        cr_expect(eq(str, (char *)type_of(file, ids_path), "u8"));
        free(times);
        free(ids);
        free(own_times);
        free(own_ids);
    }
    H5Fclose(file);
}

/* Frames begin at `time[0]`, every `time[2]`, and there is none at `time[1]`. */
static void check_report(cal_recording *recording, const char *path)
{
    static const double chosen[] = {3, 7, 20, 22, 24};
    enum { N = 5 };
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    cr_assert(file >= 0);
    size_t at = 0, n_data, n_ids, n_pointers, n_elements, n_time, n_sorted;
    while (strcmp(cal_recording_get_signal(recording, at).name, "V_E") != 0)
        at++;
    const cal_recording_signal s = cal_recording_get_signal(recording, at);
    double *own = malloc(s.n_rows * s.n_columns * sizeof *own);
    cr_assert(s.n_columns == N && cal_recording_read(recording, at, 0, s.n_rows, own) == CAL_OK);
    double *data = cali_test_h5_read(file, "/report/E/data", &n_data);
    double *ids = cali_test_h5_read(file, "/report/E/mapping/node_ids", &n_ids);
    double *pointers = cali_test_h5_read(file, "/report/E/mapping/index_pointers", &n_pointers);
    double *elements = cali_test_h5_read(file, "/report/E/mapping/element_ids", &n_elements);
    double *time = cali_test_h5_read(file, "/report/E/mapping/time", &n_time);
    double *sorted = cali_test_h5_attribute(file, "/report/E/mapping/node_ids", "sorted", &n_sorted);
    cr_assert(data != NULL && ids != NULL && pointers != NULL && elements != NULL && time != NULL && sorted != NULL);
    cr_assert(n_data == s.n_rows * N && n_ids == N && n_pointers == N + 1 && n_elements == N && n_time == 3);
    for (size_t k = 0; k < n_data; k++)
        cr_assert(data[k] == own[k]);
    for (size_t k = 0; k < N; k++) {
        cr_expect(eq(dbl, ids[k], chosen[k]));
        cr_expect(pointers[k] == (double)k && elements[k] == 0.0);
    }
    cr_expect(eq(dbl, pointers[N], N));
    cr_expect(eq(dbl, sorted[0], 1.0));
    cr_expect(eq(dbl, time[0], cal_time_ms(s.t_first)));
    cr_expect(eq(dbl, time[2], 0.5));
    cr_expect(epsilon_eq(dbl, (time[1] - time[0]) / time[2], (double)s.n_rows, 1e-9)); /* of decimals in ms */
    cr_expect(eq(str, (char *)text_of(file, "/report/E/data", "units"), "mV"));
    cr_expect(eq(str, (char *)text_of(file, "/report/E/mapping/time", "units"), "ms"));
    cr_expect(eq(str, (char *)type_of(file, "/report/E/data"), "f4"));
    cr_expect(eq(str, (char *)type_of(file, "/report/E/mapping/element_ids"), "u4"));
    cr_expect(eq(str, (char *)type_of(file, "/report/E/mapping/index_pointers"), "u8"));
    free(own);
    free(data);
    free(ids);
    free(pointers);
    free(elements);
    free(time);
    free(sorted);
    H5Fclose(file);
}

Test(experiment_sonata_run, spikes_and_reports_hold_what_the_run_holds)
{
    cal_context *ctx = cali_test_context(2);
    cal_recording *recording = NULL;
    size_t n_spikes = 0, n_reports = 0, sum = 0;
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    run(ctx, network, "run.h5");
    cr_assert(cal_recording_export_sonata(ctx, in_folder("run.h5"), in_folder("out"), &n_spikes, &n_reports) == CAL_OK, "%s",
              cal_context_message(ctx));
    cr_assert(cal_recording_open(ctx, in_folder("run.h5"), &recording) == CAL_OK);
    for (size_t i = 0; i < cal_recording_n_trains(recording); i++)
        sum += cal_recording_get_train(recording, i).n_spikes;
    cr_expect(eq(sz, n_spikes, sum));
    cr_expect(eq(sz, n_reports, 1));
    check_spikes(recording, in_folder("out/spikes.h5"));
    check_report(recording, in_folder("out/V_E_report.h5"));
    cal_recording_close(&recording);
    cal_context_destroy(&ctx);
}

Test(experiment_sonata_run, a_run_without_neurons_on_record_is_refused)
{
    cal_context *ctx = cali_test_context(1);
    size_t n_spikes, n_reports;
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    run(ctx, "callosum: 1\nrun: {duration: 5 ms}\nnetwork: {populations: {E: {neuron: lif, count: 3}}}\n"
             "record: {signals: [{what: mean V, every: 1 ms}]}\n", "run.h5");
    cr_expect(eq(int, cal_recording_export_sonata(ctx, in_folder("run.h5"), in_folder("out"), &n_spikes, &n_reports), CAL_ERR_INPUT));
    cr_expect(strstr(cal_context_message(ctx), "holds no spikes and no states of single neurons") != NULL, "%s",
              cal_context_message(ctx));
    cal_context_destroy(&ctx);
}

/* ---- virtual nodes ------------------------------------------------------------------------------------- */

/* All spikes of a population of a run, as text. */
static char *spikes_of(cal_context *ctx, const char *name, const char *population)
{
    cal_recording *recording = NULL;
    cali_text text = {0};
    cr_assert(cal_recording_open(ctx, in_folder(name), &recording) == CAL_OK);
    for (size_t i = 0; i < cal_recording_n_trains(recording); i++) {
        const cal_recording_train t = cal_recording_get_train(recording, i);
        if (strcmp(t.population, population) != 0)
            continue;
        double *times = malloc((t.n_spikes + 1) * sizeof *times);
        uint32_t *ids = malloc((t.n_spikes + 1) * sizeof *ids);
        cr_assert(cal_recording_read_spikes(recording, i, 0, t.n_spikes, times, ids) == CAL_OK);
        for (size_t k = 0; k < t.n_spikes; k++)
            cali_text_format(&text, "%u@%.4f ", ids[k], times[k]);
        free(times);
        free(ids);
    }
    cal_recording_close(&recording);
    return text.data;
}

/* A circuit whose nodes E are virtual now: their spikes come from the run in which they were neurons, and R, which they drive, fires
 * as it did there. */
Test(experiment_sonata_run, virtual_nodes_emit_the_spikes_of_a_file)
{
    static const char circuit_text[] =
        "callosum: 1\nrun: {duration: 60 ms, seed: 3}\n"
        "network: {sonata: circuit/circuit_config.json%s}\nrecord: {signals: [{what: spikes, neurons: all}]}\n";
    static const char types[] = "node_type_id population model_type model_template dynamics_params\n0 E virtual NULL NULL\n";
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = NULL;
    size_t n_spikes, n_reports;
    char text[512];
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    run(ctx, network, "first.h5");
    cr_assert(cal_recording_export_sonata(ctx, in_folder("first.h5"), in_folder("out"), &n_spikes, &n_reports) == CAL_OK);
    /* E alone drives R; edges that end at a virtual node are refused, so I has none */
    char feed[sizeof network];
    memcpy(feed, network, sizeof network);
    char *inhibition = strstr(feed, "    - {from: I"), *behind = strchr(inhibition, '\n') + 1;
    memmove(inhibition, behind, strlen(behind) + 1);
    cr_assert(cali_experiment_parse(ctx, in_folder("exp.yaml"), feed, strlen(feed), NULL, 0, &e) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_experiment_export_sonata(ctx, e, in_folder("circuit"), false) == CAL_OK, "%s", cal_context_message(ctx));
    cal_experiment_destroy(&e);
    cr_assert(cali_file_write(ctx, in_folder("circuit/network/E_node_types.csv"), types, strlen(types)) == CAL_OK);
    snprintf(text, sizeof text, circuit_text, ", spikes: out/spikes.h5");
    run(ctx, text, "second.h5");
    snprintf(text, sizeof text, circuit_text, "");
    run(ctx, text, "third.h5");
    cal_recording *recording = NULL; /* given spikes are not recorded again */
    cr_assert(cal_recording_open(ctx, in_folder("second.h5"), &recording) == CAL_OK);
    cr_expect(eq(sz, cal_recording_n_trains(recording), 2));
    cal_recording_close(&recording);
    char *first = spikes_of(ctx, "first.h5", "R"), *second = spikes_of(ctx, "second.h5", "R"), *third = spikes_of(ctx, "third.h5", "R");
    cr_assert(first != NULL && strlen(first) > 200);
    cr_assert(second != NULL);
    cr_expect(eq(str, second, first));
    cr_expect(third == NULL || strcmp(third, first) != 0); /* without the file virtual nodes are silent */
    free(first);
    free(second);
    free(third);
    cal_context_destroy(&ctx);
}
