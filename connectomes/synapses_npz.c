/* Lists of synapses in NumPy's files: arrays source, target, weight, delay in an archive; a matrix with these columns;
 * matrices of scipy.sparse, whose rows are sources and whose columns are targets. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "connectomes/npy.h"
#include "connectomes/synapses.h"

enum { WEIGHT_UNIT = CALI_N_SYNAPSE_COLUMNS, DELAY_UNIT, FORMAT, SHAPE, DATA, INDICES, INDPTR, ROW, COL, N_MEMBERS };

static const char *const members[N_MEMBERS] = {"source", "target", "weight", "delay", "weight_unit", "delay_unit", "format",
                                               "shape", "data", "indices", "indptr", "row", "col"};

typedef struct archive {
    cali_array arrays[N_MEMBERS];
    char texts[FORMAT + 1][64]; /* units and format; "": absent */
} archive;

static int find_member(const char *path, size_t *rank)
{
    *rank = 0;
    const size_t n = strlen(path);
    for (int i = 0; i < N_MEMBERS; i++)
        if (n == strlen(members[i]) + 4 && strncmp(path, members[i], n - 4) == 0 && strcmp(path + n - 4, ".npy") == 0)
            return i;
    return -1;
}

static cal_status read_member(cal_context *ctx, int member, const char *file, const char *data, size_t size, void *into)
{
    archive *a = into;
    if (member < WEIGHT_UNIT || member > FORMAT)
        return cali_npy_read_long(ctx, file, members[member], data, size, &a->arrays[member]);
    char **texts = NULL;
    size_t n = 0;
    const cal_status status = cali_npy_read_texts(ctx, file, members[member], data, size, &texts, &n);
    if (status == CAL_OK)
        snprintf(a->texts[member], sizeof a->texts[member], "%.60s", texts[0]);
    cali_labels_free(texts, n);
    return status;
}

static cal_status check_members(cal_context *ctx, const char *file, const char *names, const void *into)
{
    const archive *a = into;
    const bool is_list = a->arrays[CALI_SYNAPSE_SOURCE].values != NULL && a->arrays[CALI_SYNAPSE_TARGET].values != NULL;
    if (is_list || a->texts[FORMAT][0] != '\0')
        return CAL_OK;
    return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 holds no synapses\n  because arrays source and target, or those of "
                    "scipy.sparse.save_npz, are needed, and it has %.400s", file, names);
}

/* One array becomes one column. */
static cal_status take(cal_context *ctx, archive *a, int member, cali_synapse_column which, cali_synapse_columns *c)
{
    cali_array *array = &a->arrays[member];
    if (array->values == NULL)
        return CAL_OK;
    const size_t n = array->n_rows * array->n_columns;
    if (array->n_rows != n && array->n_columns != n)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s is %zu x %zu, not a vector", c->file, members[member], array->n_rows,
                        array->n_columns);
    if (which > CALI_SYNAPSE_SOURCE && n != c->n)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 %s has %zu items, but %s has %zu", c->file, members[member], n,
                        c->names[CALI_SYNAPSE_SOURCE], c->n);
    c->n = n;
    c->names[which] = members[member];
    c->values[which] = array->values;
    array->values = NULL;
    return CAL_OK;
}

/* ---- sparse matrices ----------------------------------------------------------------------------- */

static cal_status need(cal_context *ctx, const archive *a, const cali_synapse_columns *c, int member)
{
    return a->arrays[member].values != NULL ? CAL_OK
                                            : CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 a matrix of format %s needs the array %s",
                                                       c->file, a->texts[FORMAT], members[member]);
}

/* Begins of rows become the number of the row of each item. */
static cal_status unroll(cal_context *ctx, const archive *a, const cali_synapse_columns *c, size_t n_rows, double **out)
{
    const cali_array *begin = &a->arrays[INDPTR];
    const size_t n = a->arrays[INDICES].n_rows * a->arrays[INDICES].n_columns;
    const double *at = begin->values;
    bool is_good = begin->n_rows * begin->n_columns == n_rows + 1 && at[0] == 0.0 && at[n_rows] == (double)n;
    for (size_t i = 0; is_good && i < n_rows; i++)
        is_good = at[i + 1] >= at[i] && at[i + 1] == floor(at[i + 1]);
    if (!is_good)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 indptr does not divide the %zu items into %zu rows", c->file, n, n_rows);
    CAL_TRY(cali_alloc(ctx, n, sizeof **out, "synapses", out));
    for (size_t i = 0; i < n_rows; i++)
        for (size_t k = (size_t)at[i]; k < (size_t)at[i + 1]; k++)
            (*out)[k] = (double)i;
    return CAL_OK;
}

static cal_status check_shape(cal_context *ctx, const cal_synapse_source *s, const archive *a, const cali_synapse_columns *c)
{
    const cali_array *shape = &a->arrays[SHAPE];
    CAL_TRY(need(ctx, a, c, SHAPE));
    if (shape->n_rows * shape->n_columns != 2 || shape->values[0] != s->n_from || shape->values[1] != s->n_to)
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 the matrix is %.0f x %.0f, but there are %u sources and %u targets\n"
                        "  because rows are sources and columns targets", c->file, shape->values[0],
                        shape->n_rows * shape->n_columns > 1 ? shape->values[1] : 0.0, s->n_from, s->n_to);
    return CAL_OK;
}

static cal_status read_sparse(cal_context *ctx, const cal_synapse_source *s, archive *a, cali_synapse_columns *c)
{
    const char *format = a->texts[FORMAT];
    const bool is_csr = strcmp(format, "csr") == 0, is_csc = strcmp(format, "csc") == 0;
    CAL_TRY(check_shape(ctx, s, a, c));
    CAL_TRY(need(ctx, a, c, DATA));
    if (strcmp(format, "coo") == 0) {
        CAL_TRY(need(ctx, a, c, ROW));
        CAL_TRY(need(ctx, a, c, COL));
        CAL_TRY(take(ctx, a, ROW, CALI_SYNAPSE_SOURCE, c));
        CAL_TRY(take(ctx, a, COL, CALI_SYNAPSE_TARGET, c));
    } else if (is_csr || is_csc) {
        double *rows = NULL;
        CAL_TRY(need(ctx, a, c, INDICES));
        CAL_TRY(need(ctx, a, c, INDPTR));
        CAL_TRY(unroll(ctx, a, c, is_csr ? s->n_from : s->n_to, &rows));
        c->n = a->arrays[INDICES].n_rows * a->arrays[INDICES].n_columns;
        c->values[is_csr ? CALI_SYNAPSE_SOURCE : CALI_SYNAPSE_TARGET] = rows;
        CAL_TRY(take(ctx, a, INDICES, is_csr ? CALI_SYNAPSE_TARGET : CALI_SYNAPSE_SOURCE, c));
        if (c->n != a->arrays[DATA].n_rows * a->arrays[DATA].n_columns)
            return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 data and indices differ in length", c->file);
    } else {
        return CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 a sparse matrix of format \"%s\" is not read\n  known csr, csc, coo", c->file,
                        format);
    }
    return a->arrays[DATA].is_flags ? CAL_OK : take(ctx, a, DATA, CALI_SYNAPSE_WEIGHT, c);
}

/* ---- archives and matrices ------------------------------------------------------------------------- */

static cal_status read_archive(cal_context *ctx, const cal_synapse_source *s, const cali_input *input, archive *a,
                               cali_synapse_columns *c)
{
    static const cali_archive_reader reader = {find_member, read_member, check_members};
    CAL_TRY(cali_archive_load(ctx, input, &reader, a));
    if (a->texts[FORMAT][0] != '\0')
        CAL_TRY(read_sparse(ctx, s, a, c));
    else
        for (int i = 0; i < CALI_N_SYNAPSE_COLUMNS; i++)
            CAL_TRY(take(ctx, a, i, (cali_synapse_column)i, c));
    for (int i = 0; i < 2; i++)
        if (a->texts[WEIGHT_UNIT + i][0] != '\0')
            CAL_TRY(cali_synapses_convert(ctx, s, c, (cali_synapse_column)(CALI_SYNAPSE_WEIGHT + i), a->texts[WEIGHT_UNIT + i]));
    return CAL_OK;
}

cal_status cali_synapses_read_npz(cal_context *ctx, const cal_synapse_source *s, const cali_input *input,
                                  cali_synapse_columns *out)
{
    archive a = {0};
    const cal_status status = read_archive(ctx, s, input, &a, out);
    for (int i = 0; i < N_MEMBERS; i++)
        cali_array_free(&a.arrays[i]);
    return status;
}

cal_status cali_synapses_read_npy(cal_context *ctx, const cal_synapse_source *s, const cali_input *input,
                                  cali_synapse_columns *out)
{
    (void)s;
    cali_array m = {0};
    cal_status status = cali_npy_read_long(ctx, input->name, "the matrix", input->data, input->size, &m);
    if (status == CAL_OK && (m.n_columns < 2 || m.n_columns > CALI_N_SYNAPSE_COLUMNS))
        status = CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C301 the matrix has %zu columns\n  because its columns are source, target, and "
                          "where they are there weight and delay", input->name, m.n_columns);
    out->n = m.n_rows;
    for (size_t i = 0; status == CAL_OK && i < m.n_columns; i++) {
        status = cali_alloc(ctx, m.n_rows, sizeof(double), "synapses", &out->values[i]);
        for (size_t k = 0; status == CAL_OK && k < m.n_rows; k++)
            out->values[i][k] = m.values[k * m.n_columns + i];
    }
    cali_array_free(&m);
    return status;
}
