/* Populations whose spikes stand in a file: SONATA spikes, a run.h5, or a table of times and neurons. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/file.h"
#include "base/memory.h"
#include "callosum/sonata.h"
#include "experiment/reader.h"

/* Times in ms and neurons as a file gives them. */
typedef struct columns {
    size_t n;
    const double *times, *ids;
    double *owned; /* of a table: both */
    char file[256];
} columns;

/* ---- files --------------------------------------------------------------------------------------- */

static bool is_table(const char *path)
{
    const size_t n = strlen(path);
    return n > 4 && (strcmp(path + n - 4, ".csv") == 0 || strcmp(path + n - 4, ".tsv") == 0);
}

static cal_status read_table(cal_context *ctx, const cali_csv *csv, columns *out)
{
    const int time = cali_csv_find(csv, "time"), neuron = cali_csv_find(csv, "neuron");
    if (time < 0 || neuron < 0)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:1:1  C301  spikes need the columns \"time (ms)\" and \"neuron\"", csv->name);
    CAL_TRY(cali_alloc(ctx, 2 * csv->n_rows, sizeof *out->owned, "spikes", &out->owned));
    for (size_t i = 0; i < csv->n_rows; i++) {
        CAL_TRY(cali_csv_number(ctx, csv, i, (size_t)time, "ms", &out->owned[i]));
        CAL_TRY(cali_csv_number(ctx, csv, i, (size_t)neuron, "1", &out->owned[csv->n_rows + i]));
    }
    out->n = csv->n_rows;
    out->times = out->owned;
    out->ids = out->owned + csv->n_rows;
    return CAL_OK;
}

/* The times of a population: by its name, by that in a run.h5, or the only ones. Before version 1 of the format /spikes held the
 * spikes of one population itself. */
static const cal_sonata_set *find_times(const cal_sonata_file *file, const char *population)
{
    const cal_sonata_set *found = cal_sonata_find(file, "/spikes/%.120s/timestamps", population);
    if (found == NULL)
        found = cal_sonata_find(file, "/spikes/network.%.120s/timestamps", population);
    size_t n = 0;
    const cal_sonata_set *one = NULL;
    for (size_t i = 0; i < file->n_sets; i++)
        if (strstr(file->sets[i].path, "/timestamps") != NULL && n++ == 0)
            one = &file->sets[i];
    return found == NULL && n == 1 ? one : found;
}

/* Their neurons, under the name of version 1 or the former one. */
static const cal_sonata_set *find_ids(const cal_sonata_file *file, const cal_sonata_set *times)
{
    const int group = times == NULL ? 0 : (int)(strstr(times->path, "/timestamps") - times->path);
    const cal_sonata_set *ids = times == NULL ? NULL : cal_sonata_find(file, "%.*s/node_ids", group, times->path);
    return ids != NULL || times == NULL ? ids : cal_sonata_find(file, "%.*s/gids", group, times->path);
}

/* Some write units as words. */
static const char *unit_of(const cal_sonata_set *times)
{
    static const char *const words[][2] = {{"", "ms"}, {"milliseconds", "ms"}, {"millisecond", "ms"}, {"seconds", "s"}, {"second", "s"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(times->unit, words[i][0]) == 0)
            return words[i][1];
    return times->unit;
}

static cal_status read_sonata(cal_context *ctx, const cal_sonata_file *file, const char *population, columns *out)
{
    const cal_sonata_set *times = find_times(file, population), *ids = find_ids(file, times);
    cali_unit from, ms;
    if (ids == NULL)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 has no timestamps and node_ids of population %s", file->name, population);
    if (ids->n != times->n)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s has %zu items, but timestamps has %zu", file->name, ids->path, ids->n,
                        times->n);
    if (!cali_unit_parse("ms", &ms) || !cali_unit_parse(unit_of(times), &from) ||
        !cali_unit_is_same_dimension(&from, &ms))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C103 the unit of %s is \"%.60s\", no time", file->name, times->path, times->unit);
    CAL_TRY(cali_alloc(ctx, times->n, sizeof *out->owned, "spikes", &out->owned));
    for (size_t i = 0; i < times->n; i++)
        out->owned[i] = cali_unit_convert(times->values[i], &from, &ms);
    out->n = times->n;
    out->times = out->owned;
    out->ids = ids->values;
    return CAL_OK;
}

/* ---- spikes -------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const cali_spike *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* Times on the grid of steps, the nearest one, the first step at least. */
static cal_status make_spikes(cal_context *ctx, const columns *c, uint32_t n_neurons, cal_time step, cali_spike *out)
{
    for (size_t i = 0; i < c->n; i++) {
        const double steps = floor(c->times[i] / cal_time_ms(step) * (1.0 + 1e-12) + 0.5);
        if (!(c->times[i] >= 0.0 && steps < 1e15 / (double)step * 1e3))
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 the time of spike %zu is %g ms", c->file, i, c->times[i]);
        if (!(c->ids[i] >= 0.0 && c->ids[i] < n_neurons && c->ids[i] == floor(c->ids[i])))
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 spike %zu is of neuron %g, but the population has %u, counted from 0",
                            c->file, i, c->ids[i], n_neurons);
        out[i] = (cali_spike){(steps < 1.0 ? 1 : (cal_time)steps) * step, (uint32_t)c->ids[i]};
    }
    qsort(out, c->n, sizeof *out, compare);
    return CAL_OK;
}

static cal_status load(cal_context *ctx, const char *path, const char *population, uint32_t n_neurons, cal_time step,
                       cali_spike **out, size_t *n)
{
    cali_csv csv = {0};
    cal_sonata_file file = {0};
    columns c = {0};
    snprintf(c.file, sizeof c.file, "%.255s", cali_path_name(path));
    cal_status status = is_table(path) ? cali_csv_load(ctx, path, &csv) : cal_sonata_load(ctx, path, "spikes", &file);
    if (status == CAL_OK)
        status = is_table(path) ? read_table(ctx, &csv, &c) : read_sonata(ctx, &file, population, &c);
    if (status == CAL_OK)
        status = cali_alloc(ctx, c.n, sizeof **out, "spikes", out);
    if (status == CAL_OK)
        status = make_spikes(ctx, &c, n_neurons, step, *out);
    *n = c.n;
    free(c.owned);
    cali_csv_free(&csv);
    cal_sonata_free(&file);
    return status;
}

bool cali_load_spikes(cali_reader *r, cali_place place, const char *path, const char *population, uint32_t n_neurons,
                      cal_time step, cali_spike **out, size_t *n)
{
    *out = NULL;
    if (load(r->ctx, path, population, n_neurons, step, out, n) == CAL_OK)
        return true;
    free(*out);
    *out = NULL;
    return cali_refuse_foreign(r, place, "C301");
}

bool cali_keep_spikes(cali_reader *r, cali_population *p, const cali_spike *spikes, size_t n)
{
    p->train.time = NULL;
    cal_time *times = cali_take(r, n, sizeof *times);
    uint32_t *ids = cali_take(r, n, sizeof *ids);
    for (size_t i = 0; times != NULL && ids != NULL && i < n; i++) {
        times[i] = spikes[i].time;
        ids[i] = spikes[i].id;
    }
    p->train = (cal_snn_train){.n = n, .time = times, .id = ids};
    return times != NULL && ids != NULL;
}

void cali_read_spikes(cali_reader *r, const cali_node *node, cal_time step, cali_population *p)
{
    cali_spike *spikes;
    size_t n;
    static const char *const others[] = {"parameters", "initial"};
    for (int i = 0; i < 2; i++)
        if (cali_node_get(node, others[i]) != NULL)
            cali_refuse(r, cali_place_of(cali_node_get(node, others[i])), "C104", "a population of given spikes has no %s\nbecause "
                        "nothing is computed for it", others[i]);
    if (!cali_load_spikes(r, cali_place_of(cali_node_get(node, "spikes")), p->spikes, p->name, p->n, step, &spikes, &n))
        return;
    cali_keep_spikes(r, p, spikes, n);
    free(spikes);
}
