/* Matrices of delays, speeds and weights, and saved states, by way of an experiment file: what says the same as the
 * connectome and its one speed must leave the same state, byte for byte. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "callosum/experiment.h"
#include "support/support.h"

static const struct {
    const char *name, *text;
} files[] = {
    {"weights.csv", "0,1,2\n1,0,1\n2,1,1\n"},
    {"lengths.csv", "0,10,20\n10,0,15\n20,15,0\n"},
    {"twice.csv", "0,2,4\n2,0,2\n4,2,2\n"},
    {"delays.csv", "0,2,4\n2,0,3\n4,3,0\n"},
    {"speeds.csv", "9,5,5\n5,9,5\n5,5,5\n"},
    {"slow.csv", "5,5,5\n5,5,0\n5,5,5\n"},
    {"named.csv", ",region_000,region_002,region_001\nregion_000,0,4,2\nregion_002,4,0,3\nregion_001,2,3,0\n"},
    {"typing.csv", ",region_000,region_02,region_001\nregion_000,0,4,2\nregion_02,4,0,3\nregion_001,2,3,0\n"},
    {"again.csv", ",region_000,region_001,region_001\nregion_000,0,4,2\nregion_001,4,0,3\nregion_001,2,3,0\n"},
    {"words.csv", "0,2,4\n2,0,three\n4,3,0\n"},
    {"small.csv", "0,2\n2,0\n"},
    {"oneway.csv", "0,2,1\n9,0,3\n4,3,0\n"},
    {"otherway.csv", "0,9,4\n2,0,3\n1,3,0\n"},
    {"e.yaml", "callosum: 1\nrun: {duration: 20 ms}\nconnectome: {file: weights.csv, speed: 5 mm/ms, orientation: to-from}\n"
               "coupling: {gain: 0.1}\nmodels: {field: {neural_mass: mpr, initial: {r: 0.1 1/ms}}}\n"
               "regions: {default: field}\nintegrator: {method: rk4, step: 0.1 ms}\n"
               "sync: {window: 10 ms}\n"},
    {"two.yaml", "callosum: 1\nrun: {duration: 20 ms}\n"
                 "connectome: {file: weights.csv, lengths: lengths.csv, speed: 5 mm/ms, orientation: to-from}\n"
                 "coupling: {gain: 0.1}\nmodels: {field: {neural_mass: mpr, initial: {r: 0.1 1/ms}}}\n"
                 "regions:\n  default: field\n  region_001:\n    spiking:\n      step: 0.05 ms\n"
                 "      populations: {Q: {neuron: qif, count: 200, parameters: {tau: 10 ms, eta: 'lorentzian(1, 1)'}}}\n"
                 "      connections: [{from: Q, to: Q, in_degree: 20, weight: 0.05, delay: 1.5 ms}]\n"
                 "      receives: [{by: current, into: Q}]\n      gives: [{by: rate-exp, from: Q}]\n"
                 "integrator: {method: rk4, step: 0.1 ms}\nsync: {window: 1 ms}\n"},
};

static cal_context *enter(void)
{
    cal_context *ctx = cali_test_context(1);
    cr_assert(chdir(cali_test_directory()) == 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        cr_assert(cali_file_write(ctx, files[i].name, files[i].text, strlen(files[i].text)) == CAL_OK);
    return ctx;
}

/* Runs the experiment with overrides to its end and saves its state. */
static cal_status run_file(cal_context *ctx, const char *file, const char *save, const char *const *set, size_t n_set)
{
    cal_experiment *experiment = NULL;
    cal_session *session = NULL;
    cal_session_def def = cal_session_def_default();
    def.sink = "memory";
    cal_context_clear(ctx);
    cal_status status = cal_experiment_load(ctx, file, set, n_set, &experiment);
    if (status == CAL_OK)
        status = cal_session_create(ctx, experiment, &def, &session);
    while (status == CAL_OK && !cal_session_is_done(session))
        status = cal_session_advance(session);
    if (status == CAL_OK)
        status = cal_session_save_state(session, save);
    cal_session_destroy(&session);
    cal_experiment_destroy(&experiment);
    return status;
}

static cal_status run(cal_context *ctx, const char *save, const char *const *set, size_t n_set)
{
    return run_file(ctx, "e.yaml", save, set, n_set);
}

/* 0: all bytes; otherwise what stands between the header and the digest at the end. */
static bool are_equal(cal_context *ctx, const char *a, const char *b, size_t header)
{
    char *data[2];
    size_t size[2];
    cr_assert(cali_file_read(ctx, a, 1u << 24, &data[0], &size[0]) == CAL_OK);
    cr_assert(cali_file_read(ctx, b, 1u << 24, &data[1], &size[1]) == CAL_OK);
    const size_t end = header == 0 ? 0 : 64;
    const bool is_equal = size[0] == size[1] &&
                          memcmp(data[0] + header, data[1] + header, size[0] - header - end) == 0;
    free(data[0]);
    free(data[1]);
    return is_equal;
}

enum { HEADER = 208 }; /* nmm/state.c */

static void run_well(cal_context *ctx, const char *save, const char *a, const char *b)
{
    const char *set[] = {a, b};
    cr_assert(run(ctx, save, set, (a != NULL) + (size_t)(b != NULL)) == CAL_OK, "%s: %s", a, cal_context_message(ctx));
}

Test(experiment_wiring, matrices_that_say_the_same_leave_the_same_state)
{
    cal_context *ctx = enter();
    run_well(ctx, "plain", NULL, NULL);
    run_well(ctx, "delays", "connectome.delays=delays.csv", "connectome.speed=77 mm/ms");
    run_well(ctx, "named", "connectome.delays=named.csv", "connectome.speed=77 mm/ms"); /* rows find their regions */
    run_well(ctx, "speeds", "connectome.speeds=speeds.csv", "connectome.speed=77 mm/ms");
    run_well(ctx, "slower", "connectome.speed=2 mm/ms", NULL);
    run_well(ctx, "matrix", "coupling.matrix=twice.csv", "coupling.gain=0.05");
    run_well(ctx, "double", "coupling.gain=0.2", NULL);
    run_well(ctx, "twice", "coupling.matrix=twice.csv", NULL);
    cr_expect(are_equal(ctx, "plain", "delays", 0));
    cr_expect(are_equal(ctx, "plain", "named", 0));
    cr_expect(are_equal(ctx, "plain", "speeds", 0));
    cr_expect(are_equal(ctx, "plain", "slower", HEADER) == false);
    cr_expect(are_equal(ctx, "plain", "matrix", HEADER));
    cr_expect(are_equal(ctx, "double", "twice", HEADER));
    cr_expect(are_equal(ctx, "plain", "twice", HEADER) == false);
    cal_context_destroy(&ctx);
}

/* `orientation` says which way a matrix points. */
Test(experiment_wiring, matrices_point_as_the_connectome_does)
{
    cal_context *ctx = enter();
    run_well(ctx, "to-from", "connectome.delays=oneway.csv", NULL);
    run_well(ctx, "from-to", "connectome.delays=otherway.csv", "connectome.orientation=from-to");
    run_well(ctx, "wrong", "connectome.delays=otherway.csv", NULL);
    cr_expect(are_equal(ctx, "to-from", "from-to", 0));
    cr_expect(are_equal(ctx, "to-from", "wrong", HEADER) == false);
    cal_context_destroy(&ctx);
}

/* 10 ms, saved, and 10 ms more from there: the states and the history of 20 ms. */
Test(experiment_wiring, a_run_begins_at_a_saved_state)
{
    cal_context *ctx = enter();
    run_well(ctx, "whole", NULL, NULL);
    run_well(ctx, "half", "run.duration=10 ms", NULL);
    run_well(ctx, "rest", "run.duration=10 ms", "initial.state=half");
    cr_expect(are_equal(ctx, "whole", "rest", HEADER));
    cr_expect(are_equal(ctx, "whole", "half", HEADER) == false);
    run_well(ctx, "stronger", "coupling.gain=0.3", "initial.state=half"); /* parameters may change */
    cal_context_destroy(&ctx);
}

/* The host's part of a coupled state (coupler/state.c): all behind the header and what is known of one spiking region. */
static bool have_equal_hosts(cal_context *ctx, const char *a, const char *b)
{
    enum { BEFORE = 56, EXTERNAL = 16 };
    char *data[2];
    size_t size[2];
    uint64_t host[2];
    cr_assert(cali_file_read(ctx, a, 1u << 24, &data[0], &size[0]) == CAL_OK);
    cr_assert(cali_file_read(ctx, b, 1u << 24, &data[1], &size[1]) == CAL_OK);
    for (int k = 0; k < 2; k++) {
        cr_assert(size[k] > BEFORE && strcmp(data[k], "callosum brain\n") == 0);
        memcpy(&host[k], data[k] + 48, sizeof host[k]);
        cr_assert(BEFORE + host[k] < size[k]);
    }
    const size_t first = BEFORE + HEADER + EXTERNAL;
    const bool is_equal = host[0] == host[1] && host[0] > 1000 &&
                          memcmp(data[0] + first, data[1] + first, BEFORE + host[0] - 64 - first) == 0;
    free(data[0]);
    free(data[1]);
    return is_equal;
}

/* The same with a spiking region: its neurons, spikes on their way and its transducers go on too. */
Test(experiment_wiring, a_run_with_a_spiking_region_begins_at_a_saved_state)
{
    const char *half[] = {"run.duration=10 ms"}, *rest[] = {"run.duration=10 ms", "initial.state=half2"};
    const char *other[] = {"initial.state=half2", "regions.region_001.spiking.populations.Q.count=100"};
    cal_context *ctx = enter();
    cr_assert(run_file(ctx, "two.yaml", "whole2", NULL, 0) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(run_file(ctx, "two.yaml", "half2", half, 1) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(run_file(ctx, "two.yaml", "rest2", rest, 2) == CAL_OK, "%s", cal_context_message(ctx));
    cr_expect(have_equal_hosts(ctx, "whole2", "rest2"));
    cr_expect(have_equal_hosts(ctx, "whole2", "half2") == false);
    cr_expect(run_file(ctx, "two.yaml", "no", other, 2) == CAL_ERR_INPUT);
    cr_expect(strstr(cal_context_message(ctx), "region_001: the state is of other populations") != NULL, "%s",
              cal_context_message(ctx));
    cr_expect(run_file(ctx, "e.yaml", "no", other, 1) == CAL_ERR_INPUT);
    cr_expect(strstr(cal_context_message(ctx), "C305") != NULL, "%s", cal_context_message(ctx));
    cal_context_destroy(&ctx);
}

Test(experiment_wiring, wrong_files_are_refused_by_region_and_row)
{
    static const char *const wrong[][3] = {
        {"connectome.speeds=slow.csv", NULL, "the speed from \"region_002\" to \"region_001\" is 0"},
        {"connectome.delays=typing.csv", NULL, "C303  typing.csv: row 2 is called \"region_02\", but no region"},
        {"connectome.delays=again.csv", NULL, "C303  again.csv: two rows are called \"region_001\""},
        {"connectome.delays=words.csv", NULL, "C301  words.csv:2:5: \"three\" is not a number"},
        {"connectome.delays=small.csv", NULL, "2 rows and 2 columns, the connectome 3 regions"},
        {"connectome.delays=nowhere.csv", NULL, "nowhere.csv"},
        {"connectome.delays=delays.csv", "connectome.speeds=speeds.csv", "stands beside connectome.delays"},
        {"coupling.matrix=small.csv", NULL, "2 rows and 2 columns"},
        {"initial.state=delays.csv", NULL, "C305  delays.csv: the state is cut short"},
        {"coupling.cmax=3", NULL, "coupling.cmax means nothing to linear coupling"},
    };
    cal_context *ctx = enter();
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        const cal_status status = run(ctx, "never", wrong[k], wrong[k][1] == NULL ? 1 : 2);
        cr_expect(status == CAL_ERR_INPUT || status == CAL_ERR_IO, "%s", wrong[k][0]);
        cr_expect(strstr(cal_context_message(ctx), wrong[k][2]) != NULL, "%s: %s", wrong[k][0], cal_context_message(ctx));
    }
    cal_context_destroy(&ctx);
}
