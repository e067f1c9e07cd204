/* One more matrix between the regions of a connectome: delays, speeds, weights, correlations. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "connectomes/connectome.h"
#include "connectomes/text_table.h"

#define REFUSE(...) return CAL_FAIL(ctx, CAL_ERR_INPUT, __VA_ARGS__)

/* A matrix while it is read. */
typedef struct reading {
    const cal_connectome *connectome;
    cali_array array;
    char **labels;    /* of its rows, or NULL */
    size_t *region_of; /* n_regions: of its rows */
} reading;

static cal_status check_shape(cal_context *ctx, const reading *in)
{
    const cali_array *a = &in->array;
    const size_t n = in->connectome->n_regions;
    if (a->n_rows != n || a->n_columns != n)
        REFUSE("%s C301 the matrix has %zu rows and %zu columns, the connectome %zu regions", a->file, a->n_rows,
               a->n_columns, n);
    if (a->line_not_finite > 0)
        REFUSE("%s:%zu:%zu C301 a number is not finite", a->file, a->line_not_finite, a->column_not_finite);
    return CAL_OK;
}

/* Which region each row is: by its name where the file has names, else by its place. */
static cal_status find_regions(cal_context *ctx, reading *in)
{
    const cal_connectome *c = in->connectome;
    const char *const *known = cal_connectome_labels(c);
    bool *is_taken = NULL;
    cal_status status = cali_alloc(ctx, c->n_regions, sizeof *is_taken, "regions", &is_taken);
    for (size_t i = 0; status == CAL_OK && i < c->n_regions; i++) {
        const int found = in->labels == NULL ? (int)i : cal_connectome_find(c, in->labels[i]);
        if (found < 0) {
            const int near = cali_nearest_word(in->labels[i], known, c->n_regions);
            status = CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C303 row %zu is called \"%s\", but no region of the connectome%s%s",
                              in->array.file, i + 1, in->labels[i], near >= 0 ? "\n  try  " : "",
                              near >= 0 ? known[near] : "");
        } else if (is_taken[found])
            status = CAL_FAIL(ctx, CAL_ERR_INPUT, "%s C303 two rows are called \"%s\"", in->array.file, in->labels[i]);
        else {
            is_taken[found] = true;
            in->region_of[i] = (size_t)found;
        }
    }
    free(is_taken);
    return status;
}

static void copy(const reading *in, bool is_transposed, double *out)
{
    const size_t n = in->connectome->n_regions;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            const size_t row = in->region_of[i], column = in->region_of[j];
            out[is_transposed ? column * n + row : row * n + column] = in->array.values[i * n + j];
        }
}

static cal_status parse(cal_context *ctx, const char *path, const char *what, reading *in)
{
    char *data = NULL, *unpacked = NULL;
    size_t size = 0, unpacked_size = 0;
    const char *name = cali_path_name(path);
    CAL_TRY(cali_file_read(ctx, path, CALI_MAX_BYTES, &data, &size));
    cal_status status = cali_unpack(ctx, name, data, size, &unpacked, &unpacked_size);
    if (status == CAL_OK)
        status = cali_text_matrix(ctx, name, what, true, unpacked != NULL ? unpacked : data,
                                  unpacked != NULL ? unpacked_size : size, &in->array, &in->labels);
    free(unpacked);
    free(data);
    return status;
}

cal_status cal_connectome_load_matrix(cal_context *ctx, const cal_connectome *connectome, const char *path,
                                      const char *what, cal_orientation orientation, double **out)
{
    const size_t n = connectome->n_regions;
    reading in = {.connectome = connectome};
    *out = NULL;
    cal_status status = parse(ctx, path, what, &in);
    if (status == CAL_OK)
        status = check_shape(ctx, &in);
    if (status == CAL_OK)
        status = cali_alloc(ctx, n, sizeof *in.region_of, "regions", &in.region_of);
    if (status == CAL_OK)
        status = find_regions(ctx, &in);
    if (status == CAL_OK)
        status = cali_alloc(ctx, n * n, sizeof **out, what, out);
    if (status == CAL_OK)
        copy(&in, orientation == CAL_FROM_TO, *out);
    cali_labels_free(in.labels, in.labels == NULL ? 0 : in.array.n_rows);
    cali_array_free(&in.array);
    free(in.region_of);
    return status;
}
