/* The files of a finished sweep, from its journal, in the order of the rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/tree.h"
#include "base/units.h"
#include "experiment/sweep.h"

/* Runs that left the same figures and signals. */
typedef struct shape {
    char *text;
    cali_tree *tree;
    cali_node *figures, *signals; /* lists */
    size_t n_runs;
} shape;

typedef struct column {
    const char *name, *unit, *meaning; /* of a shape's tree */
} column;

typedef struct output {
    cal_sweep *sweep;
    cal_context *ctx;
    const char *directory;
    cali_journal *journal;
    size_t n_runs;
    int *shape_of; /* per run, -1: failed */
    char **messages; /* per run, NULL: ok */
    shape *shapes;
    size_t n_shapes, shape_capacity;
    column *columns; /* figures of all shapes */
    size_t n_columns, column_capacity;
    double *figures; /* (n_runs x n_columns), NaN: none */
    double **raw;    /* per run: its own figures */
} output;

static cal_status no_memory(output *o)
{
    return CAL_FAIL(o->ctx, CAL_ERR_MEMORY, "no memory for the table of the sweep");
}

/* ---- gathering -------------------------------------------------------------------------------------------- */

static cal_status add_shape(output *o, const char *text)
{
    cali_tree_error error;
    cali_node *root = NULL;
    CAL_TRY(cali_reserve(o->ctx, o->n_shapes + 1, sizeof *o->shapes, &o->shapes, &o->shape_capacity));
    shape *s = &o->shapes[o->n_shapes++];
    *s = (shape){.tree = cali_tree_create()};
    CAL_TRY(cali_copy_text(o->ctx, text, &s->text));
    if (s->tree == NULL || cali_tree_read_json(s->tree, text, strlen(text), &root, &error) != CAL_OK)
        return CAL_FAIL(o->ctx, CAL_ERR_INPUT, "%s: a record is broken", o->journal->path);
    s->figures = cali_node_get(root, "figures");
    s->signals = cali_node_get(root, "signals");
    for (size_t i = 0; s->figures != NULL && i < s->figures->n; i++) {
        const cali_node *figure = s->figures->entries[i].value;
        const char *name = cali_node_text(cali_node_get(figure, "name"), ""), *unit = cali_node_text(cali_node_get(figure, "unit"), "1");
        bool is_new = true;
        for (size_t c = 0; c < o->n_columns; c++)
            is_new = is_new && (strcmp(o->columns[c].name, name) != 0 || strcmp(o->columns[c].unit, unit) != 0);
        if (!is_new)
            continue;
        CAL_TRY(cali_reserve(o->ctx, o->n_columns + 1, sizeof *o->columns, &o->columns, &o->column_capacity));
        o->columns[o->n_columns++] = (column){name, unit, cali_node_text(cali_node_get(figure, "meaning"), "")};
    }
    return CAL_OK;
}

static cal_status take_run(output *o, size_t run, cali_outcome *out)
{
    if (out->state == CALI_RUN_FAILED) {
        o->shape_of[run] = -1;
        o->messages[run] = out->text.data;
        out->text = (cali_text){0};
        return o->messages[run] == NULL ? cali_copy_text(o->ctx, "", &o->messages[run]) : CAL_OK;
    }
    const char *text = out->text.data == NULL ? "" : out->text.data;
    size_t k = 0;
    while (k < o->n_shapes && strcmp(o->shapes[k].text, text) != 0)
        k++;
    if (k == o->n_shapes)
        CAL_TRY(add_shape(o, text));
    if (o->shapes[k].figures == NULL || o->shapes[k].figures->n != out->n_figures || o->shapes[k].signals == NULL ||
        o->shapes[k].signals->n != out->n_signals)
        return CAL_FAIL(o->ctx, CAL_ERR_INPUT, "%s: the record of run %zu is broken", o->journal->path, run + 1);
    o->shapes[k].n_runs++;
    o->shape_of[run] = (int)k;
    o->raw[run] = out->figures;
    out->figures = NULL;
    return CAL_OK;
}

/* Figures of all runs under the columns of all shapes. */
static cal_status align(output *o)
{
    CAL_TRY(cali_alloc(o->ctx, o->n_runs * o->n_columns, sizeof *o->figures, "figures", &o->figures));
    for (size_t i = 0; i < o->n_runs * o->n_columns; i++)
        o->figures[i] = NAN;
    for (size_t run = 0; run < o->n_runs; run++) {
        const shape *s = o->shape_of[run] < 0 ? NULL : &o->shapes[o->shape_of[run]];
        for (size_t i = 0; s != NULL && i < s->figures->n; i++) {
            const cali_node *figure = s->figures->entries[i].value;
            for (size_t c = 0; c < o->n_columns; c++)
                if (strcmp(o->columns[c].name, cali_node_text(cali_node_get(figure, "name"), "")) == 0 &&
                    strcmp(o->columns[c].unit, cali_node_text(cali_node_get(figure, "unit"), "1")) == 0)
                    o->figures[run * o->n_columns + c] = o->raw[run][i];
        }
    }
    return CAL_OK;
}

static cal_status gather(output *o)
{
    CAL_TRY(cali_alloc(o->ctx, o->n_runs, sizeof *o->shape_of, "runs", &o->shape_of));
    CAL_TRY(cali_alloc(o->ctx, o->n_runs, sizeof *o->messages, "runs", &o->messages));
    CAL_TRY(cali_alloc(o->ctx, o->n_runs, sizeof *o->raw, "runs", &o->raw));
    for (size_t run = 0; run < o->n_runs; run++) {
        cali_outcome out;
        CAL_TRY(cali_journal_read(o->journal, run, &out));
        const cal_status status = take_run(o, run, &out);
        cali_outcome_free(&out);
        CAL_TRY(status);
    }
    return align(o);
}

/* ---- tables ------------------------------------------------------------------------------------------------ */

/* Each cell ends with a comma, which the end of the line takes away. */
static void add_cell(cali_text *t, const char *text)
{
    if (strpbrk(text, ",;\t\"\n#") == NULL && text[0] != ' ') {
        cali_text_add(t, text);
    } else {
        cali_text_add(t, "\"");
        for (const char *c = text; *c != '\0'; c++) {
            if (*c == '"')
                cali_text_add(t, "\"");
            cali_text_add_bytes(t, c, 1);
        }
        cali_text_add(t, "\"");
    }
    cali_text_add(t, ",");
}

static void end_line(cali_text *t)
{
    if (t->size > 0 && !t->is_broken)
        t->data[t->size - 1] = '\n';
}

static void add_number(cali_text *t, double value)
{
    char digits[40] = "";
    if (isfinite(value))
        cali_format_number(value, digits);
    add_cell(t, digits);
}

static void add_heading(cali_text *t, const char *name, const char *unit)
{
    char cell[400];
    snprintf(cell, sizeof cell, unit == NULL ? "%s" : "%s (%s)", name, unit);
    add_cell(t, cell);
}

static cal_status save(output *o, const char *name, cali_text *t)
{
    char *path = NULL;
    cal_status status = t->is_broken ? no_memory(o) : cali_path_join(o->ctx, o->directory, name, &path);
    if (status == CAL_OK)
        status = cali_file_write(o->ctx, path, t->data, t->size);
    free(path);
    cali_text_free(t);
    return status;
}

static void add_given_headings(const output *o, cali_text *t)
{
    const cali_csv *csv = &o->sweep->rows.csv;
    for (size_t c = 0; c < csv->n_columns; c++)
        add_heading(t, csv->names[c].text, csv->units[c]);
}

static void add_given(const output *o, cali_text *t, size_t run)
{
    const cali_csv *csv = &o->sweep->rows.csv;
    for (size_t c = 0; c < csv->n_columns; c++)
        add_cell(t, cali_csv_at(csv, run, c)->text);
}

static cal_status write_table(output *o)
{
    cali_text t = {0};
    add_cell(&t, "run");
    add_given_headings(o, &t);
    add_cell(&t, "status");
    for (size_t c = 0; c < o->n_columns; c++)
        add_heading(&t, o->columns[c].name, o->columns[c].unit);
    add_cell(&t, "message");
    end_line(&t);
    for (size_t run = 0; run < o->n_runs; run++) {
        add_number(&t, (double)(run + 1));
        add_given(o, &t, run);
        add_cell(&t, o->messages[run] == NULL ? "ok" : "failed");
        for (size_t c = 0; c < o->n_columns; c++)
            add_number(&t, o->figures[run * o->n_columns + c]);
        add_cell(&t, o->messages[run] == NULL ? "" : o->messages[run]);
        end_line(&t);
    }
    return save(o, "table.csv", &t);
}

static cal_status write_rows(output *o)
{
    cali_text t = {0};
    add_given_headings(o, &t);
    end_line(&t);
    for (size_t run = 0; run < o->n_runs; run++) {
        add_given(o, &t, run);
        end_line(&t);
    }
    return save(o, "rows.csv", &t);
}

static cal_status write_costs(output *o)
{
    cali_text t = {0};
    cali_text_add(&t, "run,wall (s)\n");
    for (size_t run = 0; run < o->n_runs; run++)
        cali_text_format(&t, "%zu,%.6f\n", run + 1, o->journal->entries[run].wall_s);
    return save(o, "cost.csv", &t);
}

/* ---- sweep.h5 ---------------------------------------------------------------------------------------------- */

/* Whether run `run` stands in the group of shape `k`; with one shape the failed ones do, too. */
static bool is_in(const output *o, size_t run, size_t k)
{
    return o->shape_of[run] == (int)k || (o->n_shapes <= 1 && k == 0);
}

/* A given column as numbers in one unit. False: it holds texts. */
static bool read_column(const output *o, size_t c, double *values, char unit_text[CALI_UNIT_TEXT])
{
    const cali_csv *csv = &o->sweep->rows.csv;
    cali_unit unit = {0};
    bool has_unit = false;
    snprintf(unit_text, CALI_UNIT_TEXT, "%s", csv->units[c] == NULL ? "" : csv->units[c]);
    if (csv->units[c] != NULL)
        has_unit = cali_unit_parse(csv->units[c], &unit);
    for (size_t run = 0; run < o->n_runs; run++) {
        cali_quantity q;
        const char *text = cali_csv_at(csv, run, c)->text;
        values[run] = NAN;
        if (text[0] == '\0')
            continue;
        if (cali_quantity_parse(text, &q) != CALI_QUANTITY_OK)
            return false;
        if (!has_unit) {
            unit = q.unit;
            has_unit = true;
            snprintf(unit_text, CALI_UNIT_TEXT, "%s", q.unit_text);
        }
        if (q.unit_text[0] == '\0' && csv->units[c] != NULL)
            values[run] = q.value;
        else if (cali_unit_is_same_dimension(&q.unit, &unit))
            values[run] = cali_quantity_in(&q, &unit);
        else
            return false;
    }
    if (unit_text[0] == '\0')
        snprintf(unit_text, CALI_UNIT_TEXT, "1");
    return has_unit;
}

/* Moves what belongs to shape `k` to the front. */
static size_t choose(const output *o, size_t k, const double *all, size_t stride, double *chosen)
{
    size_t n = 0;
    for (size_t run = 0; run < o->n_runs; run++)
        if (is_in(o, run, k))
            chosen[n++] = all[run * stride];
    return n;
}

static cal_status stack_given(output *o, cal_stack *stack, size_t k, double *all, double *chosen, const char **texts)
{
    const cali_csv *csv = &o->sweep->rows.csv;
    char unit[CALI_UNIT_TEXT];
    for (size_t c = 0; c < csv->n_columns; c++) {
        if (!o->sweep->rows.is_label[c] && read_column(o, c, all, unit)) {
            choose(o, k, all, 1, chosen);
            CAL_TRY(cal_stack_add_numbers(stack, csv->names[c].text, unit, "as the rows give it", chosen));
            continue;
        }
        size_t n = 0;
        for (size_t run = 0; run < o->n_runs; run++)
            if (is_in(o, run, k))
                texts[n++] = cali_csv_at(csv, run, c)->text;
        CAL_TRY(cal_stack_add_texts(stack, csv->names[c].text, texts));
    }
    size_t n = 0;
    for (size_t run = 0; run < o->n_runs; run++)
        if (is_in(o, run, k))
            texts[n++] = o->messages[run] == NULL ? "ok" : o->messages[run];
    CAL_TRY(cal_stack_add_texts(stack, "status", texts));
    for (size_t c = 0; c < o->n_columns; c++) {
        choose(o, k, o->figures + c, o->n_columns, chosen);
        CAL_TRY(cal_stack_add_numbers(stack, o->columns[c].name, o->columns[c].unit, o->columns[c].meaning, chosen));
    }
    return CAL_OK;
}

static cal_status stack_signals(output *o, cal_stack *stack, const shape *s)
{
    for (size_t i = 0; i < s->signals->n; i++) {
        const cali_node *node = s->signals->entries[i].value, *list = cali_node_get(node, "labels");
        const char **labels = NULL;
        size_t index;
        CAL_TRY(cali_alloc(o->ctx, list->n, sizeof *labels, "labels", &labels));
        for (size_t c = 0; c < list->n; c++)
            labels[c] = cali_node_text(list->entries[c].value, "");
        const cal_signal_def def = {.name = cali_node_text(cali_node_get(node, "name"), ""),
                                    .unit = cali_node_text(cali_node_get(node, "unit"), "1"),
                                    .long_name = cali_node_text(cali_node_get(node, "long_name"), NULL),
                                    .monitor = cali_node_is_null(cali_node_get(node, "monitor"))
                                                   ? NULL : cali_node_text(cali_node_get(node, "monitor"), NULL),
                                    .axis = cali_node_text(cali_node_get(node, "axis"), "region"),
                                    .t_first = (cal_time)cali_node_number(cali_node_get(node, "t_first"), 0.0),
                                    .every = (cal_time)cali_node_number(cali_node_get(node, "every"), 0.0),
                                    .n_columns = list->n, .labels = labels};
        const double n_rows = cali_node_number(cali_node_get(node, "rows"), 0.0);
        const cal_status status = cal_stack_add_signal(stack, &def, (size_t)n_rows, &index);
        free(labels);
        CAL_TRY(status);
    }
    return CAL_OK;
}

static cal_status stack_runs(output *o, cal_stack *stack, size_t k)
{
    size_t at = 0;
    for (size_t run = 0; run < o->n_runs; run++) {
        if (!is_in(o, run, k))
            continue;
        cali_outcome out = {0};
        cal_status status = o->shape_of[run] < 0 ? CAL_OK : cali_journal_read(o->journal, run, &out);
        for (size_t i = 0; i < out.n_signals && status == CAL_OK; i++)
            status = cal_stack_write(stack, i, at, out.packed[i], out.sizes[i]);
        cali_outcome_free(&out);
        CAL_TRY(status);
        at++;
    }
    return CAL_OK;
}

static cal_status stack_shape(output *o, cal_stack *stack, size_t k, uint64_t *numbers, double *all, double *chosen,
                              const char **texts)
{
    char group[32] = "";
    size_t n = 0;
    for (size_t run = 0; run < o->n_runs; run++)
        if (is_in(o, run, k))
            numbers[n++] = run + 1;
    if (o->n_shapes > 1)
        snprintf(group, sizeof group, "shape_%zu", k + 1);
    CAL_TRY(cal_stack_begin(stack, group, n, numbers));
    CAL_TRY(stack_given(o, stack, k, all, chosen, texts));
    if (k >= o->n_shapes)
        return CAL_OK; /* all runs failed */
    CAL_TRY(stack_signals(o, stack, &o->shapes[k]));
    return stack_runs(o, stack, k);
}

static cal_status write_stack(output *o)
{
    char *path = NULL;
    cal_stack *stack = NULL;
    uint64_t *numbers = NULL;
    double *values = NULL;
    const char **texts = NULL;
    cal_status status = cali_path_join(o->ctx, o->directory, "sweep.h5", &path);
    if (status == CAL_OK)
        status = cali_alloc(o->ctx, o->n_runs, sizeof *numbers, "runs", &numbers);
    if (status == CAL_OK)
        status = cali_alloc(o->ctx, 2 * o->n_runs, sizeof *values, "runs", &values);
    if (status == CAL_OK)
        status = cali_alloc(o->ctx, o->n_runs, sizeof *texts, "runs", &texts);
    if (status == CAL_OK)
        status = cal_stack_create(o->ctx, path, o->sweep->title, &stack);
    for (size_t k = 0; k < (o->n_shapes == 0 ? 1 : o->n_shapes) && status == CAL_OK; k++)
        status = stack_shape(o, stack, k, numbers, values, values + o->n_runs, texts);
    if (status == CAL_OK)
        status = cal_stack_finish(stack);
    cal_stack_destroy(&stack);
    free(texts);
    free(values);
    free(numbers);
    free(path);
    return status;
}

/* ---- manifest ------------------------------------------------------------------------------------------------ */

static cal_status write_manifest(output *o, const cal_sweep_state *state)
{
    const cal_sweep *s = o->sweep;
    char digest[CALI_DIGEST_SIZE];
    cali_text t = {0};
    cali_json_open(&t, NULL, "{");
    cali_json_text(&t, "callosum", CAL_VERSION);
    cali_json_text(&t, "title", s->title == NULL ? "" : s->title);
    cali_json_text(&t, "experiment", s->path);
    CAL_TRY(cali_digest_bytes(o->ctx, s->text, s->text_size, digest));
    cali_json_text(&t, "experiment_sha256", digest);
    cali_json_text(&t, "rows", s->rows.source);
    cali_json_open(&t, "set", "[");
    for (size_t i = 0; i < s->n_overrides; i++)
        cali_json_text(&t, NULL, s->overrides[i]);
    cali_json_close(&t, "]");
    cali_json_bool(&t, "mean_field_only", s->is_mean_field);
    cali_json_bool(&t, "table_only", s->is_table_only);
    cali_json_number(&t, "runs", (double)state->n_runs);
    cali_json_number(&t, "failed", (double)state->n_failed);
    cali_json_number(&t, "threads", cal_context_n_threads(o->ctx));
    cali_json_number(&t, "wall_s", state->wall_s);
    cali_json_number(&t, "work_s", state->work_s);
    cali_json_open(&t, "connectomes", "[");
    for (size_t i = 0; i < s->n_cached; i++) {
        const cal_connectome *c = s->cached[i].connectome;
        const size_t n = cal_connectome_n_regions(c);
        cali_json_open(&t, NULL, "{");
        cali_json_text(&t, "source", s->cached[i].key);
        cali_json_number(&t, "regions", (double)n);
        if (cali_digest_bytes(o->ctx, cal_connectome_weights(c), n * n * sizeof(double), digest) == CAL_OK)
            cali_json_text(&t, "weights_sha256", digest);
        cali_json_close(&t, "}");
    }
    cali_json_close(&t, "]");
    cali_json_close(&t, "}");
    cali_text_add(&t, "\n");
    return save(o, "manifest.json", &t);
}

static cal_status write_experiment(output *o)
{
    cali_text t = {0};
    cali_text_add_bytes(&t, o->sweep->text, o->sweep->text_size);
    return save(o, "experiment.yaml", &t);
}

static void clear(output *o)
{
    for (size_t run = 0; run < o->n_runs; run++) {
        if (o->messages != NULL)
            free(o->messages[run]);
        if (o->raw != NULL)
            free(o->raw[run]);
    }
    for (size_t k = 0; k < o->n_shapes; k++) {
        free(o->shapes[k].text);
        cali_tree_destroy(&o->shapes[k].tree);
    }
    free(o->shapes);
    free(o->columns);
    free(o->figures);
    free(o->messages);
    free(o->raw);
    free(o->shape_of);
}

cal_status cali_sweep_write(cal_sweep *sweep, const char *directory, cali_journal *journal, const cal_sweep_state *state)
{
    output o = {.sweep = sweep, .ctx = sweep->ctx, .directory = directory, .journal = journal,
                .n_runs = sweep->rows.csv.n_rows};
    cal_status status = gather(&o);
    if (status == CAL_OK && !sweep->is_table_only)
        status = write_stack(&o);
    if (status == CAL_OK)
        status = write_rows(&o);
    if (status == CAL_OK)
        status = write_costs(&o);
    if (status == CAL_OK)
        status = write_experiment(&o);
    if (status == CAL_OK)
        status = write_table(&o);
    if (status == CAL_OK)
        status = write_manifest(&o, state); /* last: with it the folder is complete */
    clear(&o);
    return status;
}
