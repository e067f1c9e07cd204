/* The values of parameters and initial states in each region: what the model's entry, the mass and the lines of
 * `regions:` say, in this order; the last one wins. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/memory.h"
#include "experiment/session.h"

/* A table that stays in memory while regions are described: columns of one file share it. */
typedef struct table {
    const char *path;
    cali_csv csv;
    size_t *row_of; /* n_regions */
} table;

struct cali_regional {
    cal_session *session;
    table *tables;
    size_t n_tables, capacity;
};

static int label_column(const cali_csv *csv)
{
    static const char *const names[] = {"label", "region", "name"};
    int column = -1;
    for (int i = 0; i < 3 && column < 0; i++)
        column = cali_csv_find(csv, names[i]);
    return column;
}

cal_status cali_match_rows(const cal_session *s, const char *path, const cali_csv *csv, size_t *row_of)
{
    const char *const *labels = cal_connectome_labels(s->connectome);
    const int column = label_column(csv);
    if (column < 0 && csv->n_rows != s->n_regions)
        return CAL_FAIL(s->ctx, CAL_ERR_INPUT, "%s:1:1  C301  %zu rows for %zu regions\n  try  a column \"label\" with "
                        "the names of regions", path, csv->n_rows, s->n_regions);
    for (size_t i = 0; i < s->n_regions; i++) {
        row_of[i] = column < 0 ? i : SIZE_MAX;
        for (size_t row = 0; column >= 0 && row < csv->n_rows; row++)
            if (strcmp(cali_csv_at(csv, row, (size_t)column)->text, labels[i]) == 0)
                row_of[i] = row;
    }
    return CAL_OK;
}

static cal_status find_table(cali_regional *self, const char *path, table **out)
{
    cal_session *s = self->session;
    for (size_t i = 0; i < self->n_tables; i++)
        if (strcmp(self->tables[i].path, path) == 0) {
            *out = &self->tables[i];
            return CAL_OK;
        }
    CAL_TRY(cali_reserve(s->ctx, self->n_tables + 1, sizeof *self->tables, &self->tables, &self->capacity));
    table *t = &self->tables[self->n_tables];
    *t = (table){.path = path};
    CAL_TRY(cali_csv_load(s->ctx, path, &t->csv));
    self->n_tables++; /* from here on cali_regional_destroy frees it */
    CAL_TRY(cali_alloc(s->ctx, s->n_regions, sizeof *t->row_of, "regions", &t->row_of));
    *out = t;
    return cali_match_rows(s, path, &t->csv, t->row_of);
}

static cal_status read_column(cali_regional *self, const cali_setting *setting, const cal_field *field, size_t region,
                              double *value)
{
    cal_session *s = self->session;
    table *t;
    CAL_TRY(find_table(self, setting->path, &t));
    const int column = cali_csv_find(&t->csv, setting->column);
    if (column < 0)
        return cali_experiment_fail(s->ctx, s->experiment, setting->place, "C107", "no column \"%s\" in %s.\nknown %s%s%s",
                                    setting->column, setting->path, t->csv.names[0].text,
                                    t->csv.n_columns > 1 ? ", " : "", t->csv.n_columns > 1 ? t->csv.names[1].text : "");
    if (t->row_of[region] == SIZE_MAX)
        return cali_experiment_fail(s->ctx, s->experiment, setting->place, "C303", "%s has no row for the region \"%s\".\n"
                                    "try a row with this label, or the table in `regions` for the regions that it has",
                                    setting->path, cal_connectome_labels(s->connectome)[region]);
    return cali_csv_number(s->ctx, &t->csv, t->row_of[region], (size_t)column, field->unit, value);
}

/* A draw depends on the seed, the name of the quantity and the region: not on what else is drawn. */
static double draw(const cal_session *s, const cali_setting *setting, const cal_field *field, size_t region)
{
    uint32_t name = 2166136261u; /* FNV-1a */
    for (const char *c = field->name; *c != '\0'; c++)
        name = (name ^ (unsigned char)*c) * 16777619u;
    return cal_distribution_draw(&setting->value, s->experiment->seed, name ^ (setting->is_state ? 1u : 0u),
                                 (uint32_t)region, (uint32_t)s->n_regions);
}

static cal_status check_range(const cal_session *s, const cali_setting *setting, const cal_field *field, size_t region,
                              double value)
{
    if (value >= field->low && value <= field->high)
        return CAL_OK;
    return cali_experiment_fail(s->ctx, s->experiment, setting->place, "C106",
                                "%s is %g %s in \"%s\", must be between %g and %g %s.\ntry limits: \"normal(10 ms, 1 ms, "
                                "5 ms, 20 ms)\" clips", field->name, value, field->unit,
                                cal_connectome_labels(s->connectome)[region], field->low, field->high, field->unit);
}

static cal_status apply(cali_regional *self, const cali_settings *settings, const cal_nmm_model *model, size_t region,
                        double *params, double *initial)
{
    for (size_t i = 0; i < settings->n; i++) {
        const cali_setting *setting = &settings->items[i];
        const cal_field *field = &(setting->is_state ? model->states : model->params)[setting->row];
        double value = setting->value.a;
        if (setting->path != NULL)
            CAL_TRY(read_column(self, setting, field, region, &value));
        else if (setting->value.kind != CAL_CONSTANT)
            value = draw(self->session, setting, field, region);
        CAL_TRY(check_range(self->session, setting, field, region, value));
        (setting->is_state ? initial : params)[setting->row] = value;
    }
    return CAL_OK;
}

cal_status cali_regional_create(cal_session *s, cali_regional **out)
{
    CAL_TRY(cali_alloc(s->ctx, 1, sizeof **out, "parameters", out));
    (*out)->session = s;
    return CAL_OK;
}

void cali_regional_destroy(cali_regional **regional)
{
    cali_regional *self = *regional;
    if (self == NULL)
        return;
    for (size_t i = 0; i < self->n_tables; i++) {
        cali_csv_free(&self->tables[i].csv);
        free(self->tables[i].row_of);
    }
    free(self->tables);
    free(self);
    *regional = NULL;
}

cal_status cali_regional_values(cali_regional *self, size_t region, double *params, double *initial)
{
    const cal_session *s = self->session;
    const cali_role *role = &s->roles[region];
    const cali_mass *mass = &s->experiment->masses[role->mass];
    memcpy(params, mass->params, mass->model->n_params * sizeof *params);
    memcpy(initial, mass->initial, mass->model->n_states * sizeof *initial);
    CAL_TRY(apply(self, &mass->settings, mass->model, region, params, initial));
    if (role->assignment != NULL && role->assignment->mass == role->mass)
        CAL_TRY(apply(self, &role->assignment->settings, mass->model, region, params, initial));
    return CAL_OK;
}
