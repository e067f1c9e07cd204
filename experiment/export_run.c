/* Spikes and states of single neurons of a run as SONATA's spike file and reports. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "callosum/experiment.h"
#include "callosum/sonata.h"

enum { ITEMS_OF_TRAIN = 4, ITEMS_OF_REPORT = 11 };

/* The population of a train: of a network of its own without the word network. */
static void name_group(const cal_recording_train *train, char *name, size_t size)
{
    const bool is_alone = strcmp(train->region, "network") == 0;
    snprintf(name, size, "%.100s%s%.100s", is_alone ? "" : train->region, is_alone ? "" : ".", train->population);
    for (char *at = name; *at != '\0'; at++)
        *at = *at == '/' ? '_' : *at;
}

/* ---- spikes -------------------------------------------------------------------------------------- */

typedef struct train {
    char timestamps[256], ids[256], group[256];
    double *times_ms;
    uint32_t *narrow;
    uint64_t *wide;
} train;

static cal_status read_train(cal_context *ctx, cal_recording *recording, size_t i, train *t, cal_sonata_item *items)
{
    const cal_recording_train of = cal_recording_get_train(recording, i);
    char name[220];
    name_group(&of, name, sizeof name);
    CAL_TRY(cali_alloc(ctx, of.n_spikes, sizeof *t->times_ms, "spikes", &t->times_ms));
    CAL_TRY(cali_alloc(ctx, of.n_spikes, sizeof *t->narrow, "spikes", &t->narrow));
    CAL_TRY(cali_alloc(ctx, of.n_spikes, sizeof *t->wide, "spikes", &t->wide));
    CAL_TRY(cal_recording_read_spikes(recording, i, 0, of.n_spikes, t->times_ms, t->narrow));
    for (size_t k = 0; k < of.n_spikes; k++)
        t->wide[k] = t->narrow[k];
    snprintf(t->group, sizeof t->group, "/spikes/%s", name);
    snprintf(t->timestamps, sizeof t->timestamps, "/spikes/%s/timestamps", name);
    snprintf(t->ids, sizeof t->ids, "/spikes/%s/node_ids", name);
    items[0] = (cal_sonata_item){t->timestamps, NULL, CAL_SONATA_F64, of.n_spikes, 0, t->times_ms};
    items[1] = (cal_sonata_item){t->timestamps, "units", CAL_SONATA_TEXT, 0, 0, "ms"};
    items[2] = (cal_sonata_item){t->ids, NULL, CAL_SONATA_U64, of.n_spikes, 0, t->wide};
    items[3] = (cal_sonata_item){t->group, "sorting", CAL_SONATA_BY_TIME, 0, 0, NULL};
    return CAL_OK;
}

static cal_status write_spikes(cal_context *ctx, cal_recording *recording, const char *folder, size_t *n_spikes)
{
    const size_t n = cal_recording_n_trains(recording);
    train *trains = NULL;
    cal_sonata_item *items = NULL;
    char *path = NULL;
    cal_status status = cali_alloc(ctx, n, sizeof *trains, "spikes", &trains);
    if (status == CAL_OK)
        status = cali_alloc(ctx, n * ITEMS_OF_TRAIN, sizeof *items, "spikes", &items);
    for (size_t i = 0; status == CAL_OK && i < n; i++) {
        status = read_train(ctx, recording, i, &trains[i], items + i * ITEMS_OF_TRAIN);
        *n_spikes += cal_recording_get_train(recording, i).n_spikes;
    }
    if (status == CAL_OK)
        status = cali_path_join(ctx, folder, "spikes.h5", &path);
    if (status == CAL_OK && n > 0)
        status = cal_sonata_save(ctx, path, items, n * ITEMS_OF_TRAIN);
    for (size_t i = 0; trains != NULL && i < n; i++) {
        free(trains[i].times_ms);
        free(trains[i].narrow);
        free(trains[i].wide);
    }
    free(trains);
    free(items);
    free(path);
    return status;
}

/* ---- reports ------------------------------------------------------------------------------------- */

typedef struct report {
    double *rows;
    float *data, *positions;
    uint64_t *ids, *pointers;
    uint32_t *elements;
    double time_ms[3]; /* start, stop, step */
} report;

static void report_free(report *r)
{
    free(r->rows);
    free(r->data);
    free(r->positions);
    free(r->ids);
    free(r->pointers);
    free(r->elements);
}

/* A point neuron is one element: number 0, at 0. */
static cal_status read_report(cal_context *ctx, cal_recording *recording, size_t i, const cal_recording_signal *s, report *r)
{
    const size_t n = s->n_columns;
    CAL_TRY(cali_alloc(ctx, s->n_rows * n, sizeof *r->rows, "a report", &r->rows));
    CAL_TRY(cali_alloc(ctx, s->n_rows * n, sizeof *r->data, "a report", &r->data));
    CAL_TRY(cali_alloc(ctx, n, sizeof *r->positions, "a report", &r->positions));
    CAL_TRY(cali_alloc(ctx, n, sizeof *r->ids, "a report", &r->ids));
    CAL_TRY(cali_alloc(ctx, n + 1, sizeof *r->pointers, "a report", &r->pointers));
    CAL_TRY(cali_alloc(ctx, n, sizeof *r->elements, "a report", &r->elements));
    CAL_TRY(cal_recording_read(recording, i, 0, s->n_rows, r->rows));
    for (size_t k = 0; k < s->n_rows * n; k++)
        r->data[k] = (float)r->rows[k];
    for (size_t k = 0; k < n; k++) {
        r->ids[k] = strtoull(s->labels[k], NULL, 10);
        r->pointers[k + 1] = k + 1;
    }
    r->time_ms[0] = cal_time_ms(s->t_first);
    r->time_ms[1] = cal_time_ms(s->t_first + (cal_time)s->n_rows * s->every);
    r->time_ms[2] = cal_time_ms(s->every);
    return CAL_OK;
}

static cal_status write_report(cal_context *ctx, const char *folder, const cal_recording_signal *s, const char *population,
                               const report *r)
{
    static const uint8_t is_sorted = 1;
    const size_t n = s->n_columns;
    const struct {
        const char *name, *attribute;
        cal_sonata_type type;
        size_t n, n_columns;
        const void *values;
    } sets[ITEMS_OF_REPORT] = {
        {"data", NULL, CAL_SONATA_F32, s->n_rows, n, r->data},
        {"data", "units", CAL_SONATA_TEXT, 0, 0, s->unit},
        {"mapping/node_ids", NULL, CAL_SONATA_U64, n, 0, r->ids},
        {"mapping/node_ids", "sorted", CAL_SONATA_U8, 0, 0, &is_sorted},
        {"mapping/index_pointers", NULL, CAL_SONATA_U64, n + 1, 0, r->pointers},
        {"mapping/index_pointer", NULL, CAL_SONATA_U64, n + 1, 0, r->pointers}, /* as pysonata and BMTK call it */
        {"mapping/element_ids", NULL, CAL_SONATA_U32, n, 0, r->elements},
        {"mapping/element_pos", NULL, CAL_SONATA_F32, n, 0, r->positions},
        {"mapping/time", NULL, CAL_SONATA_F64, 3, 0, r->time_ms},
        {"mapping/time", "units", CAL_SONATA_TEXT, 0, 0, "ms"},
        {"data", "long_name", CAL_SONATA_TEXT, 0, 0, s->long_name},
    };
    cal_sonata_item items[ITEMS_OF_REPORT];
    char paths[ITEMS_OF_REPORT][256], name[256], *path = NULL;
    for (size_t i = 0; i < ITEMS_OF_REPORT; i++) {
        snprintf(paths[i], sizeof paths[i], "/report/%.100s/%s", population, sets[i].name);
        items[i] = (cal_sonata_item){paths[i], sets[i].attribute, sets[i].type, sets[i].n, sets[i].n_columns, sets[i].values};
    }
    snprintf(name, sizeof name, "%.200s_report.h5", s->name);
    for (char *at = name; *at != '\0'; at++)
        *at = *at == '/' ? '_' : *at;
    CAL_TRY(cali_path_join(ctx, folder, name, &path));
    const cal_status status = cal_sonata_save(ctx, path, items, ITEMS_OF_REPORT);
    free(path);
    return status;
}

/* States of single neurons: their axis is called neuron_NAME, and their long name ends with the population. */
static cal_status write_reports(cal_context *ctx, cal_recording *recording, const char *folder, size_t *n_reports)
{
    for (size_t i = 0; i < cal_recording_n_signals(recording); i++) {
        const cal_recording_signal s = cal_recording_get_signal(recording, i);
        const char *of = strstr(s.long_name, " of neurons of ");
        if (strncmp(s.axis, "neuron_", 7) != 0 || of == NULL || s.n_columns == 0)
            continue;
        report r = {0};
        cal_status status = read_report(ctx, recording, i, &s, &r);
        if (status == CAL_OK)
            status = write_report(ctx, folder, &s, of + strlen(" of neurons of "), &r);
        report_free(&r);
        CAL_TRY(status);
        (*n_reports)++;
    }
    return CAL_OK;
}

cal_status cal_recording_export_sonata(cal_context *ctx, const char *path, const char *folder, size_t *n_spikes,
                                       size_t *n_reports)
{
    cal_recording *recording = NULL;
    *n_spikes = *n_reports = 0;
    CAL_TRY(cal_recording_open(ctx, path, &recording));
    cal_status status = cali_directory_make(ctx, folder);
    if (status == CAL_OK)
        status = write_spikes(ctx, recording, folder, n_spikes);
    if (status == CAL_OK)
        status = write_reports(ctx, recording, folder, n_reports);
    if (status == CAL_OK && cal_recording_n_trains(recording) == 0 && *n_reports == 0)
        status = CAL_FAIL(ctx, CAL_ERR_INPUT, "%s holds no spikes and no states of single neurons\n  because its experiment asks for "
                          "none\n  try a signal {what: spikes}", path);
    cal_recording_close(&recording);
    return status;
}
