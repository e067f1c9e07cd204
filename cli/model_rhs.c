#include "cli/model_rhs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/memory.h"
#include "cli/output.h"

enum { BATCH = 256 }; /* points that are evaluated together */

typedef enum list { STATES, PARAMETERS, INPUTS, N_LISTS } list;
static const struct {
    const char *prefix, *with_article;
} lists[N_LISTS] = {{"states.", "a state"}, {"parameters.", "a parameter"}, {"inputs.", "an input"}};

/* A quantity of the model. */
typedef struct place {
    list list;
    size_t row;
    const cal_field *field;
} place;

typedef struct evaluation {
    cal_context *ctx;
    const cal_nmm_model *model;
    cali_csv csv;
    place *places;  /* n_columns */
    double *points; /* (n_columns x n_rows), in the model's units */
    /* one batch, rows first */
    double *of_list[N_LISTS];
    double *slopes, *outputs;
} evaluation;

static const cal_field *fields_of(const cal_nmm_model *m, list which, size_t *n)
{
    const cal_field *const fields[] = {m->states, m->params, m->inputs};
    const size_t counts[] = {m->n_states, m->n_params, m->n_inputs};
    *n = counts[which];
    return fields[which];
}

/* ---- columns ------------------------------------------------------------------------------------- */

static cal_status refuse_name(const evaluation *e, const cali_cell *name)
{
    enum { MAX_NAMES = 256 };
    const char *names[MAX_NAMES];
    size_t n_names = 0;
    for (int which = 0; which < N_LISTS; which++) {
        size_t n;
        const cal_field *fields = fields_of(e->model, (list)which, &n);
        for (size_t k = 0; k < n && n_names < MAX_NAMES; k++)
            names[n_names++] = fields[k].name;
    }
    const int nearest = cali_nearest_word(name->text, names, n_names);
    return CAL_FAIL(e->ctx, CAL_ERR_INPUT, "%s:%u:%u  C101  %s has no state, parameter or input \"%.60s\"\n  try  %s%s",
                    e->csv.name, name->line, name->column, e->model->name, name->text,
                    nearest >= 0 ? names[nearest] : "callosum models ", nearest >= 0 ? "" : e->model->name);
}

/* A name that two lists have needs the list in front: "inputs.c". */
static cal_status find_place(const evaluation *e, const cali_cell *name, place *out)
{
    size_t n_found = 0;
    for (int which = 0; which < N_LISTS; which++) {
        size_t n;
        const cal_field *fields = fields_of(e->model, (list)which, &n);
        const size_t prefix = strlen(lists[which].prefix);
        const bool has_prefix = strncmp(name->text, lists[which].prefix, prefix) == 0;
        const int row = cal_field_find(fields, n, name->text + (has_prefix ? prefix : 0));
        if (row < 0)
            continue;
        if (n_found++ > 0)
            return CAL_FAIL(e->ctx, CAL_ERR_INPUT, "%s:%u:%u  C104  \"%s\" is %s and %s of %s\n  try  %s%s or %s%s",
                            e->csv.name, name->line, name->column, name->text, lists[out->list].with_article,
                            lists[which].with_article, e->model->name, lists[out->list].prefix, name->text,
                            lists[which].prefix, name->text);
        *out = (place){(list)which, (size_t)row, &fields[row]};
    }
    return n_found > 0 ? CAL_OK : refuse_name(e, name);
}

static cal_status find_places(evaluation *e)
{
    CAL_TRY(cali_alloc(e->ctx, e->csv.n_columns, sizeof *e->places, "columns", &e->places));
    for (size_t i = 0; i < e->csv.n_columns; i++) {
        const cali_cell *name = &e->csv.names[i];
        CAL_TRY(find_place(e, name, &e->places[i]));
        for (size_t j = 0; j < i; j++)
            if (e->places[j].field == e->places[i].field)
                return CAL_FAIL(e->ctx, CAL_ERR_INPUT, "%s:%u:%u  C104  \"%s\" is the same as \"%s\" in column %zu",
                                e->csv.name, name->line, name->column, name->text, e->csv.names[j].text, j + 1);
    }
    return CAL_OK;
}

/* ---- points -------------------------------------------------------------------------------------- */

static cal_status read_points(evaluation *e)
{
    const cali_csv *csv = &e->csv;
    CAL_TRY(cali_alloc(e->ctx, csv->n_columns * csv->n_rows, sizeof *e->points, "points", &e->points));
    for (size_t row = 0; row < csv->n_rows; row++)
        for (size_t i = 0; i < csv->n_columns; i++) {
            const cal_field *field = e->places[i].field;
            double *value = &e->points[i * csv->n_rows + row];
            CAL_TRY(cali_csv_number(e->ctx, csv, row, i, field->unit, value));
            if (*value >= field->low && *value <= field->high)
                continue;
            const cali_cell *cell = cali_csv_at(csv, row, i);
            const bool is_plain = strcmp(field->unit, "1") == 0;
            return CAL_FAIL(e->ctx, CAL_ERR_INPUT, "%s:%u:%u  C106  %s is %.15g%s%s, but must be from %g to %g%s%s",
                            csv->name, cell->line, cell->column, field->name, *value, is_plain ? "" : " ",
                            is_plain ? "" : field->unit, field->low, field->high, is_plain ? "" : " ",
                            is_plain ? "" : field->unit);
        }
    return CAL_OK;
}

static cal_status allocate_batch(evaluation *e)
{
    const cal_nmm_model *m = e->model;
    const size_t n_rows[N_LISTS] = {m->n_states, m->n_params + m->n_derived, m->n_inputs};
    for (int which = 0; which < N_LISTS; which++)
        CAL_TRY(cali_alloc(e->ctx, n_rows[which] * BATCH, sizeof(double), "points", &e->of_list[which]));
    CAL_TRY(cali_alloc(e->ctx, m->n_states * BATCH, sizeof(double), "derivatives", &e->slopes));
    return cali_alloc(e->ctx, m->n_outputs * BATCH, sizeof(double), "outputs", &e->outputs);
}

/* Points first ... first + n - 1. */
static void evaluate(evaluation *e, size_t first, size_t n)
{
    const cal_nmm_model *m = e->model;
    for (int which = 0; which < N_LISTS; which++) {
        size_t n_fields;
        const cal_field *fields = fields_of(m, (list)which, &n_fields);
        for (size_t k = 0; k < n_fields; k++)
            for (size_t i = 0; i < n; i++)
                e->of_list[which][k * n + i] = fields[k].value;
    }
    for (size_t c = 0; c < e->csv.n_columns; c++)
        memcpy(e->of_list[e->places[c].list] + e->places[c].row * n, e->points + c * e->csv.n_rows + first,
               n * sizeof(double));
    cal_nmm_model_derive(m, n, e->of_list[PARAMETERS]);
    cal_nmm_model_rhs(m, n, e->of_list[PARAMETERS], e->of_list[STATES], e->of_list[INPUTS], e->slopes);
    if (m->observe_driven != NULL)
        m->observe_driven(n, e->of_list[PARAMETERS], e->of_list[STATES], e->of_list[INPUTS], e->outputs);
    else
        cal_nmm_model_observe(m, n, e->of_list[PARAMETERS], e->of_list[STATES], e->outputs);
}

/* ---- what is printed ----------------------------------------------------------------------------- */

/* Heading of a column: those of the table, then derivatives, then outputs. */
typedef struct heading {
    cali_text name, unit;
} heading;

static size_t n_shown(const evaluation *e)
{
    return e->csv.n_columns + e->model->n_states + e->model->n_outputs;
}

static void describe(const evaluation *e, size_t i, heading *out)
{
    const cal_nmm_model *m = e->model;
    if (i < e->csv.n_columns) {
        cali_text_add(&out->name, e->csv.names[i].text);
        cali_text_add(&out->unit, e->places[i].field->unit);
    } else if (i < e->csv.n_columns + m->n_states) {
        const cal_field *state = &m->states[i - e->csv.n_columns];
        const size_t size = strlen(state->unit);
        const bool is_per_ms = size > 3 && strcmp(state->unit + size - 3, "/ms") == 0;
        const bool is_quotient = strchr(state->unit, '/') != NULL;
        cali_text_format(&out->name, "d%s/dt", state->name);
        cali_text_format(&out->unit, is_per_ms ? "%s^2" : is_quotient ? "(%s)/ms" : "%s/ms", state->unit);
    } else {
        const cal_field *output = &m->outputs[i - e->csv.n_columns - m->n_states];
        /* with the list in front: many outputs are states, which may be columns already */
        cali_text_format(&out->name, "outputs.%s", output->name);
        cali_text_add(&out->unit, output->unit);
    }
}

/* Column i of point `at` of a batch. */
static double value_at(const evaluation *e, size_t i, size_t first, size_t n, size_t at)
{
    const size_t n_columns = e->csv.n_columns, n_states = e->model->n_states;
    if (i < n_columns)
        return e->points[i * e->csv.n_rows + first + at];
    return i < n_columns + n_states ? e->slopes[(i - n_columns) * n + at]
                                    : e->outputs[(i - n_columns - n_states) * n + at];
}

static bool write_header(const evaluation *e, cali_text *out, bool is_json)
{
    bool is_broken = false;
    for (size_t i = 0; i < n_shown(e); i++) {
        heading s = {0};
        describe(e, i, &s);
        is_broken = is_broken || s.name.is_broken || s.unit.is_broken;
        if (is_json && !is_broken) {
            cali_json_open(out, NULL, "{");
            cali_json_text(out, "name", s.name.data);
            cali_json_text(out, "unit", s.unit.data);
            cali_json_close(out, "}");
        } else if (!is_broken) {
            cali_text_format(out, "%s%s", i > 0 ? "," : "", s.name.data);
            if (strcmp(s.unit.data, "1") != 0)
                cali_text_format(out, " (%s)", s.unit.data);
        }
        cali_text_free(&s.name);
        cali_text_free(&s.unit);
    }
    return !is_broken;
}

static void write_csv_row(const evaluation *e, cali_text *out, size_t first, size_t n, size_t at)
{
    for (size_t i = 0; i < n_shown(e); i++) {
        char number[32];
        cali_format_number(value_at(e, i, first, n, at), number);
        cali_text_format(out, "%s%s", i > 0 ? "," : "", number);
    }
    cali_text_add(out, "\n");
}

static void write_json_row(const evaluation *e, cali_text *out, size_t first, size_t n, size_t at)
{
    cali_json_open(out, NULL, "[");
    for (size_t i = 0; i < n_shown(e); i++)
        cali_json_number(out, NULL, value_at(e, i, first, n, at));
    cali_json_close(out, "]");
}

static cal_status write_table(evaluation *e, cali_text *out, bool is_json)
{
    if (is_json) {
        cali_json_open(out, NULL, "{");
        cali_json_text(out, "model", e->model->name);
        cali_json_open(out, "columns", "[");
    }
    bool is_whole = write_header(e, out, is_json);
    if (is_json) {
        cali_json_close(out, "]");
        cali_json_open(out, "rows", "[");
    } else
        cali_text_add(out, "\n");
    for (size_t first = 0; first < e->csv.n_rows; first += BATCH) {
        const size_t left = e->csv.n_rows - first, n = left < BATCH ? left : BATCH;
        evaluate(e, first, n);
        for (size_t at = 0; at < n; at++)
            (is_json ? write_json_row : write_csv_row)(e, out, first, n, at);
    }
    if (is_json) {
        cali_json_close(out, "]");
        cali_json_close(out, "}");
    }
    is_whole = is_whole && !out->is_broken;
    return is_whole ? CAL_OK : CAL_FAIL(e->ctx, CAL_ERR_MEMORY, "not enough memory for the values of %zu points",
                                        e->csv.n_rows);
}

static cal_status make(evaluation *e, const char *path, cali_text *out, bool is_json)
{
    CAL_TRY(cali_csv_load(e->ctx, path, &e->csv));
    CAL_TRY(find_places(e));
    CAL_TRY(read_points(e));
    CAL_TRY(allocate_batch(e));
    return write_table(e, out, is_json);
}

cali_exit cali_print_rhs(cal_context *ctx, const cal_nmm_model *model, const char *path, bool is_json)
{
    evaluation e = {.ctx = ctx, .model = model};
    cali_text out = {0};
    const cal_status status = make(&e, path, &out, is_json);
    cali_csv_free(&e.csv);
    free(e.places);
    free(e.points);
    for (int which = 0; which < N_LISTS; which++)
        free(e.of_list[which]);
    free(e.slopes);
    free(e.outputs);
    if (status == CAL_OK && is_json)
        return cali_print_json(&out);
    if (status == CAL_OK)
        fputs(out.data, stdout);
    cali_text_free(&out);
    return status == CAL_OK ? CALI_EXIT_OK : cali_fail(ctx, status == CAL_ERR_MEMORY ? CALI_EXIT_FAILED : CALI_EXIT_INPUT);
}
