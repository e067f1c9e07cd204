/* One neuron under the input trains of the reference data: what the physics tests of snn share. */
#ifndef CALI_TESTS_SNN_SINGLE_H
#define CALI_TESTS_SNN_SINGLE_H

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/snn.h"
#include "support/support.h"

enum { CALI_MAX_TEST_SPIKES = 4096, CALI_MAX_TEST_SETTINGS = 16 };

typedef struct cali_single {
    const char *neuron;
    const char *names[CALI_MAX_TEST_SETTINGS]; /* NULL-terminated */
    double values[CALI_MAX_TEST_SETTINGS];
    double dt_ms;
    const char *receptor_e, *receptor_i; /* NULL: no train */
    double weight_e, weight_i;
    double delay_ms;
    bool has_whole_ms; /* train times rounded to the nearest (even) ms, duplicates merged */
} cali_single;

typedef struct cali_single_run {
    cal_context *ctx;
    cal_snn *snn;
    uint32_t n_train[2];
    double train_ms[2][256];
    size_t n_spikes;
    double spikes_ms[CALI_MAX_TEST_SPIKES];
    double window_ms;
} cali_single_run;

static inline void cali_single_load_train(cali_single_run *run, bool has_whole_ms)
{
    const char *path = cali_test_shared("reference/spiking/train_A.csv");
    FILE *file = fopen(path, "r");
    assert(file != NULL);
    char line[256], kind;
    double t;
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%lf,%c", &t, &kind) != 2)
            continue;
        const int k = kind == 'i';
        t = has_whole_ms ? nearbyint(t) : t;
        if (has_whole_ms && run->n_train[k] > 0 && run->train_ms[k][run->n_train[k] - 1] == t)
            continue;
        run->train_ms[k][run->n_train[k]++] = t;
    }
    fclose(file);
}

/* The excitatory train arrives by all-to-all (no rows), the inhibitory one by one-to-one (rows). `neuron` takes the place
 * of the one that `s` names. */
static inline void cali_single_start_as(const cali_single *s, const cal_neuron *neuron, double window_ms, cali_single_run *run)
{
    memset(run, 0, sizeof *run);
    run->ctx = cali_test_context(1);
    run->window_ms = window_ms;
    cal_snn_setting settings[CALI_MAX_TEST_SETTINGS];
    size_t n = 0;
    for (; n < CALI_MAX_TEST_SETTINGS && s->names[n] != NULL; n++)
        settings[n] = (cal_snn_setting){s->names[n], {CAL_CONSTANT, s->values[n], 0, 0, 0}};
    const cal_snn_population populations[] = {
        {"cell", neuron, 1, settings, n}, {"e", NULL, 1, NULL, 0}, {"i", NULL, 1, NULL, 0}};
    cal_snn_projection projections[2] = {cal_snn_projection_default(CAL_ALL_TO_ALL),
                                         cal_snn_projection_default(CAL_ONE_TO_ONE)};
    projections[0].from = 1;
    projections[1].from = 2;
    projections[0].receptor = s->receptor_e;
    projections[1].receptor = s->receptor_i;
    projections[0].weight.a = s->weight_e;
    projections[1].weight.a = s->weight_i;
    projections[0].delay_ms.a = projections[1].delay_ms.a = s->delay_ms;
    const cal_snn_port ports[] = {{.name = "e", .kind = CAL_PORT_SPIKES, .population = 1},
                                  {.name = "i", .kind = CAL_PORT_SPIKES, .population = 2}};
    cal_snn_def def = cal_snn_def_default();
    def.dt = (cal_time)(s->dt_ms * 1e6 + 0.5);
    def.window = (cal_time)(window_ms * 1e6 + 0.5);
    def.populations = populations;
    def.n_populations = 3;
    def.projections = projections;
    def.n_projections = s->receptor_e == NULL ? 0 : 2;
    def.ports = ports;
    def.n_ports = 2;
    if (s->receptor_e != NULL)
        cali_single_load_train(run, s->has_whole_ms);
    const cal_status status = cal_snn_create(run->ctx, &def, &run->snn);
    if (status != CAL_OK)
        fprintf(stderr, "%s\n", cal_context_message(run->ctx));
    assert(status == CAL_OK);
}

static inline void cali_single_start(const cali_single *s, double window_ms, cali_single_run *run)
{
    cali_single_start_as(s, cal_snn_neuron_find(s->neuron), window_ms, run);
}

static inline void cali_single_step(cali_single_run *run)
{
    const double start = cal_time_ms(cal_snn_time(run->snn));
    for (size_t k = 0; k < 2; k++) {
        uint32_t offsets[64], ids[64] = {0}, n = 0;
        for (uint32_t i = 0; i < run->n_train[k]; i++) {
            const double at = run->train_ms[k][i] - start;
            if (at > 1e-7 && at < run->window_ms + 1e-7)
                offsets[n++] = (uint32_t)(at * 1e6 + 0.5);
        }
        const cal_status status = cal_snn_write_spikes(run->snn, k, n, offsets, ids);
        assert(status == CAL_OK);
        (void)status;
    }
    const cal_status status = cal_snn_advance(run->snn);
    if (status != CAL_OK)
        fprintf(stderr, "%s\n", cal_context_message(run->ctx));
    assert(status == CAL_OK);
    const cal_snn_spikes spikes = cal_snn_get_spikes(run->snn);
    for (size_t i = 0; i < spikes.n && run->n_spikes < CALI_MAX_TEST_SPIKES; i++)
        run->spikes_ms[run->n_spikes++] = cal_time_ms(spikes.time[i]);
}

static inline double cali_single_state(cali_single_run *run, const char *state)
{
    double value = NAN;
    cal_snn_get_state(run->snn, 0, state, &value);
    return value;
}

static inline void cali_single_stop(cali_single_run *run)
{
    cal_snn_destroy(&run->snn);
    cal_context_destroy(&run->ctx);
}

#endif
