/* Lists of synapses from files: columns of numbers, checked one by one so that a message names the place. */
#include "connectomes/synapses.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/units.h"

const char *const cali_synapse_names[CALI_N_SYNAPSE_COLUMNS] = {"source", "target", "weight", "delay"};

void cali_synapse_columns_free(cali_synapse_columns *c)
{
    for (int i = 0; i < CALI_N_SYNAPSE_COLUMNS; i++) {
        free(c->values[i]);
        c->values[i] = NULL;
    }
}

void cal_synapse_list_free(cal_synapse_list *list)
{
    free(list->source);
    free(list->target);
    free(list->weight);
    free(list->delay_ms);
    *list = (cal_synapse_list){0};
}

/* ---- messages ---------------------------------------------------------------------------------- */

/* "edges.csv:3:1  C301  source" or "edges.npz C301 source[2]": `what` follows. */
static cal_status refuse(cal_context *ctx, const cali_synapse_columns *c, size_t k, cali_synapse_column which,
                         const char *what)
{
    if (c->csv == NULL)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s[%zu] %s", c->file, c->names[which], k, what);
    const cali_cell *cell = cali_csv_at(c->csv, k, (size_t)c->csv_column[which]);
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:%u:%u  C301  %s %s", c->file, cell->line, cell->column, c->names[which], what);
}

/* ---- checks ------------------------------------------------------------------------------------ */

static cal_status check_index(cal_context *ctx, const cali_synapse_columns *c, size_t k, cali_synapse_column which,
                              uint32_t n)
{
    char what[160];
    const double x = c->values[which][k];
    if (x >= 0.0 && x < n && x == floor(x))
        return CAL_OK;
    if (!isfinite(x) || x != floor(x))
        snprintf(what, sizeof what, "is %g, no number of a neuron", x);
    else if (x < 0.0)
        snprintf(what, sizeof what, "is %.0f, but neurons count from 0", x);
    else
        snprintf(what, sizeof what, "is %.0f, but the population has %u neurons, counted from 0", x, n);
    return refuse(ctx, c, k, which, what);
}

static cal_status check_value(cal_context *ctx, const cal_synapse_source *s, const cali_synapse_columns *c, size_t k)
{
    char what[160];
    const double *weight = c->values[CALI_SYNAPSE_WEIGHT], *delay = c->values[CALI_SYNAPSE_DELAY];
    if (weight != NULL && !(isfinite(weight[k]) && fabs(weight[k]) < 1e30)) {
        snprintf(what, sizeof what, "is %g, no weight", weight[k]);
        return refuse(ctx, c, k, CALI_SYNAPSE_WEIGHT, what);
    }
    if (weight != NULL && s->is_modulus && weight[k] < 0.0) {
        snprintf(what, sizeof what, "is %g %s, but a conductance is 0 or more: its receptor says which way it pulls",
                 weight[k], s->weight_unit);
        return refuse(ctx, c, k, CALI_SYNAPSE_WEIGHT, what);
    }
    if (delay != NULL && !(isfinite(delay[k]) && delay[k] >= s->step_ms * (1.0 - 1e-9))) {
        snprintf(what, sizeof what, isfinite(delay[k]) ? "is %g ms, shorter than the step %g ms" : "is %g, no delay",
                 delay[k], s->step_ms);
        return refuse(ctx, c, k, CALI_SYNAPSE_DELAY, what);
    }
    if (delay != NULL && delay[k] / s->step_ms >= 1048575.0) {
        snprintf(what, sizeof what, "is %g ms; at most 1,048,575 steps of %g ms", delay[k], s->step_ms);
        return refuse(ctx, c, k, CALI_SYNAPSE_DELAY, what);
    }
    return CAL_OK;
}

/* Synapses in the order of their targets; seen[source]: the last target that it came with, and where. */
static cal_status find_twins(cal_context *ctx, const cal_synapse_source *s, const cali_synapse_columns *c,
                             const cal_synapse_list *list, size_t *start, size_t *order, size_t *seen)
{
    for (size_t k = 0; k < list->n; k++)
        start[list->target[k] + 1]++;
    for (uint32_t t = 0; t < s->n_to; t++)
        start[t + 1] += start[t];
    for (size_t k = 0; k < list->n; k++)
        order[start[list->target[k]]++] = k;
    for (size_t i = 0; i < list->n; i++) {
        const size_t k = order[i], before = seen[list->source[k]]; /* 1 more than its number */
        if (before > 0 && list->target[before - 1] == list->target[k]) {
            char what[200];
            const unsigned line = c->csv == NULL ? 0 : cali_csv_at(c->csv, before - 1, 0)->line;
            snprintf(what, sizeof what, "%u has a synapse on target %u already, %s %zu\n  try multapses: true, if that is meant",
                     list->source[k], list->target[k], line > 0 ? "in line" : "number", line > 0 ? line : before - 1);
            return refuse(ctx, c, k, CALI_SYNAPSE_SOURCE, what);
        }
        seen[list->source[k]] = k + 1;
    }
    return CAL_OK;
}

static cal_status check_twins(cal_context *ctx, const cal_synapse_source *s, const cali_synapse_columns *c,
                              const cal_synapse_list *list)
{
    size_t *start = NULL, *order = NULL, *seen = NULL;
    cal_status status = cali_alloc(ctx, (size_t)s->n_to + 1, sizeof *start, "synapses", &start);
    if (status == CAL_OK)
        status = cali_alloc(ctx, list->n, sizeof *order, "synapses", &order);
    if (status == CAL_OK)
        status = cali_alloc(ctx, s->n_from, sizeof *seen, "synapses", &seen);
    if (status == CAL_OK)
        status = find_twins(ctx, s, c, list, start, order, seen);
    free(start);
    free(order);
    free(seen);
    return status;
}

static cal_status make_list(cal_context *ctx, const cal_synapse_source *s, const cali_synapse_columns *c,
                            cal_synapse_list *out)
{
    for (int i = 0; i <= CALI_SYNAPSE_TARGET; i++)
        if (c->values[i] == NULL)
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 has no %s %s\n  because a list of synapses needs source and target",
                            c->file, c->csv != NULL ? "column" : "array", cali_synapse_names[i]);
    out->n = c->n;
    CAL_TRY(cali_alloc(ctx, c->n, sizeof *out->source, "synapses", &out->source));
    CAL_TRY(cali_alloc(ctx, c->n, sizeof *out->target, "synapses", &out->target));
    for (size_t k = 0; k < c->n; k++) {
        CAL_TRY(check_index(ctx, c, k, CALI_SYNAPSE_SOURCE, s->n_from));
        CAL_TRY(check_index(ctx, c, k, CALI_SYNAPSE_TARGET, s->n_to));
        CAL_TRY(check_value(ctx, s, c, k));
        out->source[k] = (uint32_t)c->values[CALI_SYNAPSE_SOURCE][k];
        out->target[k] = (uint32_t)c->values[CALI_SYNAPSE_TARGET][k];
        if (s->is_within && !s->has_autapses && out->source[k] == out->target[k])
            return refuse(ctx, c, k, CALI_SYNAPSE_TARGET, "is the source itself\n  try autapses: true, if that is meant");
    }
    return s->has_multapses ? CAL_OK : check_twins(ctx, s, c, out);
}

cal_status cali_synapses_finish(cal_context *ctx, const cal_synapse_source *s, const cali_synapse_columns *c,
                                cal_synapse_list *out)
{
    *out = (cal_synapse_list){0};
    cal_status status = make_list(ctx, s, c, out);
    double *const *values = c->values;
    if (status == CAL_OK && values[CALI_SYNAPSE_WEIGHT] != NULL)
        status = cali_alloc(ctx, c->n, sizeof *out->weight, "weights", &out->weight);
    if (status == CAL_OK && values[CALI_SYNAPSE_DELAY] != NULL)
        status = cali_alloc(ctx, c->n, sizeof *out->delay_ms, "delays", &out->delay_ms);
    if (status != CAL_OK) {
        cal_synapse_list_free(out);
        return status;
    }
    if (out->weight != NULL)
        memcpy(out->weight, values[CALI_SYNAPSE_WEIGHT], c->n * sizeof(double));
    if (out->delay_ms != NULL)
        memcpy(out->delay_ms, values[CALI_SYNAPSE_DELAY], c->n * sizeof(double));
    return CAL_OK;
}

static const char *unit_of(const cal_synapse_source *s, cali_synapse_column which)
{
    return which == CALI_SYNAPSE_WEIGHT ? s->weight_unit : which == CALI_SYNAPSE_DELAY ? "ms" : "1";
}

cal_status cali_synapses_convert(cal_context *ctx, const cal_synapse_source *s, cali_synapse_columns *c,
                                 cali_synapse_column which, const char *unit)
{
    cali_unit from, to;
    if (c->values[which] == NULL || !cali_unit_parse(unit_of(s, which), &to))
        return CAL_OK;
    if (!cali_unit_parse(unit, &from))
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C102 the unit \"%.60s\" of %s is not understood\n  try %s", c->file, unit,
                        c->names[which], unit_of(s, which));
    if (!cali_unit_is_same_dimension(&from, &to)) {
        char has[CALI_UNIT_TEXT], needs[CALI_UNIT_TEXT];
        cali_unit_describe(&from, has);
        cali_unit_describe(&to, needs);
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C103 %s is %s (%s), got %s", c->file, c->names[which], needs,
                        unit_of(s, which), has);
    }
    for (size_t k = 0; k < c->n; k++)
        c->values[which][k] = cali_unit_convert(c->values[which][k], &from, &to);
    return CAL_OK;
}

/* ---- tables of text ---------------------------------------------------------------------------- */

static cal_status read_table(cal_context *ctx, const cal_synapse_source *s, const cali_csv *csv, cali_synapse_columns *c)
{
    c->csv = csv;
    c->n = csv->n_rows;
    for (int i = 0; i < CALI_N_SYNAPSE_COLUMNS; i++) {
        c->csv_column[i] = cali_csv_find(csv, cali_synapse_names[i]);
        if (c->csv_column[i] >= 0)
            CAL_TRY(cali_alloc(ctx, c->n, sizeof(double), "synapses", &c->values[i]));
    }
    for (size_t i = 0; i < csv->n_columns; i++) {
        bool is_known = false;
        for (int k = 0; k < CALI_N_SYNAPSE_COLUMNS; k++)
            is_known = is_known || c->csv_column[k] == (int)i;
        if (!is_known)
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s:%u:%u  C301  unknown column \"%.60s\"\n  known source, target, weight, "
                            "delay", csv->name, csv->names[i].line, csv->names[i].column, csv->names[i].text);
    }
    for (size_t k = 0; k < c->n; k++)
        for (int i = 0; i < CALI_N_SYNAPSE_COLUMNS; i++)
            if (c->csv_column[i] >= 0)
                CAL_TRY(cali_csv_number(ctx, csv, k, (size_t)c->csv_column[i], unit_of(s, (cali_synapse_column)i),
                                        &c->values[i][k]));
    return CAL_OK;
}

/* ---- formats ----------------------------------------------------------------------------------- */

static bool begins_with(const cali_input *input, const char *magic, size_t n)
{
    return input->size >= n && memcmp(input->data, magic, n) == 0;
}

cal_status cali_synapses_load_memory(cal_context *ctx, const cal_synapse_source *s, const cali_input *input,
                                     cal_synapse_list *out)
{
    cali_synapse_columns c = {0};
    cali_csv csv = {0};
    *out = (cal_synapse_list){0};
    snprintf(c.file, sizeof c.file, "%.500s", input->name);
    for (int i = 0; i < CALI_N_SYNAPSE_COLUMNS; i++)
        c.names[i] = cali_synapse_names[i];
    cal_status status;
    if (begins_with(input, "PK\3\4", 4)) {
        status = cali_synapses_read_npz(ctx, s, input, &c);
    } else if (begins_with(input, "\x93NUMPY", 6)) {
        status = cali_synapses_read_npy(ctx, s, input, &c);
    } else {
        status = cali_csv_parse(ctx, input->name, input->data, input->size, &csv);
        if (status == CAL_OK)
            status = read_table(ctx, s, &csv, &c);
    }
    if (status == CAL_OK)
        status = cali_synapses_finish(ctx, s, &c, out);
    cali_synapse_columns_free(&c);
    cali_csv_free(&csv);
    return status;
}

cal_status cal_synapse_list_load(cal_context *ctx, const cal_synapse_source *s, cal_synapse_list *out)
{
    char *data = NULL;
    cali_input input = {.name = cali_path_name(s->path), .path = s->path};
    *out = (cal_synapse_list){0};
    CAL_TRY(cali_file_read(ctx, s->path, CALI_MAX_BYTES, &data, &input.size));
    input.data = data;
    const cali_plain_locale locale = cali_plain_locale_enter();
    const cal_status status = cali_synapses_load_memory(ctx, s, &input, out);
    cali_plain_locale_leave(locale);
    free(data);
    return status;
}
